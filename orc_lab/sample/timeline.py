"""Dated events of a life, and the queue of what happens next."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any

from orc_lab.model.change import Value
from orc_lab.model.codec import plain
from orc_lab.model.entities import Activity, Entity
from orc_lab.model.ids import dated_id

# Fields whose changes the workbench tells one by one, and what it calls them.
_TOLD = {"status": "status", "estimated_hours": "estimate", "project_id": "project", "progress": "progress"}


@dataclass(frozen=True, slots=True)
class Added:
    """A row was added at an instant (seconds UTC)."""

    at: int
    entity: Entity


@dataclass(frozen=True, slots=True)
class Changed:
    """Some fields of a row were set at an instant."""

    at: int
    kind: type[Entity]
    id: str
    values: Mapping[str, Any]


Event = Added | Changed
Action = Callable[..., object]


class Timeline:
    """Actions waiting for their instant, and what they wrote: rows with the activities of the workbench's verbs."""

    def __init__(self, name: str) -> None:
        self.rng = Random(name)
        self.now = 0
        self.told = True  # whether activities are wanted
        self._name = name
        self._serial = count()
        self._waiting: list[tuple[int, int, Action, tuple[Any, ...]]] = []
        self._written: list[Event] = []

    def push(self, at: int, act: Action, *args: Any) -> None:
        """Let `act(*args)` happen at an instant; one that has passed happens next."""
        heappush(self._waiting, (max(at, self.now), next(self._serial), act, args))

    def until(self, end: int) -> Iterator[Event]:
        """Let everything happen that is due before `end`; yield what was written, in order of time."""
        while self._waiting and self._waiting[0][0] < end:
            self.now, _, act, args = heappop(self._waiting)
            act(*args)
            yield from self._written
            self._written.clear()

    def new_id(self) -> str:
        """Return an id that sorts by time and is the same in each run."""
        return self._id(next(self._serial))

    def _id(self, serial: int) -> str:
        return dated_id(self.now, "sample", self._name, str(serial))

    def add(self, entity: Entity) -> None:
        """Add a row, and tell it."""
        self._written.append(Added(self.now, entity))
        status = getattr(entity, "status", None)
        self.tell(type(entity), entity.id, "status" if status else "created", new=status and str(status))

    def add_untold(self, entity: Entity) -> None:
        """Add a row that the workbench adds without an activity."""
        self._written.append(Added(self.now, entity))

    def change(self, kind: type[Entity], id: str, values: Mapping[str, Any], old: Mapping[str, Any]) -> None:
        """Set fields of a row, and tell which."""
        self.change_untold(kind, id, values)
        changed = [field for field in values if plain(old.get(field)) != plain(values[field])]
        told = [field for field in changed if field in _TOLD]
        for field in told:
            self.tell(kind, id, _TOLD[field], old=plain(old.get(field)), new=plain(values[field]))
        if changed and not told:
            self.tell(kind, id, "edited", new=", ".join(changed))

    def change_untold(self, kind: type[Entity], id: str, values: Mapping[str, Any]) -> None:
        """Set fields of a row that the workbench sets without an activity of their own."""
        self._written.append(Changed(self.now, kind, id, values))

    def tell(self, kind: type[Entity], id: str, what: str, *, old: Value = None, new: Value = None) -> None:
        """Write an activity, recorded when it happened."""
        serial = next(self._serial)
        if not self.told:
            return
        entry = Activity(
            id=self._id(serial),
            subject=kind.table,
            subject_id=id,
            kind=what,
            old=old if not isinstance(old, bytes) else None,
            new=new if not isinstance(new, bytes) else None,
            occurred_at=self.now,
            recorded_at=self.now,
        )
        self._written.append(Added(self.now, entry))
