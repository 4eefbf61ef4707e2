"""What devices wrote at the same time: both values side by side, and the person's decision between them.

A decision is an ordinary edit, taken back by undo like any other. It travels, and settles the conflict everywhere.
Until then the newer value holds and the other one is kept; nothing waits for a decision.
"""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orc_lab.errors import AmbiguousId, InvalidValue, NotFound
from orc_lab.model.change import Value
from orc_lab.model.entities import KINDS, Entity, Todo
from orc_lab.store import change_log, losers, repository, syncing
from orc_lab.store.database import Transaction, immediate
from orc_lab.store.losers import Kept
from orc_lab.sync.cells import apart, winner
from orc_lab.sync.groups import EFFECTIVE, GROUPS
from orc_lab.sync.merge import Fields
from orc_lab.sync.pending import defaults_of, values_of
from orc_lab.sync.shadow import read_one, read_shadow
from orc_lab.workbench.bench import Workbench

KEEP, TAKE, MERGE = "keep", "take", "merge"
_TEXTS = ("title", "description", "why", "goal", "reflection")  # fields that two texts can be merged into


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of two values: its fields, the device that wrote it, when (seconds UTC), and whether it deletes the row."""

    value: Fields
    device: str
    at: int
    deletes: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {"value": dict(self.value), "device": self.device, "at": self.at, "deletes": self.deletes}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A group of fields that two devices wrote without knowing of each other: the value that holds, and the other one.

    `key` names it to the calls here. In the group `life` one device deleted what another had changed.
    """

    key: str
    table: str
    id: str
    group: str
    title: str
    holds: Side
    other: Side
    found_at: int

    @property
    def text_field(self) -> str | None:
        """The field whose two texts can be merged into one, where the group has such."""
        return next((name for name in GROUPS[self.table][self.group] if name in _TEXTS), None)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "key": self.key,
            "table": self.table,
            "id": self.id,
            "group": self.group,
            "title": self.title,
            "holds": self.holds.as_dict(),
            "other": self.other.as_dict(),
            "found_at": self.found_at,
            "can_merge": self.text_field is not None,
        }


def conflicts(wb: Workbench) -> list[Conflict]:
    """Return what waits for a decision, the oldest first."""
    with wb.db.lock:
        found = [one for one in losers.undecided(wb.db.conn) if one.table in GROUPS]
    titles = change_log.titles(wb.db, [one.id for one in found])
    names = _names(wb)
    return [_conflict(wb, one, titles.get((one.table, one.id), ""), names) for one in found]


def _conflict(wb: Workbench, one: Kept, title: str, names: Callable[[str], str]) -> Conflict:
    other = read_one(one.cell)
    return Conflict(
        key=f"{one.id}.{one.group}.{one.clock}-{one.replica}",
        table=one.table,
        id=one.id,
        group=one.group,
        title=title,
        holds=_holding(wb, one, names),
        other=Side(
            value=_shown(json.loads(one.value)),
            device=names(one.replica),
            at=one.clock // 1_000_000,
            deletes=other.deletes,
        ),
        found_at=one.found_at,
    )


