"""The real history of a company, imported: nothing lost, nothing twice, in seconds. It is not in the repository."""

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from orc_lab.errors import NeedsChoice
from orc_lab.importers import run
from orc_lab.importers.record import Options
from orc_lab.importers.report import Report
from orc_lab.model.codec import columns
from orc_lab.model.entities import Activity, ImportRecord, Project, Status, Todo
from orc_lab.workbench.bench import Workbench
from tests.importers.files import SIP, accounted, at, told
from tests.past import rows_as_of
from tests.store import laws

pytestmark = pytest.mark.skipif(not SIP.is_file(), reason=f"the real history is not at {SIP} (or name it in ORC_SIP)")

CHRONICLE = "ongoing time record, never meant to finish"


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with SIP.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workbench, Report]]:
    path: Path = tmp_path_factory.mktemp("sip") / "own.db"
    Workbench.init(path, zone="Europe/London").close()
    with Workbench.open(path, durability="normal") as bench:
        yield bench, run.commit(bench, run.plan(bench, SIP, options=Options(person="all")))


def test_each_of_ten_thousand_records_is_accounted_for(
    whole: tuple[Workbench, Report], rows: list[dict[str, str]]
) -> None:
    bench, report = whole
    left_out = told(report.left_out)
    assert report.records == len(rows) == report.new + sum(left_out.values())
    statuses = Counter(row["status"] for row in rows)
    assert left_out == {CHRONICLE: statuses["CHRONICLE"], "a template, not a task": statuses["TEMPLATE"]}
    assert report.imported == {"projects": len({row["project"] for row in rows}), "todos": report.new}
    assert bench.count(Todo, status="done") == sum(row["completed"] != "" for row in rows)
    assert bench.count(Todo, status="dropped") == statuses["CANCELLED"]
    assert bench.count(ImportRecord) == len(rows) + bench.count(Project)
    laws.hold(bench.db)


def test_hours_and_days_are_those_of_the_file(whole: tuple[Workbench, Report], rows: list[dict[str, str]]) -> None:
    bench, clock = whole[0], whole[0].clock()
    imported = {one.external_id: one.subject_id for one in bench.find(ImportRecord, subject="todos")}
    todos = {one.id: one for one in bench.find(Todo)}
    for row in rows:
        found = todos.get(imported.get(f"{row['developer']}:{row['id']}") or "")
        if found is None:
            continue
        assert found.title == row["title"].strip()
        assert found.estimated_hours == float(row["estimate_hours"])
        assert found.actual_hours == float(row["actual_hours"])
        assert clock.day(found.created_at).isoformat() == row["created"]
        if found.status is Status.DONE:
            assert clock.day(found.completed_at or 0).isoformat() == row["completed"]
            assert found.created_at <= (found.started_at or 0) <= (found.completed_at or 0)


@pytest.mark.parametrize("day", ["2004-03-01", "2008-06-30", "2012-05-20"])
def test_the_past_is_what_the_file_says_of_it(
    whole: tuple[Workbench, Report], rows: list[dict[str, str]], day: str
) -> None:
    bench = whole[0]
    names = columns(Todo)
    known = [dict(zip(names, row, strict=True)) for row in rows_as_of(bench.db, Todo, at(f"{day}T23:59"))]
    of_tasks = [row for row in rows if row["status"] not in ("CHRONICLE", "TEMPLATE") and row["created"] <= day]
    assert len(known) == len(of_tasks)
    done = [row for row in of_tasks if row["completed"] and row["completed"] <= day]
    assert sum(row["status"] == "done" for row in known) == len(done)
    hours = sum(float(row["actual_hours"]) for row in done)
    assert sum(row["actual_hours"] or 0 for row in known if row["status"] == "done") == pytest.approx(hours)
    assert all(row["actual_hours"] is None for row in known if row["status"] not in ("done", "dropped"))
    events = sum(1 for _ in rows_as_of(bench.db, Activity, at(f"{day}T23:59")))
    assert events >= len(known) + len(done)


def test_a_second_run_brings_nothing(whole: tuple[Workbench, Report]) -> None:
    bench, first = whole
    again = run.commit(bench, run.plan(bench, SIP, options=Options(person="all")))
    assert (again.new, again.imported, again.there) == (0, {}, first.new)
    assert accounted(again)


def test_one_person_of_many(tmp_path: Path, rows: list[dict[str, str]]) -> None:
    mine = [row for row in rows if row["developer"] == "58"]
    with Workbench.init(tmp_path / "own.db") as bench:
        with pytest.raises(NeedsChoice) as raised:
            run.plan(bench, SIP)
        assert raised.value.choices[:3] == ("13 (2,518)", "42 (1,756)", "58 (1,730)")
        assert len(raised.value.choices) == 24
        report = run.commit(bench, run.plan(bench, SIP, options=Options(person="58")))
        assert report.new == bench.count(Todo) == sum(row["status"] not in ("CHRONICLE", "TEMPLATE") for row in mine)
        assert told(report.left_out)["of other persons than 58"] == len(rows) - len(mine)
        assert accounted(report)
