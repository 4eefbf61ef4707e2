"""export: take everything along, in a format that other programs read."""

import os
from argparse import ArgumentParser, Namespace

from orc_lab.cli import reading
from orc_lab.cli.output import note, say, show_json, where
from orc_lab.cli.place import reading as opened
from orc_lab.errors import InvalidValue
from orc_lab.exporters import run
from orc_lab.exporters.target import STANDARD_OUTPUT
from orc_lab.model import quick
from orc_lab.model.entities import KINDS, Project


def do_export(args: Namespace) -> None:
    """Write everything that you have to files of your own; nothing is taken away.

    json      all of it with its whole history, to be imported again (orc import FILE) as it was
    csv       a folder: a file a table, and tasks.csv; with --to x.csv or - the tasks alone
    parquet   a folder: a file a table, types kept
    ics       a calendar: projects and todos as tasks, sessions and weekly goals as events
    markdown  a summary to read: what is open, this week, the weeks before, all years

    Existing files are left as they are unless you add --force.
    """
    if args.json and args.to == STANDARD_OUTPUT:
        raise InvalidValue("--json", "--to -", "only one of the two on standard output")
    with opened(args) as wb:
        project = None if args.project is None else reading.named(wb, Project, args.project)
        since = None if args.since is None else quick.day_said(args.since, wb.today())
        report = run.export(wb, args.format, args.to, project=project, since=since, force=args.force)
    if args.json:
        show_json(report.as_dict())
        return
    told = ", ".join(_counted(count, what) for what, count in report.rows.items() if count)
    if report.to == STANDARD_OUTPUT:
        note(f"Written: {told or 'nothing: there is none'}.")
    else:
        say(f"{where(report.to)}{os.sep if len(report.files) > 1 else ''}: {told or 'nothing: there is none'}")
    for each in report.notes:
        note(each)


def _counted(count: int, table: str) -> str:
    kind = KINDS.get(table)
    words = table.replace("_", " ")
    return f"{count:,} {words if count != 1 else kind.noun if kind else words.removesuffix('s')}"


def args_export(parser: ArgumentParser) -> None:
    """Declare the options of `orc export`."""
    formats = ", ".join(run.ENDINGS)
    parser.add_argument("--format", metavar="FORMAT", help=f"{formats} (default: by the ending of --to, else json)")
    parser.add_argument("--to", metavar="PATH", help="a file or folder, or - (default: orc-DATE here)")
    parser.add_argument("--project", metavar="P", help="only what belongs to a project (not json)")
    parser.add_argument("--since", metavar="DAY", help="only what is open or was touched since (not json)")
    parser.add_argument("--force", action="store_true", help="overwrite files that are there")
    parser.add_argument("--json", action="store_true", help="print what was written as JSON")
