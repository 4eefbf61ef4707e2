"""list, search, show: what there is."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Any

from orc_lab.cli import reading
from orc_lab.cli.output import hours, local, note, record, say, short, show_json, show_table
from orc_lab.cli.then import args_as_of, looking
from orc_lab.errors import InvalidValue
from orc_lab.model import quick
from orc_lab.model.entities import CLOSED, OPEN, Activity, Entity, Intention, Project, Status, Todo
from orc_lab.workbench.bench import Workbench

PAGE = 50
_ORDERS = {"due": "due_date", "priority": "-priority", "hours": "estimated_hours", "created": "created_at"}
_ORDERS |= {"done": "completed_at", "updated": "updated_at"}


def do_list(args: Namespace) -> None:
    """List todos: those that are open and not snoozed, what is due first on top."""
    with looking(args) as wb:
        filters = _filters(wb, args)
        todos = wb.find(Todo, order=_order(args), limit=args.limit or None, **filters)
        if args.json:
            show_json(todos)
        elif todos:
            _show_todos(wb, todos, whole_ids=args.ids)
            _tell_the_rest(len(todos), wb.count(Todo, **filters))
        else:
            _tell_nothing(wb, then=args.as_of is not None)


def args_list(parser: ArgumentParser) -> None:
    """Declare the options of `orc list`."""
    parser.add_argument("--status", help=f"one or several, with commas: {', '.join(Status)}")
    parser.add_argument("--project", help="its title or id")
    parser.add_argument("--due", metavar="DAY", help="due on that day or before: today, fri, +2w, a date")
    parser.add_argument("--all", action="store_true", help="also what is done, dropped or snoozed")
    parser.add_argument(
        "--limit", type=reading.whole, default=PAGE, metavar="N", help=f"at most N (default {PAGE}, 0: all)"
    )
    parser.add_argument("--sort", metavar="FIELD", help="due, priority, hours, created, done, title, …")
    parser.add_argument("--reverse", action="store_true", help="turn the order of --sort")
    parser.add_argument("--ids", action="store_true", help="show whole ids")
    args_as_of(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def do_search(args: Namespace) -> None:
    """Find text in the titles and descriptions of todos, projects and intentions, whatever its case."""
    text = " ".join(args.text)
    with looking(args) as wb:
        found: list[Entity] = []
        for kind in (Todo, Project, Intention):
            rows = {row.id: row for field in ("title", "description") for row in _with(wb, kind, field, text, args)}
            found += list(rows.values())[: args.limit or None]
        if args.json:
            show_json([{"kind": row.noun, **record(row)} for row in found])
        elif found:
            headers = ("id", "kind", "status", "title")
            rows_shown = [(short(row.id), row.noun, getattr(row, "status", ""), _title(row)) for row in found]
            show_table(headers, rows_shown, flex="title")
        else:
            say(f"Nothing holds {text!r}.")


def args_search(parser: ArgumentParser) -> None:
    """Declare the options of `orc search`."""
    parser.add_argument("text", nargs="+", metavar="TEXT")
    parser.add_argument(
        "--limit", type=reading.whole, default=PAGE, metavar="N", help=f"of each kind (default {PAGE}, 0: all)"
    )
    args_as_of(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def do_show(args: Namespace) -> None:
    """Show one todo, project or intention with all that is known of it."""
    with looking(args) as wb:
        row = reading.anything(wb, args.id)
        if args.json:
            show_json({"kind": row.noun, **record(row), "activities": [record(a) for a in wb.activities(row.id)]})
            return
        say(f"{row.noun.capitalize()}: {_title(row)}")
        known = _described(wb, row)
        for name, value in known.items():
            say(f"  {name:{max(map(len, known))}}  {value}")
        clock = wb.clock()
        for activity in reversed(wb.activities(row.id, limit=args.limit or None)):
            say(f"{local(activity.occurred_at, clock)}  {activity.kind} {_what(activity)}".rstrip())


def args_show(parser: ArgumentParser) -> None:
    """Declare the options of `orc show`."""
    parser.add_argument("id", metavar="ID", help="an id, or its last characters")
    parser.add_argument(
        "--limit", type=reading.whole, default=20, metavar="N", help="activities at most (default 20, 0: all)"
    )
    args_as_of(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def _filters(wb: Workbench, args: Namespace) -> dict[str, Any]:
    filters: dict[str, Any] = {}
    if args.status:
        filters["status"] = [_status(word) for word in args.status.split(",")]
    elif not args.all:
        filters |= {"status": OPEN, "snoozed_until__lte_or_empty": wb.today().isoformat()}
    if args.project:
        filters["project_id"] = reading.named(wb, Project, args.project)
    if args.due:
        filters["due_date__lte"] = quick.day_said(args.due, wb.today()).isoformat()
    return filters


def _status(word: str) -> Status:
    if word not in tuple(Status):
        raise InvalidValue("--status", word, "one of " + ", ".join(Status))
    return Status(word)


def _order(args: Namespace) -> Sequence[str]:
    if not args.sort:
        return ("due_date", "-priority", "created_at")
    order = _ORDERS.get(args.sort, args.sort)
    turned = order.removeprefix("-") if order.startswith("-") else f"-{order}"
    return (turned if args.reverse else order, "created_at")


def _show_todos(wb: Workbench, todos: Sequence[Todo], *, whole_ids: bool) -> None:
    titles = {project.id: project.title for project in wb.find(Project, id={todo.project_id for todo in todos})}
    today = wb.today().isoformat()
    rows = [
        (
            todo.id if whole_ids else short(todo.id),
            todo.status,
            _due(todo, today),
            "" if todo.priority == "medium" else todo.priority,
            hours(todo.estimated_hours),
            titles.get(todo.project_id or "", ""),
            " ".join([todo.title, *(f"#{tag}" for tag in todo.tags)]),
        )
        for todo in todos
    ]
    show_table(
        ("id", "status", "due", "priority", "estimate", "project", "title"), rows, right=("estimate",), flex="title"
    )


def _due(todo: Todo, today: str) -> str:
    late = todo.due_date is not None and todo.due_date < today and todo.status not in CLOSED
    return f"{todo.due_date or ''}{' late' if late else ''}"


def _tell_the_rest(shown: int, there: int) -> None:
    if there > shown:
        note(f"{shown} of {there:,}. See more with --limit N (0 for all), less with --project, --status or --due.")


def _tell_nothing(wb: Workbench, *, then: bool) -> None:
    if then and not wb.count(Todo):
        say("There were no todos then.")
    elif wb.count(Todo):
        say("Nothing here is open like that. `orc list --all` shows everything.")
    else:
        say("There are no todos yet. Add one with `orc add TEXT`, or bring some with `orc import FILE`.")


def _with(wb: Workbench, kind: type[Entity], field: str, text: str, args: Namespace) -> list[Entity]:
    """The rows whose field holds the text; SQLite knows upper from lower case for ASCII only, so we try some."""
    texts = [text] if text.isascii() else dict.fromkeys((text, text.lower(), text.upper(), text.capitalize()))
    filters: list[dict[str, Any]] = [{f"{field}__has": one} for one in texts]
    found = (wb.find(kind, order="-created_at", limit=args.limit or None, **one) for one in filters)
    return [row for rows in found for row in rows]


def _what(activity: Activity) -> str:
    if activity.kind.startswith("session"):  # the ids of sessions say nothing to people
        return hours(activity.new) if isinstance(activity.new, float) else ""
    return " → ".join(str(value) for value in (activity.old, activity.new) if value is not None)


def _described(wb: Workbench, row: Entity) -> dict[str, str]:
    clock = wb.clock()
    shown = {}
    for name, value in record(row).items():
        if value in (None, [], "") or name in ("title", "user_id"):
            continue
        if name.endswith("_at"):
            value = local(value, clock)
        elif name.endswith("_hours"):
            value = hours(value)
        elif name in ("project_id", "intention_id", "parent_id"):
            kind = {"project_id": Project, "intention_id": Intention, "parent_id": Todo}[name]
            value = f"{_title(wb.get(kind, value))}  [{short(value)}]"
        elif name == "tags":
            value = " ".join(f"#{tag}" for tag in value)
        shown[name.removesuffix("_at").removesuffix("_id").replace("_", " ")] = str(value)
    return shown


def _title(row: Entity) -> str:
    return str(getattr(row, "title", ""))
