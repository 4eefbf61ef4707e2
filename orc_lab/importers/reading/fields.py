"""One record's fields, each in the type that a row needs, and what was odd about them."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from orc_lab.importers.reading import values
from orc_lab.importers.reading.values import Unit, When, bare
from orc_lab.importers.record import Context, Issue, Severity
from orc_lab.model.codec import MOST_HOURS

T = TypeVar("T")

UNTITLED = "(untitled)"
LONGEST_TITLE = 1000
_EMPTY: tuple[object, ...] = (None, "", [], {})  # {} is what JSON makes of a Map or a Set


_TAG = re.compile(r'\s*(?:"((?:[^"]|"")+)"\s*(?=[,;]|$)|([^,;]*))(?:[,;]|$)')


def _parted(text: str) -> list[str]:
    """Return what stands between commas or semicolons, but for those in quotes."""
    return [quoted.replace('""', '"') or plain for quoted, plain in _TAG.findall(text)]


def named(record: Mapping[str, Any], names: Mapping[str, str]) -> tuple[dict[str, Any], Sequence[str]]:
    """Return a record's fields under our names, and the fields that have none.

    `names` maps a bare name to ours; where several are there for one of ours, the first of `names` counts.
    """
    places, unknown, once = _placed(tuple(record), tuple(names.items()))
    if once:
        return {ours: record[name] for name, _, ours in places}, unknown
    found: dict[str, Any] = {}
    ranks: dict[str, int] = {}
    for name, rank, ours in places:
        value = record[name]
        if ours not in ranks or _better(rank, value, ranks[ours], found[ours]):
            found[ours], ranks[ours] = value, rank
    return found, unknown


def _better(rank: int, value: object, than: int, there: object) -> bool:
    return there in _EMPTY if rank > than else rank < than and value not in _EMPTY


@lru_cache(maxsize=256)  # most records of a file have the same fields
def _placed(
    fields: tuple[str, ...], names: tuple[tuple[str, str], ...]
) -> tuple[Sequence[tuple[str, int, str]], Sequence[str], bool]:
    """Return the fields that have a name of ours, with its rank; those that have none; whether ours differ."""
    known = {word: (rank, ours) for rank, (word, ours) in enumerate(names)}
    places = [(name, *known[bare(name)]) for name in fields if bare(name) in known]
    unknown = [name for name in fields if bare(name) not in known]
    return places, unknown, len({ours for _, _, ours in places}) == len(places)


class Fields:
    """A record while it is read. What can't be read is None and noted in `odd`, never an error; `guessed` says that its
    end is no date of its own."""

    __slots__ = ("_values", "context", "guessed", "odd")

    def __init__(self, values: Mapping[str, Any], context: Context) -> None:
        self._values = values
        self.context = context
        self.odd: list[tuple[Severity, str]] = []
        self.guessed = False

    def get(self, name: str) -> Any:
        """Return a field as it stands in the file, None where it is missing or empty."""
        value = self._values.get(name)
        return value if value or value == 0 else None

    def warn(self, sentence: str) -> None:
        """Note that something was lost or guessed."""
        self.odd.append((Severity.WARNING, sentence))

    def note(self, sentence: str) -> None:
        """Note that something was filled in."""
        self.odd.append((Severity.NOTE, sentence))

    def issues(self, external_id: str) -> Sequence[Issue]:
        """Return what was odd, as issues of the record."""
        if not self.odd:
            return ()
        return [Issue(external_id=external_id, severity=how, sentence=sentence) for how, sentence in self.odd]

    def text(self, name: str) -> str | None:
        """Return a text; a number is text too."""
        value = self._values.get(name)
        if value is None or value == "":
            return None
        if type(value) is str and value.isprintable() and not value.isspace():
            return value
        value = self.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str):
            if value is not None:
                self.warn(f"its {name} is no text: left empty")
            return None
        cleaned = values.clean(value)
        if cleaned != value:
            self.warn(f"its {name} held characters that no text can hold: replaced")
        return cleaned if cleaned.strip() else None

    def title(self, name: str = "title") -> str:
        """Return a title: one line, never empty."""
        value = self._values.get(name)
        if type(value) is str and len(value) <= LONGEST_TITLE and value.isprintable() and value == value.strip() != "":
            return value
        text = " ".join((self.text(name) or "").replace("\t", " ").splitlines()).strip()
        if not text:
            self.warn(f"it has no title: called {UNTITLED}")
            return UNTITLED
        if len(text) > LONGEST_TITLE:
            self.warn(f"its title is longer than {LONGEST_TITLE} characters: cut")
            return text[: LONGEST_TITLE - 1] + "…"
        return text

    def hours(self, name: str, unit: Unit = "h") -> float | None:
        """Return hours from 0."""
        value = self._values.get(name)
        if type(value) is float and unit == "h" and 0 <= value <= MOST_HOURS:
            return value
        value = self.get(name)
        if value is None:
            return None
        found = values.hours(value, unit)
        if found is None or not 0 <= found <= MOST_HOURS:
            self.warn(f"its {name} is no amount of hours: left empty")
            return None
        return found

    def when(self, name: str, form: str | None = None) -> When | None:
        """Return an instant or a day."""
        value = self.get(name)
        if value is None:
            return None
        found = values.when(value, self.context.clock, form)
        if found is None:
            self.warn(f"its {name} date can't be read: left empty")
        return found

    def past(self, name: str, hour: int, form: str | None = None) -> int | None:
        """Return an instant that is not in the future; a day counts from that hour of it."""
        found = self.when(name, form)
        if found is None:
            return None
        instant = found if isinstance(found, int) else values.at_hour(found, hour, self.context.clock)
        if instant <= self.context.now:
            return instant
        if found != values.day_of(self.context.now, self.context.clock):  # today's evening is no mistake
            self.warn(f"its {name} date lies in the future: taken as now")
        return self.context.now

    def day(self, name: str, form: str | None = None) -> str | None:
        """Return a calendar day, `YYYY-MM-DD`."""
        found = self.when(name, form)
        return None if found is None else values.day_of(found, self.context.clock).isoformat()

    def tags(self, name: str = "tags") -> tuple[str, ...]:
        """Return tags: of a list, or of text with commas or semicolons between them; one in quotes may hold such."""
        value = self._values.get(name)
        if not value:
            return ()
        if isinstance(value, str):
            value = _parted(value) if '"' in value else value.replace(";", ",").split(",")
        if not isinstance(value, list):
            return ()
        words = (values.clean(word).strip() for word in value if isinstance(word, str))
        return tuple(dict.fromkeys(filter(None, words)))

    def choice(self, name: str, table: Mapping[str, T], otherwise: T) -> T:
        """Return what the table makes of a word, whatever its case; `otherwise` where it knows none."""
        value = self._values.get(name)
        if type(value) is str and value in table:
            return table[value]
        value = self.get(name)
        if value is None:
            return otherwise
        word = bare(value) if isinstance(value, str) else ""
        if word in table:
            return table[word]
        self.warn(f"its {name} is unknown: taken as {otherwise}")
        return otherwise
