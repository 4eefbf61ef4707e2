"""The weeks ahead: todos and hours of the next 1, 4 and 12 weeks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import numpy as np
import pandas as pd

from orc_lab.agents.backtest import simple
from orc_lab.agents.backtest.history import finished, spread, weekly
from orc_lab.agents.backtest.result import OURS, Family, Measure, Row
from orc_lab.agents.backtest.scores import LEVELS, Score, clusters, cover, crps, place, ratio
from orc_lab.agents.forecast import NOMINAL, label
from orc_lab.agents.velocity.throughput import forecast_throughput

HORIZONS = (1, 4, 12)
MEASURES = ("todos", "hours")
BOOTSTRAP = "12-week bootstrap"
MOST = 60  # weeks of one person from which is looked ahead
_FEWEST = 10
_CLUSTER = 8  # forecasts of one person that are resampled together
_MIDDLE = LEVELS.index(0.5)
_QUANTILES = [label(level) for level in LEVELS]
_MEASURES = {
    "mae": Measure(label="MAE", spec="h", help="mean absolute error of the median, in todos or hours"),
    "crps": Measure(label="CRPS", spec="h", help="twice the mean pinball loss at levels .05 … .95"),
    "crps_ratio": Measure(label="CRPS ÷ bootstrap", spec="x", help="CRPS ÷ that of the 12-week bootstrap"),
    "cover": Measure(label="80% band held", spec="%", help="ties with an edge count in part; Wilson's 95% interval"),
}
LAW = (
    f"The total of the next weeks is forecast at the end of a week from the weeks before ({simple.WEEKS} or more), "
    "those with nothing done included."
)


def walk(tasks: pd.DataFrame, person: str = "", *, until: datetime | None = None, seed: int = 0) -> pd.DataFrame:
    """Look ahead from many weeks of one person (`prepared`); a row a forecast.

    Columns: person, measure, horizon, start, actual, `ours_q5` … and `usual_q5` … (of the bootstrap).
    """
    weeks = weekly(finished(tasks), until)
    rows = [
        row
        for measure in MEASURES
        for start in spread(len(weeks), MOST, start=simple.WEEKS)
        for row in _ahead(weeks[measure].to_numpy(dtype=np.float64), int(start), measure, seed)
    ]
    return pd.DataFrame(rows).assign(person=person) if rows else pd.DataFrame()


def _ahead(history: np.ndarray, start: int, measure: str, seed: int) -> Iterator[dict[str, object]]:
    past, horizons = history[:start], [h for h in HORIZONS if start + h <= len(history)]
    if not horizons or not past.any():
        return
    table = forecast_throughput(past, max(horizons), quantiles=LEVELS, seed=seed)
    usual = simple.bootstrap_weeks(past, horizons, np.random.default_rng([seed, start]))
    for horizon, theirs in zip(horizons, usual, strict=True):
        ours = table.loc[table["week"] == horizon, _QUANTILES].to_numpy(dtype=np.float64)[0]
        row: dict[str, object] = {"measure": measure, "horizon": horizon, "start": start}
        row["actual"] = float(history[start : start + horizon].sum())
        row |= {f"ours_{name}": value for name, value in zip(_QUANTILES, ours.tolist(), strict=True)}
        row |= {f"usual_{name}": value for name, value in zip(_QUANTILES, theirs.tolist(), strict=True)}
        yield row


def weeks_ahead(walked: pd.DataFrame, *, seed: int = 0) -> Family:
    """Compare both methods on the weeks of one or more persons."""
    rows = tuple(_rows(walked, seed)) if len(walked) else ()
    return Family(
        key="weeks",
        title="Weeks ahead",
        law=LAW,
        measures=_MEASURES,
        rows=rows,
        needs="" if rows else f"{simple.WEEKS + _FEWEST} complete weeks would be needed.",
    )


def _rows(walked: pd.DataFrame, seed: int) -> Iterator[Row]:
    for measure in MEASURES:
        for horizon in HORIZONS:
            those = walked[(walked["measure"] == measure) & (walked["horizon"] == horizon)]
            if len(those) < _FEWEST:
                continue
            part = f"{measure}, {horizon} {'week' if horizon == 1 else 'weeks'}"
            for model, scores in _scores(those, seed).items():
                yield Row(part=part, model=model, n=len(those), scores=scores)


def _scores(those: pd.DataFrame, seed: int) -> dict[str, dict[str, Score]]:
    actual = those["actual"].to_numpy(dtype=np.float64)
    labels = clusters(those["person"].tolist(), _CLUSTER)
    found, losses = {}, {}
    for model, key in ((OURS, "ours"), (BOOTSTRAP, "usual")):
        quantiles = those[[f"{key}_{name}" for name in _QUANTILES]].to_numpy(dtype=np.float64)
        losses[model] = crps(quantiles, actual)
        found[model] = {
            "mae": Score(value=float(np.abs(actual - quantiles[:, _MIDDLE]).mean())),
            "crps": Score(value=float(losses[model].mean())),
            "cover": cover(*place(quantiles, actual), NOMINAL),
        }
    found[OURS]["crps_ratio"] = ratio(losses[OURS], losses[BOOTSTRAP], labels, seed=seed)
    return found
