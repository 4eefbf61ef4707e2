"""Read a JSON document piece by piece, so that one of any length takes the memory of its longest piece."""

import json
import re
from collections.abc import Iterator
from typing import Any, TextIO

_SPACE = re.compile(r"[ \t\r\n]*")
_CHUNK = 1 << 20
_NEAR = 1 << 16  # a mistake so far before the end of what was read is none of having read too little


class Malformed(Exception):
    """It is no JSON, or none of the shape that is read here: what is wrong."""


class Pieces:
    """A document, read from a text file; whoever asks for a part must have taken all before it."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = ""
        self._at = 0
        self._ended = False
        self._scan = json.JSONDecoder(parse_constant=_no_number).raw_decode

    def members(self) -> Iterator[str]:
        """Yield the names of an object's members; take each one's value before asking for the next."""
        self._expect("{")
        if self._next() == "}":
            self._at += 1
            return
        while True:
            name = self.value()
            if not isinstance(name, str):
                raise Malformed("a member without a name")
            self._expect(":")
            yield name
            if self._more("}"):
                return

    def elements(self) -> Iterator[Any]:
        """Yield the values of an array."""
        self._expect("[")
        if self._next() == "]":
            self._at += 1
            return
        while True:
            yield self.value()
            if self._more("]"):
                return

    def value(self) -> Any:
        """Return the value that comes next, whole."""
        self._next()
        while True:
            try:
                found, end = self._scan(self._text, self._at)
            except json.JSONDecodeError as error:
                cut = error.msg.startswith("Unterminated") or error.pos > len(self._text) - _NEAR
                if not cut or not self._fill():
                    raise Malformed(f"{error.msg} near {self._text[error.pos : error.pos + 20]!r}") from None
                continue
            except (RecursionError, ValueError) as error:
                raise Malformed(str(error)) from None
            if end < len(self._text) or not self._fill():  # a number at the very end may go on
                self._at = end
                return found

    def end(self) -> None:
        """Raise Malformed where something follows."""
        if self._next():
            raise Malformed(f"something follows its end: {self._text[self._at : self._at + 20]!r}")

    def _more(self, closing: str) -> bool:
        """Take the comma, or what closes; return whether it closed."""
        if self._text.startswith(",\n", self._at):  # between two rows, as they are written
            self._at += 2
            return False
        char = self._next()
        if char not in (",", closing) or not char:
            raise Malformed(f"a {closing} is missing" if not char else f"{char!r} where a comma should be")
        self._at += 1
        return char == closing

    def _expect(self, char: str) -> None:
        found = self._next()
        if found != char:
            raise Malformed(f"{found!r} where {char!r} should be" if found else "it ends too early")
        self._at += 1

    def _next(self) -> str:
        """Return the next character that is no space, "" at the end."""
        if (char := self._text[self._at : self._at + 1]) and char not in " \t\r\n":
            return char
        while True:
            match = _SPACE.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._fill():
                return ""

    def _fill(self) -> bool:
        """Read more, twice as much each time a single piece needs it; return whether there was any."""
        if self._ended:
            return False
        rest = self._text[self._at :]
        more = self._file.read(max(_CHUNK, len(rest)))
        self._ended = not more
        self._text, self._at = rest + more, 0
        return bool(more)


def _no_number(name: str) -> Any:
    raise Malformed(f"{name} is no number of JSON")
