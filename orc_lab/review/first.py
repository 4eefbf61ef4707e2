"""The first screen's answers: what got done, did the plan hold, what is at risk, what to do on Monday."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan

from orc_lab.agents.forecast import NOMINAL
from orc_lab.agents.health.risks import CARRIED, Risk, Severity
from orc_lab.agents.health.rules import Health, Label
from orc_lab.agents.health.snapshot import ProjectSnapshot
from orc_lab.review.blocks import Answer, Item, Items
from orc_lab.review.facts import USUAL_WEEKS, Facts
from orc_lab.review.monday import Step, Why
from orc_lab.review.sentence import Sentence, Value, say

_PROJECTS, _RISKS, _STEPS = 3, 3, 4
_WEEK = 7  # days


def answers(facts: Facts) -> tuple[Answer, ...]:
    """Return the four answers."""
    return _done(facts), _plan(facts), _risks(facts), _monday(facts)


def _done(facts: Facts) -> Answer:
    count, when = len(facts.done), "so far" if facts.so_far else "this week"
    if facts.begins is not None:
        lead = say("Nothing is known of this week: the data begin on {begins}.", begins=facts.begins)
    elif not count:
        lead = say("Nothing was finished {when:-}.", when=when)
    elif facts.hours:
        lead = say("{done:# todo|# todos} done {when:-}, {hours:h} of work.", done=count, when=when, hours=facts.hours)
    else:
        lead = say("{done:# todo|# todos} done {when:-}; their hours weren't noted.", done=count, when=when)
    return Answer(key="done", question="What got done", lead=lead, more=[*_where(facts), *_compared(facts)])


def _where(facts: Facts) -> Iterator[Sentence]:
    """The projects with the most done."""
    counts = facts.done["project"].dropna().astype("str").value_counts().sort_index()
    top = counts.sort_values(ascending=False, kind="stable").head(_PROJECTS)
    if top.empty:
        return
    if len(top) == 1 and len(facts.done) > 1 and counts.sum() == len(facts.done):
        yield say("All in {project}.", project=str(top.index[0]))
        return
    values: dict[str, Value] = {"rest": len(counts) - len(top)}
    listed = []
    for at, (project, count) in enumerate(top.items()):
        values |= {f"project_{at}": str(project), f"done_{at}": int(count)}
        listed.append(f"{{done_{at}:n}} in {{project_{at}}}")
    tail = ", and {rest:# more project|# more projects}" if values["rest"] else ""
    yield say(f"{', '.join(listed)}{tail}.", **values)


def _compared(facts: Facts) -> Iterator[Sentence]:
    usual, hours = facts.usual.todos, facts.usual.hours.median
    if not usual.weeks:
        if facts.begins is None:
            yield say("There is no earlier week to compare with yet.")
        return
    if facts.idle(before=True) >= USUAL_WEEKS:
        yield nothing_done(facts, facts.idle(before=True), " before this one")
        return
    count = len(facts.done)
    verdict = "more than usual" if count > usual.q75 else "less than usual" if count < usual.q25 else "about as usual"
    yield say(
        ("The week isn't over" if facts.so_far else "That is {verdict:-}")
        + ": a usual week brings {median:# todo|# todos}"
        + (" and {hours:h}" if hours else "")
        + " (half of the last {weeks:n} brought {q25:n} to {q75:n}).",
        verdict=verdict, median=usual.median, weeks=usual.weeks, q25=usual.q25, q75=usual.q75, hours=hours,
    )  # fmt: skip


def nothing_done(facts: Facts, weeks: int, which: str = "") -> Sentence:
    """Say for how long nothing was done, and when something was."""
    last = facts.last_done
    tail = "" if last is None else "; the last todo was done on {last}"
    return say(f"Nothing was done for {{weeks:# week|# weeks}}{which}{tail}.", weeks=weeks, last=last)


def _plan(facts: Facts) -> Answer:
    plan, question = facts.plan, "Did the plan hold?"
    if not plan.planned:
        return Answer(key="plan", question=question, lead=no_plan(facts), more=list(next_step(facts)))
    lead = say(
        "{done:n} of {planned:# planned todo is|# planned todos are} done: {rate:%}.",
        done=plan.done, planned=plan.planned, rate=plan.rate,
    )  # fmt: skip
    return Answer(key="plan", question=question, lead=lead, more=list(_beside(facts)))


def _beside(facts: Facts) -> Iterator[Sentence]:
    """What became of the rest, what came in beside the plan, and how that compares."""
    plan = facts.plan
    rest = "still open" if facts.so_far else "carried over"
    yield say("{open:n} {rest:-}, {dropped:n} dropped.", open=plan.open, rest=rest, dropped=plan.dropped)
    if plan.unplanned:
        yield say(
            "{unplanned:# todo was|# todos were} done beside the plan ({hours:h}).",
            unplanned=plan.unplanned, hours=plan.unplanned_hours,
        )  # fmt: skip
    else:
        yield say("Nothing was done beside the plan.")
    if plan.weeks:
        yield say(
            "Your plans usually hold {usual:%} (median of {weeks:# planned week|# planned weeks} before).",
            usual=plan.usual_rate, weeks=plan.weeks,
        )  # fmt: skip


def no_plan(facts: Facts) -> Sentence:
    """Say that there was no plan."""
    if facts.plan.ever:
        return say("This week had no plan to hold.")
    return say("No week has been planned here yet, so there is no plan that could hold.")


def next_step(facts: Facts) -> Iterator[Sentence]:
    """Say how to make a plan, where the next week can still have one."""
    coming = facts.week + 1
    if facts.past:
        return
    yield say(
        "Promise a few todos for {week:-} ({command:code}), and its review will say whether that held.",
        week=str(coming), command=f"orc commit ID --week {coming}",
    )  # fmt: skip


def _risks(facts: Facts) -> Answer:
    question, active = "What is at risk?", len(facts.projects)
    if not active:
        why = "No active project has shown a sign of life lately" if facts.asleep else "No project is active"
        return Answer(key="risk", question=question, lead=say("{why:-}, so none is at risk.", why=why))
    pressing, glance = _pressing(facts)
    found = [*pressing, *glance][: max(_RISKS, len(pressing))]
    if not found:
        lead = say("Nothing stands out in {active:# active project|# active projects}.", active=active)
        return Answer(key="risk", question=question, lead=lead)
    lead = _need(len(pressing), len(found) - len(pressing), active)
    items = [
        Item(
            text=say("{project}: {why:-}", project=project.title, why=risk.sentence),
            details=[say("→ {step:-}", step=risk.steps[0])],
        )
        for project, risk in found[:_RISKS]
    ]
    return Answer(key="risk", question=question, lead=lead, items=Items(key="risks", items=items))


def _need(risky: int, glance: int, active: int) -> Sentence:
    """Say how many projects press, and how many others are worth a glance."""
    if risky and active == 1:
        return say("The one active project needs a look.")
    more = "; {glance:# more is|# more are} worth a glance" if glance else ""
    if not risky:
        more = ", {glance:# is|# are} worth a glance"
        return say(
            f"Nothing presses in {{active:# active project|# active projects}}{more}.", active=active, glance=glance
        )
    return say(
        f"{{risky:n}} of {{active:n}} active projects {{risky:needs|need}} a look{more}.",
        risky=risky, active=active, glance=glance,
    )  # fmt: skip


def _pressing(facts: Facts) -> tuple[list[tuple[ProjectSnapshot, Risk]], list[tuple[ProjectSnapshot, Risk]]]:
    """Each project's severest risk, of those that press and of those on track all the same.

    Severe ones stand first, then the least healthy.
    """
    pairs = sorted((pair for pair in facts.projects if pair[1].risks), key=_urgency)
    pressing: list[tuple[ProjectSnapshot, Risk]] = []
    glance: list[tuple[ProjectSnapshot, Risk]] = []
    for project, health in pairs:
        calm = health.label is Label.ON_TRACK and health.risks[0].severity is not Severity.HIGH
        (glance if calm else pressing).append((project, health.risks[0]))
    return pressing, glance


def _urgency(pair: tuple[ProjectSnapshot, Health]) -> tuple[int, float, float, str]:
    project, health = pair
    severity = list(Severity).index(health.risks[0].severity)
    chance = 1.0 if isnan(project.p_on_time) else project.p_on_time
    score = 100.0 if health.score is None else float(health.score)
    return severity, chance, score, project.id


def _monday(facts: Facts) -> Answer:
    question = "What to do on Monday"
    if not facts.next_week:
        return Answer(key="monday", question=question, lead=nothing_open(facts))
    steps = [_item(step) for step in facts.kept[:_STEPS]]
    rest = len(facts.next_week) - len(steps)
    items = Items(key="steps", items=steps, ordered=True)
    more = [say("All {count:n} stand under “Next week”.", count=len(facts.next_week))] if rest > 0 else []
    notes = [*holiday(facts), *_load(facts), *cut(facts), *more, *waiting(facts)]
    return Answer(key="monday", question=question, lead=fits(facts), more=notes, items=items)


def nothing_open(facts: Facts) -> Sentence:
    """Say why nothing is proposed."""
    if facts.open:
        return say("Nothing that is open is ready for next week: take up a project again, or add a todo.")
    if facts.past:
        return say("Nothing was open then.")
    return say("Nothing is open. Write down what comes next: {command:code}.", command="orc add TEXT")


def fits(facts: Facts) -> Sentence:
    """Say whether what next week brings fits."""
    count, fit = len(facts.next_week), facts.fit
    if isnan(fit.p):
        return say("{count:# todo waits|# todos wait} for next week.", count=count)
    return say(
        "{count:# todo waits|# todos wait} for next week; the chance that {count:it fits|they fit} is {p:chance}.",
        count=count, p=fit.p,
    )  # fmt: skip


def holiday(facts: Facts) -> Iterator[Sentence]:
    """Say how much of a week next week is, where it isn't a usual one."""
    if facts.uneven:
        yield say(
            "Next week has {days:# usual day|# usual days} instead of {usual:n}; that is in these numbers.",
            days=_WEEK * facts.room, usual=_WEEK,
        )  # fmt: skip


