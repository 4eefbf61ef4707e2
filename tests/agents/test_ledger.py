"""Forecasts are kept as they were shown, meet their outcomes, and follow a truth that changes; in a real database."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from orc_lab.agents.forecast import Basis, Forecast
from orc_lab.agents.ledger.dates import Found
from orc_lab.agents.ledger.entry import (
    ForecastEntry,
    Model,
    Subject,
    of_completion,
    of_todo,
    of_trouble,
    of_week_fits,
    of_weeks,
    read_quantiles,
)
from orc_lab.agents.ledger.record import record, record_estimate
from orc_lab.agents.ledger.scores import Score, State
from orc_lab.agents.ledger.settle import settle
from orc_lab.agents.ledger.standing import coverage, standings
from orc_lab.agents.ledger.truth import resolve
from orc_lab.mirror.duck import Mirror
from orc_lab.mirror.features import Frames, frames
from orc_lab.model.change import Change
from orc_lab.model.entities import ForecastRecord, Origin, Project, ProjectStatus, Todo
from orc_lab.model.week import Week
from orc_lab.review.when import default_week
from orc_lab.workbench.bench import Workbench
from tests.store import laws
from tests.workbench.conftest import CLOCK, Now

DAY = 86_400
BAND = {0.1: 1.0, 0.25: 1.5, 0.5: 2.0, 0.75: 3.0, 0.9: 4.0}
DATES = {0.5: 3.0, 0.8: 6.0, 0.95: 10.0}
W47 = Week(2026, 47)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "new.db"
    Workbench.init(path, zone="Europe/Berlin").close()
    return path


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Now:
    clock = Now()
    for module in ("store.database", "workbench.bench", "workbench.reader", "workbench.options"):
        monkeypatch.setattr(f"orc_lab.{module}.time", clock)
    return clock


@pytest.fixture
def wb(tmp_path: Path, template: Path, now: Now) -> Iterator[Workbench]:
    shutil.copyfile(template, tmp_path / "own.db")
    with Workbench.open(tmp_path / "own.db", durability="normal") as bench:
        yield bench


@pytest.fixture
def look(wb: Workbench, now: Now) -> Iterator[Callable[[], Frames]]:
    with Mirror(wb.db) as mirror:

        def look() -> Frames:
            mirror.refresh()
            return frames(mirror, now.at, CLOCK)

        yield look


def shown(wb: Workbench, entry: ForecastEntry) -> ForecastRecord:
    """Record one forecast now, and return its row."""
    assert record(wb, [entry], now=entry.as_of).stored == 1
    return wb.find(ForecastRecord, order=("-made_at", "-id"), as_of=entry.as_of, model=entry.model)[0]


def stand(wb: Workbench, row: ForecastRecord) -> tuple[str, float | None]:
    """What became of a forecast, and its outcome."""
    found = wb.get(ForecastRecord, row.id)
    return (Score.read(found.score).state.value if found.score else "open"), found.outcome


# Recording


def test_the_first_forecast_of_a_day_stands_and_nothing_is_written_twice(wb: Workbench, now: Now) -> None:
    first = of_todo("t", BAND, as_of=now.at)
    assert record(wb, [first, first], now=now.at).as_dict()["stored"] == 1
    edits = len(wb.edits(1000))
    later = of_todo("t", dict.fromkeys(BAND, 9.0), as_of=now.passes(hours=3))
    assert record(wb, [later], now=now.at).known == 1
    assert len(wb.edits(1000)) == edits
    assert read_quantiles(wb.find(ForecastRecord)[0].quantiles) == BAND
    assert record(wb, [of_todo("t", BAND, as_of=now.passes(days=1))], now=now.at).stored == 1
    assert [row.day for row in wb.find(ForecastRecord, order="day")] == ["2026-11-16", "2026-11-17"]


def test_the_day_is_the_persons(wb: Workbench, now: Now) -> None:
    wb.set_setting("day_start", "04:00", valid_from=0)
    night = now.at + 17 * 3600  # two in the morning: still Monday
    record(wb, [of_todo("t", BAND, as_of=now.at)], now=now.at)
    assert record(wb, [of_todo("t", BAND, as_of=night)], now=night).known == 1


def test_models_units_and_horizons_of_one_day_are_forecasts_of_their_own(wb: Workbench, now: Now) -> None:
    at = now.at
    entries = [
        of_weeks(W47, 1, BAND, as_of=at), of_weeks(W47, 4, BAND, as_of=at),
        of_weeks(W47, 1, BAND, as_of=at, unit="hours"),
        of_weeks(W47, 1, BAND, as_of=at, model="other"), of_week_fits(W47, 0.4, as_of=at),
        of_completion(DATES, as_of=at, project_id="p"), of_completion(DATES, as_of=at, project_id="p", count=3),
        of_completion(DATES, as_of=at, week=W47), of_completion(DATES, as_of=at, count=3),
        of_trouble(Model.LATE, "p", 0.2, as_of=at, days=5), of_trouble(Model.DORMANT, "p", 0.2, as_of=at),
    ]  # fmt: skip
    assert record(wb, entries, now=at).stored == len(entries)
    rows = {row.id for row in wb.find(ForecastRecord)}
    assert len(rows) == len(entries)
    laws.hold(wb.db)


def test_only_what_is_shown_on_its_day_in_ones_own_life_is_live(wb: Workbench, now: Now, tmp_path: Path) -> None:
    record(wb, [of_todo("what-if", BAND, as_of=now.at)], now=now.at, origin="preview")
    record(wb, [of_todo("last week", BAND, as_of=now.at - 7 * DAY)], now=now.at)
    record(wb, [of_todo("what-if", BAND, as_of=now.at)], now=now.at)
    found = {(row.subject_id, row.origin) for row in wb.find(ForecastRecord)}
    assert found == {("what-if", Origin.PREVIEW), ("last week", Origin.REPLAY), ("what-if", Origin.LIVE)}
    with Workbench.init(tmp_path / "sample.db", sample=True) as sample:
        assert record(sample, [of_todo("t", BAND, as_of=now.at)], now=now.at).stored == 1
        assert sample.find(ForecastRecord)[0].origin is Origin.PREVIEW


def test_previews_and_replays_are_never_counted(wb: Workbench, now: Now, look: Callable[[], Frames]) -> None:
    todo = wb.add_todo("Write", estimated_hours=2)
    for origin, when in (("preview", now.at), ("replay", now.at), ("live", now.at - 3 * DAY)):
        record(wb, [of_todo(todo.id, BAND, as_of=when)], now=now.at, origin=origin)
    now.passes(hours=3)
    wb.done(todo.id, actual_hours=2.5)
    assert settle(wb, look()).changed == 0
    assert coverage(wb.find(ForecastRecord)).n == 0
    assert standings(wb.find(ForecastRecord)) == ()


def test_an_estimate_is_kept_once_its_todo_is_saved(wb: Workbench, now: Now) -> None:
    typed = Forecast(subject="Write", unit="h", as_of=CLOCK.local(now.at), quantiles=BAND, basis=Basis.PRIOR, n=3)
    assert record_estimate(wb, "nothing yet", typed, now=now.at).stored == 0
    todo = wb.add_todo("Write", estimated_hours=2)
    assert record_estimate(wb, todo.id, typed, now=now.at, inputs_hash="abc").stored == 1
    (row,) = wb.find(ForecastRecord)
    assert (row.basis, row.inputs_hash, row.unit, row.origin) == (Basis.PRIOR.value, "abc", "hours", Origin.LIVE)
    nothing = Forecast(subject="x", unit="h", as_of=CLOCK.local(now.at), quantiles={}, basis=Basis.TOO_LITTLE, n=0)
    assert record_estimate(wb, todo.id, nothing, now=now.at).stored == 0


def test_a_page_lives_on_where_the_ledger_cannot_be_written(
    wb: Workbench, now: Now, look: Callable[[], Frames]
) -> None:
    todo = wb.add_todo("Write")
    row = shown(wb, of_todo(todo.id, BAND, as_of=now.at))
    wb.done(todo.id, actual_hours=2)
    past = look()
    wb.db.conn.execute("PRAGMA query_only = ON")
    kept = record(wb, [of_todo("other", BAND, as_of=now.at)], now=now.at)
    assert kept.stored == 0
    assert "can't be written" in kept.problem
    assert kept.problem in kept.sentence
    done = settle(wb, past)
    assert (done.changed, done.states[State.RESOLVED]) == (0, 1)
    assert "can't be written" in done.sentence
    wb.db.conn.execute("PRAGMA query_only = OFF")
    assert stand(wb, row) == ("open", None)
    assert settle(wb, past).changed == 1


def test_two_processes_that_record_at_once_keep_each_forecast_once(wb: Workbench, now: Now) -> None:
    script = """
