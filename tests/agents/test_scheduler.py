"""The scheduler: what it learns, in which order it puts work, and what it must not be moved by."""

import time
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orc_lab.agents.recommend.plan import Choice
from orc_lab.agents.recommend.rule import Hopeless, Rule, State, Work, chance_alone, rank
from orc_lab.agents.recommend.scheduler import Recommender, Scheduler
from orc_lab.errors import InvalidValue

TODAY = pd.Timestamp("2026-11-24")


def task(project: str, hours: float, days: float | None = None, **more: object) -> dict[str, object]:
    due = TODAY + pd.Timedelta(days=days) if days is not None else pd.NaT
    return {"project": project, "estimate_hours": hours, "due": due, **more}


def order(*tasks: dict[str, object], capacity: float = 6.0, scheduler: Scheduler | None = None) -> tuple[object, ...]:
    return (scheduler or Scheduler()).choose(pd.DataFrame(list(tasks)), TODAY, capacity).projects


def past(count: int = 60, ratio: float = 2.0, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    estimate = rng.choice([1.0, 2.0, 4.0], count)
    return pd.DataFrame({
        "id": [f"f{n:03d}" for n in range(count)],
        "completed": TODAY - pd.to_timedelta(np.arange(count, 0, -1) // 3 + 1, unit="D"),
        "estimate_hours": estimate,
        "actual_hours": estimate * ratio * np.exp(0.3 * rng.normal(size=count)),
    })  # fmt: skip


TASKS = st.lists(
    st.builds(
        task,
        st.sampled_from("abcdef"),
        st.sampled_from([0.25, 0.5, 1.0, 3.0, 7.0, 40.0, float("nan"), 0.0]),
        st.sampled_from([-3, 0, 1, 4, 9, 30, None]),
        priority=st.sampled_from(["low", "medium", "high", "urgent", None]),
        actual_hours=st.sampled_from([0.0, 0.5, 5.0]),
        blocked=st.sampled_from([False, False, True]),
    ),
    min_size=1,
    max_size=12,
)


# ── the order ──


def test_the_short_one_goes_before_the_long_one_and_the_near_one_before_the_far_one():
    assert order(task("long", 20, 20), task("short", 5, 20)) == ("short", "long")
    assert order(task("far", 10, 40), task("near", 10, 3)) == ("near", "far")


def test_late_and_hopeless_go_last_the_undated_before_them():
    found = order(task("late", 1, -1), task("hopeless", 400, 2), task("undated", 50), task("alive", 30, 9))
    assert found == ("alive", "undated", "late", "hopeless")


def test_a_lost_project_can_be_left_out():
    plan = Scheduler(Rule(lost=Hopeless.LEAVE_OUT)).choose([task("late", 1, -1), task("alive", 3, 9)], TODAY, 6)
    assert plan.projects == ("alive",)
    assert [(item.project, item.task) for item in plan.left_out] == [("late", "")]
    assert "agree on a new day" in plan.left_out[0].reason


def test_priority_tips_the_scale_but_does_not_rule_it():
    assert order(task("a", 10, 20), task("b", 10, 20, priority="urgent")) == ("b", "a")
    assert order(task("a", 2, 20), task("b", 10, 20, priority="urgent")) == ("a", "b")
    heavy = Scheduler(Rule(weights={"urgent": 10.0}))
    assert order(task("a", 2, 20), task("b", 10, 20, priority="urgent"), scheduler=heavy) == ("b", "a")


def test_the_lookahead_weighs_slack_against_length():
    works = [Work("short and far", 5.0, 0.3, 100.0, 1.0), Work("long and near", 10.0, 0.3, 30.0, 1.0)]
    assert rank(works, Rule(lookahead=2.0))[0].work.project == "long and near"
    assert rank(works, Rule(lookahead=100.0))[0].work.project == "short and far"


def test_the_index_is_the_formula():
    works = [Work("a", 4.0, 0.4, 10.0, 1.5), Work("b", 8.0, 0.4, 30.0, 1.0)]
    first, second = rank(works, Rule(hopeless=0.0))
    chances = {work.project: chance_alone(work) for work in works}
    mean = (4 * chances["a"] + 8 * chances["b"]) / (chances["a"] + chances["b"])
    assert first.work.project == "a"
    assert first.value == pytest.approx(np.log(1.5 * mean / 4) - 6 / (2 * mean) + np.log(chances["a"]))
    assert second.value == pytest.approx(np.log(mean / 8) - 22 / (2 * mean) + np.log(chances["b"]))


def test_the_chance_is_that_of_a_lognormal_with_the_expected_mean():
    rng = np.random.default_rng(0)
    drawn = 10 * np.exp(0.5 * rng.normal(size=200_000) - 0.125)
    assert drawn.mean() == pytest.approx(10, rel=0.01)
    assert chance_alone(Work("a", 10.0, 0.5, 12.0, 1.0)) == pytest.approx((drawn <= 12).mean(), abs=0.005)


def test_a_due_day_is_worked_to_its_end_and_a_weeks_days_may_differ():
    tasks = [task("a", 3, 0), task("b", 3, 2)]
    even = {c.project: c.hours_left for c in Scheduler().choose(tasks, TODAY, 6.0).order}
    assert even == {"a": 6.0, "b": 18.0}
    uneven = {c.project: c.hours_left for c in Scheduler().choose(tasks, TODAY, [2.0, 0.0]).order}
    assert uneven == {"a": 2.0, "b": 3.0}


# ── the work that is left ──


def test_hours_spent_are_off_the_rest_but_never_all_of_it():
    def left(**more: object) -> float:
        return Scheduler().choose([task("a", 8, 9, **more)], TODAY, 6).order[0].remaining

    assert left() == pytest.approx(8)
    assert left(actual_hours=3.0) == pytest.approx(5)
    assert left(actual_hours=20.0) == pytest.approx(5)
    assert left(expected_hours=12.0, actual_hours=3.0) == pytest.approx(9)


def test_blocked_and_snoozed_tasks_count_but_cannot_be_begun():
    tasks = [
        task("a", 2, 9, id="a1", blocked=True), task("a", 3, 9, id="a2"),
        task("b", 1, 9, id="b1", snoozed=TODAY + pd.Timedelta(days=2)), task("c", 9, 9, id="c1", snoozed=TODAY),
    ]  # fmt: skip
    plan = Scheduler().choose(pd.DataFrame(tasks), TODAY, 6)
    assert {c.project: (c.task, c.remaining) for c in plan.order} == {"a": ("a2", 5.0), "c": ("c1", 9.0)}
    assert [(i.task, i.reason) for i in plan.left_out] == [("a1", "blocked"), ("b1", "snoozed until 2026-11-26")]
    assert Scheduler().choose([task("b", 1, snoozed=True)], TODAY, 6).first is None


def test_the_task_begun_comes_next_then_the_one_due_then_the_urgent_one():
    tasks = [task("a", 2, 9, id="1"), task("a", 2, 9, id="2", priority="high"), task("a", 2, 4, id="3"),
             task("a", 2, 9, id="4", actual_hours=1.0)]  # fmt: skip
    went = []
    while tasks:
        went.append(Scheduler().choose(tasks, TODAY, 6).order[0].task)
        tasks = [left for left in tasks if left["id"] != went[-1]]
    assert went == ["4", "3", "2", "1"]


def test_projects_with_their_estimates_say_the_same_as_their_tasks():
    rows = [{"project": "a", "due": date(2026, 12, 1), "priority": "high", "estimates": [1.0, 2.0],
             "actual_hours": 0.5}, {"project": "b", "due": None, "estimates": np.array([4.0])}]  # fmt: skip
    tasks = [task("a", 1, 7, id="1", priority="high", actual_hours=0.5), task("a", 2, 7, id="2", priority="high"),
             task("b", 4, id="3")]  # fmt: skip
    apart = Scheduler().choose(tasks, TODAY, 6)
    for form in (rows, pd.DataFrame(rows)):
        plan = Scheduler().choose(form, TODAY, 6)
        assert [c.as_dict() | {"task": ""} for c in plan.order] == [c.as_dict() | {"task": ""} for c in apart.order]


def test_finished_tasks_and_repeated_rows_are_not_open_work():
    tasks = [task("a", 2, id="1"), task("a", 5, id="1"), task("b", 1, id="2", completed=TODAY),
             task("c", 1, id="3", status="dropped")]  # fmt: skip
    plan = Scheduler().choose(tasks, TODAY, 6)
    assert [(c.project, c.remaining) for c in plan.order] == [("a", 5.0)]


def test_tasks_without_a_project_stand_for_themselves():
    plan = Scheduler().choose([task("", 2, id="x"), task("p", 3, id="y"), task("p", 3, id="z")], TODAY, 6)
    assert set(plan.projects) == {"x", "p"}


# ── what it learns ──


def test_without_a_past_the_own_estimate_counts_and_with_one_it_is_corrected():
    scheduler = Scheduler()
    before = scheduler.choose([task("a", 4, 9)], TODAY, 6).order[0].remaining
    assert scheduler.observe(past(ratio=2.0)) is scheduler
    after = scheduler.choose([task("a", 4, 9)], TODAY, 6).order[0].remaining
    assert before == 4
    assert 7.0 < after < 9.0


def test_what_is_learned_changes_the_order():
    tasks = [task("known", 10, 14, category="easy"), task("odd", 9, 14, category="hard")]
    hard = past(200, ratio=4.0).assign(category="hard", id=lambda t: "h" + t["id"])
    easy = past(200, ratio=1.0).assign(category="easy")
    assert order(*tasks) == ("odd", "known")
    assert order(*tasks, scheduler=Scheduler().observe(pd.concat([hard, easy]))) == ("known", "odd")


def test_what_is_completed_today_or_later_teaches_nothing_yet():
    history, tasks = past(), [task("a", 4, 9), task("b", 9, 5)]
    later = past(ratio=9.0).assign(completed=TODAY + pd.Timedelta(hours=9), id=lambda t: "later " + t["id"])
    earlier = Scheduler().observe(history).choose(tasks, TODAY, 6)
    knowing = Scheduler().observe(pd.concat([history, later]))
    assert knowing.choose(tasks, TODAY, 6).as_dict() == earlier.as_dict()
    assert earlier.n == 60
    tomorrow = knowing.choose(tasks, TODAY + pd.Timedelta(days=1), 6)
    assert tomorrow.n == 120
    hours = [{choice.project: choice.remaining for choice in plan.order} for plan in (earlier, tomorrow)]
    assert hours[1]["a"] > 1.5 * hours[0]["a"]
    assert knowing.copy().choose(tasks, TODAY, 6).n == 60


def test_a_day_without_hours_leaves_tasks_their_length():
    (choice,) = Scheduler().choose([task("a", float("nan"), 9)], TODAY, [0.0, 6.0]).order
    assert (choice.remaining, choice.hours_left) == (1.0, 30.0)


def test_large_ones_underrun_where_they_did():
    rng = np.random.default_rng(0)
    estimate = np.exp(rng.normal(size=400))
    finished = pd.DataFrame({"estimate_hours": estimate, "actual_hours": estimate**0.6})
    correction = Scheduler().observe(finished).correction
    assert correction.hours(0.25) > 0.35
    assert correction.hours(8.0) < 5.0


def test_a_task_without_an_estimate_takes_what_tasks_take():
    assert Scheduler().choose([task("a", 0, 9), task("b", 3, 9)], TODAY, 6).order[0].remaining == 3
    assert Scheduler().choose([task("a", float("nan"), 9)], TODAY, 6).order[0].remaining == 2
    seen = Scheduler().observe(past(ratio=1.0))
    assert 1.5 < seen.choose([task("a", 0, 9)], TODAY, 6).order[0].remaining < 4


def test_one_by_one_is_the_same_as_all_at_once_in_any_order():
    history, tasks = past(), [task("a", 4, 9), task("b", 9, 5)]
    together = Scheduler().observe(history.sample(frac=1, random_state=1))
    apart = Scheduler()
    for _, row in history.iterrows():
        apart.observe(row)
    records = Scheduler().observe(history.to_dict("records"))
    plans = [s.choose(tasks, TODAY, 6).as_dict() for s in (together, apart, records)]
    assert plans[0] == plans[1] == plans[2]
    assert together.n == 60


def test_an_id_counts_once_and_the_unfinished_and_the_worthless_teach_nothing():
    scheduler = Scheduler().observe(past()).observe(past())
    assert scheduler.n == 60
    scheduler.observe({"id": "x", "estimate_hours": 2.0, "actual_hours": 1.0, "completed": pd.NaT})
    scheduler.observe([{"estimate_hours": 2.0, "actual_hours": 0.0}, {"estimate_hours": 2.0, "actual_hours": None}])
    scheduler.observe(pd.DataFrame(columns=["id", "estimate_hours", "actual_hours"]))
    assert scheduler.n == 60
    assert scheduler.observe({"estimate_hours": None, "actual_hours": 3.0}).n == 61


def test_one_giant_moves_little():
    calm, shaken = Scheduler().observe(past()), Scheduler().observe(past())
    shaken.observe({"estimate_hours": 2.0, "actual_hours": 50_000.0})
    assert shaken.correction.hours(2.0) < 1.15 * calm.correction.hours(2.0)


def test_all_equal_data_is_believed():
    scheduler = Scheduler().observe(pd.DataFrame({"estimate_hours": [2.0] * 100, "actual_hours": [2.0] * 100}))
    assert scheduler.correction.hours(2.0) == pytest.approx(2.0)
    assert scheduler.correction.variance < 0.1


def test_a_change_of_habits_is_followed():
    scheduler = Scheduler().observe(past(400, ratio=1.0)).observe(past(400, ratio=3.0).assign(id=range(400)))
    assert 2.0 < scheduler.correction.hours(1.0) < 3.2


def test_a_copy_learns_apart():
    scheduler = Scheduler().observe(past())
    twin = scheduler.copy().observe({"id": "new", "estimate_hours": 1.0, "actual_hours": 9.0, "category": "c"})
    assert (scheduler.n, twin.n) == (60, 61)
    assert scheduler.correction.hours(1.0, "", "c") < twin.correction.hours(1.0, "", "c")
    assert scheduler.observe({"id": "new", "estimate_hours": 1.0, "actual_hours": 9.0}).n == 61


# ── laws ──


@settings(max_examples=60, deadline=None)
@given(TASKS, st.randoms())
def test_the_order_of_rows_changes_nothing(tasks, random):
    mixed = [row | {"id": f"t{n}"} for n, row in enumerate(tasks)]
    plan = Scheduler().choose(mixed, TODAY, 6)
    random.shuffle(mixed)
    assert Scheduler().choose(pd.DataFrame(mixed), TODAY, 6).as_dict() == plan.as_dict()


@settings(max_examples=60, deadline=None)
@given(TASKS, st.sampled_from([60.0, 0.125, 3600.0, 0.7]))
def test_the_unit_of_hours_changes_nothing(tasks, unit):
    scaled = [t | {name: t[name] * unit for name in ("estimate_hours", "actual_hours")} for t in tasks]
    history = past()
    other = history.assign(**{name: history[name] * unit for name in ("estimate_hours", "actual_hours")})
    one = Scheduler().observe(history).choose(tasks, TODAY, 6)
    two = Scheduler().observe(other).choose(scaled, TODAY, 6 * unit)
    assert one.projects == two.projects
    assert [c.index for c in one.order] == pytest.approx([c.index for c in two.order], abs=1e-6)
    assert [c.remaining * unit for c in one.order] == pytest.approx([c.remaining for c in two.order])


@settings(max_examples=60, deadline=None)
@given(TASKS)
def test_groups_stand_in_their_order_and_every_project_is_named_once(tasks):
    plan = Scheduler().choose(tasks, TODAY, 6)
    group = {State.ALIVE: 0, State.UNDATED: 1, State.HOPELESS: 2, State.LATE: 2}
    groups = [group[choice.state] for choice in plan.order]
    assert groups == sorted(groups)
    free = {row["project"] for row in tasks if not row["blocked"]}
    assert sorted(plan.projects) == sorted(free)
    assert all(choice.remaining > 0 and np.isfinite(choice.index) for choice in plan.order)
    assert [choice.place for choice in plan.order] == list(range(1, len(free) + 1))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6)), max_size=30))
