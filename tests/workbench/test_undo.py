"""Undo takes back each kind of edit by a new one, and asks before it loses what came later."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date

import pytest

from orc_lab.errors import ChangedSince, NothingToUndo
from orc_lab.model.entities import (
    KINDS,
    Activity,
    Advice,
    Commitment,
    ForecastRecord,
    Link,
    Origin,
    Project,
    Recommendation,
    Session,
    Todo,
    WeeklyGoal,
)
from orc_lab.model.week import Week
from orc_lab.store import bulk
from orc_lab.workbench.bench import Workbench
from tests.store import laws
from tests.workbench.conftest import Now, told

WEEK = Week(2026, 47)
Rows = dict[str, dict[str, dict[str, object]]]


@pytest.fixture
def shell(wb: Workbench) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(wb.db.path, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        yield connection


@pytest.fixture
def project(wb: Workbench) -> Project:
    return wb.add_project("Thesis")


@pytest.fixture
def todo(wb: Workbench, now: Now, project: Project) -> Todo:
    """A todo with a commitment, a session, a link and a part of it."""
    todo = wb.add_todo("Write", project_id=project.id, estimated_hours=2, tags=["a"])
    wb.commit(todo.id)
    wb.start(todo.id)
    now.passes(hours=1)
    wb.stop()
    wb.create(Link, blocker_id=todo.id, blocked_id=wb.add_todo("Read", parent_id=todo.id).id)
    return todo


def rows(wb: Workbench) -> Rows:
    """All that is captured, but for activities, which stay; and what is derived from it."""
    kept = {kind.table: laws.captured_rows(wb.db, kind) for kind in KINDS.values() if kind is not Activity}
    return kept | {"hours": laws.derived_hours(wb.db), "goals": laws.derived_goals(wb.db)}  # type: ignore[dict-item]


EDITS: dict[str, Callable[[Workbench, Todo], object]] = {
    "add": lambda wb, todo: wb.add_todo("Another"),
    "capture": lambda wb, todo: wb.capture("Another +New 2h"),
    "update": lambda wb, todo: wb.update(Todo, todo.id, title="Other", tags=["b", "c"], due_date=date(2026, 12, 1)),
    "update to nothing": lambda wb, todo: wb.update(Todo, todo.id, estimated_hours=None, tags=[], project_id=None),
    "refine": lambda wb, todo: wb.refine(todo.id, estimated_hours=5),
    "commit": lambda wb, todo: wb.commit(todo.id, WEEK + 3),
    "uncommit": lambda wb, todo: wb.uncommit(todo.id),
    "done": lambda wb, todo: wb.done(todo.id, actual_hours=7),
    "drop": lambda wb, todo: wb.drop(todo.id),
    "start": lambda wb, todo: wb.start(todo.id),
    "goal": lambda wb, todo: wb.set_goal(WEEK, goal="Other", self_rating=3),
    "confirm plan": lambda wb, todo: wb.confirm_plan(WEEK),
    "capacity": lambda wb, todo: wb.set_capacity(date(2026, 12, 24), 0),
    "setting": lambda wb, todo: wb.set_setting("hours_per_week", 10),
    "complete project": lambda wb, todo: wb.complete_project(todo.project_id or ""),
    "delete todo": lambda wb, todo: wb.delete(Todo, todo.id),
    "delete project": lambda wb, todo: wb.delete(Project, todo.project_id or ""),
    "delete goal": lambda wb, todo: wb.delete(WeeklyGoal, wb.find(WeeklyGoal)[0].id),
    "delete session": lambda wb, todo: wb.delete(Session, wb.find(Session)[0].id),
    "delete link": lambda wb, todo: wb.delete(Link, wb.find(Link)[0].id),
}


@pytest.mark.parametrize("edit", EDITS)
def test_each_kind_of_edit_is_taken_back_by_a_new_one(wb: Workbench, todo: Todo, edit: str) -> None:
    before, head = rows(wb), len(wb.edits(1000))
    EDITS[edit](wb, todo)
    changed = rows(wb)
    assert changed != before
    (undone,) = wb.undo()
    assert rows(wb) == before
    newest = wb.edits(1000)
    assert len(newest) == head + 2
    assert (newest[0].label, newest[0].undoes) == (f"undo {undone.label}", undone.tx)
    laws.hold(wb.db)


@pytest.fixture
def advised(wb: Workbench, todo: Todo, now: Now) -> Recommendation:
    """What an agent has written meanwhile: a forecast, and a recommendation for the todo's project."""
    advice = Recommendation(
        id="r", type=Advice.RISK_MITIGATION, rule="late", day="2026-11-16", project_id=todo.project_id, title="Cut",
        effect="{}", created_at=now.at,
    )  # fmt: skip
    forecast = ForecastRecord(
        id="f", model="estimate", subject="todos", subject_id=todo.id, unit="hours", quantiles="{}", basis="history",
        inputs_hash="", as_of=now.at, made_at=now.at, origin=Origin.LIVE,
    )  # fmt: skip
    with wb.edit("agents", actor="agent") as tx:
        tx.insert(advice)
        tx.insert(forecast)
    return advice


