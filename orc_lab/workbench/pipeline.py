"""A todo's way: dumped → matched → refined → confirmed → committed → done, or dropped.

Going back and skipping are allowed; each step is recorded. The original estimate is frozen when work first starts.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from orc_lab.errors import InvalidValue
from orc_lab.model.batched import batched
from orc_lab.model.entities import CLOSED, Commitment, Outcome, Status, Todo, WeeklyGoal
from orc_lab.store import repository
from orc_lab.store.database import Database, Transaction
from orc_lab.workbench import options, record

_CHUNK = 500


def entry_status(project_id: str | None, estimated_hours: float | None) -> Status:
    """Return how far a new todo has come: with a project it is matched, with an estimate too it is refined."""
    if project_id is None:
        return Status.DUMPED
    return Status.MATCHED if estimated_hours is None else Status.REFINED


def change(db: Database, tx: Transaction, todo: Todo, values: dict[str, Any], at: int | None = None) -> Todo:
    """Apply values to a todo with all that follows (times, commitments, activities); return it as it is now."""
    when = tx.now if at is None else at
    if values.get("parent_id"):
        _check_parent(db, todo, values["parent_id"])
    values = _completed(todo, values, when)
    tx.update(Todo, todo.id, values, at=at)
    record.edited(tx, Todo, todo.id, _old(todo, values), values, at=at)
    if "status" in values and values["status"] != todo.status:
        _resolve_commitments(db, tx, todo, values["status"], when)
    if "adjusted_hours" in values:  # the hours worked follow from it in the database
        return repository.get(db, Todo, todo.id)
    return replace(todo, **values, updated_at=when)


def change_many(db: Database, tx: Transaction, changes: Sequence[tuple[Todo, Mapping[str, Any], int | None]]) -> None:
    """Do as `change` for many todos, each at most once and with its instant (None: now); not for who is below whom."""
    told = [(todo, _completed(todo, values, tx.now if at is None else at), at) for todo, values, at in changes]
    alike: defaultdict[tuple[int | None, tuple[str, ...]], list[tuple[str, Mapping[str, Any]]]] = defaultdict(list)
    for todo, values, at in told:
        alike[at, tuple(values)].append((todo.id, values))
    for (at, names), rows in alike.items():
        if names:
            tx.update_many(Todo, rows, at=at)
    record.edited_many(tx, Todo, ((todo.id, _old(todo, values), values, at) for todo, values, at in told))
    moved = [one for one in told if one[1].get("status", one[0].status) != one[0].status]
    promised = _promised(db, [todo.id for todo, _, _ in moved])
    for todo, values, at in moved:
        if todo.id in promised:
            _resolve_commitments(db, tx, todo, values["status"], tx.now if at is None else at)


def _old(todo: Todo, values: Iterable[str]) -> dict[str, Any]:
    return {field: getattr(todo, field) for field in values}


def _promised(db: Database, ids: Sequence[str]) -> set[str]:
    return {one.todo_id for some in batched(ids, _CHUNK) for one in repository.find(db, Commitment, {"todo_id": some})}


def _check_parent(db: Database, todo: Todo, parent_id: str) -> None:
    above: str | None = parent_id
    passed = set[str]()
    while above is not None and above not in passed:
        if above == todo.id:
            raise InvalidValue("parent_id", parent_id, "a todo that isn't this one or below it")
        passed.add(above)
        above = repository.get(db, Todo, above).parent_id


def start_values(todo: Todo, at: int) -> dict[str, Any]:
    """Return what the first start of work sets: its time, and the estimate that counts from now on."""
    if todo.started_at is not None:
        return {}
    return {"started_at": at} | _frozen_estimate(todo)


def _completed(todo: Todo, values: Mapping[str, Any], when: int) -> dict[str, Any]:
    values = dict(values)
    if "actual_hours" in values:  # what the person says in all, less what the timer has counted
        hours = values.pop("actual_hours")
        timed = (todo.actual_hours or 0.0) - (todo.adjusted_hours or 0.0)
        values["adjusted_hours"] = None if hours is None else hours - timed
    if values.get("project_id") and todo.status is Status.DUMPED:
        values.setdefault("status", Status.MATCHED)
    status = values.get("status", todo.status)
    if status is Status.DONE and todo.status is not Status.DONE:
        values = {"completed_at": when} | _frozen_estimate(todo, values) | values
    elif status is not Status.DONE and todo.status is Status.DONE:
        values["completed_at"] = None
    return values


def _frozen_estimate(todo: Todo, values: dict[str, Any] | None = None) -> dict[str, Any]:
    estimate = (values or {}).get("estimated_hours", todo.estimated_hours)
    if todo.original_estimate_hours is not None or estimate is None:
        return {}
    return {"original_estimate_hours": estimate}


def unexpired(db: Database, todo_id: str, outcomes: Sequence[Outcome], when: int) -> list[Commitment]:
    """Return a todo's commitments of weeks that aren't over. What became of an earlier week's never changes."""
    found = repository.find(db, Commitment, {"todo_id": todo_id, "outcome": outcomes})
    if not found:
        return []
    over = (options.clock(db, when).day(when) - timedelta(days=7)).isoformat()
    goals = repository.find(db, WeeklyGoal, {"id": [c.weekly_goal_id for c in found], "week_start_date__gt": over})
    running = {goal.id for goal in goals}
    return [commitment for commitment in found if commitment.weekly_goal_id in running]


def _resolve_commitments(db: Database, tx: Transaction, todo: Todo, status: Status, when: int) -> None:
    closed = status in CLOSED
    outcome = Outcome(str(status)) if closed else Outcome.OPEN
    waiting = [Outcome.OPEN] if closed else [Outcome.DONE, Outcome.DROPPED]
    for commitment in unexpired(db, todo.id, waiting, when):
        if closed or commitment.resolved_at == todo.completed_at or todo.status is Status.DROPPED:
            tx.update(Commitment, commitment.id, {"outcome": outcome, "resolved_at": when if closed else None})
