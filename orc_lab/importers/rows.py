"""A record as the row that it becomes: checked, in plain values, with its later steps."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import date
from enum import StrEnum
from math import isfinite
from operator import attrgetter, itemgetter
from types import NoneType
from typing import Any, get_args, get_type_hints

from orc_lab.errors import InvalidValue
from orc_lab.importers.record import Parsed
from orc_lab.model.change import Value
from orc_lab.model.clock import Clock
from orc_lab.model.codec import MOST_HOURS, checked_values, columns, plain
from orc_lab.model.entities import Entity, Project, Todo, WeeklyGoal
from orc_lab.store.bulk import PlainLife

_BEGINNINGS = ("created_at", "started_at", "occurred_at", "valid_from")
_DAYS = frozenset({"due_date", "snoozed_until", "week_start_date", "day", "starts_on", "ends_on"})
_LATEST = 253_370_764_800  # the year 9999


def life(record: Parsed, id: str, links: Mapping[str, str | None], user_id: str) -> PlainLife:
    """Return the row that a record becomes, as it began, and its steps; raises InvalidValue for what no row holds."""
    shape = _shape(record.kind)
    values: dict[str, Any] = {**record.values, **links, "id": id}
    if "user_id" in shape.blank:
        values["user_id"] = user_id
    if values.get("adjusted_hours") is not None:
        values["actual_hours"] = values["adjusted_hours"]
    row = list((shape.blank | _plainly(shape, values)).values())
    if None in shape.needed(row):
        missing = next(name for name in shape.required if row[shape.index[name]] is None)
        raise InvalidValue(missing, None, "a value: it is required")
    began = None if shape.began is None else row[shape.began]
    assert began is None or isinstance(began, int)
    return row, began, [(step.at, _plainly(shape, step.values)) for step in record.steps]


def _plainly(shape: "_Shape", values: Mapping[str, Any]) -> dict[str, Value]:
    """Return values as columns hold them; raises InvalidValue. What is plainly right need not be checked at length."""
    found: dict[str, Value] = {}
    plainly = shape.plainly
    for name, value in values.items():
        read = plainly.get(name, _UNKNOWN).get(type(value))
        told = _ODD if read is None else read(value)
        found[name] = plain(checked_values(shape.kind, {name: value})[name]) if told is _ODD else told
    return found


# Each returns a value as its column holds it, _ODD where it has to be looked at with care.
_ODD: Any = object()
_UNKNOWN: Mapping[type, Callable[[Any], Any]] = {}


def _empty(value: None) -> Value:
    return None


def _text(value: str) -> Value:
    return value if value.isascii() else _ODD


def _title(value: str) -> Value:
    return value if value.isascii() and value.strip() else _ODD


def _day(value: str) -> Any:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        return _ODD


def _instant(value: int) -> Value:
    return value if 0 <= value < _LATEST else _ODD


def _hours(value: float) -> Value:
    return value if 0 <= value <= MOST_HOURS else _ODD


def _place(value: float) -> Value:
    return value if isfinite(value) else _ODD


def _tags(value: tuple[str, ...]) -> Value:
    return _ODD if value else None


def last(kind: type[Entity], life: PlainLife) -> dict[str, Value]:
    """Return a row as its last step left it, by name."""
    row, _, steps = life
    found = dict(zip(columns(kind), row, strict=True))
    for _, values in steps:
        found |= values
    return found


def described(kind: type[Entity], row: Mapping[str, Any], clock: Clock, project: str | None) -> str | None:
    """Return one line that tells what became of a record; None for what has no title. It holds untrusted text."""
    if kind is WeeklyGoal:
        lines = str(row["goal"] or "").strip().splitlines()
        return f"{lines[0] if lines else '(no goal)'} → the week from {row['week_start_date']}"
    if "title" not in row:
        return None
    parts = [str(row["status"])] if row.get("status") else []
    parts += [f"in {project}"] if project else []
    if kind is Todo:
        parts += [f"{row['estimated_hours']:g} h estimated"] if row["estimated_hours"] is not None else []
        parts += [f"{row['adjusted_hours']:g} h spent"] if row["adjusted_hours"] is not None else []
    parts += [f"due {row['due_date']}"] if row.get("due_date") else []
    ended = row.get("completed_at") if kind in (Todo, Project) else None
    told = f"finished {clock.day(ended)}" if ended is not None else f"created {clock.day(row['created_at'])}"
    return f"{row['title']} → {', '.join([*parts, told])}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """A kind's columns by place, a row with nothing but defaults, what must be filled, and how a value of a type is
    read that is plainly right, by column."""

    kind: type[Entity]
    index: Mapping[str, int]
    blank: dict[str, Value]
    required: Sequence[str]
    needed: Callable[[Sequence[Value]], Sequence[Value]]
    began: int | None
    plainly: Mapping[str, Mapping[type, Callable[[Any], Value]]]


_SHAPES: dict[type[Entity], _Shape] = {}


def _shape(kind: type[Entity]) -> _Shape:
    if kind not in _SHAPES:
        _SHAPES[kind] = _made(kind)
    return _SHAPES[kind]


def _made(kind: type[Entity]) -> _Shape:
    index = {name: place for place, name in enumerate(columns(kind))}
    hints = {name: get_args(hint) or (hint,) for name, hint in get_type_hints(kind).items() if name in index}
    required = [field.name for field in fields(kind) if field.default is MISSING]
    return _Shape(
        kind=kind,
        index=index,
        blank={field.name: None if field.default is MISSING else plain(field.default) for field in fields(kind)},
        required=required,
        needed=itemgetter(index["id"], *(index[name] for name in required)),
        began=next((index[name] for name in _BEGINNINGS if name in index), None),
        plainly={name: _plain_readers(name, types) for name, types in hints.items()},
    )


def _plain_readers(name: str, types: Sequence[type]) -> Mapping[type, Callable[[Any], Value]]:
    found: dict[type, Callable[[Any], Value]] = {NoneType: _empty} if NoneType in types else {}
    if str in types:
        found[str] = _title if name == "title" else _day if name in _DAYS else _text
    found |= {int: _instant} if name.endswith("_at") else {}
    found |= {float: _hours} if name.endswith("_hours") else {}
    found |= {float: _place} if name == "position" else {}
    found |= {tuple: _tags} if name == "tags" else {}
    choices = [one for one in types if isinstance(one, type) and issubclass(one, StrEnum)]
    return found | dict.fromkeys(choices, attrgetter("_value_"))
