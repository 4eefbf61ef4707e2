"""P(done by the due day) and the day that would be safe: the hours left against the hours the project's weeks bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isnan, nan

import numpy as np
import pandas as pd

from orc_lab.agents.atoms import Floats
from orc_lab.agents.completion.workload import smallest_cut
from orc_lab.agents.velocity.past import normal_weeks
from orc_lab.agents.velocity.throughput import scenarios

SAFE = 0.85  # the chance of being on time that a cut or a later date should bring
_FARTHEST = 104  # weeks looked ahead
_ROOM_SEED = 1_000_003
_DAY, _WEEK = pd.Timedelta(days=1), pd.Timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTime:
    """`p`: P(done by the due day), `cut`: positions of what to leave out for SAFE and `p_after_cut` without it.

    `safe_weeks`: weeks until it is finished with a chance of SAFE. NaN where unknown.
    """

    p: float
    cut: tuple[int, ...]
    p_after_cut: float
    safe_weeks: float


def on_time(
    mine: pd.DataFrame,
    weeks: pd.DataFrame,
    work: Floats,
    order: list[int],
    *,
    due: datetime | None,
    as_of: datetime,
    capacity: Sequence[float] | None,
    seed: int,
) -> OnTime:
    """Compare scenarios of the hours left, `work` (scenarios, open tasks), with those of the weeks to come.

    `mine` are the project's tasks, `weeks` the person's complete ones, `order` is that in which to cut.
    """
    room = _room(_weekly_hours(mine, weeks), capacity, len(work), seed)
    weeks_left = nan if due is None else float((pd.Timestamp(due) + _DAY - pd.Timestamp(as_of)) / _WEEK)
    cut, p, after = _on_time(work, room, weeks_left, order)
    return OnTime(p=p, cut=tuple(cut), p_after_cut=after, safe_weeks=_safe_weeks(work.sum(axis=1), room))


def _weekly_hours(mine: pd.DataFrame, weeks: pd.DataFrame) -> Floats:
    """Hours of the project's finished todos a complete week since its first todo, as in normal weeks.

    The estimate stands in where nobody noted the hours.
    """
    if mine.empty or weeks.empty:
        return np.empty(0)
    hours = mine["actual_hours"].where(mine["actual_hours"] > 0, mine["estimate_hours"]).fillna(0.0)
    total = hours.groupby(_monday(mine["completed"])).sum().reindex(weeks["start"], fill_value=0.0)
    lived = (weeks["start"] >= _monday(mine["created"]).min()).to_numpy()
    return normal_weeks(total[lived], weeks["capacity"][lived])


def _monday(when: pd.Series) -> pd.Series:
    day = when.dt.normalize()
    monday: pd.Series = day - pd.to_timedelta(day.dt.day_of_week, unit="D")
    return monday


def _room(history: Floats, capacity: Sequence[float] | None, size: int, seed: int) -> Floats:
    """Hours the project gets by the end of each week ahead, shape (scenarios, _FARTHEST)."""
    known = list(capacity or ())[:_FARTHEST]
    factors = known + [1.0] * (_FARTHEST - len(known))
    return scenarios(history, _FARTHEST, capacity=factors, size=size, seed=seed + _ROOM_SEED).cumsum(axis=1)


def _on_time(work: Floats, room: Floats, weeks_left: float, order: list[int]) -> tuple[list[int], float, float]:
    """What to cut, P(on time), and P without the cut; NaN without a due day, or where nothing was ever done."""
    if isnan(weeks_left):
        return [], nan, nan
    if not work.shape[1]:
        return [], 1.0, nan
    if weeks_left <= 0:
        return [], 0.0, nan
    if np.isnan(room).any():
        return [], nan, nan
    ends = np.arange(_FARTHEST + 1)
    padded = np.pad(room, ((0, 0), (1, 0)))
    whole = min(int(weeks_left), _FARTHEST - 1)
    part = min(weeks_left - whole, 1.0)
    by_due = padded[:, ends[whole]] * (1 - part) + padded[:, ends[whole + 1]] * part
    cut = smallest_cut(work, by_due, order, SAFE)
    p = float((work.sum(axis=1) <= by_due).mean())
    return cut, p, float((np.delete(work, cut, axis=1).sum(axis=1) <= by_due).mean()) if cut else nan


def _safe_weeks(total: Floats, room: Floats) -> float:
    """Weeks until the work is finished with a chance of SAFE; NaN if that is beyond sight."""
    enough = (total[:, None] <= room).mean(axis=0) >= SAFE
    return float(np.argmax(enough) + 1) if enough.any() else nan
