"""The real server's answers over its embedded store, without HTTP, with the face of a plain server."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from orc_lab.server import accounts, answer, page
from orc_lab.server.log_store.opening import open_store
from orc_lab.sync import digest, exchange, wire
from orc_lab.sync.wire import Reply
from tests.sync.plain_server import Revoked

ACCOUNT = "me"
DEVICES = "abcde"


class StoredServer:
    """A server with one account; devices are made as they are named. `page` is how many cells a reply may have.

    Each request counts as a sign of life, so that deletions are collected at once when every device has passed them.
    """

    path = ":memory:"

    def __init__(self, *, now: Callable[[], float], page: int = 2_000) -> None:
        self.now, self.page = now, page
        self.revoked: set[str] = set()
        self.handled = self._audits = 0
        self.keys: dict[str, str] = {}
        self._store = open_store(self.path)
        accounts.add_account(self._store, ACCOUNT, now=int(now()))
        for device in DEVICES:
            self._add(device)

    def close(self) -> None:
        self._store.close()

    def sync(self, device: str, body: bytes, token: str) -> bytes:
        """The reply to a request; raises what a device is told instead of one."""
        self.handled += 1
        if device in self.revoked:
            raise Revoked(f"{device} was revoked.")
        request = wire.read_request(body)
        try:
            with mock.patch.object(page, "PAGE_CELLS", self.page), mock.patch.object(answer, "SEEN_EVERY", 0):
                found = answer.answer(self._store, accounts.hash_of(self.keys[device]), token, request, now=self.now)
        except answer.Forked:
            raise exchange.Forked from None
        except answer.NoDevice:
            raise Revoked(f"{device} was revoked.") from None
        return wire.write_reply(found.reply)

    def _add(self, device: str) -> None:
        self.keys[device] = accounts.add_device(self._store, ACCOUNT, device, now=int(self.now()))

    # What a person can do to a server

    def revoke(self, device: str) -> None:
        self.revoked.add(device)
        accounts.revoke_device(self._store, ACCOUNT, device, now=int(self.now()))

    def kept(self) -> sqlite3.Connection:
        """A copy of everything, as a backup of the server would hold."""
        copy = sqlite3.connect(":memory:")
        self._store._writer.backup(copy)
        return copy

    def put_back(self, copy: sqlite3.Connection) -> None:
        copy.backup(self._store._writer)

    def collect(self, *, silent: frozenset[str] = frozenset()) -> None:
        """Remove deleted records that every device has passed, but for those that were silent for too long."""
        with self._store.writing() as tx:
            account = tx.account(tx.accounts()[0].id)
            for device in tx.devices(account.id):
                if device.name in silent and device.seen is not None:
                    device.seen = 0
                    tx.save_device(device)
            for seq, size in tx.collect(account.id, tx.passed_by_all(account.id, since=1) or 0, limit=1_000_000):
                account.gc_seq = max(account.gc_seq, seq)
                account.bytes -= size
                account.records -= 1
            tx.save(account)

    def _everything(self) -> Iterator[Reply]:
        """All that a new device would be told."""
        self._audits += 1
        name, token, more = f"auditor-{self._audits}", "", True
        self._add(name)
        while more:
            batch = f"audit-{self._audits}"
            body = wire.write_request(wire.Request(int(self.now() * 1000), batch, [], []))
            reply = wire.read_reply(self.sync(name, body, token))
            token, more = reply.token, reply.more
            yield reply
        accounts.revoke_device(self._store, ACCOUNT, name, now=int(self.now()))

    def values(self) -> Iterator[tuple[str, str, str, Any]]:
        """Every value that the server holds, with the table's name on the wire, the id and the group."""
        for reply in self._everything():
            for table, id, groups in reply.changes:
                for group, some in groups.items():
                    for cell in some:
                        yield table, id, group, cell.body.value if isinstance(cell.body, wire.Plain) else {}

    def digests(self) -> dict[str, int]:
        """The digest of each table, made anew from what a new device is told; it has to be what the server says."""
        records: dict[tuple[str, str], dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        told: dict[str, str] = {}
        for reply in self._everything():
            told = dict(reply.digest)
            for table, id, groups in reply.changes:
                for group, some in groups.items():
                    records[table, id][group] += some
        sums: dict[str, int] = defaultdict(int)
        for (table, id), groups in records.items():
            sums[table] += digest.of_record(table, id, groups)
        assert digest.write(sums) == told
        return sums
