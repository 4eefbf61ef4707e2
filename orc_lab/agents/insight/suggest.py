"""What could be done better in a project that isn't in danger: each suggestion by a named rule, with its steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import pandas as pd

from orc_lab.agents.ageing import MIN_FINISHED
from orc_lab.agents.forecast import figure
from orc_lab.agents.health.risks import names, plural
from orc_lab.agents.health.snapshot import OpenItem, ProjectSnapshot
from orc_lab.agents.insight.known import Known
from orc_lab.agents.knowledge.advice import deep_work, style_advice

_LARGE = 0.9  # quantile of finished hours above which a todo is large
_FLOW = 3  # todos that went a new way before it is worth a word


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Something to do better. `rule` is what learning knows it by, `items` the ids of the todos it is about."""

    rule: str
    description: str
    steps: tuple[str, ...]
    items: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "rule": self.rule,
            "description": self.description,
            "steps": list(self.steps),
            "items": list(self.items),
        }


def _at_once(known: Known, project: ProjectSnapshot) -> Suggestion | None:
    """More begun than the person finishes well."""
    limit, begun = style_advice(known.kb).wip_limit, project.in_progress
    if len(begun) <= limit:
        return None
    nearest = sorted(begun, key=lambda item: (item.hours, item.id))
    return Suggestion(
        rule="fewer at once",
        description=f"{len(begun)} todos are begun or promised at once; you work best with {limit}.",
        steps=(f"Finish {names(nearest[:1])} first: the least of it is left.", "Begin nothing new before that."),
        items=tuple(item.id for item in nearest),
    )


def _split(known: Known, project: ProjectSnapshot) -> Suggestion | None:
    """Todos larger than nine in ten that the person ever finished."""
    hours = known.frames.finished["actual_hours"]
    if len(hours) < MIN_FINISHED:
        return None
    large = _larger(project, float(hours.quantile(_LARGE)))
    if not large:
        return None
    return Suggestion(
        rule="split the largest",
        description=f"{plural(len(large), 'todo')} larger than nine in ten that you finished: {names(large)}.",
        steps=(f"Split {names(large[:1])} into parts that you can finish in one go.",),
        items=tuple(item.id for item in large),
    )


def _larger(project: ProjectSnapshot, hours: float) -> list[OpenItem]:
    return sorted((item for item in project.items if item.hours > hours), key=lambda item: (-item.hours, item.id))


def _estimate(known: Known, project: ProjectSnapshot) -> Suggestion | None:
    """Todos without an estimate: what widens a forecast most."""
    blind = project.unestimated
    if not blind:
        return None
    return Suggestion(
        rule="estimate the widest",
        description=f"{plural(len(blind), 'todo')} without an estimate, {figure(sum(i.hours for i in blind))} h or so.",
        steps=(f"Estimate {names(blind[:3])}.",),
        items=tuple(item.id for item in blind[:3]),
    )


def _focus(known: Known, project: ProjectSnapshot) -> Suggestion | None:
    """When the person works best."""
    best = deep_work(known.kb)
    if best.start is None or not project.items:
        return None
    largest = max(project.items, key=lambda item: (item.hours, item.id))
    return Suggestion(
        rule="use your best hours",
        description=best.sentence,
        steps=(f"Put {names([largest])} there.",),
        items=(largest.id,),
    )


def _way(known: Known, project: ProjectSnapshot) -> Suggestion | None:
    """Todos that skip stages or go back, on a way that the person has not approved."""
    mine = known.tasks(project.id)
    strange = unusual_ways(known, mine)
    if not strange:
        return None
    way, ids = max(strange.items(), key=lambda each: (len(each[1]), each[0]))
    if len(ids) < _FLOW:
        return None
    told = " → ".join(way)
    return Suggestion(
        rule="one way of working",
        description=f"{plural(len(ids), 'todo')} went {told}: stages were skipped or gone back to.",
        steps=("If that serves you, approve it, and it is no longer flagged.", "Else refine a todo before you begin."),
        items=ids,
    )


def unusual_ways(known: Known, mine: pd.DataFrame) -> Mapping[tuple[str, ...], tuple[str, ...]]:
    """Ways through the pipeline of finished todos that are no known ones, with the ids of the todos that went them."""
    done = mine[mine["completed"].notna()]
    category = dict(zip(done["id"], done["category"], strict=True))
    ways, usual = known.surroundings.ways, cache(known.kb.known_ways)
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    for id in done["id"]:
        stages = tuple(ways[id][0].split(">")) if id in ways else ()
        if stages and stages not in usual(category[id] if isinstance(category[id], str) else None):
            found[stages] = (*found.get(stages, ()), id)
    return found


RULES: tuple[Callable[[Known, ProjectSnapshot], Suggestion | None], ...] = (_split, _at_once, _estimate, _way, _focus)


def suggestions(known: Known, id: str) -> tuple[Suggestion, ...]:
    """What could be done better, the rules that have helped most first and those that rest last; raises NotFound."""
    project, worth = known.snapshot(id), known.kb.rule
    found = [suggestion for rule in RULES if (suggestion := rule(known, project)) is not None]
    return tuple(sorted(found, key=lambda each: (worth(each.rule).retired, -worth(each.rule).weight)))
