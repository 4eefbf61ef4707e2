"""import: bring a history from a file, looked at before anything is written."""

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from orc_lab.charts.files import check_place, write_atomically
from orc_lab.cli.output import clean, note, say, show_json, where
from orc_lab.cli.place import editing, reading
from orc_lab.errors import InvalidValue, NeedsChoice
from orc_lab.importers import run
from orc_lab.importers.creation import export as creation_store
from orc_lab.importers.decide import Plan, Progress
from orc_lab.importers.own import document as orc_json
from orc_lab.importers.reading import source
from orc_lab.importers.record import Options
from orc_lab.importers.report import Report
from orc_lab.importers.tables import mapping
from orc_lab.model.entities import Status, Todo
from orc_lab.workbench.bench import Workbench

if TYPE_CHECKING:
    from tqdm import tqdm

    from orc_lab.cli.calibration import Calibration

LEAST = 40  # finished and estimated todos, to look at how the estimates ran
_ASKED = ("--person", "--origin")  # what a person at a terminal is asked
HOW = f"""The old web app's data (creation-store) gets out of a browser like this:

  Firefox       name its profile, or the folder with all of them; only a copy is read:
                    orc import ~/.mozilla/firefox                             (Linux)
                    orc import ~/Library/Application\\ Support/Firefox         (macOS)
                    orc import %APPDATA%\\Mozilla\\Firefox                    (Windows)
  any browser   open the old app, then the browser's console (F12, or Ctrl+Shift+J), and paste this line there; Chrome
                asks you to type `allow pasting` first. It downloads creation-store.json; import that.

{creation_store.SNIPPET}

                Or copy(localStorage.getItem('creation-store')) there, and paste into `orc import -`.
"""


def do_import(args: Namespace) -> int:
    """Bring a history from a file, or from standard input as `-`; its format is recognised by its content.

    creation-store          the old web app: its export, a paste of it, or a Firefox profile; see below
    super-productivity      a backup (Export Data)
    taskwarrior             what `task export` writes
    timewarrior             what `timew export` writes; best after the tasks
    todoist                 a backup (zip), a project as CSV, or an answer of the API as JSON
    org                     an org-mode file, as it is
    task-csv                any table of tasks, or of time worked (Toggl, Clockify). What its columns mean is told by
                            their names, by --map title=Name,estimate='Est (h)',completed=Closed, or by a TOML or JSON
                            file. Where it holds several persons' tasks, --person picks one, or all.
    orc                     what `orc export` wrote: all of it as it was where nothing stands yet, else merged by ids

    A zip is read as it is. --dry-run only tells what it would bring. Importing the same file again brings only what is
    new in it, and `orc undo` takes an import back as a whole. The documentation (docs/import.md) tells how to get each
    out of the other tool, and what does not survive.
    """
    if args.file is None:
        return _without_file(args)
    if args.report and all(map(os.path.exists, (args.report, args.file))) and os.path.samefile(args.report, args.file):
        raise InvalidValue("--report", args.report, "another file than the one to import")
    opened = reading if args.dry_run else editing
    with opened(args) as wb:
        report = _whole(wb, args) or _imported(wb, args)
        known = _calibrated(wb) if report.committed and report.new else None
        if args.json:
            show_json(report.as_dict() | ({"calibration": known.as_dict()} if known else {}))
            return 0
        told = replace(report, kept=where(report.kept)) if report.kept else report
        for line in [*told.lines(), *(known.lines() if known else [])]:
            say(line)
        if args.report:
            say(f"Record by record: {where(args.report)}")
    return 0


def _without_file(args: Namespace) -> int:
    """Tell how to get the old app's data out of the browser, or that a file must be named."""
    if args.format == creation_store.NAME:
        say(HOW)
    else:
        note("orc: Name the file to import, or - for standard input. `orc import --help` lists the formats.")
    return 2


def _write_records(report: Report, path: str) -> None:
    """Write each record with what became of it, as JSON or CSV by the ending of the file's name."""
    as_json = path.lower().endswith(".json")
    write_atomically(Path(path), report.records_as_json() if as_json else report.records_as_csv())


def _calibrated(wb: Workbench) -> "Calibration | None":
    """Return how the person's own estimates ran, where enough were made and finished to tell."""
    if wb.count(Todo, status=Status.DONE, estimated_hours__gt=0, actual_hours__gt=0) < LEAST:
        return None
    from orc_lab.cli.calibration import calibrated

    return calibrated(wb)


