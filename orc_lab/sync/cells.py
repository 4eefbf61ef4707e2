"""What devices exchange: one cell for each written field group, which says what its writer had seen.

A cell is known by its dot: the clock of its writing and the replica that wrote it. It carries a version vector of what
its writer had seen of the same group, with exceptions: the dots of conflicts that stood open then. So any two cells
tell by themselves whether one overwrote the other knowingly, in whatever order they arrive and however often:
the current cells (heads) of a group are those that no other one covers. Several heads are a conflict.

What a record begins with is written at once, so it travels as one: a joint cell, under the names of its groups
(`life+title+status`), stands for the same cell in each of them. `apart` gives the heads that are meant.
Sources: dotted version vectors (Preguiça et al. 2010), version vectors with exceptions (Malkhi and Terry 2005).
"""

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

Seen = Mapping[str, int]  # the newest clock of each replica
NOTHING: Seen = MappingProxyType({})
LIFE = "life"  # the group that says whether its record is there
ANY = "any"  # in what a deletion covers: of whatever group
JOINT = "+"  # between the groups of a joint cell


class Dot(NamedTuple):
    """When and where a cell was written: microseconds of a hybrid logical clock, and a replica. Dots are ordered."""

    clock: int
    replica: str


class Cell(NamedTuple):
    """One write of a field group. `body` is its value, sealed or not; nothing here looks into it.

    `base` is the dot that it replaced, `seen` what else its writer had seen of the group, `kept` what of it was left
    standing as an open conflict. `auto` says that no person wrote it. A cell that deletes its record says in `covers`
    what its writer had seen of each group, and under `any` of all of them; of any other cell it is None.
    """

    dot: Dot
    base: Dot | None = None
    seen: Seen = NOTHING
    kept: tuple[Dot, ...] = ()
    auto: bool = False
    covers: Mapping[str, Seen] | None = None
    body: object = None

    @property
    def deletes(self) -> bool:
        """Return whether this cell deletes its record."""
        return self.covers is not None

    def context(self) -> dict[str, int]:
        """Return everything its writer had seen of the group, this cell among it."""
        found = dict(self.seen)
        for dot in (self.dot,) if self.base is None else (self.dot, self.base):
            if found.get(dot.replica, -1) < dot.clock:
                found[dot.replica] = dot.clock
        return found


def covers(cell: Cell, dot: Dot) -> bool:
    """Return whether a cell's writer had seen a dot of the same group and replaced it."""
    if dot == cell.dot or dot in cell.kept:
        return False
    clock, replica = dot
    base = cell.base
    return (
        (replica == cell.dot.replica and clock < cell.dot.clock)
        or (base is not None and replica == base.replica and clock <= base.clock)
        or cell.seen.get(replica, -1) >= clock
    )


def heads(cells: Iterable[Cell]) -> list[Cell]:
    """Return the cells of a group that no other one of them covers, each once, the newest dot first."""
    found = list(cells)
    if len(found) > 1:
        found = list({cell.dot: cell for cell in found}.values())
        found = [cell for cell in found if not any(covers(other, cell.dot) for other in found)]
        found.sort(key=lambda cell: cell.dot, reverse=True)
    return found


def apart(kept: Mapping[str, Collection[Cell]]) -> Mapping[str, Collection[Cell]]:
    """Return the heads of each group of a record, given its cells as they are kept, some of them joint."""
    if not any(JOINT in name for name in kept):
        return kept
    found: dict[str, Collection[Cell]] = {}
    for name, some in kept.items():
        for group in name.split(JOINT):
            found[group] = heads([*found[group], *some]) if group in found else some
    return found


def known(cells: Iterable[Cell], dot: Dot) -> bool:
    """Return whether a dot is among the heads of a group or covered by one of them: it says nothing new."""
    return any(cell.dot == dot or covers(cell, dot) for cell in cells)


def winner(found: Collection[Cell]) -> Cell:
    """Return the head whose value holds: one that keeps its record before one that deletes it, a person's before an
    automatic one, then the newest. Raises ValueError where there is none."""
    if len(found) == 1:
        return next(iter(found))
    return max(found, key=lambda cell: (not cell.deletes, not cell.auto, cell.dot))


def union(contexts: Iterable[Seen]) -> dict[str, int]:
    """Return what all of them had seen together."""
    found: dict[str, int] = {}
    for seen in contexts:
        for replica, clock in seen.items():
            if found.get(replica, -1) < clock:
                found[replica] = clock
    return found


def alive(groups: Mapping[str, Collection[Cell]]) -> bool:
    """Return whether a record is there, given the heads of its groups or its cells as they are kept.

    It is where a head of its life says so, or where an edit stands that nobody who deleted the record had seen.
    """
    if LIFE not in groups and any(LIFE in name.split(JOINT) for name in groups):
        return True  # with what it began with, and nobody has deleted it
    groups = apart(groups)
    life = groups.get(LIFE, ())
    if any(not cell.deletes for cell in life):
        return True
    if not life:
        return False
    return any(
        not any(_deleted(cell.dot, deletion.covers, group) for deletion in life if deletion.covers)
        for group, cells in groups.items()
        if group != LIFE
        for cell in cells
    )


def _deleted(dot: Dot, covered: Mapping[str, Seen], group: str) -> bool:
    return any(covered.get(name, NOTHING).get(dot.replica, -1) >= dot.clock for name in (group, ANY))


def written(
    dot: Dot,
    over: Collection[Cell],
    *,
    open: Collection[Dot] = (),
    auto: bool = False,
    covers: Mapping[str, Seen] | None = None,
    body: object = None,
) -> Cell:
    """Return the cell of a new write over the heads of its group; those in `open` stay beside it as conflicts."""
    if not over:
        return Cell(dot, None, NOTHING, (), auto, covers, body)
    replaced = [cell for cell in over if cell.dot not in open]
    base = winner(replaced).dot if replaced else None
    seen = union(cell.context() for cell in over)
    for own in (dot, base):
        if own is not None and seen.get(own.replica, -1) <= own.clock:
            seen.pop(own.replica, None)
    kept = {cell.dot for cell in over if cell.dot in open}
    kept |= {dot for cell in over for dot in cell.kept if not known(over, dot)}
    return Cell(dot, base, seen or NOTHING, tuple(sorted(kept)), auto, covers, body)


def renamed(cell: Cell, dot: Dot) -> Cell:
    """Return a cell that nobody has heard of yet under another dot; what its writer wrote before is still covered."""
    if cell.covers is None:
        return cell._replace(dot=dot)
    own = {replica: clock for replica, clock in cell.covers.get(ANY, NOTHING).items() if replica != cell.dot.replica}
    return cell._replace(dot=dot, covers={**cell.covers, ANY: {**own, dot.replica: dot.clock}})
