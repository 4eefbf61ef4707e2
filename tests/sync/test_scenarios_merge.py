"""Two devices change the same thing: what they make of it, whoever syncs first."""

import sqlite3
from collections.abc import Iterator
from itertools import permutations

import pytest

from orc_lab.model.entities import Link, Project, Session, Status, Todo, WeeklyGoal
from orc_lab.model.ids import derived_id
from orc_lab.model.week import Week
from tests.sync.plain_server import PlainRemote
from tests.sync.replicas import Replica, Value
from tests.sync.world import World, world

WEEK = Week.parse("2027-W03")


@pytest.fixture
def here() -> Iterator[World]:
    with world(devices=2) as made:
        yield made


def shared(here: World, **values: object) -> Todo:
    """A todo that every device knows."""
    first, *others = here.replicas
    todo = first.wb.add_todo("begun", **values)
    here.sync(first, *others)
    return todo


def settled(here: World, *order: Replica) -> None:
    """Let the devices sync in an order, until each has heard of all."""
    here.sync(*order, *order)
    here.check()


def titles(replica: Replica) -> list[str]:
    return sorted(todo.title for todo in replica.wb.find(Todo))


def open_values(replica: Replica) -> set[Value]:
    return {value for value, _ in replica.conflicts(open=True)}


def test_05_rename_here_and_done_there_both_survive(here: World) -> None:
    a, b = here.replicas
    todo = shared(here)
    a.wb.update(Todo, todo.id, title="renamed")
    b.wb.done(todo.id)
    settled(here, a, b)
    for replica in (a, b):
        found = replica.wb.get(Todo, todo.id)
        assert (found.title, found.status) == ("renamed", Status.DONE)
        assert not open_values(replica)


def test_06_the_same_field_converges_and_the_loser_can_be_reviewed(here: World) -> None:
    a, b = here.replicas
    todo = shared(here)
    a.wb.update(Todo, todo.id, title="from a")
    here.clock.true += 1
    b.wb.update(Todo, todo.id, title="from b")
    settled(here, a, b)
    for replica in (a, b):
        assert replica.wb.get(Todo, todo.id).title == "from b"
        assert open_values(replica) == {Value("todos", todo.id, "title", '{"title": "from a"}')}


def test_07_the_loser_learns_that_it_lost(here: World) -> None:
    a, b = here.replicas
    todo = shared(here)
    a.wb.update(Todo, todo.id, title="from a")
    here.clock.true += 1
    b.wb.update(Todo, todo.id, title="from b")
    here.sync(b)
    (done,) = here.sync(a)  # what loses is sent all the same
    assert done.conflicts == [(("todos", todo.id), "title")]
    assert a.wb.get(Todo, todo.id).title == "from b"
    (done,) = here.sync(b)
    assert done.conflicts == [(("todos", todo.id), "title")]
    here.check()


def test_08_status_and_completion_time_are_never_split(here: World) -> None:
    a, b = here.replicas
    todo = shared(here)
    a.wb.done(todo.id, at=int(here.clock.true) - 50)
    here.clock.true += 1
    b.wb.drop(todo.id)
    dropped = b.wb.get(Todo, todo.id)
    settled(here, a, b)
    for replica in (a, b):
        found = replica.wb.get(Todo, todo.id)
        assert found.status is Status.DROPPED
        assert (found.started_at, found.completed_at) == (dropped.started_at, dropped.completed_at)
    ((kept,),) = a.wb.db.rows("SELECT value FROM sync_conflicts WHERE open AND field_group = 'status'")
    assert '"completed_at"' in kept
    assert '"done"' in kept


@pytest.mark.parametrize("deleter_first", [True, False])
def test_09_delete_against_a_concurrent_edit_in_both_orders(here: World, deleter_first: bool) -> None:
    a, b = here.replicas
    todo = shared(here)
    a.wb.delete(Todo, todo.id)
    b.wb.update(Todo, todo.id, description="still needed")
    settled(here, *((a, b) if deleter_first else (b, a)))
    for replica in (a, b):
        found = replica.wb.get(Todo, todo.id)
        assert (found.title, found.description) == ("begun", "still needed")
        assert {value.group for value in open_values(replica)} == {"life"}


def test_10_a_local_delete_is_uploaded(here: World) -> None:
    a, b = here.replicas
    todo = shared(here)
    a.wb.delete(Todo, todo.id)
    settled(here, a, b)
    assert titles(b) == []
    assert not open_values(b)


