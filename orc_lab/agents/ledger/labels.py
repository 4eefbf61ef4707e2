"""Whether what a probability was about has happened: a week that fitted, a project that came into trouble.

Each label counts from when it could have gone either way: an early "no trouble" waits until trouble would be known too.
"""

from __future__ import annotations

from collections.abc import Mapping

from orc_lab.agents.ledger.dates import Found, Rule, midnight, project_finished, void
from orc_lab.agents.ledger.entry import Model
from orc_lab.agents.ledger.past import Past
from orc_lab.agents.ledger.scores import State
from orc_lab.model.entities import ForecastRecord
from orc_lab.model.week import Week

OVERRUN = 1.25  # times what was left of the estimates


def week_fitted(past: Past, record: ForecastRecord) -> Found | None:
    """Whether all that was promised for a week, or was meant, was done within it: dropping a todo keeps no promise."""
    end = past.monday(Week.parse(record.subject_id or "") + 1)
    todos = past.meant(record)
    if not todos:
        return void("nothing was promised")
    done = [todo.completed for todo in todos if todo.completed is not None and todo.completed < end]
    if len(done) == len(todos):
        return Found(outcome=1.0, at=max(done), latest=end)
    return Found(outcome=0.0, at=end, latest=end) if past.now >= end else None


def was_late(past: Past, record: ForecastRecord) -> Found | None:
    """Whether a project still had something open after so many days; one given up before that is void."""
    since = past.at(record)
    end = midnight(since.date(), (record.horizon or 0) + 1)
    found = project_finished(past, record.subject_id, since)
    if found is not None and (found.at is None or found.at < end):
        known_late = found.at is None and record.outcome == 1.0 and record.resolved_at == past.instant(end)
        if not known_late:
            return found if found.state is State.VOID else Found(outcome=0.0, at=found.at, latest=end)
    return Found(outcome=1.0, at=end, latest=end) if past.now >= end else None


def went_dormant(past: Past, record: ForecastRecord) -> Found | None:
    """Whether nothing of a project was done for so many days, though it wasn't finished."""
    project = past.project(record.subject_id or "")
    if project is None:
        return void("the project was deleted")
    since = past.at(record)
    end = midnight(since.date(), (record.horizon or 0) + 1)
    alive = [at for at in (project.nth_done(since, 1), project.emptied(since)) if at is not None and at < end]
    if alive:
        return Found(outcome=0.0, at=min(alive), latest=end)
    return Found(outcome=1.0, at=end, latest=end) if past.now >= end else None


def overran(past: Past, record: ForecastRecord) -> Found | None:
    """Whether the estimated todos open then took over a quarter longer than what was left of their estimates.

    It is known when each of them is done or dropped; dropped ones and those without hours are left out.
    """
    project = past.project(record.subject_id or "")
    if project is None:
        return void("the project was deleted")
    since = past.at(record)
    meant = [todo for todo in project.open_at(since) if todo.estimate > 0 and todo.dropped is None]
    done = [todo.completed for todo in meant if todo.completed is not None]
    if not meant:
        return void("nothing estimated is left")
    if len(done) < len(meant):
        return None
    known = [(todo, past.spent(todo.id, since)) for todo in meant if todo.actual > 0]
    left = sum(max(0.0, todo.estimate - spent) for todo, spent in known)
    if not left > 0:
        return Found(state=State.UNMEASURED, why="no hours, or beyond the estimate already", at=max(done))
    took = sum(max(0.0, todo.actual - spent) for todo, spent in known)
    return Found(outcome=float(took > OVERRUN * left * (1 + 1e-9)), at=max(done))


LABELS: Mapping[str, Rule] = {
    Model.WEEK_FITS.value: week_fitted,
    Model.LATE.value: was_late,
    Model.DORMANT.value: went_dormant,
    Model.OVERRUN.value: overran,
}
