"""How often something repeats: as a rule of RFC 5545, in a record with what each round is like.

What counts from when the last round was done (`every!`, `.+1w`), or by the hour, no such rule says.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from orc_lab.importers.record import Parsed, as_raw
from orc_lab.model.entities import Recurrence

CAME = "it repeats: its rule came over; nothing makes the next round by itself yet"
STAYED = "it repeats in a way that no rule here says: that stands in the raw record only"

_FREQUENCIES = {"d": "DAILY", "w": "WEEKLY", "m": "MONTHLY", "y": "YEARLY"}
_UNITS = {"day": "d", "week": "w", "month": "m", "year": "y"}
_SINGLE = {
    "day": (1, "d"), "daily": (1, "d"), "week": (1, "w"), "weekly": (1, "w"), "month": (1, "m"), "monthly": (1, "m"),
    "quarter": (3, "m"), "quarterly": (3, "m"), "year": (1, "y"), "yearly": (1, "y"), "annually": (1, "y"),
}  # fmt: skip
_WORKDAYS = "MO,TU,WE,TH,FR"
_WEEKDAY = re.compile(r"(mon?|tue?s?|wed?(?:nes)?|thu?r?s?|fri?|sat?(?:ur)?|sun?)(?:day)?s?")
_NTH = {"1st": 1, "first": 1, "2nd": 2, "second": 2, "3rd": 3, "third": 3, "4th": 4, "fourth": 4, "last": -1}
_EVERY = re.compile(r"(?:every|ev)\s+(?:(other|\d{1,3}(?!\w))\s+)?(.+)")
_TIME = re.compile(r",?\s+(?:at\s+|@\s*)(?:\d{1,2}(?::\d\d)?\s*(?:am|pm)?|noon|midnight|morning|evening)$")
_MONTH_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th)")


def rule(every: int, unit: str, more: str = "") -> str | None:
    """Return the rule of a round every so many days, weeks, months or years (d, w, m, y); None for other units."""
    if unit not in _FREQUENCIES or not 1 <= every <= 1000:
        return None
    return f"FREQ={_FREQUENCIES[unit]}" + (f";INTERVAL={every}" if every > 1 else "") + (f";{more}" if more else "")


def in_words(text: str) -> str | None:
    """Return the rule that English words tell, as Todoist takes them; None where that takes guessing."""
    words = _TIME.sub("", " ".join(text.lower().split()))
    if words in _SINGLE:
        return rule(*_SINGLE[words])
    match = _EVERY.fullmatch(words)
    if match is None:
        return None
    count = 1 if match[1] is None else 2 if match[1] == "other" else int(match[1])
    return _of(count, match[2], told=match[1] is not None)


def _of(count: int, what: str, *, told: bool) -> str | None:
    if what in _SINGLE:
        every, unit = _SINGLE[what]
        return rule(count * every, unit)
    if what.removesuffix("s") in _UNITS and told:
        return rule(count, _UNITS[what.removesuffix("s")])
    if what in ("weekday", "workday") and count == 1:
        return rule(1, "w", f"BYDAY={_WORKDAYS}")
    if days := _weekdays(what):
        return rule(count, "w", f"BYDAY={days}")
    return None if told else _in_month(what)


def _weekdays(what: str) -> str | None:
    names = re.split(r",\s*(?:and\s+)?|\s+and\s+|\s*&\s*", what)
    if not all(map(_WEEKDAY.fullmatch, names)):
        return None
    return ",".join(dict.fromkeys(name[:2].upper() for name in names))


def _in_month(what: str) -> str | None:
    """Return the rule of a day of each month: the 27th, the last day, the 3rd friday."""
    if what == "last day":
        return rule(1, "m", "BYMONTHDAY=-1")
    if (day := _MONTH_DAY.fullmatch(what)) is not None and 1 <= int(day[1]) <= 31:
        return rule(1, "m", f"BYMONTHDAY={int(day[1])}")
    nth, _, weekday = what.partition(" ")
    if nth in _NTH and _WEEKDAY.fullmatch(weekday):
        return rule(1, "m", f"BYDAY={_NTH[nth]}{weekday[:2].upper()}")
    return None


def beside(todo: Parsed, rule: str, starts_on: str, told: object, **template: Any) -> Parsed:
    """Return the recurrence of a todo that stands in the file as its next round; `told` is where its rule stands.

    Its rounds are like the todo, with what else is told of them; they begin on a day (`YYYY-MM-DD`).
    """
    like = {name: value for name in _LIKE if (value := todo.values.get(name))}
    name = todo.external_id.partition(":")[2]
    created = todo.values["created_at"]
    return recurrence(name, rule, like | template, starts_on, created, told, made=True)


_LIKE = ("title", "estimated_hours", "priority", "category", "tags")


def recurrence(
    name: str,
    rule: str,
    template: Mapping[str, Any],
    starts_on: str,
    created: int,
    told: object,
    *,
    ends_on: str | None = None,
    made: bool = False,
) -> Parsed:
    """Return the record of what repeats, known by a name; `told` is how it stands in the file."""
    raw, content_hash = as_raw(told)
    values = {
        "rule": rule,
        "template": json.dumps(template, ensure_ascii=False),
        "starts_on": starts_on,
        "ends_on": ends_on,
        "created_at": created,
        "updated_at": created,
    }
    return Parsed(
        external_id=f"recurrence:{name}",
        kind=Recurrence,
        values=values,
        raw=raw,
        content_hash=content_hash,
        made=made,
        updated=created,
    )
