"""summary, today, accuracy: on the sample life, on a life of one's own, on nothing."""

import json
import shutil
import sqlite3
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest

from orc_lab.agents.recommend import followed
from orc_lab.model.entities import ForecastRecord, Origin, Project, Recommendation, Todo
from orc_lab.store import database
from orc_lab.workbench.bench import Workbench
from tests.agents.insight_lives import NASTY, live, lived_in
from tests.cli.conftest import Orc


@pytest.fixture
def mine(here: Path) -> Path:
    """A database of one's own with recent work on one late project."""
    path = here / "data" / "creation-os.db"
    path.parent.mkdir()
    shutil.copy(lived_in(), path)
    return path


def kept(path: Path) -> set[str]:
    with Workbench.open(path) as wb:
        rows = wb.find(ForecastRecord)
        assert {row.origin for row in rows} <= {Origin.LIVE}
        return {row.model for row in rows}


def test_a_summary_tells_and_keeps_what_it_told(orc: Orc, mine: Path) -> None:
    ran = orc("summary", "thesis")
    assert (ran.code, ran.err) == (0, "")
    for word in ("In 30 days", "velocity ", "productivity ", "progress trend", "velocity trend", "quality trend", "→ "):
        assert word in ran.out
    assert "nan" not in ran.out.lower()
    assert kept(mine) == {"completion", "trouble:overrun", "trouble:dormant"}
    told = json.loads(orc("summary", "Thesis", "--json", "--time", "all").out)
    assert (told["title"], told["time_frame"]) == ("Thesis", "all")
    assert {"insights", "metrics", "trends"} <= set(told)


def test_an_analysis(orc: Orc, mine: Path) -> None:
    ran = orc("summary", "Thesis", "--analysis")
    assert (ran.code, ran.err) == (0, "")
    assert "high: " in ran.out
    told = json.loads(orc("summary", "Thesis", "--analysis", "--json").out)
    assert told["risk_analysis"]["high_risk"] is True
    assert told["risk_analysis"]["mitigation_steps"]
    assert {"health_assessment", "optimization_suggestions", "predictive_insights"} <= set(told)


def test_a_past_week_and_the_sample_life_are_only_looked_at(orc: Orc, mine: Path, tmp_path: Path) -> None:
    with Workbench.open(mine) as wb:
        week, edits = str(wb.week() - 3), len(wb.edits(10_000))
    for words in (["summary", "Thesis"], ["today"], ["health"], ["forecast"], ["accuracy"], ["knowledge", "list"]):
        assert orc(*words, "--week", week).code == 0
    with Workbench.open(mine) as wb:
        assert len(wb.edits(10_000)) == edits
        assert not wb.find(ForecastRecord)
        assert not wb.find(Recommendation)


def test_the_sample_life_stays_as_it_is(orc: Orc, sample: Path) -> None:
    with Workbench.open(sample) as wb:
        title, edits = next(p.title for p in wb.find(Project, status="active")), len(wb.edits(10_000))
    for words in (["summary", title], ["today"], ["accuracy"]):
        ran = orc(*words)
        assert ran.code == 0
        assert "sample life" in ran.err
    with Workbench.open(sample) as wb:
        assert len(wb.edits(10_000)) == edits


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["summary", "Nope"], 3, "Nope"),
        (["summary", "Thesis", "--time", "5d"], 2, "one of 7d, 30d, 90d, all"),
        (["summary", "Thesis", "--week", "2999-W01"], 2, "still to come"),
        (["today", "--do", "4f2a9c"], 3, "4f2a9c"),
        (["today", "--do", "4f2a9c", "--snooze", "4f2a9c"], 2, "one of --do, --snooze, --dismiss"),
        (["today", "--snooze", "4f2a9c", "--until", "someday"], 2, "someday"),
        (["today", "--week", "2026-W54"], 2, "2026-W54"),
        (["accuracy", "--week", "nope"], 2, "nope"),
    ],
)
def test_bad_input_is_one_sentence(orc: Orc, mine: Path, words: list[str], code: int, told: str) -> None:
    ran = orc(*words)
    assert (ran.code, ran.out) == (code, "")
    assert told in ran.err
    assert ran.err.count("\n") == 1


def recommended(orc: Orc) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(orc("today", "--json").out)["recommendations"]
    return rows


def test_today_says_what_to_do_and_why(orc: Orc, mine: Path) -> None:
    ran = orc("today")
    assert (ran.code, ran.err) == (0, "")
    for word in ("high: Thesis needs attention", "why: ", "effect: ", "→ ", "because"):
        assert word in ran.out
    (first, *_) = recommended(orc)
    assert {"id", "type", "priority", "rule", "reason", "evidence", "effect", "actions", "response"} <= set(first)
    assert str(first["id"])[-6:] in ran.out
    assert first["evidence"]
    assert f"evidence: {' '.join(map(str, first['evidence']))}" in ran.out  # type: ignore[call-overload]
    with Workbench.open(mine) as wb:
        assert wb.count(Recommendation, response=None) == len(recommended(orc))


