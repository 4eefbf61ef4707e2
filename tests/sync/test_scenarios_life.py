"""What becomes of devices and servers: new ones, restored, copied, wiped, and away for too long."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orc_lab.model.entities import Project, Todo
from orc_lab.store import syncing
from orc_lab.store.database import immediate
from tests.sync.plain_server import PlainRemote, Revoked
from tests.sync.replicas import Replica
from tests.sync.world import World, world


@pytest.fixture
def here() -> Iterator[World]:
    with world(devices=2) as made:
        yield made


def titles(replica: Replica) -> set[str]:
    return {todo.title for todo in replica.wb.find(Todo)}


def open_texts(replica: Replica) -> set[str]:
    return {value.text for value, _ in replica.conflicts(open=True)}


def name(replica: Replica) -> str:
    return str(syncing.state(replica.wb.db)["replica"])


def test_21_a_fresh_empty_device_never_overwrites_the_remote(here: World) -> None:
    a, b = here.replicas
    a.wb.add_todo("of the first", project_id=a.wb.add_project("P").id)
    here.sync(a)
    before = {key: list(groups) for key, groups in here.server.state.records.items() if key[0] in ("todos", "projects")}
    here.sync(b)
    after = {key: list(groups) for key, groups in here.server.state.records.items() if key[0] in ("todos", "projects")}
    assert after == before
    assert titles(b) == {"of the first"}
    here.check()


def test_22_two_populated_devices_are_united_at_their_first_sync(here: World) -> None:
    a, b = here.replicas
    for number in range(30):
        a.wb.add_todo(f"a {number}")
        b.wb.add_todo(f"b {number}")
    here.sync(a, b, a)
    assert titles(a) == titles(b) == {f"{name} {number}" for name in "ab" for number in range(30)}
    assert not open_texts(a)
    here.check()


def test_23_later_writes_of_a_database_restored_from_a_backup_arrive(here: World, tmp_path: Path) -> None:
    a, b = here.replicas
    todo = a.wb.add_todo("begun")
    here.sync(a, b)
    backup = a.copy(tmp_path / "backup.db")
    a.wb.update(Todo, todo.id, title="written and sent after the backup")
    here.sync(a)
    a.put_back(backup)
    before = name(a)
    a.wb.update(Todo, todo.id, description="written after the restore")
    a.wb.add_todo("new after the restore")
    (done,) = here.sync(a)
    assert done.forked
    assert name(a) != before
    here.sync(b)
    found = b.wb.get(Todo, todo.id)
    assert (found.title, found.description) == ("written and sent after the backup", "written after the restore")
    assert titles(b) == {"written and sent after the backup", "new after the restore"}
    here.check()


def test_23_what_a_restored_database_writes_over_what_it_forgot_is_a_conflict(here: World, tmp_path: Path) -> None:
    """Also where the backup is older than the first push: then it has no chain of pushes to go on with."""
    a, b = here.replicas
    todo = a.wb.add_todo("begun")
    backup = a.copy(tmp_path / "backup.db")
    a.wb.update(Todo, todo.id, title="forgotten")
    here.sync(a)
    a.put_back(backup)
    a.wb.update(Todo, todo.id, title="written instead")
    (done,) = here.sync(a)
    assert done.forked
    here.sync(b, a)
    assert open_texts(b) | {f'{{"title": "{title}"}}' for title in titles(b)} >= {
        '{"title": "forgotten"}',
        '{"title": "written instead"}',
    }
    here.check()


def cloned(here: World, folder: Path) -> tuple[Replica, Replica, Replica, Todo]:
    """Two devices that share a todo, and a copy of the first one's file that goes on beside it."""
    a, b = here.replicas
    todo = a.wb.add_todo("begun")
    here.sync(a, b)
    clone = Replica("clone", a.copy(folder / "clone.db"), here.clock, key=a.key)
    here.replicas.append(clone)
    return a, b, clone, todo


