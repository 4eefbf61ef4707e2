"""Exports of Taskwarrior and Timewarrior: every shape and trap of them."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orc_lab.errors import InvalidValue, OrcError, UnreadableFile
from orc_lab.importers import run
from orc_lab.importers.creation import export as creation_store
from orc_lab.importers.reading.source import Source
from orc_lab.importers.tables.mapping import ColumnMapping
from orc_lab.importers.taskwarrior import export as taskwarrior
from orc_lab.importers.taskwarrior import templates, timewarrior
from orc_lab.model.codec import columns
from orc_lab.model.entities import Activity, Link, Priority, Project, Session, Status, Todo
from orc_lab.workbench.bench import Workbench
from tests.importers.conftest import Bring
from tests.importers.files import accounted, at, everything, told
from tests.importers.files_of_tools import backup, cut, exported, lawful, task, tracked, uuid, warrior
from tests.past import rows_as_of
from tests.store import laws


def lines(*records: Any, separator: str = "\n") -> bytes:
    return separator.join(map(json.dumps, records)).encode() + b"\n"


@pytest.mark.parametrize(
    "data",
    [
        exported(warrior(1), warrior(2)),
        json.dumps([warrior(1), warrior(2)], indent=1).encode(),
        lines(warrior(1), warrior(2)),
        lines(warrior(1), warrior(2), separator=",\n"),
        exported(warrior(1)) + exported(warrior(2)),
        b"\xef\xbb\xbf" + exported(warrior(1), warrior(2)),
    ],
    ids=["array", "indented", "lines", "lines with commas", "two exports", "byte order mark"],
)
def test_every_shape_holds_the_same(bench: Workbench, bring: Bring, data: bytes) -> None:
    assert taskwarrior.identify(data.decode(), "x") > creation_store.identify(data.decode(), "x.json")
    report = bring(data)
    assert (report.format, report.new, report.notes) == ("taskwarrior", 2, ())
    assert [(one.id, one.title, one.status) for one in bench.find(Todo, order="title")] == [
        (uuid(1), "Task 1", Status.DUMPED),
        (uuid(2), "Task 2", Status.DUMPED),
    ]


def test_a_task_with_everything(bench: Workbench, bring: Bring) -> None:
    done = {"status": "completed", "id": 0, "start": "20250303T080000Z", "end": "20250304T153000Z"}
    bring(
        exported(
            warrior(
                project="home.garden",
                tags=["next", "outdoors"],
                priority="H",
                due="20250327T230000Z",
                estimate="PT1H30M",
                modified="20250305T070000Z",
                **done,
            )
        )
    )
    found = bench.get(Todo, uuid())
    (garden,) = bench.find(Project)
    assert (garden.title, garden.created_at, found.project_id) == ("home.garden", at("2025-03-01T10:00"), garden.id)
    assert (found.tags, found.priority, found.due_date) == (("next", "outdoors"), Priority.HIGH, "2025-03-28")
    assert (found.estimated_hours, found.original_estimate_hours) == (1.5, 1.5)
    assert (found.created_at, found.started_at) == (at("2025-03-01T10:00"), at("2025-03-03T09:00"))
    assert (found.status, found.completed_at) == (Status.DONE, at("2025-03-04T16:30"))
    assert found.updated_at == at("2025-03-05T08:00")
    for when, status in (
        *(("2025-03-02T00:00", "refined"), ("2025-03-03T12:00", "committed")),
        *(("2025-03-05T00:00", "done"),),
    ):
        (then,) = rows_as_of(bench.db, Todo, at(when))
        assert then[columns(Todo).index("status")] == status, when
    laws.hold(bench.db)


@pytest.mark.parametrize(
    ("fields", "status", "snoozed"),
    [
        ({"status": "pending"}, Status.DUMPED, None),
        ({"status": "pending", "start": "20250302T080000Z"}, Status.COMMITTED, None),
        ({"status": "waiting", "wait": "20250731T220000Z"}, Status.DUMPED, "2025-08-01"),
        ({"status": "pending", "wait": "20250731T220000Z"}, Status.DUMPED, "2025-08-01"),
        ({"status": "pending", "wait": "20250331T220000Z"}, Status.DUMPED, None),
        ({"status": "pending", "scheduled": "20250731T220000Z"}, Status.DUMPED, "2025-08-01"),
        ({"status": "completed", "end": "20250302T080000Z", "wait": "20250731T220000Z"}, Status.DONE, None),
        ({"status": "deleted", "end": "20250302T080000Z"}, Status.DROPPED, None),
    ],
)
def test_every_status(
    bench: Workbench, bring: Bring, fields: dict[str, Any], status: Status, snoozed: str | None
) -> None:
    report = bring(exported(warrior(**fields)))
    found = bench.get(Todo, uuid())
    assert (found.status, found.snoozed_until, report.issues) == (status, snoozed, [])
    assert found.completed_at == (at("2025-03-02T09:00") if status is Status.DONE else None)


def test_templates_of_recurring_tasks_without_a_rule_are_left_out_and_told(bench: Workbench, bring: Bring) -> None:
    template = warrior(1, status="recurring", recur="hourly", mask="+-", due="20250310T090000Z", project="only.here")
    child = warrior(2, parent=uuid(1), imask=0, recur="weekly", rtype="periodic")
    report = bring(exported(template, child))
    assert [one.id for one in bench.find(Todo)] == [uuid(2)]
    assert told(report.left_out) == {templates.NO_RULE: 1}
    assert bench.count(Project) == 0


@pytest.mark.parametrize("depends", [[uuid(1), uuid(3)], f"{uuid(1)},{uuid(3)}", [uuid(1), uuid(1), uuid(2), uuid(3)]])
def test_a_task_waits_for_others(bench: Workbench, bring: Bring, depends: Any) -> None:
    report = bring(exported(warrior(2, depends=depends), warrior(1), warrior(3)))
    assert {(one.blocker_id, one.blocked_id) for one in bench.find(Link)} == {(uuid(1), uuid(2)), (uuid(3), uuid(2))}
    assert report.issues == []


def test_a_task_waits_for_one_that_is_not_there(bench: Workbench, bring: Bring) -> None:
    report = bring(exported(warrior(2, depends=[uuid(9)])))
    assert bench.count(Link) == 0
    assert told(report.issues) == {"a link of it was left out: the todo that it names is not there": 1}


def test_annotations_are_notes_at_their_time(bench: Workbench, bring: Bring) -> None:
    said = [
        {"entry": "20250301T120000Z", "description": "Ask the neighbour"},
        {"entry": "20250302T120000Z", "description": "She said yes"},
        *({"entry": "soon", "description": "When?"}, {"entry": "20250302T120000Z"}, "none", None),
    ]
    data = exported(warrior(annotations=said))
    bring(data)
    notes = [one for one in bench.find(Activity) if one.kind == "note"]
    assert {(one.new, one.occurred_at) for one in notes} == {
        ("Ask the neighbour", at("2025-03-01T13:00")),
        ("She said yes", at("2025-03-02T13:00")),
        ("When?", at("2025-03-01T10:00")),
    }
    assert {one.subject_id for one in notes} == {uuid()}


@pytest.mark.parametrize(
    ("attribute", "told_as", "hours"),
    [
        ("estimate", "PT1H30M", 1.5),
        ("est", "2h", 2.0),
        ("est", "90min", 1.5),
        ("Estimated", 3, 3.0),
        ("estimate", 0.5, 0.5),
        ("estimate", "4", 4.0),
        ("est_min", 45, 0.75),
        ("effort", "P1DT6H", 30.0),
        ("est", "P1D", 24.0),
        ("est", "a while", None),
        ("points", 5, None),
    ],
)
def test_an_estimate_is_an_attribute_of_the_persons_own(
    bench: Workbench, bring: Bring, attribute: str, told_as: Any, hours: float | None
) -> None:
    report = bring(exported(warrior(**{attribute: told_as}), warrior(2)))
    assert bench.get(Todo, uuid()).estimated_hours == hours
    assert any(repr(attribute) in note for note in report.notes) == (attribute != "points")
    odd = {"P1D": "its estimate counts whole days: taken as 24 h each, as Taskwarrior does"}
    odd["a while"] = "its estimate is no amount of hours: left empty"
    assert list(told(report.issues)) == [odd[sentence] for sentence in [told_as] if sentence in odd]


def test_a_mapping_names_the_estimate_and_its_unit(bench: Workbench, bring: Bring) -> None:
    mapping = ColumnMapping(columns={"estimate": "size", "actual": "took"}, unit="min")
    done = {"status": "completed", "end": "20250302T080000Z"}
    report = bring(exported(warrior(size=90, took="PT2H", estimate=7, **done)), mapping=mapping)
    found = bench.get(Todo, uuid())
    assert (found.estimated_hours, found.actual_hours) == (1.5, 2.0)
    assert any("estimate (1)" in note for note in report.notes)
    with pytest.raises(InvalidValue, match="one that a task has: points"):
        bring(exported(warrior(points=3)), mapping=mapping)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"status": "someday"}, "its status is unknown: taken as pending"),
        ({"status": None}, "its status is unknown: taken as pending"),
        ({"status": ["x"]}, "its status is unknown: taken as pending"),
        ({"entry": None}, "it has no date of creation: taken as its first known date"),
        ({"entry": "20251399T250000Z"}, "its created date can't be read: left empty"),
        ({"entry": "00010101T000000Z"}, "its created date can't be read: left empty"),
        ({"entry": "20310101T000000Z"}, "its created date lies in the future: taken as now"),
        ({"description": None}, "it has no title: called (untitled)"),
        ({"description": "x" * 2000}, "its title is longer than 1000 characters: cut"),
        ({"description": "half \ud800"}, "its title held characters that no text can hold: replaced"),
        ({"status": "completed"}, "it is done, but nothing says since when: taken as its last known day"),
        ({"status": "deleted", "end": "20200101T000000Z"}, "it was closed before it was created: taken as closed then"),
        (
            {"status": "completed", "end": "20250302T000000Z", "start": "20250401T000000Z"},
            "it was started outside of its life: taken as the nearer end",
        ),
        ({"priority": "X"}, "its priority is unknown: taken as medium"),
        ({"due": "tomorrow"}, "its due date can't be read: left empty"),
        ({"tags": [7, "x"]}, "some of its tags can't be read: left out, kept in the raw record"),
        ({"depends": {"a": 1}}, "some of its depends can't be read: left out, kept in the raw record"),
        ({"annotations": "x"}, "some of its annotations can't be read: left out, kept in the raw record"),
        ({"project": 7}, "some of its project can't be read: left out, kept in the raw record"),
        ({"uuid": None}, "it has no uuid: known by its content, and new once that changes"),
    ],
)
def test_an_odd_task_is_imported_and_told(
    bench: Workbench, bring: Bring, fields: dict[str, Any], sentence: str
) -> None:
    report = bring(exported(warrior(**fields), warrior(2)))
    assert sentence in told(report.issues)
    assert accounted(report)
    assert bench.count(Todo) == 2
    laws.hold(bench.db)


def test_what_is_no_task_blocks_nothing(bench: Workbench, bring: Bring) -> None:
    good = json.dumps(warrior(1)), json.dumps(warrior(2))
    bad = ['{"uuid": "cut off', '"text"', '{"a": ' + "[" * 5000 + "]" * 5000 + "}", "7", "{}", "{}"]
    data = "[\n" + ",\n".join([good[0], *bad, json.dumps(tracked("20250301T090000Z", None, "x")), good[1]]) + "\n]\n"
    report = bring(data.encode(), format="taskwarrior")
    assert {one.id for one in bench.find(Todo)} == {uuid(1), uuid(2)}
    assert told(report.left_out) == {
        "it is not JSON": 1,
        "it is nested too deeply": 1,
        "it is no task": 3,
        "it is an interval of Timewarrior: import `timew export` as a file of its own": 1,
    }
    assert accounted(report)


def test_a_file_that_is_cut_off(bench: Workbench, bring: Bring) -> None:
    report = bring(exported(warrior(1), warrior(2), warrior(3))[:-40])
    assert bench.count(Todo) == 2
    assert told(report.left_out) == {"it is not JSON": 1}
    assert any("cut off" in note for note in report.notes)


def test_urgency_and_id_are_no_change(bench: Workbench, bring: Bring) -> None:
    bring(exported(warrior(1), warrior(2)))
    before = everything(bench.db)
    again = bring(exported(warrior(1, id=7, urgency=11.2), warrior(2, id=0)))
    assert (again.new, again.there, again.changed) == (0, 2, 0)
    assert everything(bench.db) == before
    later = bring(exported(warrior(1, description="Renamed"), warrior(3, depends=[uuid(1)])))
    assert (later.new, later.changed) == (1, 1)
    assert [one.blocker_id for one in bench.find(Link)] == [uuid(1)]


def test_the_same_task_twice_is_the_newer_one(bench: Workbench, bring: Bring) -> None:
    newer = warrior(1, description="Newer", modified="20250401T000000Z")
    report = bring(exported(newer) + exported(warrior(1), warrior(2)))
    assert bench.get(Todo, uuid(1)).title == "Newer"
    assert told(report.left_out) == {"the file holds a newer record with the same id": 1}


def test_a_project_of_the_same_name_is_the_same(bench: Workbench, bring: Bring) -> None:
    own = bench.add_project("Home.Garden")
    bring(exported(warrior(project="home.garden")))
    assert bench.get(Todo, uuid()).project_id == own.id


# Timewarrior


def test_intervals_become_sessions_of_the_todo_that_a_tag_names(bench: Workbench, bring: Bring) -> None:
    done = {"status": "completed", "end": "20250304T153000Z", "project": "home.garden", "tags": ["outdoors"]}
    bring(exported(warrior(description="Plant tomatoes", **done)))
    tags = ("Plant tomatoes", "home.garden", "home", "garden", "outdoors")  # as Taskwarrior's hook writes them
    data = exported(
        tracked("20250303T080000Z", "20250303T093000Z", *tags, id=2),
        tracked("20250304T080000Z", "20250304T083000Z", *tags, id=1, annotation="in the rain"),
    )
    assert run.identify(Source(name="x", data=data)) is timewarrior
    report = bring(data)
    assert (report.format, report.new, report.imported) == ("timewarrior", 2, {"sessions": 2})
    assert {
        (one.todo_id, one.started_at, one.ended_at, one.source) for one in bench.find(Session, order="started_at")
    } == {
        (uuid(), at("2025-03-03T09:00"), at("2025-03-03T10:30"), "timewarrior"),
        (uuid(), at("2025-03-04T09:00"), at("2025-03-04T09:30"), "timewarrior"),
    }
    assert bench.get(Todo, uuid()).actual_hours == 2.0
    laws.hold(bench.db)


def test_an_interval_without_a_todo_makes_one_that_is_done(bench: Workbench, bring: Bring) -> None:
    data = exported(
        tracked("20250303T080000Z", "20250303T090000Z", "admin", "Read the mail", id=2),
        tracked("20250305T080000Z", "20250305T083000Z", "inbox", "Read the mail", id=1),
        tracked("20250306T080000Z", "20250306T083000Z", annotation="Call\nthe bank"),
    )
    report = bring(data)
    mail, bank = sorted(bench.find(Todo), key=lambda one: one.title, reverse=True)
    assert (mail.title, mail.tags, mail.status) == ("Read the mail", ("admin", "inbox"), Status.DONE)
    assert (mail.started_at, mail.completed_at) == (at("2025-03-03T09:00"), at("2025-03-05T09:30"))
    assert (mail.actual_hours, bank.title) == (1.5, "Call the bank")
    note = "no todo here has this title: made, and taken as done since its last interval ended"
    assert told(report.issues) == {note: 2}
    before = everything(bench.db)
    again = bring(data)
    assert (again.new, again.there, everything(bench.db) == before) == (0, 3, True)


def test_new_intervals_push_the_others_ids_along(bench: Workbench, bring: Bring) -> None:
    first, second = "20250303T080000Z", "20250304T080000Z"
    bring(exported(tracked(first, "20250303T090000Z", "mail")))
    later = bring(
        exported(tracked(first, "20250303T090000Z", "mail", id=2), tracked(second, "20250304T090000Z", "mail"))
    )
    assert (later.new, later.there, later.changed, later.imported) == (1, 1, 0, {"sessions": 1})
    assert {one.todo_id for one in bench.find(Session, order="started_at")} == {bench.find(Todo)[0].id}


def test_an_open_interval_is_imported_once_it_has_ended(bench: Workbench, bring: Bring) -> None:
    report = bring(exported(tracked("20250303T080000Z", None, "mail")))
    assert told(report.left_out) == {"it is still open: import again once it has ended": 1}
    assert bench.count(Todo) == bench.count(Session) == 0
    assert bring(exported(tracked("20250303T080000Z", "20250303T090000Z", "mail"))).new == 1
    assert bench.count(Session) == 1


def test_of_several_todos_the_one_that_was_alive(bench: Workbench, bring: Bring) -> None:
    march = {"entry": "20250301T000000Z", "status": "completed", "end": "20250331T000000Z"}
    bring(
        exported(
            warrior(1, description="Water", **march),
            warrior(2, description="Water", entry="20250401T000000Z"),
            warrior(3, description="Water", entry="20250401T000000Z", tags=["roof"]),
        )
    )
    bring(
        exported(
            tracked("20250310T080000Z", "20250310T090000Z", "Water"),
            tracked("20250410T080000Z", "20250410T090000Z", "Water", "roof"),
        )
    )
    assert [one.todo_id for one in bench.find(Session, order="started_at")] == [uuid(1), uuid(3)]


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (tracked("soon", "20250303T090000Z", "x"), "its start can't be read"),
        (tracked("20250303T080000Z", "soon", "x"), "its end can't be read"),
        (tracked("20250303T080000Z", "20250303T070000Z", "x"), "it ends before it starts"),
        (tracked("20250303T080000Z", "20310303T080000Z", "x"), "it ends in the future"),
        (
            tracked("20250303T080000Z", "20250303T090000Z"),
            "it has neither tags nor an annotation: nothing says what was worked on",
        ),
        ("text", "it is no interval"),
        ({"start": {"a": []}, "tags": 7}, "its start can't be read"),
    ],
)
def test_an_odd_interval_is_left_out_and_told(bench: Workbench, bring: Bring, record: Any, why: str) -> None:
    good = tracked("20250401T080000Z", "20250401T090000Z") | {"tags": ["x", "", 5]}
    report = bring(exported(record, good), format="timewarrior")
    assert told(report.left_out) == {why: 1}
    assert accounted(report)
    assert bench.count(Session) == 1


# Both


@pytest.mark.parametrize(
    ("format", "data"),
    [
        ("taskwarrior", b"[]"),
        ("taskwarrior", b"nothing"),
        ("taskwarrior", b'[{"a": 1}]'),
        ("taskwarrior", b"[[[[" * 9000),
        ("timewarrior", b"[]"),
        ("timewarrior", b'{"start": 1}'),
        ("timewarrior", b'[{"start": "20250303T080000Z"'),
        ("timewarrior", b"[[[[" * 9000),
    ],
)
def test_what_is_no_export_changes_nothing(bench: Workbench, format: str, data: bytes) -> None:
    with pytest.raises(UnreadableFile):
        run.plan(bench, data, format=format)


def test_no_format_takes_anothers_files() -> None:
    mine = {taskwarrior: exported(warrior()), timewarrior: exported(tracked("20250303T080000Z", None, "x"))}
    others = [backup(task("a", title='"uuid" "entry"')), b"a,b\n1,2\n", b"[]", b"{}", b'[{"id": 1, "content": "x"}]']
    for format, data in mine.items():
        assert run.identify(Source(name="x.json", data=data)) is format
        for other in [*others, *(held for one, held in mine.items() if one is not format)]:
            assert format.identify(other.decode(), "x.json") == 0.0  # type: ignore[attr-defined]  # a module


_STAMPS = st.sampled_from(["20250301T090000Z", "20250301T100000Z", "20310101T000000Z", "20250230T000000Z", "2025", "0"])
_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | _STAMPS | st.just(uuid(2)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_FIELDS = [*warrior(), "start", "end", "due", "wait", "scheduled", "project", "priority", "tags", "depends"]
_FIELDS += ["annotations", "estimate", "spent", "recur", "size"]
_TASKS = st.lists(
    _ANY
    | st.builds(
        lambda n, changed: warrior(n) | changed, st.integers(1, 3), st.dictionaries(st.sampled_from(_FIELDS), _ANY)
    ),
    max_size=5,
)
_TAGS = st.lists(st.sampled_from(["Task 1", "home", "x", " ", "\x00"]) | _ANY, max_size=3) | _ANY
_INTERVALS = st.lists(
    _ANY
    | st.fixed_dictionaries(
        {"start": _STAMPS}, optional={"end": _STAMPS, "tags": _TAGS, "annotation": _ANY, "id": _ANY}
    ),
    max_size=5,
)
FUZZED = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZED
@given(found=_TASKS)
def test_any_tasks(template: Path, found: list[Any]) -> None:
    report = lawful(template, exported(warrior(9), *found), "taskwarrior")
    flat = sum(not isinstance(one, list) for one in found)  # a list in the list is another export
    assert report.records >= flat + 1


@FUZZED
@given(found=_INTERVALS)
def test_any_intervals(template: Path, found: list[Any]) -> None:
    good = tracked("20250601T080000Z", "20250601T090000Z", "x")
    assert lawful(template, exported(good, *found), "timewarrior").records == len(found) + 1


@FUZZED
@given(cuts=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 9), st.binary(max_size=6)), min_size=1, max_size=4))
def test_a_damaged_export_is_read_or_refused(template: Path, cuts: list[tuple[int, int, bytes]]) -> None:
    tasks = exported(warrior(1, est="2h", project="a.b"), warrior(2, depends=[uuid(1)], annotations=[]))
    intervals = exported(tracked("20250303T080000Z", "20250303T090000Z", "x", "y z"), tracked("20250304T080000Z", None))
    for data, format in ((tasks, "taskwarrior"), (intervals, "timewarrior")):
        with contextlib.suppress(OrcError):
            lawful(template, cut(data, cuts), format)
