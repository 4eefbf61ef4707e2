"""The formats, and how an input of each is made from a number.

An input is made by a random generator that its format, a seed and its number start: the same three give the same bytes.
"""

import io
import json
import warnings
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from random import Random
from sqlite3 import connect
from typing import Any

import cramjam

from tests.importers.fuzz import damage, held, outlines, seeds, sheets, trees
from tests.importers.fuzz.values import TEXTS
from tests.importers.profiles import KEY

Make = Callable[[Random], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A format with its whole files, by name, and the ways to make inputs of them and to see what one holds."""

    name: str
    format: str
    files: Sequence[tuple[str, bytes]]
    make: Make
    expected: Callable[[bytes], held.Expected] = lambda data: held.Expected()
    as_path: bool = False
    mapping: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A file to import: its bytes and its name, the format that the person names, if any, and the other choices.

    `in_use` says that it goes into a workbench in which whole files of the format, and own work, stand already.
    """

    subject: str
    number: int
    data: bytes
    name: str
    format: str | None = None
    person: str | None = None
    mapping: bytes | None = None
    in_use: bool = False


def made(subject: Subject, seed: int, number: int) -> Input:
    """Return an input by its number."""
    rng = Random(f"{subject.name} {seed} {number}")
    data = subject.make(rng)
    mapped = subject.mapping and rng.random() < (0.9 if b"Dauer" in data else 0.1)
    return Input(
        subject=subject.name,
        number=number,
        data=data,
        name=rng.choice(subject.files)[0],
        format=subject.format if rng.random() < 0.75 else None,
        person="all" if rng.random() < 0.9 else None,
        mapping=_mapping(rng) if mapped else None,
        in_use=rng.random() < 0.3,
    )


def _mapping(rng: Random) -> bytes:
    tree = json.loads(json.dumps(seeds.MAPPING))
    if rng.random() < 0.7:
        return json.dumps(tree).encode()
    return damage.encoded(rng, trees.written(rng, trees.mutated(rng, tree, seeds.MAPPING)))


# How inputs are made


def _mixed(rng: Random, written: Sequence[bytes], structured: Callable[[], bytes]) -> bytes:
    """Return a file with mistakes in what it says, in its bytes, or in both."""
    kind = rng.random()
    if kind < 0.02:
        return rng.choice(written)
    data = rng.choice(written) if kind > 0.75 else structured()
    return data if kind < 0.6 else damage.damaged(rng, data, rng.choice(written))


def _of_trees(files: Sequence[Any]) -> Make:
    texts = [json.dumps(one) for one in files]
    written = [text.encode() for text in texts] + [json.dumps(one, indent=1).encode() for one in files]

    def make(rng: Random) -> bytes:
        def structured() -> bytes:
            tree = trees.mutated(rng, json.loads(rng.choice(texts)), json.loads(rng.choice(texts)))
            text = trees.written(rng, tree)
            return damage.encoded(rng, _wrapped(rng, text))

        return _mixed(rng, written, structured)

    return make


def _wrapped(rng: Random, text: str) -> str:
    kind = rng.random()
    if kind < 0.95:
        return text
    if kind < 0.97:
        return json.dumps(text)
    return rng.choice((f"'{text}'", f"{text}\n{text}", f"\n\n {text} ", f"{text},", f"var x = {text};", f"[{text}]"))


def _of_sheets(files: Sequence[bytes]) -> Make:
    def make(rng: Random) -> bytes:
        def structured() -> bytes:
            table, other = sheets.read(rng.choice(files)), sheets.read(rng.choice(files))
            return damage.encoded(rng, sheets.written(rng, sheets.mutated(rng, table, other)))

        return _mixed(rng, files, structured)

    return make


_IN_ZIPS = (
    "Thesis [6Crg8jQ886Wh4P5g].csv",
    "Inbox.csv",
    "Work/Home [1].csv",
    "x.txt",
    "a.json",
    "..\\up.csv",
    "é.csv",
    "",
)


def _of_zips(files: Sequence[bytes]) -> Make:
    """Return a maker of backups of Todoist: one to three tables in an archive, which may be damaged itself."""
    make_sheet = _of_sheets(files)

    def make(rng: Random) -> bytes:
        tables = [make_sheet(rng) if rng.random() < 0.7 else rng.choice(files) for _ in range(rng.choice((1, 2, 2, 3)))]
        names = [rng.choice(_IN_ZIPS[:3] if rng.random() < 0.85 else _IN_ZIPS) for _ in tables]
        data = _zipped([*zip(names, tables, strict=True)], rng.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED)))
        return data if rng.random() < 0.6 else damage.damaged(rng, data, data)

    return make


