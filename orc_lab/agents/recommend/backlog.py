"""Open work as it is given: a row a task, or a row a project with the estimates of what is left."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from orc_lab.agents.given import name_of
from orc_lab.agents.recommend.columns import NEVER, Columns, Table, days_since_1970, flag, number
from orc_lab.errors import InvalidValue
from orc_lab.model.entities import Priority

_RANK = {priority.value: rank for rank, priority in enumerate(Priority)}
_CLOSED = frozenset({"done", "dropped", "completed", "archived"})


@dataclass(slots=True, kw_only=True)
class Task:
    """An open task. `due` counts days from today (0 today, NEVER without); `held` is why it can't be begun, or empty.

    `estimate` and `expected` hours are NaN where there are none; `spent` are hours worked on it so far.
    """

    project: Hashable
    id: str
    due: float
    priority: object
    category: str
    estimate: float
    spent: float
    expected: float
    held: str

    @property
    def turn(self) -> tuple[bool, float, int, str, float]:
        """Which task of a project is next: one that is begun, then by due day, priority, id and estimate."""
        rank = _RANK.get(self.priority, 1) if isinstance(self.priority, str) else 1
        estimate = self.estimate if self.estimate > 0 else 0.0
        return (self.spent <= 0, self.due, -rank, self.id, estimate)


def open_tasks(projects: Table, today: pd.Timestamp) -> list[Task]:
    """Every open task of the given work, in no particular order; of tasks with the same id the last counts.

    Raises InvalidValue where nothing says which project a row belongs to, or a value can't be read.
    """
    columns = Columns.of(projects)
    if not columns.n:
        return []
    a_project_a_row = "estimates" in columns
    ids = [""] * columns.n if a_project_a_row else columns.texts("id")
    rows = _rows(columns, ids, float(days_since_1970(today)))
    closed = _closed(columns)
    if a_project_a_row:
        left = columns.values("estimates")
        return [task for row, hours, gone in zip(rows, left, closed, strict=True) if not gone
                for task in _tasks_of(row, hours)]  # fmt: skip
    found = {row.id or f"\0{n}": row for n, (row, gone) in enumerate(zip(rows, closed, strict=True)) if not gone}
    return list(found.values())


def _closed(columns: Columns) -> list[bool]:
    """Whether each row is over: it has a day of completion (or a yes there) or a status of what is done."""
    over = zip(_yes_or_days(columns, "completed"), columns.values("status"), strict=True)
    return [completed is True or (completed is not False and completed < NEVER) or status in _CLOSED
            for completed, status in over]  # fmt: skip


def _yes_or_days(columns: Columns, name: str) -> Sequence[float | bool]:
    """A column of yes and no as such, any other as days."""
    known = [value for value in columns.values(name) if value is not None]
    return columns.flags(name) if known and all(flag(value) is not None for value in known) else columns.days(name)


def _rows(columns: Columns, ids: Sequence[str], today: float) -> list[Task]:
    rows = zip(
        _names(columns, ids), ids, columns.days("due"), columns.values("priority"), columns.texts("category"),
        columns.numbers("estimate_hours"), columns.numbers("actual_hours"), columns.numbers("expected_hours"),
        _held(columns, today), strict=True,
    )  # fmt: skip
    return [
        Task(project=name, id=id, due=due - today, priority=priority, category=category, estimate=estimate,
             spent=spent if spent > 0 else 0.0, expected=expected, held=held)
        for name, id, due, priority, category, estimate, spent, expected, held in rows
    ]  # fmt: skip


def _tasks_of(row: Task, left: object) -> list[Task]:
    """A task for each of a project's `estimates` (one number is one task); what was spent belongs to the first."""
    hours = list(left) if hasattr(left, "__iter__") and not isinstance(left, str) else [left]
    return [
        replace(row, id=f"{n:04d}", estimate=number("estimates", estimate), expected=math.nan,
                spent=0.0 if n else row.spent)
        for n, estimate in enumerate(hours)
    ]  # fmt: skip


def _names(columns: Columns, ids: Sequence[str]) -> list[Hashable]:
    """Which project each row belongs to; a task without one stands for itself."""
    found = columns.first_of("project_id", "project", *(() if any(ids) else ("id",)))
    if found is None and not any(ids):
        raise InvalidValue("projects", list(columns.by_name), "a column named project, project_id or id")
    own = [id or f"row {n + 1}" for n, id in enumerate(ids)]
    given = _as_one(found or "projects", columns.values(found))
    return [own[n] if name is None else name for n, name in enumerate(given)]


def _as_one(column: str, values: Sequence[object]) -> list[Hashable]:
    """Names as they are given; where 1, 1.0 and "1" stand side by side, each of them is "1"."""
    names = [_name(column, value) for value in values]
    kinds: dict[str, set[tuple[type, Hashable]]] = {}
    for name in names:
        kinds.setdefault(name_of(name), set()).add((type(name), name))
    return [name if len(kinds[name_of(name)]) == 1 else name_of(name) for name in names]


def _name(column: str, value: object) -> Hashable:
    try:
        hash(value)
    except TypeError as error:
        raise InvalidValue(column, value, "a name: text or a number") from error
    return value


def _held(columns: Columns, today: float) -> list[str]:
    blocked = columns.flags("blocked")
    return ["blocked" if stuck else later for stuck, later in zip(blocked, _snoozed(columns, today), strict=True)]


def _snoozed(columns: Columns, today: float) -> list[str]:
    """Empty, or until when a task sleeps; the column holds days on which tasks come back, or yes and no."""
    return [_asleep(back, today) for back in _yes_or_days(columns, "snoozed")]


def _asleep(back: float | bool, today: float) -> str:
    if isinstance(back, bool):
        return "snoozed" if back else ""
    return f"snoozed until {pd.Timestamp.fromordinal(int(back) + 719163):%Y-%m-%d}" if today < back < NEVER else ""
