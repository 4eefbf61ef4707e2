"""Any CSV of tasks: how it is read, what it means, whose it is."""

from datetime import date
from typing import Any

import pytest

from orc_lab.errors import InvalidValue, NeedsChoice, UnreadableFile
from orc_lab.importers.tables import dates as task_dates
from orc_lab.importers.tables import mapping
from orc_lab.importers.tables import tasks as task_csv
from orc_lab.importers.tables.mapping import SIP, ColumnMapping
from orc_lab.model.codec import columns
from orc_lab.model.entities import ImportRecord, Priority, Project, Status, Todo
from orc_lab.workbench.bench import Workbench
from tests.importers.conftest import Bring
from tests.importers.files import NOW, accounted, at, table, told
from tests.past import rows_as_of

HEADER = (
    "id,created,started,completed,project,category,subcategory,priority,estimate_hours,actual_hours,"
    "developer,status,title,breakdown,n_developers,quality_flags,use_for_estimation"
)


def sip(id: int, status: str, *, days: str = "2005-01-03,2005-01-04,2005-01-05", person: int = 58, **other: str) -> str:
    """A row of the SiP data set."""
    told = {"project": "PC2", "priority": "1", "hours": "7.0,8.5"} | other
    return (
        f"{id},{days},{told['project']},Development,Bug,{told['priority']},{told['hours']},"
        f"{person},{status},Task {id},PBC42,1,,1"
    )


@pytest.mark.parametrize("status", ["FINISHED", "COMPLETED", "RELEASED"])
def test_a_finished_task_of_the_sip_data(bench: Workbench, bring: Bring, status: str) -> None:
    report = bring(table(HEADER, sip(1, status)))
    assert (report.source, report.new, report.imported) == ("task-csv:sip", 1, {"projects": 1, "todos": 1})
    (found,) = bench.find(Todo)
    (project,) = bench.find(Project)
    assert (found.title, found.status, found.category, found.tags) == (
        "Task 1",
        Status.DONE,
        "Development",
        ("Bug", "PBC42"),
    )
    assert (found.project_id, project.title, project.created_at) == (project.id, "PC2", found.created_at)
    assert (found.created_at, found.started_at) == (at("2005-01-03T09:00"), at("2005-01-04T09:00"))
    assert (found.completed_at, found.updated_at) == (at("2005-01-05T17:00"), at("2005-01-05T17:00"))
    assert (found.estimated_hours, found.original_estimate_hours) == (7.0, 7.0)
    assert (found.adjusted_hours, found.actual_hours) == (8.5, 8.5)
    assert [(one.old, one.new) for one in bench.activities(found.id)][::-1] == [
        (None, "refined"),
        ("refined", "committed"),
        ("committed", "done"),
    ]


def test_the_past_of_a_task_is_as_the_file_tells(bench: Workbench, bring: Bring) -> None:
    bring(table(HEADER, sip(1, "FINISHED"), sip(2, "FINISHED", days="2005-01-05,2005-01-05,2005-01-05")))

    def known(time: str) -> list[dict[str, Any]]:
        return [dict(zip(columns(Todo), row, strict=True)) for row in rows_as_of(bench.db, Todo, at(time))]

    assert known("2005-01-03T08:59") == []
    (begun,) = known("2005-01-03T23:00")
    assert (begun["status"], begun["estimated_hours"], begun["started_at"]) == ("refined", 7.0, None)
    (started,) = known("2005-01-04T10:00")
    assert (started["status"], started["original_estimate_hours"]) == ("committed", 7.0)
    assert (started["actual_hours"], started["completed_at"]) == (None, None)
    assert {row["status"] for row in known("2005-01-05T16:59")} == {"committed"}
    assert {(row["status"], row["actual_hours"]) for row in known("2005-01-05T17:00")} == {("done", 8.5)}


