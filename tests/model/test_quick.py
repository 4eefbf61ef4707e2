"""The short syntax of `orc add`."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orc_lab.errors import InvalidValue
from orc_lab.model.entities import Priority
from orc_lab.model.quick import Quick, day_said, hours_said, parse

TODAY = date(2026, 11, 25)  # a Wednesday


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Write draft", {"title": "Write draft"}),
        (
            "Write draft +Thesis 2h !high @fri #deep #home",
            {
                "title": "Write draft",
                "project": "Thesis",
                "hours": 2.0,
                "priority": Priority.HIGH,
                "due": date(2026, 11, 27),
                "tags": ("deep", "home"),
            },
        ),
        ("Pack +House_move", {"title": "Pack", "project": "House move"}),
        ("Call 1.5h", {"title": "Call", "hours": 1.5}),
        ("Call 1,5h", {"title": "Call", "hours": 1.5}),
        ("Call 90m", {"title": "Call", "hours": 1.5}),
        ("Call 90MIN", {"title": "Call", "hours": 1.5}),
        ("Call 1h30m", {"title": "Call", "hours": 1.5}),
        ("Call !!", {"title": "Call", "priority": Priority.HIGH}),
        ("Call !!!", {"title": "Call", "priority": Priority.URGENT}),
        ("Call !LOW", {"title": "Call", "priority": Priority.LOW}),
        ("Call @today", {"title": "Call", "due": TODAY}),
        ("Call @tomorrow", {"title": "Call", "due": date(2026, 11, 26)}),
        ("Call @wed", {"title": "Call", "due": TODAY}),
        ("Call @Tuesday", {"title": "Call", "due": date(2026, 12, 1)}),
        ("Call @+3d", {"title": "Call", "due": date(2026, 11, 28)}),
        ("Call @+2w", {"title": "Call", "due": date(2026, 12, 9)}),
        ("Call @2026-12-24", {"title": "Call", "due": date(2026, 12, 24)}),
        ("#a #b #a Sort", {"title": "Sort", "tags": ("a", "b")}),
        # What isn't understood stays in the title.
        ("Mail bob@example.org @friendly @money @we", {"title": "Mail bob@example.org @friendly @money @we"}),
        ("Learn C++ and C# + more !", {"title": "Learn C++ and C# + more !"}),
        ("Buy 3 apples 2hours @2026-02-30 !soon", {"title": "Buy 3 apples 2hours @2026-02-30 !soon"}),
        ("Call 2h 3h +A +B", {"title": "Call 3h +B", "hours": 2.0, "project": "A"}),
        ("++1 for @@home and ##heading", {"title": "+1 for @home and #heading"}),
        ("Wait 99999999h", {"title": "Wait 99999999h"}),
        ("", {"title": ""}),
        ("+Thesis", {"title": "", "project": "Thesis"}),
    ],
)
def test_what_a_line_says(text: str, said: dict[str, Any]) -> None:
    assert parse(text, TODAY) == Quick(**said)


WORDS = st.text(max_size=12) | st.sampled_from(
    ["9" * 5000 + "m", "9" * 400 + "h", "٣h", "²h", "@+9999w", "1h99m", "+", "@", "#", "!"]
)
SIGNS = st.sampled_from(["", "+", "++", "@", "@+", "#", "!"])
LINES = st.lists(st.tuples(SIGNS, WORDS).map("".join), max_size=6).map(" ".join)


@settings(derandomize=True, max_examples=300)
@given(LINES)
def test_any_text_is_read(text: str) -> None:
    line = parse(text, TODAY)
    assert line.title == " ".join(line.title.split())
    assert len(line.title) <= len(text)
    assert line.hours is None or 0 <= line.hours < 2e6
    assert all(tag and not tag.startswith("#") for tag in line.tags)


@settings(derandomize=True)
@given(st.lists(st.text("abcde ()/?", min_size=1, max_size=6), max_size=6).map(" ".join))
def test_plain_words_are_the_title(text: str) -> None:
    assert parse(text, TODAY) == Quick(title=" ".join(text.split()))


def test_what_is_said_alone_is_read_or_refused() -> None:
    assert [hours_said(text) for text in ("2", "1,5", "90m", "1h30m")] == [2.0, 1.5, 1.5, 1.5]
    assert day_said("yesterday", TODAY) == TODAY - timedelta(days=1)
    assert day_said("+3d", TODAY) == TODAY + timedelta(days=3)
    with pytest.raises(InvalidValue, match="90m"):
        hours_said("soon")
    with pytest.raises(InvalidValue, match="tomorrow"):
        day_said("soon", TODAY)
