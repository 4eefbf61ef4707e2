"""Several processes edit while mirrors come and go: each edit is seen soon, and none is ever lost."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from orc_lab.mirror.duck import Mirror
from orc_lab.model.entities import Todo
from orc_lab.workbench.bench import Workbench
from tests.house.checks import ROOT
from tests.mirror.alike import held, stored

# Adds todos, each named by when its commit began, and prints how many calls returned.
EDITOR = """
import sys, time
from orc_lab.workbench.bench import Workbench
path, count, pause = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
with Workbench.open(path) as bench:
    for number in range(count):
        bench.add_todo(repr(time.time()))
        time.sleep(pause)
print(number + 1)
"""


@contextmanager
def editor(bench: Workbench, count: int, pause: float) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", EDITOR, bench.db.path, str(count), str(pause)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def told(process: subprocess.Popen[str]) -> int:
    """How many edits a process was told are safe."""
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return int(out)


def test_a_mirror_sees_two_other_processes_within_a_second(bench: Workbench) -> None:
    late: list[float] = []
    with Mirror(bench.db) as mirror, editor(bench, 25, 0.02) as one, editor(bench, 25, 0.02) as other:
        seen: set[str] = set()
        deadline = time.monotonic() + 60
        while len(seen) < 50 and time.monotonic() < deadline:
            found = set(mirror.sql("SELECT title FROM todos")["title"])
            late += [time.time() - float(title) for title in found - seen]
            seen = found
            time.sleep(0.1)
        assert told(one) + told(other) == 50
        assert held(mirror) == stored(bench.db)
    assert len(late) == 50
    assert sorted(late)[45] < 1.0


def test_no_commit_is_lost_while_mirrors_open_and_close(bench: Workbench) -> None:
    """Closing a second handle of the file would drop this process's locks: then commits vanish."""
    mine = built = 0
    with editor(bench, 200, 0.0) as process:
        while process.poll() is None or built < 3:
            with bench.edit("mine"):  # a lock held while a mirror opens and closes
                bench.add_todo("mine")
                Mirror(bench.db).close()
            with Mirror(bench.db) as mirror:
                mirror.refresh()
            mine, built = mine + 1, built + 1
        assert told(process) == 200
    assert bench.count(Todo, title="mine") == mine
    assert bench.count(Todo) == 200 + mine
    assert bench.db.rows("PRAGMA integrity_check") == [("ok",)]
    with Mirror(bench.db) as mirror:
        assert held(mirror) == stored(bench.db)
