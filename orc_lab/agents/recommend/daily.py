"""What to do today about the active projects: dangers first, then what could go better.

Each recommendation names the rule that made it, its evidence, what following it is expected to change (from a
simulation lived through with and without it) and the steps. Rules that have not beaten doing nothing are silent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import isnan

import numpy as np

from orc_lab.agents.health.risks import Severity
from orc_lab.agents.insight.known import Known
from orc_lab.agents.insight.suggest import Suggestion, suggestions
from orc_lab.agents.recommend.correction import HALF_LIFE
from orc_lab.agents.recommend.effects import Expected, Futures, against, easing, estimated, expected, first, one_by_one
from orc_lab.agents.recommend.plan import Plan
from orc_lab.agents.recommend.scheduler import Scheduler
from orc_lab.agents.velocity.pace import WEEKS
from orc_lab.agents.velocity.past import normal_weeks
from orc_lab.mirror.features import AHEAD
from orc_lab.model.entities import Advice, Priority

MOST = 10  # active projects looked at, the oldest first
_LEAST_DAY = 0.25  # hours; with less a day's order means nothing
_DRAWS = 400  # scenarios of each todo's hours, for their mean
_LEARNED = 10 * HALF_LIFE  # finished todos; earlier ones would weigh less than a thousandth
FIRST = "first things first"
Option = tuple[Suggestion, str, Callable[[], Expected | None]]  # what could be better, why, and its effect when asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommended:
    """One recommendation; `rule` is what learning knows it by, `items` the ids of the todos it is about.

    `evidence` are sentences: what else speaks for it, and how the rule has done so far.
    """

    type: Advice
    priority: Priority
    project_id: str
    rule: str
    title: str
    description: str
    actions: tuple[str, ...]
    reason: str
    evidence: tuple[str, ...]
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
            "evidence": list(self.evidence),
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
        found += _risk(futures, id)
        found += _better(futures, id, order)
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
    work = mine.assign(due=mine["project_id"].map(due))
    drawn = known.estimator.draws(work, as_of=known.as_of, size=_DRAWS, seed=known.seed)
    scheduler = Scheduler(known.kb.order_rule()).observe(known.frames.finished.tail(_LEARNED))
    return scheduler.choose(work.assign(expected_hours=drawn.mean(axis=0)), known.as_of.date(), hours_ahead(known))


def hours_ahead(known: Known) -> list[float]:
    """Hours of today and of each day of the two years to come, those of holidays less."""
    normal = normal_weeks(known.weeks["hours"], known.weeks["capacity"])[-WEEKS:]
    usual = max(float(np.median(normal)) / 7 if len(normal) else 0.0, _LEAST_DAY)
    weeks = [*known.frames.ahead, *[1.0] * AHEAD][:AHEAD]
    days: list[float] = (usual * np.repeat(weeks, 7)[known.as_of.weekday() :]).tolist()
    return days if any(days) else [usual]


def _risk(futures: Futures, id: str) -> Iterator[Recommended]:
    """The severest risk of a project, where it is a high one."""
    health = futures.known.health(id)
    risk = next(iter(health.risks), None)
    if risk is None or risk.severity is not Severity.HIGH:
        return
    rank = "the only risk" if len(health.risks) == 1 else f"the most severe of {len(health.risks)} risks"
    yield Recommended(
        type=Advice.RISK_MITIGATION,
        priority=Priority.HIGH,
        project_id=id,
        rule=risk.name,
        title=f"{health.title} needs attention",
        description=risk.sentence,
        actions=risk.steps,
        reason=f"It is {rank} of this project: {risk.name}.",
        evidence=(*(each.sentence for each in health.risks[1:]), futures.known.kb.rule(risk.name).sentence),
        effect=against(futures, futures.known.snapshot(id), risk),
    )


def _better(futures: Futures, id: str, order: Plan) -> Iterator[Recommended]:
    """The best optimisation that is sure to change something, and those of rules that rest."""
    rule, found = futures.known.kb.rule, False
    options = [*_first(futures, id, order), *_eased(futures, id), *_suggested(futures, id)]
    for each, reason, effect_of in sorted(options, key=lambda option: -rule(option[0].rule).weight):
        rests = rule(each.rule).retired
        if not rests and found:
            continue
        effect = effect_of()  # a simulation
        if effect is not None and effect.low > 0:
            found |= not rests
            yield _optimisation(futures.known, id, each, effect, reason)


def _first(futures: Futures, id: str, order: Plan) -> Iterator[Option]:
    """The project that the order of work begins with, where by priority alone it would come later."""
    top = order.order[0] if order.order else None
    place = futures.ids.index(id)
    if top is None or top.project != id or futures.work.order[0] == place:
        return
    task = futures.tasks[futures.tasks["id"] == top.task]["title"].iloc[0]
    suggestion = Suggestion(
        rule=FIRST,
        description=f"Work on it first: {top.reason}",
        steps=(f"Begin with “{task}”.",),
        items=(top.task,),
    )
    reason = "It comes first when due days and hours count too."
    yield suggestion, reason, lambda: expected(futures.effect(id, first(place)))


def _eased(futures: Futures, id: str) -> Iterator[Option]:
    """Steps against lesser risks."""
    project = futures.known.snapshot(id)
    for risk in futures.known.health(id).risks:
        effect = easing(project, risk, futures) if risk.severity is Severity.MEDIUM else None
        if effect is not None:
            suggestion = Suggestion(rule=risk.name, description=risk.sentence, steps=risk.steps)
            yield suggestion, "It is no danger yet, and costs time already.", effect


def _suggested(futures: Futures, id: str) -> Iterator[Option]:
    for each in suggestions(futures.known, id):
        if each.rule == "fewer at once":
            yield each, "Work in turns ends last of all.", partial(one_by_one, futures, each.items)
        if each.rule == "estimate the widest":
            reason = "What has no estimate widens the forecast most."
            yield each, reason, partial(estimated, futures, id, each.items)


def _optimisation(known: Known, id: str, each: Suggestion, effect: Expected, reason: str) -> Recommended:
    return Recommended(
        type=Advice.OPTIMIZATION,
        priority=Priority.MEDIUM,
        project_id=id,
        rule=each.rule,
        title=f"Optimise {known.snapshot(id).title}",
        description=each.description,
        actions=each.steps,
        reason=reason,
        evidence=(known.kb.rule(each.rule).sentence,),
        effect=effect,
        items=each.items,
    )


def _place(each: Recommended) -> tuple[bool, float, str]:
    """High before medium; within, where most is to be gained; then by project."""
    gain = abs(each.effect.after - each.effect.before) if each.effect.what.startswith("chance") else 0.0
    return each.priority is not Priority.HIGH, -gain if not isnan(gain) else 0.0, each.project_id
