"""Weeks: what is promised, when the plan freezes, what became of it, and what is carried over."""

from datetime import date, datetime

import pytest

from orc_lab.errors import InvalidValue
from orc_lab.model.entities import Commitment, Outcome, Status, Todo, WeeklyGoal
from orc_lab.model.ids import derived_id
from orc_lab.model.week import Week
from orc_lab.workbench.bench import Workbench
from tests.workbench.conftest import CLOCK, MONDAY, Now, told

WEEK = Week(2026, 47)
START = WEEK.start(CLOCK)


def todos(wb: Workbench, *hours: float | None) -> list[Todo]:
    return [wb.add_todo(f"Task {n}", estimated_hours=h) for n, h in enumerate(hours)]


def outcomes(wb: Workbench, week: Week) -> list[str]:
    return [str(commitment.outcome) for commitment in wb.commitments(week)]


def test_a_week_has_one_goal_on_every_device(wb: Workbench) -> None:
    assert wb.week() == WEEK
    assert wb.goal(WEEK) is None
    goal = wb.set_goal(WEEK, goal="Finish the draft")
    assert goal.id == derived_id("weekly-goal", wb.user_id, "2026-W47")
    assert (goal.week_start_date, goal.freezes_at, goal.completion_rate) == ("2026-11-16", START + 86400, None)
    rated = wb.set_goal(WEEK, reflection="Too much", self_rating=2)
    assert (rated.goal, rated.reflection, rated.self_rating) == ("Finish the draft", "Too much", 2)
    assert wb.count(WeeklyGoal) == 1
    assert told(wb, goal.id) == [
        ("created", None, None),
        ("edited", None, "goal"),
        ("edited", None, "reflection, self_rating"),
    ]
    with pytest.raises(InvalidValue, match="self_rating"):
        wb.set_goal(WEEK + 1, self_rating=6)
    assert wb.goal(WEEK + 1) is None


def test_a_commitment_keeps_the_estimate_as_it_was(wb: Workbench) -> None:
    (todo,) = todos(wb, 2)
    commitment = wb.commit(todo.id)
    assert (commitment.estimated_hours, commitment.created_at, commitment.outcome) == (2.0, MONDAY, Outcome.OPEN)
    wb.refine(todo.id, estimated_hours=8)
    assert wb.commitments(WEEK) == [commitment]
    assert wb.goal(WEEK).total_estimated_hours == 2.0


def test_committing_twice_is_committing_once(wb: Workbench) -> None:
    (todo,) = todos(wb, 2)
    first = wb.commit(todo.id)
    assert wb.commit(todo.id) == first
    wb.confirm(todo.id)  # gone back, the promise stands
    assert wb.commit(todo.id) == first
    assert wb.get(Todo, todo.id).status is Status.COMMITTED
    assert wb.count(Commitment) == 1


@pytest.mark.parametrize("end", [Workbench.done, Workbench.drop])
def test_what_is_closed_cannot_be_promised(wb: Workbench, end: object) -> None:
    (todo,) = todos(wb, 2)
    end(wb, todo.id)
    with pytest.raises(InvalidValue, match="reopen it first"):
        wb.commit(todo.id)
    assert wb.goal(WEEK) is None


def test_a_plan_freezes_a_day_after_the_week_starts(wb: Workbench, now: Now) -> None:
    planned, late = todos(wb, 2, 4)
    now.at = START + 86400
    wb.commit(planned.id)
    now.passes(minutes=1)
    wb.commit(late.id)
    wb.done(late.id)
    assert (wb.goal(WEEK).total_estimated_hours, wb.goal(WEEK).completion_rate) == (2.0, 0.0)
    wb.done(planned.id)
    assert wb.goal(WEEK).completion_rate == 1.0


def test_a_plan_freezes_when_it_is_confirmed(wb: Workbench, now: Now) -> None:
    planned, withdrawn, dropped, late = todos(wb, 2, 4, 1, 8)
    for todo in (planned, withdrawn, dropped):
        wb.commit(todo.id)
    wb.uncommit(withdrawn.id)  # before it froze: as if never promised
    now.passes(minutes=5)
    assert wb.confirm_plan(WEEK).freezes_at == MONDAY + 300
    now.passes(minutes=5)
    assert wb.confirm_plan(WEEK).freezes_at == MONDAY + 300
    wb.commit(late.id)
    wb.uncommit(dropped.id)  # after it froze: not done
    wb.done(planned.id)
    goal = wb.goal(WEEK)
    assert (goal.total_estimated_hours, goal.completion_rate) == (3.0, 0.5)
    assert outcomes(wb, WEEK) == ["done", "removed", "removed", "open"]


def test_confirming_an_old_plan_never_moves_its_freeze(wb: Workbench, now: Now) -> None:
    now.passes(days=3)
    assert wb.confirm_plan(WEEK).freezes_at == START + 86400


