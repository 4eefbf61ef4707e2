"""The key to a figure's colours in HTML: it wraps on a telephone, and its entries are buttons that hide and show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape, unescape
from typing import Any

import plotly.graph_objects as go

CSS = """
.orc-legend { align-items: center; display: flex; flex-wrap: wrap; gap: .1rem .9rem; list-style: none;
  margin: .1rem 0 .2rem; padding: 0; }
.orc-legend li { display: flex; }
.orc-legend button { align-items: center; background: none; border: 0; border-radius: .25rem; color: var(--orc-ink);
  cursor: pointer; display: inline-flex; font: .8125rem/1.6 system-ui, sans-serif; gap: .4rem; padding: 0 .1rem; }
.orc-legend button:disabled { cursor: default; }
.orc-legend button[aria-pressed="false"] { opacity: .45; text-decoration: line-through; }
.orc-legend i { background: var(--orc-key); border-radius: 2px; flex: none; height: .7rem; width: .7rem; }
.orc-legend .orc-line { border-radius: 0; height: .2rem; width: 1.1rem; }
.orc-legend .orc-dash { background: repeating-linear-gradient(90deg, var(--orc-key) 0 .3rem, transparent .3rem .5rem);
  border-radius: 0; height: .15rem; width: 1.3rem; }
.orc-legend .orc-dot { border-radius: 50%; }
.orc-legend .orc-diamond { height: .6rem; transform: rotate(45deg); width: .6rem; }
.orc-legend .orc-ring { background: none; border: 2px solid var(--orc-key); border-radius: 50%; }
.orc-legend .orc-tick { border-radius: 0; width: .2rem; }
"""

_SHAPES = {"line-ns-open": "tick", "line-ew-open": "line", "diamond": "diamond", "square": "area"}


def legend(figure: go.Figure) -> str:
    """A list of what the colours stand for, empty where a figure has one at most."""
    keys = list(_keys(figure))
    if len(keys) < 2:
        return ""
    return f'<ul class="orc-legend" aria-label="Key">{"".join(keys)}</ul>'


def _keys(figure: go.Figure) -> Iterator[str]:
    for number, trace in enumerate(figure.data):
        if trace.name is None or trace.showlegend is False or trace.visible is False:
            continue
        shape, colour = _look(trace)
        name = escape(unescape(trace.name))
        yield (
            f'<li><button type="button" aria-pressed="true" disabled value="{json.dumps([number])}">'
            f'<i class="orc-{shape}" style="--orc-key:{escape(str(colour), quote=True)}"></i>{name}</button></li>'
        )


def _look(trace: Any) -> tuple[str, Any]:
    """Shape and colour of a trace's entry."""
    if trace.type != "scatter":
        return "area", trace.marker.line.color if trace.marker.line.width else trace.marker.color
    if trace.fill or trace.stackgroup:
        return "area", trace.line.color if trace.line.width else trace.fillcolor
    if "lines" in trace.mode:
        return "dash" if trace.line.dash else "line", trace.line.color
    symbol = str(trace.marker.symbol or "circle")
    return _SHAPES.get(symbol, "ring" if symbol.endswith("open") else "dot"), trace.marker.color
