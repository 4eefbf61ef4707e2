"""A record's heads as few bytes: sealed values as they are, replicas named once, names that all have as numbers.

What nearly every cell has stands in a head of fixed width. So an edit leaves a record as long as it was, and a store
isn't torn apart by edits: its pages stay as full as they were. Anything else follows the head, in numbers of which one
below 240 is one byte and a larger one says how many bytes follow. What is stored was written here, so it is trusted.
"""

import json
import re
import struct
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from orc_lab.sync.cells import JOINT, NOTHING, Cell, Dot, Seen
from orc_lab.sync.wire import Plain, Refused, Sealed

FORMAT = 1
# By its place, so that names are only ever added at the end.
_WORDS = (
    "life", "title", "notes", "status", "priority", "labels", "estimate", "actual", "schedule", "project", "parent",
    "position", "why", "intention", "rule", "template", "factor", "goal", "reflection", "plan", "outcome", "interval",
    "todo", "value", "response", "any", "intentions", "projects", "todos", "links", "recurrences", "capacity",
    "weeklyGoals", "commitments", "sessions", "activities", "settings", "forecasts", "recommendations",
)  # fmt: skip
_NUMBER_OF = {word: number for number, word in enumerate(_WORDS, 1)}
_ONE_BYTE, _JOINT = 240, 255
_DEEPEST = 32  # objects and lists within each other
_BASE, _SEEN, _KEPT, _AUTO, _COVERS, _SEALED, _PLAIN, _WIDE = (1 << bit for bit in range(8))
_REST = _SEEN | _KEPT | _COVERS
# Flags, how far its number is below the record's; clock and replica of its dot and of its base; key and length of what
# is sealed. Where something doesn't fit, the cell is `wide` and all of it follows in numbers.
_HEAD = struct.Struct(">BI7sB7sBBH")
_NONE = bytes(7)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_HEX = re.compile(r"[0-9a-f]{12}")


class Kept(NamedTuple):
    """A cell and the sequence number under which it was written."""

    cell: Cell
    seq: int


Kepts = Mapping[str, Sequence[Kept]]  # of a record's groups


def key_of(table: str, id: str) -> bytes:
    """Return a record's key: its table, then its id, as 16 bytes where that is a UUID."""
    if _UUID.fullmatch(id):
        return _text(table) + b"\0" + bytes.fromhex(id.replace("-", ""))
    return _text(table) + b"\1" + id.encode()


def record_of(key: bytes) -> tuple[str, str]:
    """Return the table and the id of a key."""
    table, at = _read_text(key, 0)
    if key[at]:
        return table, key[at + 1 :].decode()
    text = key[at + 1 :].hex()
    return table, f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def pack(groups: Kepts, seq: int) -> bytes:
    """Return the bytes of a record whose newest sequence number is `seq`; raises Refused for what is no JSON."""
    packer = _Packer(seq)
    body = [_number(len(groups))]
    for group, some in groups.items():
        body += [_text(group), _number(len(some)), *(packer.cell(cell, number) for cell, number in some)]
    return b"".join((_number(FORMAT), packer.head(), *body))


def unpack(data: bytes, seq: int) -> dict[str, list[Kept]]:
    """Return the groups of a record whose newest sequence number is `seq`."""
    return _Unpacker(data, seq).groups()


def _number(value: int) -> bytes:
    if value < _ONE_BYTE:
        return bytes((value,))
    size = (value.bit_length() + 7) >> 3
    return bytes((_ONE_BYTE + size,)) + value.to_bytes(size, "big")


@lru_cache(maxsize=256)
def _text(text: str) -> bytes:
    known = _NUMBER_OF.get(text)
    if known is not None:
        return bytes((known,))
    if JOINT in text:
        names = text.split(JOINT)
        return bytes((_JOINT,)) + _number(len(names)) + b"".join(map(_text, names))
    data = text.encode()
    return b"\0" + _number(len(data)) + data


def _read_text(data: bytes, at: int) -> tuple[str, int]:
    if data[at] == _JOINT:
        names = []
        count, at = data[at + 1], at + 2
        for _ in range(count):
            name, at = _read_text(data, at)
            names.append(name)
        return JOINT.join(names), at
    if data[at]:
        return _WORDS[data[at] - 1], at + 1
    size = data[at + 1]
    return data[at + 2 : at + 2 + size].decode(), at + 2 + size


