"""The past, from the change log: rows as of an instant, and the log replayed from empty.

As of an instant means: what was recorded by then about what had happened by then. What an import brings is dated by
its own past, so it counts as recorded when it happened; pages that rest on it say "reconstructed".
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from orc_lab.model.change import Value
from orc_lab.model.codec import captured, columns
from orc_lab.model.entities import Entity
from orc_lab.store.database import Database

Row = dict[str, Value]

# An import that was taken back never happened, as far as the past before it is concerned.
_TAKEN_BACK = "SELECT undoes FROM change_tx WHERE undoes IS NOT NULL"
_KNOWN = f"""(coalesce(l.at, l.hlc / 1000000) <= :at AND (l.hlc / 1000000 <= :at
    OR l.origin = 'import' AND coalesce(l.tx, 0) NOT IN ({_TAKEN_BACK})))"""


def rows_as_of(db: Database, kind: type[Entity], at: int) -> Iterator[tuple[Value, ...]]:
    """Yield the rows of a kind as they were known at an instant, values in the order of `columns`.

    Rows that nothing touched since are read as they stand; only the others are put together from the log. Derived
    fields of those are None, but for `actual_hours`, which is the person's own figure then (sessions are dated rows
    of their own), and `updated_at`, the last change that counted.
    """
    names = columns(kind)
    changed = _changed_after(db, kind.table, at)
    for row in db.rows(f"SELECT {', '.join(names)} FROM {kind.table} ORDER BY id"):
        if row[0] not in changed:
            yield row
    if changed:
        for values in _rebuilt(db, kind, at):
            yield tuple(values.get(name) for name in names)


def replayed(db: Database, kind: type[Entity]) -> dict[str, Row]:
    """Return the captured fields of a kind's rows, by id, with the whole log replayed from empty."""
    rows: dict[str, Row] = {}
    sql = """SELECT l.seq, l.op, l.id, c.field, c.new FROM change_log AS l LEFT JOIN change_cell AS c USING (seq)
        WHERE l."table" = ? ORDER BY l.seq"""
    last = 0
    for seq, op, id, field, new in db.rows(sql, (kind.table,)):
        if seq != last:
            last = seq
            _start(rows, kind, op, id)
        if op != "delete" and field is not None and id in rows:
            rows[id][field] = new
    return rows


def reconstructed_before(db: Database) -> int | None:
    """Return the instant until which the past was imported rather than recorded; None where nothing was imported."""
    rows = db.rows("SELECT max(imported_at) FROM imports WHERE subject_id IS NOT NULL")
    return rows[0][0] if rows else None


def _start(rows: dict[str, Row], kind: type[Entity], op: str, id: str) -> None:
    if op == "delete":
        rows.pop(id, None)
    elif op == "insert":
        rows[id] = dict.fromkeys(captured(kind)) | {"id": id}


def _changed_after(db: Database, table: str, at: int) -> set[str]:
    sql = f"""SELECT DISTINCT id FROM change_log AS l WHERE "table" = :table AND NOT {_KNOWN}"""
    return {id for (id,) in db.rows(sql, {"table": table, "at": at})}


def _rebuilt(db: Database, kind: type[Entity], at: int) -> Iterator[Row]:
    """Yield the rows touched since, from the newest cell of each field that was known then."""
    sql = f"""WITH later AS (SELECT DISTINCT id FROM change_log AS l WHERE "table" = :table AND NOT {_KNOWN})
        SELECT l.id, l.op, l.seq, coalesce(l.at, l.hlc / 1000000), c.field, c.new
        FROM change_log AS l LEFT JOIN change_cell AS c USING (seq)
        WHERE l."table" = :table AND l.id IN later AND {_KNOWN} ORDER BY l.id, l.seq"""
    for id, cells in groupby(db.rows(sql, {"table": kind.table, "at": at}), key=itemgetter(0)):
        row = _put_together(id, cells)
        if row is not None:
            if "adjusted_hours" in row:
                row["actual_hours"] = row["adjusted_hours"]
            yield row


def _put_together(id: str, cells: Iterable[Sequence[Any]]) -> Row | None:
    """Return a row from the cells of its changes, oldest first; None where it wasn't there in the end."""
    row: Row = {"id": id}
    there, last = False, 0
    for _, op, seq, effective, field, new in cells:
        if op != "update" and seq != last:  # each cell of a change has a line of its own
            row, there = {"id": id}, op == "insert"
        last = seq
        row["updated_at"] = effective
        if field is not None and op != "delete":
            row[field] = new
    return row if there else None
