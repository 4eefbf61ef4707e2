"""What a page shows: columns in their order, filters, words anywhere, and what is left without a page."""

from orc_lab.model.entities import Todo
from orc_lab.widgets.asked import Asked
from orc_lab.widgets.cards import patch, shown, words
from orc_lab.workbench.bench import Workbench
from tests.workbench.conftest import Now


def titles(wb: Workbench, asked: Asked) -> dict[str, list[str]]:
    state = shown(wb, asked)
    found = {one["status"]: [state["cards"][id]["title"] for id in one["ids"]] for one in state["columns"]}
    return {status: some for status, some in found.items() if some}


def test_what_is_due_first_is_on_top_and_what_was_captured_last(wb: Workbench, now: Now) -> None:
    for text in ("Later +P 1h @+9d", "Soon +P 1h @+2d", "Whenever +P 1h", "Urgent +P 1h !!", "One", "Two"):
        now.passes(minutes=1)
        wb.capture(text)
    assert titles(wb, Asked()) == {"dumped": ["Two", "One"], "refined": ["Soon", "Later", "Urgent", "Whenever"]}


def test_words_are_found_anywhere_also_in_what_is_closed(wb: Workbench) -> None:
    wb.capture("Write draft +Big_thesis #deep")
    wb.done(wb.capture("Read for the thesis").id)
    wb.drop(wb.add_todo("Other", description="about a THESIS").id)
    wb.capture("Buy 100% milk")
    assert titles(wb, Asked(text="thesis")) == {"matched": ["Write draft"], "done": ["Read for the thesis"]}
    assert titles(wb, Asked(text="thesis", dropped=True))["dropped"] == ["Other"]
    assert titles(wb, Asked(text="deep thesis")) == {"matched": ["Write draft"]}
    assert titles(wb, Asked(text="0% ")) == {"dumped": ["Buy 100% milk"]}
    assert titles(wb, Asked(text="_")) == {}


def test_a_project_and_what_is_snoozed(wb: Workbench) -> None:
    thesis = wb.capture("Draft +Thesis").project_id
    wb.capture("Milk")
    wb.snooze(wb.capture("Sleeping +Thesis").id, "2026-12-01")
    assert titles(wb, Asked(project=thesis)) == {"matched": ["Draft"]}
    assert titles(wb, Asked(project=thesis, snoozed=True)) == {"matched": ["Draft", "Sleeping"]}


def test_a_message_is_read_as_far_as_it_can_be() -> None:
    asked = Asked.read({"text": None, "project": "", "dropped": 1, "limits": {"done": 70, "nowhere": 3, "dumped": 5}})
    assert asked == Asked(limits={"done": 70, "dumped": 50})  # type: ignore[dict-item]
    assert Asked.read({"limits": {"done": 10**7}}).limits == {"done": 2000}


def test_a_patch_turns_one_state_into_the_other(wb: Workbench) -> None:
    first, gone = wb.capture("One"), wb.capture("Two")
    before = shown(wb, Asked())
    wb.update(Todo, first.id, title="<b>One</b>")
    wb.delete(Todo, gone.id)
    after = shown(wb, Asked())
    found = patch(before, after)
    assert (found["gone"], found["cards"][first.id]["title"]) == ([gone.id], "<b>One</b>")
    assert patch(after, shown(wb, Asked())) == {}


def test_without_a_page_it_is_told_in_words(wb: Workbench) -> None:
    wb.commit(wb.capture("Draft +Thesis 2h").id)
    assert words(wb) == [
        "0 dumped · 0 matched · 0 refined · 0 confirmed · 1 committed · 0 done",
        "2026-W47: 2 h committed of 30 h that a week holds",
    ]
