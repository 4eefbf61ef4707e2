"""Weeks that are worked or not: a chance and an amount, both of which the next weeks may change.

For a start this knows least and says so: the shorter the past, the wider the level.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orc_lab.agents.atoms import Floats
from orc_lab.agents.velocity.past import Past, decayed

_SIZE_ALPHA = 0.05  # weight of the newest worked week among the amounts drawn from
_SIZE_PRIOR, _SPREAD = 4.0, 2.0  # weeks that a squared CV of 1 is worth; what of it the level's doubt is drawn from
_AMOUNTS = 12  # worked weeks; with fewer, amounts are also drawn from an exponential
_CHANCE_DRIFT, _DRIFT = 0.5, 0.15  # standard deviation of a week's step, of the chance's logit and of the log level
_DRIFTS = 12  # weeks ahead after which neither drifts on
_NEW = 12.0  # a past of so many weeks leaves half of the variance of the log level of a new one, which is 1


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkedOrNot:
    """Each week is worked with a chance, then brings the amount of some earlier worked week at today's level.

    `alpha` is the weight of the newest week in chance and level.
    """

    alpha: float

    def paths(
        self, past: Past, starts: np.ndarray, horizon: int, size: int, rng: np.random.Generator, always: bool = False
    ) -> Floats:
        """Weeks from each start on, known are those before it; shape (starts, size, horizon).

        All starts share the same dice. With `always` every week is worked.
        """
        middle, unsure = self._logit(past, starts)
        step = np.arange(horizon) < _DRIFTS
        walk = np.cumsum(_CHANCE_DRIFT * step * rng.normal(size=(size, horizon)), axis=1)
        odds = np.exp(middle[:, None, None] + unsure[:, None, None] * rng.normal(size=(size, 1)) + walk)
        amount = self._amounts(past, starts, horizon, size, rng)
        level = np.cumsum(_DRIFT * step * rng.normal(size=(size, horizon)), axis=1)
        doubt = self._doubt(past, starts)[:, None, None] * rng.normal(size=(size, 1))
        weeks = past.on_grain(amount * np.exp(doubt + level))
        return weeks if always else np.where(rng.random((size, horizon)) * (1 + odds) < odds, weeks, 0.0)

    def _logit(self, past: Past, starts: np.ndarray) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the logit of the chance that a week is worked, each (starts,).

        They are those of a beta distribution that began flat: ψ(a) − ψ(b) and √(ψ'(a) + ψ'(b)).
        """
        hits = decayed((past.weeks > 0).astype(np.float64), self.alpha)[starts - 1]
        weeks = decayed(np.ones(len(past.weeks)), self.alpha)[starts - 1]
        (hit, hit_variance), (miss, miss_variance) = _log_gamma(1 + hits), _log_gamma(1 + weeks - hits)
        return hit - miss, np.sqrt(hit_variance + miss_variance)

    def _amounts(self, past: Past, starts: np.ndarray, horizon: int, size: int, rng: np.random.Generator) -> Floats:
        """Amounts of worked weeks at today's level, shape (starts, size, horizon)."""
        worked = np.flatnonzero(past.weeks > 0)
        known = np.searchsorted(worked, starts)[:, None, None]
        keep = 1 - _SIZE_ALPHA
        ago = np.log1p(-rng.random((size, horizon)) * (1 - keep**known)) / np.log(keep)  # truncated geometric
        drawn = past.weeks[worked[np.maximum(known - 1 - np.minimum(ago.astype(int), known - 1), 0)]]
        level, usual = self._levels(past, worked[known[:, 0, 0] - 1])
        amount = drawn * (level / usual)[:, None, None]
        broad = rng.exponential(size=(size, horizon)) * level[:, None, None]
        return np.where(rng.random((size, horizon)) < known / _AMOUNTS, amount, broad)

    def _levels(self, past: Past, newest: np.ndarray) -> tuple[Floats, Floats]:
        """Mean amount of worked weeks at each newest worked one: today's, and that of the amounts drawn from."""
        worked = (past.weeks > 0).astype(np.float64)
        level = decayed(past.weeks, self.alpha)[newest] / decayed(worked, self.alpha)[newest]
        amounts = past.weeks[past.weeks > 0]
        rank = np.cumsum(past.weeks > 0)[newest] - 1
        usual = decayed(amounts, _SIZE_ALPHA) / decayed(np.ones(len(amounts)), _SIZE_ALPHA)
        return level, usual[rank]

    def _doubt(self, past: Past, starts: np.ndarray) -> Floats:
        """Standard deviation of the log level, shape (starts,): few worked weeks, uneven ones, a short past."""
        amounts = past.weeks[past.weeks > 0]
        rank = np.searchsorted(np.flatnonzero(past.weeks > 0), starts) - 1
        sums = [decayed(amounts**power, _SIZE_ALPHA)[rank] for power in (0, 1, 2)]
        spread = np.maximum(sums[0] * sums[2] / sums[1] ** 2 - 1, 0.0)  # squared coefficient of variation
        spread = (sums[0] * spread + _SIZE_PRIOR) / (sums[0] + _SIZE_PRIOR)
        hits = decayed((past.weeks > 0).astype(np.float64), self.alpha)[starts - 1]
        return np.asarray(np.sqrt(np.minimum(spread, _SPREAD) / (hits + 1) + _NEW / (starts + _NEW)))


def _log_gamma(shape: Floats) -> tuple[Floats, Floats]:
    """Mean ψ and variance ψ' of the log of a gamma variable of shape ≥ 1 (Abramowitz & Stegun 6.3.18, 6.4.12)."""
    a = 1 / shape
    return -np.log(a) - a / 2 - a**2 / 12 + a**4 / 120, a + a**2 / 2 + a**3 / 6 - a**5 / 30
