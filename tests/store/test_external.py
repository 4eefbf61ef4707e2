"""Whatever was edited while nothing recorded it: found exactly, and recorded so that the law holds again."""

import sqlite3

from hypothesis import given, settings
from hypothesis import strategies as st

from orc_lab.store import capture, external
from orc_lab.store.database import Database, create
from tests.store import laws

VALUES = st.one_of(st.none(), st.text(max_size=5), st.sampled_from(["", "x", "é"]))
EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 5), VALUES),
        st.tuples(st.just("edit"), st.integers(0, 5), VALUES),
        st.tuples(st.just("drop"), st.integers(0, 5), VALUES),
        st.tuples(st.just("happen"), st.integers(0, 9), st.sampled_from([None, 1, 1.5, "1", b"\xff"])),
        st.tuples(st.just("triggers"), st.booleans(), st.none()),
    ),
    max_size=25,
)


def edit(conn: sqlite3.Connection, what: str, which: object, value: object) -> None:
    if what == "add":
        row = (str(which), value or "t", value)
        conn.execute("INSERT OR IGNORE INTO intentions VALUES (?, 'u', ?, ?, 5, 5, NULL)", row)
    elif what == "edit":
        conn.execute("UPDATE intentions SET description = ?, synced_at = 9 WHERE id = ?", (value, str(which)))
    elif what == "drop":
        conn.execute("DELETE FROM intentions WHERE id = ?", (str(which),))
    elif what == "happen":
        row = (str(which), value)
        conn.execute("INSERT OR IGNORE INTO activities VALUES (?, 'todos', 's', 'note', NULL, ?, 5, 5)", row)
    elif which:
        capture.ensure(conn)
    else:
        for name in capture.there(conn):
            conn.execute(f"DROP TRIGGER {name}")


@settings(max_examples=15)
@given(EDITS)
def test_after_recording_the_log_gives_the_tables_again(edits: list[tuple[str, object, object]]) -> None:
    with create(":memory:") as db:
        for one in edits:
            edit(db.conn, *one)
        capture.ensure(db.conn)
        before = {table: rows(db, table) for table in ("intentions", "activities")}
        found = external.differences(db.conn)
        db.conn.execute("BEGIN IMMEDIATE")
        assert external.record(db.conn) == found
        db.conn.execute("COMMIT")
        assert external.differences(db.conn) == {}
        assert before == {table: rows(db, table) for table in ("intentions", "activities")}
        laws.hold(db)
        edits_there = db.rows("SELECT count(*) FROM change_tx WHERE actor = 'external'")
        assert edits_there == [(int(bool(found)),)]


def rows(db: Database, table: str) -> list[tuple[object, ...]]:
    return db.rows(f"SELECT * FROM {table} ORDER BY id")


@given(EDITS)
@settings(max_examples=10)
def test_what_was_recorded_all_along_differs_nowhere(edits: list[tuple[str, object, object]]) -> None:
    with create(":memory:") as db:
        for one in edits:
            if one[0] != "triggers":
                edit(db.conn, *one)
        assert external.differences(db.conn) == {}
