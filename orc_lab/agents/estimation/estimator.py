"""The person's own estimates, corrected by what became of earlier ones: `Estimator`.

`Estimator().observe(finished).predict(todos)` gives quantiles of actual hours, `predict_total` those of their sum.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Self

import numpy as np
import pandas as pd

from orc_lab.agents.atoms import Atoms, Floats
from orc_lab.agents.estimation import shared, similar
from orc_lab.agents.estimation.forest import FIRST, Forests, grown_at
from orc_lab.agents.estimation.past import DAY, UNKNOWN, Past, Task, grid_of, microsecond, tasks_of
from orc_lab.agents.estimation.pool import SHARPER, pooled
from orc_lab.agents.estimation.table import Table
from orc_lab.agents.forecast import QUANTILES, check_levels

DRAWS = 2000
MEMORY = 10_000  # finished tasks kept; what is older weighs nothing any more
_SLACK = 1.2  # it is trimmed only when it has outgrown that much: trimming begins anew
_END = np.iinfo(np.int64).max


class Estimator:
    """What a person's finished work says about open work.

    Hold one, `observe` more as it finishes, `predict`. Nothing is learned from anybody else's work.
    """

    def __init__(self, *, memory: int | None = MEMORY) -> None:
        self._memory = memory
        self._forgotten = 0
        self._codes = similar.Codebook()
        self._tasks: list[Task] = []  # in order of completion
        self._ids: set[str] = set()
        self._past = Past()
        self._forests = Forests(self._past)
        self._shared: dict[int, float] = {}

    def observe(self, finished: pd.DataFrame) -> Self:
        """Learn these finished tasks too, and return this estimator; a task seen before is replaced, by its id.

        `finished` has completed (datetime), actual_hours (hours) and, where known, id, created (datetime),
        estimate_hours, category, project_id (or project), priority, title and tags (words, separated by spaces). Rows
        without a positive number of actual hours or a completion are left out.
        """
        usable = [task for task in tasks_of(_completed(finished)) if np.isfinite(task.actual)]
        named = {task.id: task for task in usable if task.id is not None}
        new = [*named.values(), *(task for task in usable if task.id is None)]
        kept = [task for task in self._tasks if task.id not in named] if self._ids & named.keys() else self._tasks
        whole = sorted([*kept, *new], key=_order)
        pairs = enumerate(zip(self._tasks, whole, strict=False))
        first = next((index for index, (old, now) in pairs if old is not now), min(len(self._tasks), len(whole)))
        self._replace(first, whole)
        return self

    def _replace(self, first: int, whole: list[Task]) -> None:
        """Let the history be these tasks, in order; the first ones are as before."""
        if self._memory is not None and len(whole) > _SLACK * self._memory:
            self._forgotten += len(whole) - self._memory
            self._begin(whole[-self._memory :])
            return
        rated = sum(_rated(task) for task in self._tasks[:first])
        self._past.cut(rated)
        self._forests.cut(rated)
        self._shared = {size: sd for size, sd in self._shared.items() if size <= first}
        self._tasks = whole
        self._ids = {task.id for task in whole if task.id is not None}
        self._past.extend(task for task in whole[first:] if _rated(task))

    def _begin(self, tasks: list[Task]) -> None:
        self._tasks = tasks
        self._ids = {task.id for task in tasks if task.id is not None}
        self._past = Past()
        self._past.extend(task for task in tasks if _rated(task))
        self._forests = Forests(self._past)
        self._shared = {}

    @property
    def n(self) -> int:
        """Finished tasks known."""
        return self._forgotten + len(self._tasks)

    def predict(
        self, tasks: pd.DataFrame, *, as_of: datetime | None = None, quantiles: tuple[float, ...] = QUANTILES
    ) -> pd.DataFrame:
        """Quantiles of the actual hours of each task, index as given; columns q10 … q90, basis, n.

        A task is predicted from what was completed before `as_of`; without it, on days before the one it was created
        on (everything where it has no `created`). With `as_of`, tasks created on an earlier day are known not to be of
        the kind that is done at once, and finished tasks of that kind count less for them: their bands are wider. What
        other tasks are asked about makes no difference.

        Zero, negative, missing, infinite and year-long estimates count as none: such todos are forecast from the hours
        of finished work (basis "similar work"). With under MIN_FINISHED tasks the basis is "prior" and the median is
        the person's own estimate.
        """
        wanted = _open(tasks, as_of)
        table = Table(len(wanted), check_levels(quantiles))
        for rows, atoms, n in self.forecasts(wanted, _moments(wanted, as_of)):
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
        if tasks.empty:
            return np.zeros((size, 0))
        rng = np.random.default_rng(seed)
        order = (
            np.argsort(tasks["id"].astype("str").to_numpy(), kind="stable") if "id" in tasks else np.arange(len(tasks))
        )
        wanted = _open(tasks.iloc[order], as_of)
        moments = _moments(wanted, as_of)
        out = np.zeros((size, len(wanted)))
        for rows, atoms, _ in self.forecasts(wanted, moments):
            spent = np.exp(np.nan_to_num([wanted[row].actual for row in rows], nan=-np.inf))
            out[:, order[rows]] = (atoms.left_after(spent) if remaining else atoms).sample(size, rng)
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
        known = self._before(moment)
        size = grown_at(known) if known >= FIRST else known
        if size not in self._shared:
            self._shared[size] = shared.measured(self._tasks[:size])
        return self._shared[size]

    def forecasts(self, wanted: Sequence[Task], moments: similar.Codes) -> Iterator[tuple[similar.Codes, Atoms, int]]:
        """Positions, distribution and finished tasks behind it, for tasks of each moment, estimated or not.

        `moments` are microseconds since 1970: a task is forecast from what was completed before its own.
        """
        at_once = np.array([task.at_once for task in wanted], dtype=np.bool_)
        order = np.lexsort((at_once, moments))
        changes = np.flatnonzero(np.diff(moments[order]) | np.diff(at_once[order])) + 1
        for rows in np.split(order, changes):
            if len(rows):
                yield from self._alike(rows, [wanted[row] for row in rows], int(moments[rows[0]]))

    def _alike(
        self, rows: similar.Codes, wanted: Sequence[Task], moment: int
    ) -> Iterator[tuple[similar.Codes, Atoms, int]]:
        """The same for tasks of one moment that all may still be done at once, or all not."""
        known = self._before(moment)
        forgotten = self._forgotten if known else 0  # what was before all that is kept, nobody knows any more
        past = similar.arrays(self._tasks[max(0, known - similar.WINDOW) : known], self._codes)
        weight = similar.relevance(past, at_once=wanted[0].at_once)
        asked = similar.arrays(wanted, self._codes)
        rated, estimated = np.isfinite(past.estimate), np.isfinite(asked.estimate)
        if estimated.any():
            some = [task for task, has in zip(wanted, estimated, strict=True) if has]
            quick = similar.from_estimates(past.take(rated), weight[rated], asked.take(estimated))
            yield rows[estimated], *self._thrown_together(quick, some, moment, past.actual)
        if not estimated.all():
            yield rows[~estimated], similar.from_actuals(past, weight, asked.take(~estimated)), forgotten + known

    def _thrown_together(self, quick: Atoms, wanted: Sequence[Task], moment: int, recent: Floats) -> tuple[Atoms, int]:
        """The pool of all models where there is enough to grow a forest, on the grid of the person's hours."""
        known = bisect_left(self._past.tasks, moment, key=_at)
        if known < FIRST:
            return quick, known + (self._forgotten if known else 0)
        past = self._past.tasks[:known]
        relevance = np.ones(known)
        if not wanted[0].at_once:
            relevance[[task.at_once for task in past]] = similar.AT_ONCE
        features = [self._past.describe(task, known) for task in wanted]
        first, weights = self._forests.weights(known, features, relevance)
        was = np.array([(task.estimate, task.estimate + task.ratio) for task in past[first:]]).T
        estimate = np.array([task.estimate for task in wanted])
        atoms = pooled(quick, estimate, (was[0], was[1]), weights)
        if wanted[0].at_once:
            atoms = atoms.sharpened(SHARPER)
        return atoms.snapped(grid_of(recent)), self._forgotten + known

    def _before(self, moment: int) -> int:
        return bisect_left(self._tasks, moment, key=_at)


