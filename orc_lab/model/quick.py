"""The short syntax of `orc add`: `Write draft +Thesis 2h !high @fri #deep`."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from orc_lab.errors import InvalidValue
from orc_lab.model.entities import Priority

_HOURS = re.compile(r"(?:(\d{1,6}(?:[.,]\d{1,6})?)h)?(?:(\d{1,6})m(?:in)?)?", re.IGNORECASE)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PRIORITY = {p.value: p for p in Priority} | {"!": Priority.HIGH, "!!": Priority.URGENT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Quick:
    """What a line of quick syntax says; what it doesn't say is None."""

    title: str
    project: str | None = None
    hours: float | None = None
    priority: Priority | None = None
    due: date | None = None
    tags: tuple[str, ...] = ()


def parse(text: str, today: date) -> Quick:
    """Return what the line says. A word that isn't understood stays in the title; a doubled sigil (`++`) escapes it."""
    words: list[str] = []
    found: dict[str, object] = {}
    tags: list[str] = []
    for word in text.split():
        key, value = _read(word, today)
        if key == "tag" and isinstance(value, str):
            tags.append(value)
        elif key is None or key in found:
            words.append(word[1:] if word[:2] in ("++", "@@", "##") else word)
        else:
            found[key] = value
    return Quick(title=" ".join(words), tags=tuple(dict.fromkeys(tags)), **found)  # type: ignore[arg-type]


def _read(word: str, today: date) -> tuple[str | None, object]:
    sigil, rest = word[:1], word[1:]
    if sigil == "+" and rest and not rest.startswith("+"):
        return "project", rest.replace("_", " ")
    if sigil == "#" and rest and not rest.startswith("#"):
        return "tag", rest
    if sigil == "!" and rest.lower() in _PRIORITY:
        return "priority", _PRIORITY[rest.lower()]
    if sigil == "@" and (due := day(rest, today)):
        return "due", due
    if (spent := hours(word)) is not None:
        return "hours", spent
    return None, None


def hours(word: str) -> float | None:
    """Return the hours of `2h`, `1.5h`, `90m` or `1h30m`; None for anything else."""
    match = _HOURS.fullmatch(word)
    if not match or not (match[1] or match[2]):
        return None
    return float((match[1] or "0").replace(",", ".")) + int(match[2] or 0) / 60


def hours_said(text: str) -> float:
    """Return the hours of `2`, `1.5`, `2h`, `90m` or `1h30m`; raises InvalidValue."""
    found = hours(text)
    try:
        return float(text.replace(",", ".")) if found is None else found
    except ValueError:
        raise InvalidValue("hours", text, "hours such as 2, 1.5h or 90m") from None


def day_said(text: str, today: date) -> date:
    """Return the day of `today`, `tomorrow`, `yesterday`, `fri`, `+3d` or `2026-11-27`; raises InvalidValue."""
    if text.lower() == "yesterday":
        return today - timedelta(days=1)
    if (found := day(text, today)) is None:
        raise InvalidValue("a day", text, "today, tomorrow, fri, +3d, or a date such as 2026-11-27")
    return found


def day(word: str, today: date) -> date | None:
    """Return the day of `today`, `tomorrow`, `fri` (the next one, today counts), `+3d` or `2026-11-27`; else None."""
    word = word.lower()
    if word in ("today", "tomorrow"):
        return today + timedelta(days=word == "tomorrow")
    for weekday, name in enumerate(_DAYS):
        if len(word) >= 3 and name.startswith(word):
            return today + timedelta(days=(weekday - today.weekday()) % 7)
    if match := re.fullmatch(r"\+(\d{1,4})([dw])", word):
        return today + timedelta(days=int(match[1]) * (7 if match[2] == "w" else 1))
    try:
        return date.fromisoformat(word)
    except ValueError:
        return None
