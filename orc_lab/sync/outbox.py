"""What a sync sends next: composed of what was written here, without what stays, sealed, and no more than fits."""

import sqlite3
from bisect import bisect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any, NamedTuple, Protocol

from orc_lab.errors import OrcError
from orc_lab.store import comparing, losers, syncing
from orc_lab.store.database import Database, immediate
from orc_lab.store.syncing import Key
from orc_lab.sync import reconcile, wire
from orc_lab.sync.beside import Beside
from orc_lab.sync.cells import Cell, Dot
from orc_lab.sync.compose import Outgoing, begun, compose
from orc_lab.sync.groups import TABLE_OF, WIRE
from orc_lab.sync.merge import Arrived, Fields, join
from orc_lab.sync.trouble import Halted
from orc_lab.sync.unplaced import set_beside
from orc_lab.sync.wire import Record

_RECORDS = wire.MAX_RECORDS
_BYTES = wire.MAX_BYTES * 3 // 4

Asks = tuple[Sequence[Key], Sequence[Key]]  # records to purge, records to share again


class Sealer(Protocol):
    """Seals and opens the values of cells; `open` raises an OrcError for what nobody of this account sealed."""

    def seal(self, table: str, id: str, group: str, cell: Cell, value: Fields) -> Cell:
        """Return the cell with its value sealed."""

    def open(self, table: str, id: str, group: str, cell: Cell) -> Mapping[str, Any]:
        """Return a cell's value."""


class Page(NamedTuple):
    """What one request sends, and what was remembered when it was composed; `unsealed` couldn't be sealed, and why."""

    state: dict[str, Any]
    outgoing: Outgoing
    asks: Asks
    records: list[Record]
    unsealed: list[tuple[Key, str]]


