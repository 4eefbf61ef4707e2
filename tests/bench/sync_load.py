"""Ask a sync server at a steady rate, by many devices: `python -m tests.bench.sync_load PORT KEYS RATE SECONDS`.

KEYS is a file of one key a line. Each request is due at its own time and counted from then, whether or not the server
was ready for it. Of ten, seven bring nothing, two push a record, one asks for everything. Prints JSON.
"""

import asyncio
import json
import os
import random
import sys
import time
from pathlib import Path

from orc_lab.model.ids import new_id
from orc_lab.sync import wire
from orc_lab.sync.cells import Cell, Dot
from orc_lab.sync.wire import Record, Request, Sealed

CONNECTIONS = 64
SEALED = 136  # bytes of a short value, sealed


def new_record(replica: str, *groups: str) -> Record:
    """A record with cells of now."""
    at = int(time.time() * 1e6)
    cells = {group: [Cell(Dot(at, replica), body=Sealed(1, os.urandom(SEALED)))] for group in groups}
    return Record("todos", new_id(), cells)


def request(kind: str) -> bytes:
    """The body of a request of a kind."""
    records = [new_record(os.urandom(6).hex(), "life", "title", "status")] if kind == "push" else []
    return wire.write_request(Request(timestamp=0, batch=new_id(), after=["*"], records=records))


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, key: str, token: str, body: bytes) -> str:
    """One request over an open connection; return the token of its reply."""
    head = f"POST /sync HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nSync-Token: {token}\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    status = await reader.readline()
    length = 0
    while (line := await reader.readline()) not in (b"\r\n", b""):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    reply = json.loads(await reader.readexactly(length))
    assert b" 200 " in status, (status, reply)
    return str(reply["newSyncToken"])


async def load(port: int, keys: list[str], rate: float, seconds: float) -> list[tuple[str, float]]:
    """The kind and the seconds of each request."""
    rng = random.Random(5)
    tokens = dict.fromkeys(keys, "")
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    took: list[tuple[str, float]] = []
    busy: set[str] = set()

    async def one(due: float) -> None:
        kind = rng.choices(["nothing", "push", "everything"], [7, 2, 1])[0]
        key = rng.choice(keys)
        while key in busy:  # a device does one thing at a time
            key = rng.choice(keys)
        busy.add(key)
        reader, writer = await free.get()
        found = await ask(reader, writer, key, "" if kind == "everything" else tokens[key], request(kind))
        if kind != "everything":
            tokens[key] = found
        took.append((kind, time.perf_counter() - due))
        busy.discard(key)
        free.put_nowait((reader, writer))

    begin = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * seconds)):
            due = begin + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(one(due))
    return took


def main() -> None:
    port, keys, rate, seconds = sys.argv[1:]
    listed = Path(keys).read_text(encoding="utf-8").split()
    asyncio.run(load(int(port), listed, float(rate), 2.0))
    sys.stdout.write(json.dumps(asyncio.run(load(int(port), listed, float(rate), float(seconds)))))


if __name__ == "__main__":
    main()
