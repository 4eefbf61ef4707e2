"""The board's page in a real browser, on a real board: captured, dragged, moved by keys, edited, undone, and kept."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from orc_lab.model.entities import Status, Todo
from orc_lab.widgets import estimates
from orc_lab.workbench.bench import Workbench
from tests.browser.boards import Shown
from tests.charts.life import HOSTILE

Titles = dict[str, list[str]]


@pytest.fixture
def wb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workbench]:
    said: Callable[[Any], Callable[[str], str]] = lambda _: lambda text: f"your past of {text}"  # noqa: E731
    monkeypatch.setattr(estimates, "_loaded", said)
    with Workbench.init(tmp_path / "own.db", zone="Europe/Berlin") as bench:
        yield bench


@pytest.fixture
def shown(wb: Workbench, browser_page: Page, page_errors: list[str], outside_requests: list[str]) -> Iterator[Shown]:
    shown = Shown(browser_page, wb)
    yield shown
    shown.wait()
    shown.board.close()
    assert (page_errors, outside_requests) == ([], [])


def statuses(wb: Workbench) -> dict[str, str]:
    """Where each todo stands, as the file has it."""
    with sqlite3.connect(wb.db.path) as db:
        return dict(db.execute("SELECT title, status FROM todos"))


def capture(shown: Shown, *lines: str) -> None:
    for line in lines:
        shown.elsewhere(lambda line=line: shown.wb.capture(line))  # type: ignore[misc]


def test_captured_to_committed_in_five_presses_beyond_the_text(shown: Shown) -> None:
    keys = shown.page.keyboard
    shown.page.locator(".orc-board").focus()
    keys.press("n")
    keys.type("Write draft +Thesis 2h")
    for key in ("Enter", "Escape", "]", "]"):  # as fast as they come
        keys.press(key)
    shown.page.wait_for_selector(".orc-committed .orc-card:focus")
    shown.wait()
    assert (statuses(shown.wb), shown.focused()) == ({"Write draft": "committed"}, "Write draft")
    assert [str(one.outcome) for one in shown.wb.commitments(shown.wb.week())] == ["open"]
    assert shown.page.input_value(".orc-add-text") == ""


def test_keys_go_through_all_columns_however_fast(shown: Shown) -> None:
    capture(shown, "Draft", "Other")
    shown.card("Draft").focus()
    for _ in range(5):
        shown.page.keyboard.press("]")
    shown.page.wait_for_selector(".orc-done .orc-card:focus")
    shown.wait()
    assert statuses(shown.wb) == {"Draft": "done", "Other": "dumped"}
    for _ in range(2):
        shown.page.keyboard.press("Shift+ArrowLeft")
    shown.page.keyboard.press("1")
    shown.wait()
    assert (statuses(shown.wb)["Draft"], shown.focused()) == ("dumped", "Draft")
    assert len(shown.wb.edits(-1, actors=["person"])) == 2 + 5 + 2 + 1


def test_a_card_is_dragged(shown: Shown) -> None:
    capture(shown, "Draft", "Other")
    shown.card("Draft").drag_to(shown.column("committed"))
    shown.wait()
    assert (statuses(shown.wb), shown.titles("committed")) == ({"Draft": "committed", "Other": "dumped"}, ["Draft"])
    shown.card("Draft").drag_to(shown.column("refined"))
    shown.wait()
    assert (statuses(shown.wb)["Draft"], shown.titles("refined")) == ("refined", ["Draft"])
    assert shown.wb.commitments(shown.wb.week())[0].outcome == "removed"


def test_what_is_typed_is_read_and_the_past_answers(shown: Shown) -> None:
    shown.page.fill(".orc-add-text", "Dig +Garden 90m !high @today #out")
    shown.page.wait_for_selector(".orc-reading .orc-chip")
    read = shown.page.locator(".orc-reading").inner_text().split()
    assert " ".join(read).startswith("Dig Garden (new) 1.5 h high due today #out → Refined")
    for _ in range(200):
        shown.pump()
        if shown.page.locator(".orc-said").inner_text():
            break
        shown.page.wait_for_timeout(20)
    assert shown.page.locator(".orc-said").inner_text() == "your past of Dig +Garden 90m !high @today #out"
    shown.page.keyboard.press("Enter")
    shown.page.wait_for_selector(".orc-refined .orc-card")
    assert shown.page.locator(".orc-reading").inner_text() == ""


def test_a_card_is_edited_in_place(shown: Shown) -> None:
    capture(shown, "Draft", "Other")
    shown.card("Draft").focus()
    shown.page.keyboard.press("e")
    assert shown.page.evaluate("document.activeElement.name") == "title"
    shown.page.keyboard.type("Final draft")
    shown.page.fill("[name=hours]", "90m")
    shown.page.fill("[name=project]", "Thesis")
    shown.page.fill("[name=due]", "2030-01-31")
    shown.page.locator("[name=hours]").press("Enter")
    shown.page.wait_for_selector(".orc-editor", state="detached")
    shown.wait()
    (todo,) = shown.wb.find(Todo, title="Final draft")
    assert (todo.estimated_hours, todo.due_date, todo.status) == (1.5, "2030-01-31", "matched")
    assert shown.focused() == "Final draft"
    shown.page.keyboard.press("e")
    shown.page.keyboard.type("Never")
    shown.page.keyboard.press("Escape")
    assert (shown.focused(), sorted(statuses(shown.wb))) == ("Final draft", ["Final draft", "Other"])


def test_an_edit_made_elsewhere_leaves_the_editor_alone_and_is_not_overwritten(shown: Shown) -> None:
    capture(shown, "Draft", "Other")
    (draft,) = shown.wb.find(Todo, title="Draft")
    shown.card("Draft").dblclick()
    shown.page.keyboard.type("Mine")
    shown.elsewhere(lambda: shown.wb.update(Todo, draft.id, title="Theirs"))
    shown.elsewhere(lambda: shown.wb.confirm(draft.id))
    assert shown.page.input_value("[name=title]") == "Mine"
    assert shown.page.evaluate("document.activeElement.name") == "title"
    shown.page.keyboard.press("Enter")
    shown.page.wait_for_selector(".orc-conflict:not([hidden])")
    assert "is now 'Theirs'" in shown.page.inner_text(".orc-conflict")
    assert shown.wb.get(Todo, draft.id).title == "Theirs"
    shown.page.keyboard.press("Enter")  # knowing it
    shown.page.wait_for_selector(".orc-editor", state="detached")
    shown.wait()
    assert (shown.wb.get(Todo, draft.id).title, shown.titles("confirmed")) == ("Mine", ["Mine"])


def test_undo_and_redo(shown: Shown) -> None:
    capture(shown, "Draft")
    shown.card("Draft").focus()
    shown.page.keyboard.press("c")
    shown.page.keyboard.press("d")
    shown.page.keyboard.press("z")
    shown.page.keyboard.press("z")
    shown.page.wait_for_selector(".orc-dumped .orc-card")
    shown.wait()
    assert statuses(shown.wb) == {"Draft": "dumped"}
    assert "move todo: Draft" in (shown.page.get_by_role("button", name="Redo").get_attribute("title") or "")
    shown.page.keyboard.press("Shift+Z")
    shown.page.wait_for_selector(".orc-committed .orc-card")
    shown.wait()
    assert statuses(shown.wb) == {"Draft": "committed"}


def test_undo_takes_back_what_was_shown_and_nothing_that_came_meanwhile(shown: Shown) -> None:
    capture(shown, "Draft")
    shown.wb.capture("Meanwhile")  # the page isn't told yet
    shown._messages()
    shown.page.get_by_role("button", name="Undo").click()
    shown.page.wait_for_selector(".orc-status.orc-bad")
    assert statuses(shown.wb) == {"Draft": "dumped", "Meanwhile": "dumped"}
    assert shown.titles("dumped") == ["Meanwhile", "Draft"]


def test_titles_are_letters_only(shown: Shown) -> None:
    nasty = "<script>document.title = 'owned'</script>"
    shown.page.fill(".orc-add-text", nasty)
    shown.page.wait_for_selector(".orc-read-title")
    shown.page.locator(".orc-add-text").press("Enter")
    shown.page.wait_for_selector(".orc-card")
    shown.elsewhere(lambda: shown.wb.add_todo(HOSTILE, project_id=shown.wb.add_project(HOSTILE).id, tags=(HOSTILE,)))
    shown.card("<script>").focus()
    shown.page.keyboard.press("s")
    shown.page.wait_for_selector(".orc-running:not([hidden])")
    shown.page.keyboard.press("e")
    assert shown.page.input_value("[name=title]") == nasty
    assert shown.page.locator(".orc-board :is(script, img, b, i, a, svg, iframe)").count() == 0
    assert {nasty, HOSTILE} == set(shown.page.locator(".orc-title").all_text_contents())
    assert shown.page.title() == ""


def test_search_finds_what_is_closed_and_several_are_changed_at_once(shown: Shown) -> None:
    capture(shown, "Draft one", "Draft two", "Buy milk")
    shown.elsewhere(lambda: shown.wb.done(shown.wb.capture("Draft zero").id))
    shown.page.fill(".orc-search", "draft")
    shown.page.wait_for_function("document.querySelectorAll('.orc-card').length === 3")
    assert (shown.titles("dumped"), shown.titles("done")) == (["Draft two", "Draft one"], ["Draft zero"])
    shown.page.keyboard.press("Escape")
    for title in ("Draft one", "Draft two"):
        shown.card(title).focus()
        shown.page.keyboard.press("Space")
    assert shown.page.inner_text(".orc-bulk strong") == "2 selected"
    shown.page.get_by_label("Move to …").select_option("committed")
    shown.page.wait_for_selector(".orc-committed .orc-card >> nth=1")
    shown.wait()
    assert statuses(shown.wb) == {
        "Draft one": "committed", "Draft two": "committed", "Buy milk": "dumped", "Draft zero": "done",
    }  # fmt: skip
    shown.page.get_by_label("Project, Enter").fill("Thesis")
    shown.page.get_by_label("Project, Enter").press("Enter")
    shown.page.wait_for_selector(".orc-committed .orc-project >> nth=1")
    assert len(shown.wb.find(Todo, project_id__ne=None)) == 2


def test_work_is_started_and_stopped_on_a_card(shown: Shown) -> None:
    capture(shown, "Draft")
    shown.card("Draft").hover()
    shown.card("Draft").get_by_role("button", name="Start work").click()
    shown.page.wait_for_selector(".orc-runs")
    assert (shown.wb.running() is not None, shown.page.inner_text(".orc-running span")) == (True, "● 0:00 Draft")
    shown.page.get_by_role("button", name="Stop", exact=True).click()
    shown.page.wait_for_selector(".orc-running", state="hidden")
    assert shown.wb.running() is None


def test_a_clock_that_ran_over_night_asks_when_the_work_ended(shown: Shown) -> None:
    id = shown.wb.capture("Draft").id
    began = int(time.time()) // 60 * 60 - 10 * 3600
    shown.elsewhere(lambda: shown.wb.start(id, at=began))
    shown.page.get_by_role("button", name="Stop", exact=True).click()
    shown.page.wait_for_selector(".orc-end:not([hidden])")
    clock = shown.wb.clock()
    shown.page.fill(".orc-end input", f"{clock.local(began + 5400):%Y-%m-%dT%H:%M}")
    shown.page.get_by_role("button", name="Stop there").click()
    shown.page.wait_for_selector(".orc-running", state="hidden")
    assert shown.wb.get(Todo, id).actual_hours == 1.5


def test_thousands_come_in_pages(shown: Shown) -> None:
    with shown.wb.edit("many"):
        for number in range(300):
            shown.wb.add_todo(f"Todo {number:03}", status=Status.CONFIRMED)
    shown.pump()
    assert len(shown.titles("confirmed")) == 50
    assert shown.column("confirmed").locator(".orc-count").inner_text() == "300"
    shown.column("confirmed").get_by_role("button", name="250 more").click()
    shown.page.wait_for_function("document.querySelectorAll('.orc-card').length === 100")


def test_focus_and_elements_outlive_what_is_drawn_anew(shown: Shown) -> None:
    capture(shown, "Draft", "Other")
    shown.card("Draft").focus()
    shown.page.evaluate("window.held = document.activeElement")
    capture(shown, "New", "Newer")
    shown.elsewhere(lambda: shown.wb.update(Todo, shown.wb.find(Todo, title="Draft")[0].id, title="Final"))
    assert shown.page.evaluate("window.held === document.activeElement && window.held.isConnected")
    assert (shown.focused(), shown.titles("dumped")) == ("Final", ["Newer", "New", "Other", "Final"])
    shown.elsewhere(lambda: shown.wb.delete(Todo, shown.wb.find(Todo, title="Final")[0].id))
    assert shown.focused() == "Other"


def test_a_patch_that_was_missed_is_made_up_for(shown: Shown) -> None:
    shown.wb.capture("One")
    shown._messages()  # lost on the way
    capture(shown, "Two")
    shown.page.wait_for_selector(".orc-card >> nth=1")
    assert shown.titles("dumped") == ["Two", "One"]


def test_without_a_kernel_what_was_typed_stays(shown: Shown) -> None:
    shown.page.clock.install()
    shown.page.evaluate("window.orcDead = true")
    shown.page.fill(".orc-add-text", "Precious thought")
    shown.page.keyboard.press("Enter")
    shown.page.clock.fast_forward(11_000)
    assert shown.page.locator(".orc-lost").is_visible()
    assert shown.page.input_value(".orc-add-text") == "Precious thought"
    shown.page.evaluate("document.querySelector('.orc-board').removeAttribute('aria-busy')")


def test_what_is_not_saved_outlives_the_page(shown: Shown) -> None:
    capture(shown, "Draft")
    shown.page.evaluate("window.orcDead = true")
    shown.page.fill(".orc-add-text", "Precious thought")
    shown.card("Draft").dblclick()
    shown.page.fill("[name=title]", "Long worked on")
    shown.page.keyboard.press("Enter")  # nobody hears it
    shown.load()
    assert shown.page.input_value(".orc-add-text") == "Precious thought"
    assert shown.page.input_value("[name=title]") == "Long worked on"
    shown.page.locator("[name=title]").press("Enter")
    shown.page.wait_for_selector(".orc-editor", state="detached")
    shown.page.locator(".orc-add-text").press("Enter")
    shown.page.wait_for_selector(".orc-card >> nth=1")
    assert statuses(shown.wb) == {"Long worked on": "dumped", "Precious thought": "dumped"}
    shown.load()
    assert (shown.page.input_value(".orc-add-text"), shown.page.locator(".orc-editor").count()) == ("", 0)


def test_a_board_to_look_at_says_why(wb: Workbench, browser_page: Page) -> None:
    wb.capture("Draft")
    shown = Shown(browser_page, wb, refusal="This is the sample life.")
    assert shown.page.inner_text(".orc-refusal") == "This is the sample life."
    shown.card("Draft").focus()
    for key in ("c", "e", "s", "z"):
        shown.page.keyboard.press(key)
    shown.wait()
    assert (statuses(wb), shown.titles("dumped"), shown.page.locator(".orc-editor").count()) == (
        {"Draft": "dumped"}, ["Draft"], 0,
    )  # fmt: skip
    shown.board.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_is_never_wider_than_the_window(shown: Shown, width: int) -> None:
    capture(shown, "Draft +A_rather_long_title_of_a_project 2h !!", "x" * 300)
    shown.page.set_viewport_size({"width": width, "height": 800})
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= width


def test_everything_has_a_name_for_who_listens(shown: Shown) -> None:
    capture(shown, "Draft +Thesis 2h")
    shown.card("Draft").focus()
    label = shown.card("Draft").get_attribute("aria-label")
    assert label == "Draft, Thesis, 2 h, Refined"
    shown.page.keyboard.press("e")
    nameless = """() => [...document.querySelectorAll(".orc-board :is(input, select, textarea, button)")]
        .filter((each) => !(each.ariaLabel || each.textContent || each.labels?.[0]?.textContent)).length"""
    assert shown.page.evaluate(nameless) == 0
    assert shown.page.locator(".orc-card[tabindex='0']").count() == 1
    shown.page.keyboard.press("Escape")
    shown.page.keyboard.press("?")
    assert shown.page.get_by_role("dialog", name="Keys").is_visible()
