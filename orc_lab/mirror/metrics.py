"""What the words of a page mean: each number has one definition and one function, over the frames of `features`.

Frames come in and go out; a docstring holds the formula and where it comes from.
"""

from dataclasses import dataclass
from datetime import datetime
from math import nan

import numpy as np
import pandas as pd

from orc_lab.model.clock import Clock
from orc_lab.model.entities import Status
from orc_lab.model.week import Week

_DAY, _HOUR = pd.Timedelta(days=1), pd.Timedelta(hours=1)
_STAGES = [status.value for status in Status]
_FATES = ["done", "open", "dropped", "unplanned", "unplanned_done"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What became of a week's plan; `rate` is NaN where nothing was planned."""

    week: Week
    done: int
    open: int
    dropped: int
    unplanned: int
    unplanned_done: int

    @property
    def planned(self) -> int:
        """How many commitments stood when the plan froze."""
        return self.done + self.open + self.dropped

    @property
    def rate(self) -> float:
        """Done ÷ planned."""
        return self.done / self.planned if self.planned else nan


def completion_rate(commitments: pd.DataFrame, week: Week) -> Completion:
    """Return what became of a week's plan by the week's end; see `completion_rates`."""
    found = completion_rates(commitments[commitments["week"] == str(week)])
    return Completion(week=week, **{name: int(found[name].sum()) for name in _FATES})


def completion_rates(commitments: pd.DataFrame) -> pd.DataFrame:
    """Return what became of each week's plan by the week's end, a row a week with commitments, in order.

    rate = done ÷ (done + open + dropped) of the commitments that stood when the plan froze, at latest 24 h into the
    week (NaN where there was none); what was added later is counted apart. Columns: week, done, open, dropped,
    unplanned, unplanned_done, planned, rate. Source: plan attainment as Scrum and GTD count it.
    """
    outcome, planned = commitments["outcome"], commitments["planned"]
    counted = pd.DataFrame({name: planned & (outcome == name) for name in ("done", "open", "dropped")})
    counted = counted.assign(unplanned=~planned, unplanned_done=~planned & (outcome == "done"))
    found = counted.groupby(commitments["week"]).sum().reset_index()
    whole = found["done"] + found["open"] + found["dropped"]
    return found.assign(planned=whole, rate=found["done"] / whole.where(whole > 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class CarryOver:
    """What a week handed on: `items` are the commitments that were open at its end, the longest carried first."""

    week: Week
    committed: int
    items: pd.DataFrame

    @property
    def rate(self) -> float:
        """Open at the week's end ÷ committed, NaN where nothing was."""
        return len(self.items) / self.committed if self.committed else nan


def carry_over(commitments: pd.DataFrame, week: Week) -> CarryOver:
    """Return which commitments of a week, planned or added later, were open when it ended (or are, while it runs).

    Rate = open at the week's end ÷ committed. Source: spillover, as Scrum teams count it.
    """
    mine = commitments[commitments["week"] == str(week)]
    items = mine[mine["outcome"] == "open"].sort_values(
        ["carried", "committed", "todo_id"], ascending=[False, True, True]
    )
    return CarryOver(week=week, committed=len(mine), items=items.reset_index(drop=True))


def carry_survival(commitments: pd.DataFrame) -> pd.DataFrame:
    """Return, by how many weeks a commitment had been carried before, how often it was open at the week's end again.

    Columns: carried, committed, open, share = open ÷ committed. Leave a running week out beforehand. Source: discrete
    hazards of survival analysis (Kaplan & Meier 1958): the shares multiplied are the chance to be carried that long.
    """
    still_open = (commitments["outcome"] == "open").astype("int64")
    found = still_open.groupby(commitments["carried"]).agg(committed="size", open="sum").reset_index()
    return found.assign(share=found["open"] / found["committed"])


def estimate_ratios(finished: pd.DataFrame) -> pd.DataFrame:
    """Return how finished todos compare with their estimates, those with positive hours of both.

    ratio = actual ÷ original estimate (1.0: as estimated, 2.0: twice as long); log_ratio its natural logarithm, to
    average over. Columns: id, title, project, completed, estimate_hours, actual_hours, ratio, log_ratio. Source:
    FogBugz' evidence-based scheduling (Spolsky 2007), with the ratio the other way up.
    """
    usable = finished[(finished["estimate_hours"] > 0) & (finished["actual_hours"] > 0)]
    columns = ["id", "title", "project", "completed", "estimate_hours", "actual_hours"]
    found = usable[columns].reset_index(drop=True)
    ratio = found["actual_hours"] / found["estimate_hours"]
    return found.assign(ratio=ratio, log_ratio=np.log(ratio))


def net_flow(weekly: pd.DataFrame) -> pd.DataFrame:
    """Return how many todos came and went each week.

    net = created − done − dropped; open = the sum of it up to that week, so the last one is what is open now (a todo
    that was closed and opened again counts as open in between). Columns: week, start, arrivals, departures, net,
    open. Source: arrivals and departures of the Kanban Guide.
    """
    departures = weekly["done"] + weekly["dropped"]
    net = weekly["created"] - departures
    return weekly[["week", "start"]].assign(
        arrivals=weekly["created"], departures=departures, net=net, open=net.cumsum()
    )


def cumulative_flow(events: pd.DataFrame, tasks: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """Return how many todos stood in each status at the end of each day.

    Columns: day, then dumped … dropped; a row each day from the first todo to that of `as_of`. A todo with no events
    counts as dumped from its creation until it was closed, or as what it is while it is open. Source: cumulative flow
    diagrams (Anderson, Kanban, 2010).
    """
    moves = pd.concat([_told(events, tasks), _untold(events, tasks)], ignore_index=True)
    day = moves["at"].dt.normalize()
    days = pd.DatetimeIndex([], dtype=day.dtype)
    if len(day):
        days = pd.date_range(day.min(), max(day.max(), pd.Timestamp(as_of).normalize()), freq=_DAY, unit="us")
    flow = _counted(day, moves["new"], days) - _counted(day, moves["old"], days)
    return flow.cumsum().rename_axis(index="day", columns=None).reset_index()


def _counted(day: pd.Series, status: pd.Series, days: pd.DatetimeIndex) -> pd.DataFrame:
    counts = status.groupby([day, status]).size().unstack(fill_value=0)
    return counts.reindex(index=days, columns=_STAGES, fill_value=0).astype("int64")


def _told(events: pd.DataFrame, tasks: pd.DataFrame) -> pd.DataFrame:
    """Return moves (at, old, new) as the events tell them; a todo not told of at first was where it then left from."""
    mine = events[events["todo_id"].isin(tasks["id"])]
    before = mine.groupby("todo_id")["new"].shift()
    born = mine[before.isna() & mine["old"].notna()]
    created = tasks.set_index("id")["created"].reindex(born["todo_id"]).set_axis(born.index)
    return pd.concat(
        [
            pd.DataFrame({"at": created, "old": None, "new": born["old"]}),
            pd.DataFrame({"at": mine["at"], "old": before.fillna(mine["old"]), "new": mine["new"]}),
        ]
    ).astype({"old": "str", "new": "str"})


def _untold(events: pd.DataFrame, tasks: pd.DataFrame) -> pd.DataFrame:
    mine = tasks[~tasks["id"].isin(events["todo_id"])]
    closed = mine["completed"].fillna(mine["dropped"])
    first = mine["status"].where(closed.isna(), Status.DUMPED.value)
    moves = [
        pd.DataFrame({"at": mine["created"], "old": None, "new": first}),
        pd.DataFrame({"at": closed, "old": first, "new": mine["status"]})[closed.notna()],
    ]
    return pd.concat(moves).astype({"old": "str", "new": "str"})


def cycle_times(tasks: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Return how long finished todos took, in days, in order of completion.

    cycle_days = completed − first entry to *committed*, or to started where it never was committed; lead_days =
    completed − created. NaN where there is no such time before the completion. `basis` says which entry counted:
    "committed", "started", or empty. Columns: id, title, project, created, begun, completed, basis, cycle_days,
    lead_days. Source: cycle and lead time of the Kanban Guide.
    """
    done = tasks[tasks["completed"].notna()].sort_values(["completed", "id"], ignore_index=True)
    entries = events[events["new"] == Status.COMMITTED.value].groupby("todo_id")["at"].min()
    committed, started = (
        begun.where(begun <= done["completed"])
        for begun in (entries.reindex(done["id"]).set_axis(done.index), done["started"])
    )
    begun = committed.fillna(started)
    basis = pd.Series("committed", done.index).where(committed.notna(), "started").where(begun.notna())
    lead = _days(done["completed"] - done["created"])
    return done[["id", "title", "project", "created"]].assign(
        begun=begun,
        completed=done["completed"],
        basis=basis.astype("str"),
        cycle_days=_days(done["completed"] - begun),
        lead_days=lead.where(lead >= 0),
    )


def _days(spans: pd.Series) -> pd.Series:
    found: pd.Series = spans.dt.total_seconds() / 86400
    return found


def progress(tasks: pd.DataFrame, estimates: pd.Series) -> pd.DataFrame:
    """Return how far each project is by its hours; it stands beside the person's own number and never replaces it.

    progress = Σ hours done ÷ Σ hours in scope, 0 … 1; scope is everything not dropped, and a todo counts when it is
    done, not before. `estimates` are calibrated hours with the index of `tasks` (`Estimator.predict(tasks)["q50"]`);
    where one is missing the person's estimate counts, else the median todo. Columns: project_id, project,
    done_hours, scope_hours, progress. Source: earned value with 0/100 credit.
    """
    scope = tasks[tasks["project_id"].notna() & (tasks["status"] != Status.DROPPED.value)]
    known = estimates.reindex(scope.index).fillna(scope["estimate_hours"])
    hours = known.fillna(known.median()).fillna(1.0)
    done = hours.where(scope["status"] == Status.DONE.value, 0.0)
    sums = pd.DataFrame({"project": scope["project"], "done_hours": done, "scope_hours": hours})
    found = sums.groupby(scope["project_id"]).agg({"project": "first", "done_hours": "sum", "scope_hours": "sum"})
    return found.reset_index().assign(progress=(found["done_hours"] / found["scope_hours"]).to_numpy())


def focus(sessions: pd.DataFrame, clock: Clock) -> pd.DataFrame:
    """Return the hours worked in each hour of the week: 168 rows, each session by its part of each hour.

    Columns: weekday (0 = Monday, of the person's day), hour (of the clock on the wall), hours, share of all of them
    (NaN where no session was tracked). Source: the hour-of-week profile of time trackers such as RescueTime.
    """
    start, end = sessions["started"] + clock.shift, sessions["ended"] + clock.shift
    grid = np.zeros((7, 24))
    while len(start):
        hour_end = start.dt.floor("h") + _HOUR
        part = (end.where(end < hour_end, hour_end) - start).dt.total_seconds() / 3600
        np.add.at(grid, ((start - clock.shift).dt.day_of_week.to_numpy(), start.dt.hour.to_numpy()), part.to_numpy())
        more = end > hour_end
        start, end = hour_end[more], end[more]
    weekday, hour = np.indices(grid.shape)
    cells = pd.DataFrame({"weekday": weekday.ravel(), "hour": hour.ravel(), "hours": grid.ravel()})
    return cells.assign(share=cells["hours"] / (cells["hours"].sum() or nan))
