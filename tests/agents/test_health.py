import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orc_lab.agents.ageing import ageing
from orc_lab.agents.estimation.estimator import Estimator
from orc_lab.agents.health.risks import risks
from orc_lab.agents.health.rules import BASE, OVERDUE_CAP, PATTERNS, Label, Pattern, health
from orc_lab.agents.health.snapshot import ProjectSnapshot, snapshot
from tests.agents.lives import AS_OF, finished, frame, open_tasks, project, weekly

PAST = finished(240)


def look(still_open: pd.DataFrame | None = None, due: str | None = None, past: pd.DataFrame = PAST, **options):
    tasks = past if still_open is None else pd.concat([past, still_open], ignore_index=True)
    estimator = Estimator().observe(past)
    return snapshot(tasks, weekly(past), project(due), AS_OF, estimator, **options)


SETTLED = PAST.assign(created=PAST["created"].min())  # all was there from the start: nothing comes in any more


def names(found) -> list[str]:
    return [component.name for component in found.components]


def test_a_snapshot_counts_only_its_project():
    found = look(open_tasks(3))
    mine = PAST[PAST["project_id"] == "p1"]
    assert (found.open, found.done) == (3, len(mine))
    assert found.done_4 == int((mine["completed"] > AS_OF - pd.Timedelta(weeks=4)).sum())
    assert len(found.in_progress) == 3
    assert found.remaining[0.1] < found.remaining[0.5] < found.remaining[0.9]


def test_the_same_input_and_seed_give_the_same_snapshot():
    assert repr(look(open_tasks(4), "2026-12-20")) == repr(look(open_tasks(4), "2026-12-20"))


def test_a_nearer_date_and_more_work_lower_the_chance():
    far, near = look(open_tasks(6), "2027-03-01"), look(open_tasks(6), "2026-11-27")
    more = look(open_tasks(30), "2026-11-27")
    assert far.p_on_time > near.p_on_time >= more.p_on_time
    assert np.isnan(look(open_tasks(6)).p_on_time)


def test_moving_to_the_safe_date_makes_it_safe():
    found = look(open_tasks(8), "2026-11-25")
    moved = AS_OF + pd.Timedelta(weeks=found.safe_weeks)
    assert look(open_tasks(8), f"{moved:%Y-%m-%d}").p_on_time >= 0.85


def test_cutting_what_is_named_brings_the_chance_that_is_promised():
    tasks = open_tasks(14)
    found = look(tasks, "2027-05-01", SETTLED)
    assert found.p_on_time < 0.85
    assert 0 < len(found.cut) < 14
    assert found.p_after_cut >= 0.85
    kept = tasks[~tasks["id"].isin([item.id for item in found.cut])]
    assert look(kept, "2027-05-01", SETTLED).p_on_time == pytest.approx(found.p_after_cut, abs=0.12)


def test_holidays_ahead_lower_the_chance():
    usual = look(open_tasks(5), "2026-12-14")
    away = look(open_tasks(5), "2026-12-14", capacity=[0.0, 0.0, 0.0])
    assert away.p_on_time < 0.05
    assert usual.p_on_time > 0.1


def test_a_holiday_behind_is_no_loss_of_pace():
    end = AS_OF - pd.Timedelta(weeks=2)
    past = finished(240, end=end)
    weeks = weekly(past, AS_OF)
    rested = weeks.assign(capacity=np.where(weeks["start"] >= end.normalize(), 0.05, 1.0))
    tasks, estimator = pd.concat([past, open_tasks(3)], ignore_index=True), Estimator().observe(past)
    idle, away = (snapshot(tasks, table, project(), AS_OF, estimator).momentum for table in (weeks, rested))
    assert idle < 0.85
    assert away > 1.4 * idle


@given(
    st.integers(0, 12),
    st.sampled_from([None, "2026-11-01", "2026-11-23", "2026-12-24", "2029-01-01"]),
    st.integers(0, 40),
)
@settings(max_examples=15)
def test_the_score_is_80_and_its_components_between_0_and_100(count, due, done):
    found = health(look(open_tasks(count), due, past=finished(done)))
    if found.score is None:
        assert found.label is Label.INSUFFICIENT
    else:
        assert found.score == BASE + sum(component.adjustment for component in found.components)
        assert 0 <= found.score <= 100
    assert all(component.evidence and component.help for component in found.components)
    json.dumps(found.as_dict(), allow_nan=False)


def test_under_six_finished_there_is_no_score_but_risks_are_still_told():
    past = finished(240)
    past.loc[past["project_id"] == "p1", "project_id"] = "p3"
    found = health(look(open_tasks(3), "2026-11-01", past=past))
    assert found.score is None
    assert found.label is Label.INSUFFICIENT
    assert found.components[0].evidence == "0 todos finished; a score needs 6."
    assert found.risks[0].name == "late"


def test_overdue_work_caps_the_score_and_says_so():
    found = health(look(open_tasks(3), "2026-11-01"), patterns=())
    assert found.score == OVERDUE_CAP
    assert names(found) == ["limits"]
    late = health(look(open_tasks(3), "2026-11-01"))
    assert late.label is not Label.ON_TRACK
    assert "overdue" in names(late)
    assert late.risks[0].sentence == "3 open, due 2026-11-01, 22 days ago."


def test_the_due_day_itself_is_not_overdue_and_finished_work_never_is():
    assert not look(open_tasks(3), "2026-11-23").overdue
    assert look(open_tasks(3), "2026-11-22").overdue
    assert not look(due="2026-11-01").overdue
    assert "all done" in names(health(look(due="2026-11-01")))


