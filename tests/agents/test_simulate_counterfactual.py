"""What one action would change: paired futures."""

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orc_lab.agents.recommend.counterfactual import Action, OpenWork, counterfactual, outlook
from orc_lab.errors import InvalidValue


def sure(hours: dict[str, list[float]], room: list[float], due: list[float], **more: object) -> OpenWork:
    """Certain work: one scenario."""
    flat = [h for mine in hours.values() for h in mine]
    at = [n for n, mine in enumerate(hours.values()) for _ in mine]
    return OpenWork(
        hours=np.array([flat]), project=np.array(at, dtype=np.int64), room=np.array([room]), due=np.array(due),
        names=tuple(hours), **more,
    )  # fmt: skip


def unsure(scenarios: int = 500, projects: int = 10, todos: int = 30, weeks: int = 26, seed: int = 0) -> OpenWork:
    rng = np.random.default_rng(seed)
    return OpenWork(
        hours=rng.lognormal(0.3, 0.7, (scenarios, projects * todos)),
        project=np.repeat(np.arange(projects), todos),
        room=rng.gamma(4, 7.0, (scenarios, weeks)),
        due=rng.uniform(2, 24, projects),
        names=tuple(f"P{n}" for n in range(projects)),
    )


def test_certain_work_is_done_when_it_is_done():
    seen = outlook(sure({"a": [10, 5], "b": [10]}, [20, 20], [1.0, 1.0]))
    assert seen.done.tolist() == [[0.75, 1.25]]
    assert seen.on_time.tolist() == [[True, False]]
    assert seen.expected == 1.0


def test_late_projects_make_way_for_those_that_can_still_be_on_time():
    seen = outlook(sure({"late": [30], "b": [10]}, [20, 20], [0.0, 1.5]))
    assert seen.done.tolist() == [[2.0, 0.5]]


def test_scope_grows_until_it_is_frozen():
    work = sure({"a": [20]}, [10, 10, 10, 10], [2.0], growth=np.array([5.0]))
    assert outlook(work).done[0, 0] == pytest.approx(3.0)  # 20, 15, 10 hours at the start of each week
    assert counterfactual(work, Action(freeze=[0]), 0).days[1] == pytest.approx(7.0)


def test_each_action_does_what_it_says():
    work = sure({"a": [20], "b": [6, 4]}, [20, 20], [1.0, 1.0])
    assert outlook(Action(first=[1]).on(work)).done.tolist() == [[1.5, 0.5]]
    assert outlook(Action(park=[0]).on(work)).done.tolist() == [[1.5, 0.5]]
    assert outlook(Action(cut=[1, 2]).on(work)).done.tolist() == [[1.0, 0.0]]
    assert outlook(Action(room=2.0).on(work)).done.tolist() == [[0.5, 0.75]]
    assert outlook(Action(due={1: 2.0}).on(work)).on_time.tolist() == [[True, True]]
    assert outlook(Action().on(work)).done.tolist() == outlook(work).done.tolist()


def test_an_effect_says_who_pays():
    work = sure({"a": [20], "b": [10]}, [20, 20], [1.0, 1.0])
    effect = counterfactual(work, Action(first=[1]), 1)
    assert (effect.before, effect.after, effect.change) == (0.0, 1.0, 1.0)
    assert (effect.loser, effect.lost, effect.expected) == ("a", 1.0, 0.0)
    assert effect.low < 1.0 <= effect.high  # one scenario is no proof
    assert effect.sentence.startswith("b on time: from <1% to >99% (+100 points, 95% between ")
    assert effect.sentence.endswith("; a loses 100 points.")
    assert effect.as_dict()["loser"] == "a"


