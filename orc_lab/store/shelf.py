"""Where backups stand: `backups/` beside the database, one file each, its name says of what, when and why.

A backup is made under another name, checked, and only then gets its own: whatever has a backup's name is whole.
"""

import filecmp
import os
import re
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from orc_lab.errors import NotWritable, of_system
from orc_lab.store import copies

FOLDER = "backups"
LEFTOVER = 3600.0  # seconds after which nobody can still be writing a part
_WHEN = "%Y-%m-%dT%H%M%SZ"


class Reason(StrEnum):
    """Why a backup was made; the word in its name."""

    BY_HAND = "by-hand"
    IMPORT = "before-import"
    MIGRATION = "before-migration"
    RESTORE = "before-restore"
    FIX = "before-fix"
    DAMAGED = "damaged"  # what a restore has replaced, as it was: nothing to restore from


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """One file of the shelf: when it was made (seconds UTC), why, and its bytes."""

    path: str
    made_at: int
    reason: Reason
    size: int

    @property
    def name(self) -> str:
        """The file's name."""
        return os.path.basename(self.path)

    @property
    def good(self) -> bool:
        """Whether it was whole when it was made."""
        return self.reason is not Reason.DAMAGED


def folder_of(path: str) -> str:
    """Return the folder of a database's backups, there or not."""
    return os.path.join(os.path.dirname(os.path.abspath(path)), FOLDER)


def listed(path: str, folder: str | None = None) -> list[Backup]:
    """Return a database's backups in its own folder or another, newest first; other files there are passed over."""
    folder = folder_of(path) if folder is None else folder
    pattern = _names(path)
    found = []
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if (match := pattern.fullmatch(entry.name)) and entry.is_file(follow_symlinks=False):
                made = datetime.strptime(match["when"], _WHEN).replace(tzinfo=UTC)
                told = entry.stat(follow_symlinks=False)
                at, why = int(made.timestamp()), Reason(match["why"])
                backup = Backup(path=entry.path, made_at=at, reason=why, size=told.st_size)
                found.append((at, told.st_mtime_ns, backup))
    return [backup for *_, backup in sorted(found, key=lambda each: each[:2], reverse=True)]


def make(path: str, reason: Reason, folder: str | None = None) -> Backup:
    """Back a database up, in use or not, and return the backup, checked and on the disk.

    Before a migration it is the one that is there already, where that holds the same.

    Raises NoRoomForBackup before anything is written, DiskFull, NotWritable, and NotADatabase where the database isn't
    whole, unless it is a damaged one that is put by as it is.
    """
    folder, now = folder_of(path) if folder is None else os.path.abspath(folder), int(time.time())
    beginning = _beginning(path, folder, now, reason)
    part = os.path.join(folder, f".{os.path.basename(beginning)}.{os.getpid()}.part")
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        sweep(folder)
        copies.check_room(folder, copies.size(path))
        (copies.copy_damaged if reason is Reason.DAMAGED else copies.copy)(path, part)
        if reason is Reason.MIGRATION and (same := _same_as(part, listed(path, folder))):
            return same  # of a migration that was cut short
        final = _free(beginning)
        copies.place(part, final)
        return Backup(path=final, made_at=now, reason=reason, size=os.path.getsize(final))
    except OSError as error:
        raise of_system(error) from None
    finally:
        _remove(part)


def _same_as(part: str, backups: Sequence[Backup]) -> Backup | None:
    """Return the backup of before a migration that holds just what a copy holds."""
    alike = (each for each in backups if each.reason is Reason.MIGRATION and each.size == os.path.getsize(part))
    return next((each for each in alike if filecmp.cmp(each.path, part, shallow=False)), None)


def set_aside(path: str) -> Backup:
    """Move a file that no SQLite can open, and the log beside it, from a database's place onto the shelf."""
    folder, now = folder_of(path), int(time.time())
    os.makedirs(folder, mode=0o700, exist_ok=True)
    final = _free(_beginning(path, folder, now, Reason.DAMAGED))
    real = os.path.realpath(path)  # where SQLite keeps the log, and what a link leads to
    for ending in ("-shm", "-wal", ""):  # the file last: a log without it would be taken for the next one's
        if os.path.exists(real + ending):
            shutil.move(real + ending, final + ending)
    kept = final if os.path.exists(final) else final + "-wal"
    return Backup(path=kept, made_at=now, reason=Reason.DAMAGED, size=os.path.getsize(kept))


def _beginning(path: str, folder: str, now: int, reason: Reason) -> str:
    return os.path.join(folder, f"{_stem(path)}-{datetime.fromtimestamp(now, UTC).strftime(_WHEN)}-{reason}")


def _free(beginning: str) -> str:
    """Return the first name that nobody has yet."""
    for again in range(1, 1000):
        final = f"{beginning}{f'-{again}' if again > 1 else ''}.db"
        if not os.path.lexists(final):
            return final
    raise NotWritable(f"{beginning}.db", "a thousand of that second are there")


def _remove(part: str) -> None:
    for ending in ("", "-journal", "-wal", "-shm"):
        with suppress(OSError):
            os.remove(part + ending)


def staging(path: str) -> str:
    """Return where to make ready what is to replace a database: beside it, under a name that `sweep` knows."""
    folder, name = os.path.split(os.path.realpath(path))
    return os.path.join(folder, f".{name}.{os.getpid()}.part")


def unstage(staged: str) -> None:
    """Remove what was made ready, if it is still there."""
    _remove(staged)


def parts(folder: str) -> list[str]:
    """Return the files that unfinished backups and restores have in a folder."""
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        return sorted(
            each.path for each in entries if _PART.fullmatch(each.name) and each.is_file(follow_symlinks=False)
        )
    return []


def sweep(folder: str) -> None:
    """Remove what killed processes have left in a folder an hour ago or earlier."""
    for part in parts(folder):
        with suppress(OSError):
            if time.time() - os.path.getmtime(part) > LEFTOVER:
                os.remove(part)


_PART = re.compile(r"\..+\.\d+\.part(-journal|-wal|-shm)?")


def _stem(path: str) -> str:
    return os.path.basename(path).removesuffix(".db")


def _names(path: str) -> re.Pattern[str]:
    why = "|".join(Reason)
    return re.compile(re.escape(_stem(path)) + rf"-(?P<when>\d{{4}}-\d\d-\d\dT\d{{6}}Z)-(?P<why>{why})(-\d+)?\.db")
