"""Times and names as others hand them over: every agent reads them in the same way."""

from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest

from orc_lab.agents.backtest.history import prepared
from orc_lab.agents.estimation.estimator import Estimator
from orc_lab.agents.estimation.walk import walk_forward
from orc_lab.agents.given import local_time, local_times, name_of, names
from orc_lab.agents.health.trouble import HealthModel
from orc_lab.agents.recommend.scheduler import Scheduler
from orc_lab.errors import InvalidValue
from tests.agents.lives import AS_OF, finished, frame, open_tasks

NOON = pd.Timestamp("2026-03-29 12:00")
TIMES = ["created", "started", "completed"]
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "mixed", "text", "mixed text"]


def zoned(table: pd.DataFrame, zone: str) -> pd.DataFrame:
    """The same wall times with a zone, or with several in one column, or as text."""
    columns = {name: _zoned(table[name], zone) for name in (*TIMES, "due") if name in table}
    return table.assign(**columns)


def _zoned(times: pd.Series, zone: str) -> pd.Series:
    if "mixed" not in zone and zone != "text":
        return times.dt.tz_localize(zone, nonexistent="shift_forward", ambiguous=True)
    several = ["Europe/Berlin", "Asia/Tokyo", None] if "mixed" in zone else ["Asia/Tokyo"]
    turns = [several[n % len(several)] for n in range(len(times))]
    there = [
        at.tz_localize(zone, nonexistent="shift_forward", ambiguous=True) for at, zone in zip(times, turns, strict=True)
    ]
    text = "text" in zone
    told = [None if pd.isna(at) else at.isoformat() if text else at for at in there]
    return pd.Series(told, index=times.index, dtype="object")


@pytest.mark.parametrize("zone", ZONES)
def test_a_column_with_zones_is_read_by_the_clock_on_the_wall(zone):
    naive = finished(300)["completed"].rename("at")
    naive.iloc[5] = pd.NaT
    pd.testing.assert_series_equal(local_times(_zoned(naive, zone), "at").rename("at"), naive.astype("datetime64[us]"))


def test_dates_texts_and_numpy_times_are_times():
    told = [date(2026, 3, 29), "2026-03-29T12:00", datetime(2026, 3, 29, 12), np.datetime64("2026-03-29")]
    given = pd.Series([*told, None, "", pd.NaT], dtype="object")
    midnight = NOON.normalize()
    assert local_times(given, "at").tolist()[:4] == [midnight, NOON, NOON, midnight]
    assert local_times(given, "at").iloc[4:].isna().all()
    assert local_times(pd.Series([np.nan, np.nan]), "at").isna().all()
    assert local_time(NOON.tz_localize("Asia/Tokyo"), "at") == NOON
    assert local_time(" 2026-03-29T12:00+02:00 ", "at") == NOON


NO_TIMES = [[1, 2], [1.5e18], [True], ["now"], ["soon"], [NOON, 7], ["2026-03-29", "tomorrow"], [b"x"],
            ["05.01.2026"], ["2026-03-29", "13.01.2026"], ["01/05/2026"], ["5 Jan 2026"], ["1767571200"]]  # fmt: skip


@pytest.mark.parametrize("wrong", NO_TIMES)
def test_numbers_and_words_are_no_times(wrong):
    with pytest.raises(InvalidValue, match=r"created can't be .*dates or times"):
        local_times(pd.Series(wrong, dtype="object" if len(wrong) > 1 and wrong[0] is NOON else None), "created")


@pytest.mark.parametrize("wrong", [None, pd.NaT, float("nan"), 3, "", "today", [NOON], "05.01.2026", "1/5/26"])
def test_an_instant_has_to_be_one(wrong):
    with pytest.raises(InvalidValue, match="today can't be"):
        local_time(wrong, "today")


