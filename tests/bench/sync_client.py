"""One device in a process of its own: `python -m tests.bench.sync_client fill|enable|sync DATABASE ENDPOINT KEY`.

`fill` makes a database of so many todos (in the place of the endpoint) first. `sync` prints JSON: seconds, seconds of
CPU of this process, MiB that it grew by, records sent and received.
"""

import json
import sys
import time
from pathlib import Path

import keyring
from keyring.backends import fail

from orc_lab.model.entities import Priority, Todo
from orc_lab.model.ids import new_id
from orc_lab.store.database import Database
from orc_lab.sync import device
from orc_lab.sync.passphrase import CHEAPEST
from orc_lab.sync.syncer import Syncer
from orc_lab.workbench.bench import Workbench

PASSPHRASE = "correct horse battery staple"


def fill(path: Path, todos: int) -> None:
    """A database with a project and so many todos of it."""
    with Workbench.init(path, zone="Europe/Berlin") as wb:
        project = wb.add_project("Thesis")
        made = [
            Todo(
                id=new_id(),
                user_id=wb.user_id,
                title=f"Write section {number} of the draft",
                description=f"What is to be said about {number}",
                project_id=project.id,
                estimated_hours=1.5,
                priority=Priority.HIGH if number % 3 else Priority.LOW,
                created_at=1_750_000_000 + number,
                updated_at=1_750_000_000 + number,
            )
            for number in range(todos)
        ]
        with wb.db.transaction("fill") as tx:
            tx.insert_many(made)


def enable(path: Path, endpoint: str, key: str) -> None:
    with Database(path, durability="normal") as db:
        device.enable(db, endpoint=endpoint, device_key=key, passphrase=PASSPHRASE, cost=CHEAPEST)


def peak() -> float:
    """The most memory that this process has taken so far, in MiB (Linux)."""
    (line,) = (one for one in Path("/proc/self/status").read_text(encoding="utf-8").splitlines() if "VmHWM" in one)
    return int(line.split()[1]) / 1024


def sync(path: Path) -> None:
    with Syncer(str(path)) as syncer:
        before, cpu, wall = peak(), time.process_time(), time.perf_counter()
        done = syncer.run()
        wall, cpu, grown = time.perf_counter() - wall, time.process_time() - cpu, peak() - before
    print(json.dumps({"wall": wall, "cpu": cpu, "grown": grown, "sent": done.sent, "received": done.received}))


def main(what: str, path: str, *rest: str) -> None:
    keyring.set_keyring(fail.Keyring())  # secrets go to a file
    if what == "fill":
        fill(Path(path), int(rest[0]))
    elif what == "enable":
        enable(Path(path), *rest)
    else:
        sync(Path(path))


if __name__ == "__main__":
    main(*sys.argv[1:])
