"""What Todoist's API gives as JSON: a sync (v8, v9, API v1), lists of tasks (REST), pages of completed tasks.

Of a file only tasks, projects, sections, labels and comments are read and kept; the account, its token, the people of
shared projects and whatever else stands beside them are not.
"""

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orc_lab.errors import UnreadableFile
from orc_lab.importers.reading import values
from orc_lab.importers.reading.json_file import may_hold_secrets, withheld
from orc_lab.importers.reading.json_pieces import Cursor
from orc_lab.importers.record import Context, Parsed, Reading
from orc_lab.importers.todoist.rows import Rows
from orc_lab.importers.todoist.text import SOURCE

STEP = "Fetch it again from Todoist's API, or export the project as CSV."

_LISTS: Mapping[str, str] = {
    "projects": "projects",
    "archived_projects": "projects",
    "sections": "sections",
    "labels": "labels",
    "items": "items",
    "tasks": "items",
    "completed": "items",
    "notes": "notes",
    "comments": "notes",
    "project_notes": "notes",
}
_MARKS = re.compile(
    r'"(content|project_id|priority|checked|is_completed|child_order|order|added_at|date_added|section_id|is_deleted|'
    r'due|parent_id|labels|completed_at|task_id|item_id)"\s*:'
)
_SYNC = re.compile(
    r'"(full_sync|temp_id_mapping|collaborator_states|completed_info|day_orders|live_notifications_last_read_id|'
    r'project_notes|item_object|sync_status|tooltips|user_plan_limits|next_cursor)"\s*:'
)
_RECORDS = ("projects", "items", "notes")
_ASIDE = {"sync_token", "full_sync", "temp_id_mapping", "next_cursor", "sync_status", "full_sync_date_utc"}


def likeness(head: str) -> float:
    """Return how much a JSON looks like Todoist's, by the names of its fields."""
    found = set(_MARKS.findall(head))
    if "content" in found and "project_id" in found and len(found) >= 5:
        return 0.96
    return 0.93 if len(set(_SYNC.findall(head))) >= 2 else 0.0


def read(text: str, name: str, context: Context, notes: Sequence[str]) -> Reading:
    """Return all projects, tasks and comments of a JSON; raises UnreadableFile where it is none or holds none.

    It is gone through twice, so that few of its records are in memory at a time.
    """
    file, rows = _File(text), Rows(context)
    try:
        for kind, record in file.survey():
            rows.survey(kind, record)
        kept = file.kept()
    except json.JSONDecodeError as error:
        why = f"it is not JSON ({error.msg}, line {error.lineno}, column {error.colno})"
        raise UnreadableFile(name, why, STEP) from None
    except RecursionError:
        raise UnreadableFile(name, "it is nested too deeply", STEP) from None
    count = sum(len(file.places[kind]) for kind in _RECORDS)
    if not count:
        raise UnreadableFile(name, "it holds no tasks and no projects of Todoist", STEP)
    told = [*notes, *file.notes()]
    return Reading(
        source=context.options.source or SOURCE, records=_records(rows, file, told), notes=told, kept=kept, count=count
    )


def _records(rows: Rows, file: "_File", notes: list[str]) -> Iterator[Parsed]:
    """Yield all records, kind after kind; afterwards tell what will not survive."""
    for kind in _RECORDS:
        yield from rows.records(kind, file.records(kind))
        if kind == "items":
            yield from rows.rules()
    notes += rows.notes()


class _File:
    """A JSON text and where in it each record begins and ends, list by list."""

    def __init__(self, text: str) -> None:
        self.places: dict[str, list[tuple[int, int]]] = {kind: [] for kind in set(_LISTS.values())}
        self._text = text
        self._others: set[str] = set()
        self._changed: dict[int, str] = {}  # records without their secrets, by where they begin

    def survey(self) -> Iterator[tuple[str, Any]]:
        """Yield each record with the list that it is of, and "user" with the account."""
        cursor = Cursor(self._text, 1 if self._text.startswith("\ufeff") else 0)
        yield from self._taken(cursor, "")
        if cursor.next():
            raise json.JSONDecodeError("Extra data", self._text, cursor.at)

    def records(self, kind: str) -> Iterator[Any]:
        """Yield the records of a list, without their secrets."""
        for start, _ in self.places[kind]:
            value = Cursor(self._text, start).value()
            yield withheld(value) if start in self._changed else value

    def kept(self) -> bytes:
        """Return what may be kept of the file: the records."""
        out = io.BytesIO()
        for number, (kind, places) in enumerate((kind, places) for kind, places in self.places.items() if places):
            out.write(f'{"," if number else "{"}\n"{kind}": ['.encode())
            for place, (start, end) in enumerate(places):
                text = self._changed.get(start) or self._text[start:end]
                out.write((f",\n{text}" if place else text).encode("utf-8", "surrogatepass"))
            out.write(b"]")
        out.write(b"}")
        return out.getvalue()

    def notes(self) -> list[str]:
        """Return what was passed over."""
        if not self._others:
            return []
        names = ", ".join(sorted(self._others)[:12])
        return [f"Neither imported nor kept: {values.clean(names)[:300]}."]

    def _taken(self, cursor: Cursor, name: str) -> Iterator[tuple[str, Any]]:
        """Take a list of records (or pages), a table of them by id, or an answer of the API."""
        first = cursor.next()
        if first == "[":
            for _ in cursor.items():
                yield from self._element(cursor, name)
        elif first == "{" and name:
            for _ in cursor.members():
                yield from self._element(cursor, name)
        elif first == "{":
            yield from self._answer(cursor)
        else:
            cursor.value()

    def _element(self, cursor: Cursor, name: str) -> Iterator[tuple[str, Any]]:
        cursor.next()
        start = cursor.at
        value = cursor.value()
        if not name and (isinstance(value, list) or (isinstance(value, dict) and _is_answer(value))):
            yield from self._taken(Cursor(self._text, start), "")
        elif name or isinstance(value, dict):
            kind = name or _kind_of(value)
            self.places[kind].append((start, cursor.at))
            if may_hold_secrets(self._text[start : cursor.at]) and (safe := withheld(value)) is not value:
                self._changed[start] = json.dumps(safe)
            yield kind, value

    def _answer(self, cursor: Cursor) -> Iterator[tuple[str, Any]]:
        for key in cursor.members():
            if key == "results":
                yield from self._taken(cursor, "")
            elif key in _LISTS and cursor.next() in "[{":
                yield from self._taken(cursor, _LISTS[key])
            else:
                held = cursor.value()
                self._others |= {key} if held and key not in _ASIDE else set()
                if key == "user":
                    yield "user", held


def _is_answer(value: Mapping[str, Any]) -> bool:
    return any(isinstance(value.get(name), list) for name in (*_LISTS, "results") if name != "labels")


def _kind_of(record: Mapping[str, Any]) -> str:
    """Return what a record of an unnamed list is, by its fields."""
    if "posted_at" in record or "posted" in record:
        return "notes"
    if "content" in record:
        return "items"
    if "project_id" in record and "name" in record:
        return "sections"
    return "projects"
