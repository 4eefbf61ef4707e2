"""Secrets are kept where nobody else on the computer can read them, and are shown nowhere."""

import json
import os
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.backends.chainer import ChainerBackend
from keyring.errors import KeyringLocked, PasswordSetError

from orc_lab.errors import DiskFull, NotWritable
from orc_lab.sync.secrets import (
    KeyringFailed,
    NoPrivateFile,
    Place,
    Secrets,
    SecretsExposed,
    UnreadableSecrets,
    usable,
)

SECRETS = Secrets(device_key="orc_dk_7Qm2", master=bytes(range(32)))
NEWER = Secrets(device_key="orc_dk_9Xw4")
NAME = "0198f3a2-7c11-7d4e-9a55-3f2a9c41d0be"
posix = pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")


class MemoryKeyring(KeyringBackend):
    """A keyring that lasts as long as the test, and fails with `error` as real ones do."""

    priority = 5

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.error: Exception | None = None

    def _answer(self) -> None:
        if self.error is not None:
            raise self.error

    def get_password(self, service: str, username: str) -> str | None:
        self._answer()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._answer()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._answer()
        del self.kept[service, username]


class PlaintextKeyring(MemoryKeyring):
    """One that keeps what it gets for everybody to read."""


class WeakKeyring(MemoryKeyring):
    priority = 0.5


@pytest.fixture
def database(tmp_path: Path) -> str:
    path = tmp_path / "life.db"
    path.write_bytes(b"a database")
    return str(path)


@pytest.fixture
def in_file(database: str) -> Place:
    return Place(database, NAME, backend=fail.Keyring())


@pytest.fixture
def ring() -> MemoryKeyring:
    return MemoryKeyring()


def test_a_file_keeps_them_and_forgets_them(in_file: Place, database: str) -> None:
    assert in_file.load() is None
    assert in_file.store(SECRETS) == in_file.where == f"{os.path.realpath(database)}.{NAME}.secrets"
    assert in_file.load() == SECRETS
    in_file.store(NEWER)
    assert in_file.load() == NEWER
    in_file.forget()
    in_file.forget()
    assert in_file.load() is None
    assert os.listdir(os.path.dirname(database)) == ["life.db"]
    assert Path(database).read_bytes() == b"a database"


def test_a_keyring_keeps_them_and_forgets_them(database: str, ring: MemoryKeyring) -> None:
    place = Place(database, NAME, backend=ring)
    assert place.load() is None
    assert "keyring" in place.store(SECRETS)
    assert place.load() == SECRETS
    assert list(ring.kept) == [("orc_lab sync", NAME)]
    assert os.listdir(os.path.dirname(database)) == ["life.db"]
    place.forget()
    place.forget()
    assert (place.load(), ring.kept) == (None, {})


@posix
@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_only_its_owner_reads_the_file(in_file: Place, mask: int) -> None:
    before = os.umask(mask)
    try:
        in_file.store(SECRETS)
    finally:
        os.umask(before)
    assert os.stat(in_file.path).st_mode & 0o777 == 0o600


@posix
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o777])
def test_a_file_that_others_can_read_isnt_used(in_file: Place, mode: int) -> None:
    in_file.store(SECRETS)
    os.chmod(in_file.path, mode)
    with pytest.raises(SecretsExposed, match=f"mode {mode:03o}.*chmod 600") as error:
        in_file.load()
    assert_silent(error.value)
    os.chmod(in_file.path, 0o600)
    assert in_file.load() == SECRETS


@posix
def test_storing_again_closes_a_file_that_was_open(in_file: Place) -> None:
    in_file.store(SECRETS)
    os.chmod(in_file.path, 0o644)
    in_file.store(NEWER)
    assert in_file.load() == NEWER


@posix
def test_a_file_system_without_modes_is_refused(in_file: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def without_modes(path: str, flags: int, mode: int = 0o777) -> int:
        handle = real(path, flags, mode)
        if flags & os.O_CREAT:
            os.fchmod(handle, 0o755)
        return handle

    monkeypatch.setattr(os, "open", without_modes)
    with pytest.raises(NoPrivateFile, match="set up a keyring"):
        in_file.store(SECRETS)
    assert os.listdir(os.path.dirname(in_file.path)) == ["life.db"]


@pytest.mark.parametrize("name", ["write", "fsync", "replace"])
def test_a_full_disk_leaves_what_was_kept(in_file: Place, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    in_file.store(SECRETS)

    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device", in_file.path)

    with monkeypatch.context() as patch:
        patch.setattr(os, name, full)
        with pytest.raises(DiskFull):
            in_file.store(NEWER)
    assert in_file.load() == SECRETS
    assert sorted(os.listdir(os.path.dirname(in_file.path))) == ["life.db", os.path.basename(in_file.path)]


def test_a_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotWritable):
        Place(str(tmp_path / "gone" / "life.db"), NAME, backend=fail.Keyring()).store(SECRETS)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"device_key":1,"master":null}', '{"device_key":"orc_dk_7Qm2"}', "\x00"]
)
@pytest.mark.parametrize("kept_in", ["file", "keyring"])
def test_what_is_damaged_is_said_and_not_shown(
    text: str, kept_in: str, in_file: Place, database: str, ring: MemoryKeyring
) -> None:
    place = in_file
    if kept_in == "file":
        in_file.store(SECRETS)
        Path(in_file.path).write_text(text, encoding="utf-8")
    else:
        ring.kept["orc_lab sync", NAME] = text
        place = Place(database, NAME, backend=ring)
    with pytest.raises(UnreadableSecrets, match="Enable sync again") as error:
        place.load()
    assert_silent(error.value)


