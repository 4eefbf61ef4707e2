"""The sections that look ahead: throughput and its forecast, ageing work, the projects' health, next week."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields

from orc_lab.agents.forecast import QUANTILES, Basis, label
from orc_lab.agents.health.rules import Health
from orc_lab.agents.health.snapshot import ProjectSnapshot
from orc_lab.charts import ages as age_charts
from orc_lab.charts import projects as project_charts
from orc_lab.charts.flow import throughput as throughput_chart
from orc_lab.review import first
from orc_lab.review.back import coverage
from orc_lab.review.blocks import Block, Column, Data, Item, Items, Table, plot
from orc_lab.review.facts import ASLEEP, HORIZON, USUAL_WEEKS, Facts
from orc_lab.review.monday import STALE
from orc_lab.review.sentence import Sentence, Value, say
from orc_lab.review.tables import ROWS, more, number

_NAMED = 8  # projects that a sentence names
_BASIS = {Basis.HISTORY: "from", Basis.SIMILAR: "from", Basis.PRIOR: "mostly assumed, from", Basis.TOO_LITTLE: "from"}
_MIN_WEEKS = 2  # that a figure over weeks needs
_STEPS = 25  # todos of next week in its table
_WEEKS = 34  # 26 are drawn; the median of the first one needs the 8 before it


def throughput(facts: Facts) -> Iterator[Block]:
    """What gets done in a week, and what the next ones will bring."""
    forecast, weekly = facts.throughput, facts.frames.weekly
    if facts.idle() >= USUAL_WEEKS:
        yield first.nothing_done(facts, facts.idle())
    elif forecast.quantiles:
        yield _ahead(facts)
        if forecast.coverage is not None:
            yield coverage(forecast.coverage)
    else:
        yield say("The weeks ahead can't be forecast yet. {needs:-}", needs=forecast.needs)
    if len(weekly) >= _MIN_WEEKS and weekly["done"].any():
        recent = weekly[["week", "start", "done", "complete"]].tail(_WEEKS)
        yield plot("throughput", throughput_chart, weekly=recent, forecast=facts.ahead)
    if forecast.quantiles and facts.idle() < USUAL_WEEKS:
        yield _ahead_table(facts)


def _ahead(facts: Facts) -> Sentence:
    """The coming weeks together, with what the forecast rests on."""
    forecast = facts.throughput
    low, high = min(forecast.quantiles), max(forecast.quantiles)
    return say(
        "The next {horizon:# week brings|# weeks bring} {median:# todo|# todos} at the median, {nominal:%} between "
        "{low:n} and {high:n} ({basis:-} {n:# week|# weeks}).",
        horizon=HORIZON, median=forecast.median, nominal=high - low, low=forecast.quantiles[low],
        high=forecast.quantiles[high], basis=_BASIS[forecast.basis], n=forecast.n,
    )  # fmt: skip


def _ahead_table(facts: Facts) -> Table:
    quantiles = [Column(key=label(level), label=f"P{round(100 * level)}", spec="n") for level in QUANTILES]
    coming = facts.week if facts.so_far else facts.week + 1
    rows: list[tuple[Value, ...]] = [
        (f"{coming + at}", *(float(row[each.key]) for each in quantiles))
        for at, row in enumerate(facts.ahead.to_dict("records"))
    ]
    return Table(
        key="forecast",
        caption="Todos done in all by the end of a week, with that chance or less",
        columns=(Column(key="week", label="Week"), *quantiles),
        rows=rows,
    )


def ageing(facts: Facts) -> Iterator[Block]:
    """How old the open work is."""
    table = facts.ages
    if table.empty:
        yield say("Nothing is open, so nothing ages.")
        return
    begun = table["in_progress"].astype(bool)
    old = "{over:# of these is|# of these are} older than {p85:%} of your finished ones got."
    if table["p85"].isna().all():
        old = "too few are finished to say which are old."
    yield say(
        "{open:# todo is|# todos are} open, {begun:n} begun or promised; " + old,
        open=len(table), begun=int(begun.sum()), over=int((table["over"] & begun).sum()), p85=0.85,
    )  # fmt: skip
    yield plot("ageing", age_charts.ageing, ageing=table[begun] if begun.any() else table)


def health(facts: Facts) -> Iterator[Block]:
    """How the projects are doing, with what each score rests on."""
    healths = [each for _, each in facts.projects]
    scored = [each for each in healths if each.score is not None]
    if scored:
        yield plot("health", project_charts.health, scores=project_charts.scores(scored))
    if healths:
        yield _health_table(facts.projects)
        yield Items(key="why", items=[health_item(each) for each in healths[:ROWS]])
        yield Data(key="snapshots", rows=[_snapshot(project) for project, _ in facts.projects])
    elif not facts.asleep:
        yield say(
            "No project is active. Give todos a project ({command:code}), and its health stands here.",
            command="orc match ID PROJECT",
        )
    if facts.asleep:
        yield _asleep(facts.asleep)


def _asleep(titles: Sequence[str]) -> Sentence:
    named: dict[str, Value] = {f"title_{at}": title for at, title in enumerate(titles[:_NAMED])}
    rest = len(titles) - len(named)
    listed = ", ".join(f"{{{name}}}" for name in named) + (" and {rest:# more|# more}" if rest else "")
    return say(
        "Nothing has happened for {weeks:# week|# weeks} or longer in {count:# active project|# active projects} with "
        f"open todos: {listed}. Park what isn't worth it now.",
        **named, count=len(titles), rest=rest, weeks=ASLEEP.days // 7,
    )  # fmt: skip


def _health_table(projects: Sequence[tuple[ProjectSnapshot, Health]]) -> Table:
    rows: list[tuple[Value, ...]] = [
        (known.title, each.score, each.label.value, known.open, known.done_4, number(known.p_on_time))
        for known, each in projects[:ROWS]
    ]
    columns = (
        Column(key="project", label="Project"),
        Column(key="score", label="Health", spec="n"),
        Column(key="label", label="In words"),
        Column(key="open", label="Open", spec="n"),
        Column(key="done_4", label="Done, 4 weeks", spec="n"),
        Column(key="p_on_time", label="P(on time)", spec="chance"),
    )
    left_out = more(len(projects), "project")
    return Table(key="health", caption="Active projects", columns=columns, rows=rows, more=left_out)


def health_item(each: Health) -> Item:
    """A score, and below it everything that it rests on."""
    score = "{project}: {label:-}" if each.score is None else "{project}: {score:n}, {label:-}"
    details = [
        say("{adjustment:p} {name:-}. {evidence:-}", adjustment=part.adjustment, name=part.name, evidence=part.evidence)
        if part.adjustment
        else say("{evidence:-}", evidence=part.evidence)
        for part in each.components
    ]
    return Item(text=say(score, project=each.title, score=each.score, label=each.label.value), details=details)


def _snapshot(project: ProjectSnapshot) -> dict[str, object]:
    """All that is known about a project: what the evidence quotes."""
    known = {each.name: getattr(project, each.name) for each in fields(project) if each.name != "items"}
    counts = {name: len(getattr(project, name)) for name in ("items", "in_progress", "unestimated")}
    return known | counts | {"aged": [asdict(item) for item in project.aged], "overdue": project.overdue}


def next_week(facts: Facts) -> Iterator[Block]:
    """What to take up, whether it fits, and what to leave out."""
    if facts.next_week:
        yield first.fits(facts)
        yield from first.holiday(facts)
        yield from first.cut(facts)
        yield _steps(facts)
        yield Data(key="fit", rows=[facts.fit.as_dict() | {"capacity": facts.room}])
    else:
        yield first.nothing_open(facts)
    yield from first.waiting(facts)
    if facts.stale:
        yield say(
            "{stale:# todo is|# todos are} overdue by more than {weeks:# week|# weeks}: decide again which still "
            "matter, and drop the others.",
            stale=facts.stale, weeks=STALE.days // 7,
        )  # fmt: skip


def _steps(facts: Facts) -> Table:
    out = {item.id for item in facts.fit.drop} if len(facts.kept) < len(facts.next_week) else set()
    columns = (
        Column(key="title", label="Todo"),
        Column(key="project", label="Project"),
        Column(key="why", label="Why"),
        Column(key="hours", label="Hours left", spec="h"),
        Column(key="low", label="P10", spec="h"),
        Column(key="high", label="P90", spec="h"),
        Column(key="advice", label="Advice"),
    )
    rows: list[tuple[Value, ...]] = [
        (step.title, step.project, first.reason(step).text, step.hours, step.low, step.high, _advice(step.id in out))
        for step in facts.next_week[:_STEPS]
    ]
    rest = len(facts.next_week) - _STEPS
    left_out = say("And {rest:# more|# more}.", rest=rest) if rest > 0 else None
    return Table(key="steps", caption="In this order", columns=columns, rows=rows, more=left_out)


def _advice(out: bool) -> str:
    return "leave out" if out else "take up"
