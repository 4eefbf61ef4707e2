"""A network that fails, a process that ends in the middle, and orc_labs of different ages: what is queued stays."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any
from unittest import mock

import pytest

from orc_lab.errors import OrcError
from orc_lab.model.entities import Capacity, Todo
from orc_lab.store import syncing
from orc_lab.sync import apply, compose, exchange, groups, pending, reconcile, rows, wire
from orc_lab.sync.cells import Cell
from orc_lab.sync.exchange import Exchange
from orc_lab.sync.wire import Sealed
from tests.sync.faulty import NONSENSE, Lost
from tests.sync.plain_server import Clear, PlainRemote
from tests.sync.replicas import Replica
from tests.sync.world import World, world


@pytest.fixture
def here() -> Iterator[World]:
    with world(devices=2) as made:
        yield made


def titles(replica: Replica) -> set[str]:
    return {todo.title for todo in replica.wb.find(Todo)}


class Answering:
    """A remote that answers each request with the next of some answers: bytes, an error, or None for the server's."""

    def __init__(self, remote: PlainRemote, *answers: bytes | OrcError | None) -> None:
        self._remote, self._answers = remote, list(answers)
        self.bodies: list[bytes] = []

    def sync(self, body: bytes, token: str) -> bytes:
        self.bodies.append(body)
        answer = self._answers.pop(0) if self._answers else None
        if isinstance(answer, OrcError):
            raise answer
        return self._remote.sync(body, token) if answer is None else answer


def test_31_a_reply_lost_and_the_retry_changes_nothing(here: World) -> None:
    a, b = here.replicas
    a.wb.add_todo("once")

    class Deaf(PlainRemote):
        def sync(self, body: bytes, token: str) -> bytes:
            super().sync(body, token)
            raise Lost("The reply was lost.")

    for _ in range(3):
        with pytest.raises(Lost):
            a.sync(Deaf(here.server, a.key))
    seq = here.server.state.seq
    (done,) = here.sync(a)
    assert not done.forked
    assert here.server.state.seq == seq
    here.sync(b)
    assert titles(b) == {"once"}
    here.check()


def test_34_crash_between_remote_rows_and_cursor(here: World) -> None:
    """The rows, the cursor and the acknowledgement are one transaction: all of it is there, or nothing."""
    a, b = here.replicas
    for number in range(6):
        a.wb.add_todo(f"t{number}")
    here.sync(a)
    b.wb.add_todo("b's own")
    copy = b.copy(here.folder / "before.db")
    states = set()
    for statements in range(5, 400, 19):
        b.put_back(copy)
        here.server.state.last.pop(b.key, None)  # its push is taken as the first each time
        with b.crashing(statements):
            b.sync(PlainRemote(here.server, b.key))
        state = syncing.state(b.wb.db)
        seq = json.loads(state["token"])["seq"] if "token" in state else 0
        there = [row for (row,) in b.wb.db.rows("SELECT title FROM todos ORDER BY title")]
        assert b.wb.db.rows("SELECT count(*) FROM sync_rows WHERE \"table\" = 'todos'")[0][0] in (
            len(there),
            len(there) - 1,
        )
        assert (seq > 0) == (len(there) > 1)
        states.add((seq > 0, len(there)))
    assert len(states) > 1
    here.check()


def test_35_an_edit_during_a_sync_in_flight_stays_pending(here: World) -> None:
    a, b = here.replicas
    todo = a.wb.add_todo("begun")
    here.sync(a, b)

    class Slow(PlainRemote):
        def sync(self, body: bytes, token: str) -> bytes:
            reply = super().sync(body, token)
            if a.wb.get(Todo, todo.id).title == "sent":
                a.wb.update(Todo, todo.id, title="written while it was on its way")
                a.wb.add_todo("so was this")
            return reply

    a.wb.update(Todo, todo.id, title="sent")
    b.wb.update(Todo, todo.id, description="from b")
    here.sync(b)
    a.sync(Slow(here.server, a.key))
    here.sync(b)
    assert titles(b) == {"written while it was on its way", "so was this"}
    assert a.wb.get(Todo, todo.id).description == "from b"
    assert not a.conflicts(open=True)
    here.check()


