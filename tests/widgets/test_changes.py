"""What a page asks to be done: through the pipeline, into the week and out of it, and values as people type them."""

from datetime import date

import pytest

from orc_lab.errors import InvalidValue
from orc_lab.model.entities import Commitment, Outcome, Project, Todo
from orc_lab.widgets import changes
from orc_lab.workbench.bench import Workbench
from tests.workbench.conftest import Now


def change(wb: Workbench, todo: Todo, was: dict[str, object], **values: object) -> Todo:
    changes.change(wb, {"cards": {todo.id: was}, "values": values})
    return wb.get(Todo, todo.id)


def test_committing_is_a_promise_for_this_week_and_moving_away_takes_it_back(wb: Workbench, now: Now) -> None:
    todo = wb.capture("Draft +Thesis 2h")
    change(wb, todo, {"status": "refined"}, status="committed")
    (promise,) = wb.commitments(wb.week())
    assert (promise.estimated_hours, promise.outcome) == (2.0, Outcome.OPEN)
    wb.commit(todo.id, wb.week() + 1)
    change(wb, todo, {"status": "committed"}, status="confirmed")
    assert {one.outcome for one in wb.find(Commitment, todo_id=todo.id)} == {Outcome.REMOVED}


@pytest.mark.parametrize(
    ("name", "typed", "field", "value"),
    [
        ("hours", "90m", "estimated_hours", 1.5),
        ("hours", "2,5", "estimated_hours", 2.5),
        ("hours", "", "estimated_hours", None),
        ("due", "fri", "due_date", "2026-11-20"),
        ("due", "2026-12-01", "due_date", "2026-12-01"),
        ("snooze", "+3d", "snoozed_until", "2026-11-19"),
        ("tags", "#deep  home deep", "tags", ("deep", "home")),
        ("title", "  <script>alert(1)</script> ", "title", "<script>alert(1)</script>"),
        ("description", "", "description", None),
        ("priority", "urgent", "priority", "urgent"),
    ],
)
def test_values_are_taken_as_people_type_them(wb: Workbench, name: str, typed: str, field: str, value: object) -> None:
    todo = wb.add_todo("Draft", description="x", estimated_hours=1)
    shown = {"title": "Draft", "description": "x", "hours": 1, "due": None, "snooze": None, "tags": ""}
    shown["priority"] = "medium"
    assert getattr(change(wb, todo, {name: shown[name]}, **{name: typed}), field) == value


@pytest.mark.parametrize(
    ("name", "typed"),
    [("hours", "soon"), ("hours", "-1"), ("hours", "nan"), ("due", "someday"), ("title", " "), ("status", "lost"),
     ("priority", "3"), ("user_id", "x")],
)  # fmt: skip
def test_what_is_no_value_changes_nothing(wb: Workbench, name: str, typed: str) -> None:
    todo = wb.capture("Draft")
    before = wb.head()
    shown = {"hours": None, "due": None, "title": "Draft", "status": "dumped", "priority": "medium"}
    with pytest.raises(InvalidValue):
        change(wb, todo, shown, **{name: typed})
    assert wb.head() == before


def test_a_project_is_found_whatever_its_case_or_made(wb: Workbench) -> None:
    thesis, todo = wb.add_project("Thesis"), wb.capture("Draft")
    assert change(wb, todo, {"project": ""}, project="thesis").project_id == thesis.id
    changed = change(wb, todo, {"project": "Thesis"}, project="Garden")
    assert wb.get(Project, changed.project_id or "").title == "Garden"
    assert change(wb, todo, {"project": "Garden"}, project="").project_id is None


def test_a_tag_is_added_to_those_there_are(wb: Workbench) -> None:
    todo = wb.capture("Draft #deep")
    assert change(wb, todo, {}, add_tag="#home deep").tags == ("deep", "home")


def test_several_values_are_one_edit(wb: Workbench) -> None:
    todo = wb.capture("Draft")
    change(wb, todo, {"title": "Draft", "hours": None, "project": "", "status": "dumped"},
           title="Final", hours="3", project="Thesis", status="committed")  # fmt: skip
    wb.undo()
    back = wb.get(Todo, todo.id)
    assert (back.title, back.estimated_hours, back.project_id, back.status) == ("Draft", None, None, "dumped")
    assert wb.count(Project) == 0
    assert wb.today() == date(2026, 11, 16)
