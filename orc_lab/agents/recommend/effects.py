"""What following an advice would change: its rule turned into an action, and the action lived through twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from math import isnan, nan, sqrt

import numpy as np
import pandas as pd

from orc_lab.agents.atoms import Floats
from orc_lab.agents.forecast import amount, chance, figure, wilson
from orc_lab.agents.health.risks import Risk, lies, small_cut
from orc_lab.agents.health.snapshot import OpenItem, ProjectSnapshot
from orc_lab.agents.insight.known import Known
from orc_lab.agents.recommend.counterfactual import Action, Effect, OpenWork, Outlook, counterfactual, outlook
from orc_lab.agents.velocity.past import normal_weeks
from orc_lab.agents.velocity.throughput import scenarios

SIZE = 400  # scenarios
_WEEKS = 26  # looked ahead, or to the last due day
_RANK = {"urgent": 0, "high": 1, "medium": 2, "low": 3}
_ROOM_SEED = 1_000_003
_RESAMPLES = 200
_Z = 1.959964


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
        return OpenWork(
            hours=self.drawn(self.tasks, SIZE),
            project=np.array([position[id] for id in self.tasks["project_id"]], dtype=np.int64),
            room=self._room(),
            due=np.array([_weeks_until(project["due"], known.as_of) for project in projects]),
            names=tuple(str(project["title"]) for project in projects),
            order=tuple(sorted(range(len(self.ids)), key=lambda at: (_RANK.get(projects[at]["priority"], 2), at))),
            growth=np.array([self._growth(id) for id in self.ids]),
        )

    def drawn(self, tasks: pd.DataFrame, size: int) -> Floats:
        """Scenarios of the hours that tasks still take, shape (size, tasks)."""
        known = self.known
        return known.estimator.draws(tasks, as_of=known.as_of, size=size, seed=known.seed, remaining=True)

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
    """What the first step against a high risk is expected to change."""
    if risk.name != "late":
        return narrowing(futures, project.id, [item.id for item in _largest(project)], "its largest todos")
    found = None
    if small_cut(project, futures.known.lines):
        found = without(futures, project.id, [item.id for item in project.cut])
    if found is None and project.due is not None and lies(project):
        return _closing(futures, project.id, project.due)
    return found or _later(futures, project)


def first(at: int) -> Action:
    """Work on a project before all others."""
    return Action(first=[at])


def _largest(project: ProjectSnapshot) -> list[OpenItem]:
    return sorted(project.items, key=lambda item: (-item.hours, item.id))[:3]


def easing(project: ProjectSnapshot, risk: Risk, futures: Futures) -> Callable[[], Expected | None] | None:
    """How to find out what the first step against a lesser risk would change; None for a risk without such a step."""
    if risk.name == "growing scope":
        frozen = Action(freeze=[futures.ids.index(project.id)])
        return lambda: expected(futures.effect(project.id, frozen))
    tired = [item for item in project.items if item.carried >= futures.known.lines.carried]
    gone = {"carried over": tired, "ageing work": project.aged}.get(risk.name, ())
    if not 0 < len(gone) < project.open:
        return None
    return partial(without, futures, project.id, [item.id for item in gone])


def without(futures: Futures, id: str, items: Sequence[str]) -> Expected | None:
    """What leaving some todos out does: to the chance of being on time, or to the date; None where it is unknown."""
    look, due = futures.known.look(id), futures.known.completion(id).due
    days = look.days if due is None else look.bound
    before, after = days(look.unchanged, look.none), days(~np.isin(look.ids, list(items)), look.none)
    if not len(before):
        return None
    if due is None:
        low, middle, high = np.quantile(before - after, (0.1, 0.5, 0.9)).tolist()
        told = (
            f"Without them it is done {amount(middle, 'days')} earlier (80% between {figure(low)} and {figure(high)})."
        )
        return Expected(what="days earlier", before=0.0, after=middle, low=low, high=high, sentence=told)
    by = (due - look.as_of.date()).days
    return _gained(before, after, by, "Without them")


def _closing(futures: Futures, id: str, due: datetime) -> Expected:
    """What closing or dropping by the due day whatever would be left lying does to the chance of being on time."""
    look = futures.known.look(id)
    before, after = look.bound(look.unchanged, look.none), look.worked(look.unchanged, look.none)
    return _gained(before, after, (due.date() - look.as_of.date()).days, "If nothing is left lying")


def _gained(before: Floats, after: Floats, by: int, told: str) -> Expected:
    gained = (after <= by).astype(np.float64) - (before <= by)
    p, change, half = float((after <= by).mean()), float(gained.mean()), _Z * float(gained.std()) / sqrt(len(gained))
    points = f"{figure(100 * change, sign=True)} points, 95% within {figure(100 * half)}"
    return Expected(
        what="chance of being on time", before=p - change, after=p, low=change - half, high=change + half,
        sentence=f"{told} the chance of being on time becomes {chance(p)} ({points}).",
    )  # fmt: skip


def _later(futures: Futures, project: ProjectSnapshot) -> Expected:
    """What a later date does to the chance of being on time."""
    found = futures.known.completion(project.id)
    day = found.safe()
    before = 0.0 if project.overdue else found.p_on_time
    if day is None:
        return Expected(
            what="chance of being on time", before=before, after=nan, low=nan, high=nan,
            sentence="At the pace so far no date within a year is safe.",
        )  # fmt: skip
    after = found.chance_by(day)
    low, high = wilson(after * len(found.days), len(found.days))
    now = "none: the due day is over" if project.overdue else chance(before)
    told = f"Due by {day:%Y-%m-%d} it is on time with a chance of {chance(after)} instead of {now}."
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


def narrowing(futures: Futures, id: str, items: Sequence[str], named: str = "these todos") -> Expected:
    """By how many hours the 80% band of what is left of a project would narrow if these tasks' hours were known.

    That is the most that thinking about them can bring. `named` is what the sentence calls them.
    """
    mine = futures.tasks[futures.tasks["project_id"] == id]
    hours = futures.work.hours[:, mine.index]
    known = np.where(mine["id"].isin(list(items)).to_numpy(), np.median(hours, axis=0), hours)
    told = f"Were the hours of {named} known, the 80% band of what is left would be"
    return _narrower(hours.sum(axis=1), known.sum(axis=1), told, futures.known.seed)


def estimated(futures: Futures, id: str, items: Sequence[str]) -> Expected:
    """By how many hours that band narrows once these tasks have an estimate: here the median of what is expected."""
    look = futures.known.look(id)
    own, blind = look.open_tasks["estimate_hours"], look.open_tasks["id"].isin(list(items))
    rated = look.open_tasks.assign(estimate_hours=own.where(~blind, np.median(look.hours, axis=0)))
    after = futures.drawn(rated, len(look.hours))
    told = f"With an estimate of {amount(len(items), 'todos')} without one, the 80% band of what is left is"
    return _narrower(look.hours.sum(axis=1), after.sum(axis=1), told, futures.known.seed)


def _narrower(before: Floats, after: Floats, told: str, seed: int) -> Expected:
    """Two bands compared, with an interval from resampled scenarios (B. Efron, Annals of Statistics 1979)."""
    rows = np.random.default_rng(seed).integers(0, len(before), (_RESAMPLES, len(before)))
    wide, narrow = (float(_width(each[None])[0]) for each in (before, after))
    low, high = np.quantile(_width(before[rows]) - _width(after[rows]), (0.025, 0.975)).tolist()
    gained = f"{figure(wide - narrow)} h narrower than its {figure(wide)} h"
    sentence = f"{told} {gained} (95% between {figure(low, sign=True)} and {figure(high, sign=True)} h)."
    return Expected(what="hours of the band", before=wide, after=narrow, low=low, high=high, sentence=sentence)


def _width(hours: Floats) -> Floats:
    low, high = np.quantile(hours, (0.1, 0.9), axis=1)
    return np.asarray(high - low)
