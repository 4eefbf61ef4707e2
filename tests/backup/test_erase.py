"""Erasing removes all that orc wrote and nothing else, and looks again."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from orc_lab.backup import erase, keep, written
from orc_lab.backup.places import LOCAL, Place
from orc_lab.errors import DatabaseLocked, DatabaseMissing, NotADatabase
from orc_lab.exporters.run import export
from orc_lab.importers import run
from orc_lab.importers.tables import tasks as task_csv
from orc_lab.workbench.bench import Workbench
from tests.backup import lives

CSV = b"id,title,status\n1,Brought,done\n"


def bring(path: Path) -> None:
    with Workbench.open(path, durability="normal") as wb:
        run.commit(wb, run.plan(wb, CSV, format=task_csv.NAME, name="tasks.csv"))


def everything(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*")}


def test_everything_goes(path: Path) -> None:
    bring(path)
    keep.back_up(str(path))
    Workbench.init(path.with_name("sample.db"), sample=True).close()
    plan = erase.plan(str(path))
    assert [name for name, _ in plan.removes] == ["imported files", "backups", "database"]
    assert plan.stays == []
    done = erase.erase(plan)
    assert done.remaining == []
    assert len(done.removed) == len(plan.files) == 6  # the database, the sample, two backups, the import, its record
    assert everything(path.parent.parent) == set()
    with pytest.raises(DatabaseMissing):
        erase.plan(str(path))


def test_what_a_killed_import_left_goes_too(path: Path) -> None:
    imports = path.parent / "imports"
    imports.mkdir()
    (imports / "2026-03-01-tasks.csv.part").write_text("half", encoding="utf-8")
    (imports / "mine.part").write_text("mine", encoding="utf-8")
    assert erase.erase(erase.plan(str(path))).remaining == []
    assert [file.name for file in imports.iterdir()] == ["mine.part"]


def test_what_the_person_put_there_stays(path: Path, tmp_path: Path) -> None:
    bring(path)
    data = path.parent
    changed = next((data / "imports").glob("*.csv"))
    changed.write_text("mine now", encoding="utf-8")
    elsewhere = tmp_path / "elsewhere.db"
    elsewhere.write_text("mine", encoding="utf-8")
    mine = {
        "imports/2026-01-01-notes.csv": "mine",
        "backups/notes.txt": "mine",
        "backups/own-2026-01-01T000000Z-by-hand.db": "named like one, and none",
        "README.md": "mine",
        "own.db.txt": "mine",
    }
    for name, text in mine.items():
        (data / name).write_text(text, encoding="utf-8")
    (data / "backups" / "own-2026-01-02T000000Z-by-hand.db").symlink_to(elsewhere)
    (data / "imports" / "own").mkdir()
    done = erase.erase(erase.plan(str(path)))
    assert done.remaining == []
    assert {name: (data / name).read_text(encoding="utf-8") for name in mine} == mine
    assert changed.read_text(encoding="utf-8") == "mine now"
    assert elsewhere.read_text(encoding="utf-8") == "mine"
    assert not path.exists()
    stays = {os.path.relpath(file, data) for file in done.plan.stays}
    assert stays == {*mine, os.path.relpath(changed, data), "backups/own-2026-01-02T000000Z-by-hand.db", "imports/own"}


def test_exports_and_backups_made_by_hand_are_named(path: Path) -> None:
    bring(path)
    folder = path.parent.parent
    with Workbench.open(path) as wb:
        for format, to in (("json", "mine.json"), ("ics", "plan.ics"), ("markdown", "work.md"), ("csv", "open.csv")):
            export(wb, format, folder / to)
        for format in ("csv", "parquet"):
            export(wb, format, folder / f"as-{format}")
    (folder / "safe").mkdir()
    made = keep.back_up(str(path), to=str(folder / "safe")).backup.path
    for name in ("notes.md", "other.json", "notes.db", "tasks.csv"):
        (folder / name).write_text('{"format": "mine"}', encoding="utf-8")
    before = everything(folder)
    plan = erase.plan(str(path))
    named = {os.path.relpath(file, folder) for file in plan.copies}
    assert named == {
        "mine.json",
        "plan.ics",
        "work.md",
        "open.csv",
        "as-csv",
        "as-parquet",
        os.path.relpath(made, folder),
    }
    done = erase.erase(plan)
    assert done.remaining == []
    assert {name for name in before if not name.startswith(path.parent.name)} == everything(folder)


@pytest.mark.skipif(os.name != "posix", reason="Windows lets few people make links.")
def test_links_stay_and_what_orc_wrote_behind_them_goes(path: Path, tmp_path: Path) -> None:
    there = tmp_path / "there" / "data"
    there.mkdir(parents=True)
    (tmp_path / "disk").mkdir()
    (there / "own.db").symlink_to(path)
    (there / "backups").symlink_to(tmp_path / "disk")
    made = Path(keep.back_up(str(there / "own.db")).backup.path)
    (tmp_path / "disk" / "photo.jpg").write_text("mine", encoding="utf-8")
    assert made.exists()
    done = erase.erase(erase.plan(str(there / "own.db")))
    assert done.remaining == []
    assert everything(tmp_path / "disk") == {"photo.jpg"}
    assert not path.exists()
    assert (there / "own.db").is_symlink()
    assert (there / "backups").is_symlink()


def test_a_database_that_somebody_has_open_is_not_erased(path: Path) -> None:
    keep.back_up(str(path))
    before = everything(path.parent)
    with Workbench.open(path) as wb:
        plan = erase.plan(str(path))
        with pytest.raises(DatabaseLocked):
            erase.erase(plan)
        wb.add_todo("still there")
    assert everything(path.parent) == before
    lives.whole(path)


@pytest.mark.parametrize("content", [b"", b"my notes" * 999])
def test_a_file_that_is_no_database_is_not_erased(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "notes.db").write_bytes(content)
    with pytest.raises(NotADatabase):
        erase.plan(str(tmp_path / "notes.db"))
    assert (tmp_path / "notes.db").read_bytes() == content


def test_a_database_of_another_program_is_not_erased(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "firefox.db")) as conn:
        conn.execute("CREATE TABLE bookmarks (url TEXT)")
    with pytest.raises(NotADatabase):
        erase.plan(str(tmp_path / "firefox.db"))
    assert (tmp_path / "firefox.db").exists()


def test_a_damaged_database_is_erased_and_an_unreadable_one_is_named(path: Path) -> None:
    keep.back_up(str(path))
    lives.damage_pages(path, 1)
    done = erase.erase(erase.plan(str(path)))
    assert path.exists()
    assert str(path) in done.plan.stays
    assert len(done.removed) == 1


def test_a_damaged_table_does_not_keep_from_erasing(path: Path) -> None:
    lives.damage_pages(path, lives.page_of(path, "todos"))
    erase.erase(erase.plan(str(path)))
    assert not path.exists()


def test_another_database_in_the_folder_keeps_what_both_use(path: Path) -> None:
    bring(path)
    other = path.with_name("other.db")
    lives.make(other)
    keep.back_up(str(other))
    keep.back_up(str(path))
    plan = erase.plan(str(path))
    erase.erase(plan)
    assert any("other.db shares with it stays" in sentence for sentence in plan.beyond)
    lives.whole(other)
    left = everything(path.parent)
    assert {"other.db", "imports", "backups"} < left
    assert not [name for name in left if "own" in name]
    assert [name for name in left if name.endswith("tasks.csv")]


def test_what_a_killed_backup_left_goes_too(path: Path) -> None:
    (path.parent / "backups").mkdir()
    (path.parent / "backups" / ".own-2026-01-01T000000Z-by-hand.77.part").touch()
    (path.parent / ".own.db.78.part-wal").touch()
    erase.erase(erase.plan(str(path)))
    assert everything(path.parent.parent) == set()


def test_what_cannot_be_removed_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = keep.back_up(str(path)).backup.path
    remove = os.remove

    def refused(file: str) -> None:
        if file == made:
            raise PermissionError(13, "Permission denied", file)
        remove(file)

    plan = erase.plan(str(path))
    monkeypatch.setattr(os, "remove", refused)
    done = erase.erase(plan)
    assert done.remaining == [made]
    assert not path.exists()
    monkeypatch.undo()
    assert erase.erase(erase.plan(str(path))).remaining == []  # run again, it finds the rest


def test_a_synchronised_folder_is_named_as_out_of_reach(path: Path, tmp_path: Path) -> None:
    (tmp_path / "here" / ".stfolder").mkdir()
    assert any("Syncthing may hold copies" in sentence for sentence in erase.plan(str(path)).beyond)


def test_later_parts_add_their_places(path: Path, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("x", encoding="utf-8")
    place = Place(name="account", folders=lambda _: [], own=lambda _: [str(token)])
    plan = erase.plan(str(path), [place, *LOCAL])
    assert plan.removes[0] == ("account", [str(token)])
    assert str(token) in erase.erase(plan, [place, *LOCAL]).removed
    assert not token.exists()


def test_the_record_of_written_files_is_what_sha256sum_reads(tmp_path: Path) -> None:
    (tmp_path / "a b.csv").write_bytes(b"x")
    written.note(tmp_path / "a b.csv")
    written.note(tmp_path / "a b.csv")
    digest = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    assert (tmp_path / written.RECORD).read_text(encoding="utf-8") == f"{digest}  a b.csv\n"
    assert written.own(str(tmp_path)) == [str(tmp_path / "a b.csv"), str(tmp_path / written.RECORD)]
    (tmp_path / written.RECORD).write_text(f"{digest}  ../a b.csv\nnonsense\n", encoding="utf-8")
    assert written.own(str(tmp_path)) == [str(tmp_path / written.RECORD)]
