"""The knowledge base: ten parts, each a set of entries; learn, why and forget over them, and what outputs ask of it.

    kb = learn(KnowledgeBase(), project_completed("p1", "2026-11-20"), context)
    kb.pattern_adjustments(); kb.why(Part.PATTERNS, "overdue"); kb = kb.forget(Part.PATTERNS, "overdue")

It is immutable and knows no database: `agent.AgentKnowledge` stores it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import exp
from types import MappingProxyType
from typing import Any

from orc_lab.agents.forecast import amount, half_up
from orc_lab.agents.knowledge.action import Action, Context, Kind
from orc_lab.agents.knowledge.entry import Case, Entry, Learner, Reason, case
from orc_lab.agents.knowledge.parts import Part
from orc_lab.agents.knowledge.projects import OptimizationRules, Patterns, RiskIndicators, SuccessMetrics
from orc_lab.agents.knowledge.shrink import State
from orc_lab.agents.knowledge.tasks import ALL, EstimationModels, PrioritizationRules, WorkflowPatterns, scopes
from orc_lab.agents.knowledge.users import Focus, GoalAchievementHistory, ProductivityPatterns, WorkingStyles
from orc_lab.agents.recommend.rule import Rule
from orc_lab.errors import InvalidValue

_PATTERNS, _METRICS, _RISKS, _RULES = Patterns(), SuccessMetrics(), RiskIndicators(), OptimizationRules()
_ESTIMATES, _ORDER, _WAYS = EstimationModels(), PrioritizationRules(), WorkflowPatterns()
_FOCUS, _GOALS, _STYLES = ProductivityPatterns(), GoalAchievementHistory(), WorkingStyles()
LEARNERS: Mapping[Part, Learner] = MappingProxyType(
    {
        each.part: each
        for each in (
            _PATTERNS, _METRICS, _RISKS, _RULES, _ESTIMATES, _ORDER, _WAYS, _FOCUS, _GOALS, _STYLES,
        )
    }
)  # fmt: skip

_TAUGHT = {kind: [each for each in LEARNERS.values() if kind in each.kinds] for kind in Kind}

Entries = Mapping[str, Entry]
_NOTHING: Entries = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Projects:
    """What was learned of projects, by name; what isn't in here is as shipped."""

    patterns: Entries = field(default_factory=lambda: _NOTHING)
    success_metrics: Entries = field(default_factory=lambda: _NOTHING)
    risk_indicators: Entries = field(default_factory=lambda: _NOTHING)
    optimization_rules: Entries = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tasks:
    """What was learned of todos, by name; what isn't in here is as shipped."""

    estimation_models: Entries = field(default_factory=lambda: _NOTHING)
    prioritization_rules: Entries = field(default_factory=lambda: _NOTHING)
    workflow_patterns: Entries = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Users:
    """What was learned of the person, by name; what isn't in here is as shipped."""

    productivity_patterns: Entries = field(default_factory=lambda: _NOTHING)
    goal_achievement_history: Entries = field(default_factory=lambda: _NOTHING)
    working_styles: Entries = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleWeight:
    """What a rule of advice is worth: P(following it beats doing nothing), and whether it rests."""

    rule: str
    weight: float
    retired: bool
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeBase:
    """What is known; `KnowledgeBase()` is what is shipped. `version` counts the entries' changes."""

    projects: Projects = field(default_factory=Projects)
    tasks: Tasks = field(default_factory=Tasks)
    users: Users = field(default_factory=Users)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> KnowledgeBase:
        """The base that holds these entries."""
        return cls()._with(entries)

    # Reading

    def learned(self, part: Part | str) -> Entries:
        """Entries of a part that were ever changed, by name. Raises InvalidValue for what is no part."""
        group, _, name = known_part(part).value.partition(".")
        found: Entries = getattr(getattr(self, group), name)
        return found

    def names(self, part: Part | str) -> tuple[str, ...]:
        """Names of a part's entries: the shipped ones, then what was learned beside them, by letter."""
        return tuple(dict.fromkeys([*LEARNERS[known_part(part)].names(), *sorted(self.learned(part))]))

    def entry(self, part: Part | str, name: str) -> Entry:
        """An entry, as learned or as shipped; one of an unknown name is as shipped too, where the part has such."""
        found = self.learned(part).get(name)
        return found or Entry(learner=LEARNERS[known_part(part)], name=name)

    def entries(self, part: Part | str) -> tuple[Entry, ...]:
        """All entries of a part."""
        return tuple(self.entry(part, name) for name in self.names(part))

    def all(self) -> tuple[Entry, ...]:
        """Every entry that was ever changed, part by part."""
        return tuple(entry for part in Part for entry in self.learned(part).values())

    @property
    def version(self) -> int:
        """Sum of the entries' versions: 0 as shipped, more with everything learned or forgotten."""
        return sum(entry.version for entry in self.all())

    def why(self, part: Part | str, name: str) -> tuple[Reason, ...]:
        """What taught an entry, oldest first, each with what it changed. Raises InvalidValue for an unknown name."""
        return self._there(part, name).why()

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON, by group and part."""
        found: dict[str, dict[str, object]] = defaultdict(dict)
        for part in Part:
            found[part.group][part.value.partition(".")[2]] = [entry.as_dict() for entry in self.entries(part)]
        return dict(found)

    # Changing

    def learn_all(self, told: Iterable[tuple[Action, Context]], *, again: bool = True) -> KnowledgeBase:
        """The base after these actions, in whatever order; itself where they say nothing new.

        Without `again`, what a person had forgotten isn't learned from the same actions again.
        """
        news: dict[tuple[Part, str], list[Case]] = defaultdict(list)
        for action, context in told:
            for learner in _TAUGHT[action.kind]:
                for name, facts in learner.facts(action, context).items():
                    news[learner.part, name].append(case(action, facts))
        changed = []
        for (part, name), cases in news.items():
            before = self.entry(part, name)
            if (after := before.learn(cases, again=again)) is not before:
                changed.append(after)
        return self._with(changed) if changed else self

    def forget(
        self, part: Part | str | None = None, name: str | None = None, action: str | None = None
    ) -> KnowledgeBase:
        """The base without what was learned, all of it or from one action (by its key).

        `part` and `name` say where: one entry, a whole part, or everywhere. Raises InvalidValue for an unknown part or
        entry, for an action that isn't kept there, and where nothing was learned.
        """
        if part is not None and name is not None:
            found: Iterable[Entry] = [self._there(part, name)]
        else:
            found = self.learned(part).values() if part is not None else self.all()
        changed = [after for entry in found if (after := entry.forget(action)) is not entry]
        if not changed and action is not None:
            keys = list(dict.fromkeys(one.key for entry in found for one in entry.cases[-3:]))[:5]
            raise InvalidValue("action", action, f"an action that is kept, such as {', '.join(keys) or 'none so far'}")
        if not changed:
            raise InvalidValue("name", name, "an entry that has learned something")
        return self._with(changed)

    def without(self, keys: Container[str]) -> KnowledgeBase:
        """The base without actions, by their keys, that turned out not to be so: a todo opened again."""
        found = [entry.without(keys) for entry in self.all()]
        changed = [after for before, after in zip(self.all(), found, strict=True) if after is not before]
        return self._with(changed) if changed else self

    def _there(self, part: Part | str, name: str) -> Entry:
        names = self.names(part)
        if name not in names:
            raise InvalidValue("name", name, f"one of {known_part(part)}: {', '.join(names) or 'none so far'}")
        return self.entry(part, name)

    def _with(self, entries: Iterable[Entry]) -> KnowledgeBase:
        changed: dict[str, dict[str, dict[str, Entry]]] = defaultdict(dict)
        for entry in entries:
            group, _, part = entry.part.value.partition(".")
            changed[group].setdefault(part, dict(self.learned(entry.part)))[entry.name] = entry
        groups = {
            group: replace(getattr(self, group), **{part: MappingProxyType(found) for part, found in parts.items()})
            for group, parts in changed.items()
        }
        return replace(self, **groups)

    # What outputs ask

    def _state(self, part: Part, name: str) -> State:
        return self.entry(part, name).state

    def pattern_adjustments(self) -> Mapping[str, int]:
        """Points of health by the name of the pattern."""
        return {name: _PATTERNS.points(name, self._state(Part.PATTERNS, name)) for name in self.names(Part.PATTERNS)}

    def success_metrics(self) -> Mapping[str, float]:
        """How completed projects went: days ÷ planned, hours ÷ estimate, on time (share), todos a week."""
        return self._means(Part.SUCCESS_METRICS)

    def thresholds(self) -> Mapping[str, float]:
        """From where on something is a risk, for `Thresholds().moved(…)`: idle_days, carried, blind, aged_share.

        Days and weeks are whole.
        """
        found = dict(self._means(Part.RISK_INDICATORS))
        return found | {name: half_up(found[name]) for name in ("idle_days", "carried")}

    def _means(self, part: Part) -> Mapping[str, float]:
        learner = _METRICS if part is Part.SUCCESS_METRICS else _RISKS if part is Part.RISK_INDICATORS else _STYLES
        return {name: learner.value(name, self._state(part, name)) for name in learner.names()}

    def rule(self, name: str) -> RuleWeight:
        """What a rule of advice is worth; an unknown one is active with even odds."""
        state = self._state(Part.OPTIMIZATION_RULES, name)
        weight, retired = _RULES.weight(state), _RULES.retired(state)
        n, besides = state["followed"]["n"], state["not"]["n"]
        well, other = state["helped"]
        told = (
            f"followed {amount(n, 'times')}, {well} went well; "
            f"not followed {amount(besides, 'times')}, {other} went well"
        )
        verdict = " It rests until it does better than doing nothing." if retired else ""
        return RuleWeight(
            rule=name, weight=weight, retired=retired,
            sentence=f"“{name}”: {told}. Following it is better with a chance of {weight:.0%}.{verdict}",
        )  # fmt: skip

    def rule_weights(self) -> Mapping[str, float]:
        """Weights of the rules that were learned of, 0 for a retired one."""
        found = [self.rule(name) for name in self.names(Part.OPTIMIZATION_RULES)]
        return {each.rule: 0.0 if each.retired else each.weight for each in found}

    def retired(self) -> tuple[str, ...]:
        """Rules that rest."""
        return tuple(name for name in self.names(Part.OPTIMIZATION_RULES) if self.rule(name).retired)

    def estimate_factor(self, task: Mapping[str, Any]) -> float:
        """What an estimate that nobody corrected yet is multiplied by; 1 as shipped.

        `task` has, where known, estimate_hours, category and project_id (or project).
        """
        mean = 0.0
        for name in scopes(task):
            if name in self.tasks.estimation_models:
                mean = _ESTIMATES.mean(self._state(Part.ESTIMATION_MODELS, name), mean)
        return exp(mean)

    def priority_weights(self) -> Mapping[str, float]:
        """Weight of low, medium, high and urgent."""
        return _ORDER.weights(self._state(Part.PRIORITIZATION_RULES, _ORDER.name))

    def lookahead(self) -> float:
        """How far ahead a due day is felt, in mean lengths of what is chosen among."""
        return _ORDER.lookahead(self._state(Part.PRIORITIZATION_RULES, _ORDER.name))

    def order_rule(self) -> Rule:
        """The rule by which work is ordered, for `Scheduler(kb.order_rule())`."""
        return Rule(lookahead=self.lookahead(), weights=self.priority_weights())

    def known_ways(self, category: str | None = None) -> tuple[tuple[str, ...], ...]:
        """Ways through the pipeline that need no flag, the best first: those of a category, then those of all work."""
        names = [f"category {category}", ALL] if category else [ALL]
        ways = [way for name in names for way in _WAYS.known(self._state(Part.WORKFLOW_PATTERNS, name))]
        return tuple(tuple(way.split(">")) for way in dict.fromkeys(ways))

    def stay_days(self, stage: str, category: str | None = None) -> float | None:
        """Typical days in a stage, of the category or else of all work; None where too few are known."""
        names = [f"category {category}", ALL] if category else [ALL]
        stays = (_WAYS.stay(self._state(Part.WORKFLOW_PATTERNS, name), stage) for name in names)
        return next((stay for stay in stays if stay is not None), None)

    def focus(self) -> Focus | None:
        """Shares of hours by weekday and hour of the day; None under four weeks with sessions."""
        return _FOCUS.focus(self._state(Part.PRODUCTIVITY_PATTERNS, _FOCUS.name))

    def commitment(self) -> Mapping[str, float]:
        """Share of commitments that holds (held), hours and todos of a plan that get done, weeks known."""
        state = self._state(Part.GOAL_ACHIEVEMENT_HISTORY, _GOALS.name)
        return {
            "held": _GOALS.held.value(state["held"]), "hours": _GOALS.hours.value(state["hours"]),
            "todos": _GOALS.todos.value(state["todos"]), "weeks": float(state["n"]),
        }  # fmt: skip

    def working_style(self) -> Mapping[str, float]:
        """Session length (h), switches a day, planned share, work in progress (todos)."""
        return self._means(Part.WORKING_STYLES)


def known_part(part: Part | str) -> Part:
    """The part of this name; raises InvalidValue."""
    try:
        return Part(part)
    except ValueError:
        raise InvalidValue("part", part, "one of " + ", ".join(Part)) from None


def learn(kb: KnowledgeBase, action: Action, context: Context) -> KnowledgeBase:
    """The base after one action. `context` holds the plain numbers that it needs; `context.context_of` takes them."""
    return kb.learn_all([(action, context)])
