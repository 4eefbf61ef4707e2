"""Reports of time trackers: entries become sessions, those of one title one todo."""

import pytest

from orc_lab.errors import NeedsChoice
from orc_lab.importers.tables import entries as time_csv
from orc_lab.importers.tables import mapping
from orc_lab.model.entities import Session, Status, Todo
from orc_lab.workbench.bench import Workbench
from tests.importers.conftest import Bring
from tests.importers.files import accounted, at, table, told

ENTRIES = table(
    "User,Email,Client,Project,Task,Description,Billable,Start date,Start time,End date,End time,Duration,Tags,Amount",
    'Ada,ada@example.org,Uni,Thesis,,Write,No,2025-03-03,08:00:00,2025-03-03,09:30:00,01:30:00,"deep, home",',
    "Ada,ada@example.org,Uni,Thesis,,write,No,2025-03-04,08:00:00,2025-03-04,09:00:00,01:00:00,,",
    "Ada,ada@example.org,Uni,Thesis,Review,,No,2025-03-04,10:00:00,2025-03-04,10:30:00,00:30:00,,",
    "Ada,ada@example.org,,,,,No,2025-03-05,10:00:00,2025-03-05,10:30:00,00:30:00,,",
    "Ada,ada@example.org,,,,,No,2025-03-05,10:00:00,2025-03-05,10:30:00,00:30:00,,",
    "Ada,ada@example.org,,,,Night,No,2025-03-29,23:30:00,2025-03-30,03:30:00,03:00:00,,",
    "Ada,ada@example.org,,,,Running,No,2025-06-15,11:30:00,,,,,",
)


def test_time_entries_become_sessions_of_one_todo_a_title(bench: Workbench, bring: Bring) -> None:
    report = bring(ENTRIES, name="Toggl_time_entries.csv")
    assert (report.source, report.new, report.records) == ("task-csv:toggl", 6, 7)
    assert report.imported == {"projects": 1, "todos": 4, "sessions": 6}
    assert told(report.left_out) == {"it has no end: import again once it has ended": 1}
    assert accounted(report)
    found = {one.title: one for one in bench.find(Todo)}
    write = found["Write"]
    assert (write.actual_hours, write.category, write.tags) == (2.5, "Uni", ("deep", "home"))
    assert (write.created_at, write.started_at) == (at("2025-03-03T08:00"), at("2025-03-03T08:00"))
    assert (write.status, write.completed_at) == (Status.COMMITTED, None)
    assert found["(no description)"].actual_hours == 1
    assert found["Review"].actual_hours == 0.5
    assert found["Night"].actual_hours == 3  # an hour of it was skipped
    assert {one.source for one in bench.find(Session)} == {"toggl"}
    assert time_csv.STAY_OPEN in report.notes


def test_time_entries_again_and_over_lapping_months(bench: Workbench, bring: Bring) -> None:
    bring(ENTRIES, name="x.csv")
    assert bring(ENTRIES, name="y.csv").new == 0
    lines = ENTRIES.decode().splitlines()
    one_more = "Ada,ada@example.org,,,,,No,2025-03-05,10:00:00,2025-03-05,10:30:00,00:30:00,,"
    ended = "Ada,ada@example.org,,,,Running,No,2025-06-15,11:30:00,2025-06-15,11:45:00,00:15:00,,"
    later = "\n".join([lines[0], *lines[3:7], one_more, ended, ""])
    report = bring(later.encode(), name="z.csv")
    assert report.imported == {"todos": 1, "sessions": 2}
    assert bench.find(Todo, title="(no description)")[0].actual_hours == 1.5


@pytest.mark.parametrize(
    ("header", "row", "hours"),
    [
        (
            "Description,Project,Start date,Start time,Stop date,Stop time,Duration",
            "a,P,2025-03-03,08:00,2025-03-03,09:30,1:30",
            1.5,
        ),
        (
            "Project,Description,User,Start Date,Start Time,End Date,End Time,Duration (h)",
            "P,a,Ada,03/13/2025,09:05:00 PM,03/13/2025,11:20:00 PM,02:15:00",
            2.25,
        ),
        ("Description,Start date,Start time,Duration", "a,2025-03-03,08:00:00,02:00:00", 2),
        ("Description,Start date,Start time,End time,Duration", "a,2025-03-03,23:00,01:00,02:00:00", 2),
        ("Description,Start date,Start time,Duration", "a,2025-03-03,,02:00:00", 2),
    ],
)  # fmt: skip
def test_reports_of_time_trackers(bench: Workbench, bring: Bring, header: str, row: str, hours: float) -> None:
    bring(table(header, row), name="x.csv")
    (found,) = bench.find(Todo)
    assert (found.title, found.actual_hours) == ("a", hours)
    assert bench.count(Session) == 1


def test_odd_time_entries(bench: Workbench, bring: Bring) -> None:
    header = "Description,Project,Start date,Start time,End date,End time,Duration"
    rows = [
        "a,P,soon,08:00,2025-03-03,09:00,1:00",
        "a,P,2025-03-03,09:00,2025-03-03,08:00,",
        "a,P,2035-03-03,08:00,2035-03-03,09:00,1:00",
        "a,P,2025-03-03,25:00,2025-03-03,09:00,1:00",
        "a,P,2025-03-03,,2025-03-03,,",
        "a,P,2025-03-03,08:00,2025-03-03,09:00,-1:00",
        "a,P,1,2,3,4,5,6,7,8",
        "a,P,2025-03-03,10:00",
    ]
    report = bring(table(header, *rows), name="x.csv")
    assert accounted(report)
    assert told(report.left_out) == {
        "its start can't be read": 1,
        "it ends before it begins": 1,
        "it lies in the future": 1,
        "it tells neither a time nor how long it took": 1,
        "its row has more fields than the header: a quote may be missing": 1,
        "it has no end: import again once it has ended": 1,
    }
    assert bench.find(Todo)[0].actual_hours == 2
    assert told(report.issues)["a time of it can't be read: left out"] == 1


def test_time_entries_of_any_other_table(bench: Workbench, bring: Bring) -> None:
    said = mapping.from_settings(
        {
            "name": "ours",
            "columns": {"title": "Was", "started": "Von", "ended": "Bis", "project": "Wofür"},
            "date_format": "%d.%m.%Y %H:%M",
            "done_after_days": 30,
        }
    )
    data = table(
        "Was;Wofür;Von;Bis",
        "alt;P;03.03.2025 08:00;03.03.2025 09:30",
        "neu;P;03.06.2025 08:00;03.06.2025 09:00",
    )
    report = bring(data, name="x.csv", mapping=said)
    found = {one.title: one for one in bench.find(Todo)}
    assert (found["alt"].status, found["alt"].completed_at) == (Status.DONE, at("2025-03-03T09:30"))
    assert (found["neu"].status, found["neu"].actual_hours) == (Status.COMMITTED, 1)
    assert {one.source for one in bench.find(Session)} == {"ours"}
    assert time_csv.STAY_OPEN not in report.notes


def test_time_entries_of_several_persons(bench: Workbench, bring: Bring) -> None:
    data = ENTRIES + b"Bob,b@example.org,Uni,Thesis,,Write,No,2025-03-03,08:00:00,2025-03-03,09:30:00,01:30:00,,\n"
    with pytest.raises(NeedsChoice):
        bring(data, name="x.csv")
    bring(data, name="x.csv", person="all")
    assert set(bench.find(Todo, title="Write")[0].tags) == {"deep", "home", "person:Ada", "person:Bob"}
