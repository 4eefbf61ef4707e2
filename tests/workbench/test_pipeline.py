"""A todo's way, verb by verb: what each sets, and the activity it leaves."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from orc_lab.errors import InvalidValue, NotFound, UnknownField
from orc_lab.model.entities import Activity, Commitment, Priority, Project, ProjectStatus, Status, Todo
from orc_lab.workbench import pipeline
from orc_lab.workbench.bench import Workbench
from tests.store import laws
from tests.workbench.conftest import MONDAY, Now, told


@pytest.fixture
def project(wb: Workbench) -> Project:
    return wb.add_project("Thesis", why="To be done")


@pytest.fixture
def todo(wb: Workbench, project: Project) -> Todo:
    return wb.add_todo("Write", project_id=project.id, estimated_hours=2)


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({}, "dumped"),
        ({"estimated_hours": 2}, "dumped"),
        ({"project_id": "P"}, "matched"),
        ({"project_id": "P", "estimated_hours": 2}, "refined"),
        ({"project_id": "P", "status": "confirmed"}, "confirmed"),
    ],
)
def test_a_new_todo_is_as_far_as_it_is_described(
    wb: Workbench, project: Project, values: dict[str, Any], status: str
) -> None:
    values = values | ({"project_id": project.id} if "project_id" in values else {})
    todo = wb.add_todo("Write", **values)
    assert (todo.status, todo.created_at, todo.user_id) == (status, MONDAY, wb.user_id)
    assert wb.get(Todo, todo.id) == todo
    assert told(wb, todo.id) == [("status", None, status)]


VERBS: dict[str, tuple[Callable[[Workbench, str], object], dict[str, object], list[tuple[str, object, object]]]] = {
    "refine": (
        lambda wb, id: wb.refine(id, title="Write the draft", estimated_hours=3),
        {"title": "Write the draft", "estimated_hours": 3.0, "status": "refined"},
        [("estimate", 2.0, 3.0)],
    ),
    "confirm": (lambda wb, id: wb.confirm(id), {"status": "confirmed"}, [("status", "refined", "confirmed")]),
    "commit": (lambda wb, id: wb.commit(id), {"status": "committed"}, [("status", "refined", "committed")]),
    "done": (
        lambda wb, id: wb.done(id, actual_hours=3.5),
        {
            "status": "done",
            "completed_at": MONDAY + 60,
            "original_estimate_hours": 2.0,
            "adjusted_hours": 3.5,
            "actual_hours": 3.5,
            "started_at": None,
        },
        [("status", "refined", "done")],
    ),
    "done earlier": (
        lambda wb, id: wb.done(id, at=MONDAY + 30),
        {"status": "done", "completed_at": MONDAY + 30, "updated_at": MONDAY + 30},
        [("status", "refined", "done")],
    ),
    "drop": (lambda wb, id: wb.drop(id), {"status": "dropped"}, [("status", "refined", "dropped")]),
    "snooze": (
        lambda wb, id: wb.snooze(id, date(2026, 12, 1)),
        {"snoozed_until": "2026-12-01", "status": "refined"},
        [("edited", None, "snoozed_until")],
    ),
    "update": (
        lambda wb, id: wb.update(Todo, id, priority="high", tags=["deep"], description="x"),
        {"priority": Priority.HIGH, "tags": ("deep",), "status": "refined"},
        [("edited", None, "priority, tags, description")],
    ),
    "update of nothing": (lambda wb, id: wb.update(Todo, id, title="Write"), {"title": "Write"}, []),
    "start": (
        lambda wb, id: wb.start(id),
        {"started_at": MONDAY + 60, "original_estimate_hours": 2.0, "status": "refined"},
        [("session started", None, "SESSION")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_sets_what_follows_and_tells_it(wb: Workbench, now: Now, todo: Todo, verb: str) -> None:
    act, expected, activities = VERBS[verb]
    now.passes(minutes=1)
    act(wb, todo.id)
    found = wb.get(Todo, todo.id)
    assert {field: getattr(found, field) for field in expected} == expected
    running = wb.running()
    said = [(kind, old, "SESSION" if running and new == running.id else new) for kind, old, new in told(wb, todo.id)]
    assert said == [("status", None, "refined"), *activities]


def test_a_verb_returns_the_todo_as_it_is_now(wb: Workbench, todo: Todo) -> None:
    for verb in (wb.confirm, wb.done, wb.reopen, wb.drop):
        assert verb(todo.id) == wb.get(Todo, todo.id)
    wb.start(todo.id)
    wb.stop()
    assert wb.done(todo.id, actual_hours=2) == wb.get(Todo, todo.id)
    assert wb.update(Todo, todo.id, adjusted_hours=None) == wb.get(Todo, todo.id)


def test_a_captured_todo_gets_its_project(wb: Workbench, now: Now, project: Project) -> None:
    first, second = wb.add_todo("Read"), wb.add_todo("Think")
    now.passes(hours=1)
    assert wb.match(first.id, project.id).status is Status.MATCHED
    assert wb.update(Todo, second.id, project_id=project.id).status is Status.MATCHED
    for todo in (first, second):
        said = set(told(wb, todo.id)[1:])
        assert said == {("project", None, project.id), ("status", "dumped", "matched")}


def test_the_first_estimate_counts_once_work_has_started(wb: Workbench, now: Now, todo: Todo) -> None:
    wb.refine(todo.id, estimated_hours=3)
    assert wb.get(Todo, todo.id).original_estimate_hours is None
    wb.start(todo.id)
    now.passes(hours=1)
    wb.stop()
    wb.update(Todo, todo.id, estimated_hours=8)
    assert wb.get(Todo, todo.id).original_estimate_hours == 3.0
    wb.done(todo.id)
    assert wb.get(Todo, todo.id).original_estimate_hours == 3.0


def test_an_estimate_given_with_the_work_done_counts(wb: Workbench) -> None:
    todo = wb.add_todo("Read")
    assert wb.update(Todo, todo.id, estimated_hours=1, status="done").original_estimate_hours == 1.0
    assert wb.done(wb.add_todo("Think").id).original_estimate_hours is None


def test_hours_in_all_are_what_the_person_says(wb: Workbench, now: Now, todo: Todo) -> None:
    wb.start(todo.id)
    now.passes(hours=1.5)
    wb.stop()
    done = wb.done(todo.id, actual_hours=2)
    assert (done.actual_hours, done.adjusted_hours) == (2.0, 0.5)
    less = wb.done(todo.id, actual_hours=1)
    assert (less.actual_hours, less.adjusted_hours) == (1.0, -0.5)
    assert wb.update(Todo, todo.id, actual_hours=None).actual_hours == 1.5


def test_done_and_undone_again(wb: Workbench, now: Now, todo: Todo) -> None:
    wb.done(todo.id)
    now.passes(days=1)
    again = wb.reopen(todo.id)
    assert (again.status, again.completed_at, again.original_estimate_hours) == (Status.CONFIRMED, None, 2.0)
    now.passes(days=1)
    assert wb.done(todo.id).completed_at == MONDAY + 2 * 86400
    assert [new for kind, _, new in told(wb, todo.id) if kind == "status"] == ["refined", "done", "confirmed", "done"]


@pytest.mark.parametrize(
    ("act", "error", "words"),
    [
        (lambda wb, id: wb.done(id, at=MONDAY + 1), InvalidValue, "a moment that has passed"),
        (lambda wb, id: wb.done(id, at=MONDAY - 400 * 86_400), InvalidValue, "before the todo was written down"),
        (lambda wb, id: wb.update(Todo, id, parent_id=id), InvalidValue, "isn't this one or below it"),
        (lambda wb, id: wb.done(id, actual_hours=-1), InvalidValue, "actual_hours"),
        (lambda wb, id: wb.refine(id, estimated_hours="two"), InvalidValue, "estimated_hours"),
        (lambda wb, id: wb.refine(id, title=" "), InvalidValue, "title"),
        (lambda wb, id: wb.refine(id, hours=2), UnknownField, "'hours'"),
        (lambda wb, id: wb.update(Todo, id, status="finished"), InvalidValue, "one of dumped, matched"),
        (lambda wb, id: wb.snooze(id, "soon"), InvalidValue, "snoozed_until"),
        (lambda wb, id: wb.match(id, "nowhere"), InvalidValue, "FOREIGN KEY"),
        (lambda wb, id: wb.done("9"), NotFound, "'9'"),
        (lambda wb, id: wb.delete(Todo, "9"), NotFound, "'9'"),
        (lambda wb, id: wb.update(Project, id, title="x"), NotFound, "project"),
        (lambda wb, id: wb.add_todo("x", project_id="nowhere"), InvalidValue, "FOREIGN KEY"),
        (lambda wb, id: wb.capture("+Another 2h"), InvalidValue, "title"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    wb: Workbench, todo: Todo, act: Callable[[Workbench, str], object], error: type[Exception], words: str
) -> None:
    before = wb.find(Todo), wb.find(Project), wb.find(Activity), wb.edits()
    with pytest.raises(error, match=words):
        act(wb, todo.id)
    assert (wb.find(Todo), wb.find(Project), wb.find(Activity), wb.edits()) == before


def test_quick_syntax_becomes_one_edit(wb: Workbench) -> None:
    first = wb.capture("Write draft +Übung 2h !high @fri #deep")
    assert (first.title, first.status, first.estimated_hours, first.due_date, first.tags) == (
        "Write draft", "refined", 2.0, "2026-11-20", ("deep",),
    )  # fmt: skip
    assert wb.get(Todo, first.id) == first
    second = wb.capture("Read +übung")
    assert (second.project_id, second.status, second.priority) == (first.project_id, "matched", "medium")
    assert [project.title for project in wb.find(Project)] == ["Übung"]
    assert wb.capture("Think").status is Status.DUMPED
    assert [edit.label for edit in wb.edits(3)] == ["add todo"] * 3


def test_a_project_is_completed_once(wb: Workbench, now: Now, project: Project) -> None:
    now.passes(days=2)
    done = wb.complete_project(project.id)
    assert (done.status, done.completed_at) == (ProjectStatus.COMPLETED, MONDAY + 2 * 86400)
    now.passes(days=1)
    assert wb.complete_project(project.id).completed_at == MONDAY + 2 * 86400
    assert wb.update(Project, project.id, status="active", progress=40).completed_at is None
    assert told(wb, project.id)[1:] == [
        ("status", "active", "completed"),
        ("status", "completed", "active"),
        ("progress", 0, 40),
    ]


def test_what_is_deleted_stays_in_the_log_and_its_children_stay_or_go(
    wb: Workbench, project: Project, todo: Todo
) -> None:
    wb.commit(todo.id)
    wb.delete(Project, project.id)
    assert wb.get(Todo, todo.id).project_id is None
    assert told(wb, project.id)[-1] == ("deleted", None, None)
    assert wb.history(project.id)[-1].cells["title"] == ("Thesis", None)
    wb.delete(Todo, todo.id)
    assert wb.commitments(wb.week()) == []
    assert told(wb, todo.id)[-1] == ("deleted", None, None)


def test_activities_are_found_newest_first(wb: Workbench, now: Now, todo: Todo) -> None:
    now.passes(hours=1)
    wb.confirm(todo.id)
    now.passes(hours=1)
    wb.drop(todo.id)
    assert [a.new for a in wb.activities(todo.id)] == ["dropped", "confirmed", "refined"]
    assert [a.new for a in wb.activities(todo.id, since=MONDAY + 1)] == ["dropped", "confirmed"]
    assert [a.new for a in wb.activities(todo.id, limit=1)] == ["dropped"]
    assert {a.subject for a in wb.activities()} == {"todos", "projects", "settings"}


def test_no_todo_is_above_itself(wb: Workbench) -> None:
    top = wb.add_todo("Top")
    middle = wb.add_todo("Middle", parent_id=top.id)
    bottom = wb.add_todo("Bottom", parent_id=middle.id)
    with pytest.raises(InvalidValue, match="isn't this one or below it"):
        wb.update(Todo, top.id, parent_id=bottom.id)
    assert wb.get(Todo, top.id).parent_id is None
    assert wb.update(Todo, bottom.id, parent_id=top.id).parent_id == top.id


def test_many_changes_at_once_leave_what_each_by_itself_would(wb: Workbench, now: Now, tmp_path: Path) -> None:
    """Rows, promises and activities are the same, and so is what the log says of each row."""
    garden = wb.add_project("Garden")
    todos = [wb.add_todo(f"Todo {n}", estimated_hours=1) for n in range(6)]
    for one in todos[:3]:
        wb.commit(one.id)
    wb.done(todos[5].id)
    now.passes(hours=1)
    early = now.at - 60
    changes: list[tuple[str, dict[str, Any], int | None]] = [
        (todos[0].id, {"status": Status.DONE, "completed_at": early}, early),
        (todos[1].id, {"status": Status.DROPPED, "title": "Never"}, None),
        (todos[2].id, {"title": "Renamed"}, None),
        (todos[3].id, {"project_id": garden.id, "estimated_hours": 4.0}, None),
        (todos[4].id, {}, None),
        (todos[5].id, {"status": Status.CONFIRMED, "adjusted_hours": 2.0}, None),
    ]
    found = []
    for at_once in (True, False):
        path = tmp_path / f"{at_once}.db"
        with closing(sqlite3.connect(path)) as copy:
            wb.db.conn.backup(copy)
        with Workbench.open(path, durability="normal") as bench:
            rows = [(bench.get(Todo, id), values, at) for id, values, at in changes]
            with bench.edit("many") as tx:
                if at_once:
                    pipeline.change_many(bench.db, tx, rows)
                else:
                    for todo, values, at in rows:
                        pipeline.change(bench.db, tx, todo, values, at)
            laws.hold(bench.db)
            log = """SELECT "table", CASE "table" WHEN 'activities' THEN NULL ELSE id END, op, at, field, old, new
                FROM change_log JOIN change_cell USING (seq) WHERE tx = ? AND field <> 'id'"""
            told = [bench.find(kind, order="id") for kind in (Todo, Commitment, Project)]
            found.append((told, sorted(bench.db.rows(log, (tx.tx,)), key=repr)))
    assert found[0] == found[1]