def args_import(parser: ArgumentParser) -> None:
    """Declare the options of `orc import`."""
    parser.add_argument("file", metavar="FILE", nargs="?", help="a file, a Firefox profile, or - for standard input")
    parser.add_argument("--from", dest="format", metavar="FORMAT", help="one of those above (default: recognised)")
    parser.add_argument("--person", metavar="P", help="whose tasks, where a file holds several persons'; or all")
    parser.add_argument("--map", metavar="MAPPING", help=f"TARGET=COLUMN,… or a file; {', '.join(mapping.TARGETS)}")
    parser.add_argument("--source", metavar="NAME", help="know these records by this name, apart from another file's")
    parser.add_argument("--origin", metavar="ADDRESS", help="whose storage, where a browser's profile holds several")
    parser.add_argument("--report", metavar="OUT", help="write what became of each record there, as CSV or .json")
    parser.add_argument("--dry-run", action="store_true", help="tell what it would bring, and write nothing")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.epilog = HOW


def _whole(wb: Workbench, args: Namespace) -> Report | None:
    """Import what `orc export` wrote; None where the file is nothing of that kind."""
    given = _given(args)
    if args.format != orc_json.NAME and (args.format is not None or not orc_json.is_one(wb, given)):
        return None
    name = "standard input" if args.file == "-" else None
    if args.report:  # before anything is written: where this can't be, nothing shall have been changed
        check_place(Path(args.report))
    with _progress("read", "B") as progress:
        report = orc_json.bring(wb, given, dry_run=args.dry_run, name=name, progress=progress)
    if args.report:
        _write_records(report, args.report)
    return report


def _imported(wb: Workbench, args: Namespace) -> Report:
    with _progress("read", " records") as progress:
        plan = _planned(wb, args, progress)
    if args.report:  # before anything is written: where this can't be, nothing shall have been changed
        _write_records(plan.report, args.report)
    if args.dry_run:
        return plan.report
    with _progress("written", " rows") as progress:
        report = run.commit(wb, plan, progress)
    if args.report and report.fates is not plan.report.fates:  # another edit came between, and it was decided again
        _write_records(report, args.report)
    return report


def _given(args: Namespace) -> str | bytes:
    """Return the file's name, or what comes on standard input, read once."""
    if args.file != "-":
        return str(args.file)
    if "pasted" not in args:
        if sys.stdin is not None and sys.stdin.isatty():
            note("Paste the export, then press Ctrl-D.")
        args.pasted = source.standard_input()
    return bytes(args.pasted)


def _planned(wb: Workbench, args: Namespace, progress: Progress | None) -> Plan:
    """Return the plan; where the person must choose and sits at a terminal, ask."""
    options = Options(person=args.person, mapping=mapping_of(args.map), source=args.source, origin=args.origin)
    given = _given(args)
    name = "standard input" if args.file == "-" else None
    planned = partial(run.plan, wb, given, format=args.format, name=name, progress=progress)
    try:
        return planned(options=options)
    except NeedsChoice as choice:
        if not sys.stdin.isatty() or choice.option not in _ASKED:
            raise
        answer = _asked(choice)
        if choice.option == "--origin":
            return planned(options=replace(options, origin=answer))
        return planned(options=replace(options, person=answer))


def mapping_of(told: str | None) -> mapping.ColumnMapping | None:
    """Return what --map says, in words or in a file; None where it says nothing. Raises as reading it does."""
    if not told:
        return None
    return mapping.from_pairs(told) if "=" in told else mapping.load(told)


def _asked(choice: NeedsChoice) -> str:
    """Ask on standard error, so that the output stays clean; no answer raises the choice again."""
    lines = [clean(choice.what), *(f"  {clean(one)}" for one in choice.choices)]  # unnumbered: names may be numbers
    print("\n".join(lines), f"Which ({choice.option})? ", sep="\n", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline().strip()
    if not answer:
        raise choice
    return answer


@contextmanager
def _progress(what: str, unit: str) -> Iterator[Progress | None]:
    """Give what draws a bar on standard error where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    with tqdm(desc=what, unit=unit, unit_scale=unit == "B", leave=False, file=sys.stderr) as bar:
        yield lambda done, of: _moved(bar, done, of)


def _moved(bar: "tqdm", done: int, of: int) -> None:
    bar.total = of
    bar.update(done - bar.n)
