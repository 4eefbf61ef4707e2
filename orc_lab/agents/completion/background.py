"""What a person's past says about all of their plans at one instant: computed once, asked for many projects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

import numpy as np
import pandas as pd

from orc_lab.agents.completion.lifetimes import Bools, Lifetimes
from orc_lab.agents.completion.plan import Life, Replays, instant, no_replays, replays
from orc_lab.agents.velocity.pace import complete
from orc_lab.model.entities import CLOSED, ProjectStatus

_KEPT, _KEPT_WORTH = 0.5, 4.0  # of dated projects closed by their day, before any was seen, and what that is worth
_FEWEST = 5  # finished todos without which nothing is said
_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Background:
    """The person's `tasks` by id and complete `weeks` as known at `as_of`, with what they say of plans.

    `dated` are projects with their id, due day and when they were called finished. Without `replayed` forecasts are not
    corrected by how earlier plans went, which takes most of the time.
    """

    tasks: pd.DataFrame
    weeks: pd.DataFrame
    as_of: datetime
    dated: pd.DataFrame | None = None
    replayed: bool = True
    seed: int = 0
    _replays: dict[bool, Replays] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        tasks: pd.DataFrame,
        weekly: pd.DataFrame,
        as_of: datetime,
        *,
        projects: pd.DataFrame | None = None,
        replayed: bool = True,
        seed: int = 0,
    ) -> Background:
        """Read the `tasks` and `weekly` frames, whatever the order of their rows.

        `projects` (id, due, completed) tell how far the person keeps due days; archived ones are left out.
        """
        dated = None
        if projects is not None:
            archived = projects["status"] == ProjectStatus.ARCHIVED.value if "status" in projects else False
            dated = projects[projects["due"].notna() & ~np.asarray(archived, dtype=np.bool_)]
        weeks = complete(weekly, as_of)
        return cls(tasks=in_order(tasks), weeks=weeks, as_of=as_of, dated=dated, replayed=replayed, seed=seed)

    @cached_property
    def now(self) -> float:
        """The instant in days since 1970."""
        return instant(self.as_of)

    @cached_property
    def life(self) -> Life:
        """The tasks and weeks as arrays."""
        return Life.of(self.tasks, self.weeks)

    @cached_property
    def open(self) -> Bools:
        """Which tasks are there and open."""
        closed = self.tasks["status"].isin([status.value for status in CLOSED]).to_numpy()
        return self.life.open_at(self.now) & ~closed

    @cached_property
    def projects(self) -> Mapping[str, Bools]:
        """Which tasks are in each project, by its id."""
        codes, ids = pd.factorize(self.tasks["project_id"])
        return {str(id): codes == code for code, id in enumerate(ids)}

    @cached_property
    def lifetimes(self) -> Lifetimes:
        """How long todos have stayed open."""
        return self.life.lifetimes(self.now)

    @property
    def known(self) -> bool:
        """Whether enough was finished to say when something will be."""
        return int((self.life.done & (self.life.ended < self.now)).sum()) >= _FEWEST

    def replays(self, *, growing: bool) -> Replays:
        """How earlier plans went: projects with what came into them (`growing`), or fixed sets of todos."""
        if growing not in self._replays:
            seen = replays(self.life, self.as_of, growing=growing, seed=self.seed) if self.replayed else no_replays()
            self._replays[growing] = seen
        return self._replays[growing]

    @cached_property
    def kept(self) -> float:
        """The share of dated projects that were closed by the end of their due day, shrunken towards a half."""
        if self.dated is None or self.dated.empty:
            return _KEPT
        end = pd.to_datetime(self.dated["due"]).dt.normalize() + _DAY
        over = ((end <= pd.Timestamp(self.as_of)) & self.dated["id"].isin(list(self.projects))).to_numpy()
        finished = (pd.to_datetime(self.dated["completed"]) < end).to_numpy()
        emptied = [self._closed_by(id, day) for id, day in zip(self.dated["id"][over], end[over], strict=True)]
        met = int((finished[over] | np.array(emptied, dtype=np.bool_)).sum())
        return float((met + _KEPT * _KEPT_WORTH) / (over.sum() + _KEPT_WORTH))

    def _closed_by(self, id: str, end: pd.Timestamp) -> bool:
        return not (self.life.open_at(instant(end)) & self.projects[id]).any()


def in_order(tasks: pd.DataFrame) -> pd.DataFrame:
    """Rows by id, so that their order is without effect."""
    ordered = tasks["id"].is_monotonic_increasing and isinstance(tasks.index, pd.RangeIndex)
    return tasks if ordered else tasks.sort_values("id", kind="stable").reset_index(drop=True)
