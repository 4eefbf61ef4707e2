"""A person's finished tasks in order of completion, and what was known of the person before each of them.

Only what was completed on an earlier day counts as known, and every fact can be asked for as of any moment of the past:
a task is described from what was known then, whether that is today or ten years ago. Descriptions are in logarithms
and free of units: the same history in minutes gives the same ones.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from math import isfinite, isnan, log, log1p, nan

import numpy as np
import pandas as pd

from orc_lab.agents.atoms import Floats

LONGEST = 2000.0  # hours, a working year: a larger estimate stands for "no idea"
HALF_LIFE = 400.0  # finished tasks after which one counts half
_SHRINK = 5.0  # tasks a place needs to weigh as much as what is above it
_SLOPE_TASKS = 20.0
OUTLIER = log(10.0)  # a ratio beyond ten is as good as ten: one slip must not rule a line, or all sums
_EXACT = 1e-9
_WORDS = 8  # of a title are looked at
DAY = 86_400_000_000  # microseconds
UNKNOWN = np.iinfo(np.int64).min

FEATURES = (
    "ln estimate", "ln finished", "ratio of 5", "ratio of 20", "ratio of 100", "exact of 50", "miss of 50", "weekday",
    "ratio", "line", "size", "estimate", "estimate n", "category", "category n", "category × size", "project",
    "project n", "project × category", "project × size", "priority", "words", "same title", "title known",
    "words n", "busy yesterday",
)  # fmt: skip


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
    def at_once(self) -> bool:
        """Done on the day it was made; of an open task, that it still may be."""
        return self.done <= self.made

    def seen(self, *, later: bool) -> Task:
        """The task as it was seen while open: on the day it was made, or `later`."""
        return replace(self, done=self.made + later)

    @property
    def ratio(self) -> float:
        """Return ln(actual ÷ estimate), at most an outlier."""
        return min(max(self.actual - self.estimate, -OUTLIER), OUTLIER)


def tasks_of(frame: pd.DataFrame, *, as_of: pd.Timestamp | None = None) -> list[Task]:
    """Return the rows of a frame; each column may be absent, `project` and `project_id` name the same.

    A row without a completion gets `as_of`, else its creation; one without a creation its completion.
    """
    size = len(frame)
    completed, created = _instants(frame, "completed"), _instants(frame, "created")
    fallback = created if as_of is None else np.full(size, microsecond(as_of))
    done = np.where(completed == UNKNOWN, fallback, completed)
    made = np.where(created == UNKNOWN, done, np.minimum(created, np.where(done == UNKNOWN, created, done)))
    estimate, actual = _logs(frame, "estimate_hours", LONGEST), _logs(frame, "actual_hours", np.inf)
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
    return int(pd.Timestamp(when).tz_localize(None).to_datetime64().astype("datetime64[us]").astype(np.int64))


def _instants(frame: pd.DataFrame, name: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    if name not in frame:
        return np.full(len(frame), UNKNOWN)
    return naive(pd.to_datetime(frame[name], format="ISO8601")).to_numpy().astype("datetime64[us]").astype(np.int64)


def naive(times: pd.Series) -> pd.Series:
    """Times by the clock on the wall: the zone, where there is one, is left out."""
    return times if times.dt.tz is None else times.dt.tz_localize(None)


def _texts(frame: pd.DataFrame, *names: str) -> list[str]:
    for name in names:
        if name in frame:
            column = frame[name]
            return [_name(value) if known else "" for value, known in zip(column, column.notna(), strict=True)]
    return [""] * len(frame)


def _name(value: object) -> str:
    """A name as text; 1.0 and 1 are one name, for a missing one turns a column of whole numbers into floats."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _logs(frame: pd.DataFrame, name: str, longest: float) -> Floats:
    if name not in frame:
        return np.full(len(frame), np.nan)
    hours = pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    usable = np.isfinite(hours) & (hours > 0) & (hours <= longest)
    return np.log(np.where(usable, hours, np.nan))


