"""What an imported history tells at once: how the person's estimates ran, and how corrected ones would have held.

Heavy, and so loaded only once there is a history to look at. `orc backtest` tells all of it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from orc_lab.agents.estimation.past import HALF_LIFE
from orc_lab.agents.estimation.walk import coverage_of, walk_forward
from orc_lab.agents.forecast import Coverage, figure, share
from orc_lab.cli import answers
from orc_lab.workbench.bench import Workbench

ENOUGH = 40  # finished todos with an estimate and hours: with fewer, an interval for a share says nothing
_LATELY = 200  # walked, for the coverage
_LOOK_BACK = 5 * int(HALF_LIFE)
_STAGE = 100  # todos whose errors are averaged at the beginning, in the middle and at the end of a history
_STAGES = 3
_EXACT = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Mean errors in hours after so many finished todos, over the last hundred of them (of a short history, a third):
    of the person's own estimates, and of corrected ones."""

    finished: int
    own: float
    corrected: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A person's own estimates against what was: `n` of them, actual ÷ estimate at the median, the share that took
    longer; how often the corrected 80% band would have held lately, and errors as the history grew."""

    n: int
    median_ratio: float
    over: float
    coverage: Coverage
    stages: Sequence[Stage]

    def lines(self) -> list[str]:
        """Return a few lines for a terminal."""
        errors = "; ".join(
            f"after {stage.finished:,}, {figure(stage.corrected)} h against {figure(stage.own)} h"
            for stage in self.stages
        )
        return [
            f"Your estimates: {self.n:,} finished todos took {figure(self.median_ratio)} × the estimate at the median; "
            f"{share(self.over)} took longer.",
            f"Corrected by what was finished before, on your own past: {self.coverage.sentence}.",
            *([f"Mean error, corrected against yours: {errors}."] if self.stages else []),
            "All of it, compared with what is simpler: orc backtest",
        ]

    def as_dict(self) -> dict[str, object]:
        """Return plain values for JSON."""
        return asdict(self) | {"coverage": self.coverage.as_dict()}


def calibrated(wb: Workbench) -> Calibration | None:
    """Return what the history in a workbench tells, None where too little was estimated and finished."""
    finished = answers.seen(wb, None)[0].finished
    estimated = finished[(finished["estimate_hours"] > 0) & (finished["actual_hours"] > 0)]
    if len(estimated) < ENOUGH:
        return None
    estimated = estimated.sort_values("completed", kind="stable")
    ratio = estimated["actual_hours"] / estimated["estimate_hours"]
    size = min(_STAGE, len(estimated) // _STAGES)
    lately = _walk(estimated, _LATELY)
    ends = np.linspace(size, len(estimated), _STAGES).astype(int).tolist()
    before = [_walk(estimated.iloc[:end], size) for end in ends[:-1]]
    return Calibration(
        n=len(estimated),
        median_ratio=float(ratio.median()),
        over=float((ratio > 1 + _EXACT).mean()),
        coverage=coverage_of(lately),
        stages=[_stage(walk, finished) for walk, finished in zip([*before, lately[-size:]], ends, strict=True)],
    )


def _walk(estimated: pd.DataFrame, last: int) -> pd.DataFrame:
    """Forecast the last ones from what came before; what lies five half-lives back weighs next to nothing."""
    return walk_forward(estimated.iloc[-(_LOOK_BACK + last) :], last=last)


def _stage(walk: pd.DataFrame, finished: int) -> Stage:
    actual = walk["actual_hours"]
    own, corrected = (float((actual - walk[name]).abs().mean()) for name in ("estimate_hours", "q50"))
    return Stage(finished=finished, own=own, corrected=corrected)
