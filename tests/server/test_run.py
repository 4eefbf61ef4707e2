"""The server as a process: over loopback, killed, slow clients, TLS or none."""

import json
import random
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from orc_lab.errors import InvalidValue, UnreadableFile
from orc_lab.server import accounts, run
from orc_lab.server.log_store.opening import open_store
from orc_lab.server.run import NoAddress, NoTls, Options
from orc_lab.sync import wire
from orc_lab.sync.remote import HttpRemote
from orc_lab.sync.trouble import NotTrusted
from tests.server.conftest import NOON, record, shared_stores
from tests.server.processes import Running, serving

# Everything that is slow on purpose is fast here.
HASTY = """
from orc_lab.server import limits, run
run._HEAD_SECONDS = 0.4
run._WHOLE_SECONDS = 2.5
limits.BODY_SECONDS = 0.5
from orc_lab.server import app
app.Server.__init__.__kwdefaults__["body_seconds"] = 0.5
from orc_lab.cli.main import main
main()
"""


def keys(store_name: str, *names: str) -> list[str]:
    """Keys of devices of the account ann."""
    store = open_store(store_name)
    try:
        if not accounts.list_accounts(store):
            accounts.add_account(store, "ann", now=NOON)
        return [accounts.add_device(store, "ann", name, now=NOON) for name in names]
    finally:
        store.close()


def push(client: httpx.Client, batch: str, *ids: str) -> set[str]:
    """Push records and return which were acknowledged."""
    request = wire.Request(timestamp=0, batch=batch, after=["*"], records=[record(id) for id in ids])
    response = client.post("/sync", content=wire.write_request(request))
    assert response.status_code == 200, response.text
    return {one["id"] for one in response.json()["synced"]}


def pulled(client: httpx.Client) -> set[str]:
    found, token, more = set(), "", True
    while more:
        content = wire.write_request(wire.Request(timestamp=0, batch="x", after=[], records=[]))
        reply = wire.read_reply(client.post("/sync", content=content, headers={"Sync-Token": token}).content)
        found |= {one.id for one in reply.changes}
        token, more = reply.token, reply.more
    return found


def client(running: Running, key: str) -> httpx.Client:
    return httpx.Client(base_url=running.address, headers={"Authorization": f"Bearer {key}"}, trust_env=False)


@shared_stores
def test_36_what_was_acknowledged_survives_a_kill(store_name: str) -> None:
    """Killed in the middle of pushes, and started again: nothing that was acknowledged is missing."""
    laptop, phone = keys(store_name, "laptop", "phone")
    acknowledged: set[str] = set()
    rng = random.Random(7)
    for round in range(3):
        with serving(store_name) as running, client(running, laptop) as http:
            acknowledged |= push(http, f"first {round}", f"first {round}")
            killer = threading.Timer(0.1 + rng.random() * 0.3, running.kill)
            killer.start()
            number = 0
            try:
                while True:
                    number += 1
                    ids = [f"{round} {number} {n}" for n in range(20)]
                    acknowledged |= push(http, f"b{round} {number}", *ids)
            except httpx.TransportError:
                killer.join()
    with serving(store_name) as running, client(running, phone) as http:
        assert pulled(http) >= acknowledged
        assert running.stop() == 0 or running.process.returncode == -15
    assert len(acknowledged) > 20


def test_33_two_processes_share_one_postgres(postgres: str) -> None:
    """Two devices push through two servers at once; a third reads from both in turn and misses nothing."""
    from tests.server.conftest import new_database

    name = new_database(postgres)
    laptop, phone, tablet = keys(name, "laptop", "phone", "tablet")
    with serving(name) as one, serving(name) as other:
        ended = threading.Event()
        seen: set[str] = set()

        def write(running: Running, key: str, who: str) -> None:
            with client(running, key) as http:
                for number in range(40):
                    push(http, f"{who} {number}", f"{who} {number}", "both")

        def read() -> None:
            token = ""
            with client(one, tablet) as first, client(other, tablet) as second:
                last = False
                while True:
                    for http in (first, second):
                        body = wire.write_request(wire.Request(timestamp=0, batch="x", after=[], records=[]))
                        answer = http.post("/sync", content=body, headers={"Sync-Token": token}).json()
                        seen.update(each["id"] for each in answer["remoteChanges"])
                        token = answer["newSyncToken"]
                    if last:
                        return
                    last = ended.is_set()

        reader = threading.Thread(target=read)
        reader.start()
        writers = [
            threading.Thread(target=write, args=args) for args in ((one, laptop, "laptop"), (other, phone, "phone"))
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        ended.set()
        reader.join()
        assert seen == {"both", *(f"{who} {number}" for who in ("laptop", "phone") for number in range(40))}


def test_accounts_and_devices_change_while_it_runs(tmp_path: Path) -> None:
    name = str(tmp_path / "orc-sync.db")
    (laptop,) = keys(name, "laptop")
    with serving(name) as running, client(running, laptop) as http:
        assert http.get("/devices").status_code == 200
        (phone,) = keys(name, "phone")
        with client(running, phone) as second:
            assert second.get("/devices").status_code == 200
        store = open_store(name)
        accounts.revoke_device(store, "ann", "laptop", now=NOON)
        store.close()
        assert http.get("/devices").status_code == 401


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, str]]:
    name = str(tmp_path_factory.mktemp("hasty") / "orc-sync.db")
    (key,) = keys(name, "laptop")
    with serving(name, entry=HASTY) as running:
        yield running, key


