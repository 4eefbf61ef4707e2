"""What next week brings: in which order, and how much of it."""

from datetime import datetime, timedelta
from math import nan
from typing import Any

import pandas as pd
import pytest

from orc_lab.review.facts import facts
from orc_lab.review.monday import MOST, Step, Why, steps
from orc_lab.review.weekly import weekly_review
from tests.review.made_up import MONDAY, WEEK, Row, day, frames, history, project, promise, todo


def left(tasks: pd.DataFrame) -> pd.DataFrame:
    hours = tasks["estimate_hours"].fillna(2.0)
    return pd.DataFrame({"low": hours / 2, "hours": hours, "high": hours * 2})


def planned(
    todos: list[Row], promises: list[Row] | None = None, projects: list[Row] | None = None, room: float = 40.0
) -> tuple[Step, ...]:
    seen = frames(todos, promises or (), projects or ())
    return steps(seen.tasks, seen.projects, seen.commitments, left, week=WEEK, room=room)


def test_promises_come_first_then_days_then_what_is_begun() -> None:
    todos = [
        todo(1),
        todo(2, priority="high"),
        todo(3, started=day(-1)),
        todo(4),
        todo(5, due=day(1, 6, 0)),
        todo(6, due=day(0, 3, 0)),
        todo(7),
        todo(8, status="dropped", due=day(1)),
        todo(9, completed=day(), due=day(1)),
    ]
    promises = [promise(todos[3]), promise(todos[6], WEEK + 1)]
    found = planned(todos, promises)
    assert [(step.id[-1], step.why) for step in found] == [
        ("7", Why.PROMISED),
        ("6", Why.OVERDUE),
        ("5", Why.DUE),
        ("4", Why.CARRIED),
        ("3", Why.BEGUN),
        ("2", Why.IMPORTANT),
        ("1", Why.READY),
    ]
    assert [step.weeks for step in found] == [1, 0, 0, 1, 0, 0, 0]


@pytest.mark.parametrize(
    ("room", "ids"),
    [
        (10.0, ["1", "3"]),  # 2 is too large for what is left, 3 isn't
        (0.5, ["1"]),  # a week begins with something
        (nan, ["1", "2", "3"]),
    ],
)
def test_what_has_room_is_taken_up(room: float, ids: list[str]) -> None:
    todos = [todo(n, estimate_hours=hours, started=day(0, 4 - n)) for n, hours in ((1, 6.0), (2, 9.0), (3, 4.0))]
    assert [step.id[-1] for step in planned(todos, room=room)] == ids


def test_what_must_be_is_there_even_without_room() -> None:
    must = [todo(n, due=day(1, 2, 0), estimate_hours=9.0) for n in range(MOST + 3)]
    assert len(planned([*must, todo(99)], room=5.0)) == MOST + 3


def test_no_more_is_proposed_than_a_person_can_look_at() -> None:
    assert len(planned([todo(n, estimate_hours=0.1) for n in range(40)])) == MOST


def test_parked_projects_and_what_is_long_overdue_wait() -> None:
    todos = [todo(1, project_id="p2", project="Parked"), todo(2, due=day(-4, 6, 0)), todo(3, due=day(-3, 0, 0))]
    assert [step.id[-1] for step in planned(todos, projects=[project(), project("p2", status="paused")])] == ["3"]


def test_hours_already_spent_are_not_left() -> None:
    fresh = todo(1, estimate_hours=6.0, due=day(1))
    begun = todo(2, estimate_hours=6.0, due=day(1), started=day(), actual_hours=5.0)
    review = weekly_review(frames([*history(20), fresh, begun]), week=WEEK)
    (section,) = (each for each in review.sections if each.key == "next")
    rows: list[dict[str, float]] = section.as_dict()["tables"]["steps"]["rows"]  # type: ignore[index]
    hours = {row["title"]: row["hours"] for row in rows}
    assert hours["Todo 2"] < hours["Todo 1"]  # type: ignore[index]


def test_what_is_snoozed_beyond_monday_or_blocked_waits() -> None:
    todos = [
        todo(1, snoozed=day(1, 0, 0)),
        todo(2, snoozed=day(1, 1, 0), due=day(1)),
        todo(3, blocked=True, due=day(0)),
        todo(4, blocked=True, snoozed=day(5, 0, 0)),
        todo(5, snoozed=day(-3, 0, 0)),
    ]
    promises = [promise(todos[2], WEEK + 1)]
    assert sorted(step.id[-1] for step in planned(todos, promises)) == ["1", "5"]
    review = weekly_review(frames([*history(20), *todos], promises), week=WEEK)
    told = "2 open todos are snoozed beyond Monday, and 1 open todo waits for another one, so not proposed."
    assert told in [str(sentence) for sentence in review.answers[3].more]
    assert "so not proposed" not in str(weekly_review(frames(history(20)), week=WEEK).as_dict())


@pytest.mark.parametrize(("at", "ahead"), [(MONDAY + timedelta(weeks=1), (2 / 7,)), (day(0, 4), (1.0, 2 / 7))])
def test_a_week_with_holidays_has_less_room(at: datetime, ahead: tuple[float, ...]) -> None:
    todos = [*history(20), *(todo(n, estimate_hours=2.0, due=day(1, 3, 0)) for n in range(4))]
    usual, short = (weekly_review(frames(todos, at=at, ahead=each), week=WEEK).as_dict() for each in ((), ahead))

    def fit(review: Any) -> Any:
        return review["sections"]["next"]["data"]["fit"][0]

    assert fit(short)["p"] < fit(usual)["p"] - 0.2
    assert fit(short)["room"]["quantiles"]["q50"] == pytest.approx(2 / 7 * fit(usual)["room"]["quantiles"]["q50"])
    assert (fit(usual)["capacity"], fit(short)["capacity"]) == (1.0, pytest.approx(2 / 7))
    (told,) = (each for each in short["answers"]["monday"]["more"] if "instead of" in each["text"])  # type: ignore[index]
    assert told["text"] == "Next week has 2 usual days instead of 7; that is in these numbers."
    assert told["values"] == {"days": 2.0, "usual": 7}
    assert "instead of" not in str(usual)


def test_holidays_scale_the_weeks_ahead_and_the_rooms_of_projects() -> None:
    todos = [*history(30), *(todo(n, estimate_hours=2.0) for n in range(9))]
    seen = [
        facts(frames(todos, projects=[project(due=day(4))], ahead=ahead), WEEK) for ahead in ((), (1.0, 0.0, 0.0, 0.0))
    ]
    usual, short = seen
    assert short.throughput.median < usual.throughput.median
    assert short.ahead["capacity"].to_list() == [1.0, 0.0, 0.0, 0.0]
    assert short.ahead["week_q90"].to_list()[1:] == [0.0] * 3
    assert short.ahead["week_q50"][0] == usual.ahead["week_q50"][0]
    assert short.projects[0][0].p_on_time < usual.projects[0][0].p_on_time
