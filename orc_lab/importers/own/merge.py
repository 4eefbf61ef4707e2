"""Merge one workbench into another by ids: what is new comes with its past, the newest of the same thing counts.

What was deleted here stays deleted; what stands here and not there stays. It is one edit, which undo takes back.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from orc_lab.backup import keep
from orc_lab.importers.kept import NOT_KEPT
from orc_lab.importers.record import Issue, Severity
from orc_lab.importers.report import Report, groups, issue_groups
from orc_lab.model.batched import batched
from orc_lab.model.change import Value
from orc_lab.model.codec import captured, columns
from orc_lab.model.entities import KINDS, Activity, Capacity, Entity, ImportRecord, Setting, WeeklyGoal
from orc_lab.model.ids import derived_id
from orc_lab.model.week import Week
from orc_lab.store import change_log, meeting
from orc_lab.store.bulk import Bulk, PlainLife
from orc_lab.store.database import Transaction
from orc_lab.store.meeting import Moment
from orc_lab.store.snapshot import Snapshot, Torn
from orc_lab.workbench import weeks
from orc_lab.workbench.bench import Workbench

Row = dict[str, Any]
_SAMPLES = 3
_CHUNK = 500


@dataclass(slots=True)
class _Outcome:
    """What was found, while it is found."""

    new: dict[str, set[str]] = field(default_factory=dict)
    updates: list[tuple[type[Entity], str, Row, int]] = field(default_factory=list)
    tally: Counter[str] = field(default_factory=Counter)
    kept: list[tuple[str, str]] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    samples: dict[str, list[str]] = field(default_factory=dict)


def merge(
    wb: Workbench, theirs: Snapshot, *, name: str, dry_run: bool, copy: Callable[[], str | None] | None = None
) -> Report:
    """Bring what another workbench holds, in one edit after a backup, and tell; with `dry_run` only tell.

    `copy` keeps a copy of the file and returns its path: the last thing before all of it is committed.
    """
    if dry_run:
        return _report(_Merge(wb, theirs).outcome, name, committed=False)
    kept, large = None, list[str]()
    with wb.db.lock:
        merging, head = _Merge(wb, theirs), change_log.head(wb.db)
        if any(merging.outcome.new.values()) or merging.outcome.updates:
            keep.before_import(wb.db)
            with wb.edit("import orc", origin="import") as tx:
                if change_log.head(wb.db) != head:
                    merging = _Merge(wb, theirs)  # another process has come between
                merging.write(tx)
                if copy is not None:
                    kept, large = copy(), [NOT_KEPT]
    report = _report(merging.outcome, name, committed=True)
    return replace(report, kept=kept, notes=[*report.notes, *([] if kept else large)])


def _report(found: _Outcome, name: str, *, committed: bool) -> Report:
    kept = groups(found.kept)
    imported = {table.replace("_", " "): len(ids) for table, ids in found.new.items() if ids}
    notes = ["What was deleted there and stands here stays; the file's own log is not taken over."]
    if found.updates:
        some = ", ".join(id for _, id, _, _ in found.updates[:3]) + (", …" if len(found.updates) > 3 else "")
        notes.insert(0, f"{len(found.updates):,} newer there than here: taken as they are there ({some}).")
    return Report(
        format="orc", source="orc", name=name, committed=committed, records=found.tally["records"],
        new=sum(imported.values()), merged=0, there=found.tally["there"] + len(found.updates),
        changed=sum(group.count for group in kept), changed_examples=kept[0].examples if kept else (),
        gone=found.tally["gone"], imported=imported, left_out=groups(found.left_out),
        issues=issue_groups(found.issues), notes=notes, samples=found.samples,
    )  # fmt: skip


class _Merge:
    """One merge in the making: what of theirs is new, newer, older or gone here, decided before anything is written."""

    def __init__(self, wb: Workbench, theirs: Snapshot) -> None:
        self._wb = wb
        self._theirs = theirs
        self._user = theirs.identity()["user_id"]
        self._ids: dict[str, dict[str, str]] = {}  # of rows whose id follows from the user: theirs to ours
        self._their_ids: dict[str, dict[str, str]] = {}  # and ours to theirs
        self._alive: dict[str, set[str]] = {}
        self._refers: dict[str, tuple[str, bool]] = {}
        self.outcome = _Outcome()
        for kind in KINDS.values():
            self._decide(kind)

    def write(self, tx: Transaction) -> None:
        """Add what is new with its history, then set what is newer there."""
        with Bulk(tx, expected=sum(map(len, self.outcome.new.values()))) as bulk:
            for kind in KINDS.values():
                lives = self._lives(kind)
                for some in batched(lives, _CHUNK):
                    bulk.insert_plain(kind, some)
        for kind, id, values, at in self.outcome.updates:
            tx.update(kind, id, values, at=at)

    def _rows(self, kind: type[Entity]) -> Iterator[Row]:
        """Yield their rows as they would stand here: of this user, under the ids that those have here."""
        names = self._theirs.columns(kind.table)
        goals = self._ids.get(WeeklyGoal.table, {})
        for values in self._theirs.rows(kind.table):
            row: Row = dict(zip(names, map(_text, values) if Torn in map(type, values) else values, strict=True))
            if row.get("user_id") == self._user:
                row["user_id"] = self._wb.user_id
            row["id"] = self._own_id(kind, row)
            if "weekly_goal_id" in row:
                row["weekly_goal_id"] = goals.get(row["weekly_goal_id"], row["weekly_goal_id"])
            yield row

    def _own_id(self, kind: type[Entity], row: Row) -> str:
        id, own = str(row["id"]), self._wb.user_id
        if self._user == own or kind not in (WeeklyGoal, Capacity):
            return id
        made = id
        if self._made_id(kind, row, self._user) == id:
            made = self._made_id(kind, row, own) or id
        self._ids.setdefault(kind.table, {})[id] = made
        self._their_ids.setdefault(kind.table, {})[made] = id
        return made

    @staticmethod
    def _made_id(kind: type[Entity], row: Row, user: str) -> str | None:
        if kind is Capacity:
            return derived_id("capacity", user, row["day"])
        try:
            return weeks.goal_id(user, Week.of(date.fromisoformat(row["week_start_date"])))
        except ValueError:
            return None

    def _decide(self, kind: type[Entity]) -> None:
        there, gone = meeting.ids(self._wb.db, kind), meeting.deleted(self._wb.db, kind)
        coming = {row["id"] for row in self._rows(kind)} - there - gone
        self._alive[kind.table], self.outcome.new[kind.table] = there | coming, coming
        self._refers = meeting.references(self._wb.db, kind)
        held = {(one.key, one.valid_from) for one in self._wb.find(Setting, order="id")} if kind is Setting else set()
        rows = self._rows(kind)
        for some in batched(rows, _CHUNK):
            self.outcome.tally["records"] += len(some)
            ours = {row["id"]: row for row in meeting.rows_of(self._wb.db, kind, [row["id"] for row in some])}
            met = [(row["id"], self._changed(kind, row, ours[row["id"]])) for row in some if row["id"] in ours]
            self._meet(kind, met)
            for row in some:
                if row["id"] in ours:
                    continue
                if row["id"] in gone:
                    self.outcome.tally["gone"] += 1
                elif why := self._reason(row, held):
                    self.outcome.left_out.append((why, row["id"]))
                    coming.discard(row["id"])
                    self._alive[kind.table].discard(row["id"])
                else:
                    self._lost(row)
                    self._sample(kind, row)

    def _changed(self, kind: type[Entity], row: Row, ours: Row) -> Row:
        """Return in what a row differs from the one that stands here under the same id."""
        self._without_lost(row)
        changed = {name: row[name] for name in captured(kind) if name in row and row[name] != ours[name]}
        changed.pop("user_id", None)
        return changed

    def _meet(self, kind: type[Entity], met: Sequence[tuple[str, Row]]) -> None:
        """Decide between rows, in what they differ, and those that stand here under the same ids."""
        changed = [(id, values) for id, values in met if values]
        self.outcome.tally["there"] += len(met) - len(changed)
        if not changed:
            return
        here = meeting.last_changes(self._wb.db, kind, [id for id, _ in changed])
        there = meeting.last_changes(self._theirs.db, kind, [self._their_id(kind, id) for id, _ in changed])
        for id, values in changed:
            at = there.get(self._their_id(kind, id), 0)
            if at > here.get(id, 0):
                self.outcome.updates.append((kind, id, values, at))
            else:
                self.outcome.kept.append(("", id))

    def _reason(self, row: Row, held: set[tuple[str, int]]) -> str | None:
        """Return why a row can't come: what it belongs to was deleted here, or its place is taken."""
        if held and (row["key"], row["valid_from"]) in held:
            return "a setting of your own holds from the same instant"
        for column, (table, required) in self._refers.items():
            if required and row[column] not in self._alive[table]:
                return f"the {KINDS[table].noun} that it belongs to is not there"
        return None

    def _lost(self, row: Row) -> None:
        for column in self._without_lost(row):
            noun = KINDS[self._refers[column][0]].noun
            told = f"the {noun} that it names is not there: imported without it"
            self.outcome.issues.append(Issue(external_id=row["id"], severity=Severity.WARNING, sentence=told))

    def _without_lost(self, row: Row) -> list[str]:
        """Empty what refers to a row that isn't there, and return those columns."""
        lost = [
            column
            for column, (table, _) in self._refers.items()
            if row[column] is not None and row[column] not in self._alive[table]
        ]
        row.update(dict.fromkeys(lost))
        return lost

    def _their_id(self, kind: type[Entity], id: str) -> str:
        return self._their_ids.get(kind.table, {}).get(id, id)

    def _sample(self, kind: type[Entity], row: Row) -> None:
        titles = self.outcome.samples.setdefault(kind.table.replace("_", " "), [])
        if (title := row.get("title") or row.get("goal")) and len(titles) < _SAMPLES:
            titles.append(str(title).strip().partition("\n")[0])

    def _lives(self, kind: type[Entity]) -> Iterator[PlainLife]:
        coming = self.outcome.new[kind.table]
        self._refers = meeting.references(self._wb.db, kind)
        rows = (row for row in self._rows(kind) if row["id"] in coming)
        for some in batched(rows, _CHUNK):
            told = {}
            if kind not in (Activity, ImportRecord):
                told = meeting.histories(self._theirs.db, kind, [self._their_id(kind, row["id"]) for row in some])
            for row in some:
                self._without_lost(row)
                yield self._life(kind, row, told.get(self._their_id(kind, row["id"]), ()))

    def _life(self, kind: type[Entity], row: Row, told: Sequence[Moment]) -> PlainLife:
        """Return a row as it began and its later steps; what the log doesn't tell of it is taken as its last step."""
        names = columns(kind)
        if kind in (Activity, ImportRecord):
            return [row.get(name) for name in names], row.get("occurred_at"), ()
        began, first, steps = _told(kind, told)
        state = dict(first)
        for _, values in steps:
            state |= values
        rest = {name: row[name] for name in captured(kind) if name in row and state.get(name) != row[name]}
        (steps[-1][1] if rest and steps else first).update(rest)
        if steps and "updated_at" in row:
            steps[-1][1]["updated_at"] = row["updated_at"]
        whole = {name: row.get(name) for name in kind.derived} | first | {"id": row["id"]}
        return [whole.get(name) for name in names], began, steps


def _told(kind: type[Entity], moments: Sequence[Moment]) -> tuple[int | None, Row, list[tuple[int, Row]]]:
    """Return when a row began, its captured fields then, and what changed since, as their log tells it."""
    began: int | None = None
    first: Row = {}
    steps: list[tuple[int, Row]] = []
    names = frozenset(captured(kind)) - {"user_id", "weekly_goal_id"}  # these are under the ids that they have here
    for at, begins, told in moments:
        values: Row = {name: _text(new) for name, new in told.items() if name in names}
        if begins:
            began, first, steps = at, values, []
        else:
            steps.append((at, values))
    return began, first, steps


def _text(value: Value) -> Value:
    return str(value) if isinstance(value, Torn) else value
