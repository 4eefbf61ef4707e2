"""What a screen sits down at: all that is known at an instant, caught up with what happened, and what it shows is kept.

In a person's own life and of now, the knowledge base learns what happened since the last time, forecasts that came true
are settled, and those shown are recorded. The sample life, a past week and a database that can't be written are only
looked at, with what was known then.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

from orc_lab.agents.forecast import QUANTILES, Forecast
from orc_lab.agents.insight.known import Known
from orc_lab.agents.knowledge.agent import AgentKnowledge, known_then
from orc_lab.agents.ledger.entry import ForecastEntry, Model
from orc_lab.agents.ledger.guard import Recalibration, recalibrate
from orc_lab.agents.ledger.record import NOT_NOW, Recorded, record
from orc_lab.agents.ledger.settle import settle
from orc_lab.agents.ledger.standing import Standing, standings
from orc_lab.mirror.features import Frames
from orc_lab.model.entities import ForecastRecord, Origin
from orc_lab.workbench.bench import Workbench

_FRESH = 600  # seconds that reading frames may take


@dataclass(frozen=True, kw_only=True, eq=False)
class Desk:
    """An opened database, what is known of it at an instant, and whether what is shown there counts."""

    wb: Workbench
    known: Known
    knowledge: AgentKnowledge
    live: bool
    now: int

    @classmethod
    def at(cls, wb: Workbench, frames: Frames, *, now: int) -> Self:
        """Sit down at frames of `now` (seconds UTC), or of an earlier instant."""
        clock = wb.clock(now)
        live = not wb.sample and clock.day(frames.as_of) == clock.day(now)
        knowledge = AgentKnowledge.load(wb, frames)
        if live:
            # Frames of an earlier instant lack what has happened since: it is learned when frames know it. And a locked
            # file must not keep anybody from reading.
            if frames.as_of > now - _FRESH:
                with suppress(*NOT_NOW):
                    knowledge.catch_up(frames)
            settle(wb, frames)
        elif not wb.sample:  # the sample learned when it was made
            knowledge.kb = known_then(frames)
        desk = cls(wb=wb, known=Known(frames=frames, kb=knowledge.kb), knowledge=knowledge, live=live, now=now)
        guard = desk.guard(Model.COMPLETION)
        mended: dict[str, Recalibration] = {Model.COMPLETION: guard} if guard.applied else {}
        return replace(desk, known=replace(desk.known, guards=mended)) if mended else desk

    @cached_property
    def records(self) -> list[ForecastRecord]:
        """The forecasts that count, as known at the instant."""
        rows = self.wb.find(ForecastRecord, origin=Origin.LIVE)
        return [row for row in rows if row.made_at <= self.known.frames.as_of or self.live]

    @property
    def standings(self) -> tuple[Standing, ...]:
        """How each model has held."""
        return standings(self.records, now=self.known.frames.as_of)

    def guard(self, model: str) -> Recalibration:
        """At which levels to ask a model, by how it has held."""
        return recalibrate(self.records, model=model, now=self.known.frames.as_of)

    def held(self, model: str) -> str:
        """How the forecasts of a model that were shown have held, in a sentence; empty while none counts."""
        told = [each.sentence for each in self.standings if each.model == model and each.n]
        guard = self.guard(model)
        return " ".join([*told, *([guard.sentence] if guard.applied else [])])

    def keep(self, entries: Sequence[ForecastEntry]) -> Recorded:
        """Record forecasts that are shown; elsewhere than in one's own life of now nothing is kept."""
        if not self.live:
            return Recorded(stored=0, known=0)
        return record(self.wb, entries, now=self.now)


def nominal(forecast: Forecast) -> Forecast:
    """A forecast asked at mended levels, under the levels it is to hold."""
    values = forecast.quantiles.values()
    return replace(forecast, quantiles=dict(zip(QUANTILES, values, strict=True))) if forecast.quantiles else forecast
