"""A backup of Super Productivity: its sections, and what of them may be kept.

Finished work lies in two archives beside the open tasks (in one, in older backups). The settings hold the tokens and
passwords of issue trackers, calendars and sync: they are neither imported nor kept, in no raw record and in no copy.

A backup is walked through twice, so that few of its tasks are in memory at a time: first for what must be known of
all (names of tags, which tasks have subtasks, what is to be withheld), then for the records.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from orc_lab.errors import UnreadableFile
from orc_lab.importers.reading.json_file import WITHHELD, is_secret
from orc_lab.importers.reading.json_pieces import Cursor
from orc_lab.importers.reading.source import Source
from orc_lab.importers.record import Context, Parsed, Reading, settled
from orc_lab.importers.super_productivity import rows
from orc_lab.importers.super_productivity.tasks import Tasks

NAME = "super-productivity"
STEP = "In the settings of Super Productivity export the data anew, and import that file."

_TASKS = {"task": False, "archiveYoung": True, "archiveOld": True, "taskArchive": True}  # whether it is an archive
_READ = ("project", "tag", "note", "taskRepeatCfg")
_PASSED_OVER = frozenset(  # of no use here, but harmless to keep
    {
        *("metric", "improvement", "obstruction", "simpleCounter", "planner", "boards", "menuTree", "section"),
        *("reminders", "timeTracking", "context", "archivedProjects", "bookmark"),
    }
)
_SECTION = re.compile(
    r'"(?:task|project|tag|archiveYoung|archiveOld|taskArchive)"\s*:\s*\{\s*"(?:ids|entities|task)"\s*:'
)
_VERSION = re.compile(r'"crossModelVersion"\s*:\s*[\d.]+')
_SYNCED = re.compile(r"\s*pf_[CE]*[\d.]*__")


def identify(head: str, path: str) -> float:
    """Return how much a text looks like a backup of Super Productivity, or like the file that it syncs with."""
    if _SYNCED.match(head):
        return 0.9
    if not head.lstrip("\ufeff \t\r\n").startswith("{"):
        return 0.0
    return 0.97 if _VERSION.search(head) or _SECTION.search(head) else 0.0


def read(source: Source, context: Context) -> Reading:
    """Return all records of a backup; raises UnreadableFile for what is no JSON or holds no section of one."""
    text, note = source.text()
    text = text.removeprefix("\ufeff")
    if _SYNCED.match(text):
        raise UnreadableFile(source.name, "it is the file that Super Productivity syncs with, not a backup", STEP)
    backup = _Backup(context)
    try:
        backup.survey(text)
    except json.JSONDecodeError as error:
        why = f"it is not JSON ({error.msg}, line {error.lineno}, column {error.colno})"
        raise UnreadableFile(source.name, why, STEP) from None
    if not backup.found:
        raise UnreadableFile(source.name, "it holds no tasks or projects of Super Productivity", STEP)
    safe = backup.without_secrets(text)
    notes = [*([note] if note else []), *backup.notes()]
    return Reading(
        source=context.options.source or NAME,
        records=backup.records(safe),
        notes=notes,
        kept=None if safe is text else safe,
        count=backup.count,
    )


class _Piece(NamedTuple):
    """A value of a backup: the section it belongs to, its key where it is a record of it, and from where to where it
    stands."""

    section: str
    key: str | None
    value: Any
    start: int
    end: int


class _Backup:
    """What must be known of a backup before its records can be read."""

    def __init__(self, context: Context) -> None:
        self.found: set[str] = set()
        self.count = 0
        self._context = context
        self._tasks = Tasks(context)
        self._entries: dict[str, list[rows.Entry]] = {name: [] for name in _READ}
        self._passed: set[str] = set()
        self._secret: set[str] = set()
        self._withheld: list[tuple[int, int, str]] = []  # from, to, and what stands there instead

    def survey(self, text: str) -> None:
        """Walk through a whole backup; raises json.JSONDecodeError."""
        for piece in _pieces(text):
            section, key, value = piece.section, piece.key, piece.value
            if key is None:
                self._beside(piece)
                continue
            self.found.add(section)
            self.count += 1
            if section in _TASKS:
                clean = rows.cleaned_task(value)
                self._tasks.survey(key, clean)
            else:
                clean = rows.cleaned(value)
                self._entries[section].append((key, clean))
            self._replace(piece, clean)

    def without_secrets(self, text: str) -> str:
        """Return the backup without what is nobody's to keep; the text itself where all of it may be kept."""
        if not self._withheld:
            return text
        pieces, last = [], 0
        for start, end, instead in self._withheld:
            pieces += [text[last:start], instead]
            last = end
        pieces.append(text[last:])
        return "".join(pieces)

    def records(self, text: str) -> Iterator[Parsed]:
        """Yield projects, tasks, repeating tasks and notes, each external id once."""
        context = self._context
        tasks = self._tasks
        yield from settled(rows.project(entry, tasks.spans, context) for entry in self._entries["project"])
        tasks.tags = rows.titles(self._entries["tag"])
        again = []
        for piece in _pieces(text):
            if piece.key is not None and piece.section in _TASKS:
                todo = tasks.todo(piece.key, piece.value, archived=_TASKS[piece.section])
                if todo.external_id in tasks.repeated:
                    again.append(todo)
                else:
                    yield todo
        yield from settled(again)
        yield from settled(rows.repeated(entry, context) for entry in self._entries["taskRepeatCfg"])
        yield from settled(rows.note(entry, context) for entry in self._entries["note"])

    def notes(self) -> list[str]:
        """Return what will not survive, and what was assumed of many records."""
        told = []
        if self._secret:
            names = ", ".join(sorted(self._secret))
            told.append(f"Settings and what may hold tokens or passwords was neither imported nor kept: {names}.")
        if self._passed:
            told.append(f"Passed over, kept in the copy of the file only: {', '.join(sorted(self._passed))}.")
        return told + self._tasks.notes()

    def _beside(self, piece: _Piece) -> None:
        """Judge what is no record: whether it may be kept, and whether it is to be told of."""
        name, value = piece.section, piece.value
        if not isinstance(value, (dict, list)) and not is_secret(name):
            return  # a number or a word, as the time of the backup
        if name in _TASKS or name in _READ or (name in _PASSED_OVER and isinstance(value, (dict, list))):
            if name in _PASSED_OVER and _filled(value):
                self._passed.add(name)
            self._replace(piece, rows.cleaned(value))
        elif value:
            self._secret.add(name)
            self._replace(piece, WITHHELD)

    def _replace(self, piece: _Piece, clean: Any) -> None:
        if clean is not piece.value:
            self._withheld.append((piece.start, piece.end, json.dumps(clean)))


