"""Walk a history forward and compare everything that forecasts with what is simpler."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from orc_lab.agents.backtest import dates, estimates, orders, sums, trouble, weeks
from orc_lab.agents.backtest.history import finished, prepared
from orc_lab.agents.backtest.result import Backtest, Family
from orc_lab.errors import InvalidValue

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """How a family forecasts one person's tasks, and how the forecasts of several are compared."""

    walk: Callable[..., Any]
    compare: Callable[..., Family]


FAMILIES: Mapping[str, Walk] = {
    "estimates": Walk(
        walk=lambda tasks, person, **_: estimates.walk(tasks, person),
        compare=lambda walked, seed: estimates.estimates(estimates.together(walked), seed=seed),
    ),
    "sums": Walk(
        walk=lambda tasks, person, until, seed: sums.walk(tasks, person, seed=seed),
        compare=lambda walked, seed: sums.sums(_joined(walked), seed=seed),
    ),
    "weeks": Walk(
        walk=lambda tasks, person, until, seed: weeks.walk(tasks, person, until=until, seed=seed),
        compare=lambda walked, seed: weeks.weeks_ahead(_joined(walked), seed=seed),
    ),
    "dates": Walk(
        walk=lambda tasks, person, until, seed: dates.walk(tasks, person, until=until, seed=seed),
        compare=lambda walked, seed: dates.dates(_joined(walked), seed=seed),
    ),
    "trouble": Walk(
        walk=lambda tasks, person, until, seed: trouble.walk(tasks, person, until=until, seed=seed),
        compare=lambda walked, seed: trouble.trouble(_joined(walked), seed=seed),
    ),
    "orders": Walk(
        walk=lambda tasks, person, **_: orders.walk(tasks, person),
        compare=lambda walked, seed: orders.orders(_joined(walked), seed=seed),
    ),
}


def backtest(
    histories: Mapping[str, pd.DataFrame],
    *,
    source: str = "a history",
    until: datetime | None = None,
    only: Sequence[str] = (),
    seed: int = 0,
    progress: Progress | None = None,
) -> Backtest:
    """Return how every forecast of these persons' pasts would have held.

    `histories` maps a person to their tasks, finished and open, with the columns of `history.COLUMNS` as far as they
    are known; each is judged on their own past. `until` is the instant to which the histories reach, by default that
    of the last completion; `only` names some of FAMILIES; `progress(done, of, what)` is called before each step.
    Raises InvalidValue for a family that there is not, or a history without its needed columns.
    """
    if unknown := [name for name in only if name not in FAMILIES]:
        raise InvalidValue("a part of the backtest", unknown[0], f"one of {', '.join(FAMILIES)}")
    if not histories:
        raise InvalidValue("histories", "none", "at least one person's tasks")
    known = {person: prepared(tasks) for person, tasks in histories.items()}
    wanted = {name: family for name, family in FAMILIES.items() if not only or name in only}
    steps = len(wanted) * len(known)
    found = []
    for family, (name, each) in enumerate(wanted.items()):
        walked = []
        for nth, (person, tasks) in enumerate(known.items()):
            if progress is not None:
                progress(family * len(known) + nth, steps, f"{name} {person}".rstrip())
            walked.append(each.walk(tasks, person, until=until, seed=seed))
        found.append(each.compare(walked, seed))
    done = {person: len(finished(tasks)) for person, tasks in known.items()}
    return Backtest(
        source=source,
        persons=sum(count > 0 for count in done.values()),
        finished=sum(done.values()),
        seed=seed,
        families=tuple(found),
    )


def _joined(walked: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The rows of those that have any."""
    some = [each for each in walked if len(each)]
    return pd.concat(some, ignore_index=True) if some else pd.DataFrame()
