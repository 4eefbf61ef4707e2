"""backtest: how every forecast would have held in the past, beside what is simpler."""

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

from orc_lab import config
from orc_lab.cli import place
from orc_lab.cli.imports import mapping_of
from orc_lab.cli.output import clean, heading, note, say, show_json, show_table, where, width
from orc_lab.errors import InvalidValue
from orc_lab.importers.tables.mapping import TARGETS

if TYPE_CHECKING:
    from orc_lab.agents.backtest.result import Backtest, Family
    from orc_lab.agents.backtest.run import Progress
    from orc_lab.cli.histories import Histories

PARTS = ("estimates", "sums", "weeks", "dates", "trouble", "orders")


def do_backtest(args: Namespace) -> None:
    """Walk a history forward and compare every forecast with what is simpler; tables, and a page with plots.

    Each forecast is made again from what was known on days before it. Without a file it is your own history. A CSV is
    read as `orc import` reads one, with id, created, started, completed, project, category, priority, estimate_hours,
    actual_hours and, where it holds several persons, person; title and tags help. Columns of other names are told with
        --map person=developer --where use_for_estimation=1
    Each person is judged on their own past. The last line printed is the path of the page.
    """
    if args.csv is None and (args.map or args.where or args.person):
        raise InvalidValue("an option", "--map, --where or --person", "one that goes with --csv FILE")
    histories = _histories(args)
    from orc_lab.agents.backtest.run import backtest
    from orc_lab.charts.backtest import page
    from orc_lab.charts.files import write_atomically

    for told in histories.notes:
        note(told)
    with _progress() as progress:
        found = backtest(
            histories.tasks,
            source=histories.source,
            until=histories.until,
            only=args.only,
            seed=args.seed,
            progress=progress,
        )
    path = os.path.join(args.out or os.path.join(place.root(config.readable_path(args.db)), "reports"), "backtest.html")
    write_atomically(Path(path), page(found))
    if args.json:
        show_json(found.as_dict())
        return
    _show(found)
    say(where(path))


def args_backtest(parser: ArgumentParser) -> None:
    """Declare the options of `orc backtest`."""
    parser.add_argument("--csv", metavar="FILE", help="a table of tasks instead of your own history; - is the input")
    parser.add_argument("--map", metavar="MAPPING", help=f"TARGET=COLUMN,… or a file; {', '.join(TARGETS)}")
    parser.add_argument(
        "--where", action="append", default=[], metavar="COLUMN=VALUE", help="only rows with that value; repeatable"
    )
    parser.add_argument("--person", metavar="P", help="whose tasks, where a file holds several persons' (default: all)")
    parser.add_argument("--only", action="append", default=[], choices=PARTS, help="a part of it; repeatable")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of what is drawn (default 0)")
    parser.add_argument("--out", metavar="DIR", help="where to write the page (default: reports/ beside data/)")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")


def _histories(args: Namespace) -> "Histories":
    if args.csv is not None:
        from orc_lab.cli import histories

        wanted = histories.conditions(args.where)
        return histories.of_csv(args.csv, mapping=mapping_of(args.map), where=wanted, person=args.person)
    with place.reading(args) as wb:
        from orc_lab.cli import answers, histories

        frames, told = answers.seen(wb, None)
        if told:
            note(told)
        return histories.of_frames(frames, wb.sample)


def _show(found: "Backtest") -> None:
    say(found.sentence)
    for family in found.families:
        print(f"\n{heading(clean(family.title))}")
        _show_family(family)
    say()


def _show_family(family: "Family") -> None:
    if not family.rows:
        say(f"too little data. {family.needs}")
        return
    for line in wrap(family.law, width() or 100):
        say(line)
    show_table(family.headers, family.table, right=family.headers[2:], keep_empty=True)


@contextmanager
def _progress() -> "Iterator[Progress | None]":
    """Give what draws a bar on standard error where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    with tqdm(unit=" steps", leave=False, file=sys.stderr) as bar:

        def moved(done: int, of: int, what: str) -> None:
            bar.total = of
            bar.set_description_str(what, refresh=False)
            bar.update(done - bar.n)
            bar.refresh()

        yield moved
