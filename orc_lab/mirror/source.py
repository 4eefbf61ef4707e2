"""The person's database as the mirror reads it: whole tables, and the rows that changed since."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from orc_lab.mirror.load import Table
from orc_lab.model.entities import KINDS
from orc_lab.store import change_log, history
from orc_lab.store.database import Database
from orc_lab.store.sentences import translated

Derived = Mapping[str, tuple[Any, ...]]

# Tables whose rows of the past are told apart by a date in them, rather than by the log.
DATED = {"forecasts": "made_at", "recommendations": "created_at"}

# Small tables with fields that the log doesn't record (health scores, completion rates): those are compared.
_SMALL = ("intentions", "projects", "recurrences", "weekly_goals")

# Hours worked aren't recorded either: they follow from the sessions, of which some may have had another todo.
_WORKED = """
SELECT todo_id FROM sessions WHERE id IN (SELECT id FROM change_log WHERE seq > :seq AND "table" = 'sessions')
UNION
SELECT old FROM change_log JOIN change_cell USING (seq)
WHERE seq > :seq AND "table" = 'sessions' AND field = 'todo_id' AND old IS NOT NULL"""

# Rows whose first entry since is an insert can't be in the mirror: nobody has to look for them there.
_ADDED = """
SELECT "table", id FROM (SELECT "table", id, op, min(seq) FROM change_log WHERE seq > ? GROUP BY "table", id)
WHERE op = 'insert'"""


class Source:
    """A connection of the mirror's own, through this process's `sqlite3`: it waits for no edit and no edit for it."""

    def __init__(self, path: str) -> None:
        self.db = Database(path, reading=True)
        self._conn = self.db.conn
        self._conn.execute("PRAGMA query_only = ON")

    def close(self) -> None:
        """Let go of the file; closing twice is fine."""
        self.db.close()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Show one state of the database to all reads of a `with` block, whatever is committed meanwhile."""
        with translated(self.db.path):
            self._conn.execute("BEGIN")
            try:
                yield
            finally:
                if self._conn.in_transaction:
                    self._conn.execute("ROLLBACK")

    def version(self) -> int:
        """Return a number that differs after a commit by anyone."""
        return int(self.db.rows("PRAGMA data_version")[0][0])

    def head(self) -> int:
        """Return the newest `seq` of the log."""
        return change_log.head(self.db)

    def past(self, at: int, seq: int | None, tables: Iterable[str]) -> history.Past:
        """Return what was known at an instant, of the tables whose rows the log tells; see `history.look_back`."""
        kinds = [KINDS[name] for name in tables if name not in DATED]
        return history.look_back(self.db, at, seq=seq, kinds=kinds)

    def generation(self) -> int:
        """Return a number that differs after the database was restored from a backup."""
        return self.db.generation()

    def imported_until(self, seq: int | None = None) -> int | None:
        """Return the instant until which the past was imported rather than recorded, as of an entry of the log."""
        return history.reconstructed_before(self.db, seq=seq)

    def tolerate(self) -> None:
        """From now on read bytes that are no text, as only another tool can write them, as replacement characters."""
        self._conn.text_factory = lambda raw: raw.decode(errors="replace")

    def table(self, name: str) -> Table:
        """Return a table as the database has it."""
        rows = self.db.rows("SELECT name, type FROM pragma_table_info(?)", (name,))
        return Table(name=name, columns=tuple(column for column, _ in rows), types=tuple(type for _, type in rows))

    def rows(self, table: Table) -> sqlite3.Cursor:
        """Return a table's rows, to be fetched in parts."""
        return self._conn.execute(f"SELECT {table.listed} FROM {table.name}")

    def rows_of(self, table: Table, ids: Iterable[str]) -> sqlite3.Cursor:
        """Return those of the rows that there still are."""
        sql = f"SELECT {table.listed} FROM {table.name} WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"
        return self._conn.execute(sql, (json.dumps(list(ids)),))

    def derived(self) -> dict[str, Derived]:
        """Return the fields of small tables that the log doesn't record, by table and id."""
        return {name: self._derived_of(name) for name in _SMALL}

    def changed(self, seq: int, before: Mapping[str, Derived], now: Mapping[str, Derived]) -> dict[str, set[str]]:
        """Return the ids of the rows changed after `seq`, by table; `before` and `now` are what `derived` told."""
        found = change_log.touched(self.db, seq)
        for name, fields in now.items():
            found.setdefault(name, set()).update(id for id, row in fields.items() if before[name].get(id) != row)
        if "sessions" in found:
            found.setdefault("todos", set()).update(id for (id,) in self.db.rows(_WORKED, {"seq": seq}))
        return {name: ids for name, ids in found.items() if ids}

    def added(self, seq: int) -> set[tuple[str, str]]:
        """Return the tables and ids of rows that are newer than `seq`, whether they are still there or not."""
        return set(self.db.rows(_ADDED, (seq,)))

    def _derived_of(self, name: str) -> Derived:
        listed = ", ".join(sorted(KINDS[name].derived))
        return {row[0]: row[1:] for row in self.db.rows(f"SELECT id, {listed} FROM {name}")}
