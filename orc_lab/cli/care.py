"""doctor and erase: look after the database, and remove everything of it."""

import os
import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from orc_lab import __version__
from orc_lab.backup import doctor, erase
from orc_lab.backup.finding import Finding, Level
from orc_lab.backup.places import LOCAL, Place
from orc_lab.cli import place
from orc_lab.cli.output import note, say, show_json, where
from orc_lab.errors import NotConfirmed
from orc_lab.sync.trouble import SyncTrouble

if TYPE_CHECKING:
    from orc_lab.sync.farewell import Farewell

_SIGNS = {Level.OK: "ok", Level.WARNING: "warning", Level.PROBLEM: "PROBLEM"}
_SHOWN = 12  # files of a place, before a count says the rest
_FAILED = 5


def do_doctor(args: Namespace) -> int:
    """Check the database and where it stands; with --fix mend what can be mended, after a backup.

    Mended are missing triggers, edits that nothing recorded (they enter the history as `external`), references to what
    is gone, derived values, indexes, a log that has grown, and permissions. Returns 1 while a problem is left.
    """
    report = doctor.examined(place.readable(args), ours=__version__, fix=args.fix)
    if args.json:
        backup = report.backup and report.backup.path
        findings = [finding.as_dict() for finding in report.findings]
        show_json({"database": os.path.abspath(report.database), "healthy": report.healthy, "backup": backup,
                   "findings": findings})  # fmt: skip
        return 0 if report.healthy else 1
    for finding in report.findings:
        _show(finding)
    if report.backup is not None:
        say(f"Before mending it was backed up: {where(report.backup.path)}")
    counts = Counter(finding.level for finding in report.findings)
    problems, warnings = counts[Level.PROBLEM], counts[Level.WARNING]
    say(
        ", ".join([*_counted(problems, "problem"), *_counted(warnings, "warning")]) + "."
        if problems or warnings
        else "All is well."
    )
    return 0 if report.healthy else 1


def args_doctor(parser: ArgumentParser) -> None:
    """Declare the options of `orc doctor`."""
    parser.add_argument("--fix", action="store_true", help="mend what can be mended")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def _show(finding: Finding) -> None:
    say(f"{_SIGNS[finding.level]:8} {finding.check:12} {finding.sentence}")
    if finding.mended is not None:
        say(f"{'mended':8} {'':12} {finding.mended[:1].upper()}{finding.mended[1:]}.")
    if finding.step is not None:
        say(f"{'':8} {'':12} {finding.step}")


def do_erase(args: Namespace) -> int:
    """Remove everything that orc has written here, then look again and say what is left.

    That is the database with what stands beside it, its backups, imported files that were kept, the sample life,
    reports, and notebooks that you haven't changed; where it syncs also everything that your account has at the
    server, and this device's keys. What orc didn't write stays and is named, and so is what can't be reached from here.
    It can't be taken back.
    """
    from orc_lab.sync import farewell  # it speaks HTTP, which the doctor needn't wait for

    path = place.readable(args)
    plan, goodbye = erase.plan(path, PLACES), farewell.farewell(path)
    name = Path(path).name.removesuffix(".db")
    if not args.json:
        _show_plan(plan)
        if goodbye is not None:
            _show_server(goodbye, keep=args.keep_server)
    if not args.yes and not _typed_back(name):
        raise NotConfirmed("Erasing")
    erase.check_alone(plan)
    try:
        at_server = farewell.leave(path, server=not args.keep_server) if goodbye else None
    except SyncTrouble:
        note("Nothing was removed. With --keep-server all that is here goes, and what the server has stays.")
        raise
    done = erase.erase(plan, PLACES)
    if args.json:
        show_json({"removed": done.removed, "remaining": done.remaining, "stays": plan.stays, "copies": plan.copies,
                   "beyond": plan.beyond,
                   "server": goodbye and {"endpoint": goodbye.endpoint, "removed": at_server}})  # fmt: skip
    else:
        _show_done(done)
        if at_server is not None and goodbye is not None:
            say(f"Removed {at_server:,} records at {goodbye.endpoint}, and looked again: nothing of yours is there.")
    return _FAILED if done.remaining else 0


