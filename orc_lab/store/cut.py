"""What another tool leaves that cuts into the change log: fields of no entry, and entries of no edit.

The next entry would get a number that such fields still have, and the next edit one that such entries have. So the
first edit after a cut mends it before it begins, as the doctor does.
"""

import sqlite3
from typing import NamedTuple

_WHOLE = """SELECT coalesce((SELECT max(seq) FROM change_cell), 0) <= coalesce((SELECT max(seq) FROM change_log), 0)
    AND coalesce((SELECT tx FROM change_log ORDER BY seq DESC LIMIT 1), 0)
      <= coalesce((SELECT max(tx) FROM change_tx), 0)"""
NAMELESS = "an edit of which only what it did is known"
_GONE = "NOT EXISTS (SELECT 1 FROM change_log WHERE seq = change_cell.seq)"
_AGENTS = "('forecasts', 'recommendations', 'knowledge')"
_BEGUN = "('settings', 'activities')"  # what making a database writes


def whole(conn: sqlite3.Connection) -> bool:
    """Return whether an edit may go on from where the log ends; it looks only at the ends of indexes."""
    return bool(conn.execute(_WHOLE).fetchone()[0])


class Loose(NamedTuple):
    """How many edits have entries and no record, and how many entries an edit has that began after them."""

    edits: int
    entries: int


def loose_cells(conn: sqlite3.Connection) -> tuple[int, int]:
    """Return how many fields are those of no entry, and how many entries they tell of."""
    sql = f"SELECT count(*), count(DISTINCT seq) FROM change_cell WHERE {_GONE}"
    cells, entries = conn.execute(sql).fetchone()
    return cells, entries


def clear_cells(conn: sqlite3.Connection) -> None:
    """Remove the fields of no entry, so that no later entry takes them for its own."""
    conn.execute(f"DELETE FROM change_cell WHERE {_GONE}")


def loose_entries(conn: sqlite3.Connection) -> Loose:
    """Return which entries have lost the record of their edit."""
    sql = """SELECT count(DISTINCT l.tx) FILTER (WHERE t.tx IS NULL), count(*) FILTER (WHERE l.seq <= t.after_seq)
        FROM change_log AS l LEFT JOIN change_tx AS t ON t.tx = l.tx WHERE l.tx IS NOT NULL"""
    return Loose(*conn.execute(sql).fetchone())


def name_edits(conn: sqlite3.Connection) -> None:
    """Give the entries of no edit one without a name, so that undo knows them; to be called inside a transaction.

    Entries whose edit's number was given again belong to no edit from then on.
    """
    conn.execute(
        """UPDATE change_log SET tx = NULL
        WHERE seq <= (SELECT after_seq FROM change_tx WHERE tx = change_log.tx)"""
    )
    conn.execute(
        f"""INSERT INTO change_tx (tx, actor, label, at, after_seq)
        SELECT tx, CASE WHEN max(origin = 'external') THEN 'external' WHEN min("table" IN {_AGENTS}) THEN 'agent'
            WHEN min(seq) = 1 AND min("table" IN {_BEGUN}) THEN 'setup' ELSE 'person' END,
          ?, min(hlc) / 1000000, min(seq) - 1
        FROM change_log WHERE tx IS NOT NULL AND tx NOT IN (SELECT tx FROM change_tx) GROUP BY tx""",
        (NAMELESS,),
    )


def numbers_given(conn: sqlite3.Connection) -> int:
    """Return the highest number that an entry ever had, as far as anything still tells it."""
    sql = """SELECT max(coalesce((SELECT max(seq) FROM change_log), 0), coalesce((SELECT max(seq) FROM change_cell), 0),
        coalesce((SELECT max(after_seq) FROM change_tx), 0))"""
    return int(conn.execute(sql).fetchone()[0])
