"""A zip archive: read where it stands, whatever is in it, or refused in one sentence."""

import io
import json
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from orc_lab.cli.main import main
from orc_lab.errors import NeedsChoice, UnreadableFile
from orc_lab.importers import run
from orc_lab.importers.reading import zipped
from orc_lab.importers.reading.source import Source
from orc_lab.model.entities import Activity, ImportRecord, Project, Todo
from orc_lab.workbench.bench import Workbench
from tests.importers.conftest import Bring
from tests.importers.files import accounted, everything, store, todo, told
from tests.store import laws

HEADER = "TYPE,CONTENT,DESCRIPTION,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE,DURATION,DURATION_UNIT"


def project(*lines: str) -> bytes:
    return "\n".join(["\ufeff" + HEADER, *lines, ""]).encode()


def task(title: str, responsible: str = "") -> str:
    return f"task,{title},,4,1,,{responsible},,,,,"


def archive(files: Mapping[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return out.getvalue()


BACKUP = {
    "Inbox [98].csv": project(task("Call Ada"), "note,She is away,,,,,,2025-06-08,,,,"),
    "Home [220].csv": project("section,Kitchen,,,,,,,,,,", task("Water"), task("Water"), "task,Plants,,4,2,,,,,,,"),
    "Wohnung 🏡 [6Crg8jQ886Wh4P5g].csv": project(task("Grüße"), "section,Kitchen,,,,,,,,,,", task("Lamp")),
    "Bare [7].csv": project(),
}


def test_a_backup_of_todoist_is_read_as_one(bench: Workbench, bring: Bring) -> None:
    report = bring(archive(BACKUP), name="2026-03-01.zip")
    assert (report.format, report.source, report.committed) == ("todoist", "todoist", True)
    assert report.imported == {"projects": 2, "todos": 6, "activities": 1}
    assert accounted(report)
    assert {one.title for one in bench.find(Project)} == {"Home", "Wohnung 🏡"}
    todos = {one.title: one for one in bench.find(Todo)}
    assert todos["Call Ada"].project_id is None
    assert todos["Plants"].category == todos["Lamp"].category == "Kitchen"
    assert todos["Plants"].parent_id in {one.id for one in bench.find(Todo, title="Water")}
    assert [one.new for one in bench.find(Activity) if one.kind == "note"] == ["She is away"]
    assert len([edit for edit in bench.edits() if edit.label.startswith("import")]) == 1
    laws.hold(bench.db)


def test_a_second_run_adds_nothing_and_a_later_backup_what_is_new(bench: Workbench, bring: Bring) -> None:
    first = bring(archive(BACKUP), name="old.zip")
    before = everything(bench.db)
    again = bring(archive(dict(reversed(BACKUP.items())), zipfile.ZIP_STORED), name="again.zip")
    assert (again.new, again.there, again.changed) == (0, first.new, 0)
    assert everything(bench.db) == before
    more = BACKUP | {"Bare [7].csv": project(task("First"))}
    later = bring(archive(more), name="new.zip")
    assert (later.new, later.there) == (1, first.new)
    assert bench.count(Project) == 3


def test_a_file_of_a_backup_and_the_backup_are_the_same_tasks(bench: Workbench, bring: Bring) -> None:
    for name, data in BACKUP.items():
        bring(data, name=name)
    before = everything(bench.db)
    assert bring(archive(BACKUP)).new == 0
    assert everything(bench.db) == before


def test_the_zip_is_kept_and_read_from_a_file(bench: Workbench, bring: Bring, tmp_path: Path) -> None:
    file = tmp_path / "Backup 1.zip"
    file.write_bytes(archive(BACKUP))
    report = bring(file)
    assert report.kept is not None
    assert Path(report.kept).name.endswith("Backup-1.zip")
    assert Path(report.kept).read_bytes() == file.read_bytes()


def test_projects_of_one_name_stay_two(bench: Workbench, bring: Bring) -> None:
    same = {"Errands [1].csv": project(task("Shop")), "Errands [2].csv": project(task("Shop"))}
    assert bring(archive(same)).imported == {"projects": 2, "todos": 2}
    assert len({one.project_id for one in bench.find(Todo)}) == 2
    assert bring(archive(same)).new == 0


def test_folders_and_what_systems_leave(bench: Workbench, bring: Bring) -> None:
    files = {
        "Todoist/": b"",
        "Todoist/a/Home.csv": project(task("A")),
        "Todoist/b/Home.csv": project(task("A")),
        "Todoist/c/Home.csv": project(task("A"), task("B")),
        "__MACOSX/Todoist/a/._Home.csv": b"\x00\x05\x16\x07",
        "Todoist/.DS_Store": b"\x00",
        "Todoist\\d\\Deep.csv": project(task("C")),
    }
    report = bring(archive(files), name="x.zip")
    assert report.imported == {"projects": 2, "todos": 4}
    assert "x.zip/Todoist/b/Home.csv stands in the zip twice: it was taken once." in report.notes
    assert not any("DS_Store" in note or "MACOSX" in note for note in report.notes)
    assert bring(archive(files), name="x.zip").new == 0


def test_what_is_no_project_is_named(bench: Workbench, bring: Bring) -> None:
    files = BACKUP | {"photo.png": b"\x89PNG", "notes.csv": b"a,b\n1,2\n", "empty.csv": b"", "old.zip": archive(BACKUP)}
    report = bring(archive(files), name="x.zip")
    assert report.imported["todos"] == 6
    assert "Passed over in the zip, for they hold no records that are read: old.zip, photo.png." in report.notes
    assert any("x.zip/empty.csv, x.zip/notes.csv" in note for note in report.notes)


def test_names_in_utf_8_that_do_not_say_so(bench: Workbench, bring: Bring) -> None:
    data = archive({"Wohnung ü [1].csv": project(task("A")), "B [2].csv": project(task("B"))})
    bring(_as(data, clear=8), name="x.zip")
    assert {one.title for one in bench.find(Project)} == {"Wohnung ü", "B"}


def test_odd_names(bench: Workbench, bring: Bring) -> None:
    files = {name: project(task(name)) for name in ("../../etc/Up.csv", "/abs/Abs.csv", "C:\\Win.csv", "a\nb.csv")}
    report = bring(archive(files), name="x.zip")
    assert report.imported["todos"] == 4
    assert {one.title for one in bench.find(Project)} == {"Up", "Abs", "Win", "a b"}


def test_tasks_of_several_persons_need_a_choice(bench: Workbench, bring: Bring) -> None:
    files = {
        "A [1].csv": project(task("Mine"), task("Ada's", "Ada (1)")),
        "B [2].csv": project(task("Bob's", "Bob (2)")),
    }
    with pytest.raises(NeedsChoice, match="assigned to 2 persons"):
        bring(archive(files))
    report = bring(archive(files), person="Ada")
    assert {one.title for one in bench.find(Todo)} == {"Mine", "Ada's"}
    assert told(report.left_out) == {"assigned to other persons than Ada": 1}


@pytest.mark.parametrize("beside", [{}, {"readme.txt": b"Hello"}])
def test_one_file_in_a_zip_is_that_file(bench: Workbench, bring: Bring, beside: Mapping[str, bytes]) -> None:
    life = store(todos=[todo(), todo("t2")])
    report = bring(archive({"out/creation-store.json": life, **beside}), name="x.zip")
    assert (report.format, report.new, report.name) == ("creation-store", 2, "x.zip/out/creation-store.json")
    assert any("readme.txt" in note for note in report.notes) == bool(beside)
    assert bring(life).new == 0, "the same records as out of the zip"
    assert bench.count(ImportRecord) == 2


def _as(data: bytes, *, flag: int = 0, clear: int = 0, method: int | None = None) -> bytes:
    """The archive with a flag set or (of the upper byte) cleared, or another method of compression, for each file."""
    changed = bytearray(data)
    for signature, place in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = -1
        while (at := changed.find(signature, at + 1)) >= 0:
            changed[at + place] |= flag
            changed[at + place + 1] &= 0xFF ^ clear
            if method is not None:
                changed[at + place + 2] = method
    return bytes(changed)


def _understated() -> bytes:
    """A file that is longer than the archive says."""
    data = archive({"Home [1].csv": project(*map(task, "ABCDEFG"))})
    at = data.index(b"PK\x01\x02") + 24
    return data[:at] + struct.pack("<I", 20) + data[at + 4 :]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (archive({}), "a zip without a file in it"),
        (archive({"a/": b"", ".hidden": b"x"}), "a zip without a file in it"),
        (archive(BACKUP)[:-30], "it is a zip, and damaged"),
        (archive(BACKUP)[:200], "it is a zip, and damaged"),
        (b"PK\x03\x04", "it is a zip, and damaged"),
        (archive(BACKUP).replace(b"PK\x01\x02", b"PK\x01\x03", 1), "it is a zip, and damaged"),
        (_as(archive(BACKUP), flag=1), "it is encrypted"),
        (_as(archive(BACKUP), method=9), "packed in a way that orc can't read"),
        (_understated(), "it is a zip, and damaged"),
        (archive({"a.json": b"[]", "b.json": b"[]"}), r"it is a zip of 2 files \(a.json, b.json\)"),
        (archive({f"{n}.txt": b"x" for n in range(9)}), r"it is a zip of 9 files \(0.txt, .*4.txt and 4 more\)"),
        (archive({"a.csv": b"Title,Done\nA,x\n", "b.csv": b"Title\nB\n"}), "only Todoist's are read together"),
        (archive({"inner.zip": archive(BACKUP)}), "it is a zip in a zip"),
        (archive({"inner.csv": archive(BACKUP)}), "it is a zip in a zip"),
        (archive({"empty.json": b" \n"}), "empty.json can't be read: it is empty"),
        (archive({"xl/workbook.xml": b"<a/>", "[Content_Types].xml": b"<a/>"}), "a document of an office program"),
        (
            archive({"all.json": b'{"format": "orc", "version": 1, "todos": [], "projects": []}'}),
            "an export of orc, packed",
        ),
    ],
)
def test_what_can_not_be_read_is_one_sentence_and_changes_nothing(bench: Workbench, data: bytes, why: str) -> None:
    before = everything(bench.db)
    with pytest.raises(UnreadableFile, match=why):
        run.plan(bench, data, name="x.zip")
    assert everything(bench.db) == before


