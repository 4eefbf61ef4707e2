"""The routes of the sync server. Whatever comes in, a JSON answer goes out: a reply, or `{error, detail}`.

The event loop reads and writes; everything that touches the store, or a large JSON, runs in a few threads. A reply is
sent only when what it acknowledges is durable.
"""

import logging
import re
import time
from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from orc_lab.errors import OrcError
from orc_lab.server import accounts, limits
from orc_lab.server.answer import QUOTA, Answered, Forked, NoDevice, answer
from orc_lab.server.log_store.contract import LogStore, StoreFailed
from orc_lab.server.metrics import Metrics
from orc_lab.server.tokens import BadToken
from orc_lab.sync import wire

THREADS = 8
MOST_RUNNING = 256  # sync requests at once, so that their bodies fit into memory
_LOOPBACK = re.compile(r"127\.|::1$|::ffff:127\.|testclient$")
_log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

# An error's status and its word; of an Unreadable the word is its reason.
_ERRORS: dict[type[OrcError], tuple[int, str]] = {
    NoDevice: (401, "key"),
    Forked: (409, "forked"),
    BadToken: (400, "token"),
    accounts.Changed: (412, "changed"),
    limits.TooLarge: (413, "too large"),
    limits.TooSlow: (408, "slow"),
    limits.Undecodable: (415, "encoding"),
    limits.TooManyTries: (429, "wrong keys"),
    StoreFailed: (503, "store"),
    wire.Unreadable: (400, ""),
}


class _Busy(OrcError):
    """More requests at once than there is room for."""

    def __init__(self) -> None:
        super().__init__("The server has too many requests at this moment. Try again in a second.")


