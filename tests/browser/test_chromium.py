"""The fixtures that every page's test stands on: they do see what a page asks for and what it gets wrong."""

from pathlib import Path

from playwright.sync_api import Page

PAGE = """<!doctype html><title>A page</title>
<img src="https://example.invalid/pixel.png">
<script>console.error("told"); setTimeout(() => { throw new Error("thrown") })</script>"""


def test_a_page_that_reaches_out_is_seen(
    tmp_path: Path, browser_page: Page, outside_requests: list[str], page_errors: list[str]
) -> None:
    page = tmp_path / "page.html"
    page.write_text(PAGE, encoding="utf-8")
    browser_page.goto(page.as_uri())
    browser_page.wait_for_timeout(50)
    assert browser_page.title() == "A page"
    assert outside_requests == ["https://example.invalid/pixel.png"]
    assert {"told", "thrown"} <= set(page_errors)


def test_a_page_of_its_own_asks_for_nothing(
    tmp_path: Path, browser_page: Page, outside_requests: list[str], page_errors: list[str]
) -> None:
    page = tmp_path / "page.html"
    page.write_text("<!doctype html><link rel=icon href='data:,'><p>quiet</p>", encoding="utf-8")
    browser_page.goto(page.as_uri())
    assert browser_page.inner_text("p") == "quiet"
    assert outside_requests == []
    assert page_errors == []
