"""The old web app's storage: every shape and trap of it."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from orc_lab.errors import UnreadableFile
from orc_lab.importers import run
from orc_lab.importers.creation import export as creation_store
from orc_lab.importers.reading.source import Source
from orc_lab.model.entities import (
    Activity,
    ImportRecord,
    Intention,
    Priority,
    Project,
    ProjectStatus,
    Status,
    Todo,
)
from orc_lab.workbench.bench import Workbench
from tests.importers.conftest import Bring
from tests.importers.files import NOW, accounted, at, project, store, todo, told

STATE = {"projects": [project()], "todos": [todo(projectId="p1", status="matched")]}


def raw(bench: Workbench, external_id: str) -> Any:
    (record,) = bench.find(ImportRecord, external_id=external_id)
    return json.loads(record.raw)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"state": STATE, "version": 0}),
        json.dumps({"state": STATE}),
        json.dumps(STATE),
        json.dumps({"weekly_goals": [], **STATE}),
        json.dumps(json.dumps({"state": STATE, "version": 0})),
        json.dumps(json.dumps(json.dumps(STATE))),
        json.dumps({"state": json.dumps(STATE)}),
        "'" + json.dumps({"state": STATE}) + "'\n",
        json.dumps({"creation-store": json.dumps({"state": STATE}), "theme": "dark"}),
        json.dumps({"creation-store": {"state": STATE}}),
        json.dumps({"state": {**STATE, "todos": {"t1": {**STATE["todos"][0], "id": None}}}}),
        json.dumps({"state": {**STATE, "todos": [["t1", STATE["todos"][0]]]}}),
        json.dumps({"state": {**STATE, "todos": json.dumps(STATE["todos"])}}),
    ],
    ids=[
        *("wrapped", "no version", "bare", "snake case", "string in string", "thrice", "state as string", "console"),
        *("dump", "dump of objects", "map by id", "pairs", "list as string"),
    ],
)
def test_every_wrapping_holds_the_same(bench: Workbench, bring: Bring, text: str) -> None:
    assert creation_store.identify(text, "x") > 0.4
    report = bring(text.encode())
    assert (report.format, report.new, report.left_out) == ("creation-store", 2, [])
    (found,) = bench.find(Todo)
    assert (found.id, found.title, found.project_id, found.status) == ("t1", "Todo t1", "p1", Status.MATCHED)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_any_encoding(bench: Workbench, bring: Bring, encoding: str) -> None:
    text = json.dumps({"state": {"todos": [todo(title="Größe prüfen")]}}, ensure_ascii=False)
    report = bring(text.encode(encoding))
    assert [one.title for one in bench.find(Todo)] == ["Größe prüfen"]
    assert any("Windows-1252" in note for note in report.notes) == (encoding == "cp1252")


def test_a_paste_from_standard_input(bench: Workbench, bring: Bring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(store(todos=[todo()]))))
    report = bring("-")
    assert (report.name, report.new, bench.count(Todo)) == ("standard input", 1, 1)


def test_a_file(bench: Workbench, bring: Bring, tmp_path: Path) -> None:
    path = tmp_path / "Export vom 5. Juni.json"
    path.write_bytes(store(todos=[todo()]))
    report = bring(path)
    kept = Path(report.kept or "")
    assert kept == tmp_path / "imports" / "2025-06-15-Export-vom-5.-Juni.json"
    assert kept.read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("told_time", "expected"),
    [
        ("2025-01-06T08:00:00.000Z", "2025-01-06T09:00"),
        ("2025-01-06T08:00:00+00:00", "2025-01-06T09:00"),
        ("2025-01-06T08:00:00", "2025-01-06T08:00"),
        ("2025-07-06 08:00", None),
        ("2025-01-06", "2025-01-06T09:00"),
        (1736150400000, "2025-01-06T09:00"),
        (1736150400, "2025-01-06T09:00"),
        (1736150400.5, "2025-01-06T09:00"),
        ("1736150400000", "2025-01-06T09:00"),
        ("1736150400", "2025-01-06T09:00"),
    ],
)
def test_times_in_any_form(bench: Workbench, bring: Bring, told_time: Any, expected: str | None) -> None:
    bring(store(todos=[todo(createdAt=told_time, updatedAt=None)]))
    (found,) = bench.find(Todo)
    assert found.created_at == (NOW if expected is None else at(expected))
    assert found.updated_at == found.created_at


@pytest.mark.parametrize("nonsense", ["yesterday", 0, -5, "0", True, [], {}, "9999-99-99", 1e300, "1e400", "12:00"])
def test_a_time_that_is_none(bench: Workbench, bring: Bring, nonsense: Any) -> None:
    report = bring(store(todos=[todo(createdAt=nonsense)]))
    (found,) = bench.find(Todo)
    assert found.created_at == at("2025-01-08T16:00")
    assert told(report.issues)["it has no date of creation: taken as its first known date"] == 1
    assert raw(bench, "todo:t1")["createdAt"] == nonsense


def test_original_times_are_kept(bench: Workbench, bring: Bring) -> None:
    bring(store(projects=[project(updatedAt="2025-02-01T00:00:00Z")], todos=[todo()], intentions=[project("i1")]))
    assert bench.get(Todo, "t1").updated_at == at("2025-01-08T16:00")
    assert bench.get(Project, "p1").updated_at == at("2025-02-01T01:00")
    assert bench.get(Intention, "i1").created_at == at("2025-01-02T09:00")


def test_a_done_todo_keeps_a_later_change(bench: Workbench, bring: Bring) -> None:
    bring(store(todos=[todo(status="done", completedAt="2025-01-07T10:00:00Z")]))
    found = bench.get(Todo, "t1")
    assert (found.completed_at, found.updated_at) == (at("2025-01-07T11:00"), at("2025-01-08T16:00"))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        *((status.value, status) for status in Status),
        ("completed", Status.DONE),
        ("Completed", Status.DONE),
        ("cancelled", Status.DROPPED),
        (None, Status.DUMPED),
    ],
)
def test_a_known_status(bench: Workbench, bring: Bring, status: str | None, expected: Status) -> None:
    report = bring(store(todos=[todo(status=status)]))
    assert bench.get(Todo, "t1").status is expected
    assert "its status is unknown: taken as dumped" not in told(report.issues)


@pytest.mark.parametrize("status", ["someday", 7, ["done"], {"a": 1}])
def test_an_unknown_status_is_dumped_and_told(bench: Workbench, bring: Bring, status: Any) -> None:
    report = bring(store(todos=[todo(status=status)]))
    assert bench.get(Todo, "t1").status is Status.DUMPED
    assert told(report.issues)["its status is unknown: taken as dumped"] == 1


def test_completed_as_a_yes(bench: Workbench, bring: Bring) -> None:
    bring(store(todos=[todo(completed=True), todo("t2", completed=False)]))
    assert bench.get(Todo, "t1").completed_at == at("2025-01-08T16:00")
    assert bench.get(Todo, "t2").status is Status.DUMPED


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"estimatedHours": 1}, None),
        ({"estimatedHours": "1"}, None),
        ({"estimatedHours": 1, "status": "matched"}, None),
        ({"estimatedHours": 1, "status": "completed"}, None),
        ({"estimatedHours": 1, "status": "refined"}, 1.0),
        ({"estimatedHours": 1, "status": "committed"}, 1.0),
        ({"estimatedHours": 1, "status": "completed", "actualHours": 0.5}, 1.0),
        ({"estimatedHours": 2.5}, 2.5),
        ({"estimatedHours": "2,5"}, 2.5),
        ({"estimatedHours": 0}, 0.0),
        ({"estimatedHours": -3}, None),
        ({"estimatedHours": "soon"}, None),
        ({"estimatedHours": 1e12}, None),
        ({}, None),
    ],
)
def test_an_estimate_of_one_hour_needs_evidence(
    bench: Workbench, bring: Bring, fields: dict[str, Any], expected: float | None
) -> None:
    report = bring(store(todos=[todo(**fields)]))
    assert bench.get(Todo, "t1").estimated_hours == expected
    default = "its estimate of 1 h is the old app's default: taken as not estimated"
    odd = "its estimate is no amount of hours: left empty"
    assert (default in told(report.issues)) == (expected is None and fields.get("estimatedHours") in (1, "1"))
    assert (odd in told(report.issues)) == (fields.get("estimatedHours") in (-3, "soon", 1e12))


def test_hours_of_a_done_todo(bench: Workbench, bring: Bring) -> None:
    bring(store(todos=[todo(status="done", estimatedHours=2, actualHours=3), todo("t2", actualHours=0)]))
    done, untouched = bench.get(Todo, "t1"), bench.get(Todo, "t2")
    assert (done.actual_hours, done.adjusted_hours, done.original_estimate_hours) == (3.0, 3.0, 2.0)
    assert (untouched.actual_hours, untouched.adjusted_hours) == (None, None)


def test_a_missing_project_is_told_and_kept_in_the_raw_record(bench: Workbench, bring: Bring) -> None:
    report = bring(store(todos=[todo(projectId="gone")]))
    assert bench.get(Todo, "t1").project_id is None
    assert told(report.issues)["the project that it names is not there: imported without it"] == 1
    assert raw(bench, "todo:t1")["projectId"] == "gone"


def test_projects_with_their_intention(bench: Workbench, bring: Bring) -> None:
    given = [project(intentionId="i1", why="Because", priority="HIGH", dueDate="2025-03-31T22:00:00.000Z")]
    bring(store(projects=[*given, project("p2", intentionId="i9")], intentions=[{"id": "i1", "name": "Live"}]))
    found = bench.get(Project, "p1")
    assert (found.intention_id, found.why, found.priority) == ("i1", "Because", Priority.HIGH)
    assert found.due_date == "2025-04-01"  # midnight in Berlin
    assert bench.get(Project, "p2").intention_id is None
    assert bench.get(Intention, "i1").title == "Live"


@pytest.mark.parametrize(
    ("progress", "expected", "odd"),
    [(40, 40, 0), (140, 100, 1), (-5, 0, 1), ("33.4", 33, 0), ("much", 0, 1), ({}, 0, 0)],
)
def test_progress_within_its_range(bench: Workbench, bring: Bring, progress: Any, expected: int, odd: int) -> None:
    report = bring(store(projects=[project(progress=progress, updatedAt="2025-02-01T00:00:00Z")]))
    assert bench.get(Project, "p1").progress == expected
    assert sum(told(report.issues).values()) == odd


def test_a_completed_project(bench: Workbench, bring: Bring) -> None:
    bring(store(projects=[project(status="completed", progress=100, updatedAt="2025-02-01T11:00:00Z")]))
    found = bench.get(Project, "p1")
    assert (found.status, found.completed_at) == (ProjectStatus.COMPLETED, at("2025-02-01T12:00"))
    assert [(one.kind, one.new) for one in bench.activities("p1")][-1] == ("status", "active")


@pytest.mark.parametrize("title", ["", "   ", None, {}, [], "\n"])
def test_an_empty_title(bench: Workbench, bring: Bring, title: Any) -> None:
    report = bring(store(todos=[todo(title=title)]))
    assert bench.get(Todo, "t1").title == "(untitled)"
    assert told(report.issues)["it has no title: called (untitled)"] == 1


def test_half_characters_are_replaced_and_kept_in_the_raw_record(bench: Workbench, bring: Bring) -> None:
    bring(b'{"state": {"todos": [{"id": "t1", "title": "a\\ud83d b\\u0000", "color": "\\udc00"}]}}')
    assert bench.get(Todo, "t1").title == "a\ufffd b\ufffd"
    assert raw(bench, "todo:t1") == {"id": "t1", "title": "a\ud83d b\x00", "color": "\udc00"}


def test_a_long_title_of_many_lines(bench: Workbench, bring: Bring) -> None:
    bring(store(todos=[todo(title="one\ntwo"), todo("t2", title="x" * 5000), todo("t3", title=12)]))
    assert bench.get(Todo, "t1").title == "one two"
    assert len(bench.get(Todo, "t2").title) == 1000
    assert len(raw(bench, "todo:t2")["title"]) == 5000
    assert bench.get(Todo, "t3").title == "12"


def test_numbers_that_json_does_not_have(bench: Workbench, bring: Bring) -> None:
    text = '{"todos": [{"id": "t1", "title": "x", "estimatedHours": NaN, "actualHours": Infinity, "n": 1e999}]}'
    report = bring(text.encode())
    assert bench.get(Todo, "t1").estimated_hours is None
    assert told(report.issues)["its actual is no amount of hours: left empty"] == 1
    assert raw(bench, "todo:t1")["n"] == "1e999"


def test_a_number_of_five_thousand_digits(bench: Workbench, bring: Bring) -> None:
    assert bring(b'{"todos": [{"id": "t1", "title": "x", "createdAt": ' + b"9" * 5000 + b"}]}").new == 1


def test_the_same_id_twice(bench: Workbench, bring: Bring) -> None:
    newer = todo(title="newer", updatedAt="2025-02-01T00:00:00Z")
    report = bring(store(todos=[newer, todo(title="older"), todo("t2"), todo("t2")]))
    assert {one.title for one in bench.find(Todo)} == {"newer", "Todo t2"}
    assert told(report.left_out) == {
        "the file holds a newer record with the same id": 1,
        "the same record stands in the file again": 1,
    }
    assert accounted(report)
    (kept,) = bench.find(ImportRecord, left_out__has="newer record")
    assert json.loads(kept.raw)["title"] == "older"


@pytest.mark.parametrize("dateless_first", [True, False])
@pytest.mark.parametrize("kind", ["todos", "projects"])
def test_of_two_with_one_id_the_one_without_a_date_is_the_older(bring: Bring, kind: str, dateless_first: bool) -> None:
    dated = todo(title="dated", status="active")
    dateless = {"id": "t1", "title": "dateless", "status": "active"}
    report = bring(store(**{kind: [dateless, dated] if dateless_first else [dated, dateless]}))
    assert [one.title for one in report.fates] == ["dated", "dateless"]
    assert told(report.left_out) == {"the file holds a newer record with the same id": 1}


def test_of_two_without_dates_the_later_one_counts(bench: Workbench, bring: Bring) -> None:
    report = bring(store(todos=[{"id": "t1", "title": "first"}, {"id": "t1", "title": "second"}]))
    assert bench.get(Todo, "t1").title == "second"
    assert told(report.left_out) == {"a later record of the file has the same id": 1}


def test_the_same_record_again_and_again(bench: Workbench, bring: Bring) -> None:
    given = store(todos=[todo(), todo(), todo(), todo(title="other"), todo()])
    report = bring(given)
    assert (report.new, report.records, sum(group.count for group in report.left_out)) == (1, 5, 4)
    assert bench.count(ImportRecord) == 5
    assert (bring(given).new, bench.count(ImportRecord)) == (0, 5)


def test_one_bad_record_blocks_nothing(bench: Workbench, bring: Bring) -> None:
    report = bring(store(todos=[5, None, "x", [], todo(), {}], projects="junk", weeklyGoals=7))
    assert {one.title for one in bench.find(Todo)} == {"Todo t1", "(untitled)"}
    assert told(report.left_out) == {"it is no record": 6}
    assert report.records == 8
    assert accounted(report)


def test_a_map_that_became_an_empty_object(bench: Workbench, bring: Bring) -> None:
    report = bring(store(projects={}, todos=[todo(tags={}, description={})]))
    assert report.new == 1
    assert any("Map or Set" in note for note in report.notes)


def test_unknown_fields_are_kept_in_the_raw_record_and_named(bench: Workbench, bring: Bring) -> None:
    report = bring(store(todos=[todo(mood="blue", healthScore=3)], filters={"a": 1}))
    assert raw(bench, "todo:t1")["mood"] == "blue"
    assert "Fields that orc has no place for, kept in the raw record only: mood." in report.notes
    assert "Computed anew instead of imported: healthScore." in report.notes
    assert "Settings of the old app were passed over: filters." in report.notes


def test_the_user_is_this_person(bench: Workbench, bring: Bring) -> None:
    report = bring(store(todos=[todo(), todo("t2", userId="user-2")]))
    assert {one.user_id for one in bench.find(Todo)} == {bench.user_id}
    assert raw(bench, "todo:t2")["userId"] == "user-2"
    assert "The records belong to 2 users of the old app; all are yours now." in report.notes


def test_no_token_is_imported_or_kept(bench: Workbench, bring: Bring, tmp_path: Path) -> None:
    state = {"state": {"todos": [todo(apiKey="sk-hidden-1")], "auth": {"accessToken": "hidden-2"}}}
    dump = {"creation-store": json.dumps(state), "sync-token": "hidden-3", "creation-store-migrated": "true"}
    report = bring(json.dumps(dump | {"other-app": "hidden-4"}).encode(), name="dump.json")
    assert report.new == 1
    assert "A token or password stood in the file: it was neither imported nor kept." in report.notes
    assert any("creation-store-migrated" in note for note in report.notes)
    bench.close()
    assert [path for path in tmp_path.rglob("*") if path.is_file() and b"hidden" in path.read_bytes()] == []
    kept = Path(report.kept or "").read_bytes()
    with Workbench.init(tmp_path / "again" / "own.db") as again:
        assert run.commit(again, run.plan(again, kept, now=NOW)).new == 1


@pytest.mark.parametrize(
    "ids", [[7, "7.0"], ["a b", "x" * 200], [None, True], [{"a": 1}, ["b"]], ["same", "same"], ["\x00", "\ud800"]]
)
def test_ids_that_can_not_be_kept(bench: Workbench, bring: Bring, ids: list[Any]) -> None:
    todos = [todo(title=f"{place}") | {"id": id} for place, id in enumerate(ids)]
    report = bring(store(todos=todos, projects=[project(ids[0]) if isinstance(ids[0], str) else project()]))
    assert accounted(report)
    assert bench.count(Todo) == (1 if ids[0] == ids[1] else 2)
    assert bring(store(todos=todos)).new == 0


def test_a_project_and_a_todo_of_one_id_stay_apart(bench: Workbench, bring: Bring) -> None:
    bring(store(projects=[project("1")], todos=[todo("1", projectId="1")]))
    (found,) = bench.find(Todo)
    assert (bench.get(Project, "1").title, found.project_id) == ("Project 1", "1")
    assert found.id != "1"


def test_parents(bench: Workbench, bring: Bring) -> None:
    todos = [
        todo("a", parentId="b"),
        todo("b"),
        todo("c", parentId="d"),
        todo("d", parentId="c"),
        todo("e", parentId="e"),
    ]
    report = bring(store(todos=[*todos, todo("f", parentId="zz")]))
    found = {one.id: one.parent_id for one in bench.find(Todo)}
    assert found["a"] == "b"
    assert [found["c"], found["d"]].count(None) == 1
    assert (found["e"], found["f"]) == (None, None)
    assert told(report.issues)["the parent that it names is its own child: imported without it"] == 2


def test_history_is_written_back_dated(bench: Workbench, bring: Bring) -> None:
    started = {"startedAt": "2025-01-07T08:00:00Z", "completedAt": "2025-01-08T15:00:00Z"}
    bring(store(projects=[project()], todos=[todo(projectId="p1", status="completed", estimatedHours=3, **started)]))
    steps = [(one.old, one.new, one.occurred_at) for one in bench.activities("t1")][::-1]
    assert steps == [(None, "refined", at("2025-01-06T09:00")), ("refined", "done", at("2025-01-08T16:00"))]
    changes = [(change.op, change.at, change.origin) for change in bench.history("t1")]
    assert changes == [
        ("insert", at("2025-01-06T09:00"), "import"),
        ("update", at("2025-01-07T09:00"), "import"),
        ("update", at("2025-01-08T16:00"), "import"),
    ]
    assert bench.history("t1")[1].cells["original_estimate_hours"] == (None, 3.0)
    assert all(one.recorded_at > NOW for one in bench.find(Activity, subject_id="t1"))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"not json", "it is not JSON"),
        (b'{"state": {"todos": [', "it is not JSON"),
        (b"null", "it holds no projects"),
        (b"[1, 2]", "it holds no projects"),
        (b'{"a": 1}', "it holds no projects"),
        (b'{"creation-store": null}', "it holds no projects"),
        (b'{"creation-store": "{"}', "it is not JSON"),
        (b"[" * 100_000, "it is nested too deeply"),
        (b'{"todos": [' + b"[" * 5_000 + b"]" * 5_000 + b"]}", "it is nested too deeply"),
        (json.dumps("x").encode(), "it is not JSON"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "it is not JSON"),
    ],
)
def test_an_unreadable_file_changes_nothing(bench: Workbench, bring: Bring, data: bytes, why: str) -> None:
    with pytest.raises(UnreadableFile, match=why):
        bring(data, format="creation-store", name="x.json")
    assert bench.edits()[0].label == "init"


def test_a_fresh_app_holds_nothing(bring: Bring) -> None:
    report = bring(b'{"state": {}, "version": 0}')
    assert (report.records, report.new) == (0, 0)


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ('{"state": {"weeklyGoals": [', True),
        (json.dumps(json.dumps({"state": {"weeklyGoals": []}})), True),
        ('{"timestamp": 1, "crossModelVersion": 4, "data": {"projects": 1}}', False),
        ("id,title,projects\n", False),
        ("[]", False),
        ("", False),
    ],
)
def test_it_is_told_from_other_formats(text: str, sure: bool) -> None:
    assert (creation_store.identify(text, "export.json") > 0) is sure


def test_a_missing_file_or_a_folder(bring: Bring, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="there is no such file"):
        bring(tmp_path / "nothing.json")
    with pytest.raises(UnreadableFile, match="it is a folder"):
        bring(tmp_path)
    with pytest.raises(UnreadableFile, match="null"):
        bring("\x00")


def test_text_of_a_damaged_file() -> None:
    text, note = Source(name="x", data="ääääääää".encode() + b"\xff").text()
    assert text == "ääääääää\ufffd"
    assert note == "It is UTF-8 with a damaged character, which was replaced."


def test_a_withheld_field_is_not_said_to_be_kept(bench: Workbench, bring: Bring) -> None:
    secret = todo(apiKey="k1", password="p1", mood="good") | {"token": "t0"}
    dump = {"creation-store": json.dumps({"state": {"todos": [secret], "authToken": "t1"}}), "sync-token": "t2"}
    report = bring(json.dumps(dump).encode())
    assert report.notes == (
        "A token or password stood in the file: it was neither imported nor kept.",
        "Fields that orc has no place for, kept in the raw record only: mood.",
    )
    assert not {"k1", "p1", "t0"} & set(raw(bench, "todo:t1").values())


@pytest.mark.parametrize("inner", [{"todos": [todo()]}, json.dumps({"todos": [todo()]})])
def test_a_secret_beside_the_state_is_not_kept(bench: Workbench, bring: Bring, inner: Any) -> None:
    report = bring(json.dumps({"state": inner, "version": 3, "sessionToken": "t0"}).encode(), name="x.json")
    assert "A token or password stood in the file: it was neither imported nor kept." in report.notes
    kept = Path(report.kept or "").read_text(encoding="utf-8")
    assert json.loads(kept) == {"state": {"todos": [todo()]}, "version": 3}


def test_records_of_a_long_list_are_forgotten_once_read(bench: Workbench, bring: Bring) -> None:
    """What stands twice, or has no id, comes last; nothing is lost on the way."""
    entries = [todo(f"t{n}") for n in range(1, 8)]
    entries += [todo("t3", title="Newer", updatedAt="2025-02-01T00:00:00Z"), {"title": "No id"}, {"title": "No id"}, 7]
    report = bring(store(todos=entries))
    assert (report.records, report.new) == (11, 8)
    assert accounted(report)
    rows = [row[0] for row in bench.db.rows("SELECT title FROM todos ORDER BY rowid")]
    assert rows == ["Todo t1", "Todo t2", "Todo t4", "Todo t5", "Todo t6", "Todo t7", "Newer", "No id"]


def test_the_page_shows_the_line_for_the_console() -> None:
    page = Path(__file__).parents[2] / "docs" / "import" / "creation-store.md"
    assert f"\n{creation_store.SNIPPET}\n" in page.read_text(encoding="utf-8")