def test_numbers_as_names_are_one_name_with_and_without_a_point():
    same = [pd.Series([1, 2]), pd.Series([1.0, 2.0]), pd.Series(["1", "2"]), pd.Series(["1.0", "2.0"]),
            pd.Series([1, "2.0"], dtype="object")]  # fmt: skip
    for column in same:
        assert names(column).tolist() == ["1", "2"]
        assert [name_of(value) for value in column] == ["1", "2"]
    assert names(pd.Series(["v1.0", "1.5", "1.00", "x.0"])).tolist() == ["v1.0", "1.5", "1.00", "x.0"]
    assert names(pd.Series([1.0, np.nan])).isna().tolist() == [False, True]


# ── the same in every agent ──


def number_named(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Projects and categories named by numbers, in one of the ways in which numbers come."""
    projects, categories = table["project_id"].str[1:].astype(int), table["category"].map({"write": 1, "build": 2})
    ways = {"int": lambda c: c, "float": lambda c: c.astype(float), "text": lambda c: c.astype(str),
            "float text": lambda c: c.astype(float).astype(str)}  # fmt: skip
    return table.assign(project_id=ways[kind](projects), category=ways[kind](categories.fillna(1).astype(int)))


def told(past: pd.DataFrame, tasks: pd.DataFrame, as_of: pd.Timestamp = AS_OF) -> list[object]:
    """What each agent makes of a past and of open tasks of one project."""
    due, snapshot = AS_OF + pd.Timedelta(days=9), pd.concat([past.tail(20), tasks])
    score = HealthModel().observe(past).score(snapshot, as_of=as_of, due=due)
    plan = Scheduler().observe(past).choose(tasks, as_of, 6.0)
    return [
        Estimator().observe(past).predict(tasks, as_of=as_of).to_dict("list"),
        Estimator().observe(past).predict(tasks).to_dict("list"),
        walk_forward(past, last=20)[["q10", "q50", "q90", "n", "below"]].to_numpy().tolist(),
        score.as_dict(),
        [(name_of(choice.project), choice.remaining, choice.slack) for choice in plan.order],
        prepared(past)[["created", "completed", "project_id", "category"]].to_numpy().tolist(),
    ]


def open_ones() -> pd.DataFrame:
    due = (AS_OF + pd.Timedelta(days=5)).normalize()
    return open_tasks(4, category="write", due=due, created=AS_OF - pd.Timedelta(days=2))


@pytest.mark.parametrize("zone", ZONES)
def test_every_agent_says_of_zoned_times_what_it_says_of_naive_ones(zone):
    past, tasks = finished(150), open_ones()
    past["created"] = past["created"].dt.normalize() + pd.Timedelta(hours=9)
    past["completed"] = past["completed"].dt.normalize() + pd.Timedelta(hours=23, minutes=30)
    as_of = AS_OF.tz_localize("Europe/Berlin") if zone != "text" else AS_OF
    for wanted, found in zip(told(past, tasks), told(zoned(past, zone), zoned(tasks, zone), as_of), strict=True):
        assert found == wanted


@pytest.mark.parametrize("kind", ["float", "text", "float text"])
def test_every_agent_takes_numbers_as_names_alike(kind):
    past, tasks = finished(150), open_ones()
    wanted = told(number_named(past, "int"), number_named(tasks, "int"))
    assert told(number_named(past, kind), number_named(tasks, "int")) == wanted
    assert told(number_named(past, "int"), number_named(tasks, kind)) == wanted


@pytest.mark.parametrize("agent", [lambda t: Estimator().observe(t), lambda t: HealthModel().observe(t), prepared,
                                   lambda t: Scheduler().observe(t)])  # fmt: skip
def test_every_agent_names_a_column_that_holds_no_times(agent):
    wrong = frame([{"id": "a", "actual_hours": 1.0}]).assign(completed=[1_795_000_000])
    with pytest.raises(InvalidValue, match="completed can't be 1795000000: expected"):
        agent(wrong)
