"""Figures as pictures, through kaleido and a Chromium that is on this machine."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import plotly.graph_objects as go

from orc_lab.charts.files import make_folder, write_atomically
from orc_lab.errors import MissingProgram

WIDTH = 900  # px; the height is the figure's own
SCALE = 2
NOWHERE = "http://127.0.0.1:9"  # this machine's discard port: nobody listens
_INK = "#1f2328"


def save_png(figures: Mapping[str, go.Figure], folder: Path) -> list[Path]:
    """Write each figure as `<name>.png`, dark on white, and return the paths in that order.

    Raises MissingProgram where kaleido or a Chromium isn't installed, NotWritable or DiskFull. The browser reaches
    nobody: kaleido's MathJax from a CDN is left out, and what a Chromium asks by itself (updates, a start page) is sent
    to a closed port.
    """
    if find_spec("kaleido") is None:
        raise MissingProgram("kaleido", "Install it with `pip install kaleido`.")
    from choreographer.browsers.chromium import Chromium

    browser = Chromium.find_browser(skip_local=False)
    if browser is None:
        raise MissingProgram("A Chromium or Chrome", "Install one, or name it in the environment as BROWSER_PATH.")
    make_folder(folder)
    with TemporaryDirectory(prefix="orc-png-") as beside:
        drawn = {name: Path(beside) / f"{number}.png" for number, name in enumerate(figures)}
        _draw([_wish(figures[name], path) for name, path in drawn.items()], browser)
        return [write_atomically(folder / f"{name}.png", path.read_bytes()) for name, path in drawn.items()]


def _wish(figure: go.Figure, path: Path) -> dict[str, Any]:
    paper = go.Figure(figure).update_layout(paper_bgcolor="white", font_color=_INK, margin_l=24, margin_r=24)
    opts = {"format": "png", "width": WIDTH, "height": paper.layout.height, "scale": SCALE}
    return {"fig": paper.to_plotly_json(), "path": path, "opts": opts}


def _draw(wishes: list[dict[str, Any]], browser: str) -> None:
    from kaleido import write_fig_from_object_sync

    logging.getLogger("choreographer").setLevel(logging.ERROR)
    write_fig_from_object_sync(wishes, kopts={"mathjax": False, "path": browser, "proxy_server": NOWHERE})
