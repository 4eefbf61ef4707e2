"""What was told of a project, as entries of the ledger."""

from __future__ import annotations

from math import isnan

from orc_lab.agents.completion.outcome import ProjectCompletion
from orc_lab.agents.forecast import Basis
from orc_lab.agents.health.rules import Health
from orc_lab.agents.insight.known import Known
from orc_lab.agents.ledger.entry import ForecastEntry, Made, Model, hash_of, of_completion, of_trouble


def troubles(known: Known, health: Health) -> list[ForecastEntry]:
    """The chances of trouble that stand beside a score."""
    found, id = health.trouble, health.project_id
    if found is None:
        return []
    made = Made(basis=found.basis, inputs_hash=_hash(known, id), todos=_open(known, id))
    as_of = known.frames.as_of
    entries = [
        of_trouble(Model.OVERRUN, id, found.p_overrun, as_of=as_of, **made),
        of_trouble(Model.DORMANT, id, found.p_dormant, as_of=as_of, **made),
    ]
    due = known.snapshot(id).due
    days = (due.date() - known.as_of.date()).days if due else -1
    if not isnan(found.p_late) and days >= 0:
        entries.append(of_trouble(Model.LATE, id, found.p_late, as_of=as_of, days=days, **made))
    return entries


def finish(known: Known, id: str, when: ProjectCompletion) -> list[ForecastEntry]:
    """The dates by which a project is told to be done."""
    if not when.open or when.when.basis is Basis.TOO_LITTLE:
        return []
    guard = known.guards.get(Model.COMPLETION)
    levels = tuple(when.when.days)
    return [of_completion(
        when.when.days, as_of=known.frames.as_of, project_id=id, basis=when.when.basis, inputs_hash=_hash(known, id),
        raw_levels=guard.levels(levels) if guard else levels,
    )]  # fmt: skip


def _open(known: Known, id: str) -> tuple[str, ...]:
    return tuple(item.id for item in known.snapshot(id).items)


def _hash(known: Known, id: str) -> str:
    items = known.snapshot(id).items
    return hash_of(project=id, todos=[[item.id, str(item.estimate_hours), item.in_progress] for item in items])
