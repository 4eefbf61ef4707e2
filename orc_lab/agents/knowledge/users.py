"""What days and weeks teach: hours of focus, how much of a week's plan holds, how a person works."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from orc_lab.agents.knowledge.action import Action, Context, Kind
from orc_lab.agents.knowledge.entry import Facts, Learner, Parameter
from orc_lab.agents.knowledge.means import Means, digits, given
from orc_lab.agents.knowledge.parts import Part
from orc_lab.agents.knowledge.shrink import LogMean, Share, State

FOCUS_WEEKS = 4  # under this many weeks with sessions, a profile says more of chance than of the person
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class Focus:
    """A person's profile: share of their hours on each weekday (7) and at each hour of the wall clock (24)."""

    weeks: int
    weekday: tuple[float, ...]
    hour: tuple[float, ...]


class ProductivityPatterns(Learner):
    """Share of hours worked by weekday and by hour of the day, shrunken to an even week: (κ ÷ m + H_i) ÷ (κ + ΣH).

    m is 7 or 24, κ = 10 hours; hours halve in weight every 150 sessions. Hidden under four weeks with sessions.
    """

    part: ClassVar[Part] = Part.PRODUCTIVITY_PATTERNS
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.SESSION_FINISHED})
    keep: ClassVar[int] = 12
    name: ClassVar[str] = "hours of focus"
    _kappa, _half_life = 10.0, 150.0

    def names(self) -> Sequence[str]:
        """One."""
        return [self.name]

    def facts(self, action: Action, context: Context) -> Mapping[str, Facts]:
        """The ISO week of a session, and its hours in each hour of the week it touched: [weekday, hour, hours]."""
        if not context.get("parts"):
            return {}
        return {self.name: {"week": context["week"], "parts": [list(part) for part in context["parts"]]}}

    def begin(self, name: str) -> State:
        """No session."""
        return {"n": 0, "weeks": 0, "week": "", "weekday": [0.0] * 7, "hour": [0.0] * 24}

    def fold(self, name: str, state: State, facts: Facts) -> State:
        """One more session."""
        keep = 0.5 ** (1 / self._half_life)
        weekday, hour = [keep * old for old in state["weekday"]], [keep * old for old in state["hour"]]
        for day, at, hours in facts["parts"]:
            weekday[day] += hours
            hour[at] += hours
        new = facts["week"] > state["week"]
        return {
            "n": state["n"] + 1, "weeks": state["weeks"] + new, "week": max(facts["week"], state["week"]),
            "weekday": weekday, "hour": hour,
        }  # fmt: skip

    def focus(self, state: State) -> Focus | None:
        """The profile; None under four weeks."""
        if state["weeks"] < FOCUS_WEEKS:
            return None
        return Focus(weeks=state["weeks"], weekday=self._shares(state["weekday"]), hour=self._shares(state["hour"]))

    def _shares(self, hours: Sequence[float]) -> tuple[float, ...]:
        total = self._kappa + sum(hours)
        return tuple((self._kappa / len(hours) + worked) / total for worked in hours)

    def parameters(self, name: str, state: State) -> Sequence[Parameter]:
        """The strongest hour and day with their shares, and every share."""
        focus = self.focus(state)
        even = "An even week would have one in seven days, one in 24 hours."
        days = [
            Parameter(name=f"share of {day}", value=digits(100 * focus.weekday[i]) if focus else None, unit="%",
                      shipped=digits(100 / 7), help=even)
            for i, day in enumerate(DAYS)
        ]  # fmt: skip
        hours = [
            Parameter(name=f"share of {at:02d}:00", value=digits(100 * focus.hour[at]), unit="%",
                      shipped=digits(100 / 24), help=even)
            for at in range(24) if focus is not None and state["hour"][at]
        ]  # fmt: skip
        return [*days, *hours]

    def evidence(self, name: str, state: State) -> Mapping[str, float | str]:
        """Sessions and weeks."""
        return {"sessions": state["n"], "weeks": state["weeks"], "weeks needed": FOCUS_WEEKS}


