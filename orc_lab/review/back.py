"""The sections that look back: what got done, plan against actual, what was carried over, how the estimates did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from orc_lab.agents.forecast import Coverage
from orc_lab.charts.estimates import estimate_against_actual
from orc_lab.charts.plan import carry_over, plan_against_actual
from orc_lab.review import first
from orc_lab.review.blocks import Block, Column, Data, Table, plot
from orc_lab.review.facts import Facts
from orc_lab.review.sentence import Sentence, say
from orc_lab.review.tables import ROWS, more, number, records, text

_TITLES = 4  # of a project's todos, before it says how many more
_NO_PROJECT = "No project"
_MIN_WEEKS = 2  # with commitments, that a figure over weeks needs
_CURVE = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)  # estimates (h) for which a band is drawn
_MIN_PAIRS = 6  # finished todos with estimate and hours that a figure of them needs
_CLOSE = 0.25  # as in `Accuracy.within_quarter`
_CONFIDENCE = 0.95  # as in `Coverage.low`

_TODO, _PROJECT = Column(key="title", label="Todo"), Column(key="project", label="Project")
_ESTIMATED = Column(key="estimate_hours", label="Estimated", spec="h")
_TOOK = Column(key="actual_hours", label="Took", spec="h")


def done(facts: Facts) -> Iterator[Block]:
    """What got done, by project."""
    if facts.done.empty:
        yield say("Nothing was finished {when:-}.", when="so far" if facts.so_far else "this week")
        return
    rows = _by_project(facts.done)
    columns = (
        _PROJECT,
        Column(key="todos", label="Todos", spec="n"),
        _TOOK,
        _ESTIMATED,
        Column(key="titles", label="What"),
    )
    yield Table(
        key="projects",
        caption="Done, by project",
        columns=columns,
        rows=rows[:ROWS],
        total=("All", len(facts.done), _sum(facts.done["actual_hours"]), _sum(facts.done["estimate_hours"]), "")
        if len(rows) > 1
        else None,
        more=more(len(rows), "project"),
    )
    names = ["id", "title", "project", "completed", "estimate_hours", "actual_hours"]
    yield Data(key="todos", rows=records(facts.done[names]))


def _by_project(done: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Name, todos, hours, estimates and titles; the most todos first."""
    groups = done.groupby(done["project"].fillna(_NO_PROJECT).astype("str"))
    rows = [
        (
            str(name),
            len(todos),
            _sum(todos["actual_hours"]),
            _sum(todos["estimate_hours"]),
            _listed(list(todos["title"])),
        )
        for name, todos in groups
    ]
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def _sum(hours: pd.Series) -> float | None:
    """The total of what is known, None where nothing is."""
    return float(hours.sum()) if hours.notna().any() else None


def _listed(titles: list[str]) -> str:
    rest = len(titles) - _TITLES
    return "; ".join(titles[:_TITLES]) + (f"; and {rest} more" if rest > 0 else "")


def plan(facts: Facts) -> Iterator[Block]:
    """Plan against actual: what was promised and what became of it."""
    plan = facts.plan
    if not plan.planned:
        yield first.no_plan(facts)
        yield from first.next_step(facts)
        return
    yield say(
        "{planned:# todo was|# todos were} promised before the plan froze, {estimate:h} by their estimates; those that "
        "are done took {hours:h}.",
        planned=plan.planned, estimate=plan.estimate_hours, hours=plan.done_hours,
    )  # fmt: skip
    every = facts.frames.commitments
    mine = every[every["week"] == str(facts.week)]
    yield plot("plan", plan_against_actual, commitments=mine, week=str(facts.week))
    outcome = Column(key="outcome", label="Outcome")
    yield Table(
        key="promised",
        caption="Promised for this week",
        columns=(_TODO, _PROJECT, outcome, _ESTIMATED, _TOOK),
        rows=[
            (
                row["title"],
                text(row["project"]),
                _outcome(row),
                number(row["estimate_hours"]),
                number(row["actual_hours"]),
            )
            for row in records(mine.head(ROWS))
        ],
        more=more(len(mine), "todo"),
    )


