"""What to do today about the active projects: dangers first, then what could go better.

Each recommendation names the rule that made it, its evidence, what following it is expected to change (from a
simulation lived through with and without it) and the steps. Rules that have not beaten doing nothing are silent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np

from orc_lab.agents.insight.analysis import ProjectAnalysis, analyze_project
from orc_lab.agents.insight.known import Known
from orc_lab.agents.insight.suggest import Suggestion
from orc_lab.agents.recommend.effects import Expected, Futures, against, expected, first, narrowing, one_by_one
from orc_lab.agents.recommend.plan import Plan
from orc_lab.agents.recommend.scheduler import Scheduler
from orc_lab.agents.velocity.pace import WEEKS
from orc_lab.model.entities import Advice, Priority

MOST = 10  # active projects looked at, the oldest first
_LEAST_DAY = 0.25  # hours; with less a day's order means nothing
FIRST = "first things first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommended:
    """One recommendation; `rule` is what learning knows it by, `items` the ids of the todos it is about."""

    type: Advice
    priority: Priority
    project_id: str
    rule: str
    title: str
    description: str
    actions: tuple[str, ...]
    reason: str
    effect: Expected
    items: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "type": self.type.value,
            "priority": self.priority.value,
            "project_id": self.project_id,
            "rule": self.rule,
            "title": self.title,
            "description": self.description,
            "actions": list(self.actions),
            "reason": self.reason,
            "effect": self.effect.as_dict(),
            "items": list(self.items),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """The recommendations of a day, the order of work, and the rules that rest since they didn't help.

    `silent` is what those rules would have said: it is only recorded, so that a rule can come back.
    """

    recommendations: tuple[Recommended, ...]
    order: Plan
    retired: tuple[str, ...]
    silent: tuple[Recommended, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "recommendations": [each.as_dict() for each in self.recommendations],
            "order": self.order.as_dict(),
            "retired": list(self.retired),
        }


def generate_daily_recommendations(known: Known) -> Today:
    """Look at the active projects, and say what to do: risks first (high), then optimisations (medium)."""
    ids = tuple(known.active[:MOST])
    futures = Futures(known=known, ids=ids)
    order = order_of(known, ids)
    found: list[Recommended] = []
    for id in ids:
        analysis = analyze_project(known, id)
        found += _risk(futures, analysis)
        found += _better(futures, analysis, order)
    retired = known.kb.retired()
    told = sorted((each for each in found if each.rule not in retired), key=_place)
    return Today(
        recommendations=tuple(told), order=order, retired=retired,
        silent=tuple(each for each in found if each.rule in retired),
    )  # fmt: skip


def order_of(known: Known, ids: Sequence[str]) -> Plan:
    """In which order to work on the open todos of these projects today."""
    tasks = known.frames.tasks
    mine = tasks[tasks["project_id"].isin(ids) & tasks["id"].isin(known.ages["id"])]
    due = dict(zip(known.frames.projects["id"], known.frames.projects["due"], strict=True))
    work = mine.assign(due=mine["project_id"].map(due), snoozed=mine["snoozed"])
    middle = known.estimator.predict(work, as_of=known.as_of)["q50"]
    hours = known.weeks["hours"].tail(WEEKS).median() / 7 * known.frames.ahead[0]
    scheduler = Scheduler(known.kb.order_rule())
    return scheduler.choose(
        work.assign(expected_hours=middle), known.as_of.date(), max(float(np.nan_to_num(hours)), _LEAST_DAY)
    )


def _risk(futures: Futures, analysis: ProjectAnalysis) -> Iterator[Recommended]:
    risk = analysis.risks.primary
    if not analysis.risks.high_risk or risk is None:
        return
    project = futures.known.snapshot(analysis.project_id)
    yield Recommended(
        type=Advice.RISK_MITIGATION,
        priority=Priority.HIGH,
        project_id=project.id,
        rule=risk.name,
        title=f"{project.title} needs attention",
        description=risk.sentence,
        actions=risk.steps,
        reason=f"Of {len(analysis.risks.factors)} risks it is the most severe: {risk.name}.",
        effect=against(futures, project, risk),
    )


def _better(futures: Futures, analysis: ProjectAnalysis, order: Plan) -> Iterator[Recommended]:
    """The best optimisation that is sure to change something, and those of rules that rest."""
    options = [*_first(futures, analysis, order), *_suggested(futures, analysis)]
    known = [each for each in options if each.effect.low > 0]
    rule = futures.known.kb.rule
    yield from (each for each in known if rule(each.rule).retired)
    awake = [each for each in known if not rule(each.rule).retired]
    yield from sorted(awake, key=lambda each: -rule(each.rule).weight)[:1]


def _first(futures: Futures, analysis: ProjectAnalysis, order: Plan) -> Iterator[Recommended]:
    """The project that the order of work begins with, where by priority alone it would come later."""
    top = order.order[0] if order.order else None
    place = futures.ids.index(analysis.project_id)
    if top is None or top.project != analysis.project_id or futures.work.order[0] == place:
        return
    task = futures.tasks[futures.tasks["id"] == top.task]["title"].iloc[0]
    suggestion = Suggestion(
        rule=FIRST,
        description=f"Work on it first: {top.reason}",
        steps=(f"Begin with “{task}”.",),
        items=(top.task,),
    )
    effect = expected(futures.effect(analysis.project_id, first(place)))
    yield _optimisation(analysis, suggestion, effect, "It comes first when due days and hours count too.")


def _suggested(futures: Futures, analysis: ProjectAnalysis) -> Iterator[Recommended]:
    for each in analysis.suggestions:
        if each.rule == "fewer at once":
            yield _optimisation(analysis, each, one_by_one(futures, each.items), "Work in turns ends last of all.")
        if each.rule == "estimate the widest":
            effect = narrowing(futures, analysis.project_id, each.items)
            yield _optimisation(analysis, each, effect, "What has no estimate widens the forecast most.")


def _optimisation(analysis: ProjectAnalysis, each: Suggestion, effect: Expected, reason: str) -> Recommended:
    return Recommended(
        type=Advice.OPTIMIZATION,
        priority=Priority.MEDIUM,
        project_id=analysis.project_id,
        rule=each.rule,
        title=f"Optimise {analysis.title}",
        description=each.description,
        actions=each.steps,
        reason=reason,
        effect=effect,
        items=each.items,
    )


def _place(each: Recommended) -> tuple[bool, float, str]:
    """High before medium; within, where most is to be gained; then by project."""
    gain = abs(each.effect.after - each.effect.before) if each.effect.what.startswith("chance") else 0.0
    return each.priority is not Priority.HIGH, -gain if not isnan(gain) else 0.0, each.project_id
