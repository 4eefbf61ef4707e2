"""Frames say what was so at an instant, in the person's own days and weeks."""

from collections.abc import Iterator
from datetime import date, datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc_lab.mirror import features
from orc_lab.mirror.duck import Mirror
from orc_lab.mirror.features import Frames, frames
from orc_lab.mirror.local import local, monday, week_names
from orc_lab.model.clock import Clock
from orc_lab.model.entities import ImportRecord, Link
from orc_lab.model.week import Week
from orc_lab.workbench.bench import Workbench
from tests.mirror import story
from tests.mirror.conftest import CLOCK, Lived
from tests.mirror.story import W46, at

NOW = at("11-11 12:00")
SCHEMAS = {
    "tasks": features.TASKS, "weekly": features.WEEKLY, "projects": features.PROJECTS, "events": features.EVENTS,
    "commitments": features.COMMITMENTS, "sessions": features.SESSIONS,
}  # fmt: skip


@pytest.fixture
def told(bench: Workbench) -> Iterator[Mirror]:
    story.tell(bench)
    with Mirror(bench.db) as mirror:
        yield mirror


def seen(told: Mirror, when: int = NOW) -> Frames:
    return frames(told, when, CLOCK)


def rows(frame: pd.DataFrame, *columns: str) -> list[tuple[object, ...]]:
    """Rows as plain values, None for what is empty."""
    plain = frame[list(columns)].astype(object)
    return list(plain.where(plain.notna(), None).itertuples(index=False, name=None))


ZONES = st.sampled_from(
    [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "Pacific/Apia",
        "America/Havana",
    ]
)


@given(
    ZONES,
    st.sampled_from(["00:00", "04:00", "05:30"]),
    st.lists(st.none() | st.integers(0, 4_000_000_000) | st.integers(1_761_400_000, 1_761_500_000), min_size=1),
)
def test_local_time_is_that_of_the_clock(zone: str, day_start: str, instants: list[int | None]) -> None:
    clock = Clock(zone=zone, day_start=day_start)
    times = pd.Series([pd.NaT if i is None else pd.Timestamp(i, unit="s") for i in instants], dtype="datetime64[us]")
    found = local(times, clock)
    expected = [pd.NaT if i is None else pd.Timestamp(clock.local(i)) for i in instants]
    pd.testing.assert_series_equal(found, pd.Series(expected, dtype="datetime64[us]"))


@given(st.lists(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)), min_size=1))
def test_weeks_are_iso_weeks(days: list[datetime]) -> None:
    times = pd.Series(days, dtype="datetime64[us]")
    assert week_names(times).to_list() == [str(Week.of(day.date())) for day in days]
    assert [day.date() for day in monday(times)] == [Week.of(day.date()).monday for day in days]


def test_frames_have_their_columns_and_types(told: Mirror, bench: Workbench) -> None:
    with Mirror.as_of(bench.db, 5) as nothing:
        for known in (seen(told), frames(nothing, 5, CLOCK), frames(nothing, NOW, CLOCK)):
            for name, schema in SCHEMAS.items():
                frame = getattr(known, name)
                assert {column: str(dtype) for column, dtype in frame.dtypes.items()} == schema, name
                assert isinstance(frame.index, pd.RangeIndex), name
        assert (known.n_todos, len(known.weekly), len(known.finished)) == (0, 0, 0)


def test_tasks(told: Mirror) -> None:
    known = seen(told)
    assert rows(
        known.tasks, "id", "project", "category", "priority", "tags", "status", "estimate_hours", "actual_hours"
    ) == [
        ("paper", "Thesis", "writing", "medium", "deep über", "done", 4.0, 7.0),
        ("call", None, None, "high", "", "done", 1.0, 1.5),
        ("clean", "Thesis", None, "medium", "", "done", None, 3.0),
        ("idea", "Thesis", None, "medium", "", "dropped", 3.0, None),
        ("plan", "Thesis", None, "medium", "", "refined", 8.0, None),
    ]
    paper, call = known.tasks.iloc[0], known.tasks.iloc[1]
    assert paper["created"] == datetime(2026, 10, 26, 5)  # nine o'clock, five hours into the day
    assert (paper["started"], paper["due"]) == (datetime(2026, 10, 27, 5), datetime(2026, 11, 20))
    assert call["completed"].date() == datetime(2026, 11, 1).date()  # before four it is still Sunday
    assert known.tasks["dropped"].notna().to_list() == [False, False, False, True, False]
    assert known.finished["id"].to_list() == ["call", "paper", "clean"]


def test_weekly(told: Mirror) -> None:
    assert rows(seen(told).weekly, *features.WEEKLY) == [
        ("2026-W44", datetime(2026, 10, 26), 2, 1, 0, 1.0, 3.0 + 0.5 + 1.5, 1.0, True),
        ("2026-W45", datetime(2026, 11, 2), 2, 1, 1, 4.0, 1.5 + 2.0 + 3.0 * 0.75, 1.0 - 1 / 7, True),
        ("2026-W46", datetime(2026, 11, 9), 1, 1, 0, 0.0, 1.0 * 0.75, 1.0, False),
    ]


