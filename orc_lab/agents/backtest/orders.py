"""Whose order of work finishes more projects on time, on made-up arrivals of the person's real tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from orc_lab.agents.backtest.history import estimated, finished
from orc_lab.agents.backtest.result import OURS, Family, Measure, Row
from orc_lab.agents.backtest.scores import Score
from orc_lab.agents.recommend.policies import AGENT, SIMPLE
from orc_lab.agents.recommend.simulate import Comparison, simulate

BEST = "the best simple rule"
_FEWEST_RUNS, _MOST_RUNS = 20, 60  # arrivals that are simulated, six a person
_MEASURES = {
    "on_time": Measure(label="on time", spec="%", help="projects finished by their due day; 95% of resampled runs"),
    "gain": Measure(label="orc_lab ÷ it", spec="x", help="on-time share of orc_lab ÷ that of this order, paired runs"),
}
LAW = (
    "Projects are blocks of 6 to 14 consecutive tasks of the second half of a history and arrive at random; the "
    "scheduler has learned from the first half. Every order meets the same arrivals and sees estimates, due days and "
    f"priorities only. Simple rules are {SIMPLE[0]} and {SIMPLE[1]}."
)


def walk(tasks: pd.DataFrame, person: str = "") -> pd.DataFrame:
    """The tasks of one person (`prepared`) that a simulation draws from: finished, with an estimate."""
    done = finished(tasks)
    return done[estimated(done)].drop(columns=["project", "project_id"]).assign(person=person)


def orders(drawn: pd.DataFrame, *, seed: int = 0) -> Family:
    """Simulate every order of work on the tasks of one or more persons, each taken in turn."""
    blank = pd.DataFrame({name: pd.Series(dtype="float64") for name in ("estimate_hours", "actual_hours")})
    runs = min(_MOST_RUNS, max(_FEWEST_RUNS, 6 * drawn["person"].nunique())) if len(drawn) else 1
    found = simulate(drawn if len(drawn) else blank, replications=runs, seed=seed)
    rows = tuple(_rows(found))
    shares = [{"part": row.part, "model": row.model, "share": row.scores["on_time"].value} for row in rows
              if "on_time" in row.scores]  # fmt: skip
    return Family(
        key="orders",
        title="Order of work, simulated",
        law=LAW,
        measures=_MEASURES,
        rows=rows,
        needs=found.needs,
        plots={"on_time": pd.DataFrame(shares)} if shares else {},
    )


def _rows(found: Comparison) -> Iterator[Row]:
    table = found.table
    if table.empty:
        return
    n = found.replications * found.projects
    best = {(row["load"], row["due"]): row for row in found.gains(*SIMPLE).to_dict("records")}
    for (load, due), mine in table.groupby(["load", "due"], sort=False):
        part = f"load {load:.0%}, {due} dates"
        for row in mine.to_dict("records"):
            scores = {"on_time": Score(value=row["on_time"], low=row["low"], high=row["high"])}
            if row["policy"] != AGENT:
                scores["gain"] = _gain(row)
            yield Row(part=part, model=OURS if row["policy"] == AGENT else row["policy"], n=n, scores=scores)
        yield Row(part=part, model=BEST, n=n, scores={"gain": _gain(best[load, due])})


def _gain(row: Mapping[Any, Any]) -> Score:
    return Score(value=1 + row["gain"], low=1 + row["gain_low"], high=1 + row["gain_high"])
