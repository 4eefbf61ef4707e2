"""A task as the models of its hours see it: days, logarithms of hours, and names.

Hours are in logarithms, which are free of units but for an offset: the same history in minutes gives the same forecasts
in minutes. Only before anything was finished are hours meant.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from math import isfinite, log, nan

import numpy as np
import pandas as pd

from orc_lab.agents.atoms import Floats
from orc_lab.agents.given import hours_in, local_time, local_times, name_of, table_of
from orc_lab.errors import InvalidValue

OUTLIER = log(10.0)  # a ratio beyond ten is as good as ten: one slip must not rule a line, or all sums
DAY = 86_400_000_000  # microseconds
UNKNOWN = np.iinfo(np.int64).min
_WORDS = 8  # of a title are looked at


Key = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task: days since 1970, `at` the microsecond of its completion, ln hours (NaN where unusable)."""

    id: str | None
    made: int
    done: int
    at: int
    estimate: float
    actual: float
    project: str
    category: str
    priority: str
    title: str
    words: tuple[str, ...]

    @property
    def key(self) -> Key:
        """All of it, equal for equal tasks, where NaN never equals NaN."""
        hours = (self.estimate if self.rated else None, self.actual if isfinite(self.actual) else None)
        named = (self.id, self.project, self.category, self.priority, self.title, self.words)
        return self.made, self.done, self.at, *hours, *named

    @property
    def at_once(self) -> bool:
        """Done on the day it was made; of an open task, that it still may be."""
        return self.done <= self.made

    @property
    def rated(self) -> bool:
        """Whether it has an estimate."""
        return isfinite(self.estimate)

    def seen(self, *, later: bool) -> Task:
        """The task as it was seen while open: on the day it was made, or `later`."""
        return replace(self, done=self.made + later)

    @property
    def ratio(self) -> float:
        """Return ln(actual ÷ estimate), at most an outlier."""
        return min(max(self.actual - self.estimate, -OUTLIER), OUTLIER)

    def believed(self, limit: float) -> Task:
        """The task without its estimate where that is beyond a limit (in ln hours)."""
        return replace(self, estimate=nan) if self.estimate > limit else self


def finished_of(rows: object) -> tuple[list[Task], set[str]]:
    """The finished tasks among rows, of rows with one id the last; and the ids of those that aren't finished.

    Finished is what has a completion and positive hours. Raises InvalidValue where there are rows and no such columns.
    """
    frame = table_of(rows, "finished tasks")
    if frame.empty:
        return [], set()
    if missing := [name for name in ("completed", "actual_hours") if name not in frame]:
        raise InvalidValue("the columns of finished tasks", list(frame.columns), f"also {' and '.join(missing)}")
    ended = (_instants(frame, "completed") != UNKNOWN).tolist()
    tasks = [task if over else replace(task, actual=nan) for task, over in zip(tasks_of(frame), ended, strict=True)]
    named = {task.id: task for task in tasks if task.id is not None}
    kept = [*named.values(), *(task for task in tasks if task.id is None)]
    gone = {id for id, task in named.items() if not isfinite(task.actual)}
    return [task for task in kept if isfinite(task.actual)], gone


def tasks_of(frame: pd.DataFrame, *, as_of: datetime | None = None) -> list[Task]:
    """Return the rows of a frame; each column may be absent. Where `project_id` says nothing, `project` does.

    A row without a completion gets `as_of`, else its creation; one without a creation its completion.
    """
    size = len(frame)
    completed, created = _instants(frame, "completed"), _instants(frame, "created")
    fallback = created if as_of is None else np.full(size, microsecond(as_of))
    done = np.where(completed == UNKNOWN, fallback, completed)
    made = np.where(created == UNKNOWN, done, np.minimum(created, np.where(done == UNKNOWN, created, done)))
    estimate, actual = _logs(frame, "estimate_hours"), _logs(frame, "actual_hours")
    places = [_texts(frame, *names) for names in (("id",), ("project_id", "project"), ("category",), ("priority",))]
    titles, tags = _texts(frame, "title"), _texts(frame, "tags")
    return [
        Task(
            id=id or None, made=int(m) // DAY, done=int(d) // DAY, at=int(d), estimate=e, actual=a, project=project,
            category=category, priority=priority, title=title, words=_words(title, tag),
        )
        for id, project, category, priority, title, tag, m, d, e, a in zip(
            *places, titles, tags, made, done, estimate.tolist(), actual.tolist(), strict=True
        )
    ]  # fmt: skip


def microsecond(when: datetime) -> int:
    """Microseconds since 1970 of a local instant."""
    return int(local_time(when, "as_of").to_datetime64().astype("datetime64[us]").astype(np.int64))


def _instants(frame: pd.DataFrame, name: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    if name not in frame:
        return np.full(len(frame), UNKNOWN)
    return local_times(frame[name], name).to_numpy().astype("datetime64[us]").astype(np.int64)


def _texts(frame: pd.DataFrame, *names: str) -> list[str]:
    """Names as text, of the first of these columns that says one; empty where none does."""
    found = [""] * len(frame)
    for name in names:
        if name in frame and not all(found):
            column = frame[name]
            told = [name_of(value) if known else "" for value, known in zip(column, column.notna(), strict=True)]
            found = [earlier or later for earlier, later in zip(found, told, strict=True)]
    return found


def _logs(frame: pd.DataFrame, name: str) -> Floats:
    if name not in frame:
        return np.full(len(frame), np.nan)
    hours = hours_in(frame[name], name).to_numpy(dtype=np.float64, na_value=np.nan)
    usable = np.isfinite(hours) & (hours > 0)
    return np.log(np.where(usable, hours, np.nan))


def _words(title: str, tags: str) -> tuple[str, ...]:
    words = [word for word in title.lower().split()[:_WORDS] if len(word) > 2]
    return tuple(dict.fromkeys([*words, *(f"#{tag}" for tag in tags.split())]))
