from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc_lab.agents.health.patterns import PATTERNS
from orc_lab.agents.knowledge import action as actions
from orc_lab.agents.knowledge.context import Surroundings, context_of, ways
from orc_lab.agents.knowledge.midway import midway
from orc_lab.errors import NotFound
from orc_lab.mirror.features import COMMITMENTS, EVENTS, PROJECTS, SESSIONS, Frames
from orc_lab.model.clock import Clock
from orc_lab.model.week import Week
from tests.agents.lives import AS_OF, finished, frame, open_tasks, weekly

CLOCK = Clock(day_start="04:00")
DAY = pd.Timedelta(days=1)


def table(columns: dict[str, str], rows: list[dict[str, object]]) -> pd.DataFrame:
    found = pd.DataFrame(rows, columns=list(columns))
    for name, kind in columns.items():
        if kind in ("int64", "bool") and found[name].isna().any():
            found[name] = found[name].fillna(0)
    return found.astype(columns)


def life(tasks: pd.DataFrame, **rows: list[dict[str, object]]) -> Frames:
    return Frames(
        as_of=int(AS_OF.timestamp()) + 4 * 3600, clock=CLOCK, week=Week.of(AS_OF.date()), tasks=tasks,
        weekly=weekly(tasks), projects=table(PROJECTS, rows.get("projects", [])),
        commitments=table(COMMITMENTS, rows.get("commitments", [])), events=table(EVENTS, rows.get("events", [])),
        sessions=table(SESSIONS, rows.get("sessions", [])), ahead=(), imported_until=None,
    )  # fmt: skip


NOWHERE = Surroundings(life(frame([])))


def project(**fields: object) -> dict[str, object]:
    return {
        "id": "p1", "title": "Thesis", "status": "completed", "priority": "medium", "progress": 0,
        "created": AS_OF - 100 * DAY, "completed": AS_OF - 2 * DAY, "due": AS_OF.normalize() - 12 * DAY, **fields,
    }  # fmt: skip


def done(count: int, **fields: object) -> pd.DataFrame:
    rows = [
        {
            "id": f"d{n}", "project_id": "p1", "status": "done", "created": AS_OF - (100 - n) * DAY,
            "started": AS_OF - (98 - 8 * n) * DAY, "completed": AS_OF - (95 - 8 * n) * DAY, "estimate_hours": 2.0,
            "actual_hours": 3.0, **fields,
        }
        for n in range(count)
    ]  # fmt: skip
    return frame(rows)


def test_a_way_is_the_stages_in_order_with_the_days_in_each():
    rows = [("a", 0, None, "dumped"), ("a", 2, "dumped", "matched"), ("a", 2, "matched", "matched"),
            ("a", 3, "matched", "dumped"), ("a", 7, "dumped", "done"), ("b", 1, "refined", "done")]  # fmt: skip
    events = table(EVENTS, [{"todo_id": id, "at": AS_OF + n * DAY, "old": old, "new": new} for id, n, old, new in rows])
    found = ways(events)
    assert found["a"] == ("dumped>matched>dumped>done", {"dumped": 6.0, "matched": 1.0})
    assert found["b"] == ("refined>done", {"refined": 0.0})
    assert ways(table(EVENTS, [])) == {}


@given(st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)), st.floats(0, 40))
def test_the_parts_of_a_session_add_up_to_its_hours_of_which_a_day_counts(started, hours):
    found = NOWHERE.worked(started, started + timedelta(hours=hours))
    assert sum(part[2] for part in found["parts"]) == pytest.approx(min(hours, 24), abs=0.01)
    assert all(0 <= weekday < 7 and 0 <= hour < 24 for weekday, hour, _ in found["parts"])
    assert found["week"] == str(Week.of(started.date()))


def test_hours_are_those_on_the_wall_and_days_those_of_the_person():
    # one at night on Tuesday by the calendar is still Monday where a day starts at four
    started = datetime(2026, 11, 24, 0, 30) - CLOCK.shift
    found = Surroundings(life(frame([]))).worked(started, started + timedelta(hours=1))
    assert found["parts"] == [[0, 0, 0.5], [0, 1, 0.5]]


def test_a_completed_project_tells_how_it_went():
    promised = [
        {"week": "2026-W40", "todo_id": "d1", "carried": n, "outcome": "open", "planned": True, "committed": AS_OF}
        for n in range(3)
    ]
    frames = life(done(10), projects=[project()], commitments=promised)
    found = context_of(actions.project_completed("p1", "2026-11-21"), frames)
    assert found["hours_ratio"] == 1.5
    assert found["on_time"] == 0
    assert found["days_ratio"] == pytest.approx(98 / (89 - 8 / 24), rel=0.001)
    assert found["throughput"] == pytest.approx(10 / 14, rel=0.001)
    assert found["most_carried"] == 2
    assert found["longest_gap_days"] == pytest.approx(21, abs=0.01)
    assert found["good"] is False
    assert set(found["midway"]) <= {pattern.name for pattern in PATTERNS}


