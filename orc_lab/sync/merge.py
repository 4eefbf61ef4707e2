"""What becomes of one record when cells of it arrive: a pure function, the same on every device.

A device knows of each group the cells that the server holds too (its shadow), the write it has made since (pending),
and the cells that lost and wait for a decision (rivals). What arrives is added, and the heads of all of it decide: the
winner's value is the row's, every other head is a rival that keeps its value until somebody decides.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from orc_lab.model.change import Value
from orc_lab.sync import cells
from orc_lab.sync.cells import JOINT, LIFE, Cell, Dot
from orc_lab.sync.groups import EFFECTIVE, QUIET
from orc_lab.sync.wire import Refused

Fields = Mapping[str, Value]
Heads = Mapping[str, Collection[Cell]]  # of each group
NO_FIELDS: Fields = {}
_LONG = 16 << 10  # characters


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
    """A cell from the server, opened. The value of a joint one has the fields of each group under its name."""

    cell: Cell
    value: Fields


def split(arrived: Mapping[str, Sequence[Arrived]]) -> Mapping[str, Sequence[Arrived]]:
    """Return what arrived of a record by its groups, joint cells as one in each."""
    if not any(JOINT in name for name in arrived):
        return arrived
    found: dict[str, list[Arrived]] = {}
    for name, some in arrived.items():
        for group in name.split(JOINT):
            parts = some if group == name else [Arrived(one.cell, _part(one.value, group)) for one in some]
            found.setdefault(group, []).extend(parts)
    return found


def _part(value: Mapping[str, Any], group: str) -> Fields:
    part: Fields = value.get(group, NO_FIELDS)
    return {**part, EFFECTIVE: value[EFFECTIVE]} if EFFECTIVE in value else part


def _long(value: Fields) -> bool:
    """Whether a value goes by itself: with others it might be too large to be sealed, which it isn't alone."""
    return any(type(one) is str and len(one) > _LONG for one in value.values())


def join(groups: Mapping[str, Sequence[Arrived]]) -> Mapping[str, Sequence[Arrived]]:
    """Return what is to be sent of a record, with what was written together with its beginning in one joint cell."""
    life = groups.get(LIFE, ())
    if len(life) != 1:
        return groups
    begun, value = life[0]
    if begun != Cell(begun.dot, auto=begun.auto):  # it goes on from something, or deletes it
        return groups
    at = value.get(EFFECTIVE)
    alike = {
        group: one.value
        for group, (one, *others) in groups.items()
        if not others and one.cell == begun and one.value.get(EFFECTIVE) == at and not _long(one.value)
    }
    if len(alike) < 2 or LIFE not in alike:
        return groups
    names = sorted(alike)
    told: dict[str, Any] = {group: _told(alike[group]) for group in names}
    joint = Arrived(begun, told if at is None else {EFFECTIVE: at, **told})
    return {JOINT.join(names): [joint], **{group: some for group, some in groups.items() if group not in alike}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """What a device knows of a record. `shadow` is as the server keeps it; `values` gives a group's fields of the row,
    or of what it was when it was deleted here; of the groups in `unplaced` the row has something else."""

    shadow: Heads = field(default_factory=dict)
    pending: Mapping[str, Cell] = field(default_factory=dict)
    rivals: Rivals = field(default_factory=dict)
    there: bool = False
    values: Mapping[str, Fields] = field(default_factory=dict)
    unplaced: Collection[str] = ()

    @property
    def heads(self) -> Heads:
        """The heads that the server holds of each group."""
        return cells.apart(self.shadow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What has to be done: the new shadow, whether the row is to be there, the groups whose values change (with the
    cell each is of), and the rivals of each group that was looked at, as they stand now."""

    shadow: Heads
    alive: bool
    values: Mapping[str, tuple[Cell, Fields]]
    rivals: Rivals


def merge(local: Local, arrived: Mapping[str, Sequence[Arrived]]) -> Outcome:
    """Return what has to be done with a record of which cells have arrived. Raises Refused for cells of which each
    claims to have overwritten the other: no device writes such."""
    shadow = added(local.shadow, arrived)
    arrived = split(arrived)
    held, before_it = cells.apart(shadow), local.heads
    now = {group: _all_heads(local, held, group) for group in held.keys() | local.pending.keys()}
    alive = cells.alive(now)
    values: dict[str, tuple[Cell, Fields]] = {}
    rivals: dict[str, Mapping[Dot, Rival]] = {}
    anew = alive and not (local.there and cells.alive(local.shadow))
    for group in arrived.keys() | (now.keys() if anew else frozenset()):
        winner = cells.winner(now[group])
        before = _current(local, before_it, group)
        known = _values(local, group, before, arrived.get(group, ()))
        if group != LIFE or alive:
            stands = local.there and before is not None and winner.dot == before.dot and group not in local.unplaced
            if winner.dot in known and not stands:
                values[group] = (winner, known[winner.dot])
        rivals[group] = _rivals(local, group, now[group], winner, known, alive=alive)
    return Outcome(shadow=shadow, alive=alive, values=values, rivals=rivals)


def added(kept: Heads, arrived: Mapping[str, Sequence[Arrived]]) -> dict[str, Collection[Cell]]:
    """Return a record's cells as they are kept, with those that arrived. Raises Refused for contradicting ones."""
    found = dict(kept)
    for name, some in arrived.items():
        found[name] = cells.heads([*kept.get(name, ()), *(one.cell for one in some)])
        if not found[name]:
            raise Refused("its cells claim to have overwritten each other")
    return found


def _all_heads(local: Local, held: Heads, group: str) -> list[Cell]:
    found = [*held.get(group, ())]
    if group in local.pending:
        found.append(local.pending[group])
    if group in local.rivals:
        found += [rival.cell for rival in local.rivals[group].values() if not rival.sent]
    return cells.heads(found)


def _current(local: Local, held: Heads, group: str) -> Cell | None:
    """The cell whose value the row has: what was written here since, even over an older conflict, else the one that
    isn't known to have lost. That needn't be the winner: of what is deleted nothing is put into a row. None where all
    have lost: against what is told by no cell yet, for it stayed here."""
    if group in local.pending:
        return local.pending[group]
    found = _all_heads(local, held, group)
    own = [cell for cell in found if cell.dot not in local.rivals.get(group, ())]
    return cells.winner(own) if own else None


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
    return {name: held for name, held in value.items() if name != EFFECTIVE} if EFFECTIVE in value else value
