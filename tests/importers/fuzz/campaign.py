"""Many inputs of a format, in processes of their own, counted; what fails is kept, so that it can be done again.

A process that dies takes one input with it: that one failed, and another process goes on after it.
"""

import json
import re
import resource
import shutil
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ctypes import Array, c_longlong
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tests.importers.fuzz.lab import Lab
from tests.importers.fuzz.oracle import Hang, Outcome, check
from tests.importers.fuzz.subjects import Input, Subject, made, subjects

LONG = 100  # one in so many goes the long way
MEMORY = 1 << 30  # bytes more than at the beginning
_ALIKE = 3  # of failures of one kind so many are kept
_fork = get_context("fork")  # so that all processes have the same whole files
_COUNTS = ("at", "inputs", "refused", "records", "new", "milliseconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An input and what came out of it, in a line and at length."""

    number: int
    kind: str
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What became of the inputs of a format; `seconds` are of the processor."""

    name: str
    inputs: int
    refused: int
    records: int
    new: int
    seconds: float
    failures: Sequence[Failure]

    def lines(self) -> Iterator[str]:
        """Yield it in a line, and the failures by their kinds."""
        imported = self.inputs - self.refused - len(self.failures)
        speed = self.inputs / max(self.seconds, 0.01)
        yield (
            f"{self.name:<18} {self.inputs:>9,} inputs {self.refused:>9,} refused {imported:>9,} imported "
            f"{self.records:>11,} records {self.new:>11,} new {len(self.failures):>7,} failed "
            f"{self.seconds:>7,.0f} s {speed:>5,.0f} a second"
        )
        for kind, count in Counter(one.kind for one in self.failures).most_common():
            first = next(one.number for one in self.failures if one.kind == kind)
            yield f"    {count:,} × {kind} (first: {first})"


def run(name: str, *, inputs: int, seed: int, jobs: int = 1, first: int = 0, save: Path | None = None) -> Tally:
    """Import so many inputs of a format, from the `first` on, and return what became of them."""
    subject = subjects()[name]
    with scratch() as folder:
        parts = [_Part(folder, subject, seed, range(first + job, first + inputs, jobs)) for job in range(jobs)]
        for part in parts:
            part.start()
        for part in parts:
            part.finish()
        failures = sorted((one for part in parts for one in part.failures()), key=lambda one: one.number)
    sums = {name: sum(part.count(name) for part in parts) for name in _COUNTS}
    tally = Tally(
        name=name,
        inputs=sums["inputs"],
        refused=sums["refused"],
        records=sums["records"],
        new=sums["new"],
        seconds=sums["milliseconds"] / 1000,
        failures=failures,
    )
    if save is not None:
        _save(tally, subject, seed, save)
    return tally


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder in memory, where there is such a thing."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="orc-fuzz-", dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


class _Part:
    """The inputs of one process after the other; its counts outlive the process."""

    def __init__(self, folder: Path, subject: Subject, seed: int, numbers: range) -> None:
        self._folder, self._subject, self._seed, self._numbers = folder, subject, seed, numbers
        self._counts: Array[c_longlong] = _fork.RawArray("q", len(_COUNTS))
        self._counts[0] = numbers.start
        self._log = folder / f"{numbers.start}.jsonl"
        self._process: Any = None

    def start(self) -> None:
        """Begin, or go on after an input with which a process died."""
        rest = self._numbers[self._numbers.index(self.count("at")) :] if self.count("at") in self._numbers else range(0)
        self._process = _fork.Process(target=self._work, args=(rest,))
        self._process.start()

    def finish(self) -> None:
        """Wait until all inputs are done."""
        self._process.join()
        while self._process.exitcode != 0:
            if self._process.exitcode == 1:
                raise RuntimeError(f"{self._subject.name}: it did not come to any input; see above")
            self._note(self.count("at"), f"the process died ({self._process.exitcode})", "")
            self._add(at=self._numbers.step, inputs=1)
            self.start()
            self._process.join()

    def count(self, name: str) -> int:
        """Return one of the counts."""
        return int(self._counts[_COUNTS.index(name)])

    def failures(self) -> list[Failure]:
        """Return what failed."""
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        return [Failure(**json.loads(line)) for line in lines]

    def _add(self, **counts: int) -> None:
        for name, count in counts.items():
            self._counts[_COUNTS.index(name)] += count

    def _note(self, number: int, kind: str, told: str) -> None:
        with self._log.open("a") as log:
            log.write(json.dumps({"number": number, "kind": kind, "told": told}) + "\n")

    def _work(self, numbers: range) -> None:
        _bounded()
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            tempfile.tempdir = folder
            lab = Lab(Path(folder) / "lab", self._subject)
            last = time.process_time()
            for number in numbers:
                given = made(self._subject, self._seed, number)
                found = attempt(lab, self._subject, given)
                if isinstance(found, Failure):
                    self._note(found.number, found.kind, found.told)
                    if found.kind.startswith(("Hang", "MemoryError")):
                        lab = Lab(Path(tempfile.mkdtemp()) / "lab", self._subject)
                else:
                    self._add(refused=found.refused is not None, records=found.records, new=found.new)
                now = time.process_time()
                self._add(at=self._numbers.step, inputs=1, milliseconds=round((now - last) * 1000))
                last = now if round((now - last) * 1000) else last
            lab.close()


def attempt(lab: Lab, subject: Subject, given: Input) -> Outcome | Failure:
    """Import an input, and return what became of it, whatever that is."""
    try:
        return check(lab, subject, given, long=given.number % LONG == LONG - 1)
    except (Exception, Hang) as error:  # noqa: BLE001 - whatever comes out is what is looked for
        return Failure(number=given.number, kind=_kind(error), told=traceback.format_exc())


def _bounded() -> None:
    """Let warnings count as errors, and memory end, where the system tells how much there is."""
    warnings.simplefilter("error")
    if (told := Path("/proc/self/statm")).exists():
        pages = int(told.read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY,) * 2)


def _kind(error: BaseException) -> str:
    """Return what makes two failures alike: the error, where it was raised, its text without what differs."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    text = re.sub(r"'[^']*'|\"[^\"]*\"|\d+", "…", str(error).partition("{")[0])[:120]
    return f"{type(error).__name__}: {text} ({Path(last.filename).name}:{last.lineno})"


