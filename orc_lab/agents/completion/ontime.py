"""Will a project be done by its due day, what has to go so that it is, and which day would be safe?

The one definition of P(on time): that of `project_completion`, for health, pages and recommendations alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import isnan, nan

import numpy as np
import pandas as pd

from orc_lab.agents.completion.background import Background
from orc_lab.agents.completion.look import Look, look_at
from orc_lab.agents.completion.outcome import SAFE, safe_days
from orc_lab.agents.completion.workload import drop_order, smallest_cut_by
from orc_lab.agents.estimation.estimator import Estimator
from orc_lab.agents.forecast import amount, chance

_SCENARIOS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTime:
    """P(done by the due day) and what would make it `target`.

    `p` is NaN without a due day or where nothing was ever finished; `cut` are ids of the smallest set of todos without
    which it reaches the target, `p_after` the chance then (NaN without a cut); `p_worked` the chance that its hours are
    worked by then, were nothing left lying; `safe_days` the days in
    which it is done with that chance whenever due, NaN where unknown or over a year. `open` todos are in it: where all
    of them are the cut, no smaller one is enough.
    """

    p: float
    cut: tuple[str, ...]
    p_after: float
    p_worked: float
    safe_days: float
    open: int = 0

    @property
    def sentence(self) -> str:
        """For a page."""
        if isnan(self.p):
            return "The chance of being on time can't be said"
        now = f"On time with a chance of {chance(self.p)}"
        if not self.cut:
            return now
        if len(self.cut) == self.open:
            return f"{now}; no cut that leaves something is enough"
        return f"{now}; without {amount(len(self.cut), 'todos')} {chance(self.p_after)}"

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON; None for NaN."""
        numbers = {"p": self.p, "p_after": self.p_after, "p_worked": self.p_worked, "safe_days": self.safe_days}
        plain = {name: None if isnan(value) else value for name, value in numbers.items()}
        return {**plain, "cut": list(self.cut), "sentence": self.sentence}


def on_time(
    tasks: pd.DataFrame,
    weekly: pd.DataFrame,
    project_or_ids: str | Sequence[str],
    as_of: datetime,
    estimator: Estimator,
    *,
    due: date | datetime | None,
    capacity: Sequence[float] = (),
    past: Background | None = None,
    target: float = SAFE,
    size: int = _SCENARIOS,
    seed: int = 0,
) -> OnTime:
    """P(done by the end of the `due` day), the smallest cut that brings it to `target`, and the safe day.

    Arguments as in `project_completion`. Todos go in `drop_order`: low priority before high, long before short.
    """
    past = Background.of(tasks, weekly, as_of, seed=seed) if past is None else past
    look = look_at(past, project_or_ids, estimator, capacity=capacity, size=size, seed=seed)
    return on_time_of(look, due, target=target)


def on_time_of(look: Look, due: date | datetime | None, *, target: float = SAFE) -> OnTime:
    """The same for a plan that has been looked at."""
    usual = look.days(look.unchanged, look.none)
    if not len(usual):
        return OnTime(p=nan, cut=(), p_after=nan, p_worked=nan, safe_days=nan)
    safe = safe_days(np.sort(usual), target)
    if due is None:
        return OnTime(p=nan, cut=(), p_after=nan, p_worked=nan, safe_days=safe)
    by = (pd.Timestamp(due).normalize() - pd.Timestamp(look.as_of).normalize()).days

    def without(gone: list[int]) -> float:
        kept = ~look.none
        kept[gone] = False
        return look.on_time(look.bound(kept, look.none), by)

    order = drop_order(look.open_tasks, np.median(look.hours, axis=0))
    # Where even the last one left is too much, all of them go: what is searched for is a cut that leaves something.
    hopeless = len(order) > 1 and without(order[:-1]) < target
    cut = [] if by < 0 else order if hopeless else smallest_cut_by(without, order, target)
    p_after = without(cut) if cut else nan
    return OnTime(
        p=without([]),
        cut=tuple(look.ids[cut].tolist()),
        p_after=p_after,
        p_worked=look.on_time(look.worked(look.unchanged, look.none), by),
        safe_days=safe,
        open=look.todos,
    )
