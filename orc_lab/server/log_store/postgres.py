"""A store in PostgreSQL, or in an engine that speaks its protocol: several server processes may share one.

Who writes to an account locks its row first, so its numbers are given in the order of commits; the accounts are
independent of each other.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import IsolationLevel, errors
from psycopg_pool import ConnectionPool, PoolTimeout

from orc_lab.server.log_store import schema
from orc_lab.server.log_store.contract import StoreFailed, StoreNotOpened, StoreTooNew, Transaction
from orc_lab.server.log_store.sql import SqlTransaction

_CONNECTIONS = 8
_WAIT = 10.0  # seconds for a connection of the pool
_TRIES = 5
Connection = psycopg.Connection[tuple[Any, ...]]


class _Session:
    for_update = " FOR UPDATE"

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return self._conn.execute(_own(sql), values, binary=True).fetchall()

    def run(self, sql: str, *values: object) -> int:
        return self._conn.execute(_own(sql), values).rowcount

    def many(self, sql: str, values: Sequence[Sequence[object]]) -> None:
        if values:
            with self._conn.cursor() as cursor:
                cursor.executemany(_own(sql), values)

    def among(self, sql: str, values: Sequence[bytes], *before: object) -> list[tuple[Any, ...]]:
        return self.rows(sql.replace("IN {}", "= ANY(?)"), *before, list(values)) if values else []


def _own(sql: str) -> bytes:
    return sql.replace("?", "%s").encode()  # as bytes it needn't be a literal; no value is ever part of it


class PostgresStore:
    """A store in the database of an address such as postgresql://orc@localhost/orc; its tables are made if missing."""

    kind = "postgres"

    def __init__(self, address: str) -> None:
        """Open it. Raises StoreNotOpened, StoreTooNew."""
        self._pool = ConnectionPool(
            address,
            min_size=_CONNECTIONS,
            max_size=_CONNECTIONS,
            timeout=_WAIT,
            open=False,
            kwargs={"connect_timeout": 10},
        )
        try:
            self._pool.open(wait=True, timeout=_WAIT)
            found, self.secret = self._prepare()
        except (psycopg.Error, PoolTimeout) as error:
            self._pool.close()
            raise StoreNotOpened(_shown(address), str(error).splitlines()[0]) from error
        if found > schema.SCHEMA:
            self._pool.close()
            raise StoreTooNew(_shown(address), found, schema.SCHEMA)

    def _prepare(self) -> tuple[int, bytes]:
        """Make the tables where there are none, also when another process does so now; return schema and secret."""
        for _ in range(_TRIES):
            try:
                with self._pool.connection() as conn:
                    if conn.execute("SELECT to_regclass('store')").fetchone() == (None,):
                        for statement in schema.statements(schema.POSTGRES):
                            conn.execute(statement.encode())
                        conn.execute("INSERT INTO store VALUES (%s, %s)", (schema.SCHEMA, os.urandom(32)))
                    ((number, secret),) = conn.execute('SELECT "schema", secret FROM store').fetchall()
                    return number, secret
            except (errors.UniqueViolation, errors.DuplicateTable, errors.DuplicateObject):
                continue
        raise psycopg.OperationalError("other processes were making its tables all the time")

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """Begin to write; when the block ends without an error everything is durable. Raises StoreFailed."""
        with _told(), self._pool.connection() as conn:
            # After the lock, a statement sees what was committed before.
            conn.isolation_level, conn.read_only = IsolationLevel.READ_COMMITTED, False
            yield SqlTransaction(_Session(conn), writing=True)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Begin to read: everything that is read is of one moment. Raises StoreFailed."""
        with _told(), self._pool.connection() as conn:
            conn.isolation_level, conn.read_only = IsolationLevel.REPEATABLE_READ, True
            yield SqlTransaction(_Session(conn), writing=False)

    def close(self) -> None:
        """Close it; nothing may be asked of it then."""
        self._pool.close()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (psycopg.Error, PoolTimeout) as error:
        raise StoreFailed(str(error).splitlines()[0] if str(error) else type(error).__name__) from error


def _shown(address: str) -> str:
    """An address without the password that may stand in it."""
    before, at, after = address.rpartition("@")
    return f"{before.partition('://')[0]}://…@{after}" if at else address
