"""The error that the tasks of one plan share: the hours of one plan run over together.

Each scenario multiplies independent draws by exp(σ·T), T Student's with 5 degrees of freedom scaled to unit variance;
σ comes from how far blocks of finished tasks missed beyond what independent draws explain.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from orc_lab.agents.atoms import Floats
from orc_lab.agents.estimation.similar import WINDOW, Codebook, Codes, arrays, from_actuals, from_estimates, relevance
from orc_lab.agents.estimation.task import Task

_BLOCKS = (10, 20, 50)  # tasks summed to see how far whole plans have missed
_BLOCK_TASKS = 1000  # finished tasks looked back on for that
_SD, _WORTH = 0.2, 20.0  # where σ starts from, and how many blocks that is worth
_T_DEGREES = 5.0
_DRAWS = 200


def factors(sd: float, size: int, rng: np.random.Generator) -> Floats:
    """What each scenario's hours are multiplied by, shape (size,)."""
    return np.asarray(np.exp(sd * rng.standard_t(_T_DEGREES, size) * np.sqrt(1 - 2 / _T_DEGREES)))


def measured(tasks: Sequence[Task]) -> float:
    """σ from finished tasks in order of completion.

    Each is forecast again from what was completed before the day it was made; tasks done on that day are left out
    (nobody plans with them), and so are those of which nothing was known then, not even an estimate.
    """
    start = max(0, len(tasks) - _BLOCK_TASKS)
    recent = tasks[max(0, start - WINDOW) :]
    start = len(recent) - min(len(recent), _BLOCK_TASKS)
    simulated = np.zeros((_DRAWS, len(recent)))
    rng = np.random.default_rng(0)
    whole = arrays(recent, Codebook())
    for rows, known in planned(recent, start):
        past, wanted = whole.take(slice(max(0, known - WINDOW), known)), whole.take(rows)
        weight, rated, estimated = (
            relevance(past, at_once=True),
            np.isfinite(past.estimate),
            np.isfinite(wanted.estimate),
        )
        if estimated.any():
            atoms = from_estimates(past.take(rated), weight[rated], wanted.take(estimated))
            simulated[:, rows[estimated]] = atoms.sample(_DRAWS, rng)
        if known and not estimated.all():
            simulated[:, rows[~estimated]] = from_actuals(past, weight, wanted.take(~estimated)).sample(_DRAWS, rng)
    kept = [index for index in range(start, len(recent)) if simulated[0, index] > 0]
    return _missing(simulated[:, kept], np.exp([recent[index].actual for index in kept]))


def planned(tasks: Sequence[Task], start: int) -> Iterator[tuple[Codes, int]]:
    """Positions from `start` on of tasks not done at once, by how many were completed before they were made."""
    done = np.array([task.done for task in tasks])
    later = np.array([index for index in range(start, len(tasks)) if not tasks[index].at_once], dtype=np.int64)
    known = np.searchsorted(done, [tasks[index].made for index in later], side="left")
    for count in np.unique(known):
        yield later[known == count], int(count)


def _missing(simulated: Floats, actual: Floats) -> float:
    """What is missing in the spread of ln(sum) over blocks of tasks; `simulated` (draws, tasks), `actual` (tasks,).

    σ² = max(0, [k·σ₀² + ½Σ(e² − s²)] ÷ [k + ½N]): e the log error of a block, clipped at 3√(s² + σ₀²), s the standard
    deviation that independent draws give it. The halves are for blocks that overlap by half.
    """
    totals = np.cumsum(np.pad(simulated, ((0, 0), (1, 0))), axis=1)
    truth = np.cumsum(np.pad(actual, (1, 0)))
    missing, blocks = 0.0, 0
    for size in _BLOCKS:
        starts = np.arange(0, len(actual) - size + 1, size // 2)
        logs = np.log(totals[:, starts + size] - totals[:, starts])
        s2 = logs.var(axis=0)
        limit = 3 * np.sqrt(s2 + _SD**2)
        error = np.clip(np.log(truth[starts + size] - truth[starts]) - np.median(logs, axis=0), -limit, limit)
        missing, blocks = missing + float((error**2 - s2).sum()), blocks + len(starts)
    variance = (_WORTH * _SD**2 + missing / 2) / (_WORTH + blocks / 2)
    return float(np.sqrt(max(0.0, variance)))
