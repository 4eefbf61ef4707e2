"""How a project is doing: 80, moved by patterns that each show their evidence, between 0 and 100.

The rules explain; P(on time), measured on the person's own pace, is what to decide by. The adjustments are starting
points, to be refitted from what became of projects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from orc_lab.agents.health.chances import Trouble
from orc_lab.agents.health.patterns import PATTERNS, Pattern, patterns_with
from orc_lab.agents.health.risks import Risk, plural, risks
from orc_lab.agents.health.snapshot import ProjectSnapshot
from orc_lab.agents.health.thresholds import DEFAULT, Thresholds

__all__ = ["BASE", "MIN_DONE", "OVERDUE_CAP", "PATTERNS", "Component", "Health", "Label", "Pattern", "health"]

BASE = 80
MIN_DONE = int(DEFAULT.min_done)
OVERDUE_CAP = int(DEFAULT.overdue_cap)


class Label(StrEnum):
    """A score in words."""

    ON_TRACK = "on track"
    AT_RISK = "at risk"
    OFF_TRACK = "off track"
    INSUFFICIENT = "insufficient data"


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
    """A score with everything that made it: BASE + Σ adjustments = score (None where there is too little data).

    `trouble` are the learned chances, where they were given: the rules explain, they decide.
    """

    project_id: str
    title: str
    as_of: datetime
    score: int | None
    label: Label
    components: tuple[Component, ...]
    risks: tuple[Risk, ...]
    trouble: Trouble | None = None

    @property
    def sentence(self) -> str:
        """For a page: the score and what weighs most."""
        if self.score is None:
            return f"{self.title}: {self.label.value}. {self.components[0].evidence}"
        heaviest = max(self.components, key=lambda part: abs(part.adjustment), default=None)
        why = f" Mostly because: {heaviest.evidence}" if heaviest else ""
        return f"{self.title}: {self.label.value}, {self.score} of 100.{why}"

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON; `trouble` only where it is known. There is one score, that of all these components."""
        chances = {} if self.trouble is None else {"trouble": self.trouble.beside_a_score()}
        return {
            "project_id": self.project_id,
            "title": self.title,
            "as_of": self.as_of.isoformat(),
            "score": self.score,
            "label": self.label.value,
            "components": [component.as_dict() for component in self.components],
            "risks": [risk.as_dict() for risk in self.risks],
            "sentence": self.sentence,
            **chances,
        }


def health(
    project: ProjectSnapshot,
    patterns: Sequence[Pattern] | None = None,
    *,
    thresholds: Thresholds = DEFAULT,
    trouble: Trouble | None = None,
) -> Health:
    """Score a snapshot; no score ("insufficient data") with under six finished todos. Risks are listed in any case.

    `patterns` are those drawn at the `thresholds` unless given; `trouble` (of a HealthModel) is carried along, and what
    it finds likely is among the risks.
    """
    if project.done < thresholds.min_done:
        parts = [_insufficient(project, thresholds)]
        score, label = None, Label.INSUFFICIENT
    else:
        parts = _components(project, patterns_with(thresholds) if patterns is None else patterns, thresholds)
        score = BASE + sum(part.adjustment for part in parts)
        label = _label(score, thresholds)
    return Health(
        project_id=project.id,
        title=project.title,
        as_of=project.as_of,
        score=score,
        label=label,
        components=tuple(parts),
        risks=risks(project, thresholds=thresholds, trouble=trouble),
        trouble=trouble,
    )


def _label(score: int, lines: Thresholds) -> Label:
    return Label.ON_TRACK if score >= lines.on_track else Label.AT_RISK if score >= lines.at_risk else Label.OFF_TRACK


def _components(project: ProjectSnapshot, patterns: Sequence[Pattern], lines: Thresholds) -> list[Component]:
    parts = [
        Component(name=pattern.name, adjustment=pattern.adjustment, evidence=evidence, help=pattern.help)
        for pattern in patterns
        if (evidence := pattern.evaluate(project)) is not None
    ]
    cap = min(int(lines.overdue_cap), 100) if project.overdue else 100
    raw = BASE + sum(part.adjustment for part in parts)
    if (kept := min(max(raw, 0), cap)) != raw:
        why = f"Scores lie between 0 and {cap}" + (" while something is overdue." if project.overdue else ".")
        parts.append(Component(name="limits", adjustment=kept - raw, evidence=why, help="The patterns are clamped."))
    return parts


def _insufficient(project: ProjectSnapshot, lines: Thresholds) -> Component:
    evidence = f"{plural(project.done, 'todo')} finished; a score needs {lines.min_done:g}."
    return Component(
        name="insufficient data", adjustment=0, evidence=evidence, help="A score on less would be a guess."
    )
