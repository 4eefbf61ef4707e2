"""What a backtest found: scores in rows, rows in families; as a table of text, and as plain values for JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isinf, isnan
from typing import Any

import pandas as pd

from orc_lab.agents.backtest.scores import Score
from orc_lab.agents.forecast import amount, figure, share

OURS = "orc_lab"
NOTHING = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A column of scores: its heading, how it is written (`h` a plain number, `%` a share, `x` a ratio), what it is."""

    label: str
    spec: str
    help: str

    def text(self, score: Score | None) -> str:
        """A score as people read it, its interval in brackets."""
        if score is None or isnan(score.value):
            return NOTHING
        value, low, high = (self._number(number) for number in (score.value, score.low, score.high))
        return value if isnan(score.low) else f"{value} [{low}–{high}]"

    def _number(self, number: float) -> str:
        if isnan(number) or isinf(number):
            return NOTHING
        if self.spec == "%":
            return share(number)
        return f"{number:.3f}" if self.spec == "x" else figure(number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One method on one part of the history: `n` forecasts, a score for each measure that applies."""

    part: str
    model: str
    n: int
    scores: Mapping[str, Score]

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        scores = {name: score.as_dict() for name, score in self.scores.items()}
        return {"part": self.part, "model": self.model, "n": self.n, "scores": scores}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Family:
    """What was forecast in the same way: the law of its walk, the scores, and small frames for plots.

    Without rows there was too little data; `needs` says what would be needed.
    """

    key: str
    title: str
    law: str
    measures: Mapping[str, Measure]
    rows: Sequence[Row] = ()
    needs: str = ""
    plots: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """For a page: the first row of our own forecast, or what is missing."""
        if not self.rows:
            return f"{self.title}: too little data. {self.needs}"
        row = next((row for row in self.rows if row.model == OURS), self.rows[0])
        told = ", ".join(
            f"{self.measures[name].label} {self.measures[name].text(score)}"
            for name, score in row.scores.items()
            if not isnan(score.value)
        )
        return f"{self.title} ({row.part}, n = {row.n:,}): {told}."

    @property
    def headers(self) -> tuple[str, ...]:
        """Headings of the table; the first two columns are words, the others numbers."""
        return ("of", "model", "n", *(measure.label for measure in self._shown))

    @property
    def table(self) -> list[tuple[str, ...]]:
        """The rows as text, aligned to `headers`; a part is named in its first row only."""
        names = [name for name, measure in self.measures.items() if measure in self._shown]
        rows: list[tuple[str, ...]] = []
        before = None
        for row in self.rows:
            cells = (self.measures[name].text(row.scores.get(name)) for name in names)
            rows.append((row.part if row.part != before else "", row.model, f"{row.n:,}", *cells))
            before = row.part
        return rows

    @property
    def _shown(self) -> list[Measure]:
        return [measure for name, measure in self.measures.items() if any(name in row.scores for row in self.rows)]

    def score(self, part: str, measure: str, model: str = OURS) -> Score:
        """One score; raises KeyError where there is none."""
        for row in self.rows:
            if row.part == part and row.model == model:
                return row.scores[measure]
        raise KeyError((part, model))

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON; None for what is not a number."""
        return {
            "title": self.title,
            "law": self.law,
            "measures": {name: {"label": each.label, "help": each.help} for name, each in self.measures.items()},
            "rows": [row.as_dict() for row in self.rows],
            "needs": self.needs,
            "plots": {name: _records(frame) for name, frame in self.plots.items()},
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Backtest:
    """All families over one history: whose (`source`), of how many persons, with how many finished tasks."""

    source: str
    persons: int
    finished: int
    seed: int
    families: Sequence[Family]

    def __getitem__(self, key: str) -> Family:
        """A family by its key; raises KeyError."""
        return {family.key: family for family in self.families}[key]

    @property
    def sentence(self) -> str:
        """For a page: what was walked."""
        who = "one person" if self.persons == 1 else f"{self.persons} persons, each on their own past"
        return f"{amount(self.finished, 'finished tasks')} of {who}, walked forward: {self.source}."

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON; the same history and seed give the same."""
        return {
            "source": self.source,
            "persons": self.persons,
            "finished": self.finished,
            "seed": self.seed,
            "families": {family.key: family.as_dict() for family in self.families},
            "sentence": self.sentence,
        }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.9g}") if not (isnan(value) or isinf(value)) else None
    if value is None or isinstance(value, (str, int, bool)):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else value.item()


def by_model(part: str, models: Mapping[str, Mapping[str, Score]], n: int, *, first: str = OURS) -> Iterator[Row]:
    """Yield a row a model, our own first."""
    for model in sorted(models, key=lambda name: name != first):
        yield Row(part=part, model=model, n=n, scores=models[model])
