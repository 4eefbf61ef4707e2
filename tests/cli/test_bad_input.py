"""Whatever is wrong: one sentence, an exit code, no traceback, nothing half-written."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from orc_lab.cli import table
from orc_lab.model.entities import Todo
from orc_lab.store import database
from orc_lab.workbench.bench import Workbench
from tests.cli.conftest import Orc, Ran

# One call of each command that opens a database. Reviews and imports have their own tests too.
READING = {
    "settings": [],
    "list": [],
    "search": ["x"],
    "show": ["abc"],
    "project list": [],
    "intention list": [],
    "week": [],
    "goal list": [],
    "log": [],
    "trash list": [],
    "dashboard": [],
    "estimate": ["x"],
    "forecast": [],
    "health": [],
    "summary": ["x"],
    "today": [],
    "accuracy": [],
    "knowledge list": [],
    "knowledge show": ["projects.patterns"],
    "knowledge why": ["projects.patterns", "silent"],
    "backtest": [],
    "sql": ["SELECT 1"],
    "export": [],
    "lab": ["--no-browser"],
    "backup": [],
    "doctor": [],
    "erase": ["--yes"],
    "sync status": [],
    "sync scope": [],
    "sync conflicts": [],
    "sync ledger": [],
    "sync devices": [],
    "sync verify": [],
}
EDITING = {
    "set": ["zone", "UTC"],
    "add": ["x"],
    "edit": ["abc", "title=y"],
    "match": ["abc", "--project", "x"],
    "refine": ["abc"],
    "confirm": ["abc"],
    "done": ["abc"],
    "drop": ["abc"],
    "reopen": ["abc"],
    "snooze": ["abc"],
    "project add": ["x"],
    "project edit": ["x", "why=y"],
    "intention add": ["x"],
    "intention edit": ["x", "title=y"],
    "goal add": ["x"],
    "goal edit": ["goal=y"],
    "commit": ["abc"],
    "uncommit": ["abc"],
    "capacity": ["today", "0"],
    "start": ["abc"],
    "stop": [],
    "undo": [],
    "redo": [],
    "delete": ["abc", "--yes"],
    "trash restore": ["abc"],
    "import": ["tasks.csv"],
    "knowledge forget": ["projects.patterns"],
    "knowledge learn": ["--way", "dumped,done"],
    "sync enable": [],
    "sync disable": [],
    "sync pause": [],
    "sync resume": [],
    "sync now": [],
    "sync watch": [],
    "sync passphrase": [],
}
CALLS = {name: [*name.split(), *words] for name, words in (READING | EDITING).items()}
CSV = "title,status\nA,done\n"


def said(ran: Ran, code: int) -> str:
    """One sentence on standard error, and nothing else."""
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith("orc: ")
    assert ran.err.count("\n") == 1
    assert ran.err.rstrip().endswith((".", "`"))
    return ran.err


@pytest.fixture(autouse=True)
def tasks(here: Path) -> None:
    (here / "tasks.csv").write_text(CSV, encoding="utf-8")


def test_every_command_is_tried() -> None:
    without = {"init", "review", "report", "restore", "serve", "serve accounts", "serve devices"}
    assert set(CALLS) | without == set(table.COMMANDS)


@pytest.mark.parametrize("name", CALLS)
def test_without_a_database(orc: Orc, here: Path, name: str) -> None:
    told = said(orc(*CALLS[name]), 4)
    assert "There is no database at" in told
    assert "`orc init`" in told
    assert [path.name for path in here.iterdir()] == ["tasks.csv"]


def test_without_a_backup(orc: Orc, here: Path) -> None:
    assert "There is no backup that opens" in said(orc("restore", "--yes"), 3)
    assert "there is no such file" in said(orc("restore", "x.db", "--yes"), 6)
    assert [path.name for path in here.iterdir()] == ["tasks.csv"]


def garbage(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04 this is no database" * 999)


def empty(path: Path) -> None:
    path.touch()


def torn(path: Path) -> None:
    with path.open("r+b") as file:
        for page in range(4096, path.stat().st_size, 8192):
            file.seek(page)
            file.write(b"\xa5" * 4096)


def newer(path: Path) -> None:
    with sqlite3.connect(path) as conn:
        conn.execute("INSERT INTO schema_migrations VALUES (999, 'later', 0)")
    conn.close()


def foreign(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as conn:
        conn.execute("CREATE TABLE notes (text)")
    conn.close()


def orphaned(path: Path) -> None:
    with sqlite3.connect(path) as conn:
        conn.execute("DELETE FROM identity")
    conn.close()


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (garbage, "not a database"),
        (empty, "it is empty"),
        (torn, "malformed"),
        (newer, "Upgrade the package"),
        (foreign, "another program"),
        (orphaned, "interrupted"),
    ],
)
@pytest.mark.parametrize("words", [["list"], ["add", "x"], ["sql", "SELECT 1"], ["review"], ["import", "tasks.csv"]])
def test_a_database_that_is_none(
    orc: Orc, own: Path, words: list[str], damage: Callable[[Path], None], told: str
) -> None:
    if damage is empty:
        own.unlink()
    damage(own)
    before = own.read_bytes()
    assert told in said(orc(*words), 4)
    assert own.read_bytes() == before
    assert sorted(path.name for path in own.parent.iterdir()) == ["creation-os.db"]


@pytest.mark.parametrize("words", [["add", "x"], ["undo"], ["import", "tasks.csv"]])
def test_a_locked_database(orc: Orc, own: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    orc("add", "Mine")
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    with Workbench.open(own) as other, other.edit("long"):
        other.add_todo("Theirs")
        assert "was locked by another program" in said(orc(*words), 4)
        ran = orc("list")  # who only reads waits for nobody
        assert ran.code == 0
    assert "Theirs" in orc("list").out


def test_a_full_disk(orc: Orc, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    orc("add", "There before")
    connect = database.connect

    def small(path: str, *, create: bool) -> sqlite3.Connection:
        conn = connect(path, create=create)
        (pages,) = conn.execute("PRAGMA page_count").fetchone()
        conn.execute(f"PRAGMA max_page_count = {pages}")  # SQLite's own way to run out of room
        return conn

    with monkeypatch.context() as full:
        full.setattr(database, "connect", small)
        assert "No room left on the disk" in said(orc("add", "x" * 100_000), 5)
    assert "There before" in orc("list").out
    assert "xxx" not in orc("list").out


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="The superuser may write everywhere.")
def test_a_read_only_folder(orc: Orc, own: Path) -> None:
    own.chmod(0o444)
    own.parent.chmod(0o555)
    try:
        assert "can't be written" in said(orc("add", "x"), 5)
        assert "can't be written" in said(orc("init", own.parent / "new"), 5)
    finally:
        own.parent.chmod(0o755)


@pytest.mark.skipif(os.name != "posix", reason="Windows deletes no folder that somebody is in.")
def test_a_folder_that_is_gone(orc: Orc, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = here / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert "it has been deleted" in said(orc("list"), 6)


def test_a_folder_that_is_a_file(orc: Orc, here: Path) -> None:
    assert "can't be written" in said(orc("init", here / "tasks.csv" / "new"), 5)


@pytest.mark.parametrize(
    "words",
    [
        ["week", "2026-W54"],
        ["week", "2026-W00"],
        ["week", "someday"],
        ["commit", "abc", "--week", "2025-W53"],
        ["goal", "add", "x", "--week", "W3"],
        ["review", "--week", "2026-W54"],
        ["week", ""],
        *([*words, "--week", ""] for words in (["review"], ["dashboard"], ["forecast"], ["health"], ["estimate", "x"])),
        *([*words, "--week", ""] for words in (["commit", "abc"], ["uncommit", "abc"])),
        *([*words, "--week", ""] for words in (["goal", "add", "x"], ["goal", "edit", "goal=x"])),
    ],
)
def test_a_week_that_does_not_exist(orc: Orc, own: Path, words: list[str]) -> None:
    assert "is not a week" in said(orc(*words), 2)


@pytest.mark.parametrize(
    "words", [[*words] for name, words in CALLS.items() if "abc" in words and name not in ("match", "show")]
)
def test_an_id_that_does_not_exist(orc: Orc, own: Path, words: list[str]) -> None:
    assert "'abc'" in said(orc(*words), 3)


@pytest.mark.parametrize("name", ["nothing.csv", "data", "noise.bin"])
def test_a_file_that_cannot_be_imported(orc: Orc, own: Path, here: Path, name: str) -> None:
    (here / "noise.bin").write_bytes(os.urandom(5000))
    before = shutil.copy(own, here / "before.db")
    said(orc("import", name), 6)
    assert own.read_bytes() == Path(before).read_bytes()


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="This system has no /dev/zero.")
def test_a_device_is_not_read(orc: Orc, own: Path) -> None:
    assert "it is a device" in said(orc("import", "/dev/zero"), 6)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["done", "ID", "--at", "2099-01-01"], "at can't be '2099-01-01 12:00': expected a moment that has passed"),
        (["done", "ID", "--at", "1999-01-01 08:05"], "at can't be '1999-01-01 08:05'"),
        (["start", "ID", "--at", "2099-01-01"], "started_at can't be '2099-01-01 12:00'"),
        (["done", "ID", "--at", ""], "a time can't be ''"),
        (["done", "ID", "--hours", ""], "hours can't be ''"),
        (["done", "ID", "--hours", "1e9"], "a number from 0 to 100000"),
        (["edit", "ID", "hours=100001"], "a number from 0 to 100000"),
        (["refine", "ID", "--hours", ""], "hours can't be ''"),
        (["refine", "ID", "--title", ""], "expected some text"),
        (["edit", "ID", "title="], "title can't be '': expected some text"),
        (["edit", "ID", "status= "], "status can't be '': expected a value"),
        (["add", "+Thesis"], "orc add 'Write draft +Thesis 2h @fri'"),
        (["add", ""], "expected what there is to do"),
    ],
)
def test_a_value_that_does_not_fit(orc: Orc, own: Path, words: list[str], told: str) -> None:
    orc("add", "A")
    with Workbench.open(own) as wb:
        (todo,) = wb.find(Todo)
    message = said(orc(*(todo.id if word == "ID" else word for word in words)), 2)
    assert told in message
    with Workbench.open(own) as wb:
        assert wb.find(Todo) == [todo]


def test_an_end_outside_of_the_work_is_told_in_local_time(orc: Orc, own: Path) -> None:
    orc("add", "A")
    with Workbench.open(own) as wb:
        (todo,) = wb.find(Todo)
    orc("start", todo.id)
    assert "ended_at can't be '2099-01-01 12:00'" in said(orc("stop", "--at", "2099-01-01"), 2)
