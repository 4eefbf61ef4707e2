"""The passphrase that opens an account's keys: what it has to be, and what a guess at it costs."""

from typing import NamedTuple
from unicodedata import normalize

from nacl.exceptions import RuntimeError as NoneDerived
from nacl.pwhash import argon2id

from orc_lab.errors import OrcError

SHORTEST = 12  # characters of a new passphrase
SALT = 16  # bytes


class Cost(NamedTuple):
    """What a guess costs: Argon2id's passes, and KiB of memory."""

    passes: int
    memory: int


COST = Cost(3, 64 << 10)
CHEAPEST, DEAREST = Cost(2, 19 << 10), Cost(10, 512 << 10)  # OWASP's least; what any computer can still do


class WeakPassphrase(OrcError):
    """A new passphrase that a guesser would find."""

    def __init__(self) -> None:
        super().__init__(
            f"The passphrase needs at least {SHORTEST} characters, and not the same few again and again: whoever runs "
            "the server could try millions. Four or more words that don't belong together are good."
        )


class NoMemory(OrcError):
    """The computer hasn't the memory that the passphrase's cost asks for."""

    def __init__(self, cost: Cost) -> None:
        super().__init__(
            f"The passphrase needs {cost.memory >> 10} MiB of memory for a moment, and they aren't free. Close a "
            "program and try again; nothing was changed."
        )


def strong(passphrase: str) -> str:
    """Return a new passphrase as it is; raises WeakPassphrase for a short or monotonous one."""
    plain = normal(passphrase)
    if len(plain) < SHORTEST or len(set(plain)) < SHORTEST // 2:
        raise WeakPassphrase
    return passphrase


def normal(passphrase: str) -> str:
    """Return what is the same for one passphrase on every keyboard, without blanks around it from copying."""
    return normalize("NFKC", passphrase).strip(" \t\r\n")


def bearable(cost: Cost) -> bool:
    """Return whether a cost is neither so small that it protects nothing, nor so great that it stops the computer."""
    return all(least <= one <= most for least, one, most in zip(CHEAPEST, cost, DEAREST, strict=True))


def key_of(passphrase: str, salt: bytes, cost: Cost) -> bytes:
    """Return the 32 bytes that Argon2id makes of a passphrase: some tenths of a second, and the memory of the cost.

    Raises NoMemory.
    """
    typed = normal(passphrase).encode(errors="surrogatepass")  # half a character is wrong, and no surprise
    try:
        return argon2id.kdf(32, typed, salt, opslimit=cost.passes, memlimit=cost.memory << 10)
    except NoneDerived:
        raise NoMemory(cost) from None