def test_what_is_left_out_of_the_sip_data_and_why(bench: Workbench, bring: Bring) -> None:
    open_days = "2005-01-03,2005-01-04,"
    rows = [
        sip(1, "CHRONICLE", days=open_days),
        sip(2, "CHRONICLE"),
        sip(3, "TEMPLATE", days=open_days),
        sip(4, "ESTIMATED", days="2005-01-03,,"),
        sip(5, "AUTHORISE", days="2005-01-03,,"),
        sip(6, "CANCELLED", days=open_days),
        sip(7, "CANCELLED", days="2005-01-03,,"),
    ]
    report = bring(table(HEADER, *rows))
    assert told(report.left_out) == {
        "ongoing time record, never meant to finish": 1,
        "a template, not a task": 1,
    }
    assert {one.external_id for one in bench.find(ImportRecord, left_out__ne=None)} == {"58:1", "58:3"}
    found = {one.title: one for one in bench.find(Todo)}
    assert {title[5:]: one.status.value for title, one in found.items()} == {
        "2": "done",
        "4": "refined",
        "5": "confirmed",
        "6": "dropped",
        "7": "dropped",
    }
    assert found["Task 6"].updated_at == at("2005-01-04T17:00")
    assert (found["Task 7"].updated_at, found["Task 7"].started_at) == (at("2005-01-03T17:00"), None)
    assert found["Task 7"].completed_at is None
    assert accounted(report)


def test_days_out_of_order_are_moved_and_told(bench: Workbench, bring: Bring) -> None:
    rows = [
        sip(1, "FINISHED", days="2005-01-03,2005-01-01,2005-01-05"),
        sip(2, "FINISHED", days="2005-01-03,2005-01-09,2005-01-05"),
        sip(3, "FINISHED", days="2005-01-03,2005-01-03,2005-01-01"),
        sip(4, "FINISHED", days="2005-01-03,,2005-01-05"),
        sip(5, "FINISHED", days="2005-01-03,2005-01-04,"),
        sip(6, "FINISHED", days="2035-01-03,2035-01-04,2035-01-05"),
    ]
    report = bring(table(HEADER, *rows))
    lives = {one.title[5:]: (one.created_at, one.started_at, one.completed_at) for one in bench.find(Todo)}
    created, noon = at("2005-01-03T09:00"), at("2005-01-05T17:00")
    assert lives["1"] == (created, created, noon)
    assert lives["2"] == (created, noon, noon)
    assert lives["3"] == (created, created, created)
    assert lives["4"] == (created, created, noon)
    assert lives["5"] == (created, at("2005-01-04T09:00"), at("2005-01-04T17:00"))
    assert lives["6"] == (NOW, NOW, NOW)
    said = told(report.issues)
    assert said["it was started outside of its life: taken as the nearer end"] == 2
    assert said["it was completed before it was created: taken as completed then"] == 1
    assert said["it has no date of its start: taken as started when created"] == 1
    assert said["it is done, but nothing says since when: taken as its last known day"] == 1
    assert said["its completed date lies in the future: taken as now"] == 1


@pytest.mark.parametrize(
    ("numbers", "expected"), [("1 2 3", "low"), ("4 5", "medium"), ("6 7 8", "high"), ("9 10", "urgent")]
)
def test_numbered_priorities(bench: Workbench, bring: Bring, numbers: str, expected: str) -> None:
    bring(table(HEADER, *(sip(int(one), "FINISHED", priority=one) for one in numbers.split())))
    assert {one.priority for one in bench.find(Todo)} == {Priority(expected)}


@pytest.mark.parametrize(("number", "expected"), [("0", "low"), ("11", "urgent")])
def test_a_priority_off_the_scale(bench: Workbench, bring: Bring, number: str, expected: str) -> None:
    report = bring(table(HEADER, sip(1, "FINISHED", priority=number)))
    assert bench.find(Todo)[0].priority is Priority(expected)
    assert told(report.issues) == {"its priority lies outside of the scale: taken as the nearer end": 1}


