"""What leaves this device: everything, but for the projects, tables and groups of fields that the person keeps here.

Whatever hangs on a project stays with it. What was shared before and isn't any more is purged at the server; what is
shared again goes out whole. A scope is of one device: another device's says what that one sends.
"""

import re
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from orc_lab.errors import InvalidValue
from orc_lab.model.entities import KINDS
from orc_lab.store import sharing, syncing
from orc_lab.store.sharing import HERE, OFF, PEER, PURGE, RENEW, SHARE, Mark
from orc_lab.store.syncing import Key
from orc_lab.sync.cells import LIFE
from orc_lab.sync.groups import GROUPS, TABLE_OF
from orc_lab.sync.pending import Row, defaults_of, writes
from orc_lab.sync.wire import Reply, Request

PROJECT, TABLE, FIELDS = "project", "table", "group"
_ASKED = 400  # records that one request asks about
_NEEDS = {  # of each table, those that can't be without it
    "todos": ("sessions", "commitments", "links"),
    "weekly_goals": ("commitments",),
}
_TOLD = {  # what an activity tells of a group, by its table and kind
    ("todos", "status"): "todos.status",
    ("todos", "estimate"): "todos.estimate",
    ("todos", "project"): "todos.project",
    ("projects", "status"): "projects.status",
    ("projects", "progress"): "projects.status",
}
_TEXTS = {  # of rows that hang on no project by a field, those that may tell of one
    "recommendations": ("title", "description", "actions", "reason", "evidence", "effect", "why", "outcome"),
    "forecasts": ("subject", "subject_id", "basis", "detail"),
    "recurrences": ("template",),
}
_SHORTEST = 4  # letters of a title that is looked for in other texts


class Rule(NamedTuple):
    """One thing that isn't shared: a `project` by its id, a `table`, or a `group` of fields such as `todos.notes`."""

    kind: str
    name: str


def may_stay(group: str) -> bool:
    """Return whether a group of fields, such as `todos.notes`, can be kept here: a row must do without it."""
    table, _, name = group.partition(".")
    if table not in GROUPS or name not in GROUPS[table] or name == LIFE:
        return False
    return all(field in defaults_of(table) for field in GROUPS[table][name])


def rules_of(kind: str, name: str) -> list[Rule]:
    """Return the rules for a table, or for a group of one table (`todos.notes`) or of each that has it (`notes`).

    Raises InvalidValue.
    """
    if kind == TABLE:
        if name not in GROUPS:
            raise InvalidValue("table", name, f"one of {', '.join(GROUPS)}")
        return [Rule(TABLE, name)]
    groups = [name] if "." in name else [f"{table}.{name}" for table in GROUPS if may_stay(f"{table}.{name}")]
    if not groups or not all(map(may_stay, groups)):
        known = sorted({f"{table}.{group}" for table, groups in GROUPS.items() for group in groups})
        raise InvalidValue("fields", name, f"one of {', '.join(filter(may_stay, known))}")
    return [Rule(FIELDS, group) for group in groups]


