import json
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orc_lab.agents.estimation.estimator import Estimator
from orc_lab.agents.health.patterns import PATTERNS, with_adjustments
from orc_lab.agents.health.risks import risks
from orc_lab.agents.health.rules import health
from orc_lab.agents.health.snapshot import snapshot
from orc_lab.agents.health.thresholds import Thresholds
from orc_lab.agents.knowledge import action as actions
from orc_lab.agents.knowledge.action import Action, Context, Kind
from orc_lab.agents.knowledge.advice import commit_advice, compare, corrected, deep_work, style_advice
from orc_lab.agents.knowledge.base import LEARNERS, KnowledgeBase, learn
from orc_lab.agents.knowledge.entry import restored
from orc_lab.agents.knowledge.parts import MEANINGS, Part
from orc_lab.agents.knowledge.show import show
from orc_lab.agents.knowledge.ways import flags, suggest
from orc_lab.agents.recommend.scheduler import Scheduler
from orc_lab.errors import InvalidValue
from tests.agents.lives import AS_OF, finished, open_tasks, project, weekly

SHIPPED = KnowledgeBase()
PAST = finished(120)
TASKS = open_tasks(6, category="write", status="confirmed")
GROWING = replace(
    snapshot(
        pd.concat([PAST, TASKS], ignore_index=True), weekly(PAST), project("2027-03-01"), AS_OF,
        Estimator().observe(PAST),
    ),
    arrived_4=9, left_4=1, idle_days=15.0,
)  # fmt: skip
EVENTS = pd.DataFrame(
    {
        "todo_id": ["o000", "o000"],
        "at": [AS_OF - pd.Timedelta(days=3), AS_OF - pd.Timedelta(days=1)],
        "old": ["dumped", "dumped"],
        "new": ["dumped", "confirmed"],
    }
)
ENDED = {
    "good": True, "midway": ["growing scope"], "days_ratio": 2.0, "hours_ratio": 1.6, "on_time": 1, "throughput": 4.0,
    "longest_gap_days": 30.0, "most_carried": 4, "blind_share": 0.5, "aged_share": 0.7,
}  # fmt: skip


def day(n: int) -> date:
    return date(2026, 3, 2) + timedelta(days=n)


def ended(n: int = 0, **numbers: object) -> tuple[Action, Context]:
    return actions.project_completed(f"p{n}", day(n), title=f"Project {n}"), {**ENDED, **numbers}


def session(n: int, hour: int = 9, hours: float = 1.5) -> tuple[Action, Context]:
    at = day(n)
    year, week, weekday = at.isocalendar()
    context = {"week": f"{year}-W{week:02d}", "hours": hours, "parts": [[weekday - 1, hour, hours]]}
    return actions.session_finished(f"t{n}", f"{at}T{hour:02d}:00:00", title=f"Todo {n}"), context


def resolved(n: int, *, followed: bool, helped: bool) -> tuple[Action, Context]:
    return actions.recommendation_resolved(f"r{n}", "freeze scope", followed=followed, helped=helped, at=day(n)), {}


CORRECTED = (
    actions.task_estimation_corrected("t1", 6.0, day(1), title="Draft"),
    {"before_hours": 2.0, "estimate_hours": 2.0, "category": "write", "project_id": "p1"},
)
CHOSEN = (
    actions.task_chosen("t1", ["t2", "t3"], day(2), title="Write the summary"),
    {"options": [["low", 2.0, 8.0], ["high", 2.0, 8.0], ["urgent", 2.0, 8.0]]},
)
APPROVED = (actions.workflow_optimization(["dumped", "confirmed", "done"], day(3), category="write"), {})
CLOSED = (
    actions.week_closed("2026-W10", day(6)),
    {
        "planned": 9, "done": 3, "planned_hours": 30.0, "done_hours": 6.0, "planned_share": 0.2, "switches": 11.0,
        "in_progress": 9,
    },
)  # fmt: skip


def points(kb: KnowledgeBase) -> object:
    return health(GROWING, with_adjustments(PATTERNS, kb.pattern_adjustments())).score


def threats(kb: KnowledgeBase) -> object:
    return [risk.sentence for risk in risks(GROWING, thresholds=Thresholds().moved(kb.thresholds()))]


