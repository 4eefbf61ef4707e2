"""undo and log: what was done, and taking it back."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from orc_lab.cli import reading
from orc_lab.cli.output import local, note, say, show_json, show_table
from orc_lab.cli.place import editing
from orc_lab.cli.place import reading as opened
from orc_lab.errors import InvalidValue
from orc_lab.model.change import Change, Edit, Value
from orc_lab.model.clock import Clock

_TELLING = ("title", "status")  # of a new or deleted row, what people know it by


def do_undo(args: Namespace) -> None:
    """Take back your last edits, each by a new edit. Asks, by an error, where a later edit would be lost."""
    if args.steps < 1:
        raise InvalidValue("--steps", args.steps, "a whole number from 1")
    with editing(args) as wb:
        undone = wb.undo(steps=args.steps, force=args.force)
        if args.json:
            show_json([_edit(edit) for edit in undone])
            return
        for edit in undone:
            say(f"Undone: {edit.label}, of {local(edit.at, wb.clock())}")


def args_undo(parser: ArgumentParser) -> None:
    """Declare the options of `orc undo`."""
    parser.add_argument("--steps", type=reading.whole, default=1, metavar="N", help="how many edits (default 1)")
    parser.add_argument("--force", action="store_true", help="also where a field has been changed again since")
    parser.add_argument("--json", action="store_true", help="print the edits taken back as JSON")


def do_log(args: Namespace) -> None:
    """Show the last edits, newest first; or with an id everything that ever happened to it, oldest first."""
    with opened(args) as wb:
        if args.id:
            changes = wb.history(reading.anything(wb, args.id).id)[-args.limit :]
            show_json([_change(change) for change in changes]) if args.json else _show_changes(changes, wb.clock())
            return
        edits = wb.edits(args.limit or -1)
        if args.json:
            show_json([_edit(edit) for edit in edits])
        else:
            _show_edits(edits, wb.clock())


def args_log(parser: ArgumentParser) -> None:
    """Declare the options of `orc log`."""
    parser.add_argument("id", nargs="?", metavar="ID", help="of a todo, project or intention")
    parser.add_argument("--limit", type=reading.whole, default=20, metavar="N", help="the last N (default 20, 0: all)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _show_edits(edits: Sequence[Edit], clock: Clock) -> None:
    taken_back = {edit.undoes for edit in edits}
    rows = [
        (local(edit.at, clock), "" if edit.actor == "person" else edit.actor, edit.label, _undone(edit, taken_back))
        for edit in edits
    ]
    show_table(("when", "by", "edit", ""), rows, flex="edit")
    note("`orc undo` takes back the newest that you made.")


def _undone(edit: Edit, taken_back: set[int | None]) -> str:
    return "(undone)" if edit.tx in taken_back else ""


def _show_changes(changes: Sequence[Change], clock: Clock) -> None:
    for change in changes:
        told = {field: tuple(_cell(field, value, clock) for value in cell) for field, cell in change.cells.items()}
        shown = [f"{field}: {old} → {new}" for field, (old, new) in told.items()]
        if change.op == "insert":
            shown = [f"{field}: {told[field][1]}" for field in _TELLING if field in told]
        elif change.op == "delete":
            shown = []
        origin = "" if change.origin == "local" else f" ({change.origin})"
        say(f"{local(change.at, clock)}  {change.op}{origin}  {'; '.join(shown)}".rstrip())


def _cell(field: str, value: Value, clock: Clock) -> str:
    if value is None:
        return "∅"
    return local(value, clock) if field.endswith("_at") and isinstance(value, int) else str(value)


def _edit(edit: Edit) -> dict[str, object]:
    return {name: getattr(edit, name) for name in ("tx", "at", "actor", "label", "undoes")}


def _change(change: Change) -> dict[str, object]:
    names = ("seq", "at", "origin", "table", "id", "op")
    return {name: getattr(change, name) for name in names} | {"cells": dict(change.cells)}
