"""A restore replaces everything at once, keeps what it replaces, and whoever has the database open notices."""

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from orc_lab.backup import keep, restore
from orc_lab.errors import DatabaseLocked, DiskFull, NoBackup, NotADatabase, SchemaTooNew, UnreadableFile
from orc_lab.mirror.duck import Mirror
from orc_lab.model.change import Change
from orc_lab.model.entities import Todo
from orc_lab.store import change_log, copies, database, schema, shelf
from orc_lab.store.copies import State
from orc_lab.workbench.bench import Workbench
from tests.backup import lives

ROOT = Path(__file__).parents[2]


def restored(path: Path, named: str = restore.LATEST) -> restore.Restored:
    return restore.restore(restore.plan(str(path), named))


def add(path: Path, title: str) -> None:
    with Workbench.open(path, durability="normal") as wb:
        wb.add_todo(title)


def leftovers(path: Path) -> list[str]:
    """What stands beside the database, backups aside."""
    return sorted(name for name in os.listdir(path.parent) if name != "backups")


def test_the_plan_tells_what_would_be_replaced_and_changes_nothing(path: Path) -> None:
    keep.back_up(str(path))
    add(path, "later")
    before = path.read_bytes()
    plan = restore.plan(str(path))
    assert (plan.state, plan.held.rows["todos"], plan.now and plan.now.rows["todos"]) == (State.WHOLE, 12, 13)
    assert plan.now is not None
    assert plan.now.newest_edit is not None
    assert plan.now.newest_edit >= (plan.held.newest_edit or 0)
    assert not plan.other_person
    assert path.read_bytes() == before


def test_what_was_is_back_and_what_it_replaced_is_kept(path: Path) -> None:
    before = lives.titles(path)
    keep.back_up(str(path))
    add(path, "later")
    done = restored(path)
    assert lives.titles(path) == before
    assert done.contents.rows["todos"] == 12
    assert done.replaced is not None
    assert lives.titles(Path(done.replaced.path)) == {*before, "later"}
    lives.whole(path)
    assert restored(path).contents.rows["todos"] == 13  # the latest is now what was replaced
    assert leftovers(path) == ["own.db"]


def test_the_restore_stands_in_the_history_and_the_clock_goes_on(path: Path) -> None:
    keep.back_up(str(path))
    with Workbench.open(path, durability="normal") as wb, wb.edit("ahead") as tx:
        tx.conn.execute("UPDATE change_context SET hlc = 4000000000000000")  # as a device whose clock is wrong
        wb.add_todo("ahead")
        tx.conn.execute("UPDATE change_context SET hlc = NULL")
    ahead = lives.clock(path)
    restored(path)
    assert lives.clock(path) >= ahead == 4_000_000_000_000_000
    with Workbench.open(path, durability="normal") as wb:
        assert wb.edits(1)[0].label.startswith("restore the backup of 20")
        wb.add_todo("after")
        assert wb.db.rows("SELECT max(hlc) > ? FROM change_log", (ahead,)) == [(1,)]
        assert wb.undo()[0].label == "add todo"


def test_whoever_has_it_open_goes_on_with_what_was_restored(path: Path) -> None:
    told: list[Sequence[Change]] = []
    keep.back_up(str(path))
    with Workbench.open(path, durability="normal") as wb, Workbench.open(path) as other, Mirror(wb.db) as mirror:
        other.subscribe(told.append)
        wb.add_todo("lost")
        assert mirror.sql("SELECT count(*) AS n FROM todos")["n"][0] == 13
        restored(path)
        for number in range(9):  # so that the log is as long again as it was
            wb.add_todo(f"after {number}")
        assert wb.count(Todo) == other.count(Todo) == 21
        titles = set(mirror.sql("SELECT title FROM todos")["title"])
        assert titles == lives.titles(path)
        assert "lost" not in titles
        for _ in range(100):
            if () in told:
                break
            threading.Event().wait(0.02)
        assert () in told
        other.add_todo("told")
        assert "told" in {cell[1] for changes in told for change in changes for cell in change.cells.values()}
    lives.whole(path)


def test_a_shorter_history_is_followed_from_where_it_ends(path: Path) -> None:
    told: list[Sequence[Change]] = []
    keep.back_up(str(path))
    with Workbench.open(path, durability="normal") as wb:
        wb.subscribe(told.append)
        for _ in range(5):
            wb.add_todo("lost")
        head = change_log.head(wb.db)
        restored(path)
        wb.add_todo("found")  # whoever is told that everything may be different reads this too
        assert change_log.head(wb.db) < head
        wb.add_todo("and this")
        since = told[told.index(()) + 1 :]
        assert "and this" in {cell[1] for changes in since for change in changes for cell in change.cells.values()}


