"""What two devices wrote at once: shown with both values, decided by ordinary edits, settled everywhere."""

from pathlib import Path

import pytest

from orc_lab.errors import AmbiguousId, InvalidValue, NotFound
from orc_lab.model.entities import Project, Status, Todo
from orc_lab.store import syncing
from orc_lab.sync import conflicts
from orc_lab.sync.conflicts import Conflict
from tests.store import laws
from tests.sync.real import Device, Service, contents, without_keyring


@pytest.fixture(autouse=True)
def _files() -> None:
    without_keyring()


Pair = tuple[Device, Device, Todo]


@pytest.fixture
def pair(service: Service, tmp_path: Path) -> Pair:
    """Two devices that hold the same todo."""
    one, two = Device(tmp_path, "one"), Device(tmp_path, "two")
    todo = one.wb.add_todo("begun", description="notes")
    for each in (one, two):
        each.enable(service)
        each.sync()
    return one, two, todo


def meet(*devices: Device) -> None:
    for each in devices * 2:
        each.sync()


def conflict(one: Device) -> Conflict:
    (found,) = conflicts.conflicts(one.wb)
    return found


def rename(pair: Pair, title_one: str = "by one", title_two: str = "by two") -> None:
    one, two, todo = pair
    one.wb.update(Todo, todo.id, title=title_one)
    two.wb.update(Todo, todo.id, title=title_two)
    meet(one, two)


def settled(pair: Pair) -> None:
    """Nothing is undecided anywhere, both hold the same, and the laws of the history hold."""
    one, two, _ = pair
    meet(two, one)
    assert conflicts.conflicts(one.wb) == conflicts.conflicts(two.wb) == []
    first, second = contents(one, two)
    assert first == second
    for each in (one, two):
        laws.hold(each.wb.db)
        assert each.sync().same


def test_06_both_values_are_shown_side_by_side_on_both_devices(pair: Pair) -> None:
    one, two, todo = pair
    rename(pair)
    with one.wb.db.lock:
        syncing.remember(one.wb.db.conn, {"checked": None})
    one.sync()
    here, there = conflict(one), conflict(two)
    assert here.holds.value == there.holds.value == {"title": "by two"}
    assert here.other.value == there.other.value == {"title": "by one"}
    assert (here.other.device, there.holds.device) == ("this device", "this device")
    assert here.holds.device == "two"
    assert here.title == "by two"
    assert here.key == there.key
    assert here.as_dict()["other"] == {"value": {"title": "by one"}, "device": "this device", "at": here.other.at,
                                       "deletes": False}  # fmt: skip
    assert here.as_dict()["can_merge"] is True
    assert abs(here.other.at - todo.created_at) < 600


def test_keep_settles_it_everywhere(pair: Pair) -> None:
    one, _, todo = pair
    rename(pair)
    conflicts.keep(one.wb, conflict(one))
    assert conflicts.conflicts(one.wb) == []
    settled(pair)
    assert one.wb.get(Todo, todo.id).title == "by two"


def test_take_is_an_edit_that_undo_takes_back(pair: Pair) -> None:
    one, two, todo = pair
    rename(pair)
    conflicts.take(two.wb, conflict(two))
    assert two.wb.get(Todo, todo.id).title == "by one"
    settled(pair)
    assert one.wb.get(Todo, todo.id).title == "by one"
    (edit,) = two.wb.undo()
    assert edit.label == "resolve conflict"
    settled(pair)
    assert one.wb.get(Todo, todo.id).title == two.wb.get(Todo, todo.id).title == "by two"


def test_merge_makes_one_text_of_two(pair: Pair) -> None:
    one, two, todo = pair
    one.wb.update(Todo, todo.id, description="notes of one")
    two.wb.update(Todo, todo.id, description="notes of two")
    meet(one, two)
    assert conflict(one).text_field == "description"
    conflicts.merge(one.wb, conflict(one), "notes of both")
    settled(pair)
    assert two.wb.get(Todo, todo.id).description == "notes of both"


