"""What people read: text that can't steer a terminal, aligned columns, JSON."""

import json
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc_lab.cli import output
from orc_lab.cli.output import clean, hours, show_json, show_table


@given(st.text())
def test_cleaned_text_holds_nothing_that_steers_a_terminal(text: str) -> None:
    left = {category(char) for char in clean(text) if char not in "\u200c\u200d"}
    assert not left & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Mn"))))
def test_other_text_is_left_as_it_is(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\nb\tc", "a b c"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u202eb", "a\\u202eb"),
        ("👩‍💻 Größe 漢字", "👩‍💻 Größe 漢字"),
        ("\x07", "\\x07"),
    ],
)
def test_control_characters_are_shown(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_columns_are_aligned_and_empty_ones_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [("1", "", "漢字", "a"), ("22", "", "x", "b")]
    show_table(("n", "none", "word", "end"), rows, right=("n",))
    assert capsys.readouterr().out == " n  word  end\n 1  漢字  a\n22  x     b\n"


@given(st.lists(st.tuples(st.text(max_size=9), st.text(max_size=60)), max_size=5), st.integers(40, 100))
def test_no_line_is_wider_than_the_terminal(rows: list[tuple[str, str]], width: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(width))
        printed: list[str] = []
        patch.setattr("builtins.print", printed.append)
        show_table(("id", "title"), [(clean(id)[:9], title) for id, title in rows], flex="title")
        lines = printed[0].split("\n")
    assert len(lines) == len(rows) + 1
    assert all(output._columns(line) <= width for line in lines)


def test_a_long_title_is_cut_only_where_there_is_a_width(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    show_table(("id", "title"), [("1", "x" * 200)], flex="title")
    assert "x" * 200 in capsys.readouterr().out
    monkeypatch.setenv("COLUMNS", "40")
    show_table(("id", "title"), [("1", "x" * 200)], flex="title")
    assert capsys.readouterr().out.splitlines()[1] == f"1   {'x' * 35}…"


def test_a_pipe_gets_no_styles(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("id", "title"), [("1", "x")])
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("unset", ["NO_COLOR", "TERM"])
def test_a_terminal_gets_a_bold_heading_unless_it_asks_not_to(unset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert output.heading("id") == "\x1b[1mid\x1b[0m"
    monkeypatch.setenv(unset, "dumb")
    assert output.heading("id") == "id"


@given(st.recursive(st.text() | st.integers() | st.none(), lambda inner: st.lists(inner, max_size=3), max_leaves=5))
def test_json_is_whole_and_holds_no_control_characters(value: object) -> None:
    with pytest.MonkeyPatch.context() as patch:
        printed: list[str] = []
        patch.setattr("builtins.print", printed.append)
        show_json(value)
    assert json.loads(printed[0]) == value
    assert all(char.isprintable() or char == "\n" for char in printed[0])


@pytest.mark.parametrize(
    ("value", "shown"), [(None, ""), (0.0, "0 h"), (1.5, "1.5 h"), (2.0, "2 h"), (1 / 3, "0.33 h")]
)
def test_hours(value: float | None, shown: str) -> None:
    assert hours(value) == shown
