"""delete, trash list, trash restore: what is gone, and bringing it back."""

import sys
from argparse import ArgumentParser, Namespace
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date

from orc_lab.cli import reading
from orc_lab.cli.output import clean, hours, local, note, say, short, show_json, show_table
from orc_lab.cli.place import editing
from orc_lab.cli.place import reading as opened
from orc_lab.errors import AmbiguousId, NotConfirmed, NotFound, UnknownWeek
from orc_lab.model.entities import Entity, Intention, Project, Session, Todo, WeeklyGoal
from orc_lab.model.week import Week
from orc_lab.workbench.bench import Workbench
from orc_lab.workbench.trash import Deleted

# What belongs to another comes first, so that it is there when its turn comes.
_ORDER: Sequence[type[Entity]] = (Session, Todo, WeeklyGoal, Project, Intention)


def do_delete(args: Namespace) -> None:
    """Delete todos, projects with their todos, intentions, weekly goals (2026-W47) or sessions, as one edit.

    It asks where others go along: the todos of a project, the parts of a todo, its sessions, commitments and links.
    With --keep the todos of a project and the parts of a todo stay, without it. `orc undo` brings everything back,
    and so does `orc trash restore`, however much later. To say that you won't do something, use `orc drop`.
    """
    with editing(args) as wb:
        things = [_thing(wb, text) for text in args.ids]
        ids: dict[type[Entity], list[str]] = defaultdict(list)
        for thing in things:
            ids[type(thing)] += [] if thing.id in ids[type(thing)] else [thing.id]
        along = Counter[str]()
        for kind, some in ids.items():
            along.update(wb.taken_along(kind, *some, along=not args.keep))
        names = ", ".join(dict.fromkeys(_named(wb, thing) for thing in things))
        if along and not args.yes and not _confirmed(f"Delete {names} with {_counted(along)}? [y/N] "):
            raise NotConfirmed(f"Deleting {names} with {_counted(along)}")
        with wb.edit(_label(ids)):
            for kind in _ORDER:
                if ids.get(kind):
                    wb.delete(kind, *ids[kind], along=not args.keep)
    if args.json:
        show_json([{"kind": thing.noun, "id": thing.id} for thing in things])
        return
    say(f"Deleted: {names}{f' with {_counted(along)}' if along else ''}. `orc undo` brings it back.")


def args_delete(parser: ArgumentParser) -> None:
    """Declare the options of `orc delete`."""
    parser.add_argument(
        "ids", nargs="+", metavar="ID", help="an id or its last characters, a project's title, a goal's week"
    )
    parser.add_argument("--keep", action="store_true", help="keep the todos of a project and the parts of a todo")
    parser.add_argument("--yes", action="store_true", help="don't ask")
    parser.add_argument("--json", action="store_true", help="print what was deleted as JSON")


def do_trash_list(args: Namespace) -> None:
    """List what was deleted and isn't back, the latest first: when, by which edit, and how much went with it."""
    with opened(args) as wb:
        found = wb.trash(undone=args.all, limit=args.limit or None)
        if args.json:
            show_json([_as_json(one) for one in found])
            return
        clock = wb.clock()
        titles = wb.titles(str(one.values.get("todo_id")) for one in found)
        rows = [
            (
                short(one.id),
                local(one.at, clock),
                one.kind.noun,
                _title(one, titles),
                _counted(one.along),
                one.label if one.actor == "person" else one.actor,
            )
            for one in found
        ]
    if not rows:
        say("Nothing was deleted that isn't back.")
        return
    show_table(("id", "when", "kind", "title", "with", "by"), rows, flex="title")
    note("`orc trash restore ID` brings it back.")


def args_trash_list(parser: ArgumentParser) -> None:
    """Declare the options of `orc trash list`."""
    parser.add_argument("--limit", type=reading.whole, default=50, metavar="N", help="the last N (default 50, 0: all)")
    parser.add_argument("--all", action="store_true", help="also what an undo took away, which `orc redo` brings back")
    parser.add_argument("--json", action="store_true", help="print JSON")


