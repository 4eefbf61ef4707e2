"""The board's page in a browser without Jupyter: its messages go to a real board on a real database."""

import json
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from playwright.sync_api import Locator, Page

from orc_lab.widgets import notebook
from orc_lab.widgets.board import Board
from orc_lab.workbench.bench import Workbench

STATIC = Path(notebook.__file__).parent / "static"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width"><style>body { margin: 12px; }</style></head>
<body><div id="host"></div></body></html>"""
ADDRESS = "http://localhost/board"  # never asked: the page is handed over
START = """async ([module, style]) => {
  const sheet = document.head.appendChild(document.createElement("style"));
  sheet.textContent = style;
  const listeners = new Set();
  window.orcTold = (messages) => messages.forEach((one) => [...listeners].forEach((each) => each(one)));
  window.orcModel = {
    on: (_, each) => listeners.add(each),
    off: (_, each) => listeners.delete(each),
    send: (message) => { if (!window.orcDead) window.orcAsk(message).then(window.orcTold); },
  };
  const { default: widget } = await import(URL.createObjectURL(new Blob([module], { type: "text/javascript" })));
  window.orcClose = widget.render({ model: window.orcModel, el: document.getElementById("host") });
}"""


class Shown:
    """A board and the page that shows it; `board` answers in this process, as a kernel would."""

    def __init__(self, page: Page, wb: Workbench, *, refusal: str = "") -> None:
        self.page, self.wb = page, wb
        self._told: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self.board = Board(wb, self._told.put, refusal=refusal)
        page.expose_function("orcAsk", self._asked)
        page.route(ADDRESS, lambda route: route.fulfill(body=PAGE, content_type="text/html"))
        self.load()

    def load(self) -> None:
        """Load the page, or load it again."""
        self.page.goto(ADDRESS)
        self.page.evaluate(START, [(STATIC / f"board.{end}").read_text(encoding="utf-8") for end in ("js", "css")])
        self.page.wait_for_selector(".orc-column")

    def _asked(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        self.board.handle(message)
        return self._messages()

    def _messages(self) -> list[dict[str, Any]]:
        """What was told so far, as it goes over the wire."""
        found = []
        while True:
            try:
                found.append(json.loads(json.dumps(self._told.get_nowait())))
            except Empty:
                return found

    def elsewhere(self, edit: Callable[[], object]) -> None:
        """Let something be edited elsewhere, and the page be told."""
        edit()
        self.page.evaluate("messages => window.orcTold(messages)", self._messages())

    def pump(self) -> None:
        """Hand on what other threads have told since."""
        self.page.evaluate("messages => window.orcTold(messages)", self._messages())

    def card(self, title: str) -> Locator:
        """The card with a title."""
        return self.page.locator(".orc-card").filter(has=self.page.locator(".orc-title", has_text=title))

    def column(self, status: str) -> Locator:
        """A column by its status."""
        return self.page.locator(f'.orc-column[data-status="{status}"]')

    def titles(self, status: str) -> list[str]:
        """The titles in a column, from the top."""
        return self.column(status).locator(".orc-title").all_text_contents()

    def focused(self) -> str | None:
        """The title of the card that has the focus."""
        found = self.page.evaluate("document.activeElement.querySelector?.('.orc-title')?.textContent")
        return None if found is None else str(found)

    def wait(self, answered: str = ".orc-board:not([aria-busy])") -> None:
        """Wait until every message is answered."""
        self.page.wait_for_selector(answered)
