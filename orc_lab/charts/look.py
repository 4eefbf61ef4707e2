"""What the dashboard shows, computed once: forecasts, ages, health, and the key numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from orc_lab.agents.ageing import ageing
from orc_lab.agents.estimation.accuracy import Accuracy, accuracy
from orc_lab.agents.estimation.estimator import Estimator
from orc_lab.agents.estimation.walk import RECENT, coverage_of, walk_forward
from orc_lab.agents.forecast import Coverage, half_up
from orc_lab.agents.health.rules import Health, Label, health
from orc_lab.agents.health.snapshot import snapshot
from orc_lab.agents.velocity.pace import Velocity, complete, idle, velocity
from orc_lab.agents.velocity.throughput import forecast_throughput
from orc_lab.charts.flow import LEVEL, amount
from orc_lab.charts.theme import number
from orc_lab.mirror.metrics import completion_rate
from orc_lab.model.week import Week

if TYPE_CHECKING:
    from orc_lab.mirror.features import Frames

HORIZON = 4  # weeks ahead
_SIZES = 24  # points of the band over estimates
_NONE = "–"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """The frames as of an instant, and what the agents say of them; `week` is the last one with commitments.

    `idle` counts the last complete weeks in which nothing was done.
    """

    frames: Frames
    week: str
    velocity: Velocity
    ahead: pd.DataFrame
    ahead_hours: pd.DataFrame
    band: pd.DataFrame
    walk: pd.DataFrame
    coverage: Coverage
    accuracy: Accuracy
    idle: int
    ages: pd.DataFrame
    healths: tuple[Health, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key number: plain words, not HTML."""

    label: str
    value: str
    note: str


def look(frames: Frames) -> Look:
    """Ask every agent once, as of the frames' instant."""
    as_of = frames.now
    over, coming = complete(frames.weekly, as_of), frames.ahead[:HORIZON]
    estimator = Estimator().observe(frames.finished)
    walk, ages = walk_forward(frames.finished, last=RECENT), ageing(frames.tasks, as_of)
    return Look(
        frames=frames,
        week=_planned_week(frames),
        velocity=velocity(frames.weekly, as_of),
        ahead=forecast_throughput(over["done"], HORIZON, capacity=coming, past_capacity=over["capacity"]),
        ahead_hours=forecast_throughput(over["hours"], HORIZON, capacity=coming, past_capacity=over["capacity"]),
        band=_band(frames.finished, estimator),
        walk=walk,
        coverage=coverage_of(walk),
        accuracy=accuracy(walk, as_of=as_of),
        idle=idle(over),
        ages=ages,
        healths=tuple(_healths(frames, as_of, estimator, ages)),
    )


def _planned_week(frames: Frames) -> str:
    return str(frames.commitments["week"].max() if len(frames.commitments) else frames.week)


def _band(finished: pd.DataFrame, estimator: Estimator) -> pd.DataFrame:
    """What a todo with each size of estimate is expected to take; no rows without estimates."""
    known = finished.loc[(finished["estimate_hours"] > 0) & (finished["actual_hours"] > 0), "estimate_hours"]
    sizes = np.geomspace(known.min(), known.max(), _SIZES) if len(known) else np.empty(0)
    grid = pd.DataFrame({"estimate_hours": np.unique(sizes)})
    return pd.concat([grid, estimator.predict(grid)[["q10", "q50", "q90"]]], axis=1)


def _healths(frames: Frames, as_of: datetime, estimator: Estimator, ages: pd.DataFrame) -> Iterator[Health]:
    """Of active projects with something open or done lately."""
    for _, project in frames.projects[frames.projects["status"] == "active"].iterrows():
        seen = snapshot(
            frames.tasks, frames.weekly, project, as_of, estimator,
            commitments=frames.commitments, capacity=frames.ahead, ages=ages,
        )  # fmt: skip
        if seen.open or seen.done_12:
            yield health(seen)


def keys(seen: Look) -> tuple[Key, ...]:
    """The numbers on top of the dashboard."""
    return (_open(seen), _pace(seen), _next(seen), _plan(seen), _ratio(seen), _held(seen), _projects(seen))


def _open(seen: Look) -> Key:
    over = int(seen.ages["over"].sum())
    return Key(label="Open todos", value=f"{len(seen.ages):,}", note=f"{over:,} older than 85% of finished ones got")


def _pace(seen: Look) -> Key:
    rate = seen.velocity.todos
    if not rate.weeks:
        return Key(label="Todos a week", value=_NONE, note="no complete week yet")
    if seen.idle >= LEVEL:
        return Key(label="Todos a week", value=number(rate.median), note=f"nothing was done for {seen.idle} weeks")
    note = f"half of {rate.weeks} weeks {number(rate.q25)} to {number(rate.q75)}; {rate.trend.direction}"
    return Key(label="Todos a week", value=number(rate.median), note=note)


def _next(seen: Look) -> Key:
    first = seen.ahead.iloc[0]
    low, high = (amount(float(first[name]), "done") for name in ("week_q10", "week_q90"))
    label = f"Todos of {seen.frames.week}"
    if np.isnan(first["week_q50"]):
        return Key(label=label, value=_NONE, note="nothing was ever done")
    if seen.idle >= LEVEL:
        return Key(label=label, value=_NONE, note=f"nothing was done for {seen.idle} weeks")
    return Key(label=label, value=f"{low} to {high}", note="foreseen, in 4 of 5 cases")


def _plan(seen: Look) -> Key:
    plan = completion_rate(seen.frames.commitments, Week.parse(seen.week))
    if not plan.planned:
        return Key(label="Plan", value=_NONE, note="nothing was planned")
    label = f"Plan of {seen.week}" + (" so far" if seen.week == str(seen.frames.week) else "")
    return Key(label=label, value=f"{plan.rate:.0%}", note=f"{plan.done} of {plan.planned} planned todos done")


def _ratio(seen: Look) -> Key:
    lately = seen.accuracy
    if not lately.n:
        note = f"no estimated todo was finished in {lately.weeks} weeks"
        return Key(label="Actual ÷ estimate", value=_NONE, note=note)
    note = f"median of {lately.n} estimated todos in {lately.weeks} weeks"
    return Key(label="Actual ÷ estimate", value=f"{half_up(lately.median_ratio, 2):.2f}", note=note)


def _held(seen: Look) -> Key:
    held = seen.coverage
    if not held.n:
        return Key(label="Forecasts that held", value=_NONE, note="none has come true yet")
    note = f"of {held.n:,}, with {held.nominal:.0%} bands"
    return Key(label="Forecasts that held", value=f"{held.share:.0%}", note=note)


def _projects(seen: Look) -> Key:
    scored = [each for each in seen.healths if each.score is not None]
    worried = sum(each.label is not Label.ON_TRACK for each in scored)
    note = f"of {len(scored)} with a score, {len(seen.healths)} active"
    return Key(label="Projects at risk", value=str(worried) if scored else _NONE, note=note)
