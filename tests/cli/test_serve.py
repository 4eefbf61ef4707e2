"""orc serve: accounts, devices and their keys at the command line, and what it refuses."""

import json
from pathlib import Path

import pytest

from orc_lab.server import accounts, run
from orc_lab.server.log_store.opening import open_store
from tests.cli.conftest import Orc


@pytest.fixture(autouse=True)
def store(here: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.delenv("ORC_SERVE_STORE", raising=False)
    return "orc-sync.db"


def test_an_account_with_a_device(orc: Orc, store: str) -> None:
    assert "Added the account ann" in orc("serve", "accounts", "add", "ann").out
    made = orc("serve", "devices", "add", "ann", "laptop")
    key = made.out.strip()
    assert (made.code, key.startswith("orc_"), len(key)) == (0, True, 47)
    assert "shown this once" in made.err
    opened = open_store(store)
    assert accounts.device_of(opened, accounts.hash_of(key)).name == "laptop"
    opened.close()
    (account,) = json.loads(orc("serve", "accounts", "--json").out)
    assert (account["name"], account["devices"], account["encrypted"]) == ("ann", 1, False)
    assert "laptop" in orc("serve", "devices", "list", "ann").out
    assert key not in orc("serve", "devices", "list", "ann", "--json").out


def test_revoking_a_device(orc: Orc) -> None:
    orc("serve", "accounts", "add", "ann")
    orc("serve", "devices", "add", "ann", "laptop")
    assert orc("serve", "devices", "revoke", "ann", "laptop").out == "laptop is refused from now on.\n"
    assert orc("serve", "devices", "revoke", "ann", "laptop").out == "laptop was revoked before.\n"
    (device,) = json.loads(orc("serve", "devices", "list", "ann", "--json").out)
    assert device["revoked"] is not None


def test_removing_an_account_is_confirmed(orc: Orc) -> None:
    orc("serve", "accounts", "add", "ann")
    assert orc("serve", "accounts", "remove", "ann").code == 8
    assert orc("serve", "accounts", "remove", "ann", "--yes").out == "Removed the account ann with 0 records.\n"
    assert "no accounts" in orc("serve", "accounts").out


def test_the_store_may_be_named_by_the_environment(orc: Orc, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORC_SERVE_STORE", str(here / "team.db"))
    orc("serve", "accounts", "add", "ann")
    assert (here / "team.db").exists()
    assert not (here / "orc-sync.db").exists()


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["devices", "add", "nobody", "laptop"], 3, "no account 'nobody'. List them with `orc serve accounts`"),
        (["devices", "list", "nobody"], 3, "no account"),
        (["devices", "revoke", "ann", "nothing"], 3, "no device"),
        (["devices", "add", "ann"], 2, "the name can't be ''"),
        (["devices", "add", "ann", "laptop"], 8, "exists already"),
        (["accounts", "add", "ann"], 8, "exists already"),
        (["accounts", "add", "x" * 101], 2, "1 to 100 printable characters"),
        (["accounts", "add", " x"], 2, "printable"),
        (["accounts", "remove", "nobody", "--yes"], 3, "no account"),
        (["accounts", "list", "--store", "no/such/folder.db"], 4, "can't be opened"),
        (["--host", "0.0.0.0"], 2, "others could read keys"),
        (["--tls-cert", "x.pem"], 2, "both or neither"),
        (["--tls-cert", "x.pem", "--tls-key", "y.pem"], 6, "can't be read"),
        (["--tls-cert", "x", "--tls-key", "y", "--behind-proxy"], 2, "one of the two"),
        (["--port", "70000"], 2, "0 to 65535"),
    ],
)
def test_what_does_not_go(orc: Orc, words: list[str], code: int, told: str) -> None:
    orc("serve", "accounts", "add", "ann")
    orc("serve", "devices", "add", "ann", "laptop")
    ran = orc("serve", *words)
    assert (ran.code, ran.out) == (code, "")
    assert told in ran.err
    assert ran.err.count("\n") == 1


EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


@pytest.mark.parametrize(
    "words",
    [
        json.loads(
            next(line[4:] for line in (EXAMPLES / "Containerfile").read_text().splitlines() if line[:3] == "CMD")
        ),
        next(line for line in (EXAMPLES / "orc-serve.service").read_text().splitlines() if "ExecStart" in line).split(),
    ],
    ids=["Containerfile", "orc-serve.service"],
)
def test_the_examples_start_a_server_that_is_let(words: list[str], monkeypatch: pytest.MonkeyPatch, orc: Orc) -> None:
    started: list[run.Options] = []

    def record(store: object, options: run.Options, *, ready: object) -> None:
        run.check(options)
        started.append(options)

    monkeypatch.setattr(run, "run", record)
    assert words[0].endswith("orc")
    assert orc(*words[1:]).code == 0
    assert started[0].proxy
