"""How a person's own forecasts have missed so far, and a forecast corrected by that.

Each past forecast leaves the interval [F(y−), F(y)] of the level at which the truth came in, its PIT. Were the
forecasts right, these would be spread evenly; how they are spread instead, mixed with an even spread worth SHRINK
forecasts, says which level of the next forecast deserves to be called P80. What hasn't come true yet is known to lie
above the level of the time that has passed: a censored observation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from orc_lab.agents.atoms import Floats

SHRINK = 20.0  # past forecasts that the assumption of no error is worth
_HALF_LIFE = 730.0  # days for which an error is remembered by half
_LEVELS = np.linspace(0.0, 1.0, 401)
_ROUNDS = 8
_WIDTH = 0.004  # of a level that looks exact: scenarios are finite


@dataclass(frozen=True, slots=True)
class Record:
    """The levels `low` … `high` at which past forecasts came true, above `low` where one hasn't yet (`high` is NaN).

    `weight` is how many independent forecasts of late each is worth; shapes (forecasts,).
    """

    low: Floats
    high: Floats
    weight: Floats
    shrink: float

    @classmethod
    def of(
        cls,
        scenarios: Floats,
        truth: Floats,
        elapsed: Floats,
        step: float,
        *,
        relevance: Floats | None = None,
        shrink: float = SHRINK,
    ) -> Record:
        """What forecasts have shown after `elapsed` days each; `scenarios` (forecasts, size), rows rising.

        Forecasts `step` days apart that look further ahead than that share their outcomes, and weigh less; `relevance`
        (forecasts,) is a further weight.
        """
        known = truth < elapsed
        low, upto = levels(scenarios, np.where(known, truth, elapsed))
        low = np.minimum(low, 1 - _WIDTH)
        high = np.where(known, np.maximum(upto, low + _WIDTH), np.nan)
        median = scenarios[:, scenarios.shape[1] // 2]
        weight = step / np.maximum(step, median + 1) * 0.5 ** (elapsed / _HALF_LIFE)
        return cls(low, high, weight if relevance is None else weight * relevance, shrink)

    def spread(self) -> Floats:
        """P(level ≤ ·) at _LEVELS: where truths fall among the levels promised, shrunk to evenly.

        What hasn't come true is spread over the levels above as the others are, by iteration (the self-consistency of
        B. Efron, 1967).
        """
        known = np.isfinite(self.high)
        low, high, weight = self.low[known], self.high[known], self.weight[known]
        seen = self.shrink * _LEVELS + weight @ np.clip((_LEVELS - low[:, None]) / (high - low)[:, None], 0.0, 1.0)
        spread, total = _LEVELS, self.shrink + self.weight.sum()
        low, weight = self.low[~known, None], self.weight[~known]
        for _ in range(_ROUNDS if len(low) else 1):
            passed = np.interp(low, _LEVELS, spread)
            rest = np.maximum(1 - passed, 1e-9)
            spread = (seen + weight @ np.clip((spread - passed) / rest, 0.0, 1.0)) / total
        return np.asarray(spread / spread[-1])

    def correct(self, scenarios: Floats) -> Floats:
        """Scenarios (size,), rising, moved to where past errors say they belong."""
        at = (np.arange(len(scenarios)) + 0.5) / len(scenarios)
        return np.interp(np.interp(at, self.spread(), _LEVELS), at, scenarios)


def levels(scenarios: Floats, value: Floats) -> tuple[Floats, Floats]:
    """P(Y < value) and P(Y ≤ value) of each row's forecast; `scenarios` (rows, size), `value` (rows,)."""
    return (scenarios < value[:, None]).mean(axis=1), (scenarios <= value[:, None]).mean(axis=1)


def nearest_days(scenarios: Floats, wanted: Sequence[float]) -> list[float]:
    """The whole day whose chance of being late enough is nearest to each level, from whole days (size,), rising.

    The first day that reaches a level would hold more often than it promises wherever much is done in one day.
    """
    days = []
    for level in wanted:
        day = scenarios[min(int(np.ceil(level * len(scenarios) - 1e-9)) - 1, len(scenarios) - 1)]
        below, upto = np.searchsorted(scenarios, day) / len(scenarios), np.searchsorted(scenarios, day, "right")
        early = day > 0 and level - below < upto / len(scenarios) - level
        days.append(float(day - 1 if early else day))
    return days