class Outbox:
    """Makes the pages of one sync. `stuck` is what won't be taken: it isn't tried again at once; `left` are records
    with a value that lost which doesn't leave."""

    def __init__(self, db: Database, sealer: Sealer, beside: Beside, now: Callable[[], float]) -> None:
        self._db, self._sealer, self._beside, self._time = db, sealer, beside, now
        self._window = _RECORDS  # as many are composed at once
        self.stuck: dict[Key, set[Dot]] = {}
        self.left: set[Key] = set()
        self._ahead: tuple[object, Outgoing, list[Record]] | None = None

    def page(self) -> Page:
        """Return what to send next, and what to ask for."""
        if (ahead := self._made_ahead()) is not None:
            return ahead
        state, outgoing, asks = self._compose()
        records, unsealed = self._seal(outgoing.records)
        records, outgoing = self._fitting(records, outgoing)
        return Page(state, outgoing, asks, records, unsealed)

    def go_on(self, page: Page) -> None:
        """Make the page after one that is on its way, as far as that takes no deciding: sealing takes as long as the
        server does. Where anything else happens meanwhile, it is made anew."""
        with self._db.lock:
            conn = self._db.conn
            if page.outgoing.upto < 0 or page.unsealed or (mark := self._mark(conn, page.outgoing.upto)) is None:
                return
            replica = page.state["replica"]
            outgoing = begun(conn, after=page.outgoing.upto, replica=replica, records=self._window)
        outgoing = self._let_out(outgoing)
        records, unsealed = self._seal(outgoing.records)
        if records and not unsealed:
            records, outgoing = self._fitting(records, outgoing)
            self._ahead = mark, outgoing, records

    def _made_ahead(self) -> Page | None:
        """The page that was made ahead, where nothing else has happened than that the one before it was taken."""
        ahead, self._ahead = self._ahead, None
        if ahead is None:
            return None
        mark, outgoing, records = ahead
        with self._db.lock:
            conn, state = self._db.conn, syncing.state(self._db)
            self._beside.look(conn)
            if self._mark(conn, state.get("sent", 0)) != mark:
                return None
        return Page(state, outgoing, ((), ()), records, [])

    def _mark(self, conn: sqlite3.Connection, sent: int) -> object:
        """What stays as it was while nothing is written here; None where more is to be sent than what was made."""
        state = syncing.state_of(conn)
        asked = any(self._beside.asks(conn)) or state.get("listing") or state.get("mismatch")
        if asked or syncing.anything_beside(conn) or not self._beside.all_leaves():
            return None
        return syncing.elsewhere(conn), syncing.head(conn), state["replica"], sent

    def _compose(self) -> tuple[dict[str, Any], Outgoing, Asks]:
        """Return what is remembered, what to send and what to ask for, all of one moment."""
        with self._db.lock, immediate(self._db.conn):
            conn, state = self._db.conn, syncing.state(self._db)
            sent = state.get("sent", 0)
            set_beside(conn, after=sent, at=int(self._time()))
            self._beside.look(conn)
            asks = self._beside.asks(conn)
            if comparing.owed(conn, limit=1):
                outgoing = reconcile.outgoing(conn, after=sent)
            else:
                outgoing = compose(
                    conn, after=sent, replica=state["replica"], records=self._window, allowed=self._beside.allowed
                )
            outgoing = self._let_out(outgoing)
            self.left = {*losers.unsent(conn)} - outgoing.records.keys()
            return state, outgoing, asks

    def _let_out(self, outgoing: Outgoing) -> Outgoing:
        """What of it may leave: of what is owed not every record, and of no record the groups that are held back."""
        records: dict[Key, Mapping[str, Sequence[Arrived]]] = {}
        for (table, id), groups in outgoing.records.items():
            held = self._beside.held_back(table)
            kept = {group: some for group, some in groups.items() if group not in held}
            goes = kept and (outgoing.upto >= 0 or self._beside.allowed(table, id, None))
            if goes and not _dots(kept) <= self.stuck.get((table, id), set()):
                records[table, id] = join(kept) if outgoing.upto >= 0 else kept
        rivals = [one for one in outgoing.rivals if one.group not in self._beside.held_back(one.table)]
        return replace(outgoing, records=records, rivals=rivals)

    def set_aside(self, keys: Iterable[Key], outgoing: Outgoing) -> None:
        """Don't try some records again in this sync, unless something else is written to them."""
        for key in keys:
            self.stuck[key] = _dots(outgoing.records.get(key, {}))

    def _seal(
        self, records: Mapping[Key, Mapping[str, Sequence[Arrived]]]
    ) -> tuple[list[Record], list[tuple[Key, str]]]:
        found: list[Record] = []
        refused: list[tuple[Key, str]] = []
        for (table, id), groups in records.items():
            try:
                sealed = {
                    group: [self._sealer.seal(WIRE.get(table, table), id, group, one.cell, one.value) for one in some]
                    for group, some in groups.items()
                }
            except Halted:
                raise
            except OrcError as error:
                refused.append(((table, id), str(error)))
                continue
            found.append(Record(WIRE.get(table, table), id, sealed))
        return found, refused

    def _fitting(self, records: list[Record], outgoing: Outgoing) -> tuple[list[Record], Outgoing]:
        """As much of it as one request can hold, in the order in which the log began to tell of it.

        No more than that is composed the next time: it would be thrown away.
        """
        in_order = sorted(records, key=lambda one: outgoing.begins.get(key_of(one), 0))
        sizes = list(accumulate(map(_size, in_order)))
        number = max(bisect(sizes, _BYTES), 1)
        if number >= len(records):
            self._window = min(self._window * 5 // 4 + 1, _RECORDS)
            return records, outgoing
        self._window = number
        kept = {key_of(one) for one in in_order[:number]}
        return [one for one in records if key_of(one) in kept], outgoing.only(kept)


def _dots(groups: Mapping[str, Sequence[Arrived]]) -> set[Dot]:
    return {one.cell.dot for some in groups.values() for one in some}


def key_of(record: Record) -> Key:
    """Return a record's table, by its name here, and its id."""
    return TABLE_OF.get(record.table, record.table), record.id


def _size(record: Record) -> int:
    return 60 + len(record.id) + sum(wire.size(cell) for some in record.groups.values() for cell in some)
