"""A CSV as a table: its delimiter found, its header told apart, rows that don't fit it marked."""

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from orc_lab.errors import UnreadableFile
from orc_lab.importers.reading.values import clean

DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A header and its rows, blank ones left out; a row may be shorter or longer than the header."""

    header: Sequence[str]
    rows: Sequence[list[str]]
    notes: Sequence[str] = ()


def header_of(head: str) -> Sequence[str]:
    """Return the names in the first row of a text, none where it has no row."""
    with _any_size(head):
        lines, delimiter = _opened(head)
        row = next((row for row in csv.reader(lines, delimiter=delimiter) if any(map(str.strip, row))), [])
    return _names(row)


def table(text: str, name: str) -> Table:
    """Return a CSV as a table; raises UnreadableFile where the text can't be one."""
    try:
        with _any_size(text):
            lines, delimiter = _opened(text)
            rows, notes = _read(lines, delimiter)
    except csv.Error as error:
        raise UnreadableFile(name, f"it is no CSV ({error})", "Export it again as CSV.") from None
    rows = [row for row in rows if any(map(str.strip, row))]
    if not rows:
        raise UnreadableFile(name, "it has no header", "Export it again, or name another file.")
    header = _names(rows[0])
    if any("\n" in cell.strip() for cell in rows[0]):
        notes = [*notes, "The name of a column runs over several lines: a quote may be missing, and rows stand in it."]
    return Table(header=header, rows=[_trimmed(row, len(header)) for row in rows[1:]], notes=notes)


def _opened(text: str) -> tuple[list[str], str]:
    lines = list(io.StringIO(text, newline=""))
    if lines and lines[0].strip().lower().startswith("sep=") and len(lines[0].strip()) == 5:
        return lines[1:], lines[0].strip()[4]
    first = next((line for line in lines if line.strip()), "")
    return lines, max(DELIMITERS, key=lambda one: len(next(csv.reader([first], delimiter=one), ())))


def _read(lines: Sequence[str], delimiter: str) -> tuple[list[list[str]], Sequence[str]]:
    reader = csv.reader(lines, delimiter=delimiter)
    rows, began = [], 0
    last = 0
    for row in reader:
        rows.append(row)
        began, last = last, reader.line_num
    if not rows or _closed(lines[began:], delimiter):
        return rows, ()
    again = csv.reader(lines[began:], delimiter=delimiter, quoting=csv.QUOTE_NONE)
    note = f"The quote that opens in line {began + 1} is never closed: from there quotes were read as they stand."
    return [*rows[:-1], *again], [note]


def _closed(lines: Sequence[str], delimiter: str) -> bool:
    """Return whether the last row ends before the file does."""
    try:
        for _ in csv.reader(lines, delimiter=delimiter, strict=True):
            pass
    except csv.Error as error:
        return "unexpected end of data" not in str(error)
    return True


def _names(row: Sequence[str]) -> Sequence[str]:
    names: list[str] = []
    for number, cell in enumerate(row, 1):
        name = clean(cell).strip() or f"column {number}"
        names.append(name if name not in names else f"{name} ({number})")
    return names


def _trimmed(row: list[str], width: int) -> list[str]:
    while len(row) > width and not row[-1].strip():
        row = row[:-1]
    return row


@contextmanager
def _any_size(text: str) -> Iterator[None]:
    """Let a field be as long as the text; the module's own limit is 128 KiB."""
    before = csv.field_size_limit(max(len(text) + 1, 1 << 17))
    try:
        yield
    finally:
        csv.field_size_limit(before)
