"""The plain numbers of an action, taken from the frames of the mirror: what `learn` is given beside the action."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from orc_lab.agents.knowledge.action import Action, Context, Kind
from orc_lab.agents.knowledge.midway import MIN_DONE, midway
from orc_lab.errors import NotFound
from orc_lab.mirror.features import Frames
from orc_lab.mirror.local import monday, week_names
from orc_lab.model.entities import Outcome, Priority, Status

_DAY, _HOUR, _WEEK = pd.Timedelta(days=1), timedelta(hours=1), pd.Timedelta(days=7)
_CLOSED = frozenset({Status.DONE.value, Status.DROPPED.value})
_GAPS = 3  # things that must have happened in a project before its longest pause says anything
_PACE = 300  # finished todos that tell a person's pace at an instant
_OVERRUN = 1.25  # hours ÷ estimate up to which a project without a due day went well
_LONGEST = 24  # hours of a session that are told apart; nobody works for longer
_SLACK = 365.0 * 8  # working hours to a due day that isn't there


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Where actions took place: frames, and what is found in them once for all actions."""

    frames: Frames

    def of(self, action: Action) -> Context:
        """The numbers that an action needs; raises NotFound for a todo or project that the frames don't have."""
        if action.kind in (Kind.PROJECT_COMPLETED, Kind.PROJECT_GIVEN_UP):
            return self.project(action.subject, given_up=action.kind is Kind.PROJECT_GIVEN_UP)
        if action.kind is Kind.TASK_COMPLETED:
            return self.task(action.subject)
        if action.kind is Kind.TASK_ESTIMATION_CORRECTED:
            return self.correction(action.subject)
        if action.kind is Kind.TASK_CHOSEN:
            return self.choice([action.subject, *action.detail["passed_over"]])
        if action.kind is Kind.SESSION_FINISHED:
            return self.session(action.subject)
        return self.weeks.get(action.subject, {}) if action.kind is Kind.WEEK_CLOSED else {}

    @cached_property
    def _tasks(self) -> Mapping[str, Mapping[Any, Any]]:
        columns = ["id", "title", "category", "project_id", "priority", "due", "estimate_hours"]
        lists = [self.frames.tasks[name].tolist() for name in columns]
        return {row[0]: dict(zip(columns, row, strict=True)) for row in zip(*lists, strict=True)}

    def _task(self, id: str) -> Mapping[Any, Any]:
        if id not in self._tasks:
            raise NotFound("todo", id)
        return self._tasks[id]

    def title(self, id: str) -> str:
        """A todo's title, empty where there is none."""
        return str(self._tasks[id]["title"]) if id in self._tasks else ""

    # Todos

    def task(self, id: str) -> Context:
        """Of a todo done: its category, its way through the pipeline and the days in each stage."""
        category = _text(self._task(id)["category"])
        way, days = self.ways.get(id, ("", {}))
        return {"category": category, "way": way, "days": days}

    @cached_property
    def ways(self) -> Mapping[str, tuple[str, Mapping[str, float]]]:
        """Of each todo with events: its stages in order, joined by >, and the days it stayed in each but the last."""
        return ways(self.frames.events)

    def correction(self, id: str) -> Context:
        """Of a todo whose estimate was corrected: the hours that stood there, and where it belongs."""
        row = self._task(id)
        found: dict[str, Any] = {name: _text(row[name]) for name in ("category", "project_id")}
        hours = _number(row["estimate_hours"])
        return found | {"before_hours": hours, "estimate_hours": hours}

    def choice(self, ids: Sequence[str]) -> Context:
        """Of todos that could have been begun, the chosen one first: [priority, hours, slack in hours] each.

        Slack counts eight hours a day up to the end of the due day, less the todo's hours; a year where none is due.
        """
        return {"options": [self._option(self._task(id)) for id in ids]}

    def _option(self, row: Mapping[Any, Any]) -> list[Any]:
        hours = _number(row["estimate_hours"]) or 1.0
        slack = _SLACK
        if pd.notna(row["due"]):
            days = (row["due"] + _DAY - pd.Timestamp(self.frames.now)) / _DAY
            slack = float(days) * 8.0 - hours
        priority = row["priority"] if row["priority"] in set(Priority) else Priority.MEDIUM.value
        return [priority, hours, round(slack, 2)]

    # Sessions

    def session(self, subject: str) -> Context:
        """Of a session `todo@started`: its ISO week, its hours, and its part of each hour of the week."""
        todo, _, started = subject.rpartition("@")
        mine = self.frames.sessions
        mine = mine[(mine["todo_id"] == todo) & (mine["started"] == pd.Timestamp(started))]
        if mine.empty:
            return {}
        return self.worked(mine["started"].iloc[0].to_pydatetime(), mine["ended"].iloc[0].to_pydatetime())

    def worked(self, started: datetime, ended: datetime) -> Context:
        """Of an interval of work: the same."""
        shift = self.frames.clock.shift
        year, week, _ = started.isocalendar()
        parts, at, last = [], started + shift, min(ended, started + _LONGEST * _HOUR) + shift
        while at < last:
            following = min(at.replace(minute=0, second=0, microsecond=0) + _HOUR, last)
            parts.append([(at - shift).weekday(), at.hour, round((following - at) / _HOUR, 4)])
            at = following
        return {"week": f"{year}-W{week:02d}", "hours": round((ended - started) / _HOUR, 4) or None, "parts": parts}

    # Weeks

    @cached_property
    def weeks(self) -> Mapping[str, Context]:
        """Of each week that is over: what was planned and done, and how work went."""
        over = self.frames.weekly[self.frames.weekly["complete"]]
        names = over["week"].tolist()
        plan, style = self._plans(), self._styles(over)
        return {name: {**plan.get(name, {}), **style.get(name, {})} for name in names}

    def _plans(self) -> Mapping[str, Context]:
        frame = self.frames.commitments
        mine = frame[frame["planned"]]
        done = mine["outcome"] == Outcome.DONE.value
        hours = mine["estimate_hours"].fillna(0.0)
        spent = mine["actual_hours"].fillna(mine["estimate_hours"]).fillna(0.0).where(done, 0.0)
        told = pd.DataFrame(
            {"planned": 1, "done": done.astype("int64"), "planned_hours": hours, "done_hours": spent}
        )  # fmt: skip
        sums = told.groupby(mine["week"]).sum()
        rows = zip(sums.index, sums.to_dict("records"), strict=True)
        return {str(week): {str(key): round(value, 2) for key, value in row.items()} for week, row in rows}

    def _styles(self, over: pd.DataFrame) -> Mapping[str, Context]:
        tasks, found = self.frames.tasks, defaultdict[str, dict[str, Any]](dict)
        done = tasks[tasks["completed"] >= over["start"].min()]
        week = week_names(monday(done["completed"]))
        mine = self.frames.commitments
        promised = set(zip(mine["week"][mine["planned"]], mine["todo_id"][mine["planned"]], strict=True))
        planned = pd.Series([pair in promised for pair in zip(week, done["id"], strict=True)], index=done.index)
        for name, share in planned.astype("float64").groupby(week).mean().items():
            found[str(name)]["planned_share"] = round(float(share), 4)
        for name, switches in self._switches(over["start"].min()).items():
            found[str(name)]["switches"] = round(float(switches), 2)
        for name, count in zip(over["week"], _in_progress(tasks, over["start"] + _WEEK), strict=True):
            if count:
                found[name]["in_progress"] = count
        return found

    def _switches(self, since: pd.Timestamp) -> Mapping[Any, float]:
        """Mean changes of todo a day, by week, over days with sessions; weeks without any are left out."""
        sessions = self.frames.sessions[self.frames.sessions["started"] >= since]
        day = sessions["started"].dt.normalize()
        other = (sessions["todo_id"] != sessions["todo_id"].shift()) & (day == day.shift())
        daily = other.astype("float64").groupby(day).sum()
        found: Mapping[Any, float] = daily.groupby(week_names(monday(daily.index.to_series()))).mean().to_dict()
        return found

    # Projects

    def project(self, id: str, *, given_up: bool = False, halfway: bool = True) -> Context:
        """Of a project at its end, or now where it goes on: how it went, and how it looked half-way.

        good: done by the due day; without one, hours within 1.25 of the estimates, or unknown. Numbers that the
        project is too small for are None.
        """
        row = self._project(id)
        mine = self._of_project.get(id, self.frames.tasks.head(0))
        start, end = self._span(row, mine, given_up=given_up)
        found = self._went(row, mine, start, end)
        if not halfway:
            return found
        half = _half_way(mine, start, end)
        on_time, hours = found["on_time"], found["hours_ratio"]
        good = bool(on_time) if on_time is not None else hours is None or hours <= _OVERRUN
        frames = self.frames
        look = midway(self._near(mine, half), frames.weekly, frames.commitments, row, half)
        found["good"] = good and not given_up
        if look is None:
            return found
        return found | {"midway": list(look.patterns), "blind_share": look.blind, "aged_share": look.aged}

    @cached_property
    def _of_project(self) -> Mapping[str, pd.DataFrame]:
        return {str(id): mine for id, mine in self.frames.tasks.groupby("project_id")}

    def _near(self, mine: pd.DataFrame, instant: datetime) -> pd.DataFrame:
        """A project's todos, and of all others those finished last before an instant: the person's pace by then."""
        done = self._finished[: np.searchsorted(self._finished["completed"], np.datetime64(instant, "us"))]
        return pd.concat([done.tail(_PACE), mine]).drop_duplicates("id")

    @cached_property
    def _finished(self) -> pd.DataFrame:
        return self.frames.tasks[self.frames.tasks["completed"].notna()].sort_values(["completed", "id"])

    def _project(self, id: str) -> dict[str, Any]:
        found = self.frames.projects[self.frames.projects["id"] == id]
        if found.empty:
            raise NotFound("project", id)
        return {str(key): value for key, value in found.iloc[0].to_dict().items()}

    def last(self, id: str) -> datetime:
        """When something last happened in a project."""
        mine = self._of_project.get(id, self.frames.tasks.head(0))
        times = [self._project(id)["created"], mine[["created", "started", "completed", "dropped"]].max().max()]
        found: datetime = max(time for time in times if pd.notna(time)).to_pydatetime()
        return found

    def _span(self, row: Mapping[str, Any], mine: pd.DataFrame, *, given_up: bool) -> tuple[pd.Timestamp, pd.Timestamp]:
        start = min([row["created"], *mine["created"].dropna().head(1)])
        now = pd.Timestamp(self.last(row["id"]) if given_up else self.frames.now)
        return start, max(start, row["completed"] if pd.notna(row["completed"]) else now)

    def _went(
        self, row: Mapping[str, Any], mine: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp
    ) -> dict[str, Any]:
        due = row["due"] + _DAY if pd.notna(row["due"]) else None
        planned = None if due is None else (due - start) / _DAY
        done = mine[mine["completed"].notna()]
        both = done[(done["estimate_hours"] > 0) & (done["actual_hours"] > 0)]
        weeks = max((end - start) / _WEEK, 1.0)
        return {
            "days_ratio": _four((end - start) / _DAY / planned) if planned and planned >= 1 else None,
            "on_time": None if due is None else int(end < due),
            "hours_ratio": _four(both["actual_hours"].sum() / both["estimate_hours"].sum()) if len(both) else None,
            "throughput": _four(len(done) / weeks) if len(done) else None,
            "longest_gap_days": _longest_gap(mine, start, end),
            "most_carried": self._carried(done),
        }

    def _carried(self, done: pd.DataFrame) -> int | None:
        """The most weeks that a done todo had been promised for before the one in which it was done."""
        found = [self._most_carried[id] for id in done["id"] if id in self._most_carried]
        return max(found) if found else None

    @cached_property
    def _most_carried(self) -> Mapping[str, int]:
        most = self.frames.commitments.groupby("todo_id")["carried"].max()
        return dict(zip(most.index.tolist(), most.tolist(), strict=True))


