"""Bring a database to the schema of this package: migrations that commit with their record."""

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orc_lab.errors import NotADatabase, SchemaTooNew
from orc_lab.store import capture, sync_view

FOLDER = os.path.join(os.path.dirname(__file__), "migrations")
APPLICATION_ID = 0x6F72636C  # "orcl", so that `file` and we know the database for ours

_RECORD = """CREATE TABLE IF NOT EXISTS schema_migrations (
  version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One step of the schema: its number, its name and its SQL statements."""

    version: int
    name: str
    sql: str


def migrations(folder: str = FOLDER) -> tuple[Migration, ...]:
    """Return the migrations of a folder in order of their number; files are named `0001_words.sql`."""
    found = []
    for file in sorted(os.listdir(folder)):
        number, _, name = file.removesuffix(".sql").partition("_")
        if file.endswith(".sql") and number.isdecimal():
            with open(os.path.join(folder, file), encoding="utf-8") as text:
                found.append(Migration(version=int(number), name=name, sql=text.read()))
    return tuple(found)


def known_version(folder: str = FOLDER) -> int:
    """Return the newest schema this package knows, from the file names alone."""
    return max(int(name[:4]) for name in os.listdir(folder) if name.endswith(".sql"))


def version(conn: sqlite3.Connection) -> int:
    """Return the schema of a database, 0 for an empty one."""
    there = conn.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema_migrations'").fetchone()
    row = conn.execute("SELECT max(version) FROM schema_migrations").fetchone() if there else None
    return row[0] or 0 if row else 0


def upgrade(conn: sqlite3.Connection, path: str, steps: Sequence[Migration] | None = None) -> int:
    """Apply the steps that the database lacks, each in a transaction of its own; return the schema reached.

    An empty database takes all of them in one: no row needs the triggers of a step between, and they cost the most.
    Raises SchemaTooNew where the database is ahead of the package.
    """
    found, known = version(conn), steps[-1].version if steps else known_version()
    if found > known:
        raise SchemaTooNew(path, found, known)
    if found < known:
        missing = [step for step in (migrations() if steps is None else steps) if step.version > found]
        for together in [[step] for step in missing] if found else [missing]:
            _apply(conn, *together)
    return known


def check_ours(conn: sqlite3.Connection, path: str, *, may_be_empty: bool) -> None:
    """Raise NotADatabase for a database that has tables, but not ours, or for an empty one unless it may be."""
    (ours,) = conn.execute("PRAGMA application_id").fetchone()
    (tables,) = conn.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and ours != APPLICATION_ID:
        raise NotADatabase(path, "it belongs to another program")
    if not tables and not may_be_empty:
        raise NotADatabase(path, "it is empty")


def _apply(conn: sqlite3.Connection, *steps: Migration) -> None:
    # A rebuilt table must not cascade into its children: foreign keys rest, and are checked before the commit.
    conn.execute("PRAGMA foreign_keys = OFF")
    conn.execute("BEGIN IMMEDIATE")
    try:
        found = version(conn)
        if missing := [step for step in steps if step.version > found]:
            conn.execute(_RECORD)
            conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            capture.rest_derived(conn)
            sync_view.rest(conn)
            for statement in (each for step in missing for each in statements(step.sql)):
                conn.execute(statement)
            capture.ensure(conn)
            sync_view.ensure(conn)
            records = [(step.version, step.name, int(time.time())) for step in missing]
            conn.executemany("INSERT INTO schema_migrations VALUES (?, ?, ?)", records)
            if broken := conn.execute("PRAGMA foreign_key_check").fetchone():
                raise sqlite3.IntegrityError(f"migration {missing[-1].version} leaves {broken[0]} without its parent")
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise
    finally:
        conn.execute("PRAGMA foreign_keys = ON")


def statements(sql: str) -> Iterator[str]:
    """Yield the single statements of a script, so that they can run inside one transaction."""
    pending = ""
    *pieces, rest = sql.split(";")
    for piece in pieces:
        pending += piece + ";"
        if sqlite3.complete_statement(pending):  # else the semicolon stands in a text or a trigger
            yield pending
            pending = ""
    pending += rest
    if any(line.strip() and not line.strip().startswith("--") for line in pending.splitlines()):
        yield pending