import sys
from orc_lab.agents.ledger.entry import of_todo
from orc_lab.agents.ledger.record import record
from orc_lab.workbench.bench import Workbench
at = int(sys.argv[2])
with Workbench.open(sys.argv[1], durability="normal") as wb:
    for part in range(20):
        found = record(wb, [of_todo(f"{part}-{n}", {.5: float(n)}, as_of=at) for n in range(10)], now=at)
        assert not found.problem, found.problem
        print(found.stored)
"""
    command = [sys.executable, "-c", script, str(wb.db.file), str(now.at)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    stored = [sum(map(int, each.communicate(timeout=60)[0].split())) for each in both]
    assert [each.returncode for each in both] == [0, 0]
    assert sum(stored) == wb.count(ForecastRecord) == 200
    laws.hold(wb.db)


def test_what_the_agents_write_is_not_the_persons_to_undo(wb: Workbench, now: Now, look: Callable[[], Frames]) -> None:
    told: list[Change] = []
    project = wb.add_project("Thesis")
    todo = wb.add_todo("Write", project_id=project.id, estimated_hours=2)
    wb.subscribe(told.extend)
    entries = [of_todo(todo.id, BAND, as_of=now.at), of_completion(DATES, as_of=now.at, project_id=project.id)]
    record(wb, entries, now=now.at)
    assert {change.table for change in told} == {"forecasts"}
    assert wb.activities(todo.id)[0].kind == "status"  # no activity tells of a forecast
    wb.done(todo.id, actual_hours=2.5)
    settle(wb, look())
    assert [edit.label for edit in wb.undo()] == ["do todo"]
    assert [edit.label for edit in wb.undo(steps=9)] == ["add todo", "add project"]
    assert (wb.count(Todo), wb.count(Project), wb.count(ForecastRecord)) == (0, 0, 2)
    settle(wb, look())
    assert {stand(wb, row) for row in wb.find(ForecastRecord)} == {("void", None)}
    laws.hold(wb.db)


def test_what_the_agents_write_moves_no_week_and_the_mirror_follows(
    wb: Workbench, now: Now, look: Callable[[], Frames]
) -> None:
    todo = wb.add_todo("Write", estimated_hours=2)
    wb.done(todo.id, actual_hours=2.5)
    now.passes(days=100)
    week = default_week(wb, now.at)
    row = shown(wb, of_todo(todo.id, BAND, as_of=now.at))
    past = look()
    assert len(past.tasks) == 1
    with Mirror(wb.db) as mirror:
        settle(wb, past)
        assert mirror.refresh() == {"forecasts"}
        assert mirror.sql("SELECT outcome, score FROM forecasts").values.tolist() == [
            [2.5, wb.get(ForecastRecord, row.id).score]
        ]
    assert default_week(wb, now.at) == week


# What came true


def test_record_do_settle_cover(wb: Workbench, now: Now, look: Callable[[], Frames]) -> None:
    for hours in (2.5, 3.5, 7.0, 1.2):
        todo = wb.add_todo("Write", estimated_hours=2)
        record(wb, [of_todo(todo.id, BAND, as_of=now.at)], now=now.at)
        wb.done(todo.id, actual_hours=hours, at=now.passes(hours=1))
    wb.add_todo("open")
    first = settle(wb, look())
    assert (first.changed, first.open, first.states[State.RESOLVED]) == (4, 0, 4)
    held = coverage(wb.find(ForecastRecord), model=Model.ESTIMATE)
    assert (held.hits, held.n) == (3, 4)
    assert held.sentence.startswith("80% bands held 75% of 4 times")
    edits = len(wb.edits(1000))
    assert settle(wb, look()).changed == 0
    assert len(wb.edits(1000)) == edits
    (standing,) = standings(wb.find(ForecastRecord))
    assert (standing.n, standing.unit, standing.open) == (4, "hours", 0)
    assert "mean CRPS" in standing.sentence
    json.dumps(standing.as_dict(), allow_nan=False)


def test_a_subject_seen_on_many_days_counts_once(wb: Workbench, now: Now, look: Callable[[], Frames]) -> None:
    todo = wb.add_todo("Write", estimated_hours=2)
    for _ in range(6):
        record(wb, [of_todo(todo.id, BAND, as_of=now.passes(days=1))], now=now.at)
    wb.done(todo.id, actual_hours=2.5)
    settle(wb, look())
    (standing,) = standings(wb.find(ForecastRecord))
    assert (standing.n, standing.forecasts) == (1, 6)
    assert coverage(wb.find(ForecastRecord)).n == 1


def test_the_score_follows_where_the_truth_changes(wb: Workbench, now: Now, look: Callable[[], Frames]) -> None:
    todo = wb.add_todo("Write", estimated_hours=2)
    row = shown(wb, of_todo(todo.id, BAND, as_of=now.at))
    steps: list[tuple[Callable[[], object], tuple[str, float | None]]] = [
        (lambda: None, ("open", None)),
        (lambda: wb.done(todo.id), ("unmeasured", None)),
        (lambda: wb.update(Todo, todo.id, adjusted_hours=2.5), ("resolved", 2.5)),
        (lambda: wb.update(Todo, todo.id, adjusted_hours=9.0), ("resolved", 9.0)),
        (lambda: wb.undo(), ("resolved", 2.5)),
        (lambda: wb.reopen(todo.id), ("open", None)),
        (lambda: wb.drop(todo.id), ("void", None)),
        (lambda: wb.delete(Todo, todo.id), ("void", None)),
        (lambda: wb.undo(steps=2), ("open", None)),
        (lambda: wb.done(todo.id, actual_hours=3.0), ("resolved", 3.0)),
    ]
    for step, expected in steps:
        now.passes(minutes=5)
        step()
        settle(wb, look())
        assert stand(wb, row) == expected
        assert settle(wb, look()).changed == 0
    found = wb.get(ForecastRecord, row.id)
    assert found.resolved_at == now.at
    assert [new for change in wb.history(row.id) for _, new in [change.cells.get("outcome", (None, None))]][-1] == 3.0
    laws.hold(wb.db)


def test_weeks_come_true_when_they_are_over_zero_weeks_too(wb: Workbench, now: Now, look: Callable[[], Frames]) -> None:
    one = shown(wb, of_weeks(W47, 1, BAND, as_of=now.at))
    two = shown(wb, of_weeks(W47, 2, BAND, as_of=now.at, model="two"))
    hours = shown(wb, of_weeks(W47, 2, BAND, as_of=now.at, unit="hours", model="hours"))
    for _ in range(3):
        wb.done(wb.add_todo("Write").id, actual_hours=2.0)
    now.passes(days=6)
    assert settle(wb, look()).open == 3
    now.passes(days=2)
    settle(wb, look())
    assert (stand(wb, one), stand(wb, two)) == (("resolved", 3.0), ("open", None))
    assert wb.get(ForecastRecord, one.id).resolved_at == W47.end(CLOCK)
    now.passes(days=7)
    settle(wb, look())
    assert (stand(wb, two), stand(wb, hours)) == (("resolved", 3.0), ("resolved", 6.0))


def test_a_project_is_finished_when_nothing_is_open_and_counts_when_it_could_have_been_late(
    wb: Workbench, now: Now, look: Callable[[], Frames]
) -> None:
    project = wb.add_project("Thesis")
    first, second = (wb.add_todo(title, project_id=project.id) for title in ("a", "b"))
    row = shown(wb, of_completion(DATES, as_of=now.at, project_id=project.id))
    next_one = shown(wb, of_completion(DATES, as_of=now.at, project_id=project.id, count=1, model="next"))
    wb.done(first.id, at=now.passes(days=1))
    late = wb.add_todo("grown", project_id=project.id)
    wb.done(second.id, at=now.passes(days=1))
    settle(wb, look())
    assert (stand(wb, row), stand(wb, next_one)) == (("open", None), ("resolved", 1.0))
    wb.done(late.id, at=now.passes(days=3))
    settle(wb, look())
    assert stand(wb, row) == ("resolved", 5.0)
    (standing,) = [each for each in standings(wb.find(ForecastRecord)) if each.model == Model.COMPLETION]
    assert (standing.n, standing.waiting) == (0, 1)
    now.passes(hours=1)
    wb.add_todo("an afterthought", project_id=project.id)
    now.passes(days=6)
    settle(wb, look())
    assert stand(wb, row) == ("resolved", 5.0)
    (standing,) = [each for each in standings(wb.find(ForecastRecord), now=now.at) if each.model == Model.COMPLETION]
    assert (standing.n, standing.waiting) == (1, 0)
    assert {each.nominal: each.share for each in standing.held} == {0.5: 0.0, 0.8: 1.0, 0.95: 1.0}
    assert "P80 100%" in standing.sentence


def test_a_date_beyond_every_quantile_is_missed_and_stays_so_when_given_up(
    wb: Workbench, now: Now, look: Callable[[], Frames]
) -> None:
    kept, gone, early = (wb.add_project(title) for title in ("a", "b", "c"))
    todos = [wb.add_todo("x", project_id=project.id) for project in (kept, gone, early)]
    rows = [
        shown(wb, of_completion(DATES, as_of=now.at, project_id=project.id, model=project.title))
        for project in (kept, gone, early)
    ]
    now.passes(days=5)
    wb.update(Project, early.id, status=ProjectStatus.ARCHIVED)
    now.passes(days=5)
    settle(wb, look())
    assert [stand(wb, row) for row in rows] == [("open", None), ("open", None), ("void", None)]
    now.passes(days=1)
    settle(wb, look())
    assert [stand(wb, row)[0] for row in rows] == ["censored", "censored", "void"]
    wb.update(Project, gone.id, status=ProjectStatus.ARCHIVED)
    wb.done(todos[0].id, at=now.passes(days=1))
    settle(wb, look())
    assert [stand(wb, row) for row in rows] == [("resolved", 12.0), ("censored", None), ("void", None)]
    standing = next(each for each in standings(wb.find(ForecastRecord), now=now.at) if each.model == "b")
    assert (standing.n, standing.censored) == (1, 1)
    assert [each.share for each in standing.held] == [0.0, 0.0, 0.0]
    assert "at least" in standing.sentence


def test_a_project_all_dropped_is_void(wb: Workbench, now: Now, look: Callable[[], Frames]) -> None:
    project = wb.add_project("a")
    todo = wb.add_todo("x", project_id=project.id)
    row = shown(wb, of_completion(DATES, as_of=now.at, project_id=project.id))
    now.passes(days=1)
    wb.drop(todo.id)
    settle(wb, look())
    assert stand(wb, row) == ("void", None)
    assert json.loads(wb.get(ForecastRecord, row.id).score or "")["why"] == "all of it was dropped"


def test_a_weeks_promise_and_the_next_todos(wb: Workbench, now: Now, look: Callable[[], Frames]) -> None:
    a, b, c = (wb.add_todo(title, estimated_hours=1) for title in "abc")
    for todo in (a, b):
        wb.commit(todo.id)
    now.passes(hours=1)
    promise = shown(wb, of_completion(DATES, as_of=now.at, week=W47))
    next_two = shown(wb, of_completion(DATES, as_of=now.at, count=2, model="next"))
    fits = shown(wb, of_week_fits(W47, 0.7, as_of=now.at))
    meant = shown(wb, of_week_fits(W47, 0.9, as_of=now.at, model="other", todos=(c.id,)))
    wb.done(c.id, at=now.passes(days=1))
    wb.done(a.id, at=now.passes(days=1))
    found = settle(wb, look())
    assert (stand(wb, next_two), stand(wb, promise), found.open) == (("resolved", 2.0), ("open", None), 3)
    wb.done(b.id, at=now.passes(days=6))
    settle(wb, look(), labels={"other": lambda past, row: Found(outcome=0.0, at=past.now)})
    assert stand(wb, promise) == ("resolved", 8.0)
    assert [stand(wb, row) for row in (fits, meant)] == [("resolved", 0.0)] * 2
    brier = json.loads(wb.get(ForecastRecord, fits.id).score or "")["brier"]
    assert brier == pytest.approx(0.49)


@pytest.mark.parametrize(("actual", "label"), [(2.5, 0.0), (6.0, 1.0)])
def test_trouble_is_told_when_it_could_have_gone_either_way(
    wb: Workbench, now: Now, look: Callable[[], Frames], actual: float, label: float
) -> None:
    project = wb.add_project("a")
    todo = wb.add_todo("x", project_id=project.id, estimated_hours=3)
    wb.start(todo.id)
    now.passes(hours=1)
    wb.stop()
    overrun = shown(wb, of_trouble(Model.OVERRUN, project.id, 0.3, as_of=now.at))
    dormant = shown(wb, of_trouble(Model.DORMANT, project.id, 0.1, as_of=now.at, days=7))
    late = shown(wb, of_trouble(Model.LATE, project.id, 0.6, as_of=now.at, days=2))
    now.passes(days=3)
    settle(wb, look())
    assert [stand(wb, row) for row in (overrun, dormant, late)] == [("open", None), ("open", None), ("resolved", 1.0)]
    wb.done(todo.id, actual_hours=actual)  # an hour of it was spent before
    settle(wb, look())
    assert [stand(wb, row) for row in (overrun, dormant)] == [("resolved", label), ("resolved", 0.0)]
    counted = {each.model: each.n for each in standings(wb.find(ForecastRecord), now=now.at)}
    assert counted == {Model.OVERRUN: 1, Model.DORMANT: 0, Model.LATE: 1}
    now.passes(days=6)
    (told,) = [each for each in standings(wb.find(ForecastRecord), now=now.at) if each.model == Model.DORMANT]
    assert told.n == 1
    assert told.brier == pytest.approx(0.01)
    assert [(each.n, each.said, each.came) for each in told.reliability] == [(1, 0.1, 0.0)]


def test_nothing_done_for_weeks_is_dormant(wb: Workbench, now: Now, look: Callable[[], Frames]) -> None:
    project = wb.add_project("a")
    wb.add_todo("x", project_id=project.id)
    row = shown(wb, of_trouble(Model.DORMANT, project.id, 0.2, as_of=now.at))
    now.passes(days=56)
    assert resolve([row], look()) == {}
    now.passes(days=1)
    assert resolve([row], look())[row.id].outcome == 1.0


def test_older_frames_take_nothing_back(wb: Workbench, now: Now, look: Callable[[], Frames]) -> None:
    early = look()
    todo = wb.add_todo("Write", estimated_hours=2)
    now.passes(days=1)
    row = shown(wb, of_todo(todo.id, BAND, as_of=now.at))
    wb.done(todo.id, actual_hours=2.5)
    settle(wb, look())
    assert settle(wb, early).changed == 0
    assert stand(wb, row) == ("resolved", 2.5)


def test_unknown_kinds_stay_open(wb: Workbench, now: Now, look: Callable[[], Frames]) -> None:
    row = shown(wb, ForecastEntry(model="m", subject=Subject.PROJECT, unit="hours", quantiles=BAND, as_of=now.at))
    unheard = shown(wb, of_trouble("trouble:other", "p", 0.5, as_of=now.at))
    now.passes(days=400)
    assert resolve([row, unheard], look()) == {}


# Speed


def test_hundreds_of_forecasts_are_kept_fast_and_thousands_settled(
    wb: Workbench, now: Now, look: Callable[[], Frames]
) -> None:
    todos = [Todo(id=f"t{n}", user_id="u", title="t", created_at=now.at, updated_at=now.at) for n in range(2000)]
    with wb.edit("many", actor="setup") as tx:
        tx.insert_many(todos)
    started = time.process_time()
    assert record(wb, [of_todo(f"t{n}", BAND, as_of=now.at) for n in range(200)], now=now.at).stored == 200
    assert time.process_time() - started < 0.1  # .02 s
    for _ in range(2):
        at = now.passes(days=1)
        record(wb, [of_todo(f"t{n}", BAND, as_of=at) for n in range(2000)], now=at)
    past = look()
    started = time.process_time()
    assert settle(wb, past).open == 4200
    assert time.process_time() - started < 1.0  # .15 s
    done = {"status": "done", "completed_at": now.at, "adjusted_hours": 2.5}
    with wb.edit("do", actor="setup") as tx:
        tx.update_many(Todo, [(f"t{n}", done) for n in range(2000)])
    past = look()
    started = time.process_time()
    assert settle(wb, past).changed == 4200
    assert time.process_time() - started < 2.0  # .5 s, if all of them come true at once


def test_a_ledger_of_a_day_far_away_does_not_break(wb: Workbench, now: Now, look: Callable[[], Frames]) -> None:
    project = wb.add_project("a")
    wb.add_todo("x", project_id=project.id)
    row = shown(wb, of_completion({0.5: 1.0, 0.95: 9e7}, as_of=now.at, project_id=project.id))
    now.passes(days=timedelta(weeks=60).days)
    assert resolve([row], look()) == {}
