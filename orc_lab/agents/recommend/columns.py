"""Rows of a frame, or mappings, as plain columns: reading a few rows costs microseconds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

import numpy as np
import pandas as pd

from orc_lab.errors import InvalidValue

Table: TypeAlias = pd.DataFrame | Sequence[Mapping[str, object]]

NEVER = math.inf  # the day of what has none


@dataclass(frozen=True, slots=True)
class Columns:
    """`n` rows by column; every method gives one value a row, also for a column that isn't there."""

    n: int
    by_name: Mapping[str, Sequence[object] | pd.Series]

    @classmethod
    def of(cls, rows: Table | pd.Series | Mapping[str, object]) -> Columns:
        """Take a frame, a sequence of mappings or one row alone."""
        if isinstance(rows, pd.DataFrame):
            return cls(len(rows), {str(name): rows[name] for name in rows.columns})
        if isinstance(rows, pd.Series | Mapping):
            return cls(1, {str(name): [value] for name, value in rows.items()})
        names = dict.fromkeys(name for row in rows for name in row)
        return cls(len(rows), {name: [row.get(name) for row in rows] for name in names})

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
        """Text, empty where there is none."""
        return ["" if value is None else str(value) for value in self.values(name)]

    def numbers(self, name: str) -> list[float]:
        """Floats, NaN where there is none; raises InvalidValue for what is no number."""
        column = self.by_name.get(name)
        if isinstance(column, pd.Series) and column.dtype == np.float64:
            return list(column.tolist())
        return [number(name, value) for value in self.values(name)]

    def days(self, name: str) -> list[float]:
        """Days since 1970, NEVER where there is none; raises InvalidValue for what is no day."""
        column = self.by_name.get(name)
        if isinstance(column, pd.Series) and isinstance(column.dtype, np.dtype) and column.dtype.kind == "M":
            days = column.to_numpy().astype("datetime64[D]")
            return list(np.where(np.isnat(days), NEVER, days.astype(np.float64)).tolist())
        return [NEVER if value is None else day(name, value) for value in self.values(name)]


def is_missing(value: object) -> bool:
    """None, NaN, NaT, NA or an empty text."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return (isinstance(value, float) and math.isnan(value)) or (isinstance(value, str) and not value)


def number(name: str, value: object) -> float:
    """A float, NaN for None; raises InvalidValue for what is none."""
    if value is None:
        return math.nan
    if isinstance(value, str) or not hasattr(value, "__float__"):
        raise InvalidValue(name, value, "a number of hours, or empty")
    return float(value)


def timestamp(name: str, value: object) -> pd.Timestamp:
    """A naive midnight; raises InvalidValue for what is no day."""
    try:
        at = pd.Timestamp(value)  # type: ignore[arg-type]  # whatever it takes, else it raises
    except (TypeError, ValueError) as error:
        raise InvalidValue(name, value, "a day such as 2026-11-24") from error
    if not isinstance(at, pd.Timestamp) or isinstance(value, int | float):
        raise InvalidValue(name, value, "a day such as 2026-11-24")
    return at.tz_localize(None).normalize()


def day(name: str, value: object) -> float:
    """Days since 1970 of a day; raises InvalidValue for what is none."""
    if type(value) is date:
        return float(value.toordinal() - 719163)
    return float(timestamp(name, value).toordinal() - 719163)
