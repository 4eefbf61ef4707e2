"""sync, as typed: two workbench folders, a server, and everything that a person asks of it."""

import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orc_lab.store import syncing
from orc_lab.store.database import immediate
from orc_lab.sync import calls, passphrase, trouble
from orc_lab.sync.remote import HttpRemote
from orc_lab.workbench.bench import Workbench
from tests.cli.conftest import Orc, Ran
from tests.sync.real import PASSPHRASE, Service, serving, without_keyring

Type = Callable[..., None]


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keyring()
    monkeypatch.delenv("ORC_SYNC_ENDPOINT", raising=False)
    for call in (calls.enable_sync,):
        monkeypatch.setitem(call.__kwdefaults__, "cost", passphrase.CHEAPEST)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with serving(str(tmp_path / "server.db")) as service:
        yield service


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Type:
    """What standard input holds."""

    def lines(*some: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in some)))

    return lines


@pytest.fixture
def enabled(orc: Orc, own: Path, service: Service, typed: Type) -> Service:
    """The own database syncs, as the device `laptop`."""
    typed(service.key("laptop"), PASSPHRASE)
    assert orc("sync", "enable", "--endpoint", service.url).code == 0
    return service


@pytest.fixture
def desk(orc: Orc, enabled: Service, tmp_path: Path, typed: Type) -> Path:
    """A second database that joined, as the device `desk`."""
    path = tmp_path / "desk" / "data" / "creation-os.db"
    assert orc("init", tmp_path / "desk").code == 0
    typed(enabled.key("desk"), PASSPHRASE)
    ran = orc("--db", path, "sync", "enable", "--endpoint", enabled.url, "--join")
    assert ran.code == 0, ran.err
    return path


def refused(ran: Ran, code: int, words: str) -> None:
    """One sentence on standard error that names the next step."""
    assert ran.code == code, ran
    last = ran.err.strip().splitlines()[-1]
    assert last.startswith("orc: ")
    assert words in last


def id_of(orc: Orc, title: str, *words: object) -> str:
    return next(str(todo["id"]) for todo in json.loads(orc(*words, "list", "--json").out) if todo["title"] == title)