def order(kb: KnowledgeBase) -> object:
    work = pd.DataFrame(
        {
            "project": ["a", "b"], "priority": ["low", "urgent"], "estimate_hours": [8.0, 20.0],
            "due": [pd.Timestamp("2026-12-18")] * 2,
        }
    )  # fmt: skip
    plan = Scheduler(kb.order_rule()).choose(work, "2026-11-23", 6.0)
    return [choice.project for choice in plan.order]


@dataclass
class Taught:
    """A part, an entry of it, what teaches it, and a real output that depends on it."""

    part: Part
    name: str
    told: list[tuple[Action, Context]]
    output: object


PARTS = [
    Taught(Part.PATTERNS, "growing scope", [ended(good=False)], points),
    Taught(Part.SUCCESS_METRICS, "days ÷ planned", [ended()],
           lambda kb: [each.sentence for each in compare(kb, {"days_ratio": 1.3})]),
    Taught(Part.RISK_INDICATORS, "idle_days", [ended()], threats),
    Taught(Part.OPTIMIZATION_RULES, "freeze scope", [resolved(1, followed=True, helped=True)],
           lambda kb: kb.rule("freeze scope")),
    Taught(Part.ESTIMATION_MODELS, "category write", [CORRECTED],
           lambda kb: corrected(kb, Estimator().observe(PAST).predict(TASKS), TASKS).to_dict()),
    Taught(Part.PRIORITIZATION_RULES, "what comes first", [CHOSEN], order),
    Taught(Part.WORKFLOW_PATTERNS, "category write", [APPROVED],
           lambda kb: [each.sentence for each in flags(kb, TASKS, EVENTS, AS_OF)]),
    Taught(Part.PRODUCTIVITY_PATTERNS, "hours of focus", [session(7 * n) for n in range(4)],
           lambda kb: deep_work(kb).sentence),
    Taught(Part.GOAL_ACHIEVEMENT_HISTORY, "commitments", [CLOSED], lambda kb: commit_advice(kb).sentence),
    Taught(Part.WORKING_STYLES, "work in progress", [CLOSED], lambda kb: style_advice(kb).sentence),
]  # fmt: skip


@pytest.mark.parametrize("taught", PARTS, ids=lambda taught: taught.part.value)
def test_each_part_changes_an_output_tells_why_and_can_be_forgotten(taught: Taught):
    first = taught.output(SHIPPED)
    kb = SHIPPED.learn_all(taught.told)
    assert taught.output(kb) != first
    reasons = kb.why(taught.part, taught.name)
    assert [reason.key for reason in reasons] == [action.key for action, _ in taught.told]
    for reason, (action, _) in zip(reasons, taught.told, strict=True):
        assert action.day in reason.sentence
        assert action.kind.value.replace("_", " ") in reason.sentence.lower()
        assert action.title in reason.sentence
    assert any("→" in reason.sentence for reason in reasons)
    without = kb
    for action, _ in taught.told:
        without = without.forget(action=action.key)
    assert taught.output(without) == first
    assert taught.output(kb.forget(taught.part)) == first
    assert taught.output(kb) != first  # the base itself never changes


def test_there_are_exactly_ten_parts_in_three_groups():
    assert {part: part.group for part in Part} == {part: part.value.split(".")[0] for part in Part}
    assert len(Part) == len(MEANINGS) == len(LEARNERS) == len(PARTS) == 10
    assert {group: len(found) for group, found in SHIPPED.as_dict().items()} == {"projects": 4, "tasks": 3, "users": 3}
    assert {kind for learner in LEARNERS.values() for kind in learner.kinds} == set(Kind)


def test_what_is_shipped_is_version_0_and_says_so():
    assert SHIPPED.version == 0
    assert SHIPPED.pattern_adjustments() == {pattern.name: pattern.adjustment for pattern in PATTERNS}
    assert SHIPPED.estimate_factor({"estimate_hours": 2.0, "category": "write"}) == 1.0
    assert SHIPPED.order_rule() == Scheduler().rule
    for part in Part:
        for entry in SHIPPED.entries(part):
            assert (entry.version, entry.count, entry.why()) == (0, 0, ())
            for parameter in entry.parameters:
                assert parameter.value == parameter.shipped or parameter.value is None, parameter
    with pytest.raises(InvalidValue, match="has learned something"):
        SHIPPED.forget(Part.PATTERNS, "overdue")
    with pytest.raises(InvalidValue, match="one of"):
        SHIPPED.why(Part.PATTERNS, "no such pattern")
    with pytest.raises(InvalidValue, match=r"one of projects\.patterns"):
        SHIPPED.entries("projects.habits")


