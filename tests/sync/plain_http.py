"""A plain server on loopback, for clients that are processes of their own; it can be put back to where it was."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from orc_lab.errors import OrcError
from orc_lab.sync.exchange import Forked
from tests.sync.plain_server import PlainServer

FORKED = b'{"error": "forked", "detail": "copied or restored"}'


@contextmanager
def serving(server: PlainServer) -> Iterator[str]:
    """Serve until the end of the block; give the address. `POST /again` puts back what the server held at first."""
    begun = server.kept()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            with lock:
                self._answer(*self._asked(body))

        def _asked(self, body: bytes) -> tuple[int, bytes]:
            if self.path == "/again":
                server.put_back(begun)
                return 200, b"{}"
            try:
                key = self.headers["Authorization"].removeprefix("Bearer ")
                return 200, server.sync(key, body, self.headers["Sync-Token"] or "")
            except Forked:
                return 409, FORKED
            except OrcError as error:
                return 400, f'{{"error": "refused", "detail": "{type(error).__name__}"}}'.encode()

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_address[1]}"
        finally:
            http.shutdown()
            thread.join()
