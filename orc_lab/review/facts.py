"""Everything that a review says, computed once from the frames: the week, its plan, the projects, what comes next.

Plain values and small frames; `first`, `tiles`, `back` and `ahead` put them into words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from math import isclose, nan

import numpy as np
import pandas as pd

from orc_lab.agents.completion.workload import WeekFit, week_fit
from orc_lab.agents.estimation.accuracy import Accuracy, accuracy
from orc_lab.agents.estimation.estimator import Estimator
from orc_lab.agents.estimation.walk import RECENT, walk_forward
from orc_lab.agents.forecast import Forecast
from orc_lab.agents.health.rules import Health
from orc_lab.agents.health.snapshot import ProjectSnapshot
from orc_lab.agents.insight.known import Known
from orc_lab.agents.knowledge.base import KnowledgeBase
from orc_lab.agents.velocity.pace import Velocity, complete, idle, velocity
from orc_lab.agents.velocity.throughput import forecast_throughput, forecast_total
from orc_lab.mirror.features import Frames
from orc_lab.model.entities import ProjectStatus
from orc_lab.model.week import Week
from orc_lab.review.monday import Step, stale, steps, waits

ACCURACY_WEEKS = 12
ASLEEP = timedelta(weeks=12)  # without a sign of life a project is no longer watched, only named
HORIZON = 4
SCENARIOS = 1000  # for the hours left of one todo
USUAL_WEEKS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a week's plan went. Counts of planned todos by outcome, and what was done beside the plan.

    `rate` is done ÷ planned, NaN without a plan; `usual_rate` the median of the last planned weeks before, `weeks` how
    many those are (at most USUAL_WEEKS).
    """

    planned: int
    done: int
    open: int
    dropped: int
    estimate_hours: float
    done_hours: float
    unplanned: int
    unplanned_hours: float
    rate: float
    usual_rate: float
    weeks: int
    ever: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Facts:
    """What is known about a week as of an instant (local time). `hours` are those worked in the week.

    `projects` are active ones with signs of life, the least healthy first; `asleep` the titles of the others. `room` is
    how much of a usual week next week is, `later` and `held` how many open todos are snoozed beyond its Monday, and
    how many of the others wait for another one. `past` says that the week after is over too,
    `begins` when the data begin if they do so after the week.
    """

    week: Week
    as_of: datetime
    so_far: bool
    frames: Frames
    done: pd.DataFrame
    hours: float
    usual: Velocity
    plan: Plan
    carried: pd.DataFrame
    accuracy: Accuracy
    known: Known
    ages: pd.DataFrame
    projects: Sequence[tuple[ProjectSnapshot, Health]]
    asleep: Sequence[str]
    throughput: Forecast
    ahead: pd.DataFrame
    fit: WeekFit
    next_week: Sequence[Step]
    room: float
    later: int
    held: int
    stale: int
    past: bool
    begins: date | None

    @property
    def kept(self) -> tuple[Step, ...]:
        """What next week brings without what is better left out; all of it where nothing would be left."""
        out = {item.id for item in self.fit.drop}
        return tuple(step for step in self.next_week if step.id not in out) or tuple(self.next_week)

    @property
    def uneven(self) -> bool:
        """Whether next week isn't a usual one: it has a holiday, or a day that counts for more."""
        return not isclose(self.room, 1.0)

    def idle(self, *, before: bool = False) -> int:
        """How many weeks up to this one, or to the one `before` it, brought nothing at the last."""
        weekly = self.frames.weekly
        if not before and len(self.done):
            return 0
        over = weekly[weekly["start"] < _span(self.week)[0]] if before else complete(weekly, self.as_of)
        return idle(over)

    @property
    def last_done(self) -> date | None:
        """The day on which a todo was last done before the week."""
        earlier = self.frames.finished["completed"]
        earlier = earlier[earlier < _span(self.week)[0]]
        return earlier.max().date() if len(earlier) else None

    @property
    def open(self) -> int:
        """Open todos."""
        return len(self.ages)


