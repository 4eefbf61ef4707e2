"""log, undo and redo."""

import json
from pathlib import Path

import pytest

from orc_lab.model.entities import Todo
from orc_lab.workbench.bench import Workbench
from tests.cli.conftest import Orc
from tests.cli.test_todos import add, todo


def test_undo_and_redo_say_what(orc: Orc, own: Path) -> None:
    id = add(orc, "A")
    orc("edit", id, "title=B")
    orc("edit", id, "title=C")
    assert orc("undo", "--steps", 2).out.count("Undone: edit todo 'A'") == 2
    assert todo(own, id).title == "A"
    assert orc("redo").out.startswith("Done again: edit todo 'B'")
    assert todo(own, id).title == "B"
    assert len(json.loads(orc("redo", "--json").out)) == 1
    assert [edit["label"] for edit in json.loads(orc("undo", "--steps", 9, "--json").out)][-1] == "add todo"
    ran = orc("undo")
    assert (ran.code, ran.out) == (3, "")
    assert "nothing to undo" in ran.err
    assert orc("redo", "--steps", 99).out.count("Done again") == 3
    assert orc("redo").code == 3


def test_undo_asks_before_it_overwrites(orc: Orc, own: Path) -> None:
    id = add(orc, "A")
    orc("edit", id, "title=B")
    with Workbench.open(own) as wb, wb.edit("sync", actor="another device"):
        wb.update(Todo, id, title="Theirs")
    ran = orc("undo")
    assert (ran.code, ran.out) == (8, "")
    assert "'Theirs'" in ran.err
    assert "--force" in ran.err
    assert orc("undo", "--force").code == 0
    assert todo(own, id).title == "A"


def test_undo_after_asking_the_agents_takes_back_the_persons_edit(orc: Orc, own: Path) -> None:
    add(orc, "Write +Thesis 2h")
    for words in (["today"], ["forecast"], ["estimate", "Write more"]):
        assert orc(*words).code == 0
    with Workbench.open(own) as wb:
        assert "agent" in {edit.actor for edit in wb.edits()}
    assert "agent" not in orc("log").out
    assert "of the agents are left out" in orc("log").err
    assert orc("undo").out.startswith("Undone: add todo")
    with Workbench.open(own) as wb:
        assert wb.count(Todo) == 0
    assert "agent" in orc("log", "--all").out
    assert {edit["actor"] for edit in json.loads(orc("log", "--agents", "--json").out)} == {"agent"}


def test_a_numbered_edit(orc: Orc, own: Path) -> None:
    id = add(orc, "A 2h")
    orc("edit", id, "title=B")
    number = json.loads(orc("log", "--limit", 1, "--json").out)[0]["tx"]
    orc("edit", id, "hours=5")
    assert orc("undo", "--edit", number).code == 0
    assert (todo(own, id).title, todo(own, id).estimated_hours) == ("A", 5.0)
    assert "undone already" in orc("undo", "--edit", number).err
    assert orc("redo", "--edit", number).code == 0
    assert todo(own, id).title == "B"
    assert orc("undo", "--edit", 999).code == 3


@pytest.mark.parametrize("word", ["undo", "redo"])
@pytest.mark.parametrize(
    "options",
    [
        *(["--steps=0"], ["--steps=-1"], ["--steps=x"]),
        *(["--edit=x"], ["--edit", ""], ["--edit", "9" * 40], ["--steps=2", "--edit=3"]),
    ],
)
def test_steps_and_edits_are_numbers(orc: Orc, own: Path, word: str, options: list[str]) -> None:
    add(orc, "A")
    ran = orc(word, *options)
    assert (ran.code, ran.out) == (2, "")


def test_log_tells_edits(orc: Orc, own: Path) -> None:
    add(orc, "A")
    orc("undo")
    rows = orc("log").out.splitlines()
    assert rows[1].split()[3:] == ["undo", "add", "todo", "A"]
    assert rows[2].split()[3:] == ["add", "todo", "A", "(undone)"]
    assert "setup" in rows[3]
    assert [edit["label"] for edit in json.loads(orc("log", "--limit", "1", "--json").out)] == ["undo add todo"]


def test_log_searches_titles_also_former_ones(orc: Orc, own: Path) -> None:
    id = add(orc, "Write a letter")
    add(orc, "Something else")
    orc("edit", id, "title=Phone 100%")
    orc("delete", id, "--yes")
    for text in ("LETTER", "0%"):
        assert [edit["label"] for edit in json.loads(orc("log", "--search", text, "--json").out)] == [
            "delete todo", "edit todo", "add todo",
        ]  # fmt: skip
    assert orc("log", "--search", "100_").out == "Nothing was done that fits.\n"
    assert len(json.loads(orc("log", "--since", "today", "--json").out)) == 5
    assert orc("log", "--since", "rubbish").code == 2


def test_log_tells_the_life_of_one_thing(orc: Orc, own: Path) -> None:
    id = add(orc, "A +Thesis")
    orc("edit", id, "title=B", "project=")
    orc("done", id, "--at", "2026-01-20 17:30")
    lines = orc("log", id[-6:]).out.splitlines()
    assert lines[0].endswith("added  title: A; status: matched; project: Thesis  (add todo)")
    assert lines[1].endswith("changed  project: Thesis → ∅; title: A → B  (edit todo)")
    assert "2026-01-20 17:30  changed" in lines[2]
    assert "status: matched → done" in lines[2]
    assert ", recorded 20" in lines[2]
    changes = json.loads(orc("log", id, "--json").out)
    assert changes[1]["cells"]["title"] == ["A", "B"]
    assert changes[2]["at"] < changes[2]["recorded_at"]
    assert changes[2]["edit"]["actor"] == "person"
    assert json.loads(orc("log", id, "--json", "--limit", "1").out) == changes[-1:]
    assert orc("log", "zzzz").code == 3


def test_log_tells_the_life_of_what_is_gone(orc: Orc, own: Path) -> None:
    id = add(orc, "A")
    orc("delete", id, "--yes")
    for name in (id, id[-6:]):
        assert orc("log", name).out.splitlines()[-1].endswith("deleted  title: A  (delete todo)")


def test_an_import_is_told_by_how_many_records_it_brought(orc: Orc, own: Path, here: Path) -> None:
    rows = "".join(f"{number},Old {number},done\n" for number in range(85))
    (here / "old.csv").write_text(f"id,title,status\n{rows}", encoding="utf-8")
    (here / "one.csv").write_text("id,title,status\nx,Last,done\n", encoding="utf-8")
    orc("import", "old.csv")
    orc("import", "one.csv", "--source", "one")
    for word in (orc("undo").out, orc("redo").out):
        assert ", 1 record, of " in word
    told = orc("undo", "--steps", 2).out
    assert ", 85 records, of " in told
    assert "Old" not in told
    shown = orc("log").out.splitlines()[1:]
    assert [row.count("85 records") for row in shown] == [1, 0, 0, 0, 0, 1, 0]
    assert [row.count("1 record ") + row.endswith("1 record") for row in shown] == [0, 1, 1, 1, 1, 0, 0]
