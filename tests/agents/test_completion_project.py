import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orc_lab.agents.completion.background import Background
from orc_lab.agents.completion.lifetimes import Lifetimes, lifetimes
from orc_lab.agents.completion.look import look_at
from orc_lab.agents.completion.ontime import on_time
from orc_lab.agents.completion.plan import Life, instant, replays
from orc_lab.agents.completion.project import project_completion
from orc_lab.agents.completion.simulation import HORIZON, Plan, Simulation, blocks_ahead
from orc_lab.agents.estimation.estimator import Estimator
from orc_lab.agents.forecast import Basis
from orc_lab.agents.velocity.pace import complete
from orc_lab.errors import InvalidValue
from tests.agents.lives import AS_OF, finished, frame, open_tasks, weekly

DONE = finished(150)
TASKS = pd.concat(
    [
        DONE,
        open_tasks(8),
        frame(
            [
                {
                    "id": "x1",
                    "project_id": "p2",
                    "status": "matched",
                    "created": AS_OF - pd.Timedelta(days=9),
                    "estimate_hours": 9.0,
                }
            ]
        ),
    ],
    ignore_index=True,
)
WEEKLY = weekly(TASKS)
ESTIMATOR = Estimator().observe(DONE)
PAST = Background.of(TASKS, WEEKLY, AS_OF)
DUE = (AS_OF + pd.Timedelta(days=21)).date()


def look(target="p1", **options):
    tasks = options.pop("tasks", TASKS)
    past = PAST if tasks is TASKS else Background.of(tasks, WEEKLY, AS_OF, replayed=False)
    return project_completion(tasks, WEEKLY, target, AS_OF, ESTIMATOR, **{"past": past, "size": 300, **options})


@pytest.fixture(scope="module")
def base():
    return look(due=DUE)


def test_a_project_has_dates_hours_and_a_chance(base):
    days = list(base.when.days.values())
    assert 0 <= days[0] <= days[1] <= days[2]
    assert base.open == 8
    assert base.when.subject == "p1"
    assert 8 < base.remaining.median < 32
    assert 0 < base.p_on_time < 1
    assert base.p_on_time >= base.chance_by(DUE)
    assert base.arrivals > 0
    assert base.safe(0.8) >= base.safe(0.5)
    assert "on time with a chance of" in base.sentence
    json.dumps(base.as_dict(), allow_nan=False)


def test_row_order_changes_nothing(base):
    shuffled = TASKS.sample(frac=1, random_state=1)
    assert look(tasks=shuffled, due=DUE, past=Background.of(shuffled, WEEKLY, AS_OF)).as_dict() == base.as_dict()


def test_what_happens_later_changes_nothing(base):
    later = TASKS.copy()
    future = frame(
        [
            {"id": f"z{i}", "project_id": "p1", "created": AS_OF + pd.Timedelta(days=1), "estimate_hours": 5.0}
            for i in range(9)
        ]
    )
    tasks = pd.concat([later, future], ignore_index=True)
    assert look(tasks=tasks, due=DUE, past=Background.of(tasks, WEEKLY, AS_OF)).as_dict() == base.as_dict()
    assert (
        Background.of(pd.concat([later, future]), WEEKLY, AS_OF).replays(growing=True).truth.tolist()
        == PAST.replays(growing=True).truth.tolist()
    )


def test_a_cut_never_makes_it_later_and_an_addition_never_sooner():
    cut = look(due=DUE, cut=["o000", "o001", "o002"]).change
    assert cut.sooner[0.1] >= 0
    assert cut.p_change >= 0
    assert cut.p_low <= cut.p_change <= cut.p_high
    more = look(due=DUE, add=[8.0, 8.0]).change
    assert more.sooner[0.9] <= 0
    assert more.p_change <= 0
    assert "later" in more.sentence
    json.dumps(more.as_dict(), allow_nan=False)


def test_a_change_that_changes_nothing_wins_no_day(base):
    same = look(due=DUE, cut=["x1"]).change
    assert set(same.sooner.values()) == {0.0}
    assert same.p_change == 0.0
    assert same.after == base.when


def test_cutting_everything_is_done_today():
    cut = look(due=DUE, cut=list(TASKS["id"])).change
    assert set(cut.after.days.values()) == {0.0}
    assert cut.p_after == 1.0


def test_what_is_done_first_is_done_sooner_and_other_work_first_is_paid_for():
    ids = ["o000", "o001", "o002"]
    first = look(ids, first=ids).change
    assert first.sooner[0.5] >= 0
    assert first.after.days[0.8] <= look(ids).when.days[0.8]
    other = look(ids, first=["x1", *ids]).change
    assert other.after.days[0.5] >= first.after.days[0.5]


def test_added_rows_are_todos_like_any():
    rows = pd.DataFrame({"title": ["A", "B"], "estimate_hours": [8.0, 8.0]})
    assert look(add=rows).change == look(add=[8.0, 8.0]).change
    with pytest.raises(InvalidValue, match="add"):
        look(add=[0.0])


