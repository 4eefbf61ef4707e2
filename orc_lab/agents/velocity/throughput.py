"""How much gets done in a week: todos and hours, their trend, and what the next weeks will bring.

Zero weeks count, the week still running doesn't. The forecast throws two models together, half of the scenarios each:
weeks that are worked or not, with lognormal drift of the level; and what really followed past weeks like this one.
Over ten years of nine people its 80% bands hold, where a bootstrap of the last twelve weeks (what is usual) holds some
60% of times at four weeks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from orc_lab.agents.atoms import Floats, share_in_band
from orc_lab.agents.forecast import NOMINAL, QUANTILES, Basis, Coverage, Forecast, check_levels, figure, label
from orc_lab.agents.trend import Trend, trend
from orc_lab.errors import InvalidValue

WEEKS = 8  # a level is the median of these
MIN_WEEKS = 12  # of history; with fewer a forecast is mostly assumption
SCENARIOS = 2000
MEASURES = {"done": "todos", "hours": "h"}
_HOLIDAY = 0.1  # a week with less of a normal capacity tells nothing about the rate
_ALPHA = 0.12  # weight of the newest week in today's level
_SIZE_KEEP, _SIZE_WEEKS = 0.97, 4.0  # how long the spread of worked weeks is remembered; what CV 1 is worth
_DRIFT = 0.4  # standard deviation of the log level after four weeks; grows with the root of time, to √3 of that
_PAST_HALF_LIFE, _NEAR, _FAR, _IDLE = 104.0, 0.5, 0.1, 0.1  # weeks; what makes a past week like this one
_PAST_WEEKS = 26  # windows of the past needed before they are drawn from


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
        level = f"{figure(self.median)} {self.unit} a week (half of weeks {figure(self.q25)} to {figure(self.q75)}"
        return f"{level}, {self.weeks} weeks), {self.trend.sentence}"

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
        subject=f"{MEASURES[measure]} in the next {horizon} weeks" if horizon > 1 else f"{MEASURES[measure]} next week",
        unit=MEASURES[measure],
        as_of=as_of,
        quantiles={level: float(last[label(level)]) for level in quantiles} if known else {},
        basis=basis,
        n=len(weeks),
        evidence=(f"{len(weeks)} complete weeks, {worked} of them with something done", held.sentence),
        coverage=held,
        needs="" if known else "A complete week with something done in it would be needed.",
    )


def forecast_throughput(
    weekly_history: Sequence[float] | pd.Series | Floats,
    horizon: int,
    *,
    quantiles: tuple[float, ...] = QUANTILES,
    capacity: Sequence[float] | None = None,
    past_capacity: Sequence[float] | pd.Series | Floats | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """What the next `horizon` weeks will bring, from todos or hours of past complete weeks, oldest first.

    One row a week ahead: `week` 1 … horizon; q10 … q90 of the total up to and with that week; week_q10 … week_q90 of
    that week alone; `capacity` of the week (1 = normal, 0 = holiday); `basis`; `n` weeks of history used. Quantiles are
    NaN, and the basis "too little data", where nothing was ever done.
    """
    check_levels(quantiles)
    history = normal_weeks(weekly_history, past_capacity)
    ahead = np.ones(max(horizon, 0)) if capacity is None else np.asarray(capacity, dtype=np.float64)
    if horizon < 1 or len(ahead) != horizon:
        raise InvalidValue("horizon", horizon, "a positive number of weeks, and as many capacities")
    table = pd.DataFrame({"week": np.arange(1, horizon + 1)})
    weeks = scenarios(history, horizon, capacity=ahead, seed=seed)
    totals = np.quantile(weeks.cumsum(axis=1), quantiles, axis=0)
    alone = np.quantile(weeks, quantiles, axis=0)
    for prefix, values in (("", totals), ("week_", alone)):
        for level, row in zip(quantiles, values, strict=True):
            table[prefix + label(level)] = row
    return table.assign(capacity=ahead, basis=_basis(history).value, n=len(history))


def _basis(history: Floats) -> Basis:
    if not history.any():
        return Basis.TOO_LITTLE
    return Basis.HISTORY if len(history) >= MIN_WEEKS else Basis.PRIOR


def normal_weeks(
    weekly_history: Sequence[float] | pd.Series | Floats,
    past_capacity: Sequence[float] | pd.Series | Floats | None = None,
) -> Floats:
    """History as if each week had its normal capacity; holidays and weeks with no number are left out."""
    history = np.asarray(weekly_history, dtype=np.float64)
    factor = np.ones(len(history)) if past_capacity is None else np.asarray(past_capacity, dtype=np.float64)
    kept = np.isfinite(history) & (factor > _HOLIDAY)
    return np.maximum(history[kept], 0.0) / factor[kept]


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
    history = history[history > 0] if worked else history
    rng = np.random.default_rng(seed)
    weeks = _worked_or_not(history, horizon, size, rng, worked)
    if len(history) - horizon - 3 >= _PAST_WEEKS:
        weeks[::2] = _as_it_followed(history, horizon, len(weeks[::2]), rng)
    return weeks if capacity is None else weeks * np.asarray(capacity, dtype=np.float64)


def _worked_or_not(history: Floats, horizon: int, size: int, rng: np.random.Generator, always: bool) -> Floats:
    """Each week is worked with a chance, and then brings a gamma amount; the level is unsure and drifts."""
    age = np.arange(len(history))[::-1]
    recent, worked = (1 - _ALPHA) ** age, history > 0
    weight, hits = recent.sum() + 1, recent[worked].sum() + 0.5
    chance = np.ones(size) if always else rng.beta(hits, weight - hits, size)
    since = age[worked] - age[worked].min()  # after decades without work every weight would be zero
    level = np.average(history[worked], weights=(1 - _ALPHA) ** since)
    usual = np.average(history[worked], weights=_SIZE_KEEP**since)
    lasting = _SIZE_KEEP ** age[worked]
    spread = (lasting @ (history[worked] / usual - 1) ** 2 + _SIZE_WEEKS) / (lasting.sum() + _SIZE_WEEKS)
    amount = rng.gamma(1 / spread, level * spread, (size, horizon))
    step = np.where(np.arange(horizon) < 12, _DRIFT / 2, 0.0)
    unsure = np.sqrt(spread / (recent[worked].sum() + 1) + 4 / (len(history) + 4))
    drift = np.exp(rng.normal(0.0, unsure, (size, 1)) + np.cumsum(rng.normal(0.0, 1.0, (size, horizon)) * step, axis=1))
    return np.where(rng.random((size, horizon)) < chance[:, None], amount * drift, 0.0)


def _as_it_followed(history: Floats, horizon: int, size: int, rng: np.random.Generator) -> Floats:
    """Stretches of the past, drawn more often the more recent and the nearer their level was to today's."""
    count = len(history)
    levels = _levels(history)
    log_level = np.log(levels + _IDLE * history.mean())
    ends = np.arange(3, count - horizon)
    apart = (log_level[ends] - log_level[-1]) / _NEAR
    weight = 0.5 ** ((count - 1 - ends) / _PAST_HALF_LIFE) * (np.exp(-0.5 * apart**2) + _FAR)
    drawn = rng.choice(ends, size, p=weight / weight.sum())
    return np.asarray(history[drawn[:, None] + 1 + np.arange(horizon)])


