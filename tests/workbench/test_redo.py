"""Undo and redo step through a person's edits as any editor does; any named edit can be taken back or done again."""

from collections.abc import Callable
from datetime import date

import pytest

from orc_lab.errors import ChangedSince, NotFound, NothingToRedo, NothingToUndo
from orc_lab.model.entities import (
    KINDS,
    Activity,
    ForecastRecord,
    ImportRecord,
    Link,
    Origin,
    Project,
    Session,
    Todo,
    WeeklyGoal,
)
from orc_lab.store import bulk, capture, change_log
from orc_lab.workbench.bench import Workbench
from tests.past import rows_as_of
from tests.store import laws
from tests.workbench.conftest import Now, told

Rows = dict[str, dict[str, dict[str, object]]]


def rows(wb: Workbench) -> Rows:
    """All that is captured, but for activities, which stay."""
    return {kind.table: laws.captured_rows(wb.db, kind) for kind in KINDS.values() if kind is not Activity}


@pytest.fixture
def todo(wb: Workbench, now: Now) -> Todo:
    """A todo of a project with a commitment, a session, a link and a part of it."""
    todo = wb.add_todo("Write", project_id=wb.add_project("Thesis").id, estimated_hours=2, tags=["a"])
    wb.commit(todo.id)
    wb.start(todo.id)
    now.passes(hours=1)
    wb.stop()
    wb.create(Link, blocker_id=todo.id, blocked_id=wb.add_todo("Read", parent_id=todo.id).id)
    return todo


EDITS: dict[str, Callable[[Workbench, Todo], object]] = {
    "add": lambda wb, todo: wb.capture("Another +New 2h"),
    "update": lambda wb, todo: wb.update(Todo, todo.id, title="Other", tags=["b"], due_date=date(2026, 12, 1)),
    "done": lambda wb, todo: wb.done(todo.id, actual_hours=7),
    "start": lambda wb, todo: wb.start(todo.id),
    "delete todo": lambda wb, todo: wb.delete(Todo, todo.id),
    "delete project": lambda wb, todo: wb.delete(Project, todo.project_id or ""),
    "delete project along": lambda wb, todo: wb.delete(Project, todo.project_id or "", along=True),
    "delete goal": lambda wb, todo: wb.delete(WeeklyGoal, wb.find(WeeklyGoal)[0].id),
    "delete session": lambda wb, todo: wb.delete(Session, wb.find(Session)[0].id),
}


@pytest.mark.parametrize("edit", EDITS)
def test_each_kind_of_edit_is_undone_and_done_again_as_often_as_one_likes(wb: Workbench, todo: Todo, edit: str) -> None:
    before = rows(wb)
    EDITS[edit](wb, todo)
    after, made = rows(wb), wb.edits(1)[0]
    for _ in range(2):
        assert wb.undo() == [made]
        assert rows(wb) == before
        assert wb.redo() == [made]
        assert rows(wb) == after
    assert [entry.label for entry in wb.edits(4)] == [f"{verb} {made.label}" for verb in ("redo", "undo") * 2]
    laws.hold(wb.db)


def test_steps_go_back_and_forth_in_order(wb: Workbench) -> None:
    todo = wb.add_todo("0")
    for title in "123":
        wb.refine(todo.id, title=title)

    def title() -> str:
        return wb.get(Todo, todo.id).title

    wb.undo(steps=2)
    assert title() == "1"
    wb.redo()
    assert title() == "2"
    wb.undo(steps=2)
    assert title() == "0"
    assert len(wb.redo(steps=9)) == 3
    assert title() == "3"
    with pytest.raises(NothingToRedo, match="nothing to redo"):
        wb.redo()


