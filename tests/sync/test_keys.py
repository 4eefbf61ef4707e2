"""Keys reach another device through a server that can neither read nor alter them, and a slip changes nothing."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

import pytest

from orc_lab.sync import keys as module
from orc_lab.sync import recovery
from orc_lab.sync.cells import Cell, Dot
from orc_lab.sync.keys import MAX_BUNDLE, MAX_EPOCHS, KeyBundle, Keys, NoMoreKeys, WrongPassphrase, WrongRecoveryKey
from orc_lab.sync.passphrase import CHEAPEST, COST, WeakPassphrase
from orc_lab.sync.recovery import MistypedRecoveryKey
from orc_lab.sync.seal import Unopenable

ACCOUNT = "0198f3a2-7c11-7d4e-9a55-3f2a9c41d0be"
PASSPHRASE, ANOTHER = "correct horse battery staple", "four other words entirely"
WHERE = ("todos", "0198f3a2-0000-7000-8000-000000000001", "title")
CELL = Cell(Dot(1764060000000002, "3f2a9c41d0be"))
BUNDLE, KEYS, RECOVERY = KeyBundle.create(PASSPHRASE, ACCOUNT, cost=CHEAPEST)
TWO, TWO_KEYS = BUNDLE.new_epoch(KEYS)


def refused(text: str | bytes, **known: Any) -> Unopenable:
    with pytest.raises(Unopenable) as error:
        KeyBundle.from_json(text, **known)
    return error.value


def reseal(bundle: KeyBundle, *path: str | int, to: object) -> str:
    """The bundle's JSON with one part replaced."""
    raw = json.loads(bundle.to_json())
    inner = raw
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = to
    return json.dumps(raw)


def test_a_second_device_gets_the_keys_with_the_passphrase() -> None:
    found = KeyBundle.from_json(TWO.to_json(), account=ACCOUNT, seen=2)
    assert found == TWO
    assert found.unlock(f" {PASSPHRASE}\n") == TWO_KEYS


def test_a_new_bundle_has_a_derivation_of_64_mib() -> None:
    bundle, keys, _ = KeyBundle.create(PASSPHRASE, ACCOUNT)
    assert bundle.cost == COST == (3, 64 << 10)
    assert bundle.unlock(PASSPHRASE) == keys


def test_the_recovery_key_opens_what_a_forgotten_passphrase_closed() -> None:
    keys = TWO.unlock_with_recovery(RECOVERY.lower().replace("-", " "))
    assert keys == TWO_KEYS
    assert TWO.change_passphrase(keys, ANOTHER, cost=CHEAPEST).unlock(ANOTHER) == TWO_KEYS


def test_a_mistyped_recovery_key_says_where() -> None:
    groups = RECOVERY.split("-")
    groups[3] = groups[3][:-1] + ("0" if groups[3][-1] != "0" else "1")
    with pytest.raises(MistypedRecoveryKey, match="slip in group 4 of 7"):
        BUNDLE.unlock_with_recovery("-".join(groups))


def test_another_accounts_recovery_key_opens_nothing() -> None:
    with pytest.raises(WrongRecoveryKey, match="look for the newest one"):
        BUNDLE.unlock_with_recovery(recovery.new())


def test_a_new_recovery_key_replaces_the_former() -> None:
    bundle, typed = TWO.new_recovery(TWO_KEYS)
    assert bundle.version == TWO.version + 1
    assert bundle.unlock_with_recovery(typed) == bundle.unlock(PASSPHRASE) == TWO_KEYS
    with pytest.raises(WrongRecoveryKey):
        bundle.unlock_with_recovery(RECOVERY)


def test_scenario_46_a_wrong_passphrase_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = BUNDLE.to_json()
    monkeypatch.setattr(module, "urandom", lambda size: pytest.fail("something new was made"))
    for typed in ("Correct horse battery staple", ANOTHER, "", PASSPHRASE[:-1]):
        with pytest.raises(WrongPassphrase, match=r"nothing was changed.*use the recovery key") as error:
            BUNDLE.unlock(typed)
        assert not typed or typed not in str(error.value)
    assert BUNDLE.to_json() == before


def test_scenario_47_password_changed_on_a_b_recovers() -> None:
    at_b = TWO.unlock(PASSPHRASE)
    old = at_b.sealer().seal(*WHERE, CELL, {"title": "Written before"})
    changed = TWO.change_passphrase(TWO_KEYS, ANOTHER, cost=CHEAPEST)
    fetched = KeyBundle.from_json(changed.to_json(), account=ACCOUNT, seen=TWO.version)
    assert fetched.opened(at_b.master) == TWO_KEYS  # B goes on with the master key that it has
    joined = fetched.unlock(ANOTHER)  # a third device
    assert joined.sealer().open(*WHERE, old) == {"title": "Written before"}
    assert fetched.unlock_with_recovery(RECOVERY) == TWO_KEYS
    with pytest.raises(WrongPassphrase):
        fetched.unlock(PASSPHRASE)