def waiting(facts: Facts) -> Iterator[Sentence]:
    """Say what isn't proposed because it has to wait."""
    snoozed = "{later:# open todo is|# open todos are} snoozed beyond Monday"
    blocked = "{held:# open todo waits|# open todos wait} for another one"
    told = [words for words, count in ((snoozed, facts.later), (blocked, facts.held)) if count]
    if told:
        yield say(", and ".join(told) + ", so not proposed.", later=facts.later, held=facts.held)


def _load(facts: Facts) -> Iterator[Sentence]:
    fit = facts.fit
    if isnan(fit.p):
        yield say("Whether that fits can be said once the hours of finished work are known.")
    else:
        yield say(
            "That is {needed:h} of work, and {which:-} brings {room:h} (medians).",
            needed=fit.needed.median, room=fit.room.median,
            which="such a week of yours" if facts.uneven else "a week of yours",
        )  # fmt: skip


def cut(facts: Facts) -> Iterator[Sentence]:
    """Say what to leave out so that the week fits, where that leaves something."""
    fit = facts.fit
    if not fit.drop or len(fit.drop) == len(facts.next_week):
        return
    titles: dict[str, Value] = {f"title_{at}": each.title for at, each in enumerate(fit.drop[:2])}
    rest = len(fit.drop) - len(titles)
    listed = (", " if rest else " and ").join(f"“{{{name}}}”" for name in titles)
    tail = " and {rest:# more|# more}" if rest else ""
    yield say(f"Leave out {listed}{tail}: then it is {{p_after:chance}}.", **titles, rest=rest, p_after=fit.p_after)


def _item(step: Step) -> Item:
    """A step with its reason and its hours."""
    return Item(text=say("{title}", title=step.title), details=[reason(step), *_hours(step)])


def _hours(step: Step) -> Iterator[Sentence]:
    if not isnan(step.hours):
        yield say(
            "{hours:h} ({nominal:%}: {low:n} to {high:n})",
            hours=step.hours, nominal=NOMINAL, low=step.low, high=step.high,
        )  # fmt: skip


def reason(step: Step) -> Sentence:
    """Say why a step comes up."""
    match step.why:
        case Why.PROMISED:
            return say("promised for next week")
        case Why.OVERDUE:
            return say("was due on {due:-}", due=step.due)
        case Why.DUE:
            return say("due on {due:-}", due=step.due)
        case Why.CARRIED if step.weeks >= CARRIED:
            return say("promised for {weeks:# week|# weeks} by now: decide again, or shrink it", weeks=step.weeks)
        case Why.CARRIED:
            return say("still open from this week")
        case Why.BEGUN:
            return say("begun on {started:-}", started=step.started)
        case Why.IMPORTANT:
            return say("priority {priority:-}", priority=step.priority)
        case Why.READY:
            return say("open")
