"""Requests and their replies, on every kind of store."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orc_lab.server import accounts, answer, page, tokens
from orc_lab.server.answer import Forked
from orc_lab.server.log_store.contract import LogStore
from orc_lab.server.log_store.opening import open_store
from orc_lab.server.page import PAGE_CELLS
from orc_lab.sync import cells
from orc_lab.sync.cells import Cell, Dot
from orc_lab.sync.wire import Plain, Record, Sealed
from tests.server.conftest import NOON, Device, Devices, cell, deleted, dot, every_store, part, recomputed, record
from tests.server.histories import Written, histories

pytestmark = every_store


# Pushing and pulling


def test_what_one_device_pushes_the_other_receives(device: Devices) -> None:
    laptop, phone = device("laptop"), device("phone")
    title = cell("Write", auto=True, seen={"b" * 12: 5}, kept=(dot("c" * 12),))
    reply = laptop.sync(record("x", title=title), record("y", "projects"))
    assert reply.synced == [("todos", "x"), ("projects", "y")]
    assert reply.changes == []
    got = phone.sync()
    assert {(one.table, one.id) for one in got.changes} == {("todos", "x"), ("projects", "y")}
    assert phone.held["todos", "x"]["title"] == [title]
    assert (got.digest, got.epoch) == (reply.digest, reply.epoch)
    assert set(got.digest) == {"todos", "projects"}


def test_21_a_fresh_device_receives_everything_and_overwrites_nothing(device: Devices) -> None:
    laptop, phone = device("laptop"), device("phone")
    before = laptop.sync(*(record(f"r{number}") for number in range(30))).digest
    assert phone.sync().digest == before
    assert len(phone.ids()) == 30


def test_22_two_populated_devices_are_united(device: Devices) -> None:
    laptop, phone = device("laptop"), device("phone")
    laptop.sync(record("x"), record("both", title=cell("A")))
    reply = phone.sync(record("y"), part("both", title=cell("B", replica="b" * 12)))
    laptop.sync()
    assert {"x", "both"} <= phone.ids()
    assert "y" in laptop.ids()
    (conflict,) = reply.conflicts
    assert (conflict.group, conflict.winner.body, conflict.loser.body) == (
        "title",
        Plain({"v": "B"}),
        Plain({"v": "A"}),
    )


def test_07_a_device_that_lost_is_told_what_won(device: Devices) -> None:
    laptop, phone = device("laptop"), device("phone")
    laptop.sync(record("x", title=cell("old")))
    phone.sync()
    laptop.sync(part("x", title=cell("late", at=NOON - 5)))
    lost = cell("early", at=NOON - 9, replica="b" * 12)
    reply = phone.sync(part("x", title=lost))
    assert [one.id for one in reply.changes] == ["x"]
    assert reply.changes[0].groups["title"][0].body == Plain({"v": "late"})
    assert reply.conflicts[0].loser == lost


def test_conflicts_stay_until_a_cell_has_seen_them(device: Devices) -> None:
    laptop, phone, third = device("laptop"), device("phone"), device("third")
    ours, theirs = cell("A"), cell("B", replica="b" * 12)
    laptop.sync(record("x", title=ours))
    phone.sync(part("x", title=theirs))
    third.sync()
    assert {one.dot for one in third.held["todos", "x"]["title"]} == {ours.dot, theirs.dot}
    settled = cells.written(dot(), [ours, theirs], body=Plain({"v": "both"}))
    assert laptop.sync(part("x", title=settled)).conflicts == []
    newcomer = device("newcomer")
    newcomer.sync()
    assert newcomer.held["todos", "x"]["title"] == [settled]


def test_31_a_retry_changes_nothing(device: Devices, store: LogStore) -> None:
    """The server has committed, and its reply was lost."""
    laptop, sent = device("laptop"), record("x", title=cell())
    first = laptop.ask(sent, batch="b1", after=["b0"])
    again = laptop.ask(sent, batch="b1", after=["b0"])
    assert again.synced == first.synced
    assert (again.digest, again.rejected) == (first.digest, [])
    assert tokens.read(again.token, store.secret).told == tokens.read(first.token, store.secret).told


def test_32_the_cursor_does_not_jump_over_what_a_peer_wrote(device: Devices) -> None:
    laptop, phone = device("laptop"), device("phone")
    laptop.sync()
    phone.sync(record("peer"))
    reply = laptop.sync(record("own"))
    assert [one.id for one in reply.changes] == ["peer"]
    phone.sync(part("peer", title=cell("new", replica="b" * 12)))
    laptop.sync(part("peer", notes=cell("mine")))  # the record's newest number is now that of its own push
    assert laptop.held["todos", "peer"]["title"][0].body == Plain({"v": "new"})
    assert "notes" not in laptop.held["todos", "peer"]


def test_32_nor_over_more_than_a_page_of_it(device: Devices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "PAGE_CELLS", 10)
    laptop, phone = device("laptop"), device("phone")
    for number in range(4):
        phone.sync(*(record(f"peer{number * 10 + n}") for n in range(10)))
    first = laptop.sync(record("own"), part("peer39", title=cell()), part("peer3", title=cell()))
    assert first.more
    assert {f"peer{number}" for number in range(40)} <= laptop.ids()
    assert not laptop.ask().changes


def test_a_page_is_bounded_and_the_pages_are_everything(device: Devices) -> None:
    laptop, phone = device("laptop"), device("phone")
    for batch in range(8):
        laptop.sync(*(record(f"r{batch * 100 + n}", title=cell(), notes=cell()) for n in range(100)))
    sizes = []
    reply = phone.ask()
    while True:
        sizes.append(sum(map(len, (one.groups for one in reply.changes))))
        phone.keep(reply)
        if not reply.more:
            break
        reply = phone.ask()
    assert max(sizes) <= PAGE_CELLS < sum(sizes) == 2400
    assert len(phone.ids()) == 800


def test_a_large_record_is_a_page_of_its_own(device: Devices) -> None:
    laptop, phone = device("laptop"), device("phone")
    big = [Record("todos", f"x{n}", {"life": [Cell(dot(), body=Sealed(1, bytes(190_000)))]}) for n in range(12)]
    for one in big:
        laptop.sync(one)
    assert 1 < len(phone.ask().changes) < 12
    phone.sync()
    assert len(phone.ids()) == 12


def test_what_changes_while_a_device_pages_is_not_missed(device: Devices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "PAGE_CELLS", 7)
    laptop, phone = device("laptop"), device("phone")
    laptop.sync(*(record(f"r{n}", title=cell("old")) for n in range(30)))
    rng = random.Random(4)
    reply = phone.ask()
    while reply.more:
        phone.keep(reply)
        if rng.random() < 0.6:
            laptop.sync(part(f"r{rng.randrange(30)}", **{rng.choice(["title", "notes"]): cell(rng.random())}))
        reply = phone.ask()
    phone.keep(reply)
    fresh = device("fresh")
    fresh.sync()
    for key, groups in fresh.held.items():
        for group, some in groups.items():
            assert {one.dot for one in some} == {one.dot for one in cells.heads(phone.held[key][group])}


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(history=histories, data=st.data())
def test_20_devices_that_deliver_in_any_order_make_one_state(
    device: Devices, store: LogStore, history: list[Written], data: st.DataObject
) -> None:
    """Two accounts get the same cells in two orders, in batches of any size, some twice."""
    states = []
    name = f"a{next(_names)}"
    for number, order in enumerate((history, data.draw(st.permutations([*history, *history[:3]])))):
        pusher, reader = device("one", f"{name}{number}"), device("two", f"{name}{number}")
        left = list(order)
        while left:
            some, left = left[: 1 + len(left) // 2], left[1 + len(left) // 2 :]
            pusher.sync(*(Record("todos", "x", {group: [one]}) for group, one in some))
            reader.sync()
        fresh = device("three", f"{name}{number}")
        fresh.sync()
        kept, truth, records, size = recomputed(store, f"{name}{number}")
        assert (kept, records, size) == (truth, 0, 0)
        for one in (reader, fresh):
            states.append(
                {
                    group: {head.dot for head in cells.heads(some)}
                    for groups in one.held.values()
                    for group, some in groups.items()
                }
            )
    assert all(state == states[0] for state in states)


_names = count(1)


# What is refused, one by one


def test_37_a_bad_record_does_not_block_the_rest(device: Devices) -> None:
    laptop, phone = device("laptop"), device("phone")
    cyclic = [Cell(dot(), base=Dot(NOON * 1_000_000, "b"), body=Plain({})), Cell(Dot(NOON * 1_000_000, "b"))]
    cyclic[1] = cyclic[1]._replace(base=cyclic[0].dot)
    reply = laptop.sync(
        record("good"),
        record("loop", title=cyclic),
        record("half", title=Cell(dot(), body=Plain([[["deep"]]]))),
        record("future", title=cell(at=NOON + 61)),
        record("last"),
    )
    assert [id for _, id in reply.synced] == ["good", "half", "last"]
    assert {(one["id"], one["reason"]) for one in reply.rejected} == {("loop", "malformed"), ("future", "clock")}
    phone.sync()
    assert phone.ids() == {"good", "half", "last"}


def test_02_a_clock_far_ahead_is_refused_and_nothing_of_its_record_kept(device: Devices) -> None:
    laptop = device("laptop")
    reply = laptop.sync(record("x", title=cell(at=4_102_444_800)), record("y", title=cell(at=NOON + 59)))
    assert [(one["id"], one["reason"]) for one in reply.rejected] == [("x", "clock")]
    assert reply.timestamp == NOON * 1000
    phone = device("phone")
    phone.sync()
    assert phone.ids() == {"y"}


def test_an_account_has_room_for_so_much(device: Devices) -> None:
    laptop = device("laptop")
    laptop.quota = 2_000
    reply = laptop.sync(*(record(f"x{n}", title=cell("long " * 50)) for n in range(10)))
    assert len(reply.synced) == 10  # a request that began with room is taken
    assert [one["reason"] for one in laptop.sync(record("y")).rejected] == ["full"]
    heads = {"life": [Cell(dot())]}
    assert laptop.sync(deleted("x1", heads)).synced  # room can be made


def test_an_account_has_so_many_tables(device: Devices) -> None:
    laptop = device("laptop")
    laptop.sync(*(record("x", f"t{n}") for n in range(answer.MAX_TABLES)))
    (one,) = laptop.sync(record("x", "more"), record("y", "t5")).rejected
    assert (one["table"], one["reason"]) == ("more", "too large")


@pytest.mark.parametrize("table", ["select", "records", "__proto__", "x" * 40, "Robert_DROP_TABLE"])
def test_52_hostile_names_are_only_names(device: Devices, table: str) -> None:
    laptop, phone = device("laptop"), device("phone")
    ids = ["'; DROP TABLE records; --", '"', "%s ? {}", "../../etc", "\u202etxt", "x" * 200, "ünïcødé 🙂", "?"]
    ids = [id for id in ids if id.isprintable()]
    reply = laptop.sync(*(record(id, table, **{"life": cell(), "where": cell("'")}) for id in ids))
    assert (len(reply.synced), reply.rejected) == (len(ids), [])
    phone.sync()
    assert set(phone.held) == {(table, id) for id in ids}


# Batches


def test_24_a_copied_database_is_noticed(device: Devices) -> None:
    laptop = device("laptop")
    laptop.sync(record("x"))
    copy_knows = laptop.batch
    laptop.sync(record("y"))
    with pytest.raises(Forked):
        laptop.ask(record("z"), after=[copy_knows])
    assert laptop.ask(record("z"), after=["*"]).synced
    assert "z" in {one.id for one in device("phone").sync().changes}


def test_a_push_whose_reply_was_lost_is_no_copy(device: Devices) -> None:
    laptop = device("laptop")
    laptop.ask(record("x"), batch="b1", after=["*"])
    assert laptop.ask(record("y"), batch="b2", after=["b0", "b1"]).synced
    assert laptop.ask(record("y"), batch="b2", after=["b0"]).synced  # the same request once more
    assert laptop.ask(record("z"), batch="b3", after=["b1", "b2"]).synced


def test_a_request_without_changes_is_never_a_copy(device: Devices) -> None:
    laptop = device("laptop")
    laptop.ask(record("x"), batch="b1", after=["*"])
    laptop.ask(batch="b7", after=["unknown"])
    assert laptop.ask(record("y"), batch="b2", after=["b1"]).synced


def test_a_device_that_never_pushed_may_begin_anywhere(device: Devices) -> None:
    assert device("laptop").ask(record("x"), after=["whatever"]).synced


# Many at once


def at_once(*calls: Callable[[], None]) -> None:
    with ThreadPoolExecutor(len(calls)) as pool:
        for done in [pool.submit(call) for call in calls]:
            done.result()


def test_33_the_cursor_follows_the_order_of_commits(device: Devices, store: LogStore) -> None:
    """While some write, one reads by its cursor all the time: it misses nothing."""
    writers = [device(f"writer{number}") for number in range(4)]
    reader, ended = device("reader"), threading.Event()

    def write(one: Device) -> None:
        for number in range(12):
            one.sync(record(f"{one.name} {number}"), part("shared", **{f"g_{one.name}_{number}": cell(replica="r")}))

    def read() -> None:
        while not ended.is_set():
            reader.sync()

    watching = threading.Thread(target=read)
    watching.start()
    try:
        at_once(*(lambda one=one: write(one) for one in writers))  # type: ignore[misc]
    finally:
        ended.set()
        watching.join()
    reader.sync()
    assert {f"{one.name} {number}" for one in writers for number in range(12)} <= reader.ids()
    assert len(reader.held["todos", "shared"]) == 48
    kept, truth, records, size = recomputed(store)
    assert (kept, records, size) == (truth, 0, 0)


def test_one_of_two_that_put_the_first_key_bundle_wins(device: Devices, store: LogStore) -> None:
    laptop, phone = device("laptop"), device("phone")
    won: list[str] = []

    def put(one: Device) -> None:
        try:
            accounts.put_bundle(store, accounts.hash_of(one.key), f'{{"by":"{one.name}"}}'.encode(), over=0)
            won.append(one.name)
        except accounts.Changed:
            return

    at_once(lambda: put(laptop), lambda: put(phone), lambda: put(laptop), lambda: put(phone))
    assert len(won) == 1
    assert accounts.bundle_of(store, accounts.hash_of(phone.key)) == (1, f'{{"by":"{won[0]}"}}'.encode())


def test_what_was_stored_is_there_when_it_is_opened_again(device: Devices, store_name: str, store: LogStore) -> None:
    if store.kind == "memory":
        return
    laptop = device("laptop")
    laptop.sync(record("x"))
    other = open_store(store_name)
    try:
        laptop.store = other
        assert laptop.sync().reconcile is None
        fresh = Device(other, laptop.now, "ann", "fresh", accounts.add_device(other, "ann", "fresh", now=NOON))
        fresh.sync()
        assert fresh.ids() == {"x"}
    finally:
        other.close()
