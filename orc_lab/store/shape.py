"""The statements by which rows of a kind are written in bulk, with what the log records of them.

Rows wait in a temporary table of their kind, numbered by n from 1; what a step sets waits in another, numbered by m.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from types import NoneType
from typing import get_args, get_type_hints

from orc_lab.model.change import Value
from orc_lab.model.codec import captured, columns, plain
from orc_lab.model.entities import KINDS, Entity

_ENTRY = 'INSERT INTO change_log (seq, hlc, tx, at, origin, "table", id, op)'
_CELL = "INSERT INTO change_cell (seq, field, old, new)"
STEPS = "temp.staged_steps"
_SLOTS = ", ".join(f"v{k}" for k in range(max(map(len, map(columns, KINDS.values())))))  # a step sets no more fields
MADE_FOR_STEPS = f"CREATE TEMP TABLE staged_steps (m INTEGER PRIMARY KEY, n, at, {_SLOTS})"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shape:
    """How rows of a kind are read and written: their columns, which of them the log records, and the statements."""

    table: str
    names: str
    staged: str
    index: Mapping[str, int]
    captured: Sequence[str]
    dated: bool
    values: Callable[[Entity], Sequence[Value]]
    move: str
    log: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The statements that write a step; `log` is None for one that sets nothing which the log records, `move` for one
    that sets nothing at all.

    `waiting` joins the rows, s, with what becomes of them, t; `values` says where in t each field stands.
    """

    stage: str
    log: str | None
    cells: str
    move: str | None
    waiting: str
    values: Mapping[str, str]


_SHAPES: dict[type[Entity], Shape] = {}


def shape_of(kind: type[Entity]) -> Shape:
    """Return how rows of a kind are written."""
    if kind not in _SHAPES:
        _SHAPES[kind] = _shape(kind)
    return _SHAPES[kind]


def _shape(kind: type[Entity]) -> Shape:
    names = columns(kind)
    index = {name: place for place, name in enumerate(names)}
    listed, table, staged = ", ".join(names), kind.table, f"staged_{kind.table}"
    return Shape(
        table=table,
        names=listed,
        staged=staged,
        index=index,
        captured=sorted(name for name in captured(kind) if name != "id"),
        dated="updated_at" in index and "updated_at" in kind.derived,
        values=_reader(kind, names),
        move=f"INSERT INTO {table} ({listed}) SELECT {listed} FROM temp.{staged} ORDER BY n",
        log=f"""{_ENTRY} SELECT ?1 + n, ?2 + n, ?3, began_at, ?4, '{table}', id, 'insert'
            FROM temp.{staged} ORDER BY n""",
    )


def cells_sql(shape: Shape, fields: Sequence[str]) -> str:
    """Return the statement that writes the cells of rows as they began, of which some have these fields."""
    names, cell = _of_each({name: f"s.{name}" for name in fields})
    return f"""{_CELL} SELECT ?1 + s.n, f.name, NULL, {cell} AS cell
        FROM temp.{shape.staged} AS s CROSS JOIN {names} AS f WHERE cell IS NOT NULL"""


@lru_cache(maxsize=512)
def step_of(shape: Shape, names: tuple[str, ...]) -> Step:
    """Return the statements that write a step which sets these fields."""
    slots = {name: f"t.v{k}" for k, name in enumerate(names)}
    places = ["n", "at", *(f"v{k}" for k in range(len(names)))]
    recorded = {name: slots[name] for name in shape.captured if name in slots}
    changed = " OR ".join(f"s.{name} IS NOT {slot}" for name, slot in recorded.items())
    fields, new = _of_each(recorded)
    old = _of_each({name: f"s.{name}" for name in recorded})[1]
    waiting = f"{STEPS} AS t JOIN temp.{shape.staged} AS s ON s.n = t.n"
    moved = ({"updated_at": "t.at"} if shape.dated else {}) | slots
    log = f"""{_ENTRY} SELECT ?1 + m, ?2 + m, ?3, t.at, ?4, '{shape.table}', s.id, 'update'
        FROM {waiting} WHERE {changed} ORDER BY m"""
    cells = f"""{_CELL} SELECT ?1 + m, f.name, {old} AS was, {new} AS cell
        FROM {waiting} CROSS JOIN {fields} AS f WHERE was IS NOT cell"""
    move = f"""UPDATE temp.{shape.staged} AS s SET {", ".join(f"{name} = {value}" for name, value in moved.items())}
        FROM {STEPS} AS t WHERE t.n = s.n"""
    return Step(
        stage=f"INSERT INTO {STEPS} ({', '.join(places)}) VALUES ({', '.join('?' * len(places))})",
        log=log if recorded else None,
        cells=cells,
        move=move if moved else None,
        waiting=waiting,
        values=slots,
    )


def _of_each(values: Mapping[str, str]) -> tuple[str, str]:
    """Return a table of numbered names, called f in a query, and the expression of each one's value there."""
    rows = ", ".join(f"({k}, '{name}')" for k, name in enumerate(values))
    case = " ".join(f"WHEN {k} THEN {value}" for k, value in enumerate(values.values()))
    return f"(SELECT column1 AS k, column2 AS name FROM (VALUES {rows}))", f"CASE f.k {case} END"


def _reader(kind: type[Entity], names: Sequence[str]) -> Callable[[Entity], Sequence[Value]]:
    """Return a function from an entity to its plain values, which most of them are already."""
    hints, plain_already = get_type_hints(kind), {str, int, float, NoneType}
    odd = [i for i, name in enumerate(names) if not plain_already.issuperset(get_args(hints[name]) or (hints[name],))]
    read = attrgetter(*names)

    def values(entity: Entity) -> Sequence[Value]:
        row = list(read(entity))
        for place in odd:
            row[place] = plain(row[place])
        return row

    return values
