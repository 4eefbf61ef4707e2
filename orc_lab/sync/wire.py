"""The JSON of a request and a reply: what both sides write, and what they accept from each other.

Nothing that arrives is trusted: a record that isn't what it should be is refused by itself (`Refused`), a request or
reply that can't be read at all as a whole (`Unreadable`). docs/protocol.md has an example of each.
"""

import json
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from orc_lab.errors import OrcError
from orc_lab.sync.cells import JOINT, LIFE, NOTHING, Cell, Dot, Seen

PROTOCOL = 1
MAX_RECORDS = 500  # of a request
MAX_BYTES = 1 << 20  # of a request's JSON
MAX_RECORD_BYTES = 256 << 10
MAX_AHEAD = 60_000_000  # microseconds that a cell's clock may be ahead of the server's
_MAX_GROUPS, _MAX_CELLS, _MAX_VECTOR = 64, 64, 256
_CLOCKS = 1 << 62
_LATEST = 1 << 48  # milliseconds, in some thousand years
_LONGEST, _DIGITS = 40, 19  # letters of a replica's name, digits of a clock
_LONGEST_DOT = _DIGITS + 1 + _LONGEST
_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_HEX = frozenset("0123456789abcdef")
_REPLICA = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")


class Unreadable(OrcError):
    """A request or reply that isn't what the protocol says. `reason` is a word for it."""

    def __init__(self, what: str, reason: str = "malformed") -> None:
        self.reason = reason
        super().__init__(f"That is no message of the sync protocol: {what}.")


class Refused(OrcError):
    """One record that can't be accepted; the others can. `reason` is a word for it."""

    def __init__(self, what: str, reason: str = "malformed") -> None:
        self.reason = reason
        super().__init__(f"The record can't be accepted: {what}.")


class Sealed(NamedTuple):
    """An encrypted value, and the number of the key that opens it."""

    key: int
    data: bytes


class Plain(NamedTuple):
    """A value that is not encrypted, as JSON."""

    value: object


class Record(NamedTuple):
    """What a request or a reply says of one record: cells of some of its groups."""

    table: str
    id: str
    groups: Mapping[str, Sequence[Cell]]


@lru_cache(maxsize=1024)  # the cells of one record mostly have the same one
def write_dot(dot: Dot) -> str:
    """Return a dot as text that sorts as dots do."""
    return f"{dot.clock:016d}-{dot.replica}"


def read_dot(text: object) -> Dot:
    """Return the dot of a text; raises Refused."""
    if isinstance(text, str) and len(text) <= _LONGEST_DOT:
        return _dot(text)
    raise _no_dot(text)


@lru_cache(maxsize=1024)
def _dot(text: str) -> Dot:
    clock, dash, replica = text.partition("-")
    if dash and clock.isascii() and clock.isdecimal() and len(clock) <= _DIGITS and int(clock) < _CLOCKS:
        return Dot(int(clock), _replica(replica))
    raise _no_dot(text)


def _no_dot(text: object) -> Refused:
    return Refused(f"{str(text)[:60]!r} is no clock such as 1764060000000000-3f2a9c")


def _replica(text: object) -> str:
    if isinstance(text, str) and 1 <= len(text) <= _LONGEST and _REPLICA.issuperset(text):
        return text
    raise Refused(f"{str(text)[:60]!r} is no replica's name")


def write_cell(cell: Cell) -> dict[str, Any]:
    """Return a cell as JSON has it; what says nothing is left out."""
    found: dict[str, Any] = {"hlc": write_dot(cell.dot), "base": None if cell.base is None else write_dot(cell.base)}
    if cell.seen:
        found["seen"] = dict(cell.seen)
    if cell.kept:
        found["kept"] = [write_dot(dot) for dot in cell.kept]
    if cell.auto:
        found["auto"] = True
    if cell.covers is not None:
        found["covers"] = {group: dict(seen) for group, seen in cell.covers.items()}
    if isinstance(cell.body, Sealed):
        found["sealed"] = b64encode(cell.body.data).decode()
        found["key"] = cell.body.key
    elif isinstance(cell.body, Plain):
        found["value"] = cell.body.value
    return found


_FIELDS = frozenset({"hlc", "base", "seen", "kept", "auto", "covers", "sealed", "key", "value"})
_FEW = frozenset({"hlc", "base", "sealed", "key"})  # what nearly every cell has


