"""Enable, join, move and leave: with a real server, real keys, and everything that can go wrong on the way."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from orc_lab.errors import NotWritable
from orc_lab.model.entities import Capacity, Knowledge, Recommendation, Todo, WeeklyGoal
from orc_lab.model.ids import derived_id
from orc_lab.model.week import Week
from orc_lab.store import losers, syncing
from orc_lab.store.database import immediate
from orc_lab.sync import device, secrets, trouble
from orc_lab.sync.keys import KeyBundle, WrongPassphrase
from orc_lab.sync.passphrase import CHEAPEST
from orc_lab.sync.recovery import MistypedRecoveryKey
from orc_lab.sync.remote import Bundle, HttpRemote
from orc_lab.sync.secrets import Place
from orc_lab.sync.setup import NoSecrets, Setup
from orc_lab.sync.syncer import AccountKeys, PassphraseNeeded
from orc_lab.workbench.bench import Workbench
from tests.store import laws
from tests.sync.real import PASSPHRASE, Device, Service, contents, serving, without_keyring

WEEK = Week(2026, 47)


@pytest.fixture(autouse=True)
def _files(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keyring()


def made(folder: Path, *names: str) -> list[Device]:
    return [Device(folder, name) for name in names]


def test_two_devices_meet(service: Service, tmp_path: Path) -> None:
    """The whole of it, as a newcomer reads it: one device begins, another joins, both hold the same."""
    laptop, desk = made(tmp_path, "laptop", "desk")
    laptop.wb.add_todo("Write the draft")
    begun = laptop.enable(service)
    assert begun.first
    assert begun.recovery_key is not None
    assert laptop.sync().same
    joined = desk.enable(service)
    assert (joined.first, joined.recovery_key) == (False, None)
    desk.wb.add_todo("Ask about the table")
    desk.sync()
    laptop.sync()
    assert laptop.titles() == desk.titles() == ["Ask about the table", "Write the draft"]
    assert len(set(map(str, contents(laptop, desk)))) == 1


def test_21_a_fresh_empty_device_takes_everything_and_overwrites_nothing(service: Service, tmp_path: Path) -> None:
    old, fresh = made(tmp_path, "old", "fresh")
    for number in range(20):
        old.wb.add_todo(f"todo {number}")
    old.enable(service)
    old.sync()
    fresh.enable(service)
    fresh.sync()
    old.sync()
    assert len(old.titles()) == len(fresh.titles()) == 20


def test_22_two_populated_devices_become_their_union(service: Service, tmp_path: Path) -> None:
    """22, and 15: the same week's goal, the same day's capacity are one row each, made by two different users."""
    one, two = made(tmp_path, "one", "two")
    for each in (one, two):
        todo = each.wb.add_todo(f"of {each.name}")
        each.wb.commit(todo.id, WEEK)
        each.wb.set_capacity(WEEK.monday, 0.5, each.name)
        each.wb.create(Knowledge, part="p", name="n", value=f'"{each.name}"',
                       id=derived_id("knowledge", each.wb.user_id, "p", "n"))  # fmt: skip
        project = each.wb.add_project(f"P {each.name}")
        each.wb.create(
            Recommendation, type="optimization", rule="r", day="2026-11-20", project_id=project.id, title="do",
            id=derived_id("recommendation", each.wb.user_id, "r", project.id, "2026-11-20"),
        )  # fmt: skip
    two.wb.set_goal(WEEK, goal="from two")
    one.enable(service)
    one.sync()
    adopted = two.enable(service)
    assert adopted.adopted
    two.sync()
    one.sync()
    two.sync()
    for each in (one, two):
        each.wb.user_id = each.wb.db.identity()[0]
        assert each.titles() == ["of one", "of two"]
        assert each.wb.goal(WEEK) is not None
        assert len(each.wb.commitments(WEEK)) == 2
        assert len(each.wb.find(WeeklyGoal)) == 1
        assert len(each.wb.find(Capacity, order="day")) == 1
        laws.hold(each.wb.db)
        user = one.wb.db.identity()[0]
        for row in each.wb.find(Recommendation):
            assert row.id == derived_id("recommendation", user, row.rule or "", row.project_id or "", row.day or "")
    assert two.wb.find(Knowledge, order="id")[0].id == derived_id("knowledge", one.wb.user_id, "p", "n")
    first, second = contents(one, two)
    assert first == second


def test_joining_is_one_edit_that_undo_leaves_alone(service: Service, tmp_path: Path) -> None:
    one, two = made(tmp_path, "one", "two")
    one.enable(service)
    two.wb.set_goal(WEEK, goal="mine")
    two.wb.add_todo("last")
    two.enable(service)
    two.wb.undo()
    assert two.titles() == []
    assert two.wb.goal(WEEK) is not None
    laws.hold(two.wb.db)


@pytest.mark.parametrize("passphrase", ["wrong horse battery staple", "", PASSPHRASE.upper()])
def test_46_a_wrong_passphrase_changes_nothing(service: Service, tmp_path: Path, passphrase: str) -> None:
    one, two = made(tmp_path, "one", "two")
    one.enable(service)
    two.wb.add_todo("mine")
    before = two.wb.db.rows("SELECT * FROM sync_state"), two.wb.db.identity(), sorted(tmp_path.iterdir())
    key = service.key("two")
    with pytest.raises(WrongPassphrase):
        two.enable(service, device_key=key, passphrase=passphrase)
    assert (two.wb.db.rows("SELECT * FROM sync_state"), two.wb.db.identity(), sorted(tmp_path.iterdir())) == before
    with HttpRemote(service.url, key) as remote:
        kept = remote.keys()
    assert kept is not None
    KeyBundle.from_json(kept.text).unlock(PASSPHRASE)
    with pytest.raises(trouble.NotEnabled):
        two.sync()
    two.enable(service, device_key=key)
    two.sync()


def test_48_nothing_is_uploaded_before_the_key_exists(service: Service, tmp_path: Path) -> None:
    (one,) = made(tmp_path, "one")
    one.wb.add_todo("canary")
    with pytest.raises(trouble.NotEnabled):
        one.sync()
    with pytest.raises(device.NeedsSecret):
        one.enable(service, passphrase=None)
    assert not any(service.bodies)
    one.enable(service)
    assert [body.startswith(b'{"format":1') for body in service.bodies if body] == [True]
    one.sync()
    assert b"todos" in service.bodies[-1]
    assert b"canary" not in b"".join(service.bodies)


def test_48_a_device_whose_secrets_are_gone_sends_nothing(service: Service, tmp_path: Path) -> None:
    (one,) = made(tmp_path, "one")
    one.enable(service)
    one.sync()
    for path in tmp_path.glob("*.secrets"):
        path.unlink()
    one.wb.add_todo("later")
    sent = len(service.bodies)
    with pytest.raises(NoSecrets, match="copied to another computer"):
        one.sync()
    assert len(service.bodies) == sent


def test_a_race_of_two_first_devices(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The slower one finds the faster one's keys: with the same passphrase it joins, with another nothing changes."""
    fast, slow = made(tmp_path, "fast", "slow")
    keys = HttpRemote.keys
    raced: list[Bundle | None] = []

    def late(self: HttpRemote, known: str | None = None) -> Bundle | None:
        found = keys(self, known)
        if not raced:  # the other one is faster, right after this one has seen that there are none
            raced.append(found)
            fast.enable(service)
        return found

    monkeypatch.setattr(HttpRemote, "keys", late)
    with pytest.raises(device.BegunElsewhere):
        slow.enable(service, passphrase="another one altogether, long")
    raced.clear()
    monkeypatch.setattr(fast, "enable", lambda _: None)
    assert not slow.enable(service, device_key=service.key("slow again")).first
    slow.sync()
    fast.sync()


