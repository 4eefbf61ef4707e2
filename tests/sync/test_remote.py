"""The way to the server, against servers that misbehave: each failure is a class with a sentence."""

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from orc_lab.sync import trouble
from orc_lab.sync.exchange import Forked
from orc_lab.sync.remote import MAX_REPLY, Bundle, HttpRemote, checked_endpoint

KEY = "orc_a-key-that-nobody-may-see"
Answer = tuple[int, dict[str, str], bytes]
Say = Callable[[BaseHTTPRequestHandler], Answer]


@contextmanager
def answering(say: Say) -> Iterator[str]:
    """A server that answers every request as `say` says."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def respond(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            status, headers, body = say(self)
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = respond

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def error(status: int, word: str, **more: object) -> Answer:
    return status, {"Content-Type": "application/json"}, json.dumps({"error": word, "detail": "so", **more}).encode()


def always(answer: Answer) -> Say:
    return lambda _: answer


def remote(url: str, *, patience: float = 0.0, read: float = 5.0) -> HttpRemote:
    return HttpRemote(url, KEY, patience=patience, read=read)


@pytest.mark.parametrize(
    ("answer", "expected", "words"),
    [
        (error(401, "key"), trouble.WrongKey, "is wrong or was revoked"),
        (error(403, "key"), trouble.WrongKey, "orc sync enable"),
        (error(404, "not found"), trouble.WrongEndpoint, "HTTP 404"),
        ((404, {}, b"<h1>Not Found"), trouble.WrongEndpoint, "HTTP 404"),
        ((405, {}, b"Method Not Allowed"), trouble.WrongEndpoint, "HTTP 405"),
        ((301, {"Location": "https://elsewhere.example"}, b""), trouble.WrongEndpoint, "isn't followed"),
        ((307, {"Location": "/login"}, b""), trouble.WrongEndpoint, "isn't followed"),
        ((200, {"Content-Type": "text/html"}, b"<html>Log in"), trouble.NotOurs, "a web page"),
        ((200, {}, b""), trouble.NotOurs, "nothing"),
        ((200, {}, b"[1]"), trouble.NotOurs, "JSON of another kind"),
        ((200, {}, b"OK"), trouble.NotOurs, "no JSON"),
        (error(409, "forked"), Forked, "copied or restored"),
        (error(413, "too large"), trouble.RequestTooLarge, "proxy"),
        (error(400, "token"), trouble.TokenRefused, "token"),
        (error(400, "malformed"), trouble.Unaccepted, "malformed: so"),
        (error(400, "protocol", protocol=2), trouble.ServerTooNew, "Upgrade orc_lab"),
        (error(400, "protocol", protocol=0), trouble.ServerTooOld, "Upgrade the server"),
        (error(500, "internal"), trouble.ServerFailed, "HTTP 500"),
        ((502, {}, b"<html>Bad gateway"), trouble.ServerFailed, "HTTP 502"),
        ((429, {"Retry-After": "77"}, b"{}"), trouble.ServerBusy, "wait 77 s"),
    ],
)
def test_what_a_server_may_answer_is_a_class_with_a_sentence(answer: Answer, expected: type, words: str) -> None:
    with answering(always(answer)) as url, remote(url) as there, pytest.raises(expected) as failed:
        there.sync(b"{}", "")
    assert words in str(failed.value)
    assert KEY not in str(failed.value)
    assert str(failed.value).endswith((".", "`"))


def test_the_key_is_in_the_header_and_in_no_text() -> None:
    seen: list[str | None] = []

    def say(request: BaseHTTPRequestHandler) -> Answer:
        seen.extend([request.headers["authorization"], request.headers["sync-token"]])
        return 200, {}, b"{}"

    with answering(say) as url, remote(url) as there:
        assert there.sync(b"{}", "a-token") == b"{}"
        assert KEY not in repr(there)
    assert seen == [f"Bearer {KEY}", "a-token"]


@pytest.mark.parametrize("key", ["", "two words", "ümlaut", "line\nfeed"])
def test_what_can_be_no_key_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(trouble.BadKey) as failed:
        HttpRemote("http://127.0.0.1:1", key)
    assert not key or key not in str(failed.value)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://sync.example.org",
        "http://192.168.1.7:8447",
        "ftp://127.0.0.1",
        "sync.example.org",
        "https://",
        "https://user:secret@sync.example.org",
        "https://sync.example.org?key=secret",
        "https://[::1",
        "",
    ],
)
def test_an_address_that_would_give_the_key_away_is_refused(endpoint: str) -> None:
    with pytest.raises(trouble.BadEndpoint) as failed:
        checked_endpoint(endpoint)
    assert "user:secret" not in str(failed.value)


@pytest.mark.parametrize(
    "endpoint", ["https://sync.example.org/orc/", "http://localhost:1", "http://[::1]:2", "http://127.8.9.1"]
)
def test_https_anywhere_and_http_on_this_computer(endpoint: str) -> None:
    assert checked_endpoint(f" {endpoint} ") == endpoint.rstrip("/")


def test_nothing_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with remote(f"http://127.0.0.1:{port}") as there, pytest.raises(trouble.Unreachable):
        there.sync(b"{}", "")


def test_38_retry_after_is_honoured_and_the_request_goes_through() -> None:
    times: list[float] = []

    def say(_: BaseHTTPRequestHandler) -> Answer:
        times.append(time.monotonic())
        return (503, {"Retry-After": "1"}, b"{}") if len(times) < 2 else (200, {}, b'{"ok": 1}')

    with answering(say) as url, remote(url, patience=30) as there:
        assert there.sync(b"{}", "") == b'{"ok": 1}'
    assert times[1] - times[0] >= 1.0


def test_38_a_wait_beyond_the_patience_is_told_at_once() -> None:
    started = time.monotonic()
    with (
        answering(always((429, {"Retry-After": "600"}, b"{}"))) as url,
        remote(url, patience=5) as there,
        pytest.raises(trouble.ServerBusy) as failed,
    ):
        there.sync(b"{}", "")
    assert failed.value.wait == 600
    assert time.monotonic() - started < 2


def test_38_a_failing_server_is_tried_again_a_bounded_number_of_seconds() -> None:
    tries: list[int] = []

    def say(_: BaseHTTPRequestHandler) -> Answer:
        tries.append(1)
        return error(500, "internal")

    started = time.monotonic()
    with answering(say) as url, remote(url, patience=1.5) as there, pytest.raises(trouble.ServerFailed):
        there.sync(b"{}", "")
    assert len(tries) >= 2
    assert time.monotonic() - started < 4


def test_38_a_wrong_key_is_not_tried_again() -> None:
    tries: list[int] = []

    def say(_: BaseHTTPRequestHandler) -> Answer:
        tries.append(1)
        return error(401, "key")

    with answering(say) as url, remote(url, patience=30) as there, pytest.raises(trouble.WrongKey):
        there.sync(b"{}", "")
    assert len(tries) == 1


def test_40_a_hung_server_is_left_after_a_while() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with remote(url, read=0.2) as there, pytest.raises(trouble.Hung):
            there.sync(b"{}", "")


@pytest.mark.parametrize("headers", [{"Content-Length": "1000"}, {"Transfer-Encoding": "chunked"}])
def test_40_a_truncated_reply_is_no_reply(headers: dict[str, str]) -> None:
    body = b"3e8\r\n{" if "Transfer-Encoding" in headers else b'{"half": '

    def say(request: BaseHTTPRequestHandler) -> Answer:
        request.close_connection = True
        return 200, headers, body

    with answering(say) as url, remote(url) as there, pytest.raises(trouble.Truncated):
        there.sync(b"{}", "")


def test_40_a_compressed_reply_is_read_and_a_bomb_is_not() -> None:
    def packed(body: bytes) -> Say:
        return always((200, {"Content-Encoding": "gzip"}, gzip.compress(body)))

    with answering(packed(b'{"a": 1}')) as url, remote(url) as there:
        assert there.sync(b"{}", "") == b'{"a": 1}'
    with answering(packed(b"{" + bytes(4 * MAX_REPLY))) as url, remote(url) as there, pytest.raises(trouble.TooMuch):
        there.sync(b"{}", "")
    half = gzip.compress(b'{"a": "' + bytes(range(200)) * 50 + b'"}')[:-20]
    with (
        answering(always((200, {"Content-Encoding": "gzip"}, half))) as url,
        remote(url) as there,
        pytest.raises(trouble.Truncated),
    ):
        there.sync(b"{}", "")
    with (
        answering(always((200, {"Content-Encoding": "gzip"}, b"not gzip"))) as url,
        remote(url) as there,
        pytest.raises(trouble.Truncated),
    ):
        there.sync(b"{}", "")


def test_40_too_much_uncompressed() -> None:
    with (
        answering(always((200, {}, b"{" + b" " * MAX_REPLY))) as url,
        remote(url) as there,
        pytest.raises(trouble.TooMuch),
    ):
        there.sync(b"{}", "")


def test_one_connection_serves_many_requests() -> None:
    ports: set[int] = set()

    def say(request: BaseHTTPRequestHandler) -> Answer:
        ports.add(request.client_address[1])
        return 200, {}, b"{}"

    with answering(say) as url, remote(url) as there:
        for _ in range(5):
            there.sync(b"{}", "")
    assert len(ports) == 1


def test_keys_have_a_version_and_a_race_is_told() -> None:
    asked: list[tuple[str, str | None, str | None]] = []
    answers: list[Answer] = [
        error(404, "no keys"),
        (201, {"ETag": '"1"'}, b"{}"),
        (200, {"ETag": '"1"'}, b'{"bundle": 1}'),
        (304, {"ETag": '"1"'}, b""),
        error(412, "changed"),
    ]

    def say(request: BaseHTTPRequestHandler) -> Answer:
        asked.append((request.command, request.headers["if-none-match"], request.headers["if-match"]))
        return answers.pop(0)

    with answering(say) as url, remote(url) as there:
        assert there.keys() is None
        assert there.put_keys("{}", over=None) == '"1"'
        assert there.keys() == Bundle(b'{"bundle": 1}', '"1"')
        assert there.keys('"1"') == Bundle(b"", '"1"')
        with pytest.raises(trouble.KeysChanged):
            there.put_keys("{}", over='"1"')
    assert asked == [("GET", None, None), ("PUT", "*", None), ("GET", None, None), ("GET", '"1"', None),
                     ("PUT", None, '"1"')]  # fmt: skip


@pytest.mark.parametrize("answer", [(404, {}, b"<h1>Nothing here"), error(404, "not found"), (200, {}, b"<html>hello")])
def test_another_service_is_not_taken_for_an_account_without_keys(answer: Answer) -> None:
    with answering(always(answer)) as url, remote(url) as there, pytest.raises(trouble.SyncTrouble):
        there.keys()
