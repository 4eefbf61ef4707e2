"""The mirror holds what the database holds, whatever that is, and a query can neither change it nor leave it."""

import math
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc_lab.errors import DatabaseMissing, InvalidQuery
from orc_lab.mirror import load
from orc_lab.mirror.duck import TABLES, Mirror
from orc_lab.mirror.load import Table, declare, insert
from orc_lab.model.entities import KINDS, Activity, Todo
from orc_lab.workbench.bench import Workbench
from tests.mirror.alike import held, stored

ODD = [
    "007", "1e5", "NaN", "nan", "inf", "NULL", "None", "true", "2026-11-27", "'", '"', '""', "a,b", "a\nb", "a\r\nb",
    "a\tb", "a\0b", "\\N", "🦔 émoji", "مرحبا", "%s {x} $1 ?", "'; DROP TABLE todos; --", " ", "x" * 100_000,
]  # fmt: skip
TEXT = st.one_of(st.sampled_from(ODD), st.text(st.characters(exclude_categories=["Cs"])))
WHOLE = st.integers(-(2**63), 2**63 - 1)
REAL = st.floats(allow_nan=False, width=64)
ROWS = st.lists(st.tuples(TEXT, *(st.none() | kind for kind in (TEXT, WHOLE, REAL, WHOLE | REAL | TEXT))))


@pytest.fixture(scope="module")
def duck() -> Iterator[Any]:  # named by its type, pytest would keep DuckDB alive beyond Python's end
    with duckdb.connect(":memory:", config={"pandas_analyze_sample": 0, "threads": 1}) as duck:
        yield duck


@given(rows=ROWS)
def test_values_survive(duck: Any, rows: list[tuple[object, ...]]) -> None:
    table = Table(
        name="t", columns=("id", "words", "whole", "part", "mixed"), types=("TEXT", "TEXT", "INTEGER", "REAL", "ANY")
    )
    declare(duck, table)
    assert insert(duck, table, rows) == len(rows)
    found = duck.execute("SELECT * FROM t").fetchall()
    mixed = [None if row[4] is None else row[4] if isinstance(row[4], str) else repr(row[4]) for row in rows]
    assert found == [(*row[:4], text) for row, text in zip(rows, mixed, strict=True)]
    assert all(math.copysign(1, a[3]) == math.copysign(1, b[3]) for a, b in zip(found, rows, strict=True) if b[3] == 0)


def test_odd_text_comes_through_the_database(bench: Workbench) -> None:
    for text in ODD:
        todo = bench.add_todo(text if text.strip() else "x", description=text, category=text, tags=[text, "b"])
        told = Activity(
            id=text, subject="todos", subject_id=todo.id, kind="note", old=0.1, new=text, occurred_at=1, recorded_at=1
        )
        with bench.edit("tell") as tx:
            tx.insert(told)
    with Mirror(bench.db) as mirror:
        assert held(mirror) == stored(bench.db)
        found = mirror.sql("SELECT description FROM todos ORDER BY id")["description"]
        assert found.to_list() == [row[0] for row in bench.db.rows("SELECT description FROM todos ORDER BY id")]
        assert found.dtype == "str"


def test_a_column_that_is_empty_for_long_keeps_its_type(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "BATCH", 50)
    row = Todo(id="", user_id=bench.user_id, title="x", created_at=1, updated_at=1)
    with bench.edit("many") as tx:
        tx.insert_many([replace(row, id=f"{number:06}") for number in range(125)])
        tx.insert(replace(row, id="last", category="1e5", started_at=2**62 + 1, position=0.1))
    with Mirror(bench.db) as mirror:
        assert held(mirror) == stored(bench.db)


def test_bytes_that_are_no_text_are_read_as_replacements(bench: Workbench) -> None:
    todo = bench.add_todo("x")
    with Mirror(bench.db) as early:
        shell = sqlite3.connect(bench.db.path, isolation_level=None)
        shell.execute("UPDATE todos SET title = CAST(x'ff41' AS TEXT) WHERE id = ?", (todo.id,))
        shell.close()
        with Mirror(bench.db) as late:
            for mirror in (early, late):
                assert mirror.sql("SELECT title FROM todos")["title"].to_list() == ["\ufffdA"]


