"""Decide what an import brings, before anything is written: what is new, there already, changed, left out and why."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, replace
from typing import Any

from orc_lab.errors import InvalidValue
from orc_lab.importers.record import Context, Issue, Parsed, Reading, Severity, Step
from orc_lab.importers.report import Report, groups, issue_groups
from orc_lab.importers.there import There
from orc_lab.model.codec import checked_values, parse
from orc_lab.model.entities import KINDS, Entity, ImportRecord
from orc_lab.store import change_log
from orc_lab.store.database import Database
from orc_lab.store.provenance import Known

_SAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A row to be written, as it began, and the later steps of its life in order of time."""

    entity: Entity
    steps: Sequence[Step]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an import will do, decided when the change log stood at `head`.

    `rows` stand in the order of their kinds, each after those it refers to; `records` are the new import records,
    `reconsidered` those left out before and imported now; `kept` is what will be kept of the file.
    """

    name: str
    format: str
    reading: Reading
    context: Context
    kept: bytes
    head: int
    rows: Sequence[Ready]
    records: Sequence[ImportRecord]
    reconsidered: Sequence[ImportRecord]
    report: Report


def decide(db: Database, reading: Reading, context: Context, *, name: str, format: str, kept: bytes) -> Plan:
    """Return the plan for what was read of a file, against the database as it stands; nothing is written."""
    head = change_log.head(db)
    decision = _Decision(db, reading, context)
    return Plan(
        name=name,
        format=format,
        reading=reading,
        context=context,
        kept=kept,
        head=head,
        rows=tuple(decision.rows.values()),
        records=decision.records,
        reconsidered=decision.reconsidered,
        report=decision.report(format, name),
    )


class _Decision:
    """One decision in the making: each record once, those that it refers to before it."""

    def __init__(self, db: Database, reading: Reading, context: Context) -> None:
        self.rows: dict[str, Ready] = {}
        self.records: list[ImportRecord] = []
        self.reconsidered: list[ImportRecord] = []
        self._reading = reading
        self._context = context
        self._there = There(db, reading)
        self._ids: dict[str, str] = {}  # external id to row id, of rows that are there or will be
        self._parents: dict[str, tuple[Parsed, str]] = {}
        self._tally: Counter[str] = Counter()
        self._left_out: list[tuple[str, str]] = []
        self._changed: list[tuple[str, str]] = []
        self._issues: list[Issue] = []
        for kind in KINDS.values():
            for record in self._there.records:
                if record.kind is kind:
                    self._decide(record)
        self._adopt()

    def report(self, format: str, name: str) -> Report:
        """Return the decision in numbers and sentences."""
        passed = self._reading.passed_over
        kinds = Counter(type(row.entity).table for row in self.rows.values())
        changed = groups(self._changed)
        return Report(
            format=format,
            source=self._reading.source,
            name=name,
            committed=False,
            records=sum(not record.made for record in self._there.records) + sum(passed.values()),
            new=self._tally["new"],
            merged=self._tally["merged"],
            there=self._tally["there"],
            gone=self._tally["gone"],
            changed=changed[0].count if changed else 0,
            changed_examples=changed[0].examples if changed else (),
            imported={table.replace("_", " "): kinds[table] for table in KINDS if kinds[table]},
            left_out=groups(self._left_out, passed),
            issues=issue_groups(self._issues),
            notes=tuple(self._reading.notes),
            samples=_samples(self.rows.values()),
        )

    def _decide(self, record: Parsed) -> None:
        known = self._there.known(record)
        if known is not None and known.subject_id is not None:
            self._recall(record, known)
        elif record.left_out is not None:
            self._leave(record, record.left_out)
        elif record.same_as is not None:
            self._merge(record)
        elif (there := self._there.meeting(record)) is not None:
            self._meet(record, there)
        else:
            self._add(record)

    def _count(self, record: Parsed, what: str) -> None:
        if not record.made:
            self._tally[what] += 1

    def _recall(self, record: Parsed, known: Known) -> None:
        """Leave a record alone that was imported before, whatever became of it since."""
        if known.subject_id in self._there.alive:
            self._ids[record.external_id] = str(known.subject_id)
        if record.made:
            return
        if known.left_out is not None:
            self._left_out.append((known.left_out, record.external_id))
        elif known.subject_id not in self._there.alive:
            self._count(record, "gone")
        elif known.content_hash != record.content_hash:
            self._changed.append(("", record.external_id))
        else:
            self._count(record, "there")

    def _leave(self, record: Parsed, why: str, subject_id: str | None = None) -> None:
        if record.made:
            self._warn(record, f"a {record.kind.noun} of it was left out: {why}")
            return
        self._left_out.append((why, record.external_id))
        if self._there.known(record) is None:
            self.records.append(self._provenance(record, subject_id, why))

    def _merge(self, record: Parsed) -> None:
        """Let a record point to the row of the one that took it in; if that was made before, this one came too late."""
        target = self._row(str(record.same_as))
        if target in self.rows:
            self._count(record, "merged")
            self._remember(record, target)
        else:
            self._leave(record, f"its {record.kind.noun} was imported before, kept as it is here", target)
        if target is not None:
            self._ids[record.external_id] = target

    def _meet(self, record: Parsed, there: str) -> None:
        """Let a record point to a row of the person's own that is the same thing."""
        self._ids[record.external_id] = there
        if record.made:
            self._remember(record, there)
        else:
            self._leave(record, f"a {record.kind.noun} of your own stands here, kept as it is", there)

    def _add(self, record: Parsed) -> None:
        found = self._links(record)
        if isinstance(found, str):
            self._leave(record, found)
            return
        id = self._there.free_id(record)
        try:
            ready = self._ready(record, id, found)
        except InvalidValue as error:
            self._leave(record, str(error))
            return
        self.rows[id] = ready
        self._ids[record.external_id] = id
        self._issues += record.issues
        self._count(record, "new")
        self._remember(record, id)

    def _ready(self, record: Parsed, id: str, links: Mapping[str, str | None]) -> Ready:
        values: dict[str, Any] = {**record.values, **links, "id": id}
        if "user_id" in record.kind.__dataclass_fields__:
            values["user_id"] = self._context.user_id
        if values.get("adjusted_hours") is not None:
            values["actual_hours"] = values["adjusted_hours"]
        steps = [Step(at=step.at, values=checked_values(record.kind, step.values)) for step in record.steps]
        return Ready(entity=parse(record.kind, values), steps=steps)

    def _links(self, record: Parsed) -> dict[str, str | None] | str:
        """Return the ids of the rows that a record refers to, or why it can't be without one that isn't there."""
        found: dict[str, str | None] = {}
        for field, target in record.links.items():
            if field == "parent_id":
                self._parents[record.external_id] = (record, target)
                continue
            found[field] = self._row(target)
            if found[field] is None:
                noun = target.partition(":")[0].replace("-", " ")
                if record.kind.__dataclass_fields__[field].default is MISSING:
                    return f"the {noun} that it names is not there"
                self._warn(record, f"the {noun} that it names is not there: imported without it")
        return found

    def _row(self, external_id: str) -> str | None:
        """Return the row that a record is or will be, of this file or of an earlier import."""
        return self._ids.get(external_id) or self._there.row_of(external_id)

    def _adopt(self) -> None:
        """Give rows their parents, once all rows are known; a parent that is one's own child is left out."""
        parents: dict[str, str] = {}
        for record, target in self._parents.values():
            id, parent = self._ids.get(record.external_id), self._row(target)
            if id not in self.rows or id is None:
                continue
            above = parent
            while above is not None and above != id:
                above = parents.get(above)
            if parent is None or above == id:
                why = "is not there" if parent is None else "is its own child"
                self._warn(record, f"the parent that it names {why}: imported without it")
                continue
            parents[id] = parent
            ready = self.rows[id]
            first = Step(at=record.values["created_at"], values={"parent_id": parent})
            self.rows[id] = replace(ready, steps=[first, *ready.steps])

    def _warn(self, record: Parsed, sentence: str) -> None:
        self._issues.append(Issue(external_id=record.external_id, severity=Severity.WARNING, sentence=sentence))

    def _remember(self, record: Parsed, subject_id: str | None) -> None:
        reconsidered = self._there.known(record) is not None
        (self.reconsidered if reconsidered else self.records).append(self._provenance(record, subject_id))

    def _provenance(self, record: Parsed, subject_id: str | None, why: str | None = None) -> ImportRecord:
        return ImportRecord(
            id=self._there.import_ids[record.external_id],
            source=self._reading.source,
            external_id=record.external_id,
            subject=record.kind.table if subject_id else None,
            subject_id=subject_id,
            content_hash=record.content_hash,
            raw=record.raw,
            left_out=why,
            imported_at=self._context.now,
        )


def _samples(rows: Iterable[Ready]) -> dict[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for row in rows:
        titles = found.setdefault(type(row.entity).table.replace("_", " "), [])
        title = getattr(row.entity, "title", None) or getattr(row.entity, "goal", None)
        if title and len(titles) < _SAMPLES:
            titles.append(title.strip().splitlines()[0])
    return {kind: titles for kind, titles in found.items() if titles}
