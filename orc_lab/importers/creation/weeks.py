"""The weekly goals of the old web app, and what they promise.

Its weeks may begin on a Sunday: a goal belongs to the ISO week that holds most of its days. There is one row a week.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from orc_lab.errors import UnknownWeek
from orc_lab.importers.creation.rows import id_of
from orc_lab.importers.reading import values
from orc_lab.importers.reading.fields import Fields
from orc_lab.importers.record import Parsed, Step, as_raw, history
from orc_lab.model.entities import Commitment, Outcome, Status
from orc_lab.model.week import Week
from orc_lab.workbench import weeks


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A todo that a weekly goal names, both by external id, and the estimate it had where that is told. `todo` is
    None where its id can't be read; `record` is what stands there of the todo itself, if anything does."""

    goal: str
    todo: str | None
    estimate: float | None = None
    record: Mapping[str, Any] | None = None


def goal(fields: Fields) -> dict[str, Any] | None:
    """Return a weekly goal's row with its id, None where its week can't be read."""
    week = _week(fields)
    if week is None:
        return None
    clock, now = fields.context.clock, fields.context.now
    start = min(week.start(clock), now)
    created = fields.past("created", 9) or start
    plan = weeks.new_goal(fields.context.user_id, week, clock, created)
    return {
        "id": plan.id,
        "week_start_date": plan.week_start_date,
        "goal": _joined([fields.text("goal"), fields.text("description")]),
        "reflection": fields.text("reflection"),
        "self_rating": _rating(fields),
        "freezes_at": plan.freezes_at,
        "created_at": created,
        "updated_at": max(created, fields.past("updated", 17) or created),
    }


def promises(fields: Fields, goal: str) -> list[Promise]:
    """Return the todos that a goal names, by id or as records."""
    named = fields.get("todos")
    return [_promise(item, fields, goal) for item in (named if isinstance(named, list) else ())]


def _promise(item: Any, fields: Fields, goal: str) -> Promise:
    record = item if isinstance(item, dict) else {"id": item}
    inner = Fields(
        {"id": record.get("todoId", record.get("id")), "estimate": record.get("estimatedHours")}, fields.context
    )
    id = id_of(inner)
    if id is None:
        fields.warn("it names a todo without an id: not promised")
        return Promise(goal=goal, todo=None)
    whole = {**record, "id": id} if record.get("title") else None
    return Promise(goal=goal, todo=f"todo:{id}", estimate=inner.hours("estimate"), record=whole)


def _week(fields: Fields) -> Week | None:
    """Return the ISO week that holds most days of the seven that begin at the date: that of the fourth."""
    told = fields.get("week")
    if isinstance(told, str) and "w" in told.lower():
        try:
            return Week.parse(told)
        except UnknownWeek:
            return None
    moment = values.when(told, fields.context.clock)
    return None if moment is None else Week.of(values.day_of(moment, fields.context.clock) + timedelta(days=3))


def _rating(fields: Fields) -> int | None:
    value = fields.get("rating")
    if value is None:
        return None
    found = values.number(value)
    if found is None or not 1 <= found <= 5:
        fields.warn("its self rating is not 1–5: left empty")
        return None
    return round(found)


def _joined(texts: Iterable[str | None]) -> str | None:
    return "\n\n".join(dict.fromkeys(filter(None, texts))) or None


def merged(goals: Sequence[Parsed]) -> list[Parsed]:
    """Return the goals with those of one week in one: the first made, with the texts of all; the others point to it."""
    by_week: dict[str, list[Parsed]] = {}
    for goal in goals:
        if goal.row_id is not None and goal.left_out is None:
            by_week.setdefault(goal.row_id, []).append(goal)
    found = [goal for goal in goals if goal.row_id is None or goal.left_out is not None]
    for week in by_week.values():
        first, *others = sorted(week, key=lambda goal: goal.values["created_at"])
        texts = {name: _joined(goal.values[name] for goal in week) for name in ("goal", "reflection")}
        ratings = [goal.values["self_rating"] for goal in (first, *others) if goal.values["self_rating"] is not None]
        updated = max(goal.values["updated_at"] for goal in week)
        merged = {"self_rating": ratings[-1] if ratings else None, "updated_at": updated}
        found.append(replace(first, values={**first.values, **texts, **merged}))
        found += [replace(other, same_as=first.external_id) for other in others]
    return found


def commitments(promises: Iterable[Promise], goals: Iterable[Parsed], todos: Mapping[str, Parsed]) -> list[Parsed]:
    """Return what the goals promise: a todo once a week, with the estimate it had."""
    by_id = {goal.external_id: goal for goal in goals if goal.left_out is None}
    found: dict[str, Parsed] = {}
    for promise in promises:
        if promise.goal in by_id and promise.todo is not None:
            todo = todos.get(promise.todo)
            commitment = _commitment(by_id[promise.goal], promise.todo, todo, promise.estimate)
            found.setdefault(commitment.external_id, commitment)
    return list(found.values())


def _commitment(goal: Parsed, todo_id: str, todo: Parsed | None, estimate: float | None) -> Parsed:
    week = goal.values["week_start_date"]
    life = _life(todo)
    created = max(goal.values["created_at"], life.get("created_at", 0))
    outcome = {Status.DONE: Outcome.DONE, Status.DROPPED: Outcome.DROPPED}.get(life.get("status", Status.DUMPED))
    steps = []
    if outcome is not None:
        resolved = max(created, life.get("completed_at") or life["updated_at"])
        steps.append(Step(at=resolved, values={"outcome": outcome, "resolved_at": resolved}))
    first = {
        "estimated_hours": life.get("estimated_hours") if estimate is None else estimate,
        "outcome": Outcome.OPEN,
        "created_at": created,
    }
    first, steps = history(first, steps)
    raw, content = as_raw({"week": week, "todo": todo_id})
    return Parsed(
        external_id=f"commitment:{week}:{todo_id}",
        kind=Commitment,
        values=first,
        steps=steps,
        links={"weekly_goal_id": goal.external_id, "todo_id": todo_id},
        raw=raw,
        content_hash=content,
        made=True,
    )


def _life(todo: Parsed | None) -> dict[str, Any]:
    """Return a row as its last step left it."""
    if todo is None or todo.left_out is not None:
        return {}
    last = dict(todo.values)
    for step in todo.steps:
        last |= step.values
    return last
