"""What SQLite raises, in sentences that name the file and the next step."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from orc_lab.errors import (
    DatabaseLocked,
    DiskFailed,
    DiskFull,
    InvalidValue,
    NotADatabase,
    NotOpened,
    NotWritable,
    OrcError,
)

BUSY_SECONDS = 5.0

# What a write says for which the disk has no room, and an opening where the files beside the database can't be made.
_NO_ROOM = {
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_TRUNCATE,
    sqlite3.SQLITE_IOERR_SHMSIZE,
    sqlite3.SQLITE_IOERR_SHMMAP,
}
_NO_FILES_BESIDE = {sqlite3.SQLITE_READONLY_CANTINIT, sqlite3.SQLITE_READONLY_DIRECTORY}


@contextmanager
def translated(path: str) -> Iterator[None]:
    """Turn SQLite's errors into sentences that name the file and the next step."""
    try:
        yield
    except (sqlite3.Error, UnicodeEncodeError) as error:
        raise_translated(error, path)


def raise_translated(error: BaseException, path: str) -> NoReturn:
    """Raise an error of SQLite's as one of ours, any other as it is."""
    if isinstance(error, OrcError) or not isinstance(error, sqlite3.Error):
        raise error
    exact = getattr(error, "sqlite_errorcode", 0)
    code = exact & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        raise DatabaseLocked(path, BUSY_SECONDS) from error
    if code == sqlite3.SQLITE_FULL or exact in _NO_ROOM:
        raise DiskFull(path) from error
    if code == sqlite3.SQLITE_CANTOPEN or exact in _NO_FILES_BESIDE:
        raise NotOpened(path) from error
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        raise NotWritable(path) from error
    if code == sqlite3.SQLITE_IOERR:
        raise DiskFailed(path, str(error)) from error
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        raise NotADatabase(path, str(error)) from error
    if code == sqlite3.SQLITE_ERROR and str(error).startswith("no such table"):  # another tool has dropped it
        raise NotADatabase(path, str(error)) from error
    if code == sqlite3.SQLITE_CONSTRAINT:
        raise InvalidValue("a value", str(error), "what the table allows") from error
    raise error
