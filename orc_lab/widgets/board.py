"""The board without a browser: pages that follow one database, messages in, states and patches out.

A page first asks to see something and gets a state with a revision. From then on it gets a patch for each change, its
own or made elsewhere, that says which revision it follows; a page that has missed one asks for the state again.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orc_lab.errors import ChangedElsewhere, InvalidValue, LongSession, NothingToUndo, OrcError
from orc_lab.model.change import Change
from orc_lab.widgets import changes, typed
from orc_lab.widgets.asked import Asked
from orc_lab.widgets.cards import State, patch, shown
from orc_lab.widgets.estimates import Estimates
from orc_lab.workbench.bench import Workbench

Message = Mapping[str, Any]
Send = Callable[[State], None]
PAGES = 16  # that are followed at once; one that was left longest ago is let go, and asks again when it is used
_LONGEST = 2000  # of a line that is typed
_UNSEEN = frozenset({"forecasts", "knowledge", "recommendations", "activities", "imports"})
_EDITS: Mapping[str, Callable[[Workbench, Message], str]] = {
    "change": changes.change,
    "start": changes.start,
    "stop": changes.stop,
    "undo": changes.undo,
    "redo": changes.redo,
}


@dataclass(slots=True, kw_only=True)
class Page:
    """One page somewhere: what it asked for, and what it was last sent."""

    asked: Asked
    state: State
    revision: int = 1


class Board:
    """Follows an opened workbench for all pages that show it; `send` hands a message to them.

    `refusal` says why nothing can be edited, where that is so. Close it before the workbench.
    """

    def __init__(self, wb: Workbench, send: Send, *, refusal: str = "") -> None:
        self.wb = wb
        self.refusal = refusal
        self._send = send
        self._pages: OrderedDict[str, Page] = OrderedDict()
        self._lock = threading.RLock()  # never held while something is edited: who edits also waits for the watch
        self._estimates = Estimates(wb)
        self._unsubscribe = wb.subscribe(self._changed)

    def close(self) -> None:
        """Follow no longer."""
        self._unsubscribe()
        self._estimates.close()

    def warm(self) -> None:
        """Load what estimates need, beside everything else."""
        self._estimates.warm()

    def handle(self, message: Message) -> None:
        """Do what a page asks; what there is to say is sent. Raises nothing that a message could cause."""
        view, kind = str(message.get("view") or ""), str(message.get("kind"))
        back: State = {"view": view, "n": message.get("n")}
        try:
            if kind == "show":
                self._show(view, message)
                self._send({**back, "kind": "done", "told": ""})
            elif kind == "typed":
                self._typed(back, str(message.get("text") or "")[:_LONGEST])
            elif kind == "bye":
                with self._lock:
                    self._pages.pop(view, None)
            else:
                self._edit(back, kind, message)
        except OrcError as error:  # of reading: a locked file, say
            self._send({**back, "kind": "refused", "told": str(error)})

    def _show(self, view: str, message: Message) -> None:
        with self._lock:
            asked = Asked.read(message)
            old = self._pages.pop(view, None)
            page = Page(asked=asked, state=self._state(asked), revision=old.revision + 1 if old else 1)
            self._pages[view] = page
            while len(self._pages) > PAGES:
                self._pages.popitem(last=False)
            self._send({"view": view, "kind": "state", "revision": page.revision, "state": page.state})

    def _state(self, asked: Asked) -> State:
        return shown(self.wb, asked, refusal=self.refusal)

    def _typed(self, back: State, text: str) -> None:
        self._send({**back, "kind": "read", "read": typed.read(self.wb, text)})
        if text.strip():
            self._estimates.ask(text, lambda said: self._send({**back, "kind": "estimate", "said": said}))

    def _edit(self, back: State, kind: str, message: Message) -> None:
        try:
            self._send({**back, "kind": "done", **self._done(kind, message)})
            return
        except (ChangedElsewhere, NothingToUndo) as error:
            answer = {"kind": "stale", "told": str(error)}
        except LongSession as error:
            told = f"The clock has run for {error.hours:.1f} h, and only you know when the work ended: say it above."
            answer = {"kind": "refused", "told": told, "ended": "unknown"}
        except OrcError as error:
            answer = {"kind": "refused", "told": str(error)}
        self._again(str(back["view"]))
        self._send({**back, **answer})

    def _done(self, kind: str, message: Message) -> State:
        """Do it; return what to tell, and the id of what was made."""
        if self.refusal:
            raise OrcError(self.refusal)
        if kind == "add":
            told, made = changes.add(self.wb, message)
            return {"told": told, "made": made}
        if kind not in _EDITS:
            raise InvalidValue("what a page asks for", kind, ", ".join(("add", *_EDITS)))
        return {"told": _EDITS[kind](self.wb, message)}

    def _again(self, view: str) -> None:
        """Send a page all of the present, for it shows something that isn't so."""
        with self._lock:
            if (page := self._pages.get(view)) is not None:
                page.state, page.revision = self._state(page.asked), page.revision + 1
                self._send({"view": view, "kind": "state", "revision": page.revision, "state": page.state})

    def _changed(self, made: Sequence[Change]) -> None:
        if not made or any(change.table not in _UNSEEN for change in made):
            self.refresh()

    def refresh(self) -> None:
        """Send each page what is different now from what it was sent."""
        with self._lock:
            states: dict[str, State] = {}  # pages that ask for the same share the work
            for view, page in self._pages.items():
                key = repr(page.asked)
                if key not in states:
                    states[key] = self._state(page.asked)
                now = states[key]
                if found := patch(page.state, now):
                    after, page.state, page.revision = page.revision, now, page.revision + 1
                    self._send({"view": view, "kind": "patch", "after": after, "revision": page.revision, **found})
