"""What threatens a project, and the steps against it. Each rule looks at one snapshot and quotes its numbers.

Where a HealthModel was asked, what it finds likely is a risk too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from math import isnan

from orc_lab.agents.forecast import NOMINAL, chance, figure
from orc_lab.agents.health.chances import Trouble
from orc_lab.agents.health.snapshot import OpenItem, ProjectSnapshot
from orc_lab.agents.health.thresholds import DEFAULT, Thresholds
from orc_lab.model.entities import ProjectStatus

CARRIED = int(DEFAULT.carried)

_LIES = 0.1  # of P(on time) that closing what lies has to bring


class Severity(StrEnum):
    """How soon something has to be done about it."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """One threat: what it is in a sentence with its numbers, and what to do, the first step first."""

    name: str
    severity: Severity
    sentence: str
    steps: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "name": self.name,
            "severity": self.severity.value,
            "sentence": self.sentence,
            "steps": list(self.steps),
        }


def late(project: ProjectSnapshot, lines: Thresholds = DEFAULT) -> Risk | None:
    """Overdue, or on time with less than even odds."""
    if project.due is None or not (project.overdue or project.p_on_time < lines.even):
        return None
    if project.overdue:
        days = (project.as_of - project.due).days
        sentence = f"{project.open} open, due {project.due:%Y-%m-%d}, {plural(days, 'day')} ago."
    else:
        odds = f"P(done by {project.due:%Y-%m-%d}) is {chance(project.p_on_time)}, what usually comes in included"
        sentence = f"{odds}{_hours_left(project)}."
    return Risk(name="late", severity=Severity.HIGH, sentence=sentence, steps=_late_steps(project, lines))


def _hours_left(project: ProjectSnapshot) -> str:
    if not project.remaining:
        return ""
    low, high = project.remaining[min(project.remaining)], project.remaining[max(project.remaining)]
    return f": {NOMINAL:.0%} between {figure(low)} and {figure(high)} h are left"


def _late_steps(project: ProjectSnapshot, lines: Thresholds) -> tuple[str, ...]:
    """A small cut, a decision on what is left lying, a later date, a large cut: what asks for less first."""
    cut = f"Cut {names(project.cut)}: P(on time) becomes {chance(project.p_after_cut)}."
    cuts = 0 < len(project.cut) < project.open
    steps = [cut] if small_cut(project, lines) else []
    if lies(project):
        closed = chance(project.p_worked)
        steps.append(f"Close or drop by then what would be left lying: P(on time) becomes {closed}, that of its hours.")
    if not isnan(project.safe_weeks):
        date = project.as_of + timedelta(weeks=project.safe_weeks)
        steps.append(f"Move the date to {date:%Y-%m-%d}, by when nothing is open with a chance of {lines.safe:.0%}.")
    elif not steps:
        steps.append("Cut the scope: at the pace so far no date within a year is safe.")
    if cuts and cut not in steps:
        steps.append(cut)
    elif not cuts:
        steps.append("Let nothing more come in: with what usually does, no cut is enough.")
    return (steps[0], *(f"Or {step[0].lower()}{step[1:]}" for step in steps[1:]))


def small_cut(project: ProjectSnapshot, lines: Thresholds) -> bool:
    """Whether leaving out some of its todos, and not too many, is enough."""
    return 0 < len(project.cut) < project.open and len(project.cut) <= lines.much * project.open


def lies(project: ProjectSnapshot) -> bool:
    """Whether it is late for what is left lying rather than for its hours."""
    return not project.overdue and project.p_worked - project.p_on_time >= _LIES


def ageing_work(project: ProjectSnapshot, lines: Thresholds = DEFAULT) -> Risk | None:
    """Work in progress that is older than 85% of finished work got."""
    aged = sorted(project.aged, key=lambda item: (-item.age_days / item.p85 if item.p85 else 0.0, item.id))
    if not aged:
        return None
    worst = f"the worst is {aged[0].age_days:.0f} days old, where 85% were done within {aged[0].p85:.0f}"
    return Risk(
        name="ageing work",
        severity=Severity.MEDIUM,
        sentence=f"{len(aged)} of {len(project.in_progress)} in progress beyond 85% of finished todos: {worst}.",
        steps=(f"Split, unblock or drop {names(aged)}.",),
    )


def growing_scope(project: ProjectSnapshot, lines: Thresholds = DEFAULT) -> Risk | None:
    """More comes in than goes out."""
    begins = not (project.done or project.dropped)  # a project that begins only grows
    if begins or project.arrived_4 <= project.left_4 or not project.open:
        return None
    flow = f"{plural(project.arrived_4, 'todo')} came in and {project.left_4} went out"
    return Risk(
        name="growing scope",
        severity=Severity.MEDIUM,
        sentence=f"In four weeks {flow}; still open: {project.open}.",
        steps=("Freeze the scope until what is open is done.", "Park new ideas without a project."),
    )


def carried_over(project: ProjectSnapshot, lines: Thresholds = DEFAULT) -> Risk | None:
    """Committed again and again."""
    tired = [item for item in project.items if item.carried >= lines.carried]
    if not tired:
        return None
    return Risk(
        name="carried over",
        severity=Severity.MEDIUM,
        sentence=f"{plural(len(tired), 'todo')} carried over for {lines.carried:g} weeks or more: {names(tired)}.",
        steps=("Decide again whether it is worth doing.", "If so, shrink the next step to two hours or less."),
    )


def too_large(project: ProjectSnapshot, lines: Thresholds = DEFAULT) -> Risk | None:
    """Estimated larger than anything ever finished."""
    large = [item for item in project.items if item.estimate_hours > project.largest_done]
    if not large:
        return None
    return Risk(
        name="too large",
        severity=Severity.MEDIUM,
        sentence=f"Estimated above {figure(project.largest_done)} h, the most that you ever finished: {names(large)}.",
        steps=("Split it into todos of a size that you have finished before.",),
    )


def unestimated(project: ProjectSnapshot, lines: Thresholds = DEFAULT) -> Risk | None:
    """Too much of the open work has no estimate."""
    blind = project.unestimated
    if len(blind) <= lines.blind * project.open:
        return None
    return Risk(
        name="unestimated",
        severity=Severity.LOW,
        sentence=f"{len(blind)} of {project.open} open todos have no estimate.",
        steps=(f"Estimate {names(blind[:3])}, which widen the forecast most.",),
    )


def silent(project: ProjectSnapshot, lines: Thresholds = DEFAULT) -> Risk | None:
    """An active project in which nothing happens."""
    if project.status != ProjectStatus.ACTIVE or not project.open or not project.idle_days > lines.idle_days:
        return None
    return Risk(
        name="silent",
        severity=Severity.LOW,
        sentence=f"Nothing has happened for {project.idle_days:.0f} days.",
        steps=("Park the project, or write anew why it matters.",),
    )


def likely_overrun(trouble: Trouble, lines: Thresholds) -> Risk | None:
    """What remains will rather take far more than it is estimated at."""
    if not trouble.open or trouble.p_overrun < lines.doubt:
        return None
    return Risk(
        name="likely overrun",
        severity=Severity.HIGH,
        sentence=f"The rest takes over a quarter more than estimated with a chance of {chance(trouble.p_overrun)}.",
        steps=(
            "Estimate the largest open todos anew, by what similar ones took.",
            "Then cut scope or move the date, before the hours are gone.",
        ),
    )


def likely_dormant(trouble: Trouble, lines: Thresholds) -> Risk | None:
    """Probably nothing gets done for weeks."""
    if not trouble.open or trouble.p_dormant < lines.doubt:
        return None
    return Risk(
        name="likely dormant",
        severity=Severity.MEDIUM,
        sentence=f"Nothing gets done here in the next 8 weeks with a chance of {chance(trouble.p_dormant)}.",
        steps=("Put one todo of two hours or less into the coming week.", "If none is worth it, park the project."),
    )


RULES: tuple[Callable[[ProjectSnapshot, Thresholds], Risk | None], ...] = (
    late, ageing_work, growing_scope, carried_over, too_large, unestimated, silent,
)  # fmt: skip
FORESEEN: tuple[Callable[[Trouble, Thresholds], Risk | None], ...] = (likely_overrun, likely_dormant)


def risks(
    project: ProjectSnapshot, *, thresholds: Thresholds = DEFAULT, trouble: Trouble | None = None
) -> tuple[Risk, ...]:
    """Every rule that applies, the severest first."""
    found = [risk for rule in RULES if (risk := rule(project, thresholds))]
    if trouble is not None:
        found += [risk for rule in FORESEEN if (risk := rule(trouble, thresholds))]
    order = list(Severity)
    return tuple(sorted(found, key=lambda risk: order.index(risk.severity)))


def names(items: Sequence[OpenItem]) -> str:
    """Titles in quotation marks, the first three of many; plain text, to be escaped by whoever shows it."""
    shown = ", ".join(f"“{item.title}”" for item in items[:3])
    return f"{shown} and {len(items) - 3} more" if len(items) > 3 else shown


def plural(count: int, noun: str) -> str:
    """`1 todo`, `2 todos`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
