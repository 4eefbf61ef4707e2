"""Many records at once come to the same as each by itself, sent and received."""

from collections.abc import Iterator
from typing import Any

import pytest

from orc_lab.model.entities import Todo
from orc_lab.model.week import Week
from orc_lab.sample.life import life, write
from orc_lab.store import syncing
from orc_lab.store.database import immediate
from orc_lab.sync import fresh
from orc_lab.sync.cells import JOINT, LIFE, Cell, Dot
from orc_lab.sync.compose import Outgoing, compose
from orc_lab.sync.groups import GROUPS
from orc_lab.sync.merge import Arrived
from tests.sync.plain_server import PlainRemote
from tests.sync.replicas import Replica
from tests.sync.world import World, world

NEVER, ALWAYS = 1 << 30, 1


@pytest.fixture
def here() -> Iterator[World]:
    with world(devices=4, page=500) as made:
        write(made.replicas[0].wb, life(end=Week.parse("2025-W20"), weeks=5, todos=60), history=False)
        for n, todo in enumerate(made.replicas[0].wb.find(Todo)[:9]):
            made.replicas[0].wb.update(Todo, todo.id, title=f"Once more {n}", priority="low")
        yield made


def composed(replica: Replica, many: int, monkeypatch: pytest.MonkeyPatch) -> Outgoing:
    monkeypatch.setattr(fresh, "MANY", many)
    with replica.wb.db.lock, immediate(replica.wb.db.conn) as _:
        conn = replica.wb.db.conn
        own = syncing.state_of(conn)["replica"]
        return compose(conn, after=0, replica=own, records=10_000, allowed=lambda *_: True)


def test_what_is_sent_is_the_same(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    each, many = (composed(here.replicas[0], number, monkeypatch) for number in (NEVER, ALWAYS))
    assert len(many.records) > 150
    assert many.records == each.records
    assert (many.upto, many.begins) == (each.upto, each.begins)


def told(replica: Replica, of: Replica, but: Replica) -> Any:
    """What a device has of another one's records, without those of a third, but for when it was told, and in which
    order."""
    db, ids = replica.wb.db, {id for _, id in of.rows().keys() - but.rows().keys()}
    log = db.rows(
        """SELECT l.origin, l."table", l.id, l.op, l.at, c.field, c.old, c.new
        FROM change_log AS l LEFT JOIN change_cell AS c ON c.seq = l.seq ORDER BY 2, 3, l.seq, c.field"""
    )
    shadows = db.rows('SELECT "table", id, cells FROM sync_rows ORDER BY "table", id')
    rows = {key: row for key, row in replica.rows().items() if key[1] in ids}
    return [one for one in log if one[2] in ids], rows, [one for one in shadows if one[1] in ids]


def test_what_is_received_is_the_same(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b, c, d = here.replicas
    here.sync(a)
    for replica, many in ((b, NEVER), (c, ALWAYS)):
        monkeypatch.setattr(fresh, "MANY", many)
        assert replica.sync(PlainRemote(here.server, replica.key)).received > 150
    assert told(b, a, d) == told(c, a, d)
    assert len(told(b, a, d)[1]) > 150


def test_what_refers_to_what_isnt_there_is_left_to_the_long_way(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device receives todos before their project, which another one hides at first."""
    a, b, c, d = here.replicas
    here.sync(a)
    del here.server.state.records["projects", a.wb.find(Todo)[0].project_id]
    for replica, many in ((b, NEVER), (c, ALWAYS)):
        monkeypatch.setattr(fresh, "MANY", many)
        replica.sync(PlainRemote(here.server, replica.key))
    assert b.wb.db.rows("SELECT count(*) FROM sync_waiting") != [(0,)]
    assert told(b, a, d) == told(c, a, d)


CELL = Cell(Dot(7, "a"))


@pytest.mark.parametrize(
    "arrived",
    [
        {LIFE: [Arrived(CELL, {}), Arrived(Cell(Dot(8, "b")), {})]},
        {LIFE: [Arrived(CELL._replace(covers={}), {})]},
        {"title": [Arrived(CELL, {"title": "Without a beginning"})]},
        {LIFE: [Arrived(CELL, {"of a newer orc_lab": 1})]},
        {LIFE: [Arrived(CELL, {})], "of a newer orc_lab": [Arrived(CELL, {})]},
    ],
)
def test_what_takes_deciding_is_none_of_them(arrived: Any) -> None:
    assert fresh.plainly("todos", arrived) is None


def test_what_was_written_since_is_told_beside_the_beginning(here: World) -> None:
    here.sync(here.replicas[0])
    names = {name for (table, _), groups in here.server.state.records.items() if table == "todos" for name in groups}
    joint = [name for name in names if JOINT in name]
    assert joint
    assert all({*name.split(JOINT)} < GROUPS["todos"].keys() and LIFE in name.split(JOINT) for name in joint)
    assert {"title", "priority"} <= names
