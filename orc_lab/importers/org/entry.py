"""What a heading tells: its title and links, its text, its effort, its days, its priority."""

import re
from collections.abc import Mapping
from textwrap import dedent

from orc_lab.importers.org.outline import Heading
from orc_lab.importers.org.stamps import Stamp, effort, stamp
from orc_lab.importers.reading import recurring
from orc_lab.importers.reading.fields import Fields
from orc_lab.importers.reading.values import clean
from orc_lab.model.codec import MOST_HOURS
from orc_lab.model.entities import Priority

_LINK = re.compile(r"\[\[([^\[\]]+)\](?:\[([^\[\]]+)\])?\]")
_LEVELS: Mapping[str, Priority] = {"A": Priority.HIGH, "B": Priority.MEDIUM, "C": Priority.LOW}


def title(text: str) -> tuple[str, list[str]]:
    """Return a title with the links in it as text, and their addresses."""
    if "[[" not in text:
        return text, []
    links = [target for target, name in _LINK.findall(text) if name]
    return _LINK.sub(lambda found: found[2] or found[1], text), links


def plain(text: str) -> str:
    """Return a title as a name: without its links' addresses."""
    return clean(title(text)[0].strip())


def text(heading: Heading) -> str:
    """Return the text below a heading."""
    return dedent("\n".join(heading.body)).strip() if heading.body else ""


def estimate(heading: Heading, fields: Fields) -> float | None:
    """Return the hours of its effort."""
    told = heading.properties.get("EFFORT")
    if not told:
        return None
    found = effort(told)
    if found is None or found.hours > MOST_HOURS:
        fields.warn("its effort is no duration: left empty")
        return None
    if found.guessed:
        fields.warn("its effort is in days or longer: a day taken as 8 hours, a week as 40")
    return found.hours


def days(heading: Heading, fields: Fields) -> dict[str, str | None]:
    """Return the deadline as the due date; until the day it is scheduled for, a task is out of sight."""
    found: dict[str, str | None] = {}
    for word, ours in (("DEADLINE", "due_date"), ("SCHEDULED", "snoozed_until")):
        if word in heading.planning:
            told = stamp(heading.planning[word])
            if told is None:
                fields.warn(f"its {word} is no date: left empty")
                continue
            found[ours] = told.wall.date().isoformat()
            if told.rule is not None:
                fields.note(recurring.CAME)
            elif told.repeats:
                fields.warn(recurring.STAYED)
    return found


def repeater(heading: Heading) -> Stamp | None:
    """Return the date of a todo that a rule repeats: the deadline's, else that of its schedule."""
    dates = (stamp(heading.planning[word]) for word in ("DEADLINE", "SCHEDULED") if word in heading.planning)
    return next((one for one in dates if one is not None and one.rule is not None), None)


def levels(told: str) -> Mapping[str, Priority]:
    """Return what a file's priorities mean, `A C B` as highest, lowest and default: by their place on the scale."""
    words = told.split()
    if len(words) < 2:
        return _LEVELS
    high, low = (int(word) if word.isdecimal() else ord(word[0]) for word in words[:2])
    if not 2 <= low - high <= 64:
        return _LEVELS
    numbered = words[0].isdecimal()
    places = {str(one) if numbered else chr(one): (one - high) / (low - high) for one in range(high, low + 1)}
    return {name: _level(place, low - high > 2) for name, place in places.items()}


def _level(place: float, finely: bool) -> Priority:
    if place == 0 and finely:
        return Priority.URGENT
    if place < 0.4:
        return Priority.HIGH
    return Priority.MEDIUM if place < 0.7 else Priority.LOW