EVERYTHING = [
    *(ended(n, good=n % 3 > 0, midway=["overdue"] if n % 2 else ["silent"]) for n in range(9)),
    *(session(n, hour=8 + n % 3) for n in range(40)),
    *(resolved(n, followed=n % 2 == 0, helped=n % 3 == 0) for n in range(12)),
    CORRECTED, CHOSEN, APPROVED, CLOSED,
    *((actions.task_completed(f"t{n}", day(n), title=f"Todo {n}"),
       {"category": "write", "way": "dumped>confirmed>done", "days": {"dumped": 1.0, "confirmed": 0.5 + n % 4}})
      for n in range(30)),
]  # fmt: skip
FULL = SHIPPED.learn_all(EVERYTHING)


@given(st.permutations(EVERYTHING))
@settings(max_examples=8)
def test_the_order_of_telling_is_without_effect(told):
    assert SHIPPED.learn_all(told).as_dict() == FULL.as_dict()


def test_one_by_one_is_the_same_as_all_at_once():
    kb = SHIPPED
    for action, context in sorted(EVERYTHING, key=lambda each: (each[0].at, each[0].key)):
        kb = learn(kb, action, context)
    for part in Part:
        for one, other in zip(kb.entries(part), FULL.entries(part), strict=True):
            assert (one.name, one.cases, one.settled) == (other.name, other.cases, other.settled)
            assert one.state == other.state


@given(st.sampled_from(EVERYTHING))
@settings(max_examples=20)
def test_learning_again_changes_nothing_and_forgetting_the_latest_gives_what_was_before(told):
    assert FULL.learn_all([told]) is FULL
    last = replace(told[0], subject=told[0].subject + "-new", at="2027-01-01")
    context = told[1]
    more = FULL.learn_all([(last, context)])
    assert more is not FULL
    less = more.forget(action=last.key)
    for part in Part:
        assert [entry.parameters for entry in less.entries(part)] == [entry.parameters for entry in FULL.entries(part)]


def test_what_happens_later_on_a_day_is_learned_whatever_its_id():
    told = [actions.session_finished(f"t{30 - n}", f"2026-03-02T{n:02d}:00:00") for n in range(23)]
    context = session(0)[1]
    kb = SHIPPED
    for action in told:
        kb = learn(kb, action, context)
    assert kb.entry(Part.WORKING_STYLES, "session length").count == 23


def test_forgetting_one_action_is_as_if_it_had_never_been():
    gone = EVERYTHING[4][0].key
    without = SHIPPED.learn_all(each for each in EVERYTHING if each[0].key != gone)
    less = FULL.forget(action=gone)
    assert less.pattern_adjustments() == without.pattern_adjustments() != FULL.pattern_adjustments()
    assert less.success_metrics() == without.success_metrics() != FULL.success_metrics()
    assert gone not in str(less.as_dict())
    with pytest.raises(InvalidValue, match="an action that is kept, such as"):
        less.forget(action=gone)


def test_what_was_forgotten_is_not_learned_again_by_catching_up_but_by_telling_it():
    action, context = ended()
    kb = SHIPPED.learn_all([(action, context)])
    for less in (kb.forget(action=action.key), kb.forget(Part.PATTERNS).forget(action=action.key)):
        assert less.learn_all([(action, context)], again=False) is less
        assert less.learn_all([(action, context)]).pattern_adjustments() == kb.pattern_adjustments()


def test_beyond_the_bound_early_actions_count_but_are_forgotten_together():
    keep = LEARNERS[Part.PRODUCTIVITY_PATTERNS].keep
    entry = FULL.entry(Part.PRODUCTIVITY_PATTERNS, "hours of focus")
    assert (len(entry.cases), entry.settled.count, entry.count) == (keep, 40 - keep, 40)
    reasons = entry.why()
    assert reasons[0].key is None
    assert f"{40 - keep} earlier actions" in reasons[0].sentence
    assert len(reasons) == keep + 1
    early = EVERYTHING[9]
    assert FULL.learn_all([early]) is FULL  # it may be in there
    assert FULL.forget(Part.PRODUCTIVITY_PATTERNS, "hours of focus").focus() is None


