import sqlite3
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orc_lab.agents.desk import Desk, nominal
from orc_lab.agents.forecast import Basis, Forecast
from orc_lab.agents.insight import told
from orc_lab.agents.knowledge.agent import load
from orc_lab.agents.ledger.entry import Model, of_todo, read_quantiles
from orc_lab.agents.recommend.daily import generate_daily_recommendations
from orc_lab.agents.recommend.followed import follow_up, kept_of
from orc_lab.model.entities import ForecastRecord, Knowledge, Origin, Project, Recommendation, Todo
from orc_lab.review.reading import read_frames
from orc_lab.workbench.bench import Workbench
from tests.agents.insight_lives import AT, live
from tests.review.conftest import fill

LEVELS = {0.1: 1.0, 0.5: 2.0, 0.9: 3.0}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with live(tmp_path / "own.db") as wb:
        yield wb


def sit(wb: Workbench, now: int | None = None) -> Desk:
    instant = int(time.time()) + 1 if now is None else now
    return Desk.at(wb, read_frames(wb, wb.week(), instant), now=instant)


def show(desk: Desk) -> list[str]:
    """Show each active project, as a command does; the models whose forecasts were kept or known."""
    kept = []
    for id in desk.known.active:
        entries = [
            *told.finish(desk.known, id, desk.known.completion(id)),
            *told.troubles(desk.known, desk.known.health(id)),
        ]
        desk.keep(entries)
        kept += [entry.model for entry in entries]
    return kept


def records(wb: Workbench) -> list[ForecastRecord]:
    return wb.find(ForecastRecord, order="id")


def test_what_is_shown_of_ones_own_life_is_kept_once_a_day(bench: Workbench) -> None:
    desk = sit(bench)
    assert desk.live
    shown = show(desk)
    assert set(shown) == {Model.COMPLETION, Model.OVERRUN, Model.DORMANT}, "what is overdue can't become late"
    first = records(bench)
    assert sorted(row.model for row in first) == sorted(shown)
    assert {row.origin for row in first} == {Origin.LIVE}
    edits = len(bench.edits(1000))
    show(sit(bench))
    assert records(bench) == first
    assert len(bench.edits(1000)) == edits


def test_what_is_due_is_told_to_be_late(bench: Workbench) -> None:
    (project,) = bench.find(Project)
    bench.update(Project, project.id, due_date="2999-01-01")
    desk = sit(bench)
    assert Model.LATE in show(desk)
    (row,) = bench.find(ForecastRecord, model=Model.LATE.value)
    assert read_quantiles(row.quantiles)[0.5] == pytest.approx(1 - desk.known.completion(project.id).p_on_time)


def test_it_learns_what_happened_once(bench: Workbench) -> None:
    desk = sit(bench)
    assert desk.known.kb.version > 0
    assert load(bench).version == desk.known.kb.version
    edits = len(bench.edits(1000))
    assert sit(bench).known.kb.as_dict() == desk.known.kb.as_dict()
    assert len(bench.edits(1000)) == edits


def test_a_past_week_and_the_sample_life_are_only_looked_at(bench: Workbench, tmp_path: Path) -> None:
    now, week = int(time.time()) + 1, bench.week() - 3
    desk = Desk.at(bench, read_frames(bench, week, now), now=now)
    assert not desk.live
    show(desk)
    assert not records(bench)
    assert not bench.find(Knowledge)
    assert desk.known.kb.version == 0
    with Workbench.init(tmp_path / "sample.db", sample=True) as wb:
        fill(wb)
        desk = sit(wb)
        assert not desk.live
        show(desk)
        assert not records(wb)
        assert not wb.find(Knowledge)


def test_a_past_week_shows_only_what_was_known_then(bench: Workbench) -> None:
    show(sit(bench))
    assert sit(bench).known.kb.version > 0
    now = int(time.time()) + 1
    before = Desk.at(bench, read_frames(bench, bench.week() - 2, now), now=now)
    assert before.known.kb.version == 0
    assert before.records == []
    assert before.standings == ()


def test_a_locked_database_still_answers(bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.db.conn.execute("PRAGMA busy_timeout = 20")
    other = sqlite3.connect(tmp_path / "own.db", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        desk = sit(bench)
        show(desk)
        kept = desk.keep([of_todo(bench.find(Todo)[0].id, LEVELS, as_of=desk.known.frames.as_of)])
        assert kept.stored == 0
        assert "locked" in kept.sentence
        assert follow_up(bench, desk.known, desk.knowledge) == 0
        today = generate_daily_recommendations(desk.known)
        assert kept_of(bench, today, bench.today(), live=True)
        assert not bench.find(Recommendation)
    finally:
        other.rollback()
        other.close()
    assert not records(bench)
    show(sit(bench))
    assert records(bench)


def test_what_came_true_counts_from_then_on(bench: Workbench) -> None:
    todo = bench.find(Todo, status="confirmed")[0]
    desk = sit(bench)
    desk.keep([of_todo(todo.id, LEVELS, as_of=desk.known.frames.as_of)])
    assert desk.held(Model.ESTIMATE) == ""
    bench.done(todo.id, actual_hours=2.5)
    later = sit(bench)
    (standing,) = [each for each in later.standings if each.model == Model.ESTIMATE]
    assert (standing.n, standing.coverage and standing.coverage.hits) == (1, 1.0)
    assert "80% bands held 100% of 1 time " in later.held(Model.ESTIMATE)
    bench.reopen(todo.id)
    assert sit(bench).held(Model.ESTIMATE) == ""


def test_dates_that_have_not_held_are_asked_at_other_levels(bench: Workbench) -> None:
    desk = sit(bench)
    mended = replace(desk.guard(Model.COMPLETION), applied=True, worth=tuple(i / 402 / 2 for i in range(403)))
    known = replace(desk.known, guards={Model.COMPLETION: mended}, _completions={})
    (id,) = known.active
    before, after = desk.known.completion(id).when.days, known.completion(id).when.days
    assert list(before) == list(after)
    assert after[0.5] > before[0.5]
    (entry,) = told.finish(known, id, known.completion(id))
    assert entry.raw_levels != tuple(before)
    assert list(entry.quantiles) == list(before)


def test_nothing_is_kept_of_what_cannot_be_told(tmp_path: Path) -> None:
    with Workbench.init(tmp_path / "young.db") as wb:
        wb.capture("Write +Thesis 2h")
        desk = sit(wb)
        assert desk.live
        assert Model.COMPLETION not in show(desk)
        nothing = wb.create(Project, title="Nothing")
        desk = sit(wb)
        assert told.troubles(desk.known, desk.known.health(nothing.id)) == []
        assert told.finish(desk.known, nothing.id, desk.known.completion(nothing.id)) == []


def test_a_forecast_is_named_by_the_levels_it_is_to_hold() -> None:
    asked = dict(zip((0.05, 0.2, 0.5, 0.8, 0.95), range(5), strict=True))
    forecast = Forecast(subject="x", unit="h", as_of=AT, quantiles=asked, basis=Basis.HISTORY, n=1)
    assert list(nominal(forecast).quantiles) == [0.1, 0.25, 0.5, 0.75, 0.9]
    none = replace(forecast, quantiles={})
    assert nominal(none) is none