def test_tables_tell_names_columns_and_rows(bench: Workbench) -> None:
    bench.add_todo("one")
    bench.add_todo("two")
    with Mirror(bench.db) as mirror:
        found = {table.name: table for table in mirror.tables()}
    assert tuple(found) == TABLES
    assert set(TABLES) >= set(KINDS) - {"imports"}
    assert found["todos"].rows == 2
    assert list(found["todos"].columns) == [
        name for (name,) in bench.db.rows("SELECT name FROM pragma_table_info('todos')")
    ]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) AS n FROM todos",
        "FROM todos SELECT count(*) AS n",
        "WITH t AS (SELECT * FROM todos) SELECT count(*) AS n FROM t",
        "-- how many?\nSELECT count(*) AS n FROM todos;",
        "VALUES (1)",
        "DESCRIBE todos",
        "SUMMARIZE todos",
        "SHOW TABLES",
        "EXPLAIN SELECT * FROM todos",
        "PIVOT todos ON status USING count(*)",
    ],
)
def test_what_reads_is_answered(bench: Workbench, query: str) -> None:
    bench.add_todo("one")
    with Mirror(bench.db) as mirror:
        assert len(mirror.sql(query)) > 0
        assert held(mirror) == stored(bench.db)


def test_a_query_may_not_do_more_than_read(bench: Workbench, tmp_path: Path) -> None:
    bench.add_todo("one")
    secret, out = tmp_path / "secret.csv", tmp_path / "out"
    secret.write_text("a\n1\n", encoding="utf-8")
    hostile = [
        "DELETE FROM todos", "UPDATE todos SET title = ''", "INSERT INTO settings VALUES ('a', 'b', 'c', 1)",
        "DROP TABLE todos", "TRUNCATE todos", "CREATE TABLE x (a INT)", "CREATE TEMP TABLE x (a INT)",
        "WITH gone AS (DELETE FROM todos RETURNING *) SELECT * FROM gone", "EXPLAIN ANALYZE DELETE FROM todos",
        "MERGE INTO todos USING (VALUES ('x')) AS v (id) ON true WHEN MATCHED THEN DELETE",
        f"COPY todos TO '{out}'", f"EXPLAIN ANALYZE COPY (SELECT 1) TO '{out}'", f"EXPORT DATABASE '{out}'",
        f"ATTACH '{out}'", f"ATTACH '{bench.db.path}' (TYPE sqlite)", "INSTALL sqlite", "LOAD sqlite", "USE memory",
        f"SELECT * FROM '{secret}'", f"SELECT * FROM read_csv('{secret}')", f"SELECT * FROM read_text('{secret}')",
        f"SELECT * FROM read_blob('{bench.db.path}')", f"SELECT * FROM glob('{tmp_path}/*')",
        f"SELECT * FROM sniff_csv('{secret}')", "SELECT * FROM 'https://example.org/x.parquet'",
        "SELECT * FROM hostile", "SET threads = 1", "RESET lock_configuration", "PRAGMA threads = 1",
        "CALL pragma_version()", "CHECKPOINT", "BEGIN", "VACUUM", "PREPARE p AS SELECT 1",
        "SELECT 1; DELETE FROM todos", "SELECT 1; SELECT 2", "", ";", "-- no",
        "SELEC 1", "SELECT nothing FROM todos", "SELECT $1", "SELECT 1 / 'x'",
    ]  # fmt: skip
    with Mirror(bench.db) as mirror:
        for query in hostile:
            with pytest.raises(InvalidQuery, match=r"^The query failed: [^\n]+$"):
                mirror.sql(query)
        assert held(mirror) == stored(bench.db)
        assert len(mirror.sql("SELECT * FROM todos")) == 1
    assert sorted(path.name for path in tmp_path.iterdir() if "life.db" not in path.name) == ["secret.csv"]


def test_what_went_wrong_is_said_in_duckdb_s_words(bench: Workbench) -> None:
    with Mirror(bench.db) as mirror, pytest.raises(InvalidQuery, match=r'Table with name "?tods"? does not exist'):
        mirror.sql("SELECT * FROM tods")


def test_a_missing_database_is_named(bench: Workbench, tmp_path: Path) -> None:
    bench.close()
    Path(bench.db.path).unlink()
    with pytest.raises(DatabaseMissing):
        Mirror(bench.db)


def test_a_closed_mirror_can_be_closed_again(bench: Workbench) -> None:
    mirror = Mirror(bench.db)
    mirror.close()
    mirror.close()
    bench.add_todo("the database goes on")


def test_threads_share_a_mirror(bench: Workbench) -> None:
    found: list[int] = []
    with Mirror(bench.db) as mirror:

        def ask() -> None:
            for _ in range(10):
                found.append(int(mirror.sql("SELECT count(*) AS n FROM todos")["n"][0]))

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for number in range(10):
            bench.add_todo(f"todo {number}")
        for thread in threads:
            thread.join()
        assert len(found) == 30
        assert mirror.sql("SELECT count(*) AS n FROM todos")["n"][0] == 10