@pytest.mark.parametrize("entry", FULL.all(), ids=lambda entry: f"{entry.part.value} {entry.name}")
def test_an_entry_survives_being_stored(entry):
    again = restored(entry.learner, entry.name, entry.version, entry.learned_json())
    assert (again.state, again.cases, again.settled, again.version) == (
        entry.state, entry.cases, entry.settled, entry.version,
    )  # fmt: skip
    value = json.loads(entry.value_json())
    assert set(value) == {"parameters", "help", "evidence"}
    assert all({"value", "unit", "shipped"} == set(each) for each in value["parameters"].values())
    json.dumps(entry.as_dict(), allow_nan=False)


def test_a_text_of_another_format_is_as_shipped():
    for text in (None, "", "no JSON", "[1]", '{"format": 99, "actions": [1]}'):
        assert restored(LEARNERS[Part.PATTERNS], "overdue", 3, text).parameters[0].value == -30


def test_a_page_says_what_each_part_is_and_what_taught_it():
    pages = show(FULL, titles={"p1": "Thesis"})
    assert [page.part for page in pages] == list(Part)
    for page in pages:
        assert page.sentence.count(".") >= 2
        json.dumps(page.as_dict(), allow_nan=False)
        assert all(entry.sentence and entry.reasons for entry in page.entries if entry.learned_from)
    models = show(FULL, [Part.ESTIMATION_MODELS], titles={"p1": "Thesis"})[0]
    assert "project Thesis" in [entry.label for entry in models.entries]
    assert "freeze scope" in show(FULL, ["projects.optimization_rules"])[0].entries[0].sentence


def test_actions_refuse_what_makes_no_sense():
    with pytest.raises(InvalidValue, match="positive number of hours"):
        actions.task_estimation_corrected("t", 0.0, day(0))
    with pytest.raises(InvalidValue, match="two or more of dumped"):
        actions.workflow_optimization(["dumped", "finished"], day(0))
    with pytest.raises(InvalidValue, match="a day such as"):
        actions.week_closed("2026-W10", "sometime")


NUMBER = st.one_of(st.none(), st.just(float("nan")), st.just(float("inf")), st.floats(0, 1e12))


@given(st.lists(st.fixed_dictionaries({**dict.fromkeys(list(ENDED)[2:], NUMBER), "good": st.booleans(),
                                       "midway": st.one_of(st.none(), st.lists(st.sampled_from(["overdue", "?"])))}),
                min_size=1, max_size=6))  # fmt: skip
@settings(max_examples=30)
def test_whatever_a_project_tells_parameters_stay_within_their_bounds(contexts):
    kb = SHIPPED.learn_all((ended(n)[0], context) for n, context in enumerate(contexts))
    assert all(0 < value < 60 for value in kb.success_metrics().values())
    lines = kb.thresholds()
    assert 4 <= lines["idle_days"] <= 60
    assert 2 <= lines["carried"] <= 8
    assert 0.2 <= lines["blind"] <= 0.8
    assert all(-45 <= each <= 45 for each in kb.pattern_adjustments().values())
    json.dumps(kb.as_dict(), allow_nan=False)
    assert all(json.loads(entry.learned_json()) for entry in kb.all())


# Part by part


def test_patterns_move_by_what_became_of_projects_that_showed_them():
    def after(name: str, n: int, good: bool) -> int:
        told = [ended(i, good=good, midway=[name]) for i in range(n)]
        return SHIPPED.learn_all(told).pattern_adjustments()[name]

    assert -30 < after("overdue", 1, True) < after("overdue", 5, True) < after("overdue", 20, True)
    assert -30 > after("overdue", 1, False) >= after("overdue", 10, False) >= -45
    assert -5 < after("growing scope", 1, True) <= 5  # visible, and modest
    others = SHIPPED.learn_all(ended(i, good=False, midway=[]) for i in range(9))
    assert others.pattern_adjustments() == SHIPPED.pattern_adjustments()  # nothing showed them
    unknown = SHIPPED.learn_all([ended(midway=None)])
    assert unknown.pattern_adjustments() == SHIPPED.pattern_adjustments()


