"""What the agents say, computed: heavy, and so loaded only by a command that asks them."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from orc_lab.agents.ageing import ageing
from orc_lab.agents.estimation.estimator import Estimator, coverage_of, walk_forward
from orc_lab.agents.forecast import QUANTILES, Basis, Forecast, label
from orc_lab.agents.health.rules import Health, health
from orc_lab.agents.health.snapshot import snapshot
from orc_lab.agents.velocity.throughput import (
    MEASURES,
    Velocity,
    complete,
    forecast_throughput,
    forecast_total,
    velocity,
)
from orc_lab.errors import InvalidValue
from orc_lab.mirror.features import TASKS, Frames
from orc_lab.model import quick
from orc_lab.model.entities import CLOSED, ProjectStatus
from orc_lab.model.week import Week
from orc_lab.review.reading import read_frames
from orc_lab.review.when import default_week, week_of
from orc_lab.workbench.bench import Workbench


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Levels and forecasts as of an instant; `weeks` has a row a week ahead and measure, its quantiles in order."""

    velocity: Velocity
    totals: tuple[Forecast, ...]
    weeks: tuple[tuple[str, str, tuple[float, ...]], ...]

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        weeks = [{"week": week, "measure": measure, **_labelled(values)} for week, measure, values in self.weeks]
        return {**self.velocity.as_dict(), "totals": [total.as_dict() for total in self.totals], "weeks": weeks}


def seen(wb: Workbench, week: Week | None) -> tuple[Frames, str]:
    """Return what was known at the end of a week, or is known now, and a line where that needs saying.

    Without a week it is now; in the sample life, and where nothing has happened for long, the end of the last week
    with something in it. Raises FutureWeek.
    """
    now = int(time.time())
    if week is not None:
        return read_frames(wb, week_of(wb, week, now), now), ""
    due = default_week(wb, now)
    if not wb.sample and due >= wb.week() - 1:
        return read_frames(wb, wb.week(), now), ""
    return read_frames(wb, due, now), f"As known at the end of {due}, the last week with something in it."


def estimate(frames: Frames, text: str, id: str | None) -> Forecast:
    """Return the hours that an open todo, or one in quick syntax, will take in all; raises InvalidValue, NotFound."""
    task = _open_task(frames, id) if id else _imagined(frames, text)
    estimator = Estimator().observe(frames.finished)
    row = estimator.predict(task, as_of=frames.now).iloc[0]
    waited = bool((task["created"] < pd.Timestamp(frames.now).normalize()).all())
    held = coverage_of(walk_forward(frames.finished, waited=waited))
    known = pd.notna(row[label(0.5)])
    own = task["estimate_hours"].iloc[0]
    evidence = [f"your own estimate is {own:g} h"] if own > 0 else ["it has no estimate"]
    return Forecast(
        subject=str(task["title"].iloc[0]),
        unit="h",
        as_of=frames.now,
        quantiles={level: float(row[label(level)]) for level in QUANTILES} if known else {},
        basis=Basis(row["basis"]),
        n=int(row["n"]),
        evidence=(*evidence, held.sentence),
        coverage=held,
        needs="" if known else "A finished todo with its hours would be needed.",
    )


def outlook(frames: Frames, horizon: int) -> Outlook:
    """Return the pace of the last weeks, and what the next ones will bring, with their known short days."""
    over = complete(frames.weekly, frames.now)
    ahead = [frames.week + step for step in range(horizon)]
    capacity = frames.ahead[:horizon]
    rows = []
    for measure, unit in MEASURES.items():
        table = forecast_throughput(over[measure], horizon, capacity=capacity, past_capacity=over["capacity"])
        alone = table[[f"week_{label(level)}" for level in QUANTILES]].itertuples(index=False)
        rows += [(str(week), unit, tuple(values)) for week, values in zip(ahead, alone, strict=True)]
    totals = (
        forecast_total(frames.weekly, frames.now, horizon=horizon, measure=measure, capacity=capacity)
        for measure in MEASURES
    )
    return Outlook(velocity=velocity(frames.weekly, frames.now), totals=tuple(totals), weeks=tuple(rows))


def healths(frames: Frames, project_id: str | None) -> Sequence[Health]:
    """Return how one project is doing, or each active one, the worst first."""
    projects = frames.projects
    wanted = projects["id"] == project_id if project_id else projects["status"] == ProjectStatus.ACTIVE.value
    return sorted(_healths(frames, projects[wanted]), key=lambda one: (one.score is None, one.score, one.title))


def _healths(frames: Frames, projects: pd.DataFrame) -> Iterator[Health]:
    estimator = Estimator().observe(frames.finished)
    ages = ageing(frames.tasks, frames.now)
    for _, project in projects.iterrows():
        yield health(
            snapshot(
                frames.tasks,
                frames.weekly,
                project,
                frames.now,
                estimator,
                commitments=frames.commitments,
                capacity=frames.ahead,
                ages=ages,
            )
        )


def _open_task(frames: Frames, id: str) -> pd.DataFrame:
    task = frames.tasks[frames.tasks["id"] == id]
    if task.empty:
        raise InvalidValue("a todo", id, "one that was there by then")
    if task["status"].iloc[0] in CLOSED:
        raise InvalidValue("a todo", task["title"].iloc[0], f"one that is open; it is {task['status'].iloc[0]}")
    return task


def _imagined(frames: Frames, text: str) -> pd.DataFrame:
    """A task that isn't there yet, of the project that its text names, if that is one."""
    line = quick.parse(text, frames.now.date())
    projects = frames.projects
    same = projects.loc[projects["title"].str.casefold() == (line.project or "").casefold(), "id"]
    told: dict[str, Any] = {
        "id": "",
        "title": line.title or text,
        "project_id": same.iloc[0] if len(same) else None,
        "created": frames.now,
        "estimate_hours": line.hours,
    }
    return pd.DataFrame([{**dict.fromkeys(TASKS), **told}]).astype(TASKS)


def _labelled(values: Sequence[float]) -> dict[str, float | None]:
    return {label(level): None if pd.isna(value) else value for level, value in zip(QUANTILES, values, strict=True)}
