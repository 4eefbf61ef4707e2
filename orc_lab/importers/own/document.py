"""A whole workbench that `orc export` wrote: read row by row, and what is to become of it told apart.

Into a workbench that was never used everything comes as it was, ids and log included; into any other it is merged
(`orc_merge`).
"""

import io
import os
import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain, groupby
from typing import Any, BinaryIO

from orc_lab.errors import UnreadableFile
from orc_lab.importers import kept
from orc_lab.importers.own import merge as orc_merge
from orc_lab.importers.own.json_rows import Malformed, Pieces
from orc_lab.importers.report import Report
from orc_lab.model.batched import batched
from orc_lab.store import schema
from orc_lab.store.load import CELL, ENTRY, Batch, Unfit, batches, everything, is_unused, load, staged
from orc_lab.store.snapshot import TABLES, Snapshot, Torn
from orc_lab.workbench.bench import Workbench

NAME = "orc"
VERSION = 1
HEAD: Mapping[str, type] = {
    "format": str, "version": int, "schema": int, "user_id": str, "device_id": str, "created_at": int, "sample": bool,
}  # fmt: skip
_BEGINS = re.compile(r'[\s\ufeff]*\{(?:\s*"\w+"\s*:\s*(?:"[^"]*"|[\w.-]+)\s*,)*?\s*"format"\s*:\s*"orc"')
_TOGETHER = 1000
_FIRST = ("seq", "field", "new")  # of a cell that was empty

Progress = Callable[[int, int], None]


def identify(head: str) -> bool:
    """Return whether a text begins like an export of a whole workbench."""
    return _BEGINS.match(head) is not None


def is_one(wb: Workbench, given: str | os.PathLike[str] | bytes) -> bool:
    """Return whether a file or bytes begin like an export; False for what can't be read, or only once (a pipe).

    The open database itself is not looked into: to open and close it once more would drop its locks.
    """
    if isinstance(given, bytes):
        return identify(given[:4096].decode("utf-8", "replace"))
    try:
        if not os.path.isfile(given) or any(_same(given, wb.db.file + ending) for ending in ("", "-wal", "-shm")):
            return False
        with open(given, "rb") as file:
            return identify(file.read(4096).decode("utf-8", "replace"))
    except (OSError, ValueError):
        return False


def _same(path: str | os.PathLike[str], other: str) -> bool:
    return os.path.exists(other) and os.path.samefile(path, other)


def bring(
    wb: Workbench,
    given: str | os.PathLike[str] | bytes,
    *,
    dry_run: bool = False,
    name: str | None = None,
    progress: Progress | None = None,
) -> Report:
    """Import an export of a whole workbench, in one transaction, and return what came.

    With `dry_run` only tell what would. Raises UnreadableFile for a file that isn't whole, that a newer orc_lab wrote
    or that holds the sample life; then, and where the disk is full or the database locked, nothing was changed.
    """
    told = name or ("paste" if isinstance(given, bytes) else os.fspath(given))
    unused = is_unused(wb.db)
    if unused and not dry_run:
        with _reading(given, told, progress) as reading:
            current = reading.head["schema"] == schema.known_version()
            if current and load(wb.db, reading.head, reading.rows()):
                return _taken_over(wb, told, reading.counts)
    with _reading(given, told, progress) as reading, Snapshot(staged(reading.head, reading.rows())) as stage:
        if not unused:
            copy = partial(_copied, wb, given, told)
            return orc_merge.merge(wb, stage, name=told, dry_run=dry_run, copy=copy)
        if not dry_run and load(wb.db, stage.identity(), everything(stage)):
            return _taken_over(wb, told, reading.counts)
        return _report(told, reading.counts)


def _copied(wb: Workbench, given: str | os.PathLike[str] | bytes, name: str) -> str | None:
    """Keep a copy of what was merged, for its own log is nowhere else; return where, None for what is too large.

    Of what was taken over as a whole none is needed: the database is that copy, log and all.
    """
    if not isinstance(given, bytes):
        if os.path.getsize(given) > kept.LARGEST:
            return None
        with open(given, "rb") as file:
            given = file.read()
    return kept.keep(wb.db, name, given, wb.today())


def _taken_over(wb: Workbench, name: str, counts: Mapping[str, int]) -> Report:
    wb.user_id, wb.device_id, _ = wb.db.identity()
    return _report(name, counts, committed=True)


def _report(name: str, counts: Mapping[str, int], *, committed: bool = False) -> Report:
    imported = {table.replace("_", " "): counts[table] for table in TABLES if counts[table]}
    rows = sum(imported.values())
    history = (
        f"All of it as it was, with {counts['change_log']:,} entries of history: undo and the past work as before."
    )
    return Report(
        format=NAME, source=NAME, name=name, committed=committed, records=rows, new=rows, merged=0, there=0, changed=0,
        changed_examples=(), gone=0, imported=imported, left_out=(), issues=(), notes=(history,), samples={},
    )  # fmt: skip


@contextmanager
def _reading(given: str | os.PathLike[str] | bytes, name: str, progress: Progress | None) -> "Iterator[_Reading]":
    """Give an export to be read, its head known; what is wrong with it becomes UnreadableFile."""
    step = "Export it again, or import a backup."
    try:
        with io.BytesIO(given) if isinstance(given, bytes) else open(given, "rb") as file:
            yield _Reading(file, progress)
    except UnicodeDecodeError as error:
        raise UnreadableFile(name, f"it is no UTF-8 ({error.reason} at byte {error.start:,})", step) from None
    except (Malformed, Unfit) as error:
        raise UnreadableFile(name, f"{error}", step) from None
    except OSError as error:
        if error.filename is None or isinstance(given, bytes) or error.filename != os.fspath(given):
            raise
        raise UnreadableFile(name, str(error.strerror).lower(), "Check what it is and its permissions.") from None


