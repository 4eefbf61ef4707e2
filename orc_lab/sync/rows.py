"""The rows of what arrived: set or added with their authors' clocks, held where they can't be.

A row that refers to one that isn't there waits for it, with an empty field where that may be.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from orc_lab.errors import OrcError
from orc_lab.model.change import Value
from orc_lab.model.codec import checked_values, columns, plain
from orc_lab.model.entities import KINDS, Entity
from orc_lab.store import repository, syncing
from orc_lab.store.database import Database
from orc_lab.store.references import Reference, references
from orc_lab.store.syncing import Key, Waiting
from orc_lab.sync.cells import LIFE, Cell
from orc_lab.sync.groups import EFFECTIVE, GROUP_OF, GROUPS
from orc_lab.sync.merge import NO_FIELDS, Arrived, Fields, Outcome, split
from orc_lab.sync.pending import defaults_of


@dataclass(slots=True, kw_only=True)
class Applied:
    """What applying did: how many records changed here, which new conflicts there are, and what couldn't be taken."""

    changed: int = 0
    conflicts: list[tuple[Key, str]] = field(default_factory=list)
    refused: list[tuple[Key, str]] = field(default_factory=list)


class Rows:
    """Writes rows, inside the transaction that is open. `new` are those that it has made, `there` known to be there,
    `left` the records of which something is held or waits: whoever looks one up adds it."""

    def __init__(self, db: Database, *, user: str) -> None:
        self._db, self._user = db, user
        self._conn: sqlite3.Connection = db.conn
        self.new: dict[str, set[str]] = defaultdict(set)
        self.there: dict[str, set[str]] = defaultdict(set)
        self.left: set[Key] = set()
        self.done = Applied()
        self._by_table: dict[str, Sequence[Reference]] = {}

    @cached_property
    def references(self) -> list[Reference]:
        """The references of the rows that devices exchange."""
        return [one for one in references(self._db) if one.kind.table in GROUPS]

    def update(self, table: str, id: str, outcome: Outcome) -> None:
        """Set the groups of a row whose values change."""
        for group, (cell, value) in outcome.values.items():
            if group in GROUPS[table]:
                self.put(table, id, group, cell, value)
                self.done.changed += 1

    def put(self, table: str, id: str, group: str, cell: Cell, value: Fields) -> None:
        """Set one group of a row; hold its value where it can't be set, or what it needs isn't there."""
        try:
            values = self._checked(table, [group], {group: value})
        except OrcError as error:
            self.done.refused.append(((table, id), str(error)))
            self.hold(table, id, group, value)
            return
        self._unlink(table, id, values)
        if missing := self._missing(table, values, needed=True):  # it stays as it was until what it needs is there
            self.hold(table, id, group, value)
            self._wait(table, id, values, missing)
            return
        values = self._linked(table, id, values)
        at = effective(cell, value)
        stamp = {"updated_at": at} if "updated_at" in KINDS[table].derived else {}
        syncing.effective(self._conn, at)
        syncing.update_row(self._conn, table, id, values | stamp)
        self.keep_unknown(table, id, group, value)

    def insert(self, table: str, id: str, outcome: Outcome) -> None:
        """Add a row; hold its values where it can't be made, or what it needs isn't there."""
        values = {group: value for group, (_, value) in outcome.values.items() if group in GROUPS[table]}
        try:
            row = self._checked(table, GROUPS[table], values)
        except OrcError as error:
            self.done.refused.append(((table, id), str(error)))
            self._hold(table, id, values)
            return
        self._unlink(table, id, row)  # what an earlier life of it waited for
        if missing := self._missing(table, row, needed=True):
            self._hold(table, id, values)
            self._wait(table, id, row, missing)
            return
        self._make(table, id, row, outcome)

    def _make(self, table: str, id: str, row: dict[str, Value], outcome: Outcome) -> None:
        """Add the row as it began, then what was written to it later, each with its author's clock."""
        dots = {group: cell for group, (cell, _) in outcome.values.items()}
        first = dots.get(LIFE) or min(dots.values(), key=lambda cell: cell.dot)
        life = outcome.values[LIFE][1] if LIFE in outcome.values else NO_FIELDS
        later = {group: cell for group, cell in dots.items() if cell.dot.clock != first.dot.clock}
        values, defaults = self._linked(table, id, row), defaults_of(table)
        begun = {
            name: defaults.get(name, value) if GROUP_OF[table][name] in later else value
            for name, value in values.items()
        }
        kind = KINDS[table]
        owner = {"user_id": self._user} if "user_id" in columns(kind) else {}
        at = effective(first, life)
        stamp = {"updated_at": at} if "updated_at" in kind.derived else {}
        syncing.effective(self._conn, at)
        syncing.insert_row(self._conn, table, {"id": id, **begun, **stamp, **owner})
        for group, cell in sorted(later.items(), key=lambda item: item[1].dot):
            some = {name: values[name] for name in GROUPS[table][group]}
            syncing.effective(self._conn, effective(cell, outcome.values[group][1]))
            syncing.update_row(self._conn, table, id, some)
        for group in GROUPS[table].keys() | outcome.values.keys():
            self.keep_unknown(table, id, group, outcome.values[group][1] if group in outcome.values else NO_FIELDS)
        self.new[table].add(id)
        self.there[table].add(id)
        self.done.changed += 1

    def hold(self, table: str, id: str, group: str, value: Fields) -> None:
        """Keep what of a record has no place yet."""
        self.left.add((table, id))
        syncing.hold(self._conn, table, id, group, value)

    def _hold(self, table: str, id: str, values: Mapping[str, Fields]) -> None:
        for group, value in values.items():
            self.hold(table, id, group, value)

    def keep_unknown(self, table: str, id: str, group: str, value: Fields) -> None:
        """Keep the fields of a newer orc_lab, so that they go out again with the group."""
        known = GROUPS[table].get(group, ())
        if rest := {name: held for name, held in value.items() if name not in known and name != EFFECTIVE}:
            self.hold(table, id, group, rest)
        elif (table, id) in self.left:
            syncing.release(self._conn, table, id, group)

    def _checked(self, table: str, groups: Iterable[str], values: Mapping[str, Fields]) -> dict[str, Value]:
        """All fields of some groups, those that no value names as a new row has them; raises InvalidValue."""
        defaults = defaults_of(table)
        found: dict[str, Value] = {}
        told: dict[str, Value] = {}
        for group in groups:
            value = values.get(group, NO_FIELDS)
            for name in GROUPS[table][group]:
                found[name] = defaults.get(name)
                if value.get(name) is not None or name not in defaults:
                    told[name] = value.get(name)
        return found | {name: plain(value) for name, value in checked_values(KINDS[table], told).items()}

    def _missing(self, table: str, row: Mapping[str, Value], *, needed: bool) -> list[Reference]:
        """The references of a row to what isn't there: the ones that have to be, or the others."""
        return [
            one
            for one in self.references_of(table)
            if one.needed is needed
            and row.get(one.field) is not None
            and not self.is_there(one.parent, str(row[one.field]))
        ]

    def lacks(self, table: str, row: Mapping[str, Value]) -> bool:
        """Return whether anything that a row refers to isn't there."""
        return any(
            (parent := row.get(one.field)) is not None and not self.is_there(one.parent, str(parent))
            for one in self.references_of(table)
        )

    def references_of(self, table: str) -> Sequence[Reference]:
        """Return the references that rows of a table have."""
        if table not in self._by_table:
            self._by_table[table] = [one for one in self.references if one.kind.table == table]
        return self._by_table[table]

    def is_there(self, kind: type[Entity], id: str) -> bool:
        """Return whether a row is there."""
        there = self.there[kind.table]
        if id not in there and repository.there(self._db, kind, [id]):
            there.add(id)
        return id in there

    def look_up(self, table: str, records: Mapping[str, Mapping[str, Sequence[Arrived]]]) -> None:
        """Find out at once which of the rows that some records refer to are there."""
        split_all = [split(groups) for groups in records.values()] if self.references_of(table) else []
        for one in self.references_of(table):
            group = GROUP_OF[table][one.field]
            self.look(one.parent, {told.value.get(one.field) for groups in split_all for told in groups.get(group, ())})

    def look(self, kind: type[Entity], ids: Iterable[Value]) -> None:
        """Find out at once which rows of a kind are there."""
        self.there[kind.table] |= repository.there(self._db, kind, {str(id) for id in ids if id is not None})

    def _linked(self, table: str, id: str, values: dict[str, Value]) -> dict[str, Value]:
        """The values with references to what isn't there left empty; those wait."""
        missing = self._missing(table, values, needed=False)
        if not missing:
            return values
        self._wait(table, id, values, missing)
        return values | {one.field: None for one in missing}

    def _wait(self, table: str, id: str, values: Mapping[str, Value], missing: Iterable[Reference]) -> None:
        self.left.add((table, id))
        syncing.wait(self._conn, [Waiting(str(values[one.field]), table, id, one.field) for one in missing])

    def _unlink(self, table: str, id: str, fields: Iterable[str]) -> None:
        if (table, id) in self.left:
            syncing.unlink(self._conn, table, id, fields)


def effective(cell: Cell, value: Fields) -> int:
    """Return when a value took effect, in seconds: when it was written, where it doesn't say."""
    at = value.get(EFFECTIVE)
    return at if isinstance(at, int) else cell.dot.clock // 1_000_000
