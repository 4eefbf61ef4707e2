"""Add many rows with their whole history, several times as fast as the triggers would record it.

The triggers that capture inserts rest meanwhile, and what they would have written is written here: an insert entry for
a row as it began, an update entry for each later step, with the same cells. The row itself is written once, as it
is now. The law is that nobody can tell the difference; all of it happens inside the caller's transaction.

Rows wait in a temporary table, so that SQLite itself makes the entries of many rows, and all their cells, in one
statement each: a cell costs a third of one that Python binds. Only what is there is bound: to bind None takes Python's
sqlite3 longer than to bind a text.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, repeat
from operator import attrgetter, is_not
from types import NoneType, TracebackType
from typing import Any, Self, get_args, get_type_hints

from orc_lab.model.change import Value
from orc_lab.model.codec import captured, columns, plain
from orc_lab.model.entities import Entity, Session, Todo
from orc_lab.store import capture
from orc_lab.store.database import Transaction

# A row as it began, when that took effect (None: now), and later steps: an instant and the fields that changed.
Life = tuple[Entity, int | None, Sequence[tuple[int, Mapping[str, Any]]]]
# The same in plain values, the row's in the order of its columns.
PlainLife = tuple[Sequence[Value], int | None, Sequence[tuple[int, Mapping[str, Value]]]]

_LOG = 'INSERT INTO change_log (seq, hlc, tx, at, origin, "table", id, op) VALUES (?, ?, ?, ?, ?, ?, ?, ?)'
_CELL = "INSERT INTO change_cell (seq, field, old, new) VALUES "
# Of todos on which nobody has worked yet: what the trigger would derive.
_HOURS = "UPDATE temp.staged_todos SET actual_hours = max(0.0, adjusted_hours)"
_CACHE = -32_768  # KiB: pages that many rows touch again and again shall not be written again and again
_TOGETHER = 16  # cells a statement: fewer cost more a cell, more gain nothing
# Not those by which foreign keys look for children: a row that comes after one that refers to it is looked up in them.
_INDEXES = ("change_log_by_id", "activities_by_subject", "activities_by_time", "todos_by_status")
_ANEW = 4  # an index is made anew where the rows to come are more than a fourth of those it has


class Bulk:
    """Adds rows inside a transaction; to be used in a `with` block, at whose end the triggers stand again.

    `expected` is how many rows will come, as far as that is known.
    """

    def __init__(self, tx: Transaction, *, expected: int = 0) -> None:
        self._tx = tx
        self._conn = tx.conn
        self._expected = expected
        self._shapes: dict[type[Entity], Shape] = {}
        self._indexes: list[str] = []
        self._hours_rest = False
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
        if self._expected * _ANEW > self._seq:
            for name in _INDEXES:
                self._rest_index(name)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._conn.in_transaction:
            for shape in self._shapes.values():
                self._conn.execute(f"DROP TABLE temp.{shape.staged}")
                self._conn.execute(f"DROP TABLE temp.{shape.staged}_fields")
            for sql in self._indexes:
                self._conn.execute(sql)
            capture.ensure(self._conn)
        self._conn.execute(f"PRAGMA cache_size = {self._cache}")

    def insert(self, kind: type[Entity], lives: Iterable[Life]) -> None:
        """Add rows of one kind; each one's steps must be in order of time."""
        read = shape_of(kind).values
        self.insert_plain(kind, [(read(entity), began, _plain_steps(steps)) for entity, began, steps in lives])

    def insert_plain(self, kind: type[Entity], lives: Sequence[PlainLife]) -> None:
        """Add rows of one kind that are in plain values already."""
        shape = self._rest(kind)
        self._stage(shape, lives)
        seq, self._seq, hlc, self._hlc = self._seq, self._seq + len(lives), self._hlc, self._hlc + len(lives)
        self._conn.execute(shape.log, (seq, hlc, self._tx.tx, self._origin))
        self._conn.execute(shape.cells, (seq,))
        if any(steps for _, _, steps in lives):
            self._step(shape, lives)
        if self._hours_rest and kind is Todo:
            self._conn.execute(_HOURS)
        self._conn.execute(shape.move)
        self._conn.execute(f"DELETE FROM temp.{shape.staged}")

    def _stage(self, shape: "Shape", lives: Iterable[PlainLife]) -> None:
        """Let rows wait as they began, numbered; those that are empty in the same places together."""
        alike: dict[tuple[bool, ...], list[Sequence[Value]]] = {}
        for n, (row, began, _) in enumerate(lives, 1):
            values = (n, began, *row)
            filled = tuple(map(is_not, values, repeat(None)))
            alike.setdefault(filled, []).append(tuple(compress(values, filled)))
        for filled, rows in alike.items():
            names = ", ".join(compress(("n", "began_at", *shape.index), filled))
            marks = ", ".join("?" * sum(filled))
            self._conn.executemany(f"INSERT INTO temp.{shape.staged} ({names}) VALUES ({marks})", rows)

    def _step(self, shape: "Shape", lives: Iterable[PlainLife]) -> None:
        """Write the entries of the rows' steps, and let the rows wait as their last step left them."""
        log, cells, last = list[Sequence[Value]](), list[Sequence[Value]](), dict[tuple[str, ...], list[list[Value]]]()
        for n, (row, _, steps) in enumerate(lives, 1):
            now: dict[str, Value] = {}
            for at, values in steps:
                place = len(cells)
                for name, new in sorted(values.items()):
                    old = now[name] if name in now else row[shape.index[name]]
                    if old != new and name not in shape.derived:
                        cells.append((self._seq + 1, name, old, new))
                    now[name] = new
                if len(cells) > place:
                    self._seq += 1
                    self._hlc += 1
                    log.append((self._seq, self._hlc, self._tx.tx, at, self._origin, shape.table, row[0], "update"))
                if shape.dated:
                    now["updated_at"] = values.get("updated_at", at)
            if now:
                last.setdefault(tuple(now), []).append([*now.values(), n])
        for names, rows in last.items():
            changed = ", ".join(f"{name} = ?" for name in names)
            self._conn.executemany(f"UPDATE temp.{shape.staged} SET {changed} WHERE n = ?", rows)
        self._conn.executemany(_LOG, log)
        self._write(cells)

    def _write(self, cells: Iterable[Sequence[Value]]) -> None:
        """Write cells, many a statement, those with an empty side apart."""
        alike: dict[tuple[bool, bool], list[Value]] = {}
        for seq, name, old, new in cells:
            values = alike.setdefault((old is None, new is None), [])
            values += (seq, name) if old is None else (seq, name, old)
            if new is not None:
                values.append(new)
        for empty, values in alike.items():
            width = 4 - sum(empty)
            marks = "(?, ?, {}, {})".format(*("NULL" if one else "?" for one in empty))
            size, whole = width * _TOGETHER, len(values) - len(values) % (width * _TOGETHER)
            many = _CELL + marks + f", {marks}" * (_TOGETHER - 1)
            self._conn.executemany(many, (values[start : start + size] for start in range(0, whole, size)))
            rest = (values[start : start + width] for start in range(whole, len(values), width))
            self._conn.executemany(_CELL + marks, rest)

    def _rest(self, kind: type[Entity]) -> "Shape":
        """Let the trigger rest that captures a kind's inserts; return how its rows are written."""
        if kind not in self._shapes:
            shape = self._shapes[kind] = shape_of(kind)
            self._conn.execute(f"DROP TRIGGER capture_{kind.table}_insert")
            if kind is Todo and Session not in self._shapes:  # nobody has worked on them yet
                self._hours_rest = True
                self._conn.execute("DROP TRIGGER derive_actual_created")
            self._conn.execute(f"CREATE TEMP TABLE {shape.staged} (n INTEGER PRIMARY KEY, began_at, {shape.names})")
            self._conn.execute(f"CREATE TEMP TABLE {shape.staged}_fields (k INTEGER PRIMARY KEY, field)")
            fields = list(enumerate(name for name, _ in shape.captured))
            self._conn.executemany(f"INSERT INTO temp.{shape.staged}_fields VALUES (?, ?)", fields)
        return self._shapes[kind]

    def _rest_index(self, name: str) -> None:
        """Drop an index until the end: sorting all its rows once is cheaper than finding a place for each."""
        (sql,) = self._conn.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()
        self._indexes.append(sql)
        self._conn.execute(f"DROP INDEX {name}")


