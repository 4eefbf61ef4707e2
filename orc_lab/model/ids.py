"""Identifiers: new ones sort by time (UUIDv7, RFC 9562), derived ones are the same on every device."""

import os
import time


def new_id() -> str:
    """Return a UUIDv7: 48 bits of Unix milliseconds, 12 of their fraction (RFC 9562, 6.2, method 3), 62 random ones.

    So rows made in one millisecond sort in the order in which they were made.
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = (rest << 12) // 1_000_000
    return _format(milliseconds << 80 | fraction << 64 | int.from_bytes(os.urandom(8)), version=7)


def dated_id(at: int, *parts: str) -> str:
    """Return the same UUIDv7 for the same instant (seconds UTC) and parts: derived, and it sorts by time."""
    import hashlib  # loads OpenSSL, 3 ms that a command which derives nothing saves

    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return _format((at * 1000) << 80 | int.from_bytes(digest[:10]), version=7)


def derived_id(*parts: str) -> str:
    """Return the same UUID (version 8) for the same parts, on every device."""
    import hashlib  # loads OpenSSL, 3 ms that a command which derives nothing saves

    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return _format(int.from_bytes(digest[:16]), version=8)


def _format(value: int, *, version: int) -> str:
    value = value & ~(0xF << 76) | version << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
