"""A forecast as the ledger keeps it: what is foreseen of which subject, its quantiles, and what they rest on.

Only what can come true is kept: the hours of a todo, what the next weeks bring, the day on which something is
finished, and probabilities. Levels are written as text, `{"0.1": 2.0, "0.5": 3.5}`; null means beyond any number
(a date that may never come); a probability is `{"p": 0.3}`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date
from enum import Enum, StrEnum
from hashlib import sha256
from itertools import pairwise
from typing import Any, TypedDict, Unpack

import numpy as np
import pandas as pd

from orc_lab.agents.forecast import Basis, Forecast, check_levels
from orc_lab.errors import InvalidValue
from orc_lab.model.week import Week

HOURS, TODOS, DAYS, PROBABILITY = "hours", "todos", "days", "probability"
UNITS = (HOURS, TODOS, DAYS, PROBABILITY)
Foreseen = Forecast | Mapping[float, float]  # or a mapping from levels to values
DORMANT_DAYS = 56  # without anything done: eight weeks


class Model(StrEnum):
    """The models whose forecasts are kept; others may bring names of their own."""

    ESTIMATE = "estimate"
    THROUGHPUT = "throughput"
    COMPLETION = "completion"
    WEEK_FITS = "week-fits"
    OVERRUN = "trouble:overrun"
    DORMANT = "trouble:dormant"
    LATE = "trouble:late"


class Subject(StrEnum):
    """What is foreseen: of a todo, a project, the todos promised for a week, some weeks, the next N todos."""

    TODO = "todos"
    PROJECT = "projects"
    COMMITMENT = "commitments"
    WEEKS = "weeks"
    NEXT = "next"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastEntry:
    """One forecast to be kept. `as_of` is an instant (seconds UTC), `quantiles` maps levels to values in `unit`.

    A probability has the one "quantile" {.5: p} under the unit *probability*. `horizon` counts weeks for *weeks*, todos
    for *next* and for a project's next todos, and days for probabilities about a project. `todos` names the todos that
    are meant where that is not all of the subject. `raw_levels` are the levels at which the model itself was asked,
    in the order of the quantiles, where `guard` had changed them.

    Raises InvalidValue for levels that don't rise within 0 and 1, quantiles that fall or are NaN, an unknown unit, a
    probability outside 0 and 1.
    """

    model: str
    subject: Subject
    subject_id: str | None = None
    horizon: int | None = None
    unit: str
    quantiles: Mapping[float, float]
    basis: Basis = Basis.HISTORY
    as_of: int
    inputs_hash: str = ""
    todos: tuple[str, ...] = ()
    raw_levels: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        levels, values = check_levels(tuple(self.quantiles)), tuple(self.quantiles.values())
        if self.unit not in UNITS:
            raise InvalidValue("unit", self.unit, "one of " + ", ".join(UNITS))
        if any(math.isnan(value) for value in values) or any(a > b for a, b in pairwise(values)):
            raise InvalidValue("quantiles", dict(self.quantiles), "numbers that don't fall as the level rises")
        if self.unit == PROBABILITY and not (len(values) == 1 and 0 <= values[0] <= 1):
            raise InvalidValue("quantiles", dict(self.quantiles), "one number from 0 to 1")
        if self.raw_levels and len(check_levels(self.raw_levels)) != len(levels):
            raise InvalidValue("raw_levels", self.raw_levels, "as many levels as there are quantiles")

    @property
    def written(self) -> str:
        """The quantiles as JSON."""
        if self.unit == PROBABILITY:
            return json.dumps({"p": next(iter(self.quantiles.values()))})
        return json.dumps({repr(float(level)): _finite(value) for level, value in self.quantiles.items()})

    @property
    def detail(self) -> str | None:
        """As JSON what else is needed later on; None where nothing is."""
        parts: dict[str, Sequence[object]] = {"todos": self.todos, "raw_levels": self.raw_levels}
        known = {name: list(values) for name, values in parts.items() if values}
        return json.dumps(known) if known else None


class Made(TypedDict, total=False):
    """What a constructor takes beside its own: see ForecastEntry. The basis follows from a Forecast unless told."""

    basis: Basis
    inputs_hash: str
    todos: tuple[str, ...]
    raw_levels: tuple[float, ...]


def of_todo(
    todo_id: str, foreseen: Foreseen, *, as_of: int, model: str = Model.ESTIMATE, **made: Unpack[Made]
) -> ForecastEntry:
    """The hours that a todo will have taken when it is done."""
    rest = {"model": model, "subject": Subject.TODO, "subject_id": todo_id, "unit": HOURS, "as_of": as_of}
    return _entry(foreseen, rest, made)


def of_weeks(
    first: Week,
    weeks: int,
    foreseen: Foreseen,
    *,
    as_of: int,
    unit: str = TODOS,
    model: str = Model.THROUGHPUT,
    **made: Unpack[Made],
) -> ForecastEntry:
    """Todos or hours that `weeks` whole weeks from `first` on bring together."""
    if weeks < 1 or unit not in (TODOS, HOURS):
        raise InvalidValue("weeks", (weeks, unit), "one week or more, of todos or hours")
    rest = {"model": model, "subject": Subject.WEEKS, "subject_id": str(first), "horizon": weeks, "unit": unit}
    return _entry(foreseen, {**rest, "as_of": as_of}, made)


def of_completion(
    foreseen: Foreseen,
    *,
    as_of: int,
    project_id: str | None = None,
    week: Week | None = None,
    count: int | None = None,
    model: str = Model.COMPLETION,
    **made: Unpack[Made],
) -> ForecastEntry:
    """Days from the day of `as_of` until something is finished; infinite or NaN where no date is in reach.

    That is: nothing of `project_id` is open any more; its next `count` todos are done; all that was promised for `week`
    is done; or the next `count` todos, whichever, are done. Raises InvalidValue for anything else.
    """
    if (week is not None) == (project_id is not None or count is not None) or (count is not None and count < 1):
        raise InvalidValue("what is finished", (project_id, week, count), "a project, a week, or a number of todos")
    subject = Subject.COMMITMENT if week else Subject.PROJECT if project_id else Subject.NEXT
    subject_id = str(week) if week else project_id
    rest = {"model": model, "subject": subject, "subject_id": subject_id, "horizon": count, "unit": DAYS}
    if not isinstance(foreseen, Forecast):
        foreseen = {level: math.inf if math.isnan(days) else days for level, days in foreseen.items()}
    return _entry(foreseen, {**rest, "as_of": as_of}, made)


def of_week_fits(
    week: Week, probability: float, *, as_of: int, model: str = Model.WEEK_FITS, **made: Unpack[Made]
) -> ForecastEntry:
    """The chance that all that is promised for a week, or all `todos`, is done within it."""
    rest = {"model": model, "subject": Subject.WEEKS, "subject_id": str(week), "horizon": 1, "unit": PROBABILITY}
    return _entry({0.5: probability}, {**rest, "as_of": as_of}, made)


def of_trouble(
    model: str, project_id: str, probability: float, *, as_of: int, days: int | None = None, **made: Unpack[Made]
) -> ForecastEntry:
    """The chance of one kind of trouble with a project; `days` is how far it looks.

    For *late* these are the days until it is due (else InvalidValue), for *dormant* DORMANT_DAYS unless told.
    """
    if model == Model.LATE and days is None:
        raise InvalidValue("days", days, "the days until the project is due")
    horizon = DORMANT_DAYS if model == Model.DORMANT and days is None else days
    rest = {"model": model, "subject": Subject.PROJECT, "subject_id": project_id, "horizon": horizon}
    return _entry({0.5: probability}, {**rest, "unit": PROBABILITY, "as_of": as_of}, made)


def read_quantiles(written: str) -> dict[float, float]:
    """Return levels and values from their JSON, in order of level; null is infinite, {"p": …} comes as {.5: …}."""
    found = json.loads(written)
    if "p" in found:
        return {0.5: float(found["p"])}
    return {float(level): math.inf if value is None else float(value) for level, value in found.items()}


def hash_of(**inputs: object) -> str:
    """Return a hash of plain values, arrays, frames and frozen objects that is the same on every device."""
    text = json.dumps(_plain(inputs), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def _entry(foreseen: Foreseen, values: Mapping[str, Any], made: Made) -> ForecastEntry:
    if not isinstance(foreseen, Forecast):
        return ForecastEntry(quantiles=dict(sorted(foreseen.items())), **values, **made)
    if not foreseen.quantiles:
        raise InvalidValue("forecast", foreseen.subject, "one with quantiles: too little data foresees nothing")
    known: Made = {"basis": foreseen.basis, **made}
    return ForecastEntry(quantiles=dict(sorted(foreseen.quantiles.items())), **values, **known)


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _plain(value: object) -> object:
    if value is None or isinstance(value, (bool, str)):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, (int, float, np.number)):
        return repr(float(value))  # 2 and 2.0 are the same input
    if isinstance(value, (date, pd.Timestamp)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, pd.DataFrame):
        return {str(name): _plain(value[name]) for name in value.columns}
    if isinstance(value, (pd.Series, pd.Index, np.ndarray)):
        return _plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, (set, frozenset)):
        return sorted(json.dumps(_plain(each), sort_keys=True) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    raise InvalidValue("inputs", value, "plain values, arrays or frames")