def _levels(history: Floats) -> Floats:
    """Exponentially weighted mean of each week and those before it."""
    total = weight = 0.0
    out = np.empty(len(history))
    for i, value in enumerate(history):
        total, weight = total * 0.75 + value, weight * 0.75 + 1
        out[i] = total / weight
    return out


def coverage(
    weekly_history: Sequence[float] | pd.Series | Floats,
    horizon: int,
    *,
    past_capacity: Sequence[float] | pd.Series | Floats | None = None,
    nominal: float = NOMINAL,
    origins: int = 104,
) -> Coverage:
    """How often bands for the total of `horizon` weeks would have held over the person's own past.

    Each forecast knows only the weeks before it. At most `origins` forecasts, the latest ones, over stretches that
    don't overlap (outcomes that share weeks would feign precision).
    """
    history = normal_weeks(weekly_history, past_capacity)
    starts = np.arange(len(history) - horizon, MIN_WEEKS - 1, -horizon)[:origins]
    below, upto = np.empty(len(starts)), np.empty(len(starts))
    known: npt.NDArray[np.bool_] = np.zeros(len(starts), dtype=np.bool_)
    for i, start in enumerate(starts):
        totals = scenarios(history[:start], horizon, size=400).sum(axis=1)
        truth = history[start : start + horizon].sum()
        known[i] = not np.isnan(totals[0])
        below[i], upto[i] = (totals < truth).mean(), (totals <= truth).mean()
    held = share_in_band(below[known], upto[known], nominal)
    return Coverage(nominal=nominal, hits=float(held.sum()), n=len(held))
