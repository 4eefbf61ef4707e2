"""What a review is made of: sentences, lists, tables, figures. Values only; `page` turns them into HTML.

Whatever is shown is held here, so `Review.as_dict` has every number of the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from orc_lab.model.week import Week
from orc_lab.review.sentence import Sentence, Value, as_json

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from orc_lab.agents.ledger.entry import ForecastEntry

SCHEMA = 1
MIME = "application/vnd.orc.review+json"  # of a review among the outputs of a cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table; `spec` formats it as in `sentence.shown`, and numbers stand on the right."""

    key: str
    label: str
    spec: str = ""

    @property
    def numeric(self) -> bool:
        """Whether it holds numbers."""
        return bool(self.spec)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of values under a caption. `total` is a last row; `more` says what was left out."""

    key: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    total: Sequence[Value] | None = None
    more: Sentence | None = None

    def as_dict(self) -> dict[str, object]:
        """What its columns are called, and one object a row."""
        keys = [column.key for column in self.columns]
        rows = [{key: as_json(value) for key, value in zip(keys, row, strict=True)} for row in self.rows]
        total = None if self.total is None else dict(zip(keys, map(as_json, self.total), strict=True))
        return {
            "caption": self.caption,
            "columns": {column.key: column.label for column in self.columns},
            "rows": rows,
            "total": total,
            "more": self.more and self.more.as_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An entry of a list: a sentence, and below it why, or what to do."""

    text: Sentence
    details: Sequence[Sentence] = ()

    def as_dict(self) -> dict[str, object]:
        """The sentence with its details."""
        return self.text.as_dict() | {"details": [detail.as_dict() for detail in self.details]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """A list; `ordered` where the order says what comes first."""

    key: str
    items: Sequence[Item]
    ordered: bool = False

    def as_dict(self) -> list[dict[str, object]]:
        """The entries in order."""
        return [item.as_dict() for item in self.items]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plot:
    """A figure with the data that it draws: frames and plain values by name."""

    key: str
    figure: go.Figure
    data: Mapping[str, Any]

    def as_dict(self) -> dict[str, object]:
        """Its words, and the data: frames as lists of objects."""
        words: dict[str, str] = self.figure.layout.meta
        data = {name: _plain(value) for name, value in self.data.items()}
        return {"title": words["title"], "help": words["help"], "data": data}


def plot(key: str, draw: Callable[..., go.Figure], **data: Any) -> Plot:
    """Draw a figure from data, and keep both."""
    return Plot(key=key, figure=draw(**data), data=data)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Data:
    """Values behind the words of a section, for the JSON only."""

    key: str
    rows: Sequence[Mapping[str, Any]]

    def as_dict(self) -> object:
        """The rows as plain values."""
        return _plain(self.rows)


Block = Sentence | Table | Items | Plot | Data


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Section:
    """A part of the page under one heading."""

    key: str
    title: str
    blocks: Sequence[Block]

    def of(self, kind: type[Any]) -> Iterator[Any]:
        """Yield the blocks of one kind."""
        return (block for block in self.blocks if isinstance(block, kind))

    def as_dict(self) -> dict[str, object]:
        """Its sentences, lists, tables and the data of its figures, by their keys."""
        return {
            "title": self.title,
            "sentences": [sentence.as_dict() for sentence in self.of(Sentence)],
            "lists": {items.key: items.as_dict() for items in self.of(Items)},
            "tables": {table.key: table.as_dict() for table in self.of(Table)},
            "figures": {plot.key: plot.as_dict() for plot in self.of(Plot)},
            "data": {data.key: data.as_dict() for data in self.of(Data)},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer of the first screen: one question, one sentence, and what belongs to it."""

    key: str
    question: str
    lead: Sentence
    more: Sequence[Sentence] = ()
    items: Items | None = None

    def as_dict(self) -> dict[str, object]:
        """Question and answer."""
        return {
            "question": self.question,
            "lead": self.lead.as_dict(),
            "more": [sentence.as_dict() for sentence in self.more],
            "items": self.items.as_dict() if self.items else [],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """How a number is made: its rule, and where the rule comes from."""

    term: str
    rule: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A key number with what it compares to and how it is made."""

    key: str
    label: str
    value: Value
    spec: str
    note: Sentence
    help: Definition

    def as_dict(self) -> dict[str, object]:
        """The number and its note."""
        return {"label": self.label, "value": as_json(self.value), "note": self.note.as_dict()}


class Document(Protocol):
    """What a notebook shows part by part: a review, or the report of one agent."""

    @property
    def sections(self) -> Sequence[Section]:
        """The parts, in order."""

    @property
    def notes(self) -> Sequence[Sentence]:
        """What to bear in mind about all numbers."""

    @property
    def definitions(self) -> Sequence[Definition]:
        """How the numbers are made."""

    def as_dict(self) -> dict[str, object]:
        """Everything that is shown, as plain JSON values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """From when a review was looked at (seconds UTC), and the newest entry of the change log: both give it again."""

    at: int
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Review:
    """A week looked at as of an instant (`as_of`: the person's local time); `forecasts` are those that it shows."""

    week: Week
    as_of: datetime
    so_far: bool
    sample: bool
    reconstructed: bool
    notes: Sequence[Sentence]
    answers: Sequence[Answer]
    tiles: Sequence[Tile]
    sections: Sequence[Section]
    definitions: Sequence[Definition] = field(default=())
    forecasts: Sequence[ForecastEntry] = field(default=())
    looked: Looked | None = None

    def as_dict(self) -> dict[str, object]:
        """Everything that the page shows, for machines: plain JSON values, the same for the same input."""
        return {
            "schema": SCHEMA,
            "week": str(self.week),
            "starts": self.week.monday.isoformat(),
            "ends": self.week.sunday.isoformat(),
            "as_of": self.as_of.isoformat(timespec="seconds"),
            "looked": self.looked and {"at": self.looked.at, "seq": self.looked.seq},
            "so_far": self.so_far,
            "sample": self.sample,
            "reconstructed": self.reconstructed,
            "notes": [note.as_dict() for note in self.notes],
            "answers": {answer.key: answer.as_dict() for answer in self.answers},
            "numbers": {tile.key: tile.as_dict() for tile in self.tiles},
            "sections": {section.key: section.as_dict() for section in self.sections},
            "definitions": {each.term: {"rule": each.rule, "source": each.source} for each in self.definitions},
        }


def _plain(value: Any) -> Any:
    """Frames, times and numbers of numpy as plain JSON values."""
    import pandas as pd  # here, because whoever writes the page needs no pandas, and it takes half a second to load

    if isinstance(value, pd.DataFrame):
        return [_plain(row) for row in value.to_dict("records")]
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    return as_json(value.item() if hasattr(value, "item") else value)
