"""What several replicas could have written to one record: histories of edits, deletions and exchanges."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from orc_lab.sync import cells
from orc_lab.sync.cells import Cell, Dot
from orc_lab.sync.wire import Plain

REPLICAS = ("a" * 12, "b" * 12, "other")
GROUPS = ("title", "notes")
Written = tuple[str, Cell]  # a group and its cell

_STEP = st.tuples(
    st.sampled_from(range(len(REPLICAS))),
    st.sampled_from(["write", "write", "write", "keep", "delete", "make", "hear"]),
    st.sampled_from(GROUPS),
    st.sampled_from(range(len(REPLICAS))),
    st.integers(-5, 50),
)


@dataclass
class Replica:
    """What one replica knows of the record."""

    name: str
    clock: int
    heads: dict[str, list[Cell]] = field(default_factory=dict)

    def put(self, group: str, cell: Cell) -> Written:
        self.heads[group] = cells.heads([*self.heads.get(group, ()), cell])
        return group, cell

    def write(self, group: str, *, keep: bool = False, delete: bool = False) -> Written:
        self.clock += 1
        over = self.heads.get(group, [])
        losers = {one.dot for one in over if keep and one is not cells.winner(over)}
        covers = None
        if delete:
            covers = {
                name: cells.union(one.context() for one in some) for name, some in self.heads.items() if name != "life"
            }
        body = Plain({"v": f"{self.name} {self.clock}"})
        made = cells.written(Dot(self.clock, self.name), over, open=losers, covers=covers, body=body)
        return self.put(group, made)

    def hear(self, other: "Replica") -> None:
        for group, some in other.heads.items():
            for cell in some:
                self.put(group, cell)


def _played(steps: Sequence[tuple[int, str, str, int, int]]) -> list[Written]:
    replicas = [Replica(name, 1_000 * number) for number, name in enumerate(REPLICAS, 1)]
    found = [replicas[0].write("life")]
    for who, what, group, other, later in steps:
        own = replicas[who]
        own.clock += max(later, 0)
        if what == "hear":
            own.hear(replicas[other])
        elif what == "delete":
            if own.heads.get("life"):
                found.append(own.write("life", delete=True))
        else:
            found.append(own.write("life" if what == "make" else group, keep=what == "keep"))
    return found


histories = st.lists(_STEP, max_size=25).map(_played)