def read_cell(raw: object) -> Cell:
    """Return the cell of its JSON; raises Refused."""
    if not isinstance(raw, dict):
        raise Refused("a cell is no object")
    dot, base = read_dot(raw.get("hlc")), raw.get("base")
    before = None if base is None else read_dot(base)
    if raw.keys() <= _FEW:
        return Cell(dot, before, body=_body(raw))
    if not raw.keys() <= _FIELDS:
        raise Refused(f"a cell has a field {str(min(raw.keys() - _FIELDS))[:40]!r} that this version doesn't know")
    covers, auto = raw.get("covers"), raw.get("auto", False)
    if not isinstance(auto, bool):
        raise Refused("`auto` is neither true nor false")
    return Cell(
        dot,
        before,
        _seen(raw.get("seen", {})),
        tuple(read_dot(one) for one in _list(raw.get("kept", []))),
        auto,
        None if covers is None else {_name(group): _seen(seen) for group, seen in _object(covers).items()},
        _body(raw),
    )


def _body(raw: Mapping[str, Any]) -> Sealed | Plain | None:
    sealed = raw.get("sealed")
    if sealed is None:
        return Plain(raw["value"]) if "value" in raw else None
    key = raw.get("key")
    if "value" in raw or not isinstance(sealed, str) or not isinstance(key, int) or not 0 < key < 1 << 31:
        raise Refused("a sealed value needs a key's number and no value beside it")
    try:
        return Sealed(key, b64decode(sealed, validate=True))
    except (NotBase64, ValueError):
        raise Refused("a sealed value is no base64") from None


def _seen(raw: object) -> Seen:
    found = _object(raw)
    if len(found) > _MAX_VECTOR or not all(type(clock) is int and 0 <= clock < _CLOCKS for clock in found.values()):
        raise Refused("a version vector holds what is no clock")
    return {_replica(replica): clock for replica, clock in found.items()} or NOTHING


def _object(raw: object) -> dict[str, Any]:
    if isinstance(raw, dict) and len(raw) <= _MAX_VECTOR:
        return raw
    raise Refused("something is no object, or has too many members")


def _list(raw: object) -> list[Any]:
    if isinstance(raw, list) and len(raw) <= _MAX_CELLS:
        return raw
    raise Refused("something is no list, or has too many members")


def _name(text: object) -> str:
    if isinstance(text, str) and 1 <= len(text) <= _LONGEST and _NAME.issuperset(text):
        return text
    raise Refused(f"{str(text)[:60]!r} is no name of a table or group")


@lru_cache(maxsize=256)
def _groups(text: str) -> str:
    """The name of a group, or the names of those that a joint cell is of, in their order."""
    names = text.split(JOINT)[: _MAX_GROUPS + 1]
    if len(names) > _MAX_GROUPS or sorted(set(map(_name, names))) != names:
        raise Refused(f"{text[:60]!r} names groups twice, too many, or in another order")
    return text


def read_id(text: object) -> str:
    """Return a record's id; raises Refused for what is none: ids are short and printable."""
    if isinstance(text, str) and 1 <= len(text) <= 200 and text.isprintable():
        return text
    raise Refused(f"{str(text)[:60]!r} is no id")


def read_table(text: object) -> str:
    """Return a table's name on the wire; raises Refused for what is none."""
    return _name(text)


def write_record(record: Record) -> dict[str, Any]:
    """Return `{id, op, groups}`: of several cells in one group the first, with the `others` beside it."""
    groups: dict[str, Any] = {}
    for name, (first, *others) in record.groups.items():
        groups[name] = write_cell(first)
        if others:
            groups[name]["others"] = [write_cell(cell) for cell in others]
    deletes = any(cell.deletes for cell in record.groups.get(LIFE, ()))
    return {"id": record.id, "op": "delete" if deletes else "upsert", "groups": groups}


def read_record(table: str, raw: object) -> Record:
    """Return what one entry of `changes` or `remoteChanges` says; raises Refused."""
    if not isinstance(raw, dict):
        raise Refused("it is no object")
    id, op, groups = read_id(raw.get("id")), raw.get("op"), raw.get("groups")
    if not isinstance(groups, dict) or not 0 < len(groups) <= _MAX_GROUPS:
        raise Refused("it names no groups, or too many")
    found: dict[str, Sequence[Cell]] = {}
    for name, cell in groups.items():
        if isinstance(cell, dict) and "others" in cell:
            first = {key: value for key, value in cell.items() if key != "others"}
            found[_groups(name)] = [read_cell(one) for one in (first, *_list(cell["others"]))]
        else:
            found[_groups(name)] = [read_cell(cell)]
    if op != ("delete" if any(cell.deletes for cell in found.get(LIFE, ())) else "upsert"):
        raise Refused(f"its op is {str(op)[:20]!r}, and its life says otherwise")
    if any(cell.deletes for name, cells in found.items() if name != LIFE for cell in cells):
        raise Refused("only its life can delete a record")
    return Record(table, id, found)


