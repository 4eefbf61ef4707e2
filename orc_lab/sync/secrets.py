"""Where this device keeps what nobody else may have: its key to the server, and the account's master key.

In the system's keyring where there is one, else in a file beside the database that only its owner can read. Never in
the database, which is copied, backed up and handed on; nor in a log or an error.
"""

from __future__ import annotations

import json
import os
import re
import sys
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from secrets import token_hex
from stat import S_IMODE, S_ISREG
from typing import TYPE_CHECKING

from orc_lab.backup.places import regular
from orc_lab.errors import OrcError, of_system
from orc_lab.store.copies import to_disk

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend  # finding one takes .3 s, which who has a file needn't wait

SERVICE = "orc_lab sync"  # as the keyring's own program lists it
_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
_FILE = re.compile(r"\.[\w-]{1,80}\.secrets(\.[0-9a-f]{8})?")  # after the database's name
_OTHERS = 0o077
_LARGEST = 4096  # bytes of the file


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """A device's key to the server, and the master key where the account is encrypted. Printing shows neither."""

    device_key: str = field(repr=False)
    master: bytes | None = field(default=None, repr=False)


class SecretsExposed(OrcError):
    """The file with a device's secrets can be read by others on the computer."""

    def __init__(self, path: str, mode: int) -> None:
        super().__init__(
            f"{path} holds the keys of this device, and others on this computer can read it (mode {mode:03o}), so it "
            f"isn't used. Close it with `chmod 600 {path}`; if somebody may have read it, revoke this device as well."
        )


class NoPrivateFile(OrcError):
    """The data folder's file system can't keep a file from others."""

    def __init__(self, folder: str) -> None:
        super().__init__(
            f"{folder} is on a file system where every file can be read by others, so that the keys of this device "
            "weren't kept there. Move the data folder to another disk, or set up a keyring of the system."
        )


class UnreadableSecrets(OrcError):
    """What is kept isn't what was put there."""

    def __init__(self, where: str) -> None:
        super().__init__(
            f"What {where} holds as the keys of this device can't be read: it was damaged or written by something "
            "else. Enable sync again, with a new device key and the passphrase; nothing that waits is lost."
        )


class KeyringFailed(OrcError):
    """The system's keyring is there and doesn't answer: it is locked, or its program fails."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where} can't be used now ({why}). Unlock it and sync again; nothing that waits is lost.")


class Place:
    """Keeps the secrets of one device of one database. What a name keeps, another name of the same database doesn't."""

    def __init__(self, database: str, name: str, *, backend: KeyringBackend | None = None) -> None:
        """Take the database's path and a name for the device, such as its id. Without a `backend` the system's keyring
        is looked for; raises ValueError for a name that is none."""
        if not 0 < len(name) <= 80 or not _NAME.issuperset(name):
            raise ValueError("a device's name is letters, digits, - and _")
        self._given, self._name = backend, name
        self.path = f"{os.path.realpath(database)}.{name}.secrets"

    @cached_property
    def _backend(self) -> KeyringBackend | None:
        return usable(self._given or _system())

    @property
    def where(self) -> str:
        """Where secrets that are stored now are kept: words for the person."""
        return self.path if self._backend is None else _called(self._backend)

    def load(self) -> Secrets | None:
        """Return what is kept, None where nothing is.

        Raises KeyringFailed, SecretsExposed, UnreadableSecrets, NotWritable.
        """
        text, where = _read_file(self.path), self.path  # the file first: it is there only if it was written later
        if text is None and self._backend is not None:
            where = self.where
            with _told(self._backend):
                text = self._backend.get_password(SERVICE, self._name)
        return None if text is None else _read(text, where)

    def store(self, secrets: Secrets) -> str:
        """Keep secrets instead of what is kept, and return where. Raises KeyringFailed, NoPrivateFile, NotWritable,
        DiskFull; what is kept stays then."""
        text = _write(secrets)
        if self._backend is None:
            _write_file(self.path, text)
        else:
            with _told(self._backend):
                self._backend.set_password(SERVICE, self._name, text)
            _remove(self.path)  # of a time without a keyring
        return self.where

    def forget(self) -> None:
        """Remove what is kept, wherever; nothing happens where nothing is. Raises KeyringFailed, NotWritable."""
        _remove(self.path)
        if self._backend is not None:
            with _told(self._backend):
                if self._backend.get_password(SERVICE, self._name) is not None:
                    self._backend.delete_password(SERVICE, self._name)


