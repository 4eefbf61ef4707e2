"""The methods to beat. Each is as good as its description allows, and knows no more than the others."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from orc_lab.agents.atoms import Floats
from orc_lab.agents.backtest.scores import LEVELS

RATIOS = 50  # the last ratios that evidence-based scheduling draws from
WEEKS = 12  # that a bootstrap draws from
_MADE_UP = 4.0 ** np.linspace(-1, 1, 9)  # ratios of somebody new, beside their own until those are fifty
_FEWEST = 30  # finished tasks, under which no line is drawn
_DRAWS = 2000
_FARTHEST = 520  # weeks, after which nothing is promised

Counts = npt.NDArray[np.int64]


def ratio_50(ratios: Floats, known: Counts, estimates: Floats) -> Floats:
    """Own estimate × the distribution of the last 50 actual ÷ estimate (J. Spolsky, Evidence Based Scheduling, 2007).

    `ratios` of finished tasks in order of completion, `known` how many of them a forecast knows. Shape (forecasts,
    LEVELS); quantiles are values that occurred, which scores better here than interpolating.
    """
    table = {
        count: np.quantile(recent(ratios[:count]), LEVELS, method="inverted_cdf") for count in np.unique(known).tolist()
    }
    return np.array([table[count] for count in known.tolist()]).reshape(-1, len(LEVELS)) * estimates[:, None]


def recent(ratios: Floats) -> Floats:
    """The last fifty ratios; while there are fewer, nine made-up ones from ¼ to 4 beside them, as the source advises.

    Without those the baseline would be weaker, and ours look better than it is.
    """
    return ratios[-RATIOS:] if len(ratios) >= RATIOS else np.concatenate([_MADE_UP, ratios])


def log_linear(x: Floats, y: Floats, known: Counts, wanted: Floats, otherwise: Floats) -> Floats:
    """Least squares of ln actual on ln estimate, all of the past, normal residuals. Shape (forecasts, LEVELS), hours.

    `x` and `y` are logarithms of finished tasks in order of completion, `wanted` the logarithms of the estimates;
    `otherwise` stands where fewer than thirty are known.
    """
    sums = [np.concatenate([[0.0], np.cumsum(each)])[known] for each in (x, y, x * x, x * y, y * y)]
    n = np.maximum(known, 1).astype(np.float64)
    mx, my = sums[0] / n, sums[1] / n
    sxx, sxy, syy = sums[2] - n * mx * mx, sums[3] - n * mx * my, sums[4] - n * my * my
    slope = np.where(sxx > 1e-9, sxy / np.where(sxx > 1e-9, sxx, 1.0), 0.0)
    left = np.maximum(syy - slope * sxy, 0.0) / np.maximum(n - 2, 1.0)
    apart = wanted - mx
    spread = np.sqrt(left * (1 + 1 / n + np.where(sxx > 1e-9, apart**2 / np.where(sxx > 1e-9, sxx, 1.0), 0.0)))
    scores = np.array([NormalDist().inv_cdf(level) for level in LEVELS])
    found = np.exp((my + slope * apart)[:, None] + spread[:, None] * scores)
    return np.where((known >= _FEWEST)[:, None], found, otherwise)


def sum_ratio_50(ratios: Floats, estimates: Floats, rng: np.random.Generator) -> Floats:
    """Quantiles of a sum at LEVELS: independent draws of the last ratios, one a task."""
    return np.asarray(np.quantile(rng.choice(recent(ratios), (_DRAWS, len(estimates))) @ estimates, LEVELS))


def bootstrap_weeks(history: Floats, horizons: Sequence[int], rng: np.random.Generator) -> Floats:
    """Totals of the next weeks, each drawn from the last twelve. Shape (horizons, LEVELS)."""
    drawn = rng.choice(history[-WEEKS:], (_DRAWS, max(horizons))).cumsum(axis=1)
    return np.asarray(np.quantile(drawn[:, np.asarray(horizons) - 1], LEVELS, axis=0).T)


def average_rate(done_a_week: Floats, count: int) -> float:
    """Days until `count` todos are done at the mean pace of the last twelve weeks; infinite where nothing was done."""
    pace = float(done_a_week[-WEEKS:].mean()) if len(done_a_week) else 0.0
    return 7 * count / pace if pace > 0 else np.inf


def monte_carlo(done_a_week: Floats, count: int, levels: Sequence[float], rng: np.random.Generator) -> Floats:
    """Days until `count` todos are done: weeks drawn from the last twelve until they are enough, evenly within a week.

    The textbook throughput simulation (Vacanti, Actionable Agile Metrics). Infinite where nothing was done.
    """
    last_weeks = done_a_week[-WEEKS:]
    if not last_weeks.sum() > 0:
        return np.full(len(levels), np.inf)
    most = min(_FARTHEST, int(np.ceil(8 * count / last_weeks.mean())) + WEEKS)
    total = rng.choice(last_weeks, (_DRAWS, most)).cumsum(axis=1)
    week = (total < count).sum(axis=1)
    rows, last = np.arange(_DRAWS), np.minimum(week, most - 1)
    before = np.where(last > 0, total[rows, last - 1], 0.0)
    part = (count - before) / np.maximum(total[rows, last] - before, 1e-9)
    taken = np.where(week < most, 7 * (last + np.clip(part, 0.0, 1.0)), np.inf)
    return np.sort(taken)[np.minimum((np.asarray(levels) * _DRAWS).astype(np.int64), _DRAWS - 1)]
