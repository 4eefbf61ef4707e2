"""What a page says, as a reader sees it, and which numbers that is."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from orc_lab.charts.offline import fragment
from orc_lab.review import page
from orc_lab.review.blocks import Plot, Review
from orc_lab.review.sentence import shown

NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_VOID = {"br", "meta", "link", "img", "input", "hr"}


class Words(HTMLParser):
    """The text of a page without scripts, styles and what Plotly will draw."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        hidden = tag in ("script", "style") or "orc-plot" in (dict(attrs).get("class") or "")
        if self._hidden and tag not in _VOID:
            self._hidden += 1
        elif hidden:
            self._hidden = 1

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            self._hidden -= 1

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)


def words(html: str) -> Words:
    """Read HTML."""
    parser = Words()
    parser.feed(html)
    parser.close()
    return parser


def html_of(review: Review) -> str:
    """All pieces of a review."""
    pieces = [piece for section in review.sections for piece in page.pieces(section)]
    drawn = [fragment(piece.figure, piece.key) if isinstance(piece, Plot) else piece for piece in pieces]
    return "\n".join([page.first_screen(review), *drawn, page.definitions(review)])


def text_of(review: Review) -> str:
    """All that a review says; pieces are apart from each other."""
    return " ".join(" ".join(words(html_of(review)).words).split())


def numbers_known(document: Any) -> set[str]:
    """Every number of a JSON document as the page may format it; neither sentences nor ids tell any."""
    return {number for value in _values(document) for number in _forms(value)}


def _values(document: Any) -> Iterator[Any]:
    if isinstance(document, dict):
        for key, value in document.items():
            if key not in ("text", "sentence") and not key.endswith("id"):
                yield from _values(value)
    elif isinstance(document, list):
        for value in document:
            yield from _values(value)
    else:
        yield document


def _forms(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from NUMBER.findall(value)
        yield from (number.lstrip("0") for number in NUMBER.findall(value))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        for spec in ("", "n", "h", "%", "x", "p"):
            yield from NUMBER.findall(shown(value, spec))
        # as agents and charts write numbers into their own sentences
        for form in (".0f", ".1f", ".2f", ".0%", ".3g", ".2g", "g", ",.0f"):
            yield from NUMBER.findall(format(value, form))
