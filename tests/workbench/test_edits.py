"""Several edits under one label are one: they succeed together, fail together and are undone together."""

import sqlite3
import threading
from contextlib import closing

import pytest

from orc_lab.errors import AmbiguousId, InvalidValue, NotFound, NothingToUndo
from orc_lab.model.entities import Activity, Commitment, Link, Project, Recurrence, Todo
from orc_lab.workbench.bench import Workbench
from tests.store import laws


def test_nested_edits_are_one(wb: Workbench) -> None:
    with wb.edit("plan the thesis"):
        todo = wb.capture("Outline +Thesis 1.5h")
        with wb.edit("inner"):
            wb.commit(todo.id)
        wb.refine(todo.id, title="Outline it")
    assert [edit.label for edit in wb.edits(2)] == ["plan the thesis", "init"]
    assert {change.tx for change in wb.history(todo.id)} == {wb.edits(1)[0].tx}
    assert [edit.label for edit in wb.undo()] == ["plan the thesis"]
    assert (wb.count(Todo), wb.count(Project), wb.count(Commitment)) == (0, 0, 0)
    with pytest.raises(NothingToUndo):
        wb.undo()


def test_nothing_of_a_failed_edit_happened(wb: Workbench) -> None:
    def several() -> None:
        with wb.edit("several"):
            wb.add_project("Thesis")
            wb.done("missing")

    before = wb.find(Activity)
    with pytest.raises(NotFound):
        several()
    assert wb.count(Project) == 0
    assert wb.find(Activity) == before
    wb.add_project("Afterwards")
    laws.hold(wb.db)


def test_of_a_step_that_failed_nothing_stays_though_the_edit_goes_on(wb: Workbench) -> None:
    todo = wb.add_todo("Write")

    def step() -> None:
        with wb.edit("step") as tx:
            wb.commit(todo.id)
            tx.update(Todo, todo.id, {"description": "dated"}, at=5)
            tx.update(Project, "missing", {"title": "dated"}, at=5)

    with wb.edit("several") as tx:
        wb.refine(todo.id, title="Write more")
        with pytest.raises(NotFound):
            step()
        tx.update(Todo, todo.id, {"category": "dated"}, at=5)
        wb.confirm(todo.id)
    found = wb.get(Todo, todo.id)
    assert (found.title, found.status, found.description) == ("Write more", "confirmed", None)
    assert wb.count(Commitment) == 0
    assert [change.at == 5 for change in wb.history(todo.id)] == [False, False, True, False]
    laws.hold(wb.db)


def test_what_the_tables_refuse_in_a_step_is_an_error_of_ours(wb: Workbench) -> None:
    todo = wb.add_todo("Write")
    with wb.edit("both"):
        with pytest.raises(InvalidValue, match="FOREIGN KEY"):
            wb.match(todo.id, "missing")
        wb.refine(todo.id, title="Write more")
    assert (wb.get(Todo, todo.id).title, wb.get(Todo, todo.id).project_id) == ("Write more", None)
    laws.hold(wb.db)


def test_threads_take_turns(wb: Workbench) -> None:
    def edit(name: int) -> None:
        for number in range(10):
            with wb.edit(f"{name} {number}"):
                todo = wb.add_todo(f"{name} {number}")
                wb.commit(todo.id)

    threads = [threading.Thread(target=edit, args=(name,)) for name in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wb.count(Todo, status="committed") == 30
    assert all(len(wb.history(todo.id)) == 2 for todo in wb.find(Todo))
    laws.hold(wb.db)


def test_rows_of_every_kind_are_made_found_and_deleted(wb: Workbench) -> None:
    first, second = wb.add_todo("Write"), wb.add_todo("Read")
    link = wb.create(Link, blocker_id=first.id, blocked_id=second.id)
    rule = wb.create(Recurrence, rule="FREQ=WEEKLY", template="{}", starts_on="2026-11-16")
    assert wb.find(Link, blocked_id=second.id) == [link]
    assert wb.find(Recurrence, starts_on__lte="2026-11-16") == [rule]
    wb.delete(Todo, first.id)
    assert wb.find(Link) == []
    assert wb.update(Recurrence, rule.id, ends_on="2026-12-24").ends_on == "2026-12-24"


def test_an_id_may_be_shortened_to_its_end(wb: Workbench) -> None:
    first, second = wb.create(Todo, id="019a-aa11", title="Write"), wb.create(Todo, id="019a-bb11", title="Read")
    assert wb.resolve(Todo, "aa11") == first.id
    assert wb.resolve(Todo, second.id) == second.id
    with pytest.raises(AmbiguousId, match="fits 2 todos"):
        wb.resolve(Todo, "11")
    for text in ("zz", "", "%", "_a11"):
        with pytest.raises(NotFound):
            wb.resolve(Todo, text)


def test_the_history_of_a_row_tells_each_edit(wb: Workbench) -> None:
    todo = wb.add_todo("Write")
    wb.refine(todo.id, estimated_hours=2)
    with closing(sqlite3.connect(wb.db.path)) as shell, shell:
        shell.execute("UPDATE todos SET title = 'Shell'")
    changes = wb.history(todo.id)
    assert [change.cells.get("title") for change in changes] == [(None, "Write"), None, ("Write", "Shell")]
    assert changes[1].cells == {"status": ("dumped", "refined"), "estimated_hours": (None, 2.0)}
    assert [change.tx is None for change in changes] == [False, False, True]
