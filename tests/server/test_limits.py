"""Wrong keys are counted by address, and forgotten; bodies are bounded in bytes and seconds."""

import asyncio
import gzip
import os
import time
import tracemalloc
from collections.abc import AsyncIterator

import pytest

from orc_lab.server.limits import (
    EVERY,
    WRONG_KEYS,
    TooLarge,
    TooManyTries,
    TooSlow,
    Undecodable,
    WrongKeys,
    decoded,
    read_body,
)  # fmt: skip
from tests.server.conftest import Now


def tried(keys: WrongKeys, address: str, times: int) -> int:
    """How many of some wrong keys were looked at."""
    for number in range(times):
        try:
            keys.check(address, os.urandom(32))
        except TooManyTries:
            return number
        keys.wrong(address, os.urandom(32))
    return times


def test_an_address_has_so_many_tries_and_then_one_now_and_then(now: Now) -> None:
    keys = WrongKeys(now)
    assert tried(keys, "192.0.2.1", 99) == WRONG_KEYS
    now.seconds += EVERY
    assert tried(keys, "192.0.2.1", 99) == 1
    assert tried(keys, "192.0.2.2", 99) == WRONG_KEYS
    now.seconds += 3600
    assert tried(keys, "192.0.2.1", 99) == WRONG_KEYS


def test_what_to_wait_is_enough(now: Now) -> None:
    keys = WrongKeys(now)
    tried(keys, "::1", 99)
    with pytest.raises(TooManyTries) as refused:
        keys.check("::1", b"")
    now.seconds += refused.value.wait
    keys.check("::1", b"")


def test_many_addresses_take_no_more_memory_than_is_meant(now: Now) -> None:
    keys = WrongKeys(now)
    tracemalloc.start()
    for number in range(12_000):
        keys.wrong(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", b"")
        keys.right(number.to_bytes(32, "big"))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 8 << 20


def test_a_bomb_is_not_decompressed() -> None:
    bomb = gzip.compress(bytes(40 << 20))
    tracemalloc.start()
    with pytest.raises(TooLarge):
        decoded(bomb, "gzip", most=1 << 20)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "x" * 999])
def test_an_unknown_encoding(encoding: str) -> None:
    with pytest.raises(Undecodable, match="compressed by gzip"):
        decoded(b"", encoding, most=9)


async def pieces(count: int, pause: float = 0.0) -> AsyncIterator[bytes]:
    for _ in range(count):
        await asyncio.sleep(pause)
        yield b"x"


def test_a_body_is_read_to_its_limit() -> None:
    assert asyncio.run(read_body(pieces(5), said="", most=5)) == b"x" * 5
    with pytest.raises(TooLarge):
        asyncio.run(read_body(pieces(6), said="2", most=5))
    with pytest.raises(TooLarge):
        asyncio.run(read_body(pieces(0), said="6", most=5))


def test_a_slow_body_is_given_up() -> None:
    started = time.monotonic()
    with pytest.raises(TooSlow):
        asyncio.run(read_body(pieces(1000, 0.02), said="", most=9999, seconds=0.2))
    assert time.monotonic() - started < 5
