"""estimate, forecast, health: what your past says about what is open, with what it rests on."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from orc_lab.cli import reading
from orc_lab.cli.output import note, say, short, show_json, show_table
from orc_lab.cli.place import reading as opened
from orc_lab.errors import InvalidValue, NotFound
from orc_lab.model import quick
from orc_lab.model.entities import Project, Todo
from orc_lab.workbench.bench import Workbench

if TYPE_CHECKING:
    from orc_lab.agents.completion.outcome import ProjectCompletion
    from orc_lab.agents.desk import Desk
    from orc_lab.agents.forecast import Forecast
    from orc_lab.agents.health.rules import Health
    from orc_lab.mirror.features import Frames

_MOST_WEEKS = 26


def do_estimate(args: Namespace) -> None:
    """Say how long a todo will take you: orc estimate 4f2a9c, or orc estimate 'Write draft +Thesis 2h'

    The answer corrects your own estimate by what became of your earlier ones, and says how well that has held so far.
    """
    with opened(args) as wb:
        from orc_lab.cli import answers

        text = " ".join(args.text)
        todo = _todo(wb, text)
        desk = desk_of(wb, args)
        forecast = answers.estimate(desk, text, todo, None if todo else _project(wb, text))
    if args.json:
        show_json(forecast.as_dict())
    else:
        _show(forecast)


def args_estimate(parser: ArgumentParser) -> None:
    """Declare the options of `orc estimate`."""
    parser.add_argument("text", nargs="+", metavar="TEXT|ID", help="quick syntax as for `orc add`, or a todo's id")
    asking(parser)


def do_forecast(args: Namespace) -> None:
    """Say what the next weeks will bring, or when a project will be done: orc forecast Thesis

    Todos and hours come with their bands, dates with P50, P80 and P95, and with how well such forecasts have held.
    What would be if you cut some todos, added work, or did something first:

        orc forecast Thesis --cut 4f2a9c,77b0c1
        orc forecast Thesis --add 3h --add 2h --first 77b0c1
    """
    if not 1 <= args.weeks <= _MOST_WEEKS:
        raise InvalidValue("--weeks", args.weeks, f"a number from 1 to {_MOST_WEEKS}")
    changes = {"cut": _ids(args.cut), "add": args.add, "first": _ids(args.first)}
    if any(changes.values()) and not args.project:
        raise InvalidValue("a project", "", "one whose work is cut, added or done first: orc forecast PROJECT …")
    with opened(args) as wb:
        if args.project:
            _forecast_project(wb, args, changes)
        else:
            _forecast_weeks(wb, args)


def _forecast_weeks(wb: Workbench, args: Namespace) -> None:
    from orc_lab.agents.forecast import figure
    from orc_lab.cli import answers

    desk = desk_of(wb, args)
    found = answers.outlook(desk, args.weeks)
    if args.json:
        show_json(found.as_dict())
        return
    if not any(total.quantiles for total in found.totals):
        say(f"{found.totals[0].sentence}")
        return
    for told in dict.fromkeys((found.velocity.todos.sentence, found.velocity.hours.sentence)):
        say(f"{told[:1].upper()}{told[1:]}.".replace("..", "."))
    rows = [(week, unit, *(_cell(figure(value), value) for value in values)) for week, unit, values in found.weeks]
    headers = ("week", "of", "P10", "P25", "P50", "P75", "P90")
    say()
    show_table(headers, rows, right=headers[2:])
    for total in found.totals:
        say()
        _show(total)


def _forecast_project(wb: Workbench, args: Namespace, changes: dict[str, list[str]]) -> None:
    from orc_lab.cli import answers

    id = reading.named(wb, Project, " ".join(args.project))
    cut, first = (reading.ids(wb, Todo, changes[name]) for name in ("cut", "first"))
    desk = desk_of(wb, args)
    found = answers.finish(desk, id, cut=cut, add=[quick.hours_said(text) for text in changes["add"]], first=first)
    if args.json:
        show_json(found.as_dict())
        return
    _show_project(found)
    if lived := desk.held("completion"):
        say(f"  {lived}")


def _show_project(found: "ProjectCompletion") -> None:
    from orc_lab.agents.forecast import figure

    say(f"{found.sentence}.".replace("..", "."))
    if found.open and not found.when.needs:
        say(f"  {found.remaining.sentence}")
        say(f"  about {figure(found.arrivals)} todos a week come in, {found.drop_share:.0%} of all end as dropped")
    if found.change:
        say(f"With the change: {found.change.after.sentence.partition(': ')[2]}.")
        say(f"  {found.change.sentence}")


def _ids(texts: list[str]) -> list[str]:
    return [id for text in texts for id in text.replace(",", " ").split()]


def args_forecast(parser: ArgumentParser) -> None:
    """Declare the options of `orc forecast`."""
    parser.add_argument("project", nargs="*", metavar="PROJECT", help="its title or id (default: the weeks ahead)")
    parser.add_argument("--weeks", type=int, default=4, metavar="N", help="how many weeks ahead (default 4)")
    parser.add_argument("--cut", action="append", default=[], metavar="ID,…", help="what if these were not done")
    parser.add_argument("--add", action="append", default=[], metavar="HOURS", help="what if this came in on top")
    parser.add_argument("--first", action="append", default=[], metavar="ID,…", help="what if these were done first")
    asking(parser)


def do_health(args: Namespace) -> None:
    """Say how active projects are doing, the worst first; or one, named by its title or id, with all its evidence."""
    with opened(args) as wb:
        from orc_lab.cli import answers

        project = reading.named(wb, Project, " ".join(args.project)) if args.project else None
        found = answers.healths(desk_of(wb, args), project)
    if args.json:
        show_json([one.as_dict() for one in found])
    elif project:
        for one in found:
            _show_health(one)
    elif found:
        rows = [(short(one.project_id), _score(one), one.label.value, str(len(one.risks)), one.title) for one in found]
        show_table(("id", "score", "health", "risks", "project"), rows, right=("score", "risks"), flex="project")
        note("`orc health PROJECT` shows the evidence and what to do.")
    else:
        say("No project is active. Add one with `orc project add TITLE`.")


def args_health(parser: ArgumentParser) -> None:
    """Declare the options of `orc health`."""
    parser.add_argument("project", nargs="*", metavar="PROJECT", help="its title or id (default: each active one)")
    asking(parser)


def frames_of(wb: Workbench, args: Namespace) -> "Frames":
    """Return what is asked about, and say on standard error from when it is seen where that isn't now."""
    from orc_lab.cli import answers

    frames, told = answers.seen(wb, None if args.week is None else reading.week(args.week, wb))
    if told:
        note(told)
    return frames


