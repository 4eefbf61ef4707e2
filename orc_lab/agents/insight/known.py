"""Everything that is known about a person's work at an instant, computed once and asked for many projects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from math import isnan
from typing import Any

import pandas as pd

from orc_lab.agents.ageing import ageing
from orc_lab.agents.completion.background import Background
from orc_lab.agents.completion.dates import PROMISED, Completion
from orc_lab.agents.completion.look import Look, look_at
from orc_lab.agents.completion.outcome import ProjectCompletion
from orc_lab.agents.completion.project import completion_of, project_completion
from orc_lab.agents.estimation.estimator import Estimator
from orc_lab.agents.health.patterns import Pattern, patterns_with, with_adjustments
from orc_lab.agents.health.rules import Health, health
from orc_lab.agents.health.snapshot import ProjectSnapshot, moment, snapshot
from orc_lab.agents.health.thresholds import Thresholds
from orc_lab.agents.health.trouble import HealthModel
from orc_lab.agents.knowledge.base import KnowledgeBase
from orc_lab.agents.knowledge.context import Surroundings
from orc_lab.agents.ledger.entry import Model
from orc_lab.agents.ledger.guard import Recalibration
from orc_lab.agents.velocity.pace import complete
from orc_lab.errors import NotFound
from orc_lab.mirror.features import Frames
from orc_lab.model.entities import ProjectStatus

SCENARIOS = 1000  # of each project


@dataclass(frozen=True, kw_only=True, eq=False)
class Known:
    """The frames of an instant with what the agents make of them; each part is computed when it is first asked for."""

    frames: Frames
    kb: KnowledgeBase = field(default_factory=KnowledgeBase)
    guards: Mapping[str, Recalibration] = field(default_factory=dict)  # models that have to be mended
    seed: int = 0
    _looks: dict[str, Look] = field(default_factory=dict)
    _snapshots: dict[str, ProjectSnapshot] = field(default_factory=dict)
    _healths: dict[str, Health] = field(default_factory=dict)
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
    def background(self) -> Background:
        """What the past says about all plans."""
        return Background.of(
            self.frames.tasks, self.frames.weekly, self.as_of, projects=self.frames.projects, seed=self.seed
        )

    @cached_property
    def lines(self) -> Thresholds:
        """Where risks begin, as learned."""
        return Thresholds().moved(self.kb.thresholds())

    @cached_property
    def patterns(self) -> tuple[Pattern, ...]:
        """What moves a score, as learned."""
        return with_adjustments(patterns_with(self.lines), self.kb.pattern_adjustments())

    @cached_property
    def surroundings(self) -> Surroundings:
        """Where things took place, found once for all projects."""
        return Surroundings(self.frames)

    def taught(self, kb: KnowledgeBase) -> Known:
        """The same by another knowledge base; what doesn't depend on it is kept."""
        after = replace(self, kb=kb, _healths={})
        kept = ("estimator", "model", "ages", "weeks", "background", "surroundings", "_of_project")
        vars(after).update({name: value for name, value in vars(self).items() if name in kept})
        return after

    @property
    def active(self) -> list[str]:
        """Ids of the active projects, in order of creation."""
        projects = self.frames.projects
        return projects.loc[projects["status"] == ProjectStatus.ACTIVE.value, "id"].tolist()

    def project(self, id: str) -> Mapping[str, Any]:
        """The row of a project; raises NotFound."""
        if id not in self._projects:
            raise NotFound("project", id)
        return self._projects[id]

    @cached_property
    def _projects(self) -> Mapping[str, Mapping[str, Any]]:
        rows: list[dict[Any, Any]] = self.frames.projects.to_dict("records")
        return {row["id"]: row for row in rows}

    def tasks(self, id: str) -> pd.DataFrame:
        """All tasks of a project."""
        return self._of_project.get(id, self.frames.tasks.head(0))

    @cached_property
    def _of_project(self) -> Mapping[str, pd.DataFrame]:
        return {str(id): mine for id, mine in self.frames.tasks.groupby("project_id")}

    def look(self, id: str) -> Look:
        """The scenarios of a project; raises NotFound."""
        if id not in self._looks:
            self.project(id)
            self._looks[id] = look_at(
                self.background, id, self.estimator, capacity=self.frames.ahead, size=SCENARIOS, seed=self.seed
            )
        return self._looks[id]

    def snapshot(self, id: str) -> ProjectSnapshot:
        """The facts about a project; raises NotFound."""
        if id not in self._snapshots:
            self._snapshots[id] = snapshot(
                self.frames.tasks, self.frames.weekly, self.project(id), self.as_of, self.estimator,
                commitments=self.frames.commitments, ages=self.ages, look=self.look(id),
            )  # fmt: skip
        return self._snapshots[id]

    def health(self, id: str) -> Health:
        """Its score with the evidence, and the chances of trouble beside it; raises NotFound."""
        if id not in self._healths:
            self._healths[id] = self._health(id)
        return self._healths[id]

    def _health(self, id: str) -> Health:
        project = self.snapshot(id)
        tasks = self.tasks(id).drop(columns="due")  # a todo's due day is not the project's
        trouble = self.model.score(tasks, as_of=self.as_of, due=project.due) if project.items else None
        if trouble is not None and not isnan(project.p_on_time):
            trouble = replace(trouble, p_late=1 - project.p_on_time)  # one number for one thing: that of the dates
        return health(project, self.patterns, thresholds=self.lines, trouble=trouble)

    def completion(self, id: str) -> ProjectCompletion:
        """When it will be done; raises NotFound."""
        if id not in self._completions:
            due = moment(self.project(id)["due"])
            self._completions[id] = self._promised(completion_of(self.look(id), due=due, quantiles=self._levels))
        return self._completions[id]

    @property
    def _levels(self) -> tuple[float, ...]:
        mended = self.guards.get(Model.COMPLETION)
        return mended.levels(PROMISED) if mended else PROMISED

    @staticmethod
    def _promised(found: ProjectCompletion) -> ProjectCompletion:
        """The same under the levels that it is to hold."""

        def named(when: Completion) -> Completion:
            return replace(when, days=dict(zip(PROMISED, when.days.values(), strict=True)))

        change = found.change and replace(found.change, after=named(found.change.after))
        return replace(found, when=named(found.when), change=change)

    def what_if(
        self, id: str, *, cut: Sequence[str] = (), add: Sequence[float] = (), first: Sequence[str] = ()
    ) -> ProjectCompletion:
        """The same without the todos `cut`, with `add` hours of new ones, and the todos `first` done before all else.

        Raises NotFound, and InvalidValue for hours that are none.
        """
        found = project_completion(
            self.frames.tasks, self.frames.weekly, id, self.as_of, self.estimator,
            due=moment(self.project(id)["due"]), capacity=self.frames.ahead, cut=cut, add=add, first=first,
            past=self.background, quantiles=self._levels, size=SCENARIOS, seed=self.seed,
        )  # fmt: skip
        return self._promised(found)
