"""What a task of Todoist's API tells of itself: its times, its life, whether it repeats, what it is to take."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from orc_lab.importers.reading import lived, recurring
from orc_lab.importers.reading.fields import LONGEST_TITLE, Fields
from orc_lab.importers.reading.values import at_hour, number
from orc_lab.importers.tables.life import Life
from orc_lab.model.entities import Priority, Status

_PRIORITIES: Mapping[object, Priority] = {
    level: priority
    for number, priority in ((4, Priority.URGENT), (3, Priority.HIGH), (2, Priority.MEDIUM), (1, Priority.LOW))
    for level in (number, str(number))
}
CREATED = ("added_at", "created_at", "date_added")
COMPLETED = ("completed_at", "completed_date", "date_completed")
_FIRST = 86_400  # the first day of 1970 is what an empty time looks like


def title(fields: Fields, title: str) -> str:
    """Return a title: one line, never empty."""
    if title.isascii() and title.isprintable() and title.strip() and len(title) <= LONGEST_TITLE:
        return title.strip()
    named = Fields({"title": title}, fields.context)
    found = named.title()
    fields.odd += named.odd
    return found


def created(fields: Fields, ended: int | None, again: bool) -> int:
    """Return when a task was made; a round of one that repeats, in the morning of the day it was completed."""
    if again and ended is not None:
        clock = fields.context.clock
        return min(ended, at_hour(clock.day(ended), 9, clock))
    created = past(fields, CREATED)
    if created is None:
        fields.note(f"it has no date of creation: taken as {'its completion' if ended else 'now'}")
        return fields.context.now if ended is None else ended
    return created


def life(fields: Fields, created: int, done: bool, ended: int | None, entry: Status) -> Life:
    """Return the life of a task: an open one is as far along as `entry`."""
    if not done:
        return Life(created=created, started=None, ended=None, status=entry)
    if ended is None:
        ended = lived.end(fields, Status.DONE, past(fields, ("updated_at",)), past(fields, CREATED), evening=False)
    if ended is None:
        return Life(created=created, started=None, ended=None, status=Status.DONE)
    if ended < created:
        fields.warn("it was completed before it was created: taken as completed then")
    return Life(created=created, started=None, ended=max(created, ended), status=Status.DONE)


def priority(fields: Fields) -> Priority:
    """Return a priority: the API counts up to 4, which is urgent."""
    told = fields.get("priority")
    if told is None:
        return Priority.LOW  # what Todoist calls no priority
    if isinstance(told, (int, str)) and not isinstance(told, bool) and told in _PRIORITIES:
        return _PRIORITIES[told]
    fields.warn("its priority is none from 1 to 4: taken as low, which is none")
    return Priority.LOW


def estimate(fields: Fields) -> float | None:
    """Return the hours that a task is planned to take."""
    told = fields.get("duration")
    if told is None:
        return None
    amount = number(told.get("amount")) if isinstance(told, dict) else None
    if amount is None or not 0 <= amount <= 1e6:
        fields.warn("its duration is no number: left empty")
        return None
    if told.get("unit", "minute") != "minute":
        fields.warn("its duration is not in minutes, and a day's hours are unknown: left empty")
        return None
    return amount / 60


def whole(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a task; one of a list of completed tasks carries it inside, and names it by `task_id`."""
    inner = record.get("item_object")
    if not isinstance(inner, dict):
        return record if record.get("task_id") is None else {**record, "id": record["task_id"], "checked": True}
    return {**record, **inner, "id": record.get("task_id", inner.get("id")), "checked": True} | {
        name: record[name] for name in COMPLETED if record.get(name)
    }


def is_done(record: Mapping[str, Any]) -> bool:
    """Return whether a task is completed, by whichever field says so."""
    return bool(record.get("checked") or record.get("is_completed") or any(map(record.get, COMPLETED)))


def past(fields: Fields, names: Iterable[str]) -> int | None:
    """Return the first of some times that is told."""
    for name in names:
        if (at := _stamped(fields.get(name))) is not None and at <= fields.context.now:
            return at  # what the API writes, without more ado
    return next((found for name in names if (found := fields.past(name, 9)) is not None), None)


def _stamped(value: object) -> int | None:
    """Return the instant of an ISO 8601 time in UTC, None for anything else."""
    if not isinstance(value, str) or not value.endswith("Z"):
        return None
    try:
        at = int(datetime.fromisoformat(value).timestamp())
    except ValueError:
        return None
    return at if at > _FIRST else None


def repeats(record: Mapping[str, Any]) -> bool:
    """Return whether a task comes again when it is done."""
    due = record.get("due")
    return isinstance(due, dict) and (due.get("is_recurring") or due.get("recurring")) is True


def rule(record: Mapping[str, Any]) -> str | None:
    """Return how often a task repeats, where that is said in English."""
    due = record.get("due")
    if not isinstance(due, dict) or not repeats(record) or due.get("lang") not in (None, "", "en"):
        return None
    told = due.get("string")
    return recurring.in_words(told) if isinstance(told, str) else None
