"""What arrives in pieces, beside what is made here, and after an earlier life of its record: it comes to the same."""

from collections.abc import Iterator

import pytest

from orc_lab.model.entities import Commitment, Project, Todo, WeeklyGoal
from orc_lab.model.week import Week
from orc_lab.sync import outbox, wire
from orc_lab.sync.cells import Cell, Dot
from orc_lab.workbench.weeks import goal_id
from tests.sync.plain_server import Numbered, PlainRemote
from tests.sync.replicas import Replica
from tests.sync.world import Step, World, world

WEEK = Week.parse("2027-W03")


@pytest.fixture
def here() -> Iterator[World]:
    with world(devices=3, page=2) as made:
        yield made


def test_a_record_that_arrives_in_pages_while_it_is_made_here_is_whole(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, c = here.replicas
    monkeypatch.setattr(outbox, "join", lambda groups: groups)  # so that it fills more than one page
    here.edit(a, lambda do: do.wb.set_goal(WEEK, goal=do.new))
    here.sync(a, b)
    here.edit(a, lambda do: do.wb.db.conn.execute("DELETE FROM weekly_goals"))
    here.sync(a)
    told: list[bool] = []

    class Meanwhile(PlainRemote):
        def sync(self, body: bytes, token: str) -> bytes:
            if told == [True]:  # of its values, not yet of its deletion
                assert c.waiting()
                here.edit(c, lambda do: do.wb.confirm_plan(WEEK))
            reply = super().sync(body, token)
            told.extend([True] if b"weeklyGoals" in reply else [])
            return reply

    c.sync(Meanwhile(here.server, c.key))
    assert len(told) > 1
    here.check()
    row = a.rows()["weekly_goals", goal_id(a.wb.user_id, WEEK)]
    assert row["goal"] == '{"goal": "new-1"}'


def waiting(here: World) -> tuple[Project, Todo]:
    """A todo that waits on the second device for the project that it was given there while the first deleted it."""
    a, b, *_ = here.replicas
    project, todo = a.wb.add_project("gone"), a.wb.add_todo("t")
    here.sync(a, b)
    here.edit(b, lambda do: do.wb.update(Todo, todo.id, project_id=project.id))
    here.edit(a, lambda do: do.wb.delete(Project, project.id))
    here.sync(a, b, a)
    assert b.wb.db.rows("SELECT parent, id FROM sync_waiting") == [(project.id, todo.id)]
    return project, todo


def test_a_record_that_comes_back_waits_for_nothing_of_its_earlier_life(here: World) -> None:
    a, b, _ = here.replicas
    _, todo = waiting(here)
    here.edit(a, lambda do: do.wb.delete(Todo, todo.id))
    here.sync(a, b)
    assert b.wb.count(Todo) == 0
    other = a.wb.add_project("other")
    here.edit(a, lambda do: do.wb.restore(do.wb.trash()[0].id))
    here.edit(a, lambda do: do.wb.update(Todo, todo.id, project_id=other.id))
    here.edit(a, lambda do: do.wb.update(Todo, todo.id, project_id=None))
    here.sync(a, b)
    here.edit(a, lambda do: do.wb.restore(next(one.id for one in do.wb.trash() if "gone" in str(one))))
    here.sync(a, b)
    assert b.wb.count(Project) == 2
    assert b.wb.get(Todo, todo.id).project_id is None
    here.check()


NAMES = ("sqlite_master", "change_log", "sync_state", "id")
HOSTILE = ("todos; DROP TABLE todos; --", 'a"b', "a'b", "%s ? {}", "x" * 2_000)


def test_52_hostile_table_and_column_names_are_only_names(here: World) -> None:
    """Whoever has the account's keys may send any name: it is kept as what a newer orc_lab may know, or refused."""
    a, b, _ = here.replicas
    todo, other = a.wb.add_todo("unharmed"), a.wb.add_todo("other")
    here.sync(a, b)
    before = b.rows(), b.wb.db.rows("SELECT name, sql FROM sqlite_master ORDER BY name")
    here.server.page = 100
    records = [wire.Record(name, "id", {"life": [cell(1, {name: "v"})]}) for name in NAMES]
    groups = {name: [cell(1, {name: "v", "title": "w"})] for name in NAMES}
    fields = {"labels": [cell(2, dict.fromkeys((*NAMES, *HOSTILE, "user_id", "title"), "v"))]}
    records += [wire.Record("todos", todo.id, groups | fields)]
    body = wire.write_request(wire.Request(int(here.clock.true * 1000), "hostile", [], records))
    assert wire.read_reply(here.server.sync("d", body, "")).rejected == []
    state = here.server.state
    for number, name in enumerate(HOSTILE):  # a server may say what it doesn't take
        state.records[name, "id"] = {"life": [Numbered(cell(1, {name: "v"}), state.seq)]}
        state.records["todos", f"{number}"] = {name: [Numbered(cell(1, {name: "v"}), state.seq)]}
    b.sync(PlainRemote(here.server, b.key))
    assert (b.rows(), b.wb.db.rows("SELECT name, sql FROM sqlite_master ORDER BY name")) == before
    assert b.wb.db.rows("PRAGMA integrity_check") == [("ok",)]
    assert {table for (table,) in b.wb.db.rows('SELECT "table" FROM sync_held')} == {*NAMES, "todos"}
    b.wb.update(Todo, other.id, description="mine")
    for one in (b, a):
        one.sync(PlainRemote(here.server, one.key))
    assert a.wb.get(Todo, other.id).description == "mine"


def cell(clock: int, value: dict[str, str]) -> Cell:
    return Cell(Dot(1_700_000_000_000_000 + clock, "d" * 12), body=wire.Plain(dict(value)))


def lost_unsent(here: World) -> tuple[Replica, Replica, Todo]:
    """A todo whose notes a wrote and keeps to itself, and which b wrote later."""
    a, b, _ = here.replicas
    todo = a.wb.add_todo("begun")
    here.sync(a, b)
    a.hide("notes")
    here.edit(a, lambda do: do.wb.update(Todo, todo.id, description=do.new))
    here.sync(a)
    here.clock.true += 10
    here.edit(b, lambda do: do.wb.update(Todo, todo.id, description=do.new))
    here.sync(b, a)
    return a, b, todo


def test_what_lost_before_it_was_sent_stays_beside_what_is_written_next(here: World) -> None:
    """It lost to what arrived while it stayed here; whoever writes again then has decided nothing."""
    a, _, todo = lost_unsent(here)
    assert [value.text for value, _ in a.conflicts(open=True)] == ['{"description": "new-1"}']
    here.edit(a, lambda do: do.wb.update(Todo, todo.id, description=do.new))
    here.check()
    for replica in here.replicas:
        assert replica.wb.get(Todo, todo.id).description == "new-3"
        assert [value.text for value, _ in replica.conflicts(open=True)] == ['{"description": "new-1"}']


def test_what_lost_and_stays_here_is_not_sent_with_its_record(here: World) -> None:
    """Something else of the record goes out; what stays is still to be told once it may leave."""
    a, b, todo = lost_unsent(here)
    here.edit(a, lambda do: do.wb.update(Todo, todo.id, title=do.new))
    here.sync(a)
    here.check()
    assert [value.text for value, _ in b.conflicts(open=True)] == ['{"description": "new-1"}']


def test_a_record_that_is_made_anew_has_nothing_of_its_earlier_life(here: World) -> None:
    """Also where nothing but its beginning is written then."""
    a, b, c = here.replicas
    here.edit(a, lambda do: do.wb.set_goal(WEEK, goal=do.new))
    here.sync(a, b)
    here.edit(b, lambda do: do.wb.db.conn.execute("DELETE FROM weekly_goals"))
    here.sync(b, a)
    id = goal_id(a.wb.user_id, WEEK)
    week = {"week_start_date": "2027-01-18", "freezes_at": 5}
    bare = WeeklyGoal(id=id, user_id=a.wb.user_id, created_at=5, updated_at=5, **week)
    with a.wb.edit("make", actor="agent") as tx:
        tx.insert(bare)
    here.sync(a, b, c)
    assert [replica.wb.get(WeeklyGoal, id).goal for replica in here.replicas] == [None, None, None]
    here.check()


def staying(here: World) -> tuple[Replica, Replica]:
    """Two devices that share a week's plan, of which the second keeps its goal to itself."""
    a, b, *_ = here.replicas
    here.edit(a, lambda do: do.wb.confirm_plan(WEEK))
    here.sync(a, b)
    b.hide("goal")
    here.edit(b, lambda do: do.wb.set_goal(WEEK, goal="mine"))
    here.sync(b)
    return a, b


def test_what_stays_here_outlives_its_records_deletion_elsewhere(here: World) -> None:
    """Who deleted it hadn't seen it: the record stays here until somebody decides, and comes back once it is told."""
    a, b = staying(here)
    here.edit(a, lambda do: do.wb.db.conn.execute("DELETE FROM weekly_goals"))
    assert all(one.same for one in here.sync(a, b, a, b))
    assert a.wb.count(WeeklyGoal) == 0
    assert [goal.goal for goal in b.wb.find(WeeklyGoal)] == ["mine"]
    assert [value.group for value, _ in b.conflicts(open=True)] == ["life"]
    here.check()
    assert [goal.goal for goal in a.wb.find(WeeklyGoal)] == ["mine"]


def test_what_stays_here_goes_with_its_record_where_its_writer_deletes_it(here: World) -> None:
    a, b = staying(here)
    here.edit(b, lambda do: do.wb.db.conn.execute("DELETE FROM weekly_goals"))
    here.sync(b, a)
    here.check()
    assert [replica.wb.count(WeeklyGoal) for replica in here.replicas] == [0, 0, 0]


def test_what_stays_here_and_a_copy_has_sent_is_nothing_of_its_own(here: World) -> None:
    """The copy keeps nothing back; what it told is the other's own write by a former name, and was deleted with it."""
    a, b, _ = here.replicas
    todo = a.wb.add_todo("t")
    here.sync(a, b)
    a.hide("notes")
    here.edit(a, lambda do: do.wb.update(Todo, todo.id, description=do.new))
    here.do(Step("clone", 0, 0))
    here.sync(here.replicas[-1])
    here.edit(a, lambda do: do.wb.delete(Todo, todo.id))
    here.sync(a, b)
    here.check()
    assert {replica.wb.get(Todo, todo.id).description for replica in here.replicas} == {"new-1"}


def test_what_stays_here_outlives_a_deletion_that_nobody_remembers(here: World) -> None:
    """The device was away for too long: the server names the record no longer, and doesn't say that it was deleted."""
    a, b, c = here.replicas
    here.edit(a, lambda do: do.wb.confirm_plan(WEEK))
    here.sync(a, b, c)
    b.hide("goal")
    here.edit(b, lambda do: do.wb.set_goal(WEEK, goal="mine"))
    here.sync(b)
    here.edit(a, lambda do: do.wb.db.conn.execute("DELETE FROM weekly_goals"))
    here.sync(a, c, a, c)
    assert here.server.collect(silent=frozenset({b.key})) == 1
    here.sync(b)
    assert [goal.goal for goal in b.wb.find(WeeklyGoal)] == ["mine"]
    here.check()
    assert [goal.goal for goal in a.wb.find(WeeklyGoal)] == ["mine"]


def test_a_record_made_here_replaces_nothing_of_one_that_had_no_place(here: World) -> None:
    """A newer orc_lab rates weeks up to ten: the week's goal can't be a row here, and then somebody sets it here."""
    a, b, c = here.replicas
    here.sync(a, b, c)
    id = goal_id(a.wb.user_id, WEEK)
    newer = {"life": {"week_start_date": "2027-01-18"}, "goal": {"goal": "theirs"}, "reflection": {"self_rating": "9"}}
    groups = {group: [cell(1, value)] for group, value in newer.items()}
    body = wire.write_request(
        wire.Request(int(here.clock.true * 1000), "newer", [], [wire.Record("weeklyGoals", id, groups)])
    )
    assert wire.read_reply(here.server.sync("d", body, "")).rejected == []
    here.sync(a, b)
    assert a.wb.count(WeeklyGoal) == 0
    here.edit(a, lambda do: do.wb.set_goal(WEEK, goal="mine"))
    here.sync(a)
    now = {group: [one.cell for one in some] for group, some in here.server.state.records["weeklyGoals", id].items()}
    assert [one.body for one in now["goal"]] == [wire.Plain({"goal": "mine"}), wire.Plain({"goal": "theirs"})]
    assert [one.body for one in now["reflection"]] == [wire.Plain({"self_rating": "9"})]
    assert [value.text for value, _ in a.conflicts(open=True)] == ['{"goal": "theirs"}']
    here.edit(c, lambda do: do.wb.set_goal(WEEK, reflection="c"))
    here.check()


def test_what_a_deleted_record_waited_for_is_its_own_still_where_it_comes_back() -> None:
    """The project of a todo is deleted elsewhere and comes back, while the todo is deleted here and needed there."""
    with world(devices=2, page=1) as here:
        a, b = here.replicas
        project, todo = waiting(here)
        here.edit(a, lambda do: do.wb.restore(project.id))
        here.sync(a)
        here.edit(a, lambda do: do.wb.update(Todo, todo.id, description="still needed"))
        here.edit(b, lambda do: do.wb.delete(Todo, todo.id))
        here.sync(a, b, a)
        here.check()
        assert [one.wb.get(Todo, todo.id).project_id for one in (a, b)] == [project.id] * 2


def test_what_waits_for_its_project_is_told_as_it_was_written_and_waits_everywhere(here: World) -> None:
    """What a todo was given stayed on its device; its project was deleted elsewhere, then the group shared again."""
    a, b, _ = here.replicas
    project, todo = a.wb.add_project("gone"), a.wb.add_todo("t")
    here.sync(a, b)
    b.hide("project")
    here.edit(b, lambda do: do.wb.update(Todo, todo.id, project_id=project.id))
    here.edit(a, lambda do: do.wb.delete(Project, project.id))
    here.sync(b, a, b)
    assert b.wb.get(Todo, todo.id).project_id is None
    b.hide()
    here.sync(b, a)
    assert {value.text for value in a.waiting()} >= {f'{{"project_id": "{project.id}"}}'}
    here.edit(a, lambda do: do.wb.restore(project.id))
    here.check()
    assert [one.wb.get(Todo, todo.id).project_id for one in (a, b)] == [project.id] * 2


def test_what_was_deleted_here_and_comes_back_waits_for_what_it_needs() -> None:
    with world(devices=2, page=1) as here:
        a, b = here.replicas
        todo = a.wb.add_todo("t")
        promise = a.wb.commit(todo.id)
        here.sync(a, b)
        here.edit(b, lambda do: do.wb.delete(Todo, todo.id, along=True))
        here.sync(b)
        assert b.wb.count(Commitment) == 0
        here.edit(a, lambda do: do.wb.update(Commitment, promise.id, estimated_hours=3.0))
        here.sync(a, b)
        here.check()
        assert [one.wb.get(Commitment, promise.id).estimated_hours for one in (a, b)] == [3.0, 3.0]
