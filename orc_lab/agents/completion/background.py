"""What a person's past says about all of their plans at one instant: computed once, asked for many projects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

import pandas as pd

from orc_lab.agents.completion.lifetimes import Bools, Lifetimes
from orc_lab.agents.completion.plan import Life, Replays, instant, no_replays, replays
from orc_lab.agents.velocity.pace import complete
from orc_lab.model.entities import CLOSED

_KEPT, _KEPT_WORTH = 0.5, 10.0  # of dated todos closed by their day, before any was seen, and todos that it is worth
_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Background:
    """The person's `tasks` by id and complete `weeks` as known at `as_of`, with what they say of plans.

    Without `replayed` forecasts are not corrected by how earlier plans went, which takes most of the time.
    """

    tasks: pd.DataFrame
    weeks: pd.DataFrame
    as_of: datetime
    replayed: bool = True
    seed: int = 0
    _replays: dict[bool, Replays] = field(default_factory=dict)

    @classmethod
    def of(
        cls, tasks: pd.DataFrame, weekly: pd.DataFrame, as_of: datetime, *, replayed: bool = True, seed: int = 0
    ) -> Background:
        """Read the `tasks` and `weekly` frames, whatever the order of their rows."""
        weeks = complete(weekly, as_of)
        return cls(tasks=in_order(tasks), weeks=weeks, as_of=as_of, replayed=replayed, seed=seed)

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
        """Whether anything was ever finished."""
        return bool((self.life.done & (self.life.ended < self.now)).any())

    def replays(self, *, growing: bool) -> Replays:
        """How earlier plans went: projects with what came into them (`growing`), or fixed sets of todos."""
        if growing not in self._replays:
            seen = replays(self.life, self.as_of, growing=growing, seed=self.seed) if self.replayed else no_replays()
            self._replays[growing] = seen
        return self._replays[growing]

    @cached_property
    def kept(self) -> float:
        """The share of todos with a due day that were closed by its end, shrunken towards a half."""
        dated = self.tasks.reindex(columns=["created", "completed", "dropped", "due"])
        end = pd.to_datetime(dated["due"]).dt.normalize() + _DAY
        over = ((end <= pd.Timestamp(self.as_of)) & (dated["created"] < end)).to_numpy()
        closed = (dated["completed"].fillna(dated["dropped"]) < end).to_numpy()
        return float(((over & closed).sum() + _KEPT * _KEPT_WORTH) / (over.sum() + _KEPT_WORTH))


def in_order(tasks: pd.DataFrame) -> pd.DataFrame:
    """Rows by id, so that their order is without effect."""
    ordered = tasks["id"].is_monotonic_increasing and isinstance(tasks.index, pd.RangeIndex)
    return tasks if ordered else tasks.sort_values("id", kind="stable").reset_index(drop=True)
