"""Read a database where nothing can be written: a full disk, or a folder or medium that is read-only.

While a database is open, its log and an index of it stand beside it. Where they can't be made SQLite refuses to open
it, although all of it could be read.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

REFUSED = (
    sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM
)  # fmt: skip


def refused(error: sqlite3.Error) -> bool:
    """Return whether an error can come from that nothing can be written."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in REFUSED


def opened(path: str, seconds: float) -> sqlite3.Connection | None:
    """Return a connection that sees one state of a database and writes nothing of it; None where that isn't sure.

    `seconds` is how long to wait for somebody else's lock.
    """
    try:
        return _sealed(path) if _nobody_writes(path) else _held(path, seconds)
    except sqlite3.Error:
        return None


def _nobody_writes(path: str) -> bool:
    """Whether no process can change the file, nor edits wait in the log beside it."""
    real = os.path.realpath(path)
    folder = os.path.dirname(real)
    if os.access(folder, os.W_OK) or (os.path.exists(real + "-wal") and os.path.getsize(real + "-wal")):
        return False
    if hasattr(os, "statvfs") and os.statvfs(folder).f_flag & os.ST_RDONLY:
        return True
    closed = not os.stat(folder).st_mode & 0o222  # else its owner may
    return closed and not os.path.exists(real + "-shm")  # who has opened it before the folder was closed goes on


def _sealed(path: str) -> sqlite3.Connection:
    conn = _connected(Path(os.path.realpath(path)).as_uri() + "?mode=ro&immutable=1")
    conn.execute("PRAGMA temp_store = MEMORY")
    return conn


def _held(path: str, seconds: float) -> sqlite3.Connection | None:
    """Return a copy in memory. An exclusive lock, held while it is made, needs no index beside the file."""
    if not os.access(path, os.W_OK):
        return None
    address = Path(os.path.realpath(path)).as_uri() + "?mode=rw"
    with closing(sqlite3.connect(address, uri=True, timeout=seconds, isolation_level=None)) as source:
        source.execute("PRAGMA locking_mode = EXCLUSIVE")
        source.execute("PRAGMA application_id").fetchone()
        conn = _connected(":memory:")
        source.backup(conn)
    conn.execute("PRAGMA temp_store = MEMORY")
    return conn


def _connected(address: str) -> sqlite3.Connection:
    return sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False, cached_statements=512)
