"""What sync reads and writes in the database: the log since it was sent, what the server holds, what waits.

Values go in and out as SQLite holds them; what they mean is orc_lab.sync's. All writing happens inside the caller's
transaction.
"""

import json
import sqlite3
from bisect import bisect
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from orc_lab.model.change import Value
from orc_lab.model.codec import captured
from orc_lab.model.entities import Entity
from orc_lab.store.capture import CLOCK, OWN
from orc_lab.store.database import Database

Key = tuple[str, str]  # a table and an id
Touched = tuple[str, str, str, int]  # a table, an id, a group and a clock


class Entry(NamedTuple):
    """One entry of the log about one row, and the fields that it set."""

    seq: int
    clock: int
    at: int | None
    table: str
    id: str
    op: str
    actor: str | None
    fields: Sequence[str]


def state(db: Database) -> dict[str, Any]:
    """Return what sync remembers of itself, by name."""
    return {key: json.loads(value) for key, value in db.rows("SELECT key, value FROM sync_state")}


def state_of(conn: sqlite3.Connection) -> dict[str, Any]:
    """Return what sync remembers of itself, of a database that only a connection is open to."""
    return {key: json.loads(value) for key, value in conn.execute("SELECT key, value FROM sync_state")}


def recall(conn: sqlite3.Connection, name: str) -> Any:
    """Return one thing that sync remembers of itself, None where it doesn't."""
    row = conn.execute("SELECT value FROM sync_state WHERE key = ?", (name,)).fetchone()
    return None if row is None else json.loads(row[0])


def remember(conn: sqlite3.Connection, values: Mapping[str, object]) -> None:
    """Keep some of what sync remembers; None forgets."""
    for key, value in values.items():
        if value is None:
            conn.execute("DELETE FROM sync_state WHERE key = ?", (key,))
        else:
            conn.execute(
                "INSERT INTO sync_state VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (key, json.dumps(value)),
            )


def elsewhere(conn: sqlite3.Connection) -> int:
    """Return a number that is another one once any other connection has written."""
    return int(conn.execute("PRAGMA data_version").fetchone()[0])


def head(conn: sqlite3.Connection) -> int:
    """Return the newest number of the log, 0 where it is empty."""
    return int(conn.execute("SELECT coalesce(max(seq), 0) FROM change_log").fetchone()[0])


def window(
    conn: sqlite3.Connection, after: int, *, records: int, synced: Collection[str]
) -> tuple[dict[Key, int], int]:
    """Return the rows of some tables that were written here after an entry, at most `records`, each with the number of
    its first entry and in that order, and the number of the last entry that was looked at."""
    found: dict[Key, int] = {}
    last = after
    sql = f"""SELECT seq, "table", id FROM change_log WHERE seq > ? AND origin IN {OWN} ORDER BY seq"""
    cursor = conn.execute(sql, (after,))
    for seq, table, id in cursor:
        if table in synced and (table, id) not in found:
            if len(found) == records:
                cursor.close()
                return found, last
            found[table, id] = seq
        last = seq
    return found, max(last, head(conn))


def entries(conn: sqlite3.Connection, table: str, ids: Sequence[str], after: int) -> dict[str, list[Entry]]:
    """Return what was written here to some rows after an entry, by id, oldest first."""
    sql = f"""SELECT l.seq, l.hlc, l.at, l.id, l.op, t.actor, c.field
        FROM change_log AS l LEFT JOIN change_tx AS t ON t.tx = l.tx LEFT JOIN change_cell AS c ON c.seq = l.seq
        WHERE l.id IN (SELECT value FROM json_each(:ids)) AND {_since(table)}
        AND l."table" = :table AND l.origin IN {OWN} ORDER BY l.seq"""
    found: dict[str, list[Entry]] = defaultdict(list)
    fields: list[str] = []
    last = 0
    for seq, clock, at, id, op, actor, field in conn.execute(
        sql, {"after": after, "ids": json.dumps(ids), "table": table}
    ):
        if seq != last:
            last, fields = seq, []
            found[id].append(Entry(seq, clock, at, table, id, op, actor, fields))
        if field is not None:
            fields.append(field)
    return found


