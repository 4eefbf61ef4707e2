"""Long histories as other tools export them: finished tasks with an estimate and the time that they took."""

import csv
import json
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from orc_lab.exporters import run as export
from orc_lab.importers import run
from orc_lab.workbench.bench import Workbench

_FIRST = datetime(2015, 1, 5, 9, tzinfo=UTC)


def task_csv(folder: Path, count: int) -> Path:
    """A table of tasks."""
    path = folder / "tasks.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "title", "estimate", "actual", "created", "completed", "status"])
        table.writerows(_row(number) for number in range(count))
    return path


def _row(number: int) -> list[object]:
    day = f"2025-{1 + number % 12:02d}-{1 + number % 28:02d}"
    return [number, f"Task {number}", _estimate(number), _spent(number), day, day, "done"]


def creation_store(folder: Path, count: int) -> Path:
    """The old app's storage, its ids in no order."""
    todos = [_todo(number) for number in range(count)]
    return _json(folder, {"state": {"projects": [], "todos": todos, "weeklyGoals": [], "intentions": []}, "version": 0})


def _todo(number: int) -> dict[str, object]:
    created = 1_735_689_600_000 + number * 300_000
    return {
        "id": _uuid(number),
        "userId": "user-1",
        "title": f"Task {number} of a long life",
        "description": "Some words about it" if number % 3 else "",
        "status": "completed",
        "priority": "medium",
        "estimatedHours": _estimate(number),
        "actualHours": _spent(number),
        "createdAt": created,
        "updatedAt": created + number % 20 * 86_400_000,
    }


def super_productivity(folder: Path, count: int) -> Path:
    """A backup whose tasks stand in the archive, each worked on one day."""
    tasks = {task["id"]: task for task in map(_archived, range(count))}
    empty = {"ids": [], "entities": {}}
    projects = {"home": {"id": "home", "title": "Home", "taskIds": []}}
    data = {
        "task": empty,
        "project": {"ids": [*projects], "entities": projects},
        "tag": empty,
        "archiveYoung": {"task": {"ids": [*tasks], "entities": tasks}},
        "archiveOld": {"task": empty},
    }
    return _json(folder, {"timestamp": 1_760_000_000_000, "crossModelVersion": 4.5, "data": data})


def _archived(number: int) -> dict[str, Any]:
    begun, ended = _begun(number), _ended(number)
    spent = round(_spent(number) * 3_600_000)
    return {
        "id": f"sp{number:019d}",
        "projectId": "home",
        "subTaskIds": [],
        "timeSpentOnDay": {begun.date().isoformat(): spent},
        "timeSpent": spent,
        "timeEstimate": round(_estimate(number) * 3_600_000),
        "isDone": True,
        "doneOn": round(ended.timestamp() * 1000),
        "title": f"Task {number} of a long life",
        "tagIds": [],
        "created": round(begun.timestamp() * 1000),
        "attachments": [],
    }


def taskwarrior(folder: Path, count: int) -> Path:
    """What `task export` writes, a task a line."""
    path = folder / "export.json"
    path.write_text("[\n" + ",\n".join(json.dumps(_warrior(number)) for number in range(count)) + "\n]\n")
    return path


def _warrior(number: int) -> dict[str, Any]:
    form = "%Y%m%dT%H%M%SZ"
    return {
        "id": 0,
        "description": f"Task {number} of a long life",
        "end": _ended(number).strftime(form),
        "entry": _begun(number).strftime(form),
        "estimate": f"PT{round(_estimate(number) * 60)}M",
        "modified": _ended(number).strftime(form),
        "project": f"home.part{number % 40}",
        "start": _begun(number).strftime(form),
        "status": "completed",
        "uuid": _uuid(number),
        "urgency": 0,
    }


def todoist(folder: Path, count: int) -> Path:
    """What Todoist's API gives as JSON."""
    projects = [{"id": f"p{number}", "name": f"Part {number}", "parent_id": None} for number in range(40)]
    items = [_item(number) for number in range(count)]
    return _json(folder, {"full_sync": True, "sync_token": "*", "projects": projects, "items": items})


def _item(number: int) -> dict[str, Any]:
    return {
        "id": f"{6_000_000_000 + number}",
        "content": f"Task {number} of a long life",
        "description": "",
        "project_id": f"p{number % 40}",
        "priority": 1 + number % 4,
        "parent_id": None,
        "child_order": number,
        "checked": True,
        "is_deleted": False,
        "labels": [],
        "due": None,
        "duration": {"amount": round(_estimate(number) * 60), "unit": "minute"},
        "added_at": f"{_begun(number):%Y-%m-%dT%H:%M:%S.000000Z}",
        "completed_at": f"{_ended(number):%Y-%m-%dT%H:%M:%S.000000Z}",
    }


def org(folder: Path, count: int) -> Path:
    """An org file: a heading a task, with its effort and a clock."""
    path = folder / "life.org"
    with path.open("w", encoding="utf-8") as file:
        file.write("* Home\n")
        file.writelines(map(_heading, range(count)))
    return path


def _heading(number: int) -> str:
    begun, ended = _begun(number), _ended(number)
    minutes, effort = round(_spent(number) * 60), round(_estimate(number) * 60)
    stop = begun + timedelta(minutes=minutes)
    return (
        f"** DONE Task {number} of a long life\n"
        f"CLOSED: [{ended:%Y-%m-%d %a %H:%M}]\n"
        f":PROPERTIES:\n:Effort: {effort // 60}:{effort % 60:02d}\n:CREATED: [{begun:%Y-%m-%d %a %H:%M}]\n:END:\n"
        f":LOGBOOK:\nCLOCK: [{begun:%Y-%m-%d %a %H:%M}]--[{stop:%Y-%m-%d %a %H:%M}] =>"
        f" {minutes // 60:2d}:{minutes % 60:02d}\n:END:\n"
    )


def own_json(folder: Path, count: int) -> Path:
    """What `orc export` writes of a workbench that a table of tasks was imported into, with all its history."""
    with Workbench.init(folder / "source.db", zone="Europe/Berlin") as wb:
        run.commit(wb, run.plan(wb, task_csv(folder, count)))
        export.export(wb, "json", folder / "orc.json")
    return folder / "orc.json"


FORMATS: Mapping[str, Callable[[Path, int], Path]] = {
    "csv": task_csv,
    "creation-store": creation_store,
    "super-productivity": super_productivity,
    "taskwarrior": taskwarrior,
    "todoist": todoist,
    "org": org,
    "orc": own_json,
}


def _json(folder: Path, value: Any) -> Path:
    path = folder / "export.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def _estimate(number: int) -> float:
    return number % 16 / 2 + 0.5


def _spent(number: int) -> float:
    return number % 9 / 2 + 0.5


def _begun(number: int) -> datetime:
    return _FIRST + timedelta(minutes=number * 50)


def _ended(number: int) -> datetime:
    return _begun(number) + timedelta(hours=5 + number % 20 * 24)


def _uuid(number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{number}"))
