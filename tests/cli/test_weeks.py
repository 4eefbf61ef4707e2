"""Projects, weeks, capacity, work and settings."""

import json
from pathlib import Path

import pytest

from orc_lab.model.entities import Session, Setting
from orc_lab.workbench.bench import Workbench
from tests.cli.conftest import Orc
from tests.cli.test_todos import add, todo


def test_projects(orc: Orc, own: Path) -> None:
    orc("project", "add", "Master", "thesis", "why=to graduate", "due=2027-03-01", "priority=high")
    assert orc("project", "edit", "Master thesis", "progress=40", "status=paused").code == 0
    add(orc, "A +Master_thesis")
    (project,) = json.loads(orc("project", "--json").out)
    assert (project["title"], project["why"], project["progress"]) == ("Master thesis", "to graduate", 40)
    assert orc("project").out.splitlines()[1][8:] == "paused  high      2027-03-01       40%     1  Master thesis"
    orc("project", "edit", "master thesis", "status=completed")
    assert "No project is active" in orc("project").out
    assert "Master thesis" in orc("project", "--all").out


def test_intentions(orc: Orc, own: Path) -> None:
    assert "orc intention add" in orc("intention").out
    orc("intention", "add", "Become a scholar")
    orc("project", "add", "Thesis")
    assert orc("project", "edit", "Thesis", "intention=become a scholar").code == 0
    assert orc("intention").out.splitlines()[1].split()[1:] == ["1", "Become", "a", "scholar"]
    assert orc("intention", "edit", "Become a scholar", "title=Scholar").code == 0
    assert json.loads(orc("intention", "--json").out)[0]["title"] == "Scholar"


@pytest.mark.parametrize(
    "words", [["project", "add", "why=x"], ["project", "edit", "Thesis"], ["project", "add", "A", "progress=101"]]
)
def test_a_wrong_project_is_said(orc: Orc, own: Path, words: list[str]) -> None:
    orc("project", "add", "Thesis")
    ran = orc(*words)
    assert (ran.code, ran.out) == (2, "")


def test_two_projects_of_one_title_need_an_id(orc: Orc, own: Path) -> None:
    for _ in range(2):
        orc("project", "add", "Thesis")
    assert orc("list", "--project", "Thesis").code == 2


def test_a_week_is_planned_done_and_reflected_on(orc: Orc, own: Path) -> None:
    ids = [add(orc, "A 2h"), add(orc, "B 90m"), add(orc, "C")]
    assert "Nothing is promised" in orc("week").out
    assert orc("commit", *ids).out.count("Committed for ") == 3
    assert orc("uncommit", ids[2]).code == 0
    assert orc("goal", "add", "Draft").code == 0
    orc("done", ids[0], "--hours", "3")
    ran = orc("week", "--confirm", "--reflect", "fine", "--rating", "4")
    assert (ran.code, ran.err) == (0, "")
    assert "Goal: Draft\nReflection: fine\nRating: 4 of 5\n" in ran.out
    assert "1 of 2 done.\n" in ran.out
    told = json.loads(orc("week", "--json").out)
    assert [c["outcome"] for c in told["commitments"]] == ["done", "open", "removed"]
    assert (told["goal"]["self_rating"], told["usual_hours"]) == (4, 30.0)
    assert orc("undo").out.startswith("Undone: confirm plan")
    assert "Rating" not in orc("week").out


def test_weeks_are_named(orc: Orc, own: Path) -> None:
    id = add(orc, "A")
    assert orc("commit", id, "--week", "2027-W03").code == 0
    assert "A" in orc("week", "2027-W03").out
    assert "Week 2027-W03, 2027-01-18 to 2027-01-24, " in orc("week", "2027W03").out
    assert orc("week", "last").out != orc("week", "next").out
    assert orc("week", "this").out == orc("week").out


