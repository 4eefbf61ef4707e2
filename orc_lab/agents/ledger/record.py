"""Keep the forecasts that a person was shown: the first of a day a subject and model, and nothing twice.

A page must not break because the ledger can't be written: that it was locked, read-only or full is an answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orc_lab.agents.forecast import Forecast
from orc_lab.agents.ledger.entry import ForecastEntry, hash_of, of_todo
from orc_lab.errors import DatabaseLocked, DiskFailed, DiskFull, NotWritable
from orc_lab.model.clock import Clock
from orc_lab.model.entities import ForecastRecord, Origin, Todo
from orc_lab.model.ids import derived_id
from orc_lab.store import provenance, repository
from orc_lab.workbench.bench import Workbench

ACTOR = "agent"
NOT_NOW = (DatabaseLocked, NotWritable, DiskFull, DiskFailed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """How many forecasts were stored, how many were known already, and why none could be written where none could."""

    stored: int
    known: int
    problem: str = ""

    @property
    def sentence(self) -> str:
        """For a log or a page's foot."""
        if self.problem:
            return f"Forecasts were not kept: {self.problem}"
        return f"{self.stored:,} forecasts kept, {self.known:,} known already."

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {"stored": self.stored, "known": self.known, "problem": self.problem, "sentence": self.sentence}


def record(
    wb: Workbench, entries: Sequence[ForecastEntry], *, now: int, origin: Origin | str = Origin.LIVE
) -> Recorded:
    """Store forecasts that were shown at `now` (seconds UTC), in one transaction, or none where all are known.

    Of one model, subject and day the first live one stands. A *live* one counts only in a person's own life and as of
    the day on which it is shown: in the sample life it becomes a preview, as of another day a replay. Not to be called
    inside an edit of the person, which would take the forecasts back with it when it is undone.
    """
    if not entries:
        return Recorded(stored=0, known=0)
    clock, given = wb.clock(now), Origin(origin)
    rows: dict[str, ForecastRecord] = {}
    for entry in entries:
        row = _row(entry, clock, now, _counted(given, entry.as_of, now, clock, sample=wb.sample))
        rows.setdefault(row.id, row)
    new = rows.keys() - provenance.existing(wb.db, ForecastRecord, rows)
    if new:
        try:
            new = _store(wb, rows)
        except NOT_NOW as error:
            return Recorded(stored=0, known=len(rows) - len(new), problem=str(error))
    return Recorded(stored=len(new), known=len(rows) - len(new))


def record_estimate(wb: Workbench, todo_id: str, forecast: Forecast, *, now: int, inputs_hash: str = "") -> Recorded:
    """Store the estimate that a person saw while typing, once its todo is saved; for an unsaved one nothing happens."""
    if not forecast.quantiles or repository.fetch(wb.db, Todo, todo_id) is None:
        return Recorded(stored=0, known=0)
    return record(wb, [of_todo(todo_id, forecast, as_of=now, inputs_hash=inputs_hash)], now=now)


def _store(wb: Workbench, rows: Mapping[str, ForecastRecord]) -> set[str]:
    with wb.edit("keep forecasts", actor=ACTOR) as tx:
        # Asked again under the lock: another process may have kept the same ones meanwhile.
        new = rows.keys() - provenance.existing(wb.db, ForecastRecord, rows)
        tx.insert_many([row for id, row in rows.items() if id in new])
    return set(new)


def _counted(origin: Origin, as_of: int, now: int, clock: Clock, *, sample: bool) -> Origin:
    if origin is not Origin.LIVE:
        return origin
    if sample:
        return Origin.PREVIEW
    return Origin.LIVE if clock.day(as_of) == clock.day(now) else Origin.REPLAY


def _row(entry: ForecastEntry, clock: Clock, now: int, origin: Origin) -> ForecastRecord:
    day = clock.day(entry.as_of).isoformat()
    # The unit is part of it: todos and hours of the same weeks are two forecasts. Only live ones share their place.
    what = (entry.model, entry.subject.value, entry.subject_id or "", str(entry.horizon or ""), entry.unit, day)
    return ForecastRecord(
        id=derived_id("forecast", *what, *([] if origin is Origin.LIVE else [origin.value])),
        model=str(entry.model),
        subject=entry.subject.value,
        subject_id=entry.subject_id,
        horizon=entry.horizon,
        unit=entry.unit,
        quantiles=entry.written,
        basis=entry.basis.value,
        inputs_hash=entry.inputs_hash or hash_of(quantiles=json.loads(entry.written), todos=entry.todos),
        as_of=entry.as_of,
        made_at=now,
        origin=origin,
        day=day,
        detail=entry.detail,
    )
