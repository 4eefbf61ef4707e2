"""A real server on a real socket, and devices that sync with it through the client as a person uses it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import keyring
import uvicorn
from keyring.backends import fail

from orc_lab.errors import AlreadyExists
from orc_lab.model.entities import KINDS
from orc_lab.server import accounts
from orc_lab.server.app import Server
from orc_lab.server.log_store.opening import open_store
from orc_lab.store import syncing
from orc_lab.sync import device
from orc_lab.sync.exchange import Synced
from orc_lab.sync.groups import GROUPS
from orc_lab.sync.passphrase import CHEAPEST
from orc_lab.sync.scope import Rule
from orc_lab.sync.syncer import Syncer
from orc_lab.workbench.bench import Workbench

PASSPHRASE = "correct horse battery staple"


@dataclass(slots=True, kw_only=True)
class Service:
    """A server with one store; `url` is where it is. Its accounts are made as they are named."""

    store_path: str
    url: str = ""
    keys: dict[tuple[str, str], str] = field(default_factory=dict)
    bodies: list[bytes] = field(default_factory=list)  # everything that any client ever sent

    def key(self, device: str, account: str = "me") -> str:
        """Return the key of a device of an account; both are made where there are none."""
        if (account, device) not in self.keys:
            store = open_store(self.store_path)
            with suppress(AlreadyExists):
                accounts.add_account(store, account, now=int(time.time()))
            self.keys[account, device] = accounts.add_device(store, account, device, now=int(time.time()))
            store.close()
        return self.keys[account, device]

    def revoke(self, device: str, account: str = "me") -> None:
        store = open_store(self.store_path)
        accounts.revoke_device(store, account, device, now=int(time.time()))
        store.close()


@contextmanager
def serving(store_path: str, *, port: int = 0) -> Iterator[Service]:
    """Serve until the end of the block."""
    store = open_store(store_path)
    service = Service(store_path=store_path)
    app = Server(store).app()

    async def listening(scope: dict, receive, send) -> None:  # type: ignore[no-untyped-def, type-arg]
        async def heard():  # type: ignore[no-untyped-def]
            message = await receive()
            if message["type"] == "http.request":
                service.bodies.append(message.get("body", b""))
            return message

        await app(scope, heard, send)

    config = uvicorn.Config(listening, port=port, log_config=None, lifespan="off", access_log=False, loop="asyncio")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    service.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield service
    finally:
        server.should_exit = True
        thread.join()
        store.close()


class Device:
    """One database and its client."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name, self.path = name, str(folder / f"{name}.db")
        self.wb = Workbench.init(self.path, zone="Europe/Berlin")

    def enable(
        self, service: Service, *, account: str = "me", rules: tuple[Rule, ...] = (), **how: object
    ) -> device.Enabled:
        told = {"passphrase": PASSPHRASE, "device_key": None} | how
        key = told.pop("device_key") or service.key(self.name, account)
        return device.enable(
            self.wb.db,
            endpoint=service.url,
            device_key=str(key),
            cost=CHEAPEST,
            rules=rules,
            **told,  # type: ignore[arg-type]
        )

    def sync(self) -> Synced:
        with Syncer(self.path) as syncer:
            return syncer.run()

    def titles(self, table: str = "todos") -> list[str]:
        return sorted(title for (title,) in self.wb.db.rows(f"SELECT title FROM {table}"))


def without_keyring() -> None:
    """Have secrets kept in files: no test writes into the keyring of whoever runs it."""
    keyring.set_keyring(fail.Keyring())


def contents(*devices: Device) -> list[dict[tuple[str, str], dict[str, object]]]:
    """What each device holds of all that is synced, but for who owns it."""
    found = []
    for one in devices:
        rows: dict[tuple[str, str], dict[str, object]] = {}
        for table in GROUPS:
            ids = [id for (id,) in one.wb.db.rows(f"SELECT id FROM {table}")]
            for id, row in syncing.rows(one.wb.db.conn, KINDS[table], ids).items():
                rows[table, id] = {name: value for name, value in row.items() if name != "user_id"}
        found.append(rows)
    return found
