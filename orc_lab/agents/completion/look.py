"""A plan looked at on one instant, with the scenarios that answer every question about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import nan

import numpy as np
import numpy.typing as npt
import pandas as pd

from orc_lab.agents.atoms import Floats
from orc_lab.agents.completion.background import Background
from orc_lab.agents.completion.dates import Completion
from orc_lab.agents.completion.lifetimes import Bools
from orc_lab.agents.completion.pace import FAR
from orc_lab.agents.completion.record import Record, nearest_days
from orc_lab.agents.completion.simulation import Simulation
from orc_lab.agents.estimation.estimator import Estimator
from orc_lab.agents.estimation.table import MIN_FINISHED
from orc_lab.agents.forecast import QUANTILES, Basis, Forecast
from orc_lab.errors import InvalidValue

SCENARIOS = 1000
_SEED_MORE = 5_000_011


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """A plan with all that its forecast needs; `simulation` is None where nothing was ever finished.

    `open_tasks` are its open todos by id, `others` marks the person's other open todos, `hours` (size, todos) what is
    left of its own; `usual` maps days of the unchanged plan to corrected ones; `hurried` (size,) are the scenarios in
    which a due day makes the person close what lies; `since_midnight` is the part of the day that is over.
    """

    subject: str
    as_of: datetime
    open_tasks: pd.DataFrame
    others: Bools
    hours: Floats
    added: int
    simulation: Simulation | None
    usual: tuple[Floats, Floats]
    hurried: Bools
    since_midnight: float
    basis: Basis
    estimated: int
    closed: int
    arrivals: float
    drop_share: float

    @property
    def ids(self) -> npt.NDArray[np.object_]:
        """The ids of its open todos, in the order of the columns of `hours`."""
        return self.open_tasks["id"].to_numpy(dtype=object)

    @property
    def todos(self) -> int:
        """How many are open."""
        return len(self.open_tasks)

    def on_time(self, bound: Floats, by: int) -> float:
        """P(done within so many days), of days as in `bound`: 1 where nothing is open, NaN where nothing is known."""
        if not len(bound):
            return nan
        return float((bound <= by).mean()) if self.todos else 1.0

    def days(self, kept: Bools, first: Bools, before: Floats | float = 0.0, *, by: int | None = None) -> Floats:
        """Whole days until it is done, in the order of scenarios; empty where nothing can be said.

        Corrected by the days that past errors turn those of the unchanged plan into: one map for all changes. Where it
        is due in `by` days, a person who keeps due days closes by then what would else be left lying.
        """
        if self.simulation is None:
            return np.empty(0)
        if not kept.any():
            return np.zeros(len(self.simulation.hours))
        work, lying = (self._corrected(part) for part in self.simulation.parts(kept, first, before))
        if by is not None and by >= 0:
            lying = np.where(self.hurried, np.minimum(lying, by), lying)
        return np.asarray(np.maximum(work, lying))

    def bound(self, kept: Bools, first: Bools, before: Floats | float = 0.0) -> Floats:
        """The least `by` that each scenario can keep: P(done by a due day) is the share of those within it."""
        return self.days(kept, first, before, by=0)

    def worked(self, kept: Bools, first: Bools) -> Floats:
        """Whole days until its hours are worked, whatever is left lying."""
        return np.empty(0) if self.simulation is None else self._corrected(self.simulation.parts(kept, first)[0])

    def _corrected(self, raw: Floats) -> Floats:
        known, corrected = self.usual
        moved = np.interp(raw, known, corrected) + np.maximum(raw - known[-1], 0.0)
        return np.asarray(np.minimum(np.floor(self.since_midnight + moved), FAR))

    @property
    def unchanged(self) -> Bools:
        """Which todos are in the plan as it is."""
        return np.arange(self.todos + self.added) < self.todos

    @property
    def none(self) -> Bools:
        """None of its todos, nor of those added."""
        return np.zeros(self.todos + self.added, dtype=np.bool_)

    def told(self, days: Floats, quantiles: tuple[float, ...]) -> Completion:
        """The dates that such scenarios give."""
        known = len(days) > 0
        found = nearest_days(np.sort(days), quantiles) if known else [nan] * len(quantiles)
        return Completion(
            subject=self.subject,
            today=day_of(self.as_of),
            days=dict(zip(quantiles, found, strict=True)),
            basis=self.basis if known else Basis.TOO_LITTLE,
            n=self.closed,
            needs="" if known else "At least five finished todos would be needed.",
        )

    def remaining(self) -> Forecast:
        """Hours left of what is open, if nothing of it is dropped."""
        values = np.quantile(self.hours.sum(axis=1), QUANTILES).tolist()
        return Forecast(
            subject=f"hours left of {self.subject}",
            unit="h",
            as_of=self.as_of,
            quantiles=dict(zip(QUANTILES, values, strict=True)),
            basis=self.basis,
            n=self.estimated,
        )


def look_at(
    past: Background,
    target: str | Sequence[str],
    estimator: Estimator,
    *,
    added: pd.DataFrame | None = None,
    capacity: Sequence[float] = (),
    size: int = SCENARIOS,
    seed: int = 0,
) -> Look:
    """Draw the scenarios of a plan once, for all questions about it; arguments as in `project_completion`."""
    as_of, now, growing = past.as_of, past.now, isinstance(target, str)
    added = new_todos((), as_of) if added is None else added
    mine = _mine(past, target)
    which = past.open & mine
    open_tasks = past.tasks[which]
    own = estimator.draws(open_tasks, as_of=as_of, size=size, seed=seed, remaining=True)
    more = np.empty((len(own), 0))
    if len(added):
        more = estimator.draws(added, as_of=as_of, size=size, seed=seed + _SEED_MORE, remaining=True)
    plan = past.life.plan_of(
        now,
        which,
        np.concatenate([own, more], axis=1),
        mine=mine if growing else None,
        capacity=capacity,
        new=len(added),
    )
    simulation = Simulation.of(plan, past.lifetimes, seed) if past.known else None
    record = past.replays(growing=growing).record(len(open_tasks))
    return Look(
        subject=_subject(past.tasks[mine], target),
        as_of=as_of,
        open_tasks=open_tasks,
        others=past.open & ~mine,
        hours=own,
        added=len(added),
        simulation=simulation,
        usual=_usual(simulation, record, np.arange(len(plan.age)) < len(open_tasks)),
        hurried=np.random.default_rng((seed, 13)).random(len(own)) < past.kept,
        since_midnight=now % 1.0,
        basis=Basis.HISTORY if estimator.n >= MIN_FINISHED else Basis.PRIOR,
        estimated=estimator.n,
        closed=past.lifetimes.closed,
        arrivals=plan.arrivals,
        drop_share=past.lifetimes.drop_share,
    )


def _mine(past: Background, target: str | Sequence[str]) -> Bools:
    if not isinstance(target, str):
        return past.tasks["id"].isin(list(target)).to_numpy()
    return past.projects.get(target, np.zeros(len(past.tasks), dtype=np.bool_))


def _usual(simulation: Simulation | None, record: Record, own: Bools) -> tuple[Floats, Floats]:
    """Days in which the plan as it is could be done, rising, and what past errors make of them."""
    if simulation is None:
        return np.zeros(1), np.zeros(1)
    days = np.sort(simulation.days(own, ~own & own))
    known, at = np.unique(days, return_index=True)
    corrected = record.correct(days)[at]
    if known[0] > 0:  # shorter than the whole ever is: in proportion
        known, corrected = np.append(0.0, known), np.append(0.0, corrected)
    return known, corrected


def _subject(mine: pd.DataFrame, target: str | Sequence[str]) -> str:
    if not isinstance(target, str):
        return f"these {len(mine):,} todos" if len(mine) != 1 else "this todo"
    titles = mine["project"].dropna() if "project" in mine else pd.Series(dtype="str")
    return str(titles.iloc[0]) if len(titles) else target


def new_todos(add: pd.DataFrame | Sequence[float], as_of: datetime) -> pd.DataFrame:
    """Todos that aren't there yet, as rows of an own frame."""
    rows = add if isinstance(add, pd.DataFrame) else pd.DataFrame({"estimate_hours": np.asarray(add, dtype=np.float64)})
    if not isinstance(add, pd.DataFrame) and not (rows["estimate_hours"] > 0).all():
        raise InvalidValue("add", list(add), "hours above zero")
    names = [f"added {number:06}" for number in range(len(rows))]
    return rows.reset_index(drop=True).assign(id=pd.Series(names, dtype="str"), created=pd.Timestamp(as_of))


def day_of(when: date | datetime) -> date:
    """The calendar day of a time."""
    return pd.Timestamp(when).date()
