"""Enable sync on a device, join an account, leave it, and change what opens its keys.

The order is what keeps it safe: first the server is asked, then the keys are opened or made, then the secrets are kept
and the scope set, and only then is sync enabled: whatever fails before changes nothing, and nothing leaves unencrypted.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

from orc_lab.errors import OrcError
from orc_lab.model.ids import new_id
from orc_lab.store import sharing, syncing
from orc_lab.store.database import Database, immediate
from orc_lab.sync import scope
from orc_lab.sync.adopt import adopt
from orc_lab.sync.groups import GROUPS
from orc_lab.sync.keys import KeyBundle, Keys, WrongPassphrase
from orc_lab.sync.passphrase import COST, Cost
from orc_lab.sync.remote import Bundle, HttpRemote, checked_endpoint
from orc_lab.sync.replica import new_replica
from orc_lab.sync.seal import Unopenable
from orc_lab.sync.secrets import Place, Secrets
from orc_lab.sync.setup import Setup, opened, remembered
from orc_lab.sync.trouble import KeysChanged, NoEndpoint, SyncTrouble

DEVICE_KEY = "The device key that the server printed"
NEW_PASSPHRASE = "A new passphrase, which nobody can look up,"
_PATIENCE = 5.0  # seconds that a failure may pass in: somebody is waiting, maybe with a wrong address


class NothingToJoin(SyncTrouble):
    """A device was to join an account that no device has begun."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(
            f"No device has begun this account at {endpoint} yet, so there is nothing to join. Enable sync without "
            "--join on the first one, or check that the device key is of the right account."
        )


class NeedsSecret(SyncTrouble):
    """Something secret is needed that nobody gave: `name` is what `enable` calls it, `what` the words for it."""

    def __init__(self, name: str, what: str) -> None:
        self.name, self.what = name, what
        super().__init__(f"{what} is needed, and nobody gave it. Nothing was changed.")


