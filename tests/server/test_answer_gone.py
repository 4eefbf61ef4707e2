"""What is gone, on every kind of store: deletions, purges, an older server, revoked devices, values in the clear."""

import pytest

from orc_lab.server import accounts, page
from orc_lab.server.answer import SEEN_EVERY, SILENT, NoDevice
from orc_lab.server.log_store.contract import LogStore
from orc_lab.server.tokens import BadToken
from orc_lab.sync.cells import Cell
from orc_lab.sync.wire import Plain, Record, Sealed
from tests.server.conftest import NOON, Devices, Now, cell, deleted, dot, every_store, part, recomputed, record

pytestmark = every_store
DAY = 86_400


# Deletion


def test_10_a_deletion_reaches_the_others(device: Devices) -> None:
    laptop, phone = device("laptop"), device("phone")
    laptop.sync(record("x", title=cell("T")))
    phone.sync()
    reply = phone.sync(deleted("x", phone.held["todos", "x"], "b" * 12))
    assert reply.digest == {}
    got = laptop.sync()
    assert [one.deletes for one in got.changes[0].groups["life"]] == [True]


def test_09_an_edit_that_the_deletion_had_not_seen_brings_the_record_back_whole(device: Devices) -> None:
    laptop, phone, third = device("laptop"), device("phone"), device("third")
    laptop.sync(record("x", title=cell("T"), notes=cell("N")))
    phone.sync()
    laptop.sync(deleted("x", phone.held["todos", "x"]))
    third.sync()
    reply = phone.sync(part("x", title=cell("edited", replica="b" * 12)))
    assert reply.digest != {}
    assert set(third.sync().changes[0].groups) == {"life", "title", "notes"}
    assert set(reply.changes[0].groups) == {"life", "title", "notes"}


def test_deletions_go_when_every_device_has_passed_them(device: Devices, store: LogStore, now: Now) -> None:
    laptop, phone = device("laptop"), device("phone")
    laptop.sync(record("x"), record("y"))
    phone.sync()
    laptop.sync(deleted("x", phone.held["todos", "x"]))

    def kept() -> int:
        with store.reading() as tx:
            return len(tx.records(1, [("todos", "x"), ("todos", "y")]))

    for one in (laptop, laptop):
        now.seconds += SEEN_EVERY
        one.sync()
    assert kept() == 2  # the phone hasn't heard of it
    phone.sync()
    now.seconds += SEEN_EVERY
    phone.sync()
    assert kept() == 1
    assert recomputed(store)[2:] == (0, 0)
    assert phone.sync().reconcile is None
    assert laptop.sync().reconcile is None


def test_a_deletion_waits_for_no_revoked_device(device: Devices, store: LogStore, now: Now) -> None:
    laptop, lost = device("laptop"), device("lost")
    laptop.sync(record("x"))
    lost.sync()
    laptop.sync(deleted("x", lost.held["todos", "x"]))
    accounts.revoke_device(store, "ann", "lost", now=int(now()))
    for _ in range(2):
        now.seconds += SEEN_EVERY
        laptop.sync()
    with store.reading() as tx:
        assert not tx.records(1, [("todos", "x")])


def test_28_a_device_that_was_silent_for_too_long_compares_everything(
    device: Devices, store: LogStore, now: Now
) -> None:
    laptop, phone = device("laptop"), device("phone")
    laptop.sync(*(record(id) for id in ("x", "y", "z")))
    phone.sync()
    laptop.sync(deleted("x", phone.held["todos", "x"]))
    now.seconds += SILENT + DAY
    for _ in range(2):
        now.seconds += SEEN_EVERY
        laptop.sync()
    reply = phone.sync(record("pending"))
    assert reply.reconcile == "stale"
    assert {one.id for one in reply.changes} == {"y", "z"}
    assert phone.sync().reconcile is None


