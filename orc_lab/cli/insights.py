"""summary, today, accuracy: what the agents make of a project and of a day, and how they have held so far."""

from argparse import ArgumentParser, Namespace
from datetime import date
from typing import TYPE_CHECKING

from orc_lab.cli import place, reading
from orc_lab.cli.outlook import asking, desk_of
from orc_lab.cli.output import note, say, short, show_json, show_table
from orc_lab.errors import InvalidValue
from orc_lab.model import quick
from orc_lab.model.entities import Project, Recommendation
from orc_lab.workbench.bench import Workbench

if TYPE_CHECKING:
    from orc_lab.agents.insight.analysis import ProjectAnalysis
    from orc_lab.agents.insight.summary import ProjectSummary
    from orc_lab.agents.recommend.daily import Today
    from orc_lab.agents.recommend.followed import Kept

_MOST_ORDER = 10


def do_summary(args: Namespace) -> None:
    """Sum a project up over 7d, 30d, 90d or all of its time: how it is, how fast, when it ends, where it tends.

    With --analysis: its health beside that of completed projects, its risks with steps, what to do better, what to
    expect.
    """
    with place.reading(args) as wb:
        from orc_lab.agents.insight import told
        from orc_lab.agents.insight.analysis import analyze_project
        from orc_lab.agents.insight.span import time_frame
        from orc_lab.agents.insight.summary import generate_project_summary

        frame = time_frame(args.time)
        id = reading.named(wb, Project, " ".join(args.project))
        desk = desk_of(wb, args)
        known = desk.known
        found = analyze_project(known, id) if args.analysis else generate_project_summary(known, id, frame)
        desk.keep([*told.finish(known, id, known.completion(id)), *told.troubles(known, found.health)])
    if args.json:
        show_json(found.as_dict())
    elif args.analysis:
        _show_analysis(found)  # type: ignore[arg-type]
    else:
        _show_summary(found)  # type: ignore[arg-type]


def args_summary(parser: ArgumentParser) -> None:
    """Declare the options of `orc summary`."""
    parser.add_argument("project", nargs="+", metavar="PROJECT", help="its title or id")
    parser.add_argument("--time", default="30d", metavar="7d|30d|90d|all", help="how far to look back (default 30d)")
    parser.add_argument("--analysis", action="store_true", help="health, risks, optimisations and predictions")
    asking(parser)


def _show_summary(found: "ProjectSummary") -> None:
    say(found.text)
    say(f"\nvelocity      {found.velocity.sentence}")
    say(f"productivity  {found.productivity.sentence}")
    for name, trend in found.trends.items():
        say(f"{name + ' trend':13} {trend.sentence}")
    for step in found.recommendations:
        say(f"  → {step}")


def _show_analysis(found: "ProjectAnalysis") -> None:
    say(found.health.sentence)
    for comparison in found.comparisons:
        say(f"  {comparison.sentence}")
    for risk in found.risks.factors:
        say(f"\n{risk.severity.value}: {risk.sentence}")
        for step in risk.steps:
            say(f"  → {step}")
    for suggestion in found.suggestions:
        say(f"\nbetter: {suggestion.description}")
        for step in suggestion.steps:
            say(f"  → {step}")
    say()
    for told in found.insights:
        say(told)


