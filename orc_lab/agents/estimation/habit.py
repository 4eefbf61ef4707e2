"""Whether finished tasks still tell how the person works: the chance that nothing changed since each of them.

The latest ratios, k of them, are held beside those before, for many k at once: how much more likely are they with a
level of their own? What comes out of Bayes' rule is the chance that the person's habits changed at each place, and so
how much each finished task still belongs to now (one change in a window; cf. Smith, Biometrika 1975).

Projects, and the categories in them, have levels of their own (random effects; Laird & Ware, Biometrics 1982), so that
beginning a slower kind of work is no change of habits: a change shows within kinds of work, or in very many at once. A
few slips widen the spread of the latest ratios and so show none either. Where nothing speaks for a change, old tasks
still count a little less than new ones (.94 on average), for there could have been one.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from orc_lab.agents.atoms import Floats

WINDOW = 400  # ratios looked at
_OFTEN = 1 / 400  # chance of a change at a task: once in a window
_STEP = 1.0  # standard deviation of a change, of the log of the ratio
_WANDER = 0.2  # what levels differ by without a change: the error that tasks of one plan share
_PLACES = 0.7  # standard deviation of the levels of projects, and of the categories in one
_VARIANCE, _VARIANCE_TASKS = 0.5, 20.0  # of one ratio, for a start, and what that is worth
_NEW_TASKS = 4.0  # what the same start is worth for the spread of the latest ones alone
_FEWEST = 10  # ratios on either side: of so many, four slips are a wide spread and no new level
_LOOKS = 80  # numbers of latest tasks that are tried
_LEAST = 1e-3  # a task of old habits is better than none

Codes = npt.NDArray[np.int64]


def belonging(ratios: Floats, project: Codes | None = None, category: Codes | None = None) -> Floats:
    """How much each task belongs to the habits of now, .001 … 1, from the ln ratios of tasks, oldest first; (n,).

    `project` and `category` are numbers of where each task belongs, −1 for nowhere, (n,) or the latest WINDOW of them.
    """
    recent = ratios[-WINDOW:]
    count = len(recent)
    if count < 2 * _FEWEST:
        return np.ones(len(ratios))
    new, nowhere = _looks(count), np.full(count, -1)
    places = [nowhere if codes is None else codes[-count:] for codes in (project, category)]
    since = np.cumsum(_remembered(recent.tobytes(), *(each.tobytes() for each in places)))  # a change up to then
    age = np.arange(count)[::-1]
    place = np.searchsorted(new, age, side="right") - 1
    inside = np.where(place >= 0, 1 - since[np.maximum(place, 0)], 1.0)
    before = np.full(len(ratios) - count, 1 - since[-1])
    return np.asarray(np.maximum(np.concatenate([before, inside]), _LEAST))


@lru_cache(maxsize=WINDOW)
def _looks(count: int) -> Codes:
    """Numbers of latest tasks that are tried among so many: all of the small ones, then in steps of a twentieth."""
    return np.unique(np.geomspace(_FEWEST, count - _FEWEST, _LOOKS).round().astype(np.int64))


@lru_cache(maxsize=4)
def _remembered(ratios: bytes, project: bytes, category: bytes) -> Floats:
    """`_chances` of arrays: each forecast asks twice for the same."""
    known = np.frombuffer(ratios)
    places = (np.frombuffer(codes, dtype=np.int64) for codes in (project, category))
    return _chances(known, _looks(len(known)), *places)


def _chances(ratios: Floats, new: Codes, project: Codes, category: Codes) -> Floats:
    """Chance that the latest `new` ratios, for each such number, have a level of their own."""
    named = int(category.max()) + 2
    kinds, kind = np.unique(project * named + category + 1, return_inverse=True)  # in order of projects
    variance = _variance(ratios, kind)
    apart = ratios - (np.bincount(kind, ratios) / np.bincount(kind))[kind]
    step, doubt = _step(ratios, new, kind, kinds // named, variance)
    by_chance = doubt * np.maximum(1.0, _spread(apart, new) / variance) + _WANDER**2
    by_change = by_chance + _STEP**2
    evidence = np.log(by_chance / by_change) / 2 + step**2 * (1 / by_chance - 1 / by_change) / 2
    odds = _OFTEN * np.diff(new, prepend=new[0] - 1) * np.exp(np.minimum(evidence, 600.0))
    return np.asarray(odds / (1 + odds.sum()))


def _variance(ratios: Floats, kind: Codes) -> float:
    """Of one ratio, from how much it differs from the one before it of its kind: no change of levels is in that."""
    order = np.argsort(kind, kind="stable")
    same = kind[order][1:] == kind[order][:-1]
    beside = np.diff(ratios[order])[same]
    return float((beside @ beside / 2 + _VARIANCE * _VARIANCE_TASKS) / (len(beside) + _VARIANCE_TASKS))


def _spread(apart: Floats, new: Codes) -> Floats:
    """Variance of the latest `new` ratios around their own middle, for each such number: large where some are slips."""
    total, squares = (np.cumsum(part[::-1])[new - 1] for part in (apart, apart**2))
    return np.asarray((squares - total**2 / new + _VARIANCE * _NEW_TASKS) / (new + _NEW_TASKS))


def _step(ratios: Floats, new: Codes, kind: Codes, above: Codes, variance: float) -> tuple[Floats, Floats]:
    """By how much the latest `new` ratios lie higher, for each such number, and the variance of that.

    Generalised least squares: the levels of kinds, of the projects `above` them and of all work are swept out one after
    the other, by the formula of Sherman & Morrison.
    """
    total, summed = np.bincount(kind) / variance, np.bincount(kind, ratios) / variance
    shape = len(new) + 1, len(above)
    at = np.searchsorted(new, np.arange(len(ratios))[::-1], side="right") * len(above) + kind
    changed = np.bincount(at, minlength=shape[0] * shape[1]).reshape(shape)[:-1].cumsum(axis=0) / variance
    known, found = new / variance, np.cumsum(ratios[::-1])[new - 1] / variance
    projects = np.flatnonzero(np.diff(above, prepend=above[0] - 1))
    for spread, upwards in ((_PLACES, projects), (_PLACES, projects[:1]), (np.inf, projects[:1])):
        share = 1 / (1 / spread**2 + total)
        known = known - changed**2 @ share
        found = found - changed @ (share * summed)
        kept = 1 - share * total
        changed, total, summed = (np.add.reduceat(part * kept, upwards, axis=-1) for part in (changed, total, summed))
    known = np.maximum(known, 1e-9)
    return np.asarray(found / known), np.asarray(1 / known)
