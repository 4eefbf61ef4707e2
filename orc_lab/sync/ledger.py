"""The ledger: every request that may have told the server anything, written down before it left, for the person.

A request that only asks for news carries no data and isn't listed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orc_lab.model.entities import KINDS
from orc_lab.store import change_log, sharing
from orc_lab.store.database import Database
from orc_lab.sync.cells import JOINT
from orc_lab.sync.groups import TABLE_OF
from orc_lab.sync.wire import Request

_LISTED = 500  # requests that are read at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What a request said of one record: which groups, `deleted`, `purged` or `shared` again; its title now or last."""

    table: str
    id: str
    groups: Sequence[str]
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One request: when it left (seconds UTC), its batch, its size in bytes, what it held.

    One without records carried the account's wrapped keys.
    """

    n: int
    at: int
    batch: str
    bytes: int
    records: Sequence[Sent]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        records = [
            {"table": one.table, "id": one.id, "groups": list(one.groups), "title": one.title} for one in self.records
        ]
        return {"n": self.n, "at": self.at, "batch": self.batch, "bytes": self.bytes, "records": records}


def written(request: Request) -> str:
    """Return a request as the ledger keeps it: of each table the ids by the groups that were told, without values."""
    found: dict[str, dict[str, list[str]]] = {}
    for record in request.records:
        deleted = any(cell.deletes for some in record.groups.values() for cell in some)
        groups = dict.fromkeys(group for name in record.groups for group in name.split(JOINT))
        told = " ".join([*groups, *(["deleted"] if deleted else [])])
        found.setdefault(record.table, {}).setdefault(told, []).append(record.id)
    for word, pairs in (("purged", request.purge), ("shared", request.share)):
        for table, id in pairs:
            found.setdefault(table, {}).setdefault(word, []).append(id)
    return json.dumps(
        {table: {told: " ".join(ids) for told, ids in by.items()} for table, by in found.items()},
        ensure_ascii=False,
        separators=(",", ":"),
    )


def read(db: Database, *, limit: int = _LISTED) -> list[Entry]:
    """Return the latest requests, the latest first, with the titles that their records have or had."""
    with db.lock:
        rows = sharing.ledger(db.conn, limit=limit)
    raw = [(n, at, batch, size, _listed(text)) for n, at, batch, size, text in rows]
    titles = _titles(db, {(table, id) for *_, listed in raw for table, _, id in listed})
    return [
        Entry(
            n=n,
            at=at,
            batch=batch,
            bytes=size,
            records=[
                Sent(table=table, id=id, groups=told.split(), title=titles.get((table, id), ""))
                for table, told, id in listed
            ],
        )
        for n, at, batch, size, listed in raw
    ]


def _listed(text: str) -> list[tuple[str, str, str]]:
    raw: Mapping[str, Mapping[str, str]] = json.loads(text)
    return [
        (TABLE_OF.get(table, table), told, id)
        for table, by in raw.items()
        for told, ids in by.items()
        for id in ids.split(" ")
    ]


def _titles(db: Database, keys: set[tuple[str, str]]) -> dict[tuple[str, str], str]:
    titled = [id for table, id in keys if table in KINDS and "title" in KINDS[table].__dataclass_fields__]
    found = {key: str(title) for key, title in change_log.titles(db, titled).items() if title}
    goals = [id for table, id in keys if table == "weekly_goals"]
    return found | {("weekly_goals", id): day for id, day in sharing.days_of(db, goals).items()}
