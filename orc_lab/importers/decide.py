"""Decide what an import brings, before anything is written: what is new, there already, changed, left out and why."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass

from orc_lab.errors import InvalidValue
from orc_lab.importers import rows
from orc_lab.importers.packed import Packed
from orc_lab.importers.reading.source import Source
from orc_lab.importers.record import Context, Issue, Parsed, Reading, Severity, passed, settled
from orc_lab.importers.report import Fate, Report, groups, issue_groups
from orc_lab.importers.revision import Revision, revised
from orc_lab.importers.there import There
from orc_lab.model.batched import batched
from orc_lab.model.codec import columns
from orc_lab.model.entities import KINDS, Entity, ImportRecord, Intention, Project, Todo, WeeklyGoal
from orc_lab.store import change_log
from orc_lab.store.bulk import PlainLife
from orc_lab.store.database import Database
from orc_lab.store.provenance import Known

Progress = Callable[[int, int], None]

SAMPLES = 3
_CHUNK = 500
_TAKEN = "it was worked on in what was imported before: it took the place of the todo that was made for that"
_SEVERAL = (
    "several tasks have the title of a todo that was made for work imported before, which stands beside them: undo "
    "that import, and import it again after this one"
)
_EDITED = "a todo was made for its work, imported before, and you have edited that since: both stand here"
_OLDER = "it is older than what was imported before, by its own date: kept as it is here"
_AGAIN = "a record with the same id stands before it in the file"
_LONG = (
    16 << 20
)  # bytes of a file: the records as they stood there are packed tightly, which takes a tenth of the memory
_REFERRED = frozenset({Intention, Project, Todo, WeeklyGoal})  # the kinds that others refer to
_RANKS = {kind: rank for rank, kind in enumerate(KINDS.values())}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an import will do, decided when the change log stood at `head`.

    `rows` stand in the order of their kinds, each after those it refers to, but for a todo's parent: that is in
    `parents`. `taken` are those that take the place of a row which is here, `revisions` what changed in the file of
    rows that are here. `records` are the new import records, `reconsidered` those that are known and changed, or left
    out before and imported now; `kept` is what will be kept of the file.
    """

    source: Source
    format: str
    known_as: str
    context: Context
    kept: bytes | str
    head: int
    rows: Packed
    taken: Packed
    parents: Mapping[str, str]
    records: Packed
    revisions: Sequence[Revision]
    reconsidered: Sequence[ImportRecord]
    report: Report


def decide(
    db: Database, reading: Reading, context: Context, *, source: Source, format: str, progress: Progress | None = None
) -> Plan:
    """Return the plan for what was read of a file, against the database as it stands; nothing is written.

    `progress(done, total)` is called as records are read.
    """
    head = change_log.head(db)
    decision = _Decision(db, reading, context, progress, long=len(source.data) > _LONG)
    return Plan(
        source=source,
        format=format,
        known_as=reading.source,
        context=context,
        kept=source.data if reading.kept is None else reading.kept,
        head=head,
        rows=decision.rows,
        taken=decision.taken,
        parents=decision.parents,
        records=decision.records,
        revisions=decision.revisions,
        reconsidered=decision.reconsidered,
        report=decision.report(format, source.name),
    )


