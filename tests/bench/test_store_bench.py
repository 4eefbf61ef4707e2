"""The store at 100,000 todos against bare SQLite, with the same durability on both sides."""

import itertools
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import pytest

from orc_lab.model.codec import columns, plain
from orc_lab.model.entities import OPEN, Project, Status, Todo
from orc_lab.model.ids import new_id
from orc_lab.store.database import Database
from orc_lab.workbench.bench import Workbench
from tests.bench import exports
from tests.bench.conftest import Compare

TODOS = 100_000
SCHEMA = "SELECT sql FROM sqlite_master WHERE tbl_name = 'todos' AND type IN ('table', 'index') AND sql IS NOT NULL"
COLUMNS = ", ".join(columns(Todo))
Statement = Callable[[sqlite3.Connection], None]


def todos(user: str, projects: list[str], count: int) -> list[Todo]:
    """Todos of a long life: one in five open, with estimates, days and tags."""
    stages = [*OPEN, *[Status.DONE] * 16, *[Status.DROPPED] * 4]
    day = 86_400
    return [
        Todo(
            id=new_id(),
            user_id=user,
            project_id=projects[number % len(projects)],
            title=f"Draft of section {number}",
            status=stages[number % len(stages)],
            tags=("deep",) if number % 7 == 0 else (),
            estimated_hours=number % 16 / 2,
            due_date=f"2026-{1 + number % 12:02d}-{1 + number % 28:02d}" if number % 3 == 0 else None,
            created_at=1_600_000_000 + number * day // 40,
            updated_at=1_600_000_000 + number * day // 40,
        )
        for number in range(count)
    ]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """A workbench with 100,000 todos in 50 projects."""
    with Workbench.init(tmp_path_factory.mktemp("bench") / "big.db", zone="Europe/Berlin") as wb:
        projects = [wb.add_project(f"Project {number}").id for number in range(50)]
        with wb.edit("fill", actor="setup") as tx:
            tx.insert_many(todos(wb.user_id, projects, TODOS))
        yield wb


@pytest.fixture(scope="module")
def plain_sqlite(bench: Workbench) -> Iterator[sqlite3.Connection]:
    """The same todos and indexes in a database without triggers, log and activities, durable alike."""
    conn = sqlite3.connect(Path(bench.db.path).with_name("bare.db"), isolation_level=None)
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = FULL")
    conn.execute("PRAGMA wal_autocheckpoint = 4000")
    for (sql,) in bench.db.rows(SCHEMA):
        conn.execute(sql)
    copy_todos(conn, bench.db)
    yield conn
    conn.close()


def copy_todos(conn: sqlite3.Connection, db: Database) -> None:
    rows = db.rows(f"SELECT {COLUMNS} FROM todos")
    conn.execute("BEGIN")
    conn.executemany(f"INSERT INTO todos ({COLUMNS}) VALUES ({', '.join('?' * len(columns(Todo)))})", rows)
    conn.execute("COMMIT")


@pytest.fixture(params=["full", "normal"])
def durability(request: pytest.FixtureRequest, bench: Workbench, plain_sqlite: sqlite3.Connection) -> Iterator[str]:
    """The same on both sides. With "full" the disk decides, with "normal" what we do beside the statement."""
    for conn in (bench.db.conn, plain_sqlite):
        conn.execute(f"PRAGMA synchronous = {request.param.upper()}")
    yield request.param
    for conn in (bench.db.conn, plain_sqlite):
        conn.execute("PRAGMA synchronous = FULL")


@pytest.fixture
def statement(bench: Workbench) -> Statement:
    """A prepared UPDATE of one field of one todo, another one each time."""
    ids = itertools.cycle([id for (id,) in bench.db.rows("SELECT id FROM todos ORDER BY random() LIMIT 5000")])
    number = itertools.count()
    sql = "UPDATE todos SET title = ? WHERE id = ?"

    def update(conn: sqlite3.Connection) -> None:
        conn.execute(sql, (f"Changed {next(number)}", next(ids)))

    return update


def test_one_edit(
    bench: Workbench, plain_sqlite: sqlite3.Connection, compare: Compare, durability: str, statement: Statement
) -> None:
    """Through the workbench, with its log entry and its activity: goal ≤ 5×, its p99 ≤ 1 ms beyond the other's."""
    ids = itertools.cycle([id for (id,) in bench.db.rows("SELECT id FROM todos ORDER BY random() LIMIT 5000")])
    number = itertools.count()

    def edit() -> None:
        bench.update(Todo, next(ids), title=f"Edited {next(number)}")

    found = compare(edit, lambda: statement(plain_sqlite), rounds=2000, goal=5.0, warmup=50)
    if durability == "full":
        assert found.ratio <= 5
    else:
        assert found.subject_p99 <= found.reference_p99 + 1


