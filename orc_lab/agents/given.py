"""What others hand over, as the agents take it: times by the clock on the wall, and names that are the same to people.

A time with a zone is read as its own clock shows it, so that a day is the person's day and frames with UTC, with
daylight saving or with several zones say what naive local times say. A number is no time: nobody can tell seconds from
nanoseconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from orc_lab.errors import InvalidValue

When: TypeAlias = str | date | datetime | np.datetime64
_EXPECTED = "dates or times, such as 2026-11-23 or 2026-11-23T09:30"


def local_times(times: pd.Series, field: str) -> pd.Series:
    """A column of times as naive datetime64[us], NaT where missing; the index stays.

    Takes datetimes with and without zones, also mixed, dates and ISO 8601 text. Raises InvalidValue, naming `field`,
    for anything else: numbers, other text, “now” (nothing here asks a clock).
    """
    if times.dtype == "datetime64[us]":
        return times
    if times.dtype.kind == "M":
        return _naive(times)
    if times.isna().all():
        return pd.Series(pd.NaT, index=times.index, dtype="datetime64[us]")
    if times.dtype.kind in "iufbc":
        raise InvalidValue(field, _plain(times.dropna().iloc[0]), f"{_EXPECTED}; a number could be seconds or anything")
    try:
        return _naive(_parsed(times))
    except (AttributeError, TypeError, ValueError):  # several zones in one column, or something that is no time
        found = [_one(value, field) for value in times]
    return pd.Series(found, index=times.index, dtype="datetime64[us]")


def _naive(times: pd.Series) -> pd.Series:
    found: pd.Series = times.dt.tz_localize(None).astype("datetime64[us]")
    return found


def _parsed(times: pd.Series) -> pd.Series:
    """Raises ValueError where not all of it is times of one kind."""
    if times.dtype == "object" and not all(_is_time(value) for value in times):
        raise ValueError
    if times.dtype != "object" and times.str.match(r"\s*[a-zA-Z]").any():  # such as “now”
        raise ValueError
    return pd.to_datetime(times, format="ISO8601")


def _is_time(value: object) -> bool:
    if isinstance(value, str):
        return not value.strip()[:1].isalpha()
    return value is None or isinstance(value, date | np.datetime64) or bool(pd.isna(value))  # type: ignore[call-overload]


def _one(value: Any, field: str) -> pd.Timestamp:
    """One time, NaT where it is missing or an empty text.

    Of texts only ISO 8601 is taken: in others nobody can tell the day from the month.
    """
    if isinstance(value, str) and not value.strip():
        return pd.NaT  # type: ignore[return-value]
    try:
        if not _is_time(value):
            raise ValueError
        time = pd.to_datetime(value.strip(), format="ISO8601") if isinstance(value, str) else pd.Timestamp(value)
        return time.tz_localize(None)
    except (ValueError, TypeError) as error:
        raise InvalidValue(field, value, _EXPECTED) from error


def _plain(value: object) -> object:
    """A value of an array as a person would write it."""
    return value.item() if isinstance(value, np.generic) else value


def local_time(when: object, field: str) -> pd.Timestamp:
    """One naive time by the clock on the wall; raises InvalidValue for none (None, NaT, a number, other text)."""
    found = _one(when, field)
    if pd.isna(found):
        raise InvalidValue(field, when, _EXPECTED)
    return found


def table_of(rows: object, field: str) -> pd.DataFrame:
    """Rows as a frame, whether they come as one, as mappings of column and value, as Series, or as one row alone.

    Raises InvalidValue, naming `field`, for anything else, and for a column that is there twice.
    """
    if isinstance(rows, pd.DataFrame):
        frame = rows
    else:
        given = [rows] if isinstance(rows, pd.Series | Mapping) else rows
        if not isinstance(given, Sequence) or not all(isinstance(row, pd.Series | Mapping) for row in given):
            raise InvalidValue(field, rows, "a frame, or a list of mappings of column and value")
        frame = pd.DataFrame([dict(row.items()) for row in given])
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise InvalidValue(field, twice, "columns of different names; this one is there more than once")
    return frame


def column_of(values: Sequence[Any] | pd.Series | npt.NDArray[Any], field: str) -> pd.Series:
    """A list, array, index or Series as a Series; raises InvalidValue for what isn't a row of values."""
    if isinstance(values, pd.Series):
        return values
    if isinstance(values, str | bytes | dict) or np.ndim(values) != 1:
        raise InvalidValue(field, values, "a list, an array or a Series")
    return pd.Series(values, dtype=None if len(values) else "object")


def name_of(value: object) -> str:
    """A name as text: 1, 1.0, "1" and "1.0" are one name, for a missing value turns whole numbers into floats."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    return text[:-2] if text.endswith(".0") and text[:-2].lstrip("-").isdigit() else text


def names(values: pd.Series) -> pd.Series:
    """A column of names as text in the same sense, NA where missing; the index stays."""
    text = values if values.dtype == "str" else values.astype("str")
    other = {name: name_of(name) for name in text.dropna().unique() if name.endswith(".0")}
    return text.map(other).fillna(text) if other else text


def amounts(values: Sequence[float] | pd.Series | npt.NDArray[Any], field: str, each: str) -> npt.NDArray[np.float64]:
    """A row of finite numbers of 0 and more as floats; raises InvalidValue, saying what `each` is, for any other."""
    column = column_of(values, field)
    if column.dtype.kind in "Mm":
        raise InvalidValue(field, column.iloc[0], f"numbers: {each}")
    found = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = np.flatnonzero(~(np.isfinite(found) & (found >= 0)))
    if len(wrong):
        at = int(wrong[0])
        raise InvalidValue(f"{field} [{at}]", _plain(column.iloc[at]), f"a number from 0 on: {each}")
    return found


def whole(value: object, field: str, least: int, most: int, what: str) -> int:
    """A whole number within bounds, as an int; raises InvalidValue for a float, a text, yes or no, or one outside."""
    known = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not known or not least <= value <= most:  # type: ignore[operator]
        raise InvalidValue(field, value, f"a whole number of {what} from {least:,} to {most:,}")
    return int(value)  # type: ignore[call-overload, no-any-return]


def _is_span(value: object) -> bool:
    """Whether it is a time or a length of time: as numbers these would be nanoseconds."""
    return isinstance(value, date | timedelta | np.datetime64 | np.timedelta64)


def hours_in(column: pd.Series, field: str) -> pd.Series:
    """A column of hours as floats, NaN where missing; raises InvalidValue, naming `field`, for what is no number."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf":
        return column.astype("float64")
    if column.isna().all():
        return pd.Series(np.nan, index=column.index, dtype="float64")
    if column.dtype.kind in "Mm":
        raise InvalidValue(field, column.dropna().iloc[0], "numbers of hours")
    found = pd.to_numeric(column, errors="coerce").astype("float64")
    wrong = column.notna() & (found.isna() | column.map(_is_span))
    wrong &= ~column.astype("str").str.strip().str.lower().isin(("", "nan"))
    if wrong.any():
        raise InvalidValue(field, _plain(column[wrong].iloc[0]), "a number of hours, or empty")
    return found
