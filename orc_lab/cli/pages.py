"""review and dashboard: pages for a browser, which ask no other computer for anything."""

import json
import os
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from orc_lab import config
from orc_lab.cli import place, reading
from orc_lab.cli.begin import make_sample
from orc_lab.cli.output import note, say, where
from orc_lab.cli.then import args_as_of, moment
from orc_lab.errors import InvalidValue, UnreadableFile
from orc_lab.model.week import Week
from orc_lab.workbench.bench import Workbench

if TYPE_CHECKING:
    from orc_lab.mirror.features import Frames


def do_review(args: Namespace) -> None:
    """Execute the weekly review and write its page, its notebook and its numbers into reports/WEEK/.

    Without a week it is the last one that has ended, from Friday on the one that runs. Where there is no database yet,
    the sample life is made and reviewed. The last line printed is the path of the page.

    --as-of looks from a past moment at what was known then, and writes into a folder of that name. --again makes the
    page of --week anew from what it knew when it was made, whatever was recorded or imported since: same numbers.
    """
    week = week_asked(args)
    path = reviewable(args)
    now, seq, folder = _looked(args, path, week)
    from orc_lab.review.publish import publish

    published = publish(path, week, args.out or folder, now=now, seq=seq)
    if args.json:
        print(published.json.read_text(encoding="utf-8"))
        return
    say(f"Reviewed {published.week}.")
    say(where(str(published.html)))


def args_review(parser: ArgumentParser) -> None:
    """Declare the options of `orc review`."""
    parser.add_argument("--week", metavar="WEEK", help="2026-W47, last or this")
    parser.add_argument("--out", metavar="DIR", help="where to write (default: reports/ beside data/)")
    args_as_of(parser)
    parser.add_argument("--again", action="store_true", help="what the page of --week knew when it was made")
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
        if args.as_of is None:
            frames, reports = frames_of(wb, args), os.path.join(place.root(wb.db.path), "reports")
        else:
            frames, reports = _frames_then(wb, args)
        folder = Path(args.out or reports)
        page = write_atomically(folder / "dashboard.html", dashboard(frames, sample=wb.sample))
    if args.png:
        from orc_lab.charts.png import save_png

        for picture in save_png(figures(look(frames)), folder / "dashboard"):
            say(where(str(picture)))
    say(where(str(page)))


def args_dashboard(parser: ArgumentParser) -> None:
    """Declare the options of `orc dashboard`."""
    parser.add_argument("--week", metavar="WEEK", help="as it was known at the end of a week (default: now)")
    args_as_of(parser)
    parser.add_argument("--png", action="store_true", help="also a picture of each chart; needs kaleido and a Chromium")
    parser.add_argument("--out", metavar="DIR", help="where to write (default: reports/ beside data/)")


def _looked(args: Namespace, path: str, week: Week | None) -> tuple[int | None, int | None, str]:
    """Return the instant and the entry of the log to look from, None for now, and the folder to write into."""
    reports = os.path.join(place.root(path), "reports")
    if args.again and (args.as_of is not None or week is None):
        raise InvalidValue("--again", "", "--week, which names the page, and no --as-of")
    if args.again:
        return *_stored(Path(args.out or reports) / str(week) / "review.json"), reports
    if args.as_of is None:
        return None, None, reports
    with Workbench.open(path) as wb:
        at = moment(args.as_of, wb)
        return at, wb.head(), _folder_then(reports, wb, at)


def _stored(page: Path) -> tuple[int, int]:
    step = "Make it once with `orc review --week WEEK`."
    try:
        looked = json.loads(page.read_text(encoding="utf-8")).get("looked")
        return int(looked["at"]), int(looked["seq"])
    except FileNotFoundError:
        raise UnreadableFile(where(str(page)), "there is no such page yet", step) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise UnreadableFile(where(str(page)), "it doesn't say what it knew", step) from None


def _frames_then(wb: Workbench, args: Namespace) -> "tuple[Frames, str]":
    """Return what was known at the moment asked for, and the folder for pages as of it."""
    from orc_lab.mirror.duck import Mirror
    from orc_lab.mirror.features import frames

    if args.week is not None:
        raise InvalidValue("--as-of", args.as_of, "either --week or --as-of")
    at = moment(args.as_of, wb)
    with Mirror.as_of(wb.db, at) as mirror:
        return frames(mirror, at, wb.clock(at)), _folder_then(os.path.join(place.root(wb.db.path), "reports"), wb, at)


def _folder_then(reports: str, wb: Workbench, at: int) -> str:
    clock = wb.clock()
    return os.path.join(reports, f"as-of-{clock.local(at) + clock.shift:%Y-%m-%dT%H%M}")


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
