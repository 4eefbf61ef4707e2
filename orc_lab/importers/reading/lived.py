"""What the start and the end of a task change in its row: work commits to it and freezes the estimate."""

from typing import Any

from orc_lab.importers.record import Step
from orc_lab.model.entities import Status


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
