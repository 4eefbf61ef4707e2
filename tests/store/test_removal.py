"""Rows removed many at once: what went with them went too, and the log tells all of it."""

from pathlib import Path

import pytest

from orc_lab.model.entities import Link, Project, Session, Todo
from orc_lab.store import bulk, capture
from orc_lab.store.removal import remove
from orc_lab.workbench.bench import Workbench
from tests.store import laws


@pytest.mark.parametrize("parts", [False, True])
def test_todos_with_what_belongs_to_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: bool) -> None:
    monkeypatch.setattr(bulk, "MANY", 2)
    with Workbench.init(tmp_path / "own.db") as wb:
        project = wb.add_project("P")
        todos = [wb.add_todo(f"T{n}", project_id=project.id, estimated_hours=1) for n in range(6)]
        wb.start(todos[0].id)
        wb.stop()
        wb.create(Link, blocker_id=todos[1].id, blocked_id=todos[5].id)
        wb.commit(todos[2].id)
        wb.add_todo("Part of one that goes", parent_id=todos[3].id)
        if parts:  # one of those that go refers to another: then the triggers do it
            wb.update(Todo, todos[4].id, parent_id=todos[3].id)
        before = laws.captured_rows(wb.db, Todo)
        with wb.edit("remove") as tx:
            remove(tx, Todo, [todo.id for todo in todos[:5]])
        assert {todo.title for todo in wb.find(Todo)} == {"T5", "Part of one that goes"}
        assert (wb.count(Session), wb.count(Link), wb.count(Project)) == (0, 0, 1)
        assert not capture.stale(wb.db.conn)
        laws.hold(wb.db)
        wb.undo()
        assert laws.captured_rows(wb.db, Todo) == before
        assert (wb.count(Session), wb.count(Link)) == (1, 1)
        laws.hold(wb.db)


def test_rows_that_are_not_there_are_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "MANY", 1)
    with Workbench.init(tmp_path / "own.db") as wb:
        kept, going = wb.add_todo("Kept"), wb.add_todo("Going")
        with wb.edit("remove") as tx:
            remove(tx, Todo, [going.id, "nothing"])
        assert [todo.id for todo in wb.find(Todo)] == [kept.id]
        laws.hold(wb.db)
