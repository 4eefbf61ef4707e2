"""Pseudo-projects from a person's past: stretches of consecutive tasks of a project, looked at while they went on.

Each stretch of finished tasks is cut where nothing, a quarter, a half and three quarters of it were done. What then
became of the rest is a label, to be learned from only once it had matured.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from orc_lab.agents.health.remaining import Cuts
from orc_lab.agents.health.tallies import Codes, Days, Rows

_SHARES = (0.0, 0.25, 0.5, 0.75)
_LENGTHS = (10, 6, 13, 8, 14, 7, 11, 9, 12)  # tasks in a stretch; each round begins elsewhere in the list
_LONG = (20, 32, 26)
_LEAST = 4
_WAIT = 0.9  # share of tasks whose wait from creation to completion a cohort is given to mature


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohorts:
    """Cut stretches, and what became of them.

    `matured` is the day by whose end their labels were known, `at` the position of the last task in the order of
    completion.
    """

    cuts: Cuts
    matured: Days
    at: Codes


def cohorts(rows: Rows) -> Cohorts:
    """All stretches of finished tasks (in order of completion), each order and length, cut at each share."""
    waits = (rows.done - np.minimum(rows.made, rows.done)).astype(np.int64)
    patience = np.timedelta64(int(np.quantile(waits, _WAIT)) if len(rows) else 0, "D")
    done: list[Codes] = []
    left: list[Codes] = []
    as_of: list[np.datetime64] = []
    matured: list[np.datetime64] = []
    for stretch, by_creation in _stretches(rows):
        first, last = rows.made[stretch].min(), rows.made[stretch].max()
        ripe = rows.done[stretch[-1]]
        ripe = max(ripe, last + patience) if by_creation else ripe
        for share in _SHARES:
            count = max(1, round(share * len(stretch))) if share else 0
            done.append(stretch[:count])
            left.append(stretch[count:])
            as_of.append(rows.done[stretch[count - 1]] if count else min(first, rows.done[stretch[0]]))
            matured.append(ripe)
    return _cohorts(rows, done, left, np.array(as_of, "datetime64[D]"), np.array(matured, "datetime64[D]"))


def _cohorts(rows: Rows, done: list[Codes], left: list[Codes], as_of: Days, matured: Days) -> Cohorts:
    ends = np.array([rest[-1] for rest in left], dtype=np.int64)
    finished, remaining = _joined(done), _joined(left)
    cuts = Cuts(
        as_of=as_of,
        done=rows.take(finished),
        done_of=np.repeat(np.arange(len(done)), [len(part) for part in done]),
        open=rows.take(remaining),
        open_of=np.repeat(np.arange(len(left)), [len(part) for part in left]),
    )
    return Cohorts(
        cuts=cuts,
        matured=matured,
        at=ends,
    )


def _joined(parts: list[Codes]) -> Codes:
    return np.concatenate([np.empty(0, dtype=np.int64), *parts])


def _stretches(rows: Rows) -> Iterator[tuple[Codes, bool]]:
    """Positions of the tasks of each stretch in order of completion, and whether they were created in a row."""
    order = np.argsort(rows.project, kind="stable")
    for mine in np.split(order, np.flatnonzero(np.diff(rows.project[order])) + 1):
        by_creation = mine[np.argsort(rows.made[mine], kind="stable")]
        for turn, lengths in enumerate((_LENGTHS, _LENGTHS[4:] + _LENGTHS[:4], _LONG)):
            for tasks, flag in ((mine, False), (by_creation, True)):
                for stretch in _cut(tasks, lengths, turn):
                    yield np.sort(stretch), flag


def _cut(tasks: Codes, lengths: tuple[int, ...], turn: int) -> Iterator[Codes]:
    """Consecutive stretches of these lengths over and over; a rest under _LEAST is left out."""
    start, step = 0, turn
    while len(tasks) - start >= _LEAST:
        end = start + lengths[step % len(lengths)]
        yield tasks[start:end]
        start, step = end, step + 1