def test_whatever_was_finished_the_hours_expected_are_positive(pairs):
    scheduler = Scheduler().observe([{"estimate_hours": e, "actual_hours": a} for e, a in pairs])
    for estimate in (1e-3, 1.0, 1e4):
        assert 0 < scheduler.correction.hours(estimate) < 1e4 * estimate
    assert scheduler.choose([task("a", 3, 9)], TODAY, 6).order[0].p_alone >= 0


# ── what comes back ──


def test_a_plan_reads_as_a_sentence_a_frame_and_plain_values():
    plan = Scheduler().choose([task("Thesis", 20, 9), task("Blog", 300), task("Old", 2, -5)], TODAY, 6)
    assert plan.first == "Thesis"
    assert plan.sentence == (
        "Work on Thesis first: about 20 h of work left, 60 h until the due day, 40 h to spare; "
        "done alone it is on time with a chance of 97%."
    )
    assert list(plan.frame().columns) == [*Choice.__dataclass_fields__, "reason"]
    blog = plan.as_dict()["order"][1]
    assert blog["project"] == "Blog"
    assert blog["p_alone"] is blog["slack"] is blog["due"] is None
    assert Scheduler().choose([], TODAY, 6).sentence == "There is no open work."
    assert Scheduler().choose([task("a", 1, blocked=True)], TODAY, 6).sentence == "Nothing can be begun today."


