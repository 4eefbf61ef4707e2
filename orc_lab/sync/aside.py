"""A request that is on its way while something else is done: in a thread that nobody has to wait for.

A sync that ends waits for it, so that none outlives it. Who is interrupted doesn't, and neither does a process that
ends: a request may take minutes, and one that is lost does no harm.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager


class Aside:
    """Makes requests aside, one at a time."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None

    def ask(self, call: Callable[[], bytes]) -> Future[bytes]:
        """Return what a call will return or raise."""
        answer: Future[bytes] = Future()

        def run() -> None:
            try:
                answer.set_result(call())
            except BaseException as error:  # noqa: BLE001 - it is raised where the answer is waited for
                answer.set_exception(error)

        self._thread = threading.Thread(target=run, name="orc-sync-aside", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # no thread can be started any more: the process ends
            self._thread = None
            run()
        return answer

    @contextmanager
    def waited_for(self) -> Iterator[None]:
        """Wait at the end of the block for what is on its way, but where that was interrupted."""
        try:
            yield
        except KeyboardInterrupt:
            self._thread = None
            raise
        finally:
            if self._thread is not None:
                self._thread.join()
