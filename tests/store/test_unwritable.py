"""A database on a full disk, or in a folder or on a medium that is read-only, can be read and says so of edits."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from orc_lab.errors import DiskFull, NotOpened, OrcError
from orc_lab.model.entities import Intention
from orc_lab.store import copies, examine, unwritable
from orc_lab.store.database import Database
from orc_lab.store.snapshot import Snapshot

resource = pytest.importorskip("resource", reason="This system limits no process.")


@pytest.fixture
def kept(path: Path, template: Path) -> Path:
    """A closed database with one row."""
    shutil.copyfile(template, path)
    with Database(path, durability="normal") as db:
        add(db, "1")
    return path


def add(db: Database, id: str) -> None:
    with db.transaction("add") as tx:
        tx.insert(Intention(id=id, user_id="u", title="Live", created_at=5, updated_at=5))


def ids(db: Database) -> list[str]:
    return [id for (id,) in db.rows("SELECT id FROM intentions ORDER BY id")]


@contextmanager
def full_disk() -> Iterator[None]:
    """Let hardly a file of this process grow, as on a disk without room."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # less than the index beside a database takes
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Let nobody write in a folder: by its permissions, or for root, whom they don't hold, by a mount."""
    if os.geteuid():
        os.chmod(folder, 0o555)
        try:
            yield
        finally:
            os.chmod(folder, 0o755)
        return
    mounts = (["mount", "--bind", folder, folder], ["mount", "-o", "remount,bind,ro", folder])
    try:
        if any(subprocess.run(words, capture_output=True, check=False).returncode for words in mounts):
            pytest.skip("Root writes in every folder, and may not mount one read-only here.")
        yield
    finally:
        subprocess.run(["umount", folder], capture_output=True, check=False)


def test_on_a_full_disk_it_is_read_and_not_edited(kept: Path) -> None:
    before = kept.read_bytes()
    with full_disk():
        with pytest.raises(DiskFull):
            Database(kept)
        with Database(kept, reading=True) as db, Snapshot.of(str(kept)) as second:
            found = ids(db), ids(second.db)
            refused = db.refused
            with pytest.raises(DiskFull, match="No room left on the disk of"):
                add(db, "2")
        held = copies.state(str(kept))[1]
        with examine.looking(str(kept)) as conn:
            whole = examine.damage(conn)
    assert found == (["1"], ["1"])
    assert isinstance(refused, DiskFull)
    assert held is not None
    assert held.rows["intentions"] == 1
    assert whole == []
    assert kept.read_bytes() == before
    with Database(kept, reading=True) as db:
        assert db.refused is None
        add(db, "2")


def test_what_a_killed_process_left_in_the_log_is_read_on_a_full_disk(kept: Path, tmp_path: Path) -> None:
    left = tmp_path / "left.db"
    with Database(kept, durability="normal") as db:
        add(db, "2")
        for ending in ("", "-wal"):
            shutil.copyfile(f"{kept}{ending}", f"{left}{ending}")
    with full_disk(), Database(left, reading=True) as db:
        found = ids(db)
    assert found == ["1", "2"]
    with Database(left) as db:
        assert ids(db) == ["1", "2"]


def test_beside_somebody_who_has_it_open_it_is_read_as_ever(kept: Path) -> None:
    with Database(kept, durability="normal") as writer:
        add(writer, "2")
        with full_disk(), Database(kept, reading=True) as db:
            found, refused = ids(db), db.refused
        assert (found, refused) == (["1", "2"], None)
        add(writer, "3")


def test_in_a_folder_that_is_read_only_it_is_read_and_not_edited(kept: Path, tmp_path: Path) -> None:
    with read_only(kept.parent):
        with pytest.raises(OrcError) as opened:
            Database(kept)
        with Database(kept, reading=True) as db, Snapshot.of(str(kept)) as second:
            assert ids(db) == ids(second.db) == ["1"]
            with pytest.raises(OrcError) as edited:
                add(db, "2")
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                db.conn.execute("DELETE FROM intentions")
        assert (type(opened.value), str(opened.value)) == (type(edited.value), str(edited.value))
        assert isinstance(opened.value, NotOpened)
        assert os.listdir(kept.parent) == [kept.name]


def test_edits_that_wait_in_a_log_nobody_can_open_are_not_left_out(kept: Path, tmp_path: Path) -> None:
    folder = tmp_path / "left"
    folder.mkdir()
    with Database(kept, durability="normal") as db:
        add(db, "2")
        for ending in ("", "-wal"):
            shutil.copyfile(f"{kept}{ending}", f"{folder / kept.name}{ending}")
    with read_only(folder), pytest.raises(NotOpened):
        Database(folder / kept.name, reading=True)


def test_a_folder_in_which_somebody_else_may_write_is_not_taken_for_sealed(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # as for another than its owner
    assert unwritable.opened(str(kept), 0) is None


def test_one_of_an_older_schema_is_not_read_as_it_is(kept: Path) -> None:
    with closing(sqlite3.connect(kept)) as shell, shell:
        shell.execute("DELETE FROM schema_migrations WHERE version > 1")
    with full_disk(), pytest.raises(DiskFull):
        Database(kept, reading=True)
