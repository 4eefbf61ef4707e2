"""The board as a widget of a notebook. Beside it stands a short text, seen where no kernel runs any more."""

import os
from html import escape
from pathlib import Path
from typing import Any

import anywidget
from IPython.display import HTML, display

from orc_lab import config
from orc_lab.widgets.board import Board, Message
from orc_lab.widgets.cards import words
from orc_lab.workbench.bench import Workbench

_STATIC = Path(__file__).parent / "static"


def open_board(db: str | None = None) -> "BoardWidget":
    """Return the board of a database, by default the person's own; the sample life is shown, and edited where named.

    Raises what opening a database raises.
    """
    wb = Workbench.open(config.readable_path(db))
    return BoardWidget(wb, refusal=_sample_stays(wb) if wb.sample and not db else "")


def _sample_stays(wb: Workbench) -> str:
    path = os.path.abspath(wb.db.path)
    return (
        "This is the sample life, and it stays as it is. Begin your own with `orc init`, or edit the sample all the "
        f"same: name it in the first cell, db = {path!r}."
    )


class BoardWidget(anywidget.AnyWidget):
    """A board that pages show: each display of it has its own filter, all follow the database."""

    _esm = _STATIC / "board.js"
    _css = _STATIC / "board.css"

    def __init__(self, wb: Workbench, *, refusal: str = "") -> None:
        super().__init__()
        self.board = Board(wb, self.send, refusal=refusal)
        self.on_msg(self._told)

    def _told(self, _: object, message: Message, __: object) -> None:
        self.board.handle(message)

    def close(self) -> None:
        """End the widget, and close its database."""
        self.board.close()
        self.board.wb.close()
        super().close()

    @property
    def fallback(self) -> str:
        """What stands in for the board where it can't be shown, as HTML; the board's own style hides it."""
        lines = [*words(self.board.wb), "Run all cells to see the board and to edit."]
        return '<p class="orc-board-fallback">' + "<br>".join(map(escape, lines)) + "</p>"

    def _ipython_display_(self, **_: Any) -> None:
        display(HTML(self.fallback))  # type: ignore[no-untyped-call]
        bundle = super()._repr_mimebundle_()
        if bundle is not None:
            display({**bundle[0], "text/plain": "\n".join(words(self.board.wb))}, bundle[1], raw=True)  # type: ignore[no-untyped-call]
        self.board.warm()
