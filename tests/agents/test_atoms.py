import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from orc_lab.agents.atoms import Atoms, normal_scores, share_in_band

rows = st.lists(st.tuples(st.floats(0.01, 1e4), st.floats(0.01, 10)), min_size=1, max_size=30)


def make(pairs):
    values, weights = np.array(pairs).T
    return Atoms.of(values[None, :], weights[None, :])


@given(rows)
def test_quantiles_rise_and_are_atoms(pairs):
    quantiles = make(pairs).quantiles((0.1, 0.5, 0.9))[0]
    assert (np.diff(quantiles) >= 0).all()
    assert set(quantiles) <= {value for value, _ in pairs}


@given(rows, st.floats(0.01, 1e4))
def test_the_interval_brackets_every_quantile(pairs, outcome):
    below, upto = make(pairs).interval(np.array([outcome]))
    assert 0 <= below[0] <= upto[0] <= 1 + 1e-9
    if upto[0] > below[0] + 1e-6:
        middle = float(np.clip((below[0] + upto[0]) / 2, 1e-9, 1 - 1e-9))
        assert np.isclose(make(pairs).quantiles((middle,))[0, 0], outcome, rtol=1e-8)


def test_draws_follow_the_weights():
    atoms = Atoms.of(np.array([[3.0, 1.0, 2.0]]), np.array([[1.0, 2.0, 1.0]]))
    draws = atoms.sample(4000, np.random.default_rng(0))[:, 0]
    assert abs((draws == 1.0).mean() - 0.5) < 0.03
    assert set(draws) == {1.0, 2.0, 3.0}


def test_what_is_left_is_conditional_on_what_is_spent():
    atoms = Atoms.of(np.array([[1.0, 2.0, 5.0], [1.0, 2.0, 5.0]]), np.ones((2, 3)))
    left = atoms.left_after(np.array([1.5, 0.0]))
    assert left.quantiles((0.25, 0.75))[0].tolist() == [0.5, 3.5]
    assert left.quantiles((0.2, 0.5, 0.9))[1].tolist() == [1.0, 2.0, 5.0]


def test_a_task_that_took_longer_than_anything_foreseen_still_has_something_left():
    left = Atoms.of(np.array([[1.0, 2.0]]), np.ones((1, 2))).left_after(np.array([40.0]))
    assert (left.values > 0).all()


def test_a_tie_counts_by_its_part_inside_the_band():
    low, high = np.array([0.0, 0.05, 0.5, 0.95, 0.3, 0.95]), np.array([1.0, 0.15, 0.6, 1.0, 0.3, 0.95])
    assert np.allclose(share_in_band(low, high, 0.8), [0.8, 0.5, 1.0, 0.0, 1.0, 0.0])


@given(st.integers(2, 12), st.integers(0, 10_000))
def test_a_true_forecast_with_ties_is_covered_exactly_as_promised(kinds, seed):
    weights = np.random.default_rng(seed).random(kinds) + 0.01
    weights /= weights.sum()
    high = np.cumsum(weights)
    held = share_in_band(high - weights, high, 0.8)
    assert np.isclose(held @ weights, 0.8)


def test_scores_are_symmetric():
    assert np.allclose(normal_scores(24) + normal_scores(24)[::-1], 0)
