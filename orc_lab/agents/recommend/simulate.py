"""Does following the agent get more projects done on time? A simulation on a person's real tasks.

Projects are blocks of 6 to 14 finished tasks in a row of a history, with their estimates and what they really took.
They come in at random (Poisson), as much work as `load` × what can be done; each has a priority drawn at random and a
due day some multiple of the days after it came that its estimates fill, at the person's usual ratio of actual hours to
estimates. One person works so many hours a day. Every policy meets
the same arrivals of the same projects, so that differences are paired. A policy sees estimates, due days and
priorities of what has come in, and the hours of tasks that are done; the agent has learned from the first half of the
history before, the projects are from the second.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import pandas as pd

from orc_lab.agents.atoms import Floats
from orc_lab.agents.forecast import share
from orc_lab.agents.recommend.columns import Columns
from orc_lab.agents.recommend.policies import AGENT, POLICIES, SIMPLE, Job, Make, Policy
from orc_lab.agents.recommend.rule import Rule
from orc_lab.agents.recommend.scheduler import Scheduler
from orc_lab.errors import InvalidValue
from orc_lab.model.entities import Priority

LOADS = (0.7, 0.9, 1.1)
TIGHTNESS: Mapping[str, tuple[float, float]] = {"tight": (1.2, 2.5), "loose": (1.5, 4.0)}
FEWEST, MOST = 6, 14  # tasks of a project
_MIN_TASKS = 4 * MOST  # of a person: half to learn from, half to draw from
_RESAMPLES = 1000
_DAY = 1e-9  # hours: what is shorter than this is over


class Ask(StrEnum):
    """When a policy is asked: whenever a task is done or a day begins, or at the beginning of each day only."""

    TASK = "task"
    DAY = "day"
    WHOLE_TASK = "whole task"  # a task once begun is finished first, over as many days as it takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Share of projects on time by policy and regime, with paired differences to the agent.

    `table` has a row a load, tightness and policy: `on_time`, and its 95% interval `low`, `high`; `gain`, how much more
    the agent gets on time, relatively (.2: a fifth more), with `gain_low`, `gain_high`. Intervals are from resampled
    replications. Empty, with `needs`, where the history is too short.
    """

    table: pd.DataFrame
    replications: int
    projects: int
    needs: str = ""

    def gains(self, *policies: str) -> pd.DataFrame:
        """A row a regime: the gain over the best of these policies in it, with its interval."""
        mine = self.table[self.table["policy"].isin(policies)]
        best = mine.loc[mine.groupby(["load", "due"], sort=False)["on_time"].idxmax()]
        return best[["load", "due", "policy", "on_time", "gain", "gain_low", "gain_high"]].reset_index(drop=True)

    @property
    def sentence(self) -> str:
        """For a page."""
        if self.table.empty:
            return f"Too little data. {self.needs}"
        rest = [name for name in self.table["policy"].unique() if name not in (AGENT, *SIMPLE)]
        spans = [f"{_span(self.gains(name)['gain'])} against {name}" for name in rest]
        if set(SIMPLE) <= set(self.table["policy"]):
            spans.append(f"{_span(self.gains(*SIMPLE)['gain'])} against the best simple rule")
        return f"Projects on time, following the agent: {'; '.join(spans)}."

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        rows = [
            {str(name): value if not isinstance(value, float) or math.isfinite(value) else None
             for name, value in row.items()}
            for row in self.table.to_dict("records")
        ]  # fmt: skip
        return {
            "table": rows, "replications": self.replications, "projects": self.projects, "needs": self.needs,
            "sentence": self.sentence,
        }  # fmt: skip


def _span(gains: pd.Series) -> str:
    low, high = (f"{'+' if value >= 0 else '−'}{share(abs(value))}" for value in (gains.min(), gains.max()))
    return low if low == high else f"{low} to {high}"


def simulate(
    history: pd.DataFrame,
    *,
    rule: Rule | None = None,
    policies: Mapping[str, Make] = POLICIES,
    loads: Sequence[float] = LOADS,
    tightness: Mapping[str, tuple[float, float]] = TIGHTNESS,
    capacity: float = 6.0,
    projects: int = 60,
    replications: int = 50,
    ask: Ask = Ask.TASK,
    seed: int = 0,
) -> Comparison:
    """Compare policies on made-up arrivals of real tasks.

    `history` is finished tasks: `estimate_hours`, `actual_hours`, and where there are `completed` (their order),
    `category` and `person`; each replication takes one person's tasks, in turn. `tightness` names the due days: they
    are drawn evenly between two multiples of the days that the project's estimates fill at the person's usual ratio.

    Returns an empty Comparison where no person has 56 tasks with both hours. Raises InvalidValue where a load,
    capacity or number is not positive.
    """
    _check(loads=loads, capacity=[capacity], projects=[projects], replications=[replications])
    people = [_Person.of(mine, rule or Rule()) for mine in _people(history)]
    if not people:
        needs = f"A person with {_MIN_TASKS} finished tasks that have an estimate and actual hours would be needed."
        return Comparison(table=pd.DataFrame(columns=_COLUMNS), replications=0, projects=projects, needs=needs)
    rows: list[list[object]] = []
    for load in loads:
        for due, (low, high) in tightness.items():
            shares = np.empty((replications, len(policies)))
            for turn in range(replications):
                person = people[turn % len(people)]
                rng = np.random.default_rng([seed, turn, round(100 * load), round(100 * low), round(100 * high)])
                jobs = person.jobs(rng, projects, load, (low, high), capacity)
                for at, make in enumerate(policies.values()):
                    policy = make(person.scheduler, np.random.default_rng([seed, turn, at]))
                    shares[turn, at] = run(jobs, policy, capacity, ask).mean()
            rows += _rows(load, due, list(policies), shares, seed)
    return Comparison(table=pd.DataFrame(rows, columns=_COLUMNS), replications=replications, projects=projects)


