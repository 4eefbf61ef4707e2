"""Where an export goes: files written beside their places and renamed when all are whole, or standard output."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO, TextIO

from orc_lab.errors import NotWritable, OutputExists, of_system
from orc_lab.exporters import leftovers

STANDARD_OUTPUT = "-"


class Target:
    """A file, or a folder of files, that appears as a whole or not at all."""

    def __init__(self, path: Path, *, folder: bool, force: bool) -> None:
        self.path = path
        self.files: list[Path] = []
        self._folder = folder
        self._force = force
        self._mark = token_hex(4)
        self._beside: dict[Path, Path] = {}

    def place(self, name: str) -> Path:
        """Return where to write a file of this name now (for a single file the name says nothing); it moves at the end.

        Raises OutputExists for one that is there, unless forced.
        """
        path = self.path / name if self._folder else self.path
        if path.is_dir() or (path.exists() and not self._force):
            raise OutputExists(str(path))
        self._beside[path] = leftovers.beside(path, self._mark)
        self.files.append(path)
        return self._beside[path]

    @contextmanager
    def binary(self, name: str) -> Iterator[BinaryIO]:
        """Open a file of this name for bytes."""
        with self.place(name).open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())

    @contextmanager
    def text(self, name: str) -> Iterator[TextIO]:
        """Open a file of this name for UTF-8 text, whose line ends stay as they are written."""
        with self.place(name).open("x", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())

    def settle(self) -> None:
        """Put every file in its place."""
        for path, beside in self._beside.items():
            if path.exists() and not self._force:  # somebody else was faster
                raise OutputExists(str(path))
            beside.replace(path)

    def forget(self) -> None:
        """Remove what was written beside."""
        for beside in self._beside.values():
            with suppress(OSError):
                beside.unlink(missing_ok=True)


class Output(Target):
    """Standard output: one file, written as it comes."""

    def __init__(self) -> None:
        super().__init__(Path(STANDARD_OUTPUT), folder=False, force=True)

    @contextmanager
    def binary(self, name: str) -> Iterator[BinaryIO]:
        """Give standard output for bytes."""
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()

    @contextmanager
    def text(self, name: str) -> Iterator[TextIO]:
        """Give standard output for UTF-8 text, whatever the terminal's encoding."""
        with self.binary(name) as out:
            file = open(os.dup(out.fileno()), "w", encoding="utf-8", newline="")  # noqa: SIM115 - closed below
            with file:
                yield file


@contextmanager
def opened(to: str, *, folder: bool, force: bool) -> Iterator[Target]:
    """Give a target, and settle it where nothing fails; else what was there stands as it was.

    What a killed export has left there is cleared first. Raises OutputExists, NotWritable or DiskFull.
    """
    target = Output() if to == STANDARD_OUTPUT else Target(Path(to), folder=folder, force=force)
    made = _made(target.path if folder else target.path.parent) if to != STANDARD_OUTPUT else []
    if to != STANDARD_OUTPUT:
        for place in {target.path.parent, target.path if folder else target.path.parent}:
            leftovers.sweep(place)
    try:
        yield target
        target.settle()
    except BaseException as error:
        target.forget()
        for path in made:
            with suppress(OSError):
                path.rmdir()
        if isinstance(error, OSError) and to != STANDARD_OUTPUT:
            raise _told(error, target.path) from None
        raise


def _made(folder: Path) -> list[Path]:
    """Make a folder and those above it; return the ones that weren't there, the lowest first."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _told(error, folder) from None
    return missing


def _told(error: OSError, path: Path) -> BaseException:
    """Return the error in words that name what the person named, not the file beside it."""
    if error.errno == errno.EFBIG:
        return NotWritable(str(path), "the file would be too large")
    named = OSError(error.errno, error.strerror, str(path)) if error.errno else error
    return of_system(named)
