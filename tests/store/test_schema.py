"""Migrations: each commits together with its record, keeps the data, or leaves everything as it was."""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from orc_lab.errors import SchemaTooNew
from orc_lab.model.entities import ForecastRecord, Project, Recommendation, Todo
from orc_lab.store import capture, schema
from orc_lab.store.database import Database
from orc_lab.store.schema import Migration
from orc_lab.workbench.bench import Workbench
from tests.store import laws

KNOWN = schema.known_version()
SECOND = Migration(
    version=KNOWN + 1,
    name="mood",
    sql="""-- A new column and a new table.
ALTER TABLE projects ADD COLUMN mood TEXT;
CREATE TABLE moods (name TEXT PRIMARY KEY, note TEXT) STRICT;
INSERT INTO moods VALUES ('good; very', 'a semicolon in text');
CREATE TRIGGER moods_noted AFTER INSERT ON moods BEGIN
  UPDATE moods SET note = 'noted' WHERE name = NEW.name;
END;
""",
)


def rebuilt(conn: sqlite3.Connection, table: str) -> str:
    """The SQL that rebuilds a table as it is, with one more CHECK, the way SQLite's manual tells."""
    (sql,) = conn.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    indexes = conn.execute("SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql > ''", (table,))
    new = re.sub(r"\)\s*STRICT$", ", CHECK (title <> 'never')) STRICT", sql).replace(table, f"{table}_new", 1)
    assert new.count("never") == 1
    return f"""{new};
INSERT INTO {table}_new SELECT * FROM {table};
DROP TABLE {table};
ALTER TABLE {table}_new RENAME TO {table};
{"; ".join(index for (index,) in indexes)};"""


@pytest.fixture
def db(path: Path) -> Iterator[Database]:
    """A database with a little of everything."""
    with Workbench.init(path) as wb:
        project = wb.add_project("Thesis")
        todo = wb.add_todo("Write", project_id=project.id, estimated_hours=2)
        wb.commit(todo.id)
        wb.start(todo.id)
        wb.stop()
        wb.done(todo.id, actual_hours=3)
        yield wb.db


def third(db: Database) -> Migration:
    """A migration that rebuilds two tables which others refer to, as they are after the second."""
    upgrade(db, SECOND)
    sql = "\n".join(rebuilt(db.conn, table) for table in ("todos", "projects"))
    return Migration(version=KNOWN + 2, name="rebuild", sql=sql)


def upgrade(db: Database, *steps: Migration) -> int:
    return schema.upgrade(db.conn, db.path, [*schema.migrations(), *steps])


def everything(db: Database) -> Sequence[tuple[object, ...]]:
    """All that the file holds, as SQL."""
    return [(line,) for line in db.conn.iterdump()]


def test_each_migration_is_numbered_and_recorded(db: Database) -> None:
    steps = schema.migrations()
    assert [step.version for step in steps] == list(range(1, KNOWN + 1))
    assert db.rows("SELECT version, name FROM schema_migrations") == [(step.version, step.name) for step in steps]


