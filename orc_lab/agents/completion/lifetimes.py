"""How long todos stay open, and how many are dropped rather than done.

A todo that is open still is a censored observation: it is known to take longer than its age, not forever. Hazards of
closing are events ÷ days at risk in bands of age (Kaplan & Meier's estimator for banded times), shrunk to a Pareto
tail with exponent 2: where nothing is known, a todo that waited long will wait long. The share of closings that are
drops, by age, tells which open todos will leave the scope without any work (competing risks).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from orc_lab.agents.atoms import Floats

Bools = npt.NDArray[np.bool_]
_AGES = np.array(
    [0, 1, 2, 4, 7, 10, 14, 21, 30, 45, 60, 90, 130, 180, 260, 365, 550, 800, 1200, 2000, 4000, 36500], dtype=np.float64
)  # days
_PARETO, _AT_FIRST = 2.0, 14.0  # the tail expected before anything is known: hazard 2 ÷ (age + 14 days)
_WORTH = 2.0  # closings in each band that this is worth
_KEPT, _DROPPED = 4.0, 0.2  # closings, and drops among them, that are assumed before any was seen
_TOGETHER = 0.6  # correlation of the normal scores of how long todos of one plan wait: plans move or stand as one


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """What closed and open todos say about how long one stays open.

    `hazard` of closing a day and `dropped`, the share of closings that are drops, both by band of age; `closed` counts
    the closings behind them, `drop_share` is the share of all todos that end as dropped.
    """

    hazard: Floats
    dropped: Floats
    drop_share: float
    closed: int

    @classmethod
    def of(cls, age: Floats, closed: Bools, dropped: Bools) -> Lifetimes:
        """Days from creation to the end of each todo, or to now where it is open still; shapes (todos,)."""
        low, high = _AGES[:-1], _AGES[1:]
        at_risk = np.clip(age[:, None] - low, 0.0, high - low).sum(axis=0)
        ends, drops = np.histogram(age[closed], _AGES)[0], np.histogram(age[closed & dropped], _AGES)[0]
        expected = _PARETO * np.log((high + _AT_FIRST) / (low + _AT_FIRST)) / (high - low)
        hazard = (ends + _WORTH) / (at_risk + _WORTH / expected)
        overall = (drops.sum() + _DROPPED) / (ends.sum() + _KEPT)
        by_age = (drops + _KEPT * overall) / (ends + _KEPT)
        return cls(hazard, by_age, _incidence(hazard, by_age), int(ends.sum()))

    def left(self, age: Floats, shared: Floats, rng: np.random.Generator) -> tuple[Floats, Bools]:
        """Scenarios of the days until open todos of these ages are closed, and whether dropped then, (size, todos).

        `shared` (size,) are normal scores of how slowly the whole plan moves.
        """
        passed = np.concatenate([[0.0], (self.hazard * np.diff(_AGES)).cumsum()])
        own = rng.normal(size=(len(shared), len(age)))
        amount = _exponential(np.sqrt(_TOGETHER) * shared[:, None] + np.sqrt(1 - _TOGETHER) * own)
        end = np.interp(np.interp(age, _AGES, passed) + amount, passed, _AGES)
        band = np.clip(np.searchsorted(_AGES, end, "right") - 1, 0, len(self.dropped) - 1)
        return np.maximum(end - age, 0.0), rng.random(own.shape) < self.dropped[band]


def lifetimes(tasks: pd.DataFrame, as_of: datetime) -> Lifetimes:
    """The lifetimes of todos of the `tasks` frame as known at `as_of`: created before it, ended or still open."""
    now = pd.Timestamp(as_of)
    known = tasks[tasks["created"].notna() & (tasks["created"] < now)]
    ended = known["completed"].fillna(known["dropped"])
    closed = (ended < now).to_numpy()
    age = (ended.where(closed, now) - known["created"]).dt.total_seconds().to_numpy() / 86_400
    return Lifetimes.of(np.maximum(age, 0.0), closed, closed & known["completed"].isna().to_numpy())


def _incidence(hazard: Floats, dropped: Floats) -> float:
    """Share of todos that end as dropped: Σ P(open at the band) · P(closes in it) · share of drops there."""
    passed = np.concatenate([[0.0], (hazard * np.diff(_AGES)).cumsum()])
    alive = np.exp(-passed)
    return float(((alive[:-1] - alive[1:]) * dropped).sum() / (1 - alive[-1]))


def _exponential(scores: Floats) -> Floats:
    """−ln P(Z > z): standard normal scores as exponential amounts of risk."""
    tail = np.interp(scores, _SCORES, _TAILS)
    return np.asarray(-np.log(tail))


_SCORES = np.linspace(-8.0, 8.0, 1601)
_DENSITY = np.exp(-0.5 * _SCORES**2)
_TAILS = np.clip(1 - _DENSITY.cumsum() / _DENSITY.sum(), 1e-12, 1.0)
