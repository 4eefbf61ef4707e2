"""The line that gets the old app's data out of any browser: run in a real one, its download imported."""

import json
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Page

from orc_lab.importers import run
from orc_lab.importers.creation.export import SNIPPET
from orc_lab.model.entities import Todo
from orc_lab.workbench.bench import Workbench
from tests.importers.files import project, store, todo


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def old_app(tmp_path: Path) -> Iterator[str]:
    """The address of a page on this machine, for local storage belongs to an address."""
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "index.html").write_text("<!doctype html><link rel=icon href='data:,'><title>Old app</title>")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path / "page"))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_the_download_is_the_export(
    old_app: str, browser_page: Page, outside_requests: list[str], page_errors: list[str], tmp_path: Path
) -> None:
    export = store(projects=[project()], todos=[todo(projectId="p1", title="Tomaten 🍅 säen"), todo("t2")]).decode()
    browser_page.goto(old_app)
    browser_page.evaluate(
        "([key, text]) => { localStorage.setItem(key, text); localStorage.setItem('sync-token', 'secret-4711') }",
        ["creation-store", export],
    )
    with browser_page.expect_download() as started:
        browser_page.evaluate(SNIPPET)
    assert started.value.suggested_filename == "creation-store.json"
    path = tmp_path / "creation-store.json"
    started.value.save_as(path)
    assert json.loads(path.read_text(encoding="utf-8")) == json.loads(export)
    with Workbench.init(tmp_path / "own.db", zone="Europe/Berlin") as bench:
        assert run.commit(bench, run.plan(bench, path)).new == 3
        assert {one.title for one in bench.find(Todo)} == {"Tomaten 🍅 säen", "Todo t2"}
    assert (outside_requests, page_errors) == ([], [])


def test_on_another_page_it_says_so(old_app: str, browser_page: Page) -> None:
    said = []
    browser_page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    browser_page.goto(old_app)
    browser_page.evaluate(SNIPPET)
    assert said == ["Nothing here: open the old app first."]


def test_the_line_is_one_line() -> None:
    assert "\n" not in SNIPPET
    assert len(SNIPPET) < 300
