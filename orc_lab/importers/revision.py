"""What of a record that changed in the other tool since it was imported is taken over, field by field.

Three values meet in a field: what the import gave it, what it is here now, and what the file says now. What the file
says is taken where nobody changed the field here; a field that was changed here stays. What a file doesn't tell, clears
nothing here: many exports tell less of a record than another one did. Only what a format says is empty now does.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from orc_lab.importers import rows
from orc_lab.importers.record import Parsed
from orc_lab.model.batched import batched
from orc_lab.model.change import Value
from orc_lab.model.codec import checked_values
from orc_lab.model.entities import (
    CLOSED,
    OPEN,
    Entity,
    Intention,
    Project,
    ProjectStatus,
    Recurrence,
    Session,
    Status,
    Todo,
)
from orc_lab.store import repository
from orc_lab.store.bulk import PlainLife
from orc_lab.store.database import Database, Transaction
from orc_lab.workbench import pipeline
from orc_lab.workbench.record import edited

E = TypeVar("E", bound=Entity)

_TEXTS = {"title": "title", "description": "notes"}
_SHARED = _TEXTS | {"status": "status", "priority": "priority", "due_date": "due day"}
_FIELDS: Mapping[type[Entity], Mapping[str, str]] = {
    Intention: _TEXTS,
    Project: _SHARED | {"why": "why", "progress": "progress", "intention_id": "intention"},
    Todo: _SHARED
    | {"project_id": "project", "category": "category", "tags": "tags", "snoozed_until": "snoozed until"}
    | {"estimated_hours": "estimate", "original_estimate_hours": "first estimate", "adjusted_hours": "hours"}
    | {"started_at": "start", "completed_at": "completion", "created_at": "creation"},
    Session: {"ended_at": "end"},
    Recurrence: {"rule": "rule", "template": "what a round is like", "starts_on": "first day", "ends_on": "last day"},
}
_UNTOLD = (Session, Recurrence)  # kinds of whose edits no activity tells
_CHUNK = 500
_MANY = 10_000
_NOTHING = "only in what orc keeps of it in the raw record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What becomes of a record that changed: the values to set and when they take effect (None: now), and in words."""

    kind: type[Entity]
    id: str
    values: Mapping[str, Any]
    at: int | None
    said: str


def revised(
    record: Parsed,
    id: str,
    life: PlainLife,
    given: Mapping[str, Value],
    here: Mapping[str, Value],
    since: tuple[int, int],
) -> Revision:
    """Return what is taken over of a record, from the row that it would become; `given` is what earlier imports gave
    the row, `here` what it is; `since` is when the last of them was, and now."""
    theirs = rows.last(record.kind, life)
    told: dict[str, Any] = dict(record.values)
    for step in record.steps:
        told.update(step.values)
    told |= dict.fromkeys(record.emptied)
    names = {name: said for name, said in _FIELDS.get(record.kind, {}).items() if name in told or name in record.links}
    changed = [name for name in names if _is_told(record, name, theirs, given) and theirs[name] != given.get(name)]
    differ = [name for name in changed if theirs[name] != here[name]]
    kept = [name for name in differ if here[name] != given.get(name)]
    taken = [name for name in differ if name not in kept]
    if "completed_at" in taken and ("status" in kept or (record.guessed and "status" not in taken)):
        taken.remove("completed_at")
    if "started_at" in taken and _is_over(here, theirs, taken):
        taken.remove("started_at")
        kept.append("started_at")
    if record.kind is Session and "ended_at" in taken and int(told["ended_at"]) < int(str(here["started_at"])):
        taken.remove("ended_at")  # as read in another zone than its start was
    values = {name: theirs[name] if name in record.links else told[name] for name in taken}
    values, at = _ended(record, checked_values(record.kind, values), theirs, here, since)
    return Revision(kind=record.kind, id=id, values=values, at=at, said=_said(names, taken, kept))


def _is_over(here: Mapping[str, Value], theirs: Mapping[str, Value], taken: Sequence[str]) -> bool:
    """Return whether a todo had ended here, and stays so, before it was started there."""
    ended = here.get("completed_at")
    if ended is None or "status" in taken or "completed_at" in taken:
        return False
    return int(ended) < int(str(theirs["started_at"]))


