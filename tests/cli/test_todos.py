"""add, edit and a todo's way, each as a person types it."""

import json
from pathlib import Path
from typing import Any

import pytest

from orc_lab.model.entities import Project, Todo
from orc_lab.workbench.bench import Workbench
from tests.cli.conftest import Orc


def add(orc: Orc, *words: str) -> str:
    """Add a todo; return its id."""
    id: str = json.loads(orc("add", "--json", *words).out)["id"]
    return id


def todo(own: Path, id: str) -> Todo:
    with Workbench.open(own) as wb:
        return wb.get(Todo, id)


def test_add_takes_quick_syntax(orc: Orc, own: Path) -> None:
    ran = orc("add", "Write draft +Master_thesis 2h !high @2027-03-05 #deep")
    assert (ran.code, ran.err) == (0, "")
    with Workbench.open(own) as wb:
        (row,) = wb.find(Todo)
        (project,) = wb.find(Project)
    assert (
        ran.out
        == f"Added: Write draft  [{row.id[-6:]}  refined  Master thesis  2 h estimated  due 2027-03-05  #deep]\n"
    )
    assert (row.title, row.project_id, row.priority, row.tags) == ("Write draft", project.id, "high", ("deep",))


def test_add_joins_its_words(orc: Orc, own: Path) -> None:
    assert todo(own, add(orc, "Write", "the", "draft")).title == "Write the draft"


def test_add_prints_json(orc: Orc, own: Path) -> None:
    row = json.loads(orc("add", "--json", "Grüße #a #b").out)
    assert (row["title"], row["tags"], row["status"]) == ("Grüße", ["a", "b"], "dumped")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["hours=90m"], {"estimated_hours": 1.5}),
        (["estimated_hours=2.5", "title=A = b"], {"estimated_hours": 2.5, "title": "A = b"}),
        (["due=2027-01-02"], {"due_date": "2027-01-02"}),
        (["due="], {"due_date": None}),
        (["tags=#a, b"], {"tags": ("a", "b")}),
        (["tags="], {"tags": ()}),
        (["spent=3h"], {"actual_hours": 3.0}),
        (["priority=urgent", "status=confirmed"], {"priority": "urgent", "status": "confirmed"}),
        (["description=more"], {"description": "more"}),
    ],
)
def test_edit_sets_fields(orc: Orc, own: Path, words: list[str], expected: dict[str, Any]) -> None:
    id = add(orc, "A @2026-12-24 #old")
    ran = orc("edit", id[-6:], *words)
    assert (ran.code, ran.err) == (0, "")
    row = todo(own, id)
    assert {name: getattr(row, name) for name in expected} == expected


def test_edit_names_a_project_by_title_or_end_of_id(orc: Orc, own: Path) -> None:
    id = add(orc, "A")
    project = json.loads(orc("project", "add", "Thesis", "--json").out)["id"]
    for name in ("thesis", project, project[-6:], "the"):
        assert orc("edit", id, "project=").code == 0
        assert orc("edit", id, f"project={name}").code == 0
        assert todo(own, id).project_id == project
    assert orc("edit", id, "project=Nope").code == 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nope=1"], "no field 'nope'"),
        (["id=x"], "no field 'id'"),
        (["created_at=1"], "no field 'created_at'"),
        (["hours=many"], "hours can't be 'many'"),
        (["hours=-1"], "estimated_hours can't be -1.0"),
        (["hours=nan"], "estimated_hours can't be nan"),
        (["due=someday"], "a day can't be 'someday'"),
        (["priority=highest"], "low, medium, high, urgent"),
        (["title="], "title can't be '': expected some text"),
        (["title=  "], "title can't be"),
        ([], "an edit can't be"),
    ],
)
def test_a_wrong_edit_changes_nothing(orc: Orc, own: Path, words: list[str], told: str) -> None:
    id = add(orc, "A")
    before = todo(own, id)
    ran = orc("edit", id, *words)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert todo(own, id) == before


