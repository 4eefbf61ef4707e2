"""How fast a project went over a span, and how the work went: never one number."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, nan

from orc_lab.agents.forecast import amount, figure, share
from orc_lab.agents.insight.known import Known
from orc_lab.agents.insight.span import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Todos and hours of finished work a week over a span of so many weeks, weeks without any included."""

    done: int
    todos: float
    hours: float
    weeks: float

    @property
    def sentence(self) -> str:
        """For a page."""
        return f"{amount(self.todos, 'todos')} and {figure(self.hours)} h a week over {amount(self.weeks, 'weeks')}"

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "done": self.done, "todos_a_week": self.todos, "hours_a_week": self.hours, "weeks": self.weeks,
            "sentence": self.sentence,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Productivity:
    """Three sides of productivity over a span (after SPACE, Forsgren et al. 2021).

    `throughput` todos done; `focus_hours` in sessions; `planned` commitments that stood when their week's plan froze,
    `held` of them done by the end of their week.
    """

    throughput: int
    focus_hours: float
    planned: int
    held: int

    @property
    def attainment(self) -> float:
        """Held ÷ planned, NaN where nothing was planned."""
        return self.held / self.planned if self.planned else nan

    @property
    def sentence(self) -> str:
        """For a page."""
        plan = "nothing was planned" if isnan(self.attainment) else f"{share(self.attainment)} of {self.planned} kept"
        return f"{self.throughput} done, {figure(self.focus_hours)} h of tracked focus, {plan}"

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON; None for NaN."""
        return {
            "throughput": self.throughput, "focus_hours": self.focus_hours, "planned": self.planned, "held": self.held,
            "plan_attainment": None if isnan(self.attainment) else self.attainment, "sentence": self.sentence,
        }  # fmt: skip


def pace(known: Known, id: str, span: Span) -> Pace:
    """The pace of a project over a span."""
    mine = known.tasks(id)
    inside = mine[span.holds(mine["completed"])]
    hours = inside["actual_hours"].where(inside["actual_hours"] > 0, inside["estimate_hours"]).sum()
    done = len(inside)
    return Pace(done=done, todos=done / span.weeks, hours=float(hours) / span.weeks, weeks=span.weeks)


def productivity(known: Known, id: str, span: Span) -> Productivity:
    """How the work on a project went over a span."""
    mine = known.tasks(id)
    sessions = known.frames.sessions
    focus = sessions[sessions["todo_id"].isin(mine["id"]) & span.holds(sessions["started"])]["hours"].sum()
    promised = known.frames.commitments
    counted = promised[promised["todo_id"].isin(mine["id"]) & promised["planned"] & span.holds(promised["committed"])]
    return Productivity(
        throughput=int(span.holds(mine["completed"]).sum()),
        focus_hours=float(focus),
        planned=len(counted),
        held=int((counted["outcome"] == "done").sum()),
    )
