"""Odd corners of files: durations that disagree, intervals that begin at once, dates of two orders, commas in tags."""

from pathlib import Path

import pytest

from orc_lab.exporters.run import export
from orc_lab.importers import run
from orc_lab.importers.reading.fields import Fields
from orc_lab.importers.record import Context
from orc_lab.model.clock import Clock
from orc_lab.model.entities import Session, Todo
from orc_lab.workbench.bench import Workbench
from tests.importers.conftest import Bring
from tests.importers.files import NOW, accounted, table, told
from tests.importers.files_of_tools import exported, tracked

TOGGL = "User,Email,Client,Project,Task,Description,Billable,Start date,Start time,End date,End time,Duration,Tags"
OTHERWISE = "its duration is another than from its start to its end: taken from start to end"


@pytest.mark.parametrize(("duration", "odd"), [("01:30:00", 0), ("01:29:30", 0), ("03:00:00", 1), ("00:10:00", 1)])
def test_a_duration_that_differs_from_its_interval_is_told(
    bench: Workbench, bring: Bring, duration: str, odd: int
) -> None:
    row = f"A,a@b.c,,House,,Dig,No,2025-03-03,10:00:00,2025-03-03,11:30:00,{duration},"
    report = bring(table(TOGGL, row))
    assert told(report.issues).get(OTHERWISE, 0) == odd
    (worked,) = bench.find(Session)
    assert (worked.ended_at or 0) - worked.started_at == 5400


def test_two_intervals_that_begin_at_once_both_count(bench: Workbench, bring: Bring) -> None:
    data = exported(
        tracked("20250301T080000Z", "20250301T090000Z", "Dig", id=2),
        tracked("20250301T080000Z", "20250301T100000Z", "Sow", id=1),
        tracked("20250301T080000Z", "20250301T090000Z", "Dig", id=3),
    )
    report = bring(data)
    assert accounted(report)
    assert told(report.issues)["another interval begins at the same time: both are counted"] == 1
    assert told(report.left_out) == {"the same record stands in the file again": 1}
    assert {one.title: one.actual_hours for one in bench.find(Todo)} == {"Dig": 1, "Sow": 2}
    again = bring(data)
    assert (again.new, again.changed) == (0, 0)


def test_dates_of_two_orders_in_one_column(bench: Workbench, bring: Bring) -> None:
    report = bring(table("title,created", "A,03/25/2024", "B,25/03/2024", "C,26/03/2024", "D,04/05/2024"))
    assert [note for note in report.notes if "'created' holds dates with the day first" in note]
    assert told(report.issues)["its created date can't be read: left empty"] == 1
    one_order = bring(table("title,created", "A,24/03/2024", "B,25/03/2024", "C,04/05/2024"), source="x")
    assert not [note for note in one_order.notes if "holds dates" in note]


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ('"a, b", c', ("a, b", "c")),
        ('"say ""x"", y";z', ('say "x", y', "z")),
        ('5" pipe, x', ('5" pipe', "x")),
        ('"open, x', ('"open', "x")),
        ("a,b;c", ("a", "b", "c")),
    ],
)
def test_tags_in_quotes(text: str, tags: tuple[str, ...]) -> None:
    fields = Fields({"tags": text}, Context(clock=Clock(), user_id="u", now=NOW))
    assert fields.tags() == tags


def test_tags_survive_our_own_csv(bench: Workbench, tmp_path: Path) -> None:
    tags = ("plain", "a, b", "c;d", 'say "x"')
    bench.add_todo("Dig", tags=tags)
    export(bench, "csv", tmp_path / "tasks.csv")
    with Workbench.init(tmp_path / "other.db") as other:
        run.commit(other, run.plan(other, tmp_path / "tasks.csv"))
        (one,) = other.find(Todo)
        assert one.tags == tags
