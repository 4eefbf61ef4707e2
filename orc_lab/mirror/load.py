"""Rows from SQLite into DuckDB, column by column.

DuckDB's wheel cannot read SQLite files, and a second SQLite on the person's file would drop this process's locks, so
rows come through `sqlite3`. Of the ways that were measured for a million todos of 23 columns (two cores, seconds):
this one 4.2; batches of 120,000 rows 6.3 (what is fetched leaves the processor's cache before DuckDB reads it); a
second thread for DuckDB 6.3 and more (both wait for Python's lock); data frames 10; JSON that SQLite makes and DuckDB
parses 3.7 with both cores to itself, 7 of processor time, and SQLite 3.40 prints only 15 digits of a real number.
Fetching alone takes 2.2 to 4.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd

from orc_lab.model.batched import batched

BATCH = 8192
_TYPES = {"TEXT": "VARCHAR", "INTEGER": "BIGINT", "REAL": "DOUBLE", "ANY": "VARCHAR"}

Row = Sequence[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table's name, its columns in SQLite's order, and the SQLite type of each."""

    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]

    @property
    def listed(self) -> str:
        """The columns as SQL lists them."""
        return ", ".join(self.columns)


def declare(duck: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Make the table in DuckDB, empty. What SQLite keeps in any type is text there: numbers as Python writes them."""
    columns = (f"{name} {_TYPES[type]}" for name, type in zip(table.columns, table.types, strict=True))
    duck.execute(f"CREATE OR REPLACE TABLE {table.name} ({', '.join(columns)})")


def insert(duck: duckdb.DuckDBPyConnection, table: Table, rows: Iterable[Row]) -> int:
    """Add rows, their values in the order of the table's columns; return how many."""
    count = 0
    for batch in _batches(rows):
        count += len(batch)
        arrays = map(_array, zip(*batch, strict=True), table.types)
        duck.register("batch", dict(zip(table.columns, arrays, strict=True)))
        duck.execute(f"INSERT INTO {table.name} SELECT * FROM batch")
        duck.unregister("batch")
    return count


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    if isinstance(rows, sqlite3.Cursor):
        while fetched := rows.fetchmany(BATCH):
            yield fetched
        return
    yield from batched(rows, BATCH)


def _array(values: Sequence[Any], type: str) -> npt.NDArray[Any]:
    if type == "ANY":
        values = [value if value is None or isinstance(value, str) else _text(value) for value in values]
    if type in ("TEXT", "ANY"):
        return np.fromiter(values, object, len(values))
    try:
        return np.fromiter(values, np.int64 if type == "INTEGER" else np.float64, len(values))
    except TypeError:  # there are empty ones
        return _whole_or_none(values) if type == "INTEGER" else np.array(values, np.float64)


def _whole_or_none(values: Sequence[int | None]) -> npt.NDArray[Any]:
    # By a mask: as a float, a whole number beyond 2^53 would come out as another.
    cells = np.fromiter(values, object, len(values))
    empty = pd.isna(cells)
    cells[empty] = 0
    return np.ma.MaskedArray(cells.astype(np.int64), empty)


def _text(value: float | bytes) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else repr(value)
