"""What the ledger asks of the frames: a todo's end, when a project was empty, what some weeks brought."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from orc_lab.mirror.features import Frames
from orc_lab.model.entities import ForecastRecord, ProjectStatus
from orc_lab.model.week import Week

Times = npt.NDArray[np.datetime64]


class TodoEnd(NamedTuple):
    """A todo as the frames have it, times local; `actual` and `estimate` in hours, NaN where unknown."""

    id: str
    created: datetime
    completed: datetime | None
    dropped: datetime | None
    estimate: float
    actual: float


@dataclass(frozen=True, kw_only=True)
class ProjectPast:
    """A project's todos, and the instant from which its person called it finished, if so."""

    todos: Sequence[TodoEnd]
    finished: datetime | None
    archived: bool

    @cached_property
    def _done(self) -> Times:
        return _sorted(todo.completed for todo in self.todos)

    @cached_property
    def _empty(self) -> tuple[Times, npt.NDArray[np.int64]]:
        """The times at which something came or went, and how many todos were open after each."""
        came = [(np.datetime64(todo.created, "us"), 0, 1) for todo in self.todos]
        ends = [(todo.created, todo.completed or todo.dropped) for todo in self.todos]
        gone = [(np.datetime64(max(end, created), "us"), 1, -1) for created, end in ends if end is not None]
        steps = sorted([*came, *gone])  # what comes and goes at one instant comes first
        return np.array([step[0] for step in steps], "datetime64[us]"), np.cumsum([step[2] for step in steps])

    def emptied(self, since: datetime) -> datetime | None:
        """Return when nothing was open for the first time, `since` itself if nothing was then; None if never yet."""
        times, count = self._empty
        at = int(np.searchsorted(times, np.datetime64(since, "us"), side="right"))
        if at and count[at - 1] == 0:
            return since
        later = np.flatnonzero(count[at:] == 0)
        found = times[at + int(later[0])].item() if len(later) else None
        ends = [end for end in (found, self.finished) if end is not None and end >= since]
        return min(ends) if ends else None

    def nth_done(self, since: datetime, count: int) -> datetime | None:
        """Return when the `count`-th todo after `since` was done, None if not yet."""
        return _nth(self._done, since, count)

    def any_done(self, since: datetime, until: datetime) -> bool:
        """Whether a todo was done after `since` and by `until`."""
        first = self.nth_done(since, 1)
        return first is not None and first <= until

    def open_at(self, since: datetime) -> list[TodoEnd]:
        """Return the todos that were open at a time."""
        ends = ((todo, todo.completed or todo.dropped) for todo in self.todos if todo.created <= since)
        return [todo for todo, end in ends if end is None or end > since]


class Past:
    """The frames, asked many times."""

    def __init__(self, frames: Frames) -> None:
        self.frames = frames
        self.now = frames.now
        self._projects: dict[str, ProjectPast | None] = {}

    def at(self, record: ForecastRecord) -> datetime:
        """Return the local time as of which a forecast was made."""
        return self.frames.clock.local(record.as_of)

    def instant(self, local: datetime) -> int:
        """Return the instant of a local time as the frames have them."""
        return self.frames.clock.instant(local + self.frames.clock.shift)

    def monday(self, week: Week) -> datetime:
        """Return the local time at which a week starts."""
        day = week.monday
        return datetime(day.year, day.month, day.day)

    @cached_property
    def todos(self) -> Mapping[str, TodoEnd]:
        """Every todo by its id."""
        tasks = self.frames.tasks
        times = (_times(tasks[name]) for name in ("created", "completed", "dropped"))
        numbers = (tasks[name].tolist() for name in ("estimate_hours", "actual_hours"))
        rows = zip(tasks["id"].tolist(), *times, *numbers, strict=True)
        return {row[0]: TodoEnd(*row) for row in rows}

    def project(self, id: str) -> ProjectPast | None:
        """Return a project's past, None where there is no such project."""
        if id not in self._projects:
            self._projects[id] = self._project(id)
        return self._projects[id]

    def _project(self, id: str) -> ProjectPast | None:
        if id not in self._project_rows:
            return None
        status, completed = self._project_rows[id]
        todos = [self.todos[todo] for todo in self._todos_of.get(id, ())]
        return ProjectPast(todos=todos, finished=completed, archived=status == ProjectStatus.ARCHIVED)

    @cached_property
    def _project_rows(self) -> Mapping[str, tuple[str, datetime | None]]:
        projects = self.frames.projects
        rows = zip(projects["id"], projects["status"], _times(projects["completed"]), strict=True)
        return {id: (status, completed) for id, status, completed in rows}

    @cached_property
    def _todos_of(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        for id, project in zip(self.frames.tasks["id"].tolist(), self.frames.tasks["project_id"].tolist(), strict=True):
            found.setdefault(project, []).append(id)
        return found

    @cached_property
    def _done(self) -> Times:
        return _sorted(todo.completed for todo in self.todos.values())

    def nth_done(self, since: datetime, count: int) -> datetime | None:
        """Return when the `count`-th todo after `since` was done, whichever it was; None if not yet."""
        return _nth(self._done, since, count)

    def meant(self, record: ForecastRecord) -> list[TodoEnd]:
        """Return the todos that a forecast about a week means: those it names, else those promised by then."""
        named = json.loads(record.detail or "{}").get("todos")
        if named is None:
            since = self.at(record)
            named = [id for id, made in self._promised.get(record.subject_id or "", ()) if made <= since]
        return [self.todos[id] for id in named if id in self.todos]

    @cached_property
    def _promised(self) -> Mapping[str, Sequence[tuple[str, datetime]]]:
        promised, found = self.frames.commitments, dict[str, list[tuple[str, datetime]]]()
        for week, id, made in zip(promised["week"], promised["todo_id"], _times(promised["committed"]), strict=True):
            if made is not None:
                found.setdefault(week, []).append((id, made))
        return found

    def weekly(self, first: Week, weeks: int, measure: str) -> float:
        """Return what some whole weeks brought together; weeks before the first one known brought nothing."""
        values = self._weekly[measure]
        return float(sum(values.get(str(first + ahead), 0.0) for ahead in range(weeks)))

    @cached_property
    def _weekly(self) -> Mapping[str, Mapping[str, float]]:
        frame = self.frames.weekly
        names = frame["week"].tolist()
        return {measure: dict(zip(names, frame[measure].tolist(), strict=True)) for measure in ("done", "hours")}

    def spent(self, todo_id: str, since: datetime) -> float:
        """Return the tracked hours of a todo that had begun by a time."""
        return sum((hours for started, hours in self._sessions.get(todo_id, ()) if started <= since), 0.0)

    @cached_property
    def _sessions(self) -> Mapping[str, Sequence[tuple[datetime, float]]]:
        sessions, found = self.frames.sessions, dict[str, list[tuple[datetime, float]]]()
        rows = zip(sessions["todo_id"], _times(sessions["started"]), sessions["hours"].tolist(), strict=True)
        for id, started, hours in rows:
            if started is not None:
                found.setdefault(id, []).append((started, hours))
        return found


def _times(column: pd.Series) -> list[datetime | None]:
    """Return a column of local times as plain ones, None where empty."""
    return column.to_numpy("datetime64[us]").tolist()


def _sorted(times: Iterable[datetime | None]) -> Times:
    return np.sort(np.array([time for time in times if time is not None], "datetime64[us]"))


def _nth(done: Times, since: datetime, count: int) -> datetime | None:
    at = int(np.searchsorted(done, np.datetime64(since, "us"), side="right")) + count - 1
    return done[at].item() if at < len(done) else None
