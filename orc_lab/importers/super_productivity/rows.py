"""The projects, repeating tasks and notes of Super Productivity as rows."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from orc_lab.importers.reading import values
from orc_lab.importers.reading.comments import comment
from orc_lab.importers.reading.fields import Fields
from orc_lab.importers.reading.json_file import WITHHELD, withheld
from orc_lab.importers.reading.json_pieces import TOO_DEEP, UNHELD, Unheld
from orc_lab.importers.record import Context, Parsed, Step, as_raw, history, last_told
from orc_lab.model.clock import Clock
from orc_lab.model.entities import Activity, Entity, Project, ProjectStatus, Recurrence

Entry = tuple[str, Any]  # the key under which a record stands, and the record
Spans = Mapping[str, tuple[int, int]]  # of a project's external id: when its first task was made, its last one changed

HOUR = 3.6e6  # in milliseconds
INBOX = "INBOX_PROJECT"  # every installation's, where tasks of no project are
_NO_TAGS = frozenset({"TODAY", "NO_LIST"})  # views rather than tags
_ACCESS = "issueIntegrationCfgs"  # of older projects: addresses, names and tokens of issue trackers
_FIT_ID = re.compile(r"[^\s\x00-\x1f\x7f\ud800-\udfff]{1,100}")
_RULE = re.compile(r"FREQ=(?:DAILY|WEEKLY|MONTHLY|YEARLY)(?:;[A-Z]+=[A-Z0-9,+:TZ-]+)*")
_CYCLES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_WEEKDAYS = {"MO": "monday", "TU": "tuesday", "WE": "wednesday", "TH": "thursday", "FR": "friday", "SA": "saturday"}
_WEEKDAYS |= {"SU": "sunday"}
_FROM_SUNDAY = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")
_TASK_NESTED = ("attachments", "issueLastSyncedValues", "issueTimeTracked")
TASK_FIELDS = frozenset(  # of a task; other ones may be anything
    {
        *("id", "projectId", "title", "subTaskIds", "timeSpentOnDay", "timeSpent", "timeEstimate", "created"),
        *("isDone", "doneOn", "plannedAt", "notes", "parentId", "reminderId", "repeatCfgId", "tagIds"),
        *("attachments", "_showSubTasksMode", "_hideSubTasksMode", "dueDay", "dueWithTime", "hasPlannedTime"),
        *("deadlineDay", "deadlineWithTime", "deadlineRemindAt", "remindAt", "modified", "updated", "priority"),
        *("issueId", "issueProviderId", "issueType", "issueWasUpdated", "issueLastUpdated", "issueAttachmentNr"),
        *("issueTimeTracked", "issuePoints", "issueLastSyncedValues"),
    }
)


def cleaned(value: Any) -> Any:
    """Return a value without its secrets, itself where it has none; of what can't be held, why."""
    if isinstance(value, Unheld):
        return value.why
    try:
        clean = withheld(value)
    except RecursionError:
        return TOO_DEEP
    return clean | {_ACCESS: WITHHELD} if isinstance(clean, dict) and clean.get(_ACCESS) else clean


def cleaned_task(value: Any) -> Any:
    """Return the same of a task: most have nothing in which a secret could stand."""
    if type(value) is dict and value.keys() <= TASK_FIELDS and not any(map(value.get, _TASK_NESTED)):
        return value
    return cleaned(value)


def id_of(record: Mapping[str, Any], key: str) -> str:
    """Return a record's id as text: its own, else the key under which it stands."""
    own = record.get("id")
    return values.clean(own if isinstance(own, str) and own else key)


def row_id(id: str) -> str | None:
    """Return an id where a row can have it."""
    return id if _FIT_ID.fullmatch(id) else None


def left_out(kind: type[Entity], external_id: str, value: Any, why: str) -> Parsed:
    """Return a record that is not imported."""
    raw, content = as_raw(value)
    return Parsed(external_id=external_id, kind=kind, raw=raw, content_hash=content, left_out=why)


def unreadable(kind: type[Entity], noun: str, key: str, value: Any) -> Parsed:
    """Return what stands where a record should, and is none."""
    why = value if isinstance(value, str) and value in UNHELD else "it is no record"
    return left_out(kind, f"{noun}:{values.clean(key)}", value, why)


def titles(tags: Iterable[Entry]) -> dict[str, str | None]:
    """Return what each tag is called, None for those that are only views."""
    found: dict[str, str | None] = dict.fromkeys(_NO_TAGS)
    for key, tag in tags:
        if isinstance(tag, dict) and (id := id_of(tag, key)) not in found:
            title = tag.get("title")
            found[id] = values.clean(title).strip() if isinstance(title, str) and title.strip() else id
    return found


def project(entry: Entry, spans: Spans, context: Context) -> Parsed:
    """Return a project, as old as its first task; one in the archive is archived since its last task changed."""
    key, record = entry
    if not isinstance(record, dict):
        return unreadable(Project, "project", key, record)
    id = id_of(record, key)
    external_id = f"project:{id}"
    if id == INBOX:
        return left_out(Project, external_id, record, "it is the inbox: its tasks are of no project")
    told = {"title": record.get("title"), "created": record.get("created"), "due": record.get("targetDate")}
    fields = Fields(told, context)
    first, last = spans.get(external_id, (context.now, context.now))
    created = min(fields.past("created", 9) or first, first)
    title = fields.title()
    values_: dict[str, Any] = {"title": title, "status": ProjectStatus.ACTIVE, "created_at": created}
    values_["updated_at"], steps = last, list[Step]()
    if (due := fields.day("due")) is not None:
        values_["due_date"] = due
    if record.get("isArchived") is True:
        steps.append(Step(at=last, values={"status": ProjectStatus.ARCHIVED}))
    begun, steps = history(values_, steps)
    raw, content = as_raw(record)
    return Parsed(
        external_id=external_id,
        kind=Project,
        row_id=row_id(id),
        values=begun,
        steps=steps,
        raw=raw,
        content_hash=content,
        updated=last_told(begun, steps, context.now),
        issues=fields.issues(external_id),
    )


