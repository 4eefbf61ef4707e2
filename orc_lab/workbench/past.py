"""A workbench as of a past instant: what was recorded by then about what had happened by then. It can only be read."""

import os
from datetime import date
from typing import Self

from orc_lab import config
from orc_lab.model.clock import Clock
from orc_lab.model.entities import Activity
from orc_lab.store import history, past_views
from orc_lab.store.database import Database
from orc_lab.workbench.bench import Workbench


class PastWorkbench(Workbench):
    """A person's database as it was known at an instant, `at` (seconds UTC), on a connection of its own.

    Intentions, projects, todos, sessions and activities are those of then, and so are the settings and the day;
    `reconstructed` is whether that past was imported rather than recorded. An edit raises NotWritable.
    """

    def __init__(self, db: Database, at: int, *, seq: int | None = None) -> None:
        super().__init__(db)
        self.at = at
        self._until = seq
        imported = history.reconstructed_before(db, seq=seq)
        self.reconstructed = imported is not None and at < imported
        try:
            past_views.show(db, at, seq=seq)
        except BaseException:
            db.close()
            raise

    @classmethod
    def of(cls, wb: Workbench, at: int, *, seq: int | None = None) -> Self:
        """Open the database of a workbench once more, as of an instant; with `seq` as the log stood at that entry."""
        return cls(Database(os.fspath(wb.db.file), reading=True), at, seq=seq)

    def activities(
        self, subject_id: str | None = None, *, since: int | None = None, limit: int | None = None
    ) -> list[Activity]:
        """Return what had happened by then and was known, newest first."""
        found = super().activities(subject_id, since=since)
        known = history.known_of(self.db, Activity, [one.id for one in found], self.at, seq=self._until)
        return [one for one in found if one.id in known][:limit]

    def settings(self, at: int | None = None) -> config.Settings:
        """Return the settings that held then, or at another instant."""
        return super().settings(self.at if at is None else at)

    def clock(self, at: int | None = None) -> Clock:
        """Return the person's zone and day start as they held then, or at another instant."""
        return super().clock(self.at if at is None else at)

    def today(self) -> date:
        """Return the person's day then."""
        return self.clock().day(self.at)
