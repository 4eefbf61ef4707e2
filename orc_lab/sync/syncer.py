"""One device's sync, put together: its secrets, the account's keys, what may leave, the lease, and the exchange.

A sync has a database handle of its own, so it never stands in the way of an edit.
"""

import sqlite3
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from orc_lab.errors import OrcError
from orc_lab.store import sharing, syncing
from orc_lab.store.database import Database, immediate
from orc_lab.store.sentences import translated
from orc_lab.store.syncing import Key
from orc_lab.sync import ledger
from orc_lab.sync.beside import Beside
from orc_lab.sync.cells import Cell
from orc_lab.sync.exchange import COMPARE_AGAIN, Exchange, Synced
from orc_lab.sync.keys import KeyBundle, Keys
from orc_lab.sync.lease import Lease
from orc_lab.sync.merge import Fields
from orc_lab.sync.pending import Row
from orc_lab.sync.remote import PATIENCE, Bundle, HttpRemote
from orc_lab.sync.scope import Scope
from orc_lab.sync.seal import Sealer, Unopenable
from orc_lab.sync.secrets import Secrets
from orc_lab.sync.setup import Setup, opened, remembered
from orc_lab.sync.trouble import Halted, KeysChanged, SyncBusy, SyncTrouble, TokenRefused
from orc_lab.sync.wire import Reply, Request

LOOK_EVERY = 240.0  # seconds after which the account's keys and devices are asked for again
_AGAIN = 0.1  # seconds after which the lease is asked for again
_TRIES = 3  # to change the keys while other devices do, and to fetch one that isn't here


class PassphraseNeeded(SyncTrouble, Halted):
    """The account's keys were renewed on another device."""

    def __init__(self) -> None:
        super().__init__(
            "The account's keys were renewed on another device, so this one needs the passphrase once more: "
            "`orc sync enable`. What you write is kept and goes out then."
        )


class StoppedMeanwhile(SyncTrouble, Halted):
    """Sync was paused or disabled while it went on."""

    def __init__(self) -> None:
        super().__init__(
            "Sync was paused or disabled while it went on, so nothing more was sent. What waits is kept; "
            "`orc sync now` sends it, `orc sync resume` or `orc sync enable` has it go on by itself."
        )


