"""Triggers that write the change log, generated from the tables as they are.

An edit by any SQLite tool is captured: no JSON, no Python function, nothing that a plain shell lacks.
An insert or update writes one `change_log` row and one typed `change_cell` for each captured field that changed.
Times: `hlc` is a hybrid logical clock in microseconds (Kulkarni et al. 2014), never behind the last entry.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from orc_lab.model.entities import KINDS

# Kinds without an entity of their own yet; nothing in them is derived.
_ROWS_ONLY = ("forecasts", "recommendations", "knowledge")

OWN = "('local', 'import', 'external')"  # the origins of what was written on this device

_NOW = "CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000"
_LAST = "(SELECT hlc FROM change_log ORDER BY seq DESC LIMIT 1)"

CLOCK = (
    f"max({_NOW} + skew, floor + 1, coalesce({_LAST}, 0) + 1)"  # of the next entry, beside a row of `change_context`
)

# Hours worked are the person's own figure plus the sessions, whoever writes either.
_HOURS = """CASE
    WHEN adjusted_hours IS NULL AND NOT EXISTS
      (SELECT 1 FROM sessions WHERE todo_id = todos.id AND ended_at IS NOT NULL) THEN NULL
    ELSE max(0.0, coalesce(adjusted_hours, 0.0) + coalesce(
      (SELECT sum(ended_at - started_at) FROM sessions WHERE todo_id = todos.id AND ended_at IS NOT NULL), 0) / 3600.0)
  END"""
_ACTUAL = f"""UPDATE todos SET actual_hours = {_HOURS} WHERE id {{which}};"""


def triggers(conn: sqlite3.Connection) -> dict[str, str]:
    """Return every trigger the database must have: its name and its SQL."""
    found: dict[str, str] = {}
    for table in (*KINDS, *_ROWS_ONLY):
        found |= _capture(table, captured_fields(conn, table))
    return found | _derived()


def stale(conn: sqlite3.Connection) -> bool:
    """Return whether any trigger of ours is missing, or differs from what `triggers` would make."""
    return triggers(conn) != there(conn)


def ensure(conn: sqlite3.Connection) -> None:
    """Make the database's triggers those of `triggers`; to be called inside a transaction."""
    wanted, found = triggers(conn), there(conn)
    for name in found:
        if wanted.get(name) != found[name]:
            conn.execute(f'DROP TRIGGER "{name}"')
    for name, sql in wanted.items():
        if sql != found.get(name):
            conn.execute(sql)


def rest_derived(conn: sqlite3.Connection) -> None:
    """Drop the triggers that reach into another table, for no table can be rebuilt under them; `ensure` makes them."""
    for name in there(conn):
        if name.startswith("derive_"):
            conn.execute(f'DROP TRIGGER "{name}"')


def there(conn: sqlite3.Connection) -> Mapping[str, str]:
    """Return the triggers that the database has by our kinds of name."""
    rows = conn.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    return {name: sql for name, sql in rows if name.startswith(("capture_", "derive_"))}


def captured_fields(conn: sqlite3.Connection, table: str) -> tuple[str, ...]:
    """Return the columns of a table that the log records, the id left out."""
    derived = KINDS[table].derived if table in KINDS else frozenset[str]()
    rows = conn.execute("SELECT name FROM pragma_table_info(?)", (table,))
    return tuple(name for (name,) in rows if name not in derived and name != "id")


def _capture(table: str, fields: Sequence[str]) -> dict[str, str]:
    insert, update, delete = (_entry(table, op, fields) for op in ("insert", "update", "delete"))
    changed = " OR ".join(f"OLD.{field} IS NOT NEW.{field}" for field in fields)
    events = {
        "insert": ("INSERT", "", insert),
        "update": (f"UPDATE OF {', '.join(fields)}", f"\nWHEN OLD.id IS NEW.id AND ({changed})", update),
        "rename": ("UPDATE OF id", "\nWHEN OLD.id IS NOT NEW.id", delete + insert),  # a row with another id is another
        "delete": ("DELETE", "", delete),
    }
    return {
        name: f"CREATE TRIGGER {name} AFTER {event} ON {table}{when} BEGIN\n{body}END"
        for name, (event, when, body) in ((f"capture_{table}_{op}", parts) for op, parts in events.items())
    }


