import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orc_lab.agents.estimation.estimator import Estimator
from orc_lab.agents.estimation.table import MIN_FINISHED
from orc_lab.agents.estimation.walk import coverage_of, walk_forward
from orc_lab.errors import InvalidValue
from tests.agents.lives import AS_OF, finished, frame, open_tasks

LEVELS = ["q10", "q25", "q50", "q75", "q90"]


def known(count: int = 120, seed: int = 0) -> Estimator:
    return Estimator().observe(finished(count, seed))


def ordered_and_positive(table: pd.DataFrame) -> bool:
    values = table[LEVELS].to_numpy()
    return bool((values > 0).all() and (np.diff(values, axis=1) >= 0).all() and np.isfinite(values).all())


@given(st.integers(0, 80), st.integers(0, 5), st.lists(st.floats(allow_nan=True, width=32), min_size=1, max_size=6))
@settings(max_examples=40)
def test_quantiles_are_ordered_and_positive_whatever_the_estimates(count, seed, estimates):
    tasks = open_tasks(len(estimates)).assign(estimate_hours=np.array(estimates, dtype=float))
    table = known(count, seed).predict(tasks, as_of=AS_OF)
    assert ordered_and_positive(table)
    assert table.index.equals(tasks.index)


def test_without_any_history_the_estimate_is_the_middle_and_the_basis_says_so():
    table = Estimator().predict(open_tasks(2))
    assert table["q50"].tolist() == [2.0, 2.0]
    assert table["basis"].tolist() == ["prior", "prior"]
    assert table["n"].tolist() == [0, 0]
    assert (table["q90"] / table["q10"]).min() > 5


def test_under_thirty_finished_tasks_the_estimate_stays_the_middle():
    few, enough = known(MIN_FINISHED - 1), known(MIN_FINISHED)
    tasks = open_tasks(1, estimate_hours=8.0)
    assert few.predict(tasks, as_of=AS_OF)["q50"].tolist() == [8.0]
    assert few.predict(tasks, as_of=AS_OF)["basis"].tolist() == ["prior"]
    assert enough.predict(tasks, as_of=AS_OF)["basis"].tolist() == ["history"]


def test_small_tasks_are_corrected_upwards_and_large_ones_downwards():
    table = known(400).predict(frame([{"id": "a", "estimate_hours": 0.5}, {"id": "b", "estimate_hours": 8.0}]))
    assert table["q50"].iloc[0] > 0.6
    assert table["q50"].iloc[1] < 7.0


def test_a_person_who_is_always_right_gets_narrow_bands():
    past = finished(300).assign(actual_hours=lambda t: t["estimate_hours"])
    table = Estimator().observe(past).predict(open_tasks(1))
    assert table[LEVELS].iloc[0].tolist() == [2.0] * 5


def test_todos_without_a_usable_estimate_are_forecast_from_finished_work():
    tasks = frame([{"id": f"x{i}", "estimate_hours": value} for i, value in enumerate((np.nan, 0, -1, np.inf, 9999))])
    table = known().predict(tasks)
    assert set(table["basis"]) == {"similar work"}
    assert table["q50"].nunique() == 1
    assert known(5).predict(tasks)["basis"].tolist() == ["prior"] * 5


def test_work_of_the_same_project_counts_more():
    past = finished(200)
    past.loc[past["project_id"] == "p2", "actual_hours"] = 40.0
    tasks = frame([{"id": "a", "project_id": "p1"}, {"id": "b", "project_id": "p2"}])
    table = Estimator().observe(past).predict(tasks)
    assert table["q50"].iloc[0] < 8 < table["q50"].iloc[1] == 40.0


@given(st.integers(0, 10_000))
@settings(max_examples=8)
def test_the_order_of_rows_changes_nothing(seed):
    past, tasks = finished(90), open_tasks(4).assign(estimate_hours=[1.0, np.nan, 4.0, 2.0])
    mixed = past.sample(frac=1, random_state=seed)
    shuffled = tasks.sample(frac=1, random_state=seed)
    one, other = Estimator().observe(past), Estimator().observe(mixed)
    pd.testing.assert_frame_equal(one.predict(tasks), other.predict(shuffled).loc[tasks.index])
    assert one.predict_total(tasks, size=200) == pytest.approx(other.predict_total(shuffled, size=200))