def test_zero_weeks_are_there(told: Mirror) -> None:
    known = seen(told, at("12-03 12:00"))
    assert known.weekly["week"].to_list() == [f"2026-W{week}" for week in range(44, 50)]
    assert known.weekly["created"].to_list() == [2, 2, 1, 0, 0, 0]
    assert known.weekly["complete"].to_list() == [True] * 5 + [False]
    assert str(known.week) == "2026-W49"


def test_commitments(told: Mirror) -> None:
    columns = ("week", "todo_id", "estimate_hours", "planned", "outcome", "carried", "actual_hours")
    assert rows(seen(told).commitments, *columns) == [
        ("2026-W44", "paper", 4.0, True, "open", 0, 7.0),
        ("2026-W44", "call", 1.0, False, "done", 0, 1.5),
        ("2026-W45", "paper", 4.0, True, "done", 1, 7.0),
        ("2026-W45", "clean", None, True, "open", 0, 3.0),
        ("2026-W46", "clean", 2.0, True, "done", 1, 3.0),
        ("2026-W46", "plan", 8.0, True, "open", 0, None),
    ]
    assert seen(told).commitments["resolved"][0] == datetime(2026, 11, 3, 7)  # later than its week, and still told


def test_projects_and_events(told: Mirror) -> None:
    known = seen(told)
    assert rows(known.projects, "id", "title", "why", "status", "progress", "open", "done", "dropped") == [
        ("p", "Thesis", "To know", "active", 0, 1, 2, 1)
    ]
    assert rows(known.events[known.events["todo_id"] == "paper"], "old", "new") == [
        (None, "dumped"), ("dumped", "committed"), ("committed", "done"),
    ]  # fmt: skip
    assert rows(known.sessions.head(1), "todo_id", "project", "started", "hours") == [
        ("paper", "Thesis", datetime(2026, 10, 27, 5), 3.0)
    ]


@pytest.mark.parametrize(
    "when", ["10-25 12:00", "10-26 09:00", "10-28 12:00", "11-02 03:59", "11-02 10:30", "11-03 10:59", "11-06 08:00"]
)
def test_the_past_is_seen_without_what_came_later(told: Mirror, bench: Workbench, when: str) -> None:
    with Mirror.as_of(bench.db, at(when)) as past:
        then, live = seen(past, at(when)), seen(told, at(when))
    for name in SCHEMAS:
        frame = getattr(then, name)
        times = frame.select_dtypes("datetime").drop(columns=["due", "start"], errors="ignore")
        assert not (times > pd.Timestamp(then.now)).any(axis=None), name
    later = {"tasks": "estimate_hours", "weekly": "capacity"}  # what only the mirror of the past can tell
    for name in SCHEMAS:
        unlike = later.get(name, [])
        pd.testing.assert_frame_equal(
            getattr(then, name).drop(columns=unlike), getattr(live, name).drop(columns=unlike)
        )


def test_an_earlier_estimate_counts_in_the_past(told: Mirror, bench: Workbench) -> None:
    with Mirror.as_of(bench.db, at("11-03 10:59")) as past:
        tasks = seen(past, at("11-03 10:59")).tasks.set_index("id")
    assert tasks.loc["paper", "actual_hours"] == 5.0  # the two hours were added when it was done
    assert tasks.loc["paper", "status"] == "committed"


def test_reconstructed_is_what_lies_before_the_import(told: Mirror, bench: Workbench) -> None:
    assert not seen(told).reconstructed
    values = {"source": "csv", "external_id": "1", "subject": "todos", "content_hash": "h", "raw": "{}"}
    record = ImportRecord(id="i", subject_id="paper", imported_at=NOW, **values)
    with bench.edit("import", origin="import") as tx:
        tx.insert(record)
    told.refresh()
    assert seen(told, NOW - 1).reconstructed
    assert not seen(told, NOW).reconstructed


def test_activities_of_one_second_keep_their_order(bench: Workbench) -> None:
    todo = bench.add_todo("quick", estimated_hours=1.0)
    bench.commit(todo.id)
    bench.done(todo.id)
    bench.reopen(todo.id)
    with Mirror(bench.db) as mirror:
        events = frames(mirror, 2**32, CLOCK).events
    assert events["new"].to_list() == ["dumped", "committed", "done", "confirmed"]


def test_shell_written_values_do_not_stop_the_frames(bench: Workbench) -> None:
    todo = bench.add_todo("odd", tags=["a", "b"])
    bench.db.rows(
        "UPDATE todos SET tags = 'not [json', due_date = 'someday', status = 'done', completed_at = NULL WHERE id = ?",
        (todo.id,),
    )
    bench.db.rows("UPDATE weekly_goals SET week_start_date = 'never'")
    with Mirror(bench.db) as mirror:
        tasks = frames(mirror, 2**32, CLOCK).tasks
    assert rows(tasks, "tags", "due", "status") == [("not [json", None, "done")]
    assert tasks["completed"].notna().all()


