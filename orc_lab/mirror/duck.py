"""The mirror: a person's tables in DuckDB, for questions about all of them at once.

It is in memory and belongs to one process; nothing of it is written to a disk. Loading a million todos takes some five
seconds, following an edit some milliseconds.
"""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple, Self

import duckdb
import pandas as pd

from orc_lab.errors import InvalidQuery
from orc_lab.mirror import past
from orc_lab.mirror.load import Row, Table, declare, insert
from orc_lab.mirror.source import Derived, Source
from orc_lab.store.database import Database
from orc_lab.store.history import Past
from orc_lab.store.uncollected import uncollected

# What a person would ask about. The log and the records of imports stay behind: they are larger than all of these.
TABLES = (
    "intentions", "projects", "todos", "links", "recurrences", "capacity", "weekly_goals", "commitments", "sessions",
    "activities", "settings", "forecasts", "recommendations", "knowledge",
)  # fmt: skip

# PIVOT counts as several. What a query may do is settled by the read-only transaction and the locked configuration.
_QUERIES = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN, duckdb.StatementType.MULTI}

_CONFIG: dict[str, Any] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "enable_external_access": False,  # a query reads and writes no file and asks no host
    "python_enable_replacements": False,  # nor does it see the variables of whoever calls
    "temp_directory": "",  # what doesn't fit into memory fails, rather than lie on a disk
    "pandas_analyze_sample": 0,  # text stays text, whatever it looks like
    "threads": 1,  # while loading, more of them only wait for Python's lock
}


class TableInfo(NamedTuple):
    """A table of the mirror: its name, its columns and how many rows it holds."""

    name: str
    columns: tuple[str, ...]
    rows: int


class Mirror:
    """A person's tables, to be queried; close it, or use it in a `with` block. Threads may share it.

    Tables and columns are those of the database: times are seconds UTC, days and JSON are text, and so is what SQLite
    keeps in any type (`activities.old` and `.new`). It stands still between one `refresh` or `sql` and the next; hold
    its `lock` to keep it still for longer. Only `updated_at` and `synced_at` of a todo may be older than in the
    database: nothing records those.
    """

    def __init__(self, db: Database, *, instant: int | None = None, seq: int | None = None) -> None:
        self.instant = instant
        self._until = seq
        self.imported_until: int | None = None
        self.lock = threading.RLock()
        self._seen = self._seq = self._generation = -1
        self._derived: dict[str, Derived] = {}
        self._source = Source(db.file)
        self._duck = duckdb.connect(":memory:", config=_CONFIG)
        try:
            self._duck.execute("SET enable_progress_bar = false")
            self._tables = [self._source.table(name) for name in TABLES]
            self._seen = self._source.version()
            self._follow()
        except BaseException:
            self.close()
            raise
        if instant is not None:
            self._source.close()
        self._duck.execute("RESET threads")
        self._duck.execute("SET lock_configuration = true")

    @classmethod
    def as_of(cls, db: Database, instant: int, *, seq: int | None = None) -> Self:
        """Return a mirror of what was known at an instant, which never changes; see `past`.

        With `seq` it rests only on what the log held up to there: whatever was imported since changes nothing.
        """
        return cls(db, instant=instant, seq=seq)

    def close(self) -> None:
        """Let go of the database and of the memory; closing twice is fine."""
        with self.lock:
            self._source.close()
            self._duck.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def sql(self, query: str) -> pd.DataFrame:
        """Return what a query finds in the database as it is now or, in a mirror made by `as_of`, was known then.

        Raises InvalidQuery for anything but one statement that only reads these tables.
        """
        with self.lock:
            self.refresh()
            with _in_words():
                statements = self._duck.extract_statements(query)
                if len(statements) != 1 or statements[0].type not in _QUERIES:
                    raise InvalidQuery("it has to be one statement that only reads, such as SELECT title FROM todos")
                with self._transaction("READ ONLY"):
                    return self._duck.execute(query).df()

    def read(self, query: str, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Return what one of orc_lab's own queries finds in the mirror as it stands."""
        with self.lock:
            return self._duck.execute(query, params and dict(params)).df()

    def tables(self) -> list[TableInfo]:
        """Return each table with its columns and its number of rows."""
        with self.lock:
            return [TableInfo(each.name, each.columns, self._count(each.name)) for each in self._tables]

    def refresh(self) -> frozenset[str]:
        """Read what was committed since; return the tables in which rows were read again.

        Touched rows are those of the change log. What it doesn't record follows too: hours worked by their sessions,
        and what is derived in small tables (health scores, completion rates) by comparing it all.
        """
        with self.lock:
            if self.instant is not None or (version := self._source.version()) == self._seen:
                return frozenset()
            names = self._follow()
            self._seen = version
            return names

    def _follow(self) -> frozenset[str]:
        try:
            return self._read_source()
        except sqlite3.OperationalError as error:
            if not str(error).startswith("Could not decode"):
                raise
            self._source.tolerate()
            return self._read_source()

    def _read_source(self) -> frozenset[str]:
        with self._source.snapshot(), uncollected(), self._transaction():
            head, derived, generation = self._source.head(), self._source.derived(), self._source.generation()
            if generation != self._generation or head < self._seq:  # at first, or after a restore
                names = self._read_all()
            else:
                names = self._read_changed(self._source.changed(self._seq, self._derived, derived))
            if "imports" in names:
                self.imported_until = self._source.imported_until(self._until)
        self._seq, self._derived, self._generation = head, derived, generation
        return names

    def _read_all(self) -> frozenset[str]:
        then = None if self.instant is None else self._source.past(self.instant, self._until, TABLES)
        for table in self._tables:
            declare(self._duck, table)
            insert(self._duck, table, self._rows(table, then))
        if self.instant is not None:
            past.derive(self._duck, self.instant)
        return frozenset((*TABLES, "imports"))

    def _rows(self, table: Table, then: Past | None) -> Iterable[Row]:
        if self.instant is None or then is None:
            return self._source.rows(table)
        return past.rows(self._source, table, then, self.instant)

    def _read_changed(self, changed: Mapping[str, set[str]]) -> frozenset[str]:
        added = self._source.added(self._seq)
        for table in self._tables:
            if table.name in changed:
                ids = changed[table.name]
                if old := [id for id in ids if (table.name, id) not in added]:
                    self._duck.execute(f"DELETE FROM {table.name} WHERE id IN (SELECT unnest(?))", [old])
                insert(self._duck, table, self._source.rows_of(table, ids))
        return frozenset(changed)

    def _count(self, name: str) -> int:
        found = self._duck.execute(f"SELECT count(*) FROM {name}").fetchone()
        return int(found[0]) if found else 0

    @contextmanager
    def _transaction(self, mode: Literal["READ WRITE", "READ ONLY"] = "READ WRITE") -> Iterator[None]:
        self._duck.execute(f"BEGIN TRANSACTION {mode}")
        try:
            yield
            self._duck.execute("COMMIT")
        except BaseException:
            self._duck.execute("ROLLBACK")
            raise


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise InvalidQuery(str(error).partition("\n")[0]) from None
