"""What every agent hands back: quantiles, what they rest on, and how well such bands have held so far."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from orc_lab.errors import InvalidValue

QUANTILES: tuple[float, ...] = (0.1, 0.25, 0.5, 0.75, 0.9)
NOMINAL = 0.8  # the band from the first to the last of QUANTILES
_Z95 = 1.959964


class Basis(StrEnum):
    """What a number rests on."""

    HISTORY = "history"  # the person's own past of the same thing
    SIMILAR = "similar work"  # actual hours of finished work: the todo has no usable estimate
    PRIOR = "prior"  # mostly a broad assumption: the past is short
    TOO_LITTLE = "too little data"


def label(level: float) -> str:
    """The column of a quantile, in percents: `q10` for .1, `q2.5` for .025, `q0.1` for .001."""
    return f"q{round(100 * level, 6):g}"


def figure(value: float, *, sign: bool = False) -> str:
    """A number as people read it, halves rounded up: 2,570 · 33.5 · 4.3 · 0.88 · 0.5; with `sign` also a plus."""
    places = 0 if abs(value) >= 100 else 1 if abs(value) >= 1 else 2
    text = f"{half_up(value, places):{'+' if sign else ''},.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def amount(value: float, unit: str) -> str:
    """A number with its unit, given in the plural: 4.3 weeks, 1 week, 1 h; what reads as 1 is one."""
    number = figure(value)
    one = number.lstrip("-") == "1" and len(unit) > 1
    return f"{number} {unit.removesuffix('s') if one else unit}".rstrip()


def half_up(value: float, places: int = 0) -> float:
    """A number with so many places, halves away from zero as people round: 4.25 is 4.3, not 4.2."""
    if not math.isfinite(value):
        return value
    scale = 10.0**places
    return math.copysign(math.floor(round(abs(value) * scale, 6) + 0.5) / scale, value)


def share(value: float) -> str:
    """A measured share in whole percents; only none and all of it read 0% and 100%."""
    if 0 < value < 0.005:
        return "<1%"
    if 0.995 <= value < 1:
        return ">99%"
    return f"{half_up(100 * value):.0f}%"


def chance(value: float) -> str:
    """A simulated share in whole percents: no number of scenarios makes a thing impossible or certain."""
    return "<1%" if value == 0 else ">99%" if value == 1 else share(value)


def check_levels(levels: tuple[float, ...]) -> tuple[float, ...]:
    """Return the levels unchanged; raise InvalidValue unless they rise and lie strictly between 0 and 1."""
    levels = tuple(float(level) for level in levels)
    rising = all(a < b for a, b in pairwise(levels))
    if not levels or not rising or not (levels[0] > 0 and levels[-1] < 1):
        raise InvalidValue("quantiles", levels, "rising numbers between 0 and 1")
    return levels


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How often bands held: `hits` of `n`; an outcome that ties with an edge counts as a part of a hit."""

    nominal: float
    hits: float
    n: int

    @property
    def share(self) -> float:
        """Hits a forecast, NaN where there was none."""
        return self.hits / self.n if self.n else math.nan

    @property
    def low(self) -> float:
        """Lower end of Wilson's 95% interval for the share (0 where n is 0)."""
        return wilson(self.hits, self.n)[0]

    @property
    def high(self) -> float:
        """Upper end of Wilson's 95% interval for the share (1 where n is 0)."""
        return wilson(self.hits, self.n)[1]

    @property
    def sentence(self) -> str:
        """For a page: the measured share beside the promised one."""
        if not self.n:
            return f"{self.nominal:.0%} bands: no forecast has come true yet"
        held = f"{self.nominal:.0%} bands held {self.share:.0%} of {amount(self.n, 'times')}"
        return f"{held} (95% interval {self.low:.0%} to {self.high:.0%})"

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        share = self.share if self.n else None
        return {
            "nominal": self.nominal, "hits": self.hits, "n": self.n, "share": share,
            "low": self.low, "high": self.high, "sentence": self.sentence,
        }  # fmt: skip


def wilson(hits: float, n: int, z: float = _Z95) -> tuple[float, float]:
    """Wilson's score interval for a share (E. B. Wilson, JASA 1927); (0, 1) where n is 0."""
    if not n:
        return 0.0, 1.0
    p, z2 = hits / n, z * z
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = z / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """One number not known yet: its quantiles in `unit`, as known at `as_of`.

    `n` counts the observations behind it. Too little data is an answer too: no quantiles, and `needs` says what
    would be needed.
    """

    subject: str
    unit: str
    as_of: datetime
    quantiles: Mapping[float, float]
    basis: Basis
    n: int
    evidence: tuple[str, ...] = ()
    coverage: Coverage | None = None
    needs: str = field(default="")

    @property
    def median(self) -> float:
        """The middle of the forecast, NaN where there is too little data."""
        return self.quantiles.get(0.5, math.nan)

    @property
    def sentence(self) -> str:
        """For a page: the median, the band and what they rest on."""
        if not self.quantiles:
            return f"{self.subject}: {Basis.TOO_LITTLE.value}. {self.needs}".rstrip()
        low, high = min(self.quantiles), max(self.quantiles)
        band = f"{high - low:.0%} between {figure(self.quantiles[low])} and {figure(self.quantiles[high])}"
        return f"{self.subject}: {amount(self.median, self.unit)}, {band} ({self.basis.value}, n = {self.n:,})"

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON; quantiles by their labels."""
        return {
            "subject": self.subject,
            "unit": self.unit,
            "as_of": self.as_of.isoformat(),
            "quantiles": {label(level): value for level, value in self.quantiles.items()},
            "basis": self.basis.value,
            "n": self.n,
            "evidence": list(self.evidence),
            "coverage": self.coverage.as_dict() if self.coverage else None,
            "needs": self.needs,
            "sentence": self.sentence,
        }
