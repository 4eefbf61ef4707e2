"""How good a forecast was, once its outcome is known.

Quantiles are scored by the pinball loss (Koenker & Bassett, Econometrica 1978), whose mean over the levels, doubled,
approximates the CRPS (Gneiting & Raftery, JASA 2007), in the unit of the forecast; bands by the PIT with ties, a part
inside and a part outside (`atoms.share_in_band`); probabilities by Brier's score (Monthly Weather Review 1950).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from orc_lab.agents.atoms import TIE
from orc_lab.agents.forecast import NOMINAL
from orc_lab.agents.ledger.curve import Curve

VERSION = 1  # of these scores: older ones are made anew


class State(StrEnum):
    """What became of a forecast; one without a state is open."""

    RESOLVED = "resolved"  # it has an outcome
    CENSORED = "censored"  # it has none yet and lies above every quantile already: missed above
    VOID = "void"  # nothing can come true any more; kept visible, not counted
    UNMEASURED = "unmeasured"  # it happened, but nobody knows the number


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The score of one forecast; NaN for what doesn't apply.

    `low` and `high` are P(Y < y) and P(Y ≤ y) by the quantiles shown, `raw_low` and `raw_high` by the model's own
    levels; `inside` the share of it inside the 80% band. Of a censored one, `pinball` and `crps` are at least that.
    `counts_from` is the instant from which it counts: what comes true early waits for what comes true late.
    """

    state: State
    counts_from: int
    why: str = ""
    pinball: float = math.nan
    crps: float = math.nan
    low: float = math.nan
    high: float = math.nan
    raw_low: float = math.nan
    raw_high: float = math.nan
    inside: float = math.nan
    brier: float = math.nan

    @property
    def counts(self) -> bool:
        """Whether it is a hit or a miss at all."""
        return self.state in (State.RESOLVED, State.CENSORED)

    @property
    def text(self) -> str:
        """As JSON, rounded so that no machine's last digit makes it another."""
        numbers = {name: round(value, 9) for name in _NUMBERS if not math.isnan(value := getattr(self, name))}
        words = {"v": VERSION, "state": self.state.value, "counts_from": self.counts_from}
        flags = {"censored": True} if self.state is State.CENSORED else {}
        return json.dumps({**words, **({"why": self.why} if self.why else {}), **flags, **numbers})

    @classmethod
    def read(cls, text: str) -> Score:
        """Return a score from its JSON."""
        found = json.loads(text)
        numbers = {name: float(found[name]) for name in _NUMBERS if name in found}
        state, counts_from = State(found["state"]), int(found["counts_from"])
        return cls(state=state, counts_from=counts_from, why=found.get("why", ""), **numbers)


_NUMBERS = ("pinball", "crps", "low", "high", "raw_low", "raw_high", "inside", "brier")


def is_of(text: str, state: State, counts_from: int) -> bool:
    """Whether a score's JSON is one of today's kind, with this state and time: told by how it begins."""
    head = json.dumps({"v": VERSION, "state": state.value, "counts_from": counts_from})[:-1]
    return text.startswith((head + ",", head + "}"))


def pinball(quantiles: Mapping[float, float], outcome: float) -> float:
    """Mean pinball loss over the levels, in the unit of the values; infinite where a value is."""
    losses = [max(level * (outcome - v), (level - 1) * (outcome - v)) for level, v in quantiles.items()]
    return sum(losses) / len(losses)


def within(low: float, high: float, least: float, most: float) -> float:
    """How much of an outcome that spans the levels `low` to `high` lies between two levels, 0…1."""
    if high - low <= TIE:
        return float(least - TIE <= low <= most + TIE)
    return max(0.0, min(high, most) - max(low, least)) / (high - low)


def of_quantiles(
    quantiles: Mapping[float, float],
    outcome: float,
    *,
    counts_from: int,
    censored: bool = False,
    raw_levels: Sequence[float] = (),
) -> Score:
    """Score quantiles; a censored outcome is known only to lie above the largest finite one of them.

    Finite quantiles only are scored by their loss: an infinite one says nothing that an outcome could contradict.
    """
    levels, values = tuple(quantiles), tuple(quantiles.values())
    finite = {level: value for level, value in quantiles.items() if math.isfinite(value)}
    loss = pinball(finite, outcome) if finite else math.nan
    low, high = _span(levels, values, outcome, len(finite), censored=censored)
    raw = _span(raw_levels, values, outcome, len(finite), censored=censored) if raw_levels else (low, high)
    tail = (1 - NOMINAL) / 2
    return Score(
        state=State.CENSORED if censored else State.RESOLVED,
        counts_from=counts_from,
        pinball=loss,
        crps=2 * loss,
        low=low,
        high=high,
        raw_low=raw[0],
        raw_high=raw[1],
        inside=within(low, high, tail, 1 - tail),
    )


def of_probability(probability: float, outcome: float, *, counts_from: int) -> Score:
    """Score a probability of something that came (1) or didn't (0)."""
    return Score(state=State.RESOLVED, counts_from=counts_from, brier=(probability - outcome) ** 2)


def _span(
    levels: Sequence[float], values: Sequence[float], outcome: float, finite: int, *, censored: bool
) -> tuple[float, float]:
    if censored:
        return (levels[finite - 1] if finite else 0.0), 1.0
    return Curve(levels, values).span(outcome)
