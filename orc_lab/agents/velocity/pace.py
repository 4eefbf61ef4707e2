"""How much gets done in a week: todos and hours, their level and their trend.

Zero weeks count, the week still running doesn't.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from orc_lab.agents.forecast import Basis, amount, figure
from orc_lab.agents.trend import Trend, trend

WEEKS = 8  # a level is the median of these
MEASURES = {"done": "todos", "hours": "h"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One measure a week over the last complete weeks: median and quartiles (NaN without weeks) and its trend."""

    unit: str
    weeks: int
    median: float
    q25: float
    q75: float
    trend: Trend

    @property
    def sentence(self) -> str:
        """For a page."""
        if not self.weeks:
            return "no complete week yet"
        level = f"{amount(self.median, self.unit)} a week (half of weeks {figure(self.q25)} to {figure(self.q75)}"
        return f"{level}, {amount(self.weeks, 'weeks')}), {self.trend.sentence}"

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON; None for NaN."""
        numbers = {"median": self.median, "q25": self.q25, "q75": self.q75}
        plain = {key: None if np.isnan(value) else value for key, value in numbers.items()}
        return {
            "unit": self.unit,
            "weeks": self.weeks,
            **plain,
            "trend": self.trend.as_dict(),
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Velocity:
    """Todos and hours a week as of an instant."""

    as_of: datetime
    todos: Rate
    hours: Rate
    basis: Basis

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        rates = {"todos": self.todos.as_dict(), "hours": self.hours.as_dict()}
        return {"as_of": self.as_of.isoformat(), "basis": self.basis.value, **rates}


def velocity(weekly: pd.DataFrame, as_of: datetime, *, weeks: int = WEEKS) -> Velocity:
    """Median and quartiles of the last `weeks` complete weeks of the `weekly` frame, zero weeks included."""
    last = complete(weekly, as_of).tail(weeks)
    basis = Basis.HISTORY if len(last) == weeks else Basis.PRIOR if len(last) else Basis.TOO_LITTLE
    return Velocity(as_of=as_of, todos=_rate(last, "done"), hours=_rate(last, "hours"), basis=basis)


def complete(weekly: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """The weeks that were over at `as_of`, oldest first."""
    over = weekly["complete"] & (weekly["start"] + pd.Timedelta(days=7) <= pd.Timestamp(as_of))
    return weekly[over].sort_values("start")


def idle(weeks: pd.DataFrame, measure: str = "done") -> int:
    """How many of the last weeks, up to the newest of the frame, brought nothing."""
    nothing = weeks[measure].to_numpy()[::-1] == 0
    return len(nothing) if nothing.all() else int(nothing.argmin())


def _rate(weeks: pd.DataFrame, measure: str) -> Rate:
    values = weeks[measure].to_numpy(dtype=np.float64)
    q25, median, q75 = np.quantile(values, (0.25, 0.5, 0.75)).tolist() if len(values) else (np.nan,) * 3
    unit = MEASURES[measure]
    return Rate(unit=unit, weeks=len(values), median=median, q25=q25, q75=q75, trend=trend(values, unit=unit))
