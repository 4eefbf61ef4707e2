"""Add many rows with their whole history, about twice as fast as the triggers would record it.

The triggers that capture inserts rest meanwhile, and what they would have written is written here: an insert entry for
a row as it began, an update entry for each later step, with the same cells. The row itself is written once, as it
is now. The law is that nobody can tell the difference; all of it happens inside the caller's transaction.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter, itemgetter
from types import NoneType, TracebackType
from typing import Any, Self, get_args, get_type_hints

from orc_lab.model.change import Value
from orc_lab.model.codec import captured, columns, plain
from orc_lab.model.entities import Entity
from orc_lab.store import capture
from orc_lab.store.database import Transaction

# A row as it began, when that took effect (None: now), and later steps: an instant and the fields that changed.
Life = tuple[Entity, int | None, Sequence[tuple[int, Mapping[str, Any]]]]

_LOG = 'INSERT INTO change_log (seq, hlc, tx, at, origin, "table", id, op) VALUES (?, ?, ?, ?, ?, ?, ?, ?)'
_CELL = "INSERT INTO change_cell (seq, field, old, new) VALUES (?, ?, ?, ?)"
_CACHE = -262_144  # KiB: pages that many rows touch again and again shall not be written again and again
_TOGETHER = 16  # cells a statement: fewer cost more a cell, more gain nothing


class Bulk:
    """Adds rows inside a transaction; to be used in a `with` block, at whose end the triggers stand again."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._conn = tx.conn
        self._shapes: dict[type[Entity], _Shape] = {}
        self._origin: str
        self._hlc: int
        self._seq: int
        self._origin, self._hlc, self._seq = self._conn.execute(
            """SELECT coalesce(origin, 'local'), max(floor, coalesce((SELECT hlc FROM change_log ORDER BY seq DESC
            LIMIT 1), 0)), coalesce((SELECT max(seq) FROM change_log), 0) FROM change_context"""
        ).fetchone()
        self._cache = 0
        self._hlc = max(self._hlc, int(time.time() * 1000) * 1000)

    def __enter__(self) -> Self:
        self._tx.defer_references()  # a row may refer to one that comes later
        (self._cache,) = self._conn.execute("PRAGMA cache_size").fetchone()
        self._conn.execute(f"PRAGMA cache_size = {_CACHE}")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._conn.execute(f"PRAGMA cache_size = {self._cache}")
        if self._conn.in_transaction:
            capture.ensure(self._conn)

    def insert(self, kind: type[Entity], lives: Iterable[Life]) -> None:
        """Add rows of one kind; each one's steps must be in order of time."""
        shape = self._rest(kind)
        rows: list[Sequence[Value]] = []
        log: list[Sequence[Value]] = []
        cells: list[Sequence[Value]] = []
        for entity, began, steps in lives:
            row = list(shape.values(entity))
            for index in shape.to_plain:
                row[index] = plain(row[index])
            seq = self._logged(log, kind.table, entity.id, "insert", began)
            cells += [(seq, name, None, row[index]) for name, index in shape.captured if row[index] is not None]
            for at, values in steps:
                if found := _changed(shape, row, values):
                    seq = self._logged(log, kind.table, entity.id, "update", at)
                    cells += [(seq, *cell) for cell in found]
                if shape.dated is not None:
                    row[shape.dated] = values.get("updated_at", at)
            rows.append(row)
        self._conn.executemany(shape.sql, rows)
        self._conn.executemany(_LOG, log)
        self._write(cells)

    def _logged(self, log: list[Sequence[Value]], table: str, id: str, op: str, at: int | None) -> int:
        self._seq += 1
        self._hlc += 1
        log.append((self._seq, self._hlc, self._tx.tx, at, self._origin, table, id, op))
        return self._seq

    def _write(self, cells: Sequence[Sequence[Value]]) -> None:
        whole = len(cells) - len(cells) % _TOGETHER
        many = _CELL + ", (?, ?, ?, ?)" * (_TOGETHER - 1)
        together = (cells[start : start + _TOGETHER] for start in range(0, whole, _TOGETHER))
        self._conn.executemany(many, (tuple(chain.from_iterable(some)) for some in together))
        self._conn.executemany(_CELL, cells[whole:])

    def _rest(self, kind: type[Entity]) -> "_Shape":
        """Let the trigger rest that captures a kind's inserts; return how its rows are written."""
        if kind not in self._shapes:
            self._conn.execute(f"DROP TRIGGER capture_{kind.table}_insert")
            self._shapes[kind] = _shape(kind)
        return self._shapes[kind]


def _changed(shape: "_Shape", row: list[Value], values: Mapping[str, Any]) -> list[tuple[str, Value, Value]]:
    """Set what a step changes in a row, and return the cells that its entry holds: name, old and new."""
    found = []
    for name, value in values.items():
        index, new = shape.index[name], plain(value)
        if row[index] != new and name not in shape.derived:
            found.append((name, row[index], new))
        row[index] = new
    return sorted(found, key=itemgetter(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """How rows of a kind are read and written: which of their values are plain already, which the log records."""

    sql: str
    values: Callable[[Entity], Iterable[Any]]
    index: Mapping[str, int]
    to_plain: Sequence[int]
    captured: Sequence[tuple[str, int]]
    derived: frozenset[str]
    dated: int | None


def _shape(kind: type[Entity]) -> _Shape:
    names = columns(kind)
    index = {name: place for place, name in enumerate(names)}
    hints = get_type_hints(kind)
    plain_already = {str, int, float, NoneType}
    return _Shape(
        sql=f"INSERT INTO {kind.table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
        values=attrgetter(*names),
        index=index,
        to_plain=[
            index[name] for name in names if not plain_already.issuperset(get_args(hints[name]) or (hints[name],))
        ],
        captured=[(name, index[name]) for name in sorted(captured(kind)) if name != "id"],
        derived=kind.derived,
        dated=index["updated_at"] if "updated_at" in kind.derived else None,
    )
