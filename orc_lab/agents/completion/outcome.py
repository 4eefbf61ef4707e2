"""What is said of a plan: when it is done, with what chance on time, and what a change would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import isnan, nan

import numpy as np

from orc_lab.agents.atoms import Floats
from orc_lab.agents.completion.dates import Completion
from orc_lab.agents.completion.record import nearest_days
from orc_lab.agents.forecast import Forecast, amount, chance, figure, label

SAFE = 0.85  # the chance of being on time that a cut or a later date should bring

_WITHIN = 366  # days ahead within which a date can be promised


def safe_days(days: Floats, level: float = SAFE) -> float:
    """Days ahead by which so much of rising scenarios is done; NaN where there is none within a year."""
    ahead = nearest_days(days, [level])[0] if len(days) else nan
    return ahead if ahead <= _WITHIN else nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a what-if would change: `after` against the forecast without it.

    `sooner` holds quantiles of the days won in each scenario (negative: lost); `p_change` the difference in P(on time)
    with `p_low` … `p_high`, its 95% interval over the scenarios (NaN without a due day).
    """

    after: Completion
    sooner: Mapping[float, float]
    p_after: float
    p_change: float
    p_low: float
    p_high: float

    @property
    def sentence(self) -> str:
        """For a page."""
        days = _won(self.sooner[0.1], self.sooner[0.5], self.sooner[0.9])
        return days if isnan(self.p_after) else f"{days}; the chance of being on time {self._chance()}"

    def _chance(self) -> str:
        points, low, high = (figure(100 * p, sign=True) for p in (self.p_change, self.p_low, self.p_high))
        if self.p_change == self.p_low == self.p_high == 0:
            return f"stays {chance(self.p_after)}"
        return f"becomes {chance(self.p_after)} ({points} points, 95% between {low} and {high})"

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON; None for NaN."""
        numbers = {"p_after": self.p_after, "p_change": self.p_change, "p_low": self.p_low, "p_high": self.p_high}
        return {
            "after": self.after.as_dict(),
            "sooner": {label(level): value for level, value in self.sooner.items()},
            **{name: None if isnan(value) else value for name, value in numbers.items()},
            "sentence": self.sentence,
        }


def _won(low: float, middle: float, high: float) -> str:
    """Days won at the median and within 80%, in words."""
    if low == high:
        return _moved(middle)
    if low >= 0 or high <= 0:
        near, far = sorted((abs(low), abs(high)))
        band = f"{figure(near)} to {amount(far, 'days')} {'sooner' if high > 0 else 'later'}"
    else:
        band = f"{_moved(low)} to {_moved(high)}"
    return f"{_moved(middle)} at the median (80%: {band})"


def _moved(days: float) -> str:
    return f"{amount(abs(days), 'days')} {'sooner' if days > 0 else 'later'}" if days else "no change of the date"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectCompletion:
    """When a plan is done (`when`), and whether by its `due` day (`p_on_time`, NaN without one).

    `open` todos with `remaining` hours, if none is dropped; `arrivals` todos a week came into it of
    late and `drop_share` of all todos end as dropped. `change` is the what-if, where one was asked. `days` are
    scenarios of the whole days ahead in which it is done, rising, without what a due day does to a person.
    """

    when: Completion
    due: date | None
    p_on_time: float
    open: int
    remaining: Forecast
    arrivals: float
    drop_share: float
    change: Change | None = None
    days: Floats = field(repr=False, compare=False, default_factory=lambda: np.empty(0))

    def safe(self, level: float = SAFE) -> date | None:
        """The day by which it is done with so much of a chance, whenever due; None where none within a year is."""
        ahead = safe_days(self.days, level)
        return None if isnan(ahead) else self.when.today + timedelta(days=ahead)

    def chance_by(self, day: date) -> float:
        """P(done by the end of a day, whenever due), NaN where unknown."""
        return float((self.days <= (day - self.when.today).days).mean()) if len(self.days) else nan

    @property
    def sentence(self) -> str:
        """For a page."""
        if not self.open and not self.when.needs:
            return f"{self.when.subject}: nothing is open."
        late = f"; on time with a chance of {chance(self.p_on_time)}" if not isnan(self.p_on_time) else ""
        return self.when.sentence + late

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON; None for NaN."""
        return {
            "when": self.when.as_dict(),
            "due": self.due.isoformat() if self.due else None,
            "p_on_time": None if isnan(self.p_on_time) else self.p_on_time,
            "open": self.open,
            "remaining": self.remaining.as_dict(),
            "arrivals": self.arrivals,
            "drop_share": self.drop_share,
            "change": self.change.as_dict() if self.change else None,
            "sentence": self.sentence,
        }
