"""The forecast of a task: three opinions, thrown together in equal parts.

similar  a line through (ln estimate, ln actual) with its residuals, and the ratios of similar tasks
ratios   the ratios of the tasks that share leaves of the forest with it, times the estimate
hours    the hours of those tasks as they were, the nearer in estimate the more

Pooled distributions are better than the best of them, and what is wrong with one is diluted (Stone, 1961).
"""

from __future__ import annotations

import numpy as np

from orc_lab.agents.atoms import Atoms, Floats

_REACH, _FAR = 0.5, 0.02  # ln estimates this far apart are like each other; others count a fiftieth
_LEAST = 1e-7  # a weight below is none
SHARPER = 1 / 6  # with it the bands of tasks just made hold 80% of times; those of tasks that wait do without


def pooled(
    similar: Atoms, estimate: Floats, past: tuple[Floats, Floats], weights: Floats, forest: float = 1.0
) -> Atoms:
    """Throw the opinions together.

    `similar` has a row a task, `estimate` is ln hours (tasks,), `past` the ln estimates and ln actuals of the finished
    tasks (n,), `weights` their likeness (tasks, n). `forest` is what the two opinions of the forest count for: less
    than 1 where few of its tasks tell how the person works now.
    """
    weights = weights / _sum(weights)
    weights = np.where(weights > _LEAST, weights, 0.0)
    width = int((weights > 0).sum(axis=1).max())
    near = np.sort(np.argsort(-weights, axis=1, kind="stable")[:, :width], axis=1)
    weight = np.take_along_axis(weights, near, axis=1)
    weight /= _sum(weight)
    was, took = past[0][near], past[1][near]
    close = weight * (np.exp(-0.5 * ((estimate[:, None] - was) / _REACH) ** 2) + _FAR)
    values = [similar.values, np.exp(estimate[:, None] + took - was), np.exp(took)]
    close *= forest / _sum(close)
    parts = [(3 - 2 * forest) * np.diff(similar.below, axis=1, prepend=0.0), forest * weight, close]
    return Atoms.of(np.concatenate(values, axis=1), np.concatenate(parts, axis=1))


def _sum(rows: Floats) -> Floats:
    """Of each row, one after the other: zeros in between, and so what else is asked about, make no difference."""
    return np.asarray(np.cumsum(rows, axis=1)[:, -1:])
