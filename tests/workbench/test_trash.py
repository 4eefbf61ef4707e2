"""What is deleted takes its own along, is listed, and comes back as it was, however long ago."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from orc_lab.errors import AmbiguousId, NotFound
from orc_lab.model.entities import (
    Commitment,
    Intention,
    Link,
    Project,
    Session,
    Todo,
    WeeklyGoal,
)
from orc_lab.workbench.bench import Workbench
from tests.store import laws
from tests.workbench.conftest import Now, told
from tests.workbench.test_redo import rows


@pytest.fixture
def shell(wb: Workbench) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(wb.db.path, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        yield connection


@pytest.fixture
def project(wb: Workbench, now: Now) -> Project:
    """A project with two todos, one of which has two parts, a commitment, a session and a link."""
    intention = wb.add_intention("Learn")
    project = wb.add_project("Thesis", intention_id=intention.id, why="because")
    todo = wb.add_todo("Write", project_id=project.id, estimated_hours=2, tags=["a"])
    wb.commit(todo.id)
    wb.start(todo.id)
    now.passes(hours=1)
    wb.stop()
    part = wb.add_todo("Part", parent_id=todo.id)
    wb.add_todo("Part of a part", parent_id=part.id)
    wb.create(Link, blocker_id=todo.id, blocked_id=wb.add_todo("Read", project_id=project.id).id)
    wb.add_todo("Of nobody")
    return project


ALONG = {"todo": 4, "link": 1, "commitment": 1, "session": 1}


def test_a_project_goes_with_its_todos_and_theirs(wb: Workbench, project: Project) -> None:
    assert wb.taken_along(Project, project.id) == ALONG
    wb.delete(Project, project.id, along=True)
    assert [todo.title for todo in wb.find(Todo)] == ["Of nobody"]
    assert (wb.count(Session), wb.count(Commitment), wb.count(Link), wb.count(Project)) == (0, 0, 0, 0)
    laws.hold(wb.db)


def test_without_them_they_stay(wb: Workbench, project: Project) -> None:
    assert wb.taken_along(Project, project.id, along=False) == {}
    wb.delete(Project, project.id)
    assert [todo.project_id for todo in wb.find(Todo)] == [None] * 5


def test_an_intention_leaves_its_projects(wb: Workbench, project: Project) -> None:
    assert wb.taken_along(Intention, project.intention_id or "") == {}
    wb.delete(Intention, project.intention_id or "", along=True)
    assert wb.get(Project, project.id).intention_id is None


def test_what_isnt_there_is_not_deleted(wb: Workbench, project: Project) -> None:
    before = rows(wb)
    with pytest.raises(NotFound, match="'nope'"):
        wb.delete(Project, project.id, "nope", along=True)
    assert rows(wb) == before


def test_the_trash_tells_what_when_and_by_what(wb: Workbench, project: Project, now: Now) -> None:
    at = now.passes(days=1)
    wb.delete(Project, project.id, along=True)
    (found,) = wb.trash()
    assert (found.kind, found.id, found.values["title"], dict(found.along)) == (Project, project.id, "Thesis", ALONG)
    assert (found.actor, found.label) == ("person", "delete project")
    assert abs(found.at - at) < 10**9  # by the log's clock, which is the machine's


@pytest.mark.parametrize("along", [True, False])
def test_a_project_comes_back_with_everything_years_later(
    wb: Workbench, project: Project, now: Now, along: bool
) -> None:
    before, history = rows(wb), told(wb, project.id)
    wb.delete(Project, project.id, along=along)
    now.passes(days=3000)
    wb.add_todo("Later")
    later = wb.find(Todo, title="Later")[0].id
    (back,) = wb.restore(project.id)
    assert dict(back.along) == (ALONG if along else {})
    after = rows(wb)
    del after["todos"][later]
    assert after == before
    assert wb.trash() == []
    assert told(wb, project.id)[: len(history)] == history
    assert [kind for kind, *_ in told(wb, project.id)[-2:]] == ["deleted", "restored"]
    laws.hold(wb.db)
    wb.undo()
    assert [one.id for one in wb.trash()] == [project.id]
    wb.redo()
    assert wb.get(Project, project.id).why == "because"


def test_a_todo_of_it_comes_back_alone(wb: Workbench, project: Project) -> None:
    todo = wb.find(Todo, title="Part")[0]
    wb.delete(Project, project.id, along=True)
    (back,) = wb.restore(todo.id)
    assert dict(back.along) == {"todo": 1}
    assert back.emptied == ["parent_id"]
    assert {row.title for row in wb.find(Todo)} == {"Of nobody", "Part", "Part of a part"}
    assert wb.get(Todo, todo.id).parent_id is None
    (again,) = wb.restore(project.id)  # the others follow, and find it there
    assert again.along["todo"] == 2
    assert wb.count(Todo) == 5
    laws.hold(wb.db)


def test_a_session_and_a_goal_come_back(wb: Workbench, project: Project) -> None:
    before = rows(wb)
    session, goal = wb.find(Session)[0].id, wb.find(WeeklyGoal)[0].id
    hours = wb.find(Todo, title="Write")[0].actual_hours
    wb.delete(Session, session)
    assert wb.find(Todo, title="Write")[0].actual_hours is None
    wb.delete(WeeklyGoal, goal)
    assert [one.kind for one in wb.trash()] == [WeeklyGoal, Session]
    assert [one.id for one in wb.trash(limit=1)] == [goal]
    wb.restore(goal, session)
    assert rows(wb) == before
    assert wb.find(Todo, title="Write")[0].actual_hours == hours
    laws.hold(wb.db)


def test_a_session_of_a_todo_that_is_gone_stays_away(wb: Workbench, project: Project) -> None:
    session, todo = wb.find(Session)[0].id, wb.find(Todo, title="Write")[0].id
    wb.delete(Session, session)
    wb.delete(Todo, todo)
    (back,) = wb.restore(session)
    assert back.emptied == ["todo_id"]
    assert wb.count(Session) == 0
    laws.hold(wb.db)


def test_a_link_that_was_set_anew_since_stays(wb: Workbench, project: Project) -> None:
    wb.delete(Project, project.id)
    other = wb.add_project("Other")
    moved = wb.find(Todo, title="Read")[0]
    wb.match(moved.id, other.id)
    wb.restore(project.id)
    assert wb.get(Todo, moved.id).project_id == other.id
    assert wb.find(Todo, title="Write")[0].project_id == project.id


def test_what_another_program_deleted_comes_back_too(
    wb: Workbench, project: Project, shell: sqlite3.Connection
) -> None:
    before = rows(wb)
    todo = wb.find(Todo, title="Write")[0].id
    shell.execute("DELETE FROM todos WHERE id = ?", (todo,))
    (found,) = wb.trash()
    assert (found.id, found.actor, found.tx, found.along["session"]) == (todo, "another program", None, 1)
    wb.restore(todo)
    assert rows(wb) == before


def test_what_an_undo_took_away_is_listed_when_asked(wb: Workbench) -> None:
    todo = wb.add_todo("Never mind")
    wb.undo()
    assert wb.trash() == []
    assert [one.id for one in wb.trash(undone=True)] == [todo.id]
    wb.restore(todo.id)
    assert wb.get(Todo, todo.id).title == "Never mind"


def test_what_is_there_or_never_was_is_not_in_the_trash(wb: Workbench, project: Project) -> None:
    for id in (project.id, "nope"):
        with pytest.raises(NotFound, match="orc trash"):
            wb.restore(id)


def test_an_id_is_found_by_its_end(wb: Workbench) -> None:
    for id in ("xa1", "xb1"):
        wb.create(Todo, id=id, title=id)
    wb.delete(Todo, "xa1", "xb1")
    assert wb.resolve_deleted("a1") == "xa1"
    with pytest.raises(AmbiguousId):
        wb.resolve_deleted("1")
    for text in ("", "zz"):
        with pytest.raises(NotFound):
            wb.resolve_deleted(text)
