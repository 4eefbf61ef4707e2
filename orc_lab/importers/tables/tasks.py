"""Any CSV of tasks or of time worked, read through a column mapping; a project for each name in it.

A row is known again by its id (and its person, where there are several); without one, by its content and how many
rows before it are identical.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from orc_lab.errors import InvalidValue, UnreadableFile
from orc_lab.importers.reading import values
from orc_lab.importers.reading.fields import LONGEST_TITLE, Fields
from orc_lab.importers.reading.persons import EVERYBODY, NOBODY, of_person
from orc_lab.importers.reading.source import Source
from orc_lab.importers.record import Context, Parsed, Reading, Severity, as_raw, history, last_told, settled
from orc_lab.importers.tables import entries as time_csv
from orc_lab.importers.tables import life as task_life
from orc_lab.importers.tables import table as csv_table
from orc_lab.importers.tables.dates import forms
from orc_lab.importers.tables.mapping import PRESETS, TARGETS, ColumnMapping, for_header, names_unit, unit_of
from orc_lab.importers.tables.table import Table
from orc_lab.model.entities import Project, Todo
from orc_lab.model.ids import derived_id
from orc_lab.model.spreadsheet import unguarded

NAME = "task-csv"
__all__ = ["EVERYBODY", "NAME", "NOBODY", "identify", "read"]
_HOURS = ("estimate", "actual")
_DATES = ("created", "started", "completed", "due")

# The id that is told, a life or why there is none, and what was odd.
_Lived = tuple[str | None, task_life.Life | str, Sequence[tuple[Severity, str]]]


def identify(head: str, path: str) -> float:
    """Return how much a text looks like a table of tasks, by its header and the file's name."""
    if head.lstrip()[:1] in ("{", "["):
        return 0.0
    header = csv_table.header_of(head)
    mapping = for_header(header)
    if mapping.name in PRESETS:
        return 0.95
    named_csv = path.lower().endswith((".csv", ".tsv"))
    if "title" in mapping.columns and (named_csv or len(header) > 1):
        return 0.7 if named_csv else 0.4
    return 0.2 if named_csv else 0.0


def read(source: Source, context: Context) -> Reading:
    """Return the tasks of a CSV and their projects. Raises UnreadableFile, InvalidValue for a column that isn't
    there, and NeedsChoice where the file holds several persons and none was chosen."""
    text, note = source.text()
    table = csv_table.table(text, source.name)
    mapping = for_header(table.header)
    if context.options.mapping is not None:
        mapping = context.options.mapping.over(mapping)
    _check(mapping, table.header, source.name)
    rows, passed_over = of_person(table, mapping, context.options.person)
    dates, guesses = forms(table, mapping, time_csv.DATES if mapping.entries else _DATES)
    reader = _entries if mapping.entries else _tasks
    return Reading(
        source=context.options.source or _source_name(mapping, table.header),
        records=reader(rows, table, mapping, dates, context),
        notes=[
            *([note] if note else []),
            *table.notes,
            *guesses,
            *([time_csv.STAY_OPEN] if mapping.entries and mapping.done_after_days is None else []),
            *_unmapped(mapping, table.header),
        ],
        passed_over=passed_over,
        count=len(rows),
    )


def _tasks(
    rows: Sequence[list[str]], table: Table, mapping: ColumnMapping, dates: task_life.Dates, context: Context
) -> Iterator[Parsed]:
    layout = _Layout(table.header, mapping, dates, context, _mixed(table, mapping))
    again = settled(layout.survey(rows))
    for task in again:
        if task.left_out is None:
            layout.begin(task.links.get("project_id"), task.values["created_at"])
    projects = _projects(layout.oldest, layout.projects)
    return chain(projects, layout.tasks(rows), again)


def _entries(
    rows: Sequence[list[str]], table: Table, mapping: ColumnMapping, dates: task_life.Dates, context: Context
) -> Iterator[Parsed]:
    entries = time_csv.Entries(table, mapping, dates, context, context.options.person == EVERYBODY)
    entries.survey(rows)
    return chain(_projects(entries.begun(), entries.projects), entries.todos(), entries.sessions(rows))


def _check(mapping: ColumnMapping, header: Sequence[str], name: str) -> None:
    for column in (*mapping.columns.values(), *mapping.tag_columns):
        if column not in header:
            raise InvalidValue("a mapped column", column, f"one of {_listed(header)}")
    if "title" not in mapping.columns:
        why = f"none of its columns looks like a title ({_listed(header)})"
        raise UnreadableFile(name, why, "Say which it is with --map title=COLUMN.")


