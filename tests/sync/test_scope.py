"""What stays on a device stays: canaries in excluded projects and fields never reach the wire, sealed or not."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from orc_lab.errors import InvalidValue
from orc_lab.model.entities import Project, Todo
from orc_lab.model.week import Week
from orc_lab.store import sharing
from orc_lab.store.database import immediate
from orc_lab.sync import calls, conflicts
from orc_lab.sync.cells import Cell
from orc_lab.sync.merge import Arrived, Fields, split
from orc_lab.sync.scope import Scope, may_stay, rules_of
from orc_lab.sync.seal import Sealer
from orc_lab.sync.status import status
from orc_lab.sync.verify import verify
from tests.sync.real import Device, Service, contents, without_keyring

CANARY = "canary"


@pytest.fixture(autouse=True)
def _files() -> None:
    without_keyring()


@pytest.fixture
def sealed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str, Fields]]:
    """Everything that any device seals, before it is sealed: table, id, group and value."""
    found: list[tuple[str, str, str, Fields]] = []
    seal = Sealer.seal

    def noted(self: Sealer, table: str, id: str, group: str, cell: Cell, value: Mapping[str, Any]) -> Cell:
        parts = split({group: [Arrived(cell, value)]})
        found.extend((table, id, name, part.value) for name, (part, *_) in parts.items())
        return seal(self, table, id, group, cell, value)

    monkeypatch.setattr(Sealer, "seal", noted)
    return found


def secret_project(one: Device) -> tuple[Project, list[str]]:
    """A project with everything that can hang on one; its canaries are in every text. Return it and all ids."""
    wb = one.wb
    project = wb.add_project(f"{CANARY} project", description=f"{CANARY} notes", why=f"{CANARY} why")
    todo = wb.add_todo(f"{CANARY} todo", project_id=project.id, estimated_hours=2.0)
    part = wb.add_todo(f"{CANARY} part", parent_id=todo.id)
    wb.commit(todo.id, Week(2026, 47))
    wb.start(todo.id)
    wb.stop()
    wb.create(_link(), blocker_id=todo.id, blocked_id=part.id)
    _recommend(one, project.id, f"{CANARY} advice")
    wb.done(part.id)
    sessions = [id for (id,) in wb.db.rows("SELECT id FROM sessions")]
    return project, [project.id, todo.id, part.id, *sessions]


def _link() -> type:
    from orc_lab.model.entities import Link

    return Link


def _recommend(one: Device, project: str, title: str) -> None:
    from orc_lab.model.entities import Recommendation

    one.wb.create(Recommendation, type="optimization", rule="r", day="2026-11-20", project_id=project, title=title)


def nothing_of(ids: list[str], service: Service, sealed: list[tuple[str, str, str, Fields]]) -> None:
    sent = b"".join(service.bodies).decode()
    assert not [id for id in ids if id in sent]
    assert CANARY not in sent
    assert not [one for one in sealed if CANARY in str(one)]


def test_50_canaries_of_an_excluded_project_never_leave(
    service: Service, tmp_path: Path, sealed: list[tuple[str, str, str, Fields]]
) -> None:
    one = Device(tmp_path, "one")
    project, ids = secret_project(one)
    one.wb.add_todo("open to all")
    one.enable(service, rules=tuple(rules_in(one, f"project:{project.title}")))
    one.sync()
    todo = one.wb.add_todo(f"{CANARY} later", project_id=project.id)
    one.wb.update(Project, project.id, description=f"{CANARY} changed")
    one.sync()
    one.wb.delete(Todo, todo.id)
    one.sync()
    one.wb.delete(Project, project.id)  # what was left of it stays here too
    one.wb.update(Todo, ids[1], title=f"{CANARY} without a project")
    assert one.sync().same
    nothing_of([*ids, todo.id], service, sealed)
    assert [value["title"] for table, _, group, value in sealed if (table, group) == ("todos", "title")] == [
        "open to all"
    ]
    assert status(one.wb.db).pending == {}
    assert not verify(one.path).differing


def rules_in(one: Device, *names: str) -> list[Any]:
    from orc_lab.sync import scope_names

    return [rule for name in names for rule in scope_names.rules(one.wb, name)]


def test_50_canaries_in_excluded_fields_and_tables_never_leave(
    service: Service, tmp_path: Path, sealed: list[tuple[str, str, str, Fields]]
) -> None:
    one, two = Device(tmp_path, "one"), Device(tmp_path, "two")
    one.enable(service, rules=tuple(rules_in(one, "fields:notes", "fields:todos.estimate", "table:activities")))
    two.enable(service)
    todo = one.wb.add_todo("seen", description=CANARY, estimated_hours=7.75)
    one.wb.update(Todo, todo.id, description=f"{CANARY} again", estimated_hours=7.5)
    assert one.sync().same
    assert not any(b'"notes"' in body or b'"estimate"' in body or b'"activities"' in body for body in service.bodies)
    two.sync()
    assert two.wb.get(Todo, todo.id).description is None
    assert two.wb.get(Todo, todo.id).estimated_hours is None
    assert not [one for one in sealed if CANARY in str(one) or "7.5" in str(one) or "7.75" in str(one)]
    assert not verify(one.path).differing
    two.wb.update(Todo, todo.id, description="by two")
    two.sync()
    one.sync()
    assert one.wb.get(Todo, todo.id).description == "by two"


def test_50_un_share_purges_and_peers_keep_theirs_labelled(service: Service, tmp_path: Path) -> None:
    one, two = Device(tmp_path, "one"), Device(tmp_path, "two")
    project, ids = secret_project(one)
    one.wb.add_todo("open to all")
    for each in (one, two):
        each.enable(service)
        each.sync()
    calls.exclude_from_sync(one.wb, f"project:{project.title}")
    assert one.sync().same
    assert two.sync().same
    assert two.wb.get(Project, project.id).why == f"{CANARY} why"
    assert status(two.wb.db).by_peers == status(one.wb.db).unshared > 5
    three = Device(tmp_path, "three")
    three.enable(service)
    three.sync()
    assert three.titles() == ["open to all"]
    assert three.titles("projects") == []
    sent = len(service.bodies)
    two.wb.update(Todo, ids[1], title="edited by the peer")
    two.wb.add_todo("new in it", project_id=project.id)
    assert two.sync().same
    assert not any(id.encode() in body for id in ids for body in service.bodies[sent:])
    for each in (one, two, three):
        assert each.sync().same
        assert not verify(each.path).differing


def test_what_is_included_again_goes_out_whole_and_so_does_what_a_peer_wrote_meanwhile(
    service: Service, tmp_path: Path
) -> None:
    one, two = Device(tmp_path, "one"), Device(tmp_path, "two")
    project, ids = secret_project(one)
    for each in (one, two):
        each.enable(service)
        each.sync()
    calls.exclude_from_sync(one.wb, f"project:{project.title}")
    one.sync()
    two.sync()
    two.wb.update(Todo, ids[1], description="by two meanwhile")
    two.sync()
    one.wb.add_todo("made while it was out", project_id=project.id)
    one.wb.update(Todo, ids[1], title="renamed while it was out")
    one.sync()
    calls.include_in_sync(one.wb, f"project:{project.title}")
    for each in (one, two, one, two):
        assert each.sync().same
    first, second = contents(one, two)
    assert first == second
    assert one.wb.get(Todo, ids[1]).title == "renamed while it was out"
    assert one.wb.get(Todo, ids[1]).description == "by two meanwhile"
    assert "made while it was out" in two.titles()
    assert sharing.marks(one.wb.db.conn) == sharing.marks(two.wb.db.conn) == {}
    assert not verify(one.path).differing


def test_a_todo_that_moves_into_an_excluded_project_is_taken_back_and_out_of_it_is_sent(
    service: Service, tmp_path: Path
) -> None:
    one, two = Device(tmp_path, "one"), Device(tmp_path, "two")
    project, _ = secret_project(one)
    one.enable(service, rules=tuple(rules_in(one, f"project:{project.title}")))
    two.enable(service)
    todo = one.wb.add_todo("moves", estimated_hours=1.0)
    one.wb.start(todo.id)
    one.wb.stop()
    one.sync()
    two.sync()
    assert two.titles() == ["moves"]
    one.wb.match(todo.id, project.id)
    one.wb.update(Todo, todo.id, description=CANARY)
    assert one.sync().same
    assert two.sync().same
    assert two.wb.get(Todo, todo.id).description is None
    three = Device(tmp_path, "three")
    three.enable(service)
    three.sync()
    assert three.titles() == []
    one.wb.update(Todo, todo.id, project_id=None)
    for each in (one, two, three, one):
        assert each.sync().same
    assert three.wb.get(Todo, todo.id).description == two.wb.get(Todo, todo.id).description == CANARY
    assert three.wb.db.rows("SELECT count(*) FROM sessions") == [(1,)]
    first, third = contents(two, three)
    assert first == third


def test_a_group_that_is_excluded_later_is_purged_and_included_again(service: Service, tmp_path: Path) -> None:
    one = Device(tmp_path, "one")
    todo = one.wb.add_todo("seen", description="once shared")
    one.enable(service)
    one.sync()
    calls.exclude_from_sync(one.wb, "fields:todos.notes")
    assert one.sync().same
    two = Device(tmp_path, "two")
    two.enable(service)
    two.sync()
    assert two.titles() == ["seen"]
    assert two.wb.get(Todo, todo.id).description is None
    calls.include_in_sync(one.wb, "fields:todos.notes")
    assert one.sync().same
    two.sync()
    assert two.wb.get(Todo, todo.id).description == "once shared"


@pytest.mark.parametrize("name", ["notes", "life+notes", "life+notes+title", "life+notes+v2", "Z9+life+notes+with_2"])
def test_a_group_is_found_in_whatever_joint_cell_it_was_shared(service: Service, tmp_path: Path, name: str) -> None:
    """Also beside groups of a newer orc_lab, whatever their names."""
    one = Device(tmp_path, "one")
    todo = one.wb.add_todo("seen", description="once shared")
    one.enable(service)
    one.sync()
    conn = one.wb.db.conn
    with immediate(conn):
        cells = json.dumps({name: "0000000000000001-a", "title+notes_too": "0000000000000001-notes"})
        conn.execute("UPDATE sync_rows SET cells = ? WHERE id = ?", (cells, todo.id))
    calls.exclude_from_sync(one.wb, "fields:todos.notes")
    with immediate(conn):
        Scope().settle(conn, at=1)
    assert sharing.marks(conn)["todos", todo.id].state == sharing.RENEW


def test_a_todo_whose_notes_stay_here_outlives_its_deletion_elsewhere(service: Service, tmp_path: Path) -> None:
    one, two = Device(tmp_path, "one"), Device(tmp_path, "two")
    one.enable(service, rules=tuple(rules_in(one, "fields:todos.notes")))
    two.enable(service)
    todo = one.wb.add_todo("seen", description=CANARY)
    one.sync()
    two.sync()
    two.wb.delete(Todo, todo.id)
    for each in (two, one, two):
        assert each.sync().same
    assert (one.titles(), two.titles()) == (["seen"], [])
    assert one.wb.get(Todo, todo.id).description == CANARY
    assert not verify(one.path).differing
    (found,) = conflicts.conflicts(one.wb)
    assert found.other.deletes
    conflicts.take(one.wb, found)
    for each in (one, two):
        assert each.sync().same
    assert one.titles() == []
    assert not verify(one.path).differing


def test_what_can_be_kept_here() -> None:
    assert may_stay("todos.notes")
    for needed in (
        "todos.life",
        "todos.title",
        "sessions.interval",
        "settings.value",
        "capacity.factor",
        "x.y",
        "todos.x",
    ):
        assert not may_stay(needed)
    for kind, name in (
        ("table", "identity"),
        ("table", "x; DROP TABLE todos"),
        ("group", "title"),
        ("group", "todos.title"),
    ):
        with pytest.raises(InvalidValue):
            rules_of(kind, name)


@pytest.mark.parametrize("name", ["", "project:", "todos", "fields:", "table:nothing", "colour:red"])
def test_names_that_are_none(tmp_path: Path, name: str) -> None:
    one = Device(tmp_path, "one")
    with pytest.raises(InvalidValue):
        calls.exclude_from_sync(one.wb, name)
