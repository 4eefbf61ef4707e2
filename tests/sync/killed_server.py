"""Kill a server's process at the statements of its store, and tell what is left: `killed_server.py {"device": …}`.

The argument is JSON: `device`, `peer` and `store` are paths, `keys` the devices', `now` seconds UTC, and `every`.
For every so-manieth statement the databases and the store are copied, the real server is forked over the copy, and
kills itself there (SIGKILL) while a device syncs with it. Then the next server is started, and both devices sync.
Prints a line of JSON a statement. Needs a system with fork.
"""

import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import uvicorn

from orc_lab.server.app import Server
from orc_lab.server.log_store.opening import open_store
from orc_lab.store.database import Database
from orc_lab.sync.exchange import Exchange
from orc_lab.sync.remote import HttpRemote
from orc_lab.sync.trouble import SyncTrouble
from tests.backup.killed import Countdown, arm
from tests.sync.killed import left_by
from tests.sync.plain_server import Clear


def stages(given: dict[str, Any]) -> Iterator[dict[str, object]]:
    """Yield what was left after each killed server, and last after the one that lived to the end of the sync."""
    every, now = given["every"], given["now"]
    keys: list[str] = given["keys"]
    for at in count(1 + Random(every).randrange(every), every):
        with tempfile.TemporaryDirectory(dir=Path(given["device"]).parent) as folder:
            paths = [Path(folder, name) for name in ("one.db", "other.db", "store.db")]
            for name, path in zip((given["device"], given["peer"], given["store"]), paths, strict=True):
                shutil.copyfile(name, path)
            stage = Path(folder, "stage")
            os.environ["STAGE"] = str(stage)
            with serving(paths[2], now, at) as url, suppress(SyncTrouble):
                sync(paths[0], url, keys[0])
            with serving(paths[2], now) as url:
                for _ in range(2):
                    for path, key in zip(paths[:2], keys, strict=True):
                        sync(path, url, key)
            killed = stage.exists()
            yield {"at": at, "stage": stage.read_text() if killed else "the end", **left_by(*paths[:2])}
        if not killed:
            return


def sync(path: Path, url: str, key: str) -> None:
    with Database(path, durability="normal") as db, HttpRemote(url, key, patience=0) as remote:
        db.conn.execute("PRAGMA synchronous = OFF")
        Exchange(db, remote, Clear()).run()


@contextmanager
def serving(store: Path, now: float, at: int = 0) -> Iterator[str]:
    """A server in a process of its own, which kills itself at a statement where that is said; give its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    child = os.fork()
    if child == 0:
        os._exit(serve(store, listening, now, at))
    listening.close()  # else who connects to a killed server would wait for this process
    try:
        yield url
    finally:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def serve(store: Path, listening: socket.socket, now: float, at: int) -> int:
    if at:
        arm(Countdown(at))
    app = Server(open_store(str(store)), now=lambda: now).app()
    config = uvicorn.Config(app, log_config=None, lifespan="off", access_log=False, loop="asyncio")
    uvicorn.Server(config).run(sockets=[listening])
    return 0


if __name__ == "__main__":
    for left in stages(json.loads(sys.argv[1])):
        sys.stdout.write(f"{json.dumps(left)}\n")
        sys.stdout.flush()
