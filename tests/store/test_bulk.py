"""Rows added in bulk can't be told from rows added one by one, not even by the log."""

import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orc_lab.errors import InvalidValue
from orc_lab.model.codec import columns
from orc_lab.model.entities import Activity, Entity, Priority, Project, Session, Status, Todo
from orc_lab.store import capture, provenance
from orc_lab.store.bulk import Bulk, Life
from orc_lab.store.database import Database
from tests.store import laws

STEPS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "title": st.sampled_from(["a", "b"]),
            "status": st.sampled_from(Status),
            "adjusted_hours": st.none() | st.floats(0, 9),
            "tags": st.sampled_from([(), ("x",), ("x", "y")]),
            "completed_at": st.none() | st.integers(0, 9),
        },
    ).filter(bool),
    max_size=3,
)


def a_todo(id: str, **values: Any) -> Todo:
    made: dict[str, Any] = {"user_id": "u", "title": "a", "created_at": 5, "updated_at": 5, "project_id": "p"}
    return Todo(id=id, **made | values)


def everything(db: Database, kinds: Sequence[type[Entity]]) -> Any:
    rows = {kind: sorted(db.rows(f"SELECT {', '.join(columns(kind))} FROM {kind.table}"), key=repr) for kind in kinds}
    log = db.rows(
        """SELECT l.tx, l.at, l.origin, l."table", l.id, l.op, c.field, c.old, c.new, typeof(c.new)
        FROM change_log AS l LEFT JOIN change_cell AS c USING (seq) ORDER BY l.id, l.seq, c.field"""
    )
    return rows, log


@pytest.mark.parametrize("expected", [0, 100], ids=["indexes stay", "indexes anew"])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lives=st.lists(STEPS, min_size=1, max_size=30))
def test_bulk_is_as_one_by_one(
    tmp_path: Path, template: Path, expected: int, lives: list[list[dict[str, Any]]]
) -> None:
    paths = [shutil.copyfile(template, tmp_path / name) for name in ("a.db", "b.db")]
    for path in tmp_path.glob("*.db-*"):
        path.unlink()
    project = Project(id="p", user_id="u", title="P", created_at=3, updated_at=3, priority=Priority.HIGH)
    with Database(paths[0], durability="normal") as slow, Database(paths[1], durability="normal") as fast:
        with slow.transaction("x", origin="import") as tx:
            tx.insert(project, at=3)
            for n, steps in enumerate(lives):
                tx.insert(a_todo(f"t{n}", adjusted_hours=n / 2 or None), at=5)
                for at, step in enumerate(steps, 6):
                    tx.update(Todo, f"t{n}", step, at=at)
        with fast.transaction("x", origin="import") as tx, Bulk(tx, expected=expected) as bulk:
            todos: list[Life] = [
                (a_todo(f"t{n}", adjusted_hours=n / 2 or None), 5, list(enumerate(steps, 6)))
                for n, steps in enumerate(lives)
            ]
            bulk.insert(Todo, todos)  # before the project that they name: checked at the end
            bulk.insert(Project, [(project, 3, ())])
        assert everything(fast, (Project, Todo)) == everything(slow, (Project, Todo))
        assert indexes(fast) == indexes(slow)
        laws.hold(fast)


def indexes(db: Database) -> Any:
    return sorted(db.rows("SELECT name, sql FROM sqlite_master WHERE type = 'index'"))


@pytest.mark.parametrize("first", [Todo, Session])
def test_hours_follow_sessions_whichever_comes_first(db: Database, first: type[Entity]) -> None:
    worked = Session(id="s", todo_id="t", device_id="d", started_at=0, ended_at=7200)
    lives: dict[type[Entity], Life] = {
        Todo: (a_todo("t", adjusted_hours=1.0, project_id=None), 5, [(6, {"adjusted_hours": 1.5})]),
        Session: (worked, 0, ()),
    }
    with db.transaction("x") as tx, Bulk(tx, expected=9) as bulk:
        for kind in sorted(lives, key=lambda kind: kind is not first):
            bulk.insert(kind, [lives[kind]])
    assert db.rows("SELECT actual_hours FROM todos") == [(3.5,)]
    laws.hold(db)


def test_a_failure_inside_leaves_the_indexes(db: Database) -> None:
    before = indexes(db)
    with db.transaction("x") as tx:
        with pytest.raises(sqlite3.IntegrityError), Bulk(tx, expected=9) as bulk:
            bulk.insert(Todo, [(a_todo("t", project_id=None), 5, ())] * 2)
        assert not capture.stale(db.conn)
    assert indexes(db) == before


