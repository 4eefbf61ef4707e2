"""Kill a process at each stage of an operation, and tell what it left: `python killed.py OPERATION DATABASE FOLDER`.

A stage is a statement that SQLite runs, a step of its backup API, or a call that changes files. For each one the
database is copied, a child is forked that kills itself there (SIGKILL: nothing of Python runs any more), and what
the child left is examined. Prints a line of JSON a stage. Needs a system with fork.
"""

import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from orc_lab.backup import keep, restore
from orc_lab.errors import NotADatabase
from orc_lab.exporters.run import export
from orc_lab.importers import run
from orc_lab.importers.tables import tasks as task_csv
from orc_lab.store import copies, external, shelf
from orc_lab.workbench.bench import Workbench
from tests.backup import lives

CSV = "id,title,status\n" + "".join(f"{number},Brought {number},done\n" for number in range(30))
EXPORTED = "out.json"
_FILES = ("chmod", "fsync", "link", "makedirs", "mkdir", "remove", "rename", "replace", "rmdir", "unlink")


class Countdown:
    """Kills this process at the stage of that number."""

    def __init__(self, at: int) -> None:
        self.left = at
        self.stage = ""

    def tick(self, stage: str) -> None:
        self.left -= 1
        if self.left == 0:
            Path(os.environ["STAGE"]).write_text(stage, encoding="utf-8")
            os.kill(os.getpid(), signal.SIGKILL)


def arm(countdown: Countdown) -> None:
    """Make each stage of this process count."""

    class Counted(sqlite3.Connection):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.set_trace_callback(lambda sql: countdown.tick(" ".join(sql.split())[:60]))

        def backup(self, target: sqlite3.Connection, *, progress: Any = None, **options: Any) -> None:
            def step(status: int, remaining: int, total: int) -> None:
                countdown.tick(f"copied all but {remaining} of {total} pages")
                if progress is not None:
                    progress(status, remaining, total)

            super().backup(target, progress=step, **options)
            countdown.tick("copied")

    connect = sqlite3.connect
    sqlite3.connect = lambda *args, **options: connect(*args, factory=Counted, **options)  # type: ignore
    for name in _FILES:
        setattr(os, name, _counted(getattr(os, name), name, countdown))


def _counted(function: Callable[..., Any], name: str, countdown: Countdown) -> Callable[..., Any]:
    def call(*args: Any, **options: Any) -> Any:
        countdown.tick(f"before {name}")
        found = function(*args, **options)
        countdown.tick(f"after {name}")
        return found

    return call


def back_up(path: Path) -> None:
    keep.back_up(str(path), keep=1)


def put_back(path: Path) -> None:
    restore.restore(restore.plan(str(path), shelf.listed(str(path))[-1].name))


def migrate(path: Path) -> None:
    Workbench.open(path).close()


def bring(path: Path) -> None:
    with Workbench.open(path) as wb:
        run.commit(wb, run.plan(wb, CSV.encode(), format=task_csv.NAME, name="tasks.csv"))


def take_along(path: Path) -> None:
    with Workbench.open(path) as wb:
        export(wb, "json", path.parent / EXPORTED, force=True)


OPERATIONS = {"backup": back_up, "restore": put_back, "migrate": migrate, "import": bring, "export": take_along}


def stages(operation: str, database: Path, folder: Path, every: int) -> Iterator[dict[str, object]]:
    """Yield what is left of each killed process, and last of the one that lived to its end."""
    for at in count(1, every):
        work = folder / str(at)
        shutil.copytree(database.parent, work)
        os.environ["STAGE"] = str(folder / "stage")
        path = work / database.name
        killed = _killed_at(at, OPERATIONS[operation], path)
        stage = (folder / "stage").read_text(encoding="utf-8") if killed else "the end"
        yield {"at": at, "stage": stage, **left_by(path)}
        shutil.rmtree(work)
        if not killed:
            return


def _killed_at(at: int, operation: Callable[[Path], None], path: Path) -> bool:
    child = os.fork()
    if child == 0:
        try:
            arm(Countdown(at))
            operation(path)
        except BaseException:  # noqa: BLE001 - told to whoever waits
            import traceback

            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def left_by(path: Path) -> dict[str, object]:
    """Tell what a process left at a database's path and beside it, by opening it as the next command would."""
    readable = _reads(path)
    if not readable:  # it was damaged before, and still is: the restore is run again
        put_back(path)
    with Workbench.open(path) as wb:
        integrity = wb.db.rows("PRAGMA integrity_check")[0][0]
        unrecorded = external.differences(wb.db.conn)
    backups = [backup for backup in shelf.listed(str(path)) if backup.good]
    for backup in backups:
        copies.check(backup.path)
    return {
        "readable": readable,
        "integrity": integrity,
        "unrecorded": unrecorded,
        "titles": sorted(lives.titles(path)),
        "clock": lives.clock(path),
        "exported": _exported(path.parent / EXPORTED),
        "beside": sorted(file.name for file in path.parent.glob(".*")),
        "backups": [[backup.name, sorted(lives.titles(Path(backup.path)))] for backup in backups],
    }


def _reads(path: Path) -> bool:
    try:
        copies.check(str(path))
    except NotADatabase:
        return False
    return True


def _exported(path: Path) -> list[str] | None:
    """Return the titles in an export, None where there is no export; raises ValueError for half a one."""
    if not path.exists():
        return None
    return sorted(todo["title"] for todo in json.loads(path.read_bytes())["tables"]["todos"])


if __name__ == "__main__":
    for stage in stages(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])):
        sys.stdout.write(f"{json.dumps(stage)}\n")
