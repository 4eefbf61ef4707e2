"""What stands in the database already, as far as the records of a file may meet it."""

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import count

from orc_lab.importers.reading.values import when
from orc_lab.importers.record import Parsed
from orc_lab.model.change import Value
from orc_lab.model.clock import Clock
from orc_lab.model.entities import KINDS, Entity, Intention, Project, Todo, WeeklyGoal
from orc_lab.model.ids import derived_id
from orc_lab.store import provenance, repository
from orc_lab.store.database import Database
from orc_lab.store.provenance import Known

_NAMED = (Intention, Project, Todo, WeeklyGoal)  # no two of their rows share an id, so that an id names one thing
_CHANGED = ("modified", "updatedAt", "updated_at")  # how tools call it


class There:
    """What a source has brought before, and which ids are taken. Records are met some at a time: `look`, then ask."""

    def __init__(self, db: Database, source: str) -> None:
        self._db = db
        self._source = source
        self._known = provenance.known(db, source)
        self.alive = _alive(db, self._known.values())
        self._become = {one.subject_id for one in self._known.values()}
        self._standing: set[str] = set()
        self._by_title: dict[str, str] | None = None
        self._taken: set[str] = set()
        self._empty: dict[type[Entity], bool] = {}
        self._taken_back: set[int] | None = None
        self._wanted: dict[str, str] = {}  # by external id, of the records looked at
        self._given: dict[str, dict[str, Value]] = {}  # by row, where one of these records changed since
        self._here: dict[str, dict[str, Value]] = {}
        self._raw: dict[str, str] = {}  # by import record, as it was at the last import

    def look(self, records: Sequence[Parsed]) -> None:
        """Learn which ids that these records want are taken."""
        own, derived = list[str](), dict[type[Entity], list[str]]()
        places = [record.stand_in.id for record in records if record.stand_in is not None]
        self._standing = self._existing(Todo, places) - self._become if places else set()
        self._wanted.clear()
        for record in records:
            if record.row_id is not None:
                own.append(record.row_id)
            else:
                self._wanted[record.external_id] = id = self._derived(record)
                derived.setdefault(record.kind, []).append(id)
        for named in _NAMED if own else ():
            self._taken |= self._existing(named, own)
        for kind, ids in derived.items():
            self._taken |= self._existing(kind, ids)
        self._look_at_changed(records)

    def _look_at_changed(self, records: Sequence[Parsed]) -> None:
        """Learn what is here of the rows whose records changed since they were imported."""
        self._given.clear()
        self._here.clear()
        changed: dict[type[Entity], list[str]] = {}
        seen = []
        for record in records if self._known else ():
            known = self._known.get(import_id := self.import_id(record))
            if known is not None and known.subject_id in self.alive and known.content_hash != record.content_hash:
                changed.setdefault(record.kind, []).append(str(known.subject_id))
                seen.append(import_id)
        self._raw = provenance.raw(self._db, seen)
        if changed and self._taken_back is None:
            self._taken_back = provenance.taken_back(self._db)
        for kind, ids in changed.items():
            self._given |= provenance.given(self._db, kind, ids, self._taken_back or ())
            self._here |= repository.as_stored(self._db, kind, ids)

    def is_older(self, record: Parsed) -> bool:
        """Return whether a record that changed is as it was before it was imported last, by its own date of change."""
        now, before = (_changed_at(raw) for raw in (record.raw, self._raw[self.import_id(record)]))
        return now is not None and before is not None and now < before

    def stands_in(self, record: Parsed) -> str | None:
        """Return the id of a row that stands in a record's place, unless another record of this source has it."""
        place = record.stand_in
        return place.id if place is not None and place.id in self._standing else None

    def is_edited(self, record: Parsed, id: str) -> bool:
        """Return whether the person has edited a row of a record's kind."""
        return provenance.is_edited(self._db, record.kind, id)

    def _existing(self, kind: type[Entity], ids: Iterable[str]) -> set[str]:
        if kind not in self._empty:
            self._empty[kind] = repository.count(self._db, kind, {}) == 0
        return set() if self._empty[kind] else provenance.existing(self._db, kind, ids)

    def is_of_kind(self, id: str) -> bool:
        """Return whether a row whose record changed is of that record's kind."""
        return id in self._here

    def standing(self, id: str) -> tuple[dict[str, Value], dict[str, Value]]:
        """Return what imports gave the fields of a row whose record changed, and what they are now."""
        return self._given[id], self._here[id]

    def import_id(self, record: Parsed) -> str:
        """Return the id of the import record that a record has, or will have."""
        return derived_id(self._source, record.external_id)

    def known(self, import_id: str) -> Known | None:
        """Return what is known of a record from an earlier import."""
        return self._known.get(import_id)

    def row_of(self, external_id: str) -> str | None:
        """Return the row that a record of an earlier import became, if it is there still."""
        known = self._known.get(derived_id(self._source, external_id)) if self._known else None
        return known.subject_id if known is not None and known.subject_id in self.alive else None

    def meeting(self, record: Parsed) -> str | None:
        """Return the id of a row that is the same thing as a record, but does not come from it."""
        if record.meets == "id":
            return record.row_id if record.row_id in self._taken else None
        return self._titles().get(record.values["title"].casefold()) if record.meets == "title" else None

    def _titles(self) -> dict[str, str]:
        if self._by_title is None:
            found = repository.find(self._db, Project, {}, order="-created_at")
            self._by_title = {one.title.casefold(): one.id for one in found}
        return self._by_title

    def free_id(self, record: Parsed) -> str:
        """Return an id that no row has: the record's own, if nothing else has it, or one derived from it."""
        wanted = record.row_id or self._wanted[record.external_id]
        if wanted in self._taken:
            derived = (self._derived(record, str(again)) for again in count(1))
            wanted = next(id for id in derived if id not in self._taken)
        self._taken.add(wanted)
        return wanted

    def _derived(self, record: Parsed, *more: str) -> str:
        return derived_id(self._source, record.kind.table, record.external_id, *more)


def _changed_at(raw: str) -> int | None:
    """Return when a record changed last, where it tells that."""
    told = None
    with suppress(ValueError, RecursionError):  # as another program left it
        told = json.loads(raw) if any(name in raw for name in _CHANGED) else None
    name = next((name for name in _CHANGED if name in told), None) if isinstance(told, dict) else None
    found = None if name is None or not isinstance(told, dict) else when(told[name], Clock())
    return found if isinstance(found, int) else None


def _alive(db: Database, known: Iterable[Known]) -> set[str]:
    """Return the ids of the rows that were imported and are still there."""
    by_table: dict[str, list[str]] = {}
    for one in known:
        if one.subject is not None and one.subject_id is not None:
            by_table.setdefault(one.subject, []).append(one.subject_id)
    return {id for table, ids in by_table.items() for id in provenance.existing(db, KINDS[table], ids)}
