import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc_lab.agents.completion.workload import TARGET, smallest_cut, week_fit
from orc_lab.agents.estimation.estimator import Estimator
from orc_lab.agents.forecast import Basis
from tests.agents.lives import AS_OF, finished, open_tasks

HISTORY = np.random.default_rng(0).gamma(9, 2, 60)  # about 18 h a week
ESTIMATOR = Estimator().observe(finished(200))


def fit(count: int, **options):
    tasks = options.pop("tasks", open_tasks(count))
    return week_fit(tasks, ESTIMATOR, options.pop("history", HISTORY), as_of=AS_OF, **options)


def test_a_small_plan_fits_and_nothing_has_to_go():
    found = fit(2)
    assert found.p > 0.9
    assert found.drop == ()
    assert found.p_after == found.p


def test_a_plan_too_large_is_cut_until_it_fits_and_no_further():
    found = fit(20)
    assert found.p < 0.3
    assert 0 < len(found.drop) < 20
    assert found.p_after >= TARGET
    kept = 20 - len(found.drop)
    assert fit(kept + 2).p < TARGET


def test_low_priority_goes_before_urgent():
    tasks = open_tasks(9)
    tasks["priority"] = ["urgent"] * 3 + ["low"] * 6
    dropped = {item.id for item in fit(0, tasks=tasks).drop}
    assert dropped
    assert dropped <= set(tasks["id"][3:])


def test_what_is_due_within_the_week_stays_whatever_its_priority():
    tasks = open_tasks(9)
    tasks["priority"] = ["low"] + ["high"] * 8
    tasks["due"] = [AS_OF + pd.Timedelta(days=3)] + [AS_OF + pd.Timedelta(days=30)] * 8
    due = tasks["id"][0]
    assert due in {item.id for item in fit(0, tasks=tasks).drop}
    kept = fit(0, tasks=tasks, until=AS_OF + pd.Timedelta(days=7)).drop
    assert kept
    assert due not in {item.id for item in kept}


def test_the_order_of_todos_changes_nothing():
    tasks = open_tasks(12)
    assert fit(0, tasks=tasks.sample(frac=1, random_state=1)).as_dict() == fit(0, tasks=tasks).as_dict()


def test_a_short_week_fits_less():
    assert fit(6, capacity=0.4).p < fit(6).p
    assert fit(6, capacity=0.0).p == 0.0


def test_without_hours_nothing_is_claimed():
    found = fit(3, history=[0.0, 0.0])
    assert np.isnan(found.p)
    assert found.drop == ()
    assert found.room.basis is Basis.TOO_LITTLE
    assert "can't be said yet" in found.sentence
    json.dumps(found.as_dict(), allow_nan=False)


def test_an_empty_plan_fits():
    assert fit(0).p == 1.0
    assert fit(0).unfinished == 0.0


def test_the_share_left_open_grows_with_the_plan():
    small, large = fit(2), fit(40)
    assert small.unfinished < 0.1
    assert 0.5 < large.unfinished < 1.0
    assert small.as_dict()["unfinished"] == small.unfinished


@given(st.integers(1, 7), st.integers(0, 10_000), st.floats(0.1, 0.95))
def test_the_cut_is_along_the_order_with_nothing_needless(count, seed, target):
    rng = np.random.default_rng(seed)
    work, room, order = rng.gamma(2, 2, (100, count)), rng.gamma(4, 2, 100), rng.permutation(count).tolist()
    cut = smallest_cut(work, room, order, target)
    assert [item for item in order if item in cut] == cut


def test_weeks_with_nothing_finished_do_not_make_every_plan_hopeless():
    spiky = HISTORY * (np.arange(60) % 2)
    assert fit(2, history=spiky).p > 0.8


@given(st.integers(1, 8), st.integers(0, 10_000), st.floats(0.1, 0.95))
def test_a_cut_reaches_its_target_and_every_part_of_it_is_needed(count, seed, target):
    rng = np.random.default_rng(seed)
    work, room = rng.gamma(2, 2, (200, count)), rng.gamma(4, 2, 200)
    cut = smallest_cut(work, room, rng.permutation(count).tolist(), target)

    def chance(gone: list[int]) -> float:
        return float((np.delete(work, gone, axis=1).sum(axis=1) <= room).mean())

    assert chance(cut) >= target
    for item in cut:
        assert chance([other for other in cut if other != item]) < target


def test_the_sentence_counts_what_to_drop():
    found = fit(20)
    assert f"without the {len(found.drop)} listed it is {found.p_after:.0%}" in found.sentence
    assert found.needed.median == pytest.approx(2 * 1.2 * 20, rel=0.3)  # the mean of a ratio with sd .6 in logs is 1.2
