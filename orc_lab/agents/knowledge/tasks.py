"""What todos teach: by how much estimates are corrected, what comes first, which ways they take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, log
from typing import Any, ClassVar

from orc_lab.agents.knowledge.action import Action, Context, Kind
from orc_lab.agents.knowledge.entry import Facts, Learner, Parameter
from orc_lab.agents.knowledge.means import digits
from orc_lab.agents.knowledge.parts import Part
from orc_lab.agents.knowledge.shrink import State
from orc_lab.agents.recommend.rule import Rule

ALL = "all work"
_SIZES = ((1.0, "size up to 1 h"), (4.0, "size 1 to 4 h"), (float("inf"), "size over 4 h"))


def scopes(task: Mapping[str, Any]) -> tuple[str, ...]:
    """The entries that speak of a task, widest first: all work, its size, its category, its project.

    `task` has, where known, estimate_hours, category and project (or project_id).
    """
    found = [ALL]
    hours = task.get("estimate_hours")
    if isinstance(hours, int | float) and 0 < hours < float("inf"):
        found.append(next(name for most, name in _SIZES if hours <= most))
    for kind, value in (("category", task.get("category")), ("project", task.get("project_id", task.get("project")))):
        if isinstance(value, str) and value:
            found.append(f"{kind} {value}")
    return tuple(found)


class EstimationModels(Learner):
    """By how much a person corrects estimates before work starts: mean ln(corrected ÷ before), along a chain.

    Finished todos are the estimator's business, which compares hours with the estimate as it was when work started. A
    correction before that is what it can't see: todos not corrected yet are multiplied by
    exp(m), m = (κ·m_wider + Σw·r) ÷ (κ + Σw) from all work to size, category and project; κ = 24 corrections, w halves
    every 40, r is clipped at ln 4.
    """

    part: ClassVar[Part] = Part.ESTIMATION_MODELS
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.TASK_ESTIMATION_CORRECTED})
    open: ClassVar[bool] = True
    keep: ClassVar[int] = 40
    # Each correction counts at three levels or four, so 24 a level are some 8 in all.
    _kappa, _half_life, _clip = 24.0, 40.0, log(4.0)

    def names(self) -> Sequence[str]:
        """All work and the sizes."""
        return [ALL, *(name for _, name in _SIZES)]

    def facts(self, action: Action, context: Context) -> Mapping[str, Facts]:
        """ln(corrected ÷ before), for every scope of the task; nothing where no hours stood there before."""
        before = context.get("before_hours")
        if not isinstance(before, int | float) or not 0 < before < float("inf"):
            return {}
        ratio = log(action.detail["actual_time"]) - log(before)
        return dict.fromkeys(scopes(context), round(ratio, 4))

    def begin(self, name: str) -> State:
        """No correction."""
        return {"n": 0, "weight": 0.0, "sum": 0.0}

    def fold(self, name: str, state: State, facts: Facts) -> State:
        """One more correction."""
        keep = 0.5 ** (1 / self._half_life)
        ratio = min(max(float(facts), -self._clip), self._clip)
        return {"n": state["n"] + 1, "weight": keep * state["weight"] + 1.0, "sum": keep * state["sum"] + ratio}

    def mean(self, state: State, wider: float = 0.0) -> float:
        """Shrunken mean of the log ratio, given that of the wider scope."""
        if not state["n"]:
            return wider
        return float((self._kappa * wider + state["sum"]) / (self._kappa + state["weight"]))

    def parameters(self, name: str, state: State) -> Sequence[Parameter]:
        """The factor of this scope alone."""
        return [
            Parameter(
                name="factor", value=digits(exp(self.mean(state))), unit="×", shipped=1.0,
                help="Estimates not corrected yet are multiplied by it; a narrow scope leans on the wider ones.",
            )
        ]  # fmt: skip

    def evidence(self, name: str, state: State) -> Mapping[str, float | str]:
        """Corrections."""
        return {"corrections": state["n"], "shipped value worth": self._kappa}


_SHIPPED = Rule()
_MOST_WAIT = 4.0  # due days beyond this many look-aheads are all as far


class PrioritizationRules(Learner):
    """Weights of priorities and the look-ahead, from what a person chose over what.

    A choice is taken as P(i) ∝ w_i ÷ h_i · exp(−max(0, slack_i) ÷ (ℓ·h̄)), the index by which work is ordered (see
    `recommend.rule`): w by priority, h hours, h̄ their mean, slack in hours, cut at four times ℓ·h̄. Each choice is one
    step up the gradient of ln P(chosen) in ln w and ln ℓ, of size 1 ÷ (k + n): the shipped values are worth k = 8
    choices. Each stays between half and twice what is shipped: further out, projects are late that needn't be.
    """

    part: ClassVar[Part] = Part.PRIORITIZATION_RULES
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.TASK_CHOSEN})
    keep: ClassVar[int] = 24
    name: ClassVar[str] = "what comes first"
    _worth, _reach = 8.0, log(2.0)
    _most = 12  # todos passed over that are looked at

    def names(self) -> Sequence[str]:
        """One: the weights are learned together."""
        return [self.name]

    def facts(self, action: Action, context: Context) -> Mapping[str, Facts]:
        """[priority, hours, slack in hours] of the todo chosen, then of those passed over."""
        options = context.get("options")
        if not options or len(options) < 2:
            return {}
        return {self.name: [list(option) for option in options[: 1 + self._most]]}

    def begin(self, name: str) -> State:
        """No choice: ln of the factors on the shipped values."""
        return {"n": 0, "weights": dict.fromkeys(_SHIPPED.weights, 0.0), "lookahead": 0.0}

    def fold(self, name: str, state: State, facts: Facts) -> State:
        """One more choice, its first option the one that was chosen."""
        mean = sum(hours for _, hours, _ in facts) / len(facts)
        reach = _SHIPPED.lookahead * exp(state["lookahead"]) * mean
        waits = [min(max(0.0, slack) / reach, _MOST_WAIT) for _, _, slack in facts]
        scores = [
            state["weights"][priority] + log(_SHIPPED.weights[priority]) - log(hours) - wait
            for (priority, hours, _), wait in zip(facts, waits, strict=True)
        ]
        shares = [exp(score - max(scores)) for score in scores]
        shares = [share / sum(shares) for share in shares]
        step = 1 / (self._worth + state["n"])
        weights = dict(state["weights"])
        for index, ((priority, _, _), share) in enumerate(zip(facts, shares, strict=True)):
            weights[priority] += step * ((index == 0) - share)
        felt = waits[0] - sum(share * wait for share, wait in zip(shares, waits, strict=True))
        return {
            "n": state["n"] + 1,
            "weights": {key: min(max(value, -self._reach), self._reach) for key, value in weights.items()},
            "lookahead": min(max(state["lookahead"] + step * min(max(felt, -1.0), 1.0), -self._reach), self._reach),
        }

    def weights(self, state: State) -> dict[str, float]:
        """Weight of each priority."""
        return {key: _moved(shipped, state["weights"][key]) for key, shipped in _SHIPPED.weights.items()}

    def lookahead(self, state: State) -> float:
        """The look-ahead ℓ, in mean lengths of what is chosen among."""
        return _moved(_SHIPPED.lookahead, state["lookahead"])

    def parameters(self, name: str, state: State) -> Sequence[Parameter]:
        """The weights and the look-ahead."""
        weights = [
            Parameter(name=f"weight of {key}", value=value, unit="", shipped=_SHIPPED.weights[key],
                      help="What an hour's work on it is worth, beside others.")
            for key, value in self.weights(state).items()
        ]  # fmt: skip
        ahead = Parameter(
            name="lookahead", value=self.lookahead(state), unit="", shipped=_SHIPPED.lookahead,
            help="How far ahead a due day is felt, in mean lengths of what is chosen among.",
        )  # fmt: skip
        return [*weights, ahead]

    def evidence(self, name: str, state: State) -> Mapping[str, float | str]:
        """Choices."""
        return {"choices": state["n"], "shipped values worth": self._worth}


def _moved(shipped: float, by: float) -> float:
    return digits(shipped * exp(by)) if by else shipped


_KNOWN_DAYS = 3  # stays in a stage before their median says anything
_WAYS = 12  # different ways that are counted
_COMMON, _COMMON_TODOS = 0.2, 10  # a way that a fifth of ten todos took needs no approval


class WorkflowPatterns(Learner):
    """Ways through the pipeline: how often each was taken, which are approved, how many days each stage takes.

    Counts are plain; the stay in a stage is a geometric mean (the median of a lognormal), told from three stays on. A
    way counts as known once the person approved it, or once a fifth of ten todos or more took it.
    """

    part: ClassVar[Part] = Part.WORKFLOW_PATTERNS
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.TASK_COMPLETED, Kind.WORKFLOW_OPTIMIZATION})
    open: ClassVar[bool] = True
    keep: ClassVar[int] = 8

    def names(self) -> Sequence[str]:
        """All work; a category is there once something of it was done."""
        return [ALL]

    def facts(self, action: Action, context: Context) -> Mapping[str, Facts]:
        """The way, and the days in each stage, for all work and the category."""
        if action.kind is Kind.WORKFLOW_OPTIMIZATION:
            category = action.detail["category"]
            return {f"category {category}" if category else ALL: {"approved": action.detail["way"]}}
        if not context.get("way"):
            return {}
        told = {"way": context["way"], "days": dict(context.get("days") or {})}
        category = context.get("category")
        return dict.fromkeys((ALL, *([f"category {category}"] if category else ())), told)

    def begin(self, name: str) -> State:
        """No todo."""
        return {"n": 0, "ways": {}, "approved": [], "days": {}}

    def fold(self, name: str, state: State, facts: Facts) -> State:
        """One more todo, or one more approved way."""
        if (way := facts.get("approved")) is not None:
            return {**state, "approved": [*(known for known in state["approved"] if known != way), way]}
        ways = dict(state["ways"])
        ways[facts["way"]] = ways.get(facts["way"], 0) + 1
        if len(ways) > _WAYS:  # the rarest goes, of those not the one just taken
            del ways[min((key for key in ways if key != facts["way"]), key=lambda key: (ways[key], key))]
        days = dict(state["days"])
        for stage, stay in facts["days"].items():
            n, total = days.get(stage, (0, 0.0))
            days[stage] = [n + 1, total + log(max(stay, 0.01))]
        return {**state, "n": state["n"] + 1, "ways": ways, "days": days}

    def known(self, state: State) -> tuple[str, ...]:
        """Ways that need no flag: the approved ones, the latest first, then the common ones."""
        common = [
            way for way, count in sorted(state["ways"].items(), key=lambda each: (-each[1], each[0]))
            if state["n"] >= _COMMON_TODOS and count >= _COMMON * state["n"]
        ]  # fmt: skip
        return tuple(dict.fromkeys([*reversed(state["approved"]), *common]))

    def stay(self, state: State, stage: str) -> float | None:
        """Typical days in a stage; None under three stays."""
        n, total = state["days"].get(stage, (0, 0.0))
        return digits(exp(total / n)) if n >= _KNOWN_DAYS else None

    def parameters(self, name: str, state: State) -> Sequence[Parameter]:
        """The known ways, and the days in each stage that was passed."""
        ways = " or ".join(way.replace(">", " → ") for way in self.known(state)) or None
        stays = [
            Parameter(name=f"stay in {stage}", value=self.stay(state, stage), unit="days", shipped=None,
                      help="Geometric mean of the stays.")
            for stage in state["days"]
        ]  # fmt: skip
        return [
            Parameter(name="known ways", value=ways, unit="", shipped=None, help="Not flagged as skips or loops."),
            *stays,
        ]

    def evidence(self, name: str, state: State) -> Mapping[str, float | str]:
        """Todos done, and how often each way was taken."""
        ways = {f"took {way.replace('>', ' → ')}": count for way, count in state["ways"].items()}
        return {"todos": state["n"], "approved ways": len(state["approved"]), **ways}