def test_two_who_undo_at_once_undo_once(wb: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    wb.add_todo("0")
    wb.add_todo("1")
    chosen = change_log.undoable(wb.db)
    with Workbench.open(wb.db.path, durability="normal") as other:
        other.undo()
    with monkeypatch.context() as stale:
        stale.setattr(change_log, "undoable", lambda db, limit: chosen)
        with pytest.raises(NothingToUndo, match="taken back meanwhile"):
            wb.undo()
    assert [todo.title for todo in wb.find(Todo)] == ["0"]
    wb.redo()
    assert wb.count(Todo) == 2


def test_a_new_edit_ends_what_can_be_done_again(wb: Workbench) -> None:
    todo = wb.add_todo("0")
    renamed = wb.refine(todo.id, title="1")
    edit = wb.edits(1)[0].tx
    wb.undo()
    other = wb.add_todo("Another")
    with pytest.raises(NothingToRedo):
        wb.redo()
    wb.redo(edit=edit)  # but not by its number
    assert wb.get(Todo, todo.id) == renamed
    assert wb.get(Todo, other.id) == other


def test_a_named_edit_is_taken_back_among_later_ones(wb: Workbench) -> None:
    todo = wb.add_todo("Write")
    wb.refine(todo.id, estimated_hours=5)
    edit = wb.edits(1)[0].tx
    wb.refine(todo.id, title="Other")
    wb.undo(edit=edit)
    found = wb.get(Todo, todo.id)
    assert (found.title, found.estimated_hours) == ("Other", None)
    with pytest.raises(NothingToUndo, match="is undone already"):
        wb.undo(edit=edit)
    wb.redo()
    assert wb.get(Todo, todo.id).estimated_hours == 5.0
    with pytest.raises(NothingToUndo, match="stands"):
        wb.redo(edit=edit)


@pytest.mark.parametrize("edit", [1, 999])
def test_what_made_the_database_and_what_was_never_done_is_no_edit_to_undo(wb: Workbench, edit: int) -> None:
    with pytest.raises(NotFound, match="orc log"):
        wb.undo(edit=edit)


def test_redo_asks_before_it_overwrites(wb: Workbench) -> None:
    todo = wb.add_todo("Write")
    wb.refine(todo.id, title="Mine")
    wb.undo()
    with wb.edit("sync", actor="another device"):
        wb.update(Todo, todo.id, title="Theirs")
    with pytest.raises(ChangedSince, match="title is now 'Theirs', undo would set 'Mine'"):
        wb.redo()
    wb.redo(force=True)
    assert wb.get(Todo, todo.id).title == "Mine"


def test_what_was_attached_since_is_not_lost_unasked(wb: Workbench) -> None:
    project = wb.add_project("Thesis")
    edit = wb.edits(1)[0].tx
    todo = wb.add_todo("Write", project_id=project.id)
    with pytest.raises(ChangedSince, match="project_id of todo 'Write' is now 'Thesis', undo would set None"):
        wb.undo(edit=edit)
    added = wb.edits(1)[0].tx
    wb.start(todo.id)
    with pytest.raises(ChangedSince, match="todo_id of session"):
        wb.undo(edit=added)
    wb.undo(edit=added, force=True)
    assert (wb.count(Todo), wb.count(Session)) == (0, 0)
    laws.hold(wb.db)


def test_a_list_of_conflicts_is_not_endless(wb: Workbench) -> None:
    project = wb.add_project("Thesis")
    edit = wb.edits(1)[0].tx
    with wb.edit("many"):
        for number in range(40):
            wb.add_todo(f"Task {number}", project_id=project.id)
    with pytest.raises(ChangedSince, match="and 35 more") as caught:
        wb.undo(edit=edit)
    assert len(caught.value.conflicts) == 40


def test_a_reference_to_what_is_gone_stays_empty_only_when_forced(wb: Workbench) -> None:
    project = wb.add_project("Thesis")
    todo = wb.add_todo("Write", project_id=project.id)
    wb.delete(Todo, todo.id)
    edit = wb.edits(1)[0].tx
    wb.delete(Project, project.id)
    with pytest.raises(ChangedSince, match="project_id is now None, undo would set 'one that is gone'"):
        wb.undo(edit=edit)
    wb.undo(edit=edit, force=True)
    assert wb.get(Todo, todo.id).project_id is None
    laws.hold(wb.db)


def test_agents_neither_take_a_step_nor_end_what_can_be_done_again(wb: Workbench) -> None:
    todo = wb.add_todo("0")
    wb.refine(todo.id, title="1")
    wb.undo()
    with wb.edit("keep forecasts", actor="agent") as tx:
        tx.insert(
            ForecastRecord(
                id="f", model="m", subject="todos", subject_id=todo.id, unit="hours", quantiles="{}", basis="history",
                inputs_hash="", as_of=5, made_at=5, origin=Origin.LIVE,
            )
        )  # fmt: skip
    wb.redo()
    assert wb.get(Todo, todo.id).title == "1"
    assert [edit.label for edit in wb.undo(steps=9)] == ["refine todo", "add todo"]
    assert wb.count(ForecastRecord) == 1


def imported(wb: Workbench, *ids: str) -> None:
    with wb.edit("import", origin="import") as tx:
        for id in ids:
            tx.insert(Todo(id=id, user_id="u", title="Old", created_at=5, updated_at=5), at=5)
            told = Activity(
                id=f"a{id}", subject="todos", subject_id=id, kind="status", occurred_at=5, recorded_at=wb.head()
            )
            tx.insert(told, at=5)
            tx.update(Todo, id, {"title": "Less old"}, at=7)
            tx.insert(
                ImportRecord(
                    id=f"i{id}", source="s", external_id=id, subject="todos", subject_id=id, content_hash="", raw="{}",
                    imported_at=9,
                )
            )  # fmt: skip


def test_a_whole_import_is_undone_and_done_again_with_what_it_told(wb: Workbench) -> None:
    wb.add_todo("Mine")
    before, mine = rows(wb), wb.count(Activity)
    imported(wb, "1", "2")
    after, all_told = rows(wb), wb.count(Activity)
    for _ in range(2):
        wb.undo()
        assert (rows(wb), wb.count(Activity)) == (before, mine)
        wb.redo()
        assert (rows(wb), wb.count(Activity)) == (after, all_told)
    assert told(wb, "1") == [("status", None, None)]
    laws.hold(wb.db)


def test_the_past_before_an_import_has_it_while_it_stands(wb: Workbench) -> None:
    def known() -> list[object]:
        return [row[0] for row in rows_as_of(wb.db, Todo, 6)]

    imported(wb, "1", "2")
    assert known() == ["1", "2"]
    wb.undo()
    assert known() == []
    wb.redo()
    assert known() == ["1", "2"]
    wb.undo()
    imported(wb, "2", "3")  # once more, as another import
    assert known() == ["2", "3"]


def test_a_large_import_leaves_the_same_log_as_a_small_one(wb: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    """From some size on the log is written beside the triggers; nobody can tell."""
    logs = []
    for many in (10**9, 1):
        monkeypatch.setattr(bulk, "MANY", many)
        imported(wb, "1", "2", "3")
        head = wb.head()
        for step in (wb.undo, wb.redo, wb.undo):
            step()
        assert not capture.stale(wb.db.conn)
        laws.hold(wb.db)
        by_row: dict[tuple[str, str], list[object]] = {}
        for change in change_log.since(wb.db, head):
            said = (
                change.op,
                change.origin,
                {f: (type(o), o, n) for f, (o, n) in change.cells.items() if "_at" not in f},
            )
            by_row.setdefault((change.table, change.id), []).append(said)
        logs.append(by_row)
    assert logs[0] == logs[1]