_COLUMNS = ["load", "due", "policy", "on_time", "low", "high", "gain", "gain_low", "gain_high"]


def _check(**numbers: Sequence[float]) -> None:
    for name, values in numbers.items():
        if not (len(values) and all(math.isfinite(value) and value > 0 for value in values)):
            raise InvalidValue(name, values, "more than 0")


def run(jobs: Sequence[Job], policy: Policy, capacity: float, ask: Ask = Ask.TASK) -> np.typing.NDArray[np.bool_]:
    """Work through jobs, sorted by arrival, until all are done; return whether each was done by its due day."""
    waiting = [replace(job, memory=[]) for job in jobs]
    done = np.full(len(waiting), math.inf)
    here: list[Job] = []
    now, came, current = 0.0, 0, -1  # now in hours worked; current: the day on which the job was picked
    job: Job | None = None
    while came < len(waiting) or here:
        while came < len(waiting) and waiting[came].arrived * capacity <= now + _DAY:
            here.append(waiting[came])
            came += 1
        if not here:
            now = waiting[came].arrived * capacity
            continue
        today = int((now + _DAY) / capacity)
        if job is None or (ask is not Ask.WHOLE_TASK and today != current):
            job, current = here[0] if len(here) == 1 else policy.pick(here, today, capacity), today
        need = job.actuals[job.at] - job.spent
        worked = need if ask is Ask.WHOLE_TASK else min(need, (today + 1) * capacity - now)
        now, job.spent = now + worked, job.spent + worked
        if need - worked > _DAY:
            job = None
            continue
        job.at, job.spent = job.at + 1, 0.0
        policy.finished(job, job.at - 1)
        if job.at == len(job.actuals):
            done[job.id] = now
            here.remove(job)
            job = None
        elif ask is not Ask.DAY:
            job = None
    return np.array([end <= (job.due + 1) * capacity + _DAY for end, job in zip(done, waiting, strict=True)])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Person:
    """A scheduler that has learned from the first half of a history, and the second half to draw from."""

    scheduler: Scheduler
    estimates: Floats
    actuals: Floats
    ratio: float
    categories: list[str]

    @classmethod
    def of(cls, tasks: pd.DataFrame, rule: Rule) -> _Person:
        past, rest = tasks.iloc[: len(tasks) // 2], tasks.iloc[len(tasks) // 2 :]
        known = past.drop(columns=[name for name in ("project", "project_id") if name in past.columns])
        return cls(
            scheduler=Scheduler(rule).observe(known),
            estimates=rest["estimate_hours"].to_numpy(dtype=np.float64),
            actuals=rest["actual_hours"].to_numpy(dtype=np.float64),
            ratio=float(past["actual_hours"].sum() / past["estimate_hours"].sum()),
            categories=Columns.of(rest).texts("category"),
        )

    def jobs(
        self, rng: np.random.Generator, count: int, load: float, factors: tuple[float, float], capacity: float
    ) -> list[Job]:
        """Projects in order of arrival; they bring `load` times the hours that can be worked."""
        sizes = rng.integers(FEWEST, MOST + 1, count)
        starts = rng.integers(0, len(self.actuals) - MOST + 1, count)
        blocks = [slice(start, start + size) for start, size in zip(starts, sizes, strict=True)]
        mean = np.mean([self.actuals[block].sum() for block in blocks])
        arrivals = np.cumsum(rng.exponential(mean / (load * capacity), count))
        usual = np.array([self.estimates[block].sum() for block in blocks]) * self.ratio / capacity
        after = rng.uniform(*factors, count) * usual
        levels = rng.choice([priority.value for priority in Priority], count)
        return [
            Job(id=n, arrived=float(arrivals[n]), due=int(arrivals[n] + after[n]), priority=str(levels[n]),
                category=self.categories[block.start], estimates=self.estimates[block].tolist(),
                actuals=self.actuals[block].tolist())
            for n, block in enumerate(blocks)
        ]  # fmt: skip


def _people(history: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Finished tasks with both hours of each person who has enough, in order of completion."""
    for name in ("estimate_hours", "actual_hours"):
        if name not in history.columns:
            raise InvalidValue("history", list(history.columns), f"a column named {name}")
    usable = history[(history["estimate_hours"] > 0) & (history["actual_hours"] > 0)]
    if "completed" in usable.columns:
        keys = [name for name in ("completed", "id", "estimate_hours", "actual_hours") if name in usable.columns]
        usable = usable[usable["completed"].notna()].sort_values(keys)
    groups = [usable] if "person" not in usable.columns else [mine for _, mine in usable.groupby("person")]
    return (mine for mine in groups if len(mine) >= _MIN_TASKS)


def _rows(load: float, due: str, names: list[str], shares: Floats, seed: int) -> list[list[object]]:
    """A row a policy; `shares` has shape (replications, policies). Without the agent among them there is no gain."""
    rng = np.random.default_rng([seed, _RESAMPLES])
    again = shares[rng.integers(0, len(shares), (_RESAMPLES, len(shares)))].mean(axis=1)
    mean = shares.mean(axis=0)
    agent = names.index(AGENT) if AGENT in names else None
    rows: list[list[object]] = []
    for at, name in enumerate(names):
        row: list[object] = [load, due, name, mean[at], *np.quantile(again[:, at], [0.025, 0.975])]
        if agent is None or not mean[at] or not again[:, at].all():
            rows.append([*row, math.nan, math.nan, math.nan])
            continue
        ratio = np.quantile(again[:, agent] / again[:, at], [0.025, 0.975]) - 1
        rows.append([*row, mean[agent] / mean[at] - 1, *ratio])
    return rows
