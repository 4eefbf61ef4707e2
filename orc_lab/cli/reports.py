"""report: one agent's answer with everything that it rests on, executed as a notebook."""

import os
from argparse import ArgumentParser, Namespace

from orc_lab.cli import place
from orc_lab.cli.output import say, where
from orc_lab.cli.pages import reviewable, week_asked

AGENTS = ("velocity", "estimation", "health", "knowledge")


def do_report(args: Namespace) -> None:
    """Execute the notebook of an agent and write its page, its notebook and its numbers into reports/WEEK/.

    velocity    level and trend, the next twelve weeks, how such forecasts have held, pauses and holidays
    estimation  estimates against hours, whether bands held, where they are no better than you, open todos
    knowledge   what was learned from what you did, in ten parts, and what taught it
    health      each project's score with its evidence, chances of trouble, risks with steps, the score over time

    It is as known now, or at the end of a week. The last line printed is the path of the page.
    """
    week = week_asked(args)
    path = reviewable(args)
    from orc_lab.review.report import publish_report

    published = publish_report(path, args.agent, week, args.out or os.path.join(place.root(path), "reports"))
    if args.json:
        print(published.json.read_text(encoding="utf-8"))
        return
    say(f"Reported {args.agent}, {published.week}.")
    say(where(str(published.html)))


def args_report(parser: ArgumentParser) -> None:
    """Declare the options of `orc report`."""
    parser.add_argument("agent", choices=AGENTS, help="whose report")
    parser.add_argument("--week", metavar="WEEK", help="as known at its end: 2026-W47, last or this (default: now)")
    parser.add_argument("--out", metavar="DIR", help="where to write (default: reports/ beside data/)")
    parser.add_argument("--json", action="store_true", help="print all numbers of the report as JSON")