def test_weeks_of_a_life_add_up(lived: Lived) -> None:
    known = lived.frames
    assert known.weekly["created"].sum() == known.n_todos > 300
    assert known.weekly["done"].sum() == len(known.finished) > 100
    assert known.weekly["dropped"].sum() == (known.tasks["status"] == "dropped").sum()
    assert known.weekly["estimated_hours"].sum() == pytest.approx(known.finished["estimate_hours"].sum())
    counted = known.projects[["open", "done", "dropped"]].sum().sum()
    assert counted == known.tasks["project_id"].notna().sum()


def test_each_week_of_a_life_is_counted_by_hand(lived: Lived) -> None:
    told: dict[str, tuple[str, int]] = {}  # the last status by then: a todo done by then may be open again today
    steps = "SELECT subject_id, new, occurred_at FROM activities WHERE kind = 'status' AND subject = 'todos'"
    for id, status, when in lived.db.rows(f"{steps} AND occurred_at <= ? ORDER BY occurred_at, id", (lived.now,)):
        told[id] = (status, when)
    raw = [
        (start, told[id][1] if id in told and told[id][0] == "done" else None)
        for id, start in lived.db.rows("SELECT id, created_at FROM todos")
    ]
    for week in lived.frames.weekly.itertuples():
        name = Week.parse(str(week.week))
        done = sum(end is not None and end <= lived.now and Week.at(end, CLOCK) == name for _, end in raw)
        created = sum(start <= lived.now and Week.at(start, CLOCK) == name for start, _ in raw)
        assert (week.created, week.done) == (created, done)


def test_no_hour_of_a_life_counts_twice(lived: Lived) -> None:
    """Hours of weeks = sessions ended + hours added to what is done, less what was taken off."""
    worked: dict[str, float] = {}
    for todo, seconds in lived.db.rows("SELECT todo_id, ended_at - started_at FROM sessions WHERE ended_at > 0"):
        worked[todo] = worked.get(todo, 0.0) + seconds / 3600
    expected = 0.0
    for id, status, added in lived.db.rows("SELECT id, status, coalesce(adjusted_hours, 0.0) FROM todos"):
        whole = max(0.0, worked.get(id, 0.0) + added)
        expected += whole if status == "done" else min(whole, worked.get(id, 0.0))
    with Mirror(lived.db) as mirror:
        weekly = frames(mirror, 2**32, CLOCK).weekly
    assert weekly["hours"].sum() == pytest.approx(expected)
    assert (weekly["hours"] >= 0).all()


def test_weeks_ahead_know_their_holidays(told: Mirror, bench: Workbench) -> None:
    for day, factor in (("2026-11-11", 0.0), ("2026-11-16", 0.0), ("2026-11-17", 0.5), ("2026-11-30", 2.0)):
        bench.set_capacity(date.fromisoformat(day), factor)
    told.refresh()
    known = seen(told)
    assert known.ahead[:4] == pytest.approx((6 / 7, 5.5 / 7, 1.0, 8 / 7))
    assert known.ahead[4:] == (1.0,) * 100
    assert known.ahead[0] == pytest.approx(known.weekly["capacity"].iloc[-1])
    assert list(known.ahead[:9]) == pytest.approx([bench.capacity(known.week + step) for step in range(9)])
    over = seen(told, W46.end(CLOCK))
    assert (str(over.week), over.ahead[0]) == ("2026-W47", pytest.approx(5.5 / 7)), "the next one begins as one ends"
    with Mirror.as_of(bench.db, NOW) as then:
        assert frames(then, NOW, CLOCK).ahead == (1.0,) * 104, "nobody had said so by then"


def test_snoozed_and_blocked(told: Mirror, bench: Workbench) -> None:
    later, ever = at("11-12 09:00"), at("11-10 09:00")
    with bench.edit("import", origin="import") as tx:
        story.add(tx, "wait", ever, snoozed_until="2026-11-20")
        story.add(tx, "free", ever)
        for blocker, blocked, when in (("plan", "wait", ever), ("clean", "free", ever), ("wait", "free", later)):
            link = Link(id=f"{blocker}-{blocked}", blocker_id=blocker, blocked_id=blocked, created_at=when)
            tx.insert(link, at=when)
    told.refresh()
    first, second = (seen(told, when).tasks.set_index("id") for when in (NOW, later))
    assert first.loc["wait", "snoozed"] == datetime(2026, 11, 20)
    assert first["snoozed"].notna().sum() == 1
    assert first.index[first["blocked"]].to_list() == ["wait"], "what is done blocks nothing"
    assert second.index[second["blocked"]].to_list() == ["free", "wait"]
