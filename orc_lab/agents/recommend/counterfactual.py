"""What would one action change? The same futures lived twice, with and without it.

The open work of a person is given as scenarios: hours that each task still takes, and hours that each coming week
brings. In every scenario the weeks are worked through project by project, in the given order, those whose due day is
over last; a project may grow by so many hours a week while it is open. An action (do this first, cut these tasks, move
that day, let nothing more in) is judged by the paired differences: the luck is the same on both sides.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from orc_lab.agents.atoms import Floats
from orc_lab.agents.forecast import amount, chance, figure
from orc_lab.errors import InvalidValue

_Z95 = 1.959964
_LONGEST = 156  # weeks that are looked ahead at most
_NOTHING = 1e-9  # hours
_BAND = (0.1, 0.9)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OpenWork:
    """A person's open work in S scenarios, T tasks, P projects, W weeks.

    `hours` (S, T) that each task still takes; `project` (T,) the position of its project, 0…P−1; `room` (S, W) hours of
    each coming week, the first being the next seven days; it is repeated where a due day lies beyond. `due` (P,) weeks
    from now until the due day ends, infinite without one. `names` (P,) as a page shows them. `order` the projects as
    they will be worked on, first things first: as given, where it is empty. `growth` (P,) hours a week by which each
    grows while it is open, or (S, P).

    Raises InvalidValue where shapes don't fit or a number of hours is negative or missing.
    """

    hours: Floats
    project: npt.NDArray[np.int64]
    room: Floats
    due: Floats
    names: tuple[str, ...]
    order: tuple[int, ...] = ()
    growth: Floats = field(default_factory=lambda: np.zeros(1))

    def __post_init__(self) -> None:
        count = len(self.names)
        if self.hours.ndim != 2 or self.hours.shape[1:] != self.project.shape or not len(self.hours):
            raise InvalidValue("hours", self.hours.shape, f"(scenarios, {len(self.project)}), a column a task")
        if self.room.ndim != 2 or len(self.room) != len(self.hours) or not self.room.shape[1]:
            raise InvalidValue("room", self.room.shape, f"({len(self.hours)}, weeks), a row a scenario")
        if self.due.shape != (count,) or np.isnan(self.due).any():
            raise InvalidValue("due", self.due.tolist(), f"weeks from now for each of {count} projects")
        if self.project.size and not (self.project.min() >= 0 and self.project.max() < count):
            raise InvalidValue("project", self.project.tolist(), f"positions from 0 to {count - 1}")
        if sorted(self.order) != list(range(count)) and self.order:
            raise InvalidValue("order", self.order, f"each position from 0 to {count - 1} once")
        for name, values in (("hours", self.hours), ("room", self.room), ("growth", self.growth)):
            if not (np.isfinite(values).all() and (values >= 0).all()):
                raise InvalidValue(name, "a negative or missing number", "hours of 0 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What a person could do, in any combination; projects and tasks by their positions.

    `first`: these projects before all others. `cut`: these tasks are not done. `due`: new due days, in weeks from now.
    `freeze`: nothing more comes into these projects. `park`: these projects come after all others. `room`: so many
    times the hours of each week.
    """

    first: Sequence[int] = ()
    cut: Sequence[int] = ()
    due: Mapping[int, float] = field(default_factory=dict)
    freeze: Sequence[int] = ()
    park: Sequence[int] = ()
    room: float = 1.0

    def on(self, work: OpenWork) -> OpenWork:
        """The work as it would be; raises InvalidValue for a position that doesn't exist."""
        projects, tasks = len(work.names), len(work.project)
        _check("project", [*self.first, *self.due, *self.freeze, *self.park], projects)
        _check("task", self.cut, tasks)
        hours, due = work.hours, work.due.copy()
        if self.cut:
            hours = hours.copy()
            hours[:, list(self.cut)] = 0.0
        for at, weeks in self.due.items():
            due[at] = weeks
        growth = np.broadcast_to(work.growth, (*work.growth.shape[:-1], projects)).copy()
        growth[..., list(self.freeze)] = 0.0
        usual = work.order or tuple(range(projects))
        middle = [at for at in usual if at not in self.first and at not in self.park]
        order = dict.fromkeys([*self.first, *middle, *self.park])
        return replace(work, hours=hours, due=due, growth=growth, order=tuple(order), room=work.room * self.room)


