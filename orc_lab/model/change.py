"""What happened to a row, as the change log tells it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Value = str | int | float | bytes | None


class Op(StrEnum):
    """What was done to the row."""

    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One edit of one row. `cells` maps a field to its old and new database value; `at` is when it took effect."""

    seq: int
    hlc: int
    tx: int | None
    at: int
    origin: str
    table: str
    id: str
    op: Op
    cells: Mapping[str, tuple[Value, Value]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One transaction of edits: who made it, its label, and which one it undoes."""

    tx: int
    actor: str
    label: str
    undoes: int | None
    at: int
