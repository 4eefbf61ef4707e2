"""Habits that change, hours in any unit, and a memory that ends."""

import gc
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orc_lab.agents.estimation.estimator import Estimator
from orc_lab.agents.estimation.forest import ROWS, Forests, grown_at
from orc_lab.agents.estimation.habit import belonging
from orc_lab.agents.estimation.memory import Memory
from orc_lab.agents.estimation.similar import AT_ONCE
from orc_lab.agents.estimation.task import tasks_of
from orc_lab.agents.health.trouble import HealthModel
from tests.agents.lives import AS_OF, finished, frame, open_tasks

LEVELS = ["q10", "q25", "q50", "q75", "q90"]


def ratios(*levels: float, each: int = 200, seed: int = 0) -> np.ndarray:
    """Log ratios around one level after the other."""
    return np.repeat(levels, each) + 0.6 * np.random.default_rng(seed).normal(size=each * len(levels))


# ── habits ──


def test_without_a_change_all_work_counts():
    found = [belonging(ratios(0.2, each=500, seed=seed)).mean() for seed in range(20)]
    assert np.mean(found) > 0.85
    assert belonging(np.zeros(400)).min() > 0.8
    assert belonging(ratios(0.0, each=4)).tolist() == [1.0] * 4
    assert belonging(np.empty(0)).tolist() == []


def test_after_a_change_only_what_came_since_counts():
    found = np.mean(
        [belonging(np.r_[ratios(0.0, seed=s), ratios(1.1, each=20, seed=s + 50)]) for s in range(20)], axis=0
    )
    assert found[:150].max() < 0.2
    assert found[-15:].min() > 0.8


@given(st.lists(st.floats(-3, 3), max_size=600))
@settings(max_examples=60, deadline=None)
def test_how_much_counts_rises_with_time_and_lies_between_0_and_1(some):
    found = belonging(np.array(some))
    assert len(found) == len(some)
    assert (np.diff(found) >= -1e-12).all()
    assert ((found > 0) & (found <= 1)).all()


def followed(before: int, since: int, factor: float = 3.0, lives: int = 4) -> float:
    """Which part of a change of all hours the middle has followed so many tasks after it."""
    parts = []
    for seed in range(lives):
        past = finished(before + since, seed)
        past.loc[before:, "actual_hours"] *= factor
        known = Estimator().observe(past.head(before))
        asked = open_tasks(1, category="write", project_id="p1")
        old = known.predict(asked, as_of=AS_OF)["q50"].iloc[0]
        parts.append(np.log(known.observe(past.tail(since)).predict(asked, as_of=AS_OF)["q50"].iloc[0] / old))
    return float(np.mean(parts) / np.log(factor))


def test_who_takes_three_times_as_long_is_followed_within_some_twenty_tasks():
    assert followed(120, 25) > 0.6
    assert followed(400, 25) > 0.6


def test_a_few_odd_tasks_are_no_change_of_habits():
    assert followed(200, 3) < 0.25


@pytest.mark.parametrize(("slips", "after"), [(2, 0), (4, 0), (4, 2), (4, 8)])
def test_slips_are_no_change_of_habits(slips, after):
    lives = [
        np.r_[ratios(0.0, seed=s), [np.log(10.0)] * slips, ratios(0.0, each=after, seed=s + 50)] for s in range(20)
    ]
    assert np.mean([belonging(each)[50] for each in lives]) > 0.75


def placed(*lives: tuple[int, float, str, str], seed: int = 0) -> pd.DataFrame:
    """One stretch of work after the other: how many tasks, their actual ÷ estimate, project and category."""
    counts = [life[0] for life in lives]
    ratio, project, category = (np.repeat([life[at] for life in lives], counts) for at in (1, 2, 3))
    past = finished(sum(counts), seed)
    hours = (
        past["estimate_hours"] * ratio.astype(float) * np.exp(0.4 * np.random.default_rng(seed).normal(size=len(past)))
    )
    return past.assign(project_id=project, category=category, actual_hours=hours)


