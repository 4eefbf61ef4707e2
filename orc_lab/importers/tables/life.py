"""What the dates and the status of a task tell of its life.

Days become instants of the person's zone: created and started at 9, completed and dropped at 17, so that a task of
one day is in order. A task begins as far along as it is described, is committed when it is started, and ends as its
status says. Its actual hours are known when it ends; those of an open one, at the import.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from orc_lab.importers.reading import lived, values
from orc_lab.importers.reading.fields import Fields
from orc_lab.importers.reading.values import bare
from orc_lab.importers.record import Step
from orc_lab.importers.tables.mapping import ColumnMapping
from orc_lab.model.entities import OPEN, Priority, Status
from orc_lab.workbench import pipeline

STATUSES: Mapping[str, Status | None] = (  # None is open, as far along as the task is described
    dict.fromkeys(("todo", "open", "new", "backlog", "pending", "planned", "next", "waiting", "blocked"))
    | dict.fromkeys(("inprogress", "doing", "started", "active", "wip", "inreview"), Status.COMMITTED)
    | dict.fromkeys(("complete", "completed", "finished", "closed", "resolved", "fixed", "released"), Status.DONE)
    | dict.fromkeys(("cancelled", "canceled", "wontfix", "wontdo", "rejected", "abandoned"), Status.DROPPED)
    | {status.value: status for status in Status}
)
PRIORITIES: Mapping[str, Priority] = (
    dict.fromkeys(("low", "lowest", "minor", "trivial"), Priority.LOW)
    | dict.fromkeys(("medium", "normal", "none", "default"), Priority.MEDIUM)
    | dict.fromkeys(("high", "major", "important"), Priority.HIGH)
    | dict.fromkeys(("urgent", "highest", "critical", "blocker", "asap"), Priority.URGENT)
)
# A numbered priority counts by its place between the scale's lowest (0) and highest (1): of 1–10, 1 to 3 are low,
# 4 and 5 medium, 6 to 8 high, 9 and 10 urgent.
_LEVELS = ((Priority.LOW, 0.3), (Priority.MEDIUM, 0.5), (Priority.HIGH, 0.8))
_YES = {"yes", "true", "x", "1", "done", "y"}
_NO = {"no", "false", "0", "n"}

Dates = Mapping[str, str | None]


class Life(NamedTuple):
    """When a task was created, started and ended (instants in this order), and its last status. One that is closed and
    has no end, ended nobody knows when; `guessed` where another date was taken for it."""

    created: int
    started: int | None
    ended: int | None
    status: Status
    guessed: bool = False

    def begun(self, entry: Status, estimate: float | None, actual: float | None) -> dict[str, Any]:
        """Return what is so from its creation; `entry` is how far along a task begins."""
        if self.status in OPEN:
            return {"status": self.status}
        if self.ended is not None:
            return {"status": entry}
        return lived.closed(self.status, estimate) | ({} if actual is None else {"adjusted_hours": actual})

    def steps(self, estimate: float | None, actual: float | None, now: int) -> list[Step]:
        """Return the steps after its creation, with what was estimated and what it took, in hours."""
        frozen: dict[str, Any] = {} if estimate is None else {"original_estimate_hours": estimate}
        hours: dict[str, Any] = {} if actual is None else {"adjusted_hours": actual}
        steps = []
        if self.started is not None:
            status = {} if self.status in OPEN else {"status": Status.COMMITTED}
            steps.append(Step(at=self.started, values={"started_at": self.started, **status, **frozen}))
        if self.ended is not None:
            done = {"completed_at": self.ended, **frozen} if self.status is Status.DONE else {}
            steps.append(Step(at=self.ended, values={"status": self.status, **done, **hours}))
        elif hours and self.status in OPEN:
            steps.append(Step(at=now, values=hours))
        return steps


def life(fields: Fields, mapping: ColumnMapping, dates: Dates) -> Life | str:
    """Return a task's life, or the reason why it has none and is left out."""
    ended, completed = _completion(fields, dates)
    status, reason = _status(fields, mapping, ended)
    if reason is not None:
        return reason
    created = told = fields.past("created", 9, dates.get("created"))
    started = fields.past("started", 9, dates.get("started"))
    if created is None:
        known = [one for one in (started, completed) if one is not None]
        fields.note(f"it has no date of creation: taken as {'its first known date' if known else 'now'}")
        created = min(known, default=fields.context.now)
    if status is None:
        status = Status.COMMITTED if started is not None else entry(fields)
    if status in OPEN:
        return Life(created=created, started=_within(fields, started, created, None), ended=None, status=status)
    end = _end(fields, status, completed, [told, started], created)
    if end is None:
        return Life(created=created, started=None, ended=None, status=status)
    if status is Status.DONE and started is None:
        fields.note("it has no date of its start: taken as started when created")
        started = created
    started = _within(fields, started, created, end)
    return Life(created=created, started=started, ended=end, status=status, guessed=fields.guessed)


