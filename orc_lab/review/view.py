"""What the cells of the review's notebook show: pieces of HTML and figures, alive in JupyterLab."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from IPython.display import display

from orc_lab.charts.offline import PAGE_CSS, for_notebook
from orc_lab.review import page
from orc_lab.review.blocks import MIME, Document, Plot, Review


@dataclass(frozen=True, slots=True)
class Html:
    """A piece of HTML as an output; `data` goes with it under our own MIME type."""

    html: str
    text: str
    data: Mapping[str, object] | None = None

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        bundle: dict[str, object] = {"text/html": self.html, "text/plain": self.text}
        return bundle | ({} if self.data is None else {MIME: self.data})


@dataclass(frozen=True, slots=True)
class View:
    """Outputs of one cell, in order."""

    outputs: Callable[[], Iterator[Any]]

    def _ipython_display_(self) -> None:
        for output in self.outputs():
            display(output)  # type: ignore[no-untyped-call]


def first_screen(review: Review) -> Html:
    """The first screen, and with it all numbers of the review as data."""
    style = f"<style>{PAGE_CSS}{page.css()}</style>"
    text = "\n".join(answer.lead.text for answer in review.answers)
    return Html(style + page.first_screen(review), text, plain(review))


def section(review: Document, key: str) -> View:
    """A section by its key; raises KeyError."""
    (wanted,) = (each for each in review.sections if each.key == key)

    def outputs() -> Iterator[Any]:
        for piece in page.pieces(wanted):
            yield for_notebook(piece.figure, piece.key) if isinstance(piece, Plot) else Html(piece, wanted.title)

    return View(outputs)


def definitions(review: Document) -> Html:
    """How the numbers are made."""
    return Html(page.definitions(review), "How these numbers are made")


def plain(review: Document) -> dict[str, object]:
    """The review as JSON has it; raises ValueError for a number that JSON doesn't know."""
    document: dict[str, object] = json.loads(json.dumps(review.as_dict(), allow_nan=False))
    return document
