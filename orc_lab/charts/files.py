"""Files that a reader never sees half-written."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from orc_lab.errors import DiskFull, NotWritable

_FULL = (errno.ENOSPC, errno.EDQUOT)


def make_folder(path: Path) -> Path:
    """Make a folder and those above it, or leave it as it is; raises NotWritable or DiskFull."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _told(path, error) from error
    return path


def write_atomically(path: Path, content: str | bytes) -> Path:
    """Write beside `path` and rename: whoever opens it finds the old content or the new one, also after a crash.

    Text is written as UTF-8; missing folders are made. Raises NotWritable or DiskFull, and leaves nothing behind.
    """
    write_together({path: content})
    return path


def check_place(path: Path) -> None:
    """Raise NotWritable or DiskFull where no file can be written; what stands there stays as it is."""
    if path.is_dir():
        raise NotWritable(str(path), "it is a folder")
    beside = path
    try:
        beside = make_folder(path.parent) / f".{path.name}.{token_hex(4)}"
        _write(beside, b"")
    except OSError as error:
        raise _told(path, error) from error
    finally:
        if beside != path:
            with suppress(OSError):
                beside.unlink(missing_ok=True)


def write_together(contents: Mapping[Path, str | bytes]) -> None:
    """Write all files beside their places, and rename them only when the last one is whole on the disk.

    So files that belong together stay those of one run where the disk is full. Otherwise as `write_atomically`.
    """
    beside: dict[Path, Path] = {}
    path = Path()
    try:
        for path, content in contents.items():
            beside[path] = make_folder(path.parent) / f".{path.name}.{token_hex(4)}"
            _write(beside[path], content.encode("utf-8") if isinstance(content, str) else content)
        for path, whole in beside.items():
            whole.replace(path)
    except OSError as error:
        raise _told(path, error) from error
    finally:
        for left in beside.values():
            with suppress(OSError):
                left.unlink(missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _told(path: Path, error: OSError) -> NotWritable | DiskFull:
    return DiskFull(str(path)) if error.errno in _FULL else NotWritable(str(path), error.strerror or "read-only")
