"""Invented exports of Super Productivity, Taskwarrior and Timewarrior, in the shapes that they write."""

import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from orc_lab.importers import run
from orc_lab.importers.report import Report
from orc_lab.workbench.bench import Workbench
from tests.importers.files import NOW, accounted, at, everything
from tests.store import laws

HOUR = 3_600_000  # in milliseconds


def ms(text: str) -> int:
    """The milliseconds of a wall-clock time in Berlin."""
    return at(text) * 1000


def task(id: str = "fPq3vZ9sKdL0aWm2xYbTe", **fields: Any) -> dict[str, Any]:
    """A task as Super Productivity stores it."""
    made = {
        "id": id,
        "projectId": "kTn8pRw5",
        "subTaskIds": [],
        "timeSpentOnDay": {},
        "timeSpent": 0,
        "timeEstimate": 0,
        "isDone": False,
        "title": f"Task {id}",
        "tagIds": [],
        "created": ms("2024-11-25T08:00"),
        "attachments": [],
    }
    return made | fields


def state(*records: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Records as an entity state: their ids in order, and the records by id."""
    return {"ids": [one["id"] for one in records], "entities": {one["id"]: one for one in records}, **more}


def sections(*tasks: Mapping[str, Any], **others: Any) -> dict[str, Any]:
    """The sections of a backup with these open tasks; keywords name further sections, or replace one."""
    made = {
        "task": state(*tasks, currentTaskId=None, selectedTaskId=None, lastCurrentTaskId=None, isDataLoaded=True),
        "project": state({"id": "kTn8pRw5", "title": "Allotment", "taskIds": [], "isArchived": False}),
        "tag": state(
            {"id": "TODAY", "title": "Today", "taskIds": []},
            {"id": "mVb2xNc7", "title": "outdoors", "color": "#0a0", "taskIds": []},
        ),
        "archiveYoung": archive(),
        "archiveOld": archive(),
    }
    return made | others


def archive(*tasks: Mapping[str, Any]) -> dict[str, Any]:
    return {"task": state(*tasks), "timeTracking": {"project": {}, "tag": {}}, "lastTimeTrackingFlush": 0}


def backup(*tasks: Mapping[str, Any], **others: Any) -> bytes:
    """A backup as the app downloads it."""
    wrapped = {"timestamp": ms("2025-06-14T20:00"), "lastUpdate": ms("2025-06-14T19:59"), "crossModelVersion": 4.5}
    return json.dumps({**wrapped, "data": sections(*tasks, **others)}).encode()


UUID = "f0bd6f56-2d3c-4a7e-8a51-0c4f6f3a9b01"


def warrior(n: int = 1, **fields: Any) -> dict[str, Any]:
    """A task as Taskwarrior exports it; a field of None is left out."""
    made = {
        "id": n,
        "description": f"Task {n}",
        "entry": "20250301T090000Z",
        "modified": "20250302T090000Z",
        "status": "pending",
        "uuid": f"{UUID[:-2]}{n:02d}",
        "urgency": 4.9,
    }
    return {name: value for name, value in (made | fields).items() if value is not None}


def uuid(n: int = 1) -> str:
    return f"{UUID[:-2]}{n:02d}"


def exported(*records: Any) -> bytes:
    """Records as `task export` and `timew export` write them: a list with a record a line."""
    return ("[\n" + ",\n".join(map(json.dumps, records)) + "\n]\n").encode()


def tracked(start: str, end: str | None, *tags: str, id: int = 1, **fields: Any) -> dict[str, Any]:
    """An interval as Timewarrior exports it, with tags in its order."""
    made = {"id": id, "start": start, **({"end": end} if end else {}), **({"tags": sorted(tags)} if tags else {})}
    return made | fields


def lawful(template: Path, data: bytes, format: str) -> Report:
    """Import into a fresh database, twice: nothing is lost without a word, nothing comes twice, the log tells all."""
    with tempfile.TemporaryDirectory() as folder:
        path = shutil.copyfile(template, Path(folder) / "own.db")
        with Workbench.open(path, durability="normal") as bench:
            report = run.commit(bench, run.plan(bench, data, format=format, now=NOW))
            assert accounted(report)
            before = everything(bench.db)
            again = run.commit(bench, run.plan(bench, data, format=format, now=NOW + 99))
            assert (again.new, again.merged, again.changed, again.gone) == (0, 0, 0, 0)
            assert everything(bench.db) == before
            laws.hold(bench.db)
            return report


def cut(data: bytes, cuts: Iterable[tuple[int, int, bytes]]) -> bytes:
    """Damage a file: from a place on, some bytes are others."""
    for start, length, instead in cuts:
        place = start % (len(data) + 1)
        data = data[:place] + instead + data[place + length :]
    return data
