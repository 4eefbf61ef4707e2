import json
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from orc_lab.agents.insight.known import Known
from orc_lab.agents.knowledge.agent import AgentKnowledge, load
from orc_lab.agents.recommend.daily import Recommended, Today, generate_daily_recommendations
from orc_lab.agents.recommend.effects import Expected
from orc_lab.agents.recommend.followed import JUDGED_AFTER, Kept, Response, follow_up, kept_of, respond
from orc_lab.agents.recommend.plan import Plan
from orc_lab.agents.recommend.scheduler import Scheduler
from orc_lab.errors import InvalidValue, NotFound
from orc_lab.model.entities import Advice, Priority, Project, Recommendation, Todo
from orc_lab.model.ids import derived_id
from orc_lab.review.reading import read_frames
from orc_lab.workbench.bench import Workbench
from tests.agents.insight_lives import NASTY, live

DAY = date(2026, 5, 18)
TOMORROW = DAY + timedelta(days=1)
EFFECT = Expected(what="days earlier", before=0.0, after=2.0, low=1.0, high=3.0, sentence="Two days.")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with live(tmp_path / "own.db") as wb:
        for id in ("p1", "p2"):
            wb.create(Project, id=id, title=id)
        yield wb


def one(rule: str = "late", project_id: str = "p1", title: str = "Do it") -> Recommended:
    return Recommended(
        type=Advice.RISK_MITIGATION, priority=Priority.HIGH, project_id=project_id, rule=rule, title=title,
        description="It is late.", actions=("Cut “it”.",), reason="So.", evidence=("Five of six.",), effect=EFFECT,
    )  # fmt: skip


def of(*told: Recommended, silent: tuple[Recommended, ...] = ()) -> Today:
    order: Plan = Scheduler().choose([], DAY.isoformat(), 1.0)
    return Today(recommendations=told, order=order, retired=(), silent=silent)


def rules(kept: tuple[Kept, ...]) -> list[str]:
    return [each.told.rule for each in kept]


def rows(wb: Workbench) -> list[Recommendation]:
    return wb.find(Recommendation, order=("day", "rule"))


def test_what_is_shown_is_kept_once_a_day(bench: Workbench) -> None:
    first = kept_of(bench, of(one(title=NASTY), one("likely overrun")), DAY, live=True)
    edits = len(bench.edits(1000))
    again = kept_of(bench, of(one(title=NASTY), one("likely overrun")), DAY, live=True)
    assert [each.id for each in first] == [each.id for each in again]
    assert len(bench.edits(1000)) == edits
    row, _ = rows(bench)
    assert (row.rule, row.day, row.title, row.response) == ("late", DAY.isoformat(), NASTY, None)
    assert json.loads(row.actions) == ["Cut “it”."]
    assert json.loads(row.evidence or "")["told"] == ["Five of six."]
    assert json.loads(row.effect or "")["low"] == 1.0
    assert json.loads(json.dumps(first[0].as_dict()))["id"] == row.id
    kept_of(bench, of(one()), TOMORROW, live=True)
    assert len(rows(bench)) == 3


def test_elsewhere_than_in_ones_own_life_nothing_is_kept(bench: Workbench) -> None:
    assert rules(kept_of(bench, of(one()), DAY, live=False)) == ["late"]
    assert rows(bench) == []


def test_a_resting_rule_is_recorded_and_not_shown(bench: Workbench) -> None:
    assert rules(kept_of(bench, of(one(), silent=(one("fewer at once"),)), DAY, live=True)) == ["late"]
    assert {row.rule: row.response for row in rows(bench)} == {"late": None, "fewer at once": Response.SILENT}


def test_dismissed_it_stays_away_for_two_weeks(bench: Workbench) -> None:
    (kept,) = kept_of(bench, of(one()), DAY, live=True)
    respond(bench, kept.id, Response.DISMISSED, why="the client moved the date")
    assert [each.response for each in kept_of(bench, of(one()), DAY, live=True)] == ["dismissed"]
    for days in (1, 7, 14):
        assert kept_of(bench, of(one()), DAY + timedelta(days=days), live=True) == ()
    assert rules(kept_of(bench, of(one("likely overrun"), one(project_id="p2")), TOMORROW, live=True)) == [
        "likely overrun", "late"
    ]  # fmt: skip
    assert rules(kept_of(bench, of(one()), DAY + timedelta(days=15), live=True)) == ["late"]


@pytest.mark.parametrize("days", [1, 3, 40])
def test_snoozed_it_comes_back_on_its_day(bench: Workbench, days: int) -> None:
    (kept,) = kept_of(bench, of(one()), DAY, live=True)
    back = DAY + timedelta(days=days)
    respond(bench, kept.id, Response.SNOOZED, until=back)
    for before in {0, days - 1}:
        assert kept_of(bench, of(one()), DAY + timedelta(days=before), live=True) == ()
    assert rules(kept_of(bench, of(one()), back, live=True)) == ["late"]