class Syncer:
    """Syncs one database, again and again; close it, or use it in a `with` block. Threads don't share it."""

    def __init__(self, path: str, *, patience: float = PATIENCE) -> None:
        """Open the database; raises what opening it raises. `patience` is for how many seconds failures that may pass
        are tried again."""
        self.db = Database(path, durability="normal")
        self._patience = patience
        self._made: HttpRemote | None = None
        self._to: tuple[str, str] | None = None
        self._lease = Lease()
        self._scope = Scope()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections and the database."""
        if self._made is not None:
            self._made.close()
        self.db.close()

    def run(self, *, wait: float = 0.0) -> Synced:
        """Sync until both sides hold the same. Raises NotEnabled, SyncBusy, SyncTrouble or another OrcError.

        `wait` is for how many seconds another program may sync first. Whatever it raises is remembered for the status,
        and nothing is lost.
        """
        setup = Setup.needed(self.db)
        with translated(self.db.path):
            self._take(wait)
        try:
            with translated(self.db.path):
                return self._run(setup)
        except OrcError as error:
            told = {"kind": type(error).__name__, "text": str(error), "at": int(time.time())}
            with suppress(sqlite3.Error):
                self._remember({"last_error": told})
            raise
        finally:
            self._lease.give(self.db)

    def _take(self, wait: float) -> None:
        until = time.monotonic() + wait
        while True:
            try:
                return self._lease.take(self.db)
            except SyncBusy:
                if time.monotonic() >= until:
                    raise
            time.sleep(_AGAIN)

    def opened(self) -> tuple[HttpRemote, "AccountKeys"]:
        """Return the way to the server and the account's keys. Raises NotEnabled, NoSecrets, PassphraseNeeded."""
        return self._opened(Setup.needed(self.db))

    def _opened(self, setup: Setup) -> tuple[HttpRemote, "AccountKeys"]:
        secrets = setup.secrets(self.db)
        remote = self._remote(setup, secrets)
        return remote, AccountKeys(self.db, remote, setup, secrets)

    def devices(self) -> list[dict[str, Any]]:
        """Return the account's devices: name, replicas, when last seen (seconds UTC), revoked, self."""
        remote, _ = self.opened()
        found = _names(remote.devices())
        self._remember({"names": found})
        return found

    def _run(self, setup: Setup) -> Synced:
        remote, account = self._opened(setup)
        account.look()
        self._settle()
        along = _Along(self._scope, self._lease, paused=setup.paused)
        try:
            done = Exchange(self.db, remote, account, beside=along).run()
        except TokenRefused:  # another store, or another device's key: where both stand is found out anew
            self._remember({"token": None, "mismatch": True})
            done = Exchange(self.db, remote, account, beside=along).run()
        if self._recall("rescope"):
            self._settle()
            done = _both(done, Exchange(self.db, remote, account, beside=along).run())
        account.look()  # does nothing, unless the server has lost something, or another device changed the keys
        self._note(done)
        return done

    def _settle(self) -> None:
        with self.db.lock, immediate(self.db.conn):
            self._scope.settle(self.db.conn, at=int(time.time()))

    def _note(self, done: Synced) -> None:
        """Remember what a sync found out, where that has changed."""
        if self._recall("same") is not done.same:
            self._remember({"same": done.same})

    def _remote(self, setup: Setup, secrets: Secrets) -> HttpRemote:
        to = setup.endpoint, secrets.device_key
        if self._made is None or to != self._to:
            if self._made is not None:
                self._made.close()
            self._made, self._to = HttpRemote(*to, patience=self._patience), to
        return self._made

    def _recall(self, name: str) -> Any:
        with self.db.lock:
            return syncing.recall(self.db.conn, name)

    def _remember(self, values: Mapping[str, object]) -> None:
        with self.db.lock, immediate(self.db.conn):
            syncing.remember(self.db.conn, values)


class _Along(Beside):
    """What goes along with a sync: the scope, the ledger and the lease. One that began while sync was `paused` was
    asked for."""

    def __init__(self, scope: Scope, lease: Lease, *, paused: bool) -> None:
        self._scope, self._lease, self._paused = scope, lease, paused

    def look(self, conn: sqlite3.Connection) -> None:
        self._scope.look(conn)

    def allowed(self, table: str, id: str, row: Row | None) -> bool:
        return self._scope.allowed(table, id, row)

    def all_leaves(self) -> bool:
        return not self._scope.anything

    def held_back(self, table: str) -> Collection[str]:
        return self._scope.held_back(table)

    def asks(self, conn: sqlite3.Connection) -> tuple[Sequence[Key], Sequence[Key]]:
        return self._scope.asks(conn)

    def sending(self, conn: sqlite3.Connection, request: Request, size: int) -> None:
        self._lease.renew(conn)
        setup = Setup.of(syncing.state_of(conn))
        if not setup.enabled or (setup.paused and not self._paused):
            raise StoppedMeanwhile
        sharing.enter(conn, request.batch, size, ledger.written(request), at=int(time.time()))

    def heard(self, conn: sqlite3.Connection, request: Request, reply: Reply, arrived: Collection[Key]) -> list[Key]:
        self._lease.renew(conn)
        after = int(syncing.recall(conn, "sent") or 0)
        return self._scope.heard(conn, request, reply, arrived, after=after, at=int(time.time()))

    def more(self, conn: sqlite3.Connection) -> bool:
        return self._scope.more(conn)