def _plain_steps(steps: Iterable[tuple[int, Mapping[str, Any]]]) -> Sequence[tuple[int, Mapping[str, Value]]]:
    return [(at, {name: plain(value) for name, value in values.items()}) for at, values in steps]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How rows of a kind are read and written: their columns, which of them the log records, and the statements."""

    table: str
    names: str
    staged: str
    index: Mapping[str, int]
    captured: Sequence[tuple[str, int]]
    derived: frozenset[str]
    dated: bool
    values: Callable[[Entity], Sequence[Value]]
    move: str
    log: str
    cells: str


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
    recorded = [(name, index[name]) for name in sorted(captured(kind)) if name != "id"]
    case = " ".join(f"WHEN {k} THEN s.{name}" for k, (name, _) in enumerate(recorded))
    return Shape(
        table=table,
        names=listed,
        staged=staged,
        index=index,
        captured=recorded,
        derived=kind.derived,
        dated="updated_at" in index and "updated_at" in kind.derived,
        values=_reader(kind, names),
        move=f"INSERT INTO {table} ({listed}) SELECT {listed} FROM temp.{staged} ORDER BY n",
        log=f"""INSERT INTO change_log (seq, hlc, tx, at, origin, "table", id, op)
            SELECT ?1 + n, ?2 + n, ?3, began_at, ?4, '{table}', id, 'insert' FROM temp.{staged} ORDER BY n""",
        cells=f"""INSERT INTO change_cell (seq, field, old, new)
            SELECT ?1 + s.n, f.field, NULL, CASE f.k {case} END AS cell
            FROM temp.{staged} AS s CROSS JOIN temp.{staged}_fields AS f WHERE cell IS NOT NULL""",
    )


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