def test_thresholds_come_from_projects_that_went_well_only():
    long = SHIPPED.learn_all([ended()]).thresholds()
    assert long["idle_days"] > 14
    assert long["carried"] >= 3
    assert long["blind"] > 0.4
    assert long["aged_share"] > 0.5
    assert Thresholds().moved(long) != Thresholds() == Thresholds().moved(SHIPPED.thresholds())
    assert SHIPPED.learn_all([ended(good=False)]).thresholds() == SHIPPED.thresholds()
    odd = SHIPPED.learn_all([ended(longest_gap_days=1e9, blind_share=1.0, most_carried=5000)]).thresholds()
    assert odd["idle_days"] <= 60 ** (1 / 6) * 14 ** (5 / 6) + 0.5
    assert odd["blind"] < 0.5


def test_a_rule_that_does_not_beat_doing_nothing_retires_and_may_come_back():
    bad = [resolved(n, followed=n % 2 == 0, helped=n % 2 == 1) for n in range(12)]
    kb = SHIPPED.learn_all(bad)
    assert kb.retired() == ("freeze scope",)
    assert kb.rule_weights() == {"freeze scope": 0.0}
    assert "rests" in kb.rule("freeze scope").sentence
    good = kb.learn_all(resolved(100 + n, followed=n % 2 == 0, helped=n % 2 == 0) for n in range(30))
    assert good.retired() == ()
    assert good.rule("freeze scope").weight > 0.7
    assert SHIPPED.learn_all(bad[:11]).retired() == ()  # too few
    assert SHIPPED.rule("freeze scope").weight == 0.5


def test_a_correction_raises_estimates_the_more_the_more_alike_they_are():
    kb = SHIPPED.learn_all([CORRECTED])
    alike = kb.estimate_factor({"estimate_hours": 3.0, "category": "write", "project_id": "p1"})
    category = kb.estimate_factor({"estimate_hours": 3.0, "category": "write", "project_id": "p2"})
    size = kb.estimate_factor({"estimate_hours": 3.0, "category": "build"})
    other = kb.estimate_factor({"estimate_hours": 30.0})
    assert 1.5 > alike > category > size > other > 1.0
    odd = SHIPPED.learn_all([(replace(CORRECTED[0], detail={"actual_time": 1e9}), CORRECTED[1])])
    assert odd.estimate_factor({"estimate_hours": 3.0, "category": "write", "project_id": "p1"}) < 1.5
    nothing = SHIPPED.learn_all([(CORRECTED[0], {**CORRECTED[1], "before_hours": None})])
    assert nothing is SHIPPED
    predicted = Estimator().observe(PAST).predict(TASKS)
    begun = corrected(kb, predicted, TASKS.assign(started=AS_OF))
    pd.testing.assert_frame_equal(begun, predicted)
    some = corrected(kb, predicted, TASKS, already=["o001"])
    assert (some["q50"] > predicted["q50"]).tolist() == [True, False, True, True, True, True]


OPTION = st.tuples(st.sampled_from(["low", "medium", "high", "urgent"]), st.floats(0.1, 90), st.floats(-99, 3e3))


@given(st.lists(OPTION, min_size=2, max_size=20), st.integers(1, 40))
@settings(max_examples=40)
def test_weights_stay_near_the_shipped_ones_whatever_is_chosen(options, times):
    told = [(actions.task_chosen(f"t{n}", ["x"], day(n)), {"options": options}) for n in range(times)]
    rule = SHIPPED.learn_all(told).order_rule()
    for key, shipped in Scheduler().rule.weights.items():
        assert shipped / 2.001 <= rule.weights[key] <= shipped * 2.001
    assert 1 <= rule.lookahead <= 4


def test_choosing_a_low_priority_over_others_raises_its_weight():
    weights, shipped = SHIPPED.learn_all([CHOSEN]).priority_weights(), SHIPPED.priority_weights()
    assert weights["low"] > shipped["low"]
    assert weights["urgent"] < shipped["urgent"]
    assert weights["medium"] == shipped["medium"]
    near = {"options": [["medium", 2.0, 1.0], ["medium", 1.0, 40.0]]}  # the longer but sooner one
    far = {"options": [["medium", 2.0, 40.0], ["medium", 2.0, 1.0]]}
    action = CHOSEN[0]
    assert SHIPPED.learn_all([(action, near)]).lookahead() < 2 < SHIPPED.learn_all([(action, far)]).lookahead()


