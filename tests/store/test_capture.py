"""Whatever edits a row, the change log knows: also the plain sqlite3 shell, which knows nothing of us."""

import shutil
import sqlite3
import subprocess
from itertools import pairwise

import pytest

from orc_lab.model.change import Op
from orc_lab.model.entities import Intention, Todo
from orc_lab.store import change_log, history
from orc_lab.store.database import Database
from tests.store import laws

TODO = "INSERT INTO todos (id, user_id, title, created_at, updated_at) VALUES"


def changes(db: Database) -> list[tuple[str, str, Op, dict[str, object]]]:
    """What the log holds: table, id, operation and the new values."""
    return [(c.table, c.id, c.op, {f: new for f, (_, new) in c.cells.items()}) for c in change_log.since(db, 0)]


def test_an_edit_by_another_connection_is_captured_as_local(db: Database, shell: sqlite3.Connection) -> None:
    shell.execute(f"{TODO} ('1', 'u', 'Write', 5, 5)")
    shell.execute("UPDATE todos SET title = 'Read', estimated_hours = 2, title = 'Read'")
    shell.execute("UPDATE todos SET title = 'Read', updated_at = 9")  # nothing that is captured
    shell.execute("DELETE FROM todos")
    new = {"user_id": "u", "title": "Write", "status": "dumped", "priority": "medium", "created_at": 5}
    assert changes(db) == [
        ("todos", "1", Op.INSERT, new),
        ("todos", "1", Op.UPDATE, {"title": "Read", "estimated_hours": 2.0}),
        ("todos", "1", Op.DELETE, dict.fromkeys([*new, "estimated_hours"])),
    ]
    entries = change_log.since(db, 0)
    assert {(c.origin, c.tx) for c in entries} == {("local", None)}
    assert entries[1].cells["title"] == ("Write", "Read")
    assert entries[2].cells["title"] == ("Read", None)
    assert [c.seq for c in change_log.since(db, 1, limit=1)] == [2]
    assert change_log.touched(db, 1) == {"todos": {"1"}}
    laws.hold(db)


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="needs the sqlite3 shell, which isn't installed here")
def test_an_edit_by_the_plain_shell_is_captured(db: Database) -> None:
    script = f"{TODO} ('1', 'u', 'Write', 5, 5); UPDATE todos SET status = 'done', completed_at = 7;"
    subprocess.run(["sqlite3", db.path, script], check=True)
    assert [op for _, _, op, _ in changes(db)] == [Op.INSERT, Op.UPDATE]
    laws.hold(db)


@pytest.mark.parametrize(
    "script",
    [
        "INSERT OR REPLACE INTO todos (id, user_id, title, created_at, updated_at) VALUES ('1', 'v', 'Other', 6, 6)",
        "INSERT INTO todos (id, user_id, title, created_at, updated_at) VALUES ('1', 'v', 'x', 6, 6) "
        "ON CONFLICT (id) DO UPDATE SET title = excluded.title, tags = '[\"a\"]'",
        "UPDATE OR REPLACE todos SET id = '2', title = 'Renamed over another' WHERE id = '1'",
        "UPDATE todos SET id = '7', title = 'Renamed', position = 1.5 WHERE id = '1'",
        "UPDATE todos SET id = id || id",
        "UPDATE todos SET title = upper(title), parent_id = '2' WHERE id = '1'",
        "DELETE FROM todos WHERE id = '1'",
        "DELETE FROM todos",
        "BEGIN; DELETE FROM todos; ROLLBACK",
        "BEGIN; UPDATE todos SET title = 'a'; SAVEPOINT s; DELETE FROM todos; ROLLBACK TO s; COMMIT",
        "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 40) "
        f"{TODO.replace(' VALUES', '')} SELECT i, 'u', 't' || i, i, i FROM n; UPDATE todos SET position = created_at",
        f"{TODO} ('é', 'u', 'it''s “ünïcödé” ' || char(0) || char(10), 5, 5)",
        "PRAGMA recursive_triggers = ON; REPLACE INTO todos SELECT * FROM todos",
        "PRAGMA trusted_schema = OFF; UPDATE todos SET title = 'still captured'",
        "UPDATE todos SET estimated_hours = 1e-300, position = -0.0; UPDATE todos SET estimated_hours = 0.1 + 0.2",
    ],
)
@pytest.mark.parametrize("foreign_keys", ["ON", "OFF"])
def test_the_law_holds_after_any_statement(
    db: Database, shell: sqlite3.Connection, script: str, foreign_keys: str
) -> None:
    shell.execute(f"{TODO} ('1', 'u', 'Write', 5, 5), ('2', 'u', 'Read', 5, 5), ('3', 'u', 'Rest', 5, 5)")
    shell.execute("INSERT INTO links VALUES ('l', '2', '3', 5)")
    shell.execute(f"PRAGMA foreign_keys = {foreign_keys}")
    try:
        shell.executescript(script)
    except sqlite3.IntegrityError:
        assert foreign_keys == "ON"  # a renamed or dropped parent
    laws.hold(db)


def test_a_cascade_is_captured_row_by_row(db: Database, shell: sqlite3.Connection) -> None:
    shell.execute("PRAGMA foreign_keys = ON")
    shell.execute(f"{TODO} ('1', 'u', 'Write', 5, 5), ('2', 'u', 'Read', 5, 5)")
    shell.execute("UPDATE todos SET parent_id = '1' WHERE id = '2'")
    shell.execute("INSERT INTO sessions VALUES ('s', '1', 'd', 0, 3600, 'timer')")
    shell.execute("INSERT INTO links VALUES ('l', '1', '2', 5)")
    head = change_log.head(db)
    shell.execute("DELETE FROM todos WHERE id = '1'")
    done = {(c.table, c.id, c.op) for c in change_log.since(db, head)}
    assert done == {
        ("todos", "1", Op.DELETE),
        ("todos", "2", Op.UPDATE),
        ("sessions", "s", Op.DELETE),
        ("links", "l", Op.DELETE),
    }
    laws.hold(db)


