"""The keys of an account, and the bundle that carries them between devices without giving them away.

A random master key wraps the data keys, which seal values; a passphrase and a recovery key each wrap the master key.
So a new passphrase wraps one key anew and no value. The bundle lies at the server, which can neither open nor alter it
unnoticed. Data keys have numbers: after a device is revoked the next one is used, and the earlier ones still open what
they sealed. docs/encryption.md has every byte.
"""

import json
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from hmac import compare_digest
from os import urandom
from typing import Any

from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt as decrypt
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt as encrypt
from nacl.exceptions import CryptoError

from orc_lab.errors import OrcError
from orc_lab.sync import recovery
from orc_lab.sync.passphrase import COST, SALT, Cost, bearable, key_of, strong
from orc_lab.sync.seal import KEY, NONCE, TAG, Sealer, Unopenable, subkey

FORMAT = 1
MAX_BUNDLE = 16 << 10  # bytes of its JSON
MAX_EPOCHS = 128  # data keys, so that they fit into it
_WRAPPED = NONCE + KEY + TAG


class WrongPassphrase(OrcError):
    """The passphrase doesn't open the account's keys."""

    def __init__(self) -> None:
        super().__init__(
            "That passphrase doesn't open the keys of this account, so nothing was changed. Look at the keyboard's "
            "layout and capitals and type it again; it may also have been changed on another device. Where it is "
            "forgotten, use the recovery key, or set a new one on a device that still syncs."
        )


class WrongRecoveryKey(OrcError):
    """A recovery key without a slip, of another account or one that was replaced."""

    def __init__(self) -> None:
        super().__init__(
            "That recovery key has no slip, but it doesn't open the keys of this account: it is another account's, or "
            "a newer one was made since. Nothing was changed; look for the newest one."
        )


