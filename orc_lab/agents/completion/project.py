"""When will a project, a week's commitment or any set of todos be done, and what if something were cut or added?

`project_completion` looks at the mirror's frames: calibrated hours left, the pace of the person and the project, todos
still to come in, todos that will be dropped, and how long open ones are left lying. What-ifs use the same random
numbers on both sides, so that their difference is the change's and not chance's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from math import nan, sqrt

import numpy as np
import pandas as pd

from orc_lab.agents.atoms import Floats
from orc_lab.agents.completion.background import Background
from orc_lab.agents.completion.dates import PROMISED, Completion
from orc_lab.agents.completion.look import SCENARIOS, Look, day_of, look_at, new_todos
from orc_lab.agents.completion.outcome import Change, ProjectCompletion
from orc_lab.agents.estimation.estimator import Estimator
from orc_lab.agents.forecast import check_levels
from orc_lab.errors import InvalidValue

_Z = 1.959964
_SEED_BEFORE = 9_000_011
_SOONER = (0.1, 0.5, 0.9)


def project_completion(
    tasks: pd.DataFrame,
    weekly: pd.DataFrame,
    project_or_ids: str | Sequence[str],
    as_of: datetime,
    estimator: Estimator,
    *,
    due: date | datetime | None = None,
    capacity: Sequence[float] = (),
    cut: Sequence[str] = (),
    add: pd.DataFrame | Sequence[float] = (),
    first: Sequence[str] = (),
    past: Background | None = None,
    quantiles: tuple[float, ...] = PROMISED,
    size: int = SCENARIOS,
    seed: int = 0,
) -> ProjectCompletion:
    """When a project (its id) or a set of todos (their ids) is done, from all of the person's `tasks` and `weekly`.

    A project is done when nothing of it is open, what comes into it meanwhile included; a set of todos when they are
    closed. A `due` day makes a person close what would else be left lying as often as they keep the due days of todos.
    `capacity` holds the factors of
    the ISO weeks ahead, that of `as_of` first. A what-if leaves out the todos `cut`, puts in `add` (estimated hours, or
    rows with estimate_hours), and works the todos `first`, of any project, before anything else. `past` is
    `Background.of(tasks, weekly, as_of)`, for who looks at many plans. The order of rows is without effect. Raises
    InvalidValue for levels that don't rise, hours that are no number above zero or a `past` of another instant.
    """
    check_levels(quantiles)
    if past is not None and past.as_of != as_of:
        raise InvalidValue("past", past.as_of, f"what is known at {as_of}")
    added = new_todos(add, as_of)
    past = Background.of(tasks, weekly, as_of, seed=seed) if past is None else past
    look = look_at(past, project_or_ids, estimator, added=added, capacity=capacity, size=size, seed=seed)
    change = None
    if look.simulation is not None and (len(cut) or len(added) or len(first)):
        change = _changed(look, past, estimator, due, cut, first, quantiles, seed)
    return _told(look, due, quantiles, change)


def completion_of(
    look: Look, *, due: date | datetime | None = None, quantiles: tuple[float, ...] = PROMISED
) -> ProjectCompletion:
    """When a plan that has been looked at is done."""
    return _told(look, due, check_levels(quantiles), None)


def _changed(
    look: Look,
    past: Background,
    estimator: Estimator,
    due: date | datetime | None,
    cut: Sequence[str],
    first: Sequence[str],
    quantiles: tuple[float, ...],
    seed: int,
) -> Change:
    """The plan with its `added` todos, without those `cut`, and with those `first` before all else."""
    size, by = len(look.hours), _ahead(look, due)
    kept = np.concatenate([~np.isin(look.ids, list(cut)), np.ones(look.added, dtype=np.bool_)])
    ahead = np.concatenate([np.isin(look.ids, list(first)), np.zeros(look.added, dtype=np.bool_)])
    others = past.tasks[look.others & past.tasks["id"].isin(list(first)).to_numpy()]
    hours: Floats | float = 0.0
    if len(others):
        draws = estimator.draws(others, as_of=look.as_of, size=size, seed=seed + _SEED_BEFORE, remaining=True)
        hours = draws.sum(axis=1)
    before = look.days(look.unchanged, look.none, by=by)
    after = look.days(kept, ahead, hours, by=by)
    return _change(before, after, by, look.told(after, quantiles))


def _ahead(look: Look, due: date | datetime | None) -> int | None:
    return None if due is None else (day_of(due) - day_of(look.as_of)).days


def _told(
    look: Look, due: date | datetime | None, quantiles: tuple[float, ...], change: Change | None
) -> ProjectCompletion:
    by, usual = _ahead(look, due), look.days(look.unchanged, look.none)
    return ProjectCompletion(
        when=look.told(look.days(look.unchanged, look.none, by=by), quantiles),
        due=None if due is None else day_of(due),
        p_on_time=nan if by is None else look.on_time(look.bound(look.unchanged, look.none), by),
        open=look.todos,
        remaining=look.remaining(),
        arrivals=look.arrivals,
        drop_share=look.drop_share,
        change=change,
        days=np.sort(usual),
    )


def _change(before: Floats, after: Floats, by: int | None, told: Completion) -> Change:
    """Two forecasts from the same random numbers, compared scenario by scenario."""
    sooner = dict(zip(_SOONER, np.quantile(before - after, _SOONER).tolist(), strict=True))
    if by is None:
        return Change(after=told, sooner=sooner, p_after=nan, p_change=nan, p_low=nan, p_high=nan)
    gained = (after <= by).astype(np.float64) - (before <= by)
    half = _Z * float(gained.std()) / sqrt(len(gained))
    middle = float(gained.mean())
    return Change(
        after=told,
        sooner=sooner,
        p_after=_on_time(after, by),
        p_change=middle,
        p_low=middle - half,
        p_high=middle + half,
    )


def _on_time(days: Floats, by: int) -> float:
    return float((days <= by).mean())
