"""The intentions, projects and todos of the old web app as rows with a history.

The app kept the time of creation and of the last change only. A todo therefore begins as far along as it is
described, and is taken to have come to its last status with its last change.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from orc_lab.importers.reading import lived, values
from orc_lab.importers.reading.fields import Fields
from orc_lab.importers.record import Step, history
from orc_lab.model.entities import CLOSED, OPEN, Entity, Priority, ProjectStatus, Status, Todo
from orc_lab.workbench import pipeline

STATUSES: Mapping[str, Status] = {status.value: status for status in Status} | {
    "completed": Status.DONE,
    "complete": Status.DONE,
    "finished": Status.DONE,
    "cancelled": Status.DROPPED,
    "canceled": Status.DROPPED,
}
PRIORITIES: Mapping[str, Priority] = {priority.value: priority for priority in Priority} | {
    "normal": Priority.MEDIUM,
    "critical": Priority.URGENT,
}
_PROJECT_STATUSES: Mapping[str, ProjectStatus] = {status.value: status for status in ProjectStatus} | {
    "complete": ProjectStatus.COMPLETED,
    "done": ProjectStatus.COMPLETED,
    "onhold": ProjectStatus.PAUSED,
}
_REFINED = OPEN[OPEN.index(Status.REFINED) :]
_DEFAULT_ESTIMATE = 1.0
_DATES = ("created", "updated", "started", "completed")

Row = tuple[dict[str, Any], list[Step], dict[str, str]]


def id_of(fields: Fields) -> str | None:
    """Return a record's id as text, None where it has none that can be one."""
    return as_id(fields.get("id"))


def as_id(value: object) -> str | None:
    """Return an id as text, None for what can be none."""
    if type(value) is str and value.isascii() and value.isprintable() and value == value.strip() != "":
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    id = str(value).strip()
    return (id if values.clean(id) == id else id.encode("unicode_escape").decode()) or None


class Times(NamedTuple):
    """When a record was made and last changed, and the last date that it tells itself: None where it tells none."""

    created: int
    updated: int
    told: int | None


def times(fields: Fields) -> Times:
    """Return when a record was made and last changed."""
    created, updated = fields.past("created", 9), fields.past("updated", 17)
    told = max((one for one in (created, updated) if one is not None), default=None)
    if created is None:
        others = [updated, fields.past("started", 9), fields.past("completed", 17)]
        created = min((one for one in others if one is not None), default=None)
        fields.note(f"it has no date of creation: taken as {'its first known date' if created else 'now'}")
        told = told or created
        created = created or fields.context.now
    if updated is not None and updated < created:
        fields.warn("it was changed before it was made: taken as unchanged")
    return Times(created, max(created, updated or created), told)


def last_told(fields: Fields) -> int:
    """Return the last date that a record tells, 0 where it tells none: of two with one id that is the older one."""
    noted = list(fields.odd)
    told = [fields.past(name, 9 if name in ("created", "started") else 17) for name in _DATES]
    fields.odd = noted  # what is odd about them is said where they are taken
    return max((one for one in told if one is not None), default=0)


def intention(fields: Fields) -> Row:
    """Return an intention as it is."""
    created, updated, _ = times(fields)
    first = {"title": fields.title(), "description": fields.text("description")}
    return first | {"created_at": created, "updated_at": updated}, [], {}


def project(fields: Fields) -> Row:
    """Return a project as it began, active and at 0, and the step to what became of it."""
    created, updated, told = times(fields)
    status = fields.choice("status", _PROJECT_STATUSES, ProjectStatus.ACTIVE)
    first = {
        "title": fields.title(),
        "description": fields.text("description"),
        "why": fields.text("why"),
        "due_date": fields.day("due"),
        "created_at": created,
        "updated_at": updated,
    }
    first |= _priority(fields)
    began: dict[str, Any] = {"status": ProjectStatus.ACTIVE, "progress": 0}
    first |= {name: value for name, value in began.items() if fields.get(name) is not None}
    reached: dict[str, Any] = {"status": status, "progress": _progress(fields)}
    end = updated
    if status is ProjectStatus.COMPLETED:
        reached["completed_at"] = _end(fields, created, told)
        end = reached["completed_at"] or updated
    changed = {name: value for name, value in reached.items() if value not in (ProjectStatus.ACTIVE, 0)}
    return *history(first, [Step(at=end, values=changed)] if changed else ()), _link(fields, "intention")


