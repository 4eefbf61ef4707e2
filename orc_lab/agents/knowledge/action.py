"""What can be learned from: something that a person did, or that came to its end, on a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from orc_lab.errors import InvalidValue
from orc_lab.model.entities import Status

Context = Mapping[str, Any]  # the plain numbers of an action: JSON values
_NONE: Context = MappingProxyType({})


class Kind(StrEnum):
    """What happened."""

    PROJECT_COMPLETED = "project_completed"
    PROJECT_GIVEN_UP = "project_given_up"
    TASK_COMPLETED = "task_completed"
    TASK_ESTIMATION_CORRECTED = "task_estimation_corrected"
    TASK_CHOSEN = "task_chosen"
    WORKFLOW_OPTIMIZATION = "workflow_optimization"
    SESSION_FINISHED = "session_finished"
    WEEK_CLOSED = "week_closed"
    RECOMMENDATION_RESOLVED = "recommendation_resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing that happened to `subject` (an id, a week, a way); `detail` is what the person said of it.

    `at` is the day or, where known, the local time (ISO 8601): actions are learned in its order. Two actions of the
    same kind and subject are the same one: the later telling replaces the earlier.
    """

    kind: Kind
    subject: str
    at: str
    title: str = ""
    detail: Context = field(default_factory=lambda: _NONE)

    @property
    def day(self) -> str:
        """The day on which it happened."""
        return self.at[:10]

    @property
    def key(self) -> str:
        """The name by which an action can be forgotten."""
        return f"{self.kind.value}:{self.subject}"


def project_completed(project_id: str, at: date | str, *, title: str = "") -> Action:
    """A project came to its end."""
    return Action(kind=Kind.PROJECT_COMPLETED, subject=project_id, at=_at(at), title=title)


def project_given_up(project_id: str, at: date | str, *, title: str = "") -> Action:
    """A project was archived with work still open."""
    return Action(kind=Kind.PROJECT_GIVEN_UP, subject=project_id, at=_at(at), title=title)


def task_completed(task_id: str, at: date | str, *, title: str = "") -> Action:
    """A todo was done."""
    return Action(kind=Kind.TASK_COMPLETED, subject=task_id, at=_at(at), title=title)


def task_estimation_corrected(task_id: str, actual_time: float, at: date | str, *, title: str = "") -> Action:
    """A person said how long a todo takes in truth: `actual_time` in hours. Raises InvalidValue unless positive."""
    if not 0 < actual_time < float("inf"):
        raise InvalidValue("actual_time", actual_time, "a positive number of hours")
    return Action(
        kind=Kind.TASK_ESTIMATION_CORRECTED, subject=task_id, at=_at(at), title=title,
        detail={"actual_time": float(actual_time)},
    )  # fmt: skip


def task_chosen(chosen: str, passed_over: Sequence[str], at: date | str, *, title: str = "") -> Action:
    """A person began `chosen` while the todos `passed_over` could have been begun."""
    return Action(
        kind=Kind.TASK_CHOSEN, subject=chosen, at=_at(at), title=title, detail={"passed_over": list(passed_over)}
    )


def workflow_optimization(workflow: Sequence[str], at: date | str, *, category: str = "") -> Action:
    """A person approved a way through the pipeline, for all work or one category of it.

    Raises InvalidValue for a stage that the pipeline doesn't have, or fewer than two.
    """
    stages = [str(stage) for stage in workflow]
    if len(stages) < 2 or any(stage not in set(Status) for stage in stages):
        raise InvalidValue("workflow", stages, "two or more of " + ", ".join(Status))
    way = ">".join(stages)
    return Action(
        kind=Kind.WORKFLOW_OPTIMIZATION, subject=f"{category}/{way}" if category else way, at=_at(at),
        title=" → ".join(stages), detail={"way": way, "category": category},
    )  # fmt: skip


def session_finished(todo_id: str, started: datetime | str, *, title: str = "") -> Action:
    """A session of work ended; when it was `started` (local time) tells it from others on the same todo."""
    at = _at(started)
    return Action(kind=Kind.SESSION_FINISHED, subject=f"{todo_id}@{at}", at=at, title=title)


def week_closed(week: str, at: date | str) -> Action:
    """A week such as `2026-W47` is over."""
    return Action(kind=Kind.WEEK_CLOSED, subject=week, at=_at(at), title=week)


def recommendation_resolved(
    recommendation_id: str, rule: str, *, followed: bool, helped: bool, at: date | str, title: str = ""
) -> Action:
    """What followed a recommendation is known: whether its advice was followed, and whether things went well."""
    return Action(
        kind=Kind.RECOMMENDATION_RESOLVED, subject=recommendation_id, at=_at(at), title=title or rule,
        detail={"rule": rule, "followed": bool(followed), "helped": bool(helped)},
    )  # fmt: skip


def _at(at: date | str) -> str:
    if isinstance(at, datetime):
        return at.isoformat(timespec="seconds")
    if isinstance(at, date):
        return at.isoformat()
    try:
        datetime.fromisoformat(at)
    except ValueError:
        raise InvalidValue("at", at, "a day such as 2026-11-27, or a local time such as 2026-11-27T09:30") from None
    return at
