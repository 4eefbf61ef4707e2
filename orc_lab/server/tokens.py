"""How far a device has come with what its account holds, as a text that only this store can make.

A device is told everything after `told`. While that takes several replies, `at` says how far they have come in the
order of the records' newest numbers; a record that changes meanwhile moves to the end, so none is passed over.
"""

import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from typing import NamedTuple

from orc_lab.errors import OrcError

_PARTS = struct.Struct(">BQQ8sQQQ")
_VERSION = 1
_MAC = 16


class BadToken(OrcError):
    """A token that this store never gave to this device."""

    def __init__(self) -> None:
        super().__init__("The Sync-Token isn't one that this server gave to this device. Begin with an empty one.")


class Position(NamedTuple):
    """What a token says. `floor` is the highest removed number that it allows for: beyond it, it is stale."""

    account: int
    device: int
    epoch: str
    told: int
    at: int
    floor: int

    @property
    def whole(self) -> bool:
        """Return whether the device has everything up to a number, with no reply outstanding."""
        return self.told == self.at


def write(position: Position, secret: bytes) -> str:
    """Return the token of a position."""
    account, device, epoch, told, at, floor = position
    parts = _PARTS.pack(_VERSION, account, device, bytes.fromhex(epoch), told, at, floor)
    return _text(parts + _mac(parts, secret))


def read(token: str, secret: bytes) -> Position:
    """Return the position of a token; raises BadToken for one that this store didn't make."""
    try:
        data = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except (NotBase64, ValueError):
        raise BadToken from None
    parts, mac = data[:-_MAC], data[-_MAC:]
    whole = len(parts) == _PARTS.size and _text(data) == token  # the decoder passes over what it doesn't know
    if not whole or not hmac.compare_digest(mac, _mac(parts, secret)) or parts[0] != _VERSION:
        raise BadToken
    _, account, device, epoch, told, at, floor = _PARTS.unpack(parts)
    return Position(account, device, epoch.hex(), told, at, floor)


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _mac(parts: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, parts, "sha256")[:_MAC]
