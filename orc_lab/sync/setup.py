"""What a database remembers of how it syncs: with which server, as whom, whether paused, and with which keys.

The secrets themselves are elsewhere (orc_lab.sync.secrets); the bundle here can be opened by those only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orc_lab.store import syncing
from orc_lab.store.database import Database
from orc_lab.sync.keys import KeyBundle, Keys
from orc_lab.sync.secrets import Place, Secrets
from orc_lab.sync.trouble import NotEnabled, SyncTrouble


class NoSecrets(SyncTrouble):
    """Sync is enabled, and the keys of this device aren't where they were kept."""

    def __init__(self, where: str) -> None:
        super().__init__(
            f"The keys of this device aren't in {where}: the database was copied to another computer, or they were "
            "removed. Enable sync again, with a device key of its own and the passphrase; nothing that waits is lost."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How a database syncs. `place` names where its secrets are, `etag` the version of the bundle at the server."""

    enabled: bool = False
    paused: bool = False
    endpoint: str = ""
    account: str = ""
    place: str = ""
    bundle: str = field(default="", repr=False)
    etag: str = ""

    @staticmethod
    def read(db: Database) -> "Setup":
        """Return what a database remembers."""
        return Setup.of(syncing.state(db))

    @staticmethod
    def of(state: Mapping[str, Any]) -> "Setup":
        """Return what is remembered, of all that sync remembers."""
        return Setup(**{name: state[name] for name in Setup.__dataclass_fields__ if state.get(name) is not None})

    @staticmethod
    def needed(db: Database) -> "Setup":
        """Return how a database syncs; raises NotEnabled."""
        found = Setup.read(db)
        if not found.enabled:
            raise NotEnabled
        return found

    def key_bundle(self) -> KeyBundle:
        """Return the account's bundle as this device has seen it last."""
        return KeyBundle.from_json(self.bundle, account=self.account)

    def secrets(self, db: Database) -> Secrets:
        """Return this device's secrets; raises NoSecrets, and what reading them raises."""
        place = Place(db.file, self.place)
        found = place.load()
        if found is None or found.master is None:
            raise NoSecrets(place.where)
        return found


def remembered(bundle: KeyBundle, etag: str) -> dict[str, object]:
    """Return what is remembered of a bundle."""
    return {"bundle": bundle.to_json(), "etag": etag, "account": bundle.account}


def opened(bundle: KeyBundle, secrets: Secrets) -> Keys:
    """Return the keys of a bundle with the master key of this device; raises Unopenable."""
    assert secrets.master is not None
    return bundle.opened(secrets.master)
