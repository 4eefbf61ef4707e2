"""When something was finished, in the person's days, and when a date that was foreseen is missed.

A date beyond every quantile is missed above, though nobody knows it yet. Something finished early counts only from when
it could have been late: else the ledger would hold only the quick ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from orc_lab.agents.ledger.entry import Subject, read_quantiles
from orc_lab.agents.ledger.past import Past
from orc_lab.agents.ledger.scores import State
from orc_lab.model.entities import ForecastRecord

_LAST_DAY = date(9000, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a rule finds, in local time: the outcome, when it was known, and when it would have been at the latest."""

    outcome: float = math.nan
    at: datetime | None = None
    latest: datetime | None = None
    state: State = State.RESOLVED
    why: str = ""


Rule = Callable[[Past, ForecastRecord], Found | None]


def void(why: str, at: datetime | None = None) -> Found:
    """Nothing can come true any more."""
    return Found(state=State.VOID, why=why, at=at)


def days_until(past: Past, record: ForecastRecord) -> Found | None:
    """The days from the day of a forecast to the one on which its subject was finished; None while it is open."""
    rule = _FINISHED.get(record.subject)
    found = rule(past, record) if rule else None
    day = past.at(record).date()
    top = max((value for value in read_quantiles(record.quantiles).values() if math.isfinite(value)), default=None)
    latest = None if top is None else midnight(day, math.floor(top) + 1)
    if found is not None and found.state is State.RESOLVED and found.at is not None:
        return Found(outcome=float(max(0, (found.at.date() - day).days)), at=found.at, latest=latest)
    if latest is not None and _missed(past, record, found, latest):
        return Found(state=State.CENSORED, at=latest, latest=latest)
    return found


def _missed(past: Past, record: ForecastRecord, found: Found | None, latest: datetime) -> bool:
    """Whether the last foreseen day passed without it; giving up afterwards doesn't unmake the miss."""
    if found is None:
        return past.now >= latest
    if found.at is not None:
        return found.at >= latest
    return record.outcome is None and record.resolved_at == past.instant(latest)


def midnight(day: date, days: int) -> datetime:
    """Return when a day begins in local time, so many days later, within what a calendar holds."""
    moved = day + timedelta(days=max(0, min(days, (_LAST_DAY - day).days)))
    return datetime(moved.year, moved.month, moved.day)


def project_finished(past: Past, id: str | None, since: datetime, count: int | None = None) -> Found | None:
    """When nothing of a project was open any more, or its next `count` todos were done; None if not yet."""
    project = past.project(id or "")
    if project is None:
        return void("the project was deleted")
    done = project.nth_done(since, count) if count else project.emptied(since)
    if done is None:
        return void("the project was archived") if project.archived else None
    if not count and done > since and not project.any_done(since, done) and done != project.finished:
        return void("all of it was dropped", done)
    return Found(at=done)


def _project(past: Past, record: ForecastRecord) -> Found | None:
    return project_finished(past, record.subject_id, past.at(record), record.horizon)


def _promise(past: Past, record: ForecastRecord) -> Found | None:
    kept = [todo for todo in past.meant(record) if todo.dropped is None]
    if not kept:
        return void("nothing that was promised is left")
    done = [todo.completed for todo in kept if todo.completed is not None]
    return Found(at=max(done)) if len(done) == len(kept) else None


def _next(past: Past, record: ForecastRecord) -> Found | None:
    done = past.nth_done(past.at(record), record.horizon or 1)
    return None if done is None else Found(at=done)


_FINISHED: Mapping[str, Rule] = {
    Subject.PROJECT.value: _project,
    Subject.COMMITMENT.value: _promise,
    Subject.NEXT.value: _next,
}
