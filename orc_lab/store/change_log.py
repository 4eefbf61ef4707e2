"""Read what the triggers wrote: the one source of history, undo, the mirror and subscribers."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from orc_lab.model.change import Change, Edit, Op, Value
from orc_lab.store.database import Database

# A change takes effect at `at`, or else when its clock says it was made.
_EFFECTIVE = "coalesce(l.at, l.hlc / 1000000)"
_COLUMNS = f'l.seq, l.hlc, l.tx, {_EFFECTIVE}, l.origin, l."table", l.id, l.op'


def head(db: Database) -> int:
    """Return the newest `seq`, 0 where nothing was ever written."""
    return int(db.rows("SELECT coalesce(max(seq), 0) FROM change_log")[0][0])


def since(db: Database, seq: int, *, limit: int = -1) -> list[Change]:
    """Return the changes after `seq`, oldest first."""
    return _read(db, "WHERE l.seq > ? ORDER BY l.seq LIMIT ?", (seq, limit))


def of_row(db: Database, id: str) -> list[Change]:
    """Return everything that ever happened to a row, oldest first."""
    return _read(db, "WHERE l.id = ? AND l.\"table\" <> 'activities' ORDER BY l.seq", (id,))


def of_edit(db: Database, tx: int) -> list[Change]:
    """Return the changes of one transaction, oldest first."""
    span = """WHERE l.seq > (SELECT after_seq FROM change_tx WHERE tx = :tx) AND l.tx = :tx
        AND l.seq <= coalesce((SELECT min(after_seq) FROM change_tx WHERE tx > :tx), 1 << 62) ORDER BY l.seq"""
    return _read(db, span, {"tx": tx})


def touched(db: Database, seq: int) -> dict[str, set[str]]:
    """Return the ids of the rows changed after `seq`, by table."""
    found: dict[str, set[str]] = defaultdict(set)
    for table, id in db.rows('SELECT DISTINCT "table", id FROM change_log WHERE seq > ?', (seq,)):
        found[table].add(id)
    return found


def edits(db: Database, *, limit: int = 20) -> list[Edit]:
    """Return the latest transactions, newest first."""
    rows = db.rows("SELECT tx, actor, label, undoes, at FROM change_tx ORDER BY tx DESC LIMIT ?", (limit,))
    return [_edit(row) for row in rows]


def last_undoable(db: Database) -> Edit | None:
    """Return the newest edit of this person that still stands: neither undone nor itself an undo."""
    rows = db.rows(
        """SELECT tx, actor, label, undoes, at FROM change_tx AS t
        WHERE actor = 'person' AND undoes IS NULL AND NOT EXISTS (SELECT 1 FROM change_tx WHERE undoes = t.tx)
          AND EXISTS (SELECT 1 FROM change_log WHERE seq > t.after_seq AND tx = t.tx AND origin IN ('local', 'import'))
        ORDER BY tx DESC LIMIT 1"""
    )
    return _edit(rows[0]) if rows else None


def _edit(row: Sequence[Any]) -> Edit:
    return Edit(tx=row[0], actor=row[1], label=row[2], undoes=row[3], at=row[4])


def _read(db: Database, where: str, params: Sequence[Value] | Mapping[str, Value]) -> list[Change]:
    # One query: a row per cell, or one with no field for a change without cells.
    sql = f"""SELECT {_COLUMNS}, c.field, c.old, c.new
        FROM (SELECT * FROM change_log AS l {where}) AS l LEFT JOIN change_cell AS c USING (seq) ORDER BY l.seq"""
    found: dict[int, tuple[Sequence[Any], dict[str, tuple[Value, Value]]]] = {}
    for row in db.rows(sql, params):
        cells = found.setdefault(row[0], (row, {}))[1]
        if row[8] is not None:
            cells[row[8]] = (row[9], row[10])
    return [_change(row, cells) for row, cells in found.values()]


def _change(row: Sequence[Any], cells: dict[str, tuple[Value, Value]]) -> Change:
    seq, hlc, tx, at, origin, table, id, op = row[:8]
    return Change(seq=seq, hlc=hlc, tx=tx, at=at, origin=origin, table=table, id=id, op=Op(op), cells=cells)
