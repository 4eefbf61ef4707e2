"""A todo is brought to where it is to stand, and the plans of weeks follow."""

from orc_lab.model.entities import Commitment, Outcome, Status, Todo
from orc_lab.workbench.bench import Workbench
from tests.workbench.conftest import Now, told


def test_a_todo_goes_all_the_way_and_back(wb: Workbench) -> None:
    todo = wb.capture("Draft")
    way = [*Status][1:]
    for status in (*way, *reversed([*Status][:-1])):
        wb.move(todo.id, status)
        assert wb.get(Todo, todo.id).status is status
    assert [new for kind, _, new in told(wb, todo.id) if kind == "status"][-1] == "dumped"
    assert [one.outcome for one in wb.find(Commitment, todo_id=todo.id)] == [Outcome.REMOVED]


def test_what_was_promised_for_a_week_that_is_over_stays_so(wb: Workbench, now: Now) -> None:
    todo = wb.capture("Draft")
    wb.commit(todo.id)
    now.passes(days=8)
    wb.move(todo.id, Status.REFINED)
    assert [one.outcome for one in wb.find(Commitment, todo_id=todo.id)] == [Outcome.OPEN]


def test_done_keeps_the_promise_and_moving_back_opens_it(wb: Workbench) -> None:
    todo = wb.capture("Draft")
    wb.commit(todo.id)
    wb.move(todo.id, Status.DONE)
    assert wb.commitments(wb.week())[0].outcome is Outcome.DONE
    wb.move(todo.id, Status.COMMITTED)
    (promise,) = wb.commitments(wb.week())
    assert (promise.outcome, wb.get(Todo, todo.id).completed_at) == (Outcome.OPEN, None)
