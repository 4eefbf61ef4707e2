"""What the stamps, the log and the keyword of an org heading tell of the life of a task.

A day without a time counts as 9 o'clock for what begins and as 17 for what ends. A change of state to an end that the
next one doesn't start from is a round of a task that repeats: it is counted, not told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from orc_lab.importers.org.outline import Change, Clock, Heading
from orc_lab.importers.org.stamps import Stamp, stamp
from orc_lab.importers.reading import lived
from orc_lab.importers.reading.fields import Fields
from orc_lab.importers.reading.values import at_hour
from orc_lab.importers.reading.work_time import instant, interval
from orc_lab.importers.record import Step
from orc_lab.model.entities import CLOSED, Status

_UNDER_WAY = {"STARTED", "DOING", "INPROGRESS", "IN-PROGRESS", "IN_PROGRESS", "STRT", "ACTIVE", "WIP", "CURRENT"}
_DROPPED = {"CANCELLED", "CANCELED", "CANCEL", "CANC", "CNCL", "KILL", "KILLED", "DROPPED", "ABANDONED", "ABORTED"}
_DROPPED |= {"REJECTED", "WONTFIX", "WONTDO", "OBSOLETE", "DELEGATED", "DEFERRED", "DECLINED", "INVALID", "NO", "NOPE"}

Interval = tuple[
    int, int | None, str, str
]  # seconds UTC, the wall-clock time of its beginning, and how it stands there
Logged = tuple[int, str, str | None]  # seconds UTC, to what keyword, from which


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """When a task was created, its status then, and its later steps; `rounds` are completions that began anew."""

    created: int
    status: Status
    steps: Sequence[Step]
    sessions: Sequence[Interval] = field(default=())


def life(heading: Heading, fields: Fields, keywords: Mapping[str, bool], entry: Status, estimate: float | None) -> Life:
    """Return a heading's life; what is odd in it is noted in the fields."""
    told = _Told(fields)
    sessions = _sessions(heading.clocks, fields)
    changes = _changes(heading.changes, told, keywords)
    ended = _ended(heading, told, keywords)
    created = _created(
        heading,
        told,
        [*(at for at, _, _ in changes), *(at for at, *_ in sessions), *([] if ended.at is None else [ended.at])],
    )
    statuses = _statuses(heading, fields, keywords, entry, changes, ended)
    first = _first(heading, keywords, entry, changes)
    if ended.over:
        last = _status(str(heading.keyword), keywords, entry)
        known = [at for at, _ in statuses] + [one[1] or one[0] for one in sessions]
        end = _end(ended, statuses, [*known, *([created] if known or _is_dated(heading) else [])], last, fields)
        if end is None:
            return Life(created=created, status=last, steps=())
        statuses = [*statuses, (end, last)]
    steps = _steps(statuses, _started(statuses, sessions), estimate)
    return Life(created=created, status=first, steps=steps, sessions=sessions)


class _End(NamedTuple):
    """Whether a task has ended, and when (seconds UTC), if its CLOSED tells it."""

    over: bool
    at: int | None = None


class _Told:
    """The instants that stamps tell, in the person's zone, none in the future."""

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self._clock = fields.context.clock

    def at(self, text: str, hour: int, what: str) -> int | None:
        """Return the instant (seconds UTC) of a stamp, None where it is none."""
        found = stamp(text)
        if found is None:
            self.fields.warn(f"its {what} date can't be read: left empty")
            return None
        at = instant(found.wall, self._clock) if found.timed else at_hour(found.wall.date(), hour, self._clock)
        now = self.fields.context.now
        if at > now:
            if self._clock.day(at) != self._clock.day(now):
                self.fields.warn(f"its {what} date lies in the future: taken as now")
            return now
        return at


def _sessions(clocks: Sequence[Clock], fields: Fields) -> list[Interval]:
    found = []
    now = fields.context.now
    for one in clocks:
        start, end = stamp(one.start), stamp(one.end) if one.end else None
        if start is None or (one.end and end is None) or not start.timed:
            fields.warn("a clock of it can't be read: left out")
            continue
        began, ended = interval(start.wall, end.wall if end else None, _seconds(one, end), fields.context.clock)
        if began > now:
            fields.warn("a clock of it lies in the future: left out")
        elif ended is not None and ended < began:
            fields.warn("a clock of it ends before it begins: left out")
        else:
            if ended is None:
                fields.warn("a clock of it is still open: a session without an end, which counts no hours")
            told = f"CLOCK: {one.start}--{one.end or ''}"
            until = None if ended is None else min(ended, now)
            found.append((began, until, start.wall.isoformat(timespec="minutes"), told))
    return found


def _seconds(clock: Clock, end: Stamp | None) -> float | None:
    if clock.spent is None or end is None:
        return None
    return int(clock.spent[0]) * 3600.0 + int(clock.spent[1]) * 60.0


