"""Todoist: its CSV and the JSON of its API, as they are, and with what goes wrong in them."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from orc_lab.errors import NeedsChoice, UnreadableFile
from orc_lab.importers import run
from orc_lab.importers.reading import recurring
from orc_lab.importers.reading.source import Source
from orc_lab.importers.todoist import export as todoist
from orc_lab.importers.todoist import text as todoist_text
from orc_lab.importers.todoist.text import content, day_told
from orc_lab.model.clock import Clock
from orc_lab.model.codec import columns
from orc_lab.model.entities import Activity, ImportRecord, Priority, Project, ProjectStatus, Status, Todo
from orc_lab.workbench.bench import Workbench
from tests.importers.conftest import Bring
from tests.importers.files import NOW, accounted, at, everything, told
from tests.past import rows_as_of

HEADER = (
    "TYPE,CONTENT,DESCRIPTION,IS_COLLAPSED,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE,DURATION,"
    "DURATION_UNIT,DEADLINE,DEADLINE_LANG"
)
OLD_HEADER = "TYPE,CONTENT,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DUE_DATE,DUE_DATE_LANG"
TEMPLATE = "\n".join(
    [
        HEADER,
        "meta,view_style=list,,,,,,,,,,,,,",
        ",,,,,,,,,,,,,,",
        "task,Write [chapter 2](https://example.org/c2) @deep @Büro,With sources,,1,1,Ada,,2025-07-01,en,,90,minute,,",
        "task,Draft,,,4,2,Ada (1),,every monday,en,,,,,",
        "task,Figures,,,3,3,Ada (1),,tomorrow at 10:00,en,,,,,",
        "note,Ask about the resolution,,,,,Ada (1),,2025-06-08T07:02:05.000000Z,,,,,,",
        "task,Tables,,,2,2,Ada (1),,,,,,,,",
        ",,,,,,,,,,,,,,",
        "section,Later,,False,,,,,,,,,,,",
        "task,* Reading,,,4,1,Ada (1),,jährlich,de,,,,,",
        "task,Print,,,4,1,Ada (1),,2 Jan 2026 10:00,en,,1,day,2026-02-01,en",
        "section,Empty,,False,,,,,,,,,,,",
    ]
)
NAME = "Thesis [6Crg8jQ886Wh4P5g].csv"


def rows(*lines: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *lines, ""]).encode()


def said(bench: Workbench) -> list[Activity]:
    """The notes among the activities."""
    return [one for one in bench.find(Activity) if one.kind == "note"]


def item(id: str = "11", **fields: Any) -> dict[str, Any]:
    """A task as API v1 tells it."""
    made = {"id": id, "user_id": "7", "project_id": "2", "content": f"Task {id}", "description": "", "priority": 1}
    made |= {"due": None, "deadline": None, "parent_id": None, "child_order": 1, "section_id": None, "labels": []}
    made |= {"checked": False, "is_deleted": False, "added_at": "2025-03-02T10:00:00.000000Z", "completed_at": None}
    return made | {"duration": None, "responsible_uid": None} | fields


def sync(*items: Any, **more: Any) -> bytes:
    projects = [
        {"id": "1", "name": "Inbox", "inbox_project": True},
        {"id": "2", "name": "Garden", "created_at": "2025-03-01T10:00:00Z", "parent_id": None},
    ]
    answer = {"full_sync": True, "sync_token": "not to be kept", "user": {"id": "7", "token": "not to be kept"}}
    return json.dumps(answer | {"projects": projects, "items": list(items)} | more).encode()


def test_a_project_as_csv(bench: Workbench, bring: Bring) -> None:
    report = bring(TEMPLATE.encode(), name=NAME)
    assert (report.format, report.source, report.new) == ("todoist", "todoist", 7)
    assert report.imported == {"projects": 1, "todos": 6, "recurrences": 1, "activities": 1}
    assert accounted(report)
    (project,) = bench.find(Project)
    assert project.title == "Thesis"
    found = {one.title: one for one in bench.find(Todo)}
    write = found["Write chapter 2"]
    assert write.description == "With sources\n\nhttps://example.org/c2"
    assert (write.tags, write.priority, write.estimated_hours) == (("deep", "Büro"), Priority.URGENT, 1.5)
    assert (write.due_date, write.status, write.created_at) == ("2025-07-01", Status.REFINED, NOW)
    assert [one.priority for one in found.values()].count(Priority.LOW) == 3
    parents = {title: one.parent_id for title, one in found.items()}
    assert parents["Draft"] == parents["Tables"] == write.id
    assert parents["Figures"] == found["Draft"].id
    assert parents["Reading"] is None
    assert {title for title, one in found.items() if one.category == "Later"} == {"Reading", "Print"}
    assert (found["Print"].due_date, found["Print"].snoozed_until) == ("2026-02-01", "2026-01-02")
    (note,) = said(bench)
    assert (note.subject_id, note.new) == (found["Figures"].id, "Ask about the resolution")
    assert note.occurred_at == at("2025-06-08T09:02:05")
    assert told(report.issues) == {
        recurring.CAME: 1,
        recurring.STAYED: 1,
        todoist_text.IN_WORDS: 1,
        "its duration is not in minutes, and a day's hours are unknown: left empty": 1,
        "it is a heading that Todoist can't complete: a todo like others here": 1,
    }
    assert "Sections without a task, passed over: Empty." in report.notes


def test_what_is_not_understood_stands_in_the_raw_record(bench: Workbench, bring: Bring) -> None:
    bring(TEMPLATE.encode(), name=NAME)
    raws = [one.raw for one in bench.find(ImportRecord)]
    for value in ("every monday", "tomorrow at 10:00", "jährlich", '"day"', "Ada (1)"):
        assert any(value in raw for raw in raws)


def test_again_brings_nothing_and_a_change_is_told(bench: Workbench, bring: Bring) -> None:
    bring(TEMPLATE.encode(), name=NAME)
    before = everything(bench.db)
    again = bring(TEMPLATE.encode(), name=NAME)
    assert (again.new, again.there) == (0, 7)
    assert everything(bench.db) == before
    moved = TEMPLATE.replace("2025-07-01", "2025-08-01").replace(
        "section,Empty", "task,New,,,4,1,,,,,,,,,\nsection,Empty"
    )
    later = bring(moved.encode(), name="Thesis [6Crg8jQ886Wh4P5g] (1).csv")
    assert (later.new, later.changed, later.there) == (1, 1, 6)


def test_identical_tasks_are_each_one(bench: Workbench, bring: Bring) -> None:
    data = rows(*["task,Water,,,4,1,,,,,,,,,"] * 3)
    assert bring(data, name="Home.csv").new == 3
    assert bring(data, name="Home.csv").new == 0
    assert bench.count(Todo, title="Water") == 3


def test_an_older_header(bench: Workbench, bring: Bring) -> None:
    bring(rows("task,Call,1,1,,,1 May 2026,en", "note,Twice,,,,,,", header=OLD_HEADER), name="Old.csv")
    (found,) = bench.find(Todo)
    assert (found.due_date, found.priority) == ("2026-05-01", Priority.URGENT)
    assert len(said(bench)) == 1


@pytest.mark.parametrize("name", ["Inbox.csv", "Inbox [99].csv", "standard input"])
def test_an_inbox_is_no_project(bench: Workbench, bring: Bring, name: str) -> None:
    bring(rows("task,A,,,4,1,,,,,,,,,"), name=name)
    assert bench.count(Project) == 0
    assert bench.find(Todo)[0].status is Status.DUMPED


@pytest.mark.parametrize("name", ["Home [220].csv", "Home (1).csv", r"C:\tmp\Home [a1] (2).csv", "/x/Home.csv"])
def test_the_project_is_what_the_file_is_called(bench: Workbench, bring: Bring, name: str) -> None:
    own = bench.add_project("home")
    bring(rows("task,A,,,4,1,,,,,,,,,"), name=name)
    assert [one.id for one in bench.find(Project)] == [own.id]
    assert bench.find(Todo)[0].project_id == own.id


def test_rows_that_are_odd(bench: Workbench, bring: Bring) -> None:
    report = bring(
        rows(
            "note,on nothing,,,,,,,,,,,,,",
            "task,A,,,9,x,,,2025-13-45,en,,x,minute,,",
            "task,B,,,1,7,,,,,Mars/Base,,,,",
            "task,,,,,,,,,,,,,,",
            "note,,,,,,,,,,,,,,",
            "hint,C,,,,,,,,,,,,,",
            "task,D,,,,,,,,,,,,,,,,surplus",
            "task,E",
        ),
        name="standard input",
    )
    assert {one.title for one in bench.find(Todo)} == {"A", "B", "(untitled)", "E"}
    assert bench.find(Todo, title="B")[0].parent_id == bench.find(Todo, title="A")[0].id
    assert told(report.left_out) == {
        "a comment without a task above it": 1,
        "an empty comment": 1,
        "its type is none that Todoist writes (task, section, note)": 1,
        "its row has more fields than the header: a quote may be missing": 1,
    }
    assert accounted(report)


SHARED = rows("task,Mine,,,4,1,,,,,,,,,", "task,Ada's,,,4,1,,Ada (1),,,,,,,", "task,Bob's,,,4,1,,Bob (2),,,,,,,")


def test_a_shared_project_needs_a_choice(bench: Workbench, bring: Bring) -> None:
    with pytest.raises(NeedsChoice, match="assigned to 2 persons"):
        bring(SHARED, name="Team.csv")
    report = bring(SHARED, name="Team.csv", person="Ada")
    assert {one.title for one in bench.find(Todo)} == {"Mine", "Ada's"}
    assert told(report.left_out) == {"assigned to other persons than Ada": 1}
    assert bring(SHARED, name="Team.csv", person="all").new == 1


@pytest.mark.parametrize(
    ("text", "language", "day"),
    [
        ("2026-03-01", "en", "2026-03-01"),
        ("2026-03-01 10:00", "", "2026-03-01"),
        ("2026-03-01T23:30:00Z", "en", "2026-03-02"),
        ("2026-03-01T18:30:00-05:00", "en", "2026-03-02"),
        ("1. Mar 2026", "en", "2026-03-01"),
        ("Mar 1, 2026 at 5pm", "en", "2026-03-01"),
        ("1 March 2026 17:15", "en", "2026-03-01"),
        ("01.03.2026", "de", "2026-03-01"),
        ("1 mars 2026", "fr", None),
        ("13 Jun", "en", None),
        ("31 Feb 2026", "en", None),
        ("03/04/2026", "en", None),
        ("tomorrow", "en", None),
        ("morgen", "de", None),
        ("fri", "en", None),
        ("jeden Montag", "de", None),
        ("chaque jour", "fr", None),
        ("every! 3 days", "en", None),
        ("0001-01-01", "en", None),
        ("1 Jan 99999", "en", None),
    ],
)
def test_days_are_told_or_left_empty(text: str, language: str, day: str | None) -> None:
    found = day_told(text, language, "", Clock(zone="Europe/Berlin"))
    assert found.day == day
    assert (found.sentence is None) == (day is not None)


def test_a_time_in_another_zone_is_ones_own_day() -> None:
    assert day_told("2026-03-01 20:00", "en", "America/Chicago", Clock(zone="Europe/Berlin")).day == "2026-03-02"
    assert day_told("2026-03-01 20:00", "en", "Nowhere", Clock(zone="Europe/Berlin")) == (
        "2026-03-01",
        todoist_text.NO_ZONE,
    )


@pytest.mark.parametrize(
    ("text", "title", "labels"),
    [
        ("Buy milk @errands @home", "Buy milk", ("errands", "home")),
        ("@errands Buy", "Buy", ("errands",)),
        ("mail ada@example.org", "mail ada@example.org", ()),
        ("meet @ noon", "meet @ noon", ()),
        ("@alone", "@alone", ("alone",)),
    ],
)
def test_labels_in_a_title(text: str, title: str, labels: tuple[str, ...]) -> None:
    found = content(text, labelled=True)
    assert (found.title, found.labels) == (title, labels)
    assert content(text, labelled=False).title == text


def test_the_api_with_its_past(bench: Workbench, bring: Bring) -> None:
    done = item(
        checked=True,
        completed_at="2025-03-03T11:00:00Z",
        priority=4,
        section_id="9",
        labels=["out", "out"],
        duration={"amount": 90, "unit": "minute"},
        due={"date": "2025-03-03T09:00:00", "timezone": None, "is_recurring": False},
    )
    below = item(
        "12",
        parent_id="11",
        responsible_uid="7",
        due={"date": "2025-07-01", "is_recurring": True, "string": "every day"},
        deadline={"date": "2025-07-05"},
    )
    others = [item("13", responsible_uid="8"), item("14", is_deleted=True), item("15", project_id="1")]
    notes = [{"id": "31", "item_id": "11", "content": "By hand", "posted_at": "2025-03-03T12:00:00Z"}]
    notes += [{"id": "32", "item_id": "404", "content": "Lost"}, {"id": "33", "project_id": "2", "content": "Plan"}]
    report = bring(sync(done, below, *others, sections=[{"id": "9", "name": "Beds"}], notes=notes), name="x.json")
    assert accounted(report)
    found = {one.title: one for one in bench.find(Todo)}
    assert set(found) == {"Task 11", "Task 12", "Task 15"}
    first = found["Task 11"]
    assert (first.status, first.completed_at) == (Status.DONE, at("2025-03-03T12:00"))
    assert (first.estimated_hours, first.original_estimate_hours) == (1.5, 1.5)
    assert (first.priority, first.category, first.tags) == (Priority.URGENT, "Beds", ("out",))
    assert first.due_date == "2025-03-03"
    second = found["Task 12"]
    assert (second.parent_id, second.priority, second.due_date) == (first.id, Priority.LOW, "2025-07-05")
    assert (second.snoozed_until, second.status) == ("2025-07-01", Status.MATCHED)
    assert (found["Task 15"].project_id, found["Task 15"].status) == (None, Status.DUMPED)
    assert told(report.left_out) == {
        "the Inbox is no project: its tasks have none": 1,
        "it is assigned to somebody else": 1,
        "it was deleted in Todoist": 1,
        "the todo that it names is not there": 1,
    }
    assert {one.new for one in said(bench)} == {"By hand", "Plan"}
    assert status_as_of(bench, "2025-03-03T10:00", first.id) == "refined"
    again = bring(sync(done, below, *others, sections=[{"id": "9", "name": "Beds"}], notes=notes), name="x.json")
    assert again.new == 0


def status_as_of(bench: Workbench, time: str, id: str) -> str:
    rows = [dict(zip(columns(Todo), row, strict=True)) for row in rows_as_of(bench.db, Todo, at(time))]
    return next(str(row["status"]) for row in rows if row["id"] == id)


def test_no_token_and_no_person_is_kept(bench: Workbench, bring: Bring) -> None:
    data = sync(item(apiToken="not to be kept"), collaborators=[{"email": "ada@example.org"}])
    report = bring(data, name="x.json")
    assert report.kept is not None
    kept = Path(report.kept).read_bytes()
    for secret in (b"not to be kept", b"ada@example.org"):
        assert secret not in kept
        assert all(secret.decode() not in one.raw for one in bench.find(ImportRecord))
    assert "Neither imported nor kept: collaborators, user." in report.notes
    again = bring(kept, name="x.json")
    assert (again.new, again.there) == (0, 2)  # what is kept can be imported


REST = [
    {"id": "2", "name": "Garden", "is_inbox_project": False, "comment_count": 0},
    {"id": "11", "content": "A", "project_id": "2", "is_completed": False, "labels": [], "order": 3, "priority": 2,
     "due": {"date": "2025-07-01", "datetime": "2025-06-30T22:30:00Z"}, "created_at": "2025-03-02T10:00:00Z"},
]  # fmt: skip


@pytest.mark.parametrize(
    "shape",
    [
        REST,
        [REST],
        {"results": REST, "next_cursor": None},
        [{"results": REST}],
        {"projects": [REST[0]], "tasks": [REST[1]]},
    ],
)
def test_lists_and_pages(bench: Workbench, bring: Bring, shape: Any) -> None:
    report = bring(json.dumps(shape).encode(), name="x", format="todoist")
    assert report.imported == {"projects": 1, "todos": 1}
    (found,) = bench.find(Todo)
    assert (found.due_date, found.position, found.priority) == ("2025-07-01", 3.0, Priority.MEDIUM)
    assert found.created_at == at("2025-03-02T11:00")


def test_pages_of_completed_tasks(bench: Workbench, bring: Bring) -> None:
    whole = item("5", content="Old name", added_at="2025-02-01T10:00:00Z")
    once = {"id": "901", "task_id": "5", "content": "Prune", "project_id": "2", "completed_at": "2025-02-03T10:00:00Z"}
    weekly = item("6", content="Water", due={"date": "2025-07-01", "is_recurring": True})
    rounds = [
        {"id": f"90{n}", "task_id": "6", "completed_at": f"2025-02-0{n}T10:00:00Z", "item_object": weekly}
        for n in (2, 3)
    ]
    answer = {"items": [once | {"item_object": whole}, *rounds], "projects": {"2": {"id": "2", "name": "Garden"}}}
    report = bring(json.dumps(answer).encode(), name="x.json", format="todoist")
    assert report.imported == {"projects": 1, "todos": 3}
    assert {one.status for one in bench.find(Todo)} == {Status.DONE}
    assert {bench.clock().day(one.completed_at or 0) for one in bench.find(Todo, title="Water")} == {
        date(2025, 2, 2),
        date(2025, 2, 3),
    }
    assert all(
        one.completed_at - one.created_at < 86_400 for one in bench.find(Todo, title="Water") if one.completed_at
    )
    bare = bring(json.dumps({"items": [once]}).encode(), name="x.json", format="todoist")
    assert (bare.new, bare.changed) == (0, 1)


def test_odd_records_block_nothing(bench: Workbench, bring: Bring) -> None:
    odd = [
        3,
        None,
        item("a", content=None),
        item("b", content=["x"], labels="x", priority="urgent", due="soon", duration=5, deadline={"date": 3}),
        item("c", added_at="never", checked=True),
        item("c", content="the same again", added_at="2025-03-09T10:00:00Z"),
        item(None, content="no id"),  # type: ignore[arg-type]
        item(None, content="no id"),  # type: ignore[arg-type]
        item("d", parent_id="d", project_id="404", due={"date": "2025-99-99"}),
        item("e", duration={"amount": 1, "unit": "day"}, is_archived=True),
        item("f", completed_at="2020-01-01T00:00:00Z"),
    ]
    report = bring(sync(*odd), name="x.json")
    assert accounted(report)
    issues = told(report.issues)
    assert issues["its labels are no list: left empty"] == 1
    assert issues["its due date can't be read: left empty"] == 2
    assert issues["it was completed before it was created: taken as completed then"] == 1
    assert told(report.left_out)["it is no record"] == 2
    assert bring(sync(*odd), name="x.json").new == 0


def test_an_archived_project_and_duplicates(bench: Workbench, bring: Bring) -> None:
    twice = [{"id": "3", "name": "Old", "is_archived": True, "updated_at": "2025-04-01T10:00:00Z"}] * 2
    bring(sync(item(project_id="3", added_at="2025-02-01T10:00:00Z"), projects=twice), name="x.json")
    (found,) = bench.find(Project)
    assert (found.status, found.created_at) == (ProjectStatus.ARCHIVED, at("2025-02-01T11:00"))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b'{"full_sync": true, "sync_token": "x", ', "it is not JSON"),
        (b'{"items": [], "projects": []}', "it holds no tasks"),
        (b'{"items": [1]} x', "Extra data"),
        (b"[" * 100_000, "it is not JSON|too deeply"),
        (HEADER.encode() + b'\n"', "never"),
    ],
)
def test_a_file_that_can_not_be_read(bench: Workbench, bring: Bring, data: bytes, why: str) -> None:
    if why == "never":
        assert bring(data, name="x.csv").new == 0
        return
    with pytest.raises(UnreadableFile, match=why):
        bring(data, name="x.json", format="todoist")


@pytest.mark.parametrize(
    ("data", "format"),
    [
        (TEMPLATE.encode(), "todoist"),
        (OLD_HEADER.lower().encode(), "todoist"),
        (sync(item()), "todoist"),
        (json.dumps([item()]).encode(), "todoist"),
        (json.dumps({"items": [{"task_id": "1", "item_object": item()}]}).encode(), "todoist"),
        (b'{"state": {"projects": [], "todos": [{"id": "1", "projectId": "2"}]}, "version": 0}', "creation-store"),
        (b"Title,Content,Type\n", "task-csv"),
    ],
)
def test_it_is_told_from_other_formats(data: bytes, format: str) -> None:
    assert format == run.identify(Source(name="x", data=data)).NAME


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_any_encoding(bench: Workbench, bring: Bring, encoding: str) -> None:
    bring(rows("task,Größe prüfen @Büro,,,4,1,,,,,,,,,").decode().encode(encoding), name="x.csv")
    assert bench.find(Todo)[0].tags == ("Büro",)


def test_its_name() -> None:
    assert todoist.NAME == "todoist"


def test_a_task_of_a_csv_that_got_a_label_or_another_section_is_the_same(bench: Workbench, bring: Bring) -> None:
    header = "TYPE,CONTENT,PRIORITY,INDENT"
    bring(rows("section,Rooms,,", "task,Paint @deep,1,1", "task,Buy paint,1,2", header=header), name=NAME)
    later = rows("section,Walls,,", "task,Paint @deep @wet,1,1", "task,Buy paint,1,2", header=header)
    report = bring(later, name=NAME)
    assert (report.new, report.changed) == (0, 2)
    assert {(one.title, one.tags, one.category) for one in bench.find(Todo)} == {
        ("Paint", ("deep", "wet"), "Walls"),
        ("Buy paint", (), "Walls"),
    }