def test_35_an_edit_of_what_a_peer_deleted_while_the_news_is_on_its_way(here: World) -> None:
    a, b = here.replicas
    todos = [a.wb.add_todo(f"t{number}") for number in range(9)]
    here.sync(a, b)
    for todo in todos:
        b.wb.delete(Todo, todo.id)
    here.sync(b)
    pages = []

    class Paged(PlainRemote):
        def sync(self, body: bytes, token: str) -> bytes:
            reply = super().sync(body, token)
            pages.append(reply)
            if len(pages) == 2:  # the first page, with the deletion of the first todo, is applied already
                a.wb.update(Todo, todos[0].id, title="needed after all")
            return reply

    a.sync(Paged(here.server, a.key))
    assert len(pages) > 2
    here.sync(b)
    assert titles(a) == titles(b) == {"needed after all"}
    here.check()


@pytest.mark.parametrize("status", ["401", "429", "500", "no connection"])
def test_38_no_failure_drops_queued_changes(here: World, status: str) -> None:
    a, b = here.replicas
    a.wb.add_todo("queued")
    remote = Answering(PlainRemote(here.server, a.key), *[Lost(f"HTTP {status}")] * 4)
    for number in range(4):
        with pytest.raises(Lost):
            a.sync(remote)  # type: ignore[arg-type]
        a.wb.add_todo(f"edits go on {number}")
    a.sync(remote)  # type: ignore[arg-type]
    here.sync(b)
    assert titles(b) == {"queued", *(f"edits go on {number}" for number in range(4))}
    here.check()


class Padded(Clear):
    """Values of a size as sealed ones have it; what they are stays readable, for a plain server."""

    def seal(self, table: str, id: str, group: str, cell: Cell, value: Mapping[str, Any]) -> Cell:
        return cell._replace(body=Sealed(1, json.dumps(dict(value)).encode()))

    def open(self, table: str, id: str, group: str, cell: Cell) -> Mapping[str, Any]:
        assert isinstance(cell.body, Sealed)
        value = json.loads(cell.body.data)
        assert isinstance(value, dict)
        return value


def test_39_a_first_push_larger_than_the_limits_splits_itself(here: World) -> None:
    a, b = here.replicas
    with a.wb.edit("import", origin="import") as tx:
        rows = [
            Todo(id=f"t{number}", user_id="u", title=f"t{number}", created_at=5, updated_at=5) for number in range(1200)
        ]
        tx.insert_many(rows, at=1_700_000_000)
    for number in range(12):
        a.wb.update(Todo, f"t{number}", description="x" * 150_000)
    remote = Answering(PlainRemote(here.server, a.key))
    Exchange(a.wb.db, remote, Padded(), now=here.clock.time).run()  # type: ignore[arg-type]
    sizes = [len(body) for body in remote.bodies]
    counts = [sum(map(len, json.loads(body)["changes"].values())) for body in remote.bodies]
    assert max(sizes) <= wire.MAX_BYTES
    assert max(counts) <= wire.MAX_RECORDS
    assert len(sizes) >= 4
    told = [one for body in remote.bodies for rows in json.loads(body)["changes"].values() for one in rows]
    each = [(one["id"], group, cell["hlc"]) for one in told for group, cell in one["groups"].items()]
    assert len(each) == len(set(each)), "a cell went twice"
    here.server.page = 2_000
    Exchange(b.wb.db, PlainRemote(here.server, b.key), Padded(), now=here.clock.time).run()
    assert b.wb.count(Todo) == 1200
    assert b.wb.get(Todo, "t3").description == "x" * 150_000


@pytest.mark.parametrize("nonsense", NONSENSE, ids=range(len(NONSENSE)))
def test_40_a_captive_portal_changes_nothing(here: World, nonsense: bytes) -> None:
    a, b = here.replicas
    a.wb.add_todo("queued")
    before = a.wb.db.rows("SELECT * FROM sync_rows"), a.rows()
    with pytest.raises(OrcError):
        a.sync(Answering(PlainRemote(here.server, a.key), nonsense))  # type: ignore[arg-type]
    assert (a.wb.db.rows("SELECT * FROM sync_rows"), a.rows()) == before
    here.sync(a, b)
    assert titles(b) == {"queued"}
    here.check()


# orc_labs of different ages


