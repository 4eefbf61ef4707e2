"""--as-of: the same command on what was known at a past moment."""

import json
from datetime import date, datetime
from pathlib import Path

import pytest

from orc_lab.cli.then import moment
from orc_lab.model.entities import Todo
from orc_lab.workbench.bench import Workbench
from tests.cli.conftest import Orc

CSV = """title,status,project,created,completed
Old,done,Past,2025-03-03 09:00,2025-03-10 12:00
Older,open,Past,2025-03-01 09:00,
"""


@pytest.fixture
def lived(orc: Orc, own: Path, here: Path) -> Path:
    (here / "old.csv").write_text(CSV, encoding="utf-8")
    assert orc("import", "old.csv").code == 0
    orc("add", "New +Past")
    return own


def titles(text: str) -> set[str]:
    return {row["title"] for row in json.loads(text)}


def test_list_as_of_a_day(orc: Orc, lived: Path) -> None:
    assert titles(orc("list", "--json").out) == {"Older", "New"}
    ran = orc("list", "--json", "--as-of", "2025-03-05")
    assert titles(ran.out) == {"Old", "Older"}
    assert ran.err == "As known at 2025-03-05 23:59. Reconstructed: this past was imported rather than recorded.\n"
    assert titles(orc("list", "--json", "--as-of", "2025-03-10 11:59").out) == {"Old", "Older"}
    assert titles(orc("list", "--json", "--as-of", "2025-03-10 12:00").out) == {"Older"}
    assert titles(orc("list", "--all", "--json", "--as-of", "2025-03-10").out) == {"Old", "Older"}
    assert "Past" in orc("list", "--as-of", "2025-03-05", "--project", "past", "--sort", "title").out
    assert orc("list", "--as-of", "2025-02-28").out == "There were no todos then.\n"
    assert titles(orc("list", "--json", "--as-of", "now").out) == {"Older", "New"}
    assert "Reconstructed" not in orc("list", "--as-of", "today").err


def test_search_and_show_as_of_a_day(orc: Orc, lived: Path) -> None:
    assert [row["title"] for row in json.loads(orc("search", "old", "--json", "--as-of", "2025-03-02").out)] == [
        "Older"
    ]
    with Workbench.open(lived) as wb:
        id = wb.find(Todo, title="Old")[0].id
    then, now = (orc("show", id, *words).out for words in (["--as-of", "2025-03-05"], []))
    assert "completed" not in then
    assert "completed" in now
    assert len(then.splitlines()) < len(now.splitlines())
    assert orc("show", id, "--as-of", "2025-03-01").code == 3


@pytest.mark.parametrize("text", ["", "rubbish", "2099-01-01", "9999-12-31", "2025-13-01", "2099-01-01 10:00"])
@pytest.mark.parametrize("words", [["list"], ["search", "x"], ["show", "x"], ["dashboard"], ["review"]])
def test_a_moment_that_is_none_or_still_to_come(orc: Orc, lived: Path, words: list[str], text: str) -> None:
    ran = orc(*words, "--as-of", text)
    assert (ran.code, ran.out) == (2, "")


def test_a_day_ends_when_the_persons_next_begins(lived: Path) -> None:
    with Workbench.open(lived) as wb:
        assert moment("2025-03-05", wb) == wb.clock().start_of(date(2025, 3, 6)) - 1
        wb.set_setting("day_start", "04:00")
        assert moment("2025-03-05", wb) == wb.clock().instant(datetime(2025, 3, 6, 4)) - 1


@pytest.mark.parametrize("words", [["--again"], ["--again", "--week", "2025-W10", "--as-of", "yesterday"]])
def test_a_review_once_more_needs_its_week(orc: Orc, lived: Path, words: list[str]) -> None:
    assert orc("review", *words).code == 2


@pytest.mark.parametrize("text", [None, "{}", "[]", "no JSON", '{"looked": {"at": "x"}}'])
def test_a_page_that_doesnt_say_what_it_knew(orc: Orc, lived: Path, here: Path, text: str | None) -> None:
    if text is not None:
        page = here / "reports" / "2025-W10" / "review.json"
        page.parent.mkdir(parents=True)
        page.write_text(text, encoding="utf-8")
    ran = orc("review", "--week", "2025-W10", "--again")
    assert (ran.code, ran.out) == (6, "")
