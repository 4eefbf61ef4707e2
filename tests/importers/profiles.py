"""Firefox profiles as Firefox lays them out, with the old app's storage in them."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import cramjam

KEY = "creation-store"
_DATABASE = """CREATE TABLE database (origin TEXT NOT NULL, usage INTEGER NOT NULL DEFAULT 0,
  last_vacuum_time INTEGER NOT NULL DEFAULT 0, last_analyze_time INTEGER NOT NULL DEFAULT 0,
  last_vacuum_size INTEGER NOT NULL DEFAULT 0)"""
_DATA = """CREATE TABLE data (key TEXT PRIMARY KEY, utf16_length INTEGER NOT NULL, conversion_type INTEGER NOT NULL,
  compression_type INTEGER NOT NULL, last_access_time INTEGER NOT NULL DEFAULT 0, value BLOB NOT NULL)"""
_OLD_DATA = """CREATE TABLE data (key TEXT PRIMARY KEY, value TEXT NOT NULL, utf16Length INTEGER NOT NULL DEFAULT 0,
  compressed INTEGER NOT NULL DEFAULT 0, lastAccessTime INTEGER NOT NULL DEFAULT 0)"""


def place(profile: Path, origin: str) -> Path:
    """Where a profile keeps what an address stores."""
    folder = origin.replace("://", "+++").replace(":", "+")
    return profile / "storage" / "default" / folder / "ls" / "data.sqlite"


def stored(
    profile: Path, origin: str, values: dict[str, str], *, utf16: bool = False, packed: bool = True, old: bool = False
) -> Path:
    """Make an address's storage in a profile, as Firefox does since version 84, or before it (`old`)."""
    path = place(profile, origin)
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as conn:
        fill(conn, origin, values, utf16=utf16, packed=packed, old=old)
        conn.commit()
    return path


def fill(
    conn: sqlite3.Connection, origin: str, values: dict[str, str], *, utf16: bool = False, packed: bool, old: bool
) -> None:
    conn.execute(_DATABASE)
    conn.execute("INSERT INTO database (origin) VALUES (?)", (origin,))
    conn.execute(_OLD_DATA if old else _DATA)
    for key, text in values.items():
        data: Any = text.encode("utf-16-le" if utf16 else "utf-8", "surrogatepass")
        data = bytes(cramjam.snappy.compress_raw(data)) if packed else data
        if old:
            row = (key, data if packed else text, len(text), int(packed))
            conn.execute("INSERT INTO data (key, value, utf16Length, compressed) VALUES (?, ?, ?, ?)", row)
        else:
            new = (key, len(text), int(not utf16), int(packed), data)
            conn.execute(
                "INSERT INTO data (key, utf16_length, conversion_type, compression_type, value) VALUES (?, ?, ?, ?, ?)",
                new,
            )
