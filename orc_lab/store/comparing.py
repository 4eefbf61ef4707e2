"""What a device notes while it compares everything with the server: what that has named, and what it lacks.

All writing happens inside the caller's transaction.
"""

import sqlite3
from collections.abc import Iterable

from orc_lab.store.syncing import Key


def begin_list(conn: sqlite3.Connection) -> None:
    """Begin to note what the server holds."""
    conn.execute("DELETE FROM sync_listed")
    conn.execute("DELETE FROM sync_owed")


def list_cells(conn: sqlite3.Connection, table: str, id: str, cells: str) -> None:
    """Note what the server holds of a record."""
    conn.execute(
        """INSERT INTO sync_listed VALUES (?, ?, ?)
        ON CONFLICT ("table", id) DO UPDATE SET cells = excluded.cells""",
        (table, id, cells),
    )


def listed(conn: sqlite3.Connection, table: str, id: str) -> str | None:
    """Return what the server was noted to hold of a record."""
    row = conn.execute('SELECT cells FROM sync_listed WHERE "table" = ? AND id = ?', (table, id)).fetchone()
    return None if row is None else str(row[0])


def differing(conn: sqlite3.Connection) -> list[tuple[str, str, str, str | None]]:
    """Return table, id, own and listed cells of the records of which the server holds something else."""
    return conn.execute(
        """SELECT r."table", r.id, r.cells, l.cells FROM sync_rows AS r
        LEFT JOIN sync_listed AS l ON l."table" = r."table" AND l.id = r.id WHERE l.cells IS NOT r.cells"""
    ).fetchall()


def owe(conn: sqlite3.Connection, some: Iterable[Key]) -> None:
    """Have records sent that the server lacks, or lacks something of."""
    conn.executemany("INSERT OR IGNORE INTO sync_owed VALUES (?, ?)", some)


def owed(conn: sqlite3.Connection, *, limit: int = -1) -> list[Key]:
    """Return records that the server lacks something of."""
    return conn.execute('SELECT "table", id FROM sync_owed LIMIT ?', (limit,)).fetchall()


def pay(conn: sqlite3.Connection, some: Iterable[Key]) -> None:
    """Take out records that the server has now."""
    conn.executemany('DELETE FROM sync_owed WHERE "table" = ? AND id = ?', list(some))
