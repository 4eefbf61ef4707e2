"""import: bring a history from a file, looked at before anything is written."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from orc_lab.cli.output import clean, note, say, show_json
from orc_lab.cli.place import editing, reading
from orc_lab.errors import NeedsChoice
from orc_lab.importers import mapping, run, source
from orc_lab.importers.decide import Plan
from orc_lab.importers.record import Options
from orc_lab.importers.write import Progress
from orc_lab.workbench.bench import Workbench

if TYPE_CHECKING:
    from tqdm import tqdm


def do_import(args: Namespace) -> None:
    """Bring a history from a file, or from standard input as `-`; --dry-run only tells what it would bring.

    creation-store  the old web app. In its tab open the browser's console (F12), run
                        copy(localStorage.getItem('creation-store'))
                    paste into a file, and import that.
    task-csv        a table of tasks. What its columns mean is guessed from their names; say it with
                        --map title=Name,estimate='Est (h)',completed=Closed
                    or with a TOML or JSON file. Where it holds several persons' tasks, --person picks one, or all.

    Importing the same file again brings only what is new in it. `orc undo` takes an import back as a whole.
    """
    opened = reading if args.dry_run else editing
    with opened(args) as wb:
        plan = _planned(wb, args)
        if args.dry_run:
            report = plan.report
        else:
            with _progress(len(plan.rows)) as progress:
                report = run.commit(wb, plan, progress)
        if args.json:
            show_json(report.as_dict())
            return
        for line in report.lines():
            say(line)


def args_import(parser: ArgumentParser) -> None:
    """Declare the options of `orc import`."""
    formats = [format.NAME for format in run.FORMATS]
    parser.add_argument("file", metavar="FILE", help="a file, or - for standard input")
    parser.add_argument("--from", dest="format", metavar="FORMAT", help=f"{' or '.join(formats)} (default: recognised)")
    parser.add_argument("--person", metavar="P", help="whose tasks, where a file holds several persons'; or all")
    parser.add_argument("--map", metavar="MAPPING", help=f"TARGET=COLUMN,… or a file; {', '.join(mapping.TARGETS)}")
    parser.add_argument("--source", metavar="NAME", help="know these records by this name, apart from another file's")
    parser.add_argument("--dry-run", action="store_true", help="tell what it would bring, and write nothing")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def _planned(wb: Workbench, args: Namespace) -> Plan:
    """Return the plan; where the person must choose and sits at a terminal, ask."""
    options = Options(person=args.person, mapping=mapping_of(args.map), source=args.source)
    if args.file == "-" and sys.stdin.isatty():
        note("Paste the export, then press Ctrl-D.")
    given = args.file if args.file != "-" else source.standard_input()
    name = "standard input" if args.file == "-" else None
    try:
        return run.plan(wb, given, format=args.format, options=options, name=name)
    except NeedsChoice as choice:
        if not sys.stdin.isatty() or choice.option != "--person":
            raise
        return run.plan(wb, given, format=args.format, name=name, options=_with_person(options, _asked(choice)))


def mapping_of(told: str | None) -> mapping.ColumnMapping | None:
    """Return what --map says, in words or in a file; None where it says nothing. Raises as reading it does."""
    if not told:
        return None
    return mapping.from_pairs(told) if "=" in told else mapping.load(told)


def _with_person(options: Options, person: str) -> Options:
    return Options(person=person, mapping=options.mapping, source=options.source)


def _asked(choice: NeedsChoice) -> str:
    """Ask on standard error, so that the output stays clean; no answer raises the choice again."""
    lines = [clean(choice.what), *(f"  {clean(one)}" for one in choice.choices)]  # unnumbered: names may be numbers
    print("\n".join(lines), f"Which ({choice.option})? ", sep="\n", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline().strip()
    if not answer:
        raise choice
    return answer


@contextmanager
def _progress(total: int) -> Iterator[Progress | None]:
    """Give what draws a bar on standard error where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    with tqdm(total=total, unit=" rows", leave=False, file=sys.stderr) as bar:
        yield lambda done, of: _moved(bar, done, of)


def _moved(bar: "tqdm", done: int, of: int) -> None:
    bar.total = of
    bar.update(done - bar.n)
