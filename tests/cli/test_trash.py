"""delete and trash: asked where others go along, listed, and brought back."""

import io
import json
from pathlib import Path

import pytest

from orc_lab.model.entities import Project, Session, Todo, WeeklyGoal
from orc_lab.workbench.bench import Workbench
from tests.cli.conftest import Orc
from tests.cli.test_todos import add


class Terminal(io.StringIO):
    """Somebody who answers."""

    def isatty(self) -> bool:
        return True


def counts(own: Path) -> tuple[int, int]:
    with Workbench.open(own) as wb:
        return wb.count(Project), wb.count(Todo)


@pytest.fixture
def thesis(orc: Orc, own: Path) -> str:
    """The id of a project with two todos."""
    add(orc, "Write +Thesis 2h")
    add(orc, "Read +Thesis 2h")
    with Workbench.open(own) as wb:
        return wb.find(Project)[0].id


def test_a_project_goes_with_its_todos_only_when_that_is_confirmed(
    orc: Orc, own: Path, thesis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = orc("delete", thesis)
    assert (ran.code, ran.out) == (8, "")
    assert "project 'Thesis' with 2 todos was not confirmed" in ran.err
    for answer, left in (("\n", (1, 2)), ("no\n", (1, 2)), ("Y\n", (0, 0))):
        monkeypatch.setattr("sys.stdin", Terminal(answer))
        ran = orc("delete", thesis[-6:])
        assert "Delete project 'Thesis' with 2 todos? [y/N]" in ran.err
        assert counts(own) == left
    assert ran.out == "Deleted: project 'Thesis' with 2 todos. `orc undo` brings it back.\n"


def test_or_they_stay(orc: Orc, own: Path, thesis: str) -> None:
    assert orc("delete", thesis, "--keep").code == 0
    assert counts(own) == (0, 2)


def test_a_project_is_known_by_its_whole_title(orc: Orc, own: Path, thesis: str) -> None:
    assert orc("delete", "Thes", "--keep").code == 3
    assert orc("delete", "THESIS", "--keep").code == 0
    orc("undo")
    orc("project", "add", "thesis")
    assert orc("delete", "Thesis", "--keep").code == 2


def test_what_takes_nothing_along_is_not_asked_about(orc: Orc, own: Path) -> None:
    ids = [add(orc, title) for title in "AB"]
    assert json.loads(orc("delete", *ids, ids[0][-8:], "--json").out) == [{"kind": "todo", "id": id} for id in ids] + [
        {"kind": "todo", "id": ids[0]}
    ]
    assert json.loads(orc("log", "--limit", 1, "--json").out)[0]["label"] == "delete 2 todos"
    orc("undo")
    assert counts(own) == (0, 2)


def test_different_things_are_one_edit(orc: Orc, own: Path, thesis: str) -> None:
    with Workbench.open(own) as wb:
        todo = wb.find(Todo)[0].id
    orc("commit", todo, "--week", "2026-W47")
    orc("start", todo)
    orc("stop")
    with Workbench.open(own) as wb:
        session = wb.find(Session)[0].id
    assert orc("delete", "2026-W47", session, todo, thesis, "--yes").code == 0
    with Workbench.open(own) as wb:
        assert [wb.count(kind) for kind in (Project, Todo, Session, WeeklyGoal)] == [0, 0, 0, 0]
    orc("undo")
    with Workbench.open(own) as wb:
        assert [wb.count(kind) for kind in (Project, Todo, Session, WeeklyGoal)] == [1, 2, 1, 1]


@pytest.mark.parametrize("words", [["nope"], ["2026-W01"], [""], ["zz", "--yes"]])
def test_what_isnt_there(orc: Orc, own: Path, thesis: str, words: list[str]) -> None:
    ran = orc("delete", thesis, *words, "--yes")
    assert (ran.code, ran.out) == (3, "")
    assert counts(own) == (1, 2)


def test_the_trash(orc: Orc, own: Path, thesis: str) -> None:
    assert orc("trash").out == "Nothing was deleted that isn't back.\n"
    orc("delete", thesis, "--yes")
    headers, row = orc("trash").out.splitlines()
    assert headers.split() == ["id", "when", "kind", "title", "with", "by"]
    assert row.split()[0] == thesis[-6:]
    assert row.split()[3:] == ["project", "Thesis", "2", "todos", "delete", "project"]
    (told,) = json.loads(orc("trash", "list", "--json").out)
    assert (told["along"], told["values"]["title"], told["by"]) == ({"todo": 2}, "Thesis", "person")
    back = orc("trash", "restore", thesis[-6:])
    assert back.out.startswith("Restored: project 'Thesis' with 2 todos, deleted 20")
    assert counts(own) == (1, 2)
    ran = orc("trash", "restore", thesis)
    assert (ran.code, ran.out) == (3, "")
    assert "`orc trash`" in ran.err


def test_what_it_belonged_to_is_gone_too(orc: Orc, own: Path, thesis: str) -> None:
    with Workbench.open(own) as wb:
        todo = wb.find(Todo, title="Write")[0].id
    orc("delete", thesis, "--yes")
    ran = orc("trash", "restore", todo)
    assert ran.out.startswith("Restored: todo 'Write'")
    assert "project (1)" in ran.err
    assert counts(own) == (0, 1)


def test_what_an_undo_took_away(orc: Orc, own: Path) -> None:
    add(orc, "A")
    orc("undo")
    assert "Nothing was deleted" in orc("trash").out
    assert "undo add todo" in orc("trash", "--all").out


def test_titles_cannot_steer_the_terminal(orc: Orc, own: Path) -> None:
    with Workbench.open(own) as wb:
        project = wb.add_project("a\x1b[31mb")
        wb.add_todo("x", project_id=project.id)
    for words in (["delete", project.id], ["delete", project.id, "--yes"], ["trash"], ["log"], ["undo"], ["redo"]):
        ran = orc(*words)
        assert "\x1b" not in ran.out + ran.err