def only_made(conn: sqlite3.Connection, table: str, ids: Collection[str], after: int) -> dict[str, Entry]:
    """Return the entries, without their fields, of those of some rows that were made here after an entry, and not
    touched since."""
    sql = f"""SELECT l.seq, l.hlc, l.at, l."table", l.id, l.op, t.actor, count(*)
        FROM change_log AS l LEFT JOIN change_tx AS t ON t.tx = l.tx
        WHERE l.id IN (SELECT value FROM json_each(:ids)) AND {_since(table)} AND l."table" = :table
        AND l.origin IN {OWN} GROUP BY l.id HAVING count(*) = 1 AND l.op = 'insert'"""
    values = {"after": after, "ids": json.dumps(list(ids)), "table": table}
    return {row[4]: Entry._make((*row[:7], ())) for row in conn.execute(sql, values)}


def _since(table: str) -> str:
    """What entries after one are of a table, l, in SQL."""
    # Activities have no index by id: they are written once, so the entries since are looked through.
    return "l.\"table\" <> 'activities' AND +l.seq > :after" if table != "activities" else "l.seq > :after"


def last_write(conn: sqlite3.Connection, table: str, id: str, fields: Sequence[str], after: int) -> int | None:
    """Return the clock of what was last written here to some fields of a row after an entry, None for nothing."""
    sql = f"""SELECT max(l.hlc) FROM change_log AS l JOIN change_cell AS c USING (seq)
        WHERE l.id = ? AND l."table" <> 'activities' AND l."table" = ? AND l.seq > ? AND l.origin IN {OWN}
        AND c.field IN (SELECT value FROM json_each(?))"""
    ((clock,),) = conn.execute(sql, (id, table, after, json.dumps(list(fields)))).fetchall()
    return None if clock is None else int(clock)


def rows(conn: sqlite3.Connection, kind: type[Entity], ids: Collection[str]) -> dict[str, dict[str, Value]]:
    """Return the captured fields of those of the rows that are there, by id."""
    names = [name for name in captured(kind) if name != "id"]
    sql = f"SELECT id, {', '.join(names)} FROM {kind.table} WHERE id IN (SELECT value FROM json_each(?))"
    return {row[0]: dict(zip(names, row[1:], strict=True)) for row in conn.execute(sql, (json.dumps(list(ids)),))}


def last_values(conn: sqlite3.Connection, table: str, id: str) -> dict[str, Value]:
    """Return the fields that a row had when it was last deleted; {} where it never was."""
    sql = """SELECT field, old FROM change_cell WHERE old IS NOT NULL AND seq = (SELECT max(seq) FROM change_log
        WHERE id = ? AND "table" <> 'activities' AND "table" = ? AND op = 'delete')"""
    return dict(conn.execute(sql, (id, table)))


def shadows(conn: sqlite3.Connection, table: str, ids: Collection[str]) -> dict[str, str]:
    """Return what the server is known to hold of some records, as it was kept."""
    sql = 'SELECT id, cells FROM sync_rows WHERE "table" = ? AND id IN (SELECT value FROM json_each(?))'
    return dict(conn.execute(sql, (table, json.dumps(list(ids)))))


def keep_shadows(conn: sqlite3.Connection, table: str, cells: Iterable[tuple[str, str]]) -> None:
    """Keep what the server holds of some records, each id with its cells."""
    conn.executemany(
        """INSERT INTO sync_rows VALUES (?, ?, ?)
        ON CONFLICT ("table", id) DO UPDATE SET cells = excluded.cells""",
        [(table, id, text) for id, text in cells],
    )


def touched(conn: sqlite3.Connection, *, limit: int = -1) -> list[Touched]:
    """Return table, id, group and clock of what is to be sent though no entry says so."""
    return conn.execute('SELECT "table", id, field_group, clock FROM sync_touched LIMIT ?', (limit,)).fetchall()


def mark_for_sync(conn: sqlite3.Connection, some: Iterable[Touched]) -> None:
    """Have groups sent though no entry says so, as written at a clock."""
    conn.executemany(
        """INSERT INTO sync_touched VALUES (?, ?, ?, ?)
        ON CONFLICT ("table", id, field_group) DO UPDATE SET clock = max(clock, excluded.clock)""",
        some,
    )


def untouch(conn: sqlite3.Connection, some: Iterable[Touched]) -> None:
    """Take out what has been sent, unless it was touched again meanwhile."""
    conn.executemany('DELETE FROM sync_touched WHERE "table" = ? AND id = ? AND field_group = ? AND clock <= ?', some)


def held(conn: sqlite3.Connection, table: str, ids: Collection[str]) -> dict[str, dict[str, dict[str, Value]]]:
    """Return what of some records has no place yet, by id and group."""
    sql = """SELECT id, field_group, value FROM sync_held
        WHERE "table" = ? AND id IN (SELECT value FROM json_each(?))"""
    found: dict[str, dict[str, dict[str, Value]]] = defaultdict(dict)
    for id, group, value in conn.execute(sql, (table, json.dumps(list(ids)))):
        found[id][group] = json.loads(value)
    return found


