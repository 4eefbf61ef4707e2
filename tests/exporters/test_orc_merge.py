"""One workbench merged into another: what is new comes with its past, the newest of the same thing counts."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from orc_lab.errors import NotWritable
from orc_lab.importers import kept, run
from orc_lab.importers.own import document as orc_json
from orc_lab.importers.report import Report
from orc_lab.model.entities import Activity, Capacity, Commitment, ImportRecord, Intention, Project, Session, Todo
from orc_lab.model.week import Week
from orc_lab.store import history
from orc_lab.workbench.bench import Workbench
from tests.exporters.test_orc_json import everything, exported
from tests.past import rows_as_of
from tests.store import laws

WEEK = Week.parse("2026-W40")
Two = tuple[Workbench, Workbench]


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    """Two workbenches of one person that began as one, and lived apart since."""
    for name in ("desk.db", "lap.db"):
        Workbench.init(tmp_path / name).close()
    with Workbench.open(tmp_path / "desk.db", durability="normal") as desk:
        thesis = desk.add_project("Thesis")
        desk.add_todo("Draft", project_id=thesis.id, estimated_hours=2)
        desk.add_todo("Read", project_id=thesis.id)
        desk.add_todo("Call")
        desk.set_goal(WEEK, goal="Begin")
        with Workbench.open(tmp_path / "lap.db", durability="normal") as lap:
            orc_json.bring(lap, exported(desk).encode())
            yield desk, lap


def merge(into: Workbench, other: Workbench, **options: bool) -> Report:
    return orc_json.bring(into, exported(other).encode(), **options)


def test_a_copy_is_kept_of_what_was_merged(two: Two, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, lap = two
    assert not (tmp_path / "imports").exists(), "what came as a whole is all in the database"
    lap.add_todo("New")
    file = tmp_path / "laptop.json"
    file.write_text(exported(lap), encoding="utf-8")
    report = orc_json.bring(desk, file)
    assert report.kept is not None
    assert Path(report.kept).parent == tmp_path / "imports"
    assert Path(report.kept).read_bytes() == file.read_bytes()
    assert report.as_dict()["kept"] == report.kept
    again = orc_json.bring(desk, file)
    assert (again.new, again.kept) == (0, None)
    assert len(list((tmp_path / "imports").glob("*.json"))) == 1
    assert orc_json.bring(desk, file, dry_run=True).kept is None
    monkeypatch.setattr(kept, "LARGEST", 10)
    lap.add_todo("Newer")
    large = merge(desk, lap)
    assert (large.new > 0, large.kept, kept.NOT_KEPT in large.notes) == (True, None, True)


def test_without_room_for_the_copy_nothing_is_merged(two: Two, tmp_path: Path) -> None:
    desk, lap = two
    lap.add_todo("New")
    (tmp_path / "imports").write_text("in its place")
    before = everything(desk)
    with pytest.raises(NotWritable):
        merge(desk, lap)
    assert everything(desk) == before


def named(wb: Workbench, title: str) -> Todo:
    (todo,) = wb.find(Todo, title=title)
    return todo


def later(wb: Workbench, seconds: int) -> None:
    """Let the clock of a workbench run ahead: what is edited there counts as newer."""
    wb.db.rows("UPDATE change_context SET floor = (SELECT max(hlc) FROM change_log) + ?", (seconds * 1_000_000,))


def test_what_is_the_same_is_left_alone(two: Two) -> None:
    desk, lap = two
    before = everything(desk)
    report = merge(desk, lap)
    assert (report.new, report.changed, report.gone) == (0, 0, 0)
    assert report.there == report.records > 0
    assert everything(desk) == before


def test_what_is_new_comes_with_its_dated_past(two: Two) -> None:
    desk, lap = two
    why = lap.add_intention("Finish")
    paper = lap.add_project("Paper", intention_id=why.id)
    write = lap.add_todo("Write", project_id=paper.id, estimated_hours=3)
    lap.commit(write.id, WEEK)
    lap.start(write.id, at=1_780_000_000)
    lap.stop(ended_at=1_780_003_600)
    lap.done(write.id, at=1_780_010_000)
    lap.set_capacity(date(2026, 12, 24), 0)
    report = merge(desk, lap)
    assert report.imported["todos"] == report.imported["sessions"] == report.imported["commitments"] == 1
    for kind in (Intention, Project, Todo, Session, Commitment, Capacity, Activity):
        assert sorted(map(repr, desk.find(kind, order="id"))) == sorted(map(repr, lap.find(kind, order="id")))
    statuses = [change.cells["status"][1] for change in desk.history(write.id) if "status" in change.cells]
    assert statuses == [change.cells["status"][1] for change in lap.history(write.id) if "status" in change.cells]
    ours, theirs = ({row[0]: row for row in rows_as_of(wb.db, Todo, 1_780_010_001)} for wb in (desk, lap))
    assert write.id not in theirs or ours[write.id][0] == theirs[write.id][0]
    laws.hold(desk.db)
    again = merge(desk, lap)
    assert (again.new, again.changed) == (0, 0)


def test_the_newest_counts(two: Two) -> None:
    desk, lap = two
    draft, read = named(desk, "Draft"), named(desk, "Read")
    desk.update(Todo, draft.id, title="Draft here")
    later(lap, 100)
    lap.update(Todo, draft.id, title="Draft there", priority="high")
    later(lap, 200)
    lap.update(Todo, read.id, title="Read there")
    later(desk, 900)
    desk.update(Todo, read.id, title="Read here")
    report = merge(desk, lap)
    assert desk.get(Todo, draft.id).title == "Draft there"
    assert desk.get(Todo, draft.id).priority == "high"
    assert desk.get(Todo, read.id).title == "Read here"
    assert report.changed_examples == (read.id,)
    assert report.notes[0].startswith("1 newer there than here")
    laws.hold(desk.db)
    assert merge(desk, lap).notes[0].startswith("What was deleted there")


def test_a_merge_is_one_edit_that_undo_takes_back(two: Two) -> None:
    desk, lap = two
    later(lap, 100)
    lap.update(Todo, named(lap, "Draft").id, title="Draft there")
    lap.add_todo("New there")
    rows = desk.find(Todo, order="id")
    merge(desk, lap)
    assert len(desk.find(Todo)) == 4
    desk.undo()
    assert [(row.id, row.title) for row in desk.find(Todo, order="id")] == [(row.id, row.title) for row in rows]
    laws.hold(desk.db)


def test_what_was_deleted_here_stays_deleted_with_what_hung_on_it(two: Two) -> None:
    desk, lap = two
    call, thesis = named(desk, "Call"), desk.find(Project)[0]
    lap.start(call.id, at=1_780_000_000)
    lap.stop(ended_at=1_780_003_600)
    more = lap.add_todo("More", project_id=thesis.id)
    desk.delete(Todo, call.id)
    desk.delete(Project, thesis.id)
    report = merge(desk, lap)
    assert report.gone == 2
    assert desk.find(Session) == []
    assert [group.sentence for group in report.left_out] == ["the todo that it belongs to is not there"]
    assert desk.get(Todo, more.id).project_id is None
    assert report.issues[0].sentence == "the project that it names is not there: imported without it"
    laws.hold(desk.db)


def test_a_part_comes_under_what_it_is_a_part_of(two: Two) -> None:
    desk, lap = two
    child = lap.add_todo("Child")  # added before its parent
    parent = lap.add_todo("Parent")
    lap.update(Todo, child.id, parent_id=parent.id)
    merge(desk, lap)
    assert desk.get(Todo, child.id).parent_id == parent.id


def test_what_another_person_had_becomes_this_ones(tmp_path: Path) -> None:
    with Workbench.init(tmp_path / "a.db") as mine, Workbench.init(tmp_path / "b.db") as other:
        mine.set_goal(WEEK, goal="Mine")
        mine.set_capacity(date(2026, 12, 24), 0.5)
        todo = other.add_todo("Theirs")
        other.commit(todo.id, WEEK)
        other.commit(todo.id, WEEK + 1)
        other.set_capacity(date(2026, 12, 24), 0)
        other.set_setting("hours_per_week", 10)
        merge(mine, other)
        assert mine.get(Todo, todo.id).user_id == mine.user_id
        goal = mine.goal(WEEK)
        assert goal is not None
        assert goal.goal == "Mine" or goal.goal is None
        assert len(mine.commitments(WEEK)) == len(mine.commitments(WEEK + 1)) == 1
        assert mine.count(Capacity) == 1
        assert mine.settings().hours_per_week == 10
        laws.hold(mine.db)
        assert merge(mine, other).new == 0


def test_what_was_imported_there_is_not_imported_here_again(two: Two) -> None:
    desk, lap = two
    csv = b"id,title,status,created,completed\n1,From a file,done,2026-01-05,2026-01-06\n"
    run.commit(lap, run.plan(lap, csv, name="tasks.csv"))
    merge(desk, lap)
    assert desk.count(ImportRecord) == lap.count(ImportRecord)
    assert run.commit(desk, run.plan(desk, csv, name="tasks.csv")).new == 0
    assert history.reconstructed_before(desk.db) == history.reconstructed_before(lap.db)


def test_a_dry_run_tells_the_same_and_writes_nothing(two: Two) -> None:
    desk, lap = two
    later(lap, 100)
    lap.update(Todo, named(lap, "Draft").id, title="Draft there")
    lap.add_todo("New there")
    before = everything(desk)
    told = merge(desk, lap, dry_run=True)
    assert everything(desk) == before
    done = merge(desk, lap)
    assert (told.imported, told.notes, told.samples) == (done.imported, done.notes, done.samples)
    assert (told.committed, done.committed) == (False, True)


def test_a_log_that_does_not_tell_all_is_no_reason_to_lose_a_row(two: Two) -> None:
    desk, lap = two
    lap.add_todo("Edited by hand", estimated_hours=1)
    told = json.loads(exported(lap))
    told["tables"]["todos"][-1]["title"] = "Edited in the file"
    told["history"]["changes"] = [c for c in told["history"]["changes"] if c["id"] != told["tables"]["todos"][0]["id"]]
    orc_json.bring(desk, json.dumps(told).encode())
    assert named(desk, "Edited in the file").estimated_hours == 1
    laws.hold(desk.db)
