"""Kill a device's process at the statements of a sync, and tell what it left: `python killed.py DEVICE PEER URL EVERY`.

For every so-manieth statement that SQLite runs, the device's database is copied, a child is forked that syncs it over
HTTP and kills itself there (SIGKILL). Then the next process of the same device syncs, and a peer. Prints a line of JSON
a statement. Needs a system with fork.
"""

import json
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from random import Random

import httpx

from orc_lab.store.database import Database
from orc_lab.sync import fresh
from orc_lab.sync.exchange import Exchange
from orc_lab.sync.remote import HttpRemote
from tests.backup.killed import Countdown, arm
from tests.store import laws
from tests.sync.clockwork import Clockwork
from tests.sync.plain_server import Clear
from tests.sync.replicas import Replica


def sync(path: Path, url: str, key: str) -> None:
    fresh.MANY = int(os.environ["MANY"])
    with Database(path, durability="normal") as db, HttpRemote(url, key) as remote:
        db.conn.execute("PRAGMA synchronous = OFF")
        Exchange(db, remote, Clear()).run()


def stages(device: Path, peer: Path, url: str, every: int) -> Iterator[dict[str, object]]:
    """Yield what was left after each killed process, and last after the one that lived to its end."""
    for at in count(1 + Random(every).randrange(every), every):
        httpx.post(f"{url}/again", content=b"").raise_for_status()
        with tempfile.TemporaryDirectory(dir=device.parent) as folder:
            one, other = Path(folder, "one.db"), Path(folder, "other.db")
            shutil.copyfile(device, one)
            shutil.copyfile(peer, other)
            stage = Path(folder, "stage")
            killed = _killed_at(at, one, url, stage)
            for _ in range(2):
                sync(one, url, "a")
                sync(other, url, "b")
            yield {"at": at, "stage": stage.read_text() if killed else "the end", **left_by(one, other)}
        if not killed:
            return


def _killed_at(at: int, path: Path, url: str, stage: Path) -> bool:
    os.environ["STAGE"] = str(stage)
    child = os.fork()
    if child == 0:
        try:
            arm(Countdown(at))
            sync(path, url, "a")
        except BaseException:  # noqa: BLE001 - told to whoever waits
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def left_by(one: Path, other: Path) -> dict[str, object]:
    clock = Clockwork()
    held = []
    for path in (one, other):
        replica = Replica(path.stem, path, clock, key="")
        laws.hold(replica.wb.db)
        open = sorted([*value, dot] for value, dot in replica.conflicts(open=True))
        held.append((sorted([*key, *sorted(groups.items())] for key, groups in replica.rows().items()), open))
        everything = sorted({value.text for value in replica.everything()})
        replica.close()
    return {"same": held[0] == held[1], "open": len(held[0][1]), "everything": everything}


if __name__ == "__main__":
    for left in stages(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])):
        sys.stdout.write(f"{json.dumps(left)}\n")
        sys.stdout.flush()