@pytest.mark.parametrize("factor", [60.0, 0.01])
def test_minutes_give_the_same_answer_as_hours(factor):
    past, tasks = finished(90), open_tasks(3).assign(estimate_hours=[0.5, 2.0, 8.0])
    scale = {
        "estimate_hours": lambda t: t["estimate_hours"] * factor,
        "actual_hours": lambda t: t["actual_hours"] * factor,
    }
    plain = Estimator().observe(past).predict(tasks, as_of=AS_OF)
    scaled = Estimator().observe(past.assign(**scale)).predict(tasks.assign(**scale), as_of=AS_OF)
    assert np.allclose(scaled[LEVELS], factor * plain[LEVELS])


def test_observing_step_by_step_equals_observing_at_once_and_replaces_what_was_corrected():
    past = finished(80)
    tasks = open_tasks(2)
    steps = Estimator().observe(past.iloc[40:]).observe(past.iloc[:50])
    whole = Estimator().observe(past)
    pd.testing.assert_frame_equal(steps.predict(tasks, as_of=AS_OF), whole.predict(tasks, as_of=AS_OF))
    corrected = past.assign(actual_hours=past["actual_hours"].where(past.index != 40, 99.0))
    steps.observe(corrected.iloc[[40]])
    afresh = Estimator().observe(corrected)
    assert steps.n == 80
    pd.testing.assert_frame_equal(steps.predict(tasks, as_of=AS_OF), afresh.predict(tasks, as_of=AS_OF))
    assert steps.predict_total(tasks, as_of=AS_OF) == afresh.predict_total(tasks, as_of=AS_OF)


def test_one_at_a_time_in_any_order_equals_all_at_once():
    past, tasks = finished(70), open_tasks(3).assign(estimate_hours=[1.0, 4.0, np.nan])
    steps = Estimator()
    for row in np.random.default_rng(5).permutation(70):
        steps.observe(past.iloc[[row]])
        steps.predict(tasks, as_of=AS_OF)  # what was asked meanwhile leaves no trace
    pd.testing.assert_frame_equal(steps.predict(tasks, as_of=AS_OF), known(70).predict(tasks, as_of=AS_OF))


def test_a_task_is_predicted_from_the_days_before_it_whatever_else_is_known_or_asked():
    past = finished(200)
    day = past["created"].iloc[150].normalize() + pd.Timedelta(hours=9)
    asked = open_tasks(3).assign(created=day, estimate_hours=[1.0, 2.0, 8.0])
    before = Estimator().observe(past[past["completed"] < day.normalize()]).predict(asked)
    pd.testing.assert_frame_equal(before, known(200).predict(asked))
    pd.testing.assert_frame_equal(before.iloc[[1]], known(200).predict(asked.iloc[[1]]))


def test_what_was_completed_after_an_instant_is_unknown_then():
    past, then = finished(200), AS_OF - pd.Timedelta(days=40)
    asked = open_tasks(3).assign(created=then - pd.Timedelta(days=3), estimate_hours=[1.0, np.nan, 8.0])
    before = Estimator().observe(past[past["completed"] < then])
    for forecast in (lambda known: known.predict(asked, as_of=then), lambda known: known.draws(asked, as_of=then)):
        assert np.array_equal(np.asarray(forecast(before)), np.asarray(forecast(known(200))))
    fresh = asked.assign(created=then)
    assert not known(200).predict(fresh, as_of=then).equals(known(200).predict(asked, as_of=then))


def test_hours_on_a_grid_are_forecast_on_it():
    past = finished(200)
    past["actual_hours"] = np.maximum(0.5, np.round(past["actual_hours"] * 2) / 2)
    table = Estimator().observe(past).predict(open_tasks(2).assign(estimate_hours=[1.7, 3.3]), as_of=AS_OF)
    assert ((table[LEVELS] * 2) % 1 == 0).all(axis=None)


@pytest.mark.parametrize("hours", [1.0, 0.1])
def test_a_life_of_equal_tasks_is_forecast_as_such(hours):
    past = finished(100).assign(estimate_hours=hours, actual_hours=hours, category="a", project_id="p")
    table = Estimator().observe(past).predict(open_tasks(1, estimate_hours=hours), as_of=AS_OF)
    assert table[LEVELS].iloc[0].tolist() == pytest.approx([hours] * 5)


