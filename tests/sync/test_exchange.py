"""A sync ends, whatever the server says, and one that stopped before its end says so."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import pytest

from orc_lab.errors import OrcError
from orc_lab.model.entities import Todo
from orc_lab.store import syncing
from orc_lab.sync import exchange, wire
from orc_lab.sync.beside import Beside
from orc_lab.sync.cells import Cell
from orc_lab.sync.exchange import Exchange, Forked, Halted, Remote, Synced
from orc_lab.sync.pending import Row
from orc_lab.sync.wire import Reply
from tests.sync.plain_server import Clear, PlainRemote
from tests.sync.replicas import Replica
from tests.sync.test_scenarios_transport import Padded, titles
from tests.sync.world import World, world


@pytest.fixture
def here() -> Iterator[World]:
    with world(devices=2) as made:
        yield made


class Saying:
    """A remote whose replies are changed on their way."""

    def __init__(self, remote: Remote, change: Callable[[Reply, int], Reply]) -> None:
        self._remote, self._change, self.requests = remote, change, 0

    def sync(self, body: bytes, token: str) -> bytes:
        self.requests += 1
        reply = wire.read_reply(self._remote.sync(body, token))
        return wire.write_reply(self._change(reply, self.requests))


def run(here: World, replica: Replica, remote: Remote, **how: Any) -> Synced:
    return Exchange(replica.wb.db, remote, how.pop("sealer", Clear()), now=here.clock.time, **how).run()


def test_a_server_that_always_has_more_and_says_nothing_is_left_for_later(here: World) -> None:
    a = here.replicas[0]
    a.wb.add_todo("sent")
    remote = Saying(PlainRemote(here.server, a.key), lambda reply, n: reply._replace(more=True))
    done = run(here, a, remote)
    assert done.later
    assert titles(a) == {"sent"}
    assert remote.requests < 10
    assert not a.sync(PlainRemote(here.server, a.key)).later


def test_a_server_that_always_has_more_and_moves_is_left_after_many_requests(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "_ROUNDS", 30)
    a = here.replicas[0]
    numbers = iter(range(100))
    plain = PlainRemote(here.server, a.key)

    class Moving:
        def sync(self, body: bytes, token: str) -> bytes:
            reply = wire.read_reply(plain.sync(body, ""))
            return wire.write_reply(reply._replace(more=True, token=f"t{next(numbers)}"))

    assert run(here, a, Moving()).later
    assert next(numbers) == 30


def test_a_large_pull_goes_on_with_the_next_sync(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = here.replicas
    for number in range(30):
        a.wb.add_todo(f"t{number}")
    here.sync(a)
    monkeypatch.setattr(exchange, "_ROUNDS", 2)
    laters: list[bool] = []
    while not laters or laters[-1]:
        laters += [done.later for done in here.sync(b)]
    assert len(laters) > 2
    assert titles(b) == titles(a)


def test_a_server_whose_sums_never_agree_is_compared_with_a_few_times(here: World) -> None:
    a = here.replicas[0]
    a.wb.add_todo("kept")
    remote = Saying(PlainRemote(here.server, a.key), lambda reply, n: reply._replace(digest={"todos": f"{n:016x}"}))
    done = run(here, a, remote)
    assert (done.same, titles(a)) == (False, {"kept"})
    assert remote.requests < 40


def test_a_server_that_takes_everything_for_a_copy_ends_the_sync(here: World) -> None:
    a = here.replicas[0]
    a.wb.add_todo("kept")

    class Suspicious:
        def sync(self, body: bytes, token: str) -> bytes:
            raise Forked

    with pytest.raises(Halted, match="for a copy"):
        run(here, a, Suspicious())
    here.sync(a, here.replicas[1])
    assert titles(here.replicas[1]) == {"kept"}


class Choosy(PlainRemote):
    """A server that refuses some records."""

    refuses: Collection[str] = ()

    def sync(self, body: bytes, token: str) -> bytes:
        request = wire.read_request(body)
        refused = [one for one in request.records if one.id in self.refuses]
        kept = [one for one in request.records if one.id not in self.refuses]
        reply = wire.read_reply(super().sync(wire.write_request(request._replace(records=kept)), token))
        told = [{"table": one.table, "id": one.id, "reason": "malformed", "detail": "no"} for one in refused]
        return wire.write_reply(reply._replace(rejected=[*reply.rejected, *told]))


def test_37_what_is_refused_is_tried_once_and_blocks_nothing_even_where_it_fills_requests(here: World) -> None:
    a, b = here.replicas
    ids = [a.wb.add_todo(f"t{number}", description="x" * 150_000).id for number in range(14)]
    good = a.wb.add_todo("good")
    remote = Choosy(here.server, a.key)
    remote.refuses = ids
    done = run(here, a, remote, sealer=Padded())
    assert not done.later
    assert sorted(key[1] for key, _ in done.refused) == sorted(ids)
    assert [id for table, id in here.server.state.records if table == "todos"] == [good.id]
    remote.refuses = ()
    a.wb.update(Todo, ids[0], title="mended")
    assert not run(here, a, remote, sealer=Padded()).refused
    run(here, b, PlainRemote(here.server, b.key), sealer=Padded())
    assert titles(b) == {"good", "mended"}


def test_37_what_cannot_be_sealed_is_told_and_blocks_nothing(here: World) -> None:
    a, b = here.replicas
    bad, good = a.wb.add_todo("bad"), a.wb.add_todo("good")

    class Particular(Clear):
        def seal(self, table: str, id: str, group: str, cell: Cell, value: Mapping[str, Any]) -> Cell:
            if id == bad.id:
                raise OrcError("It can't be sealed.")
            return super().seal(table, id, group, cell, value)

    done = run(here, a, PlainRemote(here.server, a.key), sealer=Particular())
    assert done.refused == [(("todos", bad.id), "It can't be sealed.")]
    assert a.wb.db.rows("SELECT id, reason FROM sync_rejected") == [(bad.id, "unsealed")]
    assert not done.later
    here.sync(b)
    assert [todo.id for todo in b.wb.find(Todo)] == [good.id]


def test_a_value_that_lost_and_may_not_leave_does_not_keep_a_sync_going(here: World) -> None:
    a, b = here.replicas
    todo = a.wb.add_todo("begun")
    here.sync(a, b)
    a.wb.update(Todo, todo.id, title="a's")
    b.wb.update(Todo, todo.id, title="b's")
    here.sync(b)

    class Scope(Beside):
        def allowed(self, table: str, id: str, row: Row | None) -> bool:
            return False

    remote = Saying(PlainRemote(here.server, a.key), lambda reply, n: reply)
    done = run(here, a, remote, beside=Scope())
    assert a.wb.db.rows("SELECT json_extract(value, '$.title') FROM sync_conflicts WHERE NOT sent") == [("a's",)]
    assert not done.later
    assert remote.requests < 5
    here.sync(a, b)
    assert {value.text for value, _ in b.conflicts(open=True)} == {json.dumps({"title": "a's"})}


@pytest.mark.parametrize("later", ["here", "there"])
def test_what_stays_here_is_not_overwritten_by_who_never_saw_it(here: World, later: str) -> None:
    """That its entry of the log was passed by doesn't make it sent."""
    a, b = here.replicas
    todo = a.wb.add_todo("begun")
    here.sync(a, b)

    class WithoutNotes(Beside):
        def held_back(self, table: str) -> Collection[str]:
            return ("notes",)

    def sync_a() -> None:
        assert not run(here, a, PlainRemote(here.server, a.key), beside=WithoutNotes()).later

    for replica in (a, b) if later == "there" else (b, a):
        here.clock.true += 10
        replica.wb.update(Todo, todo.id, description=f"{replica.name}'s")
        sync_a()
    here.sync(b)
    sync_a()
    sync_a()
    winner, loser = ("a", "b") if later == "here" else ("b", "a")
    assert a.wb.get(Todo, todo.id).description == f"{winner}'s"
    assert [value.text for value, _ in a.conflicts(open=True)] == [json.dumps({"description": f"{loser}'s"})]
    assert b.wb.get(Todo, todo.id).description == "b's"
    assert b.conflicts(open=True) == set()
    with a.wb.edit("share") as tx:  # it may leave now
        syncing.mark_for_sync(tx.conn, [("todos", todo.id, "notes", syncing.next_clock(tx.conn))])
    here.sync(a, b, a)
    assert (a.conflicts(open=True), a.rows()) == (b.conflicts(open=True), b.rows())


def test_37_what_was_refused_is_not_overwritten_by_who_never_saw_it(here: World) -> None:
    a, b = here.replicas
    todo = a.wb.add_todo("begun")
    here.sync(a, b)
    a.wb.update(Todo, todo.id, title="a's")
    remote = Choosy(here.server, a.key)
    remote.refuses = [todo.id]
    run(here, a, remote)
    here.clock.true += 10
    b.wb.update(Todo, todo.id, title="b's")
    here.sync(b)
    run(here, a, remote)
    assert a.wb.get(Todo, todo.id).title == "b's"
    assert [value.text for value, _ in a.conflicts(open=True)] == [json.dumps({"title": "a's"})]
    here.sync(a, b)
    assert b.conflicts(open=True) == a.conflicts(open=True)
