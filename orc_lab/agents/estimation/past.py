"""A person's finished tasks in order of completion, and what was known of the person before each of them.

Only what was completed on an earlier day counts as known, and every fact can be asked for as of any moment of the past:
a task is described from what was known then, whether that is today or ten years ago. Descriptions are in logarithms
and free of units: the same history in minutes gives the same ones.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Iterable, Iterator
from math import isfinite, isnan, log, log1p, nan

import numpy as np

from orc_lab.agents.atoms import Floats
from orc_lab.agents.estimation.task import Task

HALF_LIFE = 400.0  # finished tasks after which one counts half
_SHRINK = 5.0  # tasks a place needs to weigh as much as what is above it
_SLOPE_TASKS = 20.0
_EXACT = 1e-9
_FEW_CUT = 100  # tasks: of more, looking through all places is quicker than asking each for its own

FEATURES = (
    "ln estimate", "ln finished", "ratio of 5", "ratio of 20", "ratio of 100", "exact of 50", "miss of 50", "weekday",
    "ratio", "line", "size", "estimate", "estimate n", "category", "category n", "category × size", "project",
    "project n", "project × category", "project × size", "priority", "words", "same title", "title known",
    "words n", "busy yesterday",
)  # fmt: skip


class Past:
    """Estimated finished tasks in order of completion. `extend` and `cut` it; ask it for a task as of any `known`.

    All counts are from the first task ever: those that were forgotten since keep their numbers.
    """

    def __init__(self, forgotten: int = 0) -> None:
        self.forgotten = forgotten
        self.tasks: list[Task] = []  # those that are kept
        self._origin = nan  # ln estimate that sizes are relative to: the first there was
        self._described: list[list[float] | None] = []  # None until it is asked for
        self._each: list[float] = []  # ratio of each task
        self._sums: dict[Hashable, tuple[list[int], list[float], list[float]]] = {}
        self._titles: dict[str, list[int]] = {}
        self._ratios, self._misses, self._exact = [0.0], [0.0], [0.0]  # running totals, one longer than the tasks
        self._line = [(0.0, 0.0, 0.0, 0.0, 0.0)]

    def __len__(self) -> int:
        return self.forgotten + len(self.tasks)

    def first(self, known: int, count: int) -> int:
        """The number of the first of the latest `count` tasks among the `known` that is still kept."""
        return max(self.forgotten, known - count)

    def slice(self, first: int, last: int) -> list[Task]:
        """Finished tasks by their numbers."""
        return self.tasks[max(0, first - self.forgotten) : max(0, last - self.forgotten)]

    def known(self, day: int) -> int:
        """How many were completed on days before this one."""
        return self.forgotten + bisect_left(self.tasks, day, key=lambda task: task.done)

    def known_at(self, moment: int) -> int:
        """How many were completed before this microsecond; none where all that is kept was completed later."""
        at = bisect_left(self.tasks, moment, key=lambda task: task.at)
        return self.forgotten + at if at else 0

    def extend(self, tasks: Iterable[Task]) -> None:
        """Add tasks with an estimate that were completed after all that are here."""
        for task in tasks:
            if isnan(self._origin):
                self._origin = task.estimate
            self._described.append(None)
            index, ratio = len(self), task.ratio
            self.tasks.append(task)
            self._each.append(ratio)
            for key, half_life in self._keys(task):
                self._count(key, index, ratio, half_life)
            self._titles.setdefault(task.title, []).append(index)
            self._ratios.append(self._ratios[-1] + ratio)
            self._misses.append(self._misses[-1] + abs(ratio))
            self._exact.append(self._exact[-1] + (abs(ratio) < _EXACT))
            self._line.append(_faded(self._line[-1], task.estimate - self._origin, ratio))

    def cut(self, size: int) -> None:
        """Take back all but the first `size` tasks."""
        kept = max(0, size - self.forgotten)
        gone = self.tasks[kept:]
        touched = {key for task in gone for key, _ in self._keys(task)} if len(gone) < _FEW_CUT else list(self._sums)
        for key in touched:
            columns = self._sums[key]
            if not (left := bisect_left(columns[0], size)):
                del self._sums[key]
            for column in columns:
                del column[left:]
        for task in gone:
            self._titles[task.title].pop()
        del self.tasks[kept:], self._described[kept:], self._each[kept:]
        for totals in (self._ratios, self._misses, self._exact, self._line):
            del totals[kept + 1 :]
        if not self.tasks:
            self._origin = nan

    def forget(self, count: int) -> None:
        """Let go of the `count` oldest that are kept; what they taught fades as it would have.

        All are described anew, so that it makes no difference which were asked for before.
        """
        self.forgotten += count
        gone = self.tasks[:count]
        for key in {key for task in gone for key, _ in self._keys(task)}:
            columns = self._sums[key]
            if (old := bisect_left(columns[0], self.forgotten)) == len(columns[0]):
                del self._sums[key]
            for column in columns:
                del column[:old]
        for title in {task.title for task in gone}:
            at = self._titles[title]
            del at[: bisect_left(at, self.forgotten)]
            if not at:
                del self._titles[title]
        del self.tasks[:count], self._each[:count]
        self._described = [None] * len(self.tasks)
        for totals in (self._ratios, self._misses, self._exact, self._line):
            del totals[:count]

    def described(self, first: int, last: int) -> Floats:
        """Features of finished tasks, each from what was known before it, shape (last − first, features)."""
        rows = [self._before(index) for index in range(first - self.forgotten, last - self.forgotten)]
        return np.array(rows, dtype=np.float64).reshape(last - first, len(FEATURES))

    def _before(self, index: int) -> list[float]:
        """Features of one of the kept tasks."""
        found = self._described[index]
        if found is None:
            task = self.tasks[index]
            found = self._described[index] = self.describe(task, self.known(min(task.made, task.done)))
        return found

    def ratios(self, first: int, last: int) -> Floats:
        """Ratios of finished tasks, (last − first,)."""
        return np.array(self._each[first - self.forgotten : last - self.forgotten], dtype=np.float64)

    def describe(self, task: Task, known: int) -> list[float]:
        """Return FEATURES of a task from what the first `known` tasks say."""
        size = 0.0 if isnan(self._origin) else task.estimate - self._origin
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
            float(len(task.words)), float(self._busy(task.made - 1, known)),
        ]  # fmt: skip

    def _busy(self, day: int, known: int) -> bool:
        """Whether the latest of the known tasks was done on this day."""
        last = known - self.forgotten
        return last > 0 and self.tasks[last - 1].done == day

    def _keys(self, task: Task) -> Iterator[tuple[Hashable, float]]:
        """Where a ratio is counted, and for how long."""
        size = task.estimate - self._origin
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
        last = max(0, known - self.forgotten)
        count = min(count, last)
        return (totals[last] - totals[last - count]) / (count + _SHRINK)

    def _on_line(self, size: float, known: int) -> float:
        """Ln ratio at this size on a line through what was known, shrunk to “as estimated”."""
        n, x, r, xx, xr = self._line[max(0, known - self.forgotten)]
        if not n:
            return 0.0
        slope = (xr - x * r / n) / (xx - x * x / n + _SLOPE_TASKS)
        return r / (n + _SHRINK) + slope * (size - x / n)

    def _same_title(self, title: str, known: int) -> float:
        """Ratio of the latest task of the same title, NaN where there is none."""
        at = self._titles.get(title, [])
        place = bisect_left(at, known) - 1
        return self.tasks[at[place] - self.forgotten].ratio if place >= 0 and title else nan


_EMPTY: tuple[list[int], list[float], list[float]] = ([], [], [])
_LINE_FADE = 0.5 ** (1 / HALF_LIFE)


def _faded(sums: tuple[float, ...], x: float, ratio: float) -> tuple[float, float, float, float, float]:
    n, sx, sr, sxx, sxr = (value * _LINE_FADE for value in sums)
    return n + 1, sx + x, sr + ratio, sxx + x * x, sxr + x * ratio


def _octave(size: float) -> int:
    """Half octaves of a size relative to the first estimate ever."""
    return round(2 * size / log(2.0)) if isfinite(size) else 0


def significant(values: Floats, count: int = 12) -> Floats:
    """Rounded to significant digits, so that 8 hours are 8 and not the exponential of their logarithm."""
    power = np.clip(np.floor(np.log10(values)), -290, 290)
    shift = 10.0 ** (count - 1 - power)
    return np.asarray(np.round(values * shift) / shift)


def grid_of(actual: Floats) -> float:
    """The step on which at least 97% of hours (given as logarithms) sit, relative to a small common one; 0 for none."""
    hours = significant(np.exp(actual))
    values, counts = np.unique(hours, return_counts=True)
    common = values[counts >= max(3, 0.01 * len(hours))]
    for part in (1, 2, 3, 4, 5):
        step = float(common[0]) / part if len(common) else 0.0
        if step and (np.abs(hours / step - np.round(hours / step)) < 1e-6).mean() >= 0.97:
            return step
    return 0.0