def _holding(wb: Workbench, one: Kept, names: Callable[[str], str]) -> Side:
    """The value that holds: what the row has, by who wrote it last."""
    with wb.db.lock:
        conn = wb.db.conn
        state = syncing.state(wb.db)
        row = syncing.rows(conn, KINDS[one.table], [one.id]).get(one.id)
        heads = apart(read_shadow(syncing.shadows(conn, one.table, [one.id]).get(one.id))).get(one.group, [])
        written = syncing.last_write(conn, one.table, one.id, GROUPS[one.table][one.group], int(state.get("sent", 0)))
    value = values_of(one.table, row)[one.group] if row else {}
    if written is not None:
        return Side(value=value, device=names(str(state["replica"])), at=written // 1_000_000)
    head = winner(heads) if heads else None
    if head is None:
        return Side(value=value, device="", at=one.found_at)
    return Side(value=value, device=names(head.dot.replica), at=head.dot.clock // 1_000_000)


def _names(wb: Workbench) -> Callable[[str], str]:
    state = syncing.state(wb.db)
    known = {replica: str(one["name"]) for one in state.get("names") or () for replica in one["replicas"]}
    own = state.get("replica")

    def named(replica: str) -> str:
        return "this device" if replica == own else known.get(replica, f"another device ({replica})")

    return named


def find(wb: Workbench, key: str) -> Conflict:
    """Return a conflict for its key, or for the end of a todo's id with the group (`4f2a9c.title`).

    Raises NotFound or AmbiguousId.
    """
    listed = conflicts(wb)
    exact = [one for one in listed if one.key == key]
    id, _, group = key.partition(".")
    near = [one for one in listed if id and one.id.endswith(id) and one.group.startswith(group)]
    found = exact or near
    if not found:
        raise NotFound("conflict", key)
    if len(found) > 1:
        raise AmbiguousId("conflict", key, len(found))
    return found[0]


def keep(wb: Workbench, *some: Conflict) -> None:
    """Decide that the value that holds stays."""
    with wb.db.lock, immediate(wb.db.conn):
        for one in some:
            _settle(wb.db.conn, one, KEEP)


def take(wb: Workbench, *some: Conflict) -> None:
    """Decide for the other value: it becomes the row's, or the row goes where the other device deleted it."""
    with wb.edit("resolve conflict" if len(some) == 1 else f"resolve {len(some)} conflicts") as tx:
        for one in some:
            kind = KINDS[one.table]
            if one.other.deletes:
                if repository.there(wb.db, kind, [one.id]):
                    wb.delete(kind, one.id)
                losers.settle_record(tx.conn, one.table, one.id, at=tx.now)
                continue
            _write(wb, tx, kind, one.id, _all_fields(one))
            _settle(tx.conn, one, TAKE)


def merge(wb: Workbench, one: Conflict, text: str) -> None:
    """Decide for a text made of both. Raises InvalidValue where the group has no text."""
    if (field := one.text_field) is None:
        raise InvalidValue("group", one.group, "one with a text; keep or take one of the two values")
    with wb.edit("resolve conflict") as tx:
        _write(wb, tx, KINDS[one.table], one.id, {field: text})
        _settle(tx.conn, one, MERGE)


def _write(wb: Workbench, tx: Transaction, kind: type[Entity], id: str, values: Mapping[str, Value]) -> None:
    """Set fields as any edit does; what follows from a status follows, but the values are those that were decided."""
    now = repository.as_stored(wb.db, kind, [id]).get(id, {})
    changed = {name: value for name, value in values.items() if now.get(name) != value}
    if not changed:
        return
    wb.update(kind, id, **changed)
    if kind is Todo:
        after = repository.as_stored(wb.db, kind, [id])[id]
        if wrong := {name: value for name, value in values.items() if after.get(name) != value}:
            tx.update(kind, id, wrong)


def _all_fields(one: Conflict) -> dict[str, Value]:
    """The other value with the fields that it left out, as a new row has them."""
    defaults = defaults_of(one.table)
    found: dict[str, Value] = {}
    for name in GROUPS[one.table][one.group]:
        value = one.other.value.get(name)
        found[name] = defaults.get(name) if value is None else value
    return found


def _settle(conn: sqlite3.Connection, one: Conflict, how: str) -> None:
    """Have the conflict settled here, and the decision sent: a later write than both, whatever it holds."""
    clock = syncing.next_clock(conn)
    kept = losers.of(conn, one.table, [one.id]).get(one.id, [])
    for rival in kept:
        if rival.group == one.group and one.key.endswith(f".{rival.clock}-{rival.replica}"):
            losers.settle(conn, rival, how, at=clock // 1_000_000)
    syncing.mark_for_sync(conn, [(one.table, one.id, one.group, clock)])


def _shown(value: Mapping[str, Value]) -> dict[str, Value]:
    return {name: held for name, held in value.items() if name != EFFECTIVE}


def of(some: Sequence[Conflict], *, table: str | None = None, group: str | None = None) -> list[Conflict]:
    """Return those of a table, of a group, or of both."""
    return [one for one in some if table in (None, one.table) and group in (None, one.group)]
