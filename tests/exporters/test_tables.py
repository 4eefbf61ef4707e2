"""CSV and Parquet: every row of every table, types and texts kept."""

import csv
import json
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc_lab.cli import histories
from orc_lab.exporters.run import export
from orc_lab.exporters.tables_csv import TASKS
from orc_lab.importers import run
from orc_lab.model import spreadsheet
from orc_lab.model.entities import KINDS, Project, Session, Status, Todo
from orc_lab.store.snapshot import TABLES
from orc_lab.workbench.bench import Workbench
from tests.exporters.conftest import NASTY, NOW, at
from tests.importers.files import told

ALL = {"tasks", "edits", "changes", *TABLES}


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@given(st.text())
def test_a_guarded_text_is_no_formula_and_comes_back(text: str) -> None:
    cell = spreadsheet.guarded(text)
    assert spreadsheet.unguarded(cell) == text
    assert not cell.lstrip().startswith(spreadsheet.FORMULA)


def test_a_file_for_each_table(wb: Workbench, tmp_path: Path) -> None:
    report = export(wb, "csv", tmp_path / "out", now=NOW)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {f"{name}.csv" for name in ALL}
    assert {name: len(read(tmp_path / "out" / f"{name}.csv")) for name in ALL} == dict(report.rows)
    for name, kind in KINDS.items():
        assert report.rows[name] == wb.count(kind)


def test_times_are_local_and_utc_hours_decimals(wb: Workbench, tmp_path: Path) -> None:
    export(wb, "csv", tmp_path / "out", now=NOW)
    (session,) = read(tmp_path / "out" / "sessions.csv")
    assert session["started_at"] == "2026-11-17T10:00:00+01:00"
    assert session["started_at_utc"] == "2026-11-17T09:00:00Z"
    draft = next(row for row in read(tmp_path / "out" / "todos.csv") if row["title"] == "Draft")
    assert (draft["estimated_hours"], draft["due_date"], draft["completed_at"]) == ("2.5", "2026-11-27", "")
    assert draft["created_at"] == "2026-10-01T09:30:00+02:00"


def test_no_cell_is_a_formula(wb: Workbench, tmp_path: Path) -> None:
    export(wb, "csv", tmp_path / "out", now=NOW)
    for path in (tmp_path / "out").iterdir():
        for row in read(path):
            for cell in row.values():
                assert not cell.startswith(("=", "+", "@", "\t", "\r", "＝"))
                assert not cell.startswith("-") or cell[1:].replace(".", "").isdigit()


def test_every_change_with_its_cells(wb: Workbench, tmp_path: Path) -> None:
    export(wb, "csv", tmp_path / "out", now=NOW)
    changes = read(tmp_path / "out" / "changes.csv")
    (outline,) = wb.find(Todo, title="Outline")
    told = [(row["old"], row["new"]) for row in changes if row["id"] == outline.id and row["field"] == "status"]
    assert told == [("", "refined"), ("refined", "committed"), ("committed", "done")]
    assert {int(row["tx"]) for row in changes} <= {int(row["tx"]) for row in read(tmp_path / "out" / "edits.csv")}


def test_tasks_come_back_with_their_true_titles(wb: Workbench, tmp_path: Path) -> None:
    export(wb, "csv", tmp_path / "tasks.csv", now=NOW)
    assert [*read(tmp_path / "tasks.csv")[0]] == list(TASKS)
    with Workbench.init(tmp_path / "new.db", zone="Europe/Berlin") as new:
        report = run.commit(new, run.plan(new, tmp_path / "tasks.csv", now=NOW))
        assert report.format == "task-csv"
        assert report.new == wb.count(Todo)
        lost = {
            "its title is longer than 1000 characters: cut",
            "it is dropped, but nothing says since when: taken as its last known day",
        }
        assert set(told(report.issues)) <= lost
        ours, theirs = ({todo.id: todo for todo in bench.find(Todo)} for bench in (wb, new))
        assert ours.keys() == theirs.keys()
        for id, todo in ours.items():
            same = theirs[id]
            assert same.title == " ".join(todo.title.replace("\t", " ").splitlines()).strip()
            assert (same.created_at, same.completed_at) == (todo.created_at, todo.completed_at)
            assert same.actual_hours == todo.actual_hours
            assert same.estimated_hours == todo.estimated_hours
            assert (same.priority, same.category, same.due_date) == (todo.priority, todo.category, todo.due_date)
            assert same.status is todo.status or todo.status not in (Status.DONE, Status.DROPPED)
        assert {project.title for project in new.find(Project)} == {project.title for project in wb.find(Project)}


