"""Identifiers: new ones sort by time (UUIDv7, RFC 9562), derived ones are the same on every device."""

import os
import time
from functools import cache
from typing import Any


def new_id() -> str:
    """Return a UUIDv7: 48 bits of Unix milliseconds, 12 of their fraction (RFC 9562, 6.2, method 3), 62 random ones.

    So rows made in one millisecond sort in the order in which they were made.
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = (rest << 12) // 1_000_000
    return _format(milliseconds << 80 | fraction << 64 | int.from_bytes(os.urandom(8)), version=7)


def dated_id(at: int, *parts: str) -> str:
    """Return the same UUIDv7 for the same instant (seconds UTC) and parts: derived, and it sorts by time."""
    time, rest = f"{at * 1000:012x}", _digest(parts)
    return f"{time[:8]}-{time[8:]}-7{rest[1:4]}-{_VARIANT[rest[4]]}{rest[5:8]}-{rest[8:20]}"


def derived_id(*parts: str) -> str:
    """Return the same UUID (version 8) for the same parts, on every device."""
    all = _digest(parts)
    return f"{all[:8]}-{all[8:12]}-8{all[13:16]}-{_VARIANT[all[16]]}{all[17:20]}-{all[20:32]}"


def _digest(parts: tuple[str, ...]) -> str:
    hash = _nothing().copy()  # takes half as long as a new one
    hash.update("\x1f".join(parts).encode())
    return str(hash.hexdigest())


@cache
def _nothing() -> Any:
    import hashlib  # loads OpenSSL, 3 ms that a command which derives nothing saves

    return hashlib.sha256()


_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}  # its first two bits are 1 and 0


def _format(value: int, *, version: int) -> str:
    value = value & ~(0xF << 76) | version << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
