"""The end of sync on a device that is erased: what the account has at the server goes, and then this device's keys.

The account's devices are still let in. One that still syncs finds the account empty, as after a loss of the server, and
sends what it has there again: who wants nothing left erases, or disables sync, on each of them.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from orc_lab.errors import OrcError
from orc_lab.store import syncing
from orc_lab.store.database import Database
from orc_lab.sync.remote import HttpRemote
from orc_lab.sync.secrets import Place, Secrets
from orc_lab.sync.setup import Setup
from orc_lab.sync.trouble import SyncTrouble

_PATIENCE = 3.0  # seconds: somebody is waiting, and can say --keep-server


class StillThere(SyncTrouble):
    """The server says that it removed what the account had, and has something."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(
            f"{endpoint} still holds something of the account: another device sent it just now, or the server keeps "
            "it. Disable sync on your other devices and erase again. Nothing was removed here."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Farewell:
    """Where a device that syncs leaves from: the server, the account's other devices, and where its keys are.

    `reachable` is False where this device has no key to the server any more.
    """

    endpoint: str
    others: Sequence[str]
    where: str
    reachable: bool


def farewell(path: str) -> Farewell | None:
    """Return what leaving means for a database; None where it never synced, or can't be read."""
    try:
        with Database(path, reading=True) as db:
            setup, kept = Setup.read(db), _names(db)
    except OrcError:
        return None
    if not setup.endpoint:
        return None
    place = Place(path, setup.place) if setup.place else None
    return Farewell(
        endpoint=setup.endpoint,
        others=kept,
        where=place.where if place else "",
        reachable=place is not None and _kept(place) is not None,
    )


def leave(path: str, *, server: bool) -> int | None:
    """Remove what the account has at the server, look whether it is gone, and forget this device's keys.

    Returns how many records went; None without `server`, or where this device has no key to it. Raises SyncTrouble
    where the server can't be asked or keeps something, and what removing the secrets raises; the keys are here then.
    """
    with Database(path, reading=True) as db:
        setup = Setup.read(db)
    if not setup.place:
        return None
    place, removed = Place(path, setup.place), None
    kept = _kept(place)
    if server and kept is not None:
        with HttpRemote(setup.endpoint, kept.device_key, patience=_PATIENCE) as remote:
            removed = remote.erase()
            if remote.keys() is not None:
                raise StillThere(setup.endpoint)
    place.forget()
    return removed


def _kept(place: Place) -> Secrets | None:
    with suppress(OrcError):  # what can't be read gives no key
        return place.load()
    return None


def _names(db: Database) -> list[str]:
    told = syncing.state(db).get("names") or []
    return [one["name"] for one in told if not one["self"] and not one["revoked"]]
