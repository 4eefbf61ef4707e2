"""Benchmarks: each subject beside a reference, in turns, so that a busy moment of the machine hits both."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from time import perf_counter
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

Call = Callable[[], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Milliseconds of a subject and of its reference, at the median and at the 99th percentile."""

    subject: float
    reference: float
    subject_p99: float
    reference_p99: float

    @property
    def ratio(self) -> float:
        """How many times the reference the subject takes, at the median."""
        return self.subject / self.reference


Compare = Callable[..., Compared]


@pytest.fixture
def compare(benchmark: BenchmarkFixture, capsys: pytest.CaptureFixture[str]) -> Compare:
    """Time `subject` and `reference` in turns, print the ratio, and note it beside the benchmark."""

    def run(subject: Call, reference: Call, *, rounds: int, goal: float | None = None, warmup: int = 1) -> Compared:
        took: tuple[list[float], list[float]] = ([], [])
        for number in range(rounds + warmup):
            for times, call in zip(took, (subject, reference), strict=True):
                start = perf_counter()
                call()
                times.extend([1e3 * (perf_counter() - start)] if number >= warmup else [])
        found = Compared(
            subject=median(took[0]), reference=median(took[1]), subject_p99=_p99(took[0]), reference_p99=_p99(took[1])
        )
        benchmark.extra_info.update(ratio=round(found.ratio, 2), reference_ms=round(found.reference, 3), goal=goal)
        benchmark.pedantic(subject, rounds=1)
        wanted = "" if goal is None else f", goal ≤ {goal:g}×"
        with capsys.disabled():
            print(f"\n{benchmark.name}: {found.subject:.3g} ms, reference {found.reference:.3g} ms: ", end="")
            print(f"{found.ratio:.2f}×{wanted}; p99 {found.subject_p99:.3g} and {found.reference_p99:.3g} ms")
        return found

    return run


def _p99(values: Sequence[float]) -> float:
    return quantiles(values, n=100, method="inclusive")[98] if len(values) > 1 else values[0]
