"""A sample life: made as dated events, written through the workbench's bulk door, put into a database of its own."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from heapq import merge
from operator import attrgetter
from pathlib import Path
from random import Random

from orc_lab.errors import DatabaseExists
from orc_lab.model.batched import batched
from orc_lab.model.clock import Clock
from orc_lab.model.entities import KINDS, Entity
from orc_lab.model.ids import derived_id
from orc_lab.model.week import Week
from orc_lab.sample.catalogue import ROUTINES
from orc_lab.sample.person import Person, routine_days
from orc_lab.sample.script import script
from orc_lab.sample.seasons import amounts, leaves, seasons
from orc_lab.sample.timeline import Added, Event
from orc_lab.sample.work import Hands
from orc_lab.store.bulk import Bulk
from orc_lab.store.database import Transaction
from orc_lab.store.database import create as create_database
from orc_lab.workbench.bench import Workbench

TODOS = 900
USER = derived_id("sample", "user")
DEVICE = derived_id("sample", "device")

_HANDS_A_WEEK = TODOS / 52  # todos that one pair of hands takes in
_BATCH = 50_000  # events a transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """A life of `weeks` weeks up to the Sunday of `end`; equal lives bring about equal events."""

    seed: int
    end: Week
    weeks: int
    todos: int
    zone: str
    user_id: str = USER
    device_id: str = DEVICE

    def hands(self) -> Iterator[Hands]:
        """Yield who lives it: the person, and beside them as many hands as so many todos a week take."""
        clock = Clock(zone=self.zone)
        weeks = list((self.end - (self.weeks - 1)).until(self.end))
        off = leaves(weeks, clock, Random(f"{self.seed}/leaves"))
        year = seasons(weeks, {leave.day: leave for leave in off}, clock)
        told = [replace(leave, told=max(leave.told, year[0].start)) for leave in off]
        shared = script(self.seed, self.user_id, self.device_id, year, told)
        routine = sum(len(list(routine_days(r, p, shared))) for r in ROUTINES for p in shared.parts)
        many = max(1, round(self.todos / self.weeks / _HANDS_A_WEEK))
        for number in range(many):
            share = (self.todos + number) // many - (routine if number == 0 else 0)
            counts = amounts(max(0, share), year[:-1], Random(f"{self.seed}/{number}/amounts"))
            pace = self.todos / many / self.weeks / _HANDS_A_WEEK
            yield (Hands if number else Person)(shared, clock, number, counts, pace=pace)

    def events(self) -> Iterator[Event]:
        """Yield everything that happens, in order of time, of all hands together."""
        return merge(*(hands.events() for hands in self.hands()), key=attrgetter("at"))


def life(seed: int = 7, *, end: Week, weeks: int = 52, todos: int = TODOS, zone: str = "Europe/Berlin") -> Life:
    """Return the sample life that ends with the Sunday of the week `end`; the week after it is planned already."""
    return Life(seed=seed, end=end, weeks=max(1, weeks), todos=todos, zone=zone)


def settled(events: Iterable[Event]) -> dict[type[Entity], dict[str, Entity]]:
    """Return the rows that events end in, by kind and id; kinds in an order in which each finds its parents."""
    rows: dict[type[Entity], dict[str, Entity]] = {kind: {} for kind in KINDS.values()}
    for event in events:
        if isinstance(event, Added):
            rows[type(event.entity)][event.entity.id] = event.entity
        else:
            values = dict(event.values) | ({"updated_at": event.at} if "updated_at" in event.kind.derived else {})
            rows[event.kind][event.id] = replace(rows[event.kind][event.id], **values)
    return rows


def write(wb: Workbench, life: Life, *, history: bool = True) -> int:
    """Write a life into a workbench, as its person's; return how many rows were added and changed.

    Each step is dated, so that any past week can be seen as it was then. Without `history` every row is written once,
    as it ended up, and no activity: that is for benchmarks.
    """
    life = replace(life, user_id=wb.user_id, device_id=wb.device_id)
    if not history:
        return sum(_write_settled(wb, hands) for hands in life.hands())
    written, events = 0, life.events()
    for batch in batched(events, _BATCH):
        with wb.edit("sample life", actor="setup", origin="import") as tx:  # dated by itself, as an import is
            for event in batch:
                _write_event(tx, event)
        written += len(batch)
    return written


def _write_event(tx: Transaction, event: Event) -> None:
    if isinstance(event, Added):
        tx.insert(event.entity, at=event.at)
    else:
        tx.update(event.kind, event.id, event.values, at=event.at)


def _write_settled(wb: Workbench, hands: Hands) -> int:
    hands.told = False
    rows = settled(hands.events())
    with wb.edit("sample life", actor="setup", origin="import") as tx, Bulk(tx) as bulk:
        for kind, entities in rows.items():
            bulk.insert(kind, ((entity, None, ()) for entity in entities.values()))
    return sum(map(len, rows.values()))


def make(
    path: str | os.PathLike[str],
    *,
    end: Week,
    seed: int = 7,
    weeks: int = 52,
    todos: int = TODOS,
    zone: str = "Europe/Berlin",
    history: bool = True,
) -> None:
    """Make a database that holds a sample life: written beside, then named. Raises DatabaseExists, NotWritable."""
    path = Path(path)
    if path.exists():
        raise DatabaseExists(str(path))
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        db = create_database(beside, user_id=USER, device_id=DEVICE, sample=True)
        with Workbench(db) as wb:
            write(wb, life(seed, end=end, weeks=weeks, todos=todos, zone=zone), history=history)
        _name(beside, path)
    finally:
        for left in ("", "-wal", "-shm"):
            with suppress(OSError):  # it may never have been there
                beside.with_name(beside.name + left).unlink()


def _name(made: Path, path: Path) -> None:
    """Give a finished file its name; unlike a rename, a link never replaces what another process made meanwhile."""
    try:
        path.hardlink_to(made)
    except FileExistsError:
        raise DatabaseExists(str(path)) from None
    except OSError:  # a file system without links
        made.rename(path)
