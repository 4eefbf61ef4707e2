"""log, undo and redo: what was done, taking it back, and doing it again."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Mapping, Sequence

from orc_lab.cli import reading
from orc_lab.cli.output import hours, local, note, say, show_json, show_table
from orc_lab.cli.place import editing
from orc_lab.cli.place import reading as opened
from orc_lab.errors import InvalidValue, NotFound
from orc_lab.model import quick
from orc_lab.model.change import Change, Edit, Value
from orc_lab.model.clock import Clock
from orc_lab.workbench.bench import Workbench

AGENT = "agent"
_TELLING = ("title", "goal", "status", "estimated_hours", "project_id")  # of a new row, what people know it by
_LATER = 60  # seconds after which it is worth telling that something was written down later than it happened
_OPS = {"insert": "added", "update": "changed", "delete": "deleted"}


def do_undo(args: Namespace) -> None:
    """Take back your last edits, each by a new edit; or with --edit a certain one, as `orc log` numbers them.

    An import is one edit. What the agents note for themselves is passed over. Where a later edit would be lost nothing
    is taken back, and both values are named. `orc redo` does it again.
    """
    with editing(args) as wb:
        undone = wb.undo(steps=_steps(args), edit=args.edit, force=args.force)
        _tell(wb, undone, "Undone", args)


def args_undo(parser: ArgumentParser) -> None:
    """Declare the options of `orc undo`."""
    _stepping(parser)


def do_redo(args: Namespace) -> None:
    """Do again what you undid last; or with --edit a certain edit that was undone.

    A new edit ends what can be done again without naming it.
    """
    with editing(args) as wb:
        _tell(wb, wb.redo(steps=_steps(args), edit=args.edit, force=args.force), "Done again", args)


def args_redo(parser: ArgumentParser) -> None:
    """Declare the options of `orc redo`."""
    _stepping(parser)


def _stepping(parser: ArgumentParser) -> None:
    parser.add_argument("--steps", type=reading.whole, metavar="N", help="how many edits (default 1)")
    parser.add_argument("--edit", type=_number, metavar="NUMBER", help="this edit, whatever came later")
    parser.add_argument("--force", action="store_true", help="also where a field has been changed again since")
    parser.add_argument("--json", action="store_true", help="print the edits as JSON")


def _steps(args: Namespace) -> int:
    if args.steps is not None and args.steps < 1:
        raise InvalidValue("--steps", args.steps, "a whole number from 1")
    if args.steps is not None and args.edit is not None:
        raise InvalidValue("--steps", args.steps, "either --steps or --edit")
    return args.steps or 1


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 15:
        raise InvalidValue("--edit", text, "the number of an edit, as `orc log` shows it")
    return int(text)


def _tell(wb: Workbench, edits: Sequence[Edit], what: str, args: Namespace) -> None:
    if args.json:
        show_json([_edit(edit) for edit in edits])
        return
    titles, brought = wb.titles_of(edits), wb.brought(edits)
    for edit in edits:
        about = f", {_records(brought[edit.tx])}" if edit.tx in brought else ""
        about = f" {titles[edit.tx]!r}" if edit.tx in titles else about
        say(f"{what}: {edit.label}{about}, of {local(edit.at, wb.clock())}")


def _records(count: int) -> str:
    return f"{count:,} {'record' if count == 1 else 'records'}"


def do_log(args: Namespace) -> None:
    """Show the last edits, newest first; or with an id everything that ever happened to it, oldest first.

    Of a thing it shows each field from → to, who changed it, when that took effect, and when it was written down where
    that was later; also of a thing that was deleted. What the agents note for themselves (forecasts kept and settled,
    recommendations) is left out unless --agents or --all asks for it.
    """
    with opened(args) as wb:
        if args.id:
            _log_of(wb, args)
            return
        since = None if args.since is None else wb.clock().start_of(quick.day_said(args.since, wb.today()))
        actors = [AGENT] if args.agents else ()
        found = wb.edits(-1, actors=actors, since=since, search=args.search)
        told = [edit for edit in found if args.agents or args.all or edit.actor != AGENT]
        edits = told[: args.limit or None]
        if args.json:
            show_json([_edit(edit) for edit in edits])
        else:
            _show_edits(wb, edits, left_out=len(found) - len(told))


def args_log(parser: ArgumentParser) -> None:
    """Declare the options of `orc log`."""
    parser.add_argument("id", nargs="?", metavar="ID", help="of a todo, project or intention, there or deleted")
    parser.add_argument("--limit", type=reading.whole, default=20, metavar="N", help="the last N (default 20, 0: all)")
    parser.add_argument("--search", metavar="TEXT", help="only edits with this in a title of what they changed")
    parser.add_argument("--since", metavar="DAY", help="only since a day: yesterday, 2026-11-01")
    parser.add_argument("--agents", action="store_true", help="only what the agents wrote")
    parser.add_argument("--all", action="store_true", help="also what the agents wrote")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _show_edits(wb: Workbench, edits: Sequence[Edit], *, left_out: int) -> None:
    undone, titles, clock = wb.undone(), wb.titles_of(edits), wb.clock()
    about = titles | {tx: _records(count) for tx, count in wb.brought(edits).items()}
    rows = [
        (
            str(edit.tx),
            local(edit.at, clock),
            "" if edit.actor == "person" else edit.actor,
            edit.label,
            about.get(edit.tx, ""),
            "(undone)" if edit.tx in undone else "",
        )
        for edit in edits
    ]
    if rows:
        show_table(("edit", "when", "by", "what", "of", ""), rows, right=("edit",), flex="of")
    else:
        say("Nothing was done that fits.")
    if left_out:
        note(f"{left_out:,} edits of the agents are left out: `orc log --all` shows them too.")
    note("`orc undo` takes back the newest that you made, `orc undo --edit NUMBER` a certain one.")


def _log_of(wb: Workbench, args: Namespace) -> None:
    changes = wb.history(_thing(wb, args.id))
    edits = wb.edits_of(changes)
    kept = [change for change in changes if not _left_out(change, edits, args)][-args.limit :]
    if args.json:
        show_json([_change(change, edits) for change in kept])
        return
    _show_changes(wb, kept, edits)
    if len(kept) < len(changes):
        note(f"{len(changes) - len(kept):,} changes are left out; see all with --all --limit 0.")


def _left_out(change: Change, edits: Mapping[int, Edit], args: Namespace) -> bool:
    edit = edits.get(change.tx or 0)
    agents = edit is not None and edit.actor == AGENT
    return not agents if args.agents else agents and not args.all


def _thing(wb: Workbench, text: str) -> str:
    try:
        return reading.anything(wb, text).id
    except NotFound:
        try:
            return wb.resolve_deleted(text)
        except NotFound:
            raise NotFound("todo, project or intention", text) from None


def _show_changes(wb: Workbench, changes: Sequence[Change], edits: Mapping[int, Edit]) -> None:
    clock, titles = wb.clock(), wb.titles(_named(changes))
    for change in changes:
        told = {
            field: tuple(_cell(field, value, clock, titles) for value in cell) for field, cell in change.cells.items()
        }
        shown = [f"{_name(field)}: {old} → {new}" for field, (old, new) in told.items()]
        if change.op == "insert":
            shown = [f"{_name(field)}: {told[field][1]}" for field in _TELLING if field in told]
        elif change.op == "delete":
            shown = [f"{_name(field)}: {told[field][0]}" for field in _TELLING[:2] if field in told]
        say(f"{local(change.at, clock)}  {_OPS[change.op]}  {'; '.join(shown)}  ({_by(change, edits, clock)})")


def _by(change: Change, edits: Mapping[int, Edit], clock: Clock) -> str:
    """Who made a change, by which edit, and when it was written down where that was later."""
    edit = edits.get(change.tx or 0)
    words = ["another program"] if edit is None else [edit.label]
    if edit is not None and edit.actor != "person":
        words.append(f"by {edit.actor}")
    if change.hlc // 1_000_000 - change.at >= _LATER:
        words.append(f"recorded {local(change.hlc // 1_000_000, clock)}")
    return ", ".join(words)


def _named(changes: Iterable[Change]) -> set[str]:
    """The ids that changes name, which people know by a title."""
    fields = ("project_id", "intention_id", "parent_id")
    return {str(value) for change in changes for field in fields for value in change.cells.get(field, ()) if value}


def _name(field: str) -> str:
    return field.removesuffix("_id").removesuffix("_at").replace("_", " ")


def _cell(field: str, value: Value, clock: Clock, titles: Mapping[str, str]) -> str:
    if value is None:
        return "∅"
    if field.endswith("_at") and isinstance(value, int):
        return local(value, clock)
    if field.endswith("_hours") and isinstance(value, (int, float)):
        return hours(value)
    return titles.get(str(value), str(value)) if field.endswith("_id") else str(value)


def _edit(edit: Edit) -> dict[str, object]:
    return {name: getattr(edit, name) for name in ("tx", "at", "actor", "label", "undoes")}


def _change(change: Change, edits: Mapping[int, Edit]) -> dict[str, object]:
    names = ("seq", "at", "origin", "table", "id", "op")
    edit = edits.get(change.tx or 0)
    who = {"recorded_at": change.hlc // 1_000_000, "edit": edit and _edit(edit)}
    return {name: getattr(change, name) for name in names} | who | {"cells": dict(change.cells)}