def _is_told(record: Parsed, name: str, theirs: Mapping[str, Value], given: Mapping[str, Value]) -> bool:
    """Return whether a file says something of a field: a status among the open ones may follow from what it leaves out.
    The first estimate is frozen, unless it is none."""
    if name in record.emptied:
        return True
    if name in record.assumed or name == "original_estimate_hours":
        return False
    if record.kind is Todo and name == "status" and theirs[name] in OPEN and given.get(name) in OPEN:
        return OPEN.index(Status(str(theirs[name]))) > OPEN.index(Status(str(given[name])))
    if name == "created_at":  # taken as the import's own time where a file told none; an earlier one is better known
        return int(str(theirs[name])) < int(str(given.get(name, 0)))
    return theirs[name] is not None


def _ended(
    record: Parsed,
    values: dict[str, Any],
    theirs: Mapping[str, Value],
    here: Mapping[str, Value],
    since: tuple[int, int],
) -> tuple[dict[str, Any], int | None]:
    """Return the values with the time of an end, and when they take effect. What was open at the last import and is
    finished now, nobody says since when, was not finished before that import: taken as its last known day after it,
    and as now where no day is known."""
    status = values.get("status")
    if record.kind is Project and status is not None and here["completed_at"] is not None:
        values["completed_at"] = None
    if status not in CLOSED and status is not ProjectStatus.COMPLETED:
        return values, None
    ended = _end(theirs.get("completed_at"), record.guessed, *since)
    created = values.get("created_at", here["created_at"])
    begun = [one for one in (created, here.get("started_at"), values.get("started_at")) if one is not None]
    ended = max([ended, *map(int, begun)])
    at = ended if ended >= int(str(here["created_at"])) else None  # nothing happens to a row before it is there
    return values | ({} if status is Status.DROPPED else {"completed_at": ended}), at


def _end(told: Value, guessed: bool, seen: int, now: int) -> int:
    if told is None:
        return now
    return min(max(int(told), seen), now) if guessed else int(told)


def _said(names: Mapping[str, str], taken: Sequence[str], kept: Sequence[str]) -> str:
    parts = [f"taken over: {', '.join(names[name] for name in taken)}"] if taken else []
    parts += [f"changed here too, kept as it is here: {', '.join(names[name] for name in kept)}"] if kept else []
    return "; ".join(parts) or _NOTHING


def write(db: Database, tx: Transaction, revisions: Sequence[Revision]) -> None:
    """Set what is taken over, with all that follows, as part of an edit."""
    for some in batched(revisions, _MANY):
        todos = _rows(db, Todo, some)
        changes = [(todos[one.id], one) for one in some if one.kind is Todo]
        pipeline.change_many(db, tx, [(row, {**_begun(row, one.values), **one.values}, one.at) for row, one in changes])
        for kind in {one.kind for one in some} - {Todo}:
            here = _rows(db, kind, some)
            for one in some:
                if one.kind is kind:
                    _set(tx, here[one.id], one)


def _rows(db: Database, kind: type[E], revisions: Sequence[Revision]) -> dict[str, E]:
    ids = [one.id for one in revisions if one.kind is kind]
    return {row.id: row for some in batched(ids, _CHUNK) for row in repository.find(db, kind, {"id": some})}


def _set(tx: Transaction, row: Entity, one: Revision) -> None:
    tx.update(one.kind, one.id, one.values, at=one.at)
    if one.kind not in _UNTOLD:
        edited(tx, one.kind, one.id, dict(_before(row, one.values)), one.values, at=one.at)


def _begun(row: Todo, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the first start of work sets; the estimate is the one that was known before it, if there was one."""
    if values.get("started_at") is None:
        return {}
    estimate = values.get("estimated_hours") if row.estimated_hours is None else row.estimated_hours
    return pipeline.start_values(replace(row, estimated_hours=estimate), values["started_at"])


def _before(row: Entity, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name in values:
        yield name, getattr(row, name)
