"""A history of several devices and a server, and the account of what was written in it and who had seen what.

The law is checked at its end, when all have synced: the devices hold the same, and every value that a person wrote is
live, or kept in a conflict, or was overwritten or deleted by somebody who held it.
"""

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from orc_lab.backup import restore
from orc_lab.errors import OrcError
from orc_lab.sync import fresh
from orc_lab.sync.exchange import Synced
from orc_lab.sync.groups import QUIET, WIRE
from orc_lab.sync.pending import whole
from orc_lab.sync.restored import carry
from orc_lab.workbench.bench import Workbench
from tests.store import laws
from tests.sync.acts import BY_HAND, BY_ITSELF, Act, Doing
from tests.sync.clockwork import Clockwork
from tests.sync.faulty import Faulty
from tests.sync.plain_server import PlainRemote, PlainServer
from tests.sync.replicas import Replica, Value, text_of

ONLY_PLAIN = {"wipe"}  # after it a real server has other keys
YEAR = 366 * 86_400
ERRORS = (0, 0, 0, 3_600, -3_600, 120, YEAR, -YEAR, 10 * YEAR, -10 * YEAR)
MEMORY = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
HIDDEN = (  # what `hide` has stay on a device
    ("notes", "labels", "schedule", "goal"),
    ("status", "priority", "estimate", "project", "reflection", "why"),
)
UNIQUE = "new-"  # what only values have that nobody has written before
_ROUNDS = 25  # of syncing in which everything has to come to rest


class Step(NamedTuple):
    """What happens next: a kind of event, the device it happens on, and a number that decides the rest."""

    kind: str
    who: int
    pick: int


# How often each kind happens, of the sum of all.
KINDS = {
    "edit": 50, "auto": 6, "sync": 24, "faulty": 14, "busy": 4, "crash": 5, "power": 2, "backup": 2, "put back": 2,
    "restore": 2, "clone": 1, "wipe": 1, "server backup": 1, "server back": 1, "collect": 2, "silent": 1, "revoke": 1,
    "clock": 2, "hide": 1,
}  # fmt: skip


def history(seed: int, *, steps: int = 60) -> list[Step]:
    """A history drawn from a seed; every tenth without what is catastrophic, so that long peaceful ones occur too."""
    draw = Random(seed)
    kinds = dict(KINDS)
    if seed % 10 == 0:
        kinds = {kind: kinds[kind] for kind in ("edit", "auto", "sync", "faulty", "busy")}
    drawn = draw.choices(list(kinds), list(kinds.values()), k=steps)
    return [Step(kind, draw.randrange(5), draw.randrange(1 << 16)) for kind in drawn]


