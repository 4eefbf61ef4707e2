"""The forecasts that a review shows, as entries of the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan

from orc_lab.agents.insight import told
from orc_lab.agents.ledger.entry import TODOS, ForecastEntry, hash_of, of_week_fits, of_weeks
from orc_lab.review.facts import HORIZON, Facts


def forecasts(facts: Facts) -> Iterator[ForecastEntry]:
    """The todos of the weeks ahead, whether next week fits, and what threatens each project; none in a long past."""
    if facts.past:
        return
    as_of, frames = facts.frames.as_of, facts.frames
    if facts.throughput.quantiles:
        made = hash_of(weeks=frames.weekly["done"].tolist(), ahead=list(frames.ahead[:HORIZON]))
        yield of_weeks(frames.week, HORIZON, facts.throughput, as_of=as_of, unit=TODOS, inputs_hash=made)
    if facts.next_week and not isnan(facts.fit.p):
        ids = tuple(step.id for step in facts.next_week)
        made = hash_of(todos=list(ids), room=facts.room)
        yield of_week_fits(facts.week + 1, facts.fit.p, as_of=as_of, todos=ids, inputs_hash=made)
    for _, health in facts.projects:
        yield from told.troubles(facts.known, health)