def test_who_begins_an_account_gets_its_recovery_key_though_a_reply_is_lost(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = made(tmp_path, "one")
    really = HttpRemote._once
    lost: list[Any] = []

    def once(self: HttpRemote, method: str, path: str, *rest: Any) -> Any:
        answer = really(self, method, path, *rest)
        if method == "PUT" and not lost:
            lost.append(answer)
            raise trouble.Truncated(self.endpoint, "cut off")
        return answer

    monkeypatch.setattr(HttpRemote, "_once", once)
    done = one.enable(service)
    assert lost
    assert (done.first, done.recovery_key is not None) == (True, True)
    (two,) = made(tmp_path, "two")
    two.enable(service, passphrase=None, recovery_key=done.recovery_key)


def test_47_the_passphrase_is_changed_on_one_device_and_another_recovers(service: Service, tmp_path: Path) -> None:
    one, two, three = made(tmp_path, "one", "two", "three")
    first = one.enable(service)
    two.enable(service)
    with device.Account(one.wb.db) as account:
        account.change_passphrase("quite another passphrase", cost=CHEAPEST)
    two.wb.add_todo("goes on without it")
    two.sync()
    with pytest.raises(WrongPassphrase):
        three.enable(service)
    three.enable(service, device_key=service.key("3b"), passphrase=None, recovery_key=first.recovery_key)
    three.sync()
    assert three.titles() == ["goes on without it"]
    with device.Account(three.wb.db) as account:
        newer = account.new_recovery()
    (four,) = made(tmp_path, "four")
    with pytest.raises(MistypedRecoveryKey):
        four.enable(service, passphrase=None, recovery_key=newer[:-1] + ("0" if newer[-1] != "0" else "1"))
    four.enable(service, device_key=service.key("4b"), passphrase=None, recovery_key=newer.lower())


def test_an_emptied_account_gets_its_keys_again_with_its_records(service: Service, tmp_path: Path) -> None:
    one, new = made(tmp_path, "one", "new")
    one.enable(service)
    one.wb.add_todo("of before")
    one.sync()
    with HttpRemote(service.url, service.key("eraser")) as eraser:
        eraser.erase()
    one.sync()
    assert not new.enable(service).first  # else it would begin the account anew, with keys that open nothing of it
    new.sync()
    assert new.titles() == ["of before"]


def test_keys_that_were_renewed_ask_the_others_for_the_passphrase(service: Service, tmp_path: Path) -> None:
    one, two = made(tmp_path, "one", "two")
    one.enable(service)
    two.enable(service)
    with device.Account(one.wb.db) as account:
        account.renew("quite another passphrase", cost=CHEAPEST)
    one.wb.add_todo("sealed with the new key")
    one.sync()
    two.wb.add_todo("waits")
    with pytest.raises(PassphraseNeeded):
        two.sync()
    assert two.titles() == ["waits"]
    with pytest.raises(device.NeedsSecret) as asked:  # as `orc sync enable` does first, to find out what to ask for
        device.enable(two.wb.db)
    assert asked.value.name == "passphrase"
    device.enable(two.wb.db, passphrase="quite another passphrase", cost=CHEAPEST)
    two.sync()
    one.sync()
    assert one.titles() == two.titles() == ["sealed with the new key", "waits"]


def test_51_a_revoked_device_is_refused_and_never_reads_what_comes_later(service: Service, tmp_path: Path) -> None:
    one, lost = made(tmp_path, "one", "lost")
    one.enable(service)
    lost.enable(service)
    lost.sync()
    service.revoke("lost")
    lost.wb.add_todo("kept here")
    with pytest.raises(trouble.WrongKey):
        lost.sync()
    assert lost.titles() == ["kept here"]
    one.sync()  # by the way it hears of the revocation
    one.wb.add_todo("after the revocation")
    one.sync()
    keys = Setup.read(one.wb.db).key_bundle()
    assert len(keys.data) == 2
    assert b'"key":2' in service.bodies[-1]
    one.sync()
    assert len(Setup.read(one.wb.db).key_bundle().data) == 2


def test_51_a_key_that_is_made_in_the_middle_of_a_sync_is_fetched_in_it(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keys are looked after, then another device makes a new one and writes: nothing of that is refused."""
    a, b, c = made(tmp_path, "a", "b", "c")
    for one in (a, b, c):
        one.enable(service)
    really = AccountKeys.look

    def looks(account: AccountKeys) -> None:
        monkeypatch.setattr(AccountKeys, "look", really)
        account.look()
        service.revoke("c")
        a.wb.add_todo("written with the new key")
        a.sync()

    monkeypatch.setattr(AccountKeys, "look", looks)
    done = b.sync()
    assert (done.refused, done.same) == ([], True)
    assert b.titles() == ["written with the new key"]


def test_what_did_not_open_for_want_of_a_key_comes_once_the_key_is_there(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where nothing else is written meanwhile."""
    a, b, c = made(tmp_path, "a", "b", "c")
    for one in (a, b, c):
        one.enable(service)
        one.sync()
    service.revoke("c")
    a.wb.add_todo("written with the new key")
    with immediate(a.wb.db.conn):
        syncing.remember(a.wb.db.conn, {"checked": None})
    a.sync()
    with monkeypatch.context() as patch:
        patch.setattr(AccountKeys, "fetch", lambda _: None)
        patch.setattr(AccountKeys, "look", lambda _: None)
        for _ in range(3):
            assert not b.sync().same
    with immediate(b.wb.db.conn):
        syncing.remember(b.wb.db.conn, {"checked": None})
    b.sync()
    assert (b.sync().same, b.titles()) == (True, ["written with the new key"])


def test_29_an_account_is_switched_with_pending_edits(service: Service, tmp_path: Path) -> None:
    """Nothing is dropped: all of it goes to the new server, from both devices, without a conflict."""
    one, two = made(tmp_path, "one", "two")
    one.enable(service)
    two.enable(service)
    todo = one.wb.add_todo("shared")
    one.sync()
    two.sync()
    two.wb.update(Todo, todo.id, description="by two")
    one.wb.add_todo("waits")
    with serving(str(tmp_path / "other.db")) as other:
        moved = one.enable(other, account="new")
        assert moved.switched == service.url
        assert moved.first
        assert one.sync().same
        two.enable(other, account="new")
        two.sync()
        one.sync()
        assert one.titles() == two.titles() == ["shared", "waits"]
        assert not losers.undecided(one.wb.db.conn)
        assert one.wb.get(Todo, todo.id).description == "by two"
        assert two.sync().same
    first, second = contents(one, two)
    assert first == second


def test_29_another_account_at_the_same_server(service: Service, tmp_path: Path) -> None:
    one, stranger = made(tmp_path, "one", "stranger")
    stranger.wb.set_goal(WEEK, goal="theirs")
    stranger.enable(service, account="other")
    stranger.sync()
    one.wb.set_goal(WEEK, goal="mine")
    one.wb.add_todo("mine")
    one.enable(service)
    one.sync()
    moved = one.enable(service, account="other", device_key=service.key("one again", "other"))
    assert moved.switched
    assert moved.adopted
    one.sync()
    stranger.sync()
    one.sync()
    assert stranger.titles() == ["mine"]
    assert len(stranger.wb.find(WeeklyGoal)) == len(one.wb.find(WeeklyGoal)) == 1
    assert len(losers.undecided(one.wb.db.conn)) == 1
    first, second = contents(one, stranger)
    assert first == second


def test_disabling_keeps_everything_and_enabling_again_goes_on(service: Service, tmp_path: Path) -> None:
    (one,) = made(tmp_path, "one")
    one.enable(service)
    one.sync()
    device.disable(one.wb.db)
    one.wb.add_todo("while disabled")
    with pytest.raises(trouble.NotEnabled):
        one.sync()
    with pytest.raises(trouble.NotEnabled):
        device.disable(one.wb.db)
    again = device.enable(one.wb.db)
    assert again.waiting == 2
    assert one.sync().sent == 2
    device.disable(one.wb.db, forget=True)
    assert not list(tmp_path.glob("*.secrets"))
    assert one.titles() == ["while disabled"]
    with pytest.raises(device.NeedsSecret):
        device.enable(one.wb.db)


def test_24_a_copy_with_a_key_of_its_own_is_a_device_of_its_own(service: Service, tmp_path: Path) -> None:
    (one,) = made(tmp_path, "one")
    one.enable(service)
    one.wb.add_todo("before")
    one.sync()
    one.wb.add_todo("not sent yet")
    one.wb.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(one.path, tmp_path / "copy.db")
    copy = Device.__new__(Device)
    copy.name, copy.path = "copy", str(tmp_path / "copy.db")
    copy.wb = Workbench.open(copy.path)
    with pytest.raises(NoSecrets):
        copy.sync()
    copy.enable(service)
    assert syncing.state(copy.wb.db)["replica"] != syncing.state(one.wb.db)["replica"]
    assert copy.wb.db.identity()[1] != one.wb.db.identity()[1]
    copy.wb.add_todo("by the copy")
    one.wb.add_todo("by the original")
    for each in (copy, one, copy, one):
        each.sync()
    assert one.titles() == copy.titles() == ["before", "by the copy", "by the original", "not sent yet"]
    assert not losers.undecided(one.wb.db.conn)


def test_26_a_server_that_was_wiped_gets_keys_and_records_again(tmp_path: Path) -> None:
    (one,) = made(tmp_path, "one")
    with serving(str(tmp_path / "server.db")) as service:
        one.enable(service)
        one.wb.add_todo("kept")
        one.sync()
        port = int(service.url.rpartition(":")[2])
    with serving(str(tmp_path / "wiped.db"), port=port) as service:
        with pytest.raises(trouble.WrongKey):
            one.sync()
        device.enable(one.wb.db, device_key=service.key("one"), passphrase=PASSPHRASE, cost=CHEAPEST)
        assert one.sync().same
        (two,) = made(tmp_path, "two")
        two.enable(service)
        two.sync()
    assert two.titles() == ["kept"]


def test_27_keys_of_a_restored_server_are_brought_up_to_date(tmp_path: Path) -> None:
    (one,) = made(tmp_path, "one")
    with serving(str(tmp_path / "server.db")) as service:
        one.enable(service)
        one.sync()
        port = int(service.url.rpartition(":")[2])
    shutil.copy(tmp_path / "server.db", tmp_path / "older.db")
    with serving(str(tmp_path / "server.db"), port=port):
        with device.Account(one.wb.db) as account:
            account.change_passphrase("quite another passphrase", cost=CHEAPEST)
        one.wb.add_todo("after the backup")
        one.sync()
    with serving(str(tmp_path / "older.db"), port=port) as service:
        assert one.sync().same
        (two,) = made(tmp_path, "two")
        two.enable(service, passphrase="quite another passphrase")
        two.sync()
    assert two.titles() == ["after the backup"]


@pytest.mark.parametrize("joined", [False, True])
def test_an_account_isnt_begun_with_keys_that_cant_be_kept(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, joined: bool
) -> None:
    (one,) = made(tmp_path, "one")
    if joined:
        with serving(str(tmp_path / "other.db")) as other:
            one.enable(other)
    before = Place(one.wb.db.file, Setup.read(one.wb.db).place).load() if joined else None

    def full(path: str, text: str) -> None:
        raise NotWritable(path)

    with monkeypatch.context() as patch:
        patch.setattr(secrets, "_write_file", full)
        with pytest.raises(NotWritable):
            one.enable(service)
    assert before == (Place(one.wb.db.file, Setup.read(one.wb.db).place).load() if joined else None)
    assert one.enable(service).recovery_key is not None


def test_nothing_to_join_and_no_endpoint(service: Service, tmp_path: Path) -> None:
    (one,) = made(tmp_path, "one")
    with pytest.raises(device.NothingToJoin):
        one.enable(service, join=True)
    with pytest.raises(trouble.NoEndpoint):
        device.enable(one.wb.db)
    with pytest.raises(trouble.WrongKey):
        one.enable(service, device_key="orc_wrong")
    assert Setup.read(one.wb.db) == Setup()
