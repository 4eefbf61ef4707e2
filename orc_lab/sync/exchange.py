"""One sync: send what was written here, merge what comes back, until both sides hold the same.

What a device remembers (`sync_state`): `token` and `epoch` of the server, `sent`, the last entry of the log that the
server has heard of, `batch`, the last push that was acknowledged, and `tried`, the pushes since that may have arrived.
Each page that arrives is applied in one transaction together with the new token and the acknowledgement.

It ends, whatever the server says: each request has to move something, what was refused isn't sent again, and copies,
clocks and comparisons are settled a few times at most. Where it stops before its end, it says so (`later`).
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from orc_lab.errors import OrcError
from orc_lab.model.ids import new_id
from orc_lab.store import comparing, losers, syncing
from orc_lab.store.database import Database, Transaction, durable, immediate
from orc_lab.store.sync_view import mark_synced
from orc_lab.store.syncing import Key
from orc_lab.sync import digest, fresh, reconcile, wire
from orc_lab.sync.apply import Applier
from orc_lab.sync.aside import Aside
from orc_lab.sync.beside import Beside
from orc_lab.sync.cells import Cell, Dot
from orc_lab.sync.compose import Outgoing
from orc_lab.sync.groups import TABLE_OF, WIRE
from orc_lab.sync.merge import Arrived
from orc_lab.sync.outbox import Asks, Outbox, Page, Sealer, key_of
from orc_lab.sync.replica import go_on_as, new_replica, rename
from orc_lab.sync.rows import Applied
from orc_lab.sync.trouble import Halted
from orc_lab.sync.wire import Record, Reply, Request

ACTOR = "sync"
COMPARE_AGAIN: Mapping[str, object] = {"differs": None, "difference": None}  # also what comparing didn't mend before
_SKEW = 5_000_000  # microseconds by which a clock may differ from the server's and still be called right
_RESTAMPS = 3  # times in a sync that what is refused for its clock is dated anew
_FORKS = 3  # and that the database goes on as another replica
_FORKS_KEPT = 5  # of which it is remembered when they were
_COMPARED = 3  # and that everything is compared
_COMPARE_EVERY = 3600.0  # seconds until it is once more, where that hasn't helped
_IDLE = 3  # requests after which nothing has moved
_ROUNDS = 10_000  # requests of one sync; a larger one goes on with the next


class Remote(Protocol):
    """The way to the server; raises Forked, or an OrcError that says why nothing came back."""

    def sync(self, body: bytes, token: str) -> bytes:
        """Return the reply to a request."""


class Forked(OrcError):
    """The server knows this device further on: the database was copied or restored."""

    def __init__(self) -> None:
        super().__init__("This database was copied or restored: it goes on as a device of its own.")


@dataclass(slots=True, kw_only=True)
class Synced:
    """What a sync did: records sent and changed here, new conflicts, what was refused on either side, its requests."""

    sent: int = 0
    received: int = 0
    conflicts: list[tuple[Key, str]] = field(default_factory=list)
    refused: list[tuple[Key, str]] = field(default_factory=list)
    requests: int = 0
    forked: bool = False
    same: bool = True  # both sides hold the same, as their digests say
    later: bool = False  # it stopped before its end: the next sync goes on


class Exchange:
    """A sync of one database with one server; not to be shared by threads."""

    def __init__(
        self,
        db: Database,
        remote: Remote,
        sealer: Sealer,
        *,
        beside: Beside | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._db, self._remote, self._sealer, self._beside, self._time = db, remote, sealer, beside or Beside(), now
        self._user = db.identity()[0]
        self._outbox = Outbox(db, sealer, self._beside, now)
        self._done = Synced()
        self._aside = Aside()
        self._on_its_way: tuple[Page, Request, Future[bytes]] | None = None
        self._restamped = self._forked = self._compared = 0

    def run(self) -> Synced:
        """Sync until nothing is left to send or to receive; raises OrcError, and then nothing is lost."""
        with self._aside.waited_for():
            return self._rounds()

    def _rounds(self) -> Synced:
        self._relearn()
        idle = 0
        before: tuple[object, ...] = ()
        for _ in range(_ROUNDS):
            if not self._round():
                return self._done
            now = self._standing()
            idle, before = (idle + 1 if now == before else 0), now
            if idle == _IDLE:
                break
        self._done.later = True
        return self._done

    def _standing(self) -> tuple[object, ...]:
        """Everything that a request moves."""
        names = ("token", "sent", "replica", "listing", "mismatch", "differs")
        with self._db.lock:
            conn, state = self._db.conn, syncing.state(self._db)
            seen = [state.get(name) for name in names], len(self._outbox.stuck)
            return seen, syncing.digests(conn), syncing.outstanding(conn)

    def _relearn(self) -> None:
        """After an upgrade, have what only the newer orc_lab knows named again."""
        knows = reconcile.knowledge()
        with self._db.lock:
            if syncing.recall(self._db.conn, "knows") == knows:
                return
            state = syncing.state(self._db)
            with immediate(self._db.conn):
                conn, now = self._db.conn, int(self._time())
                applier = Applier(
                    self._db, replica=state["replica"], user=self._user, after=state.get("sent", 0), now=now
                )
                missing = applier.relearn()
                applier.settled()
                syncing.remember(conn, {"knows": knows, **COMPARE_AGAIN, **({"mismatch": True} if missing else {})})

    def _round(self) -> bool:
        """One request; return whether there is more to do."""
        try:
            page, request, reply = self._coming() or self._asked()
        except Forked:
            self._fork()
            return True
        self._done.requests += 1
        self._done.refused += page.unsealed
        self._outbox.set_aside({key for key, _ in page.unsealed}, page.outgoing)
        if any(one.get("reason") == "clock" for one in reply.rejected):
            self._restamp(page.state, reply)
            return True
        if reply.more and len(reply.changes) >= fresh.MANY and not (page.state.get("listing") or reply.reconcile):
            self._ask_on(page, reply.token)
        return self._apply(page, request, reply)

    def _asked(self) -> tuple[Page, Request, Reply]:
        """Send the next page and return it with the reply; while a full one is on its way, the one after it is made."""
        page = self._outbox.page()
        request = self._request(page.state, page.records, page.asks)
        body, token = wire.write_request(request), page.state.get("token", "")
        if request.records or request.purge or request.share:
            self._about_to_send(page.state, request, len(body))
        if len(page.records) < fresh.MANY:
            return page, request, wire.read_reply(self._remote.sync(body, token))
        answer = self._aside.ask(lambda: self._remote.sync(body, token))
        self._outbox.go_on(page)
        return page, request, wire.read_reply(answer.result())

    def _ask_on(self, page: Page, token: str) -> None:
        """Ask for what comes after a reply while that is applied: nothing of it is taken before."""
        nothing = Page(page.state, Outgoing(records={}, upto=0), ((), ()), [], [])
        request = self._request(page.state, (), ((), ()))
        answer = self._aside.ask(lambda: self._remote.sync(wire.write_request(request), token))
        self._on_its_way = nothing, request, answer

    def _coming(self) -> tuple[Page, Request, Reply] | None:
        """What was asked for ahead, with the reply."""
        if self._on_its_way is None:
            return None
        (page, request, answer), self._on_its_way = self._on_its_way, None
        with self._db.lock:
            state = syncing.state(self._db)
        return page._replace(state=state), request, wire.read_reply(answer.result())

    # Sending

    def _request(self, state: dict[str, Any], records: Sequence[Record], asks: Asks) -> Request:
        after = [one for one in (state.get("batch"), *state.get("tried", [])) if one]
        return Request(
            timestamp=int(self._time() * 1000),
            batch=new_id(),
            after=after or (["*"] if state.get("forked") else []),  # a chain begins once, or after a fork
            records=records,
            purge=[(WIRE.get(table, table), id) for table, id in asks[0]],
            share=[(WIRE.get(table, table), id) for table, id in asks[1]],
            reconcile=state.get("mismatch") is True,
        )

    def _about_to_send(self, state: Mapping[str, Any], request: Request, size: int) -> None:
        """Know durably what may arrive, before it is sent."""
        tried: list[str] = [*state.get("tried", []), request.batch]
        with self._db.lock, durable(self._db.conn):
            self._beside.sending(self._db.conn, request, size)
            syncing.remember(self._db.conn, {"tried": [*tried[:1], *tried[1:][-40:]]})

    # Receiving

    def _apply(self, page: Page, request: Request, reply: Reply) -> bool:
        state, outgoing = page.state, page.outgoing
        named = ((str(one.get("table")), one) for one in reply.rejected)
        refused = {(TABLE_OF.get(table, table), str(one.get("id"))): one for table, one in named}
        went = {key_of(one) for one in request.records} - refused.keys()
        opened = self._open(reply.changes)
        sent = max(state.get("sent", 0), outgoing.upto)
        listing = state.get("listing") or reply.reconcile
        it_forgot = reply.reconcile == reconcile.LOST and self._done.forked  # the server, and this is no copy
        if it_forgot:
            self._done.forked = False
        with self._writing(bool(opened or went or listing) or (not reply.more and self._unfinished())) as (tx, now):
            conn = self._db.conn
            applier = Applier(
                self._db, replica=state["replica"], user=self._user, after=sent, now=now, beside=self._beside, tx=tx
            )
            if reply.reconcile and not state.get("listing"):
                reconcile.begin(conn)
            unshared = self._beside.heard(conn, request, reply, opened.keys())
            applier.acknowledge({key: outgoing.records[key] for key in went})
            applier.forget(unshared)
            syncing.untouch(conn, outgoing.touched)
            losers.sent(conn, [one for one in outgoing.rivals if (one.table, one.id) in went])
            comparing.pay(conn, outgoing.owed)
            applier.receive(opened)
            if listing:
                reconcile.note(conn, opened)
                if not reply.more:
                    gone, anew, reworded = reconcile.end(conn, listing, after=sent)
                    applier.reword(reworded)
                    applier.lose(gone)
                    applier.forget([*gone, *anew])
                    applier.renew(anew)
            done = applier.settled() if reply.more else applier.finish()
            self._remember(request, reply, sent=sent, listing=listing if reply.more else None, now=now)
            if it_forgot:
                syncing.remember(conn, {"forks": (syncing.recall(conn, "forks") or [])[:-1]})
            for (table, id), one in refused.items():
                syncing.reject(conn, table, id, str(one.get("reason")), str(one.get("detail", "")), at=now)
            for (table, id), why in page.unsealed:
                syncing.reject(conn, table, id, "unsealed", why, at=now)
            syncing.accept(conn, went)
            mark_synced(conn, went | opened.keys(), at=now)
        self._count(went, refused, done)
        self._outbox.set_aside(refused, outgoing)
        return self._more(outgoing, reply)

    def _unfinished(self) -> bool:
        """Whether anything is left to do here at the end of a sync, even where nothing has arrived."""
        with self._db.lock:
            return syncing.unfinished(self._db.conn)

    @contextmanager
    def _writing(self, rows: bool) -> Iterator[tuple[Transaction | None, int]]:
        """Hold the write lock, where rows may change in an edit of the log; give that, and the time in seconds."""
        if rows:
            with self._db.transaction("sync", actor=ACTOR, origin="remote") as tx:
                yield tx, tx.now
        else:
            with self._db.lock, immediate(self._db.conn):
                yield None, int(self._time())

    def _count(self, went: set[Key], refused: Mapping[Key, Mapping[str, Any]], done: Applied) -> None:
        self._done.sent += len(went)
        self._done.received += done.changed
        self._done.conflicts += done.conflicts
        self._done.refused += [*done.refused, *((key, str(one.get("detail"))) for key, one in refused.items())]

    def _remember(self, request: Request, reply: Reply, *, sent: int, listing: str | None, now: int) -> None:
        values: dict[str, object] = {
            "token": reply.token, "epoch": reply.epoch, "sent": sent, "last_sync": now, "last_error": None,
            "listing": listing, "mismatch": None,
        }  # fmt: skip
        if request.records:
            values |= {"batch": request.batch, "tried": None, "forked": None}
        if syncing.recall(self._db.conn, "epoch") not in (None, reply.epoch):
            values["checked"] = None  # a server that was wiped or emptied may lack the account's keys as well
        if reply.keys is not None and (told := list(reply.keys)) != (known := syncing.recall(self._db.conn, "keys")):
            values |= {"keys": told, **({"checked": None} if known else {})}  # renewed, or a device was revoked
        syncing.remember(self._db.conn, values)
        skew = reply.timestamp * 1000 - int(self._time() * 1e6)
        syncing.set_skew(self._db.conn, skew if abs(skew) > _SKEW else 0)

    def _more(self, outgoing: Outgoing, reply: Reply) -> bool:
        if reply.more or outgoing.upto < 0:
            return True
        with self._db.lock:
            conn, state = self._db.conn, syncing.state(self._db)
            if (
                syncing.anything_since(conn, state["sent"])
                or syncing.touched(conn, limit=1)
                or comparing.owed(conn, limit=1)
                or self._beside.more(conn)
                or any(key not in self._outbox.stuck and key not in self._outbox.left for key in losers.unsent(conn))
            ):
                return True
        return self._compare(state, reply)

    def _compare(self, state: Mapping[str, Any], reply: Reply) -> bool:
        """Whether both sides hold the same; where not, everything is compared, once for each state of the server.

        Where that hasn't helped, for something can't be opened or may not leave, the sums differ by as much as before:
        then it isn't done with every edit, but only once more after a while.
        """
        with self._db.lock:
            own = digest.write(
                {WIRE.get(table, table): value for table, value in syncing.digests(self._db.conn).items()}
            )
        theirs = {table: value for table, value in reply.digest.items() if int(value, 16)}
        self._done.same = own == theirs
        fingerprint, difference = [sorted(own.items()), sorted(theirs.items())], digest.difference(own, theirs)
        now, known = self._time(), state.get("difference") or {"by": None, "at": 0.0}
        of_late = known["by"] == difference and abs(now - known["at"]) < _COMPARE_EVERY
        if self._done.same or of_late or state.get("differs") == fingerprint or self._compared == _COMPARED:
            return False
        self._compared += 1
        values = {"differs": fingerprint, "difference": {"by": difference, "at": now}, "mismatch": True}
        with self._db.lock, immediate(self._db.conn):
            syncing.remember(self._db.conn, values)
        return True

    def _open(self, changes: Iterable[Record]) -> dict[Key, dict[str, list[Arrived]]]:
        found: dict[Key, dict[str, list[Arrived]]] = {}
        for record in changes:
            table, groups = TABLE_OF.get(record.table, record.table), {}
            try:
                for group, some in record.groups.items():
                    groups[group] = [self._opened(record, group, cell) for cell in some]
            except Halted:
                raise
            except OrcError as error:
                self._done.refused.append(((table, record.id), str(error)))
                continue
            merged = found.setdefault((table, record.id), {})
            for group, opened in groups.items():
                merged.setdefault(group, []).extend(opened)
        return found

    def _opened(self, record: Record, group: str, cell: Cell) -> Arrived:
        value = self._sealer.open(record.table, record.id, group, cell)
        return Arrived(Cell(*cell[:-1]), value)

    # Clocks and copies

    def _fork(self) -> None:
        """Go on as another replica: what isn't acknowledged was written by a copy."""
        self._forked += 1
        if self._forked > _FORKS:
            raise Halted("The server takes each new beginning of this database for a copy. Later syncs try again.")
        with self._db.lock, immediate(self._db.conn):
            conn, old = self._db.conn, syncing.state(self._db)["replica"]
            forks = [*(syncing.recall(conn, "forks") or []), int(self._time())][-_FORKS_KEPT:]
            syncing.remember(conn, {"batch": None, "tried": None, "forked": True, "forks": forks})
            go_on_as(conn, new_replica(), before=old)
            syncing.new_device(conn, new_id())
        self._done.forked = True

    def _restamp(self, state: Mapping[str, Any], reply: Reply) -> None:
        """Date what isn't acknowledged by the server's time, in order: this device's clock was ahead."""
        now, replica = reply.timestamp * 1000, state["replica"]
        self._restamped += 1
        if self._restamped > _RESTAMPS:
            raise Halted("The server's clock goes back and forth, so it refuses what is new. Later syncs try again.")
        with self._db.lock, immediate(self._db.conn):
            conn = self._db.conn
            syncing.set_skew(conn, now - int(self._time() * 1e6))
            clocks, top = syncing.restamp(conn, now=now, beyond=now + wire.MAX_AHEAD)
            rename(conn, replica, lambda dot: Dot(clocks.get(dot.clock, min(dot.clock, top)), replica))
