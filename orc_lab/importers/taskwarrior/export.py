"""An export of Taskwarrior: a JSON array, a task a line (older versions), or several exports one after the other.

A task a line is how every version writes, so that a line that is no JSON costs one task. The export is walked through
twice, so that few tasks are in memory at a time: first for what must be known of all (the attributes that the person
defined, how old a project is), then for the records.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from orc_lab.errors import UnreadableFile
from orc_lab.importers.reading.comments import comment
from orc_lab.importers.reading.json_pieces import Cursor, Unheld
from orc_lab.importers.reading.source import Source
from orc_lab.importers.record import Context, Parsed, Reading, settled
from orc_lab.importers.taskwarrior import rows, templates
from orc_lab.importers.taskwarrior.survey import Survey
from orc_lab.model.entities import Todo

NAME = "taskwarrior"
STEP = "Export again: task rc.verbose=nothing export > tasks.json"

_UUID = re.compile(r'"uuid"\s*:\s*"[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}"')
_STAMP = re.compile(r'"(?:entry|modified|end)"\s*:\s*"\d{8}T\d{6}Z"')
_NEXT_LINE = re.compile(r"\n\s*,?\s*(?=\{)")


def identify(head: str, path: str) -> float:
    """Return how much a text looks like an export of Taskwarrior: by a task's uuid and a date as it writes them."""
    if head.lstrip("\ufeff \t\r\n")[:1] not in ("{", "["):
        return 0.0
    found = (_UUID.search(head) is not None) + (_STAMP.search(head) is not None) + ('"description"' in head)
    return {3: 0.97, 2: 0.6}.get(found, 0.0)


def read(source: Source, context: Context) -> Reading:
    """Return all tasks of an export, their projects, dependencies and annotations.

    Raises UnreadableFile for what holds no task, InvalidValue where the mapping names an attribute that no task has.
    """
    text, note = source.text()
    survey = Survey(context)
    for value, _ in _pieces(text):
        survey.see(value)
    if not survey.tasks:
        raise UnreadableFile(source.name, "it holds no tasks of Taskwarrior", STEP)
    survey.settle()
    notes = [*([note] if note else []), *survey.notes()]
    if not text.rstrip().endswith(("}", "]")):
        notes.append("The file ends in the middle of a task: it may be cut off.")
    return Reading(
        source=context.options.source or NAME,
        records=_records(text, survey, context),
        notes=notes,
        count=survey.count,
    )


def _records(text: str, survey: Survey, context: Context) -> Iterator[Parsed]:
    """Yield projects, tasks, dependencies, templates and annotations, each external id once."""
    yield from survey.projects()
    again, recurring = list[Parsed](), list[Any]()
    depends, annotated = list[rows.Dependency](), list[rows.Annotation]()
    for value, written in _pieces(text):
        if templates.is_template(value):
            recurring.append(value)
            continue
        todo = rows.todo(value, written, survey.names, context)
        todo.stand_in = None if todo.left_out else survey.stand_in(todo)
        if todo.external_id in survey.repeated or rows.is_anonymous(todo):
            again.append(todo)
        else:
            yield todo
        if todo.left_out is None:
            depends += rows.dependencies(value, todo)
            annotated += rows.annotations(value, todo, context)
    yield from settled(again)
    yield from rows.links(depends)
    yield from settled([templates.template(value, survey.names, context) for value in recurring])
    for external_id, subject, said, at, raw, content in {one.external_id: one for one in annotated}.values():
        yield comment(external_id, subject, said, at, context.now, kind=Todo, raw=raw, content_hash=content, made=True)


def _pieces(text: str) -> Iterator[tuple[Any, str]]:
    """Yield each task, or what stands in the place of one, and its text; what is no JSON is Unheld."""
    cursor = Cursor(text.removeprefix("\ufeff"))
    text = cursor.text
    while sign := cursor.next():
        if sign in "[],":
            cursor.at += 1
            continue
        start = cursor.at
        try:
            value = cursor.value()
        except json.JSONDecodeError:
            value = Unheld("it is not JSON")
            following = _NEXT_LINE.search(text, start)
            cursor.at = following.end() if following else len(text)
        yield value, text[start : cursor.at]
