"""What the agents say, computed: heavy, and so loaded only by a command that asks them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from orc_lab.agents.completion.outcome import ProjectCompletion
from orc_lab.agents.desk import Desk, nominal
from orc_lab.agents.estimation.walk import RECENT, coverage_of, walk_forward
from orc_lab.agents.forecast import QUANTILES, Forecast, label
from orc_lab.agents.health.rules import Health
from orc_lab.agents.hours import hours_of, imagined
from orc_lab.agents.insight import told
from orc_lab.agents.ledger.entry import HOURS, TODOS, Model, hash_of, of_todo, of_weeks
from orc_lab.agents.velocity.pace import MEASURES, Velocity, complete, velocity
from orc_lab.agents.velocity.throughput import forecast_throughput, forecast_total
from orc_lab.errors import InvalidValue
from orc_lab.mirror.features import Frames
from orc_lab.model.entities import CLOSED
from orc_lab.model.week import Week
from orc_lab.review.reading import read_frames
from orc_lab.review.when import default_week, week_of
from orc_lab.workbench.bench import Workbench

_INPUTS = ("title", "project_id", "category", "priority", "tags", "estimate_hours", "actual_hours")


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

    Without a week it is now; in the sample life the end of its last week. Raises FutureWeek.
    """
    now = int(time.time())
    if week is not None:
        return read_frames(wb, week_of(wb, week, now), now), ""
    if not wb.sample:
        return read_frames(wb, wb.week(), now), ""
    due = default_week(wb, now)
    return read_frames(wb, due, now), f"As known at the end of {due}, the last week with something in it."


def desk(wb: Workbench, frames: Frames) -> Desk:
    """Return the desk at these frames."""
    return Desk.at(wb, frames, now=int(time.time()))


def estimate(desk: Desk, text: str, id: str | None, project_id: str | None = None) -> Forecast:
    """Return the hours that an open todo, or one in quick syntax, will take in all; raises InvalidValue, NotFound.

    `project_id` is the project that the text names. Shown for a todo that is there, it is recorded.
    """
    frames, levels = desk.known.frames, desk.guard(Model.ESTIMATE).levels(QUANTILES)
    task = _open_task(frames, id) if id else imagined(frames, text, project_id)
    found = hours_of(desk, task)
    waited = bool((task["created"] < pd.Timestamp(frames.now).normalize()).all())
    measured = coverage_of(walk_forward(frames.finished, waited=waited, last=RECENT))
    lived = desk.held(Model.ESTIMATE)
    evidence = (*found.evidence, f"on your past, {measured.sentence}", *([lived] if lived else []))
    forecast = replace(found, evidence=evidence, coverage=measured)
    if id and forecast.quantiles:
        desk.keep([of_todo(id, forecast, as_of=frames.as_of, raw_levels=levels, inputs_hash=_hash(task))])
    return forecast


def outlook(desk: Desk, horizon: int) -> Outlook:
    """Return the pace of the last weeks, and what the next ones will bring, with their known short days; recorded."""
    frames = desk.known.frames
    over = complete(frames.weekly, frames.now)
    ahead = [frames.week + step for step in range(horizon)]
    capacity = frames.ahead[:horizon]
    rows = []
    for measure, unit in MEASURES.items():
        table = forecast_throughput(over[measure], horizon, capacity=capacity, past_capacity=over["capacity"])
        alone = table[[f"week_{label(level)}" for level in QUANTILES]].itertuples(index=False)
        rows += [(str(week), unit, tuple(values)) for week, values in zip(ahead, alone, strict=True)]
    totals = tuple(_total(desk, measure, horizon) for measure in MEASURES)
    return Outlook(velocity=velocity(frames.weekly, frames.now), totals=totals, weeks=tuple(rows))


def _total(desk: Desk, measure: str, horizon: int) -> Forecast:
    """What the next weeks bring together, asked at levels that have held, and recorded."""
    frames, levels = desk.known.frames, desk.guard(Model.THROUGHPUT).levels(QUANTILES)
    found = nominal(forecast_total(
        frames.weekly, frames.now, horizon=horizon, measure=measure, capacity=frames.ahead[:horizon], quantiles=levels
    ))  # fmt: skip
    if found.quantiles:
        unit = TODOS if measure == "done" else HOURS
        hash = hash_of(weeks=frames.weekly[measure].tolist(), ahead=list(frames.ahead[:horizon]))
        made = of_weeks(frames.week, horizon, found, as_of=frames.as_of, unit=unit, raw_levels=levels, inputs_hash=hash)
        desk.keep([made])
    return found


def healths(desk: Desk, project_id: str | None) -> Sequence[Health]:
    """Return how one project is doing, or each active one, the worst first; their chances of trouble are recorded."""
    ids = [project_id] if project_id else desk.known.active
    found = [desk.known.health(id) for id in ids]
    desk.keep([entry for each in found for entry in told.troubles(desk.known, each)])
    return sorted(found, key=lambda one: (one.score is None, one.score, one.title))


def finish(
    desk: Desk, project_id: str, *, cut: Sequence[str] = (), add: Sequence[float] = (), first: Sequence[str] = ()
) -> ProjectCompletion:
    """Return when a project will be done, and what would change; recorded where nothing is made up.

    Raises NotFound, and InvalidValue for a todo to cut that isn't open in it.
    """
    mine = desk.known.look(project_id).ids
    for id in cut:
        if id not in mine:
            raise InvalidValue("a todo to cut", id, "an open one of this project")
    if cut or add or first:
        return desk.known.what_if(project_id, cut=cut, add=add, first=first)
    found = desk.known.completion(project_id)
    desk.keep(told.finish(desk.known, project_id, found))
    return found


def _open_task(frames: Frames, id: str) -> pd.DataFrame:
    known = frames.tasks if id not in set(frames.undated["id"]) else frames.undated
    task = known[known["id"] == id]
    if task.empty:
        raise InvalidValue("a todo", id, "one that was there by then")
    if task["status"].iloc[0] in CLOSED:
        raise InvalidValue("a todo", task["title"].iloc[0], f"one that is open; it is {task['status'].iloc[0]}")
    return task


def _hash(task: pd.DataFrame) -> str:
    row = task.iloc[0]
    return hash_of(**{name: None if pd.isna(row[name]) else str(row[name]) for name in _INPUTS})


def _labelled(values: Sequence[float]) -> dict[str, float | None]:
    return {label(level): None if pd.isna(value) else value for level, value in zip(QUANTILES, values, strict=True)}
