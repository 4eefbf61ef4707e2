"""Where an export goes: whole or not at all, over nothing that is there."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from orc_lab import export as public
from orc_lab.errors import DiskFull, InvalidValue, NotFound, NotWritable, OutputExists
from orc_lab.exporters import orc_json, target
from orc_lab.exporters.run import ENDINGS, export
from orc_lab.workbench.bench import Workbench
from tests.exporters.conftest import NOW


def there(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_public_name(wb: Workbench) -> None:
    assert public is export


@pytest.mark.parametrize(("format", "ending"), ENDINGS.items())
def test_the_ending_tells_the_format(wb: Workbench, tmp_path: Path, format: str, ending: str) -> None:
    if format == "parquet":
        return
    assert export(wb, to=tmp_path / f"x{ending}", now=NOW).format == format


@pytest.mark.parametrize("format", ENDINGS)
def test_without_a_place_it_is_the_day_here(
    wb: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    report = export(wb, format, now=NOW)
    name = "orc-2026-11-25" + (f"-{format}" if format in ("csv", "parquet") else ENDINGS[format])
    assert there(tmp_path / "here") == [name] == [report.to]


def test_a_folder_takes_the_days_name(wb: Workbench, tmp_path: Path) -> None:
    (tmp_path / "usb").mkdir()
    export(wb, "json", tmp_path / "usb", now=NOW)
    assert there(tmp_path / "usb") == ["orc-2026-11-25.json"]


@pytest.mark.parametrize("format", ENDINGS)
def test_what_is_there_stays_unless_forced(wb: Workbench, tmp_path: Path, format: str) -> None:
    place = tmp_path / ("out" if format in ("csv", "parquet") else f"out{ENDINGS[format]}")
    single = place / f"todos{ENDINGS[format]}" if format in ("csv", "parquet") else place
    single.parent.mkdir(exist_ok=True)
    single.write_text("mine")
    (single.parent / "other.txt").write_text("other")
    before = there(single.parent)
    with pytest.raises(OutputExists):
        export(wb, format, place, now=NOW)
    assert single.read_text() == "mine"
    assert there(single.parent) == before
    export(wb, format, place, force=True, now=NOW)
    assert single.read_bytes() != b"mine"
    assert (single.parent / "other.txt").read_text() == "other"
    assert not [name for name in there(single.parent) if name.startswith(".")]


@pytest.mark.parametrize("format", ["json", "csv", "ics", "markdown"])
@pytest.mark.parametrize(
    ("number", "error"), [(errno.ENOSPC, DiskFull), (errno.EROFS, NotWritable), (errno.EFBIG, NotWritable)]
)
def test_a_full_disk_leaves_nothing(
    wb: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str, number: int, error: type[Exception]
) -> None:
    def full(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(target.os, "fsync", full)
    place = tmp_path / "new" / "below" / "out"
    with pytest.raises(error) as told:
        export(wb, format, place, now=NOW)
    assert str(place) in str(told.value)
    assert not (tmp_path / "new").exists()


def test_an_interrupted_one_leaves_what_was_there(
    wb: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    export(wb, "json", tmp_path / "x.json", now=NOW)
    before = (tmp_path / "x.json").read_bytes()
    monkeypatch.setattr(orc_json, "_entry", interrupt)
    with pytest.raises(KeyboardInterrupt):
        export(wb, "json", tmp_path / "x.json", force=True, now=NOW)
    assert (tmp_path / "x.json").read_bytes() == before
    assert there(tmp_path) == ["data", "x.json"]


@pytest.mark.parametrize(
    ("format", "to"),
    [("json", "file/x.json"), ("csv", "file/x"), ("csv", "file"), ("parquet", "file"), ("json", "x" * 300)],
)
def test_a_place_that_can_be_none(wb: Workbench, tmp_path: Path, format: str, to: str) -> None:
    (tmp_path / "file").write_text("a file")
    with pytest.raises(NotWritable):
        export(wb, format, tmp_path / to, now=NOW)
    assert there(tmp_path) == ["data", "file"]


@pytest.mark.parametrize("ending", ["", "-wal", "-shm"])
def test_the_database_is_never_overwritten(wb: Workbench, tmp_path: Path, ending: str) -> None:
    wb.add_todo("so that there is a log beside it")
    (tmp_path / "link").symlink_to(wb.db.file + ending)
    for place in (wb.db.file + ending, tmp_path / "link"):
        with pytest.raises(InvalidValue, match="the database itself"):
            export(wb, "json", place, force=True, now=NOW)
    wb.add_todo("still here")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"format": "xml"}, "one of json, csv"),
        ({"format": "json", "project": "p"}, "json is always whole"),
        ({"format": "parquet", "to": "-"}, "several files"),
        ({"to": ""}, "standard output"),
    ],
)
def test_a_wrong_option(wb: Workbench, options: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidValue, match=told):
        export(wb, **options)


def test_a_project_that_is_not_there(wb: Workbench, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        export(wb, "csv", tmp_path / "out", project="nope")
    assert there(tmp_path) == ["data"]


def test_edits_meanwhile_neither_wait_nor_show(wb: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = orc_json._listed

    def slow(out: Any, rows: Any) -> int:
        wb.add_todo("Meanwhile")
        return write(out, rows)

    monkeypatch.setattr(orc_json, "_listed", slow)
    report = export(wb, "json", tmp_path / "x.json", now=NOW)
    assert "Meanwhile" not in (tmp_path / "x.json").read_text()
    assert report.rows["todos"] < len(wb.find(type(wb.add_todo("x"))))
