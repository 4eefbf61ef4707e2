"""Tell subscribers of each change: one's own at once, another process's within a quarter of a second."""

import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from orc_lab.errors import OrcError
from orc_lab.model.change import Change
from orc_lab.store import change_log
from orc_lab.store.database import Database, data_version_reader

if TYPE_CHECKING:
    from logging import Logger

Subscriber = Callable[[Sequence[Change]], None]
POLL_SECONDS = 0.15


class Watch:
    """The subscribers of one open database, and the thread that looks for changes from elsewhere."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._subscribers: Mapping[object, Subscriber] = {}
        self._seq = self._generation = 0
        self._members = threading.Lock()
        # Held while changes are read, so nobody may wait for it who holds the database: see `subscribe`.
        self._delivering = threading.RLock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call `subscriber` with the changes of each later commit; return a function that ends it.

        Without any changes it is called when the database was restored from a backup: everything may be different.
        """
        head, key = change_log.head(self._db), object()
        with self._members:
            if not self._subscribers:
                self._seq, self._generation = head, self._db.generation()
            self._subscribers = {**self._subscribers, key: subscriber}
            if self._thread is None:
                self._thread = threading.Thread(target=self._poll, name="orc-watch", daemon=True)
                self._thread.start()

        def unsubscribe() -> None:
            with self._members:
                self._subscribers = {other: told for other, told in self._subscribers.items() if other is not key}

        return unsubscribe

    def deliver(self) -> None:
        """Hand the changes since the last delivery to every subscriber."""
        if not self._subscribers:
            return
        with self._delivering:
            if (generation := self._db.generation()) != self._generation:
                self._seq, self._generation = change_log.head(self._db), generation
                self._tell(())
                return
            changes = change_log.since(self._db, self._seq)
            if changes:
                self._seq = max(self._seq, changes[-1].seq)
                self._tell(changes)

    def _tell(self, changes: Sequence[Change]) -> None:
        for subscriber in self._subscribers.values():
            _call(subscriber, changes)

    def close(self) -> None:
        """End the thread; no subscriber is called afterwards."""
        self._stop.set()
        with self._members:
            self._subscribers = {}
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _poll(self) -> None:
        seen = None  # the first look hands on what was committed since the subscription
        with data_version_reader(self._db.file) as version:
            while not self._stop.is_set():
                try:
                    now = version()
                    if now != seen:
                        self.deliver()
                        seen = now
                except (OrcError, sqlite3.Error) as error:
                    _logger().warning("Changes made elsewhere could not be read, trying again: %s", error)
                self._stop.wait(POLL_SECONDS)


def _call(subscriber: Subscriber, changes: Sequence[Change]) -> None:
    try:
        subscriber(changes)
    except Exception:  # noqa: BLE001 - the edit is committed; a subscriber's mistake must not look like a failed one
        _logger().exception("A subscriber to changes failed")


def _logger() -> "Logger":
    import logging  # a command that edits once and ends needs none, and it takes 3 ms to load

    return logging.getLogger("orc_lab")
