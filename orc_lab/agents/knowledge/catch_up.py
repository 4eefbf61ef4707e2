"""What happened since the last time, as actions with their numbers: each once, in bulk."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, TypeGuard, TypeVar

import pandas as pd

from orc_lab.agents.knowledge import action as actions
from orc_lab.agents.knowledge.action import Action, Context, Kind
from orc_lab.agents.knowledge.context import Surroundings
from orc_lab.mirror.features import Frames
from orc_lab.model.entities import Activity, Entity, ProjectStatus, Session, Status
from orc_lab.store import change_log, repository
from orc_lab.workbench.bench import Workbench

E = TypeVar("E", bound=Entity)
Told = Iterator[tuple[Action, Context]]

_TABLES = ("todos", "projects", "sessions", "commitments", "weekly_goals")
_MIDWAY = 10  # latest projects that are looked at half-way; that takes some 40 ms each
_LATEST = 2000  # todos and sessions learned from at once, and projects and weeks below: what is older weighs nothing
_PROJECTS, _WEEKS = 30, 104
_AT_ONCE = 500  # ids in one query
_ALL: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Where catching up has come to: the last change of the log, and the last week that was over."""

    seq: int
    week: str


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Actions with their numbers, keys of actions that turned out not to be so, and whether anything mattered."""

    told: Sequence[tuple[Action, Context]]
    not_so: frozenset[str]
    relevant: bool


def happened(wb: Workbench, frames: Frames, mark: Mark | None) -> News:
    """What happened since `mark`, or ever; `frames` are of now."""
    touched = None if mark is None else change_log.touched(wb.db, mark.seq)
    weeks = _weeks(frames, mark)
    if touched is not None and not weeks and not any(touched.get(table) for table in _TABLES):
        return News(told=(), not_so=frozenset(), relevant=False)
    todos = _rows(frames.tasks, touched, "todos")
    done = todos[todos["completed"].notna()].nlargest(_LATEST, "completed")
    near = Surroundings(replace(frames, tasks=todos, events=frames.events[frames.events["todo_id"].isin(done["id"])]))
    projects = _rows(frames.projects, touched, "projects")
    told = [
        *_todos(done, near),
        *_corrections(wb, frames, todos, near, touched),
        *_sessions(wb, frames, touched),
        *weeks,
        *_projects(frames, projects),
    ]
    return News(told=told, not_so=frozenset(_not_so(todos, projects)), relevant=True)


def _rows(frame: pd.DataFrame, touched: Mapping[str, set[str]] | None, table: str) -> pd.DataFrame:
    return frame if touched is None else frame[frame["id"].isin(touched.get(table, set()))]


def _not_so(todos: pd.DataFrame, projects: pd.DataFrame) -> Iterator[str]:
    for id in todos["id"][todos["status"] != Status.DONE.value]:
        yield f"{Kind.TASK_COMPLETED.value}:{id}"
    goes_on = projects["status"].isin([ProjectStatus.ACTIVE.value, ProjectStatus.PAUSED.value])
    for id in projects["id"][goes_on]:
        yield f"{Kind.PROJECT_COMPLETED.value}:{id}"
        yield f"{Kind.PROJECT_GIVEN_UP.value}:{id}"


def _todos(done: pd.DataFrame, near: Surroundings) -> Told:
    for id, title, at in zip(done["id"], done["title"], _times(done["completed"]), strict=True):
        yield actions.task_completed(id, at, title=title), near.task(id)


def _corrections(
    wb: Workbench, frames: Frames, todos: pd.DataFrame, near: Surroundings, touched: Mapping[str, set[str]] | None
) -> Told:
    """Of each todo the corrections of its estimate before work on it started, taken together."""
    begun: dict[str, Any] = dict(zip(todos["id"], todos["started"].fillna(todos["completed"]), strict=True))
    ids = None if touched is None else begun.keys()
    first: dict[str, float] = {}
    last: dict[str, tuple[float, str]] = {}
    found = _found(wb, Activity, "subject_id", ids, {"subject": "todos", "kind": "estimate"})
    for each in sorted(found, key=lambda activity: (activity.occurred_at, activity.id)):
        old, new, at = each.old, each.new, frames.clock.local(each.occurred_at)
        id = each.subject_id
        if not _positive(old) or not _positive(new) or id not in begun or begun[id] < at:
            continue
        first.setdefault(id, float(old))
        last[id] = float(new), at.isoformat(timespec="seconds")
    for id, (hours, when) in last.items():
        told = actions.task_estimation_corrected(id, hours, when, title=near.title(id))
        yield told, {**near.correction(id), "before_hours": first[id], "estimate_hours": first[id]}


def _positive(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and 0 < value < float("inf")


def _sessions(wb: Workbench, frames: Frames, touched: Mapping[str, set[str]] | None) -> Told:
    rows = frames.sessions
    if touched is not None:
        ids = touched.get("sessions", set())
        rows = rows[rows["todo_id"].isin({each.todo_id for each in _found(wb, Session, "id", ids)})]
    rows = rows.nlargest(_LATEST, "started")
    known = frames.tasks[frames.tasks["id"].isin(rows["todo_id"])]
    titles = dict(zip(known["id"], known["title"], strict=True))
    near = Surroundings(frames)
    times = (rows["started"].dt.to_pydatetime(), rows["ended"].dt.to_pydatetime())
    for todo, started, ended in zip(rows["todo_id"], *times, strict=True):
        told = actions.session_finished(todo, started, title=titles.get(todo, ""))
        yield told, near.worked(started, ended)


def _weeks(frames: Frames, mark: Mark | None) -> list[tuple[Action, Context]]:
    weekly = frames.weekly[frames.weekly["complete"]]
    weekly = (weekly if mark is None else weekly[weekly["week"] > mark.week]).tail(_WEEKS)
    if weekly.empty:
        return []
    known = Surroundings(replace(frames, weekly=weekly)).weeks
    sundays = (start.date() for start in weekly["start"] + pd.Timedelta(days=6))
    days = dict(zip(weekly["week"], sundays, strict=True))
    return [(actions.week_closed(week, days[week]), context) for week, context in known.items() if context]


def _projects(frames: Frames, projects: pd.DataFrame) -> Told:
    near = Surroundings(frames)
    completed = projects[projects["completed"].notna()].sort_values(["completed", "id"]).tail(_PROJECTS)
    latest = set(completed["id"].tail(_MIDWAY))
    for id, title, at in zip(completed["id"], completed["title"], _times(completed["completed"]), strict=True):
        yield actions.project_completed(id, at, title=title), near.project(id, halfway=id in latest)
    given_up = projects[(projects["status"] == ProjectStatus.ARCHIVED.value) & (projects["open"] > 0)]
    for id, title in zip(given_up["id"], given_up["title"], strict=True):
        yield actions.project_given_up(id, near.last(id), title=title), near.project(id, given_up=True)


def _times(times: pd.Series) -> Iterable[str]:
    found: list[str] = times.dt.strftime("%Y-%m-%dT%H:%M:%S").tolist()
    return found


def _found(
    wb: Workbench, kind: type[E], field: str, ids: Collection[str] | None, filters: Mapping[str, Any] = _ALL
) -> list[E]:
    """Rows whose `field` is one of `ids`, or all of them."""
    if ids is None:
        return repository.find(wb.db, kind, filters, order="id")
    known = sorted(ids)
    return [
        row
        for at in range(0, len(known), _AT_ONCE)
        for row in repository.find(wb.db, kind, {**filters, field: known[at : at + _AT_ONCE]}, order="id")
    ]