def belongs(past: pd.DataFrame) -> np.ndarray:
    codes = [past[name].astype("category").cat.codes.to_numpy().astype(np.int64) for name in ("project_id", "category")]
    return belonging(np.log(past["actual_hours"] / past["estimate_hours"]).to_numpy(), *codes)


@pytest.mark.parametrize("count", [10, 40, 120])
@pytest.mark.parametrize("place", [("B", "y"), ("A", "y"), ("B", "x")])
def test_beginning_a_slower_kind_of_work_is_no_change_of_habits(count, place):
    lives = [placed((200, 1.0, "A", "x"), (count, 3.0, *place), seed=seed) for seed in range(8)]
    assert np.mean([belongs(past)[50] for past in lives]) > 0.75


def test_what_is_known_of_one_project_outlives_the_beginning_of_another():
    past = placed((200, 1.0, "A", "x"), (40, 3.0, "B", "y"))
    asked = open_tasks(1, project_id="A", category="x")
    before, after = (Estimator().observe(some).predict(asked, as_of=AS_OF) for some in (past.head(200), past))
    assert abs(np.log(after["q50"] / before["q50"]).iloc[0]) < 0.15


def test_a_change_within_many_projects_or_in_only_one_is_seen():
    many = [(25, 1.0, f"p{n}", "x") for n in range(8)] + [(5, 3.0, f"p{n}", "x") for n in range(8)]
    for lives in (many, [(200, 1.0, "A", "x"), (25, 3.0, "A", "x")]):
        found = belongs(placed(*lives))
        assert found[50] < 0.1
        assert found[-10:].min() > 0.8


def test_old_habits_are_counted_down_once(monkeypatch):
    seen = []
    weights = Forests.weights

    def listened(self, known, features, relevance):
        seen.append(relevance)
        return weights(self, known, features, relevance)

    monkeypatch.setattr(Forests, "weights", listened)
    changed = placed((100, 1.0, "A", "x"), (40, 3.0, "A", "x"))
    Estimator().observe(changed).predict(open_tasks(1), as_of=AS_OF + pd.Timedelta(days=1))
    assert belongs(changed)[50] < 0.1
    assert set(seen[0].tolist()) <= {1.0, AT_ONCE}


# ── units ──