def test_after_a_revocation_new_writes_have_a_new_key_and_old_ones_open() -> None:
    old = KEYS.sealer().seal(*WHERE, CELL, {"title": "Before"})
    new = TWO_KEYS.sealer().seal(*WHERE, CELL, {"title": "After"})
    assert TWO_KEYS.sealer().open(*WHERE, old) == {"title": "Before"}
    assert TWO.version == BUNDLE.version + 1
    assert TWO.opened(KEYS.master).data.keys() == {1, 2}
    with pytest.raises(Unopenable, match="its key 2 isn't here") as error:
        KEYS.sealer().open(*WHERE, new)
    assert error.value.reason == "key"


def test_renewed_keys_close_out_who_has_the_former_master_key() -> None:
    bundle, keys, typed = TWO.renew(TWO_KEYS, PASSPHRASE, cost=CHEAPEST)
    assert bundle.version == TWO.version + 1
    assert keys.data == {**TWO_KEYS.data, 3: keys.data[3]}
    assert bundle.unlock(PASSPHRASE) == bundle.unlock_with_recovery(typed) == keys
    with pytest.raises(Unopenable, match="renewed on another device, give the passphrase"):
        bundle.opened(TWO_KEYS.master)
    with pytest.raises(WrongRecoveryKey):
        bundle.unlock_with_recovery(RECOVERY)


def test_nothing_is_made_of_an_altered_bundle() -> None:
    altered = KeyBundle.from_json(reseal(TWO, "version", to=9))
    for change in (
        lambda: altered.change_passphrase(TWO_KEYS, ANOTHER, cost=CHEAPEST),
        lambda: altered.new_epoch(TWO_KEYS),
        lambda: altered.new_recovery(TWO_KEYS),
        lambda: altered.renew(TWO_KEYS, ANOTHER, cost=CHEAPEST),
    ):
        with pytest.raises(Unopenable, match="altered"):
            change()


def bytes_of(raw: Mapping[str, Any]) -> dict[tuple[str | int, ...], bytes]:
    found: dict[tuple[str | int, ...], bytes] = {("mac",): b64decode(raw["mac"])}
    for path in (("passphrase", "salt"), ("passphrase", "wrapped"), ("recovery", "wrapped"), ("keys", 0), ("keys", 1)):
        found[path] = b64decode(raw[path[0]][path[1]])
    return found


def test_scenario_49_any_flipped_bit_of_a_bundle_is_rejected() -> None:
    for path, data in bytes_of(json.loads(TWO.to_json())).items():
        for place in range(len(data) * 8):
            flipped = bytearray(data)
            flipped[place // 8] ^= 1 << place % 8
            bundle = KeyBundle.from_json(reseal(TWO, *path, to=b64encode(flipped).decode()))
            with pytest.raises(Unopenable, match="altered"):
                bundle.opened(TWO_KEYS.master)


RAW = json.loads(TWO.to_json())


@pytest.mark.parametrize(
    ("path", "to"),
    [
        (("version",), 3),
        (("account",), "another"),
        (("passphrase", "passes"), 3),
        (("passphrase", "memory"), 20 << 10),
        (("recovery", "wrapped"), RAW["passphrase"]["wrapped"]),
        (("passphrase", "wrapped"), RAW["recovery"]["wrapped"]),
        (("keys",), RAW["keys"][::-1]),
        (("keys",), RAW["keys"][:1]),
        (("keys",), RAW["keys"] * 2),
        (("mac",), json.loads(BUNDLE.to_json())["mac"]),
    ],
    ids=range(10),  # the values are random
)
def test_scenario_49_an_altered_bundle_is_rejected(path: tuple[str, ...], to: object) -> None:
    bundle = KeyBundle.from_json(reseal(TWO, *path, to=to))
    with pytest.raises(Unopenable, match="altered"):
        bundle.opened(TWO_KEYS.master)
    with pytest.raises((Unopenable, WrongPassphrase)):  # from the passphrase alone, some look like a wrong one
        bundle.unlock(PASSPHRASE)


def test_scenario_49_an_earlier_bundle_is_rejected() -> None:
    error = refused(BUNDLE.to_json(), account=ACCOUNT, seen=2)
    assert error.reason == "rollback"
    assert "version 1, and this device has seen 2" in str(error)
    assert KeyBundle.from_json(BUNDLE.to_json(), seen=1) == BUNDLE


def test_another_accounts_bundle_is_rejected() -> None:
    assert refused(BUNDLE.to_json(), account="another").reason == "account"


@pytest.mark.parametrize(
    ("passes", "memory"), [(1, 64 << 10), (3, 8 << 10), (3, 4 << 20), (1000, 64 << 10), (3, (512 << 10) + 1)]
)
def test_a_server_cant_ask_for_a_weak_or_a_dear_derivation(passes: int, memory: int) -> None:
    raw = json.loads(BUNDLE.to_json())
    raw["passphrase"] |= {"passes": passes, "memory": memory}
    error = refused(json.dumps(raw))
    assert error.reason == "cost"
    assert "too weak or too dear" in str(error)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "<html>Log in</html>", b"\xff", "[" * 10_000, '{"format":1}'])
def test_what_is_no_bundle_is_refused(text: str | bytes) -> None:
    assert "Nothing was changed" in str(refused(text))


