"""What a page shows of a database: its todos as cards in columns, what can be undone, what runs.

All of it is plain JSON. Texts are the person's own, as they are: a page shows them as letters.
"""

from collections.abc import Mapping
from typing import Any

from orc_lab.model.change import Edit
from orc_lab.model.entities import OPEN, Project, ProjectStatus, Status, Todo
from orc_lab.store import change_log
from orc_lab.widgets.asked import Asked, order
from orc_lab.workbench.bench import Workbench

State = dict[str, Any]


def card(todo: Todo, projects: Mapping[str, str]) -> State:
    """Return a todo as a page shows it; `projects` maps ids to titles."""
    return {
        "id": todo.id,
        "title": todo.title,
        "description": todo.description or "",
        "status": str(todo.status),
        "project": projects.get(todo.project_id or "", ""),
        "priority": str(todo.priority),
        "tags": " ".join(todo.tags),
        "hours": todo.estimated_hours,
        "due": todo.due_date,
        "snooze": todo.snoozed_until,
        "spent": todo.actual_hours,
    }


def titles(wb: Workbench) -> dict[str, str]:
    """Return the title of each project by its id."""
    return {project.id: project.title for project in wb.find(Project)}


def shown(wb: Workbench, asked: Asked, *, refusal: str = "") -> State:
    """Return what a page shows that asks for this; `refusal` says why nothing can be edited, where that is so."""
    today, cards, columns = wb.today(), dict[str, State](), list[State]()
    projects = wb.find(Project, order="title")
    names = {project.id: project.title for project in projects}
    for status in asked.columns:
        filters = asked.filters(status, today)
        found = wb.find(Todo, order=order(status), limit=asked.limit(status) + 1, **filters)
        more = len(found) > asked.limit(status)
        count = wb.count(Todo, **filters) if more else len(found)
        found = found[: asked.limit(status)]
        columns.append({"status": str(status), "count": count, "ids": [todo.id for todo in found]})
        cards |= {todo.id: card(todo, names) for todo in found}
    closed = (ProjectStatus.COMPLETED, ProjectStatus.ARCHIVED)
    return {
        "columns": columns,
        "cards": cards,
        "projects": [{"id": one.id, "title": one.title} for one in projects if one.status not in closed],
        "week": _week(wb),
        "running": _running(wb),
        "undo": _edit(wb, change_log.undoable(wb.db)),
        "redo": _edit(wb, change_log.redoable(wb.db)),
        "today": today.isoformat(),
        "refusal": refusal,
    }


def _week(wb: Workbench) -> State:
    """The running week, the hours that a week of yours holds, and what is committed: hours, and how many without."""
    week = wb.week()
    committed = wb.find(Todo, status=Status.COMMITTED)
    hours = [todo.estimated_hours for todo in committed]
    return {
        "name": str(week),
        "holds": round(wb.settings().hours_per_week * wb.capacity(week), 1),
        "hours": round(sum(hour for hour in hours if hour is not None), 2),
        "without": hours.count(None),
    }


def _running(wb: Workbench) -> State | None:
    session = wb.running()
    if session is None:
        return None
    clock = wb.clock()
    began = clock.local(session.started_at) + clock.shift
    return {
        "id": session.todo_id,
        "title": wb.get(Todo, session.todo_id).title,
        "since": session.started_at,
        "began": f"{began:%Y-%m-%dT%H:%M}",
    }


def _edit(wb: Workbench, edits: list[Edit]) -> State | None:
    """The edit, and what it did to what: `move todo: Write draft`."""
    if not edits:
        return None
    title = wb.titles_of(edits).get(edits[0].tx)
    label = edits[0].label.removeprefix("undo ").removeprefix("redo ")
    return {"edit": edits[0].tx, "label": f"{label}: {title}" if title else label}


def words(wb: Workbench) -> list[str]:
    """Return the board in a few lines, for where no page can show it: how many todos stand where."""
    counts = {status: wb.count(Todo, status=status) for status in (*OPEN, Status.DONE)}
    week = _week(wb)
    line = " · ".join(f"{count:,} {status}" for status, count in counts.items())
    return [line, f"{week['name']}: {week['hours']:g} h committed of {week['holds']:g} h that a week holds"]


def patch(before: State, after: State) -> State:
    """Return what turns one state into the other: parts to set, cards to set, cards that are gone. Empty if equal."""
    parts = {name: part for name, part in after.items() if name != "cards" and before.get(name) != part}
    cards = {id: one for id, one in after["cards"].items() if before["cards"].get(id) != one}
    gone = [id for id in before["cards"] if id not in after["cards"]]
    found = {"set": parts, "cards": cards, "gone": gone}
    return found if any(found.values()) else {}
