"""Which column of a CSV means what: guessed from the header, known for a source (a preset), or said by the person."""

import json
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

from orc_lab.errors import InvalidValue, UnreadableFile
from orc_lab.importers.reading.values import Unit, bare, clean
from orc_lab.model.entities import Priority, Status

# What a column may mean, and the headers it is known by, the surest first.
TARGETS: Mapping[str, Sequence[str]] = {
    "id": ("id", "taskid", "tasknumber", "issueid", "key", "uuid", "number"),
    "title": ("title", "task", "name", "summary", "subject", "todo", "taskname", "item", "content", "description"),
    "description": ("description", "notes", "note", "details", "body", "comment"),
    "project": ("project", "projectname", "list", "board"),
    "category": ("category", "type", "kind", "area"),
    "tags": ("tags", "labels", "label", "tag"),
    "status": ("status", "state", "stage"),
    "priority": ("priority", "prio", "importance"),
    "estimate": ("estimate", "estimatehours", "estimatedhours", "est", "planned", "plannedhours", "originalestimate"),
    "actual": ("actual", "actualhours", "timespent", "spent", "hours", "duration", "tracked", "worked", "logged"),
    "created": ("created", "createdat", "creationdate", "datecreated", "added", "opened", "createddate"),
    "started": ("started", "startedat", "startdate", "start", "begun"),
    "completed": ("completed", "completedat", "completiondate", "finished", "closed", "resolved", "done", "enddate"),
    "due": ("due", "duedate", "deadline"),
    "person": ("person", "developer", "assignee", "assignedto", "owner", "user", "responsible"),
    # Of a table of time entries; that it is one is never guessed.
    "start_time": (),
    "ended": (),
    "end_time": (),
}
_OF_ENTRIES = {"start_time", "ended", "end_time"}
_WITH_UNIT = re.compile(r"(min(?:ute)?s?|s(?:ec(?:ond)?s?)?|h(?:(?:ou)?rs?)?)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMapping:
    """How to read a CSV.

    `columns` maps a target (see TARGETS) to a column; `tag_columns` become tags as they stand. `statuses` and
    `priorities` map the file's words, whatever their case, to ours; `left_out` maps a status to the reason not to
    import it, `left_out_open` the same for one that has no end. `priority_scale` is the lowest and the highest of
    numbered priorities. `date_format` is as strptime reads it, None for ISO 8601 and what can be told apart.
    `unit` is that of bare numbers of hours.

    Where a start or an end has a time (`start_time`, `ended`, `end_time`), each row is an entry of time worked, a
    session; entries of one title in one project are of one todo. `done_after_days` says when a todo counts as done:
    with its last entry, if none came for so many days. None: it stays open, for such a table doesn't tell.
    """

    name: str = "csv"
    columns: Mapping[str, str] = field(default_factory=dict)
    tag_columns: Sequence[str] = ()
    statuses: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    left_out_open: Mapping[str, str] = field(default_factory=dict)
    priorities: Mapping[str, str] = field(default_factory=dict)
    priority_scale: tuple[float, float] | None = None
    date_format: str | None = None
    unit: Unit | None = None
    done_after_days: int | None = None
    own: bool = False  # what `orc export` wrote: the ids are todos', and text is guarded as model.spreadsheet says

    @property
    def entries(self) -> bool:
        """Return whether each row is an entry of time worked rather than a task."""
        return not _OF_ENTRIES.isdisjoint(self.columns)

    def over(self, base: "ColumnMapping") -> "ColumnMapping":
        """Return the base with what this mapping says instead."""
        said = {option.name: getattr(self, option.name) for option in fields(self)}
        changed = {name: value for name, value in said.items() if value != getattr(_PLAIN, name)}
        return replace(base, **changed | {"columns": {**base.columns, **self.columns}})


_PLAIN = ColumnMapping()

# The SiP dataset (Jones & Cullum, arXiv 1901.01621): a company's tasks, days instead of times, several persons.
SIP = ColumnMapping(
    name="sip",
    columns={
        "id": "id",
        "title": "title",
        "project": "project",
        "category": "category",
        "status": "status",
        "priority": "priority",
        "estimate": "estimate_hours",
        "actual": "actual_hours",
        "created": "created",
        "started": "started",
        "completed": "completed",
        "person": "developer",
    },
    tag_columns=("subcategory", "breakdown"),
    statuses={
        "finished": "done",
        "completed": "done",
        "released": "done",
        "chronicle": "done",
        "cancelled": "dropped",
        "estimated": "refined",
        "authorise": "confirmed",
    },
    left_out={"template": "a template, not a task"},
    left_out_open={"chronicle": "ongoing time record, never meant to finish"},
    priority_scale=(1, 10),
    unit="h",
)
# The detailed reports of two time trackers: a row an entry. Which columns are there depends on what was chosen.
TOGGL = ColumnMapping(
    name="toggl",
    columns={
        "title": "Description",
        "project": "Project",
        "category": "Client",
        "tags": "Tags",
        "started": "Start date",
        "start_time": "Start time",
        "ended": "End date",
        "end_time": "End time",
        "actual": "Duration",
        "person": "User",
    },
)
CLOCKIFY = replace(
    TOGGL,
    name="clockify",
    columns={
        **TOGGL.columns,
        "started": "Start Date",
        "start_time": "Start Time",
        "ended": "End Date",
        "end_time": "End Time",
        "actual": "Duration (h)",
    },
)
# The tasks.csv of `orc export`.
OWN = ColumnMapping(
    name="orc",
    columns={
        "id": "id",
        "title": "title",
        "project": "project",
        "category": "category",
        "priority": "priority",
        "tags": "tags",
        "status": "status",
        "created": "created",
        "started": "started",
        "completed": "completed",
        "due": "due",
        "estimate": "estimate_hours",
        "actual": "actual_hours",
        "description": "description",
    },
    unit="h",
    own=True,
)
PRESETS: Mapping[str, ColumnMapping] = {preset.name: preset for preset in (SIP, TOGGL, CLOCKIFY, OWN)}
_NEEDED: Mapping[str, Sequence[str]] = {  # the targets by which a preset is known; without an entry, all of them
    TOGGL.name: ("title", "started", "start_time", "actual"),
    CLOCKIFY.name: ("title", "started", "start_time", "actual"),
}
_ALSO = {"End date": "Stop date", "End time": "Stop time", "User": "Member"}


def for_header(header: Sequence[str]) -> ColumnMapping:
    """Return the preset that a header belongs to, less the columns that it lacks, else what its names suggest."""
    there = set(header)
    for preset in PRESETS.values():
        needed = [preset.columns[target] for target in _NEEDED.get(preset.name, preset.columns)]
        if {*needed, *preset.tag_columns} <= there:
            found = {target: _spelled(column, there) for target, column in preset.columns.items()}
            columns = {target: column for target, column in found.items() if column in there}
            return preset if columns == preset.columns else replace(preset, columns=columns)
    return ColumnMapping(columns=_guess(header))


def _spelled(column: str, there: Collection[str]) -> str:
    """Return how a tool's other editions call a column, where only that is there."""
    other = _ALSO.get(column, column)
    return other if column not in there and other in there else column


def _guess(header: Sequence[str]) -> dict[str, str]:
    by_word: dict[str, str] = {}
    for column in header:
        by_word.setdefault(bare(column), column)
        by_word.setdefault(_WITH_UNIT.sub("", bare(column)), column)
    found: dict[str, str] = {}
    for target, words in TARGETS.items():
        there = [by_word[word] for word in words if word in by_word]
        if there and there[0] not in found.values():
            found[target] = there[0]
    return found


def names_unit(column: str) -> bool:
    """Return whether a column's name ends with a unit of time; an s alone is more likely a plural."""
    match = _WITH_UNIT.search(bare(column))
    return match is not None and match[1] != "s"


def unit_of(column: str) -> Unit:
    """Return the unit that a column's name ends with, hours by default."""
    match = _WITH_UNIT.search(bare(column))
    if match is None or match[1].startswith("h"):
        return "h"
    if match[1].startswith("m"):
        return "min"
    return "s" if match[1].startswith("sec") else "h"


def from_pairs(text: str) -> ColumnMapping:
    """Return the mapping that `title=Name,estimate=Est (h)` says; raises InvalidValue."""
    columns, tags = {}, []
    for pair in filter(None, map(str.strip, text.split(","))):
        target, equals, column = (part.strip() for part in pair.partition("="))
        target = target.removesuffix("_hours")  # estimate_hours and actual_hours, as frames call them
        if not equals or not column or target not in TARGETS:
            raise InvalidValue("--map", pair, f"TARGET=COLUMN, the target one of {', '.join(TARGETS)}")
        if target == "tags" and "tags" in columns:
            tags.append(column)
        else:
            columns[target] = column
    return ColumnMapping(columns=columns, tag_columns=tuple(tags))


def load(path: str) -> ColumnMapping:
    """Return the mapping in a TOML or JSON file, with ColumnMapping's keys; raises UnreadableFile or InvalidValue."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        told = tomllib.loads(text) if path.lower().endswith(".toml") else json.loads(text)
    except OSError as error:
        raise UnreadableFile(path, str(error.strerror).lower(), "Check its name.") from None
    except (ValueError, RecursionError) as error:  # what either parser, or the decoding, complains of
        raise UnreadableFile(path, f"it is no TOML or JSON ({error})", "Correct it.") from None
    if not isinstance(told, dict):
        raise UnreadableFile(path, "it is no table of settings", "Write it like columns = { title = 'Name' }.")
    return from_settings(told)


def from_settings(told: Mapping[str, Any]) -> ColumnMapping:
    """Return the mapping that plain settings describe, each checked; raises InvalidValue."""
    known = {option.name for option in fields(ColumnMapping)}
    if unknown := [name for name in told if name not in known]:
        raise InvalidValue("a mapping's setting", unknown[0], f"one of {', '.join(sorted(known))}")
    return ColumnMapping(**{name: _checked(name, value) for name, value in told.items()})


def _checked(name: str, value: Any) -> Any:
    expected = {
        "tag_columns": "a list of columns",
        "priority_scale": "the lowest and the highest number",
        "unit": "h, min or s",
        "name": "a word of whole characters",
        "date_format": "a format such as %d.%m.%Y",
        "done_after_days": "a number of days",
    }.get(name, "a table of words")
    words = isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value)
    table = isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
    fits = {
        "tag_columns": words,
        "priority_scale": _is_scale(value),
        "unit": value in get_args(Unit),
        "name": isinstance(value, str) and clean(value) == value,
        "date_format": isinstance(value, str) and _is_date_format(value),
        "done_after_days": type(value) is int and 0 <= value <= 36_500,
        "columns": table and value.keys() <= TARGETS.keys(),
        "statuses": table and set(value.values()) <= {str(one) for one in Status},
        "priorities": table and set(value.values()) <= {str(one) for one in Priority},
    }
    if not fits.get(name, table):
        raise InvalidValue(name, value, expected)
    if name in ("statuses", "priorities", "left_out", "left_out_open"):
        return {bare(word): ours for word, ours in value.items()}
    return tuple(value) if isinstance(value, list) else value


def _is_date_format(form: str) -> bool:
    """Return whether strptime takes a format: each directive known, and none twice."""
    try:
        datetime.strptime("", form)  # noqa: DTZ007 - nothing is read
    except (re.error, IndexError):
        return False
    except ValueError as error:
        return str(error).startswith("time data")
    return True


def _is_scale(value: Any) -> bool:
    numbers = isinstance(value, (list, tuple)) and len(value) == 2
    return numbers and all(isinstance(one, (int, float)) and one == one for one in value) and value[0] != value[1]
