"""Values at which a reader may stumble."""

from random import Random
from typing import Any

# Characters that stand for what can't be said in a tree: they are replaced in the text that is written.
TWICE = "\uf8ff"  # at the end of a key: the key without it, a second time
LONG = "\uf8fe"  # a string of it: a number of five thousand digits
DEEP = "\uf8fd"  # with a number and a letter: lists or objects in each other, so many

DATES = (
    "0000-00-00", "0001-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31", "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-12:00", "10000-01-01", "-0001-01-01", "1969-12-31T23:59:59Z", "1970-01-01", "2025-02-29",
    "2025-02-30", "2025-13-01", "2025-00-10", "2025-03-30T02:30:00", "2025-10-26T02:30:00", "2025-10-26T02:30:00+02:00",
    "2025-06-15T12:00:00+99:99", "2025-06-15T12:00:00+23:59", "2025-06-15T12:00:00-00:00", "2025-06-15T12:00+0200",
    "20250101T000000Z", "00000101T000000Z", "00010101T000000Z", "99991231T235959Z", "20250230T250000Z", "2025-W53-1",
    "2025-W01", "2025-W54", "2025-366", "1736150400", "1736150400000", "1736150400000000", "-1", "0", "1e12",
    "253402300800", "253402300799000", "99999999999999999999", "2025-06-15T24:00:00", "2025-06-15T23:59:60Z", "12:00",
    "25:61", "every day", "tomorrow", "2025-06-15 12:00:00.123456789Z", "٢٠٢٥-٠٦-١٥", "06/15/2025", "15.06.2025",
    "31/31/2025", "2025-06-15T12:00:00[Europe/Berlin]", "2025-06-15T12:00:00 PM", "12:00 AM", "1 Jan", "Jan 32 2025",
    "2025-06-15T12:00:00Z", "2050-01-01T00:00:00Z", "2025-06-15", "2025-06-16", "-62135596800", "2025-1-1", "2025",
)  # fmt: skip
TEXTS = (
    "", " ", "\t", "\x00", "a\x00b", "\ud800", "\udfff\ud800", "\ufeff", "\ufeffid", "\u202eevil", "\r", "\n", "\r\n",
    "a\rb", "\n* TODO Mined", "=1+1", "+1", "@SUM(1)", "'", '"', '""', "`", "\\", "\\u0000", "x" * 3000, "é" * 700,
    "NaN", "nan", "inf", "null", "None", "true", "undefined", "[object Object]", "-0", "1e999", "0x10", "1_000",
    "1,5", "1.234,5", "١٢٣", "²", "½", "t1", "p1", "g1", "1", "2", "../../x", "/", "'; DROP TABLE todos; --", "🙂",
    "👨‍👩‍👧", "e\u0301", "ﬁ", "İ", "ß", "\x85", "\u2028", "\x1b[2J", "%s%n", "{}", "[]", "{", "<b>", "#tag @x !high",
    "(not kept)", "done", "completed", "deleted", "1h", "90m", "PT1H", "PT", "P1Y", "-1:30", "99999:99", "1:30:00",
    "-", ":", "::", ",", ";", "a,b", "https://x", "[x](y)", "[[a][b]]", "ghp_0123456789", "A", "D",
)  # fmt: skip
NUMBERS: tuple[Any, ...] = (
    0, -0.0, -1, 1, 2, 7, 100, 255, 86_400, 2**31, 2**32, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 10**17,
    10**18, 10**19, 10**400, 1e308, -1e308, 5e-324, 0.1, 1.5, 1e15, 1e16, -1e9, float("nan"), float("inf"),
    float("-inf"), 1736150400, 1736150400000, 253402300800, 253402300800000, -62135596801, 9e15, 0.999999999999, LONG,
)  # fmt: skip
BYTES = (
    b"\x00", b"\xff", b"\xfe\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80",
    b"\r", b"\n", b"\r\n", b"\x1a", b"\x0b", b"\x85", b'"', b"'", b"\\", b"{", b"}", b"[", b"]", b"[[[[[[[[", b",",
    b":",
    b";", b"\t", b"-", b"e", b"9" * 30, b"NaN", b"null", b'""', b'\\"', b"\\ud800", b"\\u0000", b"//", b"# ", b"* ",
    b"** TODO ", b":END:", b"<!--", b" " * 50, b"\xe2\x80\xa8", b"\xf0\x9f", b"=", b"0", b"-1", b"1e999",
)  # fmt: skip
KEYS = (
    "id", "ID", "Id", "title", "uuid", "", "\x00", "\ud800", "__proto__", "constructor", "parent", "parentId", "status",
    "state", "data", "entities", "ids", "tags", "due", "token", "apiKey", "password", "content", "start", "end",
    "x" * 300, "estimate", "1", "created_at", "hours", "creation-store", "format", "version", "tables", "todos",
)  # fmt: skip


def scalar(rng: Random) -> Any:
    """Return a plain value of any type."""
    kind = rng.random()
    if kind < 0.3:
        return rng.choice(DATES)
    if kind < 0.6:
        return rng.choice(TEXTS)
    if kind < 0.85:
        return rng.choice(NUMBERS)
    return rng.choice((None, True, False))


def any_value(rng: Random) -> Any:
    """Return a value of any type, now and then a deep one."""
    kind = rng.random()
    if kind < 0.75:
        return scalar(rng)
    if kind < 0.95:
        return rng.choice(
            ([], {}, [scalar(rng)], {rng.choice(KEYS): scalar(rng)}, [[]], [{}], [None], {"a": {"b": [1]}})
        )
    return f"{DEEP}{rng.choice((20, 99, 480, 990, 1100, 5000, 40_000))}{rng.choice('lo')}"


def cell(rng: Random) -> str:
    """Return a text for a place that holds nothing else."""
    value = scalar(rng)
    return value if isinstance(value, str) and value != LONG else "9" * 5000 if value == LONG else str(value)