def args_erase(parser: ArgumentParser) -> None:
    """Declare the options of `orc erase`."""
    parser.add_argument("--yes", action="store_true", help="don't ask for the name")
    parser.add_argument("--keep-server", action="store_true", help="leave what the account has at the sync server")
    parser.add_argument("--json", action="store_true", help="print what was removed as JSON; needs --yes")


def _show_plan(plan: erase.Plan) -> None:
    say("This goes, and can't be brought back:")
    for name, files in plan.removes:
        _list(name, files)
    if plan.stays:
        say("This stays, for orc didn't write it, or you have changed it:")
        _list("", plan.stays)
    if plan.copies:
        say("These exports and backups that you made hold such data too. They stay; remove them yourself:")
        for file in plan.copies:
            say(f"    {where(file)}")


def _show_server(goodbye: "Farewell", *, keep: bool) -> None:
    if goodbye.where:
        say(f"  this device's keys, in {goodbye.where}")
    if keep:
        say(f"This stays: what your account has at {goodbye.endpoint}.")
    elif not goodbye.reachable:
        say(f"This stays: what your account has at {goodbye.endpoint}; this device has no key to it any more.")
    else:
        say(f"  everything that your account has at {goodbye.endpoint}")
        if goodbye.others:
            say(f"Your other devices send theirs there again unless you erase them too: {', '.join(goodbye.others)}.")


def _show_done(done: erase.Erased) -> None:
    say(f"Removed {len(done.removed):,} files.")
    if done.remaining:
        say("These are still there; remove them yourself:")
        _list("", done.remaining)
    else:
        say("Looked again: nothing that orc wrote here is left.")
    say("Not reached from here:")
    for sentence in done.plan.beyond:
        say(f"  {sentence}")


def _counted(count: int, what: str) -> list[str]:
    return [f"{count} {what}{'' if count == 1 else 's'}"] if count else []


def _list(name: str, files: Sequence[str]) -> None:
    if name:
        say(f"  {name}")
    for file in files[:_SHOWN]:
        say(f"    {where(file)}")
    if len(files) > _SHOWN:
        say(f"    and {len(files) - _SHOWN:,} more")


def _typed_back(name: str) -> bool:
    if not sys.stdin.isatty():
        return False
    print(f"Type {name} to erase it: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() == name:
        return True
    note("That isn't its name.")
    return False


def _reports(path: str) -> str:
    return os.path.join(place.root(path), "reports")


def _notebooks(path: str) -> str:
    return os.path.join(place.root(path), "notebooks")


def _own_reports(path: str) -> Sequence[str]:
    if not os.path.isdir(_reports(path)):
        return []
    from orc_lab.review import own_files

    return list(own_files.own(_reports(path)))


def _report_folders(path: str) -> Sequence[str]:
    if not os.path.isdir(_reports(path)):
        return []
    from orc_lab.review import own_files

    return own_files.folders(_reports(path))


def _own_notebooks(path: str) -> Sequence[str]:
    if not os.path.isdir(_notebooks(path)):
        return []
    from orc_lab.review import own_files

    return list(own_files.unchanged_notebooks(_notebooks(path)))


def _sync_keys(path: str) -> Sequence[str]:
    from orc_lab.sync import secrets

    return secrets.files(path)


PLACES: Sequence[Place] = (
    Place(name="keys of sync", folders=lambda path: [], own=_sync_keys),
    Place(
        name="reports",
        folders=_report_folders,
        own=_own_reports,
        made=lambda path: _report_folders(path)[::-1],  # what is in them first
        shared=True,
    ),
    Place(
        name="notebooks as they were copied",
        folders=lambda path: [_notebooks(path)],
        own=_own_notebooks,
        made=lambda path: [_notebooks(path)],
        shared=True,
    ),
    *LOCAL,
)
