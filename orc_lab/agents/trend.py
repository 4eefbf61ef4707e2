"""Is a weekly number rising or falling? A slope that one odd week can't turn, with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, nan, sqrt

import numpy as np

from orc_lab.agents.atoms import Floats
from orc_lab.agents.forecast import figure

_Z90 = 1.644854
_MIN_STEPS = 5  # with four points even a perfect order is not rare by chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Slope a `step` (a week) with its 90% interval (NaN under five steps), over `n` steps."""

    unit: str
    slope: float
    low: float
    high: float
    n: int
    step: str = "week"

    @property
    def direction(self) -> str:
        """Rising, falling, "no evidence of a trend" or "too little data"."""
        if isnan(self.slope):
            return "too little data"
        return "rising" if self.low > 0 else "falling" if self.high < 0 else "no evidence of a trend"

    @property
    def sentence(self) -> str:
        """For a page."""
        if isnan(self.slope):
            return f"too few {self._steps} for a trend ({self.n} of {_MIN_STEPS})"
        slope, low, high = (_signed(value) for value in (self.slope, self.low, self.high))
        if slope == low == high == "0":
            return f"{self.direction} (under 0.01 {self.unit} {self._each})"
        return f"{self.direction} ({slope} {self.unit} {self._each}, 90% between {low} and {high})"

    @property
    def _steps(self) -> str:
        return f"{self.step}s" if self.step.isalpha() else f"steps of {self.step}"

    @property
    def _each(self) -> str:
        return f"each {self.step}" if self.step.isalpha() else f"every {self.step}"

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON; None for NaN."""
        numbers = {"slope": self.slope, "low": self.low, "high": self.high}
        plain = {key: None if isnan(value) else value for key, value in numbers.items()}
        return {**plain, "n": self.n, "step": self.step, "direction": self.direction, "sentence": self.sentence}


def _signed(value: float) -> str:
    text = figure(value, sign=True)
    return text if text.strip("+-") != "0" else "0"


def trend(values: Floats, *, unit: str = "", step: str = "week") -> Trend:
    """Theil–Sen slope of equally spaced values with Sen's 90% interval (P. K. Sen, JASA 1968, with ties)."""
    n = len(values)
    if n < _MIN_STEPS:
        return Trend(unit=unit, slope=nan, low=nan, high=nan, n=n, step=step)
    first, second = np.triu_indices(n, 1)
    slopes = np.sort((values[second] - values[first]) / (second - first))
    ties = np.unique(values, return_counts=True)[1].astype(float)
    variance = (n * (n - 1) * (2 * n + 5) - (ties * (ties - 1) * (2 * ties + 5)).sum()) / 18
    reach = _Z90 * sqrt(max(variance, 0.0))
    low = max(0, int(np.floor((len(slopes) - reach) / 2)) - 1)
    high = min(len(slopes) - 1, int(np.ceil((len(slopes) + reach) / 2)))
    return Trend(
        unit=unit, slope=float(np.median(slopes)), low=float(slopes[low]), high=float(slopes[high]), n=n, step=step
    )  # fmt: skip
