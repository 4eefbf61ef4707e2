"""What seals a value opens it, and nothing else: not another record's, not an altered one, not a plain one."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt as encrypt

from orc_lab.model.change import Value
from orc_lab.sync import seal
from orc_lab.sync.cells import Cell, Dot
from orc_lab.sync.seal import MAX_SEALED, Sealer, Unopenable, padded
from orc_lab.sync.wire import Plain, Refused, Sealed, read_cell, write_cell

ACCOUNT = "0198f3a2-7c11-7d4e-9a55-3f2a9c41d0be"
KEYS = {1: bytes(range(32)), 2: bytes(range(32, 64))}
SEALER = Sealer(KEYS, 2, ACCOUNT)
HERE = ("todos", "0198f3a2-0000-7000-8000-000000000001", "status")
DOT, BASE, OTHER = Dot(1764060000000002, "3f2a9c41d0be"), Dot(1764060000000001, "3f2a9c41d0be"), Dot(5, "aaaaaaaaaaaa")
CELL = Cell(DOT, BASE, {"aaaaaaaaaaaa": 7}, (OTHER,), True)
DELETION = Cell(DOT, BASE, covers={"title": {"aaaaaaaaaaaa": 7}, "status": {}})
VALUE: Mapping[str, Value] = {"status": "done", "started_at": None, "completed_at": 1764060000}

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.dictionaries(
    texts, st.none() | texts | st.integers(-(1 << 63), (1 << 63) - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
replicas = st.text("0123456789abcdef", min_size=1, max_size=12)
dots = st.builds(Dot, st.integers(0, (1 << 62) - 1), replicas)
vectors = st.dictionaries(replicas, st.integers(0, (1 << 62) - 1), max_size=3)
keeps = st.lists(dots, max_size=2).map(tuple)
cells = st.builds(Cell, dots, st.none() | dots, vectors, keeps, st.booleans(), st.none(), st.none())
deletions = st.builds(lambda cell, covers: cell._replace(covers=covers), cells, st.dictionaries(replicas, vectors))


def forged(text: bytes, cell: Cell = CELL, where: tuple[str, str, str] = HERE) -> Cell:
    """What another program would make of a text by the documented format, with this account's keys."""
    own = blake2b(ACCOUNT.encode(), key=KEYS[2], person=b"orc-lab cells 1", digest_size=32).digest()
    rest = {k: v for k, v in write_cell(cell).items() if k in ("auto", "covers", "kept", "seen")}
    told = write_cell(cell)
    lines = ["orc-lab cell 1", ACCOUNT, "2", *where, "upsert" if cell.covers is None else "delete", told["hlc"]]
    lines += [told["base"] or "", json.dumps(rest, sort_keys=True, separators=(",", ":"))]
    nonce = bytes(24)
    return cell._replace(body=Sealed(2, nonce + encrypt(text, "\n".join(lines).encode(), nonce, own)))


def refused(sealer: Sealer, where: tuple[str, str, str], cell: Cell) -> str:
    with pytest.raises(Unopenable) as error:
        sealer.open(*where, cell)
    assert not error.value.__cause__
    assert error.value.__suppress_context__ or not error.value.__context__
    return error.value.reason


@given(values, cells)
def test_what_was_sealed_opens_as_it_was(value: dict[str, Value], cell: Cell) -> None:
    sealed = SEALER.seal(*HERE, cell, value)
    assert sealed._replace(body=None) == cell
    found = SEALER.open(*HERE, read_cell(json.loads(json.dumps(write_cell(sealed)))))
    assert found == value
    assert [type(one) for one in found.values()] == [type(one) for one in value.values()]


@given(deletions)
def test_a_deletion_tells_what_the_record_began_with(cell: Cell) -> None:
    sealed = SEALER.seal(*HERE, cell, VALUE)
    assert SEALER.open(*HERE, sealed) == VALUE
    assert refused(SEALER, HERE, sealed._replace(covers=None)) == "altered"


