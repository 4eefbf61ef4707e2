"""One project looked at whole: health, risks, what to do better, and what is to be expected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from orc_lab.agents.completion.outcome import ProjectCompletion
from orc_lab.agents.forecast import amount, chance
from orc_lab.agents.health.chances import Trouble
from orc_lab.agents.health.risks import Risk, Severity
from orc_lab.agents.health.rules import Health
from orc_lab.agents.insight.known import Known
from orc_lab.agents.insight.span import TimeFrame
from orc_lab.agents.insight.suggest import Suggestion, suggestions
from orc_lab.agents.insight.summary import generate_project_summary
from orc_lab.agents.knowledge.advice import Comparison, compare


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskAnalysis:
    """Whether something serious threatens a project, what first, and what to do."""

    high_risk: bool
    primary: Risk | None
    factors: tuple[Risk, ...]

    @property
    def mitigation_steps(self) -> tuple[str, ...]:
        """The steps against the primary risk, else none."""
        return self.primary.steps if self.primary else ()

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "high_risk": self.high_risk,
            "primary_risk": self.primary.sentence if self.primary else None,
            "factors": [risk.as_dict() for risk in self.factors],
            "mitigation_steps": list(self.mitigation_steps),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectAnalysis:
    """A project over the last 30 days, and what is ahead."""

    project_id: str
    title: str
    as_of: datetime
    health: Health
    comparisons: tuple[Comparison, ...]
    risks: RiskAnalysis
    suggestions: tuple[Suggestion, ...]
    completion: ProjectCompletion
    trouble: Trouble | None
    insights: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "project_id": self.project_id,
            "title": self.title,
            "as_of": self.as_of.isoformat(),
            "health_assessment": {
                **self.health.as_dict(),
                "beside_completed_projects": [comparison.as_dict() for comparison in self.comparisons],
            },
            "risk_analysis": self.risks.as_dict(),
            "optimization_suggestions": [suggestion.as_dict() for suggestion in self.suggestions],
            "predictive_insights": {
                "completion": self.completion.as_dict(),
                "trouble": self.trouble.beside_a_score() if self.trouble else None,
                "sentences": list(self.insights),
            },
        }


def analyze_project(known: Known, id: str) -> ProjectAnalysis:
    """Look at a project whole; raises NotFound."""
    summary = generate_project_summary(known, id, TimeFrame.MONTH)
    health = summary.health
    return ProjectAnalysis(
        project_id=id,
        title=summary.title,
        as_of=known.as_of,
        health=health,
        comparisons=compare(known.kb, known.surroundings.project(id, halfway=False)),
        risks=risk_analysis(health.risks),
        suggestions=suggestions(known, id),
        completion=summary.time_to_completion,
        trouble=health.trouble,
        insights=tuple(_insights(summary.time_to_completion, health.trouble)),
    )


def risk_analysis(risks: tuple[Risk, ...]) -> RiskAnalysis:
    """What follows from the risks, the severest first."""
    return RiskAnalysis(
        high_risk=any(risk.severity is Severity.HIGH for risk in risks), primary=risks[0] if risks else None,
        factors=risks,
    )  # fmt: skip


def _insights(done: ProjectCompletion, trouble: Trouble | None) -> list[str]:
    told = [f"{done.sentence}.".replace("..", ".")]
    if done.open and done.arrivals > 0:
        told.append(f"A week brings about {amount(done.arrivals, 'todos')} more.")
    if trouble is not None:
        told.append(f"Its remaining work overruns by more than a quarter with a chance of {chance(trouble.p_overrun)}.")
        told.append(f"Nothing of it gets done in eight weeks with a chance of {chance(trouble.p_dormant)}.")
    return told
