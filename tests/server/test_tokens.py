"""A token says where a device stands, and only to the store that made it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc_lab.server import tokens
from orc_lab.server.tokens import BadToken, Position

SECRET = b"s" * 32
NUMBERS = st.integers(0, (1 << 63) - 1)
POSITIONS = st.builds(
    Position, NUMBERS, NUMBERS, st.binary(min_size=8, max_size=8).map(bytes.hex), NUMBERS, NUMBERS, NUMBERS
)


@given(POSITIONS)
def test_a_token_is_read_as_it_was_written(position: Position) -> None:
    token = tokens.write(position, SECRET)
    assert tokens.read(token, SECRET) == position
    assert token.isascii()
    assert len(token) < 120


@given(POSITIONS, st.integers(0), st.text(min_size=1, max_size=1))
def test_an_altered_token_is_refused(position: Position, at: int, letter: str) -> None:
    token = tokens.write(position, SECRET)
    at %= len(token)
    altered = token[:at] + letter + token[at + 1 :]
    if altered != token:
        with pytest.raises(BadToken):
            tokens.read(altered, SECRET)


def test_a_letter_more_is_one_too_many() -> None:
    token = tokens.write(Position(1, 2, "00" * 8, 3, 3, 0), SECRET)
    last = chr(ord(token[-1]) + 1)  # the last letter has bits that no byte needs
    for altered in (f"{token}=", f"{token}!", f" {token}", token[:9] + "\n" + token[9:], token[:-1] + last):
        with pytest.raises(BadToken):
            tokens.read(altered, SECRET)


@given(POSITIONS)
def test_another_store_refuses_it(position: Position) -> None:
    with pytest.raises(BadToken):
        tokens.read(tokens.write(position, SECRET), b"t" * 32)


@given(st.text(max_size=200) | st.text("ABCabc019-_=", max_size=200))
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(BadToken):
        tokens.read(text, SECRET)
