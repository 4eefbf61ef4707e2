"""A store in one SQLite file, or in memory: one connection writes, a few read.

A commit is on the disk before it ends (WAL, synchronous=FULL). Readers never wait for the writer.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from queue import Empty, LifoQueue

from orc_lab.server.log_store import schema
from orc_lab.server.log_store.contract import StoreFailed, StoreNotOpened, StoreTooNew, Transaction
from orc_lab.server.log_store.sql import SqlTransaction

MEMORY = ":memory:"
_READERS = 4
_BUSY = 10_000  # milliseconds to wait for another process, such as one that adds a device
_AT_ONCE = 500  # values of one IN
_PRAGMAS = (
    "page_size = 8192",  # some fifteen records: less is left over at the end of a page
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "cache_size = -16000",
)


class _Session:
    for_update = ""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn

    def rows(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        return self._conn.execute(sql, values).fetchall()

    def run(self, sql: str, *values: object) -> int:
        return self._conn.execute(sql, values).rowcount

    def many(self, sql: str, values: Sequence[Sequence[object]]) -> None:
        self._conn.executemany(sql, values)

    def among(self, sql: str, values: Sequence[bytes], *before: object) -> list[tuple[object, ...]]:
        found: list[tuple[object, ...]] = []
        for begin in range(0, len(values), _AT_ONCE):
            some = values[begin : begin + _AT_ONCE]
            found += self.rows(sql.format(f"({', '.join('?' * len(some))})"), *before, *some)
        return found


class SqliteStore:
    """A store in a file, made where there is none; its name is `:memory:` for one that ends with the process."""

    def __init__(self, path: str) -> None:
        """Open it. Raises StoreNotOpened, StoreTooNew."""
        self.kind = "memory" if path == MEMORY else "sqlite"
        self._path, self._lock = path, threading.Lock()
        self._idle: LifoQueue[sqlite3.Connection] = LifoQueue()
        self._readers: list[sqlite3.Connection] = []
        self._permits = threading.BoundedSemaphore(_READERS)
        try:
            if path != MEMORY and not os.path.exists(path):
                os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))  # nobody else's to read
            self._writer = self._connect()
            self._prepare()
        except (sqlite3.Error, OSError) as error:
            raise StoreNotOpened(path, str(error)) from error

    def _connect(self) -> sqlite3.Connection:
        conn = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=_BUSY / 1000)
        for pragma in _PRAGMAS:
            conn.execute(f"PRAGMA {pragma}")
        return conn

    def _prepare(self) -> None:
        with self._begun(self._writer, "BEGIN IMMEDIATE"):
            if not self._writer.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                for statement in schema.statements(schema.SQLITE):
                    self._writer.execute(statement)
                self._writer.execute("INSERT INTO store VALUES (?, ?)", (schema.SCHEMA, os.urandom(32)))
            found, self.secret = self._writer.execute('SELECT "schema", secret FROM store').fetchone()
        if found > schema.SCHEMA:
            raise StoreTooNew(self._path, found, schema.SCHEMA)

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """Begin to write; when the block ends without an error everything is durable. Raises StoreFailed."""
        with self._lock, _told(), self._begun(self._writer, "BEGIN IMMEDIATE"):
            yield SqlTransaction(_Session(self._writer), writing=True)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Begin to read: everything that is read is of one moment. Raises StoreFailed."""
        if self.kind == "memory":  # it has one connection only
            with self._lock, _told(), self._begun(self._writer, "BEGIN"):
                yield SqlTransaction(_Session(self._writer), writing=False)
            return
        with self._permits, _told():
            conn = self._reader()
            try:
                with self._begun(conn, "BEGIN"):
                    yield SqlTransaction(_Session(conn), writing=False)
            finally:
                self._idle.put(conn)

    def _reader(self) -> sqlite3.Connection:
        try:
            return self._idle.get_nowait()
        except Empty:
            self._readers.append(self._connect())
            return self._readers[-1]

    @staticmethod
    @contextmanager
    def _begun(conn: sqlite3.Connection, begin: str) -> Iterator[None]:
        conn.execute(begin)
        try:
            yield
            conn.execute("COMMIT")
        finally:
            if conn.in_transaction:
                conn.execute("ROLLBACK")

    def close(self) -> None:
        """Close it; nothing may be asked of it then."""
        for conn in (*self._readers, self._writer):
            conn.close()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreFailed(str(error)) from error
