import json
import math
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orc_lab.agents.completion.dates import (
    PROMISED,
    completion_draws,
    forecast_completion,
    walk_completion,
)
from orc_lab.agents.completion.pace import Past, waits
from orc_lab.agents.completion.record import Record, nearest_days
from orc_lab.agents.forecast import Basis
from orc_lab.errors import InvalidValue

TODAY = "2026-11-23"  # a Monday
DAY = np.datetime64(TODAY)


def steady(weeks: int = 60, a_day: float = 1.0, seed: int = 0) -> np.ndarray:
    """A Poisson number of todos each weekday up to TODAY."""
    days = DAY - np.arange(1, 7 * weeks + 1)
    working = np.is_busday(days)
    return np.repeat(days[working], np.random.default_rng(seed).poisson(a_day, working.sum()))


def test_a_steady_person_needs_about_the_days_that_their_pace_says():
    several = [forecast_completion(steady(seed=seed), TODAY, 20) for seed in range(6)]
    assert 20 < np.mean([found.days[0.5] for found in several]) < 30  # the twentieth weekday is day 25
    found = several[0]
    assert found.days[0.95] < 70
    assert found.basis is Basis.HISTORY
    assert found.coverage.n > 5
    assert 0.5 < found.coverage.share <= 1.0


def test_a_quick_person_is_done_today():
    found = forecast_completion(steady(a_day=6.0), TODAY, 1)
    assert found.days[0.8] == 0.0
    assert found.dates[0.8].isoformat() == TODAY


def test_nothing_of_today_or_later_is_used():
    past = steady()
    later = np.concatenate([past, DAY + np.repeat(np.arange(30), 9)])
    assert forecast_completion(later, TODAY, 5) == forecast_completion(past, TODAY, 5)


def test_the_walk_at_each_day_knows_only_the_days_before():
    past = steady(30)
    whole = walk_completion(past, 5)
    cut = whole["today"].iloc[-6]
    begun = walk_completion(past[past < np.datetime64(cut, "D")], 5)
    assert len(begun) >= len(whole) - 7
    changed = np.concatenate(
        [past[past < np.datetime64(cut, "D")], np.repeat(np.datetime64(cut, "D"), 300), past[past > DAY - 3]]
    )
    again = walk_completion(changed, 5)
    same = again["today"] <= cut
    assert same.sum() == (whole["today"] <= cut).sum()
    assert (again.loc[same, "n"] == whole.loc[: same.sum() - 1, "n"]).all()
    assert np.abs(np.log1p(again.loc[same, "q80"]) - np.log1p(whole.loc[: same.sum() - 1, "q80"])).max() < 0.4


def test_order_and_kind_of_dates_change_nothing():
    past = steady(20)
    mixed = np.random.default_rng(1).permutation(past)
    base = forecast_completion(past, TODAY, 5)
    assert forecast_completion(mixed, pd.Timestamp(TODAY), 5) == base
    assert forecast_completion([str(day) for day in mixed], TODAY, 5) == base
    assert forecast_completion(pd.Series(mixed).dt.tz_localize("UTC") + pd.Timedelta(hours=9), TODAY, 5) == base
    assert forecast_completion([*pd.Series(mixed), pd.NaT], DAY.item(), 5) == base


def test_no_past_is_an_answer():
    found = forecast_completion([], TODAY, 3)
    assert found.basis is Basis.TOO_LITTLE
    assert all(math.isnan(days) for days in found.days.values())
    assert set(found.dates.values()) == {None}
    assert "too little data" in found.sentence
    assert "would be needed" in found.sentence
    json.dumps(found.as_dict(), allow_nan=False)
    assert np.isnan(completion_draws([], TODAY, 3)).all()
    assert walk_completion([], 3).empty


@pytest.mark.parametrize("past", [["2026-11-20"], ["2026-11-20"] * 30, ["1990-01-01"], ["2026-11-22", "2026-10-01"]])
def test_a_first_week_gives_a_wide_prior(past):
    found = forecast_completion(past, TODAY, 3)
    assert found.basis is Basis.PRIOR
    assert found.days[0.95] > 2 * found.days[0.5] or found.dates[0.95] is None
    assert found.n == len(past)
    assert found.coverage.n == 0 or len(set(past)) > 1 or past[0] < "2000"


def test_a_bulk_closing_is_not_a_pace():
    days = steady(60, a_day=0.5)
    bulk = np.concatenate([days, np.repeat(DAY - 40, 139)])
    usual, after = forecast_completion(days, TODAY, 20), forecast_completion(bulk, TODAY, 20)
    assert after.days[0.5] > 0.5 * usual.days[0.5]


def test_a_long_idle_stretch_widens_and_delays():
    busy = steady(60)
    idle = forecast_completion(busy[busy < DAY - 180], TODAY, 5)
    assert idle.days[0.5] > 3 * forecast_completion(busy, TODAY, 5).days[0.5]
    assert idle.days[0.95] > 180


