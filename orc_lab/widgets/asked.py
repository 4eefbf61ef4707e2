"""What a page asks to see of the board. It comes from a browser, so nothing in it is believed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self

from orc_lab.model.entities import Status

STEP = 50  # cards of a column at first, and at each "more"
MOST = 2000  # cards of one column in a page
COLUMNS = tuple(status for status in Status if status is not Status.DROPPED)
_OPEN_ORDER = ("due_date", "-priority", "created_at")
_ORDERS = {Status.DUMPED: ("-created_at", "-id"), Status.DONE: ("-completed_at",), Status.DROPPED: ("-updated_at",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Words to be found anywhere in a todo, a project's id, and what else is shown: dropped and snoozed todos.

    `limits` says how many cards of a column.
    """

    text: str = ""
    project: str | None = None
    dropped: bool = False
    snoozed: bool = False
    limits: Mapping[Status, int] = field(default_factory=dict)

    @classmethod
    def read(cls, message: Mapping[str, Any]) -> Self:
        """Return what a message asks for; what can't be understood in it asks for nothing."""
        limits = message.get("limits")
        known = {status: limits[status] for status in Status if status in limits} if isinstance(limits, dict) else {}
        return cls(
            text=str(message.get("text") or "")[:500],
            project=str(message["project"]) if message.get("project") else None,
            dropped=message.get("dropped") is True,
            snoozed=message.get("snoozed") is True,
            limits={status: max(STEP, min(MOST, limit)) for status, limit in known.items() if isinstance(limit, int)},
        )

    @property
    def columns(self) -> tuple[Status, ...]:
        """The columns to show, in their order."""
        return (*COLUMNS, Status.DROPPED) if self.dropped else COLUMNS

    def limit(self, status: Status) -> int:
        """How many cards of a column to show."""
        return self.limits.get(status, STEP)

    def filters(self, status: Status, today: date) -> dict[str, Any]:
        """The filters of `Workbench.find` for a column on a day."""
        found: dict[str, Any] = {"status": status}
        if self.text.strip():
            found["text__has"] = self.text
        if self.project:
            found["project_id"] = self.project
        if not self.snoozed and status not in (Status.DONE, Status.DROPPED):
            found["snoozed_until__lte_or_empty"] = today.isoformat()
        return found


def order(status: Status) -> tuple[str, ...]:
    """The order of a column: what is due first on top; captured, done and dropped ones the latest first."""
    return _ORDERS.get(status, _OPEN_ORDER)
