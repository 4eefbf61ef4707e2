"""knowledge: what was learned, why, and how to take it back."""

import json
import shutil
from pathlib import Path

import pytest

from orc_lab.model.entities import Knowledge, Project, Todo
from orc_lab.workbench.bench import Workbench
from tests.agents.insight_lives import lived_in
from tests.cli.conftest import Orc

PARTS = 10
WAY = ["--way", "dumped,confirmed,done", "--category", "errands"]


@pytest.fixture
def mine(here: Path) -> Path:
    """A database of one's own with recent work."""
    path = here / "data" / "creation-os.db"
    path.parent.mkdir()
    shutil.copy(lived_in(), path)
    return path


def shown(orc: Orc, part: str, entry: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(orc("knowledge", "show", part, entry, "--json").out)[0]
    return found


def test_the_ten_parts_are_listed(orc: Orc, mine: Path) -> None:
    ran = orc("knowledge")
    assert ran.code == 0
    assert len(ran.out.splitlines()) == 1 + PARTS
    assert "orc knowledge show PART" in ran.err
    views = json.loads(orc("knowledge", "list", "--json").out)
    assert len({view["part"] for view in views}) == PARTS
    assert any(entry["learned_from"] for view in views for entry in view["entries"])


def test_a_part_and_an_entry_are_shown_with_what_taught_them(orc: Orc, mine: Path) -> None:
    ran = orc("knowledge", "show", "users.working_styles")
    assert ran.code == 0
    assert "work in progress" in ran.out
    entry = orc("knowledge", "show", "users.working_styles", "work", "in", "progress").out
    assert entry.splitlines()[0].startswith("work in progress")
    assert len(entry.splitlines()) > 1
    why = orc("knowledge", "why", "users.working_styles", "work in progress")
    assert "week closed" in why.out.lower()
    assert json.loads(orc("knowledge", "why", "users.working_styles", "work in progress", "--json").out)
    assert orc("knowledge", "why", "projects.patterns", "silent").out.startswith("Nothing taught it yet")


def test_what_is_learned_by_hand_can_be_undone(orc: Orc, mine: Path) -> None:
    part, entry = "tasks.workflow_patterns", "category errands"
    assert orc("knowledge", "why", part, entry).code == 2
    ran = orc("knowledge", "learn", *WAY)
    assert (ran.code, ran.err) == (0, "")
    assert "(1 entry changed)" in ran.out
    assert "workflow optimization" in orc("knowledge", "why", part, entry).out.lower()
    before = shown(orc, part, entry)
    assert orc("undo").code == 0
    assert orc("knowledge", "why", part, entry).code == 2
    told = json.loads(orc("knowledge", "learn", *WAY, "--json").out)
    assert (told["changed"], told["action"]) == (1, "workflow_optimization:errands/dumped>confirmed>done")
    assert shown(orc, part, entry)["evidence"] == before["evidence"]


def test_how_long_a_todo_takes_in_truth(orc: Orc, mine: Path) -> None:
    with Workbench.open(mine) as wb:
        todo = wb.find(Todo, status="confirmed")[0]
    ran = orc("knowledge", "learn", "--todo", todo.id[-8:], "--takes", "9h")
    assert ran.code == 0
    assert todo.title in ran.out
    assert "task_estimation_corrected" in orc("knowledge", "why", "tasks.estimation_models", "all work").out
    with Workbench.open(mine) as wb:
        assert wb.get(Todo, todo.id) == todo


def test_what_is_forgotten_stays_forgotten_until_it_is_undone(orc: Orc, mine: Path) -> None:
    part, entry = "users.working_styles", "work in progress"
    before = shown(orc, part, entry)
    assert before["learned_from"]
    ran = orc("knowledge", "forget", part, entry)
    assert (ran.code, ran.err) == (0, "")
    assert "(1 entry)" in ran.out
    assert shown(orc, part, entry)["learned_from"] == 0
    orc("undo")
    assert shown(orc, part, entry)["parameters"] == before["parameters"]
    key = json.loads(orc("knowledge", "why", part, entry, "--json").out)[-1]["key"]
    assert orc("knowledge", "forget", "--action", key).code == 0
    assert key not in orc("knowledge", "why", part, entry).out
    assert orc("knowledge", "forget", part).code == 0


def test_projects_are_called_by_their_titles_and_actions_by_short_ids(orc: Orc, mine: Path) -> None:
    part = "tasks.estimation_models"
    with Workbench.open(mine) as wb:
        todo = next(todo for todo in wb.find(Todo, status="confirmed") if todo.project_id)
        project = wb.get(Project, todo.project_id or "")
    orc("knowledge", "learn", "--todo", todo.id, "--takes", "9h")
    by_title = orc("knowledge", "why", part, "project", *project.title.split())
    assert by_title.code == 0
    assert by_title.out == orc("knowledge", "why", part, f"project {project.id}").out
    assert f"(task_estimation_corrected:{todo.id[-6:]})" in by_title.out
    assert todo.id not in by_title.out
    told = orc("knowledge", "why", part, "nope").err
    assert f"project {project.title}" in told
    assert project.id not in told
    assert orc("knowledge", "forget", "--action", f"task_estimation_corrected:{todo.id[-6:]}").code == 0
    assert orc("knowledge", "why", part, "project", project.title).out.startswith("Nothing taught it yet")
    assert orc("undo").code == 0
    assert orc("knowledge", "forget", part, "project", project.title).code == 0


def test_of_two_projects_with_one_title_the_right_one_is_asked_for(orc: Orc, mine: Path) -> None:
    part = "tasks.estimation_models"
    with Workbench.open(mine) as wb:
        (first,) = wb.find(Project)
        second = wb.add_project(first.title)
        todos = [wb.find(Todo, status="confirmed", project_id=first.id)[0]]
        todos += [wb.add_todo("B", project_id=second.id, estimated_hours=2.0)]
    for todo, hours in zip(todos, ("9h", "1h"), strict=True):
        assert orc("knowledge", "learn", "--todo", todo.id, "--takes", hours).code == 0
    for words in (["why"], ["show"], ["forget"]):
        ran = orc("knowledge", *words, part, "project", first.title)
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
        assert all(f"project {project.id[-6:]}" in ran.err for project in (first, second))
    told = [orc("knowledge", "why", part, "project", project.id[-6:]).out for project in (first, second)]
    assert [out.count("task_estimation_corrected") for out in told] == [1, 1]
    assert all(f"(task_estimation_corrected:{todo.id[-6:]})" in out for todo, out in zip(todos, told, strict=True))


def test_what_is_taught_of_a_past_week_replaces_nothing(orc: Orc, mine: Path) -> None:
    orc("knowledge", "list")
    with Workbench.open(mine) as wb:
        before, week = {row.id: row.value for row in wb.find(Knowledge)}, str(wb.week() - 2)
    assert orc("knowledge", "learn", *WAY, "--week", week).code == 2
    orc("knowledge", "learn", *WAY)
    with Workbench.open(mine) as wb:
        after = {row.id: row.value for row in wb.find(Knowledge)}
    assert {id: after[id] for id in before} == before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["show", "nope"], "projects.patterns"),
        (["show", "projects.patterns", "nope"], "silent"),
        (["why", "projects.patterns", "nope"], "silent"),
        (["why", "nope", "silent"], "projects.patterns"),
        (["forget"], "--action KEY"),
        (["forget", "nope"], "projects.patterns"),
        (["forget", "projects.patterns", "silent"], "something"),
        (["forget", "--action", "nope"], "an action that is kept"),
        (["learn"], "--way"),
        (["learn", "--todo", "4f2a9c"], "--takes"),
        (["learn", "--way", "dumped"], "two or more"),
        (["learn", "--way", "dumped,nope"], "two or more"),
    ],
)
def test_bad_input_is_one_sentence(orc: Orc, mine: Path, words: list[str], told: str) -> None:
    ran = orc("knowledge", *words)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert ran.err.count("\n") == 1


def test_a_todo_that_is_not_there_or_takes_nothing_is_said(orc: Orc, mine: Path) -> None:
    assert orc("knowledge", "learn", "--todo", "ffffffffffff", "--takes", "1h").code == 3
    with Workbench.open(mine) as wb:
        todo = wb.find(Todo, status="confirmed")[0]
    for hours in ("0", "-1", "some"):
        assert orc("knowledge", "learn", "--todo", todo.id, f"--takes={hours}").code == 2


def test_the_sample_life_is_not_taught_unless_it_is_named(orc: Orc, sample: Path) -> None:
    assert orc("knowledge", "learn", *WAY).code == 4
    assert orc("knowledge", "forget", "projects.patterns").code == 4
    assert orc("knowledge", "learn", *WAY, "--db", sample).code == 0
    assert orc("knowledge", "why", "tasks.workflow_patterns", "category errands", "--db", sample).code == 0
