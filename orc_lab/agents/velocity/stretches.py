"""What really followed: stretches of the past, drawn more often the more recent and the liker to today they were."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orc_lab.agents.atoms import Atoms, Floats
from orc_lab.agents.velocity.past import Past

_FIRST = 4  # weeks before a stretch that its likeness is judged by
_REACH = 520  # weeks; what lies further back is not drawn
_FAR, _IDLE = 0.1, 0.1  # weight of a stretch that is not like today at all; part of the mean that idleness counts as


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretches:
    """Draws of whole stretches of the past.

    `like` names what makes weeks alike: pairs of the weight of the newest week in a level and the width, in units of
    the log level, at which levels are no longer alike. With `root` levels are of square roots, which a giant week
    turns less. With `scaled` a stretch is taken to today's level by the root of their ratio: as counts scatter.
    """

    half_life: float
    like: tuple[tuple[float, float], ...] = ()
    root: bool = False
    scaled: bool = False

    def atoms(self, past: Past, starts: np.ndarray, horizon: int) -> Atoms:
        """Total of `horizon` weeks from each start on, from the stretches that were over before it."""
        first, weights, scale = self._weigh(past, starts, horizon)
        return Atoms.of(past.on_grain(past.totals(horizon)[first] * scale), weights)

    def paths(self, past: Past, horizon: int, size: int, rng: np.random.Generator) -> Floats:
        """Weeks after the past, shape (size, horizon): systematic draws along the order of their totals."""
        first, weights, scale = self._weigh(past, np.array([len(past.weeks)]), horizon)
        below = np.cumsum(weights[0]) / weights[0].sum()
        drawn = np.searchsorted(below, (np.arange(size) + rng.random()) / size).clip(max=len(first) - 1)
        weeks = past.weeks[first[drawn][:, None] + np.arange(horizon)]
        return past.on_grain(weeks * scale[0, drawn][:, None])

    def _weigh(self, past: Past, starts: np.ndarray, horizon: int) -> tuple[np.ndarray, Floats, Floats]:
        """First weeks of stretches, (k,) by rising total; weight and scale of each at each start, (starts, k)."""
        first = np.arange(max(_FIRST, starts[0] - horizon - _REACH), starts[-1] - horizon + 1)
        first = first[np.argsort(past.totals(horizon)[first], kind="stable")]
        over = starts[:, None] - horizon - first  # weeks between the end of a stretch and the start
        usable = (over >= 0) & (over < _REACH)
        weights = 0.5 ** ((starts[-1] - first) / self.half_life) * usable
        if self.like:
            apart = sum(self._apart(past, starts, first, alpha, width) for alpha, width in self.like)
            weights *= np.exp(-0.5 * np.asarray(apart)) + _FAR
        return first, weights, self._scale(past, starts, first)

    def _apart(self, past: Past, starts: np.ndarray, first: np.ndarray, alpha: float, width: float) -> Floats:
        level, idle = past.level(alpha, root=self.root), _IDLE * past.mean(root=self.root)[starts - 1]
        now = (level[starts - 1] + idle)[:, None]
        return np.asarray((np.log((level[first - 1] + idle[:, None]) / now) / width) ** 2)

    def _scale(self, past: Past, starts: np.ndarray, first: np.ndarray) -> Floats:
        if not self.scaled:
            return np.ones((len(starts), len(first)))
        level, idle = past.level(self.like[-1][0], root=True), _IDLE * past.mean(root=True, worked=True)[starts - 1]
        return np.asarray((level[starts - 1] + idle)[:, None] / (level[first - 1] + idle[:, None]))