def test_a_small_archive_that_would_fill_the_memory(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipped, "LARGEST", 8 << 20)
    data = archive({"Home [1].csv": project(task("A")), "Big [2].csv": b"0" * (9 << 20)})
    assert len(data) < 1 << 16
    with pytest.raises(UnreadableFile, match=r"unpacked it is 9 MiB, more than 8\. Export less"):
        run.plan(bench, data, name="x.zip")


def test_more_files_than_anybody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipped, "MOST", 3)
    assert zipped.unpacked(Source(name="x", data=archive(dict.fromkeys(("a.csv", "b.csv", "c.csv"), b"x")))).parts
    with pytest.raises(UnreadableFile, match="more than 3 files"):
        zipped.unpacked(Source(name="x", data=archive(dict.fromkeys(("a.csv", "b.csv", "c.csv", "d.csv"), b"x"))))


def test_any_damage_is_a_sentence(bench: Workbench) -> None:
    """Each byte of a small archive changed: read as it is, or refused."""
    whole = archive({"A [1].csv": project(task("A")), "B [2].csv": project(task("B"))})
    refused = 0
    for at in range(4, len(whole)):
        data = bytearray(whole)
        data[at] ^= 0x55
        try:
            report = run.plan(bench, bytes(data), name="x.zip").report
        except UnreadableFile:
            refused += 1
        else:
            assert accounted(report)
    assert refused > len(whole) // 3


def test_at_the_command_line(bench: Workbench, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bench.close()
    file = tmp_path / "backup.zip"
    file.write_bytes(archive(BACKUP))
    assert main(["--db", str(tmp_path / "own.db"), "import", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["imported"] == {"projects": 2, "todos": 6, "activities": 1}
