"""When will the next n todos be done? P50, P80 and P95 dates from the days on which earlier ones were.

`forecast_completion(days, today, n)` gives the dates, `completion_draws` the scenarios behind them, and
`walk_completion` every forecast that would have been made along a history, beside what came true.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import isnan, nan
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from orc_lab.agents.atoms import Floats
from orc_lab.agents.completion.pace import FAR, LOOK_BACK, Days, Past, waits
from orc_lab.agents.completion.record import Record, levels, nearest_days
from orc_lab.agents.forecast import Basis, Coverage, amount, check_levels, label, share
from orc_lab.agents.given import When, amounts, column_of, local_time, local_times, whole
from orc_lab.errors import InvalidValue

PROMISED = (0.5, 0.8, 0.95)
_CHECKED = 0.8  # the promise whose record is shown
DRAWS = 2000
MOST = 100_000  # todos ahead
MIN_DAYS, MIN_SPAN = 10, 84  # days with something done, and days since the first: fewer are mostly assumption
_STEP = 9  # days between the past forecasts looked back on; no multiple of 7, so that weekdays take turns
_PAST_DRAWS = 300
_FACTORS = "1 is a normal week, 0 a holiday"
_LAST = date.max.toordinal() - date(1970, 1, 1).toordinal() - int(FAR)  # day since 1970 whose century has dates
_NEEDS = "At least one finished todo, with its day, would be needed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """When something is done: for each level the days ahead of `today` and the date; 0 days is by the end of `today`.

    NaN and None where there is too little data (`needs` says what is missing), or where it is beyond a century. `n`
    counts the todos behind it, `coverage` how often such dates have held for this person, each forecast from what was
    known before it.
    """

    subject: str
    today: date
    days: Mapping[float, float]
    basis: Basis
    n: int
    coverage: Coverage | None = None
    needs: str = ""

    @property
    def dates(self) -> dict[float, date | None]:
        """The date of each level."""
        return {level: _date(self.today, ahead) for level, ahead in self.days.items()}

    @property
    def sentence(self) -> str:
        """For a page."""
        if self.needs:
            return f"{self.subject}: {Basis.TOO_LITTLE.value}. {self.needs}"
        spoken = ", ".join(f"{share(level)} by {_spoken(day)}" for level, day in self.dates.items())
        held = f"; {_held(self.coverage)}" if self.coverage and self.coverage.n else ""
        return f"{self.subject}: {spoken} ({self.basis.value}, n = {self.n:,}{held})"

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON: days and dates by the labels of their levels."""
        return {
            "subject": self.subject,
            "today": self.today.isoformat(),
            "days": {label(level): None if isnan(ahead) else ahead for level, ahead in self.days.items()},
            "dates": {label(level): day.isoformat() if day else None for level, day in self.dates.items()},
            "basis": self.basis.value,
            "n": self.n,
            "coverage": self.coverage.as_dict() if self.coverage else None,
            "needs": self.needs,
            "sentence": self.sentence,
        }


def forecast_completion(
    completion_days: Sequence[When] | pd.Series | npt.NDArray[Any],
    today: When,
    n: int,
    *,
    quantiles: tuple[float, ...] = PROMISED,
    capacity: Sequence[float] = (),
    seed: int = 0,
) -> Completion:
    """When the next `n` todos will be done, `today` counted in, from the days on which past ones were.

    `completion_days` (a list, array or Series) holds one date, timestamp or text like 2026-11-23 a finished todo, in
    any order; a day with a zone is that of its own clock. What isn't strictly before `today` is not known yet and
    ignored, and so is what is missing. `capacity` gives the factors of the ISO weeks ahead, that of `today` first (0 =
    holiday, 1 = as usual, and where nothing is said).

    Raises InvalidValue for an `n` that isn't a whole number from 1 to MOST, for a `today` that is no day (None, NaT),
    or is in the calendar's last century, for numbers and other things in place of days, for capacities that aren't
    numbers from 0 on, and for `quantiles` that don't rise between 0 and 1.
    """
    check_levels(quantiles)
    past, day = _inputs(completion_days, today, n)
    if day > _LAST:
        raise InvalidValue("today", today, "a day up to the year 9899")
    factors = amounts(capacity, "capacity", _FACTORS).tolist()
    subject = f"the next {n:,} todos" if n > 1 else "the next todo"
    first = date(1970, 1, 1) + timedelta(days=day)
    if not len(past.days):
        nothing = dict.fromkeys(quantiles, nan)
        return Completion(subject=subject, today=first, days=nothing, basis=Basis.TOO_LITTLE, n=0, needs=_NEEDS)
    grid, scenarios = _looked_back(past, day, n, seed)
    draws = _corrected(past, day, n, (grid, scenarios), factors, DRAWS, seed)
    long = len(past.days) >= MIN_DAYS and day - past.days[0] >= MIN_SPAN
    return Completion(
        subject=subject,
        today=first,
        days=dict(zip(quantiles, nearest_days(draws, quantiles), strict=True)),
        basis=Basis.HISTORY if long else Basis.PRIOR,
        n=int(past.counts.sum()),
        coverage=_coverage(past, day, n, grid, scenarios),
    )


