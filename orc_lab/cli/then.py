"""--as-of: the same command on what was known at a past moment."""

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

from orc_lab.cli import place, reading
from orc_lab.cli.output import local, note
from orc_lab.errors import InvalidValue
from orc_lab.model import quick
from orc_lab.workbench.bench import Workbench

RECONSTRUCTED = "Reconstructed: this past was imported rather than recorded."


def args_as_of(parser: ArgumentParser) -> None:
    """Declare the option."""
    parser.add_argument(
        "--as-of",
        metavar="DATE",
        help="as it was known at the end of a day, or at a time: 2026-03-01, '2026-03-01 17:30'",
    )


@contextmanager
def looking(args: Namespace) -> Iterator[Workbench]:
    """Open the database to read, as of the moment asked for; says so on standard error where there is one.

    Raises what opening raises, and InvalidValue for a moment that is none or still to come.
    """
    with place.reading(args) as wb:
        if args.as_of is None:
            yield wb
            return
        with wb.as_of(moment(args.as_of, wb)) as then:
            told = f"As known at {local(then.at, then.clock())}."
            note(f"{told} {RECONSTRUCTED}" if then.reconstructed else told)
            yield then


def moment(text: str, wb: Workbench) -> int:
    """Return the instant (seconds UTC) of a time, or the last second of a day in the person's zone.

    Of a day that still runs it is now. Raises InvalidValue for what is neither, or still to come.
    """
    now, clock = int(time.time()), wb.clock()
    try:
        day = quick.day_said(text, clock.day(now)) if text in ("today", "yesterday") else date.fromisoformat(text)
    except ValueError:
        found = reading.instant(text, wb)
    else:
        found = now if day >= clock.day(now) else clock.start_of(day + timedelta(days=1)) - 1
        found += day > clock.day(now)
    if found > now:
        raise InvalidValue("--as-of", text, "a day or time that has passed")
    return found