@pytest.mark.parametrize(
    ("path", "to"),
    [
        (("version",), 0),
        (("version",), True),
        (("version",), 1.0),
        (("version",), "1"),
        (("version",), 1 << 31),
        (("account",), ""),
        (("account",), "a\nb"),
        (("account",), "a" * 201),
        (("account",), 7),
        (("passphrase", "kdf"), "scrypt"),
        (("passphrase", "kdf"), None),
        (("passphrase", "more"), 1),
        (("passphrase",), []),
        (("passphrase", "salt"), ""),
        (("passphrase", "salt"), RAW["passphrase"]["salt"] + "\n"),
        (("passphrase", "salt"), RAW["passphrase"]["salt"].rstrip("=")),
        (("passphrase", "wrapped"), "é"),
        (("recovery",), {}),
        (("recovery", "wrapped"), None),
        (("keys",), []),
        (("keys",), {}),
        (("keys",), RAW["keys"] * 65),
        (("keys", 0), RAW["mac"]),
        (("mac",), ""),
        (("more",), 1),
    ],
    ids=range(25),
)
def test_a_bundle_is_read_strictly(path: tuple[str | int, ...], to: object) -> None:
    assert refused(reseal(TWO, *path, to=to)).reason in ("altered", "cost", "too large")


def test_a_newer_format_says_so() -> None:
    error = refused(reseal(BUNDLE, "format", to=2))
    assert error.reason == "format"
    assert "upgrade orc_lab" in str(error)


def test_a_large_text_isnt_even_read() -> None:
    assert refused(BUNDLE.to_json() + " " * MAX_BUNDLE).reason == "too large"


def test_all_data_keys_that_an_account_can_have_fit() -> None:
    bundle, keys = BUNDLE, KEYS
    while len(keys.data) < MAX_EPOCHS:
        bundle, keys = bundle.new_epoch(keys)
    assert KeyBundle.from_json(bundle.to_json()).opened(KEYS.master) == keys
    with pytest.raises(NoMoreKeys, match="128"):
        bundle.new_epoch(keys)
    with pytest.raises(NoMoreKeys, match="128"):
        bundle.renew(keys, PASSPHRASE, cost=CHEAPEST)


def test_a_weak_passphrase_is_refused_before_anything_is_made() -> None:
    with pytest.raises(WeakPassphrase):
        KeyBundle.create("password", ACCOUNT, cost=CHEAPEST)
    with pytest.raises(WeakPassphrase):
        BUNDLE.change_passphrase(KEYS, "password", cost=CHEAPEST)


@pytest.mark.parametrize("account", ["", "a\nb", "a" * 201])
def test_an_account_has_an_id(account: str) -> None:
    with pytest.raises(ValueError, match="printable"):
        KeyBundle.create(PASSPHRASE, account, cost=CHEAPEST)


def test_no_key_is_shown() -> None:
    for shown in (repr(KEYS), str(KEYS), repr(BUNDLE), f"{KEYS}"):
        assert repr(KEYS.master)[2:10] not in shown
        assert "master" not in shown
    assert repr(KEYS) == f"Keys(account='{ACCOUNT}')"


FROZEN = (
    '{"format":1,"account":"0198f3a2-7c11-7d4e-9a55-3f2a9c41d0be","version":2,"passphrase":{"kdf":"argon2'
    'id","passes":2,"memory":19456,"salt":"AAECAwQFBgcICQoLDA0ODw==","wrapped":"AQEBAQEBAQEBAQEBAQEBAQEBA'
    'QEBAQEBHd1Kr8YO/C+UyWiaG/eHZw+blkdJRexKo93UIfHgQfDeYo985FudUdppd/qGHF6/"},"recovery":{"wrapped":"AgI'
    'CAgICAgICAgICAgICAgICAgICAgICSpdWDo2WUw6qlmbZy8glRKa99mDv172dDD18L/4TO4Hs2ycgHOYjQctyM7Vw7q8l"},"key'
    's":["AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMD4YY3wmZcSl7pn11CbpurTVdaFZo+tMW4kQap6TF/D/V317p/hbiTnn9ylRM5Ul9'
    'z","BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEUosrYQD0IQR0k/H2GdsNkKGbiZhsIEq9gCzanezva7VjIpKfZ7HzMZ2HTdon7Txx'
    '"],"mac":"TO4s4uz6LYpgT0PBU2RzcoNS4Aj/dXLRXiKvPKULmUw="}'
)


def test_the_format_is_what_it_was() -> None:
    """A bundle that was made once has to open for ever, so this never changes."""
    bundle = KeyBundle.from_json(FROZEN, account=ACCOUNT)
    assert bundle.to_json() == FROZEN
    assert bundle.unlock(PASSPHRASE) == bundle.unlock_with_recovery("01233-45674-89AB5-CDEF6-GHJK7-MNPQ8-RSTV9")
    assert bundle.unlock(PASSPHRASE) == Keys(
        account=ACCOUNT, master=bytes(range(32)), data={1: bytes(range(32, 64)), 2: bytes(range(64, 96))}
    )
