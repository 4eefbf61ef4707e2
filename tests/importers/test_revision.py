"""What changed in the other tool since the last import comes over, where it wasn't changed here."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from orc_lab.importers import run
from orc_lab.model.entities import (
    Activity,
    Commitment,
    ImportRecord,
    Outcome,
    Priority,
    Project,
    ProjectStatus,
    Recurrence,
    Session,
    Status,
    Todo,
)
from orc_lab.store import change_log
from orc_lab.workbench.bench import Workbench
from tests.importers.conftest import Bring
from tests.importers.files import NOW, accounted, at, everything, project, store, table, todo, told
from tests.importers.files_of_tools import HOUR, archive, backup, exported, state, task, tracked, uuid, warrior
from tests.store import laws

ONE = {"status": "refined", "projectId": "p1", "estimatedHours": 2}
HEADER = "id,title,notes,project,status,estimate,due,completed"


def changes(report: Any) -> dict[str, int]:
    return told(report.changes)


def test_an_untouched_row_takes_over_what_changed(bench: Workbench, bring: Bring) -> None:
    bring(store(projects=[project(), project("p2")], todos=[todo(**ONE)]))
    new = {"title": "Theirs", "description": "Why", "projectId": "p2", "estimatedHours": 5, "dueDate": "2025-07-01"}
    report = bring(store(projects=[project(), project("p2", title="Two")], todos=[todo(**ONE | new)]))
    assert accounted(report)
    assert changes(report) == {
        "taken over: title, notes, due day, project, estimate": 1,
        "taken over: title": 1,
    }
    one = bench.get(Todo, "t1")
    assert (one.title, one.description, one.project_id, one.estimated_hours) == ("Theirs", "Why", "p2", 5)
    assert one.due_date == "2025-07-01"
    assert bench.get(Project, "p2").title == "Two"
    laws.hold(bench.db)


def test_a_field_that_was_changed_here_stays_and_the_others_come(bench: Workbench, bring: Bring) -> None:
    bring(store(todos=[todo(description="First")]))
    bench.update(Todo, "t1", title="Mine")
    report = bring(store(todos=[todo(title="Theirs", description="Second")]))
    assert changes(report) == {"taken over: notes; changed here too, kept as it is here: title": 1}
    one = bench.get(Todo, "t1")
    assert (one.title, one.description) == ("Mine", "Second")
    again = bring(store(todos=[todo(title="Theirs", description="Third")]))
    assert changes(again) == {"taken over: notes; changed here too, kept as it is here: title": 1}


def test_the_same_change_on_both_sides_is_none(bench: Workbench, bring: Bring) -> None:
    bring(store(todos=[todo()]))
    bench.update(Todo, "t1", title="Both")
    report = bring(store(todos=[todo(title="Both")]))
    assert changes(report) == {"only in what orc keeps of it in the raw record": 1}


def test_what_was_finished_there_is_finished_here_on_its_day(bench: Workbench, bring: Bring) -> None:
    bring(store(projects=[project()], todos=[todo(**ONE)]))
    done = todo(**ONE | {"status": "completed", "completedAt": "2025-03-05T10:00:00Z", "actualHours": 3})
    report = bring(store(projects=[project()], todos=[done]))
    assert changes(report) == {"taken over: status, hours, completion": 1}
    one = bench.get(Todo, "t1")
    assert (one.status, one.completed_at, one.actual_hours) == (Status.DONE, at("2025-03-05T11:00"), 3)
    assert one.original_estimate_hours == 2
    (moved,) = bench.find(Activity, subject_id="t1", new="done")
    assert (moved.old, moved.occurred_at) == ("refined", at("2025-03-05T11:00"))
    laws.hold(bench.db)


def test_what_is_done_nobody_says_when_was_finished_since_the_last_import(bench: Workbench, bring: Bring) -> None:
    bring(b"* TODO Dig\n", name="x.org")
    report = bring(b"* DONE Dig\n", name="x.org")
    assert changes(report) == {"taken over: status": 1}
    (one,) = bench.find(Todo)
    assert (one.status, one.completed_at) == (Status.DONE, NOW)


def test_a_date_of_creation_that_was_not_told_before(bench: Workbench, bring: Bring) -> None:
    bring(b"* TODO Dig\n", name="x.org")
    report = bring(b"* DONE Dig\nCLOSED: [2025-04-01 Tue 10:00]\n", name="x.org")
    assert changes(report) == {"taken over: status, completion, creation": 1}
    (one,) = bench.find(Todo)
    assert (one.created_at, one.completed_at) == (at("2025-04-01T10:00"), at("2025-04-01T10:00"))
    assert bring(b"* DONE Digged\n", name="x.org").new == 1
    laws.hold(bench.db)


def test_what_was_opened_again_there_is_open(bench: Workbench, bring: Bring) -> None:
    bring(store(todos=[todo(status="completed")]))
    report = bring(store(todos=[todo(status="confirmed")]))
    assert changes(report) == {"taken over: status": 1}
    one = bench.get(Todo, "t1")
    assert (one.status, one.completed_at) == (Status.CONFIRMED, None)


def test_a_status_that_was_changed_here_stays_and_so_does_its_date(bench: Workbench, bring: Bring) -> None:
    bring(store(todos=[todo(), todo("t2")]))
    bench.drop("t1")
    ended = bench.done("t2", at=at("2025-02-01T12:00")).completed_at
    done = {"status": "completed", "completedAt": "2025-03-05T10:00:00Z"}
    report = bring(store(todos=[todo(**done), todo("t2", **done)]))
    assert changes(report) == {
        "changed here too, kept as it is here: status": 1,
        "changed here too, kept as it is here: completion": 1,
    }
    assert (bench.get(Todo, "t1").status, bench.get(Todo, "t1").completed_at) == (Status.DROPPED, None)
    assert bench.get(Todo, "t2").completed_at == ended


def test_what_a_file_does_not_tell_clears_nothing(bench: Workbench, bring: Bring) -> None:
    bring(table(HEADER, "1,Dig,Deep,House,open,2,2025-07-01,"))
    report = bring(table(HEADER, "1,Dig on,,,open,,,"))
    assert changes(report) == {"taken over: title": 1}
    (one,) = bench.find(Todo)
    assert (one.title, one.description, one.estimated_hours, one.due_date) == ("Dig on", "Deep", 2, "2025-07-01")
    assert one.status is Status.REFINED


def test_it_is_a_part_of_the_imports_edit(bench: Workbench, bring: Bring) -> None:
    bring(store(todos=[todo()]))
    before = replace(bench.get(Todo, "t1"), updated_at=0)
    later = store(todos=[todo(title="Theirs", status="completed"), todo("t2")])
    bring(later)
    assert len(bench.undo()) == 1
    assert [replace(one, updated_at=0) for one in bench.find(Todo)] == [before]
    again = bring(later)  # what was taken back counts as never brought
    assert changes(again) == {"taken over: title, status, completion": 1}
    bench.undo()
    bench.redo()
    assert bench.get(Todo, "t1").title == "Theirs"
    report = bring(store(todos=[todo(title="Third", status="completed"), todo("t2")]))
    assert changes(report) == {"taken over: title": 1}


def test_the_new_raw_record_is_kept_and_then_nothing_is_new(bench: Workbench, bring: Bring) -> None:
    bring(store(todos=[todo()]))
    later = store(todos=[todo(title="Theirs", colour="red")])
    bring(later)
    (record,) = bench.find(ImportRecord, external_id="todo:t1")
    assert '"colour":"red"' in record.raw.replace(" ", "")
    before, head = everything(bench.db), change_log.head(bench.db)
    report = bring(later)
    assert (report.new, report.there, report.changed) == (0, 1, 0)
    assert (everything(bench.db), change_log.head(bench.db)) == (before, head)


def test_a_promise_of_a_running_week_is_kept(bench: Workbench, bring: Bring) -> None:
    bring(store(todos=[todo(status="committed")]))
    promise = bench.commit("t1")
    run.commit(bench, run.plan(bench, store(todos=[todo(status="completed", completedAt=int(time.time() * 1000))])))
    assert bench.get(Commitment, promise.id).outcome is Outcome.DONE


def test_an_interval_that_was_open_gets_its_end(bench: Workbench, bring: Bring) -> None:
    bring(exported(tracked("20250301T080000Z", None, "Dig")))
    report = bring(exported(tracked("20250301T080000Z", "20250301T100000Z", "Dig")))
    assert accounted(report)
    (worked,) = bench.find(Session)
    assert worked.ended_at == at("2025-03-01T11:00")


def test_what_became_of_a_record_that_changed_stands_in_the_list_of_records(bench: Workbench, bring: Bring) -> None:
    bring(store(todos=[todo()]))
    report = bring(store(todos=[todo(title="Theirs")]))
    assert '"remarks": "taken over: title"' in report.records_as_json()
    assert report.as_dict()["changes"][0]["sentence"] == "taken over: title"


def test_what_a_task_leaves_out_clears_nothing(bench: Workbench, bring: Bring) -> None:
    bring(exported(warrior(priority="H", tags=["garden"])))
    report = bring(exported(warrior(description="Dig on")))
    assert changes(report) == {"taken over: title": 1}
    (one,) = bench.find(Todo)
    assert (one.title, one.priority, one.tags) == ("Dig on", Priority.HIGH, ("garden",))
    bring(store(todos=[todo(priority="high")], projects=[project(priority="high")]))
    del (bare := todo())["priority"]
    bring(store(todos=[bare], projects=[project(title="Theirs")]))
    assert (bench.get(Todo, "t1").priority, bench.get(Project, "p1").priority) == (Priority.HIGH, Priority.HIGH)


def test_a_project_that_was_finished_there_and_opened_again(bench: Workbench, bring: Bring) -> None:
    bring(store(projects=[project(progress=40)]))
    ended = {"status": "completed", "completedAt": "2025-03-05T10:00:00Z", "progress": 100}
    assert changes(bring(store(projects=[project(**ended)]))) == {"taken over: status, progress": 1}
    one = bench.get(Project, "p1")
    assert (one.status, one.completed_at, one.progress) == (ProjectStatus.COMPLETED, at("2025-03-05T11:00"), 100)
    assert changes(bring(store(projects=[project(progress=0)]))) == {"taken over: status, progress": 1}
    one = bench.get(Project, "p1")
    assert (one.status, one.completed_at, one.progress) == (ProjectStatus.ACTIVE, None, 0)
    laws.hold(bench.db)


def sp_project(bench: Workbench, bring: Bring, *, archived: bool) -> Project:
    one = {"id": "kTn8pRw5", "title": "Allotment", "taskIds": [], "isArchived": archived}
    bring(backup(task(), project=state(one)))
    return bench.find(Project)[0]


def todoist_project(bench: Workbench, bring: Bring, *, archived: bool) -> Project:
    one = {"id": "3", "name": "Old", "is_archived": archived, "created_at": "2025-04-01T10:00:00Z"}
    bring(json.dumps({"projects": [one], "items": []}).encode(), format="todoist")
    return bench.find(Project)[0]


@pytest.mark.parametrize("brought", [sp_project, todoist_project])
def test_a_project_that_left_the_archive(bench: Workbench, bring: Bring, brought: Any) -> None:
    assert brought(bench, bring, archived=True).status is ProjectStatus.ARCHIVED
    assert brought(bench, bring, archived=False).status is ProjectStatus.ACTIVE


OLD = "2025-03-02T09:00:00Z"  # before any import here
GUESSED = {
    "creation-store": (store(todos=[todo()]), store(todos=[todo(status="completed")])),
    "org": (b"* TODO Dig\nSCHEDULED: <2025-03-01 Sat>\n", b"* DONE Dig\nSCHEDULED: <2025-03-01 Sat>\n"),
    "super-productivity": (backup(task(title="Dig")), backup(task(title="Dig", isDone=True))),
    "task-csv": (
        table("id,title,status,created", "1,Dig,open,2025-03-01"),
        table("id,title,status,created", "1,Dig,done,2025-03-01"),
    ),
    "taskwarrior": (exported(warrior()), exported(warrior(status="completed"))),
    "todoist": tuple(
        json.dumps(
            {
                "items": [
                    {"id": "1", "project_id": "2", "content": "Dig", "labels": [], "checked": done, "added_at": OLD}
                ]
            }
        ).encode()
        for done in (False, True)
    ),
}


@pytest.mark.parametrize("format", GUESSED)
def test_what_was_open_at_the_last_import_was_not_finished_before_it(bench: Workbench, format: str) -> None:
    """Its last known day lies before: no week that is over counts it once more."""
    opened, ended = GUESSED[format]
    for data, now in ((opened, NOW), (ended, NOW + 99)):
        run.commit(bench, run.plan(bench, data, format=format, name="x.org" if format == "org" else None, now=now))
    (one,) = bench.find(Todo)
    assert one.status is Status.DONE
    assert one.completed_at == (NOW + 99 if format == "org" else NOW)  # org tells nothing that has happened
    laws.hold(bench.db)


def test_an_end_that_is_guessed_moves_no_end(bench: Workbench, bring: Bring) -> None:
    bring(exported(warrior(status="completed", modified="20250302T090000Z")))
    (before,) = bench.find(Todo)
    report = bring(exported(warrior(status="completed", modified="20250501T090000Z", description="Dug")))
    assert changes(report) == {"taken over: title": 1}
    assert bench.get(Todo, before.id).completed_at == before.completed_at
    ended = exported(warrior(status="completed", modified="20250501T090000Z", end="20250303T090000Z"))
    assert changes(bring(ended)) == {"taken over: title, completion": 1}
    assert bench.get(Todo, before.id).completed_at == at("2025-03-03T10:00")


def test_an_id_that_something_else_had_at_the_last_import(bench: Workbench, bring: Bring) -> None:
    bring(table("id,title,project", "1,Dig,house"), source="mine")
    (external_id,) = (one.external_id for one in bench.find(ImportRecord) if one.subject == "projects")
    before = everything(bench.db)["projects"]
    report = bring(table("id,title,notes", f"{external_id},Sow,Late"), source="mine")
    assert accounted(report)
    assert changes(report) == {"it was imported as something else": 1}
    assert everything(bench.db)["projects"] == before


def test_a_task_that_got_subtasks_keeps_no_hours_beside_theirs(bench: Workbench, bring: Bring) -> None:
    """Super Productivity moves a task's time into its first subtask: both would count."""
    shed = {"title": "Shed", "timeEstimate": 8 * HOUR, "timeSpentOnDay": {"2025-06-01": HOUR}}
    bring(backup(task("a", **shed), task("b", **shed)))
    bench.update(Todo, "b", estimated_hours=9)
    first = {"timeEstimate": 8 * HOUR, "timeSpentOnDay": {"2025-06-01": HOUR}}
    both = [task(id, **shed, subTaskIds=[f"{id}1"]) for id in ("a", "b")]
    subtasks = [task(f"{id}1", parentId=id, **first) for id in ("a", "b")]
    report = bring(backup(*both, *subtasks))
    assert changes(report) == {
        "taken over: estimate, first estimate, hours": 1,
        "taken over: first estimate, hours; changed here too, kept as it is here: estimate": 1,
    }
    one = bench.get(Todo, "a")
    assert (one.estimated_hours, one.original_estimate_hours, one.actual_hours) == (None, None, None)
    assert (bench.get(Todo, "b").estimated_hours, bench.get(Todo, "b").actual_hours) == (9, None)
    assert bench.get(Todo, "a1").actual_hours == 1
    laws.hold(bench.db)


