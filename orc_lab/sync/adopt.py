"""A database that joins an account belongs to the account's user from then on, as all its devices do.

Ids that derive from the user (a week's goal, a day's capacity, a recommendation, what was learned) are made anew, so
that the same week's goal is one row, whichever devices it was written on. It is one logged edit.
"""

import sqlite3
from collections.abc import Callable, Iterator
from datetime import date

from orc_lab.model.entities import Capacity, Entity, Knowledge, Recommendation, WeeklyGoal
from orc_lab.model.ids import derived_id
from orc_lab.model.week import Week
from orc_lab.store import repository, sharing
from orc_lab.store.database import Database
from orc_lab.workbench.weeks import goal_id


def adopt(db: Database, conn: sqlite3.Connection, user: str) -> bool:
    """Have a database belong to another user, inside a transaction; return whether it didn't yet."""
    own, _, _ = db.identity()
    if own == user:
        return False
    for kind, ids in _renamed(db, own, user):
        owner = {"user_id": user} if "user_id" in kind.__dataclass_fields__ else {}
        for old, new in ids.items():
            sharing.rekey(conn, kind.table, old, new, owner)
        if kind is WeeklyGoal:
            sharing.repoint(conn, "commitments", "weekly_goal_id", ids)
        sharing.repoint(conn, "imports", "subject_id", ids)
        sharing.remove(conn, kind.table, list(ids))
    sharing.adopt_user(conn, user)
    return True


def _renamed(db: Database, own: str, user: str) -> Iterator[tuple[type[Entity], dict[str, str]]]:
    """The ids that change, by kind: those that derive from the user, where the new one isn't taken."""
    for kind, name in _DERIVED.items():
        found = {
            row.id: name(row, user) for row in repository.find(db, kind, {}, order="id") if row.id == name(row, own)
        }
        taken = repository.there(db, kind, found.values())
        yield kind, {old: new for old, new in found.items() if new not in taken}


def _goal(row: Entity, user: str) -> str:
    assert isinstance(row, WeeklyGoal)
    return goal_id(user, Week.of(date.fromisoformat(row.week_start_date)))


def _capacity(row: Entity, user: str) -> str:
    assert isinstance(row, Capacity)
    return derived_id("capacity", user, row.day)


def _recommendation(row: Entity, user: str) -> str:
    assert isinstance(row, Recommendation)
    return derived_id("recommendation", user, row.rule or "", row.project_id or "", row.day or "")


def _knowledge(row: Entity, user: str) -> str:
    assert isinstance(row, Knowledge)
    return derived_id("knowledge", user, row.part, row.name)


_DERIVED: dict[type[Entity], Callable[[Entity, str], str]] = {
    WeeklyGoal: _goal,
    Capacity: _capacity,
    Recommendation: _recommendation,
    Knowledge: _knowledge,
}
