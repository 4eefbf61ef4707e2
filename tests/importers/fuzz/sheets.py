"""A table with some cells, rows and columns replaced, and written again."""

import csv
import io
from random import Random

from tests.importers.fuzz.values import cell

Sheet = list[list[str]]


def read(data: bytes) -> Sheet:
    """Return the rows of a table as a tool wrote it."""
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


def mutated(rng: Random, sheet: Sheet, other: Sheet) -> Sheet:
    """Return a table with one to five mistakes in it; it is changed."""
    for _ in range(rng.choice((1, 1, 2, 2, 3, 5))):
        _KINDS[rng.randrange(len(_KINDS))](rng, sheet, other)
        if not sheet:
            return [[]]
    return sheet


def written(rng: Random, sheet: Sheet) -> str:
    """Return a table as CSV, in one of the ways in which tools write it."""
    out = io.StringIO()
    delimiter = rng.choice((",",) * 12 + (";", "\t", "|"))
    quote_all = rng.random() < 0.15
    end = rng.choice(("\n", "\n", "\n", "\r\n"))
    try:
        if quote_all:
            csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator=end).writerows(sheet)
        else:
            csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(sheet)
    except csv.Error:  # a single empty cell needs quotes
        return delimiter.join(map(delimiter.join, sheet))
    return out.getvalue()


def _row(rng: Random, sheet: Sheet) -> list[str]:
    return sheet[rng.randrange(len(sheet))]


def _cell(rng: Random, sheet: Sheet, other: Sheet) -> None:
    if row := _row(rng, sheet):
        row[rng.randrange(len(row))] = cell(rng)


def _change(rng: Random, sheet: Sheet, other: Sheet) -> None:
    """Put something into a cell."""
    if row := _row(rng, sheet):
        place = rng.randrange(len(row))
        at = rng.randrange(len(row[place]) + 1)
        row[place] = row[place][:at] + cell(rng) + row[place][at + rng.choice((0, 0, 1)) :]


def _column(rng: Random, sheet: Sheet, other: Sheet) -> None:
    """Replace a whole column, but for its name."""
    place = rng.randrange(max(map(len, sheet)) or 1)
    what = cell(rng)
    for row in sheet[1:]:
        if place < len(row):
            row[place] = what


def _from_above(rng: Random, sheet: Sheet, other: Sheet) -> None:
    """Let a cell hold what another row has in its column: an id twice, a circle."""
    one, two = _row(rng, sheet), _row(rng, sheet)
    if shorter := min(len(one), len(two)):
        place = rng.randrange(shorter)
        one[place] = two[place]


def _swap(rng: Random, sheet: Sheet, other: Sheet) -> None:
    if row := _row(rng, sheet):
        one, two = rng.randrange(len(row)), rng.randrange(len(row))
        row[one], row[two] = row[two], row[one]


def _again(rng: Random, sheet: Sheet, other: Sheet) -> None:
    for _ in range(rng.choice((1, 1, 2, 12))):
        copy = list(_row(rng, sheet))
        if copy and rng.random() < 0.4:
            copy[rng.randrange(len(copy))] = cell(rng)
        sheet.insert(rng.randrange(len(sheet) + 1), copy)


def _remove(rng: Random, sheet: Sheet, other: Sheet) -> None:
    del sheet[rng.randrange(len(sheet))]


def _without_column(rng: Random, sheet: Sheet, other: Sheet) -> None:
    place = rng.randrange(len(sheet[0]) or 1)
    for row in sheet:
        del row[place : place + 1]


def _column_twice(rng: Random, sheet: Sheet, other: Sheet) -> None:
    place, there = rng.randrange(len(sheet[0]) or 1), rng.randrange(len(sheet[0]) + 1)
    for row in sheet:
        row[there:there] = row[place : place + 1]


def _header(rng: Random, sheet: Sheet, other: Sheet) -> None:
    if header := sheet[0]:
        names = (*(other[0] or ("x",)), *header, cell(rng))
        header[rng.randrange(len(header))] = rng.choice(names)


def _width(rng: Random, sheet: Sheet, other: Sheet) -> None:
    row = _row(rng, sheet)
    if rng.random() < 0.5:
        row += [cell(rng) for _ in range(rng.choice((1, 2, 9)))]
    else:
        del row[rng.randrange(len(row) + 1) :]


def _blank(rng: Random, sheet: Sheet, other: Sheet) -> None:
    sheet.insert(rng.randrange(len(sheet) + 1), rng.choice(([], [""], [" "] * 3, [""] * 15)))


def _splice(rng: Random, sheet: Sheet, other: Sheet) -> None:
    start = rng.randrange(len(other))
    there = rng.randrange(len(sheet) + 1)
    sheet[there:there] = [list(row) for row in other[start : start + rng.choice((1, 2, 5))]]


def _shuffle(rng: Random, sheet: Sheet, other: Sheet) -> None:
    rows = sheet[1:]
    rng.shuffle(rows)
    sheet[1:] = rows


_KINDS = (
    _cell, _cell, _cell, _cell, _change, _change, _column, _from_above, _from_above, _swap, _again, _remove,
    _without_column, _column_twice, _header, _header, _width, _blank, _splice, _shuffle,
)  # fmt: skip
