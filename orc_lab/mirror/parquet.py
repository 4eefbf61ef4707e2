"""Rows to Parquet files, through a DuckDB of its own that keeps what is large on the disk, not in memory."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Self

import duckdb

from orc_lab.errors import DiskFull
from orc_lab.mirror.load import Row, Table, declare, insert
from orc_lab.store.uncollected import uncollected

_CONFIG: dict[str, Any] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
    "pandas_analyze_sample": 0,
    "memory_limit": "160MB",
    "threads": 1,
}


class Writer:
    """Writes one Parquet file after another; to be used in a `with` block.

    What it needs meanwhile is in a hidden folder with that `ending` in `folder`; it is left if the process is killed.
    """

    def __init__(self, folder: str, ending: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix=".tables.", suffix=ending, dir=folder)
        try:
            inside = os.path.join(self._folder.name, "tables.duckdb")
            self._duck = duckdb.connect(inside, config=_CONFIG | {"temp_directory": self._folder.name})
            self._duck.execute("SET enable_progress_bar = false; SET TimeZone = 'UTC'")
        except BaseException:
            self._folder.cleanup()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._duck.close()
        self._folder.cleanup()

    def write(self, table: Table, rows: Iterable[Row], to: str, *, instants: Iterable[str], days: Iterable[str]) -> int:
        """Write rows to a file; return how many.

        Of the columns, `instants` (seconds UTC) become timestamps with zone, `days` dates; what is no such thing
        becomes NULL. Raises DiskFull, or OSError for a file that can't be written.
        """
        with _in_words(to), uncollected():
            quoted = Table(name=table.name, columns=tuple(f'"{name}"' for name in table.columns), types=table.types)
            declare(self._duck, quoted)
            count = insert(self._duck, quoted, rows)
            instants, days = set(instants), set(days)
            listed = ", ".join(_typed(name, instants, days) for name in table.columns)
            target = to.replace("'", "''")
            self._duck.execute(
                f"COPY (SELECT {listed} FROM {table.name}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
            )
            self._duck.execute(f"DROP TABLE {table.name}")
        return count


def _typed(name: str, instants: set[str], days: set[str]) -> str:
    if name in instants:  # TRY: an instant outside of DuckDB's years
        return f'TRY(make_timestamptz("{name}" * 1000000)) AS "{name}"'
    return f'TRY_CAST("{name}" AS DATE) AS "{name}"' if name in days else f'"{name}"'


@contextmanager
def _in_words(path: str) -> Iterator[None]:
    try:
        yield
    except duckdb.IOException as error:
        if "No space left" in str(error):
            raise DiskFull(path) from None
        raise OSError(5, str(error).partition("\n")[0], path) from None