def completion_draws(
    completion_days: Sequence[When] | pd.Series | npt.NDArray[Any],
    today: When,
    n: int,
    *,
    capacity: Sequence[float] = (),
    size: int = DRAWS,
    seed: int = 0,
) -> Floats:
    """Scenarios of the days ahead behind `forecast_completion`: whole numbers, rising, shape (size,); NaN without past.

    A wait beyond a century is a century.
    """
    past, day = _inputs(completion_days, today, n)
    factors = amounts(capacity, "capacity", _FACTORS).tolist()
    if not len(past.days):
        return np.full(size, nan)
    return _corrected(past, day, n, _looked_back(past, day, n, seed), factors, size, seed)


def walk_completion(
    completion_days: Sequence[When] | pd.Series | npt.NDArray[Any],
    n: int,
    *,
    quantiles: tuple[float, ...] = PROMISED,
    seed: int = 0,
) -> pd.DataFrame:
    """Every ninth day of a history: what would have been forecast that morning for the next `n`, and what came true.

    Columns: today; n, the todos done before; waited, days until the n-th was done, infinite where it never was; q50,
    q80, q95 in days; below and upto, the forecast's P(wait < waited) and P(wait ≤ waited).
    """
    check_levels(quantiles)
    past, _ = _inputs(completion_days, date.max, n)
    names = [label(level) for level in quantiles]
    grid = np.arange(past.days[0] + 1, past.days[-1] + 1, _STEP) if len(past.days) else np.empty(0, dtype=np.int64)
    scenarios = _scenarios(past, grid, n, seed)
    waited = past.waits(grid, n)
    drawn = [_along(scenarios, grid, waited, row) for row in range(len(grid))]
    below, upto = levels(np.array(drawn).reshape(len(grid), _PAST_DRAWS), waited)
    days = np.array([nearest_days(draws, quantiles) for draws in drawn]).reshape(len(grid), len(names))
    walk = pd.DataFrame({"today": grid.astype("datetime64[D]").astype("datetime64[us]"), "waited": waited})
    walk.insert(1, "n", [int(past.before(day).counts.sum()) for day in grid.tolist()])
    return pd.concat([walk, pd.DataFrame(days, columns=names)], axis=1).assign(below=below, upto=upto)


def _inputs(completed: Sequence[When] | pd.Series | npt.NDArray[Any], today: When, n: int) -> tuple[Past, int]:
    """What was known on the morning of `today`, and that day since 1970."""
    whole(n, "n", 1, MOST, "todos")
    day = int(_since_1970(pd.Series([local_time(today, "today")], dtype="datetime64[us]"))[0])
    times = local_times(column_of(completed, "completion_days"), "completion_days").dropna()
    return Past.of(_since_1970(times)).before(day), day


def _since_1970(times: pd.Series) -> Days:
    return times.to_numpy().astype("datetime64[D]").astype(np.int64)


def _scenarios(past: Past, todays: Days, n: int, seed: int) -> Floats:
    """What was foreseen on past days, before any correction, (todays, _PAST_DRAWS)."""
    return waits(past, todays, n, size=_PAST_DRAWS, rng=np.random.default_rng((seed, n)))


def _looked_back(past: Past, day: int, n: int, seed: int) -> tuple[Days, Floats]:
    """The past days whose forecasts are compared with what came true, rising, and those forecasts."""
    first = max(int(past.days[0]), day - LOOK_BACK)
    grid = np.arange(day - _STEP, first, -_STEP)[::-1]
    return grid, _scenarios(past, grid, n, seed)


def _corrected(
    past: Past, day: int, n: int, looked: tuple[Days, Floats], capacity: Sequence[float], size: int, seed: int
) -> Floats:
    grid, scenarios = looked
    rng = np.random.default_rng((seed, n, 1))
    ahead = waits(past, np.array([day]), n, capacity=capacity, size=size, rng=rng)[0]
    record = Record.of(scenarios, past.waits(grid, n), (day - grid).astype(np.float64), _STEP)
    return np.rint(record.correct(ahead))


def _along(scenarios: Floats, grid: Days, waited: Floats, row: int) -> Floats:
    """The forecast of one day of a grid, corrected by those of earlier days as far as they had come true by then."""
    earlier = slice(max(0, row - LOOK_BACK // _STEP), row)
    elapsed = (grid[row] - grid[earlier]).astype(np.float64)
    record = Record.of(scenarios[earlier], waited[earlier], elapsed, _STEP)
    return np.rint(record.correct(scenarios[row]))


def _coverage(past: Past, day: int, n: int, grid: Days, scenarios: Floats) -> Coverage:
    """How often P80 dates would have held, over forecasts that share no day; one that can no longer hold has failed."""
    waited = past.waits(grid, n)
    free, held = -np.inf, []
    for row in range(len(grid)):
        if grid[row] < free:
            continue
        draws = _along(scenarios, grid, waited, row)[None, :]
        elapsed = float(day - grid[row])
        below, upto = levels(draws, np.minimum(waited[[row]], elapsed))
        if waited[row] < elapsed:
            held.append(float(np.clip((_CHECKED - below[0]) / max(upto[0] - below[0], 1e-9), 0, 1)))
        elif below[0] > _CHECKED:
            held.append(0.0)
        free = grid[row] + waited[row] + 1
    return Coverage(nominal=_CHECKED, hits=sum(held), n=len(held))


def _date(today: date, ahead: float) -> date | None:
    return None if isnan(ahead) or ahead >= FAR else today + timedelta(days=ahead)


def _spoken(day: date | None) -> str:
    return "no date in sight" if day is None else f"{day.day} {day:%B %Y}"


def _held(coverage: Coverage) -> str:
    return f"P{100 * coverage.nominal:g} dates held {share(coverage.share)} of {amount(coverage.n, 'times')}"
