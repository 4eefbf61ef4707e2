"""Histories for the backtest lab: a person's own database, or a CSV read as `orc import` reads one."""

import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pandas as pd

from orc_lab.cli import odd_rows
from orc_lab.errors import InvalidValue, NeedsChoice, UnreadableFile
from orc_lab.importers.reading.source import Source, open_source
from orc_lab.importers.record import Context, Options, Parsed
from orc_lab.importers.tables import table as csv_table
from orc_lab.importers.tables import tasks as task_csv
from orc_lab.importers.tables.mapping import ColumnMapping, for_header
from orc_lab.mirror.features import TASKS, Frames
from orc_lab.model.clock import Clock
from orc_lab.model.entities import Priority, Todo

ONESELF = ""
_NO_HISTORY = "Name a table of tasks, or say which column it is with --map completed=COLUMN."


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Histories:
    """Tasks by person, with the columns of `agents.backtest.history`; where they come from, and up to when they reach.

    `notes` say what was assumed of a file or left out.
    """

    source: str
    tasks: Mapping[str, pd.DataFrame]
    until: datetime | None
    notes: Sequence[str] = ()


def of_frames(frames: Frames, sample: bool) -> Histories:
    """The history in one's own database, or the sample life."""
    source = "the sample life" if sample else "your own history"
    return Histories(source=source, tasks={ONESELF: frames.tasks}, until=frames.now)


def of_csv(
    given: str,
    *,
    mapping: ColumnMapping | None = None,
    where: Mapping[str, str] | None = None,
    person: str | None = None,
) -> Histories:
    """The histories in a CSV: everybody's, or that of one person; `where` keeps the rows with these values.

    Dates, numbers, statuses and persons are read by the importer of `task-csv`, in UTC; days become instants of them.
    Raises UnreadableFile (also for one that says nothing of completions), InvalidValue for a column that isn't there,
    NeedsChoice for a person who isn't.
    """
    source = open_source(given)
    header = csv_table.table(source.text()[0], source.name).header
    known = mapping.over(for_header(header)) if mapping is not None else for_header(header)
    if "completed" not in known.columns:
        raise UnreadableFile(source.name, "none of its columns says when tasks were completed", _NO_HISTORY)
    titled = "title" in known.columns
    if not titled:  # the importer wants one, a forecast doesn't
        known = replace(known, columns={**known.columns, "title": known.columns.get("id", header[0])})
    conditions = _checked(where or {}, header)
    clock = Clock()
    options = Options(person=task_csv.EVERYBODY, mapping=known)
    reading = task_csv.read(source, Context(clock=clock, user_id="", now=int(time.time()), options=options))
    column, records = known.columns.get("person"), list(reading.records)
    rows = [
        _row(parsed, json.loads(parsed.raw), column, clock, titled)
        for parsed in records
        if parsed.kind is Todo and parsed.left_out is None and _fits(json.loads(parsed.raw), conditions)
    ]
    todos = [parsed for parsed in records if parsed.kind is Todo]
    notes = [*reading.notes, *odd_rows.told(source.text()[0], header, todos)]
    return Histories(source=_told(source, conditions), tasks=_by_person(rows, person), until=None, notes=notes)


def conditions(told: Iterable[str]) -> dict[str, str]:
    """Return what `column=value` words say; raises InvalidValue."""
    found = {}
    for word in told:
        column, equals, value = (part.strip() for part in word.partition("="))
        if not equals or not column:
            raise InvalidValue("--where", word, "COLUMN=VALUE")
        found[column] = value
    return found


def _checked(where: Mapping[str, str], header: Sequence[str]) -> Mapping[str, str]:
    if unknown := [column for column in where if column not in header]:
        raise InvalidValue("--where", unknown[0], f"one of {', '.join(header)}")
    return where


def _fits(raw: Any, where: Mapping[str, str]) -> bool:
    return isinstance(raw, dict) and all(str(raw.get(column, "")).strip() == value for column, value in where.items())


def _told(source: Source, where: Mapping[str, str]) -> str:
    kept = " and ".join(f"{column} = {value}" for column, value in where.items())
    return f"{source.name} where {kept}" if kept else source.name


def _row(parsed: Parsed, raw: Mapping[str, str], person: str | None, clock: Clock, titled: bool) -> dict[str, Any]:
    """A record's last state as a row of `mirror.features.TASKS`, with the person's name."""
    last = dict(parsed.values)
    for step in parsed.steps:
        last |= step.values
    whose = (raw.get(person, "").strip() or task_csv.NOBODY) if person else ONESELF
    project = parsed.links.get("project_id")
    return {
        "person": whose,
        "id": parsed.external_id,
        "title": last["title"] if titled else None,
        "project_id": project,
        "project": project and project.removeprefix("project:"),
        "category": last.get("category"),
        "priority": str(last.get("priority", Priority.MEDIUM)),
        "tags": " ".join(tag for tag in last.get("tags", ()) if not tag.startswith("person:")),
        "status": str(last["status"]),
        "created": clock.local(last["created_at"]),
        "started": _local(last.get("started_at"), clock),
        "completed": _local(last.get("completed_at"), clock),
        "dropped": clock.local(last["updated_at"]) if last["status"] == "dropped" else None,
        "due": last.get("due_date"),
        "estimate_hours": last.get("original_estimate_hours", last.get("estimated_hours")),
        "actual_hours": last.get("adjusted_hours"),
        "snoozed": None,
        "blocked": False,
    }


def _local(instant: int | None, clock: Clock) -> datetime | None:
    return None if instant is None else clock.local(instant)


def _by_person(rows: Sequence[Mapping[str, Any]], wanted: str | None) -> dict[str, pd.DataFrame]:
    """A table for each person, the one with the most tasks first."""
    counts = Counter(row["person"] for row in rows)
    if wanted not in (None, task_csv.EVERYBODY, *counts):
        shown = [f"{person} ({count:,})" for person, count in counts.most_common()]
        raise NeedsChoice(f"Nobody in it is called {wanted!r}.", "--person", [*shown, task_csv.EVERYBODY])
    persons = [person for person, _ in counts.most_common() if wanted in (None, task_csv.EVERYBODY, person)]
    table = pd.DataFrame(rows, columns=["person", *TASKS])
    return {person: table[table["person"] == person][list(TASKS)].astype(dict(TASKS)) for person in persons}
