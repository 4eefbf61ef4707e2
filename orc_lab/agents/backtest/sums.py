"""Plans of several todos: how many hours 5, 10, 20 or 50 of them took together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from orc_lab.agents.backtest import simple
from orc_lab.agents.backtest.history import days, estimated, finished, known, spread
from orc_lab.agents.backtest.result import OURS, Family, Measure, Row
from orc_lab.agents.backtest.scores import LEVELS, Score, clusters, cover, crps, place, ratio
from orc_lab.agents.estimation.estimator import Estimator
from orc_lab.agents.forecast import NOMINAL, label

SIZES = (5, 10, 20, 50)
OWN, RATIO = "own estimates added", "ratio-50, independent"
KNOWN = 30  # finished tasks before the first plan
MOST = 40  # days of one person on which plans are forecast
_FEWEST = 10
_CLUSTER = 10  # plans of one person that are resampled together
_MIDDLE = LEVELS.index(0.5)
_MEASURES = {
    "mae": Measure(label="MAE h", spec="h", help="mean absolute error of the median"),
    "crps": Measure(label="CRPS h", spec="h", help="twice the mean pinball loss at levels .05 … .95"),
    "crps_ratio": Measure(label="CRPS ÷ ratio-50", spec="x", help="CRPS ÷ that of independent ratio-50 draws"),
    "cover": Measure(label="80% band held", spec="%", help="with Wilson's 95% interval"),
}
LAW = (
    "So many tasks with estimates, consecutive in order of creation, are forecast together on the day the first was "
    f"created, from what was finished on days before it ({KNOWN} tasks or more). Plans of one size don't overlap."
)


def walk(tasks: pd.DataFrame, person: str = "", *, seed: int = 0, most: int = MOST) -> pd.DataFrame:
    """Forecast plans of one person (`prepared`), a row each: person, size, at, known, own, actual, and the quantiles.

    Those are `ours_q5` … and `ratio_q5` … . One estimator goes along and learns as tasks get done.
    """
    done = finished(tasks)
    made = done[estimated(done)].sort_values(["created", "id"], kind="stable", ignore_index=True)
    order = made.sort_values(["completed", "id"], kind="stable")
    ratios = (order["actual_hours"] / order["estimate_hours"]).to_numpy()
    origins = made["created"].where(made["created"] < made["completed"], made["completed"])
    before, learnt = known(order, origins), known(done, origins)
    estimator, seen, rows = Estimator(), 0, []
    for start, size in _plans(before, most):
        plan = made.iloc[start : start + size]
        if learnt[start] > seen:
            estimator = estimator.observe(done.iloc[seen : learnt[start]])
            seen = int(learnt[start])
        asked = plan.drop(columns=["completed", "started", "actual_hours", "status", "dropped"])
        ours = estimator.predict_total(asked, quantiles=LEVELS, seed=seed)
        estimates = plan["estimate_hours"].to_numpy()
        theirs = simple.sum_ratio_50(ratios[: before[start]], estimates, np.random.default_rng([seed, start, size]))
        row = {"person": person, "size": size, "at": days(plan["created"])[0], "known": int(before[start])}
        row |= {"own": float(estimates.sum()), "actual": float(plan["actual_hours"].sum())}
        row |= _named("ours", [ours[level] for level in LEVELS]) | _named("ratio", theirs.tolist())
        rows.append(row)
    return pd.DataFrame(rows)


def _plans(before: simple.Counts, most: int) -> Iterator[tuple[int, int]]:
    """First task and size of each plan, in order of time, so that what is known only grows."""
    first = int(np.argmax(before >= KNOWN)) if (before >= KNOWN).any() else len(before)
    free = dict.fromkeys(SIZES, 0)
    for start in spread(len(before) - min(SIZES) + 1, most, start=first, step=min(SIZES)).tolist():
        for size in SIZES:
            if start >= free[size] and start + size <= len(before) and before[start] >= KNOWN:
                free[size] = start + size
                yield start, size


def _named(model: str, values: Sequence[float]) -> dict[str, float]:
    return {f"{model}_{label(level)}": value for level, value in zip(LEVELS, values, strict=True)}


def sums(walked: pd.DataFrame, *, seed: int = 0) -> Family:
    """Compare the methods on the plans of one or more persons."""
    rows = tuple(_rows(walked, seed)) if len(walked) else ()
    held = [
        {"size": row.part, "model": row.model, "share": cover.value, "low": cover.low, "high": cover.high, "n": row.n}
        for row in rows
        if (cover := row.scores.get("cover")) is not None
    ]
    return Family(
        key="sums",
        title="Plans of several todos",
        law=LAW,
        measures=_MEASURES,
        rows=rows,
        needs="" if rows else f"{_FEWEST} plans after the first {KNOWN} finished tasks with estimates would be needed.",
        plots={"held": pd.DataFrame(held)} if held else {},
    )


def _rows(walked: pd.DataFrame, seed: int) -> Iterator[Row]:
    for size in SIZES:
        plans = walked[walked["size"] == size]
        if len(plans) < _FEWEST:
            continue
        for model, scores in _scores(plans, seed).items():
            yield Row(part=f"{size} todos", model=model, n=len(plans), scores=scores)


def _scores(plans: pd.DataFrame, seed: int) -> Mapping[str, dict[str, Score]]:
    actual, own = plans["actual"].to_numpy(), plans["own"].to_numpy()
    labels = clusters(plans["person"].tolist(), _CLUSTER)
    found = {}
    quantiles = {
        name: plans[[f"{key}_{label(level)}" for level in LEVELS]].to_numpy(dtype=np.float64)
        for name, key in ((OURS, "ours"), (RATIO, "ratio"))
    }
    loss = {name: crps(each, actual) for name, each in quantiles.items()}
    for name, each in quantiles.items():
        found[name] = {
            "mae": Score(value=float(np.abs(actual - each[:, _MIDDLE]).mean())),
            "crps": Score(value=float(loss[name].mean())),
            "cover": cover(*place(each, actual), NOMINAL),
        }
    found[OURS]["crps_ratio"] = ratio(loss[OURS], loss[RATIO], labels, seed=seed)
    error = Score(value=float(np.abs(actual - own).mean()))
    found[OWN] = {"mae": error, "crps": error}
    return found
