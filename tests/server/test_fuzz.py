"""Whatever is sent to any route: an answer of the protocol, never a fault, and the account goes on working."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orc_lab.sync import wire
from orc_lab.sync.wire import write_dot
from tests.server.conftest import NOON, Web, cell, every_store, record

AT = NOON * 1_000_000
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
ODD = st.sampled_from([None, True, -1, 0, 1 << 63, 1e308, "", "x", "\ud800", "\0", "a" * 300, [], {}, [[]], {"": {}}])


def mostly(usual: st.SearchStrategy[Any], odd: st.SearchStrategy[Any] = ODD) -> st.SearchStrategy[Any]:
    """The usual, and once in twenty something else: so that much of it is read, and any of it may be odd."""
    return st.integers(0, 19).flatmap(lambda number: odd if number == 7 else usual)


DOTS = mostly(
    st.sampled_from([f"{AT + n:016d}-{replica}" for n in (-9, 0, 5, 10**9) for replica in ("a", "b", "0" * 40)]),
    st.sampled_from(["-", "1-", "-a", "1-A", "9" * 19 + "-a", "٣-a"]) | ODD,
)
VECTORS = mostly(st.dictionaries(st.sampled_from(["a", "b"]), mostly(st.integers(0, AT + 9)), max_size=3))
NAMES = mostly(st.sampled_from(["life", "title", "notes"]), st.sampled_from(["any", "", "x" * 41, "a-b", "\ud800"]))
VALUES: list[dict[str, Any]] = [{}, {"v": 1}, {"v": "\ud800"}, {"v": float("inf")}, {"v": [[[]]]}]
LIFE_COVERS = mostly(st.dictionaries(st.sampled_from(["title", "any"]), VECTORS, max_size=2))
CELLS: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {"hlc": DOTS, "base": st.none() | DOTS},
    optional={
        "seen": VECTORS,
        "kept": mostly(st.lists(DOTS, max_size=3)),
        "auto": mostly(st.booleans()),
        "value": st.sampled_from(VALUES) | JSON,
        "others": mostly(st.lists(st.fixed_dictionaries({"hlc": DOTS}), max_size=3)),
    },
) | st.fixed_dictionaries(
    {"hlc": DOTS, "sealed": mostly(st.sampled_from(["", "AAAA", "A" * 400])), "key": mostly(st.integers(1, 300))},
    optional={"base": DOTS, "seen": VECTORS, "more": st.just(1)},
)
DELETIONS = st.fixed_dictionaries({"hlc": DOTS, "covers": LIFE_COVERS}, optional={"base": DOTS, "value": st.just({})})
IDS = mostly(st.sampled_from(["x", "y", "0193a8f2-0000-7000-8000-000000000001"]))
RECORDS = mostly(
    st.fixed_dictionaries(
        {"id": IDS, "op": st.just("upsert"), "groups": st.dictionaries(NAMES, CELLS, min_size=1, max_size=3)}
    )
    | st.fixed_dictionaries({"id": IDS, "op": st.just("delete"), "groups": st.fixed_dictionaries({"life": DELETIONS})}),
    JSON,
)
TABLES = mostly(st.sampled_from(["todos", "t"]), NAMES)
PAIRS = mostly(st.lists(mostly(st.fixed_dictionaries({"table": TABLES, "id": IDS})), max_size=3))
REQUESTS = st.fixed_dictionaries(
    {
        "timestamp": mostly(st.integers(0, 9)),
        "batchId": mostly(st.sampled_from(["b1", "b2"])),
        "changes": mostly(st.dictionaries(TABLES, mostly(st.lists(RECORDS, max_size=5)), max_size=2)),
    },
    optional={
        "after": mostly(st.lists(mostly(st.sampled_from(["*", "b1"])), max_size=2)),
        "purge": PAIRS,
        "share": PAIRS,
        "reconcile": mostly(st.booleans()),
        "protocol": mostly(st.just(1)),
    },
)
HEADERS = st.dictionaries(
    st.sampled_from(["Sync-Token", "Content-Encoding", "Content-Length", "If-Match", "If-None-Match", "Authorization",
                     "Content-Type", "Host", "Expect"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40)
    | st.sampled_from(["gzip", "*", '"1"', "0", "-1", "identity", "[", "a:b:c", "AQ" * 40]),
    max_size=3,
)  # fmt: skip
quietly = settings(
    max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)


def told(web: Web, *request: str, **more: Any) -> int:
    """Ask, and see that the answer is one of the protocol. A fault of the application would come through."""
    response = web.ask(*request, **more)
    assert response.status_code < 500
    if response.status_code not in (200, 201, 304) and request[0] != "HEAD":
        assert set(response.json()) >= {"error", "detail"}
    return response.status_code


def still_works(web: Web) -> None:
    token = ""
    while True:
        reply = wire.read_reply(web.sync(token=token).content)
        assert all(one["reason"] != "unreadable" for one in reply.rejected)
        if not reply.more:
            break
        token = reply.token


@every_store
@quietly
@given(request=REQUESTS)
def test_any_request(web: Web, request: Any) -> None:
    told(web, "POST", "/sync", content=json.dumps(request).encode())
    still_works(web)


@quietly
@given(content=st.binary(max_size=200) | JSON.map(json.dumps).map(str.encode), pack=st.booleans())
def test_any_body(web: Web, content: bytes, pack: bool) -> None:
    headers = {"Content-Encoding": "gzip"} if pack else {}
    told(web, "POST", "/sync", content=gzip.compress(content) if pack else content, headers=headers)
    told(web, "PUT", "/keys", content=content, headers={"If-None-Match": "*"})


@quietly
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "X"]),
    path=st.sampled_from(
        ["/sync", "/keys", "/devices", "/account", "/health", "/metrics", "/", "//", "/sync/", "/%ff", "/a?b#c"]
    ),
    headers=HEADERS,
)
def test_any_route_and_headers(web: Web, method: str, path: str, headers: dict[str, str]) -> None:
    encoded = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
    status = web.plainly(method, path, headers=encoded, content=b"{}").status_code
    assert status < 500
    web.now.seconds += 60  # so that wrong keys don't add up
    told(web, "GET", "/devices")


def flipped(data: bytes, at: int, bit: int) -> bytes:
    at %= len(data)
    return data[:at] + bytes((data[at] ^ 1 << bit,)) + data[at + 1 :]


@quietly
@given(flips=st.lists(st.tuples(st.integers(0, 9999), st.integers(0, 7)), min_size=1, max_size=3))
def test_a_request_with_bits_flipped(web: Web, flips: list[tuple[int, int]]) -> None:
    sent = record("x", title=cell("a", seen={"b": 5}, kept=(wire.Dot(4, "b"),)), life=cell(covers={"title": {"a": 1}}))
    body = wire.write_request(wire.Request(timestamp=1, batch="b1", after=["*"], records=[sent]))
    for at, bit in flips:
        body = flipped(body, at, bit)
    told(web, "POST", "/sync", content=body)
    still_works(web)


@pytest.mark.parametrize("make", [lambda n: f"{AT + n:016d}-{n:040d}", lambda n: f"{1:016d}-r{n}"])
def test_vectors_at_their_limits(web: Web, make: Callable[[int], str]) -> None:
    groups = {
        f"g{n}": {
            "hlc": write_dot(wire.Dot(AT, "a")),
            "base": None,
            "seen": {make(m).partition("-")[2]: AT + m for m in range(256)},
            "kept": [make(m) for m in range(64)],
            "value": {},
        }
        for n in range(20)
    }
    raw = {"timestamp": 1, "batchId": "b", "changes": {"todos": [{"id": "x", "op": "upsert", "groups": groups}]}}
    assert told(web, "POST", "/sync", content=json.dumps(raw).encode()) == 200
    still_works(web)