class GoalAchievementHistory(Learner):
    """What was planned and done each week, and what follows for the next plan.

    Share held: Beta, .7 worth ten commitments; a week counts at most as six commitments, for those of a week hold or
    fail together; half-life 26 weeks. Hours and todos of plans that get done in a week: geometric means, shipped 15 h
    and 8 todos worth four weeks.
    """

    part: ClassVar[Part] = Part.GOAL_ACHIEVEMENT_HISTORY
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.WEEK_CLOSED})
    keep: ClassVar[int] = 26
    name: ClassVar[str] = "commitments"
    held = Share(shipped=0.7, worth=10, half_life=26)
    hours = LogMean(shipped=15.0, worth=4, half_life=26, low=0.5, high=80)
    todos = LogMean(shipped=8.0, worth=4, half_life=26, low=1, high=100)
    _most, _rows = 6.0, 12

    def names(self) -> Sequence[str]:
        """One."""
        return [self.name]

    def facts(self, action: Action, context: Context) -> Mapping[str, Facts]:
        """[week, planned, done, hours planned, hours done] of a week in which something was planned."""
        if not context.get("planned"):
            return {}
        return {
            self.name: [
                action.subject, context["planned"], context["done"],
                context.get("planned_hours") or 0.0, context.get("done_hours") or 0.0,
            ]
        }  # fmt: skip

    def begin(self, name: str) -> State:
        """No week."""
        return {
            "n": 0, "held": self.held.begin(), "hours": self.hours.begin(), "todos": self.todos.begin(), "history": [],
        }  # fmt: skip

    def fold(self, name: str, state: State, facts: Facts) -> State:
        """One more week."""
        _, planned, done, _, done_hours = facts
        scale = min(1.0, self._most / planned)
        return {
            "n": state["n"] + 1,
            "held": self.held.add(state["held"], scale * done, scale * (planned - done)),
            "hours": self.hours.add(state["hours"], done_hours) if done_hours > 0 else state["hours"],
            "todos": self.todos.add(state["todos"], done) if done else state["todos"],
            "history": [*state["history"], list(facts)][-self._rows :],
        }

    def parameters(self, name: str, state: State) -> Sequence[Parameter]:
        """Share held, hours and todos to commit to."""
        return [
            Parameter(name="share held", value=digits(self.held.value(state["held"])), unit="",
                      shipped=self.held.shipped, help="Commitments done by the end of their week ÷ all of the plan."),
            Parameter(name="hours to commit", value=digits(self.hours.value(state["hours"])), unit="h",
                      shipped=self.hours.shipped, help="Hours of plans that got done in a week."),
            Parameter(name="todos to commit", value=digits(self.todos.value(state["todos"])), unit="todos",
                      shipped=self.todos.shipped, help="Todos of plans that got done in a week."),
        ]  # fmt: skip

    def evidence(self, name: str, state: State) -> Mapping[str, float | str]:
        """Weeks with a plan, and the latest of them."""
        rows = {
            str(week): f"{done} of {planned} done, {done_hours:g} of {hours:g} h"
            for week, planned, done, hours, done_hours in state["history"]
        }
        return {"weeks": state["n"], **rows}


class WorkingStyles(Means):
    """Length of sessions, switches a day, share of work that was planned, todos begun at once."""

    part: ClassVar[Part] = Part.WORKING_STYLES
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.SESSION_FINISHED, Kind.WEEK_CLOSED})
    keep: ClassVar[int] = 12
    models: ClassVar[Mapping[str, LogMean | Share]] = {
        "session length": LogMean(shipped=0.75, worth=10, half_life=100, low=0.1, high=6),
        "switches a day": LogMean(shipped=4.0, worth=4, half_life=12, low=0.5, high=30),
        "planned share": Share(shipped=0.7, worth=4, half_life=12),
        "work in progress": LogMean(shipped=3.0, worth=4, half_life=12, low=1, high=15),
    }
    units: ClassVar[Mapping[str, tuple[str, str]]] = {
        "session length": ("h", "Geometric mean of sessions; a block of work is suggested at this length."),
        "switches a day": ("", "Changes of todo between sessions of a day, on days with sessions."),
        "planned share": ("", "Todos done that were in the week's plan ÷ all done in the week."),
        "work in progress": ("todos", "Begun and not closed at the end of a week; the suggested limit."),
    }

    def facts(self, action: Action, context: Context) -> Mapping[str, Facts]:
        """A session's length, or a week's numbers."""
        if action.kind is Kind.SESSION_FINISHED:
            return given(context, {"session length": "hours"})
        return given(
            context,
            {"switches a day": "switches", "planned share": "planned_share", "work in progress": "in_progress"},
        )