def test_scenario_49_any_flipped_bit_is_rejected() -> None:
    sealed = SEALER.seal(*HERE, CELL, VALUE)
    assert isinstance(sealed.body, Sealed)
    data = sealed.body.data
    for place in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[place // 8] ^= 1 << place % 8
        assert refused(SEALER, HERE, sealed._replace(body=Sealed(2, bytes(flipped)))) == "altered"
    for size in (0, 1, 24, 40, len(data) - 1):
        assert refused(SEALER, HERE, sealed._replace(body=Sealed(2, data[:size]))) == "altered"
    assert refused(SEALER, HERE, sealed._replace(body=Sealed(2, data + b"\0"))) == "altered"


@pytest.mark.parametrize(
    "change",
    [
        {"dot": DOT._replace(clock=DOT.clock + 1)},
        {"dot": DOT._replace(replica="3f2a9c41d0bf")},
        {"base": None},
        {"base": OTHER},
        {"seen": {}},
        {"seen": {"aaaaaaaaaaaa": 8}},
        {"seen": {"aaaaaaaaaaaa": 7, "b": 1}},
        {"kept": ()},
        {"kept": (OTHER, BASE)},
        {"auto": False},
        {"covers": {}},
        {"covers": {"title": {"aaaaaaaaaaaa": 7}}},
    ],
)
@pytest.mark.parametrize("cell", [CELL, DELETION], ids=["edit", "deletion"])
def test_scenario_49_what_travels_beside_a_value_is_bound_to_it(cell: Cell, change: dict[str, Any]) -> None:
    altered = SEALER.seal(*HERE, cell, VALUE)._replace(**change)
    if altered._replace(body=None) != cell:
        assert refused(SEALER, HERE, altered) == "altered"
    else:
        assert cell is DELETION  # it has no such part to take away
        assert change in ({"seen": {}}, {"kept": ()}, {"auto": False})


@pytest.mark.parametrize(
    "where",
    [("projects", *HERE[1:]), (HERE[0], "another", HERE[2]), (*HERE[:2], "title"), (HERE[1], HERE[0], HERE[2])],
)
def test_scenario_49_a_value_replayed_elsewhere_is_rejected(where: tuple[str, str, str]) -> None:
    assert refused(SEALER, where, SEALER.seal(*HERE, CELL, VALUE)) == "altered"


def test_scenario_49_another_accounts_and_another_keys_value_is_rejected() -> None:
    sealed = SEALER.seal(*HERE, CELL, VALUE)
    assert isinstance(sealed.body, Sealed)
    assert refused(Sealer(KEYS, 2, "another"), HERE, sealed) == "altered"
    assert refused(SEALER, HERE, sealed._replace(body=sealed.body._replace(key=1))) == "altered"
    assert refused(Sealer({1: KEYS[2], 2: KEYS[1]}, 1, ACCOUNT), HERE, sealed) == "altered"
    assert refused(Sealer({1: KEYS[1]}, 1, ACCOUNT), HERE, sealed) == "key"


def test_scenario_49_injected_plaintext_is_rejected() -> None:
    for body in (Plain(dict(VALUE)), Plain({}), Plain(None), None, json.dumps(dict(VALUE)).encode()):
        assert refused(SEALER, HERE, CELL._replace(body=body)) == "plaintext"


hostile = st.text('a1\n,:-{}"\\', max_size=6)


@given(st.tuples(hostile, hostile, hostile, dots), st.tuples(hostile, hostile, hostile, dots))
def test_two_places_never_look_alike(one: tuple[str, str, str, Dot], other: tuple[str, str, str, Dot]) -> None:
    """Scenario 52: a hostile name can't be made so that a value of one place opens in another."""
    if any("\n" in part for part in one[:3]):
        with pytest.raises(Refused, match="line feed"):
            SEALER.seal(*one[:3], Cell(one[3]), VALUE)
        return
    sealed = SEALER.seal(*one[:3], Cell(one[3]), VALUE)
    if one != other:
        refused(SEALER, other[:3], sealed._replace(dot=other[3]))


def test_a_refusal_says_which_record_and_what_to_do() -> None:
    with pytest.raises(Unopenable, match=r"The status of '0198f3a2-0000-.* in todos .*altered.*orc sync verify"):
        SEALER.open(*HERE, SEALER.seal(*HERE, CELL, VALUE)._replace(dot=OTHER))
    with pytest.raises(Unopenable, match=r"its key 9 isn't here.*sync again"):
        SEALER.open(*HERE, CELL._replace(body=Sealed(9, b"")))
    with pytest.raises(Unopenable, match="isn't encrypted"):
        SEALER.open(*HERE, CELL._replace(body=Plain({})))


@pytest.mark.parametrize(
    "text",
    [
        b"[1]", b'"done"', b"null", b"{", b"", b"\xff", b'{"a":NaN}', b'{"a":1e999}', b'{"a":true}', b'{"a":[1]}',
        b'{"a":{}}', b'{"a":9223372036854775808}', b'{"a":"\\ud800"}', b'{"\\udfff":1}', b'{"a":' + b"9" * 5000 + b"}",
        b"[" * 50_000, b'{"a":1}{',
    ],
)  # fmt: skip
def test_what_another_client_sealed_wrongly_is_refused(text: bytes) -> None:
    assert refused(SEALER, HERE, forged(text.ljust(96))) == "unfit"


JOINED = "todos", "t", "life+title"


def test_a_joint_cell_has_the_value_of_each_of_its_groups() -> None:
    value = {"@": 5, "life": {"created_at": 5}, "title": {"title": "Draft", "of a newer one": None}}
    sealed = SEALER.seal(*JOINED, CELL, value)
    assert SEALER.open(*JOINED, sealed) == value
    assert refused(SEALER, ("todos", "t", "life+notes"), sealed) == "altered"
    assert refused(SEALER, ("todos", "t", "life"), sealed) == "altered"


@pytest.mark.parametrize(
    "value", [{"life": 5}, {"title": {"title": {}}}, {"notes": {}}, {"life": None}, {"title": {"title": "\ud800"}}]
)
def test_a_joint_cell_has_nothing_else(value: Any) -> None:
    assert refused(SEALER, JOINED, forged(json.dumps(value).encode().ljust(96), where=JOINED)) == "unfit"
    with pytest.raises(Refused):
        SEALER.seal(*JOINED, CELL, value)


def test_the_largest_value_opens_and_a_larger_one_doesnt() -> None:
    most = MAX_SEALED - 40
    assert SEALER.open(*HERE, forged(b"{}".ljust(most))) == {}
    assert refused(SEALER, HERE, forged(b"{}".ljust(most + 1))) == "too large"
    with pytest.raises(Refused, match="larger than 192 KiB") as error:
        SEALER.seal(*HERE, CELL, {"description": "x" * most})
    assert error.value.reason == "too large"


@pytest.mark.parametrize("value", [b"x", float("nan"), float("inf"), 1 << 63, -(1 << 63) - 1, True, [1], "\ud800"])
def test_what_json_cant_hold_isnt_sealed(value: Any) -> None:
    with pytest.raises(Refused) as error:
        SEALER.seal(*HERE, CELL, {"description": value})
    assert error.value.reason == "unfit"


def size_of(value: Mapping[str, Value], cell: Cell = CELL) -> int:
    body = SEALER.seal(*HERE, cell, value).body
    assert isinstance(body, Sealed)
    return len(body.data)


def test_sizes_tell_only_their_bucket() -> None:
    done = {"status": "completed", "started_at": 1764060000, "completed_at": 1764063600}
    assert size_of({}) == size_of({"status": "active"}) == size_of(done) == size_of({}, DELETION) == 24 + 96 + 16
    notes = {size_of({"description": "é" * length}) for length in range(5000)}
    assert len(notes) < 100


@given(st.integers(0, 1 << 20))
def test_padding_adds_little(size: int) -> None:
    whole = padded(size)
    assert size <= whole <= max(96, size + 31, int(size * 1.12))
    assert whole % 32 == 0
    assert padded(whole) == whole
    assert padded(size + 1) >= whole


def test_padding_is_padme() -> None:
    expected = {0: 96, 96: 96, 97: 128, 256: 256, 257: 288, 1000: 1024, 1025: 1088, 5000: 5120, 70_000: 71_680}
    assert {size: padded(size) for size in expected} == expected


def test_nonces_never_repeat() -> None:
    found = set()
    for _ in range(20_000):
        body = SEALER.seal(*HERE, Cell(DOT), {}).body
        assert isinstance(body, Sealed)
        found.add(body.data[:24])
    assert len(found) == 20_000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only POSIX systems fork")
def test_a_forked_process_draws_other_nonces() -> None:
    program = """
import os
from orc_lab.sync.cells import Cell, Dot
from orc_lab.sync.seal import Sealer
sealer = Sealer({1: bytes(32)}, 1, "a")
draw = lambda: sealer.seal("t", "i", "g", Cell(Dot(1, "a")), {}).body.data[:24].hex()
draw()
child = os.fork()
os.write(1, f"{draw()}\\n".encode())
child and os.waitpid(child, 0)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert len(set(done.stdout.split())) == 2


def test_no_key_is_shown() -> None:
    assert "00010203" not in repr(SEALER) + str(vars(SEALER).keys())
    for keys, current in (({1: b"secret"}, 1), (KEYS, 3)):
        with pytest.raises(ValueError, match="32 bytes") as error:
            Sealer(keys, current, ACCOUNT)
        assert "secret" not in str(error.value)


NONCE = bytes(range(100, 124))
VECTORS = [
    (
        CELL,
        VALUE,
        "17d8ff4aa8737adadaca8463a7123ca1989dd7d3639833a635231e7c0161705e3d97efc6b06ffbbfe70552c64024122c"
        "99b9c37fc793897675d7e0d7082b4c41d832dee6308c1db0884380f367343346b88a0b4981486255361ebb140007295e"
        "285b18095156fe8192194107e06df28b",
    ),
    (
        DELETION,
        {},
        "1787ac1ee9272f89d8d08627e85c79a3949f848722ca67e3715c5f28037b3e0b71dbe3c4f320b6efab400683045b5378"
        "9ba3d268d187996065c7f0c7552b4c41d832dee6308c1db0884380f367343346b88a0b4981486255361ebb140007295e"
        "b0ef2c099ce82ee64fbb5bfd93d1dc05",
    ),
]


@pytest.mark.parametrize(("cell", "value", "sealed"), VECTORS, ids=["edit", "deletion"])
def test_the_format_is_what_it_was(
    cell: Cell, value: Mapping[str, Value], sealed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Known answers: what was sealed once has to open for ever, so these never change."""
    monkeypatch.setattr(seal, "urandom", lambda size: NONCE[:size])
    data = NONCE + bytes.fromhex(sealed)
    body = SEALER.seal(*HERE, cell, value).body
    assert body == Sealed(2, data)
    assert SEALER.open(*HERE, cell._replace(body=Sealed(2, data))) == value
