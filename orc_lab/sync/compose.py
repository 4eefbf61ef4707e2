"""What to send next: the records written here since the server last heard, each group as it is now."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from orc_lab.model.change import Value
from orc_lab.model.entities import KINDS
from orc_lab.store import losers, syncing
from orc_lab.store.losers import Kept
from orc_lab.store.syncing import Entry, Key, Touched
from orc_lab.sync import cells, fresh
from orc_lab.sync.cells import LIFE, Cell, Dot
from orc_lab.sync.groups import EFFECTIVE, GROUP_OF, GROUPS
from orc_lab.sync.merge import Arrived, Fields, Rival, Rivals
from orc_lab.sync.pending import Row, Write, new_cells, shareable, values_of, whole, writes
from orc_lab.sync.shadow import read_one, read_shadow, write_one


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """What one request sends: cells with values by record and group, and what it settles once it has arrived.

    `upto` is the last entry of the log that it answers for, -1 where it answers for none; `begins` is the first entry
    of each record that is sent for what the log says. `owed` are the records that the server was found to lack
    something of, and which this settles, whether or not anything is left to send of them.
    """

    records: Mapping[Key, Mapping[str, Sequence[Arrived]]]
    upto: int
    touched: Sequence[Touched] = ()
    rivals: Sequence[Kept] = ()
    owed: Sequence[Key] = ()
    begins: Mapping[Key, int] = field(default_factory=dict)

    def only(self, keys: Collection[Key]) -> "Outgoing":
        """Return as much of it as some of its records are, the first to be sent: the log is read again after them."""
        left = [begin for key, begin in self.begins.items() if key in self.records and key not in keys]
        return replace(
            self,
            records={key: groups for key, groups in self.records.items() if key in keys},
            upto=min(self.upto, min(left, default=self.upto + 1) - 1),
            touched=[one for one in self.touched if one[:2] in keys],
            rivals=[one for one in self.rivals if (one.table, one.id) in keys],
            owed=[key for key in self.owed if key in keys or key not in self.records],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the database knows of some records of one table: by id what was written here and what the server holds.

    `passed` are writes that were passed by, for they don't leave or were refused.
    """

    table: str
    entries: Mapping[str, Sequence[Entry]]
    touched: Mapping[str, Mapping[str, int]]
    rows: Mapping[str, Row]
    shadows: Mapping[str, str]
    kept: Mapping[str, Sequence[Kept]]
    extras: Mapping[str, Mapping[str, Fields]] = field(default_factory=dict)
    waits: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    gone: Mapping[str, Row] = field(default_factory=dict)
    passed: Mapping[str, Mapping[str, Write]] = field(default_factory=dict)

    def knows(self, id: str) -> bool:
        """Return whether anything is known here of a record."""
        return any(
            id in known
            for known in (
                self.rows, self.shadows, self.entries, self.touched, self.kept, self.extras, self.waits, self.passed
            )
        )  # fmt: skip

    def heads(self, id: str) -> Mapping[str, Collection[Cell]]:
        """Return what the server is known to hold of each group of a record."""
        return cells.apart(read_shadow(self.shadows.get(id)))

    def writes(self, id: str) -> dict[str, Write]:
        """Return the writes of a record that aren't sent, but for those that have lost already."""
        found = {**self.passed.get(id, {}), **writes(self.table, self.entries.get(id, ()))}
        for group, clock in self.touched.get(id, {}).items():
            if group not in found or found[group].clock < clock or found[group].deletes:
                found[group] = Write(clock, None, False, deletes=group == LIFE and id not in self.rows)
        lost: dict[str, int] = {}  # of this device's own: it comes after whatever was to be sent before it
        for kept in self.kept.get(id, ()):
            if not kept.sent:
                lost[kept.group] = max(kept.clock, lost.get(kept.group, 0))
        return {group: one for group, one in found.items() if one.clock > lost.get(group, -1)}

    def values(self, id: str, written: Collection[str]) -> dict[str, dict[str, Value]]:
        """Return a record's fields by group, as its row has them or had them, but for what of it has no place there.

        Groups that were `written` here are as the row has them, and all of them where it was made here anew or deleted
        here. What isn't known here is left out.
        """
        names, row, entries = GROUPS[self.table], self.rows.get(id), self.entries.get(id, ())
        if any(entry.op != "update" for entry in entries):
            written = names.keys() - self.unseen(id)
        elif row is None:
            written = ()
        known = row or self.gone.get(id)
        found = values_of(self.table, known) if known else {}
        for name, parent in self.waits.get(id, {}).items():
            group = GROUP_OF[self.table][name]
            if group in found:
                found[group] = {name: parent, **found[group]}
        for group, extra in self.extras.get(id, {}).items():
            whole = extra.keys() & names.get(group, ()) if extra else row is None
            mine = group in written
            rest = {name: value for name, value in extra.items() if not mine or name not in names.get(group, ())}
            found[group] = rest if whole and not mine else {**found.get(group, {}), **rest}
        return found

    def unplaced(self, id: str) -> set[str]:
        """Return the groups of a record that arrived and aren't in its row: those held for more than unknown fields."""
        names = GROUPS[self.table]
        return {
            group
            for group, extra in self.extras.get(id, {}).items()
            if group in names and (not extra or extra.keys() & names[group])
        }

    def unseen(self, id: str) -> set[str]:
        """Return the groups of a record that have no place here and weren't written to: what is made here is made
        beside them, unless they are of an earlier life of it."""
        if id not in self.extras:
            return set()
        shadow = self.heads(id)
        over = LIFE in shadow and (not cells.alive(shadow) or self._remade(id))
        return set() if over else self.unplaced(id) - self.writes(id).keys()

    def _remade(self, id: str) -> bool:
        """Whether a record was made here after a restore by the person had taken it away, which no entry tells."""
        entries, gone = self.entries.get(id, ()), self.touched.get(id, {}).get(LIFE)
        return gone is not None and bool(entries) and entries[0].op == "insert" and gone < entries[0].clock

    def rivals(self, id: str) -> Rivals:
        """Return a record's values that lost, by group and dot."""
        found: dict[str, dict[Dot, Rival]] = defaultdict(dict)
        for one in self.kept.get(id, ()):
            found[one.group][Dot(one.clock, one.replica)] = read_rival(one)
        return found


