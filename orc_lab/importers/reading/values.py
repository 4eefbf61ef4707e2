"""Words, dates, durations and numbers as files write them. What can't be read is None, never an error."""

import math
import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal

from orc_lab.model.clock import Clock

When = int | date  # an instant (seconds UTC), or a day of the person where no time was told
Unit = Literal["h", "min", "s"]

YEARS = range(1970, 9998)
_FIRST = 86_400  # the first day of 1970 is what an empty date looks like
_IN_SECONDS = 1e11  # more than this are milliseconds (or micro-, or nanoseconds)
_IN_NANOSECONDS = _IN_SECONDS * 1e9
_LONGEST = 40  # characters of a duration
_MOST_HOURS = 1e9  # a hundred thousand years: what is more was no time
_PER_HOUR = {"h": 1.0, "min": 60.0, "s": 3600.0}
_PARTS = re.compile(
    r"()(?:([\d.,]+)\s*h(?:(?:ou)?rs?)?)?\s*(?:([\d.,]+)\s*m(?:in(?:ute)?s?)?)?\s*(?:([\d.,]+)\s*s(?:ec(?:ond)?s?)?)?",
    re.IGNORECASE,
)
_ISO_DURATION = re.compile(r"P(?:([\d.]+)D)?(?:T(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?)?", re.IGNORECASE)
_CLOCKED = re.compile(r"(-?)(\d{1,6}):([0-5]?\d)(?::([0-5]?\d(?:\.\d+)?))?")
_COMPACT = re.compile(r"(?:19|20)\d{12}")  # as milliseconds it would be a year after 2570
_SPACED_OFFSET = re.compile(r"\s+(?=[+-]\d\d:?\d\d$)")


@lru_cache(maxsize=4096)
def bare(name: str) -> str:
    """Return a word without what spellings differ in: `estimatedHours` and `Estimated hours` are one."""
    return "".join(filter(str.isalnum, name)).lower()


def clean(text: str) -> str:
    """Return text that a database holds: half characters (lone surrogates) and NULs become U+FFFD."""
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def number(value: object) -> float | None:
    """Return a finite number: of a number, or of text with a decimal point or comma."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        value = _decimal(value)
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def _decimal(text: str) -> str:
    text = text.strip().replace("\u00a0", "").replace("_", "?")
    if "," in text and "." in text:  # the one that comes last is the decimal sign
        thousands = "," if text.rindex(".") > text.rindex(",") else "."
        text = text.replace(thousands, "")
    return text.replace(",", ".")


def hours(value: object, unit: Unit = "h") -> float | None:
    """Return hours, which may be negative: of a number in `unit`, `1:30`, `01:30:00`, `1h 30m`, `90 min`, `PT1H30M`.

    `2d` is unreadable: nobody knows how long a working day was meant to be.
    """
    if isinstance(value, str) and len(value := value.strip()) <= _LONGEST:
        found = _told_hours(value, unit)
    else:
        found = number(value)
        found = None if found is None else found / _PER_HOUR[unit]
    return found if found is not None and abs(found) <= _MOST_HOURS else None


@lru_cache(maxsize=4096)  # most tasks of a life take as long as many others
def _told_hours(text: str, unit: Unit) -> float | None:
    if (found := number(text)) is not None:
        return found / _PER_HOUR[unit]
    if match := _CLOCKED.fullmatch(text):
        spent = int(match[2]) + int(match[3]) / 60 + float(match[4] or 0) / 3600
        return -spent if match[1] else spent
    if match := _ISO_DURATION.fullmatch(text) or _PARTS.fullmatch(text):
        parts = [number(part) for part in match.groups()]
        if any(part is not None for part in parts):
            d, h, m, s = (part or 0.0 for part in parts)
            return 24 * d + h + m / 60 + s / 3600
    return None


def when(value: object, clock: Clock, form: str | None = None) -> When | None:
    """Return the instant or the day that a value tells, in the person's zone where it tells none.

    Numbers are seconds or milliseconds since 1970, by their size, also as text; text is ISO 8601, or of `form`
    (as strptime reads it), or `20260327220000`. Years outside 1970–9997 and the first day of 1970 count as unreadable.
    """
    if isinstance(value, str):
        text = value.strip()
        if form is None and _COMPACT.fullmatch(text) and (found := _formed(text, clock, "%Y%m%d%H%M%S")) is not None:
            return found
        if form is None and (len(text) < 9 or not text.removeprefix("-").replace(".", "", 1).isdecimal()):
            return _dated(text, clock)
        if form is not None:
            return _formed(text, clock, form)
    return _epoch(number(value))


def _epoch(seconds: float | None) -> int | None:
    if seconds is None or not _FIRST <= seconds < _IN_NANOSECONDS:
        return None
    while seconds >= _IN_SECONDS:
        seconds /= 1000
    return int(seconds)


def _dated(text: str, clock: Clock) -> When | None:
    if len(text) <= 10 and ":" not in text:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            return None
        return day if day.year in YEARS else None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        try:
            found = datetime.fromisoformat(_SPACED_OFFSET.sub("", text.replace(" UTC", "Z")))
        except ValueError:
            return None
    return _placed(found, clock)


@lru_cache(maxsize=8192)
def _formed(text: str, clock: Clock, form: str) -> When | None:
    try:
        found = datetime.strptime(text, form)  # noqa: DTZ007 - without a zone it is the person's
    except ValueError:
        return None
    if "%H" in form or "%I" in form:
        return _placed(found, clock)
    return found.date() if found.year in YEARS else None


def _placed(found: datetime, clock: Clock) -> int | None:
    if found.year not in YEARS:
        return None
    instant = clock.instant(found) if found.tzinfo is None else int(found.timestamp())
    return instant if instant >= _FIRST else None


@lru_cache(maxsize=8192)
def at_hour(day: date, hour: int, clock: Clock) -> int:
    """Return the instant of a full hour of a person's day; where their day starts later, so many hours after that.

    The working day is taken from 9 to 17, so that what began and ended on one day is in order.
    """
    late = max(timedelta(), clock.shift - timedelta(hours=9))
    return clock.instant(datetime.combine(day, time()) + timedelta(hours=hour) + late)


def day_of(moment: When, clock: Clock) -> date:
    """Return the calendar day of a moment. Midnight UTC is how browsers store a day that was picked: that day."""
    if isinstance(moment, date):
        return moment
    picked = datetime.fromtimestamp(moment, UTC)
    return picked.date() if moment % 86_400 == 0 else picked.astimezone(clock.tz).date()