@pytest.mark.parametrize("factor", [60.0, 3600.0, 1 / 60, 1e-3])
@pytest.mark.parametrize("count", [1, 4, 40, 150])
def test_all_hours_in_another_unit_give_the_same_in_that_unit(factor, count):
    past = finished(count)
    past.loc[:: max(2, count // 8), "estimate_hours"] = np.nan
    later = AS_OF + pd.Timedelta(days=1)
    tasks = open_tasks(5).assign(estimate_hours=[0.5, 40.0, 900.0, np.nan, 9e6], created=later)
    names = ["estimate_hours", "actual_hours"]
    scaled, asked = past.assign(**past[names] * factor), tasks.assign(**tasks[names] * factor)
    for as_of in (None, later):
        plain = Estimator().observe(past).predict(tasks, as_of=as_of)
        other = Estimator().observe(scaled).predict(asked, as_of=as_of)
        np.testing.assert_allclose(other[LEVELS], factor * plain[LEVELS], rtol=1e-6)
        assert other["basis"].tolist() == plain["basis"].tolist()
        assert other["n"].tolist() == plain["n"].tolist()
    total, theirs = Estimator().observe(past).predict_total(tasks), Estimator().observe(scaled).predict_total(asked)
    assert list(theirs.values()) == pytest.approx(
        [factor * hours for hours in total.values()], rel=0.01
    )  # a draw may turn


def test_what_is_a_thousand_times_the_usual_is_no_estimate_whatever_the_unit():
    past = finished(40).assign(estimate_hours=3000.0, actual_hours=2500.0)  # such as minutes, or years of work
    table = Estimator().observe(past).predict(open_tasks(3).assign(estimate_hours=[3000.0, 1e6, 1e7]))
    assert table["basis"].tolist() == ["history", "history", "similar work"]
    assert table["q50"].iloc[0] == 2500.0
    alone = Estimator().predict(open_tasks(2).assign(estimate_hours=[1999.0, 2001.0]))
    assert alone["q50"].iloc[0] == 1999.0
    assert alone["q50"].iloc[1] < 10


def test_a_finished_task_of_no_idea_teaches_no_ratio():
    past = finished(120)
    spoiled = past.assign(estimate_hours=past["estimate_hours"].where(past.index % 10 != 5, 99_999.0))
    blank = past.assign(estimate_hours=past["estimate_hours"].where(past.index % 10 != 5))
    tasks = open_tasks(2).assign(estimate_hours=[2.0, np.nan])
    one, other = (Estimator().observe(each).predict(tasks, as_of=AS_OF) for each in (spoiled, blank))
    pd.testing.assert_frame_equal(one, other)


# ── memory ──


def test_the_memory_is_the_same_in_any_order_and_forgets_the_oldest():
    tasks = tasks_of(finished(700))
    whole, mixed = Memory(None), Memory(None)
    whole.add(tasks)
    for part in np.array_split(np.random.default_rng(1).permutation(700), 9):
        mixed.add([tasks[row] for row in part])
    assert (mixed.tasks, mixed.limits) == (whole.tasks, whole.limits)
    whole.forget(200)
    assert (whole.forgotten, whole.tasks) == (200, tasks[200:])
    assert whole.limits[1:] == mixed.limits[201:]


def test_crossing_the_memory_changes_little_and_costs_little():
    past, asked = finished(1300, days=0.2), open_tasks(3).assign(estimate_hours=[1.0, 8.0, np.nan])
    ends, endless = Estimator(memory=1000), Estimator(memory=None)
    for estimator in (ends, endless):
        estimator.observe(past.head(1190))
        for row in range(1190, 1300):
            estimator.observe(past.iloc[[row]])
    assert ends.n == 1300
    assert 1000 <= len(ends._memory.tasks) < 1200
    one, other = ends.predict(asked, as_of=AS_OF), endless.predict(asked, as_of=AS_OF)
    assert np.abs(np.log(one[LEVELS].to_numpy() / other[LEVELS].to_numpy())).mean() < 0.1
    assert one["n"].tolist() == [1300] * 3
    assert ends.observe(past.tail(5)).n == 1300
    assert ends.predict_total(asked, as_of=AS_OF)[0.5] > 0
    early = ends.predict(asked, as_of=past["completed"].iloc[50])
    assert early["n"].tolist() == [0] * 3


def test_no_single_task_is_dear_to_learn_not_even_the_one_that_is_too_many():
    past = finished(12_020, days=0.05)
    estimator = Estimator().observe(past.head(11_990))
    spent = []
    gc.collect()
    for row in range(11_990, 12_020):
        began = time.process_time()
        estimator.observe(past.iloc[[row]])
        spent.append(time.process_time() - began)
    assert max(spent) < 0.2  # tests/bench has the figures


def test_the_forest_is_grown_anew_before_its_tasks_are_forgotten():
    for known in (30, 37, 1000, 20_000, 99_999):
        assert known - grown_at(known) <= max(5, min(known / 4, ROWS))


def test_health_learns_one_more_of_a_hundred_thousand_at_once():
    past = finished(100_010, days=0.03)
    model = HealthModel().observe(past.head(100_000))
    began = time.process_time()
    for row in range(100_000, 100_010):
        model.observe(past.iloc[[row]])
    assert (time.process_time() - began) / 10 < 0.05
    assert model.n == 100_010
    assert model.observe(past.iloc[[7]]).n == 100_010


def test_health_corrects_a_task_that_it_knows():
    past, tasks = finished(90), frame(open_tasks(3).to_dict("records"))
    changed = past.assign(actual_hours=past["actual_hours"].where(past.index != 40, 60.0))
    corrected = HealthModel().observe(past).observe(changed.iloc[[40]])
    assert corrected.score(tasks, as_of=AS_OF) == HealthModel().observe(changed).score(tasks, as_of=AS_OF)
