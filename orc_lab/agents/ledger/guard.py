"""Mend bands that have not held: ask a model at other levels, by what its past levels turned out to be worth.

A guard, not a layer: as long as the measured share agrees with the promised one (Wilson's 99.5% interval), nothing is
touched, for every correction costs sharpness. Else a level is looked up in the distribution function of the past PITs,
shrunk towards "as promised" by as much as `WEIGHT` forecasts that held perfectly.

It looks at the model's own levels (`raw_levels`), not at the mended ones that were shown: else a mended model would
look healthy and lose its cure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from orc_lab.agents.atoms import TIE, Floats
from orc_lab.agents.forecast import NOMINAL, Coverage, amount, check_levels, wilson
from orc_lab.agents.ledger.curve import Curve
from orc_lab.agents.ledger.entry import DAYS
from orc_lab.agents.ledger.scores import Score, within
from orc_lab.agents.ledger.standing import Key, counted, key_of
from orc_lab.model.entities import ForecastRecord

# Looked at after each of many forecasts, a 95% interval would exclude the truth far more often than it says.
_CERTAIN, _FEWEST = 2.807, 30  # standard scores of 99.5%, and forecasts
WEIGHT = 20.0  # forecasts; with 10 to 50 the guard does nearly the same from 300 of them on
LAST = 500  # subjects: what held longer ago was another model, and another person
# Even in normal scores, for what is mended is mostly in the tails.
_GRID = np.array([0.0, *(NormalDist().cdf(z / 50) for z in range(-200, 201)), 1.0])
_TRACE = 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalibration:
    """Which levels to ask a model at, so that they hold what they promise.

    `measured` is how often the model's own bands held; of dates (`one_sided`), how often they were finished by their
    quantile. `applied` tells whether they are mended, `since` at how many forecasts that became certain and stayed so.
    `worth` is what each level of a fixed grid from 0 to 1 has been worth, shrunk.
    """

    model: str
    measured: Coverage
    one_sided: bool
    applied: bool
    since: int
    worth: tuple[float, ...]

    def level(self, nominal: float) -> float:
        """Return the level at which to ask the model for a quantile that shall hold `nominal`."""
        if not self.applied:
            return nominal
        # A trace of the nominal level keeps any two of them apart, and away from 0 and 1.
        return float((1 - _TRACE) * np.interp(nominal, self.worth, _GRID) + _TRACE * nominal)

    def levels(self, quantiles: Sequence[float]) -> tuple[float, ...]:
        """Return the levels for several quantiles, rising as they do; the same ones where nothing is mended."""
        check_levels(tuple(quantiles))
        return tuple(self.level(nominal) for nominal in quantiles)

    def mend(self, quantiles: Mapping[float, float]) -> dict[float, float]:
        """Return stored quantiles at their nominal levels, read off the same curve at the mended ones."""
        rising = dict(sorted(quantiles.items()))
        if not self.applied:
            return rising
        curve = Curve(tuple(rising), tuple(rising.values()))
        found = np.maximum.accumulate([curve.value_at(self.level(nominal)) for nominal in rising])
        return dict(zip(rising, found.tolist(), strict=True))

    @property
    def sentence(self) -> str:
        """For a page: what was measured, and what follows."""
        if not self.applied:
            return f"{self._measured}: left as they are."
        promised, tail = self.measured.nominal, (1 - self.measured.nominal) / 2
        if self.one_sided:
            mended = f"P{100 * promised:.0f} is now the model's own {self.level(promised):.1%} quantile"
        else:
            low, high = self.levels((tail, 1 - tail))
            mended = f"the {promised:.0%} band now runs from the model's own {low:.1%} to its {high:.1%} quantile"
        return f"{self._measured}: {mended}, certain since {amount(self.since, 'forecasts')}."

    @property
    def _measured(self) -> str:
        found = self.measured.sentence
        return found.replace("% bands", "% dates", 1) if self.one_sided else found

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON; the grid left out."""
        names = ("model", "applied", "since")
        rest = {"measured": self.measured.as_dict(), "sentence": self.sentence}
        return {**{name: getattr(self, name) for name in names}, **rest}


def recalibrate(
    records: Iterable[ForecastRecord],
    *,
    model: str,
    nominal: float = NOMINAL,
    weight: float = WEIGHT,
    last: int = LAST,
    now: int | None = None,
) -> Recalibration:
    """Return how to ask a model, from what became of its live forecasts, the `last` subjects of them.

    Dates are judged by their one-sided quantile, all else by the central band. Too little data mends nothing.
    """
    scored = counted(records, model=model, now=now)
    dates = any(record.unit == DAYS for record, _ in scored)
    tail = 0.0 if dates else (1 - nominal) / 2
    spans = _spans([(record, score) for record, score in scored if score.raw_low == score.raw_low])[-last:]
    hits = [float(np.mean([within(low, high, tail, nominal + tail) for low, high in each])) for each in spans]
    measured = Coverage(nominal=nominal, hits=sum(hits), n=len(hits))
    since = _since(hits, nominal)
    return Recalibration(
        model=model,
        measured=measured,
        one_sided=dates,
        applied=since > 0,
        since=since,
        worth=tuple(_worth(spans, weight).tolist()),
    )


def _spans(scored: Iterable[tuple[ForecastRecord, Score]]) -> list[Floats]:
    """Return P(Y < y) and P(Y ≤ y) by the model's own levels, a (forecasts, 2) array a subject, oldest first."""
    found: dict[Key, list[tuple[float, float]]] = defaultdict(list)
    for record, score in scored:
        found[key_of(record)].append((score.raw_low, score.raw_high))
    return [np.array(each) for each in found.values()]


def _since(hits: Sequence[float], nominal: float) -> int:
    """At how many forecasts it became certain, and stayed so, that the bands don't hold; 0 if it isn't."""
    since, total = 0, 0.0
    for n, hit in enumerate(hits, start=1):
        total += hit
        low, high = wilson(total, n, _CERTAIN)
        off = n >= _FEWEST and not low <= nominal <= high
        since = (since or n) if off else 0
    return since


def _worth(spans: Sequence[Floats], weight: float) -> Floats:
    """Return the shrunk distribution function of the PITs on the grid, each subject one unit of weight."""
    total = weight * _GRID
    for each in spans:
        low, width = each[:, :1], np.maximum(each[:, 1:] - each[:, :1], TIE)
        total = total + np.clip((_GRID - low) / width, 0.0, 1.0).mean(axis=0)
    return total / (weight + len(spans)) if weight + len(spans) else _GRID