def test_an_answer_is_kept_and_can_be_undone(orc: Orc, mine: Path) -> None:
    id = str(recommended(orc)[0]["id"])
    assert orc("today", "--do", id[-6:]).out.startswith("done: Thesis needs attention")
    assert recommended(orc)[0]["response"] == "done"
    assert orc("undo").code == 0
    assert recommended(orc)[0]["response"] is None
    assert orc("today", "--dismiss", id).code == 2
    told = json.loads(orc("today", "--dismiss", id, "--why", NASTY, "--json").out)
    assert (told["response"], told["why"]) == ("dismissed", NASTY)


def test_snoozed_without_a_day_is_until_tomorrow(orc: Orc, mine: Path) -> None:
    id = str(recommended(orc)[0]["id"])
    assert orc("today", "--snooze", id).code == 0
    with Workbench.open(mine) as wb:
        tomorrow = (wb.today() + timedelta(days=1)).isoformat()
        assert wb.get(Recommendation, id).snoozed_until == tomorrow
    assert id not in [row["id"] for row in recommended(orc)]
    ran = orc("today", "--snooze", id, "--until", "yesterday")
    assert (ran.code, ran.out) == (2, "")


def test_today_learns_from_two_weeks_ago_and_tells_which_rule_rests(orc: Orc, mine: Path) -> None:
    id = str(recommended(orc)[0]["id"])
    with Workbench.open(mine) as wb:
        row, day = wb.get(Recommendation, id), wb.today()
        with wb.edit("long ago", actor="agent") as tx:
            for n in range(16):
                ago = (day - timedelta(days=20 + 14 * n)).isoformat()
                values = {each.name: getattr(row, each.name) for each in fields(row)}
                response = None if n % 2 else followed.Response.DONE.value
                tx.insert(Recommendation(**{**values, "id": f"old {n}", "day": ago, "response": response}))
    again = orc("today", "--json")
    with Workbench.open(mine) as wb:
        assert wb.count(Recommendation, outcome=None) == wb.count(Recommendation) - 16
    shown = json.loads(orc("knowledge", "show", "projects.optimization_rules", "late", "--json").out)
    evidence = shown[0]["evidence"]
    assert evidence["followed"] == evidence["not followed"] == 8
    assert again.code == 0
    assert "8 times" in json.dumps(json.loads(again.out)["recommendations"][0]["evidence"])


def test_an_empty_life_has_a_day(orc: Orc, own: Path) -> None:
    assert orc("today").out == "Nothing is recommended today.\n\n"
    assert json.loads(orc("today", "--json").out)["recommendations"] == []
    orc("project", "add", "Young")
    ran = orc("summary", "Young", "--time", "all")
    assert (ran.code, ran.err) == (0, "")
    assert "Nothing is open." in ran.out or "too little data" in ran.out
    assert orc("summary", "Young", "--analysis").code == 0


def test_a_title_cannot_steer_a_terminal(orc: Orc, here: Path) -> None:
    path = here / "data" / "creation-os.db"
    path.parent.mkdir()
    live(path, title=NASTY).close()
    with Workbench.open(path) as wb:
        (project,) = wb.find(Project)
    for words in (["today"], ["summary", project.id], ["summary", project.id, "--analysis"], ["forecast", project.id]):
        ran = orc(*words)
        assert ran.code == 0
        assert "\x1b" not in ran.out
    assert json.loads(orc("summary", project.id, "--json").out)["title"] == NASTY


def test_accuracy_counts_what_came_true(orc: Orc, mine: Path) -> None:
    assert "No forecast was recorded yet" in orc("accuracy").out
    with Workbench.open(mine) as wb:
        todo = wb.find(Todo, status="confirmed")[0]
    assert orc("estimate", todo.id).code == 0
    assert "the one forecast doesn't count yet" in orc("accuracy").out
    orc("done", todo.id, "--hours", "2")
    told = json.loads(orc("accuracy", "--json").out)
    assert [(row["model"], row["n"]) for row in told["models"]] == [("estimate", 1)]
    assert "80% bands held" in orc("accuracy").out


def test_a_locked_database_still_answers(orc: Orc, mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    other = sqlite3.connect(mine, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        for words in (["today"], ["summary", "Thesis"], ["health"], ["forecast", "Thesis"], ["accuracy"]):
            ran = orc(*words)
            assert ran.code == 0
            assert "locked" not in ran.err
    finally:
        other.rollback()
        other.close()
    assert kept(mine) == set()
