"""`Scheduler`: learns from every finished task what work really takes, and says what to work on next."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from datetime import date
from typing import NamedTuple, Self, TypeAlias

import numpy as np
import pandas as pd

from orc_lab.agents.given import name_of
from orc_lab.agents.recommend.backlog import Task, open_tasks
from orc_lab.agents.recommend.columns import NEVER, Columns, Table, days_since_1970, timestamp
from orc_lab.agents.recommend.correction import HALF_LIFE, Correction, left_of
from orc_lab.agents.recommend.plan import Choice, LeftOut, Plan, reason_of
from orc_lab.agents.recommend.rule import Hopeless, Ranked, Rule, State, Work, rank
from orc_lab.errors import InvalidValue

Capacity: TypeAlias = float | Sequence[float]

_LEAST = 1e-3  # of a mean task: what is left of a project is never nothing


class Scheduler:
    """Says what to work on; deterministic, and the same whatever the order of rows or the unit of hours.

    `rule` holds the numbers of the order and may be replaced at any time. Nothing is fitted beforehand: without a
    single finished task the person's own estimates count as they are.
    """

    def __init__(self, rule: Rule | None = None, *, half_life: float = HALF_LIFE) -> None:
        self.rule = rule or Rule()
        self.correction = Correction(half_life)
        self._half_life = half_life
        self._finished: list[Finished] = []
        self._at: dict[str, int] = {}  # where each id stands among them
        self._latest = -math.inf  # day of completion, as far as one was told

    @property
    def n(self) -> int:
        """How many finished tasks it has learned from."""
        return self.correction.n

    def copy(self) -> Self:
        """One that goes on learning apart from this."""
        twin = copy(self)
        twin.correction, twin._finished, twin._at = self.correction.copy(), self._finished.copy(), self._at.copy()
        return twin

    def observe(self, task: Mapping[str, object] | pd.Series | Table) -> Self:
        """Learn from one finished task or many (a frame, mappings or Series), and return self.

        Columns `estimate_hours` and `actual_hours`; where there are, `id`, `completed` (the order of many), `project`
        or `project_id`, and `category`. A task without positive actual hours teaches nothing, one without an estimate
        only how long tasks are. An id counts once, with what was last said of it: corrected figures take the place of
        those before.

        Raises InvalidValue for missing columns and for what can't be read.
        """
        changed = [self._learn(row) for row in _finished(Columns.of(task))]
        if any(changed):
            self._learn_anew()
        return self

    def _learn(self, row: Finished) -> bool:
        """Take a task in, and return whether it corrects one that was learned from."""
        at = self._at.get(row.id) if row.id else None
        if at is None:
            if row.id:
                self._at[row.id] = len(self._finished)
            self._finished.append(row)
            self._take_in(row)
            return False
        before, now = self._finished[at], row.completed_by(self._finished[at])
        self._finished[at] = now
        return not _same(before, now)

    def _learn_anew(self) -> None:
        self.correction, self._latest = Correction(self._half_life), -math.inf
        for row in self._finished:
            self._take_in(row)

    def _take_in(self, row: Finished) -> None:
        self.correction.learn(row.estimate, row.actual, row.project, row.category)
        if row.day < NEVER:
            self._latest = max(self._latest, row.day)

    def _before(self, day: float) -> Self:
        """The same, knowing nothing that was completed on or after a day."""
        if self._latest < day:
            return self
        earlier = copy(self)
        earlier._finished = [row for row in self._finished if row.day < day or row.day == NEVER]
        earlier._learn_anew()
        return earlier

    def choose(self, projects: Table, today: date | str, capacity: Capacity) -> Plan:
        """Return the order of work for a day.

        `projects` is open work in one of two forms, as a frame or a sequence of mappings:

        - a row a task: `project` (or `project_id`), and where there are `id`, `due` (day or empty, of the project:
          the earliest of its tasks counts), `priority` (low, medium, high or urgent; the highest of its tasks counts),
          `category`, `estimate_hours`, `actual_hours` (spent so far), `expected_hours` (a mean forecast of the whole
          task, used as it is), `blocked`, `snoozed` (the day it comes back), `completed`, `status`;
        - a row a project: `project` (or `project_id`, or `id`), `estimates` (a sequence: the hours of each task that
          is left), `actual_hours` (spent on the first of them), and the other columns as above.

        `capacity` is the hours worked a day on all of this, averaged over all days of the week; a sequence gives those
        of today, tomorrow and so on, and its mean counts afterwards. What is due today has today's hours.

        What was completed on or after `today` isn't known yet, and nothing is learned from it. 1, 1.0 and "1" are one
        project.

        Raises InvalidValue for a capacity that isn't positive hours, or a column that can't be read.
        """
        day, room = timestamp("today", today), _Room.of(capacity)
        return self._before(float(days_since_1970(day)))._plan(open_tasks(projects, day), day, room)

    def _plan(self, tasks: Sequence[Task], day: pd.Timestamp, room: _Room) -> Plan:
        expected = self._expected(tasks, room.mean)
        mine: dict[str, list[Task]] = {}
        hours: dict[str, list[float]] = {}
        for task, left in sorted(zip(tasks, expected, strict=True), key=lambda pair: pair[0].turn):
            mine.setdefault(name_of(task.project), []).append(task)
            hours.setdefault(name_of(task.project), []).append(left)
        works = [self._work(tasks, hours[name], room)
                 for name, tasks in mine.items() if any(not task.held for task in tasks)]  # fmt: skip
        kept, lost = _split(rank(works, self.rule), self.rule)
        return Plan(
            today=day,
            order=tuple(_choice(n, item, mine[name_of(item.work.project)], day) for n, item in enumerate(kept, 1)),
            left_out=(*_held(tasks), *_lost(lost)),
            rule=self.rule,
            n=self.n,
        )

    def _expected(self, tasks: Sequence[Task], a_day: float) -> list[float]:
        """Mean hours left of each task; without any estimate or past a task is a third of a day."""
        own = [task.estimate for task in tasks if task.estimate > 0]
        usual = self.correction.usual
        if math.isnan(usual):
            usual = math.fsum(own) / len(own) if own else a_day / 3
        least = _LEAST * usual
        return [max(left_of(self._whole(task, usual), task.spent), least) for task in tasks]

    def _whole(self, task: Task, usual: float) -> float:
        if task.expected > 0:
            return task.expected
        if not (math.isfinite(task.estimate) and task.estimate > 0):
            return usual
        return self.correction.hours(task.estimate, name_of(task.project), task.category)

    def _work(self, tasks: Sequence[Task], hours: Sequence[float], room: _Room) -> Work:
        return Work(
            tasks[0].project,
            math.fsum(hours),
            self.spread(hours),
            room.until(min(task.due for task in tasks)),
            max(self.rule.weight(task.priority) for task in tasks),
        )

    def spread(self, hours: Sequence[float]) -> float:
        """Standard deviation of the log of the sum of tasks expected to take these hours."""
        total = math.fsum(hours)
        return self.correction.spread(math.fsum(h * h for h in hours) / (total * total))


Recommender = Scheduler


class _Room:
    """Hours worked from today until the end of a day; `mean` a day."""

    def __init__(self, days: Sequence[float]) -> None:
        self._until: list[float] = np.cumsum(days).tolist()
        self.mean = self._until[-1] / len(days)

    @classmethod
    def of(cls, capacity: Capacity) -> Self:
        """Of hours a day, or those of each of the coming days; raises InvalidValue for anything else."""
        given: object = capacity
        several = np.iterable(given) and not isinstance(given, str | bytes | Mapping)
        days = [_hours(day) for day in list(given)] if several else [_hours(given)]  # type: ignore[call-overload]
        if not (all(math.isfinite(hours) and hours >= 0 for hours in days) and sum(days) > 0):
            raise InvalidValue("capacity", capacity, "positive hours a day, or those of each of the coming days")
        return cls(days)

    def until(self, due: float) -> float:
        """Hours until the end of the day that is `due` days from today; 0 where it is over, infinite for NEVER."""
        if due < 0 or due == NEVER:
            return 0.0 if due < 0 else math.inf
        beyond = due + 1 - len(self._until)
        return float(self._until[-1] + beyond * self.mean if beyond > 0 else self._until[int(due)])


def _hours(given: object) -> float:
    """A number as a float, NaN for what is none."""
    plain = not isinstance(given, str | bytes | bool | np.bool) and hasattr(given, "__float__")
    return float(given) if plain and np.ndim(given) == 0 else math.nan  # type: ignore[arg-type]


def _split(ranked: Sequence[Ranked], rule: Rule) -> tuple[list[Ranked], list[Ranked]]:
    """The projects in the order, and those left out because they are lost."""
    if rule.lost is Hopeless.LAST:
        return list(ranked), []
    lost = (State.HOPELESS, State.LATE)
    return [item for item in ranked if item.state not in lost], [item for item in ranked if item.state in lost]


def _choice(place: int, item: Ranked, tasks: Sequence[Task], today: pd.Timestamp) -> Choice:
    work, due = item.work, min(task.due for task in tasks)
    return Choice(
        place=place,
        project=work.project,
        task=next(task.id for task in tasks if not task.held),
        state=item.state,
        index=item.value,
        remaining=work.remaining,
        hours_left=work.hours_left,
        slack=item.slack,
        p_alone=item.chance,
        weight=work.weight,
        due=today + pd.Timedelta(days=due) if due < NEVER else None,
    )


def _held(tasks: Iterable[Task]) -> list[LeftOut]:
    held = sorted((str(task.project), task.id, task.held, task.project) for task in tasks if task.held)
    return [LeftOut(project=project, task=id, reason=why) for _, id, why, project in held]


def _lost(ranked: Iterable[Ranked]) -> list[LeftOut]:
    return [
        LeftOut(project=item.work.project, task="",
                reason=reason_of(item.state, item.work.remaining, item.work.hours_left, item.chance))
        for item in ranked
    ]  # fmt: skip


class Finished(NamedTuple):
    """A finished task, as it is learned from; hours are NaN where there are none, the day is NEVER where untold."""

    id: str
    estimate: float
    actual: float
    project: str
    category: str
    day: float

    def completed_by(self, other: Finished) -> Finished:
        """The same, with the other's project, category and day where it has none."""
        return self._replace(
            project=self.project or other.project,
            category=self.category or other.category,
            day=self.day if self.day < NEVER else other.day,
        )


def _same(one: Finished, other: Finished) -> bool:
    return all(a == b or (a != a and b != b) for a, b in zip(one, other, strict=True))


def _finished(rows: Columns) -> list[Finished]:
    """Each finished task, in order of completion.

    Within a day by id and hours, whatever the order of rows; of rows with the same id the last.
    """
    if rows.n and (missing := [name for name in ("estimate_hours", "actual_hours") if name not in rows]):
        raise InvalidValue("the columns of finished tasks", list(rows.by_name), f"also {' and '.join(missing)}")
    estimates, actuals = rows.numbers("estimate_hours"), rows.numbers("actual_hours")
    ids, days = rows.texts("id"), rows.days("completed")
    projects, categories = rows.texts(rows.first_of("project_id", "project")), rows.texts("category")
    known = "completed" in rows
    last = {id or f"\0{n}": n for n, id in enumerate(ids) if not known or days[n] < NEVER}
    order = sorted(last.values(), key=lambda n: (days[n], ids[n], _sortable(estimates[n]), _sortable(actuals[n])))
    return [Finished(ids[n], estimates[n], actuals[n], projects[n], categories[n], days[n]) for n in order]


def _sortable(hours: float) -> float:
    return -1.0 if math.isnan(hours) else hours
