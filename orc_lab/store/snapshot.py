"""One state of a whole database, read row by row in bounded memory, whatever is edited meanwhile."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple, Self

from orc_lab.model.change import Value
from orc_lab.model.entities import KINDS
from orc_lab.store import change_log
from orc_lab.store.database import Database
from orc_lab.store.sentences import translated

Row = Sequence[Value]

TABLES = tuple(KINDS)  # where a person's work lives
HISTORY = ("change_tx", "change_log", "change_cell")
# What stays behind, and why. Whoever adds a table decides where it belongs: a test compares.
LEFT_OUT: Mapping[str, str] = {
    "identity": "it stands in the head of an export",
    "schema_migrations": "when this database was migrated says nothing of the work",
    "change_context": "it holds something only while an edit runs",
    "sync_metadata": "it holds this device's token, a secret",
    "sync_conflicts": "values of other devices that nobody has decided about come again with them",
    **dict.fromkeys(
        ("sync_state", "sync_rows", "sync_waiting", "sync_held", "sync_touched", "sync_doomed", "sync_rejected",
         "sync_scope", "sync_ledger", "sync_listed", "sync_owed", "sync_unshared"),
        "it says how this one database stands with a server",
    ),
}  # fmt: skip
_SECRETS = ("token", "secret", "password", "passphrase", "apikey", "api_key", "credential", "authorization", "jwt")
_CHUNK = 4096


class Torn(bytes):
    """Text that is no UTF-8, as only another tool can write it: its bytes."""

    def __str__(self) -> str:
        return self.decode(errors="replace")


class Logged(NamedTuple):
    """An entry of the change log as it stands there. `cells` are (field, old, new), `at` is None where it was now."""

    seq: int
    hlc: int
    tx: int | None
    at: int | None
    origin: str
    table: str
    id: str
    op: str
    cells: Sequence[tuple[str, Value, Value]]

    @property
    def effective(self) -> int:
        """When it took effect, in seconds UTC."""
        return self.hlc // 1_000_000 if self.at is None else self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is asked for: all, one project's, or what is open or was touched since an instant, whose day is `day`."""

    project_id: str | None = None
    since: int | None = None
    day: str = ""

    @property
    def whole(self) -> bool:
        """Whether nothing was narrowed."""
        return self.project_id is None and self.since is None


EVERYTHING = Scope()


class Snapshot:
    """A database as it stood when this was made; close it, or use it in a `with` block.

    `db` is a connection that nobody else edits through: no edit waits for this, and this for none.
    """

    def __init__(self, db: Database) -> None:
        self.db = db
        self._conn = db.conn
        with translated(db.path):
            self._conn.execute("PRAGMA query_only = ON")
            self._conn.execute("BEGIN")
            self.head = change_log.head(db)  # the first read is what fixes the state
            self._secret = self._secrets()

    @classmethod
    def of(cls, path: str) -> Self:
        """Return what stands in a file, through a connection of its own; raises as opening it does."""
        db = Database(path, reading=True)
        try:
            return cls(db)
        except BaseException:
            db.close()
            raise

    def close(self) -> None:
        """Let go of the file; closing twice is fine."""
        self.db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def withheld(self) -> int:
        """How many settings hold a secret and are in no export."""
        return len(self._secret)

    def identity(self) -> dict[str, Any]:
        """Return whose database this is: user_id, device_id, sample, created_at, and its schema."""
        row = self.db.rows("SELECT user_id, device_id, sample, created_at FROM identity")[0]
        (schema,) = self.db.rows("SELECT max(version) FROM schema_migrations")[0]
        return {"schema": schema, "user_id": row[0], "device_id": row[1], "sample": bool(row[2]), "created_at": row[3]}

    def columns(self, table: str) -> tuple[str, ...]:
        """Return a table's columns in the order of `rows`."""
        return tuple(name for (name,) in self.db.rows("SELECT name FROM pragma_table_info(?)", (table,)))

    def types(self, table: str) -> tuple[str, ...]:
        """Return the SQLite type of each column."""
        return tuple(type for (type,) in self.db.rows("SELECT type FROM pragma_table_info(?)", (table,)))

    def count(self, table: str, scope: Scope = EVERYTHING) -> int:
        """Return how many rows of a table are in a scope."""
        where, params = _within(table, scope)
        return int(self.db.rows(f"SELECT count(*) FROM {table} WHERE {where}", params)[0][0])

    def rows(self, table: str, scope: Scope = EVERYTHING) -> Iterator[Row]:
        """Yield a table's rows, values in the order of `columns`, in the order in which they were added."""
        names = self.columns(table)
        key = {"activities": "id", "change_tx": "tx"}.get(table, "rowid")
        where, params = _within(table, scope)
        sql = f"""SELECT {", ".join(names)}, {key} FROM {table} WHERE {key} > :last AND {where}
            ORDER BY {key} LIMIT {_CHUNK}"""
        last: Value = "" if key == "id" else -(1 << 63)
        while chunk := self._read(sql, {**params, "last": last}):
            last = chunk[-1][-1]
            for row in chunk:
                if table != "settings" or row[0] not in self._secret:
                    yield row[:-1]

    def changes(self, scope: Scope = EVERYTHING) -> Iterator[Logged]:
        """Yield the change log, oldest first; in a scope, the entries of the rows that are in it."""
        where, params = _logged_within(scope)
        log = f"""SELECT seq, hlc, tx, at, origin, "table", id, op FROM change_log WHERE seq > :last AND {where}
            ORDER BY seq LIMIT {_CHUNK}"""
        cell = "SELECT seq, field, old, new FROM change_cell WHERE seq BETWEEN ? AND ? ORDER BY seq, field"
        last = 0
        while chunk := self._read(log, {**params, "last": last}):
            first, last = chunk[0][0], chunk[-1][0]
            cells = {seq: list(some) for seq, some in groupby(self._read(cell, (first, last)), key=itemgetter(0))}
            for seq, hlc, tx, at, origin, table, id, op in chunk:
                if table == "settings" and id in self._secret:
                    continue
                told = [(field, old, new) for _, field, old, new in cells.get(seq, ())]
                yield Logged(seq, hlc, tx, at, origin, table, id, op, told)

    def _read(self, sql: str, params: Sequence[Value] | Mapping[str, Value]) -> list[tuple[Any, ...]]:
        try:
            return self._conn.execute(sql, params).fetchall()
        except sqlite3.OperationalError as error:
            if not str(error).startswith("Could not decode"):
                raise
        self._conn.text_factory = _text  # slower, so for these rows alone
        try:
            return self._conn.execute(sql, params).fetchall()
        finally:
            self._conn.text_factory = str

    def _secrets(self) -> frozenset[str]:
        """Return the ids of the settings, deleted ones too, whose name tells of a secret."""
        like = " OR ".join(f"lower({{0}}) LIKE '%{word}%'" for word in _SECRETS)
        rows = self.db.rows(
            f"""SELECT id FROM settings WHERE {like.format("key")} UNION
            SELECT l.id FROM change_cell AS c JOIN change_log AS l USING (seq)
            WHERE l.id IN (SELECT id FROM change_log WHERE "table" = 'settings') AND c.field = 'key'
              AND ({like.format("c.new")} OR {like.format("c.old")})"""
        )
        return frozenset(id for (id,) in rows)


