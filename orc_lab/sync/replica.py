"""A replica is one life of one database file: by its name others tell what was written in which.

A copied or restored file goes on under another name, so that two writes never carry the same dot. It remembers its
former names (`former` of `sync_state`): what was sent under one of them is known to the server.
"""

import sqlite3
from collections.abc import Callable

from orc_lab.model.ids import new_id
from orc_lab.store import losers, syncing
from orc_lab.sync.cells import Dot, renamed
from orc_lab.sync.shadow import read_one, write_one


def new_replica() -> str:
    """Return a name for a replica: 48 random bits, 12 hex digits."""
    return new_id().replace("-", "")[-12:]


def go_on_as(conn: sqlite3.Connection, replica: str, *, before: str) -> None:
    """Let a database go on as another replica; what was written as the one before, and wasn't sent, is its own."""
    former = [*syncing.state_of(conn).get("former", []), before]
    syncing.remember(conn, {"replica": replica, "former": former})
    rename(conn, before, lambda dot: Dot(dot.clock, replica))


def rename(conn: sqlite3.Connection, replica: str, dot_of: Callable[[Dot], Dot]) -> None:
    """Give what a replica wrote and lost before it was sent other dots."""
    for kept in losers.unsent_of(conn, replica):
        cell = read_one(kept.cell)
        now = renamed(cell, dot_of(cell.dot))
        losers.rename(conn, kept, clock=now.dot.clock, replica=now.dot.replica, cell=write_one(now))
