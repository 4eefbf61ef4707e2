"""Cells that a group could really have: written one after the other by replicas that saw some of the others."""

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import strategies as st

from orc_lab.sync import cells
from orc_lab.sync.cells import Cell, Dot

REPLICAS = ("aaa", "bbb", "ccc", "ddd")


class Write(NamedTuple):
    """One write: by which replica, which of the others it hears of first, which conflicts it leaves open."""

    replica: int
    heard: int
    left: int
    step: int
    auto: bool


WRITES = st.lists(
    st.builds(
        Write,
        replica=st.integers(0, 3),
        heard=st.integers(0, (1 << 12) - 1),
        left=st.integers(0, 15),
        step=st.integers(-40, 40),
        auto=st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


class Life(NamedTuple):
    """All cells of a group, what each one's writer held then, and what it left open of that."""

    cells: Sequence[Cell]
    held: Sequence[frozenset[Dot]]
    open: Sequence[frozenset[Dot]]


def lived(writes: Sequence[Write]) -> Life:
    """What comes of some writes. Clocks go back and forth between replicas, and forward at each."""
    known: list[list[Cell]] = [[] for _ in REPLICAS]  # what each replica has heard of
    clocks = [1_000] * len(REPLICAS)
    found: list[Cell] = []
    held: list[frozenset[Dot]] = []
    left: list[frozenset[Dot]] = []
    for write in writes:
        mine = known[write.replica]
        mine += [cell for number, cell in enumerate(found) if write.heard >> number & 1 and cell not in mine]
        over = cells.heads(mine)
        clocks[write.replica] = max(clocks[write.replica] + 1, 1_000 + write.step)
        best = cells.winner(over) if over else None
        open = frozenset(
            cell.dot for number, cell in enumerate(over) if cell is not best and write.left >> number % 4 & 1
        )
        dot = Dot(clocks[write.replica], REPLICAS[write.replica])
        cell = cells.written(dot, over, open=open, auto=write.auto, body=len(found))
        found.append(cell)
        held.append(frozenset(one.dot for one in over))
        left.append(open)
        mine.append(cell)
    return Life(found, held, left)