def test_a_new_database_is_as_one_that_took_each_step_by_itself(tmp_path: Path) -> None:
    made = []
    for number, steps in enumerate([[KNOWN], range(1, KNOWN + 1)]):
        with closing(sqlite3.connect(tmp_path / f"{number}.db", isolation_level=None)) as conn:
            for step in steps:
                schema.upgrade(conn, "new.db", schema.migrations()[:step])
            made.append(conn.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name").fetchall())
            assert conn.execute("SELECT max(version), count(*) FROM schema_migrations").fetchone() == (KNOWN, KNOWN)
            assert not capture.stale(conn)
    assert made[0] == made[1]


def test_a_new_database_has_all_steps_or_none(tmp_path: Path) -> None:
    failing = Migration(version=KNOWN + 1, name="failing", sql="INSERT INTO nowhere VALUES (1);")
    with closing(sqlite3.connect(tmp_path / "new.db", isolation_level=None)) as conn:
        with pytest.raises(sqlite3.OperationalError, match="nowhere"):
            schema.upgrade(conn, "new.db", [*schema.migrations(), failing])
        assert conn.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


def test_a_database_of_the_first_schema_is_brought_here_with_all_it_holds(tmp_path: Path) -> None:
    path = str(tmp_path / "first.db")
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        for sql in schema.statements(schema.migrations()[0].sql):
            conn.execute(sql)
        conn.execute(schema._RECORD)
        conn.execute("INSERT INTO schema_migrations VALUES (1, 'initial', 5)")
        conn.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        conn.execute("INSERT INTO identity VALUES (1, 'u', 'd', 0, 5)")
        conn.execute(
            """INSERT INTO forecasts
            VALUES ('f', 'm', 's', NULL, 2, 'h', '{}', 'history', 'h', 1, 5, 'live', 1.5, 6, '{}')"""
        )
        conn.execute(
            """INSERT INTO recommendations
            VALUES ('r', 'optimization', 'low', NULL, 't', NULL, '[]', NULL, NULL, NULL, 5, 'done', 6, NULL)"""
        )
    with Workbench.open(path) as wb:
        assert schema.version(wb.db.conn) == KNOWN
        assert not capture.stale(wb.db.conn)
        found = wb.get(ForecastRecord, "f")
        assert (found.outcome, found.resolved_at, found.score, found.day) == (1.5, 6, "{}", None)
        assert wb.get(Recommendation, "r").response == "done"


def test_later_migrations_keep_the_data_and_the_triggers(db: Database) -> None:
    tables = {kind: laws.captured_rows(db, kind) for kind in (Todo, Project)}
    derived = laws.derived_hours(db), laws.derived_goals(db)
    assert upgrade(db, SECOND, third(db)) == KNOWN + 2
    assert db.rows("SELECT name FROM schema_migrations ORDER BY version")[-2:] == [("mood",), ("rebuild",)]
    assert db.rows("SELECT name, note FROM moods") == [("good; very", "a semicolon in text")]
    assert tables == {kind: laws.captured_rows(db, kind) for kind in (Todo, Project)}
    assert derived == (laws.derived_hours(db), laws.derived_goals(db))
    assert db.rows("PRAGMA foreign_keys") == [(1,)]
    assert db.rows("PRAGMA foreign_key_check") == []
    assert db.rows("PRAGMA integrity_check") == [("ok",)]
    assert not capture.stale(db.conn)


def test_the_rebuilt_tables_are_captured_and_refer_to_each_other(db: Database) -> None:
    upgrade(db, SECOND, third(db))
    ((project,),) = db.rows("SELECT id FROM projects")
    db.rows("UPDATE projects SET mood = 'fine', title = 'T'")
    changes = db.rows("SELECT field, new FROM change_cell WHERE seq = (SELECT max(seq) FROM change_log) ORDER BY field")
    assert changes == [("mood", "fine"), ("title", "T")]
    db.rows("UPDATE todos SET adjusted_hours = 5.5")
    assert laws.derived_hours(db) == laws.defined_hours(db)
    with pytest.raises(sqlite3.IntegrityError):
        db.conn.execute("UPDATE todos SET title = 'never'")
    db.rows("DELETE FROM projects WHERE id = ?", (project,))
    assert db.rows("SELECT project_id FROM todos") == [(None,)]
    laws.hold(db)


def test_a_second_run_does_nothing(db: Database) -> None:
    upgrade(db, SECOND)
    before = everything(db)
    assert upgrade(db, SECOND) == KNOWN + 1
    assert everything(db) == before


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE extra (a TEXT) STRICT; UPDATE todos SET title = 'changed'; CREATE TABLE extra (a TEXT) STRICT;",
        "DROP TABLE links; SELECT no_such_function();",
        "UPDATE todos SET title = 'changed'; INSERT INTO links VALUES ('1', 'nowhere', 'nowhere', 5);",
        "CREATE TABLE extra (a TEXT) STRICT; DELETE FROM projects; this is not SQL",
    ],
    ids=["twice", "fails late", "broken reference", "no SQL"],
)
def test_a_migration_that_fails_leaves_everything_as_it_was(db: Database, sql: str) -> None:
    upgrade(db, SECOND)
    before = everything(db)
    failing = Migration(version=KNOWN + 2, name="failing", sql=sql)
    with pytest.raises(sqlite3.Error):
        upgrade(db, SECOND, failing)
    assert db.rows("SELECT max(version) FROM schema_migrations") == [(KNOWN + 1,)]
    assert everything(db) == before
    assert db.rows("PRAGMA foreign_keys") == [(1,)]
    assert not capture.stale(db.conn)
    laws.hold(db)


def test_what_a_migration_changes_in_rows_is_captured(db: Database) -> None:
    upgrade(db, SECOND, Migration(version=KNOWN + 2, name="fill", sql="UPDATE projects SET mood = 'new', why = 'x';"))
    assert db.rows("SELECT mood, why FROM projects") == [("new", "x")]
    ((seq,),) = db.rows("SELECT max(seq) FROM change_log")
    cells = db.rows("SELECT field, new FROM change_cell WHERE seq = ? ORDER BY field", (seq,))
    assert cells == [("mood", "new"), ("why", "x")]
    laws.hold(db)


def test_a_database_ahead_of_the_steps_is_refused(db: Database) -> None:
    upgrade(db, SECOND)
    with pytest.raises(SchemaTooNew, match=f"schema {KNOWN + 1}, newer than this orc_lab knows"):
        upgrade(db)


def test_two_processes_that_upgrade_at_once_do_it_once(db: Database) -> None:
    with closing(sqlite3.connect(db.path, isolation_level=None)) as second:
        assert schema.version(second) == KNOWN
        upgrade(db, SECOND)
        schema._apply(second, SECOND)  # it found the old version before the first one had committed
    assert db.rows("SELECT count(*) FROM schema_migrations WHERE version = ?", (KNOWN + 1,)) == [(1,)]


def test_missing_or_changed_triggers_are_mended_at_the_next_opening(path: Path) -> None:
    with Workbench.init(path) as wb:
        project = wb.add_project("Thesis")
    with closing(sqlite3.connect(path)) as shell, shell:
        shell.execute("DROP TRIGGER capture_projects_update")
        shell.execute("DROP TRIGGER derive_actual_worked")
        shell.execute("DROP TRIGGER capture_todos_insert")
        shell.execute("CREATE TRIGGER capture_todos_insert AFTER INSERT ON todos BEGIN SELECT 1; END")
        shell.execute("CREATE TRIGGER capture_everything AFTER INSERT ON todos BEGIN SELECT 1; END")
        shell.execute("CREATE TRIGGER my_own AFTER INSERT ON todos BEGIN SELECT 1; END")
    with Workbench.open(path) as wb:
        assert not capture.stale(wb.db.conn)
        kept = wb.db.rows(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name IN (?, ?)", ("capture_everything", "my_own")
        )
        assert kept == [("my_own",)]
        todo = wb.add_todo("Write", project_id=project.id)
        wb.start(todo.id)
        wb.stop()
        wb.update(Project, project.id, title="T")
        laws.hold(wb.db)


def test_a_script_is_cut_where_statements_end() -> None:
    assert len(list(schema.statements(SECOND.sql))) == 4
    assert list(schema.statements("SELECT 1")) == ["SELECT 1"]
    assert list(schema.statements("SELECT 1;\n-- the end\n")) == ["SELECT 1;"]