def _entry(table: str, op: str, fields: Iterable[str]) -> str:
    row = "NEW" if op == "insert" else "OLD"
    return (
        f'  INSERT INTO change_log (hlc, tx, at, origin, "table", id, op)\n'
        f"  SELECT coalesce(hlc, {CLOCK}),\n"
        f"    tx, at, coalesce(origin, 'local'), '{table}', {row}.id, '{op}' FROM change_context;\n"
        + "".join(f"  {_cell(op, field)};\n" for field in fields)
    )


def _cell(op: str, field: str) -> str:
    old, new, test = {
        "insert": ("NULL", f"NEW.{field}", f"NEW.{field} IS NOT NULL"),
        "update": (f"OLD.{field}", f"NEW.{field}", f"OLD.{field} IS NOT NEW.{field}"),
        "delete": (f"OLD.{field}", "NULL", f"OLD.{field} IS NOT NULL"),
    }[op]
    return f"INSERT INTO change_cell SELECT last_insert_rowid(), '{field}', {old}, {new} WHERE {test}"


# The commitments that stood when the plan froze; taken out later counts as not done.
_PLANNED = """weekly_goal_id = weekly_goals.id AND created_at <= weekly_goals.freezes_at
      AND NOT (outcome = 'removed' AND resolved_at <= weekly_goals.freezes_at)"""
_TOTAL = f"(SELECT coalesce(sum(estimated_hours), 0.0) FROM commitments WHERE {_PLANNED})"
_RATE = f"(SELECT sum(outcome = 'done') * 1.0 / nullif(count(*), 0) FROM commitments WHERE {_PLANNED})"
_GOAL = f"""UPDATE weekly_goals SET
    total_estimated_hours =
      {_TOTAL},
    completion_rate =
      {_RATE}
  WHERE id {{which}};"""

# What triggers derive: the table, the column, and its definition.
DERIVED: Sequence[tuple[str, str, str]] = (
    ("todos", "actual_hours", _HOURS),
    ("weekly_goals", "total_estimated_hours", _TOTAL),
    ("weekly_goals", "completion_rate", _RATE),
)


def _derived() -> dict[str, str]:
    actual = {
        "derive_actual_adjusted": ("UPDATE OF adjusted_hours ON todos", "= NEW.id"),
        "derive_actual_created": (
            "INSERT ON todos WHEN NEW.actual_hours IS NOT NULL OR NEW.adjusted_hours IS NOT NULL",
            "= NEW.id",
        ),
        "derive_actual_worked": ("INSERT ON sessions WHEN NEW.ended_at IS NOT NULL", "= NEW.todo_id"),
        "derive_actual_reworked": (
            "UPDATE OF todo_id, started_at, ended_at ON sessions",
            "IN (OLD.todo_id, NEW.todo_id)",
        ),
        "derive_actual_unworked": ("DELETE ON sessions", "= OLD.todo_id"),
    }
    goal = {
        "derive_goal_committed": ("INSERT ON commitments", "= NEW.weekly_goal_id"),
        "derive_goal_changed": ("UPDATE ON commitments", "IN (OLD.weekly_goal_id, NEW.weekly_goal_id)"),
        "derive_goal_forgotten": ("DELETE ON commitments", "= OLD.weekly_goal_id"),
        "derive_goal_frozen": ("UPDATE OF freezes_at ON weekly_goals", "= NEW.id"),
    }
    return {
        name: f"CREATE TRIGGER {name} AFTER {event} BEGIN\n  {body.format(which=which)}\nEND"
        for body, events in ((_ACTUAL, actual), (_GOAL, goal))
        for name, (event, which) in events.items()
    }
