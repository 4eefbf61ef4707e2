"""The rule that orders projects: apparent tardiness cost on the work that is left, times the chance to be on time.

A project is worth starting now when little work is left, when its slack is small beside the work of the others, and
when it can still be on time at all. The index of a project with weight w, r hours of work left and s hours of slack is

    ln(w · r̄ / r) − max(0, s) / (k · r̄) + ln P(on time if nothing else were done)

with r̄ the mean work left of the projects that can be on time (A. P. J. Vepsalainen & T. E. Morton, Management Science
1987, for the first two terms). It has no unit: hours and capacity may be counted in anything.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Self

from orc_lab.errors import InvalidValue
from orc_lab.model.entities import Priority

_STEP = 1.2  # a step of priority is worth a fifth of the hours: more costs projects on time
_WEIGHTS = {priority.value: _STEP ** (rank - 1) for rank, priority in enumerate(Priority)}
_PLACES = 9  # what differs by less is a tie, so that another unit of hours can't turn it


class State(StrEnum):
    """Where a project stands; the order of the members is the order of the groups."""

    ALIVE = "can be on time"
    UNDATED = "no due date"
    HOPELESS = "hardly on time any more"
    LATE = "already late"


class Hopeless(StrEnum):
    """What becomes of projects that are late or hardly on time any more."""

    LAST = "last"
    LEAVE_OUT = "leave out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The numbers of the rule; the defaults are what the simulation found flat around.

    `lookahead` is k, in mean projects: how far ahead slack still counts. `weights` go by priority; another priority, or
    none, weighs 1. Below a chance of `hopeless` a project counts as lost, and `lost` says what becomes of it.
    """

    lookahead: float = 2.0
    weights: Mapping[str, float] = field(default_factory=_WEIGHTS.copy)
    hopeless: float = 0.1
    lost: Hopeless = Hopeless.LAST

    def __post_init__(self) -> None:
        if not (math.isfinite(self.lookahead) and self.lookahead > 0):
            raise InvalidValue("lookahead", self.lookahead, "a number above 0, in mean projects")
        if not all(math.isfinite(weight) and weight > 0 for weight in self.weights.values()):
            raise InvalidValue("weights", dict(self.weights), "a number above 0 for each priority")
        if not 0 <= self.hopeless < 1:
            raise InvalidValue("hopeless", self.hopeless, "a chance of at least 0 and less than 1")

    def weight(self, priority: object) -> float:
        """Weight of a priority as the person writes it."""
        return self.weights.get(priority, 1.0) if isinstance(priority, str) else 1.0

    @classmethod
    def of(cls, values: Mapping[str, object]) -> Self:
        """The rule that `as_dict` wrote; what is left out is as usual. Raises InvalidValue for what fits no rule."""
        plain = dict(values)
        if "lost" in plain:
            plain["lost"] = _lost(plain["lost"])
        try:
            return cls(**plain)  # type: ignore[arg-type]  # checked by the rule itself
        except TypeError as error:
            raise InvalidValue("rule", plain, "lookahead, weights, hopeless and lost") from error

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "lookahead": self.lookahead, "weights": dict(self.weights), "hopeless": self.hopeless,
            "lost": self.lost.value,
        }  # fmt: skip


def _lost(value: object) -> Hopeless:
    try:
        return Hopeless(str(value))
    except ValueError as error:
        raise InvalidValue("lost", value, " or ".join(Hopeless)) from error


class Work(NamedTuple):
    """A project to be ranked: `remaining` hours expected (> 0) and their `spread`, the sd of their log.

    `hours_left` is how many hours will be worked on anything until the due day ends; infinite without a due date, 0 or
    less when that is over.
    """

    project: Hashable
    remaining: float
    spread: float
    hours_left: float
    weight: float


class Ranked(NamedTuple):
    """A project with its terms: `value` is the index, `chance` P(on time) if nothing else were done, or NaN."""

    work: Work
    state: State
    value: float
    slack: float
    chance: float


_GROUP = {State.ALIVE: 0, State.UNDATED: 1, State.HOPELESS: 2, State.LATE: 2}


def rank(works: Sequence[Work], rule: Rule) -> list[Ranked]:
    """Return the projects, the one to work on first; ties go by hours left, then by the project's name.

    Those that can be on time come first, then those without a date, last the lost ones, shortest first by weight.
    """
    chances = [chance_alone(work) for work in works]
    states = [_state(work, chance, rule) for work, chance in zip(works, chances, strict=True)]
    mean = _mean_work(works, chances, states)
    ranked = [
        Ranked(work, state, _index(work, state, chance, mean, rule), work.hours_left - work.remaining, chance)
        for work, state, chance in zip(works, states, chances, strict=True)
    ]
    return sorted(ranked, key=_key)


def _key(item: Ranked) -> tuple[int, float, float, str]:
    return (_GROUP[item.state], -round(item.value, _PLACES), item.work.hours_left, str(item.work.project))


def chance_alone(work: Work) -> float:
    """P(the work left fits into the hours left), lognormal with that mean and spread; NaN without a due date."""
    if math.isinf(work.hours_left):
        return math.nan
    if work.hours_left <= 0:
        return 0.0
    spread = max(work.spread, 1e-6)
    score = math.log(work.hours_left / work.remaining) / spread + spread / 2
    return 0.5 * math.erfc(-score / math.sqrt(2))


def _state(work: Work, chance: float, rule: Rule) -> State:
    if math.isnan(chance):
        return State.UNDATED
    if work.hours_left <= 0:
        return State.LATE
    return State.ALIVE if chance > rule.hopeless else State.HOPELESS


def _mean_work(works: Sequence[Work], chances: Sequence[float], states: Sequence[State]) -> float:
    """Mean work left of the projects that can be on time, by their chance; of all of them where there is none."""
    alive = [(w.remaining, c) for w, c, s in zip(works, chances, states, strict=True) if s is State.ALIVE]
    if not alive:
        return sum(work.remaining for work in works) / max(len(works), 1)
    return sum(hours * chance for hours, chance in alive) / sum(chance for _, chance in alive)


def _index(work: Work, state: State, chance: float, mean: float, rule: Rule) -> float:
    index = math.log(work.weight * mean / work.remaining)
    if state is not State.ALIVE:
        return index
    return index - max(0.0, work.hours_left - work.remaining) / (rule.lookahead * mean) + math.log(chance)
