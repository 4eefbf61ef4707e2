"""What the doctor asks of a database, and how what is wrong is mended. Nothing here assumes that it is well."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import cache

from orc_lab.model.entities import KINDS
from orc_lab.store import capture, database, external, schema
from orc_lab.store.sentences import translated

_MANY = 5


@contextmanager
def looking(path: str) -> Iterator[sqlite3.Connection]:
    """Give a connection that changes nothing, not even what opening a database usually mends."""
    with translated(path), closing(database.connect_to_read(path)) as conn:
        conn.execute("PRAGMA query_only = ON")
        conn.execute("PRAGMA temp_store = MEMORY")
        conn.execute("PRAGMA cache_size = -262144")
        yield conn


@contextmanager
def mending(path: str) -> Iterator[sqlite3.Connection]:
    """Give a connection that holds the write lock; what is done in the `with` block is committed, or none of it is."""
    with translated(path), closing(database.connect(path, create=False)) as conn:
        conn.execute("PRAGMA temp_store = MEMORY")
        with database.immediate(conn):
            yield conn


def damage(conn: sqlite3.Connection) -> Sequence[str]:
    """Return what SQLite finds wrong with the file, at most five things; empty where it is whole."""
    try:
        found = [text for (text,) in conn.execute(f"PRAGMA integrity_check({_MANY})")]
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR):
            raise
        return [str(error)]
    return [] if found == ["ok"] else found


def in_indexes(found: Sequence[str]) -> bool:
    """Return whether an index is among what is damaged: as it follows from the rows, making it anew may be enough."""
    return any("index" in text for text in found)


def reindex(conn: sqlite3.Connection) -> None:
    """Make every index anew from the rows."""
    conn.execute("REINDEX")


def unlike(conn: sqlite3.Connection) -> Sequence[str]:
    """Return the tables and indexes that are missing or not as the migrations make them."""
    wanted, there = _made_new(), _shape(conn)
    return [name for name in wanted if there.get(name) != wanted[name]]


def lacking(conn: sqlite3.Connection) -> Sequence[str]:
    """Return the tables that are missing, or lack a column: what asks of them fails."""
    return [table for table, names in _columns_made_new().items() if names - _columns(conn, table)]


def missing_indexes(conn: sqlite3.Connection) -> Sequence[str]:
    """Return the indexes that are missing."""
    wanted, there = _made_new(), _shape(conn)
    return [name for name, sql in wanted.items() if name not in there and sql.startswith("CREATE INDEX")]


def make_missing_indexes(conn: sqlite3.Connection) -> Sequence[str]:
    """Make the indexes that are missing, and return their names."""
    made, wanted = missing_indexes(conn), _made_new()
    for name in made:
        conn.execute(wanted[name])
    return made


@cache
def _made_new() -> Mapping[str, str]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        schema.upgrade(conn, ":memory:")
        return _shape(conn)


@cache
def _columns_made_new() -> Mapping[str, frozenset[str]]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        schema.upgrade(conn, ":memory:")
        tables = conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {name: _columns(conn, name) for (name,) in tables}


def _columns(conn: sqlite3.Connection, table: str) -> frozenset[str]:
    return frozenset(name for (name,) in conn.execute("SELECT name FROM pragma_table_info(?)", (table,)))


def _shape(conn: sqlite3.Connection) -> Mapping[str, str]:
    rows = conn.execute("SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql > ''")
    return {name: " ".join(sql.split()) for name, sql in rows}


def triggers_amiss(conn: sqlite3.Connection) -> Sequence[str]:
    """Return the triggers that are missing, changed, or there without being ours."""
    wanted, there = capture.triggers(conn), capture.there(conn)
    return sorted(name for name in {*wanted, *there} if wanted.get(name) != there.get(name))


def make_triggers(conn: sqlite3.Connection) -> None:
    """Make the triggers as they are generated."""
    capture.ensure(conn)


def unrecorded(conn: sqlite3.Connection) -> Mapping[str, int]:
    """Return how many rows of each table aren't what the log replayed from empty gives."""
    return external.differences(conn)


def record(conn: sqlite3.Connection) -> Mapping[str, int]:
    """Record them, as edits of origin `external`; return how many of each table."""
    return external.record(conn)


def underived(conn: sqlite3.Connection) -> Mapping[str, int]:
    """Return how many values of each derived column differ from their definition."""
    counts = {
        f"{table}.{column}": conn.execute(f"SELECT count(*) FROM {table} WHERE {_differs(column, definition)}")
        .fetchone()[0]
        for table, column, definition in capture.DERIVED
    }  # fmt: skip
    return {name: count for name, count in counts.items() if count}


def derive(conn: sqlite3.Connection) -> None:
    """Compute derived values again where they differ."""
    for table, column, definition in capture.DERIVED:
        conn.execute(f"UPDATE {table} SET {column} = {definition} WHERE {_differs(column, definition)}")


