"""A Todoist project as CSV: tasks, their subtasks by indentation, sections, and comments below what they belong to.

The rows carry no ids and no times of creation: a task is known again by the titles on the way to it, and counts as
captured when it is imported. The project is what the file is called.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from orc_lab.errors import NeedsChoice
from orc_lab.importers.reading import values
from orc_lab.importers.reading.comments import comment
from orc_lab.importers.reading.fields import LONGEST_TITLE, Fields
from orc_lab.importers.reading.links import with_links
from orc_lab.importers.record import Context, Parsed, Reading, as_raw
from orc_lab.importers.tables import table as csv_table
from orc_lab.importers.todoist.text import INBOX, SOURCE, Told, content, day_told
from orc_lab.model.entities import Activity, Priority, Project, Todo
from orc_lab.model.ids import derived_id
from orc_lab.workbench import pipeline

_MARKS = {"TYPE", "CONTENT", "PRIORITY", "INDENT"}
_OTHER_NAMES = {"DUE_DATE": "DATE", "DUE_DATE_LANG": "DATE_LANG"}
_PRIORITIES = {"1": Priority.URGENT, "2": Priority.HIGH, "3": Priority.MEDIUM, "4": Priority.LOW}
_NUMBERED = re.compile(r"\s*(?:\[(\w+)\]|\(\d+\))$")
_NAMELESS = ("", "standard input", "paste")
_EVERYBODY = "all"
_PERSON = re.compile(r"\s*\(\w+\)$")

Row = Mapping[str, str]


def is_header(header: Sequence[str]) -> bool:
    """Return whether a CSV's column names are Todoist's."""
    return {name.upper() for name in header} >= _MARKS


def read(text: str, name: str, context: Context, notes: Sequence[str]) -> Reading:
    """Return the project of a file and its tasks; raises UnreadableFile, or NeedsChoice where its tasks are assigned to
    several persons and none was chosen."""
    table = csv_table.table(text, name)
    header = [_OTHER_NAMES.get(column.upper(), column.upper()) for column in table.header]
    project = _Project.named(name)
    rows = _Rows(header, project, context, _person(table.rows, header, context.options.person))
    told = [*notes, *table.notes]
    return Reading(
        source=context.options.source or SOURCE,
        records=_records(rows, table.rows, project, told, context.now),
        notes=told,
        passed_over=rows.passed_over,
        count=len(table.rows),
    )


def _records(
    rows: "_Rows", table: Sequence[list[str]], project: "_Project", notes: list[str], now: int
) -> Iterator[Parsed]:
    """Yield the project, if it has tasks, then these, then the comments; afterwards tell what will not survive."""
    if any(row[0].strip().lower() in ("task", "note") for row in table if row):
        yield from project.record(now)
    yield from rows.tasks(table)
    yield from rows.comments()
    notes += rows.notes()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Project:
    """The project that a file holds: its external id and title; neither for the Inbox, or where no file is named."""

    external_id: str | None
    title: str
    key: str

    @classmethod
    def named(cls, name: str) -> "_Project":
        """Return the project of a file `Home [2203306141].csv` or `Home (1).csv`."""
        stem = "" if name in _NAMELESS else Path(PureWindowsPath(name).name).stem.strip()
        title, id = stem, None
        while match := _NUMBERED.search(title):
            title, id = title[: match.start()], id or match[1]
        title = values.clean(" ".join((title or stem).split()))[:LONGEST_TITLE]
        if title.casefold() in ("", INBOX):
            return cls(external_id=None, title=title, key=title.casefold())
        return cls(
            external_id=f"project:{values.clean(id or '~' + title.casefold())}", title=title, key=title.casefold()
        )

    def record(self, now: int) -> list[Parsed]:
        """Return the project as a record, if it is one."""
        if self.external_id is None:
            return []
        raw, content_hash = as_raw({"project": self.title})
        told = {"title": self.title, "created_at": now, "updated_at": now}
        return [
            Parsed(
                external_id=self.external_id,
                kind=Project,
                values=told,
                raw=raw,
                content_hash=content_hash,
                meets="title",
                made=True,
            )
        ]


def _person(rows: Sequence[Sequence[str]], header: Sequence[str], wanted: str | None) -> str | None:
    """Return whose tasks to take besides those that nobody is responsible for, None for everybody's."""
    if "RESPONSIBLE" not in header or wanted == _EVERYBODY:
        return None
    index = header.index("RESPONSIBLE")
    counts = Counter(_PERSON.sub("", row[index].strip()) for row in rows if len(row) > index and row[index].strip())
    if wanted is None and len(counts) < 2:
        return None
    shown = {f"{person} ({count:,})": person for person, count in counts.most_common()}
    choices = shown | {person: person for person in counts}
    if wanted is None or wanted not in choices:
        who = "" if wanted is None else f"Nobody in it is called {wanted!r}. "
        several = f"{len(counts):,} persons" if len(counts) != 1 else "one person"
        raise NeedsChoice(f"{who}Tasks in the file are assigned to {several}.", "--person", [*shown, _EVERYBODY])
    return choices[wanted]


