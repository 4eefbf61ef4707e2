"""backup and restore: copies of the database, made while it is in use and put back whole."""

import os
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from datetime import datetime

from orc_lab import config
from orc_lab.backup import keep, restore
from orc_lab.cli import place
from orc_lab.cli.output import note, say, show_json, show_table, where
from orc_lab.errors import DatabaseMissing, InvalidValue, NotConfirmed, in_bytes
from orc_lab.store import shelf
from orc_lab.store.copies import Contents
from orc_lab.store.shelf import Backup

_TOLD = ("projects", "todos", "weekly_goals", "sessions", "activities")


def do_backup(args: Namespace) -> None:
    """Copy the database while it is in use, and check the copy from end to end.

    It goes to backups/ beside the database, or into another folder with --to. Kept there are the newest five, the last
    of each of seven days, four weeks and twelve months that have one, and for sixty days what was made before a
    migration. A backup is made by itself before each import, migration, restore and mending.
    """
    path = place.readable(args)
    if args.to == "":
        raise InvalidValue("--to", "", "a folder")
    if args.list:
        _list(path, args)
        return
    if not os.path.isfile(path):
        raise DatabaseMissing(path)
    made = keep.back_up(path, to=args.to, keep=args.keep)
    if args.json:
        removed = [each.path for each in made.removed]
        show_json({"backup": _plain(made.backup), "holds": _held(made.contents), "removed": removed})
        return
    say(f"Backed up, and checked: {_in_words(made.contents)}, {in_bytes(made.backup.size)}.")
    if made.contents.orphans:
        note(f"{made.contents.orphans:,} rows in it refer to something that is gone: see `orc doctor`.")
    if made.removed:
        say(f"{len(made.removed):,} older {'backup' if len(made.removed) == 1 else 'backups'} went for it.")
    say(where(made.backup.path))


def args_backup(parser: ArgumentParser) -> None:
    """Declare the options of `orc backup`."""
    parser.add_argument("--to", metavar="FOLDER", help="where to put it; nothing is removed there without --keep")
    parser.add_argument("--keep", metavar="N", type=_whole, help="how many of the newest stay (default 5)")
    parser.add_argument("--list", action="store_true", help="list the backups instead")
    parser.add_argument("--json", action="store_true", help="print JSON")


def do_restore(args: Namespace) -> None:
    """Put a backup in the database's place: the latest that opens, or a file.

    It shows what would be replaced and asks. What is there is backed up first, so restoring the latest once more puts
    it back. Notebooks and commands that have the database open go on with what was restored. A backup made by an older
    orc_lab is brought up to date, one made by a newer is refused.
    """
    from orc_lab.sync.restored import carry  # here, for no other command of these needs it

    path = _own(args)
    plan = restore.plan(path, args.file)
    if not args.json:
        _show(plan)
    if not args.yes and not _confirmed("Replace it? [y/N] ", "y", "yes"):
        raise NotConfirmed("The restore")
    done = restore.restore(plan, carry=carry)
    if args.json:
        replaced = done.replaced and _plain(done.replaced)
        show_json({"database": os.path.abspath(path), "restored": plan.file, "holds": _held(done.contents),
                   "replaced": replaced})  # fmt: skip
        return
    say(f"Restored: {_in_words(done.contents)}.")
    if done.replaced is not None:
        say(f"What it replaced is kept in {where(done.replaced.path)}.")


def args_restore(parser: ArgumentParser) -> None:
    """Declare the options of `orc restore`."""
    parser.add_argument("file", nargs="?", default=restore.LATEST, metavar="FILE",
                        help="a backup by its name or path, or latest (default)")  # fmt: skip
    parser.add_argument("--yes", action="store_true", help="don't ask")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON; asks nothing, so needs --yes")


def _own(args: Namespace) -> str:
    """Return the person's own database, there or not; a restore never goes into the sample life by itself."""
    if args.db == "":
        raise InvalidValue("--db", "", "the path of a database")
    return config.database_path(args.db)


def _list(path: str, args: Namespace) -> None:
    backups = shelf.listed(path, args.to)
    if args.json:
        show_json([_plain(backup) for backup in backups])
    elif not backups:
        say(f"There are no backups in {where(args.to or shelf.folder_of(path))}. Make one with `orc backup`.")
    else:
        rows = [(_when(each.made_at), str(each.reason), in_bytes(each.size), where(each.path)) for each in backups]
        show_table(("made", "why", "size", "file"), rows, right=("size",))


def _show(plan: restore.Plan) -> None:
    for backup, why in plan.passed_over:
        note(f"Passed over {backup.name}: {why}")
    say(f"Restore {where(plan.file)}")
    now = plan.now
    rows = [(name.replace("_", " "), _count(plan.held, name), _count(now, name)) for name in _TOLD]
    newest = ("last edit", _when(plan.held.newest_edit), _when(now.newest_edit) if now else "")
    columns = ("", "in the backup", f"now ({plan.state})")
    show_table(columns, [newest, *rows], right=columns[1:])
    if plan.other_person:
        say("It was made of another workbench: what is here now isn't an older or newer state of it.")
    if plan.loses:
        say("What you did since that last edit is not in the backup.")


def _confirmed(question: str, *answers: str) -> bool:
    """Ask on standard error; False where nobody sits at a terminal."""
    if not sys.stdin.isatty():
        return False
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in answers


def _plain(backup: Backup) -> dict[str, object]:
    return {"path": backup.path, "made_at": backup.made_at, "reason": str(backup.reason), "bytes": backup.size}


def _held(contents: Contents) -> dict[str, object]:
    return {"schema": contents.schema, "newest_edit": contents.newest_edit, "rows": dict(contents.rows)}


def _in_words(contents: Contents) -> str:
    counts = [_rows(count, name) for name in _TOLD[:3] if (count := contents.rows.get(name))]
    last = f"last edited {_when(contents.newest_edit)}" if contents.newest_edit else "never edited"
    return f"{', '.join(counts) or 'nothing yet'}, {last}"


def _rows(count: int, table: str) -> str:
    words = table.replace("_", " ")
    return f"{count:,} {words.removesuffix('s') if count == 1 else words}"


def _count(contents: Contents | None, table: str) -> str:
    return "" if contents is None else f"{contents.rows.get(table, 0):,}"


def _when(instant: int | None) -> str:
    """Return an instant in the time of this computer: the database's own zone may be unreadable."""
    return "" if instant is None else f"{datetime.fromtimestamp(instant).astimezone():%Y-%m-%d %H:%M:%S}"


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError("a whole number from 1")
    return int(text)
