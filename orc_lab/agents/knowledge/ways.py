"""Unusual ways through the pipeline, and the way to suggest. What a person approved or often does is no fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import pandas as pd

from orc_lab.agents.forecast import amount, figure
from orc_lab.agents.knowledge.base import KnowledgeBase
from orc_lab.agents.knowledge.context import ways
from orc_lab.model.entities import Status

_PIPELINE = tuple(status.value for status in Status if status is not Status.DROPPED)
_PLACE = {stage: place for place, stage in enumerate(_PIPELINE)}
_LONG = 3.0  # typical stays after which a todo is stuck


class Fault(StrEnum):
    """What is unusual about a way."""

    SKIP = "skip"
    LOOP = "loop"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """Something unusual in the way of a todo."""

    todo_id: str
    title: str
    fault: Fault
    sentence: str

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "todo_id": self.todo_id, "title": self.title, "fault": self.fault.value, "sentence": self.sentence,
        }  # fmt: skip


def flags(kb: KnowledgeBase, tasks: pd.DataFrame, events: pd.DataFrame, now: pd.Timestamp) -> tuple[Flag, ...]:
    """Skips and loops of open todos, and those that are stuck: in a stage for three times as long as is typical.

    A step that is part of a known way (approved, or common) is neither a skip nor a loop. In order of `tasks`.
    """
    still = tasks[~tasks["status"].isin([Status.DONE.value, Status.DROPPED.value])]
    mine = events[events["todo_id"].isin(still["id"])]
    taken, entered = ways(mine), mine.groupby("todo_id")["at"].max().to_dict()
    known: dict[str, frozenset[tuple[str, str]]] = {}
    found: list[Flag] = []
    for row in still[["id", "title", "category", "status"]].to_dict("records"):
        category = row["category"] if isinstance(row["category"], str) else ""
        if category not in known:
            known[category] = frozenset(step for way in kb.known_ways(category) for step in pairwise(way))
        way = taken.get(row["id"], ("", {}))[0].split(">")
        found += [_flag(row["id"], row["title"], *fault) for fault in _faults(way, known[category])]
        since = entered.get(row["id"])
        usual = kb.stay_days(row["status"], category)
        if since is not None and usual is not None and (days := (now - since) / pd.Timedelta(days=1)) > _LONG * usual:
            told = f"{row['status']} for {amount(days, 'days')}, where {figure(usual)} are typical"
            found.append(_flag(row["id"], row["title"], Fault.STUCK, told))
    return tuple(found)


def _flag(id: str, title: str, fault: Fault, told: str) -> Flag:
    return Flag(todo_id=id, title=title, fault=fault, sentence=f"“{title}”: {told}.")


def _faults(way: Sequence[str], known: frozenset[tuple[str, str]]) -> list[tuple[Fault, str]]:
    found = []
    for before, after in pairwise(way):
        if (before, after) in known or before not in _PLACE or after not in _PLACE:
            continue
        skipped = _PIPELINE[_PLACE[before] + 1 : _PLACE[after]]
        if skipped:
            found.append((Fault.SKIP, f"went from {before} to {after} without {', '.join(skipped)}"))
        elif _PLACE[after] < _PLACE[before]:
            found.append((Fault.LOOP, f"went back from {before} to {after}"))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """The stages still to come for a todo, along the best way that is known for its kind."""

    steps: tuple[str, ...]
    sentence: str

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {"steps": list(self.steps), "sentence": self.sentence}


def suggest(kb: KnowledgeBase, todo: Mapping[str, object]) -> Suggestion:
    """The way from a todo's `status` on: that of a known way of its `category`, else the pipeline as it is shipped."""
    category = todo.get("category")
    status = str(todo["status"])
    for way in kb.known_ways(category if isinstance(category, str) else None):
        if status in way[:-1]:
            steps = way[len(way) - way[::-1].index(status) :]
            return Suggestion(steps=steps, sentence=f"Next: {' → '.join(steps)}, as you approved or often do.")
    steps = _PIPELINE[_PLACE[status] + 1 :] if status in _PLACE else ()
    return Suggestion(steps=steps, sentence=f"Next: {' → '.join(steps)}." if steps else "Nothing is left to do.")
