"""The time frames of a summary, and the steps in which their trends are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
import pandas as pd

from orc_lab.agents.atoms import Floats
from orc_lab.errors import InvalidValue

_MOST_STEPS = 104


class TimeFrame(StrEnum):
    """How far a summary looks back."""

    WEEK = "7d"
    MONTH = "30d"
    QUARTER = "90d"
    ALL = "all"


# In all, and of a step; a quarter is thirteen whole weeks.
_DAYS = {TimeFrame.WEEK: (7, 1), TimeFrame.MONTH: (30, 5), TimeFrame.QUARTER: (91, 7)}


def time_frame(text: str) -> TimeFrame:
    """The time frame of this name; raises InvalidValue."""
    try:
        return TimeFrame(text)
    except ValueError:
        raise InvalidValue("a time frame", text, "one of " + ", ".join(TimeFrame)) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of time up to an instant in equal steps; `edges` has one instant more than there are steps."""

    frame: TimeFrame
    days: int
    edges: pd.DatetimeIndex

    @classmethod
    def of(cls, frame: TimeFrame, as_of: datetime, first: datetime | None) -> Span:
        """The span up to `as_of`; all of it begins with the `first` thing that happened, at most two years of weeks."""
        if frame is TimeFrame.ALL:
            lived = 7 if pd.isna(first) else max((pd.Timestamp(as_of) - pd.Timestamp(first)).days + 1, 7)
            steps = min(-(-lived // 7), _MOST_STEPS)
            whole, step = steps * 7, 7
        else:
            whole, step = _DAYS[frame]
        edges = pd.date_range(end=pd.Timestamp(as_of), periods=whole // step + 1, freq=pd.Timedelta(days=step))
        return cls(frame=frame, days=step, edges=edges)

    @property
    def start(self) -> pd.Timestamp:
        """Where it begins."""
        return pd.Timestamp(self.edges[0])

    @property
    def weeks(self) -> float:
        """Its length in weeks."""
        return (len(self.edges) - 1) * self.days / 7

    @property
    def unit(self) -> str:
        """What a slope is counted by."""
        return {1: "day", 5: "5 days", 7: "week"}[self.days]

    def holds(self, when: pd.Series) -> pd.Series:
        """Which instants lie in it: after its start, up to its end."""
        inside: pd.Series = (when > self.start) & (when <= self.edges[-1])
        return inside

    def counts(self, when: pd.Series, values: pd.Series | None = None) -> Floats:
        """How many instants, or how much of `values`, fall into each step."""
        inside = self.holds(when)
        step = np.searchsorted(self.edges, when[inside]) - 1
        weights = None if values is None else values[inside].fillna(0.0)
        return np.bincount(step, weights, len(self.edges) - 1).astype(np.float64)