def read_rival(one: Kept) -> Rival:
    """Return a kept value that lost."""
    return Rival(read_one(one.cell), json.loads(one.value), one.open, one.sent, one.decided)


def kept_of(table: str, id: str, group: str, rival: Rival) -> Kept:
    """Return a value that lost as it is kept."""
    clock, replica = rival.cell.dot
    value = json.dumps(dict(rival.value))
    return Kept(table, id, group, clock, replica, write_one(rival.cell), value, rival.open, rival.sent)


def standing(
    conn: sqlite3.Connection, table: str, ids: Sequence[str], *, after: int, touched: Iterable[Touched]
) -> Standing:
    """Return what the database knows of some records of one table, and what was written to them after an entry."""
    marked: dict[str, dict[str, int]] = defaultdict(dict)
    for of, id, group, clock in touched:
        if of == table:
            marked[id][group] = clock
    entries, shadows = syncing.entries(conn, table, ids, after), syncing.shadows(conn, table, ids)
    rows = syncing.rows(conn, KINDS[table], ids)
    gone = (entries.keys() | shadows.keys()) - rows.keys()
    return Standing(
        table=table,
        entries=entries,
        touched=marked,
        rows=rows,
        shadows=shadows,
        kept=losers.of(conn, table, ids),
        extras=syncing.held(conn, table, ids),
        waits=syncing.waits(conn, table, ids),
        gone={id: syncing.last_values(conn, table, id) for id in gone},
    )


def compose(
    conn: sqlite3.Connection,
    *,
    after: int,
    replica: str,
    records: int,
    allowed: Callable[[str, str, Row | None], bool],
) -> Outgoing:
    """Return what to send of the writes after an entry, of at most `records` records that `allowed` lets out.

    `allowed` is asked with a table, an id and the row, None where it is gone.
    """
    begins, upto = syncing.window(conn, after, records=records, synced=GROUPS)
    touched = syncing.touched(conn, limit=records)
    all = list(dict.fromkeys([*begins, *((table, id) for table, id, _, _ in touched), *losers.unsent(conn)]))
    by_table: dict[str, list[str]] = defaultdict(list)
    for table, id in all:
        by_table[table].append(id)
    found: dict[Key, Mapping[str, Sequence[Arrived]]] = {}
    rivals: list[Kept] = []
    for table, ids in by_table.items():
        made = fresh.beginnings(conn, table, ids, after=after, replica=replica, touched=touched)
        for id, (begun, groups) in made.items():
            if shareable(table, begun) and allowed(table, id, begun):
                found[table, id] = groups
        left = [id for id in ids if id not in made]
        now = standing(conn, table, left, after=after, touched=touched)
        for id in left:
            row = now.rows.get(id)
            if not shareable(table, row) or not allowed(table, id, row):
                continue
            if groups := _record(now, id, replica):
                found[table, id] = groups
                rivals += [one for one in now.kept.get(id, ()) if not one.sent]
    deletions_last = sorted(found, key=lambda key: _rank(key, found[key]))
    return Outgoing(
        records={key: found[key] for key in deletions_last}, upto=upto, touched=touched, rivals=rivals, begins=begins
    )


