"""review and dashboard: pages for a browser, which ask no other computer for anything."""

import os
from argparse import ArgumentParser, Namespace
from pathlib import Path

from orc_lab import config
from orc_lab.cli import place, reading
from orc_lab.cli.begin import make_sample
from orc_lab.cli.output import note, say, where
from orc_lab.model.week import Week


def do_review(args: Namespace) -> None:
    """Execute the weekly review and write its page, its notebook and its numbers into reports/WEEK/.

    Without a week it is the last one that has ended, from Friday on the one that runs. Where there is no database yet,
    the sample life is made and reviewed. The last line printed is the path of the page.
    """
    week = week_asked(args)
    path = reviewable(args)
    from orc_lab.review.publish import publish

    published = publish(path, week, args.out or os.path.join(place.root(path), "reports"))
    if args.json:
        print(published.json.read_text(encoding="utf-8"))
        return
    say(f"Reviewed {published.week}.")
    say(where(str(published.html)))


def args_review(parser: ArgumentParser) -> None:
    """Declare the options of `orc review`."""
    parser.add_argument("--week", metavar="WEEK", help="2026-W47, last or this")
    parser.add_argument("--out", metavar="DIR", help="where to write (default: reports/ beside data/)")
    parser.add_argument("--json", action="store_true", help="print all numbers of the review as JSON")


def do_dashboard(args: Namespace) -> None:
    """Write all charts on one page, reports/dashboard.html; with --png each as a picture too.

    The last line printed is the path of the page.
    """
    from orc_lab.charts.dashboard import dashboard, figures
    from orc_lab.charts.files import write_atomically
    from orc_lab.charts.look import look
    from orc_lab.cli.outlook import frames_of

    with place.reading(args) as wb:
        frames = frames_of(wb, args)
        folder = Path(args.out or os.path.join(place.root(wb.db.path), "reports"))
        page = write_atomically(folder / "dashboard.html", dashboard(frames, sample=wb.sample))
    if args.png:
        from orc_lab.charts.png import save_png

        for picture in save_png(figures(look(frames)), folder / "dashboard"):
            say(where(str(picture)))
    say(where(str(page)))


def args_dashboard(parser: ArgumentParser) -> None:
    """Declare the options of `orc dashboard`."""
    parser.add_argument("--week", metavar="WEEK", help="as it was known at the end of a week (default: now)")
    parser.add_argument("--png", action="store_true", help="also a picture of each chart; needs kaleido and a Chromium")
    parser.add_argument("--out", metavar="DIR", help="where to write (default: reports/ beside data/)")


def week_asked(args: Namespace) -> Week | None:
    """Return the week asked for; raises UnknownWeek before anything is opened or made."""
    if args.week in reading.NEAR_WEEKS:
        with place.reading(args) as wb:
            return reading.week(args.week, wb)
    return None if args.week is None else Week.parse(args.week)


def reviewable(args: Namespace) -> str:
    """Return the database to review: where there is none at all, the sample life, made now."""
    path = place.readable(args)
    if os.path.isfile(path) or place.named(args):
        return path
    sample = config.sample_path()
    note(
        f"There is no database here yet, so this is the sample life ({where(sample)}). Begin your own with `orc init`."
    )
    make_sample(sample)
    return sample