def test_holidays_ahead_are_skipped():
    usual = completion_draws(steady(), TODAY, 5)
    away = completion_draws(steady(), TODAY, 5, capacity=[0.0, 0.0])
    assert away.min() >= 14
    assert np.median(away - usual) == 14
    assert (completion_draws(steady(), TODAY, 5, capacity=[0.5]) >= usual).all()
    assert (completion_draws(steady(), TODAY, 5, capacity=[1.0] * 9) == usual).all()


def test_a_friday_worker_is_expected_on_fridays():
    fridays = DAY - 3 - 7 * np.arange(60)
    draws = completion_draws(np.repeat(fridays, 2), TODAY, 1)
    assert np.mean((draws + 0) % 7 == 4) > 0.8


def test_a_century_of_calendar_has_to_be_ahead():
    assert forecast_completion(pd.date_range("9899-06-01", periods=90), "9899-12-31", 5).dates[0.5] is not None
    for today in ("9999-12-31", "9950-01-01"):
        with pytest.raises(InvalidValue, match=f"today can't be '{today}'"):
            forecast_completion(steady(), today, 5)


def test_wrong_input_is_named():
    with pytest.raises(InvalidValue, match="n can't be 0"):
        forecast_completion(steady(9), TODAY, 0)
    with pytest.raises(InvalidValue, match="completion_days"):
        forecast_completion(["soon"], TODAY, 1)
    with pytest.raises(InvalidValue, match="quantiles"):
        forecast_completion(steady(9), TODAY, 1, quantiles=(0.9, 0.5))


@pytest.mark.parametrize("n", [0, -3, 1.5, 2.0, math.nan, math.inf, None, "5", True, 10**9])
def test_n_is_a_whole_number_of_todos(n):
    for call in (forecast_completion, completion_draws):
        with pytest.raises(InvalidValue, match=r"n can't be .*whole number of todos from 1 to 100,000"):
            call(steady(9), TODAY, n)
    with pytest.raises(InvalidValue, match="n can't be"):
        walk_completion(steady(9), n)


NO_DAY = [None, pd.NaT, np.datetime64("NaT"), math.nan, 20780, 1.5e18, "", "now", "soon", True]


@pytest.mark.parametrize("today", NO_DAY)
def test_today_is_a_day_and_no_clock_is_asked(today):
    with pytest.raises(InvalidValue, match=r"today can't be .*dates or times, such as 2026-11-23"):
        forecast_completion(steady(9), today, 1)


NO_DAYS = [[20780, 20781], np.array([1, 2]), [1.5, 2.5], pd.Series([20780]), ["now"], [True], [b"x"]]


@pytest.mark.parametrize("days", NO_DAYS)
def test_numbers_are_no_days(days):
    with pytest.raises(InvalidValue, match=r"completion_days can't be .*dates or times"):
        forecast_completion(days, TODAY, 1)
    with pytest.raises(InvalidValue, match="completion_days"):
        forecast_completion(TODAY, TODAY, 1)


@pytest.mark.parametrize("capacity", [[-1.0], [math.nan], [math.inf], ["full"]])
def test_a_capacity_is_a_number_from_0_on(capacity):
    for days in (steady(9), []):
        with pytest.raises(InvalidValue, match=r"capacity \[0\] can't be"):
            forecast_completion(days, TODAY, 1, capacity=capacity)


@pytest.mark.parametrize("quantiles", [(), (0.5, 0.5), (0.0, 0.5), (0.5, 1.0), (math.nan,)])
def test_quantiles_rise_between_0_and_1(quantiles):
    with pytest.raises(InvalidValue, match=r"quantiles can't be .*rising"):
        forecast_completion(steady(9), TODAY, 1, quantiles=quantiles)


def test_what_is_missing_or_still_to_come_is_left_out():
    past = steady(9)
    wanted = forecast_completion(past, TODAY, 3)
    texts = [str(day) for day in past]
    assert forecast_completion([*texts, None, "", "2027-01-01", TODAY], TODAY, np.int64(3)) == wanted
    assert forecast_completion([*past, np.datetime64("NaT"), pd.NaT, math.nan], TODAY, 3) == wanted
    assert forecast_completion(["2027-01-01", None], TODAY, 1).basis is Basis.TOO_LITTLE


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
def test_a_day_with_a_zone_is_that_of_its_own_clock(zone):
    past = pd.Series(steady(60)).astype("datetime64[us]") + pd.Timedelta(hours=23, minutes=30)
    wanted = forecast_completion(past, TODAY, 5)
    there = past.dt.tz_localize(zone)
    assert forecast_completion(there, TODAY, 5) == wanted
    assert forecast_completion([at.isoformat() for at in there], TODAY, 5) == wanted
    assert forecast_completion(past, pd.Timestamp(TODAY + " 23:59", tz=zone), 5) == wanted
    mixed = [at.tz_localize(name) for at, name in zip(past, [zone, "Asia/Tokyo", None] * len(past), strict=False)]
    assert forecast_completion(mixed, TODAY, 5) == wanted


