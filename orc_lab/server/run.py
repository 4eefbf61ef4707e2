"""The server's process: where it listens, with TLS or without, and how long it waits for whom.

Keys travel in a header, so off loopback it wants TLS: certificate files, or a proxy before it that has them.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from orc_lab.errors import InvalidValue, OrcError, UnreadableFile
from orc_lab.server.answer import QUOTA
from orc_lab.server.app import Server
from orc_lab.server.log_store.contract import LogStore

HOST, PORT = "127.0.0.1", 8447
_HEAD_SECONDS = 20.0  # for a request's line and headers to arrive
_WHOLE_SECONDS = 180.0  # for a request, until its answer is read
_IDLE_SECONDS = 75  # between two requests of one connection
_HEAD_BYTES = 16 << 10
_log = logging.getLogger(__name__)


class NoTls(InvalidValue):
    """The server was to be reached over a network without TLS."""

    def __init__(self, host: str) -> None:
        OrcError.__init__(
            self,
            f"On {host} others could read keys on the way. Give --tls-cert and --tls-key, or --behind-proxy where a "
            "proxy has the certificate; without either the server listens on 127.0.0.1 only.",
        )


class NoAddress(InvalidValue):
    """The address to listen on isn't to be had."""

    def __init__(self, host: str, port: int, why: str) -> None:
        OrcError.__init__(
            self, f"The server can't listen on {host} port {port}: {why}. Choose another with --host or --port."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to serve. `proxy` is the address of a proxy that may say who the client is, "" for none."""

    host: str = HOST
    port: int = PORT
    cert: str | None = None
    key: str | None = None
    proxy: str = ""
    open_metrics: bool = False
    quota: int = QUOTA


def run(store: LogStore, options: Options, *, ready: Callable[[str], None]) -> None:
    """Serve until the process is told to stop (SIGINT, SIGTERM); `ready` is called with the address once it listens.

    Raises NoTls, NoAddress, UnreadableFile for certificate files, InvalidValue for one of the two without the other.
    """
    check(options)
    app = Server(store, quota=options.quota, open_metrics=options.open_metrics).app()
    server = uvicorn.Server(_config(_timed(app), options))
    listening = _listen(options.host, options.port)
    with listening:
        host, port = listening.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        ready(f"{'https' if options.cert else 'http'}://{shown}:{port}")
        server.run(sockets=[listening])


def check(options: Options) -> None:
    """Raise what `run` would raise of these options, without listening."""
    if not 0 <= options.port < 1 << 16:
        raise InvalidValue("--port", options.port, "a number from 0 to 65535")
    if bool(options.cert) != bool(options.key):
        raise InvalidValue("--tls-cert and --tls-key", options.cert or options.key, "both or neither")
    if options.cert and options.key:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(options.cert, options.key)
        except (OSError, ssl.SSLError) as error:
            step = "Name PEM files: the certificate with its chain, and its key."
            raise UnreadableFile(f"{options.cert} with {options.key}", error.strerror or str(error), step) from None
    elif not options.proxy and not is_loopback(options.host):
        raise NoTls(options.host)


def is_loopback(host: str) -> bool:
    """Return whether only this computer reaches a host's name."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _config(app: ASGIApp, options: Options) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_Impatient,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(options.proxy),
        forwarded_allow_ips=options.proxy or None,
        ssl_certfile=options.cert,
        ssl_keyfile=options.key,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=30,
        h11_max_incomplete_event_size=_HEAD_BYTES,
    )


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listening = socket.create_server(address[:2], family=family, backlog=1024)
        # Connections take it over. asyncio sees to it only where a socket names its protocol, which this one doesn't:
        # without it each reply waits 40 ms for the acknowledgement of its head.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening
    except OSError as error:
        raise NoAddress(host, port, error.strerror or str(error)) from None


class _Impatient(H11Protocol):
    """A connection on which a request's head has to arrive in time."""

    _head: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def handle_events(self) -> None:
        super().handle_events()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._unwatch()
        elif self._head is None:
            self._head = self.loop.call_later(_HEAD_SECONDS, self._late)

    def _unwatch(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _late(self) -> None:
        self._head = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()


def _timed(app: ASGIApp) -> ASGIApp:
    """An application whose requests end in time, also where nobody reads the answer."""

    async def timed(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(_WHOLE_SECONDS):
                await app(scope, receive, send)
        except TimeoutError:
            _log.warning("A request took longer than %g s and was dropped.", _WHOLE_SECONDS)

    return timed
