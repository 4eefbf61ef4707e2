"""The past, from the change log: rows as of an instant, and the log replayed from empty.

As of an instant means: what was recorded by then about what had happened by then. What an import brings is dated by
its own past, so it counts as recorded when it happened; pages that rest on it say "reconstructed".
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from orc_lab.model.change import Value
from orc_lab.model.codec import captured, columns
from orc_lab.model.entities import KINDS, Activity, Entity
from orc_lab.store import change_log
from orc_lab.store.database import Database

Row = dict[str, Value]

# An import that was taken back never happened, as far as the past before it is concerned.
_KNOWN = """(l.seq <= :seq AND coalesce(l.at, l.hlc / 1000000) <= :at AND (l.hlc / 1000000 <= :at
    OR l.origin = 'import' AND coalesce(l.tx, 0) NOT IN (SELECT value FROM json_each(:gone))))"""
_NEWEST = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What was known at an instant of the rows that something touched since, found in one pass of the log.

    `touched` holds their ids by table, `rebuilt` those that were there, values in the order of `columns`: all others
    are as they stand. Derived fields of the rebuilt are None, but for `actual_hours`, which is the person's own figure
    then (sessions are dated rows of their own), and `updated_at`, the last change that counted.
    """

    touched: Mapping[str, Collection[str]]
    rebuilt: Mapping[str, Sequence[tuple[Value, ...]]]

    def rows(self, kind: type[Entity], standing: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
        """Yield the rows of a kind as they were, given those that stand now, the id first in each."""
        touched = self.touched.get(kind.table, ())
        for row in standing:
            if row[0] not in touched:
                yield row
        yield from self.rebuilt.get(kind.table, ())


def look_back(db: Database, at: int, *, seq: int | None = None, kinds: Iterable[type[Entity]] = KINDS.values()) -> Past:
    """Return what was known at an instant; with `seq` only from what the log held up to there.

    So a page that stores both shows the same again, whatever was imported since.
    """
    wanted = {kind.table: kind for kind in kinds}
    gone = change_log.undone_imports(db)
    known = _known(at, seq, gone)
    first = _first_unknown(db, [*wanted], known)
    rebuilt: dict[str, list[tuple[Value, ...]]] = {}
    for table, ids in first.items():
        # What begins with an insert was not there before, but for what a second import brought again.
        maybe = list(ids) if gone else [id for id, op in ids.items() if op != "insert"]
        if maybe:
            names = columns(wanted[table])
            rows = _rebuilt(db, wanted[table], maybe, known)
            rebuilt[table] = [tuple(map(row.get, names)) for row in rows]
    return Past(touched=first, rebuilt=rebuilt)


def known_of(db: Database, kind: type[Entity], ids: Sequence[str], at: int, *, seq: int | None = None) -> set[str]:
    """Return those of the rows that were there at an instant and known."""
    return {str(row["id"]) for row in _rebuilt(db, kind, ids, _known(at, seq, change_log.undone_imports(db)))}


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


def reconstructed_before(db: Database, *, seq: int | None = None) -> int | None:
    """Return the instant until which the past was imported rather than recorded; None where nothing was imported.

    With `seq` only what was imported before that entry of the log counts.
    """
    sql = """SELECT max(imported_at) FROM imports WHERE subject_id IS NOT NULL AND (:seq IS NULL OR imported_at <=
        (SELECT hlc / 1000000 FROM change_log WHERE seq <= :seq ORDER BY seq DESC LIMIT 1))"""
    rows = db.rows(sql, {"seq": seq})
    return rows[0][0] if rows else None


def _start(rows: dict[str, Row], kind: type[Entity], op: str, id: str) -> None:
    if op == "delete":
        rows.pop(id, None)
    elif op == "insert":
        rows[id] = dict.fromkeys(captured(kind)) | {"id": id}


def _known(at: int, seq: int | None, gone: Collection[int]) -> dict[str, Value]:
    """The values of the condition by which an entry was known."""
    return {"at": at, "seq": _NEWEST if seq is None else seq, "gone": json.dumps(sorted(gone))}


def _first_unknown(db: Database, tables: Sequence[str], known: Mapping[str, Value]) -> dict[str, dict[str, str]]:
    """Return each row that something touched which wasn't known, by table and id, and what the first of it did."""
    sql = f"""SELECT "table", id, op FROM change_log AS l WHERE NOT {_KNOWN}
        AND "table" IN (SELECT value FROM json_each(:tables)) ORDER BY seq"""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for table, id, op in db.rows(sql, {**known, "tables": json.dumps(tables)}):
        found[table].setdefault(id, op)
    return found


def _rebuilt(db: Database, kind: type[Entity], ids: Sequence[str], known: Mapping[str, Value]) -> Iterator[Row]:
    """Yield the rows as the known entries of each leave it."""
    indexed = "" if kind is Activity else "AND l.\"table\" <> 'activities'"
    sql = f"""SELECT l.id, l.op, l.seq, coalesce(l.at, l.hlc / 1000000), c.field, c.new
        FROM change_log AS l LEFT JOIN change_cell AS c USING (seq)
        WHERE l.id IN (SELECT value FROM json_each(:ids)) AND l."table" = :table {indexed} AND {_KNOWN}
        ORDER BY l.id, l.seq"""
    rows = db.rows(sql, {**known, "table": kind.table, "ids": json.dumps(ids)})
    for id, cells in groupby(rows, key=itemgetter(0)):
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
