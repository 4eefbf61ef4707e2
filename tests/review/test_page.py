"""A review's HTML, piece by piece."""

import pytest

from orc_lab.model.week import Week
from orc_lab.review import page
from orc_lab.review.blocks import Column, Item, Items, Section, Table
from orc_lab.review.sentence import say
from tests.review.shown import words


def html(*blocks: Items | Table) -> str:
    (piece,) = page.pieces(Section(key="one", title="A & B", blocks=blocks))
    assert isinstance(piece, str)
    return piece


@pytest.mark.parametrize(
    ("week", "span"),
    [
        ("2012-W20", "14–20 May 2012"),
        ("2026-W18", "27 April–3 May 2026"),
        ("2020-W53", "28 December 2020–3 January 2021"),
    ],
)
def test_a_week_has_its_dates(week: str, span: str) -> None:
    assert page._span(Week.parse(week)) == span


def test_a_table_has_a_caption_heads_and_a_total() -> None:
    columns = (Column(key="name", label="Name"), Column(key="hours", label="Hours", spec="h"))
    table = Table(
        key="t", caption="Who", columns=columns, rows=[("<a>", 1.5), ("b", None)], total=("All", 1.5),
        more=say("And {rest:# more|# more}.", rest=3),
    )  # fmt: skip
    told = html(table)
    assert "<caption>Who</caption>" in told
    assert '<th scope="row" role="rowheader">&lt;a&gt;</th>' in told
    assert '<td role="cell" data-label="Hours" class="orc-number">1.5\N{NO-BREAK SPACE}h</td>' in told
    assert '<td role="cell" data-label="Hours" class="orc-number orc-none">–</td>' in told
    assert "".join(words(told).words).endswith("And 3 more.")


def test_a_list_tells_why_below() -> None:
    item = Item(text=say("{what}", what="x < y"), details=[say("because {n:n}", n=2)])
    told = html(Items(key="i", items=[item], ordered=True))
    assert "<ol" in told
    assert '<li><b>x &lt; y</b><span class="orc-detail">because <b>2</b></span></li></ol>' in told


def test_the_style_holds_only_for_the_pieces() -> None:
    lines = [line for line in page.css().splitlines() if "{" in line and not line.startswith(("@", " "))]
    assert lines
    assert [line for line in lines if not line.startswith(".orc.orc")] == []
    assert "url(" not in page.css()
    assert "@import" not in page.css()
