"""What a mirror should hold, read from SQLite itself."""

from collections.abc import Iterable
from typing import Any

from orc_lab.mirror.duck import TABLES, Mirror
from orc_lab.store.database import Database

Rows = dict[str, list[tuple[Any, ...]]]


def held(mirror: Mirror, leave_out: Iterable[str] = ()) -> Rows:
    """Every row of a mirror, by table; `leave_out` names columns."""
    with mirror.lock:
        return {
            table.name: mirror._duck.execute(
                f"SELECT {', '.join(c for c in table.columns if c not in set(leave_out))} FROM {table.name} ORDER BY id"
            ).fetchall()
            for table in mirror.tables()
        }


def stored(db: Database) -> Rows:
    """Every row of the database, by table, as a mirror should hold it."""
    rows = {name: db.rows(f"SELECT * FROM {name} ORDER BY id") for name in TABLES}
    rows["activities"] = [(*row[:4], _text(row[4]), _text(row[5]), *row[6:]) for row in rows["activities"]]
    return rows


def _text(value: object) -> object:
    return value if value is None or isinstance(value, str) else repr(value)