def facts(
    frames: Frames, week: Week, *, kb: KnowledgeBase | None = None, past: bool = False, begins: date | None = None
) -> Facts:
    """Look at a week as of the instant of the frames, with what was learned by then (`kb`, by default as shipped)."""
    as_of = frames.now
    monday, end = _span(week)
    frames = replace(frames, weekly=frames.weekly[frames.weekly["start"] < end])
    known = Known(frames=frames, kb=kb or KnowledgeBase())
    done = _done(frames.tasks, monday, end)
    over = complete(frames.weekly, as_of)
    factors, coming = over["capacity"], frames.ahead[:HORIZON]
    estimator = known.estimator
    awake, asleep = _awake(frames, as_of)
    room = frames.ahead[1 if as_of < end else 0]  # when the week is over, the instant lies in the next one
    later, held = waits(frames.tasks, week)
    todo = _next_week(frames, week, as_of, estimator, room)
    planned = frames.tasks[frames.tasks["id"].isin([step.id for step in todo])]
    return Facts(
        week=week,
        as_of=as_of,
        so_far=as_of < end,
        frames=frames,
        done=done,
        hours=float(frames.weekly.loc[frames.weekly["week"] == str(week), "hours"].sum()),
        usual=velocity(frames.weekly[frames.weekly["start"] < monday], monday, weeks=USUAL_WEEKS),
        plan=_plan(frames.commitments, week, done),
        carried=_carried(frames.commitments, week),
        accuracy=accuracy(walk_forward(frames.finished, last=RECENT), as_of=as_of, weeks=ACCURACY_WEEKS),
        known=known,
        ages=known.ages,
        projects=_looked(known, awake["id"]),
        asleep=tuple(asleep["title"]),
        throughput=forecast_total(frames.weekly, as_of, horizon=HORIZON, capacity=coming),
        ahead=forecast_throughput(over["done"], HORIZON, capacity=coming, past_capacity=factors),
        fit=week_fit(
            planned,
            estimator,
            over["hours"],
            as_of=as_of,
            capacity=room,
            past_capacity=factors,
            until=end + timedelta(weeks=1),
        ),
        next_week=todo,
        room=room,
        later=int(later.sum()),
        held=int((held & ~later).sum()),
        stale=int(stale(frames.tasks, week).sum()),
        past=past,
        begins=begins,
    )


def _next_week(frames: Frames, week: Week, as_of: datetime, estimator: Estimator, factor: float) -> tuple[Step, ...]:
    def left(tasks: pd.DataFrame) -> pd.DataFrame:
        work = estimator.draws(tasks, as_of=as_of, size=SCENARIOS, remaining=True)
        return pd.DataFrame(np.quantile(work, (0.1, 0.5, 0.9), axis=0).T, tasks.index, ["low", "hours", "high"])

    room = factor * velocity(frames.weekly, as_of, weeks=USUAL_WEEKS).hours.median
    return steps(frames.tasks, frames.projects, frames.commitments, left, week=week, room=room)


def _span(week: Week) -> tuple[datetime, datetime]:
    monday = datetime.combine(week.monday, datetime.min.time())
    return monday, monday + timedelta(days=7)


def _done(tasks: pd.DataFrame, monday: datetime, end: datetime) -> pd.DataFrame:
    """What was done in the week, in order of completion."""
    mine = tasks[(tasks["completed"] >= monday) & (tasks["completed"] < end)]
    return mine.sort_values(["completed", "id"])


def _plan(commitments: pd.DataFrame, week: Week, done: pd.DataFrame) -> Plan:
    planned = commitments[commitments["planned"].astype(bool)]
    mine = planned[planned["week"] == str(week)]
    outcome = mine["outcome"].value_counts()
    beside = done[~done["id"].isin(mine["todo_id"])]
    before = _rates(planned[planned["week"] < str(week)]).tail(USUAL_WEEKS)
    return Plan(
        planned=len(mine),
        done=int(outcome.get("done", 0)),
        open=int(outcome.get("open", 0)),
        dropped=int(outcome.get("dropped", 0)),
        estimate_hours=float(mine["estimate_hours"].sum()),
        done_hours=float(done.loc[done["id"].isin(mine["todo_id"]), "actual_hours"].sum()),
        unplanned=len(beside),
        unplanned_hours=float(beside["actual_hours"].sum()),
        rate=float((mine["outcome"] == "done").mean()) if len(mine) else nan,
        usual_rate=float(before.median()) if len(before) else nan,
        weeks=len(before),
        ever=not commitments.empty,
    )


def _rates(planned: pd.DataFrame) -> pd.Series:
    """Done ÷ planned of each week with a plan, in order."""
    return (planned["outcome"] == "done").groupby(planned["week"]).mean().sort_index()


def _carried(commitments: pd.DataFrame, week: Week) -> pd.DataFrame:
    """Committed todos of the week that are open still, the longest carried first."""
    mine = commitments[(commitments["week"] == str(week)) & (commitments["outcome"] == "open")]
    return mine.sort_values(["carried", "estimate_hours", "todo_id"], ascending=[False, False, True])


def _awake(frames: Frames, as_of: datetime) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Active projects with a sign of life in the last ASLEEP, and those with open todos but without one."""
    active = frames.projects[frames.projects["status"] == ProjectStatus.ACTIVE]
    signs = frames.tasks[["created", "started", "completed", "dropped"]].max(axis=1)
    last = signs.groupby(frames.tasks["project_id"]).max().reindex(active["id"])
    fresh = pd.Series((last > as_of - ASLEEP).to_numpy(), index=active.index)
    return active[fresh], active[~fresh & (active["open"] > 0)]


def _looked(known: Known, ids: Iterable[str]) -> tuple[tuple[ProjectSnapshot, Health], ...]:
    """Each project with its health, the least healthy first."""
    pairs = [(known.snapshot(id), known.health(id)) for id in ids]
    return tuple(sorted(pairs, key=lambda pair: (pair[1].score is None, pair[1].score or 0, pair[0].id)))
