"""How sync stands, as data: what waits, what is undecided or refused, what went wrong last, and what to do about it."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orc_lab.backup import folders
from orc_lab.store import change_log, losers, sharing, syncing
from orc_lab.store.database import Database
from orc_lab.sync import scope_names
from orc_lab.sync.groups import GROUPS
from orc_lab.sync.scope import Rule, Scope
from orc_lab.sync.setup import Setup

_ASK = 5_000  # waiting records up to which it is looked at each whether it may leave
_COPY = 3600  # seconds within which two forks mean that two copies use one key


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A record that the server didn't take, and why."""

    table: str
    id: str
    title: str
    reason: str
    detail: str
    at: int

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncStatus:
    """How the sync of a database stands. Times are seconds UTC, `pending` records by table.

    `same` says whether both sides held the same when they last met, None before that; `clock_offset` is by how many
    seconds this device's clock is behind the server's, 0 where that doesn't matter. `unshared` counts the records that
    were taken back, on this device or by `peers`; `kept_here` is the scope. `warnings` are sentences.
    """

    enabled: bool
    paused: bool
    endpoint: str
    device: str
    last_sync: int | None
    pending: Mapping[str, int]
    conflicts: int
    rejected: Sequence[Rejected]
    kept_here: Sequence[str]
    unshared: int
    by_peers: int
    clock_offset: float
    same: bool | None
    last_error: Mapping[str, Any] | None
    warnings: Sequence[str]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        found = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return found | {"pending": dict(self.pending), "rejected": [one.as_dict() for one in self.rejected]}


def status(db: Database) -> SyncStatus:
    """Return how the sync of a database stands. Nothing is asked of the server."""
    state, setup = syncing.state(db), Setup.read(db)
    with db.lock:
        conn = db.conn
        marks = sharing.marks(conn).values()
        conflicts, skew = losers.count_undecided(conn), sharing.skew(conn)
        refused = [one for one in sharing.rejected(conn) if one[2] != "unshared"]
        rules = [Rule(*one) for one in sharing.scope(conn)]
    titles = change_log.titles(db, [id for _, id, *_ in refused])
    by_peers = sum(one.by == sharing.PEER for one in marks)
    return SyncStatus(
        enabled=setup.enabled,
        paused=setup.paused,
        endpoint=setup.endpoint,
        device=next((str(one["name"]) for one in state.get("names") or () if one["self"]), ""),
        last_sync=state.get("last_sync"),
        pending=pending(db, state) if setup.enabled else {},
        conflicts=conflicts,
        rejected=[
            Rejected(table=table, id=id, title=titles.get((table, id), ""), reason=reason, detail=detail, at=at)
            for table, id, reason, detail, at in refused
        ],
        kept_here=scope_names.told(db, rules),
        unshared=sum(one.state in (sharing.OFF, sharing.PURGE) for one in marks),
        by_peers=by_peers,
        clock_offset=round(skew / 1e6, 1),
        same=None if state.get("last_sync") is None else state.get("same") is not False,
        last_error=state.get("last_error"),
        warnings=list(_warnings(db, state, setup)),
    )


def pending(db: Database, state: Mapping[str, Any]) -> dict[str, int]:
    """Return how many records of each table wait to be sent; where they are very many, some may turn out to stay."""
    scope = Scope()
    with db.lock:
        conn = db.conn
        keys = [key for key in sharing.pending(conn, int(state.get("sent", 0))) if key[0] in GROUPS]
        scope.look(conn)
        live = sharing.resolved_live_forecasts(conn) if any(table == "forecasts" for table, _ in keys) else set()
        keys = [key for key in keys if key[0] != "forecasts" or key[1] in live]
        if len(keys) <= _ASK and scope.anything:
            keys = [key for key in keys if scope.allowed(*key, None)]
    return dict(Counter(table for table, _ in keys))


def _warnings(db: Database, state: Mapping[str, Any], setup: Setup) -> Sequence[str]:
    found: list[str] = []
    if name := folders.synchronised(db.file):
        found.append(
            f"The database is in a folder that {name} seems to synchronise, which can bring an older one back and "
            "lose edits. Move the workbench elsewhere: orc syncs it."
        )
    elif kind := folders.network(db.file):
        found.append(
            f"The database is on a network file system ({kind}), which may not keep its locks. Keep it on this "
            "computer's own disk: orc syncs it."
        )
    forks = [at for at in state.get("forks") or () if time.time() - at < _COPY]
    if setup.enabled and len(forks) > 1:
        found.append(
            "A copy of this database seems to sync with the same device key. Give each a key of its own: `orc sync "
            "enable` on one of them."
        )
    return found
