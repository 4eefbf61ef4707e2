"""Sync by itself: every five minutes, and two seconds after the last edit, as long as the server can be reached.

It runs in a thread of a notebook's kernel, or in `orc sync watch`; of several only one syncs at a time, and an edit of
any program is noticed. While sync is paused nothing leaves.
"""

import logging
import random
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from orc_lab.errors import OrcError
from orc_lab.store import sharing, syncing
from orc_lab.store.database import data_version_reader
from orc_lab.sync.exchange import Synced
from orc_lab.sync.setup import Setup
from orc_lab.sync.syncer import Syncer
from orc_lab.sync.trouble import ServerBusy, SyncBusy, SyncTrouble

EVERY = 300.0  # seconds
AFTER_EDIT = 2.0
_POLL = 0.25
_FIRST, _LONGEST = 5.0, 300.0  # seconds to wait after a failure, doubled for each more
_PATIENCE = 5.0  # of one sync; then the loop itself waits
_log = logging.getLogger("orc_lab")

Told = Callable[[Synced | OrcError], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long is waited, in seconds: between two syncs, after the last edit, between two looks for an edit."""

    every: float = EVERY
    after_edit: float = AFTER_EDIT
    poll: float = _POLL
    first_wait: float = _FIRST


class Loop:
    """Syncs a database in the background until it is stopped."""

    def __init__(self, path: str, *, pace: Pace | None = None, told: Told | None = None) -> None:
        """`told` is called with what each sync did, or with what stood in its way."""
        self._path, self._pace, self._told = path, pace or Pace(), told
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._failures = 0

    def start(self) -> None:
        """Run in a thread of its own, which ends with the process."""
        self._thread = threading.Thread(target=self._run_quietly, name="orc-sync", daemon=True)
        self._thread.start()

    def stop(self, *, wait: float = 10.0) -> None:
        """End it; a sync that runs is waited for, at most so many seconds."""
        self._stop.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(wait)

    def run(self) -> None:
        """Run here, until `stop` is called or sync is disabled. Raises what opening the database raises."""
        with Syncer(self._path, patience=_PATIENCE) as syncer, data_version_reader(syncer.db.file) as version:
            self._watch(syncer, version)

    def _run_quietly(self) -> None:
        try:
            self.run()
        except (OrcError, sqlite3.Error) as error:
            _log.warning("Sync in the background ended: %s", error)

    def _watch(self, syncer: Syncer, version: Callable[[], int]) -> None:
        seen, due, synced_to = version(), time.monotonic(), -1
        while not self._stop.is_set():
            now, current = time.monotonic(), version()
            if current != seen:
                seen = current
                if self._edited(syncer, synced_to):
                    due = min(due, now + self._pace.after_edit) if self._failures else now + self._pace.after_edit
            if now >= due:
                wait = self._sync(syncer)
                if wait is None:
                    return
                due, seen, synced_to = time.monotonic() + wait, version(), _sent(syncer)
            self._stop.wait(self._pace.poll)

    def _edited(self, syncer: Syncer, synced_to: int) -> bool:
        """Whether anything waits that came after the last sync: an edit, a decision, another scope."""
        with syncer.db.lock:
            conn = syncer.db.conn
            if syncing.anything_since(conn, max(synced_to, 0)) or syncing.touched(conn, limit=1):
                return True
            return sorted(sharing.scope(conn)) != [tuple(one) for one in syncing.state_of(conn).get("scoped_by", [])]

    def _sync(self, syncer: Syncer) -> float | None:
        """Sync once, unless that is paused; return how long to wait for the next time, None where it is disabled."""
        try:
            setup = Setup.read(syncer.db)
            if not setup.enabled:
                return None
            done = None if setup.paused else syncer.run()
            self._failures = 0
            if done is not None:
                self._say(done)
            return self._pace.after_edit if done is not None and done.later else self._pace.every
        except SyncBusy:
            return self._pace.after_edit
        except OrcError as error:
            self._failures += 1
            self._say(error)
            return self._wait(error)

    def _wait(self, error: OrcError) -> float:
        """Longer with each failure, and by chance, so that not all devices come back at once."""
        if isinstance(error, SyncTrouble) and not error.passing:
            return self._pace.every
        most = min(self._pace.first_wait * 2 ** (self._failures - 1), _LONGEST)
        asked = error.wait if isinstance(error, ServerBusy) else 0.0
        return max(random.uniform(most / 2, most), asked)

    def _say(self, what: Synced | OrcError) -> None:
        if self._told is not None:
            self._told(what)


def _sent(syncer: Syncer) -> int:
    return int(syncing.state(syncer.db).get("sent", 0))