def _text(raw: bytes) -> str | Torn:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return Torn(raw)


_TODOS = """SELECT id FROM todos WHERE (:project IS NULL OR project_id = :project) AND (:since IS NULL
    OR status NOT IN ('done', 'dropped') OR max(created_at, updated_at, coalesce(completed_at, 0)) >= :since)"""
_PROJECTS = f"""SELECT id FROM projects WHERE CASE WHEN :project IS NOT NULL THEN id = :project
    ELSE status IN ('active', 'paused') OR max(created_at, updated_at, coalesce(completed_at, 0)) >= :since
      OR id IN (SELECT project_id FROM todos WHERE id IN ({_TODOS})) END"""
_GOALS = f"""SELECT id FROM weekly_goals WHERE (:since IS NULL OR date(week_start_date, '+6 days') >= :day)
    AND (:project IS NULL OR id IN (SELECT weekly_goal_id FROM commitments WHERE todo_id IN ({_TODOS})))"""
_ABOUT = f"(SELECT id FROM ({_TODOS}) UNION {_PROJECTS} UNION {_GOALS})"
_SINCE = "(:since IS NULL OR {} >= :since)"
_OF_NO_PROJECT = "(:project IS NULL)"
_WITHIN = {
    "intentions": f"(:project IS NULL OR id IN (SELECT intention_id FROM projects WHERE id IN ({_PROJECTS})))",
    "projects": f"id IN ({_PROJECTS})",
    "todos": f"id IN ({_TODOS})",
    "links": f"blocker_id IN ({_TODOS}) AND blocked_id IN ({_TODOS})",
    "recurrences": _OF_NO_PROJECT,
    "capacity": f"{_OF_NO_PROJECT} AND (:since IS NULL OR day >= :day)",
    "weekly_goals": f"id IN ({_GOALS})",
    "commitments": f"todo_id IN ({_TODOS}) AND weekly_goal_id IN ({_GOALS})",
    "sessions": f"todo_id IN ({_TODOS}) AND {_SINCE.format('coalesce(ended_at, started_at)')}",
    "activities": f"(:project IS NULL OR subject_id IN {_ABOUT}) AND {_SINCE.format('occurred_at')}",
    "settings": _OF_NO_PROJECT,
    "imports": f"(:project IS NULL OR subject_id IN {_ABOUT})",
    "forecasts": f"(:project IS NULL OR subject_id IN {_ABOUT}) AND {_SINCE.format('made_at')}",
    "recommendations": f"(:project IS NULL OR project_id = :project) AND {_SINCE.format('created_at')}",
    "knowledge": _OF_NO_PROJECT,
}


def _within(table: str, scope: Scope) -> tuple[str, dict[str, Value]]:
    if scope.whole or table not in _WITHIN:
        return "true", {}
    return _WITHIN[table], {"project": scope.project_id, "since": scope.since, "day": scope.day}


def _logged_within(scope: Scope) -> tuple[str, dict[str, Value]]:
    if scope.whole:
        return "true", {}
    about = f"id IN {_ABOUT}" if scope.project_id is not None else "true"
    when = _SINCE.format("max(coalesce(at, 0), hlc / 1000000)")
    params: dict[str, Value] = {"project": scope.project_id, "since": scope.since, "day": scope.day}
    return f"{about} AND {when}", params
