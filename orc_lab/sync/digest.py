"""A sum over what is current, by which two sides see whether they hold the same: order doesn't matter, and it is kept
up to date by adding and subtracting.
"""

from collections.abc import Collection, Mapping
from hashlib import blake2b

from orc_lab.sync import cells
from orc_lab.sync.cells import Cell, Dot
from orc_lab.sync.wire import write_dot

MODULUS = 1 << 64
Heads = Mapping[str, Collection[Cell]]  # of each group


def of_cell(table: str, id: str, group: str, dot: Dot) -> int:
    """Return the share of one cell, a number below 2⁶⁴; `table` is its name on the wire."""
    text = f"{table}\x1f{id}\x1f{group}\x1f{write_dot(dot)}"
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def of_record(table: str, id: str, heads: Heads) -> int:
    """Return the share of a record, 0 where it is deleted; `table` is its name on the wire."""
    return _sum(table, id, heads) if cells.alive(heads) else 0


def change(table: str, id: str, before: Heads, after: Heads) -> int:
    """Return by how much a record's share changes; of one that stays alive only what changes is looked at."""
    if cells.alive(before) and cells.alive(after):
        groups = [name for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
        before, after = ({name: some[name] for name in groups if name in some} for some in (before, after))
        return _sum(table, id, after) - _sum(table, id, before)
    return of_record(table, id, after) - of_record(table, id, before)


def _sum(table: str, id: str, heads: Heads) -> int:
    return sum(of_cell(table, id, group, cell.dot) for group, some in heads.items() for cell in some) % MODULUS


def write(sums: Mapping[str, int]) -> dict[str, str]:
    """Return digests as replies name them: 16 hex digits a table, without the tables that have none."""
    return {table: f"{value % MODULUS:016x}" for table, value in sums.items() if value % MODULUS}


def difference(own: Mapping[str, str], theirs: Mapping[str, str]) -> dict[str, str]:
    """Return by how much digests differ: it stays as it is while both sides change alike."""
    tables = own.keys() | theirs.keys()
    return write({name: int(own.get(name, "0"), 16) - int(theirs.get(name, "0"), 16) for name in sorted(tables)})
