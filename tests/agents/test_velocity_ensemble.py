import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orc_lab.agents.velocity import ensemble
from orc_lab.agents.velocity.ensemble import MEMBERS, graded, judge, shares
from orc_lab.agents.velocity.past import Past, decayed, normal_weeks
from orc_lab.agents.velocity.stretches import Stretches
from orc_lab.agents.velocity.throughput import coverage, forecast_throughput, scenarios
from orc_lab.agents.velocity.worked import WorkedOrNot

counts = st.lists(st.integers(0, 30), min_size=30, max_size=80).map(lambda weeks: [2, *weeks])


def steady(weeks: int, mean: float = 5, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).poisson(mean, weeks).astype(float)


def shares_now(history: np.ndarray, horizon: int = 1) -> np.ndarray:
    past = Past.of(history)
    judged = (judge(past, horizon, graded(past, horizon, 0)),)
    return shares(judged, np.array([len(history)]), horizon)[0]


def bootstrap_ratio(history: np.ndarray, horizon: int) -> float:
    """CRPS of the forecast ÷ that of a bootstrap of the last twelve weeks, every eighth week."""
    levels = np.round(np.arange(0.05, 1, 0.05), 2)
    rng, lost = np.random.default_rng(1), np.zeros(2)
    for start in range(12, len(history) - horizon + 1, 8):
        truth = history[start : start + horizon].sum()
        usual = rng.choice(history[start - 12 : start], (600, horizon))
        for i, paths in enumerate((scenarios(history[:start], horizon, size=600), usual)):
            miss = truth - np.quantile(paths.sum(axis=1), levels)
            lost[i] += np.where(miss >= 0, levels * miss, (levels - 1) * miss).sum()
    return float(lost[0] / lost[1])


@given(st.lists(st.floats(0, 100), min_size=1, max_size=200), st.floats(0.01, 0.9))
def test_running_sums_are_those_of_one_step_after_the_other(values, alpha):
    total, slow = 0.0, []
    for value in values:
        total = total * (1 - alpha) + value
        slow.append(total)
    assert np.allclose(decayed(np.array(values), alpha), slow)
    both = decayed(np.array([values, values]).T, alpha)
    assert np.allclose(both, np.array([slow, slow]).T)


@pytest.mark.parametrize(("step", "grain"), [(1.0, 1.0), (0.25, 0.25), (60.0, 60.0)])
def test_the_grain_is_what_all_amounts_are_multiples_of(step, grain):
    past = Past.of(step * steady(60))
    assert past.grain == pytest.approx(grain)
    assert past.on_grain(np.array([0.0, 0.1 * step, 2.4 * step])).tolist() == pytest.approx([0, step, 2 * step])


def test_where_amounts_have_nothing_in_common_there_is_no_grain():
    assert Past.of(np.random.default_rng(0).gamma(2, 3, 60)).grain == 0
    assert Past.of(np.full(60, 5.0)).grain == 0
    assert Past.of(np.array([3.0, 4.0])).grain == 0


@given(counts, st.integers(1, 4))
@settings(max_examples=15)
def test_todos_to_come_are_whole_and_never_negative(history, horizon):
    weeks = scenarios(normal_weeks([*history, 3, 1, 2, 4, 1, 2, 1, 5, 1, 1, 1, 1]), horizon, size=200)
    assert (weeks >= 0).all()
    assert np.allclose(weeks, np.rint(weeks))


@given(counts, st.lists(st.integers(0, 500), min_size=4, max_size=12))
@settings(max_examples=15)
def test_no_judgement_and_no_share_knows_a_later_week(history, later):
    known = Past(weeks=np.array(history, dtype=float), grain=1.0)
    more = Past(weeks=np.array([*history, *later], dtype=float), grain=1.0)
    starts = np.arange(12, len(history) - 1)
    before, after = judge(known, 2, starts), judge(more, 2, starts)
    for name in ("crps", "below", "upto"):
        assert np.allclose(getattr(before, name), getattr(after, name), equal_nan=True)
    ends = np.arange(14, len(history) + 1)
    rated = [(judge(past, 2, graded(past, 2, 0)),) for past in (known, more)]
    assert np.allclose(shares(rated[0], ends, 2), shares(rated[1], ends, 2))


def test_a_short_past_is_left_to_the_models_that_know_least():
    share = shares_now(steady(20))
    assert share.sum() == pytest.approx(1)
    assert share[[isinstance(member, Stretches) for member in MEMBERS]].tolist() == [0.0] * 4


