"""An importing process that is killed at any stage leaves nothing behind, and a second run completes.

A run tries some of the stages, and with ORC_EVERY_STAGE=1 all.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from orc_lab.importers import run
from orc_lab.model.entities import Todo
from orc_lab.store import capture
from orc_lab.workbench.bench import Workbench
from tests.importers.files import everything, store, todo
from tests.store import laws

CHILD = """
import sys, time
from orc_lab.importers import kept, run
from orc_lab.store import bulk
from orc_lab.workbench.bench import Workbench

path, file, stage = sys.argv[1:]

def stop():
    print("now", flush=True)
    time.sleep(60)

def around(module, name, before):
    whole = getattr(module, name)
    def stopping(*args):
        if before:
            stop()
        found = whole(*args)
        stop()
        return found
    setattr(module, name, stopping)

if stage == "begun":
    around(run, "write", True)
if stage == "written":
    around(run, "_keep", True)
if stage == "half kept":
    around(kept, "_written", False)
if stage == "kept":
    around(run, "_keep", False)

def moved(done, total):
    if stage == "first rows" or stage == "last rows" and done == total:
        stop()

with Workbench.open(path) as wb:
    if stage == "indexes":
        around(bulk.capture, "ensure", True)
    plan = run.plan(wb, file)
    if stage == "planned":
        stop()
    run.commit(wb, plan, moved)
    stop()
"""
NOTHING = ("planned", "begun", "first rows", "last rows", "indexes", "written", "half kept", "kept")
SOME = ("last rows", "half kept", "committed")
STAGES = (*NOTHING, "committed") if os.environ.get("ORC_EVERY_STAGE") else SOME
TODOS = 100


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no kill -9")
@pytest.mark.parametrize("stage", STAGES)
def test_killed(bench: Workbench, tmp_path: Path, stage: str) -> None:
    bench.add_todo("Mine")
    before = everything(bench.db)
    bench.close()
    file = tmp_path / "big.json"
    file.write_bytes(store(todos=[todo(f"t{n}", status="completed") for n in range(TODOS)]))
    command = [sys.executable, "-c", CHILD, bench.db.path, str(file), stage]
    there = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=there) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "now\n"
        child.kill()
    assert child.returncode == -signal.SIGKILL
    with Workbench.open(tmp_path / "own.db") as again:
        assert again.db.rows("PRAGMA integrity_check") == [("ok",)]
        assert not capture.stale(again.db.conn)
        if stage in NOTHING:
            assert everything(again.db) == before
        report = run.commit(again, run.plan(again, file))
        assert (report.new, report.there) == ((TODOS, 0) if stage in NOTHING else (0, TODOS))
        assert again.count(Todo) == TODOS + 1
        kept = list((tmp_path / "imports").glob("*.json"))
        assert [one.read_bytes() for one in kept] == [file.read_bytes()]
        assert list((tmp_path / "imports").glob("*.part")) == []
        laws.hold(again.db)