def test_names_come_back_as_they_were_given():
    rows = pd.DataFrame({"project": [7, 3], "estimate_hours": [5, 1], "due": ["2026-12-09", "2026-12-09"]})
    assert Scheduler().choose(rows, "2026-11-24", 6).projects == (3, 7)
    assert Recommender is Scheduler


@pytest.mark.parametrize("names", [[1, "1", 1.0], ["1.0", 1, "1"], [1.0, "1", 1]])
def test_names_that_are_the_same_to_people_are_one_project(names):
    tasks = [task(name, 2, 9, id=str(n)) for n, name in enumerate(names)]
    (choice,) = Scheduler().choose(tasks, TODAY, 6).order
    assert (choice.project, choice.remaining) == ("1", 6.0)
    (plain,) = Scheduler().choose(pd.DataFrame(tasks).assign(project=1), TODAY, 6).order
    assert (plain.project, plain.remaining) == (1, 6.0)


@pytest.mark.parametrize("name", [["a"], {"a": 1}, (["a"],)])
def test_what_can_be_no_name_is_refused(name):
    with pytest.raises(InvalidValue, match="project can't be"):
        Scheduler().choose([task(name, 2, 9)], TODAY, 6)


def test_the_last_day_of_the_calendar_is_a_day():
    assert Scheduler().choose([task("a", 1), task("b", 1, 3)], "9999-12-31", 6).projects == ("a", "b")