def test_an_answer_is_an_edit_of_the_persons(bench: Workbench) -> None:
    (kept,) = kept_of(bench, of(one()), DAY, live=True)
    assert respond(bench, kept.id, Response.SNOOZED, until=TOMORROW).snoozed_until == TOMORROW.isoformat()
    row = respond(bench, kept.id, Response.DONE)
    assert (row.response, row.snoozed_until, row.why) == ("done", None, None)
    assert row.responded_at is not None
    bench.undo(steps=2)
    row = bench.get(Recommendation, kept.id)
    assert (row.response, row.responded_at) == (None, None)


def test_a_wrong_answer_is_said(bench: Workbench) -> None:
    (kept,) = kept_of(bench, of(one()), DAY, live=True)
    with pytest.raises(InvalidValue, match="until"):
        respond(bench, kept.id, Response.SNOOZED)
    with pytest.raises(InvalidValue, match="a day after 2026-05-18"):
        respond(bench, kept.id, Response.SNOOZED, until=DAY)
    for why in (None, "", "  "):
        with pytest.raises(InvalidValue, match="why"):
            respond(bench, kept.id, Response.DISMISSED, why=why)
    with pytest.raises(NotFound):
        respond(bench, "nope", Response.DONE)
    assert bench.get(Recommendation, kept.id).response is None


def seen(wb: Workbench) -> Known:
    return Known(frames=read_frames(wb, wb.week(), int(time.time()) + 1), kb=load(wb))


def told_then(wb: Workbench, rule: str, days_ago: list[int], *, response: Response | None = None) -> None:
    """Recommendations of a rule for the project, so many days ago, answered like that."""
    id = derived_id("project", "Thesis")
    today = wb.today()
    for ago in days_ago:
        for kept in kept_of(wb, of(one(rule, id)), today - timedelta(days=ago), live=True):
            if response is Response.DONE:
                respond(wb, kept.id, response)


def evidence(wb: Workbench, rule: str) -> dict[str, float | str]:
    return dict(load(wb).entry("projects.optimization_rules", rule).evidence)


def test_after_two_weeks_what_followed_teaches_once(bench: Workbench) -> None:
    told_then(bench, "late", [JUDGED_AFTER - 1])
    known, knowledge = seen(bench), AgentKnowledge.load(bench)
    assert follow_up(bench, known, knowledge) == 0
    told_then(bench, "made up", [JUDGED_AFTER], response=Response.DONE)
    assert follow_up(bench, known, knowledge) == 1
    assert evidence(bench, "made up")["followed, went well"] == 1, "work went on, and the rule has no more to say"
    assert load(bench).rule("made up").weight > 0.5
    assert knowledge.kb.rule("made up").weight == load(bench).rule("made up").weight
    edits = len(bench.edits(1000))
    assert follow_up(bench, known, knowledge) == 0
    assert len(bench.edits(1000)) == edits
    outcomes = {row.rule: row.outcome for row in rows(bench)}
    assert outcomes["late"] is None
    assert json.loads(outcomes["made up"] or "") == {"followed": True, "helped": True}


def test_what_still_threatens_was_not_helped(bench: Workbench) -> None:
    known = seen(bench)
    assert "late" in [risk.name for risk in known.health(derived_id("project", "Thesis")).risks]
    told_then(bench, "late", [JUDGED_AFTER])
    follow_up(bench, known, AgentKnowledge.load(bench))
    assert evidence(bench, "late") == {
        "followed": 0, "followed, went well": 0, "not followed": 1, "not followed, went well": 0
    }  # fmt: skip


def test_what_is_said_day_after_day_is_one_trial(bench: Workbench) -> None:
    today = bench.today().toordinal()
    begin = today - (today - 28) // 14 * 14 + 28  # days ago on which a fortnight began
    days = list(range(begin, begin - 14, -1))
    told_then(bench, "late", days)
    assert follow_up(bench, seen(bench), AgentKnowledge.load(bench)) == 14
    assert evidence(bench, "late")["not followed"] <= 2
    assert not load(bench).rule("late").retired


def test_followed_on_one_of_its_days_is_followed(bench: Workbench) -> None:
    today = bench.today().toordinal()
    ago = next(days for days in range(20, 40) if (today - days) % 14 == 0)
    told_then(bench, "made up", [ago], response=Response.DONE)
    told_then(bench, "made up", [ago - 1, ago - 2])
    assert follow_up(bench, seen(bench), AgentKnowledge.load(bench)) == 3
    assert evidence(bench, "made up")["followed"] == 1
    assert evidence(bench, "made up")["not followed"] == 0


def test_a_project_that_is_over_is_judged_by_its_work(bench: Workbench) -> None:
    id = derived_id("project", "Thesis")
    told_then(bench, "late", [JUDGED_AFTER + 2])
    for todo in bench.find(Todo, project_id=id, status="confirmed"):
        bench.drop(todo.id)
    bench.complete_project(id)
    assert follow_up(bench, seen(bench), AgentKnowledge.load(bench)) == 1
    assert json.loads(rows(bench)[0].outcome or "")["helped"] is True


def test_the_day_of_a_real_database_is_kept_and_answered(bench: Workbench) -> None:
    today = generate_daily_recommendations(seen(bench))
    kept = kept_of(bench, today, bench.today(), live=True)
    assert kept[0].told.rule == "late"
    assert len(rows(bench)) == len(kept) + len(today.silent)
