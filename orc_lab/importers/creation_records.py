"""The records of an export of the old web app, gathered: each read by its kind, weekly goals merged by week."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from orc_lab.importers import creation_rows, creation_weeks
from orc_lab.importers.creation_rows import Row
from orc_lab.importers.creation_weeks import Promise
from orc_lab.importers.fields import Fields, named
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
WITHHELD = "(not kept)"  # stands in place of a secret
_FIT_ID = re.compile(r"[^\s\x00-\x1f\x7f\ud800-\udfff]{1,100}")


class Records:
    """The records of one export, kind by kind."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._parsed: dict[type[Entity], list[Parsed]] = {kind: [] for kind in _NAMES}
        self._promises: list[Promise] = []
        self._users: set[str] = set()
        self._unknown: Counter[str] = Counter()

    def read(self, kind: type[Entity], entries: Iterable[Any]) -> None:
        """Take the records of one kind; weekly goals come last, for they may hold todos that stand nowhere else."""
        self._parsed[kind] += [self._record(kind, entry) for entry in entries]
        if kind is WeeklyGoal:
            known = {todo.external_id for todo in self._parsed[Todo]}
            held = {one.todo: one.record for one in self._promises if one.record and one.todo not in known}
            self._parsed[Todo] += [self._record(Todo, record) for record in held.values()]

    def finished(self) -> list[Parsed]:
        """Return all rows, each external id once, with what the weekly goals promise as commitments."""
        todos, goals = settled(self._parsed[Todo]), settled(self._parsed[WeeklyGoal])
        others = settled([*self._parsed[Intention], *self._parsed[Project]])
        promised = creation_weeks.commitments(self._promises, goals, {todo.external_id: todo for todo in todos})
        return [*others, *todos, *creation_weeks.merged(goals), *promised]

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

    def _record(self, kind: type[Entity], entry: Any) -> Parsed:
        raw, content = as_raw(entry)
        noun = kind.noun.replace(" ", "-")
        if not isinstance(entry, dict):
            return _left_out(kind, f"{noun}:~{content[:12]}", raw, content, "it is no record")
        there, unknown = named(entry, _NAMES[kind])
        self._unknown.update(name for name in unknown if entry[name] != WITHHELD)
        self._users.update([str(there["user"])] if there.get("user") else ())
        fields = Fields(there, self._context)
        id = creation_rows.id_of(fields)
        external_id = f"{noun}:{id or '~' + content[:12]}"
        if kind is WeeklyGoal:
            return self._goal(fields, external_id, raw, content)
        if kind is Todo and (goal := fields.text("goal")):
            self._promises.append(Promise(goal=f"weekly-goal:{goal}", todo=external_id))
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
            updated=(steps[-1].values if steps else first)["updated_at"],
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
            updated=row["updated_at"],
            issues=fields.issues(external_id),
        )


def _left_out(kind: type[Entity], external_id: str, raw: str, content: str, why: str) -> Parsed:
    return Parsed(external_id=external_id, kind=kind, raw=raw, content_hash=content, left_out=why)


_READERS: Mapping[type[Entity], Callable[[Fields], Row]] = {
    Intention: creation_rows.intention,
    Project: creation_rows.project,
    Todo: creation_rows.todo,
}
