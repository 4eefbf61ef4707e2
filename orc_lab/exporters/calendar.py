"""Content lines of RFC 5545: names and values, escaped, folded at 75 octets, ended by CRLF."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TextIO

WIDTH = 75  # octets of a line, its end not counted
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SPECIAL = re.compile(r"[\\;,]")

Line = tuple[str, str]  # a property's name with its parameters, and its value as it is written


def text(value: str) -> str:
    """Return a text as a value: line ends as `\\n`, separators escaped, control characters replaced."""
    if not value.isprintable() or "\n" in value:
        value = _CONTROL.sub("\ufffd", value.replace("\r\n", "\n").replace("\r", "\n"))
    return _SPECIAL.sub(r"\\\g<0>", value).replace("\n", "\\n")


@lru_cache(maxsize=65536)
def instant(seconds: int) -> str | None:
    """Return an instant in UTC; None outside the years that have a date."""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y%m%dT%H%M%SZ}".zfill(16)
    except (ValueError, OverflowError, OSError):
        return None


@lru_cache(maxsize=65536)
def day(told: str | None) -> str | None:
    """Return a day `2026-11-25` as a value; None for what is none."""
    try:
        return None if told is None else f"{date.fromisoformat(told):%Y%m%d}".zfill(8)
    except ValueError:
        return None


def duration(hours: float) -> str:
    """Return hours as a duration, to the second."""
    seconds = round(hours * 3600)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    parts = "".join(f"{count}{unit}" for count, unit in ((hour, "H"), (minute, "M"), (second, "S")) if count)
    return f"PT{parts or '0S'}"


def write(out: TextIO, kind: str, lines: Iterable[tuple[str, str | None]]) -> None:
    """Write a component; properties without a value are left out."""
    body = "\r\n".join([folded(f"{name}:{value}") for name, value in lines if value is not None])
    out.write(f"BEGIN:{kind}\r\n{body}\r\nEND:{kind}\r\n")


def folded(line: str) -> str:
    """Return a line in pieces of at most 75 octets, none of which ends within a character."""
    if len(line) <= WIDTH and (line.isascii() or len(line.encode()) <= WIDTH):
        return line
    pieces, raw, start = [], line.encode(), 0
    width = WIDTH
    while start < len(raw):
        end = min(start + width, len(raw))
        while end < len(raw) and raw[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(raw[start:end].decode())
        start, width = end, WIDTH - 1  # a later piece begins with a space
    return "\r\n ".join(pieces)
