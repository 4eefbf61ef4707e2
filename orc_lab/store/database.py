"""Open the one SQLite file, edit it in transactions, and say in words what goes wrong.

Nothing else may open the database's path, not even to read: closing any other handle drops this process's locks.
"""

import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Literal, Self

from orc_lab.errors import (
    AlreadyExists,
    DatabaseExists,
    DatabaseMissing,
    DiskFailed,
    DiskFull,
    NotADatabase,
    NotFound,
    NotOpened,
    NotWritable,
    OrcError,
    of_system,
)
from orc_lab.model.change import Value
from orc_lab.model.codec import columns, plain, to_plain
from orc_lab.model.entities import Entity
from orc_lab.model.ids import new_id
from orc_lab.store import capture, cut, schema, unwritable
from orc_lab.store.sentences import BUSY_SECONDS as BUSY_SECONDS
from orc_lab.store.sentences import raise_translated, translated

Durability = Literal["full", "normal"]


class Database:
    """One open database. Threads of a process may share it; each transaction holds its lock.

    With `reading` it opens also where nothing can be written (a full disk, a folder that is read-only): then `refused`
    says why, and an edit raises that.

    `durability="full"` (the default) makes every confirmed edit survive a power loss; with `"normal"` an edit
    survives a crash of the process, and the last ones before a power loss may be missing.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        create: bool = False,
        durability: Durability = "full",
        reading: bool = False,
    ) -> None:
        self.path = os.fspath(path)  # as the person names it, for sentences
        self.file = os.path.abspath(self.path)  # where it stays when the process moves to another folder
        self.lock = threading.RLock()
        self.refused: OrcError | None = None  # why it is only read
        self._looked: object = None  # at the change log, for the last time
        try:
            self.conn = self._opened(durability, create=create, reading=reading)
        except (DiskFull, DiskFailed, NotOpened, NotWritable) as error:
            conn = unwritable.opened(self.path, BUSY_SECONDS) if reading else None
            if conn is None:
                raise
            self.conn, self.refused = conn, error
            self._check_known()

    def _opened(self, durability: Durability, *, create: bool, reading: bool) -> sqlite3.Connection:
        with translated(self.path):
            self.conn = connect(self.path, create=create)
            try:
                self._prepare(durability, create=create, reading=reading)
            except BaseException:
                self.conn.close()
                raise
            return self.conn

    def _prepare(self, durability: Durability, *, create: bool, reading: bool) -> None:
        conn = self.conn
        schema.check_ours(conn, self.path, may_be_empty=create)
        conn.execute(f"PRAGMA synchronous = {durability.upper()}")
        conn.execute("PRAGMA foreign_keys = ON")
        # An edit writes some nine pages: a larger interval keeps checkpoints out of 99.8% of the edits.
        conn.execute("PRAGMA wal_autocheckpoint = 4000")
        # Rows that wait to be written in bulk would be written to a file of their own, to be read once.
        conn.execute("PRAGMA temp_store = MEMORY")
        if (found := schema.version(conn)) != schema.known_version():
            if not found and not create:
                raise NotADatabase(self.path, "its record of migrations is gone")
            if 0 < found < schema.known_version():
                _back_up(self.file, conn)
            conn.execute("PRAGMA journal_mode = WAL")
            schema.upgrade(conn, self.path)
        elif capture.stale(conn):
            try:
                _mend(conn)
            except sqlite3.OperationalError as error:
                if not (reading and unwritable.refused(error)):
                    raise

    def _check_known(self) -> None:
        """Let go of what can only be read, unless it can be: it has to have this package's schema."""
        try:
            with translated(self.path):
                schema.check_ours(self.conn, self.path, may_be_empty=False)
                if schema.version(self.conn) != schema.known_version():
                    raise self.refused or NotOpened(self.path)
        except BaseException:
            self.conn.close()
            raise

    def close(self) -> None:
        """Close the database; closing twice is fine."""
        with self.lock:
            self.conn.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def rows(self, sql: str, params: Sequence[Value] | Mapping[str, Value] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        with self.lock:
            try:
                return self.conn.execute(sql, params).fetchall()
            except sqlite3.Error as error:
                if _is_torn(error):
                    return self._torn(sql, params)
                raise_translated(error, self.path)

    def _torn(self, sql: str, params: Sequence[Value] | Mapping[str, Value]) -> list[tuple[Any, ...]]:
        """Return all rows of a query in which another tool has written text that is no UTF-8: with U+FFFD there."""
        before, self.conn.text_factory = self.conn.text_factory, _replaced
        try:
            with translated(self.path):
                return self.conn.execute(sql, params).fetchall()
        finally:
            self.conn.text_factory = before

    def transaction(
        self, label: str, *, actor: str = "person", origin: str = "local", undoes: int | None = None
    ) -> "Transaction":
        """Return a transaction to be used in a `with` block: it commits at the end, or nothing of it happened."""
        return Transaction(self, label, actor, origin, undoes)

    def identity(self) -> tuple[str, str, bool]:
        """Return the user's id, this device's id and whether this is the sample life; raises NotADatabase."""
        rows = self.rows("SELECT user_id, device_id, sample FROM identity")
        if not rows:
            raise NotADatabase(self.path, "it belongs to nobody: making it was interrupted")
        user, device, sample = rows[0]
        return user, device, bool(sample)

    def go_on(self) -> None:
        """Mend a change log into which another program has cut, so that an edit may follow; inside a transaction."""
        elsewhere = self.conn.execute("PRAGMA data_version").fetchone()  # differs after a commit by anybody else
        if elsewhere != self._looked:
            if not cut.whole(self.conn):
                from orc_lab.store import external  # here, for hardly any edit needs it

                cut.name_edits(self.conn)
                external.record(self.conn)
            self._looked = elsewhere

    def generation(self) -> int:
        """Return a number that differs after a restore: what was read of the log before was another history's."""
        return int(self.rows("PRAGMA user_version")[0][0])


class Transaction:
    """Edits that happen together or not at all, recorded under one label."""

    __slots__ = ("_at", "_db", "_row", "conn", "now", "tx")

    def __init__(self, db: Database, label: str, actor: str, origin: str, undoes: int | None) -> None:
        self._db = db
        self._row = (actor, label, undoes, origin)
        self._at: int | None = None
        self.conn = db.conn
        self.now = 0
        self.tx = 0

    def __enter__(self) -> Self:
        if self._db.refused is not None:
            raise self._db.refused
        self._db.lock.acquire()
        try:
            self._begin()
        except BaseException as error:  # noqa: BLE001 - translated and raised again, once the lock is released
            self._abandon()
            self._db.lock.release()
            raise_translated(error, self._db.path)
        return self

    def _begin(self) -> None:
        self.conn.execute("BEGIN IMMEDIATE")
        self.now = int(time.time())
        self._db.go_on()
        self._record()

    def _record(self) -> None:
        actor, label, undoes, origin = self._row
        cursor = self.conn.execute(
            """INSERT INTO change_tx (actor, label, undoes, at, after_seq)
            VALUES (?, ?, ?, ?, (SELECT coalesce(max(seq), 0) FROM change_log))""",
            (actor, label, undoes, self.now),
        )
        self.tx = cursor.lastrowid or 0
        self.conn.execute("UPDATE change_context SET tx = ?, origin = ?", (self.tx, origin))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            if error is None:
                self.conn.execute("UPDATE change_context SET tx = NULL, origin = NULL, at = NULL")
                self.conn.execute("COMMIT")
        except BaseException as failed:  # noqa: BLE001 - translated and raised again below
            error = failed
        try:
            if error is not None:
                self._abandon()
                raise_translated(error, self._db.path)
        finally:
            self._db.lock.release()

    def _abandon(self) -> None:
        if self.conn.in_transaction:
            self.conn.execute("ROLLBACK")

    def follow(self, label: str, *, undoes: int | None = None) -> None:
        """Begin another edit, under its own label: it and those before it come about together, or none does."""
        actor, _, _, origin = self._row
        self._row = (actor, label, undoes, origin)
        self._effective(None)
        self._record()

    @contextmanager
    def step(self) -> Iterator[None]:
        """Make what happens inside one step: where it fails, only it is taken back, and the caller may go on.

        What SQLite refuses is raised as it is at the end of an edit: an error of ours.
        """
        at = self._at
        self.conn.execute("SAVEPOINT step")
        try:
            yield
        except BaseException as error:  # noqa: BLE001 - translated and raised again
            if self.conn.in_transaction:  # some errors, a full disk among them, have ended it already
                self.conn.execute("ROLLBACK TO step")
                self.conn.execute("RELEASE step")
                self._at = at
            raise_translated(error, self._db.path)
        self.conn.execute("RELEASE step")

    def defer_references(self) -> None:
        """Let steps come in any order: what refers to what is checked when the transaction commits."""
        self.conn.execute("PRAGMA defer_foreign_keys = ON")

    def insert(self, entity: Entity, *, at: int | None = None) -> None:
        """Add a row; raises AlreadyExists. `at` says when it took effect, if that was not now."""
        kind = type(entity)
        self._effective(at)
        values = [plain(getattr(entity, name)) for name in columns(kind)]
        try:
            self.conn.execute(_insert_sql(kind), values)
        except sqlite3.IntegrityError as error:
            there = f"SELECT 1 FROM {kind.table} WHERE id = ?"
            taken = error.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
            if taken and self.conn.execute(there, (entity.id,)).fetchone():  # not another key, of the change log
                raise AlreadyExists(kind.noun, entity.id) from None
            raise

    def insert_many(self, entities: Sequence[Entity], *, at: int | None = None) -> None:
        """Add rows of one kind that took effect at one instant."""
        if entities:
            self._effective(at)
            kind = type(entities[0])
            self.conn.executemany(_insert_sql(kind), [tuple(to_plain(entity).values()) for entity in entities])

    def update(self, kind: type[Entity], id: str, values: Mapping[str, Any], *, at: int | None = None) -> None:
        """Set some fields of a row; raises NotFound. `updated_at` follows by itself."""
        if not values:
            return
        self._effective(at)
        stamped = dict(values)
        if "updated_at" in kind.derived:
            stamped["updated_at"] = self.now if at is None else at
        params = [plain(value) for value in stamped.values()]
        if self.conn.execute(_update_sql(kind, stamped), (*params, id)).rowcount != 1:
            raise NotFound(kind.noun, id)

    def update_many(
        self, kind: type[Entity], rows: Sequence[tuple[str, Mapping[str, Any]]], *, at: int | None = None
    ) -> None:
        """Set the same fields of many rows, at one instant; raises NotFound. `updated_at` follows where not given."""
        if not rows:
            return
        self._effective(at)
        stamp = {"updated_at": self.now if at is None else at} if "updated_at" in kind.derived else {}
        names = tuple(stamp | dict(rows[0][1]))
        params = [(*(plain({**stamp, **values}[name]) for name in names), id) for id, values in rows]
        if self.conn.executemany(_update_sql(kind, names), params).rowcount != len(rows):
            raise NotFound(kind.noun, ", ".join(id for id, _ in rows[:3]))

    def delete(self, kind: type[Entity], id: str, *, at: int | None = None) -> None:
        """Remove a row; raises NotFound. What it held stays in the change log."""
        self._effective(at)
        if self.conn.execute(f"DELETE FROM {kind.table} WHERE id = ?", (id,)).rowcount != 1:
            raise NotFound(kind.noun, id)

    def delete_many(self, kind: type[Entity], ids: Sequence[str]) -> None:
        """Remove those of the rows that there are; what they held stays in the change log."""
        self._effective(None)
        self.conn.execute(f"DELETE FROM {kind.table} WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(ids),))

    def restore_many(self, kind: type[Entity], rows: Mapping[str, Mapping[str, Value]]) -> None:
        """Add rows again as the change log holds them, whatever once wrote that; derived fields begin anew."""
        self._effective(None)
        stamp = {"updated_at": self.now} if "updated_at" in kind.derived else {}
        for id, values in rows.items():  # each with its own fields, so that what it lacks gets the column's default
            row = {"id": id} | stamp | dict(values)
            marks = ", ".join("?" * len(row))
            self.conn.execute(f"INSERT INTO {kind.table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))

    def _effective(self, at: int | None) -> None:
        if at != self._at:
            self.conn.execute("UPDATE change_context SET at = ?", (at,))
            self._at = at


def _insert_sql(kind: type[Entity]) -> str:
    names = columns(kind)
    return f"INSERT INTO {kind.table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"


def _update_sql(kind: type[Entity], names: Iterable[str]) -> str:
    return f"UPDATE {kind.table} SET {', '.join(f'{name} = ?' for name in names)} WHERE id = ?"


def create(
    path: str | os.PathLike[str], *, user_id: str | None = None, device_id: str | None = None, sample: bool = False
) -> Database:
    """Make a new database, for a new user and device where none are named, and return it open.

    Raises DatabaseExists or NotWritable.
    """
    path = os.fspath(path)
    folder = os.path.dirname(os.path.abspath(path))
    try:
        os.makedirs(folder, exist_ok=True)
        if os.path.exists(path) and os.path.getsize(path):
            raise DatabaseExists(path)
    except OSError as error:
        raise NotWritable(folder, error.strerror or "unknown reason") from None
    if path != ":memory:":
        _for_its_owner(path)
    db = Database(path, create=True)
    row = (user_id or new_id(), device_id or new_id(), int(sample), int(time.time()))
    with db.lock, translated(path):
        db.conn.execute("INSERT OR IGNORE INTO identity VALUES (1, ?, ?, ?, ?)", row)
    return db


def _for_its_owner(path: str) -> None:
    """Make the file, so that nobody but the person can read it; what SQLite puts beside it follows."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise of_system(error) from None


def _is_torn(error: sqlite3.Error) -> bool:
    return isinstance(error, sqlite3.OperationalError) and str(error).startswith("Could not decode to UTF-8")


def _replaced(text: bytes) -> str:
    return text.decode("utf-8", "replace")


def connect(path: str, *, create: bool) -> sqlite3.Connection:
    """Return a new connection to a database, in no transaction; raises DatabaseMissing where there is none."""
    if not create and not os.path.isfile(path):
        raise DatabaseMissing(path)
    return sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=512
    )


def connect_to_read(path: str) -> sqlite3.Connection:
    """Return a new connection to read by, also where nothing can be written; raises DatabaseMissing."""
    conn = connect(path, create=False)
    try:
        conn.execute("PRAGMA application_id").fetchone()
    except sqlite3.Error as error:  # it will be met again by who reads
        if unwritable.refused(error):
            conn.close()  # what it has begun to open would be in the way
            return unwritable.opened(path, BUSY_SECONDS) or connect(path, create=False)
    return conn


def _back_up(path: str, conn: sqlite3.Connection) -> None:
    """Keep a database as it is before a migration; the sample life can be made again."""
    from orc_lab.store import shelf  # here, for hardly any opening needs it

    if conn.execute("SELECT 1 FROM identity WHERE sample = 0").fetchone():
        shelf.make(path, shelf.Reason.MIGRATION)


def _mend(conn: sqlite3.Connection) -> None:
    """Make the triggers anew, and record what was edited while one was missing.

    Where each is there, only worded otherwise, a newer orc_lab generates them otherwise: nothing went unrecorded.
    """
    with immediate(conn):
        missing = capture.triggers(conn).keys() - capture.there(conn).keys()
        capture.ensure(conn)
        if missing:
            from orc_lab.store import external  # here, for hardly any opening needs it

            external.record(conn)


@contextmanager
def immediate(conn: sqlite3.Connection) -> Iterator[None]:
    """Hold the write lock for a `with` block: it commits at the end, or nothing of it happened."""
    conn.execute("BEGIN IMMEDIATE")
    try:
        yield
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise


@contextmanager
def durable(conn: sqlite3.Connection) -> Iterator[None]:
    """A write transaction that is on the disk when it ends, whatever the durability of the others is."""
    (before,) = conn.execute("PRAGMA synchronous").fetchone()
    conn.execute("PRAGMA synchronous = FULL")
    try:
        with immediate(conn):
            yield
    finally:
        conn.execute(f"PRAGMA synchronous = {before}")


@contextmanager
def data_version_reader(path: str) -> Iterator[Callable[[], int]]:
    """Give a function that returns a number which differs after a commit by any other connection.

    It has a connection of its own, that never leaves a cursor open and so never holds a lock.
    """
    with translated(path):
        conn = connect(path, create=False)
    try:
        yield lambda: int(conn.execute("PRAGMA data_version").fetchone()[0])
    finally:
        conn.close()
