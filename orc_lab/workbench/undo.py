"""Take back what was done: decide what would restore the earlier values, then do it as a new edit."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orc_lab.errors import ChangedSince
from orc_lab.model.change import Change, Edit, Op, Value
from orc_lab.model.codec import plain
from orc_lab.model.entities import KINDS, Activity, Entity
from orc_lab.store import change_log, repository
from orc_lab.store.database import Database, Transaction
from orc_lab.workbench import record

Row = tuple[str, str]
Conflict = tuple[str, object, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The steps that take an edit back, latest change first, and the fields that were changed again since."""

    edit: Edit
    steps: Sequence[Change]
    conflicts: Sequence[Conflict]


def plan(db: Database, edit: Edit) -> Plan:
    """Return how to take an edit back. Activities stay: what happened, happened; those that an import made up go."""
    changes = [c for c in change_log.of_edit(db, edit.tx) if c.table in KINDS and _goes(c)]
    written: dict[Row, dict[str, Value]] = defaultdict(dict)
    before: dict[Row, dict[str, Value]] = defaultdict(dict)
    for change in changes:
        row = change.table, change.id
        for field, (old, new) in change.cells.items():
            written[row][field] = new
            before[row].setdefault(field, old)
    conflicts = [
        conflict
        for (table, id), values in written.items()
        for conflict in _conflicts(repository.fetch(db, KINDS[table], id), values, before[table, id])
    ]
    return Plan(edit=edit, steps=_steps(changes), conflicts=conflicts)


def _goes(change: Change) -> bool:
    return change.table != Activity.table or change.origin == "import"


def _steps(changes: Sequence[Change]) -> Sequence[Change]:
    """The changes to take back, latest first; of a row that the edit began by making, no updates: it goes anyway."""
    first: dict[Row, Op] = {}
    for change in changes:
        first.setdefault((change.table, change.id), change.op)
    return [c for c in reversed(changes) if c.op is not Op.UPDATE or first[c.table, c.id] is not Op.INSERT]


def apply(db: Database, tx: Transaction, plan: Plan, *, force: bool = False) -> None:
    """Take the steps; raises ChangedSince where a field has another value since, unless forced."""
    if plan.conflicts and not force:
        raise ChangedSince(plan.conflicts)
    tx.defer_references()
    for change in plan.steps:
        _take_back(db, tx, change)


def _conflicts(now: Entity | None, written: Mapping[str, Value], before: Mapping[str, Value]) -> Sequence[Conflict]:
    if now is None:
        return ()
    current = {field: plain(getattr(now, field)) for field in written if hasattr(now, field)}
    return [(field, current[field], before[field]) for field in current if current[field] != written[field]]


def _take_back(db: Database, tx: Transaction, change: Change) -> None:
    kind = KINDS[change.table]
    there = repository.fetch(db, kind, change.id)
    if change.op is Op.INSERT and there is not None:
        tx.delete(kind, change.id)
        if kind is not Activity:
            record.write(tx, kind, change.id, "undone", old=change.op.value)
    elif change.op is Op.DELETE and there is None:
        tx.restore(kind, change.id, {field: old for field, (old, _) in change.cells.items()})
        record.write(tx, kind, change.id, "restored")
    elif change.op is Op.UPDATE and there is not None:
        values = {field: old for field, (old, _) in change.cells.items() if hasattr(there, field)}
        tx.update(kind, change.id, values)
        record.edited(tx, kind, change.id, {f: getattr(there, f) for f in values}, values)
