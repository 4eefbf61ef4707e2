"""Everything that is known about a person's work at an instant, computed once and asked for many projects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import pandas as pd

from orc_lab.agents.ageing import ageing
from orc_lab.agents.completion.dates import PROMISED
from orc_lab.agents.completion.outcome import ProjectCompletion
from orc_lab.agents.completion.plan import Replays
from orc_lab.agents.completion.project import plan_replays, project_completion
from orc_lab.agents.estimation.estimator import Estimator
from orc_lab.agents.health.patterns import Pattern, patterns_with, with_adjustments
from orc_lab.agents.health.rules import Health, health
from orc_lab.agents.health.snapshot import ProjectSnapshot, moment, snapshot
from orc_lab.agents.health.thresholds import Thresholds
from orc_lab.agents.health.trouble import HealthModel
from orc_lab.agents.knowledge.base import KnowledgeBase
from orc_lab.agents.ledger.entry import Model
from orc_lab.agents.ledger.guard import Recalibration
from orc_lab.agents.velocity.pace import complete
from orc_lab.errors import NotFound
from orc_lab.mirror.features import Frames
from orc_lab.model.entities import ProjectStatus


@dataclass(frozen=True, kw_only=True, eq=False)
class Known:
    """The frames of an instant with what the agents make of them; each part is computed when it is first asked for."""

    frames: Frames
    kb: KnowledgeBase = field(default_factory=KnowledgeBase)
    guards: Mapping[str, Recalibration] = field(default_factory=dict)  # models that have to be mended
    seed: int = 0
    _snapshots: dict[str, ProjectSnapshot] = field(default_factory=dict)
    _completions: dict[str, ProjectCompletion] = field(default_factory=dict)

    @property
    def as_of(self) -> datetime:
        """The instant, local."""
        return self.frames.now

    @cached_property
    def estimator(self) -> Estimator:
        """What finished work says about open work."""
        return Estimator().observe(self.frames.finished)

    @cached_property
    def model(self) -> HealthModel:
        """What finished work says about trouble."""
        return HealthModel().observe(self.frames.finished)

    @cached_property
    def ages(self) -> pd.DataFrame:
        """How old the open work is."""
        return ageing(self.frames.tasks, self.as_of)

    @cached_property
    def weeks(self) -> pd.DataFrame:
        """The weeks that are over."""
        return complete(self.frames.weekly, self.as_of)

    @cached_property
    def replays(self) -> Replays:
        """How earlier plans of the person went."""
        return plan_replays(self.frames.tasks, self.frames.weekly, self.as_of, seed=self.seed)

    @cached_property
    def lines(self) -> Thresholds:
        """Where risks begin, as learned."""
        return Thresholds().moved(self.kb.thresholds())

    @cached_property
    def patterns(self) -> tuple[Pattern, ...]:
        """What moves a score, as learned."""
        return with_adjustments(patterns_with(self.lines), self.kb.pattern_adjustments())

    @property
    def active(self) -> list[str]:
        """Ids of the active projects, in order of creation."""
        projects = self.frames.projects
        return projects.loc[projects["status"] == ProjectStatus.ACTIVE.value, "id"].tolist()

    def project(self, id: str) -> Mapping[str, Any]:
        """The row of a project; raises NotFound."""
        found = self.frames.projects[self.frames.projects["id"] == id]
        if found.empty:
            raise NotFound("project", id)
        row: dict[Any, Any] = found.iloc[0].to_dict()
        return row

    def tasks(self, id: str) -> pd.DataFrame:
        """All tasks of a project."""
        return self.frames.tasks[self.frames.tasks["project_id"] == id]

    def snapshot(self, id: str) -> ProjectSnapshot:
        """The facts about a project; raises NotFound."""
        if id not in self._snapshots:
            self._snapshots[id] = snapshot(
                self.frames.tasks, self.frames.weekly, self.project(id), self.as_of, self.estimator,
                commitments=self.frames.commitments, capacity=self.frames.ahead, ages=self.ages, seed=self.seed,
            )  # fmt: skip
        return self._snapshots[id]

    def health(self, id: str) -> Health:
        """Its score with the evidence, and the chances of trouble beside it; raises NotFound."""
        project = self.snapshot(id)
        tasks = self.tasks(id).drop(columns="due")  # a todo's due day is not the project's
        trouble = self.model.score(tasks, as_of=self.as_of, due=project.due) if project.items else None
        return health(project, self.patterns, thresholds=self.lines, trouble=trouble)

    def completion(self, id: str) -> ProjectCompletion:
        """When it will be done; raises NotFound."""
        if id not in self._completions:
            self._completions[id] = self.what_if(id)
        return self._completions[id]

    def what_if(
        self, id: str, *, cut: Sequence[str] = (), add: Sequence[float] = (), first: Sequence[str] = ()
    ) -> ProjectCompletion:
        """The same without the todos `cut`, with `add` hours of new ones, and the todos `first` done before all else.

        Raises NotFound, and InvalidValue for hours that are none.
        """
        due, mended = moment(self.project(id)["due"]), self.guards.get(Model.COMPLETION)
        levels = mended.levels(PROMISED) if mended else PROMISED
        found = project_completion(
            self.frames.tasks, self.frames.weekly, id, self.as_of, self.estimator, due=due, capacity=self.frames.ahead,
            cut=cut, add=add, first=first, past=self.replays, quantiles=levels, seed=self.seed,
        )  # fmt: skip
        when = replace(found.when, days=dict(zip(PROMISED, found.when.days.values(), strict=True)))
        return replace(found, when=when)
