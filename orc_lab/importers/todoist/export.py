"""Todoist: a project exported as CSV (a template), a backup (a zip of such files), or what its API gives as JSON.

Both are one source: a project of a backup carries its id in the file's name, so that it meets the API's.
"""

from orc_lab.importers.reading.source import Source
from orc_lab.importers.record import Context, Reading
from orc_lab.importers.tables import table as csv_table
from orc_lab.importers.todoist import as_csv as todoist_csv
from orc_lab.importers.todoist import as_json as todoist_json

NAME = "todoist"


def identify(head: str, path: str) -> float:
    """Return how much a text looks like Todoist's: by the CSV's header, or by the field names of its API."""
    if _is_json(head):
        return todoist_json.likeness(head)
    return 0.97 if todoist_csv.is_header(csv_table.header_of(head)) else 0.0


def read(source: Source, context: Context) -> Reading:
    """Return a project and its tasks of a CSV, all of a backup's, or all of a JSON.

    Raises UnreadableFile, or NeedsChoice where CSVs hold several persons' tasks and none was chosen.
    """
    if source.parts:
        return todoist_csv.read_backup(source, context)
    text, note = source.text()
    notes = [note] if note else []
    if _is_json(text):
        return todoist_json.read(text, source.name, context, notes)
    return todoist_csv.read(text, source.name, context, notes)


def _is_json(text: str) -> bool:
    return text.lstrip("\ufeff \t\r\n")[:1] in ("{", "[")
