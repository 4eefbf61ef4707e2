"""What a task of Taskwarrior tells of itself, as the fields of a todo and the steps of its life.

Its dates are instants in UTC; a day is the one on the person's calendar then.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from orc_lab.importers.reading import lived, values
from orc_lab.importers.reading.fields import Fields
from orc_lab.importers.reading.values import Unit
from orc_lab.importers.record import Context, Step, history
from orc_lab.importers.tables.life import PRIORITIES
from orc_lab.model.codec import MOST_HOURS
from orc_lab.model.entities import Priority, Status
from orc_lab.workbench import pipeline

WANTED = {
    "description": "title",
    "status": "status",
    "priority": "priority",
    "tags": "tags",
    "entry": "created",
    "modified": "updated",
    "start": "started",
    "end": "ended",
    "due": "due",
    "wait": "wait",
    "scheduled": "scheduled",
}
LETTERS = {**PRIORITIES, "h": Priority.HIGH, "m": Priority.MEDIUM, "l": Priority.LOW}
_OPEN = ("pending", "waiting")
_CLOSED = {"completed": Status.DONE, "deleted": Status.DROPPED}
WORDS = (*_OPEN, *_CLOSED, "recurring")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The attributes that hold estimates and hours, and the unit of bare numbers in them."""

    estimate: str | None = None
    actual: str | None = None
    estimate_unit: Unit = "h"
    actual_unit: Unit = "h"


def told(record: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """Return what a task tells, by our names."""
    told = {ours: value for theirs, ours in WANTED.items() if (value := record.get(theirs)) is not None}
    if names.estimate is not None:
        told["estimate"] = record.get(names.estimate)
    if names.actual is not None:
        told["actual"] = record.get(names.actual)
    return told


def row(fields: Fields, names: Names, project: str | None) -> tuple[dict[str, Any], list[Step]]:
    """Return a task as the row that it was at first, and the steps of its life since."""
    status = _status(fields)
    estimate = hours(fields, "estimate", names.estimate_unit)
    created, started, ended, updated = _times(fields, status)
    first: dict[str, Any] = {
        "title": fields.title(),
        "status": pipeline.entry_status(project, estimate),
        "created_at": created,
        "updated_at": updated,
    }
    more = {
        "tags": fields.tags(),
        "estimated_hours": estimate,
        "priority": None if fields.get("priority") is None else fields.choice("priority", LETTERS, Priority.MEDIUM),
        "due_date": day(fields, "due"),
        "snoozed_until": _snoozed(fields) if status is None else None,
    }
    first |= {name: value for name, value in more.items() if value}
    if status is not None and ended is None:
        first |= lived.closed(status, estimate)
    steps = lived.steps(started, ended, status or Status.COMMITTED, estimate)
    if spent := hours(fields, "actual", names.actual_unit):
        steps.append(Step(at=updated if ended is None else ended, values={"adjusted_hours": spent}))
    return history(first, steps)


def _status(fields: Fields) -> Status | None:
    """Return how a task ended, None for an open one."""
    told = fields.get("status")
    if isinstance(told, str) and (word := told.strip().lower()) in WORDS:
        return _CLOSED.get(word)
    fields.warn("its status is unknown: taken as pending")
    return None


def _times(fields: Fields, status: Status | None) -> tuple[int, int | None, int | None, int]:
    """Return when a task was made, started, ended and last changed; an open one has no end."""
    told = [fields.past(name, 9) for name in ("created", "started", "ended", "updated")]
    made, started, end, updated = told
    known = [one for one in (started, end, updated) if one is not None]
    if made is None:
        fields.note(f"it has no date of creation: taken as {'its first known date' if known else 'now'}")
        made = min(known, default=fields.context.now)
    if status is None:
        return made, None if started is None else max(started, made), None, max(made, updated or made)
    if end is None:
        end = lived.end(fields, status, *told, evening=False)
        if end is None:
            return made, None, None, made
    elif end < made:
        fields.warn("it was closed before it was created: taken as closed then")
    end = max(end, made)
    if started is not None and not made <= started <= end:
        fields.warn("it was started outside of its life: taken as the nearer end")
    started = None if started is None else min(max(started, made), end)
    return made, started, end, max(made, updated or made)


def hours(fields: Fields, name: str, unit: Unit) -> float | None:
    """Return an amount of time."""
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, str) and value.upper().startswith("P") and "T" not in value.upper():
        fields.warn(f"its {name} counts whole days: taken as 24 h each, as Taskwarrior does")
    found = _duration(value, unit) if isinstance(value, str) else None
    return fields.hours(name, unit) if found is None else found


@lru_cache(maxsize=4096)
def _duration(told: str, unit: Unit) -> float | None:
    """Return hours where a text tells an amount of them: few texts stand in many tasks."""
    found = values.hours(told, unit)
    return found if found is not None and 0 <= found <= MOST_HOURS else None


def _snoozed(fields: Fields) -> str | None:
    """Return the day until which an open task rests: it is hidden, or not to be begun, until then."""
    today = _calendar_day(fields.context.now, fields.context)
    days = [found for name in ("wait", "scheduled") if (found := day(fields, name)) is not None]
    return max((found for found in days if found > today), default=None)


def day(fields: Fields, name: str) -> str | None:
    """Return the day of the person's calendar on which an instant lies."""
    moment = fields.when(name)
    if moment is None:
        return None
    return moment.isoformat() if isinstance(moment, date) else _calendar_day(moment, fields.context)


def _calendar_day(instant: int, context: Context) -> str:
    return datetime.fromtimestamp(instant, context.clock.tz).date().isoformat()
