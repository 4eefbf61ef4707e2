"""The way to the server: HTTP with a bearer key, patient where patience helps, and wary of everything that comes back.

A failure that may pass is tried again, by a jittered exponential backoff, as long as `patience` allows; every request
can be repeated without harm. Nothing follows a redirect, for the key would go along.
"""

import json
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from types import TracebackType
from typing import Any, NamedTuple, NoReturn, Self
from urllib.parse import urlsplit

import httpx
import tenacity

from orc_lab.sync import trouble, wire
from orc_lab.sync.exchange import Forked

MAX_REPLY = 16 << 20  # bytes, decompressed; a page is about 1 MiB, and a single sequence number may be more
PATIENCE = 45.0  # seconds that failures which may pass are tried again for
_CONNECT, _READ, _WHOLE = 10.0, 30.0, 120.0  # seconds for a connection, a piece of a reply, and all of it
_LONGEST_WAIT = 3600.0
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_LOOPBACK = frozenset({"localhost", "ip6-localhost"})
_GZIP = 32 + zlib.MAX_WBITS  # zlib's or gzip's header, whichever is there


class Answer(NamedTuple):
    """A reply: its status, its headers, its whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Bundle(NamedTuple):
    """The account's key bundle as the server has it, and its version."""

    text: bytes
    etag: str


def checked_endpoint(text: str) -> str:
    """Return a server's address without a slash at its end; raises BadEndpoint.

    Off loopback it is HTTPS: the key and who syncs what when would be readable on the way.
    """
    shown = text.strip()
    try:
        parts = urlsplit(shown)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise trouble.BadEndpoint(shown[:80], "it is no address such as https://sync.example.org") from None
    if parts.username or parts.password:
        raise trouble.BadEndpoint(f"{parts.scheme}://…@{host}", "a name and password in it would be shown everywhere")
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment or not shown.isprintable():
        raise trouble.BadEndpoint(shown[:80], "it is no address such as https://sync.example.org")
    if parts.scheme == "http" and not is_loopback(host):
        raise trouble.BadEndpoint(shown[:80], "without https others on the way could read the key; use https://")
    return shown.rstrip("/")


