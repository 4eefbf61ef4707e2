"""Which week a review looks at, and from which instant."""

from __future__ import annotations

import os
from dataclasses import dataclass

from orc_lab.errors import FutureWeek
from orc_lab.model.clock import Clock
from orc_lab.model.entities import Todo
from orc_lab.model.week import Week
from orc_lab.workbench.bench import Workbench

_FRIDAY = 4
_ASLEEP = 8  # weeks without anything after which the last week with something is looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a review is asked for. `now` is the instant from which it is asked, seconds UTC.

    With `seq` it is a past one, and rests on what the log held up to that entry.
    """

    database: str
    week: Week
    now: int
    seq: int | None = None

    @property
    def parameters(self) -> dict[str, object]:
        """The values of the notebook's parameters."""
        then = {} if self.seq is None else {"seq": self.seq}
        return {"db": self.database, "week": str(self.week), "now": self.now, **then}


def asked(database: str, week: Week | None, now: int, seq: int | None = None) -> Asked:
    """Look into the database whether the week can be reviewed; raises what opening it raises, and FutureWeek."""
    with Workbench.open(database) as bench:
        return Asked(database=os.path.abspath(database), week=week_of(bench, week, now), now=now, seq=seq)


def week_of(bench: Workbench, week: Week | None, now: int) -> Week:
    """Return the week, or the default one; raises FutureWeek for one that begins after `now`."""
    current = Week.at(now, clock_of(bench, week, now))
    if week is not None and week > current:
        raise FutureWeek(str(week), week.monday.isoformat(), str(current))
    return week or default_week(bench, now)


def clock_of(bench: Workbench, week: Week | None, now: int) -> Clock:
    """Return the clock that held when the week was over, or now for one that still runs."""
    end = now if week is None else week.end(bench.clock(now))
    return bench.clock(min(end, now))


def default_week(bench: Workbench, now: int) -> Week:
    """Return the week that is due for a look: the last one that is over, from Friday on the one that runs.

    In the sample life, and where nothing has happened for eight weeks, it is the last one with something in it.
    """
    clock = bench.clock(now)
    today = clock.day(now)
    due = Week.of(today) if today.weekday() >= _FRIDAY else Week.of(today) - 1
    last = max((at for at in _signs(bench) if at <= now), default=None)
    if last is None:
        return due
    latest = Week.at(last, clock)
    return min(due, latest) if bench.sample or latest < due - _ASLEEP else due


def _signs(bench: Workbench) -> list[int]:
    """Instants at which todos were last written down and done."""
    newest = bench.find(Todo, order="-created_at", limit=1)
    done = bench.find(Todo, completed_at__ne=None, order="-completed_at", limit=1)
    return [todo.created_at for todo in newest] + [todo.completed_at for todo in done if todo.completed_at is not None]