class BegunElsewhere(SyncTrouble):
    """Two devices began an account at the same moment, with different passphrases."""

    def __init__(self) -> None:
        super().__init__(
            "Another device began this account at this very moment, with another passphrase. Nothing was changed here; "
            "enable again with that passphrase."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Enabled:
    """What enabling did. `recovery_key` is there where this device began the account, and is kept nowhere else.

    `adopted` says that the database took over the account's user, `switched` from which server it came, if any; `where`
    is where the secrets are kept, `waiting` how many records go out with the first sync.
    """

    endpoint: str
    first: bool
    where: str
    adopted: bool = False
    switched: str | None = None
    waiting: int = 0
    recovery_key: str | None = field(default=None, repr=False)


def enable(
    db: Database,
    *,
    endpoint: str | None = None,
    device_key: str | None = None,
    passphrase: str | None = None,
    recovery_key: str | None = None,
    join: bool = False,
    paused: bool = False,
    rules: Sequence[scope.Rule] = (),
    remote: HttpRemote | None = None,
    cost: Cost = COST,
) -> Enabled:
    """Enable sync; the first device of an account makes its keys, any other opens them.

    Without an endpoint or device key those of before are used. With `paused` nothing leaves by itself. Raises
    SyncTrouble, WrongPassphrase, WrongRecoveryKey, MistypedRecoveryKey, WeakPassphrase, Unopenable, and what keeping
    the secrets raises; then nothing has changed.
    """
    before = Setup.read(db)
    if not (endpoint := endpoint or before.endpoint):
        raise NoEndpoint
    endpoint = checked_endpoint(endpoint)
    name = before.place or new_id()
    place = Place(db.file, name)
    kept = place.load() if before.place and endpoint == before.endpoint else None
    if not (device_key := device_key or (kept.device_key if kept else None)):
        raise NeedsSecret("device_key", DEVICE_KEY)
    with remote or HttpRemote(endpoint, device_key, patience=_PATIENCE) as there:
        found = there.keys()
        if found is None and join:
            raise NothingToJoin(endpoint)
        if found is None:
            with _kept_first(place, device_key) as keep:
                bundle, keys, printed, etag = _begin(db, there, passphrase, recovery_key, before, kept, cost, keep)
        else:
            bundle, keys = _open(found, passphrase, recovery_key, before, kept)
            printed, etag = None, found.etag
    where = place.store(Secrets(device_key=device_key, master=keys.master))
    done = Enabled(endpoint=endpoint, first=printed is not None, where=where, recovery_key=printed)
    with db.transaction("join the account", actor="setup") as tx:
        done = _adopted(db, tx.conn, done, before, bundle)
        values = remembered(bundle, etag) | {"place": name, "endpoint": endpoint}
        _remember(
            tx.conn, values, switched=done.switched is not None, same=kept is not None and kept.device_key == device_key
        )
        if paused:
            syncing.remember(tx.conn, {"paused": True})
        scope.exclude(tx.conn, rules, at=tx.now)
    return done


@contextmanager
def _kept_first(place: Place, device_key: str) -> Iterator[Callable[[Keys], object]]:
    """Keep an account's keys before it is begun with them: without them it would be nobody's. What was kept is kept
    again where it can't be begun."""
    before: list[Secrets | None] = []

    def keep(keys: Keys) -> None:
        kept = place.load()
        place.store(Secrets(device_key=device_key, master=keys.master))
        before.append(kept)

    try:
        yield keep
    except OrcError:
        for kept in before:
            place.forget() if kept is None else place.store(kept)
        raise


def _begin(
    db: Database,
    there: HttpRemote,
    passphrase: str | None,
    recovery_key: str | None,
    before: Setup,
    kept: Secrets | None,
    cost: Cost,
    keep: Callable[[Keys], object],
) -> tuple[KeyBundle, Keys, str | None, str]:
    """Make the account's keys and put them there; where another device was faster, open its."""
    if passphrase is None:
        raise NeedsSecret("passphrase", NEW_PASSPHRASE)
    bundle, keys, printed = KeyBundle.create(passphrase, db.identity()[0], cost=cost)
    keep(keys)
    try:
        return bundle, keys, printed, there.put_keys(bundle.to_json(), over=None)
    except KeysChanged:
        found = there.keys()
        if found is None:
            raise
        if KeyBundle.from_json(found.text) == bundle:  # it was this device: the reply was lost, and asked for again
            return bundle, keys, printed, found.etag
        try:
            bundle, keys = _open(found, passphrase, recovery_key, before, kept)
        except WrongPassphrase:
            raise BegunElsewhere from None
        return bundle, keys, None, found.etag


def _open(
    found: Bundle, passphrase: str | None, recovery_key: str | None, before: Setup, kept: Secrets | None
) -> tuple[KeyBundle, Keys]:
    bundle = KeyBundle.from_json(found.text)
    if recovery_key is not None:
        return bundle, bundle.unlock_with_recovery(recovery_key)
    if passphrase is not None:
        return bundle, bundle.unlock(passphrase)
    if kept is not None and kept.master is not None and before.account == bundle.account:
        with suppress(Unopenable):  # the keys were renewed on another device
            return bundle, opened(bundle, kept)
    raise NeedsSecret("passphrase", "The account's passphrase")


def _adopted(db: Database, conn: sqlite3.Connection, done: Enabled, before: Setup, bundle: KeyBundle) -> Enabled:
    """Have the database belong to the account's user; say what that and the new server mean."""
    was, now = (before.endpoint, before.account), (done.endpoint, bundle.account)
    return replace(
        done,
        adopted=adopt(db, conn, bundle.account),
        switched=before.endpoint if was not in (("", ""), now) else None,
        waiting=sum(table in GROUPS for table, _ in sharing.pending(conn, syncing.state_of(conn).get("sent", 0))),
    )


def _remember(conn: sqlite3.Connection, values: Mapping[str, object], *, switched: bool, same: bool) -> None:
    """Have it hold from now on. With another key it is another device, maybe a copy: its writings are its own."""
    replica = syncing.state_of(conn).get("replica")
    if replica is not None and not same:
        syncing.new_device(conn, new_id())
    found: dict[str, object] = {"enabled": True, "replica": replica if replica and same else new_replica()}
    found |= dict.fromkeys(("last_error", "names", "checked", "differs", "difference"))
    if switched:
        found |= _forgotten(shared=sharing.anything_shared(conn))
        sharing.forget_server(conn)
    syncing.remember(conn, found | dict(values))


def _forgotten(*, shared: bool) -> dict[str, object]:
    """Return what is remembered once a server is another one: where both stand has to be found out anew.

    What was known to be shared stays known, so that it is compared with what the other server has and sent as it was
    written: two devices that both move find that they hold the same.
    """
    names = ("token", "epoch", "batch", "tried", "listing", "differs", "difference", "last_sync", "forks", "keys")
    return {**dict.fromkeys(names), "mismatch": True if shared else None}


def disable(db: Database, *, forget: bool = False) -> None:
    """Stop syncing. Everything stays here, also what waits; with `forget` this device's keys and the server go.

    Raises NotEnabled, and what removing the secrets raises.
    """
    before = Setup.read(db)
    if not before.enabled and not (forget and before.place):
        Setup.needed(db)
    if forget and before.place:
        Place(db.file, before.place).forget()
    gone: dict[str, object] = {"enabled": None, "paused": None, "last_error": None}
    if forget:
        gone |= dict.fromkeys(("place", "bundle", "etag", "names", "checked"))
    with db.lock, immediate(db.conn):
        syncing.remember(db.conn, gone)


def pause(db: Database, *, paused: bool) -> None:
    """Have nothing leave but when it is asked for, or sync by itself again. Raises NotEnabled."""
    Setup.needed(db)
    with db.lock, immediate(db.conn):
        syncing.remember(db.conn, {"paused": True if paused else None})


class Account:
    """The keys of a device's account, as the server has them now, to be changed. Use it in a `with` block."""

    def __init__(self, db: Database, *, remote: HttpRemote | None = None) -> None:
        """Raises NotEnabled, NoSecrets, and what reading the secrets raises."""
        self._db = db
        self._setup = Setup.needed(db)
        self._secrets = self._setup.secrets(db)
        self._remote = remote or HttpRemote(self._setup.endpoint, self._secrets.device_key, patience=_PATIENCE)

    def __enter__(self) -> "Account":
        return self

    def __exit__(self, *_: object) -> None:
        self._remote.close()

    def change_passphrase(self, passphrase: str, *, cost: Cost = COST) -> None:
        """Have another passphrase open the keys; devices that have joined go on without it. Raises KeysChanged."""
        bundle, keys, etag = self._current()
        self._put(bundle.change_passphrase(keys, passphrase, cost=cost), etag)

    def new_recovery(self) -> str:
        """Return another recovery key, in the place of the former one. Raises KeysChanged."""
        bundle, keys, etag = self._current()
        changed, printed = bundle.new_recovery(keys)
        self._put(changed, etag)
        return printed

    def renew(self, passphrase: str, *, cost: Cost = COST) -> str:
        """Make another master key, for a device that is lost may have given the former away; return a recovery key.

        Every other device needs the passphrase once more. Raises KeysChanged.
        """
        bundle, keys, etag = self._current()
        changed, new, printed = bundle.renew(keys, passphrase, cost=cost)
        etag = self._remote.put_keys(changed.to_json(), over=etag)
        kept = Secrets(device_key=self._secrets.device_key, master=new.master)
        Place(self._db.file, self._setup.place).store(kept)
        self._keep(changed, etag)
        return printed

    def _current(self) -> tuple[KeyBundle, Keys, str]:
        found = self._remote.keys()
        if found is None:
            raise NothingToJoin(self._setup.endpoint)
        seen = self._setup.key_bundle().version
        bundle = KeyBundle.from_json(found.text, account=self._setup.account, seen=seen)
        return bundle, opened(bundle, self._secrets), found.etag

    def _put(self, bundle: KeyBundle, over: str) -> None:
        self._keep(bundle, self._remote.put_keys(bundle.to_json(), over=over))

    def _keep(self, bundle: KeyBundle, etag: str) -> None:
        with self._db.lock, immediate(self._db.conn):
            syncing.remember(self._db.conn, remembered(bundle, etag))