def test_a_master_key_that_is_no_base64_isnt_shown(in_file: Place) -> None:
    in_file.store(SECRETS)
    Path(in_file.path).write_text(json.dumps({"device_key": "orc_dk_7Qm2", "master": "orc_dk_7Qm2"}), encoding="utf-8")
    with pytest.raises(UnreadableSecrets) as error:
        in_file.load()
    assert_silent(error.value)


@posix
def test_what_is_no_file_isnt_waited_for(in_file: Place) -> None:
    os.mkfifo(in_file.path, 0o600)
    with pytest.raises(UnreadableSecrets):
        in_file.load()


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a b", "a" * 81, "a\0"])
def test_a_name_never_leads_elsewhere(database: str, name: str) -> None:
    with pytest.raises(ValueError, match="letters, digits"):
        Place(database, name)


def test_two_devices_and_two_databases_have_their_own(database: str, ring: MemoryKeyring) -> None:
    for backend in (ring, fail.Keyring()):
        one, other = (Place(database, name, backend=backend) for name in ("one", "other"))
        elsewhere = Place(database + "2", "elsewhere", backend=backend)
        one.store(SECRETS)
        other.store(NEWER)
        assert (one.load(), other.load(), elsewhere.load()) == (SECRETS, NEWER, None)
        one.forget()
        assert (one.load(), other.load()) == (None, NEWER)


def test_a_keyring_takes_over_what_a_file_kept(in_file: Place, database: str, ring: MemoryKeyring) -> None:
    in_file.store(SECRETS)
    place = Place(database, NAME, backend=ring)
    assert place.load() == SECRETS
    place.store(NEWER)
    assert not os.path.exists(in_file.path)
    assert place.load() == NEWER


def test_what_was_stored_last_holds_though_the_keyring_was_away(
    in_file: Place, database: str, ring: MemoryKeyring
) -> None:
    place = Place(database, NAME, backend=ring)
    place.store(SECRETS)
    in_file.store(NEWER)  # without a desktop, over a remote shell
    assert place.load() == NEWER
    place.forget()
    assert (place.load(), in_file.load()) == (None, None)


class DBusErrorResponse(Exception):
    """As the library beneath a keyring raises it."""


@pytest.mark.parametrize(
    "error",
    [
        KeyringLocked("Failed to unlock the collection!"),
        PasswordSetError("-25293"),
        RuntimeError(),
        OSError(32, "Gone"),
    ],
)
def test_a_locked_keyring_is_said_and_nothing_is_written_elsewhere(
    error: Exception, database: str, ring: MemoryKeyring
) -> None:
    place = Place(database, NAME, backend=ring)
    place.store(SECRETS)
    ring.error = error
    for attempt in (place.load, lambda: place.store(NEWER), place.forget):
        with pytest.raises(KeyringFailed, match="Unlock it and sync again") as told:
            attempt()
        assert_silent(told.value)
    assert os.listdir(os.path.dirname(database)) == ["life.db"]
    ring.error = None
    assert place.load() == SECRETS


def test_an_error_beneath_a_keyring_is_one_of_the_keyring(
    database: str, ring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrappers = pytest.importorskip("jeepney.wrappers")  # on Linux
    monkeypatch.setattr(wrappers, "DBusErrorResponse", DBusErrorResponse)
    ring.error = DBusErrorResponse("org.freedesktop.DBus.Error.NoReply")
    with pytest.raises(KeyringFailed, match="NoReply"):
        Place(database, NAME, backend=ring).load()


def test_only_keyrings_that_keep_secrets_are_used(ring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch) -> None:
    assert usable(ring) is ring
    for other in (None, fail.Keyring(), null.Keyring(), PlaintextKeyring(), WeakKeyring()):
        assert usable(other) is None
    monkeypatch.setattr(ChainerBackend, "backends", [PlaintextKeyring(), null.Keyring(), ring])
    assert usable(ChainerBackend()) is ring
    monkeypatch.setattr(ChainerBackend, "backends", [PlaintextKeyring()])
    assert usable(ChainerBackend()) is None


def test_the_systems_keyring_is_found(database: str, ring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", ring)
    Place(database, NAME).store(SECRETS)
    assert list(ring.kept) == [("orc_lab sync", NAME)]


def test_a_keyring_that_isnt_installed_leaves_the_file(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", None)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "gone.Keyring")
    assert Place(database, NAME).where.endswith(".secrets")


def test_who_has_a_file_waits_for_no_keyring(in_file: Place) -> None:
    in_file.store(SECRETS)
    program = """
import sys
from orc_lab.sync.secrets import Place
assert Place(sys.argv[1], sys.argv[2]).load()
assert "keyring" not in sys.modules
"""
    database = in_file.path.removesuffix(f".{NAME}.secrets")
    subprocess.run([sys.executable, "-c", program, database, NAME], check=True)


def test_secrets_are_not_shown() -> None:
    assert repr(SECRETS) == str(SECRETS) == "Secrets()"


def assert_silent(error: BaseException) -> None:
    """Neither the sentence nor a traceback names a secret."""
    told = "".join(traceback.format_exception(error)) + repr(error) + repr(error.args)
    assert "orc_dk" not in told
    assert "AAECAw" not in told
