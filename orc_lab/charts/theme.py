"""How figures look: one template, a palette for all eyes, and the pieces that every figure starts from.

Figures are drawn once and read on light and on dark pages. So backgrounds are transparent, each colour stands out from
white and from near black (at least 3:1, WCAG 2.2 §1.4.11), and the page's CSS gives text and lines their final colour.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from html import escape
from textwrap import wrap
from typing import Any

import plotly.graph_objects as go

from orc_lab.agents.forecast import figure as digits

# After Okabe & Ito (2008), each moved to a lightness that holds on both backgrounds.
BLUE = "#1b7fbd"
SKY = "#459ad3"
GREEN = "#009e73"
ORANGE = "#c88700"
VERMILLION = "#c94a00"
PURPLE = "#a8519b"
GREY = "#858c96"
INK = "#6f7680"  # text where no page styles it: readable on both
FAINT = "rgba(128, 136, 148, 0.28)"

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif"
HEIGHT = 340  # px without the title
ROW = 46  # px a row of a horizontal chart: its label and, below it, what it shows
LABEL = 44  # characters of a row's label, which fit on a telephone
BELOW = 0.22  # where in its row a bar or dot lies, under the label
_TOP = 16  # px above the plot
_TITLE_LINE = 62  # characters before a title breaks
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}  # control, direction and private characters say nothing in a label


def plain(text: object, limit: int | None = None) -> str:
    """Text that Plotly shows letter by letter, cut to `limit` characters.

    Plotly renders a subset of HTML in every label; titles of todos are other people's text.
    """
    letters = ("" if unicodedata.category(char) in _INVISIBLE and char not in "\t\n\r" else char for char in str(text))
    words = " ".join("".join(letters).split())
    if limit is not None and len(words) > limit:
        words = words[: limit - 1].rstrip() + "…"
    return escape(words, quote=False)


def translucent(colour: str, opacity: float) -> str:
    """`#rrggbb` as an rgba() of that opacity."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity:g})"


def figure(title: str, alt: str, help: str = "", *, height: int = HEIGHT, **layout: Any) -> go.Figure:
    """An empty figure with the theme: `title` is an answer, `alt` says in words what is to be seen, `help` how it was
    computed and by whose definition.

    `layout.meta` keeps the three as plain text; `offline.fragment` shows title and help as HTML and tells `alt` to
    screen readers.
    """
    words = {"title": title, "alt": alt, "help": help}
    return titled(go.Figure(layout={"template": TEMPLATE, "meta": words, "height": height, **layout}))


def titled(drawing: go.Figure) -> go.Figure:
    """Write the title of `layout.meta` into the figure, broken into lines."""
    lines = wrap(drawing.layout.meta["title"], _TITLE_LINE) or [""]
    room = 14 + 20 * len(lines)
    height = drawing.layout.height + room
    text = "<br>".join(plain(line) for line in lines)
    return drawing.update_layout(title_text=text, title_y=1 - 16 / height, margin_t=_TOP + room, height=height)


def untitled(layout: Mapping[str, Any]) -> dict[str, Any]:
    """A figure's layout (plain values) without the title in the picture, for where it stands beside."""
    margin = layout.get("margin", {})
    room = margin.get("t", _TOP) - _TOP
    bare = {name: value for name, value in layout.items() if name != "title"}
    return bare | {"margin": margin | {"t": _TOP}, "height": layout.get("height", HEIGHT) - room}


def empty(reason: str) -> go.Figure:
    """A figure that says why there is nothing to draw: the first sentence is the title, the others stand below."""
    title, _, rest = reason.partition(". ")
    drawing = figure(title.removesuffix("."), reason, height=110, xaxis_visible=False, yaxis_visible=False)
    words = "<br>".join(plain(line) for line in wrap(rest or reason, 44))
    place = {"x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper"}
    return drawing.add_annotation(text=words, showarrow=False, font_size=14, **place)


def rows(labels: Sequence[str], *, limit: int = LABEL) -> dict[str, Any]:
    """Layout of rows 0 … n-1 from the top down, each named above its bar so that a telephone has room for both.

    Equal and number-like labels stay apart. What a row shows belongs at row + BELOW.
    """
    axis = {"range": [len(labels) - 0.45, -0.5], "showgrid": False, "zeroline": False, "showticklabels": False}
    names = [
        {"text": plain(label, limit), "x": 0, "xref": "paper", "xanchor": "left", "y": row - 0.2, "yanchor": "middle",
         "showarrow": False, "align": "left", "borderpad": 0, "xshift": -1}
        for row, label in enumerate(labels)
    ]  # fmt: skip
    return {"yaxis": axis, "annotations": names, "height": 60 + ROW * max(len(labels), 1)}


def number(value: float, unit: str = "") -> str:
    """`3`, `2.5`, `0.25`, `1,240 h`: as many digits as a sentence needs, as in `agents.forecast`; NaN is "unknown"."""
    if value != value:
        return "unknown"
    return f"{digits(value)} {unit}".rstrip()


_AXIS = {
    "gridcolor": FAINT, "linecolor": FAINT, "zerolinecolor": FAINT, "gridwidth": 1, "zerolinewidth": 1,
    "ticks": "", "automargin": True, "title_standoff": 8, "title_font_size": 12, "tickfont_size": 12,
}  # fmt: skip

TEMPLATE = go.layout.Template(
    layout={
        "font": {"family": FONT, "size": 13, "color": INK},
        "title": {"x": 0, "xref": "paper", "xanchor": "left", "y": 1, "yref": "container", "yanchor": "top",
                  "font": {"size": 15}},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "colorway": [BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILLION, GREY],
        "margin": {"l": 8, "r": 12, "t": _TOP, "b": 8},
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": -0.18, "yanchor": "top", "font_size": 12,
                   "bgcolor": "rgba(0,0,0,0)"},
        "hoverlabel": {"font": {"family": FONT, "size": 13}, "align": "left", "namelength": -1},
        "dragmode": False,
        "bargap": 0.25,
        "autosize": True,
    }
)  # fmt: skip
