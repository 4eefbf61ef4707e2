"""Does the work of a week fit into the week, and what is the smallest cut that makes it fit?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isnan, nan

import numpy as np
import pandas as pd

from orc_lab.agents.atoms import Floats
from orc_lab.agents.estimation.estimator import DRAWS, Estimator
from orc_lab.agents.estimation.table import MIN_FINISHED
from orc_lab.agents.forecast import QUANTILES, Basis, Forecast, chance, figure
from orc_lab.agents.velocity.past import MIN_WEEKS, normal_weeks
from orc_lab.agents.velocity.throughput import scenarios
from orc_lab.model.entities import Priority

TARGET = 0.8  # a week that fits in four of five scenarios fits
_RANK = {priority.value: rank for rank, priority in enumerate(Priority)}
_ROOM_SEED = 1_000_003  # work and room are drawn independently


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One todo of a plan, with the median of the hours that are left."""

    id: str
    title: str
    hours: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekFit:
    """Whether a week's todos fit: `needed` hours against the `room` of a week.

    `p` is P(the week fits), NaN where no hours were ever finished; without `drop`, the smallest cut, it is `p_after`.
    `unfinished` is the share of the todos that the week will leave open on average, done in the order in which they are
    kept.
    """

    as_of: datetime
    p: float
    needed: Forecast
    room: Forecast
    drop: tuple[Item, ...]
    p_after: float
    unfinished: float = nan

    @property
    def sentence(self) -> str:
        """For a page."""
        if isnan(self.p):
            return f"Whether the week fits can't be said yet. {self.room.needs}"
        hours = f"{figure(self.needed.median)} h of work against {figure(self.room.median)} h in a week"
        fits = f"The week fits with a chance of {chance(self.p)} ({hours}, at the medians)"
        if not self.drop:
            return fits + "."
        those = f"the {len(self.drop)} listed" if len(self.drop) > 1 else "the one listed"
        return f"{fits}; without {those} it is {chance(self.p_after)}."

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON; None for NaN."""
        return {
            "as_of": self.as_of.isoformat(),
            "p": None if isnan(self.p) else self.p,
            "needed": self.needed.as_dict(),
            "room": self.room.as_dict(),
            "drop": [{"id": item.id, "title": item.title, "hours": item.hours} for item in self.drop],
            "p_after": None if isnan(self.p_after) else self.p_after,
            "unfinished": None if isnan(self.unfinished) else self.unfinished,
            "sentence": self.sentence,
        }


def week_fit(
    tasks: pd.DataFrame,
    estimator: Estimator,
    hours_history: Sequence[float] | pd.Series | Floats,
    *,
    as_of: datetime,
    capacity: float = 1.0,
    past_capacity: Sequence[float] | pd.Series | Floats | None = None,
    until: datetime | None = None,
    target: float = TARGET,
    seed: int = 0,
) -> WeekFit:
    """Whether open `tasks` fit into one week of `capacity`, given the hours of past complete weeks, oldest first.

    A planned week is taken to be one in which something gets finished, with all its hours free for the plan. Dropped
    first are todos that aren't due before `until`, the week's end; of those low priority, then the longest.
    """
    plan = tasks.sort_values("id").reset_index(drop=True)
    work = estimator.draws(plan, as_of=as_of, size=DRAWS, seed=seed, remaining=True)
    history = normal_weeks(hours_history, past_capacity)
    room = scenarios(history, 1, capacity=[capacity], worked=True, size=DRAWS, seed=seed + _ROOM_SEED)[:, 0]
    worked = int((history > 0).sum())
    known = worked > 0
    hours = np.median(work, axis=0)
    order = drop_order(plan, hours, until)
    cut = smallest_cut(work, room, order, target) if known else []
    return WeekFit(
        as_of=as_of,
        p=_fits(work, room) if known else nan,
        needed=_forecast("work of the week", work.sum(axis=1), as_of, _basis(estimator.n >= MIN_FINISHED), estimator.n),
        room=_forecast("room of a week", room, as_of, _basis(worked >= MIN_WEEKS), worked),
        drop=tuple(Item(id=plan["id"][i], title=plan["title"][i], hours=float(hours[i])) for i in cut),
        p_after=_fits(np.delete(work, cut, axis=1), room) if known else nan,
        unfinished=_unfinished(work[:, order[::-1]], room) if known else nan,
    )


def _basis(long: bool) -> Basis:
    return Basis.HISTORY if long else Basis.PRIOR


def _forecast(subject: str, draws: Floats, as_of: datetime, basis: Basis, n: int) -> Forecast:
    if np.isnan(draws).any():
        needs = "A complete week with hours of finished work would be needed."
        return Forecast(subject=subject, unit="h", as_of=as_of, quantiles={}, basis=Basis.TOO_LITTLE, n=n, needs=needs)
    values = dict(zip(QUANTILES, np.quantile(draws, QUANTILES).tolist(), strict=True))
    return Forecast(subject=subject, unit="h", as_of=as_of, quantiles=values, basis=basis, n=n)


def _fits(work: Floats, room: Floats) -> float:
    return float((work.sum(axis=1) <= room).mean())


def _unfinished(work: Floats, room: Floats) -> float:
    """Mean share of todos left when the room is used up, worked from the first column on; 0 for none."""
    return float((work.cumsum(axis=1) > room[:, None]).mean()) if work.shape[1] else 0.0


def drop_order(tasks: pd.DataFrame, hours: Floats, until: datetime | None = None) -> list[int]:
    """Positions of tasks, the first to go first: low priority before high, long before short.

    What is due before `until` goes last, whatever its priority.
    """
    soon = np.zeros(len(tasks)) if until is None else (tasks["due"] < until).to_numpy(dtype=np.float64)
    rank = tasks["priority"].map(_RANK).fillna(_RANK[Priority.MEDIUM]).to_numpy(dtype=np.float64)
    return [int(i) for i in np.lexsort((-hours, rank, soon))]


def smallest_cut(work: Floats, room: Floats, order: Sequence[int], target: float) -> list[int]:
    """Positions in `order` to drop so that P(Σ work ≤ room) reaches `target`, none of which could stay.

    `work` has shape (scenarios, tasks), `room` (scenarios,). Drops along `order`, then takes back what needn't go,
    the last of it first. Empty where it fits already; everything where even one todo is too much.
    """
    return smallest_cut_by(
        lambda gone: float((np.delete(work, gone, axis=1).sum(axis=1) <= room).mean()), order, target
    )


def smallest_cut_by(chance: Callable[[list[int]], float], order: Sequence[int], target: float) -> list[int]:
    """What to drop, along `order`, so that the `chance` without it reaches `target`, none of which could stay.

    `chance` never falls when more is dropped.
    """
    fewest, most = 0, len(order)
    while fewest < most:
        middle = (fewest + most) // 2
        fewest, most = (fewest, middle) if chance(list(order[:middle])) >= target else (middle + 1, most)
    cut = list(order[:fewest])
    for item in cut[::-1]:  # what should stay most comes back first
        rest = [other for other in cut if other != item]
        if chance(rest) >= target:
            cut = rest
    return cut
