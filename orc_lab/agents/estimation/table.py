"""Forecasts of many tasks being collected, one row a task."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from orc_lab.agents.atoms import Atoms, Floats
from orc_lab.agents.estimation.past import significant
from orc_lab.agents.estimation.similar import Codes
from orc_lab.agents.estimation.task import Task
from orc_lab.agents.forecast import Basis, label

MIN_FINISHED = 30  # below, nothing measured beats a person's own estimate as the middle


class Table:
    """Quantiles, basis and n of each task, and where its outcome fell."""

    def __init__(self, size: int, levels: tuple[float, ...]) -> None:
        self.levels = levels
        self.quantiles = np.full((size, len(levels)), np.nan)
        self.below, self.upto = np.full(size, np.nan), np.full(size, np.nan)
        self.basis = np.full(size, Basis.TOO_LITTLE.value, dtype=object)
        self.n = np.zeros(size, dtype=np.int64)

    def fill(self, rows: Codes, tasks: Sequence[Task], atoms: Atoms, n: int) -> None:
        """Write the forecasts of some tasks, all with an estimate or all without; `n` finished ones are behind them."""
        estimate = np.array([task.estimate for task in tasks])
        estimated = bool(np.isfinite(estimate[0]))
        values = atoms.quantiles(self.levels)
        if estimated and n < MIN_FINISHED:
            values = _own_middle(values, np.exp(estimate), self.levels)
        known = Basis.HISTORY if estimated else Basis.SIMILAR
        self.quantiles[rows] = significant(values)
        self.basis[rows] = (known if n >= MIN_FINISHED else Basis.PRIOR).value
        self.n[rows] = n
        self.below[rows], self.upto[rows] = atoms.interval(np.exp([task.actual for task in tasks]))

    def frame(self, index: pd.Index) -> pd.DataFrame:
        """Quantiles, basis, n."""
        names = [label(level) for level in self.levels]
        frame = pd.DataFrame(self.quantiles, columns=names, index=index)
        return frame.assign(basis=pd.Series(self.basis, index=index, dtype="str"), n=self.n)

    def outcomes(self, index: pd.Index) -> pd.DataFrame:
        """P(Y < actual) and P(Y ≤ actual)."""
        return pd.DataFrame({"below": self.below, "upto": self.upto}, index=index)


def _own_middle(values: Floats, estimate: Floats, levels: tuple[float, ...]) -> Floats:
    """Quantiles whose median is the person's own estimate; the others stay on their sides of it."""
    level, middle = np.array(levels), estimate[:, None]
    lower, upper = np.minimum(values, middle), np.maximum(values, middle)
    return np.where(level < 0.5, lower, np.where(level > 0.5, upper, middle))
