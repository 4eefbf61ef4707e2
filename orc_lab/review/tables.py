"""Frames as rows of plain values, and how long a table may get."""

from __future__ import annotations

from typing import Any

import pandas as pd

from orc_lab.review.sentence import Sentence, say

ROWS = 15


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return one dict a row."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def text(value: Any) -> str | None:
    """Return a text, None for no value."""
    return None if pd.isna(value) else str(value)


def number(value: Any) -> float | None:
    """Return a number, None for no value."""
    return None if pd.isna(value) else float(value)


def more(count: int, noun: str) -> Sentence | None:
    """Return what stands below a table that shows only ROWS of `count` rows."""
    rest = count - ROWS
    return say(f"And {{rest:# more {noun}|# more {noun}s}}.", rest=rest) if rest > 0 else None
