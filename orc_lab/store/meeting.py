"""What two databases must know of each other to be merged: which ids are there, were deleted, changed when."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from orc_lab.model.batched import batched
from orc_lab.model.change import Value
from orc_lab.model.codec import columns
from orc_lab.model.entities import Entity
from orc_lab.store.database import Database

_CHUNK = 500


def ids(db: Database, kind: type[Entity]) -> set[str]:
    """Return the ids of all rows of a kind."""
    return {id for (id,) in db.rows(f"SELECT id FROM {kind.table}")}


def deleted(db: Database, kind: type[Entity]) -> set[str]:
    """Return the ids of the rows of a kind that are no longer there."""
    sql = f"""SELECT DISTINCT id FROM change_log WHERE "table" = ? AND op = 'delete'
        AND id NOT IN (SELECT id FROM {kind.table})"""
    return {id for (id,) in db.rows(sql, (kind.table,))}


def last_changes(db: Database, kind: type[Entity], wanted: Sequence[str]) -> dict[str, int]:
    """Return when the newest change of each of some rows took effect, in seconds UTC, of those where one is known."""
    sql = f"""SELECT id, max({_AT}) FROM change_log AS l
        WHERE {_OF.format(marks=_marks(wanted))} GROUP BY id"""
    return dict(db.rows(sql, (*wanted, kind.table)))


class Moment(NamedTuple):
    """What the log tells of a row at once: when (seconds UTC), whether it begins anew or goes on, and its fields."""

    at: int
    begins: bool
    values: dict[str, Value]


def histories(db: Database, kind: type[Entity], wanted: Sequence[str]) -> dict[str, list[Moment]]:
    """Return what the log tells of some rows, oldest first; a row of which it tells nothing is not there."""
    sql = f"""SELECT l.id, l.seq, {_AT}, l.op <> 'update', c.field, c.new
        FROM (SELECT * FROM change_log AS l WHERE {_OF.format(marks=_marks(wanted))}) AS l
        LEFT JOIN change_cell AS c USING (seq) ORDER BY l.seq"""
    found: dict[str, list[Moment]] = {}
    last = None
    for id, seq, at, begins, field, new in db.rows(sql, (*wanted, kind.table)):
        if seq != last:
            last, moment = seq, Moment(at, bool(begins), {})
            found.setdefault(id, []).append(moment)
        if field is not None:
            moment.values[field] = new
    return found


_AT = "coalesce(l.at, l.hlc / 1000000)"
_OF = """l.id IN ({marks}) AND l."table" <> 'activities' AND l."table" = ?"""  # the first of it is the index's


def _marks(wanted: Sequence[str]) -> str:
    return ", ".join("?" * len(wanted))


def rows_of(db: Database, kind: type[Entity], wanted: Iterable[str]) -> Iterator[dict[str, Value]]:
    """Yield those rows of a kind that have one of the ids."""
    names = columns(kind)
    for some in batched(wanted, _CHUNK):
        marks = ", ".join("?" * len(some))
        for row in db.rows(f"SELECT {', '.join(names)} FROM {kind.table} WHERE id IN ({marks})", some):
            yield dict(zip(names, row, strict=True))


def references(db: Database, kind: type[Entity]) -> dict[str, tuple[str, bool]]:
    """Return the columns that refer to rows: of which table, and whether one has to be there."""
    sql = """SELECT f."from", f."table", c."notnull" FROM pragma_foreign_key_list(:table) AS f
        JOIN pragma_table_info(:table) AS c ON c.name = f."from" """
    return {column: (table, bool(required)) for column, table, required in db.rows(sql, {"table": kind.table})}
