"""Small frames by hand, as `orc_lab.mirror.features` would give them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from orc_lab.mirror.features import AHEAD, COMMITMENTS, EVENTS, PROJECTS, SESSIONS, TASKS, WEEKLY, Frames
from orc_lab.model.clock import Clock
from orc_lab.model.week import Week

WEEK = Week.parse("2026-W20")
MONDAY = datetime(2026, 5, 11)
CLOCK = Clock(zone="UTC")

Row = dict[str, Any]


def day(weeks: int = 0, days: int = 0, hour: int = 12) -> datetime:
    """A time so many weeks and days after the reviewed week's Monday."""
    return MONDAY + timedelta(weeks=weeks, days=days, hours=hour)


def todo(number: int, **values: Any) -> Row:
    """A todo of the project "Thesis", open unless a `completed` is given."""
    known: Row = {
        "id": f"t{number:04}", "title": f"Todo {number}", "project_id": "p1", "project": "Thesis", "category": None,
        "priority": "medium", "tags": "", "status": "done" if values.get("completed") else "confirmed",
        "created": day(-1), "started": None, "completed": None, "dropped": None, "due": None, "estimate_hours": None,
        "actual_hours": None, "snoozed": None, "blocked": False,
    }  # fmt: skip
    return known | values


def history(weeks: int, each: int = 3, *, hours: float | None = 2.0) -> list[Row]:
    """Finished todos of the weeks before the reviewed one."""
    return [
        todo(
            1000 + week * 50 + n, created=day(-week, n), started=day(-week, n), completed=day(-week, n, 15),
            estimate_hours=hours and (1.0 + n % 3), actual_hours=hours and hours * (0.5 + 0.25 * ((week + n) % 5)),
        )
        for week in range(weeks, 0, -1)
        for n in range(each)
    ]  # fmt: skip


def promise(task: Row, week: Week = WEEK, **values: Any) -> Row:
    """A commitment to a todo for a week, planned and open unless said otherwise."""
    known: Row = {
        "week": str(week), "todo_id": task["id"], "title": task["title"], "project": task["project"],
        "estimate_hours": task["estimate_hours"], "committed": day(), "planned": True, "outcome": "open",
        "resolved": None, "actual_hours": task["actual_hours"], "carried": 0,
    }  # fmt: skip
    return known | values


def project(id: str = "p1", title: str = "Thesis", **values: Any) -> Row:
    """An active project, its todos counted later."""
    known: Row = {
        "id": id, "title": title, "why": None, "status": "active", "priority": "medium", "progress": 0,
        "created": day(-40), "completed": None, "due": None,
    }  # fmt: skip
    return known | values


def frames(
    todos: Sequence[Row] = (),
    commitments: Sequence[Row] = (),
    projects: Sequence[Row] = (),
    *,
    at: datetime = MONDAY + timedelta(weeks=1),
    ahead: Sequence[float] = (),
    imported_until: int | None = None,
) -> Frames:
    """Frames of these rows at a local time (UTC), by default the end of WEEK; weeks are counted from the todos.

    `ahead` are the factors of the weeks from that time's on, usual ones follow.
    """
    tasks = _typed(todos, TASKS)
    counted = [_counted(each, todos) for each in projects or ([project()] if todos else [])]
    return Frames(
        as_of=CLOCK.instant(at),
        clock=CLOCK,
        week=Week.of(at.date()),
        tasks=tasks,
        weekly=_typed(_weekly(tasks, at), WEEKLY),
        projects=_typed(counted, PROJECTS),
        commitments=_typed(commitments, COMMITMENTS),
        events=_typed([], EVENTS),
        sessions=_typed([], SESSIONS),
        ahead=(*ahead, *[1.0] * (AHEAD - len(ahead))),
        imported_until=imported_until,
    )


def _typed(rows: Sequence[Row], columns: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(columns)).astype(dict(columns))


def _counted(each: Row, todos: Sequence[Row]) -> Row:
    stages = [row["status"] for row in todos if row["project_id"] == each["id"]]
    done, dropped = stages.count("done"), stages.count("dropped")
    return each | {"done": done, "dropped": dropped, "open": len(stages) - done - dropped}


def _weekly(tasks: pd.DataFrame, at: datetime) -> list[Row]:
    if tasks.empty:
        return []
    rows, week = [], Week.of(tasks["created"].min().date())
    while week <= Week.of(at.date()):
        start = pd.Timestamp(week.monday)
        mine = tasks[tasks["completed"].between(start, start + pd.Timedelta(weeks=1), inclusive="left")]
        rows.append(
            {
                "week": str(week), "start": start, "created": 0, "done": len(mine), "dropped": 0,
                "estimated_hours": mine["estimate_hours"].sum(), "hours": mine["actual_hours"].sum(), "capacity": 1.0,
                "complete": start + pd.Timedelta(weeks=1) <= at,
            }
        )  # fmt: skip
        week = week + 1
    return rows