def test_11_an_edit_pending_then_a_delete_before_the_next_sync(here: World) -> None:
    a, b = here.replicas
    todo = shared(here)
    a.wb.update(Todo, todo.id, title="stale")
    a.wb.add_todo("made and gone")
    a.wb.delete(Todo, a.wb.find(Todo, title="made and gone")[0].id)
    a.wb.delete(Todo, todo.id)
    settled(here, a, b)
    assert titles(a) == titles(b) == []
    names = {id for _, id in here.server.state.records if id == todo.id}
    assert names == {todo.id}


def test_12_delete_and_recreate_the_same_id(here: World) -> None:
    a, b = here.replicas
    a.wb.set_goal(WEEK, goal="first", reflection="gone with it")
    here.sync(a, b)
    (goal,) = a.wb.find(WeeklyGoal)
    a.wb.delete(WeeklyGoal, goal.id)
    here.sync(a, b)
    assert b.wb.find(WeeklyGoal) == []
    b.wb.set_goal(WEEK, goal="second")
    settled(here, b, a)
    for replica in (a, b):
        (found,) = replica.wb.find(WeeklyGoal)
        assert (found.id, found.goal, found.reflection) == (goal.id, "second", None)
        assert not open_values(replica)


@pytest.mark.parametrize("heard", [True, False])
def test_12_undo_of_a_delete(here: World, heard: bool) -> None:
    a, b = here.replicas
    todo = shared(here, description="with notes", estimated_hours=2)
    a.wb.delete(Todo, todo.id)
    if heard:
        here.sync(a, b)
        assert titles(b) == []
    a.wb.undo()
    settled(here, a, b)
    found = b.wb.get(Todo, todo.id)
    assert (found.title, found.description, found.estimated_hours) == ("begun", "with notes", 2)
    assert not open_values(a)


@pytest.mark.parametrize("deleter_first", [True, False])
def test_13_project_deleted_here_and_todo_added_there(here: World, deleter_first: bool) -> None:
    a, b = here.replicas
    project = a.wb.add_project("Going")
    here.sync(a, b)
    a.wb.delete(Project, project.id)
    todo = b.wb.add_todo("for it", project_id=project.id)
    settled(here, *((a, b) if deleter_first else (b, a)))
    for replica in (a, b):
        assert replica.wb.get(Todo, todo.id).project_id is None
        assert replica.wb.find(Project) == []
    a.wb.undo()  # it comes back, and what waited for it is its own again
    settled(here, a, b)
    for replica in (a, b):
        assert replica.wb.get(Todo, todo.id).project_id == project.id


def test_13_what_cannot_be_without_the_deleted_keeps_it(here: World) -> None:
    a, b = here.replicas
    todo = shared(here)
    a.wb.delete(Todo, todo.id)
    b.wb.start(todo.id)
    b.wb.stop()
    settled(here, a, b)
    for replica in (a, b):
        assert titles(replica) == ["begun"]
        assert replica.wb.count(Session) == 1


def test_14_a_cascade_emits_the_childrens_tombstones(here: World) -> None:
    a, b = here.replicas
    todo, other = shared(here), a.wb.add_todo("other")
    a.wb.start(todo.id)
    a.wb.stop()
    a.wb.commit(todo.id, WEEK)
    a.wb.create(Link, blocker_id=todo.id, blocked_id=other.id)
    here.sync(a, b)
    gone = [id for table in ("sessions", "commitments", "links") for (id,) in a.wb.db.rows(f"SELECT id FROM {table}")]
    a.wb.delete(Todo, todo.id)
    settled(here, a, b)
    assert titles(b) == ["other"]
    assert b.wb.count(Session) == b.wb.count(Link) == 0
    told = {id: groups["life"] for (_, id), groups in here.server.state.records.items() if id in gone}
    assert len(gone) == 3
    assert all(any(one.cell.deletes for one in told[id]) for id in gone)


def test_15_the_same_weeks_goal_made_on_two_devices_is_one_row(here: World) -> None:
    a, b = here.replicas
    a.wb.set_goal(WEEK, goal="from a")
    here.clock.true += 1
    b.wb.set_goal(WEEK, reflection="from b")
    settled(here, a, b)
    for replica in (a, b):
        (goal,) = replica.wb.find(WeeklyGoal)
        assert (goal.goal, goal.reflection) == ("from a", "from b")
        assert not open_values(replica)


