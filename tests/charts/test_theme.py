"""Labels show letters, colours can be told apart by every eye, on light and on dark."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orc_lab.charts import theme
from orc_lab.charts.theme import empty, figure, number, plain, translucent, untitled

PAPERS = ("#ffffff", "#14171b")
COLOURS = (theme.BLUE, theme.SKY, theme.GREEN, theme.ORANGE, theme.VERMILLION, theme.PURPLE, theme.GREY)
TOGETHER = (  # the colours of one figure
    (theme.GREY, theme.BLUE, theme.ORANGE, theme.VERMILLION),
    (theme.BLUE, theme.ORANGE, theme.GREEN, theme.GREY),
)
SEEN_BY = {  # Machado, Oliveira & Fernandes 2009, severity 1, in linear RGB
    "most eyes": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def linear(colour: str) -> np.ndarray:
    parts = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's ratio of relative luminances."""
    dark, light = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE 1976 L*a*b* of linear RGB."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ np.clip(rgb, 0, 1) / [0.9505, 1, 1.089]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("paper", PAPERS)
def test_colours_and_text_stand_out(paper: str) -> None:
    assert {colour: contrast(colour, paper) for colour in COLOURS if contrast(colour, paper) < 3} == {}
    assert contrast(theme.INK, paper) > 3.8


@pytest.mark.parametrize("eyes", SEEN_BY)
@pytest.mark.parametrize("colours", TOGETHER)
def test_colours_of_one_figure_differ_for_all_eyes(eyes: str, colours: tuple[str, ...]) -> None:
    seen = {colour: lab(np.array(SEEN_BY[eyes]) @ linear(colour)) for colour in colours}
    near = [(a, b) for a, b in combinations(colours, 2) if np.linalg.norm(seen[a] - seen[b]) < 10]
    assert near == []


@settings(max_examples=60)
@given(st.text())
def test_plain_text_holds_no_tag_and_no_line(text: str) -> None:
    shown = plain(text)
    assert not set("<>\n\r\t\x00") & set(shown)
    assert "\u202e" not in shown, "nothing turns the direction of a label around"


@settings(max_examples=60)
@given(st.text(), st.integers(1, 40))
def test_plain_text_is_cut_by_letters_seen(text: str, limit: int) -> None:
    seen = plain(text, limit).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert len(seen) <= limit


def test_plain_text_is_cut_before_it_is_escaped() -> None:
    assert plain("a < b & c") == "a &lt; b &amp; c"
    assert plain("<" * 50, 3) == "&lt;&lt;…"
    assert plain("two\n lines\tand\u202e more") == "two lines and more"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(3.0, "3 h"), (2.54, "2.5 h"), (0.25, "0.25 h"), (1240.4, "1,240 h"), (0.0, "0 h"), (float("nan"), "unknown")],
)
def test_numbers_have_the_digits_of_a_sentence(value: float, shown: str) -> None:
    assert number(value, "h") == shown


def test_a_title_stands_in_the_picture_and_can_be_taken_out() -> None:
    long = figure("A title " * 20, "alt")
    assert long.layout.title.text.count("<br>") == 2
    bare = untitled(long.to_plotly_json()["layout"])
    assert "title" not in bare
    assert bare["height"] == theme.HEIGHT
    assert long.layout.height == theme.HEIGHT + 14 + 3 * 20
    assert long.layout.title.text is not None, "the figure itself keeps it"


def test_a_title_is_letters() -> None:
    assert figure("<a href='x'>x</a>", "alt").layout.title.text == "&lt;a href='x'&gt;x&lt;/a&gt;"


def test_an_empty_figure_says_why_and_what_next() -> None:
    nothing = empty("No plan <b>yet</b>. Make one.")
    assert nothing.layout.meta["title"] == "No plan <b>yet</b>"
    assert nothing.layout.annotations[0].text == "Make one."
    assert empty("Only a reason.").layout.annotations[0].text == "Only a reason."


def test_translucent_keeps_the_colour() -> None:
    assert translucent("#1b7fbd", 0.5) == "rgba(27, 127, 189, 0.5)"