@pytest.mark.parametrize(
    ("hours", "expected"),
    [("0,0", 0.0), ("-1,2", None), ("1500,2", 1500.0), ("nan,2", None), ("x,2", None), (",2", None)],
)
def test_odd_estimates(bench: Workbench, bring: Bring, hours: str, expected: float | None) -> None:
    report = bring(table(HEADER, sip(1, "FINISHED", hours=hours)))
    assert bench.find(Todo)[0].estimated_hours == expected
    odd = hours.split(",")[0] in ("-1", "nan", "x")
    assert told(report.issues) == ({"its estimate is no amount of hours: left empty": 1} if odd else {})


MANY = table(HEADER, *(sip(n, "FINISHED", person=[13, 13, 58][n % 3]) for n in range(6)))


def test_several_persons_need_a_choice(bench: Workbench, bring: Bring) -> None:
    with pytest.raises(NeedsChoice) as raised:
        bring(MANY)
    assert raised.value.choices == ("13 (4)", "58 (2)", "all")
    assert str(raised.value) == "The file holds the tasks of 2 persons. Choose with --person: 13 (4), 58 (2), all."
    assert bench.count(Todo) == 0
    with pytest.raises(NeedsChoice, match="Nobody in it is called '99'"):
        bring(MANY, person="99")


@pytest.mark.parametrize(("person", "count", "passed"), [("13", 4, 2), ("58", 2, 4), ("58 (2)", 2, 4), ("all", 6, 0)])
def test_one_person_or_all(bench: Workbench, bring: Bring, person: str, count: int, passed: int) -> None:
    report = bring(MANY, person=person)
    assert (report.new, bench.count(Todo), report.records) == (count, count, 6)
    assert sum(group.count for group in report.left_out) == passed
    assert bench.count(ImportRecord, left_out__ne=None) == 0
    tags = {tag for one in bench.find(Todo) for tag in one.tags if tag.startswith("person:")}
    assert tags == ({"person:13", "person:58"} if person == "all" else set())
    assert accounted(report)


def test_all_after_one_brings_the_others(bench: Workbench, bring: Bring) -> None:
    bring(MANY, person="58")
    report = bring(MANY, person="all")
    assert (report.new, report.there) == (4, 2)
    assert bench.count(Project) == 1


