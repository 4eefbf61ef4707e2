"""The past weeks of a person as every model of the next ones reads them: normal weeks, their levels, their grain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import pandas as pd

from orc_lab.agents.atoms import Floats

MIN_WEEKS = 12  # of history; with fewer a forecast is mostly assumption
_HOLIDAY = 1 / 3  # of a normal capacity, or less, tells nothing about the rate: Monday to Friday off leave 2 in 7
_GRAIN_WEEKS, _GRAIN_KINDS = 12, 4  # worked weeks, and different values among them, before a grain is believed
_SAME = 1e-6  # relative: what division leaves of a multiple
_BLOCK = 64  # weeks summed at once


def normal_weeks(
    weekly_history: Sequence[float] | pd.Series | Floats,
    past_capacity: Sequence[float] | pd.Series | Floats | None = None,
) -> Floats:
    """History as if each week had its normal capacity; weeks mostly off (_HOLIDAY) or with no number are left out."""
    history = np.asarray(weekly_history, dtype=np.float64)
    factor = np.ones(len(history)) if past_capacity is None else np.asarray(past_capacity, dtype=np.float64)
    kept = np.isfinite(history) & (factor > _HOLIDAY)
    return np.maximum(history[kept], 0.0) / factor[kept]


def decayed(values: Floats, alpha: float) -> Floats:
    """Running sums along the first axis in which all that came before weighs 1 − alpha at each step; same shape."""
    flat = values.reshape(len(values), -1)
    out = np.empty_like(flat)
    inside, carried = _fading(alpha)
    total = np.zeros(flat.shape[1])
    for start in range(0, len(flat), _BLOCK):
        block = flat[start : start + _BLOCK]
        out[start : start + _BLOCK] = inside[: len(block), : len(block)] @ block + carried[: len(block)] * total
        total = out[start + len(block) - 1]
    return out.reshape(values.shape)


@lru_cache(maxsize=16)
def _fading(alpha: float) -> tuple[Floats, Floats]:
    """What each week of a block keeps in every later one of it, and what a block keeps of all before it."""
    lag = np.arange(_BLOCK)[:, None] - np.arange(_BLOCK)
    inside = np.where(lag >= 0, (1 - alpha) ** np.maximum(lag, 0), 0.0)
    return inside.astype(np.float64), (1 - alpha) ** np.arange(1.0, _BLOCK + 1)[:, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Normal weeks, oldest first, shape (n,), and the grain their values are multiples of (0 where there is none)."""

    weeks: Floats
    grain: float
    _levels: dict[tuple[float, bool], Floats] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, weeks: Floats) -> Past:
        """The past of `normal_weeks`."""
        return cls(weeks=weeks, grain=_grain(weeks))

    def level(self, alpha: float, *, root: bool = False) -> Floats:
        """Exponentially weighted mean of each week and those before it, of square roots if so asked; shape (n,)."""
        if (alpha, root) not in self._levels:
            values = np.sqrt(self.weeks) if root else self.weeks
            self._levels[alpha, root] = decayed(values, alpha) / decayed(np.ones(len(values)), alpha)
        return self._levels[alpha, root]

    def mean(self, *, root: bool = False, worked: bool = False) -> Floats:
        """Plain mean of each week and all before it, or of the worked ones among them; shape (n,)."""
        values = np.sqrt(self.weeks) if root else self.weeks
        count = np.maximum(np.cumsum(values > 0), 1) if worked else np.arange(1, len(values) + 1)
        return np.asarray(np.cumsum(values) / count)

    def totals(self, horizon: int) -> Floats:
        """What every stretch of `horizon` weeks brought, by its first week; shape (n − horizon + 1,), at least 0."""
        if len(self.weeks) < horizon:
            return np.empty(0)
        return np.asarray(np.lib.stride_tricks.sliding_window_view(self.weeks, horizon).sum(axis=1))

    def on_grain(self, values: Floats) -> Floats:
        """Amounts rounded to the grain of this past; a little stays one grain, not nothing."""
        if not self.grain:
            return values
        near = np.floor(values / self.grain + 0.5 - _SAME)
        return np.where(values > 0, np.maximum(near, 1.0), 0.0) * self.grain


def _grain(weeks: Floats) -> float:
    """Greatest common divisor: 1 for todos, a quarter where hours are written in quarters; 0 for too few weeks."""
    worked = weeks[weeks > 0]
    kinds = np.unique(worked)
    if len(worked) < _GRAIN_WEEKS or len(kinds) < _GRAIN_KINDS:
        return 0.0
    grain = float(kinds[0])
    for kind in kinds[1:].tolist():
        grain = _divisor(kind, grain)
        if grain < _SAME * kinds[-1]:
            return 0.0
    return grain


def _divisor(a: float, b: float) -> float:
    """Euclid's algorithm for numbers that are multiples of something but for rounding."""
    limit = _SAME * a
    while b > limit:
        a, b = b, abs(a - b * round(a / b))
    return a
