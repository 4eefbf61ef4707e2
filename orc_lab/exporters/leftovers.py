"""What an export that was killed has left beside the files it wrote: known by its name and its age, and cleared.

Nothing else is ever removed: no file or folder by another name, none that was written to within the hour, no link.
"""

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

ENDING = ".orc-part"
AFTER = 3600.0  # seconds after which nobody can still be writing one
_OURS = re.compile(r"\..+\.\w{8}" + re.escape(ENDING))
_FOLDER = re.compile(r"orc-\d{4}-\d\d-\d\d-(csv|parquet)")  # as an export names one itself
_INSIDE = re.compile(r"tables\.duckdb.*|duckdb_temp.*")


def beside(path: Path, mark: str) -> Path:
    """Return where to write what is to become a file; a long name is cut, so that this one is no longer."""
    return path.with_name(f".{path.name[:40]}.{mark}{ENDING}")


def sweep(folder: Path) -> None:
    """Remove what killed exports have left in a folder an hour ago or earlier, and in those they named themselves."""
    for place in (folder, *_named_by_us(folder)):
        for entry in _entries(place):
            if _OURS.fullmatch(entry.name):
                with suppress(OSError):
                    _remove(entry)
        if place != folder:
            with suppress(OSError):  # it holds an export
                place.rmdir()


def _named_by_us(folder: Path) -> list[Path]:
    """Return the folders of exports in which something of a killed one lies."""
    found = [Path(entry) for entry in _entries(folder) if _FOLDER.fullmatch(entry.name) and _is_folder(entry)]
    return [place for place in found if any(_OURS.fullmatch(entry.name) for entry in _entries(place))]


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    with suppress(OSError), os.scandir(folder) as entries:
        yield from entries


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)


def _remove(entry: os.DirEntry[str]) -> None:
    if entry.is_file(follow_symlinks=False):
        if _is_old(entry):
            os.remove(entry)
    elif _is_folder(entry):
        inside = list(_entries(Path(entry)))
        if all(_INSIDE.fullmatch(one.name) for one in inside) and all(map(_is_old, (entry, *inside))):
            shutil.rmtree(entry)


def _is_old(entry: os.DirEntry[str]) -> bool:
    return time.time() - entry.stat(follow_symlinks=False).st_mtime > AFTER