def _priority(fields: Fields) -> dict[str, Any]:
    """Return the priority of a record that tells one."""
    if fields.get("priority") is None:
        return {}
    return {"priority": fields.choice("priority", PRIORITIES, Priority.MEDIUM)}


def _progress(fields: Fields) -> int:
    value = fields.get("progress")
    if value is None:
        return 0
    found = values.number(value)
    if found is None:
        fields.warn("its progress is no number: taken as 0")
        return 0
    if not 0 <= found <= 100:
        fields.warn("its progress lies outside of 0–100: taken as the nearer end")
    return round(min(100.0, max(0.0, found)))


def _end(fields: Fields, created: int, last: int | None) -> int | None:
    """Return when something was completed: as told, else with its last change; None where it tells no date at all."""
    told = fields.past("completed", 17)
    if told is None and last is None:
        return lived.end(fields, Status.DONE)
    if told is None:
        fields.note("it tells no time of completion: taken as its last change")
        fields.guessed = True
        return last
    if told < created:
        fields.warn("it was completed before it was made: taken as completed when made")
    return max(told, created)


def todo(fields: Fields) -> Row:
    """Return a todo as it began, and the steps to its start and its last status."""
    created, updated, told = times(fields)
    status = fields.choice("status", STATUSES, Status.DUMPED)
    if fields.get("finished") is True and status not in CLOSED:
        status = Status.DONE
    actual = fields.hours("actual") or None  # the old app's default is 0
    estimate = _estimate(fields, status, actual)
    links = _link(fields, "project") | _link(fields, "parent", Todo)
    entry = pipeline.entry_status(links.get("project_id"), estimate)
    if status in OPEN and OPEN.index(status) < OPEN.index(entry):
        entry = status
    first = {
        "title": fields.title(),
        "description": fields.text("description"),
        "status": entry,
        **_priority(fields),
        "category": fields.text("category"),
        "tags": fields.tags(),
        "estimated_hours": estimate,
        "due_date": fields.day("due"),
        "snoozed_until": fields.day("snoozed"),
        "position": values.number(fields.get("position")),
        "created_at": created,
        "updated_at": updated,
    }
    return *history(first, _steps(fields, status, entry, actual, estimate, (created, updated, told))), links


def _steps(
    fields: Fields,
    status: Status,
    entry: Status,
    actual: float | None,
    estimate: float | None,
    times: tuple[int, int, int | None],
) -> Sequence[Step]:
    created, last, told = times
    done = status is Status.DONE
    completed = _end(fields, created, told) if done else None
    end = last if completed is None else max(completed, created)
    if status is Status.DROPPED and told is None:
        lived.end(fields, status)
    started = fields.past("started", 9)
    frozen = {} if estimate is None else {"original_estimate_hours": estimate}
    steps = []
    if started is not None:
        if not created <= started <= end:
            fields.warn("it was started outside of its life: taken as the nearer end")
        started = min(max(started, created), end)
        steps.append(Step(at=started, values={"started_at": started, **frozen}))
    reached: dict[str, Any] = {"status": status} if status is not entry else {}
    reached |= {"adjusted_hours": actual} if actual else {}
    reached |= {"completed_at": completed and end, **frozen} if done else {}
    return [*steps, Step(at=end, values=reached)] if reached else steps


def _estimate(fields: Fields, status: Status, actual: float | None) -> float | None:
    """Return the estimate. The old app gave each todo 1 h: that counts only for one that was refined or has hours."""
    estimate = fields.hours("estimate")
    if estimate == _DEFAULT_ESTIMATE and status not in _REFINED and actual is None:
        fields.note("its estimate of 1 h is the old app's default: taken as not estimated")
        return None
    return estimate


def _link(fields: Fields, name: str, kind: type[Entity] | None = None) -> dict[str, str]:
    value = fields.get(name)
    if value is None:
        return {}
    id = as_id(value)
    if id is None:
        fields.warn(f"its {name} is no id: left empty")
        return {}
    return {f"{name}_id": f"{kind.noun if kind else name}:{id}"}
