"""Will a project fall asleep: no completion in it within the next weeks?

Told by how long nothing was done, how much was done and came in lately, and whether young work is open.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orc_lab.agents.health.shrunken import Assumption
from orc_lab.agents.health.tallies import Days

HORIZON = np.timedelta64(8 * 7, "D")
ASSUMED = Assumption(
    means=(-1.6, 0.4, 0.0, -0.7, -0.6, -0.6, 0.0),
    sds=(0.5, 0.4, 0.4, 0.4, 0.4, 0.3, 0.3),
)  # of the intercept and the features in their order
_SHORT, _LONG = np.timedelta64(28, "D"), np.timedelta64(84, "D")
_CENTRE = np.log1p([2.0, 2.0, 5.0, 2.0, 2.0, 26.0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The days of a project's tasks: when each was `made` and `done` (NaT where it is open), of one length."""

    made: Days
    done: Days

    def features(self, day: np.datetime64) -> tuple[float, ...]:
        """Weeks idle, done in 4 and 12 weeks, made in 4, made in 12 and open, weeks lived; each as ln(1 + x), centred.

        Open work counts only while it is young: that old todos are finished some day is known only of those that were.
        """
        done, made = self.done <= day, self.made <= day
        first = min([*self.made[made], *self.done[done], day])
        last = self.done[done].max() if done.any() else first
        idle, lived = (day - last).astype(int) / 7, (day - first).astype(int) / 7
        young = made & ~done & (self.made > day - _LONG)
        counts = (self.done[done] > day - _SHORT, self.done[done] > day - _LONG, self.made[made] > day - _SHORT, young)
        return tuple((np.log1p([idle, *(count.sum() for count in counts), lived]) - _CENTRE).tolist())
