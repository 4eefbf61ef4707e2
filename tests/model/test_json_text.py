"""JSON text as `json` itself writes it."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc_lab.model.json_text import encoder

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda some: st.lists(some, max_size=4) | st.dictionaries(st.text(), some, max_size=4),
)


@given(value=VALUES)
def test_it_is_what_json_writes(value: Any) -> None:
    assert encoder()(value) == json.dumps(value, ensure_ascii=False)
    assert encoder(sort_keys=True)(value) == json.dumps(value, ensure_ascii=False, sort_keys=True)
    assert encoder(compact=True)(value) == json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def test_what_json_has_no_form_for() -> None:
    with pytest.raises(TypeError):
        encoder()({"a": b"bytes"})
    with pytest.raises(ValueError, match="Out of range"):
        encoder(allow_nan=False)([math.inf])
