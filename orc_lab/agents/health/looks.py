"""Past looks at a person's own projects, every other week while they lived and for a while after.

Whoever looks at a project can't know that its last completion was the last: looks go on until it was idle for twelve
weeks. What became of each (did it sleep, when was the last of its open tasks done) is learned from once it had matured.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from orc_lab.agents.atoms import Floats
from orc_lab.agents.health import dormancy, lateness
from orc_lab.agents.health.dormancy import HORIZON, Pace
from orc_lab.agents.health.lateness import pace_features, within
from orc_lab.agents.health.tallies import Codes, Days, Flags, Rows

_STEP, _FORGET = np.timedelta64(14, "D"), np.timedelta64(84, "D")
_PATIENCE = np.timedelta64(168, "D")  # what open tasks are given to be finished before they teach how long that takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """By row: the day, the features of `Pace`, whether it then slept (1 or 0), and of those with `open` tasks how many
    days until the last of them was done, with the features of lateness.
    """

    day: Days
    pace: Floats
    slept: Floats
    open: Codes
    days: Floats
    late: Floats

    def take(self, index: Flags) -> Looks:
        """Return some of the looks."""
        return Looks(**{name: getattr(self, name)[index] for name in self.__slots__})

    def matured(self, day: np.datetime64) -> Looks:
        """Those whose sleep was known by the end of the day before `day`."""
        return self.take(self.day + HORIZON < day)

    def finished(self, day: np.datetime64) -> Looks:
        """Those with open tasks, all finished before `day`, made so long before it that most such tasks were."""
        ends = self.day + self.days.astype("timedelta64[D]")
        return self.take((self.open > 0) & (self.day + _PATIENCE < day) & (ends < day))


def looks(rows: Rows) -> Looks:
    """Look at every project in the past of these finished tasks, in order of completion."""
    found = [look for code in np.unique(rows.project) for look in _looks(rows, rows.project == code)]
    count = len(found)
    return Looks(
        day=np.array([look[0] for look in found], dtype="datetime64[D]"),
        pace=np.array([look[1] for look in found], dtype=np.float64).reshape(count, len(dormancy.ASSUMED.means) - 1),
        slept=np.array([look[2] for look in found], dtype=np.float64),
        open=np.array([look[3] for look in found], dtype=np.int64),
        days=np.array([look[4] for look in found], dtype=np.float64),
        late=np.array([look[5] for look in found], dtype=np.float64).reshape(count, len(lateness.ASSUMED.means) - 1),
    )


def _looks(rows: Rows, mine: Flags) -> Iterator[tuple[np.datetime64, tuple[float, ...], float, int, float, Floats]]:
    made, done, horizon = rows.made[mine], rows.done[mine], rows.done[-1]
    pace, day = Pace(made=made, done=done), done[0]
    while day <= horizon:
        upto = np.searchsorted(done, day, side="right")
        if day - done[upto - 1] > _FORGET:  # nothing to learn until it wakes
            day = done[upto] if upto < len(done) else horizon + _STEP
            continue
        later, waits = done[upto:], made[upto:] <= day
        slept = float(not (later <= day + HORIZON).any())
        days = float((later[waits].max() - day).astype(int)) if waits.any() else 0.0
        late = open_features(made, done, day, within(rows.done, day))
        yield day, pace.features(day), slept, int(waits.sum()), days, late
        day = day + _STEP


def open_features(made: Days, done: Days, day: np.datetime64, person: int) -> Floats:
    """The features of lateness of a project on a day; `done` is NaT, or later, where a task was open."""
    waits, known = (made <= day) & ~(done <= day), made[made <= day]
    ages = (day - made[waits]).astype(np.float64)
    return pace_features(
        tasks=int(waits.sum()),
        project=within(done, day),
        person=person,
        lived=float((day - known.min()).astype(int)) if len(known) else 0.0,
        age=float(ages.mean()) if len(ages) else 0.0,
    )