def _check(what: str, positions: Sequence[int], count: int) -> None:
    for at in positions:
        if not 0 <= at < count:
            raise InvalidValue(what, at, f"a position from 0 to {count - 1}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outlook:
    """How it would go: `done` (S, P) weeks until each project is done, infinite beyond the weeks looked at.

    `on_time` (S, P) is whether that is by its due day; without one it always is.
    """

    done: Floats
    on_time: npt.NDArray[np.bool_]
    dated: npt.NDArray[np.bool_]

    @property
    def p(self) -> Floats:
        """P(on time) of each project, shape (P,), NaN without a due day."""
        return np.where(self.dated, self.on_time.mean(axis=0), math.nan)

    @property
    def expected(self) -> float:
        """How many of the dated projects are on time, on average."""
        return float(self.on_time[:, self.dated].sum(axis=1).mean())


def outlook(work: OpenWork) -> Outlook:
    """Work through the weeks in every scenario."""
    count = len(work.names)
    left = work.hours @ np.eye(count)[work.project] if work.project.size else np.zeros((len(work.hours), count))
    done = np.where(left > _NOTHING, math.inf, 0.0)
    finite = work.due[np.isfinite(work.due)]
    weeks = min(max(work.room.shape[1], math.ceil(finite.max(initial=0.0))), _LONGEST)
    for week in range(weeks):
        if not np.isinf(done).any():
            break
        _one_week(work, week, left, done)
    return Outlook(done=done, on_time=done <= work.due + _NOTHING, dated=np.isfinite(work.due))


def _one_week(work: OpenWork, week: int, left: Floats, done: Floats) -> None:
    """Spend the hours of a week in order, late ones last; changes `left` and `done`, both (scenarios, projects)."""
    usual = work.order or tuple(range(len(work.names)))
    order = sorted(usual, key=lambda at: bool(work.due[at] <= week))
    room = work.room[:, week % work.room.shape[1], None]
    wanted = left[:, order]
    until = np.cumsum(wanted, axis=1)
    ends = np.isinf(done[:, order]) & (until <= room + _NOTHING)
    at = week + np.minimum(until / np.maximum(room, _NOTHING), 1.0)
    done[:, order] = np.where(ends, at, done[:, order])
    left[:, order] = np.clip(until - room, 0.0, wanted)
    left += np.where(np.isinf(done), work.growth, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What an action changes for one project, and for all of them.

    `before` and `after` are P(on time) of the project (NaN without a due day), `change` their difference with a 95%
    interval. `days` is by how many days it would be done earlier (negative: later): median and 80% band over the
    scenarios in which it gets done both ways, NaN where there are none. `expected` is the change of how many projects
    are on time, with a 95% interval. `loser` is the project whose chance falls most, by `lost`, empty where none does.

    The intervals of `change` and `expected` say how exact `n` paired scenarios are; what is uncertain about the work is
    in the scenarios themselves.
    """

    project: str
    before: float
    after: float
    change: float
    low: float
    high: float
    days: tuple[float, float, float]
    expected: float
    expected_low: float
    expected_high: float
    loser: str
    lost: float
    n: int

    @property
    def sentence(self) -> str:
        """For a page."""
        others = f"; {self.loser} loses {figure(100 * self.lost)} points" if self.loser else ""
        if math.isnan(self.before):
            return f"{self.project}{self._sooner}{others}."
        points, low, high = (figure(100 * value, sign=True) for value in (self.change, self.low, self.high))
        then = f"from {chance(self.before)} to {chance(self.after)}"
        return f"{self.project} on time: {then} ({points} points, 95% between {low} and {high}){others}."

    @property
    def _sooner(self) -> str:
        low, middle, high = self.days
        if math.isnan(middle):
            return " isn't done within the weeks looked at"
        when = f"{amount(abs(middle), 'days')} {'later' if middle < 0 else 'earlier'}"
        return f" is done {when} (80% between {figure(low, sign=True)} and {figure(high, sign=True)} days earlier)"

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON; None for NaN."""
        numbers = {
            "before": self.before, "after": self.after, "change": self.change, "low": self.low, "high": self.high,
            "expected": self.expected, "expected_low": self.expected_low, "expected_high": self.expected_high,
        }  # fmt: skip
        return {
            "project": self.project,
            **{name: None if math.isnan(value) else value for name, value in numbers.items()},
            "days": None if math.isnan(self.days[1]) else list(self.days),
            "loser": self.loser, "lost": self.lost, "n": self.n, "sentence": self.sentence,
        }  # fmt: skip


def counterfactual(work: OpenWork, action: Action, project: int, *, base: Outlook | None = None) -> Effect:
    """Return what `action` changes for the project at this position and for all; `base` is `outlook(work)` if at hand.

    Raises InvalidValue for a position that doesn't exist.
    """
    _check("project", [project], len(work.names))
    base = base or outlook(work)
    then = outlook(action.on(work))
    change, low, high = _change(base, then, project)
    per_project = np.where(base.dated & then.dated, then.on_time.mean(axis=0) - base.on_time.mean(axis=0), 0.0)
    per_project[project] = 0.0
    worst = int(per_project.argmin())
    loses = per_project[worst] < 0
    return Effect(
        project=work.names[project], before=float(base.p[project]), after=float(then.p[project]), change=change,
        low=low, high=high, days=_days(base.done[:, project], then.done[:, project]), **_expected(base, then),
        loser=work.names[worst] if loses else "", lost=float(-per_project[worst]) if loses else 0.0, n=len(work.hours),
    )  # fmt: skip


def _change(base: Outlook, then: Outlook, project: int) -> tuple[float, float, float]:
    """Difference of two paired shares with its 95% interval (A. Agresti & Y. Min, Statistics in Medicine 2005)."""
    if not (base.dated[project] and then.dated[project]):
        return math.nan, math.nan, math.nan
    before, after = base.on_time[:, project], then.on_time[:, project]
    n, won, lost = len(before), int((after & ~before).sum()), int((before & ~after).sum())
    middle, m = (won - lost) / (n + 2), n + 2
    half = _Z95 * math.sqrt(max((won + lost + 1) / m - middle * middle, 0.0) / m)
    return (won - lost) / n, max(middle - half, -1.0), min(middle + half, 1.0)


def _expected(base: Outlook, then: Outlook) -> dict[str, float]:
    """Change of how many projects are on time, with a 95% interval never narrower than one scenario either way."""
    dated = base.dated & then.dated
    gained = (then.on_time[:, dated].sum(axis=1) - base.on_time[:, dated].sum(axis=1)).astype(np.float64)
    n, middle = len(gained), float(gained.mean())
    half = max(_Z95 * float(gained.std()) / math.sqrt(n), 1 / n)
    return {"expected": middle, "expected_low": middle - half, "expected_high": middle + half}


def _days(before: Floats, after: Floats) -> tuple[float, float, float]:
    """Days earlier: P10, median and P90 over the scenarios in which it gets done both ways."""
    both = np.isfinite(before) & np.isfinite(after)
    if not both.any():
        return math.nan, math.nan, math.nan
    low, middle, high = (7 * np.quantile(before[both] - after[both], [_BAND[0], 0.5, _BAND[1]])).tolist()
    return low, middle, high
