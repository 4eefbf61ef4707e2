"""What the estimator is handed: rows in any form, corrections, what is taken back, and very many open tasks."""

import time
import tracemalloc

import numpy as np
import pandas as pd
import pytest

from orc_lab.agents.estimation import estimator as module
from orc_lab.agents.estimation.estimator import Estimator
from orc_lab.agents.estimation.memory import Memory
from orc_lab.agents.estimation.task import tasks_of
from orc_lab.agents.estimation.walk import walk_forward
from orc_lab.agents.health.trouble import HealthModel
from orc_lab.errors import InvalidValue
from tests.agents.lives import AS_OF, finished, frame, open_tasks

PAST = finished(60)
ASKED = open_tasks(3).assign(estimate_hours=[1.0, 4.0, np.nan])


def told(estimator: Estimator) -> pd.DataFrame:
    return estimator.predict(ASKED, as_of=AS_OF)


# ── rows ──


@pytest.mark.parametrize("missing", ["completed", "actual_hours"])
def test_a_missing_column_is_named(missing):
    with pytest.raises(InvalidValue, match=f"expected also {missing}"):
        Estimator().observe(PAST.drop(columns=missing))


def test_nothing_at_all_is_no_mistake():
    for nothing in (pd.DataFrame(), [], PAST.head(0).drop(columns="completed")):
        assert Estimator().observe(nothing).n == 0
    assert HealthModel().observe(pd.DataFrame()).n == 0


WRONG = [["two"] * 60, pd.to_timedelta(np.ones(60), unit="h"), PAST["completed"], [pd.Timedelta(hours=2)] * 60]


@pytest.mark.parametrize("name", ["estimate_hours", "actual_hours"])
@pytest.mark.parametrize("hours", WRONG)
def test_what_is_no_number_of_hours_is_refused_by_name(name, hours):
    wrong = PAST.drop(columns=name).assign(**{name: pd.Series(hours)})
    for agent in (Estimator().observe, HealthModel().observe, walk_forward):
        with pytest.raises(InvalidValue, match=f"{name} can't be .*hours"):
            agent(wrong)


def test_hours_as_text_and_empty_ones_are_numbers():
    texts = PAST.assign(estimate_hours=PAST["estimate_hours"].astype("str").where(PAST.index != 7, ""))
    blank = PAST.assign(estimate_hours=PAST["estimate_hours"].where(PAST.index != 7))
    pd.testing.assert_frame_equal(told(Estimator().observe(texts)), told(Estimator().observe(blank)))


@pytest.mark.parametrize("rows", [lambda t: t.to_dict("records"), lambda t: [row for _, row in t.iterrows()]])
def test_mappings_and_series_are_rows(rows):
    wanted = told(Estimator().observe(PAST))
    known = Estimator().observe(rows(PAST))
    pd.testing.assert_frame_equal(known.predict(rows(ASKED), as_of=AS_OF), wanted.reset_index(drop=True))
    assert known.predict_total(rows(ASKED), as_of=AS_OF) == Estimator().observe(PAST).predict_total(ASKED, as_of=AS_OF)
    assert Estimator().observe(PAST.iloc[3]).n == 1
    assert HealthModel().observe(rows(PAST)).n == 60


@pytest.mark.parametrize("wrong", ["rows", 3, [3], {1, 2}, None])
def test_what_is_no_row_is_refused(wrong):
    for agent in (Estimator().observe, Estimator().predict, HealthModel().observe):
        with pytest.raises(InvalidValue, match="a frame, or a list of mappings"):
            agent(wrong)


def test_a_column_that_is_there_twice_is_refused():
    twice = pd.concat([PAST, PAST[["title"]]], axis=1)
    for agent in (Estimator().observe, Estimator().predict, HealthModel().observe, walk_forward):
        with pytest.raises(InvalidValue, match="'title': expected columns of different names"):
            agent(twice)


def test_where_project_id_says_nothing_project_does():
    named = PAST.drop(columns="project").rename(columns={"project_id": "project"})
    both = named.assign(project_id=None)
    half = PAST.assign(project=PAST["project_id"], project_id=PAST["project_id"].where(PAST.index % 2 == 0))
    tasks = open_tasks(2).assign(estimate_hours=np.nan)
    wanted = Estimator().observe(PAST).predict(tasks, as_of=AS_OF)
    for past in (named, both, half):
        pd.testing.assert_frame_equal(Estimator().observe(past).predict(tasks, as_of=AS_OF), wanted)
    score = HealthModel().observe(PAST).score(tasks, as_of=AS_OF)
    assert HealthModel().observe(both).score(tasks, as_of=AS_OF) == score


@pytest.mark.parametrize("memory", [-1, 0, 2.5, "all"])
def test_a_memory_is_a_positive_number_of_tasks(memory):
    with pytest.raises(InvalidValue, match="memory can't be"):
        Estimator(memory=memory)