def hold(conn: sqlite3.Connection, table: str, id: str, group: str, value: Mapping[str, Value]) -> None:
    """Keep what of a record has no place yet."""
    conn.execute(
        """INSERT INTO sync_held VALUES (?, ?, ?, ?)
        ON CONFLICT ("table", id, field_group) DO UPDATE SET value = excluded.value""",
        (table, id, group, json.dumps(value)),
    )


def release(conn: sqlite3.Connection, table: str, id: str, group: str | None = None) -> None:
    """Forget what had no place: of a group, or of a whole record."""
    conn.execute(
        'DELETE FROM sync_held WHERE "table" = :table AND id = :id AND (:group IS NULL OR field_group = :group)',
        {"table": table, "id": id, "group": group},
    )


class Waiting(NamedTuple):
    """A field that refers to a row which isn't there."""

    parent: str
    table: str
    id: str
    field: str


def wait(conn: sqlite3.Connection, some: Iterable[Waiting]) -> None:
    """Remember references to rows that aren't there."""
    conn.executemany("INSERT OR IGNORE INTO sync_waiting VALUES (?, ?, ?, ?)", some)


def waiting(conn: sqlite3.Connection, parents: Collection[str] | None = None) -> list[Waiting]:
    """Return the fields that wait for one of some rows, or for any."""
    sql = """SELECT parent, "table", id, field FROM sync_waiting
        WHERE :all OR parent IN (SELECT value FROM json_each(:some))"""
    some = {"all": parents is None, "some": json.dumps(list(parents or ()))}
    return [Waiting(*row) for row in conn.execute(sql, some)]


def waits(conn: sqlite3.Connection, table: str, ids: Collection[str]) -> dict[str, dict[str, str]]:
    """Return the fields of some rows that wait for a row which isn't there: by id, its id by field. What was written
    to since, here, waits no more."""
    sql = 'SELECT id, field, parent FROM sync_waiting WHERE "table" = ? AND id IN (SELECT value FROM json_each(?))'
    last = f"""SELECT l.origin IN {OWN} AND l.op <> 'delete' FROM change_log AS l JOIN change_cell AS c USING (seq)
        WHERE l.id = ? AND l."table" <> 'activities' AND l."table" = ? AND c.field = ? ORDER BY l.seq DESC LIMIT 1"""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for id, field, parent in conn.execute(sql, (table, json.dumps(list(ids)))).fetchall():
        if conn.execute(last, (id, table, field)).fetchone() != (1,):
            found[id][field] = parent
    return found


def unlink(conn: sqlite3.Connection, table: str, id: str, fields: Iterable[str]) -> None:
    """Forget what some fields of a row waited for: they have other values."""
    conn.executemany(
        'DELETE FROM sync_waiting WHERE "table" = ? AND id = ? AND field = ?', [(table, id, name) for name in fields]
    )


def held_at_all(conn: sqlite3.Connection) -> list[tuple[str, str, str]]:
    """Return table, id and group of everything that has no place yet."""
    return conn.execute('SELECT "table", id, field_group FROM sync_held').fetchall()


def written_beside_held(conn: sqlite3.Connection, after: int) -> list[Key]:
    """Return the records that were written to here after an entry while something of them had no place."""
    sql = f"""SELECT DISTINCT h."table", h.id FROM change_log AS l
        CROSS JOIN sync_held AS h ON h."table" = l."table" AND h.id = l.id WHERE l.seq > ? AND l.origin IN {OWN}"""
    return conn.execute(sql, (after,)).fetchall() if anything_left(conn) else []


def anything_left(conn: sqlite3.Connection) -> bool:
    """Return whether anything of any record has no place yet."""
    sql = "SELECT EXISTS (SELECT 1 FROM sync_waiting) OR EXISTS (SELECT 1 FROM sync_held)"
    return bool(conn.execute(sql).fetchone()[0])


def anything_beside(conn: sqlite3.Connection) -> bool:
    """Return whether anything is to be sent that the log doesn't say, or has no place here."""
    sql = """SELECT EXISTS (SELECT 1 FROM sync_touched) OR EXISTS (SELECT 1 FROM sync_owed)
        OR EXISTS (SELECT 1 FROM sync_conflicts WHERE NOT sent)"""
    return bool(conn.execute(sql).fetchone()[0]) or anything_left(conn)


