"""What projects teach: points of health patterns, how completed ones went, what is unusual, which advice helps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from orc_lab.agents.forecast import half_up
from orc_lab.agents.health.patterns import PATTERNS
from orc_lab.agents.health.thresholds import DEFAULT
from orc_lab.agents.knowledge.action import Action, Context, Kind
from orc_lab.agents.knowledge.entry import Facts, Learner, Parameter
from orc_lab.agents.knowledge.means import Means, digits, given
from orc_lab.agents.knowledge.parts import Part
from orc_lab.agents.knowledge.shrink import LogMean, Share, State, logit, p_greater, sigmoid

POINTS = 20.0  # of health that a change of one in the log-odds of a good end is worth
_BASE = 0.6  # share of projects that go well, before any is known
_WORTH = 15.0  # projects that the shipped points are worth
_MOST = 45  # points: no single pattern decides alone

RULE_TRIALS = 12  # resolved recommendations of a rule before it may retire
RETIRES = 0.25  # chance of beating doing nothing under which it does


class Patterns(Learner):
    """Points of the health patterns, refitted from what became of projects that showed them half-way.

    points = 20·[logit p(shown) − logit p(others)], with p = (k·p₀ + went well) ÷ (k + ended) and k = 15 projects. p₀ is
    .6 for the others; for those that showed the pattern it is where the shipped points put them beside the others, so
    that a pattern which no project showed keeps its points. Whole points, within ±45.
    """

    part: ClassVar[Part] = Part.PATTERNS
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.PROJECT_COMPLETED, Kind.PROJECT_GIVEN_UP})
    keep: ClassVar[int] = 40

    def names(self) -> Sequence[str]:
        """The shipped patterns."""
        return [pattern.name for pattern in PATTERNS]

    def facts(self, action: Action, context: Context) -> Mapping[str, Facts]:
        """Whether the project showed each pattern half-way, and whether it went well."""
        if context.get("midway") is None:
            return {}
        good, shown = int(context["good"]), set(context["midway"])
        return {name: [int(name in shown), good] for name in self.names()}

    def begin(self, name: str) -> State:
        """No project."""
        return {"shown": [0, 0], "others": [0, 0]}

    def fold(self, name: str, state: State, facts: Facts) -> State:
        """One more project, [well, badly] ended, among those that showed the pattern or the others."""
        shown, good = facts
        group = "shown" if shown else "others"
        well, badly = state[group]
        return {**state, group: [well + good, badly + 1 - good]}

    def points(self, name: str, state: State) -> int:
        """What the pattern is worth."""
        shipped = _shipped_points().get(name, 0)
        if not sum(state["shown"]):
            return shipped
        others = _log_odds(state["others"], _BASE)
        odds = _log_odds(state["shown"], sigmoid(others + shipped / POINTS)) - others
        return int(half_up(min(max(POINTS * odds, -_MOST), _MOST)))

    def parameters(self, name: str, state: State) -> Sequence[Parameter]:
        """The points."""
        points, shipped = self.points(name, state), _shipped_points().get(name, 0)
        return [Parameter(name="points", value=points, unit="", shipped=shipped, help="Added to the health score.")]

    def evidence(self, name: str, state: State) -> Mapping[str, float | str]:
        """Projects, by what they showed and how they ended."""
        return {
            "shown, went well": state["shown"][0], "shown, went badly": state["shown"][1],
            "others, went well": state["others"][0], "others, went badly": state["others"][1],
        }  # fmt: skip


def _shipped_points() -> Mapping[str, int]:
    return {pattern.name: pattern.adjustment for pattern in PATTERNS}


def _log_odds(ended: Sequence[int], prior: float) -> float:
    well, badly = ended
    return logit((_WORTH * prior + well) / (_WORTH + well + badly))


class SuccessMetrics(Means):
    """How completed projects went, to compare a running one with."""

    part: ClassVar[Part] = Part.SUCCESS_METRICS
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.PROJECT_COMPLETED})
    keep: ClassVar[int] = 40
    models: ClassVar[Mapping[str, LogMean | Share]] = {
        "days ÷ planned": LogMean(shipped=1.2, worth=4, half_life=20, low=0.1, high=10),
        "hours ÷ estimate": LogMean(shipped=1.1, worth=4, half_life=20, low=0.1, high=10),
        "on time": Share(shipped=0.6, worth=4, half_life=20),
        "todos a week": LogMean(shipped=2.0, worth=4, half_life=20, low=0.1, high=50),
    }
    units: ClassVar[Mapping[str, tuple[str, str]]] = {
        "days ÷ planned": ("", "From creation to completion ÷ from creation to the due day."),
        "hours ÷ estimate": ("", "Hours of the todos done ÷ their estimates, where both are known."),
        "on time": ("", "Share of completed projects with a due day that kept it."),
        "todos a week": ("todos", "Todos done ÷ weeks from creation to completion."),
    }

    def facts(self, action: Action, context: Context) -> Mapping[str, Facts]:
        """What is known of a completed project."""
        return given(context, {
            "days ÷ planned": "days_ratio", "hours ÷ estimate": "hours_ratio", "on time": "on_time",
            "todos a week": "throughput",
        })  # fmt: skip


class RiskIndicators(Means):
    """From where on something is unusual: how far projects that went well went, and a margin."""

    part: ClassVar[Part] = Part.RISK_INDICATORS
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.PROJECT_COMPLETED})
    keep: ClassVar[int] = 40
    models: ClassVar[Mapping[str, LogMean | Share]] = {
        "idle_days": LogMean(shipped=DEFAULT.idle_days, worth=5, half_life=20, low=4, high=60),
        "carried": LogMean(shipped=DEFAULT.carried, worth=5, half_life=20, low=2, high=8),
        "blind": LogMean(shipped=DEFAULT.blind, worth=5, half_life=20, low=0.2, high=0.8),
        "aged_share": LogMean(shipped=DEFAULT.aged_share, worth=5, half_life=20, low=0.25, high=0.9),
    }
    units: ClassVar[Mapping[str, tuple[str, str]]] = {
        "idle_days": ("days", "Silence that is unusual: 1½ × the longest of a project that went well, 4 to 60."),
        "carried": ("weeks", "One more than the most that a todo was carried and still got done, 2 to 8."),
        "blind": ("", "Open todos without an estimate: the share of such projects half-way and .15, .2 to .8."),
        "aged_share": ("", "Begun todos older than 85% of finished ones: the share half-way and .15, .25 to .9."),
    }
    _margins: ClassVar[Mapping[str, tuple[str, float, float]]] = {
        "idle_days": ("longest_gap_days", 1.5, 0.0), "carried": ("most_carried", 1.0, 1.0),
        "blind": ("blind_share", 1.0, 0.15), "aged_share": ("aged_share", 1.0, 0.15),
    }  # fmt: skip

    def facts(self, action: Action, context: Context) -> Mapping[str, Facts]:
        """How far a project that went well went, and the margin."""
        if not context.get("good"):
            return {}
        found = given(context, {name: key for name, (key, _, _) in self._margins.items()})
        return {name: digits(self._margins[name][1] * far + self._margins[name][2]) for name, far in found.items()}


class OptimizationRules(Learner):
    """Whether following a rule's advice beats not following it: two Beta shares of things that went well.

    Both start at the same even odds, worth four recommendations each. weight = P(share where followed > share where
    not); a rule retires when that is under .25 after twelve recommendations, and comes back when it is not any more.
    """

    part: ClassVar[Part] = Part.OPTIMIZATION_RULES
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.RECOMMENDATION_RESOLVED})
    open: ClassVar[bool] = True
    keep: ClassVar[int] = 40
    _share = Share(shipped=0.5, worth=4, half_life=40)

    def names(self) -> Sequence[str]:
        """None: a rule is there once a recommendation of it was resolved."""
        return ()

    def facts(self, action: Action, context: Context) -> Mapping[str, Facts]:
        """Whether the advice was followed, and whether things went well."""
        told: Mapping[str, Any] = action.detail
        return {str(told["rule"]): [int(told["followed"]), int(told["helped"])]}

    def begin(self, name: str) -> State:
        """No recommendation."""
        return {"followed": self._share.begin(), "not": self._share.begin(), "helped": [0, 0]}

    def fold(self, name: str, state: State, facts: Facts) -> State:
        """One more recommendation."""
        followed, helped = facts
        group = "followed" if followed else "not"
        counts = list(state["helped"])
        counts[0 if followed else 1] += helped
        return {**state, group: self._share.add(state[group], helped, 1 - helped), "helped": counts}

    def weight(self, state: State) -> float:
        """P(following beats doing nothing); .5 before anything is known."""
        return round(p_greater(self._share.counts(state["followed"]), self._share.counts(state["not"])), 3)

    def retired(self, state: State) -> bool:
        """Whether the rule should rest."""
        return state["followed"]["n"] + state["not"]["n"] >= RULE_TRIALS and self.weight(state) < RETIRES

    def parameters(self, name: str, state: State) -> Sequence[Parameter]:
        """Weight and standing."""
        standing = "retired" if self.retired(state) else "active"
        return [
            Parameter(
                name="weight", value=self.weight(state), unit="", shipped=0.5,
                help="P(things go well more often where the advice is followed than where it isn't).",
            ),
            Parameter(
                name="standing", value=standing, unit="", shipped="active",
                help=f"Retired: a weight under {RETIRES} after {RULE_TRIALS} recommendations.",
            ),
        ]  # fmt: skip

    def evidence(self, name: str, state: State) -> Mapping[str, float | str]:
        """Recommendations, by response and outcome."""
        well, besides = state["helped"]
        return {
            "followed": state["followed"]["n"], "followed, went well": well,
            "not followed": state["not"]["n"], "not followed, went well": besides,
        }  # fmt: skip