class _Reading:
    """An export while it is read: its head, and the rows that follow, counted by table."""

    def __init__(self, file: BinaryIO, progress: Progress | None) -> None:
        self.counts: Counter[str] = Counter()
        self.head: dict[str, Any] = {}
        self._file = file
        self._size = file.seek(0, io.SEEK_END)
        file.seek(0)
        self._progress = progress
        self._pieces = Pieces(io.TextIOWrapper(file, encoding="utf-8-sig", newline=""))
        self._members = self._pieces.members()
        self._part = self._read_head()
        _check(self.head)

    def rows(self) -> Iterator[Batch]:
        """Yield all rows, as they stand in the file; raises Malformed."""
        parts = {"tables": self._tables, "history": self._history}
        part: str | None = self._part
        while part is not None:
            yield from parts.pop(part)()
            part = next(self._members, None)
            while part is not None and part not in parts:
                self._pieces.value()
                part = next(self._members, None)
        if parts:
            raise Malformed(f"it has no {' and no '.join(parts)}")
        self._pieces.end()

    def _read_head(self) -> str:
        for name in self._members:
            if name in ("tables", "history"):
                return name
            self.head[name] = self._pieces.value()
        raise Malformed("it has no tables")

    def _tables(self) -> Iterator[Batch]:
        for table in self._pieces.members():
            if table not in TABLES:
                raise Malformed(f"it holds {table!r}, which this orc_lab doesn't know: upgrade the package")
            yield from self._listed(table)

    def _history(self) -> Iterator[Batch]:
        for part in self._pieces.members():
            if part == "transactions":
                yield from self._listed("change_tx")
            elif part == "changes":
                yield from self._changes()
            else:
                self._pieces.value()

    def _listed(self, table: str) -> Iterator[Batch]:
        """Yield the rows of a table, those with the same columns together."""
        for names, alike in groupby(self._rows(table), key=tuple):
            yield from batches(table, names, (tuple(row.values()) for row in alike))

    def _changes(self) -> Iterator[Batch]:
        """Yield entries and then their cells, many together: a table at a time is written fastest."""
        rows = self._rows("change_log")
        for some in batched(rows, _TOGETHER):
            yield Batch("change_log", ENTRY, [tuple(map(row.get, ENTRY)) for row in some])
            cells = [cell for row in some for cell in _cells(row)]
            if dict in map(type, chain.from_iterable(cells)):
                yield from batches("change_cell", CELL, (tuple(map(_value, cell)) for cell in cells))
                continue
            # To bind None takes longer than anything else, and most fields were empty before.
            yield Batch("change_cell", _FIRST, [(seq, field, new) for seq, field, old, new in cells if old is None])
            yield Batch("change_cell", CELL, [cell for cell in cells if cell[2] is not None])

    def _rows(self, table: str) -> Iterator[dict[str, Any]]:
        for count, row in enumerate(self._pieces.elements(), 1):
            if not isinstance(row, dict):
                raise Malformed(f"a row of {table} is no object")
            if self._progress is not None and count % _TOGETHER == 0:
                self._progress(self._file.tell(), self._size)
            self.counts[table] += 1
            yield {name: _value(value) for name, value in row.items()} if _has_tags(row) else row


def _cells(row: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
    """Return the cells of a change as they stand in the file."""
    seq, cells = row.get("seq"), row.get("cells", {})
    if type(cells) is not dict:
        raise Malformed("the cells of a change are no object")
    pairs = cells.values()
    if set(map(type, pairs)) - {list} or set(map(len, pairs)) - {2}:
        raise Malformed("a cell of a change is no pair of the old and the new value")
    return [(seq, field, old, new) for field, (old, new) in cells.items()]


def _has_tags(row: Mapping[str, Any]) -> bool:
    return "cells" not in row and dict in map(type, row.values())


def _value(value: Any) -> Any:
    """Return what a value stands for: `{"text": …}` and `{"blob": …}` are bytes, `{"real": …}` an infinity."""
    if not isinstance(value, dict):
        return value
    try:
        ((kind, told),) = value.items()
        if kind == "real":
            return float(told)
        return {"text": Torn, "blob": bytes}[kind](b64decode(told, validate=True))
    except (ValueError, KeyError, TypeError, NotBase64):
        raise Malformed(f"{str(value)[:60]} is no value") from None


def _check(head: Mapping[str, Any]) -> None:
    """Raise Malformed for what isn't the head of an export that can be read here."""
    if missing := [name for name, kind in HEAD.items() if not isinstance(head.get(name), kind)]:
        raise Malformed(f"its {missing[0]} does not stand before its rows")
    if head["format"] != NAME:
        raise Malformed(f"its format is {head['format']!r}, not {NAME!r}")
    if head["version"] > VERSION or head["schema"] > schema.known_version():
        raise Malformed("a newer orc_lab wrote it: upgrade the package")
    if head["version"] < 1 or head["schema"] < 1:
        raise Malformed("no orc_lab ever wrote such a version")
    if head["sample"]:
        raise Malformed("it holds the sample life, which is nobody's own (`orc init --demo` makes it anew)")
