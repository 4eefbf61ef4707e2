import json
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orc_lab.agents.forecast import Basis
from orc_lab.agents.velocity.pace import velocity
from orc_lab.agents.velocity.past import MIN_WEEKS
from orc_lab.agents.velocity.throughput import coverage, forecast_throughput, forecast_total, scenarios
from orc_lab.errors import InvalidValue
from tests.agents.lives import AS_OF, finished, weekly

BANDS = ["q10", "q25", "q50", "q75", "q90"]
histories = st.lists(st.integers(0, 240).map(lambda quarters: quarters / 4), min_size=1, max_size=60)


def steady(weeks: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).poisson(5, weeks).astype(float)


def weeks_of(done: list[float], as_of: pd.Timestamp = AS_OF) -> pd.DataFrame:
    """A `weekly` frame with this many todos a week; the last week is still running."""
    monday = as_of.normalize() - pd.Timedelta(days=as_of.day_of_week)
    starts = pd.date_range(end=monday, periods=len(done), freq="7D")
    complete = starts + pd.Timedelta(days=7) <= as_of
    return pd.DataFrame(
        {"start": starts, "done": done, "hours": 2 * np.array(done), "capacity": 1.0, "complete": complete}
    )


def test_the_level_is_the_median_of_eight_weeks_with_zeros_and_without_the_running_one():
    found = velocity(weeks_of([9, 9, 4, 0, 4, 0, 6, 5, 2, 4, 77]), AS_OF)
    assert (found.todos.median, found.todos.weeks) == (4.0, 8)
    assert (found.todos.q25, found.todos.q75) == (1.5, 4.25)
    assert found.hours.median == 8.0
    assert found.basis is Basis.HISTORY


def test_a_rise_is_named_and_noise_is_not():
    assert velocity(weeks_of([1, 2, 3, 4, 5, 6, 7, 8, 0]), AS_OF).todos.trend.direction == "rising"
    assert velocity(weeks_of([4, 6, 3, 5, 6, 3, 5, 4, 0]), AS_OF).todos.trend.direction == "no evidence of a trend"


def test_a_first_week_has_no_velocity_yet():
    found = velocity(weeks_of([3]), AS_OF)
    assert found.basis is Basis.TOO_LITTLE
    assert "no complete week yet" in found.todos.sentence
    assert json.loads(json.dumps(found.as_dict(), allow_nan=False))["todos"]["median"] is None


def test_weeks_after_as_of_are_not_seen():
    table = weeks_of([5, 5, 5, 5, 50, 50, 50])
    assert velocity(table, AS_OF - pd.Timedelta(weeks=2)).todos.median == 5.0


@given(histories, st.integers(1, 8))
@settings(max_examples=30)
def test_bands_are_ordered_never_negative_and_grow(history, horizon):
    table = forecast_throughput(history, horizon)
    if not any(history):
        assert table[BANDS].isna().all(axis=None)
        assert set(table["basis"]) == {"too little data"}
        return
    for prefix in ("", "week_"):
        values = table[[prefix + name for name in BANDS]].to_numpy()
        assert (values >= 0).all()
        assert (np.diff(values, axis=1) >= 0).all()
    assert (np.diff(table[BANDS].to_numpy(), axis=0) >= 0).all()
    assert np.allclose(
        table.loc[0, BANDS].astype(float), table.loc[0, ["week_" + name for name in BANDS]].astype(float)
    )


@given(histories, st.floats(0.02, 60))
@settings(max_examples=15)
def test_minutes_give_the_same_bands_as_hours(history, factor):
    plain, scaled = forecast_throughput(history, 3), forecast_throughput(factor * np.array(history), 3)
    assert np.allclose(scaled[BANDS], factor * plain[BANDS], equal_nan=True, atol=1e-9)


def test_one_week_is_an_assumption_with_a_wide_band():
    table = forecast_throughput([5.0], 2)
    assert set(table["basis"]) == {"prior"}
    assert table["q90"].iloc[0] > 3 * max(table["q10"].iloc[0], 1.0)


