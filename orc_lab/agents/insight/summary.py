"""One project over a time frame: insights, metrics, trends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from orc_lab.agents.completion.outcome import ProjectCompletion
from orc_lab.agents.forecast import figure
from orc_lab.agents.health.risks import Risk, plural
from orc_lab.agents.health.rules import Health
from orc_lab.agents.insight.known import Known
from orc_lab.agents.insight.measures import Pace, Productivity, pace, productivity
from orc_lab.agents.insight.span import Span, TimeFrame, time_frame
from orc_lab.agents.insight.trends import trends
from orc_lab.agents.trend import Trend

_SPOKEN = {
    TimeFrame.WEEK: "In 7 days", TimeFrame.MONTH: "In 30 days", TimeFrame.QUARTER: "In 13 weeks",
    TimeFrame.ALL: "In all",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSummary:
    """What all agents say about a project as of an instant, looking back over `frame`."""

    project_id: str
    title: str
    as_of: datetime
    frame: TimeFrame
    text: str
    health: Health
    recommendations: tuple[str, ...]
    velocity: Pace
    productivity: Productivity
    time_to_completion: ProjectCompletion
    trends: Mapping[str, Trend]

    @property
    def risk_factors(self) -> tuple[Risk, ...]:
        """What threatens it, the severest first."""
        return self.health.risks

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON, under the names of insights, metrics and trends."""
        return {
            "project_id": self.project_id,
            "title": self.title,
            "as_of": self.as_of.isoformat(),
            "time_frame": self.frame.value,
            "insights": {
                "summary": self.text,
                "health_score": self.health.score,
                "risk_factors": [risk.as_dict() for risk in self.risk_factors],
                "recommendations": list(self.recommendations),
            },
            "metrics": {
                "velocity": self.velocity.as_dict(),
                "productivity": self.productivity.as_dict(),
                "time_to_completion": self.time_to_completion.as_dict(),
            },
            "trends": {name: trend.as_dict() for name, trend in self.trends.items()},
        }


def generate_project_summary(known: Known, id: str, frame: TimeFrame | str = TimeFrame.MONTH) -> ProjectSummary:
    """Sum a project up over a time frame such as "90d"; raises NotFound, and InvalidValue for another one."""
    frame = time_frame(frame)
    project, health, done = known.snapshot(id), known.health(id), known.completion(id)
    span = Span.of(frame, known.as_of, known.tasks(id)["created"].min())
    speed = pace(known, id, span)
    return ProjectSummary(
        project_id=id,
        title=project.title,
        as_of=known.as_of,
        frame=frame,
        text=" ".join(_text(frame, speed, health, done)),
        health=health,
        recommendations=tuple(dict.fromkeys(step for risk in health.risks for step in risk.steps)),
        velocity=speed,
        productivity=productivity(known, id, span),
        time_to_completion=done,
        trends=trends(known, id, span),
    )


def _text(frame: TimeFrame, speed: Pace, health: Health, done: ProjectCompletion) -> list[str]:
    """The summary in plain words: what was done, what is left, when it ends, how it is."""
    told = [f"{_SPOKEN[frame]} {plural(speed.done, 'todo')} of it {'was' if speed.done == 1 else 'were'} done."]
    if done.open:
        left = done.remaining
        hours = f", some {figure(left.median)} h of work" if left.quantiles else ""
        told.append(f"{plural(done.open, 'todo')} {'is' if done.open == 1 else 'are'} open{hours}.")
        told.append(f"The end: {done.sentence.removeprefix(f'{health.title}: ')}.".replace("..", "."))
    else:
        told.append("Nothing is open.")
    verdict = health.sentence.removeprefix(f"{health.title}: ")
    return [*told, verdict[:1].upper() + verdict[1:]]
