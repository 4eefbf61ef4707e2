"""One request of a device: what it sends is merged and numbered, and it is answered with what it hasn't seen.

A request that brings nothing only reads, but for a note now and then that the device was here. Whatever is written is
written in one transaction that has the account to itself, and the reply is made of what that transaction saw.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from orc_lab.errors import OrcError
from orc_lab.server import tokens
from orc_lab.server.log_store.contract import Account, Device, Key, LogStore, Transaction
from orc_lab.server.merge import Held, State, conflicts, merge
from orc_lab.server.packing import write_plain
from orc_lab.server.page import Page, limited
from orc_lab.server.tokens import BadToken, Position
from orc_lab.sync import digest
from orc_lab.sync.cells import LIFE, Seen, union
from orc_lab.sync.wire import MAX_AHEAD, Conflict, Plain, Record, Refused, Reply, Request, Sealed

MAX_TABLES = 256  # of an account
SEEN_EVERY = 600  # seconds after which it is noted again that a device was here
SILENT = 400 * 86_400  # seconds after which deletions no longer wait for a device
QUOTA = 4 << 30  # bytes that an account may take
_COLLECTED = 2_000  # deleted records that are removed at once


class Refusal(OrcError):
    """A request that is refused as a whole."""


class Forked(Refusal):
    """The device's last push is none that it names: its database was copied or restored."""

    def __init__(self) -> None:
        super().__init__("The server knows a later push of this device: its database was copied or restored.")


class NoDevice(Refusal):
    """The key is nobody's, or was revoked."""

    def __init__(self) -> None:
        super().__init__("The key is unknown here or was revoked. Ask who runs the server for a new one.")


class Answered(NamedTuple):
    """A reply, and the numbers that the metrics count."""

    reply: Reply
    pushed: int
    pulled: int


@dataclass(slots=True, kw_only=True)
class _Done:
    """What a request has changed so far."""

    before: int  # the account's last number before it
    synced: dict[Key, None] = field(default_factory=dict)
    rejected: list[Mapping[str, Any]] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    unseen: dict[Key, Record] = field(default_factory=dict)  # of what it changed, what its device hasn't heard of


def answer(
    store: LogStore, key_hash: bytes, token: str, request: Request, *, now: Callable[[], float], quota: int = QUOTA
) -> Answered:
    """Return the reply to a request of the device that has a key.

    Raises NoDevice, Forked, BadToken; StoreFailed, and then nothing of the request was kept.
    """
    brings = bool(request.records or request.purge or request.share)
    if not brings:
        with store.reading() as tx:
            device = admitted(tx, key_hash)
            account = tx.account(device.account)
            found = _Exchange(tx, account, device, request, secret=store.secret, now=now(), quota=quota)
            found.begin(token)
            if not found.has_to_write():
                return found.reply()
    with store.writing() as tx:
        account = tx.account(admitted(tx, key_hash).account)
        device = admitted(tx, key_hash)  # once more, now that nobody else can change it
        found = _Exchange(tx, account, device, request, secret=store.secret, now=now(), quota=quota)
        found.begin(token)
        found.write()
        return found.reply()


def admitted(tx: Transaction, key_hash: bytes) -> Device:
    """Return the device that has a key. Raises NoDevice."""
    device = tx.device_of(key_hash)
    if device is None or device.revoked is not None:
        raise NoDevice
    return device


