"""The activity that a change leaves: what happened to which row, when, and when it was written down."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from orc_lab.model.change import Value
from orc_lab.model.codec import plain
from orc_lab.model.entities import Activity, Entity
from orc_lab.model.ids import new_id
from orc_lab.store import bulk
from orc_lab.store.database import Transaction

# Fields whose changes are told one by one, and what the activity is called.
_TOLD = {"status": "status", "estimated_hours": "estimate", "project_id": "project", "progress": "progress"}


def write(
    tx: Transaction,
    kind: type[Entity],
    id: str,
    what: str,
    *,
    old: Value = None,
    new: Value = None,
    at: int | None = None,
) -> None:
    """Add one activity about a row."""
    tx.insert(_activity(tx, kind, id, what, old, new, at), at=at)


def write_many(tx: Transaction, kind: type[Entity], ids: Iterable[str], what: str, *, old: Value = None) -> None:
    """Add the same activity about many rows."""
    _insert(tx, [(_activity(tx, kind, id, what, old, None, None), None) for id in ids])


def created(tx: Transaction, entity: Entity, *, at: int | None = None) -> None:
    """Tell that a row was made; for one with a status, that it entered it."""
    status = getattr(entity, "status", None)
    write(tx, type(entity), entity.id, "status" if status else "created", new=status and str(status), at=at)


def edited(
    tx: Transaction,
    kind: type[Entity],
    id: str,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    at: int | None = None,
) -> None:
    """Tell what changed in a row: status, estimate, project and progress one by one, other fields by name."""
    for what, before, after in _changes(old, new):
        write(tx, kind, id, what, old=before, new=after, at=at)


def edited_many(
    tx: Transaction, kind: type[Entity], rows: Iterable[tuple[str, Mapping[str, Any], Mapping[str, Any], int | None]]
) -> None:
    """Tell what changed in many rows: of each its id, the fields as they were and as they are, and when that took
    effect (None: now)."""
    told = [
        (_activity(tx, kind, id, what, before, after, at), at)
        for id, old, new, at in rows
        for what, before, after in _changes(old, new)
    ]
    _insert(tx, told)


def _insert(tx: Transaction, told: Sequence[tuple[Activity, int | None]]) -> None:
    if len(told) >= bulk.MANY:
        with bulk.Bulk(tx, expected=len(told)) as adding:
            adding.insert(Activity, ((one, at, ()) for one, at in told))
        return
    for at, some in groupby(told, itemgetter(1)):
        tx.insert_many([one for one, _ in some], at=at)


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, Value, Value]]:
    changed = [field for field in new if plain(old.get(field)) != plain(new[field])]
    for field in changed:
        if field in _TOLD:
            yield _TOLD[field], plain(old.get(field)), plain(new[field])
    if changed and not any(field in _TOLD for field in changed):
        yield "edited", None, ", ".join(changed)


def _activity(
    tx: Transaction, kind: type[Entity], id: str, what: str, old: Value, new: Value, at: int | None
) -> Activity:
    return Activity(
        id=new_id(),
        subject=kind.table,
        subject_id=id,
        kind=what,
        old=old if not isinstance(old, bytes) else None,
        new=new if not isinstance(new, bytes) else None,
        occurred_at=tx.now if at is None else at,
        recorded_at=tx.now,
    )
