"""The old web app's storage in a Firefox profile: find it, choose where there are several, and decode it.

A person names whatever is nearest: Firefox's own folder, a profile, the folder of one address, or its `data.sqlite`.
The `sync-token` is seen, but its value is never read.
"""

import json
import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orc_lab.errors import NeedsChoice, UnreadableFile
from orc_lab.importers.creation import snappy
from orc_lab.importers.reading.source import LARGEST, Source
from orc_lab.store import web_storage
from orc_lab.store.web_storage import Storage, Stored

KEY = "creation-store"
WANTED = (KEY, "creation-store-migrated")
_MAGIC = b"SQLite format 3\x00"
_PROFILES = ("", "*/", "Profiles/*/", "firefox/*/", "Firefox/Profiles/*/")
_PATTERNS = (
    *("data.sqlite", "ls/data.sqlite", "*/ls/data.sqlite", "default/*/ls/data.sqlite"),
    *(f"{profile}storage/default/*/ls/data.sqlite" for profile in _PROFILES),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One address's storage that holds the old app's data: its file, the profile it is in, and what is in it."""

    path: Path
    profile: str
    origin: str
    storage: Storage


def may_hold(path: str | os.PathLike[str]) -> bool:
    """Return whether something is a folder, or an SQLite file."""
    try:
        mode = os.stat(path).st_mode
        if not stat.S_ISREG(mode):
            return stat.S_ISDIR(mode)
        with open(path, "rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except (OSError, ValueError):
        return False  # whoever reads it will say why not


def open_storage(given: str | os.PathLike[str], origin: str | None = None) -> Source:
    """Return what the old app has stored in a profile, as a dump of its storage in JSON, without its token.

    `origin` names the address, or a part of it. Raises UnreadableFile, or NeedsChoice where several addresses or
    profiles hold such data.
    """
    place = _chosen(_places(Path(given)), origin, os.fspath(given))
    dump = {key: "(not kept)" if key not in WANTED else None for key in place.storage.keys}
    dump |= {key: _text(stored, str(place.path)) for key, stored in place.storage.values.items()}
    kept_as = re.sub(r"\W+", "-", f"creation-store {place.origin}").strip("-") + ".json"
    return Source(name=str(place.path), data=json.dumps(dump).encode(), kept_as=kept_as)


def _places(path: Path) -> list[Place]:
    """Return where the old app's data is; raises UnreadableFile where it is nowhere."""
    files = [path]
    if not path.is_file():
        files = list(dict.fromkeys(one for pattern in _PATTERNS for one in sorted(path.glob(pattern))))
    found, failed = [], None
    for file in files:
        try:
            storage = web_storage.read(str(file), WANTED)
        except UnreadableFile as error:
            failed = failed or error
            continue
        if KEY in storage.values:
            found.append(_place(file, storage))
    if found:
        return found
    if failed is not None and len(files) == 1:
        raise failed
    raise UnreadableFile(str(path), _nothing(path, files), _step(failed))


def _place(file: Path, storage: Storage) -> Place:
    folder = file.absolute().parent.parent
    inside = folder.parent.parent.name == "storage"
    profile = folder.parent.parent.parent.name if inside else ""
    return Place(path=file, profile=profile, origin=storage.origin or folder.name, storage=storage)


def _nothing(path: Path, files: Sequence[Path]) -> str:
    if path.is_file():
        return f"no {KEY} is stored in it"
    if not files:
        return "it is a folder, and no Firefox profile that stores anything for web pages"
    return f"no address that has stored anything in it ({len(files):,}) has a {KEY}"


def _step(failed: UnreadableFile | None) -> str:
    if failed is not None:
        return f"One of them can't be read, though: {failed}"
    return (
        "Name a file, or the profile in which the old app was used (about:profiles in Firefox tells its folder); for "
        "Chrome and every other browser `orc import --from creation-store` tells what to do."
    )


def _chosen(places: Sequence[Place], origin: str | None, given: str) -> Place:
    profiles = len({place.profile for place in places}) > 1
    labels = {f"{place.origin} in {place.profile}" if profiles else place.origin: place for place in places}
    if origin is not None:
        exact = [place for label, place in labels.items() if origin in (label, place.origin)]
        fitting = exact or [place for label, place in labels.items() if origin in label]
        if len(fitting) == 1:
            return fitting[0]
    elif len(places) == 1:
        return places[0]
    several = f"{given} holds the old app's data of {len(places)} addresses" if len(places) > 1 else given
    what = f"{several}." if origin is None else f"{origin!r} is not one address in {given}."
    raise NeedsChoice(what, "--origin", list(labels))


def _text(stored: Stored, path: str) -> str:
    try:
        data = snappy.decompress(stored.data, most=LARGEST) if stored.compressed else stored.data
        return data.decode("utf-16-le" if stored.utf16 else "utf-8", "surrogatepass")
    except ValueError as error:
        raise UnreadableFile(path, f"its {KEY} is damaged ({error})", "Copy the export in Firefox's console.") from None
