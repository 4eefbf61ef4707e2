"""Rows of a frame, or mappings, as plain columns: reading a few rows costs microseconds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

import numpy as np
import pandas as pd

from orc_lab.agents.given import local_time, local_times, name_of
from orc_lab.errors import InvalidValue

Table: TypeAlias = pd.DataFrame | Sequence[Mapping[str, object]]

NEVER = math.inf  # the day of what has none
_FIRST_OF_1970 = 719163  # as Python counts days
_FLAGS = {"true": True, "yes": True, "y": True, "1": True, "false": False, "no": False, "n": False, "0": False}


@dataclass(frozen=True, slots=True)
class Columns:
    """`n` rows by column; every method gives one value a row, also for a column that isn't there."""

    n: int
    by_name: Mapping[str, Sequence[object] | pd.Series]

    @classmethod
    def of(cls, rows: Table | pd.Series | Mapping[str, object]) -> Columns:
        """Take a frame, a sequence of mappings or Series, or one row alone; raises InvalidValue for anything else."""
        if isinstance(rows, pd.DataFrame):
            return cls(len(rows), {str(name): rows[name] for name in rows.columns})
        if isinstance(rows, pd.Series | Mapping):
            return cls(1, {str(name): [value] for name, value in rows.items()})
        given: object = rows
        if isinstance(given, str | bytes) or not isinstance(given, Iterable):
            raise InvalidValue("rows", rows, "a frame, or mappings of column and value")
        plain = [_row(row) for row in given]
        names = dict.fromkeys(name for row in plain for name in row)
        return cls(len(plain), {name: [row.get(name) for row in plain] for name in names})

    def __contains__(self, name: str) -> bool:
        return name in self.by_name

    def first_of(self, *names: str) -> str | None:
        """The first of these columns that is there."""
        return next((name for name in names if name in self.by_name), None)

    def values(self, name: str | None) -> list[object]:
        """Plain values, None where there is none."""
        column = self.by_name.get(name) if name is not None else None
        if column is None:
            return [None] * self.n
        found = column.tolist() if isinstance(column, pd.Series) else column
        return [None if is_missing(value) else value for value in found]

    def texts(self, name: str | None) -> list[str]:
        """Names as text, empty where there is none; 1, 1.0 and "1" are one name."""
        return ["" if value is None else name_of(value) for value in self.values(name)]

    def flags(self, name: str) -> list[bool]:
        """Yes and no, no where there is none; raises InvalidValue for what is neither."""
        found = [False if value is None else flag(value) for value in self.values(name)]
        for value, told in zip(self.values(name), found, strict=True):
            if told is None:
                raise InvalidValue(name, value, "yes or no (true or false, 1 or 0)")
        return [bool(told) for told in found]

    def numbers(self, name: str) -> list[float]:
        """Floats, NaN where there is none; raises InvalidValue for what is no number."""
        column = self.by_name.get(name)
        if isinstance(column, pd.Series) and column.dtype == np.float64:
            return list(column.tolist())
        return [number(name, value) for value in self.values(name)]

    def days(self, name: str) -> list[float]:
        """Days since 1970, NEVER where there is none; raises InvalidValue for what is no day."""
        column = self.by_name.get(name)
        if isinstance(column, pd.Series) and column.dtype.kind == "M":
            days = local_times(column, name).to_numpy().astype("datetime64[D]")
            return list(np.where(np.isnat(days), NEVER, days.astype(np.float64)).tolist())
        return [NEVER if value is None else day(name, value) for value in self.values(name)]


def is_missing(value: object) -> bool:
    """None, NaN, NaT, NA or an empty text."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return (isinstance(value, float) and math.isnan(value)) or (isinstance(value, str) and not value)


def _row(row: object) -> dict[str, object]:
    if not isinstance(row, Mapping | pd.Series):
        raise InvalidValue("a row", row, "a mapping of column and value, or a Series")
    return {str(name): value for name, value in row.items()}


def flag(value: object) -> bool | None:
    """Yes or no as people and tables write them, None for what is neither."""
    if isinstance(value, bool | np.bool):
        return bool(value)
    if isinstance(value, int | float | np.number):
        return None if value not in (0, 1) else bool(value)
    return _FLAGS.get(value.strip().lower()) if isinstance(value, str) else None


def number(name: str, value: object) -> float:
    """A float, NaN for None; raises InvalidValue for what is none."""
    if value is None:
        return math.nan
    if isinstance(value, str | bool | np.bool) or not hasattr(value, "__float__"):
        raise InvalidValue(name, value, "a number of hours, or empty")
    return float(value)


def timestamp(name: str, value: object) -> pd.Timestamp:
    """A naive midnight, by the clock on the wall; raises InvalidValue for what is no day."""
    return local_time(value, name).normalize()


def days_since_1970(day: date) -> int:
    """Which day it is, as all columns of days count them."""
    return day.toordinal() - _FIRST_OF_1970


def day(name: str, value: object) -> float:
    """Days since 1970 of a day; raises InvalidValue for what is none."""
    return float(days_since_1970(value if type(value) is date else timestamp(name, value)))
