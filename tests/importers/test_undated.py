"""What was finished long ago, nobody knows when: it comes over as done, and makes no week a good one."""

import json
from collections.abc import Callable

import pytest

from orc_lab.agents.velocity.throughput import forecast_throughput
from orc_lab.importers.reading.lived import UNDATED
from orc_lab.mirror.features import Frames
from orc_lab.model.entities import Activity, Project, ProjectStatus, Status, Todo
from orc_lab.model.week import Week
from orc_lab.review.reading import read_frames
from orc_lab.review.weekly import weekly_review
from orc_lab.workbench.bench import Workbench
from tests.importers.conftest import Bring
from tests.importers.files import NOW, accounted, project, store, table, told
from tests.importers.files_of_tools import exported, warrior
from tests.review.shown import text_of

MANY = 200
DONE, DROPPED = UNDATED[Status.DONE], UNDATED[Status.DROPPED]


def old_app(n: int) -> bytes:
    """The old web app's, without times."""
    return store(todos=[{"id": f"t{i}", "title": f"T{i}", "status": "completed"} for i in range(n)])


def org(n: int) -> bytes:
    return "\n".join(f"* DONE T{i}\n:PROPERTIES:\n:Effort: 1:00\n:END:" for i in range(n)).encode()


def rows(n: int) -> bytes:
    return table("title,status,estimate,actual", *(f"T{i},done,1,3" for i in range(n)))


def tasks(n: int) -> bytes:
    return exported(*(warrior(i, status="completed", entry=None, modified=None) for i in range(n)))


def items(n: int) -> bytes:
    listed = [{"id": f"{i}", "project_id": "2", "content": f"T{i}", "checked": True, "labels": []} for i in range(n)]
    return json.dumps({"items": listed}).encode()


FILES: dict[str, Callable[[int], bytes]] = {
    "creation-store": old_app,
    "org": org,
    "task-csv": rows,
    "taskwarrior": tasks,
    "todoist": items,
}


def known(bench: Workbench, now: int = NOW + 60) -> Frames:
    return read_frames(bench, Week.at(now, bench.clock()), now)


@pytest.mark.parametrize("format", FILES)
def test_it_is_done_and_has_no_date(bench: Workbench, bring: Bring, format: str) -> None:
    report = bring(FILES[format](3), format=format)
    assert accounted(report)
    assert told(report.issues)[DONE] == 3
    todos = bench.find(Todo)
    assert [(one.status, one.completed_at, one.started_at) for one in todos] == [(Status.DONE, None, None)] * 3
    assert all(one.original_estimate_hours == one.estimated_hours for one in todos)
    assert [(one.old, one.new) for one in bench.find(Activity, subject="todos")] == [(None, "done")] * 3
    assert bring(FILES[format](3), format=format).new == 0


@pytest.mark.parametrize("format", FILES)
def test_two_hundred_of_them_make_no_throughput(bench: Workbench, bring: Bring, format: str) -> None:
    bring(FILES[format](MANY), format=format)
    bring(table("title,created,completed", "Real,2025-06-10,2025-06-12"), source="real")
    frames = known(bench)
    assert len(frames.undated) == MANY
    assert frames.weekly[["created", "done", "dropped", "hours"]].sum().tolist() == [1, 1, 0, 0]
    assert frames.finished["title"].tolist() == ["Real"]
    assert set(frames.events["todo_id"]) == set(frames.tasks["id"])
    ahead = forecast_throughput(frames.weekly["done"], 1)
    assert max(ahead.filter(like="q").max()) <= 5
    page = text_of(weekly_review(frames, week=frames.week))
    assert "1 todo done" in page
    assert "200 imported todos ended without a date that the file tells" in page
    assert "200 todos done" not in page


def test_once_it_is_opened_again_and_done_it_counts(bench: Workbench, bring: Bring) -> None:
    bring(org(2), format="org")
    one, other = bench.find(Todo)
    later = known(bench)
    assert (len(later.tasks), len(later.undated)) == (0, 2)
    bench.reopen(one.id)
    bench.done(one.id)
    frames = known(bench, bench.get(Todo, one.id).updated_at)
    assert (frames.finished["id"].tolist(), frames.undated["id"].tolist()) == ([one.id], [other.id])


def test_what_was_dropped_without_a_date(bench: Workbench, bring: Bring) -> None:
    report = bring(table("title,status", "A,cancelled", "B,done", "C,open"))
    assert (told(report.issues)[DONE], told(report.issues)[DROPPED]) == (1, 1)
    frames = known(bench)
    assert (frames.tasks["title"].tolist(), sorted(frames.undated["status"])) == (["C"], ["done", "dropped"])
    assert frames.weekly["dropped"].sum() == 0


def test_any_date_of_it_is_taken(bench: Workbench, bring: Bring) -> None:
    report = bring(table("title,status,created", "A,done,2025-03-03"))
    assert DONE not in told(report.issues)
    (todo,) = bench.find(Todo)
    assert bench.clock().day(todo.completed_at or 0).isoformat() == "2025-03-03"


def test_projects_count_them(bench: Workbench, bring: Bring) -> None:
    report = bring(b"* House\n** DONE Roof\n** TODO Wall", name="x.org")
    assert accounted(report)
    (house,) = known(bench).projects.to_dict("records")
    assert (house["open"], house["done"]) == (1, 1)


def test_a_project_without_dates(bench: Workbench, bring: Bring) -> None:
    report = bring(store(projects=[project(status="completed", createdAt=None, updatedAt=None)]))
    assert told(report.issues)[DONE] == 1
    (found,) = bench.find(Project)
    assert (found.status, found.completed_at) == (ProjectStatus.COMPLETED, None)