class AccountKeys:
    """Seals and opens with the account's keys, and sees to it that the newest ones are here and at the server."""

    def __init__(self, db: Database, remote: HttpRemote, setup: Setup, secrets: Secrets) -> None:
        self._db, self._remote, self._setup, self._secrets = db, remote, setup, secrets
        self._tries = _TRIES
        self._use(setup.key_bundle())

    def seal(self, table: str, id: str, group: str, cell: Cell, value: Fields) -> Cell:
        """Return the cell with its value sealed."""
        return self._sealer.seal(table, id, group, cell, value)

    def open(self, table: str, id: str, group: str, cell: Cell) -> Mapping[str, Any]:
        """Return a cell's value; where a newer key has sealed it, once that is fetched. Raises Unopenable, Halted."""
        try:
            return self._sealer.open(table, id, group, cell)
        except Unopenable as error:
            if error.reason != "key" or not self._tries:
                raise
        self._tries -= 1  # a server may name keys that there are nowhere
        self.fetch()
        return self._sealer.open(table, id, group, cell)

    def look(self) -> None:
        """See whether another device has changed the keys or was revoked, if that wasn't done of late."""
        with self._db.lock:
            now, checked = time.time(), syncing.recall(self._db.conn, "checked") or 0.0
        if 0 <= now - checked < LOOK_EVERY:
            return
        self.fetch()
        devices = self._remote.devices()
        self._after_revocations(sum(one.get("revoked") is True for one in devices))
        self._remember({"checked": now, "names": _names(devices)})

    def fetch(self) -> None:
        """Take over the keys that the server has, or put them there again where it has lost them."""
        found = self._remote.keys(self._setup.etag or None)
        if found is not None and found.etag == self._setup.etag:
            return
        if found is None:  # it was wiped
            self._put(self._bundle, over=None)
            return
        bundle = KeyBundle.from_json(found.text, account=self._setup.account)
        if bundle.version < self._bundle.version:  # it was restored to an older state
            self._opened(bundle)
            self._put(self._bundle, over=found.etag)
        else:
            self._use(bundle)
            self._keep(found.etag)

    def _after_revocations(self, revoked: int) -> None:
        """Have what is written from now on sealed with a key that no revoked device has: one more for each of them."""
        for _ in range(_TRIES):
            if len(self._bundle.data) > revoked:
                return
            bundle, _ = self._bundle.new_epoch(self._keys)
            try:
                self._put(bundle, over=self._setup.etag)
            except KeysChanged:
                self._use_newest()

    def _use_newest(self) -> None:
        found = self._remote.keys() or Bundle(b"", "")
        self._use(KeyBundle.from_json(found.text, account=self._setup.account, seen=self._bundle.version))
        self._keep(found.etag)

    def _put(self, bundle: KeyBundle, *, over: str | None) -> None:
        etag = self._remote.put_keys(bundle.to_json(), over=over)
        self._use(bundle)
        self._keep(etag)

    def _use(self, bundle: KeyBundle) -> None:
        self._bundle, self._keys = bundle, self._opened(bundle)
        self._sealer: Sealer = self._keys.sealer()

    def _opened(self, bundle: KeyBundle) -> Keys:
        try:
            return opened(bundle, self._secrets)
        except Unopenable:
            raise PassphraseNeeded from None

    def _keep(self, etag: str) -> None:
        self._remember({**remembered(self._bundle, etag), **COMPARE_AGAIN})  # what didn't open may do so now
        self._setup = Setup.read(self._db)

    def _remember(self, values: Mapping[str, object]) -> None:
        with self._db.lock, immediate(self._db.conn):
            syncing.remember(self._db.conn, values)


def _both(first: Synced, then: Synced) -> Synced:
    """What two exchanges did together."""
    return Synced(
        sent=first.sent + then.sent,
        received=first.received + then.received,
        conflicts=first.conflicts + then.conflicts,
        refused=first.refused + then.refused,
        requests=first.requests + then.requests,
        forked=first.forked or then.forked,
        same=then.same,
        later=then.later,
    )


def _names(devices: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What is remembered of the account's devices."""
    return [
        {
            "name": str(one.get("name", ""))[:100],
            "replicas": [str(replica) for replica in one.get("replicas", [])],
            "seen": one["lastSeen"] // 1000 if isinstance(one.get("lastSeen"), int) else None,
            "revoked": one.get("revoked") is True,
            "self": one.get("self") is True,
        }
        for one in devices
    ]
