"""An export of Timewarrior: intervals of work, which become sessions.

An interval says by its tags what was worked on. Taskwarrior's hook gives it the task's description, its project and
its tags: the tag that is the title of a todo here names that todo. Where none is, there is no such todo: one is made,
and is done since its last interval ended, for nothing says that anything of it is left.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from orc_lab.errors import UnreadableFile
from orc_lab.importers.reading import lived, values, work_time
from orc_lab.importers.reading.fields import LONGEST_TITLE
from orc_lab.importers.reading.json_pieces import TOO_DEEP, Cursor, Unheld
from orc_lab.importers.reading.quick_fields import QuickFields
from orc_lab.importers.reading.source import Source
from orc_lab.importers.record import Context, Issue, Parsed, Reading, Severity, as_raw, history, settled
from orc_lab.model.entities import Session, Status, Todo
from orc_lab.model.ids import derived_id

NAME = "timewarrior"
STEP = "Export again: timew export > timew.json"

_STAMPED = re.compile(r'"start"\s*:\s*"\d{8}T\d{6}Z"')
_FIRST = re.compile(r'\s*\[\s*\{\s*"(?:id|start)"\s*:')
_LONG = 24 * 3600


def identify(head: str, path: str) -> float:
    """Return how much a text looks like an export of Timewarrior: a list of intervals, none of which has a uuid."""
    start = head.lstrip("\ufeff \t\r\n")
    if not start.startswith("[") or '"uuid"' in head:
        return 0.0
    if start[1:].strip() == "]":
        return 0.0
    return 0.97 if _FIRST.match(start) and _STAMPED.search(head) else 0.0


def read(source: Source, context: Context) -> Reading:
    """Return all intervals as sessions, with the todos that are made for them; raises UnreadableFile."""
    text, note = source.text()
    text = text.removeprefix("\ufeff")
    intervals = _Intervals(context)
    try:
        for record in _entries(text):
            intervals.see(record)
    except json.JSONDecodeError as error:
        why = f"it is not JSON ({error.msg}, line {error.lineno}, column {error.colno})"
        raise UnreadableFile(source.name, why, STEP) from None
    if not intervals.found:
        raise UnreadableFile(source.name, "it holds no intervals of Timewarrior", STEP)
    notes = [note] if note else []
    return Reading(
        source=context.options.source or NAME,
        records=intervals.records(text, notes),
        notes=notes,
        count=intervals.count,
    )


def _entries(text: str) -> Iterator[Any]:
    cursor = Cursor(text)
    for _ in cursor.items():
        yield cursor.value()
    if cursor.next():
        raise json.JSONDecodeError("Extra data", text, cursor.at)


class _Interval(NamedTuple):
    """A piece of work: when it began and ended, what it was on, and its tags."""

    start: int
    end: int
    title: str
    tags: Sequence[str]


@dataclass(slots=True)
class _Named:
    """A todo that intervals name: its title, whether it stands here already, the tags they have beside the title, and
    from when to when they are."""

    title: str
    here: bool
    first: int
    last: int
    tags: dict[str, None] = field(default_factory=dict)


class _Intervals:
    """The intervals of one export. It is walked through three times, so that few of them are in memory at a time: for
    the tags, for the todos that they name, and for the sessions."""

    def __init__(self, context: Context) -> None:
        self.count = 0
        self.found = False
        self._context = context
        self._tags: set[str] = set()
        self._here: dict[str, list[Todo]] = {}
        self._made: dict[str, str] = {}
        self._named: dict[str, _Named] = {}  # by the external id of the todo

    def see(self, record: Any) -> None:
        """See an interval, or what stands in the place of one."""
        self.count += 1
        if isinstance(record, dict):
            self.found = self.found or "start" in record
            self._tags.update(_tags(record))

    def records(self, text: str, notes: list[str]) -> Iterator[Parsed]:
        """Yield the todos that the intervals are of, those that stand here already too, and the sessions, each
        external id once; add to the notes what was joined with what."""
        for there in self._context.titled(sorted(self._tags)):
            self._here.setdefault(there.title, []).append(there)
        self._tags.clear()
        todos, repeated = self._walk(text)
        notes += self._notes()
        yield from (self._todo(external_id, named) for external_id, named in self._named.items())
        again, starts = list[Parsed](), dict[str, str]()
        for record, todo in zip(_entries(text), todos, strict=True):
            session = self._session(record, todo)
            if session.external_id in repeated or todo is None:
                again.append(_apart(session, starts))
            else:
                yield session
        yield from settled(again)

    def _walk(self, text: str) -> tuple[list[str | None], set[str]]:
        """Return the todo of each interval (None for one that is left out), and the external ids that are not alone."""
        todos, seen, repeated = list[str | None](), set[str](), set[str]()
        for record in _entries(text):
            interval = self._interval(record)
            if isinstance(interval, str):
                todos.append(None)
                continue
            external_id = _external_id(interval.start)
            (repeated if external_id in seen else seen).add(external_id)
            todos.append(self._name(interval))
        return todos, repeated

    def _notes(self) -> list[str]:
        joined = sum(one.here for one in self._named.values())
        made = len(self._named) - joined
        told = [f"Of the todos that the tags name, {joined:,} stand here already and {made:,} do not."] if made else []
        return told + ["The tags of intervals of todos that stand here are kept in the raw record only."] * bool(joined)

    def _interval(self, record: Any) -> _Interval | str:
        """Return an interval, or why it is left out."""
        if not isinstance(record, dict):
            return record.why if isinstance(record, Unheld) else "it is no interval"
        fields = QuickFields({"start": record.get("start"), "end": record.get("end")}, self._context)
        start, end = fields.when("start"), fields.when("end")
        if not isinstance(start, int):
            return "its start can't be read"
        if record.get("end") in (None, ""):
            return "it is still open: import again once it has ended"
        if not isinstance(end, int):
            return "its end can't be read"
        if end < start:
            return "it ends before it starts"
        if end > self._context.now:
            return "it ends in the future"
        tags = _tags(record)
        title = self._title(tags, record.get("annotation"))
        if title is None:
            return "it has neither tags nor an annotation: nothing says what was worked on"
        return _Interval(start, end, title, tags)

    def _session(self, record: Any, todo: str | None) -> Parsed:
        """Return an interval as a session of a todo, left out without one."""
        if isinstance(record, dict) and isinstance(record.get("id"), int):
            del record["id"]  # its place in the list, from the end
        try:
            raw, content = as_raw(None if isinstance(record, Unheld) else record)
        except RecursionError:
            record, todo, (raw, content) = Unheld(TOO_DEEP), None, as_raw(None)
        interval = self._interval(record)
        if isinstance(interval, str) or todo is None:
            start = QuickFields(record, self._context).when("start") if isinstance(record, dict) else None
            external_id = _external_id(start) if isinstance(start, int) else f"interval:~{content[:12]}"
            why = interval if isinstance(interval, str) else "it is no interval"
            return Parsed(external_id=external_id, kind=Session, raw=raw, content_hash=content, left_out=why)
        external_id = _external_id(interval.start)
        issue = Issue(external_id=external_id, severity=Severity.WARNING, sentence="it is longer than a day")
        return work_time.session(
            external_id,
            todo,
            interval.start,
            interval.end,
            source=NAME,
            raw=raw,
            content_hash=content,
            issues=(issue,) if interval.end - interval.start > _LONG else (),
        )

    def _title(self, tags: Sequence[str], annotation: object) -> str | None:
        """Return which tag names the todo: one that is a todo's title here; else one of several words, for tags of
        Taskwarrior have one; else the longest; the annotation where there is none."""
        if here := [tag for tag in tags if tag in self._here]:
            return max(here, key=len)
        if tags:
            return max(tags, key=lambda tag: (" " in tag, len(tag)))
        text = " ".join(values.clean(annotation).split()) if isinstance(annotation, str) else ""
        return text[:LONGEST_TITLE] or None

    def _name(self, interval: _Interval) -> str:
        """Return the external id of an interval's todo, and note what it says of it. The id holds the row's, which is
        the same for a todo that was made in an earlier import."""
        title, here = interval.title, self._here.get(interval.title)
        if here is None:
            known = self._made.get(title)
            id = known or self._made.setdefault(title, f"todo:{id_for(title)}")
        else:
            id = f"todo:{max(here, key=lambda todo: _likeness(todo, interval.tags, interval.start)).id}"
        named = self._named.get(id)
        if named is None:
            named = self._named[id] = _Named(title, here is not None, interval.start, interval.end)
        named.first, named.last = min(named.first, interval.start), max(named.last, interval.end)
        if here is None:
            named.tags.update((tag, None) for tag in interval.tags if tag != title)
        return id

    def _todo(self, external_id: str, named: _Named) -> Parsed:
        first, last = named.first, named.last
        raw, content = as_raw({"tag": named.title})
        begun, steps = history(
            {
                "title": named.title[:LONGEST_TITLE],
                "tags": tuple(named.tags),
                "created_at": first,
                "updated_at": last,
                "status": Status.DUMPED,
            },
            lived.steps(first, last, Status.DONE, None),
        )
        note = Issue(
            external_id=external_id,
            severity=Severity.NOTE,
            sentence="no todo here has this title: made, and taken as done since its last interval ended",
        )
        return Parsed(
            external_id=external_id,
            kind=Todo,
            row_id=external_id.removeprefix("todo:"),
            meets="id",
            values=begun,
            steps=steps,
            raw=raw,
            content_hash=content,
            made=True,
            issues=() if named.here else (note,),
        )


def id_for(title: str) -> str:
    """Return the id of the todo that is made for intervals where none has that title."""
    return derived_id(NAME, " ".join(title.split()).casefold())


def _tags(record: Mapping[str, Any]) -> list[str]:
    told = record.get("tags")
    if not isinstance(told, list):
        return []
    words = (" ".join(values.clean(tag).split()) for tag in told if isinstance(tag, str))
    return [word for word in words if word]


def _external_id(start: int) -> str:
    """Return what an interval is known by; see `_apart` where two begin at once."""
    return f"interval:{start}"


def _apart(session: Parsed, starts: dict[str, str]) -> Parsed:
    """Return a session under an id of its own where another one of the file, with another content, begins at the same
    time; `starts` holds the contents of those so far that have the plain id."""
    content = starts.setdefault(session.external_id, session.content_hash)
    if session.left_out is not None or content == session.content_hash:
        return session
    id = f"{session.external_id}.{session.content_hash[:12]}"
    sentence = "another interval begins at the same time: both are counted"
    issue = Issue(external_id=id, severity=Severity.WARNING, sentence=sentence)
    return replace(session, external_id=id, issues=[*(replace(one, external_id=id) for one in session.issues), issue])


def _likeness(todo: Todo, tags: Sequence[str], start: int) -> tuple[bool, int, int]:
    """Return how well a todo of that title fits: alive at the time, with the same tags, the latest made."""
    alive = todo.created_at <= start and (todo.completed_at is None or start <= todo.completed_at)
    return alive, len({*todo.tags} & {*tags}), todo.created_at