def test_a_person_without_a_name(bench: Workbench, bring: Bring) -> None:
    data = table("Title,Assignee", "a,Ann", "b,", "c, Ann ")
    with pytest.raises(NeedsChoice) as raised:
        bring(data, name="x.csv")
    assert raised.value.choices == ("Ann (2)", "(nobody) (1)", "all")
    bring(data, name="x.csv", person="(nobody)")
    assert [one.title for one in bench.find(Todo)] == ["b"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_any_delimiter_and_encoding(bench: Workbench, bring: Bring, delimiter: str, encoding: str) -> None:
    rows = [["Name", "Est. (h)", "State"], ['"Größe; mit, allem | und\tmehr"', "3", "done"], ["Übung", "1.5", "open"]]
    data = "\r\n".join(delimiter.join(row) for row in rows).encode(encoding)
    report = bring(data, name="export.csv")
    assert {(one.title, one.estimated_hours) for one in bench.find(Todo)} == {
        ("Größe; mit, allem | und mehr", 3.0),
        ("Übung", 1.5),
    }
    assert any("Windows-1252" in note for note in report.notes) == (encoding == "cp1252")


def test_a_sheet_that_names_its_delimiter(bench: Workbench, bring: Bring) -> None:
    bring(b"sep=;\r\n\r\nTitle;Notes, if any\r\na;b, c\r\n", name="x.csv")
    assert [one.title for one in bench.find(Todo)] == ["a"]


@pytest.mark.parametrize(
    ("dates", "expected", "note"),
    [
        (["2024-03-04", "2024-03-25"], date(2024, 3, 4), False),
        (["2024-03-04T10:00:00Z", "2024-03-25"], date(2024, 3, 4), False),
        (["04.03.2024", "25.03.2024"], date(2024, 3, 4), False),
        (["04/03/2024", "25/03/2024"], date(2024, 3, 4), False),
        (["04/03/2024", "03/25/2024"], date(2024, 4, 3), False),
        (["04/03/2024", "05/03/2024"], date(2024, 3, 4), True),
        (["04/03/2024 10:15", "25/03/2024 10:15"], date(2024, 3, 4), False),
        (["04/03/2024 10:15 AM", "03/25/2024 10:15 PM"], date(2024, 4, 3), False),
        (["4 Mar 2024", "25 Mar 2024"], date(2024, 3, 4), False),
        (["2024/03/04", "2024/03/25"], date(2024, 3, 4), False),
        (["1709546400", "1711360800"], date(2024, 3, 4), False),
    ],
)
def test_dates_as_people_write_them(
    bench: Workbench, bring: Bring, dates: list[str], expected: date, note: bool
) -> None:
    report = bring(table("Title;Created", *(f"t{n};{one}" for n, one in enumerate(dates))), name="x.csv")
    (found,) = bench.find(Todo, title="t0")
    assert bench.clock().day(found.created_at) == expected
    assert told(report.issues) == {}
    assert any("day or month first" in one for one in report.notes) == note


def test_a_long_column_decides_between_day_and_month(bench: Workbench, bring: Bring) -> None:
    days = [f"{month:02}/{day:02}/2024" for month in range(1, 13) for day in range(1, 13)]
    rows = [f"t{n},{one},{n}" for n, one in enumerate(days * 5)]
    report = bring(table("Title,Created,Id", *rows, "last,03/25/2024,x"), name="x.csv")
    assert told(report.issues) == {}
    assert bench.clock().day(bench.find(Todo, title="last")[0].created_at) == date(2024, 3, 25)


def test_a_date_format_that_is_said(bench: Workbench, bring: Bring) -> None:
    said = ColumnMapping(date_format="%d/%m/%Y")
    bring(table("Title,Created", "a,04/03/2024"), name="x.csv", mapping=said)
    assert bench.clock().day(bench.find(Todo)[0].created_at) == date(2024, 3, 4)


@pytest.mark.parametrize(
    ("status", "done", "expected"),
    [
        ("Done", "", Status.DONE),
        ("closed", "", Status.DONE),
        ("In Progress", "", Status.COMMITTED),
        ("won't do", "", Status.DROPPED),
        ("open", "", Status.MATCHED),
        ("", "", Status.MATCHED),
        ("", "2024-03-05", Status.DONE),
        ("", "yes", Status.DONE),
        ("", "x", Status.DONE),
        ("", "no", Status.MATCHED),
        ("mystery", "", Status.MATCHED),
        ("mystery", "2024-03-05", Status.DONE),
        ("confirmed", "", Status.CONFIRMED),
    ],
)
def test_the_status_of_any_tool(bench: Workbench, bring: Bring, status: str, done: str, expected: Status) -> None:
    report = bring(table("Title,Project,Status,Completed,Created", f"a,P,{status},{done},2024-03-04"), name="x.csv")
    (found,) = bench.find(Todo)
    assert found.status is expected
    assert (found.completed_at is not None) == (expected is Status.DONE)
    assert any("status is unknown" in sentence for sentence in told(report.issues)) == (status == "mystery")


def test_an_open_task_that_was_started(bench: Workbench, bring: Bring) -> None:
    bring(table("Title,Created,Started,Spent (min),Est (min)", "a,2024-03-04,2024-03-05,90,120"), name="x.csv")
    (found,) = bench.find(Todo)
    assert (found.status, found.started_at) == (Status.COMMITTED, at("2024-03-05T09:00"))
    assert (found.actual_hours, found.original_estimate_hours, found.updated_at) == (1.5, 2.0, NOW)


def test_identical_rows_are_each_a_task(bench: Workbench, bring: Bring) -> None:
    data = table("Title,Hours", "Standup,0.25", "Standup,0.25", "Standup,0.25", "Other,1")
    assert bring(data, name="x.csv").new == 4
    again = bring(data + b"Standup,0.25\n", name="x.csv")
    assert (again.new, again.there, bench.count(Todo, title="Standup")) == (1, 4, 4)


def test_rows_that_do_not_fit_the_header(bench: Workbench, bring: Bring) -> None:
    data = table("Title,Project,Hours", "a,P,1", "b", "c,P,1,,", "d, with a comma,P,1", "", ",,")
    report = bring(data, name="x.csv")
    assert {one.title for one in bench.find(Todo)} == {"a", "b", "c"}
    assert told(report.issues)["its row is shorter than the header: what is missing is empty"] == 1
    assert told(report.left_out) == {"its row has more fields than the header: a quote may be missing": 1}
    assert report.records == 4
    assert accounted(report)


def test_a_quote_that_is_never_closed_swallows_nothing(bench: Workbench, bring: Bring) -> None:
    data = table("Title,Hours", '"two\nlines",1', 'a "good" one,2', '"open,3', "x,4", "y,5")
    report = bring(data, name="x.csv")
    assert {one.title for one in bench.find(Todo)} == {"two lines", 'a "good" one', '"open', "x", "y"}
    assert "The quote that opens in line 5 is never closed: from there quotes were read as they stand." in report.notes


def test_hard_content(bench: Workbench, bring: Bring) -> None:
    data = b'Title,Notes,Title,\n"<script>=cmd()|\x00",' + b"x" * 10_000_000 + b",t,u\n"
    bring(data, name="x.csv")
    (found,) = bench.find(Todo)
    assert found.title == "<script>=cmd()|\ufffd"
    assert len(found.description or "") == 10_000_000


@pytest.mark.parametrize(("data", "records"), [(b"Title,Hours\n", 0), (b"Title\na\nb\n", 2), (b"\n\nTitle,\n\n", 0)])
def test_small_files(bring: Bring, data: bytes, records: int) -> None:
    report = bring(data, name="x.csv")
    assert (report.records, report.new) == (records, records)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b",,\n,,\n", "it has no header"),
        (b"a,b\n1,2\n", "none of its columns looks like a title .a, b.*--map title=COLUMN"),
    ],
)
def test_a_table_that_can_not_be_read(bring: Bring, data: bytes, why: str) -> None:
    with pytest.raises(UnreadableFile, match=why):
        bring(data, name="x.csv")


