"""What mutated files have found, each once more by itself: `make fuzz` finds no such thing again."""

import io
import json
import zipfile
from typing import Any

import pytest

from orc_lab.errors import InvalidValue, NeedsChoice, OrcError, UnreadableFile
from orc_lab.importers import run
from orc_lab.importers.own import document
from orc_lab.importers.tables.mapping import from_pairs, from_settings
from orc_lab.model.entities import Activity, ImportRecord, Todo
from orc_lab.store import load
from orc_lab.workbench.bench import Workbench
from tests.importers.conftest import Bring
from tests.importers.files import NOW, accounted, store, table, todo, told
from tests.importers.files_of_tools import exported, tracked, warrior
from tests.importers.fuzz import seeds

DEEP = "[" * 5000 + "]" * 5000


def raws(bench: Workbench) -> str:
    return "\n".join(one.raw for one in bench.find(ImportRecord))


def item(**fields: Any) -> dict[str, Any]:
    """A task as Todoist's API tells it."""
    return {"id": "11", "project_id": "2", "content": "Dig", "added_at": "2025-03-02T10:00:00Z", "labels": []} | fields


# Todoist


@pytest.mark.parametrize("deep", [DEEP, "9" * 5000, "[" * 985 + "]" * 985])
def test_a_task_that_no_value_can_hold_costs_only_itself(bring: Bring, deep: str) -> None:
    data = json.dumps({"items": [item(), item(id="12", due="DEEP")]}).replace('"DEEP"', deep)
    report = bring(data.encode(), format="todoist")
    assert accounted(report)
    assert (report.records, report.new + sum(told(report.left_out).values())) == (2, 2)
    assert report.new >= 1


def test_a_round_that_was_done_in_the_future_is_known_again(bench: Workbench) -> None:
    done = {
        "checked": True,
        "completed_at": "2030-01-01T10:00:00Z",
        "due": {"date": "2030-01-01", "is_recurring": True},
    }
    data = json.dumps({"items": [item(**done)]}).encode()
    first, again = (run.commit(bench, run.plan(bench, data, format="todoist", now=NOW + late)) for late in (0, 99))
    assert (first.new, again.new, again.there) == (1, 0, 1)


def test_the_same_id_twice_whatever_is_in_it(bring: Bring) -> None:
    notes = [{"id": "a@b", "item_id": "11", "content": said, "posted_at": "2025-03-03T10:00:00Z"} for said in "xy"]
    report = bring(json.dumps({"items": [item()], "notes": notes}).encode(), format="todoist")
    assert (report.new, told(report.left_out)) == (2, {"a later record of the file has the same id": 1})


def test_a_table_that_is_not_of_todoist_is_refused(bring: Bring) -> None:
    with pytest.raises(UnreadableFile, match="its columns are not those of Todoist"):
        bring(table("TYPE,DATE,PRIORITY,INDENT", "task,Dig,1,1"), format="todoist", name="x.csv")


def test_two_columns_of_one_meaning_are_both_kept(bench: Workbench, bring: Bring) -> None:
    bring(table("TYPE,CONTENT,PRIORITY,INDENT,DATE,DUE_DATE", "task,Dig,1,1,2025-07-01,someday"), name="x.csv")
    assert bench.find(Todo)[0].due_date == "2025-07-01"
    assert "someday" in raws(bench)


def test_a_row_that_swallowed_another_is_told(bench: Workbench, bring: Bring) -> None:
    rows = ('meta,"view_style=list', 'task,Swallowed,1,1",,', "task,Dig,1,1")
    report = bring(table("TYPE,CONTENT,PRIORITY,INDENT", *rows), name="x.csv")
    assert told(report.left_out) == {"it runs over several lines: a quote may be missing": 1}
    assert "Swallowed" in raws(bench)


def test_a_file_without_a_name_in_a_zip(bring: Bring) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo(""), b"x")
        archive.writestr("Thesis.csv", table("TYPE,CONTENT,PRIORITY,INDENT", "task,Dig,1,1"))
    report = bring(out.getvalue(), name="x.zip")
    assert report.new == 1


SHEET = "TYPE,CONTENT,DESCRIPTION,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE"


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        (SHEET, ['section,Later,,,,,,,,",', "task,Weed the beds,,4,1,,,,en,", '"']),
        (f"{SHEET},CONTENT", ["section,Later,,,,,,,,,Weed the beds"]),
    ],
)
def test_what_stands_beside_a_sections_name_is_told_and_kept(
    bench: Workbench, bring: Bring, header: str, rows: list[str]
) -> None:
    """Rows that it swallowed, for a quote is missing; a column that stands twice."""
    report = bring(table(header, "task,Dig,,4,1,,,,en,", *rows), format="todoist", name="Garden.csv")
    assert told(report.left_out) == {"of a section only the name comes over, and its row says more": 1}
    assert "Weed the beds" in raws(bench)


def test_who_is_responsible_with_an_endless_name_can_be_chosen(bring: Bring) -> None:
    rows = [f"task,Dig {n},,4,1,,{name},,en," for n, name in enumerate(("Ada", "x" * 4_000))]
    with pytest.raises(NeedsChoice) as asked:
        bring(table(SHEET, *rows), format="todoist", name="Garden.csv", person=None)
    assert len(str(asked.value)) < 500


# Tables


