"""A mirror that follows the log holds what a mirror made afresh would hold."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from orc_lab.errors import OrcError
from orc_lab.mirror.duck import TABLES, Mirror
from orc_lab.model.entities import ImportRecord, Link, Project, Session, Todo
from orc_lab.workbench.bench import Workbench
from tests.mirror.alike import held, stored

# Nothing records when a row was written without a change to it.
UNRECORDED = ("updated_at",)


def todo(bench: Workbench, number: int) -> str:
    """The id of one of the todos; a new one where there is none."""
    found = bench.find(Todo, order="id")
    return found[number % len(found)].id if found else bench.add_todo("first").id


def project(bench: Workbench, number: int) -> str:
    found = bench.find(Project, order="id")
    return found[number % len(found)].id if found else bench.add_project("Thesis").id


def work(bench: Workbench, number: int) -> None:
    session = bench.create(
        Session, todo_id=todo(bench, number), device_id="d", started_at=100, ended_at=100 + 60 * number
    )
    if number % 3 == 0:
        bench.update(Session, session.id, todo_id=todo(bench, number + 1), ended_at=9999)
    elif number % 3 == 1:
        bench.delete(Session, session.id)


def by_a_shell(bench: Workbench, sql: str) -> None:
    shell = sqlite3.connect(bench.db.path, isolation_level=None)
    shell.execute(sql)
    shell.close()


EDITS: list[Callable[[Workbench, int], object]] = [
    lambda bench, n: bench.add_todo(f"todo {n}", estimated_hours=n / 3, tags=["a", "ü,'\""][: n % 3]),
    lambda bench, n: bench.capture(f"Write {n} +Garden 2h !high #deep"),
    lambda bench, n: bench.update(Todo, todo(bench, n), title=f"title {n % 4}"),
    lambda bench, n: bench.update(Todo, todo(bench, n), description=None if n % 2 else "words"),
    lambda bench, n: bench.match(todo(bench, n), project(bench, n)),
    lambda bench, n: bench.done(todo(bench, n), actual_hours=n / 7),
    lambda bench, n: bench.drop(todo(bench, n)),
    lambda bench, n: bench.reopen(todo(bench, n)),
    lambda bench, n: bench.commit(todo(bench, n)),
    lambda bench, n: bench.uncommit(todo(bench, n)),
    lambda bench, n: bench.confirm_plan(bench.week()),
    lambda bench, n: bench.set_goal(bench.week(), goal=f"goal {n % 3}"),
    lambda bench, n: bench.delete(Todo, todo(bench, n)),
    lambda bench, n: bench.delete(Project, project(bench, n)),
    lambda bench, n: bench.undo(),
    lambda bench, n: bench.create(Link, blocker_id=todo(bench, n), blocked_id=todo(bench, n + 1)),
    lambda bench, n: bench.set_capacity(bench.today(), (n % 3) / 2),
    lambda bench, n: bench.set_setting("hours_per_week", 10 + n % 20),
    lambda bench, n: bench.start(todo(bench, n)),
    lambda bench, n: bench.stop(),
    work,
    lambda bench, n: by_a_shell(bench, f"UPDATE projects SET health_score = {n % 101}, activity_summary = '{{}}'"),
    lambda bench, n: by_a_shell(bench, f"INSERT INTO knowledge VALUES ('k{n}', 'rules', 'r', '{{}}', 1, NULL, 1)"),
]  # fmt: skip


@settings(max_examples=8)
@given(st.lists(st.lists(st.tuples(st.sampled_from(range(len(EDITS))), st.integers(0, 50)), max_size=8), max_size=4))
def test_following_is_the_same_as_starting_afresh(rounds: list[list[tuple[int, int]]]) -> None:
    with TemporaryDirectory() as folder, Workbench.init(Path(folder) / "life.db") as bench, Mirror(bench.db) as mirror:
        bench.db.conn.execute("PRAGMA synchronous = OFF")
        for edits in rounds:
            for edit, number in edits:
                try:
                    EDITS[edit](bench, number)
                except OrcError:  # nothing to undo, no session to stop, a closed todo to commit to
                    continue
            mirror.refresh()
            with Mirror(bench.db) as afresh:
                assert held(afresh) == stored(bench.db)
                assert held(mirror, UNRECORDED) == held(afresh, UNRECORDED)


def test_refresh_tells_which_tables_it_read(bench: Workbench) -> None:
    with Mirror(bench.db) as mirror:
        assert mirror.refresh() == frozenset()
        bench.add_todo("one")
        assert mirror.refresh() == {"todos", "activities"}
        assert mirror.refresh() == frozenset()
        bench.create(Session, todo_id=todo(bench, 0), device_id="d", started_at=0, ended_at=3600)
        assert mirror.refresh() >= {"sessions", "todos"}
        assert mirror.sql("SELECT actual_hours FROM todos")["actual_hours"].to_list() == [1.0]


def test_a_query_sees_the_last_commit(bench: Workbench) -> None:
    with Mirror(bench.db) as mirror:
        for number in range(3):
            bench.add_todo(f"todo {number}")
            assert mirror.sql("SELECT count(*) AS n FROM todos")["n"][0] == number + 1


def test_what_is_not_committed_is_not_seen_and_not_missed(bench: Workbench) -> None:
    with Mirror(bench.db) as mirror:
        with bench.edit("two"):
            bench.add_todo("one")
            assert mirror.refresh() == frozenset()
            with Mirror(bench.db) as made_meanwhile:
                assert held(made_meanwhile)["todos"] == []
            bench.add_todo("two")
        mirror.refresh()
        assert held(mirror) == stored(bench.db)
        with suppress(ZeroDivisionError), bench.edit("three"):
            bench.add_todo("three")
            mirror.refresh()
            bench.add_todo(f"four {1 // 0}")
        bench.add_todo("five")
        mirror.refresh()
        assert held(mirror) == stored(bench.db)
        assert len(held(mirror)["todos"]) == 3


def test_a_restored_database_is_read_again(bench: Workbench, tmp_path: Path) -> None:
    bench.add_todo("kept")
    saved = sqlite3.connect(tmp_path / "saved.db")
    bench.db.conn.backup(saved)
    with Mirror(bench.db) as mirror:
        bench.add_todo("lost")
        mirror.refresh()
        saved.backup(bench.db.conn)
        saved.close()
        assert mirror.refresh() >= set(TABLES)
        assert held(mirror) == stored(bench.db)
        assert len(held(mirror)["todos"]) == 1


def test_until_when_the_past_was_imported_follows(bench: Workbench) -> None:
    with Mirror(bench.db) as mirror:
        assert mirror.imported_until is None
        record = ImportRecord(
            id="i",
            source="csv",
            external_id="1",
            subject="todos",
            subject_id="x",
            content_hash="h",
            raw="{}",
            imported_at=77,
        )
        with bench.edit("import", origin="import") as tx:
            tx.insert(record)
        mirror.refresh()
        assert mirror.imported_until == 77


def test_a_bulk_edit_is_followed(bench: Workbench) -> None:
    with Mirror(bench.db) as mirror:
        with bench.edit("many") as tx:
            row = Todo(id="", user_id=bench.user_id, title="x", created_at=1, updated_at=1)
            tx.insert_many([replace(row, id=f"id {number}") for number in range(2000)])
        mirror.refresh()
        assert held(mirror) == stored(bench.db)


def test_a_refresh_without_news_costs_nothing(bench: Workbench) -> None:
    with Mirror(bench.db) as mirror:
        took = []
        for _ in range(50):
            start = time.perf_counter()
            mirror.refresh()
            took.append(time.perf_counter() - start)
    assert sorted(took)[25] < 0.001
