"""What must hold for any file: it is imported and each of its records accounted for, or refused, and nothing changed.

- Nothing but an OrcError comes out, with a sentence, after at most 5 s of processor time and 1 GiB more of memory.
- Refused: the workbench is as it was before.
- Imported: each record is new, merged, there, changed, gone or left out, and the report adds up; a record that is new
  or left out is kept as it stood in the file; what the file plainly holds is in a row, a record or the report; every
  reference leads somewhere; a second import of the same file adds nothing.
- The long way, moreover: the log replayed from empty gives the tables, and the database's pages are whole.
"""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from orc_lab.cli.output import clean
from orc_lab.errors import OrcError
from orc_lab.importers import run
from orc_lab.importers.own import document
from orc_lab.importers.record import Options
from orc_lab.importers.report import Report
from orc_lab.importers.tables import mapping
from orc_lab.store.snapshot import HISTORY, TABLES
from orc_lab.workbench.bench import Workbench
from tests.importers.files import NOW as NOON
from tests.importers.files import accounted
from tests.importers.fuzz.held import Expected, marks
from tests.importers.fuzz.lab import Lab
from tests.importers.fuzz.subjects import Input, Subject
from tests.store import laws

NOW = NOON + 17  # of no record: one of that very second is newer than none only once
SECONDS = 5.0  # of processor time, for one input
# What is said of a header that may hold rows, and of files in an archive that are not meant.
_TOLD_AS_A_WHOLE = ("The name of a column runs over several lines", "Passed over in the zip")
_OUTCOMES = {"new", "merged", "there", "changed", "gone", "left out"}
_WITH_TEXT = """SELECT raw FROM imports
    UNION ALL SELECT title || ' ' || coalesce(description, '') || ' ' || coalesce(category, '') FROM todos
    UNION ALL SELECT title || ' ' || coalesce(description, '') FROM projects
    UNION ALL SELECT new FROM activities WHERE kind = 'note'"""


class Broken(Exception):
    """A law that did not hold."""


class Hang(BaseException):
    """An input took too long; no OrcError and no other exception, so that nobody on the way takes it for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an input: why it was refused, or how many records it held and how many of them were new."""

    refused: str | None = None
    records: int = 0
    new: int = 0


def check(lab: Lab, subject: Subject, given: Input, *, long: bool) -> Outcome:
    """Import an input; raises Broken, Hang, or what came out instead of an OrcError."""
    whole = _is_whole(given)
    with _timed(), lab.long(given.in_use) if long else lab.short(given.in_use, whole=whole) as wb:
        before = _contents(wb) if long else None
        changes = wb.db.conn.total_changes
        try:
            report = _bring(lab, wb, subject, given, NOW)
        except OrcError as error:
            _unchanged(wb, before, changes, lab, given)
            return Outcome(refused=_sentence(error))
        _told(report, wb, subject.expected(given.data), given)
        _again(lab, wb, subject, given)
        if long:
            _lawful(wb, given)
        return Outcome(records=report.records, new=report.new)


@contextmanager
def _timed() -> Iterator[None]:
    """Raise Hang once an input has taken too much of the processor."""

    def late(number: int, frame: FrameType | None) -> None:
        raise Hang(f"more than {SECONDS:g} s")

    signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _is_whole(given: Input) -> bool:
    """Return whether `orc import` takes an input for a whole workbench."""
    return given.format == document.NAME or (
        given.format is None and document.identify(given.data[:4096].decode("utf-8", "replace"))
    )


def _bring(lab: Lab, wb: Workbench, subject: Subject, given: Input, now: int) -> Report:
    """Import an input as `orc import` does."""
    if _is_whole(given):
        return document.bring(wb, given.data, name=given.name)
    said = mapping.load(str(lab.file(given.mapping, "mapping.json"))) if given.mapping is not None else None
    file = lab.file(given.data, given.name) if subject.as_path else given.data
    options = Options(person=given.person, mapping=said)
    return run.commit(wb, run.plan(wb, file, format=given.format, name=given.name, options=options, now=now))


def _sentence(error: OrcError) -> str:
    said = clean(str(error))
    said.encode()
    if not 20 < len(said) < 3000 or said.count(" ") < 4 or "Traceback" in said or "Errno" in said:
        raise Broken(f"no sentence: {said[:500]!r}")
    return said


