"""Ways of choosing what to work on, as a simulation asks for them: the agent, and what people do otherwise."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol, TypeAlias

import numpy as np

from orc_lab.agents.recommend.correction import left_of
from orc_lab.agents.recommend.rule import Work, rank
from orc_lab.agents.recommend.scheduler import Scheduler
from orc_lab.model.entities import Priority

_RANK = {priority.value: rank for rank, priority in enumerate(Priority)}


@dataclass(slots=True, kw_only=True)
class Job:
    """A project in a simulation. A policy may read everything but `actuals`, which stand for the truth.

    `arrived` and `due` are days (the due day is worked to its end); `at` is the task that is next, `spent` the hours
    worked on it so far. `memory` is the policy's own.
    """

    id: int
    arrived: float
    due: int
    priority: str
    category: str
    estimates: Sequence[float]
    actuals: Sequence[float]
    at: int = 0
    spent: float = 0.0
    memory: list[float] = field(default_factory=list)

    @property
    def left(self) -> float:
        """Hours left by the person's own estimates."""
        first, *others = self.estimates[self.at :]
        return left_of(first, self.spent) + math.fsum(others)


class Policy(Protocol):
    """Picks one of the open jobs where there are several, on a day with so many hours; hears of each finished task."""

    def pick(self, jobs: Sequence[Job], today: int, capacity: float) -> Job:
        """Return the job to work on now."""

    def finished(self, job: Job, task: int) -> None:
        """A task of this job is done: its actual hours are known from now on."""


Make: TypeAlias = Callable[[Scheduler, np.random.Generator], Policy]


class ByKey:
    """The job with the smallest key; ties go to the one that came first."""

    def __init__(self, key: Callable[[Job, int, float], tuple[float, ...]]) -> None:
        self._key = key

    def pick(self, jobs: Sequence[Job], today: int, capacity: float) -> Job:
        """Return the job to work on now."""
        return min(jobs, key=lambda job: (*self._key(job, today, capacity), job.arrived, job.id))

    def finished(self, job: Job, task: int) -> None:
        """A fixed rule learns nothing."""


class AtRandom:
    """Any of the open jobs, anew each time."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def pick(self, jobs: Sequence[Job], today: int, capacity: float) -> Job:
        """Return the job to work on now."""
        return jobs[int(self._rng.integers(len(jobs)))]

    def finished(self, job: Job, task: int) -> None:
        """Chance learns nothing."""


class Agent:
    """The scheduler as it stands, which goes on learning from what gets finished.

    It does what `Scheduler.choose` does, without frames; the hours expected of a job are kept until it is worked on.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler.copy()

    def pick(self, jobs: Sequence[Job], today: int, capacity: float) -> Job:
        """Return the job to work on now."""
        by_id = {str(job.id): job for job in jobs}
        works = [self._work(name, job, today, capacity) for name, job in by_id.items()]
        return by_id[str(rank(works, self.scheduler.rule)[0].work.project)]

    def _work(self, name: str, job: Job, today: int, capacity: float) -> Work:
        if job.memory[:2] != [job.at, job.spent]:
            hours = self.scheduler.correction.hours
            first, *others = [hours(estimate, name, job.category) for estimate in job.estimates[job.at :]]
            left = [left_of(first, job.spent), *others]
            job.memory = [job.at, job.spent, max(math.fsum(left), 1e-9), self.scheduler.spread(left)]
        _, _, remaining, spread = job.memory
        hours_left = max(0, job.due + 1 - today) * capacity
        return Work(name, remaining, spread, hours_left, self.scheduler.rule.weight(job.priority))

    def finished(self, job: Job, task: int) -> None:
        """Learn from the task."""
        self.scheduler.correction.learn(job.estimates[task], job.actuals[task], str(job.id), job.category)


def _by_priority(job: Job, today: int, capacity: float) -> tuple[float, ...]:
    return (-_RANK[job.priority],)


def _first_come(job: Job, today: int, capacity: float) -> tuple[float, ...]:
    return (job.arrived,)


def _earliest_due(job: Job, today: int, capacity: float) -> tuple[float, ...]:
    return (job.due < today, job.due)


def _shortest(job: Job, today: int, capacity: float) -> tuple[float, ...]:
    return (job.due < today, job.left)


def _least_slack(job: Job, today: int, capacity: float) -> tuple[float, ...]:
    return (job.due < today, (job.due + 1 - today) * capacity - job.left)


AGENT, PRIORITY, FIRST_COME = "agent", "priority order", "first come first served"
EARLIEST, SHORTEST = "earliest due, late last", "shortest first, late last"
RANDOM, SLACK = "random", "least slack, late last"
SIMPLE = (EARLIEST, SHORTEST)  # the best of these two is the bar
POLICIES: Mapping[str, Make] = MappingProxyType(
    {
        AGENT: lambda scheduler, rng: Agent(scheduler),
        PRIORITY: lambda scheduler, rng: ByKey(_by_priority),
        FIRST_COME: lambda scheduler, rng: ByKey(_first_come),
        EARLIEST: lambda scheduler, rng: ByKey(_earliest_due),
        SHORTEST: lambda scheduler, rng: ByKey(_shortest),
        RANDOM: lambda scheduler, rng: AtRandom(rng),
        SLACK: lambda scheduler, rng: ByKey(_least_slack),
    }
)
