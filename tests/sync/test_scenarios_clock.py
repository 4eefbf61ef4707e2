"""Clocks that are wrong: every sync goes through, and none wins for ever."""

from collections.abc import Iterator
from itertools import pairwise

import pytest

from orc_lab.model.entities import Todo
from tests.sync.faulty import Lost
from tests.sync.plain_server import PlainRemote
from tests.sync.replicas import Replica
from tests.sync.world import World, world


@pytest.fixture
def here() -> Iterator[World]:
    with world(devices=2) as made:
        yield made


def write(here: World, replica: Replica, id: str, title: str) -> None:
    with here.clock.on(replica.error):
        replica.wb.update(Todo, id, title=title)


def clocks(replica: Replica) -> list[int]:
    return [clock for (clock,) in replica.wb.db.rows("SELECT hlc FROM change_log ORDER BY seq")]


@pytest.mark.parametrize("error", [3_600, -3_600])
def test_01_a_device_an_hour_fast_or_slow_still_syncs(here: World, error: int) -> None:
    a, b = here.replicas
    a.error = error
    with here.clock.on(error):
        todo = a.wb.add_todo("by a wrong clock")
    here.sync(a, b)
    assert b.wb.get(Todo, todo.id).title == "by a wrong clock"
    write(here, b, todo.id, "later, by the right clock")
    here.sync(b, a)
    assert a.wb.get(Todo, todo.id).title == "later, by the right clock"
    assert here.sync(a)[0].requests == 1  # the offset is learned: nothing is refused any more
    here.check()


def test_02_a_clock_of_the_year_2099_doesnt_win_for_ever(here: World) -> None:
    a, b = here.replicas
    todo = a.wb.add_todo("begun")
    here.sync(a, b)
    a.error = 72 * 365 * 86_400
    write(here, a, todo.id, "of 2099")
    here.sync(a, b)
    assert b.wb.get(Todo, todo.id).title == "of 2099"
    here.clock.true += 100
    write(here, b, todo.id, "written later")
    here.sync(b, a)
    assert a.wb.get(Todo, todo.id).title == "written later"
    limit = (here.clock.true + 60) * 1e6
    cells = [one.cell for groups in here.server.state.records.values() for some in groups.values() for one in some]
    assert max(cell.dot.clock for cell in cells) < limit
    assert max(clocks(a)) < limit
    a.error = 0
    write(here, a, todo.id, "and later still")
    here.sync(a, b)
    assert b.wb.get(Todo, todo.id).title == "and later still"
    assert not a.conflicts(open=True)
    here.check()


def test_02_edits_of_a_clock_far_ahead_keep_their_order(here: World) -> None:
    a, b = here.replicas
    a.error = 10 * 366 * 86_400
    with here.clock.on(a.error):
        todo = a.wb.add_todo("first")
    for title in ("second", "third"):
        write(here, a, todo.id, title)
    with here.clock.on(a.error):
        a.wb.delete(Todo, a.wb.add_todo("made and deleted").id)
    here.sync(a, b)
    assert [one.title for one in b.wb.find(Todo)] == ["third"]
    assert all(before < after for before, after in pairwise(clocks(a)))
    here.check()


def test_03_a_clock_stepped_back_goes_on_and_stays_monotonic(here: World) -> None:
    a, b = here.replicas
    todo = a.wb.add_todo("begun")
    here.sync(a, b)
    write(here, a, todo.id, "before the step")
    a.error = -86_400
    a.close()
    a.open()  # restarted in the middle of it
    write(here, a, todo.id, "after the step")
    here.sync(a, b)
    assert b.wb.get(Todo, todo.id).title == "after the step"
    assert all(before < after for before, after in pairwise(clocks(a)))
    here.check()


def test_04_a_failed_batch_doesnt_advance_the_clock(here: World) -> None:
    a, _ = here.replicas
    a.wb.add_todo("one")

    class Dead(PlainRemote):
        def sync(self, body: bytes, token: str) -> bytes:
            raise Lost("No connection.")

    before = a.wb.db.rows("SELECT floor, skew FROM change_context"), clocks(a)
    for _ in range(3):
        with pytest.raises(Lost):
            a.sync(Dead(here.server, a.key))
    assert (a.wb.db.rows("SELECT floor, skew FROM change_context"), clocks(a)) == before
    assert here.sync(a)[0].sent
    here.check()
