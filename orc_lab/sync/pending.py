"""What was written here and isn't at the server yet, read from the change log: nothing is kept for it at an edit.

Of each group only the last write counts, with the clock of its entry: what came before was replaced by who had made it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import MISSING, fields
from functools import cache
from typing import NamedTuple

from orc_lab.model.change import Value
from orc_lab.model.codec import plain
from orc_lab.model.entities import KINDS, Origin
from orc_lab.store.syncing import Entry
from orc_lab.sync import cells
from orc_lab.sync.cells import LIFE, Cell, Dot
from orc_lab.sync.groups import GROUP_OF, GROUPS
from orc_lab.sync.merge import Fields, Heads, Rivals

_BY_HAND = ("person", "setup", "external", None)  # actors whose edits are a person's

Row = Mapping[str, Value]


class Write(NamedTuple):
    """The last write of a group: its clock, when it took effect, whether no person made it, whether it deletes the
    record or makes it."""

    clock: int
    at: int | None
    auto: bool
    deletes: bool = False
    makes: bool = False


NO_WRITES: Mapping[str, Write] = {}


def writes(table: str, entries: Sequence[Entry]) -> dict[str, Write]:
    """Return the last write of each group that entries of one row's log touched.

    What was written before a deletion stays: it is told with it, should somebody else need the record.
    """
    group_of = GROUP_OF[table]
    found: dict[str, Write] = {}
    for entry in entries:
        one = Write(entry.clock, entry.at, by_itself(entry))
        if entry.op == "delete":
            found[LIFE] = one._replace(deletes=True)
            continue
        if entry.op == "insert":
            found = dict.fromkeys(found, one)
        for name in entry.fields:
            if (group := group_of.get(name)) is not None:
                found[group] = one._replace(makes=group in found and found[group].makes)
        if entry.op == "insert":
            found[LIFE] = one._replace(makes=True)
    return found


def by_itself(entry: Entry) -> bool:
    """Return whether no person made an entry."""
    return entry.actor not in _BY_HAND


def shareable(table: str, row: Row | None) -> bool:
    """Return whether a row is of those that devices exchange at all: of forecasts only live ones that are resolved."""
    if table != "forecasts" or row is None:
        return True
    return row["origin"] == Origin.LIVE and row["outcome"] is not None


def values_of(table: str, row: Row) -> dict[str, dict[str, Value]]:
    """Return the fields of a row by group, the empty ones left out."""
    found: dict[str, dict[str, Value]] = {group: {} for group in GROUPS[table]}
    for name, group in GROUP_OF[table].items():
        if (value := row.get(name)) is not None:
            found[group][name] = value
    return found


def whole(table: str, groups: Mapping[str, Fields]) -> list[str]:
    """Return the groups that a new record is told with: its life, and those that aren't as a new row has them."""
    return [group for group, value in groups.items() if group == LIFE or dict(value) != _AS_NEW[table].get(group, {})]


@cache
def defaults_of(table: str) -> Row:
    """Return the fields of a new row that have a default, None among them."""
    return {one.name: plain(one.default) for one in fields(KINDS[table]) if one.default is not MISSING}


_AS_NEW: Mapping[str, Mapping[str, Fields]] = {table: values_of(table, defaults_of(table)) for table in GROUPS}


def new_cells(
    replica: str, written: Mapping[str, Write], shadow: Heads, groups: Collection[str], rivals: Rivals
) -> dict[str, Cell]:
    """Return the cells of some groups, without values, over what the server holds and what lost unsent.

    A group that no entry touched is as old as the newest one. Undecided conflicts stay beside what is written, also
    those that the server hasn't heard of.
    """
    untouched = max(written.values(), key=lambda one: one.clock)._replace(deletes=False)
    found: dict[str, Cell] = {}
    for group in groups:
        one, lost = written.get(group, untouched), rivals.get(group, {})
        unsent = (rival.cell for rival in lost.values() if not rival.sent)
        found[group] = cells.written(
            Dot(one.clock, replica),
            cells.heads([*shadow.get(group, ()), *unsent]),
            open=() if one.deletes else {dot for dot, rival in lost.items() if rival.open},
            auto=one.auto,
            covers=_seen(Dot(one.clock, replica), shadow) if one.deletes else None,
        )
    return found


def _seen(deletion: Dot, shadow: Heads) -> dict[str, cells.Seen]:
    """What who deletes a record here has seen of it: what the server holds, and its own, even what may not have
    arrived."""
    own: dict[str, cells.Seen] = {cells.ANY: {deletion.replica: deletion.clock}}
    return own | {name: cells.union(one.context() for one in some) for name, some in shadow.items() if name != LIFE}
