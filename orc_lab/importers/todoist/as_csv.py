"""Todoist's projects as CSV, a file each: tasks, their subtasks by indentation, sections, and comments below what they
belong to.

The rows carry no ids and no times of creation: a task is known again by the titles on the way to it, and counts as
captured when it is imported. The project is what the file is called.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orc_lab.errors import NeedsChoice, UnreadableFile
from orc_lab.importers.reading.persons import SHOWN, short
from orc_lab.importers.reading.source import Source
from orc_lab.importers.record import Context, Parsed, Reading
from orc_lab.importers.tables import table as csv_table
from orc_lab.importers.todoist.csv_project import ProjectFile
from orc_lab.importers.todoist.csv_rows import Rows, Tally, person_of
from orc_lab.importers.todoist.text import SOURCE

_MARKS = {"TYPE", "CONTENT", "PRIORITY", "INDENT"}
_OTHER_NAMES = {"DUE_DATE": "DATE", "DUE_DATE_LANG": "DATE_LANG"}
_EVERYBODY = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """A file as a table: its project, and its rows below the names of their columns."""

    project: ProjectFile
    header: Sequence[str]
    rows: Sequence[list[str]]


def is_header(header: Sequence[str]) -> bool:
    """Return whether a CSV's column names are Todoist's."""
    return {name.upper() for name in header} >= _MARKS


def read(text: str, name: str, context: Context, notes: Sequence[str]) -> Reading:
    """Return the project of a file and its tasks; raises UnreadableFile, or NeedsChoice where its tasks are assigned to
    several persons and none was chosen."""
    table = csv_table.table(text, name)
    if not is_header(table.header):
        why = f"its columns are not those of Todoist's CSV ({', '.join(sorted(_MARKS))})"
        raise UnreadableFile(name, why, "Export the project again, or import it --from task-csv.")
    return _reading([_file(table, name)], [*notes, *table.notes], context)


def read_backup(source: Source, context: Context) -> Reading:
    """Return the projects of an archive, a file each, and their tasks; raises what `read` does.

    Files that aren't Todoist's are passed over, and named; so is one that stands there twice.
    """
    files, notes, met, others = list[_File](), list[str](), set[tuple[str, str]](), list[str]()
    for part in source.parts:
        text, note = part.text()
        if not is_header(csv_table.header_of(text)):
            others.append(part.name)
            continue
        table = csv_table.table(text, part.name)
        file = _file(table, part.name)
        if (file.project.key, text) in met:
            notes.append(f"{part.name} stands in the zip twice: it was taken once.")
            continue
        met.add((file.project.key, text))
        files.append(file)
        notes += [f"{part.name}: {one}" for one in (note, *table.notes) if one]
    if not files:
        raise UnreadableFile(source.name, "no file in it is a project of Todoist", "Unpack it, and import each.")
    if others:
        notes.append(f"Passed over in the zip, for they are no projects of Todoist: {', '.join(others[:8])}.")
    return _reading(files, [*notes, *([source.said] if source.said else [])], context)


def _file(table: csv_table.Table, name: str) -> _File:
    header = list[str]()
    for number, column in enumerate(map(str.upper, table.header), 1):
        told = _OTHER_NAMES.get(column, column)
        header.append(told if told not in header else f"{told} ({number})")
    return _File(project=ProjectFile.named(name), header=header, rows=table.rows)


def _reading(files: Sequence[_File], notes: list[str], context: Context) -> Reading:
    person, tally = _person(files, context.options.person), Tally()
    return Reading(
        source=context.options.source or SOURCE,
        records=_records([(one, Rows(one.header, one.project, context, person, tally)) for one in files], notes, tally),
        notes=notes,
        passed_over=tally.passed_over,
        count=sum(len(one.rows) for one in files),
    )


def _records(files: Sequence[tuple[_File, Rows]], notes: list[str], tally: Tally) -> Iterator[Parsed]:
    """Yield the projects that have tasks, these, their rules, the comments; afterwards tell what will not survive."""
    begun = set()
    for file, rows in files:
        used = any(row[0].strip().lower() in ("task", "note") for row in file.rows if row)
        if used and file.project.external_id not in begun:
            begun.add(file.project.external_id)
            yield from file.project.record(rows.context.now)
    for file, rows in files:
        yield from rows.tasks(file.rows)
    for _, rows in files:
        yield from rows.rules()
    for _, rows in files:
        yield from rows.comments()
    notes += tally.notes()


def _person(files: Sequence[_File], wanted: str | None) -> str | None:
    """Return whose tasks to take besides those that nobody is responsible for, None for everybody's."""
    if wanted == _EVERYBODY or not any("RESPONSIBLE" in file.header for file in files):
        return None
    counts = Counter(person for file in files for person in _responsible(file))
    if wanted is None and len(counts) < 2:
        return None
    shown = {f"{short(person)} ({count:,})": person for person, count in counts.most_common()}
    choices = shown | {name: person for person, _ in counts.most_common()[::-1] for name in (short(person), person)}
    if wanted is None or wanted not in choices:
        who = "" if wanted is None else f"Nobody in it is called {wanted!r}. "
        several = f"{len(counts):,} persons" if len(counts) != 1 else "one person"
        raise NeedsChoice(
            f"{who}Tasks in the file are assigned to {several}.", "--person", [*list(shown)[:SHOWN], _EVERYBODY]
        )
    return choices[wanted]


def _responsible(file: _File) -> Iterator[str]:
    """Yield who is responsible, for each row that tells it."""
    if "RESPONSIBLE" in file.header:
        index = file.header.index("RESPONSIBLE")
        yield from (person_of(row[index]) for row in file.rows if len(row) > index and row[index].strip())