@pytest.mark.parametrize("words", [["week", "--rating", "9"], ["week", "--rating", "x"], ["goal", "edit", "nope=1"]])
def test_a_wrong_reflection_is_said(orc: Orc, own: Path, words: list[str]) -> None:
    ran = orc(*words)
    assert (ran.code, ran.out) == (2, "")


def test_goals(orc: Orc, own: Path) -> None:
    assert "orc goal add" in orc("goal").out
    orc("goal", "add", "First", "draft", "--week", "2027-W03")
    orc("goal", "edit", "reflection=good", "rating=5", "--week", "2027-W03")
    (goal,) = json.loads(orc("goal", "--json").out)
    assert (goal["goal"], goal["reflection"], goal["self_rating"]) == ("First draft", "good", 5)
    assert orc("goal").out.splitlines()[1].split() == ["2027-W03", "0", "h", "First", "draft"]


def test_capacity(orc: Orc, own: Path) -> None:
    assert "usual" in orc("capacity").out
    assert orc("capacity", "2027-01-18", "0", "Holi", "day").out == "2027-01-18 is 0 of a usual day. Holi day\n"
    orc("capacity", "2027-01-19", "0.5")
    assert orc("capacity").out.splitlines()[1:] == ["2027-01-18       0  Holi day", "2027-01-19     0.5"]
    assert "23.57 h of planned work fit" in orc("week", "2027-W03").out
    assert orc("capacity", "2027-01-18", "1").code == 0
    assert [row["factor"] for row in json.loads(orc("capacity", "--json").out)] == [1.0, 0.5]


@pytest.mark.parametrize("words", [["2027-01-18"], ["someday", "1"], ["2027-01-18", "lots"], ["2027-01-18", "3"]])
def test_a_wrong_capacity_is_said(orc: Orc, own: Path, words: list[str]) -> None:
    ran = orc("capacity", *words)
    assert (ran.code, ran.out) == (2, "")


def test_work(orc: Orc, own: Path) -> None:
    id, other = add(orc, "A"), add(orc, "B")
    assert orc("stop").code == 3
    assert orc("start", id, "--at", "2026-11-20 9:15").code == 2  # no ISO time
    assert orc("start", id, "--at", "2026-11-20 09:15").out.startswith("Working since 2026-11-20 09:15: A")
    assert orc("start", other).code == 8
    ran = orc("stop")
    assert ran.code == 8
    assert "--at now" in ran.err
    assert orc("stop", "--at", "2026-11-20 09:00").code == 2
    assert orc("stop", "--at", "2026-11-20 10:45").out.startswith("Worked 1.5 h, 1.5 h in all: A")
    assert todo(own, id).actual_hours == 1.5
    assert json.loads(orc("start", other, "--json").out)["ended_at"] is None
    assert json.loads(orc("stop", "--json").out)["ended_at"] is not None
    with Workbench.open(own) as wb:
        assert wb.count(Session) == 2


def test_settings(orc: Orc, own: Path) -> None:
    assert "Europe/Berlin" in orc("settings").out
    assert orc("set", "zone", "Asia/Tokyo").out == "zone is Asia/Tokyo from now on.\n"
    told = json.loads(orc("settings", "--json").out)
    assert (told["zone"], told["hours_per_week"], told["sample"]) == ("Asia/Tokyo", 30.0, False)
    with Workbench.open(own) as wb:
        assert wb.settings(at=1).zone == "Europe/Berlin"
        assert wb.count(Setting) == 2


@pytest.mark.parametrize(
    ("key", "value"),
    [("zone", "Mars"), ("day_start", "25:00"), ("hours_per_week", "0"), ("hours_per_week", "x"), ("nope", "1")],
)
def test_a_wrong_setting_changes_nothing(orc: Orc, own: Path, key: str, value: str) -> None:
    before = orc("settings").out
    ran = orc("set", key, value)
    assert (ran.code, ran.out) == (2, "")
    assert orc("settings").out == before
