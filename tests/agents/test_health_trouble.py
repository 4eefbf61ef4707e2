import json
import math
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orc_lab.agents.forecast import Basis
from orc_lab.agents.health.trouble import HealthModel
from orc_lab.errors import InvalidValue
from tests.agents.lives import AS_OF, finished, frame, open_tasks

PAST = finished(400)
MODEL = HealthModel().observe(PAST)


def project(ratio: float = 1.0, still_open: int = 5, done: int = 5, **fields: object) -> pd.DataFrame:
    """Some tasks done at a ratio to their estimates of two hours, and some open."""
    days = pd.to_timedelta(np.arange(done, 0, -1), unit="D")
    ended = {
        "id": [f"d{i}" for i in range(done)], "project_id": ["p9"] * done, "status": ["done"] * done,
        "created": AS_OF - days - pd.Timedelta(days=9), "completed": AS_OF - days, "estimate_hours": [2.0] * done,
        "actual_hours": [2.0 * ratio] * done,
    }  # fmt: skip
    return pd.concat([frame(ended), open_tasks(still_open, "p9", **fields)], ignore_index=True)


def chances(found) -> tuple[float, ...]:
    return found.p_overrun, found.p_dormant, found.p_late, found.usual_overrun


def paced(count: int, projects: int, seed: int = 1, tau: float = 0.6) -> pd.DataFrame:
    """Projects of ten tasks, each with its own bias."""
    rng = np.random.default_rng(seed)
    tasks = finished(count, seed)
    which = np.arange(count) // max(1, count // projects)
    hours = tasks["actual_hours"] * np.exp(tau * rng.normal(size=which.max() + 1))[which]
    return tasks.assign(project_id=[f"q{i}" for i in which], actual_hours=hours)


def test_observe_returns_the_model_itself_and_counts():
    model = HealthModel()
    assert model.observe(PAST) is model
    assert model.n == len(PAST)


def test_the_answer_is_plain_and_reads():
    found = MODEL.score(project(), as_of=AS_OF, due=AS_OF + pd.Timedelta(days=20))
    assert found.basis is Basis.HISTORY
    assert all(0 <= p <= 1 for p in chances(found))
    assert isinstance(found.score, int) or found.score is None
    assert "due day" in found.sentence
    json.dumps(found.as_dict(), allow_nan=False)
    without = MODEL.score(project(), as_of=AS_OF)
    assert math.isnan(without.p_late)
    assert without.as_dict()["p_late"] is None
    assert "due day" not in without.sentence


def test_too_little_data_is_an_answer():
    found = HealthModel().score(project(), as_of=AS_OF)
    assert found.basis is Basis.PRIOR
    assert found.n == 0
    assert 0 < found.p_overrun < 1
    assert "30 more finished tasks" in found.needs
    assert HealthModel().observe(PAST.head(12)).score(project()).basis is Basis.PRIOR


def test_work_that_ran_over_so_far_is_more_likely_to_run_over():
    by_ratio = [MODEL.score(project(ratio), as_of=AS_OF).p_overrun for ratio in (0.5, 1.0, 2.0, 4.0)]
    assert by_ratio == sorted(by_ratio)
    assert by_ratio[-1] > by_ratio[0] + 0.1


def test_a_person_whose_projects_differ_learns_to_trust_the_cost_so_far():
    def reach(model: HealthModel) -> float:
        low, high = (model.score(project(ratio), as_of=AS_OF).p_overrun for ratio in (0.6, 2.0))
        return high - low

    assert reach(HealthModel().observe(paced(900, 90))) > reach(HealthModel().observe(paced(900, 90, tau=0.0))) + 0.1


def test_a_person_who_always_runs_over_is_told_so():
    slow = HealthModel().observe(PAST.assign(actual_hours=PAST["estimate_hours"] * 2))
    quick = HealthModel().observe(PAST.assign(actual_hours=PAST["estimate_hours"] * 0.8))
    assert slow.score(project(2.0)).p_overrun > 0.8
    assert quick.score(project(0.8)).p_overrun < 0.15
    assert slow.score(project()).usual_overrun > 0.8


def test_hours_spent_on_open_work_raise_the_chance_up_to_certainty():
    spent = [MODEL.score(project(actual_hours=hours), as_of=AS_OF).p_overrun for hours in (0.0, 1.5, 2.3, 2.6)]
    assert spent == sorted(spent)
    assert spent[-1] == 1.0
    assert spent[0] < 0.9


def test_a_nearer_due_day_is_missed_more_often_and_a_passed_one_surely():
    late = [MODEL.score(project(), as_of=AS_OF, due=AS_OF + pd.Timedelta(days=d)).p_late for d in (-3, 0, 10, 90, 900)]
    assert late[0] == 1.0
    assert late == sorted(late, reverse=True)
    assert late[-1] < 0.2