def test_another_process_goes_on_with_what_was_restored(path: Path) -> None:
    keep.back_up(str(path))
    add(path, "lost")
    script = """
import sys
from orc_lab.model.entities import Todo
from orc_lab.workbench.bench import Workbench
with Workbench.open(sys.argv[1]) as wb:
    for _ in sys.stdin:
        print(wb.count(Todo), flush=True)
        wb.add_todo("from there")
"""
    command = [sys.executable, "-c", script, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as there:
        assert there.stdin is not None
        assert there.stdout is not None
        counts = []
        for _ in range(2):
            there.stdin.write("go\n")
            there.stdin.flush()
            counts.append(int(there.stdout.readline()))
            if len(counts) == 1:
                restored(path, shelf.listed(str(path))[-1].name)
        there.stdin.close()
    assert there.returncode == 0
    assert counts[0] == 13
    assert counts[1] in (12, 13)  # its first edit may have come before the restore or after it
    lives.whole(path)


def test_an_edit_made_in_the_last_moment_is_in_what_is_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep.back_up(str(path))
    pour = copies.pour

    def late(staged: str, live: str, label: str, before: Callable[[], None], carry: copies.Carry | None) -> None:
        add(path, "in the last moment")
        pour(staged, live, label, before, carry)

    monkeypatch.setattr(copies, "pour", late)
    done = restored(path)
    assert done.replaced is not None
    assert "in the last moment" in lives.titles(Path(done.replaced.path))
    assert "in the last moment" not in lives.titles(path)


def test_nobody_can_edit_between_what_is_kept_and_what_comes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep.back_up(str(path))
    put_by = restore._put_by
    refused = []

    def interrupted(plan: restore.Plan) -> object:
        found = put_by(plan)
        monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
        with pytest.raises(DatabaseLocked):
            add(path, "too late")
        refused.append(True)
        return found

    monkeypatch.setattr(restore, "_put_by", interrupted)
    restored(path)
    assert refused == [True]
    lives.whole(path)


def test_while_somebody_writes_for_long_it_waits_and_then_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep.back_up(str(path))
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)
    with Workbench.open(path, durability="normal") as wb:
        with wb.edit("long"):
            wb.add_todo("mine")
            with pytest.raises(DatabaseLocked):
                restored(path)
        assert wb.count(Todo) == 13
    assert leftovers(path) == ["own.db"]
    assert len(shelf.listed(str(path))) == 1


def test_without_room_for_what_is_kept_nothing_is_replaced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep.back_up(str(path))
    add(path, "later")

    def full(*_: object) -> None:
        raise DiskFull("backups")

    monkeypatch.setattr(shelf, "make", full)
    with pytest.raises(DiskFull):
        restored(path)
    assert "later" in lives.titles(path)
    assert leftovers(path) == ["own.db"]
    lives.whole(path)


@pytest.mark.parametrize("damage", ["a table", "the schema", "the header", "an empty file", "gone", "only a log"])
def test_in_the_place_of_a_damaged_database(path: Path, damage: str) -> None:
    before = lives.titles(path)
    keep.back_up(str(path))
    add(path, "later")
    pages = {"a table": [lives.page_of(path, "todos")], "the schema": [2], "the header": [1]}
    if damage in pages:
        lives.damage_pages(path, *pages[damage])
    else:
        path.write_bytes(b"") if damage == "an empty file" else path.unlink()
    if damage == "only a log":
        Path(f"{path}-wal").write_bytes(os.urandom(5000))
    found = path.read_bytes() if path.exists() else b""
    done = restored(path)
    assert lives.titles(path) == before
    lives.whole(path)
    assert leftovers(path) == ["own.db"]
    if damage in pages:
        assert done.replaced is not None
        assert not done.replaced.good
        kept = Path(done.replaced.path).read_bytes()
        # The counters of the header may differ; what could still be saved from it is there.
        assert kept[100:] == found[100:]
    assert restore.plan(str(path)).file.endswith("by-hand.db")  # what was damaged is nothing to restore from


def test_the_damaged_table_is_the_case_that_others_may_have_open(path: Path) -> None:
    keep.back_up(str(path))
    with Workbench.open(path, durability="normal") as wb:
        wb.add_todo("later")
        page = lives.page_of(path, "todos")
    lives.damage_pages(path, page)
    with closing(sqlite3.connect(path)) as other:
        with pytest.raises(sqlite3.DatabaseError):
            other.execute("SELECT count(title) FROM todos").fetchall()
        assert restore.plan(str(path)).state is State.DAMAGED
        restored(path)
        assert other.execute("SELECT count(title) FROM todos").fetchall() == [(12,)]


