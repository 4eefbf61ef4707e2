"""Read what the triggers wrote: the one source of history, undo, the mirror and subscribers."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from orc_lab.model.change import Change, Edit, Op, Value
from orc_lab.store.database import Database

# A change takes effect at `at`, or else when its clock says it was made.
_EFFECTIVE = "coalesce(l.at, l.hlc / 1000000)"
_SPAN = """l.seq > (SELECT after_seq FROM change_tx WHERE tx = :tx) AND l.tx = :tx
    AND l.seq <= coalesce((SELECT min(after_seq) FROM change_tx WHERE tx > :tx), 1 << 62)"""
_EDIT = "tx, actor, label, undoes, at"
# An edit's own depth: 0, 1 for its undo, 2 for the redo, and so on.
_EVEN = """(WITH RECURSIVE up (undoes, depth) AS (
    SELECT t.undoes, 0 UNION ALL SELECT c.undoes, depth + 1 FROM change_tx AS c JOIN up ON c.tx = up.undoes)
  SELECT max(depth) % 2 = 0 FROM up)"""
_NEWEST = "NOT EXISTS (SELECT 1 FROM change_tx WHERE undoes = t.tx)"
# Nobody else writes during a transaction: if it wrote anything, it wrote what comes right behind.
_WROTE = """coalesce((SELECT tx = t.tx AND origin IN ('local', 'import') FROM change_log WHERE seq > t.after_seq
    ORDER BY seq LIMIT 1), false)"""
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


class Entry(NamedTuple):
    """A change without its fields: which row, what was done to it, and by what origin."""

    seq: int
    table: str
    id: str
    op: str
    origin: str


def entries(db: Database, tx: int) -> list[Entry]:
    """Return what one transaction did, oldest first, without the fields."""
    sql = f'SELECT l.seq, l."table", l.id, l.op, l.origin FROM change_log AS l WHERE {_SPAN} ORDER BY l.seq'
    return [Entry(*row) for row in db.rows(sql, {"tx": tx})]


def origin(db: Database, tx: int) -> str | None:
    """Return the origin of what a transaction wrote, None where it wrote nothing."""
    sql = """SELECT tx, origin FROM change_log WHERE seq > (SELECT after_seq FROM change_tx WHERE tx = ?)
        ORDER BY seq LIMIT 1"""
    return next((str(found) for wrote, found in db.rows(sql, (tx,)) if wrote == tx), None)


def cells(db: Database, seqs: Collection[int]) -> dict[int, dict[str, tuple[Value, Value]]]:
    """Return the fields of some changes, old and new value of each, in order of the changes."""
    found: dict[int, dict[str, tuple[Value, Value]]] = {seq: {} for seq in sorted(seqs)}
    sql = "SELECT seq, field, old, new FROM change_cell WHERE seq IN (SELECT value FROM json_each(?))"
    for seq, field, old, new in db.rows(sql, (json.dumps(list(found)),)):
        found[seq][field] = (old, new)
    return found


class Deletion(NamedTuple):
    """A row that was removed: by which transaction (None: by another program), when, and on which clock."""

    seq: int
    table: str
    id: str
    op: str
    tx: int | None
    hlc: int
    at: int


_DELETED = f'SELECT l.seq, l."table", l.id, l.op, l.tx, l.hlc, {_EFFECTIVE} FROM change_log AS l'
_SECOND = 1_000_000  # of the clock, in which another program removes what belongs together
_NOT_THINGS = ("activities", "imports", "forecasts", "recommendations", "knowledge")


def deletions(db: Database, id: str | None = None) -> list[Deletion]:
    """Return the last removal of each row, or of one, whether it is there again or not; the latest first."""
    kept = ", ".join(f"'{table}'" for table in _NOT_THINGS)
    if id is not None:
        sql = f"""{_DELETED} WHERE l.id = ? AND l."table" <> 'activities' AND l."table" NOT IN ({kept})
            AND l.op = 'delete' ORDER BY l.seq DESC LIMIT 1"""
        return [Deletion(*row) for row in db.rows(sql, (id,))]
    sql = f"""{_DELETED} WHERE l.op = 'delete' AND l."table" NOT IN ({kept}) ORDER BY l.seq DESC"""
    found: dict[tuple[str, str], Deletion] = {}
    for row in db.rows(sql):
        found.setdefault((row[1], row[2]), Deletion(*row))
    return list(found.values())


def at_once(one: Deletion, other: Deletion) -> bool:
    """Return whether two removals lie so close together that one was for the other's sake."""
    return abs(one.hlc - other.hlc) < _SECOND


