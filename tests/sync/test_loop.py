"""Sync by itself: after edits, by a lease, through failures; and two syncers that race while three programs write."""

import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from orc_lab.errors import OrcError
from orc_lab.store import losers, syncing
from orc_lab.store.database import Database, immediate
from orc_lab.sync import calls, device, fresh, outbox, trouble
from orc_lab.sync.exchange import Synced
from orc_lab.sync.lease import SECONDS, Lease, LeaseLost
from orc_lab.sync.loop import Loop, Pace
from orc_lab.sync.remote import HttpRemote
from orc_lab.sync.status import status
from orc_lab.sync.syncer import StoppedMeanwhile, Syncer
from orc_lab.workbench.bench import Workbench
from tests.store import laws
from tests.sync.real import PASSPHRASE, Device, Service, serving, without_keyring

FAST = Pace(every=60.0, after_edit=0.1, poll=0.02, first_wait=0.05)


@pytest.fixture(autouse=True)
def _files() -> None:
    without_keyring()


@pytest.fixture
def one(service: Service, tmp_path: Path) -> Device:
    one = Device(tmp_path, "one")
    one.enable(service)
    return one


def until(done: Callable[[], bool], *, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def running(one: Device, pace: Pace = FAST) -> tuple[Loop, list[Synced | OrcError]]:
    told: list[Synced | OrcError] = []
    loop = Loop(one.path, pace=pace, told=told.append)
    loop.start()
    return loop, told


def test_an_edit_goes_out_by_itself_and_a_burst_of_them_at_once(one: Device, service: Service) -> None:
    loop, told = running(one, Pace(every=60.0, after_edit=0.5, poll=0.02))
    until(lambda: len(told) == 1)
    for number in range(5):
        one.wb.add_todo(f"todo {number}")
        time.sleep(0.05)
    until(lambda: status(one.wb.db).pending == {})
    time.sleep(0.7)
    loop.stop()
    results = [one for one in told if isinstance(one, Synced)]
    assert len(results) == len(told) == 2
    assert results[1].sent == 10


def test_paused_nothing_leaves_but_on_now(one: Device, service: Service) -> None:
    device.pause(one.wb.db, paused=True)
    sent = len(service.bodies)
    loop, told = running(one)
    one.wb.add_todo("waits")
    time.sleep(0.5)
    assert (told, len(service.bodies)) == ([], sent)
    assert calls.force_sync_all(one.wb).sent > 0
    one.wb.add_todo("waits too")
    time.sleep(0.4)
    assert status(one.wb.db).pending == {"todos": 1, "activities": 1}
    device.pause(one.wb.db, paused=False)
    one.wb.add_todo("goes")
    until(lambda: status(one.wb.db).pending == {})
    loop.stop()


@pytest.mark.parametrize("how", ["pause", "disable"])
def test_a_sync_that_goes_on_sends_nothing_more_once_it_is_paused_or_disabled(
    one: Device, service: Service, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    one.sync()
    monkeypatch.setattr(fresh, "MANY", 1)
    monkeypatch.setattr(outbox, "_RECORDS", 4)
    for number in range(20):
        one.wb.add_todo(f"t{number}")
    really, pushes = HttpRemote.sync, []

    def sync(remote: HttpRemote, body: bytes, token: str) -> bytes:
        reply = really(remote, body, token)
        pushes.append(body)
        if len(pushes) == 2:
            with Database(one.path, durability="normal") as other:
                device.pause(other, paused=True) if how == "pause" else device.disable(other)
        return reply

    monkeypatch.setattr(HttpRemote, "sync", sync)
    with pytest.raises(StoppedMeanwhile):
        one.sync()
    assert len(pushes) == 2
    if how == "disable":
        one.enable(service)
    monkeypatch.setattr(HttpRemote, "sync", really)
    assert one.sync().same  # asked for, paused or not
    with one.wb.db.lock:
        assert not syncing.anything_since(one.wb.db.conn, syncing.state_of(one.wb.db.conn)["sent"])


def test_it_goes_on_when_the_server_is_back(tmp_path: Path) -> None:
    one = Device(tmp_path, "one")
    with serving(str(tmp_path / "server.db")) as service:
        one.enable(service)
        port = int(service.url.rpartition(":")[2])
    loop, told = running(one)
    one.wb.add_todo("while it was away")
    until(lambda: any(isinstance(what, trouble.Unreachable) for what in told), seconds=100)
    error = status(one.wb.db).last_error
    assert error is not None
    assert error["kind"] == "Unreachable"
    with serving(str(tmp_path / "server.db"), port=port):
        until(lambda: status(one.wb.db).pending == {}, seconds=100)
        assert status(one.wb.db).last_error is None
    loop.stop()


def test_it_ends_when_sync_is_disabled(one: Device) -> None:
    loop, told = running(one)
    until(lambda: bool(told))
    device.disable(one.wb.db)
    one.wb.add_todo("stays")
    until(lambda: loop._thread is not None and not loop._thread.is_alive())
    assert status(one.wb.db).pending == {}
    assert one.titles() == ["stays"]


def test_background_sync_of_a_notebook_has_a_handle_of_its_own(one: Device) -> None:
    """An edit isn't held up by a sync that hangs."""
    calls.sync_in_background(one.wb)
    calls.sync_in_background(one.wb)
    until(lambda: status(one.wb.db).last_sync is not None)
    one.wb.db.conn.execute("SELECT 1")
    calls.disable_sync(one.wb)
    assert not status(one.wb.db).enabled
    with pytest.raises(trouble.NotEnabled):
        calls.sync_in_background(one.wb)
    with pytest.raises(trouble.NotEnabled):
        calls.force_sync_all(one.wb)


def test_one_syncs_at_a_time(one: Device) -> None:
    holder = Lease()
    holder.take(one.wb.db)
    with Syncer(one.path) as other, pytest.raises(trouble.SyncBusy, match="process"):
        other.run()
    holder.take(one.wb.db)  # who has it may take it again
    holder.give(one.wb.db)
    one.sync()


def test_who_asks_for_a_sync_waits_for_another_to_end(one: Device) -> None:
    holder = Lease()
    holder.take(one.wb.db)
    one.wb.add_todo("goes out")
    release = threading.Timer(0.5, holder.give, (one.wb.db,))
    release.start()
    assert calls.force_sync_all(one.wb).sent >= 1
    release.join()


@pytest.mark.parametrize("how", ["its process is gone", "it has run out", "a clock was ahead"])
def test_the_lease_of_a_syncer_that_died_is_taken_over(one: Device, how: str) -> None:
    dead = Lease()
    dead.take(one.wb.db)
    held = syncing.state(one.wb.db)["lease"]
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    held |= {
        "its process is gone": {"pid": gone.pid},
        "it has run out": {"until": time.time() - 1},
        "a clock was ahead": {"until": time.time() + 100 * SECONDS},
    }[how]
    with immediate(one.wb.db.conn):
        syncing.remember(one.wb.db.conn, {"lease": held})
    one.wb.add_todo("goes")
    assert one.sync().same
    with pytest.raises(LeaseLost), immediate(one.wb.db.conn):
        dead.renew(one.wb.db.conn)


def test_who_lost_the_lease_applies_nothing(one: Device, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """It seemed gone while it waited for the server: what comes back is left to whoever took over."""
    from orc_lab.sync.remote import HttpRemote

    ask = HttpRemote.sync

    def slow(self: HttpRemote, body: bytes, token: str) -> bytes:
        found = ask(self, body, token)
        with Database(one.path) as db, immediate(db.conn):
            lease = syncing.state(db)["lease"] | {"token": "another's"}
            syncing.remember(db.conn, {"lease": lease})
        return found

    one.wb.add_todo("sent once")
    monkeypatch.setattr(HttpRemote, "sync", slow)
    with pytest.raises(LeaseLost):
        one.sync()
    assert status(one.wb.db).pending != {}
    monkeypatch.undo()
    with immediate(one.wb.db.conn):
        syncing.remember(one.wb.db.conn, {"lease": None})
    done = one.sync()
    assert done.same
    assert not done.forked
    assert status(one.wb.db).pending == {}


WRITER = """
    import sys, time
    from orc_lab.workbench.bench import Workbench
    path, name, count = sys.argv[1:]
    with Workbench.open(path) as wb:
        for number in range(int(count)):
            todo = wb.add_todo(f"{name} {number}")
            wb.done(todo.id)
            time.sleep(.01)
"""
RACER = """
    import sys, time
    import keyring
    from keyring.backends import fail
    keyring.set_keyring(fail.Keyring())
    from orc_lab.errors import DatabaseLocked
    from orc_lab.sync.syncer import Syncer
    from orc_lab.sync.trouble import SyncBusy
    end = time.monotonic() + float(sys.argv[2])
    with Syncer(sys.argv[1]) as syncer:
        while time.monotonic() < end:
            try:
                assert not syncer.run().forked
            except (SyncBusy, DatabaseLocked):
                time.sleep(.01)
"""
CLI = """
    import sys
    from orc_lab.cli.main import main
    for number in range(int(sys.argv[2])):
        assert main(["--db", sys.argv[1], "add", f"cli {number}"]) == 0
"""


def process(script: str, *words: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, words)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def test_44_two_kernels_and_a_cli_write_while_two_syncers_race(one: Device, service: Service, tmp_path: Path) -> None:
    one.sync()
    writers = [process(WRITER, one.path, name, 15) for name in ("kernel a", "kernel b")] + [process(CLI, one.path, 10)]
    racers = [process(RACER, one.path, 6) for _ in range(2)]
    for each in [*writers, *racers]:
        _, said = each.communicate(timeout=120)
        assert each.returncode == 0, said.decode()
    assert one.sync().same
    two = Device(tmp_path, "two")
    device.enable(two.wb.db, endpoint=service.url, device_key=service.key("two"), passphrase=PASSPHRASE)
    assert two.sync().same
    written = sorted([f"kernel {n} {number}" for n in "ab" for number in range(15)] + [f"cli {n}" for n in range(10)])
    assert one.titles() == two.titles() == written
    assert not losers.undecided(one.wb.db.conn)
    assert not losers.undecided(two.wb.db.conn)
    laws.hold(one.wb.db)
    with Workbench.open(one.path) as wb:
        assert status(wb.db).pending == {}
        assert "forks" not in syncing.state(wb.db)
