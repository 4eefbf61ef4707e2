"""Remove many rows, and write their log entries with two statements instead of by triggers.

Nobody can tell the difference. What a foreign key does to other rows on the way is left to the triggers, and so is all
of it where one of the rows refers to another of them.
"""

import json
from collections.abc import Sequence

from orc_lab.model.codec import captured, columns
from orc_lab.model.entities import Entity
from orc_lab.store import bulk, capture
from orc_lab.store.database import Transaction

_NEXT = f"""SELECT coalesce((SELECT max(seq) FROM change_log), 0), coalesce(origin, 'local'), {capture.CLOCK} - 1
    FROM change_context"""

_OWN = """SELECT "from" FROM pragma_foreign_key_list(?1) WHERE "table" = ?1"""


def remove(tx: Transaction, kind: type[Entity], ids: Sequence[str]) -> None:
    """Remove those of the rows that there are, now, inside a transaction; few rows are left to the triggers."""
    if len(ids) < bulk.MANY or _refers(tx, kind, ids):
        tx.delete_many(kind, ids)
        return
    conn, table = tx.conn, kind.table
    fields = sorted(name for name in captured(kind) if name != "id")
    seq, origin, hlc = conn.execute(_NEXT).fetchone()
    names = ", ".join(columns(kind))
    conn.execute(f"CREATE TEMP TABLE going (n INTEGER PRIMARY KEY, {names})")
    conn.execute(
        f"INSERT INTO temp.going ({names}) SELECT {names} FROM {table} WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(ids),),
    )
    conn.execute(
        f"""INSERT INTO change_log (seq, hlc, tx, at, origin, "table", id, op)
        SELECT :seq + n, :hlc + n, :tx, NULL, :origin, '{table}', id, 'delete' FROM temp.going ORDER BY n""",
        {"seq": seq, "hlc": hlc, "tx": tx.tx, "origin": origin},
    )
    listed = ", ".join(f"({place}, '{name}')" for place, name in enumerate(fields))
    value = " ".join(f"WHEN {place} THEN going.{name}" for place, name in enumerate(fields))
    conn.execute(
        f"""INSERT INTO change_cell (seq, field, old, new)
        SELECT :seq + n, f.column2, CASE f.column1 {value} END AS held, NULL
        FROM temp.going CROSS JOIN (VALUES {listed}) AS f WHERE held IS NOT NULL""",
        {"seq": seq},
    )
    conn.execute(f"DROP TRIGGER capture_{table}_delete")
    conn.execute(f"DELETE FROM {table} WHERE id IN (SELECT id FROM temp.going)")
    conn.execute("DROP TABLE temp.going")
    capture.ensure(conn)


def _refers(tx: Transaction, kind: type[Entity], ids: Sequence[str]) -> bool:
    """Return whether one of the rows refers to a row of its own kind."""
    own = [field for (field,) in tx.conn.execute(_OWN, (kind.table,))]
    if not own:
        return False
    told = " OR ".join(f"{field} IS NOT NULL" for field in own)
    sql = f"SELECT EXISTS (SELECT 1 FROM {kind.table} WHERE ({told}) AND id IN (SELECT value FROM json_each(?)))"
    return bool(tx.conn.execute(sql, (json.dumps(ids),)).fetchone()[0])