def test_tasks_that_are_there_are_not_doubled(wb: Workbench, tmp_path: Path) -> None:
    export(wb, "csv", tmp_path / "tasks.csv", now=NOW)
    before = wb.count(Todo)
    run.commit(wb, run.plan(wb, tmp_path / "tasks.csv", now=NOW))
    assert wb.count(Todo) == before


def test_the_backtest_reads_the_tasks(wb: Workbench, tmp_path: Path) -> None:
    export(wb, "csv", tmp_path / "tasks.csv", now=NOW)
    (tasks,) = histories.of_csv(str(tmp_path / "tasks.csv")).tasks.values()
    done = tasks[tasks["status"] == "done"]
    assert done[["estimate_hours", "actual_hours"]].to_numpy().tolist() == [[1.0, 1.5]]
    assert len(tasks) == wb.count(Todo)


def test_parquet_keeps_types(wb: Workbench, tmp_path: Path) -> None:
    report = export(wb, "parquet", tmp_path / "out", now=NOW)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {f"{name}.parquet" for name in ALL - {"tasks"}}
    with duckdb.connect() as duck:
        duck.execute("SET TimeZone = 'UTC'")

        def ask(query: str) -> list[tuple[object, ...]]:
            return duck.execute(query.replace("FROM ", f"FROM '{tmp_path}/out/")).fetchall()

        for name, count in report.rows.items():
            assert ask(f"SELECT count(*) FROM {name}.parquet'") == [(count,)]
        types = {row[0]: row[1] for row in ask("DESCRIBE SELECT * FROM todos.parquet'")}
        assert types["created_at"] == types["completed_at"] == "TIMESTAMP WITH TIME ZONE"
        assert (types["due_date"], types["estimated_hours"], types["title"]) == ("DATE", "DOUBLE", "VARCHAR")
        assert {title for (title,) in ask("SELECT title FROM todos.parquet'")} >= set(NASTY)
        (row,) = ask("SELECT epoch(created_at), due_date, estimated_hours FROM todos.parquet' WHERE title = 'Draft'")
        assert row == (at("2026-10-01T09:30"), date(2026, 11, 27), 2.5)
        assert (
            ask("SELECT count(DISTINCT seq) FROM changes.parquet'")[0][0]
            == wb.db.rows("SELECT count(*) FROM change_log")[0][0]
        )
    assert not list(tmp_path.rglob(".*"))


def test_parquet_of_what_has_no_date(wb: Workbench, tmp_path: Path) -> None:
    (draft,) = wb.find(Todo, title="Draft")
    wb.db.rows(
        "UPDATE todos SET created_at = 9223372036854775, due_date = 'soon', title = CAST(x'41ff' AS TEXT) WHERE id = ?",
        (draft.id,),
    )
    export(wb, "parquet", tmp_path / "out", now=NOW)
    export(wb, "csv", tmp_path / "csv", now=NOW)
    export(wb, "ics", tmp_path / "x.ics", now=NOW)
    export(wb, "markdown", tmp_path / "x.md", now=NOW)
    with duckdb.connect() as duck:
        found = duck.execute(
            f"SELECT created_at, due_date, title FROM '{tmp_path}/out/todos.parquet' WHERE id = ?", [draft.id]
        )
        assert found.fetchall() == [(None, None, "A\ufffd")]


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_one_project_and_what_belongs_to_it(wb: Workbench, tmp_path: Path, format: str) -> None:
    (thesis,) = wb.find(Project, title="Thesis <b>&")
    rows = export(wb, format, tmp_path / "out", project=thesis.id, now=NOW).rows
    assert (rows["projects"], rows["todos"], rows["intentions"], rows["sessions"]) == (1, 2, 1, 1)
    assert (rows["commitments"], rows["weekly_goals"], rows["capacity"]) == (2, 2, 0)
    assert 0 < rows["activities"] < wb.db.rows("SELECT count(*) FROM activities")[0][0]
    assert 0 < rows["changes"] < export(wb, format, tmp_path / "all", now=NOW).rows["changes"]


def test_since_keeps_what_is_open_or_was_touched(wb: Workbench, tmp_path: Path) -> None:
    later = date(2027, 6, 1)
    rows = export(wb, "csv", tmp_path / "out", since=later, now=NOW).rows
    assert rows["todos"] == rows["tasks"] == wb.count(Todo, status__ne="done") - wb.count(Todo, status="dropped")
    assert (rows["sessions"], rows["activities"], rows["changes"], rows["weekly_goals"]) == (0, 0, 0, 0)
    everything = export(wb, "csv", tmp_path / "all", since=date(2020, 1, 1), now=NOW).rows
    assert everything == export(wb, "csv", tmp_path / "whole", now=NOW).rows
    assert datetime.fromtimestamp(NOW, UTC).year == 2026
    assert json.dumps(dict(rows))
    assert wb.count(Session) == 1
