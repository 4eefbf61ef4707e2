"""Small lives for these tests, and what has to hold of a database whatever happened to it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from orc_lab.model.entities import Project, Todo
from orc_lab.store import copies, external, schema, shelf
from orc_lab.workbench.bench import Workbench

OLD_SQL = """
INSERT INTO identity VALUES (1, 'u', 'd', 0, 5);
INSERT INTO settings VALUES ('s', 'zone', '"Europe/Berlin"', 0);
INSERT INTO projects (id, user_id, title, created_at, updated_at) VALUES ('p', 'u', 'Thesis', 5, 5);
INSERT INTO todos (id, user_id, project_id, title, adjusted_hours, created_at, updated_at)
  VALUES ('t', 'u', 'p', 'Write', 2.5, 6, 6), ('o', 'u', NULL, 'Other', NULL, 7, 7);
UPDATE todos SET title = 'Write more', status = 'done', completed_at = 9 WHERE id = 't';
INSERT INTO sessions VALUES ('w', 't', 'd', 100, 3700, 'timer');
INSERT INTO forecasts (id, model, subject, unit, quantiles, basis, inputs_hash, as_of, made_at, origin)
  VALUES ('f', 'm', 's', 'h', '{}', 'history', 'h', 1, 5, 'live');
DELETE FROM todos WHERE id = 'o';
"""


def make(path: Path) -> None:
    """Make a database with a project, todos in every state of work, a week and its history."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with Workbench.init(path, zone="Europe/Berlin") as wb:
        project = wb.add_project("Thesis", why="because")
        todos = [wb.add_todo(f"Write {number}", project_id=project.id, estimated_hours=2) for number in range(12)]
        wb.commit(todos[0].id)
        wb.start(todos[0].id)
        wb.stop()
        wb.done(todos[0].id, actual_hours=3)
        wb.update(Project, project.id, why="for its own sake")


def make_old(path: Path, version: int) -> None:
    """Make a database of an earlier schema, by its migrations alone, with rows and their history."""
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("PRAGMA foreign_keys = ON")
        schema.upgrade(conn, str(path), schema.migrations()[:version])
        if version < 3:  # its triggers knew no correction of the clock
            for name, sql in conn.execute("SELECT name, sql FROM sqlite_master WHERE sql LIKE '% + skew%'").fetchall():
                conn.execute(f"DROP TRIGGER {name}")
                conn.execute(sql.replace(" + skew", ""))
        for statement in schema.statements(OLD_SQL):
            conn.execute(statement)


def titles(path: Path) -> set[str]:
    """The titles of the todos as another program would read them."""
    with closing(sqlite3.connect(path)) as conn:
        return {title for (title,) in conn.execute("SELECT title FROM todos")}


def clock(path: Path) -> int:
    """The latest instant that the history has reached, in microseconds."""
    with closing(sqlite3.connect(path)) as conn:
        (found,) = conn.execute(
            "SELECT max(floor, coalesce((SELECT max(hlc) FROM change_log), 0)) FROM change_context"
        ).fetchone()
        return int(found)


def whole(path: Path) -> None:
    """Assert that a database is whole: its pages, its history, and every file that has a backup's name."""
    with Workbench.open(path, durability="normal") as wb:
        assert wb.db.rows("PRAGMA integrity_check") == [("ok",)]
        assert wb.db.rows("PRAGMA foreign_key_check") == []
        assert external.differences(wb.db.conn) == {}
        wb.count(Todo)
    for backup in shelf.listed(str(path)):
        if backup.good:
            copies.check(backup.path)


def damage_pages(path: Path, *pages: int) -> None:
    """Overwrite pages of a closed database, the first one being 1."""
    with path.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * 4096)
            file.write(b"\xa5" * 4096)


def page_of(path: Path, table: str) -> int:
    """The page on which a table begins."""
    with closing(sqlite3.connect(path)) as conn:
        return int(conn.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0])