def desk_of(wb: Workbench, args: Namespace) -> "Desk":
    """Return the desk at what is asked about."""
    from orc_lab.cli import answers

    return answers.desk(wb, frames_of(wb, args))


def asking(parser: ArgumentParser) -> None:
    """Declare what every command that asks the agents takes."""
    parser.add_argument("--week", metavar="WEEK", help="as it was known at the end of a week (default: now)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _todo(wb: Workbench, text: str) -> str | None:
    """The id of the todo that a text names, if it names one."""
    try:
        return None if " " in text else wb.resolve(Todo, text)
    except NotFound:
        return None


def _project(wb: Workbench, text: str) -> str | None:
    """The id of the project that a text in quick syntax names, if there is one; raises AmbiguousId."""
    name = quick.parse(text, wb.today()).project
    try:
        return reading.named(wb, Project, name) if name else None
    except NotFound:
        note(f"There is no project “{name}”: this is said of a todo without one.")
        return None


def _show(forecast: "Forecast") -> None:
    say(f"{forecast.sentence}.".replace("..", "."))
    for line in forecast.evidence:
        say(f"  {line}")


def _show_health(one: "Health") -> None:
    say(one.sentence)
    if one.trouble is not None:
        say(f"Chances: {one.trouble.sentence}")
        for line in one.trouble.evidence:
            say(f"  {line}")
    if one.score is not None:
        rows = [("80", "base", "where every project begins")]
        rows += [(f"{part.adjustment:+d}", part.name, part.evidence) for part in one.components]
        show_table(("points", "why", "evidence"), rows, right=("points",))
    for risk in one.risks:
        say(f"\n{risk.severity.value}: {risk.sentence}")
        for step in risk.steps:
            say(f"  → {step}")


def _score(one: "Health") -> str:
    return "–" if one.score is None else str(one.score)


def _cell(text: str, value: float) -> str:
    return "–" if value != value else text