def test_16_a_recurring_instance_made_on_both_is_one_row(here: World) -> None:
    a, b = here.replicas
    id = derived_id("instance", "2027-01-20")
    for replica in (a, b):
        here.clock.true += 1
        with replica.wb.edit("make instances", actor="recurrence") as tx:
            row = Todo(id=id, user_id=replica.wb.user_id, title="Water plants", created_at=5, updated_at=5)
            tx.insert(row)
    a.wb.done(id)
    settled(here, b, a)
    for replica in (a, b):
        (todo,) = replica.wb.find(Todo)
        assert todo.status is Status.DONE
        assert not open_values(replica)


@pytest.mark.parametrize("machine_last", [True, False])
def test_17_automatic_edits_lose_to_human_ones(here: World, machine_last: bool) -> None:
    a, b = here.replicas
    todo = shared(here)

    def roll_over() -> None:
        with a.wb.edit("roll over", actor="rollover") as tx:
            tx.update(Todo, todo.id, {"due_date": "2027-02-01"})

    def by_hand() -> None:
        b.wb.update(Todo, todo.id, due_date="2027-03-03")

    for act in (by_hand, roll_over) if machine_last else (roll_over, by_hand):
        here.clock.true += 1
        act()
    settled(here, a, b)
    for replica in (a, b):
        assert replica.wb.get(Todo, todo.id).due_date == "2027-03-03"
        assert not open_values(replica)


def test_18_concurrent_reorder_makes_no_duplicates(here: World) -> None:
    a, b = here.replicas
    todos = [a.wb.add_todo(f"t{number}", position=float(number)) for number in range(4)]
    here.sync(a, b)
    a.wb.update(Todo, todos[0].id, position=2.5)
    here.clock.true += 1
    b.wb.update(Todo, todos[0].id, position=3.5)
    b.wb.update(Todo, todos[1].id, position=2.5)
    settled(here, a, b)
    for replica in (a, b):
        order = [todo.title for todo in replica.wb.find(Todo, order="position")]
        assert order == ["t2", "t1", "t3", "t0"]
        assert not open_values(replica)


def test_19_a_bulk_action_that_loses_doesnt_wedge_sync(here: World) -> None:
    a, b = here.replicas
    todos = [a.wb.add_todo(f"t{number}") for number in range(60)]
    here.sync(a, b)
    for replica, title in ((a, "bulk"), (b, "later")):
        here.clock.true += 1
        with replica.wb.edit("bulk"):
            for todo in todos:
                replica.wb.update(Todo, todo.id, title=f"{title} {todo.title}")
    settled(here, a, b)
    assert titles(a) == titles(b) == sorted(f"later {todo.title}" for todo in todos)
    assert {value.text for value in open_values(a)} == {f'{{"title": "bulk {todo.title}"}}' for todo in todos}
    a.wb.add_todo("and it goes on")
    settled(here, a, b)
    assert "and it goes on" in titles(b)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_20_a_chain_of_three_devices_in_any_order_of_delivery(order: tuple[int, ...]) -> None:
    with world(devices=3) as here:
        todo = shared(here)
        a, b, c = here.replicas
        a.wb.update(Todo, todo.id, title="a")
        here.sync(a, b)
        b.wb.update(Todo, todo.id, title="b, knowing a's")
        c.wb.update(Todo, todo.id, title="c, knowing neither")
        for number in order * 3:
            here.sync(here.replicas[number])
        settled(here, *here.replicas)
        kept = {value.text for value in open_values(a)} | {f'{{"title": "{a.wb.get(Todo, todo.id).title}"}}'}
        assert kept == {'{"title": "b, knowing a\'s"}', '{"title": "c, knowing neither"}'}


def test_20_a_request_delivered_twice_changes_nothing(here: World) -> None:
    a, b = here.replicas

    class Twice(PlainRemote):
        def sync(self, body: bytes, token: str) -> bytes:
            super().sync(body, token)
            return super().sync(body, token)

    todo = a.wb.add_todo("once")
    a.sync(Twice(here.server, a.key))
    seq = here.server.state.seq
    a.sync(Twice(here.server, a.key))
    assert here.server.state.seq == seq
    settled(here, b, a)
    assert [found.id for found in b.wb.find(Todo)] == [todo.id]


def test_no_edit_of_another_tool_is_lost(here: World) -> None:
    a, b = here.replicas
    todo = shared(here)
    with sqlite3.connect(a.path) as shell:
        shell.execute("UPDATE todos SET title = 'by a shell' WHERE id = ?", (todo.id,))
    shell.close()
    settled(here, a, b)
    assert b.wb.get(Todo, todo.id).title == "by a shell"
