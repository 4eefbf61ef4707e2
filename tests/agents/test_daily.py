import json
from dataclasses import replace
from math import isnan
from typing import Any

import pandas as pd
import pytest

from orc_lab.agents.forecast import chance
from orc_lab.agents.insight.known import Known
from orc_lab.agents.knowledge.action import recommendation_resolved
from orc_lab.agents.knowledge.base import KnowledgeBase
from orc_lab.agents.recommend.daily import FIRST, MOST, Today, generate_daily_recommendations, hours_ahead, order_of
from orc_lab.agents.recommend.effects import Futures, against, easing, estimated, narrowing, one_by_one, without
from orc_lab.agents.recommend.rule import State
from orc_lab.model.entities import Advice, Priority
from tests.agents.insight_lives import AT, NASTY, done, known_of, past, sample, still_open
from tests.review.made_up import day, project

SOON = pd.Timestamp(AT) + pd.Timedelta(days=4)
OVER = pd.Timestamp(AT) - pd.Timedelta(days=9)


def resolved(rule: str, *, followed: bool, helped: bool, count: int = 20) -> KnowledgeBase:
    """What is known after as many recommendations of a rule."""
    told = [
        recommendation_resolved(f"r{n}", rule, followed=followed, helped=helped, at="2026-05-01") for n in range(count)
    ]
    others = [
        recommendation_resolved(f"o{n}", rule, followed=not followed, helped=not helped, at="2026-05-01")
        for n in range(count)
    ]
    return KnowledgeBase().learn_all([(each, {}) for each in told + others])


def checked(today: Today) -> Today:
    """The same, found whole: plain JSON, sorted, each with reason, evidence, effect and steps."""
    plain = json.loads(json.dumps(today.as_dict(), allow_nan=False))
    assert plain == today.as_dict()
    assert set(plain) == {"recommendations", "order", "retired"}
    ranks = [[Priority.HIGH, Priority.MEDIUM].index(each.priority) for each in today.recommendations]
    assert ranks == sorted(ranks)
    for each in today.recommendations:
        assert (each.priority is Priority.HIGH) == (each.type is Advice.RISK_MITIGATION)
        assert each.rule not in today.retired
        assert all((each.title, each.description, each.reason, each.evidence, each.actions, each.effect.sentence))
        assert "nan" not in each.effect.sentence
        if not isnan(each.effect.after):
            assert each.effect.low <= each.effect.high
        if each.type is Advice.OPTIMIZATION:
            assert each.effect.low > 0
    for row in plain["recommendations"]:
        assert {"type", "priority", "project_id", "title", "description", "actions", "evidence", "effect"} <= set(row)
    return today


@pytest.mark.parametrize(
    "rows",
    [
        ([],),
        ([], [project(), project("p2", "Other")]),
        (past(),),
        (still_open(3),),
        (still_open(3), [project(due=OVER)]),
        ([*past(), *still_open(4)], [project(status="paused", due=OVER)]),
        ([*past(), *still_open(4, blocked=True)],),
        ([*past(), *still_open(4, snoozed=day(9))],),
        ([*past(), *still_open(4, estimate_hours=None)], [project(due=SOON)]),
        ([*past(), *still_open(4, estimate_hours=0.0)], [project(due=SOON)]),
        ([done(n, 1 + n % 9, actual_hours=None, estimate_hours=None) for n in range(40)] + still_open(9),),
        ([*past(), *still_open(4)], [project(due=pd.Timestamp(AT) + pd.Timedelta(days=4000))]),
    ],
    ids=[
        "nothing", "empty projects", "all done", "no past", "no past and over", "paused", "blocked", "snoozed", "blind",
        "zero", "no hours", "far",
    ],
)  # fmt: skip
def test_every_life_has_a_day(rows: tuple[Any, ...]) -> None:
    checked(generate_daily_recommendations(known_of(*rows)))


def test_the_day_of_the_sample_life() -> None:
    known = sample()
    today = checked(generate_daily_recommendations(known))
    assert {each.priority for each in today.recommendations} == {Priority.HIGH, Priority.MEDIUM}
    assert {each.project_id for each in today.recommendations} <= set(known.active)
    per_project = [(each.project_id, each.priority) for each in today.recommendations]
    assert len(per_project) == len(set(per_project)), "one of each kind a project"
    assert generate_daily_recommendations(known).as_dict() == today.as_dict()


def test_nothing_is_said_of_what_is_not_active() -> None:
    todos = [*past("p1"), *still_open(4), *past("p2"), *still_open(4, "p2")]
    projects = [project(due=OVER, status="paused"), project("p2", "Other", due=OVER)]
    today = generate_daily_recommendations(known_of(todos, projects))
    assert {each.project_id for each in today.recommendations} == {"p2"}
    assert set(today.order.projects) == {"p2"}


