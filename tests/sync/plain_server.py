"""A sync server in memory, as plain as the protocol allows: to test clients against, and to compare others with.

It keeps the heads of every group and numbers what changes. There is one account; devices are known by a name.
"""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from orc_lab.errors import OrcError
from orc_lab.sync import cells, digest, wire
from orc_lab.sync.cells import Cell
from orc_lab.sync.exchange import Forked
from orc_lab.sync.wire import Record, Reply, Request

Key = tuple[str, str]  # a table's name on the wire and an id


class Revoked(OrcError):
    """The device may no longer sync."""


class BadToken(OrcError):
    """The token was given to another device, or by another server."""


class Numbered(NamedTuple):
    """A cell and the number of its arrival."""

    cell: Cell
    seq: int


class Position(NamedTuple):
    """Where a device's pull goes on, up to which number what was removed is no news, and why it has to compare."""

    seq: int
    floor: int
    reconcile: str | None
    forgotten: bool = False  # the server knows less than the device does: it can't tell a copy from what was copied


Groups = dict[str, list[Numbered]]


def heads(groups: Mapping[str, Sequence[Numbered]]) -> dict[str, list[Cell]]:
    return {group: [one.cell for one in some] for group, some in groups.items()}


@dataclass(slots=True)
class State:
    """Everything that the server would keep on a disk; what its collections hold is never changed in place."""

    epoch: str = "epoch-1"
    seq: int = 0
    records: dict[Key, Groups] = field(default_factory=dict)
    unshared: dict[Key, int] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)  # each device's last batch
    passed: dict[str, int] = field(default_factory=dict)  # what each device has seen and answered
    collected: int = 0  # the highest number of a cell that was removed

    def copied(self) -> "State":
        records = {key: dict(groups) for key, groups in self.records.items()}
        maps = {"unshared": dict(self.unshared), "last": dict(self.last), "passed": dict(self.passed)}
        return replace(self, records=records, **maps)


