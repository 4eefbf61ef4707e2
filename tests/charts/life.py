"""A made-up half year as frames, small or large, with titles that try to be more than text."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from orc_lab.mirror.features import AHEAD, Frames
from orc_lab.model.clock import Clock
from orc_lab.model.week import Week

HOSTILE = "<img src=x onerror=document.title='owned'> <b>bold</b> <a href='https://example.invalid'>x</a> </script>"
START = pd.Timestamp("2026-03-02")
TITLES = ["Write & send", "Fix the sink", "$x^2$ costs $5"]
PROJECTS = [HOSTILE, "2024", "Thesis", "Thesis", "Garden"]


def life(count: int = 240, weeks: int = 30, seed: int = 7) -> Frames:
    """Return `count` todos over `weeks` weeks."""
    draw = np.random.default_rng(seed)
    as_of = START + pd.Timedelta(weeks=weeks, days=3, hours=15)
    tasks = _tasks(draw, count, weeks, as_of)
    weekly = _weekly(tasks, weeks, as_of)
    return Frames(
        as_of=int(as_of.timestamp()),
        clock=Clock(),
        week=Week.of(as_of.date()),
        tasks=tasks,
        weekly=weekly,
        projects=_projects(as_of),
        commitments=_commitments(draw, tasks, weekly),
        events=_events(tasks),
        sessions=_sessions(draw, weeks),
        ahead=(1.0,) * AHEAD,
        imported_until=None,
    )


def _tasks(draw: np.random.Generator, count: int, weeks: int, as_of: pd.Timestamp) -> pd.DataFrame:
    hours = draw.lognormal(0, 0.6, count)
    created = START + pd.to_timedelta(np.sort(draw.uniform(0, weeks * 7, count)), unit="D")
    started = created + pd.to_timedelta(draw.lognormal(1, 1.5, count), unit="D")
    ended = started + pd.to_timedelta(draw.lognormal(1.5, 1.3, count), unit="D")
    estimate = draw.choice([0.25, 0.5, 1, 2, 4, 8, np.nan], count)
    status = np.where(ended < as_of, "done", np.where(started < as_of, "committed", "refined"))
    status[(draw.random(count) < 0.06) & (ended < as_of)] = "dropped"
    project = draw.integers(0, len(PROJECTS), count)
    table = pd.DataFrame(
        {
            "id": [f"todo-{i}" for i in range(count)],
            "title": [f"{TITLES[i % len(TITLES)]} {HOSTILE} {i}" for i in range(count)],
            "project_id": [f"project-{i}" for i in project],
            "project": [PROJECTS[i] for i in project],
            "category": "work",
            "priority": draw.choice(["low", "medium", "high", "urgent"], count),
            "tags": "",
            "status": status,
            "created": created,
            "started": pd.Series(started).where(started < as_of),
            "completed": pd.Series(ended).where(status == "done"),
            "dropped": pd.Series(ended).where(status == "dropped"),
            "due": pd.NaT,
            "estimate_hours": estimate,
            "actual_hours": np.where(ended < as_of, np.nan_to_num(estimate, nan=1) ** 0.8 * hours, np.nan),
            "snoozed": pd.NaT,
            "blocked": False,
        }
    )
    times = ["created", "started", "completed", "dropped", "due", "snoozed"]
    texts = ["id", "title", "project_id", "project", "category", "priority", "tags", "status"]
    return table.astype({**dict.fromkeys(times, "datetime64[us]"), **dict.fromkeys(texts, "str")})


def _weekly(tasks: pd.DataFrame, weeks: int, as_of: pd.Timestamp) -> pd.DataFrame:
    starts = pd.date_range(START, periods=weeks + 1, freq="7D").as_unit("us")

    def monday(when: pd.Series) -> pd.Series:
        return when.dt.normalize() - pd.to_timedelta(when.dt.day_of_week, unit="D")

    def per_week(when: pd.Series) -> np.ndarray:
        return monday(when.dropna()).value_counts().reindex(starts, fill_value=0).to_numpy()

    finished = tasks[tasks["completed"].notna()]
    hours = finished["actual_hours"].groupby(monday(finished["completed"])).sum().reindex(starts, fill_value=0.0)
    return pd.DataFrame(
        {
            "week": [str(Week.of(start.date())) for start in starts],
            "start": starts,
            "created": per_week(tasks["created"]),
            "done": per_week(tasks["completed"]),
            "dropped": per_week(tasks["dropped"]),
            "estimated_hours": 0.0,
            "hours": hours.to_numpy(),
            "capacity": 1.0,
            "complete": starts + pd.Timedelta(days=7) <= as_of,
        }
    )


def _projects(as_of: pd.Timestamp) -> pd.DataFrame:
    due = [as_of.normalize() + timedelta(days=14 * i) if i % 2 else pd.NaT for i in range(len(PROJECTS))]
    table = {"id": [f"project-{i}" for i in range(len(PROJECTS))], "title": PROJECTS, "why": "", "status": "active"}
    rest = {"priority": "medium", "progress": 0, "created": START, "completed": pd.NaT, "due": due}
    return pd.DataFrame({**table, **rest, "open": 1, "done": 9, "dropped": 0})


def _commitments(draw: np.random.Generator, tasks: pd.DataFrame, weekly: pd.DataFrame) -> pd.DataFrame:
    count = 7 * len(weekly)
    picked = tasks.iloc[draw.integers(0, len(tasks), count)].reset_index(drop=True)
    return pd.DataFrame(
        {
            "week": np.repeat(weekly["week"].to_numpy(), 7),
            "todo_id": picked["id"],
            "title": picked["title"],
            "project": picked["project"].where(draw.random(count) > 0.1),
            "estimate_hours": picked["estimate_hours"],
            "committed": np.repeat(weekly["start"].to_numpy(), 7),
            "planned": draw.random(count) > 0.15,
            "outcome": draw.choice(["done", "open", "dropped"], count, p=[0.6, 0.3, 0.1]),
            "resolved": pd.NaT,
            "actual_hours": picked["actual_hours"],
            "carried": draw.choice([0, 0, 1, 3], count),
        }
    ).astype({"week": "str", "outcome": "str", "project": "str"})


def _events(tasks: pd.DataFrame) -> pd.DataFrame:
    started = tasks[tasks["started"].notna()]
    ended = tasks[tasks["completed"].notna() | tasks["dropped"].notna()]
    begun = pd.DataFrame({"todo_id": started["id"], "at": started["started"], "old": "dumped", "new": "committed"})
    at = ended["completed"].fillna(ended["dropped"])
    over = pd.DataFrame({"todo_id": ended["id"], "at": at, "old": "committed", "new": ended["status"]})
    return pd.concat([begun, over]).sort_values("at", kind="stable").reset_index(drop=True)


def _sessions(draw: np.random.Generator, weeks: int) -> pd.DataFrame:
    days = np.repeat([7 * week + day for week in range(weeks) for day in range(5)], 2)
    started = START + pd.to_timedelta(24 * days + np.tile([9.5, 14.25], 5 * weeks), unit="h")
    ended = started + pd.to_timedelta(draw.uniform(0.5, 3, len(started)), unit="h")
    hours = (ended - started).total_seconds() / 3600
    return pd.DataFrame(
        {"todo_id": "todo-0", "project": None, "started": started, "ended": ended, "hours": hours, "source": "timer"}
    ).astype({"started": "datetime64[us]", "ended": "datetime64[us]"})
