"""A small made-up life as the frames of the mirror."""

import numpy as np
import pandas as pd

AS_OF = pd.Timestamp("2026-11-23 08:00")
TASK_COLUMNS = {
    "id": "str", "title": "str", "project_id": "str", "project": "str", "category": "str", "priority": "str",
    "tags": "str", "status": "str", "created": "datetime64[us]", "started": "datetime64[us]",
    "completed": "datetime64[us]", "dropped": "datetime64[us]", "due": "datetime64[us]",
    "estimate_hours": "float64", "actual_hours": "float64",
}  # fmt: skip


def frame(rows: list[dict[str, object]] | dict[str, object]) -> pd.DataFrame:
    """A `tasks` frame of these rows (or columns); what is left out is missing."""
    table = pd.DataFrame(rows, columns=list(TASK_COLUMNS)).astype(TASK_COLUMNS)
    table["priority"] = table["priority"].fillna("medium")
    return table.assign(title=table["title"].fillna("Task " + table["id"]), tags=table["tags"].fillna(""))


def finished(count: int, seed: int = 0, end: pd.Timestamp = AS_OF, days: float = 0.7) -> pd.DataFrame:
    """Finished tasks, one every `days` days up to `end`: round estimates, a log ratio with slope −.3 and sd .6."""
    rng = np.random.default_rng(seed)
    estimate = rng.choice([0.5, 1.0, 2.0, 3.0, 4.0, 8.0], size=count)
    ratio = np.exp(-0.3 * np.log(estimate / 2) + 0.6 * rng.normal(size=count))
    done = end - pd.to_timedelta(days * np.arange(count, 0, -1), unit="D")
    wait = pd.to_timedelta(rng.gamma(1.0, 6.0, count), unit="D")
    columns = {
        "id": [f"t{i:05d}" for i in range(count)],
        "project_id": [f"p{i}" for i in rng.integers(4, size=count)],
        "category": rng.choice(["write", "build"], count),
        "status": ["done"] * count,
        "created": done - wait,
        "started": done - wait / 2,
        "completed": done,
        "estimate_hours": estimate,
        "actual_hours": np.maximum(0.25, np.round(estimate * ratio * 4) / 4),
    }
    return frame(columns)


def open_tasks(count: int, project: str = "p1", **fields: object) -> pd.DataFrame:
    """Open tasks of one project, a week old, estimated at two hours."""
    base = {
        "project_id": project,
        "status": "committed",
        "created": AS_OF - pd.Timedelta(days=7),
        "estimate_hours": 2.0,
    }
    return frame([{"id": f"o{i:03d}", **base, **fields} for i in range(count)])


def weekly(tasks: pd.DataFrame, as_of: pd.Timestamp = AS_OF) -> pd.DataFrame:
    """The `weekly` frame of tasks, every capacity normal."""
    first = (as_of if tasks.empty else tasks["created"].min()).normalize()
    starts = pd.date_range(first - pd.Timedelta(days=first.day_of_week), as_of, freq="7D")
    at = np.searchsorted(starts, tasks["completed"].dropna(), side="right") - 1
    done = tasks[tasks["completed"].notna()]
    return pd.DataFrame({
        "week": [f"{d.isocalendar().year}-W{d.isocalendar().week:02d}" for d in starts],
        "start": starts,
        "created": 0,
        "done": np.bincount(at, minlength=len(starts)),
        "dropped": 0,
        "estimated_hours": np.bincount(at, weights=done["estimate_hours"], minlength=len(starts)),
        "hours": np.bincount(at, weights=done["actual_hours"], minlength=len(starts)),
        "capacity": 1.0,
        "complete": starts + pd.Timedelta(days=7) <= as_of,
    })  # fmt: skip


def project(due: str | None = None, id: str = "p1") -> dict[str, object]:
    """A row of the `projects` frame."""
    return {"id": id, "title": "Thesis", "status": "active", "due": pd.Timestamp(due) if due else pd.NaT}
