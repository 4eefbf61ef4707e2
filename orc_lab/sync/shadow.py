"""The cells that the server is known to hold of a record, as a device keeps them: without their values.

A cell that has nothing but its dot and its base is a text, any other the JSON of the wire.
"""

import json
from collections.abc import Collection, Mapping

from orc_lab.sync.cells import Cell
from orc_lab.sync.wire import read_cell, read_dot, write_cell, write_dot


def write_shadow(heads: Mapping[str, Collection[Cell]]) -> str:
    """Return the text of a record's heads."""
    found = {group: [_write(cell) for cell in some] for group, some in heads.items()}
    return json.dumps({group: some[0] if len(some) == 1 else some for group, some in found.items()})


def read_shadow(text: str | None) -> dict[str, list[Cell]]:
    """Return a record's heads, {} where nothing is known."""
    raw = {} if text is None else json.loads(text)
    return {group: [_read(one) for one in (some if isinstance(some, list) else [some])] for group, some in raw.items()}


def write_one(cell: Cell) -> str:
    """Return the text of one cell without its value."""
    return json.dumps(write_cell(cell._replace(body=None)))


def read_one(text: str) -> Cell:
    """Return the cell of a text of `write_one`."""
    return read_cell(json.loads(text))


def _write(cell: Cell) -> object:
    if cell.seen or cell.kept or cell.auto or cell.covers is not None:
        return write_cell(cell._replace(body=None))
    return write_dot(cell.dot) if cell.base is None else f"{write_dot(cell.dot)} {write_dot(cell.base)}"


def _read(raw: object) -> Cell:
    if isinstance(raw, str):
        dot, _, base = raw.partition(" ")
        return Cell(read_dot(dot), read_dot(base) if base else None)
    return read_cell(raw)
