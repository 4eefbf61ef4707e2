"""backup and restore, as typed."""

import io
import json
import os
import sys
from pathlib import Path

import pytest

from orc_lab.store import shelf
from tests.cli.conftest import Orc


class Terminal(io.StringIO):
    """A person who types this."""

    def isatty(self) -> bool:
        return True


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(text))


def test_a_backup_is_made_listed_and_put_back(orc: Orc, own: Path) -> None:
    orc("add", "First")
    made = orc("backup")
    assert (made.code, made.err) == (0, "")
    assert made.out.startswith("Backed up, and checked: 1 todo, last edited 20")
    name = os.path.basename(made.out.splitlines()[-1])
    assert name in orc("backup", "--list").out
    orc("add", "Second")
    ran = orc("restore", name, "--yes")
    assert (ran.code, ran.err) == (0, "")
    assert "What you did since that last edit is not in the backup." in ran.out
    assert "Restored: 1 todo, last edited 20" in ran.out
    assert "before-restore.db" in ran.out.splitlines()[-1]
    assert "Second" not in orc("list").out
    assert "restore the backup of 20" in orc("log").out
    assert orc("restore", "--yes").code == 0  # the latest is what was replaced
    assert "Second" in orc("list").out


def test_as_json(orc: Orc, own: Path) -> None:
    orc("add", "First")
    made = json.loads(orc("backup", "--json", "--keep", "1").out)
    again = json.loads(orc("backup", "--json", "--keep", "1").out)
    assert again["removed"] == [made["backup"]["path"]]
    assert again["holds"]["rows"]["todos"] == 1
    assert [each["reason"] for each in json.loads(orc("backup", "--list", "--json").out)] == ["by-hand"]
    done = json.loads(orc("restore", "--yes", "--json").out)
    assert done["restored"] == again["backup"]["path"]
    assert done["replaced"]["reason"] == "before-restore"


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("yes\n", 0), ("\n", 8), ("n\n", 8), ("", 8)])
def test_it_asks_before_it_replaces(
    orc: Orc, own: Path, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    orc("add", "First")
    orc("backup")
    orc("add", "Second")
    typed(monkeypatch, answer)
    ran = orc("restore")
    assert ran.code == code
    assert "Replace it? [y/N]" in ran.err
    assert "now (whole)" in ran.out
    assert ("Second" in orc("list").out) == (code != 0)


def test_where_nobody_can_be_asked_nothing_is_replaced(orc: Orc, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    orc("backup")
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    ran = orc("restore")
    assert ran.code == 8
    assert ran.err == "orc: The restore was not confirmed, so nothing was done. Confirm at a terminal, or with --yes.\n"


def test_onto_a_new_computer(orc: Orc, own: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    orc("add", "Mine")
    stick = here / "stick"
    assert orc("backup", "--to", stick).code == 0
    (backup,) = stick.iterdir()
    new = here / "new"
    new.mkdir()
    monkeypatch.chdir(new)
    monkeypatch.setenv("ORC_DB", str(new / "data" / "creation-os.db"))
    assert orc("restore", backup, "--yes").code == 0
    assert "Mine" in orc("list").out
    assert "1 todo" in orc("restore", backup, "--yes").out


@pytest.mark.parametrize("words", [["--keep", "0"], ["--keep", "x"], ["--keep", "-1"], ["--to", ""]])
def test_how_many_to_keep_is_a_whole_number(orc: Orc, own: Path, words: list[str]) -> None:
    assert orc("backup", *words).code == 2


def test_an_import_into_what_is_there_is_preceded_by_a_backup(orc: Orc, own: Path, here: Path) -> None:
    (here / "tasks.csv").write_text("id,title,status\n1,Brought,done\n", encoding="utf-8")
    assert orc("import", "tasks.csv", "--dry-run").code == 0
    assert orc("import", "tasks.csv").code == 0
    assert shelf.listed(str(own)) == [], "there was nothing to lose"
    (here / "tasks.csv").write_text("id,title,status\n2,More,done\n", encoding="utf-8")
    assert orc("import", "tasks.csv").code == 0
    assert orc("import", "tasks.csv").code == 0  # brings nothing new, so there is nothing to go back from
    assert [backup.reason for backup in shelf.listed(str(own))] == ["before-import"]