def _listed(header: Sequence[str]) -> str:
    """Return column names for a sentence, which a broken file may have in any number and length."""
    return ", ".join([*(name[:40] for name in header[:30]), *(["…"] if len(header) > 30 else [])])


def _mixed(table: Table, mapping: ColumnMapping) -> frozenset[str]:
    """Return the targets of hours in whose column some cells carry a unit, while its name and the mapping tell none."""
    found = set()
    for target in _HOURS:
        column = mapping.columns.get(target)
        if column is None or mapping.unit is not None or names_unit(column):
            continue
        index = table.header.index(column)
        told = {row[index] for row in table.rows if len(row) > index}
        if any(any(map(str.isalpha, cell)) and values.hours(cell) is not None for cell in told):
            found.add(target)
    return frozenset(found)


def _other_titles(mapping: ColumnMapping, header: Sequence[str], told: ColumnMapping | None) -> list[tuple[str, int]]:
    """Return the columns that a title may stand in too, the surest first; none where the person said which it is."""
    if mapping.name in PRESETS or (told is not None and "title" in told.columns):
        return []
    used = {column for target, column in mapping.columns.items() if target != "description"}
    free = {values.bare(column): (column, index) for index, column in enumerate(header) if column not in used}
    return [free[word] for word in TARGETS["title"] if word in free]


def _source_name(mapping: ColumnMapping, header: Sequence[str]) -> str:
    """Return a name that the next export of the same tool will have too: a preset's, else one of the header."""
    own = mapping.name if mapping.name != ColumnMapping().name else derived_id(*sorted(header))[:8]
    return f"{NAME}:{own}"


def _unmapped(mapping: ColumnMapping, header: Sequence[str]) -> list[str]:
    used = {*mapping.columns.values(), *mapping.tag_columns}
    if others := [column for column in header if column not in used]:
        return [f"Columns that orc has no place for, kept in the raw record only: {', '.join(others[:12])}."]
    return []


