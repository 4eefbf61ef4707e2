"""A review as HTML: every word escaped, every number formatted in `sentence`, no script.

The pieces stand by themselves, so that a notebook shows them one a cell and the page joins them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from pathlib import Path

from orc_lab.model.week import Week
from orc_lab.review.blocks import (
    Answer,
    Block,
    Column,
    Data,
    Definition,
    Document,
    Item,
    Items,
    Plot,
    Review,
    Section,
    Table,
    Tile,
)
from orc_lab.review.sentence import Sentence, Tone, Value, shown


@cache
def css() -> str:
    """The style of the pieces; it holds for nothing outside of them."""
    return Path(__file__).with_name("templates").joinpath("review.css").read_text(encoding="utf-8")


def first_screen(review: Review) -> str:
    """The answers and the key numbers."""
    answers = "".join(map(_answer, review.answers))
    tiles = "".join(map(_tile, review.tiles))
    return (
        f'<div class="orc orc-first">{_sample(review)}{_header(review)}<div class="orc-answers">{answers}</div>'
        f'<h2 class="orc-unseen">Key numbers</h2><dl class="orc-tiles">{tiles}</dl></div>'
    )


def pieces(section: Section) -> Iterator[str | Plot]:
    """A section as runs of HTML and, between them, its figures."""
    html = f'<h2 id="{escape(section.key)}">{escape(section.title)}</h2>'
    for block in section.blocks:
        if isinstance(block, Plot):
            yield scoped(html)
            yield block
            html = ""
        elif not isinstance(block, Data):
            html += _block(block)
    if html:
        yield scoped(html)


def definitions(review: Document) -> str:
    """How the numbers are made."""
    terms = "".join(map(_definition, review.definitions))
    return scoped(
        '<h2 id="definitions">How these numbers are made</h2>'
        f'{"".join(map(paragraph, review.notes))}<dl class="orc-terms">{terms}</dl>'
    )


def title(week: Week) -> str:
    """The page's title."""
    return f"Week {week.number}, {week.year} · weekly review"


def scoped(html: str) -> str:
    """HTML as a piece that has the style of a review."""
    return f'<div class="orc">{html}</div>'


def _header(review: Review) -> str:
    week = review.week
    state = f"so far, as of {shown(review.as_of)}" if review.so_far else "as known when the week was over"
    marks = "".join(f'<span class="orc-mark">{mark}</span>' for mark in _marks(review))
    return (
        f'<header><p class="orc-eyebrow">Weekly review</p><h1>Week {week.number}'
        f' <span class="orc-dates">{_span(week)}</span></h1><p class="orc-state">{state} {marks}</p></header>'
    )


def _sample(review: Review) -> str:
    return '<p class="orc-sample">Sample data: a made-up life, not your own history.</p>' if review.sample else ""


def _marks(review: Review) -> Iterator[str]:
    if review.reconstructed:
        yield "reconstructed"


def _span(week: Week) -> str:
    first, last = week.monday, week.sunday
    start = f"{first.day}" if first.month == last.month else f"{first.day} {first:%B}"
    start += f" {first.year}" if first.year != last.year else ""
    return f"{start}–{last.day} {last:%B} {last.year}"


def _answer(answer: Answer) -> str:
    more = "".join(map(paragraph, answer.more))
    items = _items(answer.items) if answer.items else ""
    return (
        f'<section class="orc-answer orc-{escape(answer.key)}"><h2>{escape(answer.question)}</h2>'
        f'<p class="orc-lead">{_words(answer.lead)}</p>{more}{items}</section>'
    )


def _tile(tile: Tile) -> str:
    help = tile.help
    return (
        f'<div class="orc-tile"><dt>{escape(tile.label)} <details class="orc-why"><summary '
        f'aria-label="How “{escape(tile.label)}” is made">?</summary><p>{escape(help.rule)} '
        f"<em>{escape(help.source)}</em></p></details></dt>"
        f"<dd><b>{escape(shown(tile.value, tile.spec))}</b> <span>{_words(tile.note)}</span></dd></div>"
    )


def _block(block: Block) -> str:
    if isinstance(block, Sentence):
        return paragraph(block)
    if isinstance(block, Items):
        return _items(block)
    assert isinstance(block, Table)
    return _table(block)


def paragraph(sentence: Sentence) -> str:
    """A sentence as a paragraph."""
    return f"<p>{_words(sentence)}</p>"


def _words(sentence: Sentence) -> str:
    """Numbers and names stand out a little."""
    return "".join(_TONES[part.tone].format(escape(part.text)) for part in sentence.parts())


_TONES = {Tone.PLAIN: "{}", Tone.STRONG: "<b>{}</b>", Tone.CODE: "<code>{}</code>"}


def _items(items: Items) -> str:
    tag = "ol" if items.ordered else "ul"
    return f'<{tag} class="orc-items">{"".join(map(_item, items.items))}</{tag}>'


def _item(item: Item) -> str:
    details = "".join(f'<span class="orc-detail">{_words(detail)}</span>' for detail in item.details)
    return f"<li>{_words(item.text)}{details}</li>"


def _table(table: Table) -> str:
    """A table in a region of its own, which scrolls where it is too wide, and which the keyboard reaches.

    With words in it, it becomes a list on a telephone; roles keep it a table for a screen reader then.
    """
    head = "".join(
        f'<th scope="col" role="columnheader"{_side(column)}>{escape(column.label)}</th>' for column in table.columns
    )
    rows = "".join(f'<tr role="row">{_cells(table.columns, row)}</tr>' for row in table.rows)
    foot = (
        f'<tfoot role="rowgroup"><tr role="row">{_cells(table.columns, table.total)}</tr></tfoot>'
        if table.total
        else ""
    )
    more = f'<p class="orc-more">{_words(table.more)}</p>' if table.more else ""
    worded = "" if all(column.numeric for column in table.columns[1:]) else ' class="orc-worded"'
    return (
        f'<div class="orc-scroll" role="region" aria-label="{escape(table.caption)}" tabindex="0">'
        f'<table role="table"{worded}><caption>{escape(table.caption)}</caption><thead role="rowgroup"><tr role="row">'
        f'{head}</tr></thead><tbody role="rowgroup">{rows}</tbody>{foot}</table></div>{more}'
    )


def _cells(columns: Sequence[Column], row: Sequence[Value]) -> str:
    cells = []
    for at, (column, value) in enumerate(zip(columns, row, strict=True)):
        text = escape(shown(value, column.spec))
        told = f' data-label="{escape(column.label)}"' if column.numeric else ""
        named = f'<th scope="row" role="rowheader">{text}</th>'
        cells.append(named if not at else f'<td role="cell"{told}{_side(column, none=value is None)}>{text}</td>')
    return "".join(cells)


def _side(column: Column, *, none: bool = False) -> str:
    names = ["orc-number"] * column.numeric + ["orc-none"] * none
    return f' class="{" ".join(names)}"' if names else ""


def _definition(definition: Definition) -> str:
    rule, source = escape(definition.rule), escape(definition.source)
    return f"<div><dt>{escape(definition.term)}</dt><dd>{rule} <em>{source}</em></dd></div>"
