"""Delete, list what was deleted, and bring it back: the change log is the trash, and it is never emptied.

What went together comes back together: a project's todos, a todo's sessions, commitments and links, and the references
that were emptied because what they named was gone.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from orc_lab.errors import AmbiguousId, NotFound
from orc_lab.model.change import Edit, Op, Value
from orc_lab.model.entities import KINDS, Entity, Intention, Project, Session, Todo, WeeklyGoal
from orc_lab.store import change_log, repository
from orc_lab.store.change_log import Deletion, Entry
from orc_lab.store.database import Database, Transaction
from orc_lab.store.references import Reference, references, referring
from orc_lab.store.removal import remove
from orc_lab.workbench import record
from orc_lab.workbench.reversal import Reversal, Row, Values, apply, cells_around, stored, with_parents

NAMED = (Todo, Project, Intention, WeeklyGoal, Session)  # what a person deletes by name
_BY = "another program"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """A thing that was deleted: when, by whom and by which edit, how many rows by noun went with it.

    `values` are its fields as they were. `emptied` tells, of one that was brought back, which references stayed empty
    or which rows stayed away because what they named is gone.
    """

    kind: type[Entity]
    id: str
    at: int
    actor: str
    label: str
    tx: int | None
    values: Mapping[str, Value]
    along: Mapping[str, int]
    emptied: Sequence[str] = field(default=())


def delete(db: Database, tx: Transaction, kind: type[Entity], ids: Sequence[str], *, along: bool) -> None:
    """Remove rows, and with `along` the todos that belong to them; raises NotFound."""
    _check(db, kind, ids)
    for level in reversed(_levels(db, kind, ids) if along else []):  # parts first: else their parent is emptied too
        remove(tx, Todo, level)
        record.write_many(tx, Todo, level, "deleted")
    remove(tx, kind, list(ids))
    record.write_many(tx, kind, ids, "deleted")


def taken_along(db: Database, kind: type[Entity], ids: Sequence[str], *, along: bool) -> dict[str, int]:
    """Return what goes with rows when they are deleted, by noun; raises NotFound."""
    _check(db, kind, ids)
    todos = [id for level in _levels(db, kind, ids) for id in level] if along else []
    found = Counter({Todo.noun: len(todos)})
    gone: dict[type[Entity], list[str]] = defaultdict(list, {kind: list(ids)})
    gone[Todo] = [*gone[Todo], *todos]
    for reference in references(db):
        if reference.goes and gone[reference.parent]:
            lost = {child for child, _ in referring(db, reference, gone[reference.parent])} - set(gone[reference.kind])
            gone[reference.kind] += lost
            found[reference.kind.noun] += len(lost)
    return {noun: count for noun, count in found.items() if count}


def deleted(db: Database, *, undone: bool = False, limit: int | None = None) -> list[Deleted]:
    """Return what was deleted and isn't there, the latest first; with `undone` also what an undo took away."""
    gone = _gone(db, change_log.deletions(db))
    edits = {edit.tx: edit for edit in change_log.edits(db, limit=-1, of={one.tx for one in gone if one.tx})}
    found: list[Deleted] = []
    for group in _groups(gone):
        edit = edits.get(group[0].tx or 0)
        if edit is None or undone or not _never_was(db, edit):
            found += _roots(db, group, edit.actor if edit else _BY, edit.label if edit else "")
        if limit is not None and len(found) >= limit:
            break
    return found[:limit]


def find(db: Database, id: str) -> Deleted:
    """Return a thing that was deleted and isn't there, by its id; raises NotFound."""
    last = next(iter(change_log.deletions(db, id)), None)
    if last is None or last.id in repository.there(db, KINDS[last.table], [id]):
        raise NotFound("deleted thing", id)
    edit = next(iter(change_log.edits(db, of=[last.tx])), None) if last.tx else None
    values = cells_around(db, {(last.table, id): [last]})[0][last.table, id]
    return Deleted(
        kind=KINDS[last.table], id=id, at=last.at, tx=last.tx, values=values, along={},
        actor=edit.actor if edit else _BY, label=edit.label if edit else "",
    )  # fmt: skip


def resolve(db: Database, text: str) -> str:
    """Return the id of a deleted thing for it or its last characters; raises NotFound or AmbiguousId."""
    with suppress(NotFound):
        return find(db, text).id
    tables = {kind.table for kind in NAMED}
    ends = [one for one in change_log.deletions(db) if one.table in tables and one.id.endswith(text)] if text else []
    found = _gone(db, ends)
    if len(found) > 1:
        raise AmbiguousId("deleted thing", text, len(found))
    if not found:
        raise NotFound("deleted thing", text)
    return found[0].id


def restore(db: Database, tx: Transaction, ids: Iterable[str]) -> list[Deleted]:
    """Bring things back with all that went with each; one that came back with another is told with that."""
    found = []
    for id in ids:
        with suppress(NotFound):
            found.append(_restore(db, tx, find(db, id)))
    return found


def _restore(db: Database, tx: Transaction, found: Deleted) -> Deleted:
    id = found.id
    last = next(iter(change_log.deletions(db, id)))
    stories = _stories(change_log.together(db, last))
    before, _ = cells_around(db, stories)
    went = {row for row, story in stories.items() if story[-1].op == Op.DELETE}
    rows = _belonging((found.kind.table, id), went, before, references(db))
    there = stored(db, stories)
    restored: dict[type[Entity], dict[str, Values]] = defaultdict(dict)
    for table, row_id in sorted(rows - there.keys()):
        restored[KINDS[table]][row_id] = before[table, row_id]
    emptied = _emptied(db, rows, stories.keys() - went, before, there)
    back, fields, lost = with_parents(db, restored, emptied)
    apply(db, tx, Reversal(restored=back, updated=fields, removed={}))
    along = Counter(kind.noun for kind, some in back.items() for row_id in some if row_id != id)
    return replace(found, along=along, emptied=[name for name, _, _ in lost])


