"""A device's or the server's process is killed at any statement of a sync: the next one goes on, nothing is lost."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from orc_lab.model.entities import Project, Todo
from tests.sync.plain_http import serving
from tests.sync.stored_server import StoredServer
from tests.sync.world import World, world

ROOT = Path(__file__).parents[2]
EVERY = int(os.environ.get("ORC_KILL_EVERY", "100"))  # `make soak` kills at each statement
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def lived(made: World) -> World:
    """Have two devices know each other, each with edits that the other hasn't seen; b's are at the server."""
    a, b = made.replicas
    todos = [a.wb.add_todo(f"begun {n}", project_id=a.wb.add_project(f"P{n}").id) for n in range(3)]
    made.sync(a, b)
    b.wb.update(Todo, todos[0].id, title="b's title")
    b.wb.delete(Todo, todos[1].id)
    b.wb.delete(Project, str(todos[2].project_id))
    b.wb.add_todo("b's own")
    made.sync(b)
    a.wb.update(Todo, todos[0].id, title="a's title")
    a.wb.update(Todo, todos[1].id, description="a needs it")
    a.wb.add_todo("a's own", project_id=todos[2].project_id)
    a.wb.delete(Todo, todos[2].id)
    return made


def copied(here: World, to: Path) -> list[Path]:
    """Copies of the devices' files, with nothing left in a log beside them."""
    paths = [to / f"{replica.name}.db" for replica in here.replicas]
    for replica, path in zip(here.replicas, paths, strict=True):
        replica.wb.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        replica.copy(path)
    return paths


def run(module: str, *given: str) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", f"tests.sync.{module}", *given]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def check(left: list[dict[str, Any]], every: int) -> None:
    """Whatever was killed when, it came to the same."""
    print(f"killed {len(left) - 1} times, at every {every}. statement")  # noqa: T201 - `make soak` shows it
    assert len(left) > 5
    assert left[-1]["stage"] == "the end"
    for stage in left:
        assert stage["same"], stage
        assert stage["everything"] == left[-1]["everything"], stage
        assert stage["open"] == left[-1]["open"], stage
    kept = " ".join(left[-1]["everything"])
    for value in ("a's title", "b's title", "a needs it", "a's own", "b's own"):
        assert value in kept


@pytest.mark.parametrize("many", [100, 1])
def test_36_kill_at_statement_boundaries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: int) -> None:
    """Record by record, and as many at once are received on a new device."""
    monkeypatch.setenv("MANY", str(many))
    with world(devices=2) as made:
        here = lived(made)
        one, other = copied(here, tmp_path)
        with serving(here.server) as url:
            left = run("killed", str(one), str(other), url, str(EVERY))
    check(left, EVERY)


def test_36_kill_the_server_at_statement_boundaries(tmp_path: Path) -> None:
    class OnDisk(StoredServer):
        path = str(tmp_path / "store.db")

    with world(devices=2, server=OnDisk) as made:  # type: ignore[arg-type]
        one, other = copied(lived(made), tmp_path)
        keys, now = [*made.server.keys.values()][:2], made.clock.true  # type: ignore[attr-defined]
    with sqlite3.connect(OnDisk.path) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    every = max(EVERY // 18, 1)  # its statements are fewer
    told = {"device": str(one), "peer": str(other), "store": OnDisk.path, "keys": keys, "now": now, "every": every}
    check(run("killed_server", json.dumps(told)), every)