class Scope:
    """What may leave, of one state of the database. It is found out anew whenever that has changed."""

    def __init__(self) -> None:
        self._seen: object = None
        self._rules: frozenset[Rule] = frozenset()
        self._marks: Mapping[Key, Mark] = {}
        self._out: set[Key] = set()
        self._projects: set[str] = set()
        self._names: tuple[str, ...] | None = None
        self._conn: sqlite3.Connection | None = None

    def look(self, conn: sqlite3.Connection) -> None:
        """Find out what may leave, of what `conn` reads now."""
        self._conn = conn
        self._marks = sharing.marks(conn)
        rules = frozenset(Rule(*one) for one in sharing.scope(conn))
        seen = (syncing.head(conn), rules, len(self._marks))
        if seen == self._seen:
            return
        self._seen, self._rules, self._names = seen, rules, None
        self._projects = {rule.name for rule in rules if rule.kind == PROJECT}
        self._projects |= {one.id for one in self._marks.values() if one.table == "projects" and one.by == PEER}
        self._out = sharing.hanging(conn, self._projects)

    @property
    def anything(self) -> bool:
        """Whether anything is kept here at all."""
        return bool(self._rules or self._marks)

    def allowed(self, table: str, id: str, row: Row | None) -> bool:
        """Return whether anything of a record may leave; `row` is None where it is gone, or wasn't read."""
        if not self.anything:
            return True
        key = table, id
        if key in self._out or key in self._marks or table in self.tables():
            return False
        if row is None and self._conn is not None:
            kind = KINDS[table]
            row = syncing.rows(self._conn, kind, [id]).get(id) or syncing.last_values(self._conn, table, id)
        return not self._hangs(table, row or {}) and not self._tells(table, row or {})

    def tables(self) -> set[str]:
        """Return the tables that stay, with those that can't be without them."""
        found: set[str] = set()
        waiting = [rule.name for rule in self._rules if rule.kind == TABLE]
        while waiting:
            table = waiting.pop()
            found.add(table)
            waiting += [one for one in _NEEDS.get(table, ()) if one not in found]
        return found

    def held_back(self, table: str) -> Collection[str]:
        """Return the groups of a table that stay."""
        names = (rule.name.partition(".") for rule in self._rules if rule.kind == FIELDS)
        return {group for of, _, group in names if of == table}

    def stays(self, key: Key, row: Row) -> bool:
        """Return whether a row stays by the rules, whatever is marked."""
        return key in self._out or key[0] in self.tables() or self._hangs(key[0], row) or self._tells(key[0], row)

    def _hangs(self, table: str, row: Row) -> bool:
        """Whether a row, or what it was before it was deleted, is of a project that stays."""
        if not self._projects:
            return False
        if row.get("project_id") in self._projects:
            return True
        above = [("todos", row.get(name)) for name in ("todo_id", "blocker_id", "blocked_id", "parent_id")]
        if table == "activities":
            above = [(str(row.get("subject")), row.get("subject_id"))]
        return any(isinstance(id, str) and self._was_out(of, id) for of, id in above)

    def _was_out(self, table: str, id: str) -> bool:
        if (table, id) in self._out or (table == "projects" and id in self._projects):
            return True
        if self._conn is None or table not in GROUPS or syncing.rows(self._conn, KINDS[table], [id]):
            return False
        last = syncing.last_values(self._conn, table, id)
        return last.get("project_id") in self._projects or ("todos", str(last.get("todo_id"))) in self._out

    def _tells(self, table: str, row: Row) -> bool:
        """Whether a row tells in words of what stays."""
        if table == "activities":
            return Rule(FIELDS, _TOLD.get((str(row.get("subject")), str(row.get("kind"))), "")) in self._rules
        texts = [text for name in _TEXTS.get(table, ()) if isinstance(text := row.get(name), str)]
        return bool(texts) and any(name in text for name in self._named() for text in texts)

    def _named(self) -> tuple[str, ...]:
        """The ids and titles of what stays."""
        if self._names is None:
            found = set(self._projects)
            for table in ("projects", "todos"):
                ids = [id for of, id in self._out if of == table]
                found.update(ids)
                if self._conn is not None:
                    found |= {one for one in sharing.titles(self._conn, table, ids).values() if len(one) >= _SHORTEST}
            self._names = tuple(found)
        return self._names

    # What follows where it has changed

    def settle(self, conn: sqlite3.Connection, *, at: int) -> None:
        """Mark what has to be purged or shared again since this was last done; inside a transaction."""
        state = syncing.state_of(conn)
        self.look(conn)
        before = {Rule(*one) for one in state.get("scoped_by", [])}
        head = syncing.head(conn)
        moved = self.anything and sharing.moved_since(conn, state.get("scoped", 0))
        if before == self._rules and not moved and not state.get("rescope"):
            return
        shared = sharing.shared(conn)
        self._take_back(conn, [(table, id) for table, id, _ in shared], head=head, at=at)
        self._renew(conn, shared, set(self._rules) - before, head=head, at=at)
        self._give_again(conn, head=head, at=at)
        self._give_groups(conn, before - self._rules)
        syncing.remember(conn, {"scoped": head, "scoped_by": sorted(self._rules), "rescope": None})
        self._seen = None
        self.look(conn)

    def _take_back(self, conn: sqlite3.Connection, shared: Sequence[Key], *, head: int, at: int) -> None:
        rows = dict(_rows(conn, [key for key in shared if key[0] in _TEXTS or key[0] == "activities"]))
        if self._projects:  # also what was deleted, of which the server may still hold the values
            there = {table: set(sharing.all_ids(conn, table)) for table in {key[0] for key in shared} & GROUPS.keys()}
            deleted = [key for key in shared if key[0] in there and key[1] not in there[key[0]]]
            rows |= {key: syncing.last_values(conn, *key) for key in deleted}
        gone = [key for key in shared if key not in self._marks and self.stays(key, rows.get(key, {}))]
        sharing.mark(conn, gone, by=HERE, state=PURGE, seq=head, at=at)

    def _renew(
        self, conn: sqlite3.Connection, shared: Sequence[tuple[str, str, str]], new: set[Rule], *, head: int, at: int
    ) -> None:
        """Have records purged and sent again of which a group is to stay that was shared."""
        names = [rule.name.partition(".") for rule in new if rule.kind == FIELDS]
        found = [
            (table, id)
            for table, id, cells in shared
            if any(of == table and re.search(rf"\b{group}\b[\w+]*\":", cells) for of, _, group in names)
        ]
        marked = sharing.marks(conn)
        sharing.mark(conn, [key for key in found if key not in marked], by=HERE, state=RENEW, seq=head, at=at)

    def _give_again(self, conn: sqlite3.Connection, *, head: int, at: int) -> None:
        """Have shared what was taken back here and doesn't stay any more, and what was never shared."""
        back = [one for one in self._marks.values() if one.by == HERE and one.state in (PURGE, OFF)]
        rows = _rows(conn, [(one.table, one.id) for one in back])
        free = [one for one in back if not self.stays((one.table, one.id), rows.get((one.table, one.id), {}))]
        sharing.unmark(conn, [(one.table, one.id) for one in free if one.state == PURGE])
        again = [(one.table, one.id) for one in free if one.state == OFF]
        sharing.mark(conn, again, by=HERE, state=SHARE, seq=head, at=at)
        marked = sharing.marks(conn).keys()
        waiting = set(sharing.pending(conn, int(syncing.state_of(conn).get("sent", 0))))
        never = [(table, id) for table in GROUPS for id in sharing.never_shared(conn, table)]
        send_whole(conn, [key for key in never if key not in marked | waiting and self.allowed(*key, None)])

    def _give_groups(self, conn: sqlite3.Connection, former: set[Rule]) -> None:
        for rule in former:
            table, _, group = rule.name.partition(".")
            if rule.kind == FIELDS:
                clock = syncing.next_clock(conn)
                there = sharing.all_ids(conn, table)
                syncing.mark_for_sync(
                    conn, [(table, id, group, clock) for id in there if self.allowed(table, id, None)]
                )

    # What is told to the server, and heard from it

    def asks(self, conn: sqlite3.Connection) -> tuple[Sequence[Key], Sequence[Key]]:
        """Return records that the server is to purge, and those that it is to share again."""
        if not self._marks:
            return (), ()
        return (
            sharing.to_tell(conn, (PURGE, RENEW), limit=_ASKED),
            sharing.to_tell(conn, (SHARE,), limit=_ASKED),
        )

    def heard(
        self, conn: sqlite3.Connection, request: Request, reply: Reply, arrived: Collection[Key], *, after: int, at: int
    ) -> list[Key]:
        """Take note of what the server has purged and shares again; return what it no longer holds."""
        if not (self._marks or reply.purged or reply.rejected):
            return []
        marks, head = sharing.marks(conn), syncing.head(conn)
        purged = [key for key in map(_key, request.purge) if key in marks]
        for before, then in ((PURGE, OFF), (RENEW, SHARE)):
            some = [key for key in purged if marks[key].state == before]
            sharing.mark(conn, some, by=HERE, state=then, seq=head, at=at)
        shared = [key for key in map(_key, request.share) if key in marks and marks[key].state == SHARE]
        sharing.unmark(conn, shared)
        send_whole(conn, shared)
        by_peers = [key for key in map(_key, reply.purged) if key not in marks]
        unshared = [one for one in reply.rejected if one.get("reason") == "unshared"]
        refused = [_key((str(one.get("table")), str(one.get("id")))) for one in unshared]
        by_peers += [key for key in refused if key not in marks]
        sharing.mark(conn, [key for key in by_peers if key not in arrived], by=PEER, state=OFF, seq=after, at=at)
        again = [key for key in arrived if key in marks and marks[key].by == PEER]
        for key in again:
            _resume(conn, marks[key])
        sharing.unmark(conn, again)
        if again:  # what was written here about them meanwhile goes out too
            syncing.remember(conn, {"rescope": True})
        return [*purged, *by_peers]

    def more(self, conn: sqlite3.Connection) -> bool:
        """Return whether the server has to be told more."""
        return bool(self._marks) and bool(sharing.to_tell(conn, (PURGE, RENEW, SHARE), limit=1))


