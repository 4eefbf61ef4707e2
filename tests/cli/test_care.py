"""doctor and erase, as typed."""

import io
import json
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Orc
from tests.cli.test_keeping import typed


def test_the_doctor_tells_mends_and_returns_a_code(orc: Orc, own: Path) -> None:
    own.chmod(0o600)
    orc("add", "Mine")
    orc("backup")
    ran = orc("doctor")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[-1] == "All is well."
    with closing(sqlite3.connect(own)) as shell, shell:
        shell.execute("UPDATE todos SET actual_hours = 7")
    ran = orc("doctor")
    assert ran.code == 1
    assert "PROBLEM  derived      Derived values are not what they follow from: 1 row of todos.actual_hours." in ran.out
    assert ran.out.splitlines()[-1] == "1 problem."
    ran = orc("doctor", "--fix")
    assert ran.code == 0
    assert "Computed them again." in ran.out
    assert "before-fix.db" in ran.out
    assert orc("doctor").code == 0


def test_the_doctor_as_json(orc: Orc, own: Path) -> None:
    report = json.loads(orc("doctor", "--json").out)
    assert report["healthy"] is True
    assert {finding["check"] for finding in report["findings"]} >= {"integrity", "history", "backups", "versions"}
    own.write_bytes(b"")
    ran = orc("doctor", "--json")
    assert (ran.code, json.loads(ran.out)["healthy"]) == (1, False)


def test_what_another_tool_has_broken_ends_in_a_sentence(orc: Orc, own: Path) -> None:
    orc("add", "Mine")
    with closing(sqlite3.connect(own)) as shell, shell:
        shell.execute("INSERT INTO settings VALUES ('bad', 'zone', '\"Mars/Phobos\"', 1)")
    for words in (["list"], ["undo"], ["redo"], ["set", "zone", "Asia/Tokyo"], ["settings"]):
        assert orc(*words).code == 0
    assert 'zone can\'t be used and is passed over: "Mars/Phobos"' in orc("doctor").out
    assert "Removed 1 value (zone)" in orc("doctor", "--fix").out
    with closing(sqlite3.connect(own)) as shell, shell:
        shell.execute("DROP TABLE activities")
    for words in (["list"], ["add", "More"], ["undo"], ["log"], ["export", "--to", "x.json"], ["doctor", "--fix"]):
        ran = orc(*words)
        assert ran.code == (1 if words[0] == "doctor" else 4)
        assert "orc restore" in ran.out or "Restore a backup" in ran.err


def test_erase_lists_asks_for_the_name_and_proves_it(orc: Orc, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    orc("add", "Mine")
    orc("backup")
    for answer in ("y\n", "creation-os.db\n"):
        typed(monkeypatch, answer)
        ran = orc("erase")
        assert ran.code == 8
        assert "data/creation-os.db" in ran.out
        assert own.exists()
    typed(monkeypatch, "creation-os\n")
    ran = orc("erase")
    assert ran.code == 0
    assert "Removed 2 files." in ran.out
    assert "Looked again: nothing that orc wrote here is left." in ran.out
    assert "Time Machine" in ran.out
    assert not own.parent.exists()
    assert "There is no database" in orc("erase", "--yes").err


def test_erase_where_nobody_can_be_asked(orc: Orc, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("creation-os\n"))
    assert orc("erase").code == 8
    assert orc("erase", "--json").code == 8
    assert own.exists()


def test_erase_takes_reports_and_copied_notebooks_and_leaves_what_is_ones_own(orc: Orc, own: Path, here: Path) -> None:
    from orc_lab.cli.lab import copy_notebooks

    orc("add", "Mine")
    assert orc("dashboard").code == 0
    week = here / "reports" / "2026-W47"
    week.mkdir()
    shutil.copy(here / "reports" / "dashboard.html", week / "review.html")
    (week / "review.json").write_text('{\n "schema": 1,\n "week": "2026-W47"}', encoding="utf-8")
    copied = copy_notebooks(here / "notebooks")
    copied[0].write_text(copied[0].read_text(encoding="utf-8") + " ", encoding="utf-8")
    mine = [here / "reports" / "mine.html", week / "notes.txt", week / "velocity.html", here / "notebooks" / "x.ipynb"]
    for path in mine:
        path.write_text("<p>mine", encoding="utf-8")
    (here / "reports" / "dashboard").mkdir()
    (here / "reports" / "dashboard" / "photo.png").write_bytes(b"\x89PNG mine")
    (here / "reports" / "dashboard" / "health.png").write_bytes(b"\x89PNG drawn")
    shutil.copy(here / "reports" / "dashboard.html", here / "reports" / "backtest.html")
    then = here / "reports" / "as-of-2026-03-01T2359"
    shutil.copytree(week, then / "2026-W09")
    shutil.copy(here / "reports" / "dashboard.html", then / "dashboard.html")
    shutil.copytree(here / "reports" / "dashboard", then / "dashboard")
    (then / "dashboard" / "photo.png").unlink()
    done = json.loads(orc("erase", "--yes", "--json").out)
    assert done["remaining"] == []
    left = {str(path.relative_to(here)) for path in here.rglob("*") if path.is_file()}
    assert left == {
        "reports/mine.html",
        "reports/2026-W47/notes.txt",
        "reports/2026-W47/velocity.html",
        "reports/as-of-2026-03-01T2359/2026-W09/notes.txt",
        "reports/as-of-2026-03-01T2359/2026-W09/velocity.html",
        "reports/dashboard/photo.png",
        "notebooks/x.ipynb",
        f"notebooks/{copied[0].name}",
    }
    assert left <= {str(Path(path).relative_to(here)) for path in done["stays"]}