def do_today(args: Namespace) -> None:
    """Say what to do today about the active projects, the most pressing first, each with its reason and effect.

    Answer by the id that stands before each: what you did and what followed decides which rules go on.

        orc today --do 4f2a9c
        orc today --snooze 4f2a9c --until fri
        orc today --dismiss 4f2a9c --why 'the client moved the date'
    """
    if args.did or args.snooze or args.dismiss:
        with place.editing(args) as wb:
            _answer(wb, args)
        return
    with place.reading(args) as wb:
        from orc_lab.agents.recommend.daily import generate_daily_recommendations
        from orc_lab.agents.recommend.followed import follow_up, kept_of

        desk = desk_of(wb, args)
        known = desk.known
        if desk.live and follow_up(wb, known, desk.knowledge):
            known = known.taught(desk.knowledge.kb)
        today = generate_daily_recommendations(known)
        kept = kept_of(wb, today, known.as_of.date(), live=desk.live)
        resting = [known.kb.rule(rule).sentence for rule in today.retired]
        titles = {project.id: project.title for project in wb.find(Project)}
    if args.json:
        show_json({**today.as_dict(), "recommendations": [each.as_dict() for each in kept]})
        return
    _show_today(today, kept, titles, live=desk.live)
    for told in resting:
        note(told)


def args_today(parser: ArgumentParser) -> None:
    """Declare the options of `orc today`."""
    parser.add_argument("--do", dest="did", metavar="ID", help="you do what it recommends")
    parser.add_argument("--snooze", metavar="ID", help="not now; with --until DAY")
    parser.add_argument("--until", metavar="DAY", help="tomorrow, fri, +3d or a date (default: tomorrow)")
    parser.add_argument("--dismiss", metavar="ID", help="not at all; with --why TEXT")
    parser.add_argument("--why", metavar="TEXT", help="why it doesn't fit")
    asking(parser)


def _answer(wb: Workbench, args: Namespace) -> None:
    from orc_lab.agents.recommend.followed import Response, respond

    answers = {Response.DONE: args.did, Response.SNOOZED: args.snooze, Response.DISMISSED: args.dismiss}
    given = [(response, text) for response, text in answers.items() if text]
    if len(given) > 1:
        raise InvalidValue("an answer", " ".join(text for _, text in given), "one of --do, --snooze, --dismiss")
    response, text = given[0]
    until: date | None = quick.day_said(args.until or "tomorrow", wb.today()) if response is Response.SNOOZED else None
    row = respond(wb, wb.resolve(Recommendation, text), response, why=args.why, until=until)
    if args.json:
        show_json(row)
    else:
        say(f"{response.value}: {row.title}. {row.description or ''}".rstrip())


def _show_today(today: "Today", kept: "tuple[Kept, ...]", titles: dict[str, str], *, live: bool) -> None:
    for each in kept:
        answered = f" [{each.response}]" if each.response else ""
        say(f"{short(each.id) if live else '·':6}  {each.told.priority.value}: {each.told.title}{answered}")
        say(f"        {each.told.description}")
        say(f"        why: {each.told.reason}")
        if each.told.evidence:
            say(f"        evidence: {' '.join(each.told.evidence)}")
        say(f"        effect: {each.told.effect.sentence}")
        for step in each.told.actions:
            say(f"        → {step}")
        say()
    if not kept:
        say("Nothing is recommended today.\n")
    rows = [(str(each.place), titles.get(str(each.project), ""), each.reason) for each in today.order.order]
    if rows:
        show_table(("order", "project", "because"), rows[:_MOST_ORDER], flex="because")


def do_accuracy(args: Namespace) -> None:
    """Say how the forecasts that you were shown have held: each model's bands, dates and chances, and what is mended.

    Only what was shown to you as of that day counts; how models would have done on your whole past is `orc backtest`.
    """
    with place.reading(args) as wb:
        desk = desk_of(wb, args)
        found = desk.standings
        guards = [desk.guard(model) for model in dict.fromkeys(each.model for each in found)]
    if args.json:
        show_json({"models": [each.as_dict() for each in found], "mended": [each.as_dict() for each in guards]})
        return
    for each in found:
        say(each.sentence)
    for guard in guards:
        if guard.applied:
            say(guard.sentence)
    if not found:
        say("No forecast was recorded yet. `orc review`, `orc forecast` and `orc health` record what they show.")


def args_accuracy(parser: ArgumentParser) -> None:
    """Declare the options of `orc accuracy`."""
    asking(parser)
