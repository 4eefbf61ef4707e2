"""The velocity report: how much gets done in a week, what the next twelve will bring, and how such forecasts held."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from orc_lab.agents.forecast import NOMINAL, QUANTILES, Basis, Coverage, label
from orc_lab.agents.trend import Trend
from orc_lab.agents.velocity.pace import MEASURES, WEEKS, Rate, Velocity, complete, idle, velocity
from orc_lab.agents.velocity.throughput import coverage, forecast_throughput
from orc_lab.charts.flow import net_flow
from orc_lab.charts.flow import throughput as throughput_chart
from orc_lab.mirror.features import Frames
from orc_lab.review import made
from orc_lab.review.back import coverage as told_coverage
from orc_lab.review.blocks import Block, Column, Definition, Item, Items, Section, Table, plot
from orc_lab.review.sentence import Sentence, Value, say

TITLE = "Velocity"
HORIZON = 12
CHECKED = (1, 4, 12)  # weeks ahead whose bands are checked
_STALL = 3  # weeks with nothing done that are worth a line
_SHORT = 0.999  # capacity of a week below this has a holiday in it
_WEEKS = 60
_MIN_WEEKS = 2
_NAMES = {"done": "Todos", "hours": "Hours"}
_SPECS = {"done": "n", "hours": "h"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Facts:
    """Everything that the report says, computed once."""

    frames: Frames
    over: pd.DataFrame
    level: Velocity
    ahead: dict[str, pd.DataFrame]
    held: dict[tuple[str, int], Coverage]


def _facts(frames: Frames) -> _Facts:
    over = complete(frames.weekly, frames.now)
    capacity = frames.ahead[:HORIZON]
    return _Facts(
        frames=frames,
        over=over,
        level=velocity(frames.weekly, frames.now),
        ahead={
            measure: forecast_throughput(over[measure], HORIZON, capacity=capacity, past_capacity=over["capacity"])
            for measure in MEASURES
        },
        held={
            (measure, horizon): coverage(over[measure], horizon, past_capacity=over["capacity"])
            for measure in MEASURES
            for horizon in CHECKED
        },
    )


def lead_and_sections(frames: Frames) -> tuple[Sequence[Sentence], Sequence[Section]]:
    """The report's answer in short, and its parts."""
    facts = _facts(frames)
    parts = (
        ("level", "Level and trend", _level),
        ("ahead", "The next twelve weeks", _ahead),
        ("coverage", "How such forecasts held", _coverage),
        ("pauses", "Pauses and holidays", _pauses),
    )
    sections = tuple(Section(key=key, title=title, blocks=tuple(blocks(facts))) for key, title, blocks in parts)
    return tuple(_lead(facts)), sections


def _lead(facts: _Facts) -> Iterator[Sentence]:
    todos = facts.level.todos
    if not todos.weeks:
        yield say("There is no complete week yet, so there is no velocity: it begins with the first week that is over.")
        return
    yield _rate("done", todos)
    if idle(facts.over):
        yield say("The last {weeks:# week|# weeks} brought nothing; the forecast counts that.", weeks=idle(facts.over))


def _rate(measure: str, rate: Rate) -> Sentence:
    spec = _SPECS[measure]
    what = "todos a week are done" if measure == "done" else "a week are worked"
    return say(
        f"{{median:{spec}}} {what} at the median of {{weeks:# week|# weeks}}, in half of them {{q25:{spec}}} to "
        f"{{q75:{spec}}}.",
        median=rate.median, weeks=rate.weeks, q25=rate.q25, q75=rate.q75,
    )  # fmt: skip


def _trend(measure: str, found: Trend) -> Sentence:
    spec, what = _SPECS[measure], _NAMES[measure]
    if found.slope != found.slope:
        return say(f"{what}: {{n:# week is|# weeks are}} too few for a trend.", n=found.n)
    return say(
        f"{what}: {{direction}}, {{slope:{spec}}} a week each week, {{confidence:%}} between {{low:{spec}}} and "
        f"{{high:{spec}}}.",
        direction=found.direction, slope=found.slope, confidence=0.9, low=found.low, high=found.high,
    )  # fmt: skip


def _level(facts: _Facts) -> Iterator[Block]:
    rates = {"done": facts.level.todos, "hours": facts.level.hours}
    if facts.level.todos.weeks:
        for measure, rate in rates.items():
            yield _rate(measure, rate)
            yield _trend(measure, rate.trend)
    else:
        yield say("A level needs a complete week; {weeks:n} are enough for the median.", weeks=WEEKS)
    weekly = facts.frames.weekly
    if len(weekly) >= _MIN_WEEKS and weekly["done"].any():
        recent = weekly[["week", "start", "done", "hours", "created", "dropped", "complete"]]
        shown = recent[["week", "start", "done", "complete"]].tail(_WEEKS)
        yield plot("throughput", throughput_chart, weekly=shown, forecast=facts.ahead["done"].head(4), weeks=_WEEKS)
        yield plot("flow", net_flow, weekly=recent[["week", "start", "created", "done", "dropped", "complete"]])