def _check(db: Database, kind: type[Entity], ids: Sequence[str]) -> None:
    there = repository.there(db, kind, ids)
    for id in ids:
        if id not in there:
            raise NotFound(kind.noun, id)


def _levels(db: Database, kind: type[Entity], ids: Sequence[str]) -> list[list[str]]:
    """The todos of projects, or the parts of todos, then their parts, and so on."""
    if kind not in (Project, Todo):
        return []
    whose = [reference for reference in references(db) if reference.kind is Todo]
    by = {reference.parent: reference for reference in whose}
    seen, levels = set(ids if kind is Todo else ()), list[list[str]]()
    level = [id for id, _ in referring(db, by[kind], ids) if id not in seen]
    while level:
        seen.update(level)
        levels.append(level)
        level = [id for id, _ in referring(db, by[Todo], level) if id not in seen]
    return levels


def _gone(db: Database, deletions: Sequence[Deletion]) -> list[Deletion]:
    ids: dict[str, list[str]] = defaultdict(list)
    for one in deletions:
        ids[one.table].append(one.id)
    there = {table: repository.there(db, KINDS[table], some) for table, some in ids.items()}
    return [one for one in deletions if one.id not in there[one.table]]


def _never_was(db: Database, edit: Edit) -> bool:
    """Whether an edit took back what had made its rows, rather than delete them."""
    if edit.undoes is None:
        return False
    chain = change_log.chain(db, edit.tx)
    return chain.index(edit) % 2 == 1 and not chain[0].label.startswith("restore")


def _groups(gone: Sequence[Deletion]) -> Iterator[list[Deletion]]:
    """What went together, the latest first: by one edit, or by another program within a second."""
    group: list[Deletion] = []
    for one in gone:
        if group and (one.tx != group[-1].tx or (one.tx is None and not change_log.at_once(one, group[-1]))):
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def _roots(db: Database, group: Sequence[Deletion], actor: str, label: str) -> list[Deleted]:
    """The things of a group that went by themselves, each with the number of those that went with it."""
    went = {(one.table, one.id) for one in group}
    stories = _stories(change_log.together(db, group[0]))
    before, _ = cells_around(db, {row: story for row, story in stories.items() if row in went})
    refers = references(db)
    root = {row: _root(row, before, refers) for row in before}
    along: dict[Row, Counter[str]] = defaultdict(Counter)
    for row, above in root.items():
        if row != above:
            along[above][KINDS[row[0]].noun] += 1
    return [
        Deleted(
            kind=KINDS[one.table], id=one.id, at=one.at, tx=one.tx, actor=actor, label=label,
            values=before[one.table, one.id], along=along[one.table, one.id],
        )
        for one in group
        if root.get((one.table, one.id)) == (one.table, one.id) and KINDS[one.table] in NAMED
    ]  # fmt: skip


def _root(row: Row, before: Mapping[Row, Values], refers: Iterable[Reference]) -> Row:
    passed = {row}
    while above := next((one for one in _above(row, before, refers) if one not in passed), None):
        passed.add(above)
        row = above
    return row


def _above(row: Row, before: Mapping[Row, Values], refers: Iterable[Reference]) -> Iterator[Row]:
    """The rows among those that a row referred to."""
    for reference in refers:
        if reference.kind.table == row[0]:
            parent = reference.parent.table, str(before[row].get(reference.field))
            if parent in before:
                yield parent


def _stories(entries: Iterable[Entry]) -> dict[Row, list[Entry]]:
    found: dict[Row, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.table in KINDS and entry.table != "activities":
            found[entry.table, entry.id].append(entry)
    return {row: story for row, story in found.items() if story[0].op != Op.INSERT}


def _belonging(root: Row, went: set[Row], before: Mapping[Row, Values], refers: Iterable[Reference]) -> set[Row]:
    """The root and all that went with it because it referred to it, or to what did."""
    below: dict[Row, list[Row]] = defaultdict(list)
    gone = {row: before[row] for row in went}
    for row in went:
        for above in _above(row, gone, refers):
            below[above].append(row)
    found, waiting = {root}, [root]
    while waiting:
        new = [row for row in below[waiting.pop()] if row not in found]
        found.update(new)
        waiting += new
    return found


def _emptied(
    db: Database, rows: set[Row], left: Iterable[Row], before: Mapping[Row, Values], there: Mapping[Row, Values]
) -> dict[type[Entity], dict[str, Values]]:
    """The references to what comes back that were emptied when it went, and still are empty."""
    found: dict[type[Entity], dict[str, dict[str, Any]]] = defaultdict(lambda: defaultdict(dict))
    refers = references(db)
    for table, id in left:
        for reference in refers:
            old = before[table, id].get(reference.field) if reference.kind.table == table else None
            if old is None or (reference.parent.table, old) not in rows:
                continue
            if (table, id) in there and there[table, id][reference.field] is None:
                found[KINDS[table]][id][reference.field] = old
    return {kind: dict(some) for kind, some in found.items()}
