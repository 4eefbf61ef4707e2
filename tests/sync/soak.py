"""Live through histories for as long as there is time: `python -m tests.sync.soak [MINUTES] [PROCESSES] [FIRST SEED]`.

Prints how many there were; of one that breaks the law at once its seed and how, then the fewest of its steps that still
do. `python -m tests.sync.soak again SEED` lives through one once more. Exits with 1 where the law was broken.
"""

import signal
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import count
from typing import Any, NamedTuple

from tests.sync.plain_server import PlainServer
from tests.sync.stored_server import StoredServer
from tests.sync.world import ONLY_PLAIN, Step, breaks, history, shrink

REAL = 4  # one history of so many is with the real server and its store
STEPS = (40, 60, 60, 120)  # of a history
LONGEST = 120.0  # seconds of work after which a history is called endless; most take one


class Lived(NamedTuple):
    """How many histories and steps a process has seen, how many were with the real server, and what it found."""

    histories: int
    real: int
    steps: int
    found: list[str]


class One(NamedTuple):
    """A history as its seed alone tells it."""

    seed: int
    steps: Sequence[Step]
    server: Any

    def breaks(self) -> str:
        with bounded():
            return breaks(self.steps, seed=self.seed, server=self.server)


def one(seed: int) -> One:
    steps = history(seed, steps=STEPS[seed // 8 % len(STEPS)])
    if seed // 2 % REAL == REAL - 1:
        return One(seed, [step for step in steps if step.kind not in ONLY_PLAIN], StoredServer)
    return One(seed, steps, PlainServer)


@contextmanager
def bounded() -> Iterator[None]:
    """Have what doesn't end fail."""

    def end(*_: object) -> None:
        raise AssertionError(f"It doesn't end within {LONGEST:g} seconds of work.")

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, LONGEST)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def live(first: int, every: int, until: float) -> Lived:
    """Live through every so-manieth history, until an instant."""
    steps = real = 0
    found: list[str] = []
    for number in count():
        if time.time() >= until:
            return Lived(number, real, steps, found)
        lived = one(first + number * every)
        steps += len(lived.steps)
        real += lived.server is StoredServer
        if how := lived.breaks():
            found.append(f"seed {lived.seed}, {lived.server.__name__}: {how}")
            _say(found[-1])
            with bounded():
                fewer = shrink(lived.steps, seed=lived.seed, server=lived.server)
            _say(f"seed {lived.seed}, the fewest steps:\n  " + "\n  ".join(map(str, fewer)))
    raise AssertionError("count ends")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(minutes: float = 10, processes: int = 2, first: int = 0) -> int:
    until = time.time() + 60 * minutes
    with ProcessPoolExecutor(processes) as pool:
        futures = [pool.submit(live, first + number, processes, until) for number in range(processes)]
        lived = [future.result() for future in futures]
    histories, real = sum(one.histories for one in lived), sum(one.real for one in lived)
    steps = sum(one.steps for one in lived)
    broken = sum(len(one.found) for one in lived)
    with_real = f"{real} of them with the real server" if real else "none with the real server"
    _say(f"{histories} histories ({with_real}) of {steps} steps in {minutes:g} minutes; {broken} broke the law.")
    return 1 if broken else 0


def again(seed: int) -> int:
    how = one(seed).breaks()
    _say(how or f"{seed} keeps the law.")
    return 1 if how else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["again"]:
        sys.exit(again(int(sys.argv[2])))
    sys.exit(main(*(kind(text) for kind, text in zip((float, int, int), sys.argv[1:], strict=False))))