def test_a_fresh_device_is_told_once_and_is_never_stale(
    device: Devices, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop, phone = device("laptop"), device("phone")
    laptop.sync(*(record(f"r{n}") for n in range(20)))
    phone.sync()
    laptop.sync(deleted("r1", phone.held["todos", "r1"]))
    for one in (phone, laptop, phone, laptop):
        now.seconds += SEEN_EVERY
        one.sync()
    monkeypatch.setattr(page, "PAGE_CELLS", 3)
    fresh = device("fresh")
    assert fresh.sync().reconcile is None
    assert fresh.reply is not None
    assert fresh.reply.reconcile is None
    assert len(fresh.ids()) == 19


# Taking back what was shared


def test_50_what_is_purged_is_gone_and_refused_until_it_is_shared_again(device: Devices, store: LogStore) -> None:
    laptop, phone = device("laptop"), device("phone")
    secret = record("secret", title=cell("do not tell"))
    laptop.sync(secret, record("other"))
    phone.sync()
    reply = laptop.sync(purge=[("todos", "secret"), ("todos", "never sent")])
    assert reply.purged == []
    with store.reading() as tx:
        assert all(not one.groups for one in tx.after(1, 0, upto=99) if one.id == "secret")
    assert recomputed(store) == (reply.digest, reply.digest, 0, 0)
    phone.sync()
    assert phone.purged == [("todos", "secret"), ("todos", "never sent")]
    (one,) = phone.sync(part("secret", title=cell("again"))).rejected
    assert (one["id"], one["reason"]) == ("secret", "unshared")
    assert laptop.sync(secret, share=[("todos", "secret")]).synced == [("todos", "secret")]
    assert [one.id for one in phone.sync().changes] == ["secret"]
    assert recomputed(store)[2:] == (0, 0)


# Tokens, loss and regression


def test_a_token_is_only_its_devices_own(device: Devices) -> None:
    laptop, phone, stranger = device("laptop"), device("phone"), device("laptop", "bob")
    for one in (phone, stranger, laptop):
        one.sync(record(one.name))
    flipped = laptop.token[:20] + ("A" if laptop.token[20] != "A" else "B") + laptop.token[21:]
    for token in (phone.token, stranger.token, flipped, laptop.token[:-1], "x", "é", "AAAA" * 30, laptop.token * 2):
        with pytest.raises(BadToken):
            laptop.ask(token=token)
    assert not laptop.ask().changes


def test_what_another_account_has_is_never_visible(device: Devices) -> None:
    ann, bob = device("laptop"), device("laptop", "bob")
    ann.sync(record("x", title=cell("ann's")), record("y"))
    reply = bob.sync(record("x", title=cell("bob's")), purge=[("todos", "y")], share=[("todos", "x")])
    assert (reply.changes, reply.conflicts, list(reply.digest)) == ([], [], ["todos"])
    fresh = device("phone")
    fresh.sync()
    assert fresh.ids() == {"x", "y"}
    assert [one.body for one in fresh.held["todos", "x"]["title"]] == [Plain({"v": "ann's"})]
    assert not fresh.purged


def test_27_a_server_that_was_restored_has_every_device_compare(device: Devices, store: LogStore, now: Now) -> None:
    """The account is put back to an earlier state, as a restored backup would."""
    laptop, phone = device("laptop"), device("phone")
    laptop.sync(record("old"))
    phone.sync()
    with store.reading() as tx:
        before = tx.account(1)
        batch = next(one for one in tx.devices(1) if one.name == "laptop").batch
    laptop.sync(record("new"))
    with store.writing() as tx:
        tx.drop(1, [("todos", "new")])
        tx.save(before)
        (own,) = (one for one in tx.devices(1) if one.name == "laptop")
        own.batch = batch
        tx.save_device(own)
    reply = laptop.sync(record("newer"))  # it isn't taken for a copy
    assert reply.reconcile == "lost"
    assert [one.id for one in reply.changes] == ["old"]
    assert reply.epoch != before.epoch
    again = phone.sync()
    assert (again.reconcile, again.epoch) == ("lost", reply.epoch)
    assert {one.id for one in again.changes} == {"old", "newer"}
    assert phone.sync().reconcile is None


def test_a_device_may_ask_for_everything(device: Devices) -> None:
    laptop = device("laptop")
    laptop.sync(record("x"))
    assert not laptop.sync().changes
    reply = laptop.sync(reconcile=True)
    assert (reply.reconcile, [one.id for one in reply.changes]) == ("lost", ["x"])


def test_51_a_revoked_device_is_refused(device: Devices, store: LogStore, now: Now) -> None:
    laptop, phone = device("laptop"), device("phone")
    phone.sync(record("x"))
    assert accounts.revoke_device(store, "ann", "phone", now=int(now()))
    for ask in (lambda: phone.ask(), lambda: phone.ask(record("y"))):
        with pytest.raises(NoDevice):
            ask()
    laptop.sync()
    assert laptop.ids() == {"x"}


# Encryption


def test_49_plain_values_are_refused_once_there_is_a_key_bundle(device: Devices, store: LogStore) -> None:
    laptop, phone = device("laptop"), device("phone")
    laptop.sync(record("early"))
    accounts.put_bundle(store, accounts.hash_of(laptop.key), b'{"format":1}', over=0)
    sealed = Cell(dot(), body=Sealed(1, b"\0\xff" * 80))
    reply = laptop.sync(
        Record("todos", "sealed", {"life": [sealed]}),
        Record("todos", "mixed", {"life": [sealed], "title": [cell("plain")]}),
        Record("todos", "empty", {"life": [Cell(dot())]}),
    )
    assert reply.synced == [("todos", "sealed")]
    assert {(one["id"], one["reason"]) for one in reply.rejected} == {("mixed", "plaintext"), ("empty", "plaintext")}
    phone.sync()
    assert phone.held["todos", "sealed"]["life"] == [sealed]


def test_devices_tell_which_replicas_they_are(device: Devices, store: LogStore) -> None:
    laptop, phone = device("laptop"), device("phone")
    laptop.sync(record("x", title=cell(replica="aaaa")))
    phone.sync(record("y", title=cell(replica="bbbb")), part("x", notes=cell(replica="aaaa", at=NOON - 3000)))
    own, found = accounts.devices_beside(store, accounts.hash_of(phone.key))
    assert own.name == "phone"
    assert {one.device.name: "aaaa" in one.replicas for one in found} == {"laptop": True, "phone": False}
    assert "bbbb" in found[1].replicas
    assert all(one.device.seen == NOON for one in found)
