"""The recovery key as a person keeps it: seven groups of letters and digits, each with a check of its own.

`7K3MP-…`: four symbols carry 20 bits, the fifth checks them and their place, so that one wrong symbol is found, and
its group told. The symbols are Crockford's: capitals and small letters are the same, O is read as 0, I and L as 1, and
there is no U.
"""

import secrets

from orc_lab.errors import OrcError

SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {symbol: value for value, symbol in enumerate(SYMBOLS)}
_SAME = str.maketrans({"O": "0", "I": "1", "L": "1"})
_GROUPS, _SIZE = 7, 5
_BETWEEN = str.maketrans(
    "", "", " \t\r\n-\u2010\u2011\u2012\u2013\u2014\u2212\u00a0"
)  # blanks, and what editors make of -


class MistypedRecoveryKey(OrcError):
    """A text that is no recovery key, or one with a slip in it. What was typed isn't told: it is nearly a secret."""

    def __init__(self, what: str) -> None:
        super().__init__(f"That is not the recovery key: {what}. Compare it with what you kept; nothing was changed.")


def new() -> str:
    """Return a new recovery key, of 140 random bits."""
    groups = ["".join(secrets.choice(SYMBOLS) for _ in range(_SIZE - 1)) for _ in range(_GROUPS)]
    return "-".join(group + _check(group, place) for place, group in enumerate(groups, 1))


def read(text: str) -> str:
    """Return the 28 symbols that a typed recovery key stands for; raises MistypedRecoveryKey, naming the group."""
    typed = text.translate(_BETWEEN).upper().translate(_SAME)
    strange = [place for place, symbol in enumerate(typed) if symbol not in _VALUES]
    if strange:
        raise MistypedRecoveryKey(f"in group {strange[0] // _SIZE + 1} stands what is no digit and none of its letters")
    if len(typed) != _GROUPS * _SIZE:
        raise MistypedRecoveryKey(f"it has {_GROUPS * _SIZE} letters and digits, and {len(typed)} were typed")
    groups = [typed[start : start + _SIZE] for start in range(0, len(typed), _SIZE)]
    wrong = [place for place, group in enumerate(groups, 1) if _check(group[:-1], place) != group[-1]]
    if wrong:
        places = ", ".join(map(str, wrong))
        raise MistypedRecoveryKey(f"there is a slip in group {places} of {_GROUPS}")
    return "".join(group[:-1] for group in groups)


def _check(group: str, place: int) -> str:
    total = place + sum(weight * _VALUES[symbol] for weight, symbol in zip((1, 3, 5, 7), group, strict=True))
    return SYMBOLS[total % len(SYMBOLS)]
