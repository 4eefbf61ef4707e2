"""Take back what was done, and bring it again: decide what would restore the earlier values, then do it as a new edit.

A redo takes back an undo. An edit, its undo, the redo and so on are a chain, of which only the last can be taken back.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orc_lab.errors import ChangedSince, NotFound, NothingToUndo
from orc_lab.model.change import Edit, Op, Value
from orc_lab.model.entities import KINDS, Activity, Entity
from orc_lab.store import change_log, repository
from orc_lab.store.change_log import Entry
from orc_lab.store.database import Database, Transaction
from orc_lab.store.references import Reference, references, referring
from orc_lab.workbench.reversal import (
    Conflict,
    Reversal,
    Row,
    Rows,
    Values,
    by_table,
    cells_around,
    stored,
    with_parents,
)
from orc_lab.workbench.reversal import apply as reverse

_SETUP = "setup"  # what makes a database is no edit that anybody takes back
_BOOKKEEPING = frozenset({"recommendations"})  # of the agents: it goes with what it is about


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What takes an edit back, and the fields that were changed again since or can't be as they were."""

    edit: Edit
    reversal: Reversal
    conflicts: Sequence[Conflict]


def named(db: Database, tx: int, *, again: bool) -> Edit:
    """Return what has to be taken back so that a named edit is undone, or done `again`.

    Raises NotFound where there is no such edit, NothingToUndo where it is so already.
    """
    chain = change_log.chain(db, tx)
    if not chain or chain[0].actor == _SETUP:
        raise NotFound("edit", str(tx))
    stands = len(chain) % 2 == 1
    if stands is again:
        raise NothingToUndo(f"Edit {chain[0].tx} ({chain[0].label}) " + ("stands." if again else "is undone already."))
    return chain[-1]


def label(db: Database, edit: Edit) -> str:
    """Return the label of the edit that takes this one back: `undo …`, or `redo …` for an undo."""
    chain = change_log.chain(db, edit.tx)
    return f"{'undo' if len(chain) % 2 else 'redo'} {chain[0].label}"


def check_last(db: Database, edit: Edit, tx: Transaction) -> None:
    """Raise NothingToUndo where another process has taken the edit back since it was chosen."""
    if any(other.undoes == edit.tx and other.tx != tx.tx for other in change_log.chain(db, edit.tx)):
        raise NothingToUndo(f"Edit {edit.tx} ({edit.label}) was taken back meanwhile.")


def plan(db: Database, edit: Edit) -> Plan:
    """Return how to take an edit back. Activities stay: what happened, happened; those that an import made up go."""
    stories = _stories(db, edit)
    made = {row: story for row, story in stories.items() if story[0].op == Op.INSERT}
    other = {row: story for row, story in stories.items() if row not in made}
    before, written = cells_around(db, other)
    now = stored(db, other)
    restored: dict[type[Entity], dict[str, Values]] = defaultdict(dict)
    updated: dict[type[Entity], dict[str, Values]] = defaultdict(dict)
    conflicts: list[Conflict] = []
    for row, story in other.items():
        kind, id = KINDS[row[0]], row[1]
        if story[-1].op == Op.DELETE:
            if row not in now:
                restored[kind][id] = before[row]
        elif row in now:
            conflicts += _conflicts(now[row], written[row], before[row])
            if values := {field: old for field, old in before[row].items() if now[row][field] != old}:
                updated[kind][id] = values
    removed = _there(db, made)
    conflicts += _changed_since(db, made, removed, updated)
    back, fields, orphans = with_parents(db, restored, updated)
    reversal = Reversal(restored=back, updated=fields, removed=removed, told=not _imported(db, edit))
    return Plan(edit=edit, reversal=reversal, conflicts=[*conflicts, *orphans])


def apply(db: Database, tx: Transaction, plan: Plan, *, force: bool = False, steps: int = 0) -> None:
    """Do it, after `steps` others; raises ChangedSince where a field has another value since, unless forced: none of
    them shall come about then."""
    if plan.conflicts and not force:
        raise ChangedSince(plan.conflicts, steps=steps)
    reverse(db, tx, plan.reversal)


def _stories(db: Database, edit: Edit) -> dict[Row, list[Entry]]:
    """The entries of an edit by row, oldest first, without activities that tell what happened."""
    entries = change_log.entries(db, edit.tx)
    brought = set[str]()  # activities that this edit brought again, when it took back the undo of an import
    if edit.undoes is not None and any(entry.table == Activity.table for entry in entries):
        taken = change_log.entries(db, edit.undoes)
        brought = {entry.id for entry in taken if entry.table == Activity.table and entry.op == Op.DELETE}
    found: dict[Row, list[Entry]] = defaultdict(list)
    for entry in entries:
        told = entry.table == Activity.table and entry.op != Op.DELETE and entry.origin != "import"
        if entry.table in KINDS and (not told or entry.id in brought):
            found[entry.table, entry.id].append(entry)
    return found


def _imported(db: Database, edit: Edit) -> bool:
    """Whether it came from a file; what never happened leaves no trace in what happened."""
    return change_log.origin(db, change_log.chain(db, edit.tx)[0].tx) == "import"


def _there(db: Database, made: Mapping[Row, object]) -> dict[type[Entity], list[str]]:
    found = {}
    for table, ids in by_table(made).items():
        there = repository.there(db, KINDS[table], ids)
        found[KINDS[table]] = [id for id in ids if id in there]
    return found


def _changed_since(
    db: Database, made: Mapping[Row, Sequence[Entry]], removed: Mapping[type[Entity], Sequence[str]], updated: Rows
) -> list[Conflict]:
    """What would be lost with the rows that the edit made: later changes of them, and what refers to them since."""
    last = max((story[-1].seq for story in made.values()), default=None)
    if last is None or change_log.head(db) <= last:
        return []
    touched = change_log.touched_since(db, last, [id for table, id in made if table != Activity.table])
    later = {row: made[row] for row in made if row in touched}
    before, written = cells_around(db, later)
    now = stored(db, later)
    found = [one for row, values in now.items() for one in _conflicts(values, written[row], before[row])]
    return found + _attached(db, removed, updated)


def _attached(db: Database, removed: Mapping[type[Entity], Sequence[str]], updated: Rows) -> list[Conflict]:
    found: list[tuple[Reference, str, str]] = []
    for reference in references(db):
        if reference.kind.table not in _BOOKKEEPING and (parents := removed.get(reference.parent)):
            own = set(removed.get(reference.kind, ()))
            own.update(id for id, values in updated.get(reference.kind, {}).items() if reference.field in values)
            pairs = referring(db, reference, parents)
            found += [(reference, child, parent) for child, parent in pairs if child not in own]
    titles = {id: title for (_, id), title in change_log.titles(db, {id for _, *ids in found for id in ids}).items()}
    return [
        (
            f"{reference.field} of {reference.kind.noun} {titles.get(child, child[-6:])!r}",
            titles.get(parent, parent),
            "nothing, and remove it" if reference.goes else None,
        )
        for reference, child, parent in found
    ]


def _conflicts(
    current: Mapping[str, Value], written: Mapping[str, Value], before: Mapping[str, Value]
) -> list[Conflict]:
    return [
        (field, current[field], before[field])
        for field in written
        if current[field] != written[field] and current[field] != before[field]
    ]