def test_a_set_of_todos_has_no_arrivals(base):
    found = look(list(TASKS.loc[TASKS["project_id"] == "p1", "id"]))
    assert found.open == 8
    assert found.arrivals == 0.0
    assert found.when.days[0.8] <= base.when.days[0.8]


def test_a_holiday_delays():
    ids = ["o000", "o001"]
    away = look(ids, capacity=[0.0] * 4)
    assert away.when.days[0.5] >= look(ids).when.days[0.5]
    assert away.when.days[0.5] >= 20


def test_nothing_open_and_nothing_known_are_answers():
    empty = look("p9", due=DUE)
    assert empty.p_on_time == 1.0
    assert empty.sentence == "p9: nothing is open."
    new = frame([{"id": "a", "project_id": "p", "created": AS_OF - pd.Timedelta(days=2), "estimate_hours": 2.0}])
    first = project_completion(new, weekly(new), "p", AS_OF, Estimator(), due=DUE, cut=["a"])
    assert first.when.basis is Basis.TOO_LITTLE
    assert math.isnan(first.p_on_time)
    assert first.safe() is None
    assert first.change is None
    assert "too little data" in first.sentence
    json.dumps(first.as_dict(), allow_nan=False)
    none = project_completion(new[:0], WEEKLY[:0], ["a"], AS_OF, Estimator())
    assert none.when.basis is Basis.TOO_LITTLE


def test_dropped_todos_thin_the_work():
    dropped = DONE.sample(frac=0.6, random_state=0).index
    half = TASKS.copy()
    half.loc[dropped, "dropped"] = half.loc[dropped, "completed"]
    half.loc[dropped, ["completed"]] = pd.NaT
    half.loc[dropped, "status"] = "dropped"
    found = look(tasks=half)
    assert found.drop_share > 0.4
    past = Background.of(half, WEEKLY, AS_OF, replayed=False)
    plan = look_at(past, "p1", ESTIMATOR, size=300)
    assert plan.simulation.hours.sum() < 0.8 * plan.hours.sum()
    assert found.remaining.median == pytest.approx(np.median(plan.hours.sum(axis=1)))


def test_an_addition_leaves_the_plan_without_it_as_it_was(base):
    more = look(due=DUE, add=[8.0, 8.0])
    assert more.p_on_time == base.p_on_time
    assert more.when == base.when


def test_little_is_promised_from_little():
    few = pd.concat([DONE.head(4), TASKS[TASKS["completed"].isna()]], ignore_index=True)
    found = project_completion(few, weekly(few), "p1", AS_OF, Estimator().observe(DONE.head(4)), due=DUE)
    assert found.when.basis is Basis.TOO_LITTLE
    assert found.safe() is None
    assert "five finished todos" in found.when.needs


def dated(met: bool) -> pd.DataFrame:
    """Due days that are just over, of a project of which something is open, met all the same or not."""
    day = AS_OF.normalize() - pd.Timedelta(days=1)
    return pd.DataFrame({"id": ["p1"] * 4, "due": [day] * 4, "completed": [day if met else pd.NaT] * 4})


def test_who_keeps_due_days_is_on_time_more_often():
    chances = {}
    for met in (True, False):
        past = Background.of(TASKS, WEEKLY, AS_OF, projects=dated(met), replayed=False)
        found = look(due=DUE, past=past)
        chances[met] = found.p_on_time
        assert past.kept > 0.5 if met else past.kept < 0.5
        assert found.p_on_time >= found.chance_by(DUE)
        assert found.when.days[0.5] <= look(past=past).when.days[0.5]
        assert found.safe() == look(past=past).safe()
    assert chances[True] > chances[False]
    assert PAST.kept == 0.5


def test_a_due_day_that_is_over_hurries_nobody():
    gone = (AS_OF - pd.Timedelta(days=3)).date()
    overdue = look(due=gone)
    assert overdue.p_on_time == 0.0
    assert overdue.when == look().when


def test_what_is_known_at_another_instant_is_refused():
    with pytest.raises(InvalidValue, match="past"):
        look(past=Background.of(TASKS, WEEKLY, AS_OF - pd.Timedelta(days=1)))


def test_an_open_old_todo_is_censored_not_forgotten():
    ages = np.full(40, 5.0)
    closed = np.ones(40, dtype=bool)
    quick = Lifetimes.of(ages, closed, ~closed)
    waiting = np.concatenate([ages, np.full(40, 300.0)])
    open_still = Lifetimes.of(waiting, np.arange(80) < 40, np.zeros(80, dtype=bool))
    shared = np.random.default_rng(0).normal(size=2000)
    rng = np.random.default_rng
    left = [np.median(life.left(np.array([10.0]), shared, rng(1))[0]) for life in (quick, open_still)]
    assert left[1] > 2 * left[0]


