"""From a file to rows: once, all of it or nothing, known again, taken back."""

import csv
import io
import json
import os
import sqlite3
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from orc_lab.errors import InvalidValue, NotWritable, UnreadableFile
from orc_lab.importers import kept, run
from orc_lab.importers.reading import source
from orc_lab.model.entities import Activity, Commitment, ImportRecord, Project, Status, Todo, WeeklyGoal
from orc_lab.workbench.bench import Workbench
from tests.importers.conftest import Bring
from tests.importers.files import NOW, accounted, at, everything, goal, project, store, table, todo, told
from tests.past import rows_as_of
from tests.store import laws

LIFE = store(
    projects=[project(), project("p2", status="paused", updatedAt="2025-03-01T00:00:00Z")],
    todos=[
        todo(projectId="p1", status="completed", estimatedHours=2, actualHours=3),
        todo("t2", projectId="p2", status="committed", estimatedHours=4, parentId="t1"),
        todo("t3", status="mystery"),
        7,
    ],
    weeklyGoals=[goal(todoIds=["t1", "t2"])],
    intentions=[project("i1")],
)
CSV = table(
    "Id,Title,Project,Created,Completed,Hours", "1,a,P,2025-01-06,2025-01-07,2", "2,b,P,2025-01-06,,", "3,c,x,y,z,1,2"
)


@pytest.mark.parametrize("data", [LIFE, CSV], ids=["creation-store", "csv"])
def test_a_second_run_brings_nothing(bench: Workbench, bring: Bring, data: bytes) -> None:
    first = bring(data, name="x.csv")
    before, edits = everything(bench.db), len(bench.edits())
    again = bring(data, name="x.csv")
    assert first.new > 0
    assert (again.new, again.merged, again.imported, again.there) == (0, 0, {}, first.new)
    assert again.left_out == first.left_out
    assert everything(bench.db) == before
    assert len(bench.edits()) == edits
    assert accounted(first)
    assert accounted(again)
    laws.hold(bench.db)


def test_a_plan_writes_nothing_and_tells_all(bench: Workbench, tmp_path: Path) -> None:
    before = everything(bench.db)
    plan = run.plan(bench, LIFE, now=NOW)
    assert everything(bench.db) == before
    assert not (tmp_path / "imports").exists()
    report = plan.report
    assert not report.committed
    assert report.imported == {"intentions": 1, "projects": 2, "todos": 3, "weekly goals": 1, "commitments": 2}
    assert report.samples["todos"] == [
        "Todo t1 → done, in Project p1, 2 h estimated, 3 h spent, finished 2025-01-08",
        "Todo t2 → committed, in Project p2, 4 h estimated, created 2025-01-06",
        "Todo t3 → dumped, created 2025-01-06",
    ]
    assert report.samples["weekly goals"] == ["Goal g1 → the week from 2025-01-06"]
    assert json.loads(json.dumps(report.as_dict()))["imported"]["todos"] == 3
    lines = report.lines()
    assert lines[:2] == [
        "paste (creation-store, 8 records)",
        "Would import: 1 intention, 2 projects, 3 todos, 1 weekly goal, 2 commitments — 7 new records",
    ]
    assert "Left out: 1" in lines
    assert "  1 × its status is unknown: taken as dumped (todo:t3)" in lines
    done = run.commit(bench, plan)
    assert (done.committed, done.imported, done.left_out) == (True, report.imported, report.left_out)
    assert done.lines()[1].startswith("Imported: ")


def test_every_row_says_where_it_came_from(bench: Workbench, bring: Bring) -> None:
    bring(LIFE)
    records = {one.external_id: one for one in bench.find(ImportRecord)}
    assert (records["todo:t1"].subject, records["todo:t1"].subject_id) == ("todos", "t1")
    assert json.loads(records["todo:t1"].raw)["actualHours"] == 3
    assert {one.source for one in records.values()} == {"creation-store"}
    assert {one.imported_at for one in records.values()} == {NOW}
    (left,) = (one for one in records.values() if one.left_out)
    assert (left.raw, left.left_out, left.subject_id) == ("7", "it is no record", None)
    for kind in (Project, Todo, WeeklyGoal, Commitment):
        assert bench.count(kind) == sum(one.subject == kind.table for one in records.values())


