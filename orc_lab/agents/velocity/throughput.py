"""What the next weeks will bring, todos or hours: quantiles, scenarios, and how well such bands held so far.

The forecast throws several models together, in shares that follow how each has done on this person's own past: weeks
that are worked or not, and stretches that really followed past weeks like this one. Bands that only resample the last
twelve weeks (what is usual) hold some 60% of times at four weeks where 80% is promised.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

import numpy as np
import pandas as pd

from orc_lab.agents.atoms import Floats
from orc_lab.agents.forecast import NOMINAL, QUANTILES, Basis, Coverage, Forecast, amount, check_levels, label
from orc_lab.agents.given import amounts, whole
from orc_lab.agents.velocity import ensemble
from orc_lab.agents.velocity.pace import MEASURES, complete
from orc_lab.agents.velocity.past import MIN_WEEKS, Past, normal_weeks
from orc_lab.errors import InvalidValue

Weekly: TypeAlias = Sequence[float] | pd.Series | Floats

SCENARIOS = 2000
FARTHEST = 520  # weeks: ten years


def forecast_total(
    weekly: pd.DataFrame,
    as_of: datetime,
    *,
    horizon: int = 4,
    measure: str = "done",
    capacity: Sequence[float] | None = None,
    quantiles: tuple[float, ...] = QUANTILES,
    seed: int = 0,
) -> Forecast:
    """What the next `horizon` weeks after the last complete one will bring together, with its measured coverage."""
    weeks = complete(weekly, as_of)
    table = forecast_throughput(
        weeks[measure], horizon, quantiles=quantiles, capacity=capacity, past_capacity=weeks["capacity"], seed=seed
    )
    last, basis = table.iloc[-1], Basis(table["basis"].iloc[-1])
    known = basis is not Basis.TOO_LITTLE
    held = coverage(weeks[measure], horizon, past_capacity=weeks["capacity"])
    worked = int((weeks[measure] > 0).sum())
    return Forecast(
        subject=f"the next {horizon} weeks together" if horizon > 1 else "the next week",
        unit=MEASURES[measure],
        as_of=as_of,
        quantiles={level: float(last[label(level)]) for level in quantiles} if known else {},
        basis=basis,
        n=len(weeks),
        evidence=(f"{amount(len(weeks), 'complete weeks')}, {worked} of them with something done", held.sentence),
        coverage=held,
        needs="" if known else "A complete week with something done in it would be needed.",
    )


def forecast_throughput(
    weekly_history: Weekly,
    horizon: int,
    *,
    quantiles: tuple[float, ...] = QUANTILES,
    capacity: Weekly | None = None,
    past_capacity: Weekly | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """What the next `horizon` weeks will bring, from todos or hours of past complete weeks, oldest first.

    One row a week ahead: `week` 1 … horizon; q10 … q90 of the total up to and with that week; week_q10 … week_q90 of
    that week alone; `capacity` of the week (1 = normal, 0 = holiday); `basis`; `n` weeks of history used. Quantiles are
    NaN, and the basis "too little data", where nothing was ever done. Lists, arrays and Series (in their own order)
    give the same.

    Raises InvalidValue for a week that is negative, missing or infinite (0 is a week with nothing done; one to be left
    out has the `past_capacity` 0), for such a capacity, for other lengths, and for a horizon that isn't a whole number
    from 1 to FARTHEST.
    """
    check_levels(quantiles)
    horizon = whole(horizon, "horizon", 1, FARTHEST, "weeks")
    history = _history(weekly_history, past_capacity)
    ahead = np.ones(horizon) if capacity is None else amounts(capacity, "capacity", "1 is a normal week, 0 a holiday")
    if len(ahead) != horizon:
        raise InvalidValue("capacity", capacity, f"{horizon} numbers, one for each week of the horizon")
    weeks = scenarios(history, horizon, capacity=ahead, seed=seed)
    columns: dict[str, Floats] = {}
    for prefix, values in (("", weeks.cumsum(axis=1)), ("week_", weeks)):
        rows = np.quantile(values, quantiles, axis=0)
        columns |= {prefix + label(level): row for level, row in zip(quantiles, rows, strict=True)}
    table = pd.DataFrame(columns)
    table.insert(0, "week", np.arange(1, horizon + 1))
    return table.assign(capacity=ahead, basis=_basis(history).value, n=len(history))


def _history(weekly: Weekly, capacity: Weekly | None) -> Floats:
    """Normal weeks of numbers that were checked."""
    weeks = amounts(weekly, "weekly_history", "what a week brought, 0 where it was nothing")
    if capacity is None:
        return normal_weeks(weeks)
    factors = amounts(capacity, "past_capacity", "1 is a normal week, 0 a holiday")
    if len(factors) != len(weeks):
        raise InvalidValue("past_capacity", capacity, f"{len(weeks):,} numbers, one for each week of the history")
    return normal_weeks(weeks, factors)


def _basis(history: Floats) -> Basis:
    if not history.any():
        return Basis.TOO_LITTLE
    return Basis.HISTORY if len(history) >= MIN_WEEKS else Basis.PRIOR


def scenarios(
    history: Floats,
    horizon: int,
    *,
    capacity: Sequence[float] | Floats | None = None,
    worked: bool = False,
    size: int = SCENARIOS,
    seed: int = 0,
) -> Floats:
    """Possible next weeks, shape (size, horizon), from `normal_weeks`; all NaN where nothing was ever done.

    With `worked`, only weeks in which something gets done.
    """
    if not history.any():
        return np.full((size, horizon), np.nan)
    past = Past.of(history[history > 0] if worked else history)
    weeks = ensemble.paths(past, horizon, size, seed=seed, always=worked)
    return weeks if capacity is None else weeks * np.asarray(capacity, dtype=np.float64)


def coverage(
    weekly_history: Weekly,
    horizon: int,
    *,
    past_capacity: Weekly | None = None,
    nominal: float = NOMINAL,
    origins: int = 104,
) -> Coverage:
    """How often bands for the total of `horizon` weeks would have held over the person's own past.

    Each forecast, its models' shares too, knows only the weeks before it (but for the grain amounts come in, such as
    whole todos). At most `origins` forecasts, the latest ones, over stretches that don't overlap (outcomes that share
    weeks would feign precision). Raises InvalidValue as `forecast_throughput` does.
    """
    horizon = whole(horizon, "horizon", 1, FARTHEST, "weeks")
    history = _history(weekly_history, past_capacity)
    starts = np.arange(len(history) - horizon, MIN_WEEKS - 1, -horizon)[:origins][::-1]
    starts = starts[np.cumsum(history > 0)[starts - 1] > 0]
    if not len(starts):
        return Coverage(nominal=nominal, hits=0.0, n=0)
    held = ensemble.held(Past.of(history), starts, horizon, nominal)
    return Coverage(nominal=nominal, hits=float(held.sum()), n=len(held))