def is_loopback(host: str) -> bool:
    """Return whether a host's name means this computer itself."""
    if host.lower() in _LOOPBACK:
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class HttpRemote:
    """One device's connection to its server. Close it, or use it in a `with` block; two threads may ask at once."""

    def __init__(
        self,
        endpoint: str,
        key: str,
        *,
        patience: float = PATIENCE,
        read: float = _READ,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Raises BadEndpoint or BadKey. `read` is how many seconds a piece of a reply may take."""
        self.endpoint = checked_endpoint(endpoint)
        if not key or not key.isascii() or not key.isprintable() or " " in key:
            raise trouble.BadKey
        self._patience, self._read = patience, read
        local = is_loopback(urlsplit(self.endpoint).hostname or "")
        self._client = httpx.Client(
            headers={"Authorization": f"Bearer {key}", "Accept": "application/json", "Accept-Encoding": "gzip"},
            timeout=httpx.Timeout(read, connect=_CONNECT),
            follow_redirects=False,
            trust_env=not local,  # a proxy of the system has no business with this computer itself
            # On http no certificate is ever looked at, and none need be loaded; SSL_CERT_FILE counts on loopback, too.
            verify=httpx.create_ssl_context() if self.endpoint.startswith("https:") else False,
            transport=transport,
        )

    def __repr__(self) -> str:
        return f"HttpRemote({self.endpoint!r})"

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    # What the protocol knows

    def sync(self, body: bytes, token: str) -> bytes:
        """Return the reply to a request; raises Forked or SyncTrouble."""
        headers = {"Sync-Token": token, "Content-Type": "application/json"}
        return self._asked("POST", "/sync", body, headers).body

    def keys(self, known: str | None = None) -> Bundle | None:
        """Return the account's key bundle, None where it has none; without a text where it is of the version `known`.

        Raises SyncTrouble; also where the endpoint answers as no sync server would.
        """
        answer = self._asked("GET", "/keys", headers={"If-None-Match": known} if known else {})
        if answer.status == 404:
            return None
        if answer.status == 304:
            return Bundle(b"", known or "")
        if not (etag := answer.headers.get("etag")):
            raise trouble.NotOurs(self.endpoint, "keys without a version")
        return Bundle(answer.body, etag)

    def put_keys(self, text: str, *, over: str | None) -> str:
        """Put the account's key bundle there in the place of the version `over`, None for the first; return its
        version. Raises KeysChanged where another device was faster, else SyncTrouble."""
        headers = {"If-None-Match": "*"} if over is None else {"If-Match": over}
        answer = self._asked("PUT", "/keys", text.encode(), headers | {"Content-Type": "application/json"})
        return answer.headers.get("etag") or (self.keys() or Bundle(b"", "")).etag

    def devices(self) -> Sequence[Mapping[str, Any]]:
        """Return the account's devices: `name`, `replicas`, `lastSeen` (milliseconds), `revoked`, `self`."""
        raw = _object(self.endpoint, self._asked("GET", "/devices"))
        found = raw.get("devices")
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

    def erase(self) -> int:
        """Remove everything that the account has there, but for its devices; return how many records that were."""
        removed = _object(self.endpoint, self._asked("DELETE", "/account")).get("removed")
        return removed if isinstance(removed, int) else 0

    # How it is asked

    def _asked(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_may_pass),
            wait=_wait,
            stop=self._stop,
            reraise=True,
        )
        return retrying(self._once, method, path, body, headers or {})

    def _stop(self, state: tenacity.RetryCallState) -> bool:
        """Whether the next try would come too late, counted from the first."""
        return (state.seconds_since_start or 0) + state.upcoming_sleep > self._patience

    def _once(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        with (
            self._told(),
            self._client.stream(method, f"{self.endpoint}{path}", content=body, headers=dict(headers)) as response,
        ):
            answer = Answer(response.status_code, response.headers, self._body(response))
        if answer.status in (200, 204) or (path == "/keys" and answer.status in (201, 304)):
            if answer.status == 200 and answer.body[:1] != b"{":  # the rest of it is read where it is used
                _object(self.endpoint, answer)
            return answer
        if path == "/keys" and method == "GET" and answer.status == 404 and _error(answer)[0] == "no keys":
            return answer
        self._refused(path, answer)

    def _body(self, response: httpx.Response) -> bytes:
        """The body, as far as it is of a size that the protocol knows, decompressed."""
        unpack = (
            zlib.decompressobj(_GZIP) if response.headers.get("content-encoding", "") in ("gzip", "deflate") else None
        )
        started, found, size = time.monotonic(), [], 0
        for piece in response.iter_raw():
            plain = piece if unpack is None else unpack.decompress(piece, MAX_REPLY + 1 - size)
            found.append(plain)
            size += len(plain)
            if size > MAX_REPLY:
                raise trouble.TooMuch(self.endpoint, MAX_REPLY)
            if time.monotonic() - started > _WHOLE:
                raise trouble.Hung(self.endpoint, _WHOLE)
        if unpack is not None and not unpack.eof:
            raise trouble.Truncated(self.endpoint, "the compressed reply has no end")
        return b"".join(found)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say what httpx raises in our words; the request, which has the key, is in none of them."""
        try:
            yield
        except (httpx.ConnectTimeout, httpx.PoolTimeout):
            raise trouble.Unreachable(self.endpoint, f"no connection within {_CONNECT:g} s") from None
        except httpx.TimeoutException:
            raise trouble.Hung(self.endpoint, self._read) from None
        except httpx.ConnectError as error:
            why = _plain(error)
            if "CERTIFICATE" in why.upper():
                raise trouble.NotTrusted(self.endpoint, why) from None
            raise trouble.Unreachable(self.endpoint, why) from None
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError, httpx.CloseError) as error:
            raise trouble.Truncated(self.endpoint, _plain(error)) from None
        except zlib.error:
            raise trouble.Truncated(self.endpoint, "the compressed reply can't be read") from None
        except httpx.HTTPError as error:
            raise trouble.Unreachable(self.endpoint, type(error).__name__) from None

    def _refused(self, path: str, answer: Answer) -> NoReturn:
        status, (reason, detail, raw) = answer.status, _error(answer)
        if 300 <= status < 400:
            raise trouble.WrongEndpoint(self.endpoint, "it sends requests elsewhere, which isn't followed")
        if status in (401, 403):
            raise trouble.WrongKey(self.endpoint)
        if status in _PASSING:
            wait = _retry_after(answer)
            raise (
                trouble.ServerFailed(self.endpoint, status)
                if wait is None and status >= 500
                else trouble.ServerBusy(self.endpoint, wait or 1.0)
            )
        if status == 409 and reason == "forked":
            raise Forked
        if status == 412 and path == "/keys":
            raise trouble.KeysChanged
        if status == 413:
            raise trouble.RequestTooLarge(self.endpoint)
        if reason == "protocol":
            self._other_protocol(raw)
        if reason is None or status in (404, 405):
            raise trouble.WrongEndpoint(self.endpoint, f"HTTP {status} for {path}")
        kind = trouble.TokenRefused if reason == "token" else trouble.Unaccepted
        raise kind(self.endpoint, reason, detail)

    def _other_protocol(self, raw: Mapping[str, Any]) -> NoReturn:
        theirs = raw.get("protocol")
        newer = isinstance(theirs, int) and theirs > wire.PROTOCOL
        raise (trouble.ServerTooNew if newer else trouble.ServerTooOld)(self.endpoint, theirs, wire.PROTOCOL)


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, trouble.SyncTrouble) and error.passing


_BACKOFF = tenacity.wait_random_exponential(multiplier=0.5, max=20, min=0.2)


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    return max(_BACKOFF(state), error.wait if isinstance(error, trouble.ServerBusy) else 0.0)


def _retry_after(answer: Answer) -> float | None:
    told = answer.headers.get("retry-after", "").strip()
    if told.isdecimal():
        return min(float(told), _LONGEST_WAIT)
    from email.utils import parsedate_to_datetime

    try:
        return min(max(parsedate_to_datetime(told).timestamp() - time.time(), 0.0), _LONGEST_WAIT)
    except ValueError:
        return None


def _error(answer: Answer) -> tuple[str | None, str, Mapping[str, Any]]:
    """The word for an error and what is told of it, of the JSON that our servers answer errors with."""
    try:
        raw = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None, "", {}
    if not isinstance(raw, dict) or not isinstance(raw.get("error"), str):
        return None, "", {}
    return raw["error"][:80], str(raw.get("detail", ""))[:300], raw


def _object(endpoint: str, answer: Answer) -> dict[str, Any]:
    """The JSON object of a reply; raises NotOurs, saying what it is instead."""
    try:
        raw = json.loads(answer.body)
    except (ValueError, RecursionError):
        kind = answer.headers.get("content-type", "").partition(";")[0]
        page = kind == "text/html" or answer.body[:200].lstrip()[:1] == b"<"
        what = "a web page" if page else "nothing" if not answer.body.strip() else "what is no JSON"
        raise trouble.NotOurs(endpoint, what) from None
    if not isinstance(raw, dict):
        raise trouble.NotOurs(endpoint, "JSON of another kind")
    return raw


def _plain(error: httpx.HTTPError) -> str:
    text = str(error).partition("\n")[0].strip() or type(error).__name__
    return text[:120].rstrip(".")
