"""A restore by the person is told to the other devices: they neither undo it nor lose what they wrote since."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orc_lab.backup import keep, restore
from orc_lab.model.entities import Project, Todo, WeeklyGoal
from orc_lab.model.week import Week
from orc_lab.store import copies, syncing
from orc_lab.sync.restored import carry
from tests.sync.faulty import Lost
from tests.sync.plain_server import PlainRemote
from tests.sync.replicas import Replica
from tests.sync.world import YEAR, World, world

WEEK = Week.parse("2027-W03")


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "to_disk", lambda path: None)


@pytest.fixture
def here() -> Iterator[World]:
    with world(devices=2) as made:
        yield made


def put_back(replica: Replica, backup: str) -> None:
    """What `orc restore` does while notebooks have the database open."""
    restore.restore(restore.plan(str(replica.path), backup), carry=carry)


def titles(replica: Replica) -> set[str]:
    return {todo.title for todo in replica.wb.find(Todo)}


def test_25_a_restore_is_not_undone_by_what_peers_deleted(here: World) -> None:
    a, b = here.replicas
    needed = a.wb.add_todo("needed after all")
    here.sync(a, b)
    backup = keep.back_up(str(a.path)).backup.path
    b.wb.delete(Todo, needed.id)
    here.sync(b, a)
    assert titles(a) == set()
    put_back(a, backup)
    assert titles(a) == {"needed after all"}
    here.sync(a, b, a)
    assert titles(a) == titles(b) == {"needed after all"}
    here.check()


def test_25_what_the_backup_lacks_is_deleted_everywhere(here: World) -> None:
    a, b = here.replicas
    backup = keep.back_up(str(a.path)).backup.path
    a.wb.add_todo("written since", project_id=a.wb.add_project("New").id)
    here.sync(a, b)
    put_back(a, backup)
    here.sync(a, b)
    assert titles(b) == set()
    assert b.wb.find(Project) == []
    assert b.wb.db.rows("SELECT 1 FROM sync_conflicts WHERE open") == []
    here.check()


def test_25_values_are_again_what_they_were(here: World) -> None:
    a, b = here.replicas
    todo = a.wb.add_todo("as it was", description="first")
    here.sync(a, b)
    backup = keep.back_up(str(a.path)).backup.path
    a.wb.update(Todo, todo.id, title="as it is", description=None)
    here.sync(a, b)
    put_back(a, backup)
    here.sync(a, b)
    assert (b.wb.get(Todo, todo.id).title, b.wb.get(Todo, todo.id).description) == ("as it was", "first")
    here.check()


def test_25_what_a_peer_wrote_meanwhile_is_a_conflict_and_stays(here: World) -> None:
    a, b = here.replicas
    todo = a.wb.add_todo("as it was")
    lacked = a.wb.add_todo("of later")
    here.sync(a, b)
    backup = keep.back_up(str(a.path)).backup.path
    a.wb.update(Todo, todo.id, title="as it is")
    later = a.wb.add_todo("made since")
    here.sync(a, b)
    b.wb.update(Todo, todo.id, title="from b")
    b.wb.update(Todo, later.id, description="b needs this")
    put_back(a, backup)
    here.sync(a, b, a)
    assert titles(a) == titles(b)
    kept = {value.text for value, _ in a.conflicts(open=True)} | {f'{{"title": "{title}"}}' for title in titles(a)}
    assert {'{"title": "as it was"}', '{"title": "from b"}'} <= kept
    assert a.wb.get(Todo, later.id).description == "b needs this"
    assert lacked.id in {todo.id for todo in b.wb.find(Todo)}
    here.check()


def test_25_what_was_not_sent_before_the_restore_and_is_in_the_backup_arrives(here: World) -> None:
    a, b = here.replicas
    here.sync(a, b)
    todo = a.wb.add_todo("never sent")
    backup = keep.back_up(str(a.path)).backup.path
    a.wb.delete(Todo, todo.id)
    a.wb.add_todo("never sent, and not in the backup")
    put_back(a, backup)
    here.sync(a, b)
    assert titles(a) == titles(b) == {"never sent"}
    here.check()


def test_25_a_reply_lost_before_the_restore_changes_nothing(here: World) -> None:
    a, b = here.replicas
    todo = a.wb.add_todo("as it was")
    here.sync(a, b)
    backup = keep.back_up(str(a.path)).backup.path
    a.wb.update(Todo, todo.id, title="arrived unheard")

    class Deaf(PlainRemote):
        def sync(self, body: bytes, token: str) -> bytes:
            super().sync(body, token)
            raise Lost("The reply was lost.")

    with pytest.raises(Lost):
        a.sync(Deaf(here.server, a.key))
    put_back(a, backup)
    here.sync(a, b, a)
    kept = {value.text for value, _ in b.conflicts(open=True)} | {f'{{"title": "{title}"}}' for title in titles(b)}
    assert kept == {'{"title": "as it was"}', '{"title": "arrived unheard"}'}
    here.check()


def test_the_restored_database_is_another_replica_and_keeps_what_sync_knows(here: World) -> None:
    a, _ = here.replicas
    backup = keep.back_up(str(a.path)).backup.path
    a.wb.add_todo("sent")
    here.sync(a)
    before, rows = syncing.state(a.wb.db), a.wb.db.rows("SELECT * FROM sync_rows")
    put_back(a, backup)
    after = syncing.state(a.wb.db)
    assert after["replica"] != before["replica"]
    assert after.pop("former") == [before["replica"]]
    assert {**after, "replica": 0, "sent": 0} == {**before, "replica": 0, "sent": 0}
    assert a.wb.db.rows("SELECT * FROM sync_rows") == rows
    assert not a.sync(PlainRemote(here.server, a.key)).forked


def test_another_persons_backup_takes_nothing_over(here: World, tmp_path: Path) -> None:
    from orc_lab.workbench.bench import Workbench

    a, _ = here.replicas
    a.wb.add_todo("mine")
    here.sync(a)
    Workbench.init(tmp_path / "other.db").close()
    put_back(a, str(tmp_path / "other.db"))
    assert syncing.state(a.wb.db) == {}
    assert a.wb.db.rows("SELECT count(*) FROM sync_rows") == [(0,)]


def test_a_database_that_never_synced_is_restored_as_ever(here: World) -> None:
    a, _ = here.replicas
    a.wb.db.conn.execute("DELETE FROM sync_state")
    backup = keep.back_up(str(a.path)).backup.path
    a.wb.add_todo("later")
    put_back(a, backup)
    assert titles(a) == set()
    assert a.wb.db.rows("SELECT * FROM sync_touched") == []


@pytest.mark.parametrize("ahead", [0, YEAR])
def test_what_is_made_again_after_a_restore_took_it_away_is_as_it_was_made(here: World, ahead: int) -> None:
    """A week's goal has one id on every device, so it is the same one that is begun anew, without its reflection.

    Also where the clock was ahead, so that all of it is dated anew.
    """
    a, b = here.replicas
    a.error = ahead
    backup = keep.back_up(str(a.path)).backup.path
    here.edit(b, lambda do: do.wb.set_goal(WEEK, goal=do.new, reflection=do.new, self_rating=2))
    here.sync(b, a)
    here.edit(a, lambda do: put_back(a, backup))
    here.edit(a, lambda do: do.wb.confirm_plan(WEEK))
    here.sync(a, b, a)
    here.check()
    (goal,) = b.wb.find(WeeklyGoal)
    assert (goal.reflection, goal.goal) == (None, None)
    assert a.wb.db.rows("SELECT * FROM sync_held WHERE \"table\" = 'weekly_goals'") == []


def test_what_a_restore_replaced_in_a_group_that_stays_here_is_known_still() -> None:
    """Nobody is told of it, so the value that the others have stands, and may be asked for."""
    with world(devices=3) as here:
        a, b, c = here.replicas
        todo = a.wb.add_todo("planned")
        here.sync(a, b, c)
        backup = keep.back_up(str(a.path)).backup.path
        here.edit(b, lambda do: do.wb.update(Todo, todo.id, due_date="2027-04-01"))
        here.sync(b, a)
        a.hide("schedule")
        here.edit(a, lambda do: put_back(a, backup))
        here.sync(a)
        here.edit(c, lambda do: do.wb.update(Todo, todo.id, due_date="2027-05-01"))
        here.sync(c, a)
        assert '{"due_date": "2027-04-01"}' in {value.text for value, _ in a.conflicts(open=True)}
        here.check()


def test_what_was_replaced_whole_before_a_restore_and_never_sent_is_told(here: World) -> None:
    """A shell replaced a todo's row, so what it had before is overwritten too; then a restore took the todo away, which
    somebody needs still."""
    a, b = here.replicas
    backup = keep.back_up(str(a.path)).backup.path
    todo = b.wb.add_todo("begun")
    here.edit(b, lambda do: do.wb.update(Todo, todo.id, due_date="2027-03-27"))
    here.sync(b, a)
    row = "INSERT OR REPLACE INTO todos (id, user_id, title, created_at, updated_at) VALUES (?, ?, 'replaced', 5, 5)"
    here.edit(a, lambda do: do.wb.db.conn.execute(row, (todo.id, do.wb.user_id)))
    here.edit(a, lambda do: put_back(a, backup))
    here.edit(b, lambda do: do.wb.update(Todo, todo.id, description="needed"))
    here.sync(b, a, b)
    here.check()
    assert {one.wb.get(Todo, todo.id).due_date for one in (a, b)} == {None}