def heard(running: Running, *pieces: bytes, pause: float = 0.15, receive: bool = True) -> bytes:
    """Send pieces with pauses, and return what comes until the server closes."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as conn:
        for piece in pieces:
            try:
                conn.sendall(piece)
            except OSError:
                break
            time.sleep(pause)
        found = b""
        try:
            while receive and (more := conn.recv(65_536)):
                found += more
        except ConnectionError:
            return found
        return found


def test_slow_clients_are_let_go(hasty: tuple[Running, str]) -> None:
    running, key = hasty
    head = f"POST /sync HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Length: 50\r\n\r\n".encode()
    started = time.monotonic()
    assert heard(running) == b""  # says nothing
    assert heard(running, *(bytes((byte,)) for byte in head[:30])) == b""  # its head comes byte by byte
    slow = heard(running, head, *(b"{" for _ in range(12)))
    assert b" 408 " in slow.splitlines()[0]
    assert json.loads(slow.partition(b"\r\n\r\n")[2])["error"] == "slow"
    assert time.monotonic() - started < 15
    with client(running, key) as http:
        assert http.get("/health").status_code == 200


def test_many_slow_clients_keep_nobody_waiting(hasty: tuple[Running, str]) -> None:
    running, key = hasty
    idle = [socket.create_connection(("127.0.0.1", running.port)) for _ in range(200)]
    try:
        with client(running, key) as http:
            assert http.get("/devices").elapsed.total_seconds() < 2
    finally:
        for conn in idle:
            conn.close()


@pytest.mark.parametrize(
    "garbage",
    [b"\x16\x03\x01\x02\x00\x01\x00", b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 9000, b"GET /" + b"a" * 70_000, b"\0" * 99,
     b"POST /sync HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
     b"POST /sync HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nzz\r\n"],
)  # fmt: skip
def test_what_is_no_http_is_refused(hasty: tuple[Running, str], garbage: bytes) -> None:
    running, key = hasty
    found = heard(running, garbage, pause=0)
    assert found == b"" or b" 40" in found.splitlines()[0]
    with client(running, key) as http:
        assert http.get("/health").status_code == 200


def certificate(folder: Path) -> tuple[str, str]:
    cert, key = str(folder / "cert.pem"), str(folder / "key.pem")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    more = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert]
    try:
        subprocess.run([*command, *more], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("There is no openssl to make a certificate.")
    return cert, key


def test_tls_by_certificate_files(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    name = str(tmp_path / "orc-sync.db")
    (device,) = keys(name, "laptop")
    with serving(name, "--tls-cert", cert, "--tls-key", key) as running:
        assert running.address.startswith("https://")
        trusted = ssl.create_default_context(cafile=cert)
        headers = {"Authorization": f"Bearer {device}"}
        with httpx.Client(verify=trusted, base_url=running.address, headers=headers, trust_env=False) as http:
            assert push(http, "b1", "x") == {"x"}


def test_a_device_trusts_a_certificate_of_ones_own_by_ssl_cert_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = certificate(tmp_path)
    name = str(tmp_path / "orc-sync.db")
    (device,) = keys(name, "laptop")
    with serving(name, "--tls-cert", cert, "--tls-key", key) as running:
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        with HttpRemote(running.address, device, patience=0) as stranger, pytest.raises(NotTrusted, match="SSL_CERT"):
            stranger.keys()
        monkeypatch.setenv("SSL_CERT_FILE", cert)
        with HttpRemote(running.address, device) as remote:
            assert remote.keys() is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "sync.example.org"])
def test_off_loopback_it_wants_tls(host: str) -> None:
    with pytest.raises(NoTls, match="--tls-cert"):
        run.check(Options(host=host))
    run.check(Options(host=host, proxy="127.0.0.1"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_needs_none(host: str) -> None:
    run.check(Options(host=host))


def test_certificate_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_text("nothing", encoding="utf-8")
    with pytest.raises(UnreadableFile, match="PEM files"):
        run.check(Options(cert=str(tmp_path / "x.pem"), key=str(tmp_path / "x.pem")))
    with pytest.raises(UnreadableFile, match="No such file"):
        run.check(Options(cert=str(tmp_path / "y.pem"), key=str(tmp_path / "y.pem")))
    with pytest.raises(InvalidValue, match="both or neither"):
        run.check(Options(cert=str(tmp_path / "x.pem")))


@pytest.mark.parametrize(("host", "port"), [("no.such.host.invalid", 0), ("192.0.2.1", 0)])
def test_an_address_that_is_not_to_be_had(host: str, port: int) -> None:
    with pytest.raises(NoAddress, match="--port"):
        run._listen(host, port)


def test_a_port_is_a_port() -> None:
    with pytest.raises(InvalidValue, match="0 to 65535"):
        run.check(Options(port=99_999))


def test_a_port_that_is_taken() -> None:
    with run._listen("127.0.0.1", 0) as taken, pytest.raises(NoAddress, match="in use"):
        run._listen("127.0.0.1", taken.getsockname()[1])
