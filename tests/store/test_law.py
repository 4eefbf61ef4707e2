"""After any history of edits, by the workbench and by any SQLite tool at once, the laws hold."""

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orc_lab.errors import OrcError
from orc_lab.model.codec import columns
from orc_lab.model.entities import (
    Advice,
    Commitment,
    Entity,
    ForecastRecord,
    Intention,
    Knowledge,
    Link,
    Origin,
    Priority,
    Project,
    ProjectStatus,
    Recommendation,
    Session,
    Status,
    Todo,
    WeeklyGoal,
)
from orc_lab.model.week import Week
from orc_lab.store import change_log
from orc_lab.store.database import Database, Transaction
from orc_lab.workbench.bench import Workbench
from tests.past import rows_as_of
from tests.store import laws

WEEK = Week.parse("2026-W47")
EDITABLE = (Intention, Project, Todo, Link, WeeklyGoal, Commitment, Session)
Act = Callable[[Workbench, sqlite3.Connection, int], object]


def some(wb: Workbench, kind: type[Entity], pick: int) -> str:
    """The id of one row of a kind, or one that isn't there."""
    rows = wb.db.rows(f"SELECT id FROM {kind.table} ORDER BY rowid")
    return str(rows[pick % len(rows)][0]) if rows else "missing"


def todo(act: Callable[[Workbench, str], object]) -> Act:
    return lambda wb, shell, pick: act(wb, some(wb, Todo, pick))


def sql(statement: str) -> Act:
    """A statement of the shell about one todo, and sometimes about a project."""
    return lambda wb, shell, pick: shell.execute(
        statement, {"n": pick, "todo": some(wb, Todo, pick), "project": some(wb, Project, pick)}
    )


def failing_edit(wb: Workbench, shell: sqlite3.Connection, pick: int) -> None:
    with wb.edit("several"):
        wb.add_todo("never")
        wb.done(some(wb, Todo, pick))
        wb.delete(Project, "missing")


def nested_edit(wb: Workbench, shell: sqlite3.Connection, pick: int) -> None:
    with wb.edit("several"):
        wb.commit(wb.capture(f"Task {pick} +Project{pick % 3} {1 + pick % 8}h").id, WEEK)
        wb.delete(Todo, some(wb, Todo, pick))


def bulk_edit(wb: Workbench, shell: sqlite3.Connection, pick: int) -> None:
    with wb.edit("import", origin="import") as tx:
        rows = [
            Todo(id=f"b{pick}-{n}", user_id="u", title="t", adjusted_hours=n, created_at=5, updated_at=5)
            for n in (1, 2)
        ]
        tx.insert_many(rows, at=1000 + pick)
        tx.update(Todo, rows[0].id, {"status": Status.DONE, "completed_at": 2000, "adjusted_hours": None}, at=2000)


def agents_write(wb: Workbench, shell: sqlite3.Connection, pick: int) -> None:
    with wb.edit("keep forecasts", actor="agent") as tx:
        forecast = ForecastRecord(
            id=f"f{pick}", model="m", subject="todos", subject_id=some(wb, Todo, pick), unit="hours", quantiles="{}",
            basis="history", inputs_hash="", as_of=5, made_at=5, origin=list(Origin)[pick % 3],
        )  # fmt: skip
        advice = Recommendation(
            id=f"r{pick}", type=Advice.OPTIMIZATION, rule="r", day="2026-11-16", project_id=some(wb, Project, pick),
            title="Cut", created_at=5,
        )  # fmt: skip
        known = Knowledge(id=f"k{pick}", part="tasks", name="n", value="{}", updated_at=5)
        tx.insert_many([forecast])
        tx.insert_many([advice])
        tx.insert_many([known])


def agents_settle(wb: Workbench, shell: sqlite3.Connection, pick: int) -> None:
    with wb.edit("settle forecasts", actor="agent") as tx:
        settled = {"outcome": pick / 4, "resolved_at": pick, "score": f"{{{pick}}}"}
        tx.update(ForecastRecord, some(wb, ForecastRecord, pick), settled)
        tx.update(Knowledge, some(wb, Knowledge, pick), {"value": f"[{pick}]", "version": pick})


