"""What brings rows back to an earlier state: decided before anything is written, then done kind by kind.

Undo, redo and the trash decide; here it is done, many rows with one statement, parents before what refers to them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from orc_lab.model.change import Op, Value
from orc_lab.model.codec import captured, columns
from orc_lab.model.entities import (
    KINDS,
    Activity,
    Entity,
    ForecastRecord,
    ImportRecord,
    Knowledge,
    Recommendation,
)
from orc_lab.store import bulk, change_log, repository
from orc_lab.store.change_log import Deletion, Entry
from orc_lab.store.database import Database, Transaction
from orc_lab.store.references import Reference, references
from orc_lab.store.removal import remove
from orc_lab.workbench import record

Row = tuple[str, str]  # its table and its id
Values = Mapping[str, Value]
Rows = Mapping[type[Entity], Mapping[str, Values]]
Conflict = tuple[str, object, object]  # a field, its value now, and what it would become

_UNTOLD = (Activity, ImportRecord, ForecastRecord, Recommendation, Knowledge)  # nobody looks for their activities
_GONE = "one that is gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal:
    """Rows to bring back (all their fields), fields to set in rows that are there, and rows to remove.

    `told` is whether each leaves an activity: what an import brought leaves none when it never happened.
    """

    restored: Rows
    updated: Rows
    removed: Mapping[type[Entity], Collection[str]]
    told: bool = True


def apply(db: Database, tx: Transaction, reversal: Reversal) -> None:
    """Do it, inside a transaction; what refers to what is checked when that commits."""
    tx.defer_references()
    for kind in KINDS.values():
        if rows := reversal.restored.get(kind):
            _restore(tx, kind, rows)
            if reversal.told and kind not in _UNTOLD:
                record.write_many(tx, kind, rows, "restored")
    for kind in KINDS.values():
        if rows := reversal.updated.get(kind):
            _update(db, tx, kind, rows, told=reversal.told)
    for kind in reversed(tuple(KINDS.values())):
        if ids := reversal.removed.get(kind):
            remove(tx, kind, list(ids))
            if reversal.told and kind not in _UNTOLD:
                record.write_many(tx, kind, ids, "undone", old=Op.INSERT.value)


def _restore(tx: Transaction, kind: type[Entity], rows: Mapping[str, Values]) -> None:
    if len(rows) < bulk.MANY:
        tx.restore_many(kind, rows)
        return
    begin = {"updated_at": tx.now, "total_estimated_hours": 0.0}  # derived ones that are never empty
    names = [(name, begin.get(name) if name in kind.derived else None) for name in columns(kind)]
    with bulk.Bulk(tx, expected=len(rows)) as adding:
        adding.insert_plain(
            kind,
            [
                ([id if name == "id" else values.get(name, first) for name, first in names], None, ())
                for id, values in rows.items()
            ],
        )


def _update(db: Database, tx: Transaction, kind: type[Entity], rows: Mapping[str, Values], *, told: bool) -> None:
    before = repository.as_stored(db, kind, rows)
    alike: dict[tuple[str, ...], list[tuple[str, Values]]] = defaultdict(list)
    for id, values in rows.items():
        alike[tuple(values)].append((id, values))
    for some in alike.values():
        tx.update_many(kind, some)
    if told:
        record.edited_many(tx, kind, ((id, before[id], values, None) for id, values in rows.items()))


def with_parents(db: Database, restored: Rows, updated: Rows) -> tuple[Rows, Rows, list[Conflict]]:
    """Return both without references to what is gone and doesn't come back, and a conflict for each of those.

    A field that may be empty becomes or stays so; a row that can't be without its parent stays away.
    """
    rows, fields = ({kind: dict(some) for kind, some in given.items()} for given in (restored, updated))
    conflicts: list[Conflict] = []
    for reference in references(db):
        for given, back in ((rows, True), (fields, False)):
            mine = given.get(reference.kind, {})
            for id in _orphaned(db, reference, mine, rows.get(reference.parent, {})):
                conflicts.append((reference.field, None, _GONE))
                if back and reference.needed:
                    del mine[id]
                elif back:
                    mine[id] = {**mine[id], reference.field: None}
                else:
                    mine[id] = {field: value for field, value in mine[id].items() if field != reference.field}
    return rows, {kind: {id: v for id, v in some.items() if v} for kind, some in fields.items()}, conflicts


def _orphaned(
    db: Database, reference: Reference, rows: Mapping[str, Values], coming: Mapping[str, Values]
) -> Iterator[str]:
    wanted = {id: values[reference.field] for id, values in rows.items() if values.get(reference.field) is not None}
    missing = {str(parent) for parent in wanted.values()} - coming.keys()
    missing -= repository.there(db, reference.parent, missing)
    yield from [id for id, parent in wanted.items() if parent in missing]


def cells_around(
    db: Database, stories: Mapping[Row, Sequence[Entry | Deletion]]
) -> tuple[dict[Row, dict[str, Value]], dict[Row, dict[str, Value]]]:
    """Return the fields that some entries of each row changed: as they were before the first, and after the last."""
    cells = change_log.cells(db, [entry.seq for story in stories.values() for entry in story])
    before: dict[Row, dict[str, Value]] = {row: {} for row in stories}
    after: dict[Row, dict[str, Value]] = {row: {} for row in stories}
    fields = {table: frozenset(captured(KINDS[table])) for table in {table for table, _ in stories}}
    for row, story in stories.items():
        known = fields[row[0]]
        for entry in story:
            for field, (old, new) in cells[entry.seq].items():
                if field in known:  # a column that an earlier schema had is no more
                    before[row].setdefault(field, old)
                    after[row][field] = new
    return before, after


def stored(db: Database, rows: Iterable[Row]) -> dict[Row, dict[str, Value]]:
    """Return those of the rows that are there, as they are stored."""
    return {
        (table, id): values
        for table, ids in by_table(rows).items()
        for id, values in repository.as_stored(db, KINDS[table], ids).items()
    }


def by_table(rows: Iterable[Row]) -> Mapping[str, list[str]]:
    """Return the ids of rows by their table."""
    found: dict[str, list[str]] = defaultdict(list)
    for table, id in rows:
        found[table].append(id)
    return found
