"""A distribution known by a few quantiles: at which level a value lies, and which value lies at a level.

Between the quantiles and beyond them it runs straight in normal scores, over the logarithm of the values where all are
positive (lognormal pieces), else over log(1 + value), else over the values. Where an outcome ties with a quantile it
spans levels, as a rounded number does: halfway to the levels around it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

from orc_lab.agents.atoms import TIE
from orc_lab.agents.forecast import check_levels

Scale = Callable[[float], float]

_NORMAL = NormalDist()
_EDGE = 1e-6
_POSITIVE: tuple[Scale, Scale] = (math.log, math.exp)
_COUNTS: tuple[Scale, Scale] = (math.log1p, math.expm1)
_ANY: tuple[Scale, Scale] = (float, float)
# What a scale can't take, and beyond which its inverse is larger than any number.
_LEAST: Mapping[Scale, float] = {math.log: 0.0, math.log1p: -1.0, float: -math.inf}
_MOST: Mapping[Scale, float] = {math.exp: 700.0, math.expm1: 700.0, float: math.inf}


@dataclass(frozen=True, slots=True)
class Curve:
    """Rising levels and their values, which never fall; infinite ones may come last."""

    levels: Sequence[float]
    values: Sequence[float]

    def __post_init__(self) -> None:
        check_levels(tuple(self.levels))

    def span(self, outcome: float) -> tuple[float, float]:
        """Return P(Y < outcome) and P(Y ≤ outcome) as far as the quantiles tell; equal unless it ties with one."""
        ties = [i for i, value in enumerate(self.values) if math.isclose(value, outcome, rel_tol=TIE)]
        if ties:
            around = (0.0, *self.levels, 1.0)
            return (around[ties[0]] + around[ties[0] + 1]) / 2, (around[ties[-1] + 1] + around[ties[-1] + 2]) / 2
        level = self.level_of(outcome)
        return level, level

    def level_of(self, outcome: float) -> float:
        """Return the level of a value that ties with no quantile."""
        at = sum(value < outcome for value in self.values)  # it lies above so many of them
        low, high = (0.0, *self.levels, 1.0)[at], (0.0, *self.levels, 1.0)[at + 1]
        x, scale, _ = self._scaled()
        if (at < len(self.values) and math.isinf(self.values[at])) or not x or x[-1] <= x[0]:
            return (low + high) / 2  # nothing tells where between them
        edge = _EDGE * (high - low)
        if outcome <= _LEAST[scale]:
            return low + edge
        y, z = scale(outcome), _scores(tuple(self.levels[: len(x)]))
        if 0 < at < len(x):
            found = z[at - 1] + (y - x[at - 1]) / (x[at] - x[at - 1]) * (z[at] - z[at - 1])
        else:
            end = 0 if at == 0 else -1
            found = z[end] + (y - x[end]) * (z[-1] - z[0]) / (x[-1] - x[0])
        return min(max(_NORMAL.cdf(found), low + edge), high - edge)

    def value_at(self, level: float) -> float:
        """Return the value at a level between 0 and 1, never negative unless a quantile is."""
        x, _, back = self._scaled()
        if not x or (len(x) < len(self.levels) and level > self.levels[len(x) - 1] + TIE):
            return math.inf
        if len(x) == 1:
            return self.values[0]
        z, wanted = _scores(tuple(self.levels[: len(x)])), _NORMAL.inv_cdf(level)
        after = next((i for i, each in enumerate(z) if each >= wanted - TIE), len(x))
        if 0 < after < len(x):
            part = (wanted - z[after - 1]) / (z[after] - z[after - 1])
            return back(x[after - 1] + part * (x[after] - x[after - 1]))
        end = 0 if after == 0 else -1
        found = back(min(x[end] + (wanted - z[end]) * (x[-1] - x[0]) / (z[-1] - z[0]), _MOST[back]))
        return found if self.values[0] < 0 else max(found, 0.0)

    def _scaled(self) -> tuple[Sequence[float], Scale, Scale]:
        """Return the finite values on their scale, that scale, and its inverse."""
        finite = [value for value in self.values if math.isfinite(value)]
        least = min(finite, default=0.0)
        scale, back = _POSITIVE if least > 0 else _COUNTS if least == 0 else _ANY
        return [scale(value) for value in finite], scale, back


@lru_cache(maxsize=64)
def _scores(levels: tuple[float, ...]) -> Sequence[float]:
    return [_NORMAL.inv_cdf(level) for level in levels]
