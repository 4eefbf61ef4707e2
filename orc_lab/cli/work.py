"""start and stop: work on a todo, as it happens."""

from argparse import ArgumentParser, Namespace

from orc_lab.cli import reading
from orc_lab.cli.output import hours, local, say, short, show_json
from orc_lab.cli.place import editing
from orc_lab.model.entities import Todo


def do_start(args: Namespace) -> None:
    """Start work on a todo: orc start 4f2a9c --at 9:15"""
    with editing(args) as wb:
        at = None if args.at is None else reading.instant(args.at, wb)
        session = wb.start(wb.resolve(Todo, args.id), at=at)
        if args.json:
            show_json(session)
            return
        todo = wb.get(Todo, session.todo_id)
        say(f"Working since {local(session.started_at, wb.clock())}: {todo.title}  [{short(todo.id)}]")


def args_start(parser: ArgumentParser) -> None:
    """Declare the options of `orc start`."""
    parser.add_argument("id", metavar="ID", help="an id, or its last characters")
    parser.add_argument("--at", metavar="TIME", help="since when: 9:15, '2026-11-20 9:15' (default: now)")
    parser.add_argument("--json", action="store_true", help="print the session as JSON")


def do_stop(args: Namespace) -> None:
    """End the running work. After more than four hours say when it ended: orc stop --at 17:30, or --at now."""
    with editing(args) as wb:
        session = wb.stop(ended_at=None if args.at is None else reading.instant(args.at, wb))
        if args.json:
            show_json(session)
            return
        todo = wb.get(Todo, session.todo_id)
        worked = ((session.ended_at or session.started_at) - session.started_at) / 3600
        say(f"Worked {hours(worked)}, {hours(todo.actual_hours)} in all: {todo.title}  [{short(todo.id)}]")


def args_stop(parser: ArgumentParser) -> None:
    """Declare the options of `orc stop`."""
    parser.add_argument("--at", metavar="TIME", help="when work ended: now, 17:30, '2026-11-20 17:30'")
    parser.add_argument("--json", action="store_true", help="print the session as JSON")
