"""What follows from the knowledge base for a person: plain sentences with the numbers behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from orc_lab.agents.forecast import amount, figure, half_up, share
from orc_lab.agents.knowledge.base import KnowledgeBase
from orc_lab.agents.knowledge.users import DAYS, FOCUS_WEEKS

_BLOCK_STEP, _SHORTEST, _LONGEST = 5, 20, 120  # minutes of a suggested block of work
_FAR = 1.25  # a number this many times the usual one, or that part of it, is worth a word
_STRONG_DAY = 1.15 / 7
_QUANTILE = "q"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A number of a project beside the usual one of the person's completed projects, seen `n` times."""

    name: str
    mine: float
    usual: float
    n: int
    sentence: str

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "name": self.name, "mine": self.mine, "usual": self.usual, "n": self.n, "sentence": self.sentence,
        }  # fmt: skip


def compare(kb: KnowledgeBase, project: Mapping[str, Any]) -> tuple[Comparison, ...]:
    """A project beside the completed ones; `project` holds what `Surroundings.project` gives, None where unknown."""
    keys = {"days ÷ planned": "days_ratio", "hours ÷ estimate": "hours_ratio", "todos a week": "throughput"}
    usual = kb.success_metrics()
    return tuple(
        _comparison(name, float(project[key]), usual[name], kb.entry("projects.success_metrics", name).count)
        for name, key in keys.items()
        if project.get(key) is not None
    )


def _comparison(name: str, mine: float, usual: float, n: int) -> Comparison:
    word = "about as usual" if usual / _FAR < mine < usual * _FAR else "more than usual" if mine > usual else "less"
    basis = f"your completed projects have {figure(usual)}, n = {n}" if n else f"{figure(usual)} is assumed so far"
    sentence = f"{name[0].upper()}{name[1:]}: {figure(mine)}, {word} ({basis})."
    return Comparison(name=name, mine=mine, usual=usual, n=n, sentence=sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """How much to commit to for a usual week: hours and todos that such plans got done, and the share that holds."""

    hours: float
    todos: float
    held: float
    weeks: int

    @property
    def sentence(self) -> str:
        """For a page."""
        known = f"{amount(self.weeks, 'weeks')} with a plan"
        basis = known if self.weeks else "an assumption: no week with a plan is over yet"
        much = f"Commit to about {figure(self.hours)} h or {amount(half_up(self.todos), 'todos')}"
        return f"{much}; {share(self.held)} of commitments hold (from {basis})."

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "hours": self.hours, "todos": self.todos, "held": self.held, "weeks": self.weeks,
            "sentence": self.sentence,
        }  # fmt: skip


def commit_advice(kb: KnowledgeBase, *, capacity: float = 1.0) -> Commit:
    """How much to commit to for a week of such a part of a usual one."""
    known = kb.commitment()
    return Commit(
        hours=capacity * known["hours"], todos=capacity * known["todos"], held=known["held"], weeks=int(known["weeks"])
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepWork:
    """The hours of the day, `start` up to `end`, in which most is worked, and the strongest days; None if unknown."""

    start: int | None
    end: int | None
    part: float
    days: tuple[str, ...]
    weeks: int

    @property
    def sentence(self) -> str:
        """For a page."""
        if self.start is None or self.end is None:
            return f"Your hours of focus can't be told yet: sessions in {FOCUS_WEEKS} weeks are needed ({self.weeks})."
        days = f", most of all on {' and '.join(self.days)}" if self.days else ""
        hours = f"Keep {self.start:02d}:00 to {self.end % 24:02d}:00 for deep work{days}"
        return f"{hours}: {share(self.part)} of your hours fall there ({amount(self.weeks, 'weeks')})."

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "start": self.start, "end": self.end, "share": self.part, "days": list(self.days), "weeks": self.weeks,
            "sentence": self.sentence,
        }  # fmt: skip


def deep_work(kb: KnowledgeBase, *, hours: int = 3) -> DeepWork:
    """The `hours` hours on end that hold most of a person's work; unknown under four weeks with sessions."""
    focus = kb.focus()
    if focus is None:
        weeks = int(kb.entry("users.productivity_patterns", "hours of focus").state["weeks"])
        return DeepWork(start=None, end=None, part=0.0, days=(), weeks=weeks)
    sums = [sum(focus.hour[(start + i) % 24] for i in range(hours)) for start in range(24)]
    start = max(range(24), key=lambda at: (round(sums[at], 9), -at))
    strong = [day for day, part in zip(DAYS, focus.weekday, strict=True) if part >= _STRONG_DAY]
    strong.sort(key=lambda day: -focus.weekday[DAYS.index(day)])
    return DeepWork(start=start, end=start + hours, part=sums[start], days=tuple(strong[:2]), weeks=focus.weeks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a person works, and what is suggested: minutes of a block, todos begun at once."""

    block_minutes: int
    wip_limit: int
    switches: float
    planned: float
    n: int

    @property
    def sentence(self) -> str:
        """For a page."""
        switches, begun = amount(self.switches, "times"), amount(self.wip_limit, "todos")
        habits = f"You switch {switches} a day, and {share(self.planned)} of what you do was planned"
        basis = "" if self.n else " (assumed so far)"
        return f"Work in blocks of {self.block_minutes} minutes, at most {begun} begun. {habits}{basis}."

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "block_minutes": self.block_minutes, "wip_limit": self.wip_limit, "switches": self.switches,
            "planned": self.planned, "n": self.n, "sentence": self.sentence,
        }  # fmt: skip


def style_advice(kb: KnowledgeBase) -> Style:
    """The length of a block of work, in steps of five minutes from 20 to 120, and the limit of work in progress."""
    known = kb.working_style()
    minutes = _BLOCK_STEP * half_up(60 * known["session length"] / _BLOCK_STEP)
    n = sum(entry.count for entry in kb.entries("users.working_styles"))
    return Style(
        block_minutes=int(min(max(minutes, _SHORTEST), _LONGEST)),
        wip_limit=max(1, int(half_up(known["work in progress"]))),
        switches=known["switches a day"],
        planned=known["planned share"],
        n=n,
    )


def corrected(
    kb: KnowledgeBase, predicted: pd.DataFrame, tasks: pd.DataFrame, *, already: Sequence[str] = ()
) -> pd.DataFrame:
    """Quantiles of an estimator times the correction that a person usually makes; index and columns as given.

    `tasks` are those that were predicted, `already` the ids of those whose estimate was corrected: they stay, as do
    begun ones, for the estimator learns from estimates as they are when work starts.
    """
    if not kb.tasks.estimation_models:
        return predicted
    columns = [name for name in ("id", "estimate_hours", "category", "project_id", "started") if name in tasks]
    done = set(already)
    rows: list[dict[Any, Any]] = tasks[columns].to_dict("records")
    factors = np.array([
        1.0 if row.get("id") in done or pd.notna(row.get("started")) else kb.estimate_factor(row) for row in rows
    ])  # fmt: skip
    names = [name for name in predicted if str(name).startswith(_QUANTILE) and str(name)[1:2].isdigit()]
    return predicted.assign(**{str(name): predicted[name] * factors for name in names})