def test_a_constant_history_narrows_as_it_grows_longer():
    short, long = forecast_throughput([5.0] * 6, 1).iloc[0], forecast_throughput([5.0] * 150, 1).iloc[0]
    assert long["q50"] == pytest.approx(5.0, rel=0.05)
    assert long["q90"] - long["q10"] < 0.6 * (short["q90"] - short["q10"])
    assert (short["basis"], long["basis"]) == ("prior", "history")


def test_a_long_pause_lowers_the_forecast_without_ruling_out_a_return():
    before = forecast_throughput([5.0, 7.0, 4.0] * 20, 4).iloc[-1]
    after = forecast_throughput([5.0, 7.0, 4.0] * 20 + [0.0] * 10, 4).iloc[-1]
    assert after["q50"] < 0.6 * before["q50"]
    assert after["q10"] == 0
    assert after["q90"] > 10


def test_a_holiday_ahead_scales_its_week_and_one_behind_is_not_taken_for_idleness():
    history = steady(60)
    usual = forecast_throughput(history, 2)
    away = forecast_throughput(history, 2, capacity=[0.0, 0.5])
    assert away[BANDS].iloc[0].tolist() == [0.0] * 5
    assert away["week_q50"].iloc[1] == pytest.approx(0.5 * usual["week_q50"].iloc[1])
    behind = np.array([*history, 0.0, 0.0, 0.0])
    spared = forecast_throughput(behind, 2, past_capacity=[1.0] * 60 + [0.0] * 3)
    pd.testing.assert_frame_equal(spared, usual)
    assert forecast_throughput(behind, 2)["q50"].iloc[1] < usual["q50"].iloc[1]


def test_a_half_day_week_counts_double():
    half = forecast_throughput(steady(60) / 2, 1, past_capacity=[0.5] * 60)
    pd.testing.assert_frame_equal(half, forecast_throughput(steady(60), 1))


def test_holidays_behind_are_not_taken_for_idleness() -> None:
    rng = np.random.default_rng(0)
    worked, capacity = rng.poisson(6.0, 60) + 1.0, np.ones(60)
    away = worked.copy()
    away[[20, 21, 45, 46]], capacity[[20, 21, 45, 46]] = 0.0, 2 / 7  # Monday to Friday off
    found = forecast_throughput(away, 4, past_capacity=capacity)
    pd.testing.assert_frame_equal(found, forecast_throughput(np.delete(worked, [20, 21, 45, 46]), 4))
    assert found["week_q10"].iloc[0] > 0


def test_the_seed_decides():
    history = np.random.default_rng(2).gamma(2, 3, 60)  # of todos the quantiles are whole and often the same
    pd.testing.assert_frame_equal(forecast_throughput(history, 4, seed=1), forecast_throughput(history, 4, seed=1))
    assert not forecast_throughput(history, 4, seed=1).equals(forecast_throughput(history, 4, seed=2))


HUGE = 10**6


@pytest.mark.parametrize("horizon", [0, -1, HUGE, 2.0, 2.5, "4", True, None, float("nan")])
def test_a_horizon_is_a_whole_number_of_weeks(horizon):
    with pytest.raises(InvalidValue, match=r"horizon can't be .*whole number of weeks from 1 to 520"):
        forecast_throughput(steady(20), horizon)
    with pytest.raises(InvalidValue, match="horizon"):
        coverage(steady(40), horizon)


@pytest.mark.parametrize("wrong", [-1.0, np.nan, np.inf, -np.inf, None, "many"])
@pytest.mark.parametrize("as_given", [list, lambda values: np.array(values, dtype=object), pd.Series])
def test_a_week_is_a_number_from_0_on(wrong, as_given):
    for field in ("weekly_history", "capacity", "past_capacity"):
        given = {"weekly_history": [4.0] * 20, "capacity": [1.0] * 3, "past_capacity": [1.0] * 20}
        given[field] = as_given([*given[field][:-2], wrong, given[field][-1]])
        with pytest.raises(InvalidValue, match=rf"{field} \[{len(given[field]) - 2}\] can't be .*number from 0 on"):
            forecast_throughput(**given, horizon=3)


@pytest.mark.parametrize("lengths", [{"capacity": 2}, {"capacity": 4}, {"past_capacity": 19}, {"past_capacity": 0}])
def test_capacities_are_as_long_as_what_they_belong_to(lengths):
    (field,) = lengths
    with pytest.raises(InvalidValue, match=f"{field} can't be .*one for each week"):
        forecast_throughput(steady(20), 3, **{field: [1.0] * lengths[field]})


