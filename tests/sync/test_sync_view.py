"""How each row stands, in the views beside the tables, through a life of one todo on two devices."""

import json
import time
from pathlib import Path

import pytest

from orc_lab.errors import InvalidValue
from orc_lab.model.entities import Todo
from orc_lab.store.sync_view import SHOWN, pending_records
from orc_lab.sync import conflicts
from orc_lab.sync.lease import Lease
from tests.sync.real import Device, Service


def stands(one: Device, id: str) -> tuple[str, str | None]:
    ((status, conflict),) = one.wb.db.rows("SELECT sync_status, conflict_data FROM todos_sync WHERE id = ?", (id,))
    return status, conflict


def test_a_todo_stands_as_it_is_exchanged(tmp_path: Path, service: Service) -> None:
    one, two = Device(tmp_path, "one"), Device(tmp_path, "two")
    todo = one.wb.add_todo("begun")
    assert stands(one, todo.id) == ("local", None)
    assert pending_records(one.wb.db, "todos") == []
    one.enable(service)
    two.enable(service)
    assert stands(one, todo.id) == ("pending", None)
    (waiting,) = pending_records(one.wb.db, "todos")
    assert (waiting["id"], waiting["title"], waiting["synced_at"]) == (todo.id, "begun", None)
    lease = Lease()
    lease.take(one.wb.db)
    assert stands(one, todo.id) == ("syncing", None)
    lease.give(one.wb.db)
    for each in (one, two):
        each.sync()
        assert stands(each, todo.id) == ("synced", None)
        ((at,),) = each.wb.db.rows("SELECT synced_at FROM todos")
        assert abs(at - time.time()) < 60
    two.wb.update(Todo, todo.id, title="by two")
    one.wb.update(Todo, todo.id, title="by one")
    for each in (one, two, one):
        each.sync()
    status, data = stands(one, todo.id)
    assert status == "conflict"
    (lost,) = json.loads(str(data))
    ((title,),) = one.wb.db.rows("SELECT title FROM todos")
    assert {title, lost["value"]["title"]} == {"by one", "by two"}
    assert lost["group"] == "title"
    assert [row["id"] for row in pending_records(one.wb.db, "todos")] == [todo.id]
    conflicts.keep(one.wb, *conflicts.conflicts(one.wb))
    for each in (one, two):
        each.sync()
        assert stands(each, todo.id) == ("synced", None)


def test_every_view_can_be_read_and_no_other_is_asked_for(tmp_path: Path) -> None:
    one = Device(tmp_path, "one")
    assert [pending_records(one.wb.db, table) for table in SHOWN] == [[], [], [], []]
    with pytest.raises(InvalidValue, match="weekly_goals"):
        pending_records(one.wb.db, "sessions; DROP TABLE todos")
