"""How the dates of a CSV are written: found from all values of a column, for one alone may be ambiguous."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice

from orc_lab.importers.reading import values
from orc_lab.importers.tables.mapping import ColumnMapping
from orc_lab.importers.tables.table import Table
from orc_lab.model.clock import Clock

_DAYS = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%y", "%d %b %Y", "%b %d, %Y")
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %H:%M", ", %I:%M:%S %p")
FORMS = tuple(day + time for day in _DAYS for time in _TIMES)
_TWINS = {"%d/%m/%Y": "%m/%d/%Y", "%d-%m-%Y": "%m-%d-%Y"}
_SAMPLE = 500


def forms(
    table: Table, mapping: ColumnMapping, targets: Sequence[str]
) -> tuple[Mapping[str, str | None], Sequence[str]]:
    """Return the format of each date column (None for ISO 8601 and numbers) and what had to be assumed."""
    found: dict[str, str | None] = {}
    notes = []
    for target in targets:
        if target not in mapping.columns:
            continue
        column = mapping.columns[target]
        index = table.header.index(column)
        told = {row[index].strip(): None for row in table.rows if len(row) > index and row[index].strip()}
        found[target] = mapping.date_format or form(list(told))
        if mapping.date_format is None and _either_way(found[target], told):
            notes.append(
                f"{column!r} may be day or month first: it was read as day first. A mapping file says it: date_format."
            )
        notes += _mixed(column, found[target], told) if mapping.date_format is None else []
    return found, notes


def _mixed(column: str, form: str | None, told: Mapping[str, None]) -> list[str]:
    """Say so where some dates of a column can only be read the other way round."""
    twin = _twin(form) or next((first for first in FORMS if form is not None and _twin(first) == form), None)
    if form is None or twin is None:
        return []
    others = [one for one in told if not _fits(one, form) and _fits(one, twin)]
    if not others:
        return []
    order = "month" if _twin(twin) == form else "day"
    return [
        f"{column!r} holds dates with the day first and dates with the month first: all were read as {order} first. "
        f"{len(others):,} can't be (such as {others[0]}) and were left empty; others may mean another day."
    ]


def form(told: Sequence[str]) -> str | None:
    """Return the format that reads most of a column's values, None for ISO 8601 and numbers."""
    sample = told[:_SAMPLE]
    best, most = None, sum(values.when(one, Clock()) is not None for one in sample)
    for candidate in FORMS if most < len(sample) else ():
        if (count := sum(_fits(one, candidate) for one in sample)) > most:
            best, most = candidate, count
    twin = _twin(best)
    if best is None or twin is None:
        return best
    days = {_day(one) for one in told}  # twins differ in nothing but the day
    return max((best, twin), key=lambda one: sum(_fits(day, _day(one)) for day in days))


def _day(text: str) -> str:
    return text.partition(" ")[0].rstrip(",")


def _either_way(form: str | None, told: Mapping[str, None]) -> bool:
    twin = _twin(form)
    return twin is not None and all(_fits(one, twin) for one in islice(told, 5000))


def _twin(form: str | None) -> str | None:
    """Return the same format with the month first."""
    day = _day(form or "")
    return form.replace(day, _TWINS[day], 1) if form and day in _TWINS else None


def _fits(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        return False
    return True
