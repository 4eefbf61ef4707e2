"""A small real database, and one review of it that all tests share: a kernel takes seconds."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from orc_lab.model.clock import Clock
from orc_lab.model.entities import Commitment, Outcome, Project, Status, Todo
from orc_lab.model.ids import derived_id
from orc_lab.model.week import Week
from orc_lab.review.publish import Published, publish
from orc_lab.workbench import weeks
from orc_lab.workbench.bench import Workbench
from tests.browser.conftest import browser, browser_page, outside_requests, page_errors

__all__ = ["browser", "browser_page", "outside_requests", "page_errors"]

WEEK = Week.parse("2026-W20")
NOW = Clock().instant(datetime(2026, 5, 27, 9))
NASTY = "<script>window.ran = 1</script><img src=x onerror='window.ran = 2'> & {done}"


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A life of twelve weeks up to WEEK, with a plan for that week and titles that mean harm."""
    path = tmp_path_factory.mktemp("life") / "life.db"
    with Workbench.init(path) as bench:
        fill(bench)
    return path


def fill(bench: Workbench) -> None:
    """Write the life as an import would, each thing at its time."""
    clock, user = Clock(), bench.user_id
    start = (WEEK - 12).start(clock)
    projects = [
        Project(id=derived_id("project", title), user_id=user, title=title, created_at=start, updated_at=start)
        for title in ("Thesis", NASTY)
    ]
    todos = [
        Todo(
            id=derived_id("todo", str(week), str(n)), user_id=user, project_id=projects[n % 2].id,
            title=f"Todo {n} of {week}" if n else f"{NASTY} {week}", status=Status.CONFIRMED,
            estimated_hours=1.0 + n, original_estimate_hours=1.0 + n, created_at=week.start(clock) + 3600 * (9 + n),
            started_at=week.start(clock) + 3600 * (30 + n), updated_at=week.start(clock),
        )
        for week in (WEEK - 12).until(WEEK) for n in range(5)
    ]  # fmt: skip
    goal = weeks.new_goal(user, WEEK, clock, WEEK.start(clock))
    with bench.edit("a life", origin="import") as tx:
        tx.insert_many(projects, at=start)
        for todo in todos:
            tx.insert(todo, at=todo.created_at)
            if not todo.title.startswith("Todo 4"):
                done = {"status": Status.DONE, "completed_at": todo.created_at + 86_400, "adjusted_hours": 1.5}
                tx.update(Todo, todo.id, done, at=todo.created_at + 86_400)
        tx.insert(goal, at=goal.created_at)
        for todo in todos[-3:]:
            left = todo.title.startswith("Todo 4")
            commitment = Commitment(
                id=derived_id("commitment", todo.id), weekly_goal_id=goal.id, todo_id=todo.id, estimated_hours=2.0,
                created_at=todo.created_at,
            )  # fmt: skip
            tx.insert(commitment, at=todo.created_at)
            if not left:
                tx.update(
                    Commitment, commitment.id, {"outcome": Outcome.DONE, "resolved_at": todo.created_at + 86_400},
                    at=todo.created_at + 86_400,
                )  # fmt: skip


@pytest.fixture(scope="session")
def published(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """The review of WEEK, executed once for all workers of a run."""
    root = tmp_path_factory.getbasetemp()
    root = root.parent if root.name.startswith("popen-") else root
    folder = root / "review-of-all"
    place = folder / str(WEEK)
    with _one_at_a_time(root / "review-of-all.lock"):
        if not (place / "review.html").exists():
            return publish(database, WEEK, folder, now=NOW)
    return Published(week=WEEK, html=place / "review.html", notebook=place / "review.ipynb", json=place / "review.json")


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    """A lock between processes, on every system."""
    lock = sqlite3.connect(path, timeout=120, isolation_level=None)
    try:
        lock.execute("BEGIN EXCLUSIVE")
        yield
    finally:
        lock.close()
