"""What holds after any edits: the log replayed from empty equals the tables, derived columns equal their definition."""

from itertools import pairwise

from orc_lab.model.codec import captured
from orc_lab.model.entities import KINDS, Entity, Todo, WeeklyGoal
from orc_lab.store import history
from orc_lab.store.database import Database


def hold(db: Database) -> None:
    """Assert all of it."""
    for kind in KINDS.values():
        names = captured(kind)
        replayed = {id: {name: row[name] for name in names} for id, row in history.replayed(db, kind).items()}
        assert replayed == captured_rows(db, kind), kind.table
    assert derived_hours(db) == defined_hours(db)
    assert derived_goals(db) == defined_goals(db)
    clocks = [hlc for (hlc,) in db.rows("SELECT hlc FROM change_log ORDER BY seq")]
    assert all(before < after for before, after in pairwise(clocks))
    assert db.rows("SELECT tx, origin, at, hlc FROM change_context") == [(None, None, None, None)]


def captured_rows(db: Database, kind: type[Entity]) -> dict[str, dict[str, object]]:
    """The captured fields of a kind's rows as they stand, by id."""
    names = captured(kind)
    found = db.rows(f"SELECT {', '.join(names)} FROM {kind.table}")
    return {row[names.index("id")]: dict(zip(names, row, strict=True)) for row in found}


def derived_hours(db: Database) -> dict[str, float | None]:
    rows = db.rows("SELECT id, actual_hours FROM todos")
    return {id: None if hours is None else round(hours, 6) for id, hours in rows}  # SQLite rounds a half otherwise


def defined_hours(db: Database) -> dict[str, float | None]:
    """The person's own figure plus the ended sessions, never below 0; None where there is neither."""
    found: dict[str, float | None] = {}
    for id, adjusted in db.rows(f"SELECT id, adjusted_hours FROM {Todo.table}"):
        ended = db.rows("SELECT ended_at - started_at FROM sessions WHERE todo_id = ? AND ended_at IS NOT NULL", (id,))
        hours = (adjusted or 0.0) + sum(seconds for (seconds,) in ended) / 3600
        found[id] = round(max(0.0, hours), 6) if ended or adjusted is not None else None
    return found


def derived_goals(db: Database) -> dict[str, tuple[float, float | None]]:
    rows = db.rows(f"SELECT id, total_estimated_hours, completion_rate FROM {WeeklyGoal.table}")
    return {id: (round(total, 6), rate) for id, total, rate in rows}


def defined_goals(db: Database) -> dict[str, tuple[float, float | None]]:
    """Of the commitments that stood when the plan froze: their estimates, and the share that is done."""
    found: dict[str, tuple[float, float | None]] = {}
    for id, freezes in db.rows("SELECT id, freezes_at FROM weekly_goals"):
        promised = db.rows(
            "SELECT estimated_hours, outcome, created_at, resolved_at FROM commitments WHERE weekly_goal_id = ?", (id,)
        )
        planned = [
            (hours or 0.0, outcome)
            for hours, outcome, made, resolved in promised
            if made <= freezes and not (outcome == "removed" and resolved is not None and resolved <= freezes)
        ]
        done = sum(outcome == "done" for _, outcome in planned)
        found[id] = (round(sum(hours for hours, _ in planned), 6), done / len(planned) if planned else None)
    return found
