"""Work as it happens: one session at a time on a device, and a long one is asked about."""

import pytest

from orc_lab.errors import InvalidValue, LongSession, NoSession, NotFound, SessionOpen
from orc_lab.model.entities import Session, Todo
from orc_lab.workbench.bench import Workbench
from tests.workbench.conftest import MONDAY, Now, told


@pytest.fixture
def todo(wb: Workbench) -> Todo:
    return wb.add_todo("Write")


def test_sessions_add_up(wb: Workbench, now: Now, todo: Todo) -> None:
    for hours in (1.5, 0.25):
        session = wb.start(todo.id)
        assert wb.running() == session
        now.passes(hours=hours)
        ended = wb.stop()
        assert (ended.id, ended.ended_at, ended.device_id) == (session.id, now.at, wb.device_id)
        assert wb.running() is None
    found = wb.get(Todo, todo.id)
    assert (found.actual_hours, found.adjusted_hours, found.started_at) == (1.75, None, MONDAY)
    assert [(kind, new) for kind, _, new in told(wb, todo.id) if kind == "session ended"] == [
        ("session ended", 1.5),
        ("session ended", 0.25),
    ]


def test_one_at_a_time_on_a_device(wb: Workbench, todo: Todo) -> None:
    wb.start(todo.id)
    other = wb.add_todo("Read")
    with pytest.raises(SessionOpen, match="'Write'"):
        wb.start(other.id)
    assert wb.count(Session) == 1
    assert wb.get(Todo, other.id).started_at is None


def test_work_on_another_device_is_not_ours(wb: Workbench, now: Now, todo: Todo) -> None:
    wb.create(Session, todo_id=todo.id, device_id="phone", started_at=MONDAY)
    assert wb.running() is None
    with pytest.raises(NoSession):
        wb.stop()
    wb.start(todo.id)
    assert wb.count(Session, ended_at=None) == 2


def test_a_long_session_is_asked_about_and_never_counted_silently(wb: Workbench, now: Now, todo: Todo) -> None:
    wb.start(todo.id)
    now.passes(hours=4)
    now.passes(minutes=6)
    with pytest.raises(LongSession, match=r"4\.1 h long.*--at now") as caught:
        wb.stop()
    assert caught.value.hours == pytest.approx(4.1)
    assert wb.running() is not None
    assert wb.get(Todo, todo.id).actual_hours is None
    assert wb.stop(ended_at=MONDAY + 3600).ended_at == MONDAY + 3600
    assert wb.get(Todo, todo.id).actual_hours == 1.0
    (ended,) = [a for a in wb.activities(todo.id) if a.kind == "session ended"]
    assert (ended.occurred_at, ended.recorded_at) == (MONDAY + 3600, now.at)


def test_a_long_session_counts_when_the_person_says_so(wb: Workbench, now: Now, todo: Todo) -> None:
    wb.start(todo.id)
    wb.stop(ended_at=now.passes(hours=9))
    assert wb.get(Todo, todo.id).actual_hours == 9.0


def test_four_hours_need_no_question(wb: Workbench, now: Now, todo: Todo) -> None:
    wb.start(todo.id)
    now.passes(hours=4)
    wb.stop()
    assert wb.get(Todo, todo.id).actual_hours == 4.0


def test_work_has_not_ended_before_it_began_nor_in_the_future(wb: Workbench, now: Now, todo: Todo) -> None:
    with pytest.raises(InvalidValue, match="started_at"):
        wb.start(todo.id, at=MONDAY + 1)
    wb.start(todo.id, at=MONDAY - 600)
    for instant in (MONDAY - 601, MONDAY + 1):
        with pytest.raises(InvalidValue, match="ended_at"):
            wb.stop(ended_at=instant)
    assert wb.running() is not None
    assert wb.stop().ended_at == MONDAY


def test_nothing_runs(wb: Workbench) -> None:
    with pytest.raises(NoSession, match="orc start"):
        wb.stop()
    with pytest.raises(NotFound, match="'9'"):
        wb.start("9")
    assert wb.edits(1)[0].label == "init"