def test_a_task_that_went_into_the_archive_without_being_done(bench: Workbench, bring: Bring) -> None:
    bring(backup(task("a")))
    assert changes(bring(backup(archiveOld=archive(task("a"))))) == {"taken over: status": 1}
    assert bench.get(Todo, "a").status is Status.DROPPED
    assert changes(bring(backup(task("a")))) == {"taken over: status": 1}
    assert bench.get(Todo, "a").status is Status.MATCHED


def test_how_often_something_repeats(bench: Workbench, bring: Bring) -> None:
    weeds = {"status": "recurring", "due": "20250605T100000Z", "description": "Weed"}
    bring(exported(warrior(**weeds, recur="weekly")))
    report = bring(exported(warrior(**weeds, recur="monthly", until="20261231T100000Z")))
    assert changes(report) == {"taken over: rule, last day": 1}
    (one,) = bench.find(Recurrence)
    assert (one.rule, one.ends_on) == ("FREQ=MONTHLY", "2026-12-31")
    laws.hold(bench.db)


def test_a_heading_with_an_id_that_was_moved(bench: Workbench, bring: Bring) -> None:
    dig = "** TODO Dig\n:PROPERTIES:\n:ID: x1\n:END:\n"
    bring(f"* House\n{dig}* Garden\n** TODO Sow\n".encode(), name="x.org")
    report = bring(f"* House\n** TODO Sweep\n* Garden :outside:\n** TODO Sow\n{dig}".encode(), name="x.org")
    assert changes(report)["taken over: project, tags"] == 1
    (one,) = bench.find(Todo, title="Dig")
    assert (bench.get(Project, str(one.project_id)).title, one.tags) == ("Garden", ("outside",))


