"""What of the database leaves this device: the scope, what was taken back, the ledger, and who syncs at the moment.

All writing happens inside the caller's transaction.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from orc_lab.model.change import Value
from orc_lab.store.capture import OWN
from orc_lab.store.database import Database
from orc_lab.store.syncing import Key

PURGE, OFF, SHARE, RENEW = "purge", "off", "share", "renew"
HERE, PEER = "here", "peer"


class Mark(NamedTuple):
    """A record that isn't shared: who took it back, what is still to be told to the server, and the last entry of the
    log then. `purge` and `share` are to be told, `renew` is the one and then the other, `off` is told."""

    table: str
    id: str
    by: str
    state: str
    seq: int


def scope(conn: sqlite3.Connection) -> list[tuple[str, str]]:
    """Return what isn't shared, as (kind, name): a `project` by its id, a `table`, a `group` such as `todos.notes`."""
    return conn.execute("SELECT kind, name FROM sync_scope ORDER BY kind, name").fetchall()


def exclude(conn: sqlite3.Connection, some: Iterable[tuple[str, str]], *, at: int) -> None:
    """Share something no longer."""
    conn.executemany("INSERT OR IGNORE INTO sync_scope VALUES (?, ?, ?)", [(*one, at) for one in some])


def include(conn: sqlite3.Connection, some: Iterable[tuple[str, str]]) -> None:
    """Share something again."""
    conn.executemany("DELETE FROM sync_scope WHERE kind = ? AND name = ?", list(some))


def marks(conn: sqlite3.Connection) -> dict[Key, Mark]:
    """Return the records that aren't shared though they were, or that a peer took back."""
    rows = conn.execute('SELECT "table", id, taken_by, state, seq FROM sync_unshared')
    return {(row[0], row[1]): Mark(*row) for row in rows}


def mark(conn: sqlite3.Connection, some: Iterable[Key], *, by: str, state: str, seq: int, at: int) -> None:
    """Mark records as not shared, or set what is to be told of them."""
    conn.executemany(
        """INSERT INTO sync_unshared VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT ("table", id) DO UPDATE SET state = excluded.state, taken_by = excluded.taken_by""",
        [(*key, by, state, seq, at) for key in some],
    )


def unmark(conn: sqlite3.Connection, some: Iterable[Key]) -> None:
    """Take the mark from records: they are shared."""
    conn.executemany('DELETE FROM sync_unshared WHERE "table" = ? AND id = ?', list(some))


def to_tell(conn: sqlite3.Connection, states: Collection[str], *, limit: int) -> list[Key]:
    """Return records of which the server has to be told that they aren't shared, or are again."""
    sql = 'SELECT "table", id FROM sync_unshared WHERE state IN (SELECT value FROM json_each(?)) LIMIT ?'
    return conn.execute(sql, (json.dumps(list(states)), limit)).fetchall()


_HANGING = """WITH RECURSIVE
  project (id) AS (SELECT value FROM json_each(:projects)),
  todo (id) AS (
    SELECT id FROM todos WHERE project_id IN project
    UNION SELECT value FROM json_each(:todos)
    UNION SELECT part.id FROM todos AS part JOIN todo ON part.parent_id = todo.id WHERE part.project_id IS NULL),
  below (kind, id) AS (
    SELECT 'projects', id FROM project
    UNION ALL SELECT 'todos', id FROM todo
    UNION ALL SELECT 'sessions', id FROM sessions WHERE todo_id IN todo
    UNION ALL SELECT 'commitments', id FROM commitments WHERE todo_id IN todo
    UNION ALL SELECT 'links', id FROM links WHERE blocker_id IN todo OR blocked_id IN todo
    UNION ALL SELECT 'recommendations', id FROM recommendations WHERE project_id IN project)
SELECT kind, id FROM below
UNION SELECT 'activities', id FROM activities WHERE subject_id IN (SELECT id FROM below)
UNION SELECT 'forecasts', id FROM forecasts WHERE subject_id IN (SELECT id FROM below)"""


def hanging(conn: sqlite3.Connection, projects: Collection[str]) -> set[Key]:
    """Return projects and everything that hangs on them: their todos with the parts of those, what was done and
    planned about them, what was foreseen and recommended. Of a project that was deleted what was left of it."""
    if not projects:
        return set()
    names = json.dumps(sorted(projects))
    ((there,),) = conn.execute(
        "SELECT count(*) FROM projects WHERE id IN (SELECT value FROM json_each(?))", (names,)
    ).fetchall()
    left = [] if there == len(projects) else _left_behind(conn, names)
    return set(conn.execute(_HANGING, {"projects": names, "todos": json.dumps(left)}))


def _left_behind(conn: sqlite3.Connection, projects: str) -> list[str]:
    """The todos without a project that were last in one of some projects, which are gone."""
    sql = """SELECT t.id FROM todos AS t WHERE t.project_id IS NULL AND (
          SELECT c.old FROM change_log AS l JOIN change_cell AS c USING (seq)
          WHERE l.id = t.id AND l."table" <> 'activities' AND l."table" = 'todos' AND c.field = 'project_id'
          ORDER BY l.seq DESC LIMIT 1)
        IN (SELECT value FROM json_each(:projects) EXCEPT SELECT id FROM projects)"""
    return [id for (id,) in conn.execute(sql, {"projects": projects})]


def shared(conn: sqlite3.Connection, table: str | None = None) -> list[tuple[str, str, str]]:
    """Return table, id and cells of what the server is known to hold, of one table or of all."""
    sql = 'SELECT "table", id, cells FROM sync_rows WHERE :table IS NULL OR "table" = :table'
    return conn.execute(sql, {"table": table}).fetchall()


