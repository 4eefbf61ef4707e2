"""A small life with known numbers: three weeks of a person in Berlin whose day starts at four."""

from datetime import datetime
from zoneinfo import ZoneInfo

from orc_lab.model.entities import Activity, Capacity, Commitment, Outcome, Project, Session, Status, Todo
from orc_lab.model.ids import derived_id
from orc_lab.model.week import Week
from orc_lab.store.database import Transaction
from orc_lab.workbench import weeks
from orc_lab.workbench.bench import Workbench
from tests.mirror.conftest import CLOCK

W44, W45, W46 = Week(2026, 44), Week(2026, 45), Week(2026, 46)


def at(text: str) -> int:
    """The instant of a wall-clock time in Berlin, `10-26 09:00`."""
    return int(datetime.fromisoformat(f"2026-{text}").replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp())


def move(tx: Transaction, todo: str, old: Status | None, new: Status, when: int, **values: object) -> None:
    """Change a todo's status, dated, with its activity."""
    if old is not None:
        tx.update(Todo, todo, {"status": new, **values}, at=when)
    told = Activity(
        id=derived_id(todo, str(when), new), subject="todos", subject_id=todo, kind="status", old=old and str(old),
        new=str(new), occurred_at=when, recorded_at=when,
    )  # fmt: skip
    tx.insert(told, at=when)


def add(tx: Transaction, id: str, when: int, *, status: Status = Status.DUMPED, **values: object) -> None:
    """Add a todo, dated, with its activity."""
    todo = Todo(id=id, user_id="me", title=f"Title of {id}", status=status, created_at=when, updated_at=when, **values)
    tx.insert(todo, at=when)
    move(tx, id, None, status, when)


def promise(
    tx: Transaction, week: Week, todo: str, when: int, hours: float | None, *later: tuple[Outcome, int]
) -> None:
    """Commit to a todo, dated; `later` tells what became of it."""
    goal = weeks.goal_id("me", week)
    id = derived_id(todo, str(week), str(when))
    made = Commitment(id=id, weekly_goal_id=goal, todo_id=todo, estimated_hours=hours, created_at=when)
    tx.insert(made, at=when)
    for outcome, resolved in later:
        tx.update(Commitment, id, {"outcome": outcome, "resolved_at": resolved}, at=resolved)


def tell(bench: Workbench) -> None:
    """Write the story."""
    with bench.edit("import", origin="import") as tx:
        _todos(tx)
        _weeks(tx)


def _todos(tx: Transaction) -> None:
    day = at("10-26 09:00")
    tx.insert(Project(id="p", user_id="me", title="Thesis", why="To know", created_at=day, updated_at=day), at=day)
    add(
        tx,
        "paper",
        day,
        project_id="p",
        estimated_hours=4.0,
        tags=("deep", "über"),
        category="writing",
        due_date="2026-11-20",
    )
    move(
        tx,
        "paper",
        Status.DUMPED,
        Status.COMMITTED,
        at("10-26 10:00"),
        started_at=at("10-27 09:00"),
        original_estimate_hours=4.0,
    )
    tx.update(Todo, "paper", {"estimated_hours": 9.0}, at=at("10-28 09:00"))
    # Sunday's night until four is Sunday's; after the sessions the person adds two hours.
    _work(tx, "paper", "10-27 09:00", "10-27 12:00")
    _work(tx, "paper", "11-02 03:00", "11-02 03:30")
    _work(tx, "paper", "11-03 09:00", "11-03 10:30")
    move(
        tx,
        "paper",
        Status.COMMITTED,
        Status.DONE,
        at("11-03 11:00"),
        completed_at=at("11-03 11:00"),
        adjusted_hours=2.0,
    )
    # Nothing timed: the hours are the person's own, in the week it was done. Done in the night before Monday.
    add(tx, "call", at("10-27 08:00"), estimated_hours=1.0, priority="high")
    move(tx, "call", Status.DUMPED, Status.DONE, at("11-02 03:59"), completed_at=at("11-02 03:59"), adjusted_hours=1.5)
    # The timer ran too long: an hour is taken off, from both weeks alike.
    add(tx, "clean", at("11-04 08:00"), project_id="p")
    _work(tx, "clean", "11-04 09:00", "11-04 12:00")
    _work(tx, "clean", "11-09 09:00", "11-09 10:00")
    move(
        tx, "clean", Status.DUMPED, Status.DONE, at("11-09 10:00"), completed_at=at("11-09 10:00"), adjusted_hours=-1.0
    )
    add(tx, "idea", at("11-05 08:00"), project_id="p", estimated_hours=3.0)
    move(tx, "idea", Status.DUMPED, Status.DROPPED, at("11-06 08:00"))
    add(tx, "plan", at("11-09 08:00"), status=Status.REFINED, project_id="p", estimated_hours=8.0)


def _work(tx: Transaction, todo: str, start: str, end: str) -> None:
    tx.insert(Session(id=start, todo_id=todo, device_id="d", started_at=at(start), ended_at=at(end)), at=at(end))


def _weeks(tx: Transaction) -> None:
    for week in (W44, W45, W46):
        tx.insert(weeks.new_goal("me", week, CLOCK, week.start(CLOCK)), at=week.start(CLOCK))
    tx.insert(Capacity(id="c", day="2026-11-05", factor=0.0, why="ill"), at=at("11-05 08:00"))
    promise(tx, W44, "paper", at("10-26 10:00"), 4.0, (Outcome.DONE, at("11-03 11:00")))
    promise(tx, W45, "paper", at("11-02 10:00"), 4.0, (Outcome.DONE, at("11-03 11:00")))
    promise(tx, W44, "call", at("10-29 10:00"), 1.0, (Outcome.DONE, at("11-02 03:59")))  # after the plan froze
    promise(tx, W45, "idea", at("11-02 10:00"), 3.0, (Outcome.REMOVED, at("11-02 11:00")))  # before it froze
    promise(tx, W45, "clean", at("11-02 12:00"), None, (Outcome.REMOVED, at("11-05 11:00")))
    promise(tx, W45, "clean", at("11-06 12:00"), 2.0)  # promised again
    promise(tx, W46, "clean", at("11-09 08:30"), 2.0, (Outcome.DONE, at("11-09 10:00")))
    promise(tx, W46, "plan", at("11-09 08:30"), 8.0)
