"""What a plan's past says about its future: the weeks behind it, and how earlier plans of the person went.

A plan is a project with all that will come into it, or a fixed set of todos. `Life` holds a person's todos as arrays;
`replays` forecasts earlier plans as they would have been forecast and keeps what came true, so that the next forecast
can be corrected by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from orc_lab.agents.atoms import Floats
from orc_lab.agents.completion.lifetimes import Bools, Lifetimes
from orc_lab.agents.completion.record import Record
from orc_lab.agents.completion.simulation import HORIZON, Plan, Simulation, blocks_ahead
from orc_lab.agents.velocity.past import normal_weeks

Times = npt.NDArray[np.float64]  # days since 1970, parts of a day after the point
_RECENT = 200  # finished todos whose mean is a typical one
_EVERY, _ORIGINS, _WARM = 28, 26, 56  # days between replays, how many, and days of history before the first
_PLANS = 6  # plans replayed a time, those with the most open todos
_SIZE = 100
_SHRINK = 20.0  # replays that no error at all is worth
_NEAR = 1.0  # in ln(open todos): how alike a past plan has to be to weigh fully
_SPREAD, _SHARED = 0.7, 0.2  # standard deviations of ln(actual ÷ estimate), of each todo and in common


@dataclass(frozen=True, slots=True)
class Life:
    """All of a person's todos and complete weeks; times in days since 1970, NaN where there is none.

    `created`, `ended`, `done`, `plan` (a code for each project), `hours` (noted of what is done, else estimated, else
    typical) and `foreseen` (hours as estimated) are of shape (todos,); `monday` and `factor` of shape (weeks,).
    """

    created: Times
    ended: Times
    done: Bools
    hours: Floats
    foreseen: Floats
    plan: npt.NDArray[np.int64]
    monday: Times
    factor: Floats

    @classmethod
    def of(cls, tasks: pd.DataFrame, weeks: pd.DataFrame) -> Life:
        """Read the `tasks` frame and the complete rows of the `weekly` frame."""
        estimate = tasks["estimate_hours"].where(tasks["estimate_hours"] > 0)
        noted = tasks["actual_hours"].where(tasks["completed"].notna() & (tasks["actual_hours"] > 0))
        usual = noted.fillna(estimate).median()
        estimate = estimate.fillna(1.0 if np.isnan(usual) else usual)
        return cls(
            _time(tasks["created"]),
            _time(tasks["completed"].fillna(tasks["dropped"])),
            tasks["completed"].notna().to_numpy(),
            noted.fillna(estimate).to_numpy(dtype=np.float64),
            estimate.to_numpy(dtype=np.float64),
            pd.factorize(tasks["project_id"])[0].astype(np.int64),
            _time(weeks["start"]),
            weeks["capacity"].to_numpy(dtype=np.float64),
        )

    def open_at(self, now: float) -> Bools:
        """Which todos were there and open on an instant."""
        return (self.created < now) & ~(self.ended < now)

    def lifetimes(self, now: float) -> Lifetimes:
        """How long todos had stayed open, as known at an instant."""
        known = self.created < now
        closed = self.ended[known] < now
        age = np.where(closed, self.ended[known], now) - self.created[known]
        return Lifetimes.of(np.maximum(age, 0.0), closed, closed & ~self.done[known])

    def plan_of(
        self,
        now: float,
        which: Bools,
        hours: Floats,
        *,
        mine: Bools | None,
        capacity: Sequence[float] = (),
        new: int = 0,
    ) -> Plan:
        """The plan of open todos `which` with their `hours` left; `mine` are all todos of its project, if it is one.

        The last `new` columns of `hours` are todos that aren't there yet.
        """
        weeks = int(np.searchsorted(self.monday, now - 7, "right"))
        finished = self.done & (self.ended < now)
        recent = np.flatnonzero(finished)[np.argsort(self.ended[finished], kind="stable")][-_RECENT:]
        lived, arrived, own = weeks, np.empty(0), np.empty(0)
        if mine is not None and (mine & (self.created < now)).any():
            lived = int(np.searchsorted(self.monday, self.created[mine].min(), "right")) - 1
            arrived = self._by_week(self.created, mine, None, weeks)[max(lived, 0) + 1 :]  # the first week sets it up
            own = self._worked(finished & mine, weeks)[max(lived, 0) :]
        return Plan(
            hours=hours,
            age=np.concatenate([now - self.created[which], np.zeros(new)]),
            own=normal_weeks(own, self.factor[max(lived, 0) : weeks]) if len(own) else own,
            all=normal_weeks(self._worked(finished, weeks), self.factor[:weeks]),
            arrived=arrived,
            typical=float(self.hours[recent].mean()) if len(recent) else 1.0,
            capacity=_blocks(capacity, now),
            new=new,
        )

    def _worked(self, which: Bools, weeks: int) -> Floats:
        return self._by_week(self.ended, which, self.hours, weeks)

    def _by_week(self, times: Times, which: Bools, amount: Floats | None, weeks: int) -> Floats:
        """Todos, or an amount of theirs, in each of the first complete weeks."""
        if not weeks:
            return np.zeros(0)
        at = np.searchsorted(self.monday, times[which], "right") - 1
        inside = (at >= 0) & (at < weeks) & (times[which] < self.monday[np.maximum(at, 0)] + 7)
        weight = None if amount is None else amount[which][inside]
        return np.bincount(at[inside], weight, weeks)[:weeks].astype(np.float64)


@dataclass(frozen=True, slots=True)
class Replays:
    """Earlier plans of a person: what was foreseen (plans, size), how it came, how long ago, and with how many todos.

    `truth` is infinite where a plan isn't done yet; times in days.
    """

    foreseen: Floats
    truth: Floats
    elapsed: Floats
    todos: Floats

    def record(self, todos: int) -> Record:
        """What they say about a plan of so many open todos; plans of about that size weigh most."""
        apart = np.log(self.todos / max(todos, 1)) / _NEAR
        near = np.exp(-0.5 * apart**2)
        return Record.of(self.foreseen, self.truth, self.elapsed, _EVERY, relevance=near, shrink=_SHRINK)


def no_replays() -> Replays:
    """Nothing to correct by: for who looks without the time to replay."""
    return Replays(np.empty((0, _SIZE)), np.empty(0), np.empty(0), np.empty(0))


def replays(life: Life, as_of: datetime, *, growing: bool, seed: int = 0) -> Replays:
    """Forecast the plans that were open every fourth week before `as_of`, as they would have been then.

    A plan is what was open of one project: with `growing` it is done when nothing of that project is open, else when
    those todos are closed. Hours come from estimates with a broad error: what is judged here are pace and waiting.
    """
    now = instant(as_of)
    first = np.nanmin(life.created, initial=np.inf) + _WARM
    ended = np.where(life.ended < now, life.ended, np.inf)  # what comes later isn't known
    rows: list[tuple[Floats, float, float, float]] = []
    for at in (now - _EVERY * np.arange(1, _ORIGINS + 1))[::-1]:
        still_open = life.open_at(at)
        if at < first or not (life.done & (life.ended < at)).any():
            continue
        closing = life.lifetimes(at)
        codes, counts = np.unique(life.plan[still_open], return_counts=True)
        for code in codes[np.argsort(-counts, kind="stable")][:_PLANS].tolist():
            mine = life.plan == code
            which = still_open & mine
            draws = _rough(life.foreseen[which], seed)
            plan = life.plan_of(at, which, draws, mine=mine if growing else None)
            everything = np.ones(len(plan.age), dtype=np.bool_)
            foreseen = Simulation.of(plan, closing, seed, blocks_ahead).days(everything, ~everything)
            truth = _empty(life.created[mine], ended[mine], at) if growing else float(ended[which].max())
            rows.append((np.sort(foreseen), truth - at, now - at, float(which.sum())))
    if not rows:
        return Replays(np.empty((0, _SIZE)), np.empty(0), np.empty(0), np.empty(0))
    foreseen_, truth_, elapsed_, todos_ = zip(*rows, strict=True)
    return Replays(np.array(foreseen_), np.array(truth_), np.array(elapsed_), np.array(todos_))


def _rough(hours: Floats, seed: int) -> Floats:
    """Scenarios of hours around what is known of them, (_SIZE, todos)."""
    rng = np.random.default_rng((seed, 11))
    own, shared = rng.normal(size=(_SIZE, len(hours))), rng.normal(size=(_SIZE, 1))
    return np.asarray(hours * np.exp(_SPREAD * own + _SHARED * shared))


def _empty(created: Times, ended: Times, now: float) -> float:
    """When nothing was open any more, from an instant on at which something was."""
    end = now
    for begin, over in sorted(zip(created.tolist(), ended.tolist(), strict=True)):
        if begin <= end:
            end = max(end, over)
    return end


def _blocks(capacity: Sequence[float], now: float) -> Floats:
    """Factors of the weeks that begin at an instant, from those of the ISO weeks, that of the instant first."""
    known = np.asarray(capacity, dtype=np.float64)[: HORIZON + 1].clip(min=0.0)
    factors = np.concatenate([known, np.ones(HORIZON + 1 - len(known))])
    passed = (now + 3) % 7 / 7
    return np.asarray(factors[:-1] * (1 - passed) + factors[1:] * passed)


def _time(times: pd.Series) -> Times:
    values = times.to_numpy().astype("datetime64[us]")
    days = values.astype(np.int64) / 86_400e6
    return np.where(np.isnat(values), np.nan, days)


def instant(when: datetime) -> float:
    """Days since 1970 of an instant, with the part of the day that is over."""
    return float(_time(pd.Series([pd.Timestamp(when)]))[0])
