"""Which column means what."""

import json
from pathlib import Path
from typing import Any

import pytest

from orc_lab.errors import InvalidValue, OrcError, UnreadableFile
from orc_lab.importers.tables import mapping
from orc_lab.importers.tables.mapping import ColumnMapping


def test_pairs_go_over_what_is_guessed() -> None:
    guessed = mapping.for_header(["Task", "Notes", "Est (h)", "When", "Tag A"])
    assert guessed.columns == {"title": "Task", "description": "Notes", "estimate": "Est (h)"}
    said = mapping.from_pairs("title=Notes, completed=When,tags=Tag A,tags=Task")
    both = said.over(guessed)
    assert both.columns["title"] == "Notes"
    assert both.columns["completed"] == "When"
    assert both.columns["estimate"] == "Est (h)"
    assert (both.columns["tags"], both.tag_columns) == ("Tag A", ("Task",))


@pytest.mark.parametrize("text", ["title", "title=", "=Name", "nothing=Name", "title=a,b"])
def test_a_pair_that_is_none(text: str) -> None:
    with pytest.raises(InvalidValue, match="TARGET=COLUMN"):
        mapping.from_pairs(text)


TOLD: dict[str, Any] = {
    "name": "ours",
    "columns": {"title": "Was", "estimate": "Dauer"},
    "tag_columns": ["Art"],
    "statuses": {"Zu Ende": "done"},
    "left_out": {"Muster": "a pattern"},
    "left_out_open": {"Dauernd": "goes on"},
    "priorities": {"Wichtig": "high"},
    "priority_scale": [1, 5],
    "date_format": "%d.%m.%Y",
    "unit": "min",
    "done_after_days": 30,
}


def test_a_file_of_settings(tmp_path: Path) -> None:
    as_json, as_toml = tmp_path / "ours.json", tmp_path / "ours.toml"
    as_json.write_text(json.dumps(TOLD), encoding="utf-8-sig")
    tables = {name: value for name, value in TOLD.items() if isinstance(value, dict)}
    lines = [f"{name} = {json.dumps(value)}" for name, value in TOLD.items() if name not in tables]
    for name, value in tables.items():
        lines += [f"[{name}]", *(f"{json.dumps(key)} = {json.dumps(one)}" for key, one in value.items())]
    as_toml.write_text("\n".join(lines), encoding="utf-8")
    found = mapping.load(str(as_json))
    assert found == mapping.load(str(as_toml))
    assert found.statuses == {"zuende": "done"}
    assert found.priority_scale == (1, 5)
    assert found.over(ColumnMapping(columns={"title": "X", "due": "D"})).columns == TOLD["columns"] | {"due": "D"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"colums": {}},
        {"columns": {"nothing": "A"}},
        {"columns": ["A"]},
        {"statuses": {"a": "finished"}},
        {"priorities": {"a": 1}},
        {"priority_scale": [1, 1]},
        {"priority_scale": [1]},
        {"tag_columns": "A"},
        {"unit": "days"},
        {"unit": ["h"]},
        {"date_format": 3},
        {"name": None},
        {"done_after_days": -1},
        {"done_after_days": True},
    ],
)
def test_settings_that_do_not_fit(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        mapping.from_settings(wrong)


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b"\xff\xfe", b"[" * 100_000])
@pytest.mark.parametrize("ending", ["json", "toml"])
def test_a_file_that_is_none(tmp_path: Path, content: bytes, ending: str) -> None:
    path = tmp_path / f"x.{ending}"
    path.write_bytes(content)
    if content == b"" and ending == "toml":
        assert mapping.load(str(path)) == ColumnMapping()
        return
    with pytest.raises(OrcError):
        mapping.load(str(path))


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="no such file"):
        mapping.load(str(tmp_path / "x.json"))


@pytest.mark.parametrize(
    ("column", "unit"),
    [
        ("Hours", "h"),
        ("Est (min)", "min"),
        ("duration_minutes", "min"),
        ("Time spent (sec)", "s"),
        ("estimates", "h"),
        ("estimate_hours", "h"),
        ("", "h"),
    ],
)
def test_units_by_name(column: str, unit: str) -> None:
    assert mapping.unit_of(column) == unit


@pytest.mark.parametrize(
    ("header", "name", "columns"),
    [
        ("Description,Start date,Start time,Duration", "toggl", 4),
        ("User,Description,Project,Start date,Start time,End date,End time,Duration,Tags", "toggl", 9),
        ("Member,Description,Start date,Start time,Stop date,Stop time,Duration", "toggl", 7),
        ("Project,Description,Start Date,Start Time,Duration (h),Duration (decimal)", "clockify", 5),
        ("Description,Start date,Duration", "csv", 3),
    ],
)
def test_presets_of_time_trackers(header: str, name: str, columns: int) -> None:
    found = mapping.for_header(header.split(","))
    assert (found.name, len(found.columns), found.entries) == (name, columns, name != "csv")
