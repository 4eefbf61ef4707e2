"""The records of an export of the old web app, gathered: each read by its kind, weekly goals merged by week."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from orc_lab.importers.creation import rows as creation_rows
from orc_lab.importers.creation import weeks as creation_weeks
from orc_lab.importers.creation.rows import Row
from orc_lab.importers.creation.weeks import Promise
from orc_lab.importers.reading.fields import Fields, named
from orc_lab.importers.reading.json_file import WITHHELD
from orc_lab.importers.reading.quick_fields import QuickFields
from orc_lab.importers.reading.values import bare
from orc_lab.importers.record import Context, Parsed, as_raw, settled
from orc_lab.model.entities import Entity, Intention, Project, Todo, WeeklyGoal

_SHARED = {
    "id": "id",
    "userid": "user",
    "title": "title",
    "name": "title",
    "text": "title",
    "content": "title",
    "description": "description",
    "notes": "description",
    "status": "status",
    "priority": "priority",
    "duedate": "due",
    "deadline": "due",
    "createdat": "created",
    "updatedat": "updated",
    "completedat": "completed",
}
_NAMES: Mapping[type[Entity], Mapping[str, str]] = {
    Intention: _SHARED,
    Project: _SHARED | {"intentionid": "intention", "why": "why", "progress": "progress"},
    Todo: _SHARED
    | {
        "projectid": "project",
        "parentid": "parent",
        "category": "category",
        "tags": "tags",
        "estimatedhours": "estimate",
        "actualhours": "actual",
        "snoozeduntil": "snoozed",
        "position": "position",
        "order": "position",
        "startedat": "started",
        "completed": "finished",
        "done": "finished",
        "weeklygoalid": "goal",
    },
    WeeklyGoal: {
        "id": "id",
        "userid": "user",
        "weekstartdate": "week",
        "weekstart": "week",
        "week": "week",
        "goal": "goal",
        "title": "goal",
        "description": "description",
        "reflection": "reflection",
        "selfrating": "rating",
        "todoids": "todos",
        "todos": "todos",
        "commitments": "todos",
        "createdat": "created",
        "updatedat": "updated",
    },
}
_DERIVED = {"healthScore", "activitySummary", "lastAiUpdate", "completionRate", "totalEstimatedHours"}
_DERIVED |= {"syncedAt", "syncStatus", "conflictData"}
_FIT_ID = re.compile(r"[^\s\x00-\x1f\x7f\ud800-\udfff]{1,100}")


class Records:
    """The records of one export. The lists are taken apart as they are read, so that they need not stay in memory."""

    def __init__(self, context: Context, lists: Mapping[type[Entity], list[Any]]) -> None:
        self._context = context
        self._lists = lists
        self._promises: list[Promise] = []
        self._promised: set[str] = set()
        self._lives: dict[str, Parsed] = {}  # the todos that a weekly goal promises
        self._users: set[str] = set()
        self._unknown: Counter[str] = Counter()

    def stream(self) -> Iterator[Parsed]:
        """Yield all rows, each external id once, and at last what the weekly goals promise as commitments.

        The goals are read first, for they may hold todos that stand nowhere else.
        """
        goals = settled([self._record(WeeklyGoal, entry) for entry in self._lists.get(WeeklyGoal, ())])
        self._promised = {one.todo for one in self._promises if one.todo is not None}
        for kind in (Intention, Project):
            yield from self._settled(kind, self._lists.get(kind, []))
        yield from self._todos()
        yield from creation_weeks.merged(goals)
        yield from creation_weeks.commitments(self._promises, goals, self._lives)

    def _todos(self) -> Iterator[Parsed]:
        held = {one.todo: one.record for one in self._promises if one.record is not None and one.todo is not None}
        for todo in self._settled(Todo, self._lists.get(Todo, [])):
            held.pop(todo.external_id, None)
            yield self._noted(todo)
        for record in held.values():
            yield self._noted(self._record(Todo, record))

    def _noted(self, todo: Parsed) -> Parsed:
        if todo.external_id in self._promised:
            self._lives[todo.external_id] = todo
        return todo

    def _settled(self, kind: type[Entity], entries: list[Any]) -> Iterator[Parsed]:
        """Yield the records of a list; those whose id stands there again, or is missing, at its end."""
        ids = [_id_in(entry) for entry in entries]
        times = Counter(ids)
        again = []
        entries.reverse()
        for id in ids:
            entry = entries.pop()
            if id is None or times[id] > 1:
                again.append(self._record(kind, entry, alone=False))
            else:
                yield self._record(kind, entry)
        yield from settled(again)

    def notes(self) -> list[str]:
        """Return what will not survive, and what was assumed of many records."""
        notes = []
        if anew := sorted(_DERIVED & self._unknown.keys()):
            notes.append(f"Computed anew instead of imported: {', '.join(anew)}.")
        if others := sorted(self._unknown.keys() - _DERIVED):
            shown = ", ".join(others[:12]) + (f" and {len(others) - 12} more" if len(others) > 12 else "")
            notes.append(f"Fields that orc has no place for, kept in the raw record only: {shown}.")
        if len(self._users) > 1:
            notes.append(f"The records belong to {len(self._users)} users of the old app; all are yours now.")
        return notes

    def _record(self, kind: type[Entity], entry: Any, *, alone: bool = True) -> Parsed:
        """Return a record as its kind is read; of one that is not alone with its id, how new it is."""
        raw, content = as_raw(entry)
        noun = kind.noun.replace(" ", "-")
        if not isinstance(entry, dict):
            return _left_out(kind, f"{noun}:~{content[:12]}", raw, content, "it is no record")
        there, unknown = named(entry, _NAMES[kind])
        if unknown:
            self._unknown.update(name for name in unknown if entry[name] != WITHHELD)
        if user := there.get("user"):
            self._users.add(str(user))
        fields = QuickFields(there, self._context)
        id = creation_rows.id_of(fields)
        external_id = f"{noun}:{id or '~' + content[:12]}"
        if kind is WeeklyGoal:
            return self._goal(fields, external_id, raw, content)
        if kind is Todo and (goal := fields.text("goal")):
            self._promises.append(Promise(goal=f"weekly-goal:{goal}", todo=external_id))
            self._promised.add(external_id)
        first, steps, links = _READERS[kind](fields)
        return Parsed(
            external_id=external_id,
            kind=kind,
            values=first,
            steps=steps,
            links=links,
            raw=raw,
            content_hash=content,
            row_id=id if id and _FIT_ID.fullmatch(id) else None,
            updated=0 if alone else creation_rows.last_told(fields),
            guessed=fields.guessed,
            issues=fields.issues(external_id),
        )

    def _goal(self, fields: Fields, external_id: str, raw: str, content: str) -> Parsed:
        row = creation_weeks.goal(fields)
        if row is None:
            return _left_out(WeeklyGoal, external_id, raw, content, "its week can't be read")
        self._promises += creation_weeks.promises(fields, external_id)
        return Parsed(
            external_id=external_id,
            kind=WeeklyGoal,
            row_id=row.pop("id"),
            meets="id",
            values=row,
            raw=raw,
            content_hash=content,
            updated=creation_rows.last_told(fields),
            issues=fields.issues(external_id),
        )


def _id_in(entry: Any) -> str | None:
    """Return the id of a record as `named` finds it, None where it has none that can be one."""
    if not isinstance(entry, dict):
        return None
    id = entry.get("id") if next(iter(entry), None) == "id" else None
    return creation_rows.as_id(
        next((value for name, value in entry.items() if bare(name) == "id"), None) if id is None else id
    )


def _left_out(kind: type[Entity], external_id: str, raw: str, content: str, why: str) -> Parsed:
    return Parsed(external_id=external_id, kind=kind, raw=raw, content_hash=content, left_out=why)


_READERS: Mapping[type[Entity], Callable[[Fields], Row]] = {
    Intention: creation_rows.intention,
    Project: creation_rows.project,
    Todo: creation_rows.todo,
}
