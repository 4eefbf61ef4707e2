"""Add many rows with their whole history, several times as fast as the triggers would record it.

The triggers that capture inserts rest meanwhile, and what they would have written is written here: an insert entry for
a row as it began, an update entry for each later step, with the same cells. The row itself is written once, as it
is now. The law is that nobody can tell the difference; all of it happens inside the caller's transaction.

Rows wait in a temporary table, so that SQLite itself makes the entries of many rows, and all their cells, in one
statement each: a cell costs a third of one that Python binds. Only what is there is bound: to bind None takes Python's
sqlite3 longer than to bind a text.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import compress, repeat
from operator import is_not
from types import TracebackType
from typing import Any, Self

from orc_lab.model.change import Value
from orc_lab.model.codec import plain
from orc_lab.model.entities import Activity, Entity, Session, Todo
from orc_lab.store import capture
from orc_lab.store.database import Transaction
from orc_lab.store.shape import MADE_FOR_STEPS, STEPS, Shape, cells_sql, shape_of, step_of
from orc_lab.store.telling import KINDS_TOLD, Telling

# A row as it began, when that took effect (None: now), and later steps: an instant and the fields that changed.
Life = tuple[Entity, int | None, Sequence[tuple[int, Mapping[str, Any]]]]
# The same in plain values, the row's in the order of its columns.
PlainLife = tuple[Sequence[Value], int | None, Sequence[tuple[int, Mapping[str, Value]]]]

# Of todos on which nobody has worked yet: what the trigger would derive.
_HOURS = "UPDATE temp.staged_todos SET actual_hours = max(0.0, adjusted_hours)"
_CACHE = -32_768  # KiB: pages that many rows touch again and again shall not be written again and again
# Not those by which foreign keys look for children: a row that comes after one that refers to it is looked up in them.
_INDEXES = ("change_log_by_id", "activities_by_subject", "activities_by_time", "todos_by_status")
_ANEW = 4  # an index is made anew where the rows to come are more than a fourth of those it has

MANY = 1000  # rows from which it is faster to let the triggers rest and write the log beside them


class Bulk:
    """Adds rows inside a transaction; to be used in a `with` block, at whose end the triggers stand again.

    `expected` is how many rows will come, as far as that is known. With `telling`, `tell` adds the activities that
    tell their lives.
    """

    def __init__(self, tx: Transaction, *, expected: int = 0, telling: bool = False) -> None:
        self._tx = tx
        self._conn = tx.conn
        self._expected = expected
        self._tells = telling
        self._telling: Telling | None = None
        self._shapes: dict[type[Entity], Shape] = {}
        self._indexes: list[str] = []
        self._hours_rest = False
        self._origin: str
        self._hlc: int
        self._seq: int
        self._origin, self._hlc, self._seq = self._conn.execute(
            f"""SELECT coalesce(origin, 'local'), {capture.CLOCK} - 1, coalesce((SELECT max(seq) FROM change_log), 0)
            FROM change_context"""
        ).fetchone()
        self._cache = 0

    def __enter__(self) -> Self:
        self._tx.defer_references()  # a row may refer to one that comes later
        self._conn.execute(MADE_FOR_STEPS)
        if self._tells:
            self._telling = Telling(self._conn, self._tx.now)
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
            self._conn.execute(f"DROP TABLE {STEPS}")
            if self._telling is not None:
                self._telling.close()
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
        if not lives:
            return
        shape = self._rest(kind)
        filled = self._stage(shape, lives)
        telling = self._telling if kind in KINDS_TOLD else None
        if telling is not None:
            telling.begin(shape.table, f"temp.{shape.staged}")
        self._log(shape.log, len(lives), cells_sql(shape, filled))
        for (_, names), rows in sorted(_rounds(lives).items(), key=lambda each: each[0][0]):
            self._step(shape, names, rows, telling)
        if self._hours_rest and kind is Todo:
            self._conn.execute(_HOURS)
        self._move(shape)

    def tell(self) -> Iterator[int]:
        """Add the activities that tell the lives of all rows so far; yield how many at a time."""
        if self._telling is None or not self._telling.count:
            return
        shape = self._rest(Activity)
        for some in self._telling.into(shape.staged):
            self._log(shape.log, some, cells_sql(shape, tuple(shape.captured)))
            self._move(shape)
            yield some

    @property
    def told(self) -> int:
        """How many activities `tell` will add, at most."""
        return self._telling.count if self._telling is not None else 0

    def _move(self, shape: Shape) -> None:
        """Put the rows that wait into their table."""
        self._conn.execute(shape.move)
        self._conn.execute(f"DELETE FROM temp.{shape.staged}")

    def _stage(self, shape: Shape, lives: Iterable[PlainLife]) -> tuple[str, ...]:
        """Let rows wait as they began, numbered; those that are empty in the same places together.

        Returns the fields, of those which the log records, that are filled in any of them.
        """
        alike: dict[tuple[bool, ...], list[Sequence[Value]]] = {}
        for n, (row, began, _) in enumerate(lives, 1):
            values = (n, began, *row)
            filled = tuple(map(is_not, values, repeat(None)))
            alike.setdefault(filled, []).append(tuple(compress(values, filled)))
        found: set[str] = set()
        for filled, rows in alike.items():
            names = list(compress(("n", "began_at", *shape.index), filled))
            found.update(names)
            marks = ", ".join("?" * len(names))
            self._conn.executemany(f"INSERT INTO temp.{shape.staged} ({', '.join(names)}) VALUES ({marks})", rows)
        return tuple(name for name in shape.captured if name in found)

    def _step(
        self, shape: Shape, names: tuple[str, ...], rows: Sequence[Sequence[Value]], telling: Telling | None
    ) -> None:
        """Write the entries of a step in which the same fields of many rows are set, and let those wait as it left
        them. A step that changes nothing takes a number too."""
        step = step_of(shape, names)
        self._conn.executemany(step.stage, rows)
        if telling is not None:
            telling.step(shape.table, step.waiting, step.values)
        if step.log is not None:
            self._log(step.log, len(rows), step.cells)
        if step.move is not None:
            self._conn.execute(step.move)
        self._conn.execute(f"DELETE FROM {STEPS}")

    def _log(self, log: str, count: int, cells: str) -> None:
        """Write entries and their cells by statements that number what waits from 1."""
        self._conn.execute(log, (self._seq, self._hlc, self._tx.tx, self._origin))
        self._conn.execute(cells, (self._seq,))
        self._seq += count
        self._hlc += count

    def _rest(self, kind: type[Entity]) -> Shape:
        """Let the trigger rest that captures a kind's inserts; return how its rows are written."""
        if kind not in self._shapes:
            shape = self._shapes[kind] = shape_of(kind)
            self._conn.execute(f"DROP TRIGGER capture_{kind.table}_insert")
            if kind is Todo and Session not in self._shapes:  # nobody has worked on them yet
                self._hours_rest = True
                self._conn.execute("DROP TRIGGER derive_actual_created")
            self._conn.execute(f"CREATE TEMP TABLE {shape.staged} (n INTEGER PRIMARY KEY, began_at, {shape.names})")
        return self._shapes[kind]

    def _rest_index(self, name: str) -> None:
        """Drop an index until the end: sorting all its rows once is cheaper than finding a place for each."""
        (sql,) = self._conn.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()
        self._indexes.append(sql)
        self._conn.execute(f"DROP INDEX {name}")


def _plain_steps(steps: Iterable[tuple[int, Mapping[str, Any]]]) -> Sequence[tuple[int, Mapping[str, Value]]]:
    return [(at, {name: plain(value) for name, value in values.items()}) for at, values in steps]


def _rounds(lives: Sequence[PlainLife]) -> Mapping[tuple[int, tuple[str, ...]], Sequence[Sequence[Value]]]:
    """Return the steps by which of its row's it is, and by the fields that it sets: numbers, instants and values."""
    found: defaultdict[tuple[int, tuple[str, ...]], list[Sequence[Value]]] = defaultdict(list)
    for n, (_, _, steps) in enumerate(lives, 1):
        for nth, (at, values) in enumerate(steps):
            found[nth, tuple(values)].append((n, at, *values.values()))
    return found