def test_progress_is_told_to_the_end(bench: Workbench) -> None:
    seen: list[tuple[int, int]] = []
    run.commit(bench, run.plan(bench, store(todos=[todo(f"t{n}") for n in range(1200)])), lambda *now: seen.append(now))
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1] == 3600
    assert len(seen) >= 5


def test_progress_is_told_while_reading(bench: Workbench) -> None:
    seen: list[tuple[int, int]] = []
    run.plan(bench, store(todos=[todo(f"t{n}") for n in range(1200)]), progress=lambda *now: seen.append(now))
    assert seen == [(500, 1200), (1000, 1200), (1200, 1200)]


def test_what_changed_in_the_file_is_taken_over_and_told(bench: Workbench, bring: Bring) -> None:
    bring(store(todos=[todo(), todo("t2")]))
    bench.update(Todo, "t2", title="Mine")
    report = bring(store(todos=[todo(title="Theirs"), todo("t2"), todo("t3")]))
    assert (report.new, report.there, report.changed, report.changed_examples) == (1, 1, 1, ("todo:t1",))
    assert {one.title for one in bench.find(Todo)} == {"Theirs", "Mine", "Todo t3"}
    assert "  1 × taken over: title (todo:t1)" in report.lines()


def test_what_was_deleted_here_does_not_rise(bench: Workbench, bring: Bring) -> None:
    bring(LIFE)
    bench.delete(Todo, "t1")
    bench.delete(Project, "p2")
    report = bring(LIFE)
    assert (report.new, report.gone) == (0, 2)
    assert {one.id for one in bench.find(Todo)} == {"t2", "t3"}
    later = bring(store(todos=[todo("t9", projectId="p2")]))
    assert bench.get(Todo, "t9").project_id is None
    assert told(later.issues) == {"the project that it names is not there: imported without it": 1}


def test_a_part_of_an_export_finds_what_came_before(bench: Workbench, bring: Bring) -> None:
    bring(LIFE)
    report = bring(store(todos=[todo("t9", projectId="p1", parentId="t2")]))
    found = bench.get(Todo, "t9")
    assert (found.project_id, found.parent_id, report.issues) == ("p1", "t2", [])


def test_what_was_left_out_is_looked_at_again(bench: Workbench, bring: Bring) -> None:
    broken = store(weeklyGoals=[goal(weekStartDate="?")], todos=[todo()])
    assert bring(broken).left_out != []
    report = bring(store(weeklyGoals=[goal(todoIds=["t1"])], todos=[todo()]))
    assert (report.new, report.left_out) == (1, [])
    assert (bench.count(WeeklyGoal), bench.count(Commitment)) == (1, 1)
    (record,) = bench.find(ImportRecord, external_id="weekly-goal:g1")
    assert (record.left_out, record.subject) == (None, "weekly_goals")
    assert bring(store(weeklyGoals=[goal(todoIds=["t1"])], todos=[todo()])).there == 2


def test_an_id_that_is_taken(bench: Workbench, bring: Bring) -> None:
    mine = bench.create(Todo, id="t1", title="Mine")
    bring(store(todos=[todo(), todo("t2", parentId="t1")]))
    assert bench.get(Todo, "t1") == mine
    theirs = bench.get(Todo, bench.get(Todo, "t2").parent_id or "")
    assert theirs.title == "Todo t1"


def test_undo_takes_all_of_it_back_and_a_new_import_brings_it_again(bench: Workbench, bring: Bring) -> None:
    empty = everything(bench.db)
    bring(LIFE)
    full = everything(bench.db)
    told_of = {(one.subject_id, one.kind, one.new, one.occurred_at) for one in bench.find(Activity)}
    bench.undo()
    assert everything(bench.db) == empty
    assert list(rows_as_of(bench.db, Todo, at("2025-02-01T12:00"))) == []
    assert bring(LIFE).new == 7
    assert everything(bench.db) == full
    again = {(one.subject_id, one.kind, one.new, one.occurred_at) for one in bench.find(Activity)}
    assert told_of <= again
    past = {row[0] for row in rows_as_of(bench.db, Activity, at("2025-02-01T12:00"))}
    assert len(past) == sum(one.occurred_at <= at("2025-02-01T12:00") for one in bench.find(Activity))
    laws.hold(bench.db)


