"""What people write at the command line: days, instants, weeks, hours, `field=value`, and which thing they mean."""

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from types import UnionType
from typing import Any

from orc_lab.errors import AmbiguousId, InvalidValue, NotFound, UnknownField
from orc_lab.model import quick
from orc_lab.model.codec import captured
from orc_lab.model.entities import Entity, Intention, Project, Todo
from orc_lab.model.week import Week
from orc_lab.workbench.bench import Workbench

NEAR_WEEKS = {"last": -1, "this": 0, "next": 1}
_FIXED = frozenset({"id", "user_id", "created_at", "freezes_at", "week_start_date"})
SHORT = {"hours": "estimated_hours", "spent": "actual_hours", "due": "due_date", "project": "project_id"}
SHORT |= {"intention": "intention_id", "parent": "parent_id", "rating": "self_rating", "snooze": "snoozed_until"}
_HOURS = frozenset({"estimated_hours", "original_estimate_hours", "actual_hours", "adjusted_hours"})
_NUMBERS = frozenset({"progress", "self_rating", "position"})
_DAYS = frozenset({"due_date", "snoozed_until"})
_INSTANTS = frozenset({"started_at", "completed_at"})
_LINKS: Mapping[str, type[Entity]] = {"project_id": Project, "intention_id": Intention, "parent_id": Todo}


def instant(text: str, wb: Workbench) -> int:
    """Return the instant (seconds UTC) of `now`, the last `17:30`, `2026-11-20 17:30`, or of noon on a day.

    A day is `today`, `yesterday` or a date; times are those of the person's zone. Raises InvalidValue.
    """
    now = int(time.time())
    clock = wb.clock()
    wall = clock.local(now) + clock.shift
    if text == "now":
        return now
    if text in ("today", "yesterday"):
        text = quick.day_said(text, wall.date()).isoformat()
    if re.fullmatch(r"\d{1,2}:\d\d", text):
        return clock.instant(_last(text, wall))
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidValue("a time", text, "now, yesterday, 17:30, 2026-11-20, or 2026-11-20 17:30") from None
    if found.tzinfo is not None:
        return int(found.timestamp())
    if ":" in text:
        return clock.instant(found)
    noon = clock.instant(found.replace(hour=12))
    return min(noon, now) if found.date() == wall.date() else noon


def _last(text: str, wall: datetime) -> datetime:
    hour, minute = map(int, text.split(":"))
    if hour > 23 or minute > 59:
        raise InvalidValue("a time", text, "hours and minutes, such as 17:30")
    found = wall.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return found if found <= wall else found - timedelta(days=1)


def week(text: str | None, wb: Workbench) -> Week:
    """Return the week of `2026-W47`, `this`, `next`, `last`, or the current one for None; raises UnknownWeek."""
    if text is None:
        return wb.week()
    return wb.week() + NEAR_WEEKS[text] if text in NEAR_WEEKS else Week.parse(text)


def ids(wb: Workbench, kind: type[Entity], texts: Iterable[str]) -> list[str]:
    """Return the full ids for ids or their last characters, each once; raises NotFound or AmbiguousId."""
    return list(dict.fromkeys(wb.resolve(kind, text) for text in texts))


def named(wb: Workbench, kind: type[Entity], text: str) -> str:
    """Return the id of the row that has this title, whatever its case, or this id; raises NotFound, AmbiguousId."""
    fold = text.casefold()
    like = wb.find(kind, title__has=text)
    same = [row.id for row in like if getattr(row, "title", "").casefold() == fold]
    if len(same) == 1:
        return same[0]
    if same:
        raise AmbiguousId(kind.noun, text, len(same))
    try:
        return wb.resolve(kind, text)
    except NotFound:
        if len(like) == 1:
            return like[0].id
        raise


def anything(wb: Workbench, text: str) -> Entity:
    """Return the todo, project or intention with this id or last characters; raises NotFound or AmbiguousId."""
    for kind in (Todo, Project, Intention):
        with suppress(NotFound):
            return wb.get(kind, wb.resolve(kind, text))
    raise NotFound("todo, project or intention", text)


def number(field: str, text: str) -> float:
    """Return a number; raises InvalidValue."""
    try:
        return float(text)
    except ValueError:
        raise InvalidValue(field, text, "a number") from None


def whole(text: str) -> int:
    """Return a whole number from 0, as options take it; raises InvalidValue."""
    if not text.isdecimal():
        raise InvalidValue("a number of rows", text, "a whole number, 0 for all")
    return int(text)


def fields(wb: Workbench, kind: type[Entity], pairs: Sequence[str]) -> dict[str, Any]:
    """Return the values of `field=value` words; an empty value clears the field. Raises UnknownField, InvalidValue."""
    known = editable(kind)
    values = {}
    for pair in pairs:
        name, _, text = pair.partition("=")
        field = SHORT.get(name, name)
        if field not in known:
            raise UnknownField(kind.noun, name, known)
        if not text.strip() and not _may_be_empty(kind, field):
            raise InvalidValue(name, "", "some text" if field == "title" else "a value: it can't be cleared")
        values[field] = _value(wb, field, text.strip())
    return values


def _may_be_empty(kind: type[Entity], field: str) -> bool:
    return field == "tags" or isinstance(kind.__dataclass_fields__[field].type, UnionType)


def editable(kind: type[Entity]) -> tuple[str, ...]:
    """Return the fields of a kind that a person may set."""
    extra = ("actual_hours",) if kind is Todo else ()
    return (*(name for name in captured(kind) if name not in _FIXED), *extra)


def _value(wb: Workbench, field: str, text: str) -> Any:
    if field == "tags":
        return [tag.lstrip("#") for tag in text.replace(",", " ").split()]
    if not text:
        return None
    if field in _HOURS:
        return quick.hours_said(text)
    if field in _NUMBERS:
        return number(field, text)
    if field in _DAYS:
        return quick.day_said(text, wb.today())
    if field in _INSTANTS:
        return instant(text, wb)
    return named(wb, _LINKS[field], text) if field in _LINKS else text
