"""What is packed comes out as it was, in few bytes."""

import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orc_lab.model.ids import new_id
from orc_lab.server import packing
from orc_lab.server.packing import Kept
from orc_lab.sync.cells import JOINT, NOTHING, Cell, Dot
from orc_lab.sync.wire import Plain, Refused, Sealed
from tests.server.histories import histories

CLOCKS = st.integers(0, (1 << 62) - 1)
REPLICAS = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=40) | st.just("0123456789ab")
DOTS = st.builds(Dot, CLOCKS, REPLICAS)
VECTORS = st.dictionaries(REPLICAS, CLOCKS, max_size=4).map(lambda seen: seen or NOTHING)
NAMES = st.text(string.ascii_letters + string.digits + "_", min_size=1, max_size=40) | st.sampled_from(["life", "any"])
BODIES = (
    st.none()
    | st.builds(
        Plain, st.dictionaries(st.text(max_size=5), st.text(max_size=9) | st.integers() | st.none(), max_size=3)
    )
    | st.builds(Sealed, st.integers(1, (1 << 31) - 1), st.binary(max_size=300))
)
CELLS = st.builds(
    Cell,
    DOTS,
    st.none() | DOTS,
    VECTORS,
    st.lists(DOTS, max_size=3).map(tuple),
    st.booleans(),
    st.none() | st.dictionaries(NAMES, VECTORS, max_size=3),
    BODIES,
)
SEQ = 1 << 40
JOINED = st.lists(NAMES, min_size=1, max_size=20).map(JOINT.join)
GROUPS = st.dictionaries(
    JOINED, st.lists(st.builds(Kept, CELLS, st.integers(1, SEQ)), min_size=1, max_size=4), max_size=5
)


@settings(max_examples=40)
@given(GROUPS)
def test_any_cells_come_out_as_they_were(groups: dict[str, list[Kept]]) -> None:
    try:
        data = packing.pack(groups, SEQ)
    except Refused:
        assert any("\\ud" in repr(one.cell.body) for some in groups.values() for one in some)  # half characters
        return
    assert packing.unpack(data, SEQ) == groups


@given(histories)
def test_written_cells_come_out_as_they_were(history: list[tuple[str, Cell]]) -> None:
    groups: dict[str, list[Kept]] = {}
    for number, (group, cell) in enumerate(history, 1):
        groups.setdefault(group, []).append(Kept(cell, number))
    assert packing.unpack(packing.pack(groups, len(history)), len(history)) == groups


@given(NAMES, st.text(min_size=1, max_size=60).filter(str.isprintable) | st.uuids().map(str))
def test_a_key_names_one_record(table: str, id: str) -> None:
    assert packing.record_of(packing.key_of(table, id)) == (table, id)


def test_a_uuid_takes_16_bytes_only_as_it_is_written() -> None:
    id = new_id()
    assert len(packing.key_of("todos", id)) == 18
    assert packing.record_of(packing.key_of("todos", id.upper())) == ("todos", id.upper())


def test_a_record_takes_little_beside_its_values() -> None:
    """Three cells of a usual record, each written over an earlier one."""
    at = 1_764_060_000_000_000
    body = Sealed(1, bytes(136))
    groups = {
        name: [Kept(Cell(Dot(at + 10**9 * n, "0123456789ab"), Dot(at, "ba9876543210"), body=body), 1_000_000 - n * 99)]
        for n, name in enumerate(("life", "title", "status"))
    }
    assert len(packing.pack(groups, 1_000_000)) - 3 * 136 <= 96


@pytest.mark.parametrize(
    "value", [{"v": "\ud800"}, {"v": float("nan")}, {"v": float("inf")}, {"\udfff": 1}, {"v": [[[]] * 2] * 2}]
)
def test_a_value_that_others_could_not_read_is_refused(value: Any) -> None:
    if value == {"v": [[[]] * 2] * 2}:
        for _ in range(40):
            value = {"v": value}
    with pytest.raises(Refused, match="a value is"):
        packing.write_plain(value)
