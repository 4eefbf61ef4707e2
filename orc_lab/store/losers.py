"""Values that lost, as the database keeps them: until somebody decides, and until the server has them.

All writing happens inside the caller's transaction.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import NamedTuple

from orc_lab.store.syncing import Key

DELETED = "deleted"  # how values that lost are settled while their record is deleted
ELSEWHERE = "elsewhere"  # how a value is settled that no longer stands against another one


class Kept(NamedTuple):
    """A row of the conflicts, as it is kept; of those that wait for a decision also when it was found."""

    table: str
    id: str
    group: str
    clock: int
    replica: str
    cell: str
    value: str
    open: bool
    sent: bool
    decided: bool = False
    found_at: int = 0


_KEPT = '"table", id, field_group, clock, replica, cell, value, open, sent'


def of(conn: sqlite3.Connection, table: str, ids: Collection[str]) -> dict[str, list[Kept]]:
    """Return the values of some records that lost and aren't decided, or are not sent yet.

    What was settled by a deletion is among them: it is open again where the record comes back.
    """
    sql = f"""SELECT {_KEPT}, coalesce(settled, '{DELETED}') <> '{DELETED}' FROM sync_conflicts
        WHERE "table" = ? AND id IN (SELECT value FROM json_each(?))
        AND (settled IS NULL OR settled = '{DELETED}' OR NOT sent)"""
    found: dict[str, list[Kept]] = defaultdict(list)
    for row in conn.execute(sql, (table, json.dumps(list(ids)))):
        found[row[1]].append(Kept(*row[:7], *map(bool, row[7:])))
    return found


def ever(conn: sqlite3.Connection, table: str, id: str) -> dict[tuple[str, int, str], str]:
    """Return the values of a record that ever lost, whatever became of them: by group, clock and replica."""
    sql = 'SELECT field_group, clock, replica, value FROM sync_conflicts WHERE "table" = ? AND id = ?'
    return {(group, clock, replica): value for group, clock, replica, value in conn.execute(sql, (table, id))}


def undecided(conn: sqlite3.Connection) -> list[Kept]:
    """Return the values that wait for a decision, the oldest conflict first."""
    sql = f"""SELECT {_KEPT}, found_at FROM sync_conflicts
        WHERE open ORDER BY found_at, "table", id, field_group, clock, replica"""
    return [Kept._make((*row, True, bool(sent), False, at)) for *row, _, sent, at in conn.execute(sql)]


def count_undecided(conn: sqlite3.Connection) -> int:
    """Return how many values wait for a decision."""
    return int(conn.execute("SELECT count(*) FROM sync_conflicts WHERE open").fetchone()[0])


def mark_conflict(conn: sqlite3.Connection, kept: Kept, *, at: int) -> None:
    """Keep a value that lost; one that had won meanwhile, or was decided on elsewhere and wasn't, is as it was."""
    conn.execute(
        f"""INSERT INTO sync_conflicts ({_KEPT}, found_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT ("table", id, field_group, clock, replica)
        DO UPDATE SET open = excluded.open, sent = max(sent, excluded.sent),
          settled = iif(excluded.open OR settled = '{ELSEWHERE}', NULL, settled),
          settled_at = iif(excluded.open OR settled = '{ELSEWHERE}', NULL, settled_at)""",
        (*kept[:9], at),
    )


def settle(conn: sqlite3.Connection, kept: Kept, how: str, *, at: int) -> None:
    """Mark a value that lost as decided."""
    conn.execute(
        """UPDATE sync_conflicts SET open = 0, settled = ?, settled_at = ?
        WHERE "table" = ? AND id = ? AND field_group = ? AND clock = ? AND replica = ?""",
        (how, at, *kept[:5]),
    )


def settle_record(conn: sqlite3.Connection, table: str, id: str, *, at: int) -> None:
    """Mark every value of a record that lost as settled, for the record was deleted."""
    conn.execute(
        """UPDATE sync_conflicts SET open = 0, settled = ?, settled_at = ?
        WHERE "table" = ? AND id = ? AND settled IS NULL""",
        (DELETED, at, table, id),
    )


def sent(conn: sqlite3.Connection, kept: Iterable[Kept]) -> None:
    """Mark values that lost as known to the server."""
    conn.executemany(
        """UPDATE sync_conflicts SET sent = 1
        WHERE "table" = ? AND id = ? AND field_group = ? AND clock = ? AND replica = ?""",
        [one[:5] for one in kept],
    )


def unsend(conn: sqlite3.Connection, table: str, id: str) -> None:
    """Have the undecided values of a record that lost sent once more: the server has forgotten them."""
    conn.execute('UPDATE sync_conflicts SET sent = 0 WHERE "table" = ? AND id = ? AND settled IS NULL', (table, id))


def unsent(conn: sqlite3.Connection) -> list[Key]:
    """Return the records that have a value which lost before it was sent."""
    return conn.execute('SELECT DISTINCT "table", id FROM sync_conflicts WHERE NOT sent').fetchall()


def unsent_of(conn: sqlite3.Connection, replica: str) -> list[Kept]:
    """Return what a replica wrote that lost before it was sent."""
    sql = f"SELECT {_KEPT} FROM sync_conflicts WHERE NOT sent AND replica = ?"
    return [Kept(*row[:7], *map(bool, row[7:])) for row in conn.execute(sql, (replica,)).fetchall()]


def rename(conn: sqlite3.Connection, old: Kept, *, clock: int, replica: str, cell: str) -> None:
    """Let a value that lost be known by another dot."""
    conn.execute(
        """UPDATE sync_conflicts SET clock = ?, replica = ?, cell = ?
        WHERE "table" = ? AND id = ? AND field_group = ? AND clock = ? AND replica = ?""",
        (clock, replica, cell, *old[:5]),
    )