def test_shares_follow_what_held():
    newest = [member == Stretches(half_life=4) for member in MEMBERS].index(True)
    slow = [member == WorkedOrNot(alpha=0.05) for member in MEMBERS].index(True)
    rng = np.random.default_rng(3)
    wandering = rng.poisson(np.exp(2.5 + np.cumsum(rng.normal(0, 0.2, 200))).clip(1, 200)).astype(float)
    still = steady(200)
    assert shares_now(still)[slow] > 2 * shares_now(wandering)[slow]
    assert shares_now(wandering)[newest] > shares_now(still)[newest]


def test_perfectly_equal_weeks_leave_every_model_a_share():
    share = shares_now(np.full(150, 5.0))
    assert np.isfinite(share).all()
    assert share.sum() == pytest.approx(1)


def test_judged_bands_are_those_of_the_scenarios():
    history = steady(160)
    outcome = 6.0
    weeks = scenarios(history, 1, size=4000, seed=3)[:, 0]
    past = Past.of(np.append(history, outcome))
    start = np.array([160])
    rated = (judge(past, 1, graded(past, 1, 160 - 156)),)
    share, judged = shares(rated, start, 1)[0], judge(past, 1, start)
    assert (judged.below[0] * share).sum() == pytest.approx((weeks < outcome).mean(), abs=0.04)
    assert (judged.upto[0] * share).sum() == pytest.approx((weeks <= outcome).mean(), abs=0.04)


def test_the_first_weeks_of_a_long_forecast_are_those_of_a_short_one():
    history = steady(150)
    long = forecast_throughput(history, 12).iloc[3]
    short = forecast_throughput(history, 4).iloc[3]
    for name in ("q10", "q50", "q90"):
        assert long[name] == pytest.approx(short[name], rel=0.15)


@pytest.mark.parametrize("horizon", [1, 4])
def test_lives_that_change_are_followed_better_than_by_a_bootstrap(horizon):
    rng = np.random.default_rng(0)
    stalls = steady(200, 6) * np.repeat(rng.random(40) < 0.7, 5)
    rare = steady(200, 4, seed=1) * (rng.random(200) < 0.3)
    hours = np.exp(rng.normal(2, 1, 200)) * (rng.random(200) < 0.8)
    for history in (stalls, rare, hours):
        assert bootstrap_ratio(history, horizon) < {1: 1.02, 4: 0.98}[horizon]


def test_a_jump_in_level_is_followed_within_months():
    history = np.concatenate([steady(120, 3), steady(26, 12, seed=1)])
    forecast = forecast_throughput(history, 1).iloc[0]
    assert forecast["q10"] > 4
    assert forecast["q50"] == pytest.approx(12, abs=2.5)


def test_yearly_stalls_stay_in_the_band():
    year = np.where(np.arange(52) < 46, 1.0, 0.0)
    history = steady(260, 6) * np.tile(year, 5)
    held = coverage(history, 4)
    assert 0.7 < held.share < 0.95
    assert held.n == 62


def test_one_giant_week_does_not_lift_the_middle():
    plain = steady(100)
    giant = plain.copy()
    giant[70] = 10_000
    assert forecast_throughput(giant, 4)["q50"].iloc[-1] < 1.3 * forecast_throughput(plain, 4)["q50"].iloc[-1]


def test_a_horizon_longer_than_the_past_that_is_drawn_from_still_has_scenarios():
    weeks = scenarios(steady(720), 600, size=50)
    assert weeks.shape == (50, 600)
    assert np.isfinite(weeks).all()


def test_a_review_can_call_it():
    history = np.random.default_rng(5).negative_binomial(3, 0.4, 500).astype(float)
    took = []
    for _ in range(5):
        start = time.process_time()
        forecast_throughput(history, 4)
        took.append(time.process_time() - start)
    assert min(took) < 0.12  # seconds; a third of it on an idle machine
    start = time.process_time()
    assert coverage(history, 1).n == 104
    assert time.process_time() - start < 1.5


def test_models_are_weighed_at_one_week_and_at_the_horizon_up_to_four():
    past = Past.of(steady(80))
    for horizon, expected in ((1, [1]), (3, [1, 3]), (12, [1, 4])):
        assert [one.horizon for one in ensemble.grades(past, horizon, 80)] == expected
