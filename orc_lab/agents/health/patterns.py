"""Patterns that speak for or against a project, each with its evidence: the parts of a health score.

The adjustments are starting points, to be refitted from what became of projects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from orc_lab.agents.forecast import chance, figure, share
from orc_lab.agents.health.risks import plural
from orc_lab.agents.health.snapshot import ProjectSnapshot
from orc_lab.agents.health.thresholds import DEFAULT, Thresholds
from orc_lab.errors import UnknownField
from orc_lab.model.entities import ProjectStatus

Evaluate = Callable[[ProjectSnapshot], str | None]
_NEVER = 1e-9  # a pace above nothing at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """Something that speaks for or against a project; `evaluate` gives the evidence, or None where it doesn't apply."""

    name: str
    adjustment: int
    help: str
    evaluate: Evaluate


def _chance(low: float, high: float) -> Evaluate:
    def evaluate(project: ProjectSnapshot) -> str | None:
        if project.due is None or project.overdue or not project.open or not low <= project.p_on_time < high:
            return None
        return f"P(done by {project.due:%Y-%m-%d}) is {chance(project.p_on_time)}, what usually comes in included."

    return evaluate


def _overdue(project: ProjectSnapshot) -> str | None:
    if not project.overdue or project.due is None:
        return None
    return f"{plural(project.open, 'todo')} open, due {project.due:%Y-%m-%d}."


def _finished(project: ProjectSnapshot) -> str | None:
    return f"Nothing is open, {plural(project.done, 'todo')} done." if not project.open else None


def _aged(low: float, high: float) -> Evaluate:
    def evaluate(project: ProjectSnapshot) -> str | None:
        begun = len(project.in_progress)
        if not begun or not low < len(project.aged) / begun <= high:
            return None
        return (
            f"{len(project.aged)} of {begun} in progress beyond the age by which 85% of your finished todos were done."
        )

    return evaluate


def _pace(low: float, high: float, least: float) -> Evaluate:
    def evaluate(project: ProjectSnapshot) -> str | None:
        if not project.open or project.done_12 < least or not low <= project.momentum < high:
            return None
        done = f"{project.done_4} done in 4 weeks, {project.done_12} in 12"
        return f"{done}: {figure(project.momentum)} × the pace of those." if project.done_4 else f"{done}."

    return evaluate


def _growing(project: ProjectSnapshot) -> str | None:
    net = project.arrived_4 - project.left_4
    if not project.open or net <= 0:
        return None
    return f"{project.arrived_4} came in and {project.left_4} went out in 4 weeks: {plural(net, 'todo')} more."


def _shrinking(project: ProjectSnapshot) -> str | None:
    if not project.open or project.arrived_4 >= project.left_4:
        return None
    return f"{project.left_4} went out and {project.arrived_4} came in, in 4 weeks; still open: {project.open}."


def _blind(most: float) -> Evaluate:
    def evaluate(project: ProjectSnapshot) -> str | None:
        blind = len(project.unestimated)
        return f"{blind} of {project.open} open todos have no estimate." if blind > most * project.open else None

    return evaluate


def _carried(weeks: float) -> Evaluate:
    def evaluate(project: ProjectSnapshot) -> str | None:
        tired = sum(item.carried >= weeks for item in project.items)
        return f"{plural(tired, 'todo')} carried over for {weeks:g} weeks or more." if tired else None

    return evaluate


def _silent(days: float) -> Evaluate:
    def evaluate(project: ProjectSnapshot) -> str | None:
        if project.status != ProjectStatus.ACTIVE or not project.open or not project.idle_days > days:
            return None
        return f"Nothing has happened for {project.idle_days:.0f} days."

    return evaluate


def patterns_with(lines: Thresholds) -> tuple[Pattern, ...]:
    """The patterns, drawn at these thresholds."""
    return (*_of_dates(lines), *_of_work(lines), *_of_scope(lines))


def with_adjustments(patterns: Sequence[Pattern], adjustments: Mapping[str, int]) -> tuple[Pattern, ...]:
    """Patterns with some adjustments replaced by name, such as `{"silent": -4}`; UnknownField for other names."""
    known = [pattern.name for pattern in patterns]
    for name in adjustments:
        if name not in known:
            raise UnknownField("health pattern", name, known)
    return tuple(replace(pattern, adjustment=adjustments.get(pattern.name, pattern.adjustment)) for pattern in patterns)


def _of_dates(lines: Thresholds) -> tuple[Pattern, ...]:
    even, safe = share(lines.even), share(lines.safe)
    return (
        Pattern(
            name="likely on time", adjustment=10, evaluate=_chance(lines.safe, 1.1),
            help=f"The remaining hours fit into the hours this project gets until its due day in {safe} of scenarios "
            "or more.",
        ),
        Pattern(
            name="date in doubt", adjustment=-10, evaluate=_chance(lines.even, lines.safe),
            help=f"They fit in {even} to {safe} of scenarios.",
        ),
        Pattern(
            name="probably late", adjustment=-30, evaluate=_chance(-1.0, lines.even),
            help=f"They fit in fewer than {even} of the scenarios.",
        ),
        Pattern(name="overdue", adjustment=-30, evaluate=_overdue, help="Work is open after the due day."),
        Pattern(name="all done", adjustment=10, evaluate=_finished, help="No todo of the project is open."),
    )  # fmt: skip


def _of_work(lines: Thresholds) -> tuple[Pattern, ...]:
    aged = "of the work in progress is older than the 85th percentile of your own cycle times."
    pace = "Todos done a week over 4 weeks ÷ over 12 (or the project's life), by your capacity, is"
    return (
        Pattern(name="ageing work", adjustment=-5, evaluate=_aged(0.0, lines.aged_share), help=f"Some {aged}"),
        Pattern(
            name="mostly aged work", adjustment=-15, evaluate=_aged(lines.aged_share, 1.0),
            help=f"More than {share(lines.aged_share)} {aged}",
        ),
        Pattern(
            name="gaining pace", adjustment=5, evaluate=_pace(lines.gaining, 1e9, lines.min_done),
            help=f"{pace} {figure(lines.gaining)} or more.",
        ),
        Pattern(
            name="slowing down", adjustment=-10, evaluate=_pace(_NEVER, lines.slowing, lines.min_done),
            help=f"{pace} under {figure(lines.slowing)}.",
        ),
        Pattern(
            name="standing still", adjustment=-15, evaluate=_pace(0.0, _NEVER, 1),
            help="Nothing was done in 4 weeks, something in 12.",
        ),
    )  # fmt: skip


def _of_scope(lines: Thresholds) -> tuple[Pattern, ...]:
    return (
        Pattern(name="growing scope", adjustment=-5, evaluate=_growing, help="More came in than went out in 4 weeks."),
        Pattern(
            name="shrinking scope", adjustment=5, evaluate=_shrinking, help="More went out than came in, in 4 weeks."
        ),
        Pattern(
            name="unestimated", adjustment=-5, evaluate=_blind(lines.blind),
            help=f"Over {share(lines.blind)} of the open todos have no estimate.",
        ),
        Pattern(
            name="carried over", adjustment=-5, evaluate=_carried(lines.carried),
            help=f"Todos were committed to {lines.carried:g} weeks running.",
        ),
        Pattern(
            name="silent", adjustment=-10, evaluate=_silent(lines.idle_days),
            help=f"Active, but nothing happened for {lines.idle_days:g} days.",
        ),
    )  # fmt: skip


PATTERNS = patterns_with(DEFAULT)
