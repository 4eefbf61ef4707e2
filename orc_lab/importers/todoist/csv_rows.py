"""The rows of a CSV of Todoist, which carry no ids and no times of creation: tasks, sections, comments."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from orc_lab.importers.reading import recurring, values
from orc_lab.importers.reading.comments import comment
from orc_lab.importers.reading.fields import LONGEST_TITLE, Fields
from orc_lab.importers.reading.links import with_links
from orc_lab.importers.record import Context, Parsed, as_raw
from orc_lab.importers.todoist.csv_project import ProjectFile
from orc_lab.importers.todoist.text import REPEATS, Content, Told, content, day_told
from orc_lab.model.entities import Activity, Priority, Project, Todo
from orc_lab.model.ids import derived_id
from orc_lab.workbench import pipeline

_PRIORITIES = {"1": Priority.URGENT, "2": Priority.HIGH, "3": Priority.MEDIUM, "4": Priority.LOW}
_PERSON = re.compile(r"\s*\(\w+\)$")
_OF_SECTIONS = frozenset({"TYPE", "CONTENT", "IS_COLLAPSED"})

Row = Mapping[str, str]


def person_of(responsible: str) -> str:
    """Return the name of who is responsible, without the number behind it."""
    return _PERSON.sub("", responsible.strip())


def _rule(told: Row) -> str | None:
    """Return how often a task repeats, where its date says that in English."""
    return recurring.in_words(told.get("DATE", "")) if told.get("DATE_LANG", "").lower() in ("", "en") else None


@dataclass(slots=True)
class Tally:
    """What is counted over all files of an import: records by what they are known by, and what will not survive."""

    passed_over: Counter[str] = field(default_factory=Counter)
    keys: Counter[str] = field(default_factory=Counter)
    sections: Counter[tuple[str, str]] = field(default_factory=Counter)  # the tasks in each, by project and section
    timed: int = 0
    assigned: int = 0

    def nth(self, key: str) -> str:
        """Return an external id for one more record that is known by a key."""
        self.keys[key] += 1
        return f"{key}.{self.keys[key]}"

    def notes(self) -> list[str]:
        """Return what will not survive, of many records."""
        notes = ["Todoist's CSV tells no creation: every task counts as captured now."]
        if self.sections:
            notes.append("Sections became the category of their tasks.")
        if empty := [name for (_, name), tasks in self.sections.items() if not tasks]:
            notes.append(f"Sections without a task, passed over: {', '.join(empty[:8])}.")
        if self.timed:
            notes.append("Due dates are days here: their times of day stand in the raw record only.")
        if self.assigned:
            notes.append("Who a task is assigned to stands in the raw record only.")
        return notes


class Rows:
    """The rows of a file, read from top to bottom: what stands above decides what a row belongs to."""

    def __init__(
        self, header: Sequence[str], project: ProjectFile, context: Context, person: str | None, tally: Tally
    ) -> None:
        self._header = header
        self._project = project
        self.context = context
        self._person = person
        self._section: str | None = None
        self._above: list[tuple[int, str, str]] = []  # indent, external id, key of the tasks on the way down
        self._last: str | None = None
        self._comments: list[tuple[Row, str | None, type[Todo] | type[Project]]] = []
        self._rules: list[Parsed] = []
        self._order = 0
        self._tally = tally

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
                if any(text for name, text in told.items() if name not in _OF_SECTIONS):
                    yield self._unread(row, "of a section only the name comes over, and its row says more")
            elif kind == "note":
                self._comments.append((told, *self._subject()))
            elif kind == "task":
                if (record := self._task(told)) is not None:
                    yield record
            elif kind != "meta":
                yield self._unread(row, "its type is none that Todoist writes (task, section, note)")
            elif any("\n" in cell for cell in row):
                yield self._unread(row, "it runs over several lines: a quote may be missing")

    def rules(self) -> Iterator[Parsed]:
        """Yield how often the tasks repeat that were read."""
        yield from self._rules

    def comments(self) -> Iterator[Parsed]:
        """Yield the comments of the rows that were read."""
        for told, subject, kind in self._comments:
            yield self._comment(told, subject, kind)

    def _unread(self, row: Sequence[str], why: str) -> Parsed:
        raw, content_hash = as_raw(row)
        name = self._tally.nth(f"~{content_hash[:16]}")
        return Parsed(external_id=name, kind=Todo, raw=raw, content_hash=content_hash, left_out=why)

    def _begin(self, section: str) -> None:
        self._section = values.clean(section)[:LONGEST_TITLE] or None
        self._above, self._last = [], None
        if self._section is not None:
            self._tally.sections[self._project.key, self._section] += 0

    def _task(self, told: Row) -> Parsed | None:
        responsible = told.get("RESPONSIBLE", "")
        if self._person is not None and responsible and person_of(responsible) != self._person:
            self._tally.passed_over[f"assigned to other persons than {self._person}"] += 1
            return None
        self._tally.assigned += bool(responsible)
        if self._section is not None:
            self._tally.sections[self._project.key, self._section] += 1
        indent = self._indent(told)
        above = self._above[-1] if self._above else (0, "", self._project.key)
        said = content(told.get("CONTENT", ""), labelled=True)
        key = derived_id(above[2], values.clean(said.title))  # without labels, which come and go
        external_id = self._tally.nth(f"todo:~{key[:18]}")
        self._above.append((indent, external_id, key))
        self._last = external_id
        return self._todo(told, said, external_id, above[1])

    def _subject(self) -> tuple[str | None, type[Todo] | type[Project]]:
        """Return what a comment here belongs to: the task above, else the project."""
        return (self._last, Todo) if self._last is not None else (self._project.external_id, Project)

    def _indent(self, told: Row) -> int:
        found = values.number(told.get("INDENT", ""))
        indent = int(found) if found is not None and 1 <= found <= 100 else 1
        while self._above and self._above[-1][0] >= indent:
            self._above.pop()
        return indent

    def _todo(self, told: Row, said: Content, external_id: str, parent: str) -> Parsed:
        raw, content_hash = as_raw(dict(told))
        if self._section is not None:  # it may have been moved or renamed, which the row doesn't say
            _, content_hash = as_raw([dict(told), self._section])
        fields = Fields({"title": said.title, "description": told.get("DESCRIPTION", "")}, self.context)
        if said.heading:
            fields.note("it is a heading that Todoist can't complete: a todo like others here")
        estimate, now = self._estimate(told, fields), self.context.now
        project, self._order = self._project.external_id, self._order + 1
        todo = Parsed(
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
        if (rule := _rule(told)) is not None:
            day, of = self.context.clock.day(now).isoformat(), {"project": self._project.title} if project else {}
            self._rules.append(recurring.beside(todo, rule, day, told["DATE"], **of))
        return todo

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
        found: Told = day_told(text, told.get(f"{name}_LANG", ""), told.get("TIMEZONE", ""), self.context.clock)
        if found.sentence == REPEATS and name == "DATE" and _rule(told):
            fields.note(recurring.CAME)
        elif found.sentence is not None:
            fields.warn(found.sentence)
        self._tally.timed += found.day is not None and ":" in text
        return found.day

    def _comment(self, told: Row, subject: str | None, kind: type[Todo] | type[Project]) -> Parsed:
        raw, content_hash = as_raw(dict(told))
        fields = Fields({"text": told.get("CONTENT", "")}, self.context)
        text = fields.text("text")
        external_id = self._tally.nth(f"note:~{derived_id(subject or '', values.clean(told.get('CONTENT', '')))[:18]}")
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
            self.context.now,
            kind=kind,
            raw=raw,
            content_hash=content_hash,
            issues=fields.issues(external_id),
        )

    def _written(self, told: Row) -> int:
        found, now = values.when(told.get("DATE", ""), self.context.clock), self.context.now
        if found is None:
            return now
        return min(now, found if isinstance(found, int) else values.at_hour(found, 9, self.context.clock))