def _pieces(text: str) -> Iterator[_Piece]:
    """Yield the records of a backup, and what stands beside them, in order; raises json.JSONDecodeError."""
    cursor = Cursor(text)
    for name in cursor.members():
        if name == "data" and cursor.next() == "{":
            for section in cursor.members():
                yield from _section(section, cursor)
        else:
            yield from _section(name, cursor)
    if cursor.next():
        raise json.JSONDecodeError("Extra data", text, cursor.at)


def _section(name: str, cursor: Cursor) -> Iterator[_Piece]:
    if cursor.next() != "{" or not (name in _TASKS or name in _READ):
        yield _piece(name, None, cursor)
        return
    for key in cursor.members():
        if key == "task" and name in _TASKS:
            yield from _section(name, cursor)
        elif key == "entities" and cursor.next() == "{":
            for id in cursor.members():
                yield _piece(name, id, cursor)
        else:
            yield _piece(name, None, cursor)


def _piece(section: str, key: str | None, cursor: Cursor) -> _Piece:
    cursor.next()
    start = cursor.at
    return _Piece(section, key, cursor.value(), start, cursor.at)


def _filled(section: Any) -> bool:
    """Return whether anything stands in a section."""
    if isinstance(section, dict):
        return bool(section["entities"]) if "entities" in section else any(section.values())
    return bool(section)