class _Exchange:
    """One request within one transaction."""

    def __init__(
        self,
        tx: Transaction,
        account: Account,
        device: Device,
        request: Request,
        *,
        secret: bytes,
        now: float,
        quota: int,
    ) -> None:
        self._tx, self._account, self._device, self._request = tx, account, device, request
        self._secret, self._now, self._quota = secret, now, quota
        self._done = _Done(before=account.seq)
        self._regressed = False
        self._reconcile: str | None = "lost" if request.reconcile else None
        self._position = Position(account.id, device.id, account.epoch, 0, 0, account.gc_seq)

    def begin(self, token: str) -> None:
        """Go on where the device stands, or from the beginning where its token can't tell. Raises BadToken."""
        if not token:
            return
        given, account = tokens.read(token, self._secret), self._account
        if (given.account, given.device) != (account.id, self._device.id):
            raise BadToken
        self._regressed = given.epoch == account.epoch and max(given.told, given.at) > account.seq
        if self._regressed or given.epoch != account.epoch:
            self._reconcile = "lost"
        elif given.floor < account.gc_seq:
            self._reconcile = self._reconcile or "stale"
        if not self._reconcile:
            self._position = given

    # Writing

    def has_to_write(self) -> bool:
        """Return whether a request that brings nothing has to be noted."""
        return self._regressed or self._device.seen is None or self._now - self._device.seen >= SEEN_EVERY

    def write(self) -> None:
        """Merge what the device sends, and note that it was here. Raises Forked."""
        request, device, account = self._request, self._device, self._account
        if self._regressed:
            self._new_epoch()
        elif request.records and not self._goes_on():
            raise Forked
        self._share()
        self._purge()
        self._merge()
        device.seen = int(self._now)
        if request.records:
            device.batch = request.batch
        elif self._position.whole:  # and nothing is left to send: no deletion can be news to it, or it to a deletion
            device.passed = max(device.passed, self._position.told)
        self._tx.save_device(device)
        if not request.records:
            self._collect()
        self._tx.save(account)

    def _goes_on(self) -> bool:
        last, after = self._device.batch, self._request.after
        return last is None or last == self._request.batch or last in after or "*" in after

    def _new_epoch(self) -> None:
        """The store was restored to an older state: every device has to compare everything with it."""
        self._account.epoch = new_epoch()
        self._tx.forget_chains(self._account.id)
        self._device.batch, self._device.passed = None, 0
        self._position = self._position._replace(epoch=self._account.epoch)

    def _next(self) -> int:
        self._account.seq += 1
        return self._account.seq

    def _share(self) -> None:
        if keys := list(dict.fromkeys(self._request.share)):
            there = self._tx.records(self._account.id, keys)
            marked = {key: one for key, one in there.items() if one.held.state == State.UNSHARED}
            self._tx.drop(self._account.id, marked)
            self._account.bytes -= sum(one.size for one in marked.values())

    def _purge(self) -> None:
        if not (keys := list(dict.fromkeys(self._request.purge))):
            return
        there = self._tx.records(self._account.id, keys)
        for one in there.values():
            self._uncount(one.held)
            self._account.bytes -= one.size
        marks = [Held(table, id, self._next(), State.UNSHARED, {}) for table, id in keys]
        self._account.bytes += self._tx.keep(self._account.id, marks)

    def _merge(self) -> None:
        if not (records := self._request.records):
            return
        there = self._tx.records(self._account.id, {(one.table, one.id) for one in records})
        now = {key: one.held for key, one in there.items()}
        changed: dict[Key, Held] = {}
        revived: set[Key] = set()
        for record in records:
            key = record.table, record.id
            old = now.get(key)
            try:
                self._check(record, old)
                merged = merge(old, record, self._account.seq + 1)
            except Refused as error:
                self._done.rejected.append(
                    {"table": record.table, "id": record.id, "reason": error.reason, "detail": str(error)}
                )
                continue
            self._done.synced[key] = None
            if merged.changed:
                self._next()
                self._count(old, merged.held)
                now[key] = changed[key] = merged.held
                revived |= {key} if merged.revived else set()
            if old is not None:
                self._done.conflicts += conflicts(merged.held, record.groups)
        self._account.bytes -= sum(one.size for key, one in there.items() if key in changed)
        self._account.bytes += self._tx.keep(self._account.id, changed.values())
        self._tx.wrote(self._device, _clocks(changed.values(), after=self._done.before))
        for key, held in changed.items():
            self._unseen(key, there[key].held if key in there else None, held, revived=key in revived)

    def _check(self, record: Record, old: Held | None) -> None:
        """Raise Refused for a record that can't be merged here."""
        if old is not None and old.state == State.UNSHARED:
            raise Refused("it was purged here, and is kept on its devices only", "unshared")
        if self._account.bytes >= self._quota and not any(cell.deletes for cell in record.groups.get(LIFE, ())):
            raise Refused("the account has no more room at this server", "full")
        if old is None and record.table not in self._account.digest and len(self._account.digest) >= MAX_TABLES:
            raise Refused(f"the account would have more than {MAX_TABLES} tables", "too large")
        latest = int(self._now * 1e6) + MAX_AHEAD
        for some in record.groups.values():
            for cell in some:
                if cell.dot.clock > latest:
                    raise Refused("its clock is ahead of the server's", "clock")
                if self._account.bundle and not isinstance(cell.body, Sealed):
                    raise Refused("the account is encrypted, and a value isn't sealed", "plaintext")
                if isinstance(cell.body, Plain):
                    write_plain(cell.body.value)

    def _count(self, old: Held | None, new: Held) -> None:
        if old is not None:
            self._uncount(old)
        self._account.records += 1
        self._add(new.table, digest.of_record(new.table, new.id, new.heads()))

    def _uncount(self, old: Held) -> None:
        if old.state == State.UNSHARED:
            return
        self._account.records -= 1
        self._add(old.table, -digest.of_record(old.table, old.id, old.heads()))

    def _add(self, table: str, share: int) -> None:
        sums = self._account.digest
        if value := (sums.get(table, 0) + share) % digest.MODULUS:
            sums[table] = value
        else:
            sums.pop(table, None)

    def _unseen(self, key: Key, old: Held | None, new: Held, *, revived: bool) -> None:
        """Note what others had written to a record before this request, which its device hasn't heard of."""
        if revived:
            self._done.unseen[key] = Record(*key, new.heads())
        elif old is not None and (before := old.since(self._position.told)) and (still := _standing(before, new)):
            self._done.unseen[key] = still

    def _collect(self) -> None:
        """Remove deleted records that every device has heard of."""
        account = self._account
        upto = self._tx.passed_by_all(account.id, since=int(self._now) - SILENT)
        if upto is not None and upto > 0:
            for seq, size in self._tx.collect(account.id, upto, limit=_COLLECTED):
                account.gc_seq = max(account.gc_seq, seq)
                account.bytes -= size
                account.records -= 1

    # Answering

    def reply(self) -> Answered:
        """Return what to answer; within the same transaction."""
        account, done, request = self._account, self._done, self._request
        page = Page()
        last = self._fill(page)
        position = self._moved(last)
        rejected = [_told(one) for one in request.refused] + done.rejected
        reply = Reply(
            timestamp=int(self._now * 1000),
            synced=list(done.synced),
            conflicts=limited(done.conflicts),
            changes=page.records,
            rejected=rejected,
            purged=page.purged,
            token=tokens.write(position, self._secret),
            more=last is not None,
            digest=digest.write(account.digest),
            epoch=account.epoch,
            reconcile=self._reconcile,
            keys=(account.bundle, self._tx.revoked(account.id)) if account.bundle else None,
        )
        return Answered(reply, len(done.synced), len(page.records))

    def _fill(self, page: Page) -> int | None:
        """Fill a page; return the number of the last record on it where not all fitted, else None."""
        last = self._position.at
        for seq, record, purged in self._outgoing():
            if not page.add(record, purged):
                return last
            last = seq
        return None

    def _outgoing(self) -> Iterator[tuple[int, Record | None, Key | None]]:
        """What the device hasn't seen, in the order of numbers; what it sent itself stands at the end."""
        told, done = self._position.told, self._done
        for held in self._tx.after(self._account.id, self._position.at, upto=done.before):
            if held.state == State.UNSHARED:
                yield held.seq, None, (held.table, held.id)
            else:
                yield held.seq, held.since(told), None
        if done.unseen:
            there = self._tx.records(self._account.id, done.unseen)
            for one in sorted(there.values(), key=lambda one: one.held.seq):
                if one.held.seq > self._position.at:
                    yield one.held.seq, done.unseen[one.held.table, one.held.id], None

    def _moved(self, last: int | None) -> Position:
        position = self._position
        if last is not None:
            return position._replace(at=last)
        seq = self._account.seq
        return position._replace(told=seq, at=seq, floor=seq)


def _standing(before: Record, now: Held) -> Record | None:
    """Those cells of a record that are among its heads still."""
    groups = {}
    for group, some in before.groups.items():
        dots = {one.cell.dot for one in now.groups.get(group, ())}
        if found := [cell for cell in some if cell.dot in dots]:
            groups[group] = found
    return Record(before.table, before.id, groups) if groups else None


def _clocks(records: Iterable[Held], *, after: int) -> Seen:
    """The newest clock of each replica in what was written after a number."""
    return union(
        {one.cell.dot.replica: one.cell.dot.clock}
        for held in records
        for some in held.groups.values()
        for one in some
        if one.seq > after
    )


def _told(refused: Mapping[str, Any]) -> Mapping[str, Any]:
    """An entry that couldn't be read, as a reply can name it: what its names hold may be no text at all."""
    return {name: str(value).encode("utf-8", "replace").decode() for name, value in refused.items()}


def new_epoch() -> str:
    """Return the name of a new epoch: 16 hex digits."""
    return os.urandom(8).hex()
