"""Sync from Python: each call takes the opened workbench. A secret that isn't given is asked for, and never shown.

>>> from orc_lab import enable_sync, force_sync_all, get_sync_status
"""

import os
import threading
from collections.abc import Callable, Iterable
from getpass import getpass
from time import time

from orc_lab.store.database import immediate
from orc_lab.sync import device, scope, scope_names
from orc_lab.sync.device import Enabled, NeedsSecret
from orc_lab.sync.exchange import Synced
from orc_lab.sync.loop import Loop
from orc_lab.sync.passphrase import COST, Cost
from orc_lab.sync.setup import Setup
from orc_lab.sync.status import SyncStatus, status
from orc_lab.sync.syncer import Syncer
from orc_lab.workbench.bench import Workbench

ENDPOINT = "ORC_SYNC_ENDPOINT"
_running: dict[str, Loop] = {}  # of this process, by the database's file
_members = threading.Lock()
_OTHERS = 15.0  # seconds that another program's sync is waited for


def enable_sync(
    wb: Workbench,
    endpoint: str | None = None,
    *,
    device_key: str | None = None,
    passphrase: str | None = None,
    recovery_key: str | None = None,
    join: bool = False,
    paused: bool = False,
    exclude: Iterable[str] = (),
    background: bool = True,
    ask: Callable[[str], str] = getpass,
    cost: Cost = COST,
) -> Enabled:
    """Enable sync with a server, and keep in step with it in the background as long as this process runs.

    With `paused` nothing leaves but by force_sync_all. `exclude` names what stays here: `project:Thesis`,
    `table:settings`, `fields:todos.notes`. The recovery key of a new account is in what is returned, and nowhere else.
    Raises SyncTrouble and the other errors of `device.enable`.
    """
    rules = [rule for text in exclude for rule in scope_names.rules(wb, text)]
    endpoint = endpoint or os.environ.get(ENDPOINT) or None
    given = {"device_key": device_key, "passphrase": passphrase, "recovery_key": recovery_key}
    while True:
        try:
            done = device.enable(
                wb.db,
                endpoint=endpoint,
                device_key=given["device_key"],
                passphrase=given["passphrase"],
                recovery_key=given["recovery_key"],
                join=join,
                paused=paused,
                rules=rules,
                cost=cost,
            )
            break
        except NeedsSecret as error:
            if given[error.name] is not None:
                raise
            given[error.name] = ask(f"{error.what}: ") or None
            if given[error.name] is None:
                raise
    wb.user_id, wb.device_id, wb.sample = wb.db.identity()
    if background:
        sync_in_background(wb)
    return done


def disable_sync(wb: Workbench, *, forget: bool = False) -> None:
    """Stop syncing; everything stays here. With `forget` this device's keys go. Raises NotEnabled."""
    stop_background_sync(wb)
    device.disable(wb.db, forget=forget)


def force_sync_all(wb: Workbench) -> Synced:
    """Sync now, also while it is paused, until both sides hold the same; another program that syncs may end first.

    Raises NotEnabled, SyncTrouble.
    """
    Setup.needed(wb.db)
    with Syncer(wb.db.file) as syncer:
        return syncer.run(wait=_OTHERS)


def get_sync_status(wb: Workbench) -> SyncStatus:
    """Return how sync stands: what waits, conflicts, what was refused, the last error. Nothing is sent for it."""
    return status(wb.db)


def sync_in_background(wb: Workbench) -> None:
    """Keep a database in step from now on, in a thread of this process. Raises NotEnabled."""
    Setup.needed(wb.db)
    with _members:
        if wb.db.file not in _running:
            _running[wb.db.file] = loop = Loop(wb.db.file)
            loop.start()


def stop_background_sync(wb: Workbench) -> None:
    """End the background sync of this process, if it runs."""
    with _members:
        loop = _running.pop(wb.db.file, None)
    if loop is not None:
        loop.stop()


def exclude_from_sync(wb: Workbench, *names: str) -> None:
    """Keep things on this device: `project:Thesis`, `table:settings`, `fields:todos.notes`.

    What was shared of it is purged at the server by the next sync. Raises NotFound, AmbiguousId or InvalidValue.
    """
    rules = [rule for name in names for rule in scope_names.rules(wb, name)]
    with wb.db.lock, immediate(wb.db.conn):
        scope.exclude(wb.db.conn, rules, at=int(time()))


def include_in_sync(wb: Workbench, *names: str) -> None:
    """Share things again that were kept on this device, or that another device took back; they go out whole.

    Raises NotFound, AmbiguousId or InvalidValue.
    """
    rules = [rule for name in names for rule in scope_names.rules(wb, name)]
    with wb.db.lock, immediate(wb.db.conn):
        scope.include(wb.db.conn, rules, at=int(time()))
