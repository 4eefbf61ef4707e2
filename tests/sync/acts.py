"""What happens on a device in a history: every kind of edit that a person, an agent, an importer or a tool makes."""

import json
from collections.abc import Callable
from typing import NamedTuple

from orc_lab.model.entities import (
    Advice,
    Capacity,
    Commitment,
    ForecastRecord,
    Intention,
    Link,
    Origin,
    Priority,
    Project,
    ProjectStatus,
    Recommendation,
    Recurrence,
    Session,
    Setting,
    Status,
    Todo,
    WeeklyGoal,
)
from orc_lab.model.ids import derived_id
from orc_lab.model.week import Week
from orc_lab.workbench.bench import Workbench
from tests.sync.replicas import some

WEEK = Week.parse("2027-W03")
EDITABLE = (Todo, Project, Intention, Link, WeeklyGoal, Commitment, Session, Todo, Project)


class Doing(NamedTuple):
    """Who does something, with which number, and a text that nobody has written before."""

    wb: Workbench
    pick: int
    new: str

    def id(self, table: str, other: int = 0) -> str:
        return some(self.wb, table, self.pick + other)


Act = Callable[[Doing], object]


def edit_todo(do: Doing) -> None:
    todo, pick = do.id("todos"), do.pick
    changes = (
        {"title": do.new},
        {"title": f"{do.new} again"},
        {"description": do.new},
        {"priority": list(Priority)[pick % 4]},
        {"category": do.new, "tags": [do.new]},
        {"estimated_hours": 1 + pick / 8},
        {"due_date": f"2027-01-{1 + pick % 28:02}"},
        {"snoozed_until": f"2027-02-{1 + pick % 28:02}"},
        {"position": float(pick)},
        {"parent_id": do.id("todos", 1)},
        {"project_id": do.id("projects")},
        {"project_id": None},
        {"description": None},
        {"status": list(Status)[pick % 7]},
        {"adjusted_hours": pick / 4},
    )
    do.wb.update(Todo, todo, **changes[pick % len(changes)])


def edit_project(do: Doing) -> None:
    changes = (
        {"title": do.new},
        {"description": do.new},
        {"why": do.new},
        {"status": list(ProjectStatus)[do.pick % 4]},
        {"progress": do.pick % 100},
        {"due_date": f"2027-03-{1 + do.pick % 28:02}"},
        {"intention_id": do.id("intentions")},
    )
    do.wb.update(Project, do.id("projects"), **changes[do.pick % len(changes)])


def several(do: Doing) -> None:
    with do.wb.edit("several"):
        do.wb.commit(do.wb.capture(f"{do.new} +Project{do.pick % 3} {1 + do.pick % 8}h").id, WEEK)
        do.wb.delete(Todo, do.id("todos"))


def bulk(do: Doing) -> None:
    with do.wb.edit("bulk"):
        for (id,) in do.wb.db.rows("SELECT id FROM todos ORDER BY id LIMIT 5"):
            do.wb.update(Todo, id, position=float(do.pick), due_date="2027-04-01")


def bring(do: Doing) -> None:
    with do.wb.edit("import", origin="import") as tx:
        rows = [
            Todo(id=f"{do.new}-{n}", user_id="u", title=f"{do.new} {n}", created_at=5, updated_at=5) for n in (1, 2)
        ]
        tx.insert_many(rows, at=1_700_000_000 + do.pick)
        tx.update(Todo, rows[0].id, {"status": Status.DONE, "completed_at": 2000}, at=1_700_000_100 + do.pick)


def make_instance(do: Doing) -> None:
    """A todo that a recurrence makes on every device by itself, with the same id."""
    id = derived_id("instance", str(do.pick % 3))
    with do.wb.edit("make instances", actor="recurrence") as tx:
        tx.insert(Todo(id=id, user_id=do.wb.user_id, title="Water plants", created_at=5, updated_at=5))


def roll_over(do: Doing) -> None:
    """What the change of a day does by itself."""
    with do.wb.edit("roll over", actor="rollover") as tx:
        tx.update(Todo, do.id("todos"), {"due_date": f"2027-05-{1 + do.pick % 28:02}", "position": float(do.pick)})


def advise(do: Doing) -> None:
    with do.wb.edit("advise", actor="agent") as tx:
        advice = Recommendation(
            id=derived_id("advice", str(do.pick % 4)), type=Advice.OPTIMIZATION, rule="r", day="2027-01-01",
            project_id=do.id("projects"), title="Cut", created_at=5,
        )  # fmt: skip
        forecast = ForecastRecord(
            id=f"f-{do.new}", model="m", subject="todos", subject_id=do.id("todos"), unit="hours", quantiles="{}",
            basis="history", inputs_hash="", as_of=5, made_at=5, origin=list(Origin)[do.pick % 3],
        )  # fmt: skip
        tx.insert(forecast)
        tx.insert(advice)