class _Decision:
    """One decision in the making: each record once, those that it refers to before it."""

    def __init__(
        self, db: Database, reading: Reading, context: Context, progress: Progress | None, *, long: bool
    ) -> None:
        self.rows = Packed()
        self.taken = Packed()
        self.records = Packed(tightly=long)
        self.parents: dict[str, str] = {}
        self.revisions: list[Revision] = []
        self.reconsidered: list[ImportRecord] = []
        self._reading = reading
        self._source = reading.source
        self._context = context
        self._there = There(db, reading.source)
        self._ids: dict[str, str] = {}  # external id to row id, of rows that are there or will be
        self._new: set[str] = set()
        self._met: set[str] = set()  # the external ids so far
        self._wanted: list[tuple[str, str]] = []  # who names which parent, by external ids
        self._titles: dict[str, str] = {}  # of the new projects
        self._samples: dict[type[Entity], list[str]] = {}
        self._count = 0
        self._tally: Counter[str] = Counter()
        self._fates: list[Fate] = []
        self._issues: list[Issue] = []
        total = reading.count or (len(reading.records) if isinstance(reading.records, Sequence) else 0)
        records = _in_order(reading)
        for some in batched(records, _CHUNK):
            self._there.look(some)
            for record in some:
                self._decide(record)
            self._count += len(some)
            if progress is not None:
                progress(self._count, max(self._count, total))
        self._adopt()

    def report(self, format: str, name: str) -> Report:
        """Return the decision in numbers and sentences."""
        passed = self._reading.passed_over
        changed = groups((one.why or "", one.external_id) for one in self._fates if one.outcome == "changed")
        left_out = ((one.why or "", one.external_id) for one in self._fates if one.outcome == "left out")
        return Report(
            format=format,
            source=self._reading.source,
            name=name,
            committed=False,
            records=len(self._fates) + sum(passed.values()),
            new=self._tally["new"],
            merged=self._tally["merged"],
            there=self._tally["there"],
            gone=self._tally["gone"],
            changed=self._tally["changed"],
            changed_examples=changed[0].examples if changed else (),
            changes=changed,
            imported={kind.table.replace("_", " "): n for kind in KINDS.values() if (n := self._count_of(kind))},
            left_out=groups(left_out, passed),
            issues=issue_groups(self._issues),
            notes=tuple(self._reading.notes),
            samples={kind.table.replace("_", " "): lines for kind, lines in self._samples.items()},
            fates=self._fates,
            odd=self._issues,
        )

    def _count_of(self, kind: type[Entity]) -> int:
        return self.rows.counts[kind] + self.taken.counts[kind]

    def _decide(self, record: Parsed) -> None:
        if record.external_id in self._met:  # a long file, read as it comes
            record = passed(record, _AGAIN, self._met)
        self._met.add(record.external_id)
        import_id = self._there.import_id(record)
        known = self._there.known(import_id)
        if known is not None and known.subject_id is not None:
            self._recall(record, known)
        elif record.left_out is not None:
            self._leave(record, import_id, record.left_out)
        elif record.same_as is not None:
            self._merge(record, import_id)
        elif (there := self._there.meeting(record)) is not None:
            self._meet(record, import_id, there)
        elif (place := self._there.stands_in(record)) is not None and self._may_take(record, place):
            self._take(record, import_id, place)
        else:
            self._add(record, import_id)

    def _tell(self, record: Parsed, outcome: str, row_id: str | None = None, why: str | None = None) -> None:
        """Note what became of a record of the file."""
        if not record.made:
            self._tally[outcome] += 1
            title = record.values.get("title") or record.values.get("goal")
            self._fates.append(Fate(record.external_id, record.kind.noun, title, outcome, row_id, why))

    def _recall(self, record: Parsed, known: Known) -> None:
        """Leave a record alone that was imported before, whatever became of it since, but for what changed in it."""
        if known.subject_id in self._there.alive:
            self._ids[record.external_id] = str(known.subject_id)
        if known.left_out is not None:
            self._tell(record, "left out", known.subject_id, known.left_out)
        elif known.subject_id not in self._there.alive:
            self._tell(record, "gone")
        elif known.content_hash == record.content_hash:
            self._tell(record, "there", known.subject_id)
        else:
            self._revise(record, str(known.subject_id), known.imported_at)

    def _revise(self, record: Parsed, id: str, seen: int) -> None:
        """Take over what changed in a record since it was imported (`seen`), where it wasn't changed here."""
        why = record.left_out or ("it is one of several with one row here" if record.same_as is not None else None)
        if self._there.is_older(record):
            self._tell(record, "changed", id, _OLDER)
            return
        if not self._there.is_of_kind(id):
            why = "it was imported as something else"
        found = why or self._links(record)
        if not isinstance(found, str):
            try:
                life = rows.life(record, id, found, self._context.user_id)
                since = (seen, self._context.now)
                revision = revised(record, id, life, *self._there.standing(id), since)
            except InvalidValue as error:
                found = str(error)
            else:
                why = revision.said
                self._issues += record.issues
                self.revisions += [revision] if revision.values else []
                if record.made and revision.values:
                    sentence = f"a {record.kind.noun} of it changed; {revision.said}"
                    self._issues.append(
                        Issue(external_id=record.external_id, severity=Severity.NOTE, sentence=sentence)
                    )
        self._tell(record, "changed", id, why or f"kept as it is here: {found}")
        self._remember(record, self._there.import_id(record), id)

    def _leave(self, record: Parsed, import_id: str, why: str, subject_id: str | None = None) -> None:
        if record.made:
            self._warn(record.external_id, f"a {record.kind.noun} of it was left out: {why}")
            return
        self._tell(record, "left out", subject_id, why)
        if self._there.known(import_id) is None:
            self._remember(record, import_id, subject_id, why)

    def _merge(self, record: Parsed, import_id: str) -> None:
        """Let a record point to the row of the one that took it in; if that was made before, this one came too late."""
        target = self._row(str(record.same_as))
        if target in self._new:
            self._tell(record, "merged", target)
            self._remember(record, import_id, target)
        else:
            self._leave(record, import_id, f"its {record.kind.noun} was imported before, kept as it is here", target)
        if target is not None:
            self._ids[record.external_id] = target

    def _meet(self, record: Parsed, import_id: str, there: str) -> None:
        """Let a record point to a row of the person's own that is the same thing."""
        self._ids[record.external_id] = there
        if record.made:
            self._remember(record, import_id, there)
        else:
            self._leave(record, import_id, f"a {record.kind.noun} of your own stands here, kept as it is", there)

    def _may_take(self, record: Parsed, place: str) -> bool:
        """Return whether a record may take a row's place; where it may not, say so."""
        if record.stand_in is not None and not record.stand_in.alone:
            self._warn(record.external_id, _SEVERAL)
        elif self._there.is_edited(record, place):
            self._warn(record.external_id, _EDITED)
        else:
            return True
        return False

    def _take(self, record: Parsed, import_id: str, place: str) -> None:
        """Let a record take the place of a row that was made for it before it came."""
        if self._become(record, import_id, place, self.taken):
            self._issues.append(Issue(external_id=record.external_id, severity=Severity.NOTE, sentence=_TAKEN))

    def _add(self, record: Parsed, import_id: str) -> None:
        self._become(record, import_id, self._there.free_id(record), self.rows)

    def _become(self, record: Parsed, import_id: str, id: str, rows_of: Packed) -> bool:
        """Let a record become a row, unless it can be none: then it is left out."""
        found = self._links(record)
        if isinstance(found, str):
            self._leave(record, import_id, found)
            return False
        try:
            life = rows.life(record, id, found, self._context.user_id)
        except InvalidValue as error:
            self._leave(record, import_id, str(error))
            return False
        if "parent_id" in record.links:
            self._wanted.append((record.external_id, record.links["parent_id"]))
        rows_of.add(record.kind, life)
        if record.kind in _REFERRED:
            self._new.add(id)
            self._ids[record.external_id] = id
        self._issues += record.issues
        self._show(record, id, life, found.get("project_id"))
        self._tell(record, "new", id)
        self._remember(record, import_id, id)
        return True

    def _links(self, record: Parsed) -> dict[str, str | None] | str:
        """Return the ids of the rows that a record refers to, or why it can't be without one that isn't there."""
        found: dict[str, str | None] = {}
        for field, target in record.links.items():
            if field == "parent_id":  # which may come later
                continue
            found[field] = self._row(target)
            if found[field] is None:
                noun = target.partition(":")[0].replace("-", " ")
                if record.kind.__dataclass_fields__[field].default is MISSING:
                    return f"the {noun} that it names is not there"
                self._warn(record.external_id, f"the {noun} that it names is not there: imported without it")
        return found

    def _row(self, external_id: str) -> str | None:
        """Return the row that a record is or will be, of this file or of an earlier import."""
        return self._ids.get(external_id) or self._there.row_of(external_id)

    def _adopt(self) -> None:
        """Give rows their parents, once all rows are known; a parent that is one's own child is left out."""
        for child, target in self._wanted:
            id, parent = self._ids[child], self._row(target)
            above = parent
            while above is not None and above != id:
                above = self.parents.get(above)
            if parent is None or above == id:
                why = "is not there" if parent is None else "is its own child"
                self._warn(child, f"the parent that it names {why}: imported without it")
            else:
                self.parents[id] = parent

    def _show(self, record: Parsed, id: str, life: PlainLife, project: str | None) -> None:
        """Keep the first rows of each kind as examples, with what they become."""
        if record.kind is Project:
            self._titles[id] = str(record.values["title"])
        shown = self._samples.setdefault(record.kind, [])
        if len(shown) < SAMPLES:
            row = rows.last(record.kind, life)
            line = rows.described(record.kind, row, self._context.clock, self._titles.get(project or ""))
            if line is None:
                del self._samples[record.kind]
            else:
                shown.append(line)

    def _warn(self, external_id: str, sentence: str) -> None:
        self._issues.append(Issue(external_id=external_id, severity=Severity.WARNING, sentence=sentence))

    def _remember(self, record: Parsed, import_id: str, subject_id: str | None, why: str | None = None) -> None:
        """Keep the record as it stood in the file, whether it was imported or left out."""
        subject, now = record.kind.table if subject_id else None, self._context.now
        row = (
            import_id,
            self._source,
            record.external_id,
            subject,
            subject_id,
            record.content_hash,
            record.raw,
            why,
            now,
        )
        if self._there.known(import_id) is not None:
            self.reconsidered.append(ImportRecord(**dict(zip(_COLUMNS, row, strict=True))))  # type: ignore[arg-type]
        else:
            self.records.add(ImportRecord, (row, None, ()))


_COLUMNS = ("id", "source", "external_id", "subject", "subject_id", "content_hash", "raw", "left_out", "imported_at")
assert columns(ImportRecord) == _COLUMNS


def _in_order(reading: Reading) -> Iterator[Parsed]:
    """Return the records, each external id once, each kind after those that it may refer to."""
    if not isinstance(reading.records, Sequence):
        yield from reading.records
        return
    records = sorted(settled(reading.records), key=lambda record: _RANKS[record.kind])
    records.reverse()
    if isinstance(reading.records, list):
        reading.records.clear()  # so that each can be forgotten once it is decided: together they are large
    while records:
        yield records.pop()
