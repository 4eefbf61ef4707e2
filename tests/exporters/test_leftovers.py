"""What a killed export leaves is cleared by the next one there, once nobody can be writing it; nothing else ever is."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orc_lab.exporters import leftovers
from orc_lab.exporters.run import ENDINGS, export
from orc_lab.workbench.bench import Workbench
from tests.exporters.conftest import NOW

ROOT = Path(__file__).parents[2]
CHILD = """
import sys, time
from orc_lab.exporters import run, target
from orc_lab.workbench.bench import Workbench

def settle(_):
    print("now", flush=True)
    time.sleep(60)

target.Target.settle = settle
with Workbench.open(sys.argv[1]) as wb:
    run.export(wb, sys.argv[2], sys.argv[3], force=True)
"""
HALF = """
import sys, time
from orc_lab.exporters import run
from orc_lab.mirror import parquet
from orc_lab.workbench.bench import Workbench

def write(*_, **__):
    print("now", flush=True)
    time.sleep(60)

parquet.Writer.write = write
with Workbench.open(sys.argv[1]) as wb:
    run.export(wb, sys.argv[2], sys.argv[3], force=True)
"""
OLD = time.time() - leftovers.AFTER - 60


def hidden(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name.startswith("."))


def age(*paths: Path) -> None:
    """Make files and what is in them an hour older."""
    for path in paths:
        for each in (path, *path.rglob("*")):
            os.utime(each, (OLD, OLD), follow_symlinks=False)


def kill(wb: Workbench, format: str, to: Path, child: str = CHILD) -> None:
    command = [sys.executable, "-c", child, wb.db.path, format, str(to)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "now\n"
        running.kill()
    assert running.returncode == -signal.SIGKILL


needs_kill = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no kill -9")


@needs_kill
@pytest.mark.parametrize("format", ["json", "csv"])
def test_the_next_export_clears_what_a_killed_one_left(wb: Workbench, tmp_path: Path, format: str) -> None:
    place = tmp_path / "out"
    place.mkdir()
    to = place / "all.json" if format == "json" else place
    export(wb, format, to, now=NOW)
    before = {path.name: path.read_bytes() for path in place.iterdir()}
    kill(wb, format, to)
    left = hidden(place)
    assert len(left) == len(before)
    assert {path.name: path.read_bytes() for path in place.iterdir() if path not in left} == before
    export(wb, "markdown", place / "one.md", now=NOW)
    assert hidden(place) == left, "somebody may still be writing them"
    age(*left)
    export(wb, "markdown", place / "two.md", now=NOW)
    assert hidden(place) == []
    assert {path.name for path in place.iterdir()} == {*before, "one.md", "two.md"}


@needs_kill
def test_a_killed_parquet_leaves_a_folder_that_goes_too(wb: Workbench, tmp_path: Path) -> None:
    kill(wb, "parquet", tmp_path / "columns", HALF)
    left = hidden(tmp_path / "columns")
    assert any(path.is_dir() for path in left)
    age(*left)
    export(wb, "parquet", tmp_path / "columns", now=NOW)
    assert hidden(tmp_path / "columns") == []


@pytest.mark.parametrize("format", ENDINGS)
def test_an_export_that_succeeds_leaves_nothing(wb: Workbench, tmp_path: Path, format: str) -> None:
    export(wb, format, tmp_path / "out" / f"x{ENDINGS[format]}", now=NOW)
    assert hidden(tmp_path / "out") == []


def test_folders_of_other_days(wb: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    empty, whole, mine = (tmp_path / name for name in ("orc-2026-11-01-csv", "orc-2026-11-02-csv", "orc-notes-csv"))
    for folder in (empty, whole, mine):
        folder.mkdir()
        (folder / ".todos.csv.0a1b2c3d.orc-part").write_text("half")
        age(folder)
    (whole / "todos.csv").write_text("whole")
    export(wb, "csv", now=NOW)
    assert not empty.exists()
    assert [path.name for path in whole.iterdir()] == ["todos.csv"]
    assert len(hidden(mine)) == 1


def test_nothing_of_anybody_else_goes(wb: Workbench, tmp_path: Path) -> None:
    place = tmp_path / "out"
    place.mkdir()
    for name in (".x.json.0a1b2c3d", ".x.orc-part", "x.json.0a1b2c3d.orc-part", ".x.json.0a1b.orc-part", ".orc-part"):
        (place / name).write_text("mine")
    (tmp_path / "target").write_text("mine")
    (place / ".link.0a1b2c3d.orc-part").symlink_to(tmp_path / "target")
    full = place / ".tables.0a1b2c3d.orc-part"
    full.mkdir()
    (full / "diary.txt").write_text("mine")
    age(*place.iterdir(), tmp_path / "target")
    before = {str(path) for path in place.rglob("*")}
    export(wb, "markdown", place / "one.md", now=NOW)
    assert {str(path) for path in place.rglob("*")} == {*before, str(place / "one.md")}


def test_a_long_name_has_room(wb: Workbench, tmp_path: Path) -> None:
    name = "ü" * 125 + ".json"  # 255 bytes, the most that a file system takes
    export(wb, "json", tmp_path / name, now=NOW)
    assert (tmp_path / name).stat().st_size > 1000
