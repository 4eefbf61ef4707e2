import numpy as np
import pandas as pd
import pytest

from orc_lab.agents.backtest import simple
from orc_lab.agents.backtest.history import estimated, finished, known, prepared, spread, weekly
from orc_lab.agents.backtest.scores import LEVELS
from orc_lab.errors import InvalidValue
from tests.agents.lives import finished as life

MIDDLE = LEVELS.index(0.5)


def tasks(**columns: list[object]) -> pd.DataFrame:
    return prepared(pd.DataFrame(columns))


def test_only_completion_and_hours_are_needed():
    made = tasks(completed=["2026-01-02", "2026-01-05"], actual_hours=[1, 2])
    assert made["created"].equals(made["completed"])
    assert len(finished(made)) == 2
    with pytest.raises(InvalidValue, match="also actual_hours"):
        prepared(pd.DataFrame({"completed": []}))


def test_a_task_counts_once_and_the_last_row_of_it():
    made = tasks(id=["a", "b", "a"], completed=["2026-01-02"] * 3, actual_hours=[1.0, 2.0, 3.0])
    assert sorted(zip(made["id"], made["actual_hours"], strict=True)) == [("a", 3.0), ("b", 2.0)]


def test_what_can_t_be_learned_from_is_left_out():
    made = tasks(
        id=list("abcde"), completed=["2026-01-02", None, "2026-01-02", "2026-01-02", "2026-01-02"],
        created=["2026-01-01"] * 5, actual_hours=[1.0, 1.0, 0.0, np.inf, np.nan], estimate_hours=[1.0] * 5,
    )  # fmt: skip
    assert finished(made)["id"].tolist() == ["a"]
    hours = [0, -1, None, 1e9, 2]
    made = tasks(completed=["2026-01-01"] * 5, actual_hours=[1] * 5, estimate_hours=hours)
    assert estimated(made).tolist() == [False, False, False, False, True]


def test_only_earlier_days_are_known():
    done = finished(tasks(id=list("abc"), completed=["2026-01-01 09:00", "2026-01-02 08:00", "2026-01-02 20:00"],
                          actual_hours=[1, 1, 1]))  # fmt: skip
    asked = pd.Series(pd.to_datetime(["2026-01-01 23:00", "2026-01-02 23:00", "2026-01-03 00:00"]))
    assert known(done, asked).tolist() == [0, 1, 3]


def test_weeks_are_complete_and_count_those_with_nothing():
    ended = ["2026-01-07", "2026-01-21", "2026-01-28"]
    done = finished(tasks(id=list("abc"), created=["2026-01-06"] * 3, completed=ended, actual_hours=[1, 2, 4]))
    weeks = weekly(done)
    assert weeks["todos"].tolist() == [1, 0, 1]
    assert weeks["hours"].tolist() == [1, 0, 2]
    assert weeks["start"].dt.day_of_week.eq(0).all()
    assert len(weekly(done, pd.Timestamp("2026-03-01"))) == 7, "known to the end, so what came after is nothing done"
    assert weekly(done.head(0)).empty


def test_positions_are_spread_evenly():
    assert spread(10, 4, start=2, step=2).tolist() == [2, 4, 6, 8]
    assert spread(100, 4).tolist() == [0, 33, 66, 99]
    assert spread(0, 4).tolist() == []


def test_ratio_50_is_the_distribution_of_the_last_fifty_ratios():
    ratios = np.r_[np.full(50, 9.0), np.full(50, 2.0)]
    found = simple.ratio_50(ratios, np.array([100, 50, 0]), np.array([3.0, 3.0, 3.0]))
    assert found[0].tolist() == [6.0] * len(LEVELS)
    assert found[1].tolist() == [27.0] * len(LEVELS)
    assert found[2][MIDDLE] == 3.0
    assert found[2][-1] > 9


def test_the_line_is_found_and_needs_thirty():
    x = np.linspace(-1, 2, 80)
    y = 0.5 + 0.7 * x
    found = simple.log_linear(x, y, np.array([80, 29]), np.array([1.0, 1.0]), np.full((2, len(LEVELS)), 7.0))
    assert found[0] == pytest.approx(np.exp(1.2))
    assert found[1].tolist() == [7.0] * len(LEVELS)


def test_the_line_is_least_squares():
    rng = np.random.default_rng(0)
    x = rng.normal(size=60)
    y = 0.3 + 0.8 * x + 0.5 * rng.normal(size=60)
    found = simple.log_linear(x, y, np.array([60]), np.array([0.4]), np.zeros((1, len(LEVELS))))
    slope, level = np.polyfit(x, y, 1)
    assert found[0][MIDDLE] == pytest.approx(np.exp(level + 0.4 * slope))


def test_sums_and_weeks_are_drawn_independently():
    rng = np.random.default_rng(0)
    total = simple.sum_ratio_50(np.tile([0.5, 1.5], 25), np.ones(100), rng)
    assert total[MIDDLE] == pytest.approx(100, rel=0.02)
    weeks = simple.bootstrap_weeks(np.r_[np.full(9, 99.0), np.full(12, 5.0)], (1, 4), rng)
    assert weeks[0].tolist() == [5.0] * len(LEVELS)
    assert weeks[1].tolist() == [20.0] * len(LEVELS)


def test_dates_at_an_even_pace():
    pace = np.full(20, 7.0)
    assert simple.average_rate(pace, 21) == 21
    assert simple.monte_carlo(pace, 21, (0.5, 0.95), np.random.default_rng(0)).tolist() == [21.0, 21.0]
    assert np.isinf(simple.average_rate(np.zeros(5), 3))
    assert np.isinf(simple.monte_carlo(np.zeros(5), 3, (0.5,), np.random.default_rng(0))).all()


def test_a_made_up_life_is_prepared_whatever_its_order():
    made = life(60)
    shuffled = made.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(prepared(shuffled), prepared(made))
