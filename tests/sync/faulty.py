"""A way to the server on which everything goes wrong: what goes along it is lost, late, doubled, cut off or nonsense.

What happens to a request is drawn from the given numbers, so that a history can be played again.
"""

from collections.abc import Callable, Sequence
from random import Random

from orc_lab.errors import OrcError
from orc_lab.sync.exchange import Forked, Remote


class Lost(OrcError):
    """Nothing came back."""


NONSENSE: Sequence[bytes] = (
    b"<html><body>Please log in to the network</body></html>",
    b"",
    b"null",
    b"[]",
    b"{}",
    b'{"timestamp": "soon", "newSyncToken": 5}',
    b"\x1f\x8b\x08\x00garbage",
    b'{"a":' * 5_000,
)
FAULTS = ("request", "reply", "status", "nonsense", "cut", "twice", "old", "late")


class Faulty:
    """A remote that fails in every way that a network can, each with the probability `fails` over all ways.

    `meanwhile` is called while a request is on its way: other devices sync, somebody edits.
    """

    def __init__(
        self, remote: Remote, draw: Random, *, fails: float = 0.4, meanwhile: Callable[[], object] = lambda: None
    ) -> None:
        self._remote, self._draw, self._fails, self._meanwhile = remote, draw, fails, meanwhile
        self._said: list[tuple[bytes, str]] = []

    def sync(self, body: bytes, token: str) -> bytes:
        fault = self._draw.choice(FAULTS) if self._draw.random() < self._fails else None
        if fault == "request":
            raise Lost("The request was lost.")
        if fault == "status":
            raise Lost(self._draw.choice(("HTTP 429", "HTTP 500", "HTTP 502", "no connection")))
        if fault == "nonsense":
            return self._draw.choice(NONSENSE)
        if fault == "old" and self._said:  # a copy of an earlier request comes late, and its reply goes nowhere
            self._again(*self._draw.choice(self._said))
        self._said.append((body, token))
        reply = self._remote.sync(body, token)
        if fault == "twice":  # what the network repeats is answered twice, and the first answer is lost
            reply = self._remote.sync(body, token)
        self._meanwhile()
        if fault == "reply":
            raise Lost("The reply was lost.")
        return reply[: self._draw.randrange(len(reply))] if fault == "cut" else reply

    def _again(self, body: bytes, token: str) -> None:
        try:
            self._remote.sync(body, token)
        except Forked:
            return  # as the server refuses what has been overtaken
