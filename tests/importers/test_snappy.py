"""Blocks of the real library are read as it reads them, damaged ones refused."""

import contextlib

import cramjam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc_lab.importers.creation import snappy

MOST = 1 << 20
TEXTS = st.one_of(
    st.binary(max_size=300),
    st.builds(lambda piece, times: piece * times, st.binary(min_size=1, max_size=9), st.integers(1, 400)),
    st.builds(lambda pieces: b"".join(pieces), st.lists(st.sampled_from([b'{"id":"', b"todo", b"\x00" * 70, b"x"]))),
)


@given(data=TEXTS)
def test_what_the_library_packs_is_unpacked(data: bytes) -> None:
    assert snappy.decompress(bytes(cramjam.snappy.compress_raw(data)), most=MOST) == data


def test_long_texts() -> None:
    data = b"".join(b"%d, " % (n * n) for n in range(90_000))  # literals of more than 60 bytes, copies from far back
    assert snappy.decompress(bytes(cramjam.snappy.compress_raw(data)), most=MOST) == data


@pytest.mark.parametrize(
    ("block", "data"),
    [
        (b"\x00", b""),
        (b"\x03\x08abc", b"abc"),
        (b"\x08\x00a\x01\x01\x0a\x01\x00", b"a" * 8),  # copies of one and of two bytes' offset that repeat themselves
        (b"\x06\x08abc\x0b\x03\x00\x00\x00", b"abcabc"),  # a copy with an offset of four bytes
        (b"\x02\xf0\x01ab", b"ab"),  # a literal whose length stands in a byte of its own
    ],
)
def test_each_kind_of_element(block: bytes, data: bytes) -> None:
    assert snappy.decompress(block, most=MOST) == data


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"\xff\xff\xff\xff\xff\xff",
        b"\xff\xff\xff\xff\x0f\x00a",
        b"\x04\x08abc",
        b"\x02\x08abc",
        b"\x04\x0cab",
        b"\x05\x00a\x01\x02",
        b"\x05\x00a\x01\x00",
        b"\x05\x00a\x0e\x01",
    ],
)
def test_a_damaged_block_is_refused(block: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        snappy.decompress(block, most=MOST)


@given(block=st.binary(max_size=60))
def test_any_bytes_end_soon(block: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert len(snappy.decompress(block, most=1000)) <= 1000