def test_24_a_database_cloned_to_two_machines_is_detected_and_gets_a_new_id(here: World, tmp_path: Path) -> None:
    a, b, clone, todo = cloned(here, tmp_path)
    first, device = name(a), clone.wb.db.identity()[1]
    a.wb.update(Todo, todo.id, title="from the original")
    clone.wb.update(Todo, todo.id, title="from the clone")
    assert [done.forked for done in here.sync(a, clone)] == [False, True]
    assert name(clone) != first == name(a)
    assert clone.wb.db.identity()[1] != device
    here.sync(a, b)
    assert open_texts(b) | {f'{{"title": "{title}"}}' for title in titles(b)} == {
        '{"title": "from the original"}',
        '{"title": "from the clone"}',
    }
    here.check()


def test_24_a_clone_is_detected_even_where_the_server_has_forgotten_everything(here: World, tmp_path: Path) -> None:
    a, b, clone, todo = cloned(here, tmp_path)
    a.wb.update(Todo, todo.id, description="of the original")
    here.sync(a)
    clone.wb.delete(Todo, todo.id)
    here.server.wipe()
    here.sync(a, clone, b)
    assert [found.description for found in b.wb.find(Todo)] == ["of the original"]
    here.check()


def test_26_a_server_that_was_wiped_gets_everything_again(here: World) -> None:
    a, b = here.replicas
    todo = a.wb.add_todo("begun", description="notes")
    gone = a.wb.add_todo("deleted before")
    here.sync(a, b)
    a.wb.update(Todo, todo.id, title="from a")
    here.clock.true += 1
    b.wb.update(Todo, todo.id, title="from b")
    a.wb.delete(Todo, gone.id)
    here.sync(a, b, a)
    before = here.server.state.records
    a.wb.add_todo("pending")
    here.server.wipe()
    (done,) = here.sync(a)
    assert not done.forked  # it was the server that forgot
    here.sync(b, a)
    assert titles(a) == titles(b) == {"from b", "pending"}
    assert open_texts(a) == open_texts(b) == {'{"title": "from a"}'}
    alive = {key for key in before if key != ("todos", gone.id)}
    assert alive <= here.server.state.records.keys()
    titled = [one.cell for one in before["todos", todo.id]["title"]]
    assert [one.cell for one in here.server.state.records["todos", todo.id]["title"]] == titled
    here.check()


def test_26_nobody_sends_a_value_that_it_doesnt_know(here: World) -> None:
    """A device that heard of a record only when it was deleted tells the wiped server what it was, nothing else."""
    a, b = here.replicas
    todo = a.wb.add_todo("begun", description="notes")
    here.sync(a)
    a.wb.delete(Todo, todo.id)
    here.sync(a, b)
    a.wb.undo()
    here.server.wipe()
    here.sync(b, a, b)
    found = b.wb.get(Todo, todo.id)
    assert (found.title, found.description) == ("begun", "notes")
    here.check()


def test_27_a_server_restored_to_an_older_state_gets_what_it_lost(here: World) -> None:
    a, b = here.replicas
    todo = a.wb.add_todo("begun")
    here.sync(a, b)
    older = here.server.kept()
    a.wb.update(Todo, todo.id, title="after the server's backup")
    b.wb.add_todo("also after it")
    here.sync(a, b, a)
    here.server.put_back(older)
    here.sync(a, b, a)
    assert titles(a) == titles(b) == {"after the server's backup", "also after it"}
    assert here.server.state.epoch != older.epoch
    here.check()


def test_27_a_restored_server_doesnt_bring_back_what_was_deleted(here: World) -> None:
    a, b = here.replicas
    todo = a.wb.add_todo("to be deleted")
    here.sync(a, b)
    older = here.server.kept()
    a.wb.delete(Todo, todo.id)
    here.sync(a, b, a)
    here.server.put_back(older)
    here.sync(b, a, b, a)
    assert titles(a) == titles(b) == set()
    here.check()


