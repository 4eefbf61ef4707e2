"""Write down what came true, and what it says of the forecasts; again and again, for the truth may change.

Only live forecasts are settled. Outcomes are facts and go through the change log; scores follow from them and don't.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orc_lab.agents.ledger.dates import Rule
from orc_lab.agents.ledger.entry import PROBABILITY, read_quantiles
from orc_lab.agents.ledger.record import ACTOR, NOT_NOW
from orc_lab.agents.ledger.scores import Score, State, is_of, of_probability, of_quantiles
from orc_lab.agents.ledger.truth import Verdict, resolve
from orc_lab.mirror.features import Frames
from orc_lab.model.entities import ForecastRecord, Origin
from orc_lab.store import provenance
from orc_lab.workbench.bench import Workbench

Row = tuple[str, Mapping[str, Any]]
_OPEN: Mapping[str, Any] = {"outcome": None, "resolved_at": None, "score": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How many live forecasts there are by what became of them, how many rows changed, and why none could."""

    states: Mapping[State, int]
    open: int
    changed: int
    problem: str = ""

    @property
    def sentence(self) -> str:
        """For a log or a page's foot."""
        if self.problem:
            return f"Forecasts were not settled: {self.problem}"
        counts = f"{self.states[State.RESOLVED]:,} came true, {self.states[State.CENSORED]:,} missed above"
        rest = self.states[State.VOID] + self.states[State.UNMEASURED]
        return f"Of the forecasts {counts}, {rest:,} can't be told, {self.open:,} are open; {self.changed:,} changed."

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        states = {state.value: count for state, count in self.states.items()}
        rest = {"open": self.open, "changed": self.changed, "problem": self.problem}
        return {**states, **rest, "sentence": self.sentence}


def settle(wb: Workbench, frames: Frames, *, labels: Mapping[str, Rule] | None = None) -> Settled:
    """Write outcome, time and score of every live forecast that is open no more, and open again what is so again.

    `frames` are those of now. What was settled later than they know is left alone. Where nothing changed, nothing is
    written; where nothing can be written, the result says why. `labels` as in `truth.resolve`.
    """
    records = wb.find(ForecastRecord, origin=Origin.LIVE)
    known = [row for row in records if row.as_of <= frames.as_of and (row.resolved_at or 0) <= frames.as_of]
    verdicts = resolve(known, frames, labels=labels)
    changes = [change for record in known if (change := _change(record, verdicts.get(record.id))) is not None]
    counts = Counter(verdict.state for verdict in verdicts.values())
    states = {state: counts[state] for state in State}
    try:
        _write(wb, changes)
    except NOT_NOW as error:
        return Settled(states=states, open=len(known) - len(verdicts), changed=0, problem=str(error))
    return Settled(states=states, open=len(known) - len(verdicts), changed=len(changes))


def _write(wb: Workbench, changes: Sequence[Row]) -> None:
    if not changes:
        return
    with wb.edit("settle forecasts", actor=ACTOR) as tx:
        there = provenance.existing(wb.db, ForecastRecord, (id for id, _ in changes))
        tx.update_many(ForecastRecord, [change for change in changes if change[0] in there])


def _change(record: ForecastRecord, verdict: Verdict | None) -> Row | None:
    """Return what has to be written of a forecast, None where it stands so already."""
    if verdict is None:
        return None if record.resolved_at is None and record.score is None else (record.id, _OPEN)
    same = (record.outcome, record.resolved_at) == (verdict.outcome, verdict.resolved_at)
    if same and is_of(record.score or "", verdict.state, verdict.counts_from):
        return None
    score = score_of(record, verdict).text
    return record.id, {"outcome": verdict.outcome, "resolved_at": verdict.resolved_at, "score": score}


def score_of(record: ForecastRecord, verdict: Verdict) -> Score:
    """Return what a verdict says of a forecast."""
    if verdict.state in (State.VOID, State.UNMEASURED):
        return Score(state=verdict.state, counts_from=verdict.counts_from, why=verdict.why)
    quantiles = read_quantiles(record.quantiles)
    if record.unit == PROBABILITY:
        return of_probability(quantiles[0.5], verdict.outcome or 0.0, counts_from=verdict.counts_from)
    censored = verdict.state is State.CENSORED
    top = max((value for value in quantiles.values() if math.isfinite(value)), default=math.nan)
    raw = json.loads(record.detail).get("raw_levels", ()) if record.detail else ()
    outcome = top if verdict.outcome is None else verdict.outcome
    return of_quantiles(quantiles, outcome, counts_from=verdict.counts_from, censored=censored, raw_levels=raw)
