"""A table of time worked, an entry a row: each is a session; entries of one title in one project are of one todo.

An entry is known again by whose it is, what it says and when it was, and by how many before it are identical. Such a
table doesn't tell what is finished, nor what was estimated: a todo begins with its first entry and stays open, unless
the mapping says after how many days without an entry it counts as done.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from orc_lab.importers.reading import values
from orc_lab.importers.reading.fields import Fields
from orc_lab.importers.reading.lived import steps
from orc_lab.importers.reading.work_time import interval, session
from orc_lab.importers.record import Context, Parsed, as_raw, history
from orc_lab.importers.tables.mapping import ColumnMapping, unit_of
from orc_lab.importers.tables.table import Table
from orc_lab.model.clock import Clock
from orc_lab.model.entities import Session, Status, Todo
from orc_lab.model.ids import derived_id
from orc_lab.workbench import pipeline

DATES = ("started", "ended")
UNNAMED = "(no description)"
STAY_OPEN = (
    "Time entries don't tell what is finished: their todos stay open. A mapping file with done_after_days counts those "
    "as done that had no entry for so long."
)
_TIME = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?\s*([ap])?\.?m?\.?", re.IGNORECASE)
_ROUNDED = 60  # seconds by which a duration may differ from its interval: some tools write it in minutes
_OTHERWISE = "its duration is another than from its start to its end: taken from start to end"
_DAY = 86_400
_TELLING = {"person", "started", "start_time", "ended", "end_time", "actual"}  # beside the todo: which entry it is

Moment = datetime | date | int  # a wall-clock time, a day, or an instant


@dataclass(slots=True)
class Span:
    """What the entries of one todo have in common: its title and place, and from when to when it was worked on."""

    title: str
    project: str | None
    category: str | None
    first: int
    last: int
    tags: dict[str, None] = field(default_factory=dict)


class Entries:
    """The rows of a table: first surveyed, then, when their todos are known, given as sessions one by one."""

    def __init__(
        self, table: Table, mapping: ColumnMapping, dates: Mapping[str, str | None], context: Context, everybody: bool
    ) -> None:
        self.spans: dict[str, Span] = {}
        self.projects: dict[str, str] = {}
        self._header = table.header
        self._mapping = mapping
        self._dates = dates
        self._context = context
        self._everybody = everybody
        self._columns = [(target, table.header.index(column)) for target, column in mapping.columns.items()]
        self._unit = mapping.unit or unit_of(mapping.columns.get("actual", ""))
        self._task = table.header.index("Task") if "Task" in table.header else None
        self._names: Counter[str] = Counter()
        self._read: list[tuple[int, int, str] | str] = []  # of each row: its instants and its todo, or why it has none
        self._odd: dict[int, Fields] = {}

    def survey(self, rows: Iterable[list[str]]) -> None:
        """Read all rows; afterwards it is known which todos they are of."""
        width = len(self._header)
        for row in rows:
            if len(row) > width:
                self._read.append("its row has more fields than the header: a quote may be missing")
                continue
            told = {target: row[index].strip() if index < len(row) else "" for target, index in self._columns}
            told["title"] = told["title"] or (
                row[self._task] if self._task is not None and self._task < len(row) else ""
            )
            fields = Fields(told, self._context)
            when = self._interval(told, fields)
            self._read.append(when if isinstance(when, str) else (*when, self._span(fields, *when)))
            if fields.odd:
                self._odd[len(self._read) - 1] = fields

    def sessions(self, rows: Iterable[list[str]]) -> Iterator[Parsed]:
        """Yield each of the rows that were read as a session, or as left out for a reason."""
        width = len(self._header)
        for number, (row, read) in enumerate(zip(rows, self._read, strict=True)):
            if isinstance(read, str):
                yield self._left_out(row, read)
            else:
                yield self._entry(row + [""] * (width - len(row)), *read, self._odd.get(number))

    def begun(self) -> dict[str, int]:
        """Return when each project began, by its external id."""
        found: dict[str, int] = {}
        for span in self.spans.values():
            if span.project is not None:
                found[span.project] = min(span.first, found.get(span.project, span.first))
        return found

    def todos(self) -> Iterator[Parsed]:
        """Yield the todos of all entries read so far."""
        for external_id, span in self.spans.items():
            yield self._todo(external_id, span)

    def _left_out(self, row: Sequence[str], why: str) -> Parsed:
        raw, content_hash = as_raw(row)
        name = self._nth(f"~{content_hash[:16]}")
        return Parsed(external_id=name, kind=Session, raw=raw, content_hash=content_hash, left_out=why)

    def _nth(self, key: str) -> str:
        self._names[key] += 1
        return f"{key}.{self._names[key]}"

    def _entry(self, cells: Sequence[str], began: int, ended: int, todo: str, odd: Fields | None) -> Parsed:
        raw, content_hash = as_raw(dict(zip(self._header, cells, strict=True)))
        parts = [cells[index].strip() for target, index in self._columns if target in _TELLING]
        external_id = self._nth(f"~{derived_id(todo, *map(values.clean, parts))[:23]}")
        name = self._mapping.name
        return session(
            external_id,
            todo,
            began,
            ended,
            source="import" if name == ColumnMapping().name else name,
            raw=raw,
            content_hash=content_hash,
            issues=odd.issues(external_id) if odd is not None else (),
        )

    def _interval(self, told: Mapping[str, str], fields: Fields) -> tuple[int, int] | str:
        """Return the instants of an entry, or why it has none."""
        start, end = (
            self._moment(told, fields, "started", "start_time"),
            self._moment(told, fields, "ended", "end_time"),
        )
        hours = values.hours(told.get("actual", ""), self._unit)
        spent = None if hours is None or hours < 0 else hours * 3600
        clock, now = self._context.clock, self._context.now
        if start is None:
            return "its start can't be read"
        if isinstance(start, datetime) and (end is None or isinstance(end, datetime)):
            began, ended = interval(start, _next_day(start, end, spent), spent, clock)
        elif isinstance(start, datetime | int):
            began = start if isinstance(start, int) else clock.instant(start)
            ended = _instant(end, clock) if spent is None else began + round(spent)
        elif spent is None:
            return "it tells neither a time nor how long it took"
        else:
            fields.note("it has no time of day: taken from 9 o'clock on")
            began = values.at_hour(start, 9, clock)
            ended = began + round(spent)
        if ended is None:
            return "it has no end: import again once it has ended"
        if spent is not None and end is not None and abs(ended - began - spent) > _ROUNDED:
            fields.warn(_OTHERWISE)
        if began > now:
            return "it lies in the future"
        return (began, min(ended, now)) if ended >= began else "it ends before it begins"

    def _moment(self, told: Mapping[str, str], fields: Fields, day: str, hour: str) -> Moment | None:
        """Return a wall-clock time, an instant where the file tells one, or a day; an end is of the day of the start
        where it tells none."""
        text, clocked = told.get(day, ""), told.get(hour, "")
        if not text and day == "ended" and clocked:
            text, day = told.get("started", ""), "started"
        found = values.when(text, self._context.clock, self._dates.get(day)) if text else None
        if not isinstance(found, date):
            return found
        at = _clock_time(clocked)
        if at is None and clocked:
            fields.warn("a time of it can't be read: left out")
        return found if at is None else datetime.combine(found, at)

    def _span(self, fields: Fields, first: int, last: int) -> str:
        """Take an entry into the todo that it is of; return the todo's external id."""
        title = fields.title() if fields.get("title") else UNNAMED
        name, category = fields.text("project"), fields.text("category")
        project = None if name is None else f"project:{name.casefold()}"
        if project is not None and name is not None:
            self.projects.setdefault(project, name)
        external_id = f"todo:~{derived_id(project or '', title.casefold())[:23]}"
        span = self.spans.setdefault(external_id, Span(title, project, category, first, last))
        span.first, span.last = min(first, span.first), max(last, span.last)
        span.tags |= dict.fromkeys(fields.tags())
        if self._everybody and (person := fields.text("person")):
            span.tags[f"person:{person}"] = None
        return external_id

    def _todo(self, external_id: str, span: Span) -> Parsed:
        raw, content_hash = as_raw({"title": span.title, "project": self.projects.get(span.project or "")})
        idle = self._mapping.done_after_days
        over = idle is not None and span.last + idle * _DAY < self._context.now
        life = steps(span.first, span.last if over else None, Status.DONE, None)
        begun, later = history(
            {
                "title": span.title,
                "status": pipeline.entry_status(span.project, None),
                "category": span.category,
                "tags": tuple(span.tags),
                "created_at": span.first,
                "updated_at": span.last,
            },
            life,
        )
        return Parsed(
            external_id=external_id,
            kind=Todo,
            values=begun,
            steps=later,
            links={"project_id": span.project} if span.project else {},
            raw=raw,
            content_hash=content_hash,
            made=True,
        )


def _next_day(start: datetime, end: datetime | None, spent: float | None) -> datetime | None:
    """Return the end, a day later for an entry over midnight of which only the times are told."""
    if end is None or spent is None or end >= start or end.date() != start.date():
        return end
    return end + timedelta(days=1)


def _instant(moment: Moment | None, clock: Clock) -> int | None:
    if isinstance(moment, datetime):
        return clock.instant(moment)
    return moment if isinstance(moment, int) else None


def _clock_time(text: str) -> time | None:
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    hour, half = int(match[1]), (match[4] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        return time(hour, int(match[2]), int(match[3] or 0))
    except ValueError:
        return None