def unfinished(conn: sqlite3.Connection) -> bool:
    """Return whether any row waits for another one, or was deleted by others and is still there."""
    sql = "SELECT EXISTS (SELECT 1 FROM sync_waiting) OR EXISTS (SELECT 1 FROM sync_doomed)"
    return bool(conn.execute(sql).fetchone()[0])


def stop_waiting(conn: sqlite3.Connection, some: Iterable[Waiting]) -> None:
    """Forget references, once they are set or no longer wanted."""
    conn.executemany('DELETE FROM sync_waiting WHERE parent = ? AND "table" = ? AND id = ? AND field = ?', list(some))


def doom(conn: sqlite3.Connection, some: Iterable[Key]) -> None:
    """Mark rows that others deleted."""
    conn.executemany("INSERT OR IGNORE INTO sync_doomed VALUES (?, ?)", some)


def spare(conn: sqlite3.Connection, some: Iterable[Key]) -> None:
    """Take rows out of those that others deleted."""
    conn.executemany('DELETE FROM sync_doomed WHERE "table" = ? AND id = ?', list(some))


def doomed(conn: sqlite3.Connection) -> list[Key]:
    """Return the rows that others deleted and that are still there."""
    return conn.execute('SELECT "table", id FROM sync_doomed').fetchall()


def effective(conn: sqlite3.Connection, at: int | None) -> None:
    """Have what is written next logged as in effect since an instant; None: since now."""
    conn.execute("UPDATE change_context SET at = ?", (at,))


def raise_floor(conn: sqlite3.Connection, clock: int) -> None:
    """Have every later entry of this device come after a clock, and after everything in the log."""
    conn.execute(
        "UPDATE change_context SET floor = max(floor, ?, coalesce("
        "(SELECT hlc FROM change_log ORDER BY seq DESC LIMIT 1), 0))",
        (clock,),
    )


def next_clock(conn: sqlite3.Connection) -> int:
    """Return a clock after everything written here, and count it as used."""
    (clock,) = conn.execute(f"SELECT {CLOCK} FROM change_context").fetchone()
    conn.execute("UPDATE change_context SET floor = ?", (clock,))
    return int(clock)


def insert_row(conn: sqlite3.Connection, table: str, values: Mapping[str, Value]) -> None:
    """Add a row of which some columns are given."""
    conn.execute(
        f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})", tuple(values.values())
    )


def update_row(conn: sqlite3.Connection, table: str, id: str, values: Mapping[str, Value]) -> None:
    """Set some columns of a row."""
    marks = ", ".join(f"{name} = ?" for name in values)
    conn.execute(f"UPDATE {table} SET {marks} WHERE id = ?", (*values.values(), id))


def delete_row(conn: sqlite3.Connection, table: str, id: str) -> None:
    """Remove a row."""
    conn.execute(f"DELETE FROM {table} WHERE id = ?", (id,))


def add_digests(conn: sqlite3.Connection, sums: Mapping[str, int], *, at: int) -> None:
    """Add to the digest of each table, and note when it was last exchanged."""
    for table, change in sums.items():
        ((old,),) = conn.execute(
            "SELECT coalesce((SELECT digest FROM sync_metadata WHERE table_name = ?), 0)", (table,)
        ).fetchall()
        new = (old + change) % (1 << 64)
        signed = new - (1 << 64) if new >= 1 << 63 else new
        conn.execute(
            """INSERT INTO sync_metadata (table_name, last_sync, digest) VALUES (?, ?, ?)
            ON CONFLICT (table_name) DO UPDATE SET digest = excluded.digest, last_sync = excluded.last_sync""",
            (table, at, signed),
        )


def digests(conn: sqlite3.Connection) -> dict[str, int]:
    """Return the digest of each table, as a number from 0 to 2⁶⁴ − 1."""
    return {table: value % (1 << 64) for table, value in conn.execute("SELECT table_name, digest FROM sync_metadata")}


def anything_since(conn: sqlite3.Connection, after: int) -> bool:
    """Return whether anything was written here after an entry of the log."""
    sql = f"SELECT 1 FROM change_log WHERE seq > ? AND origin IN {OWN} LIMIT 1"
    return conn.execute(sql, (after,)).fetchone() is not None


def reject(conn: sqlite3.Connection, table: str, id: str, reason: str, detail: str, *, at: int) -> None:
    """Note that the server refused a record, and why."""
    conn.execute(
        """INSERT INTO sync_rejected VALUES (?, ?, ?, ?, ?)
        ON CONFLICT ("table", id) DO UPDATE SET reason = excluded.reason, detail = excluded.detail, at = excluded.at""",
        (table, id, reason, detail, at),
    )


