"""Any CSV of tasks, read through a column mapping; a project for each name in it.

A row is known again by its id (and its person, where there are several); without one, by its content and how many
rows before it are identical.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from orc_lab.errors import InvalidValue, NeedsChoice, UnreadableFile
from orc_lab.importers import csv_table, task_life, values
from orc_lab.importers.csv_table import Table
from orc_lab.importers.fields import LONGEST_TITLE, Fields
from orc_lab.importers.mapping import PRESETS, TARGETS, ColumnMapping, for_header, names_unit, unit_of
from orc_lab.importers.record import Context, Parsed, Reading, as_raw, history, settled
from orc_lab.importers.source import Source
from orc_lab.importers.task_dates import forms
from orc_lab.model.entities import OPEN, Project, Todo
from orc_lab.model.ids import derived_id

NAME = "task-csv"
EVERYBODY = "all"
NOBODY = "(nobody)"
_HOURS = ("estimate", "actual")
_DATES = ("created", "started", "completed", "due")


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
    rows, passed_over = _of_person(table, mapping, context.options.person)
    dates, guesses = forms(table, mapping, _DATES)
    layout = _Layout(table.header, mapping, dates, context, _mixed(table, mapping))
    tasks = settled(layout.tasks(rows))
    return Reading(
        source=context.options.source or _source_name(mapping, table.header),
        records=[*_projects(tasks, layout.projects), *tasks],
        notes=[*([note] if note else []), *table.notes, *guesses, *_unmapped(mapping, table.header)],
        passed_over=passed_over,
    )


def _check(mapping: ColumnMapping, header: Sequence[str], name: str) -> None:
    for column in (*mapping.columns.values(), *mapping.tag_columns):
        if column not in header:
            raise InvalidValue("a mapped column", column, f"one of {', '.join(header)}")
    if "title" not in mapping.columns:
        why = f"none of its columns looks like a title ({', '.join(header[:12])})"
        raise UnreadableFile(name, why, "Say which it is with --map title=COLUMN.")


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


def _of_person(
    table: Table, mapping: ColumnMapping, wanted: str | None
) -> tuple[Sequence[list[str]], Mapping[str, int]]:
    """Return the rows of the person that was chosen, and how many were passed over."""
    if "person" not in mapping.columns:
        return table.rows, {}
    index = table.header.index(mapping.columns["person"])
    persons = [(row[index].strip() if len(row) > index else "") or NOBODY for row in table.rows]
    counts = Counter(persons).most_common()
    if wanted == EVERYBODY or (wanted is None and len(counts) < 2):
        return table.rows, {}
    shown = {f"{person} ({count:,})": person for person, count in counts}
    choices = shown | {person: person for person, _ in counts}
    if wanted is None or wanted not in choices:
        several = "one person" if len(counts) == 1 else f"{len(counts):,} persons"
        who = "" if wanted is None else f"Nobody in it is called {wanted!r}. "
        raise NeedsChoice(f"{who}The file holds the tasks of {several}.", "--person", [*shown, EVERYBODY])
    person = choices[wanted]
    rows = [row for row, whose in zip(table.rows, persons, strict=True) if whose == person]
    others = len(table.rows) - len(rows)
    return rows, {f"of other persons than {person}": others} if others else {}


def _unmapped(mapping: ColumnMapping, header: Sequence[str]) -> list[str]:
    used = {*mapping.columns.values(), *mapping.tag_columns}
    if others := [column for column in header if column not in used]:
        return [f"Columns that orc has no place for, kept in the raw record only: {', '.join(others[:12])}."]
    return []


class _Layout:
    """Where in a row each field stands; and the projects met so far, by their external id."""

    def __init__(
        self,
        header: Sequence[str],
        mapping: ColumnMapping,
        dates: task_life.Dates,
        context: Context,
        mixed: frozenset[str],
    ) -> None:
        self.projects: dict[str, str] = {}
        self._header = header
        self._mapping = mapping
        self._dates = dates
        self._context = context
        self._columns = [(target, header.index(column)) for target, column in mapping.columns.items()]
        self._tags = [header.index(column) for column in mapping.tag_columns]
        self._units = {name: mapping.unit or unit_of(mapping.columns.get(name, "")) for name in _HOURS}
        self._mixed = mixed
        self._other_titles = _other_titles(mapping, header, context.options.mapping)
        self._by_person = context.options.person == EVERYBODY
        self._seen: Counter[str] = Counter()

    def tasks(self, rows: Iterable[list[str]]) -> Iterator[Parsed]:
        """Yield each row as a task."""
        width = len(self._header)
        for row in rows:
            if len(row) > width:
                yield self._misfit(row)
                continue
            cells = row + [""] * (width - len(row))
            raw, content = as_raw(dict(zip(self._header, cells, strict=True)))
            fields = self._fields(cells)
            if len(row) < width:
                fields.warn("its row is shorter than the header: what is missing is empty")
            yield self._task(fields, cells, self._external_id(fields, content), raw, content)

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

    def _external_id(self, fields: Fields, content: str) -> str:
        id, person = fields.get("id"), fields.get("person")
        if id is None:
            return self._nth(content)
        return values.clean(f"{person}:{id}" if person else id)

    def _hours(self, fields: Fields, name: str) -> float | None:
        if name in self._mixed and values.number(fields.get(name)) is not None:
            fields.warn(f"its {name} has no unit, where others have one: taken as hours")
        return fields.hours(name, self._units[name])

    def _task(self, fields: Fields, cells: Sequence[str], external_id: str, raw: str, content: str) -> Parsed:
        life = task_life.life(fields, self._mapping, self._dates)
        if isinstance(life, str):
            return Parsed(external_id=external_id, kind=Todo, raw=raw, content_hash=content, left_out=life)
        estimate, actual = (self._hours(fields, name) for name in _HOURS)
        first, steps = history(
            {
                "title": fields.title(),
                "description": fields.text("description"),
                "status": life.status if life.status in OPEN else task_life.entry(fields),
                "priority": task_life.priority(fields, self._mapping),
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
            values=first,
            steps=steps,
            links=self._project(fields),
            updated=(steps[-1].values if steps else first)["updated_at"],
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


def _projects(tasks: Iterable[Parsed], names: Mapping[str, str]) -> list[Parsed]:
    """Return a project for each name, as old as its first task; a project here of that title is the same one."""
    oldest: dict[str, int] = {}
    for task in tasks:
        if task.left_out is None and "project_id" in task.links:
            project, created = task.links["project_id"], task.values["created_at"]
            oldest[project] = min(created, oldest.get(project, created))
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
