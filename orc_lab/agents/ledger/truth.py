"""What came true of which forecast, from the frames as they are.

It is decided anew each time, so that a todo reopened, hours corrected or an edit undone change the outcome as well.
A dropped todo, a deleted project and an archived one void a forecast: kept, not counted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orc_lab.agents.ledger.dates import Found, Rule, days_until, void
from orc_lab.agents.ledger.entry import DAYS, HOURS, PROBABILITY, Subject
from orc_lab.agents.ledger.labels import LABELS
from orc_lab.agents.ledger.past import Past
from orc_lab.agents.ledger.scores import State
from orc_lab.mirror.features import Frames
from orc_lab.model.entities import ForecastRecord
from orc_lab.model.week import Week


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a forecast: the outcome in its unit (None where there is none), when, and from when it counts."""

    id: str
    state: State
    outcome: float | None
    resolved_at: int
    counts_from: int
    why: str = ""


def resolve(
    records: Sequence[ForecastRecord], frames: Frames, *, labels: Mapping[str, Rule] | None = None
) -> dict[str, Verdict]:
    """Return what became of those forecasts that are open no more by the instant of the frames, by id.

    `labels` adds rules for the probabilities of other models, or replaces ours, by model. Forecasts made after that
    instant are left out, and so are unknown kinds: those stay open.
    """
    past, rules = Past(frames), {**LABELS, **(labels or {})}
    found: dict[str, Verdict] = {}
    for record in records:
        rule = rules.get(record.model) if record.unit == PROBABILITY else _rule(record)
        if rule is not None and record.as_of <= frames.as_of and (what := rule(past, record)) is not None:
            found[record.id] = _verdict(past, record, what)
    return found


def _verdict(past: Past, record: ForecastRecord, found: Found) -> Verdict:
    # Of what was deleted or archived nobody knows when: the first look that finds it so decides.
    at = past.instant(found.at) if found.at else record.resolved_at or past.frames.as_of
    return Verdict(
        id=record.id,
        state=found.state,
        outcome=None if math.isnan(found.outcome) else found.outcome,
        resolved_at=at,
        counts_from=max(at, past.instant(found.latest)) if found.latest else at,
        why=found.why,
    )


def _rule(record: ForecastRecord) -> Rule | None:
    if record.unit == DAYS:
        return days_until
    if record.subject == Subject.TODO and record.unit == HOURS:
        return _hours
    return _weeks if record.subject == Subject.WEEKS else None


def _hours(past: Past, record: ForecastRecord) -> Found | None:
    todo = past.todos.get(record.subject_id or "")
    if todo is None:
        return void("the todo was deleted")
    if todo.dropped is not None:
        return void("the todo was dropped", todo.dropped)
    if todo.completed is None:
        return None
    if not todo.actual > 0:
        return Found(state=State.UNMEASURED, why="done without hours", at=todo.completed)
    return Found(outcome=todo.actual, at=todo.completed)


def _weeks(past: Past, record: ForecastRecord) -> Found | None:
    first, weeks = Week.parse(record.subject_id or ""), record.horizon or 1
    end = past.monday(first + weeks)
    if past.now < end:
        return None
    return Found(outcome=past.weekly(first, weeks, "hours" if record.unit == HOURS else "done"), at=end)