@pytest.mark.parametrize("history", ["12345", {"a": 1.0}, np.ones((3, 3)), 7.0])
def test_a_history_is_a_row_of_numbers(history):
    with pytest.raises(InvalidValue, match="weekly_history"):
        forecast_throughput(history, 2)


def test_lists_arrays_and_series_of_any_index_give_the_same():
    history = steady(40)
    wanted = forecast_throughput(history, 3, capacity=[1.0, 0.5, 1.0], past_capacity=np.ones(40))
    weeks = pd.period_range("2025-01-06", periods=40, freq="W")
    series = (
        pd.Series(history),
        pd.Series(history.astype(int), index=weeks),
        pd.Series(history, index=range(40, 0, -1)),
    )
    for some in (history.tolist(), tuple(history), *series, pd.Series(history).astype("Int64"), pd.Index(history)):
        found = forecast_throughput(some, np.int64(3), capacity=pd.Series([1, 0.5, 1]), past_capacity=[1] * 40)
        pd.testing.assert_frame_equal(found, wanted)
    assert forecast_throughput([], 2)["basis"].tolist() == ["too little data"] * 2


def test_bands_hold_over_a_made_up_life():
    history = np.random.default_rng(5).negative_binomial(3, 0.4, 400).astype(float)
    held = coverage(history, 1, origins=300)
    assert held.n == 300
    assert 0.74 < held.share < 0.9
    assert coverage(history[:MIN_WEEKS], 1).n == 0
    assert coverage(np.zeros(60), 4).n == 0


@given(st.integers(0, 500))
@settings(max_examples=10)
def test_a_later_week_changes_no_earlier_judgement(value):
    history = steady(40)
    before, after = coverage(history, 1), coverage([*history, value], 1)
    assert after.n == before.n + 1
    assert 0 <= after.hits - before.hits <= 1


def test_coverage_counts_stretches_that_do_not_overlap():
    assert coverage(steady(52), 4).n == (52 - MIN_WEEKS) // 4
    assert coverage(steady(52), 1).n == 52 - MIN_WEEKS


def test_a_total_carries_its_basis_evidence_and_measured_coverage():
    forecast = forecast_total(weekly(finished(400)), AS_OF, horizon=4)
    assert forecast.basis is Basis.HISTORY
    assert forecast.coverage is not None
    assert forecast.coverage.sentence in forecast.evidence
    assert list(forecast.quantiles.values()) == sorted(forecast.quantiles.values())
    json.dumps(forecast.as_dict(), allow_nan=False)


def test_a_total_of_nothing_says_what_is_needed():
    forecast = forecast_total(weeks_of([0, 0, 0]), AS_OF, measure="hours")
    assert forecast.basis is Basis.TOO_LITTLE
    assert forecast.quantiles == {}
    assert forecast.needs


def test_ten_years_are_forecast_and_judged_in_good_time():
    history = steady(520)
    start = time.process_time()
    forecast_throughput(history, 4)
    coverage(history, 4)
    assert time.process_time() - start < 1


def test_scenarios_are_paths():
    draws = scenarios(steady(60), 6, size=500)
    assert draws.shape == (500, 6)
    assert (draws >= 0).all()


def test_worked_weeks_alone_are_never_empty():
    history = steady(60) * (np.arange(60) % 2)
    assert (scenarios(history, 2, size=500) == 0).mean() > 0.3
    assert (scenarios(history, 2, size=500, worked=True) > 0).all()


@pytest.mark.parametrize("idle", [13, 2_900, 17_000])  # weeks: a quarter, since 1970, since 1700
@pytest.mark.filterwarnings("error")
def test_something_done_ages_ago_is_no_division_by_zero(idle: int) -> None:
    history = np.zeros(idle + 1)
    history[0] = 3.0
    weeks = scenarios(history, 4)
    assert np.isfinite(weeks).all()
    assert (weeks >= 0).all()
    assert (weeks > 0).mean() < 0.2
    worked = scenarios(history, 1, worked=True)
    assert np.median(worked) == pytest.approx(3.0, rel=0.6)
