"""Small regressions that start from an assumption and leave it as far as the person's own past says so.

Each coefficient has a prior mean and standard deviation; what comes back is the most likely value given both (MAP), so
that with no rows it is the assumption itself and with many it is a plain regression.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orc_lab.agents.atoms import Floats

_STEPS = 12
_LIMIT = 3.0  # a feature beyond this moves the answer no further


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """Prior means and standard deviations of the coefficients, the intercept's first."""

    means: tuple[float, ...]
    sds: tuple[float, ...]


def design(features: Floats) -> Floats:
    """Features (rows, k) clipped and led by a one, (rows, k + 1)."""
    return np.asarray(np.pad(np.clip(features, -_LIMIT, _LIMIT), ((0, 0), (1, 0)), constant_values=1.0))


def logistic(features: Floats, outcomes: Floats, weights: Floats, assumed: Assumption) -> Floats:
    """Coefficients of a logistic regression by Newton's method, (k + 1,)."""
    start, precision = np.array(assumed.means), np.array(assumed.sds) ** -2.0
    x, found = design(features), start
    for _ in range(_STEPS):
        p = chance_of(features, found)
        slope = x.T @ (weights * (p - outcomes)) + precision * (found - start)
        curve = (x * (weights * np.maximum(p * (1 - p), 1e-4))[:, None]).T @ x + np.diag(precision)
        step = np.clip(np.linalg.solve(curve, slope), -2.0, 2.0)
        found = found - step
        if np.abs(step).max() < 1e-7:
            break
    return found


def chance_of(features: Floats, coefficients: Floats) -> Floats:
    """The logistic function of the linear score, (rows,)."""
    return np.asarray(1 / (1 + np.exp(-np.clip(design(features) @ coefficients, -20.0, 20.0))))


def linear(features: Floats, outcomes: Floats, weights: Floats, assumed: Assumption, noise: float) -> Floats:
    """Coefficients of a linear regression whose errors have the standard deviation `noise`, (k + 1,)."""
    start, precision = np.array(assumed.means), np.array(assumed.sds) ** -2.0 * noise**2
    x = design(features)
    curve = (x * weights[:, None]).T @ x + np.diag(precision)
    return np.asarray(start + np.linalg.solve(curve, x.T @ (weights * (outcomes - x @ start))))
