"""Many rows at once are taken back as one after the other would be: the same tables, and the same log of each row."""

import shutil
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orc_lab.errors import OrcError
from orc_lab.model.change import Change, Op
from orc_lab.model.entities import KINDS, Activity, Link, Project, Session, Status, Todo, WeeklyGoal
from orc_lab.model.week import Week
from orc_lab.store import bulk, change_log, repository
from orc_lab.store.database import Database
from orc_lab.workbench import reversal, undo
from orc_lab.workbench.bench import Workbench
from orc_lab.workbench.reversal import Reversal
from tests.store import laws

WEEK = Week(2026, 47)
FILES = count()
Act = Callable[[Workbench, int], object]


def some(wb: Workbench, kind: type[Todo | Project | WeeklyGoal | Session | Link], pick: int) -> str:
    rows = wb.find(kind)
    return rows[pick % len(rows)].id if rows else "missing"


def remade(wb: Workbench, id: str) -> None:
    """Gone and made anew within one edit."""
    wb.delete(Project, id)
    wb.create(Project, id=id, title="anew")


ACTS: Sequence[Act] = (
    lambda wb, pick: wb.capture(f"Task {pick} +Project{pick % 3} 2h"),
    lambda wb, pick: wb.add_todo("Part", parent_id=some(wb, Todo, pick)),
    lambda wb, pick: wb.update(Todo, some(wb, Todo, pick), title=f"t{pick}", tags=["x"] * (pick % 2)),
    lambda wb, pick: wb.update(Todo, some(wb, Todo, pick), status=list(Status)[pick % 7], estimated_hours=pick),
    lambda wb, pick: wb.match(some(wb, Todo, pick), some(wb, Project, pick)),
    lambda wb, pick: wb.commit(some(wb, Todo, pick), WEEK + pick % 2),
    lambda wb, pick: wb.create(Link, blocker_id=some(wb, Todo, pick), blocked_id=some(wb, Todo, pick + 1)),
    lambda wb, pick: wb.start(some(wb, Todo, pick), at=1_700_000_000),
    lambda wb, pick: wb.stop(ended_at=1_700_003_600),
    lambda wb, pick: wb.delete(Todo, some(wb, Todo, pick), along=pick % 2 == 0),
    lambda wb, pick: wb.delete(Project, some(wb, Project, pick), along=pick % 2 == 0),
    lambda wb, pick: wb.delete(WeeklyGoal, some(wb, WeeklyGoal, pick)),
    lambda wb, pick: wb.delete(Session, some(wb, Session, pick)),
    lambda wb, pick: remade(wb, some(wb, Project, pick)),
)


def one_by_one(db: Database, plan: Reversal, tx: object) -> None:
    """The same plan, each row for itself."""
    tables = tuple(KINDS.values())
    for kind in tables:
        for id, values in plan.restored.get(kind, {}).items():
            alone = Reversal(restored={kind: {id: values}}, updated={}, removed={}, told=plan.told)
            reversal.apply(db, tx, alone)  # type: ignore[arg-type]
    for kind in tables:
        for id, values in plan.updated.get(kind, {}).items():
            alone = Reversal(restored={}, updated={kind: {id: values}}, removed={}, told=plan.told)
            reversal.apply(db, tx, alone)  # type: ignore[arg-type]
    for kind in reversed(tables):
        for id in sorted(plan.removed.get(kind, ())):
            alone = Reversal(restored={}, updated={}, removed={kind: [id]}, told=plan.told)
            reversal.apply(db, tx, alone)  # type: ignore[arg-type]


def change_by_change(db: Database, changes: Sequence[Change], tx: object) -> None:
    """Each change for itself, the latest first, without looking at what others do."""
    tx.defer_references()  # type: ignore[attr-defined]
    for change in reversed([one for one in changes if one.table != Activity.table]):
        kind = KINDS[change.table]
        there = bool(repository.there(db, kind, [change.id]))
        old = {field: value for field, (value, _) in change.cells.items()}
        if change.op is Op.INSERT and there:
            tx.delete(kind, change.id)  # type: ignore[attr-defined]
        elif change.op is Op.DELETE and not there:
            tx.restore_many(kind, {change.id: old})  # type: ignore[attr-defined]
        elif change.op is Op.UPDATE and there:
            tx.update(kind, change.id, old)  # type: ignore[attr-defined]


def tables(db: Database) -> object:
    kept = {kind: laws.captured_rows(db, kind) for kind in KINDS.values() if kind is not Activity}
    return kept, laws.derived_hours(db), laws.derived_goals(db)


def log(db: Database, after: int) -> object:
    """What the log says of each row, without clocks; what activities tell, without their ids."""
    found: dict[tuple[str, str], list[object]] = defaultdict(list)
    told = []
    for change in change_log.since(db, after):
        if change.table == Activity.table:
            told.append(sorted((field, str(new)) for field, (_, new) in change.cells.items() if "_at" not in field))
        else:
            found[change.table, change.id].append((change.op, change.origin, change.tx, dict(change.cells)))
    return dict(found), sorted(told)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    before=st.lists(st.tuples(st.integers(0, 8), st.integers(0, 20)), max_size=12),
    acts=st.lists(st.tuples(st.integers(0, len(ACTS) - 1), st.integers(0, 20)), min_size=1, max_size=12),
)
def test_at_once_is_as_one_by_one(
    tmp_path: Path, template: Path, before: list[tuple[int, int]], acts: list[tuple[int, int]]
) -> None:
    made = shutil.copyfile(template, tmp_path / f"{next(FILES)}.db")
    with Workbench.open(made, durability="normal") as wb:
        wb.db.conn.execute("PRAGMA synchronous = OFF")
        for number in range(3):
            wb.capture(f"Task {number} +Project{number} 3h")
        for number, pick in before:
            with suppress(OrcError):
                ACTS[number](wb, pick)
        begun = tables(wb.db)
        with wb.edit("mixed"):
            for number, pick in acts:
                with suppress(OrcError):
                    ACTS[number](wb, pick)
        edit, head = wb.edits(1)[0], wb.head()
        changes = [change for change in change_log.since(wb.db, 0) if change.tx == edit.tx]
    ends = []
    for number in range(4):
        path = shutil.copyfile(made, tmp_path / f"{next(FILES)}.db")
        with Workbench.open(path, durability="normal") as wb:
            wb.db.conn.execute("PRAGMA synchronous = OFF")
            with wb.edit("back", undoes=edit.tx) as tx:
                plan = undo.plan(wb.db, edit)
                assert not plan.conflicts
                if number == 0:
                    undo.apply(wb.db, tx, plan)
                elif number == 3:
                    with pytest.MonkeyPatch.context() as patch:  # as where there are very many
                        patch.setattr(bulk, "MANY", 1)
                        undo.apply(wb.db, tx, plan)
                elif number == 1:
                    one_by_one(wb.db, plan.reversal, tx)
                else:
                    change_by_change(wb.db, changes, tx)
            ends.append((tables(wb.db), log(wb.db, head)))
            if number in (0, 3):
                laws.hold(wb.db)
    at_once, alone, by_change, in_bulk = ends
    assert at_once[0] == alone[0] == by_change[0] == in_bulk[0] == begun
    assert at_once[1] == alone[1] == in_bulk[1]
