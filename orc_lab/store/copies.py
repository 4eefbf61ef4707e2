"""Whole copies of a database: made while it is in use, checked, and poured back into one that others have open.

Both ways go through SQLite's backup API, for nothing but the process's one `sqlite3` may open a database's path.
"""

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from secrets import randbits

from orc_lab.errors import DatabaseLocked, NoRoomForBackup, NotADatabase, NotOpened, NotWritable, SchemaTooNew
from orc_lab.model.entities import KINDS
from orc_lab.store import database, schema
from orc_lab.store.sentences import translated

SPARE = 16 * 1024 * 1024  # bytes that a disk keeps free beside what is written
_STEPS = 64  # of pouring; more than one, so that the lock is there before the last page is
_NOT_WHOLE = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
_LATEST = "coalesce((SELECT hlc FROM change_log ORDER BY seq DESC LIMIT 1), 0)"
_NEWEST = f"SELECT max(coalesce((SELECT max(at) FROM change_tx), 0) * 1000000, {_LATEST})"


class State(StrEnum):
    """What stands at a path where a database is looked for."""

    MISSING = "missing"
    EMPTY = "empty"
    WHOLE = "whole"
    DAMAGED = "damaged"  # it opens, and not all of it can be read
    UNREADABLE = "unreadable"  # SQLite can't even tell what tables there are


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a database holds: its schema, whose it is, the rows of each table, and when it was last edited.

    `newest` is that in microseconds UTC, 0 for never: two edits of one second differ. `orphans` counts rows that refer
    to something that isn't there, as a tool without foreign keys can leave.
    """

    schema: int
    user_id: str | None
    sample: bool
    rows: Mapping[str, int]
    newest: int
    orphans: int

    @property
    def newest_edit(self) -> int | None:
        """When it was last edited, in seconds UTC; None for never."""
        return self.newest // 1_000_000 or None

    @property
    def empty(self) -> bool:
        """Whether it holds nothing that a person would miss."""
        return not any(count for table, count in self.rows.items() if table not in ("settings", "activities"))


def contents(conn: sqlite3.Connection) -> Contents:
    """Return what a database of ours holds; raises sqlite3.Error where it can't be read."""
    tables = {name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    rows = {name: _count(conn, name) for name in KINDS if name in tables}
    owner = conn.execute("SELECT user_id, sample FROM identity").fetchone() if "identity" in tables else None
    newest = conn.execute(_NEWEST).fetchone()[0] if {"change_log", "change_tx"} <= tables else 0
    return Contents(
        schema=schema.version(conn),
        user_id=owner and owner[0],
        sample=bool(owner and owner[1]),
        rows=rows,
        newest=newest,
        orphans=len(conn.execute("PRAGMA foreign_key_check").fetchall()),
    )


def _count(conn: sqlite3.Connection, table: str) -> int:
    return int(conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def state(path: str) -> tuple[State, Contents | None]:
    """Return what stands at a database's path, and what it holds where that can be read.

    Raises NotADatabase for a file of another program, DatabaseLocked, and NotOpened for want of permission.
    """
    if not os.path.exists(path):
        return State.MISSING, None
    with translated(path), closing(database.connect_to_read(path)) as conn:
        try:
            schema.check_ours(conn, path, may_be_empty=True)
            (tables,) = conn.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF in _NOT_WHOLE:
                return State.UNREADABLE, None
            raise
        try:
            return (State.WHOLE, contents(conn)) if tables else (State.EMPTY, None)
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF in _NOT_WHOLE or _lacks(error):
                return State.DAMAGED, None
            raise


def _lacks(error: sqlite3.DatabaseError) -> bool:
    return error.sqlite_errorcode == sqlite3.SQLITE_ERROR and "no such" in str(error)


def size(path: str) -> int:
    """Return how many bytes a database takes, with what still stands beside it in the write-ahead log."""
    path = os.path.realpath(path)
    return sum(os.path.getsize(path + ending) for ending in ("", "-wal") if os.path.exists(path + ending))


def check_room(folder: str, needed: int) -> None:
    """Raise NoRoomForBackup where a folder's disk can't take that many bytes and keep some free."""
    free = shutil.disk_usage(folder).free
    if free < needed + SPARE:
        raise NoRoomForBackup(folder, needed, free, SPARE)


def copy(path: str, to: str) -> Contents:
    """Copy a database, in use or not, into a new file, which is checked and on the disk when this returns.

    It holds what was committed when copying began, as one file that any SQLite opens. Return what it holds. Raises
    NotADatabase for a source that isn't whole, DiskFull and NotWritable.
    """
    with translated(path), closing(database.connect_to_read(path)) as source, _one_state(source):
        held = contents(source)
        _copied(source, path, to)
    found = check(to)
    if found != held:
        raise NotADatabase(to, "it differs from what was copied")
    return found


def copy_damaged(path: str, to: str) -> None:
    """Copy a database page by page, whatever is wrong with it; raises as `copy`, without a check."""
    with translated(path), closing(database.connect(path, create=False)) as source:
        _copied(source, path, to)


def _copied(source: sqlite3.Connection, path: str, to: str) -> None:
    with translated(to), closing(sqlite3.connect(to, isolation_level=None)) as target:
        os.chmod(to, 0o600)  # a person's life, whatever the folder is
        target.execute("PRAGMA synchronous = OFF")  # the whole file is brought to the disk below
        source.backup(target, progress=_patience(path))
        target.execute("PRAGMA journal_mode = DELETE")
    to_disk(to)


@contextmanager
def _one_state(conn: sqlite3.Connection) -> Iterator[None]:
    conn.execute("BEGIN")
    try:
        yield
    finally:
        if conn.in_transaction:
            conn.execute("ROLLBACK")


def _patience(path: str) -> Callable[[int, int, int], None]:
    """Return what ends a copy that waits for others' locks; by itself it would wait for ever."""
    until = time.monotonic() + database.BUSY_SECONDS

    def asked(status: int, remaining: int, total: int) -> None:
        nonlocal until
        if status not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            until = time.monotonic() + database.BUSY_SECONDS
        elif time.monotonic() > until:
            raise DatabaseLocked(path, database.BUSY_SECONDS)

    return asked


def to_disk(path: str) -> None:
    """Wait until a file that no SQLite has open, or a folder's names, would survive a power loss."""
    try:
        handle = os.open(path, os.O_RDONLY if os.path.isdir(path) else os.O_RDWR)
    except OSError:  # Windows opens no folders
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def check(path: str) -> Contents:
    """Return what a copy holds, having read all of it.

    Raises NotADatabase where it is damaged, another program's or nobody's; SchemaTooNew.
    """
    with reading(path) as conn:
        schema.check_ours(conn, path, may_be_empty=False)
        if (found := schema.version(conn)) > schema.known_version():
            raise SchemaTooNew(path, found, schema.known_version())
        if (wrong := conn.execute("PRAGMA integrity_check(1)").fetchone()[0]) != "ok":
            raise NotADatabase(path, wrong)
        found_there = contents(conn)
        if found_there.user_id is None:
            raise NotADatabase(path, "it belongs to nobody: making it was interrupted")
        return found_there


@contextmanager
def reading(path: str) -> Iterator[sqlite3.Connection]:
    """Give a connection that only reads a file, which may be another program's copy with its log beside it."""
    if not os.path.isfile(path):
        raise NotADatabase(path, "there is no such file" if not os.path.lexists(path) else "it is no file")
    address = Path(os.path.abspath(path)).as_uri()
    with translated(path):
        conn = _opened(address + "?mode=" + ("rw" if _has_log(path) else "ro"))
        if conn is None and not _has_log(path):  # a medium on which nothing can be made beside it
            conn = _opened(address + "?immutable=1")
        if conn is None:
            raise NotOpened(path)
        with closing(conn):
            yield conn


def _has_log(path: str) -> bool:
    """Whether edits stand in a log beside a file, which only who may write can bring into it."""
    return os.path.exists(path + "-wal") and os.path.getsize(path + "-wal") > 0


def _opened(address: str) -> sqlite3.Connection | None:
    conn = sqlite3.connect(address, uri=True, timeout=database.BUSY_SECONDS, isolation_level=None)
    try:
        conn.execute("PRAGMA application_id").fetchone()
    except sqlite3.OperationalError:
        conn.close()
        return None
    except sqlite3.DatabaseError:
        conn.close()
        raise
    return conn


def marked(path: str) -> bool:
    """Return whether a file that no SQLite has open begins as a database of ours does."""
    with open(path, "rb") as file:
        head = file.read(72)
    return head.startswith(b"SQLite format 3\0") and head[68:72] == schema.APPLICATION_ID.to_bytes(4, "big")


def stage(file: str, to: str) -> Contents:
    """Copy a backup to where it is made ready: checked, brought to this package's schema, with a generation of its own.

    Return what it held. Raises as `check`, and DiskFull or NotWritable. The file itself is only read.
    """
    held = check(file)
    with reading(file) as source:
        _copied(source, file, to)
    with translated(to), closing(sqlite3.connect(to, isolation_level=None)) as conn:
        schema.upgrade(conn, to)
        conn.execute(f"PRAGMA user_version = {randbits(30) + 1}")
        conn.execute("UPDATE change_context SET tx = NULL, origin = NULL, at = NULL, hlc = NULL")
    return held


def settle(staged: str, label: str) -> None:
    """Let a staged copy begin its life at a place where there was nothing to read: the clock goes on from now."""
    with translated(staged), closing(sqlite3.connect(staged, isolation_level=None)) as conn:
        _go_on(conn, label, floor=0, device=None)
        conn.execute("PRAGMA journal_mode = WAL")
    to_disk(staged)


Carry = Callable[[sqlite3.Connection, sqlite3.Connection], None]  # from what is replaced into what replaces it


def pour(staged: str, path: str, label: str, before: Callable[[], None], carry: Carry | None = None) -> None:
    """Replace everything that a database holds by what a staged copy holds, in one commit, whoever has it open.

    `before` is called when nobody else can write any more and nothing is replaced yet: what it copies is the last
    state. `carry` then takes over what has to outlive that state, where both are of the same person and schema. Their
    exceptions leave everything as it was, as does a kill at any moment. The clock never goes back: it goes on from the
    later of both. Raises DatabaseLocked where somebody else is writing for long, DiskFull.
    """
    with (
        translated(path),
        closing(sqlite3.connect(staged, isolation_level=None)) as source,
        closing(database.connect(path, create=False)) as target,
    ):
        target.execute("PRAGMA synchronous = FULL")
        target.execute("PRAGMA journal_mode = WAL")
        _same_pages(source, target)
        (pages,) = source.execute("PRAGMA page_count").fetchone()
        wait, locked = _patience(path), False

        def step(status: int, remaining: int, total: int) -> None:
            nonlocal locked
            wait(status, remaining, total)
            if not locked and status == sqlite3.SQLITE_OK:
                locked = True
                before()
                floor, device = _left_off(path)
                _go_on(source, label, floor=floor, device=device)  # SQLite copies again what this changes
                if carry is not None:
                    _carry(path, source, carry)

        source.backup(target, pages=max(1, pages // _STEPS), progress=step, sleep=0.05)
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # where others read it stays, and goes with the next


def _carry(path: str, staged: sqlite3.Connection, carry: Carry) -> None:
    with closing(database.connect(path, create=False)) as now:
        try:
            old = contents(now)
        except sqlite3.DatabaseError:
            return  # what stands there can't be read: nothing of it can be taken over
        if old.schema == schema.version(staged) and old.user_id == contents(staged).user_id:
            carry(now, staged)


def _same_pages(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    (wanted,) = target.execute("PRAGMA page_size").fetchone()
    if source.execute("PRAGMA page_size").fetchone() != (wanted,):
        source.execute(f"PRAGMA page_size = {wanted}")
        source.execute("VACUUM")


def _left_off(path: str) -> tuple[int, str | None]:
    """Return the clock that a database has reached, and its device; 0 and None where that can't be read."""
    with closing(database.connect(path, create=False)) as conn:
        try:
            ((floor, last, device),) = conn.execute(
                f"SELECT floor, coalesce(({_LATEST}), 0), (SELECT device_id FROM identity) FROM change_context"
            ).fetchall()
        except (sqlite3.DatabaseError, ValueError):
            return 0, None
        return max(floor, last), device


def _go_on(conn: sqlite3.Connection, label: str, *, floor: int, device: str | None) -> None:
    now = int(time.time())
    with database.immediate(conn):
        conn.execute("UPDATE change_context SET floor = max(floor, ?)", (floor,))
        conn.execute("UPDATE identity SET device_id = coalesce(?, device_id)", (device,))
        conn.execute(
            """INSERT INTO change_tx (actor, label, at, after_seq)
            VALUES ('setup', ?, ?, (SELECT coalesce(max(seq), 0) FROM change_log))""",
            (label, now),
        )


def place(staged: str, path: str) -> None:
    """Put a settled copy where there is no database; raises NotWritable where there is one by now."""
    try:
        os.link(staged, path)  # unlike a rename it fails where another process was faster
    except FileExistsError:
        raise NotWritable(path, "something is there by now") from None
    except OSError:  # a file system without hard links
        os.rename(staged, path)
    to_disk(os.path.dirname(os.path.abspath(path)))
