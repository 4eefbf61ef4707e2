"""The rows of a kind as they were known at an instant: what stands, but for what something touched since."""

from collections.abc import Iterator, Sequence
from typing import Any

from orc_lab.model.codec import columns
from orc_lab.model.entities import Entity
from orc_lab.store.database import Database
from orc_lab.store.history import look_back


def rows_as_of(db: Database, kind: type[Entity], at: int) -> Iterator[Sequence[Any]]:
    """Yield the rows, values in the order of `columns`; see `Past`."""
    past = look_back(db, at, kinds=(kind,))
    return past.rows(kind, db.rows(f"SELECT {', '.join(columns(kind))} FROM {kind.table} ORDER BY id"))