class _Layout:
    """Where in a row each field stands; and what must be known of all rows before the first is read: their lives, the
    names of projects, and when each began, by external id."""

    def __init__(
        self,
        header: Sequence[str],
        mapping: ColumnMapping,
        dates: task_life.Dates,
        context: Context,
        mixed: frozenset[str],
    ) -> None:
        self.projects: dict[str, str] = {}
        self.oldest: dict[str, int] = {}
        self._lives: list[_Lived | None] = []  # None for rows that are no task of their own
        self._header = header
        self._mapping = mapping
        self._dates = dates
        self._context = context
        self._columns = [(target, header.index(column)) for target, column in mapping.columns.items()]
        self._places = dict(self._columns)
        self._tags = [header.index(column) for column in mapping.tag_columns]
        self._units = {name: mapping.unit or unit_of(mapping.columns.get(name, "")) for name in _HOURS}
        self._mixed = mixed
        self._other_titles = _other_titles(mapping, header, context.options.mapping)
        self._by_person = context.options.person == EVERYBODY
        self._seen: Counter[str] = Counter()

    def survey(self, rows: Sequence[list[str]]) -> Iterator[Parsed]:
        """Read the lives of all tasks; yield those whose id stands in several rows."""
        ids = [self._told_id(self._cells(row)) for row in rows]
        times = Counter(ids)
        for row, id in zip(rows, ids, strict=True):
            if len(row) > len(self._header):
                self._lives.append(None)
                continue
            cells = self._cells(row)
            fields = self._fields(cells)
            if len(row) < len(self._header):
                fields.warn("its row is shorter than the header: what is missing is empty")
            life = task_life.life(fields, self._mapping, self._dates)
            if id is not None and times[id] > 1:
                self._lives.append(None)
                yield self._task(fields, cells, id, life)
            else:
                self._lives.append((id, life, fields.odd or ()))
                if not isinstance(life, str):
                    self.begin(self._project(fields).get("project_id"), life.created)

    def begin(self, project: str | None, created: int) -> None:
        """Note that a project had a task at an instant."""
        if project is not None:
            self.oldest[project] = min(created, self.oldest.get(project, created))

    def tasks(self, rows: Sequence[list[str]]) -> Iterator[Parsed]:
        """Yield each row that was surveyed as a task, but for those that `survey` yielded; it is forgotten then."""
        rows = list(rows)
        rows.reverse()
        self._lives.reverse()
        while rows:
            row, lived = rows.pop(), self._lives.pop()
            if lived is not None:
                id, life, odd = lived
                cells = self._cells(row)
                fields = self._fields(cells)
                fields.odd = list(odd)
                yield self._task(fields, cells, id, life)
            elif len(row) > len(self._header):
                yield self._misfit(row)

    def _cells(self, row: list[str]) -> list[str]:
        """Return a row as wide as the header, as it was before our own export guarded it against spreadsheets."""
        cells = row if len(row) == len(self._header) else row + [""] * (len(self._header) - len(row))
        return list(map(unguarded, cells)) if self._mapping.own else cells

    def _fields(self, cells: Sequence[str]) -> Fields:
        """Return a row's fields; a title that is missing is looked for in the other columns that may hold one."""
        told = {target: cells[index].strip() for target, index in self._columns}
        if told["title"]:
            return Fields(told, self._context)
        for column, index in self._other_titles:
            if text := cells[index].strip():
                told["title"] = text
                if told.get("description") == text and text.isprintable() and len(text) <= LONGEST_TITLE:
                    told["description"] = ""  # all of it stands in the title
                fields = Fields(told, self._context)
                fields.note(f"its title is empty: taken from {column}")
                return fields
        return Fields(told, self._context)

    def _misfit(self, row: list[str]) -> Parsed:
        raw, content = as_raw(row)
        why = "its row has more fields than the header: a quote may be missing"
        return Parsed(external_id=self._nth(content), kind=Todo, raw=raw, content_hash=content, left_out=why)

    def _nth(self, content: str) -> str:
        self._seen[content] += 1
        return f"~{content[:16]}.{self._seen[content]}"

    def _told_id(self, cells: list[str]) -> str | None:
        """Return the external id that a row tells, None where it tells none, or is no task."""
        place, whose = self._places.get("id"), self._places.get("person")
        if place is None or len(cells) > len(self._header):
            return None
        id, person = cells[place].strip(), "" if whose is None else cells[whose].strip()
        return values.clean(f"{person}:{id}" if person else id) if id else None

    def _hours(self, fields: Fields, name: str) -> float | None:
        if name in self._mixed and values.number(fields.get(name)) is not None:
            fields.warn(f"its {name} has no unit, where others have one: taken as hours")
        return fields.hours(name, self._units[name])

    def _task(self, fields: Fields, cells: list[str], id: str | None, life: task_life.Life | str) -> Parsed:
        raw, content = as_raw(dict(zip(self._header, cells, strict=True)))
        external_id = id or self._nth(content)
        if isinstance(life, str):
            return Parsed(external_id=external_id, kind=Todo, raw=raw, content_hash=content, left_out=life)
        estimate, actual = (self._hours(fields, name) for name in _HOURS)
        first, steps = history(
            {
                "title": fields.title(),
                "description": fields.text("description"),
                **life.begun(task_life.entry(fields), estimate, actual),
                **task_life.priority(fields, self._mapping),
                "category": fields.text("category"),
                "tags": self._all_tags(fields, cells),
                "estimated_hours": estimate,
                "due_date": fields.day("due", self._dates.get("due")),
                "created_at": life.created,
                "updated_at": life.ended or life.started or life.created,
            },
            life.steps(estimate, actual, self._context.now),
        )
        return Parsed(
            external_id=external_id,
            kind=Todo,
            raw=raw,
            content_hash=content,
            row_id=external_id if self._mapping.own else None,
            meets="id" if self._mapping.own else None,
            values=first,
            steps=steps,
            links=self._project(fields),
            updated=last_told(first, steps, self._context.now),
            guessed=life.guessed,
            issues=fields.issues(external_id),
        )

    def _project(self, fields: Fields) -> Mapping[str, str]:
        name = fields.text("project")
        if name is None:
            return {}
        external_id = f"project:{name.casefold()}"
        self.projects.setdefault(external_id, name)
        return {"project_id": external_id}

    def _all_tags(self, fields: Fields, cells: Sequence[str]) -> tuple[str, ...]:
        own = [values.clean(cells[index]).strip() for index in self._tags]
        person = fields.get("person") if self._by_person else None
        whose = [f"person:{values.clean(person)}"] if person else []
        return tuple(dict.fromkeys(filter(None, [*fields.tags(), *own, *whose])))


def _projects(oldest: Mapping[str, int], names: Mapping[str, str]) -> list[Parsed]:
    """Return a project for each name, as old as its first task; a project here of that title is the same one."""
    return [_project(external_id, names[external_id], created) for external_id, created in oldest.items()]


def _project(external_id: str, name: str, created: int) -> Parsed:
    raw, content = as_raw({"project": name})
    title = " ".join(name.splitlines()).strip()[:LONGEST_TITLE]
    return Parsed(
        external_id=external_id,
        kind=Project,
        values={"title": title, "created_at": created, "updated_at": created},
        raw=raw,
        content_hash=content,
        meets="title",
        made=True,
    )