def entry(fields: Fields) -> Status:
    """Return how far along a task begins."""
    return pipeline.entry_status(fields.get("project"), values.hours(fields.get("estimate")))


def priority(fields: Fields, mapping: ColumnMapping) -> dict[str, Any]:
    """Return the priority of a task that tells one."""
    told = fields.get("priority")
    return {} if told is None else {"priority": _level(told, fields, mapping)}


def _level(told: str, fields: Fields, mapping: ColumnMapping) -> Priority:
    """Return a priority by its word, else by its place on the mapping's scale."""
    if (word := bare(told)) in mapping.priorities:
        return Priority(mapping.priorities[word])
    scale, number = mapping.priority_scale, values.number(told)
    if scale is None or number is None:
        return fields.choice("priority", PRIORITIES, Priority.MEDIUM)
    place = (number - scale[0]) / (scale[1] - scale[0])
    if not 0 <= place <= 1:
        fields.warn("its priority lies outside of the scale: taken as the nearer end")
    return next((level for level, below in _LEVELS if place < below), Priority.URGENT)


def _completion(fields: Fields, dates: Dates) -> tuple[bool, int | None]:
    """Return whether a task has ended, and when, if its column tells dates rather than yes or no."""
    told = bare(fields.get("completed") or "")
    if told in _YES or told in _NO:
        return told in _YES, None
    completed = fields.past("completed", 17, dates.get("completed"))
    return completed is not None, completed


def _status(fields: Fields, mapping: ColumnMapping, ended: bool) -> tuple[Status | None, str | None]:
    """Return a task's status, None for open; or the reason to leave it out."""
    otherwise = Status.DONE if ended else None
    word = bare(fields.get("status") or "")
    if not word:
        return otherwise, None
    if word in mapping.left_out:
        return None, mapping.left_out[word]
    if word in mapping.left_out_open and not ended:
        return None, mapping.left_out_open[word]
    if word in mapping.statuses:
        return Status(mapping.statuses[word]), None
    if word not in STATUSES:
        fields.warn(f"its status is unknown: taken as {'done' if ended else 'open'}")
        return otherwise, None
    return STATUSES[word] or otherwise, None


def _end(
    fields: Fields, status: Status, completed: int | None, known: Sequence[int | None], created: int
) -> int | None:
    """Return when a task ended: as told, but never before it began; else as far as dates of it are known."""
    if completed is None:
        return lived.end(fields, status, *known)
    if completed < created:
        fields.warn("it was completed before it was created: taken as completed then")
    return max(completed, created)


def _within(fields: Fields, started: int | None, created: int, end: int | None) -> int | None:
    """Return the start moved into the task's life."""
    if started is None:
        return None
    inside = max(started, created) if end is None else min(max(started, created), end)
    if inside != started:
        fields.warn("it was started outside of its life: taken as the nearer end")
    return inside