def _changes(changes: Sequence[Change], told: _Told, keywords: Mapping[str, bool]) -> list[Logged]:
    """Return the changes of state that have a time, in its order; org writes the newest first."""
    found = []
    for change in reversed(changes):
        hour = 17 if keywords.get(change.to) else 9
        if (at := told.at(change.stamp, hour, "logged")) is not None:
            found.append((at, change.to, change.since))
    return sorted(found, key=lambda one: one[0])


def _ended(heading: Heading, told: _Told, keywords: Mapping[str, bool]) -> _End:
    if heading.keyword is None or not keywords.get(heading.keyword):
        return _End(over=False)
    closed = told.at(heading.planning["CLOSED"], 17, "closed") if "CLOSED" in heading.planning else None
    return _End(over=True, at=closed)


def _created(heading: Heading, told: _Told, others: Sequence[int]) -> int:
    text = _told_creation(heading)
    created = told.at(text, 9, "created") if text else None
    fields = told.fields
    if created is None:
        fields.note(f"it has no date of creation: taken as {'its first known date' if others else 'now'}")
        return min(others, default=fields.context.now)
    if others and min(others) < created:
        fields.note("it was worked on before it was created: taken as created then")
        return min(others)
    return created


def _told_creation(heading: Heading) -> str | None:
    return heading.properties.get("CREATED") or heading.properties.get("CREATED_AT") or heading.properties.get("ADDED")


def _is_dated(heading: Heading) -> bool:
    text = _told_creation(heading)
    return text is not None and stamp(text) is not None


def _first(heading: Heading, keywords: Mapping[str, bool], entry: Status, changes: Sequence[Logged]) -> Status:
    """Return the status that a task began with: the one of its first change, else of its keyword."""
    word = (changes[0][2] or "") if changes else heading.keyword or ""
    status = _status(word, keywords, entry)
    return entry if status in CLOSED else status


def _statuses(
    heading: Heading,
    fields: Fields,
    keywords: Mapping[str, bool],
    entry: Status,
    changes: Sequence[Logged],
    ended: _End,
) -> list[tuple[int, Status]]:
    """Return the statuses of the log, without rounds of what repeats and without the last end."""
    found: list[tuple[int, Status]] = []
    rounds = 0
    for place, (at, to, _) in enumerate(changes):
        following = changes[place + 1] if place + 1 < len(changes) else None
        if keywords.get(to) and following is None and ended.over:
            found += [] if ended.at is not None else [(at, _status(to, keywords, entry))]
            break
        if keywords.get(to) and (following is None or following[2] not in (to, None)):
            rounds += 1
        else:
            found.append((at, _status(to, keywords, entry)))
    if changes and not ended.over:  # what the log doesn't tell, came with its last word
        found.append((changes[-1][0], _status(heading.keyword or "", keywords, entry)))
    return _with_rounds(found, rounds, fields)


def _with_rounds(found: list[tuple[int, Status]], rounds: int, fields: Fields) -> list[tuple[int, Status]]:
    if rounds:
        fields.warn("it repeats: the rounds that were done stand in the raw record only")
    return found


def _end(
    ended: _End, statuses: Sequence[tuple[int, Status]], known: Sequence[int], last: Status, fields: Fields
) -> int | None:
    """Return when a task ended: as told, else with the end that its log tells, else as far as dates of it are known."""
    if ended.at is not None:
        return max(ended.at, statuses[-1][0]) if statuses else ended.at
    if statuses and statuses[-1][1] in CLOSED:
        return statuses[-1][0]
    return lived.end(fields, last, *known)


def _status(word: str, keywords: Mapping[str, bool], entry: Status) -> Status:
    """Return what a keyword means here; an open one that says nothing more is as far along as the task is told."""
    if keywords.get(word):
        return Status.DROPPED if word.upper() in _DROPPED else Status.DONE
    if word.upper() in _UNDER_WAY:
        return Status.COMMITTED
    return Status.CONFIRMED if word.upper() == "NEXT" else entry


def _started(statuses: Sequence[tuple[int, Status]], sessions: Sequence[Interval]) -> int | None:
    begun = [at for at, status in statuses if status is Status.COMMITTED] + [one[0] for one in sessions]
    return min(begun, default=None)


def _steps(statuses: Sequence[tuple[int, Status]], started: int | None, estimate: float | None) -> list[Step]:
    frozen: dict[str, Any] = {} if estimate is None else {"original_estimate_hours": estimate}
    steps = [] if started is None else [Step(at=started, values={"started_at": started, **frozen})]
    for at, status in statuses:
        done = {"completed_at": at, **frozen} if status is Status.DONE else {"completed_at": None}
        steps.append(Step(at=at, values={"status": status, **done}))
    return steps
