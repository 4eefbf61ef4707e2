"""Weekly goals: what a person commits to for a week, when the plan freezes, and what they say of it afterwards."""

from orc_lab.model.clock import Clock
from orc_lab.model.entities import CLOSED, Commitment, Outcome, Status, Todo, WeeklyGoal
from orc_lab.model.ids import derived_id, new_id
from orc_lab.model.week import Week
from orc_lab.store import repository
from orc_lab.store.database import Database, Transaction
from orc_lab.workbench import pipeline, record

_DAY = 24 * 3600


def goal_id(user_id: str, week: Week) -> str:
    """Return the id that this week's goal has on every device of the user."""
    return derived_id("weekly-goal", user_id, str(week))


def new_goal(user_id: str, week: Week, clock: Clock, now: int) -> WeeklyGoal:
    """Return an empty goal for a week; its plan freezes 24 h after the week starts."""
    return WeeklyGoal(
        id=goal_id(user_id, week),
        user_id=user_id,
        week_start_date=week.monday.isoformat(),
        freezes_at=week.start(clock) + _DAY,
        created_at=now,
        updated_at=now,
    )


def ensure_goal(db: Database, tx: Transaction, user_id: str, week: Week, clock: Clock) -> WeeklyGoal:
    """Return the week's goal, made now where there was none."""
    found = repository.fetch(db, WeeklyGoal, goal_id(user_id, week))
    if found is not None:
        return found
    goal = new_goal(user_id, week, clock, tx.now)
    tx.insert(goal)
    record.created(tx, goal)
    return goal


def commit(db: Database, tx: Transaction, goal: WeeklyGoal, todo: Todo) -> Commitment:
    """Promise an open todo for the goal's week, with the estimate as it is now; committing twice changes nothing."""
    promised = repository.find(db, Commitment, {"weekly_goal_id": goal.id, "todo_id": todo.id})
    commitment = next((standing for standing in promised if standing.outcome is not Outcome.REMOVED), None)
    if commitment is None:
        commitment = Commitment(
            id=new_id(),
            weekly_goal_id=goal.id,
            todo_id=todo.id,
            estimated_hours=todo.estimated_hours,
            created_at=tx.now,
        )
        tx.insert(commitment)
    if todo.status is not Status.COMMITTED:
        pipeline.change(db, tx, todo, {"status": Status.COMMITTED})
    return commitment


def take_out(db: Database, tx: Transaction, goal_id: str, todo: Todo) -> None:
    """Take an open commitment out of a week's plan; its todo is confirmed again where no later week holds it."""
    held = {"todo_id": todo.id, "outcome": Outcome.OPEN, "weekly_goal_id": goal_id}
    for commitment in repository.find(db, Commitment, held):
        tx.update(Commitment, commitment.id, {"outcome": Outcome.REMOVED, "resolved_at": tx.now})
    elsewhere = pipeline.unexpired(db, todo.id, [Outcome.OPEN], tx.now)
    if todo.status is Status.COMMITTED and not elsewhere:
        pipeline.change(db, tx, todo, {"status": Status.CONFIRMED})


def take_out_of_all(db: Database, tx: Transaction, todo: Todo) -> None:
    """Take a todo out of the plans of all weeks that aren't over."""
    for commitment in pipeline.unexpired(db, todo.id, [Outcome.OPEN], tx.now):
        take_out(db, tx, commitment.weekly_goal_id, todo)


def may_commit(todo: Todo) -> bool:
    """Return whether a todo can be promised: not one that is done or dropped."""
    return todo.status not in CLOSED
