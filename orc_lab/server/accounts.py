"""Accounts and their devices: who may sync. A device's key is shown once, when it is made; only its hash is kept.

A key is 256 random bits, so a fast hash of it can't be turned back.
"""

import hashlib
import secrets
from collections.abc import Sequence
from typing import NamedTuple

from orc_lab.errors import AlreadyExists, InvalidValue, NotFound, OrcError
from orc_lab.server.answer import Refusal, admitted, new_epoch
from orc_lab.server.log_store.contract import Account, Device, LogStore, Transaction
from orc_lab.sync.wire import read_json

MAX_BUNDLE = 16 << 10  # bytes of a key bundle
_PREFIX = "orc_"


class Changed(Refusal):
    """A key bundle isn't of the version that was to be replaced."""

    def __init__(self) -> None:
        super().__init__("The key bundle was changed by another device meanwhile. Read it again.")


class NoAccount(NotFound):
    """The server has no account of that name."""

    def __init__(self, name: str) -> None:
        OrcError.__init__(self, f"The server has no account {name!r}. List them with `orc serve accounts`.")


class NoSuchDevice(NotFound):
    """The account has no device of that name."""

    def __init__(self, name: str) -> None:
        OrcError.__init__(self, f"The account has no device {name!r}. List them with `orc serve devices list ACCOUNT`.")


class Listed(NamedTuple):
    """A device as its own account sees it."""

    device: Device
    replicas: Sequence[str]


def new_key() -> str:
    """Return a key for a device."""
    return _PREFIX + secrets.token_urlsafe(32)


def hash_of(key: str) -> bytes:
    """Return what is kept of a key."""
    return hashlib.sha256(key.encode("utf-8", "replace")).digest()


def add_account(store: LogStore, name: str, *, now: int) -> None:
    """Add an account. Raises InvalidValue, AlreadyExists."""
    with store.writing() as tx:
        if not tx.add_account(_checked("the account's name", name), epoch=new_epoch(), now=now):
            raise AlreadyExists("account", name)


def remove_account(store: LogStore, name: str) -> Account:
    """Remove an account with its devices and everything they sent; return what it was. Raises NoAccount."""
    with store.writing() as tx:
        account = tx.account(_named(tx, name).id)
        tx.remove_account(account.id)
        return account


def list_accounts(store: LogStore) -> list[tuple[Account, list[Device]]]:
    """Return the accounts by name, each with its devices."""
    with store.reading() as tx:
        return [(account, tx.devices(account.id)) for account in tx.accounts()]


def add_device(store: LogStore, account: str, name: str, *, now: int) -> str:
    """Add a device and return its key, which is kept nowhere. Raises NoAccount, InvalidValue, AlreadyExists."""
    key = new_key()
    with store.writing() as tx:
        id = _named(tx, account).id
        if not tx.add_device(id, _checked("the device's name", name), hash_of(key), now=now):
            raise AlreadyExists("device", name)
    return key


def list_devices(store: LogStore, account: str) -> list[Listed]:
    """Return an account's devices, the oldest first. Raises NoAccount."""
    with store.reading() as tx:
        return _listed(tx, _named(tx, account).id)


def revoke_device(store: LogStore, account: str, name: str, *, now: int) -> bool:
    """Refuse a device's key from now on; False where it was revoked before. Raises NoAccount, NoSuchDevice."""
    with store.writing() as tx:
        found = tx.account(_named(tx, account).id)
        device = next((one for one in tx.devices(found.id) if one.name == name), None)
        if device is None:
            raise NoSuchDevice(name)
        if device.revoked is not None:
            return False
        device.revoked = now
        tx.save_device(device)
        return True


# What a device asks of its own account


def device_of(store: LogStore, key_hash: bytes) -> Device:
    """Return the device that has a key. Raises NoDevice."""
    with store.reading() as tx:
        return admitted(tx, key_hash)


def devices_beside(store: LogStore, key_hash: bytes) -> tuple[Device, list[Listed]]:
    """Return the device that has a key, and all of its account. Raises NoDevice."""
    with store.reading() as tx:
        device = admitted(tx, key_hash)
        return device, _listed(tx, device.account)


def bundle_of(store: LogStore, key_hash: bytes) -> tuple[int, bytes] | None:
    """Return the version and the JSON of the account's key bundle, None where it has none. Raises NoDevice."""
    with store.reading() as tx:
        return tx.bundle(admitted(tx, key_hash).account)


def put_bundle(store: LogStore, key_hash: bytes, body: bytes, *, over: int) -> int:
    """Put a key bundle in the place of a version, 0 for none, and return the new version.

    Raises NoDevice; Unreadable for what is no JSON object; Changed where the version is another one.
    """
    read_json(body)
    with store.writing() as tx:
        account = tx.account(admitted(tx, key_hash).account)
        admitted(tx, key_hash)  # once more, now that nobody else can change it
        if account.bundle != over:
            raise Changed
        tx.put_bundle(account, body)
        return account.bundle


def empty_account(store: LogStore, key_hash: bytes) -> int:
    """Remove everything that a device's account has but for its devices; return how many records that were.

    A device that still syncs finds a new epoch, as after a loss of the store. Raises NoDevice.
    """
    with store.writing() as tx:
        account = tx.account(admitted(tx, key_hash).account)
        admitted(tx, key_hash)  # once more, now that nobody else can change it
        removed, account.epoch = account.records, new_epoch()
        tx.empty_account(account)
        tx.forget_chains(account.id)
        tx.save(account)
        return removed


def _listed(tx: Transaction, account: int) -> list[Listed]:
    writers = tx.writers(account)
    return [Listed(device, writers.get(device.id, ())) for device in tx.devices(account)]


def _named(tx: Transaction, name: str) -> Account:
    found = next((account for account in tx.accounts() if account.name == name), None)
    if found is None:
        raise NoAccount(name)
    return found


def _checked(what: str, name: str) -> str:
    if not 1 <= len(name) <= 100 or not name.isprintable() or name != name.strip():
        raise InvalidValue(what, name, "1 to 100 printable characters")
    return name
