"""The facts about one project at an instant, each a number that health patterns and risks can quote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isnan, nan
from typing import Any

import numpy as np
import pandas as pd

from orc_lab.agents.ageing import ageing
from orc_lab.agents.atoms import Floats
from orc_lab.agents.completion.background import Background
from orc_lab.agents.completion.look import Look, look_at
from orc_lab.agents.completion.ontime import on_time_of
from orc_lab.agents.estimation.estimator import Estimator
from orc_lab.agents.forecast import QUANTILES
from orc_lab.agents.velocity.pace import complete

_SCENARIOS = 1000
_MOMENTS = ("created", "started", "completed", "dropped")
_DAY, _WEEK = pd.Timedelta(days=1), pd.Timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItem:
    """One open todo: `hours` left at the median, days of age, the person's own P85 for such (NaN if unknown)."""

    id: str
    title: str
    priority: str
    estimate_hours: float
    hours: float
    age_days: float
    p85: float
    over: bool
    in_progress: bool
    carried: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSnapshot:
    """What was known about a project at `as_of`.

    `remaining` holds quantiles of the calibrated hours left. `done_4` and `done_12` count what was finished in the last
    4 and 12 weeks, `arrived_4` and `left_4` what came into and went out of the scope in 4. `momentum` is the pace of 4
    weeks ÷ that of 12, or of the project's life (NaN if nothing was done). `p_on_time`, `p_after_cut` (without the
    todos `cut`), `p_worked` (were nothing left lying) and `safe_weeks` (weeks until nothing is open with a chance of
    SAFE) count what usually comes in; NaN where unknown.
    """

    id: str
    title: str
    status: str
    as_of: datetime
    due: datetime | None
    done: int
    dropped: int
    items: tuple[OpenItem, ...]
    remaining: Mapping[float, float]
    done_4: int
    done_12: int
    arrived_4: int
    left_4: int
    momentum: float
    idle_days: float
    largest_done: float
    p_on_time: float
    cut: tuple[OpenItem, ...]
    p_after_cut: float
    p_worked: float
    safe_weeks: float

    @property
    def open(self) -> int:
        """Open todos."""
        return len(self.items)

    @property
    def in_progress(self) -> tuple[OpenItem, ...]:
        """Begun or committed todos."""
        return tuple(item for item in self.items if item.in_progress)

    @property
    def aged(self) -> tuple[OpenItem, ...]:
        """Todos in progress for longer than 85% of the person's finished ones were."""
        return tuple(item for item in self.in_progress if item.over)

    @property
    def unestimated(self) -> tuple[OpenItem, ...]:
        """Open todos without an estimate, the widest first."""
        return tuple(sorted((i for i in self.items if isnan(i.estimate_hours)), key=lambda i: (-i.hours, i.id)))

    @property
    def overdue(self) -> bool:
        """Something is open and the due day is over."""
        return self.due is not None and self.open > 0 and self.as_of >= self.due + _DAY