def _unchanged(wb: Workbench, before: Any, changes: int, lab: Lab, given: Input) -> None:
    if wb.db.conn.total_changes == changes:
        return
    if before is None:  # something was written, and taken back
        with lab.long(given.in_use) as as_it_was:
            before = _contents(as_it_was)
        if given.in_use or given.format != document.NAME:
            before["change_tx"] = _contents(wb)["change_tx"]  # the transaction in which inputs are taken back
    after = _contents(wb)
    if different := [name for name, rows in before.items() if rows != after[name]]:
        raise Broken(f"refused, and yet changed: {', '.join(different)}")


def _contents(wb: Workbench) -> dict[str, list[tuple[Any, ...]]]:
    """Return all tables with the log."""
    return {name: wb.db.rows(f"SELECT * FROM {name} ORDER BY 1, 2") for name in (*TABLES, *HISTORY, "identity")}


def _told(report: Report, wb: Workbench, expected: Expected, given: Input) -> None:
    """Assert that a report adds up, that it can be written and that no record is missing."""
    if not accounted(report):
        raise Broken(f"it doesn't add up: {report.as_dict()}")
    said = "\n".join([json.dumps(report.as_dict(), ensure_ascii=False), *report.lines()])
    report.records_as_json().encode()
    report.records_as_csv().encode()
    if broken := wb.db.rows("PRAGMA foreign_key_check"):
        raise Broken(f"a reference leads nowhere: {broken[0]}")
    if report.format == document.NAME:
        _told_whole(report, wb, expected)
        return
    for fate in report.fates:
        if fate.outcome not in _OUTCOMES or (fate.outcome == "left out" and not fate.why):
            raise Broken(f"no fate: {fate}")
    passed = report.records - len(report.fates)
    kept = dict(wb.db.rows("SELECT external_id, raw FROM imports WHERE source = ?", (report.source,)))
    if lost := [one for one in report.fates if not kept.get(one.external_id)]:
        raise Broken(f"not kept: {lost[0]}")
    if given.person != "all" and passed:
        return
    if report.format == given.format and report.records < expected.records:
        raise Broken(f"{expected.records} records, and {report.records} told of")
    if any(sentence in said for sentence in _TOLD_AS_A_WHOLE):
        return
    if given.in_use:  # of what was known before the old record stays, and what it is now is told record by record
        return
    if missing := expected.marks - marks(said):
        found = marks(" ".join(text or "" for (text,) in wb.db.rows(_WITH_TEXT)))
        if report.format == given.format and (lost_marks := missing - found):
            raise Broken(f"lost: {', '.join(sorted(lost_marks))}")


def _told_whole(report: Report, wb: Workbench, expected: Expected) -> None:
    """Assert the same of a whole workbench, each row of which is a record."""
    if report.records != expected.records and expected.records:
        raise Broken(f"{expected.records} rows, and {report.records} told of")
    found = sum(count for table in TABLES for (count,) in wb.db.rows(f"SELECT count(*) FROM {table}"))
    if found < report.new:
        raise Broken(f"{report.new} new rows, and {found} in all")


def _again(lab: Lab, wb: Workbench, subject: Subject, given: Input) -> None:
    """Assert that a second import adds nothing."""
    changes = wb.db.conn.total_changes
    before = _contents(wb) if subject.format == document.NAME else None
    again = _bring(lab, wb, subject, given, NOW + 99)
    if (again.new, again.merged, again.changed, again.gone) != (0, 0, 0, 0) and not given.in_use:
        raise Broken(f"the second time: {again.as_dict()}")
    if not accounted(again):
        raise Broken(f"the second time it doesn't add up: {again.as_dict()}")
    if again.new or again.merged:
        raise Broken(f"the second time: {again.as_dict()}")
    if before is None and wb.db.conn.total_changes != changes:
        raise Broken("the second time something was written")
    if before is not None and before != _contents(wb):
        raise Broken("the second time something was changed")


def _lawful(wb: Workbench, given: Input) -> None:
    if wb.db.rows("PRAGMA integrity_check") != [("ok",)]:
        raise Broken("the database isn't whole")
    if given.subject != document.NAME or given.in_use:
        laws.hold(wb.db)