@contextmanager
def older(*, table: str, group: str) -> Iterator[None]:
    """An orc_lab from before a table was synced, and a group of todos."""
    known = {name: dict(found) for name, found in groups.GROUPS.items() if name != table}
    known["todos"].pop(group)
    maps: dict[str, Any] = {
        "GROUPS": MappingProxyType(known),
        "GROUP_OF": {name: {f: g for g, fs in found.items() for f in fs} for name, found in known.items()},
        "WIRE": {name: groups.wire_name(name) for name in known},
        "TABLE_OF": {groups.wire_name(name): name for name in known},
    }
    patches = [
        mock.patch.object(module, name, value)
        for module in (apply, compose, exchange, pending, reconcile, rows)
        for name, value in maps.items()
        if hasattr(module, name)
    ]
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()


def newer(here: World, todo: str) -> None:
    """What a newer orc_lab writes over a todo: with its title a field, beside it a group, and a table that is new."""
    cell = next(some[0].cell for name, some in here.server.state.records["todos", todo].items() if "title" in name)
    clock = int(here.clock.true * 1e6)

    def written(value: dict[str, object], base: str | None = None) -> dict[str, object]:
        return {"hlc": f"{clock:016d}-newer", "base": base, "value": value}

    record = {
        "id": todo,
        "op": "upsert",
        "groups": {
            "title": written({"title": "by a newer one", "mood": "calm"}, wire.write_dot(cell.dot)),
            "weather": written({"sky": "blue"}),
        },
    }
    other = {"id": "m1", "op": "upsert", "groups": {"life": written({"felt": "fine"})}}
    body = {"timestamp": clock // 1000, "batchId": f"n{clock}", "after": ["*"], "changes": {"todos": [record]}}
    body["changes"] |= {"moods": [other]}  # type: ignore[operator]
    here.server.sync("newer", json.dumps(body).encode(), "")


def test_41_an_older_client_hands_on_the_fields_that_it_doesnt_know(here: World) -> None:
    a, b = here.replicas
    todo = a.wb.add_todo("begun")
    here.sync(a, b)
    here.clock.true += 10
    newer(here, todo.id)
    here.sync(a, b)
    assert titles(a) == {"by a newer one"}
    a.wb.update(Todo, todo.id, title="by an older one")
    here.sync(a, b)
    (found,) = here.server.state.records["todos", todo.id]["title"]
    assert isinstance(found.cell.body, wire.Plain)
    assert found.cell.body.value == {"title": "by an older one", "mood": "calm"}
    here.server.wipe()  # and those that a wiped server asks for
    here.sync(a, b)
    values = {
        (key[0], group): [one.cell.body.value for one in some if isinstance(one.cell.body, wire.Plain)]
        for key, record in here.server.state.records.items()
        if key[1] in (todo.id, "m1")
        for group, some in record.items()
    }
    assert values["todos", "title"] == [{"title": "by an older one", "mood": "calm"}]
    assert values["todos", "weather"] == [{"sky": "blue"}]


def test_42_what_is_newer_is_kept_and_takes_its_place_after_the_upgrade(here: World) -> None:
    a, b = here.replicas
    todo = a.wb.add_todo("begun", position=1.0)
    here.sync(a)
    with older(table="capacity", group="position"):
        here.sync(b)
        a_day = b.wb.count(Capacity)
    a.wb.create(Capacity, id="day", day="2027-01-20", factor=0.5, why="half a day")
    a.wb.update(Todo, todo.id, position=2.5)
    here.sync(a)
    with older(table="capacity", group="position"):
        (done,) = here.sync(b)
        assert (b.wb.count(Capacity), b.wb.get(Todo, todo.id).position) == (a_day, None)
        b.wb.update(Todo, todo.id, title="renamed by the older one")
        (done,) = here.sync(b)
        assert done.same
    here.sync(b, a)
    assert b.wb.get(Capacity, "day").why == "half a day"
    assert b.wb.get(Todo, todo.id).position == 2.5
    assert titles(a) == {"renamed by the older one"}
    assert b.wb.db.rows("SELECT * FROM sync_held") == []
    here.check()


def test_43_a_client_newer_than_the_server(here: World) -> None:
    """A server keeps tables and groups that it has never heard of; only another protocol is refused, by a word."""
    a, _ = here.replicas
    todo = a.wb.add_todo("begun")
    here.sync(a)
    newer(here, todo.id)
    assert ("moods", "m1") in here.server.state.records
    body = json.dumps({"protocol": 2, "timestamp": 1, "batchId": "b", "after": [], "changes": {}}).encode()
    with pytest.raises(wire.Unreadable) as refused:
        here.server.sync("newer", body, "")
    assert refused.value.reason == "protocol"
