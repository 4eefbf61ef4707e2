"""What became of recommendations: kept a day, answered by the person, and judged two weeks later.

A recommendation went well where, two weeks on, its project has moved and the rule that made it has nothing more to say.
Whether following a rule beats not following it is learned from that; a rule that doesn't retires.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TypedDict

import pandas as pd

from orc_lab.agents.insight.known import Known
from orc_lab.agents.insight.suggest import suggestions
from orc_lab.agents.knowledge.action import recommendation_resolved
from orc_lab.agents.knowledge.agent import AgentKnowledge
from orc_lab.agents.ledger.record import NOT_NOW
from orc_lab.agents.recommend.daily import FIRST, MOST, Recommended, Today, order_of
from orc_lab.errors import InvalidValue
from orc_lab.model.entities import Recommendation
from orc_lab.model.ids import derived_id
from orc_lab.store import repository
from orc_lab.workbench.bench import Workbench

JUDGED_AFTER = 14  # days
_QUIET = 14  # days for which a dismissed recommendation isn't made again


class Outcome(TypedDict):
    """What became of a recommendation."""

    followed: bool
    helped: bool


class Response(StrEnum):
    """What a person did with a recommendation; *silent* was not shown, its rule rests."""

    DONE = "done"
    SNOOZED = "snoozed"
    DISMISSED = "dismissed"
    SILENT = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A recommendation of today with the id by which it is answered, and the answer so far."""

    id: str
    told: Recommended
    response: str | None

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {"id": self.id, **self.told.as_dict(), "response": self.response}


def kept_of(wb: Workbench, today: Today, day: date, *, live: bool) -> tuple[Kept, ...]:
    """Return the recommendations of a day to show; where `live`, record them, each once.

    Left out is what is snoozed beyond the day, and what was dismissed in the two weeks before it. Where the database
    can't be written now, they are shown all the same.
    """
    first, last = (day - timedelta(days=_QUIET)).isoformat(), day.isoformat()
    before = wb.find(Recommendation, day__gte=first, day__lte=last)
    before += wb.find(Recommendation, day__lt=first, snoozed_until__gt=last)
    resting = {(row.rule, row.project_id) for row in before if _rests(row, day)}
    stored = {row.id: row for row in before}
    shown = [each for each in today.recommendations if (each.rule, each.project_id) not in resting]
    if live:
        told = [(each, None) for each in shown] + [(each, Response.SILENT.value) for each in today.silent]
        with suppress(*NOT_NOW):
            _record(wb, [(each, response) for each, response in told if _id(wb, each, day) not in stored], day)
    ids = [(_id(wb, each, day), each) for each in shown]
    return tuple(Kept(id=id, told=each, response=stored[id].response if id in stored else None) for id, each in ids)


def _record(wb: Workbench, told: Sequence[tuple[Recommended, str | None]], day: date) -> None:
    if not told:
        return
    with wb.edit("recommend", actor="agent") as tx:
        for each, response in told:
            row = _row(wb, each, day, tx.now, response)
            if repository.fetch(wb.db, Recommendation, row.id) is None:  # another process may have been faster
                tx.insert(row)


def _rests(row: Recommendation, day: date) -> bool:
    snoozed = row.snoozed_until is not None and row.snoozed_until > day.isoformat()
    earlier = row.day is not None and row.day < day.isoformat()
    return snoozed or (earlier and row.response == Response.DISMISSED)


def _id(wb: Workbench, each: Recommended, day: date) -> str:
    return derived_id("recommendation", wb.user_id, each.rule, each.project_id, day.isoformat())


def _row(wb: Workbench, each: Recommended, day: date, now: int, response: str | None) -> Recommendation:
    return Recommendation(
        id=_id(wb, each, day), type=each.type, rule=each.rule, day=day.isoformat(), priority=each.priority,
        project_id=each.project_id, title=each.title, description=each.description,
        actions=json.dumps(each.actions, ensure_ascii=False), reason=each.reason,
        evidence=json.dumps({"items": each.items, "told": each.evidence}, ensure_ascii=False),
        effect=json.dumps(each.effect.as_dict(), ensure_ascii=False),
        created_at=now, response=response,
    )  # fmt: skip