def anything_shared(conn: sqlite3.Connection) -> bool:
    """Return whether any server was ever known to hold anything."""
    return conn.execute("SELECT 1 FROM sync_rows LIMIT 1").fetchone() is not None


def all_ids(conn: sqlite3.Connection, table: str) -> list[str]:
    """Return the ids of all rows of a table."""
    return [id for (id,) in conn.execute(f"SELECT id FROM {table}")]


def never_shared(conn: sqlite3.Connection, table: str) -> list[str]:
    """Return the ids of the rows of a table of which the server isn't known to hold anything."""
    sql = f"""SELECT id FROM {table} AS t
        WHERE NOT EXISTS (SELECT 1 FROM sync_rows WHERE "table" = ? AND sync_rows.id = t.id)"""
    return [id for (id,) in conn.execute(sql, (table,))]


def moved_since(conn: sqlite3.Connection, after: int) -> bool:
    """Return whether anything was put into or out of a project or another todo since an entry, or such was deleted."""
    sql = """SELECT 1 FROM change_log AS l JOIN change_cell AS c USING (seq)
        WHERE l.seq > ? AND l.op <> 'insert' AND l."table" = 'todos'
        AND c.field IN ('project_id', 'parent_id') LIMIT 1"""
    return conn.execute(sql, (after,)).fetchone() is not None


def titles(conn: sqlite3.Connection, table: str, ids: Collection[str]) -> dict[str, str]:
    """Return the titles of those of the rows that are there, by id, of a table that has titles."""
    sql = f"SELECT id, title FROM {table} WHERE id IN (SELECT value FROM json_each(?))"
    return dict(conn.execute(sql, (json.dumps(list(ids)),)))


def days_of(db: Database, goals: Collection[str]) -> dict[str, str]:
    """Return the Monday of each of some weekly goals, as far as they are there."""
    sql = "SELECT id, week_start_date FROM weekly_goals WHERE id IN (SELECT value FROM json_each(?))"
    return dict(db.rows(sql, (json.dumps(list(goals)),)))


# What waits


def pending(conn: sqlite3.Connection, after: int) -> list[Key]:
    """Return the records that were written here after an entry, or are to be sent though no entry says so."""
    sql = f"""SELECT "table", id FROM change_log WHERE seq > :after AND origin IN {OWN}
        UNION SELECT "table", id FROM sync_touched UNION SELECT "table", id FROM sync_owed
        UNION SELECT "table", id FROM sync_conflicts WHERE NOT sent"""
    return conn.execute(sql, {"after": after}).fetchall()


def rejected(conn: sqlite3.Connection) -> list[tuple[str, str, str, str, int]]:
    """Return table, id, reason, detail and when of what the server refused, the latest first."""
    sql = 'SELECT "table", id, reason, detail, at FROM sync_rejected ORDER BY at DESC, "table", id'
    return conn.execute(sql).fetchall()


def resolved_live_forecasts(conn: sqlite3.Connection) -> set[str]:
    """Return the ids of the forecasts that devices exchange."""
    sql = "SELECT id FROM forecasts WHERE origin = 'live' AND outcome IS NOT NULL"
    return {id for (id,) in conn.execute(sql)}


def skew(conn: sqlite3.Connection) -> int:
    """Return the microseconds that are added to this device's time."""
    return int(conn.execute("SELECT skew FROM change_context").fetchone()[0])


# The ledger


def enter(conn: sqlite3.Connection, batch: str, size: int, records: str, *, at: int) -> None:
    """Write a request into the ledger, before it is sent."""
    conn.execute("INSERT INTO sync_ledger (at, batch, bytes, records) VALUES (?, ?, ?, ?)", (at, batch, size, records))


def ledger(conn: sqlite3.Connection, *, limit: int = -1) -> list[tuple[int, int, str, int, str]]:
    """Return number, time, batch, bytes and records of what was sent, the latest first."""
    sql = "SELECT n, at, batch, bytes, records FROM sync_ledger ORDER BY n DESC LIMIT ?"
    return conn.execute(sql, (limit,)).fetchall()


# Another account


def forget_server(conn: sqlite3.Connection) -> None:
    """Forget what belongs to one server only; what was known to be shared stays, to be compared with the next one."""
    conn.execute("DELETE FROM sync_rejected")
    conn.execute("DELETE FROM sync_listed")
    conn.execute("DELETE FROM sync_owed")


def adopt_user(conn: sqlite3.Connection, user: str) -> None:
    """Have the database belong to a user by the id that the account has."""
    conn.execute("UPDATE identity SET user_id = ?", (user,))


def rekey(conn: sqlite3.Connection, table: str, old: str, new: str, values: Mapping[str, Value]) -> None:
    """Give a row another id, and some other values, where none has it yet."""
    names = [row[1] for row in conn.execute(f"PRAGMA table_info({table})") if row[1] != "id" and row[1] not in values]
    listed, held = ", ".join(names), ", ".join(values)
    marks = ", ".join("?" * len(values))
    conn.execute(
        f"""INSERT INTO {table} (id, {", ".join(filter(None, (listed, held)))})
        SELECT ?, {", ".join(filter(None, (listed, marks)))} FROM {table}
        WHERE id = ? AND NOT EXISTS (SELECT 1 FROM {table} WHERE id = ?)""",
        (new, *values.values(), old, new),
    )


def repoint(conn: sqlite3.Connection, table: str, field: str, ids: Mapping[str, str]) -> None:
    """Have a field of a table name the new ids where it named old ones."""
    conn.executemany(f"UPDATE {table} SET {field} = ? WHERE {field} = ?", [(new, old) for old, new in ids.items()])


def remove(conn: sqlite3.Connection, table: str, ids: Sequence[str]) -> None:
    """Remove rows by their ids."""
    conn.execute(f"DELETE FROM {table} WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(ids),))
