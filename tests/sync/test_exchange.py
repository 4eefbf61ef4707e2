"""A sync ends, whatever the server says, and one that stopped before its end says so."""

import json
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from typing import Any

import pytest

from orc_lab.errors import OrcError
from orc_lab.model.entities import Todo
from orc_lab.store import syncing
from orc_lab.sync import compose, exchange, fresh, outbox, wire
from orc_lab.sync.beside import Beside
from orc_lab.sync.cells import Cell, Dot
from orc_lab.sync.exchange import Exchange, Forked, Remote, Synced
from orc_lab.sync.pending import Row
from orc_lab.sync.trouble import Halted
from orc_lab.sync.wire import Reply
from orc_lab.workbench.bench import Workbench
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


@pytest.mark.parametrize(
    "said",
    [
        {"digest": {"todos": "zz"}}, {"digest": {"todos": 5}}, {"digest": {"todos": "-000000000000001"}},
        {"timestamp": 10**30}, {"timestamp": -1}, {"newSyncToken": "\ud800"}, {"newSyncToken": "a\r\nb: c"},
        {"newSyncToken": "t" * 5_000}, {"epoch": "\ud800"}, {"rejected": None}, {"synced": None}, {"synced": {}},
        {"remoteChanges": None}, {"purged": {}}, {"conflicts": 5}, {"keys": [5]}, {"keys": {"version": {}}},
        {"rejected": [{"table": "todos", "id": "\ud800", "reason": "\ud800", "detail": "\ud800"}]},
        {"rejected": [{"table": ["todos"], "id": 5, "reason": {}}]},
        {"remoteChanges": ["\ud800", {"table": "\ud800"}, 5]},
        {"remoteChanges": [{"table": "todos", "id": "x", "op": "upsert", "groups": {"life+life": {"hlc": "1-a"}}}]},
        {"remoteChanges": [{"table": "todos", "id": "x", "op": "upsert", "groups": {"title+life": {"hlc": "1-a"}}}]},
        {"remoteChanges": [{"table": "todos", "id": "x", "op": "upsert", "groups": {"+life": {"hlc": "1-a"}}}]},
        {"remoteChanges": [
            {"table": "todos", "id": "x", "op": "upsert", "groups": {"life+title": {"hlc": "1-a", "covers": {}}}}
        ]},
    ],
)  # fmt: skip
def test_nonsense_in_a_reply_is_refused_and_does_not_stay(here: World, said: Mapping[str, Any]) -> None:
    a, b = here.replicas
    a.wb.add_todo("kept")

    class Talking(PlainRemote):
        def sync(self, body: bytes, token: str) -> bytes:
            return json.dumps(json.loads(super().sync(body, token)) | said).encode()

    with suppress(OrcError):
        run(here, a, Talking(here.server, a.key))
    here.sync(a, b, a)
    assert titles(a) == titles(b) == {"kept"}
    here.check()


def test_what_cannot_be_mended_is_not_compared_with_every_edit(here: World) -> None:
    """What was wiped at the server may not leave the one device that still has it."""
    a, b = here.replicas
    for n in range(5):
        a.wb.add_todo(f"t{n}", description=f"notes {n}")
    b.hide("notes")
    here.sync(a, b)
    here.server.wipe()
    assert not here.sync(b)[0].same

    def edited() -> Synced:
        b.wb.add_todo("more")
        return here.sync(b)[0]

    few = [edited(), edited()]
    assert [(one.same, one.requests) for one in few] == [(False, few[0].requests)] * 2
    assert few[0].requests <= 3
    here.clock.true += 7_200
    assert edited().requests > 5
    assert edited().requests <= 3
    here.sync(a)
    assert edited().same
    here.check()


# Pages that are made or asked for ahead


