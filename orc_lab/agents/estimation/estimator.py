"""How long todos will take: the person's own estimates, corrected by what became of earlier ones.

`Estimator().observe(finished).predict(todos)` gives quantiles of actual hours; `walk_forward(finished)` replays the
past as it would have been forecast, and `coverage_of` says how well that went.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

import numpy as np
import pandas as pd

from orc_lab.agents.atoms import Atoms, Floats, share_in_band
from orc_lab.agents.estimation.similar import (
    WINDOW,
    Codes,
    Tasks,
    arrays,
    from_actuals,
    from_estimates,
    relevance,
)
from orc_lab.agents.forecast import NOMINAL, QUANTILES, Basis, Coverage, check_levels, label

MIN_FINISHED = 30  # below, nothing measured beats a person's own estimate as the middle
DRAWS = 2000
_COLUMNS = {
    "id": "str", "created": "datetime64[us]", "completed": "datetime64[us]", "estimate_hours": "float64",
    "actual_hours": "float64", "category": "str", "project_id": "str",
}  # fmt: skip
_FACTS = ["id", "created", "completed", "estimate_hours", "actual_hours"]
_BLOCKS = (10, 20, 50)  # tasks summed to see how far whole plans have missed
_BLOCK_TASKS = 1000  # finished tasks looked back on for that
_SHARED_SD, _SHARED_BLOCKS = 0.2, 20.0  # where the shared error starts from, and how many blocks that is worth
_T_DEGREES = 5.0


@dataclass(frozen=True, eq=False)
class Estimator:
    """What a person's finished work says about open work.

    Hold one, `observe` more as it finishes, `predict`. Nothing is learned from anybody else's work.
    """

    history: pd.DataFrame = field(default_factory=lambda: _usable(pd.DataFrame()))

    def observe(self, finished: pd.DataFrame) -> Estimator:
        """Return an estimator that knows these finished tasks too; a task seen before is replaced, by its id.

        `finished` has completed (datetime), actual_hours and, where known, id, created, estimate_hours, category and
        project_id. Rows without a positive number of actual hours or a completion day are left out.
        """
        known = pd.concat([self.history, _usable(finished)])
        again = known["id"].duplicated(keep="last") & known["id"].notna()
        return Estimator(_ordered(known[~again]))

    @property
    def n(self) -> int:
        """Finished tasks known."""
        return len(self.history)

    def predict(
        self, tasks: pd.DataFrame, *, as_of: datetime | None = None, quantiles: tuple[float, ...] = QUANTILES
    ) -> pd.DataFrame:
        """Quantiles of the actual hours of each task, index as given; columns q10 … q90, basis, n.

        With `as_of`, tasks created on an earlier day are known not to be of the kind that is done at once, and finished
        tasks of that kind count less for them: their bands are wider.

        Zero, negative, missing, infinite and year-long estimates count as none: such todos are forecast from the hours
        of finished work (basis "similar work"). With under MIN_FINISHED tasks the basis is "prior" and the median is
        the person's own estimate.
        """
        past, wanted = arrays(self.history, _open(tasks, as_of))
        table = _Table(len(wanted), check_levels(quantiles))
        for rows, atoms, n in _forecasts(past, wanted):
            table.fill(rows, wanted, atoms, n)
        return table.frame(tasks.index)

    def draws(
        self,
        tasks: pd.DataFrame,
        *,
        as_of: datetime | None = None,
        size: int = DRAWS,
        seed: int = 0,
        remaining: bool = False,
    ) -> Floats:
        """Scenarios of each task's hours, shape (size, tasks), with the error that the tasks of one plan share.

        `as_of` as in `predict`; `remaining` takes off the hours already spent (`actual_hours`). Where there are ids,
        the order of rows is without effect.
        """
        rng = np.random.default_rng(seed)
        order = np.argsort(tasks["id"].to_numpy(), kind="stable") if "id" in tasks else np.arange(len(tasks))
        past, wanted = arrays(self.history, _open(tasks.iloc[order], as_of))
        out = np.zeros((size, len(tasks)))
        for rows, atoms, _ in _forecasts(past, wanted):
            spent = np.exp(np.nan_to_num(wanted.actual[rows], nan=-np.inf))
            out[:, order[rows]] = (atoms.left_after(spent) if remaining else atoms).sample(size, rng)
        shared = rng.standard_t(_T_DEGREES, size) * np.sqrt(1 - 2 / _T_DEGREES)
        out *= np.exp(self.shared_sd * shared)[:, None]
        return out

    def predict_total(
        self,
        tasks: pd.DataFrame,
        *,
        as_of: datetime | None = None,
        quantiles: tuple[float, ...] = QUANTILES,
        size: int = DRAWS,
        seed: int = 0,
        remaining: bool = False,
    ) -> dict[float, float]:
        """Quantiles of the hours of all tasks together (zero for no tasks); the options are those of `draws`."""
        total = self.draws(tasks, as_of=as_of, size=size, seed=seed, remaining=remaining).sum(axis=1)
        return dict(zip(quantiles, np.quantile(total, check_levels(quantiles)).tolist(), strict=True))

    @cached_property
    def shared_sd(self) -> float:
        """Standard deviation of the log error that the tasks of one plan share, from past blocks of finished tasks.

        Without it sums are far too narrow: nominal 80% bands of fifty tasks would hold some 60% of times. Tasks done on
        their first day are left out: nobody plans with them.
        """
        recent = self.history.tail(_BLOCK_TASKS + WINDOW)
        tasks, start = arrays(recent)[0], max(0, len(recent) - _BLOCK_TASKS)
        simulated = np.empty((200, len(recent)))
        rng = np.random.default_rng(0)
        for day, past in _days(recent, tasks, start):
            rows = day[~tasks.at_once[day]]
            for inner, atoms, _ in _forecasts(past, tasks.take(rows)):
                simulated[:, rows[inner]] = atoms.sample(len(simulated), rng)
        kept = np.flatnonzero(~tasks.at_once & (np.arange(len(recent)) >= start))
        return _shared_sd(simulated[:, kept], np.exp(tasks.actual[kept]))


def walk_forward(
    finished: pd.DataFrame, *, waited: bool = False, quantiles: tuple[float, ...] = QUANTILES
) -> pd.DataFrame:
    """Forecast each finished task from what was completed on days strictly before the day it was created.

    With `waited`, only those not done on their first day, forecast as an open task of a later day is.
    One row a task with actual hours, in order of completion, index as given. Columns: id, created, completed,
    estimate_hours, actual_hours, q10 … q90, basis, n (finished tasks known then), and below and upto: the forecast's
    P(Y < actual) and P(Y ≤ actual), its PIT with ties.
    """
    history = _ordered(_usable(finished))
    tasks = arrays(history)[0]
    table = _Table(len(tasks), check_levels(quantiles))
    for rows, past in _days(history, tasks):
        for inner, atoms, n in _forecasts(past, replace(tasks.take(rows), at_once=np.full(len(rows), not waited))):
            table.fill(rows[inner], tasks, atoms, n)
    facts = history[_FACTS]
    walk = pd.concat([facts, table.frame(history.index), table.outcomes(history.index)], axis=1)
    return walk[~tasks.at_once] if waited else walk


def coverage_of(walk: pd.DataFrame, *, nominal: float = NOMINAL) -> Coverage:
    """How often the central bands of a `walk_forward` held; a tie with an edge counts in part."""
    held = share_in_band(walk["below"].to_numpy(), walk["upto"].to_numpy(), nominal)
    return Coverage(nominal=nominal, hits=float(held.sum()), n=len(held))


class _Table:
    """Forecasts being collected, one row a task."""

    def __init__(self, size: int, levels: tuple[float, ...]) -> None:
        self.levels = levels
        self.quantiles = np.full((size, len(levels)), np.nan)
        self.below, self.upto = np.full(size, np.nan), np.full(size, np.nan)
        self.basis = np.full(size, Basis.TOO_LITTLE.value, dtype=object)
        self.n = np.zeros(size, dtype=np.int64)

    def fill(self, rows: Codes, tasks: Tasks, atoms: Atoms, n: int) -> None:
        """Write the forecasts of some rows; `n` finished tasks are behind them."""
        estimated = bool(np.isfinite(tasks.estimate[rows[0]]))
        values = atoms.quantiles(self.levels)
        if estimated and n < MIN_FINISHED:
            values = _own_middle(values, np.exp(tasks.estimate[rows]), self.levels)
        known = Basis.HISTORY if estimated else Basis.SIMILAR
        self.quantiles[rows] = _digits(values)
        self.basis[rows] = (known if n >= MIN_FINISHED else Basis.PRIOR).value
        self.n[rows] = n
        self.below[rows], self.upto[rows] = atoms.interval(np.exp(tasks.actual[rows]))

    def frame(self, index: pd.Index) -> pd.DataFrame:
        names = [label(level) for level in self.levels]
        frame = pd.DataFrame(self.quantiles, columns=names, index=index)
        return frame.assign(basis=pd.Series(self.basis, index=index, dtype="str"), n=self.n)

    def outcomes(self, index: pd.Index) -> pd.DataFrame:
        return pd.DataFrame({"below": self.below, "upto": self.upto}, index=index)


def _digits(values: Floats, count: int = 12) -> Floats:
    """Rounded to significant digits, so that 8 hours are 8 and not the exponential of their logarithm."""
    power = np.clip(np.floor(np.log10(values)), -290, 290)
    shift = 10.0 ** (count - 1 - power)
    return np.asarray(np.round(values * shift) / shift)


def _own_middle(values: Floats, estimate: Floats, levels: tuple[float, ...]) -> Floats:
    """Quantiles whose median is the person's own estimate; the others stay on their sides of it."""
    level, middle = np.array(levels), estimate[:, None]
    lower, upper = np.minimum(values, middle), np.maximum(values, middle)
    return np.where(level < 0.5, lower, np.where(level > 0.5, upper, middle))


