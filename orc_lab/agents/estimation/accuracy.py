"""How good a person's estimates were lately, and whether correcting them helped."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from orc_lab.agents.estimation.walk import coverage_of
from orc_lab.agents.forecast import Basis, Coverage, amount, figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """How good the estimates of the last weeks were, and whether correcting them helped.

    `median_ratio` is actual ÷ estimate; `within_quarter` the share off by at most 25%; `mae_own` and `mae_corrected`
    mean absolute errors in hours of the person's estimate and of the forecast's median, on the same tasks.
    NaN where n is 0.
    """

    as_of: datetime
    weeks: int
    n: int
    median_ratio: float
    within_quarter: float
    mae_own: float
    mae_corrected: float
    coverage: Coverage

    @property
    def sentence(self) -> str:
        """For a page."""
        if not self.n:
            return f"No todo with an estimate was finished in {amount(self.weeks, 'weeks')}: nothing to compare."
        helped = "smaller" if self.mae_corrected < self.mae_own else "no smaller"
        done = f"{amount(self.n, 'estimated todos')} finished in {amount(self.weeks, 'weeks')}"
        took = f"{done} took {figure(self.median_ratio)} × the estimate"
        errors = f"{helped}: {self.mae_corrected:.2f} h against {self.mae_own:.2f} h"
        return (
            f"{took} at the median; {self.within_quarter:.0%} came within 25%. "
            f"The mean error of the corrected estimate was {errors}. {self.coverage.sentence}."
        )

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON; None for NaN."""
        plain = {key: None if value != value else value for key, value in asdict(self).items()}
        return plain | {"as_of": self.as_of.isoformat(), "coverage": self.coverage.as_dict(), "sentence": self.sentence}


def accuracy(walk: pd.DataFrame, *, as_of: datetime, weeks: int = 12) -> Accuracy:
    """Estimate accuracy over the `weeks` before `as_of`, from a `walk_forward` of the whole history."""
    recent = walk["completed"].between(as_of - timedelta(weeks=weeks), as_of, inclusive="right")
    mine = walk[recent & (walk["basis"] != Basis.SIMILAR) & (walk["estimate_hours"] > 0)]
    estimate, actual = mine["estimate_hours"].to_numpy(), mine["actual_hours"].to_numpy()
    ratio = actual / estimate
    return Accuracy(
        as_of=as_of,
        weeks=weeks,
        n=len(mine),
        median_ratio=float(np.median(ratio)) if len(mine) else np.nan,
        within_quarter=float((np.abs(ratio - 1) <= 0.25 + 1e-9).mean()) if len(mine) else np.nan,
        mae_own=float(np.abs(actual - estimate).mean()) if len(mine) else np.nan,
        mae_corrected=float((mine["actual_hours"] - mine["q50"]).abs().mean()),
        coverage=coverage_of(mine),
    )
