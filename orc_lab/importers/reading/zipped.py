"""A zip archive, whose files are read without unpacking it to the disk.

One that holds a single file of records stands for that file; one with several CSVs, as Todoist backs up, for all of
them. What else lies in it (pictures, another archive) is named and left alone.
"""

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from orc_lab.errors import UnreadableFile
from orc_lab.importers.reading.source import Source, filled
from orc_lab.importers.reading.values import clean

LARGEST = 256 << 20  # bytes of all that is read of it: a small archive may hold what fills any memory
MOST = 10_000  # files
_BEGINS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_ENTRY = b"PK\x01\x02"  # begins each entry of its table of contents
_NAMED = 5
_UTF8, _ENCRYPTED = 0x800, 0x1
_LEFT_BY_SYSTEMS = ("__macosx", "thumbs.db", "desktop.ini")
_SHEETS = ("xl/workbook.xml", "word/document.xml", "content.xml")
_RECORDS = (".csv", ".json", ".jsonl", ".ndjson", ".org")
_UNPACK = "Unpack it, and import the files in it."
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, OSError, EOFError, ValueError, OverflowError
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Member:
    """A file in an archive: its path there, as it is shown, and its entry."""

    path: str
    entry: zipfile.ZipInfo

    @property
    def ending(self) -> str:
        return PurePosixPath(self.path).suffix.lower()


def unpacked(source: Source) -> Source:
    """Return what a zip archive stands for: its only file, or itself with its CSVs as parts; other sources as they are.

    Raises UnreadableFile where it is damaged, encrypted or too large, or where no file in it can be meant.
    """
    if not source.data.startswith(_BEGINS):
        return source
    if source.data.count(_ENTRY) > MOST:
        raise UnreadableFile(source.name, f"it is a zip of more than {MOST:,} files", _UNPACK)
    try:
        with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
            members = _members(archive)
            chosen = _chosen(source.name, members)
            parts = [_read(source.name, archive, member) for member in chosen]
    except NotImplementedError:
        raise UnreadableFile(source.name, "it is a zip packed in a way that orc can't read", _UNPACK) from None
    except _DAMAGED:
        raise UnreadableFile(source.name, "it is a zip, and damaged", "Download it again.") from None
    said = _passed_over([member.path for member in members if member not in chosen])
    if len(parts) == 1:
        return replace(filled(parts[0]), said=said)
    return replace(source, parts=tuple(parts), said=said)


def _members(archive: zipfile.ZipFile) -> list[_Member]:
    """Return the files in the order of their paths, without what systems leave beside them."""
    files = (entry for entry in archive.infolist() if not entry.filename.endswith("/"))
    found = [_Member(path=_path(entry), entry=entry) for entry in files]
    return sorted((one for one in found if not _left_by_a_system(one.path)), key=lambda one: one.path)


def _path(entry: zipfile.ZipInfo) -> str:
    """Return the path of a file: many programs write UTF-8 without saying so."""
    name = entry.filename
    if not entry.flag_bits & _UTF8:
        with suppress(ValueError):
            name = name.encode("cp437").decode()
    return clean(name.replace("\\", "/")).strip("/") or "a file without a name"


def _left_by_a_system(path: str) -> bool:
    parts = [part.lower() for part in path.split("/")]
    return any(part in _LEFT_BY_SYSTEMS or (part.startswith(".") and part not in (".", "..")) for part in parts)


def _chosen(name: str, members: Sequence[_Member]) -> Sequence[_Member]:
    """Return the files that are meant: all CSVs, else the only file of records, else the only file."""
    records = [one for one in members if one.ending in _RECORDS]
    if not records and any(member.path in _SHEETS for member in members):
        raise UnreadableFile(name, "it is a document of an office program", "Save the table as CSV, and import that.")
    chosen = [one for one in members if one.ending == ".csv"] or records or members
    if not chosen:
        raise UnreadableFile(name, "it is a zip without a file in it", "Export it again, or name another file.")
    if len(chosen) > 1 and chosen[0].ending != ".csv":
        why = f"it is a zip of {len(chosen):,} files ({_some([one.path for one in chosen])})"
        raise UnreadableFile(name, why, _UNPACK)
    size = sum(one.entry.file_size for one in chosen)
    if size > LARGEST:
        why = f"unpacked it is {size >> 20:,} MiB, more than {LARGEST >> 20}"
        raise UnreadableFile(name, why, "Export less, or in parts.")
    return chosen


def _read(name: str, archive: zipfile.ZipFile, member: _Member) -> Source:
    """Return a file of an archive; it never gives more than the size that the table of contents tells."""
    if member.entry.flag_bits & _ENCRYPTED:
        raise UnreadableFile(
            f"{name}/{member.path}", "it is encrypted", "Unpack it with its password, and import that."
        )
    data = archive.read(member.entry)
    if data.startswith(_BEGINS):
        raise UnreadableFile(f"{name}/{member.path}", "it is a zip in a zip", _UNPACK)
    return Source(name=f"{name}/{member.path}", data=data)


def _passed_over(paths: Sequence[str]) -> str | None:
    return f"Passed over in the zip, for they hold no records that are read: {_some(paths)}." if paths else None


def _some(paths: Sequence[str]) -> str:
    shown = ", ".join(path if len(path) <= 60 else f"…{path[-59:]}" for path in paths[:_NAMED])
    return shown if len(paths) <= _NAMED else f"{shown} and {len(paths) - _NAMED:,} more"
