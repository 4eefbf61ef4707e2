"""Do the dates hold on ten years of nine real people? Each is judged apart, on their own past only."""

import numpy as np
import pandas as pd
import pytest

from orc_lab.agents.completion.dates import walk_completion
from orc_lab.agents.completion.plan import Life, Replays, instant, replays
from orc_lab.agents.completion.record import levels

Persons = dict[str, pd.DataFrame]


@pytest.mark.parametrize("n", [1, 10, 40])
def test_the_next_todos_come_as_promised(persons: Persons, n: int):
    walks = [walk_completion(mine["completed"], n).iloc[3:] for mine in persons.values()]
    walk = pd.concat(walks)
    walk = walk[np.isfinite(walk["waited"])]
    held = {name: float((walk["waited"] <= walk[name]).mean()) for name in ("q50", "q80", "q95")}
    assert len(walk) > 1700
    assert 0.45 < held["q50"] < 0.59
    assert 0.77 < held["q80"] < 0.83
    assert 0.93 < held["q95"] < 0.97


@pytest.mark.parametrize("growing", [True, False])
def test_projects_are_not_promised_too_early(persons: Persons, growing: bool):
    inside: list[float] = []
    for mine in persons.values():
        tasks = mine.assign(dropped=pd.Series(pd.NaT, index=mine.index, dtype="datetime64[us]"))
        end = mine["completed"].max()
        starts = pd.date_range(mine["created"].min() - pd.Timedelta(days=6), end, freq="W-MON", unit="us")
        life = Life.of(tasks, pd.DataFrame({"start": starts, "capacity": 1.0}))
        seen = replays(life, end, growing=growing)
        at = instant(end) - seen.elapsed
        for row in np.flatnonzero(np.isfinite(seen.truth)):
            before = at < at[row]
            elapsed = at[row] - at[before]
            truth = np.where(seen.truth[before] < elapsed, seen.truth[before], np.inf)
            record = Replays(seen.foreseen[before], truth, elapsed, seen.todos[before]).record(int(seen.todos[row]))
            draws = record.correct(seen.foreseen[row])[None, :]
            below, upto = levels(draws, seen.truth[[row]])
            inside.append(float((below[0] + upto[0]) / 2))
    assert len(inside) > 300
    held = {level: float(np.mean(np.array(inside) <= level)) for level in (0.8, 0.95)}
    assert 0.77 < held[0.8] < 0.93
    assert held[0.95] > 0.93
