"""The tasks of Super Productivity as todos with their history.

A task with subtasks shows the sums of theirs: hours and estimates are counted for those without. Super Productivity
knows how long a task was worked on each day, but not when on that day. So the hours of a day are known at 17:00 of it
(or when the task was done), as the person's own figure, and work began at 9:00 of its first day (or when it was made).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from orc_lab.importers.reading import lived, values
from orc_lab.importers.reading.fields import Fields
from orc_lab.importers.reading.json_file import WITHHELD
from orc_lab.importers.reading.quick_fields import QuickFields
from orc_lab.importers.record import Context, Parsed, Step, as_raw, history, last_told
from orc_lab.importers.super_productivity import described, rows
from orc_lab.model.codec import MOST_HOURS
from orc_lab.model.entities import CLOSED, Status, Todo
from orc_lab.workbench import pipeline

_NAMES = {
    "title": "title",
    "notes": "description",
    "projectId": "project",
    "parentId": "parent",
    "subTaskIds": "subtasks",
    "tagIds": "tags",
    "timeEstimate": "estimate",
    "timeSpentOnDay": "days",
    "timeSpent": "spent",
    "created": "created",
    "modified": "updated",
    "updated": "updated",
    "isDone": "done",
    "doneOn": "completed",
    "priority": "priority",
    "dueDay": "due_day",
    "plannedAt": "due_time",
    "dueWithTime": "due_time",
    "deadlineDay": "deadline_day",
    "deadlineWithTime": "deadline_time",
}
_WANTED = tuple(_NAMES.items())
_TELLING = ("attachments", "issueId", "issuePoints", "reminderId", "remindAt", "deadlineRemindAt")
_MILLISECONDS = range(10**11, 10**14)  # since 1970: the years 1973 to 5138
_SUMS = frozenset({"estimated_hours", "original_estimate_hours", "adjusted_hours"})  # of its subtasks
_SLACK = 60_000  # what rounding may hide

Days = Sequence[tuple[date, float]]  # in order, and how many milliseconds were worked on each


class Tasks:
    """The tasks of one backup. `survey` sees all of them before `todo` reads the first; `tags` says what the tags are
    called (None for one that is none), `repeated` which external ids occur more than once, `spans` from when to when
    there was anything in a project."""

    def __init__(self, context: Context) -> None:
        self.tags: Mapping[str, str | None] = {}
        self.repeated: set[str] = set()
        self.spans: dict[str, tuple[int, int]] = {}
        self._context = context
        self._today = context.clock.day(context.now)
        self._days: dict[date, tuple[int, int, int, int]] = {}
        self._children: dict[str, dict[str, tuple[Any, float]]] = {}  # of a task its subtasks: their estimate and time
        self._named: dict[str, list[Any]] = {}  # the subtasks that a task names
        self._ids: set[str] = set()
        self._unknown: Counter[str] = Counter()

    def survey(self, key: str, record: Any) -> None:
        """See a task, or what stands in the place of one."""
        id = rows.id_of(record, key) if isinstance(record, dict) else values.clean(key)
        if id in self._ids:
            self.repeated.add(f"todo:{id}")
        self._ids.add(id)
        if not isinstance(record, dict):
            return
        if any(map(record.get, _TELLING)) or not record.keys() <= rows.TASK_FIELDS:
            others = record.keys() - rows.TASK_FIELDS.difference(_TELLING)
            self._unknown.update(name for name in others if record[name] and record[name] != WITHHELD)
        if isinstance(parent := record.get("parentId"), str) and parent and parent != id:
            self._children.setdefault(parent, {})[id] = (record.get("timeEstimate"), _sum(record.get("timeSpentOnDay")))
        if isinstance(subtasks := record.get("subTaskIds"), list) and subtasks:
            self._named[id] = subtasks
        if isinstance(project := record.get("projectId"), str):
            self._span(f"project:{values.clean(project)}", record)

    def notes(self) -> list[str]:
        """Return what orc has no place for."""
        if not self._unknown:
            return []
        names = [f"{name} ({count:,})" for name, count in self._unknown.most_common(12)]
        return [f"Fields of tasks that orc has no place for, kept in the raw record only: {', '.join(names)}."]

    def todo(self, key: str, record: Any, *, archived: bool) -> Parsed:
        """Return a task as a todo."""
        if not isinstance(record, dict):
            return rows.unreadable(Todo, "todo", key, record)
        id = rows.id_of(record, key)
        fields = QuickFields({ours: value for theirs, ours in _WANTED if (value := record.get(theirs))}, self._context)
        begun, steps, links = self._row(fields, id, archived)
        external_id = f"todo:{id}"
        raw, content = as_raw(record)
        if archived and record.get("isDone") is not True:  # dropped, which the record itself doesn't say
            _, content = as_raw(["archived", record])
        return Parsed(
            external_id=external_id,
            kind=Todo,
            row_id=rows.row_id(id),
            values=begun,
            steps=steps,
            links=links,
            raw=raw,
            content_hash=content,
            updated=last_told(begun, steps, self._context.now),
            guessed=fields.guessed,
            emptied=_SUMS if self._has_subtasks(id) else frozenset(),
            issues=fields.issues(external_id) if fields.odd else (),
        )

    def _span(self, project: str, record: Mapping[str, Any]) -> None:
        told = (record.get("created"), record.get("modified"), record.get("doneOn"))
        known = [min(one // 1000, self._context.now) for one in told if type(one) is int and one in _MILLISECONDS]
        if known:
            first, last = self.spans.get(project, (known[0], 0))
            self.spans[project] = min(first, *known), max(last, *known)

    def _row(self, fields: Fields, id: str, archived: bool) -> tuple[dict[str, Any], list[Step], dict[str, str]]:
        days = _days(fields)
        parent = self._has_subtasks(id)
        if parent:
            self._compare(id, fields, days)
        links = described.links(fields)
        estimate = None if parent else described.estimate(fields)
        life = self._life(fields, archived, days)
        first = {
            "title": fields.title(),
            "status": pipeline.entry_status(links.get("project_id"), estimate),
            "created_at": life.created,
            "updated_at": life.updated,
        } | described.described(fields, self.tags, estimate, self._context, is_open=life.status not in CLOSED)
        if life.ended is None and life.status in CLOSED:
            first |= lived.closed(life.status, estimate)
        steps = lived.steps(life.started, life.ended, life.status, estimate)
        if not parent:
            steps += self._worked(fields, days, life)
        return *history(first, steps), links

    def _has_subtasks(self, id: str) -> bool:
        return id in self._children or any(
            isinstance(one, str) and one in self._ids and one != id for one in self._named.get(id, ())
        )

    def _compare(self, id: str, fields: Fields, days: Days) -> None:
        """Say what a task with subtasks has beside theirs."""
        theirs = self._children.get(id, {}).values()
        if sum(ms for _, ms in days) > sum(spent for _, spent in theirs) + _SLACK:
            fields.warn("it has time beside its subtasks': not counted, kept in the raw record")
        if fields.get("estimate") is not None and not any(estimate for estimate, _ in theirs):
            fields.warn("it has an estimate, its subtasks have none: not counted, kept in the raw record")

    def _life(self, fields: Fields, archived: bool, days: Days) -> "_Life":
        now = self._context.now
        created, updated = (told := fields.past("created", 9)), fields.past("updated", 17)
        status, completed = _status(fields, archived)
        began = self._hours_of(days[0][0])[1] if days else None
        if created is None:
            known = [one for one in (began, completed, updated) if one is not None]
            fields.note(f"it has no date of creation: taken as {'its first known date' if known else 'now'}")
            created = min(min(known, default=now), now)
        ended = None
        if status is not None:
            if completed is None:
                late = min(self._hours_of(days[-1][0])[2], now) if days else None
                completed = lived.end(fields, status, late, updated, told, evening=False)
            elif completed < created:
                fields.warn("it was completed before it was created: taken as completed then")
            ended = None if completed is None else max(completed, created)
        started = None if began is None else min(max(began, created), now if ended is None else ended)
        return _Life(created, started, ended, status or Status.COMMITTED, max(created, updated or created))

    def _hours_of(self, day: date) -> tuple[int, int, int, int]:
        """Return when a day starts, its 9:00 and 17:00, and when it ends."""
        if (found := self._days.get(day)) is None:
            clock = self._context.clock
            nine, five = (values.at_hour(day, hour, clock) for hour in (9, 17))
            found = self._days[day] = (clock.start_of(day), nine, five, clock.start_of(day + timedelta(days=1)))
        return found

    def _worked(self, fields: Fields, days: Days, life: "_Life") -> list[Step]:
        """Return the hours as they grew from day to day."""
        if not days:
            return self._undated(fields, life)
        clock, now, ended = self._context.clock, self._context.now, life.ended
        found, total = [], 0.0
        for day, ms in days:
            total += ms
            start, _, at, end = self._hours_of(day)
            if ended is not None and start <= ended < end:
                at = ended
            found.append(Step(at=min(at, now), values={"adjusted_hours": round(total / rows.HOUR, 6)}))
        if total / rows.HOUR > MOST_HOURS:
            fields.warn("its time is more than a life has: left out")
            return []
        if days[-1][0] > self._today:
            fields.warn("some of its time lies in the future: taken as now")
        if found[0].at < life.created and days[0][0] < clock.day(life.created):
            fields.note("some of its time was spent before it was created: taken as then")
        return found

    def _undated(self, fields: Fields, life: "_Life") -> list[Step]:
        """Return the hours of which only the sum is told."""
        spent = fields.get("spent")
        if spent is None:
            return []
        ms = rows.milliseconds(spent)
        if ms is None:
            fields.warn("its time is no amount: left out")
            return []
        fields.note("its time is not told by day: taken as known with its last change")
        at = life.updated if life.ended is None else life.ended
        return [Step(at=at, values={"adjusted_hours": round(ms / rows.HOUR, 6)})]


@dataclass(frozen=True, slots=True)
class _Life:
    """Instants in order, and what became of a task: done, dropped, or committed once work on it began."""

    created: int
    started: int | None
    ended: int | None
    status: Status
    updated: int


def _status(fields: Fields, archived: bool) -> tuple[Status | None, int | None]:
    """Return how a task ended and when, None for an open one."""
    done = fields.get("done")
    if done is not None and done is not True:
        fields.warn("whether it is done is neither true nor false: taken as not done")
    if done is True:
        return Status.DONE, fields.past("completed", 17)
    if archived:
        fields.warn("it lies in the archive without being done: taken as dropped")
        return Status.DROPPED, None
    return None, None


def _days(fields: Fields) -> Days:
    told = fields.get("days")
    if told is None:
        return ()
    if not isinstance(told, dict):
        fields.warn("its time is not told by day: left out")
        return ()
    found, lost = [], False
    for name, spent in told.items():
        day, ms = rows.day_named(name), rows.milliseconds(spent)
        if day is not None and ms is not None:
            if ms:
                found.append((day, ms))
        elif spent:
            lost = True
    if lost:
        fields.warn("some of its time has no day or amount that can be read: left out")
    return sorted(found) if len(found) > 1 else found


def _sum(days: Any) -> float:
    return sum(rows.milliseconds(ms) or 0.0 for ms in days.values()) if isinstance(days, dict) else 0.0
