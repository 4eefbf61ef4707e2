"""What becomes of a record of a file, decided before anything is written."""

from collections.abc import Sequence

import pytest

from orc_lab.importers import run
from orc_lab.importers.reading.source import Source
from orc_lab.importers.record import Context, Parsed, Reading, as_raw
from orc_lab.importers.taskwarrior import export as taskwarrior
from orc_lab.model.entities import ImportRecord, Todo
from orc_lab.workbench.bench import Workbench
from tests.importers.files import NOW, accounted, told


def parsed(id: str, title: str, *, updated: int = 0) -> Parsed:
    raw, content = as_raw({"id": id, "title": title, "updated": updated})
    values = {"title": title, "created_at": 5, "updated_at": 5}
    return Parsed(external_id=id, kind=Todo, values=values, raw=raw, content_hash=content, updated=updated)


def reads(monkeypatch: pytest.MonkeyPatch, records: Sequence[Parsed], *, as_they_come: bool) -> None:
    """Let every file of Taskwarrior hold these records."""

    def read(source: Source, context: Context) -> Reading:
        return Reading(source="test", records=iter(list(records)) if as_they_come else list(records))

    monkeypatch.setattr(taskwarrior, "read", read)


@pytest.mark.parametrize("as_they_come", [False, True])
def test_an_id_that_stands_in_a_file_twice_costs_no_record(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, as_they_come: bool
) -> None:
    twice = [parsed("a", "Dig"), parsed("b", "Sow"), parsed("a", "Dig deep"), parsed("a", "Dig deeper")]
    reads(monkeypatch, twice, as_they_come=as_they_come)
    first, again = (run.commit(bench, run.plan(bench, b"[]", format="taskwarrior", now=NOW)) for _ in range(2))
    assert accounted(first)
    assert accounted(again)
    assert (first.new, again.new, sum(told(first.left_out).values())) == (2, 0, 2)
    assert told(first.left_out) == told(again.left_out)
    assert {one.title for one in bench.find(Todo)} == {"Sow", "Dig" if as_they_come else "Dig deeper"}
    assert len(bench.find(ImportRecord)) == 4


def test_why_one_of_two_records_is_left_out_is_true(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = [parsed("a", "new", updated=9), parsed("a", "old", updated=8), parsed("b", "1"), parsed("b", "2")]
    same = [parsed("c", "same"), parsed("c", "same")]
    reads(monkeypatch, [*pairs, *same], as_they_come=False)
    report = run.commit(bench, run.plan(bench, b"[]", format="taskwarrior", now=NOW))
    assert told(report.left_out) == {
        "the file holds a newer record with the same id": 1,
        "a later record of the file has the same id": 1,
        "the same record stands in the file again": 1,
    }
    assert {one.title for one in bench.find(Todo)} == {"new", "2", "same"}
