"""import at the command line: looked at, asked about, done, taken back."""

import io
import json
import sys
from pathlib import Path

import pytest

from orc_lab.cli.main import main
from orc_lab.model.entities import Todo
from orc_lab.workbench.bench import Workbench
from tests.cli.conftest import Orc

CSV = """Name,Est (h),Who,Closed,Status
First,2,Ada,2026-01-05,done
Second,3,Ada,,open
Third,1,Ben,,open
"""
STORE = json.dumps({"state": {"projects": [], "todos": [{"id": "t1", "title": "Old \x1b[31m", "status": "dumped"}]}})
MAP = "title=Name,estimate=Est (h),completed=Closed,status=Status,person=Who"


@pytest.fixture
def table(here: Path) -> Path:
    path = here / "tasks.csv"
    path.write_text(CSV, encoding="utf-8")
    return path


def titles(own: Path) -> set[str]:
    with Workbench.open(own) as wb:
        return {todo.title for todo in wb.find(Todo)}


def test_a_table_is_imported_and_taken_back(orc: Orc, own: Path, table: Path) -> None:
    ran = orc("import", table, "--map", MAP, "--person", "all")
    assert (ran.code, ran.err) == (0, "")
    assert "3 new records" in ran.out
    assert titles(own) == {"First", "Second", "Third"}
    assert orc("undo").out.startswith("Undone: import ")
    assert titles(own) == set()


def test_what_was_taken_back_is_gone_from_the_past_too(orc: Orc, own: Path, table: Path) -> None:
    orc("import", table, "--map", MAP, "--person", "all")
    orc("undo")
    orc("import", table, "--map", MAP, "--person", "Ben")
    frames = json.loads(orc("forecast", "--json").out)
    assert frames["todos"]["weeks"] == 0  # Ada's todo was done in January


def test_a_second_import_brings_nothing(orc: Orc, own: Path, table: Path) -> None:
    first = json.loads(orc("import", table, "--map", MAP, "--person", "all", "--json").out)
    again = json.loads(orc("import", table, "--map", MAP, "--person", "all", "--json").out)
    assert (first["new"], first["committed"], again["new"], again["there"]) == (3, True, 0, 3)


def test_a_dry_run_writes_nothing(orc: Orc, own: Path, table: Path) -> None:
    before = own.read_bytes()
    ran = orc("import", table, "--map", MAP, "--person", "all", "--dry-run")
    assert ran.code == 0
    assert "Would import: 3 todos" in ran.out
    assert own.read_bytes() == before
    assert sorted(path.name for path in own.parent.iterdir()) == ["creation-os.db"]


def test_without_a_choice_the_option_is_named(orc: Orc, own: Path, table: Path) -> None:
    ran = orc("import", table, "--map", MAP)
    assert (ran.code, ran.out) == (2, "")
    assert "--person: Ada (2), Ben (1), all." in ran.err
    assert titles(own) == set()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("Ben\n", {"Third"}), ("Ada (2)\n", {"First", "Second"}), ("all\n", {"First", "Second", "Third"})],
)
def test_at_a_terminal_it_asks(
    orc: Orc, own: Path, table: Path, monkeypatch: pytest.MonkeyPatch, answer: str, expected: set[str]
) -> None:
    keyboard = io.StringIO(answer)
    monkeypatch.setattr(keyboard, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", keyboard)
    ran = orc("import", table, "--map", MAP)
    assert ran.code == 0
    assert "  Ada (2)\n  Ben (1)\n  all\nWhich (--person)? " in ran.err
    assert titles(own) == expected


@pytest.mark.parametrize("answer", ["", "\n", "9\n", "Cy\n"])
def test_no_answer_imports_nothing(
    orc: Orc, own: Path, table: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    keyboard = io.StringIO(answer)
    monkeypatch.setattr(keyboard, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", keyboard)
    assert orc("import", table, "--map", MAP).code == 2
    assert titles(own) == set()


def test_a_paste_is_read_from_standard_input(orc: Orc, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(STORE.encode())))
    ran = orc("import", "-", "--from", "creation-store")
    assert ran.code == 0
    assert ran.out.startswith("standard input (creation-store, 1 record)")
    assert "\x1b" not in ran.out
    assert len(titles(own)) == 1


def test_a_terminal_gets_a_progress_bar(own: Path, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(screen, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", screen)
    assert main(["import", str(table), "--map", MAP, "--person", "all"]) == 0
    assert " rows" in screen.getvalue()


def test_the_snippet_for_the_old_app_is_told(orc: Orc) -> None:
    assert "copy(localStorage.getItem('creation-store'))" in orc("import", "--help").out


@pytest.mark.parametrize(
    ("words", "code"),
    [(["--from", "x"], 2), (["--map", "nope=Name"], 2), (["--map", "title=Nope"], 2), (["--map", "nothing.toml"], 6)],
)
def test_a_wrong_option_changes_nothing(orc: Orc, own: Path, table: Path, words: list[str], code: int) -> None:
    ran = orc("import", table, "--person", "all", *words)
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.count("\n") == 1
    assert titles(own) == set()
