"""Workbenches that are as they were before for each input, so that thousands can be imported one after the other.

The short way: one transaction stays open, in which the triggers that an import lets rest do so from the beginning, and
each input is taken back to a savepoint. What is written is what an import writes, down to the last statement.

The long way, as a person's: a database of its own that is opened, backed up, written, committed and closed.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self
from unittest.mock import patch

from orc_lab.backup import keep
from orc_lab.importers import run, write
from orc_lab.importers.own import document, merge
from orc_lab.importers.record import Options
from orc_lab.model.entities import KINDS
from orc_lab.store import capture, load, schema
from orc_lab.store.bulk import Bulk, Shape
from orc_lab.store.database import Durability, create
from orc_lab.workbench.bench import Workbench
from tests.importers.files import NOW
from tests.importers.fuzz.subjects import Subject

_USER, _DEVICE = "01a00000-0000-7000-8000-000000000001", "01a00000-0000-7000-8000-000000000002"
_OWN_PROJECTS = ("Garden", "Thesis", "P", "home", "PC2", "Zq101 Thesis")
_OWN_TODOS = ("Write", "Zq400 Write", "zq900 write", "Zq104 Read", "Zq503")


class _Resting(Bulk):
    """A bulk in a transaction in which the triggers rest already, and stay so."""

    shapes: ClassVar[dict[type, Shape]] = {}

    def __enter__(self) -> Self:
        self._shapes = self.shapes
        self._hours_rest = True
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        return None


class _Over(Exception):
    """Nothing of a transaction shall stay."""


class _Bench:
    """An open workbench whose one transaction never ends."""

    def __init__(self, path: Path) -> None:
        self._stack = ExitStack()
        self.wb = self._stack.enter_context(Workbench.open(path, durability="normal"))
        with self.wb.edit("rest") as tx:  # a transaction of its own: to take one back that did this takes 5 ms
            bulk = Bulk(tx).__enter__()
            self._resting = {kind: bulk._rest(kind) for kind in KINDS.values()}
        self._stack.enter_context(self.wb.edit("fuzz", origin="import")).defer_references()

    @contextmanager
    def input(self) -> Iterator[Workbench]:
        """Give the workbench for one input, and take back what came of it."""
        conn = self.wb.db.conn
        conn.execute("SAVEPOINT input")
        _Resting.shapes = self._resting
        with (
            patch.object(write, "Bulk", _Resting),
            patch.object(merge, "Bulk", _Resting),
            patch.object(keep, "before_import", lambda db: None),
        ):
            try:
                yield self.wb
            finally:
                conn.execute("ROLLBACK TO input")
                conn.execute("RELEASE input")

    def close(self) -> None:
        """Take everything back and close it."""
        with suppress(_Over), self._stack:
            raise _Over


def _bared(conn: sqlite3.Connection) -> None:
    """Take away what takes long to make, and what taking a whole database over would make anew at its end."""
    found = conn.execute("SELECT type, name, sql FROM sqlite_master WHERE type IN ('trigger', 'index')").fetchall()
    for kind, name, sql in found:
        if sql is not None and "UNIQUE" not in sql:
            conn.execute(f'DROP {kind} "{name}"')


class _Whole:
    """A new workbench, and stages, that whole databases are poured into: each is overwritten by what it was."""

    def __init__(self, path: Path) -> None:
        self.wb = Workbench.open(path, durability="normal")
        self.wb.db.conn.execute("PRAGMA synchronous = OFF")
        _bared(self.wb.db.conn)
        self._as_it_was = sqlite3.connect(":memory:")
        self.wb.db.conn.backup(self._as_it_was)
        self._stage = load._Staged(schema.known_version())
        _bared(self._stage.conn)

    @contextmanager
    def input(self) -> Iterator[Workbench]:
        """Give the workbench for one input."""
        try:
            with self.staging():
                yield self.wb
        finally:
            self._as_it_was.backup(self.wb.db.conn)
            self.wb.user_id, self.wb.device_id, self.wb.sample = self.wb.db.identity()

    @contextmanager
    def staging(self) -> Iterator[None]:
        """Let stages be copied rather than made, and triggers rest."""
        stage = self._stage

        class Stage(load._Staged):
            def _prepare(self, durability: Durability, *, create: bool, reading: bool) -> None:
                if self._version == schema.known_version():
                    stage.conn.backup(self.conn)
                else:
                    super()._prepare(durability, create=create, reading=reading)

        with patch.object(load, "_Staged", Stage), patch.object(capture, "ensure", lambda conn: None):
            yield

    def close(self) -> None:
        """Close all of it."""
        self.wb.close()
        self._stage.close()
        self._as_it_was.close()


class Lab:
    """A new workbench and one in use, in a folder of its own."""

    def __init__(self, folder: Path, subject: Subject) -> None:
        self.folder = folder
        self._subject = subject
        self._open: dict[bool, _Bench] = {}
        self._whole: _Whole | None = None
        for in_use in (False, True):
            self._place(in_use).mkdir(parents=True)
            self._make(in_use)

    def _place(self, in_use: bool) -> Path:
        return self.folder / ("used" if in_use else "new")

    def _make(self, in_use: bool) -> None:
        with Workbench(create(self._place(in_use) / "own.db", user_id=_USER, device_id=_DEVICE)) as wb:
            wb.set_setting("zone", "Europe/Berlin", valid_from=0)
            if in_use:
                self._live(wb)
        shutil.copyfile(self._place(in_use) / "own.db", self.folder / f"{in_use}.db")

    def _live(self, wb: Workbench) -> None:
        """Let a workbench be in use: own projects and todos, and whole files of the format."""
        for title in _OWN_PROJECTS:
            wb.add_project(title)
        for title in _OWN_TODOS:
            wb.add_todo(title)
        for name, data in self._subject.files[:2]:
            if self._subject.format == document.NAME:
                document.bring(wb, data, name=name)
            else:
                given = self.file(data, name) if self._subject.as_path else data
                options = Options(person="all")
                run.commit(wb, run.plan(wb, given, format=self._subject.format, name=name, options=options, now=NOW))
        shutil.rmtree(self._place(True) / "backups", ignore_errors=True)

    def file(self, data: bytes, name: str) -> Path:
        """Return a file with these bytes; there is one at a time."""
        path = self.folder / name
        path.write_bytes(data)
        return path

    @contextmanager
    def short(self, in_use: bool, *, whole: bool) -> Iterator[Workbench]:
        """Give a workbench for one input, the short way; `whole` where that holds a whole workbench."""
        with ExitStack() as stack:
            stack.callback(self._sweep, self._place(in_use) / "imports")
            if whole:
                self._whole = self._whole or _Whole(self._copy("whole"))
                if not in_use:
                    yield stack.enter_context(self._whole.input())
                    return
                stack.enter_context(self._whole.staging())
            if in_use not in self._open:
                self._open[in_use] = _Bench(self._place(in_use) / "own.db")
            yield stack.enter_context(self._open[in_use].input())

    def _copy(self, name: str) -> Path:
        """Return a new workbench's file in a folder of that name."""
        place = self.folder / name
        place.mkdir()
        return Path(shutil.copyfile(self.folder / "False.db", place / "own.db"))

    @contextmanager
    def long(self, in_use: bool) -> Iterator[Workbench]:
        """Give a workbench of its own for one input."""
        place = self.folder / "long"
        place.mkdir()
        try:
            shutil.copyfile(self.folder / f"{in_use}.db", place / "own.db")
            with Workbench.open(place / "own.db", durability="normal") as wb:
                yield wb
        finally:
            shutil.rmtree(place)

    @staticmethod
    def _sweep(folder: Path) -> None:
        if folder.is_dir():
            for name in os.listdir(folder):
                os.unlink(folder / name)

    def close(self) -> None:
        """Close what is open."""
        for bench in self._open.values():
            bench.close()
        if self._whole is not None:
            self._whole.close()