def do_trash_restore(args: Namespace) -> None:
    """Bring deleted things back, however long ago, with all that went with each and their dates and history."""
    with editing(args) as wb:
        back = wb.restore(*dict.fromkeys(wb.resolve_deleted(text) for text in args.ids))
        titles = wb.titles(str(one.values.get("todo_id")) for one in back)
        clock = wb.clock()
    if args.json:
        show_json([_as_json(one) for one in back])
        return
    for one in back:
        along = f" with {_counted(one.along)}" if one.along else ""
        say(f"Restored: {one.kind.noun} {_title(one, titles)!r}{along}, deleted {local(one.at, clock)}")
        if one.emptied:
            gone = ", ".join(f"{name.removesuffix('_id')} ({count})" for name, count in Counter(one.emptied).items())
            note(f"What it referred to is gone itself, so that stayed empty or away: {gone}. Restore that first?")


def args_trash_restore(parser: ArgumentParser) -> None:
    """Declare the options of `orc trash restore`."""
    parser.add_argument("ids", nargs="+", metavar="ID", help="an id as `orc trash` shows it, or a whole one")
    parser.add_argument("--json", action="store_true", help="print what came back as JSON")


def _thing(wb: Workbench, text: str) -> Entity:
    """The todo, project, intention, weekly goal or session that a text names; raises NotFound or AmbiguousId."""
    with suppress(NotFound):
        return reading.anything(wb, text)
    with suppress(UnknownWeek):
        goal = wb.goal(Week.parse(text))
        if goal is not None:
            return goal
        raise NotFound("weekly goal", text)
    for kind in (WeeklyGoal, Session):
        with suppress(NotFound):
            return wb.get(kind, wb.resolve(kind, text))
    return _titled(wb, text)


def _titled(wb: Workbench, text: str) -> Entity:
    """The project or intention of exactly this title, whatever its case."""
    found = [
        row
        for kind in (Project, Intention)
        for row in wb.find(kind, title__has=text)
        if getattr(row, "title", "").casefold() == text.casefold()
    ]
    if len(found) > 1:
        raise AmbiguousId(found[0].noun, text, len(found))
    if not found:
        raise NotFound("todo, project or intention", text)
    return found[0]


def _named(wb: Workbench, thing: Entity) -> str:
    if isinstance(thing, WeeklyGoal):
        return f"the goal of {Week.of(date.fromisoformat(thing.week_start_date))}"
    if isinstance(thing, Session):
        return f"a session of {wb.get(Todo, thing.todo_id).title!r}"
    return f"{thing.noun} {getattr(thing, 'title', '')!r}"


def _label(ids: Mapping[type[Entity], Sequence[str]]) -> str:
    kinds = [kind for kind, some in ids.items() if some]
    count = sum(map(len, ids.values()))
    noun = kinds[0].noun if len(kinds) == 1 else "thing"
    return f"delete {noun}" if count == 1 else f"delete {count} {noun}s"


def _title(one: Deleted, titles: Mapping[str, str]) -> str:
    values = one.values
    if one.kind is Session:
        began, ended = values.get("started_at"), values.get("ended_at")
        length = hours((ended - began) / 3600) if isinstance(began, int) and isinstance(ended, int) else "open"
        return f"{length} of {titles.get(str(values.get('todo_id')), 'a todo')}"
    if one.kind is WeeklyGoal:
        return " ".join(str(values[name]) for name in ("week_start_date", "goal") if values.get(name))
    return str(values.get("title", ""))


def _counted(along: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {noun}{'' if count == 1 else 's'}" for noun, count in along.items() if count)


def _as_json(one: Deleted) -> dict[str, object]:
    return {
        "kind": one.kind.noun, "id": one.id, "deleted_at": one.at, "by": one.actor, "label": one.label, "edit": one.tx,
        "along": dict(one.along), "emptied": list(one.emptied), "values": dict(one.values),
    }  # fmt: skip


def _confirmed(question: str) -> bool:
    """Ask on standard error; False where nobody sits at a terminal."""
    if not sys.stdin.isatty():
        return False
    print(clean(question), end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
