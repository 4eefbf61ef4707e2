"""Figures in HTML that asks nobody for anything: fragments, the one script, and a page around them.

A fragment is data and words, no script. The page allows two scripts by their digests (Plotly's and the one that draws
the fragments), so that nothing slipped into a page by a title can run.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from html import escape
from typing import Any

import plotly.graph_objects as go
from plotly.io.json import to_json_plotly
from plotly.offline import get_plotlyjs

from orc_lab.charts import legend
from orc_lab.charts.quiet import without_cloud
from orc_lab.charts.theme import untitled

CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "modeBarButtons": [["zoom2d", "resetScale2d", "toImage"]],
    "plotlyServerURL": "",
    "responsive": True,
    "showSendToCloud": False,
    "topojsonURL": "about:invalid",
    "typesetMath": False,
}

_DRAW = """
(() => {
  const draw = (place) => {
    const figure = JSON.parse(place.querySelector("script").textContent);
    const box = document.createElement("div");
    box.style.height = figure.layout.height + "px";
    place.replaceChildren(box);
    place.parentElement.querySelectorAll(".orc-legend button").forEach((key) => {
      key.disabled = false;
      key.onclick = () => {
        const shown = key.getAttribute("aria-pressed") === "true";
        key.setAttribute("aria-pressed", String(!shown));
        Plotly.restyle(box, { visible: shown ? "legendonly" : true }, JSON.parse(key.value));
      };
    });
    return Plotly.newPlot(box, figure.data, figure.layout, figure.config);
  };
  const all = () => Promise.all([...document.querySelectorAll(".orc-plot")].map(draw))
    .then(() => { document.documentElement.dataset.orcDrawn = "yes"; });
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", all); else all();
})();
"""

# Colours follow the reader's system on a page and the theme in JupyterLab; printing is always dark on white.
PAGE_CSS = (
    """
