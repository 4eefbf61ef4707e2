"""The person's own estimates, corrected by what became of earlier ones: `Estimator`.

`Estimator().observe(finished).predict(todos)` gives quantiles of actual hours, `predict_total` those of their sum.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Self

import numpy as np
import pandas as pd

from orc_lab.agents.atoms import Atoms, Floats
from orc_lab.agents.estimation import habit, shared, similar
from orc_lab.agents.estimation.forest import FIRST, ROWS, Forests, grown_at
from orc_lab.agents.estimation.memory import Memory
from orc_lab.agents.estimation.past import Past, grid_of
from orc_lab.agents.estimation.pool import SHARPER, pooled
from orc_lab.agents.estimation.table import Table
from orc_lab.agents.estimation.task import DAY, UNKNOWN, Key, Task, finished_of, microsecond, tasks_of
from orc_lab.agents.forecast import QUANTILES, check_levels
from orc_lab.agents.given import table_of

DRAWS = 2000
MEMORY = 10_000  # finished tasks kept; what is older weighs nothing any more
_END = np.iinfo(np.int64).max
_TOLD = 1000  # forecasts remembered, of some 30 kB each
CHUNK = 250  # tasks forecast at once: what they need for that is 100 MB at most


class Estimator:
    """What a person's finished work says about open work.

    Hold one, `observe` more as it finishes, `predict`. Nothing is learned from anybody else's work.
    """

    def __init__(self, *, memory: int | None = MEMORY) -> None:
        self._memory = Memory(memory)
        self._codes = similar.Codebook()
        self._past = Past()
        self._forests = Forests(self._past)
        self._shared: dict[int, float] = {}
        self._asked_at, self._told = _END, dict[Key, tuple[Atoms, int]]()  # what was forecast at the last moment

    def observe(self, finished: pd.DataFrame) -> Self:
        """Learn these finished tasks too, and return this estimator; a task seen before is replaced, by its id.

        `finished` has completed (datetime), actual_hours (hours) and, where known, id, created (datetime),
        estimate_hours, category, project_id (or project), priority, title and tags (words, separated by spaces); a list
        of mappings or Series will do too. Rows without a positive number of actual hours or a completion are left out,
        and what was learned from such a task before, by its id, is forgotten. Raises InvalidValue for rows without
        those two columns, for a column that is there twice, and for what is no time or no number.
        """
        tasks, gone = finished_of(finished)
        first = self._memory.add(tasks, gone)
        self._told = {}
        self._shared = {size: sd for size, sd in self._shared.items() if size <= self._memory.forgotten + first}
        if (excess := self._memory.excess) > first:
            self._begin(excess)
            return self
        rated = self._past.forgotten + sum(task.rated for task in self._memory.tasks[:first])
        self._past.cut(rated)
        self._forests.cut(rated)
        self._past.extend(task for task in self._memory.tasks[first:] if task.rated)
        if excess:
            self._past.forget(sum(task.rated for task in self._memory.tasks[:excess]))
            self._memory.forget(excess)
            self._forests = Forests(self._past)
        return self

    def _begin(self, excess: int) -> None:
        """Read all anew but the oldest, which were too many at once."""
        rated = self._past.forgotten + sum(task.rated for task in self._memory.tasks[:excess])
        self._memory.forget(excess)
        self._past = Past(rated)
        self._past.extend(task for task in self._memory.tasks if task.rated)
        self._forests = Forests(self._past)
        self._shared = {}

    @property
    def n(self) -> int:
        """Finished tasks known."""
        return self._memory.forgotten + len(self._memory.tasks)

    def predict(
        self, tasks: pd.DataFrame, *, as_of: datetime | None = None, quantiles: tuple[float, ...] = QUANTILES
    ) -> pd.DataFrame:
        """Quantiles of the actual hours of each task, index as given; columns q10 … q90, basis, n.

        A task is predicted from what was completed before `as_of`; without it, on days before the one it was created
        on (everything where it has no `created`). With `as_of`, tasks created on an earlier day are known not to be of
        the kind that is done at once, and finished tasks of that kind count less for them: their bands are wider. What
        other tasks are asked about makes no difference.

        Zero, negative, missing and infinite estimates count as none, and so do those of more than a thousand times the
        median hours of finished work (before any is finished: of more than 2,000 hours). Such todos are forecast from
        the hours of finished work (basis "similar work"). With under MIN_FINISHED tasks the basis is "prior" and the
        median is the person's own estimate. From the first finished task on, all hours may be in another unit.
        """
        tasks = table_of(tasks, "tasks")
        wanted, moments = self._asked(tasks, as_of)
        table = Table(len(wanted), check_levels(quantiles))
        for rows, atoms, n in self.forecasts(wanted, moments):
            table.fill(rows, [wanted[row] for row in rows], atoms, n)
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
        tasks = table_of(tasks, "tasks")
        if tasks.empty:
            return np.zeros((size, 0))
        rng = np.random.default_rng(seed)
        order = (
            np.argsort(tasks["id"].astype("str").to_numpy(), kind="stable") if "id" in tasks else np.arange(len(tasks))
        )
        wanted, moments = self._asked(tasks.iloc[order], as_of)
        out = np.zeros((size, len(wanted)))
        for rows, atoms, _ in self.forecasts(wanted, moments):
            spent = np.exp(np.nan_to_num([wanted[row].actual for row in rows], nan=-np.inf))
            for row, one in zip(rows, (atoms.left_after(spent) if remaining else atoms).rows(), strict=True):
                out[:, order[row]] = one.sample(size, rng)[:, 0]
        sd = self.shared_sd(int(moments.max())) * np.sqrt(1 - 1 / len(wanted))  # one task's band has it already
        return np.asarray(out * shared.factors(float(sd), size, rng)[:, None])

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

    def shared_sd(self, moment: int = _END) -> float:
        """Standard deviation of the log error that the tasks of one plan share, as known at a moment (microseconds).

        Without it sums are far too narrow: nominal 80% bands of fifty tasks would hold some 60% of times.
        """
        memory = self._memory
        known = memory.before(moment)
        size = max(grown_at(memory.forgotten + known) - memory.forgotten, FIRST) if known >= FIRST else known
        if memory.forgotten + size not in self._shared:
            self._shared[memory.forgotten + size] = shared.measured(memory.tasks[:size])
        return self._shared[memory.forgotten + size]

    def believed(self, wanted: Sequence[Task], moments: similar.Codes) -> list[Task]:
        """Tasks without the estimates that say nothing, by what was known at a moment each."""
        return self._memory.believed(wanted, moments.tolist())

    def _asked(self, tasks: pd.DataFrame, as_of: datetime | None) -> tuple[list[Task], similar.Codes]:
        """Open tasks as they are seen, and from which moment."""
        wanted = _open(tasks, as_of)
        moments = _moments(wanted, as_of)
        return self.believed(wanted, moments), moments

    def forecasts(self, wanted: Sequence[Task], moments: similar.Codes) -> Iterator[tuple[similar.Codes, Atoms, int]]:
        """Positions, distribution and finished tasks behind it, for tasks of each moment, estimated or not.

        `moments` are microseconds since 1970: a task is forecast from what was completed before its own.
        """
        at_once = np.array([task.at_once for task in wanted], dtype=np.bool_)
        rated = np.array([task.rated for task in wanted], dtype=np.bool_)
        kinds = np.stack([~rated, at_once, moments])
        order = np.lexsort(kinds)
        changes = np.flatnonzero(np.diff(kinds[:, order]).any(axis=0)) + 1
        for alike in np.split(order, changes):
            for start in range(0, len(alike), CHUNK):
                rows = alike[start : start + CHUNK]
                atoms, n = self._remembered([wanted[row] for row in rows], int(moments[rows[0]]))
                yield rows, atoms, n

    def _remembered(self, wanted: Sequence[Task], moment: int) -> tuple[Atoms, int]:
        """The same as `_alike`; what was asked at this moment before is not worked out again."""
        if moment != self._asked_at:
            self._asked_at, self._told = moment, {}
        keys = [task.key for task in wanted]
        new = {key: task for key, task in zip(keys, wanted, strict=True) if key not in self._told}
        if new:
            atoms, n = self._alike(list(new.values()), moment)
            self._told |= {key: (one, n) for key, one in zip(new, atoms.rows(), strict=True)}
        found = [self._told[key] for key in keys]
        for key in list(self._told)[: max(0, len(self._told) - _TOLD)]:  # the oldest
            del self._told[key]
        return Atoms.stacked([atoms for atoms, _ in found]), found[0][1]

    def _alike(self, wanted: Sequence[Task], moment: int) -> tuple[Atoms, int]:
        """Distributions of tasks of one moment, all with an estimate or all without, all perhaps done at once or none.

        With the number of finished tasks behind them.
        """
        known = self._memory.before(moment)
        past = similar.arrays(self._memory.tasks[max(0, known - similar.WINDOW) : known], self._codes)
        weight = similar.relevance(past, at_once=wanted[0].at_once)
        asked, rated = similar.arrays(wanted, self._codes), np.isfinite(past.estimate)
        if wanted[0].rated:
            quick = similar.from_estimates(past.take(rated), weight[rated], asked)
            return self._thrown_together(quick, wanted, moment, past.actual)
        n = self._memory.forgotten + known if known else 0  # what was before all that is kept, nobody knows any more
        return similar.from_actuals(past, weight, asked), n

    def _thrown_together(self, quick: Atoms, wanted: Sequence[Task], moment: int, recent: Floats) -> tuple[Atoms, int]:
        """The pool of all models where there is enough to grow a forest, on the grid of the person's hours."""
        known = self._past.known_at(moment)
        if known - self._past.forgotten < FIRST:
            return quick, known
        first = self._past.first(known, ROWS)
        past = self._past.slice(first, known)
        ratios = self._past.ratios(first, known)
        latest = similar.arrays(past[-habit.WINDOW :], self._codes)
        belongs = habit.belonging(ratios, latest.project_id, latest.category)
        relevance = np.ones(len(past))
        if not wanted[0].at_once:
            relevance[[task.at_once for task in past]] = similar.AT_ONCE
        features = [self._past.describe(task, known) for task in wanted]
        weights = self._forests.weights(known, features, relevance) * belongs  # a leaf may hold old habits alone
        was = np.array([task.estimate for task in past])
        estimate = np.array([task.estimate for task in wanted])
        atoms = pooled(quick, estimate, (was, was + ratios), weights, min(1.0, float(belongs.sum()) / FIRST))
        if wanted[0].at_once:
            atoms = atoms.sharpened(SHARPER)
        return atoms.snapped(grid_of(recent)), known


def _open(tasks: pd.DataFrame, as_of: datetime | None) -> list[Task]:
    """Open tasks as the model sees them: not done before `as_of`, so perhaps not done at once."""
    known = tasks.drop(columns="completed", errors="ignore")
    return tasks_of(known, as_of=as_of)


def _moments(wanted: Sequence[Task], as_of: datetime | None) -> similar.Codes:
    if as_of is not None:
        return np.full(len(wanted), microsecond(as_of), dtype=np.int64)
    return np.array([moment_made(task) for task in wanted], dtype=np.int64)


def moment_made(task: Task) -> int:
    """The microsecond at which the day began on which a task was made; the end of time where that isn't known."""
    return _END if task.at == UNKNOWN else task.made * DAY
