"""The board's notebook in a real JupyterLab: run, dragged, typed, and the database looked at."""

import sqlite3
from pathlib import Path

import pytest
from playwright.sync_api import Page

from orc_lab import config
from orc_lab.workbench.bench import Workbench
from tests.browser.lab import becomes, run_all, running


@pytest.mark.early
def test_a_person_works_on_the_board(tmp_path: Path, browser_page: Page, outside_requests: list[str]) -> None:
    path, page = tmp_path / config.OWN, browser_page
    path.parent.mkdir()
    with Workbench.init(path, zone="Europe/Berlin") as wb:
        wb.capture("Write draft +Thesis 2h")

    def statuses() -> dict[str, str]:
        with sqlite3.connect(path) as db:
            return dict(db.execute("SELECT title, status FROM todos"))

    with running(tmp_path) as address:
        run_all(page, address.format("board"), ".orc-card")
        assert not page.locator(".orc-board-fallback").is_visible()
        cells = page.locator(".jp-Notebook .jp-Cell").count()
        page.locator(".orc-card").drag_to(page.locator('.orc-column[data-status="committed"]'))
        becomes(page, lambda: statuses() == {"Write draft": "committed"})

        page.keyboard.press("n")
        page.keyboard.type("Buy milk")
        for key in ("Enter", "Escape", "]"):
            page.keyboard.press(key)
        becomes(page, lambda: statuses().get("Buy milk") == "matched")
        page.wait_for_selector(".orc-matched .orc-card:focus")
        page.keyboard.press("e")
        page.keyboard.type("Buy oat milk")
        page.keyboard.press("Enter")
        becomes(page, lambda: "Buy oat milk" in statuses())
        page.wait_for_selector(".orc-matched .orc-card:focus")
        for key in ("d", "z"):  # in a notebook `dd` deletes a cell and `z` brings it back
            page.keyboard.press(key)
        page.wait_for_selector(".orc-status:text-is('Undone: move todo')")
        assert statuses() == {"Write draft": "committed", "Buy oat milk": "matched"}

        with Workbench.open(path) as elsewhere:
            elsewhere.capture("From elsewhere")
        page.wait_for_selector(".orc-dumped .orc-title:text-is('From elsewhere')")
        assert page.locator(".jp-Notebook .jp-Cell").count() == cells
    assert outside_requests == []
