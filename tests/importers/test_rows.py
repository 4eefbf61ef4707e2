"""Records read column by column are what each of them is alone."""

import math
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc_lab.errors import InvalidValue
from orc_lab.importers.record import Parsed, Step
from orc_lab.importers.rows import Rows
from orc_lab.model.codec import columns, parse, to_plain
from orc_lab.model.entities import Priority, Status, Todo

TEXTS = st.sampled_from(["a", "ä", " ", "", "\ud800", 5, None])
VALUES = st.fixed_dictionaries(
    {"title": TEXTS, "created_at": st.sampled_from([0, 5, -7, 10**15, 2.0, "x"])},
    optional={
        "description": TEXTS,
        "status": st.sampled_from([*Status, "done", "odd"]),
        "priority": st.sampled_from(Priority),
        "tags": st.sampled_from([(), ("x",), ["x", "x"], None, 3]),
        "estimated_hours": st.sampled_from([None, 0.0, 2.5, 3, -1.0, 1e9, math.nan, math.inf]),
        "due_date": st.sampled_from([None, "2026-11-25", "20261125", "soon", date(2026, 1, 2)]),
    },
)


@given(told=st.lists(VALUES, min_size=1, max_size=6), later=VALUES)
def test_together_as_alone(told: list[dict[str, Any]], later: dict[str, Any]) -> None:
    records = [
        Parsed(
            external_id=f"{n}",
            kind=Todo,
            values=values | {"updated_at": 9},
            steps=[Step(at=8, values=later)],
            raw="",
            content_hash="",
        )
        for n, values in enumerate(told)
    ]
    rows = Rows(records, "user")
    for record in records:
        try:
            alone = parse(Todo, {**record.values, "id": "t", "user_id": "user"})
            after = parse(Todo, {**record.values, **later, "id": "t", "user_id": "user"})
        except InvalidValue:
            with pytest.raises(InvalidValue):
                rows.life(record, "t", {})
            continue
        row, began, steps = rows.life(record, "t", {})
        assert (list(row), began) == (list(to_plain(alone).values()), alone.created_at)
        assert steps == [(8, {name: to_plain(after)[name] for name in later})]


def test_hours_of_ones_own_are_those_worked() -> None:
    values = {"title": "a", "created_at": 5, "updated_at": 5, "adjusted_hours": 2.0}
    record = Parsed(external_id="1", kind=Todo, values=values, raw="", content_hash="")
    row, _, _ = Rows([record], "user").life(record, "t", {"project_id": "p"})
    told = dict(zip(columns(Todo), row, strict=True))
    assert (told["actual_hours"], told["project_id"], told["user_id"]) == (2.0, "p", "user")
