"""Whether finished tasks still tell how the person works: the chance that nothing changed since each of them.

The latest ratios, k of them, are held beside those before, for every k at once: how much more likely are they with a
level of their own? What comes out of Bayes' rule is the chance that the person's habits changed at each place, and so
how much each finished task still belongs to now (one change in a window; cf. Smith, Biometrika 1975). While there is no
evidence of a change, everything counts as before.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from orc_lab.agents.atoms import Floats

WINDOW = 400  # ratios looked at
_OFTEN = 1 / 400  # chance of a change at a task: once in a window
_STEP = 1.0  # standard deviation of a change, of the log of the ratio
_WANDER = 0.2  # what levels differ by without a change: the error that tasks of one plan share
_VARIANCE, _VARIANCE_TASKS = 0.5, 20.0  # of one ratio, for a start, and what that is worth
_FEWEST = 3  # ratios on either side
_LEAST = 1e-3  # a task of old habits is better than none


def belonging(ratios: Floats) -> Floats:
    """How much each task belongs to the habits of now, .001 … 1, from the ln ratios of tasks, oldest first; (n,)."""
    recent = ratios[-WINDOW:]
    count = len(recent)
    if count < 2 * _FEWEST:
        return np.ones(len(ratios))
    new = np.arange(_FEWEST, count - _FEWEST + 1)
    changed = _chances(recent, new)
    since = np.cumsum(changed)  # chance of a change at most so many tasks ago
    age = np.arange(count)[::-1]
    place = np.searchsorted(new, age, side="right") - 1
    inside = np.where(place >= 0, 1 - since[np.maximum(place, 0)], 1.0)
    before = np.full(len(ratios) - count, 1 - since[-1])
    return np.asarray(np.maximum(np.concatenate([before, inside]), _LEAST))


def _chances(ratios: Floats, new: npt.NDArray[np.int64]) -> Floats:
    """Chance that the latest `new` ratios, for each such number, have a level of their own."""
    old, total = len(ratios) - new, np.concatenate([[0.0], np.cumsum(ratios)])
    before, after = total[old] / old, (total[-1] - total[old]) / new
    around = np.maximum((ratios**2).sum() - old * before**2 - new * after**2, 0.0)
    variance = (around + _VARIANCE * _VARIANCE_TASKS) / (len(ratios) + _VARIANCE_TASKS)
    by_chance = variance * (1 / new + 1 / old) + _WANDER**2
    by_change = by_chance + _STEP**2
    evidence = np.log(by_chance / by_change) / 2 + (after - before) ** 2 * (1 / by_chance - 1 / by_change) / 2
    odds = _OFTEN * np.exp(np.minimum(evidence, 600.0))
    return np.asarray(odds / (1 + odds.sum()))