def _forecasts(past: Tasks, wanted: Tasks) -> Iterator[tuple[Codes, Atoms, int]]:
    """Positions, distribution and finished tasks behind it, for each kind of task: estimated or not, waiting or not."""
    recent = past.take(slice(max(0, len(past) - WINDOW), None))
    rated, estimated = np.isfinite(recent.estimate), np.isfinite(wanted.estimate)
    for at_once in (True, False):
        weight = relevance(recent, at_once=at_once)
        if len(rows := np.flatnonzero(estimated & (wanted.at_once == at_once))):
            n = int(np.isfinite(past.estimate).sum())
            yield rows, from_estimates(recent.take(rated), weight[rated], wanted.take(rows)), n
        if len(rows := np.flatnonzero(~estimated & (wanted.at_once == at_once))):
            yield rows, from_actuals(recent, weight, wanted.take(rows)), len(past)


def _open(tasks: pd.DataFrame, as_of: datetime | None) -> pd.DataFrame:
    """Open tasks as the model sees them at `as_of`: not done before that day, so perhaps not done at once."""
    if as_of is None or "created" not in tasks:
        return tasks.drop(columns="completed", errors="ignore")
    return tasks.assign(completed=pd.Timestamp(as_of))


def _days(history: pd.DataFrame, tasks: Tasks, start: int = 0) -> Iterator[tuple[Codes, Tasks]]:
    """Positions from `start` on that share a past, with that past: completed on a day before they were created."""
    done = history["completed"].to_numpy().astype("datetime64[D]")
    made = history["created"].fillna(history["completed"]).to_numpy().astype("datetime64[D]")
    known = np.searchsorted(done, np.minimum(made, done), side="left")[start:]
    order = np.argsort(known, kind="stable")
    for group in np.split(order, np.flatnonzero(np.diff(known[order])) + 1):
        if len(group):
            yield group + start, tasks.take(slice(0, int(known[group[0]])))


