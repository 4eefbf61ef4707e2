"""What Todoist writes into texts: labels and links in a task's content, days in words or in ISO 8601."""

import re
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orc_lab.importers.reading import recurring, values
from orc_lab.importers.reading.values import YEARS
from orc_lab.model.clock import Clock

SOURCE = "todoist"
INBOX = "inbox"

_LABEL = re.compile(r"(?:^|(?<=\s))@([^\s@#!,;:/()\[\]]+)(?=\s|$)")
_LINK = re.compile(r"!?\[([^\[\]]{0,2000})\]\((\S{1,2000}?)\)")
_HEADING = re.compile(r"^\* +")
_EVERY = re.compile(
    r"(every|ev|after|daily|weekly|monthly|yearly|workday|jede[nrsm]?|alle|täglich|wöchentlich|monatlich|jährlich|"
    r"chaque|to(?:us|utes)|cada|todos|todas|ogni|tutti|elke|iedere|varje|hver|hvert|co|каждый|каждую|毎\w*|每\w*)\b",
    re.IGNORECASE,
)
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            *("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august"),
            *("sep sept september", "oct october", "nov november", "dec december"),
        ),
        1,
    )
    for name in names.split()
}
_TIME = r"(?:,?\s+(?:at\s+|@\s*)?\d{1,2}(?::\d\d)?(?::\d\d)?\s*(?:am|pm)?)?"
_DAY_FIRST = re.compile(rf"(\d{{1,2}})\.?\s+([a-z]+)\.?(?:,?\s+(\d{{4}}))?{_TIME}", re.IGNORECASE)
_MONTH_FIRST = re.compile(rf"([a-z]+)\.?\s+(\d{{1,2}})(?:,?\s+(\d{{4}}))?{_TIME}", re.IGNORECASE)
_DOTTED = re.compile(rf"(\d{{1,2}})\.(\d{{1,2}})\.(\d{{4}}){_TIME}", re.IGNORECASE)

REPEATS = recurring.STAYED
NO_YEAR = "its date tells no year: left empty"
IN_WORDS = "its date is in words that could mean several days: left empty"
NO_ZONE = "its time zone is unknown: taken as yours"


class Content(NamedTuple):
    """A task's content: the title alone, its labels, the addresses it links to, and whether it is only a heading."""

    title: str
    labels: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    heading: bool = False


class Told(NamedTuple):
    """A day (`YYYY-MM-DD`) of the person, or None; and what is to be said of it."""

    day: str | None = None
    sentence: str | None = None


def content(text: str, *, labelled: bool) -> Content:
    """Return what a task's content says; `@label` is a label only where no list of them stands beside it."""
    labels: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    if "](" in text:
        links = tuple(found[1] for found in _LINK.findall(text))
        text = _LINK.sub(lambda found: found[1] or found[2], text)
    if labelled and "@" in text:
        labels = tuple(dict.fromkeys(_LABEL.findall(text)))
        text = " ".join(_LABEL.sub("", text).split()) or text
    heading = text.startswith("* ")
    return Content(_HEADING.sub("", text) if heading else text, labels, links, heading)


def id_text(value: object) -> str | None:
    """Return an id as text, None where it can't be one."""
    if type(value) is str and value.isascii() and value.isalnum() and len(value) <= 100:
        return value
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    return values.clean(str(value)).strip()[:100] or None


@lru_cache(maxsize=8192)
def day_told(text: str, language: str, zone: str, clock: Clock) -> Told:
    """Return the day that a date of a CSV means, None where it takes guessing: a weekday, no year, another tongue."""
    text = text.strip()
    if not text:
        return Told()
    if (found := iso_day(text, clock, zone)).day is not None:
        return found
    if _EVERY.match(text):
        return Told(None, REPEATS)
    if match := _DOTTED.fullmatch(text):
        return _of(match[3], match[2], match[1])
    if language.strip().lower() in ("", "en"):
        if match := _DAY_FIRST.fullmatch(text):
            return _of(match[3], match[2], match[1])
        if match := _MONTH_FIRST.fullmatch(text):
            return _of(match[3], match[1], match[2])
    return Told(None, IN_WORDS)


def _of(year: str | None, month: str, day: str) -> Told:
    number = int(month) if month.isdecimal() else _MONTHS.get(month.lower())
    if number is None:
        return Told(None, IN_WORDS)
    if year is None:
        return Told(None, NO_YEAR)
    try:
        found = date(int(year), number, int(day))
    except ValueError:
        return Told(None, IN_WORDS)
    return Told(found.isoformat()) if found.year in YEARS else Told(None, IN_WORDS)


@lru_cache(maxsize=8192)
def iso_day(text: str, clock: Clock, zone: str = "") -> Told:
    """Return the person's day of an ISO 8601 date or time; a time without offset is one of the zone, if one is told."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return Told()
    if found.year not in YEARS:
        return Told()
    sentence = None
    if found.tzinfo is None and zone and len(text) > 10:
        try:
            found = found.replace(tzinfo=ZoneInfo(zone))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            sentence = NO_ZONE
    if found.tzinfo is not None:
        found = found.astimezone(clock.tz)
    return Told(found.date().isoformat(), sentence)
