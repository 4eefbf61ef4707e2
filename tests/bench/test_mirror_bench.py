"""The mirror at a million todos against plain SQLite on the same rows.

Goals: a full mirror in 6 s, a refresh after one edit in 20 ms, a dashboard's query in 200 ms.
"""

from collections.abc import Iterator
from itertools import count

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from orc_lab.mirror.duck import Mirror
from orc_lab.mirror.features import frames
from orc_lab.model.entities import Todo
from orc_lab.store import capture
from orc_lab.store.database import Database
from orc_lab.workbench.bench import Workbench
from tests.bench.conftest import Compare

TODOS, PROJECTS = 1_000_000, 200
NOW, SECONDS = 1_760_000_000, 10 * 31_557_600  # ten years

# Nine of ten ids sort by time, as most of orc_lab's do; one of ten is derived, and so as good as random.
FILL = (
    f"""INSERT INTO projects (id, user_id, title, created_at, updated_at)
    WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < {PROJECTS})
    SELECT 'project-' || i, 'me', 'Project ' || i, {NOW - SECONDS}, {NOW} FROM n""",
    f"""INSERT INTO todos (id, user_id, project_id, title, description, status, priority, category, tags, position,
      estimated_hours, original_estimate_hours, adjusted_hours, actual_hours, created_at, started_at, completed_at,
      updated_at)
    WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < {TODOS}),
      row AS MATERIALIZED (SELECT i, {NOW} - ({TODOS} - i) * {SECONDS // TODOS} AS created, abs(random()) AS r,
        random() % 5 <> 0 AS done, abs(random()) % 16 / 4.0 + 0.25 AS hours FROM n)
    SELECT CASE i % 10 WHEN 0 THEN '' ELSE printf('%012x', created * 1000) END || lower(hex(randomblob(12))),
      '01a209a9-989f-74c6-9091-8ea18f529dd3', 'project-' || (1 + r % {PROJECTS}),
      'Write part ' || i || ' of the long report', CASE WHEN i % 2 THEN 'some words, more or less useful' END,
      CASE WHEN done THEN 'done' ELSE 'refined' END, CASE r % 3 WHEN 0 THEN 'low' WHEN 1 THEN 'medium' ELSE 'high' END,
      CASE r % 4 WHEN 0 THEN 'deep' END, CASE r % 5 WHEN 0 THEN '["a","b"]' END, i * 1.0, hours, hours,
      CASE WHEN done THEN hours * 1.3 END, CASE WHEN done THEN hours * 1.3 END, created,
      CASE WHEN done THEN created + 1800 END, CASE WHEN done THEN created + r % 2000000 END, created
    FROM row""",
)
IN_DUCKDB = """SELECT p.title, date_trunc('week', timezone('Europe/Berlin', to_timestamp(t.completed_at))) AS week,
    count(*) AS done, sum(t.actual_hours) AS hours
  FROM todos AS t JOIN projects AS p ON p.id = t.project_id WHERE t.status = 'done' GROUP BY ALL"""
IN_SQLITE = """SELECT p.title, strftime('%Y-%W', t.completed_at, 'unixepoch') AS week,
    count(*) AS done, sum(t.actual_hours) AS hours
  FROM todos AS t JOIN projects AS p ON p.id = t.project_id WHERE t.status = 'done' GROUP BY p.title, week"""


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with Workbench.init(tmp_path_factory.mktemp("million") / "life.db", zone="Europe/Berlin") as bench:
        _fill(bench.db)
        yield bench


def _fill(db: Database) -> None:
    """Write rows without their history: a million log entries take minutes, and nothing here reads them."""
    conn = db.conn
    conn.execute("BEGIN IMMEDIATE")
    for name in capture.triggers(conn):
        conn.execute(f"DROP TRIGGER {name}")
    for sql in FILL:
        conn.execute(sql)
    capture.ensure(conn)
    conn.execute("COMMIT")


@pytest.fixture(scope="module")
def mirror(million: Workbench) -> Iterator[Mirror]:
    with Mirror(million.db) as mirror:
        yield mirror


def test_full_mirror_against_fetching_the_same_rows(compare: Compare, million: Workbench) -> None:
    def build() -> None:
        with Mirror(million.db) as mirror:
            assert mirror.read("SELECT count(*) AS n FROM todos")["n"][0] == TODOS

    def fetch() -> None:
        assert len(million.db.conn.execute("SELECT * FROM todos").fetchall()) == TODOS

    compare(build, fetch, rounds=3)


@pytest.mark.parametrize("kind", ["by time", "random"])
def test_refresh_against_the_one_edit_it_follows(
    compare: Compare, million: Workbench, mirror: Mirror, kind: str
) -> None:
    length = 36 if kind == "by time" else 24
    ids = million.db.rows("SELECT id FROM todos WHERE length(id) = ? LIMIT 60", (length,))
    number = count()

    def edit() -> None:
        this = next(number)
        million.update(Todo, ids[this][0], description=f"edited {this}")

    edit()
    compare(lambda: mirror.refresh() >= {"todos", "activities"} or pytest.fail("nothing to do"), edit, rounds=50)


def test_refresh_without_news(benchmark: BenchmarkFixture, mirror: Mirror) -> None:
    mirror.refresh()
    assert benchmark(mirror.refresh) == frozenset()


def test_dashboard_query_against_sqlite(compare: Compare, million: Workbench, mirror: Mirror) -> None:
    compare(lambda: mirror.sql(IN_DUCKDB), lambda: million.db.rows(IN_SQLITE), rounds=5)


def test_frames(benchmark: BenchmarkFixture, million: Workbench, mirror: Mirror) -> None:
    found = benchmark.pedantic(frames, (mirror, NOW, million.clock()), rounds=3)
    assert found.n_todos == TODOS