def test_a_hundred_thousand_completions_are_read_within_a_second():
    days = DAY - np.random.default_rng(0).integers(1, 3650, 100_000)
    begin = time.perf_counter()
    found = forecast_completion(days, TODAY, 40)
    assert time.perf_counter() - begin < 1.0
    assert found.n == 100_000
    assert found.days[0.5] <= 3


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.integers(-900, 30), min_size=1, max_size=60),
    st.sampled_from([1, 2, 7, 40, 99, 100, 5000]),
    st.integers(0, 1000),
)
def test_dates_are_ordered_and_finite_whatever_the_past(offsets, n, seed):
    days = [DAY + offset for offset in offsets]
    found = forecast_completion(days, TODAY, n, seed=seed, quantiles=(0.05, *PROMISED))
    ahead = list(found.days.values())
    json.dumps(found.as_dict(), allow_nan=False)
    if min(offsets) >= 0:
        assert found.basis is Basis.TOO_LITTLE
        return
    assert ahead == sorted(ahead)
    assert ahead[0] >= 0
    assert all(day == int(day) for day in ahead)
    draws = completion_draws(days, TODAY, n, seed=seed)
    assert (np.diff(draws) >= 0).all()
    assert found == forecast_completion(days[::-1], TODAY, n, seed=seed, quantiles=(0.05, *PROMISED))


def test_more_todos_never_take_less_time():
    past = steady(40)
    medians = [forecast_completion(past, TODAY, n).days[0.5] for n in (1, 5, 20, 60, 99, 120, 400)]
    assert medians == sorted(medians)


def test_dates_hold_for_lives_of_several_kinds():
    """Steady, bursts, and two paces: P80 and P95 hold about as often as they say."""
    rng = np.random.default_rng(3)
    days = DAY - np.arange(1, 1400)[::-1]
    weeks = np.repeat(np.clip(np.exp(rng.normal(0, 0.8, 200)), 0, 8), 7)[: len(days)]
    paces = {
        "steady": np.full(len(days), 0.6),
        "bursts": 0.6 * weeks,
        "two": np.where(np.arange(len(days)) < 700, 0.3, 1.2),
    }
    held = []
    for pace in paces.values():
        walk = walk_completion(np.repeat(days, rng.poisson(pace)), 10).iloc[6:]
        walk = walk[np.isfinite(walk["waited"])]
        held.append([(walk["waited"] <= walk[name]).mean() for name in ("q80", "q95")])
    assert 0.74 < np.mean(held, axis=0)[0] < 0.88
    assert 0.91 < np.mean(held, axis=0)[1] < 0.99


def test_waits_count_today_as_day_zero():
    past = Past.of(np.array([10, 10, 12, 15]))
    assert past.waits(np.array([10, 11, 12]), 2).tolist() == [0, 4, 3]
    assert past.waits(np.array([13]), 2).tolist() == [math.inf]


def test_scenarios_of_one_day_do_not_depend_on_later_work():
    past = Past.of(np.array([3, 5, 8, 9, 20, 21]))
    rng = np.random.default_rng
    early = waits(past, np.array([10]), 3, size=200, rng=rng(0))
    assert (early == waits(past.before(10), np.array([10]), 3, size=200, rng=rng(0))).all()


def test_a_record_moves_forecasts_that_were_always_too_early():
    scenarios = np.tile(np.arange(100.0), (200, 1))
    late = Record.of(scenarios, np.full(200, 90.0), np.full(200, 400.0), 101)
    moved = late.correct(np.arange(100.0))
    assert np.quantile(moved, 0.5) > 75
    none = Record.of(scenarios[:0], np.empty(0), np.empty(0), 9)
    assert none.correct(np.arange(100.0)) == pytest.approx(np.arange(100.0))


def test_what_has_not_come_true_yet_counts_as_late_and_not_as_missing():
    scenarios = np.tile(np.arange(100.0), (200, 1))
    open_still = Record.of(scenarios, np.full(200, np.inf), np.full(200, 80.0), 101)
    assert np.quantile(open_still.correct(np.arange(100.0)), 0.5) > 75
    fresh = Record.of(scenarios, np.full(200, np.inf), np.full(200, 0.0), 101)
    assert fresh.correct(np.arange(100.0)) == pytest.approx(np.arange(100.0), abs=1.5)


def test_the_day_with_the_nearest_chance_is_named():
    draws = np.repeat([0.0, 1.0, 9.0], [70, 15, 15])
    assert nearest_days(draws, [0.5, 0.8, 0.84, 0.95]) == [0.0, 1.0, 1.0, 9.0]
    assert nearest_days(np.repeat([5.0, 6.0], [79, 21]), [0.8]) == [5.0]
