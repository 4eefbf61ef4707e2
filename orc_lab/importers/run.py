"""Import a file: identify its format, preview what it brings, then commit it in one transaction."""

import gc
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from orc_lab.errors import InvalidValue, UnreadableFile, of_system
from orc_lab.importers import creation_store, task_csv
from orc_lab.importers.decide import Plan, decide
from orc_lab.importers.record import Context, Format, Options
from orc_lab.importers.report import Report
from orc_lab.importers.source import Source, open_source
from orc_lab.importers.write import Progress, write
from orc_lab.store import change_log
from orc_lab.workbench.bench import Workbench

FORMATS: Sequence[Format] = (creation_store, task_csv)
LARGEST_KEPT = 50 * 1024 * 1024


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
) -> Plan:
    """Return what an import of a file, of standard input (`-`) or of bytes would bring; nothing is written.

    Days are those of the person's zone as it is now. Raises UnreadableFile for what can't be read or is in no format
    that is known, NeedsChoice where the person must say more, InvalidValue for an option that doesn't fit.
    """
    source = open_source(given, name=name)
    with _uncollected():
        return _plan(wb, source, format, options, now)


def _plan(wb: Workbench, source: Source, format: str | None, options: Options | None, now: int | None) -> Plan:
    reader = _named(format) if format is not None else identify(source)
    now = int(time.time()) if now is None else now
    context = Context(clock=wb.clock(), user_id=wb.user_id, now=now, options=options or Options())
    reading = reader.read(source, context)
    kept = source.data if reading.kept is None else reading.kept
    return decide(wb.db, reading, context, name=source.name, format=reader.NAME, kept=kept)


def commit(wb: Workbench, plan: Plan, progress: Progress | None = None) -> Report:
    """Do what a plan says, in one transaction, and return the report; a plan with nothing new writes nothing.

    The file is kept beside the database, in `imports/`, unless it is larger than 50 MB. What another process has
    changed since the plan was made is respected. `progress(done, total)` is called as rows are written. Raises
    NotWritable, DiskFull or DatabaseLocked, and then nothing was changed.
    """
    if not (plan.records or plan.reconsidered):
        return replace(plan.report, committed=True)
    kept = None
    with _uncollected(), suppress(_NothingNew), wb.edit(f"import {plan.reading.source}", origin="import") as tx:
        plan = _current(wb, plan)
        if not (plan.records or plan.reconsidered):
            raise _NothingNew  # another import was faster: takes the edit back, which would be an empty one
        write(wb.db, tx, plan, progress)
        kept = _keep(wb, plan)
    return replace(plan.report, committed=True, kept=kept)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let the garbage collector rest: among a million small objects that all live on, it costs a third of the time."""
    resting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if resting:
            gc.enable()


def identify(source: Source) -> Format:
    """Return the format that a file is most likely in; raises UnreadableFile where it is in none."""
    head = source.head()
    sure, best = max(((one.identify(head, source.name), one) for one in FORMATS), key=lambda pair: pair[0])
    if sure > 0:
        return best
    names = ", ".join(one.NAME for one in FORMATS)
    raise UnreadableFile(
        source.name, f"it looks like none of the formats that orc knows ({names})", "Name its format with --from."
    )


def _named(format: str) -> Format:
    for one in FORMATS:
        if format == one.NAME:
            return one
    raise InvalidValue("--from", format, "one of " + ", ".join(one.NAME for one in FORMATS))


def _current(wb: Workbench, plan: Plan) -> Plan:
    """Return the plan as it would be decided now: another edit may have come between."""
    if change_log.head(wb.db) == plan.head:
        return plan
    return decide(wb.db, plan.reading, plan.context, name=plan.name, format=plan.format, kept=plan.kept)


def _keep(wb: Workbench, plan: Plan) -> str | None:
    """Keep the file as a fallback beside the database, under the day and its name; a copy that is there is enough."""
    if len(plan.kept) > LARGEST_KEPT:
        return None
    folder = Path(wb.db.path).absolute().parent / "imports"
    day = plan.context.clock.day(plan.context.now)
    stem, ending = os.path.splitext(re.sub(r"[^\w.-]+", "-", Path(plan.name).name).strip("-.")[-80:] or "import")
    try:
        folder.mkdir(exist_ok=True)
        for again in range(1, 1000):
            path = folder / f"{day}-{stem}{f'-{again}' if again > 1 else ''}{ending}"
            if not path.exists():
                beside = path.with_name(path.name + ".part")
                beside.write_bytes(plan.kept)
                beside.replace(path)
                return str(path)
            if path.read_bytes() == plan.kept:
                return str(path)
    except OSError as error:
        raise of_system(error) from None
    return None