class _Rows:
    """The rows of a file, read from top to bottom: what stands above decides what a row belongs to."""

    def __init__(self, header: Sequence[str], project: _Project, context: Context, person: str | None) -> None:
        self.passed_over: dict[str, int] = {}
        self._header = header
        self._project = project
        self._context = context
        self._person = person
        self._section: str | None = None
        self._above: list[tuple[int, str, str]] = []  # indent, external id, key of the tasks on the way down
        self._last: str | None = None
        self._comments: list[tuple[Row, str | None, type[Todo] | type[Project]]] = []
        self._keys: Counter[str] = Counter()
        self._sections: dict[str, int] = {}
        self._order = 0
        self._timed = self._assigned = 0

    def tasks(self, rows: Sequence[list[str]]) -> Iterator[Parsed]:
        """Yield the tasks, and what is left out; comments wait."""
        width = len(self._header)
        for row in rows:
            if len(row) > width:
                yield self._unread(row, "its row has more fields than the header: a quote may be missing")
                continue
            told = dict(zip(self._header, map(str.strip, row), strict=False))
            kind = told.get("TYPE", "").lower()
            if kind == "section":
                self._begin(told.get("CONTENT", ""))
            elif kind == "note":
                self._comments.append((told, *self._subject()))
            elif kind == "task":
                if (record := self._task(told)) is not None:
                    yield record
            elif kind != "meta":
                yield self._unread(row, "its type is none that Todoist writes (task, section, note)")

    def comments(self) -> Iterator[Parsed]:
        """Yield the comments of the rows that were read."""
        for told, subject, kind in self._comments:
            yield self._comment(told, subject, kind)

    def notes(self) -> list[str]:
        """Return what will not survive, of many records."""
        notes = ["Todoist's CSV tells no creation: every task counts as captured now."]
        if self._sections:
            notes.append("Sections became the category of their tasks.")
        if empty := [name for name, tasks in self._sections.items() if not tasks]:
            notes.append(f"Sections without a task, passed over: {', '.join(empty[:8])}.")
        if self._timed:
            notes.append("Due dates are days here: their times of day stand in the raw record only.")
        if self._assigned:
            notes.append("Who a task is assigned to stands in the raw record only.")
        return notes

    def _unread(self, row: Sequence[str], why: str) -> Parsed:
        raw, content_hash = as_raw(row)
        name = self._nth(f"~{content_hash[:16]}")
        return Parsed(external_id=name, kind=Todo, raw=raw, content_hash=content_hash, left_out=why)

    def _nth(self, key: str) -> str:
        self._keys[key] += 1
        return f"{key}.{self._keys[key]}"

    def _begin(self, section: str) -> None:
        self._section = values.clean(section)[:LONGEST_TITLE] or None
        self._above, self._last = [], None
        if self._section is not None:
            self._sections.setdefault(self._section, 0)

    def _task(self, told: Row) -> Parsed | None:
        responsible = told.get("RESPONSIBLE", "")
        if self._person is not None and responsible and _PERSON.sub("", responsible) != self._person:
            reason = f"assigned to other persons than {self._person}"
            self.passed_over[reason] = self.passed_over.get(reason, 0) + 1
            return None
        self._assigned += bool(responsible)
        if self._section is not None:
            self._sections[self._section] += 1
        indent = self._indent(told)
        above = self._above[-1] if self._above else (0, "", self._project.key)
        key = derived_id(above[2], values.clean(told.get("CONTENT", "")))
        external_id = self._nth(f"todo:~{key[:18]}")
        self._above.append((indent, external_id, key))
        self._last = external_id
        return self._todo(told, external_id, above[1])

    def _subject(self) -> tuple[str | None, type[Todo] | type[Project]]:
        """Return what a comment here belongs to: the task above, else the project."""
        return (self._last, Todo) if self._last is not None else (self._project.external_id, Project)

    def _indent(self, told: Row) -> int:
        found = values.number(told.get("INDENT", ""))
        indent = int(found) if found is not None and 1 <= found <= 100 else 1
        while self._above and self._above[-1][0] >= indent:
            self._above.pop()
        return indent

    def _todo(self, told: Row, external_id: str, parent: str) -> Parsed:
        raw, content_hash = as_raw(dict(told))
        said = content(told.get("CONTENT", ""), labelled=True)
        fields = Fields({"title": said.title, "description": told.get("DESCRIPTION", "")}, self._context)
        if said.heading:
            fields.note("it is a heading that Todoist can't complete: a todo like others here")
        estimate, now = self._estimate(told, fields), self._context.now
        project, self._order = self._project.external_id, self._order + 1
        return Parsed(
            external_id=external_id,
            kind=Todo,
            values={
                "title": fields.title(),
                "description": with_links(fields.text("description"), tuple(map(values.clean, said.links))),
                "status": pipeline.entry_status(project, estimate),
                "priority": self._priority(told, fields),
                "category": self._section,
                "tags": tuple(map(values.clean, said.labels)),
                "estimated_hours": estimate,
                "position": float(self._order),
                "created_at": now,
                "updated_at": now,
                **self._days(told, fields),
            },
            links=({"project_id": project} if project else {}) | ({"parent_id": parent} if parent else {}),
            raw=raw,
            content_hash=content_hash,
            issues=fields.issues(external_id),
        )

    def _priority(self, told: Row, fields: Fields) -> Priority:
        word = told.get("PRIORITY", "")
        if word and word not in _PRIORITIES:
            fields.warn("its priority is none from 1 to 4: taken as medium")
        return _PRIORITIES.get(word, Priority.MEDIUM)

    def _estimate(self, told: Row, fields: Fields) -> float | None:
        amount, unit = told.get("DURATION", ""), told.get("DURATION_UNIT", "").lower()
        if amount in ("", "None"):
            return None
        found = values.number(amount)
        if found is None or found < 0 or found > 1e6:
            fields.warn("its duration is no number: left empty")
            return None
        if unit != "minute":
            fields.warn("its duration is not in minutes, and a day's hours are unknown: left empty")
            return None
        return found / 60

    def _days(self, told: Row, fields: Fields) -> dict[str, str | None]:
        """Return the due date, which is the deadline where there is one; the date is then when it comes up again."""
        date, deadline = self._day(told, fields, "DATE"), self._day(told, fields, "DEADLINE")
        if deadline is None:
            return {"due_date": date}
        return {"due_date": deadline, "snoozed_until": date}

    def _day(self, told: Row, fields: Fields, name: str) -> str | None:
        text = told.get(name, "")
        if text in ("", "None"):
            return None
        found: Told = day_told(text, told.get(f"{name}_LANG", ""), told.get("TIMEZONE", ""), self._context.clock)
        if found.sentence is not None:
            fields.warn(found.sentence)
        self._timed += found.day is not None and ":" in text
        return found.day

    def _comment(self, told: Row, subject: str | None, kind: type[Todo] | type[Project]) -> Parsed:
        raw, content_hash = as_raw(dict(told))
        fields = Fields({"text": told.get("CONTENT", "")}, self._context)
        text = fields.text("text")
        external_id = self._nth(f"note:~{derived_id(subject or '', values.clean(told.get('CONTENT', '')))[:18]}")
        if text is None or subject is None:
            why = "an empty comment" if text is None else "a comment without a task above it"
            return Parsed(external_id=external_id, kind=Activity, raw=raw, content_hash=content_hash, left_out=why)
        if "[[file" in text:
            fields.warn("its attachment stays where it is: only its address came over")
        return comment(
            external_id,
            subject,
            text,
            self._written(told),
            self._context.now,
            kind=kind,
            raw=raw,
            content_hash=content_hash,
            issues=fields.issues(external_id),
        )

    def _written(self, told: Row) -> int:
        found, now = values.when(told.get("DATE", ""), self._context.clock), self._context.now
        if found is None:
            return now
        return min(now, found if isinstance(found, int) else values.at_hour(found, 9, self._context.clock))
