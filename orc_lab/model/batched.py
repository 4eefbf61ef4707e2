"""Things some at a time."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batched(some: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield lists of `size` things in their order, the last one maybe shorter; Python has it from 3.12 on."""
    rest = iter(some)
    while batch := list(islice(rest, size)):
        yield batch
