"""How each row stands with the other devices: read from what the log and the conflicts say, never from a flag.

The views `intentions_sync`, `projects_sync`, `todos_sync` and `weekly_goals_sync` have the columns of their table and
two more. `sync_status` is `local` (never shared, or sync is off), `pending`, `syncing`, `synced` or `conflict`;
`conflict_data` is JSON: of each field group in conflict the value that lost, and when that was found.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from orc_lab.errors import InvalidValue
from orc_lab.store.capture import OWN

if TYPE_CHECKING:
    from orc_lab.store.database import Database


SHOWN = ("intentions", "projects", "todos", "weekly_goals")

_VIEW = """CREATE VIEW {table}_sync AS
SELECT t.*,
  CASE
    WHEN NOT EXISTS (SELECT 1 FROM sync_state WHERE key = 'enabled') THEN 'local'
    WHEN EXISTS (SELECT 1 FROM sync_conflicts AS c WHERE c."table" = '{table}' AND c.id = t.id AND c.open)
      THEN 'conflict'
    WHEN EXISTS (SELECT 1 FROM sync_touched AS c WHERE c."table" = '{table}' AND c.id = t.id)
      OR EXISTS (
        SELECT 1 FROM change_log AS l WHERE l.id = t.id AND l."table" = '{table}' AND l."table" <> 'activities'
          AND l.origin IN {own}
          AND l.seq > coalesce((SELECT CAST(value AS INTEGER) FROM sync_state WHERE key = 'sent'), 0)
      )
      THEN iif(EXISTS (
        SELECT 1 FROM sync_state WHERE key = 'lease' AND value ->> 'until' > CAST(strftime('%s') AS INTEGER)
      ), 'syncing', 'pending')
    WHEN EXISTS (SELECT 1 FROM sync_rows AS r WHERE r."table" = '{table}' AND r.id = t.id) THEN 'synced'
    ELSE 'local'
  END AS sync_status,
  (
    SELECT json_group_array(json_object('group', c.field_group, 'value', json(c.value), 'found_at', c.found_at))
    FROM sync_conflicts AS c WHERE c."table" = '{table}' AND c.id = t.id AND c.open HAVING count(*) > 0
  ) AS conflict_data
FROM {table} AS t"""


def ensure(conn: sqlite3.Connection) -> None:
    """Make the views anew, where the database has what they show."""
    rest(conn)
    if conn.execute("SELECT 1 FROM sqlite_master WHERE name = 'sync_state'").fetchone():
        for table in SHOWN:
            conn.execute(_VIEW.format(table=table, own=OWN))


def rest(conn: sqlite3.Connection) -> None:
    """Drop the views, for no table can be rebuilt under them; `ensure` makes them."""
    for table in SHOWN:
        conn.execute(f"DROP VIEW IF EXISTS {table}_sync")


def pending_records(db: "Database", table: str) -> list[dict[str, Any]]:
    """Return the rows of a table that wait to be sent or for a decision, as its view shows them, by id.

    Raises InvalidValue for a table that has no such view.
    """
    if table not in SHOWN:
        raise InvalidValue("the table", table, f"one of {', '.join(SHOWN)}")
    with db.lock:
        cursor = db.conn.execute(f"SELECT * FROM {table}_sync WHERE sync_status NOT IN ('local', 'synced') ORDER BY id")
        names = [name for name, *_ in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]


def mark_synced(conn: sqlite3.Connection, keys: Iterable[tuple[str, str]], *, at: int) -> None:
    """Note when rows were last exchanged, each named by its table and id; other tables have no such column."""
    ids = defaultdict(list)
    for table, id in keys:
        ids[table].append(id)
    for table in SHOWN:
        if some := ids.get(table):
            sql = f"UPDATE {table} SET synced_at = ? WHERE id IN (SELECT value FROM json_each(?))"
            conn.execute(sql, (at, json.dumps(some)))
