"""Write a plan's rows with their back-dated history, and the activities that tell it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby, islice
from typing import Any

from orc_lab.importers.decide import Plan, Ready
from orc_lab.model.codec import plain
from orc_lab.model.entities import Activity, Entity, ImportRecord, Intention, Project, Todo, WeeklyGoal
from orc_lab.model.ids import dated_id
from orc_lab.store import provenance
from orc_lab.store.bulk import Bulk, Life
from orc_lab.store.database import Database, Transaction

Progress = Callable[[int, int], None]

_TOLD: Mapping[str, str] = {"status": "status", "estimated_hours": "estimate", "progress": "progress"}
_WITH_ACTIVITIES = (Intention, Project, Todo, WeeklyGoal)
_BEGINNINGS = ("created_at", "started_at", "occurred_at", "valid_from")
_RECONSIDERED = ("subject", "subject_id", "content_hash", "raw", "left_out", "imported_at")
_CHUNK = 500


def write(db: Database, tx: Transaction, plan: Plan, progress: Progress | None) -> None:
    """Write everything of a plan, and tell how many rows are written of how many."""
    activities = _activities(db, plan.rows, tx.now)
    total = len(plan.rows) + len(activities) + len(plan.records)
    done = 0
    with Bulk(tx) as bulk:
        for kind, lives in groupby(_lives(plan, activities), key=lambda life: type(life[0])):
            while some := list(islice(lives, _CHUNK)):
                bulk.insert(kind, some)
                done += len(some)
                if progress is not None:
                    progress(done, total)
    for record in plan.reconsidered:
        tx.update(ImportRecord, record.id, {name: getattr(record, name) for name in _RECONSIDERED})


def _lives(plan: Plan, activities: Iterable[Activity]) -> Iterator[Life]:
    for row in plan.rows:
        yield row.entity, _began(row.entity), [(step.at, step.values) for step in row.steps]
    for activity in activities:
        yield activity, activity.occurred_at, ()
    for record in sorted(plan.records, key=lambda record: record.id):
        yield record, None, ()


def _began(entity: Entity) -> int:
    return next(int(getattr(entity, name)) for name in _BEGINNINGS if hasattr(entity, name))


def _activities(db: Database, rows: Iterable[Ready], now: int) -> list[Activity]:
    """Return what happened to the rows, in order of time, without what an import that was undone has told before."""
    told = [activity for row in rows if type(row.entity) in _WITH_ACTIVITIES for activity in _told(row, now)]
    there = provenance.existing(db, Activity, (activity.id for activity in told))
    return sorted((one for one in told if one.id not in there), key=lambda activity: activity.id)


def _told(row: Ready, now: int) -> Iterator[Activity]:
    entity, last = row.entity, {name: plain(getattr(row.entity, name, None)) for name in _TOLD}
    what = "status" if last["status"] else "created"
    yield _activity(entity, what, None, last["status"], _began(entity), now)
    for step in row.steps:
        for name, what in _TOLD.items():
            if name in step.values and (new := plain(step.values[name])) != last[name]:
                yield _activity(entity, what, last[name], new, step.at, now)
                last[name] = new


def _activity(entity: Entity, what: str, old: Any, new: Any, at: int, now: int) -> Activity:
    return Activity(
        id=dated_id(max(at, 0), "import", entity.id, what, str(old), str(new)),
        subject=entity.table,
        subject_id=entity.id,
        kind=what,
        old=old,
        new=new,
        occurred_at=at,
        recorded_at=now,
    )
