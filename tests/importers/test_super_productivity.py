"""A backup of Super Productivity: every shape and trap of it."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orc_lab.errors import OrcError, UnreadableFile
from orc_lab.importers import run
from orc_lab.importers.creation import export as creation_store
from orc_lab.importers.reading.source import Source
from orc_lab.importers.report import Report
from orc_lab.importers.super_productivity import backup as super_productivity
from orc_lab.model.codec import columns
from orc_lab.model.entities import (
    Activity,
    ImportRecord,
    Priority,
    Project,
    ProjectStatus,
    Recurrence,
    Session,
    Status,
    Todo,
)
from orc_lab.workbench.bench import Workbench
from tests.importers.conftest import Bring
from tests.importers.files import accounted, at, everything, store, told
from tests.importers.files_of_tools import HOUR, archive, backup, cut, lawful, ms, state, task
from tests.past import rows_as_of
from tests.store import laws

TOKENS = ("ghp_4f9s8dfh3", "hunter2", "jira-pass-81", "dbx-access-55", "plugin-key-7")


def everywhere(bench: Workbench, report: Report) -> str:
    """All that is kept of a file: the raw records and the copy."""
    raws = [record.raw for record in bench.find(ImportRecord)]
    return "\n".join([*raws, Path(report.kept or "").read_text()])


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("wrapped", [True, False])
def test_with_and_without_its_wrapping(bench: Workbench, bring: Bring, wrapped: bool, indent: int | None) -> None:
    data = json.loads(backup(task("a"), archiveOld=archive(task("b", isDone=True, doneOn=ms("2024-11-26T12:00")))))
    text = json.dumps(data if wrapped else data["data"], indent=indent)
    assert super_productivity.identify(text, "x") > creation_store.identify(text, "x.json")
    report = bring(text.encode())
    assert (report.format, report.new, report.left_out) == ("super-productivity", 3, [])
    assert {one.id: one.status for one in bench.find(Todo)} == {"a": Status.MATCHED, "b": Status.DONE}
    assert [one.title for one in bench.find(Project)] == ["Allotment"]


def test_a_backup_of_before_the_second_archive(bench: Workbench, bring: Bring) -> None:
    old = {"task": state(task("a", plannedAt=ms("2025-08-01T22:30"))), "taskArchive": state(task("b", isDone=True))}
    report = bring(json.dumps({"lastLocalSyncModelChange": 1, **old, "archivedProjects": {"p": "N4Ig"}}).encode())
    assert (report.format, report.new) == ("super-productivity", 2)
    assert bench.get(Todo, "a").due_date == "2025-08-01"
    assert any("archivedProjects" in note for note in report.notes)


def test_finished_work_lies_in_both_archives(bench: Workbench, bring: Bring) -> None:
    done = {"isDone": True, "doneOn": ms("2024-12-01T12:00")}
    report = bring(
        backup(task("a"), archiveYoung=archive(task("b", **done), task("c")), archiveOld=archive(task("d", **done)))
    )
    found = {one.id: one for one in bench.find(Todo)}
    assert {id: one.status for id, one in found.items()} == {
        **{"a": Status.MATCHED, "b": Status.DONE, "d": Status.DONE},
        "c": Status.DROPPED,
    }
    assert found["b"].completed_at == at("2024-12-01T12:00")
    assert told(report.issues)["it lies in the archive without being done: taken as dropped"] == 1


def test_milliseconds_become_hours_on_the_days_of_the_person(bench: Workbench, bring: Bring) -> None:
    days = {"2024-11-27": HOUR // 2, "2024-11-25": HOUR, "2024-12-02": 2 * HOUR}
    done = {"isDone": True, "doneOn": ms("2024-12-02T16:10"), "modified": ms("2024-12-03T09:00")}
    bring(backup(archiveOld=archive(task("a", timeSpentOnDay=days, timeEstimate=3 * HOUR, timeSpent=9, **done))))
    found = bench.get(Todo, "a")
    assert (found.estimated_hours, found.original_estimate_hours) == (3.0, 3.0)
    assert (found.adjusted_hours, found.actual_hours) == (3.5, 3.5)
    assert (found.created_at, found.started_at) == (at("2024-11-25T08:00"), at("2024-11-25T09:00"))
    assert (found.completed_at, found.updated_at) == (at("2024-12-02T16:10"), at("2024-12-03T09:00"))
    assert bench.count(Session) == 0  # nothing tells at which hour of a day the work was done
    for when, hours in (
        *(("2024-11-25T16:00", None), ("2024-11-25T17:30", 1.0), ("2024-11-26T23:00", 1.0)),
        *(("2024-11-28T00:00", 1.5), ("2024-12-02T16:10", 3.5)),
    ):
        (then,) = rows_as_of(bench.db, Todo, at(when))
        assert then[columns(Todo).index("adjusted_hours")] == hours, when
    laws.hold(bench.db)


def test_only_leaves_are_counted(bench: Workbench, bring: Bring) -> None:
    spent = {"timeSpentOnDay": {"2024-11-25": 3 * HOUR}, "timeSpent": 3 * HOUR, "timeEstimate": 4 * HOUR}
    leaf = {"timeSpentOnDay": {"2024-11-25": 3 * HOUR}, "timeEstimate": 4 * HOUR, "parentId": "a"}
    report = bring(
        backup(
            task("a", subTaskIds=["b", "gone"], **spent),
            task("b", **leaf),
            task("c", subTaskIds=["gone"], **spent),
            task("d", **{**spent, "timeSpentOnDay": {"2024-11-25": HOUR}}),
            task("e", parentId="d"),
        )
    )
    found = {one.id: one for one in bench.find(Todo)}
    assert {id: one.actual_hours for id, one in found.items()} == {"a": None, "b": 3.0, "c": 3.0, "d": None, "e": None}
    assert {id: one.estimated_hours for id, one in found.items()} == {
        **{"a": None, "b": 4.0, "c": 4.0},
        **{"d": None, "e": None},
    }
    assert (found["b"].parent_id, found["e"].parent_id) == ("a", "d")
    assert told(report.issues) == {
        "it has time beside its subtasks': not counted, kept in the raw record": 1,
        "it has an estimate, its subtasks have none: not counted, kept in the raw record": 1,
    }


@pytest.mark.parametrize(
    ("fields", "due", "snoozed"),
    [
        ({"dueDay": "2025-07-01"}, "2025-07-01", None),
        ({"dueWithTime": ms("2025-07-01T23:30")}, "2025-07-01", None),
        ({"dueWithTime": ms("2025-07-01T02:00")}, "2025-07-01", None),  # midnight in UTC
        ({"dueDay": "2025-07-01", "dueWithTime": ms("2025-07-02T09:00")}, "2025-07-02", None),
        ({"dueDay": "2025-07-01", "deadlineDay": "2025-07-09"}, "2025-07-09", "2025-07-01"),
        ({"dueDay": "2025-05-01", "deadlineDay": "2025-07-09"}, "2025-07-09", None),
        ({"deadlineWithTime": ms("2025-07-09T12:00")}, "2025-07-09", None),
        ({"dueDay": "someday"}, None, None),
    ],
)
def test_when_a_task_is_due(
    bench: Workbench, bring: Bring, fields: dict[str, Any], due: str | None, snoozed: str | None
) -> None:
    bring(backup(task("a", **fields)))
    found = bench.get(Todo, "a")
    assert (found.due_date, found.snoozed_until) == (due, snoozed)


def test_projects_tags_and_the_inbox(bench: Workbench, bring: Bring) -> None:
    projects = state(
        {"id": "INBOX_PROJECT", "title": "Inbox"},
        {"id": "kTn8pRw5", "title": "Allotment", "targetDate": "2025-09-01"},
        {"id": "old1", "title": "Shed", "isArchived": True},
    )
    report = bring(
        backup(
            task("a", projectId="INBOX_PROJECT", tagIds=["TODAY", "mVb2xNc7", "lost"], priority=3),
            task("b", projectId="old1", modified=ms("2024-12-24T10:00"), notes="line\n- [ ] box", priority="low"),
            task("c", projectId="nowhere"),
            project=projects,
        )
    )
    a, b, c = (bench.get(Todo, id) for id in "abc")
    assert (a.project_id, a.status, a.tags, a.priority) == (None, Status.DUMPED, ("outdoors",), Priority.HIGH)
    assert (b.project_id, b.description, b.priority) == ("old1", "line\n- [ ] box", Priority.LOW)
    assert c.project_id is None
    shed = bench.get(Project, "old1")
    assert (shed.status, shed.created_at) == (ProjectStatus.ARCHIVED, at("2024-11-25T08:00"))
    assert shed.updated_at == at("2024-12-24T10:00")
    assert bench.get(Project, "kTn8pRw5").due_date == "2025-09-01"
    assert told(report.left_out) == {"it is the inbox: its tasks are of no project": 1}
    assert told(report.issues) == {
        "a tag that it names is not there: left out": 1,
        "the project that it names is not there: imported without it": 1,
    }


def test_tokens_are_neither_imported_nor_kept(bench: Workbench, bring: Bring) -> None:
    report = bring(
        backup(
            task("a", issueId="42", issueLastSyncedValues={"apiToken": TOKENS[0], "x": 1}),
            globalConfig={"sync": {"webDav": {"password": TOKENS[1], "userName": "someone"}}},
            issueProvider=state({"id": "j", "issueProviderKey": "JIRA", "password": TOKENS[2]}),
            project=state({"id": "kTn8pRw5", "title": "A", "issueIntegrationCfgs": {"GITHUB": {"key": TOKENS[3]}}}),
            pluginUserData=[{"id": "p", "data": json.dumps({"k": TOKENS[4]})}],
            reminders=[{"id": "r", "accessToken": TOKENS[0]}],
            somethingNew={"a": {"b": TOKENS[1]}},
        )
    )
    kept = everywhere(bench, report)
    assert not [token for token in TOKENS if token in kept]
    assert "someone" not in kept
    (note,) = [note for note in report.notes if "neither imported nor kept" in note]
    assert "globalConfig, issueProvider, pluginUserData, somethingNew" in note
    copy = json.loads(Path(report.kept or "").read_text())
    assert copy["data"]["task"]["entities"]["a"]["issueId"] == "42"
    again = bring(report.kept)
    assert (again.new, again.there, again.changed) == (0, report.new, 0)


def test_what_has_no_place_is_named(bring: Bring) -> None:
    report = bring(
        backup(
            task("a", attachments=[{"path": "https://example.org", "type": "LINK"}], mood="fine"),
            metric=state({"id": "2024-11-25", "mood": 5}),
            simpleCounter=state(),
            planner={"days": {}},
        )
    )
    text = " ".join(report.notes)
    assert "attachments (1), mood (1)" in text.replace("mood (1), attachments (1)", "attachments (1), mood (1)")
    assert "Passed over, kept in the copy of the file only: metric." in text


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        (
            {"repeatCycle": "WEEKLY", "repeatEvery": 2, "monday": True, "friday": True},
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR",
        ),
        ({"repeatCycle": "DAILY", "repeatEvery": 1}, "FREQ=DAILY"),
        ({"repeatCycle": "MONTHLY", "repeatEvery": 1, "startDate": "2025-01-15"}, "FREQ=MONTHLY;BYMONTHDAY=15"),
        ({"repeatCycle": "MONTHLY", "monthlyWeekOfMonth": -1, "monthlyWeekday": 0}, "FREQ=MONTHLY;BYDAY=-1SU"),
        ({"repeatCycle": "MONTHLY", "monthlyLastDay": True}, "FREQ=MONTHLY;BYMONTHDAY=-1"),
        ({"repeatCycle": "YEARLY", "repeatEvery": 1}, "FREQ=YEARLY"),
        ({"repeatCycle": "WEEKLY", "rrule": "FREQ=WEEKLY;BYDAY=SA;COUNT=10"}, "FREQ=WEEKLY;BYDAY=SA;COUNT=10"),
        ({"repeatCycle": "WEEKLY"}, "its rule can't be read"),
        ({"repeatCycle": "FORTNIGHTLY"}, "its rule can't be read"),
        ({"repeatCycle": "DAILY", "repeatEvery": True}, "its rule can't be read"),
        ({"repeatCycle": "DAILY", "rrule": "FREQ=SECONDLY; DROP"}, "its rule can't be read"),
        ({"repeatCycle": "DAILY", "isPaused": True}, "it is paused"),
    ],
)
def test_repeating_tasks(bench: Workbench, bring: Bring, fields: dict[str, Any], rule: str) -> None:
    cfg = {"id": "r1", "title": "Water", "projectId": "kTn8pRw5", "defaultEstimate": HOUR // 2, "tagIds": []}
    report = bring(backup(taskRepeatCfg=state({**cfg, "lastTaskCreationDay": "2025-02-03", **fields})))
    found = bench.find(Recurrence)
    assert told(report.left_out) == ({} if found else {rule: 1})
    if found:
        (one,) = found
        assert (one.rule, one.starts_on) == (rule, fields.get("startDate", "2025-02-03"))
        assert json.loads(one.template) == {"title": "Water", "project_id": "kTn8pRw5", "estimated_hours": 0.5}


def test_notes_stand_among_what_happened_to_their_project(bench: Workbench, bring: Bring) -> None:
    notes = state(
        {"id": "n1", "projectId": "kTn8pRw5", "content": "Order *seeds*", "created": ms("2025-01-02T10:00")},
        {"id": "n2", "projectId": None, "content": "Today only", "created": 1},
        {"id": "n3", "projectId": "gone", "content": "Lost", "created": ms("2025-01-02T10:00")},
    )
    report = bring(backup(task("a"), note=notes))
    (note,) = (one for one in bench.find(Activity) if one.kind == "note")
    assert (note.subject_id, note.new, note.occurred_at) == ("kTn8pRw5", "Order *seeds*", at("2025-01-02T10:00"))
    assert told(report.left_out) == {
        "it is a note of no project: orc has no place for it": 1,
        "the project that it names is not there": 1,
    }


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"created": None}, "it has no date of creation: taken as now"),
        ({"created": "soon"}, "its created date can't be read: left empty"),
        ({"created": ms("2031-01-01T00:00")}, "its created date lies in the future: taken as now"),
        ({"title": ""}, "it has no title: called (untitled)"),
        ({"timeEstimate": "long"}, "its estimate is no amount of time: left empty"),
        ({"timeEstimate": -1}, "its estimate is no amount of time: left empty"),
        ({"timeSpentOnDay": [1]}, "its time is not told by day: left out"),
        ({"timeSpentOnDay": {"2024-11-31": 5}}, "some of its time has no day or amount that can be read: left out"),
        ({"timeSpentOnDay": {"2024-11-30": "x"}}, "some of its time has no day or amount that can be read: left out"),
        ({"timeSpentOnDay": {"2031-01-01": 5}}, "some of its time lies in the future: taken as now"),
        ({"timeSpentOnDay": {"2024-11-01": 5}}, "some of its time was spent before it was created: taken as then"),
        ({"timeSpent": HOUR}, "its time is not told by day: taken as known with its last change"),
        ({"isDone": "yes"}, "whether it is done is neither true nor false: taken as not done"),
        ({"isDone": True}, "it is done, but nothing says since when: taken as its last known day"),
        (
            {"isDone": True, "doneOn": ms("2024-01-01T00:00")},
            "it was completed before it was created: taken as completed then",
        ),
        ({"projectId": {"a": 1}}, "its project is no id: left empty"),
        ({"parentId": "gone"}, "the parent that it names is not there: imported without it"),
        ({"tagIds": "x"}, "its tags are no list: left out"),
        ({"priority": 9}, "its priority is unknown: taken as medium"),
        ({"notes": {"a": 1}}, "its description is no text: left empty"),
    ],
)
def test_an_odd_task_is_imported_and_told(
    bench: Workbench, bring: Bring, fields: dict[str, Any], sentence: str
) -> None:
    report = bring(backup(task("a", **fields)))
    assert sentence in told(report.issues)
    assert accounted(report)
    assert bench.count(Todo) == 1
    laws.hold(bench.db)


def test_what_is_no_task_blocks_nothing(bench: Workbench, bring: Bring) -> None:
    deep = "[" * 5000 + "]" * 5000
    text = backup(task("a"), task("b"), task("c"), task("d")).decode()
    for id, instead in (("b", '"text"'), ("c", deep), ("d", "9" * 5000)):
        text = text.replace(json.dumps(task(id)), instead)
    report = bring(text.encode())
    assert [one.id for one in bench.find(Todo)] == ["a"]
    assert told(report.left_out) == {
        "it is no record": 1,
        "it is nested too deeply": 1,
        "it holds a number of too many digits": 1,
    }
    assert accounted(report)
    again = bring(text.encode())
    assert (again.new, again.changed) == (0, 0)


def test_the_same_task_twice_is_one(bench: Workbench, bring: Bring) -> None:
    newer = task("a", title="Newer", modified=ms("2025-01-05T10:00"))
    report = bring(backup(task("a", title="Older"), archiveYoung=archive(newer), archiveOld=archive(newer)))
    assert [one.title for one in bench.find(Todo)] == ["Newer"]
    assert told(report.left_out) == {
        "the file holds a newer record with the same id": 1,
        "the same record stands in the file again": 1,
    }
    assert accounted(report)


def test_a_later_backup_brings_what_is_new(bench: Workbench, bring: Bring) -> None:
    bring(backup(task("a"), task("b")))
    before = everything(bench.db)
    again = bring(backup(task("a"), task("b")))
    assert (again.new, again.there, everything(bench.db) == before) == (0, 3, True)
    later = bring(backup(task("a", title="Renamed"), archiveYoung=archive(task("b"), task("c", parentId="a"))))
    assert (later.new, later.changed, later.there) == (1, 2, 1)
    assert bench.get(Todo, "c").parent_id == "a"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b'{"crossModelVersion": 4.5, "data": {}}', "it holds no tasks or projects"),
        (b'{"crossModelVersion": 4.5, "data": {"task": {"ids": [], "entities": {"a": {}', "it is not JSON"),
        (b'{"crossModelVersion": 4.5} x', "it is not JSON"),
        (b"pf_C4.5__H4sIAAAA", "it is the file that Super Productivity syncs with"),
        (b"[]", "it is not JSON"),
    ],
)
def test_what_is_no_backup_changes_nothing(bench: Workbench, data: bytes, why: str) -> None:
    with pytest.raises(UnreadableFile, match=why):
        run.plan(bench, data, format="super-productivity")


def test_other_formats_are_left_to_others() -> None:
    for text in (
        store(todos=[{"title": '"crossModelVersion": 4'}]).decode(),
        "a,b\n1,2\n",
        "[]",
        '{"task": []}',
        "* TODO x",
    ):
        assert super_productivity.identify(text, "x.json") == 0.0
    assert run.identify(Source(name="x", data=backup(task("a", title="creation-store")))) is super_productivity


_DAYS = st.sampled_from(["2024-11-25", "2024-12-31", "2025-03-30", "2031-01-01", "x", "2024-02-30"])
_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.sampled_from(["a", "b", "p"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | _DAYS, inner, max_size=3),
    max_leaves=5,
)
_FIELDS = [*task(), "doneOn", "modified", "parentId", "dueDay", "dueWithTime", "deadlineDay", "plannedAt", "notes"]
_FIELDS += ["priority", "content", "isArchived", "repeatCycle", "repeatEvery", "startDate", "targetDate", "apiKey"]
_RECORDS = _ANY | st.builds(
    lambda id, changed: task(id) | changed, st.sampled_from(["a", "b"]), st.dictionaries(st.sampled_from(_FIELDS), _ANY)
)
_ENTITIES = st.dictionaries(st.sampled_from(["a", "b", "p", ""]), _RECORDS, max_size=3)
_SECTIONS = st.fixed_dictionaries(
    {"task": st.builds(lambda held: {"ids": list(held), "entities": held}, _ENTITIES)},
    optional={
        name: _ANY | st.builds(lambda held: {"ids": [], "entities": held, "task": {"entities": held}}, _ENTITIES)
        for name in ("project", "tag", "note", "taskRepeatCfg", "archiveYoung", "archiveOld", "taskArchive", "metric")
    },
)


FUZZED = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZED
@given(found=_SECTIONS)
def test_any_sections(template: Path, found: dict[str, Any]) -> None:
    data = json.dumps({"timestamp": 1, "crossModelVersion": 4.5, "data": found}).encode()
    with contextlib.suppress(UnreadableFile):  # where no section holds a record
        report = lawful(template, data, "super-productivity")
        assert report.records >= len(found["task"]["entities"])


@FUZZED
@given(cuts=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 9), st.binary(max_size=6)), min_size=1, max_size=4))
def test_a_damaged_backup_is_read_or_refused(template: Path, cuts: list[tuple[int, int, bytes]]) -> None:
    data = backup(task("a", timeSpentOnDay={"2024-11-25": HOUR}), archiveYoung=archive(task("b", isDone=True)))
    with contextlib.suppress(OrcError):
        lawful(template, cut(data, cuts), "super-productivity")