def context_of(action: Action, frames: Frames) -> Context:
    """The plain numbers of one action; raises NotFound for a todo or project that the frames don't have."""
    return Surroundings(frames).of(action)


def _in_progress(tasks: pd.DataFrame, ends: pd.Series) -> list[int]:
    """How many todos were begun and not closed at each of these instants."""
    begun = tasks[tasks["started"].notna()]
    closed = begun["completed"].fillna(begun["dropped"])
    closed = closed.where(~(closed < begun["started"]), begun["started"]).dropna().sort_values()
    started = begun["started"].sort_values()
    counts: list[int] = (np.searchsorted(started, ends) - np.searchsorted(closed, ends)).tolist()
    return counts


def ways(events: pd.DataFrame) -> Mapping[str, tuple[str, Mapping[str, float]]]:
    """Of each todo: its stages in order, joined by >, and the days it stayed in each but the last."""
    steps = defaultdict[str, list[tuple[str, float]]](list)
    at = (events["at"] - pd.Timestamp(0)) / _DAY
    columns = (events["todo_id"].tolist(), at.tolist(), events["old"].tolist(), events["new"].tolist())
    for todo, day, old, new in zip(*columns, strict=True):
        way = steps[todo]
        if not way and isinstance(old, str) and old:
            way.append((old, day))
        if not way or way[-1][0] != new:
            way.append((new, day))
    return {todo: (">".join(stage for stage, _ in way), _stays(way)) for todo, way in steps.items()}