class PlainServer:
    """A server for one account. `page` is how many cells a reply may have."""

    def __init__(self, *, now: Callable[[], float] = time.time, page: int = 2_000) -> None:
        self.now, self.page = now, page
        self.state = State()
        self.revoked: set[str] = set()
        self.handled = 0
        self._epochs = 1
        self._sums: dict[str, int] = defaultdict(int)

    # What a person can do to a server

    def kept(self) -> State:
        """A copy of everything, as a backup of the server would hold."""
        return self.state.copied()

    def put_back(self, state: State) -> None:
        self.state = state.copied()
        self._sums = self.digests()

    def wipe(self) -> None:
        self._epochs += 1
        self.put_back(State(epoch=f"epoch-{self._epochs}"))

    def close(self) -> None:
        """Nothing is open."""

    def revoke(self, device: str) -> None:
        self.revoked.add(device)

    def values(self) -> Iterator[tuple[str, str, str, Any]]:
        """Every value that it holds, with the table's name on the wire, the id and the group."""
        for (table, id), groups in self.state.records.items():
            for group, some in groups.items():
                for cell, _ in some:
                    yield table, id, group, cell.body.value if isinstance(cell.body, wire.Plain) else {}

    def collect(self, *, silent: frozenset[str] = frozenset()) -> int:
        """Remove deleted records that every device has passed, but for those that were silent for too long."""
        state = self.state
        floor = min((seq for name, seq in state.passed.items() if name not in silent | self.revoked), default=state.seq)
        gone = {
            key: newest
            for key, groups in state.records.items()
            if not cells.alive(heads(groups))
            and (newest := max(one.seq for some in groups.values() for one in some)) <= floor
        }
        for key in gone:
            del state.records[key]
        state.collected = max([state.collected, *gone.values()])
        return len(gone)

    def digests(self) -> dict[str, int]:
        """The digest of each table, made anew."""
        sums: dict[str, int] = defaultdict(int)
        for (table, id), groups in self.state.records.items():
            sums[table] += digest.of_record(table, id, heads(groups))
        return sums

    # A request

    def sync(self, device: str, body: bytes, token: str) -> bytes:
        """The reply to a request; raises what a device is told instead of one."""
        self.handled += 1
        if device in self.revoked:
            raise Revoked(f"{device} was revoked.")
        request = wire.read_request(body)
        position = self._position(device, token, request)
        state = self.state
        if request.records and "*" not in request.after:
            last = state.last.get(device)
            if position.forgotten or (last is not None and last != request.batch and last not in request.after):
                raise Forked
        before = state.seq
        for key in request.share:
            state.unshared.pop(key, None)
        self._purge(request.purge)
        rejected = [dict(one) for one in request.refused]
        synced, unheard = self._merge_all(request.records, rejected)
        if request.records:
            state.last[device] = request.batch
        return self._reply(device, request, position, before, synced, rejected, unheard=unheard)

    def _position(self, device: str, token: str, request: Request) -> Position:
        """Where the device stands."""
        reconcile, state = "lost" if request.reconcile else None, self.state
        beginning = Position(0, state.collected, reconcile)
        if not token:
            return beginning
        raw = json.loads(token)
        if raw["device"] != device:
            raise BadToken("The token is another device's.")
        if raw["epoch"] == state.epoch and raw["seq"] > state.seq:
            self._epochs += 1
            state.epoch = f"epoch-{self._epochs}"
            state.last.clear()
            state.passed.clear()
        if raw["epoch"] != state.epoch:
            return Position(0, state.collected, "lost", forgotten=True)
        if raw["floor"] < state.collected:
            return Position(0, state.collected, reconcile or "stale")
        return beginning if reconcile else Position(raw["seq"], raw["floor"], None)

    def _purge(self, keys: Sequence[Key]) -> None:
        for key in keys:
            groups = self.state.records.pop(key, {})
            self._sums[key[0]] -= digest.of_record(*key, heads(groups))
            self.state.seq += 1
            self.state.unshared[key] = self.state.seq

    def _merge_all(self, records: Sequence[Record], rejected: list[dict[str, Any]]) -> tuple[list[Key], bool]:
        """Merge what arrived; return what was taken, and whether something came back to life."""
        synced: list[Key] = []
        revived = False
        for record in records:
            key = record.table, record.id
            if reason := self._refuses(record):
                rejected.append({"table": record.table, "id": record.id, "reason": reason, "detail": reason})
                continue
            revived |= self._merge(key, record)
            synced.append(key)
        return synced, revived

    def _refuses(self, record: Record) -> str | None:
        ahead = int(self.now() * 1e6) + wire.MAX_AHEAD
        if (record.table, record.id) in self.state.unshared:
            return "unshared"
        return "clock" if any(one.dot.clock > ahead for some in record.groups.values() for one in some) else None

    def _merge(self, key: Key, record: Record) -> bool:
        state = self.state
        groups = state.records.setdefault(key, {})
        before = heads(groups)
        was, sum = cells.alive(before), digest.of_record(*key, before)
        changed = False
        for group, some in record.groups.items():
            for cell in some:
                have = groups.setdefault(group, [])
                if not cells.known([one.cell for one in have], cell.dot):
                    state.seq += not changed
                    changed = True
                    seqs = {one.cell.dot: one.seq for one in have}
                    now = cells.heads([*(one.cell for one in have), cell])
                    groups[group] = [Numbered(one, seqs.get(one.dot, state.seq)) for one in now]
        after = heads(groups)
        self._sums[key[0]] += digest.of_record(*key, after) - sum
        revived = bool(before) and not was and cells.alive(after)
        if revived:  # everybody receives it whole
            state.seq += 1
            for group, have in groups.items():
                groups[group] = [Numbered(one.cell, state.seq) for one in have]
        return revived

    def _reply(
        self,
        device: str,
        request: Request,
        position: Position,
        before: int,
        synced: Sequence[Key],
        rejected: Sequence[dict[str, Any]],
        *,
        unheard: bool,
    ) -> bytes:
        state = self.state
        page, whole = self._page(position.seq, before)
        told, floor = max((seq for seq, _, _ in page), default=position.seq), position.floor
        state.passed.setdefault(device, 0)
        if whole:  # its own cells needn't come back, if there is nothing else above
            told = floor = before if unheard else state.seq
            if not request.records:
                state.passed[device] = max(state.passed[device], position.seq)
        token = {"device": device, "epoch": state.epoch, "seq": told, "floor": floor}
        found: dict[Key, dict[str, list[Cell]]] = defaultdict(dict)
        for _, key, groups in page:
            found[key] = groups
        reply = Reply(
            timestamp=int(self.now() * 1000),
            synced=synced,
            conflicts=[],
            changes=[Record(*key, groups) for key, groups in found.items()],
            rejected=rejected,
            purged=[key for key, seq in state.unshared.items() if position.seq < seq <= before],
            token=json.dumps(token),
            more=not whole or unheard,
            digest=digest.write(self._sums),
            epoch=state.epoch,
            reconcile=position.reconcile,
        )
        return wire.write_reply(reply)

    def _page(self, after: int, upto: int) -> tuple[list[tuple[int, Key, dict[str, list[Cell]]]], bool]:
        """What was numbered after one number and up to another: whole numbers, as many as fit, and whether it's all."""
        found: dict[tuple[int, Key], dict[str, list[Cell]]] = defaultdict(dict)
        for key, groups in self.state.records.items():
            for group, some in groups.items():
                for cell, seq in some:
                    if after < seq <= upto:
                        found[seq, key].setdefault(group, []).append(cell)
        page: list[tuple[int, Key, dict[str, list[Cell]]]] = []
        for (seq, key), groups in sorted(found.items()):
            full = sum(len(some) for _, _, others in page for some in others.values()) >= self.page
            if full and page[-1][0] != seq:
                return _merged(page), False
            page.append((seq, key, groups))
        return _merged(page), True


def _merged(page: list[tuple[int, Key, dict[str, list[Cell]]]]) -> list[tuple[int, Key, dict[str, list[Cell]]]]:
    """A record once, with the newest of its numbers."""
    found: dict[Key, tuple[int, Key, dict[str, list[Cell]]]] = {}
    for seq, key, groups in page:
        merged = {**found[key][2]} if key in found else {}
        for group, some in groups.items():
            merged[group] = [*merged.get(group, ()), *some]
        found[key] = (seq, key, merged)
    return list(found.values())


class PlainRemote:
    """One device's way to a plain server."""

    def __init__(self, server: PlainServer, device: str) -> None:
        self.server, self.device = server, device

    def sync(self, body: bytes, token: str) -> bytes:
        return self.server.sync(self.device, body, token)


class Clear:
    """Seals nothing."""

    def seal(self, table: str, id: str, group: str, cell: Cell, value: Mapping[str, Any]) -> Cell:
        return cell._replace(body=wire.Plain(dict(value)))

    def open(self, table: str, id: str, group: str, cell: Cell) -> Mapping[str, Any]:
        value = cell.body.value if isinstance(cell.body, wire.Plain) else None
        return value if isinstance(value, dict) else {}
