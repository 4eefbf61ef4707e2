"""The one parser: what it lets pass comes back as it was, and rubbish is refused in words."""

import json
import math
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orc_lab.errors import InvalidValue, UnknownField
from orc_lab.model.codec import captured, checked_values, columns, parse, plain, row_reader, to_plain
from orc_lab.model.entities import KINDS, Activity, Capacity, Entity, Priority, Project, Status, Todo, WeeklyGoal
from tests.model.made_up import any_entity

LEAST = {"id": "1", "user_id": "u", "title": "Write", "created_at": 5, "updated_at": 5}


@settings(derandomize=True)
@given(any_entity())
def test_an_entity_survives_its_plain_form_its_row_and_json(entity: Entity) -> None:
    kind, values = type(entity), to_plain(entity)
    assert parse(kind, values) == entity
    assert row_reader(kind)(tuple(values.values())) == entity
    assert parse(kind, json.loads(json.dumps(values, allow_nan=False))) == entity
    assert tuple(values) == columns(kind)
    assert all(value is None or type(value) in (str, int, float) for value in values.values())


@settings(derandomize=True, max_examples=150)
@given(
    st.sampled_from(sorted(KINDS)),
    st.dictionaries(
        st.sampled_from([*columns(Todo), *columns(Activity), *columns(WeeklyGoal), "", "nonsense"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(st.characters(), max_size=5)
        | st.binary(max_size=3)
        | st.lists(st.integers() | st.text(max_size=2), max_size=2)
        | st.dates()
        | st.sampled_from(["done", "low", "2026-02-30", "[1]", '["a"]', "1e999"]),
    ),
)
def test_whatever_comes_is_parsed_or_refused_in_words(table: str, values: dict[str, Any]) -> None:
    try:
        entity = parse(KINDS[table], values)
    except (InvalidValue, UnknownField):
        return
    assert parse(KINDS[table], to_plain(entity)) == entity


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "  \n "),
        ("title", 5),
        ("title", None),
        ("title", "half \ud800 a character"),
        ("status", "finished"),
        ("status", None),
        ("priority", 3),
        ("estimated_hours", -1),
        ("estimated_hours", math.nan),
        ("estimated_hours", math.inf),
        ("estimated_hours", 10**400),
        ("estimated_hours", "2"),
        ("estimated_hours", True),
        ("actual_hours", -0.5),
        ("adjusted_hours", 1e10),
        ("due_date", "2026-02-30"),
        ("due_date", "tomorrow"),
        ("due_date", 20261127),
        ("created_at", 1.5),
        ("created_at", "5"),
        ("created_at", True),
        ("created_at", 2**63),
        ("created_at", 10**13),  # milliseconds
        ("tags", 5),
        ("tags", ["a", 1]),
        ("tags", b"a"),
    ],
)
def test_an_unfit_value_is_refused_and_its_field_named(field: str, value: object) -> None:
    with pytest.raises(InvalidValue, match=field) as caught:
        parse(Todo, LEAST | {field: value})
    assert caught.value.field == field


@pytest.mark.parametrize(("kind", "field", "value"), [(Project, "progress", 101), (WeeklyGoal, "self_rating", 0)])
def test_numbers_keep_to_their_range(kind: type[Entity], field: str, value: int) -> None:
    with pytest.raises(InvalidValue, match="a number from"):
        checked_values(kind, {field: value})


def test_an_unknown_field_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownField, match=r"'estimate'.*estimated_hours"):
        parse(Todo, LEAST | {"estimate": 2})


@pytest.mark.parametrize("field", ["id", "user_id", "title", "created_at"])
def test_a_missing_field_is_named(field: str) -> None:
    with pytest.raises(InvalidValue, match=field):
        parse(Todo, {name: value for name, value in LEAST.items() if name != field})


def test_values_become_their_types() -> None:
    given = {
        "status": "done",
        "due_date": date(2026, 11, 27),
        "estimated_hours": 2,
        "created_at": 7.0,
        "tags": ["a", "a"],
    }
    todo = parse(Todo, LEAST | given)
    assert (todo.status, todo.due_date, todo.created_at, todo.tags) == (Status.DONE, "2026-11-27", 7, ("a",))
    assert isinstance(todo.estimated_hours, float)
    assert todo.priority is Priority.MEDIUM
    assert parse(Capacity, {"id": "1", "day": datetime(2026, 11, 27, 5), "factor": 0}).day == "2026-11-27"
    assert parse(Todo, LEAST | {"tags": '["a", "b"]'}).tags == ("a", "b")
    assert parse(Todo, LEAST | {"tags": None}).tags == ()


@pytest.mark.parametrize(
    ("stored", "tags"),
    [(None, ()), ('["a"]', ("a",)), ("a, b", ("a, b",)), ("[1, null]", ("1", "None")), ("{}", ("{}",))],
)
def test_tags_that_a_shell_wrote_are_read_somehow(stored: str | None, tags: tuple[str, ...]) -> None:
    row = to_plain(parse(Todo, LEAST)) | {"tags": stored}
    assert row_reader(Todo)(tuple(row.values())).tags == tags


def test_what_came_true_is_captured_and_what_follows_from_it_is_not() -> None:
    assert {"outcome", "resolved_at", "quantiles"} <= set(captured(KINDS["forecasts"]))
    assert "score" not in captured(KINDS["forecasts"])
    assert {"response", "outcome", "why"} <= set(captured(KINDS["recommendations"]))
    assert {"value", "version", "learned_from"} <= set(captured(KINDS["knowledge"]))


def test_derived_fields_are_not_captured() -> None:
    for kind in KINDS.values():
        assert set(captured(kind)) | kind.derived == set(columns(kind))
        assert not set(captured(kind)) & kind.derived
    assert plain(()) is None
    assert plain(Status.DONE) == "done"
