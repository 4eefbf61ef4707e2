"""The doctor finds each damage that is really done to a file, mends what can be mended, and changes nothing unasked."""

import os
import shutil
import sqlite3
from collections import namedtuple
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from orc_lab.backup import around, doctor, folders, keep
from orc_lab.backup.finding import Finding, Level
from orc_lab.errors import DatabaseMissing, NoRoomForBackup, NotADatabase
from orc_lab.model.entities import KINDS, Project, Todo
from orc_lab.store import copies, external, shelf
from orc_lab.workbench.bench import Workbench
from tests.backup import lives


def examined(path: Path, *, fix: bool = False) -> dict[str, Finding]:
    return {finding.check: finding for finding in doctor.examined(str(path), ours="0", fix=fix).findings}


def shell(path: Path, *statements: str) -> None:
    """Edit as another program may: without foreign keys, and with no regard for our triggers."""
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        for statement in statements:
            conn.execute(statement)


def unrecorded(path: Path, *statements: str) -> None:
    """Edit while nothing records it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        triggers = conn.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            conn.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            conn.execute(statement)
        for _, sql in triggers:
            conn.execute(sql)


def test_a_healthy_database_is_found_healthy_and_left_alone(path: Path) -> None:
    path.chmod(0o600)
    keep.back_up(str(path))
    before = path.read_bytes()
    report = doctor.examined(str(path), ours="0", fix=True)
    assert {finding.level for finding in report.findings} == {Level.OK}
    assert (report.healthy, report.backup) == (True, None)
    assert path.read_bytes() == before
    assert len(report.findings) == len({finding.check for finding in report.findings}) == 20


DAMAGES: dict[str, tuple[str, Callable[[Path], None]]] = {
    "a trigger is missing": ("triggers", lambda path: shell(path, "DROP TRIGGER capture_todos_update")),
    "a trigger of ours is another": (
        "triggers",
        lambda path: shell(
            path,
            "DROP TRIGGER capture_todos_insert",
            "CREATE TRIGGER capture_todos_insert AFTER INSERT ON todos BEGIN SELECT 1; END",
        ),
    ),
    "rows edited unrecorded": (
        "history",
        lambda path: unrecorded(
            path,
            "UPDATE todos SET title = 'elsewhere', estimated_hours = 7 WHERE title = 'Write 3'",
            "DELETE FROM todos WHERE title = 'Write 4'",
            "INSERT INTO intentions VALUES ('new', 'u', 'unheard of', NULL, 5, 5, NULL)",
        ),
    ),
    "text that is no UTF-8, unrecorded": (
        "history",
        lambda path: unrecorded(path, "UPDATE todos SET title = CAST(x'ff41' AS TEXT) WHERE title = 'Write 3'"),
    ),
    "a reference is lost": ("references", lambda path: shell(path, "DELETE FROM projects")),
    "rows of a parent are lost": ("references", lambda path: shell(path, "DELETE FROM weekly_goals")),
    "hours are wrong": ("derived", lambda path: shell(path, "UPDATE todos SET actual_hours = 99")),
    "a rate is wrong": ("derived", lambda path: shell(path, "UPDATE weekly_goals SET completion_rate = 0.123")),
    "an index is missing": ("tables", lambda path: shell(path, "DROP INDEX todos_by_project")),
    "fields of an entry that is gone": (
        "entries",
        lambda path: shell(path, "INSERT INTO change_cell VALUES (99999, 'title', NULL, 'x')"),
    ),
    "the records of edits are gone": ("undo", lambda path: shell(path, "DELETE FROM change_tx WHERE tx > 5")),
    "a setting is no zone": (
        "settings",
        lambda path: shell(path, "INSERT INTO settings VALUES ('bad', 'zone', '\"Mars/Phobos\"', 9)"),
    ),
    "an edit left its mark": ("edits", lambda path: shell(path, "UPDATE change_context SET tx = 3, at = 5")),
    "others may read it": ("permissions", lambda path: path.chmod(0o644)),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_can_be_mended(path: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    path.chmod(0o600)
    check, do = DAMAGES[damage]
    if check == "permissions":
        monkeypatch.setattr(around, "others_may_read", lambda path: bool(os.stat(path).st_mode & 0o004))
    do(path)
    before = path.read_bytes()
    found = examined(path)
    assert {name for name, finding in found.items() if finding.level is not Level.OK} - {"backups", "text"} == {check}
    assert found[check].mendable
    assert (found[check].step or "").startswith("Mend it with `orc doctor --fix`.")
    assert path.read_bytes() == before, "looking changes nothing"
    assert shelf.listed(str(path)) == []

    mended = examined(path, fix=True)
    assert mended[check].level is Level.OK
    assert mended[check].mended
    assert len(shelf.listed(str(path))) == (check != "permissions")
    again = examined(path)
    assert {finding.level for name, finding in again.items() if name not in ("text", "backups")} == {Level.OK}
    assert all(finding.mended is None for finding in again.values())
    lives.whole(path)


def test_what_nothing_recorded_is_in_the_history_afterwards(path: Path) -> None:
    DAMAGES["rows edited unrecorded"][1](path)
    examined(path, fix=True)
    with Workbench.open(path) as wb:
        assert wb.edits(1)[0].label == "edits that nothing had recorded"
        (todo,) = wb.find(Todo, title="elsewhere")
        change = wb.history(todo.id)[-1]
        assert (change.origin, str(change.op)) == (external.ORIGIN, "update")
        assert change.cells == {"title": ("Write 3", "elsewhere"), "estimated_hours": (2.0, 7.0)}
        assert wb.db.rows("SELECT op FROM change_log WHERE origin = 'external' AND \"table\" = 'intentions'") == [
            ("insert",)
        ]
        assert wb.undo()[0].label == "edit project"  # what another tool did isn't this person's last edit


def test_values_are_recorded_as_they_are(path: Path) -> None:
    DAMAGES["text that is no UTF-8, unrecorded"][1](path)
    found = examined(path, fix=True)
    assert found["text"].level is Level.WARNING
    with closing(sqlite3.connect(path)) as conn:
        conn.text_factory = bytes
        assert conn.execute("SELECT new FROM change_cell WHERE field = 'title' ORDER BY seq DESC").fetchone() == (
            b"\xffA",
        )


def test_a_reference_is_cleared_and_the_row_stays(path: Path) -> None:
    shell(path, "DELETE FROM projects")
    examined(path, fix=True)
    with Workbench.open(path) as wb:
        todos = wb.find(Todo)
        assert len(todos) == 12
        assert {todo.project_id for todo in todos} == {None}
        assert {change.origin for change in wb.history(todos[5].id)[-1:]} == {external.ORIGIN}


def test_several_at_once(path: Path) -> None:
    for damage in DAMAGES.keys() - {"others may read it", "a trigger is missing", "a trigger of ours is another"}:
        DAMAGES[damage][1](path)
    DAMAGES["a trigger is missing"][1](path)
    shell(path, "UPDATE todos SET title = 'unheard' WHERE title = 'Write 7'")
    report = doctor.examined(str(path), ours="0", fix=True)
    assert report.healthy
    lives.whole(path)


def test_a_log_whose_end_was_cut_off(path: Path) -> None:
    shell(path, "DELETE FROM change_log WHERE seq > 20")
    found = examined(path)
    assert "cut out of the change log" in found["entries"].sentence
    assert found["history"].level is Level.PROBLEM
    mended = examined(path, fix=True)
    assert (mended["entries"].level, mended["history"].level) == (Level.OK, Level.OK)
    with Workbench.open(path) as wb:
        wb.add_todo("after it")
        wb.undo()
        assert external.differences(wb.db.conn) == {}


def test_edits_whose_record_is_gone_can_be_undone_again(path: Path) -> None:
    with Workbench.open(path) as wb:
        made = len(wb.edits(-1))
    shell(path, "DELETE FROM change_tx")
    found = examined(path)["undo"]
    assert (found.level, found.mendable) == (Level.PROBLEM, True)
    assert found.sentence == f"The record of {made} edits is gone, so undo passes over them."
    mended = examined(path, fix=True)["undo"].mended
    assert mended is not None
    assert mended.startswith(f"made {made} edits without a name")
    assert "isn't known any more" in mended
    with Workbench.open(path) as wb:
        assert wb.find(Project)[0].why == "for its own sake"
        wb.undo()
        assert wb.find(Project)[0].why == "because"
        assert wb.edits(-1)[-1].actor == "setup", "making a database is no edit to be undone"


def test_a_setting_that_was_removed_is_in_the_log(path: Path) -> None:
    shell(path, "INSERT INTO settings VALUES ('bad', 'hours_per_week', 'lots', 9)")
    mended = examined(path, fix=True)["settings"]
    assert mended.mended == "removed 1 value (hours_per_week); the log has what it was"
    with Workbench.open(path) as wb:
        assert [(change.op, change.origin) for change in wb.history("bad")][-1] == ("delete", external.ORIGIN)
        assert wb.settings().zone == "Europe/Berlin"


def test_a_setting_that_is_no_text_is_passed_over_and_removed(path: Path) -> None:
    shell(path, "INSERT INTO settings VALUES ('bad', 'hours_per_week', CAST(x'ff' AS TEXT), 9)")
    with Workbench.open(path) as wb:
        assert wb.settings().hours_per_week == 30.0
    assert examined(path, fix=True)["settings"].mended == "removed 1 value (hours_per_week); the log has what it was"


TABLES = (*KINDS, "change_log", "change_cell", "change_tx", "change_context", "identity")


@pytest.mark.parametrize("table", TABLES)
def test_where_a_table_was_dropped_the_advice_is_a_backup(path: Path, table: str) -> None:
    shell(path, f"DROP TABLE {table}")
    for fix in (False, True):
        report = doctor.examined(str(path), ours="0", fix=fix)
        inside = report.findings[:3]
        assert [finding.check for finding in inside] == ["integrity", "schema", "tables"]
        assert report.findings[3].check == "log", "what follows is around it"
        assert (inside[2].level, inside[2].step) == (Level.PROBLEM, "Restore a backup with `orc restore`.")
        assert table in inside[2].sentence
        assert (report.backup, inside[2].mended) == (None, None)
    with pytest.raises(NotADatabase, match=table):
        edit_and_undo(path)


def edit_and_undo(path: Path) -> None:
    with Workbench.open(path) as wb:
        wb.add_todo("never")
        wb.undo()


def test_where_the_record_of_migrations_was_dropped(path: Path) -> None:
    shell(path, "DROP TABLE schema_migrations")
    assert examined(path)["schema"].step == "Restore a backup with `orc restore`."
    with pytest.raises(NotADatabase, match="its record of migrations is gone"):
        Workbench.open(path)


def test_where_a_column_was_dropped_nothing_is_asked_of_it(path: Path) -> None:
    triggers = "SELECT 'DROP TRIGGER ' || name FROM sqlite_master WHERE type = 'trigger'"
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        dropping = [sql for (sql,) in conn.execute(triggers)]
    shell(path, *dropping, "ALTER TABLE projects DROP COLUMN why")
    found = examined(path, fix=True)
    assert found["tables"].step == "Restore a backup with `orc restore`."
    assert "history" not in found


def test_opening_mends_triggers_and_records_what_they_missed(path: Path) -> None:
    shell(path, "DROP TRIGGER capture_todos_update", "UPDATE todos SET title = 'unheard' WHERE title = 'Write 7'")
    with Workbench.open(path) as wb:
        (todo,) = wb.find(Todo, title="unheard")
        assert wb.history(todo.id)[-1].origin == external.ORIGIN
    lives.whole(path)


def damaged_index(path: Path) -> None:
    with closing(sqlite3.connect(path)) as conn:
        (page,) = conn.execute("SELECT rootpage FROM sqlite_master WHERE name = 'activities_by_time'").fetchone()
    with path.open("r+b") as file:  # the pointer to the first entry leads to the second
        file.seek((page - 1) * 4096 + 8)
        pointers = file.read(4)
        file.seek((page - 1) * 4096 + 8)
        file.write(pointers[2:] + pointers[2:])


def test_a_damaged_index_beside_a_damaged_table_is_no_case_for_mending(path: Path) -> None:
    damaged_index(path)
    lives.damage_pages(path, lives.page_of(path, "activities"))
    before = path.read_bytes()
    found = examined(path, fix=True)["integrity"]
    assert (found.level, found.mended, found.step) == (Level.PROBLEM, None, "Restore a backup with `orc restore`.")
    assert path.read_bytes() == before


def test_a_damaged_index_is_made_anew(path: Path) -> None:
    damaged_index(path)
    found = examined(path)["integrity"]
    assert (found.level, found.mendable) == (Level.PROBLEM, True)
    assert examined(path, fix=True)["integrity"].level is Level.OK
    lives.whole(path)


@pytest.mark.parametrize("pages", ["todos", "change_log", "schema", "header"])
def test_a_damaged_file_is_no_case_for_mending(path: Path, pages: str) -> None:
    keep.back_up(str(path))
    number = {"schema": 2, "header": 1}.get(pages) or lives.page_of(path, pages)
    lives.damage_pages(path, number)
    before = path.read_bytes()
    report = doctor.examined(str(path), ours="0", fix=True)
    assert not report.healthy
    assert report.findings[0].level is Level.PROBLEM
    assert report.findings[0].step == "Restore a backup with `orc restore`."
    assert path.read_bytes() == before


def test_a_table_that_is_missing(path: Path) -> None:
    shell(path, "PRAGMA writable_schema = ON", "DELETE FROM sqlite_master WHERE name IN ('links', 'links_by_blocker')")
    report = doctor.examined(str(path), ours="0")
    assert not report.healthy
    assert report.findings[0].step == "Restore a backup with `orc restore`."


def test_schemas_of_other_versions(path: Path, tmp_path: Path) -> None:
    shell(path, "INSERT INTO schema_migrations VALUES (999, 'later', 0)")
    assert examined(path)["schema"].step == "Upgrade orc_lab."
    lives.make_old(tmp_path / "old.db", 1)
    before = (tmp_path / "old.db").read_bytes()
    assert examined(tmp_path / "old.db", fix=True)["schema"].level is Level.WARNING
    assert (tmp_path / "old.db").read_bytes() == before
    other = tmp_path / "other.db"
    Workbench.init(other).close()
    shell(other, "UPDATE schema_migrations SET name = 'another' WHERE version = 1")
    assert examined(other)["schema"].level is Level.PROBLEM


def test_a_clock_that_is_ahead(path: Path) -> None:
    shell(path, "UPDATE change_context SET floor = 4000000000000000")
    found = examined(path)["clock"]
    assert found.level is Level.WARNING
    assert " days ahead" in found.sentence


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("zone", '"Europe/Atlantis"'), ("zone", '"../x"'), ("zone", "17"), ("zone", "{}"), ("zone", '""')),
        *(("hours_per_week", "-3"), ("hours_per_week", "{}"), ("hours_per_week", "1e999"), ("hours_per_week", "null")),
        *(("day_start", "{"), ("day_start", "[]"), ("day_start", '"25:00"'), ("hours_per_week", "9" * 5000)),
    ],
)
def test_settings_that_cannot_be_used(path: Path, key: str, value: str) -> None:
    shell(path, f"INSERT INTO settings VALUES ('bad', '{key}', '{value}', 9)")
    found = examined(path)["settings"]
    assert found.level is Level.PROBLEM
    assert found.step is not None
    assert f"`orc set {key} " in found.step
    with Workbench.open(path) as wb:
        held = wb.settings()
        assert (held.zone, held.day_start, held.hours_per_week) == ("Europe/Berlin", "00:00", 30.0), "it is passed over"
        wb.set_setting("hours_per_week", 20)
        assert wb.settings().hours_per_week == 20.0


def test_a_log_that_was_left_is_told_and_one_that_has_grown_is_brought_in(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Workbench.open(path) as wb:
        wb.add_todo("in the log")
        for ending in ("", "-wal"):
            shutil.copyfile(f"{path}{ending}", f"{path.parent / 'left.db'}{ending}")
    left = path.parent / "left.db"
    assert "nothing is lost" in examined(left)["log"].sentence
    monkeypatch.setattr(around, "LARGE_LOG", 1000)
    with Workbench.open(path) as wb:
        wb.add_todo("grown")
        assert examined(path)["log"].level is Level.WARNING
        assert examined(path, fix=True)["log"].mended
        assert os.path.getsize(f"{path}-wal") == 0
    assert "grown" in lives.titles(path)


def test_backups_that_are_old_missing_or_broken(path: Path) -> None:
    assert examined(path)["backups"].step == "Make one with `orc backup`."
    made = keep.back_up(str(path)).backup
    assert examined(path)["backups"].level is Level.OK
    held = copies.check(str(path))
    later = made.made_at + 40 * 86400
    assert around.backups(str(path), held, now=later).level is Level.OK, "nothing was edited since"
    with Workbench.open(path) as wb:
        wb.add_todo("since")
    held = copies.state(str(path))[1]
    old = Path(made.path).rename(str(made.path).replace(made.name[4:21], "2020-01-01T000000"))
    assert around.backups(str(path), held).level is Level.WARNING
    old.write_bytes(b"")
    assert around.backups(str(path), held).level is Level.PROBLEM


Usage = namedtuple("Usage", "total used free")


def test_a_disk_that_is_nearly_full(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 1000))
    assert examined(path)["disk"].level is Level.WARNING
    shell(path, "DELETE FROM projects")
    before = path.read_bytes()
    with pytest.raises(NoRoomForBackup):
        examined(path, fix=True)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("folder", "mark", "name"),
    [
        ("Dropbox", None, "Dropbox"),
        ("Dropbox (Work)", None, "Dropbox"),
        ("OneDrive - Firm", None, "OneDrive"),
        ("Library/Mobile Documents", None, "iCloud"),
        ("Google Drive", None, "Google Drive"),
        ("Nextcloud", None, "Nextcloud"),
        ("notes", ".stfolder", "Syncthing"),
        ("Dropbox-notes", None, None),
        ("my onedrive notes", None, None),
        ("notes", None, None),
    ],
)
def test_folders_that_are_synchronised(path: Path, tmp_path: Path, folder: str, mark: str | None, name: str) -> None:
    place = tmp_path / folder / "deep" / "data"
    place.mkdir(parents=True)
    if mark:
        (tmp_path / folder / mark).mkdir()
    shutil.copyfile(path, place / "own.db")
    assert folders.synchronised(str(place / "own.db")) == name
    assert examined(place / "own.db")["folder"].level is (Level.WARNING if name else Level.OK)


MOUNTS = r"""24 30 0:22 / /proc rw,nosuid shared:13 - proc proc rw
30 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
90 30 0:50 / /home/me/net rw shared:40 - nfs4 host:/export rw
91 90 0:51 / /home/me/net/disk rw - ext4 /dev/sdb1 rw
92 30 0:52 / /mnt/two\040words rw master:1 - fuse.sshfs me@host: rw
93 30 0:53 / /mnt/box rw - cifs //host/box rw
"""


@pytest.mark.parametrize(
    ("where", "kind"),
    [
        ("/home/me/net/data/own.db", "nfs4"),
        ("/home/me/net/disk/own.db", None),
        ("/home/me/network/own.db", None),
        ("/mnt/two words/own.db", "fuse.sshfs"),
        ("/mnt/box/own.db", "cifs"),
        ("/home/me/own.db", None),
    ],
)
def test_folders_of_another_computer(where: str, kind: str | None) -> None:
    assert folders.network(where, MOUNTS) == kind


def test_what_the_system_says_of_its_mounts_can_be_read(path: Path) -> None:
    assert folders.network(str(path)) is None
    assert folders.network(str(path), "nonsense\n\n1 2 - \n") is None


@pytest.mark.parametrize("content", [b"", b"root:x:0:0" * 99])
def test_a_file_that_may_be_another_programs_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setattr(around, "others_may_read", lambda path: True)
    other = tmp_path / "passwd"
    other.write_bytes(content)
    other.chmod(0o644)
    report = doctor.examined(str(other), ours="0", fix=True)
    assert not report.healthy
    assert {finding.mended for finding in report.findings} == {None}
    assert (other.read_bytes(), other.stat().st_mode & 0o777) == (content, 0o644)
    assert os.listdir(tmp_path) == ["passwd"]


def test_no_database_and_one_of_another_program(path: Path, tmp_path: Path) -> None:
    with pytest.raises(DatabaseMissing):
        examined(tmp_path / "none.db")
    shell(tmp_path / "firefox.db", "CREATE TABLE bookmarks (url TEXT)")
    with pytest.raises(NotADatabase):
        examined(tmp_path / "firefox.db", fix=True)


def test_whose_it_is_is_gone(path: Path) -> None:
    assert examined(path)["identity"].level is Level.OK
    shell(path, "DELETE FROM identity")
    found = examined(path, fix=True)["identity"]
    assert (found.level, "was removed by another tool" in found.sentence) == (Level.PROBLEM, True)
    assert "orc restore" in (found.step or "")


def test_torn_text_is_named_and_read_with_a_mark(path: Path) -> None:
    with Workbench.open(path) as wb:
        one = wb.add_todo("whole")
    shell(path, f"UPDATE todos SET title = CAST(X'61EDA08062' AS TEXT) WHERE id = '{one.id}'")
    assert examined(path)["text"].level is Level.WARNING
    with Workbench.open(path) as wb:
        assert wb.get(Todo, one.id).title == "a\ufffd\ufffd\ufffdb"
        assert wb.add_todo("other").title == "other"
        assert {each.title for each in wb.find(Todo)} >= {"a\ufffd\ufffd\ufffdb", "other"}