def test_a_late_project_is_the_first_thing_and_its_card_says_one_thing() -> None:
    for due in (OVER, SOON):
        known = known_of([*past(), *still_open(9, estimate_hours=8.0)], [project(due=due)])
        card = generate_daily_recommendations(known).recommendations[0]
        assert (card.rule, card.priority) == ("late", Priority.HIGH)
        found, effect = known.completion("p1"), card.effect
        assert effect.before == pytest.approx(found.p_on_time)
        if due is SOON:
            assert chance(found.p_on_time) in card.description
        safe = found.safe()
        if safe is not None and f"{safe:%Y-%m-%d}" in card.actions[0]:
            assert f"{safe:%Y-%m-%d}" in effect.sentence
            assert effect.after == pytest.approx(found.chance_by(safe))
        elif isnan(effect.after):
            assert "no date within a year" in card.actions[0]
            continue
        else:
            assert chance(effect.after) in card.actions[0]
        assert effect.low <= effect.after - effect.before <= effect.high


def test_a_small_cut_is_promised_what_the_simulation_finds() -> None:
    known = known_of([*past(weeks=30), *still_open(6, created=day(-1))], [project(due=SOON)])
    looked, project_ = Futures(known=known, ids=("p1",)), known.snapshot("p1")
    risk = next(each for each in known.health("p1").risks if each.name == "late")
    effect = against(looked, replace(project_, cut=project_.items[:2]), risk)
    change = known.what_if("p1", cut=[item.id for item in project_.items[:2]]).change
    assert change is not None
    assert (effect.after, effect.low, effect.high) == pytest.approx((change.p_after, change.p_low, change.p_high))
    assert effect.before == pytest.approx(known.completion("p1").p_on_time)
    assert chance(effect.after) in effect.sentence


def test_a_lesser_risk_is_eased_by_what_changes_something() -> None:
    new = [{**each, "id": f"new {n}"} for n, each in enumerate(still_open(3))]
    known = known_of([*past(), *still_open(6, started=day(-15), created=day(-16)), *new])
    project_, looked = known.snapshot("p1"), Futures(known=known, ids=("p1",))
    risks = {each.name: each for each in known.health("p1").risks}
    found = easing(project_, risks["ageing work"], looked)
    assert found is not None
    effect = found()
    change = known.what_if("p1", cut=[item.id for item in project_.aged]).change
    assert effect is not None
    assert change is not None
    assert (effect.what, effect.after) == ("days earlier", change.sooner[0.5])
    assert easing(project_, replace(risks["ageing work"], name="silent"), looked) is None
    nothing = known_of(still_open(6, started=day(-15)))
    assert without(Futures(known=nothing, ids=("p1",)), "p1", ["p1-open-0"]) is None


def test_a_title_is_data() -> None:
    known = known_of([*past(), *still_open(9, estimate_hours=8.0, title=NASTY)], [project(title=NASTY, due=OVER)])
    assert checked(generate_daily_recommendations(known)).recommendations[0].title.startswith(NASTY)


def two(**values: object) -> Known:
    """Two projects: that of lower priority is due soon."""
    todos = [*past("p1"), *still_open(4, "p1"), *past("p2"), *still_open(2, "p2")]
    soon = project("p2", "Soon", priority="low", due=pd.Timestamp(AT) + pd.Timedelta(days=20))
    return known_of(todos, [project(priority="high"), soon], **values)


def test_what_is_due_comes_before_what_is_only_important() -> None:
    known = two()
    assert order_of(known, known.active).first == "p2"
    today = checked(generate_daily_recommendations(known))
    cards = [each for each in today.recommendations if each.rule == FIRST]
    assert [each.project_id for each in cards] in ([], ["p2"])  # only where the simulation is sure that it helps
    assert all(each.items == (today.order.order[0].task,) for each in cards)


def off(known: Known, *weeks: float) -> Known:
    """The same with the first of the weeks ahead as said, the rest usual."""
    return replace(known, frames=replace(known.frames, ahead=(*weeks, *[1.0] * (104 - len(weeks)))))


def test_a_week_off_takes_its_own_hours_and_no_others() -> None:
    usual, without = (order_of(off(two(), *weeks), ["p1", "p2"]).order for weeks in ((), (0.0,)))
    (soon, _), (later, _) = usual, without
    assert (soon.project, later.project, soon.state, later.state) == ("p2", "p2", State.ALIVE, State.ALIVE)
    a_week = 7 * soon.hours_left / 21  # due in 20 days, that one included
    assert soon.hours_left - later.hours_left == pytest.approx(a_week)
    (in_its_week, _) = order_of(off(two(), 1.0, 1.0, 0.0), ["p1", "p2"]).order
    assert in_its_week.hours_left == pytest.approx(later.hours_left)


