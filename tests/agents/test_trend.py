import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc_lab.agents.trend import trend


def test_a_straight_rise_is_a_trend():
    found = trend(np.arange(8.0), unit="todos")
    assert found.slope == 1.0
    assert found.direction == "rising"
    assert trend(-np.arange(8.0)).direction == "falling"


def test_one_odd_week_turns_nothing():
    assert trend(np.array([1.0, 2, 3, 4, 5, 6, 7, -90])).slope > 0.5


def test_all_equal_is_no_evidence():
    found = trend(np.full(8, 3.0))
    assert (found.slope, found.low, found.high) == (0, 0, 0)
    assert found.direction == "no evidence of a trend"


def test_under_five_weeks_say_nothing():
    assert trend(np.arange(4.0)).direction == "too little data"
    assert trend(np.arange(4.0)).as_dict()["slope"] is None


@pytest.mark.parametrize("n", [8, 12])
def test_the_interval_holds_the_true_slope_nine_times_of_ten(n):
    rng = np.random.default_rng(n)
    found = [trend(0.4 * np.arange(n) + rng.gamma(2.0, 1.0, n)) for _ in range(600)]
    assert 0.87 <= np.mean([one.low <= 0.4 <= one.high for one in found]) <= 0.98


@given(st.lists(st.floats(-1e3, 1e3), min_size=5, max_size=20), st.floats(0.1, 60))
def test_the_slope_follows_the_units(values, factor):
    plain, scaled = trend(np.array(values)), trend(factor * np.array(values))
    assert plain.low <= plain.slope <= plain.high
    assert np.isclose(scaled.slope, factor * plain.slope, rtol=1e-6, atol=1e-6)
