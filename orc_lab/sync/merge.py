"""What becomes of one record when cells of it arrive: a pure function, the same on every device.

A device knows of each group the cells that the server holds too (its shadow), the write it has made since (pending),
and the cells that lost and wait for a decision (rivals). What arrives is added, and the heads of all of it decide: the
winner's value is the row's, every other head is a rival that keeps its value until somebody decides.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from orc_lab.model.change import Value
from orc_lab.sync import cells
from orc_lab.sync.cells import LIFE, Cell, Dot
from orc_lab.sync.groups import EFFECTIVE, QUIET

Fields = Mapping[str, Value]
Heads = Mapping[str, Sequence[Cell]]  # of each group
NO_FIELDS: Fields = {}


class Rival(NamedTuple):
    """A cell that lost, with its value: `open` while somebody has to decide, `decided` once they have, `sent` once the
    server has it too."""

    cell: Cell
    value: Fields
    open: bool
    sent: bool
    decided: bool = False


Rivals = Mapping[str, Mapping[Dot, Rival]]  # of a record's groups


class Arrived(NamedTuple):
    """A cell from the server, opened."""

    cell: Cell
    value: Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """What a device knows of a record. `row` is None where it isn't there; `values` gives a group's fields of the row,
    or of what it was when it was deleted here; of the groups in `unplaced` the row has something else."""

    shadow: Heads = field(default_factory=dict)
    pending: Mapping[str, Cell] = field(default_factory=dict)
    rivals: Rivals = field(default_factory=dict)
    there: bool = False
    values: Mapping[str, Fields] = field(default_factory=dict)
    unplaced: Collection[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What has to be done: the new shadow, whether the row is to be there, the groups whose values change (with the
    cell each is of), and the rivals of each group that was looked at, as they stand now."""

    shadow: Heads
    alive: bool
    values: Mapping[str, tuple[Cell, Fields]]
    rivals: Rivals


def merge(local: Local, arrived: Mapping[str, Sequence[Arrived]]) -> Outcome:
    """Return what has to be done with a record of which cells have arrived."""
    shadow = {**local.shadow}
    for group, some in arrived.items():
        shadow[group] = cells.heads([*local.shadow.get(group, ()), *(one.cell for one in some)])
    now = {group: _all_heads(local, shadow, group) for group in shadow.keys() | local.pending.keys()}
    alive = cells.alive(now)
    values: dict[str, tuple[Cell, Fields]] = {}
    rivals: dict[str, Mapping[Dot, Rival]] = {}
    anew = alive and not (local.there and cells.alive(local.shadow))
    for group in arrived.keys() | (now.keys() if anew else frozenset()):
        winner = cells.winner(now[group])
        before = _current(local, group)
        known = _values(local, group, before, arrived.get(group, ()))
        if group != LIFE or alive:
            stands = local.there and before is not None and winner.dot == before.dot and group not in local.unplaced
            if winner.dot in known and not stands:
                values[group] = (winner, known[winner.dot])
        rivals[group] = _rivals(local, group, now[group], winner, known, alive=alive)
    return Outcome(shadow=shadow, alive=alive, values=values, rivals=rivals)


def _all_heads(local: Local, shadow: Heads, group: str) -> list[Cell]:
    found = [*shadow.get(group, ())]
    if group in local.pending:
        found.append(local.pending[group])
    if group in local.rivals:
        found += [rival.cell for rival in local.rivals[group].values() if not rival.sent]
    return cells.heads(found)


def _current(local: Local, group: str) -> Cell | None:
    """The cell whose value the row has; what was written here since stands there, even over an older conflict."""
    if group in local.pending:
        return local.pending[group]
    found = _all_heads(local, local.shadow, group)
    return cells.winner(found) if found else None


def _values(local: Local, group: str, current: Cell | None, arrived: Sequence[Arrived]) -> dict[Dot, Fields]:
    """The value of every cell of a group whose value is known; the row's is that of the `current` one."""
    known = {dot: rival.value for dot, rival in local.rivals.get(group, {}).items()}
    if current is not None and group in local.values:
        known[current.dot] = local.values[group]
    return known | {one.cell.dot: one.value for one in arrived}


def _rivals(
    local: Local, group: str, now: Sequence[Cell], winner: Cell, known: Mapping[Dot, Fields], *, alive: bool
) -> dict[Dot, Rival]:
    before = local.rivals.get(group, {})
    found: dict[Dot, Rival] = {}
    for cell in now:
        if cell is not winner or (alive and cell.deletes):
            old = before.get(cell.dot)
            value = known.get(cell.dot, NO_FIELDS)
            decided = old is not None and old.decided
            is_open = alive and not decided and not _settles_itself(group, cell, value, winner, known)
            sent = old.sent if old else not _own(local, group, cell)
            found[cell.dot] = Rival(cell, value, is_open, sent, decided)
    return found


def _own(local: Local, group: str, cell: Cell) -> bool:
    return group in local.pending and local.pending[group].dot == cell.dot


def _settles_itself(group: str, cell: Cell, value: Fields, winner: Cell, known: Mapping[Dot, Fields]) -> bool:
    if group == LIFE:
        return not cell.deletes
    return group in QUIET or cell.auto or _told(value) == _told(known.get(winner.dot, NO_FIELDS))


def _told(value: Fields) -> Fields:
    return {name: held for name, held in value.items() if name != EFFECTIVE}
