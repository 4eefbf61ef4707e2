"""What to work on, in which order and why; and what is left out."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass

import pandas as pd

from orc_lab.agents.forecast import chance, figure
from orc_lab.agents.recommend.rule import Rule, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A project in the order, with the terms of its place.

    `task` is the one to begin with. `remaining` are the hours expected, blocked and snoozed tasks of the project
    included; `hours_left` what will be worked on anything until the due day ends (infinite without one), `slack` the
    difference; `p_alone` P(on time) if nothing else were done (NaN without a due day).
    """

    place: int
    project: Hashable
    task: str
    state: State
    index: float
    remaining: float
    hours_left: float
    slack: float
    p_alone: float
    weight: float
    due: pd.Timestamp | None

    @property
    def reason(self) -> str:
        """Why it stands where it does, in plain words."""
        return reason_of(self.state, self.remaining, self.hours_left, self.p_alone)

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON; None for what is missing."""
        numbers = {
            "index": self.index, "remaining": self.remaining, "hours_left": self.hours_left, "slack": self.slack,
            "p_alone": self.p_alone, "weight": self.weight,
        }  # fmt: skip
        return {
            "place": self.place, "project": self.project, "task": self.task, "state": self.state.value,
            **{name: value if math.isfinite(value) else None for name, value in numbers.items()},
            "due": self.due.date().isoformat() if self.due is not None else None, "reason": self.reason,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A task that can't be begun today, or (with an empty `task`) a project not worth beginning, and why."""

    project: Hashable
    task: str
    reason: str

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {"project": self.project, "task": self.task, "reason": self.reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The order for a day, first things first, by this `rule` and what `n` finished tasks taught."""

    today: pd.Timestamp
    order: tuple[Choice, ...]
    left_out: tuple[LeftOut, ...]
    rule: Rule
    n: int

    @property
    def projects(self) -> tuple[Hashable, ...]:
        """The projects in order, named as they were given."""
        return tuple(choice.project for choice in self.order)

    @property
    def first(self) -> Hashable | None:
        """The project to work on now, None where nothing can be begun."""
        return self.order[0].project if self.order else None

    @property
    def sentence(self) -> str:
        """For a page."""
        if not self.order:
            return "Nothing can be begun today." if self.left_out else "There is no open work."
        return f"Work on {self.first} first: {self.order[0].reason}"

    def frame(self) -> pd.DataFrame:
        """A row a project in order: the fields of Choice and its reason."""
        columns = [*Choice.__dataclass_fields__, "reason"]
        rows = [[getattr(choice, name) for name in columns] for choice in self.order]
        return pd.DataFrame(rows, columns=columns)

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "today": self.today.date().isoformat(),
            "order": [choice.as_dict() for choice in self.order],
            "left_out": [item.as_dict() for item in self.left_out],
            "rule": self.rule.as_dict(),
            "n": self.n,
            "sentence": self.sentence,
        }


def reason_of(state: State, remaining: float, hours_left: float, p_alone: float) -> str:
    """Why a project stands where it does, in plain words."""
    work = f"about {figure(remaining)} h of work left"
    if state is State.UNDATED:
        return f"{work}, no due date."
    if state is State.LATE:
        return f"the due day is over, {work}: agree on a new day."
    room = f"{figure(hours_left)} h until the due day"
    if state is State.HOPELESS:
        return f"{work} in {room}: it is hardly on time any more, even done alone ({chance(p_alone)})."
    slack = hours_left - remaining
    spare = f"{figure(slack)} h to spare" if slack >= 0 else "no time to spare"
    return f"{work}, {room}, {spare}; done alone it is on time with a chance of {chance(p_alone)}."