def together(db: Database, deletion: Deletion) -> list[Entry]:
    """Return everything that was done where a row was removed: its whole edit, or what another program did then."""
    if deletion.tx is not None:
        return entries(db, deletion.tx)
    sql = """SELECT seq, "table", id, op, origin FROM change_log
        WHERE seq BETWEEN :seq - 100000 AND :seq + 100000 AND tx IS NULL AND abs(hlc - :hlc) < :near ORDER BY seq"""
    found = db.rows(sql, {"seq": deletion.seq, "hlc": deletion.hlc, "near": _SECOND})
    return [Entry(*row) for row in found]


def touched_since(db: Database, seq: int, ids: Iterable[str]) -> set[tuple[str, str]]:
    """Return the table and id of those of the rows that were changed after `seq`; activities never are."""
    sql = """SELECT DISTINCT "table", id FROM change_log
        WHERE id IN (SELECT value FROM json_each(?)) AND "table" <> 'activities' AND seq > ?"""
    return set(db.rows(sql, (json.dumps(list(ids)), seq)))


def touched(db: Database, seq: int) -> dict[str, set[str]]:
    """Return the ids of the rows changed after `seq`, by table."""
    found: dict[str, set[str]] = defaultdict(set)
    for table, id in db.rows('SELECT DISTINCT "table", id FROM change_log WHERE seq > ?', (seq,)):
        found[table].add(id)
    return found


def edits(
    db: Database,
    *,
    limit: int = 20,
    actors: Collection[str] = (),
    since: int | None = None,
    of: Collection[int] | None = None,
) -> list[Edit]:
    """Return the latest transactions, newest first: of some actors, since an instant, or of some numbers."""
    where, params = ["true"], dict[str, Value](limit=limit)
    for condition, key, value in (
        ("actor IN (SELECT value FROM json_each(:actors))", "actors", json.dumps(list(actors)) if actors else None),
        ("at >= :since", "since", since),
        ("tx IN (SELECT value FROM json_each(:of))", "of", None if of is None else json.dumps(list(of))),
    ):
        if value is not None:
            where.append(condition)
            params[key] = value
    sql = f"SELECT {_EDIT} FROM change_tx WHERE {' AND '.join(where)} ORDER BY tx DESC LIMIT :limit"
    return [_edit(row) for row in db.rows(sql, params)]