def _order(task: Task) -> tuple[object, ...]:
    """In order of completion; all facts decide between two of one instant, so that the order of rows doesn't."""
    hours = (-1.0 if np.isnan(task.estimate) else task.estimate, task.actual)
    return task.at, task.id or "", task.made, *hours, task.project, task.category, task.priority, task.title


def _at(task: Task) -> int:
    return task.at


def _rated(task: Task) -> bool:
    return bool(np.isfinite(task.estimate))


def _completed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["completed"].notna()] if "completed" in frame else frame.iloc[:0]


def _open(tasks: pd.DataFrame, as_of: datetime | None) -> list[Task]:
    """Open tasks as the model sees them: not done before `as_of`, so perhaps not done at once."""
    known = tasks.drop(columns="completed", errors="ignore")
    return tasks_of(known, as_of=None if as_of is None else pd.Timestamp(as_of))


def _moments(wanted: Sequence[Task], as_of: datetime | None) -> similar.Codes:
    if as_of is not None:
        return np.full(len(wanted), microsecond(as_of), dtype=np.int64)
    return np.array([moment_made(task) for task in wanted], dtype=np.int64)


def moment_made(task: Task) -> int:
    """The microsecond at which the day began on which a task was made; the end of time where that isn't known."""
    return _END if task.at == UNKNOWN else task.made * DAY
