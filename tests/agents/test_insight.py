import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc_lab.agents.insight.analysis import analyze_project
from orc_lab.agents.insight.known import Known
from orc_lab.agents.insight.measures import pace, productivity
from orc_lab.agents.insight.span import Span, TimeFrame, time_frame
from orc_lab.agents.insight.suggest import suggestions, unusual_ways
from orc_lab.agents.insight.summary import generate_project_summary
from orc_lab.agents.insight.trends import drift, finishes, progress_series, quality, trends
from orc_lab.agents.knowledge.action import workflow_optimization
from orc_lab.agents.knowledge.base import KnowledgeBase, learn
from orc_lab.errors import InvalidValue, NotFound
from orc_lab.mirror.features import EVENTS, SESSIONS
from tests.agents.insight_lives import AT, NASTY, done, known_of, past, sample, still_open
from tests.review.made_up import day, frames, project, promise, todo

DUE = pd.Timestamp(AT) + pd.Timedelta(days=30)


def plain(value: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON gives it back: only plain values, no NaN."""
    found: dict[str, Any] = json.loads(json.dumps(value, allow_nan=False))
    assert found == value
    return found


def lives() -> dict[str, tuple[Any, ...]]:
    """The rows of each life."""
    many = past()
    return {
        "nothing at all": ([],),
        "nothing yet": (past("p2"), [project(), project("p2", "Other")]),
        "all done": (many,),
        "all dropped": ([{**each, "status": "dropped", "dropped": day(-1)} for each in still_open(3)],),
        "overdue": ([*many, *still_open(4)], [project(due=pd.Timestamp(AT) - pd.Timedelta(days=9))]),
        "due": ([*many, *still_open(4)], [project(due=DUE)]),
        "no due day": ([*many, *still_open(4)],),
        "paused": ([*many, *still_open(4)], [project(status="paused")]),
        "completed": (many, [project(status="completed", completed=day(-1))]),
        "first week": (still_open(2, created=day(0)),),
        "first done": ([done(1, 0), *still_open(2, created=day(0))],),
        "no estimates": ([*past(), *still_open(4, estimate_hours=None)],),
        "no hours": ([done(n, 1 + n % 9, actual_hours=None, estimate_hours=None) for n in range(40)],),
        "a giant": ([*many, done(9999, 1, actual_hours=900.0), *still_open(4)],),
        "zero estimates": ([*many, *still_open(4, estimate_hours=0.0)],),
        "nasty": ([*many, *still_open(4, title=NASTY)], [project(title=NASTY)]),
    }


LIVES = lives()


@cache
def life(name: str) -> Known:
    return known_of(*LIVES[name])


@pytest.mark.parametrize("name", LIVES)
def test_every_life_has_a_summary_and_an_analysis_under_their_names(name: str) -> None:
    known = life(name)
    for frame in TimeFrame:
        told = plain(generate_project_summary(known, "p1", frame).as_dict())
        assert told["time_frame"] == frame.value
        assert set(told["insights"]) == {"summary", "health_score", "risk_factors", "recommendations"}
        assert set(told["metrics"]) == {"velocity", "productivity", "time_to_completion"}
        assert set(told["trends"]) == {"progress", "velocity", "quality"}
        for each in told["trends"].values():
            assert {"slope", "low", "high", "direction"} <= set(each)
            assert (each["slope"] is None) == (each["direction"] == "too little data")
            assert each["slope"] is None or each["low"] <= each["slope"] <= each["high"]
    told = plain(analyze_project(known, "p1").as_dict())
    assert {"health_assessment", "risk_analysis", "optimization_suggestions", "predictive_insights"} <= set(told)
    risks = told["risk_analysis"]
    assert set(risks) == {"high_risk", "primary_risk", "factors", "mitigation_steps"}
    assert risks["high_risk"] == any(each["severity"] == "high" for each in risks["factors"])
    assert (risks["primary_risk"] is None) == (not risks["factors"])
    assert all(each["steps"] for each in risks["factors"])
    assert all(each["description"] and each["steps"] for each in told["optimization_suggestions"])
    words = json.dumps(told)
    assert not {"nan", "inf"} & set(words.replace('"', " ").replace(",", " ").lower().split())


def test_a_summary_says_what_was_done_what_is_left_and_when_it_ends() -> None:
    assert "Nothing is open." in generate_project_summary(life("all done"), "p1").text
    assert "0 todos of it were done" in generate_project_summary(life("nothing yet"), "p1").text
    late = generate_project_summary(life("overdue"), "p1")
    assert late.risk_factors[0].name == "late"
    assert late.recommendations
    assert "on time with a chance of" in generate_project_summary(life("due"), "p1").text
    assert "on time" not in generate_project_summary(life("no due day"), "p1").text
    assert generate_project_summary(life("first week"), "p1").as_dict()["insights"]["health_score"] is None  # type: ignore[index]


def test_one_number_for_one_thing() -> None:
    for name in ("due", "overdue"):
        known = life(name)
        analysis, summary = analyze_project(known, "p1"), generate_project_summary(known, "p1")
        p = known.snapshot("p1").p_on_time
        assert analysis.completion.p_on_time == pytest.approx(p)
        assert summary.time_to_completion.p_on_time == pytest.approx(p)
        assert analysis.trouble is not None
        assert analysis.trouble.p_late == pytest.approx(1 - p)


def test_a_title_is_data() -> None:
    told = generate_project_summary(life("nasty"), "p1").as_dict()
    assert told["title"] == NASTY


@pytest.mark.parametrize("ask", [generate_project_summary, analyze_project, suggestions])
def test_an_unknown_project_is_said(ask: Any) -> None:
    with pytest.raises(NotFound):
        ask(life("due"), "nope")


def test_time_frames() -> None:
    assert [time_frame(text) for text in ("7d", "30d", "90d", "all")] == list(TimeFrame)
    with pytest.raises(InvalidValue, match="one of 7d, 30d, 90d, all"):
        time_frame("5d")
    for frame, weeks in ((TimeFrame.WEEK, 1.0), (TimeFrame.MONTH, 30 / 7), (TimeFrame.QUARTER, 13.0)):
        assert Span.of(frame, AT, None).weeks == pytest.approx(weeks)
    assert Span.of(TimeFrame.ALL, AT, AT - timedelta(days=100)).weeks == 15
    assert Span.of(TimeFrame.ALL, AT, pd.NaT).weeks == 1  # type: ignore[arg-type]
    assert Span.of(TimeFrame.ALL, AT, AT - timedelta(days=9000)).weeks == 104


@given(st.lists(st.integers(-60 * 24, 48), max_size=30), st.sampled_from(list(TimeFrame)))
def test_steps_hold_what_the_span_holds_once(hours: list[int], frame: TimeFrame) -> None:
    span = Span.of(frame, AT, AT - timedelta(days=40))
    when = pd.Series([AT + timedelta(hours=each) for each in hours], dtype="datetime64[us]")
    counts = span.counts(when)
    assert counts.sum() == span.holds(when).sum() == sum(span.start < each <= AT for each in when)
    assert len(counts) == len(span.edges) - 1
    cut = pd.cut(when, span.edges, labels=False).value_counts()
    assert all(counts[int(step)] == count for step, count in cut.items())


def test_pace_counts_weeks_without_anything() -> None:
    known = known_of([done(1, 1), done(2, 2, actual_hours=None, estimate_hours=5.0), done(3, 9)])
    found = pace(known, "p1", Span.of(TimeFrame.MONTH, AT, None))
    assert (found.done, found.hours * found.weeks) == (2, 2.0 + 5.0)
    assert found.todos == pytest.approx(2 / (30 / 7))
    assert pace(known, "p1", Span.of(TimeFrame.WEEK, AT, None)).done == 0


def test_productivity_has_three_sides() -> None:
    todos = [done(n, 0, n) for n in range(1, 4)]
    promises = [
        promise(todos[0], outcome="done"), promise(todos[1], outcome="open"),
        promise(todos[2], outcome="done", planned=False),
    ]  # fmt: skip
    sessions = pd.DataFrame([
        {"todo_id": "t0001", "project": "Thesis", "started": day(0, 1), "ended": day(0, 1, 14), "hours": 2.0,
         "source": "timer"},
    ]).astype(SESSIONS)  # fmt: skip
    known = Known(frames=replace(frames(todos, promises, [project()]), sessions=sessions))
    found = productivity(known, "p1", Span.of(TimeFrame.WEEK, AT, None))
    assert (found.throughput, found.focus_hours, found.planned, found.held) == (3, 2.0, 2, 1)
    assert found.as_dict()["plan_attainment"] == 0.5
    nothing = productivity(life("nothing at all"), "p1", Span.of(TimeFrame.WEEK, AT, None))
    assert nothing.as_dict()["plan_attainment"] is None
    assert "nothing was planned" in nothing.sentence


def test_progress_is_earned_value() -> None:
    todos = [
        todo(1, created=day(-9), completed=day(-3), estimate_hours=9.0, actual_hours=6.0),
        todo(2, created=day(-9), estimate_hours=2.0),
        todo(3, created=day(-9), estimate_hours=50.0, status="dropped", dropped=day(-5)),
    ]
    span = Span.of(TimeFrame.QUARTER, AT, None)
    found = progress_series(known_of(todos).tasks("p1"), span)
    assert np.isnan(found[0])
    at = span.edges[1:]
    assert found[(at > day(-9)) & (at < day(-5))] == pytest.approx(0.0)
    assert found[at > day(-3)] == pytest.approx(6 / 8)


def test_steady_work_on_a_fixed_scope_is_a_rising_progress_and_no_trend_of_velocity() -> None:
    todos = [done(n, n, 1, created=day(-20), actual_hours=2.0) for n in range(0, 14)]
    found = trends(known_of(todos), "p1", Span.of(TimeFrame.QUARTER, AT, None))
    assert found["progress"].direction == "rising"
    assert found["velocity"].direction == "no evidence of a trend"
    assert "no evidence of a trend" in found["velocity"].sentence


def test_a_first_week_has_no_trend() -> None:
    found = trends(life("first done"), "p1", Span.of(TimeFrame.QUARTER, AT, None))
    assert {each.direction for each in found.values()} == {"too little data"}


@given(st.integers(6, 30))
def test_students_interval_is_that_of_the_tables(n: int) -> None:
    from scipy.stats import t

    levels = np.random.default_rng(n).normal(size=n).cumsum()
    found, changes = drift(levels, unit="", step="week"), np.diff(levels)
    half = t.ppf(0.95, n - 2) * changes.std(ddof=1) / np.sqrt(n - 1)
    assert found.high - found.slope == pytest.approx(half, rel=0.01)


def test_a_sum_of_pure_chance_shows_a_trend_as_rarely_as_promised() -> None:
    rng = np.random.default_rng(5)
    walks = rng.normal(size=(2000, 13)).cumsum(axis=1)
    shown = np.mean([drift(walk, unit="", step="week").direction != "no evidence of a trend" for walk in walks])
    assert 0.08 < shown < 0.12


def events(*rows: tuple[str, int, str, str]) -> pd.DataFrame:
    table = [{"todo_id": id, "at": day(0, at), "old": old, "new": new} for id, at, old, new in rows]
    return pd.DataFrame(table, columns=list(EVENTS)).astype(EVENTS)


def test_work_that_comes_back_within_two_weeks_was_not_finished() -> None:
    todos = [done(1, 0, 1), done(2, 0, 2), done(3, 0, 3)]
    told = events(
        ("t0001", -9, "confirmed", "done"), ("t0001", -2, "done", "confirmed"), ("t0001", 1, "confirmed", "done"),
        ("t0002", -30, "confirmed", "done"), ("t0002", -10, "done", "confirmed"), ("t0002", 2, "confirmed", "done"),
    )  # fmt: skip
    mine = known_of(todos).tasks("p1")
    finished, back = finishes(told, mine)
    assert len(finished) == 5
    assert back.tolist() == [pd.Timestamp(day(0, -2))]
    shares = quality(told, mine, Span.of(TimeFrame.QUARTER, AT, None))
    assert np.nanmin(shares) < 1
    assert ((shares >= 0) & (shares <= 1) | np.isnan(shares)).all()
    assert quality(events(), mine, Span.of(TimeFrame.WEEK, AT, None))[np.array([1, 2, 3])] == pytest.approx(1.0)


def test_what_was_just_finished_does_not_look_better_than_what_had_time_to_come_back() -> None:
    rows, todos = [], []
    for n in range(39):  # each third comes back three days later
        at = -7 * (n // 3) + n % 3
        rows.append((f"t{n:04}", at, "confirmed", "done"))
        if n % 3 == 0:
            rows += [(f"t{n:04}", at + 3, "done", "confirmed"), (f"t{n:04}", at + 4, "confirmed", "done")]
        todos.append(done(n, 14, 1, completed=day(0, at)))
    told = events(*sorted(rows, key=lambda row: (row[1], row[0])))
    known = Known(frames=replace(frames(todos, projects=[project()]), events=told))
    assert trends(known, "p1", Span.of(TimeFrame.QUARTER, AT, None))["quality"].direction == "no evidence of a trend"


def test_a_new_way_is_suggested_until_it_is_approved() -> None:
    todos = [done(n, 1, 1) for n in range(4)]
    rows = [
        row for n in range(4) for row in ((f"t{n:04}", 0, "dumped", "confirmed"), (f"t{n:04}", 1, "confirmed", "done"))
    ]
    told = replace(frames(todos, projects=[project()]), events=events(*rows))
    known = Known(frames=told)
    way = ("dumped", "confirmed", "done")
    assert set(unusual_ways(known, known.tasks("p1"))[way]) == {each["id"] for each in todos}
    assert "one way of working" in [each.rule for each in suggestions(known, "p1")]
    approved = Known(frames=told, kb=learn(KnowledgeBase(), workflow_optimization(way, "2026-05-18"), {}))
    assert way not in unusual_ways(approved, approved.tasks("p1"))
    assert "one way of working" not in [each.rule for each in suggestions(approved, "p1")]


def test_suggestions_name_their_todos() -> None:
    begun = still_open(6, started=day(-1), estimate_hours=None)
    found = {each.rule: each for each in suggestions(known_of([*past(), *begun]), "p1")}
    ids = {each["id"] for each in begun}
    assert set(found["estimate the widest"].items) <= ids
    assert set(found["fewer at once"].items) == ids
    large = known_of([*past(), *still_open(1, estimate_hours=40.0)])
    assert suggestions(large, "p1")[0].items == ("p1-open-0",)


def test_a_what_if_leaves_what_is_known_as_it_is() -> None:
    known = life("due")
    before = known.completion("p1")
    found = known.what_if("p1", cut=["p1-open-0", "p1-open-1"])
    assert found.when.days == before.when.days
    assert found.change is not None
    assert list(found.change.after.days) == list(before.when.days)
    assert all(
        after <= was for after, was in zip(found.change.after.days.values(), before.when.days.values(), strict=True)
    )
    assert known.completion("p1") is before


def test_another_knowledge_base_changes_the_score_and_keeps_the_models() -> None:
    known = life("overdue")
    before = known.health("p1")
    kb = KnowledgeBase()
    after = known.taught(kb)
    assert after.kb is kb
    assert after.estimator is known.estimator
    assert after.background is known.background
    assert after.health("p1") is not before
    assert after.health("p1") == before


def test_the_same_life_says_the_same_whatever_the_order_of_rows() -> None:
    todos = [*past(), *still_open(5)]
    one, other = (known_of(rows, [project(due=DUE)]) for rows in (todos, todos[::-1]))
    assert (
        generate_project_summary(one, "p1", TimeFrame.ALL).as_dict()
        == generate_project_summary(other, "p1", TimeFrame.ALL).as_dict()
    )
    assert analyze_project(one, "p1").as_dict() == analyze_project(other, "p1").as_dict()


def test_the_sample_life_is_summed_up_whole() -> None:
    known = sample()
    assert len(known.active) > 3
    for id in known.frames.projects["id"]:
        for frame in TimeFrame:
            plain(generate_project_summary(known, id, frame).as_dict())
        plain(analyze_project(known, id).as_dict())


def test_asking_for_a_command_loads_no_pandas() -> None:
    code = "import sys, orc_lab.cli.insights, orc_lab.cli.knowing, orc_lab.cli.outlook; print('pandas' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
