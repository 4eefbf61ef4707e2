"""A web page's localStorage as Firefox keeps it: one SQLite file for each address, here read, never written.

It is another program's file and may be in use, so only a copy is opened, in a folder that is gone afterwards; the
journal or write-ahead log beside it is copied too, for the newest values stand there.
"""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass

from orc_lab.errors import UnreadableFile

_BESIDE = ("", "-wal", "-shm", "-journal")
_TRIES = 3
_CLOSE = "Close Firefox and try again, or copy the export in its console (see `orc import --help`)."


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One value as it is stored: UTF-8, or UTF-16 in little-endian order, perhaps compressed by Snappy."""

    data: bytes
    utf16: bool
    compressed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """What one address has stored: the address, the names of all entries, and the values of those asked for."""

    origin: str | None
    keys: Collection[str]
    values: Mapping[str, Stored]


def read(path: str, wanted: Collection[str]) -> Storage:
    """Return a localStorage database with the values of the keys wanted; no other value leaves the file.

    Raises UnreadableFile for what is no such database, is damaged, or can't be copied.
    """
    with _copied(path) as copy:
        try:
            with closing(sqlite3.connect(copy)) as conn:
                return _storage(conn, path, wanted)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise UnreadableFile(path, f"it is damaged or being written ({error})", _CLOSE) from None


def _storage(conn: sqlite3.Connection, path: str, wanted: Collection[str]) -> Storage:
    tables = {name: _columns(conn, name) for name in ("data", "database")}
    if not {"key", "value"} <= tables["data"]:
        raise UnreadableFile(path, "it is an SQLite database, but no browser's local storage", "Name another file.")
    found = conn.execute("SELECT origin FROM database").fetchone() if "origin" in tables["database"] else None
    keys = [str(key) for (key,) in conn.execute("SELECT key FROM data ORDER BY key")]
    # Before Firefox 84 values were UTF-8 always, and `compressed` told the rest.
    form = {name: name if name in tables["data"] else "NULL" for name in ("conversion_type", "compression_type")}
    packed = "compressed" if "compressed" in tables["data"] else "0"
    sql = f"""SELECT CAST(value AS BLOB), {form["conversion_type"]}, coalesce({form["compression_type"]}, {packed})
        FROM data WHERE key = ?"""
    values = {}
    for key in wanted:
        for value, conversion, compression in conn.execute(sql, (key,)):
            values[key] = Stored(data=bytes(value), utf16=conversion == 0, compressed=compression == 1)
    return Storage(origin=None if found is None else str(found[0]), keys=keys, values=values)


def _columns(conn: sqlite3.Connection, table: str) -> set[str]:
    return {name for (name,) in conn.execute("SELECT name FROM pragma_table_info(?)", (table,))}


@contextmanager
def _copied(path: str) -> Iterator[str]:
    """Give a copy of a database and of what stands beside it, all of one moment; raises UnreadableFile."""
    with tempfile.TemporaryDirectory(prefix="orc-") as folder:
        copy = os.path.join(folder, "copy.sqlite")
        try:
            for _ in range(_TRIES):
                before = _state(path)
                for ending in before:
                    shutil.copyfile(path + ending, copy + ending)
                if _state(path) == before:
                    break
            else:
                raise UnreadableFile(path, "it is being written", _CLOSE)
        except OSError as error:
            raise UnreadableFile(path, (error.strerror or str(error)).lower(), _CLOSE) from None
        yield copy


def _state(path: str) -> dict[str, tuple[int, int]]:
    """Return size and time of each of the files that make up a database."""
    there = [ending for ending in _BESIDE if os.path.isfile(path + ending)]
    return {ending: ((found := os.stat(path + ending)).st_size, found.st_mtime_ns) for ending in there}
