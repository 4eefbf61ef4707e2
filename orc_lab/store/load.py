"""Put a whole database, its log included, where there is none yet: every row as it was, no edit recorded."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby
from typing import Any, NamedTuple

from orc_lab.model.batched import batched
from orc_lab.model.change import Value
from orc_lab.store import capture, schema
from orc_lab.store.database import Database, Durability, immediate
from orc_lab.store.sentences import translated
from orc_lab.store.snapshot import HISTORY, TABLES, Logged, Snapshot, Torn
from orc_lab.store.uncollected import uncollected


class Batch(NamedTuple):
    """Some rows of a table, values in the order of `names`. `torn` marks the columns in which text is a Torn."""

    table: str
    names: tuple[str, ...]
    rows: Sequence[Sequence[Value]]
    torn: tuple[bool, ...] = ()


ENTRY = Logged._fields[:-1]
CELL = ("seq", "field", "old", "new")
_BEGUN = ("settings", "activities")  # what making a database writes, and choosing a zone
_NAMELESS = ""
_ROWS = 1000  # a batch
_TOGETHER = 64  # values a statement: fewer cost more a row, more gain nothing
_CACHE = -65_536  # KiB


_COLUMNS = "SELECT name FROM pragma_table_info(?)"


class Unfit(Exception):
    """A row that no table takes: which, and why."""


def is_unused(db: Database) -> bool:
    """Return whether nothing but settings was ever written to a database, nor stands in it without a log."""
    marks = ", ".join("?" * len(_BEGUN))
    if db.rows(f'SELECT 1 FROM change_log WHERE "table" NOT IN ({marks}) LIMIT 1', _BEGUN):
        return False
    return not any(db.rows(f"SELECT 1 FROM {table} LIMIT 1") for table in TABLES if table not in _BEGUN)


def load(db: Database, identity: Mapping[str, Any], rows: Iterable[Batch]) -> bool:
    """Make an unused database the one that was exported, in one transaction; False where it is in use by now.

    Raises Unfit for a row that its table doesn't take, or that refers to one that isn't there.
    """
    with db.lock, translated(db.path), uncollected(), immediate(db.conn):
        if not is_unused(db):
            return False
        (cache,) = db.conn.execute("PRAGMA cache_size").fetchone()
        db.conn.execute(f"PRAGMA cache_size = {_CACHE}")
        try:
            _fill(db.conn, identity, rows)
            capture.ensure(db.conn)
        finally:
            db.conn.execute(f"PRAGMA cache_size = {cache}")
    return True


def staged(identity: Mapping[str, Any], rows: Iterable[Batch]) -> Database:
    """Return a database of no name with these rows, at this package's schema; it is gone once it is closed.

    It begins with the schema that the rows had, so that migrations bring them up. Raises as `load` does.
    """
    db = _Staged(identity["schema"])
    try:
        with translated(_NAMELESS), uncollected():
            db.conn.execute("INSERT INTO identity VALUES (1, '', '', 0, 0)")
            with immediate(db.conn):
                _fill(db.conn, identity, rows)
            schema.upgrade(db.conn, _NAMELESS)
    except BaseException:
        db.close()
        raise
    return db


class _Staged(Database):
    """A database in a file that SQLite makes and the system forgets, at some schema."""

    def __init__(self, version: int) -> None:
        self._version = version
        super().__init__(_NAMELESS, create=True)

    def _prepare(self, durability: Durability, *, create: bool, reading: bool) -> None:
        self.conn.execute("PRAGMA synchronous = OFF")
        schema.upgrade(self.conn, self.path, [step for step in schema.migrations() if step.version <= self._version])


def everything(snapshot: Snapshot) -> Iterator[Batch]:
    """Yield all rows of a database as `load` takes them."""
    for table in (*TABLES, "change_tx"):
        yield from batches(table, snapshot.columns(table), snapshot.rows(table))
    changes = snapshot.changes()
    for some in batched(changes, _ROWS):
        yield Batch("change_log", ENTRY, [change[:-1] for change in some])
        cells = ((change.seq, *cell) for change in some for cell in change.cells)
        yield from batches("change_cell", CELL, cells)


def batches(table: str, names: tuple[str, ...], rows: Iterable[Sequence[Value]]) -> Iterator[Batch]:
    """Yield rows of one table in batches; those with torn text apart."""
    for torn, alike in groupby(rows, key=_torn):
        for some in batched(alike, _ROWS):
            yield Batch(table, names, some, torn)


def _torn(row: Sequence[Value]) -> tuple[bool, ...]:
    return tuple(type(value) is Torn for value in row) if Torn in map(type, row) else ()


def _fill(conn: sqlite3.Connection, identity: Mapping[str, Any], rows: Iterable[Batch]) -> None:
    conn.execute("PRAGMA defer_foreign_keys = ON")
    for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        conn.execute(f'DROP TRIGGER "{name}"')
    made = conn.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall()
    for name, _ in made:  # sorting all rows once is cheaper than finding a place for each
        conn.execute(f'DROP INDEX "{name}"')
    for table in (*_BEGUN, *HISTORY):
        conn.execute(f"DELETE FROM {table}")
    _insert(conn, rows)
    for _, sql in made:
        conn.execute(sql)
    if broken := conn.execute("PRAGMA foreign_key_check").fetchone():
        raise Unfit(f"a row of {broken[0]} refers to one of {broken[2]} that isn't there")
    own = tuple(identity[name] for name in ("user_id", "device_id", "created_at"))
    try:
        conn.execute("UPDATE identity SET user_id = ?, device_id = ?, created_at = ?", own)
    except (sqlite3.IntegrityError, OverflowError, UnicodeEncodeError) as error:
        raise Unfit(f"its head doesn't fit ({error})") from None


def _insert(conn: sqlite3.Connection, batches: Iterable[Batch]) -> None:
    known = {table: {name for (name,) in conn.execute(_COLUMNS, (table,))} for table in (*TABLES, *HISTORY)}
    for batch in batches:
        if batch.table not in known:
            raise Unfit(f"there is no table {batch.table!r}")
        if not batch.names:
            raise Unfit(f"a row of {batch.table} is empty")
        if unknown := [name for name in batch.names if name not in known[batch.table]]:
            raise Unfit(f"{batch.table} has no column {unknown[0]!r}")
        try:
            _write(conn, batch)
        except (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError, sqlite3.InterfaceError) as error:
            raise Unfit(f"a row of {batch.table} doesn't fit ({error})") from None
        except (OverflowError, UnicodeEncodeError, ValueError) as error:
            raise Unfit(f"a value of {batch.table} doesn't fit ({error})") from None


def _write(conn: sqlite3.Connection, batch: Batch) -> None:
    """Write a batch, of narrow tables several rows a statement."""
    listed = ", ".join(f'"{name}"' for name in batch.names)
    marks = ", ".join("CAST(? AS TEXT)" if torn else "?" for torn in batch.torn or (False,) * len(batch.names))
    sql = f"INSERT INTO {batch.table} ({listed}) VALUES ({marks})"
    width = len(batch.names)
    many = max(1, _TOGETHER // max(1, width))
    whole = len(batch.rows) - len(batch.rows) % many if many > 1 else 0
    if whole:
        values = list(chain.from_iterable(batch.rows[:whole]))
        if len(values) != whole * width:
            raise Unfit(f"a row of {batch.table} is too short")
        size = many * width
        parts = (values[start : start + size] for start in range(0, len(values), size))
        conn.executemany(sql + f", ({marks})" * (many - 1), parts)
    conn.executemany(sql, batch.rows[whole:])
