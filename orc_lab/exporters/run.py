"""Export a workbench: which format, how much of it, to where."""

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from orc_lab.errors import InvalidValue, NotFound
from orc_lab.exporters.target import STANDARD_OUTPUT, Target, opened
from orc_lab.model.clock import Clock
from orc_lab.store.snapshot import Scope, Snapshot
from orc_lab.workbench.bench import Workbench

ENDINGS: Mapping[str, str] = {"json": ".json", "csv": ".csv", "parquet": ".parquet", "ics": ".ics", "markdown": ".md"}
_FOLDERS = ("csv", "parquet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was written: the files, and how many rows of each kind; `notes` say what is not in them."""

    format: str
    to: str
    files: Sequence[str]
    rows: Mapping[str, int]
    notes: Sequence[str] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """What is to be written, all of it decided."""

    format: str
    to: str
    folder: bool
    scope: Scope
    clock: Clock
    now: int


def export(
    wb: Workbench,
    format: str | None = None,
    to: str | os.PathLike[str] | None = None,
    *,
    project: str | None = None,
    since: date | None = None,
    force: bool = False,
    now: int | None = None,
) -> Report:
    """Write a workbench as it stands to files of a format, and return what was written.

    `format` is json (everything, to be imported again), csv, parquet, ics or markdown; without one, the ending of `to`
    tells it, else it is json. `to` is a file, for csv and parquet a folder, or `-` for standard output; `x.csv` and
    csv on standard output are the table of tasks alone. `project` (an id) keeps what belongs to it, `since` what is
    open or was touched on that day or later; json is always whole. Files that are there are overwritten only with
    `force`. Raises InvalidValue, NotFound, OutputExists, NotWritable or DiskFull; then nothing was written.
    """
    order = _order(wb, format, None if to is None else os.fspath(to), project, since, now)
    with closing(Snapshot.of(wb.db.file)) as snapshot:
        if project is not None and not snapshot.count("projects", Scope(project_id=project)):
            raise NotFound("project", project)
        with opened(order.to, folder=order.folder, force=force) as target:
            rows = _write(snapshot, target, order)
        notes = _notes(snapshot)
    return Report(format=order.format, to=order.to, files=[*map(str, target.files)], rows=rows, notes=notes)


def _order(
    wb: Workbench, format: str | None, to: str | None, project: str | None, since: date | None, now: int | None
) -> _Order:
    format = format or _told_by(to)
    if format not in ENDINGS:
        raise InvalidValue("--format", format, "one of " + ", ".join(ENDINGS))
    if format == "json" and (project is not None or since is not None):
        raise InvalidValue("--format", "json", "another format beside --project or --since: json is always whole")
    clock, now = wb.clock(), int(time.time()) if now is None else now
    to = _to(wb, format, to, clock.day(now))
    day = "" if since is None else since.isoformat()
    return _Order(
        format=format,
        to=to,
        folder=format in _FOLDERS and to != STANDARD_OUTPUT and not (format == "csv" and to.lower().endswith(".csv")),
        scope=Scope(project_id=project, since=None if since is None else clock.start_of(since), day=day),
        clock=clock,
        now=now,
    )


def _told_by(to: str | None) -> str:
    ending = os.path.splitext(to or "")[1].lower()
    return next((format for format, usual in ENDINGS.items() if ending == usual), "json")


def _to(wb: Workbench, format: str, to: str | None, day: date) -> str:
    """Return where to write: as told, or under the day's name in the folder we are in."""
    if to == "":
        raise InvalidValue("--to", "", "a file or folder, or - for standard output")
    if to == STANDARD_OUTPUT:
        if format == "parquet":
            raise InvalidValue("--to", to, "a folder: parquet is several files")
        return to
    usual = f"orc-{day}" + (f"-{format}" if format in _FOLDERS else ENDINGS[format])
    if to is None:
        return usual
    if format not in _FOLDERS and (os.path.isdir(to) or to.endswith(os.sep)):
        to = os.path.join(to, usual)
    if any(_same(to, wb.db.file + ending) for ending in ("", "-wal", "-shm")):
        raise InvalidValue("--to", to, "another file than the database itself")
    return to


def _same(path: str, other: str) -> bool:
    if os.path.exists(path) and os.path.exists(other):
        return os.path.samefile(path, other)
    return os.path.realpath(path) == os.path.realpath(other)


def _write(snapshot: Snapshot, target: Target, order: _Order) -> Mapping[str, int]:
    # Each format loads with its first use: parquet needs DuckDB, which takes a tenth of a second.
    if order.format == "parquet":
        from orc_lab.exporters import parquet

        return parquet.write(snapshot, target, order.scope)
    if order.format == "csv":
        from orc_lab.exporters import tables_csv

        if order.folder:
            return tables_csv.write(snapshot, target, order.scope, order.clock)
        return {"tasks": tables_csv.write_tasks(snapshot, target, order.scope, order.clock)}
    with target.text(f"orc{ENDINGS[order.format]}") as out:
        if order.format == "ics":
            from orc_lab.exporters import ical

            return ical.write(snapshot, out, order.scope)
        if order.format == "markdown":
            from orc_lab.exporters import summary

            return summary.write(snapshot, out, order.scope, order.clock, order.now)
        from orc_lab.exporters import orc_json

        return orc_json.write(snapshot, out, order.now)


def _notes(snapshot: Snapshot) -> list[str]:
    if not snapshot.withheld:
        return []
    return [f"{snapshot.withheld} of your settings look like a secret (by their name) and were left out."]