def test_the_triggers_stand_again(db: Database) -> None:
    with db.transaction("x") as tx, Bulk(tx) as bulk:
        bulk.insert(Activity, [(_activity("a"), 5, ())])
    assert not capture.stale(db.conn)
    with db.transaction("y") as tx:
        tx.insert(_activity("b"))
    assert [row for (row,) in db.rows("SELECT id FROM change_log ORDER BY seq")] == ["a", "b"]
    laws.hold(db)


def test_a_row_without_its_parent_undoes_all(db: Database) -> None:
    with pytest.raises(InvalidValue), db.transaction("x") as tx, Bulk(tx) as bulk:
        bulk.insert(Todo, [(a_todo("t"), 5, ())])
    assert db.rows("SELECT count(*) FROM todos") == [(0,)]
    assert not capture.stale(db.conn)
    laws.hold(db)


def test_a_failure_inside_leaves_the_triggers(db: Database) -> None:
    with db.transaction("x") as tx:
        with pytest.raises(sqlite3.IntegrityError), Bulk(tx) as bulk:
            bulk.insert(Activity, [(_activity("a"), 5, ()), (_activity("a"), 5, ())])
        assert not capture.stale(db.conn)


def test_existing_ids_in_any_number(db: Database) -> None:
    with db.transaction("x") as tx, Bulk(tx) as bulk:
        bulk.insert(Activity, [(_activity(f"a{n}"), n, ()) for n in range(1200)])
    asked = [f"a{n}" for n in range(0, 2400, 2)]
    assert provenance.existing(db, Activity, asked) == {id for id in asked if int(id[1:]) < 1200}


def test_many_rows_set_at_once(db: Database) -> None:
    with db.transaction("x") as tx:
        tx.insert(Project(id="p", user_id="u", title="P", created_at=3, updated_at=3))
        tx.insert_many([a_todo("t1"), a_todo("t2")])
        tx.update_many(Todo, [("t1", {"title": "b"}), ("t2", {"title": "c"})], at=7)
    assert db.rows("SELECT title, updated_at FROM todos ORDER BY id") == [("b", 7), ("c", 7)]


def _activity(id: str) -> Activity:
    return Activity(id=id, subject="todos", subject_id="t", kind="note", occurred_at=5, recorded_at=5)


def test_a_step_that_sets_nothing_dates_the_row_alone(db: Database) -> None:
    with db.transaction("x") as tx, Bulk(tx) as bulk:
        bulk.insert(Todo, [])
        bulk.insert(Todo, [(a_todo("t", project_id=None), 5, [(6, {}), (7, {"title": "a"})])])
    assert db.rows("SELECT title, updated_at FROM todos") == [("a", 7)]
    assert db.rows("SELECT op FROM change_log") == [("insert",)]
    laws.hold(db)


def test_lives_are_told_in_order_of_time_and_once(db: Database) -> None:
    lives: list[Life] = [
        (a_todo("t2", project_id=None), 50, [(60, {"status": Status.DONE, "estimated_hours": 2.0})]),
        (a_todo("t1", project_id=None), 5, [(55, {"status": Status.DUMPED, "title": "b"}), (70, {"title": "c"})]),
    ]
    with db.transaction("x") as tx, Bulk(tx, telling=True) as bulk:
        bulk.insert(Todo, lives)
        bulk.insert(Session, [(Session(id="s", todo_id="t1", device_id="d", started_at=0), 0, ())])
        assert (bulk.told, list(bulk.tell())) == (4, [4])
    told = db.rows("SELECT subject_id, kind, old, new, occurred_at, recorded_at FROM activities ORDER BY id")
    now = db.rows("SELECT at FROM change_tx")[0][0]
    assert sorted(told, key=repr) == [
        ("t1", "status", None, "dumped", 5, now),
        ("t2", "estimate", None, 2.0, 60, now),
        ("t2", "status", "dumped", "done", 60, now),
        ("t2", "status", None, "dumped", 50, now),
    ]
    assert [at for *_, at, _ in told] == [5, 50, 60, 60]
    laws.hold(db)
    with db.transaction("y") as tx:
        tx.delete(Todo, "t2")
    with db.transaction("z") as tx, Bulk(tx, telling=True) as bulk:
        bulk.insert(Todo, lives[:1])
        assert list(bulk.tell()) == []  # an import that was undone has told all of it
    laws.hold(db)