def snapshot(
    tasks: pd.DataFrame,
    weekly: pd.DataFrame,
    project: Mapping[str, Any] | pd.Series,
    as_of: datetime,
    estimator: Estimator,
    *,
    commitments: pd.DataFrame | None = None,
    capacity: Sequence[float] | None = None,
    ages: pd.DataFrame | None = None,
    look: Look | None = None,
    seed: int = 0,
) -> ProjectSnapshot:
    """Look at one row of the `projects` frame, with all of the person's `tasks` and `weekly`.

    `commitments` tells how often todos were carried over; `capacity` the factors of the weeks to come (1 where unsaid);
    `ages` are `ageing(tasks, as_of)` and `look` is `look_at` this project, for who asks more of it; without one its
    dates are not corrected by how earlier plans went.
    """
    id = str(project["id"])
    if look is None:
        past = Background.of(tasks, weekly, as_of, replayed=False)
        look = look_at(past, id, estimator, capacity=capacity or (), size=_SCENARIOS, seed=seed)
    mine, weeks, due = tasks[tasks["project_id"] == id], complete(weekly, as_of), moment(project["due"])
    ages = ageing(tasks, as_of) if ages is None else ages
    items = _items(look.open_tasks, ages.set_index("id"), np.median(look.hours, axis=0), commitments)
    date, of = on_time_of(look, due), {item.id: item for item in items}
    ended = mine["completed"].fillna(mine["dropped"])
    done_4, done_12 = since(mine["completed"], as_of, 4), since(mine["completed"], as_of, 12)
    return ProjectSnapshot(
        id=id,
        title=str(project["title"]),
        status=str(project["status"]),
        as_of=as_of,
        due=due,
        done=int(mine["completed"].notna().sum()),
        dropped=int((mine["status"] == "dropped").sum()),
        items=items,
        remaining=dict(zip(QUANTILES, np.quantile(look.hours.sum(axis=1), QUANTILES).tolist(), strict=True)),
        done_4=done_4,
        done_12=done_12,
        arrived_4=since(mine["created"], as_of, 4),
        left_4=since(ended, as_of, 4),
        momentum=momentum(mine, done_4, done_12, weeks["capacity"], as_of),
        idle_days=idle_days(mine, as_of),
        largest_done=float(tasks.loc[tasks["completed"].notna(), "actual_hours"].max()),
        p_on_time=date.p,
        cut=tuple(of[id] for id in date.cut),
        p_after_cut=date.p_after,
        p_worked=date.p_worked,
        safe_weeks=date.safe_days / 7,
    )


def _items(
    still_open: pd.DataFrame, ages: pd.DataFrame, hours: Floats, commitments: pd.DataFrame | None
) -> tuple[OpenItem, ...]:
    carried = {} if commitments is None else commitments.groupby("todo_id")["carried"].max().to_dict()
    aged = still_open.join(ages[["age_days", "p85", "over", "in_progress"]], on="id")
    rows: list[dict[Any, Any]] = aged.to_dict("records")
    return tuple(
        OpenItem(
            id=row["id"],
            title=row["title"],
            priority=row["priority"],
            estimate_hours=float(row["estimate_hours"]) if row["estimate_hours"] > 0 else nan,
            hours=float(left),
            age_days=float(row["age_days"]),
            p85=float(row["p85"]),
            over=bool(row["over"]),
            in_progress=bool(row["in_progress"]),
            carried=int(carried.get(row["id"], 0)),
        )
        for row, left in zip(rows, hours, strict=True)
    )


def momentum(mine: pd.DataFrame, done_4: int, done_12: int, capacity: pd.Series, as_of: datetime) -> float:
    """Pace of the last 4 weeks ÷ that of the last 12 (or of the project's life), by the capacity that there was."""
    if not done_12:
        return nan
    age = (pd.Timestamp(as_of) - mine["created"].min()) / _WEEK
    weeks = 12.0 if isnan(age) else min(max(age, 4.0), 12.0)
    recent, long = capacity.tail(4).mean(), capacity.tail(round(weeks)).mean()
    usual = float(recent / long) if recent > 0 and long > 0 else 1.0
    return done_4 / 4 / (done_12 / weeks) / usual


def since(when: pd.Series, as_of: datetime, weeks: int) -> int:
    """How many of these instants lie in the last weeks."""
    times, now = when.to_numpy(), np.datetime64(as_of, "us")
    return int(((times > now - np.timedelta64(7 * weeks, "D")) & (times <= now)).sum())


def idle_days(mine: pd.DataFrame, as_of: datetime) -> float:
    """Days since anything was created, begun, completed or dropped; NaN if nothing ever was."""
    last = max((time for name in _MOMENTS if not pd.isna(time := mine[name].max())), default=pd.NaT)
    return nan if pd.isna(last) else float(max(pd.Timestamp(as_of) - last, pd.Timedelta(0)) / _DAY)


def moment(value: Any) -> datetime | None:
    """A stored instant, None where there is none."""
    return None if pd.isna(value) else pd.Timestamp(value).tz_localize(None).to_pydatetime()
