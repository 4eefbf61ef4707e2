"""What the start and the end of a task change in its row: work commits to it and freezes the estimate.

A task that has ended, but of which no date is known at all, is closed from the beginning of its row and has no date of
completion: a date made up for it would be that of the import, and count in figures over time.
"""

from typing import Any

from orc_lab.importers.reading.fields import Fields
from orc_lab.importers.reading.values import at_hour
from orc_lab.importers.record import Step
from orc_lab.model.entities import Status

UNDATED = {
    Status.DONE: "finished without a date: it stands here as done, and counts in no figure over time",
    Status.DROPPED: "dropped without a date: it stands here as dropped, and counts in no figure over time",
}


def steps(started: int | None, ended: int | None, status: Status, estimate: float | None) -> list[Step]:
    """Return the steps of a task that was started and ended (instants, in this order), as its status says."""
    frozen: dict[str, Any] = {} if estimate is None else {"original_estimate_hours": estimate}
    found = []
    if started is not None:
        found.append(Step(at=started, values={"started_at": started, "status": Status.COMMITTED, **frozen}))
    if ended is not None:
        done = {"completed_at": ended, **frozen} if status is Status.DONE else {}
        found.append(Step(at=ended, values={"status": status, **done}))
    return found


def end(fields: Fields, status: Status, *known: int | None, evening: bool = True) -> int | None:
    """Return when a task ended of which nothing says it: on the last day that is known of it, and in its evening where
    such days have no times; None where no date of it is known (see `closed`). `known` are those that the file tells."""
    dates = [one for one in known if one is not None]
    if not dates:
        fields.warn(UNDATED[status])
        return None
    fields.warn(f"it is {status}, but nothing says since when: taken as its last known day")
    fields.guessed = True
    last, clock = max(dates), fields.context.clock
    return max(last, min(at_hour(clock.day(last), 17, clock), fields.context.now)) if evening else last


def closed(status: Status, estimate: float | None) -> dict[str, Any]:
    """Return what is so from the beginning in the row of a task that has ended, nobody knows when."""
    frozen = {} if estimate is None or status is not Status.DONE else {"original_estimate_hours": estimate}
    return {"status": status, **frozen}