def _usable(frame: pd.DataFrame) -> pd.DataFrame:
    """The columns that are learned from, of rows that say when and how long; absent columns are filled with NA."""
    known = pd.DataFrame(index=frame.index)
    for name, dtype in _COLUMNS.items():
        column = frame[name] if name in frame else pd.Series(index=frame.index, dtype="object")
        known[name] = column.astype(pd.api.types.pandas_dtype(dtype))
    hours = known["actual_hours"]
    usable: pd.DataFrame = known.loc[known["completed"].notna() & (hours > 0) & np.isfinite(hours)]
    return usable


def _ordered(history: pd.DataFrame) -> pd.DataFrame:
    return history.sort_values(["completed", "id"], kind="stable")


def _shared_sd(simulated: Floats, actual: Floats) -> float:
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
        limit = 3 * np.sqrt(s2 + _SHARED_SD**2)
        error = np.clip(np.log(truth[starts + size] - truth[starts]) - np.median(logs, axis=0), -limit, limit)
        missing, blocks = missing + float((error**2 - s2).sum()), blocks + len(starts)
    variance = (_SHARED_BLOCKS * _SHARED_SD**2 + missing / 2) / (_SHARED_BLOCKS + blocks / 2)
    return float(np.sqrt(max(0.0, variance)))
