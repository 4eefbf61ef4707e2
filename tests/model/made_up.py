"""Hypothesis strategies for rows of every kind, made from the entities' own annotations."""

from dataclasses import fields
from datetime import date
from enum import StrEnum
from types import UnionType
from typing import Any, get_args

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from orc_lab.model.codec import MOST_HOURS
from orc_lab.model.entities import KINDS, Entity

DAYS = {"due_date", "snoozed_until", "week_start_date", "day", "starts_on", "ends_on"}
BOUNDS = {"progress": (0, 100), "self_rating": (1, 5), "health_score": (0, 100), "factor": (0, 2)}
INSTANTS = st.integers(-30_610_224_000, 253_370_764_799)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
TITLES = TEXT.filter(lambda text: text.strip())
HOURS = st.floats(0, MOST_HOURS) | st.sampled_from([0.25, 0.5, 1.0, 2.0])


def entities(kind: type[Entity]) -> SearchStrategy[Any]:
    """Rows of a kind that the codec lets pass."""
    return st.builds(kind, **{field.name: values(field.name, field.type) for field in fields(kind)})


def any_entity() -> SearchStrategy[Any]:
    """Rows of all kinds."""
    return st.one_of([entities(kind) for kind in KINDS.values()])


def values(name: str, hint: Any) -> SearchStrategy[Any]:
    """Values for a field of this name and annotation."""
    if isinstance(hint, UnionType):
        return st.one_of([st.none() if arg is type(None) else values(name, arg) for arg in get_args(hint)])
    if name == "tags":
        return st.lists(TEXT, max_size=3, unique=True).map(tuple)
    if name in DAYS:
        return st.dates(date(1000, 1, 1)).map(date.isoformat)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return st.sampled_from(hint)
    if hint is str:
        return TITLES if name == "title" else TEXT
    if name in BOUNDS:
        low, high = BOUNDS[name]
        return st.integers(low, high) if hint is int else st.floats(low, high)
    if hint is int:
        return INSTANTS if name.endswith("_at") or name == "valid_from" else st.integers(-(2**63), 2**63 - 1)
    return HOURS