class Composed:
    """How often a page was composed the long way."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times = 0
        monkeypatch.setattr(fresh, "MANY", 1)
        monkeypatch.setattr(outbox, "_RECORDS", 4)
        monkeypatch.setattr(outbox, "compose", self._compose)
        self._really = compose.compose

    def _compose(self, *args: Any, **how: Any) -> Any:
        self.times += 1
        return self._really(*args, **how)


def test_the_next_page_is_made_while_one_is_on_its_way(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = here.replicas
    here.sync(a, b)
    composed = Composed(monkeypatch)
    for n in range(30):
        a.wb.add_todo(f"todo {n}")
    done = a.sync(PlainRemote(here.server, a.key))
    assert (done.same, done.later) == (True, False)
    assert done.requests > 12
    assert composed.times <= 4
    here.sync(b)
    assert titles(b) == {f"todo {n}" for n in range(30)}
    here.check()


@pytest.mark.parametrize("what", ["rename", "delete"])
def test_a_page_made_ahead_is_made_anew_where_anything_is_written_meanwhile(
    here: World, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    a, b = here.replicas
    here.sync(a, b)
    composed = Composed(monkeypatch)
    made = [a.wb.add_todo(f"todo {n}") for n in range(12)]

    class Meanwhile(PlainRemote):
        def sync(self, body: bytes, token: str) -> bytes:
            reply = super().sync(body, token)
            with Workbench.open(a.path) as other:
                here.clock.rule(other.db.conn)
                if what == "rename":
                    other.update(Todo, made[-1].id, title=f"renamed {len(body)}")
                elif left:
                    other.delete(Todo, left.pop().id)
            return reply

    left = made[-3:]
    run(here, a, Meanwhile(here.server, a.key))
    assert composed.times > 4
    here.sync(b)
    assert titles(a) == titles(b)
    assert len(titles(b)) == (12 if what == "rename" else 9)


def test_what_is_asked_for_ahead_and_never_comes_comes_with_the_next_sync(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = here.replicas
    for n in range(60):
        a.wb.add_todo(f"todo {n}")
    here.sync(a)
    monkeypatch.setattr(fresh, "MANY", 1)
    requests = 0

    class Breaking(PlainRemote):
        def sync(self, body: bytes, token: str) -> bytes:
            nonlocal requests
            requests += 1
            if requests == 4:
                raise OrcError("The line is dead.")
            return super().sync(body, token)

    with pytest.raises(OrcError, match="dead"):
        run(here, b, Breaking(here.server, b.key))
    came = len(titles(b))
    assert 0 < came < 60
    here.sync(b)
    assert len(titles(b)) == 60
    here.check()


def test_cells_that_contradict_each_other_cost_only_their_record(here: World) -> None:
    a, b = here.replicas
    todo = a.wb.add_todo("whole")
    here.sync(a, b)
    a.wb.update(Todo, todo.id, title="renamed")
    a.wb.add_todo("beside it")
    here.sync(a)

    def contradicted(reply: Reply, _: int) -> Reply:
        changes = []
        for record in reply.changes:
            groups = dict(record.groups)
            if "title" in groups:
                one = groups["title"][0]
                other = one._replace(dot=Dot(one.dot.clock + 1, "other"), seen={one.dot.replica: one.dot.clock})
                groups["title"] = [one._replace(seen={"other": one.dot.clock + 1}), other]
            changes.append(record._replace(groups=groups))
        return reply._replace(changes=changes)

    done = run(here, b, Saying(PlainRemote(here.server, b.key), contradicted))
    assert ("todos", todo.id) in [key for key, _ in done.refused], done
    assert titles(b) == {"whole", "beside it"}
    here.clock.true += 3_700  # until then it isn't compared again
    here.sync(b)
    assert titles(b) == {"renamed", "beside it"}


class Hanging(PlainRemote):
    """A server that takes a request and never answers it, until it is let go."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.asked, self.let_go = threading.Event(), threading.Event()

    def sync(self, body: bytes, token: str) -> bytes:
        self.asked.set()
        self.let_go.wait(60)
        return super().sync(body, token)


def aside() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "orc-sync-aside"]


def test_who_interrupts_a_sync_does_not_wait_for_the_server(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = here.replicas
    here.sync(a, b)
    monkeypatch.setattr(fresh, "MANY", 1)
    a.wb.add_todo("on its way")
    hanging = Hanging(here.server, a.key)

    def interrupted(*_: object) -> None:
        assert hanging.asked.wait(10)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(outbox.Outbox, "go_on", interrupted)
        before = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            run(here, a, hanging)
        assert time.monotonic() - before < 30
    (left,) = aside()
    assert left.daemon  # the process may end without it
    hanging.let_go.set()
    left.join()  # what was lost on its way arrives long after
    here.sync(a, b)
    assert titles(b) == {"on its way"}
    here.check()


def test_a_sync_that_fails_leaves_no_request_behind(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    a = here.replicas[0]
    monkeypatch.setattr(fresh, "MANY", 1)
    a.wb.add_todo("on its way")
    hanging = Hanging(here.server, a.key)

    def fails(*_: object) -> None:
        threading.Timer(0.1, hanging.let_go.set).start()
        raise OrcError("The disk is full.")

    monkeypatch.setattr(outbox.Outbox, "go_on", fails)
    with pytest.raises(OrcError, match="full"):
        run(here, a, hanging)
    assert hanging.let_go.is_set()
    assert not aside()


@pytest.mark.parametrize("kind", [OrcError, ValueError, MemoryError])
def test_what_goes_wrong_aside_is_raised_where_it_is_waited_for(
    here: World, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    a = here.replicas[0]
    monkeypatch.setattr(fresh, "MANY", 1)
    a.wb.add_todo("on its way")

    class Broken(PlainRemote):
        def sync(self, body: bytes, token: str) -> bytes:
            raise kind("broken")

    with pytest.raises(kind, match="broken"):
        run(here, a, Broken(here.server, a.key))
