"""The one parser: untrusted mappings and database rows to entities, and entities back to plain values.

The plain form of an entity is a dict of text, whole numbers, finite floats and None: the same for a database row,
the wire and an export. Tags are a JSON array there, enums their value.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import date
from enum import StrEnum
from types import UnionType
from typing import Any, TypeVar, get_args

from orc_lab.errors import InvalidValue, UnknownField
from orc_lab.model.change import Value
from orc_lab.model.entities import KINDS, Entity

E = TypeVar("E", bound=Entity)
Check = Callable[[str, Any], Any]

_DAYS = frozenset({"due_date", "snoozed_until", "week_start_date", "day", "starts_on", "ends_on"})
_FINITE_INT = 1 << 63
MOST_HOURS = 1e5  # of one todo: more than a working life has
_RANGES: Mapping[str, tuple[float, float]] = {
    "progress": (0, 100),
    "self_rating": (1, 5),
    "health_score": (0, 100),
    "factor": (0, 2),
    "estimated_hours": (0, MOST_HOURS),
    "original_estimate_hours": (0, MOST_HOURS),
    "adjusted_hours": (-MOST_HOURS, MOST_HOURS),
    "actual_hours": (0, MOST_HOURS),
}
_INSTANTS = range(-30_610_224_000, 253_370_764_800)  # the years 1000 to 9998, so that every zone can show them


_COLUMNS = {kind: tuple(field.name for field in fields(kind)) for kind in KINDS.values()}
_READERS: dict[type[Entity], Callable[[Sequence[Value]], Any]] = {}
_CHECKS: dict[type[Entity], Mapping[str, Check]] = {}
_REQUIRED: dict[type[Entity], frozenset[str]] = {}


def columns(kind: type[Entity]) -> tuple[str, ...]:
    """Return the field names of a kind, which are its table's columns."""
    return _COLUMNS[kind]


def captured(kind: type[Entity]) -> tuple[str, ...]:
    """Return the fields that the change log records: all but the derived ones."""
    return tuple(name for name in columns(kind) if name not in kind.derived)


def row_reader(kind: type[E]) -> Callable[[Sequence[Value]], E]:
    """Return a function from a row, its values in the order of `columns`, to an entity. Rows are trusted."""
    if kind not in _READERS:
        _READERS[kind] = _row_reader(kind)
    return _READERS[kind]


def _row_reader(kind: type[E]) -> Callable[[Sequence[Value]], E]:
    names = columns(kind)
    convert: list[tuple[str, Callable[[Any], Any]]] = []
    for field in fields(kind):
        base = _base(field.type)
        if isinstance(base, type) and issubclass(base, StrEnum):
            convert.append((field.name, {str(member): member for member in base}.__getitem__))
        elif field.name == "tags":
            convert.append((field.name, _read_tags))

    def read(row: Sequence[Value]) -> E:
        values: dict[str, Any] = dict(zip(names, row, strict=True))
        for name, function in convert:
            values[name] = function(values[name])
        return kind(**values)

    return read


def plain(value: Any) -> Value:
    """Return an entity's value as its column holds it."""
    if isinstance(value, tuple):
        return json.dumps(value, ensure_ascii=False) if value else None
    return value.value if isinstance(value, StrEnum) else value


def to_plain(entity: Entity) -> dict[str, Value]:
    """Return all of an entity's fields in their plain form."""
    return {name: plain(getattr(entity, name)) for name in columns(type(entity))}


def parse(kind: type[E], values: Mapping[str, Any]) -> E:
    """Return the entity that a mapping describes, typed and checked.

    Raises UnknownField for a field the kind doesn't have, InvalidValue for a missing or unfit value.
    """
    checked = checked_values(kind, values)
    if missing := _required(kind) - checked.keys():
        raise InvalidValue(min(missing), None, "a value: it is required")
    return kind(**checked)