def settle_forecast(do: Doing) -> None:
    with do.wb.edit("settle", actor="agent") as tx:
        tx.update(ForecastRecord, do.id("forecasts"), {"outcome": do.pick / 4, "resolved_at": do.pick})


def respond(do: Doing) -> None:
    do.wb.update(Recommendation, do.id("recommendations"), response="dismissed", why=do.new)


def recur(do: Doing) -> None:
    if do.pick % 2:
        do.wb.create(Recurrence, rule="FREQ=DAILY", template=json.dumps({"title": do.new}), starts_on="2027-01-01")
    else:
        do.wb.update(Recurrence, do.id("recurrences"), template=json.dumps({"title": do.new}))


def rest(do: Doing) -> None:
    id = derived_id("capacity", do.wb.user_id, f"2027-01-{1 + do.pick % 3:02}")
    if do.wb.db.rows("SELECT 1 FROM capacity WHERE id = ?", (id,)):
        do.wb.update(Capacity, id, factor=do.pick % 9 / 8, why=do.new)
    else:
        do.wb.create(Capacity, id=id, day=f"2027-01-{1 + do.pick % 3:02}", factor=0.5, why=do.new)


def restore(do: Doing) -> None:
    gone = do.wb.trash(undone=True)
    if gone:
        do.wb.restore(gone[do.pick % len(gone)].id)


def remove(do: Doing) -> None:
    kind = EDITABLE[do.pick % len(EDITABLE)]
    do.wb.delete(kind, do.id(kind.table), **({"along": True} if kind in (Todo, Project) and do.pick % 2 else {}))


def work(do: Doing) -> None:
    if do.wb.running() is None:
        do.wb.start(do.id("todos"))
    else:
        do.wb.stop()


def sql(statement: str) -> Act:
    return lambda do: do.wb.db.conn.execute(
        statement, {"n": do.pick, "new": do.new, "todo": do.id("todos"), "project": do.id("projects")}
    )


BY_HAND: tuple[Act, ...] = (
    lambda do: do.wb.add_todo(do.new, project_id=do.id("projects") if do.wb.count(Project) else None),
    lambda do: do.wb.add_project(do.new, priority=list(Priority)[do.pick % 4]),
    lambda do: do.wb.capture(f"{do.new} +Project{do.pick % 3} {do.pick}m #a"),
    edit_todo, edit_todo, edit_todo, edit_todo, edit_todo, edit_project, edit_project,
    remove, remove, remove, restore, several, bulk, bring, recur, rest, work, work, respond,
    lambda do: do.wb.undo(steps=1 + do.pick % 2, force=do.pick % 2 == 0),
    lambda do: do.wb.redo(force=do.pick % 2 == 0),
    lambda do: do.wb.add_intention(do.new),
    lambda do: do.wb.create(Link, blocker_id=do.id("todos"), blocked_id=do.id("todos", 1)),
    lambda do: do.wb.set_goal(WEEK + do.pick % 2, goal=do.new),
    lambda do: do.wb.set_goal(WEEK + do.pick % 2, reflection=do.new, self_rating=1 + do.pick % 5),
    lambda do: do.wb.confirm_plan(WEEK + do.pick % 2),
    lambda do: do.wb.set_setting("zone", ("Europe/Berlin", "UTC", "Asia/Tokyo")[do.pick % 3]),
    lambda do: do.wb.update(Setting, do.id("settings"), value=json.dumps(("UTC", "Asia/Tokyo")[do.pick % 2])),
    lambda do: do.wb.commit(do.id("todos"), WEEK),
    lambda do: do.wb.uncommit(do.id("todos"), WEEK),
    lambda do: do.wb.done(do.id("todos")),
    lambda do: do.wb.reopen(do.id("todos")),
    sql("UPDATE todos SET title = :new WHERE id = :todo"),
    sql("UPDATE todos SET project_id = :project, due_date = '2027-06-01' WHERE id = :todo"),
    sql("UPDATE sessions SET todo_id = :todo, ended_at = started_at + :n"),
    sql("UPDATE projects SET id = 'renamed' || :new, why = :new WHERE id = :project"),
    sql("REPLACE INTO projects (id, user_id, title, created_at, updated_at) VALUES (:project, 'u', :new, 5, 5)"),
    sql("DELETE FROM todos WHERE id = :todo"),
    sql("DELETE FROM projects WHERE id = :project"),
    sql("DELETE FROM weekly_goals"),
)  # fmt: skip
BY_ITSELF: tuple[Act, ...] = (make_instance, roll_over, roll_over, advise, settle_forecast)
