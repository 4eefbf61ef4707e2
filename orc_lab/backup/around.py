"""Checks of where the database stands: disk, folder, permissions, the log beside it, backups, versions."""

import os
import platform
import shutil
import sqlite3
import time
from importlib import metadata

from orc_lab.backup import folders
from orc_lab.backup.finding import FIX, Finding, ok, problem, warning
from orc_lab.errors import OrcError, in_bytes
from orc_lab.store import copies, shelf
from orc_lab.store.copies import Contents
from orc_lab.store.shelf import Backup

_ROOM = 3  # times the database: a restore makes ready, backs up and pours
LEAST_ROOM = 100 * 1024 * 1024
LARGE_LOG = 64 * 1024 * 1024
OLD_DAYS = 30
_DAY = 24 * 3600
_OLDEST_SQLITE = (3, 37)  # the first with STRICT tables
_PACKAGES = ("duckdb", "pandas", "numpy", "scikit-learn", "plotly", "jupyterlab")


def disk(path: str) -> Finding:
    """Whether the disk has room for a backup and a restore."""
    free = shutil.disk_usage(os.path.dirname(os.path.abspath(path))).free
    needed = max(LEAST_ROOM, _ROOM * copies.size(path))
    told = f"{in_bytes(free)} free"
    if free < needed:
        return warning("disk", f"Only {told}; a backup and a restore want {in_bytes(needed)}.", "Free some space.")
    return ok("disk", f"{told}.")


def folder(path: str) -> Finding:
    """Whether anything else copies the folder, or it lies on another computer."""
    step = "Move the workbench to a folder of this computer's own, and keep backups there with `orc backup --to`."
    if name := folders.synchronised(path):
        sentence = f"The folder looks like one that {name} synchronises, which can bring an older database back."
        return warning("folder", sentence, step)
    if kind := folders.network(path):
        return warning("folder", f"The folder is on a network file system ({kind}), which may not keep locks.", step)
    return ok("folder", "No program is known to synchronise the folder.")


def permissions(path: str) -> Finding:
    """Whether it can be written, and nobody else can read it."""
    place = os.path.dirname(os.path.realpath(path))
    if not (os.access(path, os.W_OK) and os.access(place, os.W_OK)):
        return problem("permissions", f"{path} or its folder can't be written.", "Check the permissions.")
    if others_may_read(path):
        return warning("permissions", "Others on this computer can read the database.", FIX, mendable=True)
    return ok("permissions", "You can write the database, and others on this computer can't read it.")


def others_may_read(path: str) -> bool:
    """Return whether the file and every folder above it let anybody in (POSIX; elsewhere False)."""
    if os.name != "posix":
        return False
    real = os.path.realpath(path)
    above = os.path.dirname(real)
    while os.stat(above).st_mode & 0o001:
        if above == os.path.dirname(above):
            return bool(os.stat(real).st_mode & 0o004)
        above = os.path.dirname(above)
    return False


def close_to_others(path: str) -> str:
    """Let nobody but the person read the database; say what was done."""
    real = os.path.realpath(path)
    for ending in ("", "-wal", "-shm"):
        if os.path.exists(real + ending):
            os.chmod(real + ending, 0o600)
    return "only you can read it now"


def log_beside(path: str, size: int) -> Finding:
    """Whether the write-ahead log beside it, as large as it was before anybody looked, is in order."""
    told = in_bytes(size)
    if size > LARGE_LOG:
        sentence = f"The log beside the database has grown to {told}: something keeps a reader open."
        return warning("log", sentence, "Close notebooks that you don't use, then " + FIX[0].lower() + FIX[1:],
                       mendable=True)  # fmt: skip
    if size:
        return ok("log", f"The log beside the database holds {told}: it is in use, or was not closed; nothing is lost.")
    return ok("log", "No log was left beside the database.")


def backups(path: str, held: Contents | None, now: int | None = None) -> Finding:
    """Whether there is a backup that opens, and of late."""
    now = int(time.time()) if now is None else now
    found = [backup for backup in shelf.listed(path) if backup.good]
    if not found:
        if held is not None and (held.empty or held.sample):
            return ok("backups", "There is no backup, and nothing yet to lose.")
        return warning("backups", "There is no backup.", "Make one with `orc backup`.")
    broken = [backup.name for backup in found if not _opens(backup, whole=backup is found[0])]
    if broken:
        sentence = f"{len(broken):,} of {len(found):,} backups can't be read: {broken[0]}."
        return problem("backups", sentence, "Make a new one with `orc backup`, and delete those.")
    age = (now - found[0].made_at) / _DAY
    told = f"{len(found):,} {'backup' if len(found) == 1 else 'backups'}, the newest {_ago(age)}"
    edited = held is not None and (held.newest_edit or 0) > found[0].made_at
    if age > OLD_DAYS and edited:
        return warning("backups", f"{told}; you have edited since.", "Make one with `orc backup`.")
    return ok("backups", f"{told}; it can be read from end to end, and the others open.")


def _opens(backup: Backup, *, whole: bool) -> bool:
    try:
        if whole:
            copies.check(backup.path)
        else:
            with copies.reading(backup.path) as conn:
                copies.contents(conn)
    except OrcError:
        return False
    return True


def _ago(days: float) -> str:
    if days >= 2:
        return f"{days:.0f} days old"
    hours = int(days * 24)
    return "less than an hour old" if not hours else f"{hours} {'hour' if hours == 1 else 'hours'} old"


def versions(ours: str) -> Finding:
    """Whether SQLite is new enough, and what else runs beside this version of orc_lab."""
    told = f"orc_lab {ours}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        return problem("versions", f"{told}: SQLite is too old.", "Use a Python with SQLite 3.37 or newer.")
    found = {name: _version(name) for name in _PACKAGES}
    if missing := [name for name, version in found.items() if version is None]:
        return warning("versions", f"{told}; not installed: {', '.join(missing)}.", "Install orc_lab again.")
    return ok("versions", f"{told}, {', '.join(f'{name} {version}' for name, version in found.items())}.")


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