def test_enabling_prints_the_recovery_key_once_and_syncs(orc: Orc, own: Path, service: Service, typed: Type) -> None:
    orc("add", "Write the draft")
    key = service.key("laptop")
    typed(key, PASSPHRASE)
    ran = orc("sync", "enable", "--endpoint", service.url)
    assert ran.code == 0
    assert re.search(r"^    ([0-9A-Z]{5}-){6}[0-9A-Z]{5}$", ran.out, re.MULTILINE)
    assert re.search(r"Synced: \d+ sent, 0 changed here\.", ran.out)
    assert key not in ran.out + ran.err
    assert PASSPHRASE not in ran.out + ran.err
    status = json.loads(orc("sync", "status", "--json").out)
    assert (status["enabled"], status["pending"], status["same"], status["device"]) == (True, {}, True, "laptop")
    assert b"Write the draft" not in b"".join(service.bodies)
    again = orc("sync", "enable")
    assert again.code == 0
    assert "recovery" not in again.out


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_the_recovery_key_is_shown_even_where_the_first_sync_fails(
    orc: Orc, own: Path, service: Service, typed: Type, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    def fails(_: Workbench) -> None:
        raise trouble.Unreachable(service.url, "the network went away")

    monkeypatch.setattr(calls, "force_sync_all", fails)
    typed(service.key("laptop"), PASSPHRASE)
    ran = orc("sync", "enable", "--endpoint", service.url, *words)
    refused(ran, 10, "the network went away")
    assert re.search("([0-9A-Z]{5}-){6}[0-9A-Z]{5}", ran.out)


def test_enabling_as_json(orc: Orc, own: Path, service: Service, typed: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORC_SYNC_ENDPOINT", service.url)
    typed(service.key("laptop"), PASSPHRASE)
    told = json.loads(orc("sync", "enable", "--json", "--paused").out)
    assert (told["first_device"], told["sync"], told["endpoint"]) == (True, None, service.url)
    assert len(told["recovery_key"]) == 41
    assert json.loads(orc("sync", "status", "--json").out)["paused"] is True
    orc("sync", "resume")
    assert json.loads(orc("sync", "status", "--json").out)["paused"] is False


@pytest.mark.parametrize(
    ("lines", "words", "told"),
    [
        ([], [], "device key"),
        (["orc_wrong", PASSPHRASE], [], "doesn't take this device's key"),
        (["KEY"], [], "passphrase"),
        (["KEY", "short"], [], "12 characters"),
        (["KEY", PASSPHRASE], ["--join"], "nothing to join"),
        (["two words", PASSPHRASE], [], "no device key"),
    ],
)
def test_what_goes_wrong_at_enabling_is_one_sentence_and_changes_nothing(
    orc: Orc, own: Path, service: Service, typed: Type, lines: list[str], words: list[str], told: str
) -> None:
    typed(*(service.key("laptop") if line == "KEY" else line for line in lines))
    refused(orc("sync", "enable", "--endpoint", service.url, *words), 2 if "short" in lines else 10, told)
    assert json.loads(orc("sync", "status", "--json").out)["enabled"] is False
    assert not list(own.parent.glob("*.secrets"))


@pytest.mark.parametrize(
    ("endpoint", "told"),
    [("http://sync.example.org", "use https"), ("nonsense", "no address"), ("http://127.0.0.1:9", "can't be reached")],
)
def test_a_wrong_endpoint(
    orc: Orc, own: Path, typed: Type, endpoint: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orc_lab.sync import remote

    monkeypatch.setitem(remote.HttpRemote.__init__.__kwdefaults__, "patience", 0.0)
    typed("orc_key", PASSPHRASE)
    refused(orc("sync", "enable", "--endpoint", endpoint), 10, told)


def test_without_an_endpoint_and_without_sync(orc: Orc, own: Path) -> None:
    refused(orc("sync", "enable"), 10, "--endpoint")
    for words in (["now"], ["pause"], ["resume"], ["watch"], ["disable"], ["verify"], ["devices"], ["passphrase"]):
        refused(orc("sync", *words), 10, "Sync is not enabled")
    assert "Sync is not enabled" in orc("sync").out
    assert orc("sync", "ledger").out == "Nothing was ever sent.\n"
    assert orc("sync", "conflicts").out == "There are no conflicts.\n"


def test_a_wrong_passphrase_and_the_recovery_key(
    orc: Orc, own: Path, service: Service, tmp_path: Path, typed: Type
) -> None:
    typed(service.key("laptop"), PASSPHRASE)
    printed = json.loads(orc("sync", "enable", "--endpoint", service.url, "--json").out)["recovery_key"]
    path = tmp_path / "desk" / "data" / "creation-os.db"
    orc("init", tmp_path / "desk")
    typed(service.key("desk"), "wrong horse battery staple")
    refused(orc("--db", path, "sync", "enable", "--endpoint", service.url), 10, "nothing was changed")
    typed(service.key("desk"), printed[:-1] + ("A" if printed[-1] != "A" else "B"))
    refused(orc("--db", path, "sync", "enable", "--endpoint", service.url, "--recovery"), 10, "slip in group 7")
    typed(service.key("desk"), printed)
    assert orc("--db", path, "sync", "enable", "--endpoint", service.url, "--recovery").code == 0


def test_two_folders_meet_and_a_conflict_is_decided(orc: Orc, desk: Path) -> None:
    orc("add", "Draft")
    orc("sync", "now")
    orc("--db", desk, "sync", "now")
    id = id_of(orc, "Draft", "--db", desk)
    orc("edit", id, "title=Of the laptop")
    orc("--db", desk, "edit", id, "title=Of the desk")
    orc("sync", "now")
    assert "1 new conflict" in orc("--db", desk, "sync", "now").out
    listed = orc("--db", desk, "sync", "conflicts")
    assert f"{id[-6:]}.title" in listed.out
    assert "'Of the laptop'  (laptop" in listed.out
    assert "'Of the desk'  (this device" in listed.out
    refused(orc("--db", desk, "sync", "conflicts", "take"), 2, "which conflict")
    refused(orc("--db", desk, "sync", "conflicts", "take", "nothing.title"), 3, "no conflict")
    refused(orc("--db", desk, "sync", "conflicts", "take", "--all"), 8, "--yes")
    refused(orc("--db", desk, "sync", "conflicts", "merge", f"{id[-6:]}.title"), 2, "--text")
    ran = orc("--db", desk, "sync", "conflicts", "merge", f"{id[-6:]}.title", "--text", "Of both")
    assert ran.out == "Decided: 1 conflict. `orc undo` takes it back.\n"
    orc("--db", desk, "sync", "now")
    orc("sync", "now")
    assert id_of(orc, "Of both") == id
    assert json.loads(orc("sync", "conflicts", "--json").out) == []


def test_a_decision_by_json(orc: Orc, desk: Path) -> None:
    orc("add", "Draft")
    orc("sync", "now")
    orc("--db", desk, "sync", "now")
    id = id_of(orc, "Draft")
    orc("edit", id, "title=Of the laptop")
    orc("--db", desk, "edit", id, "title=Of the desk")
    orc("--db", desk, "sync", "now")
    orc("sync", "now")
    (found,) = json.loads(orc("sync", "conflicts", "--json").out)
    assert (found["holds"]["value"], found["other"]["value"]) == ({"title": "Of the desk"}, {"title": "Of the laptop"})
    told = json.loads(orc("sync", "conflicts", "keep", "--all", "--yes", "--json").out)
    assert told == [{"key": found["key"], "decided": "keep"}]
    assert json.loads(orc("sync", "conflicts", "--json").out) == []


def test_the_scope_and_the_ledger(orc: Orc, desk: Path, enabled: Service) -> None:
    orc("add", "Open")
    orc("add", "Quiet +Diary")
    orc("sync", "now")
    assert "Diary" in orc("sync", "ledger").out
    refused(orc("sync", "scope", "--exclude", "project:Nothing"), 3, "no project")
    refused(orc("sync", "scope", "--exclude", "fields:todos.title"), 2, "expected one of")
    assert "Kept on this device: project:Diary" in orc("sync", "scope", "--exclude", "project:diary").out
    orc("sync", "now")
    assert "taken back" in orc("sync", "status").out
    orc("--db", desk, "sync", "now")
    third = json.loads(orc("sync", "ledger", "--json", "--limit", "1").out)
    assert {group for entry in third for one in entry["records"] for group in one["groups"]} == {"purged"}
    assert "Quiet" not in orc("--db", desk, "list").out
    assert json.loads(orc("sync", "scope", "--include", "project:Diary", "--json").out)["kept_here"] == []
    orc("sync", "now")
    orc("--db", desk, "sync", "now")
    assert "Quiet" in orc("--db", desk, "list").out
    assert orc("sync", "verify").out.startswith("Compared ")


def test_verify_tells_what_differs(orc: Orc, enabled: Service, own: Path) -> None:
    import sqlite3
    from contextlib import closing

    orc("add", "Draft")
    orc("sync", "now")
    with closing(sqlite3.connect(own)) as shell, shell:  # as no program of ours would: behind the history's back
        shell.execute("DROP TRIGGER capture_todos_update")
        shell.execute("UPDATE todos SET title = 'Broken' WHERE title = 'Draft'")
        shell.execute("UPDATE change_context SET floor = floor")
    ran = orc("sync", "verify", "--json")
    report = json.loads(ran.out)
    if report["waiting"]:  # what another program wrote was found and recorded when the database was opened
        orc("sync", "now")
        assert json.loads(orc("sync", "verify", "--json").out)["differing"] == []
    else:
        assert [one["what"] for one in report["differing"]] == ["its title is another one"]
        refused(ran, 10, "differ")


def test_disabling_and_devices_and_passphrase(orc: Orc, enabled: Service, typed: Type, own: Path) -> None:
    assert "laptop  this one" in orc("sync", "devices").out
    typed("quite another passphrase")
    assert "Done." in orc("sync", "passphrase").out
    assert re.search("([0-9A-Z]{5}-){6}", orc("sync", "passphrase", "--recovery").out)
    orc("add", "Later")
    assert "were never sent" in orc("sync", "disable", "--keep-keys").out
    assert orc("sync", "enable").code == 0
    assert json.loads(orc("sync", "disable", "--forget", "--json").out) == {
        "enabled": False, "forgotten": True, "waiting": 0,
    }  # fmt: skip
    assert not list(own.parent.glob("*.secrets"))


def test_45_a_database_in_a_synced_folder_is_warned_of(
    orc: Orc, own: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "Dropbox").mkdir()
    os.rename(here / "data", here / "Dropbox" / "data")
    monkeypatch.chdir(here / "Dropbox")
    ran = orc("sync", "status")
    assert "Warning: The database is in a folder that Dropbox seems to synchronise" in ran.out


def test_enabling_again_does_not_resume(orc: Orc, enabled: Service) -> None:
    orc("sync", "pause")
    orc("add", "Stays for now")
    sent = len(enabled.bodies)
    assert "It is paused" in orc("sync", "enable").out
    status = json.loads(orc("sync", "status", "--json").out)
    assert (status["paused"], status["pending"].get("todos"), len(enabled.bodies)) == (True, 1, sent)


def test_verify_counts_what_was_refused_apart(orc: Orc, enabled: Service) -> None:
    orc("add", "Too large", "--json")
    assert orc("edit", id_of(orc, "Too large"), "description=" + "x" * 250_000).code == 0
    assert "1 refused" in orc("sync", "now").out
    ran = orc("sync", "verify")
    assert (ran.code, "were refused" in ran.out) == (0, True)


def test_no_secret_is_ever_an_argument(orc: Orc) -> None:
    for name in ("enable", "passphrase"):
        options = re.findall(r"--[\w-]+ [A-Z]+", orc("sync", name, "--help").out)
        assert not [one for one in options if "KEY" in one or "PASS" in one]


def test_erasing_takes_what_the_server_has_and_the_keys(orc: Orc, enabled: Service, desk: Path, own: Path) -> None:
    orc("add", "Mine")
    orc("sync", "now")
    orc("--db", desk, "sync", "now")
    assert "desk" in orc("sync", "devices").out
    ran = orc("erase", "--yes")
    assert ran.code == 0, ran.err
    assert re.search(r"Removed [1-9]\d* records at", ran.out)
    assert "Your other devices send theirs there again unless you erase them too: desk." in ran.out
    assert not own.parent.exists()
    with HttpRemote(enabled.url, enabled.key("laptop")) as remote:
        assert remote.keys() is None
    assert orc("--db", desk, "sync", "now").code == 0  # as after a loss of the server
    assert orc("--db", desk, "sync", "verify").code == 0
    assert id_of(orc, "Mine", "--db", desk)


def test_erasing_where_the_server_is_left_or_gone(orc: Orc, enabled: Service, own: Path) -> None:
    orc("add", "Mine")
    orc("sync", "now")
    with Workbench.open(own) as wb, immediate(wb.db.conn):
        syncing.remember(wb.db.conn, {"endpoint": "http://127.0.0.1:9"})
    ran = orc("erase", "--yes")
    refused(ran, 10, "http://127.0.0.1:9")
    assert "Nothing was removed. With --keep-server" in ran.err
    assert own.exists()
    assert list(own.parent.glob("*.secrets"))
    ran = orc("erase", "--yes", "--keep-server")
    assert ran.code == 0, ran.err
    assert "This stays: what your account has at" in ran.out
    assert not own.parent.exists()
    with HttpRemote(enabled.url, enabled.key("laptop")) as remote:
        assert remote.keys() is not None


def test_an_empty_device_key_is_no_new_one(orc: Orc, enabled: Service, typed: Type) -> None:
    typed("")
    refused(orc("sync", "enable", "--device-key"), 10, "The device key that the server printed is needed")
    assert orc("sync", "now").code == 0
