"""A JSON text taken piece by piece: of a large export, the values needed are built one at a time, never all at once.

A piece that is nested too deeply, or holds a number of thousands of digits, is passed by as `Unheld`; its neighbours
are read.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]  # what every decoder reads strings with
from typing import Any

from orc_lab.importers.reading.json_file import finite

TOO_DEEP = "it is nested too deeply"
TOO_LONG = "it holds a number of too many digits"
UNHELD = (TOO_DEEP, TOO_LONG)

_BLANK = re.compile(r"[ \t\r\n]*")
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[{]|[\]}]', re.DOTALL)


_decode = json.JSONDecoder(strict=False, parse_float=finite, parse_constant=str).raw_decode


@dataclass(frozen=True, slots=True)
class Unheld:
    """A piece that no value can hold, and why."""

    why: str


class Cursor:
    """A place in a JSON text. Each method moves it on, and raises json.JSONDecodeError where the text is none."""

    __slots__ = ("at", "text")

    def __init__(self, text: str, at: int = 0) -> None:
        self.text = text
        self.at = at

    def next(self) -> str:
        """Return the next character that is no blank, "" at the end, and stand there."""
        text, at = self.text, self.at
        sign = text[at : at + 1]
        if sign == " ":  # most often one, between a key and its value
            self.at = at = at + 1
            sign = text[at : at + 1]
        if sign in " \t\r\n" and sign:
            found = _BLANK.match(text, at)
            self.at = at = found.end() if found else at
            sign = text[at : at + 1]
        return sign

    def value(self) -> Any:
        """Return the value that begins here."""
        self.next()
        start = self.at
        try:
            value, self.at = _decode(self.text, start)
        except json.JSONDecodeError:
            raise
        except RecursionError:
            value = Unheld(TOO_DEEP)
        except ValueError:
            value = Unheld(TOO_LONG)
        if isinstance(value, Unheld):
            self._pass(start)
        return value

    def members(self) -> Iterator[str]:
        """Yield the keys of the object that begins here; each time, its value must be taken before the next."""
        self._expect("{", "Expecting an object")
        text = self.text
        sign = self.next()
        while sign != "}":
            if sign != '"':
                raise json.JSONDecodeError("Expecting property name enclosed in double quotes", text, self.at)
            key, self.at = scanstring(text, self.at + 1, False)
            self._expect(":", "Expecting ':' delimiter")
            yield key
            if (sign := self.next()) == ",":
                self.at += 1
                sign = self.next()
            elif sign != "}":
                raise json.JSONDecodeError("Expecting ',' delimiter", text, self.at)
        self.at += 1

    def items(self) -> Iterator[int]:
        """Yield the places of the list that begins here; each time, the value there must be taken before the next."""
        self._expect("[", "Expecting a list")
        place = 0
        while self.next() != "]":
            yield place
            place += 1
            if self.next() != "]":
                self._expect(",", "Expecting ',' delimiter")
        self.at += 1

    def _expect(self, sign: str, complaint: str) -> None:
        if self.next() != sign:
            raise json.JSONDecodeError(complaint, self.text, self.at)
        self.at += 1

    def _pass(self, start: int) -> None:
        """Stand behind the list, object or number that begins at `start`."""
        depth = 0
        if self.text[start] not in "[{":
            number = re.compile(r"-?\d+").match(self.text, start)
            self.at = number.end() if number else len(self.text)
            return
        for token in _TOKEN.finditer(self.text, start):
            sign = token[0][0]
            depth += (sign in "[{") - (sign in "]}")
            if not depth:
                self.at = token.end()
                return
        raise json.JSONDecodeError("Unterminated list or object", self.text, start)
