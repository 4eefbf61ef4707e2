"""Backups are whole copies of a database in use; old ones go by a rule that never takes the last good one."""

import os
import shutil
import sqlite3
from collections import namedtuple
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc_lab.backup import keep
from orc_lab.errors import DatabaseMissing, NoRoomForBackup, NotADatabase, NotWritable
from orc_lab.model.entities import Todo
from orc_lab.store import copies, shelf
from orc_lab.store.database import Database
from orc_lab.store.shelf import Backup, Reason
from orc_lab.workbench.bench import Workbench
from tests.backup import lives

DAY = 24 * 3600
NOW = int(datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp())


def backup(days: float, reason: Reason = Reason.BY_HAND) -> Backup:
    """One that was made so many days ago."""
    return Backup(path=f"{days}-{reason}", made_at=NOW - int(days * DAY), reason=reason, size=1)


def test_a_backup_is_one_whole_file_that_any_sqlite_reads(path: Path) -> None:
    with Workbench.open(path, durability="normal") as wb:
        wb.add_todo("in the log beside it only")
        made = keep.back_up(str(path))
        assert os.path.getsize(f"{path}-wal") > 0
    assert sorted(os.listdir(path.parent / "backups")) == [made.backup.name]
    assert lives.titles(Path(made.backup.path)) == lives.titles(path)
    assert sorted(os.listdir(path.parent / "backups")) == [made.backup.name]
    assert made.contents == copies.check(made.backup.path)
    assert made.contents.rows["todos"] == 13
    assert made.backup.size == os.path.getsize(made.backup.path)
    if os.name == "posix":
        assert os.stat(made.backup.path).st_mode & 0o077 == 0


def test_what_is_not_committed_is_not_in_it(path: Path) -> None:
    with Workbench.open(path, durability="normal") as wb, wb.edit("long"):
        wb.add_todo("not yet")
        made = keep.back_up(str(path))
        assert "not yet" not in lives.titles(Path(made.backup.path))


def test_backups_of_one_second_do_not_replace_each_other(path: Path) -> None:
    made = [keep.back_up(str(path), keep=9).backup for _ in range(3)]
    assert len({each.path for each in made}) == 3
    assert [each.path for each in shelf.listed(str(path))] == [each.path for each in reversed(made)]


def test_it_goes_where_it_is_told_and_nothing_is_removed_there_unasked(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "stick" / "copies"
    for _ in range(8):
        keep.back_up(str(path), to=str(other))
    assert len(list(other.iterdir())) == 8
    assert not (path.parent / "backups").exists()
    made = keep.back_up(str(path), to=str(other), keep=2)
    assert len(made.removed) == 7
    assert len(list(other.iterdir())) == 2


def test_only_own_backups_are_seen_and_removed(path: Path) -> None:
    folder = path.parent / "backups"
    folder.mkdir()
    for name in ("notes.txt", "own-old.db", "other-2026-11-25T120000Z-by-hand.db", "own-2026-11-25T120000Z-mine.db"):
        (folder / name).write_text("mine", encoding="utf-8")
    os.symlink(folder / "notes.txt", folder / "own-2020-01-01T120000Z-by-hand.db")
    before = set(folder.iterdir())
    for _ in range(4):
        keep.back_up(str(path), keep=1)
    assert before < set(folder.iterdir())
    assert len(shelf.listed(str(path))) == 1


def test_a_damaged_database_is_not_backed_up_as_if_it_were_whole(path: Path) -> None:
    keep.back_up(str(path))
    lives.damage_pages(path, lives.page_of(path, "todos"))
    with pytest.raises(NotADatabase):
        keep.back_up(str(path))
    assert len(os.listdir(path.parent / "backups")) == 1


def test_rows_that_refer_to_nothing_do_not_keep_from_backing_up(path: Path) -> None:
    with closing(sqlite3.connect(path)) as shell, shell:
        shell.execute("DELETE FROM projects")
    assert keep.back_up(str(path)).contents.orphans == 12


Usage = namedtuple("Usage", "total used free")


def test_without_room_nothing_is_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, copies.SPARE))
    told = r"needs \d{3} KB, and 17 MB are kept free beside it; the disk of .*backups has 17 MB free"
    with pytest.raises(NoRoomForBackup, match=told):
        keep.back_up(str(path))
    assert os.listdir(path.parent / "backups") == []


def test_room_that_runs_out_on_the_way_leaves_nothing_behind(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: str) -> None:
        raise OSError(28, "No space left on device", file)

    monkeypatch.setattr(copies, "to_disk", full)
    with pytest.raises(Exception, match="No room left"):
        keep.back_up(str(path))
    assert os.listdir(path.parent / "backups") == []


def test_a_folder_that_is_a_file(path: Path) -> None:
    (path.parent / "backups").write_text("mine", encoding="utf-8")
    with pytest.raises(NotWritable):
        keep.back_up(str(path))
    assert (path.parent / "backups").read_text(encoding="utf-8") == "mine"


