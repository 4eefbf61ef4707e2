"""Scenarios of how a plan gets done: its hours against its pace, and how long its slowest todo is left lying.

A plan is done when its hours are worked, those that arrive meanwhile included, and when the last of its todos is
closed: T = max(work, lying). On real histories small plans end with a todo left lying rather than with the hours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from orc_lab.agents.atoms import Floats
from orc_lab.agents.completion.lifetimes import Bools, Lifetimes
from orc_lab.agents.velocity.throughput import scenarios

HORIZON = 52  # weeks simulated; beyond, each scenario goes on at its own late pace
FAREST = 5200.0  # weeks: a century is never
_AS_BEFORE = 0.5  # chance that a plan goes on at its own pace; else it gets all the hours there are
_YOUNG = 8.0  # weeks of its own that halve that chance's distance from none
_BLOCK = 4  # weeks drawn together
_SOON = 13  # weeks by which a pace is called slow or fast
_ARRIVING, _QUIET = 8.0, 4.0  # half-life in weeks of what arrivals are read from; weeks without any added to them
_LEAST = 0.05  # of all hours that a plan gets in the long run
_FADING = 26.0  # weeks after which arrivals have fallen by e: no scope grows forever
_UNEVEN = 1.5  # squared coefficient of variation of the hours of a new todo


Weeks = Callable[[Floats, int, int], Floats]  # history, size, seed → hours of the weeks ahead, (size, HORIZON)


def scenarios_ahead(history: Floats, size: int, seed: int) -> Floats:
    """Weeks ahead by the velocity model; those of the whole person serve all of their plans."""
    return _ahead(history.tobytes(), size, seed)


@lru_cache(maxsize=4)
def _ahead(history: bytes, size: int, seed: int) -> Floats:
    found = scenarios(np.frombuffer(history), HORIZON, size=size, seed=seed)
    found.flags.writeable = False
    return found


def blocks_ahead(history: Floats, size: int, seed: int) -> Floats:
    """Weeks ahead from blocks of the last year's: quick enough for hundreds of replays."""
    if not history.any():
        return np.full((size, HORIZON), np.nan)
    recent = history[-HORIZON:]
    starts = np.random.default_rng(seed).integers(len(recent), size=(size, -(-HORIZON // _BLOCK)))
    at = (starts[:, :, None] + np.arange(_BLOCK)) % len(recent)
    return np.asarray(recent[at.reshape(size, -1)[:, :HORIZON]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is known of a plan: its open todos and the weeks behind it.

    `hours` (size, todos) are scenarios of what is left, `age` (todos,) days since creation. `own` and `all` are hours
    of past complete weeks, as in normal weeks, of the plan (empty where it is no project) and of the person, oldest
    first; `arrived` todos that came into the plan a week, empty where its scope is fixed; `typical` the mean hours of a
    new todo; `capacity` (HORIZON,) the factors of the weeks ahead. The last
    `new` todos aren't there yet.
    """

    hours: Floats
    age: Floats
    own: Floats
    all: Floats
    arrived: Floats
    typical: float
    capacity: Floats
    new: int = 0

    @property
    def arrivals(self) -> float:
        """Todos expected to come in a week, as of now."""
        weight = 0.5 ** (np.arange(len(self.arrived))[::-1] / _ARRIVING)
        return float(weight @ self.arrived / (weight.sum() + _QUIET))


@dataclass(frozen=True, eq=False)
class Simulation:
    """Scenarios of a plan: `hours` (size, todos), zero where dropped; `waiting` (size, todos) days until it is closed.

    `pace` and `whole` (size, HORIZON): hours worked by the end of each week on the plan, net of what arrives, and on
    everything.
    """

    hours: Floats
    waiting: Floats
    pace: Floats
    whole: Floats

    @classmethod
    def of(cls, plan: Plan, life: Lifetimes, seed: int, weeks: Weeks = scenarios_ahead) -> Simulation:
        """Draw the scenarios, paces by `weeks`; all NaN where the person never finished anything with hours."""
        size = len(plan.hours)
        rng = np.random.default_rng((seed, 7))
        slow = rng.normal(size=size)
        there = len(plan.age) - plan.new  # what is new draws for itself, so that the rest stays as it is without it
        parts = (
            life.left(plan.age[:there], slow, rng),
            life.left(plan.age[there:], slow, np.random.default_rng((seed, 19))),
        )
        waiting, dropped = (np.concatenate(both, axis=1) for both in zip(*parts, strict=True))
        whole = _paired(weeks(plan.all, size, seed + 1_000_003) * plan.capacity, slow)
        pace = whole
        if plan.own.any():
            own = weeks(plan.own, size, seed + 2_000_003) * plan.capacity
            usual = rng.random((size, 1)) < _AS_BEFORE * len(plan.own) / (len(plan.own) + _YOUNG)
            pace = np.where(usual, _paired(own, slow), whole)
        net = pace - _arrivals(plan, size, rng) * (1 - life.drop_share)
        return cls(np.where(dropped, 0.0, plan.hours), waiting, net.cumsum(axis=1), whole.cumsum(axis=1))

    def days(self, kept: Bools, first: Bools, before: Floats | float = 0.0) -> Floats:
        """Days until the `kept` todos are done, (size,); arguments as in `parts`."""
        return np.maximum(*self.parts(kept, first, before))

    def parts(self, kept: Bools, first: Bools, before: Floats | float = 0.0) -> tuple[Floats, Floats]:
        """Days until the `kept` todos are worked, and until none of them is left lying, (size,) each.

        `first` of them are worked before anything else; `before` are hours of other todos that come before the plan.
        """
        rest = self.hours[:, kept & ~first].sum(axis=1)
        lying = self.waiting[:, kept & ~first].max(axis=1, initial=0.0)
        if not (first.any() or np.any(before)):
            return 7 * self._plan.reached(rest), lying
        ahead = np.asarray(before + self.hours[:, kept & first].sum(axis=1))
        start = self._person.reached(ahead)
        worked = self._plan.reached(rest + self._plan.at(start))
        return 7 * np.maximum(np.where(rest > 0, worked, 0.0), start), lying

    @cached_property
    def _plan(self) -> Curve:
        return Curve.of(self.pace, self.whole)

    @cached_property
    def _person(self) -> Curve:
        return Curve.of(self.whole, self.whole)


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Hours brought by the end of each week, from 0 on, (size, HORIZON + 1): as they are, and the most so far.

    `beyond` (size,) are the hours a week after the horizon.
    """

    hours: Floats
    most: Floats
    beyond: Floats

    @classmethod
    def of(cls, pace: Floats, whole: Floats) -> Curve:
        """Read cumulated weeks; beyond the horizon the pace of its second half goes on, at least a part of `whole`."""
        hours = np.pad(pace, ((0, 0), (1, 0)))
        late = (pace[:, -1] - pace[:, HORIZON // 2 - 1]) / (HORIZON - HORIZON // 2)
        rate = np.maximum(np.maximum(late, _LEAST * whole[:, -1] / HORIZON), 1e-9)
        return cls(hours, np.maximum.accumulate(hours, axis=1), rate)

    def reached(self, hours: Floats) -> Floats:
        """Weeks until each scenario brings its hours, linear within a week, 0 for none and FAREST at most."""
        week = (self.most < hours[:, None]).sum(axis=1)
        inside = np.clip(week, 1, HORIZON)
        rows = np.arange(len(hours))
        low, high = self.most[rows, inside - 1], self.most[rows, inside]
        within = inside - 1 + (hours - low) / np.where(high > low, high - low, 1.0)
        after = HORIZON + (hours - self.most[:, -1]) / self.beyond
        return np.minimum(np.where(week == 0, 0.0, np.where(week > HORIZON, after, within)), FAREST)

    def at(self, weeks: Floats) -> Floats:
        """Hours that each scenario has brought by so many weeks, linear within a week."""
        whole = np.clip(weeks, 0, HORIZON - 1).astype(np.int64)
        rows = np.arange(len(weeks))
        part = np.clip(weeks - whole, 0.0, 1.0)
        return np.asarray(self.hours[rows, whole] * (1 - part) + self.hours[rows, whole + 1] * part)


def _paired(weeks: Floats, slow: Floats) -> Floats:
    """Scenarios of weeks, dealt so that those bring least where `slow` (size,) is largest: plans stand still as one."""
    fastest = np.argsort(-weeks[:, :_SOON].sum(axis=1), kind="stable")
    out = np.empty_like(weeks)
    out[np.argsort(slow, kind="stable")] = weeks[fastest]
    return out


def _arrivals(plan: Plan, size: int, rng: np.random.Generator) -> Floats:
    """Hours that come into the plan in each week ahead, (size, HORIZON); its arrivals fade."""
    if not plan.arrived.any():
        return np.zeros((size, HORIZON))
    weight = 0.5 ** (np.arange(len(plan.arrived))[::-1] / _ARRIVING)
    exposed = 2 * (weight.sum() + _QUIET)
    rate = rng.gamma(2 * (weight @ plan.arrived) + 0.5, 1 / exposed, (size, 1))
    count = rng.poisson(rate * np.exp(-np.arange(HORIZON) / _FADING))
    return np.asarray(rng.gamma(count / _UNEVEN, plan.typical * _UNEVEN))
