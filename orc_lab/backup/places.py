"""Where orc writes on this computer, and how it knows its own files again.

Each place says which folders it looks into for a given database, and which files there are orc's own; all others there
are the person's. What comes later, an account or a timer, adds a place of its own.
"""

import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from orc_lab.backup import written
from orc_lab.config import SAMPLE
from orc_lab.errors import NotADatabase
from orc_lab.store import copies, shelf
from orc_lab.store.copies import State

IMPORTS = "imports"
_HALF_KEPT = re.compile(r"\d{4}-\d\d-\d\d-.+\.part")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A kind of files. `folders` and `own` are asked with the path of the database; files of `own` stand in `folders`.

    `made` are folders that orc makes: they go with their last file. `shared` places serve every database of a folder.
    """

    name: str
    folders: Callable[[str], Sequence[str]]
    own: Callable[[str], Iterable[str]]
    made: Callable[[str], Sequence[str]] = lambda path: ()
    shared: bool = False


def regular(folder: str) -> list[str]:
    """Return the files that stand in a folder themselves, neither links nor folders; none where there is no folder."""
    try:
        with os.scandir(folder) as entries:
            return sorted(each.path for each in entries if each.is_file(follow_symlinks=False))
    except (FileNotFoundError, NotADirectoryError):
        return []


def beside(path: str) -> str:
    """Return the folder of a database as the person names it."""
    return os.path.dirname(os.path.abspath(path))


def is_ours(path: str) -> bool:
    """Return whether a file is a database of orc's, whole or damaged: not merely named like one."""
    try:
        state, _ = copies.state(path)
    except NotADatabase:
        return False
    return state in (State.WHOLE, State.DAMAGED)


def _database(path: str) -> Iterable[str]:
    real = os.path.realpath(path)
    sample = os.path.join(os.path.dirname(real), os.path.basename(SAMPLE))
    for file in dict.fromkeys((sample, real)):
        if os.path.isfile(file) and not os.path.islink(file) and is_ours(file):
            yield from (file + ending for ending in ("-wal", "-shm", "") if os.path.isfile(file + ending))
    yield from shelf.parts(os.path.dirname(real))


def _backups(path: str) -> Iterable[str]:
    folder = shelf.folder_of(path)
    for backup in shelf.listed(path):
        if not backup.good or copies.marked(backup.path):
            yield backup.path
            yield from (backup.path + ending for ending in ("-wal", "-shm") if os.path.isfile(backup.path + ending))
    yield from shelf.parts(folder)


def _imports(path: str) -> str:
    return os.path.join(beside(path), IMPORTS)


def _kept(path: str) -> Iterable[str]:
    """Yield the copies of imported files, and what a killed import has left of one."""
    yield from written.own(_imports(path))
    yield from (file for file in regular(_imports(path)) if _HALF_KEPT.fullmatch(os.path.basename(file)))


def _data(path: str) -> Sequence[str]:
    """Return the folder of the database where it is orc's own; of any other one, the person's, nothing is told."""
    return [beside(path)] if os.path.basename(beside(path)) == os.path.dirname(SAMPLE) else []


DATABASE = Place(name="database", folders=_data, own=_database, made=_data)
BACKUPS = Place(
    name="backups",
    folders=lambda path: [shelf.folder_of(path)],
    own=_backups,
    made=lambda path: [shelf.folder_of(path)],
)
KEPT_IMPORTS = Place(
    name="imported files",
    folders=lambda path: [_imports(path)],
    own=_kept,
    made=lambda path: [_imports(path)],
    shared=True,
)
LOCAL: Sequence[Place] = (KEPT_IMPORTS, BACKUPS, DATABASE)  # the database last: killed on the way, orc still finds it
