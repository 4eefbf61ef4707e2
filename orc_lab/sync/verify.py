"""Compare what is here with all that the server holds, value by value, without changing anything on either side."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orc_lab.errors import OrcError
from orc_lab.model.entities import KINDS
from orc_lab.model.ids import new_id
from orc_lab.store import change_log, losers, sharing, syncing
from orc_lab.store.database import Database
from orc_lab.store.syncing import Key
from orc_lab.sync import cells, wire
from orc_lab.sync.cells import LIFE, Cell
from orc_lab.sync.groups import GROUPS, TABLE_OF
from orc_lab.sync.merge import Arrived, split
from orc_lab.sync.pending import Row, shareable, values_of
from orc_lab.sync.scope import Scope
from orc_lab.sync.shadow import read_shadow
from orc_lab.sync.syncer import AccountKeys, Syncer

_PAGES = 100_000
_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One record that isn't the same on both sides; `what` says how."""

    table: str
    id: str
    title: str
    what: str

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {"table": self.table, "id": self.id, "title": self.title, "what": self.what}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How many records were compared, are the same, or wait to be sent, received or decided on, or were refused;
    and those that differ."""

    compared: int
    same: int
    waiting: int
    differing: Sequence[Difference]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        found = {"compared": self.compared, "same": self.same, "waiting": self.waiting}
        return found | {"differing": [one.as_dict() for one in self.differing]}


def verify(path: str) -> Report:
    """Return how a database and its server compare. Raises NotEnabled, SyncTrouble."""
    with Syncer(path) as syncer:
        theirs = _everything(syncer)
        return _compared(syncer.db, theirs)


Held = Mapping[str, Sequence[tuple[Cell, Mapping[str, Any] | None]]]  # of each group the cells, with values that open


def _everything(syncer: Syncer) -> dict[Key, dict[str, list[tuple[Cell, Mapping[str, Any] | None]]]]:
    """All that the server holds, from its beginning; the token that the device has isn't touched."""
    found: dict[Key, dict[str, list[tuple[Cell, Mapping[str, Any] | None]]]] = {}
    remote, account = syncer.opened()
    token = ""
    for _ in range(_PAGES):
        request = wire.Request(timestamp=int(time.time() * 1000), batch=new_id(), after=["*"], records=[])
        reply = wire.read_reply(remote.sync(wire.write_request(request), token))
        for record in reply.changes:
            groups = found.setdefault((TABLE_OF.get(record.table, record.table), record.id), {})
            for name, some in record.groups.items():
                for cell in some:
                    value, bare = _value(account, record, name, cell), cell._replace(body=None)
                    opened = split({name: [Arrived(bare, value or {})]})
                    for group, (part, *_) in opened.items():
                        groups.setdefault(group, []).append((bare, None if value is None else part.value))
        token = reply.token
        if not reply.more:
            break
    return found


def _value(account: AccountKeys, record: wire.Record, group: str, cell: Cell) -> Mapping[str, Any] | None:
    try:
        return account.open(record.table, record.id, group, cell)
    except OrcError:
        return None


def _compared(db: Database, theirs: Mapping[Key, Held]) -> Report:
    scope = Scope()
    with db.lock:
        waiting = set(sharing.pending(db.conn, int(syncing.state(db).get("sent", 0))))
        waiting |= {(one.table, one.id) for one in losers.undecided(db.conn) if one.group == LIFE}
        waiting |= {(table, id) for table, id, *_ in sharing.rejected(db.conn)}
        scope.look(db.conn)
        keys = {key for key in theirs if key[0] in GROUPS}
        keys |= {(table, id) for table in GROUPS for id in sharing.all_ids(db.conn, table)}
        rows = _rows(db, keys)
        kept = {key for key in keys if key not in theirs and not scope.allowed(*key, rows.get(key))}
    compared = [key for key in sorted(keys - kept) if shareable(key[0], rows.get(key)) or key in theirs]
    found = {key: what for key in compared if (what := _differs(scope, key, rows.get(key), theirs.get(key, {})))}
    unsent = {key for key in found if key in waiting or _is_news(db, key, theirs.get(key, {}))}
    titles = change_log.titles(db, [id for _, id in found.keys() - unsent])
    return Report(
        compared=len(compared),
        same=len(compared) - len(found),
        waiting=len(unsent),
        differing=[
            Difference(table=key[0], id=key[1], title=titles.get(key, ""), what=what)
            for key, what in found.items()
            if key not in unsent
        ],
    )


def _is_news(db: Database, key: Key, held: Held) -> bool:
    """Whether the server has something of a record that this device hasn't received yet."""
    with db.lock:
        shadow = cells.apart(read_shadow(syncing.shadows(db.conn, key[0], [key[1]]).get(key[1])))
    return any(not cells.known(shadow.get(group, ()), cell.dot) for group, some in held.items() for cell, _ in some)


def _rows(db: Database, keys: set[Key]) -> dict[Key, Row]:
    by: dict[str, list[str]] = {}
    for table, id in keys:
        by.setdefault(table, []).append(id)
    return {
        (table, id): row
        for table, ids in by.items()
        for start in range(0, len(ids), _AT_ONCE)
        for id, row in syncing.rows(db.conn, KINDS[table], ids[start : start + _AT_ONCE]).items()
    }


def _differs(scope: Scope, key: Key, row: Row | None, held: Held) -> str:
    """How a record differs, "" where it doesn't."""
    table = key[0]
    heads = {group: cells.heads([cell for cell, _ in some]) for group, some in held.items()}
    there = cells.alive(heads)
    if row is None:
        return "the server has it, this device doesn't" if there else ""
    if not there:
        return "this device has it, the server doesn't"
    own = values_of(table, row)
    for group, some in heads.items():
        if group not in GROUPS[table] or group in scope.held_back(table):
            continue
        best = cells.winner(some)
        value = next((value for cell, value in held[group] if cell.dot == best.dot), None)
        if value is None:
            return f"its {group} at the server can't be opened"
        known = {name: one for name, one in value.items() if name in GROUPS[table][group] and one is not None}
        if not best.deletes and known != own[group]:
            return f"its {group} is another one"
    return ""
