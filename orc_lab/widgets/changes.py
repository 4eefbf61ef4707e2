"""What a page asks to be done, as calls of the workbench: each is one edit, undone in one step.

A page says with each change what it showed before. Where that isn't so any more, somebody was quicker: nothing is
overwritten, and ChangedElsewhere says what it is now.
"""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from orc_lab.errors import ChangedElsewhere, InvalidValue, NothingToUndo
from orc_lab.model import quick
from orc_lab.model.change import Edit
from orc_lab.model.entities import Priority, Status, Todo
from orc_lab.store import change_log
from orc_lab.widgets.cards import card, titles
from orc_lab.workbench.bench import Workbench

Message = Mapping[str, Any]
_MOST = 2000  # todos in one edit


def add(wb: Workbench, message: Message) -> tuple[str, str]:
    """Capture a line in quick syntax; return what to tell, and the id of the todo."""
    text = str(message.get("text") or "")
    if not quick.parse(text, wb.today()).title:
        raise InvalidValue("a todo", text, "what there is to do, besides its project, hours and day")
    todo = wb.capture(text)
    return f"Added as {todo.status}: {todo.title}", todo.id


def change(wb: Workbench, message: Message) -> str:
    """Set values of cards, all as one edit; return what to tell.

    `cards` maps ids to the values that were shown, `values` names the new ones. Raises ChangedElsewhere, InvalidValue.
    """
    cards, asked = message.get("cards"), message.get("values")
    if not isinstance(cards, dict) or not isinstance(asked, dict) or not 0 < len(cards) <= _MOST:
        raise InvalidValue("a change", message, "cards as they were shown, and values")
    values = {name: _read(wb, name, value) for name, value in asked.items()}
    verb = "move" if set(values) == {"status"} else "edit"
    things = "todo" if len(cards) == 1 else f"{len(cards)} todos"
    with wb.edit(f"{verb} {things}"):
        names = titles(wb)
        for id, was in cards.items():
            todo = wb.get(Todo, str(id))
            _check(card(todo, names), was if isinstance(was, dict) else {}, values)
            _set(wb, todo, values)
    done = f"Moved to {values['status']}" if verb == "move" else "Saved"
    return f"{done}: {todo.title if len(cards) == 1 else things}"


def _check(now: Mapping[str, Any], was: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Raise ChangedElsewhere where a value that would be set isn't the one that was shown."""
    for name in values.keys() & now.keys():
        if name not in was or was[name] != now[name]:
            raise ChangedElsewhere(str(now["title"]), name, now[name])


def _set(wb: Workbench, todo: Todo, values: Mapping[str, Any]) -> None:
    fields = {_FIELDS.get(name, name): value for name, value in values.items() if name not in _OWN_WAY}
    if "project" in values:
        fields["project_id"] = _project(wb, values["project"])
    if values.get("add_tag"):
        fields["tags"] = tuple(dict.fromkeys((*todo.tags, *values["add_tag"])))
    if fields:
        wb.update(Todo, todo.id, **fields)
    if "status" in values:
        wb.move(todo.id, values["status"])


def _project(wb: Workbench, title: str) -> str | None:
    """The id of the project with a title, made where there is none; None for no title."""
    return (wb.project_titled(title) or wb.add_project(title)).id if title else None


def start(wb: Workbench, message: Message) -> str:
    """Start work on a todo; what runs is stopped with the same edit. Raises LongSession for that."""
    id = str(message.get("id") or "")
    with wb.edit("start work"):
        if wb.running() is not None:
            wb.stop()
        wb.start(id)
    return f"Started: {wb.get(Todo, id).title}"


def stop(wb: Workbench, message: Message) -> str:
    """Stop the work that runs: now, or at the moment that the page names; raises NoSession, LongSession, InvalidValue.

    `at` is `now`, which counts it all however long it was, or a time on the person's wall such as 2026-11-20T17:30.
    """
    session = wb.stop(ended_at=_moment(wb, str(message["at"])) if message.get("at") else None)
    minutes = ((session.ended_at or session.started_at) - session.started_at) // 60
    return f"Stopped after {minutes // 60} h {minutes % 60} min: {wb.get(Todo, session.todo_id).title}"


def _moment(wb: Workbench, text: str) -> int:
    if text == "now":
        return int(time.time())
    try:
        return wb.clock().instant(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise InvalidValue("the end of the work", text, "a time such as 2026-11-20T17:30") from None


def undo(wb: Workbench, message: Message) -> str:
    """Take back the edit that the page names as the last one; raises NothingToUndo where it isn't that any more."""
    _check_last(change_log.undoable(wb.db), message)
    return f"Undone: {', '.join(edit.label for edit in wb.undo())}"


def redo(wb: Workbench, message: Message) -> str:
    """Do again what the page names as undone last; raises NothingToUndo where it isn't that any more."""
    _check_last(change_log.redoable(wb.db), message)
    return f"Done again: {', '.join(edit.label for edit in wb.redo())}"


def _check_last(edits: list[Edit], message: Message) -> None:
    if not edits or edits[0].tx != message.get("edit"):
        raise NothingToUndo("Something else was done meanwhile, so nothing was taken back: look and try again.")


def _read(wb: Workbench, name: str, value: object) -> Any:
    """A value as the workbench takes it, from what a person chose or typed; raises InvalidValue."""
    if name not in _READERS:
        raise InvalidValue("a field", name, ", ".join(_READERS))
    text = "" if value is None else str(value).strip()
    return _READERS[name](wb, text)


def _title(_: Workbench, text: str) -> str:
    if not text:
        raise InvalidValue("title", text, "what there is to do")
    return text


def _hours(_: Workbench, text: str) -> float | None:
    return quick.hours_said(text) if text else None


def _day(wb: Workbench, text: str) -> str | None:
    return quick.day_said(text, wb.today()).isoformat() if text else None


def _choice(kind: type[Status] | type[Priority]) -> Callable[[Workbench, str], Status | Priority]:
    def read(_: Workbench, text: str) -> Status | Priority:
        if text not in tuple(kind):
            raise InvalidValue(kind.__name__.lower(), text, "one of " + ", ".join(kind))
        return kind(text)

    return read


def _tags(_: Workbench, text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (word.lstrip("#") for word in text.split()))))


_FIELDS = {"hours": "estimated_hours", "due": "due_date", "snooze": "snoozed_until"}
_OWN_WAY = frozenset({"status", "project", "add_tag"})
_READERS: Mapping[str, Callable[[Workbench, str], Any]] = {
    "title": _title,
    "description": lambda _, text: text or None,
    "status": _choice(Status),
    "project": lambda _, text: text,
    "priority": _choice(Priority),
    "tags": _tags,
    "add_tag": _tags,
    "hours": _hours,
    "due": _day,
    "snooze": _day,
}