def test_the_due_column_is_taken_where_none_is_named():
    due = AS_OF + pd.Timedelta(days=30)
    by_column = MODEL.score(project(due=due), as_of=AS_OF)
    assert by_column.p_late == MODEL.score(project(), as_of=AS_OF, due=due).p_late


def test_an_idle_project_is_more_likely_to_sleep():
    fresh = MODEL.score(project(), as_of=AS_OF).p_dormant
    assert MODEL.score(project(), as_of=AS_OF + pd.Timedelta(days=200)).p_dormant > fresh + 0.2


def test_nothing_open_can_not_go_wrong_and_nothing_done_is_no_obstacle():
    over = MODEL.score(project(still_open=0), as_of=AS_OF, due=AS_OF)
    assert (over.p_overrun, over.p_late) == (0.0, 0.0)
    assert over.sentence == "Nothing is open: there is nothing left to go wrong."
    assert 0 < MODEL.score(project(done=0), as_of=AS_OF).p_overrun < 1


def test_work_without_estimates_has_the_usual_chance_and_says_what_it_needs():
    found = MODEL.score(project(estimate_hours=np.nan), as_of=AS_OF)
    assert found.p_overrun == found.usual_overrun
    assert "an estimate on an open task" in found.needs


def test_what_comes_later_is_not_known():
    cut = PAST["completed"].iloc[300].normalize()
    early = HealthModel().observe(PAST[PAST["completed"] < cut])
    wild = PAST.assign(actual_hours=PAST["actual_hours"].where(PAST["completed"] < cut, 400.0))
    later = HealthModel().observe(wild)
    tasks = project().assign(completed=pd.NaT, created=cut - pd.Timedelta(days=3), actual_hours=np.nan)
    first, second = early.score(tasks, as_of=cut), later.score(tasks, as_of=cut)
    assert first.n == second.n
    assert second.p_overrun == pytest.approx(first.p_overrun, abs=0.03)
    same = later.score(project(), as_of=AS_OF).p_overrun
    assert same > second.p_overrun + 0.1


def test_what_the_frame_completes_later_counts_as_open():
    tasks = project(still_open=0)
    early = AS_OF - pd.Timedelta(days=3, hours=12)
    assert MODEL.score(tasks, as_of=early).open == 3


def test_dropped_rows_are_no_work():
    tasks = project()
    tasks.loc[tasks["id"] == "o000", "status"] = "dropped"
    tasks.loc[tasks["id"] == "o001", "dropped"] = AS_OF - pd.Timedelta(days=1)
    tasks.loc[tasks["id"] == "o002", "dropped"] = AS_OF + pd.Timedelta(days=1)
    assert MODEL.score(tasks, as_of=AS_OF).open == 3


@given(st.integers(0, 10_000))
@settings(max_examples=4, deadline=None)
def test_the_order_of_rows_and_how_they_are_handed_over_are_without_effect(seed):
    past = PAST.head(150)
    whole = HealthModel().observe(past).score(project(), as_of=AS_OF, due=AS_OF + pd.Timedelta(days=9))
    mixed = HealthModel().observe(past.sample(frac=1, random_state=seed))
    pieces = HealthModel()
    at = 1 + seed % 148
    for part in (past.iloc[at:], past.iloc[:at]):
        pieces.observe(part)
    for model in (mixed, pieces):
        tasks = project().sample(frac=1, random_state=seed)
        found = model.score(tasks, as_of=AS_OF, due=AS_OF + pd.Timedelta(days=9))
        assert chances(found) == pytest.approx(chances(whole), abs=1e-9)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.0, -1.0, np.nan, np.inf, 0.5, 2.0, 8.0, 1e9]),
            st.sampled_from([0.0, np.nan, 0.25, 2.0, 40.0, 1e9]),
            st.integers(0, 20), st.integers(-5, 20), st.sampled_from(["a", "b", None]),
        ), max_size=40,
    )
)  # fmt: skip
@settings(max_examples=15, deadline=None)
def test_no_history_breaks_it(rows):
    day = pd.Timestamp("2026-01-05")
    past = pd.DataFrame({
        "id": [str(i % 30) for i in range(len(rows))],
        "estimate_hours": [row[0] for row in rows],
        "actual_hours": [row[1] for row in rows],
        "created": pd.to_datetime([day + pd.Timedelta(days=row[2]) for row in rows]),
        "completed": pd.to_datetime([day + pd.Timedelta(days=row[2] + row[3]) for row in rows]),
        "project": pd.Series([row[4] for row in rows], dtype="object"),
    })  # fmt: skip
    found = HealthModel().observe(past).score(project(), as_of=AS_OF, due=AS_OF)
    assert all(0 <= p <= 1 for p in chances(found))


