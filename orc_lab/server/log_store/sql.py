"""A transaction in SQL that SQLite and PostgreSQL both know; a session hides what differs."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from orc_lab.server.log_store.contract import Account, Device, Key, Stored, StoreFailed
from orc_lab.server.merge import Held, State
from orc_lab.server.packing import key_of, pack, record_of, unpack

_ACCOUNT = "id, name, epoch, seq, gc_seq, digest, bundle, records, bytes, created"
_DEVICE = "id, account, name, batch, passed, seen, revoked, created"
_AT_ONCE = 64  # rows of a page that are fetched together


class Session(Protocol):
    """An open transaction of one database. Parameters are written `?`."""

    for_update: str  # what makes a SELECT lock its rows, "" where the transaction has everything to itself

    def rows(self, sql: str, *values: object) -> list[Any]:
        """Return the rows that a statement gives."""

    def run(self, sql: str, *values: object) -> int:
        """Run a statement and return how many rows it changed."""

    def many(self, sql: str, values: Sequence[Sequence[object]]) -> None:
        """Run a statement with each of some sequences of values."""

    def among(self, sql: str, values: Sequence[bytes], *before: object) -> list[Any]:
        """Return the rows of a statement that ends in `IN {}`, for any number of values."""


class SqlTransaction:
    """What the contract calls a transaction."""

    def __init__(self, session: Session, *, writing: bool) -> None:
        self._session = session
        self._lock = session.for_update if writing else ""

    # Accounts and devices

    def accounts(self) -> list[Account]:
        """Return all accounts by name."""
        return [_account(row) for row in self._session.rows(f"SELECT {_ACCOUNT} FROM accounts ORDER BY name")]

    def account(self, id: int) -> Account:
        """Return an account; a writing transaction has it for itself from now on. Raises StoreFailed if it is gone."""
        found = self._session.rows(f"SELECT {_ACCOUNT} FROM accounts WHERE id = ?{self._lock}", id)
        if not found:
            raise StoreFailed("the account was removed")
        return _account(found[0])

    def add_account(self, name: str, *, epoch: str, now: int) -> bool:
        """Add an account; False where one has that name."""
        sql = "INSERT INTO accounts (name, epoch, created) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        return self._session.run(sql, name, epoch, now) == 1

    def remove_account(self, id: int) -> None:
        """Remove an account with everything in it."""
        self._session.run("DELETE FROM accounts WHERE id = ?", id)

    def empty_account(self, account: Account) -> None:
        """Remove an account's records, its key bundle and who wrote what; its devices stay."""
        for table in ("records", "bundles", "writers"):
            self._session.run(f"DELETE FROM {table} WHERE account = ?", account.id)
        account.bundle = account.seq = account.gc_seq = account.records = account.bytes = 0
        account.digest = {}
        self._session.run("UPDATE accounts SET bundle = 0 WHERE id = ?", account.id)

    def save(self, account: Account) -> None:
        """Write what has changed of an account."""
        self._session.run(
            "UPDATE accounts SET epoch = ?, seq = ?, gc_seq = ?, digest = ?, records = ?, bytes = ? WHERE id = ?",
            account.epoch,
            account.seq,
            account.gc_seq,
            json.dumps({table: f"{value:x}" for table, value in account.digest.items() if value}),
            account.records,
            account.bytes,
            account.id,
        )

    def devices(self, account: int) -> list[Device]:
        """Return the devices of an account, the oldest first."""
        found = self._session.rows(f"SELECT {_DEVICE} FROM devices WHERE account = ? ORDER BY id", account)
        return [_device(row) for row in found]

    def revoked(self, account: int) -> int:
        """Return how many devices of an account were revoked."""
        sql = "SELECT count(*) FROM devices WHERE account = ? AND revoked IS NOT NULL"
        ((count,),) = self._session.rows(sql, account)
        return int(str(count))

    def device_of(self, key_hash: bytes) -> Device | None:
        """Return the device that has a key, revoked or not."""
        found = self._session.rows(f"SELECT {_DEVICE} FROM devices WHERE key_hash = ?", key_hash)
        return _device(found[0]) if found else None

    def add_device(self, account: int, name: str, key_hash: bytes, *, now: int) -> bool:
        """Add a device; False where one of the account has that name."""
        sql = "INSERT INTO devices (account, name, key_hash, created) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
        return self._session.run(sql, account, name, key_hash, now) == 1

    def save_device(self, device: Device) -> None:
        """Write what has changed of a device."""
        sql = "UPDATE devices SET batch = ?, passed = ?, seen = ?, revoked = ? WHERE id = ?"
        self._session.run(sql, device.batch, device.passed, device.seen, device.revoked, device.id)

    def forget_chains(self, account: int) -> None:
        """Forget the last pushes of an account's devices, and how far they have come."""
        self._session.run("UPDATE devices SET batch = NULL, passed = 0 WHERE account = ?", account)

    def writers(self, account: int) -> Mapping[int, Sequence[str]]:
        """Return by device the replicas of which it pushed the newest cell."""
        found: dict[int, list[str]] = {}
        sql = "SELECT device, replica FROM writers WHERE account = ? ORDER BY clock DESC"
        for device, replica in self._session.rows(sql, account):
            found.setdefault(device, []).append(replica)
        return found

    def wrote(self, device: Device, clocks: Mapping[str, int]) -> None:
        """Note the newest clock of each replica in what a device pushed."""
        self._session.many(
            "INSERT INTO writers (account, replica, device, clock) VALUES (?, ?, ?, ?) ON CONFLICT (account, replica) "
            "DO UPDATE SET device = excluded.device, clock = excluded.clock WHERE excluded.clock > writers.clock",
            [(device.account, replica, device.id, clock) for replica, clock in clocks.items()],
        )

    # Key bundles

    def bundle(self, account: int) -> tuple[int, bytes] | None:
        """Return the version and the bytes of an account's key bundle."""
        sql = "SELECT a.bundle, b.body FROM bundles b JOIN accounts a ON a.id = b.account WHERE b.account = ?"
        found = self._session.rows(sql, account)
        return (found[0][0], bytes(found[0][1])) if found else None

    def put_bundle(self, account: Account, body: bytes) -> None:
        """Replace an account's key bundle; the account has the new version then."""
        account.bundle += 1
        self._session.run("UPDATE accounts SET bundle = ? WHERE id = ?", account.bundle, account.id)
        self._session.run(
            "INSERT INTO bundles (account, body) VALUES (?, ?) ON CONFLICT (account) "
            "DO UPDATE SET body = excluded.body",
            account.id,
            body,
        )

    # Records

    def records(self, account: int, keys: Collection[Key]) -> dict[Key, Stored]:
        """Return those of some records that are there."""
        sql = 'SELECT "key", seq, state, cells FROM records WHERE account = ? AND "key" IN {}'
        found = self._session.among(sql, [key_of(*key) for key in keys], account)
        return {(one.held.table, one.held.id): one for one in map(_stored, found)}

    def after(self, account: int, seq: int, *, upto: int) -> Iterator[Held]:
        """Return the records whose newest number is after one and not after another, in this order."""
        sql = (
            'SELECT "key", seq, state, cells FROM records WHERE account = ? AND seq > ? AND seq <= ? '
            f"ORDER BY seq LIMIT {_AT_ONCE}"
        )
        while seq < upto and (rows := self._session.rows(sql, account, seq, upto)):
            for row in rows:
                yield _stored(row).held
            seq = rows[-1][1] if len(rows) == _AT_ONCE else upto

    def keep(self, account: int, held: Iterable[Held]) -> int:
        """Write records in place of what is there of them, and return the bytes that they take.

        Raises Refused for a value that is no JSON.
        """
        rows = [(account, one.state, one.seq, key_of(one.table, one.id), pack(one.groups, one.seq)) for one in held]
        self._session.many(
            'INSERT INTO records (account, state, seq, "key", cells) VALUES (?, ?, ?, ?, ?) '
            'ON CONFLICT (account, "key") '
            "DO UPDATE SET state = excluded.state, seq = excluded.seq, cells = excluded.cells",
            rows,
        )
        return sum(len(row[-1]) for row in rows)

    def drop(self, account: int, keys: Collection[Key]) -> None:
        """Remove records."""
        sql = 'DELETE FROM records WHERE account = ? AND "key" = ?'
        self._session.many(sql, [(account, key_of(*key)) for key in keys])

    def passed_by_all(self, account: int, *, since: int) -> int | None:
        """Return the number that every device has passed which isn't revoked and came since an instant; None if none
        did."""
        sql = "SELECT min(passed) FROM devices WHERE account = ? AND revoked IS NULL AND seen >= ?"
        found: int | None = self._session.rows(sql, account, since)[0][0]
        return found

    def collect(self, account: int, upto: int, *, limit: int) -> list[tuple[int, int]]:
        """Remove deleted records up to a number, the oldest first; return the number and the bytes of each."""
        return self._session.rows(
            "DELETE FROM records WHERE id IN (SELECT id FROM records WHERE account = ? AND state = 1 AND seq <= ? "
            f"ORDER BY seq LIMIT {limit}) RETURNING seq, length(cells)",
            account,
            upto,
        )


def _account(row: Sequence[Any]) -> Account:
    id, name, epoch, seq, gc_seq, digest, bundle, records, bytes, created = row
    sums = {table: int(value, 16) for table, value in json.loads(digest or "{}").items()}
    return Account(
        id=id, name=name, epoch=epoch, seq=seq, gc_seq=gc_seq, digest=sums, bundle=bundle, records=records,
        bytes=bytes, created=created,
    )  # fmt: skip


def _device(row: Sequence[Any]) -> Device:
    id, account, name, batch, passed, seen, revoked, created = row
    return Device(
        id=id, account=account, name=name, batch=batch, passed=passed, seen=seen, revoked=revoked, created=created
    )


def _stored(row: Sequence[Any]) -> Stored:
    key, seq, state, cells = row
    table, id = record_of(bytes(key))
    return Stored(Held(table, id, seq, State(state), unpack(bytes(cells), seq)), len(cells))