def _outcome(row: dict[str, Any]) -> str:
    return str(row["outcome"]) if row["planned"] else f"{row['outcome']}, added later"


def carried(facts: Facts) -> Iterator[Block]:
    """What was promised and is open still, and how that went in the weeks before."""
    every = facts.frames.commitments
    if len(facts.carried):
        yield _carried_table(facts)
    elif (every["week"] == str(facts.week)).any():
        yield say("Nothing that was promised is open.")
    else:
        yield say("Nothing was promised for this week, so nothing is carried over.")
    until = every.loc[every["week"] <= str(facts.week), ["week", "outcome", "carried"]]
    if until["week"].nunique() >= _MIN_WEEKS:
        yield plot("carry_over", carry_over, commitments=until, running=str(facts.week) if facts.so_far else None)


def _carried_table(facts: Facts) -> Table:
    rows = [
        (
            row["title"],
            text(row["project"]),
            int(row["carried"]),
            number(row["estimate_hours"]),
            number(row["actual_hours"]),
        )
        for row in records(facts.carried.head(ROWS))
    ]
    return Table(
        key="open",
        caption="Promised and open so far" if facts.so_far else "Promised and open still",
        columns=(_TODO, _PROJECT, Column(key="carried", label="Weeks before", spec="n"), _ESTIMATED, _TOOK),
        rows=rows,
        more=more(len(facts.carried), "todo"),
    )


def estimates(facts: Facts) -> Iterator[Block]:
    """How good the estimates were, and whether the bands held."""
    held = facts.accuracy
    if not held.n:
        yield say(
            "No todo with an estimate and hours was finished in {weeks:# week|# weeks}: nothing to compare. Give todos "
            "an estimate before you begin, and their hours when they are done.",
            weeks=held.weeks,
        )  # fmt: skip
        return
    yield say(
        "{n:# estimated todo|# estimated todos} finished in {weeks:# week|# weeks} took {ratio:x} their estimate at "
        "the median; {close:%} came within {off:%}. Your estimates missed by {own:h} on average; corrected by your "
        "past they would have missed by {corrected:h}.",
        n=held.n, weeks=held.weeks, ratio=held.median_ratio, close=held.within_quarter, off=_CLOSE,
        own=held.mae_own, corrected=held.mae_corrected,
    )  # fmt: skip
    yield coverage(held.coverage)
    finished = facts.frames.finished
    used = finished[(finished["estimate_hours"] > 0) & (finished["actual_hours"] > 0)]
    if len(used) < _MIN_PAIRS:
        return
    pairs = used[["estimate_hours", "actual_hours"]]
    yield plot("estimates", estimate_against_actual, finished=pairs, band=_band(facts, used["estimate_hours"]))


def _band(facts: Facts, used: pd.Series) -> pd.DataFrame:
    """What todos with estimates of the sizes that the person uses are expected to take."""
    sizes = [size for size in _CURVE if used.min() <= size <= used.max()] or [float(used.median())]
    table = pd.DataFrame({"estimate_hours": sizes})
    return pd.concat([table, facts.known.estimator.predict(table)[["q10", "q50", "q90"]]], axis=1)


def coverage(held: Coverage) -> Sentence:
    """The measured coverage beside the promised one."""
    if not held.n:
        return say("No {nominal:%} band has been checked yet: no forecast has come true.", nominal=held.nominal)
    return say(
        "{nominal:%} bands held {share:%} of {n:# time|# times} ({confidence:%} interval {low:%} to {high:%}).",
        nominal=held.nominal, share=held.share, n=held.n, confidence=_CONFIDENCE, low=held.low, high=held.high,
    )  # fmt: skip