def test_tags_decide_too_between_two_tasks_of_one_instant():
    twins = frame(
        [
            {"completed": AS_OF, "estimate_hours": 1.0, "actual_hours": 1.0, "tags": tag}
            for tag in ("blue", "red", "green")
        ]
    )
    one, other = Memory(None), Memory(None)
    one.add(tasks_of(twins.assign(id=None, title="")))
    other.add(tasks_of(twins.iloc[::-1].assign(id=None, title="")))
    assert one.tasks == other.tasks


@pytest.mark.parametrize("instant", ["05.01.2026", "01/05/2026", "soon"])
def test_an_instant_that_is_no_iso_text_is_refused(instant):
    with pytest.raises(InvalidValue, match="as_of can't be"):
        Estimator().observe(PAST).predict(ASKED, as_of=instant)


# ── what is taken back ──


@pytest.mark.parametrize("change", [{"completed": pd.NaT}, {"actual_hours": np.nan}, {"actual_hours": 0.0}])
def test_what_is_taken_back_is_forgotten(change):
    known = Estimator().observe(PAST)
    told(known)  # what was asked meanwhile leaves no trace
    known.observe(PAST.iloc[[3, 30, 59]].assign(**change))
    without = Estimator().observe(PAST.drop(index=[3, 30, 59]))
    assert known.n == 57
    pd.testing.assert_frame_equal(told(known), told(without))
    assert known.predict_total(ASKED, as_of=AS_OF) == without.predict_total(ASKED, as_of=AS_OF)
    assert known.observe(PAST.iloc[[3, 30, 59]]).n == 60
    pd.testing.assert_frame_equal(told(known), told(Estimator().observe(PAST)))
    assert known.observe(PAST.assign(**change)).n == 0
    assert told(known)["basis"].tolist() == ["prior"] * 3


def test_the_last_row_of_an_id_says_whether_it_is_finished():
    again = pd.concat([PAST, PAST.iloc[[5]].assign(completed=pd.NaT)])
    assert Estimator().observe(again).n == 59
    assert len(walk_forward(again)) == 59
    assert Estimator().observe(again.iloc[::-1]).n == 60


def test_health_forgets_what_is_taken_back():
    tasks = open_tasks(3)
    known = HealthModel().observe(PAST).observe(PAST.iloc[[3, 30, 59]].assign(completed=pd.NaT))
    without = HealthModel().observe(PAST.drop(index=[3, 30, 59]))
    assert known.n == 57
    assert known.score(tasks, as_of=AS_OF) == without.score(tasks, as_of=AS_OF)
    assert known.observe(PAST.iloc[[3]]).n == 58
    assert known.observe(PAST.assign(completed=pd.NaT)).n == 0
    assert known.score(tasks, as_of=AS_OF) == HealthModel().score(tasks, as_of=AS_OF)
    assert known.observe(PAST).n == 60


def test_health_names_the_column_that_is_missing():
    with pytest.raises(InvalidValue, match="expected also completed"):
        HealthModel().observe(PAST.drop(columns="completed"))


def test_to_correct_one_of_ten_thousand_is_quick():
    past = finished(10_000, days=0.3)
    estimator = Estimator().observe(past)
    spent = []
    for hours in (7.0, 8.0, 9.0):
        began = time.process_time()
        estimator.observe(past.iloc[[20]].assign(actual_hours=hours))
        spent.append(time.process_time() - began)
    assert min(spent) < 0.4  # on a free machine it takes .15


# ── very many open tasks ──


def many(count: int) -> pd.DataFrame:
    sizes = np.random.default_rng(0).choice([0.5, 1.0, 2.0, 3.0, np.nan], count)
    titles = [f"task {number}" for number in range(count)]
    return pd.DataFrame(
        {"id": titles, "title": titles, "estimate_hours": sizes, "project_id": "p1", "category": "write"}
    )


@pytest.mark.parametrize("remaining", [False, True])
def test_how_many_are_forecast_at_once_makes_no_difference(monkeypatch, remaining):
    past, tasks = finished(300), many(40).assign(actual_hours=[0.0, 1.0, 2.0, 500.0] * 10)
    found = []
    for chunk in (1, 7, 1000):
        monkeypatch.setattr(module, "CHUNK", chunk)
        known = Estimator().observe(past)
        draws = known.draws(tasks, as_of=AS_OF, size=50, remaining=remaining)
        found.append((Estimator().observe(past).predict(tasks, as_of=AS_OF).to_dict("list"), draws.tolist()))
    assert found[0] == found[1] == found[2]


def test_five_thousand_open_tasks_take_little_room_and_few_are_remembered():
    estimator, tasks = Estimator().observe(finished(500)), many(5000)
    tracemalloc.start()
    table = estimator.predict(tasks, as_of=AS_OF)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert table.notna().all(axis=None)
    assert most < 150e6
    assert len(estimator._told) <= 1000
    pd.testing.assert_frame_equal(estimator.predict(tasks.tail(3), as_of=AS_OF), table.tail(3))
