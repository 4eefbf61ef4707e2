"""Single todos: how many hours each took, forecast on the day it was created."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from orc_lab.agents.atoms import Floats, share_in_band
from orc_lab.agents.backtest import simple
from orc_lab.agents.backtest.history import days, estimated, finished, known
from orc_lab.agents.backtest.result import OURS, Family, Measure, Row
from orc_lab.agents.backtest.scores import LEVELS, Score, clusters, cover, crps, place, ratio, reached
from orc_lab.agents.estimation.walk import walk_forward
from orc_lab.agents.forecast import NOMINAL, label

OWN, RATIO, LINE = "own estimate", "ratio-50", "log–linear"
MODELS = (OURS, OWN, RATIO, LINE)
ALL, LATER = "all", "open beyond their first day"
LENGTHS: Mapping[str, tuple[int, int]] = {
    "under 30 finished": (0, 30),
    "30–99 finished": (30, 100),
    "100–299 finished": (100, 300),
    "300–999 finished": (300, 1000),
    "1,000 and more": (1000, 10**9),
}
_BINS = 10
_FEWEST = 20  # forecasts that a part needs for a row
_MIDDLE = LEVELS.index(0.5)
_MEASURES = {
    "mae": Measure(label="MAE h", spec="h", help="mean absolute error of the median"),
    "crps": Measure(label="CRPS h", spec="h", help="twice the mean pinball loss at levels .05 … .95"),
    "crps_log": Measure(label="CRPS of ln", spec="x", help="the same of the logarithms of hours"),
    "mae_own": Measure(label="MAE ÷ own", spec="x", help="MAE ÷ that of the own estimate"),
    "crps_ratio": Measure(label="CRPS ÷ ratio-50", spec="x", help="CRPS ÷ that of ratio-50"),
    "cover": Measure(label="80% band held", spec="%", help="ties with an edge count in part; Wilson's 95% interval"),
}  # fmt: skip
LAW = (
    "Each finished task with an estimate is forecast on the day it was created, from what the same person had finished "
    "on days before."
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Walk:
    """Forecasts of one or more persons in order of creation: `facts` a row a task, `quantiles` at LEVELS by model.

    `facts`: person, id, created, actual, estimate, known (estimated tasks finished by then), later (not done on its
    first day).
    """

    facts: pd.DataFrame
    quantiles: Mapping[str, Floats]

    def take(self, rows: npt.NDArray[np.bool_]) -> Walk:
        """The forecasts of some rows."""
        return Walk(facts=self.facts[rows], quantiles={name: each[rows] for name, each in self.quantiles.items()})


def walk(tasks: pd.DataFrame, person: str = "", *, ours: pd.DataFrame | None = None) -> Walk:
    """Forecast every finished and estimated task of one person (`prepared`) by every method.

    `ours` is the `walk_forward` of the same tasks at LEVELS, where that is there already.
    """
    done = finished(tasks)
    ours = walk_forward(done, quantiles=LEVELS) if ours is None else ours
    done = done[estimated(done)].reset_index(drop=True)
    mine = ours.set_index("id").loc[done["id"], [label(level) for level in LEVELS]].to_numpy(dtype=np.float64)
    estimate, actual = done["estimate_hours"].to_numpy(), done["actual_hours"].to_numpy()
    count = known(done, done["created"].where(done["created"] < done["completed"], done["completed"]))
    theirs = simple.ratio_50(actual / estimate, count, estimate)
    x, y = np.log(estimate), np.log(actual)
    facts = pd.DataFrame({
        "person": person, "id": done["id"], "created": done["created"], "actual": actual, "estimate": estimate,
        "known": count, "later": days(done["completed"]) > days(done["created"]),
    })  # fmt: skip
    order = np.lexsort((facts["id"], facts["created"]))
    return Walk(
        facts=facts.iloc[order].reset_index(drop=True),
        quantiles={
            OURS: mine[order],
            OWN: np.repeat(estimate[:, None], len(LEVELS), axis=1)[order],
            RATIO: theirs[order],
            LINE: simple.log_linear(x, y, count, x, theirs)[order],
        },
    )


def together(walks: list[Walk]) -> Walk:
    """The walks of several persons, one after the other."""
    return Walk(
        facts=pd.concat([each.facts for each in walks], ignore_index=True),
        quantiles={name: np.concatenate([each.quantiles[name] for each in walks]) for name in MODELS},
    )


def estimates(walked: Walk, *, seed: int = 0) -> Family:
    """Compare the methods on a walk."""
    needs = f"{_FEWEST} finished tasks with an estimate and hours would be needed; there are {len(walked.facts)}."
    enough = len(walked.facts) >= _FEWEST
    return Family(
        key="estimates",
        title="Single todos",
        law=LAW,
        measures=_MEASURES,
        rows=tuple(_rows(walked, seed)) if enough else (),
        needs="" if enough else needs,
        plots={"calibration": calibration(walked), "pit": pit(walked), "lengths": lengths(walked, seed=seed)}
        if enough
        else {},
    )


def _parts(walked: Walk) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
    facts = walked.facts
    yield ALL, np.ones(len(facts), dtype=np.bool_)
    yield LATER, facts["later"].to_numpy(dtype=np.bool_)
    for name, (low, high) in LENGTHS.items():
        yield name, facts["known"].between(low, high - 1).to_numpy()
    if facts["person"].nunique() > 1:
        for person in facts["person"].value_counts().index:
            yield f"person {person}", (facts["person"] == person).to_numpy()


def _rows(walked: Walk, seed: int) -> Iterator[Row]:
    for part, rows in _parts(walked):
        if rows.sum() < _FEWEST:
            continue
        scored = scores(walked.take(rows), seed=seed)
        models = MODELS if not part.startswith("person ") else (OURS,)
        for model in models:
            yield Row(part=part, model=model, n=int(rows.sum()), scores=scored[model])


def scores(walked: Walk, *, seed: int = 0) -> dict[str, dict[str, Score]]:
    """Every measure of every method."""
    actual = walked.facts["actual"].to_numpy()
    labels = clusters(walked.facts["person"].tolist())
    error = {name: np.abs(actual - each[:, _MIDDLE]) for name, each in walked.quantiles.items()}
    loss = {name: crps(each, actual) for name, each in walked.quantiles.items()}
    found = {}
    for name, quantiles in walked.quantiles.items():
        found[name] = {
            "mae": Score(value=float(error[name].mean())),
            "crps": Score(value=float(loss[name].mean())),
            "crps_log": Score(value=float(crps(np.log(quantiles), np.log(actual)).mean())),
        }
        if name != OWN:
            found[name]["mae_own"] = ratio(error[name], error[OWN], labels, seed=seed)
            found[name]["cover"] = cover(*place(quantiles, actual), NOMINAL)
        if name not in (OWN, RATIO):
            found[name]["crps_ratio"] = ratio(loss[name], loss[RATIO], labels, seed=seed)
    return found


def calibration(walked: Walk) -> pd.DataFrame:
    """For each level of our quantiles the share of outcomes below, and at or below it: level, under, upto, n."""
    under, upto = reached(walked.quantiles[OURS], walked.facts["actual"].to_numpy())
    return pd.DataFrame({"level": LEVELS, "under": under, "upto": upto, "n": len(walked.facts)})


def pit(walked: Walk, bins: int = _BINS) -> pd.DataFrame:
    """How many outcomes fell into each tenth of our forecasts: low, share; a tie is spread over its probability."""
    below, upto = place(walked.quantiles[OURS], walked.facts["actual"].to_numpy())
    edges = np.arange(bins) / bins
    overlap = np.minimum(upto[:, None], edges + 1 / bins) - np.maximum(below[:, None], edges)
    shares = np.clip(overlap, 0.0, None) / np.maximum(upto - below, 1e-9)[:, None]
    return pd.DataFrame({"low": edges, "share": shares.mean(axis=0)})


def lengths(walked: Walk, *, seed: int = 0) -> pd.DataFrame:
    """The learning curve: part, from, n, mae_own, crps_ratio and cover, each with _low and _high."""
    rows = []
    for part, (low, high) in LENGTHS.items():
        inside = walked.facts["known"].between(low, high - 1).to_numpy()
        if inside.sum() >= _FEWEST:
            found = scores(walked.take(inside), seed=seed)[OURS]
            row: dict[str, object] = {"part": part, "from": low, "n": int(inside.sum())}
            for name in ("mae_own", "crps_ratio", "cover"):
                score = found[name]
                row |= {name: score.value, f"{name}_low": score.low, f"{name}_high": score.high}
            rows.append(row)
    return pd.DataFrame(rows)


def share_held(walked: Walk, nominal: float) -> Floats:
    """How much of each outcome lies in our central band."""
    return share_in_band(*place(walked.quantiles[OURS], walked.facts["actual"].to_numpy()), nominal)
