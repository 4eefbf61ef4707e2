"""One record at the server: which cells stand once others have arrived. Values are never looked at.

Only the heads of each group are kept. In whatever order cells arrive, and however often, the same ones remain.
"""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

from orc_lab.server.packing import Kept, Kepts, write_plain
from orc_lab.sync import cells
from orc_lab.sync.cells import LIFE, Cell
from orc_lab.sync.wire import Conflict, Plain, Record, Refused, Sealed

_MAX_GROUPS, _MAX_HEADS = 64, 64  # of a record, as a reply can name them
MAX_HELD = 1 << 20  # bytes of a record's values, conflicts among them


class State(IntEnum):
    """What a record is at the server: there, deleted, purged by its person, or known by parts only."""

    ALIVE = 0
    DEAD = 1
    UNSHARED = 2
    UNBORN = 3


class Held(NamedTuple):
    """A record at the server: the newest of its cells' sequence numbers, and its heads by group."""

    table: str
    id: str
    seq: int
    state: State
    groups: Kepts

    def heads(self) -> dict[str, list[Cell]]:
        """Return the cells of each group."""
        return {group: [one.cell for one in some] for group, some in self.groups.items()}

    def since(self, seq: int, upto: int | None = None) -> Record | None:
        """Return what was written after one number and up to another, None where nothing was."""
        found = {
            group: [one.cell for one in some if one.seq > seq and (upto is None or one.seq <= upto)]
            for group, some in self.groups.items()
        }
        found = {group: some for group, some in found.items() if some}
        return Record(self.table, self.id, found) if found else None


class Merged(NamedTuple):
    """What a record has become: `changed` where a cell was news, `revived` where it is there again, so that everybody
    has to receive it whole."""

    held: Held
    changed: bool
    revived: bool


def merge(old: Held | None, record: Record, seq: int) -> Merged:
    """Return a record with cells that arrived, which get the number `seq` where they are news.

    Raises Refused for cells that contradict each other, or too many of them.
    """
    groups: dict[str, Sequence[Kept]] = dict(old.groups) if old else {}
    changed = False
    for group, arrived in record.groups.items():
        before = groups.get(group, ())
        merged = _group(before, arrived, seq)
        if merged is not None:
            groups[group] = merged
            changed = True
    if not changed and old is not None:
        return Merged(old, False, False)
    if len(groups) > _MAX_GROUPS:
        raise Refused(f"it would have more than {_MAX_GROUPS} groups", "too large")
    # What one request can hold is bounded already.
    if old is not None and sum(_size(one.cell) for some in groups.values() for one in some) > MAX_HELD:
        raise Refused(f"with its conflicts it would be larger than {MAX_HELD >> 10} KiB", "too large")
    state = _state({group: [one.cell for one in some] for group, some in groups.items()})
    revived = old is not None and old.state != State.ALIVE and state == State.ALIVE
    if revived:
        groups = {group: [Kept(one.cell, seq) for one in some] for group, some in groups.items()}
    return Merged(Held(record.table, record.id, seq, state, groups), True, revived)


def _group(before: Sequence[Kept], arrived: Sequence[Cell], seq: int) -> list[Kept] | None:
    """The heads of a group with what arrived, None where nothing of it is news."""
    if not before and len(arrived) == 1:
        return [Kept(arrived[0], seq)]
    own = [one.cell for one in before]
    news = [cell for cell in arrived if not cells.known(own, cell.dot)]
    if not news:
        return None
    numbers = {one.cell.dot: one.seq for one in before}
    found = [Kept(cell, numbers.get(cell.dot, seq)) for cell in cells.heads([*own, *news])]
    if not found:
        raise Refused("its cells claim to have overwritten each other")
    if len(found) > _MAX_HEADS:
        raise Refused(f"one of its groups would have more than {_MAX_HEADS} cells", "too large")
    return found


def _size(cell: Cell) -> int:
    body = cell.body
    own = len(body.data) if isinstance(body, Sealed) else len(write_plain(body.value)) if isinstance(body, Plain) else 0
    return own + 20 * (len(cell.seen) + len(cell.kept) + sum(map(len, (cell.covers or {}).values())))


def _state(heads: Mapping[str, Sequence[Cell]]) -> State:
    if cells.alive(heads):
        return State.ALIVE
    return State.DEAD if heads.get(LIFE) else State.UNBORN


def conflicts(held: Held, groups: Mapping[str, object]) -> list[Conflict]:
    """Return the conflicts that stand in some groups of a record, each loser with the winner."""
    found = []
    heads = cells.apart(held.heads())
    for group in dict.fromkeys(group for name in groups for group in name.split(cells.JOINT)):
        some = heads.get(group, ())
        if len(some) > 1:
            best = cells.winner(some)
            found += [Conflict(held.table, held.id, group, best, cell) for cell in some if cell is not best]
    return found