def test_a_column_that_is_not_there(bring: Bring) -> None:
    with pytest.raises(InvalidValue, match=r"'Nope'.*one of Title, Hours"):
        bring(table("Title,Hours", "a,1"), name="x.csv", mapping=mapping.from_pairs("estimate=Nope"))


def test_a_mapping_that_is_said(bench: Workbench, bring: Bring) -> None:
    said = ColumnMapping(
        columns={"title": "What", "status": "S", "priority": "P", "estimate": "T"},
        statuses={"zu": "done", "auf": "confirmed"},
        left_out={"muster": "a pattern"},
        priorities={"a": "urgent"},
        priority_scale=(5, 1),
        unit="min",
    )
    data = table("What,S,P,T", "x,ZU,A,90", "y,auf,5,30", "z,Muster,1,1", "w,auf,1,1")
    report = bring(data, mapping=said, format="task-csv")
    found = {one.title: (one.status.value, one.priority.value, one.estimated_hours) for one in bench.find(Todo)}
    assert found["x"] == ("done", "urgent", 1.5)
    assert found["y"] == ("confirmed", "low", 0.5)
    assert found["w"][1] == "urgent"
    assert told(report.left_out) == {"a pattern": 1}


def test_a_project_of_ones_own_is_the_same_project(bench: Workbench, bring: Bring) -> None:
    own = bench.add_project("Thesis")
    report = bring(table("Title,Project", "a,thesis", "b,Other"), name="x.csv")
    assert {one.title for one in bench.find(Project)} == {"Thesis", "Other"}
    assert bench.find(Todo, title="a")[0].project_id == own.id
    assert report.imported == {"projects": 1, "todos": 2}