def files(database: str) -> list[str]:
    """Return the files beside a database that keep secrets of it, also what a killed process left of one."""
    real = os.path.realpath(database)
    return [file for file in regular(os.path.dirname(real)) if _FILE.fullmatch(file.removeprefix(real))]


def usable(backend: KeyringBackend | None) -> KeyringBackend | None:
    """Return a backend that keeps secrets from others, or the first such one of a chain; None for any other."""
    from keyring.backends.chainer import ChainerBackend

    if isinstance(backend, ChainerBackend):
        return next(filter(None, map(usable, backend.backends)), None)
    if backend is None:
        return None
    kind = f"{type(backend).__module__}.{type(backend).__name__}".lower()
    if "plaintext" in kind or kind.startswith("keyrings.alt."):
        return None
    try:
        return backend if backend.priority >= 1 else None  # below are those that fail, forget or don't encrypt
    except RuntimeError:
        return None


def _system() -> KeyringBackend | None:
    import keyring

    try:
        return keyring.get_keyring()
    except (ImportError, AttributeError, RuntimeError, ValueError):  # a setting names one that isn't installed
        return None


def _called(backend: KeyringBackend) -> str:
    return f"the system's keyring ({backend.name})"


@contextmanager
def _told(backend: KeyringBackend) -> Iterator[None]:
    """Turn what a keyring raises into KeyringFailed: its own errors, and those of what it stands on."""
    from keyring.errors import KeyringError

    beneath = [getattr(sys.modules.get(module), name, None) for module, name in _BENEATH]
    try:
        yield
    except (KeyringError, RuntimeError, OSError, *filter(None, beneath)) as error:
        raise KeyringFailed(_called(backend), str(error) or type(error).__name__) from None


_BENEATH = (  # where loaded: a backend that is in use has loaded what it stands on
    ("secretstorage.exceptions", "SecretStorageException"),
    ("jeepney.wrappers", "DBusErrorResponse"),
    ("dbus", "DBusException"),
    ("win32ctypes.pywin32.pywintypes", "error"),
)


def _write(secrets: Secrets) -> str:
    master = None if secrets.master is None else b64encode(secrets.master).decode()
    return json.dumps({"device_key": secrets.device_key, "master": master})


def _read(text: str, where: str) -> Secrets:
    try:
        raw = json.loads(text)
        device_key, master = raw["device_key"], raw["master"]
        if not isinstance(device_key, str):
            raise TypeError
        return Secrets(device_key=device_key, master=None if master is None else b64decode(master, validate=True))
    except (ValueError, TypeError, KeyError, NotBase64, RecursionError):
        raise UnreadableSecrets(where) from None


def _read_file(path: str) -> str | None:
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise of_system(error) from None
    try:
        told = os.fstat(handle)
        if not S_ISREG(told.st_mode):
            raise UnreadableSecrets(path)
        if _open_to_others(told):
            raise SecretsExposed(path, S_IMODE(told.st_mode))
        return os.read(handle, _LARGEST).decode()
    except UnicodeDecodeError:
        raise UnreadableSecrets(path) from None
    finally:
        os.close(handle)


def _write_file(path: str, text: str) -> None:
    """Write beside and rename, so that nobody ever sees half of it, or sees it at all who mustn't."""
    beside = f"{path}.{token_hex(4)}"
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            if _open_to_others(os.fstat(handle)):
                raise NoPrivateFile(os.path.dirname(path))
            os.write(handle, text.encode())
            os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(beside, path)
        to_disk(os.path.dirname(path))
    except OSError as error:
        raise of_system(error) from None
    finally:
        with suppress(OSError):
            os.unlink(beside)


def _open_to_others(told: os.stat_result) -> bool:
    """Whether others can read a file. Windows has no such bits: the folder of a person's profile is closed there."""
    return os.name == "posix" and bool(told.st_mode & _OTHERS)


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise of_system(error) from None