def rejected(conn: sqlite3.Connection, table: str, ids: Collection[str]) -> set[str]:
    """Return those of some records that the server refused, and hasn't taken since."""
    sql = 'SELECT id FROM sync_rejected WHERE "table" = ? AND id IN (SELECT value FROM json_each(?))'
    return {id for (id,) in conn.execute(sql, (table, json.dumps(list(ids))))}


def accept(conn: sqlite3.Connection, some: Iterable[Key]) -> None:
    """Forget that the server refused some records: it has them now."""
    conn.executemany('DELETE FROM sync_rejected WHERE "table" = ? AND id = ?', list(some))


def set_skew(conn: sqlite3.Connection, skew: int) -> None:
    """Correct this device's clock by some microseconds from now on."""
    conn.execute("UPDATE change_context SET skew = :skew WHERE skew <> :skew", {"skew": skew})


def new_device(conn: sqlite3.Connection, device: str) -> None:
    """Give this database another device's id."""
    conn.execute("UPDATE identity SET device_id = ?", (device,))


def restamp(conn: sqlite3.Connection, *, now: int, beyond: int) -> tuple[dict[int, int], int]:
    """Date every entry of the log whose clock is beyond one anew, in its order, up to `now`; all in microseconds.

    None of them is acknowledged, for no server takes such a clock; what was written here from others goes along, so
    that the log stays in order. Return the new clock of each old one, and one that comes after all of them.
    """
    old = conn.execute("SELECT seq, hlc FROM change_log WHERE hlc > ? ORDER BY seq", (beyond,)).fetchall()
    ((known,),) = conn.execute("SELECT coalesce(max(hlc), 0) FROM change_log WHERE hlc <= ?", (beyond,)).fetchall()
    first = max(known + 1, now - 2 * len(old))
    clocks = {hlc: first + 2 * number + 1 for number, (_, hlc) in enumerate(old)}  # with room for marks in between
    top = first + 2 * len(old) + 1
    conn.executemany("UPDATE change_log SET hlc = ? WHERE seq = ?", [(clocks[hlc], seq) for seq, hlc in old])
    was = [hlc for _, hlc in old]
    for table, id, group, clock in touched(conn):
        if clock > beyond:  # between the same two entries as before
            _retouch(conn, table, id, group, first + 2 * bisect(was, clock))
    conn.execute("UPDATE change_context SET floor = ?", (top,))
    return clocks, top


def _retouch(conn: sqlite3.Connection, table: str, id: str, group: str, clock: int) -> None:
    sql = 'UPDATE sync_touched SET clock = ? WHERE "table" = ? AND id = ? AND field_group = ?'
    conn.execute(sql, (clock, table, id, group))


def take_over(now: sqlite3.Connection, into: sqlite3.Connection) -> None:
    """Have a database know of sync what another one of the same schema knows, and nothing else."""
    tables = now.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'sync\\_%' ESCAPE '\\'")
    for (table,) in tables.fetchall():
        into.execute(f"DELETE FROM {table}")
        rows = now.execute(f"SELECT * FROM {table}")
        marks = ", ".join("?" * len(rows.description))
        into.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
    ((skew,),) = now.execute("SELECT skew FROM change_context").fetchall()
    into.execute("UPDATE change_context SET skew = ?", (skew,))


def ids(conn: sqlite3.Connection, table: str) -> list[str]:
    """Return the id of every row of a table, and of every record of it that the server holds."""
    sql = f"""SELECT id FROM {table} UNION SELECT id FROM sync_rows WHERE "table" = '{table}'"""
    return [id for (id,) in conn.execute(sql)]


def outstanding(conn: sqlite3.Connection) -> tuple[object, ...]:
    """Return how much is left but for the log: to be sent, owed, lost unsent, and what is asked for by state."""
    sql = """SELECT (SELECT count(*) FROM sync_touched), (SELECT count(*) FROM sync_owed),
        (SELECT count(*) FROM sync_conflicts WHERE NOT sent),
        (SELECT group_concat(state || n) FROM (SELECT state, count(*) AS n FROM sync_unshared GROUP BY state))"""
    return tuple(conn.execute(sql).fetchone())


def forget_shadow(conn: sqlite3.Connection, table: str, id: str) -> None:
    """Forget what the server held of a record."""
    conn.execute('DELETE FROM sync_rows WHERE "table" = ? AND id = ?', (table, id))
