"""How old the open work is, beside the person's own cycle times."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd

from orc_lab.model import entities

MIN_FINISHED = 6  # under this many cycle times their percentiles say nothing
CLOSED = tuple(status.value for status in entities.CLOSED)


def cycle_days(tasks: pd.DataFrame) -> pd.Series:
    """Days from the start of work to its completion, of each finished task; from its creation where no start is known.

    Index as given (finished tasks only), NaN where neither is known, never negative.
    """
    finished = tasks[tasks["completed"].notna()]
    return _days(finished["completed"] - finished["started"].fillna(finished["created"]))


def ageing(tasks: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """Open tasks with their age and the percentiles of how long such tasks took, the oldest for its kind first.

    Columns: id, title, project_id, project, status, priority, since ("start" where work has begun, else "capture"),
    age_days, p50, p85 (days, of finished tasks by the same clock; NaN under six of them), n (how many), over (age
    beyond p85), in_progress (begun or committed).
    """
    finished = tasks[tasks["completed"].notna()]
    begun = _days(finished["completed"] - finished["started"]).dropna()
    whole = _days(finished["completed"] - finished["created"]).dropna()
    items = tasks[~tasks["status"].isin(CLOSED)].copy()
    started = items["started"].notna() & (len(begun) >= MIN_FINISHED)
    items["since"] = np.where(started, "start", "capture")
    items["age_days"] = _days(pd.Timestamp(as_of) - items["started"].where(started, items["created"]))
    for name, level in (("p50", 0.5), ("p85", 0.85)):
        items[name] = np.where(started, _percentile(begun, level), _percentile(whole, level))
    items["n"] = np.where(started, len(begun), len(whole))
    items["over"] = items["age_days"] > items["p85"]
    items["in_progress"] = items["started"].notna() | (items["status"] == entities.Status.COMMITTED.value)
    columns = ["id", "title", "project_id", "project", "status", "priority", "since", "age_days", "p50", "p85"]
    ratio = (items["age_days"] / items["p85"]).fillna(-1.0)
    order = pd.DataFrame({"ratio": -ratio, "age": -items["age_days"], "id": items["id"]}).sort_values(
        ["ratio", "age", "id"]
    )
    return items.loc[order.index, [*columns, "n", "over", "in_progress"]]


def _days(span: pd.Series) -> pd.Series:
    days: pd.Series = (span.dt.total_seconds() / 86400).clip(lower=0.0)
    return days


def _percentile(days: pd.Series, level: float) -> float:
    return float(days.quantile(level)) if len(days) >= MIN_FINISHED else np.nan
