import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc_lab.agents.backtest.scores import (
    LEVELS,
    Score,
    auc,
    auc_score,
    brier,
    clusters,
    cover,
    crps,
    held,
    pinball,
    place,
    ratio,
    reached,
)

hours = st.lists(st.integers(1, 400).map(lambda quarters: quarters / 4), min_size=2, max_size=40)
TIED = np.tile(np.quantile([1.0, 2.0, 2.0, 4.0], LEVELS, method="inverted_cdf"), (4, 1))


def test_the_crps_of_a_single_number_is_its_absolute_error():
    outcomes = np.array([1.0, 2.0, 7.0])
    points = np.repeat(np.array([[2.0], [2.0], [3.0]]), len(LEVELS), axis=1)
    assert crps(points, outcomes) == pytest.approx([1.0, 0.0, 4.0])


def test_the_pinball_loss_by_hand():
    assert pinball(np.array([[1.0, 3.0]]), np.array([2.0]), (0.25, 0.75)) == pytest.approx([(0.25 + 0.25) / 2])


@given(hours)
def test_the_true_quantiles_lose_least(values):
    outcomes = np.array(values)
    best = np.tile(np.quantile(outcomes, LEVELS, method="inverted_cdf"), (len(outcomes), 1))
    for factor in (0.5, 0.9, 1.1, 2.0):
        assert crps(best, outcomes).sum() <= crps(factor * best, outcomes).sum() + 1e-9


@given(hours, st.floats(0.01, 100))
def test_losses_scale_with_the_unit(values, factor):
    outcomes = np.array(values)
    quantiles = np.tile(np.quantile(outcomes, LEVELS), (len(outcomes), 1))
    assert crps(factor * quantiles, factor * outcomes) == pytest.approx(factor * crps(quantiles, outcomes))


def test_an_outcome_lies_between_the_levels_around_it():
    quantiles = np.arange(1.0, 20.0)[None, :]
    for outcome, low, high in ((0.5, 0.0, 0.05), (1.5, 0.05, 0.1), (2.0, 0.05, 0.15), (30.0, 0.95, 1.0)):
        below, upto = place(quantiles, np.array([outcome]))
        assert (below[0], upto[0]) == pytest.approx((low, high))


def test_ties_count_in_part_so_that_a_calibrated_forecast_of_round_numbers_holds_what_it_promises():
    outcomes = np.array([1.0, 2.0, 2.0, 4.0])
    assert cover(*place(TIED, outcomes), 0.8).value == pytest.approx(0.8, abs=0.06)
    strict = ((outcomes > TIED[:, 1]) & (outcomes < TIED[:, 17])).mean()
    assert strict == 0.5, "without ties it would look far too narrow"


def test_a_level_lies_between_the_shares_below_and_at_or_below_its_quantile():
    under, upto = reached(TIED, np.array([1.0, 2.0, 2.0, 4.0]))
    assert (under <= np.array(LEVELS) + 1e-9).all()
    assert (upto >= np.array(LEVELS) - 1e-9).all()


def test_shares_have_wilsons_interval():
    found = held(np.array([True] * 8 + [False] * 2))
    assert (found.value, found.low, found.high) == pytest.approx((0.8, 0.4902, 0.9433), abs=1e-4)
    assert np.isnan(held(np.array([], dtype=bool)).value)
    assert np.isnan(cover(np.array([]), np.array([]), 0.8).value)


def test_many_persons_are_resampled_as_persons_and_few_in_blocks():
    five = clusters(["a", "b", "c", "d", "e", "a"], block=1)
    assert five.tolist() == [0, 1, 2, 3, 4, 0]
    two = clusters(["a"] * 5 + ["b"] * 3, block=2)
    assert two.tolist() == [0, 0, 1, 1, 2, 3, 3, 4]


def test_a_ratio_and_its_interval():
    rng = np.random.default_rng(0)
    theirs = rng.gamma(2.0, 1.0, 600)
    ours = 0.9 * theirs * rng.uniform(0.8, 1.2, 600)
    found = ratio(ours, theirs, clusters(["x"] * 600))
    assert found.value == pytest.approx(0.9, abs=0.02)
    assert found.low < 0.9 < found.high
    assert found.high - found.low < 0.06
    assert found == ratio(ours, theirs, clusters(["x"] * 600))
    assert np.isnan(ratio(ours[:10], theirs[:10], clusters(["x"] * 10)).low), "one cluster tells nothing"
    assert np.isnan(ratio(np.zeros(3), np.zeros(3), np.arange(3)).value)


def test_a_ratio_of_dependent_forecasts_is_less_sure_than_of_so_many_independent_ones():
    rng = np.random.default_rng(1)
    block = np.repeat(rng.gamma(2.0, 1.0, 12), 50)
    theirs, labels = np.ones(600), clusters(["x"] * 600)
    together, alone = ratio(block, theirs, labels), ratio(block, theirs, np.arange(600))
    assert together.high - together.low > 3 * (alone.high - alone.low)


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=30))
def test_the_auc_is_the_share_of_pairs_in_the_right_order(pairs):
    chances = np.array([chance / 6 for chance, _ in pairs])
    outcomes = np.array([came for _, came in pairs])
    if outcomes.all() or not outcomes.any():
        assert np.isnan(auc(chances, outcomes))
        return
    above = chances[outcomes][:, None] - chances[~outcomes][None, :]
    assert auc(chances, outcomes) == pytest.approx((above > 0).mean() + 0.5 * (above == 0).mean())


def test_the_auc_has_an_interval_and_the_brier_score_is_the_squared_error():
    rng = np.random.default_rng(2)
    chances = rng.random(400)
    outcomes = rng.random(400) < chances
    found = auc_score(chances, outcomes, clusters(["x"] * 400, 10))
    assert found.low < found.value < found.high
    assert 0.75 < found.value < 0.92
    assert brier(np.array([0.0, 0.5, 1.0]), np.array([False, True, True])).tolist() == [0.0, 0.25, 0.0]


def test_a_score_is_plain_in_json():
    assert Score(value=0.5).as_dict() == {"value": 0.5, "low": None, "high": None}
