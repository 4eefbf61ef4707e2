"""A person's finished tasks as arrays, and recency-weighted means of how they ran over, as known at any past instant.

Everything is asked "as of the first h tasks", which were finished on earlier days: a forecast of the past sees only
what was known then. Weights halve every HALF_LIFE tasks; only the last WINDOW tasks count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from orc_lab.agents.atoms import Floats

WINDOW = 3000  # estimated tasks looked back on
HALF_LIFE = 300.0  # tasks
LONGEST = 2000.0  # hours, a working year: a larger estimate stands for "no idea"
LIMIT = np.log(8.0)  # a ratio beyond eight teaches no more than eight
_ROOT = np.array([0.0, 1.2, 2.4, np.log(2.0)])  # ln ratio, ratio, its square, ln estimate of an unknown person
_ROOT_TASKS, _KIND_TASKS = 10.0, 20.0  # what that is worth, and what a kind needs to weigh as much as all of them
_CHAIN = (("size", 15.0), ("exact", 15.0), ("place", 15.0), ("project", 30.0))
_RECENT, _RECENT_TASKS = 30.0, 5.0  # half-life of the person's latest bias, and how many tasks its start at 0 is worth
_SIZES = 4096  # more than there are codes of a size

Codes = npt.NDArray[np.int64]
Days = npt.NDArray[np.datetime64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Tasks as arrays of one length: days (NaT where unknown), hours (NaN where unusable), codes of where they belong.

    `waits`: not done on the day it was made.
    """

    made: Days
    begun: Days
    done: Days
    estimate: Floats
    actual: Floats
    category: Codes
    project: Codes

    def __len__(self) -> int:
        return len(self.estimate)

    def take(self, index: slice | Flags | Codes) -> Rows:
        """Return the tasks at a slice, mask or positions."""
        return Rows(**{name: getattr(self, name)[index] for name in self.__slots__})

    @property
    def ratio(self) -> Floats:
        """ln(actual ÷ estimate) within ±LIMIT."""
        return np.asarray(np.clip(np.log(self.actual / self.estimate), -LIMIT, LIMIT))


def rows_of(frame: pd.DataFrame, categories: Mapping[str, int], projects: Mapping[str, int]) -> Rows:
    """A frame's tasks; all columns are optional, unknown names are coded −1."""
    done, made = days_of(frame, "completed"), days_of(frame, "created")
    known = "project_id" if "project_id" in frame else "project"
    return Rows(
        made=np.where(np.isnat(made), done, made),
        begun=days_of(frame, "started"),
        done=done,
        estimate=hours_of(frame, "estimate_hours", LONGEST),
        actual=hours_of(frame, "actual_hours", np.inf),
        category=_coded(frame, "category", categories),
        project=_coded(frame, known, projects),
    )


def days_of(frame: pd.DataFrame, name: str) -> Days:
    """A column of instants as days."""
    if name not in frame:
        return np.full(len(frame), "NaT", dtype="datetime64[D]")
    return np.asarray(pd.to_datetime(frame[name]).to_numpy().astype("datetime64[D]"))


def hours_of(frame: pd.DataFrame, name: str, longest: float) -> Floats:
    """A column of hours; NaN where missing, not positive, infinite or above `longest`."""
    if name not in frame:
        return np.full(len(frame), np.nan)
    hours = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(hours) & (hours > 0) & (hours <= longest), hours, np.nan)


def _coded(frame: pd.DataFrame, name: str, codes: Mapping[str, int]) -> Codes:
    if name not in frame:
        return np.full(len(frame), -1, dtype=np.int64)
    known = frame[name].astype("str").map(codes)
    return np.asarray(known.fillna(-1).to_numpy(), dtype=np.int64)


def names_in(frame: pd.DataFrame, *names: str) -> dict[str, int]:
    """The texts of the first of these columns that there is, numbered in order of appearance."""
    name = next((name for name in names if name in frame), None)
    values: list[str] = [] if name is None else frame[name].dropna().astype("str").unique().tolist()
    return {value: code for code, value in enumerate(values)}