@pytest.mark.parametrize(
    "capacity",
    [0, -1, float("nan"), [], [0.0, 0.0], [-1.0, 5.0], "6", ["6", "7"], [[1, 2], [3, 4]], np.ones((2, 2)), None, True,
     {0: 6.0}, [6.0, None], [[1.0], 2.0]],
)  # fmt: skip
def test_a_capacity_that_is_none_is_refused(capacity):
    with pytest.raises(InvalidValue, match="capacity"):
        Scheduler().choose([task("a", 1)], TODAY, capacity)


def test_what_cannot_be_read_is_refused():
    with pytest.raises(InvalidValue, match="today"):
        Scheduler().choose([task("a", 1)], "someday", 6)
    with pytest.raises(InvalidValue, match="due"):
        Scheduler().choose([task("a", 1) | {"due": "someday"}], TODAY, 6)
    with pytest.raises(InvalidValue, match="projects"):
        Scheduler().choose([{"estimate_hours": 3.0}], TODAY, 6)
    with pytest.raises(InvalidValue, match="estimate_hours"):
        Scheduler().observe({"estimate_hours": "two", "actual_hours": 3.0})
    for numbers in ({"lookahead": 0.0}, {"weights": {"high": 0.0}}, {"hopeless": 1.0}):
        with pytest.raises(InvalidValue):
            Rule(**numbers)


