"""Reading a person's database: its rows, what happened to them, and the settings that held."""

import time
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any, TypeVar

from orc_lab import config
from orc_lab.model.change import Change, Edit
from orc_lab.model.clock import Clock
from orc_lab.model.entities import Activity, Entity
from orc_lab.store import change_log, repository
from orc_lab.store.database import Database
from orc_lab.workbench import options, trash

E = TypeVar("E", bound=Entity)


class Reader:
    """What the workbench answers about an opened database, without changing it."""

    db: Database

    def get(self, kind: type[E], id: str) -> E:
        """Return a row; raises NotFound."""
        return repository.get(self.db, kind, id)

    def find(
        self,
        kind: type[E],
        *,
        order: str | Sequence[str] = "created_at",
        limit: int | None = None,
        offset: int = 0,
        **filters: Any,
    ) -> list[E]:
        """Return the rows that pass all filters, such as `status=["done"]`, `title__has="draft"`, `due_date__lt=day`.

        Endings: gt, gte, lt, lte, lte_or_empty, ne, has. A list means any of its values, None means empty.
        `order="-priority"` puts the largest first. Raises UnknownField.
        """
        return repository.find(self.db, kind, filters, order=order, limit=limit, offset=offset)

    def count(self, kind: type[Entity], **filters: Any) -> int:
        """Return how many rows pass the filters."""
        return repository.count(self.db, kind, filters)

    def resolve(self, kind: type[Entity], text: str) -> str:
        """Return the full id for an id or its last characters; raises NotFound or AmbiguousId."""
        return repository.resolve(self.db, kind, text)

    def activities(
        self, subject_id: str | None = None, *, since: int | None = None, limit: int | None = None
    ) -> list[Activity]:
        """Return what happened, newest first: to one row, or to all; `since` is an instant."""
        filters: dict[str, Any] = {} if subject_id is None else {"subject_id": subject_id}
        if since is not None:
            filters["occurred_at__gte"] = since
        return self.find(Activity, order=("-occurred_at", "-recorded_at", "-id"), limit=limit, **filters)

    def history(self, id: str) -> list[Change]:
        """Return everything that ever happened to a row, field by field, oldest first."""
        return change_log.of_row(self.db, id)

    def edits(self, limit: int = 20, *, actors: Collection[str] = (), since: int | None = None,
              search: str | None = None) -> list[Edit]:  # fmt: skip
        """Return the latest edits, newest first (a limit of -1 means all).

        Of some actors only, since an instant, or with a text in their label or in a title of what they changed.
        """
        of = None if search is None else change_log.naming(self.db, search)
        return change_log.edits(self.db, limit=limit, actors=actors, since=since, of=of)

    def head(self) -> int:
        """Return the number of the change log's newest entry."""
        return change_log.head(self.db)

    def edits_of(self, changes: Iterable[Change]) -> dict[int, Edit]:
        """Return the edits that some changes were part of, by number."""
        txs = {change.tx for change in changes if change.tx is not None}
        return {edit.tx: edit for edit in change_log.edits(self.db, limit=-1, of=txs)}

    def undone(self) -> set[int]:
        """Return the numbers of the edits that were taken back and not done again."""
        return change_log.undone(self.db)

    def titles_of(self, edits: Iterable[Edit]) -> dict[int, str]:
        """Return the title of the last thing that each edit changed, by the edit's number, also where it is gone.

        Of an undo or redo it is that of the edit which it takes back or does again. An import has none.
        """
        roots = self._roots(edits)
        imports = change_log.brought(self.db, set(roots.values()))
        subjects = change_log.subjects(self.db, set(roots.values()) - imports.keys())
        titles = change_log.titles(self.db, {id for _, id in subjects.values()})
        named = {tx: titles[row] for tx, row in subjects.items() if row in titles}
        return {tx: named[root] for tx, root in roots.items() if root in named}

    def brought(self, edits: Iterable[Edit]) -> dict[int, int]:
        """Return how many records each of the edits brought, took back or brought again that are about an import."""
        roots = self._roots(edits)
        imports = change_log.brought(self.db, set(roots.values()))
        return {tx: imports[root] for tx, root in roots.items() if root in imports}

    def _roots(self, edits: Iterable[Edit]) -> dict[int, int]:
        """The edit that each is about: itself, or what an undo or redo begins from."""
        return {one.tx: one.tx if one.undoes is None else change_log.chain(self.db, one.tx)[0].tx for one in edits}

    def titles(self, ids: Iterable[str]) -> dict[str, str]:
        """Return the last title of things by id, also of those that are gone."""
        return {id: title for (_, id), title in change_log.titles(self.db, ids).items()}

    def resolve_deleted(self, text: str) -> str:
        """Return the full id of a deleted thing for it or its last characters; raises NotFound or AmbiguousId."""
        return trash.resolve(self.db, text)

    def settings(self, at: int | None = None) -> config.Settings:
        """Return the settings that held at an instant, or that hold now."""
        return options.settings(self.db, at)

    def clock(self, at: int | None = None) -> Clock:
        """Return the person's zone and day start as they held at an instant."""
        return options.clock(self.db, at)

    def today(self) -> date:
        """Return the person's day."""
        return self.clock().day(int(time.time()))
