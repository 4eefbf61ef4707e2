"""How a forecast is judged once the truth is known. Losses come one a forecast, so that they can be resampled.

CRPS is twice the mean pinball loss over LEVELS (Gneiting & Ranjan, JBES 2011); of a single number it is the absolute
error. Ties count in part: people estimate and log in round numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan, nan

import numpy as np
import numpy.typing as npt

from orc_lab.agents.atoms import TIE, Floats, share_in_band
from orc_lab.agents.forecast import wilson

LEVELS: tuple[float, ...] = tuple(round(0.05 * step, 2) for step in range(1, 20))
PERSONS = 5  # with fewer, blocks of one's own consecutive forecasts are resampled instead of persons
BLOCK = 50
_RESAMPLES = 1000

Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A number with its 95% interval; NaN where there is none."""

    value: float
    low: float = nan
    high: float = nan

    def as_dict(self) -> dict[str, float | None]:
        """Plain values for JSON; None for NaN."""
        plain = {"value": self.value, "low": self.low, "high": self.high}
        return {name: None if isnan(number) else number for name, number in plain.items()}


def pinball(quantiles: Floats, outcomes: Floats, levels: Sequence[float] = LEVELS) -> Floats:
    """Mean pinball loss of each forecast; `quantiles` (n, levels), `outcomes` (n,). Koenker & Bassett 1978."""
    miss = outcomes[:, None] - quantiles
    level = np.asarray(levels)
    return np.asarray(np.where(miss >= 0, level * miss, (level - 1) * miss).mean(axis=1))


def crps(quantiles: Floats, outcomes: Floats) -> Floats:
    """CRPS of each forecast from its quantiles at LEVELS, in the unit of the outcomes."""
    return 2 * pinball(quantiles, outcomes)


def place(quantiles: Floats, outcomes: Floats) -> tuple[Floats, Floats]:
    """Between which two of 0, LEVELS and 1 each outcome fell: P(Y < y) and P(Y ≤ y) as far as quantiles tell.

    An outcome that equals quantiles lies between the levels below and above all of them.
    """
    y = outcomes[:, None]
    steps = np.array([0.0, *LEVELS, 1.0])
    smaller = (quantiles < y - TIE * np.abs(y)).sum(axis=1)
    not_larger = (quantiles <= y + TIE * np.abs(y)).sum(axis=1)
    return steps[smaller], steps[not_larger + 1]


def cover(below: Floats, upto: Floats, nominal: float) -> Score:
    """Share of outcomes inside the central band, ties in part, with Wilson's 95% interval; NaN without any."""
    if not len(below):
        return Score(value=nan)
    hits = float(share_in_band(below, upto, nominal).sum())
    low, high = wilson(hits, len(below))
    return Score(value=hits / len(below), low=low, high=high)


def held(hits: npt.NDArray[np.bool_]) -> Score:
    """Share of promises kept, with Wilson's 95% interval; NaN without any."""
    if not len(hits):
        return Score(value=nan)
    low, high = wilson(float(hits.sum()), len(hits))
    return Score(value=float(hits.mean()), low=low, high=high)


def reached(quantiles: Floats, outcomes: Floats) -> Floats:
    """Share of outcomes below each quantile, and at or below it, shape (2, levels): the level should lie between."""
    edge = TIE * np.abs(outcomes[:, None])
    under = outcomes[:, None] < quantiles - edge
    return np.stack([under.mean(axis=0), (outcomes[:, None] <= quantiles + edge).mean(axis=0)])


def clusters(persons: Sequence[str], block: int = BLOCK) -> Labels:
    """What to resample together, one label a forecast: persons, or with few of them `block` consecutive forecasts.

    `persons` names whose each forecast is, those of one person in their order.
    """
    names, codes = np.unique(np.asarray(persons, dtype=object).astype(str), return_inverse=True)
    if len(names) >= PERSONS:
        return codes.astype(np.int64)
    nth = np.zeros(len(codes), dtype=np.int64)
    for code in range(len(names)):
        mine = codes == code
        nth[mine] = np.arange(mine.sum())
    return np.asarray(np.unique(np.stack([codes, nth // block]), axis=1, return_inverse=True)[1]).astype(np.int64)


def ratio(ours: Floats, theirs: Floats, labels: Labels, *, seed: int = 0) -> Score:
    """Σ ours ÷ Σ theirs with the 95% interval of a bootstrap of whole clusters (Efron & Tibshirani 1993, ch. 8).

    The interval is NaN with under two clusters, everything where theirs is zero.
    """
    if not len(ours) or theirs.sum() <= 0:
        return Score(value=nan)
    value = float(ours.sum() / theirs.sum())
    count = int(labels.max()) + 1
    if count < 2:
        return Score(value=value)
    drawn = np.random.default_rng(seed).integers(count, size=(_RESAMPLES, count))
    top, bottom = (np.bincount(labels, weights=each, minlength=count)[drawn].sum(axis=1) for each in (ours, theirs))
    ratios = top[bottom > 0] / bottom[bottom > 0]
    low, high = np.quantile(ratios, (0.025, 0.975)).tolist()
    return Score(value=value, low=low, high=high)


def auc(chances: Floats, outcomes: npt.NDArray[np.bool_]) -> float:
    """Chance that a case that came true was ranked above one that did not, ties half (Hanley & McNeil 1982).

    NaN where all or none came true.
    """
    ones = int(outcomes.sum())
    if not 0 < ones < len(outcomes):
        return nan
    _, inverse, counts = np.unique(chances, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return float((ranks[outcomes].sum() - ones * (ones + 1) / 2) / (ones * (len(outcomes) - ones)))


def auc_score(chances: Floats, outcomes: npt.NDArray[np.bool_], labels: Labels, *, seed: int = 0) -> Score:
    """`auc` with the 95% interval of a bootstrap of whole clusters."""
    value, count = auc(chances, outcomes), int(labels.max()) + 1 if len(labels) else 0
    if isnan(value) or count < 2:
        return Score(value=value)
    rng = np.random.default_rng(seed)
    members = [np.flatnonzero(labels == label) for label in range(count)]
    again = []
    for _ in range(_RESAMPLES // 5):
        rows = np.concatenate([members[label] for label in rng.integers(count, size=count)])
        again.append(auc(chances[rows], outcomes[rows]))
    known = [each for each in again if not isnan(each)]
    low, high = np.quantile(known, (0.025, 0.975)).tolist() if known else (nan, nan)
    return Score(value=value, low=low, high=high)


def brier(chances: Floats, outcomes: npt.NDArray[np.bool_]) -> Floats:
    """Squared error of each chance (G. W. Brier 1950)."""
    return np.asarray((chances - outcomes) ** 2)
