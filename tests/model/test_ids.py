"""Ids: new ones sort by time, derived ones are the same everywhere."""

import time
from uuid import RFC_4122, UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from orc_lab.model.ids import dated_id, derived_id, new_id

PARTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), min_size=1, max_size=3)
INSTANTS = st.integers(0, 250_000_000_000)


def test_new_ids_are_version_7_and_sort_by_time() -> None:
    before = time.time_ns() // 1_000_000
    ids = []
    for _ in range(20):
        ids.append(new_id())
        time.sleep(0.0011)
    after = time.time_ns() // 1_000_000
    assert ids == sorted(ids)
    for text in ids:
        assert str(UUID(text)) == text
        assert (UUID(text).version, UUID(text).variant) == (7, RFC_4122)
        assert before <= UUID(text).int >> 80 <= after


def test_no_two_new_ids_are_equal() -> None:
    assert len({new_id() for _ in range(10_000)}) == 10_000


@settings(derandomize=True)
@given(PARTS, PARTS)
def test_derived_ids_depend_on_their_parts_alone(first: list[str], second: list[str]) -> None:
    assert (derived_id(*first) == derived_id(*second)) == ("\x1f".join(first) == "\x1f".join(second))
    assert (UUID(derived_id(*first)).version, UUID(derived_id(*first)).variant) == (8, RFC_4122)


def test_a_derived_id_never_changes() -> None:
    assert derived_id("weekly-goal", "u", "2026-W47") == "67820b37-abc3-88c3-8daf-dd0f0fdbe41c"


@settings(derandomize=True)
@given(INSTANTS, INSTANTS, PARTS)
def test_dated_ids_sort_by_their_instant(first: int, second: int, parts: list[str]) -> None:
    assert UUID(dated_id(first, *parts)).version == 7
    assert dated_id(first, *parts) == dated_id(first, *parts)
    assert dated_id(first, *parts) != dated_id(first, *parts, "more")
    if first != second:
        assert (dated_id(first, *parts) < dated_id(second, *parts)) == (first < second)