def respond(
    wb: Workbench, id: str, response: Response, *, why: str | None = None, until: date | None = None
) -> Recommendation:
    """Say what was done with a recommendation; an edit of the person's, to be undone.

    Raises NotFound, and InvalidValue for a snooze without a day or a dismissal without a reason.
    """
    if response is Response.SNOOZED and until is None:
        raise InvalidValue("until", until, "the day on which it comes back")
    if response is Response.DISMISSED and not (why or "").strip():
        raise InvalidValue("why", why, "a reason in a few words, so that it can be learned from")
    with wb.edit(f"{response} recommendation") as tx:
        row = wb.get(Recommendation, id)
        if until and row.day and until.isoformat() <= row.day:
            raise InvalidValue("until", until.isoformat(), f"a day after {row.day}")
        snoozed = until.isoformat() if until else None
        tx.update(
            Recommendation, id,
            {"response": response.value, "responded_at": tx.now, "snoozed_until": snoozed, "why": why},
        )  # fmt: skip
        return wb.get(Recommendation, id)


def follow_up(wb: Workbench, known: Known, knowledge: AgentKnowledge) -> int:
    """Judge what is two weeks old, and learn from it; return how many were judged.

    What a rule says of a project within two weeks is one trial, however many days it was said on: taken one by one,
    a single stubborn project would retire a rule. Where the database can't be written now, nothing is judged.
    """
    day = known.as_of.date()
    due = wb.find(Recommendation, day__lte=(day - timedelta(days=JUDGED_AFTER)).isoformat(), outcome=None)
    if not due:
        return 0
    trials = _trials(wb, due)
    said = _said(known, {row.project_id for row in due if row.project_id})
    before = knowledge.kb
    try:
        with wb.edit("follow up", actor="agent") as tx:
            for row in due:
                outcome = _outcome(row, trials[row.id], known, said)
                tx.update(Recommendation, row.id, {"outcome": json.dumps(outcome)})
                knowledge.learn(recommendation_resolved(
                    trials[row.id][0].id, row.rule or row.title, **outcome, at=day, title=row.title
                ))  # fmt: skip
    except NOT_NOW:
        knowledge.kb = before
        return 0
    return len(due)


def _trials(wb: Workbench, due: Sequence[Recommendation]) -> Mapping[str, Sequence[Recommendation]]:
    """Of each of these recommendations all that its rule said of its project in the same two weeks, in order."""
    found: dict[tuple[str | None, str | None, int], list[Recommendation]] = defaultdict(list)
    for row in wb.find(Recommendation, rule=sorted({row.rule for row in due if row.rule}), order=("day", "id")):
        found[_trial(row)].append(row)
    return {row.id: found.get(_trial(row), [row]) for row in due}


def _trial(row: Recommendation) -> tuple[str | None, str | None, int]:
    return row.rule, row.project_id, date.fromisoformat(row.day).toordinal() // JUDGED_AFTER if row.day else 0


def _outcome(
    row: Recommendation, trial: Sequence[Recommendation], known: Known, said: Mapping[str, frozenset[str]]
) -> Outcome:
    id = row.project_id or ""
    moved = bool((known.tasks(id)["completed"] > pd.Timestamp(row.day)).any()) if row.day else False
    return {
        "followed": any(each.response == Response.DONE for each in trial),
        "helped": moved and row.rule not in said.get(id, ()),
    }


def _said(known: Known, ids: Collection[str]) -> Mapping[str, frozenset[str]]:
    """The rules that have something to say about those of these projects that are active."""
    top = order_of(known, known.active[:MOST]).first
    return {id: frozenset([*_rules(known, id), *([FIRST] if top == id else [])]) for id in known.active if id in ids}


def _rules(known: Known, id: str) -> list[str]:
    return [risk.name for risk in known.health(id).risks] + [each.rule for each in suggestions(known, id)]
