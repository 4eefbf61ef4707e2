"""The sample life: the same for the same arguments, believable, and true to what the workbench would have written."""

import itertools
import math
import statistics
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from orc_lab.agents.ageing import cycle_days
from orc_lab.agents.health.rules import Label
from orc_lab.errors import DatabaseExists, NothingToUndo, NotWritable
from orc_lab.model.clock import Clock
from orc_lab.model.codec import captured, columns, to_plain
from orc_lab.model.entities import (
    CLOSED,
    KINDS,
    Activity,
    Capacity,
    Commitment,
    Entity,
    Link,
    Project,
    ProjectStatus,
    Recurrence,
    Session,
    Status,
    Todo,
    WeeklyGoal,
)
from orc_lab.model.week import Week
from orc_lab.review.facts import facts
from orc_lab.review.reading import read_frames
from orc_lab.sample import life as sample
from orc_lab.sample.timeline import Event
from orc_lab.store import history
from orc_lab.workbench.bench import Workbench
from orc_lab.workbench.weeks import goal_id
from tests.past import rows_as_of

END = Week.parse("2026-W46")
CLOCK = Clock(zone="Europe/Berlin")
Rows = dict[type[Entity], dict[str, Entity]]


@pytest.fixture(scope="module")
def took() -> list[float]:
    """Seconds of processor time that making the default life took."""
    return []


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, took: list[float]) -> Path:
    path = tmp_path_factory.mktemp("sample") / "sample.db"
    started = time.process_time()
    sample.make(path, end=END)
    took.append(time.process_time() - started)
    return path


@pytest.fixture(scope="module")
def bench(made: Path) -> Iterator[Workbench]:
    with Workbench.open(made) as wb:
        yield wb


@pytest.fixture(scope="module")
def events() -> list[Event]:
    return list(sample.life(end=END).events())


@pytest.fixture(scope="module")
def rows(events: list[Event]) -> Rows:
    return sample.settled(events)


@pytest.fixture(scope="module")
def hours(rows: Rows) -> dict[str, float]:
    """Hours worked on each todo."""
    worked = {todo.id: todo.adjusted_hours or 0.0 for todo in rows[Todo].values()}
    for session in rows[Session].values():
        worked[session.todo_id] += (session.ended_at - session.started_at) / 3600
    return worked


def table(wb: Workbench, kind: type[Entity]) -> dict[str, dict[str, object]]:
    """The captured fields of each row of a kind."""
    names = captured(kind)
    found = wb.db.rows(f"SELECT {', '.join(names)} FROM {kind.table}")
    return {row[names.index("id")]: dict(zip(names, row, strict=True)) for row in found}


# The same life


def test_equal_arguments_make_equal_databases(made: Path, bench: Workbench, tmp_path: Path) -> None:
    sample.make(tmp_path / "again.db", end=END)
    with Workbench.open(tmp_path / "again.db") as again:
        assert (again.user_id, again.device_id, again.sample) == (bench.user_id, bench.device_id, True)
        for kind in KINDS.values():
            assert table(again, kind) == table(bench, kind), kind.table
    assert 1e6 < made.stat().st_size < 9e6


def test_another_seed_is_another_life() -> None:
    first, second = (list(sample.life(seed, end=END, weeks=6, todos=90).events()) for seed in (7, 8))
    assert first != second
    assert first == list(sample.life(7, end=END, weeks=6, todos=90).events())


def test_events_come_in_order_and_within_the_life() -> None:
    times = [event.at for event in sample.life(end=END, weeks=20, todos=900).events()]
    assert times == sorted(times)
    assert (END - 19).start(CLOCK) <= times[0]
    assert times[-1] < END.end(CLOCK)


def test_the_database_holds_what_the_events_say(bench: Workbench, rows: Rows) -> None:
    for kind in KINDS.values():
        assert table(bench, kind) == {id: _captured(entity) for id, entity in rows[kind].items()}


def test_derived_values_follow(bench: Workbench, hours: dict[str, float]) -> None:
    for todo in bench.find(Todo):
        assert (todo.actual_hours or 0.0) == pytest.approx(hours[todo.id])


def test_an_import_of_nothing_is_left_to_undo(bench: Workbench) -> None:
    with pytest.raises(NothingToUndo):
        bench.undo()


# The past


