"""Finished tasks in order of completion, each id once, the oldest forgotten; and which estimates mean something.

An estimate of more than a thousand times what work usually takes stands for “no idea” and counts as none, as known when
its task was finished. Before anything was finished nobody knows what is usual, and hours are meant: a working year.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence, Set
from math import log

from orc_lab.agents.estimation.task import Task
from orc_lab.agents.given import whole

_BEYOND = log(1000.0)  # times the median hours of the last tasks
_AT_FIRST = log(2000.0)  # hours
_WINDOW = 400  # tasks that say what is usual
_MOST = 10**9  # as good as all
_SLACK = 1.2  # it is trimmed only when it has outgrown that much


class Memory:
    """At most so many tasks (None for all), those whose estimate says nothing without it. Start with `add`."""

    def __init__(self, most: int | None) -> None:
        self._most = None if most is None else whole(most, "memory", 1, _MOST, "finished tasks")
        self.forgotten = 0
        self.tasks: list[Task] = []
        self.limits = [_AT_FIRST]  # ln hours beyond which an estimate says nothing, by how many are known
        self._told: list[Task] = []
        self._usual: list[float] = []  # ln hours of the last tasks, rising
        self._ids: set[str] = set()

    def add(self, tasks: Sequence[Task], gone: Set[str] = frozenset()) -> int:
        """Take in finished tasks, one of a known id in its place, and return the index from which on all is new.

        Tasks of the ids that are `gone` are taken out.
        """
        named = {task.id: task for task in tasks if task.id is not None}
        new = sorted([*named.values(), *(task for task in tasks if task.id is None)], key=_order)
        again = self._ids & (named.keys() | gone)
        later = not self._told or not new or _order(new[0]) > _order(self._told[-1])
        if later and not again:
            first, every = len(self._told), [*self._told, *new]
        else:
            kept = [task for task in self._told if task.id not in again] if again else self._told
            every = sorted([*kept, *new], key=_order)
            pairs = enumerate(zip(self._told, every, strict=False))
            first = next((index for index, (old, now) in pairs if old is not now), min(len(self._told), len(every)))
        self._take(first, every)
        return first

    def _take(self, first: int, every: list[Task]) -> None:
        if first < len(self._told):
            self._ids = {task.id for task in every[:first] if task.id is not None}
            self._usual = sorted(task.actual for task in every[max(0, first - _WINDOW) : first])
        del self.tasks[first:], self.limits[first + 1 :]
        self._told = every
        for index in range(first, len(every)):
            task = every[index]
            insort(self._usual, task.actual)
            if index >= _WINDOW:
                del self._usual[bisect_left(self._usual, every[index - _WINDOW].actual)]
            self.limits.append(_median(self._usual) + _BEYOND)
            self.tasks.append(task.believed(self.limits[-1]))
            if task.id is not None:
                self._ids.add(task.id)

    @property
    def excess(self) -> int:
        """How many of the oldest there are too many; none while it has not outgrown its limit by a fifth."""
        most = len(self.tasks) if self._most is None else self._most
        return len(self.tasks) - most if len(self.tasks) > _SLACK * most else 0

    def forget(self, count: int) -> None:
        """Let go of the oldest."""
        self.forgotten += count
        self._ids -= {task.id for task in self._told[:count] if task.id is not None}
        del self._told[:count], self.tasks[:count], self.limits[1 : count + 1]

    def before(self, moment: int) -> int:
        """How many of those that are kept were completed before a moment (microseconds)."""
        return bisect_left(self.tasks, moment, key=lambda task: task.at)

    def believed(self, tasks: Sequence[Task], moments: Sequence[int]) -> list[Task]:
        """Open tasks without estimates that say nothing, by what was known at a moment each."""
        return [task.believed(self.limits[self.before(at)]) for task, at in zip(tasks, moments, strict=True)]


def _median(rising: Sequence[float]) -> float:
    return (rising[(len(rising) - 1) // 2] + rising[len(rising) // 2]) / 2


def _order(task: Task) -> tuple[object, ...]:
    """In order of completion; all facts decide between two of one instant, so that the order of rows doesn't."""
    hours = (task.estimate if task.rated else -1.0, task.actual)
    names = task.project, task.category, task.priority, task.title, task.words
    return task.at, task.id or "", task.made, *hours, *names
