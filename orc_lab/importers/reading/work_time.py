"""Intervals of work as files write them: wall-clock times become instants of the person, an interval a session.

An hour that the clocks skip or repeat is ambiguous. Where a file tells how long the work took as well, the reading
that fits is taken; otherwise the clock times are, a repeated hour as its first run.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from orc_lab.importers.record import Issue, Parsed
from orc_lab.model.clock import Clock
from orc_lab.model.entities import Session

DEVICE = "import"  # no device of the person's own, so that a timer here never meets one that still runs elsewhere
_FOLDS = ((0, 0), (0, 1), (1, 1))
_NEAR = 60  # seconds: what a file's rounding to minutes may hide


def instant(wall: datetime, clock: Clock) -> int:
    """Return the instant (seconds UTC) of a naive wall-clock time, as the clock does, but faster for many of a day."""
    midnight = _midnight(wall.date(), clock)
    if midnight is None:
        return clock.instant(wall)
    return midnight + wall.hour * 3600 + wall.minute * 60 + wall.second


@lru_cache(maxsize=8192)
def _midnight(day: date, clock: Clock) -> int | None:
    """Return the instant at which a day of 24 hours begins, None for one on which clocks change."""
    begins = clock.instant(datetime.combine(day, time()))
    ends = clock.instant(datetime.combine(day + timedelta(days=1), time()))
    return begins if ends - begins == 86_400 else None


def interval(start: datetime, end: datetime | None, spent: float | None, clock: Clock) -> tuple[int, int | None]:
    """Return the instants (seconds UTC) of naive wall-clock times; the end from `spent` (seconds) where none is told.

    The end may lie before the start: a file may say so. None where it tells neither an end nor a duration.
    """
    began = instant(start, clock)
    if end is None:
        return began, None if spent is None else began + round(spent)
    ended = instant(end, clock)
    if spent is None or abs(ended - began - spent) < _NEAR:
        return began, _later(ended, end, began, clock)
    for first, last in _FOLDS[1:]:
        one, other = _folded(start, first, clock), _folded(end, last, clock)
        if abs(other - one - spent) < _NEAR:
            return one, other
    return began, _later(ended, end, began, clock)


def _later(ended: int, end: datetime, began: int, clock: Clock) -> int:
    """Return the second run of a repeated hour where only that lies after the start."""
    return ended if ended >= began else _folded(end, 1, clock)


def _folded(wall: datetime, fold: int, clock: Clock) -> int:
    return int(wall.replace(tzinfo=clock.tz, fold=fold).astimezone(UTC).timestamp())


def session(
    external_id: str,
    todo: str,
    started: int,
    ended: int | None,
    *,
    source: str,
    raw: str,
    content_hash: str,
    made: bool = False,
    issues: Sequence[Issue] = (),
) -> Parsed:
    """Return the record of an interval of work on a todo (its external id)."""
    return Parsed(
        external_id=external_id,
        kind=Session,
        values={"device_id": DEVICE, "started_at": started, "ended_at": ended, "source": source},
        links={"todo_id": todo},
        raw=raw,
        content_hash=content_hash,
        made=made,
        issues=issues,
    )