def test_08_status_and_its_times_are_taken_together(pair: Pair) -> None:
    one, two, todo = pair
    one.wb.done(todo.id, at=todo.created_at)
    two.wb.drop(todo.id)
    meet(one, two)
    found = conflict(one)
    assert found.holds.value["status"] == "dropped"
    with pytest.raises(InvalidValue):
        conflicts.merge(one.wb, found, "done")
    conflicts.take(one.wb, found)
    settled(pair)
    for each in (one, two):
        row = each.wb.get(Todo, todo.id)
        assert (row.status, row.completed_at) == (Status.DONE, todo.created_at)


@pytest.mark.parametrize("decide", [conflicts.keep, conflicts.take])
def test_09_a_deletion_against_an_edit(pair: Pair, decide: object) -> None:
    one, two, todo = pair
    one.wb.delete(Todo, todo.id)
    two.wb.update(Todo, todo.id, title="still needed")
    meet(one, two)
    assert one.titles() == two.titles() == ["still needed"]
    found = conflict(two)
    assert (found.group, found.other.deletes) == ("life", True)
    (conflicts.keep if decide is conflicts.keep else conflicts.take)(two.wb, found)
    settled(pair)
    assert one.titles() == two.titles() == (["still needed"] if decide is conflicts.keep else [])
    if decide is conflicts.take:
        two.wb.undo()
        settled(pair)
        assert one.titles() == ["still needed"]


def test_a_decision_made_on_both_devices_at_once(pair: Pair) -> None:
    one, two, todo = pair
    rename(pair)
    conflicts.take(one.wb, conflict(one))
    conflicts.keep(two.wb, conflict(two))
    meet(one, two)
    for found in conflicts.conflicts(one.wb):
        conflicts.keep(one.wb, found)
    settled(pair)
    assert one.wb.get(Todo, todo.id).title == two.wb.get(Todo, todo.id).title


def test_unresolved_ones_never_block(pair: Pair) -> None:
    one, two, todo = pair
    rename(pair)
    one.wb.update(Todo, todo.id, title="later, by one")
    two.wb.update(Todo, todo.id, description="other field")
    meet(one, two)
    assert two.wb.get(Todo, todo.id).title == "later, by one"
    assert one.wb.get(Todo, todo.id).description == "other field"
    assert [found.other.value for found in conflicts.conflicts(two.wb)] == [{"title": "by one"}]


def test_many_are_decided_at_once(pair: Pair) -> None:
    one, two, _ = pair
    todos = [one.wb.add_todo(f"todo {number}") for number in range(5)]
    project = one.wb.add_project("P")
    meet(one, two)
    for device in (one, two):  # one after the other, so that the second's are later by more than a tick
        for todo in todos:
            device.wb.update(Todo, todo.id, title=f"{todo.title} {device.name}")
        device.wb.update(Project, project.id, description=device.name)
    meet(one, two)
    listed = conflicts.conflicts(one.wb)
    assert len(listed) == 6
    chosen = conflicts.of(listed, table="todos", group="title")
    assert len(chosen) == 5
    conflicts.take(one.wb, *chosen)
    conflicts.keep(one.wb, *conflicts.of(conflicts.conflicts(one.wb), table="projects"))
    settled(pair)
    assert sorted(title for title in two.titles() if title.startswith("todo")) == [f"todo {n} one" for n in range(5)]
    assert two.wb.get(Project, project.id).description == "two"
    one.wb.undo()
    assert sorted(title for title in one.titles() if title.startswith("todo")) == [f"todo {n} two" for n in range(5)]


def test_a_conflict_is_found_by_the_end_of_an_id_and_its_group(pair: Pair) -> None:
    one, two, todo = pair
    one.wb.update(Todo, todo.id, title="by one", description="by one")
    two.wb.update(Todo, todo.id, title="by two", description="by two")
    meet(one, two)
    assert conflicts.find(one.wb, f"{todo.id[-6:]}.title").group == "title"
    assert conflicts.find(one.wb, conflicts.conflicts(one.wb)[0].key).table == "todos"
    with pytest.raises(AmbiguousId):
        conflicts.find(one.wb, todo.id[-6:])
    for text in ("", "nothing.title", f"{todo.id[-6:]}.status"):
        with pytest.raises(NotFound):
            conflicts.find(one.wb, text)
