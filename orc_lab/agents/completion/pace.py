"""How long until so many more todos are done, from nothing but the days on which earlier ones were.

Days on which something gets done come with a chance; how many todos such a day brings is drawn from the past. The
chance is unsure (it is read from the last weeks, months and year, a third of the scenarios each) and drifts: the
number of such days in a stretch is a gamma–Poisson mixture whose rate wanders lognormally the further ahead one looks.
Weekdays count by how much of the work is done on them, so that a Friday worker is not expected on a Tuesday.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from orc_lab.agents.atoms import Floats

Days = npt.NDArray[np.int64]  # days since 1970-01-01
LOOK_BACK = 1095  # days of history that a forecast reads
FAR = 36_400.0  # days, 5,200 weeks, ahead at which a forecast ends: a century is never
_HALF_LIVES = np.array([14.0, 56.0, 224.0])  # days: the pace of the last weeks, months and year
_WORTH = 2.0  # days with work that the pace of a longer stretch counts as for a shorter one
_CLUSTER = 2.0  # variance ÷ mean of such days in a stretch, of a pace that doesn't change
_DRIFT, _DRIFT_WEEKS, _DRIFT_MOST = 0.3, 8.0, 3.0  # sd of the log odds after 8 weeks; grows with √time, to √3 of that
_RECENT = 182.0  # half-life in days of what is remembered of weekdays and of how much a day brings
_ROWS = 128  # forecasts made at once, for memory's sake
_MANY = 100  # todos from which on the days needed are drawn as one number


@dataclass(frozen=True, slots=True)
class Past:
    """The days on which something was done, rising, and how many todos each brought; shapes (days,)."""

    days: Days
    counts: Floats

    @classmethod
    def of(cls, completed: Days) -> Past:
        """Count completions (days since 1970, any order) by day."""
        days, counts = np.unique(completed, return_counts=True)
        return cls(days, counts.astype(np.float64))

    def before(self, day: int) -> Past:
        """What was known on the morning of a day."""
        known = self.days < day
        return Past(self.days[known], self.counts[known])

    def near(self, today: Days) -> Past:
        """What forecasts of these days read, `today` rising."""
        newest = self.days[max(0, int(np.searchsorted(self.days, today[0])) - 1)]
        read = (self.days >= newest - LOOK_BACK) & (self.days < today[-1])
        return Past(self.days[read], self.counts[read])

    def waits(self, today: Days, n: int) -> Floats:
        """Days from each `today` until n more were done, that day counted as 0; infinite where they never were."""
        upto = np.concatenate([[0.0], self.counts.cumsum()])
        target = upto[np.searchsorted(self.days, today)] + n
        last = np.searchsorted(upto[1:], target)
        found = last < len(self.days)
        return np.where(found, self.days[np.minimum(last, len(self.days) - 1)] - today, np.inf)


def waits(
    past: Past,
    today: Days,
    n: int,
    *,
    capacity: Sequence[float] = (),
    size: int,
    rng: np.random.Generator,
) -> Floats:
    """Scenarios of the whole days from each `today` (rising) until `n` more are done, (todays, size), each row rising.

    A day's own work belongs to its future: 0 is done by its end. Each row knows only the days before its own, of which
    there has to be one. `capacity` holds the factors of the weeks to come, the first that of the week of `today`.
    """
    parts = [today[start : start + _ROWS] for start in range(0, len(today), _ROWS)]
    found = [_waits(past.near(part), part, n, capacity, size, rng) for part in parts]
    return np.concatenate([np.empty((0, size)), *found])


def _waits(past: Past, today: Days, n: int, capacity: Sequence[float], size: int, rng: np.random.Generator) -> Floats:
    known = _ages(past.days, today)
    week = _weekdays(past.days, known)
    odds = _odds(past.days, known, today, week, size, rng)
    needed = _days_needed(past.counts, known, n, size, rng)
    amount = rng.gamma(needed / _CLUSTER) * _CLUSTER
    drift = rng.normal(size=amount.shape)
    fails = amount / odds
    for _ in range(8):  # the further ahead, the wider the drift: a fixed point
        weeks = (needed + fails) / week.sum(axis=1)[:, None]
        spread = _DRIFT * np.sqrt(np.minimum(weeks / _DRIFT_WEEKS, _DRIFT_MOST))
        fails = np.minimum(amount / (odds * np.exp(spread * drift)), 10 * FAR)
    tried = needed + rng.poisson(fails) - rng.random(fails.shape)
    rows = zip(tried, week, today.tolist(), strict=True)
    return np.sort(np.stack([_calendar(row, days, first, capacity) for row, days, first in rows]), axis=1)


def _ages(days: Days, today: Days) -> Days:
    """Days since each day with work, (rows, days); 0 where it isn't known yet or lies long before the newest known."""
    age = today[:, None] - days
    newest = today - days[np.searchsorted(days, today) - 1]
    return np.where((age > 0) & (age <= newest[:, None] + LOOK_BACK), age, 0)


