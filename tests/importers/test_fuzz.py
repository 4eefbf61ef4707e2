"""Whatever a file holds: no failure but a sentence, no record lost without one, and nothing twice."""

import contextlib
import csv
import io
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from orc_lab.errors import OrcError
from orc_lab.importers import run
from orc_lab.importers.record import Options
from orc_lab.importers.report import Report
from orc_lab.importers.tables import mapping
from orc_lab.workbench.bench import Workbench
from tests.importers.files import NOW, accounted, everything, goal, project, store, table, todo
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
STORE = store(projects=[project()], todos=[todo(projectId="p1"), todo("t2")], weeklyGoals=[goal(todoIds=["t1"])])
CSV = table("Id,Title,Project,Created,Completed,Hours", '1,"a, b",P,2025-01-06,2025-01-07,2', "2,ü,P,06.01.2025,,1:30")


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


def _mutated(data: bytes, cuts: list[tuple[int, int, bytes]]) -> bytes:
    for start, length, instead in cuts:
        place = start % (len(data) + 1)
        data = data[:place] + instead + data[place + length :]
    return data


_CUTS = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 9), st.binary(max_size=6)), min_size=1, max_size=4)


@fuzzed
@given(cuts=_CUTS)
def test_a_damaged_export_is_read_or_refused(check: Check, cuts: list[tuple[int, int, bytes]]) -> None:
    for data, name in ((STORE, "x.json"), (CSV, "x.csv")):
        with contextlib.suppress(OrcError):
            check(_mutated(data, cuts), name)


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