def test_of_the_present_week_only_the_rest_is_ahead() -> None:
    known = off(two(), 0.0)
    thursday = replace(known, frames=replace(known.frames, as_of=known.frames.as_of + 3 * 86_400))
    days = hours_ahead(thursday)
    assert days[:5] == [0.0] * 4 + [days[4]]
    assert days[4] > 0
    assert len(set(hours_ahead(off(two(), *[0.0] * 104)))) == 1, "who is off for two years has an order all the same"


def test_the_order_knows_what_was_finished_and_counts_in_means() -> None:
    known = two()
    order = order_of(known, known.active)
    assert order.n == len(known.frames.finished) > 0
    work = known.frames.tasks[known.frames.tasks["project_id"] == "p2"]
    work = work[work["status"] != "done"]
    found = next(choice for choice in order.order if choice.project == "p2")
    drawn = known.estimator.draws(work, as_of=known.as_of, size=4000, seed=1)
    middle = known.estimator.predict(work, as_of=known.as_of)["q50"].sum()
    assert found.remaining == pytest.approx(drawn.mean(axis=0).sum(), rel=0.08)
    assert abs(found.remaining - middle) > 2 * abs(found.remaining - drawn.mean(axis=0).sum())


def test_a_rule_that_does_not_help_is_silent_and_told() -> None:
    known = known_of([*past(), *still_open(9, estimate_hours=8.0)], [project(due=OVER)])
    before = generate_daily_recommendations(known)
    assert before.recommendations[0].rule == "late"
    after = generate_daily_recommendations(known.taught(resolved("late", followed=True, helped=False)))
    assert after.retired == ("late",)
    assert "late" not in [each.rule for each in after.recommendations]
    assert "late" in [each.rule for each in after.silent]
    back = generate_daily_recommendations(known.taught(resolved("late", followed=True, helped=True)))
    assert back.retired == ()
    assert "20 times, 20 went well" in back.recommendations[0].evidence[-1]


def test_of_optimisations_the_one_that_has_helped_most_is_told() -> None:
    begun = still_open(6, started=day(-1))
    known = known_of([*past(), *begun, *[{**each, "id": f"new {n}"} for n, each in enumerate(still_open(3))]])

    def told(kb: KnowledgeBase) -> list[str]:
        found = generate_daily_recommendations(known.taught(kb)).recommendations
        return [each.rule for each in found if each.type is Advice.OPTIMIZATION]

    rules = ["fewer at once", "ageing work"]
    for rule in rules:
        assert told(resolved(rule, followed=True, helped=True)) == [rule]
        assert told(resolved(rule, followed=True, helped=False)) == [each for each in rules if each != rule]


def test_not_more_projects_than_a_person_reads_about() -> None:
    projects = [project(f"p{n}", f"Project {n}") for n in range(MOST + 3)]
    known = known_of([row for each in projects for row in still_open(1, each["id"])], projects)
    today = generate_daily_recommendations(known)
    assert len(today.order.order) == MOST


def futures() -> Futures:
    todos = [*past(), *still_open(5, started=day(-1)), *[{**row, "id": f"b{n}"} for n, row in enumerate(
        still_open(2, estimate_hours=None)
    )]]  # fmt: skip
    return Futures(known=known_of(todos), ids=("p1",))


def test_to_know_some_hours_narrows_the_band_and_an_estimate_does_less() -> None:
    looked = futures()
    known = narrowing(looked, "p1", ["b0", "b1"])
    told = estimated(looked, "p1", ["b0", "b1"])
    assert known.before == pytest.approx(told.before, rel=0.15)
    assert known.before > known.after
    assert known.sentence.startswith("Were the hours of these todos known, ")
    assert told.sentence.startswith("With an estimate of 2 todos without one, ")
    assert told.after > known.after
    assert narrowing(looked, "p1", []).low == narrowing(looked, "p1", []).high == 0.0
    everything = narrowing(looked, "p1", looked.tasks["id"].tolist())
    assert everything.after == pytest.approx(0.0)


def test_the_first_of_some_is_done_earlier_one_by_one() -> None:
    looked = futures()
    found = one_by_one(looked, ["p1-open-0", "p1-open-1", "p1-open-2"])
    assert 0 < found.low <= found.after <= found.high
    assert "Todo 0 is done" in found.sentence
