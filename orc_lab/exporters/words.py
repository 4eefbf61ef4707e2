"""What exports of every kind hold: local and UTC times, and cells that no spreadsheet runs."""

import json
from datetime import UTC, datetime
from functools import lru_cache

from orc_lab.model import spreadsheet
from orc_lab.model.change import Value
from orc_lab.model.clock import Clock
from orc_lab.store.snapshot import Torn


@lru_cache(maxsize=65536)
def local(instant: int, clock: Clock) -> str:
    """Return an instant as ISO 8601 in the person's zone, with its offset; "" outside the years that have a date."""
    try:
        return datetime.fromtimestamp(instant, clock.tz).isoformat()
    except (ValueError, OverflowError, OSError):
        return ""


@lru_cache(maxsize=65536)
def utc(instant: int) -> str:
    """Return an instant as ISO 8601 in UTC, `2026-11-25T08:00:00Z`; "" outside the years that have a date."""
    try:
        return f"{datetime.fromtimestamp(instant, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return ""


def text(value: Value) -> str:
    """Return a value as text; numbers as Python writes them, None as nothing."""
    if isinstance(value, bytes):
        return str(value) if isinstance(value, Torn) else value.hex()
    return "" if value is None else str(value)


def guarded(value: Value) -> str:
    """Return a value as a cell: a number as it is, text so that no spreadsheet runs it."""
    if isinstance(value, str):
        return spreadsheet.guarded(value)
    if isinstance(value, (int, float)):
        return repr(value)
    return "" if value is None else spreadsheet.guarded(text(value))


def tags(stored: Value) -> list[str]:
    """Return the tags of a stored JSON array; what another tool wrote there that is none counts as one tag."""
    if stored is None:
        return []
    told = text(stored)
    try:
        found = json.loads(told)
    except ValueError:
        return [told]
    return [str(tag) for tag in found] if isinstance(found, list) else [told]
