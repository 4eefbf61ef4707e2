"""Parameters that start at a shipped value worth `worth` observations and move with each one, recent ones more.

States are plain JSON: counts and sums, so that what an action did can be told, and taken back by folding again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log
from typing import Any

import numpy as np

State = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogMean:
    """A geometric mean: exp[(k·ln m₀ + Σw·ln x) ÷ (k + Σw)].

    m₀ is `shipped`, k `worth`; w halves with every `half_life` later observations. Observations are clipped to
    `low` … `high`, so that a giant outlier counts no more than a large value. This is the posterior mean of ln x under
    a normal prior whose variance is that of the data ÷ k.
    """

    shipped: float
    worth: float
    half_life: float
    low: float
    high: float

    def begin(self) -> State:
        """Nothing observed."""
        return {"n": 0, "weight": 0.0, "sum": 0.0}

    def add(self, state: State, value: float) -> State:
        """One more observation."""
        keep = 0.5 ** (1 / self.half_life)
        x = log(min(max(value, self.low), self.high))
        return {"n": state["n"] + 1, "weight": keep * state["weight"] + 1.0, "sum": keep * state["sum"] + x}

    def value(self, state: State) -> float:
        """The mean as far as it is known."""
        if not state["n"]:
            return self.shipped
        return exp((self.worth * log(self.shipped) + state["sum"]) / (self.worth + state["weight"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share: (k·p₀ + Σw·hit) ÷ (k + Σw), the posterior mean under a Beta(k·p₀, k·(1 − p₀)) prior.

    Counts halve in weight with every `half_life` later observations.
    """

    shipped: float
    worth: float
    half_life: float

    def begin(self) -> State:
        """Nothing observed."""
        return {"n": 0, "hits": 0.0, "misses": 0.0}

    def add(self, state: State, hits: float, misses: float) -> State:
        """One more observation of so many hits and misses."""
        keep = 0.5 ** (1 / self.half_life)
        return {"n": state["n"] + 1, "hits": keep * state["hits"] + hits, "misses": keep * state["misses"] + misses}

    def value(self, state: State) -> float:
        """The share as far as it is known."""
        if not state["n"]:
            return self.shipped
        known = state["hits"] + state["misses"]
        return float((self.worth * self.shipped + state["hits"]) / (self.worth + known))

    def counts(self, state: State) -> tuple[float, float]:
        """The Beta's two parameters."""
        k = self.worth
        return k * self.shipped + state["hits"], k * (1 - self.shipped) + state["misses"]


def logit(p: float) -> float:
    """Log-odds of a share strictly between 0 and 1."""
    return log(p / (1 - p))


def sigmoid(x: float) -> float:
    """The share with these log-odds."""
    return 1 / (1 + exp(-x))


_GRID = (np.arange(2000) + 0.5) / 2000


def p_greater(a: tuple[float, float], b: tuple[float, float]) -> float:
    """P(X > Y) of two independent Beta variables, by sums over a grid of 2,000 shares (error under .001)."""
    first, second = _masses(*a), _masses(*b)
    below = np.cumsum(second) - second / 2  # of the cell itself half lies below
    return float(min(max((first * below).sum(), 0.0), 1.0))


def _masses(alpha: float, beta: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    density = (alpha - 1) * np.log(_GRID) + (beta - 1) * np.log1p(-_GRID)
    mass = np.exp(density - density.max())
    return np.asarray(mass / mass.sum())