class Request(NamedTuple):
    """What a device sends. `after` names the batches of which the last may be the one the server knows of it.

    `refused` are the entries that couldn't be read, as the reply will name them.
    """

    timestamp: int
    batch: str
    after: Sequence[str]
    records: Sequence[Record]
    refused: Sequence[Mapping[str, Any]] = ()
    purge: Sequence[tuple[str, str]] = ()
    share: Sequence[tuple[str, str]] = ()
    reconcile: bool = False


def write_request(request: Request) -> bytes:
    """Return the body of a request."""
    changes: dict[str, list[Any]] = {}
    for record in request.records:
        changes.setdefault(record.table, []).append(write_record(record))
    body: dict[str, Any] = {
        "protocol": PROTOCOL,
        "timestamp": request.timestamp,
        "batchId": request.batch,
        "after": list(request.after),
        "changes": changes,
    }
    for name, pairs in (("purge", request.purge), ("share", request.share)):
        if pairs:
            body[name] = [{"table": table, "id": id} for table, id in pairs]
    if request.reconcile:
        body["reconcile"] = True
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def read_request(body: bytes) -> Request:
    """Return what a request says; raises Unreadable where it can't be read as a whole."""
    raw = read_json(body)
    if raw.get("protocol", PROTOCOL) != PROTOCOL:
        raise Unreadable(f"it speaks version {raw['protocol']!r}, this server speaks {PROTOCOL}", "protocol")
    batch, after, changes, timestamp = (raw.get(name) for name in ("batchId", "after", "changes", "timestamp"))
    if not _short(batch) or not isinstance(after := after or [], list) or not all(map(_short, after)):
        raise Unreadable("`batchId` or `after` is no batch's name")
    if type(timestamp) is not int or not isinstance(changes := changes or {}, dict) or len(after) > _MAX_CELLS:
        raise Unreadable("`timestamp` is no whole number, or `changes` no object")
    if sum(len(rows) for rows in changes.values() if isinstance(rows, list)) > MAX_RECORDS:
        raise Unreadable(f"it has more than {MAX_RECORDS} records", "too many records")
    records, refused = _records(changes)
    return Request(
        timestamp,
        str(batch),
        after,
        records,
        refused,
        _pairs(raw.get("purge", [])),
        _pairs(raw.get("share", [])),
        raw.get("reconcile") is True,
    )


def _records(changes: Mapping[str, object]) -> tuple[list[Record], list[Mapping[str, Any]]]:
    found: list[Record] = []
    refused: list[Mapping[str, Any]] = []
    for table, rows in changes.items():
        for raw in rows if isinstance(rows, list) else [rows]:
            id = raw.get("id") if isinstance(raw, dict) else None
            try:
                record = read_record(read_table(table), raw)
                if sum(size(cell) for some in record.groups.values() for cell in some) > MAX_RECORD_BYTES:
                    raise Refused(f"it is larger than {MAX_RECORD_BYTES >> 10} KiB", "too large")
                found.append(record)
            except Refused as error:
                refused.append({"table": table[:80], "id": str(id)[:200], "reason": error.reason, "detail": str(error)})
    return found, refused


def size(cell: Cell) -> int:
    """Return about how many bytes a cell takes in a request or a reply."""
    body, own = cell.body, 0
    if isinstance(body, Sealed):
        own = len(body.data) * 4 // 3
    elif isinstance(body, Plain):
        own = len(json.dumps(body.value))
    return 150 + own + 40 * (len(cell.seen) + len(cell.kept) + sum(map(len, (cell.covers or {}).values())))


def _pairs(raw: object) -> list[tuple[str, str]]:
    if not isinstance(raw, list) or len(raw) > MAX_RECORDS:
        raise Unreadable("`purge` or `share` is no list, or too long")
    try:
        return [(read_table(one.get("table")), read_id(one.get("id"))) for one in raw if isinstance(one, dict)]
    except Refused as error:
        raise Unreadable(str(error)) from None


def _short(text: object) -> bool:
    return isinstance(text, str) and 0 < len(text) <= 64 and text.isprintable()


def read_json(body: bytes) -> dict[str, Any]:
    """Return the object that a body holds; raises Unreadable for HTML, half a body, or what is nested too deeply."""
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        begins = body[:40].decode("utf-8", "replace")
        raise Unreadable(f"it is no JSON, it begins with {begins!r}", "no JSON") from None
    if not isinstance(raw, dict):
        raise Unreadable("it is no JSON object")
    return raw


