"""Whatever a file holds: no failure but a sentence, no record lost without one, and nothing twice.

What runs here is little of what `make fuzz` does.
"""

import csv
import io
import json
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from orc_lab.errors import UnreadableFile
from orc_lab.importers import run
from orc_lab.importers.decide import Plan
from orc_lab.importers.reading.source import Source
from orc_lab.importers.record import Context, Options, Reading
from orc_lab.importers.report import Report
from orc_lab.importers.tables import mapping
from orc_lab.importers.taskwarrior import export as taskwarrior
from orc_lab.workbench.bench import Workbench
from tests.importers.files import NOW, accounted, everything, goal, project, todo
from tests.importers.fuzz import campaign, oracle
from tests.importers.fuzz.campaign import Failure
from tests.importers.fuzz.lab import Lab
from tests.importers.fuzz.subjects import Input, made, subjects
from tests.store import laws

Check = Callable[[bytes, str], Report]

fuzzed = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])

_TEXTS = st.sampled_from(
    ["t1", "p1", "g1", "", "done", "completed", "2025-01-06", "2025-01-05T00:00:00Z", "1736150400000"]
)
_PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8) | _TEXTS
_VALUES = st.recursive(
    _PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_FIELDS = sorted({*todo(), *project(), *goal(), "projectId", "intentionId", "parentId", "weeklyGoalId", "description"})
_FIELDS += ["estimatedHours", "actualHours", "completedAt", "startedAt", "dueDate", "snoozedUntil", "position", "tags"]
_FIELDS += ["completed", "reflection", "selfRating", "todoIds", "todos", "apiKey", "mood"]
_RECORDS = st.one_of(
    st.dictionaries(st.sampled_from(_FIELDS), _VALUES, max_size=8),
    st.builds(lambda changed: todo() | changed, st.dictionaries(st.sampled_from(_FIELDS), _VALUES, max_size=3)),
    st.builds(
        lambda changed: goal(todoIds=["t1"]) | changed, st.dictionaries(st.sampled_from(_FIELDS), _VALUES, max_size=3)
    ),
    _VALUES,
)
_STATES = st.fixed_dictionaries(
    {}, optional={name: st.lists(_RECORDS, max_size=4) for name in ("projects", "todos", "weeklyGoals", "intentions")}
)


@pytest.fixture
def check(template: Path) -> Check:
    """Import bytes into a fresh database, twice; all laws hold."""

    def checked(data: bytes, name: str) -> Report:
        with tempfile.TemporaryDirectory() as folder:
            path = shutil.copyfile(template, Path(folder) / "own.db")
            with Workbench.open(path, durability="normal") as bench:
                options = Options(person="all")
                report = run.commit(bench, run.plan(bench, data, name=name, options=options, now=NOW))
                assert accounted(report)
                json.dumps(report.as_dict())
                before = everything(bench.db)
                again = run.commit(bench, run.plan(bench, data, name=name, options=options, now=NOW + 99))
                assert (again.new, again.merged, again.changed, again.gone) == (0, 0, 0, 0)
                assert accounted(again)
                assert everything(bench.db) == before
                laws.hold(bench.db)
                return report

    return checked


@fuzzed
@given(state=_STATES)
@example(state={"todos": [{"id": 1.5, "title": "a"}, {"id": True}, {"id": {"x": []}}]})
@example(state={"weeklyGoals": [goal(todoIds=["t1"]), goal("g2", todos=[{"id": "t1"}, {"id": [], "title": 3}])]})
def test_any_records_of_the_old_app(check: Check, state: dict[str, Any]) -> None:
    report = check(json.dumps({"state": state}).encode(), "x.json")
    told_of = sum(len(held) for held in state.values())
    assert report.records >= told_of  # todos that stand in a weekly goal only come on top


HEADER = [target.title() for target in mapping.TARGETS if target not in ("tags", "category", "description", "due")]
_CELLS = st.sampled_from(["", "1", "-1", "1:30", "2025-01-06", "31.12.2024", "12/31/2024", "1736150400", "done", "x"])


@fuzzed
@given(
    rows=st.lists(st.lists(_CELLS | st.text(max_size=6), min_size=1, max_size=12), max_size=8),
    delimiter=st.sampled_from(",;\t|"),
)
@example(rows=[["a", "b\r\nc", '"', "\x00"], ["\r"], ["\u2028", "\x85"]], delimiter=";")
def test_any_rows_of_a_table(check: Check, rows: list[list[str]], delimiter: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([HEADER, *rows])
    report = check(out.getvalue().encode(), "x.csv")
    assert report.records == sum(any(map(str.strip, row)) for row in rows)


# What `make fuzz` does

FEW = 60


@pytest.mark.parametrize("name", subjects())
def test_mutated_files_of_every_format(name: str) -> None:
    subject = subjects()[name]
    with campaign.scratch() as folder, closing(Lab(folder / "lab", subject)) as lab:
        found = [campaign.attempt(lab, subject, made(subject, 1, number)) for number in range(FEW)]
    assert [one for one in found if isinstance(one, Failure)] == []
    assert sum(one.new > 0 for one in found if not isinstance(one, Failure)) > FEW // 20


@pytest.fixture
def lab() -> Iterator[Lab]:
    with campaign.scratch() as folder, closing(Lab(folder / "lab", subjects()["taskwarrior"])) as made:
        yield made


def attempted(lab: Lab, *, long: bool = False) -> campaign.Outcome | Failure:
    """Import a whole export of Taskwarrior."""
    subject = subjects()["taskwarrior"]
    (name, data), number = subject.files[0], campaign.LONG - 1 if long else 0
    return campaign.attempt(
        lab, subject, Input(subject=subject.name, number=number, data=data, name=name, format=subject.format)
    )


def _crash(source: Source, context: Context) -> Reading:
    raise KeyError("uuid")


def _hang(source: Source, context: Context) -> Reading:
    while True:
        pass


def _lose(source: Source, context: Context) -> Reading:
    reading = read(source, context)
    return replace(reading, records=(one for one in reading.records if "Zq302" not in one.raw))


def _forget(source: Source, context: Context) -> Reading:
    """Keep nothing of a record but that there was one."""
    reading = read(source, context)
    said = {"left_out": "it is odd", "raw": "null"}
    return replace(reading, records=(replace(one, **said) if "Zq302" in one.raw else one for one in reading.records))


def _rename(source: Source, context: Context) -> Reading:
    """Know a record by when it was read."""
    reading = read(source, context)
    name = f"todo:{context.now}"
    return replace(
        reading, records=(replace(one, external_id=name) if "Zq302" in one.raw else one for one in reading.records)
    )


read = taskwarrior.read
commit = run.commit


def _half(wb: Workbench, plan: Plan) -> Report:
    commit(wb, plan)
    raise UnreadableFile(plan.source.name, "it ended", "Export it again.")


def _unlogged(wb: Workbench, plan: Plan) -> Report:
    if (report := commit(wb, plan)).new:
        wb.db.conn.execute("DROP TRIGGER capture_todos_update")
        wb.db.conn.execute("UPDATE todos SET title = 'another'")
    return report


BROKEN = [
    (_crash, "KeyError"),
    (_hang, "Hang"),
    (_lose, "… told of"),
    (_forget, "lost: "),
    (_rename, "the second time"),
    (_half, "refused, and yet changed: "),
]
EACH = [(broken, found, long) for broken, found in BROKEN for long in (False, True)]


@pytest.mark.parametrize(("broken", "found", "long"), [*EACH, (_unlogged, "AssertionError", True)])
def test_what_breaks_a_law_is_found(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, broken: Any, found: str, long: bool
) -> None:
    monkeypatch.setattr(oracle, "SECONDS", 1.0)
    assert isinstance(attempted(lab, long=long), campaign.Outcome)
    if broken in (_half, _unlogged):
        monkeypatch.setattr(run, "commit", broken)
    else:
        monkeypatch.setattr(taskwarrior, "read", broken)
    outcome = attempted(lab, long=long)
    assert isinstance(outcome, Failure)
    assert found in outcome.kind


def test_a_failure_is_kept_and_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oracle, "_told", lambda *_: 1 / 0)
    tally = campaign.run("taskwarrior", inputs=30, seed=1, jobs=2, save=tmp_path / "kept")
    assert (tally.inputs, tally.refused + len(tally.failures)) == (30, 30)
    (kind,) = {one.kind for one in tally.failures}
    assert kind.startswith("ZeroDivisionError")
    kept = [path for path in (tmp_path / "kept").iterdir() if not path.suffix]
    assert len(kept) == 3
    again = campaign.replay(kept[0])
    assert isinstance(again, Failure)
    monkeypatch.undo()
    assert isinstance(campaign.replay(kept[0]), campaign.Outcome)


def test_a_process_that_dies_costs_one_input(monkeypatch: pytest.MonkeyPatch) -> None:
    def bring(lab: Lab, wb: Workbench, subject: Any, given: Input, now: int) -> Report:
        if given.number == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        raise UnreadableFile(given.name, "nobody looked", "Look at it.")

    monkeypatch.setattr(oracle, "_bring", bring)
    tally = campaign.run("taskwarrior", inputs=8, seed=1, jobs=2)
    assert (tally.inputs, tally.refused) == (8, 7)
    assert [(one.number, one.kind) for one in tally.failures] == [(3, "the process died (-9)")]


def test_the_same_number_makes_the_same_input() -> None:
    for subject in subjects().values():
        assert made(subject, 7, 3) == made(subject, 7, 3)
        assert made(subject, 7, 3) != made(subject, 8, 3)