class Server:
    """The routes over one store. `now` gives the seconds UTC, `elapsed` seconds that never go back."""

    def __init__(
        self,
        store: LogStore,
        *,
        now: Callable[[], float] = time.time,
        elapsed: Callable[[], float] = time.monotonic,
        quota: int = QUOTA,
        body_seconds: float = limits.BODY_SECONDS,
        open_metrics: bool = False,
    ) -> None:
        self._store, self._now, self._elapsed, self._quota = store, now, elapsed, quota
        self._body_seconds, self._open_metrics = body_seconds, open_metrics
        self._wrong_keys = limits.WrongKeys(elapsed)
        self._threads: CapacityLimiter | None = None
        self.metrics = Metrics()

    def app(self) -> Starlette:
        """Return the ASGI application."""
        routes = [
            Route("/sync", self._sync, methods=["POST"]),
            Route("/keys", self._keys, methods=["GET", "PUT"]),
            Route("/devices", self._devices, methods=["GET"]),
            Route("/account", self._account, methods=["DELETE"]),
            Route("/health", self._health, methods=["GET"]),
            Route("/metrics", self._metrics, methods=["GET"]),
        ]
        handlers: dict[Any, Any] = {
            OrcError: self._failed,
            HTTPException: self._http,
            ClientDisconnect: self._gone,
            Exception: self._broken,
        }
        made = Starlette(routes=routes, exception_handlers=handlers)
        made.router.redirect_slashes = False  # a redirect would name whatever host the request did
        return made

    # Routes

    async def _sync(self, request: Request) -> Response:
        started = self._elapsed()
        if self.metrics.running >= MOST_RUNNING:
            raise _Busy
        self.metrics.running += 1
        try:
            key_hash = await self._admit(request)
            body = await self._body(request, wire.MAX_BYTES)
            token = request.headers.get("sync-token", "")
            encoding = request.headers.get("content-encoding", "").strip().lower()
            found, out = await self._in_thread(self._answered, key_hash, token, body, encoding)
        finally:
            self.metrics.running -= 1
        self._count(found, len(body), len(out))
        self.metrics.took(self._elapsed() - started)
        return self._answer(request, Response(out, media_type="application/json"))

    def _answered(self, key_hash: bytes, token: str, body: bytes, encoding: str) -> tuple[Answered, bytes]:
        text = limits.decoded(body, encoding, most=wire.MAX_BYTES)
        try:
            read = wire.read_request(text)
        except RecursionError:
            raise wire.Unreadable("it is nested too deeply") from None
        found = answer(self._store, key_hash, token, read, now=self._now, quota=self._quota)
        return found, wire.write_reply(found.reply)

    def _count(self, found: Answered, came: int, went: int) -> None:
        add = self.metrics.add
        add("orc_records_total", found.pushed, way="pushed")
        add("orc_records_total", found.pulled, way="pulled")
        add("orc_bytes_total", came, way="in")
        add("orc_bytes_total", went, way="out")
        for one in found.reply.rejected:
            add("orc_rejected_total", reason=str(one["reason"]))

    async def _keys(self, request: Request) -> Response:
        key_hash = await self._admit(request)
        if request.method == "PUT":
            return await self._put_keys(request, key_hash)
        found = await self._in_thread(accounts.bundle_of, self._store, key_hash)
        if found is None:
            return self._error(request, 404, "no keys", "The account has no key bundle.")
        version, body = found
        headers = {"ETag": f'"{version}"', "Cache-Control": "no-store"}
        if request.headers.get("if-none-match", "").strip() == headers["ETag"]:
            return self._answer(request, Response(status_code=304, headers=headers))
        return self._answer(request, Response(body, media_type="application/json", headers=headers))

    async def _put_keys(self, request: Request, key_hash: bytes) -> Response:
        match, first = request.headers.get("if-match", "").strip(), request.headers.get("if-none-match", "").strip()
        version = re.fullmatch(r'"(\d{1,9})"', match, re.ASCII)
        if version is None and match:
            raise accounts.Changed
        if version is None and first != "*":
            detail = "Say what is to be replaced: If-None-Match: * for the first bundle, else If-Match with its ETag."
            return self._error(request, 428, "precondition", detail)
        body = await self._body(request, accounts.MAX_BUNDLE)
        over = int(version[1]) if version else 0
        made = await self._in_thread(accounts.put_bundle, self._store, key_hash, body, over=over)
        headers = {"ETag": f'"{made}"'}
        return self._answer(request, JSONResponse({"version": made}, 201 if made == 1 else 200, headers))

    async def _devices(self, request: Request) -> Response:
        key_hash = await self._admit(request)
        own, found = await self._in_thread(accounts.devices_beside, self._store, key_hash)
        listed = [
            {
                "name": device.name,
                "replicas": list(replicas),
                "lastSeen": None if device.seen is None else device.seen * 1000,
                "revoked": device.revoked is not None,
                "self": device.id == own.id,
            }
            for device, replicas in found
        ]
        return self._answer(request, JSONResponse({"devices": listed}))

    async def _account(self, request: Request) -> Response:
        key_hash = await self._admit(request)
        removed = await self._in_thread(accounts.empty_account, self._store, key_hash)
        return self._answer(request, JSONResponse({"removed": removed}))

    async def _health(self, request: Request) -> Response:
        await self._in_thread(self._look)
        return self._answer(request, JSONResponse({"status": "ok", "protocol": wire.PROTOCOL}))

    def _look(self) -> None:
        with self._store.reading() as tx:
            tx.device_of(b"")

    async def _metrics(self, request: Request) -> Response:
        if not self._open_metrics and not _LOOPBACK.match(_address(request)):
            raise HTTPException(404)
        gauges = await self._in_thread(self._gauges)
        return self._answer(
            request, PlainTextResponse(self.metrics.text(gauges), media_type="text/plain; version=0.0.4")
        )

    def _gauges(self) -> dict[str, float]:
        with self._store.reading() as tx:
            found = tx.accounts()
        return {
            "orc_accounts": len(found),
            "orc_stored_records": sum(one.records for one in found),
            "orc_stored_bytes": sum(one.bytes for one in found),
        }

    # What they share

    async def _admit(self, request: Request) -> bytes:
        """Return the hash of a key that may come in, before anything of a body is read.

        One that was right lately isn't looked up here: what is asked of the store looks at it again.
        """
        key_hash = _key_hash(request)
        if not self._wrong_keys.knows(key_hash):
            self._wrong_keys.check(_address(request), key_hash)
            await self._in_thread(accounts.device_of, self._store, key_hash)
            self._wrong_keys.right(key_hash)
        return key_hash

    async def _body(self, request: Request, most: int) -> bytes:
        said = request.headers.get("content-length", "")
        return await limits.read_body(request.stream(), said=said, most=most, seconds=self._body_seconds)

    async def _in_thread(self, call: Callable[P, T], /, *args: P.args, **named: P.kwargs) -> T:
        if self._threads is None:
            self._threads = CapacityLimiter(THREADS)
        return await to_thread.run_sync(partial(call, *args, **named), limiter=self._threads)

    def _answer(self, request: Request, response: Response) -> Response:
        path = request.scope["path"]
        known = path if path in _PATHS else "other"
        self.metrics.add("orc_requests_total", route=known, status=str(response.status_code))
        return response

    def _error(self, request: Request, status: int, error: str, detail: str, **more: Any) -> Response:
        headers = {"Connection": "close"} if status in (408, 413) else {}
        if status in (429, 503):
            headers["Retry-After"] = str(more.pop("wait", 1))
        if status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        content = {"error": error, "detail": detail, **more}
        return self._answer(request, JSONResponse(content, status, headers))

    async def _failed(self, request: Request, error: Exception) -> Response:
        if isinstance(error, _Busy):
            return self._error(request, 503, "busy", str(error))
        status, word = next((_ERRORS[kind] for kind in type(error).__mro__ if kind in _ERRORS), (500, "internal"))
        more: dict[str, Any] = {}
        if isinstance(error, NoDevice):
            self._wrong_keys.wrong(_address(request), _key_hash(request))
            self.metrics.add("orc_wrong_keys_total")
        if isinstance(error, limits.TooManyTries):
            more["wait"] = error.wait
        if isinstance(error, wire.Unreadable):
            word = error.reason
            more |= {"protocol": wire.PROTOCOL} if word == "protocol" else {}
        if status >= 500:
            _log.error("%s", error)
        return self._error(request, status, word, _text(str(error)), **more)

    async def _http(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        word = {404: "not found", 405: "method"}.get(status, "request")
        return self._error(request, status, word, "There is no such route.")

    async def _gone(self, request: Request, error: Exception) -> Response:
        return self._answer(request, Response(status_code=400))  # which nobody reads

    async def _broken(self, request: Request, error: Exception) -> Response:
        return self._error(request, 500, "internal", "The server has a fault; its log tells which.")


_PATHS = frozenset({"/sync", "/keys", "/devices", "/health", "/metrics"})


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _key_hash(request: Request) -> bytes:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return accounts.hash_of(key.strip() if scheme.lower() == "bearer" else "")


def _text(text: str) -> str:
    """Text as JSON can carry it, whatever came in."""
    return text.encode("utf-8", "replace").decode()
