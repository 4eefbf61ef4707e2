"""The scheduler's tables in every form that they come in: rows, flags, corrected figures, missing columns."""

import numpy as np
import pandas as pd
import pytest

from orc_lab.agents.recommend.scheduler import Scheduler
from orc_lab.errors import InvalidValue
from tests.agents.test_scheduler import TODAY, past, task

YES = [True, np.True_, 1, 1.0, "True", "true", "yes", "1", " YES "]
NO = [False, np.False_, 0, 0.0, "False", "false", "no", "0", "", None, float("nan"), pd.NA]


def hours(scheduler: Scheduler) -> float:
    return scheduler.correction.hours(2.0, "p", "c")


def test_a_corrected_figure_takes_the_place_of_the_one_before():
    history = past().assign(project="p", category="c")
    corrected = history.assign(actual_hours=history["actual_hours"].where(history["id"] != "f030", 90.0))
    afresh = Scheduler().observe(corrected)
    late = Scheduler().observe(history)
    before = hours(late)
    assert late.observe(corrected[corrected["id"] == "f030"]).n == 60
    assert hours(late) == hours(afresh) > before
    assert hours(late.observe(history)) == before
    gone = late.observe({"id": "f030", "estimate_hours": 2.0, "actual_hours": 0.0})
    assert gone.n == 59
    assert hours(gone) == hours(Scheduler().observe(history[history["id"] != "f030"]))


def test_a_correction_that_names_no_project_leaves_it_where_it_was():
    one = Scheduler().observe(past().assign(project="p", category="c"))
    other = one.copy()
    told = {"id": "f001", "estimate_hours": 2.0, "actual_hours": 20.0}
    assert hours(one.observe(told)) == hours(other.observe({**told, "project": "p", "category": "c"}))


def test_a_copy_is_corrected_apart():
    scheduler = Scheduler().observe(past())
    before = hours(scheduler)
    twin = scheduler.copy().observe({"id": "f001", "estimate_hours": 2.0, "actual_hours": 90.0})
    assert hours(twin) > before == hours(scheduler)


def test_a_list_of_series_teaches_what_its_frame_teaches():
    history, tasks = past(), pd.DataFrame([task("a", 4, 9), task("b", 9, 5)])
    rows = [row for _, row in history.iterrows()]
    one, other = Scheduler().observe(rows), Scheduler().observe(history)
    assert one.n == other.n == 60
    as_series = [row for _, row in tasks.iterrows()]
    assert one.choose(as_series, TODAY, 6).as_dict() == other.choose(tasks, TODAY, 6).as_dict()
    assert Scheduler().observe(iter(rows)).n == 60


@pytest.mark.parametrize("blocked", YES)
def test_yes_is_blocked_however_it_is_written(blocked):
    for tasks in ([task("a", 1, blocked=blocked)], pd.DataFrame([task("a", 1, blocked=blocked)])):
        assert Scheduler().choose(tasks, TODAY, 6).left_out[0].reason == "blocked"


@pytest.mark.parametrize("blocked", NO)
def test_no_is_not_blocked_however_it_is_written(blocked):
    for tasks in ([task("a", 1, blocked=blocked)], pd.DataFrame([task("a", 1, blocked=blocked)])):
        assert Scheduler().choose(tasks, TODAY, 6).projects == ("a",)


@pytest.mark.parametrize("blocked", ["perhaps", 2, -1.0, TODAY, [True]])
def test_what_is_neither_yes_nor_no_is_named(blocked):
    with pytest.raises(InvalidValue, match=r"blocked can't be .*yes or no"):
        Scheduler().choose([task("a", 1, blocked=blocked)], TODAY, 6)


@pytest.mark.parametrize(("snoozed", "why"), [
    (np.True_, "snoozed"), ("true", "snoozed"), (np.False_, ""), ("no", ""), (None, ""), (TODAY, ""),
    ("2026-11-27", "snoozed until 2026-11-27"), (TODAY + pd.Timedelta("3D"), "snoozed until 2026-11-27"),
])  # fmt: skip
def test_what_sleeps_says_until_when_or_yes(snoozed, why):
    plan = Scheduler().choose([task("a", 1, snoozed=snoozed), task("b", 1)], TODAY, 6)
    assert [item.reason for item in plan.left_out] == [why] * bool(why)


@pytest.mark.parametrize("completed", [*YES, "2026-11-20", TODAY])
def test_what_is_completed_is_no_open_work(completed):
    assert Scheduler().choose([task("a", 1, completed=completed)], TODAY, 6).order == ()


@pytest.mark.parametrize("completed", NO)
def test_what_is_not_completed_is_open_work(completed):
    assert Scheduler().choose(pd.DataFrame([task("a", 1, completed=completed)]), TODAY, 6).projects == ("a",)


@pytest.mark.parametrize("column", ["estimate_hours", "actual_hours"])
def test_a_missing_column_is_named(column):
    history = past().drop(columns=column)
    for given in (history, history.to_dict("records"), history.iloc[0]):
        with pytest.raises(InvalidValue, match=f"the columns of finished tasks can't be .*also {column}"):
            Scheduler().observe(given)
    assert Scheduler().observe(pd.DataFrame()).observe([]).n == 0


@pytest.mark.parametrize("rows", ["a text", 7, [1, 2], ["a"], [None]])
def test_what_is_no_table_is_named(rows):
    with pytest.raises(InvalidValue, match="row"):
        Scheduler().observe(rows)
    with pytest.raises(InvalidValue, match="row"):
        Scheduler().choose(rows, TODAY, 6)


@pytest.mark.parametrize("hours", [True, np.True_, "2", TODAY])
def test_hours_are_numbers(hours):
    with pytest.raises(InvalidValue, match=r"actual_hours can't be .*a number of hours"):
        Scheduler().observe([{"estimate_hours": 1.0, "actual_hours": hours}])
