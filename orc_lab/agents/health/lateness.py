"""How long the open tasks of a project take, from how long those of the person's projects took in the past.

ln(1 + days until the last open task is done) is regressed on how many are open, how old they are, and how long the
project and the person would need at the pace of the last weeks; the spread of its errors gives the chance of missing a
day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orc_lab.agents.atoms import Floats, normal_scores
from orc_lab.agents.health.shrunken import Assumption, design, linear
from orc_lab.agents.health.tallies import Days

ASSUMED = Assumption(means=(4.0, 0.4, 0.1, 0.0, 0.2), sds=(0.5, 0.3, 0.25, 0.25, 0.25))
_SD = 1.2  # of ln days, for an unknown person
_SD_WEIGHT = 10.0  # looks that is worth
_PACE_DAYS, _LEAST_DAYS = 84, 7
_HALF_TASK = 0.5  # so that no pace is zero
_TYPICAL = np.log1p([5.0, 30.0, 30.0, 21.0])


@dataclass(frozen=True, eq=False)
class Needed:
    """The distribution of ln(1 + days) around a line: `errors` with their `weights`."""

    line: Floats
    errors: Floats
    weights: Floats

    def chance_beyond(self, features: Floats, days: float) -> float:
        """P(more than `days` are needed) for one row of features; 1 below zero."""
        if days < 0:
            return 1.0
        middle = float((design(features[None, :]) @ self.line)[0])
        beyond = middle + self.errors > np.log1p(days)
        return float((self.weights * beyond).sum() / self.weights.sum())


def pace_features(*, tasks: int, project: int, person: int, lived: float, age: float) -> Floats:
    """ln open tasks, ln days at the project's pace, ln days at the person's, ln mean age, centred; (4,).

    `project` and `person` count completions as in `within`, `lived` are the project's days so far, `age` is in days.
    """
    alone = tasks * min(max(lived, _LEAST_DAYS), _PACE_DAYS) / (project + _HALF_TASK)
    all_work = tasks * _PACE_DAYS / (person + _HALF_TASK)
    return np.asarray(np.log1p([tasks, alone, all_work, age]) - _TYPICAL)


def within(done: Days, day: np.datetime64) -> int:
    """Completions in the _PACE_DAYS up to a day."""
    return int(((done > day - np.timedelta64(_PACE_DAYS, "D")) & (done <= day)).sum())


def needed(features: Floats, days: Floats, weights: Floats) -> Needed:
    """Fit the line and keep its errors, beside those that are assumed."""
    outcomes = np.log1p(days)
    line = linear(features, outcomes, weights, ASSUMED, _SD)
    errors = outcomes - design(features) @ line
    scores = _SD * normal_scores(40)
    assumed = np.full(len(scores), _SD_WEIGHT / len(scores))
    return Needed(line=line, errors=np.concatenate([errors, scores]), weights=np.concatenate([weights, assumed]))
