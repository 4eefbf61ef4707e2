"""Write a plan's rows with their back-dated history, and the activities that tell it."""

from collections.abc import Iterator, Mapping, Sequence

from orc_lab.importers import revision
from orc_lab.importers.decide import Plan, Progress
from orc_lab.model.batched import batched
from orc_lab.model.codec import columns
from orc_lab.model.entities import Entity, ImportRecord, Todo
from orc_lab.store.bulk import Bulk, PlainLife
from orc_lab.store.database import Database, Transaction

_RECONSIDERED = ("subject", "subject_id", "content_hash", "raw", "left_out", "imported_at")
_PARENT = columns(Todo).index("parent_id")
_CHUNK = 500
_ENTRIES = 5  # of the log, for a record: more or less


def write(db: Database, tx: Transaction, plan: Plan, progress: Progress | None) -> None:
    """Write everything of a plan, and tell how many rows are written of how many."""
    total = len(plan.rows) + len(plan.records)
    with Bulk(tx, expected=_ENTRIES * len(plan.rows), telling=True) as bulk:
        done = 0
        for count in _written(bulk, plan):
            done += count
            if progress is not None:
                progress(done, total + bulk.told)
    for kind, lives in plan.taken.chunks():
        for life in lives:
            _take(tx, kind, life, plan.parents)
    revision.write(db, tx, plan.revisions)
    for some in batched(plan.reconsidered, _CHUNK):
        told = [(one.id, {name: getattr(one, name) for name in _RECONSIDERED}) for one in some]
        tx.update_many(ImportRecord, told)


def _written(bulk: Bulk, plan: Plan) -> Iterator[int]:
    """Write the rows, then the activities that tell their lives, then the records; yield how many at a time."""
    for kind, lives in plan.rows.chunks():
        if kind is Todo and plan.parents:
            _adopt(plan, lives)
        yield _inserted(bulk, kind, lives)
    yield from bulk.tell()
    for kind, lives in plan.records.chunks():
        yield _inserted(bulk, kind, lives)


def _inserted(bulk: Bulk, kind: type[Entity], lives: Sequence[PlainLife]) -> int:
    bulk.insert_plain(kind, lives)
    return len(lives)


def _take(tx: Transaction, kind: type[Entity], life: PlainLife, parents: Mapping[str, str]) -> None:
    """Write a row's life over that of the one whose place it takes; what refers to that one stays with it."""
    row, began, steps = life
    id, fixed = str(row[0]), kind.derived | {"id", "user_id"}
    values = {name: value for name, value in zip(columns(kind), row, strict=True) if name not in fixed}
    if id in parents:
        values["parent_id"] = parents[id]
    tx.update(kind, id, values, at=began)
    for at, later in steps:
        tx.update(kind, id, {name: value for name, value in later.items() if name not in fixed}, at=at)


def _adopt(plan: Plan, lives: Sequence[PlainLife]) -> None:
    """Give todos their parents."""
    for row, _, _ in lives:
        if (parent := plan.parents.get(str(row[0]))) is not None:
            row[_PARENT] = parent  # type: ignore[index]