def test_the_way_of_a_todo(orc: Orc, own: Path) -> None:
    id = add(orc, "A")
    orc("project", "add", "Thesis")
    steps = [
        (["match", id, "--project", "Thesis"], "matched"),
        (["refine", id, "--title", "Draft of chapter 2", "--hours", "3", "priority=high"], "refined"),
        (["confirm", id], "confirmed"),
        (["commit", id], "committed"),
        (["done", id, "--hours", "2h"], "done"),
        (["reopen", id], "confirmed"),
        (["drop", id], "dropped"),
    ]
    for words, status in steps:
        ran = orc(*words)
        assert (ran.code, ran.err) == (0, "")
        assert todo(own, id).status == status
    row = todo(own, id)
    assert (row.title, row.estimated_hours, row.actual_hours, row.priority) == ("Draft of chapter 2", 3.0, 2.0, "high")


def test_several_ids_are_one_edit(orc: Orc, own: Path) -> None:
    ids = [add(orc, name) for name in ("A", "B", "C")]
    assert orc("done", *(id[-6:] for id in ids)).out.count("Done: ") == 3
    assert orc("undo").out.startswith("Undone: do 3 todos")
    assert {todo(own, id).status for id in ids} == {"dumped"}


def test_one_unknown_id_stops_them_all(orc: Orc, own: Path) -> None:
    id = add(orc, "A")
    ran = orc("done", id, "zzzzzz")
    assert (ran.code, ran.out) == (3, "")
    assert "'zzzzzz'" in ran.err
    assert todo(own, id).status == "dumped"


def test_an_edit_that_fails_midway_changes_nothing(orc: Orc, own: Path) -> None:
    ids = [add(orc, name) for name in ("A", "B")]
    orc("done", ids[1])
    assert orc("commit", *ids).code == 2  # the second is done
    assert todo(own, ids[0]).status == "dumped"


def test_the_end_of_an_id_must_be_one_todos(orc: Orc, own: Path) -> None:
    with Workbench.open(own) as wb:
        for id in ("1-abcdef", "2-abcdef"):
            wb.add_todo("A", id=id)
    ran = orc("done", "abcdef")
    assert ran.code == 2
    assert "fits 2 todos" in ran.err
    assert orc("done", "1-abcdef").code == 0


def test_done_earlier(orc: Orc, own: Path) -> None:
    id = add(orc, "A 2h")
    assert orc("done", id, "--at", "2026-01-20 17:30").code == 0
    with Workbench.open(own) as wb:
        done = wb.get(Todo, id)
        assert done.completed_at is not None
        assert f"{wb.clock().local(done.completed_at):%F %T}" == "2026-01-20 17:30:00"
    assert orc("done", id, "--at", "2999-01-01").code == 2


@pytest.mark.parametrize(("until", "days"), [("tomorrow", 1), ("+2w", 14)])
def test_snooze(orc: Orc, own: Path, until: str, days: int) -> None:
    id = add(orc, "A")
    assert orc("snooze", id, "--until", until).code == 0
    with Workbench.open(own) as wb:
        snoozed = wb.get(Todo, id).snoozed_until
        assert snoozed is not None
        assert wb.today().toordinal() + days == wb.today().fromisoformat(snoozed).toordinal()
    assert "A" not in orc("list").out
    assert "A" in orc("list", "--all").out


def test_snooze_until_todays_weekday_is_next_week(orc: Orc, own: Path) -> None:
    id = add(orc, "A")
    with Workbench.open(own) as wb:
        today = wb.today()
    assert orc("snooze", id, "--until", f"{today:%a}").code == 0
    assert todo(own, id).snoozed_until == today.fromordinal(today.toordinal() + 7).isoformat()


def test_a_title_cannot_steer_the_terminal(orc: Orc, own: Path) -> None:
    id = add(orc, "A\x1b]0;owned\x07 \x9b31m\u202ered")
    for words in (
        ["add", "\x1b[2J"],
        ["list"],
        ["show", id],
        ["search", "A"],
        ["done", id],
        ["log", id],
        ["list", "--all", "--json"],
    ):
        ran = orc(*words)
        assert ran.code == 0
        assert not set("\x1b\x07\x9b\u202e") & set(ran.out + ran.err)
    assert "A\\x1b]0;owned\\x07 \\x9b31m\\u202ered" in orc("list", "--all").out