def test_hours_follow_sessions_and_the_own_figure_whoever_writes_them(db: Database, shell: sqlite3.Connection) -> None:
    def hours() -> list[float | None]:
        return [value for (value,) in db.rows("SELECT actual_hours FROM todos ORDER BY id")]

    shell.execute(f"{TODO} ('1', 'u', 'Write', 5, 5), ('2', 'u', 'Read', 5, 5)")
    shell.execute("INSERT INTO sessions VALUES ('s', '1', 'd', 0, NULL, 'timer')")
    assert hours() == [None, None]
    shell.execute("UPDATE sessions SET ended_at = 5400")
    assert hours() == [1.5, None]
    shell.execute("UPDATE todos SET adjusted_hours = -0.5 WHERE id = '1'")
    assert hours() == [1.0, None]
    shell.execute("UPDATE sessions SET todo_id = '2'")
    assert hours() == [0.0, 1.5]
    shell.execute("DELETE FROM sessions")
    assert hours() == [0.0, None]
    shell.execute("UPDATE todos SET adjusted_hours = NULL")
    assert hours() == [None, None]
    values = "adjusted_hours, actual_hours, created_at, updated_at) VALUES ('3', 'u', 't', 2, 99, 5, 5)"
    shell.execute(f"INSERT INTO todos (id, user_id, title, {values}")
    assert hours() == [None, None, 2.0]
    laws.hold(db)


def test_a_goal_counts_what_stood_when_its_plan_froze(db: Database, shell: sqlite3.Connection) -> None:
    shell.execute(f"{TODO} ('1', 'u', 'Write', 5, 5)")
    values = "freezes_at, created_at, updated_at) VALUES ('g', 'u', '2026-11-16', 100, 5, 5)"
    shell.execute(f"INSERT INTO weekly_goals (id, user_id, week_start_date, {values}")

    def promise(id: str, hours: str, outcome: str, made: int, resolved: str) -> None:
        shell.execute(f"INSERT INTO commitments VALUES ('{id}', 'g', '1', {hours}, '{outcome}', {made}, {resolved})")

    assert laws.derived_goals(db) == {"g": (0.0, None)}
    promise("done", "2", "done", 50, "150")
    promise("at the last second", "NULL", "open", 100, "NULL")
    promise("taken out before", "8", "removed", 60, "100")
    promise("taken out after", "1.5", "removed", 60, "101")
    promise("unplanned", "16", "done", 101, "150")
    assert laws.derived_goals(db) == {"g": (3.5, pytest.approx(1 / 3))}
    shell.execute("UPDATE weekly_goals SET freezes_at = 99")
    assert laws.derived_goals(db) == {"g": (11.5, pytest.approx(1 / 3))}  # taken out at 100: after the plan froze
    shell.execute("UPDATE commitments SET outcome = 'dropped' WHERE id = 'done'")
    shell.execute("DELETE FROM commitments WHERE id = 'taken out after'")
    assert laws.derived_goals(db) == {"g": (10.0, 0.0)}
    laws.hold(db)


def test_the_clock_never_goes_back(db: Database, shell: sqlite3.Connection) -> None:
    shell.execute(f"{TODO} ('1', 'u', 'Write', 5, 5)")
    future = 4_000_000_000_000_000
    shell.execute("UPDATE change_context SET floor = ?", (future,))
    shell.execute("UPDATE todos SET title = 'a'")
    shell.execute("UPDATE change_context SET floor = 0")
    for title in "bcd":
        shell.execute("UPDATE todos SET title = ?", (title,))
    clocks = [hlc for (hlc,) in db.rows("SELECT hlc FROM change_log ORDER BY seq")]
    assert all(before < after for before, after in pairwise(clocks))
    assert clocks[1:] == [future + 1, future + 2, future + 3, future + 4]


def test_a_transaction_marks_its_changes_and_leaves_no_mark_behind(db: Database, shell: sqlite3.Connection) -> None:
    with db.transaction("import", actor="importer", origin="import") as tx:
        tx.insert(Intention(id="1", user_id="u", title="Live", created_at=5, updated_at=5), at=77)
        tx.update(Intention, "1", {"title": "Live well"}, at=88)
        tx.update(Intention, "1", {"title": "Live very well"})
        number = tx.tx
    shell.execute("UPDATE intentions SET title = 'Shell'")
    entries = change_log.of_row(db, "1")
    assert [(c.origin, c.tx) for c in entries] == [("import", number)] * 3 + [("local", None)]
    assert [c.at for c in entries[:2]] == [77, 88]
    assert entries[2].at == entries[2].hlc // 1_000_000
    assert [entry.seq for entry in change_log.entries(db, number)] == [change.seq for change in entries[:3]]
    (edit,) = change_log.edits(db)
    assert (edit.tx, edit.actor, edit.label, edit.undoes) == (number, "importer", "import", None)
    laws.hold(db)


def test_a_row_that_came_back_is_replayed_without_its_former_life(db: Database, shell: sqlite3.Connection) -> None:
    shell.execute(f"{TODO} ('1', 'u', 'Write', 5, 5)")
    shell.execute("UPDATE todos SET description = 'old'")
    shell.execute("DELETE FROM todos")
    shell.execute(f"{TODO} ('1', 'u', 'Again', 6, 6)")
    replayed = history.replayed(db, Todo)["1"]
    assert (replayed["title"], replayed["description"]) == ("Again", None)
    laws.hold(db)
