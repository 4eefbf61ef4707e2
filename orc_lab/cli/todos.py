"""add, edit, and a todo's way: match, refine, confirm, done, drop, reopen, snooze. Several ids are one edit."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from datetime import timedelta

from orc_lab.cli import reading
from orc_lab.cli.output import hours, say, short, show_json
from orc_lab.cli.place import editing
from orc_lab.errors import InvalidValue
from orc_lab.model import quick
from orc_lab.model.entities import Project, Todo
from orc_lab.workbench.bench import Workbench


def do_add(args: Namespace) -> None:
    """Add a todo in quick syntax; quote the line, for a shell gives # and ! meanings of its own.

    orc add 'Write draft +Thesis 2h !high @fri #deep'

    +Project   found by its title or made; _ stands for a blank
    2h 90m     the estimate
    !high      the priority: !low !medium !high !urgent, or ! and !!
    @fri       the due day: @today @tomorrow @fri @+3d @2026-11-27
    #tag       any number of them; ++ ## @@ escape a first character
    """
    with editing(args) as wb:
        text = " ".join(args.text)
        if not quick.parse(text, wb.today()).title:
            wanted = "what there is to do, besides its project, hours and day: orc add 'Write draft +Thesis 2h @fri'"
            raise InvalidValue("a todo", text, wanted)
        todo = wb.capture(text)
        _tell(wb, args, [todo], "Added")


def args_add(parser: ArgumentParser) -> None:
    """Declare the options of `orc add`."""
    parser.add_argument("text", nargs="+", metavar="TEXT")
    _json(parser)


def do_edit(args: Namespace) -> None:
    """Change fields of todos, as one edit: orc edit 4f2a9c due=fri hours=3 project=Thesis

    An empty value clears a field. Short names: hours, spent, due, project, parent, snooze.
    """
    pairs = [word for word in args.words if "=" in word]
    names = [word for word in args.words if "=" not in word]
    if not pairs or not names:
        raise InvalidValue("an edit", " ".join(args.words), "an id and a field=value, such as: orc edit 4f2a9c due=fri")
    with editing(args) as wb:
        values = reading.fields(wb, Todo, pairs)
        _each(wb, args, names, "edit", lambda id: wb.update(Todo, id, **values), "Changed")


def args_edit(parser: ArgumentParser) -> None:
    """Declare the options of `orc edit`."""
    parser.add_argument("words", nargs="+", metavar="ID… field=value")
    _json(parser)


def do_match(args: Namespace) -> None:
    """Give todos their project: orc match 4f2a9c --project Thesis"""
    with editing(args) as wb:
        project = reading.named(wb, Project, args.project)
        _each(wb, args, args.ids, "match", lambda id: wb.match(id, project), "Matched")


def args_match(parser: ArgumentParser) -> None:
    """Declare the options of `orc match`."""
    _ids(parser)
    parser.add_argument("--project", required=True, help="its title or id")


def do_refine(args: Namespace) -> None:
    """Make todos clear: orc refine 4f2a9c --title 'Draft of chapter 2' --hours 3 due=fri"""
    with editing(args) as wb:
        pairs = [word for word in args.ids if "=" in word]
        values = reading.fields(wb, Todo, pairs)
        values |= {} if args.title is None else {"title": args.title}
        values |= {} if args.hours is None else {"estimated_hours": quick.hours_said(args.hours)}
        names = [word for word in args.ids if word not in pairs]
        _each(wb, args, names, "refine", lambda id: wb.refine(id, **values), "Refined")


def args_refine(parser: ArgumentParser) -> None:
    """Declare the options of `orc refine`."""
    _ids(parser)
    parser.add_argument("--title", help="what there is to do, in clear words")
    parser.add_argument("--hours", metavar="HOURS", help="the estimate: 2, 1.5h or 90m")


def do_confirm(args: Namespace) -> None:
    """Say that todos are worth doing."""
    with editing(args) as wb:
        _each(wb, args, args.ids, "confirm", wb.confirm, "Confirmed")


def do_done(args: Namespace) -> None:
    """Say that todos are done: orc done 4f2a9c --hours 2 --at '2026-11-20 17:30'"""
    with editing(args) as wb:
        spent = None if args.hours is None else quick.hours_said(args.hours)
        at = None if args.at is None else reading.instant(args.at, wb)
        _each(wb, args, args.ids, "do", lambda id: wb.done(id, actual_hours=spent, at=at), "Done")


def args_done(parser: ArgumentParser) -> None:
    """Declare the options of `orc done`."""
    _ids(parser)
    parser.add_argument("--hours", metavar="HOURS", help="how long each took in all: 2, 1.5h or 90m")
    parser.add_argument("--at", metavar="TIME", help="when: 17:30, 2026-11-20, '2026-11-20 17:30' (default: now)")


def do_drop(args: Namespace) -> None:
    """Decide not to do todos; `orc reopen` takes it back."""
    with editing(args) as wb:
        _each(wb, args, args.ids, "drop", wb.drop, "Dropped")


def do_reopen(args: Namespace) -> None:
    """Open done or dropped todos again, as confirmed."""
    with editing(args) as wb:
        _each(wb, args, args.ids, "reopen", wb.reopen, "Reopened")


def do_snooze(args: Namespace) -> None:
    """Keep todos out of the way until a day: orc snooze 4f2a9c --until mon"""
    with editing(args) as wb:
        until = quick.day_said(args.until, wb.today())
        if until == wb.today() and args.until.isalpha() and args.until.lower() != "today":
            until += timedelta(days=7)  # said on a Monday, mon means the next one
        _each(wb, args, args.ids, "snooze", lambda id: wb.snooze(id, until), f"Until {until}")


def args_snooze(parser: ArgumentParser) -> None:
    """Declare the options of `orc snooze`."""
    _ids(parser)
    parser.add_argument("--until", metavar="DAY", default="tomorrow", help="tomorrow (the default), mon, +2w, a date")


def _ids(parser: ArgumentParser) -> None:
    parser.add_argument("ids", nargs="+", metavar="ID", help="an id, or its last characters")
    _json(parser)


args_confirm = args_drop = args_reopen = _ids


def _json(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print what became of it as JSON")


def _each(
    wb: Workbench, args: Namespace, names: Sequence[str], verb: str, change: Callable[[str], Todo], told: str
) -> None:
    """Change all named todos in one edit, undone together or failing together, and tell."""
    ids = reading.ids(wb, Todo, names)
    with wb.edit(f"{verb} todo" if len(ids) == 1 else f"{verb} {len(ids)} todos"):
        todos = [change(id) for id in ids]
    _tell(wb, args, todos, told)


def _tell(wb: Workbench, args: Namespace, todos: Sequence[Todo], told: str) -> None:
    if args.json:
        show_json(todos if told != "Added" else todos[0])
        return
    for todo in todos:
        say(f"{told}: {todo.title}  [{'  '.join(_facts(wb, todo))}]")


def _facts(wb: Workbench, todo: Todo) -> list[str]:
    project = wb.get(Project, todo.project_id).title if todo.project_id else ""
    due = f"due {todo.due_date}" if todo.due_date else ""
    spent = f"{hours(todo.actual_hours)} spent" if todo.actual_hours else ""
    estimate = f"{hours(todo.estimated_hours)} estimated" if todo.estimated_hours is not None else ""
    return list(
        filter(None, (short(todo.id), todo.status, project, estimate, spent, due, *(f"#{tag}" for tag in todo.tags)))
    )