def test_without_a_due_day_the_days_are_what_counts():
    work = sure({"a": [20], "b": [10]}, [20, 20], [1.0, math.inf])
    effect = counterfactual(work, Action(first=[1]), 1)
    assert math.isnan(effect.before)
    assert effect.as_dict()["change"] is None
    assert effect.days == pytest.approx((7.0, 7.0, 7.0))
    assert effect.sentence == "b is done 7 days earlier (80% between +7 and +7 days earlier); a loses 100 points."
    never = counterfactual(sure({"a": [20]}, [0.0], [math.inf]), Action(first=[0]), 0)
    assert never.as_dict()["days"] is None
    assert "isn't done within the weeks looked at" in never.sentence


def test_due_days_beyond_the_given_weeks_are_reached():
    seen = outlook(sure({"a": [45]}, [10], [4.6]))
    assert seen.done[0, 0] == pytest.approx(4.5)
    assert seen.on_time.all()


def test_the_interval_holds_the_truth():
    truth = counterfactual(TRUE, Action(first=[2]), 2)
    held = [
        effect.low <= truth.change <= effect.high
        for effect in (counterfactual(unsure_again(truth_seed), Action(first=[2]), 2) for truth_seed in range(100))
    ]
    assert 0.9 <= np.mean(held) <= 1.0


TRUE = unsure(5000, 4, 6, 8, seed=9)


def unsure_again(seed: int) -> OpenWork:
    """Other scenarios of the same work as that of seed 9."""
    rng = np.random.default_rng(1000 + seed)
    return OpenWork(
        hours=rng.lognormal(0.3, 0.7, (200, 24)), project=TRUE.project, room=rng.gamma(4, 7.0, (200, 8)), due=TRUE.due,
        names=TRUE.names,
    )  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 4))
def test_helping_never_harms(seed, at):
    work = unsure(50, 5, 4, 10, seed)
    base = outlook(work)
    for action in (Action(first=[at]), Action(cut=[4 * at, 4 * at + 1]), Action(due={at: 100.0})):
        assert outlook(action.on(work)).p[at] >= base.p[at]
    for action in (Action(cut=[4 * at]), Action(room=1.5)):
        assert outlook(action.on(work)).expected >= base.expected
    assert ((base.done > 0) | (work.hours.sum() == 0)).all()


@given(st.integers(0, 1000), st.sampled_from([60.0, 0.5]))
@settings(max_examples=20, deadline=None)
def test_the_unit_of_hours_and_the_order_of_tasks_change_nothing(seed, unit):
    work = unsure(40, 4, 5, 8, seed)
    mixed = np.random.default_rng(seed).permutation(20)
    other = OpenWork(hours=work.hours[:, mixed] * unit, project=work.project[mixed], room=work.room * unit,
                     due=work.due, names=work.names)  # fmt: skip
    assert outlook(other).done == pytest.approx(outlook(work).done)


def test_no_open_work_is_all_done():
    empty = OpenWork(hours=np.zeros((3, 0)), project=np.zeros(0, dtype=np.int64), room=np.ones((3, 2)),
                     due=np.array([1.0]), names=("a",))  # fmt: skip
    assert outlook(empty).p.tolist() == [1.0]


def test_what_does_not_fit_is_refused():
    work = sure({"a": [1]}, [1], [1.0])
    for action in (Action(first=[1]), Action(cut=[-1]), Action(due={3: 1.0})):
        with pytest.raises(InvalidValue):
            counterfactual(work, action, 0)
    with pytest.raises(InvalidValue, match="project"):
        counterfactual(work, Action(), 1)
    good = {"hours": work.hours, "project": work.project, "room": work.room, "due": work.due, "names": ("a",)}
    bad = {"hours": np.full((1, 1), np.nan), "project": np.array([1]), "room": np.ones((2, 1)), "due": np.ones(2),
           "order": (1,), "growth": np.array([-1.0])}  # fmt: skip
    for name, value in bad.items():
        with pytest.raises(InvalidValue, match=name):
            OpenWork(**good | {name: value})


def test_ten_projects_of_thirty_todos_are_quick():
    work = unsure()
    base = outlook(work)
    began = time.perf_counter()
    for at in range(5):
        counterfactual(work, Action(first=[at]), at, base=base)
    assert (time.perf_counter() - began) / 5 < 0.1