def test_same_day_work_equal_data_and_one_giant():
    same = PAST.assign(created=AS_OF, completed=AS_OF)
    equal = PAST.assign(estimate_hours=2.0, actual_hours=2.0)
    giant = PAST.assign(actual_hours=PAST["actual_hours"].where(PAST.index != 200, 1e6))
    for past in (same, equal, giant):
        assert all(0 <= p <= 1 for p in chances(HealthModel().observe(past).score(project(), due=AS_OF)))
    usual, moved = (HealthModel().observe(past).score(project(), as_of=AS_OF) for past in (PAST, giant))
    assert abs(usual.p_overrun - moved.p_overrun) < 0.15


def test_a_corrected_task_replaces_the_old_one():
    model = HealthModel().observe(PAST)
    model.observe(PAST.assign(actual_hours=PAST["estimate_hours"] * 3))
    assert model.n == len(PAST)
    assert model.score(project(3.0)).usual_overrun > 0.8


def test_without_any_date_an_instant_is_asked_for():
    bare = pd.DataFrame({"estimate_hours": [1.0, 2.0]})
    with pytest.raises(InvalidValue):
        HealthModel().score(bare)
    assert MODEL.score(bare).as_of.date() > PAST["completed"].max().date()


def test_a_hundred_thousand_tasks_are_learned_in_time():
    rng, count = np.random.default_rng(0), 100_000
    done = pd.Timestamp("2010-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 5000, count)), unit="D")
    past = pd.DataFrame({
        "id": np.arange(count).astype(str), "project": rng.integers(0, 300, count).astype(str), "completed": done,
        "created": done - pd.to_timedelta(rng.integers(0, 9, count), unit="D"),
        "estimate_hours": rng.choice([1.0, 2.0, 5.0], count), "actual_hours": rng.choice([1.0, 2.0, 5.0], count),
    })  # fmt: skip
    start = time.process_time()
    model = HealthModel().observe(past)
    assert time.process_time() - start < 6
    model.score(project())
    start = time.process_time()
    model.score(project())
    assert time.process_time() - start < 0.1


def area(outcomes: np.ndarray, scores: np.ndarray) -> float:
    """Area under the curve by ranks (Mann–Whitney), ties halved."""
    ranks, hits = pd.Series(scores).rank().to_numpy(), outcomes.sum()
    return float((ranks[outcomes == 1].sum() - hits * (hits + 1) / 2) / (hits * (len(outcomes) - hits)))


def replay(mine: pd.DataFrame) -> list[tuple[float, float, float]]:
    """Whether the rest overran, its forecast chance and the cost so far, of stretches of ten cut in the middle."""
    mine = mine.sort_values(["completed", "id"], ignore_index=True)
    cuts = []
    for _, own in mine.groupby("project_id"):
        for start in range(0, len(own) - 9, 10):
            cuts.append(own.index[start : start + 10].to_numpy())
    cuts.sort(key=lambda rows: rows[4])
    model, known, out = HealthModel(), 0, []
    for rows in cuts:
        as_of = mine["completed"].iloc[rows[4]]
        upto = int((mine["completed"] < as_of.normalize()).sum())
        if upto > 1.2 * known + 10:
            model.observe(mine.iloc[known:upto])
            known = upto
        left = mine.iloc[rows[5:]]
        tasks = pd.concat([mine.iloc[rows[:5]], left.assign(completed=pd.NaT, actual_hours=np.nan)])
        sums = mine.loc[rows, ["actual_hours", "estimate_hours"]].to_numpy()
        over = float(sums[5:, 0].sum() > 1.25 * sums[5:, 1].sum())
        out.append((over, model.score(tasks, as_of=as_of).p_overrun, sums[:5, 0].sum() / sums[:5, 1].sum()))
    return out


def test_on_a_made_up_person_it_beats_the_cost_so_far():
    found = np.array(replay(paced(700, 70, tau=0.3)))
    assert area(found[:, 0], found[:, 1]) > area(found[:, 0], found[:, 2])
    rate = found[:, 0].mean()
    assert ((found[:, 1] - found[:, 0]) ** 2).mean() < rate * (1 - rate)


def test_on_the_real_history_it_beats_the_cost_so_far(persons):
    found = np.array([row for mine in persons.values() if len(mine) < 700 for row in replay(mine)])
    assert area(found[:, 0], found[:, 1]) > area(found[:, 0], found[:, 2])


def test_what_is_learned_later_and_ends_later_changes_no_score() -> None:
    past, now = finished(200), AS_OF - pd.Timedelta(days=40)
    snapshot = past[(past["project_id"] == "p1") & (past["created"] < now)]
    then = snapshot.assign(
        completed=snapshot["completed"].where(snapshot["completed"] <= now),
        actual_hours=snapshot["actual_hours"].where(snapshot["completed"] <= now),
    )
    known = HealthModel().observe(past[past["completed"] < now.normalize()])
    assert HealthModel().observe(past).score(snapshot, as_of=now) == known.score(then, as_of=now)