def test_28_a_device_offline_past_retention_keeps_its_pending_edits(here: World) -> None:
    a, b = here.replicas
    gone, edited = a.wb.add_todo("deleted meanwhile"), a.wb.add_todo("deleted, and edited by who was away")
    kept = a.wb.add_todo("kept")
    here.sync(a, b)
    b.wb.update(Todo, edited.id, description="written far from any network")
    b.wb.add_todo("made far from any network")
    a.wb.delete(Todo, gone.id)
    a.wb.delete(Todo, edited.id)
    here.sync(a, a)
    assert here.server.collect(silent=frozenset({b.key})) == 2
    here.sync(b, a)
    expected = {"kept", "deleted, and edited by who was away", "made far from any network"}
    assert titles(a) == titles(b) == expected
    assert a.wb.get(Todo, edited.id).description == "written far from any network"
    assert kept.id in {todo.id for todo in b.wb.find(Todo)}
    here.check()


def test_28_deletions_are_kept_for_every_device_that_may_come_back(here: World) -> None:
    a, b = here.replicas
    todo = a.wb.add_todo("deleted")
    here.sync(a, b)
    a.wb.delete(Todo, todo.id)
    here.sync(a, a)
    assert here.server.collect() == 0
    here.sync(b, b)
    assert here.server.collect() == 1
    assert [done.requests for done in here.sync(a, b)] == [1, 1]
    here.check()


def test_29_an_endpoint_is_switched_with_pending_edits(here: World) -> None:
    a, b = here.replicas
    a.wb.add_todo("at the old one")
    here.sync(a, b)
    a.wb.add_todo("pending")
    with world(devices=0) as there:
        for replica in (a, b):
            with immediate(replica.wb.db.conn):  # what naming another server does to what is remembered of the old
                syncing.remember(replica.wb.db.conn, dict.fromkeys(("token", "epoch", "batch", "tried")))
            replica.sync(PlainRemote(there.server, replica.key))
        a.sync(PlainRemote(there.server, a.key))
        assert titles(a) == titles(b) == {"at the old one", "pending"}
        assert {key[1] for key in there.server.state.records if key[0] == "todos"} == {
            todo.id for todo in a.wb.find(Todo)
        }


def test_30_an_incomplete_device_cannot_overwrite_the_others(here: World) -> None:
    """It has all sent that it has, and asks for a comparison, having received a page of many: nothing goes anywhere."""
    a, b = here.replicas
    for number in range(20):
        a.wb.add_todo(f"t{number}", project_id=a.wb.add_project(f"p{number}").id)
    here.sync(a)
    with b.crashing(200):
        b.sync(PlainRemote(here.server, b.key))
    assert 0 < len(b.wb.find(Project)) + len(b.wb.find(Todo)) < 40
    with immediate(b.wb.db.conn):
        syncing.remember(b.wb.db.conn, {"mismatch": True})
    here.sync(b, a)
    assert titles(a) == titles(b) == {f"t{number}" for number in range(20)}
    here.check()


def test_30_a_device_whose_rows_vanished_unrecorded_deletes_nothing(here: World) -> None:
    a, b = here.replicas
    a.wb.add_todo("kept")
    here.sync(a, b)
    conn = b.wb.db.conn
    triggers = conn.execute("SELECT name, sql FROM sqlite_master WHERE name LIKE 'capture_todos%'").fetchall()
    for trigger, _ in triggers:
        conn.execute(f"DROP TRIGGER {trigger}")
    conn.execute("DELETE FROM todos")
    for _, sql in triggers:
        conn.execute(sql)
    here.sync(b, a)
    assert titles(a) == {"kept"}
    assert [key for key in here.server.state.records if key[0] == "todos"]


def test_51_a_revoked_device_is_refused_and_keeps_what_it_has(here: World) -> None:
    a, b = here.replicas
    a.wb.add_todo("begun")
    here.sync(a, b)
    here.server.revoked.add(b.key)
    b.wb.add_todo("after it was revoked")
    with pytest.raises(Revoked):
        here.sync(b)
    assert titles(b) == {"begun", "after it was revoked"}
    here.sync(a)
    assert titles(a) == {"begun"}
