"""list, search, show: what there is."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from orc_lab.model.entities import Todo
from orc_lab.workbench.bench import Workbench
from tests.cli.conftest import Orc


@pytest.fixture
def filled(own: Path) -> Iterator[Workbench]:
    with Workbench.open(own) as wb:
        thesis = wb.add_project("Thesis", description="about Wärme")
        wb.add_intention("Become a scholar")
        wb.add_todo("Late", due_date="2020-01-01", project_id=thesis.id, estimated_hours=1.5)
        wb.add_todo("Urgent", priority="urgent", tags=["deep"])
        wb.add_todo("Plain", description="of the Übung")
        wb.done(wb.add_todo("Finished").id)
        wb.drop(wb.add_todo("Dropped").id)
        wb.snooze(wb.add_todo("Sleeping").id, "2999-01-01")
        yield wb


def titles(orc: Orc, *words: str) -> list[str]:
    return [row["title"] for row in json.loads(orc("list", "--json", *words).out)]


def test_list_shows_what_is_open(orc: Orc, filled: Workbench) -> None:
    ran = orc("list")
    assert (ran.code, ran.err) == (0, "")
    header, *rows = ran.out.splitlines()
    assert header.split() == ["id", "status", "due", "priority", "estimate", "project", "title"]
    assert [row.split()[-1] for row in rows] == ["Late", "#deep", "Plain"]
    assert "2020-01-01 late" in rows[0]
    late = filled.find(Todo, title="Late")[0]
    assert rows[0].startswith(late.id[-6:])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--all"], ["Late", "Urgent", "Plain", "Finished", "Dropped", "Sleeping"]),
        (["--status", "done,dropped"], ["Finished", "Dropped"]),
        (["--project", "thesis"], ["Late"]),
        (["--due", "today"], ["Late"]),
        (["--limit", "1"], ["Late"]),
        (["--sort", "title"], ["Late", "Plain", "Urgent"]),
        (["--sort", "priority"], ["Urgent", "Late", "Plain"]),
        (["--sort", "title", "--reverse"], ["Urgent", "Plain", "Late"]),
        (["--sort", "priority", "--reverse"], ["Late", "Plain", "Urgent"]),
        (["--sort", "hours"], ["Late", "Urgent", "Plain"]),
        (["--status", "dumped", "--limit", "0"], ["Urgent", "Plain", "Sleeping"]),
    ],
)
def test_list_chooses(orc: Orc, filled: Workbench, words: list[str], expected: list[str]) -> None:
    assert titles(orc, *words) == expected


def test_list_prints_a_page(orc: Orc, own: Path) -> None:
    with Workbench.open(own) as wb, wb.edit("many"):
        for number in range(60):
            wb.add_todo(f"T{number}")
    ran = orc("list")
    assert len(ran.out.splitlines()) == 51
    assert ran.err.startswith("50 of 60. ")
    assert len(orc("list", "--limit", 0).out.splitlines()) == 61
    assert len(json.loads(orc("list", "--json").out)) == 50


def test_list_shows_whole_ids(orc: Orc, filled: Workbench) -> None:
    assert all(todo.id in orc("list", "--all", "--ids").out for todo in filled.find(Todo))


@pytest.mark.parametrize("words", [["--status", "open"], ["--sort", "nope"], ["--limit", "-1"], ["--due", "never"]])
def test_a_wrong_choice_is_said(orc: Orc, filled: Workbench, words: list[str]) -> None:
    ran = orc("list", *words)
    assert (ran.code, ran.out) == (2, "")


def test_nothing_says_what_to_do_next(orc: Orc, own: Path) -> None:
    assert "orc add" in orc("list").out
    orc("add", "A")
    assert "orc list --all" in orc("list", "--status", "done").out
    assert json.loads(orc("list", "--status", "done", "--json").out) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [("late", ["Late"]), ("WÄRME", ["Thesis"]), ("übung", ["Plain"]), ("SCHOLAR", ["Become a scholar"])],
)
def test_search(orc: Orc, filled: Workbench, text: str, found: list[str]) -> None:
    assert [row["title"] for row in json.loads(orc("search", "--json", text).out)] == found
    assert all(title in orc("search", text).out for title in found)


def test_search_finds_nothing(orc: Orc, filled: Workbench) -> None:
    assert orc("search", "100%").out == "Nothing holds '100%'.\n"


def test_show_tells_all(orc: Orc, filled: Workbench) -> None:
    late = filled.find(Todo, title="Late")[0]
    filled.done(late.id)
    shown = orc("show", late.id[-6:]).out
    assert shown.startswith("Todo: Late\n")
    assert "Thesis  [" in shown
    assert "status refined → done" in shown
    told = json.loads(orc("show", late.id, "--json").out)
    assert (told["kind"], told["status"], len(told["activities"])) == ("todo", "done", 2)


@pytest.mark.parametrize("kind", ["project", "intention"])
def test_show_takes_any_kind(orc: Orc, filled: Workbench, kind: str) -> None:
    id = json.loads(orc(kind, "list", "--json").out)[0]["id"]
    assert orc("show", id).out.startswith(f"{kind.capitalize()}: ")


def test_show_of_nothing(orc: Orc, filled: Workbench) -> None:
    ran = orc("show", "zzzz")
    assert (ran.code, ran.out) == (3, "")
    assert "todo, project or intention" in ran.err
