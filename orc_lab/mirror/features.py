"""The tables that agents, charts and the review compute on, as of an instant and in the person's local time.

Every time is local, naive and moved back by when the person's day starts, so that `.dt.normalize()` is their day;
text is `str`, hours are floats, empty is NaN or NaT, the index a RangeIndex. Nothing known later is in them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from orc_lab.mirror import queries
from orc_lab.mirror.duck import Mirror
from orc_lab.mirror.local import local, monday, week_names
from orc_lab.model.clock import Clock
from orc_lab.model.entities import Status
from orc_lab.model.week import Week

_WEEK = pd.Timedelta(days=7)
_STAGES = [status.value for status in Status]
AHEAD = 104  # weeks whose holidays are looked up

_TEXT, _TIME, _REAL, _WHOLE, _BOOL = "str", "datetime64[us]", "float64", "int64", "bool"

TASKS = {
    "id": _TEXT, "title": _TEXT, "project_id": _TEXT, "project": _TEXT, "category": _TEXT, "priority": _TEXT,
    "tags": _TEXT, "status": _TEXT, "created": _TIME, "started": _TIME, "completed": _TIME, "dropped": _TIME,
    "due": _TIME, "estimate_hours": _REAL, "actual_hours": _REAL, "snoozed": _TIME, "blocked": _BOOL,
}  # fmt: skip
WEEKLY = {
    "week": _TEXT, "start": _TIME, "created": _WHOLE, "done": _WHOLE, "dropped": _WHOLE, "estimated_hours": _REAL,
    "hours": _REAL, "capacity": _REAL, "complete": _BOOL,
}  # fmt: skip
PROJECTS = {
    "id": _TEXT, "title": _TEXT, "why": _TEXT, "status": _TEXT, "priority": _TEXT, "progress": _WHOLE,
    "created": _TIME, "completed": _TIME, "due": _TIME, "open": _WHOLE, "done": _WHOLE, "dropped": _WHOLE,
}  # fmt: skip
COMMITMENTS = {
    "week": _TEXT, "todo_id": _TEXT, "title": _TEXT, "project": _TEXT, "estimate_hours": _REAL, "committed": _TIME,
    "planned": _BOOL, "outcome": _TEXT, "resolved": _TIME, "actual_hours": _REAL, "carried": _WHOLE,
}  # fmt: skip
EVENTS = {"todo_id": _TEXT, "at": _TIME, "old": _TEXT, "new": _TEXT}
SESSIONS = {
    "todo_id": _TEXT, "project": _TEXT, "started": _TIME, "ended": _TIME, "hours": _REAL, "source": _TEXT,
}  # fmt: skip
KNOWLEDGE = {"part": _TEXT, "name": _TEXT, "version": _WHOLE, "learned_from": _TEXT}


def _nothing_learned() -> pd.DataFrame:
    return pd.DataFrame(columns=list(KNOWLEDGE)).astype(KNOWLEDGE)


def _nothing_undated() -> pd.DataFrame:
    return pd.DataFrame(columns=list(TASKS)).astype(TASKS)


@dataclass(frozen=True, kw_only=True, eq=False)
class Frames:
    """What was known about a person's work at an instant.

    `tasks`: a row a todo, in order of creation. `completed` and `dropped` stand only where that is its status,
    `estimate_hours` is the estimate as it was when work first started, `actual_hours` what the person added and the
    sessions. `tags` are separated by spaces. `snoozed` is the day on which a todo comes back, also one that is over;
    `blocked` whether an open todo has to be done before it. Those that were imported as finished or dropped without any
    date of it stand in `undated` instead, for they would count in the week of the import.

    `weekly`: a row an ISO week from the first todo's to that of the instant, zero weeks included. `estimated_hours`
    are those of the todos done; `hours` those worked: of a session in the week it started, of everything else in the
    week its todo was done (where a person took time off a todo, its sessions count for less). `capacity` is the mean
    factor of its days.

    `projects`: a row a project, with its todos counted.

    `commitments`: a row for each todo promised for a week. `planned` if before the plan froze, `outcome` as of the
    week's end (a todo taken out later counts as dropped), `resolved` also after it, `carried` the number of earlier
    weeks it was promised for.

    `events`: a row each change of status of these todos, in order. `sessions`: a row each ended session, in order.

    `ahead`: how much of a usual week each of the next AHEAD weeks is, as `capacity` in `weekly`. The first is the week
    of the instant; at the very end of a week that is the next one.

    `knowledge`: a row each stored entry of the knowledge base, `learned_from` as JSON.

    Columns and their types are those of TASKS, WEEKLY, … in this module.
    """

    as_of: int
    clock: Clock
    week: Week
    tasks: pd.DataFrame
    weekly: pd.DataFrame
    projects: pd.DataFrame
    commitments: pd.DataFrame
    events: pd.DataFrame
    sessions: pd.DataFrame
    ahead: tuple[float, ...]
    imported_until: int | None
    knowledge: pd.DataFrame = field(default_factory=_nothing_learned)
    undated: pd.DataFrame = field(default_factory=_nothing_undated)

    @property
    def now(self) -> datetime:
        """The instant as a local time like all the others."""
        return self.clock.local(self.as_of)

    @property
    def n_todos(self) -> int:
        """How many todos there were."""
        return len(self.tasks)

    @property
    def reconstructed(self) -> bool:
        """Whether the instant lies in a past that was imported rather than recorded."""
        return self.imported_until is not None and self.as_of < self.imported_until

    @cached_property
    def finished(self) -> pd.DataFrame:
        """The tasks that are done, in order of completion."""
        done = self.tasks[self.tasks["status"] == Status.DONE.value]
        return done.sort_values(["completed", "id"], ignore_index=True)


def frames(mirror: Mirror, as_of: int, clock: Clock) -> Frames:
    """Return the frames of a mirror as of an instant (seconds UTC), with the zone and day start that held then.

    A mirror made by `Mirror.as_of` for the same instant is exact. One of now serves for now; for an earlier instant
    it leaves out what happened later, but titles, estimates and projects are the later ones.
    """
    with mirror.lock:  # one state of the mirror for all of them
        whole = _read(mirror, queries.TASKS, as_of, clock)
        projects = _read(mirror, queries.PROJECTS, as_of, clock)
        commitments = _read(mirror, queries.COMMITMENTS, as_of, clock)
        events = _read(mirror, queries.EVENTS, as_of, clock, stages=_STAGES)
        sessions = _read(mirror, queries.SESSIONS, as_of, clock)
        capacity = mirror.read(queries.CAPACITY)
        knowledge = mirror.read(queries.KNOWLEDGE)
    week = Week.at(as_of, clock)
    undated = whole[whole["undated"]].reset_index(drop=True)
    tasks = whole[~whole["undated"]].reset_index(drop=True) if len(undated) else whole
    events = events[~events["todo_id"].isin(undated["id"])].reset_index(drop=True) if len(undated) else events
    return Frames(
        as_of=as_of,
        clock=clock,
        week=week,
        tasks=_typed(tasks, TASKS),
        weekly=_typed(_weekly(tasks, sessions, capacity, week), WEEKLY),
        projects=_typed(_counted(projects, whole), PROJECTS),
        commitments=_typed(_commitments(commitments, tasks), COMMITMENTS),
        events=_typed(events, EVENTS),
        sessions=_typed(sessions, SESSIONS),
        ahead=_ahead(capacity, week),
        imported_until=mirror.imported_until,
        knowledge=_typed(knowledge, KNOWLEDGE),
        undated=_typed(undated, TASKS),
    )


def _read(mirror: Mirror, query: str, at: int, clock: Clock, **params: Any) -> pd.DataFrame:
    found = mirror.read(query, {"at": at, **params})
    for name in queries.INSTANTS.intersection(found.columns):
        found[name] = local(found[name], clock)
    return found


def _typed(frame: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    return frame[list(columns)].astype(dict(columns))


def _counted(projects: pd.DataFrame, tasks: pd.DataFrame) -> pd.DataFrame:
    """Add how many todos of each project are open, done and dropped."""
    closed = [Status.DONE.value, Status.DROPPED.value]
    stage = tasks["status"].where(tasks["status"].isin(closed), "open")
    counts = pd.crosstab(tasks["project_id"], stage).reindex(index=projects["id"], columns=["open", *closed])
    return projects.join(counts.fillna(0), on="id")


def _commitments(promised: pd.DataFrame, tasks: pd.DataFrame) -> pd.DataFrame:
    """Add what is known of the todos, and what had become of them when their week ended."""
    todos = tasks[["id", "title", "project", "actual_hours"]].rename(columns={"id": "todo_id"})
    found = promised.merge(todos, on="todo_id", how="inner")
    in_time = found["resolved"] < found["monday"] + _WEEK
    return found.assign(
        week=week_names(found["monday"]),
        outcome=found["outcome"].where(in_time, "open"),
        carried=found.groupby("todo_id").cumcount(),
    )


def _weekly(tasks: pd.DataFrame, sessions: pd.DataFrame, capacity: pd.DataFrame, last: Week) -> pd.DataFrame:
    if tasks.empty:
        return pd.DataFrame(columns=list(WEEKLY))
    times = pd.Series(
        [tasks["created"].min(), tasks["completed"].min(), tasks["dropped"].min(), sessions["started"].min()]
    )
    starts = pd.Series(pd.date_range(monday(times).min(), last.monday, freq=_WEEK, unit="us"))

    def total(times: pd.Series, values: pd.Series | None = None) -> npt.NDArray[Any]:
        weeks = ((times - starts[0]) // _WEEK).to_numpy()
        inside = (weeks >= 0) & (weeks < len(starts))
        weights = None if values is None else values.fillna(0.0).to_numpy()[inside]
        return np.bincount(weeks[inside].astype(np.int64), weights, len(starts))

    return pd.DataFrame(
        {
            "week": week_names(starts),
            "start": starts,
            "created": total(tasks["created"]),
            "done": total(tasks["completed"]),
            "dropped": total(tasks["dropped"]),
            "estimated_hours": total(tasks["completed"], tasks["estimate_hours"]),
            "hours": total(tasks["completed"], tasks["added_hours"])
            + total(sessions["started"], sessions["counted_hours"]),
            "capacity": 1.0 + total(capacity["day"], capacity["factor"] - 1.0) / 7,
            "complete": starts < pd.Timestamp(last.monday),
        }
    )


def _ahead(capacity: pd.DataFrame, first: Week) -> tuple[float, ...]:
    """The mean factor of the days of each week, from `first` on."""
    weeks = (capacity["day"] - pd.Timestamp(first.monday)) // _WEEK
    missing = (capacity["factor"] - 1.0).groupby(weeks).sum().reindex(range(AHEAD), fill_value=0.0)
    return tuple((1.0 + missing / 7).tolist())
