"""sync scope, sync conflicts, sync ledger: what stays here, what left, and what two devices wrote at once."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping

from orc_lab.cli import place
from orc_lab.cli.output import local, note, say, short, show_json, show_table
from orc_lab.errors import InvalidValue, NotConfirmed
from orc_lab.model.change import Value
from orc_lab.model.clock import Clock
from orc_lab.store import sharing
from orc_lab.sync import conflicts, ledger, scope_names
from orc_lab.sync.conflicts import Conflict, Side
from orc_lab.sync.scope import Rule
from orc_lab.workbench.bench import Workbench

_ACTIONS = ("list", conflicts.KEEP, conflicts.TAKE, conflicts.MERGE)


def do_sync_scope(args: Namespace) -> None:
    """Show what stays on this device, or change it: --exclude and --include take project:TITLE, table:NAME or
    fields:TABLE.GROUP (fields:notes means the notes of every table).

    With a project stays all that hangs on it: its todos, what was done and planned about them, what was foreseen and
    recommended. What was shared before is purged at the server by the next sync, and other devices keep their copy.
    Including it again sends it whole. The scope is this device's; another one has its own.
    """
    with place.editing(args) if args.exclude or args.include else place.reading(args) as wb:
        if args.exclude or args.include:
            from orc_lab.sync import calls

            calls.exclude_from_sync(wb, *args.exclude)
            calls.include_in_sync(wb, *args.include)
        with wb.db.lock:
            rules = [Rule(*one) for one in sharing.scope(wb.db.conn)]
            marks = sharing.marks(wb.db.conn).values()
        kept = scope_names.told(wb.db, rules)
    by_peers = sum(one.by == sharing.PEER for one in marks)
    if args.json:
        show_json({"kept_here": kept, "unshared": len(marks), "by_peers": by_peers})
        return
    say(f"Kept on this device: {', '.join(kept)}." if kept else "Everything leaves this device that is synced at all.")
    if by_peers:
        say(f"{by_peers:,} records were taken back by another device; your edits of them stay here.")
    if args.exclude or args.include:
        note("It holds from the next sync on: `orc sync now`.")


def args_sync_scope(parser: ArgumentParser) -> None:
    """Declare the options of `orc sync scope`."""
    parser.add_argument("--exclude", action="append", default=[], metavar="WHAT", help="keep it on this device")
    parser.add_argument("--include", action="append", default=[], metavar="WHAT", help="share it again")
    parser.add_argument("--json", action="store_true", help="print JSON")


def do_sync_conflicts(args: Namespace) -> None:
    """List what two devices wrote at the same time, or decide: keep what holds, take the other value, or merge the
    texts (`orc sync conflicts merge 4f2a9c.title --text 'Both'`).

    A conflict is named by the last characters of an id and its group, as the list shows. With --all keep or take
    decides all that are listed, or those of --table and --group. `orc undo` takes a decision back.
    """
    with place.reading(args) if args.action == "list" else place.editing(args) as wb:
        listed = conflicts.of(conflicts.conflicts(wb), table=args.table, group=args.group)
        if args.action == "list":
            _list(listed, wb.clock(), as_json=args.json)
            return
        chosen = listed if args.all else [conflicts.find(wb, key) for key in args.keys]
        if not chosen and not args.all:
            raise InvalidValue("which conflict", "", "such as 4f2a9c.title, or --all")
        if args.all and not args.yes and chosen and not _yes(f"{args.action} {len(chosen):,} conflicts? [y/N] "):
            raise NotConfirmed(f"Deciding {len(chosen):,} conflicts")
        if args.action == conflicts.KEEP:
            conflicts.keep(wb, *chosen)
        elif args.action == conflicts.TAKE:
            conflicts.take(wb, *chosen)
        else:
            _merge(wb, chosen, args.text)
    if args.json:
        show_json([{"key": one.key, "decided": args.action} for one in chosen])
        return
    undo = "" if args.action == conflicts.KEEP else " `orc undo` takes it back."
    say(f"Decided: {len(chosen):,} {'conflict' if len(chosen) == 1 else 'conflicts'}.{undo}")


def args_sync_conflicts(parser: ArgumentParser) -> None:
    """Declare the options of `orc sync conflicts`."""
    parser.add_argument("action", nargs="?", choices=_ACTIONS, default="list", help="what to do (default: list)")
    parser.add_argument("keys", nargs="*", metavar="CONFLICT", help="such as 4f2a9c.title")
    parser.add_argument("--text", help="the merged text; - reads it from standard input")
    parser.add_argument("--all", action="store_true", help="decide all that are listed")
    parser.add_argument("--table", help="only those of a table, such as todos")
    parser.add_argument("--group", help="only those of a group of fields, such as title")
    parser.add_argument("--yes", action="store_true", help="don't ask")
    parser.add_argument("--json", action="store_true", help="print JSON")


def do_sync_ledger(args: Namespace) -> None:
    """List every request that told the server anything, the latest first: when, how large, which fields of what.

    It is written down before a request leaves. Values aren't repeated: they are in the history (`orc log ID`).
    """
    with place.reading(args) as wb:
        entries, clock = ledger.read(wb.db, limit=-1 if args.all else args.limit), wb.clock()
    if args.json:
        show_json([entry.as_dict() for entry in entries])
        return
    if not entries:
        say("Nothing was ever sent.")
        return
    rows = [
        (local(entry.at, clock), f"{entry.bytes:,}", one.table.replace("_", " "), short(one.id), " ".join(one.groups),
         one.title)
        for entry in entries
        for one in entry.records
    ]  # fmt: skip
    show_table(("sent", "bytes", "what", "id", "told", "title"), rows, right=("bytes",), flex="title")


def args_sync_ledger(parser: ArgumentParser) -> None:
    """Declare the options of `orc sync ledger`."""
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="the latest N requests (default 20)")
    parser.add_argument("--all", action="store_true", help="all of them")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _list(listed: list[Conflict], clock: Clock, *, as_json: bool) -> None:
    if as_json:
        show_json([one.as_dict() for one in listed])
        return
    if not listed:
        say("There are no conflicts.")
        return
    for one in listed:
        say(f"{short(one.id)}.{one.group}  {one.title or one.table.replace('_', ' ')}")
        say(f"  holds   {_side(one.holds, clock)}")
        say(f"  other   {_side(one.other, clock)}")
    note("`orc sync conflicts keep|take|merge ID.GROUP` decides; until then what holds, holds.")


def _side(side: Side, clock: Clock) -> str:
    what = "deleted it" if side.deletes else _fields(side.value)
    return f"{what}  ({side.device}{', ' if side.device else ''}{local(side.at, clock)})"


def _fields(value: Mapping[str, Value]) -> str:
    if len(value) == 1:
        return repr(next(iter(value.values())))
    return ", ".join(f"{name} {held!r}" for name, held in value.items()) or "(empty)"


def _merge(wb: Workbench, chosen: list[Conflict], text: str | None) -> None:
    if len(chosen) != 1 or text is None:
        raise InvalidValue("merge", text, "one conflict and --text 'the merged text'")
    conflicts.merge(wb, chosen[0], sys.stdin.read().rstrip("\n") if text == "-" else text)


def _yes(question: str) -> bool:
    if not sys.stdin.isatty():
        return False
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