def _differs(column: str, definition: str) -> str:
    return f"(({column} IS NULL) <> (({definition}) IS NULL) OR abs({column} - ({definition})) > 1e-6)"


def orphans(conn: sqlite3.Connection) -> Mapping[str, int]:
    """Return how many rows of each table refer to what isn't there."""
    found: dict[str, int] = {}
    for table, *_ in conn.execute("PRAGMA foreign_key_check"):
        found[table] = found.get(table, 0) + 1
    return found


def settle_orphans(conn: sqlite3.Connection) -> None:
    """Do what deleting the parent would have done: clear the reference, or delete the row. The log records it."""
    conn.execute("UPDATE change_context SET origin = ?", (external.ORIGIN,))
    for table in orphans(conn):
        keys = conn.execute('SELECT "table", "from", "to", on_delete FROM pragma_foreign_key_list(?)', (table,))
        for parent, column, key, action in keys.fetchall():
            lost = f"{column} IS NOT NULL AND {column} NOT IN (SELECT {key} FROM {parent})"
            change = f"DELETE FROM {table}" if action == "CASCADE" else f"UPDATE {table} SET {column} = NULL"
            conn.execute(f"{change} WHERE {lost}")
    conn.execute("UPDATE change_context SET origin = NULL")


def record_of_migrations(conn: sqlite3.Connection) -> tuple[int, bool]:
    """Return the schema that a database says it has, and whether its record is that of the package's migrations."""
    if not schema.version(conn):
        return 0, False
    there = conn.execute("SELECT version, name FROM schema_migrations ORDER BY version").fetchall()
    steps = [(step.version, step.name) for step in schema.migrations()]
    return schema.version(conn), there == steps[: len(there)]


def clocks(conn: sqlite3.Connection) -> tuple[int, bool]:
    """Return the latest clock of the log and its floor, in microseconds, and whether nothing of an edit was left on."""
    ((last,),) = conn.execute(
        "SELECT max(floor, coalesce((SELECT hlc FROM change_log ORDER BY seq DESC LIMIT 1), 0)) FROM change_context"
    ).fetchall() or ((0,),)
    left = conn.execute("SELECT tx, origin, at, hlc FROM change_context").fetchall()
    return last, left == [(None, None, None, None)]


def clear_context(conn: sqlite3.Connection) -> None:
    """Let later edits be recorded as what they are, whatever an earlier one has left on."""
    conn.execute("INSERT OR IGNORE INTO change_context (one) VALUES (1)")
    conn.execute("UPDATE change_context SET tx = NULL, origin = NULL, at = NULL, hlc = NULL")


def settings(conn: sqlite3.Connection) -> Sequence[tuple[str, str, str]]:
    """Return all settings that ever held, (id, key, JSON) in order of time."""
    sql = "SELECT id, CAST(key AS BLOB), CAST(value AS BLOB) FROM settings ORDER BY valid_from, id"
    return [(id, key.decode(errors="replace"), value.decode(errors="replace")) for id, key, value in conn.execute(sql)]


def remove_settings(conn: sqlite3.Connection, ids: Sequence[str]) -> None:
    """Remove settings. The log records it."""
    conn.execute("UPDATE change_context SET origin = ?", (external.ORIGIN,))
    conn.executemany("DELETE FROM settings WHERE id = ?", [(id,) for id in ids])
    conn.execute("UPDATE change_context SET origin = NULL")


def identities(conn: sqlite3.Connection) -> int:
    """Return how many rows say whose the database is: there should be one."""
    return int(conn.execute("SELECT count(*) FROM identity").fetchone()[0])


def undecodable(conn: sqlite3.Connection) -> Mapping[str, int]:
    """Return how many rows of each table hold text that is no UTF-8, which only another tool can have written."""
    found: dict[str, int] = {}
    before, conn.text_factory = conn.text_factory, bytes
    try:
        for table in KINDS:
            count = sum(not _decodes(row) for row in conn.execute(f"SELECT * FROM {table}"))
            if count:
                found[table] = count
    finally:
        conn.text_factory = before
    return found


def _decodes(row: Sequence[object]) -> bool:
    try:
        for value in row:
            if isinstance(value, bytes):
                value.decode()
        return True
    except UnicodeDecodeError:
        return False


def write_back(path: str) -> bool:
    """Bring what the write-ahead log holds into the database and empty it; False where others still read it."""
    with translated(path), closing(database.connect(path, create=False)) as conn:
        busy, *_ = conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy


def alone(path: str) -> bool:
    """Bring everything into the one file; False where somebody else has the database open."""
    with closing(database.connect(path, create=False)) as conn:
        conn.execute("PRAGMA busy_timeout = 0")
        try:
            return bool(conn.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",))
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                return False
            raise