def test_the_week_of_a_night_owl_starts_and_freezes_later(wb: Workbench, now: Now) -> None:
    wb.set_setting("day_start", "04:00", valid_from=0)
    now.at = CLOCK.instant(datetime(2026, 11, 16, 3, 30))
    assert wb.week() == WEEK - 1
    assert wb.set_goal(WEEK).freezes_at == START + 86400 + 4 * 3600


def test_what_is_carried_over_stays_open_where_it_was(wb: Workbench, now: Now) -> None:
    done, carried = todos(wb, 1, 3)
    for todo in (done, carried):
        wb.commit(todo.id)
    wb.done(done.id)
    now.passes(days=7)
    wb.commit(carried.id)
    wb.done(carried.id)
    assert outcomes(wb, WEEK) == ["done", "open"]
    assert outcomes(wb, WEEK + 1) == ["done"]
    assert (wb.goal(WEEK).completion_rate, wb.goal(WEEK + 1).completion_rate) == (0.5, 1.0)
    now.passes(days=7)
    wb.reopen(done.id)
    wb.drop(carried.id)
    assert (outcomes(wb, WEEK), outcomes(wb, WEEK + 1)) == (["done", "open"], ["done"])


def test_what_was_done_last_week_counts_there_though_said_today(wb: Workbench, now: Now) -> None:
    (todo,) = todos(wb, 1)
    wb.commit(todo.id)
    sunday = now.passes(days=6)
    now.passes(days=2)
    wb.done(todo.id, at=sunday)
    assert outcomes(wb, WEEK) == ["done"]
    assert wb.commitments(WEEK)[0].resolved_at == sunday


def test_a_week_ends_with_the_persons_day(wb: Workbench, now: Now) -> None:
    late, too_late = todos(wb, 1, 1)
    for todo in (late, too_late):
        wb.commit(todo.id)
    now.at = WEEK.end(CLOCK) - 1
    wb.done(late.id)
    now.passes(minutes=1)
    wb.done(too_late.id)
    assert outcomes(wb, WEEK) == ["done", "open"]


def test_reopened_in_the_same_week_is_open_again(wb: Workbench, now: Now) -> None:
    first, second = todos(wb, 1, 1)
    for todo in (first, second):
        wb.commit(todo.id)
    wb.done(first.id)
    wb.drop(second.id)
    now.passes(days=1)
    wb.reopen(first.id)
    wb.reopen(second.id)
    assert outcomes(wb, WEEK) == ["open", "open"]
    assert [c.resolved_at for c in wb.commitments(WEEK)] == [None, None]


def test_taken_out_of_one_week_it_may_stand_in_another(wb: Workbench, now: Now) -> None:
    (todo,) = todos(wb, 1)
    wb.commit(todo.id)
    wb.commit(todo.id, WEEK + 1)
    assert wb.uncommit(todo.id).status is Status.COMMITTED
    assert wb.uncommit(todo.id, WEEK + 1).status is Status.CONFIRMED
    assert outcomes(wb, WEEK) + outcomes(wb, WEEK + 1) == ["removed", "removed"]
    assert wb.commit(todo.id).outcome is Outcome.OPEN
    assert outcomes(wb, WEEK) == ["removed", "open"]


def test_carried_over_and_then_taken_out_it_is_confirmed(wb: Workbench, now: Now) -> None:
    (todo,) = todos(wb, 1)
    wb.commit(todo.id)
    now.passes(days=7)
    wb.commit(todo.id)
    assert wb.uncommit(todo.id).status is Status.CONFIRMED
    assert outcomes(wb, WEEK) == ["open"]


def test_taking_out_what_was_never_in_plans_no_week(wb: Workbench) -> None:
    (todo,) = todos(wb, 1)
    assert wb.uncommit(todo.id).status is Status.DUMPED
    assert wb.goal(WEEK) is None


def test_days_off_are_known_once_a_day(wb: Workbench) -> None:
    day = date(2026, 12, 24)
    first = wb.set_capacity(day, 0, "Christmas")
    assert wb.set_capacity(day, 0.5).id == first.id
    assert wb.capacity(Week(2026, 52)) == pytest.approx(1 - 0.5 / 7)
    with pytest.raises(InvalidValue, match="factor"):
        wb.set_capacity(day, 3)


def test_settings_hold_from_their_day_on(wb: Workbench, now: Now) -> None:
    wb.set_setting("hours_per_week", 20)
    now.passes(days=7)
    wb.set_setting("hours_per_week", 35)
    wb.set_setting("zone", "America/Lima")
    assert [wb.settings(MONDAY - 1 + days * 86400).hours_per_week for days in (0, 1, 8)] == [30.0, 20.0, 35.0]
    assert (wb.clock(MONDAY).zone, wb.clock().zone) == ("Europe/Berlin", "America/Lima")
    for key, value in [("zone", "Mars"), ("day_start", "25:00"), ("hours_per_week", 0), ("hours_per_week", "many")]:
        with pytest.raises(InvalidValue, match=key):
            wb.set_setting(key, value)
    assert wb.clock().zone == "America/Lima"