class _Packer:
    """Writes cells, and remembers the replicas that they name."""

    def __init__(self, seq: int) -> None:
        self._seq = seq
        self._replicas: dict[str, int] = {}

    def head(self) -> bytes:
        found = [_number(len(self._replicas))]
        for name in self._replicas:
            data = name.encode()
            found.append(b"\0" + bytes.fromhex(name) if _HEX.fullmatch(name) else _number(len(data)) + data)
        return b"".join(found)

    def cell(self, cell: Cell, seq: int) -> bytes:
        dot, base, seen, kept, auto, covers, body = cell
        flags = (
            (_BASE if base is not None else 0)
            | (_SEEN if seen else 0)
            | (_KEPT if kept else 0)
            | (_AUTO if auto else 0)
            | (_COVERS if covers is not None else 0)
        )
        key, data = 0, b""
        if isinstance(body, Sealed):
            flags |= _SEALED
            key, data = body
        elif isinstance(body, Plain):
            flags |= _PLAIN
            data = write_plain(body.value)
        rest = self._rest(seen, kept, covers) if flags & _REST else b""
        return self._first(flags, self._seq - seq, dot, base, key, len(data)) + rest + data

    def _first(self, flags: int, below: int, dot: Dot, base: Dot | None, key: int, size: int) -> bytes:
        own = self._replicas.setdefault(dot.replica, len(self._replicas))
        over = 0 if base is None else self._replicas.setdefault(base.replica, len(self._replicas))
        try:
            clock = _NONE if base is None else base.clock.to_bytes(7, "big")
            return _HEAD.pack(flags, below, dot.clock.to_bytes(7, "big"), own, clock, over, key, size)
        except (OverflowError, struct.error):
            numbers = (below, dot.clock, own, 0 if base is None else base.clock, over, key, size)
            return bytes((flags | _WIDE,)) + b"".join(map(_number, numbers))

    def _rest(self, seen: Seen, kept: Sequence[Dot], covers: Mapping[str, Seen] | None) -> bytes:
        found = []
        if seen:
            found.append(self._vector(seen))
        if kept:
            found += [_number(len(kept)), *(self._replica(one.replica) + _number(one.clock) for one in kept)]
        if covers is not None:
            found.append(_number(len(covers)))
            found += [_text(group) + self._vector(vector) for group, vector in covers.items()]
        return b"".join(found)

    def _vector(self, seen: Seen) -> bytes:
        found = [_number(len(seen)), *(self._replica(name) + _number(clock) for name, clock in seen.items())]
        return b"".join(found)

    def _replica(self, name: str) -> bytes:
        return _number(self._replicas.setdefault(name, len(self._replicas)))


def write_plain(value: object) -> bytes:
    """Return a plain value's JSON; raises Refused for one that other devices couldn't read."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            part
            for one in level
            if isinstance(one, dict | list)
            for part in (one.values() if isinstance(one, dict) else one)
        ]
    if level:
        raise Refused("a value is nested too deeply")
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    except ValueError:  # half characters, infinities
        raise Refused("a value is no JSON that everybody can read") from None


class _Unpacker:
    """Reads what a packer wrote."""

    def __init__(self, data: bytes, seq: int) -> None:
        self._data, self._at, self._seq = data, 1, seq
        self._replicas = [self._name() for _ in range(self._number())]

    def groups(self) -> dict[str, list[Kept]]:
        found: dict[str, list[Kept]] = {}
        for _ in range(self._number()):
            group = self._text()
            found[group] = [self._cell() for _ in range(self._number())]
        return found

    def _cell(self) -> Kept:
        flags = self._data[self._at]
        if flags & _WIDE:
            self._at += 1
            below, clock, own, before, over, key, size = (self._number() for _ in range(7))
        else:
            _, below, first, own, second, over, key, size = _HEAD.unpack_from(self._data, self._at)
            self._at += _HEAD.size
            clock, before = int.from_bytes(first, "big"), int.from_bytes(second, "big")
        seen: Seen = NOTHING
        kept: tuple[Dot, ...] = ()
        covers: dict[str, Seen] | None = None
        if flags & _REST:
            if flags & _SEEN:
                seen = self._vector()
            if flags & _KEPT:
                kept = tuple(self._dot() for _ in range(self._number()))
            if flags & _COVERS:
                covers = {self._text(): self._vector() for _ in range(self._number())}
        self._at += size
        data = self._data[self._at - size : self._at]
        body = Sealed(key, data) if flags & _SEALED else Plain(json.loads(data)) if flags & _PLAIN else None
        base = Dot(before, self._replicas[over]) if flags & _BASE else None
        dot = Dot(clock, self._replicas[own])
        return Kept(Cell(dot, base, seen, kept, flags & _AUTO > 0, covers, body), self._seq - below)

    def _number(self) -> int:
        at = self._at
        first = self._data[at]
        if first < _ONE_BYTE:
            self._at = at + 1
            return first
        self._at = end = at + 1 + first - _ONE_BYTE
        return int.from_bytes(self._data[at + 1 : end], "big")

    def _text(self) -> str:
        text, self._at = _read_text(self._data, self._at)
        return text

    def _name(self) -> str:
        size = self._number()
        self._at = end = self._at + (size or 6)
        data = self._data[end - (size or 6) : end]
        return data.decode() if size else data.hex()

    def _dot(self) -> Dot:
        name = self._replicas[self._number()]
        return Dot(self._number(), name)

    def _vector(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for _ in range(self._number()):
            name = self._replicas[self._number()]
            found[name] = self._number()
        return found