:root { --orc-ink: #1f2328; --orc-soft: #59636e; --orc-line: #d8dce2; --orc-grid: #e6e9ed; --orc-paper: #ffffff;
  --orc-card: #f6f7f9; --orc-accent: #0067a3; --orc-warn: #a83e00; }
@media (prefers-color-scheme: dark) { :root { --orc-ink: #e6e9ee; --orc-soft: #a3acb8; --orc-line: #363c45;
  --orc-grid: #2b3038; --orc-paper: #14171b; --orc-card: #1c2026; --orc-accent: #6cb8ec; --orc-warn: #f0975a; } }
body[data-jp-theme-light="true"] { --orc-ink: #1f2328; --orc-soft: #59636e; --orc-line: #d8dce2; --orc-grid: #e6e9ed;
  --orc-paper: #ffffff; --orc-card: #f6f7f9; --orc-accent: #0067a3; --orc-warn: #a83e00; }
body[data-jp-theme-light="false"] { --orc-ink: #e6e9ee; --orc-soft: #a3acb8; --orc-line: #363c45; --orc-grid: #2b3038;
  --orc-paper: #14171b; --orc-card: #1c2026; --orc-accent: #6cb8ec; --orc-warn: #f0975a; }
@media print { :root, body[data-jp-theme-light] { --orc-ink: #000; --orc-soft: #444; --orc-line: #bbb; --orc-grid: #ddd;
  --orc-paper: #fff; --orc-card: #fff; --orc-accent: #005080; --orc-warn: #8a3300; } }
.orc-figure { margin: 0; min-width: 0; break-inside: avoid; }
.orc-figure > figcaption { color: var(--orc-ink); font: 600 1rem/1.35 system-ui, sans-serif; margin: 0 0 .25rem;
  text-wrap: balance; }
.orc-figure-help { color: var(--orc-soft); font: .8125rem/1.45 system-ui, sans-serif; margin: .25rem 0 0; }
.orc-plot { color: var(--orc-soft); min-height: 3rem; }
.js-plotly-plot .plotly .main-svg text { fill: var(--orc-ink) !important; }
.js-plotly-plot .plotly .gridlayer path { stroke: var(--orc-grid) !important; stroke-opacity: 1 !important; }
.js-plotly-plot .plotly .zerolinelayer path { stroke: var(--orc-line) !important; stroke-opacity: 1 !important; }
.js-plotly-plot .plotly .hoverlayer .hovertext path,
.js-plotly-plot .plotly .hoverlayer .legend .bg { fill: var(--orc-card) !important;
  stroke: var(--orc-line) !important; }
.js-plotly-plot .plotly .modebar-group { background: transparent !important; }
.js-plotly-plot .plotly .modebar-btn .icon path { fill: var(--orc-soft) !important; }
"""
    + legend.CSS
)

_LAYOUT_CSS = """
* { box-sizing: border-box; }
html { background: var(--orc-paper); color: var(--orc-ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif; }
body { margin: 0 auto; max-width: 74rem; padding: 1rem clamp(.75rem, 3vw, 2rem) 4rem; overflow-wrap: anywhere; }
a { color: var(--orc-accent); }
.orc-sample { background: var(--orc-card); border: 1px solid var(--orc-warn); border-radius: .5rem;
  color: var(--orc-warn); font-weight: 600; margin: 0 0 1rem; padding: .5rem .8rem; }
"""


@cache
def plotly_js() -> str:
    """The text of the one script that a page of fragments needs: Plotly, and what draws each fragment when read."""
    return f"{get_plotlyjs()}\n{_DRAW}"


def fragment(figure: go.Figure, name: str) -> str:
    """A figure as HTML without a script: its title, and its data for `plotly_js()`.

    `name` becomes the id. Where nothing runs, the alternative text stands in its place.
    """
    return _fragment(figure, figure.to_plotly_json(), name)


def _fragment(figure: go.Figure, plain: Mapping[str, Any], name: str) -> str:
    words: dict[str, str] = figure.layout.meta
    identity = escape(name, quote=True)
    help_line = f'<p class="orc-figure-help">{escape(words["help"])}</p>' if words["help"] else ""
    return (
        f'<figure class="orc-figure" id="{identity}"><figcaption>{escape(words["title"])}</figcaption>'
        f"{legend.legend(figure)}"
        f'<div class="orc-plot" role="img" aria-label="{escape(words["alt"], quote=True)}">{escape(words["alt"])}'
        f'<script type="application/json">{to_json_plotly(_drawn(plain, name))}</script></div>{help_line}</figure>'
    )


def _drawn(plain: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What Plotly.newPlot takes; the names of titles and words stay outside."""
    layout = untitled(plain["layout"]) | {"showlegend": False}
    layout.pop("meta", None)
    config = CONFIG | {"toImageButtonOptions": {"filename": name, "scale": 2}}
    return {"data": plain["data"], "layout": layout, "config": config}


def page(title: str, body_html: str, *, css: str = "", sample: bool = False) -> str:
    """One HTML file that holds all it needs and may load nothing.

    `title` is text, `body_html` trusted HTML (fragments and escaped words), `css` more of the page's own style. With
    `sample` the page says that it shows the sample life. Scripts in `body_html` don't run.
    """
    banner = '<p class="orc-sample">Sample data: this is not your own history.</p>' if sample else ""
    script = plotly_js() if "orc-plot" in body_html else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_policy(script)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>{escape(title)}</title>
<style>{PAGE_CSS}{_LAYOUT_CSS}{css}</style>
</head>
<body>
{banner}{body_html}
<script>{script}</script>
</body>
</html>
"""


def _policy(script: str) -> str:
    """Only this script runs, whatever else the page holds; styles and pictures come from the page itself."""
    digest = b64encode(sha256(script.encode("utf-8")).digest()).decode("ascii")
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data: blob:; "
        "font-src data:; base-uri 'none'; form-action 'none'"
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure as a cell's output: alive in JupyterLab, a fragment wherever notebooks become pages."""

    figure: go.Figure
    name: str

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        live = json.loads(to_json_plotly(self.figure.to_plotly_json()))
        return {
            "application/vnd.plotly.v1+json": live | {"config": CONFIG},
            "text/html": _fragment(self.figure, live, self.name),
            "text/plain": self.figure.layout.meta["alt"],
        }


def for_notebook(figure: go.Figure, name: str = "figure") -> Shown:
    """What to leave on a cell's last line: the figure, with no button that uploads it.

    Any other figure of this process loses that button too.
    """
    without_cloud(CONFIG)
    return Shown(figure, name)
