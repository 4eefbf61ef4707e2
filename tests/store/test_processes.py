"""Several processes edit at once, and one of them dies: nothing that was confirmed is lost."""

import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from orc_lab.model.entities import Activity, Todo
from orc_lab.store import change_log
from orc_lab.workbench.bench import Workbench
from tests.store import laws

ROOT = Path(__file__).parents[2]

# Adds todos one edit at a time, edits one that all share, and says each id once it is confirmed.
EDITOR = """
import sys
from orc_lab.model.entities import Todo
from orc_lab.workbench.bench import Workbench

path, name, many, shared = sys.argv[1:]
with Workbench.open(path) as wb:
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(int(many)):
        todo = wb.add_todo(f"{name} {number}", estimated_hours=1)
        wb.update(Todo, shared, title=f"{name} {number}")
        print(todo.id, flush=True)
"""


def editor(path: Path, name: str, many: int, shared: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", EDITOR, str(path), name, str(many), shared]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")


def go(*editors: "subprocess.Popen[str]") -> None:
    """Let editors begin, all at once."""
    for process in editors:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in editors:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()


def test_processes_that_edit_at_once_lose_nothing(path: Path) -> None:
    with Workbench.init(path) as wb:
        shared = wb.add_todo("shared")
        with editor(path, "a", 40, shared.id) as first, editor(path, "b", 40, shared.id) as second:
            go(first, second)
            for number in range(20):
                wb.add_todo(f"c {number}")
            said = first.communicate()[0].split() + second.communicate()[0].split()
        assert (first.returncode, second.returncode) == (0, 0)
        assert len(set(said)) == 80
        assert set(said) <= {todo.id for todo in wb.find(Todo)}
        assert wb.count(Todo) == 101
        titles = [change.cells["title"][1] for change in wb.history(shared.id)[1:]]
        for name in "ab":
            assert [title for title in titles if title.startswith(name)] == [f"{name} {n}" for n in range(40)]
        assert wb.get(Todo, shared.id).title == titles[-1]
        assert wb.count(Activity, subject_id=shared.id) == 81
        laws.hold(wb.db)  # the clock strictly increasing among it


def test_what_a_killed_process_had_confirmed_is_there(path: Path) -> None:
    with Workbench.init(path) as wb:
        shared = wb.add_todo("shared")
    for _ in range(2):
        with editor(path, "a", 100_000, shared.id) as process:
            go(process)
            assert process.stdout is not None
            confirmed = [process.stdout.readline().strip() for _ in range(15)]
            process.send_signal(signal.SIGKILL)
            confirmed += process.stdout.read().split()
        assert process.returncode == -signal.SIGKILL
        with Workbench.open(path) as wb:
            there = {todo.id: todo for todo in wb.find(Todo)}
            assert {id for id in confirmed if len(id) == 36} <= set(there)
            for id in confirmed[:15]:
                assert wb.count(Activity, subject_id=id) == 1
            edits = {change.tx for change in change_log.since(wb.db, 0)}
            assert edits >= {edit.tx for edit in wb.edits(limit=1000)}
            laws.hold(wb.db)
            assert wb.db.rows("PRAGMA integrity_check") == [("ok",)]


def test_a_reader_is_not_kept_waiting_by_a_writer(path: Path) -> None:
    with Workbench.init(path) as wb, Workbench.open(path) as other, wb.edit("long"):
        wb.add_todo("not yet")
        started = time.monotonic()
        assert other.count(Todo) == 0
        assert time.monotonic() - started < 1
    with closing(sqlite3.connect(path)) as shell:
        assert shell.execute("SELECT count(*) FROM todos").fetchone() == (1,)