def _weekdays(days: Days, age: Days) -> Floats:
    """How much of a full working day each day of the week is, Thursday first as in days since 1970; (rows, 7)."""
    weight = np.where(age > 0, 0.5 ** (age / _RECENT), 0.0)
    counts = np.stack([weight[:, days % 7 == day].sum(axis=1) for day in range(7)], axis=1) + 0.5
    return np.asarray(counts / counts.max(axis=1, keepdims=True))


def _odds(days: Days, age: Days, today: Days, week: Floats, size: int, rng: np.random.Generator) -> Floats:
    """Odds that a full working day brings something, (rows, size): a beta posterior for each half-life.

    The pace of a longer stretch is the prior of the next shorter one, so that few days never say much.
    """
    first = np.where(age > 0, age, 0).max(axis=1)  # the first known day is where exposure begins
    back = np.arange(1, int(first.max()) + 1)
    exposed = np.where(back <= first[:, None], np.take_along_axis(week, (today[:, None] - back) % 7, axis=1), 0.0)
    done = (age > 0).astype(np.float64)
    centre = np.minimum(done.sum(axis=1) / (exposed.sum(axis=1) + 5.0), 0.97)
    odds = np.empty((len(today), size))
    for part in range(len(_HALF_LIVES))[::-1]:
        half_life = _HALF_LIVES[part]
        total = exposed @ 0.5 ** (back / half_life)
        hits = np.minimum((done * 0.5 ** (age / half_life)).sum(axis=1), total)
        yes = 2 * hits / _CLUSTER + _WORTH  # 2: a weighted mean is worth (Σw)² ÷ Σw² observations
        no = 2 * (total - hits) / _CLUSTER + _WORTH * (1 - centre) / centre
        centre = yes / (yes + no)
        column = odds[:, part :: len(_HALF_LIVES)]
        drawn = rng.beta(yes[:, None], no[:, None], column.shape).clip(1e-6, 1 - 1e-6)
        column[:] = drawn / (1 - drawn)
    return odds


def _days_needed(counts: Floats, age: Days, n: int, size: int, rng: np.random.Generator) -> Floats:
    """How many days with something done it takes to get n todos done, (rows, size), from what such days brought."""
    if n == 1:
        return np.ones((len(age), size))
    needed = np.empty((len(age), size))
    for row, ages in enumerate(age):
        known = np.flatnonzero(ages > 0)
        weight = 0.5 ** ((ages[known] - ages[known].min()) / _RECENT)
        upto = weight.cumsum()
        if n >= _MANY:
            needed[row] = _renewals(counts[known], weight / upto[-1], n, size, rng)
            continue
        drawn = np.searchsorted(upto, rng.random((size, n - 1)) * upto[-1])
        brought = counts[known[np.minimum(drawn, len(known) - 1)]].cumsum(axis=1)
        needed[row] = (brought < n).sum(axis=1) + 1
    return needed


def _renewals(counts: Floats, weight: Floats, n: int, size: int, rng: np.random.Generator) -> Floats:
    """Days needed for many todos: a gamma with the mean and variance that renewal theory gives for large n."""
    mean = weight @ counts
    variance = weight @ (counts - mean) ** 2
    middle = n / mean + (variance / mean**2 - 1) / 2 + 0.5
    spread = n * variance / mean**3 + 1e-9
    return np.maximum(1.0, np.round(rng.gamma(middle**2 / spread, spread / middle, size)))


def _calendar(tried: Floats, week: Floats, today: int, capacity: Sequence[float]) -> Floats:
    """Whole days from `today` after which so much of full working days is over, at most FAR."""
    usual = week[(today + np.arange(7)) % 7].cumsum()
    near = np.empty(0)
    if len(capacity):
        days = np.arange(7 * len(capacity) - (today + 3) % 7)  # day 4 of 1970 was a Monday
        factor = np.asarray(capacity, dtype=np.float64).clip(min=0.0)[(days + (today + 3) % 7) // 7]
        near = (week[(today + days) % 7] * factor).cumsum()
        usual = week[(today + len(days) + np.arange(7)) % 7].cumsum()
    rest = np.maximum(tried - (near[-1] if len(near) else 0.0), 0.0)
    whole = np.floor(rest / usual[-1])
    later = len(near) + 7 * whole + np.searchsorted(usual, rest - whole * usual[-1])
    soon = np.searchsorted(near, tried)
    return np.minimum(np.where(soon < len(near), soon, later), FAR)
