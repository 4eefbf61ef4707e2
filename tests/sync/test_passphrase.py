"""A passphrase is the same on every keyboard, hard to guess, and costs neither too little nor too much to try."""

from typing import Any

import pytest
from nacl.exceptions import RuntimeError as NoneDerived

from orc_lab.sync import passphrase
from orc_lab.sync.passphrase import CHEAPEST, COST, DEAREST, Cost, NoMemory, WeakPassphrase, bearable, key_of, strong

SALT = bytes(range(16))


def test_the_derivation_is_argon2id() -> None:
    """Known answers, of the cost that new bundles have and of the least."""
    dear = "0d1a3c6523c8f06e4e0af9c515aa5b5448cfebd6838f2d52c3d8b6ef8ddc3c2e"
    cheap = "818259b6310026a8e0dbac5d2e6927abcfdb07b32258fac4f61b18b80f929085"
    assert key_of("correct horse battery staple", SALT, COST).hex() == dear
    assert key_of("correct horse battery staple", SALT, CHEAPEST).hex() == cheap


@pytest.mark.parametrize(
    "typed", ["Zu\u0308rich \ufb01ndet Stadt", "Z\u00fcrich findet Stadt\n", "\tZ\uff55\u0308rich findet Stadt "]
)
def test_one_passphrase_has_one_key(typed: str) -> None:
    assert key_of(typed, SALT, CHEAPEST) == key_of("Zürich findet Stadt", SALT, CHEAPEST)


@pytest.mark.parametrize("typed", ["zürich findet Stadt", "Zürich  findet Stadt", "", "\ud800"])
def test_another_passphrase_has_another(typed: str) -> None:
    assert key_of(typed, SALT, CHEAPEST) != key_of("Zürich findet Stadt", SALT, CHEAPEST)


@pytest.mark.parametrize(
    "weak", ["", "short", "elevenchars", "            x", "aaaaaaaaaaaaaaaaaaaa", "abababababababab"]
)
def test_a_weak_one_is_refused(weak: str) -> None:
    with pytest.raises(WeakPassphrase, match="at least 12 characters") as error:
        strong(weak)
    assert not weak or weak not in str(error.value)


def test_a_good_one_is_not() -> None:
    assert strong("correct horse battery staple") == "correct horse battery staple"
    assert strong("密码很长的一句话没有人猜得到") == "密码很长的一句话没有人猜得到"


@pytest.mark.parametrize(
    ("cost", "fits"),
    [
        (COST, True),
        (CHEAPEST, True),
        (DEAREST, True),
        (Cost(1, 64 << 10), False),
        (Cost(3, 8 << 10), False),
        (Cost(3, 4 << 20), False),
        (Cost(11, 64 << 10), False),
        (Cost(1 << 30, 64 << 10), False),
    ],
)
def test_costs_have_bounds(cost: Cost, fits: bool) -> None:
    assert bearable(cost) is fits


def test_without_memory_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*args: Any, **kwargs: Any) -> bytes:
        raise NoneDerived("Unexpected failure in key derivation")

    monkeypatch.setattr(passphrase.argon2id, "kdf", none)
    with pytest.raises(NoMemory, match="64 MiB of memory"):
        key_of("x", SALT, COST)
