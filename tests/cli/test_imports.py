"""import at the command line: looked at, asked about, done, taken back."""

import io
import json
import re
import sys
from pathlib import Path

import pytest

from orc_lab.cli.main import main
from orc_lab.exporters.run import export
from orc_lab.importers.creation.export import SNIPPET
from orc_lab.model.entities import Todo
from orc_lab.workbench.bench import Workbench
from tests.cli.conftest import Orc
from tests.importers.profiles import KEY, stored

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


def test_record_by_record_into_a_file(orc: Orc, own: Path, here: Path, table: Path) -> None:
    ran = orc("import", table, "--map", MAP, "--person", "all", "--dry-run", "--report", "out.csv")
    assert ran.out.endswith("Record by record: out.csv\n")
    (header, *lines) = (here / "out.csv").read_text(encoding="utf-8").splitlines()
    assert header == "record,kind,title,outcome,id,remarks"
    assert [line.split(",")[1:4] for line in lines] == [["todo", name, "new"] for name in ("First", "Second", "Third")]
    orc("import", table, "--map", MAP, "--person", "all", "--report", "out.JSON")
    told = json.loads((here / "out.JSON").read_text(encoding="utf-8"))
    with Workbench.open(own) as wb:
        assert {one["id"] for one in told} == {todo.id for todo in wb.find(Todo)}


def test_a_report_that_can_not_be_written_changes_nothing(orc: Orc, own: Path, here: Path, table: Path) -> None:
    (here / "file").write_text("in the way", encoding="utf-8")
    assert orc("import", table, "--map", MAP, "--person", "all", "--report", "file/out.csv").code == 5
    ran = orc("import", table, "--map", MAP, "--person", "all", "--report", table)
    assert (ran.code, table.read_text(encoding="utf-8")) == (2, CSV)
    assert titles(own) == set()


def test_a_report_on_an_export_that_can_not_be_written_changes_nothing(orc: Orc, own: Path, here: Path) -> None:
    with Workbench.init(here / "other" / "other.db") as other:
        other.add_todo("Theirs")
        export(other, "json", here / "theirs.json")
    (here / "file").write_text("in the way", encoding="utf-8")
    (here / "folder").mkdir()
    for report in ("file/out.csv", "folder"):
        assert orc("import", "theirs.json", "--report", report).code == 5
        assert titles(own) == set()
    assert orc("import", "theirs.json", "--report", "out.csv").code == 0
    assert titles(own) == {"Theirs"}
    assert sorted(file.name for file in here.iterdir() if file.name.startswith(".out")) == []


def test_without_a_file_it_tells_how_to_get_one(orc: Orc, own: Path) -> None:
    ran = orc("import", "--from", "creation-store")
    assert ran.code == 2
    assert SNIPPET in ran.out
    assert "orc import ~/.mozilla/firefox" in ran.out
    assert SNIPPET in orc("import", "--help").out
    ran = orc("import")
    assert (ran.code, ran.out) == (2, "")
    assert "standard input" in ran.err


def test_a_firefox_profile(orc: Orc, own: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for port in (3000, 8080):
        stored(here / "profile", f"http://localhost:{port}", {KEY: STORE.replace("Old", f"At {port}")})
    ran = orc("import", "profile", "--from", "creation-store")
    assert (ran.code, ran.out) == (2, "")
    assert "--origin: http://localhost:3000, http://localhost:8080." in ran.err
    keyboard = io.StringIO("http://localhost:8080\n")
    monkeypatch.setattr(keyboard, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", keyboard)
    assert orc("import", "profile").code == 0
    assert [title[:7] for title in titles(own)] == ["At 8080"]
    assert orc("import", "profile", "--origin", "3000").code == 0


def finished(count: int) -> str:
    """A history of a person whose work takes twice as long as they think, more or less."""
    rows = [
        f"Task {n},{1 + n % 4},{(2 + n % 3 / 2) * (1 + n % 4) / 2},2025-{1 + n // 28 % 12:02d}-{1 + n % 28:02d},done"
        for n in range(count)
    ]
    return "\n".join(["title,estimate,actual,completed,status", *rows, ""])


def test_the_first_calibration_comes_with_the_history(orc: Orc, own: Path, here: Path) -> None:
    (here / "history.csv").write_text(finished(60), encoding="utf-8")
    assert "Your estimates" not in orc("import", "history.csv", "--dry-run").out
    ran = orc("import", "history.csv")
    *_, ran_at, covered, learned, last = ran.out.splitlines()
    assert ran_at == "Your estimates: 60 finished todos took 1.3 × the estimate at the median; 67% took longer."
    assert re.fullmatch(
        r"Corrected by what was finished before, on your own past: "
        r"80% bands held \d+% of 60 times \(95% interval \d+% to \d+%\)\.",
        covered,
    )
    assert re.fullmatch(r"Mean error, corrected against yours: after 20, .*; after 40, .*; after 60, .*\.", learned)
    assert last == "All of it, compared with what is simpler: orc backtest"
    orc("undo")
    told = json.loads(orc("import", "history.csv", "--json").out)["calibration"]
    assert (told["n"], [stage["finished"] for stage in told["stages"]]) == (60, [20, 40, 60])
    assert told["stages"][2]["corrected"] < told["stages"][2]["own"]
    assert "calibration" not in json.loads(orc("import", "history.csv", "--json").out)  # nothing was new


def test_a_short_history_tells_nothing_yet(orc: Orc, own: Path, here: Path) -> None:
    (here / "history.csv").write_text(finished(39), encoding="utf-8")
    assert "Your estimates" not in orc("import", "history.csv").out
