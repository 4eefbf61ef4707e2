"""A workbench as of a past instant shows what was known then, and can't be edited."""

from functools import partial

import pytest

from orc_lab.errors import NotFound, NotWritable
from orc_lab.model.codec import columns
from orc_lab.model.entities import Activity, Project, Session, Status, Todo
from orc_lab.workbench.bench import Workbench
from tests.past import rows_as_of

DAY = 86_400
BEGAN = 1_600_000_000


@pytest.fixture
def lived(wb: Workbench) -> Workbench:
    """Three days of an imported life: made, worked on, then renamed, done and another deleted."""
    first, second, third = (BEGAN + day * DAY for day in range(3))
    with wb.edit("import", origin="import") as tx:
        tx.insert(Project(id="p", user_id="u", title="Thesis", created_at=first, updated_at=first), at=first)
        for id in ("a", "b"):
            row = Todo(id=id, user_id="u", title=id, project_id="p", created_at=first, updated_at=first)
            tx.insert(row, at=first)
        told = Activity(id="x", subject="todos", subject_id="a", kind="note", occurred_at=second, recorded_at=2**31)
        tx.insert(told, at=second)
        tx.insert(Session(id="s", todo_id="a", device_id="d", started_at=first, ended_at=first + 7200), at=first + 7200)
        tx.insert(Session(id="t", todo_id="a", device_id="d", started_at=second, ended_at=second + 3600), at=third)
        tx.update(Todo, "a", {"title": "a2", "status": Status.DONE, "completed_at": third}, at=third)
        tx.delete(Todo, "b", at=third)
    wb.set_setting("zone", "America/New_York", valid_from=BEGAN + DAY)
    return wb


def test_find_count_and_get_see_what_was_known(lived: Workbench) -> None:
    with lived.as_of(BEGAN + DAY) as then:
        assert [todo.title for todo in then.find(Todo, status="dumped", order="title", limit=5)] == ["a", "b"]
        assert then.count(Todo) == 2
        assert then.count(Todo, status="done") == 0
        assert (then.get(Todo, "a").actual_hours, then.get(Todo, "a").completed_at) == (2.0, None)
        assert then.resolve(Todo, "b") == "b"
    with lived.as_of(BEGAN - 1) as then:
        assert (then.count(Todo), then.count(Project)) == (0, 0)
        with pytest.raises(NotFound):
            then.get(Todo, "a")
    with lived.as_of(BEGAN + 2 * DAY) as then:
        assert [(todo.title, todo.actual_hours) for todo in then.find(Todo)] == [("a2", 3.0)]


def test_rows_are_those_of_the_history(lived: Workbench) -> None:
    for at in (BEGAN, BEGAN + DAY, BEGAN + 2 * DAY, BEGAN + 99 * DAY):
        with lived.as_of(at) as then:
            for kind in (Project, Session):
                wanted = set(rows_as_of(lived.db, kind, at))
                assert {tuple(getattr(row, name) for name in columns(kind)) for row in then.find(kind)} == wanted


def test_activities_are_those_that_had_happened(lived: Workbench) -> None:
    with lived.as_of(BEGAN + DAY - 1) as then:
        assert then.activities("a") == []
    with lived.as_of(BEGAN + DAY) as then:
        assert [activity.id for activity in then.activities("a")] == ["x"]


def test_the_day_and_the_zone_are_those_of_then(lived: Workbench) -> None:
    with lived.as_of(BEGAN) as then:
        assert (then.settings().zone, then.today().isoformat()) == ("Europe/Berlin", "2020-09-13")
    with lived.as_of(BEGAN + DAY) as then:
        assert then.settings().zone == "America/New_York"


def test_nothing_can_be_edited(lived: Workbench) -> None:
    before = lived.head()
    with lived.as_of(BEGAN + DAY) as then:
        rename = partial(then.refine, "a", title="No")
        for edit in (partial(then.add_todo, "No"), rename, partial(then.delete, Todo, "a"), then.undo):
            with pytest.raises(NotWritable):
                edit()
    assert lived.head() == before


def test_an_entry_of_the_log_bounds_what_is_known(lived: Workbench) -> None:
    seq = lived.head()
    with lived.edit("import", origin="import") as tx:
        tx.insert(Todo(id="late", user_id="u", title="late", created_at=BEGAN, updated_at=BEGAN), at=BEGAN)
    with lived.as_of(BEGAN + DAY) as then:
        assert then.count(Todo) == 3
    with lived.as_of(BEGAN + DAY, seq=seq) as then:
        assert then.count(Todo) == 2


def test_what_was_recorded_is_not_reconstructed(wb: Workbench) -> None:
    todo = wb.add_todo("Write")
    with wb.as_of(2**40) as then:
        assert not then.reconstructed
        assert then.find(Todo) == [todo]