@pytest.mark.parametrize("weeks_before", [0, 1, 17, 50])
def test_any_past_week_is_seen_as_it_was(bench: Workbench, events: list[Event], weeks_before: int) -> None:
    instant = (END - weeks_before).end(CLOCK) - 1
    lived = sample.settled(event for event in events if event.at <= instant)
    for kind in (Todo, Project, WeeklyGoal, Commitment, Session, Capacity):
        known = {}
        for values in rows_as_of(bench.db, kind, instant):
            row = dict(zip(columns(kind), values, strict=True))
            known[row["id"]] = {name: row[name] for name in captured(kind)}
        assert known == {id: _captured(entity) for id, entity in lived[kind].items()}


def _captured(entity: Entity) -> dict[str, object]:
    values = to_plain(entity)
    return {name: values[name] for name in captured(type(entity))}


def test_the_log_replayed_from_empty_equals_the_tables(bench: Workbench) -> None:
    for kind in KINDS.values():
        assert history.replayed(bench.db, kind) == table(bench, kind)


def test_activities_tell_each_way_from_its_beginning_to_where_it_stands(rows: Rows) -> None:
    ways: dict[str, list[Activity]] = defaultdict(list)
    for activity in rows[Activity].values():
        assert activity.recorded_at == activity.occurred_at
        if activity.subject == "todos" and activity.kind == "status":
            ways[activity.subject_id].append(activity)
    for todo in rows[Todo].values():
        way = ways.pop(todo.id)
        assert way[0].old is None
        assert [step.new for step in way[:-1]] == [step.old for step in way[1:]]
        assert way[-1].new == todo.status
    assert not ways


# Believable


def test_estimates_regress_to_the_mean(rows: Rows, hours: dict[str, float]) -> None:
    done = [todo for todo in rows[Todo].values() if todo.status is Status.DONE]
    estimated = [todo for todo in done if todo.original_estimate_hours is not None]
    assert 0.1 < 1 - len(estimated) / len(done) < 0.3
    x = [math.log(todo.original_estimate_hours) for todo in estimated]
    y = [math.log(hours[todo.id]) for todo in estimated]
    assert 0.55 < statistics.linear_regression(x, y).slope < 0.85
    ratios = [b - a for a, b in zip(x, y, strict=True)]
    assert 0.55 < statistics.stdev(ratios) < 0.85
    assert 0.85 < math.exp(statistics.median(ratios)) < 1.2
    assert all(value * 4 == int(value * 4) for value in hours.values())


def test_half_of_what_is_done_was_timed_within_working_hours(rows: Rows) -> None:
    sessions = list(rows[Session].values())
    timed = {session.todo_id for session in sessions}
    done = [todo for todo in rows[Todo].values() if todo.status is Status.DONE]
    assert 0.4 < sum(todo.id in timed for todo in done) / len(done) < 0.6
    for session in sessions:
        start, end = CLOCK.local(session.started_at), CLOCK.local(session.ended_at)
        assert start.date() == end.date()
        assert start.hour >= 8
        assert end.hour < 19 or (end.hour, end.minute) == (19, 0)
        assert session.ended_at - session.started_at < 4 * 3600
    for before, after in itertools.pairwise(sessions):
        assert before.ended_at < after.started_at


def test_weeks_have_a_rhythm(rows: Rows) -> None:
    days = [CLOCK.day(session.started_at) for session in rows[Session].values()]
    assert sum(day.weekday() >= 5 for day in days) < 0.15 * len(days)
    off = {capacity.day for capacity in rows[Capacity].values() if capacity.factor == 0}
    assert len(off) > 15
    assert not off & {day.isoformat() for day in days}
    done = Counter(Week.at(t.completed_at, CLOCK) for t in rows[Todo].values() if t.completed_at is not None)
    weeks = list((END - 51).until(END))
    assert sum(done[week] == 0 for week in weeks) >= 2
    assert 8 < statistics.median(done[week] for week in weeks) < 15


