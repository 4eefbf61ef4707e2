"""What goes along with a sync on this device: what may leave, what was taken back, the ledger, the lease.

`Beside` does none of it; a sync with a server that nobody shares is complete without. Everything happens inside the
transaction that is open, so that it holds for exactly what that transaction reads or writes.
"""

import sqlite3
from collections.abc import Collection, Sequence

from orc_lab.store.syncing import Key
from orc_lab.sync.pending import Row
from orc_lab.sync.wire import Reply, Request


class Beside:
    """Lets everything out, asks for nothing, and keeps no account of it."""

    def look(self, conn: sqlite3.Connection) -> None:
        """Find out what may leave, of the state that is read now."""

    def allowed(self, table: str, id: str, row: Row | None) -> bool:
        """Return whether anything of a record may leave; `row` is None where it is gone, or wasn't read."""
        return True

    def all_leaves(self) -> bool:
        """Return whether nothing stays here."""
        return True

    def held_back(self, table: str) -> Collection[str]:
        """Return the groups of a table that don't leave."""
        return ()

    def asks(self, conn: sqlite3.Connection) -> tuple[Sequence[Key], Sequence[Key]]:
        """Return records that the server is to purge, and those that it is to share again."""
        return (), ()

    def sending(self, conn: sqlite3.Connection, request: Request, size: int) -> None:
        """Take note, durably, of a request that will be sent; raises what keeps it from being sent."""

    def heard(self, conn: sqlite3.Connection, request: Request, reply: Reply, arrived: Collection[Key]) -> list[Key]:
        """Take note of a reply before what it brings is merged; return the records that the server no longer holds.

        Raises what keeps it from being applied.
        """
        return []

    def more(self, conn: sqlite3.Connection) -> bool:
        """Return whether the server has to be told more."""
        return False