class Conflict(NamedTuple):
    """Two cells of one group that nobody has decided between; the winner's value holds until somebody does."""

    table: str
    id: str
    group: str
    winner: Cell
    loser: Cell


class Reply(NamedTuple):
    """What the server answers. `reconcile` says why a device must compare everything: `lost` or `stale`; `keys` are
    the version of the account's key bundle and how many of its devices were revoked."""

    timestamp: int
    synced: Sequence[tuple[str, str]]
    conflicts: Sequence[Conflict]
    changes: Sequence[Record]
    rejected: Sequence[Mapping[str, Any]]
    purged: Sequence[tuple[str, str]]
    token: str
    more: bool
    digest: Mapping[str, str]
    epoch: str
    reconcile: str | None = None
    keys: tuple[int, int] | None = None


_KEYS = "version", "revoked"


def write_reply(reply: Reply) -> bytes:
    """Return the body of a reply."""
    body: dict[str, Any] = {
        "timestamp": reply.timestamp,
        "synced": _named(reply.synced),
        "conflicts": [
            {
                "table": one.table,
                "id": one.id,
                "conflictData": {
                    "group": one.group,
                    "winner": write_cell(one.winner),
                    "loser": write_cell(one.loser),
                },
            }
            for one in reply.conflicts
        ],
        "remoteChanges": [{"table": record.table, **write_record(record)} for record in reply.changes],
        "rejected": list(reply.rejected),
        "newSyncToken": reply.token,
        "more": reply.more,
        "digest": dict(reply.digest),
        "epoch": reply.epoch,
    }
    if reply.purged:
        body["purged"] = _named(reply.purged)
    if reply.reconcile:
        body["reconcile"] = reply.reconcile
    if reply.keys:
        body["keys"] = dict(zip(_KEYS, reply.keys, strict=True))
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def _named(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"table": table, "id": id} for table, id in pairs]


def read_reply(body: bytes) -> Reply:
    """Return what a reply says; raises Unreadable.

    A record in it that can't be read is refused alone: it comes back in `rejected` with the reason `unreadable`.
    """
    raw = read_json(body)
    timestamp, token, epoch, digest = (raw.get(name) for name in ("timestamp", "newSyncToken", "epoch", "digest"))
    if not (isinstance(timestamp, int) and isinstance(token, str) and isinstance(epoch, str)):
        raise Unreadable("it lacks what every reply has")
    lists = (raw.get(name, []) for name in ("rejected", "synced"))
    more, named = raw.get("more"), raw.get("remoteChanges")
    if not (isinstance(more, bool) and isinstance(named, list) and all(isinstance(one, list) for one in lists)):
        raise Unreadable("it lacks what every reply has")
    if not 0 <= timestamp < _LATEST or not _ascii(token, 4096) or not _ascii(epoch, 64):
        raise Unreadable("its timestamp, token or epoch is none")
    if not isinstance(digest, dict) or not all(isinstance(one, str) and _is_sum(one) for one in digest.values()):
        raise Unreadable("its digest is none")
    changes: list[Record] = []
    rejected = [_told(one) for one in raw.get("rejected", []) if isinstance(one, dict)]
    for one in named:
        try:
            changes.append(read_record(read_table(one.get("table")), one))
        except (Refused, AttributeError) as error:
            rejected.append(_told({"table": str(one)[:80], "id": "", "reason": "unreadable", "detail": error}))
    return Reply(
        timestamp,
        _pairs(raw.get("synced", [])[:MAX_RECORDS]),
        [],
        changes,
        rejected,
        _pairs(raw.get("purged", [])),
        token,
        more,
        dict(digest),
        epoch,
        raw.get("reconcile") if raw.get("reconcile") in ("lost", "stale") else None,
        _keys(raw.get("keys")),
    )


def _is_sum(text: str) -> bool:
    return len(text) == 16 and _HEX.issuperset(text)


def _ascii(text: str, most: int) -> bool:
    return len(text) <= most and text.isascii() and text.isprintable()


def _told(refused: Mapping[str, Any]) -> dict[str, Any]:
    """What is told of a record that was refused, without half characters, which no database takes."""
    return {name: str(value).encode("utf-8", "replace").decode() for name, value in refused.items()}


def _keys(raw: object) -> tuple[int, int] | None:
    version, revoked = (raw.get(name) for name in _KEYS) if isinstance(raw, dict) else (None, None)
    return (version, revoked) if type(version) is int and type(revoked) is int else None
