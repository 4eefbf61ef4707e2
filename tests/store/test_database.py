"""Opening, editing, and what goes wrong: each in one sentence, and nothing half done."""

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from orc_lab.errors import (
    AlreadyExists,
    DatabaseExists,
    DatabaseLocked,
    DatabaseMissing,
    DiskFull,
    InvalidValue,
    NotADatabase,
    NotFound,
    OrcError,
    SchemaTooNew,
)
from orc_lab.model.entities import Intention, Link, Project
from orc_lab.store import database, repository, schema, sentences
from orc_lab.store.database import Database, create
from tests.store import laws


def intention(id: str, title: str = "Live well") -> Intention:
    return Intention(id=id, user_id="u", title=title, created_at=5, updated_at=5)


# Making and opening


def test_a_new_database_is_ours_and_remembers_whose(path: Path) -> None:
    with create(path, sample=True) as db:
        user, device, sample = db.identity()
        assert user != device
        assert sample
        assert db.rows("PRAGMA journal_mode") == [("wal",)]
        assert db.rows("PRAGMA application_id") == [(schema.APPLICATION_ID,)]
        assert db.rows("PRAGMA integrity_check") == [("ok",)]
        assert db.rows("PRAGMA synchronous") == [(2,)]
        laws.hold(db)
    with Database(path, durability="normal") as again:
        assert again.identity() == (user, device, True)
        assert again.rows("PRAGMA synchronous") == [(1,)]


@pytest.mark.skipif(os.name != "posix", reason="Other systems have other permissions.")
def test_a_new_database_is_its_owners_alone(path: Path) -> None:
    with create(path) as db:
        db.conn.execute("UPDATE identity SET sample = 0")
        beside = sorted(path.parent.glob(f"{path.name}*"))
        assert len(beside) == 3
        assert [one.stat().st_mode & 0o777 for one in beside] == [0o600] * 3


def test_making_it_twice_leaves_the_first_as_it_is(path: Path) -> None:
    create(path, user_id="first").close()
    with pytest.raises(DatabaseExists, match="left as it is"):
        create(path)
    with Database(path) as db:
        assert db.identity()[0] == "first"


def test_it_is_made_with_its_folders_even_over_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "own.db"
    create(path).close()
    (tmp_path / "empty.db").touch()
    create(tmp_path / "empty.db").close()
    assert path.stat().st_size > 0


def test_a_missing_database_is_not_made(path: Path) -> None:
    with pytest.raises(DatabaseMissing, match="orc init"):
        Database(path)
    assert not path.exists()


def broken(path: Path, damage: Callable[[Path], None]) -> None:
    create(path).close()
    damage(path)


def scratched(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:40960] = b"\x55" * (40960 - 4096)
    path.write_bytes(content)


def another_programs(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")


def nobodys(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM identity")


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\x00" * 5000),
        lambda path: path.write_text("id,title\n1,Write\n" * 99, encoding="utf-8"),
        lambda path: path.write_bytes(path.read_bytes()[:1000]),
        scratched,
        another_programs,
        nobodys,
    ],
    ids=["empty", "zeros", "text", "cut off", "scratched", "another program's", "nobody's"],
)
def test_what_is_no_database_of_ours_is_refused(path: Path, damage: Callable[[Path], None]) -> None:
    broken(path, damage)
    before = path.read_bytes()
    with pytest.raises(NotADatabase, match=r"own\.db.*Restore a backup"):
        Database(path).identity()
    assert path.read_bytes() == before


def test_a_newer_schema_is_left_alone(path: Path) -> None:
    create(path).close()
    newer = schema.known_version() + 1
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO schema_migrations VALUES (?, 'later', 0)", (newer,))
        connection.execute("DROP TRIGGER capture_todos_insert")
    with pytest.raises(SchemaTooNew, match=rf"schema {newer}, newer than this orc_lab knows \({newer - 1}\)"):
        Database(path)
    with closing(sqlite3.connect(path)) as connection:
        assert not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'capture_todos_insert'").fetchall()


# Editing


def test_an_edit_happens_as_a_whole_or_not_at_all(db: Database) -> None:
    with db.transaction("two") as tx:
        tx.insert_many([intention("1"), intention("2")])

    def again() -> None:
        with db.transaction("again") as tx:
            tx.update(Intention, "1", {"title": "changed"})
            tx.insert(intention("3"))
            tx.insert(intention("2"))

    with pytest.raises(AlreadyExists, match="'2'"):
        again()
    assert [row.title for row in repository.find(db, Intention, {}, order="id")] == ["Live well"] * 2
    assert [label for (label,) in db.rows("SELECT label FROM change_tx")] == ["two"]
    laws.hold(db)


