"""The weeks of a life: which days are off, when each week is planned, and how many todos it brings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import accumulate, pairwise
from random import Random

from orc_lab.model.clock import Clock
from orc_lab.model.week import Week

DAY = 24 * 3600
HOUR = 3600
CALM_WEEKS = 3  # nothing is off in the last weeks: the review of the last one has something to show

_FIXED = {(5, 1): "Public holiday", (10, 3): "Public holiday", (12, 24): "Christmas", (12, 25): "Christmas"}
_FIXED |= {(12, day): "Christmas" for day in range(26, 32)} | {(1, 1): "New Year"}
_SUMMER = (31, 32)
_ILL = ("A cold", "Migraine", "Stomach bug")
_SHORT = ("Dentist", "Parents visiting", "Train to Hamburg", "Colloquium", "Birthday", "Waiting for the plumber")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """A day that isn't a usual one, and when the person wrote that down (seconds UTC)."""

    day: date
    factor: float
    why: str
    told: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """One week: its bounds, the midnight and the factor of each day, and the instant of its plan (None: a week off)."""

    week: Week
    start: int
    end: int
    midnights: tuple[int, ...]
    factors: tuple[float, ...]
    planned_at: int | None


def leaves(weeks: Sequence[Week], clock: Clock, rng: Random) -> list[Leave]:
    """Return the days off and the short days of a life: holidays, some ill days, a long weekend still to come."""
    quiet = {week.monday + timedelta(days=day) for week in weeks[-CALM_WEEKS:] for day in range(7)}
    found = [leave for week in weeks[:-CALM_WEEKS] for leave in _known(week, clock)]
    taken = {leave.day for leave in found} | quiet
    for spell in range(max(1, len(weeks) // 17)):
        first = rng.choice(weeks).monday + timedelta(days=rng.randrange(4))
        for day in (first + timedelta(days=i) for i in range(1 + spell % 3)):
            if day not in taken and day.weekday() < 5:
                found.append(Leave(day=day, factor=0.0, why=rng.choice(_ILL), told=_at(clock, day, 7.75)))
                taken.add(day)
    for _ in range(max(1, len(weeks) // 9)):
        day = rng.choice(weeks).monday + timedelta(days=rng.randrange(5))
        if day not in taken:
            told = _at(clock, day - timedelta(days=rng.randrange(3, 12)), 17.0)
            found.append(Leave(day=day, factor=0.5, why=rng.choice(_SHORT), told=told))
            taken.add(day)
    ahead = (weeks[-1] + 2).monday + timedelta(days=4)
    found.append(Leave(day=ahead, factor=0.0, why="Long weekend", told=_at(clock, weeks[-1].monday, 12.5)))
    return sorted(found, key=lambda leave: (leave.told, leave.day))


def seasons(weeks: Sequence[Week], off: Mapping[date, Leave], clock: Clock) -> list[Season]:
    """Return each week, and the one after the last, which is planned on the last one's Sunday."""
    return [*(_season(week, off, clock) for week in weeks), _season(weeks[-1] + 1, off, clock, sunday=True)]


def amounts(total: int, seasons: Sequence[Season], rng: Random) -> list[int]:
    """Return how many todos each week brings, `total` in all: many in the first one, few in weeks off and last."""
    weights = [(0.15 + 0.85 * sum(s.factors[:5]) / 5) * rng.lognormvariate(0, 0.22) for s in seasons]
    weights[0] *= 1.8
    weights[-CALM_WEEKS - 1 :] = [weight * 0.88 for weight in weights[-CALM_WEEKS - 1 :]]
    reached = [0, *(round(total * part / sum(weights)) for part in accumulate(weights))]
    return [after - before for before, after in pairwise(reached)]


def _known(week: Week, clock: Clock) -> list[Leave]:
    found = []
    for day in (week.monday + timedelta(days=i) for i in range(5)):
        why = "Summer holiday" if week.number in _SUMMER else _FIXED.get((day.month, day.day))
        if why:
            told = _at(clock, day - timedelta(days=60), 18.5)
            found.append(Leave(day=day, factor=0.0, why=why, told=told))
    return found


def _season(week: Week, off: Mapping[date, Leave], clock: Clock, *, sunday: bool = False) -> Season:
    days = [week.monday + timedelta(days=i) for i in range(7)]
    factors = tuple(off[day].factor if day in off else 1.0 for day in days)
    planned: int | None = _at(clock, days[0], 8.5)
    if sunday or factors[0] == 0.0:
        planned = _at(clock, days[0] - timedelta(days=1), 18.5)
    if sum(factors[:5]) < 2:  # a week off, with its weekend
        planned, factors = None, (*factors[:5], 0.0, 0.0)
    return Season(
        week=week,
        start=week.start(clock),
        end=week.end(clock),
        midnights=tuple(_at(clock, day, 12.0) - 12 * HOUR for day in days),  # right by day where a clock changed
        factors=factors,
        planned_at=planned,
    )


def _at(clock: Clock, day: date, hour: float) -> int:
    return clock.instant(datetime.combine(day, time()) + timedelta(hours=hour))
