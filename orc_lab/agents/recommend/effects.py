"""What following an advice would change: its rule turned into an action, and the action lived through twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from math import isnan, nan

import numpy as np
import pandas as pd

from orc_lab.agents.atoms import Floats
from orc_lab.agents.forecast import chance, figure, wilson
from orc_lab.agents.health.risks import Risk
from orc_lab.agents.health.snapshot import OpenItem, ProjectSnapshot
from orc_lab.agents.insight.known import Known
from orc_lab.agents.recommend.counterfactual import Action, Effect, OpenWork, Outlook, counterfactual, outlook
from orc_lab.agents.velocity.past import normal_weeks
from orc_lab.agents.velocity.throughput import scenarios

SIZE = 400  # scenarios
_WEEKS = 26  # looked ahead, or to the last due day
_RANK = {"urgent": 0, "high": 1, "medium": 2, "low": 3}
_ROOM_SEED = 1_000_003


@dataclass(frozen=True, kw_only=True, eq=False)
class Futures:
    """The open work of the active projects in scenarios, worked on in the order of their priority."""

    known: Known
    ids: tuple[str, ...]

    @cached_property
    def tasks(self) -> pd.DataFrame:
        """Open tasks of the projects, a column each in the scenarios."""
        tasks = self.known.frames.tasks
        wanted = tasks["project_id"].isin(self.ids) & tasks["id"].isin(self.known.ages["id"])
        return tasks[wanted].sort_values("id").reset_index(drop=True)

    @cached_property
    def work(self) -> OpenWork:
        """Hours that each task still takes, and that each week brings."""
        known, position = self.known, {id: at for at, id in enumerate(self.ids)}
        projects = [known.project(id) for id in self.ids]
        hours = known.estimator.draws(self.tasks, as_of=known.as_of, size=SIZE, seed=known.seed, remaining=True)
        return OpenWork(
            hours=hours,
            project=np.array([position[id] for id in self.tasks["project_id"]], dtype=np.int64),
            room=self._room(),
            due=np.array([_weeks_until(project["due"], known.as_of) for project in projects]),
            names=tuple(str(project["title"]) for project in projects),
            order=tuple(sorted(range(len(self.ids)), key=lambda at: (_RANK.get(projects[at]["priority"], 2), at))),
            growth=np.array([self._growth(id) for id in self.ids]),
        )

    def _room(self) -> Floats:
        """Hours of each coming week; one hour where nothing was ever finished, so that orders can be compared."""
        weeks = self.known.weeks
        history = normal_weeks(weeks["hours"], weeks["capacity"])
        known = list(self.known.frames.ahead[:_WEEKS])
        factors = known + [1.0] * (_WEEKS - len(known))
        room = scenarios(history, _WEEKS, capacity=factors, size=SIZE, seed=self.known.seed + _ROOM_SEED)
        return np.where(np.isnan(room), 1.0, room)

    def _growth(self, id: str) -> float:
        """Hours a week by which a project grows: what came in over twelve weeks, at the hours of a middling todo."""
        mine = self.known.tasks(id)
        arrived = int((mine["created"] > pd.Timestamp(self.known.as_of) - pd.Timedelta(weeks=12)).sum())
        middling = mine["estimate_hours"].median()
        return arrived / 12 * (1.0 if isnan(middling) else float(middling))

    @cached_property
    def base(self) -> Outlook:
        """How it goes if nothing is done."""
        return outlook(self.work)

    def effect(self, id: str, action: Action) -> Effect:
        """What an action changes for a project."""
        return counterfactual(self.work, action, self.ids.index(id), base=self.base)

    def positions(self, items: Sequence[str]) -> list[int]:
        """Columns of these tasks."""
        return np.flatnonzero(self.tasks["id"].isin(list(items))).tolist()


def _weeks_until(due: object, as_of: datetime) -> float:
    """Weeks to the end of a due day, never under 0; infinite without one."""
    if pd.isna(due):  # type: ignore[call-overload]
        return float("inf")
    end = pd.Timestamp(due) + pd.Timedelta(days=1)  # type: ignore[arg-type]
    return max(float((end - pd.Timestamp(as_of)) / pd.Timedelta(weeks=1)), 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What an advice is expected to change: `before`, `after`, and their difference between `low` and `high`."""

    what: str
    before: float
    after: float
    low: float
    high: float
    sentence: str

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON; None for NaN."""
        numbers = {"before": self.before, "after": self.after, "low": self.low, "high": self.high}
        plain = {name: None if isnan(value) else value for name, value in numbers.items()}
        return {"what": self.what, **plain, "sentence": self.sentence}


def against(futures: Futures, project: ProjectSnapshot, risk: Risk) -> Expected:
    """What the first step against a risk is expected to change."""
    if risk.name == "late":
        return _cut(futures, project, [item.id for item in project.cut]) if _cuts(project) else _later(futures, project)
    if risk.name == "likely overrun":
        return narrowing(futures, project.id, [item.id for item in _largest(project)])
    gone = {
        "ageing work": [item.id for item in project.aged],
        "carried over": [item.id for item in project.items if item.carried >= futures.known.lines.carried],
        "too large": [item.id for item in project.items if item.estimate_hours > project.largest_done],
    }
    if items := gone.get(risk.name):
        return _cut(futures, project, items)
    at = futures.ids.index(project.id)
    return expected(futures.effect(project.id, Action(freeze=[at]) if risk.name == "growing scope" else first(at)))


def first(at: int) -> Action:
    """Work on a project before all others."""
    return Action(first=[at])


def _cuts(project: ProjectSnapshot) -> bool:
    """Whether a cut is the first step: of some todos, not all."""
    return 0 < len(project.cut) < project.open


def _largest(project: ProjectSnapshot) -> list[OpenItem]:
    return sorted(project.items, key=lambda item: (-item.hours, item.id))[:3]


def _cut(futures: Futures, project: ProjectSnapshot, items: Sequence[str]) -> Expected:
    """What leaving these todos out does to the date."""
    change = futures.known.what_if(project.id, cut=items).change
    if change is None:
        return Expected(what="days earlier", before=0.0, after=nan, low=nan, high=nan, sentence="Nothing can be said.")
    if isnan(change.p_after):
        low, middle, high = (change.sooner[level] for level in (0.1, 0.5, 0.9))
        told = f"Without them {change.sentence}."
        return Expected(what="days earlier", before=0.0, after=middle, low=low, high=high, sentence=told)
    return Expected(
        what="chance of being on time", before=change.p_after - change.p_change, after=change.p_after,
        low=change.p_low, high=change.p_high, sentence=f"Without them {change.sentence}.",
    )  # fmt: skip


def _later(futures: Futures, project: ProjectSnapshot) -> Expected:
    """What a later date does to the chance of being on time."""
    found = futures.known.completion(project.id)
    day = found.safe()
    before = 0.0 if project.overdue else found.p_on_time
    if day is None:
        return Expected(
            what="chance of being on time", before=before, after=nan, low=nan, high=nan,
            sentence="At the pace so far no date is safe.",
        )  # fmt: skip
    after = found.chance_by(day)
    low, high = wilson(after * len(found.days), len(found.days))
    told = f"Due by {day:%Y-%m-%d} it is on time with a chance of {chance(after)} instead of {chance(before)}."
    return Expected(
        what="chance of being on time", before=before, after=after, low=low - before, high=high - before, sentence=told
    )  # fmt: skip


def expected(effect: Effect) -> Expected:
    """The effect on P(on time), or where there is no due day on the days until it is done."""
    if isnan(effect.before):
        low, middle, high = effect.days
        return Expected(
            what="days earlier", before=0.0, after=middle, low=low, high=high, sentence=effect.sentence
        )  # fmt: skip
    points, least, most = (figure(100 * value, sign=True) for value in (effect.change, effect.low, effect.high))
    told = f"If your hours go by this order and nothing else, it gains {points} points of being on time"
    return Expected(
        what="chance of being on time", before=effect.before, after=effect.after, low=effect.low, high=effect.high,
        sentence=f"{told} (95% between {least} and {most}).",
    )  # fmt: skip


def one_by_one(futures: Futures, items: Sequence[str]) -> Expected:
    """What finishing one begun task first does for it, against working on all of them in turns.

    In turns each of them is done about when the last one is; the first of `items` is the one to finish.
    """
    columns = [futures.tasks.index[futures.tasks["id"] == id][0] for id in items]
    hours = futures.work.hours[:, columns]
    work = OpenWork(
        hours=hours, project=np.arange(len(items)), room=futures.work.room,
        due=np.full(len(items), float("inf")), names=tuple(futures.tasks["title"][columns]),
        order=(*range(1, len(items)), 0),
    )  # fmt: skip
    return expected(counterfactual(work, Action(first=[0]), 0))


def narrowing(futures: Futures, id: str, items: Sequence[str], resamples: int = 200) -> Expected:
    """By how many hours the 80% band of what is left of a project narrows once these tasks are known."""
    at, columns = futures.ids.index(id), futures.positions(items)
    hours = futures.work.hours[:, futures.work.project == at].sum(axis=1)
    known = futures.work.hours[:, columns]
    settled = hours - known.sum(axis=1) + np.median(known, axis=0).sum()
    rows = np.random.default_rng(futures.known.seed).integers(0, SIZE, (resamples, SIZE))
    gained = _width(hours[rows]) - _width(settled[rows])
    before, after = float(_width(hours[None])[0]), float(_width(settled[None])[0])
    low, high = np.quantile(gained, (0.025, 0.975)).tolist()
    told = f"The 80% band of what is left becomes {figure(before - after)} h narrower"
    sentence = f"{told} of {figure(before)} h (95% between {figure(low)} and {figure(high)} h)."
    return Expected(what="hours of the band", before=before, after=after, low=low, high=high, sentence=sentence)


def _width(hours: Floats) -> Floats:
    low, high = np.quantile(hours, (0.1, 0.9), axis=1)
    return np.asarray(high - low)