def test_plans_promise_too_much(rows: Rows) -> None:
    promised: dict[str, list[Commitment]] = defaultdict(list)
    for commitment in rows[Commitment].values():
        promised[commitment.weekly_goal_id].append(commitment)
    lived = [goal for goal in rows[WeeklyGoal].values() if goal.week_start_date <= END.monday.isoformat()]
    rates, unplanned = [], 0
    for goal in lived:
        planned = [c for c in promised[goal.id] if c.created_at <= goal.freezes_at]
        unplanned += len(promised[goal.id]) - len(planned)
        assert goal.goal
        rates.append(sum(c.outcome == "done" for c in planned) / len(planned))
    assert 0.6 < statistics.mean(rates) < 0.78
    assert statistics.stdev(rates) > 0.1
    assert unplanned > 30
    assert 0.7 < sum(goal.self_rating is not None for goal in lived) / len(lived) < 1
    again = Counter(c.todo_id for c in rows[Commitment].values())
    assert sum(times >= 3 for times in again.values()) > 10


def test_projects_have_different_fates(rows: Rows) -> None:
    fates = Counter(project.status for project in rows[Project].values())
    assert all(fates[status] for status in ProjectStatus)
    assert len(rows[Project]) == 12
    assert all(project.why and project.intention_id for project in rows[Project].values())
    today = END.sunday.isoformat()
    running = [project for project in rows[Project].values() if project.status is ProjectStatus.ACTIVE]
    assert any(project.due_date and project.due_date < today for project in running)
    assert any(END.start(CLOCK) - project.created_at < 21 * 86400 for project in running)
    last = {todo.project_id: todo.completed_at for todo in rows[Todo].values() if todo.completed_at}
    assert any(END.end(CLOCK) - last[project.id] > 42 * 86400 for project in running)


def test_the_pipeline_is_walked_skipped_and_walked_back(rows: Rows) -> None:
    steps = Counter((a.old, a.new) for a in rows[Activity].values() if a.subject == "todos" and a.kind == "status")
    forward = ["dumped", "matched", "refined", "confirmed", "committed", "done"]
    assert all(steps[step] > 200 for step in itertools.pairwise(forward))
    for rarer in [("refined", "done"), ("matched", "confirmed"), ("refined", "matched"), ("done", "confirmed")]:
        assert 5 < steps[rarer] < 200
    assert sum(count for (_, new), count in steps.items() if new == "dropped") > 80
    waiting = Counter(todo.status in CLOSED for todo in rows[Todo].values())
    assert 70 < waiting[False] < 130
    assert len(rows[Todo]) == sample.TODOS
    assert rows[Link]
    assert len(rows[Recurrence]) == 2


@pytest.mark.parametrize("end", ["2025-W33", "2026-W01", "2026-W20", "2026-W46"])
def test_the_last_week_and_the_one_after_it_have_something_to_tell(end: str) -> None:
    life = sample.life(end=(last := Week.parse(end)))
    rows = sample.settled(life.events())
    goal, ahead = (rows[WeeklyGoal][goal_id(life.user_id, week)] for week in (last, last + 1))
    outcomes = Counter(c.outcome for c in rows[Commitment].values() if c.weekly_goal_id == goal.id)
    assert outcomes["done"] >= 3
    assert outcomes["open"] >= 1
    planned = [c for c in rows[Commitment].values() if c.weekly_goal_id == ahead.id]
    assert len(planned) >= 6
    assert max(c.created_at for c in planned) <= ahead.freezes_at < last.end(CLOCK)
    ahead_off = (last + 2).monday + timedelta(days=4)
    assert any(capacity.day == ahead_off.isoformat() for capacity in rows[Capacity].values())


@pytest.mark.parametrize("end", ["2025-W33", "2026-W01", "2026-W20", "2026-W47"])
def test_a_life_is_neither_all_well_nor_all_alarm(end: str, tmp_path: Path) -> None:
    last = Week.parse(end)
    sample.make(tmp_path / "mixed.db", end=last)
    with Workbench.open(tmp_path / "mixed.db") as wb:
        seen = facts(read_frames(wb, last, last.end(CLOCK)), last)
    days = cycle_days(seen.frames.tasks.dropna(subset="started"))
    assert 0.25 < days.quantile(0.5) < 1.25
    assert 5 < days.quantile(0.85) < 11
    assert 0.3 < (days > 1.25).mean() < 0.55
    begun = seen.ages[seen.ages["in_progress"]]
    assert 6 <= len(begun) <= 14
    assert begun["over"].sum() <= 0.7 * len(begun)
    assert 65 <= len(seen.ages) <= 140
    assert (seen.frames.tasks.loc[seen.ages.index, "due"] < seen.as_of - timedelta(days=1)).sum() <= 4
    assert seen.stale == 0
    assert 0.1 < seen.fit.p < 0.75
    labels = Counter(health.label for _, health in seen.projects)
    assert labels[Label.ON_TRACK] >= 1
    assert labels[Label.AT_RISK] + labels[Label.OFF_TRACK] >= 1
    assert labels[Label.INSUFFICIENT] == 1
    assert sum(project.overdue for project, _ in seen.projects) == 1


