"""The old web app's weekly goals: weeks that begin on any day, one row a week, promises as commitments."""

from typing import Any

import pytest

from orc_lab.model.entities import Commitment, Outcome, Status, Todo, WeeklyGoal
from orc_lab.model.week import Week
from orc_lab.workbench.bench import Workbench
from orc_lab.workbench.weeks import goal_id
from tests.importers.conftest import Bring
from tests.importers.files import accounted, at, goal, store, todo, told


@pytest.mark.parametrize(
    ("start", "week"),
    [
        ("2025-01-06", "2025-W02"),  # Monday
        ("2025-01-05", "2025-W02"),  # Sunday: six of its seven days are in the week after
        ("2025-01-04", "2025-W02"),  # Saturday: five
        ("2025-01-09", "2025-W02"),  # Thursday: four are in this one
        ("2025-01-10", "2025-W03"),  # Friday: three
        ("2025-01-05T00:00:00.000Z", "2025-W02"),
        ("2025-01-04T23:00:00.000Z", "2025-W02"),  # Sunday, midnight in Berlin
        (1736031600000, "2025-W02"),
        ("2025-W02", "2025-W02"),
        ("2024-12-29", "2025-W01"),
    ],
)
def test_a_goal_belongs_to_the_week_that_holds_most_of_its_days(
    bench: Workbench, bring: Bring, start: Any, week: str
) -> None:
    bring(store(weeklyGoals=[goal(weekStartDate=start)]))
    (found,) = bench.find(WeeklyGoal)
    assert found == bench.goal(Week.parse(week))
    assert found.week_start_date == Week.parse(week).monday.isoformat()
    assert found.freezes_at == Week.parse(week).start(bench.clock()) + 86_400


@pytest.mark.parametrize("start", [None, "soon", "2025-W99", {}, -1])
def test_a_goal_without_a_week_is_left_out(bench: Workbench, bring: Bring, start: Any) -> None:
    report = bring(store(weeklyGoals=[goal(weekStartDate=start, todoIds=["t1"])], todos=[todo()]))
    assert told(report.left_out) == {"its week can't be read": 1}
    assert (bench.count(WeeklyGoal), bench.count(Commitment)) == (0, 0)


def test_goals_of_one_week_become_one_row(bench: Workbench, bring: Bring) -> None:
    sunday = goal("g2", weekStartDate="2025-01-05", reflection="Fine", selfRating=4, todoIds=["t1", "t2"])
    first = goal(goal="Ship it", title="ignored", selfRating=9, todoIds=["t1"], createdAt="2025-01-04T00:00:00Z")
    report = bring(store(weeklyGoals=[sunday, first], todos=[todo(), todo("t2")]))
    (found,) = bench.find(WeeklyGoal)
    assert found.id == goal_id(bench.user_id, Week(2025, 2))
    assert (found.goal, found.reflection, found.self_rating) == ("Goal g2\n\nShip it", "Fine", 4)
    assert found.created_at == at("2025-01-04T01:00")
    assert bench.count(Commitment) == 2
    assert (report.merged, report.new) == (1, 3)
    assert told(report.issues)["its self rating is not 1–5: left empty"] == 1
    again = bring(store(weeklyGoals=[sunday, first], todos=[todo(), todo("t2")]))
    assert (again.new, again.there) == (0, 4)


def test_promises_are_commitments_with_their_estimate_and_outcome(bench: Workbench, bring: Bring) -> None:
    done = todo(status="done", estimatedHours=2, completedAt="2025-01-09T10:00:00Z")
    dropped = todo("t2", status="dropped", estimatedHours=3)
    waiting = todo("t3", status="committed", estimatedHours=5)
    late = todo("t4", createdAt="2025-01-10T08:00:00Z", updatedAt="2025-01-10T08:00:00Z")
    promised = ["t1", {"id": "t2"}, {"todoId": "t3", "estimatedHours": 4}, "t4", "t1"]
    bring(store(weeklyGoals=[goal(todos=promised)], todos=[done, dropped, waiting, late]))
    found = {one.todo_id: one for one in bench.find(Commitment)}
    assert {id: (one.estimated_hours, one.outcome) for id, one in found.items()} == {
        "t1": (2.0, Outcome.DONE),
        "t2": (3.0, Outcome.DROPPED),
        "t3": (4.0, Outcome.OPEN),
        "t4": (None, Outcome.OPEN),
    }
    assert (found["t1"].created_at, found["t1"].resolved_at) == (at("2025-01-06T09:00"), at("2025-01-09T11:00"))
    assert found["t4"].created_at == at("2025-01-10T09:00")
    (week,) = bench.find(WeeklyGoal)
    assert (week.total_estimated_hours, week.completion_rate) == (9.0, pytest.approx(1 / 3))


def test_a_todo_that_names_its_week(bench: Workbench, bring: Bring) -> None:
    bring(store(weeklyGoals=[goal()], todos=[todo(weeklyGoalId="g1"), todo("t2", weeklyGoalId="g9")]))
    assert [one.todo_id for one in bench.find(Commitment)] == ["t1"]


def test_a_todo_that_stands_in_its_week_only(bench: Workbench, bring: Bring) -> None:
    held = [todo("t9", title="Only here", status="done"), todo(title="Not the one")]
    report = bring(store(weeklyGoals=[goal(todos=held)], todos=[todo()]))
    assert {one.title for one in bench.find(Todo)} == {"Only here", "Todo t1"}
    assert bench.get(Todo, "t9").status is Status.DONE
    assert report.records == 3
    assert accounted(report)


def test_a_promise_of_what_is_not_there(bench: Workbench, bring: Bring) -> None:
    report = bring(store(weeklyGoals=[goal(todoIds=["zz", None, 7, {}])], todos=[todo()]))
    assert bench.count(Commitment) == 0
    said = told(report.issues)
    assert said["a commitment of it was left out: the todo that it names is not there"] == 2
    assert said["it names a todo without an id: not promised"] == 2


def test_a_week_that_has_a_goal_here_keeps_it(bench: Workbench, bring: Bring) -> None:
    bench.set_goal(Week(2025, 2), goal="My own")
    report = bring(store(weeklyGoals=[goal(todoIds=["t1"])], todos=[todo()]))
    (found,) = bench.find(WeeklyGoal)
    assert found.goal == "My own"
    assert told(report.left_out) == {"a weekly goal of your own stands here, kept as it is": 1}
    assert bench.count(Commitment) == 1
    assert accounted(report)


def test_a_goal_that_comes_later_does_not_change_the_week(bench: Workbench, bring: Bring) -> None:
    bring(store(weeklyGoals=[goal()]))
    report = bring(store(weeklyGoals=[goal(), goal("g2", todoIds=["t1"])], todos=[todo()]))
    (found,) = bench.find(WeeklyGoal)
    assert found.goal == "Goal g1"
    assert told(report.left_out) == {"its weekly goal was imported before, kept as it is here": 1}
    assert [one.weekly_goal_id for one in bench.find(Commitment)] == [found.id]
    assert accounted(report)
