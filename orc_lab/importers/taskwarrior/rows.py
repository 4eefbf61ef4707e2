"""A task of Taskwarrior as a todo with its history, what it depends on, and its annotations.

Its dates are instants in UTC; a day is the one on the person's calendar then. `id` and `urgency` change from export to
export without any edit: they are no part of the record.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from orc_lab.importers.reading import lived, values
from orc_lab.importers.reading.fields import Fields
from orc_lab.importers.reading.json_pieces import TOO_DEEP, Unheld
from orc_lab.importers.reading.quick_fields import QuickFields
from orc_lab.importers.reading.values import Unit
from orc_lab.importers.record import Context, Parsed, Step, as_raw, history
from orc_lab.importers.tables.life import PRIORITIES
from orc_lab.model.codec import MOST_HOURS
from orc_lab.model.entities import Link, Priority, Status, Todo
from orc_lab.workbench import pipeline

_VOLATILE = ("id", "urgency")
_WANTED = {
    "description": "title",
    "status": "status",
    "priority": "priority",
    "tags": "tags",
    "entry": "created",
    "modified": "updated",
    "start": "started",
    "end": "ended",
    "due": "due",
    "wait": "wait",
    "scheduled": "scheduled",
}
_ANONYMOUS = "todo:~"
_INTERNAL = (
    "uuid",
    "project",
    "mask",
    "imask",
    "parent",
    "rtype",
    "template",
    "last",
    "depends",
    "annotations",
    "annotation",
)
STANDARD = frozenset({*_VOLATILE, *_WANTED, *_INTERNAL})
_LETTERS = {**PRIORITIES, "h": Priority.HIGH, "m": Priority.MEDIUM, "l": Priority.LOW}
_OPEN = ("pending", "waiting")
_CLOSED = {"completed": Status.DONE, "deleted": Status.DROPPED}
_WORDS = (*_OPEN, *_CLOSED, "recurring")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The attributes that hold estimates and hours, and the unit of bare numbers in them."""

    estimate: str | None = None
    actual: str | None = None
    estimate_unit: Unit = "h"
    actual_unit: Unit = "h"


class Dependency(NamedTuple):
    """A task that another one waits for, both by external id, and when that one was made."""

    blocker: str
    blocked: str
    at: int


class Annotation(NamedTuple):
    """What was noted on a task, and when."""

    external_id: str
    subject: str
    text: str
    at: int
    raw: str
    content: str


def is_anonymous(todo: Parsed) -> bool:
    """Return whether a record is known by its content alone, which another one may have too."""
    return todo.external_id.startswith(_ANONYMOUS)


def is_task(record: Mapping[str, Any]) -> bool:
    """Return whether a record has what only a task has."""
    return "uuid" in record or "description" in record or record.get("status") in _WORDS


def project_of(record: Mapping[str, Any]) -> str | None:
    """Return the name of a task's project, `home.garden` for one inside of another."""
    name = record.get("project")
    return (values.clean(name).strip() or None) if isinstance(name, str) else None


def project_id(name: str) -> str:
    """Return the external id of a project."""
    return f"project:{name.casefold()}"


def todo(record: Any, written: str, names: Names, context: Context) -> Parsed:
    """Return a task as a todo, left out where it is none; `written` is its text in the file. What changes by
    itself is taken out of the record."""
    if not isinstance(record, dict):
        return _unread(record, written)
    for volatile in _VOLATILE:
        record.pop(volatile, None)
    try:
        raw, content = as_raw(record)
    except RecursionError:
        return _unread(Unheld(TOO_DEEP), written)
    uuid = record.get("uuid")
    id = values.clean(uuid).strip() if isinstance(uuid, str) else ""
    external_id = f"todo:{id}" if id else _ANONYMOUS + content[:12]
    why = _reason(record)
    if why is not None:
        return Parsed(external_id=external_id, kind=Todo, raw=raw, content_hash=content, left_out=why)
    fields = QuickFields(_told(record, names), context)
    if not id:
        fields.warn("it has no uuid: known by its content, and new once that changes")
    for odd in _unread_fields(record):
        fields.warn(f"some of its {odd} can't be read: left out, kept in the raw record")
    name = project_of(record)
    begun, steps = _row(fields, names, name)
    return Parsed(
        external_id=external_id,
        kind=Todo,
        row_id=id if 0 < len(id) <= 100 and id.isprintable() and " " not in id else None,
        values=begun,
        steps=steps,
        links={} if name is None else {"project_id": project_id(name)},
        raw=raw,
        content_hash=content,
        updated=(steps[-1].values if steps else begun)["updated_at"],
        issues=fields.issues(external_id) if fields.odd else (),
    )


