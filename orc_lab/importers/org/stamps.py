"""Org's timestamps and durations. A timestamp is floating: the wall-clock time wherever the person was."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from orc_lab.importers.reading import recurring
from orc_lab.importers.reading.values import YEARS, number

STAMP = (  # year, month, day, hour, minute, and what follows: a repeater, a warning
    r"[<\[](\d{4})-(\d\d)-(\d\d)(?:[ \t]+[^\s\]>\d+.-][^\s\]>]*)?"
    r"(?:[ \t]+(\d{1,2}):(\d\d)(?:-\d{1,2}:\d\d)?)?([^\]>\n]*)[\]>]"
)
_STAMP = re.compile(STAMP)
_REPEATER = re.compile(r"(?:^|\s)([.+]?)\+(\d+)([hdwmy])")
_CLOCKED = re.compile(r"(\d+):(\d\d)(?::(\d\d))?")
_PART = re.compile(r"(\d+(?:\.\d*)?)\s*(min|h|d|w|m|y)\s*")
# Hours a unit, as org's own table of efforts had them: a day of 8 hours, a week of 40.
_HOURS: Mapping[str, float] = {"min": 1 / 60, "h": 1, "d": 8, "w": 40, "m": 160, "y": 1600}
_OF_A_DAY = re.compile(r"[dwmy]")


class Stamp(NamedTuple):
    """A timestamp: its wall-clock time (midnight where none is told), whether it tells a time, whether it repeats, and
    by which rule, where there is one for that."""

    wall: datetime
    timed: bool
    repeats: bool
    rule: str | None = None


@lru_cache(maxsize=8192)
def stamp(text: str) -> Stamp | None:
    """Return the first timestamp in a text, None where there is none that is a date."""
    match = _STAMP.search(text)
    if match is None:
        return None
    year, month, day, hour, minute, rest = match.groups()
    try:
        wall = datetime(int(year), int(month), int(day), int(hour or 0) % 24, int(minute or 0))
    except ValueError:
        return None
    if wall.year not in YEARS:
        return None
    repeater = _REPEATER.search(rest) if rest else None
    return Stamp(wall, hour is not None, repeater is not None, _rule(repeater) if repeater else None)


def _rule(repeater: re.Match[str]) -> str | None:
    """Return the rule of `+1w` or `++1w`; `.+1w` counts from when it was done."""
    since, every, unit = repeater.groups()
    return None if since == "." or len(every) > 4 else recurring.rule(int(every), unit)


class Effort(NamedTuple):
    """Hours of work, and whether they rest on how long a day was meant to be."""

    hours: float
    guessed: bool = False


@lru_cache(maxsize=4096)
def effort(text: str) -> Effort | None:
    """Return an effort: `1:30`, `1:30:00`, `2h 30min`, `1d 3:20`; a bare number is minutes. None for anything else."""
    text = text.strip()
    if len(text) > 40:
        return None
    if (minutes := number(text)) is not None:
        return Effort(minutes / 60) if minutes >= 0 else None
    hours, place = 0.0, 0
    while match := _PART.match(text, place):
        hours += float(match[1]) * _HOURS[match[2]]
        place = match.end()
    if place < len(text):
        match = _CLOCKED.fullmatch(text, place)
        if match is None:
            return None
        hours += int(match[1]) + int(match[2]) / 60 + int(match[3] or 0) / 3600
    return Effort(hours, _OF_A_DAY.search(text.replace("min", "")) is not None) if place or text else None