def test_two_tools_are_two_sources(bench: Workbench, bring: Bring) -> None:
    first = bring(table("Id,Title", "1,a"), name="x.csv")
    second = bring(table("Id,Title,Hours", "1,b,2"), name="x.csv")
    third = bring(table("Id,Title,Hours", "1,c,2"), name="x.csv", source="another")
    assert len({first.source, second.source, third.source}) == 3
    assert bench.count(Todo) == 3


@pytest.mark.parametrize(
    ("text", "path", "sure"),
    [
        (HEADER + "\n", "x", 0.95),
        ("Title,Hours\n", "x.csv", 0.7),
        ("Title,Hours\n", "x", 0.4),
        ("a,b\n", "x.csv", 0.2),
        ("a,b\n", "x", 0.0),
        ('{"title": 1}', "x.csv", 0.0),
        ("", "x", 0.0),
    ],
)
def test_it_is_told_from_other_formats(text: str, path: str, sure: float) -> None:
    assert task_csv.identify(text, path) == sure


def test_the_preset_knows_its_header() -> None:
    assert mapping.for_header(HEADER.split(",")) is SIP


def test_a_bare_number_among_units_is_a_guess(bench: Workbench, bring: Bring) -> None:
    report = bring(table("Title,Spent", "a,90", "b,1.5h", "c,90 min", "d,", "e,1:30"))
    assert {one.title: one.adjusted_hours for one in bench.find(Todo) if one.adjusted_hours} == {
        "a": 90.0,
        "b": 1.5,
        "c": 1.5,
        "e": 1.5,
    }
    assert told(report.issues)["its actual has no unit, where others have one: taken as hours"] == 1
    assert any(line.startswith("Lost or guessed: ") for line in report.lines())


@pytest.mark.parametrize(
    "data", [table("Title,Spent (min)", "a,90", "b,1.5h"), table("Title,Spent", "a,90", "b,1:30", "c,?")]
)
def test_a_bare_number_that_is_none(bring: Bring, data: bytes) -> None:
    assert not any("has no unit" in sentence for sentence in told(bring(data).issues))


def test_a_unit_that_was_said_is_no_guess(bring: Bring) -> None:
    report = bring(table("Title,Spent", "a,90", "b,1.5h"), mapping=ColumnMapping(unit="min"))
    assert not any("has no unit" in sentence for sentence in told(report.issues))


TRACKED = table(
    "User,Project,Task,Description,Start date,Duration",
    "Ada,P,,Write a draft,2025-01-06,01:30:00",
    "Ada,P,Named,More on it,2025-01-06,01:00:00",
    "Ada,P,,,2025-01-06,01:00:00",
)


def test_an_empty_title_is_looked_for_in_the_description(bench: Workbench, bring: Bring) -> None:
    report = bring(TRACKED, name="toggl.csv")
    found = {one.title: one.description for one in bench.find(Todo)}
    assert found == {"Write a draft": None, "Named": "More on it", "(untitled)": None}
    assert told(report.issues)["its title is empty: taken from Description"] == 1
    assert bring(TRACKED, name="toggl.csv").new == 0


def test_a_title_column_that_was_said_is_the_only_one(bench: Workbench, bring: Bring) -> None:
    bring(TRACKED, name="toggl.csv", mapping=mapping.from_pairs("title=Task"))
    assert {one.title for one in bench.find(Todo)} == {"(untitled)", "Named"}


def test_month_first_is_told_by_the_days_alone() -> None:
    told = [f"{month:02}/{day:02}/2025 10:{day:02}" for month in (1, 2, 3) for day in range(1, 29)]
    assert task_dates.form(told) == "%m/%d/%Y %H:%M"
    assert task_dates.form(told[:12]) == "%d/%m/%Y %H:%M"


def test_a_header_with_half_a_character(bring: Bring) -> None:
    assert bring(b"Title,\xed\xa0\x80,\xed\xa0\x80\na,b,c\n", name="x.csv").new == 1
