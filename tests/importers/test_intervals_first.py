"""Intervals of Timewarrior that come before their tasks: the tasks take the place of what was made for them."""

from typing import Any

import pytest

from orc_lab.importers.taskwarrior import timewarrior
from orc_lab.model.codec import columns
from orc_lab.model.entities import Link, Project, Session, Status, Todo
from orc_lab.workbench.bench import Workbench
from tests.importers.conftest import Bring
from tests.importers.files import accounted, at, everything, told
from tests.importers.files_of_tools import exported, tracked, uuid, warrior
from tests.past import rows_as_of
from tests.store import laws

INTERVALS = exported(
    tracked("20250303T080000Z", "20250303T093000Z", "Prune the roses", "garden", id=3),
    tracked("20250304T080000Z", "20250304T083000Z", "Prune the roses", "garden", id=2),
    tracked("20250305T080000Z", "20250305T090000Z", "Read the manual", id=1),
)
TASKS = exported(
    warrior(1, description="Prune the roses", project="garden", est="PT1H", status="completed", end="20250304T100000Z",
            start="20250303T080000Z", tags=["out"], due="20250331T220000Z"),
    warrior(2, description="Build a shed", depends=[uuid(1)]),
    warrior(3, description="Read the manual", priority="H"),
)  # fmt: skip
TAKEN = "it was worked on in what was imported before: it took the place of the todo that was made for that"


def fields(bench: Workbench) -> dict[str, dict[str, Any]]:
    """The todos by title, without what an order of imports may change: ids, and what is told by them."""
    projects = {one.id: one.title for one in bench.find(Project)}
    found = {}
    for one in bench.find(Todo):
        told = {name: getattr(one, name) for name in columns(Todo) if name not in ("id", "user_id", "updated_at")}
        found[one.title] = told | {"project_id": projects.get(str(one.project_id))}
    return found


def test_whichever_order_the_todos_are_the_same(bench: Workbench, bring: Bring) -> None:
    bring(TASKS)
    bring(INTERVALS)
    expected, links = fields(bench), bench.count(Link)
    bench.undo(steps=2)
    assert bench.count(Todo) == 0
    bring(INTERVALS)
    made = {one.id for one in bench.find(Todo)}
    report = bring(TASKS)
    assert accounted(report)
    assert fields(bench) == expected
    assert bench.count(Link) == links == 1
    assert made < {one.id for one in bench.find(Todo)}
    assert bench.count(Todo) == 3
    assert bench.count(Session) == 3
    assert told(report.issues)[TAKEN] == 2
    assert report.imported["todos"] == 3
    laws.hold(bench.db)


def test_again_in_either_order_adds_nothing(bench: Workbench, bring: Bring) -> None:
    for data in (INTERVALS, TASKS):
        bring(data)
    before = everything(bench.db)
    for data in (INTERVALS, TASKS, TASKS, INTERVALS):
        assert bring(data).new == 0
    assert everything(bench.db) == before


def test_later_intervals_find_the_task(bench: Workbench, bring: Bring) -> None:
    bring(INTERVALS)
    bring(TASKS)
    more = exported(tracked("20250306T080000Z", "20250306T090000Z", "Read the manual", id=1))
    assert bring(more).imported == {"sessions": 1}
    (manual,) = bench.find(Todo, title="Read the manual")
    assert manual.actual_hours == 2
    assert manual.status is Status.MATCHED or manual.status is Status.DUMPED


def test_it_is_taken_back_as_a_whole(bench: Workbench, bring: Bring) -> None:
    bring(INTERVALS)
    before = everything(bench.db)
    bring(TASKS)
    bench.undo()
    after = everything(bench.db)
    derived = columns(Todo).index("updated_at")
    for rows in (before["todos"], after["todos"]):
        rows[:] = [(*row[:derived], *row[derived + 1 :]) for row in rows]
    assert after == before
    assert bring(TASKS).new == 3
    assert bench.count(Todo) == 3, "what an undo wrote is no edit of the person's"
    laws.hold(bench.db)


def test_the_past_is_that_of_the_task(bench: Workbench, bring: Bring) -> None:
    bring(INTERVALS)
    bring(TASKS)
    (roses,) = bench.find(Todo, title="Prune the roses")

    def then(time: str) -> dict[str, Any]:
        rows = (dict(zip(columns(Todo), row, strict=True)) for row in rows_as_of(bench.db, Todo, at(time)))
        return next((row for row in rows if row["id"] == roses.id), {})

    assert then("2025-03-02T12:00") == {}, "it was first heard of when it was worked on"
    assert (then("2025-03-04T09:45")["status"], then("2025-03-04T09:45")["estimated_hours"]) == ("committed", 1.0)
    assert then("2025-03-04T12:00")["status"] == "done"


def test_what_the_person_has_edited_stays_theirs(bench: Workbench, bring: Bring) -> None:
    bring(INTERVALS)
    bench.update(Todo, timewarrior.id_for("Prune the roses"), description="With the long shears")
    report = bring(TASKS)
    assert bench.count(Todo, title="Prune the roses") == 2
    assert bench.get(Todo, timewarrior.id_for("Prune the roses")).description == "With the long shears"
    assert told(report.issues)["a todo was made for its work, imported before, and you have edited that since: both "
                               "stand here"] == 1  # fmt: skip
    assert bring(TASKS).new == 0


def test_several_tasks_of_that_title_are_told(bench: Workbench, bring: Bring) -> None:
    bring(exported(tracked("20250303T080000Z", "20250303T093000Z", "Water")))
    chores = exported(*[warrior(n, description="Water") for n in (1, 2)])
    report = bring(chores)
    assert bench.count(Todo, title="Water") == 3
    assert sum("undo that import" in sentence for sentence in told(report.issues)) == 1
    assert bring(chores).new == 0


@pytest.mark.parametrize("later", [TASKS, exported(warrior(9, description="Read the manual"))])
def test_a_place_is_taken_once(bench: Workbench, bring: Bring, later: bytes) -> None:
    bring(INTERVALS)
    bring(TASKS)
    count = bench.count(Todo)
    report = bring(later)
    assert TAKEN not in told(report.issues)
    assert bench.count(Todo) == count + report.new
