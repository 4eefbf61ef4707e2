"""A file's bytes, damaged, and a text's encodings."""

from random import Random

from tests.importers.fuzz.values import BYTES


def damaged(rng: Random, data: bytes, other: bytes) -> bytes:
    """Return bytes with one to four mistakes in them; `other` is a file to take pieces of."""
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4))):
        data = _once(rng, data, other)
    return data


def _once(rng: Random, data: bytes, other: bytes) -> bytes:
    at, length = rng.randrange(len(data) + 1), rng.choice((1, 1, 2, 3, 5, 8, 20, 60, 200))
    kind = rng.randrange(9)
    if kind == 0 and at < len(data):
        return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
    if kind == 1:
        return data[:at] + data[at + length :]
    if kind == 2:
        return data[:at] + rng.choice(BYTES) + data[at:]
    if kind == 3:
        return data[:at] + rng.choice(BYTES) + data[at + length :]
    if kind == 4:
        return data[:at] + data[at : at + length] * rng.choice((2, 2, 3, 40)) + data[at + length :]
    if kind == 5:
        return data[:at] + rng.randbytes(rng.choice((1, 2, 4, 16))) + data[at + length :]
    if kind == 6:
        start = rng.randrange(len(other) + 1)
        return data[:at] + other[start : start + length * 4] + data[at:]
    if kind == 7:
        return data[:at] if rng.random() < 0.5 else data[at:]
    return data[:at] + other[rng.randrange(len(other) + 1) :]


def encoded(rng: Random, text: str) -> bytes:
    """Return a text as bytes: mostly as UTF-8, else in an encoding in which such files come too."""
    if rng.random() < 0.08:
        text = text.replace("\r\n", "\n").replace("\n", "\r\n" if rng.random() < 0.7 else "\r")
    kind = rng.random()
    if kind < 0.9:
        return text.encode("utf-8", "surrogatepass")
    if kind < 0.94:
        return b"\xef\xbb\xbf" + text.encode("utf-8", "surrogatepass")
    if kind < 0.98:
        mark, wide = rng.choice(((b"\xff\xfe", "le"), (b"\xfe\xff", "be"), (b"", "le"), (b"", "be")))
        return mark + text.encode(f"utf-16-{wide}", "surrogatepass")
    return text.encode("cp1252", "replace")