def dependencies(record: Mapping[str, Any], todo: Parsed) -> list[Dependency]:
    """Return what a task waits for: a list of uuids, or a text with commas between them (older versions)."""
    told = record.get("depends")
    if isinstance(told, str):
        told = told.split(",")
    if not isinstance(told, list):
        return []
    at = todo.values["created_at"]
    uuids = dict.fromkeys(values.clean(uuid).strip() for uuid in told if isinstance(uuid, str))
    found = (Dependency(f"todo:{uuid}", todo.external_id, at) for uuid in uuids if uuid)
    return [one for one in found if one.blocker != one.blocked]


def annotations(record: Mapping[str, Any], todo: Parsed, context: Context) -> list[Annotation]:
    """Return what was noted on a task, each at its time."""
    told = record.get("annotations")
    found = []
    for one in told if isinstance(told, list) else ():
        fields = Fields(
            {"text": one.get("description"), "at": one.get("entry")} if isinstance(one, dict) else {}, context
        )
        if (text := fields.text("text")) is not None:
            raw, content = as_raw(one)
            at = fields.past("at", 9)
            external_id = f"annotation:{todo.external_id}:{content[:16]}"
            created = todo.values["created_at"]
            found.append(Annotation(external_id, todo.external_id, text, created if at is None else at, raw, content))
    return found


def links(dependencies: Iterable[Dependency]) -> Iterator[Parsed]:
    """Yield each dependency as a link, once."""
    for one in {(found.blocker, found.blocked): found for found in dependencies}.values():
        raw, content = as_raw({"depends": one.blocker, "of": one.blocked})
        yield Parsed(
            external_id=f"link:{one.blocker}:{one.blocked}",
            kind=Link,
            values={"created_at": one.at},
            links={"blocker_id": one.blocker, "blocked_id": one.blocked},
            raw=raw,
            content_hash=content,
            made=True,
        )


def _unread(value: Any, written: str) -> Parsed:
    raw, content = as_raw(written)
    why = value.why if isinstance(value, Unheld) else "it is no task"
    return Parsed(external_id=_ANONYMOUS + content[:12], kind=Todo, raw=raw, content_hash=content, left_out=why)


