"""What one address or one request may cost: wrong keys, bytes before and after decompression, seconds."""

import asyncio
import zlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from ipaddress import ip_address
from math import ceil

from orc_lab.errors import OrcError

WRONG_KEYS = 10  # that an address may try at once, and then one every
EVERY = 6.0  # seconds
BODY_SECONDS = 30.0  # for a whole body to arrive
_ADDRESSES = 10_000  # that are remembered
_KNOWN = 10_000  # keys that were right
_GZIP = 16 + zlib.MAX_WBITS


class TooLarge(OrcError):
    """A body larger than what is read of any."""

    def __init__(self, most: int) -> None:
        super().__init__(f"The body is larger than {most:,} bytes, which is the most that is read.")


class TooSlow(OrcError):
    """A body that didn't arrive in time."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The body didn't arrive within {seconds:g} s.")


class Undecodable(OrcError):
    """A body in an encoding that isn't known, or that isn't what it says it is."""

    def __init__(self, encoding: str) -> None:
        super().__init__(f"The body can't be decoded as {encoding[:40]!r}; send it as it is, or compressed by gzip.")


class TooManyTries(OrcError):
    """Too many wrong keys from one address; `wait` is for how many seconds."""

    def __init__(self, wait: float) -> None:
        self.wait = ceil(wait)
        super().__init__(f"Too many wrong keys came from this address. Try again in {self.wait} s.")


class WrongKeys:
    """Counts wrong keys by address. A key that was right lately isn't locked out by its neighbours.

    Beyond the limit no key is looked up, so that guessing costs the store nothing. Used by one thread.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._debts: OrderedDict[str, tuple[float, float]] = OrderedDict()  # of an address: wrong keys, as of when
        self._right: OrderedDict[bytes, None] = OrderedDict()

    def check(self, address: str, key_hash: bytes) -> None:
        """Raise TooManyTries where an address has to wait before its key is looked at."""
        debt = self._debt(_network(address))
        if debt >= WRONG_KEYS and not self.knows(key_hash):
            raise TooManyTries((debt - WRONG_KEYS + 1) * EVERY)

    def knows(self, key_hash: bytes) -> bool:
        """Return whether a key was right lately."""
        return key_hash in self._right

    def wrong(self, address: str, key_hash: bytes) -> None:
        """Note a wrong key."""
        self._right.pop(key_hash, None)
        address = _network(address)
        self._debts[address] = (min(self._debt(address) + 1, 2 * WRONG_KEYS), self._now())
        self._debts.move_to_end(address)
        if len(self._debts) > _ADDRESSES:
            self._debts.popitem(last=False)

    def right(self, key_hash: bytes) -> None:
        """Note a key that was right."""
        self._right[key_hash] = None
        if len(self._right) > _KNOWN:
            self._right.popitem(last=False)

    def _debt(self, address: str) -> float:
        debt, since = self._debts.get(address, (0.0, 0.0))
        return max(0.0, debt - (self._now() - since) / EVERY)


def _network(address: str) -> str:
    """What one guesser can have many of: an IPv6 address without its second half."""
    try:
        whole = ip_address(address)
    except ValueError:
        return address
    return address if whole.version == 4 else whole.exploded[:19]


async def read_body(pieces: AsyncIterator[bytes], *, said: str, most: int, seconds: float = BODY_SECONDS) -> bytes:
    """Return a whole body of at most so many bytes; `said` is its Content-Length, "" where there is none.

    Raises TooLarge, before reading where the length says so, and TooSlow.
    """
    if said.isdecimal() and int(said) > most:
        raise TooLarge(most)
    found = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for piece in pieces:
                found += piece
                if len(found) > most:
                    raise TooLarge(most)
    except TimeoutError:
        raise TooSlow(seconds) from None
    return bytes(found)


def decoded(body: bytes, encoding: str, *, most: int) -> bytes:
    """Return a body without its encoding; raises Undecodable, or TooLarge without decompressing more than `most`."""
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise Undecodable(encoding)
    reader = zlib.decompressobj(_GZIP)
    try:
        found = reader.decompress(body, most + 1)
    except zlib.error:
        raise Undecodable(encoding) from None
    if len(found) > most:
        raise TooLarge(most)
    if not reader.eof or reader.unused_data:
        raise Undecodable(encoding)
    return found