def test_what_agents_wrote_is_no_step_of_the_persons(wb: Workbench, todo: Todo, advised: Recommendation) -> None:
    labels = [edit.label for edit in wb.undo(steps=3)]
    assert "agents" not in labels
    assert (wb.count(ForecastRecord), wb.count(Recommendation)) == (1, 1)
    laws.hold(wb.db)


def test_an_answer_is_taken_back_though_an_agent_noted_what_followed(wb: Workbench, advised: Recommendation) -> None:
    wb.update(Recommendation, advised.id, response="dismissed", responded_at=5, why="not now")
    with wb.edit("agents", actor="agent") as tx:
        tx.update(Recommendation, advised.id, {"outcome": '{"late": true}'})
    (undone,) = wb.undo()
    assert undone.label == "edit recommendation"
    found = wb.get(Recommendation, advised.id)
    assert (found.response, found.why, found.outcome) == (None, None, '{"late": true}')
    laws.hold(wb.db)


def test_a_deleted_project_comes_back_with_what_was_recommended_for_it(
    wb: Workbench, todo: Todo, advised: Recommendation
) -> None:
    before = rows(wb)
    wb.delete(Project, todo.project_id or "")
    assert wb.count(Recommendation) == 0
    wb.undo()
    assert rows(wb) == before
    laws.hold(wb.db)


def test_several_steps_newest_first(wb: Workbench, project: Project) -> None:
    before = rows(wb)
    todo = wb.add_todo("Write", project_id=project.id)
    for title in ("a", "b", "c"):
        wb.refine(todo.id, title=title)
    assert [edit.label for edit in wb.undo(steps=2)] == ["refine todo", "refine todo"]
    assert wb.get(Todo, todo.id).title == "a"
    wb.undo()
    assert wb.get(Todo, todo.id).title == "Write"
    wb.undo()
    assert rows(wb) == before
    wb.undo(steps=99)
    assert wb.count(Project) == 0
    with pytest.raises(NothingToUndo, match="nothing to undo"):
        wb.undo()


def test_what_came_later_is_not_lost_unasked(wb: Workbench, todo: Todo, shell: sqlite3.Connection) -> None:
    wb.refine(todo.id, title="Mine", estimated_hours=5)
    shell.execute("UPDATE todos SET title = 'Theirs' WHERE id = ?", (todo.id,))
    before = rows(wb)
    with pytest.raises(ChangedSince, match="title is now 'Theirs', undo would set 'Write'") as caught:
        wb.undo()
    assert caught.value.conflicts == (("title", "Theirs", "Write"),)
    assert rows(wb) == before
    wb.undo(force=True)
    found = wb.get(Todo, todo.id)
    assert (found.title, found.estimated_hours) == ("Write", 2.0)
    laws.hold(wb.db)


def test_where_one_step_meets_a_conflict_none_is_taken(wb: Workbench, todo: Todo, shell: sqlite3.Connection) -> None:
    wb.refine(todo.id, title="Mine")
    shell.execute("UPDATE todos SET title = 'Theirs' WHERE id = ?", (todo.id,))
    wb.refine(todo.id, estimated_hours=5)
    wb.add_todo("Another")
    before, edits = rows(wb), wb.edits()
    with pytest.raises(ChangedSince, match=r"No step was taken; the 2 steps before this one can be, with --steps 2\.$"):
        wb.undo(steps=3)
    assert (rows(wb), wb.edits()) == (before, edits)
    assert [edit.label for edit in wb.undo(steps=2)] == ["add todo", "refine todo"]
    found = wb.get(Todo, todo.id)
    assert (found.title, found.estimated_hours, wb.count(Todo, title="Another")) == ("Theirs", 2.0, 0)
    wb.undo(force=True)
    assert wb.get(Todo, todo.id).title == "Write"
    laws.hold(wb.db)


def test_each_step_is_an_edit_of_its_own(wb: Workbench, todo: Todo) -> None:
    wb.refine(todo.id, title="Mine")
    wb.refine(todo.id, estimated_hours=5)
    before = rows(wb)
    heard: list[int] = []
    wb.subscribe(lambda changes: heard.append(len(changes)))
    taken = wb.undo(steps=2)
    assert len(heard) == 1, "they come about together"
    latest = wb.edits()[:2]
    assert [edit.label for edit in latest] == ["undo refine todo"] * 2
    assert [edit.undoes for edit in latest] == [taken[1].tx, taken[0].tx]
    wb.redo()
    assert (wb.get(Todo, todo.id).title, wb.get(Todo, todo.id).estimated_hours) == ("Mine", 2.0)
    wb.redo()
    assert rows(wb) == before
    wb.undo(edit=taken[1].tx)
    assert (wb.get(Todo, todo.id).title, wb.get(Todo, todo.id).estimated_hours) == ("Write", 5.0)
    laws.hold(wb.db)