def subjects(db: Database, txs: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Return the last row that each transaction changed, its table and id, of what a person knows by a name."""
    sql = f"""SELECT l."table", l.id FROM change_log AS l
        WHERE {_SPAN} AND l."table" IN ('todos', 'projects', 'intentions', 'weekly_goals', 'sessions')
        ORDER BY l."table" = 'sessions', l.seq DESC LIMIT 1"""
    found = ((tx, db.rows(sql, {"tx": tx})) for tx in txs)
    return {tx: rows[0] for tx, rows in found if rows}


def brought(db: Database, txs: Iterable[int]) -> dict[int, int]:
    """Return how many records each of the transactions brought that are imports (rows, where it kept no records)."""
    sql = f"""SELECT coalesce(nullif(count(*) FILTER (WHERE l."table" = 'imports'), 0), count(DISTINCT l.id))
        FROM change_log AS l WHERE {_SPAN} AND l.origin = 'import' AND l."table" <> 'activities'"""
    found = ((tx, db.rows(sql, {"tx": tx})[0][0]) for tx in txs)
    return {tx: count for tx, count in found if count}


def titles(db: Database, ids: Iterable[str]) -> dict[tuple[str, str], str]:
    """Return the last title of rows, by table and id, whether they are there or gone; of a week its goal."""
    sql = """SELECT l."table", l.id, coalesce(c.new, c.old), max(l.seq)
        FROM change_log AS l JOIN change_cell AS c USING (seq)
        WHERE l.id IN (SELECT value FROM json_each(?)) AND l."table" <> 'activities' AND c.field IN ('title', 'goal')
        GROUP BY l."table", l.id"""
    return {(table, id): str(title) for table, id, title, _ in db.rows(sql, (json.dumps(list(ids)),))}


def naming(db: Database, text: str) -> set[int]:
    """Return the transactions whose label holds a text, or that changed a row which ever had it in its title."""
    pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    sql = r"""WITH named AS (SELECT DISTINCT l.id FROM change_cell AS c JOIN change_log AS l USING (seq)
          WHERE c.field IN ('title', 'goal') AND (c.new LIKE :text ESCAPE '\' OR c.old LIKE :text ESCAPE '\'))
        SELECT tx FROM change_log WHERE id IN named AND "table" <> 'activities' AND tx IS NOT NULL
        UNION SELECT tx FROM change_tx WHERE label LIKE :text ESCAPE '\'"""
    return {tx for (tx,) in db.rows(sql, {"text": pattern})}


def undone(db: Database) -> set[int]:
    """Return the transactions that were taken back and not brought again."""
    found: set[int] = set()
    for tx, target in db.rows("SELECT tx, undoes FROM change_tx WHERE undoes IS NOT NULL ORDER BY tx DESC"):
        if tx not in found:  # what takes back comes later, so whether it still stands is known by now
            found.add(target)
    return found


def undone_imports(db: Database) -> set[int]:
    """Return the imports that were taken back and not brought again."""
    sql = """SELECT tx FROM change_tx AS t WHERE tx IN (SELECT value FROM json_each(?))
        AND (SELECT origin FROM change_log WHERE seq > t.after_seq ORDER BY seq LIMIT 1) = 'import'"""
    return {tx for (tx,) in db.rows(sql, (json.dumps(sorted(undone(db))),))}


def undoable(db: Database, *, limit: int = 1) -> list[Edit]:
    """Return this person's latest edits that still stand and what redo brought again, newest first."""
    sql = f"""SELECT {_EDIT} FROM change_tx AS t WHERE actor = 'person' AND {_NEWEST} AND {_WROTE} AND {_EVEN}
        ORDER BY tx DESC LIMIT ?"""
    return [_edit(row) for row in db.rows(sql, (limit,))]


def redoable(db: Database, *, limit: int = 1) -> list[Edit]:
    """Return the undos of this person that nothing new came after, what was undone last first."""
    sql = f"""SELECT {_EDIT} FROM change_tx AS t
        WHERE actor = 'person' AND {_NEWEST} AND NOT {_EVEN} AND tx > coalesce(
          (SELECT tx FROM change_tx AS t WHERE actor = 'person' AND undoes IS NULL AND {_WROTE}
           ORDER BY tx DESC LIMIT 1), 0)
        ORDER BY tx DESC LIMIT ?"""
    return [_edit(row) for row in db.rows(sql, (limit,))]


def chain(db: Database, tx: int) -> list[Edit]:
    """Return an edit, its undo, the redo and so on, oldest first, whichever is named; empty where there is none."""
    sql = f"""WITH RECURSIVE
      up (tx, undoes) AS (SELECT tx, undoes FROM change_tx WHERE tx = :tx
        UNION ALL SELECT c.tx, c.undoes FROM change_tx AS c JOIN up ON c.tx = up.undoes),
      down (tx) AS (SELECT tx FROM up WHERE undoes IS NULL
        UNION ALL SELECT c.tx FROM change_tx AS c JOIN down ON c.undoes = down.tx)
      SELECT {_EDIT} FROM change_tx WHERE tx IN down ORDER BY tx"""
    return [_edit(row) for row in db.rows(sql, {"tx": tx})]


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