def test_who_waited_long_waits_long():
    nothing = Lifetimes.of(np.empty(0), np.empty(0, dtype=bool), np.empty(0, dtype=bool))
    shared = np.random.default_rng(0).normal(size=4000)
    left, dropped = nothing.left(np.array([0.0, 100.0]), shared, np.random.default_rng(1))
    young, old = np.median(left, axis=0)
    assert old > 4 * young
    assert old == pytest.approx((np.sqrt(2) - 1) * 114, rel=0.15)  # a Pareto tail with exponent 2
    assert 0.0 < dropped.mean() < 0.15


def test_lifetimes_know_only_what_was_known():
    early = lifetimes(TASKS, AS_OF - pd.Timedelta(days=60))
    gone = TASKS[TASKS["created"] < AS_OF - pd.Timedelta(days=60)]
    assert early.closed == (gone["completed"] < AS_OF - pd.Timedelta(days=60)).sum()
    assert (early.hazard == lifetimes(gone, AS_OF - pd.Timedelta(days=60)).hazard).all()


def test_replays_do_not_know_what_came_true_later():
    life = Life.of(TASKS, complete(WEEKLY, AS_OF))
    early = AS_OF - pd.Timedelta(days=35)
    seen = replays(life, early, growing=False)
    assert len(seen.truth)
    assert (seen.truth[np.isfinite(seen.truth)] < seen.elapsed[np.isfinite(seen.truth)]).all()
    assert (instant(early) - seen.elapsed >= instant(TASKS["created"].min()) + 56).all()


def plan(hours: np.ndarray, arrived: int = 0) -> Plan:
    pace = np.full(30, 10.0)
    return Plan(
        hours=hours,
        age=np.full(hours.shape[1], 2.0),
        own=pace / 2,
        all=pace,
        arrived=np.full(10, float(arrived)),
        typical=2.0,
        capacity=np.ones(HORIZON),
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 6), st.integers(0, 3), st.integers(0, 100))
def test_scenarios_are_monotone_in_scope(todos, arrived, seed):
    rng = np.random.default_rng(seed)
    hours = rng.gamma(2.0, 3.0, (50, todos))
    life = Lifetimes.of(np.full(20, 3.0), np.ones(20, dtype=bool), np.zeros(20, dtype=bool))
    simulation = Simulation.of(plan(hours, arrived), life, seed, blocks_ahead)
    kept = rng.random(todos) < 0.5
    all_of_it, none = np.ones(todos, dtype=bool), np.zeros(todos, dtype=bool)
    whole = simulation.days(all_of_it, none)
    assert np.isfinite(whole).all()
    assert (whole >= 0).all()
    assert (simulation.days(kept, none) <= whole).all()
    assert (simulation.days(all_of_it, all_of_it) <= whole + 1e-9).all()
    assert (simulation.days(all_of_it, all_of_it, 5.0) >= simulation.days(all_of_it, all_of_it)).all()


def test_work_takes_as_long_as_the_pace_says():
    life = Lifetimes.of(np.full(2000, 0.1), np.ones(2000, dtype=bool), np.zeros(2000, dtype=bool))
    simulation = replace(
        Simulation.of(plan(np.full((400, 1), 40.0)), life, 0, blocks_ahead), waiting=np.zeros((400, 1))
    )
    everything = np.ones(1, dtype=bool)
    days = simulation.days(everything, everything)
    assert days == pytest.approx(28.0)  # forty hours at ten a week
    usual = simulation.days(everything, ~everything)
    assert set(np.round(np.unique(usual))) == {28.0, 56.0}  # all hours, or the plan's own pace of five


def test_on_time_has_one_definition_a_smallest_cut_and_a_safe_day(base):
    found = on_time(TASKS, WEEKLY, "p1", AS_OF, ESTIMATOR, due=DUE, past=PAST, size=300)
    assert found.p == base.p_on_time
    assert found.safe_days == (base.safe() - base.when.today).days
    assert found.p_after >= 0.85 or len(found.cut) == 8
    assert 0 < len(found.cut) <= 8
    assert set(found.cut) <= set(TASKS.loc[TASKS["project_id"] == "p1", "id"])
    again = look(due=DUE, cut=found.cut).change
    assert again.p_after == found.p_after
    json.dumps(found.as_dict(), allow_nan=False)


def test_on_time_without_a_due_day_or_a_past_is_unknown():
    undated = on_time(TASKS, WEEKLY, "p1", AS_OF, ESTIMATOR, due=None, past=PAST, size=100)
    assert math.isnan(undated.p)
    assert undated.safe_days >= 0
    new = open_tasks(2)
    unknown = on_time(new, weekly(new), "p1", AS_OF, Estimator(), due=DUE)
    assert math.isnan(unknown.p)
    assert math.isnan(unknown.safe_days)
    assert "can't be said" in unknown.sentence


def test_an_overdue_project_is_late_and_a_finished_one_is_not():
    gone = (AS_OF - pd.Timedelta(days=3)).date()
    late = on_time(TASKS, WEEKLY, "p1", AS_OF, ESTIMATOR, due=gone, past=PAST, size=100)
    assert late.p == 0.0
    assert late.cut == ()
    assert on_time(TASKS, WEEKLY, "p9", AS_OF, ESTIMATOR, due=gone, past=PAST, size=100).p == 1.0
