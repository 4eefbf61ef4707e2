"""Seals a cell's value so that only the person's devices can read it, and nobody can pass it off as another one.

A value is a JSON object, padded, under XChaCha20-Poly1305 with a random nonce. Everything that travels beside it is
bound to it: a server that moves it to another record, says that something else was overwritten, or alters a bit has
made something that doesn't open. docs/encryption.md has every byte.
"""

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from os import urandom
from typing import Any, NoReturn

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt as decrypt,
)
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_encrypt as encrypt,
)
from nacl.exceptions import CryptoError

from orc_lab.errors import OrcError
from orc_lab.model.change import Value
from orc_lab.sync.cells import JOINT, Cell
from orc_lab.sync.wire import MAX_RECORD_BYTES, Plain, Refused, Sealed, write_dot

KEY, NONCE, TAG = 32, 24, 16  # bytes
MAX_SEALED = MAX_RECORD_BYTES * 3 // 4  # bytes, so that in base64 it can be a record
_LEAST, _STEP = 96, 5  # bytes that any value takes; bits of the finest step above that
_LINES = 10  # of what is bound to a value
_INTEGERS = 1 << 63
_UNFIT = "it holds what is no text, no number and not nothing"


class Unopenable(OrcError):
    """Something sealed that doesn't open, or isn't what it should be. `reason` is a word for it: `altered`, `key`,
    `plaintext`, `too large`, `unfit`, `account` or `rollback`."""

    def __init__(self, what: str, why: str, step: str, reason: str = "altered") -> None:
        self.reason = reason
        super().__init__(f"{what} can't be opened: {why}. {step}")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


_write = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode
_write_sorted = json.JSONEncoder(separators=(",", ":"), sort_keys=True).encode
_read = json.JSONDecoder(parse_constant=_no_constant).decode


class Sealer:
    """Seals and opens cells of one account with its data keys, writing with the one numbered `current`."""

    def __init__(self, keys: Mapping[int, bytes], current: int, account: str) -> None:
        """Derive the keys for cells; raises ValueError for keys of another length, or without the current one."""
        if current not in keys or any(len(key) != KEY for key in keys.values()):
            raise ValueError("a sealer needs keys of 32 bytes, and the current one among them")
        self._keys = {number: subkey(key, "orc-lab cells 1", account) for number, key in keys.items()}
        self._heads = {number: f"orc-lab cell 1\n{account}\n{number}" for number in keys}
        self._current = current

    def seal(self, table: str, id: str, group: str, cell: Cell, value: Mapping[str, Value]) -> Cell:
        """Return the cell with its value sealed; `table` is the name on the wire.

        A cell that deletes its record tells what that began with, so that it can be made again where it is needed.

        Raises Refused for a value that can't be sealed: bytes, numbers that JSON hasn't, or too much of it.
        """
        dot, base, seen, kept, auto, covers, _ = cell
        if not _fit(group, value):
            raise Refused(f"the {group} can't be written as JSON: {_UNFIT}", "unfit")
        try:
            text = _write(value if type(value) is dict else dict(value)).encode()
            bound = _bound(self._heads[self._current], table, id, group, cell)
        except UnicodeEncodeError:
            raise Refused(f"the {group} has half characters (lone surrogates)", "unfit") from None
        except ValueError as error:
            raise Refused(str(error), "unfit") from None
        size = padded(len(text))
        if size > MAX_SEALED - NONCE - TAG:
            raise Refused(f"the {group} is larger than {MAX_SEALED >> 10} KiB", "too large")
        nonce = urandom(NONCE)  # never drawn ahead: after a fork two processes would use the same ones
        data = nonce + encrypt(text.ljust(size), bound, nonce, self._keys[self._current])
        return Cell(dot, base, seen, kept, auto, covers, Sealed(self._current, data))

    def open(self, table: str, id: str, group: str, cell: Cell) -> dict[str, Value]:
        """Return the value of a sealed cell; raises Unopenable."""
        body = cell.body
        if type(body) is not Sealed:
            raise _plaintext(table, id, group, body)
        key, data = body
        if key not in self._keys:
            step = "It may be newer than what this device knows: sync again, which fetches the keys."
            raise Unopenable(_name(table, id, group), f"its key {key} isn't here", step, "key")
        if not NONCE + TAG < len(data) <= MAX_SEALED:
            reason = "too large" if len(data) > MAX_SEALED else "altered"
            raise _altered(table, id, group, f"it has {len(data):,} bytes", reason)
        try:
            bound = _bound(self._heads[key], table, id, group, cell)
            text = decrypt(data[NONCE:], bound, data[:NONCE], self._keys[key])
        except (CryptoError, ValueError):
            raise _altered(table, id, group, "it was altered, or sealed for something else") from None
        try:
            value = _read(text.decode())
        except (ValueError, RecursionError):
            raise _altered(table, id, group, "what was sealed is no JSON", "unfit") from None
        if type(value) is not dict or not _fit(group, value) or (b"\\u" in text and not _whole(value)):
            raise _altered(table, id, group, _UNFIT, "unfit")
        return value


