"""What a mirror of an earlier instant holds: what was recorded by then about what had happened by then.

Rows come from the change log (`store.history`). Fields that the log doesn't record are derived again from what was
known, or left empty where they can't be. Tables without a kind of their own count by the dates in them.
"""

from collections.abc import Iterable
from dataclasses import replace
from operator import itemgetter

import duckdb

from orc_lab.mirror.load import Row, Table
from orc_lab.mirror.source import DATED, Source
from orc_lab.model.codec import columns
from orc_lab.model.entities import KINDS
from orc_lab.store.history import Past

_PLANNED = """weekly_goal_id = g.id AND created_at <= g.freezes_at
    AND NOT (outcome = 'removed' AND resolved_at <= g.freezes_at)"""

# The formulas are those of the database's own triggers.
_DERIVED = (
    """UPDATE todos SET actual_hours = known.hours
      FROM (
        SELECT t.id, CASE WHEN t.adjusted_hours IS NOT NULL OR w.hours IS NOT NULL
          THEN greatest(0.0, coalesce(t.adjusted_hours, 0.0) + coalesce(w.hours, 0.0)) END AS hours
        FROM todos AS t LEFT JOIN (SELECT todo_id, sum(ended_at - started_at) / 3600.0 AS hours FROM sessions
          WHERE ended_at <= $at GROUP BY todo_id) AS w ON w.todo_id = t.id
      ) AS known
      WHERE known.id = todos.id AND known.hours IS DISTINCT FROM todos.actual_hours""",
    f"""UPDATE weekly_goals AS g SET
        total_estimated_hours = (SELECT coalesce(sum(estimated_hours), 0.0) FROM commitments WHERE {_PLANNED}),
        completion_rate = (SELECT avg((outcome = 'done')::INT) FROM commitments WHERE {_PLANNED})""",
    """UPDATE projects SET health_score = NULL, activity_summary = NULL, last_ai_update = NULL
      WHERE coalesce(last_ai_update > $at, true)""",
    """UPDATE forecasts SET outcome = NULL, resolved_at = NULL, score = NULL WHERE coalesce(resolved_at > $at, true)""",
    """UPDATE recommendations SET response = NULL, responded_at = NULL, outcome = NULL
      WHERE coalesce(responded_at > $at, true)""",
    *(
        f"UPDATE {table} SET synced_at = NULL WHERE synced_at > $at"
        for table in ("intentions", "projects", "todos", "weekly_goals")
    ),
)


def rows(source: Source, table: Table, past: Past, at: int) -> Iterable[Row]:
    """Return a table's rows as they were known at an instant, values in the order of the table's columns."""
    if table.name in DATED:
        return source.db.rows(f"SELECT {table.listed} FROM {table.name} WHERE {DATED[table.name]} <= ?", (at,))
    kind = KINDS[table.name]
    standing = source.rows(replace(table, columns=columns(kind)))
    if not past.touched.get(table.name):
        standing = source.rows(table)
        return standing
    known = past.rows(kind, standing)
    return known if columns(kind) == table.columns else map(itemgetter(*map(columns(kind).index, table.columns)), known)


def derive(duck: duckdb.DuckDBPyConnection, at: int) -> None:
    """Put right what the rows hold beside what the log recorded."""
    for sql in _DERIVED:
        duck.execute(sql, {"at": at} if "$at" in sql else None)
