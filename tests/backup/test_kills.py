"""Killed at any stage, a backup, a restore, an import, an export or a migration leaves the old state or the new, whole.

There are some hundred stages each; a run tries some of them, and with ORC_EVERY_STAGE=1 all.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orc_lab.backup import keep
from orc_lab.exporters.leftovers import ENDING
from orc_lab.exporters.run import export
from orc_lab.store import schema, shelf
from orc_lab.workbench.bench import Workbench
from tests.backup import killed, lives

ROOT = Path(__file__).parents[2]
MEMORY = "/dev/shm"
EVERY = int(os.environ.get("ORC_EVERY_STAGE", "0"))
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="This system forks no processes.")


@pytest.fixture
def fast(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where the system has such: a kill loses nothing there either, and nobody waits for a disk."""
    folder = tempfile.mkdtemp(prefix="orc-kills-", dir=MEMORY if os.access(MEMORY, os.W_OK) else tmp_path)
    yield Path(folder)
    shutil.rmtree(folder)


def stages(operation: str, path: Path, folder: Path, every: int) -> list[dict[str, Any]]:
    """What each killed process left; the last one lived. `every` stages one is killed."""
    command = [sys.executable, "-m", "tests.backup.killed", operation, str(path), str(folder), str(EVERY or every)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    for stage in found:
        assert stage["integrity"] == "ok", stage["stage"]
        assert stage["unrecorded"] == {}, stage["stage"]
    assert found[-1]["stage"] == "the end"
    return found


def test_a_backup_killed_at_its_stages(path: Path, fast: Path) -> None:
    keep.back_up(str(path))
    with Workbench.open(path, durability="normal") as wb:
        wb.add_todo("later")
    now = sorted(lives.titles(path))
    found = stages("backup", path, fast, 7)
    assert found[-1]["at"] > 90
    for stage in found:
        assert stage["titles"] == now
        assert stage["backups"], "the one good backup has to stay until the next one is there"
    assert [titles for _, titles in found[-1]["backups"]] == [now]


def test_a_restore_killed_at_its_stages(path: Path, fast: Path) -> None:
    old = sorted(lives.titles(path))
    keep.back_up(str(path))
    with Workbench.open(path, durability="normal") as wb:
        wb.add_todo("later")
    new, clock = sorted(lives.titles(path)), lives.clock(path)
    found = stages("restore", path, fast, 17)
    assert found[-1]["at"] > 250
    seen = [stage["titles"] for stage in found]
    turned = seen.index(old)
    assert seen == [new] * turned + [old] * (len(seen) - turned)
    for stage in found:
        assert stage["readable"]
        assert stage["clock"] >= clock
        kept = [titles for name, titles in stage["backups"] if "before-restore" in name]
        assert kept == [new] if stage["titles"] == old else kept in ([], [new])


@pytest.mark.parametrize("damaged", ["a table", "the header"])
def test_a_restore_over_a_damaged_database_killed_at_its_stages(path: Path, fast: Path, damaged: str) -> None:
    keep.back_up(str(path))
    lives.damage_pages(path, lives.page_of(path, "todos") if damaged == "a table" else 1)
    found = stages("restore", path, fast, 37)
    readable = [stage["readable"] for stage in found]
    assert readable == sorted(readable), "once it is there it stays"
    assert (readable[0], readable[-1]) == (False, True)
    for stage in found:  # where it wasn't there yet, running it again has put it there
        assert len(stage["titles"]) == 12


def test_an_import_killed_at_its_stages(path: Path, fast: Path) -> None:
    before = sorted(lives.titles(path))
    after = sorted({*before, *(f"Brought {number}" for number in range(30))})
    found = stages("import", path, fast, 41)
    seen = [stage["titles"] for stage in found]
    assert [titles in (before, after) for titles in seen] == [True] * len(seen)
    assert (seen[0], seen[-1]) == (before, after)
    for stage in found:
        if stage["titles"] == after:
            assert [titles for name, titles in stage["backups"] if "before-import" in name] == [before]


def test_an_export_killed_at_its_stages(path: Path, fast: Path) -> None:
    before = sorted(lives.titles(path))
    with Workbench.open(path, durability="normal") as wb:
        export(wb, "json", path.parent / killed.EXPORTED)
        wb.add_todo("later")
    after = sorted(lives.titles(path))
    found = stages("export", path, fast, 13)
    assert found[-1]["at"] > 50
    seen = [stage["exported"] for stage in found]
    turned = seen.index(after)
    assert seen == [before] * turned + [after] * (len(seen) - turned)
    for stage in found:
        assert stage["titles"] == after
        assert all(name.endswith(ENDING) for name in stage["beside"])
    assert found[-1]["beside"] == []


@pytest.mark.parametrize("version", range(1, schema.known_version()))
def test_a_migration_killed_at_its_stages(tmp_path: Path, fast: Path, version: int) -> None:
    path = tmp_path / "data" / "old.db"
    path.parent.mkdir()
    lives.make_old(path, version)
    clock = lives.clock(path)
    found = stages("migrate", path, fast, 23)
    assert found[-1]["at"] > 90
    for stage in found:
        assert stage["titles"] == ["Write more"]
        assert stage["clock"] >= clock
        migrated = [titles for name, titles in stage["backups"] if "before-migration" in name]
        assert migrated[0] == ["Write more"]
        assert migrated.count(["Write more"]) == len(migrated)
        assert len(migrated) <= schema.known_version() - version, "one for each schema that it was killed at, no more"


def test_a_restore_killed_at_random_moments(path: Path, tmp_path: Path) -> None:
    """Without counting: the clock of the machine decides, also in the middle of SQLite's own writing."""
    old = lives.titles(path)
    keep.back_up(str(path))
    with Workbench.open(path, durability="normal") as wb, wb.edit("many"):
        for number in range(2000):
            wb.add_todo(f"later {number}")
    new = lives.titles(path)
    script = "import sys; from pathlib import Path; from tests.backup import killed; print(flush=True); "
    script += "killed.put_back(Path(sys.argv[1]))"
    chance = random.Random(7)
    for _ in range(4):
        command = [sys.executable, "-c", script, str(path)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(chance.uniform(0.01, 0.15))
            process.send_signal(signal.SIGKILL)
        lives.whole(path)
        assert lives.titles(path) in (old, new)
    assert shelf.listed(str(path))