def test_no_database(tmp_path: Path) -> None:
    with pytest.raises(DatabaseMissing):
        keep.back_up(str(tmp_path / "none.db"))


def test_what_a_killed_one_left_goes_when_nobody_can_be_writing_it(path: Path) -> None:
    folder = path.parent / "backups"
    folder.mkdir()
    old, new, mine = folder / ".own-x.7.part", folder / ".own-y.8.part", folder / "x.part"
    for file in (old, new, mine):
        file.touch()
        os.utime(file, (0, 0))
    os.utime(new)
    keep.back_up(str(path))
    assert (old.exists(), new.exists(), mine.exists()) == (False, True, True)


def test_before_an_import_there_is_a_backup_unless_there_is_nothing_to_lose(path: Path, tmp_path: Path) -> None:
    with Database(path) as db:
        made = keep.before_import(db)
        assert made is not None
        assert made.reason is Reason.IMPORT
    Workbench.init(tmp_path / "empty.db").close()
    with Database(tmp_path / "empty.db") as db:
        assert keep.before_import(db) is None
    with Workbench.init(tmp_path / "sample.db", sample=True) as wb:
        wb.add_todo("made up")
        assert keep.before_import(wb.db) is None
    assert not (tmp_path / "backups").exists()


def test_of_a_year_of_days_some_of_each_age_are_kept() -> None:
    made = [backup(days) for days in range(400)]
    kept = len(made) - len(keep.superfluous(made, now=NOW))
    gone = {each.path for each in keep.superfluous(made, now=NOW)}
    ages = [days for days, each in enumerate(made) if each.path not in gone]
    assert kept == len(ages) <= 5 + 7 + 4 + 12
    assert ages[:7] == list(range(7))
    assert 320 < ages[-1] < 366  # the last one of the twelfth month back
    assert {datetime.fromtimestamp(NOW - days * DAY, UTC).month for days in ages} == set(range(1, 13))


def test_a_rule_applied_each_day_keeps_what_it_would_keep_at_once() -> None:
    kept: list[Backup] = []
    for days in range(400, -1, -1):
        kept.append(backup(days))
        gone = keep.superfluous(kept, now=NOW - days * DAY)
        kept = [each for each in kept if each not in gone]
    assert 320 < (NOW - min(each.made_at for each in kept)) / DAY < 366
    assert 15 < len(kept) < 28


def test_what_was_made_before_a_migration_stays_for_sixty_days() -> None:
    made = [backup(days / 50) for days in range(50)]
    migrated = [backup(20.2, Reason.MIGRATION), backup(59.1, Reason.MIGRATION), backup(200, Reason.MIGRATION)]
    others = [backup(20.1), backup(59), backup(199.9)]  # the last of those weeks and months
    gone = keep.superfluous([*made, *migrated, *others], now=NOW)
    assert [each in gone for each in migrated] == [False, False, True]


@given(
    st.lists(st.tuples(st.floats(0, 900), st.sampled_from(Reason)), max_size=60),
    st.integers(1, 9),
)
def test_the_newest_good_ones_are_never_superfluous(made: list[tuple[float, Reason]], many: int) -> None:
    backups = [backup(days, reason) for days, reason in made]
    gone = keep.superfluous(backups, now=NOW, keep=many)
    good = sorted((each for each in backups if each.good), key=lambda each: -each.made_at)
    assert not {each.path for each in good[:many]} & {each.path for each in gone}
    assert all(each.good for each in gone)
    assert keep.superfluous([each for each in backups if each not in gone], now=NOW, keep=many) == []


def test_a_backup_that_rotted_is_passed_over(path: Path) -> None:
    made = [keep.back_up(str(path)).backup for _ in range(3)]
    lives.damage_pages(Path(made[2].path), 3, 4, 5)
    Path(made[1].path).write_bytes(b"")
    newest, passed_over = keep.newest_that_opens(str(path))
    assert newest == made[0]
    assert {each.path for each, _ in passed_over} == {made[2].path, made[1].path}


def test_a_copy_with_its_log_beside_it_is_read_with_what_is_in_the_log(path: Path, tmp_path: Path) -> None:
    with Workbench.open(path, durability="normal") as wb:
        wb.add_todo("in the log")
        for ending in ("", "-wal"):
            shutil.copyfile(f"{path}{ending}", f"{tmp_path / 'copy.db'}{ending}")
    assert copies.check(str(tmp_path / "copy.db")).rows["todos"] == 13


def test_an_edit_while_it_is_copied_is_in_it_whole_or_not_at_all(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = copies._copied
    with Workbench.open(path, durability="normal") as wb:

        def meanwhile(source: sqlite3.Connection, name: str, to: str) -> None:
            wb.add_todo("meanwhile")
            copied(source, name, to)

        monkeypatch.setattr(copies, "_copied", meanwhile)
        made = keep.back_up(str(path))
        assert wb.count(Todo) == 13
    assert made.contents.rows["todos"] == 12