def note(entry: Entry, context: Context) -> Parsed:
    """Return a note on its project; one of no project has no place."""
    key, record = entry
    if not isinstance(record, dict):
        return unreadable(Activity, "note", key, record)
    external_id = f"note:{id_of(record, key)}"
    fields = Fields({"text": record.get("content"), "created": record.get("created")}, context)
    text, of = fields.text("text"), record.get("projectId")
    if text is None:
        return left_out(Activity, external_id, record, "it is a note without a text")
    if not isinstance(of, str) or not of or of == INBOX:
        return left_out(Activity, external_id, record, "it is a note of no project: orc has no place for it")
    raw, content = as_raw(record)
    at = fields.past("created", 9)
    if at is None:
        fields.note("it has no date of creation: taken as now")
    return comment(
        external_id,
        f"project:{values.clean(of)}",
        text,
        context.now if at is None else at,
        context.now,
        kind=Project,
        raw=raw,
        content_hash=content,
        issues=fields.issues(external_id),
    )


def repeated(entry: Entry, context: Context) -> Parsed:
    """Return a repeating task as a rule with a template."""
    key, record = entry
    if not isinstance(record, dict):
        return unreadable(Recurrence, "recurrence", key, record)
    external_id = f"recurrence:{id_of(record, key)}"
    if record.get("isPaused") is True:
        return left_out(Recurrence, external_id, record, "it is paused")
    told = _day(record.get("startDate")) or _day(record.get("lastTaskCreationDay")) or _made(record, context)
    starts = told or calendar_day(context.now, context.clock)
    rule = _rule(record, starts)
    if rule is None:
        return left_out(Recurrence, external_id, record, "its rule can't be read")
    fields = Fields({"title": record.get("title"), "estimate": record.get("defaultEstimate") or None}, context)
    template: dict[str, Any] = {"title": fields.title()}
    of = record.get("projectId")
    if isinstance(of, str) and of != INBOX and row_id(of):
        template["project_id"] = of
    if (estimate := fields.get("estimate")) is not None:
        if (spent := milliseconds(estimate)) is None:
            fields.warn("its estimate is no amount of time: left empty")
        else:
            template["estimated_hours"] = spent / HOUR
    created = min(values.at_hour(starts, 9, context.clock), context.now)
    raw, content = as_raw(record)
    return Parsed(
        external_id=external_id,
        kind=Recurrence,
        values={
            "rule": rule,
            "template": json.dumps(template, ensure_ascii=False),
            "starts_on": starts.isoformat(),
            "created_at": created,
            "updated_at": created,
        },
        raw=raw,
        content_hash=content,
        updated=0 if told is None else created,
        issues=fields.issues(external_id),
    )


def _made(record: Mapping[str, Any], context: Context) -> date | None:
    made = values.when(record.get("lastTaskCreation"), context.clock)
    return calendar_day(made, context.clock) if isinstance(made, int) else made


def _rule(record: Mapping[str, Any], starts: date) -> str | None:
    """Return how often a task repeats (RFC 5545), None where that can't be read."""
    told = record.get("rrule")
    if isinstance(told, str) and told:
        told = told.strip().removeprefix("RRULE:").upper()
        return told if len(told) < 500 and _RULE.fullmatch(told) else None
    cycle, every = record.get("repeatCycle"), record.get("repeatEvery", 1)
    if cycle not in _CYCLES or type(every) is not int or not 1 <= every <= 1000:
        return None
    rule = f"FREQ={cycle}" + (f";INTERVAL={every}" if every > 1 else "")
    if cycle == "WEEKLY":
        days = ",".join(day for day, name in _WEEKDAYS.items() if record.get(name) is True)
        return f"{rule};BYDAY={days}" if days else None
    return rule + (_in_month(record, starts) if cycle == "MONTHLY" else "")


def _in_month(record: Mapping[str, Any], starts: date) -> str:
    """Return the day of the month: the nth of a weekday, the last one, else that of the first time."""
    nth, weekday = record.get("monthlyWeekOfMonth"), record.get("monthlyWeekday")
    if type(nth) is int and nth in (1, 2, 3, 4, -1) and type(weekday) is int and 0 <= weekday < 7:
        return f";BYDAY={nth}{_FROM_SUNDAY[weekday]}"
    if record.get("monthlyLastDay") is True:
        return ";BYMONTHDAY=-1"
    return f";BYMONTHDAY={starts.day}"


def milliseconds(value: object) -> float | None:
    """Return an amount of time from 0 to what a life holds, None for what is none."""
    found = values.number(value)
    return found if found is not None and 0 <= found <= 3.6e11 else None


@lru_cache(maxsize=16384)
def day_named(text: str) -> date | None:
    """Return the day that `2025-03-01` names."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in values.YEARS else None


def _day(value: object) -> date | None:
    return day_named(value) if isinstance(value, str) else None


def calendar_day(instant: int, clock: Clock) -> date:
    """Return the day on the person's calendar at an instant, whenever their day starts."""
    return datetime.fromtimestamp(instant, clock.tz).date()