def _stays(way: Sequence[tuple[str, float]]) -> Mapping[str, float]:
    days: dict[str, float] = defaultdict(float)
    for (stage, entered), (_, left) in pairwise(way):
        days[stage] += max(left - entered, 0.0)
    return {stage: round(stay, 3) for stage, stay in days.items() if stage not in _CLOSED}


def _half_way(mine: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> datetime:
    """The middle of a project's time, or when enough was done for its patterns to say something, if that is later."""
    done = mine["completed"].dropna().sort_values()
    enough = done.iloc[MIN_DONE - 1] if len(done) >= MIN_DONE else start
    half: datetime = max(start + (end - start) / 2, enough).to_pydatetime()
    return half


def _longest_gap(mine: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> float | None:
    """Days of the longest pause in which nothing was created, begun, completed or dropped, from `start` to `end`."""
    times = pd.concat([mine["created"], mine["started"], mine["completed"], mine["dropped"]]).dropna()
    times = times[(times >= start) & (times <= end)].sort_values()
    if len(times) < _GAPS:
        return None
    return _four(max(times.diff().max() / _DAY, (end - times.iloc[-1]) / _DAY))


def _four(value: float) -> float:
    return float(f"{value:.4g}")


def _number(value: Any) -> float | None:
    return float(value) if pd.notna(value) and value > 0 else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
