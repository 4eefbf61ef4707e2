"""What stands in the database already, as far as the records of a file may meet it."""

from collections.abc import Iterable
from itertools import chain, count

from orc_lab.importers.record import Parsed, Reading, settled
from orc_lab.model.entities import KINDS, Intention, Project, Todo, WeeklyGoal
from orc_lab.model.ids import derived_id
from orc_lab.store import provenance, repository
from orc_lab.store.database import Database
from orc_lab.store.provenance import Known

_NAMED = (Intention, Project, Todo, WeeklyGoal)  # no two of their rows share an id, so that an id names one thing


class There:
    """What a source has brought before, which ids are taken, and the records of a reading, each external id once."""

    def __init__(self, db: Database, reading: Reading) -> None:
        self.records = settled(reading.records)
        self._db = db
        self._source = reading.source
        self._known = provenance.known(db, reading.source)
        self.import_ids = {one.external_id: derived_id(reading.source, one.external_id) for one in self.records}
        self.alive = _alive(db, self._known.values())
        self._by_title: dict[str, str] = {}
        if any(record.meets == "title" for record in self.records):
            self._by_title = {
                one.title.casefold(): one.id for one in repository.find(db, Project, {}, order="-created_at")
            }
        self._row_ids = {one.external_id: one.row_id or self._derived(one) for one in self.records}
        own = [record.row_id for record in self.records if record.row_id is not None]
        self._taken = set(chain.from_iterable(provenance.existing(db, kind, own) for kind in _NAMED))
        for kind in {record.kind for record in self.records}:
            made = [self._row_ids[one.external_id] for one in self.records if one.kind is kind and one.row_id is None]
            self._taken |= provenance.existing(db, kind, made)

    def known(self, record: Parsed) -> Known | None:
        """Return what is known of a record from an earlier import."""
        return self._known.get(self.import_ids[record.external_id])

    def row_of(self, external_id: str) -> str | None:
        """Return the row that a record of an earlier import became, if it is there still."""
        known = self._known.get(derived_id(self._source, external_id))
        return known.subject_id if known is not None and known.subject_id in self.alive else None

    def meeting(self, record: Parsed) -> str | None:
        """Return the id of a row that is the same thing as a record, but does not come from it."""
        if record.meets == "id":
            return record.row_id if record.row_id in self._taken else None
        return self._by_title.get(record.values["title"].casefold()) if record.meets == "title" else None

    def free_id(self, record: Parsed) -> str:
        """Return an id that no row has: the record's own, if nothing else has it, or one derived from it."""
        wanted = self._row_ids[record.external_id]
        for again in count(1):
            if wanted not in self._taken:
                break
            wanted = self._derived(record, str(again))
        self._taken.add(wanted)
        return wanted

    def _derived(self, record: Parsed, *more: str) -> str:
        return derived_id(self._source, record.kind.table, record.external_id, *more)


def _alive(db: Database, known: Iterable[Known]) -> set[str]:
    """Return the ids of the rows that were imported and are still there."""
    by_table: dict[str, list[str]] = {}
    for one in known:
        if one.subject is not None and one.subject_id is not None:
            by_table.setdefault(one.subject, []).append(one.subject_id)
    return {id for table, ids in by_table.items() for id in provenance.existing(db, KINDS[table], ids)}
