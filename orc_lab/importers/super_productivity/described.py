"""What a task of Super Productivity tells beside its life: estimate, project, tags, priority, when it is due."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from orc_lab.importers.reading import values
from orc_lab.importers.reading.fields import Fields
from orc_lab.importers.record import Context
from orc_lab.importers.super_productivity import rows
from orc_lab.model.entities import Priority

_PRIORITIES = {"1": Priority.LOW, "2": Priority.MEDIUM, "3": Priority.HIGH}
_PRIORITIES |= {"low": Priority.LOW, "medium": Priority.MEDIUM, "high": Priority.HIGH}


def estimate(fields: Fields) -> float | None:
    """Return the hours that a task is planned to take, None for none."""
    told = fields.get("estimate")
    if told is None:
        return None
    ms = rows.milliseconds(told)
    if ms is None:
        fields.warn("its estimate is no amount of time: left empty")
        return None
    return ms / rows.HOUR or None


def links(fields: Fields) -> dict[str, str]:
    """Return the external ids of a task's project and of the task above it."""
    found = {}
    for name in ("project", "parent"):
        id = fields.get(name)
        if id is None or id == rows.INBOX:
            continue
        if isinstance(id, str):
            found[f"{name}_id"] = f"{'todo' if name == 'parent' else name}:{values.clean(id)}"
        else:
            fields.warn(f"its {name} is no id: left empty")
    return found


def described(
    fields: Fields, tags: Mapping[str, str | None], estimate: float | None, context: Context, *, is_open: bool
) -> dict[str, Any]:
    """Return the fields that many tasks don't have."""
    found: dict[str, Any] = {
        "description": fields.text("description"),
        "tags": _tags(fields, tags),
        "estimated_hours": estimate,
        "priority": _priority(fields),
        **_dates(fields, is_open, context),
    }
    return {name: value for name, value in found.items() if value}


def _tags(fields: Fields, tags: Mapping[str, str | None]) -> tuple[str, ...]:
    told = fields.get("tags")
    if told is None:
        return ()
    if not isinstance(told, list):
        fields.warn("its tags are no list: left out")
        return ()
    found, lost = dict[str, None](), False
    for id in told:
        if not isinstance(id, str) or id not in tags:
            lost = True
        elif (title := tags[id]) is not None:
            found[title] = None
    if lost:
        fields.warn("a tag that it names is not there: left out")
    return tuple(found)


def _priority(fields: Fields) -> Priority | None:
    told = fields.get("priority")
    if told is None:
        return None
    found = _PRIORITIES.get(str(told).lower()) if isinstance(told, (str, int)) else None
    if found is None:
        fields.warn(f"its priority is unknown: taken as {Priority.MEDIUM}")
    return found


def _dates(fields: Fields, is_open: bool, context: Context) -> dict[str, str]:
    """Return until when a task is due: its deadline, else the day it is planned for; with both, an open one rests
    until the day it is planned for."""
    planned, deadline = _on(fields, "due", context), _on(fields, "deadline", context)
    if deadline is None:
        return {} if planned is None else {"due_date": planned.isoformat()}
    rests = planned is not None and is_open and planned > rows.calendar_day(context.now, context.clock)
    return {"due_date": deadline.isoformat()} | ({"snoozed_until": planned.isoformat()} if planned and rests else {})


def _on(fields: Fields, name: str, context: Context) -> date | None:
    for told in (f"{name}_time", f"{name}_day"):
        moment = fields.when(told)
        if moment is not None:
            return moment if isinstance(moment, date) else rows.calendar_day(moment, context.clock)
    return None
