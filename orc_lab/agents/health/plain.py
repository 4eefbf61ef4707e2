"""The facts of a project from its tasks alone, so that the rules can score a bare frame."""

from __future__ import annotations

from datetime import datetime
from math import nan
from typing import Any

import numpy as np
import pandas as pd

from orc_lab.agents.ageing import MIN_FINISHED
from orc_lab.agents.atoms import Floats
from orc_lab.agents.given import hours_in, local_times, names, table_of
from orc_lab.agents.health.snapshot import OpenItem, ProjectSnapshot, idle_days, momentum, since
from orc_lab.model.entities import Status

_TIMES = ("created", "started", "completed", "dropped", "due")
_TEXTS = ("id", "title", "status", "priority", "category")
_DAY = pd.Timedelta(days=1)


def regular(rows: object) -> pd.DataFrame:
    """The columns that are looked at, with their types, absent ones empty; of rows with one id the last.

    Where `project_id` says nothing, `project` does. Raises InvalidValue for what is no time or no number of hours, and
    for a column that is there twice.
    """
    tasks = table_of(rows, "tasks")
    index = tasks.index
    table: dict[str, pd.Series] = {}
    for name in _TIMES:
        table[name] = local_times(tasks[name] if name in tasks else pd.Series(pd.NaT, index=index), name)
    for name in _TEXTS:
        table[name] = names(tasks[name]) if name in tasks else pd.Series(pd.NA, index=index, dtype="str")
    for name in ("estimate_hours", "actual_hours"):
        table[name] = hours_in(tasks[name], name) if name in tasks else pd.Series(nan, index=index)
    table["project_id"] = pd.Series(pd.NA, index=index, dtype="str")
    for name in ("project_id", "project"):
        if name in tasks:
            table["project_id"] = table["project_id"].fillna(names(tasks[name]))
    frame = pd.DataFrame(table)
    again = frame["id"].duplicated(keep="last") & frame["id"].notna()
    return frame[~again].reset_index(drop=True)


def known_at(tasks: pd.DataFrame, now: pd.Timestamp) -> pd.DataFrame:
    """Regular tasks that there were at `now`; what ended later is open, and how long it took not known yet."""
    tasks = tasks[~(tasks["created"] > now)].reset_index(drop=True)
    ended = tasks["completed"].fillna(tasks["dropped"])
    return tasks.assign(
        actual_hours=tasks["actual_hours"].mask(tasks["completed"] > now),
        completed=tasks["completed"].where(tasks["completed"] <= now),
        dropped=tasks["dropped"].where(tasks["dropped"] <= now),
        status=tasks["status"].where(~(ended > now)),
    )


def dropped(tasks: pd.DataFrame) -> pd.Series:
    """Whether each task was given up."""
    gone: pd.Series = tasks["completed"].isna() & (tasks["dropped"].notna() | (tasks["status"] == Status.DROPPED.value))
    return gone


def last_instant(tasks: pd.DataFrame) -> pd.Timestamp | None:
    """The latest instant in a frame's own dates, None where it has none."""
    latest = tasks[["created", "started", "completed", "dropped"]].max().max()
    return None if pd.isna(latest) else pd.Timestamp(latest)


def plain(
    tasks: pd.DataFrame,
    still_open: pd.DataFrame,
    as_of: datetime,
    *,
    due: datetime | None,
    p_late: float,
    cycle_days: Floats,
    largest_done: float,
) -> ProjectSnapshot:
    """Look at a project's regular tasks; `cycle_days` of the person's finished ones say what age is old.

    What only a simulation tells (what to cut, a safe date, the hours left) is empty.
    """
    done_4, done_12 = since(tasks["completed"], as_of, 4), since(tasks["completed"], as_of, 12)
    ended = tasks["completed"].fillna(tasks["dropped"])
    rows: list[dict[Any, Any]] = still_open.to_dict("records")
    p85 = float(np.quantile(cycle_days, 0.85)) if len(cycle_days) >= MIN_FINISHED else nan
    return ProjectSnapshot(
        id="",
        title="",
        status="active",
        as_of=as_of,
        due=due,
        done=int(tasks["completed"].notna().sum()),
        dropped=int(dropped(tasks).sum()),
        items=tuple(_item(row, as_of, p85) for row in rows),
        remaining={},
        done_4=done_4,
        done_12=done_12,
        arrived_4=since(tasks["created"], as_of, 4),
        left_4=since(ended, as_of, 4),
        momentum=momentum(tasks, done_4, done_12, pd.Series([1.0] * 12), as_of),
        idle_days=idle_days(tasks, as_of),
        largest_done=largest_done,
        p_on_time=1 - p_late,
        cut=(),
        p_after_cut=nan,
        p_worked=nan,
        safe_weeks=nan,
    )


def _item(row: dict[Any, Any], as_of: datetime, p85: float) -> OpenItem:
    begun = not pd.isna(row["started"])
    start = row["started"] if begun else row["created"]
    age = nan if pd.isna(start) else max(0.0, float((pd.Timestamp(as_of) - start) / _DAY))
    estimate = float(row["estimate_hours"])
    return OpenItem(
        id=str(row["id"]),
        title=str(row["title"]),
        priority=str(row["priority"]),
        estimate_hours=estimate if estimate > 0 else nan,
        hours=estimate if estimate > 0 else nan,
        age_days=age,
        p85=p85,
        over=age > p85,
        in_progress=begun or row["status"] == Status.COMMITTED.value,
        carried=0,
    )
