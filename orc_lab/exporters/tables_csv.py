"""A CSV a table, and `tasks.csv` in the columns that the importer of tasks and the backtest read.

Columns are the database's; an instant has two, in the person's zone and in UTC. A text that a spreadsheet would run as
a formula, or that begins with the mark itself, has a `'` before it; the importer takes it off again.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any, TextIO

from orc_lab.exporters.target import Target
from orc_lab.exporters.words import guarded, local, tags, utc
from orc_lab.model.change import Value
from orc_lab.model.clock import Clock
from orc_lab.store.snapshot import TABLES, Row, Scope, Snapshot

TASKS = (
    "id", "title", "project", "category", "priority", "tags", "status", "created", "started", "completed", "due",
    "estimate_hours", "actual_hours", "description",
)  # fmt: skip
CHANGES = ("seq", "made_at", "made_at_utc", "at", "at_utc", "tx", "origin", "table", "id", "op", "field", "old", "new")
_INSTANTS = {"valid_from", "as_of", "last_ai_update", "snoozed_at"}


def write(snapshot: Snapshot, target: Target, scope: Scope, clock: Clock) -> dict[str, int]:
    """Write all files; return how many rows each has."""
    counts = {"tasks": write_tasks(snapshot, target, scope, clock)}
    for table in TABLES:
        names = snapshot.columns(table)
        with target.text(f"{table}.csv") as out:
            rows = (_cells(names, row, clock) for row in snapshot.rows(table, scope))
            counts[table] = _written(out, _headers(names), rows)
    with target.text("changes.csv") as out:
        counts["changes"] = _written(out, CHANGES, _changes(snapshot, scope, clock))
    names = snapshot.columns("change_tx")
    with target.text("edits.csv") as out:
        edits = (_cells(names, row, clock) for row in snapshot.rows("change_tx"))
        counts["edits"] = _written(out, _headers(names), edits)
    return counts


def write_tasks(snapshot: Snapshot, target: Target, scope: Scope, clock: Clock) -> int:
    """Write tasks.csv; return how many rows it has."""
    with target.text("tasks.csv") as out:
        return _written(out, TASKS, _tasks(snapshot, scope, clock))


def _written(out: TextIO, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(headers)
    counted = count()
    writer.writerows(row for row, _ in zip(rows, counted, strict=False))
    return next(counted)


def is_instant(name: str) -> bool:
    """Return whether a column holds seconds UTC."""
    return name.endswith("_at") or name in _INSTANTS or name == "at"


def _headers(names: Iterable[str]) -> list[str]:
    return [header for name in names for header in ((name, f"{name}_utc") if is_instant(name) else (name,))]


def _cells(names: Sequence[str], row: Row, clock: Clock) -> list[str]:
    cells: list[str] = []
    for name, value in zip(names, row, strict=True):
        cells += _moment(value, clock) if is_instant(name) else (guarded(value),)
    return cells


def _moment(value: Value, clock: Clock) -> tuple[str, str]:
    """Return an instant in the person's zone and in UTC; one outside the years that have a date as its seconds."""
    if not isinstance(value, int):
        return ("", "")
    return (local(value, clock) or str(value), utc(value) or str(value))


def _tasks(snapshot: Snapshot, scope: Scope, clock: Clock) -> Iterator[list[str]]:
    names = snapshot.columns("todos")
    projects = titles(snapshot, "projects")
    for values in snapshot.rows("todos", scope):
        todo: Mapping[str, Any] = dict(zip(names, values, strict=True))
        done = todo["completed_at"] if todo["status"] == "done" else None
        frozen, later = todo["original_estimate_hours"], todo["estimated_hours"]
        times = (_moment(todo[name], clock)[0] for name in ("created_at", "started_at"))
        yield [
            guarded(todo["id"]),
            guarded(todo["title"]),
            guarded(projects.get(todo["project_id"])),
            guarded(todo["category"]),
            todo["priority"],
            guarded(", ".join(map(_quoted, tags(todo["tags"])))),
            todo["status"],
            *times,
            _moment(done, clock)[0],
            guarded(todo["due_date"]),
            guarded(later if frozen is None else frozen),
            guarded(todo["actual_hours"]),
            guarded(todo["description"]),
        ]


def _quoted(tag: str) -> str:
    """Return a tag as a list of tags holds it: in quotes where it would be taken for several."""
    return '"' + tag.replace('"', '""') + '"' if set(tag) & set(',;"') else tag


def titles(snapshot: Snapshot, table: str) -> dict[Value, Value]:
    """Return the titles of all rows of a table, by id."""
    names = snapshot.columns(table)
    id, title = names.index("id"), names.index("title")
    return {row[id]: row[title] for row in snapshot.rows(table)}


def _changes(snapshot: Snapshot, scope: Scope, clock: Clock) -> Iterator[Sequence[str]]:
    """Yield a row for each cell that a change set, and one without a field for a change that set none."""
    for change in snapshot.changes(scope):
        made, at = _moment(change.hlc // 1_000_000, clock), _moment(change.effective, clock)
        of = (guarded(change.tx), guarded(change.origin), change.table, guarded(change.id), change.op)
        head = (str(change.seq), *made, *at, *of)
        for field, old, new in change.cells or [("", None, None)]:
            yield (*head, field, guarded(old), guarded(new))