def exclude(conn: sqlite3.Connection, rules: Iterable[Rule], *, at: int) -> None:
    """Keep things here from now on; inside a transaction. What was shared of it is purged by the next sync."""
    sharing.exclude(conn, rules, at=at)


def include(conn: sqlite3.Connection, rules: Sequence[Rule], *, at: int) -> None:
    """Share things again; inside a transaction. Also what another device took back of a project."""
    sharing.include(conn, rules)
    projects = {rule.name for rule in rules if rule.kind == PROJECT}
    hanging, head = sharing.hanging(conn, projects), syncing.head(conn)
    taken = [key for key, one in sharing.marks(conn).items() if key in hanging and one.by == PEER]
    sharing.mark(conn, taken, by=HERE, state=SHARE, seq=head, at=at)


def send_whole(conn: sqlite3.Connection, keys: Iterable[Key]) -> None:
    """Have records sent whole, as written now."""
    if some := list(keys):
        clock = syncing.next_clock(conn)
        syncing.mark_for_sync(conn, [(table, id, LIFE, clock) for table, id in some])


def _resume(conn: sqlite3.Connection, mark: Mark) -> None:
    """Have what was written to a record since a peer took it back sent as it was written, for it is shared again."""
    entries = syncing.entries(conn, mark.table, [mark.id], mark.seq).get(mark.id, ())
    some = writes(mark.table, entries)
    syncing.mark_for_sync(
        conn, [(mark.table, mark.id, group, one.clock) for group, one in some.items() if not one.deletes]
    )


def _key(pair: Sequence[str]) -> Key:
    return TABLE_OF.get(pair[0], pair[0]), pair[1]


def _rows(conn: sqlite3.Connection, keys: Iterable[Key]) -> dict[Key, Row]:
    ids: dict[str, list[str]] = {}
    for table, id in keys:
        if table in GROUPS:
            ids.setdefault(table, []).append(id)
    found = {table: syncing.rows(conn, KINDS[table], some) for table, some in ids.items()}
    return {(table, id): row for table, rows in found.items() for id, row in rows.items()}