def _zipped(named: Sequence[tuple[str, bytes]], way: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", way) as archive:
        warnings.simplefilter("ignore")  # a name may come twice
        for name, data in named:
            archive.writestr(zipfile.ZipInfo(name), data, way)
    return out.getvalue()


def _of_outlines(files: Sequence[str]) -> Make:
    written = [text.encode() for text in files]

    def make(rng: Random) -> bytes:
        def structured() -> bytes:
            return damage.encoded(rng, outlines.mutated(rng, rng.choice(files), rng.choice(files)))

        return _mixed(rng, written, structured)

    return make


def _of_profiles(files: Sequence[Any]) -> Make:
    make_text = _of_trees(files)
    stores = [
        seeds.profile(seeds.STORED, old=old, utf16=utf16, packed=packed)
        for old, utf16, packed in ((False, False, True), (False, True, False), (False, True, True), (True, False, True))
    ]

    def make(rng: Random) -> bytes:
        store = rng.choice(stores)
        kind = rng.random()
        if kind < 0.2:
            return damage.damaged(rng, store, rng.choice(stores))
        text = make_text(rng) if kind < 0.9 else json.dumps(files[0]).encode()
        return _stored(rng, store, text, broken=kind > 0.85)

    return make


def _stored(rng: Random, store: bytes, text: bytes, *, broken: bool) -> bytes:
    """Return a store with another value in it; the block that holds it, or what is said of it, may be wrong."""
    value = bytes(cramjam.snappy.compress_raw(text))
    if broken:
        value = damage.damaged(rng, value, text)
    with closing(connect(":memory:")) as conn:
        conn.deserialize(store)
        conn.execute("UPDATE data SET value = ? WHERE key = ?", (value, KEY))
        names = [name for (name,) in conn.execute("SELECT name FROM pragma_table_info('data')")]
        if "compression_type" in names:
            conn.execute("UPDATE data SET compression_type = 1, conversion_type = 1 WHERE key = ?", (KEY,))
        if rng.random() < 0.15:
            column, odd = rng.choice(names[1:]), rng.choice((None, -1, 0, 1, 2, 2**62, 1.5, "x", b"\xff\xfe", ""))
            conn.execute(f"UPDATE OR IGNORE data SET {column} = ?", (odd,))
        if rng.random() < 0.1:
            odd_key = rng.choice(TEXTS).encode("utf-8", "surrogatepass")
            conn.execute("UPDATE OR IGNORE data SET key = CAST(? AS TEXT) WHERE key = 'theme'", (odd_key,))
            conn.execute("UPDATE database SET origin = CAST(? AS TEXT)", (odd_key,))
        conn.commit()
        return conn.serialize()


# All of them


def _named(names: Sequence[str], files: Sequence[Any]) -> Sequence[tuple[str, bytes]]:
    """Return whole files under names, the last of which may stand for several."""
    found = [
        one if isinstance(one, bytes) else one.encode() if isinstance(one, str) else json.dumps(one).encode()
        for one in files
    ]
    return [(names[min(at, len(names) - 1)], data) for at, data in enumerate(found)]


def _json(name: str, format: str, files: Sequence[Any], find: Callable[[Any], Iterable[Any]], file: str) -> Subject:
    made = _of_trees(files)
    return Subject(name=name, format=format, files=_named([file], files), make=made, expected=held.in_json(find))


_SHEETS = (
    ("todoist-csv", "todoist", seeds.TODOIST_CSV, ("Thesis [6Crg8jQ886Wh4P5g].csv", "Inbox.csv")),
    ("task-csv", "task-csv", seeds.TASK_CSV, ("tasks.csv",)),
    ("time-csv", "task-csv", seeds.TIME_CSV, ("Toggl_time_entries.csv", "Clockify_Time_Report.csv", "x.csv")),
)


@cache
def subjects() -> Mapping[str, Subject]:
    """Return all formats by name."""
    exported = seeds.exported()
    found = [
        _json("creation-store", "creation-store", seeds.OLD_APP, held.old_app, "creation-store.json"),
        Subject(
            name="firefox",
            format="creation-store",
            files=[("data.sqlite", seeds.profile(seeds.STORED, old=False, utf16=False, packed=True))],
            make=_of_profiles(seeds.OLD_APP),
            as_path=True,
        ),
        _json("super-productivity", "super-productivity", seeds.SUPER_PRODUCTIVITY, held.super_productivity, "sp.json"),
        _json("taskwarrior", "taskwarrior", seeds.TASKWARRIOR, held.flat, "tasks.json"),
        _json("timewarrior", "timewarrior", seeds.TIMEWARRIOR, held.listed, "timew.json"),
        _json("todoist-json", "todoist", seeds.TODOIST_JSON, held.todoist, "todoist.json"),
        *(
            Subject(
                name=name,
                format=format,
                files=_named(names, files),
                make=_of_sheets(files),
                expected=held.in_rows,
                mapping=name == "time-csv",
            )
            for name, format, files, names in _SHEETS
        ),
        Subject(
            name="todoist-zip",
            format="todoist",
            files=[("Todoist Backup.zip", _zipped([*zip(_IN_ZIPS, seeds.TODOIST_CSV, strict=False)]))],
            make=_of_zips(seeds.TODOIST_CSV),
            expected=held.in_zip,
        ),
        Subject(
            name="org",
            format="org",
            files=_named(["work.org", "work.org_archive"], seeds.ORG),
            make=_of_outlines(seeds.ORG),
            expected=held.in_outline,
        ),
        _json("orc", "orc", exported, held.whole, "orc.json"),
    ]
    return {one.name: one for one in found}
