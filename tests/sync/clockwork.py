"""Time and chance that a test rules: one instant for everybody, each device's clock off by its own error.

While it is wound up, `time.time`, new ids and SQLite's clock follow it, so that a history can be played again exactly.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from unittest import mock

BEGAN = 1_800_000_000.0


class Clockwork:
    """The true time in seconds UTC, and by how much the clock that is looked at is off."""

    def __init__(self, seed: int = 0) -> None:
        self.true = BEGAN
        self.error = 0.0
        self.chance = Random(seed)

    def time(self) -> float:
        return self.true + self.error

    def time_ns(self) -> int:
        return int(self.time() * 1e9)

    def bytes(self, count: int) -> bytes:
        return self.chance.randbytes(count)

    @contextmanager
    def wound_up(self) -> Iterator["Clockwork"]:
        with (
            mock.patch.object(time, "time", self.time),
            mock.patch.object(time, "time_ns", self.time_ns),
            mock.patch.object(os, "urandom", self.bytes),
        ):
            yield self

    @contextmanager
    def on(self, error: float) -> Iterator[None]:
        """Look at a clock that is off by some seconds."""
        before, self.error = self.error, error
        try:
            yield
        finally:
            self.error = before

    def rule(self, conn: sqlite3.Connection) -> None:
        """Have SQLite look at this clock."""
        conn.create_function("julianday", 1, lambda _: 2440587.5 + self.time() / 86400)