def _words(title: str, tags: str) -> tuple[str, ...]:
    words = [word for word in title.lower().split()[:_WORDS] if len(word) > 2]
    return tuple(dict.fromkeys([*words, *(f"#{tag}" for tag in tags.split())]))


class Past:
    """Estimated finished tasks in order of completion. `extend` and `cut` it; ask it for a task as of any `known`."""

    def __init__(self) -> None:
        self.tasks: list[Task] = []
        self._described: list[list[float]] = []
        self._sums: dict[Hashable, tuple[list[int], list[float], list[float]]] = {}
        self._titles: dict[str, list[int]] = {}
        self._ratios, self._misses, self._exact = [0.0], [0.0], [0.0]  # running totals, one longer than the tasks
        self._line = [(0.0, 0.0, 0.0, 0.0, 0.0)]

    def __len__(self) -> int:
        return len(self.tasks)

    def known(self, day: int) -> int:
        """How many were completed on days before this one."""
        return bisect_left(self.tasks, day, key=lambda task: task.done)

    def extend(self, tasks: Iterable[Task]) -> None:
        """Add tasks with an estimate that were completed after all that are here."""
        for task in tasks:
            self._described.append(self.describe(task, self.known(min(task.made, task.done))))
            index, ratio = len(self.tasks), task.ratio
            self.tasks.append(task)
            for key, half_life in self._keys(task):
                self._count(key, index, ratio, half_life)
            self._titles.setdefault(task.title, []).append(index)
            self._ratios.append(self._ratios[-1] + ratio)
            self._misses.append(self._misses[-1] + abs(ratio))
            self._exact.append(self._exact[-1] + (abs(ratio) < _EXACT))
            self._line.append(_faded(self._line[-1], task.estimate - self.tasks[0].estimate, ratio))

    def cut(self, size: int) -> None:
        """Forget all but the first `size` tasks."""
        for task in reversed(self.tasks[size:]):
            for key, _ in self._keys(task):
                for column in self._sums[key]:
                    column.pop()
                if not self._sums[key][0]:
                    del self._sums[key]
            self._titles[task.title].pop()
        del self.tasks[size:], self._described[size:]
        for totals in (self._ratios, self._misses, self._exact, self._line):
            del totals[size + 1 :]

    def described(self, first: int, last: int) -> Floats:
        """Features of finished tasks, each from what was known before it, shape (last − first, features)."""
        return np.array(self._described[first:last], dtype=np.float64).reshape(last - first, len(FEATURES))

    def describe(self, task: Task, known: int) -> list[float]:
        """Return FEATURES of a task from what the first `known` tasks say."""
        size = task.estimate - self.tasks[0].estimate if self.tasks else 0.0
        root = self._mean("all", known, 0.0)[0]
        octave = self._mean(("size", _octave(size)), known, root)[0]
        exact, exact_n = self._mean(("estimate", round(size, 4)), known, octave)
        category, category_n = self._mean(("category", task.category), known, root)
        project, project_n = self._mean(("project", task.project), known, root)
        words = [mean for word in task.words if (found := self._mean(("word", word), known, root, 200.0))[1] > 0
                 for mean in found[:1]]  # fmt: skip
        same = self._same_title(task.title, known)
        return [
            size, log1p(known), *(self._recent(self._ratios, known, count) for count in (5, 20, 100)),
            self._recent(self._exact, known, 50), self._recent(self._misses, known, 50), float((task.made + 3) % 7),
            root, self._on_line(size, known), octave, exact, exact_n, category, category_n,
            self._mean(("category × size", task.category, _octave(size)), known, category)[0], project, project_n,
            self._mean(("project × category", task.project, task.category), known, project)[0],
            self._mean(("project × size", task.project, _octave(size)), known, project)[0],
            self._mean(("priority", task.priority), known, root)[0],
            sum(words) / len(words) if words else root, root if isnan(same) else same, float(not isnan(same)),
            float(len(task.words)), float(known > 0 and self.tasks[known - 1].done == task.made - 1),
        ]  # fmt: skip

    def _keys(self, task: Task) -> Iterator[tuple[Hashable, float]]:
        """Where a ratio is counted, and for how long."""
        size = task.estimate - self.tasks[0].estimate
        octave = _octave(size)
        yield "all", HALF_LIFE
        yield ("size", octave), HALF_LIFE
        yield ("estimate", round(size, 4)), HALF_LIFE
        yield ("category", task.category), HALF_LIFE
        yield ("category × size", task.category, octave), HALF_LIFE
        yield ("project", task.project), HALF_LIFE
        yield ("project × category", task.project, task.category), HALF_LIFE
        yield ("project × size", task.project, octave), HALF_LIFE
        yield ("priority", task.priority), HALF_LIFE
        for word in task.words:
            yield ("word", word), HALF_LIFE / 2

    def _count(self, key: Hashable, index: int, ratio: float, half_life: float) -> None:
        at, total, weight = self._sums.setdefault(key, ([], [], []))
        fade = 0.5 ** ((index - at[-1]) / half_life) if at else 0.0
        total.append((total[-1] * fade if at else 0.0) + ratio)
        weight.append((weight[-1] * fade if at else 0.0) + 1.0)
        at.append(index)

    def _mean(self, key: Hashable, known: int, parent: float, half_life: float = HALF_LIFE) -> tuple[float, float]:
        """Mean ratio under a key, shrunk to its parent's, and the tasks behind it: (Σwr + κ·parent) ÷ (Σw + κ)."""
        at, total, weight = self._sums.get(key, _EMPTY)
        place = bisect_left(at, known) - 1
        if place < 0:
            return parent, 0.0
        fade = 0.5 ** ((known - at[place]) / half_life)
        count = weight[place] * fade
        return (total[place] * fade + _SHRINK * parent) / (count + _SHRINK), count

    def _recent(self, totals: list[float], known: int, count: int) -> float:
        count = min(count, known)
        return (totals[known] - totals[known - count]) / (count + _SHRINK)

    def _on_line(self, size: float, known: int) -> float:
        """Ln ratio at this size on a line through what was known, shrunk to “as estimated”."""
        n, x, r, xx, xr = self._line[known]
        if not n:
            return 0.0
        slope = (xr - x * r / n) / (xx - x * x / n + _SLOPE_TASKS)
        return r / (n + _SHRINK) + slope * (size - x / n)

    def _same_title(self, title: str, known: int) -> float:
        """Ratio of the latest task of the same title, NaN where there is none."""
        at = self._titles.get(title, [])
        place = bisect_left(at, known) - 1
        return self.tasks[at[place]].ratio if place >= 0 and title else nan


_EMPTY: tuple[list[int], list[float], list[float]] = ([], [], [])
_LINE_FADE = 0.5 ** (1 / HALF_LIFE)


def _faded(sums: tuple[float, ...], x: float, ratio: float) -> tuple[float, float, float, float, float]:
    n, sx, sr, sxx, sxr = (value * _LINE_FADE for value in sums)
    return n + 1, sx + x, sr + ratio, sxx + x * x, sxr + x * ratio


def _octave(size: float) -> int:
    """Half octaves of a size relative to the first estimate ever."""
    return round(2 * size / log(2.0)) if isfinite(size) else 0


def grid_of(actual: Floats) -> float:
    """The step on which at least 97% of hours (given as logarithms) sit, relative to a small common one; 0 for none."""
    hours = np.round(np.exp(actual), 9)
    values, counts = np.unique(hours, return_counts=True)
    common = values[counts >= max(3, 0.01 * len(hours))]
    for part in (1, 2, 3, 4, 5):
        step = float(common[0]) / part if len(common) else 0.0
        if step and (np.abs(hours / step - np.round(hours / step)) < 1e-6).mean() >= 0.97:
            return step
    return 0.0
