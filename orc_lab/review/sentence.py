"""Sentences that keep the values they show, so that a page and its JSON can't disagree.

`say("{done:# todo|# todos} took {hours:h}.", done=3, hours=4.25)` reads “3 todos took 4.3 h.” and still holds 3 and
4.25. Every number that a page shows is formatted here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from math import isfinite
from string import Formatter
from types import MappingProxyType

from orc_lab.agents.forecast import chance, figure, half_up, share

Value = str | int | float | date | None

NOTHING = "–"  # a cell without a value


class Tone(StrEnum):
    """How a piece of a sentence is set."""

    PLAIN = "plain"
    STRONG = "strong"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a sentence."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Sentence:
    """A template and the values it shows, by name."""

    template: str
    values: Mapping[str, Value]

    def parts(self) -> Iterator[Part]:
        """Yield the pieces in order; values stand out, the words around them don't."""
        for words, name, spec, _ in Formatter().parse(self.template):
            if words:
                yield Part(words)
            if name is not None:
                yield from _value_parts(self.values[name], spec or "")

    @property
    def text(self) -> str:
        """The sentence as read."""
        return "".join(part.text for part in self.parts())

    def __str__(self) -> str:
        return self.text

    def as_dict(self) -> dict[str, object]:
        """The text, and the values in it as plain JSON values."""
        return {"text": self.text, "values": {name: as_json(value) for name, value in self.values.items()}}


def _value_parts(value: Value, spec: str) -> Iterator[Part]:
    if "|" in spec:
        words, number, rest = _counted(value, spec).partition("#")
        pieces = ((words, Tone.PLAIN), (shown(value, "n") if number else "", Tone.STRONG), (rest, Tone.PLAIN))
        yield from (Part(text, tone) for text, tone in pieces if text)
    else:
        yield Part(shown(value, spec), _TONES.get(spec, Tone.STRONG))


def say(template: str, **values: Value) -> Sentence:
    """Return a sentence; each `{name:spec}` shows a value, formatted by `shown`."""
    return Sentence(template, MappingProxyType(values))


def shown(value: Value, spec: str = "") -> str:
    """Return a value as a page shows it.

    Specs: `n` a count, `h` hours, `%` a share, `chance` a simulated one, `x` a ratio, `p` points with a sign, `days`
    an age, `day` a date; with a bar, the words for one and for more, `#` standing for the number; `-` words that don't
    stand out, `code` a command. Without a spec a value is shown as it is.
    """
    if value is None or (isinstance(value, float) and not isfinite(value)):
        return NOTHING
    if isinstance(value, date):
        return _day(value)
    if isinstance(value, str):
        return value
    return _counted(value, spec).replace("#", figure(value)) if "|" in spec else _FORMS[spec](value)


def as_json(value: Value) -> Value:
    """Return a value for JSON: days as ISO text, floats to nine digits (the tenth is noise), None for no number."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return float(f"{value:.9g}") if isfinite(value) else None
    return value


def _counted(value: Value, spec: str) -> str:
    one, more = spec.split("|")
    return one if value == 1 else more


def _points(value: float) -> str:
    return f"{value:+.0f}".replace("-", "−")


def _days(value: float) -> str:
    days = round(value)
    return f"{days:,}\N{NO-BREAK SPACE}{'day' if days == 1 else 'days'}"


def _day(value: date) -> str:
    shown = f"{value:%a} {value.day} {value:%b} {value.year}"
    return f"{shown} {value:%H:%M}" if isinstance(value, datetime) else shown


_TONES = MappingProxyType({"-": Tone.PLAIN, "code": Tone.CODE})
_FORMS = MappingProxyType(
    {
        "": figure,
        "n": figure,
        "h": lambda value: f"{figure(value)}\N{NO-BREAK SPACE}h",
        "%": share,
        "chance": chance,
        "x": lambda value: f"{half_up(value, 2):.2f}\N{NO-BREAK SPACE}×",
        "p": _points,
        "days": _days,
    }
)
