"""The routes: what they answer, and that whatever comes in is answered in JSON."""

import gzip
import json
import sqlite3
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest

from orc_lab.server import accounts, app
from orc_lab.server.limits import EVERY, WRONG_KEYS
from orc_lab.server.log_store.contract import LogStore, StoreFailed, Transaction
from orc_lab.sync import wire
from orc_lab.sync.wire import Request
from tests.server.conftest import EMPTY, NOON, Web, every_store, record, refused


def body(*records: wire.Record) -> bytes:
    return wire.write_request(Request(timestamp=0, batch="b2", after=["*"], records=records))


@every_store
def test_a_sync_over_http(web: Web) -> None:
    pushed = web.sync(body(record("x")))
    assert pushed.status_code == 200
    assert pushed.json()["synced"] == [{"table": "todos", "id": "x"}]
    assert web.sync(token=pushed.json()["newSyncToken"]).json()["remoteChanges"] == []
    assert [one["id"] for one in web.sync().json()["remoteChanges"]] == ["x"]


def test_a_compressed_request(web: Web) -> None:
    assert web.sync(gzip.compress(body(record("x"))), Content_Encoding="gzip").json()["synced"]


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic eDp5", "Bearer orc_wrong", "bearer \x7f", "x" * 5000]
)
def test_a_wrong_key_is_refused_before_its_body_is_read(web: Web, header: str) -> None:
    headers = {"Authorization": header} if header else {}
    response = web.plainly("POST", "/sync", content=b"not read", headers=headers)
    refused(response, 401, "key")
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/keys"), ("GET", "/devices"), ("POST", "/sync"), ("DELETE", "/account")]
)
def test_51_every_route_of_an_account_wants_a_key(web: Web, method: str, path: str) -> None:
    accounts.revoke_device(web.store, "ann", "laptop", now=NOON)
    refused(web.ask(method, path), 401, "key")


@every_store
def test_an_account_is_emptied_and_goes_on(web: Web) -> None:
    pushed = web.sync(body(record("x"), record("y")))
    assert web.ask("PUT", "/keys", content=b"{}", headers={"If-None-Match": "*"}).status_code == 201
    assert web.ask("DELETE", "/account").json() == {"removed": 2}
    refused(web.ask("GET", "/keys"), 404, "no keys")
    found = web.sync(token=pushed.json()["newSyncToken"]).json()
    assert (found["remoteChanges"], found["digest"], found["reconcile"]) == ([], {}, "lost")
    again = web.sync(body(record("x")), token=found["newSyncToken"]).json()
    assert [one["id"] for one in again["synced"]] == ["x"]
    assert [one["id"] for one in web.sync().json()["remoteChanges"]] == ["x"]


def test_51_no_key_stands_in_the_store(web: Web, store: LogStore) -> None:
    with store.reading() as tx:
        session = tx._session  # type: ignore[attr-defined]
        rows = [row for table in ("devices", "accounts", "store") for row in session.rows(f"SELECT * FROM {table}")]
    assert web.key not in repr(rows)
    assert web.key.encode().hex() not in repr(rows)
    assert accounts.hash_of(web.key) in rows[0]


def test_wrong_keys_are_limited_and_right_ones_go_on(web: Web) -> None:
    assert web.sync().status_code == 200
    for number in range(WRONG_KEYS):
        refused(web.ask("GET", "/keys", key=f"wrong{number}"), 401, "key")
    for number in range(300):
        response = web.ask("GET", "/keys", key=f"more{number}")
    assert "Try again in" in refused(response, 429, "wrong keys")
    assert 1 <= int(response.headers["retry-after"]) <= EVERY * WRONG_KEYS
    assert web.sync().status_code == 200
    new = accounts.add_device(web.store, "ann", "phone", now=NOON)
    refused(web.ask("GET", "/devices", key=new), 429, "wrong keys")
    web.now.seconds += int(response.headers["retry-after"])
    assert web.ask("GET", "/devices", key=new).status_code == 200


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "no JSON"),
        (b"<html>", "no JSON"),
        (b"[]", "malformed"),
        (b"{}", "malformed"),
        (b"\xff\xfe", "no JSON"),
        (EMPTY[:-5], "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b'{"a":' * 50_000, "no JSON"),
        (b'{"timestamp":' + b"9" * 5000 + b"}", "no JSON"),
        (b'{"timestamp":1,"batchId":"\\ud800"}', "malformed"),
        (b'{"timestamp":1.5,"batchId":"b"}', "malformed"),
        (b'{"timestamp":1,"batchId":"b","changes":[1]}', "malformed"),
        (b'{"timestamp":1,"batchId":"b","purge":[{"table":"\\ud800"}]}', "malformed"),
        (b'{"timestamp":1,"batchId":"b","changes":{"t":[%s]}}' % b",".join([b"1"] * 501), "too many records"),
    ],
)
def test_a_request_that_cannot_be_read(web: Web, content: bytes, error: str) -> None:
    refused(web.sync(content), 400, error)


