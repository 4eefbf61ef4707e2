"""What to take up next week, in which order, and why: promises first, then dates, then what is begun.

A starting point that the person changes; whether it fits is measured on their own past.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from math import isnan
from typing import Any

import pandas as pd

from orc_lab.agents.ageing import CLOSED
from orc_lab.model.entities import Priority, ProjectStatus
from orc_lab.model.week import Week
from orc_lab.review.tables import records, text

MOST = 7  # todos proposed beyond those that are promised or due
_NEAR = 50  # todos looked at beyond those
_RANKS = {priority: rank for rank, priority in enumerate(Priority)}


class Why(StrEnum):
    """Why something comes up next week; the first that holds, in this order."""

    PROMISED = "promised"
    OVERDUE = "overdue"
    DUE = "due"
    CARRIED = "carried"
    BEGUN = "begun"
    IMPORTANT = "important"
    READY = "ready"


MUST = (Why.PROMISED, Why.OVERDUE, Why.DUE, Why.CARRIED)
STALE = timedelta(weeks=4)  # overdue for longer, a todo has to be decided again before it is planned


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A todo for next week. Hours left: the median and an 80% band; `weeks` it has been promised for so far."""

    id: str
    title: str
    project: str | None
    why: Why
    priority: str
    due: date | None
    started: date | None
    weeks: int
    hours: float
    low: float
    high: float


def steps(
    tasks: pd.DataFrame,
    projects: pd.DataFrame,
    commitments: pd.DataFrame,
    left: Callable[[pd.DataFrame], pd.DataFrame],
    *,
    week: Week,
    room: float,
) -> tuple[Step, ...]:
    """Return what the week after `week` brings: all that is promised, due or carried over, then what else has room.

    `left` gives the hours left of todos as columns low, hours and high (P10, P50, P90; index as given), `room` is the
    hours of a usual week (NaN if unknown). Todos of projects that aren't active are left out, what is `stale`, and what
    `waits`.
    """
    parked = projects.loc[projects["status"] != ProjectStatus.ACTIVE, "id"]
    later, held = waits(tasks, week)
    ready = ~tasks["status"].isin(CLOSED) & ~tasks["project_id"].isin(parked) & ~stale(tasks, week) & ~later & ~held
    table = tasks[ready].copy()
    table["weeks"] = table["id"].map(commitments.groupby("todo_id")["week"].nunique()).fillna(0).astype(int)
    table["why"] = _reasons(table, commitments, week)
    table["must"] = table["why"].isin(MUST)
    near = _ordered(table).head(int(table["must"].sum()) + _NEAR)
    return tuple(map(_step, records(_chosen(near.join(left(near)), room))))


def stale(tasks: pd.DataFrame, week: Week) -> pd.Series:
    """Whether each todo is open and was due more than STALE before the week after `week`."""
    return ~tasks["status"].isin(CLOSED) & (tasks["due"] < pd.Timestamp((week + 1).monday) - STALE)


def waits(tasks: pd.DataFrame, week: Week) -> tuple[pd.Series, pd.Series]:
    """Whether each todo is open and snoozed beyond the Monday after `week`, and whether an open todo blocks it."""
    still_open = ~tasks["status"].isin(CLOSED)
    return still_open & (tasks["snoozed"] > pd.Timestamp((week + 1).monday)), still_open & tasks["blocked"]


def _reasons(table: pd.DataFrame, commitments: pd.DataFrame, week: Week) -> pd.Series:
    monday = pd.Timestamp((week + 1).monday)
    still_open = commitments[commitments["outcome"] == "open"]
    applies = {
        Why.PROMISED: table["id"].isin(commitments.loc[commitments["week"] == str(week + 1), "todo_id"]),
        Why.OVERDUE: table["due"] < monday,
        Why.DUE: table["due"] < monday + timedelta(days=7),
        Why.CARRIED: table["id"].isin(still_open.loc[still_open["week"] == str(week), "todo_id"]),
        Why.BEGUN: table["started"].notna(),
        Why.IMPORTANT: table["priority"].isin([Priority.HIGH, Priority.URGENT]),
    }
    reasons = pd.Series(Why.READY.value, index=table.index, dtype="str")
    for why, holds in reversed(applies.items()):
        reasons = reasons.mask(holds, why.value)
    return reasons


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    """By reason, then the nearest day, the higher priority, and what was begun or written down last."""
    order = pd.DataFrame(
        {
            "why": table["why"].map({why.value: rank for rank, why in enumerate(Why)}),
            "due": table["due"],
            "priority": -table["priority"].map(_RANKS).fillna(_RANKS[Priority.MEDIUM]),
            "age": -table["started"].fillna(table["created"]).astype("int64"),
            "id": table["id"],
        }
    )
    return table.loc[order.sort_values(list(order.columns)).index]


def _chosen(table: pd.DataFrame, room: float) -> pd.DataFrame:
    """All that must be, and of the rest, in order, what has room at the medians; at most MOST, at least something."""
    must = table["must"]
    free, count = room - table.loc[must, "hours"].sum(), int(must.sum())
    chosen = []
    for index, hours in table.loc[~must, "hours"].items():
        if count < MOST and (hours <= free or isnan(room) or not count):
            chosen.append(index)
            free, count = free - hours, count + 1
    return table.loc[[*table.index[must], *chosen]]


def _step(row: dict[str, Any]) -> Step:
    def day(name: str) -> date | None:
        return None if pd.isna(row[name]) else pd.Timestamp(row[name]).date()

    return Step(
        id=str(row["id"]),
        title=str(row["title"]),
        project=text(row["project"]),
        why=Why(str(row["why"])),
        priority=str(row["priority"]),
        due=day("due"),
        started=day("started"),
        weeks=int(row["weeks"]),
        hours=float(row["hours"]),
        low=float(row["low"]),
        high=float(row["high"]),
    )
