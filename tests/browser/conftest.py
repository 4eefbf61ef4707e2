"""A real Chromium, found on this machine and driven by Playwright.

While `browser` lives, this process has a running event loop: what runs asyncio itself (papermill, say) belongs before
the first use of these fixtures or into a child process.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ON_MACOS = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
ABSENT = "No Chromium on this machine: install chromium or Chrome, or name one in ORC_CHROMIUM."
LOCAL_SCHEMES = {"about", "blob", "chrome", "data", "devtools", "file"}
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def find_chromium() -> str | None:
    """Where a Chromium is: ORC_CHROMIUM if that is set, else by its usual names; None where there is none."""
    named = os.environ.get("ORC_CHROMIUM")
    if named:
        return named
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return found or (str(ON_MACOS) if ON_MACOS.exists() else None)


def is_outside(url: str) -> bool:
    """Whether a request for `url` would leave this machine."""
    parts = urlsplit(url)
    return parts.scheme not in LOCAL_SCHEMES and parts.hostname not in LOOPBACK


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium for a module's tests; skips where there is none."""
    executable = find_chromium()
    if executable is None:
        pytest.skip(ABSENT)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, chromium_sandbox=False)
        yield chromium
        chromium.close()


@pytest.fixture
def browser_page(browser: Browser) -> Iterator[Page]:
    """An empty page in a context of its own, 1280 × 800."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()


@pytest.fixture
def outside_requests(browser_page: Page) -> list[str]:
    """Every address beyond this machine that `browser_page` asks for, from now on, answered or not."""
    asked: list[str] = []
    browser_page.on("request", lambda request: asked.append(request.url) if is_outside(request.url) else None)
    return asked


@pytest.fixture
def page_errors(browser_page: Page) -> list[str]:
    """What goes wrong in the scripts of `browser_page`, from now on: uncaught exceptions and console errors."""
    errors: list[str] = []
    browser_page.on("pageerror", lambda error: errors.append(str(error)))
    browser_page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    return errors