def test_the_priority_of_what_is_closed(bench: Workbench, bring: Bring) -> None:
    """A list of what is completed doesn't tell it; where a file does, it counts."""
    one = {"id": "1", "content": "Dig", "added_at": "2025-04-01T10:00:00Z"}
    ended = {"checked": True, "completed_at": "2025-06-01T10:00:00Z"}
    for more, priority in (
        ({"priority": 4}, Priority.URGENT),
        (ended, Priority.URGENT),
        (ended | {"priority": 3}, Priority.HIGH),
    ):
        bring(json.dumps({"items": [one | more]}).encode(), format="todoist")
        assert bench.find(Todo)[0].priority is priority


def test_the_estimate_of_what_was_started_since(bench: Workbench, bring: Bring) -> None:
    """The first one counts as the original: the one known before the start, else the one told with it."""
    header = "id,title,status,created,started,estimate"
    bring(table(header, "1,Dig,open,2025-03-01,,2", "2,Sow,open,2025-03-01,,"))
    bring(table(header, "1,Dig,doing,2025-03-01,2025-06-01,3", "2,Sow,doing,2025-03-01,2025-06-01,4"))
    found = {one.title: (one.original_estimate_hours, one.estimated_hours) for one in bench.find(Todo)}
    assert found == {"Dig": (2, 3), "Sow": (4, 4)}