@pytest.mark.parametrize("format", ["todoist", "task-csv"])
def test_a_field_may_be_long_before_the_delimiter_is_known(bring: Bring, format: str) -> None:
    with pytest.raises(UnreadableFile):
        bring(b"x" * 200_000, format=format, name="x.csv")


def test_a_header_that_swallowed_rows_is_told(bring: Bring) -> None:
    report = bring(table('Title,"Notes', "Swallowed,", 'Dig,"', "Sow,"), name="x.csv")
    assert "The name of a column runs over several lines: a quote may be missing, and rows stand in it." in report.notes


@pytest.mark.parametrize(("mapped", "error"), [(None, UnreadableFile), (from_pairs("title=Was"), InvalidValue)])
def test_a_broken_header_is_told_in_few_words(bring: Bring, mapped: Any, error: type[OrcError]) -> None:
    with pytest.raises(error) as found:
        bring(table(",".join(["9" * 5000] * 99), "1"), format="task-csv", name="x.csv", mapping=mapped)
    assert 200 < len(str(found.value)) < 2000


@pytest.mark.parametrize("form", ["%d.%d", "%d.%q", "%d.%"])
def test_a_date_format_that_strptime_does_not_take_is_refused_at_once(form: str) -> None:
    with pytest.raises(InvalidValue, match="date_format"):
        from_settings({"date_format": form})


def test_a_duration_longer_than_the_world_is_none(bring: Bring) -> None:
    rows = table("title,started,actual", "Dig,2025-03-02 10:00,1e307", "Weed,2025-03-02 11:00,1:30")
    report = bring(
        rows, format="task-csv", name="x.csv", mapping=from_pairs("title=title,started=started,actual=actual")
    )
    assert accounted(report)


def test_a_mapping_whose_name_no_database_holds_is_refused() -> None:
    with pytest.raises(InvalidValue, match="whole characters"):
        from_settings({"name": "\ud800", "columns": {"title": "Was"}})


def test_persons_with_endless_names_can_be_chosen_from(bring: Bring) -> None:
    names = ["Ada", "9" * 4_000, *(f"Somebody {n}" for n in range(40))]
    data = table("title,person", *(f"Dig {name[:9]},{name}" for name in names))
    with pytest.raises(NeedsChoice) as asked:
        bring(data, format="task-csv", name="x.csv", mapping=from_pairs("title=title,person=person"))
    assert len(str(asked.value)) < 2_000
    assert "Ada (1)" in str(asked.value)


# Taskwarrior, Timewarrior, the old app


def test_what_stands_in_place_of_a_number_that_changes_by_itself_is_kept(bench: Workbench, bring: Bring) -> None:
    bring(exported(warrior(1, id={"description": "Inside"}), warrior(2)))
    assert "Inside" in raws(bench)
    assert '"urgency"' not in raws(bench)
    bring(exported(tracked("20250303T080000Z", "20250303T093000Z", "Write", id={"tags": ["Beside"]})))
    assert "Beside" in raws(bench)


def test_what_is_noted_on_a_task_that_stands_there_twice_comes_once(bench: Workbench, bring: Bring) -> None:
    noted = [{"entry": "soon", "description": "Ask"}]
    report = bring(exported(*(warrior(1, annotations=noted, entry=f"2025030{day}T090000Z") for day in (1, 2))))
    assert (report.new, sum(told(report.left_out).values())) == (1, 1)
    assert [one.new for one in bench.find(Activity) if one.kind == "note"] == ["Ask"]


def test_the_name_of_what_is_no_record_is_kept_with_it(bench: Workbench, bring: Bring) -> None:
    report = bring(store(todos=[["Dig the garden", []], ["t2", todo("t2")]]))
    assert (report.new, told(report.left_out)) == (1, {"it is no record": 1})
    assert "Dig the garden" in raws(bench)


def test_a_pair_of_a_record_and_an_id_is_no_pair(bench: Workbench, bring: Bring) -> None:
    report = bring(store(todos=[["t1", todo()], [todo("t2", title="Turned round"), "t2"]]))
    assert accounted(report)
    assert "Turned round" in raws(bench)


# What orc exported


def test_an_export_with_an_empty_row_is_refused(bench: Workbench) -> None:
    tree = seeds.exported()[1]
    tree["tables"]["projects"] = [{}]
    with pytest.raises(UnreadableFile, match="a row of projects is empty"):
        document.bring(bench, json.dumps(tree).encode())
    assert load.is_unused(bench.db)


@pytest.mark.parametrize("head", [{"created_at": 10**30}, {"user_id": "\ud800"}])
def test_an_export_whose_head_fits_no_database_is_refused(bench: Workbench, head: dict[str, Any]) -> None:
    with pytest.raises(UnreadableFile, match="its head doesn't fit"):
        document.bring(bench, json.dumps(seeds.exported()[1] | head).encode())
    assert load.is_unused(bench.db)


def test_an_export_without_its_log_is_brought_once(bench: Workbench) -> None:
    tree = seeds.exported()[1]
    tree["history"] = {"transactions": [], "changes": []}
    data = json.dumps(tree).encode()
    assert document.bring(bench, data).new > 0
    assert not load.is_unused(bench.db)
    before = bench.find(Todo)
    assert document.bring(bench, data).new == 0
    assert bench.find(Todo) == before
