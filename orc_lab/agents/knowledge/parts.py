"""The ten parts of the knowledge base: what each holds and which output uses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Part(StrEnum):
    """One of the ten parts, as it is stored."""

    PATTERNS = "projects.patterns"
    SUCCESS_METRICS = "projects.success_metrics"
    RISK_INDICATORS = "projects.risk_indicators"
    OPTIMIZATION_RULES = "projects.optimization_rules"
    ESTIMATION_MODELS = "tasks.estimation_models"
    PRIORITIZATION_RULES = "tasks.prioritization_rules"
    WORKFLOW_PATTERNS = "tasks.workflow_patterns"
    PRODUCTIVITY_PATTERNS = "users.productivity_patterns"
    GOAL_ACHIEVEMENT_HISTORY = "users.goal_achievement_history"
    WORKING_STYLES = "users.working_styles"

    @property
    def group(self) -> str:
        """Projects, tasks or users."""
        return self.value.partition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """A part in words: what its entries are, which actions teach it, which output uses it."""

    title: str
    what: str
    taught_by: str
    used_by: str


MEANINGS: Mapping[Part, Meaning] = MappingProxyType(
    {
        Part.PATTERNS: Meaning(
            title="Project patterns",
            what="How many points of health a pattern is worth, from how projects that showed it half-way ended.",
            taught_by="projects completed or given up",
            used_by="the health score",
        ),
        Part.SUCCESS_METRICS: Meaning(
            title="Success metrics",
            what="How your completed projects went: time and hours against the plan, share on time, pace.",
            taught_by="projects completed",
            used_by="the comparison in a project's assessment",
        ),
        Part.RISK_INDICATORS: Meaning(
            title="Risk indicators",
            what="From where on something is unusual, by how far your projects that went well went.",
            taught_by="projects completed that went well",
            used_by="the risks of a project",
        ),
        Part.OPTIMIZATION_RULES: Meaning(
            title="Optimisation rules",
            what="How often things went well where a rule's advice was followed, and where it wasn't.",
            taught_by="recommendations resolved",
            used_by="the order of recommendations; a rule that doesn't beat doing nothing retires",
        ),
        Part.ESTIMATION_MODELS: Meaning(
            title="Estimation models",
            what="By how much you correct estimates before you start, by size, category and project.",
            taught_by="estimates corrected",
            used_by="estimates of todos that nobody corrected yet",
        ),
        Part.PRIORITIZATION_RULES: Meaning(
            title="Prioritisation rules",
            what="How much a priority counts and how far ahead due days are felt, by what you chose over what.",
            taught_by="todos chosen while others could have been",
            used_by="the order in which todos and projects are proposed",
        ),
        Part.WORKFLOW_PATTERNS: Meaning(
            title="Workflow patterns",
            what="The ways your todos take through the pipeline, and how long they stay in each stage.",
            taught_by="todos completed, ways that you approved",
            used_by="flags for skips and loops, and the way suggested for a todo",
        ),
        Part.PRODUCTIVITY_PATTERNS: Meaning(
            title="Productivity patterns",
            what="At which hours and on which weekdays you work.",
            taught_by="sessions finished",
            used_by="the hours proposed for deep work",
        ),
        Part.GOAL_ACHIEVEMENT_HISTORY: Meaning(
            title="Goal achievement history",
            what="What you planned and did each week, and which share of commitments holds.",
            taught_by="weeks closed",
            used_by="how many hours and todos to commit to",
        ),
        Part.WORKING_STYLES: Meaning(
            title="Working styles",
            what="How long you work in one go, how often you switch, how much is planned, how much is begun at once.",
            taught_by="sessions finished, weeks closed",
            used_by="the length of a block of work and the limit of work in progress",
        ),
    }
)