def begun(conn: sqlite3.Connection, *, after: int, replica: str, records: int) -> Outgoing:
    """Return what to send of the records that were made after an entry, up to the first that takes any deciding."""
    begins, upto = syncing.window(conn, after, records=records, synced=GROUPS)
    by_table: dict[str, list[str]] = defaultdict(list)
    for table, id in begins:
        by_table[table].append(id)
    made = {
        (table, id): one
        for table, ids in by_table.items()
        for id, one in fresh.beginnings(conn, table, ids, after=after, replica=replica, touched=()).items()
    }
    end = min((seq for key, seq in begins.items() if key not in made), default=upto + 1)
    kept = [key for key, (row, _) in made.items() if begins[key] < end and shareable(key[0], row)]
    return Outgoing(
        records={key: made[key][1] for key in sorted(kept, key=lambda key: _ORDER[key[0]])},
        upto=min(upto, end - 1),
        begins=begins,
    )


_ORDER = {table: number for number, table in enumerate(GROUPS)}


def _rank(key: Key, groups: Mapping[str, Sequence[Arrived]]) -> int:
    """Parents before what refers to them, and in deletions the other way round."""
    deletes = any(one.cell.deletes for one in groups.get(LIFE, ()))
    return len(_ORDER) + 1 - _ORDER[key[0]] + len(_ORDER) if deletes else _ORDER[key[0]]


def _record(now: Standing, id: str, replica: str) -> dict[str, Sequence[Arrived]]:
    """The cells of a record; of one that is gone the values are those it had, for its deletion tells its beginning."""
    shadow, written, rivals = now.heads(id), now.writes(id), now.rivals(id)
    groups, values = to_tell(now, id, shadow, written)
    found: dict[str, list[Arrived]] = defaultdict(list)
    for group, cell in (new_cells(replica, written, shadow, groups, rivals) if written else {}).items():
        if not cells.known(shadow.get(group, ()), cell.dot):
            value = {**values.get(group, {})}
            if (at := written[group].at if group in written else None) is not None:
                value[EFFECTIVE] = at
            found[group].append(Arrived(cell, value))
    for group, some in rivals.items():
        found[group] += [Arrived(rival.cell, rival.value) for rival in some.values() if not rival.sent]
    return {group: some for group, some in found.items() if some}


def to_tell(
    now: Standing, id: str, shadow: Mapping[str, Collection[Cell]], written: Mapping[str, Write]
) -> tuple[set[str], Mapping[str, Fields]]:
    """Return the groups of a record that are to be told of what was `written`, and the values that they have here."""
    unseen = now.unseen(id) if LIFE in shadow else ()
    values = {group: value for group, value in now.values(id, written).items() if group not in unseen}
    life = written.get(LIFE)
    if id not in now.rows:  # it is gone: that is told if the server knows it, and if it was done here
        return (set(written) if life and life.deletes and LIFE in shadow else set()), values
    if LIFE not in shadow:
        begun = life.clock if life else 0  # what a new row has by itself needs no telling
        return {*whole(now.table, values), *(group for group, one in written.items() if one.clock > begun)}, values
    if life and not life.deletes and (_made_anew(written, life) or (life.makes and not cells.alive(shadow))):
        return {*whole(now.table, values), *written, *(shadow.keys() & values.keys())}, values
    return {group for group, one in written.items() if not one.deletes}, values


def _made_anew(written: Mapping[str, Write], life: Write) -> bool:
    return any(one.clock >= life.clock for group, one in written.items() if group != LIFE)