def test_another_version_is_told_which_is_spoken(web: Web) -> None:
    response = web.sync(EMPTY[:-1] + b',"protocol":9}')
    assert "version 9" in refused(response, 400, "protocol")
    assert response.json()["protocol"] == wire.PROTOCOL


def nested(depth: int) -> bytes:
    value = "[" * depth + "]" * depth
    cell = f'{{"hlc":"1764060000000000-a","base":null,"value":{value}}}'
    entry = f'{{"id":"x","op":"upsert","groups":{{"life":{cell}}}}}'
    return f'{{"timestamp":1,"batchId":"b","changes":{{"todos":[{entry}]}}}}'.encode()


@pytest.mark.parametrize("depth", [30, *range(60, 1000, 20)])
def test_what_is_nested_deeply_is_refused_wherever_it_stands(web: Web, depth: int) -> None:
    response = web.sync(nested(depth))
    if response.status_code == 200:
        assert [one["reason"] for one in response.json()["rejected"]] == ([] if depth == 30 else ["malformed"])
    else:
        assert response.status_code == 400
    assert web.sync().status_code == 200


def test_39_a_body_over_the_limit_is_not_read(web: Web) -> None:
    response = web.sync(b" " * (wire.MAX_BYTES + 1))
    refused(response, 413, "too large")
    assert response.headers["connection"] == "close"

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b" " * 65_536
        pytest.fail("It was read to the end.")

    refused(web.ask("POST", "/sync", content=pieces()), 413, "too large")


@pytest.mark.parametrize(
    ("content", "encoding", "status", "error"),
    [
        (gzip.compress(bytes(20 << 20), mtime=0), "gzip", 413, "too large"),
        (gzip.compress(EMPTY, mtime=0)[:-9], "gzip", 415, "encoding"),
        (b"no gzip", "gzip", 415, "encoding"),
        (gzip.compress(EMPTY, mtime=0) * 2, "gzip", 415, "encoding"),
        (zlib.compress(EMPTY), "deflate", 415, "encoding"),
        (EMPTY, "zstd", 415, "encoding"),
        (gzip.compress(gzip.compress(EMPTY, mtime=0), mtime=0), "gzip, gzip", 415, "encoding"),
    ],
)
def test_40_a_bomb_or_an_unknown_encoding(web: Web, content: bytes, encoding: str, status: int, error: str) -> None:
    refused(web.sync(content, Content_Encoding=encoding), status, error)


def test_24_a_copy_is_told_so(web: Web) -> None:
    web.sync(body(record("x")))
    forked = wire.write_request(Request(timestamp=0, batch="b9", after=["b1"], records=[record("y")]))
    refused(web.sync(forked), 409, "forked")


@pytest.mark.parametrize("token", ["x", "AQAA" * 24, "~", "A" * 3000])
def test_a_forged_token(web: Web, token: str) -> None:
    refused(web.sync(token=token), 400, "token")


def test_an_entry_with_half_characters_is_refused_alone(web: Web) -> None:
    raw = {"timestamp": 1, "batchId": "b", "changes": {"\ud800": [{"id": "\udfff"}], "todos": [{"id": "x"}, 7]}}
    found = web.sync(json.dumps(raw).encode()).json()
    assert [one["reason"] for one in found["rejected"]] == ["malformed"] * 3


# Key bundles


@every_store
def test_a_key_bundle_is_put_once_and_replaced_by_version(web: Web) -> None:
    refused(web.ask("GET", "/keys"), 404, "no keys")
    refused(web.ask("PUT", "/keys", content=b"{}"), 428, "precondition")
    first = web.ask("PUT", "/keys", content=b'{"n":1}', headers={"If-None-Match": "*"})
    assert (first.status_code, first.headers["etag"]) == (201, '"1"')
    refused(web.ask("PUT", "/keys", content=b'{"n":2}', headers={"If-None-Match": "*"}), 412, "changed")
    second = web.ask("PUT", "/keys", content=b'{"n":2}', headers={"If-Match": '"1"'})
    assert (second.status_code, second.headers["etag"]) == (200, '"2"')
    for stale in ('"1"', '"3"', "2", "*", 'W/"2"', '"' + "9" * 30 + '"'):
        refused(web.ask("PUT", "/keys", content=b'{"n":3}', headers={"If-Match": stale}), 412, "changed")
    got = web.ask("GET", "/keys")
    assert (got.content, got.headers["etag"]) == (b'{"n":2}', '"2"')
    assert web.ask("GET", "/keys", headers={"If-None-Match": '"2"'}).status_code == 304


