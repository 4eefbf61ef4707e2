"""How a finished project looked half-way: which health patterns it showed, and how much was blind or had aged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import numpy as np
import pandas as pd

from orc_lab.agents.atoms import Floats
from orc_lab.agents.estimation.estimator import Estimator
from orc_lab.agents.health.patterns import PATTERNS
from orc_lab.agents.health.snapshot import snapshot
from orc_lab.model.entities import ProjectStatus, Status

MIN_DONE = 3  # todos done by half-way: with fewer, patterns say nothing
_WEEK = pd.Timedelta(days=7)
_RECENT = 50  # finished todos whose ratios stand for the person's
_SCENARIOS = 200  # P(on time) is only asked whether it is above a half and above .85
_SPREAD, _SHARED = 0.7, 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Midway:
    """Health patterns that a project showed, and shares: of open todos without an estimate, of begun ones that aged.

    A share is None where nothing was open, or begun.
    """

    patterns: tuple[str, ...]
    blind: float | None
    aged: float | None


def midway(
    tasks: pd.DataFrame,
    weekly: pd.DataFrame,
    commitments: pd.DataFrame,
    project: Mapping[str, Any],
    instant: datetime,
) -> Midway | None:
    """How a project looked at an instant; None where too little was done by then.

    Nothing later than the instant is looked at, but for estimates and titles, which are those of later. P(on time)
    comes from the person's last 50 ratios of actual to estimated hours: quick, and near enough for a pattern.
    """
    known = tasks_at(tasks, instant)
    if int((known["completed"].notna() & (known["project_id"] == project["id"])).sum()) < MIN_DONE:
        return None
    weeks = weekly[weekly["start"] <= instant]
    look = snapshot(
        known,
        weeks.assign(complete=weeks["start"] + _WEEK <= instant),
        {**project, "status": ProjectStatus.ACTIVE.value},
        instant,
        cast(Estimator, _Ratios(known)),
        commitments=commitments[commitments["committed"] <= instant],
    )
    return Midway(
        patterns=tuple(pattern.name for pattern in PATTERNS if pattern.evaluate(look) is not None),
        blind=len(look.unestimated) / look.open if look.open else None,
        aged=len(look.aged) / len(look.in_progress) if look.in_progress else None,
    )


def tasks_at(tasks: pd.DataFrame, instant: datetime) -> pd.DataFrame:
    """The tasks that there were at an instant, with what had happened to them by then."""
    known = tasks[tasks["created"] <= instant].copy()
    for name in ("started", "completed", "dropped"):
        known[name] = known[name].where(known[name] <= instant)
    begun = np.where(known["started"].notna(), Status.COMMITTED.value, Status.CONFIRMED.value)
    closed = np.where(known["dropped"].notna(), Status.DROPPED.value, begun)
    known["status"] = pd.Series(
        np.where(known["completed"].notna(), Status.DONE.value, closed), index=known.index, dtype="str"
    )
    known["actual_hours"] = known["actual_hours"].where(known["completed"].notna())
    return known


class _Ratios:
    """Draws of hours as evidence-based scheduling makes them, with one shared error a scenario."""

    def __init__(self, known: pd.DataFrame) -> None:
        done = known[known["completed"].notna() & (known["actual_hours"] > 0)].sort_values(["completed", "id"])
        rated = done[done["estimate_hours"] > 0].tail(_RECENT)
        ratios = (rated["actual_hours"] / rated["estimate_hours"]).to_numpy()
        self._ratios = ratios if len(ratios) else np.exp(_SPREAD * np.linspace(-1.5, 1.5, 7))
        hours = done["actual_hours"].tail(_RECENT).to_numpy()
        self._hours = hours if len(hours) else np.array([1.0, 2.0, 4.0])
        self.n = len(done)

    def draws(self, tasks: pd.DataFrame, *, size: int, seed: int = 0, **_: object) -> Floats:
        """Scenarios of hours, at most _SCENARIOS of them, shape (scenarios, tasks)."""
        rng = np.random.default_rng(seed)
        count = min(size, _SCENARIOS)
        estimate = tasks["estimate_hours"].to_numpy(dtype=np.float64, na_value=np.nan)
        rated = rng.choice(self._ratios, (count, len(tasks))) * estimate
        plain = rng.choice(self._hours, (count, len(tasks)))
        hours = np.where(estimate > 0, rated, plain) * np.exp(_SHARED * rng.standard_normal(count))[:, None]
        return np.asarray(hours)
