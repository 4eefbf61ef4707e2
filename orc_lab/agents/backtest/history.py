"""A person's tasks as every forecast takes them, and what of them was known when.

The law of every walk: a forecast made on a day knows what was completed on days strictly before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from orc_lab.agents.given import hours_in, local_times, names
from orc_lab.errors import InvalidValue

_TEXT, _TIME, _REAL = "str", "datetime64[us]", "float64"
COLUMNS: Mapping[str, str] = {
    "id": _TEXT, "title": _TEXT, "project_id": _TEXT, "project": _TEXT, "category": _TEXT, "priority": _TEXT,
    "tags": _TEXT, "status": _TEXT, "created": _TIME, "started": _TIME, "completed": _TIME, "dropped": _TIME,
    "due": _TIME, "estimate_hours": _REAL, "actual_hours": _REAL,
}  # fmt: skip
LONGEST = 2000.0  # hours: a larger estimate stands for "no idea"

Days = npt.NDArray[np.datetime64]


def prepared(tasks: pd.DataFrame) -> pd.DataFrame:
    """Return tasks with every column of COLUMNS, each id once (the last row of it), in order of creation.

    Only `completed` and `actual_hours` are needed; raises InvalidValue without them. A task without a day of creation
    is taken as created on the day it was completed. Times are the person's, by the clock on the wall: a zone is left
    out. Raises InvalidValue too for what is no time or no number of hours.
    """
    if missing := [name for name in ("completed", "actual_hours") if name not in tasks]:
        raise InvalidValue("the columns of a history", list(tasks.columns), f"also {' and '.join(missing)}")
    table = pd.DataFrame(index=tasks.index)
    for name, dtype in COLUMNS.items():
        column = tasks[name] if name in tasks else pd.Series(index=tasks.index, dtype="object")
        table[name] = _typed(column, name, dtype)
    if "id" not in tasks:
        table["id"] = [f"row {number:07}" for number in range(len(table))]
    table["created"] = table["created"].fillna(table["completed"])
    table["project_id"] = table["project_id"].fillna(table["project"])
    table = table[table["created"].notna() & ~(table["id"].notna() & table["id"].duplicated(keep="last"))]
    return table.sort_values(["created", "id"], kind="stable", ignore_index=True)


def _typed(column: pd.Series, name: str, dtype: str) -> pd.Series:
    if dtype == _TIME:
        return local_times(column, name)
    if dtype == _REAL:
        return hours_in(column, name)
    return names(column)


def finished(tasks: pd.DataFrame) -> pd.DataFrame:
    """The prepared tasks that say when they were done and how long they took, in order of completion."""
    hours = tasks["actual_hours"]
    done: pd.DataFrame = tasks[tasks["completed"].notna() & (hours > 0) & np.isfinite(hours)]
    return done.sort_values(["completed", "id"], kind="stable", ignore_index=True)


def estimated(tasks: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Which tasks have an estimate that can be compared with."""
    hours = tasks["estimate_hours"].to_numpy(dtype=np.float64)
    usable: npt.NDArray[np.bool_] = np.isfinite(hours) & (hours > 0) & (hours <= LONGEST)
    return usable


def days(times: pd.Series) -> Days:
    """The day of each time."""
    found: Days = times.to_numpy().astype("datetime64[D]")
    return found


def known(done: pd.DataFrame, created: pd.Series) -> npt.NDArray[np.int64]:
    """How many rows of `done`, in order of completion, were complete on a day before each of `created`."""
    return np.searchsorted(days(done["completed"]), days(created), side="left").astype(np.int64)


def weekly(done: pd.DataFrame, until: datetime | None = None) -> pd.DataFrame:
    """Complete weeks of a person, oldest first, those with nothing done included: start, todos, hours.

    From the week of the first task's creation to the last one that was over at `until`, by default at the last
    completion.
    """
    if done.empty:
        return pd.DataFrame({"start": pd.Series(dtype=_TIME), "todos": pd.Series(dtype=_REAL), "hours": []})
    last = pd.Timestamp(until) if until is not None else done["completed"].max().normalize() + pd.Timedelta(days=1)
    first = _monday(done["created"].min())
    starts = pd.date_range(first, _monday(last), freq="7D", inclusive="left", unit="us")
    at = ((done["completed"] - first) // pd.Timedelta(days=7)).to_numpy()
    inside = (at >= 0) & (at < len(starts))
    counted = at[inside].astype(np.int64)
    hours = np.bincount(counted, done["actual_hours"].to_numpy()[inside], len(starts))
    return pd.DataFrame({"start": starts, "todos": np.bincount(counted, minlength=len(starts)) * 1.0, "hours": hours})


def _monday(time: pd.Timestamp) -> pd.Timestamp:
    day = time.normalize()
    return day - pd.Timedelta(days=day.day_of_week)


def spread(count: int, most: int, *, start: int = 0, step: int = 1) -> npt.NDArray[np.int64]:
    """Positions start, start + step, … below `count`; where those are more than `most`, that many evenly among them."""
    every = np.arange(start, count, step)
    if len(every) <= most:
        return every
    return np.asarray(every[np.linspace(0, len(every) - 1, most).round().astype(np.int64)])
