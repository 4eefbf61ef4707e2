"""Who syncs a database at the moment: one program at a time, by a lease that is kept in the database itself.

It is renewed with every request; who dies leaves it behind, and another takes it over: at once where the process is
seen to be gone, else when it has run out.
"""

import os
import socket
import sqlite3
import time
from secrets import token_hex

from orc_lab.errors import OrcError
from orc_lab.store import syncing
from orc_lab.store.database import Database, immediate
from orc_lab.sync.trouble import Halted, SyncBusy

SECONDS = 240.0  # longer than the most patient request
_KEY = "lease"


class LeaseLost(Halted):
    """Another program took over, for this one seemed gone: what came back isn't applied, and comes again."""

    def __init__(self) -> None:
        super().__init__("Another program took over the sync, for this one seemed gone. Nothing is lost.")


class Lease:
    """The right to sync one database, once `take` has returned."""

    def __init__(self) -> None:
        self._token = token_hex(8)

    def take(self, db: Database) -> None:
        """Take it; raises SyncBusy where another program has it."""
        with db.lock, immediate(db.conn):
            held = syncing.recall(db.conn, _KEY)
            if held and held["token"] != self._token and _stands(held):
                raise SyncBusy(f"process {held['pid']} on {held['host']}")
            self._write(db.conn)

    def renew(self, conn: sqlite3.Connection) -> None:
        """Keep it for longer; inside a transaction. Raises LeaseLost."""
        held = syncing.recall(conn, _KEY)
        if not held or held["token"] != self._token:
            raise LeaseLost
        self._write(conn)

    def give(self, db: Database) -> None:
        """Give it back, if it is held still."""
        try:
            with db.lock, immediate(db.conn):
                held = syncing.recall(db.conn, _KEY)
                if held and held["token"] == self._token:
                    syncing.remember(db.conn, {_KEY: None})
        except (OrcError, sqlite3.Error):
            return  # it runs out by itself

    def _write(self, conn: sqlite3.Connection) -> None:
        syncing.remember(
            conn,
            {
                _KEY: {
                    "token": self._token,
                    "pid": os.getpid(),
                    "host": socket.gethostname(),
                    "until": time.time() + SECONDS,
                }
            },
        )


def _stands(held: dict[str, object]) -> bool:
    """Whether a lease holds still. One that runs longer than any was written by a clock that was ahead."""
    until = held["until"]
    left = until - time.time() if isinstance(until, float) else 0.0
    return 0 < left <= SECONDS and not _is_gone(held)


def _is_gone(held: dict[str, object]) -> bool:
    pid = held["pid"]
    if os.name != "posix" or held["host"] != socket.gethostname() or not isinstance(pid, int):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _is_buried(pid)


def _is_buried(pid: int) -> bool:
    """Whether a process has ended and only its parent doesn't know yet (Linux)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False
