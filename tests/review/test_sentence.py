"""Sentences and the numbers in them."""

from datetime import date, datetime
from math import inf, nan

import pytest

from orc_lab.review.sentence import Part, Tone, Value, as_json, say, shown


@pytest.mark.parametrize(
    ("value", "spec", "text"),
    [
        (3, "n", "3"),
        (12345, "n", "12,345"),
        (4.25, "n", "4.3"),
        (7.75, "n", "7.8"),
        (0.5, "n", "0.5"),
        (0.25, "h", "0.25\N{NO-BREAK SPACE}h"),
        (0.0, "chance", "<1%"),
        (1.0, "chance", ">99%"),
        (0.5, "chance", "50%"),
        (4.0, "n", "4"),
        (129.6, "n", "130"),
        (2.5, "h", "2.5\N{NO-BREAK SPACE}h"),
        (0.04, "h", "0.04\N{NO-BREAK SPACE}h"),
        (0.0, "h", "0\N{NO-BREAK SPACE}h"),
        (0.784, "%", "78%"),
        (0.0, "%", "0%"),
        (0.001, "%", "<1%"),
        (0.999, "%", ">99%"),
        (1.0, "%", "100%"),
        (1.0, "x", "1.00\N{NO-BREAK SPACE}×"),
        (-15, "p", "−15"),
        (5, "p", "+5"),
        (1, "# todo|# todos", "1 todo"),
        (0, "# todo|# todos", "0 todos"),
        (2.5, "# todo|# todos", "2.5 todos"),
        (1, "it fits|they fit", "it fits"),
        (date(2026, 5, 1), "", "Fri 1 May 2026"),
        (datetime(2026, 5, 1, 9, 5), "", "Fri 1 May 2026 09:05"),
        ("as it is", "", "as it is"),
        (None, "h", "–"),
        (nan, "%", "–"),
        (inf, "n", "–"),
    ],
)
def test_a_value_is_shown(value: Value, spec: str, text: str) -> None:
    assert shown(value, spec) == text


def test_a_sentence_keeps_its_values() -> None:
    sentence = say("{done:# todo|# todos} took {hours:h}: {command:code}.", done=3, hours=4.25, command="orc list")
    assert sentence.text == "3 todos took 4.3\N{NO-BREAK SPACE}h: orc list."
    assert sentence.as_dict() == {
        "text": sentence.text,
        "values": {"done": 3, "hours": 4.25, "command": "orc list"},
    }


def test_numbers_stand_out_and_words_do_not() -> None:
    parts = list(say("{n:# todo|# todos} in {project}, {why:-}", n=2, project="House", why="so").parts())
    assert parts == [
        Part("2", Tone.STRONG), Part(" todos"), Part(" in "), Part("House", Tone.STRONG), Part(", "), Part("so"),
    ]  # fmt: skip


def test_braces_in_a_title_are_only_braces() -> None:
    assert say("{title}", title="{n} {0!r} {").text == "{n} {0!r} {"


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (nan, None),
        (inf, None),
        (1 / 3, 0.333333333),
        (0.1 + 0.2, 0.3),
        (7, 7),
        (True, True),
        (date(2026, 5, 1), "2026-05-01"),
    ],
)
def test_json_knows_no_noise(value: Value, plain: object) -> None:
    assert as_json(value) == plain
