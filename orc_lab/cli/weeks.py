"""week, goal, commit, uncommit, capacity: what was promised for a week, and how much of a week it is."""

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from orc_lab.cli import reading
from orc_lab.cli.output import hours, local, record, say, short, show_json, show_table
from orc_lab.cli.place import editing
from orc_lab.cli.place import reading as opened
from orc_lab.errors import InvalidValue
from orc_lab.model import quick
from orc_lab.model.entities import Capacity, Commitment, Entity, Outcome, Todo, WeeklyGoal
from orc_lab.model.week import Week
from orc_lab.workbench.bench import Workbench


def do_week(args: Namespace) -> None:
    """Show a week's plan, by default this week's: orc week 2026-W47, or last, next

    --confirm freezes the plan: what is committed to later counts as unplanned. Without it a plan freezes 24 hours
    after the week starts. --reflect and --rating say afterwards how it was.
    """
    if args.confirm or args.reflect is not None or args.rating is not None:
        with editing(args) as wb:
            _change_week(wb, reading.week(args.week, wb), args)
            _show_week(wb, reading.week(args.week, wb), args)
    else:
        with opened(args) as wb:
            _show_week(wb, reading.week(args.week, wb), args)


def args_week(parser: ArgumentParser) -> None:
    """Declare the options of `orc week`."""
    parser.add_argument("week", nargs="?", metavar="WEEK", help="2026-W47, last, this or next")
    parser.add_argument("--confirm", action="store_true", help="freeze the plan now")
    parser.add_argument("--reflect", metavar="TEXT", help="what you think of the week")
    parser.add_argument("--rating", type=int, metavar="N", help="how the week was, 1 to 5")
    parser.add_argument("--json", action="store_true", help="print JSON")


def do_goal_list(args: Namespace) -> None:
    """List weekly goals, newest first."""
    with opened(args) as wb:
        goals = wb.find(WeeklyGoal, order="-week_start_date", limit=args.limit or None)
        if args.json:
            show_json(goals)
        elif goals:
            rows = [(str(_week_of(g)), hours(g.total_estimated_hours), _percent(g), g.goal or "") for g in goals]
            show_table(("week", "planned", "done", "goal"), rows, right=("planned", "done"), flex="goal")
        else:
            say("There are no weekly goals yet. Set one with `orc goal add TEXT`, or commit with `orc commit ID`.")