def _ahead(facts: _Facts) -> Iterator[Block]:
    for measure, table in facts.ahead.items():
        basis = Basis(table["basis"].iloc[0])
        if basis is Basis.TOO_LITTLE:
            yield say(f"{_NAMES[measure]} can't be forecast yet: a complete week with something done is needed.")
            continue
        if basis is Basis.PRIOR:
            yield say("The past is {weeks:# week|# weeks} long, so this is mostly assumed.", weeks=len(facts.over))
        weekly = facts.frames.weekly[["week", "start", measure, "complete"]].tail(26)
        yield plot(f"fan_{measure}", throughput_chart, weekly=weekly, forecast=table, measure=measure)
        yield _table(facts, measure, table)


def _table(facts: _Facts, measure: str, table: pd.DataFrame) -> Table:
    spec = _SPECS[measure]
    quantiles = [Column(key=label(level), label=f"P{round(100 * level)}", spec=spec) for level in QUANTILES]
    rows: list[tuple[Value, ...]] = [
        (str(facts.frames.week + at), float(row["capacity"]), *(float(row[each.key]) for each in quantiles))
        for at, row in enumerate(table.to_dict("records"))
    ]
    return Table(
        key=f"ahead_{measure}",
        caption=f"{_NAMES[measure]} in all by the end of a week, with that chance or less",
        columns=(
            Column(key="week", label="Week"),
            Column(key="capacity", label="Of a usual week", spec="%"),
            *quantiles,
        ),
        rows=rows,
    )


def _coverage(facts: _Facts) -> Iterator[Block]:
    rows: list[tuple[Value, ...]] = [
        (f"{_NAMES[measure]}, {horizon} {'week' if horizon == 1 else 'weeks'}", held.n, held.share, held.low, held.high)
        for (measure, horizon), held in facts.held.items()
        if held.n
    ]
    if not rows:
        yield told_coverage(Coverage(nominal=NOMINAL, hits=0.0, n=0))
        return
    yield told_coverage(facts.held["done", 4] if facts.held["done", 4].n else facts.held["done", 1])
    columns = (
        Column(key="what", label="Total of"),
        Column(key="n", label="Forecasts", spec="n"),
        Column(key="share", label="80% band held", spec="%"),
        Column(key="low", label="95% from", spec="%"),
        Column(key="high", label="to", spec="%"),
    )
    yield Table(key="coverage", caption="Each stretch forecast from the weeks before it", columns=columns, rows=rows)


def _pauses(facts: _Facts) -> Iterator[Block]:
    stalls = list(_stalls(facts.over))
    worked = int((facts.over["done"] > 0).sum())
    if len(facts.over):
        yield say(
            "Something was done in {worked:n} of {weeks:# complete week|# complete weeks}. Weeks with nothing count: a "
            "forecast that left them out would promise too much.",
            worked=worked, weeks=len(facts.over),
        )  # fmt: skip
    if stalls:
        items = [
            Item(
                text=say(
                    "{weeks:# week|# weeks} with nothing done, {first} to {last}.", weeks=n, first=first, last=last
                )
            )
            for n, first, last in stalls
        ]
        yield Items(key="stalls", items=items[-10:])
    short = [
        (str(facts.frames.week + at), room) for at, room in enumerate(facts.frames.ahead[:HORIZON]) if room < _SHORT
    ]
    if short:
        columns = (Column(key="week", label="Week"), Column(key="capacity", label="Of a usual week", spec="%"))
        yield Table(key="holidays", caption="Short weeks ahead", columns=columns, rows=short)
    else:
        yield say("No holiday is known in the next {weeks:# week|# weeks}. Tell one with {command:code}.",
                  weeks=HORIZON, command="orc capacity DAY 0")  # fmt: skip


def _stalls(over: pd.DataFrame) -> Iterator[tuple[int, str, str]]:
    """Runs of weeks with nothing done that were no holidays: how many, the first and the last."""
    quiet = (over["done"] == 0) & (over["capacity"] > 0.1)
    run = (quiet != quiet.shift()).cumsum()
    for _, weeks in over[quiet].groupby(run[quiet]):
        if len(weeks) >= _STALL:
            yield len(weeks), str(weeks["week"].iloc[0]), str(weeks["week"].iloc[-1])


DEFINITIONS: tuple[Definition, ...] = (
    made.THROUGHPUT,
    made.HOURS,
    Definition(
        term="Trend",
        rule="The median of all slopes between two of the weeks, with its 90% interval; no evidence of a trend where "
        "that holds zero.",
        source="P. K. Sen, JASA 1968",
    ),
    made.FORECAST,
    made.COVERAGE,
)