def test_steps_that_rest_the_triggers(wb: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "MANY", 3)
    for project in (wb.add_project("A"), wb.add_project("B")):
        for number in range(5):
            wb.add_todo(f"T{number}", project_id=project.id, estimated_hours=1)
    before = rows(wb)
    for project in wb.find(Project):
        wb.delete(Project, project.id, along=True)
    wb.undo(steps=2)
    assert rows(wb) == before
    wb.redo(steps=2)
    assert (wb.count(Todo), wb.count(Project)) == (0, 0)
    laws.hold(wb.db)


def test_steps_inside_a_larger_edit_are_part_of_it(wb: Workbench, todo: Todo) -> None:
    wb.refine(todo.id, title="Mine")
    wb.refine(todo.id, estimated_hours=5)
    with wb.edit("both") as tx:
        wb.undo(steps=2)
        assert (tx.tx, wb.get(Todo, todo.id).title) == (wb.edits()[0].tx, "Write")
    assert wb.edits()[0].label == "both"
    wb.undo()
    assert (wb.get(Todo, todo.id).title, wb.get(Todo, todo.id).estimated_hours) == ("Mine", 5.0)


def test_what_came_later_elsewhere_stays(wb: Workbench, todo: Todo, shell: sqlite3.Connection) -> None:
    wb.refine(todo.id, estimated_hours=5)
    shell.execute("UPDATE todos SET title = 'Theirs' WHERE id = ?", (todo.id,))
    wb.undo()
    found = wb.get(Todo, todo.id)
    assert (found.title, found.estimated_hours) == ("Theirs", 2.0)


def test_a_row_that_was_edited_since_is_not_removed_unasked(wb: Workbench, shell: sqlite3.Connection) -> None:
    todo = wb.add_todo("Write")
    shell.execute("UPDATE todos SET title = 'Theirs'")
    with pytest.raises(ChangedSince, match="'Theirs'"):
        wb.undo()
    wb.undo(force=True)
    assert wb.count(Todo) == 0
    assert told(wb, todo.id)[-1] == ("undone", "insert", None)


def test_what_is_gone_meanwhile_is_passed_over(wb: Workbench, todo: Todo, shell: sqlite3.Connection) -> None:
    with wb.edit("both"):
        wb.refine(todo.id, title="Mine")
        other = wb.add_todo("Another")
    shell.execute("DELETE FROM todos WHERE id IN (?, ?)", (todo.id, other.id))
    wb.undo()
    assert [row.title for row in wb.find(Todo)] == ["Read"]
    laws.hold(wb.db)


def test_a_deleted_row_comes_back_as_it_was_whatever_wrote_it(wb: Workbench, shell: sqlite3.Connection) -> None:
    shell.execute(
        "INSERT INTO todos (id, user_id, title, tags, due_date, created_at, updated_at) "
        "VALUES ('1', 'u', ' ', 'not JSON', 'soon', -1, 5)"
    )
    before = laws.captured_rows(wb.db, Todo)
    wb.delete(Todo, "1")
    wb.undo()
    assert laws.captured_rows(wb.db, Todo) == before


def test_only_this_persons_edits_are_taken_back(wb: Workbench, shell: sqlite3.Connection) -> None:
    mine = wb.add_todo("Mine")
    with wb.edit("night shift", actor="agent") as tx:
        tx.update(Todo, mine.id, {"description": "by an agent"})
    shell.execute("UPDATE todos SET category = 'by the shell'")
    assert [edit.label for edit in wb.undo(force=True)] == ["add todo"]
    with pytest.raises(NothingToUndo):
        wb.undo()


def test_an_import_is_one_edit(wb: Workbench) -> None:
    before = rows(wb)
    with wb.edit("import", origin="import") as tx:
        tx.insert(todo := Todo(id="1", user_id="u", title="Old", created_at=5, updated_at=5), at=5)
        tx.insert(Activity(id="a", subject="todos", subject_id="1", kind="status", occurred_at=5, recorded_at=9), at=5)
        tx.update(Todo, todo.id, {"title": "Less old"}, at=6)
    assert [edit.label for edit in wb.undo()] == ["import"]
    assert rows(wb) == before
    laws.hold(wb.db)


def test_activities_stay(wb: Workbench, todo: Todo) -> None:
    wb.done(todo.id)
    before = told(wb, todo.id)
    wb.undo()
    assert told(wb, todo.id)[: len(before)] == before
    assert ("status", "done", "committed") in told(wb, todo.id)
    assert wb.count(Commitment, outcome="open") == 1
