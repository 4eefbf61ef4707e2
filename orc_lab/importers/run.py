"""Import a file: identify its format, preview what it brings, then commit it in one transaction."""

import os
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from orc_lab.backup import keep
from orc_lab.backup.places import is_ours
from orc_lab.errors import InvalidValue, UnreadableFile
from orc_lab.importers import kept
from orc_lab.importers.creation import export as creation_store
from orc_lab.importers.creation import firefox
from orc_lab.importers.decide import Plan, Progress, decide
from orc_lab.importers.org import files as org
from orc_lab.importers.own import document as orc_json
from orc_lab.importers.reading.source import Source, open_source
from orc_lab.importers.reading.zipped import unpacked
from orc_lab.importers.record import Context, Format, Options
from orc_lab.importers.report import Report
from orc_lab.importers.super_productivity import backup as super_productivity
from orc_lab.importers.tables import tasks as task_csv
from orc_lab.importers.taskwarrior import export as taskwarrior
from orc_lab.importers.taskwarrior import timewarrior
from orc_lab.importers.todoist import export as todoist
from orc_lab.importers.write import write
from orc_lab.model.batched import batched
from orc_lab.model.entities import Todo
from orc_lab.store import change_log, repository
from orc_lab.store.uncollected import uncollected
from orc_lab.workbench.bench import Workbench

FORMATS: Sequence[Format] = (
    creation_store,
    super_productivity,
    taskwarrior,
    timewarrior,
    todoist,
    org,
    task_csv,
)
NAMES = (orc_json.NAME, *(one.NAME for one in FORMATS))  # of all that can be imported


class _NothingNew(Exception):
    """What was planned is there by now."""


def plan(
    wb: Workbench,
    given: str | os.PathLike[str] | bytes,
    *,
    format: str | None = None,
    options: Options | None = None,
    name: str | None = None,
    now: int | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Return what an import of a file, of standard input (`-`) or of bytes would bring; nothing is written.

    A folder, or an SQLite file, is looked at as a Firefox profile with the old app's storage. Days are those of the
    person's zone as it is now. `progress(done, total)` is called as records are read. Raises UnreadableFile for what
    can't be read or is in no format that is known, NeedsChoice where the person must say more, InvalidValue for an
    option that doesn't fit.
    """
    options = options or Options()
    source = _opened(wb, given, format, name, options)
    reader = _named(format) if format is not None else identify(source)
    now = int(time.time()) if now is None else now
    titled = partial(_titled, wb)
    context = Context(clock=wb.clock(), user_id=wb.user_id, now=now, options=options, titled=titled)
    with uncollected():
        return _plan(wb, source, reader, context, progress)


def _plan(wb: Workbench, source: Source, reader: Format, context: Context, progress: Progress | None) -> Plan:
    reading = reader.read(source, context)
    return decide(wb.db, reading, context, source=source, format=reader.NAME, progress=progress)


def _titled(wb: Workbench, titles: Collection[str]) -> list[Todo]:
    """Return the person's todos that have one of the titles."""
    found = list[Todo]()
    for some in batched(titles, 500):
        found += repository.find(wb.db, Todo, {"title": some})
    return found


def _opened(
    wb: Workbench, given: str | os.PathLike[str] | bytes, format: str | None, name: str | None, options: Options
) -> Source:
    if isinstance(given, bytes) or given == "-":
        return unpacked(open_source(given, name=name))
    _check_foreign(wb, os.fspath(given))
    if format in (None, creation_store.NAME) and firefox.may_hold(given):
        _check_whole(os.fspath(given))
        return firefox.open_storage(given, options.origin)
    return unpacked(open_source(given, name=name))


def _check_foreign(wb: Workbench, path: str) -> None:
    """Raise UnreadableFile for the open database itself: to open and close it once more would drop its locks."""
    for ending in ("", "-wal", "-shm"):
        with suppress(OSError, ValueError):
            if os.path.samefile(path, wb.db.file + ending):
                raise UnreadableFile(path, "it is the database to import into", "Name the file that is to go in.")


def _check_whole(path: str) -> None:
    """Raise UnreadableFile for a database of orc's: it is no file of records."""
    if os.path.isfile(path) and is_ours(path):
        step = (
            "`orc restore PATH` puts it in the place of yours; to have both, `orc --db PATH export`, and import that."
        )
        raise UnreadableFile(path, "it is a database of orc, or a backup of one", step)


def commit(wb: Workbench, plan: Plan, progress: Progress | None = None) -> Report:
    """Do what a plan says, in one transaction, and return the report; a plan with nothing new writes nothing.

    Before it, the database is backed up, unless nothing is in it yet. The file is kept beside the database, in
    `imports/`, unless it is larger than 50 MB. What another process has changed since the plan was made is respected.
    `progress(done, total)` is called as rows are written. Raises NoRoomForBackup, NotWritable, DiskFull or
    DatabaseLocked, and then nothing was changed.
    """
    if not (plan.records or plan.reconsidered):
        return replace(plan.report, committed=True)
    copy = None
    keep.before_import(wb.db)
    with uncollected(), suppress(_NothingNew), wb.edit(f"import {plan.known_as}", origin="import") as tx:
        plan = _current(wb, plan)
        if not (plan.records or plan.reconsidered):
            raise _NothingNew  # another import was faster: takes the edit back, which would be an empty one
        write(wb.db, tx, plan, progress)
        copy = _keep(wb, plan)
    large = copy is None and len(plan.kept) > kept.LARGEST
    notes = (*plan.report.notes, kept.NOT_KEPT) if large else plan.report.notes
    return replace(plan.report, committed=True, kept=copy, notes=notes)


def identify(source: Source) -> Format:
    """Return the format that a file is most likely in; raises UnreadableFile where it is in none."""
    heads = [(file.head(), file.name) for file in source.parts or (source,)]
    if any(orc_json.identify(head) for head, _ in heads):
        raise UnreadableFile(source.name, "it is an export of orc, packed", "Unpack it, and import the file in it.")
    sure, best = max(((one.identify(*head), one) for one in FORMATS for head in heads), key=lambda pair: pair[0])
    if sure > 0:
        return best
    why = f"it looks like none of the formats that orc knows ({', '.join(NAMES)})"
    raise UnreadableFile(source.name, why, "Name its format with --from.")


def _named(format: str) -> Format:
    for one in FORMATS:
        if format == one.NAME:
            return one
    raise InvalidValue("--from", format, "one of " + ", ".join(NAMES))


def _current(wb: Workbench, plan: Plan) -> Plan:
    """Return the plan as it would be decided now: another edit may have come between."""
    if change_log.head(wb.db) == plan.head:
        return plan
    return _plan(wb, plan.source, _named(plan.format), plan.context, None)


def _keep(wb: Workbench, plan: Plan) -> str | None:
    """Keep the file as a fallback beside the database, and return where."""
    name, clock = plan.source.kept_as or plan.source.name, plan.context.clock
    return kept.keep(wb.db, name, plan.kept, clock.day(plan.context.now))
