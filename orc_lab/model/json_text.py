"""JSON text of many small values: what `json` makes anew for each takes as long as writing it, so it is made once."""

import json
from collections.abc import Callable
from json.encoder import c_make_encoder, encode_basestring  # type: ignore[attr-defined]  # None where Python has no C
from typing import Any


def encoder(*, compact: bool = False, sort_keys: bool = False, allow_nan: bool = True) -> Callable[[Any], str]:
    """Return a function from a value that holds no cycle to its JSON text, in any script as it is written.

    It raises TypeError for what JSON has no form for, and without `allow_nan` ValueError for what is no finite number.
    """
    item, key = (",", ":") if compact else (", ", ": ")
    usual = json.JSONEncoder(
        ensure_ascii=False, check_circular=False, sort_keys=sort_keys, allow_nan=allow_nan, separators=(item, key)
    )
    if c_make_encoder is None:
        return usual.encode
    parts = c_make_encoder(None, usual.default, encode_basestring, None, key, item, sort_keys, False, allow_nan)
    return lambda value: "".join(parts(value, 0))