def test_a_project_went_well_by_its_due_day_else_by_its_hours():
    def good(**fields: object) -> object:
        hours = fields.pop("hours", 3.0)
        frames = life(done(10, actual_hours=hours), projects=[project(**fields)])
        return Surroundings(frames).project("p1")["good"]

    assert good(due=AS_OF) is True
    assert good(due=AS_OF.normalize() - 2 * DAY) is True  # the due day itself is in time
    assert good() is False
    assert good(due=pd.NaT) is False  # one and a half of the estimates
    assert good(due=pd.NaT, hours=2.0) is True
    assert good(due=pd.NaT, hours=np.nan) is True
    given_up = Surroundings(life(done(10), projects=[project(due=AS_OF)])).project("p1", given_up=True)
    assert given_up["good"] is False


def test_an_empty_project_tells_nothing_and_an_unknown_one_is_not_found():
    found = Surroundings(life(frame([]), projects=[project(due=pd.NaT)])).project("p1")
    told = {key: value for key, value in found.items() if value is not None}
    assert told == {"good": True}
    with pytest.raises(NotFound):
        Surroundings(life(frame([]))).project("p1")


def test_half_way_nothing_later_is_looked_at():
    past = pd.concat([finished(80), open_tasks(5)], ignore_index=True)
    past.loc[past.index[:80], "project_id"] = "p1"
    instant = (AS_OF - 25 * DAY).to_pydatetime()
    promised = table(COMMITMENTS, [])
    first = midway(past, weekly(past), promised, project(due=AS_OF), instant)
    assert first is not None
    assert first.patterns
    then = past[past["created"] <= instant].copy()
    for name in ("completed", "started"):
        then[name] = then[name].where(then[name] <= instant)
    begun = np.where(then["started"].notna(), "committed", "confirmed")
    then["status"] = np.where(then["completed"].notna(), "done", begun)
    then["actual_hours"] = then["actual_hours"].where(then["completed"].notna())
    weeks = weekly(past)
    assert midway(then, weeks[weeks["start"] + 7 * DAY <= instant], promised, project(due=AS_OF), instant) == first
    weeks.loc[weeks["start"] + 7 * DAY > instant, ["hours", "done"]] = 77
    then["dropped"] = pd.Series(AS_OF - DAY, index=then.index).where(then["completed"].isna())
    assert midway(then, weeks, promised, project(due=AS_OF, status="archived"), instant) == first
    assert midway(past.head(2), weekly(past), promised, project(), instant) is None


def test_a_week_tells_its_plan_and_how_it_was_worked():
    monday = pd.Timestamp("2026-11-09")
    tasks = frame(
        [
            {"id": f"t{n}", "status": "done" if n < 3 else "committed", "created": monday, "started": monday + n * DAY,
             "completed": monday + n * DAY if n < 3 else pd.NaT, "estimate_hours": 2.0}
            for n in range(6)
        ]
    )  # fmt: skip
    promised = [
        {"week": "2026-W46", "todo_id": f"t{n}", "planned": n != 2, "committed": monday, "estimate_hours": 2.0,
         "outcome": "done" if n < 3 else "open", "actual_hours": 1.0 if n == 0 else np.nan}
        for n in range(4)
    ]  # fmt: skip
    worked = [
        {"todo_id": id, "started": monday + at * DAY / 24, "ended": monday + (at + 1) * DAY / 24, "hours": 1.0}
        for id, at in (("t0", 9), ("t1", 10), ("t1", 12), ("t0", 14), ("t0", 33))
    ]
    frames = life(tasks, commitments=promised, sessions=worked)
    assert context_of(actions.week_closed("2026-W46", "2026-11-15"), frames) == {
        "planned": 3, "done": 2, "planned_hours": 6.0, "done_hours": 3.0, "planned_share": 0.6667, "switches": 1.0,
        "in_progress": 3,
    }  # fmt: skip
    assert context_of(actions.week_closed("2026-W48", "2026-11-29"), frames) == {}  # it runs
    session = actions.session_finished("t0", "2026-11-09T09:00:00")
    assert context_of(session, frames)["hours"] == 1.0
    assert context_of(replace(session, subject="t9@2026-11-09T09:00:00"), frames) == {}


def test_a_choice_holds_priority_hours_and_slack_of_each_todo():
    tasks = open_tasks(3).assign(
        priority=["low", "urgent", "odd"], due=[AS_OF.normalize() + DAY, pd.NaT, pd.NaT], estimate_hours=[4, np.nan, 1]
    )
    found = context_of(actions.task_chosen("o000", ["o001", "o002"], "2026-11-23"), life(tasks))
    assert found["options"][0] == ["low", 4.0, pytest.approx(8 * 40 / 24 - 4, abs=0.01)]
    assert [option[:2] for option in found["options"][1:]] == [["urgent", 1.0], ["medium", 1.0]]
    with pytest.raises(NotFound):
        context_of(actions.task_chosen("o000", ["gone"], "2026-11-23"), life(tasks))


def test_a_correction_holds_what_stood_there_before():
    tasks = open_tasks(1, category="write")
    found = context_of(actions.task_estimation_corrected("o000", 5.0, "2026-11-23"), life(tasks))
    assert found == {"category": "write", "project_id": "p1", "before_hours": 2.0, "estimate_hours": 2.0}
