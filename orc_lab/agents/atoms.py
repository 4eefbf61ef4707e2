"""A predictive distribution as weighted values ("atoms"), many at once, one a row.

People estimate and log in round numbers, so a forecast keeps the values that really occurred and smears nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

TIE = 1e-9  # relative: exp(log(x)) differs from x by less
_LEFT_ATOMS = 48  # of what is left then, however many a forecast has
_LEFT_OF_SPENT = 0.25  # where all of a forecast is spent already, a quarter more is the middle guess


def normal_scores(count: int) -> Floats:
    """Return `count` equally likely values of the standard normal, shape (count,)."""
    return np.array([NormalDist().inv_cdf((i + 0.5) / count) for i in range(count)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Atoms:
    """Rows of distributions: `values` ascending in each row, `below` their cumulative weights; both (rows, k)."""

    values: Floats
    below: Floats

    @classmethod
    def of(cls, values: Floats, weights: Floats) -> Atoms:
        """Sort each row; weights (same shape as values) need not sum to one but must be positive somewhere."""
        order = np.argsort(values, axis=1, kind="stable")
        below = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
        return cls(values=np.take_along_axis(values, order, axis=1), below=below / below[:, -1:])

    @classmethod
    def stacked(cls, parts: Sequence[Atoms]) -> Atoms:
        """Several as one; shorter rows end with their last value again, of no weight."""
        if len(parts) == 1:
            return parts[0]
        shape = sum(len(part.values) for part in parts), max(part.values.shape[1] for part in parts)
        values, below, at = np.empty(shape), np.ones(shape), 0
        for part in parts:
            to, width = at + len(part.values), part.values.shape[1]
            values[at:to, :width], below[at:to, :width] = part.values, part.below
            values[at:to, width:] = part.values[:, -1:]
            at = to
        return cls(values=values, below=below)

    def rows(self) -> list[Atoms]:
        """Each row by itself."""
        return [Atoms(values=self.values[i : i + 1], below=self.below[i : i + 1]) for i in range(len(self.values))]

    def quantiles(self, levels: Sequence[float]) -> Floats:
        """Smallest atoms at which the cumulative weight reaches each level, shape (rows, levels)."""
        at = [(self.below < level - TIE).sum(axis=1) for level in levels]
        index = np.minimum(np.stack(at, axis=1), self.values.shape[1] - 1)
        return np.take_along_axis(self.values, index, axis=1)

    def snapped(self, step: float) -> Atoms:
        """The same with values on the multiples of a step, from one on; unchanged for step 0."""
        if not step:
            return self
        steps = np.floor(self.values / step + 0.5 + TIE)  # halves up, also where rounding errors put them below
        return Atoms(values=np.maximum(steps, 1.0) * step, below=self.below)

    def sharpened(self, part: float) -> Atoms:
        """The same values with more weight in the middle: F becomes (1 − part)·F + part·(3F² − 2F³).

        A pool of forecasts that each hold is wider than it should be (Gneiting & Ranjan, Electronic Journal of
        Statistics 2013, who transform it by a beta distribution; this is a mixture of two of those).
        """
        f = self.below
        return Atoms(values=self.values, below=(1 - part) * f + part * f * f * (3 - 2 * f))

    def interval(self, outcomes: Floats) -> tuple[Floats, Floats]:
        """Return P(Y < y) and P(Y ≤ y) of each row's outcome, two arrays of shape (rows,)."""
        weights = np.diff(self.below, axis=1, prepend=0.0)
        y = outcomes[:, None]
        return (
            np.where(self.values < y * (1 - TIE), weights, 0.0).sum(axis=1),
            np.where(self.values <= y * (1 + TIE), weights, 0.0).sum(axis=1),
        )

    def sample(self, size: int, rng: np.random.Generator) -> Floats:
        """Independent draws, shape (size, rows)."""
        uniform = rng.random((size, len(self.values)))
        out = np.empty_like(uniform)
        for row, (values, below) in enumerate(zip(self.values, self.below, strict=True)):
            out[:, row] = values[np.minimum(np.searchsorted(below, uniform[:, row]), len(values) - 1)]
        return out

    def left_after(self, spent: Floats) -> Atoms:
        """The distribution of what is left once `spent` (rows,) is known to be used up: Y − spent given Y > spent.

        Where everything foreseen is spent already, the rest is lognormal around a quarter of it.
        """
        weights = np.diff(self.below, axis=1, prepend=0.0)
        alive = np.where(self.values > spent[:, None] * (1 + TIE), weights, 0.0)
        left = np.maximum(self.values - spent[:, None], 0.0)
        gone = alive.sum(axis=1) < TIE
        scores = normal_scores(min(_LEFT_ATOMS, self.values.shape[1]))
        left[gone, : len(scores)] = _LEFT_OF_SPENT * spent[gone, None] * np.exp(0.8 * scores)
        alive[gone, : len(scores)] = 1.0
        return Atoms.of(left, alive)


def share_in_band(low: Floats, high: Floats, nominal: float) -> Floats:
    """How much of each outcome lies in its central band, from P(Y < y) and P(Y ≤ y), each 0…1.

    A tie with an edge counts by the part of its probability inside the band, which is exact on average for a
    calibrated forecast (the randomised PIT of Czado, Gneiting & Held, Biometrics 2009, without the dice).
    """
    tail = (1 - nominal) / 2
    width = high - low
    inside = np.clip(np.minimum(high, 1 - tail) - np.maximum(low, tail), 0.0, None)
    point = ((low >= tail - TIE) & (low <= 1 - tail + TIE)).astype(float)
    return np.where(width > TIE, inside / np.where(width > TIE, width, 1.0), point)