# What is kept


def _save(tally: Tally, subject: Subject, seed: int, folder: Path) -> None:
    """Keep some failing inputs of each kind."""
    counts: Counter[str] = Counter()
    for failure in tally.failures:
        counts[failure.kind] += 1
        if counts[failure.kind] <= _ALIKE:
            keep(made(subject, seed, failure.number), seed, failure, folder)


def keep(given: Input, seed: int, failure: Failure, folder: Path) -> Path:
    """Keep an input, how it is to be imported, and what came out; return where its bytes are."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{given.subject}-{seed}-{given.number}"
    path.write_bytes(given.data)
    said = {
        "subject": given.subject,
        "number": given.number,
        "name": given.name,
        "format": given.format,
        "person": given.person,
        "mapping": given.mapping.decode("latin-1") if given.mapping is not None else None,
        "in_use": given.in_use,
    }
    path.with_name(path.name + ".json").write_text(json.dumps(said, indent=1) + "\n")
    path.with_name(path.name + ".txt").write_text(f"{failure.kind}\n\n{failure.told}")
    return path


def replay(path: Path) -> Outcome | Failure:
    """Import an input that was kept, the long way."""
    said = json.loads(path.with_name(path.name + ".json").read_text())
    mapping = said["mapping"].encode("latin-1") if said["mapping"] is not None else None
    given = Input(**said | {"data": path.read_bytes(), "mapping": mapping})
    subject = subjects()[given.subject]
    with scratch() as folder:
        lab = Lab(folder / "lab", subject)
        try:
            return check(lab, subject, given, long=True)
        except (Exception, Hang) as error:  # noqa: BLE001 - whatever comes out is what is looked for
            return Failure(number=given.number, kind=_kind(error), told=traceback.format_exc())
        finally:
            lab.close()
            shutil.rmtree(folder / "lab")
