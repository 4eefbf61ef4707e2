"""A recovery key is copied by hand: what looks alike is read alike, and a slip is found where it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc_lab.sync import recovery
from orc_lab.sync.recovery import SYMBOLS, MistypedRecoveryKey

KEY = "01233-45674-89AB5-CDEF6-GHJK7-MNPQ8-RSTV9"
SYMBOLS_OF_IT = "0123456789ABCDEFGHJKMNPQRSTV"


def test_what_a_key_looks_like_stays() -> None:
    assert recovery.read(KEY) == SYMBOLS_OF_IT


def test_a_new_key_is_another_one_each_time() -> None:
    found = {recovery.new() for _ in range(200)}
    assert len(found) == 200
    for key in found:
        groups = key.split("-")
        assert [len(group) for group in groups] == [5] * 7
        assert recovery.read(key) == "".join(group[:4] for group in groups)


@pytest.mark.parametrize(
    "typed",
    [
        KEY.lower(),
        KEY.replace("-", ""),
        KEY.replace("-", " "),
        KEY.replace("-", "\u2013"),
        f"  {KEY}\r\n",
        KEY.replace("0", "o").replace("1", "l"),
        KEY.replace("0", "O").replace("1", "I"),
    ],
)
def test_it_can_be_typed_in_many_ways(typed: str) -> None:
    assert recovery.read(typed) == SYMBOLS_OF_IT


@given(st.integers(0, 6), st.integers(0, 4), st.sampled_from(SYMBOLS))
def test_one_wrong_symbol_is_found_and_its_group_told(group: int, place: int, symbol: str) -> None:
    groups = KEY.split("-")
    wrong = groups[group][:place] + symbol + groups[group][place + 1 :]
    if wrong == groups[group]:
        return
    groups[group] = wrong
    with pytest.raises(MistypedRecoveryKey, match=f"slip in group {group + 1} of 7") as error:
        recovery.read("-".join(groups))
    assert wrong not in str(error.value)


@pytest.mark.parametrize(("one", "other"), [(0, 1), (2, 6)])
def test_swapped_groups_are_found(one: int, other: int) -> None:
    groups = KEY.split("-")
    groups[one], groups[other] = groups[other], groups[one]
    with pytest.raises(MistypedRecoveryKey, match=f"group {one + 1}, {other + 1} of 7"):
        recovery.read("-".join(groups))


def test_swapped_neighbours_are_found() -> None:
    with pytest.raises(MistypedRecoveryKey, match="group 2 of 7"):
        recovery.read(KEY.replace("45674", "46574"))


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "35 letters and digits, and 0 were typed"),
        (KEY[:-1], "and 34 were typed"),
        (KEY + "0", "and 36 were typed"),
        (KEY.replace("2", "U", 1), "in group 1 stands what is no digit"),
        ("correct horse battery staple", "and 25 were typed"),
    ],
)
def test_what_is_no_key_is_said_and_not_shown(typed: str, told: str) -> None:
    with pytest.raises(MistypedRecoveryKey, match=told) as error:
        recovery.read(typed)
    assert not typed or typed not in str(error.value)
    assert "Compare it with what you kept" in str(error.value)