def test_on_a_new_computer(path: Path, tmp_path: Path) -> None:
    made = keep.back_up(str(path), to=str(tmp_path / "stick"))
    new = tmp_path / "new" / "data" / "own.db"
    with Workbench.open(path, durability="normal") as wb:
        user, device = wb.user_id, wb.device_id
    assert restored(new, made.backup.path).replaced is None
    with Workbench.open(new) as wb:
        assert (wb.user_id, wb.device_id) == (user, device)
    lives.whole(new)


def test_over_another_workbench_the_owner_is_the_backups_and_the_device_stays(path: Path, tmp_path: Path) -> None:
    made = keep.back_up(str(path))
    other = tmp_path / "other.db"
    with Workbench.open(path, durability="normal") as wb:
        user = wb.user_id
    with Workbench.init(other) as wb:
        wb.add_todo("of another life")
        device = wb.device_id
        plan = restore.plan(str(other), made.backup.path)
        assert plan.other_person
        restore.restore(plan)
        todo = wb.add_todo("after")
        assert (todo.user_id, wb.user_id, wb.device_id) == (user, user, device)
    lives.whole(other)


@pytest.mark.parametrize("version", range(1, schema.known_version()))
def test_a_backup_of_an_older_schema_is_brought_up_to_date(path: Path, tmp_path: Path, version: int) -> None:
    lives.make_old(tmp_path / "old.db", version)
    before = (tmp_path / "old.db").read_bytes()
    restored(path, str(tmp_path / "old.db"))
    assert lives.titles(path) == {"Write more"}
    lives.whole(path)
    assert (tmp_path / "old.db").read_bytes() == before


def test_a_backup_of_a_newer_schema_is_refused(path: Path) -> None:
    made = keep.back_up(str(path))
    with closing(sqlite3.connect(made.backup.path)) as shell, shell:
        shell.execute("INSERT INTO schema_migrations VALUES (999, 'later', 0)")
    with pytest.raises(SchemaTooNew):
        restore.plan(str(path), made.backup.path)


def foreign(file: Path) -> None:
    with closing(sqlite3.connect(file)) as shell, shell:
        shell.execute("CREATE TABLE bookmarks (url TEXT)")


def noise(file: Path) -> None:
    file.write_bytes(os.urandom(9000))


def empty(file: Path) -> None:
    file.touch()


def nobodys(file: Path) -> None:
    database.create(file).close()
    with closing(sqlite3.connect(file)) as shell, shell:
        shell.execute("DELETE FROM identity")


@pytest.mark.parametrize("make", [foreign, noise, empty, nobodys])
def test_what_is_no_backup_is_refused(path: Path, tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "x.db")
    before = path.read_bytes()
    with pytest.raises(NotADatabase):
        restore.plan(str(path), str(tmp_path / "x.db"))
    assert path.read_bytes() == before
    assert sorted(os.listdir(path.parent)) == ["own.db"]


def test_a_file_of_another_program_is_not_replaced(path: Path, tmp_path: Path) -> None:
    made = keep.back_up(str(path))
    foreign(tmp_path / "firefox.db")
    with pytest.raises(NotADatabase, match="another program"):
        restore.plan(str(tmp_path / "firefox.db"), made.backup.path)


@pytest.mark.parametrize("named", ["nothing.db", ".", "own.db"])
def test_a_name_that_is_no_backup(path: Path, monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    monkeypatch.chdir(path.parent)
    with pytest.raises(UnreadableFile):
        restore.plan(str(path), named)


def test_no_backup_at_all(path: Path) -> None:
    with pytest.raises(NoBackup):
        restore.plan(str(path))


def test_a_backup_with_larger_pages(path: Path, tmp_path: Path) -> None:
    shutil.copyfile(path, tmp_path / "large.db")
    with closing(sqlite3.connect(tmp_path / "large.db", isolation_level=None)) as shell:
        shell.execute("PRAGMA journal_mode = DELETE")
        shell.execute("PRAGMA page_size = 16384")
        shell.execute("VACUUM")
    before = lives.titles(path)
    add(path, "later")
    restored(path, str(tmp_path / "large.db"))
    assert lives.titles(path) == before
    lives.whole(path)


@pytest.mark.skipif(os.name != "posix", reason="Windows lets few people make links.")
def test_a_database_behind_a_link(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "there" / "own.db"
    link.parent.mkdir()
    link.symlink_to(path)
    keep.back_up(str(link))
    before = lives.titles(path)
    for damage in ("none", "header", "gone"):
        add(path, "later")
        if damage == "header":
            lives.damage_pages(path, 1)
        elif damage == "gone":
            path.unlink()
        restored(link, shelf.listed(str(link))[-1].name)
        assert link.is_symlink()
        assert lives.titles(path) == before
        lives.whole(path)
