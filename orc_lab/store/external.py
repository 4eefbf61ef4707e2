"""Edits that nothing recorded, made by a tool while triggers were missing or switched off: found, and recorded.

They are what stands between the tables and the log replayed from empty. Values never leave SQLite, so whatever such a
tool has written, text that is no UTF-8 among it, is recorded as it is.
"""

import sqlite3
import time
from collections.abc import Mapping, Sequence

from orc_lab.model.entities import KINDS
from orc_lab.store import capture, cut

ORIGIN = "external"
_LABEL = "edits that nothing had recorded"
_FOUND = "external_edits"


def differences(conn: sqlite3.Connection) -> Mapping[str, int]:
    """Return how many rows of each table aren't what the log replayed from empty gives; {} where the law holds."""
    counts = {table: conn.execute(f"SELECT count(*) FROM ({_differing(conn, table)})").fetchone()[0] for table in KINDS}
    return {table: count for table, count in counts.items() if count}


def record(conn: sqlite3.Connection) -> Mapping[str, int]:
    """Write what the log lacks, as one edit of origin `external`; return how many rows of each table that were.

    To be called inside a transaction. Afterwards the log replayed from empty equals the tables.
    """
    written: dict[str, int] = {}
    tx: int | None = None
    given = cut.numbers_given(conn)  # whoever has read the log up to there shall see what comes now
    cut.clear_cells(conn)
    for table in KINDS:
        conn.execute(f"CREATE TEMP TABLE {_FOUND} AS {_differing(conn, table)}")
        (count,) = conn.execute(f"SELECT count(*) FROM {_FOUND}").fetchone()
        if count:
            tx = _edit(conn) if tx is None else tx
            fields = capture.captured_fields(conn, table)
            for row in range(1, count + 1):
                _write(conn, table, fields, row, tx, given)
            written[table] = count
        conn.execute(f"DROP TABLE {_FOUND}")
    return written


def _edit(conn: sqlite3.Connection) -> int:
    cursor = conn.execute(
        """INSERT INTO change_tx (actor, label, at, after_seq)
        VALUES ('external', ?, ?, (SELECT coalesce(max(seq), 0) FROM change_log))""",
        (_LABEL, int(time.time())),
    )
    return cursor.lastrowid or 0


def _write(conn: sqlite3.Connection, table: str, fields: Sequence[str], row: int, tx: int, given: int) -> None:
    cursor = conn.execute(
        f"""INSERT INTO change_log (seq, hlc, tx, origin, "table", id, op)
        SELECT 1 + max(?, coalesce((SELECT max(seq) FROM change_log), 0)), {capture.CLOCK}, ?, ?, ?, id, op
        FROM {_FOUND}, change_context WHERE {_FOUND}.rowid = ?""",
        (given, tx, ORIGIN, table, row),
    )
    for field in fields:
        conn.execute(
            f"""INSERT INTO change_cell SELECT ?, ?, old_{field}, new_{field} FROM {_FOUND}
            WHERE rowid = ? AND old_{field} IS NOT new_{field}""",
            (cursor.lastrowid, field, row),
        )


def _differing(conn: sqlite3.Connection, table: str) -> str:
    """The query for a table's differing rows: id, op, and each field as the log has it (old) and as it is (new).

    A row begins with its last insert, and each of its fields is the newest cell since.
    """
    fields = capture.captured_fields(conn, table)
    latest = ", ".join(f"max(new) FILTER (WHERE field = '{name}') AS {name}" for name in fields)
    both = ", ".join(f"r.{name} AS old_{name}, t.{name} AS new_{name}" for name in fields)
    changed = " OR ".join(f"r.{name} IS NOT t.{name}" for name in fields)
    return f"""WITH began AS MATERIALIZED (
      SELECT id, op, max(seq) AS seq FROM change_log WHERE "table" = '{table}' AND op <> 'update' GROUP BY id
    ), cells AS MATERIALIZED (
      SELECT l.id AS id, c.field AS field, c.new AS new, max(l.seq)
      FROM change_log AS l JOIN began AS b ON b.id = l.id JOIN change_cell AS c ON c.seq = l.seq
      WHERE l."table" = '{table}' AND b.op = 'insert' AND l.seq >= b.seq GROUP BY l.id, c.field
    ), replayed AS MATERIALIZED (
      SELECT b.id AS id, {latest} FROM began AS b LEFT JOIN cells AS c ON c.id = b.id
      WHERE b.op = 'insert' GROUP BY b.id
    )
    SELECT t.id AS id, iif(r.id IS NULL, 'insert', 'update') AS op, {both}
    FROM {table} AS t LEFT JOIN replayed AS r ON r.id = t.id WHERE r.id IS NULL OR {changed}
    UNION ALL
    SELECT r.id, 'delete', {both} FROM replayed AS r LEFT JOIN {table} AS t ON t.id = r.id WHERE t.id IS NULL"""