def args_goal_list(parser: ArgumentParser) -> None:
    """Declare the options of `orc goal list`."""
    parser.add_argument("--limit", type=reading.whole, default=20, metavar="N", help="at most N (default 20, 0: all)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def do_goal_add(args: Namespace) -> None:
    """Say what a week is for: orc goal add 'First draft of chapter 2' --week next"""
    with editing(args) as wb:
        _tell_goal(args, wb.set_goal(reading.week(args.week, wb), goal=" ".join(args.text)))


def args_goal_add(parser: ArgumentParser) -> None:
    """Declare the options of `orc goal add`."""
    parser.add_argument("text", nargs="+", metavar="TEXT")
    _week_option(parser)
    parser.add_argument("--json", action="store_true", help="print the goal as JSON")


def do_goal_edit(args: Namespace) -> None:
    """Change a weekly goal: orc goal edit goal='…' reflection='…' rating=4 --week last"""
    with editing(args) as wb:
        values = reading.fields(wb, WeeklyGoal, args.words)
        _tell_goal(args, wb.set_goal(reading.week(args.week, wb), **values))


def args_goal_edit(parser: ArgumentParser) -> None:
    """Declare the options of `orc goal edit`."""
    parser.add_argument("words", nargs="+", metavar="field=value", help="goal, reflection, rating")
    _week_option(parser)
    parser.add_argument("--json", action="store_true", help="print the goal as JSON")


def do_commit(args: Namespace) -> None:
    """Promise todos for a week: orc commit 4f2a9c b81d3e --week next"""
    _plan(args, "commit", "Committed for", Workbench.commit)


def do_uncommit(args: Namespace) -> None:
    """Take todos out of a week's plan."""
    _plan(args, "uncommit", "Out of", Workbench.uncommit)


def _plan(args: Namespace, verb: str, told: str, act: Callable[[Workbench, str, Week], Entity]) -> None:
    with editing(args) as wb:
        week, ids = reading.week(args.week, wb), reading.ids(wb, Todo, args.ids)
        with wb.edit(f"{verb} todo" if len(ids) == 1 else f"{verb} {len(ids)} todos"):
            made = [act(wb, id, week) for id in ids]
        if args.json:
            show_json(made)
            return
        for id in ids:
            say(f"{told} {week}: {wb.get(Todo, id).title}  [{short(id)}]")


def _ids(parser: ArgumentParser) -> None:
    parser.add_argument("ids", nargs="+", metavar="ID", help="an id, or its last characters")
    _week_option(parser)
    parser.add_argument("--json", action="store_true", help="print what became of it as JSON")


args_commit = args_uncommit = _ids


def do_capacity(args: Namespace) -> None:
    """Say how much of a usual day a day is: orc capacity 2026-12-24 0 Christmas. Without a day, list them."""
    if args.day is None:
        with opened(args) as wb:
            _list_capacity(wb, args)
        return
    if args.factor is None:
        raise InvalidValue("a factor", None, "a number after the day: 0 for a holiday, 0.5 for half a day")
    with editing(args) as wb:
        day = quick.day_said(args.day, wb.today())
        row = wb.set_capacity(day, reading.number("a factor", args.factor), " ".join(args.why) or None)
        show_json(row) if args.json else say(f"{row.day} is {row.factor:g} of a usual day. {row.why or ''}".rstrip())


def args_capacity(parser: ArgumentParser) -> None:
    """Declare the options of `orc capacity`."""
    parser.add_argument("day", nargs="?", metavar="DAY", help="tomorrow, fri, +2w, 2026-12-24")
    parser.add_argument("factor", nargs="?", metavar="FACTOR", help="0 for a holiday, 0.5 for half a day, 1 as usual")
    parser.add_argument("why", nargs="*", metavar="WHY")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _list_capacity(wb: Workbench, args: Namespace) -> None:
    days = wb.find(Capacity, order="day")
    if args.json:
        show_json(days)
    elif days:
        show_table(("day", "factor", "why"), [(d.day, f"{d.factor:g}", d.why or "") for d in days], right=("factor",))
    else:
        say("Every day is a usual one. Say otherwise with `orc capacity DAY FACTOR WHY`.")


def _week_option(parser: ArgumentParser) -> None:
    parser.add_argument("--week", metavar="WEEK", help="2026-W47, last, this (the default) or next")


def _change_week(wb: Workbench, week: Week, args: Namespace) -> None:
    said = {"reflection": args.reflect, "self_rating": args.rating}
    values = {name: value for name, value in said.items() if value is not None}
    with wb.edit("confirm plan" if args.confirm else "edit weekly goal"):
        if args.confirm:
            wb.confirm_plan(week)
        if values:
            wb.set_goal(week, **values)


def _show_week(wb: Workbench, week: Week, args: Namespace) -> None:
    goal, promised = wb.goal(week), wb.commitments(week)
    if args.json:
        show_json({"week": str(week), "goal": goal, "usual_hours": _usual_hours(wb, week), "commitments": promised})
        return
    for line in _week_lines(wb, week, goal):
        say(line)
    if promised:
        _show_promised(wb, goal, promised)
    else:
        say("Nothing is promised for it. Commit with `orc commit ID`; `orc list` shows what is open.")


def _week_lines(wb: Workbench, week: Week, goal: WeeklyGoal | None) -> list[str]:
    lines = [f"Week {week}, {week.monday} to {week.sunday}, {hours(_usual_hours(wb, week))} of planned work fit"]
    if goal is None:
        return lines
    frozen = "The plan froze" if goal.freezes_at <= time.time() else "The plan freezes"
    lines.append(f"{frozen} on {local(goal.freezes_at, wb.clock())}: {hours(goal.total_estimated_hours)} estimated")
    told = {"Goal": goal.goal, "Reflection": goal.reflection, "Rating": goal.self_rating and f"{goal.self_rating} of 5"}
    return [*lines, *(f"{name}: {text}" for name, text in told.items() if text)]


def _show_promised(wb: Workbench, goal: WeeklyGoal | None, promised: Sequence[Commitment]) -> None:
    todos = {todo.id: todo for todo in wb.find(Todo, id=[c.todo_id for c in promised])}
    rows = [_promise(todos.get(commitment.todo_id), commitment, goal) for commitment in promised]
    show_table(("id", "outcome", "", "estimate", "spent", "title"), rows, right=("estimate", "spent"), flex="title")
    kept = [c for c in promised if c.outcome is not Outcome.REMOVED]
    say(f"{sum(c.outcome is Outcome.DONE for c in kept)} of {len(kept)} done.")


def _promise(todo: Todo | None, commitment: Commitment, goal: WeeklyGoal | None) -> tuple[str, ...]:
    late = goal is not None and commitment.created_at > goal.freezes_at
    spent, title = (hours(todo.actual_hours), todo.title) if todo else ("", "(deleted)")
    added = "added later" if late else ""
    return short(commitment.todo_id), commitment.outcome, added, hours(commitment.estimated_hours), spent, title


def _usual_hours(wb: Workbench, week: Week) -> float:
    """Return the hours of planned work that the week holds: those of a full week, less for its short days."""
    settings = wb.settings(min(week.end(wb.clock()), int(time.time())))
    return settings.hours_per_week * wb.capacity(week)


def _week_of(goal: WeeklyGoal) -> Week:
    return Week.of(date.fromisoformat(goal.week_start_date))


def _percent(goal: WeeklyGoal) -> str:
    return "" if goal.completion_rate is None else f"{goal.completion_rate:.0%}"


def _tell_goal(args: Namespace, goal: WeeklyGoal) -> None:
    values: dict[str, Any] = record(goal)
    show_json(values) if args.json else say(f"{_week_of(goal)}: {goal.goal or goal.reflection or ''}")
