"""The old app's storage in a Firefox profile: found from wherever it is named, read from a copy, chosen of several."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from orc_lab.errors import NeedsChoice, UnreadableFile
from orc_lab.importers import run
from orc_lab.importers.record import Options
from orc_lab.model.entities import ImportRecord, Todo
from orc_lab.workbench.bench import Workbench
from tests.importers.conftest import Bring
from tests.importers.files import everything, project, store, todo
from tests.importers.profiles import KEY, fill, place, stored

ORIGIN = "http://localhost:3000"
TOKEN = "eyJ-secret-4711"
EXPORT = store(
    projects=[project()], todos=[todo(projectId="p1", title="Plant tomatoes, über 20 €"), todo("t2")]
).decode()
WHOLE = {KEY: EXPORT, "creation-store-migrated": "true", "sync-token": TOKEN, "theme": "dark"}


def titles(bench: Workbench) -> set[str]:
    return {one.title for one in bench.find(Todo)}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "snappy"])
@pytest.mark.parametrize(("utf16", "old"), [(False, False), (True, False), (False, True)], ids=["utf8", "utf16", "old"])
def test_all_ways_to_store_a_value(
    bench: Workbench, bring: Bring, tmp_path: Path, utf16: bool, packed: bool, old: bool
) -> None:
    path = stored(tmp_path / "profile", ORIGIN, WHOLE, utf16=utf16, packed=packed, old=old)
    report = bring(path)
    assert (report.format, report.new, report.name) == ("creation-store", 3, str(path))
    assert titles(bench) == {"Plant tomatoes, über 20 €", "Todo t2"}


def test_half_characters_are_stored_as_utf16(bench: Workbench, bring: Bring, tmp_path: Path) -> None:
    text = json.dumps({"todos": [todo(title="half \ud83d")]}, ensure_ascii=False)
    bring(stored(tmp_path / "profile", ORIGIN, {KEY: text}, utf16=True))
    assert titles(bench) == {"half \ufffd"}


@pytest.mark.parametrize(
    "named",
    [
        lambda profile: place(profile, ORIGIN),
        lambda profile: place(profile, ORIGIN).parent,
        lambda profile: place(profile, ORIGIN).parent.parent,
        lambda profile: profile / "storage" / "default",
        lambda profile: profile / "storage",
        lambda profile: profile,
        lambda profile: profile.parent,
        lambda profile: profile.parent.parent,
    ],
    ids=["file", "ls", "address", "default", "storage", "profile", "root", "above"],
)
def test_whatever_is_nearest_may_be_named(
    bench: Workbench, bring: Bring, tmp_path: Path, named: Callable[[Path], Path]
) -> None:
    profile = tmp_path / "Firefox" / "Profiles" / "ab12.default-release"
    stored(profile, ORIGIN, WHOLE)
    stored(profile, "https://news.example", {"theme": "dark"})
    assert bring(named(profile)).new == 3


def test_the_token_is_seen_and_neither_read_nor_kept(bench: Workbench, bring: Bring, tmp_path: Path) -> None:
    report = bring(stored(tmp_path / "profile", ORIGIN, WHOLE))
    assert report.kept is not None
    kept = Path(report.kept)
    assert kept.name == "2025-06-15-creation-store-http-localhost-3000.json"
    assert json.loads(json.loads(kept.read_text())[KEY]) == json.loads(EXPORT)
    assert TOKEN not in kept.read_text() + str(everything(bench.db)) + str(report.as_dict())
    assert "A token or password stood in the file: it was neither imported nor kept." in report.notes
    assert "The old app says that its data was moved once before (creation-store-migrated)." in report.notes
    assert "1 other entry of the browser's storage is not orc's, passed over." in report.notes


def test_the_kept_copy_brings_the_same(bench: Workbench, bring: Bring, tmp_path: Path) -> None:
    path = stored(tmp_path / "profile", ORIGIN, WHOLE)
    kept = bring(path).kept
    assert bring(kept).there == bring(path).there == 3
    assert {one.source for one in bench.find(ImportRecord)} == {"creation-store"}


def test_the_profile_is_left_as_it_is_while_firefox_writes(bench: Workbench, bring: Bring, tmp_path: Path) -> None:
    """What is newest stands in the log beside the database; the other process holds its locks all the while."""
    path = place(tmp_path / "profile", ORIGIN)
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as firefox:
        firefox.execute("PRAGMA journal_mode = WAL")
        fill(firefox, ORIGIN, {"theme": "dark"}, packed=False, old=False)
        firefox.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        row = (KEY, len(EXPORT), 1, 0, EXPORT.encode())
        firefox.execute("BEGIN IMMEDIATE")
        firefox.execute(
            "INSERT INTO data (key, utf16_length, conversion_type, compression_type, value) VALUES (?, ?, ?, ?, ?)", row
        )
        firefox.execute("COMMIT")
        firefox.execute("BEGIN IMMEDIATE")
        firefox.execute("DELETE FROM data")
        before = {one.name: one.read_bytes() for one in path.parent.iterdir() if not one.name.endswith("-shm")}
        assert bring(path).new == 3
        after = {one.name: one.read_bytes() for one in path.parent.iterdir() if not one.name.endswith("-shm")}
        firefox.execute("ROLLBACK")
        assert firefox.execute("SELECT count(*) FROM data").fetchone() == (2,)
    assert after == before


def test_a_hot_journal_is_rolled_back_in_the_copy(bench: Workbench, bring: Bring, tmp_path: Path) -> None:
    path = stored(tmp_path / "profile", ORIGIN, WHOLE, packed=False)
    with closing(sqlite3.connect(path, isolation_level=None)) as firefox:
        firefox.execute("PRAGMA cache_size = 1")
        firefox.execute("BEGIN IMMEDIATE")
        firefox.execute("UPDATE data SET value = zeroblob(90000)")  # too large for the cache: it goes to the file
        crashed = tmp_path / "crashed"
        shutil.copytree(path.parent, crashed)
        firefox.execute("ROLLBACK")
    assert (crashed / "data.sqlite-journal").exists()
    assert bring(crashed).new == 3


def test_several_addresses_are_a_choice(bench: Workbench, bring: Bring, tmp_path: Path) -> None:
    for port in (3000, 8080):
        stored(tmp_path / "profile", f"http://localhost:{port}", {KEY: store(todos=[todo(f"t{port}")]).decode()})
    with pytest.raises(NeedsChoice, match="2 addresses") as choice:
        run.plan(bench, tmp_path / "profile")
    assert (choice.value.option, choice.value.choices) == (
        "--origin",
        ("http://localhost:3000", "http://localhost:8080"),
    )
    with pytest.raises(NeedsChoice, match="'localhost' is not one address"):
        run.plan(bench, tmp_path / "profile", options=Options(origin="localhost"))
    bring(tmp_path / "profile", origin="8080")
    assert titles(bench) == {"Todo t8080"}


def test_several_profiles_are_a_choice(bench: Workbench, bring: Bring, tmp_path: Path) -> None:
    for name in ("a.work", "b.home"):
        stored(tmp_path / "firefox" / name, ORIGIN, {KEY: store(todos=[todo(name[2:])]).decode()})
    stored(tmp_path / "firefox" / "c.other", ORIGIN, {"theme": "dark"})
    with pytest.raises(NeedsChoice) as choice:
        run.plan(bench, tmp_path / "firefox")
    assert choice.value.choices == (f"{ORIGIN} in a.work", f"{ORIGIN} in b.home")
    with pytest.raises(NeedsChoice):  # the address alone doesn't say which
        run.plan(bench, tmp_path / "firefox", options=Options(origin=ORIGIN))
    bring(tmp_path / "firefox", origin=f"{ORIGIN} in b.home")
    assert titles(bench) == {"Todo home"}


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda folder: folder / "nothing", "there is no such file"),
        (lambda folder: folder, "no Firefox profile"),
        (lambda folder: stored(folder, ORIGIN, {"theme": "dark"}), "no creation-store is stored in it"),
        (
            lambda folder: stored(folder, ORIGIN, {"theme": "dark"}) and folder,
            "no address that has stored anything",
        ),
        (lambda folder: _another_database(folder / "data.sqlite"), "no browser's local storage"),
        (lambda folder: _cut(stored(folder, ORIGIN, WHOLE)), "damaged"),
        (lambda folder: _spoilt(stored(folder, ORIGIN, WHOLE)), "its creation-store is damaged"),
    ],
    ids=["missing", "empty", "without", "without-folder", "foreign", "cut", "spoilt"],
)
def test_what_holds_nothing_is_told(bench: Workbench, tmp_path: Path, make: Callable[[Path], Path], why: str) -> None:
    folder = tmp_path / "profile"
    folder.mkdir()
    before = everything(bench.db)
    with pytest.raises(UnreadableFile, match=why):
        run.plan(bench, make(folder))
    assert everything(bench.db) == before


def test_one_damaged_storage_hides_no_other(bench: Workbench, bring: Bring, tmp_path: Path) -> None:
    _cut(stored(tmp_path / "profile", "https://a.example", WHOLE))
    stored(tmp_path / "profile", ORIGIN, WHOLE)
    assert bring(tmp_path / "profile").new == 3


@pytest.mark.parametrize("ending", ["", "-wal", "-shm"])
def test_the_open_database_is_not_opened_again(bench: Workbench, ending: str) -> None:
    bench.add_todo("Mine")
    with pytest.raises(UnreadableFile, match="it is the database to import into"):
        run.plan(bench, bench.db.path + ending)


def _another_database(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TABLE notes (text)")
    return path


def _cut(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[:3000])
    return path


def _spoilt(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("UPDATE data SET value = X'FF00'")
        conn.commit()
    return path
