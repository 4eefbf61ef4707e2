"""How long a line that is being typed will take, by the person's own past: computed in a thread beside the page.

The models take seconds to load and milliseconds to ask. Only the latest question counts; who types on is told nothing
about what they have typed before.
"""

import logging
import threading
import time
from collections.abc import Callable

from orc_lab.errors import OrcError
from orc_lab.model import quick
from orc_lab.widgets.typed import past_says
from orc_lab.workbench.bench import Workbench

Tell = Callable[[str], None]
FRESH_SECONDS = 900  # what was finished since is learned when the models are older


class Estimates:
    """Answers about typed lines, one at a time, until closed."""

    def __init__(self, wb: Workbench) -> None:
        self._wb = wb
        self._asked: tuple[str, Tell] | None = None
        self._ready = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._say: Callable[[str], str] | None = None
        self._loaded_at = 0.0

    def warm(self) -> None:
        """Load the models, so that the first answer comes at once."""
        self.ask("", lambda _: None)

    def ask(self, text: str, tell: Tell) -> None:
        """Have `tell` called with the answer, in another thread; earlier questions that still wait are dropped."""
        with self._ready:
            self._asked = (text, tell)
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="orc-estimates", daemon=True)
                self._thread.start()
            self._ready.notify()

    def close(self) -> None:
        """End the thread; nothing is told afterwards."""
        with self._ready:
            self._closed, self._asked = True, None
            self._ready.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._ready:
                self._ready.wait_for(lambda: self._asked is not None or self._closed)
                if self._closed or self._asked is None:
                    return
                (text, tell), self._asked = self._asked, None
            try:
                said = self._answer(text)
            except (OrcError, ValueError, ArithmeticError) as error:  # an odd history must not end the answers
                logging.getLogger("orc_lab").warning("No estimate: %s", error)
                said = ""
            if not self._closed:
                tell(said)

    def _answer(self, text: str) -> str:
        if self._say is None or time.monotonic() - self._loaded_at > FRESH_SECONDS:
            self._say, self._loaded_at = _loaded(self._wb), time.monotonic()
        return self._say(text)


def _loaded(wb: Workbench) -> Callable[[str], str]:
    """Read the past and learn from it; return what answers for a line. In the sample life, as of its last week."""
    from orc_lab.agents.desk import Desk  # half a second to load, and only whoever types needs it
    from orc_lab.agents.hours import hours_of, imagined
    from orc_lab.review.reading import read_frames
    from orc_lab.review.when import default_week

    now = int(time.time())
    desk = Desk.at(wb, read_frames(wb, default_week(wb, now) if wb.sample else wb.week(), now), now=now)

    def say(text: str) -> str:
        line = quick.parse(text, wb.today())
        project = wb.project_titled(line.project) if line.project else None
        task = imagined(desk.known.frames, text or "anything", project.id if project else None)
        return past_says(hours_of(desk, task), line.hours)

    return say