class World:
    """Devices that begin as copies of one database, and their server."""

    def __init__(
        self,
        folder: Path,
        template: Path,
        clock: Clockwork,
        *,
        devices: int = 3,
        page: int = 7,
        server: type[PlainServer] = PlainServer,
    ) -> None:
        self.folder, self.clock = folder, clock
        self.server = server(now=lambda: clock.true, page=page)
        self.replicas: list[Replica] = []
        self.written: set[Value] = set()
        self.overwritten: set[Value] = set()
        self._again: set[Value] = set()  # what was written more than once, as an undo does
        self.perished: set[Value] = set()  # with a file or a server that nobody else had a copy of
        self._backups: dict[str, Path] = {}
        self._server_kept: Any = None
        self._new = count(1)
        for number in range(devices):
            path = folder / f"{number}.db"
            shutil.copyfile(template, path)
            replica = Replica("abcde"[number], path, clock, key="abcde"[number])
            replica.begin()
            self.replicas.append(replica)

    def close(self) -> None:
        for replica in self.replicas:
            replica.close()
        self.server.close()

    # What happens

    def do(self, step: Step) -> None:
        """Let a step happen on one of the devices that there are."""
        self.clock.true += 1 + step.pick % 500
        replica = self.replicas[step.who % len(self.replicas)]
        act = getattr(self, f"_{step.kind.replace(' ', '_')}")
        act(replica, step.pick)

    def _edit(self, replica: Replica, pick: int) -> None:
        self.edit(replica, BY_HAND[pick % len(BY_HAND)], pick // len(BY_HAND))

    def _auto(self, replica: Replica, pick: int) -> None:
        self.edit(replica, BY_ITSELF[pick % len(BY_ITSELF)], pick // len(BY_ITSELF), by_hand=False)

    def _sync(self, replica: Replica, pick: int) -> None:
        with suppress(OrcError):
            replica.sync(PlainRemote(self.server, replica.key))

    def _faulty(self, replica: Replica, pick: int) -> None:
        with suppress(OrcError):
            replica.sync(Faulty(PlainRemote(self.server, replica.key), Random(pick)))

    def _busy(self, replica: Replica, pick: int) -> None:
        """Sync while somebody edits and others sync."""
        draw = Random(pick)

        def meanwhile() -> None:
            other = draw.choice(self.replicas)
            if draw.random() < 0.3:
                self._edit(replica, draw.randrange(1 << 16))
            elif other is not replica and draw.random() < 0.3:
                self._edit(other, draw.randrange(1 << 16))
                self._sync(other, 0)

        with suppress(OrcError):
            replica.sync(Faulty(PlainRemote(self.server, replica.key), draw, fails=0.2, meanwhile=meanwhile))

    def _crash(self, replica: Replica, pick: int) -> None:
        with replica.crashing(1 + pick % 150), suppress(OrcError):
            replica.sync(PlainRemote(self.server, replica.key))

    def _power(self, replica: Replica, pick: int) -> None:
        """Sync, then lose power: what was committed since the last push went out is lost with it."""
        copy = _Copying(replica, PlainRemote(self.server, replica.key), self.folder / "power.db")
        with suppress(OrcError):
            replica.sync(copy)
        if copy.made:
            replica.put_back(copy.made)

    def _backup(self, replica: Replica, pick: int) -> None:
        self._backups[replica.name] = replica.copy(self.folder / f"{replica.name}.backup")

    def _put_back(self, replica: Replica, pick: int) -> None:
        if backup := self._backups.get(replica.name):
            with self._losing():
                replica.put_back(backup)

    def _restore(self, replica: Replica, pick: int) -> None:
        """What `orc restore` does: an edit of everything that differs."""
        if backup := self._backups.get(replica.name):
            self.edit(replica, lambda do: restore.restore(restore.plan(str(replica.path), str(backup)), carry=carry))

    def _clone(self, replica: Replica, pick: int) -> None:
        if len(self.replicas) < 5:
            name = f"{replica.name}{len(self.replicas)}"
            path = replica.copy(self.folder / f"{name}.db")
            self.replicas.append(Replica(name, path, self.clock, key=replica.key, error=replica.error))

    def _wipe(self, replica: Replica, pick: int) -> None:
        with self._losing():
            self.server.wipe()

    def _server_backup(self, replica: Replica, pick: int) -> None:
        self._server_kept = self.server.kept()

    def _server_back(self, replica: Replica, pick: int) -> None:
        if self._server_kept is not None:
            with self._losing():
                self.server.put_back(self._server_kept)

    def _collect(self, replica: Replica, pick: int) -> None:
        self.server.collect()

    def _silent(self, replica: Replica, pick: int) -> None:
        """A device was away for longer than deletions are kept for it."""
        self.server.collect(silent=frozenset({replica.key}))

    def _revoke(self, replica: Replica, pick: int) -> None:
        left = {one.key for one in self.replicas} - self.server.revoked - {replica.key}
        if len(left) >= 2:
            self.server.revoke(replica.key)

    def _clock(self, replica: Replica, pick: int) -> None:
        replica.error = ERRORS[pick % len(ERRORS)]

    def _hide(self, replica: Replica, pick: int) -> None:
        """A field stays on the device, or doesn't any longer."""
        replica.hide(*(() if replica.hides else HIDDEN[pick % 2]))

    def sync(self, *replicas: Replica) -> list[Synced]:
        """Let some devices sync, one after the other."""
        self.clock.true += 10
        return [replica.sync(PlainRemote(self.server, replica.key)) for replica in replicas]

    def edit(self, replica: Replica, act: Act, pick: int = 0, *, by_hand: bool = True) -> None:
        """Let somebody edit, and take account of what they wrote over what: in one go, whatever syncs meanwhile."""
        with replica.wb.db.lock:
            self._edited(replica, act, pick, by_hand=by_hand)

    def _edited(self, replica: Replica, act: Act, pick: int, *, by_hand: bool) -> None:
        before, waiting = replica.rows(), replica.waiting()
        lost = {open: replica.conflicts(open=open) for open in (True, False)}
        with self.clock.on(replica.error), suppress(OrcError, sqlite3.IntegrityError):
            act(Doing(replica.wb, pick, f"{UNIQUE}{next(self._new)}"))
        after = replica.rows()
        for key in before.keys() | after.keys():
            old, new = before.get(key, {}), after.get(key, {})
            gone = key in before and key not in after
            changed = {group for group in old.keys() | new.keys() if old.get(group) != new.get(group)}
            self.overwritten |= {Value(*key, group, old[group]) for group in changed & old.keys()}
            for value in (*(value for value, _ in lost[False]), *waiting, *(v for v, _ in lost[True] if gone)):
                if (value.table, value.id) == key and (gone or value.group in changed):
                    self.overwritten.add(value)
            if not gone:
                told = changed if key in before else whole(key[0], _fields(new))
                values = {Value(*key, group, new[group]) for group in told if group not in QUIET}
                self.overwritten -= values
                self.perished -= values
                self._again |= values & self.written
                self.written |= values if by_hand else set()

    # The account

    def everywhere(self) -> set[Value]:
        """Every value that somebody holds, the server among them."""
        found = {value for replica in self.replicas for value in replica.everything()}
        tables = {name: table for table, name in WIRE.items()}
        return found | {Value(tables[table], id, group, text_of(v)) for table, id, group, v in self.server.values()}

    @contextmanager
    def _losing(self) -> Iterator[None]:
        """Excuse what only the lost copy held; of values that may have been written twice nobody can tell."""
        before = self.everywhere()
        yield
        self.perished |= before - self.everywhere()
        self.perished |= {value for value in self.written if UNIQUE not in value.text} | self._again

    # The end

    def rest(self) -> list[Replica]:
        """Sync until nobody has anything to tell; return the devices that still may."""
        left = [one for one in self.replicas if one.key not in self.server.revoked]
        with self._losing():  # what a revoked device has kept for itself
            for one in self.replicas:
                if one not in left:
                    one.close()
            self.replicas = left
        for one in left:
            one.hide()
        for number in range(_ROUNDS):
            self.clock.true += 10 if number < _ROUNDS // 2 else 3_700  # what compares only once an hour
            done = [one.sync(PlainRemote(self.server, one.key)) for one in left]
            if all(one.same and not (one.sent or one.received or one.forked) for one in done):
                return left
        raise AssertionError(f"no rest: {done}")

    def check(self) -> None:
        """Let all sync, and assert the law."""
        first, *others = self.rest()
        rows, undecided = first.rows(), first.conflicts(open=True)
        for other in others:
            assert_same(rows, other.rows(), f"{first.name} and {other.name} hold the same")
            assert_same(_as_map(undecided), _as_map(other.conflicts(open=True)), f"conflicts {first.name} {other.name}")
        kept = {value for value, _ in undecided} | first.waiting()
        live = {Value(*key, group, text) for key, groups in rows.items() for group, text in groups.items()}
        lost = self.written - self.overwritten - self.perished - live - kept
        assert not lost, f"lost: {sorted(lost)}"
        sums = {name: value % (1 << 64) for name, value in self.server.digests().items() if value % (1 << 64)}
        for replica in (first, *others):
            laws.hold(replica.wb.db)
            assert replica.wb.db.rows("PRAGMA foreign_key_check") == []
            assert {WIRE[table]: value for table, value in replica.digests().items()} == sums, replica.name
            heads = {(v.table, v.id, v.group, dot) for v, dot in replica.conflicts(open=True)}
            assert heads <= replica.undecided(), heads - replica.undecided()


class _Copying:
    """Copies a device's file whenever something of it has gone out for good."""

    def __init__(self, replica: Replica, remote: PlainRemote, to: Path) -> None:
        self._replica, self._remote, self._to = replica, remote, to
        self.made: Path | None = None

    def sync(self, body: bytes, token: str) -> bytes:
        self.made = self._replica.copy(self._to)
        return self._remote.sync(body, token)


def _fields(groups: dict[str, str]) -> dict[str, Any]:
    return {group: json.loads(text) for group, text in groups.items()}


def _as_map(found: set[tuple[Value, str]]) -> dict[Any, Any]:
    return {(*value[:3], dot): value.text for value, dot in found}


def assert_same(one: dict[Any, Any], other: dict[Any, Any], what: str) -> None:
    differ = {
        key: (one.get(key), other.get(key)) for key in one.keys() | other.keys() if one.get(key) != other.get(key)
    }
    assert not differ, f"{what}: {differ}"


_template: Path | None = None


def template() -> Path:
    """A new database, closed, that all devices of a history begin as."""
    global _template
    if _template is None:
        _template = Path(tempfile.mkdtemp(prefix="orc-law-")) / "new.db"
        with Clockwork(seed=-1).wound_up():
            Workbench.init(_template, zone="Europe/Berlin").close()
    return _template


@contextmanager
def world(
    *, seed: int = 0, devices: int = 3, page: int = 7, server: type[PlainServer] = PlainServer
) -> Iterator[World]:
    """A new world, in memory where the system has a folder for that. In two of five every few records count as many."""
    begun = template()
    with (
        tempfile.TemporaryDirectory(prefix="orc-law-", dir=MEMORY) as folder,
        Clockwork(seed).wound_up() as clock,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(fresh, "MANY", 1 if seed % 5 in (1, 2) else 100)
        made = World(Path(folder), begun, clock, devices=devices, page=page, server=server)
        try:
            yield made
        finally:
            made.close()


def play(steps: Sequence[Step], *, seed: int = 0, server: type[PlainServer] = PlainServer) -> None:
    """Live through a history and check the law at its end."""
    with world(seed=seed, devices=3 + seed % 2, page=(3, 7, 2_000)[seed % 3], server=server) as here:
        draw = Random(seed)
        for replica in here.replicas:
            replica.error = draw.choice(ERRORS)
        for step in steps:
            here.do(step)
        here.check()


def shrink(steps: Sequence[Step], *, seed: int, server: type[PlainServer] = PlainServer) -> list[Step]:
    """The fewest steps of a history, found by leaving some out, that still break the law."""
    left = list(steps)
    size = len(left) // 2
    while size:
        at = 0
        while at < len(left):
            fewer = left[:at] + left[at + size :]
            if breaks(fewer, seed=seed, server=server):
                left = fewer
            else:
                at += size
        size //= 2
    return left


def breaks(steps: Sequence[Step], *, seed: int, server: type[PlainServer] = PlainServer) -> str:
    """How a history breaks the law, "" where it doesn't."""
    try:
        play(steps, seed=seed, server=server)
    except Exception as error:  # noqa: BLE001 - whatever ends a history before its end breaks the law
        return f"{type(error).__name__}: {error}"[:2_000]
    return ""