class NoMoreKeys(OrcError):
    """The bundle is full of data keys."""

    def __init__(self) -> None:
        super().__init__(f"This account has had {MAX_EPOCHS} data keys, which is the most. Begin a new account.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """An account's keys, open. They aren't shown where this is printed."""

    account: str
    master: bytes = field(repr=False)
    data: Mapping[int, bytes] = field(repr=False)

    def sealer(self) -> Sealer:
        """Return what seals with the newest data key, and opens with all."""
        return Sealer(self.data, max(self.data), self.account)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyBundle:
    """What the server keeps: the keys wrapped, and who may believe it. Each change is a bundle of the next version."""

    account: str
    version: int
    cost: Cost
    salt: bytes = field(repr=False)
    by_passphrase: bytes = field(repr=False)
    by_recovery: bytes = field(repr=False)
    data: Sequence[bytes] = field(repr=False)  # of number 1 and on
    mac: bytes = field(default=b"", repr=False)

    @staticmethod
    def create(passphrase: str, account: str, *, cost: Cost = COST) -> tuple["KeyBundle", Keys, str]:
        """Return the first bundle of an account, its keys, and the recovery key, which is nowhere else.

        Takes some tenths of a second and 64 MiB. Raises WeakPassphrase, NoMemory.
        """
        return _made(passphrase, account, 1, [urandom(KEY)], cost)

    def unlock(self, passphrase: str) -> Keys:
        """Return the keys; raises WrongPassphrase, or Unopenable where the bundle was altered."""
        key = key_of(passphrase, self.salt, self.cost)
        master = _unwrapped(self.by_passphrase, key, self.account, "passphrase")
        if master is None:
            raise WrongPassphrase
        return self.opened(master)

    def unlock_with_recovery(self, typed: str) -> Keys:
        """Return the keys; raises MistypedRecoveryKey, WrongRecoveryKey, or Unopenable where the bundle was altered."""
        key = subkey(recovery.read(typed).encode(), "orc-lab recovery", self.account)
        master = _unwrapped(self.by_recovery, key, self.account, "recovery")
        if master is None:
            raise WrongRecoveryKey
        return self.opened(master)

    def opened(self, master: bytes) -> Keys:
        """Return the keys on a device that has the master key; raises Unopenable where another one made the bundle."""
        if not compare_digest(self.mac, self._mac(master)):
            why = "it was altered, or made with another master key"
            step = "If the keys were renewed on another device, give the passphrase; otherwise don't trust this server."
            raise Unopenable(_BUNDLE, why, step)
        by = _for_data(master, self.account)
        found = [_unwrapped(one, by, self.account, f"data {n}") for n, one in enumerate(self.data, 1)]
        data = {n: key for n, key in enumerate(found, 1) if key is not None}
        if len(data) != len(found):
            raise Unopenable(_BUNDLE, "a data key in it doesn't open", "Restore the server's store from a backup.")
        return Keys(account=self.account, master=master, data=data)

    def change_passphrase(self, keys: Keys, passphrase: str, *, cost: Cost = COST) -> "KeyBundle":
        """Return the bundle with another passphrase: the keys and the recovery key stay. Raises WeakPassphrase."""
        self.opened(keys.master)
        salt = urandom(SALT)
        key = key_of(strong(passphrase), salt, cost)
        wrapped = _wrapped(keys.master, key, self.account, "passphrase")
        return self._next(keys.master, salt=salt, cost=cost, by_passphrase=wrapped)

    def new_recovery(self, keys: Keys) -> tuple["KeyBundle", str]:
        """Return the bundle with another recovery key, and that; the former one opens it no longer."""
        self.opened(keys.master)
        typed = recovery.new()
        return self._next(keys.master, by_recovery=_by_recovery(keys.master, typed, self.account)), typed

    def new_epoch(self, keys: Keys) -> tuple["KeyBundle", Keys]:
        """Return the bundle with one more data key for what is written from now on, and the keys. Raises NoMoreKeys."""
        self.opened(keys.master)
        number, key = len(self.data) + 1, urandom(KEY)
        if number > MAX_EPOCHS:
            raise NoMoreKeys
        wrapped = _wrapped(key, _for_data(keys.master, self.account), self.account, f"data {number}")
        return self._next(keys.master, data=[*self.data, wrapped]), replace(keys, data={**keys.data, number: key})

    def renew(self, keys: Keys, passphrase: str, *, cost: Cost = COST) -> tuple["KeyBundle", Keys, str]:
        """Return the bundle with another master key and one more data key, the keys, and a new recovery key.

        Who has the former master key can open nothing that is written from now on, even with all that the server has;
        so the other devices need the passphrase once more. It may be the same one. Raises WeakPassphrase, NoMoreKeys.
        """
        held = self.opened(keys.master)
        if len(held.data) >= MAX_EPOCHS:
            raise NoMoreKeys
        data = [held.data[number] for number in sorted(held.data)]
        return _made(passphrase, self.account, self.version + 1, [*data, urandom(KEY)], cost)

    def to_json(self) -> str:
        """Return the bundle's JSON."""
        found = {
            "format": FORMAT,
            "account": self.account,
            "version": self.version,
            "passphrase": {
                "kdf": "argon2id",
                "passes": self.cost.passes,
                "memory": self.cost.memory,
                "salt": _text(self.salt),
                "wrapped": _text(self.by_passphrase),
            },
            "recovery": {"wrapped": _text(self.by_recovery)},
            "keys": [_text(one) for one in self.data],
            "mac": _text(self.mac),
        }
        return json.dumps(found, separators=(",", ":"), ensure_ascii=False)

    @staticmethod
    def from_json(text: str | bytes, *, account: str | None = None, seen: int = 0) -> "KeyBundle":
        """Return the bundle of its JSON; raises Unopenable for what is none.

        Also for another account's, where one is named, and for one older than the version that was seen before.
        """
        bundle = _read(text)
        if account is not None and bundle.account != account:
            raise Unopenable(_BUNDLE, "it is another account's", "Look at the endpoint and the device key.", "account")
        if bundle.version < seen:
            why = f"the server gives version {bundle.version}, and this device has seen {seen}"
            step = "Its store was restored, or somebody wants a former passphrase back: put the newest one again."
            raise Unopenable(_BUNDLE, why, step, "rollback")
        return bundle

    def _next(self, master: bytes, **changes: Any) -> "KeyBundle":
        return replace(self, version=self.version + 1, **changes)._signed(master)

    def _signed(self, master: bytes) -> "KeyBundle":
        return replace(self, mac=self._mac(master))

    def _mac(self, master: bytes) -> bytes:
        """What only who has the master key can make of everything in it, a line each."""
        wrapped = (self.salt, self.by_passphrase, self.by_recovery, *self.data)
        lines = ("orc-lab bundle 1", self.account, str(self.version), *map(str, self.cost), *map(_text, wrapped))
        return blake2b("\n".join(lines).encode(), key=master, person=b"orc-lab bundle 1", digest_size=32).digest()


_BUNDLE = "The bundle of this account's keys"


def _made(
    passphrase: str, account: str, version: int, data: Sequence[bytes], cost: Cost
) -> tuple[KeyBundle, Keys, str]:
    """A bundle with a new master key and a new recovery key."""
    if not _is_account(account):
        raise ValueError("an account's id is 1 to 200 printable characters")
    master, salt, typed = urandom(KEY), urandom(SALT), recovery.new()
    key, by = key_of(strong(passphrase), salt, cost), _for_data(master, account)
    bundle = KeyBundle(
        account=account,
        version=version,
        cost=cost,
        salt=salt,
        by_passphrase=_wrapped(master, key, account, "passphrase"),
        by_recovery=_by_recovery(master, typed, account),
        data=[_wrapped(one, by, account, f"data {number}") for number, one in enumerate(data, 1)],
    )
    return bundle._signed(master), Keys(account=account, master=master, data=dict(enumerate(data, 1))), typed


def _by_recovery(master: bytes, typed: str, account: str) -> bytes:
    """140 random bits need no Argon2: nobody guesses them."""
    return _wrapped(master, subkey(recovery.read(typed).encode(), "orc-lab recovery", account), account, "recovery")


def _for_data(master: bytes, account: str) -> bytes:
    return subkey(master, "orc-lab keys 1", account)


def _wrapped(key: bytes, by: bytes, account: str, role: str) -> bytes:
    nonce = urandom(NONCE)
    return nonce + encrypt(key, _bound(account, role), nonce, by)


def _unwrapped(wrapped: bytes, by: bytes, account: str, role: str) -> bytes | None:
    try:
        return decrypt(wrapped[NONCE:], _bound(account, role), wrapped[:NONCE], by)
    except CryptoError:
        return None


def _bound(account: str, role: str) -> bytes:
    return f"orc-lab key 1\n{account}\n{role}".encode()


def _read(text: str | bytes) -> KeyBundle:
    if len(text) > MAX_BUNDLE:
        raise _malformed(f"it is larger than {MAX_BUNDLE >> 10} KiB", "too large")
    try:
        raw = json.loads(text)
        if isinstance(raw, dict) and raw.get("format") != FORMAT:
            raise _malformed(f"its format is {str(raw.get('format'))[:20]}, this orc_lab knows {FORMAT}", "format")
        _, account, version, passphrase, by_recovery, data, mac = _parts(raw, _FIELDS)
        kdf, passes, memory, salt, wrapped = _parts(passphrase, _PASSPHRASE)
        (recovery_wrapped,) = _parts(by_recovery, ("wrapped",))
        cost = Cost(_number(passes), _number(memory))
        if kdf != "argon2id" or not bearable(cost):
            raise _malformed("it asks for too weak or too dear a derivation of the passphrase", "cost")
        if not _is_account(account) or not isinstance(data, list) or not 0 < len(data) <= MAX_EPOCHS:
            raise ValueError
        return KeyBundle(
            account=account,
            version=_number(version),
            cost=cost,
            salt=_bytes(salt, SALT),
            by_passphrase=_bytes(wrapped, _WRAPPED),
            by_recovery=_bytes(recovery_wrapped, _WRAPPED),
            data=[_bytes(one, _WRAPPED) for one in data],
            mac=_bytes(mac, 32),
        )
    except (ValueError, RecursionError):
        raise _malformed("it isn't what such a bundle is") from None


_FIELDS = ("format", "account", "version", "passphrase", "recovery", "keys", "mac")
_PASSPHRASE = ("kdf", "passes", "memory", "salt", "wrapped")


def _malformed(why: str, reason: str = "altered") -> Unopenable:
    step = "Look at the endpoint; upgrade orc_lab where it is older than on your other devices. Nothing was changed."
    return Unopenable(_BUNDLE, why, step, reason)


def _parts(raw: object, names: Sequence[str]) -> list[Any]:
    if not isinstance(raw, dict) or raw.keys() != set(names):
        raise ValueError
    return [raw[name] for name in names]


def _number(raw: object) -> int:
    if type(raw) is not int or not 0 < raw < 1 << 31:
        raise ValueError
    return raw


def _is_account(raw: object) -> bool:
    return isinstance(raw, str) and 0 < len(raw) <= 200 and raw.isprintable()


def _text(data: bytes) -> str:
    return b64encode(data).decode()


def _bytes(raw: object, size: int) -> bytes:
    if not isinstance(raw, str):
        raise ValueError
    try:
        data = b64decode(raw, validate=True)
    except NotBase64:
        raise ValueError from None
    if len(data) != size or _text(data) != raw:
        raise ValueError
    return data
