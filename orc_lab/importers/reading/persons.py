"""Whose rows of a table: one person's, where it holds several persons', or everybody's."""

from collections import Counter
from collections.abc import Mapping, Sequence

from orc_lab.errors import NeedsChoice
from orc_lab.importers.tables.mapping import ColumnMapping
from orc_lab.importers.tables.table import Table

EVERYBODY = "all"
NOBODY = "(nobody)"
SHOWN, _LONGEST = 40, 40  # persons that are named to choose from, and letters of a name


def of_person(
    table: Table, mapping: ColumnMapping, wanted: str | None
) -> tuple[Sequence[list[str]], Mapping[str, int]]:
    """Return the rows of the person that was chosen, and how many were passed over."""
    if "person" not in mapping.columns:
        return table.rows, {}
    index = table.header.index(mapping.columns["person"])
    persons = [(row[index].strip() if len(row) > index else "") or NOBODY for row in table.rows]
    counts = Counter(persons).most_common()
    if wanted == EVERYBODY or (wanted is None and len(counts) < 2):
        return table.rows, {}
    shown = {f"{short(person)} ({count:,})": person for person, count in counts}
    choices = shown | {name: person for person, _ in reversed(counts) for name in (short(person), person)}
    if wanted is None or wanted not in choices:
        several = "one person" if len(counts) == 1 else f"{len(counts):,} persons"
        who = "" if wanted is None else f"Nobody in it is called {wanted!r}. "
        raise NeedsChoice(f"{who}The file holds the tasks of {several}.", "--person", [*list(shown)[:SHOWN], EVERYBODY])
    person = choices[wanted]
    rows = [row for row, whose in zip(table.rows, persons, strict=True) if whose == person]
    others = len(table.rows) - len(rows)
    return rows, {f"of other persons than {person}": others} if others else {}


def short(person: str) -> str:
    """Return a person's name as it is shown to choose from."""
    return person if len(person) <= _LONGEST else person[: _LONGEST - 1] + "…"
