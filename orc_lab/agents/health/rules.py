"""How a project is doing: 80, moved by patterns that each show their evidence, between 0 and 100.

The rules explain; P(on time), measured on the person's own pace, is what to decide by. The adjustments are starting
points, to be refitted from what became of projects.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from orc_lab.agents.forecast import chance, figure
from orc_lab.agents.health.risks import BLIND, CARRIED, IDLE_DAYS, Risk, plural, risks
from orc_lab.agents.health.snapshot import SAFE, ProjectSnapshot
from orc_lab.model.entities import ProjectStatus

BASE = 80
MIN_DONE = 6
OVERDUE_CAP = 69
_ON_TRACK, _AT_RISK = 70, 40


class Label(StrEnum):
    """A score in words."""

    ON_TRACK = "on track"
    AT_RISK = "at risk"
    OFF_TRACK = "off track"
    INSUFFICIENT = "insufficient data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """Something that speaks for or against a project; `evaluate` gives the evidence, or None where it doesn't apply."""

    name: str
    adjustment: int
    help: str
    evaluate: Callable[[ProjectSnapshot], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """What one pattern did to a score, and the numbers it rests on."""

    name: str
    adjustment: int
    evidence: str
    help: str

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {"name": self.name, "adjustment": self.adjustment, "evidence": self.evidence, "help": self.help}


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """A score with everything that made it: BASE + Σ adjustments = score (None where there is too little data)."""

    project_id: str
    title: str
    as_of: datetime
    score: int | None
    label: Label
    components: tuple[Component, ...]
    risks: tuple[Risk, ...]

    @property
    def sentence(self) -> str:
        """For a page: the score and what weighs most."""
        if self.score is None:
            return f"{self.title}: {self.label.value}. {self.components[0].evidence}"
        heaviest = max(self.components, key=lambda part: abs(part.adjustment), default=None)
        why = f" Mostly because: {heaviest.evidence}" if heaviest else ""
        return f"{self.title}: {self.label.value}, {self.score} of 100.{why}"

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "project_id": self.project_id,
            "title": self.title,
            "as_of": self.as_of.isoformat(),
            "score": self.score,
            "label": self.label.value,
            "components": [component.as_dict() for component in self.components],
            "risks": [risk.as_dict() for risk in self.risks],
            "sentence": self.sentence,
        }


def _chance(low: float, high: float) -> Callable[[ProjectSnapshot], str | None]:
    def evaluate(project: ProjectSnapshot) -> str | None:
        if project.due is None or project.overdue or not project.open or not low <= project.p_on_time < high:
            return None
        return f"P(done by {project.due:%Y-%m-%d}) is {chance(project.p_on_time)}, if nothing is added."

    return evaluate


def _overdue(project: ProjectSnapshot) -> str | None:
    if not project.overdue or project.due is None:
        return None
    return f"{plural(project.open, 'todo')} open, due {project.due:%Y-%m-%d}."


def _finished(project: ProjectSnapshot) -> str | None:
    return f"Nothing is open, {plural(project.done, 'todo')} done." if not project.open else None


def _aged(low: float, high: float) -> Callable[[ProjectSnapshot], str | None]:
    def evaluate(project: ProjectSnapshot) -> str | None:
        begun = len(project.in_progress)
        if not begun or not low < len(project.aged) / begun <= high:
            return None
        return (
            f"{len(project.aged)} of {begun} in progress beyond the age by which 85% of your finished todos were done."
        )

    return evaluate


def _pace(low: float, high: float, least: int) -> Callable[[ProjectSnapshot], str | None]:
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


def _blind(project: ProjectSnapshot) -> str | None:
    blind = len(project.unestimated)
    return f"{blind} of {project.open} open todos have no estimate." if blind > BLIND * project.open else None


def _carried(project: ProjectSnapshot) -> str | None:
    tired = sum(item.carried >= CARRIED for item in project.items)
    return f"{plural(tired, 'todo')} carried over for {CARRIED} weeks or more." if tired else None


def _silent(project: ProjectSnapshot) -> str | None:
    if project.status != ProjectStatus.ACTIVE or not project.open or not project.idle_days > IDLE_DAYS:
        return None
    return f"Nothing has happened for {project.idle_days:.0f} days."


PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        name="likely on time", adjustment=10, evaluate=_chance(SAFE, 1.1),
        help="The remaining hours fit into the hours this project gets until its due day in 85% of scenarios or more.",
    ),
    Pattern(
        name="date in doubt", adjustment=-10, evaluate=_chance(0.5, SAFE),
        help="They fit in half to 85% of scenarios.",
    ),
    Pattern(
        name="probably late", adjustment=-30, evaluate=_chance(-1.0, 0.5),
        help="They fit in fewer than half of the scenarios.",
    ),
    Pattern(name="overdue", adjustment=-30, evaluate=_overdue, help="Work is open after the due day."),
    Pattern(name="all done", adjustment=10, evaluate=_finished, help="No todo of the project is open."),
    Pattern(
        name="ageing work", adjustment=-5, evaluate=_aged(0.0, 0.5),
        help="Some of the work in progress is older than the 85th percentile of your own cycle times.",
    ),
    Pattern(
        name="mostly aged work", adjustment=-15, evaluate=_aged(0.5, 1.0),
        help="More than half of the work in progress is older than the 85th percentile of your own cycle times.",
    ),
    Pattern(
        name="gaining pace", adjustment=5, evaluate=_pace(1.25, 1e9, MIN_DONE),
        help="Todos done a week over 4 weeks ÷ over 12 (or the project's life), by your capacity, is 1.25 or more.",
    ),
    Pattern(
        name="slowing down", adjustment=-10, evaluate=_pace(1e-9, 0.5, MIN_DONE),
        help="Todos done a week over 4 weeks ÷ over 12 (or the project's life), by your capacity, is under a half.",
    ),
    Pattern(
        name="standing still", adjustment=-15, evaluate=_pace(0.0, 1e-9, 1),
        help="Nothing was done in 4 weeks, something in 12.",
    ),
    Pattern(name="growing scope", adjustment=-5, evaluate=_growing, help="More came in than went out in 4 weeks."),
    Pattern(name="shrinking scope", adjustment=5, evaluate=_shrinking, help="More went out than came in, in 4 weeks."),
    Pattern(name="unestimated", adjustment=-5, evaluate=_blind, help="Over 40% of the open todos have no estimate."),
    Pattern(name="carried over", adjustment=-5, evaluate=_carried, help="Todos were committed to three weeks running."),
    Pattern(name="silent", adjustment=-10, evaluate=_silent, help="Active, but nothing happened for 14 days."),
)  # fmt: skip


def health(project: ProjectSnapshot, patterns: Sequence[Pattern] = PATTERNS) -> Health:
    """Score a snapshot; no score ("insufficient data") with under six finished todos. Risks are listed in any case."""
    if project.done < MIN_DONE:
        parts = [_insufficient(project)]
        score, label = None, Label.INSUFFICIENT
    else:
        parts = _components(project, patterns)
        score = BASE + sum(part.adjustment for part in parts)
        label = Label.ON_TRACK if score >= _ON_TRACK else Label.AT_RISK if score >= _AT_RISK else Label.OFF_TRACK
    return Health(
        project_id=project.id,
        title=project.title,
        as_of=project.as_of,
        score=score,
        label=label,
        components=tuple(parts),
        risks=risks(project),
    )


def _components(project: ProjectSnapshot, patterns: Sequence[Pattern]) -> list[Component]:
    parts = [
        Component(name=pattern.name, adjustment=pattern.adjustment, evidence=evidence, help=pattern.help)
        for pattern in patterns
        if (evidence := pattern.evaluate(project)) is not None
    ]
    cap = OVERDUE_CAP if project.overdue else 100
    raw = BASE + sum(part.adjustment for part in parts)
    if (kept := min(max(raw, 0), cap)) != raw:
        why = f"Scores lie between 0 and {cap}" + (" while something is overdue." if project.overdue else ".")
        parts.append(Component(name="limits", adjustment=kept - raw, evidence=why, help="The patterns are clamped."))
    return parts


def _insufficient(project: ProjectSnapshot) -> Component:
    evidence = f"{plural(project.done, 'todo')} finished; a score needs {MIN_DONE}."
    return Component(
        name="insufficient data", adjustment=0, evidence=evidence, help="A score on less would be a guess."
    )
