"""Records that nothing is known of here, many at once: hardly anything else comes to a new device.

What becomes of them takes no deciding. They are made as any other record would be, only faster, and whatever is odd
about one leaves it to the way that all go.
"""

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence

from orc_lab.errors import OrcError
from orc_lab.model.change import Value
from orc_lab.model.codec import checked_values, columns, plain
from orc_lab.model.entities import KINDS
from orc_lab.store import losers, syncing
from orc_lab.store.bulk import Bulk, PlainLife
from orc_lab.store.syncing import Entry, Touched
from orc_lab.sync import cells
from orc_lab.sync.cells import LIFE, Cell, Dot
from orc_lab.sync.groups import EFFECTIVE, GROUPS
from orc_lab.sync.merge import Arrived, Fields, split
from orc_lab.sync.pending import Row, by_itself, defaults_of, values_of, whole
from orc_lab.sync.rows import Rows, effective

MANY = 100  # records from so many on it is faster to look first for those that take no deciding

Groups = Mapping[str, tuple[Cell, Fields]]  # of each the one head, and its value


def beginnings(
    conn: sqlite3.Connection, table: str, ids: Sequence[str], *, after: int, replica: str, touched: Iterable[Touched]
) -> dict[str, tuple[Row, dict[str, Sequence[Arrived]]]]:
    """Return the rows and cells of those of many records that were made here and of which nothing else is known: what
    `compose` would find of each, faster."""
    if len(ids) < MANY:
        return {}
    made = syncing.only_made(conn, table, ids, after)
    known = {id for of, id, *_ in touched if of == table}
    for some in (syncing.shadows, syncing.held, syncing.waits, losers.of):
        known |= some(conn, table, made).keys()
    rows = syncing.rows(conn, KINDS[table], made.keys() - known)
    return {id: (row, _beginning(table, row, made[id], replica)) for id, row in rows.items()}


def _beginning(table: str, row: Row, entry: Entry, replica: str) -> dict[str, Sequence[Arrived]]:
    cell = Cell(Dot(entry.clock, replica), auto=by_itself(entry))
    at: Fields = {} if entry.at is None else {EFFECTIVE: entry.at}
    values = values_of(table, row)
    return {group: [Arrived(cell, {**values[group], **at})] for group in whole(table, values)}


def plainly(table: str, arrived: Mapping[str, Sequence[Arrived]]) -> Groups | None:
    """Return the head and the value of each group of a record, None where it takes more than putting them in a row:
    a conflict, a deletion, something of a newer orc_lab."""
    if table not in GROUPS:
        return None
    heads = cells.apart({name: [one.cell for one in some] for name, some in arrived.items()})
    values = split(arrived)
    found: dict[str, tuple[Cell, Fields]] = {}
    for group, some in heads.items():
        (head, *others), names = some, GROUPS[table].get(group)
        if others or head.deletes or names is None:
            return None
        value = next(one.value for one in values[group] if one.cell.dot == head.dot)
        if not value.keys() <= {EFFECTIVE, *names}:
            return None
        found[group] = head, value
    return found if LIFE in found else None


def insert(bulk: Bulk, rows: Rows, table: str, records: Mapping[str, Groups], *, user: str) -> Collection[str]:
    """Add the rows of records, and return the ids of those that could be: what they hold is fit, and what they refer
    to is there."""
    values = _fit(table, records)
    for one in rows.references_of(table):
        rows.look(one.parent, {row[one.field] for row in values.values()})
    found = {**values}
    rows.there[table] |= found.keys()
    while lacking := [id for id in found if rows.lacks(table, found[id])]:
        rows.there[table].difference_update(lacking)
        found = {id: row for id, row in found.items() if id not in {*lacking}}
    bulk.insert_plain(KINDS[table], [_life(table, id, row, records[id], user) for id, row in found.items()])
    rows.new[table] |= found.keys()
    rows.done.changed += len(found)
    return found


def _fit(table: str, records: Mapping[str, Groups]) -> dict[str, dict[str, Value]]:
    """The fields of records with fit values, as their rows have them."""
    kind, defaults = KINDS[table], defaults_of(table)
    needed = {name for names in GROUPS[table].values() for name in names} - defaults.keys()
    found: dict[str, dict[str, Value]] = {}
    for id, groups in records.items():
        told = {name: one for _, value in groups.values() for name, one in value.items() if one is not None}
        told.pop(EFFECTIVE, None)
        try:
            checked = checked_values(kind, told)
        except OrcError:
            continue
        if needed <= checked.keys():
            found[id] = {**defaults, **{name: plain(value) for name, value in checked.items()}}
    return found


def _life(table: str, id: str, row: Mapping[str, Value], groups: Groups, user: str) -> PlainLife:
    """A row as it began, and what was written to it later."""
    kind, defaults = KINDS[table], defaults_of(table)
    first, life = groups[LIFE]
    at = effective(first, life)
    begun = {**row, "id": id, "user_id": user, **({"updated_at": at} if "updated_at" in kind.derived else {})}
    later = sorted((cell.dot, group) for group, (cell, _) in groups.items() if cell.dot.clock != first.dot.clock)
    steps = []
    for _, group in later:
        begun |= {name: defaults.get(name, row[name]) for name in GROUPS[table][group]}
        steps.append((effective(*groups[group]), {name: row[name] for name in GROUPS[table][group]}))
    return [begun.get(name) for name in columns(kind)], at, steps