ACTS: tuple[Act, ...] = (
    lambda wb, shell, pick: wb.add_project(f"Project{pick % 3}", priority=list(Priority)[pick % 4]),
    lambda wb, shell, pick: wb.add_todo(f"Task {pick}", project_id=some(wb, Project, pick), estimated_hours=pick / 4),
    lambda wb, shell, pick: wb.capture(f"Task {pick} +Project{pick % 3} {pick}m #a"),
    lambda wb, shell, pick: wb.create(Link, blocker_id=some(wb, Todo, pick), blocked_id=some(wb, Todo, pick + 1)),
    lambda wb, shell, pick: wb.match(some(wb, Todo, pick), some(wb, Project, pick)),
    lambda wb, shell, pick: wb.update(Project, some(wb, Project, pick), status=list(ProjectStatus)[pick % 4]),
    lambda wb, shell, pick: wb.update(Todo, some(wb, Todo, pick), status=list(Status)[pick % 7], tags=["x"]),
    lambda wb, shell, pick: wb.delete(EDITABLE[pick % 7], some(wb, EDITABLE[pick % 7], pick)),
    lambda wb, shell, pick: wb.set_goal(WEEK + pick % 2, goal=f"Goal {pick}"),
    lambda wb, shell, pick: wb.confirm_plan(WEEK + pick % 2),
    lambda wb, shell, pick: wb.stop(ended_at=int(time.time())),
    lambda wb, shell, pick: wb.undo(steps=1 + pick % 3, force=pick % 2 == 0),
    todo(lambda wb, id: wb.refine(id, estimated_hours=2)),
    todo(lambda wb, id: wb.confirm(id)),
    todo(lambda wb, id: wb.commit(id, WEEK)),
    todo(lambda wb, id: wb.commit(id)),
    todo(lambda wb, id: wb.uncommit(id, WEEK)),
    todo(lambda wb, id: wb.done(id)),
    todo(lambda wb, id: wb.done(id, actual_hours=1.5, at=1_700_000_000)),
    todo(lambda wb, id: wb.reopen(id)),
    todo(lambda wb, id: wb.drop(id)),
    todo(lambda wb, id: wb.start(id, at=int(time.time()) - 600)),
    lambda wb, shell, pick: wb.update(Recommendation, some(wb, Recommendation, pick), response="dismissed", why="no"),
    failing_edit,
    nested_edit,
    bulk_edit,
    agents_write,
    agents_write,
    agents_settle,
    sql("INSERT INTO todos (id, user_id, title, adjusted_hours, created_at, updated_at) VALUES (:n, 1, 2, :n, 5, 5)"),
    sql("REPLACE INTO projects (id, user_id, title, created_at, updated_at) VALUES (:project, 'u', 'raw', 5, 5)"),
    sql("INSERT INTO sessions VALUES ('s' || :n, :todo, 'd', 100, 100 + :n * 60, 'raw')"),
    sql("UPDATE todos SET title = 'raw' || :n, adjusted_hours = :n / 4.0"),
    sql("UPDATE todos SET project_id = :project, due_date = '2026-11-27' WHERE id = :todo"),
    sql("UPDATE projects SET id = 'renamed' || :n, why = 'raw' WHERE id = :project"),
    sql("UPDATE commitments SET outcome = 'removed', resolved_at = :n"),
    sql("UPDATE sessions SET todo_id = :todo, ended_at = started_at + :n"),
    sql("DELETE FROM todos WHERE id = :todo"),
    sql("DELETE FROM projects WHERE id = :project"),
    sql("DELETE FROM weekly_goals"),
    sql("UPDATE recommendations SET response = 'accepted', project_id = :project"),
    sql("UPDATE forecasts SET id = 'renamed' || :n, score = 'raw', outcome = :n / 8.0 WHERE unit = 'hours'"),
)  # fmt: skip
EDITS = st.lists(st.tuples(st.sampled_from(range(len(ACTS))), st.integers(0, 30)), min_size=10, max_size=25)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a little of everything, none of which can be undone."""
    path = tmp_path_factory.mktemp("lived") / "lived.db"
    with Workbench.init(path) as wb, wb.edit("before", actor="setup"):
        projects = [wb.add_project(f"Project{n}") for n in range(3)]
        todos = [wb.add_todo(f"Task {n}", project_id=projects[n % 3].id, estimated_hours=n / 2) for n in range(6)]
        wb.create(Link, blocker_id=todos[0].id, blocked_id=todos[1].id)
        for todo in todos[:4]:
            wb.commit(todo.id, WEEK)
        wb.start(todos[2].id, at=1_700_000_000)
        wb.stop(ended_at=1_700_005_400)
        wb.done(todos[2].id, actual_hours=2.0)
        wb.set_goal(WEEK + 1, goal="Rest")
    return path


@contextmanager
def opened(template: Path) -> Iterator[tuple[Workbench, sqlite3.Connection]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "own.db"
        shutil.copyfile(template, path)
        with (
            Workbench.open(path, durability="normal") as wb,
            closing(sqlite3.connect(path, isolation_level=None)) as shell,
        ):
            shell.execute("PRAGMA foreign_keys = ON")
            shell.execute("PRAGMA synchronous = OFF")
            yield wb, shell


@settings(derandomize=True, max_examples=40)
@given(EDITS)
def test_the_log_replayed_from_empty_equals_the_tables(lived: Path, edits: list[tuple[int, int]]) -> None:
    with opened(lived) as (wb, shell):
        for number, pick in edits:
            with suppress(OrcError, sqlite3.IntegrityError):  # not every edit is possible then; those leave no trace
                ACTS[number](wb, shell, pick)
        laws.hold(wb.db)
        assert wb.db.rows("PRAGMA foreign_key_check") == []


@settings(derandomize=True, max_examples=25)
@given(EDITS)
def test_undoing_everything_leads_back_to_the_beginning(lived: Path, edits: list[tuple[int, int]]) -> None:
    with opened(lived) as (wb, shell):
        before = {kind: laws.captured_rows(wb.db, kind) for kind in EDITABLE}
        for number, pick in edits:
            if number < ACTS.index(failing_edit) and number != 11:  # a person's verbs, no undo among them
                with suppress(OrcError):
                    ACTS[number](wb, shell, pick)
        if change_log.undoable(wb.db):
            wb.undo(steps=1000)
        assert {kind: laws.captured_rows(wb.db, kind) for kind in EDITABLE} == before
        laws.hold(wb.db)


STEPS = st.lists(
    st.tuples(st.sampled_from(["insert", "update", "delete", "many"]), st.integers(0, 4)),
    min_size=1,
    max_size=20,
)


@settings(derandomize=True, max_examples=40)
@given(STEPS)
def test_any_past_instant_shows_what_stood_then(template: Path, steps: list[tuple[str, int]]) -> None:
    with opened(template) as (wb, _):
        shown: list[tuple[int, set[tuple[Any, ...]]]] = [(990, set())]
        for number, (op, pick) in enumerate(steps):
            at = 1000 + 10 * number
            with suppress(OrcError), wb.edit("step", origin="import") as tx:
                dated_step(tx, op, str(pick), at)
            shown.append((at, standing(wb.db)))
        for at, rows in shown:
            assert set(rows_as_of(wb.db, Todo, at)) == rows
            assert set(rows_as_of(wb.db, Todo, at + 9)) == rows


def dated_step(tx: Transaction, op: str, id: str, at: int) -> None:
    def row(id: str) -> Todo:
        return Todo(id=id, user_id="u", title=f"t{at}", tags=("a",), created_at=at, updated_at=at)

    if op == "insert":
        tx.insert(row(id), at=at)
    elif op == "update":
        tx.update(Todo, id, {"title": f"u{at}", "adjusted_hours": at / 4, "tags": ()}, at=at)
    elif op == "delete":
        tx.delete(Todo, id, at=at)
    else:
        tx.insert_many([row("4"), row("5")], at=at)
        tx.update_many(Todo, [("4", {"position": 1.0}), ("5", {"position": 2.0})], at=at)


def standing(db: Database) -> set[tuple[Any, ...]]:
    return set(db.rows(f"SELECT {', '.join(columns(Todo))} FROM todos"))


def test_a_local_past_is_what_was_recorded_by_then(db: Database) -> None:
    """Local edits count from when they were written down, even those about an earlier instant."""
    noon = int(time.time()) + 100
    with db.transaction("add") as tx:
        tx.insert(Todo(id="1", user_id="u", title="Write", created_at=5, updated_at=5))
    db.rows("UPDATE change_context SET floor = ?", (noon * 1_000_000,))  # what follows is written down at noon
    with db.transaction("done this morning") as tx:
        tx.update(Todo, "1", {"status": Status.DONE, "completed_at": noon - 50}, at=noon - 50)

    def status(at: int) -> list[object]:
        return [row[columns(Todo).index("status")] for row in rows_as_of(db, Todo, at)]

    assert status(5) == []
    assert status(noon - 10) == ["dumped"]
    assert status(noon) == ["done"]
