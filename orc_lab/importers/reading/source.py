"""A file, a paste or bytes, and the text in it, whatever its encoding."""

import codecs
import os
import stat
import sys
from dataclasses import dataclass
from typing import BinaryIO

from orc_lab.errors import UnreadableFile

HEAD = 1 << 16
LARGEST = 1 << 30  # bytes: more than any history, and little enough to be read into memory
_CHUNK = 1 << 20
_BOMS = (  # the longer ones first: UTF-32's little-endian mark begins like UTF-16's
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is to be imported: its name, for messages, its bytes, and how a copy that is kept is called, if not so.

    `parts` are the files of an archive that are meant together; `said` is what the report has to say of it.
    """

    name: str
    data: bytes
    kept_as: str | None = None
    parts: "tuple[Source, ...]" = ()
    said: str | None = None

    def text(self) -> tuple[str, str | None]:
        """Return the text, without byte order mark, and a sentence where its encoding had to be guessed, or more is to
        be said; raises UnreadableFile where it is several files."""
        if self.parts:
            why = f"it is a zip of {len(self.parts):,} files, and only Todoist's are read together"
            raise UnreadableFile(self.name, why, "Unpack it, and import the files in it.")
        text, guessed = decoded(self.data)
        return text, " ".join(filter(None, (guessed, self.said))) or None

    def head(self) -> str:
        """Return the text's first characters."""
        return decoded(self.data[:HEAD])[0]


def open_source(given: str | os.PathLike[str] | bytes, *, name: str | None = None) -> Source:
    """Return the bytes of a file or pipe, of standard input (`-`), or as given; raises UnreadableFile.

    Folders, devices and whatever is larger than LARGEST are unreadable.
    """
    if isinstance(given, bytes):
        return filled(Source(name=name or "paste", data=given))
    path = os.fspath(given)
    if path == "-":
        return filled(Source(name=name or "standard input", data=standard_input()))
    try:
        with open(path, "rb", opener=_opened) as file:
            return filled(Source(name=name or path, data=_bounded(file, path)))
    except FileNotFoundError:
        raise UnreadableFile(path, "there is no such file", "Check its name.") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UnreadableFile(path, why.lower(), "Check what it is and its permissions.") from None


def standard_input() -> bytes:
    """Return what comes on standard input; raises UnreadableFile where it is closed, or more than LARGEST."""
    if sys.stdin is None:
        raise UnreadableFile("standard input", "it is closed", "Name a file, or pipe one in.")
    return _bounded(sys.stdin.buffer, "standard input")


def _opened(path: str, flags: int) -> int:
    """Open what is a file or a pipe: a device may have no end, and a folder nothing to read."""
    mode = os.stat(path).st_mode
    if stat.S_ISDIR(mode):
        raise UnreadableFile(path, "it is a folder", "Name a file in it.")
    if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
        raise UnreadableFile(path, "it is a device, not a file", "Name a file, or - for standard input.")
    return os.open(path, flags)


def _bounded(file: BinaryIO, name: str) -> bytes:
    """Return what is in a file; raises UnreadableFile once that is more than LARGEST."""
    chunks, total = [], 0
    while chunk := file.read(_CHUNK):
        chunks.append(chunk)
        total += len(chunk)
        if total > LARGEST:
            raise UnreadableFile(name, f"it is larger than {LARGEST >> 20:,} MiB", "Export less, or in parts.")
        if len(chunk) < _CHUNK:  # the end: at a terminal, reading on would ask for it a second time
            break
    return b"".join(chunks)


def filled(source: Source) -> Source:
    """Return a source that is not empty; raises UnreadableFile for one that is."""
    if not source.data.strip():
        raise UnreadableFile(source.name, "it is empty", "Export it again, or name another file.")
    return source


def decoded(data: bytes) -> tuple[str, str | None]:
    """Return bytes as text: by the byte order mark, else UTF-16 where every other byte is 0, else UTF-8, else
    Windows-1252; with a sentence where that was a guess. Half characters (lone surrogates) are kept as they are."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _text(data[len(mark) :], encoding), None
    if (wide := _wide(data)) is not None:
        return _text(data, wide), None
    try:
        return data.decode("utf-8", "surrogatepass"), None
    except UnicodeDecodeError as error:
        if len(data) == HEAD and error.start > HEAD - 4:  # a character that the end of the head cut in two
            return data[: error.start].decode("utf-8", "surrogatepass"), None
    return _guessed(data)


def _text(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding, "surrogatepass")
    except UnicodeDecodeError:
        return data.decode(encoding, "replace")


def _wide(data: bytes) -> str | None:
    start = data[:64]
    if len(start) < 4:
        return None
    if not any(start[1::2]) and all(start[::2]):
        return "utf-16-le"
    return "utf-16-be" if not any(start[::2]) and all(start[1::2]) else None


def _guessed(data: bytes) -> tuple[str, str]:
    """Decide between damaged UTF-8 and Windows-1252: by whether more characters decode than fail."""
    text = data.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    if sum(char > "\x7f" for char in text) > 2 * damaged:
        what = "a damaged character, which was" if damaged == 1 else f"{damaged:,} damaged characters, which were"
        return text, f"It is UTF-8 with {what} replaced."
    return data.decode("cp1252", "replace"), "It is not UTF-8: it was read as Windows-1252."
