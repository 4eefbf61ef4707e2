"""Write a plan's rows with their back-dated history, and the activities that tell it."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from orc_lab.importers.decide import Plan, Progress
from orc_lab.importers.packed import PackedByTime
from orc_lab.model.change import Value
from orc_lab.model.codec import columns
from orc_lab.model.entities import Activity, Entity, ImportRecord, Intention, Project, Todo, WeeklyGoal
from orc_lab.model.ids import dated_id
from orc_lab.store import provenance
from orc_lab.store.bulk import Bulk, PlainLife
from orc_lab.store.database import Database, Transaction

_TOLD: Mapping[str, str] = {"status": "status", "estimated_hours": "estimate", "progress": "progress"}
_WITH_ACTIVITIES: Sequence[type[Entity]] = (Intention, Project, Todo, WeeklyGoal)
_TOLD_OF = {
    kind: {name: place for place, name in enumerate(columns(kind)) if name in _TOLD} for kind in _WITH_ACTIVITIES
}
_RECONSIDERED = ("subject", "subject_id", "content_hash", "raw", "left_out", "imported_at")
_PARENT = columns(Todo).index("parent_id")
_CHUNK = 1000
_ENTRIES = 5  # of the log, for a record: more or less


def write(db: Database, tx: Transaction, plan: Plan, progress: Progress | None) -> None:
    """Write everything of a plan, and tell how many rows are written of how many."""
    total, done = len(plan.rows) + len(plan.records), 0
    activities = PackedByTime()
    with Bulk(tx, expected=_ENTRIES * len(plan.rows)) as bulk:
        for kind, lives in _chunks(db, tx, plan, activities):
            bulk.insert_plain(kind, lives)
            done += len(lives)
            if progress is not None:
                progress(done, total + len(activities))
    for record in plan.reconsidered:
        tx.update(ImportRecord, record.id, {name: getattr(record, name) for name in _RECONSIDERED})


def _chunks(
    db: Database, tx: Transaction, plan: Plan, activities: PackedByTime
) -> Iterator[tuple[type[Entity], Sequence[PlainLife]]]:
    """Yield the rows, then the activities that tell their lives, then the records."""
    for kind, lives in plan.rows.chunks():
        if kind is Todo and plan.parents:
            for row, _, _ in lives:
                if (parent := plan.parents.get(str(row[0]))) is not None:
                    row[_PARENT] = parent  # type: ignore[index]
        if kind in _WITH_ACTIVITIES:
            for life in lives:
                for at, activity in _told(kind, life, tx.now):
                    activities.add(at, (activity, at, ()))
        yield kind, lives
    told_before = provenance.imported_before(db, tx.tx)
    rest = iter(activities)
    while some := list(islice(rest, _CHUNK)):
        yield Activity, _not_told(db, some) if told_before else some
    yield from plan.records.chunks()


def _not_told(db: Database, lives: Sequence[PlainLife]) -> Sequence[PlainLife]:
    """Return the activities that no import which was undone has told before."""
    there = provenance.existing(db, Activity, (str(row[0]) for row, _, _ in lives))
    return [life for life in lives if life[0][0] not in there]


def _told(kind: type[Entity], life: PlainLife, now: int) -> Iterator[tuple[int, Sequence[Value]]]:
    """Yield the activities that tell a row's life, in the order of their columns, each with its instant."""
    row, began, steps = life
    id, at, places = str(row[0]), began or 0, _TOLD_OF[kind]
    first = row[places["status"]] if "status" in places else None
    yield at, _activity(kind, id, "status" if first else "created", None, first, at, now)
    last: dict[str, Value] = {}
    for at, values in steps:
        for name, what in _TOLD.items():
            if name in values:
                old, new = last[name] if name in last else row[places[name]], values[name]
                if new != old:
                    yield at, _activity(kind, id, what, old, new, at, now)
                    last[name] = new


def _activity(kind: type[Entity], id: str, what: str, old: Value, new: Value, at: int, now: int) -> Sequence[Value]:
    made = dated_id(max(at, 0), "import", id, what, str(old), str(new))
    return made, kind.table, id, what, old, new, at, now
