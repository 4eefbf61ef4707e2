"""What a task will really take, on average: the person's estimate corrected by each finished task as it comes.

A line through (ln estimate, ln actual ÷ estimate), shrunk towards “as estimated” while there is little; on top what
tasks of this category and of this project took more or less than that, shrunk far more. One finished task costs a few
microseconds and never a refit. The mean is what counts: the hours of a project are a sum.
"""

from __future__ import annotations

import math
from copy import copy
from typing import Self

HALF_LIFE = 400  # tasks after which a finished one counts half
_LEVEL = 10.0  # finished tasks that “as estimated” is worth
_SLOPE = 20.0  # what “one factor for all sizes” is worth, in tasks of spread 1
_GROUP = 24.0  # finished tasks of a category or project that “like the others” is worth
_CLIP = 2.0  # a ratio beyond e² of what was expected says no more than e²
_VARIANCE, _VARIANCE_TASKS = 0.5, 20.0  # of ln(actual ÷ expected) before there is a past, and what it is worth
_SHARED = 0.04  # squared relative error that the tasks of a project share


class Correction:
    """Running sums over finished tasks, all decaying; what comes back for an estimate is in the estimate's unit."""

    def __init__(self, half_life: float = HALF_LIFE) -> None:
        self._keep = 0.5 ** (1 / half_life)
        self._w = self._x = self._d = self._xx = self._xd = 0.0
        self._factor = self._rest = self._square = 0.0
        self._middle = self._slope = self._level = 0.0
        self._mean = 1.0  # of actual ÷ exp(mean of its log)
        self._hours_w = self._log = self._log_square = 0.0
        self._groups: dict[tuple[str, str], tuple[float, float]] = {}
        self.n = 0

    def copy(self) -> Self:
        """One that goes on learning apart from this."""
        twin = copy(self)
        twin._groups = self._groups.copy()
        return twin

    def learn(self, estimate: float, actual: float, project: str = "", category: str = "") -> None:
        """Take in one finished task; an estimate of NaN or 0 and less is none, and teaches only usual hours.

        A task without positive actual hours teaches nothing.
        """
        if not (math.isfinite(actual) and actual > 0):
            return
        self.n += 1
        log = math.log(actual)
        self._learn_hours(log)
        if math.isfinite(estimate) and estimate > 0:
            self._learn_ratio(math.log(estimate), log - math.log(estimate), project, category)

    def _learn_hours(self, log: float) -> None:
        keep = self._keep
        self._hours_w = self._hours_w * keep + 1
        self._log = self._log * keep + log
        self._log_square = self._log_square * keep + log * log

    def _learn_ratio(self, x: float, d: float, project: str, category: str) -> None:
        """Score the task by what was expected before it, then let it move the sums."""
        expected = self._line(x)
        of_category, of_project = self._of("category", category), self._of("project", project)
        d = min(max(d, expected - _CLIP), expected + _CLIP) if self._w else min(max(d, -_CLIP), _CLIP)
        rest = d - expected
        self._move("category", category, rest)
        self._move("project", project, rest - of_category)
        rest = rest - of_category - of_project
        keep = self._keep
        self._w = self._w * keep + 1
        self._x, self._d = self._x * keep + x, self._d * keep + d
        self._xx, self._xd = self._xx * keep + x * x, self._xd * keep + x * d
        self._factor = self._factor * keep + math.exp(min(max(rest, -_CLIP), _CLIP))
        self._rest, self._square = self._rest * keep + rest, self._square * keep + rest * rest
        self._settle()

    def _move(self, kind: str, key: str, rest: float) -> None:
        if key:
            n, total = self._groups.get((kind, key), (0.0, 0.0))
            self._groups[kind, key] = (n * 0.98 + 1, total * 0.98 + rest)

    def _of(self, kind: str, key: str) -> float:
        if not key:
            return 0.0
        n, total = self._groups.get((kind, key), (0.0, 0.0))
        return total / (n + _GROUP)

    def _settle(self) -> None:
        """The line and the mean around it, from the sums."""
        middle, level = self._x / self._w, self._d / self._w
        spread = max(self._xx - self._w * middle * middle, 0.0)
        slope = (self._xd - self._w * middle * level) / (spread + _SLOPE)
        self._middle, self._slope = middle, min(max(slope, -0.8), 0.3)
        self._level = level * self._w / (self._w + _LEVEL)
        factor = self._factor / math.exp(self._rest / self._w)  # how far the line was off is not in it
        self._mean = (factor + _LEVEL) / (self._w + _LEVEL)

    def _line(self, x: float) -> float:
        """Expected ln(actual ÷ estimate) at ln estimate; beyond e³ times the usual estimate it stays where it is."""
        return self._level + self._slope * min(max(x - self._middle, -3.0), 3.0)

    def hours(self, estimate: float, project: str = "", category: str = "") -> float:
        """Mean hours of a task with this estimate (> 0), from everything learned so far."""
        at = self._line(math.log(estimate)) + self._of("category", category) + self._of("project", project)
        return estimate * math.exp(at) * self._mean

    @property
    def usual(self) -> float:
        """Mean hours of a finished task, for one without an estimate; NaN before the first."""
        if not self._hours_w:
            return math.nan
        middle = self._log / self._hours_w
        variance = max(self._log_square / self._hours_w - middle * middle, 0.0)
        return math.exp(middle + min(variance, 2.0) / 2)

    @property
    def variance(self) -> float:
        """Of ln(actual ÷ expected) of one task."""
        around = max(self._square - self._rest * self._rest / self._w, 0.0) if self._w else 0.0
        return (around + _VARIANCE * _VARIANCE_TASKS) / (self._w + _VARIANCE_TASKS)

    def spread(self, concentration: float) -> float:
        """Standard deviation of the log of a sum of tasks with Σh² ÷ (Σh)² = `concentration` (1 for one task)."""
        return math.sqrt(math.log1p(_SHARED + math.expm1(min(self.variance, 2.0)) * min(concentration, 1.0)))


def left_of(hours: float, spent: float) -> float:
    """Hours left of a task expected to take `hours` after `spent` of them; never less than a quarter of those spent."""
    return max(hours - spent, spent / 4) if spent > 0 else hours