def test_an_approved_way_is_no_longer_flagged_and_is_suggested():
    assert [flag.fault.value for flag in flags(SHIPPED, TASKS, EVENTS, AS_OF)] == ["skip"]
    kb = SHIPPED.learn_all([APPROVED])
    assert flags(kb, TASKS, EVENTS, AS_OF) == ()
    assert suggest(SHIPPED, {"status": "confirmed", "category": "write"}).steps == ("committed", "done")
    assert suggest(kb, {"status": "confirmed", "category": "write"}).steps == ("done",)
    assert suggest(kb, {"status": "confirmed", "category": "build"}).steps == ("committed", "done")
    assert suggest(kb, {"status": "done", "category": None}).steps == ()


def test_loops_and_standstills_are_flagged_beside_what_is_typical():
    back = EVENTS.assign(new=["confirmed", "matched"], old=["dumped", "confirmed"])
    assert [flag.fault.value for flag in flags(SHIPPED, TASKS, back, AS_OF)] == ["skip", "loop"]
    quick = [
        (actions.task_completed(f"t{n}", day(n)), {"way": "matched>confirmed", "days": {"confirmed": 0.2}})
        for n in range(3)
    ]
    found = flags(SHIPPED.learn_all(quick), TASKS, EVENTS, AS_OF)
    assert [flag.fault.value for flag in found] == ["skip", "stuck"]
    assert "confirmed for 1 day, where 0.2 are typical" in found[1].sentence


def test_a_common_way_needs_no_approval():
    way = {"way": "dumped>confirmed>done", "days": {}}
    few, many = ([(actions.task_completed(f"t{n}", day(n)), way) for n in range(count)] for count in (9, 10))
    assert SHIPPED.learn_all(few).known_ways() == ()
    assert SHIPPED.learn_all(many).known_ways() == (("dumped", "confirmed", "done"),)


def test_focus_is_hidden_under_four_weeks_and_then_finds_the_hours():
    assert deep_work(SHIPPED.learn_all(session(n) for n in range(20))).start is None
    found = deep_work(SHIPPED.learn_all(session(n, hour=14) for n in range(40)))
    assert found.start is not None
    assert found.start <= 14 < found.end
    assert 0.5 < found.part < 1
    shares = FULL.focus()
    assert shares is not None
    assert sum(shares.hour) == pytest.approx(1)
    assert sum(shares.weekday) == pytest.approx(1)


def test_a_bad_week_lowers_what_to_commit_to_and_a_huge_one_counts_no_more_than_six():
    first, after = commit_advice(SHIPPED), commit_advice(SHIPPED.learn_all([CLOSED]))
    assert after.held < first.held
    assert after.hours < first.hours
    huge = (CLOSED[0], {**CLOSED[1], "planned": 600, "done": 0})
    assert commit_advice(SHIPPED.learn_all([huge])).held >= 0.7 * 10 / 16
    assert commit_advice(SHIPPED, capacity=0.5).hours == first.hours / 2
    assert SHIPPED.learn_all([(CLOSED[0], {"planned": 0, "done": 0})]).commitment() == SHIPPED.commitment()


@given(st.lists(st.floats(0.01, 1000), min_size=1, max_size=60))
@settings(max_examples=25)
def test_blocks_and_limits_stay_sensible(lengths):
    kb = SHIPPED.learn_all(session(n, hours=hours) for n, hours in enumerate(lengths))
    style = style_advice(kb)
    assert 20 <= style.block_minutes <= 120
    assert style.block_minutes % 5 == 0
    assert style.wip_limit >= 1


def test_a_project_is_compared_with_the_completed_ones():
    mine = {"days_ratio": 3.0, "hours_ratio": None, "throughput": 0.5}
    found = compare(SHIPPED.learn_all([ended()]), mine)
    assert [each.name for each in found] == ["days ÷ planned", "todos a week"]
    assert "more than usual (your completed projects have 1.3, n = 1)" in found[0].sentence
    assert "assumed so far" in compare(SHIPPED, mine)[0].sentence