def subkey(key: bytes, purpose: str, of: str) -> bytes:
    """Return a key of 32 bytes for one purpose, of at most 16 characters, so that no key is used for two."""
    return blake2b(of.encode(), key=key, person=purpose.encode(), digest_size=KEY).digest()


@lru_cache(maxsize=4096)
def padded(size: int) -> int:
    """Return the bytes that so many are padded to: 96 at least, then steps of 32, then of an ever larger power of two.

    So nobody sees from its size whether a todo is done, and of a long note only the first digits of its length.
    The steps are PADMÉ's (Nikitin et al. 2019): at most 12 % more, and the logarithm of the logarithm of a size leaks.
    """
    exponent = size.bit_length() - 1
    step = (1 << max(_STEP, exponent - exponent.bit_length())) - 1
    return max(_LEAST, (size + step) & ~step)


def _bound(head: str, table: str, id: str, group: str, cell: Cell) -> bytes:
    """What is bound to a value, a line each. Raises ValueError where a part has a line feed: two could look alike."""
    dot, base, seen, kept, auto, covers, _ = cell
    rest = "{}"
    if seen or kept or auto or covers is not None:
        rest = _rest(cell)
    op = "upsert" if covers is None else "delete"
    before = "" if base is None else write_dot(base)
    text = f"{head}\n{table}\n{id}\n{group}\n{op}\n{write_dot(dot)}\n{before}\n{rest}"
    if text.count("\n") != _LINES - 1:
        raise ValueError("an account, id or name has a line feed")
    return text.encode()


def _rest(cell: Cell) -> str:
    found: dict[str, Any] = {}
    if cell.auto:
        found["auto"] = True
    if cell.covers is not None:
        found["covers"] = {group: dict(seen) for group, seen in cell.covers.items()}
    if cell.kept:
        found["kept"] = [write_dot(dot) for dot in cell.kept]
    if cell.seen:
        found["seen"] = dict(cell.seen)
    return _write_sorted(found)


def _fit(group: str, value: Mapping[str, Any]) -> bool:
    """Whether a value is one: of a joint cell the groups' values under their names, and when they took effect."""
    if JOINT not in group:
        return _fits(value)
    groups = {*group.split(JOINT)}
    parts = [one for name, one in value.items() if name in groups]
    rest = {name: one for name, one in value.items() if name not in groups}
    return all(type(one) is dict and _fits(one) for one in parts) and _fits(rest)


def _fits(value: Mapping[str, object]) -> bool:
    for one in value.values():
        kind = type(one)
        if kind is str or one is None:
            continue
        if kind is int and -_INTEGERS <= one < _INTEGERS:  # type: ignore[operator]
            continue
        if not (kind is float and math.isfinite(one)):  # type: ignore[arg-type]
            return False
    return True


def _whole(value: Mapping[str, object]) -> bool:
    """Whether no text in a value has half a character, which no database takes."""
    try:
        _write(value).encode()
    except UnicodeEncodeError:
        return False
    return True


def _name(table: str, id: str, group: str) -> str:
    return f"The {group[:40]} of {id[:80]!r} in {table[:40]}"


def _altered(table: str, id: str, group: str, why: str, reason: str = "altered") -> Unopenable:
    step = "What stands here was left as it is; `orc sync verify` compares it with the server."
    return Unopenable(_name(table, id, group), why, step, reason)


def _plaintext(table: str, id: str, group: str, body: object) -> Unopenable:
    why = "it isn't encrypted" if isinstance(body, Plain) else "it has no value"
    step = "This account is encrypted, so that no device of yours wrote it: nothing of it was taken over."
    return Unopenable(_name(table, id, group), why, step, "plaintext")