def test_a_plan_made_before_another_edit_is_decided_again(bench: Workbench) -> None:
    plan = run.plan(bench, LIFE, now=NOW)
    with Workbench.open(bench.db.path) as other:
        run.commit(other, run.plan(other, store(todos=[todo("t3", status="mystery")]), now=NOW))
    report = run.commit(bench, plan)
    assert (report.new, report.there) == (6, 1)
    assert bench.count(Todo) == 3


def test_a_failure_in_the_middle_leaves_nothing(bench: Workbench) -> None:
    before = everything(bench.db)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.commit(bench, run.plan(bench, LIFE), stop)
    assert everything(bench.db) == before
    assert run.commit(bench, run.plan(bench, LIFE)).new == 7
    laws.hold(bench.db)


def test_triggers_capture_again_after_an_import(bench: Workbench, bring: Bring) -> None:
    bring(LIFE)
    bench.add_todo("After")
    with sqlite3.connect(bench.db.path) as shell:
        shell.execute("UPDATE todos SET title = 'By hand' WHERE id = 't1'")
    shell.close()
    assert bench.history("t1")[-1].cells["title"] == ("Todo t1", "By hand")
    laws.hold(bench.db)


def test_a_folder_that_can_not_be_written_changes_nothing(bench: Workbench, tmp_path: Path) -> None:
    (tmp_path / "imports").write_text("in the way", encoding="utf-8")
    before = everything(bench.db)
    with pytest.raises(NotWritable, match="imports"):
        run.commit(bench, run.plan(bench, LIFE))
    assert everything(bench.db) == before


def test_a_copy_is_kept_once(bench: Workbench, bring: Bring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = bring(LIFE, name="a/b\\c: d.json")
    assert Path(first.kept or "").name == "2025-06-15-b-c-d.json"
    assert bring(LIFE, name="b-c-d.json").kept is None  # nothing was new
    bench.undo()
    assert bring(LIFE, name="b-c-d.json").kept == first.kept
    other = bring(store(todos=[todo("x")]), name="b-c-d.json")
    assert Path(other.kept or "").name == "2025-06-15-b-c-d-2.json"
    monkeypatch.setattr(kept, "LARGEST", 10)
    assert bring(store(todos=[todo("y")]), name="../../z.json").kept is None
    assert sorted(path.name for path in (tmp_path / "imports").glob("*.json")) == [
        "2025-06-15-b-c-d-2.json",
        "2025-06-15-b-c-d.json",
    ]


def test_what_is_too_large_to_be_kept_is_told(bench: Workbench, bring: Bring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "LARGEST", len(LIFE) - 1)
    assert "The file is larger than 50 MB: no copy of it was made, so keep it yourself." in bring(LIFE).notes


def test_record_by_record(bench: Workbench, bring: Bring) -> None:
    bring(store(todos=[todo("t2", title="Then")]))
    lists = {"projects": [project(title="=cmd()")], "weeklyGoals": [goal(), goal("g2", weekStartDate="?")]}
    report = bring(store(todos=[todo(status="mystery", projectId="p9"), todo("t2"), 7], **lists))
    told = list(csv.DictReader(io.StringIO(report.records_as_csv())))
    assert [(one["record"], one["kind"], one["title"], one["outcome"]) for one in told] == [
        ("project:p1", "project", "'=cmd()", "new"),
        ("todo:t1", "todo", "Todo t1", "new"),
        ("todo:t2", "todo", "Todo t2", "changed"),
        (told[3]["record"], "todo", "", "left out"),
        ("weekly-goal:g2", "weekly goal", "", "left out"),
        ("weekly-goal:g1", "weekly goal", "Goal g1", "new"),
    ]
    assert [one["remarks"] for one in told] == [
        "",
        "the project that it names is not there: imported without it; its status is unknown: taken as dumped",
        "taken over: title",
        "it is no record",
        "its week can't be read",
        "",
    ]
    assert told[1]["id"] == "t1"
    same = json.loads(report.records_as_json())
    assert same[0] == {
        "record": "project:p1", "kind": "project", "title": "=cmd()", "outcome": "new", "id": "p1", "remarks": "",
    }  # fmt: skip
    assert len(same) == report.records == len(told)


@pytest.mark.parametrize("name", ["..", "/", "", "\x00", "ü" * 300, ".hidden", "a.csv/"])
def test_any_name_makes_a_file_name(bench: Workbench, bring: Bring, tmp_path: Path, name: str) -> None:
    kept = Path(bring(LIFE, name=name).kept or "")
    assert kept.parent == tmp_path / "imports"
    assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (0o600, 0o700)  # nobody else's
    assert kept.read_bytes() == LIFE


def test_a_format_is_found_or_named(bench: Workbench, bring: Bring) -> None:
    assert bring(CSV, name="x").format == "task-csv"
    assert bring(LIFE, name="misnamed.csv").format == "creation-store"
    with pytest.raises(InvalidValue, match=r"one of orc, creation-store, .*task-csv"):
        bring(LIFE, format="nothing")
    with pytest.raises(UnreadableFile, match=r"none of the formats that orc knows .*--from"):
        bring(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", name="x.png")


def test_the_sums_of_a_week_and_of_a_todo_follow(bench: Workbench, bring: Bring) -> None:
    bring(LIFE)
    assert bench.get(Todo, "t1").status is Status.DONE
    (week,) = bench.find(WeeklyGoal)
    assert (week.total_estimated_hours, week.completion_rate) == (6.0, 0.5)
    laws.hold(bench.db)


def test_subscribers_hear_of_an_import(bench: Workbench, bring: Bring) -> None:
    heard: list[Any] = []
    bench.subscribe(heard.extend)
    bring(LIFE)
    assert {change.id for change in heard if change.table == "todos"} == {"t1", "t2", "t3"}


def test_of_two_imports_prepared_at_once_the_second_leaves_no_edit(bench: Workbench) -> None:
    first, second = (run.plan(bench, LIFE, now=NOW) for _ in range(2))
    run.commit(bench, first)
    before, edits = everything(bench.db), len(bench.edits())
    report = run.commit(bench, second)
    assert (report.committed, report.new, report.there, report.kept) == (True, 0, first.report.new, None)
    assert (everything(bench.db), len(bench.edits())) == (before, edits)
    assert accounted(report)


def test_there_is_a_limit_to_what_is_read(
    bench: Workbench, bring: Bring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tasks.csv"
    path.write_bytes(CSV)
    monkeypatch.setattr(source, "LARGEST", len(CSV))
    assert bring(path).new > 0
    monkeypatch.setattr(source, "LARGEST", len(CSV) - 1)
    with pytest.raises(UnreadableFile, match="it is larger than"):
        bring(path)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CSV)))
    with pytest.raises(UnreadableFile, match="standard input can't be read: it is larger than"):
        bring("-")