def test_the_triggers_alone(
    bench: Workbench, plain_sqlite: sqlite3.Connection, compare: Compare, durability: str, statement: Statement
) -> None:
    goal = 2.5 if durability == "full" else None
    found = compare(
        lambda: statement(bench.db.conn), lambda: statement(plain_sqlite), rounds=2000, goal=goal, warmup=50
    )
    assert goal is None or found.ratio <= goal


@pytest.mark.parametrize("name", ["a project", "what is due", "text"])
def test_find(bench: Workbench, plain_sqlite: sqlite3.Connection, compare: Compare, name: str) -> None:
    project = bench.find(Project, limit=1)[0].id
    statuses = ", ".join(f"'{status}'" for status in OPEN)
    filters, order, where = {
        "a project": ({"project_id": project, "status": OPEN}, "created_at", f"project_id = '{project}'"),
        "what is due": ({"status": OPEN}, ("due_date", "-priority", "created_at"), "true"),
        "text": ({"status": OPEN, "title__has": "99"}, "created_at", "title LIKE '%99%'"),
    }[name]
    by = "due_date NULLS LAST, created_at" if name == "what is due" else "created_at"
    sql = f"SELECT {COLUMNS} FROM todos WHERE status IN ({statuses}) AND {where} ORDER BY {by} LIMIT 50"
    found = compare(
        lambda: bench.find(Todo, order=order, limit=50, **filters),
        lambda: plain_sqlite.execute(sql).fetchall(),
        rounds=31,
    )
    assert found.subject <= 50


def test_single_operations(bench: Workbench, plain_sqlite: sqlite3.Connection, compare: Compare) -> None:
    """What one command does: find a todo by the end of its id, and read it."""
    (id,) = bench.db.rows("SELECT id FROM todos ORDER BY random() LIMIT 1")[0]
    sql = f"SELECT {COLUMNS} FROM todos WHERE id LIKE ?"
    found = compare(
        lambda: bench.get(Todo, bench.resolve(Todo, id[-6:])),
        lambda: plain_sqlite.execute(sql, (f"%{id[-6:]}",)).fetchall(),
        rounds=31,
    )
    assert found.subject <= 50


# Reads a file into a new database, as a process of its own: the seconds of its processor and of a wall clock, and the
# MB at the peak: Linux's own figure, for that of getrusage is at least what the process had that began this one.
IMPORTING = """
import re, sys, time
from pathlib import Path
from orc_lab.importers import run
from orc_lab.importers.own import document
from orc_lab.workbench.bench import Workbench

with Workbench.init(sys.argv[1], zone="Europe/Berlin") as wb:
    start, used = time.perf_counter(), time.process_time()
    own = document.is_one(wb, sys.argv[2])
    report = document.bring(wb, sys.argv[2]) if own else run.commit(wb, run.plan(wb, sys.argv[2]))
    seconds, used = time.perf_counter() - start, time.process_time() - used
    (peak,) = re.findall(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())
    print(used, seconds, int(peak) / 1024, report.new)
"""


@pytest.mark.parametrize(
    ("format", "count"),
    [("csv", 10_000), *((format, TODOS) for format in exports.FORMATS)],
    ids=["csv-10k", *(f"{format}-100k" for format in exports.FORMATS)],
)
def test_import(tmp_path: Path, compare: Compare, capsys: pytest.CaptureFixture[str], format: str, count: int) -> None:
    """Finished tasks through the importer, against their rows by a bare executemany. Goal: 10 s and 300 MB for 100k."""
    path = exports.FORMATS[format](tmp_path, count)
    values = [[plain(getattr(todo, name)) for name in columns(Todo)] for todo in todos("user", ["project"], count)]
    number = itertools.count()
    found, bare = [], []

    def imported() -> None:
        command = [sys.executable, "-c", IMPORTING, str(tmp_path / f"{next(number)}.db"), str(path)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        used, seconds, peak, new = map(float, done.stdout.split())
        assert new >= count
        found.append((used, seconds, peak))

    def inserted() -> None:
        used = time.process_time()
        conn = sqlite3.connect(tmp_path / f"bare{next(number)}.db", isolation_level=None)
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute(f"CREATE TABLE todos ({COLUMNS})")
        conn.execute("BEGIN")
        conn.executemany(f"INSERT INTO todos VALUES ({', '.join('?' * len(columns(Todo)))})", values)
        conn.execute("COMMIT")
        conn.close()
        bare.append(time.process_time() - used)

    compare(imported, inserted, rounds=3, warmup=0)
    with capsys.disabled():
        used, seconds, peak = (median(each) for each in zip(*found, strict=True))
        print(
            f"{format}, {count:,} records: {used:.1f} s of the processor, {seconds:.1f} s without the start of ", end=""
        )
        print(f"Python, {peak:.0f} MB at the peak; bare executemany {median(bare):.2f} s of the processor")