def test_an_error_of_the_caller_takes_all_back_and_frees_the_database(db: Database, shell: sqlite3.Connection) -> None:

    def half() -> None:
        with db.transaction("half") as tx:
            tx.insert(intention("1"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert repository.count(db, Intention, {}) == 0
    shell.execute("INSERT INTO intentions VALUES ('2', 'u', 'Shell', NULL, 5, 5, NULL)")
    laws.hold(db)


def test_what_is_not_there_is_named(db: Database) -> None:
    with pytest.raises(NotFound, match=r"intention .*'9'"), db.transaction("edit") as tx:
        tx.update(Intention, "9", {"title": "x"})
    with pytest.raises(NotFound, match="'9'"), db.transaction("edit") as tx:
        tx.delete(Intention, "9")
    with pytest.raises(NotFound, match="8, 9"), db.transaction("edit") as tx:
        tx.update_many(Intention, [("8", {"title": "x"}), ("9", {"title": "y"})])
    assert repository.count(db, Intention, {}) == 0


def test_what_the_tables_forbid_is_refused_in_words(db: Database) -> None:
    with pytest.raises(InvalidValue, match="FOREIGN KEY"), db.transaction("link") as tx:
        tx.insert(Link(id="1", blocker_id="none", blocked_id="none", created_at=5))
    with pytest.raises(InvalidValue, match="progress"), db.transaction("over") as tx:
        tx.insert(Project(id="1", user_id="u", title="P", progress=101, created_at=5, updated_at=5))
    laws.hold(db)


def test_updated_at_is_the_instant_that_counts(db: Database) -> None:
    with db.transaction("add") as tx:
        tx.insert(intention("1"))
        tx.update(Intention, "1", {"title": "x"}, at=77)
    assert repository.get(db, Intention, "1").updated_at == 77
    before = int(time.time())
    with db.transaction("edit") as tx:
        tx.update(Intention, "1", {"title": "y"})
    assert before <= repository.get(db, Intention, "1").updated_at <= before + 5


# Locked, full, not writable


@pytest.fixture
def holder(db: Database) -> Iterator[None]:
    """Another process that holds the database for itself."""
    code = """if True:
        import sqlite3, sys
        connection = sqlite3.connect(sys.argv[1], isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        print("held", flush=True)
        sys.stdin.read()"""
    command = [sys.executable, "-c", code, db.path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield
        process.communicate("")


@pytest.mark.usefixtures("holder")
def test_a_locked_database_is_waited_for_and_then_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (database, sentences):
        monkeypatch.setattr(module, "BUSY_SECONDS", 0.3)
    with Database(path) as db:  # reading needs no lock
        assert repository.count(db, Intention, {}) == 0
        started = time.monotonic()
        with pytest.raises(DatabaseLocked, match=r"own\.db was locked .* 0\.3 s"), db.transaction("add") as tx:
            tx.insert(intention("1"))
        assert 0.25 < time.monotonic() - started < 3
        assert db.lock.acquire(blocking=False)
        db.lock.release()


def test_a_full_disk_changes_nothing(db: Database) -> None:
    with db.transaction("first") as tx:
        tx.insert(intention("1"))
    (pages,) = db.rows("PRAGMA page_count")[0]
    db.rows(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(DiskFull, match="Nothing was changed"), db.transaction("much") as tx:
        tx.insert_many([intention(str(n), "x" * 2000) for n in range(2, 99)])
    assert repository.count(db, Intention, {}) == 1
    laws.hold(db)
    db.rows("PRAGMA max_page_count = 1000000")
    with db.transaction("after") as tx:
        tx.insert(intention("2"))
    assert repository.count(db, Intention, {}) == 2


def as_somebody(act: Callable[[], None]) -> str:
    """What `act` raises when somebody does it whom permissions bind: in a child process where we are root."""
    if os.geteuid() != 0:
        return raised(act)

    def bound() -> None:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        act()

    return in_a_child(bound)


def in_a_child(act: Callable[[], None]) -> str:
    """What `act` raises in a child process of its own."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, raised(act).encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader, encoding="utf-8") as said:
        return said.read()


def raised(act: Callable[[], None]) -> str:
    try:
        act()
    except OrcError as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that everybody may look into."""
    with tempfile.TemporaryDirectory(prefix="orc-public-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
        Path(folder).chmod(0o755)


def test_a_folder_that_may_not_be_written_is_named(public: Path) -> None:
    public.chmod(0o555)
    said = as_somebody(lambda: create(public / "data" / "own.db").close())
    assert said.startswith("NotWritable: ")
    assert str(public) in said
    assert "Permission denied" in said
    assert list(public.iterdir()) == []


def test_a_database_that_may_not_be_written_is_named(public: Path) -> None:
    path = public / "own.db"
    create(path).close()
    path.chmod(0o444)
    public.chmod(0o555)
    before = path.read_bytes()

    def edit() -> None:
        with Database(path) as db, db.transaction("add") as tx:
            tx.insert(intention("1"))

    said = as_somebody(edit)
    assert said.startswith(f"NotOpened: {path} can't be opened")
    assert path.read_bytes() == before


@pytest.mark.parametrize("limit", [4096, 65536, 200_000])
def test_no_room_is_never_called_damage(tmp_path: Path, limit: int) -> None:
    """A file-size limit stands for a full disk: the write fails wherever SQLite is then, and nobody says corrupt."""
    path = tmp_path / "own.db"
    create(path).close()

    def edit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        with Database(path) as db, db.transaction("add") as tx:
            tx.insert_many([intention(str(n), "x" * 2000) for n in range(200)])

    said = in_a_child(edit)
    assert said.startswith("DiskFull: ")
    with Database(path) as db:
        assert repository.count(db, Intention, {}) == 0
        laws.hold(db)
