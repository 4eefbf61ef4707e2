"""A board on a fresh database, and what it tells its pages."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from orc_lab.widgets.board import Board
from orc_lab.workbench.bench import Workbench
from tests.workbench.conftest import Now, now, template, wb

__all__ = ["now", "template", "wb"]

Told = dict[str, Any]


class Talk:
    """A page without a browser: it asks, and keeps what it was told."""

    def __init__(self, wb: Workbench, *, view: str = "one", refusal: str = "") -> None:
        self.wb, self.view, self.heard = wb, view, list[Told]()
        self.board = Board(wb, self.heard.append, refusal=refusal)
        self.n = 0

    def ask(self, kind: str, *, view: str | None = None, **values: Any) -> Told:
        """Ask, and return the answer."""
        self.n += 1
        self.board.handle({"view": view or self.view, "n": self.n, "kind": kind, **values})
        return next(one for one in reversed(self.heard) if one.get("n") == self.n and one["kind"] != "estimate")

    def show(self, **asked: Any) -> Told:
        """Ask for a state, and return it."""
        self.ask("show", **asked)
        return self.state()

    def state(self, view: str | None = None) -> Told:
        """What a page that follows shows now, made of what it was told only."""
        shown: Told = {}
        revision = 0
        for message in (one for one in self.heard if one["view"] == (view or self.view)):
            if message["kind"] == "state":
                shown, revision = {**message["state"], "cards": dict(message["state"]["cards"])}, message["revision"]
            elif message["kind"] == "patch":
                assert message["after"] == revision
                revision = message["revision"]
                shown |= message["set"]
                shown["cards"] |= message["cards"]
                for id in message["gone"]:
                    del shown["cards"][id]
        return shown

    def titles(self, status: str, view: str | None = None) -> list[str]:
        """The titles that a column shows, from the top."""
        state = self.state(view)
        column = next(one for one in state["columns"] if one["status"] == status)
        return [state["cards"][id]["title"] for id in column["ids"]]

    def change(self, ids: list[str], was: Told | None = None, **values: Any) -> Told:
        """Ask for new values of cards, on what they show or on what is said to have been shown."""
        cards = self.state()["cards"]
        shown = {id: was or {name: cards[id][name] for name in values if name in cards[id]} for id in ids}
        return self.ask("change", cards=shown, values=values)


@pytest.fixture
def talk(wb: Workbench) -> Iterator[Talk]:
    talking = Talk(wb)
    talking.show()
    yield talking
    talking.board.close()


def eventually(so: Callable[[], object], seconds: float = 60) -> None:
    """Wait until something is so; raises AssertionError where it never is."""
    until = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < until
        time.sleep(0.02)


__all__ += ["Now"]