def test_new_habits_are_learned():
    past = finished(400)
    past["actual_hours"] = np.where(past.index < 250, past["estimate_hours"], 3 * past["estimate_hours"])
    tasks = open_tasks(1)
    assert Estimator().observe(past.head(250)).predict(tasks, as_of=AS_OF)["q50"].tolist() == [2.0]
    assert Estimator().observe(past).predict(tasks, as_of=AS_OF)["q50"].tolist() == [6.0]


def test_rows_that_say_nothing_are_left_out():
    past = finished(40)
    odd = pd.concat([past, past.tail(4).assign(id=list("abcd"), actual_hours=[np.nan, 0.0, -2.0, np.inf])])
    assert Estimator().observe(odd).n == 40
    assert Estimator().observe(frame([])).n == 0
    assert Estimator().observe(past[["completed", "actual_hours"]]).predict(open_tasks(1))["basis"].tolist() == [
        "prior"
    ]


def test_one_giant_outlier_moves_the_middle_little():
    past = finished(200)
    spoiled = past.copy()
    spoiled.loc[199, "actual_hours"] = 1e6
    tasks = open_tasks(1)
    before, after = (Estimator().observe(one).predict(tasks)["q50"].iloc[0] for one in (past, spoiled))
    assert abs(np.log(after / before)) < 0.25


def test_tasks_open_beyond_their_first_day_get_wider_bands_than_those_noted_when_done():
    past = finished(200)
    noted = past.index % 2 == 0
    past.loc[noted, "actual_hours"] = past.loc[noted, "estimate_hours"]
    past.loc[noted, "created"] = past.loc[noted, "completed"]
    estimator, tasks = Estimator().observe(past), open_tasks(1)
    fresh, waiting = estimator.predict(tasks).iloc[0], estimator.predict(tasks, as_of=AS_OF).iloc[0]
    assert waiting["q90"] / waiting["q10"] > fresh["q90"] / fresh["q10"]


def test_the_total_is_not_narrower_than_the_tasks_apart_and_none_is_zero():
    estimator = known(300)
    total = estimator.predict_total(open_tasks(20))
    assert list(total) == [0.1, 0.25, 0.5, 0.75, 0.9]
    assert sorted(total.values()) == list(total.values())
    assert total[0.9] / total[0.1] > 1.3
    assert estimator.predict_total(open_tasks(0)) == dict.fromkeys(total, 0.0)


def test_the_same_seed_gives_the_same_total_and_another_nearly_so():
    estimator, tasks = known(200), open_tasks(10)
    assert estimator.predict_total(tasks, seed=3) == estimator.predict_total(tasks, seed=3)
    assert estimator.predict_total(tasks, seed=4)[0.5] == pytest.approx(
        estimator.predict_total(tasks, seed=3)[0.5], rel=0.1
    )