def test_a_blocked_todo_waits_for_its_blocker(rows: Rows) -> None:
    for link in rows[Link].values():
        blocker, blocked = rows[Todo][link.blocker_id], rows[Todo][link.blocked_id]
        assert blocker.project_id == blocked.project_id
        starts = [s.started_at for s in rows[Session].values() if s.todo_id == blocked.id]
        if starts and min(starts) > link.created_at:
            way = [a for a in rows[Activity].values() if a.subject_id == blocker.id and a.kind == "status"]
            assert any(a.new in CLOSED and a.occurred_at <= min(starts) for a in way)


# Any size


def test_short_lives_are_lives_too() -> None:
    for weeks, todos in [(1, 10), (2, 0), (3, 40)]:
        life = sample.life(end=END, weeks=weeks, todos=todos)
        rows = sample.settled(life.events())
        assert len(rows[Project]) == 12
        assert len(rows[Todo]) >= todos


def test_a_large_life_has_many_hands_and_the_plan_of_one() -> None:
    rows = sample.settled(sample.life(end=END, weeks=13, todos=2_000).events())
    assert len(rows[Todo]) == 2_000
    a_week = Counter(commitment.weekly_goal_id for commitment in rows[Commitment].values())
    assert max(a_week.values()) < 40


def test_a_long_life_has_each_project_once_a_year() -> None:
    life = sample.life(end=END, weeks=156, todos=600)
    titles = Counter(row.title for row in sample.settled(life.events())[Project].values())
    assert {"Tax return", "Tax return (2024)", "Tax return (2023)"} <= set(titles)
    assert titles["Household and paperwork"] == 1
    assert max(titles.values()) == 1


def test_without_history_the_rows_are_the_same(bench: Workbench, tmp_path: Path) -> None:
    sample.make(tmp_path / "brief.db", end=END, history=False)
    with Workbench.open(tmp_path / "brief.db") as brief:
        assert brief.count(Activity) == 0
        for kind in set(KINDS.values()) - {Activity}:
            assert table(brief, kind) == table(bench, kind), kind.table
        assert {t.id: t.actual_hours for t in brief.find(Todo)} == {t.id: t.actual_hours for t in bench.find(Todo)}


def test_it_can_be_written_into_another_workbench(tmp_path: Path) -> None:
    with Workbench.init(tmp_path / "own.db", sample=True) as wb:
        assert sample.write(wb, sample.life(end=END, weeks=4, todos=60)) > 300
        assert wb.count(Todo, user_id=wb.user_id) == 60
        assert wb.goal(END) is not None
        assert {session.device_id for session in wb.find(Session)} == {wb.device_id}


# The file


def test_a_database_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "own.db"
    path.write_bytes(b"mine")
    with pytest.raises(DatabaseExists):
        sample.make(path, end=END)
    assert path.read_bytes() == b"mine"
    assert list(tmp_path.iterdir()) == [path]


def test_one_that_appears_meanwhile_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "own.db"
    monkeypatch.setattr(sample, "write", lambda *_, **__: path.write_bytes(b"another's"))
    with pytest.raises(DatabaseExists):
        sample.make(path, end=END)
    assert path.read_bytes() == b"another's"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sample, "_write_event", stop)
    with pytest.raises(KeyboardInterrupt):
        sample.make(tmp_path / "sample.db", end=END)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_no_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(NotWritable, match="file"):
        sample.make(tmp_path / "file" / "sample.db", end=END)


def test_it_starts_and_ends_quickly(made: Path, took: list[float]) -> None:
    heavy = "assert not {'numpy', 'pandas', 'duckdb', 'plotly'} & set(sys.modules)"
    root = Path(__file__).parents[1]
    subprocess.run([sys.executable, "-c", f"import sys, orc_lab.sample.life; {heavy}"], cwd=root, check=True)
    assert took[0] < 4  # 0.8 s alone; a busy machine doubles it
