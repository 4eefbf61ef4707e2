import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc_lab.agents.forecast import QUANTILES, Basis, Coverage, Forecast, check_levels, label, wilson
from orc_lab.errors import InvalidValue
from tests.agents.lives import AS_OF


def test_wilson_matches_the_published_example():
    # 81 of 263: Newcombe, Statistics in Medicine 1998, method 3
    low, high = wilson(81, 263)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_wilson_lies_around_the_share(n, share):
    low, high = wilson(share * n, n)
    assert 0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1


def test_coverage_says_what_was_promised_and_what_was_held():
    coverage = Coverage(nominal=0.8, hits=165, n=212)
    assert coverage.sentence == "80% bands held 78% of 212 times (95% interval 72% to 83%)"
    assert Coverage(nominal=0.8, hits=0, n=0).sentence == "80% bands: no forecast has come true yet"
    assert math.isnan(Coverage(nominal=0.8, hits=0, n=0).share)


def test_a_forecast_is_json_and_a_sentence():
    quantiles = dict(zip(QUANTILES, (1, 2, 4, 6, 9), strict=True))
    forecast = Forecast(
        subject="todos next week", unit="todos", as_of=AS_OF, quantiles=quantiles,
        basis=Basis.HISTORY, n=30, coverage=Coverage(nominal=0.8, hits=16, n=20),
    )  # fmt: skip
    data = json.loads(json.dumps(forecast.as_dict(), allow_nan=False))
    assert data["quantiles"] == {"q10": 1, "q25": 2, "q50": 4, "q75": 6, "q90": 9}
    assert data["basis"] == "history"
    assert forecast.sentence == "todos next week: 4 todos, 80% between 1 and 9 (history, n = 30)"


def test_too_little_data_is_an_answer_that_says_what_is_needed():
    forecast = Forecast(
        subject="hours", unit="h", as_of=AS_OF, quantiles={}, basis=Basis.TOO_LITTLE, n=0, needs="A week."
    )
    assert math.isnan(forecast.median)
    assert forecast.sentence == "hours: too little data. A week."
    json.dumps(forecast.as_dict(), allow_nan=False)


def test_labels_are_columns():
    assert [label(level) for level in (0.1, 0.5, 0.025)] == ["q10", "q50", "q2.5"]


@pytest.mark.parametrize("levels", [(), (0.0, 0.5), (0.5, 1.0), (0.5, 0.4), (0.5, 0.5)])
def test_levels_must_rise_between_zero_and_one(levels):
    with pytest.raises(InvalidValue, match="rising numbers"):
        check_levels(levels)