def test_a_large_file_is_read_whole(tmp_path: Path) -> None:
    data = bytes(range(1, 256)) * 9000
    (tmp_path / "large").write_bytes(data)
    assert source.open_source(tmp_path / "large").data == data


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="This system has no named pipes.")
def test_a_pipe_is_read_and_has_the_limit_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for limit in (len(CSV), len(CSV) - 1):
        monkeypatch.setattr(source, "LARGEST", limit)
        writer = threading.Thread(target=pipe.write_bytes, args=[CSV])
        writer.start()
        try:
            assert limit < len(CSV) or source.open_source(pipe).data == CSV
            if limit < len(CSV):
                with pytest.raises(UnreadableFile, match="it is larger than"):
                    source.open_source(pipe)
        finally:
            writer.join()


def test_a_closed_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(UnreadableFile, match="standard input can't be read: it is closed"):
        source.open_source("-")


def test_one_is_not_many(bring: Bring) -> None:
    report = bring(store(projects=[project()], todos=[todo()]))
    assert report.lines()[:2] == [
        "paste (creation-store, 2 records)",
        "Imported: 1 project, 1 todo — 2 new records",
    ]
    dump = json.dumps({"creation-store": store(todos=[todo("t2")]).decode(), "theme": "dark"}).encode()
    assert "1 other entry of the browser's storage is not orc's, passed over." in bring(dump).notes


def test_a_database_of_orc_is_no_file_of_records(bench: Workbench, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    Workbench.init(other).close()
    with pytest.raises(UnreadableFile, match=r"it is a database of orc, or a backup of one\. `orc restore PATH`"):
        run.plan(bench, other)
