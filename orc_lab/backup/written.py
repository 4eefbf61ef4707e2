"""The record of files that orc has put into a folder of the person's, so that it knows its own again.

`.made-by-orc` stands in that folder, one line a file as `sha256sum` writes it: what a person has added there, or has
changed since, is never taken for orc's own.
"""

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress

RECORD = ".made-by-orc"
_BLOCK = 1 << 20


def note(path: str | os.PathLike[str]) -> None:
    """Record that orc wrote this file, with its content as it is now; raises OSError where the folder can't be written.

    A file that is recorded as it is stays recorded once.
    """
    folder, name = os.path.split(os.path.abspath(path))
    digest = _digest(os.path.join(folder, name))
    if recorded(folder).get(name) != digest:
        with open(os.path.join(folder, RECORD), "a", encoding="utf-8") as record:
            record.write(f"{digest}  {name}\n")


def recorded(folder: str) -> Mapping[str, str]:
    """Return the files recorded in a folder, by name, with the digest of what orc wrote; there or not."""
    with suppress(OSError), open(os.path.join(folder, RECORD), encoding="utf-8", errors="replace") as record:
        lines = (line.rstrip("\n").partition("  ") for line in record)
        return {name: digest for digest, _, name in lines if name and os.path.basename(name) == name}
    return {}


def own(folder: str) -> list[str]:
    """Return the recorded files that are there and as orc wrote them, and the record where all of its files are."""
    found = []
    for name, digest in recorded(folder).items():
        path = os.path.join(folder, name)
        if os.path.isfile(path) and not os.path.islink(path) and _digest(path) == digest:
            found.append(path)
    record = os.path.join(folder, RECORD)
    return [*found, record] if os.path.isfile(record) and not os.path.islink(record) else found


def _digest(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