def test_a_probable_delay_names_a_cut_and_a_date():
    seen = look(open_tasks(14), "2026-12-14", SETTLED)
    found = health(seen)
    assert "probably late" in names(found)
    late = found.risks[0]
    assert (late.name, late.severity.value) == ("late", "high")

    def steps(**facts: object) -> tuple[str, ...]:
        return risks(replace(seen, **{"p_worked": seen.p_on_time, "safe_weeks": 9.0, **facts}))[0].steps

    assert steps()[0].startswith("Move the date to 20")
    assert steps()[1].startswith("Or let nothing more come in")  # short of cutting all of it
    assert [step[:8] for step in steps(cut=seen.cut[:8])] == ["Move the", "Or cut “"]
    assert [step[:8] for step in steps(cut=seen.cut[:4])] == ["Cut “Tas", "Or move "]
    lying = steps(p_worked=0.9)
    assert lying[0].startswith("Close or drop by then what would be left lying: P(on time) becomes 90%")
    assert steps(safe_weeks=np.nan)[0] == "Cut the scope: at the pace so far no date within a year is safe."


def test_no_simulation_makes_a_date_impossible():
    found = health(look(open_tasks(60), "2026-11-24"))
    assert "is <1%, what usually comes in included" in found.risks[0].sentence


def test_work_much_older_than_usual_is_named():
    old = open_tasks(3, started=AS_OF - pd.Timedelta(days=300), created=AS_OF - pd.Timedelta(days=310))
    found = health(look(old))
    assert "mostly aged work" in names(found)
    assert any(risk.name == "ageing work" and "300 days" in risk.sentence for risk in found.risks)


def test_scope_that_grows_or_shrinks_is_told():
    assert "growing scope" in names(health(look(open_tasks(30))))
    earlier, day = open_tasks(3, created=AS_OF - pd.Timedelta(days=60)), pd.Timedelta(days=60)
    assert "shrinking scope" in names(health(look(earlier, past=PAST.assign(created=PAST["created"] - day))))


def test_todos_without_an_estimate_are_told_with_the_widest_first():
    found = health(look(open_tasks(4, estimate_hours=np.nan)))
    assert "unestimated" in names(found)
    risk = next(risk for risk in found.risks if risk.name == "unestimated")
    assert risk.sentence == "4 of 4 open todos have no estimate."


def test_a_project_where_nothing_happens_is_silent_and_stands_still():
    past = finished(240, end=AS_OF - pd.Timedelta(days=40))
    waiting = open_tasks(3, created=AS_OF - pd.Timedelta(days=50))
    found = health(look(waiting, past=past))
    assert {"silent", "standing still"} <= set(names(found))
    assert any(risk.name == "silent" for risk in found.risks)


def test_what_was_carried_again_and_again_is_told():
    commitments = pd.DataFrame({"todo_id": ["o000", "o000", "o001"], "carried": [2, 3, 1]})
    found = health(look(open_tasks(3), commitments=commitments))
    risk = next(risk for risk in found.risks if risk.name == "carried over")
    assert risk.sentence == "1 todo carried over for 3 weeks or more: “Task o000”."


def test_an_estimate_above_everything_ever_finished_is_told():
    found = health(look(open_tasks(2, estimate_hours=500.0)))
    assert any(risk.name == "too large" for risk in found.risks)


def test_patterns_are_plain_data_that_can_be_replaced():
    mine = Pattern(
        name="mine", adjustment=-3, help="A rule of one's own.", evaluate=lambda project: f"{project.open} open."
    )
    found = health(look(open_tasks(2)), patterns=[mine])
    assert (found.score, found.components[0].evidence) == (77, "2 open.")
    assert len({pattern.name for pattern in PATTERNS}) == len(PATTERNS)


def test_an_empty_project_and_an_empty_life_read_well():
    nothing = frame([])
    found = health(snapshot(nothing, weekly(PAST).head(0), project(), AS_OF, Estimator()))
    assert found.sentence == "Thesis: insufficient data. 0 todos finished; a score needs 6."
    assert found.risks == ()


def test_every_pattern_can_fire():
    base = look(open_tasks(4), "2026-12-24")
    fired = set()
    old = [replace(item, over=over) for item, over in zip(base.items, (True, False, False, False), strict=True)]
    variants: list[ProjectSnapshot] = [
        replace(base, p_on_time=0.9), replace(base, p_on_time=0.6), replace(base, p_on_time=0.2),
        replace(base, due=AS_OF.to_pydatetime() - pd.Timedelta(days=9)), replace(base, items=()),
        replace(base, items=tuple(old)), replace(base, items=tuple(replace(item, over=True) for item in old)),
        replace(base, momentum=1.5), replace(base, momentum=0.3), replace(base, momentum=0.0),
        replace(base, arrived_4=9, left_4=1), replace(base, arrived_4=1, left_4=9), replace(base, idle_days=20.0),
        replace(base, items=tuple(replace(item, estimate_hours=np.nan, carried=4) for item in old)),
    ]  # fmt: skip
    for variant in variants:
        fired |= {pattern.name for pattern in PATTERNS if pattern.evaluate(variant)}
    assert fired == {pattern.name for pattern in PATTERNS}


def test_ages_that_are_known_need_not_be_found_again():
    waiting = open_tasks(4)
    ages = ageing(pd.concat([PAST, waiting], ignore_index=True), AS_OF)
    assert repr(look(waiting, ages=ages)) == repr(look(waiting))
    assert look(waiting, ages=ages.assign(age_days=99.0)).items[0].age_days == 99.0