@pytest.mark.parametrize(("content", "status"), [(b"{" * 20_000, 413), (b"[]", 400), (b"\xff", 400), (b"", 400)])
def test_a_key_bundle_that_is_none(web: Web, content: bytes, status: int) -> None:
    assert web.ask("PUT", "/keys", content=content, headers={"If-None-Match": "*"}).status_code == status
    refused(web.ask("GET", "/keys"), 404, "no keys")


def test_49_a_key_bundle_makes_plain_values_refused(web: Web) -> None:
    web.ask("PUT", "/keys", content=b"{}", headers={"If-None-Match": "*"})
    assert [one["reason"] for one in web.sync(body(record("x"))).json()["rejected"]] == ["plaintext"]


# The others


def test_devices_of_the_own_account_only(web: Web) -> None:
    accounts.add_account(web.store, "bob", now=NOON)
    accounts.add_device(web.store, "bob", "bob's", now=NOON)
    accounts.add_device(web.store, "ann", "phone", now=NOON)
    accounts.revoke_device(web.store, "ann", "phone", now=NOON)
    web.sync(body(record("x")))
    assert web.ask("GET", "/devices").json() == {
        "devices": [
            {"name": "laptop", "replicas": ["a" * 12], "lastSeen": NOON * 1000, "revoked": False, "self": True},
            {"name": "phone", "replicas": [], "lastSeen": None, "revoked": True, "self": False},
        ]
    }


def test_health_and_metrics_need_no_key(web: Web) -> None:
    assert web.plainly("GET", "/health").json() == {"status": "ok", "protocol": 1}
    web.sync(body(record("x"), record("y", at=record("z").groups["life"][0]._replace(dot=wire.Dot(1 << 61, "a")))))
    web.ask("GET", "/devices", key="wrong")
    text = web.plainly("GET", "/metrics").text
    for line in (
        'orc_requests_total{route="/sync",status="200"} 1',
        'orc_requests_total{route="/devices",status="401"} 1',
        'orc_records_total{way="pushed"} 1',
        'orc_rejected_total{reason="clock"} 1',
        "orc_wrong_keys_total 1",
        'orc_sync_seconds_bucket{le="+Inf"} 1',
        "orc_sync_seconds_count 1",
        "orc_accounts 1",
        "orc_stored_records 1",
    ):
        assert f"\n{line}\n" in text


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::1", "1270.0.0.1", ""])
def test_metrics_are_for_this_computer_only(web: Web, address: str) -> None:
    refused(web.plainly("GET", "/metrics", address=address), 404, "not found")
    web.server = app.Server(web.store, open_metrics=True)
    assert "orc_accounts 1" in web.plainly("GET", "/metrics", address=address).text


def test_one_guesser_does_not_lock_out_another_address(web: Web) -> None:
    for number in range(2 * WRONG_KEYS):
        address = f"2001:db8:0:1::{number:x}"
        status = web.plainly("GET", "/keys", address=address, headers={"Authorization": f"Bearer {number}"}).status_code
    assert status == 429
    refused(web.plainly("GET", "/keys", address="2001:db8:0:2::1"), 401, "key")


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [("GET", "/", 404, "not found"), ("GET", "/sync", 405, "method"), ("DELETE", "/keys", 405, "method"),
     ("POST", "/sync/../keys", 405, "method"), ("GET", "/%00", 404, "not found")],
)  # fmt: skip
def test_there_are_no_other_routes(web: Web, method: str, path: str, status: int, error: str) -> None:
    refused(web.ask(method, path), status, error)


class Failing:
    """A store whose disk is full."""

    kind, secret = "failing", b""

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        raise StoreFailed("database or disk is full")
        yield

    writing = reading

    def close(self) -> None:
        return


def test_a_store_that_fails_is_told_in_words(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web.server, "_store", Failing())
    for response in (web.sync(), web.ask("GET", "/keys"), web.plainly("GET", "/health")):
        assert "disk is full" in refused(response, 503, "store")
        assert response.headers["retry-after"] == "1"


def test_an_error_of_the_database_is_a_failed_store(store: LogStore) -> None:
    with pytest.raises(StoreFailed, match="no such table"), store.reading() as tx:
        tx._session.rows("SELECT * FROM absent")  # type: ignore[attr-defined]


def test_a_fault_shows_no_traceback(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_: object) -> None:
        raise sqlite3.ProgrammingError("secret detail")

    monkeypatch.setattr(accounts, "device_of", fault)
    response = web.ask("GET", "/keys", raises=False)
    assert "secret" not in refused(response, 500, "internal")


def test_more_than_fits_at_once_is_sent_away(web: Web) -> None:
    web.server.metrics.running = app.MOST_RUNNING
    refused(web.sync(), 503, "busy")
    web.server.metrics.running = 0
    assert web.sync().status_code == 200