def checked_values(kind: type[Entity], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return some of a kind's fields, each converted to its type; raises UnknownField or InvalidValue."""
    checks = _checks(kind)
    unknown = [name for name in values if name not in checks]
    if unknown:
        raise UnknownField(kind.noun, unknown[0], columns(kind))
    return {name: checks[name](name, value) for name, value in values.items()}


def _required(kind: type[Entity]) -> frozenset[str]:
    if kind not in _REQUIRED:
        _REQUIRED[kind] = frozenset(field.name for field in fields(kind) if field.default is field.default_factory)
    return _REQUIRED[kind]


def _checks(kind: type[Entity]) -> Mapping[str, Check]:
    if kind not in _CHECKS:
        _CHECKS[kind] = {field.name: _check(field.name, field.type) for field in fields(kind)}
    return _CHECKS[kind]


def _check(name: str, hint: Any) -> Check:
    base, optional = _base(hint), isinstance(hint, UnionType)
    if name in _DAYS:
        check: Check = _day
    elif name == "tags":
        return _tags
    elif name.endswith("_at") or name == "valid_from":
        check = _instant
    elif isinstance(base, UnionType):
        check = _scalar
    elif issubclass(base, StrEnum):
        check = _choice(base)
    else:
        check = {str: _text, int: _whole, float: _real}[base]
    if name in _RANGES:
        check = _within(check, *_RANGES[name])
    return _or_none(check) if optional else check


def _base(hint: Any) -> Any:
    if isinstance(hint, UnionType):
        kinds = [arg for arg in get_args(hint) if arg is not type(None)]
        return kinds[0] if len(kinds) == 1 else hint
    return hint


def _or_none(check: Check) -> Check:
    return lambda name, value: None if value is None else check(name, value)


def _within(check: Check, low: float, high: float) -> Check:
    def bounded(name: str, value: Any) -> Any:
        number = check(name, value)
        if not low <= number <= high:
            raise InvalidValue(name, value, f"a number from {low:g} to {high:g}")
        return number

    return bounded


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidValue(name, value, "text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidValue(name, value, "text without half characters (lone surrogates)") from None
    if name == "title" and not value.strip():
        raise InvalidValue(name, value, "some text")
    return str(value)


def _whole(name: str, value: Any) -> int:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if isinstance(value, float) and value.is_integer():
        whole, value = True, int(value)
    if not whole or not -_FINITE_INT <= value < _FINITE_INT:
        raise InvalidValue(name, value, "a whole number")
    return int(value)


def _real(name: str, value: Any) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not _finite(value):
        raise InvalidValue(name, value, "a finite number")
    return float(value)


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _instant(name: str, value: Any) -> int:
    seconds = _whole(name, value)
    if seconds not in _INSTANTS:
        raise InvalidValue(name, value, "seconds since 1970, within the years 1000 to 9998")
    return seconds


def _scalar(name: str, value: Any) -> Value:
    if isinstance(value, str):
        return _text(name, value)
    return _whole(name, value) if isinstance(value, int) else _real(name, value)


def _day(name: str, value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()[:10]
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise InvalidValue(name, value, "a day such as 2026-11-27") from None


def _choice(choices: type[StrEnum]) -> Check:
    def choose(name: str, value: Any) -> StrEnum:
        try:
            return choices(value)
        except ValueError:
            raise InvalidValue(name, value, "one of " + ", ".join(choices)) from None

    return choose


def _tags(name: str, value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        value = _read_tags(value)
    if not isinstance(value, Sequence) or not all(isinstance(tag, str) for tag in value):
        raise InvalidValue(name, value, "a list of words")
    return tuple(dict.fromkeys(_text(name, tag) for tag in value))


def _read_tags(stored: Any) -> tuple[str, ...]:
    """Return the tags of a stored JSON array; what a shell wrote there that isn't one counts as one tag."""
    if stored is None:
        return ()
    try:
        tags = json.loads(stored)
    except ValueError:
        return (stored,)
    return tuple(map(str, tags)) if isinstance(tags, list) else (stored,)