def test_plans_that_missed_together_widen_the_total():
    past = finished(400)
    swing = np.where(np.arange(400) // 50 % 2, 2.0, 0.5)
    together = past.assign(actual_hours=past["estimate_hours"] * swing)
    apart = past.assign(actual_hours=past["estimate_hours"] * np.random.default_rng(0).permutation(swing))
    one, other = Estimator().observe(together), Estimator().observe(apart)
    assert one.shared_sd() > 0.25 > other.shared_sd()
    for estimator in (one, other):  # a hundred tasks average their own errors out: what is left is shared
        total = np.log(estimator.draws(open_tasks(100)).sum(axis=1))
        assert total.std() == pytest.approx(np.hypot(estimator.shared_sd(), 0.08), abs=0.05)


def test_what_is_spent_is_taken_off():
    estimator = known(200)
    fresh, begun = open_tasks(5), open_tasks(5, actual_hours=1.0)
    left = estimator.draws(begun, remaining=True)
    assert (left > 0).all()
    assert np.median(left) < np.median(estimator.draws(fresh, remaining=True))
    assert (estimator.draws(open_tasks(3, actual_hours=500.0), remaining=True) > 0).all()


@given(st.integers(0, 79), st.floats(0.01, 1000))
@settings(max_examples=5)
def test_a_later_outcome_never_changes_an_earlier_forecast(row, hours):
    past = finished(80)
    day = past.loc[row, "completed"].normalize()
    changed = past.copy()
    changed.loc[row, "actual_hours"] = hours
    before, after = walk_forward(past), walk_forward(changed)
    earlier = past["created"] < day + pd.Timedelta(days=1)
    pd.testing.assert_frame_equal(before.loc[earlier, LEVELS], after.loc[earlier, LEVELS])


def test_tasks_of_the_same_day_never_teach_each_other():
    day = pd.Timestamp("2026-03-02 09:00")
    batch = finished(60).assign(created=day, completed=day + pd.Timedelta(hours=5))
    assert (walk_forward(batch)["n"] == 0).all()


def test_walking_forward_is_predicting_with_what_was_known():
    past = finished(100)
    walk = walk_forward(past)
    for row in (30, 60, 99):
        day = past.loc[row, "created"].normalize()
        then = Estimator().observe(past[past["completed"] < day]).predict(past.loc[[row]])
        assert walk.loc[row, LEVELS].tolist() == pytest.approx(then[LEVELS].iloc[0].tolist())
        assert walk.loc[row, "n"] == then["n"].iloc[0]


def test_the_walk_of_nothing_has_its_columns():
    walk = walk_forward(frame([]))
    assert len(walk) == 0
    assert {*LEVELS, "basis", "n", "below", "upto", "actual_hours"} <= set(walk.columns)
    assert coverage_of(walk).n == 0


def test_bands_hold_on_a_made_up_life_and_would_not_if_they_were_cut_in_half():
    walk = walk_forward(finished(1000, seed=3), last=900)
    coverage = coverage_of(walk[walk["n"] > 50])
    assert 0.76 < coverage.share < 0.86
    assert coverage_of(walk[walk["n"] > 50], nominal=0.5).share < 0.6


def test_only_tasks_that_waited_are_walked_where_asked():
    past = finished(100)
    past.loc[:49, "created"] = past.loc[:49, "completed"]
    walk = walk_forward(past, waited=True)
    assert set(walk["id"]) <= set(past.loc[50:, "id"])


def test_ten_thousand_tasks_are_learned_walked_and_asked_in_good_time():
    past = finished(10_000, days=0.3)
    spent = [time.process_time()]
    estimator = Estimator().observe(past.iloc[:-1])
    estimator.predict(open_tasks(1), as_of=AS_OF)
    spent.append(time.process_time())
    estimator.observe(past.iloc[-1:])
    spent.append(time.process_time())
    estimator.predict(open_tasks(1), as_of=AS_OF)
    spent.append(time.process_time())
    assert len(walk_forward(past, last=100)) == 100
    spent.append(time.process_time())
    for took, most in zip(np.diff(spent), (4, 0.1, 0.04, 8), strict=True):  # tests/bench has the figures
        assert took < most, spent


def test_a_hundred_thousand_tasks_are_no_trouble():
    past = finished(100_000, days=0.03)
    estimator = Estimator().observe(past)
    assert estimator.n == 100_000
    assert ordered_and_positive(estimator.predict(open_tasks(2), as_of=AS_OF))
    assert estimator.observe(past.tail(10)).n == 100_000


def test_quantiles_may_be_chosen():
    assert list(known().predict(open_tasks(1), quantiles=(0.05, 0.95)).columns) == ["q5", "q95", "basis", "n"]
    with pytest.raises(InvalidValue):
        known().predict(open_tasks(1), quantiles=(0.9, 0.1))


@pytest.mark.parametrize("count", [10, 20, 40, 100])
def test_one_giant_outlier_does_not_rule_a_total(count):
    past, plan = finished(count), open_tasks(20)
    slip = past.assign(actual_hours=past["actual_hours"].where(past.index != count // 2, 2000.0))
    usual, after = (Estimator().observe(one).predict_total(plan, as_of=AS_OF) for one in (past, slip))
    assert after[0.5] < 1.6 * usual[0.5]
    assert after[0.9] < 2.0 * usual[0.9]


def test_rows_without_ids_in_any_order_and_numbers_as_names_are_the_same():
    past = finished(120).drop(columns="id").assign(completed=lambda t: t["completed"].dt.normalize())
    past["project_id"] = past["project_id"].str[1:].astype(int)
    mixed, tasks = past.sample(frac=1, random_state=3), open_tasks(2).assign(project_id=[1.0, np.nan])
    one, other = (Estimator().observe(each).predict(tasks, as_of=AS_OF) for each in (past, mixed))
    pd.testing.assert_frame_equal(one, other)
    named = Estimator().observe(past.assign(project_id=past["project_id"].astype(float))).predict(tasks, as_of=AS_OF)
    pd.testing.assert_frame_equal(one, named)