def _unread_fields(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield which fields hold something that is not what Taskwarrior writes there."""
    for name in ("tags", "depends"):
        told = record.get(name)
        if not (told is None or type(told) is str or (type(told) is list and all(type(one) is str for one in told))):
            yield name
    if not isinstance(record.get("project") or "", str):
        yield "project"
    notes = record.get("annotations")
    if notes and not (
        isinstance(notes, list) and all(isinstance(one, dict) and one.get("description") for one in notes)
    ):
        yield "annotations"


def _reason(record: Mapping[str, Any]) -> str | None:
    """Return why a record is not imported."""
    if record.get("status") == "recurring":
        return "it is the template of a recurring task: its tasks are imported, its rule is not"
    if is_task(record):
        return None
    if "start" in record and ("tags" in record or "id" in record):
        return "it is an interval of Timewarrior: import `timew export` as a file of its own"
    return "it is no task"


def _told(record: Mapping[str, Any], names: Names) -> dict[str, Any]:
    told = {ours: value for theirs, ours in _WANTED.items() if (value := record.get(theirs)) is not None}
    if names.estimate is not None:
        told["estimate"] = record.get(names.estimate)
    if names.actual is not None:
        told["actual"] = record.get(names.actual)
    return told


def _row(fields: Fields, names: Names, project: str | None) -> tuple[dict[str, Any], list[Step]]:
    status = _status(fields)
    estimate = _hours(fields, "estimate", names.estimate_unit)
    created, started, ended, updated = _times(fields, status)
    first: dict[str, Any] = {
        "title": fields.title(),
        "status": pipeline.entry_status(project, estimate),
        "created_at": created,
        "updated_at": updated,
    }
    more = {
        "tags": fields.tags(),
        "estimated_hours": estimate,
        "priority": None if fields.get("priority") is None else fields.choice("priority", _LETTERS, Priority.MEDIUM),
        "due_date": _day(fields, "due"),
        "snoozed_until": _snoozed(fields) if ended is None else None,
    }
    first |= {name: value for name, value in more.items() if value}
    steps = lived.steps(started, ended, status or Status.COMMITTED, estimate)
    if spent := _hours(fields, "actual", names.actual_unit):
        steps.append(Step(at=updated if ended is None else ended, values={"adjusted_hours": spent}))
    return history(first, steps)


def _status(fields: Fields) -> Status | None:
    """Return how a task ended, None for an open one."""
    told = fields.get("status")
    if isinstance(told, str) and (word := told.strip().lower()) in _WORDS:
        return _CLOSED.get(word)
    fields.warn("its status is unknown: taken as pending")
    return None


def _times(fields: Fields, status: Status | None) -> tuple[int, int | None, int | None, int]:
    """Return when a task was made, started, ended and last changed; an open one has no end."""
    made, started, end, updated = (fields.past(name, 9) for name in ("created", "started", "ended", "updated"))
    known = [one for one in (started, end, updated) if one is not None]
    if made is None:
        fields.note(f"it has no date of creation: taken as {'its first known date' if known else 'now'}")
        made = min(known, default=fields.context.now)
    if status is None:
        return made, None if started is None else max(started, made), None, max(made, updated or made)
    if end is None:
        fields.note("nothing says since when it is closed: taken as its last known date")
        end = max(made, *known) if known else made
    elif end < made:
        fields.warn("it was closed before it was created: taken as closed then")
    end = max(end, made)
    if started is not None and not made <= started <= end:
        fields.warn("it was started outside of its life: taken as the nearer end")
    started = None if started is None else min(max(started, made), end)
    return made, started, end, max(made, updated or made)


def _hours(fields: Fields, name: str, unit: Unit) -> float | None:
    told = fields.get(name)
    if told is None:
        return None
    if isinstance(told, str) and told.upper().startswith("P") and "T" not in told.upper():
        fields.warn(f"its {name} counts whole days: taken as 24 h each, as Taskwarrior does")
    found = _duration(told, unit) if isinstance(told, str) else None
    return fields.hours(name, unit) if found is None else found


@lru_cache(maxsize=4096)
def _duration(told: str, unit: Unit) -> float | None:
    """Return hours where a text tells an amount of them: few texts stand in many tasks."""
    found = values.hours(told, unit)
    return found if found is not None and 0 <= found <= MOST_HOURS else None


def _snoozed(fields: Fields) -> str | None:
    """Return the day until which an open task rests: it is hidden, or not to be begun, until then."""
    today = _calendar_day(fields.context.now, fields.context)
    days = [day for name in ("wait", "scheduled") if (day := _day(fields, name)) is not None]
    return max((day for day in days if day > today), default=None)


def _day(fields: Fields, name: str) -> str | None:
    moment = fields.when(name)
    if moment is None:
        return None
    return moment.isoformat() if isinstance(moment, date) else _calendar_day(moment, fields.context)


def _calendar_day(instant: int, context: Context) -> str:
    return datetime.fromtimestamp(instant, context.clock.tz).date().isoformat()
