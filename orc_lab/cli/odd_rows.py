"""What was wrong with the rows of a CSV: how many, and the first few by line and reason."""

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import suppress

from orc_lab.cli.output import clean
from orc_lab.importers.record import Parsed, Severity, as_raw
from orc_lab.importers.tables.table import DELIMITERS

_SHOWN = 3


def told(text: str, header: Sequence[str], records: Sequence[Parsed]) -> list[str]:
    """Sentences on the records that were left out, and on those that were read with something lost or guessed."""
    left = [(record, record.left_out) for record in records if record.left_out is not None]
    odd = [(record, warned) for record in records if record.left_out is None for warned in _warned(record)[:1]]
    if not left and not odd:
        return []
    lines = _lines(text, header)
    return [
        f"{counted} {what}: {_first(some, lines)}."
        for some, what in ((left, "left out, as an import would"), (odd, "read with something lost or guessed"))
        if some
        for counted in ["1 row was" if len(some) == 1 else f"{len(some):,} rows were"]
    ]


def _warned(record: Parsed) -> list[str]:
    return [issue.sentence for issue in record.issues if issue.severity is Severity.WARNING]


def _first(some: Sequence[tuple[Parsed, str]], lines: dict[str, list[int]]) -> str:
    """The first few in order of the file, and how many more there are."""
    placed = [(_line(record, lines), nth, why) for nth, (record, why) in enumerate(some)]
    shown = [f"line {line:,}, {clean(why)}" if line else clean(why) for line, _, why in sorted(placed)[:_SHOWN]]
    more = [f"and {len(some) - _SHOWN:,} more"] if len(some) > _SHOWN else []
    return "; ".join([*shown, *more])


def _line(record: Parsed, lines: dict[str, list[int]]) -> int:
    """The next line with this content, 0 where it isn't found."""
    found = lines.get(record.raw, [])
    return found.pop(0) if found else 0


def _lines(text: str, header: Sequence[str]) -> dict[str, list[int]]:
    """On which lines each record of a text begins, by its raw content, counted from 1."""
    found: dict[str, list[int]] = {}
    with suppress(csv.Error):  # a field beyond the module's limit: what follows has no line
        for line, row in _rows(text):
            while len(row) > len(header) and not row[-1].strip():
                row.pop()
            cells = row + [""] * (len(header) - len(row))
            raw, _ = as_raw(row if len(row) > len(header) else dict(zip(header, cells, strict=True)))
            found.setdefault(raw, []).append(line)
    return found


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    lines = list(io.StringIO(text, newline=""))
    first = next((line for line in lines if line.strip() and not line.lower().startswith("sep=")), "")
    delimiter = max(DELIMITERS, key=lambda one: len(next(csv.reader([first], delimiter=one), ())))
    reader, began = csv.reader(lines, delimiter=delimiter), 1
    for row in reader:
        yield began, row
        began = reader.line_num + 1