@dataclass(frozen=True, eq=False)
class Tallies:
    """What the finished tasks in `rows` (estimated, in order of completion) say about others, as of any h of them."""

    rows: Rows

    def known_before(self, day: Days) -> Codes:
        """How many of the tasks were finished on a day before each of these."""
        return np.searchsorted(self.rows.done, day, side="left").astype(np.int64)

    def expected(self, tasks: Rows, h: Codes, waits: Flags) -> Floats:
        """Means of ln ratio, ratio, squared ratio and ln estimate of tasks like these among the first h, (tasks, 4).

        A chain of ever closer likeness, each a shrunken mean over the one before: all, size, exact estimate, category
        and size, project. Tasks that `waits` differ by what such tasks differed.
        """
        keys, start = _keys(tasks), self._sums("all", np.zeros(len(tasks), dtype=np.int64), h)
        base = (start[:, 1:] + _ROOT_TASKS * _ROOT) / (start[:, :1] + _ROOT_TASKS)
        mean = base
        for name, needed in _CHAIN:
            found = self._sums(name, keys[name], h)
            mean = (found[:, 1:] + needed * mean) / (found[:, :1] + needed)
        kind = self._sums("waits", np.where(waits, 1, -1), h)
        shift = (kind[:, 1:] + _KIND_TASKS * base) / (kind[:, :1] + _KIND_TASKS) - base
        return np.asarray(np.concatenate([(mean + np.where(waits[:, None], shift, 0.0))[:, :3], base[:, 3:]], axis=1))

    @cached_property
    def recent(self) -> Floats:
        """The person's latest bias as of each h: a shrunken mean of ln ratio beyond what was expected, (tasks + 1,)."""
        rows = self.rows
        when = self.known_before(np.minimum(rows.made, rows.done))
        residual = rows.ratio - self.expected(rows, when, np.zeros(len(rows), dtype=np.bool_))[:, 0]
        fade, total, weight, out = 0.5 ** (1 / _RECENT), 0.0, 0.0, np.zeros(len(rows) + 1)
        for i, value in enumerate(residual.tolist(), start=1):
            total, weight = total * fade + value, weight * fade + 1.0
            out[i] = total / (weight + _RECENT_TASKS)
        return out

    def _sums(self, name: str, key: Codes, h: Codes) -> Floats:
        """Weight and weighted sums over the first h tasks with a key, as weighted then, (keys, 5)."""
        order, sums = self._tables[name]
        step = len(self.rows) + 1
        inside = sums[np.searchsorted(order, key * step + h)] - sums[np.searchsorted(order, key * step)]
        return np.asarray(inside * 2.0 ** ((len(self.rows) - h) / HALF_LIFE)[:, None])

    @cached_property
    def _tables(self) -> dict[str, tuple[Codes, Floats]]:
        """For each kind of likeness: key and position in one ascending number, and running sums."""
        rows, size = self.rows, len(self.rows)
        place, ratio = np.arange(size), rows.ratio
        weight = 2.0 ** ((place - size) / HALF_LIFE)
        terms = np.stack([np.ones(size), ratio, np.exp(ratio), np.exp(2 * ratio), np.log(rows.estimate)], axis=1)
        values = terms * weight[:, None]
        keys = _keys(rows) | {
            "all": np.zeros(size, dtype=np.int64),
            "waits": np.where(rows.made < rows.done, 1, 0).astype(np.int64),
        }
        tables = {}
        for name, key in keys.items():
            order = np.argsort(key * (size + 1) + place, kind="stable")
            tables[name] = ((key * (size + 1) + place)[order], np.cumsum(np.pad(values[order], ((1, 0), (0, 0))), 0))
        return tables


def _keys(tasks: Rows) -> dict[str, Codes]:
    """Codes of likeness, −1 for none."""
    doublings = np.clip(np.nan_to_num(np.log2(tasks.estimate)), -15, 15)
    size = np.round(2 * doublings).astype(np.int64) + 64
    place = np.where(tasks.category >= 0, tasks.category * _SIZES + size, -1)
    exact = np.round(64 * doublings).astype(np.int64) + 1024
    return {"size": size, "exact": exact, "place": place, "project": tasks.project}
