"""Get and find rows of any kind, checked against its fields."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from orc_lab.errors import AmbiguousId, InvalidValue, NotFound, UnknownField
from orc_lab.model.change import Value
from orc_lab.model.codec import columns, plain, row_reader
from orc_lab.model.entities import KINDS, Entity, Priority, Todo
from orc_lab.store.database import Database

E = TypeVar("E", bound=Entity)

_TESTS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "ne": "IS NOT"}
_SELECT = {kind: f"SELECT {', '.join(columns(kind))} FROM {kind.table}" for kind in KINDS.values()}
_ANYWHERE = r"""(title LIKE ? ESCAPE '\' OR description LIKE ? ESCAPE '\' OR tags LIKE ? ESCAPE '\'
    OR project_id IN (SELECT id FROM projects WHERE title LIKE ? ESCAPE '\'))"""
_RANK = "CASE {} " + " ".join(f"WHEN '{p}' THEN {rank}" for rank, p in enumerate(Priority)) + " END"


def get(db: Database, kind: type[E], id: str) -> E:
    """Return a row; raises NotFound."""
    row = fetch(db, kind, id)
    if row is None:
        raise NotFound(kind.noun, id)
    return row


def fetch(db: Database, kind: type[E], id: str) -> E | None:
    """Return a row, or None where there is none."""
    rows = db.rows(_SELECT[kind] + " WHERE id = ?", (id,))
    return row_reader(kind)(rows[0]) if rows else None


def as_stored(db: Database, kind: type[Entity], ids: Iterable[str]) -> dict[str, dict[str, Value]]:
    """Return those of the rows that there are, by id, each field as its column holds it, whatever wrote that."""
    rows = db.rows(f"{_SELECT[kind]} WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(list(ids)),))
    return {row[0]: dict(zip(columns(kind), row, strict=True)) for row in rows}


def there(db: Database, kind: type[Entity], ids: Iterable[str]) -> set[str]:
    """Return those of the ids that rows of a kind have."""
    sql = f"SELECT id FROM {kind.table} WHERE id IN (SELECT value FROM json_each(?))"
    return {id for (id,) in db.rows(sql, (json.dumps(list(ids)),))}


def find(
    db: Database,
    kind: type[E],
    filters: Mapping[str, Any],
    *,
    order: str | Sequence[str] = "created_at",
    limit: int | None = None,
    offset: int = 0,
) -> list[E]:
    """Return the rows that pass all filters.

    A filter is `field=value`, `field=[values]` (any of them), `field=None` (empty), or `field__gt|gte|lt|lte|ne|has`,
    where *has* finds text inside, whatever its case, or `field__lte_or_empty`. Of todos `text__has` finds each of some
    words anywhere: in title, description, tags or the project's title. `order` names fields, `-field` for the
    largest first; priorities are ordered by how much they matter, not by letter. Raises UnknownField.
    """
    where, params = _where(kind, filters)
    by = _order(kind, order)
    sql = f"{_SELECT[kind]}{where}{by} LIMIT ? OFFSET ?"
    if kind.table == Todo.table and limit is not None:  # choose in the index first: 10 ms, not 60, of 100k todos
        sql = f"{_SELECT[kind]} WHERE rowid IN (SELECT rowid FROM {kind.table}{where}{by} LIMIT ? OFFSET ?){by}"
    read = row_reader(kind)
    return [read(row) for row in db.rows(sql, (*params, -1 if limit is None else limit, offset))]


def settings(db: Database, until: int) -> list[tuple[str, str]]:
    """Return the (key, JSON) of all settings that began by an instant, in order of time, whatever wrote them."""
    sql = """SELECT CAST(key AS BLOB), CAST(value AS BLOB) FROM settings WHERE valid_from <= ?
        ORDER BY valid_from, id"""
    return [(key.decode(errors="replace"), value.decode(errors="replace")) for key, value in db.rows(sql, (until,))]


def count(db: Database, kind: type[Entity], filters: Mapping[str, Any]) -> int:
    """Return how many rows pass the filters of `find`."""
    where, params = _where(kind, filters)
    return int(db.rows(f"SELECT count(*) FROM {kind.table}{where}", params)[0][0])


def resolve(db: Database, kind: type[Entity], text: str) -> str:
    """Return the full id for an id, or for its last characters; raises NotFound or AmbiguousId."""
    if db.rows(f"SELECT 1 FROM {kind.table} WHERE id = ?", (text,)):
        return text
    pattern = "%" + _escaped(text)
    rows = db.rows(f"SELECT id FROM {kind.table} WHERE id LIKE ? ESCAPE '\\' LIMIT 9", (pattern,)) if text else []
    if len(rows) != 1:
        raise AmbiguousId(kind.noun, text, len(rows)) if rows else NotFound(kind.noun, text)
    return str(rows[0][0])


def _where(kind: type[Entity], filters: Mapping[str, Any]) -> tuple[str, list[Value]]:
    clauses, params = [], list[Value]()
    for key, value in filters.items():
        words = key == "text__has" and kind.table == Todo.table
        clause, values = _with_words(str(value)) if words else _clause(kind, key, value)
        clauses.append(clause)
        params += values
    return (" WHERE " + " AND ".join(clauses) if clauses else ""), params


def _clause(kind: type[Entity], key: str, value: Any) -> tuple[str, Sequence[Value]]:
    field, _, test = key.partition("__")
    _known(kind, field)
    if test == "has":
        return f"{field} LIKE ? ESCAPE '\\'", [f"%{_escaped(str(value))}%"]
    if test == "lte_or_empty":
        return f"({field} IS NULL OR {field} <= ?)", [_plain(value)]
    if test:
        if test not in _TESTS:
            raise InvalidValue("a filter", key, "an ending of " + ", ".join(_TESTS) + ", lte_or_empty or has")
        return f"{field} {_TESTS[test]} ?", [_plain(value)]
    if isinstance(value, (list, tuple, set, frozenset)):
        return f"{field} IN ({', '.join('?' * len(value))})", [_plain(v) for v in value]
    return f"{field} IS ?", [_plain(value)]


def _with_words(text: str) -> tuple[str, Sequence[Value]]:
    words = [f"%{_escaped(word)}%" for word in text.split()]
    return " AND ".join([_ANYWHERE] * len(words)) or "true", [word for word in words for _ in range(4)]


def _plain(value: Any) -> Value:
    return value.isoformat()[:10] if isinstance(value, date) else plain(value)


def _order(kind: type[Entity], order: str | Sequence[str]) -> str:
    terms = []
    for name in [order] if isinstance(order, str) else order:
        field = name.removeprefix("-")
        if field == "created_at" and field not in columns(kind):
            field = "id"  # the ids of such rows sort by time
        _known(kind, field)
        term = _RANK.format(field) if field == "priority" else field
        terms.append(f"{term} {'DESC' if name.startswith('-') else 'ASC'} NULLS LAST")
    return " ORDER BY " + ", ".join([*terms, "rowid" if kind.table == Todo.table else "id"])


def _known(kind: type[Entity], field: str) -> None:
    if field not in columns(kind):
        raise UnknownField(kind.noun, field, columns(kind))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
