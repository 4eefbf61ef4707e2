"""A review that is looked at once more, from what it knew, gives the same numbers, whatever came since."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orc_lab.importers import run
from orc_lab.model.entities import Todo
from orc_lab.model.week import Week
from orc_lab.review.reading import read_review
from orc_lab.workbench.bench import Workbench

WEEK = "2025-W23"


def history(count: int, name: str) -> bytes:
    """A table of tasks, finished over some months."""
    rows = [
        f"{name} {n},done,P{n % 4},2025-{1 + n % 6:02d}-{1 + n % 24:02d} 09:00,"
        f"2025-{1 + n % 6:02d}-{2 + n % 24:02d} 15:00,{1 + n % 5},{1 + n % 7}"
        for n in range(count)
    ]
    return "\n".join(["title,status,project,created,completed,estimate,actual", *rows]).encode()


@pytest.fixture
def wb(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench.init(tmp_path / "own.db", zone="Europe/Berlin") as bench:
        run.commit(bench, run.plan(bench, history(60, "Task"), name="tasks.csv"))
        bench.capture("Now +P1 2h")
        yield bench


@pytest.mark.parametrize("so_far", [False, True])
def test_it_gives_the_same_numbers(wb: Workbench, so_far: bool) -> None:
    week, now = (str(wb.week()), None) if so_far else (WEEK, Week.parse(WEEK).end(wb.clock()) + 1000)
    first = read_review(wb.db.path, week, now)
    assert first.looked is not None
    run.commit(wb, run.plan(wb, history(30, "Later"), name="later.csv", now=first.looked.at + 60))
    with wb.edit("much"):
        for todo in wb.find(Todo, limit=20):
            wb.update(Todo, todo.id, title="Other", status="dropped")
        wb.delete(Todo, wb.find(Todo, order="-created_at", limit=1)[0].id)
    again = read_review(wb.db.path, week, first.looked.at, first.looked.seq)
    assert again.as_dict() == first.as_dict()
