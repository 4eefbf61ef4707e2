"""init, set, settings: the first minute, and what you tell about yourself."""

import os
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from contextlib import suppress

from orc_lab import config
from orc_lab.cli.output import say, show_json, show_table, where
from orc_lab.cli.place import editing
from orc_lab.cli.place import reading as opened
from orc_lab.errors import DatabaseExists, InvalidValue
from orc_lab.model.clock import Clock
from orc_lab.model.week import Week
from orc_lab.workbench.bench import Workbench

SAMPLE_ZONE = "Europe/Berlin"  # of the sample life, wherever it is looked at


def do_init(args: Namespace) -> None:
    """Make a workbench in a folder, by default this one: a database in data/ and a place for reports.

    Where --db (or without a folder ORC_DB) names a database, it is that file which is made.
    With --demo it holds the sample life instead, a year of somebody's work to try everything on; `orc review` uses it
    until you have a database of your own (`orc init` again, without --demo).
    """
    zone = SAMPLE_ZONE if args.demo else config.local_zone() if args.zone is None else args.zone
    Clock(zone=zone).local(0)  # raises for what is no zone, before anything is made
    path = _path(args)
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    if not _by_name(args):
        os.makedirs(os.path.join(args.folder or ".", "reports"), exist_ok=True)
    if args.demo:
        make_sample(path)
    else:
        made(path, lambda new: Workbench.init(new, zone=zone).close())
    if args.json:
        show_json({"database": os.path.abspath(path), "sample": args.demo, "zone": zone})
    else:
        _welcome(args, path, zone)


def args_init(parser: ArgumentParser) -> None:
    """Declare the options of `orc init`."""
    parser.add_argument("folder", nargs="?", metavar="DIR", help="the folder (default: this one)")
    parser.add_argument("--demo", action="store_true", help="the sample life, to try everything on")
    parser.add_argument("--zone", help="your time zone, such as Europe/Berlin (default: this computer's)")
    parser.add_argument("--json", action="store_true", help="print what was made as JSON")


def _by_name(args: Namespace) -> bool:
    """Return whether it is a named database that is to be made, rather than the one of a folder."""
    return args.db is not None or (args.folder is None and bool(os.environ.get("ORC_DB")))


def _path(args: Namespace) -> str:
    """Return where the database is to be; raises InvalidValue for empty names, and where two places are named."""
    if args.folder == "":
        raise InvalidValue("DIR", "", "a folder; . is this one")
    if args.db == "":
        raise InvalidValue("--db", "", "the path of a database")
    if args.db is not None and args.folder is not None:
        raise InvalidValue("DIR", args.folder, f"no folder beside --db {args.db}, which says where the database is")
    if _by_name(args):
        return config.database_path(args.db)
    return os.path.join(args.folder or ".", config.SAMPLE if args.demo else config.OWN)


def do_set(args: Namespace) -> None:
    """Set an option from now on: orc set zone Europe/Berlin. Past weeks keep what held then; see `orc settings`."""
    with editing(args) as wb:
        setting = wb.set_setting(args.key, args.value)
        show_json(setting) if args.json else say(f"{setting.key} is {args.value} from now on.")


def args_set(parser: ArgumentParser) -> None:
    """Declare the options of `orc set`."""
    parser.add_argument("key", metavar="KEY", help=", ".join(config.options()))
    parser.add_argument("value", metavar="VALUE")
    parser.add_argument("--json", action="store_true", help="print the setting as JSON")


def do_settings(args: Namespace) -> None:
    """Show the settings that hold now, and what each does."""
    with opened(args) as wb:
        settings = wb.settings()
        values = {name: getattr(settings, name) for name in config.options()}
        if args.json:
            show_json({"database": os.path.abspath(wb.db.path), "sample": wb.sample, **values})
            return
        rows = [(name, _plain(value), config.options()[name]) for name, value in values.items()]
        show_table(("setting", "value", "what it does"), rows, flex="what it does")
        say(f"\nThe database is {where(wb.db.path)}.")


def args_settings(parser: ArgumentParser) -> None:
    """Declare the options of `orc settings`."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def make_sample(path: str, now: int | None = None) -> None:
    """Make the sample life, which ends with the last week that has ended; raises DatabaseExists or NotWritable."""
    from orc_lab.sample import life

    clock = Clock(zone=SAMPLE_ZONE)
    end = Week.at(int(time.time()) if now is None else now, clock) - 1
    life.make(path, end=end, zone=clock.zone)
    from orc_lab.agents.knowledge.agent import catch_up
    from orc_lab.review.reading import read_frames

    with Workbench.open(path) as wb:  # so that there is something learned to look at
        catch_up(wb, read_frames(wb, end, end.end(clock)))


def made(path: str, make: Callable[[str], None]) -> None:
    """Make a database beside its place and put it there when it is whole: an interrupted one is never found.

    Raises DatabaseExists, never writing over another, and what making raises.
    """
    if os.path.exists(path):
        raise DatabaseExists(where(path))
    new = f"{path}.{os.getpid()}.new"
    try:
        make(new)
        _put(new, path)
    finally:
        for ending in ("", "-wal", "-shm"):
            with suppress(OSError):
                os.remove(new + ending)


def _put(new: str, path: str) -> None:
    try:
        os.link(new, path)  # unlike a rename it fails where another process was faster
    except FileExistsError:
        raise DatabaseExists(where(path)) from None
    except OSError:  # a file system without hard links
        os.rename(new, path)


def _welcome(args: Namespace, path: str, zone: str) -> None:
    say(f"Made {where(path)} (time zone {zone}).")
    folder, orc = args.folder or ".", "orc" if args.db is None else f"orc --db {args.db}"
    go = "" if os.path.samefile(folder, ".") else f"cd {folder}, then "
    if not _by_name(args) and (other := os.environ.get("ORC_DB")):
        say(f"ORC_DB names another database ({where(other)}): unset it to use this one.")
    if args.demo and not _by_name(args) and os.path.exists(os.path.join(folder, config.OWN)):
        say(f"You have a database of your own there. The sample life: {go}`orc --db {config.SAMPLE} review`.")
    elif args.demo:
        say(f"It holds the sample life. Next: {go}`{orc} review`, `{orc} week last`, `{orc} lab`.")
    else:
        say(f"Next: {go}`{orc} add 'Write draft +Thesis 2h @fri'`, or bring a history: `{orc} import FILE`.")


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