def test_a_rule_survives_as_plain_values():
    rule = Rule(lookahead=3.0, weights={"high": 2.0}, hopeless=0.2, lost=Hopeless.LEAVE_OUT)
    assert Rule.of(rule.as_dict()) == rule
    assert Rule.of({"lookahead": 1.0}) == Rule(lookahead=1.0)
    for wrong in ({"lost": "somewhere"}, {"unknown": 1}, {"lookahead": "far"}):
        with pytest.raises(InvalidValue):
            Rule.of(wrong)


def test_it_is_quick():
    history = pd.concat(
        [past(1000, seed=n).assign(id=lambda t, n=n: f"{n}-" + t["id"]) for n in range(100)], ignore_index=True
    )
    began = time.perf_counter()
    scheduler = Scheduler().observe(history)
    assert time.perf_counter() - began < 10
    assert scheduler.n == 100_000
    began = time.perf_counter()
    for n in range(200):
        scheduler.observe({"id": f"new {n}", "estimate_hours": 2.0, "actual_hours": 3.0})
    assert (time.perf_counter() - began) / 200 < 0.001
    tasks = pd.DataFrame([task(f"p{n % 10}", 2, n % 10 * 3, id=str(n)) for n in range(300)])
    began = time.perf_counter()
    scheduler.choose(tasks, TODAY, 6)
    assert time.perf_counter() - began < 0.5
