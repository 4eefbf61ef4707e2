"""A file that is JSON: read without surprises, and without what is nobody's to keep."""

import json
import math
import re
from functools import lru_cache
from typing import Any

from orc_lab.errors import UnreadableFile
from orc_lab.importers.reading.values import bare

WITHHELD = "(not kept)"  # stands in place of a secret
_SECRET = re.compile(r".*(token|secret|password|passphrase|apikey|authorization|credentials?|jwt)")
_WORDS = ("token", "secret", "pass", "api", "authorization", "credential", "jwt", "\\u")


def parsed(text: str, name: str, step: str) -> Any:
    """Return a JSON text's value, numbers that no database holds as text; raises UnreadableFile, with the next step."""
    try:
        return json.loads(text.strip().removeprefix("\ufeff"), parse_int=_whole, parse_float=finite, parse_constant=str)
    except json.JSONDecodeError as error:
        why = f"it is not JSON ({error.msg}, line {error.lineno}, column {error.colno})"
        raise UnreadableFile(name, why, step) from None
    except RecursionError:
        raise UnreadableFile(name, "it is nested too deeply", step) from None


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) < 19 else digits


def finite(digits: str) -> float | str:
    """Return a number, itself as text where it is larger than any that a database holds."""
    return found if math.isfinite(found := float(digits)) else digits


@lru_cache(maxsize=4096)
def is_secret(name: str) -> bool:
    """Return whether a field is named like a token or a password."""
    return _SECRET.fullmatch(bare(name)) is not None


def may_hold_secrets(text: str) -> bool:
    """Return whether a JSON text may have a field named like a secret: quick, and true too often rather than not."""
    small = text.lower()
    return any(word in small for word in _WORDS)


def withheld(value: Any) -> Any:
    """Return a value with its secrets replaced, itself where there are none; it was parsed, so it isn't too deep."""
    if isinstance(value, list):
        items = [withheld(item) if isinstance(item, (dict, list)) else item for item in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    if not isinstance(value, dict):
        return value
    changed = {}
    for key, item in value.items():
        if isinstance(item, (dict, list)):
            if (new := withheld(item)) is not item:
                changed[key] = new
        elif item and is_secret(key) and not isinstance(item, bool):
            changed[key] = WITHHELD
    return value | changed if changed else value
