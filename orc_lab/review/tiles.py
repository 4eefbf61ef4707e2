"""The key numbers, each with what it compares to; one that is unknown says why."""

from __future__ import annotations

from orc_lab.review import made
from orc_lab.review.blocks import Tile
from orc_lab.review.facts import Facts
from orc_lab.review.sentence import Value, say


def tiles(facts: Facts) -> tuple[Tile, ...]:
    """Return the six tiles."""
    return _done(facts), _hours(facts), _rate(facts), _fit(facts), _ratio(facts), _open(facts)


def _done(facts: Facts) -> Tile:
    usual = facts.usual.todos
    note = say("usually {usual:n}", usual=usual.median) if usual.weeks else say("no week before it")
    return Tile(key="done", label="Todos done", value=len(facts.done), spec="n", note=note, help=made.THROUGHPUT)


def _hours(facts: Facts) -> Tile:
    usual = facts.usual.hours
    note = say("usually {usual:h}", usual=usual.median) if usual.weeks else say("no week before it")
    return Tile(key="hours", label="Hours worked", value=facts.hours, spec="h", note=note, help=made.HOURS)


def _rate(facts: Facts) -> Tile:
    plan = facts.plan
    note = say("{done:n} of {planned:n} planned", done=plan.done, planned=plan.planned)
    value: Value = plan.rate
    if not plan.planned:
        value, note = None, say("nothing was planned")
    return Tile(key="rate", label="Plan held", value=value, spec="%", note=note, help=made.RATE)


def _fit(facts: Facts) -> Tile:
    count = len(facts.next_week)
    note = say("{count:# todo|# todos} proposed", count=count) if count else say("nothing to take up")
    value: Value = facts.fit.p if count else None
    return Tile(key="fit", label="Next week fits", value=value, spec="chance", note=note, help=made.FIT)


def _ratio(facts: Facts) -> Tile:
    held = facts.accuracy
    note = say("{n:# todo|# todos} in {weeks:# week|# weeks}", n=held.n, weeks=held.weeks)
    if not held.n:
        note = say("no estimate to check in {weeks:# week|# weeks}", weeks=held.weeks)
    return Tile(key="ratio", label="Actual ÷ estimate", value=held.median_ratio, spec="x", note=note, help=made.RATIO)


def _open(facts: Facts) -> Tile:
    begun = facts.ages["in_progress"].astype(bool)
    note = say(
        "{over:n} of {begun:n} begun are old", begun=int(begun.sum()), over=int((facts.ages["over"] & begun).sum())
    )
    if not begun.any():
        note = say("none begun or promised")
    return Tile(key="open", label="Todos open", value=facts.open, spec="n", note=note, help=made.AGE)