def test_an_older_file_takes_nothing_back(bench: Workbench, bring: Bring) -> None:
    """It may be read for what it alone still holds; by its own date it is known as the older one."""
    old = exported(warrior(), warrior(2))
    ended = {"status": "completed", "end": "20250601T090000Z", "modified": "20250601T090000Z"}
    new = exported(warrior(description="Dug", **ended))
    bring(new)
    report = bring(old)
    assert accounted(report)
    assert changes(report) == {"it is older than what was imported before, by its own date: kept as it is here": 1}
    assert report.new == 1
    assert (bench.get(Todo, uuid()).title, bench.get(Todo, uuid()).status) == ("Dug", Status.DONE)
    assert bring(new).there == 1
    laws.hold(bench.db)


def test_a_start_after_the_end_that_it_has_here(bench: Workbench, bring: Bring) -> None:
    bring(store(todos=[todo(**ONE)]))
    bench.done("t1", at=at("2025-03-01T12:00"))
    started = {"status": "completed", "startedAt": "2025-03-04T10:00:00Z", "completedAt": "2025-03-05T10:00:00Z"}
    report = bring(store(todos=[todo(**ONE | started)]))
    assert changes(report) == {"changed here too, kept as it is here: completion, start": 1}
    assert bench.get(Todo, "t1").started_at is None


def test_a_clock_that_was_open_or_corrected(bench: Workbench, bring: Bring) -> None:
    def clocks(*ends: str) -> bytes:
        lines = [f"CLOCK: [2025-03-0{day} Mon 09:00]{end}" for day, end in enumerate(ends, 1)]
        return "\n".join(["* TODO Dig", ":LOGBOOK:", *lines, ":END:", ""]).encode()

    bring(clocks("", "--[2025-03-02 Sun 10:00] =>  1:00"), name="x.org")
    later = clocks("--[2025-03-01 Sat 11:00] =>  2:00", "--[2025-03-02 Sun 10:30] =>  1:30")
    report = bring(later, name="x.org")
    assert told(report.issues)["a session of it changed; taken over: end"] == 2
    assert bench.find(Todo)[0].actual_hours == 3.5
    before = everything(bench.db)
    bring(later, name="x.org")
    assert everything(bench.db) == before
    laws.hold(bench.db)
