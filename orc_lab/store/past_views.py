"""Show a connection the past: temporary views that hide the tables, so that whatever reads them reads what was known.

Rows that nothing touched since are those of the tables, by their indexes; only the others are held in memory. The
connection can't write any more.
"""

from collections.abc import Iterable

from orc_lab.model.codec import columns
from orc_lab.model.entities import Entity, Intention, Project, Session, Todo
from orc_lab.store.database import Database
from orc_lab.store.history import Past, look_back

SHOWN = (Intention, Project, Todo, Session)

# What the agents said of a project is known only where they said it by then.
_SAID = ("health_score", "activity_summary", "last_ai_update")

# Todos whose sessions were touched since: the hours worked follow from those.
_WORKED = """SELECT todo_id FROM main.sessions WHERE id IN (SELECT id FROM temp.touched_sessions)
    UNION SELECT todo_id FROM temp.then_sessions"""
_HOURS = """UPDATE temp.then_todos SET actual_hours = CASE
    WHEN adjusted_hours IS NULL AND NOT EXISTS
      (SELECT 1 FROM sessions WHERE todo_id = then_todos.id AND ended_at IS NOT NULL) THEN NULL
    ELSE max(0.0, coalesce(adjusted_hours, 0.0) + coalesce(
      (SELECT sum(ended_at - started_at) FROM sessions WHERE todo_id = then_todos.id AND ended_at IS NOT NULL), 0)
      / 3600.0) END"""


def show(db: Database, at: int, *, seq: int | None = None) -> None:
    """Let a connection see intentions, projects, todos and sessions as they were known at an instant, and only that."""
    with db.lock:
        past = look_back(db, at, seq=seq, kinds=SHOWN)
        db.conn.execute("PRAGMA temp_store = MEMORY")
        db.conn.execute("BEGIN")
        for kind in SHOWN:
            _hold(db, kind, past)
        _hold_worked(db)
        for kind in SHOWN:
            _hide(db, kind, at)
        db.conn.execute(_HOURS)
        db.conn.execute("COMMIT")
        db.conn.execute("PRAGMA query_only = ON")


def _hold(db: Database, kind: type[Entity], past: Past) -> None:
    names, table = columns(kind), kind.table
    db.conn.execute(f"CREATE TEMP TABLE touched_{table} (id TEXT PRIMARY KEY) WITHOUT ROWID")
    db.conn.execute(f"CREATE TEMP TABLE then_{table} ({', '.join(names)})")
    db.conn.execute(f"CREATE UNIQUE INDEX temp.then_{table}_by_id ON then_{table} (id)")
    _touch(db, table, past.touched.get(table, ()))
    marks = ", ".join("?" * len(names))
    db.conn.executemany(f"INSERT INTO temp.then_{table} VALUES ({marks})", past.rebuilt.get(table, ()))


def _touch(db: Database, table: str, ids: Iterable[str]) -> None:
    db.conn.executemany(f"INSERT OR IGNORE INTO temp.touched_{table} VALUES (?)", ((id,) for id in sorted(ids)))


def _hold_worked(db: Database) -> None:
    """Hold those todos too which stand as they were but for the hours worked on them."""
    names = ", ".join(columns(Todo))
    db.conn.execute(
        f"""INSERT INTO temp.then_todos SELECT {names} FROM main.todos
        WHERE id IN ({_WORKED}) AND id NOT IN (SELECT id FROM temp.touched_todos)"""
    )
    db.conn.execute("INSERT OR IGNORE INTO temp.touched_todos SELECT id FROM temp.then_todos")


def _hide(db: Database, kind: type[Entity], at: int) -> None:
    names, table = columns(kind), kind.table
    said = _SAID if kind is Project else ()
    listed = ", ".join(f"CASE WHEN last_ai_update <= {at:d} THEN {name} END AS {name}" if name in said else name
                       for name in names)  # fmt: skip
    db.conn.execute(
        f"""CREATE TEMP VIEW {table} (rowid, {", ".join(names)}) AS
        SELECT rowid, {listed} FROM main.{table} WHERE id NOT IN (SELECT id FROM temp.touched_{table})
        UNION ALL SELECT rowid + (1 << 50), {", ".join(names)} FROM temp.then_{table}"""
    )
