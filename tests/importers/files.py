"""Files as other tools write them, and the law that no record of one is lost without a word."""

import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from orc_lab.importers.report import Report
from orc_lab.model.codec import columns
from orc_lab.model.entities import KINDS, Activity
from orc_lab.store.database import Database

BERLIN = ZoneInfo("Europe/Berlin")
SIP = Path(os.environ.get("ORC_SIP") or Path(__file__).parents[3] / "shared" / "data" / "sip_tasks.csv")


def at(text: str) -> int:
    """The instant of a wall-clock time in Berlin."""
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp())


NOW = at("2025-06-15T12:00")


def todo(id: str = "t1", **fields: Any) -> dict[str, Any]:
    """A todo as the old web app stored it."""
    made = {"id": id, "userId": "user-1", "title": f"Todo {id}", "status": "dumped", "priority": "medium"}
    times = {"createdAt": "2025-01-06T08:00:00.000Z", "updatedAt": "2025-01-08T15:00:00.000Z"}
    return made | times | fields


def project(id: str = "p1", **fields: Any) -> dict[str, Any]:
    made = {"id": id, "userId": "user-1", "title": f"Project {id}", "status": "active", "progress": 0}
    return made | {"createdAt": "2025-01-02T08:00:00.000Z", "updatedAt": "2025-01-02T08:00:00.000Z"} | fields


def goal(id: str = "g1", **fields: Any) -> dict[str, Any]:
    made = {"id": id, "userId": "user-1", "weekStartDate": "2025-01-06", "goal": f"Goal {id}"}
    return made | {"createdAt": "2025-01-06T07:00:00.000Z", "updatedAt": "2025-01-06T07:00:00.000Z"} | fields


def store(**lists: Any) -> bytes:
    """An export of the old web app with these lists in its state."""
    state = {"projects": [], "todos": [], "weeklyGoals": [], "intentions": []} | lists
    return json.dumps({"state": state, "version": 0}).encode()


def table(header: str, *rows: str) -> bytes:
    """A CSV file."""
    return "\n".join([header, *rows, ""]).encode()


def accounted(report: Report) -> bool:
    """Whether each record of the file is imported, there already, or left out for a reason."""
    left_out = sum(group.count for group in report.left_out)
    return report.new + report.merged + report.there + report.changed + report.gone + left_out == report.records


def told(groups: Sequence[Any]) -> dict[str, int]:
    """What is said of how many records."""
    return {group.sentence: group.count for group in groups}


def everything(db: Database) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all kinds, but activities."""
    return {
        kind.table: sorted(db.rows(f"SELECT {', '.join(columns(kind))} FROM {kind.table}"), key=repr)
        for kind in KINDS.values()
        if kind is not Activity
    }
